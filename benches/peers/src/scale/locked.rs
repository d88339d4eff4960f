//! For how many milliseconds others wait while somebody does something with all tasks.

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use sexton::tz::Zone;
use sexton::Scheduler;

use crate::{daily, elapsed, names, with_workers};

pub fn tasks(n: usize) -> f64 {
    longest_wait(n, |scheduler| assert_eq!(black_box(scheduler.tasks()).len(), n))
}

pub fn set_zone(n: usize) -> f64 {
    let paris = Zone::from_posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
    longest_wait(n, |scheduler| scheduler.set_zone(paris))
}

pub fn shutdown(n: usize) -> f64 {
    longest_wait(n, |scheduler| scheduler.shutdown())
}

fn longest_wait(n: usize, ask: impl FnOnce(&Scheduler)) -> f64 {
    let scheduler = with_workers();
    for name in names(n) {
        scheduler.task(&name).on(daily(0)).run(|| {}).unwrap();
    }
    let (is_over, longest) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Relaxed) {
                let nanos = elapsed(|| drop(black_box(scheduler.get("task-0000000"))));
                longest.fetch_max(nanos as u64, Relaxed);
                thread::sleep(Duration::from_micros(50));
            }
        });
        thread::sleep(Duration::from_millis(20));
        longest.store(0, Relaxed);
        ask(&scheduler);
        thread::sleep(Duration::from_millis(5));
        is_over.store(true, Relaxed);
    });
    longest.into_inner() as f64 / 1e6
}
