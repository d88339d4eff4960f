//! The occurrences of an expression, of a period from an anchor on, or of several of these. Arithmetic, and
//! nothing else.

use std::time::{Duration, SystemTime};

use super::bounds::Bounds;
use super::except::Except;
use super::exclusions::{Exclusions, NANOSECOND};
use super::moment::{out_of_range, Moment};
use super::recurrence::Recurrence;
use super::timeline::Timeline;
use super::words::Words;
use super::{expect_begun, instant_of, Schedule, What};
use crate::civil::DateTime;
use crate::cron::weeks::MOST_WEEKS;
use crate::cron::Cron;
use crate::error::Error;
use crate::occurrences::days::Days;
use crate::occurrences::fires;
use crate::period::Period;
use crate::sync::Arc;
use crate::tz::{system_time, system_time_of_nanos, unix_nanos, unix_seconds, Instants, Offsets, Zone};

/// So many occurrences that two schedules have in common are found one by one. The docs of `any` say "a million". From there on
/// the count is a lower bound.
const MOST_COMMON: u32 = 1_000_000;

/// What is due, and the clock that it follows.
#[derive(Clone)]
pub(super) enum Pattern {
    /// Fires after `floor`, in Unix seconds.
    Cron { cron: Arc<Cron>, clock: Timeline, floor: i64 },
    /// A period from an anchor on.
    Days(Arc<Days<Timeline>>),
    /// What at least one of these has. They are one or more, and follow one clock.
    Any(Vec<Set>),
}

impl Schedule {
    /// Whether its occurrences are the same whenever one asks.
    pub(super) fn has_pattern(&self) -> bool {
        match self.what {
            What::Cron(_) | What::At(_) | What::Any(_) => true,
            What::Every(_) => self.starting.is_some(),
            What::After(_) | What::AfterEnd(_) | What::AtEach(_) | What::AtNext(_) => false,
        }
    }

    /// The expression in a zone: only the weeks that count, if not all do.
    pub(crate) fn cron_in(&self, cron: &Arc<Cron>, zone: &Zone) -> Result<Arc<Cron>, Error> {
        let weeks = match self.every_nth_week {
            Some(weeks) => weeks,
            None => return Ok(cron.clone()),
        };
        let nonsense = |why: &str| Error::other(why).in_field("every_nth_week", weeks.to_string());
        if !(1..=MOST_WEEKS).contains(&weeks) {
            return Err(nonsense("expected 1-63 weeks"));
        }
        let starting = instant_of("starting", self.starting, zone)?;
        let anchor = starting.ok_or_else(|| nonsense("needs the `starting` moment of a week that counts"))?;
        let day = zone.civil(anchor).ok_or_else(out_of_range)?.date().days();
        let cron = cron.in_every_nth_week(day, weeks);
        cron.map(Arc::new).ok_or_else(|| {
            nonsense("goes with weekdays of every week, and a day that matches both day fields")
        })
    }

    /// Its occurrences in a zone, if it has a pattern. An expression begins after `floor`, in Unix seconds.
    pub(super) fn pattern(&self, zone: &Zone, floor: i64) -> Result<Pattern, Error> {
        let clock = Timeline::new(zone.clone());
        let starting = instant_of("starting", self.starting, zone)?;
        match (&self.what, starting) {
            (What::Cron(cron), _) => {
                let cron = self.cron_in(cron, zone)?;
                let floor = starting.map_or(i64::MIN, unix_seconds).max(floor);
                Ok(Pattern::Cron { cron, clock, floor })
            }
            (What::Every(period), Some(anchor)) => {
                Pattern::days(*period, self.starting.and_then(Moment::civil), anchor, zone)
            }
            (What::At(moment), _) => {
                let at = moment.in_zone(zone).map_err(|error| error.in_field("at", moment.to_string()))?;
                // There is no second one: it is beyond the calendar, or beyond all clocks.
                let period = match moment.civil() {
                    Some(_) => Period::new(u32::MAX, Duration::ZERO),
                    None => Period::new(0, Duration::MAX),
                };
                Pattern::days(period?, moment.civil(), at, zone)
            }
            (What::Any(members), _) if members.is_empty() => {
                Err(Error::other("expected at least one schedule").in_field("any", ""))
            }
            (What::Any(members), _) => {
                let member = |schedule: &Schedule| {
                    schedule.check_member()?;
                    Set::new(schedule, zone, floor)
                };
                Ok(Pattern::Any(members.iter().map(member).collect::<Result<_, Error>>()?))
            }
            _ => Err(Error::other("its due times depend on when it is scheduled")),
        }
    }
}

impl Recurrence for Pattern {
    fn after(&self, after: SystemTime) -> Option<SystemTime> {
        match self {
            Pattern::Cron { cron, clock, floor } => {
                fires::next(cron, clock, unix_seconds(after).max(*floor)).and_then(system_time)
            }
            Pattern::Days(days) => days.after(unix_nanos(after)).and_then(system_time_of_nanos),
            Pattern::Any(sets) => first(sets, after),
        }
    }

    fn until(&self, until: SystemTime) -> Option<SystemTime> {
        match self {
            Pattern::Cron { cron, clock, floor } => {
                let last = fires::previous(cron, clock, unix_seconds(until).saturating_add(1));
                last.filter(|last| last > floor).and_then(system_time)
            }
            Pattern::Days(days) => days.until(unix_nanos(until)).and_then(system_time_of_nanos),
            Pattern::Any(sets) => sets.iter().filter_map(|set| set.until(until).ok()?).max(),
        }
    }

    fn count(&self, after: SystemTime, until: SystemTime) -> u64 {
        match self {
            Pattern::Cron { cron, clock, floor } => {
                fires::count(cron, clock, unix_seconds(after).max(*floor), unix_seconds(until))
            }
            Pattern::Days(days) => days.count(unix_nanos(after), unix_nanos(until)),
            Pattern::Any(sets) => count(sets, after, until),
        }
    }

    fn begins_after(&self) -> Option<SystemTime> {
        match self {
            Pattern::Cron { floor, .. } => system_time(*floor),
            Pattern::Days(days) => {
                let anchor = days.after(i128::MIN).and_then(system_time_of_nanos);
                anchor.and_then(|anchor| anchor.checked_sub(NANOSECOND))
            }
            Pattern::Any(_) => None,
        }
    }

    fn skipped_from(&self, start: i64, shown: DateTime) -> Option<i64> {
        match self {
            Pattern::Cron { cron, .. } if !cron.matches(shown) => cron.at_or_after(start),
            Pattern::Days(days) if days.is_whole() => days.civil_from(start),
            Pattern::Any(sets) => sets.iter().filter_map(|set| set.pattern.skipped_from(start, shown)).min(),
            _ => None,
        }
    }

    fn is_same_each_day_from(&self, start: i64) -> bool {
        matches!(self, Pattern::Cron { floor, .. } if *floor < start)
    }
}

impl Pattern {
    /// A period of days or months from an anchor on.
    pub(super) fn days(
        period: Period,
        civil: Option<DateTime>,
        anchor: SystemTime,
        zone: &Zone,
    ) -> Result<Pattern, Error> {
        if !period.is_elapsed() {
            expect_begun(zone, anchor)?;
        }
        let days = Days::new(period, civil, unix_nanos(anchor), Timeline::new(zone.clone()));
        Ok(Pattern::Days(Arc::new(days.ok_or_else(out_of_range)?)))
    }

    /// Whether it is due again for civil times that the clock shows again; of several, whether one is.
    pub(super) fn is_interval_like(&self) -> bool {
        match self {
            Pattern::Cron { cron, .. } => cron.is_interval_like(),
            Pattern::Days(_) => false,
            Pattern::Any(sets) => sets.iter().any(|set| set.pattern.is_interval_like()),
        }
    }

    /// The expression or the period in words.
    pub(super) fn words(&self) -> Option<Words> {
        match self {
            Pattern::Cron { cron, .. } => Some(Words::Cron(cron.clone())),
            Pattern::Days(days) => Some(Words::Every(days.period)),
            Pattern::Any(_) => None,
        }
    }

    /// The clock that it follows.
    pub(super) fn clock(&self) -> &Timeline {
        match self {
            Pattern::Cron { clock, .. } => clock,
            Pattern::Days(days) => &days.zone,
            Pattern::Any(sets) => sets[0].pattern.clock(),
        }
    }

    /// Its occurrences without those that are left out.
    pub(super) fn without<'a>(&'a self, except: &'a Except) -> Exclusions<'a> {
        Exclusions { pattern: self, clock: self.clock(), except }
    }

    /// The same by another clock.
    pub(super) fn with_clock(&self, clock: Timeline) -> Pattern {
        match self {
            Pattern::Cron { cron, floor, .. } => Pattern::Cron { cron: cron.clone(), clock, floor: *floor },
            Pattern::Days(days) => {
                let alone = clock.changed_at().map(|_| Timeline::new(clock.zone().clone()));
                Pattern::Days(Arc::new(days.in_zone(clock, alone)))
            }
            Pattern::Any(sets) => {
                let set = |set: &Set| Set { pattern: set.pattern.with_clock(clock.clone()), ..set.clone() };
                Pattern::Any(sets.iter().map(set).collect())
            }
        }
    }

    /// Reads in the zone of now when it begins, if that is a civil time; and when several begin and end.
    pub(super) fn rezone(&mut self, starting: Option<DateTime>) {
        match (self, starting) {
            (Pattern::Cron { floor, clock, .. }, Some(starting)) => {
                *floor = match clock.resolve(starting.seconds()) {
                    // What the change has skipped is due after it, so the bound comes before.
                    Instants::Gap { .. } => clock.zone().resolve(starting.seconds()).due(),
                    shown => shown.due(),
                };
            }
            (Pattern::Any(sets), _) => {
                for Set { pattern, bounds, .. } in sets {
                    bounds.rezone(pattern.clock().zone());
                    pattern.rezone(bounds.civil_starting);
                }
            }
            _ => {}
        }
    }

    /// Of several, those that are not interval-like are due only after an instant, or from their beginning again.
    pub(super) fn hold(&mut self, judged: Option<SystemTime>) {
        if let Pattern::Any(sets) = self {
            for set in sets {
                set.pattern.hold(judged);
                if !set.pattern.is_interval_like() {
                    set.judged = judged;
                }
            }
        }
    }

    /// The same by the clock of its zone alone, as if there had been no change.
    pub(super) fn in_zone_alone(&self) -> Pattern {
        self.with_clock(Timeline::new(self.clock().zone().clone()))
    }
}

/// The occurrences of a pattern that are not left out, up to an end.
#[derive(Clone)]
pub(super) struct Set {
    pub(super) pattern: Pattern,
    bounds: Bounds,
    /// Those up to then have been judged, and do not come back when the clock is set back.
    judged: Option<SystemTime>,
}

impl Set {
    /// That of a schedule in a zone. An expression begins after `floor`, in Unix seconds.
    pub(super) fn new(schedule: &Schedule, zone: &Zone, floor: i64) -> Result<Set, Error> {
        let bounds = schedule.bounds(zone, Duration::ZERO)?;
        Ok(Set { pattern: schedule.pattern(zone, floor)?, bounds, judged: None })
    }

    /// The first one after an instant, if it is not after another. Closures are asked about no later ones.
    pub(super) fn after(
        &self,
        after: SystemTime,
        until: Option<SystemTime>,
    ) -> Result<Option<SystemTime>, Error> {
        let after = self.judged.map_or(after, |judged| judged.max(after));
        let until = self.bounds.until.into_iter().chain(until).min();
        let found = self.pattern.without(&self.bounds.except).after(after, until)?;
        Ok(found.filter(|&found| until.map_or(true, |until| found <= until)))
    }

    /// The last one at an instant or before it.
    pub(super) fn until(&self, until: SystemTime) -> Result<Option<SystemTime>, Error> {
        let until = self.bounds.until.map_or(until, |end| end.min(until));
        let found = self.pattern.without(&self.bounds.except).until(until)?;
        Ok(found.filter(|&found| self.judged.map_or(true, |judged| found > judged)))
    }

    /// How many there are after an instant and up to another. Closures are not asked.
    fn count(&self, after: SystemTime, until: SystemTime) -> u64 {
        let after = self.judged.map_or(after, |judged| judged.max(after));
        let until = self.bounds.until.map_or(until, |end| end.min(until));
        match after < until {
            true => self.pattern.without(&self.bounds.except).count(after, until),
            false => 0,
        }
    }
}

/// The first one after an instant of several sets. No closures leave any out, and so there are no errors.
fn first(sets: &[Set], after: SystemTime) -> Option<SystemTime> {
    sets.iter().filter_map(|set| set.after(after, None).ok()?).min()
}

/// How many there are of several sets after an instant and up to another: of each those that no set before it has.
fn count(sets: &[Set], after: SystemTime, until: SystemTime) -> u64 {
    let new = |(index, set): (usize, &Set)| {
        let (mut at, mut common) = (after, 0);
        // Each search jumps over all that only one of the two sides has.
        while let Ok(Some(found)) = set.after(at, Some(until)) {
            match first(&sets[..index], found.checked_sub(NANOSECOND).unwrap_or(found)) {
                Some(other) if other == found && common == MOST_COMMON => {
                    return set.count(after, found).saturating_sub(1 + u64::from(common));
                }
                Some(other) if other == found => {
                    common += 1;
                    at = found;
                }
                Some(other) if other <= until => at = other.checked_sub(NANOSECOND).unwrap_or(other),
                _ => break,
            }
        }
        set.count(after, until).saturating_sub(common.into())
    };
    sets.iter().enumerate().map(new).sum()
}
