//! The dues of a schedule that leaves some out, or moves them to a later day.
//!
//! There is one set of instants for a schedule, whoever asks and when: the dues that are not left out and, where those
//! that are move, their images. An image is at the civil time of day that the due is meant for, on the first later date
//! on which that is not left out. What is left out is judged by what the clocks show.
//!
//! An expression has the same times on each of its dates but those on which clocks change. So an image never comes after
//! the next of these dates, the heir: at that time of it something is due anyway, or has the same image.

mod questions;

use std::time::{Duration, SystemTime};

use self::questions::{leaves_nothing, Questions};
use super::except::Except;
use super::timetable::Rule;
use crate::civil::{Date, DateTime, Time, DAY};
use crate::error::Error;
use crate::tz::{system_time_of_nanos, unix_nanos, Instants, Offsets, Zone};

const SECOND: i128 = 1_000_000_000;
const NANOS: i64 = 1_000_000_000;

/// Twice the largest offset there is, in seconds: so far from a change of clocks, each civil time is shown once.
const REACH: i64 = 2 * 26 * 3600;

/// How many days later an image is at most.
const DAYS: i64 = 366;

/// No expression names a later year: one that goes on after it goes on to the end of the calendar.
const LAST_NAMED_YEAR: i16 = 2199;

/// What is left out, in a zone.
pub(super) struct Sieve {
    except: Except,
    zone: Zone,
}

impl Sieve {
    pub(super) fn new(except: Except, zone: Zone) -> Sieve {
        Sieve { except, zone }
    }

    pub(super) fn set_zone(&mut self, zone: &Zone) {
        self.zone = zone.clone();
    }

    /// Whether there is a closure to be asked.
    pub(super) fn asks(&self) -> bool {
        self.except.asks()
    }

    /// Where dues are looked for among those of a rule.
    pub(super) fn search<'a>(&'a self, rule: &'a Rule) -> Search<'a> {
        Search::new(&self.except, &self.zone, rule)
    }
}

/// One search. Instants are nanoseconds since 1970.
pub(super) struct Search<'a> {
    except: &'a Except,
    zone: &'a Zone,
    rule: &'a Rule,
    questions: Questions<'a>,
}

impl<'a> Search<'a> {
    pub(super) fn new(except: &'a Except, zone: &'a Zone, rule: &'a Rule) -> Search<'a> {
        Search { except, zone, rule, questions: Questions::new(except) }
    }

    /// Whether what the clocks show at an instant is left out.
    pub(super) fn is_left_out(&mut self, instant: SystemTime) -> Result<bool, Error> {
        let just_before = instant.checked_sub(Duration::from_nanos(1));
        let zone = match just_before.and_then(|before| self.rule.before(before)) {
            Some((rule, zone, _)) => return Search::new(self.except, zone, rule).is_left_out(instant),
            None => self.zone,
        };
        match zone.civil(instant) {
            Some(shown) => self.questions.leave_out(shown),
            None => Ok(false),
        }
    }

    /// How many whole periods it is at least, as time, until a time that is not left out, from one that is; zero from one
    /// that is not.
    pub(super) fn wait(&mut self, instant: SystemTime, period: Duration) -> Result<Duration, Error> {
        let shown = match self.zone.civil(instant) {
            Some(shown) if self.questions.leave_out(shown)? => shown,
            None if self.questions.were_asked() => return Err(leaves_nothing()),
            _ => return Ok(Duration::ZERO),
        };
        let (instant, period) = (unix_nanos(instant), period.as_nanos() as i128);
        // Counted from the beginning of the second.
        let second = instant.div_euclid(SECOND) * SECOND;
        let below = instant - second;
        let next = match self.questions.is_listed(shown.date()) {
            true => self.start(self.questions.first_unlisted(shown.date())) - second,
            // Within a second the answer is the same.
            false => SECOND,
        };
        let ahead = next.max(SECOND) - below;
        let wait = (ahead + period - 1) / period * period;
        // As many more as can be told without a look at the zone. Where 64 bits do not hold it, one by one.
        let change = i128::from(self.zone.span(seconds(instant)).hi) * SECOND - second;
        let small = |number: i128| i64::try_from(number).ok();
        let last = match (small(below + wait), small(change), small(period)) {
            (Some(first), Some(change), Some(period)) => {
                let next = |at: &i64| next_of_grid(*at, period);
                let times = std::iter::successors(Some(first), next).take_while(|&at| at < change);
                let shown_at = |at| DateTime::from_seconds(shown.seconds() + at / NANOS);
                let last = self.questions.last_left_out(times.map_while(|at| Some((at, shown_at(at)?))))?;
                last.and_then(|last| next(&last)).map(i128::from)
            }
            _ => None,
        };
        let wait = last.map_or(wait, |next| next - below);
        // Less than 2^94 nanoseconds, as a period is.
        let whole = u64::try_from(wait / SECOND).unwrap_or(u64::MAX);
        Ok(Duration::new(whole, (wait % SECOND) as u32))
    }

    /// The first due after an instant. Not looked for after `until`, if that is given.
    pub(super) fn after(
        &mut self,
        after: SystemTime,
        until: Option<SystemTime>,
    ) -> Result<Option<SystemTime>, Error> {
        let due = self.first(unix_nanos(after), until.map_or(i128::MAX, unix_nanos))?;
        Ok(due.and_then(system_time_of_nanos))
    }

    /// The last due at an instant or before it.
    pub(super) fn until(&mut self, until: SystemTime) -> Result<Option<SystemTime>, Error> {
        let due = match self.except.moves {
            true => self.last_with_images(unix_nanos(until))?,
            false => self.last_allowed(unix_nanos(until))?,
        };
        Ok(due.and_then(system_time_of_nanos))
    }

    /// The first due after an instant, or one after `until` that nobody was asked about.
    fn first(&mut self, mut after: i128, until: i128) -> Result<Option<i128>, Error> {
        if let Some((rule, zone, end)) = system_time_of_nanos(after).and_then(|after| self.rule.before(after))
        {
            let end = unix_nanos(end);
            let due =
                Search::new(self.except, zone, rule).first(after, until.min(end))?.filter(|&due| due <= end);
            if due.is_some() {
                return Ok(due);
            }
            after = end;
        }
        let mut best = i128::MAX;
        let mut from = after;
        let mut last = None;
        while let Some(due) = self.rule_after(from).filter(|&due| due < best) {
            let shown = match self.civil(due) {
                Some(shown) if due <= until && self.questions.leave_out(shown)? => shown,
                _ => {
                    best = due;
                    break;
                }
            };
            last = Some(shown);
            from = due;
            if self.except.moves {
                best = self.image(due, shown, best)?.unwrap_or(best);
            }
            if self.questions.is_listed(shown.date()) {
                from = from.max(self.end_of_listed(due, shown, best) - 1);
            } else {
                from = self.end_of_run(due, shown, best.min(until))?;
            }
        }
        if self.except.moves {
            // Images are due once, whatever clocks show again.
            let after =
                system_time_of_nanos(after).map_or(after, |after| unix_nanos(self.rule.shown_before(after)));
            best = self.earliest_image(after, best)?;
        }
        match last {
            Some(last) if best == i128::MAX && last.date().year() > LAST_NAMED_YEAR => Err(leaves_nothing()),
            _ => Ok(Some(best).filter(|&best| best < i128::MAX)),
        }
    }

    /// The last of the dues in a row that tests leave out, from one that they do: as far as it can be told without a look at
    /// the zone, and before `end`. Nothing comes of them.
    fn end_of_run(&mut self, due: i128, shown: DateTime, end: i128) -> Result<i128, Error> {
        let span = self.zone.span(seconds(due));
        let is_settled = system_time_of_nanos(due).map_or(false, |due| self.rule.is_settled(due));
        let is_near_change = span.lo > seconds(due).saturating_sub(REACH);
        if !is_settled || is_near_change || (self.except.moves && !self.is_covered(shown.date())) {
            return Ok(due);
        }
        let end = if self.except.moves { end.min(self.start(next_day(shown.date()))) } else { end };
        let end = span.hi.min(seconds(end)).saturating_add(i64::from(span.offset));
        let (rule, first) = (self.rule, shown.seconds());
        let after = |civil: &i64| rule.civil_after(*civil).filter(|&next| next < end);
        let times = std::iter::successors(after(&first), after);
        let times = times.map_while(|civil| Some((civil, DateTime::from_seconds(civil)?)));
        let last = self.questions.last_left_out(times)?.unwrap_or(first);
        Ok(due + i128::from(last - first) * SECOND)
    }

    /// Until when nothing before `best` comes of the dues from this one on, which is on a listed date.
    fn end_of_listed(&self, due: i128, shown: DateTime, best: i128) -> i128 {
        let date = shown.date();
        let open = self.first_open(next_day(date));
        let end = match self.except.moves {
            false => self.questions.first_unlisted(date),
            true if self.is_covered(date) || self.instant(open.at(shown.time())) >= best => next_day(date),
            true => return due,
        };
        // Beyond a change of clocks an earlier date may be shown again.
        let change = i128::from(self.zone.span(seconds(due)).hi) * SECOND;
        self.start(end).min(change)
    }

    /// The earliest image after an instant and before `best`, of a due that is not after the instant; or else `best`.
    fn earliest_image(&mut self, after: i128, mut best: i128) -> Result<i128, Error> {
        // What is skipped after it is due when it is over.
        let after = match self.gap() {
            Some((since, end)) if since < after && after < end => since,
            _ => after,
        };
        let now = match self.civil(after) {
            Some(now) => now,
            None => return Ok(best),
        };
        let (today, tomorrow) = (now.date(), next_day(now.date()));
        let mut to = after;
        while let Some(date) = self.rule_until(to).and_then(|due| self.civil(due)).map(DateTime::date) {
            if today.days() - date.days() > DAYS {
                break;
            }
            let is_last = date < today && self.is_whole(date);
            if !self.is_covered(date) {
                let start = date.at(Time::MIDNIGHT);
                if is_last {
                    // Today, at the times of day that are left of it, and else later.
                    best = self.earliest_image_from(date.at(now.time()), today, after, best)?;
                    best = self.earliest_image_from(start, tomorrow, after, best)?;
                } else {
                    let earliest = if date < today { today } else { tomorrow };
                    best = self.earliest_image_from(start, earliest, after, best)?;
                }
            }
            if is_last {
                break;
            }
            to = (to - 1).min(self.start(date) - 1);
        }
        Ok(best)
    }

    /// The same, of the dues from a civil time to the end of its date whose images are not before the date `earliest`.
    fn earliest_image_from(
        &mut self,
        start: DateTime,
        earliest: Date,
        after: i128,
        mut best: i128,
    ) -> Result<i128, Error> {
        let date = start.date();
        let goes_to = self.first_open(next_day(date));
        if !self.except.asks()
            && (!self.questions.is_listed(date) || goes_to < earliest && self.is_whole(goes_to))
        {
            // The list alone knows.
            return Ok(best);
        }
        let earliest = earliest.max(goes_to);
        let mut from = self.instant(start) - 1;
        while let Some(due) = self.in_zone_after(from).filter(|&due| due <= after) {
            let shown = match self.civil(due) {
                Some(shown) if shown.date() <= date => shown,
                _ => break,
            };
            // Later ones have later images.
            let time = shown.time().min(self.meant_for(due, shown).time());
            if self.instant(earliest.at(time)) >= best {
                break;
            }
            if self.questions.leave_out(shown)? {
                let image = self.image(due, shown, best)?.filter(|&image| image > after);
                best = image.unwrap_or(best);
            }
            from = due;
        }
        Ok(best)
    }

    fn last_allowed(&mut self, until: i128) -> Result<Option<i128>, Error> {
        let mut to = until;
        while let Some(due) = self.rule_until(to) {
            let shown = match self.civil(due) {
                Some(shown) if self.questions.leave_out(shown)? => shown,
                _ => return Ok(Some(due)),
            };
            to = due - 1;
            if self.questions.is_listed(shown.date()) {
                to = to.min(self.start(shown.date()) - 1);
            }
        }
        Ok(None)
    }

    fn last_with_images(&mut self, until: i128) -> Result<Option<i128>, Error> {
        // Back in larger and larger steps, until there is one.
        let (mut to, mut step, mut earliest) = (until, SECOND, until);
        let mut last = loop {
            match self.rule_until(to) {
                Some(due) => earliest = due,
                None if step == SECOND => return Ok(None),
                None => {
                    // Too far.
                    to = earliest - 1;
                    step = SECOND;
                    continue;
                }
            }
            if let Some(due) = self.first_until(earliest - 1, until)? {
                break due;
            }
            to = earliest - step;
            step *= 2;
        };
        // And on to the last, each time over half of what is left.
        let mut end = until;
        while let Some(next) = self.first_until(last, until)? {
            last = next;
            let middle = last + (end - last) / 2;
            match self.first_until(middle, until)? {
                Some(next) => last = next,
                None => end = middle,
            }
        }
        Ok(Some(last))
    }

    fn first_until(&mut self, after: i128, until: i128) -> Result<Option<i128>, Error> {
        Ok(self.first(after, until)?.filter(|&due| due <= until))
    }

    /// Where a due goes that is left out, if that is before `best` and its heir.
    fn image(&mut self, due: i128, shown: DateTime, best: i128) -> Result<Option<i128>, Error> {
        let time = self.meant_for(due, shown).time();
        let heir = self.heir(shown.date());
        let mut date = shown.date();
        loop {
            let next = self.first_open(next_day(date));
            let is_too_late =
                next.days() - shown.date().days() > DAYS || heir.map_or(false, |heir| next >= heir);
            if next == date || is_too_late {
                return Ok(None);
            }
            date = next;
            let instant = self.instant(date.at(time));
            let image = instant + due.rem_euclid(SECOND);
            if image >= best {
                return Ok(None);
            }
            match self.civil(instant) {
                Some(shown) if self.questions.leave_out(shown)? => {}
                _ => return Ok(Some(image)),
            }
        }
    }

    /// The next date with dues after this one, if it has them at all times of day that others have.
    fn heir(&self, date: Date) -> Option<Date> {
        let due = self.in_zone_after(self.start(next_day(date)) - 1)?;
        let heir = self.civil(due)?.date();
        (heir > date && self.is_whole(heir)).then_some(heir)
    }

    /// Whether all of what is left out on a date goes to its heir at the latest.
    fn is_covered(&self, date: Date) -> bool {
        self.heir(date).map_or(false, |heir| heir <= self.first_open(next_day(date)))
    }

    /// The civil time that a due is meant for: of one at the end of a gap, what the gap has skipped.
    fn meant_for(&self, due: i128, shown: DateTime) -> DateTime {
        let unix = seconds(due);
        let span = self.zone.span(unix);
        let start = match self.rule.gap() {
            Some(gap) if gap.end == unix => {
                gap.since.saturating_add(1).saturating_add(i64::from(self.zone.span(gap.since).offset))
            }
            _ if span.lo == unix => {
                unix.saturating_add(i64::from(self.zone.span(unix.saturating_sub(1)).offset))
            }
            _ => return shown,
        };
        let skipped = self.rule.skipped_from(start, shown);
        skipped.and_then(DateTime::from_seconds).filter(|&skipped| skipped < shown).unwrap_or(shown)
    }

    /// Whether a date has all the times of day that other dates have: no clock changes on it.
    fn is_whole(&self, date: Date) -> bool {
        match self.zone.resolve(date.at(Time::MIDNIGHT).seconds()) {
            Instants::Unique(start) => {
                let (span, end) = (self.zone.span(start), start + DAY);
                let is_skipped = self.rule.gap().map_or(false, |gap| start < gap.end && gap.since < end);
                span.lo < start && end <= span.hi && !is_skipped && self.rule.has_same_times()
            }
            _ => false,
        }
    }

    /// The first date from this one on to which an image may go: also a listed one on which clocks change, as they may skip
    /// it.
    fn first_open(&self, mut date: Date) -> Date {
        while self.questions.is_listed(date) && self.is_whole(date) && next_day(date) > date {
            date = next_day(date);
        }
        date
    }

    fn rule_after(&self, after: i128) -> Option<i128> {
        let due = self.rule.calendar_after(system_time_of_nanos(after)?)?;
        due.calendar().map(unix_nanos)
    }

    /// The same, whatever changes of zone have left behind but for what they have skipped.
    fn in_zone_after(&self, after: i128) -> Option<i128> {
        let next = |after| Some(unix_nanos(self.rule.in_zone_after(system_time_of_nanos(after)?)?));
        match (next(after), self.gap()) {
            (Some(due), Some((since, end))) if since < due && due < end => {
                let made_up = self.rule.made_up().map(unix_nanos).filter(|&made_up| after < made_up);
                made_up.or_else(|| next(end - 1))
            }
            (due, _) => due,
        }
    }

    /// What a change of zone has skipped: the civil times that the zone alone would have shown between these instants.
    fn gap(&self) -> Option<(i128, i128)> {
        let gap = self.rule.gap()?;
        Some((i128::from(gap.since) * SECOND, i128::from(gap.end) * SECOND))
    }

    fn rule_until(&self, until: i128) -> Option<i128> {
        let due = self.rule.calendar_until(system_time_of_nanos(until)?)?;
        due.calendar().map(unix_nanos)
    }

    fn civil(&self, instant: i128) -> Option<DateTime> {
        let unix = seconds(instant);
        DateTime::from_seconds(unix.checked_add(i64::from(self.zone.span(unix).offset))?)
    }

    fn instant(&self, civil: DateTime) -> i128 {
        let instant = self.zone.resolve(civil.seconds()).due();
        i128::from(match self.rule.gap() {
            Some(gap) if gap.since < instant && instant < gap.end => gap.end,
            _ => instant,
        }) * SECOND
    }

    /// When a date begins.
    fn start(&self, date: Date) -> i128 {
        self.instant(date.at(Time::MIDNIGHT))
    }
}

/// The first in a later second than this one, of instants a period apart.
fn next_of_grid(at: i64, period: i64) -> Option<i64> {
    let ahead = (at / NANOS + 1) * NANOS - at;
    let steps = ahead / period + i64::from(ahead % period > 0);
    at.checked_add(steps.checked_mul(period)?)
}

/// The last day of the calendar has none: it stays.
fn next_day(date: Date) -> Date {
    date.checked_add_days(1).unwrap_or(date)
}

fn seconds(nanos: i128) -> i64 {
    let seconds = nanos.div_euclid(SECOND);
    // A clock reaches no further.
    i64::try_from(seconds).unwrap_or(if seconds < 0 { i64::MIN } else { i64::MAX })
}
