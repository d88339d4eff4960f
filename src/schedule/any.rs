//! Several schedules as one: due whenever one of them is.

use std::time::SystemTime;

use super::bounds::{Bounds, Parts};
use super::except::Except;
use super::exclusions::{Exclusions, NANOSECOND};
use super::moment::Moment;
use super::pattern::Pattern;
use super::timeline::Timeline;
use super::{instant_of, Schedule, What};
use crate::error::{Error, Kind};
use crate::tz::Zone;

/// So many occurrences that two schedules have in common are found one by one. The docs of `any` say "a million". From there on
/// the count is a lower bound.
const MOST_COMMON: u32 = 1_000_000;

impl Schedule {
    /// Whenever one of several schedules is due. It is one schedule, for one task: occurrences that coincide are one.
    ///
    /// ```
    /// use sexton::{tz::Zone, Moment, Schedule};
    ///
    /// let feed = Schedule::any([Schedule::cron("30 5 * * *")?, Schedule::cron("45 12 * * mon-fri")?]).zone(Zone::utc());
    /// let from = "2026-11-27T06:00:00Z".parse::<Moment>()?.instant(&Zone::utc()).unwrap(); // a Friday
    /// let due_times: Vec<String> = feed.upcoming(from)?.take(3).map(|due| Moment::from(due).to_string()).collect();
    /// assert_eq!(due_times, ["2026-11-27T12:45:00Z", "2026-11-28T05:30:00Z", "2026-11-29T05:30:00Z"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// A member is [`cron`](Schedule::cron), [`every`](Schedule::every) with [`starting`](Schedule::starting),
    /// [`at`](Schedule::at), or `any` again. It may have its own `starting`, `until`, `except_dates` with `or_next_day` or
    /// `or_previous_day`, and `every_nth_week`. All else is for the whole: `zone`, `jitter`, `times`, and `except` with a
    /// closure. `until`, `except` and `except_dates` of the whole apply to all members.
    ///
    /// As a cron expression, it is due after the time at which the task is scheduled: an anchor or a time that has passed is
    /// not caught up. Periods of elapsed time go by the wall clock in it: their anchor and whole periods from there on. Missed occurrences are counted exactly, unless more
    /// than a million of those of one member coincide with others: then the count is a lower bound.
    ///
    /// Another member, none at all, or one with what is for the whole is an error when the task is scheduled.
    pub fn any<I>(members: I) -> Schedule
    where
        I: IntoIterator,
        I::Item: Into<Schedule>,
    {
        Schedule::from(What::Any(members.into_iter().map(Into::into).collect()))
    }

    /// Whether it can be a member of `any`.
    fn check_member(&self) -> Result<(), Error> {
        let is_plain = self.zone.is_none() && self.times.is_none() && self.jitter.is_zero();
        let why = match self.has_pattern() {
            true if is_plain && !self.except.has_closures() => return self.check(),
            true => {
                "expected `zone`, `times`, `jitter` and `except` with a closure on the whole, not on a member"
            }
            false => "cannot be a member, expected `cron`, `every` with `starting`, `at`, or `any`",
        };
        Err(Error::new(Kind::Other(why.into())).in_field("any", self.to_string()))
    }
}

/// Several patterns by one clock.
#[derive(Clone)]
pub(super) struct Union {
    members: Vec<Member>,
    pub(super) clock: Timeline,
}

#[derive(Clone)]
struct Member {
    pattern: Pattern,
    except: Except,
    /// When it begins and ends.
    bounds: Bounds,
    /// Those up to then have been judged, and do not come back when the clock is set back.
    judged: Option<SystemTime>,
}

impl Union {
    /// The schedules in a zone. Expressions begin after `floor`, in Unix seconds.
    pub(super) fn new(schedules: &[Schedule], zone: &Zone, floor: i64) -> Result<Union, Error> {
        if schedules.is_empty() {
            return Err(Error::new(Kind::Other("expected at least one schedule".into())).in_field("any", ""));
        }
        let member = |schedule: &Schedule| {
            schedule.check_member()?;
            let parts = Parts {
                until: instant_of("until", schedule.until, zone)?,
                civil_starting: schedule.starting.and_then(Moment::civil),
                civil_until: schedule.until.and_then(Moment::civil),
                ..Parts::default()
            };
            let (pattern, except) = (schedule.pattern(zone, floor)?, schedule.except.clone());
            Ok(Member { pattern, except, bounds: Bounds::new(parts), judged: None })
        };
        let members = schedules.iter().map(member).collect::<Result<_, Error>>()?;
        Ok(Union { members, clock: Timeline::new(zone.clone()) })
    }

    pub(super) fn after(&self, after: SystemTime) -> Option<SystemTime> {
        first(&self.members, after)
    }

    pub(super) fn until(&self, until: SystemTime) -> Option<SystemTime> {
        self.members.iter().filter_map(|member| member.until(until)).max()
    }

    /// How many there are after an instant and up to another: of each member those that no member before it has.
    pub(super) fn count(&self, after: SystemTime, until: SystemTime) -> u64 {
        let new = |(index, member): (usize, &Member)| {
            let (mut at, mut common) = (after, 0);
            // Each search jumps over all that only one of the two sides has.
            while let Some(found) = member.after(at).filter(|found| *found <= until) {
                match first(&self.members[..index], found.checked_sub(NANOSECOND).unwrap_or(found)) {
                    Some(other) if other == found && common == MOST_COMMON => {
                        return member.count(after, found).saturating_sub(1 + u64::from(common));
                    }
                    Some(other) if other == found => {
                        common += 1;
                        at = found;
                    }
                    Some(other) if other <= until => at = other.checked_sub(NANOSECOND).unwrap_or(other),
                    _ => break,
                }
            }
            member.count(after, until).saturating_sub(common.into())
        };
        self.members.iter().enumerate().map(new).sum()
    }

    pub(super) fn patterns(&self) -> impl Iterator<Item = &Pattern> {
        self.members.iter().map(|member| &member.pattern)
    }

    pub(super) fn with_clock(&self, clock: Timeline) -> Union {
        let member =
            |member: &Member| Member { pattern: member.pattern.with_clock(clock.clone()), ..member.clone() };
        Union { members: self.members.iter().map(member).collect(), clock }
    }

    /// Reads in the zone of now when its members begin and end.
    pub(super) fn rezone(&mut self) {
        for Member { pattern, bounds, .. } in &mut self.members {
            bounds.rezone(self.clock.zone());
            pattern.rezone(bounds.civil_starting());
        }
    }

    /// Members that are not interval-like are due only after an instant, or from their beginning again.
    pub(super) fn hold(&mut self, judged: Option<SystemTime>) {
        for member in &mut self.members {
            member.pattern.hold(judged);
            if !member.pattern.is_interval_like() {
                member.judged = judged;
            }
        }
    }
}

impl Member {
    fn after(&self, after: SystemTime) -> Option<SystemTime> {
        let after = self.judged.map_or(after, |judged| judged.max(after));
        // Without closures there are no errors.
        let found = self.exclusions().after(&self.pattern, after, None).unwrap_or(None);
        found.filter(|found| *found <= self.bounds.until().unwrap_or(*found))
    }

    fn until(&self, until: SystemTime) -> Option<SystemTime> {
        let until = self.bounds.until().map_or(until, |end| end.min(until));
        let found = self.exclusions().until(&self.pattern, until).unwrap_or(None);
        found.filter(|found| self.judged.map_or(true, |judged| *found > judged))
    }

    fn count(&self, after: SystemTime, until: SystemTime) -> u64 {
        let after = self.judged.map_or(after, |judged| judged.max(after));
        let until = self.bounds.until().map_or(until, |end| end.min(until));
        if after < until {
            self.exclusions().count(&self.pattern, after, until)
        } else {
            0
        }
    }

    fn exclusions(&self) -> Exclusions<'_> {
        Exclusions { except: &self.except, clock: self.pattern.clock() }
    }
}

/// The first occurrence of any member after an instant.
fn first(members: &[Member], after: SystemTime) -> Option<SystemTime> {
    members.iter().filter_map(|member| member.after(after)).min()
}
