//! Looking at the bytes of a text, in `const fn`: what stands where, and where it ends.

/// The byte at `at`. Past the end there is a blank, which ends a field just as well.
#[inline]
pub(crate) const fn peek(text: &str, at: usize) -> u8 {
    if at < text.len() {
        text.as_bytes()[at]
    } else {
        b' '
    }
}

/// ASCII white space, the vertical tab included, as croniter splits.
#[inline]
pub(crate) const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

pub(crate) const fn skip_blanks(text: &str, start: usize) -> usize {
    let mut at = start;
    while at < text.len() && is_blank(text.as_bytes()[at]) {
        at += 1;
    }
    at
}

pub(crate) const fn end_of_field(text: &str, start: usize) -> usize {
    let mut at = start;
    while !is_blank(peek(text, at)) {
        at += 1;
    }
    at
}

pub(crate) const fn end_of_word(text: &str, start: usize) -> usize {
    let mut at = start;
    while peek(text, at).is_ascii_alphabetic() {
        at += 1;
    }
    at
}

/// The end of the character at `start`.
pub(crate) const fn end_of_char(text: &str, start: usize) -> usize {
    let mut at = start + 1;
    while peek(text, at) & 0b1100_0000 == 0b1000_0000 {
        at += 1;
    }
    at
}

/// How many fields there are from `start` on, which is at the first, and where the last of them begins.
pub(crate) const fn count_fields(text: &str, start: usize) -> (usize, usize) {
    let (mut count, mut last) = (0, start);
    let mut at = start;
    while at < text.len() {
        count += 1;
        last = at;
        at = skip_blanks(text, end_of_field(text, at));
    }
    (count, last)
}

/// Whether `text[start..end]` is that word, in any case.
pub(crate) const fn is_word(text: &str, start: usize, end: usize, word: &str) -> bool {
    is_rest(text, start, end, word, 0)
}

/// Whether `word` stands at `at`, in any case.
pub(crate) const fn starts_with(text: &str, at: usize, word: &str) -> bool {
    is_rest(text, at, at + word.len(), word, 0)
}

/// The only one of `words` that `text[start..end]` may be a slip of: that begins it (`monday`) or is begun by it
/// (`mo`), or that a single letter makes of it, one that is wrong, missing, added or swapped with its neighbour. The words have
/// three letters at least.
pub(crate) const fn meant_by(
    text: &str,
    start: usize,
    end: usize,
    words: &[&'static str],
) -> Option<&'static str> {
    let mut found = None;
    let mut i = 0;
    while i < words.len() {
        if is_slip_of(text, start, end, words[i]) {
            if found.is_some() {
                return None;
            }
            found = Some(words[i]);
        }
        i += 1;
    }
    found
}

const fn is_slip_of(text: &str, start: usize, end: usize, word: &str) -> bool {
    let letters = word.as_bytes();
    let mut same = 0;
    while same < letters.len() && start + same < end && is_same_letter(text, start + same, letters[same]) {
        same += 1;
    }
    let at = start + same;
    if same == letters.len() || at == end {
        return same == letters.len() || same > 1;
    }
    let is_swap = same + 1 < letters.len()
        && is_same_letter(text, at, letters[same + 1])
        && is_same_letter(text, at + 1, letters[same]);
    is_rest(text, at + 1, end, word, same + 1)
        || is_rest(text, at + 1, end, word, same)
        || is_rest(text, at, end, word, same + 1)
        || is_swap && is_rest(text, at + 2, end, word, same + 2)
}

/// Whether `text[start..end]` is the word from its letter `from` on, in any case.
#[inline(never)]
const fn is_rest(text: &str, start: usize, end: usize, word: &str, from: usize) -> bool {
    let letters = word.as_bytes();
    let mut i = from;
    while i < letters.len() && is_same_letter(text, start + i - from, letters[i]) {
        i += 1;
    }
    i == letters.len() && start + i - from == end
}

const fn is_same_letter(text: &str, at: usize, letter: u8) -> bool {
    peek(text, at).eq_ignore_ascii_case(&letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meant(text: &str, words: &[&'static str]) -> Option<&'static str> {
        meant_by(text, 0, text.len(), words)
    }

    #[test]
    fn a_slip_finds_its_word_if_there_is_only_one() {
        const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
        const MONTHS: [&str; 5] = ["jan", "mar", "may", "jun", "jul"];
        for (text, word) in [
            ("mom", "mon"),
            ("Monday", "mon"),
            ("mo", "mon"),
            ("tus", "tue"),
            ("fir", "fri"),
            ("sunn", "sun"),
        ] {
            assert_eq!(meant(text, &DAYS), Some(word), "{text}");
        }
        for text in ["x", "s", "t", "son", "xyz", "", "jan"] {
            let found = meant(text, &DAYS);
            assert!(found.is_none() || text == "son", "{text} {found:?}");
        }
        assert_eq!(meant("ma", &MONTHS), None, "march or may");
        assert_eq!(meant("jum", &MONTHS), None, "june or july");
        assert_eq!(meant("anj", &MONTHS), None);
        assert_eq!(meant("@dialy", &["@daily", "@weekly"]), Some("@daily"));
    }
}
