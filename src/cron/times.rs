//! The civil times of a range, one by one and from either end.

use core::fmt;
use core::iter::{FusedIterator, Rev};
use core::ops::{Bound, RangeBounds};

use super::Cron;
use crate::civil::{DateTime, MAX_SECONDS, MIN_SECONDS};

impl Cron {
    /// The civil times of the set after this one, one by one.
    pub fn upcoming(&self, after: DateTime) -> Times {
        self.between((Bound::Excluded(after), Bound::Unbounded))
    }

    /// The civil times of the set before this one, one by one, the last of them first.
    ///
    /// ```
    /// let backup = sexton::cron!("30 2 * * mon");
    /// let mut fires = backup.preceding("2026-11-22 12:00".parse()?);
    /// assert_eq!(fires.next(), Some("2026-11-16 02:30".parse()?));
    /// assert_eq!(fires.next(), Some("2026-11-09 02:30".parse()?));
    /// # Ok::<(), sexton::civil::ParseError>(())
    /// ```
    pub fn preceding(&self, before: DateTime) -> Rev<Times> {
        self.between(..before).rev()
    }

    /// The civil times of the set in a range of any kind, from either end. A range that ends before it starts has none.
    ///
    /// ```
    /// use sexton::civil::DateTime;
    ///
    /// let report = sexton::cron!("0 9 * * mon-fri");
    /// let (start, end): (DateTime, DateTime) = ("2026-11-20 09:00".parse()?, "2026-11-24 09:00".parse()?);
    /// assert_eq!(report.between(start..=end).count(), 3);
    /// assert_eq!(report.between(start..end).next_back(), Some("2026-11-23 09:00".parse()?));
    /// # Ok::<(), sexton::civil::ParseError>(())
    /// ```
    pub fn between(&self, range: impl RangeBounds<DateTime>) -> Times {
        let (from, until) = seconds(&range);
        self.within(from, until)
    }

    /// The civil times of the set from one second since 1970-01-01T00:00:00 to another.
    pub(crate) fn within(&self, from: i64, until: i64) -> Times {
        Times { cron: *self, from, until, minute: 0, minutes: 0, seconds: 0 }
    }
}

/// The first second of a range and its last, the latter before the former if it is empty.
pub(super) fn seconds(range: &impl RangeBounds<DateTime>) -> (i64, i64) {
    let from = match range.start_bound() {
        Bound::Included(start) => start.seconds(),
        Bound::Excluded(start) => start.seconds() + 1,
        Bound::Unbounded => MIN_SECONDS,
    };
    let until = match range.end_bound() {
        Bound::Included(end) => end.seconds(),
        Bound::Excluded(end) => end.seconds() - 1,
        Bound::Unbounded => MAX_SECONDS,
    };
    (from, until)
}

/// The civil times of a [`Cron`] in a range, in order or from the end back: from [`Cron::upcoming`],
/// [`Cron::preceding`] and [`Cron::between`]. The two ends never cross.
#[derive(Clone)]
pub struct Times {
    cron: Cron,
    /// The earliest and the latest that may still be given, in seconds since 1970-01-01T00:00:00; at the end the latter
    /// is before the former. Both are at most a second outside the calendar.
    from: i64,
    until: i64,
    /// The beginning of the minute that was given last from the front.
    minute: i64,
    /// What is left of its hour: the minutes after it, bit 0 for the next one, and the seconds of its own. Most times are
    /// found here, without a search.
    minutes: u64,
    seconds: u64,
}

impl Times {
    pub(crate) fn cron(&self) -> &Cron {
        &self.cron
    }

    /// The next civil time, in seconds since 1970-01-01T00:00:00.
    #[inline]
    pub(crate) fn next_second(&mut self) -> Option<i64> {
        if self.seconds == 0 {
            if self.minutes == 0 {
                return self.next_hour();
            }
            let ahead = self.minutes.trailing_zeros() + 1;
            self.minute += 60 * i64::from(ahead);
            self.minutes >>= ahead;
            self.seconds = self.cron.seconds;
        }
        let found = self.minute + i64::from(self.seconds.trailing_zeros());
        self.seconds &= self.seconds - 1;
        self.give(found)
    }

    /// The same by a search.
    #[inline(never)]
    fn next_hour(&mut self) -> Option<i64> {
        if self.from > self.until {
            return None;
        }
        let found = match self.cron.at_or_after(self.from) {
            Some(found) => found,
            None => return self.end(),
        };
        let second_of_hour = found.rem_euclid(3600) as u32;
        let (minute, second) = (second_of_hour / 60, second_of_hour % 60);
        self.minute = found - i64::from(second);
        self.minutes = self.cron.minutes >> minute >> 1;
        self.seconds = self.cron.seconds & u64::MAX << second << 1;
        self.give(found)
    }

    #[inline]
    fn give(&mut self, found: i64) -> Option<i64> {
        if found > self.until {
            return self.end();
        }
        self.from = found + 1;
        Some(found)
    }

    /// Nothing is left, which need not be searched for again from either end.
    fn end<T>(&mut self) -> Option<T> {
        self.from = self.until + 1;
        (self.minutes, self.seconds) = (0, 0);
        None
    }
}

impl Iterator for Times {
    type Item = DateTime;

    #[inline]
    fn next(&mut self) -> Option<DateTime> {
        self.next_second().and_then(DateTime::from_seconds)
    }
}

impl DoubleEndedIterator for Times {
    fn next_back(&mut self) -> Option<DateTime> {
        if self.from > self.until {
            return None;
        }
        match self.cron.at_or_before(self.until) {
            Some(found) if found >= self.from => {
                self.until = found - 1;
                DateTime::from_seconds(found)
            }
            _ => self.end(),
        }
    }
}

impl FusedIterator for Times {}

impl fmt::Debug for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Times({}", self.cron)?;
        match (DateTime::from_seconds(self.from), DateTime::from_seconds(self.until)) {
            (Some(from), Some(until)) if from <= until => write!(f, " from {from} to {until})"),
            _ => f.write_str(", none left)"),
        }
    }
}
