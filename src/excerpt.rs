//! A short copy of a text, for an error that neither borrows nor allocates.
//! Pure: no threads, no clock, no files.

use core::fmt;

/// The maximum length, in bytes. A longer text is cut, and `…` is shown at the end.
const CAPACITY: usize = 32;

/// Up to 32 bytes of a text, cut between characters.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Excerpt {
    /// Those from `len` on are no part of the text.
    pub(crate) bytes: [u8; CAPACITY],
    pub(crate) len: u8,
    pub(crate) is_cut: bool,
}

impl Excerpt {
    /// The bytes `start..end` of `text`. The range must be within the text. Ends inside a character are moved outwards.
    #[cold]
    pub(crate) const fn of(text: &str, mut start: usize, mut end: usize) -> Excerpt {
        let text = text.as_bytes();
        while start > 0 && is_continuation(text, start) {
            start -= 1;
        }
        while is_continuation(text, end) {
            end += 1;
        }
        let mut len = end - start;
        if len > CAPACITY {
            len = CAPACITY;
            while is_continuation(text, start + len) {
                len -= 1;
            }
        }
        let mut bytes = [0; CAPACITY];
        let mut i = 0;
        while i < len {
            // With a check of `i`, the compiler would write the loop out, 4 KB of it.
            bytes[i % CAPACITY] = text[start + i];
            i += 1;
        }
        Excerpt { bytes, len: len as u8, is_cut: len < end - start }
    }

    /// The text that is kept.
    pub(crate) fn as_str(&self) -> &str {
        core::str::from_utf8(&self.bytes[..self.len as usize]).expect("an excerpt is cut between characters")
    }
}

/// Whether the byte at `at` is inside a character, after its first byte. False past the end.
const fn is_continuation(text: &[u8], at: usize) -> bool {
    at < text.len() && text[at] & 0b1100_0000 == 0b1000_0000
}

/// Prints the text in backticks, with control characters escaped. Prints `nothing` if it is empty.
impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.as_str(), self.is_cut) {
            ("", _) => f.write_str("nothing"),
            (text, false) => write!(f, "`{}`", OneLine(text)),
            (text, true) => write!(f, "`{}…`", OneLine(text)),
        }
    }
}

impl fmt::Debug for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text from elsewhere, printed on one line whatever is in it.
pub(crate) struct OneLine<'a>(pub(crate) &'a str);

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            if c.is_control() {
                write!(f, "{}", c.escape_default())?;
            } else {
                write!(f, "{c}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_at_a_character() {
        let text = "é".repeat(20);
        assert_eq!(Excerpt::of(&text, 0, text.len()).to_string(), format!("`{}…`", "é".repeat(16)));
        let odd = format!("x{text}");
        assert_eq!(Excerpt::of(&odd, 0, odd.len()).to_string(), format!("`x{}…`", "é".repeat(15)));
        assert_eq!(Excerpt::of("aéb", 2, 2).as_str(), "é", "inside a character: the whole character");
    }

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(Excerpt::of("a\nb\0", 0, 4).to_string(), "`a\\nb\\u{0}`");
        assert_eq!(Excerpt::of("abc", 3, 3).to_string(), "nothing");
    }
}
