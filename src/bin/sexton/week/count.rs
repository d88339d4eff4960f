//! Counts the runs of seven days. Pure: no files, no clock.

use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use sexton::civil::{Date, DateTime, Time};
use sexton::cron::Dialect;
use sexton::tz::Zone;
use sexton::{Cron, Moment};

use crate::crontab::When;
use crate::dialect::Reading;
use crate::planned::Planned;

pub const DAYS: usize = 7;

/// A number for each hour that the clocks show on each day.
pub type Hours = [[u32; 24]; DAYS];

pub struct Week {
    pub zone: Zone,
    pub dates: Vec<Date>,
    /// The clock changes: the index of the day, and the civil times before and after.
    pub changes: Vec<(usize, DateTime, DateTime)>,
    /// The runs of all jobs.
    pub all: Hours,
    /// The runs of each job, by its name.
    pub jobs: Vec<(String, Hours)>,
    pub busiest: Option<Busiest>,
    pub meetings: Meetings,
    /// How many jobs could have `H` in place of their minute, and what that would change.
    pub with_h: Option<(usize, Meetings)>,
}

/// The first of the minutes with the most runs.
pub struct Busiest {
    pub at: SystemTime,
    pub runs: u32,
    pub jobs: Vec<String>,
}

/// The minutes in which several jobs start.
pub struct Meetings {
    pub minutes: usize,
    /// The largest number of jobs in one of them.
    pub most: u32,
    /// The largest number in a minute of each hour; 0 where no two meet.
    pub hours: Hours,
}

/// Jobs that are due in more minutes than these meet all others in any case.
const OFTEN: usize = DAYS * 24 * 6;

const MINUTE: Duration = Duration::from_secs(60);

impl Week {
    /// From the midnight before an instant on. `None` at the end of the calendar.
    pub fn of(jobs: &[Planned], zone: &Zone, from: SystemTime, reading: &Reading) -> Option<Week> {
        let first = zone.civil(from)?.date();
        let dates: Vec<_> = (0..DAYS).map(|day| first.checked_add_days(day as i64)).collect::<Option<_>>()?;
        let midnight = |date: Date| Moment::Civil(date.at(Time::new(0, 0, 0)?)).instant(zone);
        let range = midnight(first)?..midnight(first.checked_add_days(DAYS as i64)?)?;
        let mut counter = Counter::new(range.clone(), zone, &dates);
        let mut all = [[0; 24]; DAYS];
        let mut of_jobs = Vec::new();
        let mut hashed_count = 0;
        let mut known = HashMap::new();
        for job in jobs {
            // Jobs with equal schedules share one.
            let key = (Arc::as_ptr(&job.when), job.zone.name());
            let times = known.entry(key).or_insert_with(|| Rc::new(counter.times(job))).clone();
            let hashed = hashed(job, reading);
            hashed_count += usize::from(hashed.is_some());
            let then = hashed.map_or_else(|| times.clone(), |job| Rc::new(counter.times(&job)));
            counter.add(&times, &then);
            let hours = all.iter_mut().flatten().zip(times.hours.iter().flatten());
            hours.for_each(|(all, own)| *all += own);
            of_jobs.push((job.name.clone(), times.hours));
        }
        let meetings = counter.meetings(&counter.jobs);
        let with_h = counter.meetings(&counter.jobs_with_h);
        Some(Week {
            zone: zone.clone(),
            changes: changes(zone, &range, &dates),
            busiest: counter.busiest(jobs),
            all,
            jobs: of_jobs,
            with_h: (hashed_count > 0 && meetings.minutes > 0).then_some((hashed_count, with_h)),
            meetings,
            dates,
        })
    }
}

/// When a job is due.
struct Times {
    /// The minutes in which it is, and how often.
    minutes: Vec<(u32, u32)>,
    hours: Hours,
}

struct Counter<'a> {
    range: Range<SystemTime>,
    zone: &'a Zone,
    dates: &'a [Date],
    /// For each minute the runs of all jobs.
    runs: Vec<u32>,
    /// For each minute the jobs that start in it.
    jobs: Vec<u32>,
    /// The same, if jobs had `H` for their minutes.
    jobs_with_h: Vec<u32>,
}

impl Counter<'_> {
    fn new<'a>(range: Range<SystemTime>, zone: &'a Zone, dates: &'a [Date]) -> Counter<'a> {
        let len = range.end.duration_since(range.start).unwrap_or_default();
        let minutes = vec![0; (len.as_secs() / 60) as usize + 1];
        Counter { range, zone, dates, runs: minutes.clone(), jobs: minutes.clone(), jobs_with_h: minutes }
    }

    fn minute(&self, due: SystemTime) -> u32 {
        (due.duration_since(self.range.start).unwrap_or_default().as_secs() / 60) as u32
    }

    fn instant(&self, minute: usize) -> SystemTime {
        self.range.start + MINUTE * minute as u32
    }

    fn hour(&self, instant: SystemTime) -> Option<(usize, usize)> {
        let civil = self.zone.civil(instant)?;
        let day = self.dates.iter().position(|date| *date == civil.date())?;
        Some((day, civil.time().hour().into()))
    }

    fn times(&self, job: &Planned) -> Times {
        let mut times = Times { minutes: Vec::new(), hours: [[0; 24]; DAYS] };
        for due in job.due_times(self.range.start, self.range.clone()) {
            let minute = self.minute(due);
            match times.minutes.last_mut() {
                Some((last, runs)) if *last == minute => *runs += 1,
                _ => times.minutes.push((minute, 1)),
            }
            if let Some((day, hour)) = self.hour(due) {
                times.hours[day][hour] += 1;
            }
        }
        times
    }

    /// Adds the runs of a job: as it is, and as it would be with `H`.
    fn add(&mut self, times: &Times, with_h: &Times) {
        for (minute, runs) in &times.minutes {
            self.runs[*minute as usize] += runs;
        }
        if times.minutes.len() <= OFTEN {
            times.minutes.iter().for_each(|(minute, _)| self.jobs[*minute as usize] += 1);
            with_h.minutes.iter().for_each(|(minute, _)| self.jobs_with_h[*minute as usize] += 1);
        }
    }

    fn busiest(&self, jobs: &[Planned]) -> Option<Busiest> {
        let runs = self.runs.iter().copied().max().filter(|runs| *runs > 0)?;
        let at = self.instant(self.runs.iter().position(|other| *other == runs)?);
        let is_due = |job: &&Planned| job.due_times(self.range.start, at..at + MINUTE).next().is_some();
        let jobs = jobs.iter().filter(is_due).map(|job| job.name.clone()).collect();
        Some(Busiest { at, runs, jobs })
    }

    fn meetings(&self, jobs: &[u32]) -> Meetings {
        let mut meetings = Meetings { minutes: 0, most: 0, hours: [[0; 24]; DAYS] };
        for (minute, count) in jobs.iter().copied().enumerate().filter(|(_, count)| *count > 1) {
            meetings.minutes += 1;
            meetings.most = meetings.most.max(count);
            if let Some((day, hour)) = self.hour(self.instant(minute)) {
                let most = &mut meetings.hours[day][hour];
                *most = count.max(*most);
            }
        }
        meetings
    }
}

/// The job with `H` in place of its minute, if that is one number.
fn hashed(job: &Planned, reading: &Reading) -> Option<Planned> {
    let text = match &*job.when {
        When::Cron(cron) => cron.to_string(),
        _ => return None,
    };
    let fields = text.rsplit(' ').take_while(|word| !word.contains('=')).count();
    let switches = text.split(' ').count() - fields;
    let mut words: Vec<_> = text.split(' ').collect();
    let is_number = words[switches].bytes().all(|byte| byte.is_ascii_digit());
    if fields != 5 || !is_number || words[..switches].iter().any(|word| word.starts_with("dialect=")) {
        return None;
    }
    words[switches] = "H";
    let id = if job.command.is_empty() { &job.name } else { &job.command };
    let cron: Cron = reading.hashing(Dialect::DEFAULT, id).parse(&words.join(" ")).ok()?;
    Some(Planned { when: When::Cron(cron.into()).into(), ..job.clone() })
}

/// What the clocks of a zone do in a range: the day, and what they show before and after.
fn changes(zone: &Zone, range: &Range<SystemTime>, dates: &[Date]) -> Vec<(usize, DateTime, DateTime)> {
    const HOUR: Duration = Duration::from_secs(3600);
    const SECOND: Duration = Duration::from_secs(1);
    let mut found = Vec::new();
    let mut at = range.start;
    while at < range.end {
        let (mut before, mut after) = (at, (at + HOUR).min(range.end));
        at = after;
        if zone.offset(before) == zone.offset(after) {
            continue;
        }
        // The first second with the new offset is in (before, after].
        while after.duration_since(before).map_or(false, |apart| apart > SECOND) {
            let apart = after.duration_since(before).unwrap_or_default().as_secs();
            let middle = before + Duration::from_secs(apart / 2);
            match zone.offset(middle) == zone.offset(before) {
                true => before = middle,
                false => after = middle,
            }
        }
        let shown = zone.civil(before).and_then(|civil| civil.checked_add_seconds(1)).zip(zone.civil(after));
        if let Some((old, new)) = shown {
            let day =
                zone.civil(before).and_then(|civil| dates.iter().position(|date| *date == civil.date()));
            found.push((day.unwrap_or(0), old, new));
        }
    }
    found
}
