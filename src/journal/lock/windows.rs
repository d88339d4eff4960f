//! A file that is open and shared with nobody.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::os::windows::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::journal::error::JournalError;

/// The system's word for a file that somebody has open and does not share.
const ERROR_SHARING_VIOLATION: i32 = 32;

pub(in crate::journal) struct Lock {
    path: PathBuf,
    /// None only while it is dropped.
    file: Option<File>,
}

impl Lock {
    pub(in crate::journal) fn acquire(folder: &Path, journal: &OsStr) -> Result<Lock, JournalError> {
        let mut name = journal.to_os_string();
        name.push(".lock");
        let path = folder.join(name);
        match OpenOptions::new().write(true).create(true).share_mode(0).open(&path) {
            Ok(file) => Ok(Lock { path, file: Some(file) }),
            Err(error) if error.raw_os_error() == Some(ERROR_SHARING_VIOLATION) => {
                Err(JournalError::in_use(&path))
            }
            Err(error) => Err(JournalError::io("making its lock file")(error)),
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        self.file = None;
        // If somebody has opened it meanwhile, it stays.
        let _ = fs::remove_file(&self.path);
    }
}
