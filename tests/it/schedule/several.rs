//! Several schedules as one.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use sexton::tz::Zone;
use sexton::{cron, Event, Missed, Schedule};

use super::{dues, unix};
use crate::stage::{Stage, DAY};
use crate::zones::{self, system_time};

fn cron(text: &str) -> Schedule {
    Schedule::cron(text).unwrap()
}

fn every(period: &str, anchor: &str) -> Schedule {
    Schedule::every(period).unwrap().starting(anchor).unwrap()
}

fn at(text: &str) -> Schedule {
    Schedule::at(text).unwrap()
}

#[test]
fn several_schedules_are_one() {
    dues(
        Schedule::any([
            cron("30 5 * * *"),
            cron("45 12 * * mon-fri"),
            at("2026-11-28 05:30"),
            at("2026-11-28 17:00"),
        ]),
        "2026-11-27T06:00:00",
        &["2026-11-27T12:45:00-5", "2026-11-28T05:30:00-5", "2026-11-28T17:00:00-5", "2026-11-29T05:30:00-5"],
    );
    // Members have their own beginnings, ends and dates; the whole has others.
    let members = [
        cron("0 9 * * *").until("2026-11-29 09:00").unwrap(),
        cron("0 10 * * *").starting("2026-11-28 10:00").unwrap(),
        cron("0 11 * * *").except_dates(["2026-11-29"]).unwrap().or_next_day(),
        every("2d", "2026-11-21 12:00"),
    ];
    dues(
        Schedule::any(members).until("2026-11-30 11:00").unwrap().except_dates(["2026-11-28"]).unwrap(),
        "2026-11-27T10:00:00",
        &[
            "2026-11-27T11:00:00-5",
            "2026-11-27T12:00:00-5",
            "2026-11-29T09:00:00-5",
            "2026-11-29T10:00:00-5",
            "2026-11-29T12:00:00-5",
            "2026-11-30T10:00:00-5",
            "2026-11-30T11:00:00-5",
        ],
    );
    let closed = Schedule::any([cron("0 9 25 * *"), at("2026-12-26 10:00")]);
    dues(
        closed.except_dates(["2026-12-25", "2026-12-26"]).unwrap().or_previous_day(),
        "2026-12-01T00:00:00",
        &["2026-12-24T09:00:00-5", "2026-12-24T10:00:00-5", "2027-01-25T09:00:00-5"],
    );
}

#[test]
fn several_schedules_have_words() {
    let some = Schedule::any([cron!("30 5 * * *"), cron!("45 12 * * *")]);
    assert_eq!(some.to_string(), "any of (cron 30 5 * * *; cron 45 12 * * *)");
    let some = Schedule::any([some, every("1mo", "2026-01-31").until("2027-01-01").unwrap()]);
    let some = some.except_dates(["2026-12-25"]).unwrap().zone(Zone::utc());
    assert_eq!(
        some.to_string(),
        "any of (any of (cron 30 5 * * *; cron 45 12 * * *); every 1mo starting 2026-01-31T00:00:00 \
         until 2027-01-01T00:00:00) except 1 date in UTC"
    );
    assert_eq!(some.try_clone().unwrap().to_string(), some.to_string());
    assert!(Schedule::any([Schedule::at_each(["2026-12-24"])]).try_clone().is_none());
}

#[test]
fn what_cannot_be_one_of_several_is_an_error_that_says_why() {
    let stage = Stage::at("2026-11-22 10:00:00");
    let because =
        |schedule: Schedule| stage.scheduler.task("t").on(schedule).run(|| {}).unwrap_err().to_string();
    let one = |member: Schedule| because(Schedule::any([cron("0 9 * * *"), member]));
    let no_member = "cannot be a member, expected `cron`, `every` with `starting`, `at`, or `any`";
    let of_whole =
        "expected `zone`, `times`, `jitter` and `except` with a closure on the whole, not on a member";
    for (member, text, why) in [
        (Schedule::every("1d").unwrap(), "every 1d", no_member),
        (Schedule::after(DAY), "after 86400s", no_member),
        (Schedule::at_each(["2026-12-24"]), "at each of an iterator", no_member),
        (Schedule::at_next(|_| None), "at next of a closure", no_member),
        (cron("@daily").zone(Zone::utc()), "cron 0 0 * * * in UTC", of_whole),
        (cron("@daily").times(3), "cron 0 0 * * * 3 times", of_whole),
        (cron("@daily").jitter(DAY), "cron 0 0 * * * jitter 86400s", of_whole),
        (cron("@daily").except(|_| false), "cron 0 0 * * * except some times", of_whole),
    ] {
        assert_eq!(one(member), format!("task `t`: any `{text}`: {why}"));
    }
    assert_eq!(because(Schedule::any::<[Schedule; 0]>([])), "task `t`: any: expected at least one schedule");
    assert_eq!(
        because(Schedule::any([at("2026-11-22 09:00"), at("2025-01-01")])),
        "task `t`: any of (at 2026-11-22T09:00:00; at 2025-01-01T00:00:00) is not due any more"
    );
    assert_eq!(
        one(cron("@daily").or_next_day()),
        "task `t`: or_next_day: found no dates to move, expected dates from `except_dates`; \
         what `except` leaves out does not move"
    );
    assert_eq!(
        because(Schedule::any([cron("@daily")]).starting("2026-12-01").unwrap()),
        "task `t`: starting: goes with `cron` and `every` only; other schedules say themselves when they start"
    );
}

#[test]
fn an_expression_that_names_its_times_waits_where_another_goes_back_with_the_clock() {
    let stage = Stage::at("2026-11-22 10:00:00");
    let both = Schedule::any([cron("*/20 * * * *"), cron("30 10 * * *")]);
    stage.scheduler.task("t").on(both).run(|| {}).unwrap();
    stage.clock.advance(Duration::from_secs(45 * 60));
    assert_eq!(stage.lines(), ["t 10:20:00", "t 10:30:00", "t 10:40:00"]);
    stage.clock.step_back(Duration::from_secs(30 * 60));
    stage.clock.advance(Duration::from_secs(46 * 60));
    assert_eq!(stage.lines()[1..], ["t 10:20:00", "t 10:40:00", "t 11:00:00"]);
    // After a correction all is due again.
    stage.clock.step_back(Duration::from_secs(24 * 3600));
    stage.clock.advance(Duration::from_secs(24 * 3600));
    assert_eq!(
        stage.lines().iter().filter(|line| line.ends_with("10:30:00") || line.ends_with("10:30:00Z")).count(),
        1
    );
}

const MEMBERS: [&str; 14] = [
    "30 5 * * *",
    "45 12 * * mon-fri",
    "*/30 * * * *",
    "0 2 * * *",
    "30 2,3 * * sun,sat",
    "0 */2 * * *",
    "0 9 L * *",
    "every 1d 2026-01-01 02:30",
    "every 2d 2026-03-28 00:00",
    "every 1mo 2026-01-31 01:30",
    "every 90m 2026-01-01 00:15",
    "at 2026-03-29 02:30",
    "at 2026-10-25 12:45",
    "every 1d6h 2026-03-01 00:00",
];

fn member(text: &str) -> Schedule {
    match text.split_once(' ').unwrap() {
        ("every", rest) => {
            let (period, anchor) = rest.split_once(' ').unwrap();
            every(period, anchor)
        }
        ("at", moment) => at(moment),
        _ => cron(text),
    }
}

/// Around the changes of clocks in Paris in 2026, on 29 March and 25 October.
fn starts() -> impl Strategy<Value = i64> {
    prop_oneof![1_774_600_000..1_774_800_000_i64, 1_792_740_000..1_792_940_000_i64]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn several_are_due_whenever_one_is(
        texts in subsequence(MEMBERS.to_vec(), 1..6),
        start in starts(),
        shifts in proptest::collection::vec(0..10 * 86_400_i64, 6),
        dates in proptest::collection::vec(0..10_i64, 0..3),
        ends in proptest::option::of(0..12 * 86_400_i64),
    ) {
        let zone = zones::zone("Europe/Paris");
        let (from, to) = (start - 86_400, start + 14 * 86_400);
        let dates: Vec<_> = dates.iter().map(|days| zone.civil(system_time(start + days * 86_400)).unwrap().date()).collect();
        let mut all = BTreeSet::new();
        for text in &texts {
            let alone = member(text).zone(zone.clone());
            let next = |due: &i64| alone.next(system_time(*due)).unwrap().map(unix);
            all.extend(std::iter::successors(next(&from), next).take_while(|due| *due <= to + 40 * 86_400));
        }
        all.retain(|due| !dates.contains(&zone.civil(system_time(*due)).unwrap().date()));
        all.retain(|due| ends.map_or(true, |ends| *due <= start + ends));
        let some = || {
            let some = Schedule::any(texts.iter().map(|text| member(text))).zone(zone.clone());
            let some = some.except_dates(dates.clone()).unwrap();
            ends.into_iter().fold(some, |some, ends| some.until(system_time(start + ends)).unwrap())
        };
        for shift in shifts {
            let after = start + shift;
            let expected: Vec<i64> = all.range(after + 1..).copied().take(12).collect();
            let found: Vec<i64> =
                some().upcoming(system_time(after)).into_iter().flatten().take(expected.len()).map(unix).collect();
            prop_assert_eq!(&found, &expected);
            let asked = some();
            // What comes later is not in the set.
            let next = asked.next(system_time(after)).unwrap().map(unix).filter(|due| *due <= to + 40 * 86_400);
            prop_assert_eq!(next, all.range(after + 1..).next().copied());
            if let Some(before) = all.range(..after).next_back() {
                prop_assert_eq!(asked.previous(system_time(after)).unwrap().map(unix), Some(*before));
            }
            prop_assert_eq!(asked.matches(system_time(after)).unwrap(), all.contains(&after));
            for due in expected {
                prop_assert!(asked.matches(system_time(due)).unwrap());
            }
        }
    }

    #[test]
    fn however_clocks_and_zones_change_several_run_when_one_of_them_alone_does(
        texts in subsequence(MEMBERS[..10].to_vec(), 1..4),
        start in starts(),
        deeds in proptest::collection::vec(
            (0..90_000_u64, prop_oneof![
                2 => Just(0), 1 => -10_700..10_700_i64, 1 => -3600..-600_i64, 1 => 11_000..90_000_i64,
            ], proptest::option::weighted(0.2, select(vec!["Europe/Paris", "America/New_York", "Europe/London", "Africa/Cairo"]))),
            1..8,
        ),
    ) {
        let paris = zones::zone("Europe/Paris");
        let begins = paris.civil(system_time(start)).unwrap().to_string();
        let stage = Stage::set_in(paris, &begins);
        let begins = unix(stage.clock.now());
        let task = |name: &str, schedule: Schedule| {
            stage.scheduler.task(name).on(schedule).missed(Missed::All).grace(Duration::from_secs(90 * 86_400)).run(|| {}).unwrap();
        };
        for text in &texts {
            task(text, member(text));
        }
        task("all", Schedule::any(texts.iter().map(|text| member(text))));
        for (wait, step, zone) in deeds {
            stage.clock.advance(Duration::from_secs(wait));
            if let Some(zone) = zone {
                stage.scheduler.set_zone(zones::zone(zone));
            }
            match step < 0 {
                true => stage.clock.step_back(Duration::from_secs(step.unsigned_abs())),
                false => stage.clock.step(Duration::from_secs(step.unsigned_abs())),
            }
            stage.clock.advance(Duration::ZERO);
        }
        stage.clock.advance(DAY * 2);
        let (mut all, mut alone) = (Vec::new(), Vec::new());
        for event in stage.told() {
            if let Event::Started { task, due, .. } = event {
                // A period that begins late runs its last one at once.
                if unix(due) > begins {
                    let runs = if &*task == "all" { &mut all } else { &mut alone };
                    runs.push((unix(due), task.to_string()));
                }
            }
        }
        all.sort();
        alone.sort();
        let all: Vec<i64> = all.into_iter().map(|(due, _)| due).collect();
        let mut times: Vec<i64> = alone.iter().map(|(due, _)| *due).collect();
        times.dedup();
        // What is due again after the clock was set back runs again, and is in both lists more than once.
        let distinct: BTreeSet<i64> = all.iter().copied().collect();
        prop_assert_eq!(distinct.iter().copied().collect::<Vec<_>>(), times, "{:?}", alone);
    }
}

#[test]
fn missed_occurrences_of_several_are_counted_once_each() {
    let stage = Stage::at("2026-11-22 10:00:00");
    let some = Schedule::any([
        cron("*/10 * * * *"),
        cron("*/15 * * * *"),
        at("2026-12-24 18:00"),
        at("2026-12-24 18:05"),
    ]);
    let task = stage.scheduler.task("t").on(some).run(|| {}).unwrap();
    task.pause().unwrap();
    stage.clock.advance(DAY * 100);
    task.resume().unwrap();
    stage.clock.advance(Duration::ZERO);
    // Eight in each hour, and 18:05.
    let lines = stage.lines();
    assert!(lines[2].starts_with(&format!("t missed {} ", 8 * 24 * 100 + 1)), "{lines:?}");
}
