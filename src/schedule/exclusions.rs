//! The occurrences of a schedule that leaves some out, or moves them to a later date.
//!
//! There is one set of instants for a schedule, from wherever one asks:
//!
//! 1. An occurrence on a listed date is left out; the date is what the clocks show. With `or_next_day` or `or_previous_day`
//!    it moves instead: to the civil time of day that it is meant for, on the next date that is not listed, or on the last
//!    one before.
//! 2. Closures leave out more of these, moved or not. What a closure leaves out does not move.

use std::time::{Duration, SystemTime};

use super::except::{Except, Moves};
use super::recurrence::Recurrence;
use super::timeline::{Timeline, FARTHEST};
use crate::civil::{Date, DateTime, DAY};
use crate::error::{Error, Kind};
use crate::tz::{system_time, unix_seconds, Offsets};

pub(super) const NANOSECOND: Duration = Duration::from_nanos(1);
const NANOS: u128 = 1_000_000_000;

/// How many days away a moved occurrence is at most.
const MOST_DAYS: i64 = 366;

/// A closure may leave out a million occurrences in a row, and more within a year. Then the schedule ends with an error.
const MOST_IN_A_ROW: u32 = 1_000_000;

/// After so many in a row, the first of each hour is tried for eight years, in which each date occurs. A closure that always says
/// `true` does not hold its caller up.
const TRIED_AFTER: u32 = 10_000;
const TRIED: Duration = Duration::from_secs(8 * 366 * 86_400);

/// No expression names a later year: one that goes on after it goes on to the end of the calendar.
const LAST_NAMED_YEAR: i16 = 2199;

/// What is left out of something that follows a clock.
#[derive(Clone, Copy)]
pub(super) struct Exclusions<'a> {
    pub(super) except: &'a Except,
    pub(super) clock: &'a Timeline,
}

impl Exclusions<'_> {
    /// Whether what the clock shows at an instant is left out, as a listed date or by a closure.
    pub(super) fn leave_out(&self, instant: SystemTime) -> Result<bool, Error> {
        match self.clock.civil(instant) {
            Some(shown) => Ok(self.except.lists(shown.date()) || self.except.closures_leave_out(shown)?),
            None => Ok(false),
        }
    }

    /// The first occurrence of a pattern after an instant. Closures are not asked about one after `until`.
    pub(super) fn after(
        &self,
        pattern: &dyn Recurrence,
        mut after: SystemTime,
        until: Option<SystemTime>,
    ) -> Result<Option<SystemTime>, Error> {
        let mut row = Row::default();
        loop {
            let found = self.by_dates_after(pattern, after);
            let is_asked = |found: &SystemTime| {
                self.except.has_closures() && until.map_or(true, |until| *found <= until)
            };
            match (found, found.filter(is_asked).and_then(|found| self.clock.civil(found))) {
                (Some(found), Some(shown)) if self.except.closures_leave_out(shown)? => {
                    let next = |after| self.by_dates_after(pattern, after);
                    self.add(&mut row, (found, shown), until, next)?;
                    after = found;
                }
                (None, _) if row.last.map_or(false, |date| date.year() > LAST_NAMED_YEAR) => {
                    return Err(leaves_nothing());
                }
                _ => return Ok(found),
            }
        }
    }

    /// The last occurrence of a pattern at an instant or before it.
    pub(super) fn until(
        &self,
        pattern: &dyn Recurrence,
        until: SystemTime,
    ) -> Result<Option<SystemTime>, Error> {
        if self.except.is_empty() {
            return Ok(pattern.until(until));
        }
        // What moves back comes from later dates.
        let days = if self.except.moves == Moves::Previous { MOST_DAYS as u64 + 2 } else { 0 };
        let ahead = Duration::from_secs(days * 86_400);
        let raw = |at: SystemTime| {
            let last = pattern.until(at.checked_add(ahead)?)?;
            last.min(at).checked_sub(NANOSECOND)
        };
        let after = |after| self.after(pattern, after, Some(until));
        let (mut start, mut step) = (raw(until), Duration::from_secs(1));
        // Back in larger and larger steps, until there is one, and at last to before all.
        while let Some(before) = start {
            if let Some(found) = after(before)?.filter(|&found| found <= until) {
                return last_of(found, until, after).map(Some);
            }
            let earlier = before.checked_sub(step);
            step = step.saturating_mul(2);
            start = match earlier.and_then(raw) {
                None if raw(before).is_some() => earlier,
                start => start,
            };
        }
        Ok(None)
    }

    /// How many occurrences there are after an instant and up to another, as far as dates leave them out. `raw` counts all,
    /// left out or not. Nothing moves.
    pub(super) fn count_in_place(
        &self,
        after: SystemTime,
        until: SystemTime,
        raw: impl Fn(SystemTime, SystemTime) -> u64,
    ) -> u64 {
        let mut count = raw(after, until);
        for (first, last) in self.except.stretches() {
            let (first, end) = (first.days() * DAY, (last.days() + 1) * DAY);
            // The instants that show these dates: a part of each span near them.
            let mut at = unix_seconds(after).max(first - FARTHEST);
            while at <= unix_seconds(until).min(end + FARTHEST) && at < i64::MAX {
                let span = self.clock.span(at);
                let offset = i64::from(span.offset);
                let from = just_before(span.lo.max(first - offset)).map_or(after, |from| from.max(after));
                let to = just_before(span.hi.min(end - offset)).map_or(until, |to| to.min(until));
                if from < to {
                    count = count.saturating_sub(raw(from, to));
                }
                at = span.hi;
            }
        }
        count
    }

    /// How many occurrences of a pattern there are after an instant and up to another, as far as dates leave them out or
    /// move them.
    pub(super) fn count(&self, pattern: &dyn Recurrence, after: SystemTime, until: SystemTime) -> u64 {
        let raw = |after, until| pattern.count(after, until);
        let mut count = self.count_in_place(after, until, raw);
        for (first, last) in self.except.stretches() {
            // All that moves from these dates is due on the date beside them, or at the end of a gap that begins there.
            let open = match self.except.moves {
                Moves::Not => break,
                Moves::Next => next_day(last),
                Moves::Previous => first.checked_add_days(-1).unwrap_or(first),
            };
            let from = just_before(self.clock.start(open)).map_or(after, |from| from.max(after));
            let to = system_time(self.clock.start(next_day(open))).map_or(until, |to| to.min(until));
            if from >= to
                || (self.are_alike(pattern, first.min(open), last.max(open)) && self.has_any(pattern, open))
            {
                continue;
            }
            let next = |at: &SystemTime| self.by_dates_after(pattern, *at).filter(|next| *next <= to);
            count += std::iter::successors(next(&from), next).count() as u64;
            count = count.saturating_sub(self.count_in_place(from, to, raw));
        }
        count
    }

    /// How long it takes from an instant to the first that is not left out, in whole periods. `None` if the clock reaches
    /// its end before that.
    pub(super) fn wait(&self, from: SystemTime, period: Duration) -> Result<Option<Duration>, Error> {
        let mut row = Row::default();
        let mut wait = Duration::ZERO;
        loop {
            let instant = match from.checked_add(wait) {
                Some(instant) => instant,
                None => return Ok(None),
            };
            let shown = match self.clock.civil(instant) {
                Some(shown) => shown,
                None if row.last.is_some() => return Err(leaves_nothing()),
                None => return Ok(Some(wait)),
            };
            // Within a second the answer is the same.
            let mut next = system_time(unix_seconds(instant).saturating_add(1));
            if self.except.lists(shown.date()) {
                next = next.max(system_time(self.clock.start(self.first_open(shown.date()))));
            } else if self.except.closures_leave_out(shown)? {
                self.add(&mut row, (instant, shown), None, |after| {
                    let ahead = after.duration_since(from).ok()? + NANOSECOND;
                    from.checked_add(rounded_up(ahead, period)?)
                })?;
            } else {
                return Ok(Some(wait));
            }
            let ahead = next.and_then(|next| next.duration_since(from).ok());
            wait = match ahead.and_then(|ahead| rounded_up(ahead, period)) {
                Some(wait) => wait,
                None => return Ok(None),
            };
        }
    }

    /// Adds an occurrence to those that closures have left out in a row; an error if nothing seems to be left. `next` gives the
    /// first one after an instant.
    fn add(
        &self,
        row: &mut Row,
        (instant, shown): (SystemTime, DateTime),
        until: Option<SystemTime>,
        next: impl Fn(SystemTime) -> Option<SystemTime>,
    ) -> Result<(), Error> {
        row.count = row.count.saturating_add(1);
        row.last = Some(shown.date());
        let days = shown.date().days() - row.first.get_or_insert(shown.date()).days();
        if row.count >= MOST_IN_A_ROW && days > MOST_DAYS {
            return Err(leaves_nothing());
        }
        if row.count != TRIED_AFTER {
            return Ok(());
        }
        let mut at = Some(instant);
        while let Some(found) = at.and_then(&next).filter(|found| until.map_or(true, |until| *found <= until))
        {
            let shown = match self.clock.civil(found) {
                Some(shown) if found.duration_since(instant).map_or(true, |ahead| ahead < TRIED) => shown,
                Some(_) => return Err(leaves_nothing()),
                None => break,
            };
            if !self.except.closures_leave_out(shown)? {
                break;
            }
            at = just_before(unix_seconds(found) + 3600 - shown.seconds().rem_euclid(3600));
        }
        Ok(())
    }

    /// The first occurrence after an instant that the list of dates leaves where it is, or moves there.
    fn by_dates_after(&self, pattern: &dyn Recurrence, after: SystemTime) -> Option<SystemTime> {
        if self.except.dates.is_empty() {
            return pattern.after(after);
        }
        let moves = self.except.moves;
        if moves == Moves::Previous {
            return self.or_moved_back(pattern, after);
        }
        // What clocks show again does not move again.
        let passed = DateTime::from_seconds(self.clock.not_shown_by(unix_seconds(after)));
        let (mut at, mut best) = (after, None);
        if let Some(passed) = passed.filter(|_| moves == Moves::Next) {
            // From the first that may move to today or later.
            let start = self.clock.start(self.first_listed_before(passed.date()));
            at = just_before(start).map_or(after, |start| start.min(after));
        }
        loop {
            let raw = pattern.after(at).filter(|&raw| best.map_or(true, |best| raw < best));
            let (raw, shown) = match (raw, raw.and_then(|raw| self.clock.civil(raw))) {
                (Some(raw), Some(shown)) => (raw, shown),
                (raw, _) => return raw.or(best),
            };
            let (date, is_listed) = (shown.date(), self.except.lists(shown.date()));
            if !is_listed && raw > after {
                return Some(raw);
            }
            let moved =
                if is_listed && moves == Moves::Next { self.moved(pattern, raw, shown) } else { None };
            let next = match moved {
                Some(moved) if moved <= after => {
                    passed.map_or(i64::MIN, |passed| self.clock.instant(date.at(passed.time())))
                }
                Some(moved) => {
                    best = Some(best.map_or(moved, |best: SystemTime| best.min(moved)));
                    // Later ones on this date move to later times.
                    self.clock.start(next_day(date))
                }
                None if is_listed && moves == Moves::Not => self.clock.start(self.first_open(date)),
                None => self.clock.start(next_day(date)),
            };
            // After a change of clocks an earlier time may be shown again.
            let next = just_before(next.min(self.clock.span(unix_seconds(raw)).hi));
            let next = next.map_or(raw, |next| if is_listed { next } else { next.min(after) });
            at = next.max(raw);
        }
    }

    /// The same where occurrences on listed dates move to earlier ones.
    fn or_moved_back(&self, pattern: &dyn Recurrence, after: SystemTime) -> Option<SystemTime> {
        // Nothing moves to before the beginning.
        let after = pattern.begins_after().map_or(after, |begin| begin.max(after));
        let passed = DateTime::from_seconds(self.clock.not_shown_by(unix_seconds(after)));
        let (mut at, mut best) = (after, None);
        while let Some(raw) = pattern.after(at) {
            let (shown, passed) = match (self.clock.civil(raw), passed) {
                (Some(shown), Some(passed)) => (shown, passed),
                _ => return best.or(Some(raw)),
            };
            let earlier = |due: SystemTime| Some(best.map_or(due, |best: SystemTime| best.min(due)));
            let date = shown.date();
            let listed = match self.except.first_from(date) {
                Some(listed) => listed,
                None => return earlier(raw),
            };
            let next = if listed != date {
                best = earlier(raw);
                self.clock.start(listed)
            } else {
                match self.moved(pattern, raw, shown) {
                    Some(moved) if moved > after => {
                        best = earlier(moved);
                        self.clock.start(next_day(date))
                    }
                    // Later ones on this date move to later times.
                    Some(moved)
                        if self.clock.civil(moved).map_or(false, |moved| moved.date() == passed.date()) =>
                    {
                        self.clock.instant(date.at(passed.time()))
                    }
                    _ => self.clock.start(next_day(date)),
                }
            };
            // What moves from the dates to come moves to the open date before, or to one before that.
            let target = self.open_before(listed).and_then(|open| self.open_before(open));
            let target = target.and_then(|target| system_time(self.clock.start(target)));
            if best.is_some() && target > best {
                return best;
            }
            at = just_before(next.min(self.clock.span(unix_seconds(raw)).hi))
                .map_or(raw, |next| next.max(raw));
        }
        best
    }

    /// Where an occurrence on a listed date goes; `None` if that is more than a year away.
    fn moved(&self, pattern: &dyn Recurrence, raw: SystemTime, shown: DateTime) -> Option<SystemTime> {
        let time = self.meant_for(pattern, raw, shown).time();
        let below_second = raw.duration_since(system_time(unix_seconds(raw))?).unwrap_or_default();
        let mut date = shown.date();
        loop {
            let open = match self.except.moves {
                Moves::Previous => self.open_before(date)?,
                _ => self.first_open(next_day(date)),
            };
            if open == date || (open.days() - shown.date().days()).abs() > MOST_DAYS {
                return None;
            }
            date = open;
            let instant = system_time(self.clock.instant(date.at(time)))?;
            // The time may be in a gap that ends on another date.
            if !self.clock.civil(instant).map_or(false, |shown| self.except.lists(shown.date())) {
                return instant.checked_add(below_second);
            }
        }
    }

    /// The civil time that an occurrence is meant for: of one at the end of a gap, what the gap has skipped.
    fn meant_for(&self, pattern: &dyn Recurrence, raw: SystemTime, shown: DateTime) -> DateTime {
        let unix = unix_seconds(raw);
        if self.clock.span(unix).lo != unix {
            return shown;
        }
        let skipped = pattern.skipped_from(self.clock.not_shown_by(unix.saturating_sub(1)), shown);
        skipped.and_then(DateTime::from_seconds).filter(|&skipped| skipped < shown).unwrap_or(shown)
    }

    /// Whether there is an occurrence of a pattern on a date on which no clocks change.
    fn has_any(&self, pattern: &dyn Recurrence, date: Date) -> bool {
        let next = just_before(self.clock.start(date)).and_then(|before| pattern.after(before));
        next.map_or(false, |next| unix_seconds(next) < self.clock.start(next_day(date)))
    }

    /// Whether all dates from this one to another have the same times of day, if they have any.
    fn are_alike(&self, pattern: &dyn Recurrence, date: Date, last: Date) -> bool {
        let start = self.clock.start(date);
        let span = self.clock.span(start);
        let is_in_span = span.lo < start && self.clock.start(next_day(last)) <= span.hi;
        is_in_span && pattern.is_same_each_day_from(start)
    }

    /// The first date of the listed ones in a row that end the day before this one, or else this one.
    fn first_listed_before(&self, date: Date) -> Date {
        let days = (1..=MOST_DAYS).map_while(|days| date.checked_add_days(-days));
        days.take_while(|&date| self.except.lists(date)).last().unwrap_or(date)
    }

    /// The last date before this one that is not listed.
    fn open_before(&self, date: Date) -> Option<Date> {
        (1..).map_while(|days| date.checked_add_days(-days)).find(|date| !self.except.lists(*date))
    }

    /// The first date from this one on that is not listed, or the last of the calendar.
    fn first_open(&self, mut date: Date) -> Date {
        while self.except.lists(date) && next_day(date) > date {
            date = next_day(date);
        }
        date
    }
}

/// The occurrences in a row that closures have left out.
#[derive(Default)]
struct Row {
    count: u32,
    first: Option<Date>,
    last: Option<Date>,
}

/// The last occurrence up to an instant: from one of them on, in ever smaller steps. `after` gives the first one after an
/// instant.
pub(super) fn last_of(
    mut last: SystemTime,
    until: SystemTime,
    after: impl Fn(SystemTime) -> Result<Option<SystemTime>, Error>,
) -> Result<SystemTime, Error> {
    let mut end = until;
    while let Some(next) = after(last)?.filter(|&next| next <= until) {
        last = next;
        let middle = last + end.duration_since(last).unwrap_or_default() / 2;
        match after(middle)?.filter(|&next| next <= until) {
            Some(next) => last = next,
            None => end = middle,
        }
    }
    Ok(last)
}

/// A nanosecond before a Unix second.
fn just_before(unix: i64) -> Option<SystemTime> {
    system_time(unix)?.checked_sub(NANOSECOND)
}

/// The last day of the calendar has none: it stays.
fn next_day(date: Date) -> Date {
    date.checked_add_days(1).unwrap_or(date)
}

/// The least multiple of a period that is not less than a duration.
fn rounded_up(duration: Duration, period: Duration) -> Option<Duration> {
    let (nanos, period) = (duration.as_nanos(), period.as_nanos());
    // A duration has 94 bits.
    let nanos = (nanos + period - 1) / period * period;
    Some(Duration::new(u64::try_from(nanos / NANOS).ok()?, (nanos % NANOS) as u32))
}

fn leaves_nothing() -> Error {
    let why = "leaves out ten thousand times in a row and then the first of each hour for eight years, a million times and \
               over a year, or all up to the year 9999: nothing is due any more";
    Error::new(Kind::NeverDue(why.into())).in_field("except", "")
}
