//! The scheduler without threads: what a task costs to schedule, to cancel and to run.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use criterion::{BatchSize, Criterion, Throughput};
use sexton::tz::Zone;
use sexton::{ManualClock, Schedule, Scheduler};

/// Among so many tasks.
const TASKS: u64 = 100_000;

fn scheduler() -> (ManualClock, Scheduler) {
    let clock = ManualClock::new(SystemTime::UNIX_EPOCH);
    let scheduler = Scheduler::builder().clock(&clock).zone(Zone::utc()).build().unwrap();
    (clock, scheduler)
}

pub fn schedule_and_cancel(criterion: &mut Criterion) {
    let (_clock, scheduler) = scheduler();
    let names: Vec<String> = (0..TASKS).map(|i| format!("task {i}")).collect();
    for (i, name) in names.iter().enumerate() {
        scheduler.task(name).after(Duration::from_secs(i as u64 % 3600 + 1)).run(|| {}).unwrap();
    }
    assert_eq!(scheduler.tasks().len() as u64, TASKS);

    let mut group = criterion.benchmark_group("one of 100,000 tasks");
    let mut turn = names.iter().cycle();
    group.bench_function("schedule", |bencher| {
        bencher.iter_batched(
            || {
                let name = turn.next().unwrap();
                scheduler.cancel(name).unwrap();
                name
            },
            |name| scheduler.task(name).after(Duration::from_secs(1800)).run(|| {}).unwrap(),
            BatchSize::PerIteration,
        );
    });
    group.bench_function("cancel and schedule", |bencher| {
        bencher.iter(|| {
            let name = turn.next().unwrap();
            scheduler.cancel(name).unwrap();
            scheduler.task(name).after(Duration::from_secs(1800)).run(|| {}).unwrap()
        });
    });
}

pub fn fire(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("fire");
    for tasks in [1, 1000] {
        let (clock, scheduler) = scheduler();
        let runs = Arc::new(AtomicU64::new(0));
        for i in 0..tasks {
            let runs = runs.clone();
            let job = move || {
                runs.fetch_add(1, Ordering::Relaxed);
            };
            scheduler.task(&format!("task {i}")).every("1s").run(job).unwrap();
        }
        clock.advance(Duration::ZERO);
        assert_eq!(runs.load(Ordering::Relaxed), tasks, "the first run is at once");
        group.throughput(Throughput::Elements(tasks));
        group.bench_function(format!("{tasks} every second"), |bencher| {
            bencher.iter(|| clock.advance(Duration::from_secs(1)));
        });
    }
    group.throughput(Throughput::Elements(1));
    // What follows the calendar is on the disk before it runs.
    for (kind, schedule) in [("period", Schedule::every("1s")), ("cron", Schedule::cron("* * * * * *"))] {
        let folder = std::env::temp_dir().join(format!("sexton-bench-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let clock = ManualClock::new(SystemTime::UNIX_EPOCH);
        let builder = Scheduler::builder().clock(&clock).zone(Zone::utc());
        let scheduler = builder.journal(folder.join("journal")).build().unwrap();
        scheduler.task("noted").on(schedule.unwrap()).run(|| {}).unwrap();
        group.bench_function(format!("1 every second, {kind} with a journal"), |bencher| {
            bencher.iter(|| clock.advance(Duration::from_secs(1)));
        });
        scheduler.shutdown();
        std::fs::remove_dir_all(folder).unwrap();
    }
    group.throughput(Throughput::Elements(TASKS));
    group.sample_size(10);
    group.bench_function("100,000 due at once", |bencher| {
        bencher.iter_batched(
            || {
                let (clock, scheduler) = scheduler();
                for i in 0..TASKS {
                    scheduler.task(&format!("task {i}")).after(Duration::from_secs(1)).run(|| {}).unwrap();
                }
                (clock, scheduler)
            },
            |(clock, scheduler)| {
                clock.advance(Duration::from_secs(1));
                assert!(scheduler.tasks().is_empty());
            },
            BatchSize::PerIteration,
        );
    });
}
