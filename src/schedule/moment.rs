//! A point in time as people give it: civil, or an instant.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use crate::civil::{Cursor, Date, DateTime, ParseError, Time};
use crate::error::Error;
use crate::tz::{rfc3339, system_time, Offsets, Zone};

/// A civil time, which is read in the schedule's zone, or an instant.
///
/// Text with an offset is an instant (RFC 3339, up to nine decimal places), text without one a civil time. A date alone is its
/// midnight. `@` and a number, or nine digits and more, are Unix seconds.
///
/// A time alone is the next one: today's, or tomorrow's if the clocks have shown it already when the schedule begins.
///
/// ```
/// use sexton::Moment;
///
/// assert!(matches!("2026-12-31 23:59:30".parse()?, Moment::Civil(_)));
/// assert!(matches!("2026-12-31T23:59:30.25+01:00".parse()?, Moment::Instant(_)));
/// assert!(matches!("23:59".parse()?, Moment::Time(_)));
/// assert_eq!("2026-12-31".parse::<Moment>()?, "2026-12-31 00:00".parse()?);
/// assert_eq!("1798761570".parse::<Moment>()?, "2026-12-31T23:59:30Z".parse()?);
/// # Ok::<(), sexton::civil::ParseError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Moment {
    /// What the clock on the wall shows, in whatever zone the schedule is in. In a gap it stands for the end of the
    /// gap, in a fold for the first of the two.
    Civil(DateTime),
    /// A point on the time line, the same everywhere.
    Instant(SystemTime),
    /// A time of day: today, or tomorrow if that has passed.
    Time(Time),
}

impl Moment {
    /// The instant, in this zone; `None` where [`SystemTime`] cannot hold it, and for a civil time before the zone's data
    /// [begin](Zone::begins). Also for a time alone, which gets its date when a schedule begins.
    pub fn instant(self, zone: &Zone) -> Option<SystemTime> {
        self.in_zone(zone).ok()
    }

    /// The instant, in this zone, or why there is none.
    pub(crate) fn in_zone(self, zone: &Zone) -> Result<SystemTime, Error> {
        match self {
            Moment::Civil(civil) => {
                let unix = zone.resolve(civil.seconds()).due();
                zone.check_begun(unix, &self)?;
                system_time(unix).ok_or_else(out_of_range)
            }
            Moment::Instant(instant) => Ok(instant),
            Moment::Time(_) => Err(Error::other("expected a date with the time of day")),
        }
    }

    /// The same with a date: that of now, or the next one if the time has passed.
    pub(crate) fn dated(self, now: SystemTime, zone: &Zone) -> Option<Moment> {
        let time = match self {
            Moment::Time(time) => time,
            dated => return Some(dated),
        };
        let today = zone.civil(now)?.date();
        // Where clocks go back to before midnight, those of today and of tomorrow may both have been shown already.
        let dates = (0..3).filter_map(|days| today.checked_add_days(days));
        let mut moments = dates.map(|date| Moment::Civil(date.at(time)));
        moments.find(|moment| moment.instant(zone).map_or(false, |instant| instant >= now))
    }

    /// Whether it is the same whenever one asks.
    pub(crate) fn is_dated(self) -> bool {
        !matches!(self, Moment::Time(_))
    }

    pub(crate) fn civil(self) -> Option<DateTime> {
        match self {
            Moment::Civil(civil) => Some(civil),
            Moment::Instant(_) | Moment::Time(_) => None,
        }
    }
}

impl From<DateTime> for Moment {
    fn from(civil: DateTime) -> Moment {
        Moment::Civil(civil)
    }
}

impl From<SystemTime> for Moment {
    fn from(instant: SystemTime) -> Moment {
        Moment::Instant(instant)
    }
}

impl TryFrom<&str> for Moment {
    type Error = ParseError;

    fn try_from(text: &str) -> Result<Moment, ParseError> {
        text.parse()
    }
}

impl FromStr for Moment {
    type Err = ParseError;

    /// `civil-time [["." digits] ("Z" | ("+" | "-") hour ":" minute)] | date | time | ["@"] unix-seconds`
    fn from_str(text: &str) -> Result<Moment, ParseError> {
        let mut cursor = Cursor { text, at: 0 };
        if let Some(instant) = unix_text(text).and_then(system_time) {
            return Ok(Moment::Instant(instant));
        }
        match text.parse() {
            Ok(time) => return Ok(Moment::Time(time)),
            // A date has hyphens.
            Err(error) if text.contains(':') && !text.contains('-') => return Err(error),
            Err(_) => {}
        }
        if let Ok(date) = text.parse::<Date>() {
            return Ok(Moment::Civil(date.at(Time::MIDNIGHT)));
        }
        let civil = cursor.date_time()?;
        if cursor.peek().is_none() {
            return Ok(Moment::Civil(civil));
        }
        let fraction = cursor.fraction()?;
        let offset = cursor.offset()?;
        cursor.end("instant")?;
        let unix = civil.seconds() - offset;
        if DateTime::from_seconds(unix).is_none() {
            // It could not be printed.
            return Err(cursor.error("instant", 0, "one in the years 0001-9999 of UTC"));
        }
        let instant = system_time(unix).and_then(|whole| whole.checked_add(fraction));
        let out_of_range = || cursor.error("instant", 0, "one that this machine's clock can hold");
        instant.map(Moment::Instant).ok_or_else(out_of_range)
    }
}

/// `"@" ["-"] number | number` of at least nine digits: fewer are rather a date without its hyphens.
fn unix_text(text: &str) -> Option<i64> {
    let unix: i64 = match text.strip_prefix('@') {
        Some(number) => number.parse().ok()?,
        None if text.len() >= 9 && text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok()?,
        None => return None,
    };
    // Others could not be printed.
    DateTime::from_seconds(unix).map(|_| unix)
}

impl Cursor<'_> {
    /// `["." digits]`, as a part of a second.
    fn fraction(&mut self) -> Result<Duration, ParseError> {
        if self.peek() != Some(b'.') {
            return Ok(Duration::ZERO);
        }
        self.at += 1;
        let start = self.at;
        let mut nanos = 0;
        let mut place = 100_000_000;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            nanos += u32::from(digit - b'0') * place;
            place /= 10;
            self.at += 1;
        }
        if !(1..=9).contains(&(self.at - start)) {
            return Err(self.error("fraction of a second", start, "one to nine digits"));
        }
        Ok(Duration::new(0, nanos))
    }

    /// `"Z" | ("+" | "-") hour ":" minute`, in seconds east of UTC.
    fn offset(&mut self) -> Result<i64, ParseError> {
        let sign = match self.peek() {
            Some(b'Z' | b'z') => {
                self.at += 1;
                return Ok(0);
            }
            Some(b'+') => 1,
            Some(b'-') => -1,
            _ => return Err(self.error("offset", self.at, "`Z` or an offset such as +01:00")),
        };
        self.at += 1;
        let hours = self.two_digits("offset", 23, "hours 00-23")?;
        self.eat(b':', "offset")?;
        let minutes = self.two_digits("offset", 59, "minutes 00-59")?;
        Ok(sign * (i64::from(hours) * 3600 + i64::from(minutes) * 60))
    }
}

/// The civil time, or the instant in UTC: text that parses back to the same moment.
impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Moment::Civil(civil) => civil.fmt(f),
            Moment::Instant(instant) => rfc3339(*instant, &Zone::utc(), f),
            Moment::Time(time) => time.fmt(f),
        }
    }
}

pub(crate) fn out_of_range() -> Error {
    Error::other("outside the time that this machine's clock can hold")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_time_of_day_is_read_as_one() {
        let error = |text: &str| text.parse::<Moment>().unwrap_err().to_string();
        assert_eq!(error("25:00"), "hour: found `25` at byte 0, expected 00-23");
        assert_eq!(
            error("10:00:00.5"),
            "time: found `.` at byte 8, expected the end (whole seconds, no fraction, no zone)"
        );
        assert_eq!(error("2026-11-31 10:00"), "day: found `31` at byte 8, expected 01-30");
    }

    #[test]
    fn instants_and_civil_times_print_as_they_parse() {
        for text in ["2026-12-31T23:59:30", "2026-12-31T23:59:30Z", "1969-12-31T23:59:59.999999999Z"] {
            assert_eq!(text.parse::<Moment>().unwrap().to_string(), text);
        }
        let moment: Moment = "2026-12-31 23:59:30.250-05:30".parse().unwrap();
        assert_eq!(moment.to_string(), "2027-01-01T05:29:30.25Z");
        assert_eq!("2026-12-31t00:00z".parse::<Moment>().unwrap().to_string(), "2026-12-31T00:00:00Z");
    }

    #[test]
    fn a_date_a_time_and_unix_seconds_are_moments() {
        for (text, same) in [
            ("2026-12-31", "2026-12-31T00:00:00"),
            ("0001-01-01", "0001-01-01T00:00:00"),
            ("10:00", "10:00:00"),
            ("23:59:30", "23:59:30"),
            ("@0", "1970-01-01T00:00:00Z"),
            ("@-1", "1969-12-31T23:59:59Z"),
            ("1798761570", "2026-12-31T23:59:30Z"),
            ("100000000", "1973-03-03T09:46:40Z"),
            ("253402300799", "9999-12-31T23:59:59Z"),
        ] {
            let moment: Moment = text.parse().unwrap();
            assert_eq!(moment.to_string(), same, "{text}");
            assert_eq!(same.parse(), Ok(moment), "{text}");
        }
        for text in
            ["20261231", "253402300800", "@", "@x", "@1.5", "10", "10:", "24:00", "2026-13-01", "+100000000"]
        {
            assert!(text.parse::<Moment>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_time_is_that_of_today_or_tomorrow() {
        let zone = Zone::from_posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        let dated = |time: &str, now: &str| {
            let now = now.parse::<Moment>().unwrap().instant(&zone).unwrap();
            let moment: Moment = time.parse().unwrap();
            Moment::from(moment.dated(now, &zone).unwrap().instant(&zone).unwrap()).to_string()
        };
        assert_eq!(dated("10:00", "2026-11-22 09:59:59"), "2026-11-22T09:00:00Z");
        assert_eq!(dated("10:00", "2026-11-22 10:00"), "2026-11-22T09:00:00Z");
        assert_eq!(dated("10:00", "2026-11-22T09:00:00.000000001Z"), "2026-11-23T09:00:00Z");
        assert_eq!(dated("00:30", "2026-12-31 23:00"), "2026-12-31T23:30:00Z");
        assert_eq!(dated("02:30", "2026-03-29 01:00"), "2026-03-29T01:00:00Z", "the end of the gap");
        assert_eq!(dated("02:30", "2026-10-25 02:45"), "2026-10-26T01:30:00Z", "the first time has passed");
    }

    #[test]
    fn text_that_is_no_moment_is_told_why() {
        for (text, message) in [
            ("tomorrow", "year: found `t` at byte 0, expected 0001-9999"),
            (
                "2026-12-31T23:59:30.5",
                "offset: found nothing at byte 21, expected `Z` or an offset such as +01:00",
            ),
            (
                "2026-12-31T23:59:30 UTC",
                "offset: found ` ` at byte 19, expected `Z` or an offset such as +01:00",
            ),
            ("2026-12-31T23:59:30+1:00", "offset: found `1` at byte 20, expected hours 00-23"),
            ("2026-12-31T23:59:30+0100", "offset: found `00` at byte 22, expected `:`"),
            ("2026-12-31T23:59:30+24:00", "offset: found `24` at byte 20, expected hours 00-23"),
            (
                "2026-12-31T23:59:30.0123456789Z",
                "fraction of a second: found `0123456789` at byte 20, expected one to nine digits",
            ),
            ("2026-12-31T23:59:30Zulu", "instant: found `u` at byte 20, expected the end"),
            (
                "9999-12-31T10:00:00-23:59",
                "instant: found `9999` at byte 0, expected one in the years 0001-9999 of UTC",
            ),
            (
                "0001-01-01T00:00:00+00:01",
                "instant: found `0001` at byte 0, expected one in the years 0001-9999 of UTC",
            ),
        ] {
            assert_eq!(text.parse::<Moment>().unwrap_err().to_string(), message, "{text:?}");
        }
    }
}
