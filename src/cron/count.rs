//! How many times there are in a range. The times of a day are counted by the field, as each hour has the same minutes and
//! each minute the same seconds; the days month by month, at most through the 400 years after which the calendar repeats.

use core::ops::RangeBounds;

use super::search::has;
use super::times::seconds;
use super::{Cron, COUNTS_WEEKS};
use crate::civil::{self, Date, DateTime, DAY, DAYS_PER_ERA as CYCLE};

/// The first day and the last of the years that an expression can name, 1970 to 2199.
pub(crate) const NAMED_YEARS: (i64, i64) = (0, civil::days_from_civil(2200, 1, 1) - 1);

impl Cron {
    /// How many civil times of the set there are in a range: as many as [`between`](Cron::between) gives, counted without
    /// a walk over them.
    ///
    /// ```
    /// use sexton::civil::DateTime;
    ///
    /// let start: DateTime = "2026-01-01 00:00".parse()?;
    /// let end: DateTime = "2027-01-01 00:00".parse()?;
    /// assert_eq!(sexton::cron!("0 9 * * mon-fri").count(start..end), 261);
    /// assert_eq!(sexton::cron!("* * * * * *").count(start..end), 365 * 86_400);
    /// # Ok::<(), sexton::civil::ParseError>(())
    /// ```
    pub fn count(&self, range: impl RangeBounds<DateTime>) -> u64 {
        let (from, until) = seconds(&range);
        if from > until {
            return 0;
        }
        let (first, last) = (from.div_euclid(DAY), until.div_euclid(DAY));
        let second_of_day = |seconds: i64| seconds.rem_euclid(DAY) as u32;
        // All times of all days of the range, less those before it on its first day and those after it on its last.
        let per_day = self.times_before(DAY as u32);
        let before = self.times_before(second_of_day(from));
        let after = per_day - self.times_before(second_of_day(until) + 1);
        self.days_in(first, last) * per_day
            - self.days_in(first, first) * before
            - self.days_in(last, last) * after
    }

    /// How many times of a day come before this second of it.
    fn times_before(&self, second_of_day: u32) -> u64 {
        let (minute_of_day, second) = (second_of_day / 60, second_of_day % 60);
        let (hour, minute) = (minute_of_day / 60, minute_of_day % 60);
        let hours = u64::from(self.hours);
        let a_minute = members(self.seconds);
        let an_hour = members(self.minutes) * a_minute;

        let mut times = members(below(hours, hour)) * an_hour;
        if has(hours, hour) {
            times += members(below(self.minutes, minute)) * a_minute;
            if has(self.minutes, minute) {
                times += members(below(self.seconds, second));
            }
        }
        times
    }

    /// How many days match, from the first one to the last.
    fn days_in(&self, first: i64, last: i64) -> u64 {
        let count = |first, last| self.months_in(first, last).map(|(_, days)| members(days)).sum::<u64>();
        if !self.years.is_any() {
            return count(first.max(NAMED_YEARS.0), last.min(NAMED_YEARS.1));
        }
        match (last + 1 - first) / CYCLE {
            // Weeks that count begin anew after another time.
            _ if self.has(COUNTS_WEEKS) => count(first, last),
            0 => count(first, last),
            cycles => cycles as u64 * count(first, first + CYCLE - 1) + count(first + cycles * CYCLE, last),
        }
    }

    /// The months from the first day to the last, both in days since 1970-01-01: the day each begins on, and its days
    /// that match in that stretch, bit 0 for its first.
    pub(crate) fn months_in(&self, first: i64, last: i64) -> impl Iterator<Item = (i64, u64)> + '_ {
        let mut next = first;
        core::iter::from_fn(move || {
            let date = Date::from_days(next).filter(|_| next <= last)?;
            let (year, month) = (i64::from(date.year()), u32::from(date.month()) - 1);
            let first_day = next + 1 - i64::from(date.day());
            next = first_day + i64::from(civil::days_in_month(date.year(), date.month()));
            if !self.years.has(year) || !has(self.months.into(), month) {
                return Some((first_day, 0));
            }
            let from_first = u64::MAX << (first - first_day).max(0);
            let to_last = u64::MAX >> (first_day + 63 - last).max(0);
            Some((first_day, self.days_of(year, month, first_day) & from_first & to_last))
        })
    }
}

/// The members below this value.
const fn below(set: u64, value: u32) -> u64 {
    set & !(u64::MAX << value)
}

/// How many there are.
fn members(set: u64) -> u64 {
    set.count_ones().into()
}
