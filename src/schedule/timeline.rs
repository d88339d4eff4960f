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
use crate::tz::{unix_seconds, Offsets, Span, Zone};

/// The farthest that a clock is from UTC, in seconds.
pub(super) const FARTHEST: i64 = 26 * 3600 - 1;

/// The civil clock that a schedule follows.
#[derive(Clone)]
pub(super) struct Timeline {
    zone: Zone,
    /// In Unix seconds, the clock shows what the zone says from here on; `i64::MIN` if it always has.
    since: i64,
    /// The offset until then. What matters of the past is which civil times were shown: all up to the latest one. So a
    /// constant offset is enough, with which the last second before the change shows that one.
    before: i32,
}

impl Timeline {
    /// The clock of a zone that it has always followed.
    pub(super) fn new(zone: Zone) -> Timeline {
        Timeline { zone, since: i64::MIN, before: 0 }
    }

    /// The clock after a change: from the second after `at` on it shows what another zone says. `shown` is the latest
    /// instant that the wall clock has shown: later than `at` if it was set back.
    pub(super) fn changed(&self, zone: &Zone, at: i64, shown: i64) -> Timeline {
        let (before, after) = (self.zone.span(at).offset, zone.span(at).offset);
        if u64::from(before.abs_diff(after)) > CORRECTION.as_secs() {
            return Timeline::new(zone.clone());
        }
        let since = at.saturating_add(1);
        let before = self.not_shown_by(shown).saturating_sub(since).clamp(-FARTHEST, FARTHEST);
        Timeline { zone: zone.clone(), since, before: before as i32 }
    }

    pub(super) fn zone(&self) -> &Zone {
        &self.zone
    }

    /// The first instant at which the clock shows what the zone says, in Unix seconds; `i64::MIN` without a change.
    pub(super) fn since(&self) -> i64 {
        self.since
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
        let before_change = match self.since {
            since if since == i64::MIN || unix < since => i64::MIN,
            since => since.saturating_add(i64::from(self.before)),
        };
        now.max(before).max(before_change)
    }
}

impl Offsets for Timeline {
    #[inline]
    fn span(&self, unix: i64) -> Span {
        if unix < self.since {
            return Span { lo: i64::MIN, hi: self.since, offset: self.before };
        }
        let span = self.zone.span(unix);
        Span { lo: span.lo.max(self.since), ..span }
    }
}
