//! A schedule in a zone, begun: one due after the other.
//!
//! Pure but for the iterators and closures that it was given: no threads, no clock.

use std::time::{Duration, SystemTime};

use super::rezone::{CivilBounds, Moved};
use super::{Closure, Moment, Moments};
use crate::civil::DateTime;
use crate::clock::Now;
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
    /// Kept for a change of zone; most schedules have none.
    pub(super) civil_bounds: Option<Box<CivilBounds>>,
    /// What the last change of zone has left behind.
    pub(super) moved: Option<Box<Moved>>,
}

pub(super) enum Rule {
    /// Fires after `floor`, in Unix seconds.
    Cron {
        cron: Cron,
        zone: Zone,
        floor: i64,
    },
    Days(Days<Zone>),
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

/// The most dues of a calendar schedule that are counted one by one: about a second's work at the very most.
const COUNTED: u64 = 10_000_000;

impl Timetable {
    /// The due after `due`, which has come.
    pub(crate) fn next(&mut self, due: Due, now: Now) -> Result<Option<Due>, Error> {
        let next = match &mut self.rule {
            Rule::Cron { .. } | Rule::Days(_) => self.calendar_after(due.passed_at(now)),
            rule => rule.next(due, now)?,
        };
        Ok(self.in_time(next, now))
    }

    /// The first due after an instant, if that is a question of arithmetic.
    pub(super) fn calendar_after(&self, after: SystemTime) -> Option<Due> {
        match &self.moved {
            Some(moved) => moved.after(after, &self.rule),
            None => self.rule.calendar_after(after),
        }
    }

    /// Walks from `due`, which is not after `to`, over all dues up to and including `to`.
    pub(crate) fn pass(&mut self, due: Due, to: Now, now: Now) -> Pass {
        let mut pass = Pass { latest: due, before: None, count: 1, next: Ok(None) };
        if let Rule::Elapsed(period) = self.rule {
            let end = self.until.and_then(|until| to.wall.duration_since(until).ok()).unwrap_or_default();
            let age = due.age(to.before(end)).unwrap_or_default();
            let whole = age - remainder(age, period);
            pass.count = pass.count.saturating_add(quotient(whole, period));
            pass.latest = due.later(whole).unwrap_or(due);
            pass.before = whole.checked_sub(period).and_then(|whole| due.later(whole));
        }
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
            if pass.count >= COUNTED {
                let latest = self.rule.calendar_until(self.until.map_or(to.wall, |until| until.min(to.wall)));
                pass.latest = latest.unwrap_or(pass.latest);
            }
        }
    }

    /// The due to wait for instead of `due` after the wall clock was set back: by so little that what has run is not
    /// to run again, or as a correction. `None` leaves it as it is.
    pub(crate) fn rejudged(&mut self, now: Now, is_correction: bool) -> Option<Due> {
        if is_correction {
            self.moved = None;
        }
        match &self.rule {
            Rule::Cron { cron, .. } if is_correction || cron.is_interval_like() => {}
            Rule::Days(_) if is_correction => {}
            _ => return None,
        }
        self.in_time(self.calendar_after(now.wall), now)
    }

    pub(super) fn in_time(&self, due: Option<Due>, now: Now) -> Option<Due> {
        due.filter(|due| due.is_until(self.until, now))
    }

    /// Whether a due has come after the end: the wall clock was set forward while elapsed time was waited for.
    pub(crate) fn is_over(&self, due: Due, now: Now) -> bool {
        !due.is_until(self.until, now)
    }
}

impl Rule {
    fn next(&mut self, due: Due, now: Now) -> Result<Option<Due>, Error> {
        match self {
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
            Rule::Cron { .. } | Rule::Days(_) | Rule::Once { .. } => Ok(None),
            Rule::AtEach { moments, last, zone } => loop {
                let moment = match pull(moments)? {
                    Some(moment) => moment,
                    None => return Ok(None),
                };
                let instant = moment.instant(zone).ok_or_else(out_of_range)?;
                let before = last.replace(moment);
                if instant > due.passed_at(now) {
                    return Ok(Some(Due::Calendar(instant)));
                }
                match (before, moment) {
                    // Rising civil times that a gap has made one instant are one due.
                    (Some(Moment::Civil(before)), Moment::Civil(after)) if after > before => {}
                    _ => return Err(went_back("at_each", moment, before.unwrap_or(moment))),
                }
            },
            Rule::AtNext(next) => ask(next, now),
        }
    }

    /// The first due after an instant, if that is a question of arithmetic.
    pub(super) fn calendar_after(&self, after: SystemTime) -> Option<Due> {
        match self {
            Rule::Cron { cron, zone, floor } => {
                fires::next(cron, zone, unix_seconds(after).max(*floor)).and_then(system_time)
            }
            Rule::Days(days) => days.after(unix_nanos(after)).and_then(system_time_of_nanos),
            _ => None,
        }
        .map(Due::Calendar)
    }

    /// The last due at an instant or before it, if that is a question of arithmetic.
    pub(super) fn calendar_until(&self, until: SystemTime) -> Option<Due> {
        match self {
            Rule::Cron { cron, zone, .. } => {
                fires::previous(cron, zone, unix_seconds(until).saturating_add(1)).and_then(system_time)
            }
            Rule::Days(days) => days.until(unix_nanos(until)).and_then(system_time_of_nanos),
            _ => None,
        }
        .map(Due::Calendar)
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

    pub(super) fn calendar(self) -> Option<SystemTime> {
        match self {
            Due::Calendar(wall) => Some(wall),
            Due::Elapsed(_) => None,
        }
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

    fn later(self, by: Duration) -> Option<Due> {
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

fn panicked(field: &'static str, message: Arc<str>) -> Error {
    Error::new(Kind::Panicked(message)).in_field(field, "")
}

pub(super) fn out_of_range() -> Error {
    Error::new(Kind::Other("outside the time that this machine's clock can hold".into()))
}
