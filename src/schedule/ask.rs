//! What a schedule answers by itself, without a scheduler.

use std::fmt;
use std::time::SystemTime;

use super::due::Due;
use super::exclusions::NANOSECOND;
use super::pattern::Set;
use super::timeline::Timeline;
use super::timetable::Timetable;
use super::{expect_begun, Schedule};
use crate::clock::Now;
use crate::error::Error;
use crate::occurrences::fires::Occurrences;
use crate::tz::{system_time, unix_seconds, Zone};

impl Schedule {
    /// The first due time after an instant, if there is one: of a cron expression, a period with
    /// [`starting`](Schedule::starting), a single time, or [`any`](Schedule::any) of these.
    ///
    /// ```
    /// use sexton::{tz::Zone, Moment, Schedule};
    ///
    /// let report = Schedule::cron("0 9 * * mon-fri")?.zone(Zone::utc());
    /// let friday = "2026-11-27T12:00:00Z".parse::<Moment>()?.instant(&Zone::utc()).unwrap();
    /// let next = report.next(friday)?.unwrap();
    /// assert_eq!(Moment::from(next).to_string(), "2026-11-30T09:00:00Z");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`previous`](Schedule::previous). Also if a closure in [`except`](Schedule::except) panics or leaves out too much.
    pub fn next(&self, after: SystemTime) -> Result<Option<SystemTime>, Error> {
        self.set("next", after)?.after(after, None)
    }

    /// The last due time before an instant, if there is one: of the schedules that [`next`](Schedule::next) can be asked of.
    ///
    /// ```
    /// use sexton::{tz::Zone, Moment, Schedule};
    ///
    /// let rent = Schedule::every("1mo")?.starting("2026-01-31 09:00")?.zone(Zone::utc());
    /// let march = "2026-03-15T00:00:00Z".parse::<Moment>()?.instant(&Zone::utc()).unwrap();
    /// assert_eq!(Moment::from(rent.previous(march)?.unwrap()).to_string(), "2026-02-28T09:00:00Z");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If this is another schedule (the past of those depends on when they were scheduled), or if no zone was given and
    /// the local one cannot be read. Also if the answer lies before the zone's data [begin](Zone::begins).
    pub fn previous(&self, before: SystemTime) -> Result<Option<SystemTime>, Error> {
        let set = self.set("previous", before)?;
        let zone = set.pattern.clock().zone();
        let until = before.checked_sub(NANOSECOND);
        let due = until.map(|until| set.until(until)).transpose()?.flatten();
        // The answer depends on the clocks since then.
        let starting = self.starting.and_then(|moment| moment.instant(zone));
        due.or(starting).map_or(Ok(()), |earliest| expect_begun(zone, earliest))?;
        Ok(due)
    }

    /// Whether it is due at the beginning of the second of this instant.
    ///
    /// # Errors
    ///
    /// As [`previous`](Schedule::previous).
    pub fn matches(&self, instant: SystemTime) -> Result<bool, Error> {
        let second = system_time(unix_seconds(instant)).unwrap_or(instant);
        let set = self.set("matches", second)?;
        let before = second.checked_sub(NANOSECOND);
        let found = before.map(|before| set.after(before, Some(second))).transpose()?;
        Ok(found == Some(Some(second)))
    }

    /// The occurrences, for a question around an instant.
    fn set(&self, question: &str, around: SystemTime) -> Result<Set, Error> {
        self.except.check(&self.what)?;
        if !self.has_pattern() {
            let why =
                format!("`{question}` can be asked of `cron`, `every` with `starting`, `at` and `any` only");
            return Err(Error::other(why));
        }
        let zone = self.zone.clone().map_or_else(Zone::local, Ok)?;
        expect_begun(&zone, around)?;
        Set::new(self, &zone, i64::MIN)
    }
}

/// The due times of a [`Schedule`], one after the other.
///
/// An iterator or closure that gives a time before the last one ends it; [`error`](Upcoming::error) then says so.
pub struct Upcoming {
    timetable: Timetable,
    start: Now,
    next: Result<Option<Due>, Error>,
    /// Those after `next`, of an expression with nothing beside it: found faster than by asking again for each.
    later: Option<Occurrences<Timeline>>,
    left: u64,
}

impl Upcoming {
    /// The due times of a schedule that begins at a time, in a zone.
    pub(super) fn new(schedule: Schedule, zone: &Zone, start: Now) -> Result<Upcoming, Error> {
        let left = schedule.times.unwrap_or(u64::MAX);
        let (timetable, next) = schedule.begin(zone, start, None)?;
        let cron = timetable.cron_alone().zip(next.and_then(Due::calendar));
        let later = cron.map(|((cron, clock), next)| cron.upcoming_in(clock.clone(), unix_seconds(next)));
        Ok(Upcoming { timetable, start, next: Ok(next), later, left })
    }

    /// The due times of a task from the next one on. Of a schedule that is the user's code only that one.
    pub(crate) fn of_task(timetable: Option<&Timetable>, next: Due, left: u64, start: Now) -> Upcoming {
        let copy = timetable.and_then(Timetable::copy);
        let left = if copy.is_some() { left } else { left.min(1) };
        let timetable = copy.unwrap_or_else(Timetable::over);
        Upcoming { timetable, start, next: Ok(Some(next)), later: None, left }
    }

    /// Why there are no more due times, if not because the schedule is over.
    pub fn error(&self) -> Option<&Error> {
        self.next.as_ref().err()
    }
}

impl Iterator for Upcoming {
    type Item = SystemTime;

    fn next(&mut self) -> Option<SystemTime> {
        let due = (*self.next.as_ref().ok()?).filter(|_| self.left > 0)?;
        self.left -= 1;
        let wall = due.wall(self.start)?;
        if let Some(later) = &mut self.later {
            self.next = Ok(later.next().and_then(system_time).map(Due::Calendar));
            return Some(wall);
        }
        // Each run begins when it is due, unless the monotonic clock does not reach so far.
        let now = match due {
            Due::Elapsed(mono) => Some(Now { mono, wall }),
            Due::Calendar(_) => {
                let wall = wall.max(self.start.wall);
                Due::Calendar(wall).mono(self.start).map(|mono| Now { mono, wall })
            }
        };
        self.next = now.map_or(Ok(None), |now| self.timetable.next(due, now));
        Some(wall)
    }
}

impl fmt::Debug for Upcoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upcoming").field("next", &self.next).finish_non_exhaustive()
    }
}
