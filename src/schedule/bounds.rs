//! What a schedule has beside its rule. Most schedules have none of it.

use std::time::{Duration, SystemTime};

use super::except::Except;
use super::moment::Moment;
use crate::civil::DateTime;
use crate::tz::Zone;

/// What a schedule has beside its rule.
#[derive(Clone)]
pub(super) struct Bounds(Option<Box<Parts>>);

/// Boxed, as most schedules have none of it.
#[derive(Clone, Default)]
pub(super) struct Parts {
    /// No due time is later.
    pub(super) until: Option<SystemTime>,
    /// What is left out of the rule.
    pub(super) except: Except,
    /// By how much everything is due later than the rule says.
    pub(super) delay: Duration,
    /// What was given as civil times, for a change of zone.
    pub(super) civil_starting: Option<DateTime>,
    pub(super) civil_until: Option<DateTime>,
}

impl Bounds {
    pub(super) fn new(parts: Parts) -> Bounds {
        let Parts { until, except, delay, civil_starting, .. } = &parts;
        let is_any = until.is_some() || civil_starting.is_some() || !except.is_empty() || !delay.is_zero();
        Bounds(is_any.then(|| Box::new(parts)))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    pub(super) fn until(&self) -> Option<SystemTime> {
        self.0.as_ref()?.until
    }

    /// Reads the end in another zone, if it is a civil time.
    pub(super) fn rezone(&mut self, zone: &Zone) {
        if let Some(parts) = &mut self.0 {
            let until = parts.civil_until.and_then(|until| Moment::Civil(until).instant(zone));
            parts.until = until.or(parts.until);
        }
    }

    pub(super) fn except(&self) -> Option<&Except> {
        self.0.as_ref().map(|parts| &parts.except).filter(|except| !except.is_empty())
    }

    pub(super) fn delay(&self) -> Duration {
        self.0.as_ref().map_or(Duration::ZERO, |parts| parts.delay)
    }

    /// The start, if that is a civil time that still counts.
    pub(super) fn civil_starting(&self) -> Option<DateTime> {
        self.0.as_ref()?.civil_starting
    }

    /// From now on it does not matter when the civil clock shows the start.
    pub(super) fn forget_civil_starting(&mut self) {
        if let Some(parts) = &mut self.0 {
            parts.civil_starting = None;
        }
    }
}
