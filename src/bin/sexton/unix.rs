//! What the program asks of Unix through C functions, because `std` has no safe way to: signals, process groups, and waiting
//! for a process without collecting it. This is the only file with `unsafe`. `std` links these functions in any case.

#![allow(unsafe_code)]

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::raw::{c_int, c_void};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::io::{AsFd, AsRawFd, IntoRawFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{self, Child, Command, ExitStatus};
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, Ordering};
use std::sync::Once;

use crate::status::stream::{Listener, Stream};

pub type Signal = c_int;

pub const HUP: Signal = 1;
pub const INT: Signal = 2;
pub const KILL: Signal = 9;
pub const TERM: Signal = 15;
#[cfg(not(target_os = "macos"))]
pub const USR2: Signal = 12;
#[cfg(target_os = "macos")]
pub const USR2: Signal = 31;

/// For `waitid`: a process by its id, once it has ended, which is not to be collected.
const BY_ID: c_int = 1;
#[cfg(not(target_os = "macos"))]
const ENDED_NOT_COLLECTED: c_int = 0x0100_0004;
#[cfg(target_os = "macos")]
const ENDED_NOT_COLLECTED: c_int = 0x24;

/// At least as large as a `siginfo_t`, which has 128 bytes on Linux and 104 on macOS. It is written and never read.
#[repr(C, align(16))]
struct Info([u8; 128]);

extern "C" {
    fn signal(number: c_int, handler: extern "C" fn(c_int)) -> usize;
    fn write(file: c_int, bytes: *const c_void, len: usize) -> isize;
    fn kill(process: i32, signal: c_int) -> c_int;
    fn setpgid(process: i32, group: i32) -> c_int;
    fn waitid(kind: c_int, id: u32, info: *mut Info, options: c_int) -> c_int;
    fn waitpid(process: i32, status: *mut c_int, options: c_int) -> i32;
    fn geteuid() -> u32;
    fn isatty(file: c_int) -> c_int;
    fn umask(mask: Mode) -> Mode;
}

/// The permissions of a file.
#[cfg(not(target_os = "macos"))]
type Mode = u32;
#[cfg(target_os = "macos")]
type Mode = u16;

/// The signals that have come and were not read yet: a bit for each number.
static PENDING: AtomicU32 = AtomicU32::new(0);

/// The end of a pipe to write to when `PENDING` is no longer zero.
static WAKE: AtomicI32 = AtomicI32::new(-1);

/// The handler of all signals. It may do only what is safe at any point of the program: atomics and `write`.
extern "C" fn note(number: c_int) {
    // There is a byte in the pipe only while `PENDING` is not zero. So this write finds room: it neither blocks nor fails,
    // and leaves the `errno` of the code that it interrupts alone.
    if PENDING.fetch_or(1 << number, Ordering::SeqCst) == 0 {
        let byte = 0_u8;
        // SAFETY: `write` reads one byte from a valid address, and is async-signal-safe. `watch` stored the file before
        // it installed this handler, and the file is never closed.
        unsafe { write(WAKE.load(Ordering::SeqCst), (&byte as *const u8).cast(), 1) };
    }
}

/// Signals that do not end the program, but are read. One pipe serves the process: to be called once.
pub struct Signals(UnixStream);

impl Signals {
    pub fn watch(numbers: &[Signal]) -> io::Result<Signals> {
        let (read, write) = UnixStream::pair()?;
        WAKE.store(write.as_raw_fd(), Ordering::SeqCst);
        // From now on it stays open until the process ends.
        let _ = write.into_raw_fd();
        let signals = Signals(read);
        signals.add(numbers)?;
        Ok(signals)
    }

    /// Reads these, too.
    pub fn add(&self, numbers: &[Signal]) -> io::Result<()> {
        for &number in numbers {
            // SAFETY: the handler is a function of the type that `signal` expects, and does only what is allowed in one.
            // The numbers are those of signals that may be handled, and less than 32.
            let previous = unsafe { signal(number, note) };
            if previous == usize::MAX {
                return Err(io::Error::last_os_error());
            }
        }
        Ok(())
    }

    /// Blocks until signals have come.
    pub fn next(&mut self) -> io::Result<Vec<Signal>> {
        self.0.read_exact(&mut [0])?;
        let pending = PENDING.swap(0, Ordering::SeqCst);
        Ok((1..32).filter(|number| pending & 1 << number != 0).collect())
    }
}

/// Has the process begin a process group of its own.
pub fn in_own_group(command: &mut Command) {
    // SAFETY: the closure runs between fork and exec, where only async-signal-safe functions may be called. `setpgid` is one,
    // and so is reading `errno`. It allocates nothing.
    unsafe {
        command.pre_exec(|| match setpgid(0, 0) {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        });
    }
}

/// Sends a signal to a child and all others of its group.
pub fn signal_group(child: &mut Child, number: Signal) {
    let _ = signal_process(-(child.id() as i32), number);
}

/// Whether the group of a child has processes, be they running or not collected.
pub fn has_group(child: &Child) -> bool {
    signal_process(-(child.id() as i32), 0).is_ok()
}

/// Whether all processes of a group have ended, and nobody has collected them. False where /proc does not say.
pub fn has_only_ended(group: u32) -> bool {
    // One that ends during a look may have started another where the look had been before. The next look finds that one.
    (0..2).all(|_| have_all_ended(group).unwrap_or(false))
}

fn have_all_ended(group: u32) -> Option<bool> {
    // The /proc of another namespace has other numbers.
    let own = fs::read_link("/proc/self").ok()?;
    if own != Path::new(&process::id().to_string()) {
        return None;
    }
    let mut has_members = false;
    for entry in fs::read_dir("/proc").ok()?.flatten() {
        // What is no process has no such file, and one that is gone has none any more.
        let stat = fs::read(entry.path().join("stat")).unwrap_or_default();
        match has_ended(&String::from_utf8_lossy(&stat), group) {
            Some(false) => return Some(false),
            Some(true) => has_members = true,
            None => {}
        }
    }
    Some(has_members)
}

/// Whether the process of a /proc/ID/stat has ended; `None` if it is of another group.
fn has_ended(stat: &str, group: u32) -> Option<bool> {
    // `id (name) state parent group ...`: the name may have any characters, and the number of threads is the 18th after it.
    let fields: Vec<_> = stat.rsplit_once(')')?.1.split_whitespace().take(18).collect();
    if fields.get(2)?.parse() != Ok(group) {
        return None;
    }
    // A process whose first thread has ended goes on as long as it has others.
    let threads: u32 = fields.get(17)?.parse().ok()?;
    Some(matches!(fields[0], "Z" | "X") && threads <= 1)
}

/// Sends a signal to a process, or to a group if the number is negative.
fn signal_process(process: i32, number: Signal) -> io::Result<()> {
    // SAFETY: `kill` takes two integers and touches no memory of this process. The callers name children of this process
    // that they have not collected yet, or groups of these that still have a member.
    match unsafe { kill(process, number) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Blocks until a child has ended, and does not collect it: its id stays its own, so that it can still be sent signals.
pub fn wait_until_ended(id: u32) {
    let mut info = Info([0; 128]);
    loop {
        // SAFETY: `info` is valid for writes and large enough.
        let result = unsafe { waitid(BY_ID, id, &mut info, ENDED_NOT_COLLECTED) };
        if result == 0 || io::Error::last_os_error().kind() != io::ErrorKind::Interrupted {
            return;
        }
    }
}

/// For process 1: blocks until a child has ended, its own or one that was left to it, and collects that one.
pub fn collect_any() -> io::Result<(u32, ExitStatus)> {
    let mut status = 0;
    loop {
        // SAFETY: `status` is valid for writes.
        match unsafe { waitpid(-1, &mut status, 0) } {
            id if id > 0 => return Ok((id as u32, ExitStatus::from_raw(status))),
            _ => match io::Error::last_os_error() {
                error if error.kind() == io::ErrorKind::Interrupted => {}
                error => return Err(error),
            },
        }
    }
}

/// Passes a signal on to a child that is not collected yet.
pub fn forward(child: &Child, number: Signal) {
    let _ = signal_process(child.id() as i32, number);
}

/// The user of this process; 0 is root.
pub fn user_id() -> Option<u32> {
    // SAFETY: `geteuid` takes nothing, touches no memory, and always succeeds.
    Some(unsafe { geteuid() })
}

/// Whether somebody sees what is printed to stdout.
pub fn is_terminal() -> bool {
    // SAFETY: `isatty` takes an integer and touches no memory of this process.
    unsafe { isatty(1) == 1 }
}

/// Whether stdout and stderr are the same pipe, terminal or file.
pub fn has_one_output() -> bool {
    static LOOK: Once = Once::new();
    static IS_ONE: AtomicBool = AtomicBool::new(false);
    LOOK.call_once(|| {
        let id = |stream: &dyn AsFd| {
            let metadata = File::from(stream.as_fd().try_clone_to_owned()?).metadata()?;
            io::Result::Ok((metadata.dev(), metadata.ino()))
        };
        let is_one = matches!((id(&io::stdout()), id(&io::stderr())), (Ok(out), Ok(err)) if out == err);
        IS_ONE.store(is_one, Ordering::Relaxed);
    });
    IS_ONE.load(Ordering::Relaxed)
}

pub fn as_user(command: &mut Command, user: u32, group: u32) {
    // With a user, `std` leaves the groups of this process, too.
    command.uid(user).gid(group);
}

/// The signal that ended a process.
pub fn signal_of(status: ExitStatus) -> Option<Signal> {
    status.signal()
}

/// Opens a Unix socket that only the user of this process may connect to.
pub fn listen_at(path: &Path) -> io::Result<Box<dyn Listener>> {
    // The file has its permissions from the start. Nothing else is made meanwhile: no job runs yet.
    // SAFETY: `umask` takes and returns an integer, touches no memory of this process, and always succeeds.
    let before = unsafe { umask(0o177) };
    let listener = UnixListener::bind(path);
    // SAFETY: as above.
    unsafe { umask(before) };
    Ok(Box::new(listener?))
}

pub fn connect_to(path: &Path) -> io::Result<Box<dyn Stream>> {
    Ok(Box::new(UnixStream::connect(path)?))
}

pub fn is_socket(path: &Path) -> bool {
    fs::symlink_metadata(path).map_or(false, |metadata| metadata.file_type().is_socket())
}

/// What tells the file at a path from another one that is put there later.
pub fn file_id(path: &Path) -> Option<u64> {
    fs::symlink_metadata(path).ok().map(|metadata| metadata.ino())
}

/// The shell, and its option for a command.
pub const SHELL: (&str, &str) = ("/bin/sh", "-c");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_has_ended_when_its_last_thread_has() {
        let stat = |state: &str, threads: u32| {
            format!("7 (a) Z 1 (b) {state} 1 42 42 0 -1 4 0 0 0 0 0 0 0 0 20 0 {threads} 0 99 0 0")
        };
        for (state, threads, expected) in
            [("Z", 1, true), ("X", 0, true), ("S", 1, false), ("R", 3, false), ("Z", 2, false)]
        {
            assert_eq!(has_ended(&stat(state, threads), 42), Some(expected), "{state} {threads}");
            assert_eq!(has_ended(&stat(state, threads), 1), None);
        }
        assert_eq!(has_ended("cpu 1 2 3", 1), None);
    }
}
