//! The language of rules: that of the `TZ` variable in POSIX.1-2024, section 8.3, with the times of RFC 9636, section
//! 3.3.1, which reach a week into either direction.

use core::fmt;
use core::ops::RangeInclusive;

use super::{Daylight, LocalType, PosixZone, YearlyDay, YearlyEvent, MAX_LEN};
use crate::excerpt::Excerpt;

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

/// Reads a rule. Without `default_dates` the dates of daylight saving time may not be missing.
pub(super) fn rule(text: &str, default_dates: Option<&str>) -> Result<PosixZone, RuleError> {
    Parser { text, at: 0 }.rule(default_dates)
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl Parser<'_> {
    /// `std offset [dst [offset] ["," start ["/" time] "," end ["/" time]]]`
    fn rule(mut self, default_dates: Option<&str>) -> Result<PosixZone, RuleError> {
        if self.text.len() > MAX_LEN {
            return Err(self.error("rule", MAX_LEN, "at most 128 bytes"));
        }
        let abbreviation = self.name()?;
        let mut standard = LocalType { abbreviation, offset: self.offset()? };
        let mut daylight = None;
        if self.peek().is_some() {
            daylight = Some(self.daylight(&standard, default_dates)?);
        }
        if let Some(forever) = daylight.filter(Daylight::is_permanent) {
            (standard, daylight) = (forever.shows, None);
        }
        let mut text = [0; MAX_LEN];
        text[..self.text.len()].copy_from_slice(self.text.as_bytes());
        Ok(PosixZone { standard, daylight, text, len: self.text.len() as u8 })
    }

    fn daylight(&mut self, standard: &LocalType, default_dates: Option<&str>) -> Result<Daylight, RuleError> {
        let abbreviation = self.name()?;
        let offset = match self.peek() {
            None | Some(b',') => standard.offset + 3600,
            Some(_) => self.offset()?,
        };
        let shows = LocalType { abbreviation, offset };
        let (mut begins, mut ends) = match (self.peek(), default_dates) {
            (None, Some(text)) => Parser { text, at: 0 }.dates()?,
            _ => self.dates()?,
        };
        if self.peek().is_some() {
            return Err(self.error("rule", self.at, "the end"));
        }
        // Each is given by the clock that it stops.
        begins.time -= standard.offset;
        ends.time -= offset;
        Ok(Daylight { shows, begins, ends })
    }

    /// `"," start ["/" time] "," end ["/" time]`
    fn dates(&mut self) -> Result<(YearlyEvent, YearlyEvent), RuleError> {
        self.expect(b',', "rule", "`,` and the date on which daylight saving time begins")?;
        let begins = self.yearly_event()?;
        self.expect(b',', "rule", "`,` and the date on which daylight saving time ends")?;
        Ok((begins, self.yearly_event()?))
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
            return Ok(YearlyDay::Julian(self.number("day", 1..=3, 1..=365, "a day of the year, 1-365")?));
        }
        if self.eat(b'M') {
            let month = self.number("month", 1..=2, 1..=12, "1-12")? as u8;
            self.expect(b'.', "date", "`.` and a week")?;
            let week = self.number("week", 1..=1, 1..=5, "1-5, where 5 is the last")? as u8;
            self.expect(b'.', "date", "`.` and a weekday")?;
            let weekday = self.number("weekday", 1..=1, 0..=6, "0-6, where 0 is Sunday")? as u8;
            return Ok(YearlyDay::Weekday { month, week, weekday });
        }
        Ok(YearlyDay::Ordinal(self.number("date", 1..=3, 0..=365, "`M3.2.0`, `J60` or a day 0-365")?))
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
        let mut seconds = i32::from(self.number(part, 1..=digits, 0..=max, expected)?) * 3600;
        if self.eat(b':') {
            seconds += i32::from(self.number("minute", 2..=2, 0..=59, "00-59")?) * 60;
            if self.eat(b':') {
                seconds += i32::from(self.number("second", 2..=2, 0..=59, "00-59")?);
            }
        }
        Ok(if is_negative { -seconds } else { seconds })
    }

    /// So many digits, at most four so that the number fits.
    fn number(
        &mut self,
        part: &'static str,
        digits: RangeInclusive<usize>,
        values: RangeInclusive<u16>,
        expected: &'static str,
    ) -> Result<u16, RuleError> {
        let start = self.at;
        let mut number = 0;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            if self.at == start + digits.end() {
                return Err(self.error(part, start, expected));
            }
            number = number * 10 + u16::from(digit - b'0');
            self.at += 1;
        }
        if !digits.contains(&(self.at - start)) || !values.contains(&number) {
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
    #[cold]
    fn error(&self, part: &'static str, start: usize, expected: &'static str) -> RuleError {
        let rest = &self.text.as_bytes()[start..];
        let run = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        let end = (start + run.max(1)).min(self.text.len());
        RuleError { part, found: Excerpt::of(self.text, start, end), at: start, expected }
    }
}
