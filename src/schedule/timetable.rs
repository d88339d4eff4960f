//! A schedule that has begun, in a zone: which due time comes after another, and what a clock step or another zone changes.
//!
//! Pure but for the iterators and closures that it was given: no threads, no clock.

use std::time::SystemTime;

use super::bounds::Bounds;
use super::due::Due;
use super::exclusions::{last_of, Exclusions, NANOSECOND};
use super::moment::Moment;
use super::pattern::Pattern;
use super::recurrence::{Grid, Recurrence};
use super::rule::Rule;
use super::timeline::Timeline;
use super::words::{WithAdded, Words};
use crate::clock::Now;
use crate::cron::Cron;
use crate::error::Error;
use crate::period::Period;
use crate::sync::Arc;
use crate::tz::Zone;

/// A schedule that has begun, in a zone: gives the due time after a due time.
pub(crate) struct Timetable {
    pub(super) rule: Rule,
    pub(super) bounds: Bounds,
}

/// The due time to wait for after the wall clock was set back, or the zone was changed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Rejudged {
    /// Wait for this one instead.
    Due(Due),
    /// [`after`](Timetable::after) finds it outside the lock: it calls the user's code, or there is none and the task ends.
    ByAsking,
}

/// The occurrences from one that has come up to a point in time.
pub(crate) struct Pass {
    /// The last of them, and the last but one, if there is one.
    pub(crate) latest: Due,
    pub(crate) before: Option<Due>,
    /// How many they are, the first included.
    pub(crate) count: u64,
    /// The first due time after the point in time, or why there is none.
    pub(crate) next: Result<Option<Due>, Error>,
}

/// How many occurrences are counted one by one before they are counted by arithmetic.
const WALKED: u64 = 4;

/// The same where closures leave some out. The docs of `except` say "ten million". From there on the count is a lower bound.
const WALKED_WITH_CLOSURES: u64 = 10_000_000;

impl Timetable {
    /// The due time after `due`, which has come.
    pub(crate) fn next(&mut self, due: Due, now: Now) -> Result<Option<Due>, Error> {
        let next = self.rule.next(due.earlier(self.bounds.delay), now, &self.bounds)?;
        Ok(self.bounds.delayed(next, now))
    }

    /// `due` itself, or the one after it if it has come and turns out to be left out.
    pub(crate) fn from(&mut self, due: Due, now: Now) -> Result<Option<Due>, Error> {
        let is_left_out = || self.rule.leaves_out(self.meant_for(due, now), &self.bounds.except);
        match !self.bounds.except.is_empty() && due.has_come(now) && is_left_out()? {
            true => self.next(due, now),
            false => Ok(Some(due)),
        }
    }

    /// The first due time after what the clocks showed once: of a calendar schedule, or of elapsed time that leaves some out.
    pub(crate) fn after(&self, since: Now, now: Now) -> Result<Option<Due>, Error> {
        let (at, delay) = (self.bounds.undelayed(since.wall), self.bounds.delay);
        if let Rule::Elapsed { .. } = self.rule {
            // The end is compared when it has come: until then the clock may be set again.
            let next = self.rule.elapsed_after(since.before(delay), now, &self.bounds.except)?;
            return Ok(next.and_then(|next| next.later(delay)));
        }
        Ok(self.bounds.delayed(self.first_after(at, at)?.map(Due::Calendar), now))
    }

    /// The first due time after now of a pattern, which may ask closures in `except`. None if there is none.
    pub(crate) fn next_of_calendar(&self, now: Now) -> Option<Due> {
        match self.rule {
            Rule::Calendar(_) => self.after(now, now).ok()?,
            _ => None,
        }
    }

    /// The first due time after now of a schedule that is not the user's, if `due` has come.
    pub(crate) fn peek(&self, due: Due, now: Now) -> Option<Due> {
        let from = self.meant_for(due, now);
        let next = self.first_after(self.bounds.undelayed(now.wall), from).ok()??;
        due.later(next.duration_since(from).ok()?).filter(|&due| !self.is_over(due, now))
    }

    /// All occurrences from `due`, which is not after `to`, up to and including `to`.
    pub(crate) fn pass(&mut self, due: Due, to: Now, now: Now) -> Pass {
        let mut pass = Pass { latest: due, before: None, count: 1, next: Ok(None) };
        let walked = if self.has_closures() { WALKED_WITH_CLOSURES } else { WALKED };
        loop {
            pass.next = self.next(pass.latest, now);
            match pass.next {
                Ok(Some(next)) if next.has_come(to) => {
                    pass.before = Some(std::mem::replace(&mut pass.latest, next));
                    pass.count += 1;
                }
                _ => return pass,
            }
            if pass.count >= walked {
                if let Err(error) = self.skip(&mut pass, to, now) {
                    pass.next = Err(error);
                    return pass;
                }
            }
        }
    }

    /// Goes on from the latest occurrence to the last one that is not after `to`. Those between are counted by arithmetic, or
    /// not at all if closures leave some out.
    fn skip(&self, pass: &mut Pass, to: Now, now: Now) -> Result<(), Error> {
        let to = match pass.latest {
            Due::Calendar(_) => to.wall,
            Due::Elapsed(_) => Due::Elapsed(to.mono).passed_at(now),
        };
        let until = self.bounds.undelayed(self.bounds.until.map_or(to, |until| until.min(to)));
        let from = self.meant_for(pass.latest, now);
        let last = self.last_from(from, until)?;
        let before = match last.checked_sub(NANOSECOND) {
            Some(before_last) if from < last => self.last_from(from, before_last)?,
            _ => return Ok(()),
        };
        pass.count = pass.count.saturating_add(self.count(from, last));
        let first = pass.latest;
        let due = |instant: SystemTime| first.later(instant.duration_since(from).unwrap_or_default());
        pass.before = due(before);
        pass.latest = due(last).unwrap_or(first);
        Ok(())
    }

    /// The last occurrence up to an instant, all without the delay. `from` is an earlier one.
    fn last_from(&self, from: SystemTime, until: SystemTime) -> Result<SystemTime, Error> {
        let last = match &self.rule {
            _ if !self.bounds.except.is_empty() => None,
            Rule::Elapsed { period, .. } => Grid { from, period: *period }.until(until),
            Rule::Calendar(calendar) => calendar.alone().and_then(|pattern| pattern.until(until)),
            _ => None,
        };
        match last {
            Some(last) => Ok(last.max(from)),
            None => last_of(from, until, |after| self.first_after(after, from)),
        }
    }

    /// How many occurrences there are after one and up to a later one; 0 if closures leave some out.
    fn count(&self, from: SystemTime, last: SystemTime) -> u64 {
        match &self.rule {
            _ if self.has_closures() => 0,
            Rule::Calendar(calendar) => calendar.count(from, last, &self.bounds.except),
            Rule::Elapsed { period, clock, .. } => {
                let grid = Grid { from, period: *period };
                Exclusions { pattern: &grid, clock, except: &self.bounds.except }.count(from, last)
            }
            _ => 0,
        }
    }

    /// The first occurrence after an instant, all without the delay. Periods of elapsed time are counted from `from` on.
    fn first_after(&self, after: SystemTime, from: SystemTime) -> Result<Option<SystemTime>, Error> {
        match &self.rule {
            Rule::Elapsed { period, clock, .. } => {
                let grid = Grid { from, period: *period };
                Exclusions { pattern: &grid, clock, except: &self.bounds.except }.after(after, None)
            }
            Rule::Calendar(calendar) => calendar.after(after, &self.bounds),
            _ => Ok(None),
        }
    }

    /// What to wait for instead of `due` after the wall clock was set back to a time, as a correction or by less. `None` if
    /// that is still `due`: by less than a correction, only an interval-like expression runs again what it has run. Does not
    /// call the user's code.
    pub(crate) fn rejudged(
        &mut self,
        due: Option<Due>,
        to: SystemTime,
        is_correction: bool,
        now: Now,
    ) -> Option<Rejudged> {
        let (undelayed, delay) = (self.bounds.undelayed(to), self.bounds.delay);
        let calendar = match &mut self.rule {
            Rule::Calendar(calendar) if is_correction || calendar.pattern.is_interval_like() => calendar,
            _ => return None,
        };
        let has_come = due.and_then(Due::calendar).map_or(false, |due| due <= to);
        // What of several expressions is not interval-like goes on from there.
        let judged = due.and_then(|due| due.calendar()?.checked_sub(delay + NANOSECOND));
        calendar.pattern.hold(judged.filter(|_| !is_correction));
        calendar.set_back(undelayed, is_correction, has_come);
        // If it has come by the new time, too, it and those after it are still to be judged.
        (!has_come).then(|| self.rejudged_after(Now { wall: to, ..now }, now))
    }

    /// Whether the wall clock says what is left out of elapsed time.
    pub(crate) fn leaves_out_elapsed(&self) -> bool {
        matches!(self.rule, Rule::Elapsed { .. }) && !self.bounds.except.is_empty()
    }

    /// What to wait for instead of `due`, of elapsed time, after the wall clock was set: what it will show then has changed.
    /// `None` if that is still `due`. Does not call the user's code.
    pub(crate) fn rejudged_elapsed(&self, due: Due, since: Now, now: Now) -> Option<Rejudged> {
        (self.leaves_out_elapsed() && !due.has_come(since)).then(|| self.rejudged_after(since, now))
    }

    /// Follows another zone from `at` on. Returns what to wait for instead of `due`; `None` if that is still `due`. `shown` is
    /// the latest that the wall clock has shown: later than `at` if it was set back since. Does not call the user's code.
    pub(crate) fn rezone(&mut self, zone: &Zone, due: Due, at: Now, shown: SystemTime) -> Option<Rejudged> {
        // All as if it were earlier by the delay.
        let (change, shown) = (self.bounds.undelayed(at.wall), self.bounds.undelayed(shown.max(at.wall)));
        let has_come = due.has_come(at);
        let waiting = has_come.then(|| self.meant_for(due, at));
        let starting = self.bounds.civil_starting;
        self.bounds.rezone(zone);
        let civil = match &mut self.rule {
            Rule::Calendar(calendar) => {
                calendar.change_zone(zone, change, shown, waiting);
                calendar.pattern.rezone(starting);
                // Whatever the zone, one that has come and those up to the change are still to be judged.
                return (!has_come).then(|| self.rejudged_after(at, at));
            }
            Rule::AtEach { zone: old, last, .. } => {
                *old = zone.clone();
                last.and_then(Moment::civil)
            }
            Rule::Once(Some(Words::At(moment))) => moment.civil(),
            Rule::Elapsed { clock, grid, .. } => {
                *clock = Timeline::new(zone.clone());
                match grid.as_deref() {
                    // The anchor, if it is still waited for.
                    None => starting,
                    Some(Due::Calendar(anchor)) if *anchor > change && starting.is_some() => starting,
                    Some(_) => return self.rejudged_elapsed(due, at, at),
                }
            }
            Rule::AfterEnd { .. } | Rule::Once(_) | Rule::AtNext(_) => None,
        };
        match due {
            Due::Calendar(_) if !has_come => {
                let due = Moment::Civil(civil?).instant(zone)?.checked_add(self.bounds.delay)?;
                // Never before what was due earlier, and so not before the change either.
                let due = Due::Calendar(due.max(at.wall));
                if let Rule::Elapsed { grid: Some(grid), .. } = &mut self.rule {
                    **grid = due.earlier(self.bounds.delay);
                }
                self.rejudged_elapsed(due, at, at).or(Some(Rejudged::Due(due)))
            }
            _ => None,
        }
    }

    /// The first due time after what the clocks showed once, unless closures are to be asked.
    fn rejudged_after(&self, since: Now, now: Now) -> Rejudged {
        match self.has_closures() {
            true => Rejudged::ByAsking,
            false => self.after(since, now).unwrap_or(None).map_or(Rejudged::ByAsking, Rejudged::Due),
        }
    }

    /// Whether closures leave some out.
    fn has_closures(&self) -> bool {
        self.bounds.except.has_closures()
    }

    /// When something would be due without the delay that is due at this time.
    pub(crate) fn undelayed(&self, wall: SystemTime) -> SystemTime {
        self.bounds.undelayed(wall)
    }

    /// What the wall clock showed when a due time that has come would have come without the delay.
    fn meant_for(&self, due: Due, now: Now) -> SystemTime {
        due.earlier(self.bounds.delay).passed_at(now)
    }

    /// A copy, unless the schedule is the user's code.
    pub(crate) fn copy(&self) -> Option<Timetable> {
        let rule = match &self.rule {
            _ if self.is_users() => return None,
            Rule::Calendar(calendar) => Rule::Calendar(calendar.clone()),
            Rule::Elapsed { period, clock, grid } => {
                Rule::Elapsed { period: *period, clock: clock.clone(), grid: grid.clone() }
            }
            &Rule::AfterEnd { period } => Rule::AfterEnd { period },
            _ => Rule::Once(None),
        };
        Some(Timetable { rule, bounds: self.bounds.clone() })
    }

    /// One that has no more due times.
    pub(super) fn over() -> Timetable {
        Timetable { rule: Rule::Once(None), bounds: Bounds::NONE }
    }

    /// Whether the next due time is counted from the end of a run.
    pub(crate) fn counts_from_end(&self) -> bool {
        matches!(self.rule, Rule::AfterEnd { .. })
    }

    /// The due time that is counted from a run that ends now.
    pub(crate) fn after_end(&self, now: Now) -> Option<Due> {
        match self.rule {
            Rule::AfterEnd { period } => {
                self.bounds.delayed(now.mono.checked_add(period).map(Due::Elapsed), now)
            }
            _ => None,
        }
    }

    /// Whether finding its occurrences calls the user's code: an iterator, a closure, or a closure in `except`.
    pub(crate) fn is_users(&self) -> bool {
        self.has_closures() || matches!(self.rule, Rule::AtEach { .. } | Rule::AtNext(_))
    }

    /// Whether other replicas have the same due times, as these do not depend on when a process was started.
    pub(crate) fn is_shared(&self) -> bool {
        !matches!(self.rule, Rule::Elapsed { .. } | Rule::AfterEnd { .. })
    }

    /// What the schedule says, if nothing was added to it, and no user's code is called.
    pub(crate) fn words(&self) -> Option<Words> {
        match &self.rule {
            Rule::Calendar(calendar) => calendar.pattern.words(),
            Rule::Elapsed { period, .. } => Period::try_from(*period).ok().map(Words::Every),
            Rule::AfterEnd { period } => Some(Words::AfterEnd(*period)),
            Rule::Once(words) => words.clone(),
            Rule::AtEach { .. } | Rule::AtNext(_) => None,
        }
    }

    /// What a task must keep of the schedule's words: all of them, unless they are found here again.
    pub(crate) fn words_to_keep(&self, words: Words) -> Option<Arc<WithAdded>> {
        match words {
            Words::With(with_added) => Some(with_added),
            words if self.words().is_none() => Some(Arc::new((words, Vec::new()))),
            _ => None,
        }
    }

    /// The expression and its clock, if there is nothing beside them.
    pub(super) fn cron_alone(&self) -> Option<(&Cron, &Timeline)> {
        match &self.rule {
            Rule::Calendar(calendar) if self.bounds.is_empty() => match calendar.alone()? {
                Pattern::Cron { cron, clock, .. } => Some((cron, clock)),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether a due time has come after the end: the wall clock was set forward while elapsed time was waited for.
    pub(crate) fn is_over(&self, due: Due, now: Now) -> bool {
        !due.is_until(self.bounds.until, now)
    }
}
