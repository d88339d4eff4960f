//! A socket that can be reached as long as its process lives.

use std::collections::hash_map::RandomState;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::hash::{BuildHasher, Hasher};
use std::io;
use std::io::ErrorKind::{ConnectionRefused, NotFound};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::io::AsRawFd;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::journal::error::{JournalError, Shown};
use crate::sync::thread;

/// The longest path in the address of a socket that all systems have room for.
const MAX_ADDRESS: usize = 103;

/// How often others are looked at again, after 1 ms, 2 ms, 4 ms and so on.
const LOOKS: u32 = 9;

/// And by who has the larger name.
const FEW_LOOKS: u32 = 6;

/// What is between the name of the journal and 16 hexadecimal digits.
const MIDDLE: &str = ".lock.";

pub(in crate::journal) struct Lock {
    /// The lock file.
    path: PathBuf,
    _socket: UnixDatagram,
}

impl Lock {
    pub(in crate::journal) fn acquire(folder: &Path, journal: &OsStr) -> Result<Lock, JournalError> {
        let folder = Folder { path: folder, journal };
        let (lock, own) = folder.bind()?;
        // Not all file systems have sockets that can be reached.
        folder.connect(&own)?.map_err(|error| {
            let expected = "expected a file system that has sockets";
            JournalError::caused(format!("connecting to its lock file: {error}; {expected}"), error)
        })?;
        let mut others = folder.locks(journal).map_err(JournalError::io("listing its folder"))?;
        others.retain(|name| *name != own);
        for look in 0..=LOOKS {
            others = folder.reached(others)?;
            match others.iter().min() {
                None => {
                    folder.clear_hidden();
                    return Ok(lock);
                }
                Some(other) if look >= if *other < own { FEW_LOOKS } else { LOOKS } => {
                    return Err(JournalError::in_use(&folder.path.join(other)));
                }
                Some(_) => thread::sleep(Duration::from_millis(1 << look)),
            }
        }
        unreachable!("the last look decides")
    }
}

/// Removed while it can still be reached, so that nobody takes it for one of the dead.
impl Drop for Lock {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// Where the journal is, and its name there.
struct Folder<'a> {
    path: &'a Path,
    journal: &'a OsStr,
}

impl Folder<'_> {
    /// A socket that could be reached before it could be seen, and its name.
    fn bind(&self) -> Result<(Lock, OsString), JournalError> {
        loop {
            // The one source of random numbers in `std`.
            let random = RandomState::new().build_hasher().finish();
            let own = join(&[self.journal, MIDDLE.as_ref(), format!("{random:016x}").as_ref()]);
            let hidden = join(&[".".as_ref(), &own]);
            let socket = UnixDatagram::bind(&self.address(&hidden)?.path)
                .map_err(JournalError::io("making its lock file"))?;
            let mut lock = Lock { path: self.path.join(hidden), _socket: socket };
            let visible = self.path.join(&own);
            match fs::rename(&lock.path, &visible) {
                Ok(()) => {
                    lock.path = visible;
                    return Ok((lock, own));
                }
                // Somebody took it for one of the dead in the meantime.
                Err(error) if error.kind() == NotFound => {}
                Err(error) => return Err(JournalError::io("naming its lock file")(error)),
            }
        }
    }

    /// The sockets in the folder whose names are this one and then those of a lock.
    fn locks(&self, start: &OsStr) -> io::Result<Vec<OsString>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(self.path)? {
            let entry = entry?;
            let name = entry.file_name();
            let rest = name.as_bytes().strip_prefix(start.as_bytes());
            let random = rest.and_then(|rest| rest.strip_prefix(MIDDLE.as_bytes()));
            let is_lock =
                |digits: &[u8]| digits.len() == 16 && digits.iter().all(|digit| digit.is_ascii_hexdigit());
            // If its type cannot be read, the file is gone.
            let is_socket = || entry.file_type().map_or(false, |kind| kind.is_socket());
            if random.map_or(false, is_lock) && is_socket() {
                found.push(name);
            }
        }
        Ok(found)
    }

    /// Those of them whose processes live. Those of the dead are removed.
    fn reached(&self, names: Vec<OsString>) -> Result<Vec<OsString>, JournalError> {
        let mut alive = Vec::new();
        for name in names {
            let lock = self.path.join(&name);
            match self.connect(&name)? {
                Ok(()) => alive.push(name),
                Err(error) if matches!(error.kind(), ConnectionRefused | NotFound) => {
                    // Others may be clearing up, too.
                    let _ = fs::remove_file(lock);
                }
                Err(error) => {
                    let message = format!(
                        "could not tell whether the process of the lock file {} lives: {error}; \
                         expected a socket that can be connected to; remove it if that process is gone",
                        Shown(&lock)
                    );
                    return Err(JournalError::caused(message, error));
                }
            }
        }
        Ok(alive)
    }

    fn connect(&self, name: &OsStr) -> Result<io::Result<()>, JournalError> {
        let socket = UnixDatagram::unbound().map_err(JournalError::io("making a socket"))?;
        Ok(socket.connect(&self.address(name)?.path))
    }

    /// Removes the hidden files of processes that died before they could name them.
    fn clear_hidden(&self) {
        let start = join(&[".".as_ref(), self.journal]);
        // What cannot be removed now stays for the next: it is in nobody's way.
        let _ = self.locks(&start).map_err(JournalError::io("")).and_then(|names| self.reached(names));
    }

    /// A path to the file of this name that fits into the address of a socket.
    fn address(&self, name: &OsStr) -> Result<Address, JournalError> {
        let path = self.path.join(name);
        let excess = path.as_os_str().len().saturating_sub(MAX_ADDRESS);
        if excess == 0 {
            return Ok(Address { path, _open: None });
        }
        if !cfg!(any(target_os = "linux", target_os = "android")) {
            let len = self.path.join(self.journal).as_os_str().len();
            return Err(long("path", len, excess));
        }
        // Linux has a short path to a folder that is open.
        let open = File::open(self.path).map_err(JournalError::io("opening its folder"))?;
        let path = Path::new("/proc/self/fd").join(open.as_raw_fd().to_string()).join(name);
        let excess = path.as_os_str().len().saturating_sub(MAX_ADDRESS);
        if excess > 0 {
            return Err(long("file name", self.journal.len(), excess));
        }
        Ok(Address { path, _open: Some(open) })
    }
}

/// The path of the lock file does not fit into the address of a socket.
fn long(part: &str, len: usize, excess: usize) -> JournalError {
    let max = len.saturating_sub(excess);
    JournalError::new(format!(
        "found a {part} of {len} bytes, expected at most {max}, as its lock is a socket"
    ))
}

struct Address {
    path: PathBuf,
    /// The folder that the path goes through.
    _open: Option<File>,
}

fn join(parts: &[&OsStr]) -> OsString {
    parts.iter().fold(OsString::new(), |mut all, part| {
        all.push(part);
        all
    })
}
