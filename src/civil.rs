//! Civil time: dates and times of day, without a zone.
//!
//! The calendar is the proleptic Gregorian one, years 1 to 9999, without leap seconds. A [`Zone`](crate::tz::Zone) converts
//! civil times to instants. Pure: no threads, no clock, no zones.

use core::fmt;
use core::str::FromStr;

use crate::excerpt::Excerpt;

/// Seconds in a day; civil time has no leap seconds.
pub(crate) const DAY: i64 = 86_400;

/// 0001-01-01T00:00:00 in seconds since 1970-01-01T00:00:00.
pub(crate) const MIN_SECONDS: i64 = -62_135_596_800;

/// 9999-12-31T23:59:59 in seconds since 1970-01-01T00:00:00.
pub(crate) const MAX_SECONDS: i64 = 253_402_300_799;

/// A calendar date, from 0001-01-01 to 9999-12-31.
///
/// ```
/// use sexton::civil::{Date, Weekday};
///
/// let date: Date = "2026-11-22".parse()?;
/// assert_eq!(date.weekday(), Weekday::Sunday);
/// assert_eq!(date.checked_add_days(9).unwrap().to_string(), "2026-12-01");
/// # Ok::<(), sexton::civil::ParseError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: i16,
    month: u8,
    day: u8,
}

impl Date {
    /// The date of this year (1-9999), month (1-12) and day (1-31), or `None` if there is no such day.
    pub const fn new(year: i16, month: u8, day: u8) -> Option<Date> {
        let is_month = 1 <= year && year <= 9999 && 1 <= month && month <= 12;
        if is_month && 1 <= day && day <= days_in_month(year, month) {
            Some(Date { year, month, day })
        } else {
            None
        }
    }

    /// The year, 1-9999.
    pub const fn year(self) -> i16 {
        self.year
    }

    /// The month, 1-12.
    pub const fn month(self) -> u8 {
        self.month
    }

    /// The day of the month, 1-31.
    pub const fn day(self) -> u8 {
        self.day
    }

    /// The day of the week.
    pub const fn weekday(self) -> Weekday {
        Weekday::of_day(self.days())
    }

    /// This date and a time of day.
    pub const fn at(self, time: Time) -> DateTime {
        DateTime { date: self, time }
    }

    /// The date `days` later, or earlier if `days` is negative. `None` outside the years 1-9999.
    pub const fn checked_add_days(self, days: i64) -> Option<Date> {
        match self.days().checked_add(days) {
            Some(days) => Date::from_days(days),
            None => None,
        }
    }

    /// Days since 1970-01-01.
    pub(crate) const fn days(self) -> i64 {
        days_from_civil(self.year as i64, self.month as i64, self.day as i64)
    }

    /// The date `days` after 1970-01-01, or `None` outside the years 1-9999.
    pub(crate) const fn from_days(days: i64) -> Option<Date> {
        if days < MIN_SECONDS / DAY || days > MAX_SECONDS / DAY {
            return None;
        }
        // The year starts on 1 March, so that the leap day is its last. Every era of 400 years has the same length.
        // See Howard Hinnant, "chrono-compatible low-level date algorithms".
        let shifted = days + DAYS_TO_1970;
        let era = shifted.div_euclid(DAYS_PER_ERA);
        let day_of_era = shifted.rem_euclid(DAYS_PER_ERA);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        let year = year_of_era + era * 400 + (month <= 2) as i64;
        Some(Date { year: year as i16, month: month as u8, day: day as u8 })
    }
}

/// Days in 400 years, after which the calendar, weekdays included, repeats.
pub(crate) const DAYS_PER_ERA: i64 = 146_097;

/// Days from 0000-03-01 to 1970-01-01.
const DAYS_TO_1970: i64 = 719_468;

/// Days since 1970-01-01 of any date, whether or not the year is one that [`Date`] holds.
pub(crate) const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * DAYS_PER_ERA + day_of_era - DAYS_TO_1970
}

/// Whether the year has a 29 February.
pub(crate) const fn is_leap_year(year: i16) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// The last day of a month (1-12).
pub(crate) const fn days_in_month(year: i16, month: u8) -> u8 {
    match month {
        2 if is_leap_year(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// A time of day in whole seconds, from 00:00:00 to 23:59:59.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time {
    hour: u8,
    minute: u8,
    second: u8,
}

impl Time {
    /// 00:00:00, the first second of a day.
    pub const MIDNIGHT: Time = Time { hour: 0, minute: 0, second: 0 };

    /// The time of this hour (0-23), minute (0-59) and second (0-59), or `None` if there is no such time.
    pub const fn new(hour: u8, minute: u8, second: u8) -> Option<Time> {
        if hour < 24 && minute < 60 && second < 60 {
            Some(Time { hour, minute, second })
        } else {
            None
        }
    }

    /// The hour, 0-23.
    pub const fn hour(self) -> u8 {
        self.hour
    }

    /// The minute, 0-59.
    pub const fn minute(self) -> u8 {
        self.minute
    }

    /// The second, 0-59.
    pub const fn second(self) -> u8 {
        self.second
    }

    /// Seconds since midnight.
    pub(crate) const fn seconds(self) -> i64 {
        (self.hour as i64 * 60 + self.minute as i64) * 60 + self.second as i64
    }
}

/// A date and a time of day, without a zone: what a clock on the wall shows.
///
/// Parses ISO 8601 with a `T` or a space between date and time; the seconds are optional. Prints it with a `T` and seconds.
///
/// ```
/// use sexton::civil::DateTime;
///
/// let party: DateTime = "2026-12-31 23:59:30".parse()?;
/// assert_eq!(party.to_string(), "2026-12-31T23:59:30");
/// assert_eq!(party.checked_add_seconds(30).unwrap().date().year(), 2027);
///
/// let error = "2026-02-30 10:00".parse::<DateTime>().unwrap_err();
/// assert_eq!(error.to_string(), "day: found `30` at byte 8, expected 01-28");
/// # Ok::<(), sexton::civil::ParseError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateTime {
    date: Date,
    time: Time,
}

impl DateTime {
    /// The date.
    pub const fn date(self) -> Date {
        self.date
    }

    /// The time of day.
    pub const fn time(self) -> Time {
        self.time
    }

    /// The civil time `seconds` later, or earlier if `seconds` is negative. `None` outside the years 1-9999.
    pub const fn checked_add_seconds(self, seconds: i64) -> Option<DateTime> {
        match self.seconds().checked_add(seconds) {
            Some(seconds) => DateTime::from_seconds(seconds),
            None => None,
        }
    }

    /// Seconds since 1970-01-01T00:00:00 in civil time, where every day has 86,400 seconds.
    pub(crate) const fn seconds(self) -> i64 {
        self.date.days() * DAY + self.time.seconds()
    }

    /// The civil time `seconds` after 1970-01-01T00:00:00, or `None` outside the years 1-9999.
    pub(crate) const fn from_seconds(seconds: i64) -> Option<DateTime> {
        let second = seconds.rem_euclid(DAY);
        let time = Time {
            hour: (second / 3600) as u8,
            minute: (second / 60 % 60) as u8,
            second: (second % 60) as u8,
        };
        match Date::from_days(seconds.div_euclid(DAY)) {
            Some(date) => Some(DateTime { date, time }),
            None => None,
        }
    }
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Weekday {
    Sunday,
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
}

impl Weekday {
    const ALL: [Weekday; 7] = [
        Weekday::Sunday,
        Weekday::Monday,
        Weekday::Tuesday,
        Weekday::Wednesday,
        Weekday::Thursday,
        Weekday::Friday,
        Weekday::Saturday,
    ];

    /// Days since Sunday, 0-6, as in cron.
    pub const fn days_from_sunday(self) -> u8 {
        self as u8
    }

    /// The weekday of the date `days` after 1970-01-01, which is a Thursday.
    pub(crate) const fn of_day(days: i64) -> Weekday {
        Weekday::ALL[(days + 4).rem_euclid(7) as usize]
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}:{:02}", self.hour, self.minute, self.second)
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}T{}", self.date, self.time)
    }
}

/// The full English name.
impl fmt::Display for Weekday {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

#[cfg(feature = "std")]
impl TryFrom<String> for Date {
    type Error = ParseError;

    /// Reads `YYYY-MM-DD`.
    fn try_from(text: String) -> Result<Date, ParseError> {
        text.parse()
    }
}

impl TryFrom<&str> for Date {
    type Error = ParseError;

    /// Reads `YYYY-MM-DD`.
    fn try_from(text: &str) -> Result<Date, ParseError> {
        text.parse()
    }
}

impl FromStr for Date {
    type Err = ParseError;

    /// Reads `YYYY-MM-DD`.
    fn from_str(text: &str) -> Result<Date, ParseError> {
        let mut cursor = Cursor { text, at: 0 };
        let date = cursor.date()?;
        cursor.end("date")?;
        Ok(date)
    }
}

impl FromStr for Time {
    type Err = ParseError;

    /// Reads `HH:MM` or `HH:MM:SS`.
    fn from_str(text: &str) -> Result<Time, ParseError> {
        let mut cursor = Cursor { text, at: 0 };
        let time = cursor.time()?;
        cursor.end("time")?;
        Ok(time)
    }
}

impl FromStr for DateTime {
    type Err = ParseError;

    /// Reads `YYYY-MM-DD HH:MM:SS`, with a space or a `T` between date and time. The seconds are optional.
    fn from_str(text: &str) -> Result<DateTime, ParseError> {
        let mut cursor = Cursor { text, at: 0 };
        let date_time = cursor.date_time()?;
        cursor.end("civil time")?;
        Ok(date_time)
    }
}

/// The error for a text that is not a civil date or time: what was being read, what was found, and what would be fine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseError {
    part: &'static str,
    found: Excerpt,
    at: usize,
    expected: Expected,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    Text(&'static str),
    /// A day from 01 to the last day of the month.
    DayUpTo(u8),
}

impl ParseError {
    /// The position of the mistake: a byte offset into the text.
    pub fn at(&self) -> usize {
        self.at
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: found {} at byte {}, expected ", self.part, self.found, self.at)?;
        match self.expected {
            Expected::Text(text) => f.write_str(text),
            Expected::DayUpTo(last) => write!(f, "01-{last}"),
        }
    }
}

#[cfg(feature = "std")]
impl std::error::Error for ParseError {}

/// Reads civil times from the front of a text. The caller decides what may follow them.
pub(crate) struct Cursor<'a> {
    pub(crate) text: &'a str,
    pub(crate) at: usize,
}

impl Cursor<'_> {
    /// `date ("T" | "t" | " ") time`
    pub(crate) fn date_time(&mut self) -> Result<DateTime, ParseError> {
        let date = self.date()?;
        match self.peek() {
            Some(b'T' | b't' | b' ') => self.at += 1,
            _ => return Err(self.error("civil time", self.at, "`T` or a space and a time such as 02:30:00")),
        }
        Ok(date.at(self.time()?))
    }

    /// `year "-" month "-" day`
    fn date(&mut self) -> Result<Date, ParseError> {
        let start = self.at;
        let year = self.digits(4, "year", "0001-9999")?;
        if year == 0 {
            return Err(self.error("year", start, "0001-9999"));
        }
        self.eat(b'-', "date")?;
        let start = self.at;
        let month = self.digits(2, "month", "01-12")? as u8;
        if !(1..=12).contains(&month) {
            return Err(self.error("month", start, "01-12"));
        }
        self.eat(b'-', "date")?;
        let start = self.at;
        let last = days_in_month(year, month);
        let expected = Expected::DayUpTo(last);
        let day = self.digits(2, "day", "two digits")? as u8;
        if !(1..=last).contains(&day) {
            return Err(ParseError { expected, ..self.error("day", start, "") });
        }
        Ok(Date { year, month, day })
    }

    /// `hour ":" minute [":" second]`
    fn time(&mut self) -> Result<Time, ParseError> {
        let hour = self.two_digits("hour", 23, "00-23")?;
        self.eat(b':', "time")?;
        let minute = self.two_digits("minute", 59, "00-59")?;
        let mut second = 0;
        if self.peek() == Some(b':') {
            self.at += 1;
            second = self.two_digits("second", 59, "00-59")?;
        }
        Ok(Time { hour, minute, second })
    }

    /// A two-digit number of at most `max`.
    pub(crate) fn two_digits(
        &mut self,
        part: &'static str,
        max: i16,
        expected: &'static str,
    ) -> Result<u8, ParseError> {
        let start = self.at;
        let number = self.digits(2, part, expected)?;
        if number > max {
            return Err(self.error(part, start, expected));
        }
        Ok(number as u8)
    }

    /// A number of exactly `count` digits. `count` is at most four, so that the number fits in an `i16`.
    fn digits(
        &mut self,
        count: usize,
        part: &'static str,
        expected: &'static str,
    ) -> Result<i16, ParseError> {
        let start = self.at;
        let mut number = 0;
        while self.at < start + count {
            match self.peek() {
                Some(digit @ b'0'..=b'9') => number = number * 10 + i16::from(digit - b'0'),
                _ => return Err(self.error(part, start, expected)),
            }
            self.at += 1;
        }
        Ok(number)
    }

    fn eat(&mut self, byte: u8, part: &'static str) -> Result<(), ParseError> {
        if self.peek() != Some(byte) {
            return Err(self.error(part, self.at, if byte == b'-' { "`-`" } else { "`:`" }));
        }
        self.at += 1;
        Ok(())
    }

    /// Nothing may follow.
    pub(crate) fn end(&self, part: &'static str) -> Result<(), ParseError> {
        if self.at < self.text.len() {
            let expected = match part {
                "date" | "instant" => "the end",
                _ => "the end (whole seconds, no fraction, no zone)",
            };
            return Err(self.error(part, self.at, expected));
        }
        Ok(())
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// An error about the text at `start`: its leading digits, or one character if there are none.
    pub(crate) fn error(&self, part: &'static str, start: usize, expected: &'static str) -> ParseError {
        let rest = &self.text.as_bytes()[start..];
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let end = (start + digits.max(1)).min(self.text.len());
        ParseError {
            part,
            found: Excerpt::of(self.text, start, end),
            at: start,
            expected: Expected::Text(expected),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_an_era_round_trips() {
        let mut expected = Date { year: 1, month: 1, day: 1 };
        for days in MIN_SECONDS / DAY..MIN_SECONDS / DAY + DAYS_PER_ERA + 366 {
            assert_eq!(Date::from_days(days), Some(expected));
            assert_eq!(expected.days(), days);
            expected = tomorrow(expected);
        }
        assert_eq!(Date::from_days(MIN_SECONDS / DAY - 1), None);
        assert_eq!(Date::from_days(MAX_SECONDS / DAY), Date::new(9999, 12, 31));
        assert_eq!(Date::from_days(MAX_SECONDS / DAY + 1), None);
    }

    /// The next date, the obvious way.
    fn tomorrow(date: Date) -> Date {
        let Date { year, month, day } = date;
        if day < days_in_month(year, month) {
            Date { day: day + 1, ..date }
        } else if month < 12 {
            Date { year, month: month + 1, day: 1 }
        } else {
            Date { year: year + 1, month: 1, day: 1 }
        }
    }

    #[test]
    fn seconds_round_trip_at_both_ends() {
        for seconds in [MIN_SECONDS, MIN_SECONDS + 1, -1, 0, 1, MAX_SECONDS - 1, MAX_SECONDS] {
            assert_eq!(DateTime::from_seconds(seconds).map(DateTime::seconds), Some(seconds));
        }
        assert_eq!(DateTime::from_seconds(MIN_SECONDS - 1), None);
        assert_eq!(DateTime::from_seconds(MAX_SECONDS + 1), None);
        assert_eq!(DateTime::from_seconds(i64::MIN), None);
        assert_eq!(DateTime::from_seconds(i64::MAX), None);
    }

    #[test]
    fn errors_say_what_was_found_and_what_was_expected() {
        for (text, message) in [
            ("", "year: found nothing at byte 0, expected 0001-9999"),
            ("26-11-22", "year: found `26` at byte 0, expected 0001-9999"),
            ("0000-01-01 00:00", "year: found `0000` at byte 0, expected 0001-9999"),
            ("2026/11/22 00:00", "date: found `/` at byte 4, expected `-`"),
            ("2026-13-01 00:00", "month: found `13` at byte 5, expected 01-12"),
            ("2026-02-29 00:00", "day: found `29` at byte 8, expected 01-28"),
            ("2026-11-31 00:00", "day: found `31` at byte 8, expected 01-30"),
            (
                "2026-11-22",
                "civil time: found nothing at byte 10, expected `T` or a space and a time such as 02:30:00",
            ),
            ("2026-11-22 24:00", "hour: found `24` at byte 11, expected 00-23"),
            ("2026-11-22 9:00", "hour: found `9` at byte 11, expected 00-23"),
            ("2026-11-22 23:60", "minute: found `60` at byte 14, expected 00-59"),
            ("2026-11-22 23:59:60", "second: found `60` at byte 17, expected 00-59"),
            (
                "2026-11-22T00:00:00.5",
                "civil time: found `.` at byte 19, expected the end (whole seconds, no fraction, no zone)",
            ),
            (
                "2026-11-22T00:00Z",
                "civil time: found `Z` at byte 16, expected the end (whole seconds, no fraction, no zone)",
            ),
            ("２026-11-22 00:00", "year: found `２` at byte 0, expected 0001-9999"),
        ] {
            assert_eq!(text.parse::<DateTime>().unwrap_err().to_string(), message, "{text:?}");
        }
        let error = "2026-12-25 10:00".parse::<Date>().unwrap_err();
        assert_eq!(error.to_string(), "date: found ` ` at byte 10, expected the end");
    }
}
