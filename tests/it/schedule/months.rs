//! Periods of months and years, against a walk over all days.

use proptest::prelude::*;
use sexton::civil::{Date, DateTime};
use sexton::tz::Zone;
use sexton::{Period, Schedule};

use super::{dues, unix};
use crate::stage::moment;
use crate::zones::{self, system_time};

#[test]
fn months_keep_the_day_of_the_anchor_or_end_with_the_month() {
    let every = |period: &str, anchor: &str| Schedule::every(period).unwrap().starting(anchor).unwrap();
    dues(
        every("1mo", "2026-01-31 09:00"),
        "2026-01-30T00:00:00",
        &[
            "2026-01-31T09:00:00-5",
            "2026-02-28T09:00:00-5",
            "2026-03-31T09:00:00-4",
            "2026-04-30T09:00:00-4",
            "2026-05-31T09:00:00-4",
        ],
    );
    // The gap of 8 March, and the fold of 1 November, in which it is due once.
    dues(
        every("1mo", "2026-02-08 02:30"),
        "2026-02-08T12:00:00",
        &["2026-02-08T02:30:00-5", "2026-03-08T03:00:00-4", "2026-04-08T02:30:00-4"],
    );
    dues(
        every("3mo", "2026-08-01 01:30"),
        "2026-08-02T00:00:00",
        &["2026-08-01T01:30:00-4", "2026-11-01T01:30:00-4", "2027-02-01T01:30:00-5"],
    );
    // Every leap day, and the last of February between them.
    dues(
        every("1y", "2024-02-29 12:00"),
        "2027-01-01T00:00:00",
        &["2026-02-28T12:00:00-5", "2027-02-28T12:00:00-5", "2028-02-29T12:00:00-5"],
    );
}

#[test]
fn months_end_with_the_calendar() {
    let zone = Zone::utc();
    let after = moment("9999-11-15 00:00").instant(&zone).unwrap();
    let schedule = Schedule::every("1mo").unwrap().starting("9999-10-31 00:00").unwrap().zone(zone.clone());
    assert_eq!(schedule.upcoming(after).unwrap().count(), 3);
    let begun_then = Schedule::every("9999y").unwrap().zone(zone);
    assert_eq!(begun_then.upcoming(after).unwrap().count(), 1);
}

/// The due times of months from an anchor on: each date up to another one is looked at.
fn by_walk(anchor: DateTime, months: i32, zone: &Zone, until: Date) -> Vec<i64> {
    let month = |date: Date| i32::from(date.year()) * 12 + i32::from(date.month());
    let dates = std::iter::successors(Some(anchor.date()), |date| date.checked_add_days(1));
    let dates = dates.take_while(|date| *date <= until).filter(|&date| {
        let is_last = date.checked_add_days(1).map_or(true, |next| next.day() == 1);
        let is_day = date.day() == anchor.date().day() || (is_last && date.day() < anchor.date().day());
        is_day && (month(date) - month(anchor.date())) % months == 0
    });
    let mut due: Vec<i64> =
        dates.map(|date| unix(zone.instants(date.at(anchor.time())).unwrap().due())).collect();
    due.dedup();
    due
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn months_are_due_where_a_walk_over_all_days_says(
        months in prop_oneof![1..15_i32, Just(24), Just(48)],
        day in (0..800_i64).prop_map(|day| "2023-12-15".parse::<Date>().unwrap().checked_add_days(day).unwrap()),
        time in prop_oneof![Just((0, 0)), Just((1, 30)), Just((2, 30)), Just((3, 0)), (0..24_u8, 0..60_u8)],
        zone in 0..4_usize,
        shifts in proptest::collection::vec(0..5000 * 86_400_i64, 6),
    ) {
        let zone = ["America/New_York", "Africa/Cairo", "Australia/Lord_Howe", "Europe/Dublin"][zone];
        let zone = zones::zone(zone);
        let anchor = day.at(sexton::civil::Time::new(time.0, time.1, 0).unwrap());
        let all = by_walk(anchor, months, &zone, "2060-01-01".parse().unwrap());
        let period: Period = format!("{months}mo").parse().unwrap();
        let schedule = || Schedule::from(period).starting(anchor).unwrap().zone(zone.clone());
        for shift in shifts {
            let after = all[0] - 86_400 + shift;
            let next = all.iter().copied().find(|due| *due > after);
            prop_assert_eq!(schedule().next(system_time(after)).unwrap().map(unix), next);
            let before = all.iter().copied().rev().find(|due| *due < after);
            prop_assert_eq!(schedule().previous(system_time(after)).unwrap().map(unix), before);
            let from = all.partition_point(|due| *due <= after).saturating_sub(1);
            let found: Vec<i64> = schedule().upcoming(system_time(after)).unwrap().take(3).map(unix).collect();
            prop_assert_eq!(&found[..], &all[from..(from + 3).min(all.len())]);
        }
    }
}
