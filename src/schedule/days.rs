//! Periods of whole calendar days, and the arithmetic of periods. Pure: no threads, no clock.

use std::convert::TryFrom;
use std::time::{Duration, SystemTime};

use super::Moment;
use crate::civil::{DateTime, DAY};
use crate::period::Period;
use crate::tz::{system_time, unix_seconds, Zone};

/// The civil time of an anchor every so many days, and so much elapsed time a step on top.
pub(super) struct Days {
    /// The anchor's civil time in civil seconds, and what it has below the second.
    anchor: i64,
    subsecond: Duration,
    period: Period,
    zone: Zone,
}

impl Days {
    pub(super) fn new(
        period: Period,
        starting: Option<Moment>,
        anchor: SystemTime,
        zone: Zone,
    ) -> Option<Days> {
        let civil = match starting {
            // A civil anchor in a gap is itself on the grid, though nobody's clock ever shows it.
            Some(Moment::Civil(civil)) => civil,
            _ => zone.civil(anchor)?,
        };
        let subsecond = anchor.duration_since(system_time(unix_seconds(anchor))?).unwrap_or_default();
        Some(Days { anchor: civil.seconds(), subsecond, period, zone })
    }

    /// The due after so many steps.
    fn due(&self, steps: u64) -> Option<SystemTime> {
        let days = i64::try_from(steps).ok()?.checked_mul(i64::from(self.period.days()))?;
        let civil = DateTime::from_seconds(days.checked_mul(DAY)?.checked_add(self.anchor)?)?;
        let on_top = multiple(self.period.elapsed(), steps)?.checked_add(self.subsecond)?;
        system_time(self.zone.resolve(civil.seconds()).due())?.checked_add(on_top)
    }

    /// A number of steps that is not past `instant`, and only a few short of it.
    fn steps_before(&self, instant: SystemTime) -> u64 {
        let anchor = self.due(0);
        let age = anchor.and_then(|anchor| instant.duration_since(anchor).ok()).unwrap_or_default();
        let step = Duration::from_secs(u64::from(self.period.days()) * DAY as u64);
        // Offsets shift a due by up to two days against the anchor: at most three steps.
        step.checked_add(self.period.elapsed()).map_or(0, |step| quotient(age, step).saturating_sub(3))
    }

    pub(super) fn after(&self, instant: SystemTime) -> Option<SystemTime> {
        let mut steps = self.steps_before(instant);
        loop {
            match self.due(steps)? {
                due if due > instant => return Some(due),
                _ => steps += 1,
            }
        }
    }

    pub(super) fn until(&self, instant: SystemTime) -> Option<SystemTime> {
        let mut latest = None;
        for steps in self.steps_before(instant).. {
            match self.due(steps) {
                Some(due) if due <= instant => latest = Some(due),
                _ => break,
            }
        }
        latest
    }
}

/// Whole divisors in a duration.
pub(super) fn quotient(duration: Duration, divisor: Duration) -> u64 {
    u64::try_from(duration.as_nanos() / divisor.as_nanos()).unwrap_or(u64::MAX)
}

/// What is left of a duration after taking away whole divisors.
pub(super) fn remainder(duration: Duration, divisor: Duration) -> Duration {
    from_nanos(duration.as_nanos() % divisor.as_nanos()).expect("a remainder is less than the divisor")
}

fn multiple(duration: Duration, factor: u64) -> Option<Duration> {
    duration.as_nanos().checked_mul(u128::from(factor)).and_then(from_nanos)
}

fn from_nanos(nanos: u128) -> Option<Duration> {
    let seconds = u64::try_from(nanos / 1_000_000_000).ok()?;
    Some(Duration::new(seconds, (nanos % 1_000_000_000) as u32))
}
