//! What has occurrences: so what leaves some out need not know what they come from.

use std::time::{Duration, SystemTime};

use crate::civil::DateTime;
use crate::occurrences::days::remainder;

/// Occurrences in rising order, without those that are left out or moved.
pub(super) trait Recurrence {
    /// The first occurrence after an instant.
    fn after(&self, after: SystemTime) -> Option<SystemTime>;

    /// The last occurrence at an instant or before it.
    fn until(&self, until: SystemTime) -> Option<SystemTime>;

    /// How many occurrences there are after an instant and up to another.
    fn count(&self, after: SystemTime, until: SystemTime) -> u64;

    /// The instant up to which nothing is due, if it has a beginning.
    fn begins_after(&self) -> Option<SystemTime> {
        None
    }

    /// The first civil second from `start` on that it is meant for, if `shown`, at the end of a gap, is not one itself.
    fn skipped_from(&self, _start: i64, _shown: DateTime) -> Option<i64> {
        None
    }

    /// Whether all dates from a Unix second on have the same times of day, if they have any.
    fn is_same_each_day_from(&self, _start: i64) -> bool {
        false
    }
}

/// An instant, and all that are a whole number of periods later.
pub(super) struct Grid {
    pub(super) from: SystemTime,
    pub(super) period: Duration,
}

impl Recurrence for Grid {
    fn after(&self, after: SystemTime) -> Option<SystemTime> {
        match after.duration_since(self.from) {
            Ok(age) => after.checked_add(self.period - remainder(age, self.period)),
            Err(_) => Some(self.from),
        }
    }

    fn until(&self, until: SystemTime) -> Option<SystemTime> {
        until.checked_sub(remainder(until.duration_since(self.from).ok()?, self.period))
    }

    fn count(&self, after: SystemTime, until: SystemTime) -> u64 {
        let up_to = |instant: SystemTime| {
            let age = instant.duration_since(self.from);
            age.map_or(0, |age| age.as_nanos() / self.period.as_nanos() + 1)
        };
        u64::try_from(up_to(until).saturating_sub(up_to(after))).unwrap_or(u64::MAX)
    }
}
