//! What the clock changes of a zone do to the fires of a schedule: the rule of `fires`, change by change. Pure: no
//! threads, no clock.

use std::fmt;
use std::iter::FusedIterator;
use std::ops::Range;
use std::time::SystemTime;

use super::english::ClockTime;
use crate::civil::{DateTime, MAX_SECONDS, MIN_SECONDS};
use crate::cron::Cron;
use crate::error::{Error, Kind};
use crate::occurrences::days::Days;
use crate::schedule::{expect_begun, instant_of, moment::out_of_range, Schedule, What};
use crate::tz::zone::Offset;
use crate::tz::{system_time, unix_nanos, unix_seconds, Offsets, Span, Zone};

/// Further from a change than this, in seconds, no civil time is near it on both sides.
const REACH: i64 = 2 * 26 * 3600;

/// A change of the clocks that a schedule does not go through as if there were none: from
/// [`Schedule::clock_changes`]. `Display` is one line:
///
/// ```text
/// 2026-03-29T03:00:00+02:00: 02:30 is skipped, fires at 03:00
/// 2026-10-25T02:00:00+01:00: 4 times from 02:00 to 02:45 come twice, fire both times
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClockChange {
    /// The last second before the change.
    pub before: Reading,
    /// The change: [`instant`](Reading::instant) is when.
    pub after: Reading,
    /// What becomes of the times that it concerns.
    pub effect: ClockEffect,
    /// The first civil time of the schedule that clocks skip, or show twice.
    pub first: DateTime,
    /// The last of them.
    pub last: DateTime,
    /// How many they are, at least one.
    pub count: u64,
}

/// What a clock change does to civil times of a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ClockEffect {
    /// Clocks skip one, and it fires when they have.
    Moved,
    /// Clocks skip one or more, and when they have it fires once: for all of them and, where that is so, for what is due
    /// then anyway.
    #[non_exhaustive]
    Merged {
        /// Whether it would have fired then without them.
        is_due_anyway: bool,
    },
    /// Clocks skip one or more, which do not fire: the expression's hours have a `*`, a range or a step.
    Dropped,
    /// Clocks show one or more a second time, and each fires both times: the expression repeats.
    Doubled,
}

/// What clocks show at an instant, and how far that is from UTC. `Display` is RFC 3339: `2026-03-29T03:00:00+02:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Reading {
    unix: i64,
    offset: i32,
}

impl Reading {
    pub(super) fn new(zone: &Zone, unix: i64) -> Reading {
        Reading { unix, offset: zone.span(unix).offset }
    }

    /// What the clocks show, or `None` outside the years 1-9999.
    pub fn civil(&self) -> Option<DateTime> {
        DateTime::from_seconds(self.civil_seconds())
    }

    /// The offset, in seconds east of UTC.
    pub fn offset(&self) -> i32 {
        self.offset
    }

    /// The instant, in whole seconds; `None` where [`SystemTime`] cannot hold it.
    pub fn instant(&self) -> Option<SystemTime> {
        system_time(self.unix)
    }

    /// What clocks would show a second later without a change in between.
    pub(super) fn next_civil(&self) -> Option<DateTime> {
        DateTime::from_seconds(self.civil_seconds().saturating_add(1))
    }

    fn civil_seconds(&self) -> i64 {
        self.unix.saturating_add(i64::from(self.offset))
    }
}

impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Shown(*self))?;
        match self.offset {
            _ if self.civil().is_none() => Ok(()),
            0 => f.write_str("Z"),
            offset => write!(f, "{}", Offset(offset)),
        }
    }
}

/// What the clocks show, without the offset.
pub(super) struct Shown(pub(super) Reading);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.civil() {
            Some(civil) => write!(f, "{civil}"),
            // One side of a gap at the end of time.
            None if self.0.unix < 0 => f.write_str("the year 0"),
            None => f.write_str("the year 10000"),
        }
    }
}

impl Schedule {
    /// The clock changes in a range that move, merge, drop or double fires of a cron expression, or of a period of whole
    /// days that has a [`starting`](Schedule::starting) moment. `zone` is whose clocks those are unless the schedule names
    /// its own, as it is with that of a [`Scheduler`](crate::Scheduler). They are found one by one, so the range may be
    /// centuries.
    ///
    /// A time that clocks show twice and that fires the first time only, as it should, is none of them. What is
    /// [left out](Schedule::except) and [jitter](Schedule::jitter) do not count: these are the changes of the schedule
    /// without them.
    ///
    /// ```
    /// use sexton::{tz::Zone, Moment, Schedule};
    ///
    /// let zone = Zone::from_posix("CET-1CEST,M3.5.0,M10.5.0/3")?;
    /// let at = |text: &str| text.parse::<Moment>().map(|moment| moment.instant(&zone).unwrap());
    /// let backup = Schedule::cron("30 2 * * *")?;
    /// let changes = backup.clock_changes(at("2026-01-01 00:00")?..at("2028-01-01 00:00")?, &zone)?;
    /// let lines: Vec<String> = changes.map(|change| change.to_string()).collect();
    /// assert_eq!(lines, [
    ///     "2026-03-29T03:00:00+02:00: 02:30 is skipped, fires at 03:00",
    ///     "2027-03-28T03:00:00+02:00: 02:30 is skipped, fires at 03:00",
    /// ]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If it is a schedule of another kind, or its bounds are out of the calendar. Also if the range begins before the zone's
    /// data [do](Zone::begins).
    pub fn clock_changes(&self, range: Range<SystemTime>, zone: &Zone) -> Result<ClockChanges, Error> {
        let zone = self.zone.as_ref().unwrap_or(zone).clone();
        expect_begun(&zone, range.start)?;
        let instant = |field, moment| instant_of(field, moment, &zone);
        let (starting, until) = (instant("starting", self.starting)?, instant("until", self.until)?);
        let times = match (&self.what, self.starting, starting) {
            (What::Cron(cron), _, _) => Times::Cron(*self.cron_in(cron, &zone)?),
            (What::Every(period), Some(moment), Some(anchor))
                if !period.is_elapsed() && period.elapsed().is_zero() =>
            {
                expect_begun(&zone, anchor)?;
                let days = Days::new(*period, moment.civil(), unix_nanos(anchor), zone.clone());
                Times::Days(days.ok_or_else(out_of_range)?)
            }
            _ => {
                let why =
                    "`clock_changes` can be asked of a cron expression, or of a period of whole days with \
                           `starting`, only";
                return Err(Error::new(Kind::Other(why.into())));
            }
        };
        // Seconds that begin in the range. Rules go on beyond the calendar, but nothing fires there.
        let ceiling = |instant| {
            let floor = unix_seconds(instant);
            let is_whole = system_time(floor) == Some(instant);
            let second = if is_whole { floor } else { floor.saturating_add(1) };
            second.clamp(MIN_SECONDS - REACH, MAX_SECONDS + REACH)
        };
        let (start, end) = (ceiling(range.start), ceiling(range.end));
        // The due times of a period begin with its anchor by themselves.
        let floor = starting.filter(|_| times.cron().is_some()).map_or(i64::MIN, unix_seconds);
        let until = until.map_or(i64::MAX, unix_seconds);
        let span = zone.span(start - 1);
        Ok(ClockChanges { times, zone, span, end, floor, until })
    }
}

/// The clock changes that concern a schedule, the earliest first: from [`Schedule::clock_changes`].
pub struct ClockChanges {
    times: Times,
    zone: Zone,
    /// Before the next change.
    span: Span,
    /// Changes before this are asked for.
    end: i64,
    /// What is due comes after this second, and ends with that one.
    floor: i64,
    until: i64,
}

/// Civil times without a zone.
enum Times {
    Cron(Cron),
    Days(Days<Zone>),
}

impl Iterator for ClockChanges {
    type Item = ClockChange;

    fn next(&mut self) -> Option<ClockChange> {
        while self.span.hi < self.end {
            let before = self.span;
            self.span = self.zone.span(before.hi);
            let change = match before.offset < self.span.offset {
                true => self.of_gap(before),
                false => self.of_fold(before),
            };
            if change.is_some() {
                return change;
            }
        }
        None
    }
}

impl FusedIterator for ClockChanges {}

impl ClockChanges {
    /// Those after an instant and before another that concern a cron expression.
    pub(super) fn of_cron(cron: &Cron, zone: &Zone, after: i64, end: i64) -> ClockChanges {
        let (times, zone, span) = (Times::Cron(*cron), zone.clone(), zone.span(after));
        ClockChanges { times, zone, span, end, floor: i64::MIN, until: i64::MAX }
    }

    /// What becomes of the times that the gap between a span and the current one skips.
    fn of_gap(&self, before: Span) -> Option<ClockChange> {
        let at = before.hi;
        if at <= self.floor || at > self.until {
            return None;
        }
        let start = at.checked_add(i64::from(before.offset))?;
        let end = at.checked_add(i64::from(self.span.offset))?;
        let (first, last, count) = match before.lo > at - REACH || self.span.hi < at + REACH {
            true => self.skipped_near_changes(start..end)?,
            false => self.times.within(start..end)?,
        };
        let is_shown_first = self.times.is_interval_like() || self.zone.resolve(end).due() == at;
        let is_due_anyway = is_shown_first && self.times.at_or_after(end) == Some(end);
        let is_made_up = self.times.cron().map_or(true, Cron::is_made_up_in_gap);
        let effect = match (is_made_up, is_due_anyway, count) {
            (false, _, _) => ClockEffect::Dropped,
            (true, false, 1) => ClockEffect::Moved,
            (true, is_due_anyway, _) => ClockEffect::Merged { is_due_anyway },
        };
        self.change(at, effect, (first, last, count))
    }

    /// The times in a gap, where another change close by may show some of them after all. No real zone has one.
    fn skipped_near_changes(&self, gap: Range<i64>) -> Option<(i64, i64, u64)> {
        let mut shown = Vec::new();
        let mut span = self.zone.span(gap.start - REACH);
        while span.lo < gap.end + REACH && span.hi < i64::MAX {
            let offset = i64::from(span.offset);
            shown.push((span.lo.saturating_add(offset), span.hi.saturating_add(offset)));
            span = self.zone.span(span.hi);
        }
        shown.push((span.lo.saturating_add(i64::from(span.offset)), i64::MAX));
        shown.sort_unstable();
        let (mut from, mut skipped) = (gap.start, None);
        for (start, end) in shown {
            if let Some((first, last, count)) = self.times.within(from..start.min(gap.end)) {
                let (first, before) = skipped.map_or((first, 0), |(first, _, before)| (first, before));
                skipped = Some((first, last, before + count));
            }
            from = from.max(end);
        }
        skipped
    }

    /// What becomes of the times that are shown both by a span and by the current one.
    fn of_fold(&self, before: Span) -> Option<ClockChange> {
        let (at, after) = (before.hi, self.span);
        let offset = |span: Span| i64::from(span.offset);
        // Both times after the start, and both in time.
        let first = before.lo.max(self.floor.saturating_add(1)).saturating_add(offset(before));
        let last = (after.hi - 1).min(self.until).saturating_add(offset(after));
        let start = at.checked_add(offset(after))?.max(first);
        let end = at.checked_add(offset(before))?.min(last.saturating_add(1));
        let repeated = self.times.within(start..end).filter(|_| self.times.is_interval_like())?;
        self.change(at, ClockEffect::Doubled, repeated)
    }

    fn change(
        &self,
        at: i64,
        effect: ClockEffect,
        (first, last, count): (i64, i64, u64),
    ) -> Option<ClockChange> {
        Some(ClockChange {
            before: Reading::new(&self.zone, at.checked_sub(1)?),
            after: Reading::new(&self.zone, at),
            effect,
            first: DateTime::from_seconds(first)?,
            last: DateTime::from_seconds(last)?,
            count,
        })
    }
}

impl Times {
    fn cron(&self) -> Option<&Cron> {
        match self {
            Times::Cron(cron) => Some(cron),
            Times::Days(_) => None,
        }
    }

    fn is_interval_like(&self) -> bool {
        self.cron().map_or(false, Cron::is_interval_like)
    }

    fn at_or_after(&self, civil: i64) -> Option<i64> {
        match self {
            Times::Cron(cron) => cron.at_or_after(civil),
            Times::Days(days) => days.civil_from(civil),
        }
    }

    /// The first and the last in a range of civil seconds, and how many they are; `None` if there are none.
    fn within(&self, range: Range<i64>) -> Option<(i64, i64, u64)> {
        let first = self.at_or_after(range.start).filter(|&first| first < range.end)?;
        match self {
            Times::Cron(cron) => {
                let last = cron.at_or_before(range.end - 1)?;
                let count = cron.count(DateTime::from_seconds(first)?..=DateTime::from_seconds(last)?);
                Some((first, last, count))
            }
            Times::Days(days) => {
                let next = |&civil: &i64| days.civil_from(civil + 1).filter(|&next| next < range.end);
                let all = std::iter::successors(Some(first), next);
                Some(all.fold((first, first, 0), |(first, _, count), civil| (first, civil, count + 1)))
            }
        }
    }
}

impl fmt::Display for ClockChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ClockChange { before, after, effect, first, last, count } = *self;
        write!(f, "{after}: ")?;
        // The date is that of the change, or is written out.
        let shown = after.civil().or_else(|| before.civil()).unwrap_or(first);
        let clock = |time| ClockTime(time, shown);
        match count {
            1 => write!(f, "{} ", clock(first))?,
            _ => write!(f, "{count} times from {} to {} ", clock(first), clock(last))?,
        }
        let (is, comes, fires, does) = match count {
            1 => ("is", "comes", "fires", "does"),
            _ => ("are", "come", "fire", "do"),
        };
        match effect {
            ClockEffect::Moved => write!(f, "{is} skipped, {fires} at {}", clock(shown)),
            ClockEffect::Merged { is_due_anyway } => {
                write!(f, "{is} skipped, {fires} once at {}", clock(shown))?;
                match is_due_anyway {
                    true => f.write_str(", when it is due anyway"),
                    false => Ok(()),
                }
            }
            ClockEffect::Dropped => write!(f, "{is} skipped, {does} not fire"),
            ClockEffect::Doubled => write!(f, "{comes} twice, {fires} both times"),
        }
    }
}

impl fmt::Debug for ClockChanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClockChanges").field("zone", &self.zone).finish_non_exhaustive()
    }
}
