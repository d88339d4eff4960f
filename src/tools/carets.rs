//! A text with carets under a part of it: where an error or a finding points.

use core::fmt::{self, Write};
use core::ops::Range;

/// A text and, under it, carets that show which bytes of it are meant. `Display` gives the two lines.
///
/// ```
/// use sexton::tools::Carets;
/// use sexton::Cron;
///
/// let text = "0 9 * * mom-fri";
/// let error = Cron::parse(text).unwrap_err();
/// assert_eq!(
///     format!("{error:#}\n{}", Carets::new(text, error.span())),
///     "day of week: unknown name `mom`, expected sun-sat or 0-7; did you mean `mon`?
///     0 9 * * mom-fri
///             ^^^"
/// );
/// ```
///
/// Every character is taken for one place wide. Tabs become blanks, and control characters and those that turn the
/// direction of text do nothing to the terminal. Of a text of over a hundred characters the part round the span is shown.
#[derive(Clone, Debug)]
pub struct Carets<'a> {
    text: &'a str,
    span: Range<usize>,
}

/// So many characters of a text are shown, and so many of them before the carets.
const SHOWN: usize = 100;
const SHOWN_BEFORE: usize = 60;

impl<'a> Carets<'a> {
    /// Carets under these bytes of the text; under the place, where they are none.
    pub const fn new(text: &'a str, span: Range<usize>) -> Carets<'a> {
        Carets { text, span }
    }
}

impl fmt::Display for Carets<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.text;
        let start = chars_before(text, self.span.start);
        let len = chars_before(text, self.span.end).saturating_sub(start);
        let from = if text.chars().count() <= SHOWN { 0 } else { start.saturating_sub(SHOWN_BEFORE) };

        f.write_str(if from > 0 { "    …" } else { "    " })?;
        let mut rest = text.chars().skip(from);
        for c in rest.by_ref().take(SHOWN) {
            f.write_char(match c {
                '\t' => ' ',
                c if c.is_control() || is_invisible(c) => char::REPLACEMENT_CHARACTER,
                c => c,
            })?;
        }
        f.write_str(if rest.next().is_some() { "…\n" } else { "\n" })?;

        let indent = 4 + start - from + usize::from(from > 0);
        // One at least, also where something is missing.
        let carets = len.min(SHOWN + from - start).max(1);
        write!(f, "{:indent$}{:^<carets$}", "", "")
    }
}

/// Zero wide, or turns the direction of what follows.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// How many characters of the text end at this byte or before it.
fn chars_before(text: &str, byte: usize) -> usize {
    text.char_indices().take_while(|(at, c)| at + c.len_utf8() <= byte).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn underlined(text: &str, span: Range<usize>) -> String {
        Carets::new(text, span).to_string()
    }

    #[test]
    fn carets_stand_under_what_is_wrong() {
        assert_eq!(underlined("0 9 * * mom-fri", 8..11), "    0 9 * * mom-fri\n            ^^^");
        assert_eq!(underlined("é\té", 3..5), "    é é\n      ^", "characters, not bytes");
        assert_eq!(underlined("a\x1bb", 2..3), "    a\u{fffd}b\n      ^", "no escape reaches the terminal");
        assert_eq!(
            underlined("a\u{202e}b", 4..5),
            "    a\u{fffd}b\n      ^",
            "nor one that turns the text round"
        );
        assert_eq!(underlined("ab", 2..2), "    ab\n      ^", "something is missing at the end");
        assert_eq!(underlined("", 0..0), "    \n    ^");
        assert_eq!(underlined("é", 1..1), "    é\n    ^", "inside a character");
        assert_eq!(underlined("ab", 7..9), "    ab\n      ^", "beyond the end");
    }

    #[test]
    fn of_a_long_text_the_part_round_the_carets_is_shown() {
        let text = format!("{}mom{}", "a".repeat(500), "b".repeat(500));
        let (before, after) = ("a".repeat(60), "b".repeat(37));
        let expected = format!("    …{before}mom{after}…\n     {}^^^", " ".repeat(60));
        assert_eq!(underlined(&text, 500..503), expected);
        assert_eq!(underlined(&text, 0..1003), format!("    {}…\n    {}", "a".repeat(100), "^".repeat(100)));
    }
}
