//! Many at the same time.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::random::Random;
use crate::{elapsed, names, one_shot, with_workers};

/// Four threads share the tasks among them; nanoseconds of them for each.
pub fn cancel_storm(n: usize) -> f64 {
    let (scheduler, mut names) = (with_workers(), names(n));
    names.iter().for_each(|name| drop(scheduler.task(name).on(one_shot(0)).run(|| {}).unwrap()));
    Random::default().shuffle(&mut names);
    let nanos = elapsed(|| {
        thread::scope(|scope| {
            for names in names.chunks(n.div_ceil(4)) {
                let scheduler = &scheduler;
                scope.spawn(move || names.iter().for_each(|name| scheduler.cancel(name).unwrap()));
            }
        });
    });
    assert!(scheduler.tasks().is_empty());
    nanos / n as f64
}

/// Milliseconds.
pub struct Late {
    pub first: f64,
    pub last: f64,
    pub longest_wait: f64,
}

#[derive(Default)]
struct Seen {
    first: AtomicU64,
    last: AtomicU64,
    count: AtomicU64,
}

/// So many due at the same instant, with a pool of two, among others that wait.
pub fn due_at_once(n: usize, others: usize) -> Late {
    let (scheduler, seen) = (with_workers(), Arc::new(Seen::default()));
    for i in 0..others {
        scheduler.task(&format!("other-{i:07}")).on(one_shot(i)).run(|| {}).unwrap();
    }
    scheduler.task("asked for").every("1h").run(|| {}).unwrap();
    let due = Instant::now() + Duration::from_millis(200 + n as u64 / 200);
    for name in names(n) {
        let seen = seen.clone();
        let callback = move || {
            let late = due.elapsed().as_nanos() as u64;
            match seen.count.fetch_add(1, Relaxed) {
                0 => seen.first.store(late, Relaxed),
                count if count + 1 == n as u64 => seen.last.store(late, Relaxed),
                _ => {}
            }
        };
        scheduler.task(&name).after(due - Instant::now()).run(callback).unwrap();
    }
    let mut longest = 0.0_f64;
    while seen.last.load(Relaxed) == 0 {
        let nanos = elapsed(|| drop(black_box(scheduler.get("asked for"))));
        if Instant::now() > due {
            longest = longest.max(nanos);
        }
        thread::sleep(Duration::from_micros(50));
    }
    let milliseconds = |nanos: &AtomicU64| nanos.load(Relaxed) as f64 / 1e6;
    Late { first: milliseconds(&seen.first), last: milliseconds(&seen.last), longest_wait: longest / 1e6 }
}
