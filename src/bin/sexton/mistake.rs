//! A mistake in a text, or what is likely one: what is wrong, and where. Pure.

use std::fmt;
use std::ops::Range;

use sexton::tools::Carets;

/// A mistake in one line.
#[derive(Debug)]
pub struct Mistake {
    /// The line's number, from 1.
    pub line: usize,
    pub text: String,
    /// The bytes of the text that are wrong; none where something is missing.
    pub span: Range<usize>,
    pub message: String,
    /// What to write instead, where that is known and not in the message.
    pub suggestion: Option<String>,
}

impl Mistake {
    /// The character at which it begins, from 1.
    pub fn column(&self) -> usize {
        chars_before(&self.text, self.span.start) + 1
    }

    /// ```text
    /// crontab:3:9: day of week: unknown name `mom`, expected sun-sat or 0-7; did you mean `mon`?
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

/// How many characters of the text end at this byte or before it.
fn chars_before(text: &str, byte: usize) -> usize {
    text.char_indices().take_while(|(at, c)| at + c.len_utf8() <= byte).count()
}
