//! The machine on a manual clock: nothing sleeps, and every run of a test is the same.

use std::future::poll_fn;
use std::ops::ControlFlow;
use std::panic::{catch_unwind, panic_any, AssertUnwindSafe};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::time::{Duration, SystemTime};

use sexton::cron::Dialect;
use sexton::tz::Zone;
use sexton::{Event, ManualClock, Missed, Moment, Overlap, Run, Schedule, Scheduler, Why};

use crate::stage::{listen, missed, moment, without_run, OnDrop, Stage, DAY, HOUR, MINUTE, SECOND};

/// What was told since the last time, one line each, with whole dates.
fn told(stage: &Stage) -> Vec<String> {
    let line = |event: &Event| match event {
        Event::Started { task, due, .. } => format!("{task} {}", Moment::from(*due)),
        event => event.to_string(),
    };
    stage.told().iter().map(line).collect()
}

/// The lines that are about runs and what was missed, without the ordinary ends.
fn runs(stage: &Stage) -> Vec<String> {
    let lines = told(stage);
    lines.into_iter().filter(|line| !line.contains("finished") && !line.contains("scheduled")).collect()
}

#[test]
fn a_period_runs_at_once_and_then_on_its_grid() {
    let stage = Stage::at("2026-11-22T10:00:00");
    stage.scheduler.task("t").every("1s").run(|| {}).unwrap();
    stage.clock.advance(2 * SECOND);
    assert_eq!(
        told(&stage),
        [
            "task `t` scheduled",
            "t 2026-11-22T10:00:00Z",
            "task `t` finished after 0ns",
            "t 2026-11-22T10:00:01Z",
            "task `t` finished after 0ns",
            "t 2026-11-22T10:00:02Z",
            "task `t` finished after 0ns",
        ]
    );
}

#[test]
fn an_h_is_hashed_from_the_tasks_name_and_a_nickname_is_not() {
    let stage = Stage::at("2026-11-22T10:00:00");
    let due = |name: &str, text: &str, dialect: Dialect| {
        let task = stage.scheduler.task(name).cron_as(text, dialect).run(|| {}).unwrap();
        Moment::from(task.next_due().unwrap()).to_string()
    };
    // As croniter hashes `hello`: the 10th minute, the 11th hour.
    assert_eq!(due("hello", "H H * * *", Dialect::DEFAULT), "2026-11-22T11:10:00Z");
    assert_eq!(due("hello again", "H H * * *", Dialect::DEFAULT.days_and()), "2026-11-23T05:34:00Z");
    assert_eq!(due("nightly", "@midnight", Dialect::CRONITER), "2026-11-23T00:00:00Z");
    let task = stage.scheduler.task("given").cron_as("H H * * *", Dialect::DEFAULT.hash_id("hello"));
    let task = task.run(|| {}).unwrap();
    assert_eq!(Moment::from(task.next_due().unwrap()).to_string(), "2026-11-22T11:10:00Z");

    let error = Schedule::cron("H 4 * * *").unwrap_err();
    assert_eq!(
        error.to_string(),
        "cron `H 4 * * *`: minute: found `H` at byte 0, expected an id to hash: a task's `cron` takes its name, \
         `Dialect::hash_id` any text"
    );
}

#[test]
fn equal_dues_run_in_the_order_they_were_scheduled_in_and_both_clocks_make_one_order() {
    let stage = Stage::at("2026-11-22T10:00:00");
    stage.scheduler.task("late").after(3 * SECOND).run(|| {}).unwrap();
    stage.scheduler.task("b").cron("*/2 * * * * *").times(2).run(|| {}).unwrap();
    stage.scheduler.task("a").every("2s").times(3).run(|| {}).unwrap();
    stage.clock.advance(4 * SECOND);
    assert_eq!(
        runs(&stage),
        [
            "a 2026-11-22T10:00:00Z",
            "b 2026-11-22T10:00:02Z",
            "a 2026-11-22T10:00:02Z",
            "late 2026-11-22T10:00:03Z",
            "task `late` ended",
            "b 2026-11-22T10:00:04Z",
            "task `b` ended",
            "a 2026-11-22T10:00:04Z",
            "task `a` ended",
        ]
    );
}

#[test]
fn tasks_that_were_paused_and_resumed_again_and_again_all_run_and_in_their_order() {
    for is_calendar in [true, false] {
        let stage = Stage::at("2026-11-22T00:00:00");
        // The first is cancelled and comes last, wherever it is kept.
        let names: Vec<String> = (1..200).chain([0]).map(|number| format!("task {number}")).collect();
        stage.scheduler.task("task 0").after(HOUR).run(|| {}).unwrap();
        for name in &names {
            if name == "task 0" {
                stage.scheduler.cancel(name).unwrap();
            }
            let task = stage.scheduler.task(name);
            let task = if is_calendar { task.cron("0 4 * * *").times(1) } else { task.after(4 * HOUR) };
            task.run(|| {}).unwrap();
        }
        for _ in 0..4 {
            for task in stage.scheduler.tasks() {
                task.pause().unwrap();
                task.resume().unwrap();
            }
        }
        stage.clock.advance(4 * HOUR);
        let started = stage.told().into_iter().filter_map(|event| match event {
            Event::Started { task, .. } => Some(task.to_string()),
            _ => None,
        });
        assert_eq!(started.collect::<Vec<_>>(), names, "calendar: {is_calendar}");
    }
}

/// A task whose first run takes `first`, and the others no time.
fn slow_first(stage: &Stage, first: Duration, overlap: Overlap, missed: Missed) {
    let clock = stage.clock.clone();
    let mut is_first = true;
    let task = stage.scheduler.task("t").every("1s").overlap(overlap).missed(missed);
    let job = move || {
        if std::mem::take(&mut is_first) {
            clock.advance(first);
        }
    };
    task.run(job).unwrap();
}

#[test]
fn dues_that_pass_during_a_run_are_skipped_and_reported() {
    for missed in [Missed::Once, Missed::Skip, Missed::All] {
        let stage = Stage::at("2026-11-22T10:00:00");
        slow_first(&stage, Duration::from_millis(2500), Overlap::Skip, missed);
        stage.clock.advance(4 * SECOND);
        assert_eq!(
            runs(&stage),
            [
                "t 2026-11-22T10:00:00Z",
                "task `t` missed 2: still running",
                "t 2026-11-22T10:00:03Z",
                "t 2026-11-22T10:00:04Z",
            ]
        );
    }
}

#[test]
fn dues_that_pass_during_a_run_are_queued_as_one() {
    let stage = Stage::at("2026-11-22T10:00:00");
    slow_first(&stage, Duration::from_millis(2500), Overlap::Queue, Missed::Skip);
    stage.clock.advance(4 * SECOND);
    assert_eq!(
        runs(&stage),
        [
            "t 2026-11-22T10:00:00Z",
            "task `t` missed 1: still running",
            "t 2026-11-22T10:00:02Z",
            "t 2026-11-22T10:00:03Z",
            "t 2026-11-22T10:00:04Z",
        ]
    );
}

#[test]
fn dues_that_pass_while_nothing_can_start_are_what_missed_says() {
    for (missed, expected) in [
        (
            Missed::Once,
            &[
                "task `slow` ended",
                "task `t` missed 2: nothing could start it in time",
                "t 2026-11-22T10:00:03Z",
            ][..],
        ),
        (
            Missed::All,
            &[
                "task `slow` ended",
                "t 2026-11-22T10:00:01Z",
                "t 2026-11-22T10:00:02Z",
                "t 2026-11-22T10:00:03Z",
            ],
        ),
        (
            Missed::Skip,
            &[
                "task `slow` ended",
                "task `t` missed 2: nothing could start it in time",
                "t 2026-11-22T10:00:03Z",
            ],
        ),
    ] {
        let stage = Stage::at("2026-11-22T10:00:00.5Z");
        stage
            .scheduler
            .task("t")
            .every("1s")
            .starting("2026-11-22T10:00:01")
            .missed(missed)
            .run(|| {})
            .unwrap();
        let clock = stage.clock.clone();
        stage.scheduler.task("slow").after(Duration::ZERO).run(move || clock.advance(3 * SECOND)).unwrap();
        stage.clock.advance(3 * SECOND);
        let mut told = runs(&stage);
        told.retain(|line| !line.contains("late") && !line.starts_with("slow"));
        assert_eq!(told, expected, "{missed:?}");
    }
}

#[test]
fn a_run_exactly_as_late_as_its_grace_is_run_and_a_later_one_is_missed() {
    let nano = Duration::from_nanos(1);
    for (policy, grace, allowed) in [
        (Missed::Once, Some(2 * SECOND), 2 * SECOND),
        (Missed::All, Some(Duration::ZERO), Duration::ZERO),
        (Missed::Skip, Some(5 * SECOND), 5 * SECOND),
        (Missed::Skip, None, SECOND),
    ] {
        let runs_if_late = |late: Duration| {
            let stage = Stage::at("2026-11-22T10:00:00");
            let task = stage.scheduler.task("t").at("2026-11-22T10:00:01").missed(policy);
            let task = if let Some(grace) = grace { task.grace(grace) } else { task };
            task.run(|| {}).unwrap();
            stage.clock.suspend(SECOND + late);
            stage.clock.advance(Duration::ZERO);
            let told = stage.told();
            let is_run = told.iter().any(|event| matches!(event, Event::Started { .. }));
            assert_eq!(missed(&told, Why::Late), u64::from(!is_run), "{told:?}");
            is_run
        };
        assert!(runs_if_late(allowed), "{policy:?} {grace:?}");
        assert!(!runs_if_late(allowed + nano), "{policy:?} {grace:?}");
    }
}

#[test]
fn a_run_asked_for_begins_beside_another_if_so_many_are_allowed() {
    for (allowed, expected) in
        [(1, ["began 1", "ended 1", "began 2", "ended 2"]), (2, ["began 1", "began 2", "ended 2", "ended 1"])]
    {
        let stage = Stage::at("2026-11-22T10:00:00");
        let log = Arc::new(Mutex::new(Vec::new()));
        let (scheduler, seen) = (stage.scheduler.clone(), log.clone());
        let task = stage.scheduler.task("t").every("1h").overlap(Overlap::Allow(allowed));
        let job = move |run: &Run| {
            seen.lock().unwrap().push(format!("began {}", run.count()));
            if run.count() == 1 {
                scheduler.get("t").unwrap().run_now().unwrap();
                // Whatever can begin does so in here, as there is no other thread.
                scheduler.run_pending();
            }
            seen.lock().unwrap().push(format!("ended {}", run.count()));
        };
        task.run_shared(job).unwrap();
        stage.clock.advance(MINUTE);
        assert_eq!(*log.lock().unwrap(), expected, "{allowed} allowed");
    }
}

/// Panics when it is dropped, with a value that does the same, so many times.
struct PanicsWhenDropped(u32);

impl Drop for PanicsWhenDropped {
    fn drop(&mut self) {
        if self.0 > 0 {
            panic_any(PanicsWhenDropped(self.0 - 1));
        }
    }
}

#[test]
fn a_panic_with_a_value_that_panics_when_it_is_dropped_is_reported_like_any_other() {
    let stage = Stage::at("2026-11-22T10:00:00");
    stage.scheduler.task("t").every("1s").run::<()>(|| panic_any(PanicsWhenDropped(2))).unwrap();
    if let Err(value) = catch_unwind(AssertUnwindSafe(|| stage.clock.advance(SECOND))) {
        // The test program would not survive it either.
        std::mem::forget(value);
        panic!("the panic has left the scheduler");
    }
    let panicked = "task `t` panicked: a value that is no text";
    assert_eq!(runs(&stage), ["t 2026-11-22T10:00:00Z", panicked, "t 2026-11-22T10:00:01Z", panicked]);
}

#[test]
fn a_correction_is_a_step_forward_of_more_than_was_set_and_back_of_more_than_three_hours() {
    // What becomes of a due that the clock passes, and of one that it shows again.
    let moved = |correction: Option<Duration>, by: Duration| {
        let clock = ManualClock::new(moment("2026-11-22 10:00:00").instant(&Zone::utc()).unwrap());
        let builder = Scheduler::builder().clock(&clock).zone(Zone::utc());
        let builder = match correction {
            Some(correction) => builder.clock_correction(correction),
            None => builder,
        };
        let scheduler = builder.build().unwrap();
        let told = listen(&scheduler);
        let task =
            scheduler.task("t").at_each(["2026-11-22 10:00:01", "2027-01-01 00:00"]).run(|| {}).unwrap();
        let daily = scheduler.task("d").cron("0 9 * * *").run(|| {}).unwrap();
        clock.suspend(by);
        clock.advance(Duration::ZERO);
        let is_caught_up = task.count() == Some(1);
        assert_eq!(missed(&told.lock().unwrap(), Why::ClockCorrected) == 0, is_caught_up);
        clock.step_back(by);
        clock.step_back(2 * HOUR);
        clock.advance(Duration::ZERO);
        let is_shown_again = daily.next_due() == moment("2026-11-22 09:00").instant(&Zone::utc());
        assert_eq!(is_shown_again, by > HOUR, "{by:?}");
        is_caught_up
    };
    let (milli, most) = (Duration::from_millis(1), Duration::from_secs(30 * 86_400));
    assert!(moved(None, 3 * HOUR) && !moved(None, 3 * HOUR + milli));
    assert!(moved(Some(MINUTE), MINUTE) && !moved(Some(MINUTE), MINUTE + milli));
    assert!(moved(Some(DAY), DAY) && !moved(Some(DAY), DAY + milli));
    assert!(moved(Some(Duration::MAX), most));
    assert!(!moved(Some(Duration::ZERO), 2 * SECOND));
}

#[test]
fn a_run_that_has_waited_too_long_is_told_before_it_begins() {
    let clock = ManualClock::new(std::time::UNIX_EPOCH);
    let builder = Scheduler::builder().clock(&clock).zone("UTC").wait_limit(2 * SECOND);
    let scheduler = builder.build().unwrap();
    let told = listen(&scheduler);
    let (slow, cancels) = (clock.clone(), scheduler.clone());
    let job = move || {
        slow.advance(5 * SECOND);
        cancels.cancel("cancelled").unwrap();
    };
    scheduler.task("slow").after(SECOND).run(job).unwrap();
    scheduler.task("cancelled").after(SECOND).run(|| {}).unwrap();
    scheduler.task("waits").after(SECOND).run(|| {}).unwrap();
    scheduler.task("soon").after(5 * SECOND).run(|| {}).unwrap();
    clock.advance(10 * SECOND);
    let lines: Vec<String> = told.lock().unwrap().iter().map(|event| event.to_string()).collect();
    let at = lines.iter().position(|line| line.contains("waiting")).unwrap();
    assert_eq!(lines[at], "task `waits` has been waiting 5s for the only worker to be free");
    assert_eq!(lines[at + 1], "task `waits` started 5s after its due time");
    assert_eq!(lines.iter().filter(|line| line.contains("waiting")).count(), 1, "{lines:#?}");
}

#[test]
fn beyond_ten_million_missed_occurrences_are_counted_exactly() {
    // Half a year has 15,811,200 seconds. Those that clocks skip are not due, those that they show again are due again.
    for (zone, cron, start, length, count, last) in [
        ("UTC0", "* * * * * *", "2026-11-22T10:00:00Z", 183, 15_811_200, "2027-05-24T10:00:00Z"),
        (
            "CET-1CEST,M3.5.0,M10.5.0/3",
            "* * * * * *",
            "2026-11-22T10:00:00Z",
            183,
            15_811_200,
            "2027-05-24T10:00:00Z",
        ),
        (
            "CET-1CEST,M3.5.0,M10.5.0/3",
            "* * 0-11,13-23 * * *",
            "2026-11-22T10:00:00Z",
            365,
            30_222_000,
            "2027-11-22T10:00:00Z",
        ),
        (
            "CET-1CEST,M3.5.0,M10.5.0/3",
            "30 2 * * *",
            "2026-11-22T10:00:00Z",
            365,
            365,
            "2027-11-22T01:30:00Z",
        ),
    ] {
        let clock = ManualClock::new(moment(start).instant(&Zone::utc()).unwrap());
        let zone = Zone::from_posix(zone).unwrap();
        let builder = Scheduler::builder().clock(&clock).zone(zone).clock_correction(400 * DAY);
        let scheduler = builder.build().unwrap();
        let (told, (sender, counts)) = (listen(&scheduler), std::sync::mpsc::channel());
        let task = scheduler.task("t").cron(cron);
        task.run_with(move |run| sender.send(run.missed()).unwrap()).unwrap();
        clock.suspend(length * DAY);
        clock.advance(Duration::ZERO);
        // One has a run, for all.
        assert_eq!(missed(&told.lock().unwrap(), Why::Late), count - 1, "{cron}");
        assert_eq!(counts.recv(), Ok(count - 1));
        let told = told.lock().unwrap();
        let starts = told.iter().find_map(|event| match event {
            Event::Started { due, .. } => Some(Moment::from(*due).to_string()),
            _ => None,
        });
        assert_eq!(starts.as_deref(), Some(last), "{cron}");
    }
}

#[test]
fn a_run_that_has_waited_exactly_as_long_as_the_limit_has_not_waited_too_long() {
    let nano = Duration::from_nanos(1);
    for (waits, is_told) in [(2 * SECOND, false), (2 * SECOND + nano, true)] {
        let clock = ManualClock::new(std::time::UNIX_EPOCH);
        let scheduler =
            Scheduler::builder().clock(&clock).zone("UTC").wait_limit(2 * SECOND).build().unwrap();
        let told = listen(&scheduler);
        let slow = clock.clone();
        scheduler.task("slow").after(SECOND).run(move || slow.advance(waits)).unwrap();
        scheduler.task("waits").after(SECOND).run(|| {}).unwrap();
        clock.advance(10 * SECOND);
        let told = told.lock().unwrap();
        let is_waiting = |event: &Event| matches!(event, Event::Waiting { waited, .. } if *waited == waits);
        assert_eq!(told.iter().any(is_waiting), is_told, "{waits:?}");
    }
}

#[test]
fn a_shutdown_reports_what_it_drops_though_the_last_run_ends_meanwhile() {
    let stage = Stage::at("2026-11-22T10:00:00");
    let waker = Arc::new(Mutex::new(None::<Waker>));
    let keeps = waker.clone();
    let pends_once = move || {
        let keeps = keeps.clone();
        poll_fn(move |context| match keeps.lock().unwrap().replace(context.waker().clone()) {
            Some(_) => Poll::Ready(()),
            None => Poll::Pending,
        })
    };
    stage.scheduler.task("run").after(Duration::ZERO).run_async(without_run(pends_once)).unwrap();
    stage.clock.advance(Duration::ZERO);
    // The first task to be dropped sees the last run end.
    let scheduler = stage.scheduler.clone();
    let ends_the_run = OnDrop(move || {
        let waker = waker.lock().unwrap().clone();
        waker.expect("the run has begun").wake();
        scheduler.run_pending();
    });
    let first = move || {
        let _ = &ends_the_run;
    };
    stage.scheduler.task("first").after(DAY).run(first).unwrap();
    stage.scheduler.task("second").at("2026-11-22T11:00:00").run(|| {}).unwrap();
    // Its schedule counts what was missed when it is dropped.
    stage.scheduler.task("third").cron("0 11 * * *").except(|_| false).run(|| {}).unwrap();
    stage.clock.suspend(2 * HOUR);
    stage.told();
    stage.scheduler.shutdown();
    assert_eq!(
        told(&stage),
        [
            "the clock was stepped 2h forward",
            "task `second` missed 1: shut down",
            "task `run` finished after 0ns",
            "task `run` ended",
            "task `third` missed 1: shut down"
        ]
    );
}

/// Schedules a task that ends in one way. Its callback owns something.
type End = fn(&Stage, Box<dyn Send>);

fn ends() -> [(&'static str, End); 3] {
    [
        ("its last run", |stage, owned| {
            let task = stage.scheduler.task("t").after(Duration::ZERO);
            task.run(move || {
                let _ = &owned;
            })
            .unwrap();
        }),
        ("a break", |stage, owned| {
            let breaks = move || {
                let _ = &owned;
                ControlFlow::<()>::Break(())
            };
            stage.scheduler.task("t").every("1s").run(breaks).unwrap();
        }),
        ("a last due that is missed", |stage, owned| {
            let task = stage.scheduler.task("t").at("2026-11-22T10:00:01").missed(Missed::Skip);
            task.run(move || {
                let _ = &owned;
            })
            .unwrap();
            stage.clock.suspend(HOUR);
        }),
    ]
}

#[test]
fn a_scheduler_is_not_over_before_the_end_of_its_last_task_was_told() {
    for ((ends_with, schedule), when) in ends().into_iter().flat_map(|end| [(end, "dropped"), (end, "told")])
    {
        let stage = Stage::at("2026-11-22T10:00:00");
        let (scheduler, log) = (stage.scheduler.clone(), Arc::new(Mutex::new(Vec::new())));
        let seen = log.clone();
        let asks = move |now: &str| {
            if now == when {
                // Asked on another thread: from in here it would not wait.
                let other = scheduler.clone();
                let asked = std::thread::spawn(move || other.shutdown_timeout(Duration::ZERO));
                seen.lock().unwrap().push(asked.join().unwrap().is_ok());
            }
        };
        let asks_when_dropped = asks.clone();
        stage.scheduler.observe(move |event| {
            if let Event::Ended { .. } = event {
                asks("told");
            }
        });
        schedule(&stage, Box::new(OnDrop(move || asks_when_dropped("dropped"))));
        stage.clock.advance(Duration::ZERO);
        assert_eq!(*log.lock().unwrap(), [false], "{ends_with}: whether it was over when that was {when}");
        assert!(stage.lines().contains(&"t ended".to_string()));
        stage.scheduler.shutdown_timeout(Duration::ZERO).unwrap();
    }
}

#[test]
fn the_end_of_a_task_is_its_last_event_though_its_destructor_panics() {
    for (ends_with, schedule) in ends() {
        let stage = Stage::at("2026-11-22T10:00:00");
        schedule(&stage, Box::new(PanicsWhenDropped(1)));
        stage.clock.advance(Duration::ZERO);
        let lines = stage.lines();
        let last = &lines[lines.len() - 2..];
        let dropped = "task `t` panicked when it was dropped: a value that is no text";
        assert_eq!(last, [dropped, "t ended"], "{ends_with}");
    }
}

#[test]
fn a_manual_clock_goes_as_far_as_it_can() {
    let start = SystemTime::UNIX_EPOCH;
    let clock = ManualClock::new(start);
    clock.step_back(DAY);
    assert_eq!(clock.now(), start - DAY, "before the epoch");
    let scheduler = Scheduler::builder().clock(&clock).zone("UTC").build().unwrap();
    let task = scheduler.task("t").after(1000 * DAY).run(|| {}).unwrap();
    clock.advance(Duration::MAX);
    assert_eq!(task.stats().finished, 1);
    assert!(clock.now() > start + 100_000 * DAY);
    let end = clock.now();
    clock.advance(SECOND);
    clock.step(Duration::MAX);
    assert!(clock.now() >= end);
    clock.step_back(Duration::MAX);
    assert!(clock.now() < start);
}
