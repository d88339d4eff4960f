//! The occurrences of an expression or of a period of days. Arithmetic, and nothing else.

use std::time::SystemTime;

use super::timeline::Timeline;
use crate::civil::DateTime;
use crate::cron::Cron;
use crate::occurrences::days::Days;
use crate::occurrences::fires;
use crate::sync::Arc;
use crate::tz::{system_time, system_time_of_nanos, unix_nanos, unix_seconds};

/// An expression or a period of days, and the clock that it follows.
#[derive(Clone)]
pub(super) enum Pattern {
    /// Fires after `floor`, in Unix seconds.
    Cron {
        cron: Arc<Cron>,
        clock: Timeline,
        floor: i64,
    },
    Days(Box<Days<Timeline>>),
}

impl Pattern {
    /// The first occurrence after an instant.
    pub(super) fn after(&self, after: SystemTime) -> Option<SystemTime> {
        match self {
            Pattern::Cron { cron, clock, floor } => {
                fires::next(cron, clock, unix_seconds(after).max(*floor)).and_then(system_time)
            }
            Pattern::Days(days) => days.after(unix_nanos(after)).and_then(system_time_of_nanos),
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
        }
    }

    /// How many occurrences there are after an instant and up to another.
    pub(super) fn count(&self, after: SystemTime, until: SystemTime) -> u64 {
        match self {
            Pattern::Cron { cron, clock, floor } => {
                fires::count(cron, clock, unix_seconds(after).max(*floor), unix_seconds(until))
            }
            Pattern::Days(days) => days.count(unix_nanos(after), unix_nanos(until)),
        }
    }

    /// The first civil second from `start` on that it is meant for, if `shown`, at the end of a gap, is not one itself.
    pub(super) fn skipped_from(&self, start: i64, shown: DateTime) -> Option<i64> {
        match self {
            Pattern::Cron { cron, .. } if !cron.matches(shown) => cron.at_or_after(start),
            Pattern::Days(days) if days.is_whole() => days.civil_from(start),
            _ => None,
        }
    }

    /// Whether it is due again for civil times that the clock shows again.
    pub(super) fn is_interval_like(&self) -> bool {
        match self {
            Pattern::Cron { cron, .. } => cron.is_interval_like(),
            Pattern::Days(_) => false,
        }
    }

    /// The clock that it follows.
    pub(super) fn clock(&self) -> &Timeline {
        match self {
            Pattern::Cron { clock, .. } => clock,
            Pattern::Days(days) => days.zone(),
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
        }
    }

    /// The same by the clock of its zone alone, as if there had been no change.
    pub(super) fn in_zone_alone(&self) -> Pattern {
        self.with_clock(Timeline::new(self.clock().zone().clone()))
    }
}
