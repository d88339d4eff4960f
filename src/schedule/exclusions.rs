//! The occurrences of a schedule that leaves some out, or moves them to a later date.
//!
//! There is one set of instants for a schedule, from wherever one asks:
//!
//! 1. An occurrence on a listed date is left out; the date is what the clocks show. With `or_next_day` it moves instead:
//!    to the civil time of day that it is meant for, on the next date that is not listed.
//! 2. Closures leave out more of these, moved or not. What a closure leaves out does not move.

use std::time::{Duration, SystemTime};

use super::calendar::{Calendar, Pattern};
use super::except::Except;
use crate::civil::{Date, DateTime, Time, DAY};
use crate::error::{Error, Kind};
use crate::tz::{system_time, unix_seconds, Offsets, Zone};

const SECOND: Duration = Duration::from_secs(1);
const NANOSECOND: Duration = Duration::from_nanos(1);
const NANOS: u128 = 1_000_000_000;

/// More than the largest offset there is, in seconds.
const REACH: i64 = 26 * 3600;

/// How many days later a moved occurrence is at most.
const MOST_DAYS: i64 = 366;

/// A closure may leave out a million occurrences in a row, and more within a year. Then the schedule ends with an error, so
/// that a closure which always says `true` does not hold its caller up.
const MOST_IN_A_ROW: u32 = 1_000_000;

/// No expression names a later year: one that goes on after it goes on to the end of the calendar.
const LAST_NAMED_YEAR: i16 = 2199;

/// What is left out, in a zone.
pub(super) struct Exclusions {
    except: Except,
    zone: Zone,
}

impl Exclusions {
    /// `None` if nothing is left out.
    pub(super) fn new(except: Except, zone: &Zone) -> Option<Box<Exclusions>> {
        (!except.is_empty()).then(|| Box::new(Exclusions { except, zone: zone.clone() }))
    }

    pub(super) fn set_zone(&mut self, zone: &Zone) {
        self.zone = zone.clone();
    }

    /// Whether finding an occurrence calls code that is not ours.
    pub(super) fn has_closures(&self) -> bool {
        self.except.has_closures()
    }

    /// Finds the occurrences of a calendar that are not left out, or of something that has none.
    pub(super) fn search<'a>(&'a self, calendar: Option<&'a Calendar>) -> Search<'a> {
        Search { except: &self.except, zone: &self.zone, calendar }
    }
}

/// Finds the occurrences that are not left out.
#[derive(Clone, Copy)]
pub(super) struct Search<'a> {
    pub(super) except: &'a Except,
    pub(super) zone: &'a Zone,
    pub(super) calendar: Option<&'a Calendar>,
}

impl<'a> Search<'a> {
    /// The search before a change of zone, up to another instant, where that is another one than this.
    fn before(&self, instant: SystemTime) -> Option<(Search<'a>, SystemTime)> {
        let (calendar, end) = self.calendar?.before(instant)?;
        Some((Search { zone: calendar.pattern.zone(), calendar: Some(calendar), ..*self }, end))
    }

    /// Whether what the clocks show at an instant is left out.
    pub(super) fn is_left_out(&self, instant: SystemTime) -> Result<bool, Error> {
        let just_before = instant.checked_sub(NANOSECOND);
        if let Some((earlier, _)) = just_before.and_then(|before| self.before(before)) {
            return earlier.is_left_out(instant);
        }
        match self.civil(instant) {
            Some(shown) => Ok(self.except.lists(shown.date()) || self.except.closures_leave_out(shown)?),
            None => Ok(false),
        }
    }

    /// The first occurrence after an instant. Closures are not asked about one after `until`.
    pub(super) fn after(
        &self,
        mut after: SystemTime,
        until: Option<SystemTime>,
    ) -> Result<Option<SystemTime>, Error> {
        if let Some((earlier, end)) = self.before(after) {
            let until = until.map_or(end, |until| until.min(end));
            let found = earlier.after(after, Some(until))?;
            if found.map_or(false, |found| found <= end) {
                return Ok(found);
            }
            after = end;
        }
        let mut row = Row::default();
        loop {
            let found = self.by_dates_after(after);
            let is_asked = |found: &SystemTime| {
                self.except.has_closures() && until.map_or(true, |until| *found <= until)
            };
            match (found, found.filter(is_asked).and_then(|found| self.civil(found))) {
                (Some(found), Some(shown)) if self.except.closures_leave_out(shown)? => {
                    row.add(shown.date())?;
                    after = found;
                }
                (None, _) if row.last.map_or(false, |date| date.year() > LAST_NAMED_YEAR) => {
                    return Err(leaves_nothing());
                }
                _ => return Ok(found),
            }
        }
    }

    /// How many occurrences there are after an instant and up to another, as far as dates leave them out and move them.
    /// `raw` counts all, left out or not.
    pub(super) fn count(
        &self,
        mut after: SystemTime,
        until: SystemTime,
        raw: &dyn Fn(Option<&Calendar>, SystemTime, SystemTime) -> u64,
    ) -> u64 {
        let mut count = 0;
        if let Some((earlier, end)) = self.before(after) {
            count = earlier.count(after, until.min(end), raw);
            after = end;
        }
        if after >= until {
            return count;
        }
        count += self.count_unlisted(after, until, raw);
        for (first, last) in self.except.stretches().filter(|_| self.except.moves) {
            // All that moves from these dates is due on the next one, or at the end of a gap that begins there.
            let open = next_day(last);
            let from = just_before(self.start(open)).map_or(after, |from| from.max(after));
            let to = system_time(self.start(next_day(open))).map_or(until, |to| to.min(until));
            if from >= to || (self.are_alike(first, open) && self.has_any(open)) {
                continue;
            }
            let next = |at: &SystemTime| self.by_dates_after(*at).filter(|next| *next <= to);
            count += std::iter::successors(next(&from), next).count() as u64;
            count = count.saturating_sub(self.count_unlisted(from, to, raw));
        }
        count
    }

    /// The same, without what moves.
    fn count_unlisted(
        &self,
        after: SystemTime,
        until: SystemTime,
        raw: &dyn Fn(Option<&Calendar>, SystemTime, SystemTime) -> u64,
    ) -> u64 {
        let mut count = raw(self.calendar, after, until);
        let (after_unix, until_unix) = (unix_seconds(after), unix_seconds(until));
        for (first, last) in self.except.stretches() {
            let first = first.at(Time::MIDNIGHT).seconds();
            let end = last.at(Time::MIDNIGHT).seconds() + DAY;
            // The instants that show these dates: a part of each span near them.
            let mut at = after_unix.max(first - REACH);
            let to = until_unix.min(end + REACH);
            while at <= to && at < i64::MAX {
                let span = self.zone.span(at);
                let offset = i64::from(span.offset);
                let from = just_before(span.lo.max(first - offset)).map_or(after, |from| from.max(after));
                let to = just_before(span.hi.min(end - offset)).map_or(until, |to| to.min(until));
                if from < to {
                    count = count.saturating_sub(raw(self.calendar, from, to));
                }
                at = span.hi;
            }
        }
        count
    }

    /// The last occurrence at an instant or before it.
    pub(super) fn until(&self, until: SystemTime) -> Result<Option<SystemTime>, Error> {
        let mut raw = self.pattern_until(until);
        if self.except.is_empty() {
            return Ok(raw);
        }
        let mut step = SECOND;
        // Back in larger and larger steps, until there is one.
        while let Some(earliest) = raw {
            let before = earliest.checked_sub(NANOSECOND);
            let found = before.map_or(Ok(None), |before| self.after(before, Some(until)))?;
            if let Some(found) = found.filter(|&found| found <= until) {
                return last_of(found, until, |after| self.after(after, Some(until))).map(Some);
            }
            raw = earliest.checked_sub(step).and_then(|earlier| self.pattern_until(earlier));
            step = step.saturating_mul(2);
            if raw.is_none() {
                // Too far.
                raw = before.and_then(|before| self.pattern_until(before));
                step = SECOND;
            }
        }
        Ok(None)
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
            let shown = match self.civil(instant) {
                Some(shown) => shown,
                None if row.last.is_some() => return Err(leaves_nothing()),
                None => return Ok(Some(wait)),
            };
            // Within a second the answer is the same.
            let mut next = system_time(unix_seconds(instant).saturating_add(1));
            if self.except.lists(shown.date()) {
                next = next.max(system_time(self.start(self.first_open(shown.date()))));
            } else if self.except.closures_leave_out(shown)? {
                row.add(shown.date())?;
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

    /// The first occurrence after an instant that the list of dates leaves where it is, or moves there.
    fn by_dates_after(&self, after: SystemTime) -> Option<SystemTime> {
        if self.except.dates.is_empty() {
            return self.raw_after(after);
        }
        let moves = self.except.moves;
        // What clocks show again does not move again, and what they have skipped was not shown.
        let since = self.calendar.map_or(after, |calendar| calendar.shown_before(after));
        let since = self.gap().filter(|gap| gap.0 < since && since < gap.1).map_or(since, |gap| gap.0);
        let now = self.civil(since);
        let (mut at, mut best) = (after, None);
        if let Some(now) = now.filter(|_| moves) {
            // From the first that may move to today or later.
            let start = self.start(self.first_listed_before(now.date()));
            at = just_before(start).map_or(after, |start| start.min(after));
        }
        loop {
            let raw = match self.raw_after_in_either_zone(at, after) {
                Some(raw) if best.map_or(true, |best| raw < best) => raw,
                _ => return best,
            };
            let shown = match self.civil(raw) {
                Some(shown) => shown,
                None => return Some(raw),
            };
            let date = shown.date();
            let is_listed = self.except.lists(date);
            if !is_listed && raw > after {
                return Some(raw);
            }
            // From here on the next may come before the best: it need not be the next second of a day that is left out.
            let next = match (is_listed && moves).then(|| self.moved(raw, shown)).flatten() {
                Some(moved) if moved <= since => {
                    now.map_or(i64::MIN, |now| self.instant(date.at(now.time())))
                }
                Some(moved) => {
                    best = Some(best.map_or(moved, |best: SystemTime| best.min(moved)));
                    // Later ones on this date move to later times, and those of the next dates to the same ones.
                    let open = self.first_open(date);
                    self.start(if self.are_alike(date, open) { open } else { next_day(date) })
                }
                None if is_listed && !moves => self.start(self.first_open(date)),
                None => self.start(next_day(date)),
            };
            // After a change of clocks an earlier time may be shown again.
            let next = just_before(next.min(self.zone.span(unix_seconds(raw)).hi));
            let next = next.map_or(raw, |next| if is_listed { next } else { next.min(after) });
            at = next.max(raw);
        }
    }

    /// Where an occurrence on a listed date goes.
    fn moved(&self, raw: SystemTime, shown: DateTime) -> Option<SystemTime> {
        let time = self.meant_for(raw, shown).time();
        let below_second = raw.duration_since(system_time(unix_seconds(raw))?).unwrap_or_default();
        let mut date = shown.date();
        loop {
            let open = self.first_open(next_day(date));
            if open == date || open.days() - shown.date().days() > MOST_DAYS {
                return None;
            }
            date = open;
            let instant = system_time(self.instant(date.at(time)))?;
            // The time may be in a gap that ends on another date.
            if !self.civil(instant).map_or(false, |shown| self.except.lists(shown.date())) {
                return instant.checked_add(below_second);
            }
        }
    }

    /// Whether there is an occurrence on a date on which no clocks change.
    fn has_any(&self, date: Date) -> bool {
        let next = just_before(self.start(date)).and_then(|before| self.in_zone_after(before));
        next.map_or(false, |next| unix_seconds(next) < self.start(next_day(date)))
    }

    /// Whether all dates from this one to another have the same times of day, if they have any.
    fn are_alike(&self, date: Date, last: Date) -> bool {
        let span = self.zone.span(self.start(date));
        let is_in_span = span.lo < self.start(date) && self.start(next_day(last)) <= span.hi;
        match self.calendar {
            Some(Calendar { pattern: Pattern::Cron { floor, .. }, zone_change: None }) => {
                is_in_span && *floor < self.start(date)
            }
            _ => false,
        }
    }

    /// The civil time that an occurrence is meant for: of one at the end of a gap, what the gap has skipped.
    fn meant_for(&self, raw: SystemTime, shown: DateTime) -> DateTime {
        let unix = unix_seconds(raw);
        let span = self.zone.span(unix);
        let start = match self.calendar.and_then(Calendar::gap) {
            Some(gap) if gap.end == unix => {
                gap.since.saturating_add(1).saturating_add(i64::from(self.zone.span(gap.since).offset))
            }
            _ if span.lo == unix => {
                unix.saturating_add(i64::from(self.zone.span(unix.saturating_sub(1)).offset))
            }
            _ => return shown,
        };
        let skipped = self.calendar.and_then(|calendar| calendar.skipped_from(start, shown));
        skipped.and_then(DateTime::from_seconds).filter(|&skipped| skipped < shown).unwrap_or(shown)
    }

    /// The first date of the listed ones in a row that end the day before this one, or else this one.
    fn first_listed_before(&self, date: Date) -> Date {
        let days = (1..=MOST_DAYS).map_while(|days| date.checked_add_days(-days));
        days.take_while(|&date| self.except.lists(date)).last().unwrap_or(date)
    }

    /// The first date from this one on that is not listed, or the last of the calendar.
    fn first_open(&self, mut date: Date) -> Date {
        while self.except.lists(date) && next_day(date) > date {
            date = next_day(date);
        }
        date
    }

    /// The first occurrence after an instant, left out or not.
    fn raw_after(&self, after: SystemTime) -> Option<SystemTime> {
        self.calendar?.after(after)
    }

    /// The same after `at`. Up to `after` by the zone of now, whatever it was then: civil times were the same.
    fn raw_after_in_either_zone(&self, at: SystemTime, after: SystemTime) -> Option<SystemTime> {
        let earlier = if at < after { self.in_zone_after(at).filter(|&raw| raw <= after) } else { None };
        earlier.or_else(|| self.raw_after(at.max(after)))
    }

    fn in_zone_after(&self, at: SystemTime) -> Option<SystemTime> {
        let calendar = self.calendar?;
        match (calendar.pattern.after(at), self.gap()) {
            (Some(raw), Some((since, end))) if since < raw && raw < end => {
                let made_up = calendar.made_up().filter(|&made_up| at < made_up);
                made_up.or_else(|| calendar.pattern.after(end.checked_sub(NANOSECOND)?))
            }
            (raw, _) => raw,
        }
    }

    fn pattern_until(&self, until: SystemTime) -> Option<SystemTime> {
        self.calendar?.pattern.until(until)
    }

    /// What a change of zone has skipped: the civil times that the zone alone would have shown between these instants.
    fn gap(&self) -> Option<(SystemTime, SystemTime)> {
        let gap = self.calendar?.gap()?;
        Some((system_time(gap.since)?, system_time(gap.end)?))
    }

    fn civil(&self, instant: SystemTime) -> Option<DateTime> {
        let unix = unix_seconds(instant);
        DateTime::from_seconds(unix.checked_add(i64::from(self.zone.span(unix).offset))?)
    }

    /// The instant that a civil time stands for, in Unix seconds.
    fn instant(&self, civil: DateTime) -> i64 {
        let instant = self.zone.resolve(civil.seconds()).due();
        match self.calendar.and_then(Calendar::gap) {
            Some(gap) if gap.since < instant && instant < gap.end => gap.end,
            _ => instant,
        }
    }

    /// When a date begins, in Unix seconds.
    fn start(&self, date: Date) -> i64 {
        self.instant(date.at(Time::MIDNIGHT))
    }
}

/// The occurrences in a row that closures have left out.
#[derive(Default)]
struct Row {
    count: u32,
    first: Option<Date>,
    last: Option<Date>,
}

impl Row {
    /// An error if that are too many.
    fn add(&mut self, date: Date) -> Result<(), Error> {
        self.count = self.count.saturating_add(1);
        self.last = Some(date);
        let days = date.days() - self.first.get_or_insert(date).days();
        match self.count >= MOST_IN_A_ROW && days > MOST_DAYS {
            true => Err(leaves_nothing()),
            false => Ok(()),
        }
    }
}

/// The last of a schedule's occurrences up to an instant: from one of them on, in ever smaller steps. `after` gives the
/// first one after an instant.
pub(super) fn last_of(
    mut last: SystemTime,
    until: SystemTime,
    mut after: impl FnMut(SystemTime) -> Result<Option<SystemTime>, Error>,
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

/// The least multiple of a period that is not less than this.
fn rounded_up(duration: Duration, period: Duration) -> Option<Duration> {
    let (nanos, period) = (duration.as_nanos(), period.as_nanos());
    // A duration has 94 bits.
    let nanos = (nanos + period - 1) / period * period;
    Some(Duration::new(u64::try_from(nanos / NANOS).ok()?, (nanos % NANOS) as u32))
}

fn leaves_nothing() -> Error {
    let why = "leaves out a million times in a row and over a year, or all up to the year 9999: nothing is due any more";
    Error::new(Kind::NeverDue(why.into())).in_field("except", "")
}
