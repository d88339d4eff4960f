//! POSIX rules: `CET-1CEST,M3.5.0,M10.5.0/3` and what they say of an instant. Pure: no threads, no clock, no files.
//!
//! The language is that of the `TZ` variable in POSIX.1-2024, section 8.3, with the times of RFC 9636, section 3.3.1,
//! which reach a week into either direction.

use core::fmt;

use super::LocalType;
use crate::civil::{days_from_civil, days_in_month, is_leap_year, Date, Weekday, DAY};
use crate::excerpt::Excerpt;

/// The longest rule that is read; real ones have some thirty bytes.
const MAX_LEN: usize = 128;

/// 400 years, after which the calendar repeats, weekdays included: and so does every rule.
pub(super) const CYCLE: i64 = 146_097 * DAY;

/// Standard time, and when and how it is left for daylight saving time in every year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    standard: LocalType,
    daylight: Option<Daylight>,
}

/// Daylight saving time: what it shows, and from when to when.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Daylight {
    shows: LocalType,
    /// On the clock of standard time.
    start: YearlyTime,
    /// On the clock of daylight saving time.
    end: YearlyTime,
}

/// A day of the year, and seconds since its midnight: up to a week before or after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct YearlyTime {
    day: YearlyDay,
    time: i32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum YearlyDay {
    /// `Jn`: 1-365, where 60 is 1 March in every year.
    Julian(u16),
    /// `n`: 0-365, 29 February included. In a common year 365 is 1 January of the next.
    Ordinal(u16),
    /// `Mm.w.d`: the weekday's first to fourth occurrence in the month, or the last, which is 5.
    Weekday { month: u8, week: u8, weekday: u8 },
}

/// An instant at which a rule says "now daylight saving time" or "now standard time".
///
/// Sorted, the one that begins it comes last of two at one instant, and so it wins: daylight saving time that begins as
/// it ends is permanent. RFC 9636, section 3.3.1, writes it `0/0,J365/25`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Event {
    pub(super) at: i64,
    is_daylight: bool,
}

impl Rule {
    /// Reads the rule in a `TZ` variable, where the dates may be missing: then those of the United States are meant.
    pub(super) fn parse(text: &str) -> Result<Rule, ParseError> {
        let second_sunday_of_march = YearlyDay::Weekday { month: 3, week: 2, weekday: 0 };
        let first_sunday_of_november = YearlyDay::Weekday { month: 11, week: 1, weekday: 0 };
        let at_two = |day| YearlyTime { day, time: 2 * 3600 };
        Parser { text, at: 0 }.rule(Some((at_two(second_sunday_of_march), at_two(first_sunday_of_november))))
    }

    /// Reads the rule in the footer of a TZif file, where the dates may not be missing.
    pub(super) fn parse_footer(text: &str) -> Result<Rule, ParseError> {
        Parser { text, at: 0 }.rule(None)
    }

    /// What the rule makes of an instant.
    pub(super) fn local_type(&self, unix: i64) -> &LocalType {
        match &self.daylight {
            Some(daylight) if self.is_daylight(unix) => &daylight.shows,
            _ => &self.standard,
        }
    }

    /// The offset from an event on.
    pub(super) fn offset_after(&self, event: Event) -> i32 {
        match &self.daylight {
            Some(daylight) if event.is_daylight => daylight.shows.offset,
            _ => self.standard.offset,
        }
    }

    /// The latest event decides. It may lie two calendar years back: both events of a year can be moved into the
    /// following January.
    fn is_daylight(&self, unix: i64) -> bool {
        let in_cycle = unix.rem_euclid(CYCLE);
        let year = year_of(in_cycle);
        let events = (year - 2..=year + 1).filter_map(|year| self.events(year)).flatten();
        events.filter(|event| event.at <= in_cycle).max().map_or(false, |event| event.is_daylight)
    }

    /// All events after `from`, and up to one cycle after it, in order.
    pub(super) fn cycle_after(&self, from: i64) -> Vec<Event> {
        let in_cycle = from.rem_euclid(CYCLE);
        let year = year_of(in_cycle);
        let mut events: Vec<Event> =
            (year - 1..=year + 401).filter_map(|year| self.events(year)).flatten().collect();
        events.retain(|event| in_cycle < event.at && event.at <= in_cycle + CYCLE);
        events.iter_mut().for_each(|event| event.at += from - in_cycle);
        events.sort_unstable();
        events
    }

    /// The two events of a year, if the rule has any.
    fn events(&self, year: i16) -> Option<[Event; 2]> {
        let daylight = self.daylight.as_ref()?;
        let start = daylight.start.seconds(year) - i64::from(self.standard.offset);
        let end = daylight.end.seconds(year) - i64::from(daylight.shows.offset);
        Some([Event { at: start, is_daylight: true }, Event { at: end, is_daylight: false }])
    }
}

/// The year of an instant between 1970 and 2370.
fn year_of(in_cycle: i64) -> i16 {
    Date::from_days(in_cycle / DAY).expect("a cycle ends long before the calendar").year()
}

impl YearlyTime {
    /// In seconds since 1970-01-01T00:00:00 on the clock it is meant for.
    fn seconds(self, year: i16) -> i64 {
        self.day.days(year) * DAY + i64::from(self.time)
    }
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

/// Why a text is no rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ParseError {
    part: &'static str,
    found: Excerpt,
    pub(super) at: usize,
    expected: &'static str,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ParseError { part, found, at, expected } = self;
        write!(f, "{part}: found {found} at byte {at}, expected {expected}")
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl Parser<'_> {
    /// `std offset [dst [offset] ["," start ["/" time] "," end ["/" time]]]`
    fn rule(mut self, default: Option<(YearlyTime, YearlyTime)>) -> Result<Rule, ParseError> {
        if self.text.len() > MAX_LEN {
            return Err(self.error("rule", MAX_LEN, "at most 128 bytes"));
        }
        let abbreviation = self.name()?;
        let standard = LocalType { abbreviation, offset: self.offset()? };
        let daylight = if self.peek().is_some() { Some(self.daylight(&standard, default)?) } else { None };
        Ok(Rule { standard, daylight })
    }

    fn daylight(
        &mut self,
        standard: &LocalType,
        default: Option<(YearlyTime, YearlyTime)>,
    ) -> Result<Daylight, ParseError> {
        let abbreviation = self.name()?;
        let offset = match self.peek() {
            None | Some(b',') => standard.offset + 3600,
            Some(_) => self.offset()?,
        };
        let shows = LocalType { abbreviation, offset };
        if let (None, Some((start, end))) = (self.peek(), default) {
            return Ok(Daylight { shows, start, end });
        }
        self.expect(b',', "rule", "`,` and the date on which daylight saving time begins")?;
        let start = self.yearly_time()?;
        self.expect(b',', "rule", "`,` and the date on which daylight saving time ends")?;
        let end = self.yearly_time()?;
        match self.peek() {
            None => Ok(Daylight { shows, start, end }),
            Some(_) => Err(self.error("rule", self.at, "the end")),
        }
    }

    /// Three letters or more; or, between `<` and `>`, three or more of letters, digits, `+` and `-`.
    fn name(&mut self) -> Result<Box<str>, ParseError> {
        let quoted = self.eat(b'<');
        let start = self.at;
        while self.peek().map_or(false, |byte| match byte {
            b'0'..=b'9' | b'+' | b'-' => quoted,
            _ => byte.is_ascii_alphabetic(),
        }) {
            self.at += 1;
        }
        let name = &self.text[start..self.at];
        if name.len() < 3 {
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
        Ok(name.into())
    }

    /// `["+" | "-"] hh [":" mm [":" ss]]`, hours 0-24 and positive to the west: what is added to get UTC.
    fn offset(&mut self) -> Result<i32, ParseError> {
        Ok(-self.time("offset", 2, 24, "hours 0-24, such as `5` or `-5:30`")?)
    }

    /// `date ["/" time]`, hours -167 to 167, and two in the morning if there is none.
    fn yearly_time(&mut self) -> Result<YearlyTime, ParseError> {
        let day = self.yearly_day()?;
        let time = if self.eat(b'/') { self.time("time", 3, 167, "hours -167 to 167")? } else { 2 * 3600 };
        Ok(YearlyTime { day, time })
    }

    /// `"J" n | n | "M" m "." w "." d`
    fn yearly_day(&mut self) -> Result<YearlyDay, ParseError> {
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
    ) -> Result<i32, ParseError> {
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
    fn two_digits(&mut self, part: &'static str) -> Result<u16, ParseError> {
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
    ) -> Result<u16, ParseError> {
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

    fn expect(&mut self, byte: u8, part: &'static str, expected: &'static str) -> Result<(), ParseError> {
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
    fn error(&self, part: &'static str, start: usize, expected: &'static str) -> ParseError {
        let rest = &self.text.as_bytes()[start..];
        let run = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        let end = (start + run.max(1)).min(self.text.len());
        ParseError { part, found: Excerpt::of(self.text, start, end), at: start, expected }
    }
}
