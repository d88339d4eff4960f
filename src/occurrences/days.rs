//! Periods of calendar days or months, and the arithmetic of periods. Instants are nanoseconds since 1970, which hold those
//! of every clock.

use core::time::Duration;

use crate::civil::{days_in_month, Date, DateTime, DAY};
use crate::period::Period;
use crate::tz::{Offsets, PosixZone};

const SECOND: i128 = 1_000_000_000;

/// The length of a month in seconds, on average.
const MONTH: i64 = 146_097 * DAY / 4_800;

/// The civil time of an anchor every few days or months, and some elapsed time a step on top.
#[derive(Clone)]
pub(crate) struct Days<Z> {
    /// The anchor's civil time in civil seconds, and the nanoseconds that it has below the second.
    anchor: i64,
    subsecond: u32,
    pub(crate) period: Period,
    pub(crate) zone: Z,
    /// The zone by which elapsed time on top is counted, if that is another one. A time that it gives is due when the clocks
    /// of `zone` show that civil time.
    alone: Option<Z>,
}

impl<Z: Offsets> Days<Z> {
    /// A period without days or months is elapsed time from the anchor on, whatever the zone.
    ///
    /// `civil` is the anchor's civil time where that is what was given. One in a gap is itself on the grid, though
    /// nobody's clock ever shows it.
    pub(crate) fn new(period: Period, civil: Option<DateTime>, anchor: i128, zone: Z) -> Option<Days<Z>> {
        let unix = i64::try_from(anchor.div_euclid(SECOND)).ok()?;
        let civil = match civil {
            // Elapsed time alone counts from an instant.
            _ if period.is_elapsed() => DateTime::from_seconds(unix)?,
            Some(civil) => civil,
            None => DateTime::from_seconds(unix.checked_add(i64::from(zone.span(unix).offset))?)?,
        };
        Some(Days {
            anchor: civil.seconds(),
            subsecond: anchor.rem_euclid(SECOND) as u32,
            period,
            zone,
            alone: None,
        })
    }

    /// The same from the same civil time on in another zone. `alone` is what that was without a change of it.
    #[cfg_attr(not(feature = "std"), allow(dead_code))]
    pub(crate) fn in_zone(&self, zone: Z, alone: Option<Z>) -> Days<Z> {
        let alone = alone.filter(|_| !self.is_whole() && !self.period.is_elapsed());
        Days { anchor: self.anchor, subsecond: self.subsecond, period: self.period, zone, alone }
    }

    /// Whether there is no elapsed time on top, so that all are at the same time of day.
    pub(crate) fn is_whole(&self) -> bool {
        self.period.elapsed().is_zero()
    }

    /// The first of its civil times from a civil second on, without the elapsed time on top.
    pub(crate) fn civil_from(&self, from: i64) -> Option<i64> {
        let ahead = from.saturating_sub(self.anchor).max(0) / self.civil_step().max(1);
        let steps = u64::try_from(ahead).ok()?.saturating_sub(1);
        (steps..).map_while(|steps| self.civil(steps)).find(|civil| *civil >= from)
    }

    /// How far its civil times are apart, in seconds: on average if these are months.
    fn civil_step(&self) -> i64 {
        i64::from(self.period.days()) * DAY + i64::from(self.period.months()) * MONTH
    }

    /// The civil time after a number of steps, without the elapsed time on top. In a month that is too short it is on the last
    /// day.
    fn civil(&self, steps: u64) -> Option<i64> {
        let steps = i64::try_from(steps).ok()?;
        let days = steps.checked_mul(i64::from(self.period.days()))?.checked_mul(DAY)?;
        let civil = DateTime::from_seconds(days.checked_add(self.anchor)?)?;
        if self.period.months() == 0 {
            return Some(civil.seconds());
        }
        let anchor = civil.date();
        let months = i64::from(anchor.year()) * 12 + i64::from(anchor.month()) - 1;
        let months = months.checked_add(steps.checked_mul(i64::from(self.period.months()))?)?;
        let (year, month) = (i16::try_from(months / 12).ok()?, (months % 12) as u8 + 1);
        let date = Date::new(year, month, anchor.day().min(days_in_month(year, month)))?;
        Some(date.at(civil.time()).seconds())
    }

    /// The occurrence after a number of steps.
    fn due(&self, steps: u64) -> Option<i128> {
        let civil = self.civil(steps)?;
        let on_top = i128::from(steps).checked_mul(nanos(self.period.elapsed()))?;
        let zone = self.alone.as_ref().unwrap_or(&self.zone);
        let unix = if self.period.is_elapsed() { civil } else { zone.resolve(civil).due() };
        let whole = i128::from(unix) * SECOND;
        let due = whole.checked_add(i128::from(self.subsecond))?.checked_add(on_top)?;
        Some(match &self.alone {
            Some(alone) => {
                let unix = seconds(due);
                let civil = unix.saturating_add(i64::from(alone.span(unix).offset));
                i128::from(self.zone.resolve(civil).due()) * SECOND + due.rem_euclid(SECOND)
            }
            None => due,
        })
    }

    /// A number of steps that is not past `instant`, and only a few short of it.
    fn steps_before(&self, instant: i128) -> u64 {
        let age = self.due(0).map_or(0, |anchor| instant.saturating_sub(anchor).max(0));
        let step = i128::from(self.civil_step()) * SECOND + nanos(self.period.elapsed());
        // Offsets shift a due by up to two days against the anchor: at most three steps. Months differ by less.
        u64::try_from(age / step).unwrap_or(u64::MAX).saturating_sub(3)
    }

    pub(crate) fn after(&self, instant: i128) -> Option<i128> {
        let steps = self.steps_before(instant);
        (steps..).map_while(|steps| self.due(steps)).find(|due| *due > instant)
    }

    /// How many are after an instant and at most at another.
    pub(crate) fn count(&self, after: i128, until: i128) -> u64 {
        let mut count = self.steps_until(until).saturating_sub(self.steps_until(after));
        // Two are one if clocks skip all the time between them. Only a day that is skipped is as long.
        let mut span = self.zone.span(seconds(after));
        while count > 0 && self.is_whole() && span.hi <= seconds(until) {
            let next = self.zone.span(span.hi);
            if i64::from(next.offset) - i64::from(span.offset) >= DAY {
                let end = i128::from(span.hi) * SECOND + i128::from(self.subsecond);
                if after < end && end <= until {
                    count -= (self.steps_until(end) - self.steps_until(end - 1)).saturating_sub(1);
                }
            }
            span = next;
        }
        count
    }

    /// How many there are up to an instant.
    fn steps_until(&self, instant: i128) -> u64 {
        let mut steps = self.steps_before(instant);
        while self.due(steps).map_or(false, |due| due <= instant) {
            steps += 1;
        }
        steps
    }

    pub(crate) fn until(&self, instant: i128) -> Option<i128> {
        self.due(self.steps_until(instant).checked_sub(1)?)
    }
}

/// Due times in a rule's zone. Instants are the time since 1970-01-01T00:00:00Z.
impl Period {
    /// The first due time after an instant: due times are the anchor and, from there on, a whole number of periods later. Days are
    /// those of the zone: the same civil time of day each day, across clock changes.
    ///
    /// ```
    /// use core::time::Duration;
    /// use sexton::{tz::PosixZone, Period};
    ///
    /// let paris = PosixZone::parse("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
    /// let due = |text: &str| Duration::from_secs(paris.instants(text.parse().unwrap()).due() as u64);
    /// let anchor = due("2026-03-28 09:00");
    ///
    /// let daily: Period = "1d".parse()?;
    /// assert_eq!(daily.next_in(&paris, anchor, anchor), Some(due("2026-03-29 09:00"))); // 23 hours later
    /// let elapsed: Period = "24h".parse()?;
    /// assert_eq!(elapsed.next_in(&paris, anchor, anchor), Some(due("2026-03-29 10:00")));
    /// # Ok::<(), sexton::PeriodError>(())
    /// ```
    ///
    /// `None` where that is beyond the year 9999, or more than a [`Duration`] holds.
    pub fn next_in(self, zone: &PosixZone, anchor: Duration, after: Duration) -> Option<Duration> {
        match after.checked_sub(anchor) {
            None => Some(anchor),
            Some(age) if self.is_elapsed() => {
                after.checked_add(self.elapsed() - remainder(age, self.elapsed()))
            }
            Some(_) => {
                let days = Days::new(self, None, nanos(anchor), *zone)?;
                days.after(nanos(after)).and_then(duration)
            }
        }
    }

    /// The last due before an instant; `None` where that is the anchor or an earlier one.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use sexton::{tz::PosixZone, Period};
    /// let period: Period = "0.25s".parse()?;
    /// let (anchor, now) = (Duration::from_secs(1_000), Duration::from_millis(1_000_600));
    /// assert_eq!(period.previous_in(&PosixZone::UTC, anchor, now), Some(Duration::from_millis(1_000_500)));
    /// assert_eq!(period.previous_in(&PosixZone::UTC, anchor, anchor), None);
    /// # Ok::<(), sexton::PeriodError>(())
    /// ```
    pub fn previous_in(self, zone: &PosixZone, anchor: Duration, before: Duration) -> Option<Duration> {
        let age = before.checked_sub(anchor).filter(|age| !age.is_zero())?;
        if self.is_elapsed() {
            let since = remainder(age, self.elapsed());
            return before.checked_sub(if since.is_zero() { self.elapsed() } else { since });
        }
        let days = Days::new(self, None, nanos(anchor), *zone)?;
        // A civil time in a fold stands for its first instant, and the anchor may be the second.
        days.until(nanos(before) - 1).and_then(duration).map(|due| due.max(anchor))
    }
}

/// What is left of a duration after taking away whole divisors.
pub(crate) fn remainder(age: Duration, divisor: Duration) -> Duration {
    duration(nanos(age) % nanos(divisor)).expect("a remainder is less than the divisor")
}

fn seconds(nanos: i128) -> i64 {
    // A clock reaches no further.
    i64::try_from(nanos.div_euclid(SECOND)).unwrap_or(if nanos < 0 { i64::MIN } else { i64::MAX })
}

fn nanos(duration: Duration) -> i128 {
    // 94 bits at most.
    duration.as_nanos() as i128
}

/// The duration of nanoseconds, unless they are negative or too many.
fn duration(nanos: i128) -> Option<Duration> {
    let seconds = u64::try_from(nanos.div_euclid(SECOND)).ok()?;
    Some(Duration::new(seconds, nanos.rem_euclid(SECOND) as u32))
}
