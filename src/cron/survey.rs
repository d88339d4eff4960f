//! What is true of the set as a whole: how many times there are, how far apart, and whether another set is the same. The
//! times of a day are counted and measured by the field, as each hour has the same minutes and each minute the same
//! seconds; the days month by month, at most through the 400 years after which the calendar repeats.

use core::ops::RangeBounds;
use core::time::Duration;

use super::search::has;
use super::times::seconds;
use super::Cron;
use crate::civil::{self, Date, DateTime, DAY, DAYS_PER_ERA as CYCLE};

/// The first day and the last of the years that an expression can name, 1970 to 2199.
const NAMED_YEARS: (i64, i64) = (0, civil::days_from_civil(2200, 1, 1) - 1);

/// The smallest and the largest distance between two neighbouring times of a [`Cron`], from [`Cron::gaps`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Gaps {
    /// The smallest distance: whole seconds, at least one.
    pub smallest: Duration,
    /// The largest distance, the same as the smallest if the times are evenly spaced.
    pub largest: Duration,
}

impl Cron {
    /// How many civil times of the set there are in a range: as many as [`between`](Cron::between) gives, counted without
    /// a walk over them.
    ///
    /// ```
    /// use sexton::civil::DateTime;
    ///
    /// let start: DateTime = "2026-01-01 00:00".parse()?;
    /// let end: DateTime = "2027-01-01 00:00".parse()?;
    /// assert_eq!(sexton::cron!("0 9 * * mon-fri").count(start..end), 261);
    /// assert_eq!(sexton::cron!("* * * * * *").count(start..end), 365 * 86_400);
    /// # Ok::<(), sexton::civil::ParseError>(())
    /// ```
    pub fn count(&self, range: impl RangeBounds<DateTime>) -> u64 {
        let (from, until) = seconds(&range);
        if from > until {
            return 0;
        }
        let (first, last) = (from.div_euclid(DAY), until.div_euclid(DAY));
        let second_of_day = |seconds: i64| seconds.rem_euclid(DAY) as u32;
        // All times of all days of the range, less those before it on its first day and those after it on its last.
        let per_day = self.times_before(DAY as u32);
        let before = self.times_before(second_of_day(from));
        let after = per_day - self.times_before(second_of_day(until) + 1);
        self.days_in(first, last) * per_day
            - self.days_in(first, first) * before
            - self.days_in(last, last) * after
    }

    /// The smallest and the largest distance between two neighbouring civil times of the set, or `None` if it has at most
    /// one. They are exact: no two neighbours, whenever they come, are closer or further apart.
    ///
    /// These are civil times, without a zone: where clocks change, two fires can be closer or further apart by that change.
    ///
    /// ```
    /// use core::time::Duration;
    /// use sexton::cron;
    ///
    /// let gaps = cron!("0 9-17 * * mon-fri").gaps().unwrap();
    /// assert_eq!(gaps.smallest, Duration::from_secs(3600));
    /// assert_eq!(gaps.largest, Duration::from_secs((2 * 24 + 16) * 3600), "from Friday to Monday");
    ///
    /// assert_eq!(cron!("0 0 0 1 jan * 2030").gaps(), None);
    /// ```
    pub fn gaps(&self) -> Option<Gaps> {
        if self.never_fires() {
            return None;
        }
        let mut gaps = Distances::NONE;
        // From the first time to the last one within a second, a minute, an hour, a day.
        let mut span = 0;
        for (set, unit) in [(self.seconds, 1), (self.minutes, 60), (u64::from(self.hours), 3600)] {
            let mut values = Distances::NONE;
            values.add(set, 0);
            gaps.include(values, unit, span);
            span += values.span() * unit;
        }
        gaps.include(self.distances_of_days(), DAY, span);

        let duration = |seconds: i64| Duration::from_secs(seconds as u64);
        (gaps.largest > 0)
            .then(|| Gaps { smallest: duration(gaps.smallest), largest: duration(gaps.largest) })
    }

    /// Whether the other one means the same, however it is written: the same civil times, and the same fires where clocks
    /// change ([`is_interval_like`](Cron::is_interval_like) and [`is_made_up_in_gap`](Cron::is_made_up_in_gap)). Two that
    /// [never fire](Cron::never_fires) mean the same.
    ///
    /// ```
    /// use sexton::cron;
    ///
    /// assert!(cron!("*/15 0 * * *").is_equivalent(&cron!("0-59/15 0 1-31 * *")));
    /// assert!(cron!("0 0 29 feb *").is_equivalent(&cron!("0 0 29-31 feb *")));
    /// // The same civil times, but only the second is made up for when the clocks skip 02:00.
    /// assert!(!cron!("0 2-3 * * *").is_equivalent(&cron!("0 2,3 * * *")));
    /// ```
    pub fn is_equivalent(&self, other: &Cron) -> bool {
        if self.never_fires() || other.never_fires() {
            return self.never_fires() == other.never_fires();
        }
        self.has_same_times(other)
            && self.is_interval_like() == other.is_interval_like()
            && self.is_made_up_in_gap() == other.is_made_up_in_gap()
    }

    /// Whether the civil times are the same, of two that have some.
    fn has_same_times(&self, other: &Cron) -> bool {
        // Whoever names years never fires after them, whoever names none does. The years one can name are of all kinds:
        // leap or not, from each weekday on.
        let (first, last) = NAMED_YEARS;
        (self.seconds, self.minutes, self.hours) == (other.seconds, other.minutes, other.hours)
            && self.years.is_any() == other.years.is_any()
            && self.months_in(first, last).eq(other.months_in(first, last))
    }

    /// How many times of a day come before this second of it.
    fn times_before(&self, second_of_day: u32) -> u64 {
        let (minute_of_day, second) = (second_of_day / 60, second_of_day % 60);
        let (hour, minute) = (minute_of_day / 60, minute_of_day % 60);
        let hours = u64::from(self.hours);
        let a_minute = members(self.seconds);
        let an_hour = members(self.minutes) * a_minute;

        let mut times = members(below(hours, hour)) * an_hour;
        if has(hours, hour) {
            times += members(below(self.minutes, minute)) * a_minute;
            if has(self.minutes, minute) {
                times += members(below(self.seconds, second));
            }
        }
        times
    }

    /// How many days match, from the first one to the last.
    fn days_in(&self, first: i64, last: i64) -> u64 {
        let count = |first, last| self.months_in(first, last).map(|(_, days)| members(days)).sum::<u64>();
        if !self.years.is_any() {
            return count(first.max(NAMED_YEARS.0), last.min(NAMED_YEARS.1));
        }
        match (last + 1 - first) / CYCLE {
            0 => count(first, last),
            cycles => cycles as u64 * count(first, first + CYCLE - 1) + count(first + cycles * CYCLE, last),
        }
    }

    /// The distances between the days that match, in days.
    fn distances_of_days(&self) -> Distances {
        let (mut first, mut last) = NAMED_YEARS;
        if self.years.is_any() {
            // Any 400 years will do.
            first = last + 1;
            last += CYCLE;
        }
        let mut days = Distances::NONE;
        for (first_day, set) in self.months_in(first, last) {
            days.add(set, first_day);
        }
        match days.ends {
            // Then it all begins again.
            Some((first, last)) if self.years.is_any() => days.see(first + CYCLE - last),
            _ => {}
        }
        days
    }

    /// The months from the first day to the last, both in days since 1970-01-01: the day each begins on, and its days
    /// that match in that stretch, bit 0 for its first.
    fn months_in(&self, first: i64, last: i64) -> impl Iterator<Item = (i64, u64)> + '_ {
        let start = Date::from_days(first).filter(|_| first <= last);
        let mut next = start.map(|date| (date.year(), date.month(), first + 1 - i64::from(date.day())));
        core::iter::from_fn(move || {
            let (year, month, first_day) = next?;
            let following = first_day + i64::from(civil::days_in_month(year, month));
            next = match month {
                _ if following > last => None,
                12 => Some((year + 1, 1, following)),
                _ => Some((year, month + 1, following)),
            };

            let (year, month) = (i64::from(year), u32::from(month) - 1);
            if !self.has_year(year) || self.months >> month & 1 == 0 {
                return Some((first_day, 0));
            }
            let from_first = u64::MAX << (first - first_day).max(0);
            let to_last = u64::MAX >> (first_day + 63 - last).max(0);
            Some((first_day, self.days_of(year, month, first_day) & from_first & to_last))
        })
    }
}

/// The members below this value.
const fn below(set: u64, value: u32) -> u64 {
    set & !(u64::MAX << value)
}

/// How many there are.
fn members(set: u64) -> u64 {
    set.count_ones().into()
}

/// The distances between each value and the next one, of values that come in order.
#[derive(Clone, Copy)]
struct Distances {
    smallest: i64,
    largest: i64,
    /// The first value and the last.
    ends: Option<(i64, i64)>,
}

impl Distances {
    const NONE: Distances = Distances { smallest: i64::MAX, largest: 0, ends: None };

    /// More values, a bit for each, from `first` on.
    fn add(&mut self, mut set: u64, first: i64) {
        while set != 0 {
            let value = first + i64::from(set.trailing_zeros());
            set &= set - 1;
            if let Some((_, before)) = self.ends {
                self.see(value - before);
            }
            self.ends = Some((self.ends.map_or(value, |(first, _)| first), value));
        }
    }

    fn see(&mut self, distance: i64) {
        self.smallest = self.smallest.min(distance);
        self.largest = self.largest.max(distance);
    }

    /// The distances from what ends one value to what begins the next one, where a value is so many seconds and what is in
    /// it spans so many.
    fn include(&mut self, values: Distances, unit: i64, span: i64) {
        if values.largest > 0 {
            self.see(values.smallest * unit - span);
            self.see(values.largest * unit - span);
        }
    }

    fn span(&self) -> i64 {
        self.ends.map_or(0, |(first, last)| last - first)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{BOTH_DAYS, NEAREST_CLAMPS};
    use super::*;

    /// 400 years and 230, by what of them is walked.
    const CYCLES: [(i16, i16); 2] = [(1900, 2300), (1970, 2200)];

    const DAYS: [&str; 12] =
        ["13", "29", "30", "31", "1", "1-7", "1-31", "L", "LW", "15W,L-3", "*/2", "1W,31W"];
    const WEEKDAYS: [&str; 8] = ["fri", "mon-fri", "0-6", "mon#5", "friL", "1#1,5#2", "sun", "sat,sun#1"];
    const MONTHS: [&str; 5] = ["*", "feb", "4,6", "2/3", "dec-jan"];
    const YEARS: [&str; 5] = ["*", "*", "2024/4", "2021-2023,2100", "1970-2199"];

    fn with_flags(text: &str, flags: u8) -> Cron {
        let cron = Cron::parse(text).unwrap();
        let cron = Cron { flags: cron.flags | flags, ..cron };
        Cron { days_kind: cron.find_days_kind(), ..cron }
    }

    fn new_year(year: i16) -> DateTime {
        format!("{year}-01-01 00:00").parse().unwrap()
    }

    /// The midnights of a set in the cycle that counts, as days.
    fn days(cron: &Cron) -> Vec<i64> {
        let (first, end) = CYCLES[usize::from(!cron.years.is_any())];
        cron.between(new_year(first)..new_year(end)).map(|time| time.date().days()).collect()
    }

    #[test]
    fn where_both_days_must_match_they_are_those_of_two_expressions() {
        let mut number_of_never = 0;
        // All pairs of days; months and years change from one to the next.
        for i in 0..DAYS.len() * WEEKDAYS.len() {
            let (day, weekday) = (DAYS[i % DAYS.len()], WEEKDAYS[i / DAYS.len()]);
            let (month, year) = (MONTHS[i % MONTHS.len()], YEARS[i / 3 % YEARS.len()]);
            let both = with_flags(&format!("0 0 0 {day} {month} {weekday} {year}"), BOTH_DAYS);
            let by_weekday = Cron::parse(&format!("0 0 0 * {month} {weekday} {year}")).unwrap();
            let mut expected = days(&Cron::parse(&format!("0 0 0 {day} {month} * {year}")).unwrap());
            expected
                .retain(|&day| by_weekday.matches(Date::from_days(day).unwrap().at(civil::Time::MIDNIGHT)));

            let text = format!("{day} {month} {weekday} {year}");
            assert_eq!(days(&both), expected, "{text}");
            assert_eq!(both.never_fires(), expected.is_empty(), "{text}");
            number_of_never += u32::from(both.never_fires());
            let (first, end) = CYCLES[usize::from(!both.years.is_any())];
            assert_eq!(both.count(new_year(first)..new_year(end)), expected.len() as u64, "{text}");

            if both.years.is_any() {
                expected.extend(expected.first().map(|day| day + CYCLE));
            }
            let distances =
                || expected.windows(2).map(|pair| Duration::from_secs(((pair[1] - pair[0]) * DAY) as u64));
            let found = both.gaps().map(|gaps| (gaps.smallest, gaps.largest));
            assert_eq!(found, distances().min().zip(distances().max()), "{text}");

            let either = with_flags(&format!("0 0 0 {day} {month} {weekday} {year}"), 0);
            let is_same = days(&both) == days(&either);
            assert_eq!(both.is_equivalent(&either), is_same, "{text}");
        }
        assert!(number_of_never > 3, "some never fire: {number_of_never}");
    }

    #[test]
    fn gaps_where_both_days_must_match_reach_over_centuries() {
        let gaps = |text| {
            with_flags(text, BOTH_DAYS).gaps().map(|gaps| (gaps.smallest.as_secs(), gaps.largest.as_secs()))
        };
        let days = |days| days * DAY as u64;
        assert_eq!(gaps("0 0 13 * fri"), Some((days(28), days(427))), "Friday the 13th");
        assert_eq!(gaps("0 0 29 2 mon"), Some((days(4382), days(14_609))), "12 years or 40 round a century");
        assert_eq!(gaps("0 0 31 2 mon"), None);
        assert_eq!(gaps("0 0 1-7 * 1-6#5"), None, "the first days are in no fifth week");
        assert!(with_flags("0 0 31 2 mon", BOTH_DAYS).never_fires());
        assert!(!with_flags("0 0 31 2 mon", 0).never_fires());
        // 29 February 2024 is a Thursday, that of 2028 a Tuesday.
        assert!(with_flags("0 0 0 29 2 mon 2021-2030", BOTH_DAYS).never_fires());
        assert!(!with_flags("0 0 0 29 2 thu 2021-2030", BOTH_DAYS).never_fires());
    }

    #[test]
    fn clamped_days_are_the_last_ones() {
        let clamped = with_flags("0 0 31W * *", NEAREST_CLAMPS);
        assert!(clamped.is_equivalent(&Cron::parse("0 0 LW * *").unwrap()));
        assert!(!clamped.is_equivalent(&Cron::parse("0 0 31W * *").unwrap()));
        assert!(!with_flags("0 0 30W feb *", NEAREST_CLAMPS).never_fires());
        assert!(with_flags("0 0 30W feb *", 0).never_fires());
    }
}
