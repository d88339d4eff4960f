//! The dues of a schedule that leaves some out, or moves them to a later day.
//!
//! There is one set of instants for a schedule, whoever asks and when: the dues that are not left out and, where those
//! that are move, their images. An image is at the civil time of day that the due is meant for, on the first later date
//! on which that is not left out. What is left out is judged by what the clocks show.
//!
//! Which dues have an image after an instant? Expressions have the same times on each of their dates, so one on an
//! earlier date than the last has either the image of its fellow on that date, or one that is not after it. Where clocks
//! change a date may lack some of its times: it is not taken for the last one.

use std::time::{Duration, SystemTime};

use super::except::Except;
use super::timetable::{panicked, Rule};
use crate::civil::{Date, DateTime, Time, DAY};
use crate::error::{Error, Kind};
use crate::guard::guarded;
use crate::tz::{system_time_of_nanos, unix_nanos, Instants, Offsets, Zone};

const SECOND: i128 = 1_000_000_000;

/// The most questions for one answer: about a second's work at the very most.
const ASKED: u32 = 10_000_000;

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
    /// So often closures were asked.
    asked: u32,
}

impl<'a> Search<'a> {
    pub(super) fn new(except: &'a Except, zone: &'a Zone, rule: &'a Rule) -> Search<'a> {
        Search { except, zone, rule, asked: 0 }
    }

    /// Whether what the clocks show at an instant is left out.
    pub(super) fn is_left_out(&mut self, instant: SystemTime) -> Result<bool, Error> {
        match self.zone.civil(instant) {
            Some(shown) => self.leaves_out(shown),
            None => Ok(false),
        }
    }

    /// How long it is at least until a time that is not left out, from one that is; zero from one that is not.
    pub(super) fn wait(&mut self, instant: SystemTime) -> Result<Duration, Error> {
        let shown = match self.zone.civil(instant) {
            Some(shown) if self.leaves_out(shown)? => shown,
            None if self.asked > 0 => return Err(leaves_nothing()),
            _ => return Ok(Duration::ZERO),
        };
        let instant = unix_nanos(instant);
        let next = match self.is_listed(shown.date()) {
            true => self.start(self.first_unlisted(shown.date())),
            false => 0,
        };
        // Within a second the answer is the same.
        let wait = next.max((instant.div_euclid(SECOND) + 1) * SECOND) - instant;
        Ok(Duration::from_nanos(u64::try_from(wait).unwrap_or(u64::MAX)))
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

    fn first(&mut self, after: i128, until: i128) -> Result<Option<i128>, Error> {
        let mut best = i128::MAX;
        let mut from = after;
        let mut last = None;
        while let Some(due) = self.rule_after(from).filter(|&due| due < best) {
            let shown = match self.civil(due) {
                Some(shown) if due <= until && self.leaves_out(shown)? => shown,
                _ => {
                    best = due;
                    break;
                }
            };
            last = Some(shown);
            from = due;
            if self.except.moves {
                best = best.min(self.image(due, shown)?.unwrap_or(i128::MAX));
            }
            if self.is_listed(shown.date()) && (!self.except.moves || self.is_alike(shown.date())) {
                // The images of the others on this date come later than that of its first.
                let next = if self.except.moves { shown.date().checked_add_days(1) } else { None };
                let next = next.unwrap_or_else(|| self.first_unlisted(shown.date()));
                from = from.max(self.start(next) - 1);
            }
        }
        if self.except.moves {
            best = self.earliest_image(after, best)?;
        }
        match last {
            Some(last) if best == i128::MAX && last.date().year() > LAST_NAMED_YEAR => Err(leaves_nothing()),
            _ => Ok(Some(best).filter(|&best| best < i128::MAX)),
        }
    }

    /// The earliest image, of a due at an instant or before it, that comes after the instant and before `best`; or else
    /// `best`.
    fn earliest_image(&mut self, after: i128, mut best: i128) -> Result<i128, Error> {
        let now = match self.civil(after) {
            Some(now) => now,
            None => return Ok(best),
        };
        let today = now.date();
        let mut date = today;
        loop {
            // What is left out today is due tomorrow at the earliest.
            let best_today = self.civil(best).filter(|best| best.date() == today);
            if date < today || best_today.is_none() {
                best = self.earliest_image_of(date, now, after, best, best_today)?;
            }
            let is_last = date < today && self.is_alike(date);
            let before = match self.rule_until(self.start(date) - 1).and_then(|due| self.civil(due)) {
                Some(before) if !is_last && before.date() < date => before.date(),
                _ => return Ok(best),
            };
            if today.days() - before.days() > DAYS {
                return Ok(best);
            }
            date = before;
        }
    }

    /// The same, of the dues on a date.
    fn earliest_image_of(
        &mut self,
        date: Date,
        now: DateTime,
        after: i128,
        mut best: i128,
        best_today: Option<DateTime>,
    ) -> Result<i128, Error> {
        let is_alike = self.is_alike(date);
        let mut is_today = best_today.is_some();
        if !self.except.asks() {
            // The list alone knows where they go.
            if !self.is_listed(date) {
                return Ok(best);
            }
            let goes_to = self.first_unlisted(date);
            if is_alike && goes_to < now.date() {
                return Ok(best);
            }
            is_today = goes_to == now.date();
        }
        // Of what goes to today, the past times of day are past.
        let start = if is_today && is_alike && date < now.date() { now.time() } else { Time::MIDNIGHT };
        let mut from = self.instant(date.at(start)) - 1;
        while let Some(due) = self.rule_after(from).filter(|&due| due <= after) {
            let shown = match self.civil(due) {
                Some(shown) if shown.date() <= date => shown,
                _ => break,
            };
            if is_alike && best_today.map_or(false, |best| best.time() <= shown.time()) {
                break;
            }
            if self.leaves_out(shown)? {
                if let Some(image) = self.image(due, shown)?.filter(|&image| image > after) {
                    best = best.min(image);
                    if is_alike && !self.except.asks() {
                        break;
                    }
                }
            }
            from = due;
        }
        Ok(best)
    }

    fn last_allowed(&mut self, until: i128) -> Result<Option<i128>, Error> {
        let mut to = until;
        while let Some(due) = self.rule_until(to) {
            let shown = match self.civil(due) {
                Some(shown) if self.leaves_out(shown)? => shown,
                _ => return Ok(Some(due)),
            };
            to = due - 1;
            if self.is_listed(shown.date()) {
                to = to.min(self.start(shown.date()) - 1);
            }
        }
        Ok(None)
    }

    fn last_with_images(&mut self, until: i128) -> Result<Option<i128>, Error> {
        let mut best: Option<(i128, Date)> = None;
        let mut to = until;
        let mut date = None;
        while let Some(due) = self.rule_until(to) {
            let shown = match self.civil(due) {
                Some(shown) => shown,
                None => break,
            };
            let is_past_date = date.map_or(false, |date| shown.date() < date);
            if let (Some(date), Some((_, best)), true) = (date, best, is_past_date) {
                if date < best && self.is_alike(date) || best.days() - shown.date().days() > DAYS {
                    break;
                }
            }
            date = Some(shown.date());
            let member = match self.leaves_out(shown)? {
                true => self.image(due, shown)?.filter(|&image| image <= until),
                false => Some(due),
            };
            let member = member.and_then(|member| Some((member, self.civil(member)?.date())));
            best = best.max(member);
            to = due - 1;
        }
        Ok(best.map(|(due, _)| due))
    }

    /// Where a due goes that is left out.
    fn image(&mut self, due: i128, shown: DateTime) -> Result<Option<i128>, Error> {
        let time = self.meant_for(due, shown).time();
        for days in 1..=DAYS {
            let civil = match shown.date().checked_add_days(days) {
                Some(date) => date.at(time),
                None => break,
            };
            let instant = self.instant(civil);
            match self.civil(instant) {
                Some(shown) if self.leaves_out(shown)? => {}
                _ => return Ok(Some(instant + due.rem_euclid(SECOND))),
            }
        }
        Ok(None)
    }

    /// The civil time that a due is meant for: of one at the end of a gap, what the gap has skipped.
    fn meant_for(&self, due: i128, shown: DateTime) -> DateTime {
        let unix = seconds(due);
        let span = self.zone.span(unix);
        if span.lo != unix {
            return shown;
        }
        let start = unix.saturating_add(i64::from(self.zone.span(unix.saturating_sub(1)).offset));
        let skipped = self.rule.skipped_from(start, shown);
        skipped.and_then(DateTime::from_seconds).filter(|&skipped| skipped < shown).unwrap_or(shown)
    }

    /// Whether a date has all the times of day that other dates have.
    fn is_alike(&self, date: Date) -> bool {
        match self.zone.resolve(date.at(Time::MIDNIGHT).seconds()) {
            Instants::Unique(start) => self.zone.span(start).hi >= start + DAY && self.rule.has_same_times(),
            _ => false,
        }
    }

    fn is_listed(&self, date: Date) -> bool {
        self.except.dates.binary_search(&date).is_ok()
    }

    /// The first date from this one on that is not listed.
    fn first_unlisted(&self, mut date: Date) -> Date {
        while self.is_listed(date) {
            match date.checked_add_days(1) {
                Some(next) => date = next,
                None => break,
            }
        }
        date
    }

    fn leaves_out(&mut self, shown: DateTime) -> Result<bool, Error> {
        if self.is_listed(shown.date()) {
            return Ok(true);
        }
        if !self.except.asks() {
            return Ok(false);
        }
        if self.asked == ASKED {
            return Err(leaves_nothing());
        }
        self.asked += 1;
        guarded(|| self.except.tests.iter().any(|test| test(shown)))
            .map_err(|message| panicked("except", message))
    }

    fn rule_after(&self, after: i128) -> Option<i128> {
        let due = self.rule.calendar_after(system_time_of_nanos(after)?)?;
        due.calendar().map(unix_nanos)
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
        i128::from(self.zone.resolve(civil.seconds()).due()) * SECOND
    }

    /// When a date begins.
    fn start(&self, date: Date) -> i128 {
        self.instant(date.at(Time::MIDNIGHT))
    }
}

fn seconds(nanos: i128) -> i64 {
    let seconds = nanos.div_euclid(SECOND);
    // A clock reaches no further.
    i64::try_from(seconds).unwrap_or(if seconds < 0 { i64::MIN } else { i64::MAX })
}

fn leaves_nothing() -> Error {
    let why = "leaves out ten million seconds in a row, or all up to the year 9999: nothing is due any more";
    Error::new(Kind::NeverDue(why.into())).in_field("except", "")
}
