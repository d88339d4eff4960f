//! Clocks that are set, and machines that sleep, with so many calendar tasks: nanoseconds for each.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::Arc;
use std::time::Duration;

use sexton::{ManualClock, Run, Scheduler};

use crate::{manual_with, names, took};

/// Runs, and occurrences that these stand for.
#[derive(Default)]
struct Seen {
    runs: AtomicU64,
    missed: AtomicU64,
}

/// So far a forward step is a sleep by default.
const LIMIT: Duration = Duration::from_secs(3 * 3600);

/// Tasks that have run before, as in life. A longer step than `limit` is a clock that was wrong.
fn scheduled(n: usize, cron: &str, limit: Duration) -> (ManualClock, Scheduler, Arc<Seen>) {
    let ((clock, scheduler), seen) = (manual_with(limit), Arc::new(Seen::default()));
    for name in names(n) {
        let seen = seen.clone();
        let callback = move |run: &Run| {
            seen.runs.fetch_add(1, Relaxed);
            seen.missed.fetch_add(run.missed(), Relaxed);
        };
        scheduler.task(&name).cron(cron).run_with(callback).unwrap();
    }
    clock.suspend(LIMIT);
    clock.advance(Duration::ZERO);
    assert_eq!(seen.runs.swap(0, Relaxed), n as u64);
    seen.missed.store(0, Relaxed);
    (clock, scheduler, seen)
}

pub fn step_back(n: usize, cron: &str) -> f64 {
    let (clock, _scheduler, seen) = scheduled(n, cron, LIMIT);
    clock.step_back(Duration::from_secs(90));
    let nanos = took(|| clock.advance(Duration::ZERO));
    assert_eq!(seen.runs.load(Relaxed), 0, "nothing is run again");
    nanos / n as f64
}

pub fn step_forward(n: usize, cron: &str) -> f64 {
    let (clock, _scheduler, _seen) = scheduled(n, cron, LIMIT);
    clock.step(Duration::from_secs(4 * 3600));
    took(|| clock.advance(Duration::ZERO)) / n as f64
}

/// A week, in which each has been due so often.
pub fn sleep(n: usize, cron: &str, due: u64) -> f64 {
    let (clock, _scheduler, seen) = scheduled(n, cron, Duration::MAX);
    clock.suspend(Duration::from_secs(7 * 86_400));
    let nanos = took(|| clock.advance(Duration::ZERO));
    let (runs, missed) = (seen.runs.load(Relaxed), seen.missed.load(Relaxed));
    assert_eq!((runs, runs + missed), (n as u64, n as u64 * due), "one run for all of them");
    nanos / n as f64
}
