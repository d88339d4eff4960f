//! The occurrences of an expression, of a period from an anchor on, or of several of these. Arithmetic, and
//! nothing else.

use std::time::{Duration, SystemTime};

use super::any::Union;
use super::exclusions::NANOSECOND;
use super::moment::{out_of_range, Moment};
use super::timeline::Timeline;
use super::{expect_begun, instant_of, never_fires, Schedule, What};
use crate::civil::DateTime;
use crate::cron::Cron;
use crate::error::{Error, Kind};
use crate::occurrences::days::Days;
use crate::occurrences::fires;
use crate::period::Period;
use crate::sync::Arc;
use crate::tz::{system_time, system_time_of_nanos, unix_nanos, unix_seconds, Instants, Offsets, Zone};

/// What is due, and the clock that it follows.
#[derive(Clone)]
pub(super) enum Pattern {
    /// Fires after `floor`, in Unix seconds.
    Cron {
        cron: Arc<Cron>,
        clock: Timeline,
        floor: i64,
    },
    /// A period from an anchor on.
    Days(Box<Days<Timeline>>),
    Any(Box<Union>),
}

impl Schedule {
    /// Whether its occurrences are the same whenever one asks.
    pub(super) fn has_pattern(&self) -> bool {
        match self.what {
            What::Cron(_) | What::At(_) | What::Any(_) => true,
            What::Every(_) => self.starting.is_some(),
            What::After(_) | What::AfterEnd(_) | What::AtEach(_) | What::AtNext(_) => false,
        }
    }

    /// Its occurrences in a zone, if it has a pattern. An expression begins after `floor`, in Unix seconds.
    pub(super) fn pattern(&self, zone: &Zone, floor: i64) -> Result<Pattern, Error> {
        let clock = Timeline::new(zone.clone());
        let starting = instant_of("starting", self.starting, zone)?;
        match (&self.what, starting) {
            (What::Cron(cron), _) => {
                let cron = self.cron_in(cron, zone)?;
                if cron.never_fires() {
                    return Err(never_fires().in_field("cron", cron.to_string()));
                }
                let floor = starting.map_or(i64::MIN, unix_seconds).max(floor);
                Ok(Pattern::Cron { cron, clock, floor })
            }
            (What::Every(period), Some(anchor)) => {
                Pattern::days(*period, self.starting.and_then(Moment::civil), anchor, zone)
            }
            (What::At(moment), _) => {
                let at = moment.in_zone(zone).map_err(|error| error.in_field("at", moment.to_string()))?;
                // There is no second one: it is beyond the calendar, or beyond all clocks.
                let period = match moment.civil() {
                    Some(_) => Period::new(u32::MAX, Duration::ZERO),
                    None => Period::new(0, Duration::MAX),
                };
                Pattern::days(period?, moment.civil(), at, zone)
            }
            (What::Any(members), _) => Ok(Pattern::Any(Box::new(Union::new(members, zone, floor)?))),
            _ => Err(Error::new(Kind::Other("its due times depend on when it is scheduled".into()))),
        }
    }
}

impl Pattern {
    /// A period of days or months from an anchor on.
    pub(super) fn days(
        period: Period,
        civil: Option<DateTime>,
        anchor: SystemTime,
        zone: &Zone,
    ) -> Result<Pattern, Error> {
        if !period.is_elapsed() {
            expect_begun(zone, anchor)?;
        }
        let days = Days::new(period, civil, unix_nanos(anchor), Timeline::new(zone.clone()));
        Ok(Pattern::Days(Box::new(days.ok_or_else(out_of_range)?)))
    }

    /// The first occurrence after an instant.
    pub(super) fn after(&self, after: SystemTime) -> Option<SystemTime> {
        match self {
            Pattern::Cron { cron, clock, floor } => {
                fires::next(cron, clock, unix_seconds(after).max(*floor)).and_then(system_time)
            }
            Pattern::Days(days) => days.after(unix_nanos(after)).and_then(system_time_of_nanos),
            Pattern::Any(union) => union.after(after),
        }
    }

    /// The last occurrence at an instant or before it.
    pub(super) fn until(&self, until: SystemTime) -> Option<SystemTime> {
        match self {
            Pattern::Cron { cron, clock, floor } => {
                let last = fires::previous(cron, clock, unix_seconds(until).saturating_add(1));
                last.filter(|last| last > floor).and_then(system_time)
            }
            Pattern::Days(days) => days.until(unix_nanos(until)).and_then(system_time_of_nanos),
            Pattern::Any(union) => union.until(until),
        }
    }

    /// How many occurrences there are after an instant and up to another.
    pub(super) fn count(&self, after: SystemTime, until: SystemTime) -> u64 {
        match self {
            Pattern::Cron { cron, clock, floor } => {
                fires::count(cron, clock, unix_seconds(after).max(*floor), unix_seconds(until))
            }
            Pattern::Days(days) => days.count(unix_nanos(after), unix_nanos(until)),
            Pattern::Any(union) => union.count(after, until),
        }
    }

    /// The instant up to which nothing is due, if it has a beginning.
    pub(super) fn begins_after(&self) -> Option<SystemTime> {
        match self {
            Pattern::Cron { floor, .. } => system_time(*floor),
            Pattern::Days(days) => {
                let anchor = days.after(i128::MIN).and_then(system_time_of_nanos);
                anchor.and_then(|anchor| anchor.checked_sub(NANOSECOND))
            }
            Pattern::Any(_) => None,
        }
    }

    /// The first civil second from `start` on that it is meant for, if `shown`, at the end of a gap, is not one itself.
    pub(super) fn skipped_from(&self, start: i64, shown: DateTime) -> Option<i64> {
        match self {
            Pattern::Cron { cron, .. } if !cron.matches(shown) => cron.at_or_after(start),
            Pattern::Days(days) if days.is_whole() => days.civil_from(start),
            Pattern::Any(union) => {
                union.patterns().filter_map(|pattern| pattern.skipped_from(start, shown)).min()
            }
            _ => None,
        }
    }

    /// Whether it is due again for civil times that the clock shows again; of several, whether one is.
    pub(super) fn is_interval_like(&self) -> bool {
        match self {
            Pattern::Cron { cron, .. } => cron.is_interval_like(),
            Pattern::Days(_) => false,
            Pattern::Any(union) => union.patterns().any(Pattern::is_interval_like),
        }
    }

    /// The clock that it follows.
    pub(super) fn clock(&self) -> &Timeline {
        match self {
            Pattern::Cron { clock, .. } => clock,
            Pattern::Days(days) => days.zone(),
            Pattern::Any(union) => &union.clock,
        }
    }

    /// The same by another clock.
    pub(super) fn with_clock(&self, clock: Timeline) -> Pattern {
        match self {
            Pattern::Cron { cron, floor, .. } => Pattern::Cron { cron: cron.clone(), clock, floor: *floor },
            Pattern::Days(days) => {
                let alone = clock.changed_at().map(|_| Timeline::new(clock.zone().clone()));
                Pattern::Days(Box::new(days.in_zone(clock, alone)))
            }
            Pattern::Any(union) => Pattern::Any(Box::new(union.with_clock(clock))),
        }
    }

    /// Reads in the zone of now when it begins, if that is a civil time; and when several begin and end.
    pub(super) fn rezone(&mut self, starting: Option<DateTime>) {
        match (self, starting) {
            (Pattern::Cron { floor, clock, .. }, Some(starting)) => {
                *floor = match clock.resolve(starting.seconds()) {
                    // What the change has skipped is due after it, so the bound comes before.
                    Instants::Gap { .. } => clock.zone().resolve(starting.seconds()).due(),
                    shown => shown.due(),
                };
            }
            (Pattern::Any(union), _) => union.rezone(),
            _ => {}
        }
    }

    /// Of several, those that are not interval-like are due only after an instant, or from their beginning again.
    pub(super) fn hold(&mut self, judged: Option<SystemTime>) {
        if let Pattern::Any(union) = self {
            union.hold(judged);
        }
    }

    /// The same by the clock of its zone alone, as if there had been no change.
    pub(super) fn in_zone_alone(&self) -> Pattern {
        self.with_clock(Timeline::new(self.clock().zone().clone()))
    }
}
