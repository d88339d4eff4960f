//! What becomes of a timetable when the zone that it goes by is another one from now on: the machine was moved, or the
//! zone's data were replaced.
//!
//! To a schedule that is a change of clocks like those of the zone itself, and the same rule holds: civil times that no
//! clock has shown lie in a gap, those that were shown before the change are in the second pass of a fold. A difference
//! of over three hours is a correction, as it is for the machine's clock: dues are found anew from here on, and nothing
//! is made up or held back.

use std::time::SystemTime;

use super::timetable::{Due, Rejudged, Rule, Timetable};
use super::Moment;
use crate::civil::DateTime;
use crate::clock::{Now, CORRECTION};
use crate::tz::{system_time, unix_seconds, Offsets, Zone};

/// What a change of zone has left behind.
pub(super) struct Moved {
    /// The latest that the clocks have shown, in civil seconds, unless they were corrected.
    shown: Option<i64>,
    /// When they will have shown it again.
    shown_again: Option<SystemTime>,
    /// Whether what they show again is due again.
    repeats: bool,
    /// Due for what the clocks have skipped.
    made_up: Option<SystemTime>,
    /// What the clocks have skipped.
    gap: Option<Gap>,
    /// How dues were found before, if there are some that have come and are still to be run or told.
    before: Option<Before>,
}

/// The schedule up to a change of zone.
struct Before {
    until: SystemTime,
    rule: Rule,
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

/// The most changes that are told apart while dues wait. Later ones up to the last are none for what was due before it: what
/// a task does not come to run takes no memory.
const CHANGES: u8 = 8;

/// The civil times among what bounds a schedule.
#[derive(Clone, Copy, Debug)]
pub(super) struct CivilBounds {
    pub(super) starting: Option<DateTime>,
    pub(super) until: Option<DateTime>,
}

impl Moved {
    const NOTHING: Moved =
        Moved { shown: None, shown_again: None, repeats: false, made_up: None, gap: None, before: None };

    /// The first due after an instant, where `rule` has the first after an instant otherwise.
    pub(super) fn after(
        &self,
        after: SystemTime,
        rule: impl FnOnce(SystemTime) -> Option<SystemTime>,
    ) -> Option<SystemTime> {
        let mut after = after;
        if let Some(Before { until, rule, .. }) = self.before.as_ref().filter(|before| after < before.until) {
            let due = rule.calendar_after(after).and_then(Due::calendar);
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

    /// The instant itself, or the later one up to which clocks show only what they have shown before.
    fn shown_before(&self, instant: SystemTime) -> SystemTime {
        self.shown_again.map_or(instant, |shown| shown.max(instant))
    }
}

impl Before {
    /// The schedule up to another change, with what those before it have left behind.
    fn new(rule: Rule, left: Option<Box<Moved>>, until: SystemTime) -> Before {
        let changes = left.as_ref().and_then(|left| left.before.as_ref()).map_or(0, |before| before.changes);
        match left.map(|left| *left) {
            Some(Moved { before: Some(before), .. }) if changes == CHANGES => Before { until, ..before },
            left => Before { until, rule: rule.moved(left.map(Box::new)), changes: changes + 1 },
        }
    }
}

impl CivilBounds {
    pub(super) fn of(starting: Option<DateTime>, until: Option<DateTime>) -> Option<Box<CivilBounds>> {
        let is_any = starting.is_some() || until.is_some();
        is_any.then(|| Box::new(CivilBounds { starting, until }))
    }
}

impl Timetable {
    /// Goes by another zone from `at` on. Answers what is to be waited for instead of `due`, if that is another one.
    /// `shown` is the latest that the wall clock has shown: later than `at` if it was set back since, and what it showed is
    /// not to be run again.
    pub(crate) fn rezone(&mut self, zone: &Zone, due: Due, at: Now, shown: SystemTime) -> Option<Rejudged> {
        // All as if it were earlier by the delay.
        let until = self.undelayed(at.wall);
        let unix = unix_seconds(until);
        let civil = |zone: &Zone| unix.saturating_add(i64::from(zone.span(unix).offset));
        if let Some(sieve) = &mut self.sieve {
            sieve.set_zone(zone);
        }
        let before = self.rule.calendar();
        let old = self.rule.set_zone(zone);
        self.resolve_bounds(zone);
        let has_come = due.age(at).is_some();
        let first = self.undelayed(due.passed_at(at));
        if let (Some(old), Some(before)) = (old, before) {
            let shown = unix_seconds(self.undelayed(shown)).max(unix);
            let shown = shown.saturating_add(i64::from(old.span(shown).offset));
            let left = self.moved(unix, civil(&old), civil(zone), shown);
            if let Rule::Cron { moved, .. } | Rule::Days { moved, .. } = &mut self.rule {
                let mut last = moved.take();
                if let Some(last) = &mut last {
                    // All that was due up to there has been run or told.
                    last.before = last.before.take().filter(|before| first <= before.until);
                }
                let before = has_come.then(|| Before::new(before, last, until));
                *moved = Some(Box::new(Moved { before, ..left }));
            }
        }
        if has_come {
            // Whatever the zone, and so have those up to the change.
            return None;
        }
        let civil = match &self.rule {
            Rule::Cron { .. } | Rule::Days { .. } => return Some(self.rejudged_after(at.wall, at)),
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

    /// Whether its dues can be found again, as often as one likes.
    pub(crate) fn is_arithmetic(&self) -> bool {
        matches!(self.rule, Rule::Cron { .. } | Rule::Days { .. })
    }

    /// What is left behind when the clocks, which show `before` and have shown `shown`, show `now` instead.
    fn moved(&self, unix: i64, before: i64, now: i64, shown: i64) -> Moved {
        if before.abs_diff(now) > CORRECTION.as_secs() {
            return Moved::NOTHING;
        }
        let (is_interval_like, is_made_up) = match &self.rule {
            Rule::Cron { cron, .. } => (cron.is_interval_like(), cron.is_made_up_in_gap()),
            _ => (false, true),
        };
        let last = self.rule.left_behind();
        let shown = last.and_then(|last| last.shown).map_or(shown, |last| last.max(shown));
        let ahead = shown.saturating_sub(now);
        let shown_again = system_time(unix.saturating_add(ahead)).filter(|_| ahead > 0);
        // By the new zone alone, what was skipped would have been due between then and now.
        let gap = Gap { since: unix.saturating_add(ahead), end: unix.saturating_add(1) };
        let gap = Some(gap).filter(|_| ahead < 0);
        let since = gap.and_then(|gap| system_time(gap.since)).filter(|_| is_made_up);
        let due = since.and_then(|since| self.rule.in_zone_after(since));
        // It is due with the next whole second: nothing that was run can have been due as late.
        let is_due = due.map_or(false, |due| unix_seconds(due) <= unix);
        let made_up = last.and_then(|last| last.made_up.filter(|&due| unix_seconds(due) > unix));
        let made_up = made_up.or(system_time(unix.saturating_add(1)).filter(|_| is_due));
        Moved { shown: Some(shown), shown_again, repeats: is_interval_like, made_up, gap, before: None }
    }

    /// The wall clock was set back to a time, and this schedule goes back with it: what is shown again is read in the zone
    /// of now, whatever it was before. `is_held`: dues up to then are still to be run or told.
    pub(super) fn go_back(&mut self, to: SystemTime, is_correction: bool, is_held: bool) {
        let to = self.undelayed(to);
        let moved = match &mut self.rule {
            Rule::Cron { moved, .. } | Rule::Days { moved, .. } => moved,
            _ => return,
        };
        if is_correction && !is_held {
            *moved = None;
        } else if let Some(Moved { before: Some(before), .. }) = moved.as_deref_mut() {
            if before.until > to {
                before.until = to;
                if is_correction {
                    let before = moved.take().and_then(|moved| moved.before);
                    *moved = Some(Box::new(Moved { before, ..Moved::NOTHING }));
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
        if let Rule::Cron { floor, .. } = &mut self.rule {
            *floor = instant(starting).map_or(*floor, unix_seconds);
        }
    }
}

impl Rule {
    fn left_behind(&self) -> Option<&Moved> {
        match self {
            Rule::Cron { moved, .. } | Rule::Days { moved, .. } => moved.as_deref(),
            _ => None,
        }
    }

    /// Whether what changes of zone have left behind is over by then, so that dues are those of the zone alone.
    pub(super) fn is_settled(&self, instant: SystemTime) -> bool {
        self.left_behind().map_or(true, |moved| {
            let before = moved.before.as_ref().map(|before| before.until);
            [before, moved.shown_again, moved.made_up].iter().all(|end| *end <= Some(instant))
        })
    }

    /// What the last change of zone has skipped.
    pub(super) fn gap(&self) -> Option<Gap> {
        self.left_behind()?.gap
    }

    /// When it is due for what that has skipped.
    pub(super) fn made_up(&self) -> Option<SystemTime> {
        self.left_behind()?.made_up
    }

    /// The rule and the zone by which the dues after an instant are found, up to another instant, where those are not
    /// this rule and its zone.
    pub(super) fn before(&self, instant: SystemTime) -> Option<(&Rule, &Zone, SystemTime)> {
        let before = self.left_behind()?.before.as_ref().filter(|before| instant < before.until)?;
        Some((&before.rule, before.rule.zone()?, before.until))
    }

    fn zone(&self) -> Option<&Zone> {
        match self {
            Rule::Cron { zone, .. } => Some(zone),
            Rule::Days { days, .. } => Some(days.zone()),
            _ => None,
        }
    }

    /// The instant itself, or the later one up to which clocks show only what they had shown before they were changed.
    pub(super) fn shown_before(&self, instant: SystemTime) -> SystemTime {
        match self.left_behind() {
            Some(moved) if self.before(instant).is_none() => moved.shown_before(instant),
            _ => instant,
        }
    }

    /// The same rule, if its dues are a question of arithmetic, without what changes of zone have left behind.
    fn calendar(&self) -> Option<Rule> {
        match self {
            Rule::Cron { cron, zone, floor, .. } => {
                Some(Rule::Cron { cron: *cron, zone: zone.clone(), floor: *floor, moved: None })
            }
            Rule::Days { days, .. } => Some(Rule::Days { days: days.clone(), moved: None }),
            _ => None,
        }
    }

    /// With what a change of zone has left behind.
    fn moved(mut self, by: Option<Box<Moved>>) -> Rule {
        if let Rule::Cron { moved, .. } | Rule::Days { moved, .. } = &mut self {
            *moved = by;
        }
        self
    }

    /// Puts another zone in the place of the one it has, if it has one.
    fn set_zone(&mut self, new: &Zone) -> Option<Zone> {
        match self {
            Rule::Cron { zone, .. } | Rule::AtEach { zone, .. } => Some(std::mem::replace(zone, new.clone())),
            Rule::Days { days, .. } => Some(days.set_zone(new.clone())),
            Rule::Once { .. } | Rule::Elapsed(_) | Rule::AtNext(_) => None,
        }
    }
}
