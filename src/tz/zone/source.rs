//! The file that a zone came from, and whether it is still the same.

use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// A file of the time zone database, as it was when a zone was read from it.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) path: PathBuf,
    pub(super) stamp: Stamp,
}

/// What changes when a file is replaced or written to, at the price of one `stat`.
///
/// Time zone packages and `zic` put a new file in the place of the old: that is another inode, even where length and
/// time of the last change have been made the same. The number of an inode is given to another file when its own is gone;
/// but no program can say when an inode was last changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    len: u64,
    /// `None` where the system does not know.
    modified: Option<SystemTime>,
    /// The device, the number of the file on it, and the seconds and nanoseconds of its last change of any kind.
    #[cfg(unix)]
    inode: (u64, u64, i64, i64),
}

impl Stamp {
    pub(super) fn new(metadata: &Metadata) -> Stamp {
        #[cfg(unix)]
        use std::os::unix::fs::MetadataExt;
        Stamp {
            len: metadata.len(),
            modified: metadata.modified().ok(),
            #[cfg(unix)]
            inode: (metadata.dev(), metadata.ino(), metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    /// That of the file at the end of all links; `None` where there is none, or none that we may know of.
    pub(super) fn of(path: &Path) -> Option<Stamp> {
        fs::metadata(path).ok().as_ref().map(Stamp::new)
    }
}
