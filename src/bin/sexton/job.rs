//! The life of one run of a job: its attempts, each a process, and what is logged of them.

use std::fmt;
use std::io::{self, Write};
use std::process::{Command as Process, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use crate::crontab::{Crontab, Job};
use crate::log::{Level, Log, Value};
use crate::output::Relay;
use crate::running::Running;
use crate::settings::{Output, Settings};
use crate::{claim, system, user};

/// The longest pause before another attempt. The first is a second, and each is twice the one before.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// What a run needs to know.
pub struct Order<'a> {
    pub crontab: &'a Crontab,
    pub job: &'a Job,
    pub settings: &'a Settings,
    pub label: &'a str,
    pub due: SystemTime,
    /// Whether it was claimed: no other replica will run it.
    pub is_claimed: bool,
    /// Called when a process has a time limit.
    pub limited: &'a dyn Fn(),
}

/// How a run, or an attempt, has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    Succeeded,
    /// `status 3`, `signal 9`, or why it could not be started.
    Failed(String),
    TimedOut,
    /// The program stops.
    Stopped,
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ending::Succeeded => f.write_str("succeeded"),
            Ending::Failed(how) => write!(f, "failed: {how}"),
            Ending::TimedOut => f.write_str("reached its time limit"),
            Ending::Stopped => f.write_str("was ended, as the program stopped"),
        }
    }
}

/// Runs a job until it succeeds or no attempt is left.
pub fn run(order: &Order<'_>, running: &Running, log: &Log) -> Ending {
    let retries = order.settings.retries();
    let mut pause = Duration::from_secs(1);
    let mut attempt = 1;
    loop {
        let ending = attempt_once(order, attempt, running, log);
        if matches!(ending, Ending::Succeeded | Ending::Stopped) || attempt > retries {
            return ending;
        }
        log.line(Level::Info, "retry", &[("in", Value::Seconds(pause))], Some(order.label));
        if !running.pause(pause) {
            let left = Value::Number((retries + 1 - attempt).into());
            let fields =
                [("attempts", left), ("why", Value::Text("stopping")), ("due", Value::Time(order.due))];
            log.line(Level::Warn, "given-up", &fields, Some(order.label));
            return ending;
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
        attempt += 1;
    }
}

fn attempt_once(order: &Order<'_>, attempt: u32, running: &Running, log: &Log) -> Ending {
    let said = |level, event: &str, mut fields: Vec<(&str, Value<'_>)>| {
        fields.push(("due", Value::Time(order.due)));
        if order.settings.retries() > 0 {
            fields.push(("attempt", Value::Number(attempt.into())));
        }
        log.line(level, event, &fields, Some(order.label));
    };
    let usual = if order.job.is_quiet { Level::Debug } else { Level::Info };
    said(usual, "start", Vec::new());
    let began = Instant::now();
    let mut relay = None;
    let prepared = |child: &mut std::process::Child| {
        feed(child, order.job);
        relay = Some(Relay::start(child, &order.job.name(), order.settings.output(), log));
    };
    let mut process = match process(order) {
        Ok(process) => process,
        Err(error) => {
            said(Level::Error, "fail", vec![("error", Value::Text(&error))]);
            return Ending::Failed(error);
        }
    };
    let (limit, is_owed) = (order.settings.time_limit(), order.is_claimed && attempt == 1);
    let ended = match running.start(&mut process, order.label, limit, is_owed, prepared) {
        Ok(None) => {
            said(Level::Warn, "fail", vec![("error", Value::Text("not started, as the program stops"))]);
            return Ending::Stopped;
        }
        Ok(Some(id)) => {
            if limit.is_some() {
                (order.limited)();
            }
            running.wait(id).map_err(|error| format!("could not wait for it: {error}"))
        }
        Err(error) => Err(not_started(&process, &error)),
    };
    // Without the time in which the last output is waited for.
    let took = ("took", Value::Seconds(began.elapsed()));
    relay.into_iter().for_each(Relay::finish);
    let end = match ended {
        Ok(end) => end,
        Err(error) => {
            said(Level::Error, "fail", vec![("error", Value::Text(&error)), took]);
            return Ending::Failed(error);
        }
    };
    let how = how_it_ended(end.status);
    if end.status.success() && !end.was_signalled {
        said(usual, "end", vec![how, took]);
        return Ending::Succeeded;
    }
    let ending = match (end.was_signalled, running.is_stopping()) {
        (true, true) => Ending::Stopped,
        (true, false) => Ending::TimedOut,
        (false, _) => failed(&how),
    };
    said(Level::Error, "fail", vec![how, took]);
    ending
}

fn failed(how: &(&str, Value<'_>)) -> Ending {
    match how {
        (what, Value::Number(number)) => Ending::Failed(format!("{what} {number}")),
        (what, _) => Ending::Failed((*what).into()),
    }
}

/// Why a process could not be started.
fn not_started(process: &Process, error: &io::Error) -> String {
    let dir = process.get_current_dir().map(|dir| format!(" in `{}`", dir.display()));
    let shell = process.get_program().to_string_lossy();
    format!("could not start `{shell}`{}: {error}", dir.unwrap_or_default())
}

/// What the log says of how a process ended.
fn how_it_ended(status: ExitStatus) -> (&'static str, Value<'static>) {
    match (status.code(), system::signal_of(status)) {
        (None, Some(signal)) => ("signal", Value::Number(signal.into())),
        (code, _) => ("status", Value::Number(code.unwrap_or(-1).into())),
    }
}

/// The command in its shell, with the crontab's variables. An error if it has no user to run as.
fn process(order: &Order<'_>) -> Result<Process, String> {
    let variables = order.crontab.variables_of(order.job);
    let (default, option) = system::SHELL;
    let shell = variables.iter().rev().find(|(name, _)| name == "SHELL").map(|(_, value)| &**value);
    let mut process = Process::new(shell.unwrap_or(default));
    // A shell that the crontab names is one of Unix.
    process.arg(shell.map_or(option, |_| "-c")).arg(order.job.command());
    process.env("SHELL", shell.unwrap_or(default));
    user::switch(&mut process, order.job.user())?;
    process.envs(variables.iter().map(|(name, value)| (name, value)));
    process.envs(claim::variables(order.job, order.due));
    if let Some(dir) = &order.settings.dir {
        process.current_dir(dir);
    }
    process.stdin(if order.job.input().is_some() { Stdio::piped() } else { Stdio::null() });
    if order.settings.output() != Output::Plain {
        process.stdout(Stdio::piped()).stderr(Stdio::piped());
    }
    Ok(process)
}

/// Gives a job its input, on a thread of its own: the job may read it late, or never.
fn feed(child: &mut std::process::Child, job: &Job) {
    if let (Some(input), Some(mut stdin)) = (job.input(), child.stdin.take()) {
        // Without a thread the pipe is closed, and the job finds nothing to read.
        let _ = thread::Builder::new().spawn(move || stdin.write_all(input.as_bytes()));
    }
}
