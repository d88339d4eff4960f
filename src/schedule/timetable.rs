//! A schedule in a zone, begun: one due after the other.
//!
//! Pure but for the iterators and closures that it was given: no threads, no clock.

use std::time::{Duration, SystemTime};

use super::calendar::{Calendar, Pattern};
use super::due::Due;
use super::exclusions::{last_of, Exclusions};
use super::rule::Rule;
use crate::civil::DateTime;
use crate::clock::Now;
use crate::error::Error;
use crate::occurrences::days::remainder;

/// A schedule in a zone, begun: gives the due after a due.
pub(crate) struct Timetable {
    pub(super) rule: Rule,
    pub(super) until: Option<SystemTime>,
    /// What is left out of the rule, if anything is.
    pub(super) exclusions: Option<Box<Exclusions>>,
    /// By how much everything is due later than the rule says.
    pub(super) delay: Duration,
    /// Kept for a change of zone; most schedules have none.
    pub(super) civil_bounds: Option<Box<CivilBounds>>,
}

/// What becomes of the due that is waited for when the wall clock was set back, or the zone was changed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Rejudged {
    /// This one is waited for instead.
    Due(Due),
    /// The next due has to be [looked for](Timetable::after), as code that is not ours is to be asked, or there is none:
    /// a task does not end here.
    ByAsking,
}

/// The occurrences from one that has come up to a point in time.
pub(crate) struct Pass {
    /// The last of them, and the last but one, if there is one.
    pub(crate) latest: Due,
    pub(crate) before: Option<Due>,
    /// How many they are, the first included.
    pub(crate) count: u64,
    /// The first due after the point in time, or why there is none.
    pub(crate) next: Result<Option<Due>, Error>,
}

/// How many occurrences are counted one by one before they are counted by arithmetic.
const WALKED: u64 = 16;

/// The same where closures leave some out. The docs of `except` say "ten million". From there on the count is a lower bound.
const WALKED_WITH_CLOSURES: u64 = 10_000_000;

impl Timetable {
    /// The due after `due`, which has come.
    pub(crate) fn next(&mut self, due: Due, now: Now) -> Result<Option<Due>, Error> {
        let due = due.earlier(self.delay);
        let next = match (&self.exclusions, &mut self.rule) {
            (Some(exclusions), Rule::Elapsed(_)) => {
                let next = self.rule.next(due, now)?;
                elapsed_from(exclusions, &self.rule, next, now)?
            }
            (Some(_), Rule::Calendar(_)) => self.after_instant(due.passed_at(now))?.map(Due::Calendar),
            (_, rule) => rule.next(due, now)?,
        };
        Ok(self.in_time(self.delayed(next), now))
    }

    /// The due itself, if it has come, or the next one if it turns out to be left out.
    pub(crate) fn from(&mut self, due: Due, now: Now) -> Result<Option<Due>, Error> {
        match &self.exclusions {
            Some(exclusions) if due.age(now).is_some() => {
                let meant_for = due.earlier(self.delay).passed_at(now);
                match exclusions.search(self.rule.calendar()).is_left_out(meant_for)? {
                    true => self.next(due, now),
                    false => Ok(Some(due)),
                }
            }
            _ => Ok(Some(due)),
        }
    }

    /// The first due of a calendar schedule after what the wall clock showed once.
    pub(crate) fn after(&mut self, wall: SystemTime, now: Now) -> Result<Option<Due>, Error> {
        let due = self.after_instant(self.undelayed(wall))?.map(Due::Calendar);
        Ok(self.in_time(self.delayed(due), now))
    }

    /// All occurrences from `due`, which is not after `to`, up to and including `to`.
    pub(crate) fn pass(&mut self, due: Due, to: Now, now: Now) -> Pass {
        let mut pass = Pass { latest: due, before: None, count: 1, next: Ok(None) };
        let has_closures = self.exclusions.as_ref().map_or(false, |exclusions| exclusions.has_closures());
        let walked = if has_closures { WALKED_WITH_CLOSURES } else { WALKED };
        loop {
            match self.next(pass.latest, now) {
                Ok(Some(next)) if next.age(to).is_some() => {
                    pass.before = Some(std::mem::replace(&mut pass.latest, next));
                    pass.count += 1;
                }
                next => {
                    pass.next = next;
                    return pass;
                }
            }
            if pass.count >= walked {
                if let Err(error) = self.skip(&mut pass, to, now) {
                    pass.next = Err(error);
                    return pass;
                }
            }
        }
    }

    /// Goes on from the latest occurrence to the last that is not after `to`, without a look at those between. They are
    /// counted by arithmetic, or not at all if closures leave some out.
    fn skip(&self, pass: &mut Pass, to: Now, now: Now) -> Result<(), Error> {
        let to = match pass.latest {
            Due::Calendar(_) => to.wall,
            Due::Elapsed(_) => Due::Elapsed(to.mono).passed_at(now),
        };
        let until = self.undelayed(self.until.map_or(to, |until| until.min(to)));
        let from = pass.latest.earlier(self.delay).passed_at(now);
        if !matches!(self.rule, Rule::Calendar(_) | Rule::Elapsed(_)) || until <= from {
            return Ok(());
        }
        let next = |after: SystemTime| match &self.rule {
            Rule::Elapsed(period) => self.grid_after(from, *period, after),
            _ => self.after_instant(after),
        };
        let last = last_of(from, until, next)?;
        let before = match last.checked_sub(Duration::from_nanos(1)) {
            Some(before_last) if from < last => last_of(from, before_last, next)?,
            _ => return Ok(()),
        };
        let raw = |calendar: Option<&Calendar>, after: SystemTime, until: SystemTime| match &self.rule {
            Rule::Elapsed(period) => periods(from, *period, until) - periods(from, *period, after),
            _ => calendar.map_or(0, |calendar| calendar.count(after, until)),
        };
        let skipped = match &self.exclusions {
            Some(exclusions) if exclusions.has_closures() => 0,
            Some(exclusions) => exclusions.search(self.rule.calendar()).count(from, last, &raw),
            None => raw(self.rule.calendar(), from, last),
        };
        pass.count = pass.count.saturating_add(skipped);
        let due = |instant: SystemTime| pass.latest.later(instant.duration_since(from).unwrap_or_default());
        let (latest, before) = (due(last), due(before));
        pass.latest = latest.unwrap_or(pass.latest);
        pass.before = before;
        Ok(())
    }

    /// The first instant after another that is not left out, of those that are whole periods after `from`.
    fn grid_after(
        &self,
        from: SystemTime,
        period: Duration,
        after: SystemTime,
    ) -> Result<Option<SystemTime>, Error> {
        let age = after.duration_since(from).unwrap_or_default();
        let first = match after.checked_add(period - remainder(age, period)) {
            Some(first) => first,
            None => return Ok(None),
        };
        match &self.exclusions {
            Some(exclusions) => {
                let wait = exclusions.search(self.rule.calendar()).wait(first, period)?;
                Ok(wait.and_then(|wait| first.checked_add(wait)))
            }
            None => Ok(Some(first)),
        }
    }

    /// What is to be waited for instead of `due` after the wall clock was set back to a time: by so little that what has run
    /// is not to run again, or as a correction. `None` leaves it as it is. Asks nobody's code, as it is called under a lock.
    pub(crate) fn rejudged(
        &mut self,
        due: Option<Due>,
        to: SystemTime,
        is_correction: bool,
        now: Now,
    ) -> Option<Rejudged> {
        match self.rule.calendar().map(|calendar| &calendar.pattern) {
            Some(Pattern::Cron { cron, .. }) if is_correction || cron.is_interval_like() => {}
            Some(Pattern::Days(_)) if is_correction => {}
            _ => return None,
        }
        let is_held = due.and_then(Due::calendar).map_or(false, |due| due <= to);
        self.go_back(to, is_correction, is_held);
        if is_held {
            // It had passed by the new time, too: it and those after it are still to be judged.
            return None;
        }
        Some(self.rejudged_after(to, now))
    }

    /// The first due of a calendar schedule after what the wall clock showed once.
    pub(super) fn rejudged_after(&self, wall: SystemTime, now: Now) -> Rejudged {
        if self.exclusions.as_ref().map_or(false, |exclusions| exclusions.has_closures()) {
            return Rejudged::ByAsking;
        }
        let due = self.after_instant(self.undelayed(wall)).unwrap_or(None).map(Due::Calendar);
        self.in_time(self.delayed(due), now).map_or(Rejudged::ByAsking, Rejudged::Due)
    }

    /// The first due of a calendar schedule after an instant that is not left out, without the delay.
    pub(super) fn after_instant(&self, after: SystemTime) -> Result<Option<SystemTime>, Error> {
        match &self.exclusions {
            Some(exclusions) => {
                let until = self.until.map(|until| self.undelayed(until));
                exclusions.search(self.rule.calendar()).after(after, until)
            }
            None => Ok(self.rule.calendar().and_then(|calendar| calendar.after(after))),
        }
    }

    /// When something would be due without the delay that is due now.
    pub(super) fn undelayed(&self, wall: SystemTime) -> SystemTime {
        wall.checked_sub(self.delay).unwrap_or(wall)
    }

    pub(super) fn delayed(&self, due: Option<Due>) -> Option<Due> {
        due.and_then(|due| due.later(self.delay))
    }

    pub(super) fn in_time(&self, due: Option<Due>, now: Now) -> Option<Due> {
        due.filter(|due| due.is_until(self.until, now))
    }

    /// The end, if that is a civil time.
    pub(super) fn civil_until(&self) -> Option<DateTime> {
        self.civil_bounds.as_ref().and_then(|bounds| bounds.until)
    }

    /// Whether finding its occurrences calls the user's code: an iterator, a closure, or a closure in `except`.
    #[allow(dead_code)] // The agenda asks this once schedules of plain data stay with it.
    pub(crate) fn is_users(&self) -> bool {
        let has_closures = self.exclusions.as_ref().map_or(false, |exclusions| exclusions.has_closures());
        has_closures || matches!(self.rule, Rule::AtEach { .. } | Rule::AtNext(_))
    }

    /// Whether a due has come after the end: the wall clock was set forward while elapsed time was waited for.
    pub(crate) fn is_over(&self, due: Due, now: Now) -> bool {
        !due.is_until(self.until, now)
    }
}

/// How many whole periods it is from an instant to a later one.
fn periods(from: SystemTime, period: Duration, to: SystemTime) -> u64 {
    let age = to.duration_since(from).unwrap_or_default();
    u64::try_from(age.as_nanos() / period.as_nanos()).unwrap_or(u64::MAX)
}

/// The first due of elapsed time from `due` on that is not left out, by what the wall clock will show then.
pub(super) fn elapsed_from(
    exclusions: &Exclusions,
    rule: &Rule,
    due: Option<Due>,
    now: Now,
) -> Result<Option<Due>, Error> {
    match (rule, due, due.and_then(|due| due.wall(now))) {
        (Rule::Elapsed(period), Some(due), Some(wall)) => {
            Ok(exclusions.search(None).wait(wall, *period)?.and_then(|wait| due.later(wait)))
        }
        (Rule::Elapsed(_), _, None) => Ok(None),
        _ => Ok(due),
    }
}

/// The civil times among what bounds a schedule.
#[derive(Clone, Copy, Debug)]
pub(super) struct CivilBounds {
    pub(super) starting: Option<DateTime>,
    pub(super) until: Option<DateTime>,
}

impl CivilBounds {
    pub(super) fn of(starting: Option<DateTime>, until: Option<DateTime>) -> Option<Box<CivilBounds>> {
        let is_any = starting.is_some() || until.is_some();
        is_any.then(|| Box::new(CivilBounds { starting, until }))
    }
}
