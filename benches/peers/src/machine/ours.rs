//! What only sexton can do: whole lists of tasks, zones, clocks that are set.

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use sexton::tz::Zone;
use sexton::{cron, ManualClock, Scheduler};

use crate::counting;
use crate::peer::Name;
use crate::row::{row, Row, RIGHT};

fn with_threads() -> Scheduler {
    Scheduler::builder().threads(2).zone(Zone::utc()).build().unwrap()
}

fn schedule_daily(scheduler: &Scheduler, tasks: u32) {
    for task in 0..tasks {
        scheduler.task(Name::of(task).as_str()).on(cron!("30 2 * * *")).run(|| {}).unwrap();
    }
}

/// What others wait for while all tasks are listed, moved to another zone, or dropped.
pub fn waits(tasks: u32) -> Vec<Row> {
    let scheduler = with_threads();
    schedule_daily(&scheduler, tasks);
    let paris = Zone::from_posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
    let works: [(&str, Box<dyn FnOnce() + '_>); 3] = [
        ("tasks()", Box::new(|| assert_eq!(black_box(scheduler.tasks()).len(), tasks as usize))),
        ("set_zone", Box::new(|| scheduler.set_zone(paris))),
        ("shutdown", Box::new(|| scheduler.shutdown())),
    ];
    let wait = |(work, ask): (&str, Box<dyn FnOnce() + '_>)| {
        let longest = longest_wait(&scheduler, ask);
        row(format!("{work} of {tasks}: others wait"), "ms", longest.as_secs_f64() * 1e3, RIGHT)
    };
    works.into_iter().map(wait).collect()
}

/// The longest that another thread has waited for a look at one task meanwhile.
pub fn longest_wait(scheduler: &Scheduler, ask: impl FnOnce()) -> Duration {
    let (is_over, longest) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Relaxed) {
                let start = Instant::now();
                drop(black_box(scheduler.get(Name::of(0).as_str())));
                longest.fetch_max(start.elapsed().as_nanos() as u64, Relaxed);
                thread::sleep(Duration::from_micros(50));
            }
        });
        thread::sleep(Duration::from_millis(20));
        longest.store(0, Relaxed);
        ask();
        thread::sleep(Duration::from_millis(5));
        is_over.store(true, Relaxed);
    });
    Duration::from_nanos(longest.into_inner())
}

/// A machine that has slept for a week, and tasks that were due every minute.
pub fn week(tasks: u32) -> Vec<Row> {
    let clock = ManualClock::new(SystemTime::UNIX_EPOCH);
    let builder = Scheduler::builder().clock(&clock).clock_correction(Duration::MAX);
    let scheduler = builder.zone(Zone::utc()).build().unwrap();
    let (runs, missed) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    for task in 0..tasks {
        let (runs, missed) = (runs.clone(), missed.clone());
        let callback = move |run: &sexton::Run| {
            runs.fetch_add(1, Relaxed);
            missed.fetch_add(run.missed(), Relaxed);
        };
        scheduler.task(Name::of(task).as_str()).cron("* * * * *").run_with(callback).unwrap();
    }
    clock.suspend(Duration::from_secs(7 * 86_400));
    let start = Instant::now();
    clock.advance(Duration::ZERO);
    let took = start.elapsed();
    assert_eq!(runs.load(Relaxed), tasks as u64, "one run for the whole week");
    assert_eq!(missed.load(Relaxed), tasks as u64 * (7 * 24 * 60 - 1), "and all others counted");
    vec![row(format!("a week asleep, {tasks} tasks of a minute"), "ms", took.as_secs_f64() * 1e3, RIGHT)]
}

/// Schedules daily tasks in a zone of their own, and gives nanoseconds and bytes of one.
fn daily_in_a_zone(zone: Option<&str>, tasks: u32) -> (f64, f64) {
    let scheduler = with_threads();
    let (bytes, start) = (counting::held().0, Instant::now());
    for task in 0..tasks {
        let name = Name::of(task);
        let mut builder = scheduler.task(name.as_str()).on(cron!("30 2 * * *"));
        if let Some(zone) = zone {
            builder = builder.zone(zone);
        }
        builder.run(|| {}).unwrap();
    }
    let nanos = start.elapsed().as_nanos() as f64;
    (nanos / tasks as f64, (counting::held().0 - bytes) as f64 / tasks as f64)
}

/// What a zone adds to a task. Bytes are counted, or time is taken.
pub fn zone(counts: bool) -> Vec<Row> {
    const TASKS: u32 = 20_000;
    let (plain, zoned) = (daily_in_a_zone(None, TASKS), daily_in_a_zone(Some("America/New_York"), TASKS));
    if counts {
        return vec![row("`.zone(name)` adds to a task: bytes", "B", zoned.1 - plain.1, RIGHT)];
    }
    vec![row("`.zone(name)` adds to a task: time", "us", (zoned.0 - plain.0) / 1e3, RIGHT)]
}
