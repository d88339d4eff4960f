//! What Panel's `schedule_task` and `cancel_task` do, and what sexton does: the meaning kept, the faults mended.
//!
//! Panel's arguments: `at` alone is `at`, `at_each` (an iterator) or `at_next` (a callable); with a period or with cron it
//! is `starting`; `threaded` is how every callback runs; `cancel_task(wait=True)` is `cancel_after_next`.

use std::future::{poll_fn, Future};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{mpsc, Arc, Barrier, Mutex};
use std::task::{Poll, Waker};
use std::time::Duration;

use sexton::{Event, Schedule, Scheduler, Why};

use crate::stage::*;
use crate::zones::zone;

const NOON: &str = "2026-11-22 12:00:00";

/// At a civil time in New York.
#[track_caller]
fn new_york(start: &str) -> Stage {
    Stage::set_in(zone("America/New_York"), start)
}

/// A scheduler with threads.
fn threads(threads: usize) -> Scheduler {
    Scheduler::builder().threads(threads).zone("UTC").build().unwrap()
}

// What the guide promises.

#[test]
fn a_task_of_the_global_scheduler_outlives_whoever_scheduled_it() {
    let (sender, receiver) = mpsc::channel();
    let session = std::thread::spawn(move || {
        let callback = move || sender.send(()).unwrap();
        sexton::schedule_task("panel: refresh", Schedule::every("20ms").unwrap(), callback).unwrap();
    });
    session.join().unwrap();
    for _ in 0..3 {
        receiver.recv_timeout(PATIENCE).unwrap();
    }
    assert!(Scheduler::global().unwrap().get("panel: refresh").is_some());
    sexton::cancel_task("panel: refresh").unwrap();
    assert!(sexton::cancel_task("panel: refresh").unwrap_err().is_unknown_task());
    assert!(sexton::cancel_task_after_next("panel: refresh").unwrap_err().is_unknown_task());
}

#[test]
fn the_first_run_is_at_once_and_the_next_a_period_later() {
    let stage = Stage::at(NOON);
    stage.scheduler.task("task").every("1s").run(|| {}).unwrap();
    stage.clock.advance(2 * SECOND);
    assert_eq!(stage.lines(), ["task 12:00:00", "task 12:00:01", "task 12:00:02"]);
}

#[test]
fn the_guide_s_cron_example_runs_at_04_02_on_mondays_and_fridays() {
    let stage = new_york(NOON);
    stage.scheduler.task("task").cron("2 4 * * mon,fri").run(|| {}).unwrap();
    stage.clock.advance(8 * DAY);
    let dues = ["2026-11-23T09:02:00Z", "2026-11-27T09:02:00Z", "2026-11-30T09:02:00Z"];
    assert_eq!(stage.lines(), dues.map(|due| format!("task {due}")));
}

#[test]
fn the_same_name_again_changes_nothing_and_a_call_from_elsewhere_is_told_of() {
    let stage = Stage::at(NOON);
    // A loop calls from one place with a new closure each time, as Panel's bound methods are new objects each time.
    for round in 0..3 {
        let task = stage.scheduler.task("task").every("1s").times(1).run(|| {}).unwrap();
        assert_eq!(task.is_new(), round == 0);
    }
    assert!(!stage.told().iter().any(|event| matches!(event, Event::NameTaken { .. })));
    stage.scheduler.task("task").every("1h").run::<()>(|| panic!("the first stays as it is")).unwrap();
    let told = stage.told();
    assert!(matches!(&told[..], [Event::NameTaken { first, second, .. }] if first.line() != second.line()));
    stage.clock.advance(SECOND);
    assert_eq!(stage.lines(), ["task 12:00:00", "task ended"]);
}

#[test]
fn the_name_alone_is_the_key() {
    let stage = Stage::at(NOON);
    for name in ["task", "Task", " task", " "] {
        assert!(stage.scheduler.task(name).every("1s").run(|| {}).unwrap().is_new(), "{name:?}");
    }
    assert_eq!(stage.scheduler.tasks().len(), 4);
}

// `at`.

#[test]
fn at_a_civil_time_is_local_time_and_runs_once() {
    let stage = new_york("2026-11-22 07:00");
    stage.scheduler.task("once").at("2026-11-22 08:30").run(|| {}).unwrap();
    stage.clock.advance(DAY);
    assert_eq!(stage.lines(), ["once 13:30:00", "once ended"]);
    assert!(stage.scheduler.tasks().is_empty());
}

#[test]
fn at_a_time_that_has_passed_runs_once_at_once() {
    let stage = Stage::at(NOON);
    stage.scheduler.task("once").at("2026-11-22 11:00").run(|| {}).unwrap();
    stage.clock.advance(HOUR);
    assert_eq!(stage.lines(), ["once 11:00:00", "once ended"]);
}

#[test]
fn starting_is_the_first_run_and_the_anchor_of_the_grid() {
    let stage = new_york("2026-11-22 07:00:00");
    stage.scheduler.task("task").every("10s").starting("2026-11-22 07:00:03").run(|| {}).unwrap();
    stage.clock.advance(25 * SECOND);
    assert_eq!(stage.lines(), ["task 12:00:03", "task 12:00:13", "task 12:00:23"]);
}

#[test]
fn starting_with_cron_is_a_local_lower_bound_that_does_not_count_itself() {
    let stage = new_york("2026-11-22 06:00");
    stage.scheduler.task("task").cron("0 9 * * *").starting("2026-11-22 08:00").run(|| {}).unwrap();
    stage.scheduler.task("bound").cron("0 9 * * *").starting("2026-11-22 09:00").run(|| {}).unwrap();
    stage.clock.advance(30 * HOUR);
    let dues = ["task 14:00:00", "task 2026-11-23T14:00:00Z", "bound 2026-11-23T14:00:00Z"];
    let mut told = stage.lines();
    told.sort_unstable();
    let mut expected = dues.map(String::from);
    expected.sort_unstable();
    assert_eq!(told, expected);
}

#[test]
fn an_anchor_in_the_past_does_not_burst() {
    let stage = Stage::at("2026-11-22 12:00:20.5Z");
    stage.scheduler.task("task").every("1s").starting("2026-11-22 12:00:00").run(|| {}).unwrap();
    stage.clock.advance(Duration::from_millis(1600));
    assert_eq!(stage.lines(), ["task 12:00:20", "task 12:00:21", "task 12:00:22"]);
}

#[test]
fn an_iterator_of_civil_times_runs_at_each_and_is_gone() {
    let stage = new_york("2026-11-22 07:00");
    let times = ["2026-11-22 07:10", "2026-11-22 07:30"];
    stage.scheduler.task("task").at_each(times).run(|| {}).unwrap();
    stage.clock.advance(HOUR);
    assert_eq!(stage.lines(), ["task 12:10:00", "task 12:30:00", "task ended"]);
    assert!(stage.scheduler.tasks().is_empty());
}

#[test]
fn a_closure_is_given_utc_returns_utc_and_is_gone_after_none() {
    let stage = new_york("2026-11-22 07:00");
    let (mut calls, asked) = (0, Arc::new(Mutex::new(Vec::new())));
    let log = asked.clone();
    let next = move |now| {
        log.lock().unwrap().push(time(now));
        calls += 1;
        (calls <= 2).then(|| now + MINUTE)
    };
    stage.scheduler.task("task").at_next(next).run(|| {}).unwrap();
    stage.clock.advance(HOUR);
    assert_eq!(stage.lines(), ["task 12:01:00", "task 12:02:00", "task ended"]);
    assert_eq!(*asked.lock().unwrap(), ["12:00:00", "12:01:00", "12:02:00"]);
    assert!(stage.scheduler.tasks().is_empty());
}

#[test]
fn an_empty_iterator_or_closure_ends_at_once_without_an_error() {
    let stage = Stage::at(NOON);
    stage.scheduler.task("iterator").at_each(Vec::<&str>::new()).run(|| {}).unwrap();
    stage.scheduler.task("closure").at_next(|_| None).run(|| {}).unwrap();
    stage.clock.advance(SECOND);
    assert_eq!(stage.lines(), ["iterator ended", "closure ended"]);
    assert!(stage.scheduler.tasks().is_empty());
}

#[test]
fn past_times_of_an_iterator_are_one_run_and_a_report() {
    let stage = Stage::at(NOON);
    let times = ["2026-11-22 11:00", "2026-11-22 11:20", "2026-11-22 11:40", "2026-11-22 12:20"];
    stage.scheduler.task("task").at_each(times).run(|| {}).unwrap();
    stage.clock.advance(HOUR);
    let expected = [
        "task missed 2 until 11:20:00: nothing could start it in time",
        "task 11:40:00",
        "task 12:20:00",
        "task ended",
    ];
    assert_eq!(stage.lines(), expected);
}

#[test]
fn an_iterator_out_of_order_is_ended_with_an_error() {
    let stage = Stage::at(NOON);
    let times = ["2026-11-22 12:20", "2026-11-22 12:10", "2026-11-22 12:30"];
    stage.scheduler.task("task").at_each(times).run(|| {}).unwrap();
    stage.clock.advance(HOUR);
    let told = stage.lines();
    assert!(told.contains(&"task 12:20:00".into()), "{told:?}");
    assert!(told.iter().any(|line| line.contains("expected a time after")), "{told:?}");
    assert_eq!(told.iter().filter(|line| line.starts_with("task 1")).count(), 1, "{told:?}");
    assert!(stage.scheduler.tasks().is_empty());
}

#[test]
fn an_iterator_or_closure_that_has_an_anchor_too_is_an_error() {
    // With a period or cron it cannot even be written: there is one schedule.
    let stage = Stage::at(NOON);
    let iterator = stage.scheduler.task("task").at_each([NOON]).starting(NOON).run(|| {});
    let closure = stage.scheduler.task("task").at_next(|_| None).starting(NOON).run(|| {});
    for error in [iterator.unwrap_err(), closure.unwrap_err()] {
        assert!(error.to_string().contains("goes with `cron` and `every` only"), "{error}");
    }
}

#[test]
fn a_name_without_a_schedule_schedules_nothing() {
    // And it has no `run`: Panel's AttributeError is the compiler's.
    let stage = Stage::at(NOON);
    drop(stage.scheduler.task("task"));
    assert!(stage.scheduler.tasks().is_empty());
}

// `period`.

/// The dues of a period up to a time after the start.
#[track_caller]
fn dues_of(period: &str, after: Duration) -> Vec<String> {
    let stage = Stage::at("2026-11-22 00:00:00");
    stage.scheduler.task("t").every(period).run(|| {}).unwrap();
    stage.clock.advance(after);
    stage.lines().into_iter().map(|line| line.strip_prefix("t ").unwrap().into()).collect()
}

#[test]
fn a_period_is_a_text_of_units_in_panel_s_order() {
    assert_eq!(dues_of("1h30m", 3 * HOUR), ["00:00:00", "01:30:00", "03:00:00"]);
    assert_eq!(dues_of("1w2d", 9 * DAY), ["00:00:00", "2026-12-01T00:00:00Z"]);
    assert_eq!(dues_of("1w1d1h1m1.5s", 9 * DAY).len(), 2);
    assert_eq!(dues_of("0.5s", SECOND).len(), 3);
    assert_eq!(dues_of("1500ms", 3 * SECOND), ["00:00:00", "00:00:01.5", "00:00:03"]);
    // A fraction of hours is what it says; Panel reads it as 0.
    assert_eq!(dues_of("1.5h", 3 * HOUR), ["00:00:00", "01:30:00", "03:00:00"]);
}

#[test]
fn a_bad_period_is_an_error_and_schedules_nothing() {
    let stage = Stage::at(NOON);
    for period in ["1 hour", "30", "", "-1s", "1S", "m1", "1h30", "1m1h", "1h1h", "0s", "1s "] {
        let error = stage.scheduler.task("task").every(period).run(|| {}).unwrap_err();
        assert_eq!(error.task(), Some("task"), "{period:?}");
        assert!(error.to_string().contains("every"), "{error}");
    }
    stage.scheduler.task("task").every(Duration::ZERO).run(|| {}).unwrap_err();
    stage.clock.advance(SECOND);
    assert!(stage.told().is_empty());
}

#[test]
fn an_hourly_period_is_elapsed_time_in_spring_and_autumn() {
    for (start, dues) in [
        ("2026-03-08 01:00", ["06", "07", "08"].map(|hour| format!("t 2026-03-08T{hour}:00:00Z"))),
        ("2026-11-01 00:00", ["04", "05", "06"].map(|hour| format!("t 2026-11-01T{hour}:00:00Z"))),
    ] {
        let stage = new_york(start);
        stage.scheduler.task("t").every("1h").starting(start).run(|| {}).unwrap();
        stage.clock.advance(2 * HOUR);
        assert_eq!(stage.lines(), dues);
    }
}

#[test]
fn a_daily_period_keeps_the_time_on_the_wall() {
    let stage = new_york("2026-03-07 09:00");
    stage.scheduler.task("t").every("1d").starting("2026-03-07 09:00").run(|| {}).unwrap();
    stage.clock.advance(2 * DAY);
    let dues = ["2026-03-07T14:00:00Z", "2026-03-08T13:00:00Z", "2026-03-09T13:00:00Z"];
    assert_eq!(stage.lines(), dues.map(|due| format!("t {due}")));
}

// `cron`.

#[test]
fn cron_runs_in_the_scheduler_s_local_time() {
    let stage = new_york("2026-11-22 08:00");
    stage.scheduler.task("task").cron("0 9 * * *").run(|| {}).unwrap();
    stage.clock.advance(2 * HOUR);
    assert_eq!(stage.lines(), ["task 14:00:00"]);
}

#[test]
fn a_bad_cron_expression_is_an_error_that_names_the_place() {
    let stage = Stage::at(NOON);
    let error = stage.scheduler.task("report").cron("2 4 * * mom").run(|| {}).unwrap_err();
    assert_eq!(error.task(), Some("report"));
    assert!(error.to_string().contains("`mom` at byte 8"), "{error}");
}

// `callback` and `threaded`.

#[test]
fn every_run_is_on_a_worker() {
    // Panel forgets `threaded=True` after the first.
    let scheduler = threads(2);
    let (sender, receiver) = mpsc::channel();
    let task = scheduler.task("task").every("5ms").times(5);
    task.run(move || sender.send(std::thread::current().name().map(String::from)).unwrap()).unwrap();
    for _ in 0..5 {
        assert_eq!(receiver.recv_timeout(PATIENCE).unwrap().as_deref(), Some("sexton-worker"));
    }
    scheduler.shutdown();
}

#[test]
fn two_tasks_run_at_the_same_time() {
    must_end("two tasks that wait for each other", || {
        let (scheduler, both) = (threads(2), Arc::new(Barrier::new(2)));
        for name in ["one", "two"] {
            let both = both.clone();
            let meet = move || {
                both.wait();
            };
            scheduler.task(name).every("20ms").times(3).run(meet).unwrap();
        }
        scheduler.wait();
    });
}

type Pending = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A callback whose future is pending until its waker is taken and called.
#[allow(clippy::incompatible_msrv)] // the oldest compiler builds no tests
fn sleeps(bed: &Arc<Mutex<Option<Waker>>>) -> impl FnMut() -> Pending {
    let bed = bed.clone();
    move || {
        let (bed, mut is_first) = (bed.clone(), true);
        Box::pin(poll_fn(move |context| match std::mem::take(&mut is_first) {
            true => {
                *bed.lock().unwrap() = Some(context.waker().clone());
                Poll::Pending
            }
            false => Poll::Ready(()),
        }))
    }
}

#[test]
fn a_pending_asynchronous_task_holds_no_worker() {
    let (scheduler, bed) = (threads(1), Arc::new(Mutex::new(None)));
    scheduler.task("asleep").after(Duration::ZERO).run_async(without_run(sleeps(&bed))).unwrap();
    let (sender, receiver) = mpsc::channel();
    scheduler.task("beat").every("5ms").run(move || sender.send(()).unwrap()).unwrap();
    for _ in 0..3 {
        receiver.recv_timeout(PATIENCE).unwrap();
    }
    let waker = bed.lock().unwrap().take().unwrap();
    scheduler.cancel("beat").unwrap();
    waker.wake();
    must_end("the sleeper's run", move || scheduler.wait());
}

#[test]
fn an_asynchronous_task_slower_than_its_period_does_not_pile_up() {
    let (stage, bed) = (Stage::at(NOON), Arc::new(Mutex::new(None)));
    stage.scheduler.task("slow").every("1s").run_async(without_run(sleeps(&bed))).unwrap();
    stage.clock.advance(Duration::from_millis(5500));
    let told = stage.told();
    assert_eq!(told.iter().filter(|event| matches!(event, Event::Started { .. })).count(), 1);
    let waker = bed.lock().unwrap().take().unwrap();
    waker.wake();
    stage.clock.advance(SECOND);
    let after = stage.told();
    assert_eq!(after.iter().filter(|event| matches!(event, Event::Started { .. })).count(), 1);
    assert_eq!(missed(&told, Why::StillRunning) + missed(&after, Why::StillRunning), 5);
}

#[test]
fn an_error_is_told_each_time_and_stops_nothing() {
    let stage = Stage::at(NOON);
    stage.scheduler.task("bad").every("1s").run(|| Err::<(), _>("no connection")).unwrap();
    stage.scheduler.task("good").every("1s").run(|| {}).unwrap();
    stage.clock.advance(2 * SECOND);
    let told = stage.lines();
    for (line, times) in [("task `bad` failed: no connection", 3), ("bad 12", 3), ("good 12", 3)] {
        assert_eq!(told.iter().filter(|told| told.starts_with(line)).count(), times, "{told:?}");
    }
}

#[test]
fn a_callback_may_schedule_its_own_name_again() {
    let stage = Stage::at(NOON);
    let again = |run: &sexton::Run| {
        let next = run.scheduler().task("gc").after(MINUTE).times(1).run(|| {});
        assert!(next.unwrap().is_new());
    };
    stage.scheduler.task("gc").after(SECOND).run_with(again).unwrap();
    stage.clock.advance(HOUR);
    let starts: Vec<_> = stage.lines().into_iter().filter(|line| line.starts_with("gc 1")).collect();
    assert_eq!(starts, ["gc 12:00:01", "gc 12:01:01"]);
}

// `cancel_task`.

#[test]
fn cancel_stops_the_runs_at_once() {
    let stage = Stage::at(NOON);
    stage.scheduler.task("task").every("1s").run(|| {}).unwrap();
    stage.clock.advance(SECOND);
    stage.scheduler.cancel("task").unwrap();
    stage.told();
    stage.clock.advance(HOUR);
    assert!(stage.told().is_empty());
}

#[test]
fn cancel_of_an_unknown_name_is_an_error_that_names_it() {
    let stage = Stage::at(NOON);
    let errors = [stage.scheduler.cancel("nobody"), stage.scheduler.cancel_after_next("nobody")];
    for error in errors.map(Result::unwrap_err) {
        assert!(error.is_unknown_task());
        assert_eq!(error.to_string(), "task `nobody`: no task has this name");
    }
}

#[test]
fn cancel_and_the_same_name_again_leaves_no_old_timer() {
    let (stage, old) = (Stage::at(NOON), Arc::new(AtomicUsize::new(0)));
    let counted = old.clone();
    let count = move || {
        counted.fetch_add(1, Ordering::Relaxed);
    };
    stage.scheduler.task("task").every("10s").starting("2026-11-22 12:00:10").run(count).unwrap();
    stage.clock.advance(8 * SECOND);
    stage.scheduler.cancel("task").unwrap();
    stage.scheduler.task("task").every("10s").starting("2026-11-22 12:00:15").run(|| {}).unwrap();
    stage.told();
    stage.clock.advance(30 * SECOND);
    assert_eq!(stage.lines(), ["task 12:00:15", "task 12:00:25", "task 12:00:35"]);
    assert_eq!(old.load(Ordering::Relaxed), 0);
}

#[test]
fn cancel_after_next_is_exactly_one_more_run() {
    let stage = Stage::at(NOON);
    stage.scheduler.task("task").every("1s").run(|| {}).unwrap();
    stage.clock.advance(SECOND);
    stage.scheduler.cancel_after_next("task").unwrap();
    stage.told();
    stage.clock.advance(HOUR);
    assert_eq!(stage.lines(), ["task 12:00:02", "task ended"]);
    assert!(stage.scheduler.tasks().is_empty());
}
