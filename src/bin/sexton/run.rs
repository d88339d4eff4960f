//! `sexton run`: runs a crontab. Each job is a task.

use std::collections::HashMap;
use std::io::Write;
use std::process::{Command as Process, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use sexton::tz::Zone;
use sexton::{Error, Event, Schedule, Scheduler, Step};

use crate::args::{Args, Flag};
use crate::check::{self, File};
use crate::crontab::{Crontab, Job, When};
use crate::dialect::{self, Reading};
use crate::{tell, time, Command, Failure};

pub const COMMAND: Command = Command { name: "run", help: HELP, flags: &[dialect::FLAGS, FLAGS], run };

const FLAGS: &[Flag] = &[Flag::Value("--journal")];

const HELP: &str = concat!(
    "\
usage: sexton run CRONTAB [OPTION ...]

Runs a crontab in the foreground. It ends when no job is left: never, unless all jobs are
@reboot. `-` is stdin. A crontab with mistakes is not run.

    # minute, hour, day of month, month, day of week, and a command for the shell
    2 4 * * mon,fri report --weekly
    # six fields: the seconds come first
    */10 * * * * * probe
    # some minute after four, always the same for this command
    H 4 * * * backup
    # a switch for this line only: Fridays that are the 13th
    days=and 0 0 13 * fri lock-the-doors
    # also @hourly, @weekly, @monthly, @yearly
    @daily rotate
    # every period; the first run is one period after the start; units are w d h m s ms
    @every 1h30m collect
    # once, at the start
    @reboot warm-up
    # the text after the first % goes to stdin; each further % is a line break
    0 9 * * * mail ops%Good morning.%It is nine. Fifty \\% of the day is left.

    # a variable applies to the jobs below it; quotes keep blanks
    GREETING = ' hello '
    # the shell for the commands, instead of /bin/sh
    SHELL = /bin/bash
    # the time zone of the schedules below, instead of the local one
    CRON_TZ = Europe/Paris

A comment needs a line of its own: elsewhere, `#` is a part of the command. The sixth word is a
field if it has only digits and * ? / , # - in it, or if the first six words are a cron
expression. Put a command that begins with such a word in quotes. With the dialect cronie there
are always five fields; with quartz there are six, and a seventh, the year, if the next word has
only these characters.

",
    dialect::help!(),
    ", instead of the job's command
    --journal FILE    keep each job's last due time in this file, from one start to the next: a
                      job that was missed in between is run at once, once

The journal identifies a job by its line, wherever that is in the crontab. A changed line is a new
job. A line that is missing at a start is removed. A job that was cut off by a crash or by the end
of `sexton` is reported at the next start and not run again; processes that it started may still
be running. `@every` continues from its last run.

In a container, use an init (`docker run --init`). Without one, SIGTERM and Ctrl-C do nothing: the
kernel ignores signals to process 1 that have no handler, and sexton has none.

A job does not overlap itself: an occurrence that comes while the job runs is missed. Jobs get the
environment of `sexton` and the variables above them. Their output goes to stdout and stderr
unchanged.

Each event is a line on stderr: time, word, details, and at the end the job:

    2026-11-22T10:00:00+01:00 start line 4: probe
    2026-11-22T10:00:00+01:00 end exit=0 took=0.002s line 4: probe

The words: ready, start, end, fail (exit=, signal= or error=), late (by=), missed (count=, why=),
cut (due=: the last process ended during this run), forgot (a job of the journal that is not in
the crontab), busy, clock (forward= or back=), zone, journal, over.

Exit status: 0 if no job is left, 1 if the crontab has a mistake or no job, or if the journal
cannot be opened, 2 if the command line has a mistake or the file cannot be read.
"
);

/// The maximum number of jobs at a time. Each running job occupies a thread.
const MAX_AT_ONCE: usize = 250;

fn run(args: &Args) -> Result<(), Failure> {
    let File { name, crontab, mistakes } = check::read(args, &Reading::of(args)?)?;
    if !mistakes.is_empty() {
        mistakes.iter().for_each(|mistake| tell(&mistake.in_file(&name).to_string()));
        let count = check::counted(mistakes.len(), "mistake");
        return Err(Failure::Error(1, format!("`{name}` has {count} and was not run")));
    }
    if crontab.jobs.is_empty() {
        return Err(Failure::Error(1, format!("`{name}` has no jobs: there is nothing to run")));
    }
    start(Arc::new(crontab), args.value("--journal")).map_err(|error| Failure::Error(1, error.to_string()))
}

/// Schedules all jobs, and waits until none is left.
fn start(crontab: Arc<Crontab>, journal: Option<&str>) -> Result<(), Error> {
    let zone = Zone::local()?;
    let started = SystemTime::now();
    // A thread for each job, so that no job waits for another, and one more that emits the timer's events meanwhile.
    let threads = crontab.jobs.len().min(MAX_AT_ONCE) + 1;
    let builder = Scheduler::builder().threads(threads);
    let scheduler = match journal {
        Some(path) => builder.journal(path).build()?,
        None => builder.build()?,
    };
    let names = names(&crontab.jobs);
    // Compute all schedules before the first job runs: this may fail.
    let schedule = |(job, name): (&Job, &String)| {
        // Ignore a last due time in the future: the clock was wrong, and has been set back since.
        let last = scheduler.last_due(name).filter(|last| *last <= started);
        schedule(&job.when, job.zone.as_ref(), last, started)
    };
    let schedules = crontab.jobs.iter().zip(&names).map(schedule).collect::<Result<Vec<_>, _>>()?;
    let shown = names.iter().cloned().zip(crontab.jobs.iter().map(Job::name)).collect();
    let log = Log { zone, shown: Arc::new(shown) };
    let observer = log.clone();
    scheduler.observe(move |event| observer.event(event));

    let jobs = crontab.jobs.len();
    log.line(&format!("ready jobs={jobs} zone={}", log.zone));
    for (i, (schedule, name)) in schedules.into_iter().zip(names).enumerate() {
        let (crontab, log) = (crontab.clone(), log.clone());
        scheduler.task(&name).on(schedule).run(move || run_job(&crontab, &crontab.jobs[i], &log))?;
    }
    for name in scheduler.forget_unscheduled() {
        log.line(&format!("forgot {}", one_line(&name)));
    }
    scheduler.wait();
    log.line("over no job is left");
    Ok(())
}

/// The names of the jobs in the journal: the line itself, with a number if the same line comes again.
fn names(jobs: &[Job]) -> Vec<String> {
    let mut counts = HashMap::new();
    let lines = jobs.iter().map(|job| job.text.trim());
    let names = lines.map(|line| {
        let count = counts.entry(line).or_insert(0);
        *count += 1;
        match *count {
            1 => line.to_string(),
            // No line contains a line break, so the name is unique.
            count => format!("{line}\n{count}"),
        }
    });
    names.collect()
}

/// Prints the journal's name of a job that the crontab does not have on one line.
fn one_line(name: &str) -> String {
    name.replace(char::is_control, " ")
}

fn schedule(
    when: &When,
    zone: Option<&Zone>,
    last: Option<SystemTime>,
    started: SystemTime,
) -> Result<Schedule, Error> {
    let in_zone = |schedule: Schedule| match zone {
        Some(zone) => schedule.zone(zone.clone()),
        // Without a zone, the schedule follows the local zone when it changes.
        None => schedule,
    };
    Ok(in_zone(match when {
        When::Cron(cron) => Schedule::from(*cron),
        When::Every(period) => {
            // In the library, a period is first due at once. Here it is first due one period after the start or after the last
            // due time, as in robfig/cron.
            let begin = in_zone(Schedule::from(*period)).starting(last.unwrap_or(started))?;
            let first = begin.upcoming(last.unwrap_or(started))?.nth(1);
            match (last, first) {
                (Some(last), Some(_)) => Schedule::from(*period).starting(last)?,
                (None, Some(first)) => Schedule::from(*period).starting(first)?,
                // After the year 9999.
                (_, None) => Schedule::at_next(|_| None),
            }
        }
        When::Start => Schedule::after(Duration::ZERO),
    }))
}

/// Runs a job to its end, and logs its start and its result.
fn run_job(crontab: &Crontab, job: &Job, log: &Log) {
    let name = job.name();
    log.line(&format!("start {name}"));
    let began = Instant::now();
    let ended = wait_for(crontab, job);
    let took = time::seconds(began.elapsed());
    match ended {
        Ok(status) if status.success() => log.line(&format!("end exit=0 took={took} {name}")),
        Ok(status) => log.line(&format!("fail {} took={took} {name}", cause(status))),
        Err(error) => log.line(&format!("fail error=\"{error}\" took={took} {name}")),
    }
}

const SHELL: &str = if cfg!(unix) { "/bin/sh" } else { "sh" };

fn wait_for(crontab: &Crontab, job: &Job) -> Result<ExitStatus, String> {
    let variables = crontab.variables_of(job);
    let shell = variables.iter().rev().find(|(name, _)| name == "SHELL").map_or(SHELL, |(_, value)| value);
    let mut process = Process::new(shell);
    process.arg("-c").arg(&job.command).env("SHELL", shell);
    process.envs(variables.iter().map(|(name, value)| (name, value)));
    process.stdin(if job.input.is_some() { Stdio::piped() } else { Stdio::null() });
    let mut child = process.spawn().map_err(|error| format!("could not start `{shell}`: {error}"))?;
    if let (Some(input), Some(mut stdin)) = (&job.input, child.stdin.take()) {
        // A job need not read all of it, or any.
        let _ = stdin.write_all(input.as_bytes());
    }
    child.wait().map_err(|error| format!("could not wait for it: {error}"))
}

/// Why a job failed after it was started.
#[cfg(unix)]
fn cause(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit={code}"),
        (None, Some(signal)) => format!("signal={signal}"),
        (None, None) => format!("error=\"{status}\""),
    }
}

#[cfg(not(unix))]
fn cause(status: ExitStatus) -> String {
    status.code().map_or_else(|| format!("error=\"{status}\""), |code| format!("exit={code}"))
}

/// Prints events to stderr, one line each. A line begins with the time.
#[derive(Clone)]
struct Log {
    zone: Zone,
    /// The label of each job, by its name.
    shown: Arc<HashMap<String, String>>,
}

impl Log {
    fn line(&self, text: &str) {
        tell(&format!("{} {text}", time::rfc3339(SystemTime::now(), &self.zone)));
    }

    /// Logs an event of the scheduler. `run_job` logs the start and the end of jobs.
    fn event(&self, event: &Event) {
        let task = event.task().unwrap_or_default();
        let shown = self.shown.get(task).cloned().unwrap_or_else(|| one_line(task));
        match event {
            Event::Late { lateness, .. } => {
                self.line(&format!("late by={} {shown}", time::seconds(*lateness)));
            }
            Event::Missed { count, why, .. } => {
                self.line(&format!("missed count={count} why=\"{why}\" {shown}"));
            }
            Event::CutOff { due, .. } => {
                self.line(&format!("cut due={} {shown}", time::rfc3339(*due, &self.zone)));
            }
            Event::ClockStepped { step: Step::Forward(by) } => {
                self.line(&format!("clock forward={}", time::seconds(*by)));
            }
            Event::ClockStepped { step: Step::Back(by) } => {
                self.line(&format!("clock back={}", time::seconds(*by)));
            }
            Event::ZoneChanged { .. }
            | Event::ZoneKept { .. }
            | Event::ZoneReadAgain { .. }
            | Event::JournalDamaged { .. }
            | Event::JournalFailed { .. } => self.line(&event.to_string()),
            Event::PoolSaturated { waiting, workers } => {
                self.line(&format!("busy running={workers} waiting={waiting}"));
            }
            // `run_job` returns no error and does not panic, so these should not happen.
            Event::Failed { error, .. } => self.line(&format!("fail error=\"{error}\" {shown}")),
            Event::Panicked { message, .. } => self.line(&format!("fail error=\"{message}\" {shown}")),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_lines_get_different_names() {
        let text = "@daily a\n@daily b\n  @daily a\n# a\n@daily a \n";
        let reading = Reading::new(sexton::cron::Dialect::DEFAULT, None);
        let (crontab, _) = Crontab::read(text.as_bytes(), &reading, Zone::from_posix);
        assert_eq!(names(&crontab.jobs), ["@daily a", "@daily b", "@daily a\n2", "@daily a\n3"]);
    }
}
