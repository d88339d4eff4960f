//! Periods: calendar months, or calendar days, elapsed time or both. Pure: no threads, no clock, no zones.

use core::fmt;
use core::str::FromStr;
use core::time::Duration;

use crate::elapsed::write_hms;
use crate::excerpt::Excerpt;

/// The time from one due time to the next: whole calendar months; or whole calendar days, elapsed time, or both.
///
/// `mo` and `y` are months and years, `1mo` to `119988mo` and `1y` to `9999y`. They stand alone in a text. They are calendar
/// steps: the same day of the month and civil time of day as the first due time, or the last day of a month that is too
/// short. After 31 January, `1mo` is due on 28 February and on 31 March.
///
/// Of all else in a text, the units are Panel's `w`, `d`, `h`, `m`, `s`, and `ms`, each at most once and in this order, as in `1h30m`.
/// The last part may have a decimal fraction (`0.5s`) unless it is in weeks or days. Weeks and days are calendar steps: the
/// same civil time of day each day, across clock changes. The rest is elapsed time. A [`Duration`] is elapsed time only:
/// 86,400 seconds are not a day. Zero is an error.
///
/// ```
/// use std::time::Duration;
/// use sexton::Period;
///
/// let period: Period = "1w1d12h".parse()?;
/// assert_eq!((period.days(), period.elapsed()), (8, Duration::from_secs(12 * 3600)));
/// assert_eq!("90m".parse::<Period>()?.to_string(), "1h30m");
///
/// assert_eq!("1y".parse::<Period>()?.months(), 12);
///
/// let error = "1 hour".parse::<Period>().unwrap_err();
/// assert_eq!(error.to_string(), "found ` ` at byte 1, expected a unit: y, mo, w, d, h, m, s or ms");
/// # Ok::<(), sexton::PeriodError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Period {
    /// If there are any, there is nothing else.
    months: u32,
    days: u32,
    elapsed: Duration,
}

impl Period {
    /// A period of calendar days plus elapsed time.
    ///
    /// # Errors
    ///
    /// If both are zero.
    pub const fn new(days: u32, elapsed: Duration) -> Result<Period, PeriodError> {
        if days == 0 && elapsed.is_zero() {
            return Err(PeriodError { found: Excerpt::of("", 0, 0), at: None, expected: MORE_THAN_ZERO });
        }
        Ok(Period { months: 0, days, elapsed })
    }

    /// The number of calendar months. If it is not zero, there are no days and no elapsed time.
    pub const fn months(self) -> u32 {
        self.months
    }

    /// The number of calendar days.
    pub const fn days(self) -> u32 {
        self.days
    }

    /// The elapsed time, without the calendar days.
    pub const fn elapsed(self) -> Duration {
        self.elapsed
    }

    /// Whether it has no calendar steps.
    pub(crate) const fn is_elapsed(self) -> bool {
        self.months == 0 && self.days == 0
    }

    /// The length of the whole, if each day has 24 hours and each month 28 days.
    #[cfg(feature = "std")]
    pub(crate) fn length(self) -> Duration {
        let days = u64::from(self.days) + u64::from(self.months) * 28;
        Duration::from_secs(days * 86_400).saturating_add(self.elapsed)
    }
}

impl TryFrom<Duration> for Period {
    type Error = PeriodError;

    fn try_from(elapsed: Duration) -> Result<Period, PeriodError> {
        Period::new(0, elapsed)
    }
}

impl TryFrom<&str> for Period {
    type Error = PeriodError;

    fn try_from(text: &str) -> Result<Period, PeriodError> {
        text.parse()
    }
}

/// One unit of a period: its name, and its length in nanoseconds, in calendar days or in months.
struct Unit {
    name: &'static str,
    nanos: u64,
    days: u32,
    months: u32,
}

/// The units, in the order in which a text must have them.
const UNITS: [Unit; 8] = [
    Unit { name: "y", nanos: 0, days: 0, months: 12 },
    Unit { name: "mo", nanos: 0, days: 0, months: 1 },
    Unit { name: "w", nanos: 0, days: 7, months: 0 },
    Unit { name: "d", nanos: 0, days: 1, months: 0 },
    Unit { name: "h", nanos: 3_600_000_000_000, days: 0, months: 0 },
    Unit { name: "m", nanos: 60_000_000_000, days: 0, months: 0 },
    Unit { name: "s", nanos: 1_000_000_000, days: 0, months: 0 },
    Unit { name: "ms", nanos: 1_000_000, days: 0, months: 0 },
];

impl FromStr for Period {
    type Err = PeriodError;

    /// `period = digits ("y" | "mo") | part {part} ; part = digits ["." digits] unit`
    fn from_str(text: &str) -> Result<Period, PeriodError> {
        let error = |start, end, expected| Err(PeriodError::new(text, start, end, expected));
        let mut days = 0_u32;
        let mut nanos = 0_u128;
        let mut at = 0;
        let mut first_unit = 0;
        loop {
            let start = at;
            let Part { whole, fraction, unit, end } = Part::read(text, at, first_unit)?;
            (at, first_unit) = (end, unit + 1);
            let unit = &UNITS[unit];

            if !fraction.is_empty() && unit.nanos == 0 {
                let expected = "whole years, months, weeks and days, which are calendar steps (half a day of elapsed time is 12h)";
                return error(start, at, expected);
            }
            if !fraction.is_empty() && at < text.len() {
                return error(start, at, "a fraction only on the last part");
            }
            if unit.months > 0 {
                let count = whole.parse().ok().filter(|count| *count <= MAX_MONTHS / unit.months);
                return match count {
                    _ if at < text.len() => error(at, text.len(), MONTHS_ALONE),
                    Some(0) => error(0, at, MORE_THAN_ZERO),
                    Some(count) => {
                        Ok(Period { months: count * unit.months, days: 0, elapsed: Duration::ZERO })
                    }
                    None => error(start, at, SHORTER),
                };
            }
            // Twelve digits of any unit fit in u128 nanoseconds. The sum is checked below: u64 holds 584 years.
            let count = match whole.parse::<u64>() {
                Ok(count) if count < 1_000_000_000_000 => count,
                _ => return error(start, at, SHORTER),
            };
            nanos += u128::from(count) * u128::from(unit.nanos);
            match fraction_nanos(fraction, unit.nanos) {
                Some(part) => nanos += u128::from(part),
                None => return error(start, at, "a whole number of nanoseconds"),
            }
            let part = u32::try_from(count).ok().and_then(|count| count.checked_mul(unit.days));
            days = match part.and_then(|part| days.checked_add(part)) {
                Some(sum) if sum <= MAX_DAYS => sum,
                _ if unit.days == 0 => days,
                _ => return error(start, at, SHORTER),
            };
            if at == text.len() {
                break;
            }
        }
        if days == 0 && nanos == 0 {
            return error(0, text.len(), MORE_THAN_ZERO);
        }
        match u64::try_from(nanos) {
            Ok(nanos) => Ok(Period { months: 0, days, elapsed: Duration::from_nanos(nanos) }),
            Err(_) => error(0, text.len(), SHORTER),
        }
    }
}

/// A number and its unit.
struct Part<'a> {
    whole: &'a str,
    /// The digits after the point, if there is one.
    fraction: &'a str,
    /// The index of the unit.
    unit: usize,
    end: usize,
}

impl<'a> Part<'a> {
    /// Reads what stands at `at`, with a unit from `first_unit` on.
    fn read(text: &'a str, mut at: usize, first_unit: usize) -> Result<Part<'a>, PeriodError> {
        let error = |start, end, expected| Err(PeriodError::new(text, start, end, expected));
        let whole = leading_digits(&text[at..]);
        at += whole.len();
        if whole.is_empty() {
            return error(at, at, "a number and a unit, as in 1h30m");
        }
        let mut fraction = "";
        if text[at..].starts_with('.') {
            at += 1;
            fraction = leading_digits(&text[at..]);
            if fraction.is_empty() {
                return error(at, at, "a digit after the decimal point");
            }
            at += fraction.len();
        }
        let end = at + text[at..].bytes().take_while(u8::is_ascii_lowercase).count();
        match UNITS.iter().position(|unit| unit.name == &text[at..end]) {
            Some(unit) if unit >= first_unit => Ok(Part { whole, fraction, unit, end }),
            Some(_) => error(at, end, "a smaller unit than the one before (the order is w, d, h, m, s, ms)"),
            None => error(at, end, "a unit: y, mo, w, d, h, m, s or ms"),
        }
    }
}

/// More days than the calendar has.
const MAX_DAYS: u32 = 9999 * 366;
const MAX_MONTHS: u32 = 9999 * 12;

fn leading_digits(text: &str) -> &str {
    &text[..text.bytes().take_while(u8::is_ascii_digit).count()]
}

/// `0.fraction` of a unit of `unit` nanoseconds, if that is a whole number of nanoseconds.
fn fraction_nanos(fraction: &str, unit: u64) -> Option<u64> {
    let digits = fraction.trim_end_matches('0');
    if digits.is_empty() {
        return Some(0);
    }
    // An hour is 2^13 * 3^2 * 5^11 nanoseconds: no fraction of more than 13 digits is a whole number of them. 15 digits fit.
    if digits.len() > 15 {
        return None;
    }
    let scale = 10_u128.pow(digits.len() as u32);
    let scaled = digits.parse::<u128>().ok()? * u128::from(unit);
    if scaled % scale == 0 {
        u64::try_from(scaled / scale).ok()
    } else {
        None
    }
}

/// Prints a text that parses back to this period: `1w2d3h4m5.5s`, milliseconds as a fraction; `1y`, `18mo`.
impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.months / 12, self.months % 12) {
            (0, 0) => {}
            (years, 0) => write!(f, "{years}y")?,
            _ => write!(f, "{}mo", self.months)?,
        }
        for (count, unit) in [(self.days / 7, "w"), (self.days % 7, "d")] {
            if count > 0 {
                write!(f, "{count}{unit}")?;
            }
        }
        write_hms(self.elapsed, f)
    }
}

/// The error for a text or duration that is not a period: what was found where, and what would be fine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeriodError {
    found: Excerpt,
    at: Option<usize>,
    expected: &'static str,
}

const MORE_THAN_ZERO: &str = "a period of more than zero";
const SHORTER: &str = "a shorter period: at most 9999 years of days or months and 584 years of elapsed time";
const MONTHS_ALONE: &str =
    "nothing beside years or months (a year and a half is 18mo; the end of each month is cron's `L`)";

impl PeriodError {
    /// An error about the text from `start` to `end`, of at least a byte if there is one.
    #[cold]
    fn new(text: &str, start: usize, end: usize, expected: &'static str) -> PeriodError {
        let found = Excerpt::of(text, start, end.max(start + 1).min(text.len()));
        PeriodError { found, at: Some(start), expected }
    }
}

/// One line. With `{:#}` it leaves out the byte offset, for use with carets.
impl fmt::Display for PeriodError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            Some(_) if f.alternate() => write!(f, "found {}, expected ", self.found)?,
            Some(at) => write!(f, "found {} at byte {at}, expected ", self.found)?,
            None => f.write_str("expected ")?,
        }
        f.write_str(self.expected)
    }
}

#[cfg(feature = "std")]
impl std::error::Error for PeriodError {}

#[cfg(test)]
mod tests;
