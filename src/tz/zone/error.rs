//! Why there is no such zone.

use std::fmt;
use std::io;
use std::path::Path;

use crate::excerpt::Excerpt;
use crate::tz::RuleError;

/// Why a zone could not be had: what was asked for, what was found instead, and what would be fine.
///
/// UTC never takes the place of a zone that could not be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TzError {
    message: String,
    at: Option<usize>,
    pub(super) kind: Kind,
}

/// What decides whether a zone is looked for elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A file is missing; or the system has no files.
    NoFile,
    /// No zone has this name.
    NoZone,
    Other,
}

impl TzError {
    pub(super) fn new(message: String) -> TzError {
        TzError { message, at: None, kind: Kind::Other }
    }

    /// No zone has this name.
    pub(super) fn no_zone(at: Option<usize>, message: String) -> TzError {
        TzError { message, at, kind: Kind::NoZone }
    }

    pub(super) fn io(path: &Path, error: &io::Error) -> TzError {
        let kind = match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::Unsupported => Kind::NoFile,
            _ => Kind::Other,
        };
        TzError { kind, ..TzError::new(format!("zone file `{}`: {error}", path.display())) }
    }

    /// A zone file says what makes no sense.
    pub(super) fn damaged(
        source: &str,
        part: &str,
        found: &dyn fmt::Display,
        at: usize,
        expected: &dyn fmt::Display,
    ) -> TzError {
        let message =
            format!("zone file `{source}`: {part}: found {found} at byte {at}, expected {expected}");
        TzError { at: Some(at), ..TzError::new(message) }
    }

    /// The rule at the end of a zone file, which begins at byte `start`, makes no sense.
    pub(super) fn footer(source: &str, rule: &str, start: usize, error: RuleError) -> TzError {
        let rule = Excerpt::of(rule, 0, rule.len());
        let message = format!("zone file `{source}`: footer {rule} at byte {start}: {error}");
        TzError { at: Some(start + error.at()), ..TzError::new(message) }
    }

    pub(super) fn rule(rule: &str, error: RuleError) -> TzError {
        let message = format!("time zone rule{}: {error}", quoted(rule));
        TzError { at: Some(error.at()), ..TzError::new(message) }
    }

    /// The byte of the name, rule or file at which it stopped making sense, if that is what happened.
    pub fn at(&self) -> Option<usize> {
        self.at
    }
}

/// A space and the text, or nothing where the text is empty.
pub(super) fn quoted(text: &str) -> String {
    match text {
        "" => String::new(),
        _ => format!(" {}", Excerpt::of(text, 0, text.len())),
    }
}

impl fmt::Display for TzError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for TzError {}
