//! What becomes of a timetable when the zone that it goes by is another one from now on: the machine was moved, or the
//! zone's data were replaced.
//!
//! To a schedule that is a change of clocks like those of the zone itself, and the same rule holds: civil times that no
//! clock has shown lie in a gap, those that were shown before the change are in the second pass of a fold. A difference
//! of over three hours is a correction, as it is for the machine's clock: occurrences are found from here on, and nothing
//! is made up or held back.

use std::time::SystemTime;

use super::calendar::{Before, Calendar, Gap, Pattern, ZoneChange};
use super::due::Due;
use super::moment::Moment;
use super::rule::Rule;
use super::timetable::{CivilBounds, Rejudged, Timetable};
use crate::civil::DateTime;
use crate::clock::{Now, CORRECTION};
use crate::tz::{system_time, unix_seconds, Offsets, Zone};

impl Timetable {
    /// Goes by another zone from `at` on. Answers what is to be waited for instead of `due`, if that is another one.
    /// `shown` is the latest that the wall clock has shown: later than `at` if it was set back since, and what it showed is
    /// not to be run again.
    pub(crate) fn rezone(&mut self, zone: &Zone, due: Due, at: Now, shown: SystemTime) -> Option<Rejudged> {
        // All as if it were earlier by the delay.
        let until = self.undelayed(at.wall);
        let unix = unix_seconds(until);
        let civil = |zone: &Zone| unix.saturating_add(i64::from(zone.span(unix).offset));
        if let Some(exclusions) = &mut self.exclusions {
            exclusions.set_zone(zone);
        }
        self.resolve_bounds(zone);
        let has_come = due.age(at).is_some();
        let first = self.undelayed(due.passed_at(at));
        let shown = unix_seconds(self.undelayed(shown)).max(unix);
        match &mut self.rule {
            Rule::Calendar(calendar) => {
                let old = calendar.pattern.clone();
                calendar.pattern.set_zone(zone);
                let shown = shown.saturating_add(i64::from(old.zone().span(shown).offset));
                let left = left_behind(calendar, unix, civil(old.zone()), civil(zone), shown);
                let mut last = calendar.zone_change.take();
                if let Some(last) = &mut last {
                    // All that was due up to there is settled.
                    last.before = last.before.take().filter(|before| first <= before.until);
                }
                let before = has_come.then(|| Before::new(old, last, until));
                calendar.zone_change = Some(Box::new(ZoneChange { before, ..left }));
            }
            Rule::AtEach { zone: old, .. } => *old = zone.clone(),
            Rule::Once { .. } | Rule::Elapsed(_) | Rule::AtNext(_) => {}
        }
        if has_come {
            // Whatever the zone, and so have those up to the change.
            return None;
        }
        let civil = match &self.rule {
            Rule::Calendar(_) => return Some(self.rejudged_after(at.wall, at)),
            Rule::AtEach { last: Some(Moment::Civil(civil)), .. } => Some(*civil),
            Rule::Once { civil } => *civil,
            // The anchor, if it is still waited for.
            Rule::Elapsed(_) => self.civil_bounds.as_ref().and_then(|bounds| bounds.starting),
            Rule::AtEach { .. } | Rule::AtNext(_) => None,
        };
        match (civil, due) {
            // Never before what was due earlier, and so not before the change either.
            (Some(civil), Due::Calendar(_)) => {
                let due = self.delayed(Moment::Civil(civil).instant(zone).map(Due::Calendar))?.calendar()?;
                Some(Rejudged::Due(Due::Calendar(due.max(at.wall))))
            }
            _ => None,
        }
    }

    /// The wall clock was set back to a time, and this schedule goes back with it: what is shown again is read in the zone
    /// of now, whatever it was before. `is_held`: occurrences up to then are still to be judged.
    pub(super) fn go_back(&mut self, to: SystemTime, is_correction: bool, is_held: bool) {
        let to = self.undelayed(to);
        let zone_change = match self.rule.calendar_mut() {
            Some(calendar) => &mut calendar.zone_change,
            None => return,
        };
        if is_correction && !is_held {
            *zone_change = None;
        } else if let Some(ZoneChange { before: Some(before), .. }) = zone_change.as_deref_mut() {
            if before.until > to {
                before.until = to;
                if is_correction {
                    let before = zone_change.take().and_then(|change| change.before);
                    *zone_change = Some(Box::new(ZoneChange { before, ..ZoneChange::NOTHING }));
                }
            }
        }
    }

    /// Civil bounds are where the new zone has them.
    fn resolve_bounds(&mut self, zone: &Zone) {
        let CivilBounds { starting, until } = match &self.civil_bounds {
            Some(bounds) => **bounds,
            None => return,
        };
        let instant = |civil: Option<DateTime>| Moment::Civil(civil?).instant(zone);
        if let Some(until) = instant(until) {
            self.until = Some(until);
        }
        if let Rule::Calendar(Calendar { pattern: Pattern::Cron { floor, .. }, .. }) = &mut self.rule {
            *floor = instant(starting).map_or(*floor, unix_seconds);
        }
    }
}

/// What is left behind when the clocks, which show `before` and have shown `shown`, show `now` instead.
fn left_behind(calendar: &Calendar, unix: i64, before: i64, now: i64, shown: i64) -> ZoneChange {
    if before.abs_diff(now) > CORRECTION.as_secs() {
        return ZoneChange::NOTHING;
    }
    let (is_interval_like, is_made_up) = match &calendar.pattern {
        Pattern::Cron { cron, .. } => (cron.is_interval_like(), cron.is_made_up_in_gap()),
        Pattern::Days(_) => (false, true),
    };
    let last = calendar.zone_change.as_deref();
    let shown = last.and_then(|last| last.shown).map_or(shown, |last| last.max(shown));
    let ahead = shown.saturating_sub(now);
    let shown_again = system_time(unix.saturating_add(ahead)).filter(|_| ahead > 0);
    // By the new zone alone, what was skipped would have been due between then and now.
    let gap = Gap { since: unix.saturating_add(ahead), end: unix.saturating_add(1) };
    let gap = Some(gap).filter(|_| ahead < 0);
    let since = gap.and_then(|gap| system_time(gap.since)).filter(|_| is_made_up);
    let due = since.and_then(|since| calendar.pattern.after(since));
    // It is due with the next whole second: nothing that was run can have been due as late.
    let is_due = due.map_or(false, |due| unix_seconds(due) <= unix);
    let made_up = last.and_then(|last| last.made_up.filter(|&due| unix_seconds(due) > unix));
    let made_up = made_up.or(system_time(unix.saturating_add(1)).filter(|_| is_due));
    ZoneChange { shown: Some(shown), shown_again, repeats: is_interval_like, made_up, gap, before: None }
}
