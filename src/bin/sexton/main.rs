//! The command line of `sexton`: runs a crontab in the foreground, and explains and checks schedules.
//!
//! It uses only the library's public interface. Exit status: 0 for success, 1 if a crontab, an expression, a zone or a time
//! has a mistake, 2 if the command line has one or a file cannot be read.

// `unix.rs` alone has some.
#![deny(unsafe_code)]

mod args;
mod boot;
mod check;
mod claim;
mod clocks;
mod crontab;
mod ctl;
mod daemon;
mod dialect;
mod diff;
mod events;
mod explain;
mod expression;
mod init;
mod job;
mod jobs;
mod json;
mod list;
mod log;
mod mistake;
mod next;
mod output;
mod planned;
mod run;
mod running;
mod settings;
mod sign;
mod source;
mod status;
mod svg;
mod time;
mod translate;
mod trial;
mod user;
mod week;
mod why;
mod writer;
mod zone;

// `unix.rs` has the numbers of these systems.
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
mod elsewhere;
#[cfg(any(target_os = "linux", target_os = "macos"))]
mod unix;

use std::env;
use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use crate::args::{Args, Flag};
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
use crate::elsewhere as system;
#[cfg(any(target_os = "linux", target_os = "macos"))]
use crate::unix as system;

/// A subcommand: the first word of a command line.
pub struct Command {
    name: &'static str,
    /// The help text. Its first line is the usage.
    help: &'static str,
    flags: &'static [&'static [Flag]],
    run: fn(&Args) -> Result<(), Failure>,
}

const COMMANDS: [Command; 10] = [
    run::COMMAND,
    ctl::COMMAND,
    list::COMMAND,
    next::COMMAND,
    week::COMMAND,
    diff::COMMAND,
    explain::COMMAND,
    why::COMMAND,
    check::COMMAND,
    translate::COMMAND,
];

/// The commands, for error messages.
const EXPECTED: &str = "run, ctl, list, next, week, diff, explain, why, check or translate";

/// Why a command failed.
pub enum Failure {
    /// A mistake in the command line.
    Usage(String),
    /// The exit status and a message. The message is empty if it has been printed already.
    Error(u8, String),
    /// The reader of stdout has closed it.
    BrokenPipe,
}

const HELP: &str = "\
usage: sexton COMMAND ...

Runs crontabs, and explains and checks cron expressions.

    sexton run CRONTAB      run crontabs in the foreground
    sexton ctl VERB         list, run, pause and resume the jobs of a `sexton run`, follow its log
    sexton list CRONTAB     list the jobs of crontabs, and when they are due
    sexton next EXPR        print the next times of a cron expression, or of a crontab's jobs
    sexton week CRONTAB     show a week of jobs, hour by hour, and which of them meet
    sexton diff OLD NEW     show what fires differently in another crontab, or by another expression
    sexton explain EXPR     explain an expression, in words and field by field
    sexton why EXPR TIME    explain why an expression is due at a time, or why not
    sexton check CRONTAB    list mistakes and likely mistakes in a crontab, with line and column
    sexton translate EXPR   write an expression for another cron

See `sexton COMMAND --help` for details. `sexton --version` prints the version.

Exit status: 0 for success, 1 if a crontab, an expression, a zone or a time has a mistake,
2 if the command line has one or a file cannot be read.
";

fn main() -> ExitCode {
    let mut args = env::args_os().skip(1);
    let first = args.next();
    let first = first.as_ref().map(|first| first.to_string_lossy());
    let command = COMMANDS.iter().find(|command| Some(command.name) == first.as_deref());
    let (help, result) = match (command, first.as_deref()) {
        (Some(command), _) => (command.help, run_command(command, args)),
        (None, Some("--help" | "-h" | "help")) => (HELP, say(HELP.trim_end())),
        (None, Some("--version" | "-V")) => (HELP, say_version()),
        (None, Some(other)) => {
            (HELP, Err(Failure::Usage(format!("unknown command `{other}`, expected {EXPECTED}"))))
        }
        (None, None) => (HELP, Err(Failure::Usage(format!("expected a command: {EXPECTED}")))),
    };
    match result {
        Ok(()) | Err(Failure::BrokenPipe) => ExitCode::SUCCESS,
        Err(Failure::Usage(problem)) => {
            let usage = help.lines().next().unwrap_or_default();
            let name = command.map(|command| format!(" {}", command.name)).unwrap_or_default();
            tell(&format!("sexton: {problem}\n{usage}\nsee `sexton{name} --help`"));
            ExitCode::from(2)
        }
        Err(Failure::Error(status, message)) => {
            if !message.is_empty() {
                tell(&format!("sexton: {message}"));
            }
            ExitCode::from(status)
        }
    }
}

fn run_command(command: &Command, args: impl Iterator<Item = OsString>) -> Result<(), Failure> {
    let args = Args::read(args, command.flags)?;
    if args.has("--help") {
        say(command.help.trim_end())
    } else if args.has("--version") {
        say_version()
    } else {
        (command.run)(&args)
    }
}

fn say_version() -> Result<(), Failure> {
    // A build that calls rustc without cargo does not set the variable.
    say(&format!(
        "sexton {}",
        option_env!("CARGO_PKG_VERSION").unwrap_or("(a version that cargo did not build)")
    ))
}

/// Prints a line to stdout and flushes it: a program at the other end of a pipe may be waiting for it.
pub fn say(line: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match writeln!(stdout, "{line}").and_then(|()| stdout.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Failure::BrokenPipe),
        Err(error) => Err(Failure::Error(1, format!("could not write to stdout: {error}"))),
    }
}

/// Prints a line to stderr with a single write, so that it does not mix with the output of jobs.
pub fn tell(line: &str) {
    // A pipe keeps only 4096 bytes together. Where stdout is the same one, its lock keeps apart what is written to both.
    let _stdout = system::has_one_output().then(|| io::stdout().lock());
    // An error of stderr itself cannot be reported anywhere.
    let _ = io::stderr().write_all(format!("{line}\n").as_bytes());
}

#[cfg(test)]
mod tests;
