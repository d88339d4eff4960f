//! Tasks, on a clock that is set by hand.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use sexton::tz::Zone;
use sexton::{cron, ManualClock, Schedule, Scheduler};

use crate::measure;

/// How many wait all the time. They and three times `TIMES` fill a hash map by two thirds, so that it never makes room.
const WAITING: usize = 2048;

const TIMES: usize = 256;

fn with_waiting_tasks() -> (ManualClock, Scheduler) {
    let clock = ManualClock::new(SystemTime::UNIX_EPOCH);
    let scheduler = Scheduler::builder().clock(&clock).zone(Zone::utc()).build().unwrap();
    // By both clocks.
    for i in 0..WAITING {
        let schedule = match i % 2 {
            0 => Schedule::after(Duration::from_secs(1_000_000 + i as u64)),
            _ => Schedule::from(cron!("0 0 1 7 *")),
        };
        scheduler.task(&format!("waits {i}")).on(schedule).run(|| {}).unwrap();
    }
    (clock, scheduler)
}

pub fn measure_all() {
    schedule_and_cancel("after a delay", || Schedule::after(Duration::from_secs(3600)));
    schedule_and_cancel("with cron", || Schedule::from(cron!("30 2 * * *")));
    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1800);
    let with_start =
        || Schedule::every(Duration::from_secs(3600)).and_then(|schedule| schedule.starting(start));
    schedule_and_cancel("with a period and its start", || with_start().unwrap());
    run("a period", 1, || Schedule::every(Duration::from_secs(1)).unwrap());
    run("cron", 1, || Schedule::from(cron!("* * * * * *")));
    run("a period, 64 at once", 64, || Schedule::every(Duration::from_secs(1)).unwrap());
}

fn schedule_and_cancel(what: &str, schedule: impl Fn() -> Schedule) {
    let (_clock, scheduler) = with_waiting_tasks();
    let names: Vec<String> = (0..3 * TIMES).map(|i| format!("task {i}")).collect();
    let add = |i: usize| {
        let callback = move || {
            black_box(i);
        };
        scheduler.task(&names[i]).on(schedule()).run(callback).unwrap();
    };
    // In another order, always the same one: 1021 has no factor in common with the number of names.
    let remove = |i: usize| scheduler.cancel(&names[i * 1021 % names.len()]).unwrap();
    // What grows has grown.
    (0..names.len()).for_each(add);
    (0..names.len()).for_each(remove);

    let mut at = 0;
    measure(&format!("schedule, {what}"), TIMES, |times| {
        (at..at + times).for_each(add);
        at += times;
    });
    assert_eq!(scheduler.tasks().len(), WAITING + names.len());
    at = 0;
    measure(&format!("cancel, {what}"), TIMES, |times| {
        (at..at + times).for_each(remove);
        at += times;
    });
    assert_eq!(scheduler.tasks().len(), WAITING);
}

/// So many tasks are due every second.
fn run(what: &str, tasks: usize, schedule: impl Fn() -> Schedule) {
    let (clock, scheduler) = with_waiting_tasks();
    let runs = Arc::new(AtomicU64::new(0));
    for i in 0..tasks {
        let runs = runs.clone();
        let callback = move || {
            runs.fetch_add(1, Relaxed);
        };
        scheduler.task(&format!("runs {i}")).on(schedule()).run(callback).unwrap();
    }
    // What is remembered of past runs is full.
    clock.advance(Duration::from_secs(100));
    let before = runs.load(Relaxed);
    measure(&format!("run, {what}"), TIMES, |times| {
        (0..times / tasks).for_each(|_| clock.advance(Duration::from_secs(1)));
    });
    assert_eq!(runs.load(Relaxed) - before, 3 * TIMES as u64);
}
