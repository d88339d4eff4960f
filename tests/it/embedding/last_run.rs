//! A task is there until its last run has ended.

use std::ops::ControlFlow;
use std::time::Duration;

use sexton::{Event, NeedsSchedule, Run, RunOutcome, Schedule, Status, TaskBuilder};

use super::{boom, outcomes, stage, Seen};
use crate::stage::{time, without_run, Stage, HOUR, MINUTE, SECOND};

/// Every way to have a last run, due within two minutes.
type Way = fn(NeedsSchedule<'_>) -> TaskBuilder<'_>;

const WAYS: [(&str, Way); 7] = [
    ("at", |task| task.at("2026-11-22 10:00:05")),
    ("after", |task| task.after(5 * SECOND)),
    ("at each", |task| task.at_each(["2026-11-22 10:00:05", "2026-11-22 10:00:07"])),
    ("times", |task| task.every("5s").times(3)),
    ("until", |task| task.cron("*/10 * * * * *").until("2026-11-22 10:00:25")),
    ("at next", |task| {
        task.at_next({
            let mut left = 3;
            move |now| {
                left -= 1;
                (left > 0).then_some(now + SECOND)
            }
        })
    }),
    ("elapsed until", |task| task.every("10s").until("2026-11-22 10:00:25")),
];

#[test]
fn in_its_last_run_a_task_is_there_and_nothing_but_its_end_follows() {
    for (way, schedule) in WAYS {
        let stage = stage();
        let seen = Seen::new();
        let log = seen.clone();
        let task = schedule(stage.scheduler.task("last")).run_with(move |run| {
            let scheduler = run.scheduler();
            let task = scheduler.get("last").expect("it is there");
            let tasks = scheduler.tasks();
            assert_eq!(tasks.len(), 1);
            assert_eq!((task.status(), tasks[0].status()), (Status::Running, Status::Running));
            assert_eq!(task.count(), Some(run.count()));
            if task.next_due().is_none() {
                let error = task.run_now().unwrap_err().to_string();
                assert!(error.contains("last run"), "{error}");
                task.pause().unwrap();
                assert_eq!(task.status(), Status::Running);
                assert!(task.reschedule(Schedule::every("1s").unwrap()).is_err());
                assert!(!run.stop_requested());
                task.resume().unwrap();
                task.cancel_after_next().unwrap();
                log.push(task.to_string());
            }
        });
        let task = task.unwrap();
        stage.clock.advance(2 * MINUTE);
        let seen = seen.take();
        assert_eq!(seen.len(), 1, "{way}: {seen:?}");
        assert!(seen[0].contains(", running"), "{way}: {seen:?}");
        assert_eq!((task.status(), task.next_due(), task.count()), (Status::Ended, None, None), "{way}");
        assert!(stage.scheduler.tasks().is_empty() && stage.scheduler.get("last").is_none());
        let told = stage.told();
        assert!(matches!(told.last(), Some(Event::Ended { .. })), "{way}: {told:?}");
        let last = told.iter().filter(|event| matches!(event, Event::Started { is_last: true, .. }));
        assert_eq!(last.count(), 1, "{way}");
        assert_eq!(task.stats().runs() as usize, outcomes(&told).len(), "{way}");
        assert_eq!(task.stats().finished, task.stats().runs(), "{way}");
        assert!(task.cancel().is_err() && task.run_now().is_err() && task.pause().is_err(), "{way}");
    }
}

#[test]
fn cancel_after_next_makes_the_next_run_a_last_one() {
    let stage = stage();
    let seen = Seen::new();
    let log = seen.clone();
    let task = stage.scheduler.task("a").every("1m").run_with(move |run| {
        let task = run.scheduler().get("a").unwrap();
        log.push((task.next_due().is_some(), task.run_now().is_ok()));
    });
    let task = task.unwrap();
    task.cancel_after_next().unwrap();
    stage.clock.advance(5 * MINUTE);
    assert_eq!(seen.take(), [(false, false)]);
    assert_eq!(task.status(), Status::Ended);
}

#[test]
fn nothing_is_due_after_the_run_that_is_to_be_the_last() {
    let stage = stage();
    let hourly = |name| stage.scheduler.task(name).cron("0 * * * *").run(|| {}).unwrap();
    let (goes_on, ends) = (hourly("goes on"), hourly("ends"));
    ends.cancel_after_next().unwrap();
    // 11:00 has come, and nothing has run since.
    stage.clock.suspend(HOUR + MINUTE);
    assert_eq!(time(goes_on.next_due().unwrap()), "12:00:00");
    assert_eq!(time(ends.next_due().unwrap()), "11:01:00", "at once, and then no more");
}

#[test]
fn a_last_run_can_be_cancelled_and_is_asked_to_stop_then() {
    for (way, schedule) in WAYS {
        let stage = stage();
        let task = schedule(stage.scheduler.task("last")).run_with(|run| {
            let task = run.scheduler().get("last").unwrap();
            if task.next_due().is_none() {
                let stop = run.stop();
                assert!(!stop.is_requested());
                task.cancel().unwrap();
                assert!(run.stop_requested() && stop.is_requested());
                assert!(run.scheduler().get("last").is_none(), "the name is free at once");
                assert_eq!(task.status(), Status::Running);
                assert!(task.cancel().is_err());
            }
        });
        let task = task.unwrap();
        stage.clock.advance(2 * MINUTE);
        let told = stage.told();
        assert_eq!(outcomes(&told).last(), Some(&RunOutcome::Stopped), "{way}");
        assert_eq!(told.iter().filter(|event| matches!(event, Event::Cancelled { .. })).count(), 1);
        assert_eq!((task.status(), task.stats().stopped), (Status::Ended, 1), "{way}");
    }
}

#[test]
fn the_name_of_a_last_run_is_free_and_the_new_task_waits_for_its_end() {
    let stage = stage();
    let seen = Seen::new();
    let log = seen.clone();
    let clock = stage.clock.clone();
    let scheduler = stage.scheduler.clone();
    let old = stage.scheduler.task("a").at("2026-11-22 10:00:05").run_with(move |run| {
        let new = run.scheduler().task("a").every("1s").run(|| ()).unwrap();
        assert!(new.is_new());
        log.push(new.to_string());
        assert_eq!(new.status(), Status::Waiting);
        clock.advance(3 * SECOND);
        assert_eq!(new.count(), Some(0), "it waits");
        assert!(!run.stop_requested(), "the old task goes on undisturbed");
    });
    let old = old.unwrap();
    stage.clock.advance(10 * SECOND);
    let text = seen.take().remove(0);
    assert!(text.contains("waiting for a run of an earlier task of this name to end"), "{text}");
    let new = scheduler.get("a").unwrap();
    assert!(!new.to_string().contains("earlier task"), "{new}");
    assert_eq!(old.status(), Status::Ended);
    assert_eq!(old.stats().finished, 1);
    // The runs of the new one are its own.
    assert!(new.stats().finished > 0 && new.count() == Some(new.stats().runs()));
    let told = stage.told();
    let place = |is_it: fn(&Event) -> bool| told.iter().position(is_it).unwrap();
    let end = place(|event| matches!(event, Event::Ended { .. }));
    let first = place(|event| matches!(event, Event::RunEnded { .. }));
    let next = told.iter().skip(end).position(|event| matches!(event, Event::Started { .. }));
    assert!(first < end && next.is_some(), "{told:?}");
    let started_before = told[..end].iter().filter(|event| matches!(event, Event::Started { .. }));
    assert_eq!(started_before.count(), 1, "nothing of the new task starts before the end: {told:?}");
}

/// Schedules itself again by name in its last run, so many times.
fn again(left: u32, seen: Seen<u32>, task: NeedsSchedule<'_>) {
    let callback = move |run: &sexton::Run| {
        seen.push(left);
        if left > 0 {
            again(left - 1, seen.clone(), run.scheduler().task(run.name()));
        }
    };
    assert!(task.after(SECOND).run_with(callback).unwrap().is_new());
}

#[test]
fn a_one_shot_may_schedule_itself_again_by_name_many_times() {
    let stage = stage();
    let seen = Seen::new();
    again(300, seen.clone(), stage.scheduler.task("a"));
    stage.clock.advance(HOUR);
    assert_eq!(seen.take(), (0..=300).rev().collect::<Vec<_>>());
    let told = stage.told();
    let count = |is_it: fn(&Event) -> bool| told.iter().filter(|event| is_it(event)).count();
    assert_eq!(count(|event| matches!(event, Event::Scheduled { .. })), 301);
    assert_eq!(count(|event| matches!(event, Event::Ended { .. })), 301);
    assert_eq!(count(|event| matches!(event, Event::RunEnded { .. })), 301);
    assert!(stage.scheduler.tasks().is_empty());
}

#[test]
fn several_new_tasks_take_the_name_one_after_the_other_within_one_last_run() {
    let stage = stage();
    let seen = Seen::new();
    let log = seen.clone();
    let old = stage.scheduler.task("a").after(SECOND).run_with(move |run| {
        for number in 0..50 {
            let log = log.clone();
            let new = run.scheduler().task("a").after(SECOND).run(move || log.push(number)).unwrap();
            assert!(new.is_new());
            if number < 49 {
                new.cancel().unwrap();
            }
        }
    });
    stage.clock.advance(MINUTE);
    assert_eq!(seen.take(), [49]);
    assert_eq!(old.unwrap().status(), Status::Ended);
    let told = stage.told();
    assert_eq!(told.iter().filter(|event| matches!(event, Event::Cancelled { .. })).count(), 49);
    assert_eq!(told.iter().filter(|event| matches!(event, Event::Ended { .. })).count(), 2);
}

#[test]
fn the_handle_of_a_last_run_that_has_lost_its_name_does_not_touch_the_new_task() {
    let stage = stage();
    let old = Seen::new();
    let handle = old.clone();
    let task = stage.scheduler.task("a").after(SECOND).run_with(move |run| {
        run.scheduler().task("a").every("1h").run(|| ()).unwrap();
        let old: sexton::Task = handle.take().remove(0);
        assert_eq!(old.status(), Status::Running);
        assert!(old.pause().is_err() && old.run_now().is_err() && old.reschedule(every("1s")).is_err());
        run.cancel();
        assert_eq!(run.scheduler().get("a").unwrap().status(), Status::Waiting);
    });
    old.push(task.unwrap());
    stage.clock.advance(MINUTE);
    assert_eq!(stage.scheduler.tasks().len(), 1);
}

fn every(period: &str) -> Schedule {
    Schedule::every(period).unwrap()
}

#[test]
fn a_pending_last_run_is_there_until_its_future_is_ready() {
    let stage = stage();
    let wakers = Seen::new();
    let log = wakers.clone();
    let mut is_first = true;
    let task = stage.scheduler.task("a").after(SECOND).run_async(without_run(move || {
        let log = log.clone();
        std::future::poll_fn(move |context| {
            log.push(context.waker().clone());
            match std::mem::take(&mut is_first) {
                true => std::task::Poll::Pending,
                false => std::task::Poll::Ready(()),
            }
        })
    }));
    let task = task.unwrap();
    stage.clock.advance(MINUTE);
    assert_eq!((task.status(), task.next_due(), task.count()), (Status::Running, None, Some(1)));
    assert!(task.run_now().is_err());
    task.pause().unwrap();
    stage.clock.advance(MINUTE);
    assert_eq!(task.status(), Status::Running);
    let new = stage.scheduler.task("a").every("1s").run(|| ()).unwrap();
    stage.clock.advance(MINUTE);
    assert_eq!((task.status(), new.status(), new.count()), (Status::Running, Status::Waiting, Some(0)));
    wakers.take().into_iter().for_each(|waker| waker.wake());
    stage.clock.advance(10 * SECOND);
    assert_eq!(task.status(), Status::Ended);
    assert!(new.count() > Some(5));
}

#[test]
fn a_last_run_that_panics_or_fails_or_breaks_ends_its_task() {
    let ends = |stage: &Stage| {
        stage.clock.advance(MINUTE);
        let told = stage.told();
        assert!(matches!(told.last(), Some(Event::Ended { .. })), "{told:?}");
        assert!(stage.scheduler.tasks().is_empty());
        outcomes(&told)
    };
    let stage = stage();
    stage.scheduler.task("a").after(SECOND).run(|| Err::<(), _>("no")).unwrap();
    assert_eq!(ends(&stage), [RunOutcome::Failed("no".into())]);
    stage.scheduler.task("a").after(SECOND).run(boom).unwrap();
    assert_eq!(ends(&stage), [RunOutcome::Panicked("boom".into())]);
    stage.scheduler.task("a").after(SECOND).run(|| ControlFlow::<()>::Break(())).unwrap();
    assert_eq!(ends(&stage), [RunOutcome::Finished]);
}

#[test]
fn tasks_come_in_the_order_of_their_next_due_times_and_last_runs_at_the_end() {
    let stage = stage();
    let seen = Seen::new();
    let log = seen.clone();
    for (name, period) in [("c", "3h"), ("a", "1h"), ("b", "2h")] {
        let now = stage.clock.now();
        let schedule = Schedule::every(period).unwrap().starting(now + 60 * SECOND).unwrap();
        stage.scheduler.task(name).on(schedule).run(|| ()).unwrap();
    }
    stage.scheduler.task("cron").cron("30 10 * * *").run(|| ()).unwrap();
    stage
        .scheduler
        .task("once")
        .after(600 * SECOND)
        .run_with(move |run| {
            log.push(run.scheduler().tasks().iter().map(|task| task.name().to_string()).collect::<Vec<_>>());
        })
        .unwrap();
    stage.clock.advance(600 * SECOND);
    assert_eq!(seen.take(), [["cron", "a", "b", "c", "once"]]);
    let due_times: Vec<_> = stage.scheduler.tasks().iter().map(|task| task.next_due().unwrap()).collect();
    assert!(due_times.windows(2).all(|two| two[0] <= two[1]), "{due_times:?}");
}

#[test]
fn a_last_run_is_cancelled_by_its_handle_though_another_task_has_its_name() {
    let stage = stage();
    let stop = Seen::new();
    let log = stop.clone();
    let pending = move |run: Run| {
        log.push(run.stop());
        run.stop()
    };
    let first = stage.scheduler.task("a").after(SECOND).run_async(pending).unwrap();
    stage.clock.advance(MINUTE);
    let second = stage.scheduler.task("a").every("1s").run(|| {}).unwrap();
    let stop = stop.take().pop().unwrap();
    assert!(second.is_new() && !stop.is_requested());

    first.cancel().unwrap();
    assert!(stop.is_requested());
    assert_eq!((first.status(), second.status()), (Status::Running, Status::Waiting));
    assert!(first.cancel().is_err(), "once");
    stage.clock.advance(Duration::ZERO);
    assert_eq!(first.status(), Status::Ended);
    let told = stage.told();
    assert_eq!(outcomes(&told)[0], RunOutcome::Stopped, "and then the second task runs");
    assert!(
        !told.iter().any(|event| matches!(event, Event::Cancelled { .. })),
        "the second task is not: {told:?}"
    );
}
