//! How far apart the times of an expression are, and whether another expression means the same. Distances within a day
//! are measured by the field; those between days month by month, at most through the 400 years after which the calendar
//! repeats.

use core::time::Duration;

use crate::civil::{DAY, DAYS_PER_ERA as CYCLE, MAX_SECONDS, MIN_SECONDS};
use crate::cron::count::NAMED_YEARS;
use crate::cron::{Cron, COUNTS_WEEKS};

/// The first day of the calendar and its last.
const ALL_DAYS: (i64, i64) = (MIN_SECONDS / DAY, MAX_SECONDS / DAY);

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
        // An expression that names years never fires after them, one that names none does. The years one can name are of all kinds:
        // leap or not, from each weekday on.
        let (first, last) = match self.has(COUNTS_WEEKS) || other.has(COUNTS_WEEKS) {
            true => ALL_DAYS,
            false => NAMED_YEARS,
        };
        (self.seconds, self.minutes, self.hours) == (other.seconds, other.minutes, other.hours)
            && self.years.is_any() == other.years.is_any()
            && self.months_in(first, last).eq(other.months_in(first, last))
    }

    /// The distances between the days that match, in days.
    fn distances_of_days(&self) -> Distances {
        let (mut first, mut last) = NAMED_YEARS;
        let begins_anew = self.years.is_any() && !self.has(COUNTS_WEEKS);
        if self.years.is_any() && !begins_anew {
            (first, last) = ALL_DAYS;
        } else if begins_anew {
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
            Some((first, last)) if begins_anew => days.see(first + CYCLE - last),
            _ => {}
        }
        days
    }
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
    use super::*;
    use crate::civil::{Date, DateTime, Time};
    use crate::cron::{BOTH_DAYS, NEAREST_CLAMPS};

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
            expected.retain(|&day| by_weekday.matches(Date::from_days(day).unwrap().at(Time::MIDNIGHT)));

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
