//! What has occurrences: so what leaves some out need not know what they come from.

use std::time::SystemTime;

use crate::civil::DateTime;

/// Occurrences in rising order, without those that are left out or moved.
pub(super) trait Recurrence {
    /// The first occurrence after an instant.
    fn after(&self, after: SystemTime) -> Option<SystemTime>;
    /// The last occurrence at an instant or before it.
    fn until(&self, until: SystemTime) -> Option<SystemTime>;
    /// How many occurrences there are after an instant and up to another.
    fn count(&self, after: SystemTime, until: SystemTime) -> u64;
    /// The instant up to which nothing is due, if it has a beginning.
    fn begins_after(&self) -> Option<SystemTime>;
    /// The first civil second from `start` on that it is meant for, if `shown`, at the end of a gap, is not one itself.
    fn skipped_from(&self, start: i64, shown: DateTime) -> Option<i64>;
    /// Whether all dates from a Unix second on have the same times of day, if they have any.
    fn is_same_each_day_from(&self, start: i64) -> bool;
}
