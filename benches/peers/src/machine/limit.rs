//! What the machine allows: a thread that waits and hands over to another, and workers that do nothing but run.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::row::{instant, now, row, wait_until, Log, Row, RIGHT};
use crate::system;
use crate::works::{lateness, leaked};

type Job = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct Queue {
    jobs: Mutex<(VecDeque<Job>, usize)>,
    work: Condvar,
}

impl Queue {
    /// Hands over what there is, and wakes no more workers than are idle.
    fn push(&self, batch: impl Iterator<Item = Job>) -> usize {
        let mut jobs = self.jobs.lock().unwrap();
        let before = jobs.0.len();
        jobs.0.extend(batch);
        let added = jobs.0.len() - before;
        let woken = added.min(jobs.1);
        drop(jobs);
        (0..woken).for_each(|_| self.work.notify_one());
        added
    }

    /// A worker takes as many as this at a time.
    fn work(&self, at_most: usize) {
        let mut taken = Vec::new();
        let mut jobs = self.jobs.lock().unwrap();
        loop {
            while jobs.0.is_empty() {
                jobs.1 += 1;
                jobs = self.work.wait(jobs).unwrap();
                jobs.1 -= 1;
            }
            let some = at_most.min(jobs.0.len());
            taken.extend(jobs.0.drain(..some));
            drop(jobs);
            taken.drain(..).for_each(|job| job());
            jobs = self.jobs.lock().unwrap();
        }
    }
}

fn workers(count: usize, at_most: usize) -> Arc<Queue> {
    let queue = Arc::new(Queue::default());
    for _ in 0..count {
        let queue = queue.clone();
        thread::spawn(move || queue.work(at_most));
    }
    thread::sleep(Duration::from_millis(50));
    queue
}

/// A condition variable with a timeout, and a hand-over to a worker.
pub fn period() -> Vec<Row> {
    const RUNS: usize = 700;
    const PERIOD: u64 = 10_000_000;
    let (log, queue) = (Log::new(RUNS), workers(4, 1));
    let first = now() + 500_000_000;
    thread::spawn(move || {
        let (lock, condvar) = (Mutex::new(()), Condvar::new());
        for run in 0..RUNS as u64 {
            let due = instant(first + run * PERIOD);
            let mut guard = lock.lock().unwrap();
            while Instant::now() < due {
                let left = due.saturating_duration_since(Instant::now());
                guard = condvar.wait_timeout(guard, left).unwrap().0;
            }
            queue.push(std::iter::once(Box::new(move || log.push(now())) as Job));
        }
        // So that its CPU time can still be read.
        thread::park();
    });
    let cpu = system::cpu_nanos();
    wait_until(first + 2 * RUNS as u64 * PERIOD, || log.len() == RUNS);
    let cpu = system::cpu_nanos() - cpu;
    lateness(&log.numbers(), first, PERIOD, cpu)
}

/// Boxed closures, 64 in a batch.
pub fn burst(tasks: usize, threads: usize) -> Vec<Row> {
    let (count, ends) = (leaked(AtomicUsize::new(0)), leaked([AtomicU64::new(0), AtomicU64::new(0)]));
    let queue = workers(threads, 16);
    let job = move || match count.fetch_add(1, Relaxed) {
        0 => ends[0].store(now(), Relaxed),
        run if run == tasks - 1 => ends[1].store(now(), Relaxed),
        _ => {}
    };
    let jobs: Vec<Job> = (0..tasks).map(|_| Box::new(job) as Job).collect();
    let mut jobs = jobs.into_iter();
    while queue.push(jobs.by_ref().take(64)) > 0 {}
    wait_until(now() + 10_000_000_000, || ends[1].load(Relaxed) > 0);
    let nanos = ends[1].load(Relaxed) - ends[0].load(Relaxed);
    vec![row(format!("{tasks} due at once"), "M/s", tasks as f64 * 1e3 / nanos as f64, RIGHT)]
}
