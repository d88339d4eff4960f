//! In place of `unix.rs` where there are no signals or their numbers are not known: no signal is noticed, and a job is ended
//! at once and alone, without the processes that it started. There are no Unix sockets.

use std::io;
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::thread;
use std::time::Duration;

use crate::status::stream::{Listener, Stream};

pub type Signal = i32;

pub const HUP: Signal = 1;
pub const INT: Signal = 2;
pub const KILL: Signal = 9;
pub const TERM: Signal = 15;
pub const USR2: Signal = 12;

pub struct Signals;

impl Signals {
    pub fn watch(_: &[Signal]) -> io::Result<Signals> {
        Ok(Signals)
    }

    pub fn add(&self, _: &[Signal]) -> io::Result<()> {
        Ok(())
    }

    pub fn next(&mut self) -> io::Result<Vec<Signal>> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

pub fn in_own_group(_: &mut Command) {}

pub fn signal_group(child: &mut Child, _: Signal) {
    let _ = child.kill();
}

pub fn has_group(_: &Child) -> bool {
    false
}

pub fn has_only_ended(_: u32) -> bool {
    false
}

/// Returns early: the caller asks the child, and comes again.
pub fn wait_until_ended(_: u32) {
    thread::sleep(Duration::from_millis(50));
}

/// No system but those of `unix.rs` has a process 1 that is not its own.
pub fn collect_any() -> io::Result<(u32, ExitStatus)> {
    Err(io::ErrorKind::Unsupported.into())
}

pub fn forward(_: &Child, _: Signal) {}

/// Not known: no job is run for a user.
pub fn user_id() -> Option<u32> {
    None
}

/// Not known: what is printed is for pipes.
pub fn is_terminal() -> bool {
    false
}

/// Not known.
pub fn has_one_output() -> bool {
    false
}

pub fn as_user(_: &mut Command, _: u32, _: u32) {}

pub fn signal_of(_: ExitStatus) -> Option<Signal> {
    None
}

fn no_sockets() -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, "this program has no Unix sockets on this system")
}

pub fn listen_at(_: &Path) -> io::Result<Box<dyn Listener>> {
    Err(no_sockets())
}

pub fn connect_to(_: &Path) -> io::Result<Box<dyn Stream>> {
    Err(no_sockets())
}

pub fn is_socket(_: &Path) -> bool {
    false
}

pub fn file_id(_: &Path) -> Option<u64> {
    None
}

pub const SHELL: (&str, &str) = if cfg!(windows) { ("cmd", "/C") } else { ("/bin/sh", "-c") };
