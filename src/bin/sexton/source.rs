//! The file of the crontab, and whether it has changed.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::sync::Arc;
use std::time::SystemTime;

use crate::check::{self, File};
use crate::dialect::Reading;
use crate::mistake::Mistake;
use crate::{user, Failure};

pub struct Source {
    path: OsString,
    reading: Arc<Reading>,
    /// What the file was like when it was read.
    read: Option<Stamp>,
    /// What it was like at the last look.
    seen: Option<Stamp>,
}

/// What tells one version of a file from another: modification time, length, and the file's number in its file system. The
/// number tells two versions apart that are put in place by a symlink, as those of a Kubernetes ConfigMap.
type Stamp = (SystemTime, u64, u64);

impl Source {
    pub fn new(path: &OsStr, reading: Reading) -> Source {
        Source { path: path.into(), reading: Arc::new(reading), read: None, seen: None }
    }

    pub fn read(&mut self) -> Result<File, Failure> {
        // Before the file: a change while it is read is noticed later.
        self.read = self.stamp();
        self.seen = self.read;
        let mut file = check::read_path(&self.path, &self.reading)?;
        let refused = user::refused(&file.crontab).into_iter().map(|(line, text, warning)| Mistake {
            line,
            text: text.into(),
            span: warning.span,
            message: warning.message,
            suggestion: None,
        });
        file.mistakes.extend(refused);
        Ok(file)
    }

    pub fn reading(&self) -> Arc<Reading> {
        self.reading.clone()
    }

    /// Whether the crontab comes from stdin, and cannot be read again.
    pub fn is_stdin(&self) -> bool {
        self.path == OsStr::new("-")
    }

    /// Whether the file has changed since it was read, and not since the last look: one that is being written is left alone.
    pub fn has_changed(&mut self) -> bool {
        let now = self.stamp();
        let is_at_rest = now == self.seen;
        self.seen = now;
        is_at_rest && now != self.read
    }

    /// `None` if there is no such file: it counts as a version, which cannot be read.
    fn stamp(&self) -> Option<Stamp> {
        if self.is_stdin() {
            return None;
        }
        // This follows symlinks.
        let metadata = fs::metadata(&self.path).ok()?;
        Some((metadata.modified().ok()?, metadata.len(), number(&metadata)))
    }
}

#[cfg(unix)]
fn number(metadata: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn number(_: &fs::Metadata) -> u64 {
    0
}
