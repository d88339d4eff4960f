//! Periods of elapsed time that leave out dates, while the wall clock is set and the zone changes.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use proptest::prelude::*;
use sexton::civil::Date;
use sexton::tz::Zone;
use sexton::{Moment, TaskBuilder};

use super::few;
use crate::stage::*;

fn ahead_of_utc(hours: i32) -> Zone {
    Zone::from_posix(&format!("ABC{}", -hours)).unwrap()
}

/// Leaves dates out by a list, or by a closure.
fn without<'a>(task: TaskBuilder<'a>, dates: &[Date], asks: bool) -> TaskBuilder<'a> {
    let dates = dates.to_vec();
    match asks {
        true => task.except(move |time| dates.contains(&time.date())),
        false => task.except_dates(dates),
    }
}

/// The lines about runs of the task since the last time.
fn runs_of(stage: &Stage) -> Vec<String> {
    stage.lines().into_iter().filter(|line| line.starts_with("t ")).collect()
}

#[test]
fn elapsed_time_is_judged_again_when_the_clock_is_set_or_the_zone_changes() {
    // How long it is elapsed time from 20:30 on the day before the listed one, and what happens then.
    type Row = (Duration, fn(&Stage), &'static str, &'static [&'static str]);
    let rows: [Row; 5] = [
        (5 * HOUR, |stage| stage.clock.step(DAY), "2026-03-09T02:30:00Z", &["02:30", "03:30", "04:30"]),
        (5 * HOUR, |stage| stage.clock.step(HOUR), "2026-03-09T00:30:00Z", &["00:30", "01:30", "02:30"]),
        (
            5 * HOUR,
            |stage| stage.scheduler.set_zone(ahead_of_utc(2)),
            "2026-03-08T22:30:00Z",
            &["22:30", "23:30", "00:30"],
        ),
        (
            28 * HOUR + 56 * MINUTE,
            |stage| stage.clock.step_back(2 * HOUR),
            "2026-03-09T00:30:00Z",
            &["00:30", "01:30", "02:30"],
        ),
        (
            28 * HOUR + 56 * MINUTE,
            |stage| stage.clock.step_back(20 * HOUR),
            "2026-03-09T00:30:00Z",
            &["00:30", "01:30", "02:30"],
        ),
    ];
    for (i, (elapsed, happens, next, runs)) in rows.iter().enumerate() {
        for asks in [false, true] {
            let stage = Stage::at("2026-03-07 20:30:00");
            let task = stage.scheduler.task("t").every("1h");
            let task = without(task, &["2026-03-08".parse().unwrap()], asks).run(|| {}).unwrap();
            stage.clock.advance(*elapsed);
            stage.lines();
            happens(&stage);
            stage.clock.advance(Duration::ZERO);
            let due = task.next_due().unwrap();
            assert_eq!(time(due), *next, "row {i}, {asks}");
            stage.clock.advance(due.duration_since(stage.clock.now()).unwrap() + 2 * HOUR);
            let lines = runs_of(&stage);
            let shown: Vec<&str> = lines.iter().map(|line| &line["t 2026-03-08T".len()..][..5]).collect();
            assert_eq!(shown, *runs, "row {i}, {asks}: {lines:?}");
        }
    }
}

#[test]
fn a_start_that_is_left_out_is_followed_into_another_zone() {
    for (start, next) in
        [("2026-03-08 00:30", "2026-03-08T22:30:00Z"), ("2026-03-08T00:30:00Z", "2026-03-08T22:30:00Z")]
    {
        for asks in [false, true] {
            let stage = Stage::at("2026-03-07 20:00:00");
            let task = stage.scheduler.task("t").every("1h").starting(start);
            let task = without(task, &["2026-03-08".parse().unwrap()], asks).run(|| {}).unwrap();
            assert_eq!(time(task.next_due().unwrap()), "2026-03-09T00:30:00Z");
            // The start has passed: that the clock shows something else now does not move it.
            stage.clock.advance(5 * HOUR + 26 * MINUTE);
            stage.scheduler.set_zone(ahead_of_utc(2));
            stage.clock.advance(Duration::ZERO);
            assert_eq!(time(task.next_due().unwrap()), next, "{start}, {asks}");
            stage.clock.advance(DAY - 2 * HOUR);
            assert_eq!(runs_of(&stage), ["t 2026-03-08T22:30:00Z"], "{start}, {asks}");
        }
        // It is still to come, and is left out in the other zone, too.
        let stage = Stage::at("2026-03-07 20:00:00");
        let task = stage.scheduler.task("t").every("1h").starting(start).except_dates(["2026-03-08"]);
        let task = task.run(|| {}).unwrap();
        stage.scheduler.set_zone(ahead_of_utc(2));
        assert_eq!(time(task.next_due().unwrap()), next, "{start}");
    }
}

#[derive(Clone, Debug)]
enum Change {
    Forward(u64),
    Back(u64),
    Zone(i32),
    None,
}

fn change() -> impl Strategy<Value = Change> {
    let minutes = || prop_oneof![1..200_u64, 1..5000_u64];
    prop_oneof![
        minutes().prop_map(Change::Forward),
        minutes().prop_map(Change::Back),
        (-12..=14).prop_map(Change::Zone),
        Just(Change::None),
    ]
}

proptest! {
    #![proptest_config(few(300))]

    /// A time of the grid runs if and only if what the clock shows then is on no listed date.
    #[test]
    fn elapsed_time_runs_by_what_the_clock_shows_when_it_has_come(
        period in prop_oneof![3..90_u64, 3..900_u64],
        first_after in prop_oneof![Just(0), 0..3000_u64],
        is_spread in any::<bool>(),
        asks in any::<bool>(),
        listed in proptest::collection::vec(-3..6_i64, 1..5),
        steps in proptest::collection::vec((change(), change(), 0..1500_u64), 1..12),
    ) {
        let minutes = |count: u64| MINUTE * count as u32;
        let (period, first_after) = (minutes(period), minutes(first_after));
        let today: Date = "2026-03-07".parse().unwrap();
        let listed: Vec<Date> = listed.iter().map(|&days| today.checked_add_days(days).unwrap()).collect();
        let stage = Stage::at("2026-03-07 20:30:00");
        let start = stage.clock.now();
        let runs = Arc::new(Mutex::new(Vec::new()));
        let (clock, seen) = (stage.clock.clone(), runs.clone());
        let task = stage.scheduler.task("t").every(period).first_after(first_after);
        let task = if is_spread { task.jitter(period) } else { task };
        let task = without(task, &listed, asks).run_with(move |run| {
            assert_eq!(run.due(), clock.now());
            seen.lock().unwrap().push(clock.now());
        });
        let task = task.unwrap();
        // Whatever is left out, the first is a whole number of periods later.
        let first = task.next_due().unwrap().duration_since(start + first_after).unwrap().as_nanos();
        let delay = Duration::from_nanos((first % period.as_nanos()) as u64);
        // `ahead` is by how much the wall clock was set forward.
        let (mut zone, mut ahead, mut elapsed, mut next) = (0, 0_i64, Duration::ZERO, 0_u32);
        let wall = |mono: Duration, ahead: i64| match ahead < 0 {
            true => start + mono - minutes(ahead.unsigned_abs()),
            false => start + mono + minutes(ahead as u64),
        };
        let grid = |i: u32| first_after + period * i + delay;
        let is_left_out = |shown: SystemTime, zone: i32| {
            listed.contains(&ahead_of_utc(zone).civil(shown - delay).unwrap().date())
        };
        // What is due at once is judged before anything changes.
        let begin = std::iter::once((Change::None, Change::None, 0));
        for (one, other, length) in begin.chain(steps) {
            for change in [one, other] {
                match change {
                    Change::Forward(by) => {
                        stage.clock.step(minutes(by));
                        ahead += by as i64;
                    }
                    Change::Back(by) => {
                        stage.clock.step_back(minutes(by));
                        ahead -= by as i64;
                    }
                    Change::Zone(hours) => {
                        stage.scheduler.set_zone(ahead_of_utc(hours));
                        zone = hours;
                    }
                    Change::None => {}
                }
            }
            stage.clock.advance(minutes(length));
            elapsed += minutes(length);
            let mut expected = Vec::new();
            while grid(next) <= elapsed {
                let shown = wall(grid(next), ahead);
                expected.extend((!is_left_out(shown, zone)).then_some(shown));
                next += 1;
            }
            prop_assert_eq!(std::mem::take(&mut *runs.lock().unwrap()), expected);
            let due = (next..).map(|i| wall(grid(i), ahead)).find(|&shown| !is_left_out(shown, zone));
            prop_assert_eq!(task.next_due().map(Moment::from), due.map(Moment::from));
        }
        prop_assert!(!stage.lines().iter().any(|line| line.contains("missed")));
    }
}
