//! When a schedule is due in a zone, without what is left out and without a delay.

use std::time::{Duration, SystemTime};

use super::due::Due;
use super::moment::Moment;
use crate::civil::DateTime;
use crate::clock::Now;
use crate::cron::Cron;
use crate::error::{Error, Kind};
use crate::guard::guarded;
use crate::occurrences::days::{remainder, Days};
use crate::occurrences::fires;
use crate::sync::Arc;
use crate::tz::{system_time, system_time_of_nanos, unix_nanos, unix_seconds, Zone};

pub(super) type Moments = Box<dyn FnMut() -> Option<Result<Moment, Error>> + Send>;
pub(super) type Closure = Box<dyn FnMut(SystemTime) -> Option<SystemTime> + Send>;

pub(super) enum Rule {
    /// Fires after `floor`, in Unix seconds.
    Cron {
        cron: Cron,
        zone: Zone,
        floor: i64,
        zone_change: Option<Box<ZoneChange>>,
    },
    Days {
        days: Days<Zone>,
        zone_change: Option<Box<ZoneChange>>,
    },
    Elapsed(Duration),
    /// At a civil time, if that is what was given.
    Once {
        civil: Option<DateTime>,
    },
    /// `last` is what the iterator gave last.
    AtEach {
        moments: Moments,
        last: Option<Moment>,
        zone: Zone,
    },
    AtNext(Closure),
}

impl Rule {
    pub(super) fn next(&mut self, due: Due, now: Now) -> Result<Option<Due>, Error> {
        match self {
            Rule::Cron { .. } | Rule::Days { .. } => Ok(self.after(due.passed_at(now)).map(Due::Calendar)),
            Rule::Elapsed(period) => Ok(match due {
                Due::Elapsed(mono) => mono.checked_add(*period).map(Due::Elapsed),
                // The anchor was a civil time; from here on only elapsed time counts.
                Due::Calendar(_) => {
                    let age = due.age(now).unwrap_or_default();
                    let last =
                        now.mono.checked_sub(age).or_else(|| now.mono.checked_sub(remainder(age, *period)));
                    last.and_then(|last| last.checked_add(*period)).map(Due::Elapsed)
                }
            }),
            Rule::Once { .. } => Ok(None),
            Rule::AtEach { moments, last, zone } => loop {
                let moment = match pull(moments)? {
                    Some(moment) => moment,
                    None => return Ok(None),
                };
                let instant = moment.in_zone(zone)?;
                let before = last.replace(moment);
                if instant > due.passed_at(now) {
                    return Ok(Some(Due::Calendar(instant)));
                }
                let is_rising = match (before, moment) {
                    // Also if a gap has made them one instant: they are one due.
                    (Some(Moment::Civil(before)), Moment::Civil(after)) => after > before,
                    // What an earlier process has run is passed over.
                    (Some(before), _) => before.in_zone(zone)? < instant,
                    (None, _) => true,
                };
                if !is_rising {
                    return Err(went_back("at_each", moment, before.unwrap_or(moment)));
                }
            },
            Rule::AtNext(next) => ask(next, now),
        }
    }

    /// The first occurrence after an instant, if that is a question of arithmetic.
    pub(super) fn after(&self, after: SystemTime) -> Option<SystemTime> {
        match self.zone_change() {
            Some(change) => change.after(after, |after| self.in_zone_after(after)),
            None => self.in_zone_after(after),
        }
    }

    /// The same, whatever changes of zone have left behind.
    pub(super) fn in_zone_after(&self, after: SystemTime) -> Option<SystemTime> {
        match self {
            Rule::Cron { cron, zone, floor, .. } => {
                fires::next(cron, zone, unix_seconds(after).max(*floor)).and_then(system_time)
            }
            Rule::Days { days, .. } => days.after(unix_nanos(after)).and_then(system_time_of_nanos),
            _ => None,
        }
    }

    /// Whether its occurrences are a question of arithmetic, and there are many.
    pub(super) fn is_arithmetic(&self) -> bool {
        matches!(self, Rule::Cron { .. } | Rule::Days { .. } | Rule::Elapsed(_))
    }

    /// How many occurrences there are after an instant and up to another, if that is a question of arithmetic.
    pub(super) fn count(&self, after: SystemTime, until: SystemTime) -> u64 {
        if after >= until {
            return 0;
        }
        let in_zone = |after, until| match self {
            Rule::Cron { cron, zone, floor, .. } => {
                fires::count(cron, zone, unix_seconds(after).max(*floor), unix_seconds(until))
            }
            Rule::Days { days, .. } => days.count(unix_nanos(after), unix_nanos(until)),
            _ => 0,
        };
        match self.zone_change() {
            Some(change) => change.count(after, until, in_zone),
            None => in_zone(after, until),
        }
    }

    /// The last occurrence at an instant or before it, if that is a question of arithmetic, whatever changes of zone have
    /// left behind.
    pub(super) fn until(&self, until: SystemTime) -> Option<SystemTime> {
        match self {
            Rule::Cron { cron, zone, floor, .. } => {
                let last = fires::previous(cron, zone, unix_seconds(until).saturating_add(1));
                last.filter(|last| last > floor).and_then(system_time)
            }
            Rule::Days { days, .. } => days.until(unix_nanos(until)).and_then(system_time_of_nanos),
            _ => None,
        }
    }

    /// The first civil second from one on that is meant, if what the clocks show at the end of a gap is not itself.
    pub(super) fn skipped_from(&self, start: i64, shown: DateTime) -> Option<i64> {
        match self {
            Rule::Cron { cron, .. } if !cron.matches(shown) => cron.at_or_after(start),
            Rule::Days { days, .. } if days.is_whole() => days.civil_from(start),
            _ => None,
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
    /// How dues were found before, if there are some that have come and are still to be run or told.
    pub(super) before: Option<Before>,
}

/// The schedule up to a change of zone.
pub(super) struct Before {
    pub(super) until: SystemTime,
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

impl ZoneChange {
    pub(super) const NOTHING: ZoneChange =
        ZoneChange { shown: None, shown_again: None, repeats: false, made_up: None, gap: None, before: None };

    /// The first due after an instant, where `rule` has the first after an instant otherwise.
    pub(super) fn after(
        &self,
        after: SystemTime,
        rule: impl FnOnce(SystemTime) -> Option<SystemTime>,
    ) -> Option<SystemTime> {
        let mut after = after;
        if let Some(Before { until, rule, .. }) = self.before.as_ref().filter(|before| after < before.until) {
            let due = rule.after(after);
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
            count = before.rule.count(after, until.min(before.until));
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
    pub(super) fn new(rule: Rule, left: Option<Box<ZoneChange>>, until: SystemTime) -> Before {
        let changes = left.as_ref().and_then(|left| left.before.as_ref()).map_or(0, |before| before.changes);
        match left.map(|left| *left) {
            Some(ZoneChange { before: Some(before), .. }) if changes == CHANGES => Before { until, ..before },
            left => Before { until, rule: rule.with_zone_change(left.map(Box::new)), changes: changes + 1 },
        }
    }
}

impl Rule {
    /// What the last change of zone has left behind.
    pub(super) fn zone_change(&self) -> Option<&ZoneChange> {
        match self {
            Rule::Cron { zone_change, .. } | Rule::Days { zone_change, .. } => zone_change.as_deref(),
            _ => None,
        }
    }

    /// What the last change of zone has skipped.
    pub(super) fn gap(&self) -> Option<Gap> {
        self.zone_change()?.gap
    }

    /// When it is due for what that has skipped.
    pub(super) fn made_up(&self) -> Option<SystemTime> {
        self.zone_change()?.made_up
    }

    /// The rule and the zone by which the dues after an instant are found, up to another instant, where those are not
    /// this rule and its zone.
    pub(super) fn before(&self, instant: SystemTime) -> Option<(&Rule, &Zone, SystemTime)> {
        let before = self.zone_change()?.before.as_ref().filter(|before| instant < before.until)?;
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
        match self.zone_change() {
            Some(change) if self.before(instant).is_none() => change.shown_before(instant),
            _ => instant,
        }
    }

    /// The same rule, if its dues are a question of arithmetic, without what changes of zone have left behind.
    pub(super) fn calendar(&self) -> Option<Rule> {
        match self {
            Rule::Cron { cron, zone, floor, .. } => {
                Some(Rule::Cron { cron: *cron, zone: zone.clone(), floor: *floor, zone_change: None })
            }
            Rule::Days { days, .. } => Some(Rule::Days { days: days.clone(), zone_change: None }),
            _ => None,
        }
    }

    /// With what a change of zone has left behind.
    fn with_zone_change(mut self, change: Option<Box<ZoneChange>>) -> Rule {
        if let Rule::Cron { zone_change, .. } | Rule::Days { zone_change, .. } = &mut self {
            *zone_change = change;
        }
        self
    }

    /// Puts another zone in the place of the one it has, if it has one.
    pub(super) fn set_zone(&mut self, new: &Zone) -> Option<Zone> {
        match self {
            Rule::Cron { zone, .. } | Rule::AtEach { zone, .. } => Some(std::mem::replace(zone, new.clone())),
            Rule::Days { days, .. } => Some(days.set_zone(new.clone())),
            Rule::Once { .. } | Rule::Elapsed(_) | Rule::AtNext(_) => None,
        }
    }
}

/// Asks an iterator for its next time.
pub(super) fn pull(moments: &mut Moments) -> Result<Option<Moment>, Error> {
    guarded(moments).map_err(|message| panicked("at_each", message))?.transpose()
}

/// Asks a closure for its next due, which must lie ahead: time moves on, or a schedule would spin.
pub(super) fn ask(next: &mut Closure, now: Now) -> Result<Option<Due>, Error> {
    match guarded(|| next(now.wall)).map_err(|message| panicked("at_next", message))? {
        Some(due) if due <= now.wall => Err(went_back("at_next", due.into(), now.wall.into())),
        due => Ok(due.map(Due::Calendar)),
    }
}

fn went_back(field: &'static str, moment: Moment, before: Moment) -> Error {
    Error::new(Kind::WentBack(format!("expected a time after {before}, or no more")))
        .in_field(field, moment.to_string())
}

pub(super) fn panicked(field: &'static str, message: Arc<str>) -> Error {
    Error::new(Kind::Panicked(message)).in_field(field, "")
}
