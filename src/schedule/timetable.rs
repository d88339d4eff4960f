//! A schedule in a zone, begun: one due after the other.
//!
//! Pure but for the iterators and closures that it was given: no threads, no clock.

use std::time::{Duration, SystemTime};

use super::rezone::{CivilBounds, Moved};
use super::sieve::Sieve;
use super::{Closure, Moment, Moments};
use crate::civil::DateTime;
use crate::clock::{Now, STEP};
use crate::cron::Cron;
use crate::dues::days::{quotient, remainder, Days};
use crate::dues::fires;
use crate::error::{Error, Kind};
use crate::guard::guarded;
use crate::sync::{Arc, Instant};
use crate::tz::{system_time, system_time_of_nanos, unix_nanos, unix_seconds, Zone};

/// A schedule in a zone, begun: gives the due after a due.
pub(crate) struct Timetable {
    pub(super) rule: Rule,
    pub(super) until: Option<SystemTime>,
    /// What is left out of the rule, if anything is.
    pub(super) sieve: Option<Box<Sieve>>,
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

pub(super) enum Rule {
    /// Fires after `floor`, in Unix seconds.
    Cron {
        cron: Cron,
        zone: Zone,
        floor: i64,
        moved: Option<Box<Moved>>,
    },
    Days {
        days: Days<Zone>,
        moved: Option<Box<Moved>>,
    },
    Elapsed(Duration),
    /// At a civil time, if that is what was given.
    Once {
        civil: Option<DateTime>,
    },
    /// `last` is what the iterator gave last.
    AtEach {
        moments: Moments,
        last: Option<Moment>,
        zone: Zone,
    },
    AtNext(Closure),
}

/// The dues from one that has come up to a point in time.
pub(crate) struct Pass {
    /// The last of them, and the last but one, if there is one.
    pub(crate) latest: Due,
    pub(crate) before: Option<Due>,
    /// How many they are, the first included. From [`COUNTED`] on a lower bound.
    pub(crate) count: u64,
    /// The first due after the point in time, or why there is none.
    pub(crate) next: Result<Option<Due>, Error>,
}

/// The most dues of a calendar schedule that are counted one by one: about a second's work at the very most. The docs of
/// what is counted so say "ten million".
const COUNTED: u64 = 10_000_000;

impl Timetable {
    /// The due after `due`, which has come.
    pub(crate) fn next(&mut self, due: Due, now: Now) -> Result<Option<Due>, Error> {
        let due = due.earlier(self.delay);
        let next = match (&self.sieve, &mut self.rule) {
            (Some(sieve), Rule::Elapsed(_)) => {
                let next = self.rule.next(due, now)?;
                sifted_elapsed(sieve, &self.rule, next, now)?
            }
            (Some(_), Rule::Cron { .. } | Rule::Days { .. }) => self.sifted_after(due.passed_at(now))?,
            (_, rule) => rule.next(due, now)?,
        };
        Ok(self.in_time(self.delayed(next), now))
    }

    /// The due itself, if it has come, or the next one if it turns out to be left out.
    pub(crate) fn from(&mut self, due: Due, now: Now) -> Result<Option<Due>, Error> {
        match &self.sieve {
            Some(sieve) if due.age(now).is_some() => {
                let meant_for = due.earlier(self.delay).passed_at(now);
                match sieve.search(&self.rule).is_left_out(meant_for)? {
                    true => self.next(due, now),
                    false => Ok(Some(due)),
                }
            }
            _ => Ok(Some(due)),
        }
    }

    /// The first due of a calendar schedule after what the wall clock showed once.
    pub(crate) fn after(&mut self, wall: SystemTime, now: Now) -> Result<Option<Due>, Error> {
        let due = self.sifted_after(self.undelayed(wall))?;
        Ok(self.in_time(self.delayed(due), now))
    }

    /// Walks from `due`, which is not after `to`, over all dues up to and including `to`.
    pub(crate) fn pass(&mut self, due: Due, to: Now, now: Now) -> Pass {
        let mut pass = Pass { latest: due, before: None, count: 1, next: Ok(None) };
        let mut walked_to = due;
        if let (Rule::Elapsed(period), None) = (&self.rule, &self.sieve) {
            let whole = self.whole_periods(due, *period, to);
            pass.count = pass.count.saturating_add(quotient(whole, *period));
            pass.latest = due.later(whole).unwrap_or(due);
            pass.before = whole.checked_sub(*period).and_then(|whole| due.later(whole));
            walked_to = pass.latest;
        }
        loop {
            match self.next(walked_to, now) {
                Ok(Some(next)) if next.age(to).is_some() => {
                    pass.before = Some(std::mem::replace(&mut pass.latest, next));
                    pass.count += 1;
                    walked_to = next;
                }
                next => {
                    pass.next = next;
                    return pass;
                }
            }
            if pass.count >= COUNTED {
                match self.skip_to(pass.latest, to) {
                    Ok(latest) => walked_to = latest,
                    Err(error) => {
                        pass.next = Err(error);
                        return pass;
                    }
                }
                if !matches!(self.rule, Rule::Elapsed(_)) {
                    pass.latest = walked_to;
                }
            }
        }
    }

    /// From a due that is not after `to` to the last that is not, without a look at those between. Of elapsed time it
    /// may be one that is left out.
    fn skip_to(&self, due: Due, to: Now) -> Result<Due, Error> {
        if let Rule::Elapsed(period) = self.rule {
            return Ok(due.later(self.whole_periods(due, period, to)).unwrap_or(due));
        }
        let until = self.undelayed(self.until.map_or(to.wall, |until| until.min(to.wall)));
        let latest = match &self.sieve {
            Some(sieve) => sieve.search(&self.rule).until(until)?.map(Due::Calendar),
            None => self.rule.calendar_until(until),
        };
        Ok(self.delayed(latest).unwrap_or(due))
    }

    /// How long it is from a due to the last that is neither after `to` nor after the end, in whole periods.
    fn whole_periods(&self, due: Due, period: Duration, to: Now) -> Duration {
        let end = self.until.and_then(|until| to.wall.duration_since(until).ok()).unwrap_or_default();
        let age = due.age(to.before(end)).unwrap_or_default();
        age - remainder(age, period)
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
        match &self.rule {
            Rule::Cron { cron, .. } if is_correction || cron.is_interval_like() => {}
            Rule::Days { .. } if is_correction => {}
            _ => return None,
        }
        let is_held = due.and_then(Due::calendar).map_or(false, |due| due <= to);
        self.go_back(to, is_correction, is_held);
        if is_held {
            // It had passed by the new time, too: it and those after it are still to be run or told.
            return None;
        }
        Some(self.rejudged_after(to, now))
    }

    /// The first due of a calendar schedule after what the wall clock showed once.
    pub(super) fn rejudged_after(&self, wall: SystemTime, now: Now) -> Rejudged {
        if self.sieve.as_ref().map_or(false, |sieve| sieve.asks()) {
            return Rejudged::ByAsking;
        }
        let due = self.sifted_after(self.undelayed(wall)).unwrap_or(None);
        self.in_time(self.delayed(due), now).map_or(Rejudged::ByAsking, Rejudged::Due)
    }

    /// The first due of a calendar schedule after an instant that is not left out, without the delay.
    pub(super) fn sifted_after(&self, after: SystemTime) -> Result<Option<Due>, Error> {
        match &self.sieve {
            Some(sieve) => {
                let until = self.until.map(|until| self.undelayed(until));
                Ok(sieve.search(&self.rule).after(after, until)?.map(Due::Calendar))
            }
            None => Ok(self.rule.calendar_after(after)),
        }
    }

    /// The first due of a period, without the delay: of one that has an anchor in the past, the last, or, where an earlier
    /// process was the first to go by it, the one after that process's `last`.
    pub(super) fn first_of_period(
        &self,
        starting: Option<SystemTime>,
        last: Option<SystemTime>,
        now: Now,
    ) -> Result<Option<Due>, Error> {
        let wall = self.undelayed(now.wall);
        // An earlier process counted elapsed time, and noted when that was by the wall clock: of two clocks that do not
        // show the same, `last` may lie a little before or after the due of the grid that it was. Further ahead, the wall
        // clock was set back since, and what it shows again is due again.
        let slack = match &self.rule {
            Rule::Elapsed(period) => (*period / 2).min(STEP),
            _ => Duration::ZERO,
        };
        let ahead = last.and_then(|last| last.duration_since(wall).ok()).unwrap_or_default();
        let (last, slack) = match &self.rule {
            Rule::Elapsed(_) if ahead > slack => (Some(wall), Duration::ZERO),
            _ => (last, slack),
        };
        let first = match (&self.rule, starting) {
            (_, Some(start)) if start > last.unwrap_or(wall) => Some(Due::Calendar(start)),
            (Rule::Elapsed(period), Some(start)) => {
                let until = last.map_or(Some(wall), |last| last.checked_add(slack)).unwrap_or(wall);
                let age = until.duration_since(start).unwrap_or_default();
                let latest = until.checked_sub(remainder(age, *period));
                let step = last.map_or(Duration::ZERO, |_| *period);
                latest.and_then(|latest| latest.checked_add(step)).map(Due::Calendar)
            }
            (Rule::Elapsed(_), None) => Some(Due::Elapsed(now.mono)),
            (rule, _) => match (last, starting) {
                (Some(last), _) => return self.sifted_after(last),
                (None, Some(_)) => rule.calendar_until(wall),
                (None, None) => Some(Due::Calendar(now.wall)),
            },
        };
        match (&self.sieve, first) {
            (Some(sieve), Some(Due::Calendar(raw))) if matches!(self.rule, Rule::Days { .. }) => {
                let is_past = starting.is_some() && raw <= wall;
                let last = if is_past { sieve.search(&self.rule).until(wall)? } else { None };
                match last {
                    Some(last) => Ok(Some(Due::Calendar(last))),
                    None if sieve.search(&self.rule).is_left_out(raw)? => self.sifted_after(raw),
                    None => Ok(first),
                }
            }
            (Some(sieve), first) => sifted_elapsed(sieve, &self.rule, first, now),
            (None, first) => Ok(first),
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

    /// Whether a due has come after the end: the wall clock was set forward while elapsed time was waited for.
    pub(crate) fn is_over(&self, due: Due, now: Now) -> bool {
        !due.is_until(self.until, now)
    }
}

/// The first due of elapsed time from `due` on that is not left out, by what the wall clock will show then.
fn sifted_elapsed(sieve: &Sieve, rule: &Rule, due: Option<Due>, now: Now) -> Result<Option<Due>, Error> {
    let mut search = sieve.search(rule);
    let mut next = due;
    while let (Some(due), Rule::Elapsed(period)) = (next, rule) {
        let wait = match due.wall(now) {
            Some(wall) => search.wait(wall, *period)?,
            None => return Ok(None),
        };
        if wait.is_zero() {
            break;
        }
        next = due.later(wait);
    }
    Ok(next)
}

impl Rule {
    pub(super) fn next(&mut self, due: Due, now: Now) -> Result<Option<Due>, Error> {
        match self {
            Rule::Cron { .. } | Rule::Days { .. } => Ok(self.calendar_after(due.passed_at(now))),
            Rule::Elapsed(period) => Ok(match due {
                Due::Elapsed(mono) => mono.checked_add(*period).map(Due::Elapsed),
                // The anchor was a civil time; from here on only elapsed time counts.
                Due::Calendar(_) => {
                    let age = due.age(now).unwrap_or_default();
                    let last =
                        now.mono.checked_sub(age).or_else(|| now.mono.checked_sub(remainder(age, *period)));
                    last.and_then(|last| last.checked_add(*period)).map(Due::Elapsed)
                }
            }),
            Rule::Once { .. } => Ok(None),
            Rule::AtEach { moments, last, zone } => loop {
                let moment = match pull(moments)? {
                    Some(moment) => moment,
                    None => return Ok(None),
                };
                let instant = moment.in_zone(zone)?;
                let before = last.replace(moment);
                if instant > due.passed_at(now) {
                    return Ok(Some(Due::Calendar(instant)));
                }
                let is_rising = match (before, moment) {
                    // Also if a gap has made them one instant: they are one due.
                    (Some(Moment::Civil(before)), Moment::Civil(after)) => after > before,
                    // What an earlier process has run is passed over.
                    (Some(before), _) => before.in_zone(zone)? < instant,
                    (None, _) => true,
                };
                if !is_rising {
                    return Err(went_back("at_each", moment, before.unwrap_or(moment)));
                }
            },
            Rule::AtNext(next) => ask(next, now),
        }
    }

    /// The first due after an instant, if that is a question of arithmetic.
    pub(super) fn calendar_after(&self, after: SystemTime) -> Option<Due> {
        match self {
            Rule::Cron { moved: Some(moved), .. } | Rule::Days { moved: Some(moved), .. } => {
                moved.after(after, |after| self.in_zone_after(after))
            }
            _ => self.in_zone_after(after),
        }
        .map(Due::Calendar)
    }

    /// The same, whatever changes of zone have left behind.
    pub(super) fn in_zone_after(&self, after: SystemTime) -> Option<SystemTime> {
        match self {
            Rule::Cron { cron, zone, floor, .. } => {
                fires::next(cron, zone, unix_seconds(after).max(*floor)).and_then(system_time)
            }
            Rule::Days { days, .. } => days.after(unix_nanos(after)).and_then(system_time_of_nanos),
            _ => None,
        }
    }

    /// The last due at an instant or before it, if that is a question of arithmetic.
    pub(super) fn calendar_until(&self, until: SystemTime) -> Option<Due> {
        match self {
            Rule::Cron { cron, zone, floor, .. } => {
                let last = fires::previous(cron, zone, unix_seconds(until).saturating_add(1));
                last.filter(|last| last > floor).and_then(system_time)
            }
            Rule::Days { days, .. } => days.until(unix_nanos(until)).and_then(system_time_of_nanos),
            _ => None,
        }
        .map(Due::Calendar)
    }

    /// The civil second after one for which it is due, where no change of clocks is near.
    pub(super) fn civil_after(&self, civil: i64) -> Option<i64> {
        match self {
            Rule::Cron { cron, .. } => cron.at_or_after(civil + 1),
            Rule::Days { days, .. } if days.is_whole() => days.civil_from(civil + 1),
            _ => None,
        }
    }

    /// The first civil second from one on that is meant, if what the clocks show at the end of a gap is not itself.
    pub(super) fn skipped_from(&self, start: i64, shown: DateTime) -> Option<i64> {
        match self {
            Rule::Cron { cron, .. } if !cron.matches(shown) => cron.at_or_after(start),
            Rule::Days { days, .. } if days.is_whole() => days.civil_from(start),
            _ => None,
        }
    }

    /// Whether the times of day are the same on each date that has any, but for clock changes.
    pub(super) fn has_same_times(&self) -> bool {
        match self {
            Rule::Cron { .. } => true,
            Rule::Days { days, .. } => days.is_whole(),
            _ => false,
        }
    }
}

/// The instant a run is meant for, by the clock that its schedule follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    Elapsed(Instant),
    Calendar(SystemTime),
}

impl Due {
    /// What the wall clock will show then, if nobody touches it and if it can.
    pub(crate) fn wall(self, now: Now) -> Option<SystemTime> {
        match self {
            Due::Calendar(wall) => Some(wall),
            Due::Elapsed(mono) => match mono.checked_duration_since(now.mono) {
                Some(ahead) => now.wall.checked_add(ahead),
                None => now.wall.checked_sub(now.mono.duration_since(mono)),
            },
        }
    }

    /// What the wall clock showed, as far as it goes back, when a due came that has passed.
    pub(crate) fn passed_at(self, now: Now) -> SystemTime {
        self.wall(now).unwrap_or(now.wall)
    }

    /// When the monotonic clock will show it, if nobody touches the wall clock, and if it can.
    pub(crate) fn mono(self, now: Now) -> Option<Instant> {
        match self {
            Due::Elapsed(mono) => Some(mono),
            Due::Calendar(wall) => match wall.duration_since(now.wall) {
                Ok(ahead) => now.mono.checked_add(ahead),
                Err(behind) => Some(now.before(behind.duration()).mono),
            },
        }
    }

    pub(super) fn is_until(self, until: Option<SystemTime>, now: Now) -> bool {
        until.map_or(true, |until| self.wall(now).map_or(false, |wall| wall <= until))
    }

    /// How long ago it was, or `None` if it is still to come.
    pub(crate) fn age(self, now: Now) -> Option<Duration> {
        match self {
            Due::Elapsed(mono) => now.mono.checked_duration_since(mono),
            Due::Calendar(wall) => now.wall.duration_since(wall).ok(),
        }
    }

    /// Where it is one by the wall clock.
    pub(crate) fn calendar(self) -> Option<SystemTime> {
        match self {
            Due::Calendar(wall) => Some(wall),
            Due::Elapsed(_) => None,
        }
    }

    /// Takes a delay away again.
    fn earlier(self, by: Duration) -> Due {
        match self {
            Due::Elapsed(mono) => Due::Elapsed(mono.checked_sub(by).unwrap_or(mono)),
            Due::Calendar(wall) => Due::Calendar(wall.checked_sub(by).unwrap_or(wall)),
        }
    }

    pub(super) fn later(self, by: Duration) -> Option<Due> {
        match self {
            Due::Elapsed(mono) => mono.checked_add(by).map(Due::Elapsed),
            Due::Calendar(wall) => wall.checked_add(by).map(Due::Calendar),
        }
    }
}

/// Asks an iterator for its next time.
pub(super) fn pull(moments: &mut Moments) -> Result<Option<Moment>, Error> {
    guarded(moments).map_err(|message| panicked("at_each", message))?.transpose()
}

/// Asks a closure for its next due, which must lie ahead: time moves on, or a schedule would spin.
pub(super) fn ask(next: &mut Closure, now: Now) -> Result<Option<Due>, Error> {
    match guarded(|| next(now.wall)).map_err(|message| panicked("at_next", message))? {
        Some(due) if due <= now.wall => Err(went_back("at_next", due.into(), now.wall.into())),
        due => Ok(due.map(Due::Calendar)),
    }
}

fn went_back(field: &'static str, moment: Moment, before: Moment) -> Error {
    Error::new(Kind::WentBack(format!("expected a time after {before}, or no more")))
        .in_field(field, moment.to_string())
}

pub(super) fn panicked(field: &'static str, message: Arc<str>) -> Error {
    Error::new(Kind::Panicked(message)).in_field(field, "")
}

pub(crate) fn out_of_range() -> Error {
    Error::new(Kind::Other("outside the time that this machine's clock can hold".into()))
}
