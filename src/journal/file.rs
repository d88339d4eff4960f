//! The file of a journal: whole lines are added to it, and now and then it is written anew.
//!
//! Whatever is cut short at whatever byte: what was added stays, and a line is there whole or not at all. A line that
//! could not be written is cut off again before the next. The file is written anew under another name, which takes the
//! place of the old one when all of it is on the disk. If somebody removes it or puts another in its place, nothing is
//! written, to neither: what goes to a file that nobody will find again is lost, and another is not ours to write to.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::line::HEADER;
use super::state::State;
use crate::store::Durability;

/// A journal is not written anew before it is larger than this, and four times what it holds.
const MIN_LIMIT: u64 = 64 * 1024;

pub(super) struct JournalFile {
    path: PathBuf,
    /// At `len`. None where it has to be opened, and whatever follows `len` to be cut off.
    file: Option<File>,
    /// Where the last line ends.
    len: u64,
    /// The length above which it is written anew.
    limit: u64,
    /// Which file it is.
    identity: FileId,
    /// Whether a power failure may undo that it has this name. Of one that was there nobody knows who has put it there,
    /// and whether he saw to that.
    is_name_loose: bool,
}

/// What tells a file from all others that exist at the same time, whatever their names.
#[derive(Clone, Copy, PartialEq, Eq)]
struct FileId([u64; 2]);

impl JournalFile {
    /// The file that is there, which ends at `len`, and may be followed by part of a line. The state is what it says.
    pub(super) fn existing(path: PathBuf, len: u64, state: &State) -> io::Result<JournalFile> {
        let identity = FileId::of(&fs::metadata(&path)?);
        let limit = limit_of(state);
        let mut this = JournalFile { path, file: None, len, limit, identity, is_name_loose: true };
        this.ready()?;
        Ok(this)
    }

    /// A file that says this, in the place of the one that is there, if any.
    pub(super) fn anew(path: PathBuf, state: &State) -> io::Result<JournalFile> {
        let identity = FileId([0; 2]);
        let mut this = JournalFile { path, file: None, len: 0, limit: 0, identity, is_name_loose: true };
        this.replace(state)?;
        Ok(this)
    }

    /// Adds a line or several, or nothing if it fails.
    pub(super) fn add(&mut self, lines: &str, durability: Durability) -> io::Result<()> {
        let result = self.try_add(lines, durability);
        match result {
            Ok(()) => self.len += lines.len() as u64,
            Err(_) => {
                self.file = None;
                // At once, so that nobody finds a record that the caller believes was not written. If this fails,
                // too, it is tried again before the next line.
                let _ = self.ready();
            }
        }
        result
    }

    fn try_add(&mut self, lines: &str, durability: Durability) -> io::Result<()> {
        self.expect_in_place()?;
        let file = self.ready()?;
        file.write_all(lines.as_bytes())?;
        if durability == Durability::PowerFailure {
            on_disk("line", file.sync_data())?;
            self.fix_name()?;
        }
        Ok(())
    }

    /// Whether it is much longer than it has to be.
    pub(super) fn is_grown(&self) -> bool {
        self.len > self.limit
    }

    /// Puts a file that says this into the place of this one. If that fails, it stays as it is.
    pub(super) fn rewrite(&mut self, state: &State) -> io::Result<()> {
        self.expect_in_place()?;
        self.replace(state)
    }

    fn replace(&mut self, state: &State) -> io::Result<()> {
        // Not again with the next line, if it fails.
        self.limit = self.len.saturating_mul(2);
        let new = beside(&self.path, ".new");
        let result = self.write_new(&new, state);
        match result {
            Ok(len) => {
                self.len = len;
                self.limit = limit_of(state);
                self.is_name_loose = true;
                // A durable record sees to it if it cannot be done now.
                let _ = self.fix_name();
                Ok(())
            }
            Err(error) => {
                let _ = fs::remove_file(&new);
                Err(error)
            }
        }
    }

    fn write_new(&mut self, new: &Path, state: &State) -> io::Result<u64> {
        remove_if_there(new)?;
        let mut writer = BufWriter::new(OpenOptions::new().write(true).create_new(true).open(new)?);
        writer.write_all(HEADER.as_bytes())?;
        let mut len = HEADER.len() as u64;
        for record in state.records() {
            let line = record.to_text();
            writer.write_all(line.as_bytes())?;
            len += line.len() as u64;
        }
        let file = writer.into_inner().map_err(io::IntoInnerError::into_error)?;
        match fs::metadata(&self.path) {
            Ok(old) => file.set_permissions(old.permissions())?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        on_disk("file", file.sync_all())?;
        let identity = FileId::of(&file.metadata()?);
        // Windows replaces no file that is open.
        self.file = None;
        fs::rename(new, &self.path)?;
        (self.file, self.identity) = (Some(file), identity);
        Ok(len)
    }

    /// The file, at its end.
    fn ready(&mut self) -> io::Result<&mut File> {
        if self.file.is_none() {
            let mut file = OpenOptions::new().write(true).open(&self.path)?;
            self.identity.expect(&file.metadata()?)?;
            file.set_len(self.len)?;
            file.seek(SeekFrom::Start(self.len))?;
            self.file = Some(file);
        }
        Ok(self.file.as_mut().expect("it has just been opened"))
    }

    fn expect_in_place(&self) -> io::Result<()> {
        self.identity.expect(&fs::metadata(&self.path)?)
    }

    /// Sees to it that a power failure does not bring the old file back.
    fn fix_name(&mut self) -> io::Result<()> {
        if self.is_name_loose {
            sync_folder_of(&self.path)?;
            self.is_name_loose = false;
        }
        Ok(())
    }
}

impl FileId {
    fn of(metadata: &fs::Metadata) -> FileId {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            FileId([metadata.dev(), metadata.ino()])
        }
        // Other systems have no such number.
        #[cfg(not(unix))]
        {
            let _ = metadata;
            FileId([0; 2])
        }
    }

    fn expect(self, metadata: &fs::Metadata) -> io::Result<()> {
        match FileId::of(metadata) == self {
            true => Ok(()),
            false => Err(io::Error::new(io::ErrorKind::Other, "found another file in its place")),
        }
    }
}

fn limit_of(state: &State) -> u64 {
    let needed: u64 = state.records().map(|record| record.to_text().len() as u64).sum();
    MIN_LIMIT.max(4 * needed)
}

/// Keeps the file as it is under another name, which nothing has yet.
pub(super) fn keep_damaged(path: &Path) -> io::Result<PathBuf> {
    let mut n = 1;
    loop {
        let kept = match n {
            1 => beside(path, ".damaged"),
            _ => beside(path, &format!(".damaged.{n}")),
        };
        match fs::hard_link(path, &kept).or_else(|_| copy_new(path, &kept)) {
            Ok(()) => {
                sync_folder_of(path)?;
                return Ok(kept);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => n += 1,
            Err(error) => return Err(error),
        }
    }
}

/// Copies the file where there are no hard links, and only if nothing is there.
pub(super) fn copy_new(from: &Path, to: &Path) -> io::Result<()> {
    let mut copy = OpenOptions::new().write(true).create_new(true).open(to)?;
    let copied =
        File::open(from).and_then(|mut file| io::copy(&mut file, &mut copy)).and_then(|_| copy.sync_all());
    copied.map_err(|error| {
        let _ = fs::remove_file(to);
        error
    })
}

/// Removes what a process left behind that died while it wrote the file anew.
pub(super) fn remove_unfinished(path: &Path) -> io::Result<()> {
    remove_if_there(&beside(path, ".new"))
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The path with something after its end.
fn beside(path: &Path, end: &str) -> PathBuf {
    let mut path = OsString::from(path);
    path.push(end);
    path.into()
}

/// Puts the names in the folder on the disk. Some file systems have no call for that, and do it when they like.
#[cfg(unix)]
fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path.parent().expect("a journal is in a folder");
    match on_disk("folder", File::open(folder)?.sync_all()) {
        Err(error) if error.kind() != io::ErrorKind::InvalidInput => Err(error),
        _ => Ok(()),
    }
}

/// Other systems have no call for that.
#[cfg(not(unix))]
fn sync_folder_of(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Something was brought to the disk, or that failed. Only tests look whether it was tried.
fn on_disk(what: &'static str, result: io::Result<()>) -> io::Result<()> {
    #[cfg(test)]
    tests::ON_DISK.with(|on_disk| on_disk.borrow_mut().push(what));
    let _ = what;
    result
}

/// What this thread has brought to the disk since it last asked.
#[cfg(test)]
pub(super) fn brought_to_disk() -> Vec<&'static str> {
    tests::ON_DISK.with(|on_disk| std::mem::take(&mut *on_disk.borrow_mut()))
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    #[cfg(target_os = "linux")]
    use super::*;

    thread_local! {
        pub(super) static ON_DISK: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_durable_line_is_brought_to_the_disk_and_another_is_not() {
        // It takes whatever is written, and is on no disk: to be brought to one is an error.
        let path = PathBuf::from("/dev/null");
        let identity = FileId::of(&fs::metadata(&path).unwrap());
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        let mut journal =
            JournalFile { path, file: Some(file), len: 0, limit: u64::MAX, identity, is_name_loose: false };
        journal.add("a line\n", Durability::Process).unwrap();
        let error = journal.add("a line\n", Durability::PowerFailure).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        assert_eq!(journal.len, 7);
    }
}
