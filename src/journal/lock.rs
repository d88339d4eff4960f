//! One process at a time has a journal, and the kernel lets go of it when that process dies, however it dies.
//!
//! # On Unix
//!
//! The lock is a datagram socket bound to a file beside the journal, `jobs.journal.lock.<random>`. Connecting to such a
//! file tells at once whether a living process holds its socket, in this container or another: it succeeds if one does,
//! and is refused for ever if none does. Nothing is ever sent. Who wants the lock
//!
//! 1. binds a socket under a hidden name and renames it to the visible one, so that what can be seen can be reached;
//! 2. lists the folder once, and connects to each other lock file: one that is refused belonged to the dead, and is removed;
//! 3. has the lock as soon as all those are gone that were reached, and gives up, removing its own, if one stays.
//!
//! It is safe: of two that hold it, one became visible later. It listed the folder after that, while the other was
//! visible and could be reached, and waited until the other was gone. File names are random and never used again, so what
//! was refused once is never the file of somebody alive.
//!
//! It does not block: where two list each other, the one with the smaller name waits for half a second at most, and the
//! one with the larger name for a sixteenth. So somebody gets it, if nobody held it. Even the shorter wait is enough for a
//! holder that has been killed as it started another program: that has the socket, too, until it begins to run.
//!
//! Two machines that share a folder over the network do not reach each other's sockets: the lock is for one machine.
//!
//! # On Windows
//!
//! The lock is a file beside the journal that is open and shared with nobody.

// Each has a `Lock` that is held until it is dropped. `Lock::acquire` is given the absolute path of a folder, and the name
// of the journal in it.

#[cfg(not(any(unix, windows)))]
mod other;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(not(any(unix, windows)))]
pub(super) use self::other::Lock;
#[cfg(unix)]
pub(super) use self::unix::Lock;
#[cfg(windows)]
pub(super) use self::windows::Lock;
