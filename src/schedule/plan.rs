//! What a schedule's dues are as far as that is arithmetic: what can be asked while the schedule itself is with a
//! worker. Pure: no threads, no clock, no code of the user's.

use std::time::{Duration, SystemTime};

use super::rule::Rule;
use super::timetable::Timetable;
use crate::cron::Cron;
use crate::occurrences::days::Days;
use crate::occurrences::fires;
use crate::tz::{system_time, system_time_of_nanos, unix_nanos, unix_seconds, Zone};

/// The dues of a schedule that has more than one.
pub(crate) struct Plan {
    kind: Kind,
    /// No due is later.
    pub(crate) until: Option<SystemTime>,
    /// By how much everything is due later than the rule says.
    delay: Duration,
    /// Whether something is left out of the rule.
    is_sifted: bool,
}

enum Kind {
    /// Fires after `floor`, in Unix seconds.
    Cron {
        cron: Cron,
        zone: Zone,
        floor: i64,
    },
    Days(Days<Zone>),
    Elapsed(Duration),
    /// Only the schedule itself knows: an iterator, a closure, something that is left out.
    Unknown,
}

impl Timetable {
    /// What is known of its dues beyond the next; None if there are none.
    pub(crate) fn plan(&self) -> Option<Plan> {
        let kind = match &self.rule {
            _ if self.exclusions.is_some() => Kind::Unknown,
            Rule::Cron { cron, zone, floor, .. } => {
                Kind::Cron { cron: *cron, zone: zone.clone(), floor: *floor }
            }
            Rule::Days { days, .. } => Kind::Days(days.clone()),
            Rule::Elapsed(period) => Kind::Elapsed(*period),
            Rule::Once { .. } => return None,
            Rule::AtEach { .. } | Rule::AtNext(_) => Kind::Unknown,
        };
        Some(Plan { kind, until: self.until, delay: self.delay, is_sifted: self.exclusions.is_some() })
    }
}

impl Plan {
    /// The first due after an instant, of a calendar schedule.
    pub(crate) fn after(&self, instant: SystemTime) -> Option<SystemTime> {
        let instant = instant.checked_sub(self.delay)?;
        let due = match &self.kind {
            Kind::Cron { cron, zone, floor } => {
                fires::next(cron, zone, unix_seconds(instant).max(*floor)).and_then(system_time)
            }
            Kind::Days(days) => days.after(unix_nanos(instant)).and_then(system_time_of_nanos),
            Kind::Elapsed(_) | Kind::Unknown => None,
        };
        due.and_then(|due| due.checked_add(self.delay))
            .filter(|&due| self.until.map_or(true, |until| due <= until))
    }

    /// The last due at an instant or before it, of a calendar schedule.
    pub(crate) fn until(&self, instant: SystemTime) -> Option<SystemTime> {
        let instant = self.until.map_or(instant, |until| until.min(instant)).checked_sub(self.delay)?;
        let due = match &self.kind {
            Kind::Cron { cron, zone, floor } => {
                let due = fires::previous(cron, zone, unix_seconds(instant).saturating_add(1));
                due.filter(|due| due > floor).and_then(system_time)
            }
            Kind::Days(days) => days.until(unix_nanos(instant)).and_then(system_time_of_nanos),
            Kind::Elapsed(_) | Kind::Unknown => None,
        };
        due?.checked_add(self.delay)
    }

    /// Whether the dues are not those of the rule: some are left out, or all are delayed.
    pub(crate) fn is_adjusted(&self) -> bool {
        self.is_sifted || !self.delay.is_zero()
    }

    /// Whether the dues follow the wall clock, and can be computed.
    pub(crate) fn is_calendar(&self) -> bool {
        matches!(self.kind, Kind::Cron { .. } | Kind::Days(_))
    }

    /// Whether the dues after the next can be computed.
    pub(crate) fn is_known(&self) -> bool {
        !matches!(self.kind, Kind::Unknown)
    }

    /// The elapsed time from one due to the next.
    pub(crate) fn period(&self) -> Option<Duration> {
        match self.kind {
            Kind::Elapsed(period) => Some(period),
            _ => None,
        }
    }

    /// The expression, and the instant in Unix seconds after which it begins to fire; if its dues are when it fires.
    pub(crate) fn cron(&self) -> Option<(&Cron, &Zone, i64)> {
        match &self.kind {
            Kind::Cron { cron, zone, floor } if self.delay.is_zero() => Some((cron, zone, *floor)),
            _ => None,
        }
    }
}
