//! Civil times as text: ISO 8601, with a `T` or a space between date and time.

use core::fmt;
use core::ops::RangeInclusive;
use core::str::FromStr;

use super::{days_in_month, Date, DateTime, Time};
use crate::excerpt::Excerpt;

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
        whole(text, "date", |cursor| cursor.date())
    }
}

impl FromStr for Time {
    type Err = ParseError;

    /// Reads `HH:MM` or `HH:MM:SS`.
    fn from_str(text: &str) -> Result<Time, ParseError> {
        whole(text, "time", |cursor| cursor.time())
    }
}

impl FromStr for DateTime {
    type Err = ParseError;

    /// Reads `YYYY-MM-DD HH:MM:SS`, with a space or a `T` between date and time. The seconds are optional.
    fn from_str(text: &str) -> Result<DateTime, ParseError> {
        whole(text, "civil time", |cursor| cursor.date_time())
    }
}

/// What `read` makes of the text, after which nothing may follow.
fn whole<T>(
    text: &str,
    part: &'static str,
    read: fn(&mut Cursor<'_>) -> Result<T, ParseError>,
) -> Result<T, ParseError> {
    let mut cursor = Cursor { text, at: 0 };
    let value = read(&mut cursor)?;
    cursor.end(part)?;
    Ok(value)
}

/// The error for a text that is not a civil date or time: what was being read, what was found, and what would be fine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseError {
    part: &'static str,
    found: Excerpt,
    at: usize,
    expected: &'static str,
}

impl ParseError {
    /// The position of the mistake: a byte offset into the text.
    pub fn at(&self) -> usize {
        self.at
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ParseError { part, found, at, expected } = self;
        write!(f, "{part}: found {found} at byte {at}, expected {expected}")
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
        let year = self.number("year", 4, 1..=9999, "0001-9999")?;
        self.eat(b'-', "date")?;
        let month = self.number("month", 2, 1..=12, "01-12")? as u8;
        self.eat(b'-', "date")?;
        let start = self.at;
        let day = self.number("day", 2, 0..=99, "two digits")? as u8;
        let expected = match days_in_month(year, month) {
            28 => "01-28",
            29 => "01-29",
            30 => "01-30",
            _ => "01-31",
        };
        Date::new(year, month, day).ok_or_else(|| self.error("day", start, expected))
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
        Ok(self.number(part, 2, 0..=max, expected)? as u8)
    }

    /// A number of this many digits, at most four, and within the range.
    fn number(
        &mut self,
        part: &'static str,
        digits: usize,
        range: RangeInclusive<i16>,
        expected: &'static str,
    ) -> Result<i16, ParseError> {
        let start = self.at;
        let mut number = 0;
        while self.at < start + digits {
            match self.peek() {
                Some(digit @ b'0'..=b'9') => number = number * 10 + i16::from(digit - b'0'),
                _ => return Err(self.error(part, start, expected)),
            }
            self.at += 1;
        }
        match range.contains(&number) {
            true => Ok(number),
            false => Err(self.error(part, start, expected)),
        }
    }

    pub(crate) fn eat(&mut self, byte: u8, part: &'static str) -> Result<(), ParseError> {
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
    #[cold]
    pub(crate) fn error(&self, part: &'static str, start: usize, expected: &'static str) -> ParseError {
        let rest = &self.text.as_bytes()[start..];
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let end = (start + digits.max(1)).min(self.text.len());
        ParseError { part, found: Excerpt::of(self.text, start, end), at: start, expected }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
