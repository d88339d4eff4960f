//! The program as process 1 of a container. The kernel gives process 1 no default handling of signals and leaves all orphans
//! to it. So the program starts itself again as a child that does the work. Process 1 passes signals on, collects what has
//! ended, and ends as the child does; the kernel then ends whatever is left.

use std::env;
use std::io;
use std::process::{self, Command, Stdio};
use std::sync::Arc;
use std::thread;

use crate::system::{self, Signals};
use crate::Failure;

pub fn is_needed() -> bool {
    process::id() == 1
}

/// Ends as the child does. `reads_stdin`: a crontab comes from there.
pub fn run(reads_stdin: bool) -> Result<(), Failure> {
    match run_child(reads_stdin) {
        Ok(0) => Ok(()),
        Ok(status) => Err(Failure::Error(status, String::new())),
        Err(error) => Err(Failure::Error(1, format!("could not start as process 1: {error}"))),
    }
}

/// Returns the exit status of the child; 128 and the signal if one ended it.
fn run_child(reads_stdin: bool) -> io::Result<u8> {
    let mut signals = Signals::watch(&[system::TERM, system::INT, system::HUP, system::USR2])?;
    let mut command = Command::new(env::current_exe()?);
    command.args(env::args_os().skip(1));
    // Its own group, so that Ctrl-C at a terminal reaches it once, from here.
    system::in_own_group(&mut command);
    if reads_stdin {
        command.stdin(Stdio::piped());
    }
    let mut child = command.spawn()?;
    if let Some(mut pipe) = child.stdin.take() {
        // In its own group the child may not read a terminal: the kernel would stop it.
        let copy = move || drop(io::copy(&mut io::stdin(), &mut pipe));
        thread::Builder::new().spawn(copy)?;
    }
    let child = Arc::new(child);
    let forwarded = child.clone();
    let forward = move || {
        while let Ok(numbers) = signals.next() {
            numbers.into_iter().for_each(|number| system::forward(&forwarded, number));
        }
    };
    thread::Builder::new().spawn(forward)?;
    loop {
        let (id, status) = system::collect_any()?;
        if id == child.id() {
            let signal = system::signal_of(status).map(|signal| 128 + signal);
            return Ok(status.code().or(signal).and_then(|code| u8::try_from(code).ok()).unwrap_or(1));
        }
    }
}
