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

/// The fields from `start` on, which is at the first.
pub(crate) const fn count_fields(text: &str, start: usize) -> usize {
    let mut at = start;
    let mut count = 0;
    while at < text.len() {
        at = skip_blanks(text, end_of_field(text, at));
        count += 1;
    }
    count
}

/// Where the last field begins; the end of the text if there is none.
pub(crate) const fn start_of_last_field(text: &str) -> usize {
    let mut start = skip_blanks(text, 0);
    loop {
        let next = skip_blanks(text, end_of_field(text, start));
        if next >= text.len() {
            return start;
        }
        start = next;
    }
}

/// Whether it is that letter, in either case.
pub(crate) const fn is_letter(byte: u8, lower_case: u8) -> bool {
    byte.to_ascii_lowercase() == lower_case
}

/// Whether `text[start..end]` is that word, in any case.
pub(crate) const fn is_word(text: &str, start: usize, end: usize, word: &str) -> bool {
    end - start == word.len() && starts_with(text, start, word)
}

/// Whether `word` stands at `at`, in any case.
pub(crate) const fn starts_with(text: &str, at: usize, word: &str) -> bool {
    let word = word.as_bytes();
    let mut i = 0;
    while i < word.len() {
        if !peek(text, at + i).eq_ignore_ascii_case(&word[i]) {
            return false;
        }
        i += 1;
    }
    true
}

/// The only one of `words` that `text[start..end]` may be a slip of: that begins it (`monday`) or is begun by it
/// (`mo`), or that a single letter makes of it, one that is wrong, missing, added or swapped with its neighbour.
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
    let len = end - start;
    let same_from_start = common(text, start, end, word, Side::Start);
    if same_from_start == word.len() || same_from_start == len && len > 1 {
        return true;
    }
    let longer = if len > word.len() { len } else { word.len() };
    let shorter = len + word.len() - longer;
    let same_from_end = common(text, start, end, word, Side::End);
    // All but one letter of the longer, or all but a swapped pair.
    let is_one_letter = longer - shorter <= 1 && same_from_start + same_from_end + 1 >= longer;
    let at = same_from_start;
    let is_swap = len == word.len()
        && same_from_start + same_from_end + 2 == len
        && peek(text, start + at).eq_ignore_ascii_case(&word.as_bytes()[at + 1])
        && peek(text, start + at + 1).eq_ignore_ascii_case(&word.as_bytes()[at]);
    len > 1 && (is_one_letter || is_swap)
}

#[derive(Clone, Copy)]
enum Side {
    Start,
    End,
}

/// How many letters the two have in common at this side.
const fn common(text: &str, start: usize, end: usize, word: &str, side: Side) -> usize {
    let bytes = word.as_bytes();
    let len = end - start;
    let mut i = 0;
    while i < len && i < bytes.len() {
        let (ours, theirs) = match side {
            Side::Start => (start + i, i),
            Side::End => (end - 1 - i, bytes.len() - 1 - i),
        };
        if !peek(text, ours).eq_ignore_ascii_case(&bytes[theirs]) {
            break;
        }
        i += 1;
    }
    i
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
