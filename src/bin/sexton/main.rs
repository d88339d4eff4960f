//! Runs a crontab in the foreground, and looks at schedules: the command line of `sexton`.
//!
//! It uses nothing of the library but its public side. Exit status: 0 if all is well, 1 if what was asked about has a
//! mistake, 2 if the question itself has one.

#![forbid(unsafe_code)]

mod args;
mod check;
mod crontab;
mod dialect;
mod explain;
mod expression;
mod mistake;
mod next;
mod run;
mod time;
mod translate;
mod why;

use std::env;
use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use crate::args::{Args, Flag};

/// What the first word of a command line may say.
pub struct Command {
    name: &'static str,
    /// Its first line shows how to call it.
    help: &'static str,
    flags: &'static [&'static [Flag]],
    run: fn(&Args) -> Result<(), Failure>,
}

const COMMANDS: [Command; 6] =
    [run::COMMAND, next::COMMAND, explain::COMMAND, why::COMMAND, check::COMMAND, translate::COMMAND];

/// For whoever has called none of them.
const EXPECTED: &str = "run, next, explain, why, check or translate";

/// Why a command has not done what it was asked to.
pub enum Failure {
    /// The command line makes no sense.
    Usage(String),
    /// The exit status, and what to tell; nothing if it has been told.
    Error(u8, String),
    /// Nobody reads what it writes any more.
    NobodyReads,
}

const HELP: &str = "\
usage: sexton COMMAND ...

A crontab runner, and a tool to look at schedules.

    sexton run CRONTAB      runs it in the foreground
    sexton next EXPR        the next times at which a cron expression is due
    sexton explain EXPR     what it says, in words and field by field
    sexton why EXPR TIME    why it is due then, or why not
    sexton check CRONTAB    every mistake in it and what is likely one, with line and column
    sexton translate EXPR   the same schedule written for another cron

`sexton COMMAND --help` tells more. `sexton --version` tells the version.

Exit status: 0 if all is well, 1 if a crontab, an expression, a zone or a time has a mistake,
2 if the command line has one or a file cannot be read.
";

fn main() -> ExitCode {
    let mut args = env::args_os().skip(1);
    let first = args.next();
    let first = first.as_ref().map(|first| first.to_string_lossy());
    let command = COMMANDS.iter().find(|command| Some(command.name) == first.as_deref());
    let (help, result) = match (command, first.as_deref()) {
        (Some(command), _) => (command.help, obey(command, args)),
        (None, Some("--help" | "-h" | "help")) => (HELP, say(HELP.trim_end())),
        (None, Some("--version" | "-V")) => (HELP, say_version()),
        (None, Some(other)) => {
            (HELP, Err(Failure::Usage(format!("unknown command `{other}`, expected {EXPECTED}"))))
        }
        (None, None) => (HELP, Err(Failure::Usage(format!("expected a command: {EXPECTED}")))),
    };
    match result {
        Ok(()) | Err(Failure::NobodyReads) => ExitCode::SUCCESS,
        Err(Failure::Usage(problem)) => {
            let usage = help.lines().next().unwrap_or_default();
            let name = command.map(|command| format!(" {}", command.name)).unwrap_or_default();
            tell(&format!("sexton: {problem}\n{usage}\n`sexton{name} --help` tells more"));
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

fn obey(command: &Command, args: impl Iterator<Item = OsString>) -> Result<(), Failure> {
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
    // Whoever vendors it may call rustc without cargo, and then nobody tells it.
    say(&format!(
        "sexton {}",
        option_env!("CARGO_PKG_VERSION").unwrap_or("(a version that cargo did not build)")
    ))
}

/// Writes a line to stdout, at once: who reads it may be waiting for it.
pub fn say(line: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match writeln!(stdout, "{line}").and_then(|()| stdout.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Failure::NobodyReads),
        Err(error) => Err(Failure::Error(1, format!("could not write to stdout: {error}"))),
    }
}

/// Writes a line to stderr, in one piece: jobs write there, too.
pub fn tell(line: &str) {
    // If stderr is closed, there is nobody left to tell that.
    let _ = io::stderr().write_all(format!("{line}\n").as_bytes());
}
