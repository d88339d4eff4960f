//! Which civil time comes next, and which came before. Both are one walk, in two directions: carry up through second,
//! minute, hour and day until something lies ahead, then go down again and take the first of each.

use super::{Cron, DaysKind, Years, ALL_WEEKDAYS};
use crate::civil::{self, weekday_of, Date, DAY, MAX_SECONDS, MIN_SECONDS};

impl Cron {
    /// The first civil time of the set after this one, or `None` if there is none before the year 10000.
    #[inline]
    pub fn next(&self, after: civil::DateTime) -> Option<civil::DateTime> {
        self.at_or_after(after.seconds() + 1).and_then(civil::DateTime::from_seconds)
    }

    /// The last civil time of the set before this one, or `None` if there is none since the year 1.
    #[inline]
    pub fn previous(&self, before: civil::DateTime) -> Option<civil::DateTime> {
        self.at_or_before(before.seconds() - 1).and_then(civil::DateTime::from_seconds)
    }

    /// Whether this civil time is one of the set. Without a field for the second that is 0.
    #[inline]
    pub fn matches(&self, time: civil::DateTime) -> bool {
        let (day, second_of_day) = day_and_second(time.seconds());
        let (minute_of_day, second) = (second_of_day / 60, second_of_day % 60);
        let (hour, minute) = (minute_of_day / 60, minute_of_day % 60);
        has(self.seconds, second)
            && has(self.minutes, minute)
            && has(self.hours.into(), hour)
            && self.has_day(day)
    }

    fn has_day(&self, day: i64) -> bool {
        match self.days_kind {
            DaysKind::Every => true,
            DaysKind::Weekly => has(self.weekdays, weekday_of(day)),
            DaysKind::OfMonths | DaysKind::LeapDays => Date::from_days(day).map_or(false, |date| {
                let (month, day_of_month) = (u32::from(date.month()) - 1, u32::from(date.day()) - 1);
                let year = i64::from(date.year());
                has(self.months.into(), month)
                    && self.years.has(year)
                    && has(self.days_of(year, month, day - i64::from(day_of_month)), day_of_month)
            }),
            DaysKind::None => false,
        }
    }

    /// The first civil time of the set from this one on, in seconds since 1970-01-01T00:00:00, within the years 1 to 9999.
    #[inline]
    pub(crate) fn at_or_after(&self, civil_seconds: i64) -> Option<i64> {
        self.nearest_to::<Forward>(civil_seconds)
    }

    /// The last civil time of the set up to this one, in seconds since 1970-01-01T00:00:00, within the years 1 to 9999.
    #[inline]
    pub(crate) fn at_or_before(&self, civil_seconds: i64) -> Option<i64> {
        self.nearest_to::<Backward>(civil_seconds)
    }

    fn nearest_to<D: Direction>(&self, civil_seconds: i64) -> Option<i64> {
        let civil_seconds = D::clamp(civil_seconds, MIN_SECONDS, MAX_SECONDS)?;
        let (today, second_of_day) = day_and_second(civil_seconds);
        let time_today = self.time_from::<D>(second_of_day);
        let day = self.day_from::<D>(if time_today.is_some() { today } else { today + D::STEP })?;
        let time = match time_today {
            Some(time) if day == today => time,
            _ => self.first_time::<D>(),
        };
        let found = day * DAY + i64::from(time);
        (MIN_SECONDS..=MAX_SECONDS).contains(&found).then_some(found)
    }

    /// The first time of day from this second of the day on, in seconds.
    fn time_from<D: Direction>(&self, second_of_day: u32) -> Option<u32> {
        let (minute_of_day, second) = (second_of_day / 60, second_of_day % 60);
        let (hour, minute) = (minute_of_day / 60, minute_of_day % 60);
        let hours = u64::from(self.hours);
        if has(hours, hour) {
            if has(self.minutes, minute) {
                let seconds = D::from(self.seconds, second);
                if seconds != 0 {
                    return Some(minute_of_day * 60 + D::first(seconds));
                }
            }
            let minutes = D::beyond(self.minutes, minute);
            if minutes != 0 {
                return Some((hour * 60 + D::first(minutes)) * 60 + D::first(self.seconds));
            }
        }
        let hours = D::beyond(hours, hour);
        (hours != 0).then(|| (D::first(hours) * 60 + D::first(self.minutes)) * 60 + D::first(self.seconds))
    }

    /// The first time of any day that matches.
    fn first_time<D: Direction>(&self) -> u32 {
        (D::first(u64::from(self.hours)) * 60 + D::first(self.minutes)) * 60 + D::first(self.seconds)
    }

    /// The first matching day from this one on, in days since 1970-01-01. It may lie outside the years 1-9999.
    fn day_from<D: Direction>(&self, day: i64) -> Option<i64> {
        match self.days_kind {
            DaysKind::Every => Some(day),
            DaysKind::Weekly => {
                // Three weeks, of which today is in the second, so that there is always one on either side.
                let weekdays = self.weekdays & ALL_WEEKDAYS;
                let weeks = weekdays | weekdays << 7 | weekdays << 14;
                let today = weekday_of(day) + 7;
                Some(day + i64::from(D::first(D::from(weeks, today))) - i64::from(today))
            }
            DaysKind::OfMonths => self.date_from::<D>(day),
            DaysKind::LeapDays => leap_day_from::<D>(day),
            DaysKind::None => None,
        }
    }

    /// The same, where the calendar has a say.
    fn date_from<D: Direction>(&self, day: i64) -> Option<i64> {
        let date = Date::from_days(day)?;
        let day_of_month = u32::from(date.day()) - 1;
        let mut year = i64::from(date.year());
        let mut months = 0;
        if self.years.has(year) {
            let month = u32::from(date.month()) - 1;
            if has(u64::from(self.months), month) {
                let first_day = day - i64::from(day_of_month);
                let days = D::from(self.days_of(year, month, first_day), day_of_month);
                if days != 0 {
                    return Some(first_day + i64::from(D::first(days)));
                }
            }
            months = D::beyond(u64::from(self.months), month);
        }
        loop {
            while months != 0 {
                let month = D::first(months);
                let first_day = civil::days_from_civil(year, i64::from(month) + 1, 1);
                let days = self.days_of(year, month, first_day);
                if days != 0 {
                    return Some(first_day + i64::from(D::first(days)));
                }
                months = D::beyond(months, month);
            }
            year = self.years.beyond::<D>(year)?;
            months = u64::from(self.months);
        }
    }

    /// The days of this month that match, bit 0 for its first. `month` counts from 0.
    pub(super) const fn days_of(&self, year: i64, month: u32, first_day: i64) -> u64 {
        let length = civil::days_in_month(year as i16, month as u8 + 1);
        self.days_of_month_from(length as u32, first_day) as u64
    }
}

/// The first 29 February from this day on. Not inlined into the search that all others go through.
#[inline(never)]
fn leap_day_from<D: Direction>(day: i64) -> Option<i64> {
    let mut year = i64::from(Date::from_days(day)?.year());
    year += D::STEP * (-D::STEP * year).rem_euclid(4);
    loop {
        year = D::clamp(year, 1, 9999)?;
        let leap_day = civil::days_from_civil(year, 2, 29);
        if civil::is_leap_year(year as i16) && (leap_day - day) * D::STEP >= 0 {
            return Some(leap_day);
        }
        year += 4 * D::STEP;
    }
}

/// The day of a civil second of the calendar, in days since 1970-01-01, and the second of that day.
#[inline]
const fn day_and_second(civil_seconds: i64) -> (i64, u32) {
    // Counted from the first day there is, and so without a sign.
    let since_first = (civil_seconds - MIN_SECONDS) as u64;
    ((since_first / DAY as u64) as i64 + MIN_SECONDS / DAY, (since_first % DAY as u64) as u32)
}

pub(super) const fn has(set: u64, value: u32) -> bool {
    set >> value & 1 == 1
}

impl Years {
    /// The first year beyond this one.
    fn beyond<D: Direction>(&self, year: i64) -> Option<i64> {
        if self.is_any() {
            return D::clamp(year + D::STEP, 1, 9999);
        }
        let mut year = D::clamp(year + D::STEP, 1970, 2199)?;
        while !self.has(year) {
            year = D::clamp(year + D::STEP, 1970, 2199)?;
        }
        Some(year)
    }
}

/// Towards later times, or towards earlier ones. `set` is never empty where its first member is asked for.
trait Direction {
    const STEP: i64;

    /// The members at `value` and beyond.
    fn from(set: u64, value: u32) -> u64;

    /// The members beyond `value`.
    fn beyond(set: u64, value: u32) -> u64;

    /// The member that is met first.
    fn first(set: u64) -> u32;

    /// The value of `first..=last` nearest to `value` from there on, or `None` when all of them have been passed.
    fn clamp(value: i64, first: i64, last: i64) -> Option<i64>;
}

struct Forward;

impl Direction for Forward {
    const STEP: i64 = 1;

    fn from(set: u64, value: u32) -> u64 {
        set & u64::MAX << value
    }

    fn beyond(set: u64, value: u32) -> u64 {
        set & u64::MAX << value << 1
    }

    fn first(set: u64) -> u32 {
        set.trailing_zeros()
    }

    fn clamp(value: i64, first: i64, last: i64) -> Option<i64> {
        (value <= last).then_some(value.max(first))
    }
}

struct Backward;

impl Direction for Backward {
    const STEP: i64 = -1;

    fn from(set: u64, value: u32) -> u64 {
        set & !(u64::MAX << value << 1)
    }

    fn beyond(set: u64, value: u32) -> u64 {
        set & !(u64::MAX << value)
    }

    fn first(set: u64) -> u32 {
        63 - set.leading_zeros()
    }

    fn clamp(value: i64, first: i64, last: i64) -> Option<i64> {
        (value >= first).then_some(value.min(last))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [&str; 6] =
        ["* * * * *", "0 0 * * mon", "0 0 L * fri", "0 0 29 2 *", "0 0 30 2 *", "0 0 0 1 1 ? 2026"];

    #[test]
    fn any_number_of_seconds_has_an_answer() {
        for text in KINDS {
            let cron = Cron::parse(text).unwrap();
            let (first, last) = (cron.at_or_after(MIN_SECONDS), cron.at_or_before(MAX_SECONDS));
            assert_eq!(first.is_none(), cron.never_fires(), "{text}");
            for before in [i64::MIN, i64::MIN + 1, MIN_SECONDS - DAY, MIN_SECONDS - 1] {
                assert_eq!((cron.at_or_after(before), cron.at_or_before(before)), (first, None), "{text}");
            }
            for after in [i64::MAX, i64::MAX - 1, MAX_SECONDS + DAY, MAX_SECONDS + 1] {
                assert_eq!((cron.at_or_after(after), cron.at_or_before(after)), (None, last), "{text}");
            }
        }
    }

    #[test]
    fn a_search_includes_where_it_begins() {
        for text in KINDS {
            let cron = Cron::parse(text).unwrap();
            if let Some(found) = cron.at_or_after(0) {
                assert_eq!(
                    (cron.at_or_after(found), cron.at_or_before(found)),
                    (Some(found), Some(found)),
                    "{text}"
                );
                assert_ne!(cron.at_or_after(found + 1), Some(found), "{text}");
            }
        }
    }

    #[test]
    fn leap_days_are_those_of_the_calendar() {
        let leap_days: Vec<i64> = (1..=9999)
            .filter(|&year| civil::is_leap_year(year))
            .map(|year| civil::days_from_civil(year.into(), 2, 29))
            .collect();
        let last = civil::days_from_civil(9999, 12, 31);
        for day in civil::days_from_civil(1, 1, 1)..=last {
            let next = leap_days.partition_point(|&leap_day| leap_day < day);
            assert_eq!(leap_day_from::<Forward>(day), leap_days.get(next).copied());
            let before = leap_days.partition_point(|&leap_day| leap_day <= day);
            assert_eq!(leap_day_from::<Backward>(day), before.checked_sub(1).map(|i| leap_days[i]));
        }
    }
}
