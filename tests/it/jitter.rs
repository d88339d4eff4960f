//! Delays that hang on a task's name.

use std::time::{Duration, SystemTime};

use sexton::tz::Zone;
use sexton::{ManualClock, Scheduler};

use crate::stage::*;
use crate::zones;

/// When tasks of these names are first due after the full hour.
fn delays(seed: u64, jitter: Duration, names: &[String]) -> Vec<Duration> {
    let start = moment("2026-11-22 09:59:00").instant(&Zone::utc()).unwrap();
    let hour = moment("2026-11-22 10:00:00").instant(&Zone::utc()).unwrap();
    let clock = ManualClock::new(start);
    let scheduler = Scheduler::builder().clock(&clock).zone(Zone::utc()).seed(seed).build().unwrap();
    let due = |name: &String| {
        let task = scheduler.task(name).at(hour).jitter(jitter).run(|| {});
        task.unwrap().next_due().unwrap().duration_since(hour).unwrap()
    };
    names.iter().map(due).collect()
}

const VECTORS: [[u128; 3]; 4] = [
    [1_934_585_000_000, 3_008_357_000_000, 3_176_429_000_000],
    [822_785_000_000, 2_789_513_000_000, 703_704_000_000],
    [41_000_000, 262_000_000, 572_000_000],
    [134_346_185, 208_913_736, 220_585_351],
];

/// Computed by another program from the description in words.
#[test]
fn the_delay_of_a_name_never_changes() {
    let names = ["backup", "report", "größe"].map(String::from);
    let nanos =
        |seed, jitter| delays(seed, jitter, &names).iter().map(Duration::as_nanos).collect::<Vec<_>>();
    assert_eq!(nanos(0, HOUR), VECTORS[0]);
    assert_eq!(nanos(1, HOUR), VECTORS[1]);
    assert_eq!(nanos(u64::MAX, SECOND), VECTORS[2]);
    assert_eq!(nanos(0, Duration::from_millis(250)), VECTORS[3]);
    assert_eq!(nanos(7, Duration::ZERO), [0; 3]);
    assert_eq!(nanos(7, Duration::from_nanos(1)), [0; 3]);
}

#[test]
fn names_are_spread_evenly() {
    let names: Vec<String> = (0..10_000).map(|i| format!("task-{i}")).collect();
    let other: Vec<String> = (0..10_000).map(|i| format!("{i:05}.example")).collect();
    for (seed, names) in [(0, &names), (1, &names), (0, &other)] {
        let mut buckets = [0_u32; 100];
        let delays = delays(seed, HOUR, names);
        assert!(delays.iter().all(|&delay| delay < HOUR));
        assert!(delays.iter().all(|delay| delay.subsec_nanos() % 1_000_000 == 0), "whole milliseconds");
        for delay in delays {
            buckets[delay.as_secs() as usize / 36] += 1;
        }
        // 99 degrees of freedom: beyond these bounds once in ten thousand on either side.
        let chi_square: f64 = buckets.iter().map(|&n| (f64::from(n) - 100.0).powi(2) / 100.0).sum();
        assert!((54.0..161.0).contains(&chi_square), "{chi_square}: {buckets:?}");
    }
    let differing =
        delays(0, HOUR, &names).iter().zip(delays(1, HOUR, &names)).filter(|(a, b)| **a != *b).count();
    assert!(differing > 9900, "replicas of other seeds start at other times: {differing}");
}

#[test]
fn every_kind_of_schedule_is_delayed() {
    let ten_minutes = 10 * MINUTE;
    let delay = delays(0, ten_minutes, &["t".to_string()])[0];
    assert!(delay > SECOND && delay < ten_minutes);
    let told = |stage: &Stage| -> Vec<SystemTime> {
        stage
            .told()
            .iter()
            .filter_map(|event| match event {
                sexton::Event::Started { due, .. } => Some(*due - delay),
                _ => None,
            })
            .collect()
    };
    let at = |text: &str| moment(text).instant(&Zone::utc()).unwrap();
    let hours = |hours: &[u32]| -> Vec<SystemTime> {
        hours.iter().map(|&h| at("2026-11-22 10:00") + h * HOUR).collect()
    };

    let stage = Stage::at("2026-11-22 10:00:00");
    let task = || stage.scheduler.task("t");
    task().cron("0 * * * *").jitter(ten_minutes).run(|| {}).unwrap();
    stage.clock.advance(4 * HOUR);
    // One began before the task was scheduled, and is due after that.
    assert_eq!(told(&stage), hours(&[0, 1, 2, 3]));
    let task = || stage.scheduler.task("t").every("1h").jitter(ten_minutes).replace();
    task().run(|| {}).unwrap();
    stage.clock.advance(150 * MINUTE);
    assert_eq!(told(&stage), hours(&[4, 5, 6]));
    task().starting("2026-11-22 10:00").until(at("2026-11-22 18:00") + delay).run(|| {}).unwrap();
    stage.clock.advance(3 * HOUR);
    assert_eq!(told(&stage), hours(&[6, 7, 8]), "the last one, the grid, and no more");
    let stage = Stage::at("2026-11-22 10:00:00");
    let task = || stage.scheduler.task("t");
    task().every("1d").starting("2026-11-21 12:00").jitter(ten_minutes).run(|| {}).unwrap();
    stage.clock.advance(30 * HOUR);
    assert_eq!(told(&stage), [at("2026-11-21 12:00"), at("2026-11-22 12:00"), at("2026-11-23 12:00")]);
    let start = stage.clock.now();
    task().after(HOUR).jitter(ten_minutes).replace().run(|| {}).unwrap();
    stage.clock.advance(2 * HOUR);
    assert_eq!(told(&stage), [start + HOUR]);
    let start = stage.clock.now();
    task().at_each([start + HOUR, start + HOUR + SECOND]).jitter(ten_minutes).run(|| {}).unwrap();
    stage.clock.advance(2 * HOUR);
    assert_eq!(told(&stage), [start + HOUR, start + HOUR + SECOND]);
    // The closure is told what time it is.
    let start = stage.clock.now();
    let clock = stage.clock.clone();
    let next = move |now: SystemTime| {
        assert_eq!(now, clock.now());
        Some(now + HOUR)
    };
    task().at_next(next).times(2).jitter(ten_minutes).run(|| {}).unwrap();
    stage.clock.advance(3 * HOUR);
    assert_eq!(told(&stage), [start + HOUR, start + HOUR + delay + HOUR]);
}

#[test]
fn clock_changes_and_what_is_left_out_are_judged_without_the_delay() {
    let berlin = zones::zone("Europe/Berlin");
    let stage = Stage::set_in(berlin.clone(), "2026-03-28 12:00:00");
    let day = Duration::from_secs(86_400);
    let task = stage.scheduler.task("t").cron("30 2 * * *").except_dates(["2026-03-30"]).jitter(day);
    let task = task.run(|| {}).unwrap();
    let delay = delays(0, day, &["t".to_string()])[0];
    let zone = berlin.clone();
    let shown = move |due: SystemTime| zone.civil(due - delay).unwrap().to_string();
    let first = task.next_due().unwrap();
    let mut seen = Vec::new();
    for _ in 0..4 {
        let due = task.next_due().unwrap();
        seen.push(shown(due));
        stage.clock.advance(due.duration_since(stage.clock.now()).unwrap());
    }
    let expected =
        ["2026-03-29T03:00:00", "2026-03-31T02:30:00", "2026-04-01T02:30:00", "2026-04-02T02:30:00"];
    match shown(first).as_str() {
        "2026-03-28T02:30:00" => assert_eq!(seen[1..], expected[..3]),
        _ => assert_eq!(seen, expected),
    }
    // Set back during the delay: what has run is not run again.
    let task = stage.scheduler.task("m").cron("*/30 * * * *").jitter(10 * MINUTE).run(|| {}).unwrap();
    let delay = delays(0, 10 * MINUTE, &["m".to_string()])[0];
    stage.clock.advance(HOUR);
    stage.clock.step_back(5 * HOUR);
    stage.clock.advance(Duration::ZERO);
    let now = stage.clock.now();
    let next = task.next_due().unwrap();
    assert!(next > now && next <= now + 30 * MINUTE);
    assert_eq!(
        (next - delay).duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos() % (30 * MINUTE).as_nanos(),
        0
    );
}

#[test]
fn the_delay_stays_whatever_becomes_of_the_task() {
    let stage = Stage::at("2026-11-22 10:00:00");
    let jitter = 3 * HOUR;
    let delay = delays(0, jitter, &["t".to_string()])[0];
    assert!(delay > HOUR, "many periods");
    let dues = |stage: &Stage| -> Vec<SystemTime> {
        let started = stage.told().into_iter().filter_map(|event| match event {
            sexton::Event::Started { due, .. } => Some(due),
            sexton::Event::Missed { .. } => panic!("{event}"),
            _ => None,
        });
        started.collect()
    };
    // Every minute since it was scheduled, none left out and none twice, all by the same delay.
    let minutes = |first: SystemTime, count: u32| -> Vec<SystemTime> {
        (0..count).map(|minute| first + minute * MINUTE).collect()
    };
    let is_delayed = |due: SystemTime| {
        (due - delay).duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos() % MINUTE.as_nanos() == 0
    };
    let task = |stage: &Stage| {
        let task = stage.scheduler.task("t").cron("* * * * *").jitter(jitter).replace();
        let task = task.run(|| {}).unwrap();
        let first = task.next_due().unwrap();
        let now = stage.clock.now();
        assert!(is_delayed(first) && now < first && first <= now + MINUTE);
        (task, first)
    };
    let (_, first) = task(&stage);
    stage.clock.advance(4 * HOUR);
    assert_eq!(dues(&stage), minutes(first, 240));
    let (_, first) = task(&stage);
    stage.clock.advance(HOUR);
    assert_eq!(dues(&stage), minutes(first, 60), "replaced");
    stage.scheduler.cancel("t").unwrap();
    stage.clock.advance(SECOND);
    let (t, first) = task(&stage);
    t.pause().unwrap();
    stage.clock.advance(SECOND);
    t.resume().unwrap();
    stage.clock.advance(HOUR);
    assert_eq!(dues(&stage), minutes(first, 60), "cancelled, scheduled again and held");
    let again = Stage::at("2026-11-22 16:00:30");
    let (_, first) = task(&again);
    again.clock.advance(HOUR);
    assert_eq!(dues(&again), minutes(first, 60), "started again");
}
