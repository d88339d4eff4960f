//! What `week` and `diff` compare and draw: the jobs of crontabs, or an expression as the only job.

use std::ffi::OsString;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use sexton::tz::Zone;

use crate::args::Args;
use crate::crontab::{Job, When};
use crate::dialect::Reading;
use crate::{expression, jobs, list, next, source, tell, time, zone, Failure};

#[derive(Clone)]
pub struct Planned {
    /// Its own name or its line, as `list` prints it. Of an expression, its text.
    pub name: String,
    pub when: Arc<When>,
    pub zone: Zone,
    /// Empty for an expression.
    pub command: String,
    /// Its first word, as arguments may be secrets.
    pub program: String,
    /// It has a name of its own.
    pub is_named: bool,
}

/// The jobs that arguments name, and the zone of those that name none.
pub fn of(args: &Args, rest: &[OsString], reading: &Reading) -> Result<(Vec<Planned>, Zone), Failure> {
    if !next::names_a_crontab(rest) {
        let (text, named) = expression::with_zone(rest)?;
        let when = Arc::new(When::Cron(reading.parse(&text)?.into()));
        let zone = time::zone(args, named.as_deref())?;
        let job = Planned {
            name: text,
            when,
            zone: zone.clone(),
            command: String::new(),
            program: String::new(),
            is_named: false,
        };
        return Ok((vec![job], zone));
    }
    let crontab = source::read(rest, reading)?;
    let zone::Default { zone, warning, .. } = zone::of_jobs(args, &crontab)?;
    if let Some(warning) = warning {
        tell(&format!("sexton: {warning}"));
    }
    Ok((crontab.jobs.iter().map(|job| Planned::of_job(job, &zone)).collect(), zone.clone()))
}

impl Planned {
    /// `zone` is that of jobs that name none.
    pub fn of_job(job: &Job, zone: &Zone) -> Planned {
        Planned {
            name: job.name(),
            when: job.when.clone(),
            zone: job.zone.as_ref().unwrap_or(zone).clone(),
            command: job.command().trim().into(),
            program: job.program(),
            is_named: job.settings().name.is_some(),
        }
    }

    /// The due times in a range. `@every` counts from `begin`.
    pub fn due_times(&self, begin: SystemTime, range: Range<SystemTime>) -> impl Iterator<Item = SystemTime> {
        // A due time at the first instant of the range is one of it.
        let just_before =
            |instant: SystemTime| instant.checked_sub(Duration::from_nanos(1)).unwrap_or(instant);
        let anchor = if let When::Every(_) = *self.when { begin } else { just_before(begin) };
        let schedule = match *self.when {
            When::Start => None,
            _ => jobs::schedule(&self.when, Some(&self.zone), &self.zone, None, anchor).ok(),
        };
        // Without a due time it is not due any more.
        let due_times = schedule.and_then(|schedule| schedule.upcoming(just_before(range.start)).ok());
        let due_times = due_times.into_iter().flatten();
        // A period that has begun would catch up with what is past.
        due_times.skip_while(move |due| *due < range.start).take_while(move |due| *due < range.end)
    }

    pub fn words(&self) -> String {
        list::in_words(&self.when)
    }
}
