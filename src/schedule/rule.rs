//! When a schedule is due next in a zone, without a delay.

use std::time::{Duration, SystemTime};

use super::bounds::Bounds;
use super::calendar::Calendar;
use super::due::Due;
use super::except::{panicked, Except};
use super::exclusions::{Exclusions, NANOSECOND};
use super::moment::Moment;
use super::recurrence::Grid;
use super::timeline::Timeline;
use super::words::Words;
use crate::clock::Now;
use crate::error::Error;
use crate::guard::guarded;
use crate::occurrences::days::remainder;
use crate::tz::Zone;

pub(super) type Moments = Box<dyn FnMut() -> Option<Result<Moment, Error>> + Send>;
pub(super) type Closure = Box<dyn FnMut(SystemTime) -> Option<SystemTime> + Send>;

/// When a schedule is due next.
pub(super) enum Rule {
    Calendar(Calendar),
    /// Dates and closures leave out what falls on what the clock shows.
    Elapsed {
        period: Duration,
        clock: Timeline,
        /// If some are left out, the next of all: which are depends on how the clock is set until then. Boxed, as few tasks have it.
        grid: Option<Box<Due>>,
    },
    /// So long after the end of the last run. If an occurrence gets no run, so long after that was found out.
    AfterEnd {
        period: Duration,
    },
    /// At the moment, or after the delay, that these words say. None if it is over.
    Once(Option<Words>),
    /// `last` is what the iterator gave last.
    AtEach {
        moments: Moments,
        last: Option<Moment>,
        zone: Zone,
    },
    AtNext(Closure),
}

impl Rule {
    /// The due time after one that has come, both without the delay.
    pub(super) fn next(&mut self, due: Due, now: Now, bounds: &Bounds) -> Result<Option<Due>, Error> {
        match self {
            Rule::Calendar(calendar) => Ok(calendar.after(due.passed_at(now), bounds)?.map(Due::Calendar)),
            Rule::Elapsed { period, grid, .. } => {
                let last = match due {
                    Due::Elapsed(mono) => Some(mono),
                    // The anchor was a civil time; from here on only elapsed time counts.
                    Due::Calendar(_) => {
                        let age = due.age(now).unwrap_or_default();
                        now.mono.checked_sub(age).or_else(|| now.mono.checked_sub(remainder(age, *period)))
                    }
                };
                let next = last.and_then(|last| last.checked_add(*period)).map(Due::Elapsed);
                if !bounds.except.is_empty() {
                    *grid = next.map(Box::new);
                }
                self.elapsed_from(next, now, &bounds.except)
            }
            Rule::AfterEnd { period } => Ok(now.mono.checked_add(*period).map(Due::Elapsed)),
            Rule::Once(_) => Ok(None),
            Rule::AtEach { moments, last, zone } => {
                while let Some(moment) = pull(moments)? {
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
                }
                Ok(None)
            }
            Rule::AtNext(next) => ask(next, now),
        }
    }

    /// The first due time of elapsed time from `due` on that is not left out, by what the wall clock will show then.
    pub(super) fn elapsed_from(
        &self,
        due: Option<Due>,
        now: Now,
        except: &Except,
    ) -> Result<Option<Due>, Error> {
        match (self, due) {
            (Rule::Elapsed { period, clock, .. }, Some(due)) if !except.is_empty() => {
                let wall = match due.wall(now) {
                    Some(wall) => wall,
                    None => return Ok(None),
                };
                let grid = Grid { from: wall, period: *period };
                let before = wall.checked_sub(NANOSECOND).unwrap_or(wall);
                let found = Exclusions { pattern: &grid, clock, except }.after(before, None)?;
                Ok(found.and_then(|found| due.later(found.duration_since(wall).ok()?)))
            }
            _ => Ok(due),
        }
    }

    /// The first due time of elapsed time after a point in time that is not left out, by what the wall clock will show then.
    pub(super) fn elapsed_after(&self, since: Now, now: Now, except: &Except) -> Result<Option<Due>, Error> {
        let next = match self {
            Rule::Elapsed { period, grid: Some(grid), .. } => match grid.age(since) {
                Some(age) => grid.later(age.saturating_add(*period - remainder(age, *period))),
                None => Some(**grid),
            },
            _ => None,
        };
        self.elapsed_from(next, now, except)
    }

    /// Whether what the clock shows at an instant is left out.
    pub(super) fn leaves_out(&self, instant: SystemTime, except: &Except) -> Result<bool, Error> {
        let clock = match self {
            Rule::Calendar(calendar) => calendar.pattern_at(instant).clock(),
            Rule::Elapsed { clock, .. } => clock,
            _ => return Ok(false),
        };
        except.leaves_out(instant, clock)
    }
}

/// The next time of an iterator.
pub(super) fn pull(moments: &mut Moments) -> Result<Option<Moment>, Error> {
    guarded(moments).map_err(|message| panicked("at_each", message))?.transpose()
}

/// The next due time of a closure, which must lie ahead: time moves on, or a schedule would spin.
pub(super) fn ask(next: &mut Closure, now: Now) -> Result<Option<Due>, Error> {
    match guarded(|| next(now.wall)).map_err(|message| panicked("at_next", message))? {
        Some(due) if due <= now.wall => Err(went_back("at_next", due.into(), now.wall.into())),
        due => Ok(due.map(Due::Calendar)),
    }
}

fn went_back(field: &'static str, moment: Moment, before: Moment) -> Error {
    Error::other(format!("expected a time after {before}, or no more")).in_field(field, moment.to_string())
}
