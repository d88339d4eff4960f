//! What a schedule has beside its rule. Most schedules have none of it.

use std::ops::Deref;
use std::time::{Duration, SystemTime};

use super::due::Due;
use super::except::Except;
use super::moment::Moment;
use super::{instant_of, Schedule};
use crate::civil::DateTime;
use crate::clock::Now;
use crate::error::Error;
use crate::sync::Arc;
use crate::tz::Zone;

/// What a schedule has beside its rule. Elsewhere, as most schedules have none of it.
#[derive(Clone)]
pub(super) struct Bounds(Option<Arc<Parts>>);

#[derive(Clone)]
pub(super) struct Parts {
    /// No due time is later.
    pub(super) until: Option<SystemTime>,
    /// What is left out of the rule.
    pub(super) except: Except,
    /// By how much everything is due later than the rule says.
    pub(super) delay: Duration,
    /// What was given as civil times, for a change of zone. The start only as long as it still counts.
    pub(super) civil_starting: Option<DateTime>,
    civil_until: Option<DateTime>,
}

static NONE: Parts = Parts {
    until: None,
    except: Except::NONE,
    delay: Duration::ZERO,
    civil_starting: None,
    civil_until: None,
};

impl Schedule {
    /// What it has beside its rule, in a zone. All is due later by the delay.
    pub(super) fn bounds(&self, zone: &Zone, delay: Duration) -> Result<Bounds, Error> {
        let civil_starting = self.starting.and_then(Moment::civil);
        let until = instant_of("until", self.until, zone)?;
        let has_any =
            until.is_some() || civil_starting.is_some() || !self.except.is_empty() || !delay.is_zero();
        let civil_until = self.until.and_then(Moment::civil);
        let parts = || Parts { until, except: self.except.clone(), delay, civil_starting, civil_until };
        Ok(Bounds(has_any.then(|| Arc::new(parts()))))
    }
}

impl Bounds {
    pub(super) const NONE: Bounds = Bounds(None);

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Reads the end in another zone, if it is a civil time.
    pub(super) fn rezone(&mut self, zone: &Zone) {
        if let Some(parts) = &mut self.0 {
            let until = parts.civil_until.and_then(|until| Moment::Civil(until).instant(zone));
            Arc::make_mut(parts).until = until.or(parts.until);
        }
    }

    /// From now on it does not matter when the civil clock shows the start.
    pub(super) fn forget_civil_starting(&mut self) {
        if let Some(parts) = &mut self.0 {
            Arc::make_mut(parts).civil_starting = None;
        }
    }
}

impl Deref for Bounds {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        self.0.as_deref().unwrap_or(&NONE)
    }
}

impl Parts {
    /// When something would be due without the delay that is due at this time.
    pub(super) fn undelayed(&self, wall: SystemTime) -> SystemTime {
        wall.checked_sub(self.delay).unwrap_or(wall)
    }

    /// When something is due that would be due at this time without the delay; `None` if that is after the end.
    pub(super) fn delayed(&self, due: Option<Due>, now: Now) -> Option<Due> {
        due?.later(self.delay).filter(|due| due.is_until(self.until, now))
    }

    /// The end without the delay.
    pub(super) fn undelayed_end(&self) -> Option<SystemTime> {
        self.until.map(|until| self.undelayed(until))
    }
}
