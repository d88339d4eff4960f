//! `sexton run`: every line of a crontab a task.

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

Runs a crontab in the foreground until no job is left: for ever, unless all its jobs are
@reboot. `-` is stdin. A crontab with mistakes is not run.

    # minute, hour, day of month, month, day of week, and a command for the shell
    2 4 * * mon,fri report --weekly
    # six fields: the seconds come first
    */10 * * * * * probe
    # some minute after four, always the same for this command
    H 4 * * * backup
    # a line may say how it is read: on Fridays that are a 13th
    days=and 0 0 13 * fri lock-the-doors
    # also @hourly, @weekly, @monthly, @yearly
    @daily rotate
    # for the first time after one period; units are w d h m s ms
    @every 1h30m collect
    # once, at the start
    @reboot warm-up
    # what follows the first % goes to stdin, with a new line for each other %
    0 9 * * * mail ops%Good morning.%It is nine. Fifty \\% of the day is left.

    # variables hold for the jobs below them; quotes keep blanks
    GREETING = ' hello '
    # what runs the commands, instead of /bin/sh
    SHELL = /bin/bash
    # whose clocks the schedules below go by, instead of the local ones
    CRON_TZ = Europe/Paris

Comments have lines of their own: a `#` further on is a part of the command. A sixth word is a
field if it has only digits and * ? / , # - in it, or if the first six words are a cron
expression; a command that begins with such a word must be in quotes. To cronie there are five
fields whatever follows, to quartz six and, if the next word has only these characters, the year.

",
    dialect::help!(),
    ", instead of the job's command
    --journal FILE    remember there when each job was last due, from one start to the next: a
                      job that was missed meanwhile is run at once, and only once

A journal knows a job by its line, wherever that stands: a changed line is a new job, and a line
that is not there at a start is forgotten. A job that is cut off by a crash or by the end of
`sexton` is told of at the next start, and not run again; what it has started may go on meanwhile.
`@every` goes on from its last run.

In a container give it an init (`docker run --init`): the system lets no signal end process 1
that has no handler for it, and sexton has none. SIGTERM and Ctrl-C would do nothing.

A job does not overlap itself: what is due while it runs is missed. Jobs get the environment of
`sexton` and the variables above them. What they write goes to stdout and stderr as it is.

On stderr each event is a line of time, word, facts, and last the job:

    2026-11-22T10:00:00+01:00 start line 4: probe
    2026-11-22T10:00:00+01:00 end exit=0 took=0.002s line 4: probe

The words: ready, start, end, fail (exit=, signal= or error=), late (by=), missed (count=, why=),
cut (due=: the last process ended during this run), forgot (a job of the journal that is not in
the crontab), busy, clock (forward= or back=), zone, journal, over.

Exit status: 0 if no job is left, 1 if the crontab has a mistake or no job at all or the journal
cannot be had, 2 if the command line has a mistake or the file cannot be read.
"
);

/// So many jobs run at once at the most; each holds a thread meanwhile.
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
    // A thread for each job, so that none waits for another, and one more to tell what happens meanwhile.
    let threads = crontab.jobs.len().min(MAX_AT_ONCE) + 1;
    let builder = Scheduler::builder().threads(threads);
    let scheduler = match journal {
        Some(path) => builder.journal(path).build()?,
        None => builder.build()?,
    };
    let names = names(&crontab.jobs);
    // All that may fail comes before the first job runs.
    let schedule = |(job, name): (&Job, &String)| {
        // One that lies ahead says nothing: the clock was wrong, and has been set back since.
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

/// What a journal knows the jobs by: the line itself, and a number where the same line comes again.
fn names(jobs: &[Job]) -> Vec<String> {
    let mut counts = HashMap::new();
    let lines = jobs.iter().map(|job| job.text.trim());
    let names = lines.map(|line| {
        let count = counts.entry(line).or_insert(0);
        *count += 1;
        match *count {
            1 => line.to_string(),
            // No line looks like this.
            count => format!("{line}\n{count}"),
        }
    });
    names.collect()
}

/// A job that the crontab does not have, as the journal knows it.
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
        // The local one, also if that becomes another.
        None => schedule,
    };
    Ok(in_zone(match when {
        When::Cron(cron) => Schedule::from(*cron),
        When::Every(period) => {
            // By itself a period has its first due at once; here, as in robfig/cron, after one period, or one period
            // after its last.
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

/// Runs a job to its end, and tells how it went.
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

/// Why a job failed that was started.
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

/// Writes what happens to stderr, each in one line that begins with the time.
#[derive(Clone)]
struct Log {
    zone: Zone,
    /// How a job is shown, by its name.
    shown: Arc<HashMap<String, String>>,
}

impl Log {
    fn line(&self, text: &str) {
        tell(&format!("{} {text}", time::rfc3339(SystemTime::now(), &self.zone)));
    }

    /// What the jobs do not tell themselves.
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
            // None of these is expected of a job of ours.
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
    fn equal_lines_have_names_of_their_own_wherever_they_stand() {
        let text = "@daily a\n@daily b\n  @daily a\n# a\n@daily a \n";
        let reading = Reading::new(sexton::cron::Dialect::DEFAULT, None);
        let (crontab, _) = Crontab::read(text.as_bytes(), &reading, Zone::from_posix);
        assert_eq!(names(&crontab.jobs), ["@daily a", "@daily b", "@daily a\n2", "@daily a\n3"]);
    }
}
