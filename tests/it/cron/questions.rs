//! What one can ask of a whole expression, against slow ways to find out.

use std::collections::{HashMap, VecDeque};
use std::ops::{Bound, RangeBounds};
use std::time::Duration;

use proptest::prelude::*;
use sexton::civil::{Date, DateTime, Time};
use sexton::cron::Dialect;
use sexton::Cron;

use super::meaning::{expressions, Expression};
use crate::rows::{expect_none, rows};

/// Days in 400 years, after which the calendar repeats.
const CYCLE: i64 = 146_097;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn a_range_has_the_times_that_walking_finds(
        expression in expressions(),
        first in days(),
        length in 0..400i64,
        ends in (bounds(), bounds()),
        turns in any::<[bool; 32]>(),
    ) {
        let cron = Cron::parse(&expression.text).unwrap();
        let times = expression.times();
        let length = length.min(20_000 / times.len() as i64);
        let dates = (0..=length).filter_map(|days| first.checked_add_days(days));
        let all: Vec<DateTime> = dates
            .filter(|&date| expression.matches_day(date))
            .flat_map(|date| times.iter().map(move |&time| date.at(time)))
            .collect();

        let end = (0..=length).rev().find_map(|days| first.checked_add_days(days)).unwrap();
        let whole = (first.at(Time::MIDNIGHT), end.at(Time::new(23, 59, 59).unwrap()));
        let range = (ends.0.within(whole, &all), ends.1.within(whole, &all));
        let mut expected: VecDeque<DateTime> = all.iter().copied().filter(|time| range.contains(time)).collect();

        let found = || cron.between(range);
        prop_assert!(found().eq(expected.iter().copied()), "{:?} in {:?}", expression.text, range);
        prop_assert!(found().rev().eq(expected.iter().rev().copied()), "{:?} in {:?}", expression.text, range);
        prop_assert_eq!(cron.count(range), expected.len() as u64, "{:?} in {:?}", expression.text, range);

        // From both ends in turns, until they meet.
        let mut found = found();
        for is_back in turns.into_iter().cycle().take(expected.len() + 1) {
            if is_back {
                prop_assert_eq!(found.next_back(), expected.pop_back());
            } else {
                prop_assert_eq!(found.next(), expected.pop_front());
            }
        }
        prop_assert_eq!((found.next(), found.next_back(), found.next()), (None, None, None));
    }

    #[test]
    fn upcoming_and_preceding_are_next_and_previous_again_and_again(expression in expressions(), day in days()) {
        let cron = Cron::parse(&expression.text).unwrap();
        let time = day.at(Time::new(12, 0, 0).unwrap());
        let next = std::iter::successors(cron.next(time), |&time| cron.next(time));
        prop_assert!(cron.upcoming(time).take(50).eq(next.take(50)));
        let previous = std::iter::successors(cron.previous(time), |&time| cron.previous(time));
        prop_assert!(cron.preceding(time).take(50).eq(previous.take(50)));
    }

    #[test]
    fn whole_years_have_the_days_of_the_calendar(expression in expressions(), years in (1..=9999i16, 1..=9999i16), day in days()) {
        let cron = Cron::parse(&expression.text).unwrap();
        prop_assume!(!expression.counts_weeks());
        let calendar = Calendar::of(&expression);
        let (first, last) = (years.0.min(years.1), years.0.max(years.1));
        let times = expression.times().len() as u64;
        let days = (first..=last).map(|year| calendar.days_of(year).map_or(0, |days| days.len() as u64));
        let range = new_year(first)..=Date::new(last, 12, 31).unwrap().at(Time::new(23, 59, 59).unwrap());
        prop_assert_eq!(cron.count(range), days.sum::<u64>() * times, "{:?} from {} to {}", expression.text, first, last);

        let time = day.at(Time::new(13, 31, 31).unwrap());
        prop_assert_eq!(cron.count(..time) + cron.count(time..), cron.count(..), "{:?} at {}", expression.text, time);
    }

    #[cfg(feature = "tools")]
    #[test]
    fn gaps_are_those_of_400_years(expression in expressions()) {
        let cron = Cron::parse(&expression.text).unwrap();
        prop_assume!(!expression.counts_weeks());
        let (days, repeats) = Calendar::of(&expression).walk();
        prop_assert_eq!(cron.never_fires(), days.is_empty(), "{}", expression.text);
        let found = cron.gaps().map(|gaps| (gaps.smallest, gaps.largest));
        prop_assert_eq!(found, gaps(&expression, &days, repeats), "{}", expression.text);
    }

    #[cfg(feature = "tools")]
    #[test]
    fn what_is_printed_is_equivalent(expression in expressions()) {
        let cron = Cron::parse(&expression.text).unwrap();
        prop_assert!(Cron::parse(&cron.to_string()).unwrap().is_equivalent(&cron));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[cfg(feature = "tools")]
    #[test]
    fn equivalent_is_what_has_the_same_times(
        fields in spellings(),
        others in spellings(),
        changed in prop_oneof![3 => (0..6usize).prop_map(|field| 1 << field), 1 => 0..64u8],
    ) {
        // Another of which most fields are the same.
        let mut changing = fields;
        for field in 0..6 {
            if changed >> field & 1 == 1 {
                changing[field] = others[field];
            }
        }
        let (text, other_text) = (fields.join(" "), changing.join(" "));
        let (cron, other) = (Cron::parse(&text).unwrap(), Cron::parse(&other_text).unwrap());

        // Years round those that can be named, and 28 in which every kind of year comes also where years are named; 2100
        // is not a leap year.
        let spans = [(1965, 1975), (2019, 2048), (2099, 2102), (2195, 2205)];
        let times = |cron: Cron| spans.into_iter().flat_map(move |(first, end)| cron.between(new_year(first)..new_year(end)));
        let changes = |cron: &Cron| (cron.is_interval_like(), cron.is_made_up_in_gap());
        let are_same = times(cron).eq(times(other));
        let expected = are_same && (changes(&cron) == changes(&other) || times(cron).next().is_none());
        prop_assert_eq!(cron.is_equivalent(&other), expected, "{} and {}", text, other_text);
        prop_assert_eq!(other.is_equivalent(&cron), expected, "{} and {}", other_text, text);
    }
}

/// Days of our time, and at both ends of the calendar.
fn days() -> impl Strategy<Value = Date> {
    let from = |year| Date::new(year, 1, 1).unwrap();
    prop_oneof![
        6 => (0..20_000i64).prop_map(move |days| from(2000).checked_add_days(days).unwrap()),
        1 => (0..1000i64).prop_map(move |days| from(1).checked_add_days(days).unwrap()),
        1 => (0..1000i64).prop_map(move |days| from(9999).checked_add_days(days % 365).unwrap()),
    ]
}

/// Where a range begins or ends.
#[derive(Clone, Debug)]
struct Edge {
    is_included: bool,
    is_time: bool,
    at: prop::sample::Index,
}

fn bounds() -> impl Strategy<Value = Edge> {
    (any::<bool>(), any::<bool>(), any::<prop::sample::Index>()).prop_map(|(is_included, is_time, at)| Edge {
        is_included,
        is_time,
        at,
    })
}

impl Edge {
    /// On one of these times, or anywhere from `first` to `last`.
    fn within(&self, (first, last): (DateTime, DateTime), times: &[DateTime]) -> Bound<DateTime> {
        let time = if self.is_time && !times.is_empty() {
            *self.at.get(times)
        } else {
            let any = first.checked_add_seconds(self.at.index(400 * 86_400) as i64);
            any.map_or(last, |time| time.min(last))
        };
        if self.is_included {
            Bound::Included(time)
        } else {
            Bound::Excluded(time)
        }
    }
}

/// The days that match in each of the 14 years there are, leap or not from each weekday on, found by asking for each day.
struct Calendar<'a> {
    expression: &'a Expression,
    /// Counted from 1 January, by the kind of year.
    days: HashMap<Kind, Vec<i64>>,
}

type Kind = (i64, u8);

impl Calendar<'_> {
    fn of(expression: &Expression) -> Calendar<'_> {
        let mut days = HashMap::new();
        let sample = if expression.names_years() { 1970..=2199 } else { 1972..=1999 };
        for year in sample.filter(|&year| expression.has_year(year)) {
            let matches = || (0..).zip(dates(year)).filter(|(_, date)| expression.matches_day(*date));
            days.entry(kind(year)).or_insert_with(|| matches().map(|(day, _)| day).collect());
        }
        Calendar { expression, days }
    }

    fn days_of(&self, year: i16) -> Option<&[i64]> {
        self.expression.has_year(year).then(|| &self.days[&kind(year)][..])
    }

    /// The number of each day that matches in 400 years, and whether all begins anew after them; with years in the
    /// expression of all the years that it can name.
    fn walk(&self) -> (Vec<i64>, bool) {
        let repeats = !self.expression.names_years();
        let mut days = Vec::new();
        let mut new_year = 0;
        for year in if repeats { 1900..=2299 } else { 1970..=2199 } {
            days.extend(self.days_of(year).unwrap_or_default().iter().map(|day| new_year + day));
            new_year += kind(year).0;
        }
        (days, repeats)
    }
}

/// The number of days and the weekday of the first.
fn kind(year: i16) -> Kind {
    let is_leap = Date::new(year, 2, 29).is_some();
    (365 + i64::from(is_leap), Date::new(year, 1, 1).unwrap().weekday().days_from_sunday())
}

/// Every day of a year.
fn dates(year: i16) -> impl Iterator<Item = Date> {
    let first = Date::new(year, 1, 1).unwrap();
    (0..366).filter_map(move |days| first.checked_add_days(days)).filter(move |date| date.year() == year)
}

fn new_year(year: i16) -> DateTime {
    Date::new(year, 1, 1).unwrap().at(Time::MIDNIGHT)
}

/// The smallest and the largest distance, from the list of all times of a day and the list of days.
fn gaps(expression: &Expression, days: &[i64], repeats: bool) -> Option<(Duration, Duration)> {
    let second =
        |time: Time| (i64::from(time.hour()) * 60 + i64::from(time.minute())) * 60 + i64::from(time.second());
    let times: Vec<i64> = expression.times().into_iter().map(second).collect();
    let mut days = days.to_vec();
    if repeats {
        days.extend(days.first().map(|day| day + CYCLE));
    }
    let overnight = times[0] + 86_400 - times[times.len() - 1];
    let mut all: Vec<i64> =
        days.windows(2).map(|pair| (pair[1] - pair[0] - 1) * 86_400 + overnight).collect();
    if !days.is_empty() {
        all.extend(times.windows(2).map(|pair| pair[1] - pair[0]));
    }
    let duration = |seconds: &i64| Duration::from_secs(*seconds as u64);
    Some((all.iter().min().map(duration)?, all.iter().max().map(duration)?))
}

/// Seven fields without the second, of which many say the same in other words.
fn spellings() -> impl Strategy<Value = [&'static str; 7]> {
    let minutes = ["0", "0-0", "0,30", "*/30", "0-30/30"];
    let hours = ["2", "2-2", "2,3", "2-3"];
    let days =
        ["*", "?", "1-31", "*/1", "28-L", "29-31", "29", "L", "L-0", "30", "31", "1-15,16-31", "31W", "LW"];
    let months = ["*", "1-12", "feb", "2/12", "4", "4,6", "jan,feb"];
    let weekdays = ["*", "0-6", "mon-sun", "fri", "7-4", "5#1,5#2,5#3,5#4,5#5", "5#5", "5L", "1-5"];
    let years = ["*", "1970-2199", "*/1", "2020-2030", "2020/2", "2024,2028", "2021,2023,2027", "2024/4"];
    fn one_of<const N: usize>(texts: [&'static str; N]) -> impl Strategy<Value = &'static str> {
        prop::sample::select(texts.to_vec())
    }
    (one_of(minutes), one_of(hours), one_of(days), one_of(months), one_of(weekdays), one_of(years))
        .prop_map(|(minute, hour, day, month, weekday, year)| ["0", minute, hour, day, month, weekday, year])
}

fn cron(text: &str) -> Cron {
    Cron::parse(text).unwrap()
}

fn time(text: &str) -> DateTime {
    text.parse().unwrap()
}

#[test]
fn kinds_of_years_are_all_there_is() {
    // Each day of 400 years asked for by itself, so that what the laws above rest on holds.
    for text in ["0 0 L-2W,13 * fri#5,monL", "0 0 29 2 *", "0 0 * 2,6 1#1"] {
        let cron = cron(text);
        let midnights = (1900..2300).flat_map(dates).map(|date| date.at(Time::MIDNIGHT));
        let found: Vec<DateTime> = midnights.filter(|&time| cron.matches(time)).collect();
        assert!(cron.between(new_year(1900)..new_year(2300)).eq(found.iter().copied()), "{text}");
        assert_eq!(cron.count(new_year(1900)..new_year(2300)), found.len() as u64, "{text}");
        assert_eq!(cron.count(new_year(5500)..new_year(5900)), found.len() as u64, "{text}");
    }
}

#[test]
fn times_end_where_the_calendar_does() {
    let (first, last) = (time("0001-01-01 00:00"), time("9999-12-31 23:59:59"));
    let yearly = cron("@yearly");
    assert_eq!((yearly.between(..).count(), yearly.between(..).rev().count()), (9999, 9999));
    assert_eq!((yearly.count(..), cron("0 0 29 2 *").count(..)), (9999, 2424));
    assert_eq!(cron("* * * * * *").count(..), 3_652_059 * 86_400);

    let seconds = cron("* * * * * *");
    for (range, expected) in [
        ((Bound::Included(first), Bound::Included(first)), Some(first)),
        ((Bound::Unbounded, Bound::Included(first)), Some(first)),
        ((Bound::Unbounded, Bound::Excluded(first)), None),
        ((Bound::Excluded(first), Bound::Included(first)), None),
        ((Bound::Included(last), Bound::Unbounded), Some(last)),
        ((Bound::Excluded(last), Bound::Unbounded), None),
        ((Bound::Included(last), Bound::Excluded(last)), None),
        ((Bound::Excluded(last), Bound::Excluded(first)), None),
    ] {
        let mut times = seconds.between(range);
        assert_eq!((times.next(), times.next(), times.next_back()), (expected, None, None), "{range:?}");
        let mut times = seconds.between(range);
        assert_eq!((times.next_back(), times.next_back(), times.next()), (expected, None, None), "{range:?}");
        assert_eq!(seconds.count(range), u64::from(expected.is_some()), "{range:?}");
    }
    assert_eq!(seconds.upcoming(last).next(), None);
    assert_eq!(seconds.preceding(first).next(), None);
    let never = cron("0 0 30 2 *");
    assert_eq!((never.between(..).next(), never.between(..).next_back(), never.count(..)), (None, None, 0));
}

#[test]
fn times_show_what_is_left() {
    let mut times = cron("0 9 * * mon").between(time("2026-11-22 00:00")..time("2026-11-24 00:00"));
    assert_eq!(format!("{times:?}"), "Times(0 9 * * mon from 2026-11-22T00:00:00 to 2026-11-23T23:59:59)");
    assert_eq!(times.by_ref().count(), 1);
    assert_eq!(format!("{times:?}"), "Times(0 9 * * mon, none left)");
}

#[cfg(feature = "tools")]
#[test]
fn gaps_by_hand() {
    const DAY: u64 = 86_400;
    for (text, expected, why) in [
        ("* * * * * *", Some((1, 1)), "every second"),
        ("*/25 * * * *", Some((600, 1500)), "a step that does not divide"),
        ("30 2 * * *", Some((DAY, DAY)), "daily"),
        ("0 0 * * mon", Some((7 * DAY, 7 * DAY)), "weekly"),
        ("0 0 1 * *", Some((28 * DAY, 31 * DAY)), "monthly"),
        ("@yearly", Some((365 * DAY, 366 * DAY)), "yearly"),
        ("0 0 29 2 *", Some((1461 * DAY, 2921 * DAY)), "eight years round 2100"),
        (
            "0 0 * feb mon#5",
            Some((4382 * DAY, 14_609 * DAY)),
            "12 years or 40 where a century begins without a leap day",
        ),
        ("0 0 30 2 *", None, "never"),
        ("0 0 0 1 1 ? 2030", None, "once"),
        ("0 0,6 0 1 1 ? 2030", Some((360, 360)), "twice"),
        ("0 0 0 1 1 ? 2030,2040", Some((3652 * DAY, 3652 * DAY)), "not round the end of the years"),
        ("0 0 0 1 1 ? 1970-2199", Some((365 * DAY, 366 * DAY)), "all years that can be named"),
    ] {
        let gaps = cron(text).gaps().map(|gaps| (gaps.smallest.as_secs(), gaps.largest.as_secs()));
        assert_eq!(gaps, expected, "{text}: {why}");
    }
}

#[cfg(feature = "tools")]
#[test]
fn years_of_one_kind_are_not_overlooked() {
    // A February has five of a weekday in the leap years alone whose 29th is one: once in 28 years, or in 12 or 40.
    for weekday in 0..7 {
        let cron = cron(&format!("0 0 * feb {weekday}#5"));
        let days = (1600..2500).filter_map(|year| Date::new(year, 2, 29));
        let days: Vec<Date> = days.filter(|date| date.weekday().days_from_sunday() == weekday).collect();
        let distance = |pair: &[Date]| (1..).find(|&days| pair[0].checked_add_days(days) == Some(pair[1]));
        let distances = || days.windows(2).filter_map(distance).map(|days| days as u64 * 86_400);
        let gaps = cron.gaps().unwrap();
        assert_eq!(Some(gaps.smallest.as_secs()), distances().min(), "{weekday}");
        assert_eq!(Some(gaps.largest.as_secs()), distances().max(), "{weekday}");
        assert!(!cron.never_fires(), "{weekday}");
    }
}

#[cfg(feature = "tools")]
#[test]
fn equivalents_by_hand() {
    for (text, other, expected, why) in [
        ("0 0 * * *", "0 0 1-31 * *", true, "a full list"),
        ("*/15 * * * *", "0-59/15 * * * *", true, "another spelling"),
        ("*/15 * * * *", "0,15,30,45 * * * *", true, "the hours repeat in both"),
        ("*/15 2 * * *", "0,15,30,45 2 * * *", false, "one fires in both passes of a repeated hour"),
        ("0 2-3 * * *", "0 2,3 * * *", false, "one is made up for when its time is skipped"),
        ("0 0 1-31 * mon", "0 0 * * *", true, "either day field will do, and one always does"),
        ("0 0 31 2,4 *", "0 0 * * *", false, "never and daily"),
        ("* 0 31 2,4 *", "0 0-5 30 2 *", true, "neither ever fires"),
        ("0 0 29 2 *", "0 0 0 29 2 ? 1970-2199", false, "years that end"),
        ("0 0 0 29 2 ? 2024-2030", "0 0 0 29 2 ? 2024,2026,2028", true, "years without the day do not count"),
        ("0 0 * * friL", "0 0 * * fri#4,fri#5", false, "five Fridays"),
        ("0 0 * feb fri#4", "0 0 * feb fril", false, "apart in leap years alone"),
        ("0 0 L feb *", "0 0 28,29 feb *", false, "28 February of a leap year"),
        ("0 0 0 L feb ? 2025-2027", "0 0 0 28 2 ? 2025-2027", true, "no leap year among them"),
    ] {
        assert_eq!(cron(text).is_equivalent(&cron(other)), expected, "{text} and {other}: {why}");
        assert_eq!(cron(other).is_equivalent(&cron(text)), expected, "{other} and {text}: {why}");
    }
}

#[test]
fn ranges_are_those_of_croniter() {
    let mut failures = Vec::new();
    for row in rows("croniter-range.tsv") {
        let dialect = match row.cell(1) {
            "and" => Dialect::CRONITER.days_and(),
            _ => Dialect::CRONITER,
        };
        let cron = dialect.parse(row.cell(0)).unwrap();
        let [start, stop, first, last] = [2, 3, 6, 7].map(|column| time(row.cell(column)));
        let bound = |time| if row.cell(4) == "yes" { Bound::Included(time) } else { Bound::Excluded(time) };
        let range = (bound(start.min(stop)), bound(start.max(stop)));
        let mut times: Vec<DateTime> = cron.between(range).collect();
        if start > stop {
            times.reverse();
        }
        let found = (times.len() as i64, times.first(), times.last(), cron.count(range) as i64);
        if found != (row.number(5), Some(&first), Some(&last), row.number(5)) {
            failures.push(format!("{}: {} gives {found:?}", row.place(), row.cell(0)));
        }
    }
    expect_none(&failures);
}

#[cfg(feature = "tools")]
#[test]
fn equal_is_what_is_equal_to_cronos() {
    let mut failures = Vec::new();
    let mut apart_in_clock_changes = 0;
    for row in rows("cronos-equal.tsv") {
        let [cron, other] = [0, 1].map(|column| Dialect::DEFAULT.days_and().parse(row.cell(column)).unwrap());
        // Cronos compares the sets alone: to it `1-3` and `1,2,3` in the hours are equal, though where clocks change
        // they fire at different times.
        let changes = |cron: &Cron| (cron.is_interval_like(), cron.is_made_up_in_gap());
        let is_same_set = row.cell(3) == "yes";
        let expected = is_same_set && changes(&cron) == changes(&other);
        apart_in_clock_changes += usize::from(is_same_set && !expected);
        if cron.is_equivalent(&other) != expected {
            failures.push(format!("{}: {} and {}", row.place(), row.cell(0), row.cell(1)));
        }
    }
    expect_none(&failures);
    assert_eq!(apart_in_clock_changes, 5);
}
