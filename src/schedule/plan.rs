//! What is known of the later occurrences of a schedule: all that is arithmetic. For layers; the core asks the schedule
//! itself. Pure: no threads, no clock, no code of the user's.

#![allow(dead_code)] // Without layers nothing is asked.

use std::time::{Duration, SystemTime};

use super::pattern::Pattern;
use super::recurrence::Recurrence;
use super::rule::Rule;
use super::timetable::Timetable;
use crate::cron::Cron;
use crate::tz::Zone;

/// The occurrences of a schedule that has more than one.
#[derive(Clone)]
pub(crate) struct Plan {
    kind: Kind,
    /// No due time is later.
    pub(crate) until: Option<SystemTime>,
    /// By how much everything is due later than the rule says.
    delay: Duration,
    /// Whether something is left out of the rule.
    has_exclusions: bool,
}

#[derive(Clone)]
enum Kind {
    Calendar(Pattern),
    Elapsed(Duration),
    /// Only the schedule itself knows: an iterator, a closure, something that is left out.
    Unknown,
}

impl Timetable {
    /// What is known of its occurrences beyond the next; `None` if there are none.
    pub(crate) fn plan(&self) -> Option<Plan> {
        let has_exclusions = self.bounds.except().is_some();
        let kind = match &self.rule {
            _ if has_exclusions => Kind::Unknown,
            Rule::Calendar(calendar) => Kind::Calendar(calendar.pattern.in_zone_alone()),
            Rule::Elapsed { period, .. } => Kind::Elapsed(*period),
            Rule::Once { .. } => return None,
            Rule::AfterEnd { .. } | Rule::AtEach { .. } | Rule::AtNext(_) => Kind::Unknown,
        };
        let (until, delay) = (self.bounds.until(), self.bounds.delay());
        Some(Plan { kind, until, delay, has_exclusions })
    }
}

impl Plan {
    /// The first due time after an instant, of a calendar schedule.
    pub(crate) fn after(&self, instant: SystemTime) -> Option<SystemTime> {
        let due = self.pattern()?.after(instant.checked_sub(self.delay)?)?.checked_add(self.delay)?;
        Some(due).filter(|&due| self.until.map_or(true, |until| due <= until))
    }

    /// The last due time at an instant or before it, of a calendar schedule.
    pub(crate) fn until(&self, instant: SystemTime) -> Option<SystemTime> {
        let instant = self.until.map_or(instant, |until| until.min(instant));
        self.pattern()?.until(instant.checked_sub(self.delay)?)?.checked_add(self.delay)
    }

    /// Whether the due times are not those of the rule: some are left out, or all are delayed.
    pub(crate) fn is_adjusted(&self) -> bool {
        self.has_exclusions || !self.delay.is_zero()
    }

    /// Whether the due times follow the wall clock, and can be computed.
    pub(crate) fn is_calendar(&self) -> bool {
        self.pattern().is_some()
    }

    /// Whether the due times after the next can be computed.
    pub(crate) fn is_known(&self) -> bool {
        !matches!(self.kind, Kind::Unknown)
    }

    /// The elapsed time from one due time to the next.
    pub(crate) fn period(&self) -> Option<Duration> {
        match self.kind {
            Kind::Elapsed(period) => Some(period),
            _ => None,
        }
    }

    /// The expression, and the instant in Unix seconds after which it begins to fire; if nothing is delayed.
    pub(crate) fn cron(&self) -> Option<(&Cron, &Zone, i64)> {
        match self.pattern()? {
            Pattern::Cron { cron, clock, floor } if self.delay.is_zero() => {
                Some((cron, clock.zone(), *floor))
            }
            _ => None,
        }
    }

    fn pattern(&self) -> Option<&Pattern> {
        match &self.kind {
            Kind::Calendar(pattern) => Some(pattern),
            _ => None,
        }
    }
}
