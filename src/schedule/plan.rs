//! What is known of the later occurrences of a schedule: all that is arithmetic. For layers; the core asks the schedule
//! itself. Pure: no threads, no clock, no code of the user's.

#![allow(dead_code)] // Without layers nothing is asked.

use std::time::{Duration, SystemTime};

use super::bounds::Bounds;
use super::exclusions::Exclusions;
use super::pattern::Pattern;
use super::recurrence::Grid;
use super::rule::Rule;
use super::timeline::Timeline;
use super::timetable::Timetable;
use crate::cron::Cron;
use crate::tz::Zone;

/// The occurrences of a schedule that has more than one.
#[derive(Clone)]
pub(crate) struct Plan {
    kind: Kind,
    bounds: Bounds,
}

#[derive(Clone)]
enum Kind {
    Calendar(Pattern),
    Elapsed {
        period: Duration,
        clock: Timeline,
    },
    /// Only the schedule itself knows: an iterator, a closure, elapsed time of which something is left out.
    Unknown,
}

impl Timetable {
    /// What is known of its occurrences beyond the next; `None` if there are none.
    pub(crate) fn plan(&self) -> Option<Plan> {
        let kind = match &self.rule {
            _ if self.bounds.except.has_closures() => Kind::Unknown,
            Rule::Calendar(calendar) => Kind::Calendar(calendar.pattern.in_zone_alone()),
            Rule::Elapsed { period, clock, .. } if self.bounds.except.is_empty() => {
                Kind::Elapsed { period: *period, clock: clock.clone() }
            }
            Rule::Once(_) => return None,
            Rule::Elapsed { .. } | Rule::AfterEnd { .. } | Rule::AtEach { .. } | Rule::AtNext(_) => {
                Kind::Unknown
            }
        };
        Some(Plan { kind, bounds: self.bounds.clone() })
    }
}

impl Plan {
    /// The last due time at an instant or before it, and the first one after it. Elapsed time is counted from `next`, a due
    /// time, on.
    pub(crate) fn around(&self, next: Option<SystemTime>, instant: SystemTime) -> [Option<SystemTime>; 2] {
        let (except, delay, end) = (&self.bounds.except, self.bounds.delay, self.bounds.until);
        let grid;
        let exclusions = match (&self.kind, next.and_then(|next| next.checked_sub(delay))) {
            (Kind::Calendar(pattern), _) => pattern.without(except),
            (Kind::Elapsed { period, clock }, Some(from)) => {
                grid = Grid { from, period: *period };
                Exclusions { pattern: &grid, clock, except }
            }
            _ => return [None; 2],
        };
        // There are no closures that could fail.
        let until = end.map_or(instant, |end| end.min(instant)).checked_sub(delay);
        let last = until.and_then(|until| exclusions.until(until).ok()?);
        let after = instant.checked_sub(delay).and_then(|after| exclusions.after(after, None).ok()?);
        let [last, after] = [last, after].map(|found| found?.checked_add(delay));
        [last, after.filter(|&after| end.map_or(true, |end| after <= end))]
    }

    /// No due time is later.
    pub(crate) fn end(&self) -> Option<SystemTime> {
        self.bounds.until
    }

    /// Whether the due times are not those of the rule: some are left out, or all are delayed.
    pub(crate) fn is_adjusted(&self) -> bool {
        !self.bounds.except.is_empty() || !self.bounds.delay.is_zero()
    }

    /// Whether the due times follow the wall clock, and can be computed.
    pub(crate) fn is_calendar(&self) -> bool {
        matches!(self.kind, Kind::Calendar(_))
    }

    /// Whether they are at equal distances.
    pub(crate) fn is_elapsed(&self) -> bool {
        matches!(self.kind, Kind::Elapsed { .. })
    }

    /// Whether the due times after the next can be computed.
    pub(crate) fn is_known(&self) -> bool {
        !matches!(self.kind, Kind::Unknown)
    }

    /// The expression, and the instant in Unix seconds after which it begins to fire; if nothing is delayed.
    pub(crate) fn cron(&self) -> Option<(&Cron, &Zone, i64)> {
        match &self.kind {
            Kind::Calendar(Pattern::Cron { cron, clock, floor }) if self.bounds.delay.is_zero() => {
                Some((cron, clock.zone(), *floor))
            }
            _ => None,
        }
    }
}
