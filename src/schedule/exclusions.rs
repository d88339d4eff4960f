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

/// A pattern, the clock that shows what is left out of it, and what that is.
#[derive(Clone, Copy)]
pub(super) struct Exclusions<'a> {
    pub(super) pattern: &'a dyn Recurrence,
    pub(super) clock: &'a Timeline,
    pub(super) except: &'a Except,
}

impl Exclusions<'_> {
    /// The first occurrence after an instant. Closures are not asked about one after `until`.
    pub(super) fn after(
        &self,
        mut after: SystemTime,
        until: Option<SystemTime>,
    ) -> Result<Option<SystemTime>, Error> {
        let (mut row, mut first, mut last) = (0_u32, None::<Date>, None::<Date>);
        loop {
            let found = self.by_dates_after(after);
            let is_asked = |found: &SystemTime| {
                self.except.has_closures() && until.map_or(true, |until| *found <= until)
            };
            match (found, found.filter(is_asked).and_then(|found| self.clock.civil(found))) {
                (Some(found), Some(shown)) if self.except.closures_leave_out(shown)? => {
                    row = row.saturating_add(1);
                    last = Some(shown.date());
                    let days = shown.date().days() - first.get_or_insert(shown.date()).days();
                    let is_too_much = row >= MOST_IN_A_ROW && days > MOST_DAYS;
                    if is_too_much || (row == TRIED_AFTER && self.leave_out_each_hour(found, until)?) {
                        return Err(leaves_nothing());
                    }
                    // Within a second the answer is the same.
                    after = just_before(unix_seconds(found).saturating_add(1)).unwrap_or(found);
                }
                (_, None) if last.map_or(false, |date| date.year() > LAST_NAMED_YEAR) => {
                    return Err(leaves_nothing());
                }
                _ => return Ok(found),
            }
        }
    }

    /// The last occurrence at an instant or before it.
    pub(super) fn until(&self, until: SystemTime) -> Result<Option<SystemTime>, Error> {
        if self.except.is_empty() {
            return Ok(self.pattern.until(until));
        }
        // What moves back comes from later dates.
        let days = if self.except.moves == Moves::Previous { MOST_DAYS as u64 + 2 } else { 0 };
        let ahead = Duration::from_secs(days * 86_400);
        let after = |after| self.after(after, Some(until));
        // From earlier and earlier on, until there is one, and at last from before all.
        let mut step = Duration::from_secs(1);
        while let Some(before) = until.checked_sub(step) {
            if let Some(found) = after(before)?.filter(|&found| found <= until) {
                return last_of(found, until, after).map(Some);
            }
            if before.checked_add(ahead).and_then(|latest| self.pattern.until(latest)).is_none() {
                break;
            }
            step = step.saturating_mul(2);
        }
        Ok(None)
    }

    /// How many occurrences there are after an instant and up to another, as far as dates leave them out. Nothing moves.
    fn count_in_place(&self, after: SystemTime, until: SystemTime) -> u64 {
        let mut count = self.pattern.count(after, until);
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
                    count = count.saturating_sub(self.pattern.count(from, to));
                }
                at = span.hi;
            }
        }
        count
    }

    /// How many occurrences there are after an instant and up to another, as far as dates leave them out or move them.
    pub(super) fn count(&self, after: SystemTime, until: SystemTime) -> u64 {
        let mut count = self.count_in_place(after, until);
        for (first, last) in self.except.stretches() {
            // All that moves from these dates is due on the date beside them, or at the end of a gap that begins there.
            let open = match self.except.moves {
                Moves::Not => break,
                Moves::Next => next_day(last),
                Moves::Previous => first.checked_add_days(-1).unwrap_or(first),
            };
            let from = just_before(self.clock.start(open)).map_or(after, |from| from.max(after));
            let to = system_time(self.clock.start(next_day(open))).map_or(until, |to| to.min(until));
            let are_alike = || self.are_alike(first.min(open), last.max(open));
            // Where the dates are alike, all that moves coincides with what is due there anyway.
            if from >= to || (are_alike() && self.pattern.count(from, to) > 0) {
                continue;
            }
            let next = |at: &SystemTime| self.by_dates_after(*at).filter(|next| *next <= to);
            count += std::iter::successors(next(&from), next).count() as u64;
            count = count.saturating_sub(self.count_in_place(from, to));
        }
        count
    }

    /// Whether closures leave out the first occurrence of each hour for eight years.
    fn leave_out_each_hour(&self, start: SystemTime, until: Option<SystemTime>) -> Result<bool, Error> {
        let is_in_time = |found: &SystemTime| until.map_or(true, |until| *found <= until);
        let mut at = Some(start);
        while let Some(found) = at.and_then(|at| self.by_dates_after(at)).filter(is_in_time) {
            match self.clock.civil(found) {
                Some(_) if found.duration_since(start).map_or(false, |ahead| ahead >= TRIED) => {
                    return Ok(true)
                }
                Some(shown) if self.except.closures_leave_out(shown)? => {
                    at = just_before(unix_seconds(found) + 3600 - shown.seconds().rem_euclid(3600));
                }
                _ => break,
            }
        }
        Ok(false)
    }

    /// The first occurrence after an instant that the list of dates leaves where it is, or moves there.
    fn by_dates_after(&self, mut after: SystemTime) -> Option<SystemTime> {
        if self.except.dates.is_empty() {
            return self.pattern.after(after);
        }
        let moves = self.except.moves;
        if let (Moves::Previous, Some(begin)) = (moves, self.pattern.begins_after()) {
            // Nothing moves to before the beginning.
            after = begin.max(after);
        }
        let passed = match DateTime::from_seconds(self.clock.not_shown_by(unix_seconds(after))) {
            Some(passed) => passed,
            None => return self.pattern.after(after),
        };
        let (mut at, mut best) = (after, None::<SystemTime>);
        if moves == Moves::Next {
            // From the first that may move to today or later. What clocks show again does not move again.
            let start = just_before(self.clock.start(self.first_listed_before(passed.date())));
            at = start.map_or(after, |start| start.min(after));
        }
        while let Some(raw) = self.pattern.after(at) {
            let shown = match self.clock.civil(raw) {
                Some(shown) => shown,
                None => return best.or(Some(raw)),
            };
            let (date, listed) = (shown.date(), self.except.first_from(shown.date()));
            let is_listed = listed == Some(date);
            // Neither this one nor a later one is due before that.
            let earliest = match listed {
                Some(listed) if moves == Moves::Previous => self.earliest_before(listed).min(Some(raw)),
                _ => Some(raw),
            };
            if best.is_some() && best <= earliest {
                return best;
            }
            let due = match moves {
                _ if !is_listed => Some(raw),
                Moves::Not => None,
                Moves::Next | Moves::Previous => self.moved(raw, shown),
            };
            let later = due.filter(|&due| due > after);
            best = best.into_iter().chain(later).min();
            let next = match (listed, moves) {
                (Some(listed), Moves::Previous) if !is_listed => self.clock.start(listed),
                _ if !is_listed && later.is_some() => return best,
                (_, Moves::Not) if is_listed => self.clock.start(self.first_open(date)),
                _ => match due.filter(|_| later.is_none()).and_then(|due| self.clock.civil(due)) {
                    // Later ones on this date move to later times.
                    Some(due) if is_listed && due.date() == passed.date() => {
                        self.clock.instant(date.at(passed.time()))
                    }
                    _ => self.clock.start(next_day(date)),
                },
            };
            // After a change of clocks an earlier time may be shown again.
            let next = just_before(next.min(self.clock.span(unix_seconds(raw)).hi));
            let next =
                next.map_or(raw, |next| if raw <= after && !is_listed { next.min(after) } else { next });
            at = next.max(raw);
        }
        best
    }

    /// The earliest instant to which something moves back from a date or from a later one: on the open date before, or, where its
    /// time is in a gap, on the one before that.
    fn earliest_before(&self, date: Date) -> Option<SystemTime> {
        let open = self.open_before(date).and_then(|open| self.open_before(open));
        system_time(self.clock.start(open?))
    }

    /// Where an occurrence on a listed date goes; `None` if that is more than a year away.
    fn moved(&self, raw: SystemTime, shown: DateTime) -> Option<SystemTime> {
        let time = self.meant_for(raw, shown).time();
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
    fn meant_for(&self, raw: SystemTime, shown: DateTime) -> DateTime {
        let unix = unix_seconds(raw);
        if self.clock.span(unix).lo != unix {
            return shown;
        }
        let skipped = self.pattern.skipped_from(self.clock.not_shown_by(unix.saturating_sub(1)), shown);
        skipped.and_then(DateTime::from_seconds).filter(|&skipped| skipped < shown).unwrap_or(shown)
    }

    /// Whether all dates from this one to another have the same times of day, if they have any.
    fn are_alike(&self, date: Date, last: Date) -> bool {
        let start = self.clock.start(date);
        let span = self.clock.span(start);
        let is_in_span = span.lo < start && self.clock.start(next_day(last)) <= span.hi;
        is_in_span && self.pattern.is_same_each_day_from(start)
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
#[inline(never)]
fn next_day(date: Date) -> Date {
    date.checked_add_days(1).unwrap_or(date)
}

fn leaves_nothing() -> Error {
    let why = "leaves out ten thousand times in a row and then the first of each hour for eight years, a million times and \
               over a year, or all up to the year 9999: nothing is due any more";
    Error::new(Kind::NeverDue(why.into())).in_field("except", "")
}
