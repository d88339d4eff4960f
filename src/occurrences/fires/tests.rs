//! Fires in zones that no country has, and counts against walks.

use std::cell::Cell;
use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample;

use super::*;
use crate::tz::PosixZone;

/// A zone whose clocks are turned by two days every hour from 1970 on, first back, and how often it was asked.
#[derive(Default)]
struct Turning {
    asked: Cell<u32>,
}

impl Offsets for Turning {
    fn span(&self, unix: i64) -> Span {
        self.asked.set(self.asked.get() + 1);
        match unix.div_euclid(3600) {
            hour if hour < 0 => Span { lo: i64::MIN, hi: 0, offset: 86_400 },
            hour => {
                let offset = if hour % 2 == 0 { -86_400 } else { 86_400 };
                Span { lo: hour * 3600, hi: (hour + 1) * 3600, offset }
            }
        }
    }
}

/// A list of all numbers below this one, which has no `*`, range or step in it.
fn all_below(end: u32) -> String {
    let numbers: Vec<String> = (0..end).map(|number| number.to_string()).collect();
    numbers.join(",")
}

#[test]
fn a_search_asks_the_zone_for_each_change_and_not_for_each_second() {
    let every_second =
        Cron::parse(&format!("{} {} {} * * *", all_below(60), all_below(60), all_below(24))).unwrap();
    assert!(!every_second.is_interval_like() && every_second.is_made_up_in_gap());
    let mut most = 0;
    for after in (-3600..4 * 3600).step_by(300) {
        for search in [next, previous] {
            let zone = Turning::default();
            assert!(search(&every_second, &zone, after).is_some());
            most = most.max(zone.asked.get());
        }
    }
    // There are 52 changes within the reach of one, and a look at a civil time asks about each of them.
    assert!(most < 52 * 52 * 4, "asked {most} times");
}

#[test]
fn a_search_near_many_changes_finds_what_each_civil_time_is_due_at() {
    let zone = Turning::default();
    let cron = Cron::parse(&format!("0 7,37 {} * * *", all_below(24))).unwrap();
    let (start, end) = (-86_400, 4 * 86_400);
    let civil_times = (start - REACH..end + REACH).filter(|&civil| cron.at_or_after(civil) == Some(civil));
    let due_times: BTreeSet<i64> = civil_times.map(|civil| zone.resolve(civil).due()).collect();
    let due_times: Vec<i64> = due_times.into_iter().filter(|due| (start..end).contains(due)).collect();
    assert!(due_times.len() > 100, "{}", due_times.len());

    let ahead = std::iter::successors(next(&cron, &zone, start - 1), |&due| next(&cron, &zone, due));
    assert_eq!(ahead.take_while(|&due| due < end).collect::<Vec<_>>(), due_times);
    let one_by_one = cron.upcoming_in(&zone, start - 1).take_while(|&due| due < end);
    assert_eq!(one_by_one.collect::<Vec<_>>(), due_times);
    let back = std::iter::successors(previous(&cron, &zone, end), |&due| previous(&cron, &zone, due));
    let mut back: Vec<i64> = back.take_while(|&due| due >= start).collect();
    back.reverse();
    assert_eq!(back, due_times);
}

#[test]
fn a_count_near_many_changes_is_that_of_a_walk() {
    let zone = Turning::default();
    let fixed = format!("0 7,37 {} * * *", all_below(24));
    for text in [&*fixed, "*/7 * * * *", "30 2,14 * * *", "*/5 1-3 * * *", "15 */2 * * *"] {
        let cron = Cron::parse(text).unwrap();
        for after in (-3 * 3600..3 * 3600).step_by(1799) {
            for length in [0, 1, 1800, 5 * 3600, 60 * 3600] {
                let until = after + length;
                let fires = std::iter::successors(next(&cron, &zone, after), |&due| next(&cron, &zone, due));
                let walked = fires.take_while(|&due| due <= until).count() as u64;
                assert_eq!(count(&cron, &zone, after, until), walked, "{text} {after} {until}");
            }
        }
    }
}

#[test]
fn a_count_reaches_over_all_of_the_calendar() {
    let cron = Cron::parse("0 0 1 1 *").unwrap();
    let zone = PosixZone::parse("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
    assert_eq!(count(&cron, &zone, i64::MIN, i64::MAX), 9_999);
    assert_eq!(count(&cron, &zone, 0, i64::MIN), 0);
}

#[test]
fn what_is_given_one_by_one_ends_with_the_calendar() {
    let zone = PosixZone::parse("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
    for text in ["0 0 1 1 *", "0 0 30 2 *", "0 0 0 1 1 ? 2199"] {
        let cron = Cron::parse(text).unwrap();
        let mut last = cron.upcoming_in(&zone, 6_000_000_000);
        assert_eq!(last.by_ref().count() as u64, count(&cron, &zone, 6_000_000_000, i64::MAX), "{text}");
        assert_eq!(last.next(), None, "{text}");
    }
}

#[cfg(feature = "std")]
#[test]
fn nothing_is_said_of_the_time_before_a_zone_begins() {
    // Its data begin with 2026.
    let (zone, begins) = (crate::tz::Zone::of_small_table("Europe/Paris"), 1_767_225_600);
    let hourly = Cron::parse("0 * * * *").unwrap();
    assert_eq!(
        (hourly.next_in(&zone, begins), hourly.next_in(&zone, begins - 1)),
        (Some(begins + 3600), None)
    );
    assert_eq!(hourly.upcoming_in(&zone, begins).next(), Some(begins + 3600));
    assert_eq!(hourly.upcoming_in(&zone, begins - 1).next(), None);
    assert_eq!(
        (hourly.previous_in(&zone, begins + 1), hourly.previous_in(&zone, begins)),
        (Some(begins), None)
    );
    assert!(hourly.fires_at(&zone, begins) && !hourly.fires_at(&zone, begins - 3600));
}

fn expressions() -> impl Strategy<Value = String> {
    let minute = sample::select(vec!["0", "30", "*/15", "0,30", "7-9", "*"]);
    let hour = sample::select(vec!["*", "2", "1,2,3", "*/2", "0", "23", "2-3", "0,12"]);
    let day = sample::select(vec!["*", "*", "25", "1,15"]);
    let weekday = sample::select(vec!["*", "*", "sun", "mon-fri"]);
    let second = sample::select(vec!["0", "0", "*/20"]);
    (second, minute, hour, day, weekday).prop_map(|(second, minute, hour, day, weekday)| {
        format!("{second} {minute} {hour} {day} * {weekday}")
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_count_and_what_is_given_one_by_one_are_those_of_a_walk(
        text in expressions(),
        rule in sample::select(vec![
            "CET-1CEST,M3.5.0,M10.5.0/3", "EST5EDT,M3.2.0,M11.1.0", "LHST-10:30LHDT-11,M10.1.0,M4.1.0", "UTC0",
            "ODD-1EVEN-24,J80/0,J260/0", "NIGHT3DAY2,M3.5.0/-2,M10.5.0/-1",
        ]),
        year in 2020..2030_i64,
        // The borders of a span, and ranges that begin or end in a gap or a fold.
        from in prop_oneof![-2..3_i64, -9000..9000_i64, -600_000..600_000_i64],
        to in prop_oneof![-2..3_i64, -9000..9000_i64, -600_000..600_000_i64],
        borders in (0..3_usize, 0..3_usize),
    ) {
        let zone = PosixZone::parse(rule).unwrap();
        let cron = Cron::parse(&text).unwrap();
        let border = |number: usize| {
            let spans = std::iter::successors(Some(zone.span((year - 1970) * 31_556_952)), |span| {
                (span.hi < i64::MAX).then(|| zone.span(span.hi))
            });
            spans.take(number + 1).map(|span| span.hi.min(2_000_000_000)).last().unwrap()
        };
        let (after, until) = (border(borders.0) + from, border(borders.1) + to);
        let fires = std::iter::successors(next(&cron, &zone, after), |&due| next(&cron, &zone, due));
        let walked: Vec<i64> = fires.take_while(|&due| due <= until).collect();
        prop_assert_eq!(count(&cron, &zone, after, until), walked.len() as u64, "after {} until {}", after, until);
        let given: Vec<i64> = cron.upcoming_in(&zone, after).take_while(|&due| due <= until).collect();
        prop_assert_eq!(given, walked, "after {} until {}", after, until);
    }
}
