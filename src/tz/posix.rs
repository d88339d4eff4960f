//! POSIX rules: `CET-1CEST,M3.5.0,M10.5.0/3` and what they say of an instant. Pure: no threads, no clock, no files.

mod parse;

use core::fmt;
use core::str::FromStr;

pub use self::parse::RuleError;
use super::{Instants, Offsets, Span};
use crate::civil::{days_from_civil, days_in_month, is_leap_year, weekday_of, DateTime, DAY, DAYS_PER_ERA};

/// The longest rule that is read; real ones have some thirty bytes.
const MAX_LEN: usize = 128;

/// 400 years, after which the calendar repeats, weekdays included: and so does every rule.
const CYCLE: i64 = DAYS_PER_ERA * DAY;

/// A year is so long on average.
const YEAR: i64 = CYCLE / 400;

/// The least time between two beginnings or two ends: 52 weeks, where they have a weekday.
const SHORTEST_YEAR: i64 = 364 * DAY;

/// How far an event can lie from the average year of its number: a week, for its time of day; a day and two hours, for
/// the offset; and two days by which years of 365 and 366 days go off the average.
const SPILL: i64 = 11 * DAY;

/// A time zone that is a POSIX rule, such as `CET-1CEST,M3.5.0,M10.5.0/3`: a plain value, without a heap and without
/// `std`. Instants are Unix seconds.
///
/// The rule holds at all times, past ones too: for what a country's clocks once showed, ask a `Zone`.
///
/// ```
/// use sexton::tz::{Instants, PosixZone};
///
/// let paris = PosixZone::parse("CET-1CEST,M3.5.0,M10.5.0/3")?;
/// assert_eq!((paris.offset(1_784_023_200), paris.abbreviation(1_784_023_200)), (7200, "CEST"));
/// assert_eq!(paris.civil(1_784_023_200), "2026-07-14 12:00".parse().ok());
///
/// let skipped = "2026-03-29 02:30".parse().unwrap();
/// assert_eq!(paris.instants(skipped), Instants::Gap { before: 3600, after: 7200, end: 1_774_746_000 });
/// # Ok::<(), sexton::tz::RuleError>(())
/// ```
///
/// Two are equal if their texts are. `Display` gives the text.
#[derive(Clone, Copy)]
pub struct PosixZone {
    standard: LocalType,
    /// `None` also where daylight saving time never ends: it is standard time then, under a name of its own.
    daylight: Option<Daylight>,
    /// What it was read from: names are kept there.
    text: [u8; MAX_LEN],
    len: u8,
}

/// What clocks show for a part of the year.
#[derive(Clone, Copy)]
struct LocalType {
    /// Seconds east of UTC.
    offset: i32,
    /// Where its abbreviation begins and ends in the text.
    abbreviation: (u8, u8),
}

/// Daylight saving time: what it shows, and from when to when.
#[derive(Clone, Copy)]
struct Daylight {
    shows: LocalType,
    begins: YearlyEvent,
    ends: YearlyEvent,
}

/// A day of the year, and seconds since its midnight in UTC: up to eight days before or after it.
#[derive(Clone, Copy)]
struct YearlyEvent {
    day: YearlyDay,
    time: i32,
}

#[derive(Clone, Copy)]
enum YearlyDay {
    /// `Jn`: 1-365, where 60 is 1 March in every year.
    Julian(u16),
    /// `n`: 0-365, 29 February included. In a common year 365 is 1 January of the next.
    Ordinal(u16),
    /// `Mm.w.d`: the weekday's first to fourth occurrence in the month, or the last, which is 5.
    Weekday { month: u8, week: u8, weekday: u8 },
}

impl PosixZone {
    /// Coordinated universal time.
    pub const UTC: PosixZone = {
        let mut text = [0; MAX_LEN];
        [text[0], text[1], text[2], text[3]] = *b"UTC0";
        let standard = LocalType { offset: 0, abbreviation: (0, 3) };
        PosixZone { standard, daylight: None, text, len: 4 }
    };

    /// Reads a rule, as it may stand in the `TZ` variable.
    ///
    /// Where the dates of daylight saving time are missing, they are those of the United States, as everywhere.
    ///
    /// # Errors
    ///
    /// If the text is no rule, or longer than 128 bytes.
    pub fn parse(text: &str) -> Result<PosixZone, RuleError> {
        parse::rule(text, Some(",M3.2.0,M11.1.0"))
    }

    /// Reads the rule in the footer of a TZif file, where the dates may not be missing.
    pub(super) fn parse_footer(text: &str) -> Result<PosixZone, RuleError> {
        parse::rule(text, None)
    }

    /// The offset at an instant, in seconds east of UTC.
    pub fn offset(&self, unix: i64) -> i32 {
        self.local_type(self.is_daylight(unix)).offset
    }

    /// What the time is called at an instant, such as `CEST`. For people: abbreviations are not unique.
    pub fn abbreviation(&self, unix: i64) -> &str {
        self.shown(unix).1
    }

    /// What clocks show at an instant, or `None` outside the years 1-9999.
    pub fn civil(&self, unix: i64) -> Option<DateTime> {
        DateTime::from_seconds(unix.checked_add(i64::from(self.offset(unix)))?)
    }

    /// The instants at which clocks show a civil time.
    pub fn instants(&self, civil: DateTime) -> Instants<i64> {
        self.resolve(civil.seconds())
    }

    /// The text that it was read from.
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.text[..usize::from(self.len)]).expect("it was read from a text")
    }

    /// The offset at an instant, and its abbreviation.
    pub(super) fn shown(&self, unix: i64) -> (i32, &str) {
        let LocalType { offset, abbreviation: (start, end) } = *self.local_type(self.is_daylight(unix));
        (offset, &self.as_str()[usize::from(start)..usize::from(end)])
    }

    fn local_type(&self, is_daylight: bool) -> &LocalType {
        self.daylight.as_ref().filter(|_| is_daylight).map_or(&self.standard, |daylight| &daylight.shows)
    }

    fn is_daylight(&self, unix: i64) -> bool {
        self.daylight.as_ref().map_or(false, |daylight| daylight.holds(unix.rem_euclid(CYCLE)))
    }
}

impl Offsets for PosixZone {
    fn span(&self, unix: i64) -> Span {
        match &self.daylight {
            Some(daylight) if daylight.shows.offset != self.standard.offset => {
                let in_cycle = unix.rem_euclid(CYCLE);
                let (is_daylight, start, end) = daylight.span(in_cycle);
                let (ago, ahead) = (in_cycle - start, end - in_cycle);
                let offset = self.local_type(is_daylight).offset;
                Span { lo: unix.saturating_sub(ago), hi: unix.saturating_add(ahead), offset }
            }
            _ => Span { lo: i64::MIN, hi: i64::MAX, offset: self.standard.offset },
        }
    }
}

/// All instants here lie within a [`CYCLE`] that begins in 1970, or not far from it.
impl Daylight {
    /// Whether it is daylight saving time. The latest event decides. If that is both a beginning and an end, it is a
    /// beginning: so daylight saving time that begins as it ends is permanent. RFC 9636, section 3.3.1, writes it `0/0,J365/25`.
    #[inline(never)]
    fn holds(&self, at: i64) -> bool {
        self.begins.latest(at) >= self.ends.latest(at)
    }

    /// Whether it is daylight saving time, and from when to when that is so.
    fn span(&self, at: i64) -> (bool, i64, i64) {
        let (begun, ended) = (self.begins.latest(at), self.ends.latest(at));
        let (is_daylight, since, other) = (begun >= ended, begun.max(ended), begun.min(ended));
        let end = self.events_around(is_daylight).1.next_after(at);
        // Nearly always the two events take turns: there is one of the other kind between two of a kind.
        if since - SHORTEST_YEAR < other && other < since && end < since + SHORTEST_YEAR {
            return (is_daylight, since, end);
        }
        (is_daylight, self.start_of(is_daylight, at), self.end_of(is_daylight, at))
    }

    /// Whether it never ends. Only where it does are there changes to be found.
    fn is_permanent(&self) -> bool {
        let mut end = self.ends.next_after(0);
        while self.holds(end) {
            end = self.ends.next_after(end);
            if end > CYCLE + SPILL {
                return true;
            }
        }
        false
    }

    /// What begins daylight saving time or standard time, and what ends it.
    fn events_around(&self, is_daylight: bool) -> (YearlyEvent, YearlyEvent) {
        if is_daylight {
            (self.begins, self.ends)
        } else {
            (self.ends, self.begins)
        }
    }

    /// When the time that it is at `at`, daylight saving or not, began. Most events change something.
    #[cold]
    fn start_of(&self, is_daylight: bool, mut at: i64) -> i64 {
        loop {
            let change = self.events_around(is_daylight).0.latest(at);
            if self.holds(change - 1) != is_daylight {
                return change;
            }
            at = change - 1;
        }
    }

    /// The first instant after `at` at which it is no longer the time, daylight saving or not, that it is then.
    #[cold]
    fn end_of(&self, is_daylight: bool, mut at: i64) -> i64 {
        loop {
            at = self.events_around(is_daylight).1.next_after(at);
            if self.holds(at) != is_daylight {
                return at;
            }
        }
    }
}

impl YearlyEvent {
    /// In Unix seconds.
    fn in_year(self, year: i16) -> i64 {
        self.day.days(year) * DAY + i64::from(self.time)
    }

    /// The latest one up to and including `at`.
    fn latest(self, at: i64) -> i64 {
        let mut year = year_of(at + SPILL);
        loop {
            match self.in_year(year) {
                event if event <= at => return event,
                _ => year -= 1,
            }
        }
    }

    /// The first one after `at`.
    fn next_after(self, at: i64) -> i64 {
        let mut year = year_of(at - SPILL);
        loop {
            match self.in_year(year) {
                event if event > at => return event,
                _ => year += 1,
            }
        }
    }
}

/// The year of an instant in or near the cycle, counted in years of the same length.
fn year_of(at: i64) -> i16 {
    (1970 + at.div_euclid(YEAR)) as i16
}

impl YearlyDay {
    /// In days since 1970-01-01.
    fn days(self, year: i16) -> i64 {
        let first_of = |month: u8| days_from_civil(i64::from(year), i64::from(month), 1);
        match self {
            YearlyDay::Julian(n) => first_of(1) + i64::from(n) - i64::from(n < 60 || !is_leap_year(year)),
            YearlyDay::Ordinal(n) => first_of(1) + i64::from(n),
            YearlyDay::Weekday { month, week, weekday } => {
                let first = first_of(month);
                let ahead = (7 + weekday - weekday_of(first) as u8) % 7;
                let days = ahead + 7 * (week - 1);
                // Only a fifth week can run over the end of the month, and then the fourth is the last.
                let is_over = days >= days_in_month(year, month);
                first + i64::from(days) - if is_over { 7 } else { 0 }
            }
        }
    }
}

impl PartialEq for PosixZone {
    fn eq(&self, other: &PosixZone) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for PosixZone {}

impl FromStr for PosixZone {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<PosixZone, RuleError> {
        PosixZone::parse(text)
    }
}

impl TryFrom<&str> for PosixZone {
    type Error = RuleError;

    fn try_from(text: &str) -> Result<PosixZone, RuleError> {
        PosixZone::parse(text)
    }
}

impl fmt::Display for PosixZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for PosixZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PosixZone").field(&self.as_str()).finish()
    }
}
