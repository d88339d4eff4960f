//! A mistake in a text: what is wrong, and where. Draws the line with carets under it. Pure.

use std::fmt;
use std::ops::Range;

/// A mistake in one line.
#[derive(Debug)]
pub struct Mistake {
    /// The line's number, from 1.
    pub line: usize,
    pub text: String,
    /// The bytes of the text that are wrong; none where something is missing.
    pub span: Range<usize>,
    pub message: String,
}

impl Mistake {
    /// The character at which it begins, from 1.
    pub fn column(&self) -> usize {
        chars_before(&self.text, self.span.start) + 1
    }

    /// ```text
    /// crontab:3:9: day of week: unknown name `mom`, expected sun-sat or 0-7
    ///     0 9 * * mom-fri report
    ///             ^^^
    /// ```
    pub fn in_file<'a>(&'a self, file: &'a str) -> impl fmt::Display + 'a {
        InFile { mistake: self, file }
    }
}

struct InFile<'a> {
    mistake: &'a Mistake,
    file: &'a str,
}

impl fmt::Display for InFile<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Mistake { line, text, span, message } = self.mistake;
        write!(f, "{}:{line}:{}: {message}\n{}", self.file, self.mistake.column(), underlined(text, span))
    }
}

/// So many characters of a line are shown, and so many of them before the carets.
const SHOWN: usize = 100;
const SHOWN_BEFORE: usize = 60;

/// The text, or the part of it round the span, and a second line with carets under the span. Every character takes one
/// place, so that the carets are where they belong: tabs become blanks, and control characters do nothing to the
/// terminal.
pub fn underlined(text: &str, span: &Range<usize>) -> String {
    let start = chars_before(text, span.start);
    let len = chars_before(text, span.end).saturating_sub(start);
    let from = if text.chars().count() <= SHOWN { 0 } else { start.saturating_sub(SHOWN_BEFORE) };
    let mut rest = text.chars().skip(from);
    let mut shown = String::from(if from > 0 { "…" } else { "" });
    shown.extend(rest.by_ref().take(SHOWN).map(|c| match c {
        '\t' => ' ',
        c if c.is_control() => char::REPLACEMENT_CHARACTER,
        c => c,
    }));
    if rest.next().is_some() {
        shown.push('…');
    }
    let indent = start - from + usize::from(from > 0);
    // One at least, also where something is missing.
    let carets = len.min(SHOWN + from - start).max(1);
    format!("    {}\n    {}{}", shown.trim_end(), " ".repeat(indent), "^".repeat(carets))
}

/// How many characters of the text end at this byte or before it.
fn chars_before(text: &str, byte: usize) -> usize {
    text.char_indices().take_while(|(at, c)| at + c.len_utf8() <= byte).count()
}

/// A library's message without the byte that it names, for when carets show the place.
pub fn without_position(message: &str) -> String {
    match message.split_once(" at byte ") {
        Some((before, after)) => {
            format!("{before}{}", after.trim_start_matches(|c: char| c.is_ascii_digit()))
        }
        None => message.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carets_stand_under_what_is_wrong() {
        assert_eq!(underlined("0 9 * * mom-fri", &(8..11)), "    0 9 * * mom-fri\n            ^^^");
        assert_eq!(underlined("é\té", &(3..5)), "    é é\n      ^", "characters, not bytes");
        assert_eq!(
            underlined("a\x1bb", &(2..3)),
            "    a\u{fffd}b\n      ^",
            "no escape reaches the terminal"
        );
        assert_eq!(underlined("ab", &(2..2)), "    ab\n      ^", "something is missing at the end");
        assert_eq!(underlined("", &(0..0)), "    \n    ^");
        assert_eq!(underlined("é", &(1..1)), "    é\n    ^", "inside a character");
    }

    #[test]
    fn of_a_long_line_the_part_round_the_carets_is_shown() {
        let text = format!("{}mom{}", "a".repeat(500), "b".repeat(500));
        let (before, after) = ("a".repeat(60), "b".repeat(37));
        let expected = format!("    …{before}mom{after}…\n     {}^^^", " ".repeat(60));
        assert_eq!(underlined(&text, &(500..503)), expected);
        assert_eq!(
            underlined(&text, &(0..1003)),
            format!("    {}…\n    {}", "a".repeat(100), "^".repeat(100))
        );
    }
}
