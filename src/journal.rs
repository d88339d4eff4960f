//! What a process leaves to the next: the last due of each name, and the runs that began and never ended.
//!
//! A journal is a text file of one record a line (`line`), to which lines are added; what they say together (`state`) is
//! also kept in memory, so that the file can be written anew when it has grown. It survives a crash at any byte, and
//! damage in the middle costs only the lines that are damaged (`read`, `file`). One process has it at a time (`lock`). It
//! asks no clock.

mod error;
mod file;
mod line;
mod lock;
mod read;
mod state;
#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

pub(crate) use error::{Damage, JournalError};

#[cfg(test)]
pub(crate) use file::brought_to_disk;

use crate::excerpt::Excerpt;
use crate::sync::{lock, Arc, Mutex};
use error::Kind;
use file::JournalFile;
use line::{Record, What, MAX_NAME};
use lock::Lock;
use read::{Contents, Reading};
use state::State;

/// An open journal, which no other process has open. Its file is called by the path that it was opened with, whatever the
/// current folder is by now.
///
/// Each call adds its record before it returns; a process that dies after that has told the next. The answer is whether
/// there was anything to add. An error means that the record is not there, and all is as if the call had not been made;
/// the next call may well succeed.
pub(crate) struct Journal {
    /// As the user wrote it.
    path: Arc<Path>,
    // Closed before the lock is let go.
    inner: Mutex<Inner>,
    _lock: Lock,
}

struct Inner {
    file: JournalFile,
    state: State,
}

/// A journal, and what was wrong with it.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) journal: Journal,
    /// Lines that were ignored, if there were any; all others were read.
    pub(crate) damage: Option<Damage>,
}

impl Journal {
    /// Opens the journal, or makes one; its folder must exist.
    pub(crate) fn open(path: &Path) -> Result<Opened, JournalError> {
        let shown: Arc<Path> = path.into();
        Journal::open_at(&shown).map_err(|kind| JournalError::new(&shown, kind))
    }

    fn open_at(shown: &Arc<Path>) -> Result<Opened, Kind> {
        let (folder, name) = locate(shown)?;
        let lock = Lock::acquire(&folder, &name)?;
        let path = folder.join(name);
        file::remove_unfinished(&path).map_err(Kind::io("removing what was left beside it"))?;
        let mut damage = None;
        let (file, state) = match contents(&path)? {
            Contents::Foreign(found) => return Err(Kind::NotAJournal { found }),
            Contents::Empty => {
                let state = State::default();
                (JournalFile::anew(path, &state).map_err(Kind::io("making it"))?, state)
            }
            Contents::Journal(Reading { mut state, len, ignored }) => {
                state.cut_off();
                let file = match ignored {
                    None => JournalFile::existing(path, len, &state).map_err(Kind::io("opening it"))?,
                    Some(lines) => {
                        let kept = file::keep_damaged(&path).map_err(Kind::io("keeping it as it was"))?;
                        let kept = shown.with_file_name(kept.file_name().unwrap_or_default());
                        damage = Some(Damage { path: shown.clone(), lines, kept });
                        JournalFile::anew(path, &state).map_err(Kind::io("writing it anew"))?
                    }
                };
                (file, state)
            }
        };
        let mut inner = Inner { file, state };
        inner.shorten();
        let journal = Journal { path: shown.clone(), inner: Mutex::new(inner), _lock: lock };
        Ok(Opened { journal, damage })
    }

    /// Refuses a name that has no room in a line. Nothing is to be added of such a name.
    pub(crate) fn check_name(&self, name: &str) -> Result<(), JournalError> {
        let len = line::written_len(name);
        if len > MAX_NAME {
            let kind = Kind::LongName { name: Excerpt::of(name, 0, name.len()), len };
            return Err(JournalError::new(&self.path, kind));
        }
        Ok(())
    }

    /// The last due of a name that an earlier process ran or told as missed, unless the name was claimed since. It may
    /// lie in the future, if the clock was ahead at the time.
    pub(crate) fn last(&self, name: &str) -> Option<SystemTime> {
        lock(&self.inner).state.get(name).and_then(|known| known.earlier)
    }

    /// A name is this process's from now on. Answers the dues of the runs that earlier processes began and did not live
    /// to end, in the order of the dues; they are told this once, or, where the journal cannot be written to, once
    /// in each process.
    pub(crate) fn claim(&self, name: &str) -> Vec<SystemTime> {
        let mut inner = lock(&self.inner);
        let cut_off = inner.state.claim(name);
        if !cut_off.is_empty() {
            let ended = |due: &SystemTime| Record::new(What::Ended(*due), name).to_line();
            let lines: String = cut_off.iter().map(ended).collect();
            // They are forgotten in memory, so that the file forgets them at the latest when it is written anew.
            let _ = inner.file.add(&lines, false);
        }
        inner.shorten();
        cut_off
    }

    /// The names that earlier processes have left and nobody has claimed.
    pub(crate) fn unclaimed(&self) -> Vec<String> {
        lock(&self.inner).state.unclaimed().map(String::from).collect()
    }

    /// A name is scheduled, of which nothing is remembered: what was due up to here is nothing that it has missed.
    pub(crate) fn scheduled(&self, name: &str, at: SystemTime) -> Result<bool, JournalError> {
        self.add(What::Passed(at), name, false, |state| {
            state.get(name).map_or(true, |known| known.last.is_none())
        })
    }

    /// A run begins, and its due is the last one; `is_durable`: on the disk before this returns, so that a power failure
    /// does not undo it.
    ///
    /// What counts as the last due is what was said last, even if it is an earlier time: then the clock was set back, and
    /// what it shows again is due again. So it has to be said in the order in which it happens.
    pub(crate) fn began(&self, name: &str, due: SystemTime, is_durable: bool) -> Result<bool, JournalError> {
        self.add(What::Began(due), name, is_durable, |_| true)
    }

    /// A run begins that was asked for: the last due of the schedule stays what it is.
    pub(crate) fn asked(&self, name: &str, at: SystemTime, is_durable: bool) -> Result<bool, JournalError> {
        self.add(What::Asked(at), name, is_durable, |_| true)
    }

    /// A run that began has ended, however it ended. Nothing is done if no such run is known.
    pub(crate) fn ended(&self, name: &str, due: SystemTime) -> Result<bool, JournalError> {
        self.add(What::Ended(due), name, false, |state| {
            state.get(name).map_or(false, |known| known.under_way.contains_key(&due))
        })
    }

    /// Dues up to here were reported as missed: they are not to be caught up.
    pub(crate) fn passed(&self, name: &str, due: SystemTime) -> Result<bool, JournalError> {
        self.add(What::Passed(due), name, false, |state| {
            state.get(name).map_or(true, |known| known.last != Some(due))
        })
    }

    /// The name was cancelled: nothing of it is remembered.
    pub(crate) fn forget(&self, name: &str) -> Result<bool, JournalError> {
        self.add(What::Forgot, name, false, |state| state.get(name).is_some())
    }

    /// Adds a record, if it says anything new.
    fn add(
        &self,
        what: What,
        name: &str,
        is_durable: bool,
        is_new: impl FnOnce(&State) -> bool,
    ) -> Result<bool, JournalError> {
        let mut inner = lock(&self.inner);
        if !is_new(&inner.state) {
            return Ok(false);
        }
        let record = Record::new(what, name);
        let added = inner.file.add(&record.to_line(), is_durable).map_err(Kind::io("writing a record"));
        added.map_err(|kind| JournalError::new(&self.path, kind))?;
        inner.state.apply(&record);
        inner.shorten();
        Ok(true)
    }
}

impl Inner {
    /// Writes the file anew if it has grown. That this fails loses nothing: it is tried again when the file has doubled,
    /// and a disk that is full shows in the records, too.
    fn shorten(&mut self) {
        if self.file.is_grown() {
            let _ = self.file.rewrite(&self.state);
        }
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal").field("path", &self.path).finish_non_exhaustive()
    }
}

/// The folder and the name of the file that a path leads to, through all links: two paths to one file are one journal.
/// They hold when the current folder is another one.
fn locate(path: &Path) -> Result<(PathBuf, OsString), Kind> {
    let name = path.file_name().ok_or(Kind::NoFileName)?;
    let in_folder = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
            match fs::canonicalize(folder) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    return Err(Kind::NoFolder { folder: folder.into() })
                }
                folder => folder.map(|folder| folder.join(name)),
            }
        }
        Err(error) => Err(error),
        Ok(_) => match fs::canonicalize(path) {
            // A link to nothing.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(Kind::NotAFile { found: "a link to nothing" })
            }
            target => target,
        },
    };
    let path = in_folder.map_err(Kind::io("finding its folder"))?;
    match (path.parent(), path.file_name()) {
        (Some(folder), Some(name)) => Ok((folder.into(), name.into())),
        _ => Err(Kind::NotAFile { found: "a folder" }),
    }
}

/// Reads a regular file. Anything else is not even opened: opening a pipe may wait for ever, and reading a device may
/// never end.
fn contents(path: &Path) -> Result<Contents, Kind> {
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Contents::Empty),
        Err(error) => Err(Kind::io("opening it")(error)),
        Ok(metadata) if metadata.is_dir() => Err(Kind::NotAFile { found: "a folder" }),
        Ok(metadata) if !metadata.is_file() => Err(Kind::NotAFile { found: "a device or a pipe" }),
        Ok(_) => File::open(path).and_then(read::read).map_err(Kind::io("reading it")),
    }
}
