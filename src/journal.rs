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
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::excerpt::Excerpt;
use crate::scheduler::Builder;
use crate::store::{Durability, Record, Store, StoreError};
use crate::sync::Arc;
use error::{JournalError, Shown};
use file::JournalFile;
use line::{Line, What, HEADER, MAX_NAME};
use lock::Lock;
use read::{Contents, Ignored, Reading};
use state::State;

impl Builder {
    /// Remembers across restarts the last due of each name, in a file: a due that comes while the process is down is then
    /// missed like one that comes while the machine sleeps, and [`Missed`](crate::Missed) says what becomes of it. None is
    /// run twice. A run that the end of its process cut off is reported when its task is scheduled again
    /// ([`Event::CutOff`](crate::Event::CutOff)), and not run again.
    ///
    /// ```
    /// # let folder = std::env::temp_dir().join(format!("sexton-doc-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// # let path = folder.join("jobs.journal");
    /// use sexton::Scheduler;
    ///
    /// let scheduler = Scheduler::builder().journal(&path).build()?;
    /// scheduler.task("backup").cron("30 2 * * *").run(|| {})?; // run at once if the last one was missed
    /// # scheduler.shutdown();
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// * Cron expressions, civil times and iterators of them go on after the last due, and so do periods that have an anchor
    ///   ([`starting`](crate::Schedule::starting)). Whole days without an anchor take the last due for one. Other
    ///   periods, delays and closures begin anew. So does a task that was cancelled, or that ended itself.
    /// * A name is remembered from when it was scheduled for the first time, so that a first due can be missed, too. What
    ///   counts is the name: another schedule under it goes on after the last due as well.
    /// * A clock that was set back between two processes is like one set back under a running scheduler: by up to three
    ///   hours nothing is run twice but by interval-like expressions and periods of less than a day, which go on by the new
    ///   time.
    /// * What is missed as the scheduler shuts down is left to the next process.
    /// * [`times`](crate::Schedule::times), [`Run::count`](crate::Run::count) and pauses are not remembered. With another
    ///   [`jitter`](crate::Schedule::jitter) than before, the last due may be run once more, or the next one left out.
    /// * Each run adds two lines. Before a run that follows the calendar begins, its line is on the disk (`fsync`): not
    ///   even a power failure has it run twice. That takes some milliseconds on many disks, one run after the other. The
    ///   file is written anew when it has grown. It keeps each name until that is cancelled or
    ///   [forgotten](crate::Scheduler::forget_unscheduled).
    /// * The file is the scheduler's alone while it is open: if it is removed or replaced nothing more is written, and
    ///   [`Event::JournalFailed`](crate::Event::JournalFailed) tells.
    /// * A crash at any byte does no harm. Of a file that was damaged the other lines are followed, and it is kept beside;
    ///   [`Event::JournalDamaged`](crate::Event::JournalDamaged) tells.
    ///
    /// One process at a time has a journal. On Unix a socket beside it (`jobs.journal.lock.…`) tells whether that process
    /// lives; a folder that several machines share over a network is no place for it.
    pub fn journal(self, path: impl Into<PathBuf>) -> Builder {
        self.store(Journal::at(&path.into()))
    }
}

/// A journal. While it is open no other process has it open. Its file is called by the path that it was opened with,
/// whatever the current folder is by now.
///
/// Each call adds its record before it returns; a process that dies after that has left the record for the next. An error means that the
/// record is not there, and all is as if the call had not been made; the next call may well succeed.
struct Journal {
    /// As the user wrote it.
    path: Arc<Path>,
    state: State,
    /// None until it is opened. The file is closed before the lock is let go.
    open: Option<(JournalFile, Lock)>,
}

impl Journal {
    fn at(path: &Path) -> Journal {
        Journal { path: path.into(), state: State::default(), open: None }
    }

    /// Opens the journal, or makes one; its folder must exist. What it says is about lines that were ignored; all others
    /// were read.
    fn open_file(&mut self) -> Result<Option<String>, JournalError> {
        let (folder, name) = locate(&self.path)?;
        let lock = Lock::acquire(&folder, &name)?;
        let path = folder.join(name);
        file::remove_unfinished(&path).map_err(JournalError::io("removing what was left beside it"))?;
        let mut damage = None;
        let file = match contents(&path)? {
            Contents::Foreign(found) => {
                return Err(JournalError::new(format!(
                    "found {found} in its first line, expected `{}`; it is left as it is",
                    HEADER.trim_end()
                )));
            }
            Contents::Empty => JournalFile::anew(path, &self.state).map_err(JournalError::io("making it"))?,
            Contents::Journal(Reading { state, len, ignored }) => {
                self.state = state;
                self.state.cut_off();
                match ignored {
                    None => JournalFile::existing(path, len, &self.state)
                        .map_err(JournalError::io("opening it"))?,
                    Some(Ignored { count, line, at, flaw }) => {
                        let kept =
                            file::keep_damaged(&path).map_err(JournalError::io("keeping it as it was"))?;
                        let kept = self.path.with_file_name(kept.file_name().unwrap_or_default());
                        damage = Some(format!(
                            "journal {}: line {line} at byte {at}: {flaw}; \
                             {count} {} ignored, and the file as it was is kept as {}",
                            Shown(&self.path),
                            if count == 1 { "line was" } else { "lines were" },
                            Shown(&kept)
                        ));
                        JournalFile::anew(path, &self.state).map_err(JournalError::io("writing it anew"))?
                    }
                }
            }
        };
        self.open = Some((file, lock));
        self.shorten();
        Ok(damage)
    }

    fn file(&mut self) -> &mut JournalFile {
        let (file, _) = self.open.as_mut().expect("a store is opened before it is written to");
        file
    }

    /// Whether a record says anything new.
    fn is_news(&self, name: &str, record: Record) -> bool {
        let known = self.state.get(name);
        match record {
            Record::Scheduled(_) => known.map_or(true, |known| known.last.is_none()),
            Record::Began { .. } | Record::Asked { .. } => true,
            Record::Ended(due) => known.map_or(false, |known| known.under_way.contains_key(&due)),
            Record::Passed(due) => known.map_or(true, |known| known.last != Some(due)),
            Record::Forgot => known.is_some(),
        }
    }

    /// Writes the file anew if it has grown. That this fails loses nothing: it is tried again when the file has doubled,
    /// and a disk that is full shows in the records, too.
    fn shorten(&mut self) {
        if let Some((file, _)) = self.open.as_mut().filter(|(file, _)| file.is_grown()) {
            let _ = file.rewrite(&self.state);
        }
    }
}

impl Store for Journal {
    fn open(&mut self) -> Result<Option<String>, StoreError> {
        self.open_file().map_err(|error| error.of_journal(&self.path).into())
    }

    /// Refuses a name that has no room in a line. Nothing is to be added of such a name.
    fn check_name(&self, name: &str) -> Result<(), StoreError> {
        let len = line::written_len(name);
        if len > MAX_NAME {
            let name = Excerpt::of(name, 0, name.len());
            let message = format!("found a name of {len} bytes, {name}, expected at most {MAX_NAME}");
            return Err(JournalError::new(message).of_journal(&self.path).into());
        }
        Ok(())
    }

    /// It may lie in the future, if the clock was ahead at the time.
    fn last_due(&self, name: &str) -> Option<SystemTime> {
        self.state.get(name).and_then(|known| known.earlier)
    }

    /// Runs that were cut off are reported this once, or, where the journal cannot be written to, once in each process.
    fn claim(&mut self, name: &str) -> Vec<SystemTime> {
        let cut_off = self.state.claim(name);
        if !cut_off.is_empty() {
            let ended = |due: &SystemTime| Line::new(What::Ended(*due), name).to_text();
            let lines: String = cut_off.iter().map(ended).collect();
            // They are forgotten in memory, so that the file forgets them at the latest when it is written anew.
            let _ = self.file().add(&lines, Durability::Process);
        }
        self.shorten();
        cut_off
    }

    fn unclaimed(&self) -> Vec<String> {
        self.state.unclaimed().map(String::from).collect()
    }

    fn write(&mut self, name: &str, record: Record) -> Result<bool, StoreError> {
        if !self.is_news(name, record) {
            return Ok(false);
        }
        let (what, durability) = match record {
            Record::Began { due, durability } => (What::Began(due), durability),
            Record::Asked { at, durability } => (What::Asked(at), durability),
            Record::Ended(due) => (What::Ended(due), Durability::Process),
            Record::Scheduled(due) | Record::Passed(due) => (What::Passed(due), Durability::Process),
            Record::Forgot => (What::Forgot, Durability::Process),
        };
        let line = Line::new(what, name);
        let added = self.file().add(&line.to_text(), durability);
        added.map_err(JournalError::io("writing a record")).map_err(|error| error.of_journal(&self.path))?;
        self.state.apply(&line);
        self.shorten();
        Ok(true)
    }
}

/// The folder and the name of the file that a path leads to, through all links: two paths to one file are one journal.
/// They hold when the current folder is another one.
fn locate(path: &Path) -> Result<(PathBuf, OsString), JournalError> {
    let no_name = || JournalError::new("found no file name, expected a path such as `jobs.journal`");
    let name = path.file_name().ok_or_else(no_name)?;
    let is_missing = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
    let found = match fs::symlink_metadata(path) {
        Err(error) if is_missing(&error) => {
            let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
            match fs::canonicalize(folder) {
                Err(error) if is_missing(&error) => {
                    let found = format!("found no folder {}, expected one that exists", Shown(folder));
                    return Err(JournalError::new(found));
                }
                folder => folder.map(|folder| folder.join(name)),
            }
        }
        Err(error) => Err(error),
        Ok(_) => match fs::canonicalize(path) {
            Err(error) if is_missing(&error) => return Err(not_a_file("a link to nothing")),
            target => target,
        },
    };
    let path = found.map_err(JournalError::io("finding its folder"))?;
    match (path.parent(), path.file_name()) {
        (Some(folder), Some(name)) => Ok((folder.into(), name.into())),
        _ => Err(not_a_file("a folder")),
    }
}

fn not_a_file(found: &str) -> JournalError {
    JournalError::new(format!("found {found}, expected a regular file"))
}

/// Reads a regular file. Anything else is not even opened: opening a pipe may wait for ever, and reading a device may
/// never end.
fn contents(path: &Path) -> Result<Contents, JournalError> {
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Contents::Empty),
        Err(error) => Err(JournalError::io("opening it")(error)),
        Ok(metadata) if metadata.is_dir() => Err(not_a_file("a folder")),
        Ok(metadata) if !metadata.is_file() => Err(not_a_file("a device or a pipe")),
        Ok(_) => File::open(path).and_then(read::read).map_err(JournalError::io("reading it")),
    }
}
