//! What one of many tasks costs.

use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::Arc;
use std::time::Duration;

use sexton::{Schedule, Scheduler};

use crate::random::Random;
use crate::{counting, manual, names, one_shot, took};

fn add(scheduler: &Scheduler, i: usize, name: &str, schedule: fn(usize) -> Schedule) {
    let callback = move || {
        black_box(i);
    };
    scheduler.task(name).on(schedule(i)).run(callback).unwrap();
}

fn add_all(scheduler: &Scheduler, names: &[String], schedule: fn(usize) -> Schedule) {
    names.iter().enumerate().for_each(|(i, name)| add(scheduler, i, name, schedule));
}

fn shuffled(mut names: Vec<String>) -> Vec<String> {
    Random::default().shuffle(&mut names);
    names
}

pub fn schedule(n: usize, schedule: fn(usize) -> Schedule) -> f64 {
    let ((_clock, scheduler), names) = (manual(), names(n));
    let nanos = took(|| add_all(&scheduler, &names, schedule));
    assert_eq!(scheduler.tasks().len(), n);
    nanos / n as f64
}

/// In another order than they were scheduled in.
pub fn cancel(n: usize, schedule: fn(usize) -> Schedule) -> f64 {
    let ((_clock, scheduler), names) = (manual(), names(n));
    add_all(&scheduler, &names, schedule);
    let names = shuffled(names);
    let nanos = took(|| names.iter().for_each(|name| scheduler.cancel(name).unwrap()));
    assert!(scheduler.tasks().is_empty());
    nanos / n as f64
}

fn longest(names: &[String], ask: impl Fn(&str)) -> f64 {
    names.iter().map(|name| took(|| ask(name))).fold(0.0, f64::max) / 1e6
}

pub fn longest_schedule(n: usize) -> f64 {
    let (_clock, scheduler) = manual();
    longest(&names(n), |name| add(&scheduler, 0, name, one_shot))
}

pub fn longest_cancel(n: usize) -> f64 {
    let ((_clock, scheduler), names) = (manual(), names(n));
    add_all(&scheduler, &names, one_shot);
    longest(&shuffled(names), |name| scheduler.cancel(name).unwrap())
}

/// All of them every second; a run of each.
pub fn run_all(n: usize) -> f64 {
    let ((clock, scheduler), runs) = (manual(), Arc::new(AtomicUsize::new(0)));
    for name in names(n) {
        let runs = runs.clone();
        let callback = move || {
            runs.fetch_add(1, Relaxed);
        };
        scheduler.task(&name).every("1s").run(callback).unwrap();
    }
    clock.advance(Duration::ZERO);
    let seconds = (1_000_000 / n).clamp(2, 200);
    let nanos = took(|| clock.advance(Duration::from_secs(seconds as u64)));
    assert_eq!(runs.load(Relaxed), n * (seconds + 1));
    nanos / (n * seconds) as f64
}

/// One of them every second; the others wait.
pub fn run_one(n: usize) -> f64 {
    const RUNS: usize = 10_000;
    let ((clock, scheduler), runs) = (manual(), Arc::new(AtomicUsize::new(0)));
    let far = |i: usize| Schedule::after(Duration::from_secs(1_000_000 + i as u64));
    add_all(&scheduler, &names(n), far);
    let seen = runs.clone();
    let callback = move || {
        runs.fetch_add(1, Relaxed);
    };
    scheduler.task("one").every("1s").run(callback).unwrap();
    clock.advance(Duration::ZERO);
    let nanos = took(|| (0..RUNS).for_each(|_| clock.advance(Duration::from_secs(1))));
    assert_eq!(seen.load(Relaxed), RUNS + 1);
    nanos / RUNS as f64
}

/// Bytes for each, of which the names of this program are none.
fn bytes_of_each(n: usize, work: impl FnOnce(&Scheduler, &[String])) -> f64 {
    let ((_clock, scheduler), names) = (manual(), names(n));
    let before = counting::held().0;
    work(&scheduler, &names);
    (counting::held().0 - before) as f64 / n as f64
}

pub fn bytes(n: usize, schedule: fn(usize) -> Schedule) -> f64 {
    bytes_of_each(n, |scheduler, names| add_all(scheduler, names, schedule))
}

pub fn bytes_after_cancel(n: usize) -> f64 {
    bytes_of_each(n, |scheduler, names| {
        add_all(scheduler, names, one_shot);
        names.iter().for_each(|name| scheduler.cancel(name).unwrap());
    })
}

pub fn bytes_after_runs(n: usize) -> f64 {
    let ((clock, scheduler), names) = (manual(), names(n));
    let before = counting::held().0;
    for name in &names {
        scheduler.task(name).every("1s").run(|| {}).unwrap();
    }
    clock.advance(Duration::from_secs(30));
    (counting::held().0 - before) as f64 / n as f64
}
