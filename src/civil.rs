//! Civil time: dates and times of day, without a zone.
//!
//! The calendar is the proleptic Gregorian one, years 1 to 9999, without leap seconds. A [`Zone`](crate::tz::Zone) converts
//! civil times to instants. Pure: no threads, no clock, no zones.

mod parse;

use core::fmt;

#[cfg(feature = "std")]
pub(crate) use self::parse::Cursor;
pub use self::parse::ParseError;

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
    #[inline]
    pub const fn at(self, time: Time) -> DateTime {
        DateTime { seconds: self.days() * DAY + time.seconds() }
    }

    /// The date `days` later, or earlier if `days` is negative. `None` outside the years 1-9999.
    pub const fn checked_add_days(self, days: i64) -> Option<Date> {
        Date::from_days(self.days().saturating_add(days))
    }

    /// Days since 1970-01-01.
    pub(crate) const fn days(self) -> i64 {
        days_from_civil(self.year as i64, self.month as i64, self.day as i64)
    }

    /// The date `days` after 1970-01-01, or `None` outside the years 1-9999.
    #[inline]
    pub(crate) const fn from_days(days: i64) -> Option<Date> {
        if days < MIN_SECONDS / DAY || days > MAX_SECONDS / DAY {
            None
        } else {
            Some(Date::of_day(days))
        }
    }

    /// The same for a day of these years.
    ///
    /// Its year starts on 1 March, so that the leap day is the last. The method, and why each multiplication gives the exact
    /// quotient, is in Neri and Schneider, "Euclidean affine functions and their application to calendar algorithms" (2022).
    #[inline]
    const fn of_day(days: i64) -> Date {
        let quarter_days = 4 * (days + DAYS_TO_1970) as u32 + 3;
        let century = quarter_days / DAYS_PER_ERA as u32;
        let year_and_day = 2_939_745 * ((quarter_days % DAYS_PER_ERA as u32) | 3) as u64;
        let year_of_century = (year_and_day >> 32) as u32;
        let day_of_year = year_and_day as u32 / 2_939_745 / 4;
        let month_and_day = 2141 * day_of_year + 197_913;
        let (month, day) = (month_and_day >> 16, (month_and_day & 0xFFFF) / 2141 + 1);
        let is_next_year = month > 12;
        Date {
            year: (100 * century + year_of_century + is_next_year as u32) as i16,
            month: if is_next_year { month - 12 } else { month } as u8,
            day: day as u8,
        }
    }
}

/// Days in 400 years, after which the calendar, weekdays included, repeats.
pub(crate) const DAYS_PER_ERA: i64 = 146_097;

/// Days from 0000-03-01 to 1970-01-01.
const DAYS_TO_1970: i64 = 719_468;

/// Days since 1970-01-01 of a date, also of years that [`Date`] does not hold, from -1999 on.
#[inline]
pub(crate) const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    // See `Date::of_day`. Counted from 5 eras earlier, all numbers are positive.
    let is_next_year = month <= 2;
    let year = (year + 5 * 400) as u32 - is_next_year as u32;
    let month = if is_next_year { month + 12 } else { month } as u32;
    let century = year / 100;
    let days = 1461 * year / 4 - century + century / 4 + (979 * month - 2919) / 32;
    days as i64 + day - 1 - DAYS_TO_1970 - 5 * DAYS_PER_ERA
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
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateTime {
    /// Since 1970-01-01T00:00:00, within the years 1-9999. Searches and zones count in seconds, and only people read fields.
    seconds: i64,
}

impl DateTime {
    /// The date.
    #[inline]
    pub const fn date(self) -> Date {
        Date::of_day(self.seconds.div_euclid(DAY))
    }

    /// The time of day.
    #[inline]
    pub const fn time(self) -> Time {
        let second = self.seconds.rem_euclid(DAY) as u32;
        Time { hour: (second / 3600) as u8, minute: (second / 60 % 60) as u8, second: (second % 60) as u8 }
    }

    /// The civil time `seconds` later, or earlier if `seconds` is negative. `None` outside the years 1-9999.
    pub const fn checked_add_seconds(self, seconds: i64) -> Option<DateTime> {
        DateTime::from_seconds(self.seconds.saturating_add(seconds))
    }

    /// Seconds since 1970-01-01T00:00:00 in civil time, where every day has 86,400 seconds.
    #[inline]
    pub(crate) const fn seconds(self) -> i64 {
        self.seconds
    }

    /// The civil time `seconds` after 1970-01-01T00:00:00, or `None` outside the years 1-9999.
    #[inline]
    pub(crate) const fn from_seconds(seconds: i64) -> Option<DateTime> {
        if MIN_SECONDS <= seconds && seconds <= MAX_SECONDS {
            Some(DateTime { seconds })
        } else {
            None
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
    /// Days since Sunday, 0-6, as in cron.
    pub const fn days_from_sunday(self) -> u8 {
        self as u8
    }

    /// The weekday of the date `days` after 1970-01-01.
    pub(crate) const fn of_day(days: i64) -> Weekday {
        use Weekday::*;
        [Sunday, Monday, Tuesday, Wednesday, Thursday, Friday, Saturday][weekday_of(days) as usize]
    }
}

/// Days from Sunday, 0-6, to the weekday of the date `days` after 1970-01-01, which is at most a week before the year 1.
#[inline]
pub(crate) const fn weekday_of(days: i64) -> u32 {
    const FIRST_MONDAY: i64 = MIN_SECONDS / DAY;
    (days - FIRST_MONDAY + 8) as u32 % 7
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
        write!(f, "{}T{}", self.date(), self.time())
    }
}

/// The fields.
impl fmt::Debug for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DateTime").field("date", &self.date()).field("time", &self.time()).finish()
    }
}

/// The full English name.
impl fmt::Display for Weekday {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_the_calendar_round_trips() {
        let mut expected = Date { year: 1, month: 1, day: 1 };
        for days in MIN_SECONDS / DAY..MAX_SECONDS / DAY {
            assert_eq!((Date::from_days(days), expected.days()), (Some(expected), days));
            assert_eq!(i64::from(weekday_of(days)), (days + 4).rem_euclid(7));
            expected = tomorrow(expected);
        }
        assert_eq!(Date::from_days(MIN_SECONDS / DAY - 1), None);
        assert_eq!(Date::from_days(MAX_SECONDS / DAY), Date::new(9999, 12, 31));
        assert_eq!(Date::from_days(MAX_SECONDS / DAY + 1), None);
    }

    #[test]
    fn days_are_counted_beyond_the_calendar() {
        for (year, month) in (-1999..=-1600).chain(9600..12_000).flat_map(|year| [(year, 1), (year, 3)]) {
            let eras = days_from_civil(year + 400, month, 1) - days_from_civil(year, month, 1);
            assert_eq!(eras, DAYS_PER_ERA, "{year}-{month}");
        }
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
}
