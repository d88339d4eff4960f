//! Which days of a month match, and what kind of days an expression has. Months are all that matters here: how long one is
//! and on which weekday it begins.

use super::weeks::Weeks;
use super::{Cron, DaysKind, ALL_MONTHS, ALL_WEEKDAYS, EVERY_WEEK, LAST_WEEK};
use super::{BOTH_DAYS, COUNTS_WEEKS, DAYS_RESTRICTED, NEAREST_CLAMPS, WEEKDAYS_RESTRICTED};
use crate::civil::{self, weekday_of};

/// The months with 31 days, and February, as sets of months.
const LONG_MONTHS: u16 = 0b1010_1101_0101;
const FEBRUARY: u16 = 1 << 1;

/// The 29th, as a set of days.
const LEAP_DAY: u32 = 1 << 28;

impl Cron {
    /// The days that match in a month of this length which begins on this day, bit 0 for its first.
    #[inline]
    pub(crate) const fn days_of_month_from(&self, length: u32, first_day: i64) -> u32 {
        let first_weekday = weekday_of(first_day);
        let weekdays = match self.has(COUNTS_WEEKS) {
            true => Weeks(self.weekdays).in_month_from(first_day),
            false => self.weekdays,
        };
        if !self.has(DAYS_RESTRICTED) {
            return weekdays_of_month(weekdays, length, first_weekday);
        }
        let mut days = place(self.days, length);
        if self.nearest != 0 {
            let mut nearest = place(self.nearest, length);
            if self.has(NEAREST_CLAMPS) && self.nearest as u32 >> length != 0 {
                nearest |= 1 << (length - 1);
            }
            days |= nearest_weekdays(nearest, length, first_weekday);
        }
        if !self.has(WEEKDAYS_RESTRICTED) {
            return days;
        }
        let by_weekday = weekdays_of_month(weekdays, length, first_weekday);
        if self.has(BOTH_DAYS) {
            days & by_weekday
        } else {
            days | by_weekday
        }
    }

    /// Decides once for all searches how they find a day, and so whether there is one.
    pub(crate) const fn find_days_kind(&self) -> DaysKind {
        if self.months == ALL_MONTHS && self.years.is_any() && !self.has(DAYS_RESTRICTED) {
            if !self.has(WEEKDAYS_RESTRICTED) {
                return DaysKind::Every;
            }
            if self.weekdays == (self.weekdays & ALL_WEEKDAYS) * EVERY_WEEK && !self.has(COUNTS_WEEKS) {
                return DaysKind::Weekly;
            }
        }
        if self.years.is_any()
            && self.has(DAYS_RESTRICTED)
            && !self.has(WEEKDAYS_RESTRICTED)
            && self.nearest == 0
        {
            return self.find_dates_kind();
        }
        let by_days_alone = self.has(DAYS_RESTRICTED) && !self.has(BOTH_DAYS);
        if self.years.is_any() && by_days_alone && self.days as u32 & u32::MAX >> 4 != 0 {
            // Each month has 28 days.
            return DaysKind::OfMonths;
        }
        let (mut year, last) = if self.has(COUNTS_WEEKS) {
            // Nearly always the first of them has a day.
            let never = matches!(self.in_any_week().find_days_kind(), DaysKind::None);
            (1, if never { 0 } else { 9999 })
        } else if self.years.is_any() {
            // In 28 years each kind of month begins on each weekday.
            (2001, 2028)
        } else {
            (1970, 2199)
        };
        while year <= last {
            if self.years.has(year as i64) && self.matches_in(year) {
                return DaysKind::OfMonths;
            }
            year += 1;
        }
        DaysKind::None
    }

    /// The same, of days of the month alone: only how long the months are matters.
    const fn find_dates_kind(&self) -> DaysKind {
        let in_february = self.months & FEBRUARY != 0;
        if self.months & LONG_MONTHS != 0 && place(self.days, 31) != 0
            || self.months & !LONG_MONTHS & !FEBRUARY != 0 && place(self.days, 30) != 0
            || in_february && place(self.days, 28) != 0
        {
            return DaysKind::OfMonths;
        }
        match place(self.days, 29) {
            LEAP_DAY if in_february => DaysKind::LeapDays,
            1.. if in_february => DaysKind::OfMonths,
            _ => DaysKind::None,
        }
    }

    /// Whether a day of the year matches.
    pub(crate) const fn matches_in(&self, year: i16) -> bool {
        let mut months = self.months;
        while months != 0 {
            let month = months.trailing_zeros();
            let first_day = civil::days_from_civil(year as i64, month as i64 + 1, 1);
            if self.days_of(year as i64, month, first_day) != 0 {
                return true;
            }
            months &= months - 1;
        }
        false
    }
}

/// The days of a month of this length, of a set that counts from both ends of it.
const fn place(days: u64, length: u32) -> u32 {
    let from_first = days as u32 & u32::MAX >> (32 - length);
    let from_last = (days >> 32) as u32 >> (32 - length);
    from_first | from_last
}

/// The days of a month on these weekdays, given as six rows (see [`Cron`]).
const fn weekdays_of_month(rows: u64, length: u32, first_weekday: u32) -> u32 {
    // A row begins on Sunday, the month's seven days on the weekday of its first: each row is rotated. What comes before
    // that weekday moves to the end of its row.
    let weeks = rows & (EVERY_WEEK * ALL_WEEKDAYS);
    let wrapping = weeks & (EVERY_WEEK * ((1 << first_weekday) - 1));
    let in_weeks = (weeks ^ wrapping) >> first_weekday | wrapping << (7 - first_weekday);
    let in_weeks = in_weeks as u32 & u32::MAX >> (32 - length);

    let last_week = rows >> (7 * LAST_WEEK);
    if last_week == 0 {
        return in_weeks;
    }
    // The last seven days begin on the weekday that the next month begins on.
    let rotated = (last_week | last_week << 7) >> ((first_weekday + length) % 7) & ALL_WEEKDAYS;
    in_weeks | (rotated as u32) << (length - 7)
}

/// For each of these days the nearest Monday to Friday, which is never in another month.
const fn nearest_weekdays(days: u32, length: u32, first_weekday: u32) -> u32 {
    let (first, last) = (1, 1 << (length - 1));
    let saturdays = days & weekdays_of_month(EVERY_WEEK << 6, length, first_weekday);
    let sundays = days & weekdays_of_month(EVERY_WEEK, length, first_weekday);
    days & !saturdays & !sundays
        | (saturdays & !first) >> 1
        | (saturdays & first) << 2
        | (sundays & !last) << 1
        | (sundays & last) >> 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_of_the_month_alone_are_of_the_kind_that_a_walk_through_all_years_finds() {
        let walked = |cron: &Cron| match (2001..=2028).filter(|&year| cron.matches_in(year)).count() {
            0 => DaysKind::None,
            7 if *cron == Cron::parse("0 0 29 2 *").unwrap() => DaysKind::LeapDays,
            _ => DaysKind::OfMonths,
        };
        for days in
            ["1", "28", "29", "30", "31", "L", "L-27", "L-28", "L-29", "L-30", "29,L-28", "30,31", "L-30,31"]
        {
            for months in 1..1 << 12 {
                let months: Vec<String> = (0..12)
                    .filter(|month| months >> month & 1 == 1)
                    .map(|month| (month + 1).to_string())
                    .collect();
                let cron = Cron::parse(&format!("0 0 {days} {} *", months.join(","))).unwrap();
                assert_eq!(cron.days_kind, walked(&cron), "{cron}");
            }
        }
    }

    #[test]
    fn the_days_of_every_month_are_those_of_the_calendar() {
        // All 28 months there are, each day of each against a walk through it.
        for length in 28..=31 {
            for first_weekday in 0..7 {
                let weekday = |day: u32| (first_weekday + day) % 7;
                for day in 0..length {
                    let row =
                        |row: u32| weekdays_of_month(1 << (7 * row + weekday(day)), length, first_weekday);
                    assert_eq!(row(day / 7) >> day & 1, 1);
                    assert_eq!(row(LAST_WEEK) >> day & 1 == 1, day + 7 >= length);
                    let workdays = (0..length).filter(|&day| (1..=5).contains(&weekday(day)));
                    let nearest = workdays.min_by_key(|&workday| workday.abs_diff(day));
                    assert_eq!(nearest_weekdays(1 << day, length, first_weekday), 1 << nearest.unwrap());
                    assert_eq!(place(1 << day, length), 1 << day);
                    assert_eq!(place(1 << (63 - day), length), 1 << (length - 1 - day));
                }
            }
        }
    }
}
