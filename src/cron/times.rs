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
        Times { cron: *self, from, until }
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
}

impl Iterator for Times {
    type Item = DateTime;

    fn next(&mut self) -> Option<DateTime> {
        if self.from > self.until {
            return None;
        }
        match self.cron.at_or_after(self.from) {
            Some(found) if found <= self.until => {
                self.from = found + 1;
                DateTime::from_seconds(found)
            }
            _ => self.end(),
        }
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

impl Times {
    /// Nothing is left, which need not be searched for again from either end.
    fn end(&mut self) -> Option<DateTime> {
        self.from = self.until + 1;
        None
    }
}

impl fmt::Debug for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Times({}", self.cron)?;
        match (DateTime::from_seconds(self.from), DateTime::from_seconds(self.until)) {
            (Some(from), Some(until)) if from <= until => write!(f, " from {from} to {until})"),
            _ => f.write_str(", none left)"),
        }
    }
}
