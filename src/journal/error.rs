//! Why a journal could not be opened or written.

use std::fmt;
use std::io;
use std::path::Path;

use crate::excerpt::OneLine;

/// What was tried with which journal, what was found, and what would be fine, in one line.
#[derive(Debug)]
pub(super) struct JournalError {
    message: String,
    source: Option<io::Error>,
}

impl JournalError {
    pub(super) fn new(message: impl Into<String>) -> JournalError {
        JournalError { message: message.into(), source: None }
    }

    pub(super) fn caused(message: String, by: io::Error) -> JournalError {
        JournalError { message, source: Some(by) }
    }

    /// A living process has the journal open, perhaps this one.
    #[cfg_attr(not(any(unix, windows)), allow(dead_code))] // Other platforms have no locks.
    pub(super) fn in_use(lock: &Path) -> JournalError {
        let lock = Shown(lock);
        JournalError::new(format!("in use by another process or scheduler (lock file {lock})"))
    }

    /// For `map_err`: names what failed.
    pub(super) fn io(doing: &'static str) -> impl Fn(io::Error) -> JournalError {
        move |error| JournalError::caused(format!("{doing}: {error}"), error)
    }

    /// The same, with the name of the journal that it is about.
    pub(super) fn of_journal(self, path: &Path) -> JournalError {
        JournalError { message: format!("journal {}: {}", Shown(path), self.message), ..self }
    }
}

impl fmt::Display for JournalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for JournalError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|error| error as _)
    }
}

/// A path in backticks, on one line.
pub(super) struct Shown<'a>(pub(super) &'a Path);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", OneLine(&self.0.to_string_lossy()))
    }
}
