//! Why a journal could not be opened or written, and what was wrong with one that was.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::line::{Flaw, HEADER, MAX_NAME};
use crate::excerpt::{Excerpt, OneLine};
use crate::sync::Arc;

/// What was tried with which journal, what was found, and what would be fine, in one line.
#[derive(Clone, Debug)]
pub(super) struct JournalError {
    /// As the user wrote it.
    path: Arc<Path>,
    kind: Kind,
}

#[derive(Clone, Debug)]
#[cfg_attr(not(unix), allow(dead_code))] // Other platforms have other locks.
pub(super) enum Kind {
    /// The path ends in `..` or a root.
    NoFileName,
    NoFolder {
        folder: PathBuf,
    },
    NotAFile {
        /// What it is: a folder, a device or pipe, a link to nothing.
        found: &'static str,
    },
    NotAJournal {
        found: Excerpt,
    },
    /// A living process has it open, perhaps this one.
    InUse {
        lock: PathBuf,
    },
    /// Nobody can tell whether a lock file belongs to a living process.
    Unreachable {
        lock: PathBuf,
        error: Arc<io::Error>,
    },
    /// Our own lock file cannot be reached: not all file systems have sockets.
    NoSockets {
        error: Arc<io::Error>,
    },
    /// The path of the lock file does not fit into the address of a socket.
    LongPath {
        /// What may be at most so long.
        part: &'static str,
        len: usize,
        max: usize,
    },
    /// No line has room for it.
    LongName {
        name: Excerpt,
        len: usize,
    },
    /// The platform has no lock that ends with its process.
    #[cfg(not(any(unix, windows)))]
    Unsupported,
    Io {
        /// What failed, such as `opening`.
        doing: &'static str,
        error: Arc<io::Error>,
    },
}

impl Kind {
    /// For `map_err`: names what failed.
    pub(super) fn io(doing: &'static str) -> impl Fn(io::Error) -> Kind {
        move |error| Kind::Io { doing, error: Arc::new(error) }
    }
}

impl JournalError {
    pub(super) fn new(path: &Arc<Path>, kind: Kind) -> JournalError {
        JournalError { path: path.clone(), kind }
    }
}

impl fmt::Display for JournalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "journal {}: ", Shown(&self.path))?;
        match &self.kind {
            Kind::NoFileName => f.write_str("found no file name, expected a path such as `jobs.journal`"),
            Kind::NoFolder { folder } => {
                write!(f, "found no folder {}, expected one that exists", Shown(folder))
            }
            Kind::NotAFile { found } => write!(f, "found {found}, expected a regular file"),
            Kind::NotAJournal { found } => write!(
                f,
                "found {found} in its first line, expected `{}`; it is left as it is",
                HEADER.trim_end()
            ),
            Kind::InUse { lock } => {
                write!(f, "in use by another process or scheduler (lock file {})", Shown(lock))
            }
            Kind::Unreachable { lock, error } => write!(
                f,
                "could not tell whether the process of the lock file {} lives: {error}; \
                 expected a socket that can be connected to; remove it if that process is gone",
                Shown(lock)
            ),
            Kind::NoSockets { error } => {
                write!(f, "connecting to its lock file: {error}; expected a file system that has sockets")
            }
            Kind::LongPath { part, len, max } => {
                write!(f, "found a {part} of {len} bytes, expected at most {max}, as its lock is a socket")
            }
            Kind::LongName { name, len } => {
                write!(f, "found a name of {len} bytes, {name}, expected at most {MAX_NAME}")
            }
            #[cfg(not(any(unix, windows)))]
            Kind::Unsupported => f.write_str("this platform has no journals, as it has no locks for them"),
            Kind::Io { doing, error } => write!(f, "{doing}: {error}"),
        }
    }
}

impl std::error::Error for JournalError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.kind {
            Kind::Io { error, .. } | Kind::Unreachable { error, .. } | Kind::NoSockets { error } => {
                Some(&**error)
            }
            _ => None,
        }
    }
}

/// What a journal held that nobody has written so: which lines were ignored, and where they are kept.
#[derive(Clone, Debug)]
pub(super) struct Damage {
    pub(super) path: Arc<Path>,
    pub(super) lines: Lines,
    pub(super) kept: PathBuf,
}

/// The lines that were ignored.
#[derive(Clone, Debug)]
pub(super) struct Lines {
    /// How many there are.
    pub(super) count: u64,
    /// The number of the first, from 1, and the byte of the file that it begins at.
    pub(super) line: u64,
    pub(super) at: u64,
    /// What is wrong with the first.
    pub(super) flaw: Flaw,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Lines { count, line, at, flaw } = &self.lines;
        write!(
            f,
            "journal {}: line {line} at byte {at}: found {}, expected {}; \
             {count} {} ignored, and the file as it was is kept as {}",
            Shown(&self.path),
            flaw.found,
            flaw.expected,
            if *count == 1 { "line was" } else { "lines were" },
            Shown(&self.kept)
        )
    }
}

/// A path in backticks, on one line.
struct Shown<'a>(&'a Path);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", OneLine(&self.0.to_string_lossy()))
    }
}
