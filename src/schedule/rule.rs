//! What a schedule goes by in a zone, without what is left out and without a delay.

use std::time::{Duration, SystemTime};

use super::calendar::Calendar;
use super::due::Due;
use super::moment::Moment;
use crate::civil::DateTime;
use crate::clock::Now;
use crate::error::{Error, Kind};
use crate::guard::guarded;
use crate::occurrences::days::remainder;
use crate::sync::Arc;
use crate::tz::Zone;

pub(super) type Moments = Box<dyn FnMut() -> Option<Result<Moment, Error>> + Send>;
pub(super) type Closure = Box<dyn FnMut(SystemTime) -> Option<SystemTime> + Send>;

pub(super) enum Rule {
    Calendar(Calendar),
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

impl Rule {
    pub(super) fn next(&mut self, due: Due, now: Now) -> Result<Option<Due>, Error> {
        match self {
            Rule::Calendar(calendar) => Ok(calendar.after(due.passed_at(now)).map(Due::Calendar)),
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

    pub(super) fn calendar(&self) -> Option<&Calendar> {
        match self {
            Rule::Calendar(calendar) => Some(calendar),
            _ => None,
        }
    }

    pub(super) fn calendar_mut(&mut self) -> Option<&mut Calendar> {
        match self {
            Rule::Calendar(calendar) => Some(calendar),
            _ => None,
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
