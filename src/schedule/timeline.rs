//! The civil clock that a schedule follows: that of a zone, which may be replaced by another one.
//!
//! That the clock went from one time to another is one fact, whether it is daylight saving time, another zone, or a wall
//! clock that was set back before the zone was changed. So a change of zone is one more change of offset here, and the
//! rule of `occurrences` covers it: civil times that no clock has shown lie in a gap, those that were shown before are in
//! the second pass of a fold. A difference of over three hours is a correction: the clock shows what it shows from here
//! on, and nothing is made up or held back.

use std::time::SystemTime;

use crate::civil::{Date, DateTime, Time};
use crate::clock::CORRECTION;
use crate::sync::Arc;
use crate::tz::{unix_seconds, Offsets, Span, Zone};

/// The farthest that a clock is from UTC, in seconds.
pub(super) const FARTHEST: i64 = 26 * 3600 - 1;

/// The civil clock that a schedule follows.
#[derive(Clone)]
pub(super) struct Timeline {
    zone: Zone,
    change: Option<Arc<Change>>,
}

/// The last change of the zone.
struct Change {
    /// From here on the clock shows what the new zone says, in Unix seconds.
    at: i64,
    before: Before,
}

/// What the clock showed before a change. All that matters is which civil times were shown.
enum Before {
    /// What the zone before says.
    Zone(Zone),
    /// Later civil times than that, as the clock had been turned back: by an earlier change, or with the wall clock. All up to
    /// the latest one were shown, as with this offset, in seconds.
    Offset(i32),
}

impl Timeline {
    /// The clock of a zone that it has always followed.
    pub(super) fn new(zone: Zone) -> Timeline {
        Timeline { zone, change: None }
    }

    /// The clock after a change: from the second after `at` on it shows what another zone says. `shown` is the latest
    /// instant that the wall clock has shown: later than `at` if it was set back.
    pub(super) fn changed(&self, zone: &Zone, at: i64, shown: i64) -> Timeline {
        let (before, after) = (self.zone.span(at).offset, zone.span(at).offset);
        if u64::from(before.abs_diff(after)) > CORRECTION.as_secs() {
            return Timeline::new(zone.clone());
        }
        let at = at.saturating_add(1);
        let offset = self.not_shown_by(shown).saturating_sub(at).clamp(-FARTHEST, FARTHEST) as i32;
        let before = if offset == before { Before::Zone(self.zone.clone()) } else { Before::Offset(offset) };
        Timeline { zone: zone.clone(), change: Some(Arc::new(Change { at, before })) }
    }

    /// The zone that it follows now.
    pub(super) fn zone(&self) -> &Zone {
        &self.zone
    }

    /// The first instant at which the clock shows what the zone says, in Unix seconds; `None` if it always has.
    pub(super) fn changed_at(&self) -> Option<i64> {
        self.change.as_ref().map(|change| change.at)
    }

    /// What the clock shows at an instant; `None` outside the years 1 to 9999.
    pub(super) fn civil(&self, instant: SystemTime) -> Option<DateTime> {
        let unix = unix_seconds(instant);
        DateTime::from_seconds(unix.checked_add(i64::from(self.span(unix).offset))?)
    }

    /// The instant at which something meant for a civil time is due: the first that shows it, or the end of the gap.
    pub(super) fn instant(&self, civil: DateTime) -> i64 {
        self.resolve(civil.seconds()).due()
    }

    /// When a date begins, in Unix seconds.
    pub(super) fn start(&self, date: Date) -> i64 {
        self.instant(date.at(Time::MIDNIGHT))
    }

    /// The civil second after the latest one that the clock has shown up to and including an instant.
    pub(super) fn not_shown_by(&self, unix: i64) -> i64 {
        let span = self.span(unix);
        let now = unix.saturating_add(i64::from(span.offset)).saturating_add(1);
        let before = match span.lo {
            i64::MIN => i64::MIN,
            lo => lo.saturating_add(i64::from(self.span(lo - 1).offset)),
        };
        let change = self.change.as_ref().filter(|change| change.at <= unix);
        let before_change = change.map_or(i64::MIN, |change| self.not_shown_by(change.at - 1));
        now.max(before).max(before_change)
    }
}

impl Offsets for Timeline {
    #[inline]
    fn span(&self, unix: i64) -> Span {
        let change = match &self.change {
            Some(change) => change,
            None => return self.zone.span(unix),
        };
        if unix >= change.at {
            let span = self.zone.span(unix);
            return Span { lo: span.lo.max(change.at), ..span };
        }
        match &change.before {
            Before::Zone(zone) => {
                let span = zone.span(unix);
                Span { hi: span.hi.min(change.at), ..span }
            }
            Before::Offset(offset) => Span { lo: i64::MIN, hi: change.at, offset: *offset },
        }
    }
}
