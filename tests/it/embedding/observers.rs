//! Observers that come and go, and what they do meanwhile.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};

use sexton::{Event, ObserverHandle, RunOutcome, Scheduler, Status};

use super::waits::{get, with_threads};
use super::{outcomes, stage, Seen};
use crate::stage::{must_end, OnDrop, MINUTE, SECOND};

/// Registers an observer that may use its own handle.
fn with_handle(
    scheduler: &Scheduler,
    mut observe: impl FnMut(&Event, &ObserverHandle) + Send + 'static,
) -> ObserverHandle {
    let handle: Arc<Mutex<Option<ObserverHandle>>> = Arc::default();
    let (mine, observe) =
        (handle.clone(), Mutex::new(move |event: &Event, handle: &ObserverHandle| observe(event, handle)));
    let observer = scheduler.observe(move |event| {
        let handle = mine.lock().unwrap().clone();
        if let Some(handle) = handle {
            (observe.lock().unwrap())(event, &handle);
        }
    });
    *handle.lock().unwrap() = Some(observer.clone());
    observer
}

#[test]
fn a_removed_observer_receives_nothing_more_and_is_dropped() {
    let stage = stage();
    let (seen, dropped) = (Seen::new(), Seen::new());
    let (log, gone) = (seen.clone(), dropped.clone());
    let owned = OnDrop(move || gone.push(()));
    let observer = stage.scheduler.observe(move |event| {
        let _ = &owned;
        log.push(event.to_string());
    });
    stage.scheduler.task("a").every("1s").run(|| ()).unwrap();
    assert_eq!((seen.len(), dropped.len()), (1, 0));
    let again = observer.clone();
    observer.remove();
    assert_eq!(dropped.len(), 1);
    observer.remove();
    again.remove();
    stage.clock.advance(MINUTE);
    assert_eq!((seen.len(), dropped.len()), (1, 1));
    assert!(stage.told().len() > 100, "the others go on");
    // Dropping a handle changes nothing.
    let log = seen.clone();
    drop(stage.scheduler.observe(move |event| log.push(event.to_string())));
    stage.clock.advance(SECOND);
    assert!(seen.len() > 1);
}

#[test]
fn an_observer_may_remove_itself_from_inside() {
    for threads in [None, Some(2)] {
        let stage = stage();
        let scheduler = threads.map_or(stage.scheduler.clone(), with_threads);
        let (sender, told) = channel();
        let sender = Mutex::new(sender);
        with_handle(&scheduler, {
            let sender = Mutex::new(sender.lock().unwrap().clone());
            move |event, handle| {
                handle.remove();
                sender.lock().unwrap().send(event.to_string()).unwrap();
            }
        });
        scheduler.observe(move |event| drop(sender.lock().unwrap().send(format!("other: {event}"))));
        let acting = scheduler.clone();
        must_end("the observer", move || {
            acting.task("a").at("2099-01-01").run(|| ()).unwrap();
            acting.task("b").at("2099-01-01").run(|| ()).unwrap();
            acting.shutdown();
        });
        drop(scheduler);
        let told: Vec<_> = told.try_iter().collect();
        let own: Vec<_> = told.iter().filter(|line| !line.starts_with("other")).collect();
        assert_eq!(own, ["task `a` scheduled"], "{told:?}");
        assert!(told.contains(&"other: task `a` scheduled".to_string()), "{told:?}");
        assert!(told.contains(&"other: task `b` scheduled".to_string()), "{told:?}");
    }
}

#[test]
fn observers_that_remove_each_other_leave_no_gap_and_no_double_for_the_rest() {
    // Each of five observers removes each of them during the second event.
    for (remover, removed) in (0..5).flat_map(|one| (0..5).map(move |other| (one, other))) {
        let stage = stage();
        let seen: Vec<Seen<String>> = (0..5).map(|_| Seen::new()).collect();
        let handles: Arc<Mutex<Vec<ObserverHandle>>> = Arc::default();
        for (number, seen) in seen.iter().enumerate() {
            let (log, all) = (seen.clone(), handles.clone());
            let handle = stage.scheduler.observe(move |event| {
                log.push(event.to_string());
                if number == remover && event.task() == Some("2") {
                    let handle = all.lock().unwrap()[removed].clone();
                    handle.remove();
                }
            });
            handles.lock().unwrap().push(handle);
        }
        for name in ["1", "2", "3"] {
            stage.scheduler.task(name).at("2099-01-01").run(|| ()).unwrap();
        }
        for (number, seen) in seen.iter().enumerate() {
            let lines = seen.take();
            let all = ["task `1` scheduled", "task `2` scheduled", "task `3` scheduled"];
            // One that comes later in line does not receive the event any more.
            let count = if number != removed { 3 } else { 1 + usize::from(removed <= remover) };
            assert_eq!(lines, all[..count], "{number}: {remover} removes {removed}");
        }
    }
}

#[test]
fn an_observer_may_register_others_and_remove_them_again() {
    let stage = stage();
    let scheduler = stage.scheduler.clone();
    let seen = Seen::new();
    let log = seen.clone();
    let kept = Mutex::new(None::<ObserverHandle>);
    stage.scheduler.observe(move |event| {
        let log = log.clone();
        let new = scheduler.observe(move |event| log.push(event.to_string()));
        if let Some(old) = kept.lock().unwrap().replace(new) {
            old.remove();
        }
        assert!(event.task().is_some());
    });
    for name in ["1", "2", "3"] {
        stage.scheduler.task(name).at("2099-01-01").run(|| ()).unwrap();
    }
    let lines = seen.take();
    assert!((2..=3).contains(&lines.len()), "{lines:?}");
}

#[test]
fn an_observer_whose_destructor_panics_is_reported() {
    let stage = stage();
    let bomb = OnDrop(|| std::panic::resume_unwind(Box::new("boom")));
    let observer = stage.scheduler.observe(move |_| {
        let _ = &bomb;
    });
    observer.remove();
    let told = stage.told();
    assert!(matches!(&told[..], [Event::ObserverPanicked { .. }]), "{told:?}");
}

#[test]
fn an_observer_that_panics_receives_the_next_event_all_the_same() {
    let stage = stage();
    let seen = Seen::new();
    let log = seen.clone();
    let panics = stage.scheduler.observe(move |event| {
        log.push(event.to_string());
        if event.task().is_some() {
            std::panic::resume_unwind(Box::new("boom"));
        }
    });
    stage.scheduler.task("a").at("2099-01-01").run(|| ()).unwrap();
    stage.scheduler.task("b").at("2099-01-01").run(|| ()).unwrap();
    let panic = "an observer panicked: boom";
    assert_eq!(seen.take(), ["task `a` scheduled", panic, "task `b` scheduled", panic]);
    panics.remove();
}

#[test]
fn a_handle_outlives_its_scheduler() {
    let stage = stage();
    let handle = stage.scheduler.observe(|_| ());
    stage.scheduler.shutdown();
    handle.remove();
    drop(stage);
    handle.remove();
    assert!(format!("{handle:?}").contains("ObserverHandle"));
}

#[test]
fn an_observer_may_cancel_the_task_at_each_event_of_it() {
    // At the start, the end, and what comes between.
    for number in 0..12 {
        let stage = stage();
        let clock = stage.clock.clone();
        let task = stage.scheduler.task("a").cron("*/10 * * * * *").time_limit(SECOND).retry(1, SECOND);
        let task = task.run_with(move |run| {
            clock.advance(12 * SECOND);
            let _ = run.stop_requested();
            if run.count() % 2 == 0 {
                Err("even")
            } else {
                Ok(())
            }
        });
        let task = task.unwrap();
        let (handle, count) = (task.clone(), AtomicUsize::new(0));
        stage.scheduler.observe(move |_| {
            if count.fetch_add(1, Ordering::SeqCst) >= number {
                let _ = handle.cancel();
            }
        });
        let clock = stage.clock.clone();
        must_end("advance", move || clock.advance(MINUTE));
        assert_eq!(task.status(), Status::Ended, "{number}");
        let told = stage.told();
        let begun = told.iter().filter(|event| matches!(event, Event::Started { attempt: 1, .. })).count();
        assert_eq!(outcomes(&told).len(), begun, "{number}: {told:?}");
        assert_eq!(task.stats().runs() as usize, begun, "{number}: {told:?}");
    }
}

#[test]
fn each_end_of_a_run_is_one_event() {
    let stage = stage();
    let task = stage.scheduler.task("a").every("10s").run_with(|run| match run.count() {
        1 => Ok(()),
        2 => Err("no\nroute"),
        3 => std::panic::resume_unwind(Box::new("boom")),
        _ => {
            run.cancel();
            assert!(run.stop_requested());
            Ok(())
        }
    });
    task.unwrap();
    stage.clock.advance(MINUTE);
    let told = stage.told();
    let expected = [
        RunOutcome::Finished,
        RunOutcome::Failed("no\nroute".into()),
        RunOutcome::Panicked("boom".into()),
        RunOutcome::Stopped,
    ];
    assert_eq!(outcomes(&told), expected);
    assert_eq!(expected.map(|outcome| outcome.is_failure()), [false, true, true, false]);
    let lines: Vec<_> =
        told.iter().filter(|it| matches!(it, Event::RunEnded { .. })).map(Event::to_string).collect();
    assert!(lines.iter().all(|line| !line.contains('\n')), "{lines:?}");
    assert!(lines[3].contains("stopped after"), "{lines:?}");
}

#[test]
fn with_threads_a_removed_observer_is_dropped_after_its_last_event() {
    let scheduler = with_threads(1);
    let (sender, dropped) = channel();
    let (begin, begun) = channel();
    let (open, gate) = channel::<()>();
    let (sender, begin, gate) = (Mutex::new(sender), Mutex::new(begin), Mutex::new(gate));
    let owned = OnDrop(move || sender.lock().unwrap().send(()).unwrap_or_default());
    let observer = scheduler.observe(move |_| {
        let _ = &owned;
        let _ = begin.lock().unwrap().send(());
        let _ = gate.lock().unwrap().recv_timeout(crate::stage::PATIENCE);
    });
    scheduler.task("a").at("2099-01-01").run(|| ()).unwrap();
    get(&begun);
    observer.remove();
    assert!(dropped.try_recv().is_err(), "it is in use");
    open.send(()).unwrap();
    get(&dropped);
    scheduler.shutdown();
}
