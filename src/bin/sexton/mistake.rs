//! A mistake, or a likely mistake, in a line of text: a message and a place. Pure: no files, no clock.

use std::fmt;
use std::ops::Range;

use sexton::tools::Carets;

/// A mistake in one line.
#[derive(Debug)]
pub struct Mistake {
    /// The line's number, from 1.
    pub line: usize,
    pub text: String,
    /// The byte range of the mistake. Empty if something is missing there.
    pub span: Range<usize>,
    pub message: String,
    /// What to write instead, if that is known and not in the message.
    pub suggestion: Option<String>,
}

impl Mistake {
    /// The column of the mistake, in characters, from 1.
    pub fn column(&self) -> usize {
        chars_before(&self.text, self.span.start) + 1
    }

    /// Prints the mistake with its place and the line:
    ///
    /// ```text
    /// crontab:3:9: day of week: unknown name `mom`, expected sun-sat or 0-7; did you mean `mon`?
    ///     0 9 * * mom-fri report
    ///             ^^^
    /// ```
    pub fn in_file<'a>(&'a self, file: &'a str) -> impl fmt::Display + 'a {
        InFile { mistake: self, file }
    }
}

/// Something in one line that is legal and probably not what was meant.
#[derive(Debug)]
pub struct Warning {
    /// Its name, for lists of what to ignore.
    pub code: &'static str,
    pub span: Range<usize>,
    pub message: String,
    pub suggestion: Option<String>,
}

impl Warning {
    /// The warning in a crontab.
    pub fn in_line(self, line: usize, text: &str) -> Mistake {
        let message = self.to_string();
        Mistake { line, text: text.into(), span: self.span, message, suggestion: self.suggestion }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "warning: {} ({})", self.message, self.code)
    }
}

struct InFile<'a> {
    mistake: &'a Mistake,
    file: &'a str,
}

impl fmt::Display for InFile<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Mistake { line, text, span, message, suggestion } = self.mistake;
        write!(
            f,
            "{}:{line}:{}: {message}\n{}",
            self.file,
            self.mistake.column(),
            Carets::new(text, span.clone())
        )?;
        suggestion.as_ref().map_or(Ok(()), |suggestion| write!(f, "\n    {suggestion}"))
    }
}

/// The number of characters of the text that end at this byte or before it.
fn chars_before(text: &str, byte: usize) -> usize {
    text.char_indices().take_while(|(at, c)| at + c.len_utf8() <= byte).count()
}

/// Whether one text becomes the other by a change or two of single bytes: of one, if they are short.
pub fn is_near(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let most = if a.len() < 5 { 1 } else { 2 };
    if a.len().max(b.len()) > 64 || a.len().max(b.len()) - a.len().min(b.len()) > most {
        return false;
    }
    // How many changes make the beginning of `b` of what was read of `a`.
    let mut row: Vec<_> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let change = diagonal + usize::from(from != to);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()] <= most
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_near_that_differ_by_a_slip() {
        for (a, b) in
            [("backup", "bakcup"), ("backup", "backups"), ("backup", "Backup"), ("sync", "snc"), ("a", "b")]
        {
            assert!(is_near(a, b) && is_near(b, a), "{a} {b}");
        }
        for (a, b) in [("backup", "report"), ("sync", "snic"), ("line 3", "")] {
            assert!(!is_near(a, b), "{a} {b}");
        }
    }
}
