//! `sexton list`: the jobs of a crontab, and when they are due. `sexton next` prints the same as a time line.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::{Duration, SystemTime};

use sexton::tz::Zone;
use sexton::Schedule;

use crate::args::{Args, Flag};
use crate::crontab::{Crontab, Job, When};
use crate::dialect::{self, Reading};
use crate::json::Object;
use crate::{jobs, say, source, tell, time, zone, Command, Failure};

pub const COMMAND: Command = Command {
    name: "list",
    help: HELP,
    flags: &[
        &[Flag::Value("--from"), Flag::Value("--until"), Flag::Value("--zone"), Flag::Switch("--json")],
        dialect::FLAGS,
        source::FLAGS,
    ],
    run: list,
};

const HELP: &str = concat!(
    "\
usage: sexton list CRONTAB ... [OPTION ...]

Prints the jobs of crontabs in the order in which they are due: next time, previous time, job and
schedule in words. `-` in place of a time: there is none. `@every` counts from the start of
`sexton run`, here from now.

    2026-11-30T04:02:00Z 2026-11-27T04:02:00Z backup: at 04:02 on every Monday and on every Friday

    --until TIME      only jobs that are due by this time
    --from TIME       as if it were this time now
    --zone ZONE       the time zone of jobs that name none (default: the local one)
    --system          each line has a user before the command, as in /etc/crontab and /etc/cron.d
    --json            a JSON object for each job: job, line, next, previous, schedule,
                      words, and the file if there may be several
",
    dialect::help!(),
    ", instead of the job's command

See `sexton next --help` for TIME and ZONE.

Exit status: 0; 1 if the crontab, a time or the zone has a mistake; 2 if the command line has one or
the file cannot be read.
"
);

fn list(args: &Args) -> Result<(), Failure> {
    let View { crontab, zone, from, until } = View::of(args)?;
    let mut rows = Vec::new();
    for job in &crontab.jobs {
        let next = due_times(job, &zone, from).next();
        rows.push((next, previous_due_time(job, &zone, from), job));
    }
    // Those that are never due come last.
    rows.sort_by_key(|(next, _, job)| (next.is_none(), *next, job.line));
    if let Some(until) = until {
        rows.retain(|(next, ..)| next.map_or(false, |next| next <= until));
    }
    let shown = |time: Option<SystemTime>| time.map(|time| time::rfc3339(time, &zone));
    for (next, previous, job) in rows {
        let (next, previous, words) = (shown(next), shown(previous), in_words(&job.when));
        if !args.has("--json") {
            let or_none = |time: Option<String>| time.unwrap_or_else(|| "-".into());
            say(&format!("{} {} {}: {words}", or_none(next), or_none(previous), job.name()))?;
            continue;
        }
        let mut object = Object::of("job", &job.name());
        add_place(&mut object, job);
        for (name, time) in [("next", next), ("previous", previous)] {
            match time {
                Some(time) => object.text(name, &time),
                None => object.raw(name, "null"),
            }
        }
        object.text("schedule", job.schedule_text());
        object.text("words", &words);
        say(&object.to_string())?;
    }
    Ok(())
}

/// Where a job is, as members of an object.
pub fn add_place(object: &mut Object, job: &Job) {
    object.raw("line", &job.line.to_string());
    if let Some(file) = &job.file {
        object.text("file", file);
    }
}

/// Prints when the jobs of a crontab are due: a line for each time and job.
pub fn time_line(args: &Args, count: usize, show: fn(SystemTime, &Zone) -> String) -> Result<(), Failure> {
    let View { crontab, zone, from, until } = View::of(args)?;
    let mut due_times_of: Vec<_> = crontab.jobs.iter().map(|job| due_times(job, &zone, from)).collect();
    let mut heap = BinaryHeap::new();
    for (i, due_times) in due_times_of.iter_mut().enumerate() {
        heap.extend(due_times.next().map(|due| Reverse((due, i))));
    }
    let is_wanted = |due: SystemTime| until.map_or(true, |until| due <= until);
    let mut left = count;
    while let Some(Reverse((due, i))) = heap.pop().filter(|Reverse((due, _))| left > 0 && is_wanted(*due)) {
        let (due, job) = (show(due, &zone), &crontab.jobs[i]);
        if args.has("--json") {
            let mut object = Object::of("due", &due);
            object.text("job", &job.name());
            add_place(&mut object, job);
            say(&object.to_string())?;
        } else {
            say(&format!("{due} {}", job.label(false)))?;
        }
        heap.extend(due_times_of[i].next().map(|due| Reverse((due, i))));
        left -= 1;
    }
    Ok(())
}

/// A crontab, and what the command line wants to know of it.
struct View {
    crontab: Crontab,
    zone: Zone,
    from: SystemTime,
    until: Option<SystemTime>,
}

impl View {
    fn of(args: &Args) -> Result<View, Failure> {
        let crontab = source::read(source::paths(args)?, &Reading::of(args)?)?;
        let zone::Default { zone, warning, .. } = zone::of_jobs(args, &crontab)?;
        if let Some(warning) = warning {
            tell(&format!("sexton: {warning}"));
        }
        let from = time::from(args, &zone, false)?;
        let until = time::end(args, &zone, from)?;
        Ok(View { crontab, zone, from, until })
    }
}

/// The due times of a job strictly after an instant.
fn due_times(job: &Job, zone: &Zone, from: SystemTime) -> Box<dyn Iterator<Item = SystemTime>> {
    let zone = job.zone.as_ref().unwrap_or(zone);
    let schedule = match *job.when {
        When::Start => return Box::new(std::iter::empty()),
        _ => jobs::schedule(&job.when, Some(zone), zone, None, from),
    };
    match schedule.and_then(|schedule| schedule.upcoming(from)) {
        Ok(due_times) => Box::new(due_times),
        // It is not due any more.
        Err(_) => Box::new(std::iter::empty()),
    }
}

/// The last due time of a job until an instant. Those of `@every` without a date depend on when `sexton run` was started.
fn previous_due_time(job: &Job, zone: &Zone, until: SystemTime) -> Option<SystemTime> {
    let schedule = match &*job.when {
        When::Cron(cron) => Schedule::from(cron.clone()),
        When::EveryFrom(period, begin) => Schedule::from(*period).starting(*begin).ok()?,
        When::Every(_) | When::Start => return None,
    };
    let after = until.checked_add(Duration::from_nanos(1)).unwrap_or(until);
    schedule.zone(job.zone.as_ref().unwrap_or(zone).clone()).previous(after).ok().flatten()
}

pub fn in_words(when: &When) -> String {
    match when {
        When::Cron(cron) => cron.describe().to_string(),
        When::Every(period) => format!("every {period}"),
        When::EveryFrom(period, from) => format!("every {period} from {from} on"),
        When::Start => "once, when `sexton run` starts".into(),
    }
}
