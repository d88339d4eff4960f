//! The occurrences of an expression or of a period of days, in a zone that may be changed. Arithmetic, and nothing else.

use std::time::{Duration, SystemTime};

use crate::civil::DateTime;
use crate::cron::Cron;
use crate::occurrences::days::Days;
use crate::occurrences::fires;
use crate::tz::{system_time, system_time_of_nanos, unix_nanos, unix_seconds, Zone};

/// An expression or a period of days, in a zone.
#[derive(Clone)]
pub(super) enum Pattern {
    /// Fires after `floor`, in Unix seconds.
    Cron {
        cron: Cron,
        zone: Zone,
        floor: i64,
    },
    Days(Days<Zone>),
}

/// The same, with what changes of zone have left behind.
pub(super) struct Calendar {
    pub(super) pattern: Pattern,
    pub(super) zone_change: Option<Box<ZoneChange>>,
}

impl Pattern {
    /// The first occurrence after an instant.
    pub(super) fn after(&self, after: SystemTime) -> Option<SystemTime> {
        match self {
            Pattern::Cron { cron, zone, floor } => {
                fires::next(cron, zone, unix_seconds(after).max(*floor)).and_then(system_time)
            }
            Pattern::Days(days) => days.after(unix_nanos(after)).and_then(system_time_of_nanos),
        }
    }

    /// The last occurrence at an instant or before it.
    pub(super) fn until(&self, until: SystemTime) -> Option<SystemTime> {
        match self {
            Pattern::Cron { cron, zone, floor } => {
                let last = fires::previous(cron, zone, unix_seconds(until).saturating_add(1));
                last.filter(|last| last > floor).and_then(system_time)
            }
            Pattern::Days(days) => days.until(unix_nanos(until)).and_then(system_time_of_nanos),
        }
    }

    /// How many occurrences there are after an instant and up to another.
    fn count(&self, after: SystemTime, until: SystemTime) -> u64 {
        match self {
            Pattern::Cron { cron, zone, floor } => {
                fires::count(cron, zone, unix_seconds(after).max(*floor), unix_seconds(until))
            }
            Pattern::Days(days) => days.count(unix_nanos(after), unix_nanos(until)),
        }
    }

    pub(super) fn zone(&self) -> &Zone {
        match self {
            Pattern::Cron { zone, .. } => zone,
            Pattern::Days(days) => days.zone(),
        }
    }

    /// Puts another zone in the place of the one it has.
    pub(super) fn set_zone(&mut self, new: &Zone) {
        match self {
            Pattern::Cron { zone, .. } => *zone = new.clone(),
            Pattern::Days(days) => days.set_zone(new.clone()),
        }
    }
}

impl Calendar {
    pub(super) fn new(pattern: Pattern) -> Calendar {
        Calendar { pattern, zone_change: None }
    }

    /// The first occurrence after an instant.
    pub(super) fn after(&self, after: SystemTime) -> Option<SystemTime> {
        match &self.zone_change {
            Some(change) => change.after(after, |after| self.pattern.after(after)),
            None => self.pattern.after(after),
        }
    }

    /// How many occurrences there are after an instant and up to another.
    pub(super) fn count(&self, after: SystemTime, until: SystemTime) -> u64 {
        match &self.zone_change {
            _ if after >= until => 0,
            Some(change) => change.count(after, until, |after, until| self.pattern.count(after, until)),
            None => self.pattern.count(after, until),
        }
    }

    /// The first civil second from one on that is meant, if what the clocks show at the end of a gap is not itself.
    pub(super) fn skipped_from(&self, start: i64, shown: DateTime) -> Option<i64> {
        match &self.pattern {
            Pattern::Cron { cron, .. } if !cron.matches(shown) => cron.at_or_after(start),
            Pattern::Days(days) if days.is_whole() => days.civil_from(start),
            _ => None,
        }
    }

    /// What the last change of zone has skipped.
    pub(super) fn gap(&self) -> Option<Gap> {
        self.zone_change.as_ref()?.gap
    }

    /// When it is due for what that has skipped.
    pub(super) fn made_up(&self) -> Option<SystemTime> {
        self.zone_change.as_ref()?.made_up
    }

    /// The calendar by which occurrences after an instant are found, up to another instant, where that is another one.
    pub(super) fn before(&self, instant: SystemTime) -> Option<(&Calendar, SystemTime)> {
        let before = self.zone_change.as_ref()?.before.as_ref().filter(|before| instant < before.until)?;
        Some((&before.calendar, before.until))
    }

    /// The instant itself, or the later one up to which clocks show only what they had shown before they were changed.
    pub(super) fn shown_before(&self, instant: SystemTime) -> SystemTime {
        match &self.zone_change {
            Some(change) if self.before(instant).is_none() => change.shown_before(instant),
            _ => instant,
        }
    }
}

/// What a change of zone has left behind.
pub(super) struct ZoneChange {
    /// The latest that the clocks have shown, in civil seconds, unless they were corrected.
    pub(super) shown: Option<i64>,
    /// When they will have shown it again.
    pub(super) shown_again: Option<SystemTime>,
    /// Whether what they show again is due again.
    pub(super) repeats: bool,
    /// Due for what the clocks have skipped.
    pub(super) made_up: Option<SystemTime>,
    /// What the clocks have skipped.
    pub(super) gap: Option<Gap>,
    /// The calendar before the change, if occurrences of it have come and are still to be judged.
    pub(super) before: Option<Before>,
}

/// The schedule up to a change of zone.
pub(super) struct Before {
    pub(super) until: SystemTime,
    calendar: Calendar,
    /// How many changes it knows of, this one included.
    changes: u8,
}

/// What a change of zone skips: by the new zone alone it would have been shown after `since` and before `end`, which is the
/// second after the change. In Unix seconds.
#[derive(Clone, Copy)]
pub(super) struct Gap {
    pub(super) since: i64,
    pub(super) end: i64,
}

/// The most changes of zone that are remembered while occurrences wait to be judged. More of them count as one, so that the
/// memory is bounded.
const CHANGES: u8 = 8;

impl ZoneChange {
    pub(super) const NOTHING: ZoneChange =
        ZoneChange { shown: None, shown_again: None, repeats: false, made_up: None, gap: None, before: None };

    /// The first occurrence after an instant, where `rule` gives that of the new zone alone.
    pub(super) fn after(
        &self,
        after: SystemTime,
        rule: impl FnOnce(SystemTime) -> Option<SystemTime>,
    ) -> Option<SystemTime> {
        let mut after = after;
        if let Some(Before { until, calendar, .. }) =
            self.before.as_ref().filter(|before| after < before.until)
        {
            let due = calendar.after(after);
            if due.map_or(false, |due| due <= *until) {
                return due;
            }
            after = *until;
        }
        let next = rule(if self.repeats { after } else { self.shown_before(after) });
        match self.made_up {
            Some(made_up) if after < made_up => Some(next.map_or(made_up, |next| next.min(made_up))),
            _ => next,
        }
    }

    /// How many occurrences there are after an instant and up to another, where `in_zone` counts those of the zone alone.
    fn count(
        &self,
        mut after: SystemTime,
        until: SystemTime,
        in_zone: impl Fn(SystemTime, SystemTime) -> u64,
    ) -> u64 {
        let mut count = 0;
        if let Some(before) = self.before.as_ref().filter(|before| after < before.until) {
            count = before.calendar.count(after, until.min(before.until));
            after = before.until;
        }
        let from = if self.repeats { after } else { self.shown_before(after) };
        if from < until {
            count += in_zone(from, until);
        }
        match self.made_up {
            Some(made_up) if after < made_up && made_up <= until => {
                let before = made_up.checked_sub(Duration::from_nanos(1)).unwrap_or(made_up);
                let is_counted = from < made_up && in_zone(before, made_up) > 0;
                count + u64::from(!is_counted)
            }
            _ => count,
        }
    }

    /// The instant itself, or the later one up to which clocks show only what they have shown before.
    fn shown_before(&self, instant: SystemTime) -> SystemTime {
        self.shown_again.map_or(instant, |shown| shown.max(instant))
    }
}

impl Before {
    /// The schedule up to another change of zone, with what those before it have left behind.
    pub(super) fn new(pattern: Pattern, left: Option<Box<ZoneChange>>, until: SystemTime) -> Before {
        let changes = left.as_ref().and_then(|left| left.before.as_ref()).map_or(0, |before| before.changes);
        match left.map(|left| *left) {
            Some(ZoneChange { before: Some(before), .. }) if changes == CHANGES => Before { until, ..before },
            left => {
                let calendar = Calendar { pattern, zone_change: left.map(Box::new) };
                Before { until, calendar, changes: changes + 1 }
            }
        }
    }
}
