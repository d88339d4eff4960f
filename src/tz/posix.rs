//! POSIX rules: `CET-1CEST,M3.5.0,M10.5.0/3` and what they say of an instant. Pure: no threads, no clock, no files.
//!
//! The language is that of the `TZ` variable in POSIX.1-2024, section 8.3, with the times of RFC 9636, section 3.3.1,
//! which reach a week into either direction.

use core::convert::TryFrom;
use core::fmt;
use core::str::FromStr;

use super::{Instants, Offsets, Span};
use crate::civil::{days_from_civil, days_in_month, is_leap_year, DateTime, Weekday, DAY};
use crate::excerpt::Excerpt;

/// The longest rule that is read; real ones have some thirty bytes.
const MAX_LEN: usize = 128;

/// 400 years, after which the calendar repeats, weekdays included: and so does every rule.
pub(super) const CYCLE: i64 = 146_097 * DAY;

/// A year is so long on average.
const YEAR: i64 = CYCLE / 400;

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
        text[0] = b'U';
        text[1] = b'T';
        text[2] = b'C';
        text[3] = b'0';
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
        let second_sunday_of_march = YearlyDay::Weekday { month: 3, week: 2, weekday: 0 };
        let first_sunday_of_november = YearlyDay::Weekday { month: 11, week: 1, weekday: 0 };
        Parser { text, at: 0 }.rule(Some((second_sunday_of_march, first_sunday_of_november)))
    }

    /// Reads the rule in the footer of a TZif file, where the dates may not be missing.
    pub(super) fn parse_footer(text: &str) -> Result<PosixZone, RuleError> {
        Parser { text, at: 0 }.rule(None)
    }

    /// The offset at an instant, in seconds east of UTC.
    pub fn offset(&self, unix: i64) -> i32 {
        self.offset_of(self.is_daylight(unix))
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

    pub(super) fn offset_of(&self, is_daylight: bool) -> i32 {
        self.local_type(is_daylight).offset
    }

    /// The instants at which daylight saving time begins and ends in a year, in no order; `None` where it never does.
    pub(super) fn events(&self, year: i16) -> Option<(i64, i64)> {
        self.daylight.as_ref().map(|daylight| (daylight.begins.in_year(year), daylight.ends.in_year(year)))
    }

    fn local_type(&self, is_daylight: bool) -> &LocalType {
        match &self.daylight {
            Some(daylight) if is_daylight => &daylight.shows,
            _ => &self.standard,
        }
    }

    fn is_daylight(&self, unix: i64) -> bool {
        self.daylight.as_ref().map_or(false, |daylight| daylight.holds_at(unix.rem_euclid(CYCLE)))
    }
}

impl Offsets for PosixZone {
    fn span(&self, unix: i64) -> Span {
        match &self.daylight {
            Some(daylight) if daylight.shows.offset != self.standard.offset => {
                let in_cycle = unix.rem_euclid(CYCLE);
                let is_daylight = daylight.holds_at(in_cycle);
                let ago = in_cycle - daylight.last_change(in_cycle, is_daylight);
                let ahead = daylight.next_change(in_cycle, is_daylight) - in_cycle;
                let offset = self.offset_of(is_daylight);
                Span { lo: unix.saturating_sub(ago), hi: unix.saturating_add(ahead), offset }
            }
            _ => Span { lo: i64::MIN, hi: i64::MAX, offset: self.standard.offset },
        }
    }
}

/// All instants here lie within a [`CYCLE`] that begins in 1970, or not far from it.
impl Daylight {
    /// The latest event decides. If that is both a beginning and an end, it is a beginning: so daylight saving time that
    /// begins as it ends is permanent. RFC 9636, section 3.3.1, writes it `0/0,J365/25`.
    fn holds_at(&self, at: i64) -> bool {
        self.begins.latest(at) >= self.ends.latest(at)
    }

    /// Whether it never ends. Only where it does are there changes to be found.
    fn is_permanent(&self) -> bool {
        let mut end = self.ends.next_after(0);
        while self.holds_at(end) {
            end = self.ends.next_after(end);
            if end > CYCLE + SPILL {
                return true;
            }
        }
        false
    }

    /// The last instant, no later than `at`, from which on it has been as it is then. Most events change something.
    fn last_change(&self, mut at: i64, holds: bool) -> i64 {
        let way_in = if holds { &self.begins } else { &self.ends };
        loop {
            let change = way_in.latest(at);
            if self.holds_at(change - 1) != holds {
                return change;
            }
            at = change - 1;
        }
    }

    /// The first instant after `at` from which on it is no longer as it is then.
    fn next_change(&self, mut at: i64, holds: bool) -> i64 {
        let way_out = if holds { &self.ends } else { &self.begins };
        loop {
            at = way_out.next_after(at);
            if self.holds_at(at) != holds {
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
                let ahead = (7 + weekday - Weekday::of_day(first).days_from_sunday()) % 7;
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

/// Why a text is no POSIX rule: what was being read, what stands there, and what would be fine.
///
/// ```
/// use sexton::tz::PosixZone;
///
/// let error = PosixZone::parse("CET-1CEST,M3.5.7,M10.5.0/3").unwrap_err();
/// assert_eq!(error.to_string(), "weekday: found `7` at byte 15, expected 0-6, where 0 is Sunday");
/// assert_eq!(error.at(), 15);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleError {
    part: &'static str,
    found: Excerpt,
    at: usize,
    expected: &'static str,
}

impl RuleError {
    /// The byte of the text at which it stopped making sense.
    pub fn at(&self) -> usize {
        self.at
    }
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RuleError { part, found, at, expected } = self;
        write!(f, "{part}: found {found} at byte {at}, expected {expected}")
    }
}

#[cfg(feature = "std")]
impl std::error::Error for RuleError {}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl Parser<'_> {
    /// `std offset [dst [offset] ["," start ["/" time] "," end ["/" time]]]`
    fn rule(mut self, default_days: Option<(YearlyDay, YearlyDay)>) -> Result<PosixZone, RuleError> {
        if self.text.len() > MAX_LEN {
            return Err(self.error("rule", MAX_LEN, "at most 128 bytes"));
        }
        let abbreviation = self.name()?;
        let mut standard = LocalType { abbreviation, offset: self.offset()? };
        let mut daylight = None;
        if self.peek().is_some() {
            daylight = Some(self.daylight(&standard, default_days)?);
        }
        if let Some(forever) = daylight.filter(Daylight::is_permanent) {
            (standard, daylight) = (forever.shows, None);
        }
        let mut text = [0; MAX_LEN];
        text[..self.text.len()].copy_from_slice(self.text.as_bytes());
        Ok(PosixZone { standard, daylight, text, len: self.text.len() as u8 })
    }

    fn daylight(
        &mut self,
        standard: &LocalType,
        default_days: Option<(YearlyDay, YearlyDay)>,
    ) -> Result<Daylight, RuleError> {
        let abbreviation = self.name()?;
        let offset = match self.peek() {
            None | Some(b',') => standard.offset + 3600,
            Some(_) => self.offset()?,
        };
        let shows = LocalType { abbreviation, offset };
        let at_two = |day| YearlyEvent { day, time: 2 * 3600 };
        let (mut begins, mut ends) = match (self.peek(), default_days) {
            (None, Some((begins, ends))) => (at_two(begins), at_two(ends)),
            _ => {
                self.expect(b',', "rule", "`,` and the date on which daylight saving time begins")?;
                let begins = self.yearly_event()?;
                self.expect(b',', "rule", "`,` and the date on which daylight saving time ends")?;
                (begins, self.yearly_event()?)
            }
        };
        if self.peek().is_some() {
            return Err(self.error("rule", self.at, "the end"));
        }
        // Each is given by the clock that it stops.
        begins.time -= standard.offset;
        ends.time -= offset;
        Ok(Daylight { shows, begins, ends })
    }

    /// Three letters or more; or, between `<` and `>`, three or more of letters, digits, `+` and `-`. From where to where
    /// they stand.
    fn name(&mut self) -> Result<(u8, u8), RuleError> {
        let quoted = self.eat(b'<');
        let start = self.at;
        while self.peek().map_or(false, |byte| match byte {
            b'0'..=b'9' | b'+' | b'-' => quoted,
            _ => byte.is_ascii_alphabetic(),
        }) {
            self.at += 1;
        }
        let end = self.at;
        if end - start < 3 {
            let expected = if quoted {
                "at least three letters, digits, `+` or `-` before a `>`"
            } else {
                "at least three letters, or a name such as `<+03>`"
            };
            return Err(self.error("name", start, expected));
        }
        if quoted {
            self.expect(b'>', "name", "letters, digits, `+`, `-` or a `>`")?;
        }
        Ok((start as u8, end as u8))
    }

    /// `["+" | "-"] hh [":" mm [":" ss]]`, hours 0-24 and positive to the west: what is added to get UTC.
    fn offset(&mut self) -> Result<i32, RuleError> {
        Ok(-self.time("offset", 2, 24, "hours 0-24, such as `5` or `-5:30`")?)
    }

    /// `date ["/" time]`, hours -167 to 167, and two in the morning if there is none.
    fn yearly_event(&mut self) -> Result<YearlyEvent, RuleError> {
        let day = self.yearly_day()?;
        let time = if self.eat(b'/') { self.time("time", 3, 167, "hours -167 to 167")? } else { 2 * 3600 };
        Ok(YearlyEvent { day, time })
    }

    /// `"J" n | n | "M" m "." w "." d`
    fn yearly_day(&mut self) -> Result<YearlyDay, RuleError> {
        if self.eat(b'J') {
            return Ok(YearlyDay::Julian(self.number("day", 3, 1, 365, "a day of the year, 1-365")?));
        }
        if self.eat(b'M') {
            let month = self.number("month", 2, 1, 12, "1-12")? as u8;
            self.expect(b'.', "date", "`.` and a week")?;
            let week = self.number("week", 1, 1, 5, "1-5, where 5 is the last")? as u8;
            self.expect(b'.', "date", "`.` and a weekday")?;
            let weekday = self.number("weekday", 1, 0, 6, "0-6, where 0 is Sunday")? as u8;
            return Ok(YearlyDay::Weekday { month, week, weekday });
        }
        Ok(YearlyDay::Ordinal(self.number("date", 3, 0, 365, "`M3.2.0`, `J60` or a day 0-365")?))
    }

    /// `["+" | "-"] h [":" mm [":" ss]]` in seconds.
    fn time(
        &mut self,
        part: &'static str,
        digits: usize,
        max: u16,
        expected: &'static str,
    ) -> Result<i32, RuleError> {
        let is_negative = self.eat(b'-');
        if !is_negative {
            self.eat(b'+');
        }
        let mut seconds = i32::from(self.number(part, digits, 0, max, expected)?) * 3600;
        if self.eat(b':') {
            seconds += i32::from(self.two_digits("minute")?) * 60;
            if self.eat(b':') {
                seconds += i32::from(self.two_digits("second")?);
            }
        }
        Ok(if is_negative { -seconds } else { seconds })
    }

    /// `00` to `59`
    fn two_digits(&mut self, part: &'static str) -> Result<u16, RuleError> {
        let start = self.at;
        let number = self.number(part, 2, 0, 59, "00-59")?;
        if self.at == start + 1 {
            return Err(self.error(part, start, "00-59"));
        }
        Ok(number)
    }

    /// One digit or more, up to `digits` of them (at most four, so that the number fits).
    fn number(
        &mut self,
        part: &'static str,
        digits: usize,
        min: u16,
        max: u16,
        expected: &'static str,
    ) -> Result<u16, RuleError> {
        let start = self.at;
        let mut number = 0;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            if self.at == start + digits {
                return Err(self.error(part, start, expected));
            }
            number = number * 10 + u16::from(digit - b'0');
            self.at += 1;
        }
        if self.at == start || number < min || number > max {
            return Err(self.error(part, start, expected));
        }
        Ok(number)
    }

    fn expect(&mut self, byte: u8, part: &'static str, expected: &'static str) -> Result<(), RuleError> {
        if self.eat(byte) {
            Ok(())
        } else {
            Err(self.error(part, self.at, expected))
        }
    }

    fn eat(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// An error about what stands at `start`: the run of letters and digits there, or else one character.
    fn error(&self, part: &'static str, start: usize, expected: &'static str) -> RuleError {
        let rest = &self.text.as_bytes()[start..];
        let run = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        let end = (start + run.max(1)).min(self.text.len());
        RuleError { part, found: Excerpt::of(self.text, start, end), at: start, expected }
    }
}
