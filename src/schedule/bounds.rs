//! What a schedule has beside its rule. Most schedules have none of it.

use std::time::{Duration, SystemTime};

use super::except::Except;
use crate::civil::DateTime;

/// What a schedule has beside its rule.
pub(super) struct Bounds(Option<Box<Parts>>);

/// Boxed, as most schedules have none of it.
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

    pub(super) fn set_until(&mut self, until: SystemTime) {
        if let Some(parts) = &mut self.0 {
            parts.until = Some(until);
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

    /// The end, if that is a civil time.
    pub(super) fn civil_until(&self) -> Option<DateTime> {
        self.0.as_ref()?.civil_until
    }
}
