//! Who waits for runs to end: `cancel_timeout` and `shutdown_timeout`, from everywhere.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{channel, Receiver};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use sexton::{Event, Overlap, RunOutcome, Scheduler, Status};

use super::{outcomes, stage};
use crate::stage::{listen, must_end, until, without_run, OnDrop, HOUR, PATIENCE, SECOND};

const MS: Duration = Duration::from_millis(1);

pub fn with_threads(threads: usize) -> Scheduler {
    Scheduler::builder().threads(threads).zone("UTC").build().unwrap()
}

#[track_caller]
pub fn get<T>(receiver: &Receiver<T>) -> T {
    receiver.recv_timeout(PATIENCE).expect("it comes")
}

/// Has a scheduler's events sent.
pub fn events(scheduler: &Scheduler) -> Receiver<Event> {
    let (sender, receiver) = channel();
    let sender = Mutex::new(sender);
    scheduler.observe(move |event| drop(sender.lock().unwrap().send(event.clone())));
    receiver
}

/// The first event that will do; those before it are dropped.
#[track_caller]
pub fn event(events: &Receiver<Event>, will_do: impl Fn(&Event) -> bool) -> Event {
    loop {
        let event = get(events);
        if will_do(&event) {
            return event;
        }
    }
}

/// A future that stays pending, and keeps its waker, so that it is not lost.
#[allow(clippy::incompatible_msrv)] // the oldest compiler builds no tests
fn never() -> impl std::future::Future<Output = ()> + Send {
    let mut kept = Vec::new();
    std::future::poll_fn(move |context| {
        kept.push(context.waker().clone());
        std::task::Poll::Pending
    })
}

#[test]
fn cancel_timeout_drops_what_is_pending_at_the_limit() {
    for runs in [1, 4] {
        let stage = stage();
        let task = stage.scheduler.task("a").cron("* * * * * *").overlap(Overlap::Allow(runs));
        let task = task.run_async(without_run(never)).unwrap();
        stage.clock.advance(10 * SECOND);
        assert_eq!(task.count(), Some(runs as u64));
        let error = task.cancel_timeout(MS).unwrap_err();
        assert_eq!(error.still_running().len(), 1, "{error}");
        assert!(error.to_string().contains("`a`"), "{error}");
        assert_eq!(outcomes(&stage.told()), vec![RunOutcome::Stopped; runs]);
        assert_eq!((task.status(), task.stats().stopped), (Status::Ended, runs as u64));
        assert!(task.cancel_timeout(MS).unwrap_err().still_running().is_empty(), "it has ended");
    }
}

#[test]
fn cancel_timeout_drops_the_futures_of_its_own_task_only() {
    let stage = stage();
    let mine = stage.scheduler.task("a").every("1h").run_async(without_run(never)).unwrap();
    let other = stage.scheduler.task("b").every("1h").run_async(without_run(never)).unwrap();
    stage.clock.advance(SECOND);
    assert!(mine.cancel_timeout(Duration::ZERO).is_err());
    assert_eq!((mine.status(), other.status()), (Status::Ended, Status::Running));
    // Not those of a replacement either.
    let old = stage.scheduler.task("c").every("1h").run_async(without_run(never)).unwrap();
    stage.clock.advance(SECOND);
    let new = stage.scheduler.task("c").every("1s").replace().run(|| ()).unwrap();
    stage.clock.advance(5 * SECOND);
    assert_eq!((new.count(), new.status()), (Some(1), Status::Waiting), "it waits for the old run");
    assert!(old.cancel_timeout(Duration::ZERO).is_err(), "the replacement is the same task");
    assert_eq!(new.status(), Status::Ended);
    assert!(stage.scheduler.shutdown_timeout(Duration::ZERO).is_err());
    assert_eq!(other.stats().stopped, 1);
    stage.scheduler.shutdown();
}

#[test]
fn cancel_timeout_returns_when_the_run_has_ended() {
    let scheduler = with_threads(2);
    let (sender, began) = channel();
    let task = scheduler.task("a").every("1h").run_with(move |run| {
        sender.send(()).unwrap();
        assert!(run.stop().wait_timeout(PATIENCE));
    });
    get(&began);
    let task = task.unwrap();
    task.cancel_timeout(Duration::MAX).unwrap();
    assert_eq!((task.status(), task.stats().stopped), (Status::Ended, 1), "and not before");
}

#[test]
fn cancel_timeout_returns_when_the_callback_is_dropped() {
    let scheduler = with_threads(2);
    let (sender, began) = channel();
    let dropped = Arc::new(AtomicBool::new(false));
    let flag = dropped.clone();
    let guard = OnDrop(move || {
        // A caller that does not wait for it would be long gone.
        thread::sleep(100 * MS);
        flag.store(true, Ordering::SeqCst);
    });
    let task = scheduler.task("a").every("1h").run_with(move |run| {
        let _ = &guard;
        sender.send(()).unwrap();
        assert!(run.stop().wait_timeout(PATIENCE));
    });
    get(&began);
    task.unwrap().cancel_timeout(Duration::MAX).unwrap();
    assert!(dropped.load(Ordering::SeqCst));
}

#[test]
fn a_future_that_is_first_pending_when_nobody_waits_any_longer_is_dropped() {
    for gives_up in ["cancel", "shutdown"] {
        let scheduler = with_threads(2);
        let events = events(&scheduler);
        let (open, gate) = channel::<()>();
        let gate = Mutex::new(gate);
        let (sender, began) = channel();
        let task = scheduler.task("a").every("1h").run_async(without_run(move || {
            sender.send(()).unwrap();
            gate.lock().unwrap().recv_timeout(PATIENCE).unwrap();
            never()
        }));
        let task = task.unwrap();
        get(&began);
        let error = match gives_up {
            "cancel" => task.cancel_timeout(Duration::ZERO),
            _ => scheduler.shutdown_timeout(Duration::ZERO),
        };
        assert_eq!(error.unwrap_err().still_running().len(), 1, "{gives_up}");
        open.send(()).unwrap();
        must_end("the run", move || scheduler.shutdown());
        let end = event(&events, |event| matches!(event, Event::RunEnded { .. }));
        assert!(matches!(end, Event::RunEnded { outcome: RunOutcome::Stopped, .. }), "{end:?}");
    }
}

#[test]
fn cancel_timeout_of_a_task_that_does_not_run_does_not_wait() {
    let stage = stage();
    let waiting = stage.scheduler.task("a").every("1h").paused().run(|| ()).unwrap();
    waiting.cancel_timeout(Duration::MAX).unwrap();
    assert_eq!(waiting.status(), Status::Ended);
    assert!(waiting.cancel_timeout(Duration::MAX).is_err());
}

#[test]
fn from_inside_a_callback_nobody_waits_for_themselves() {
    let stage = stage();
    let handle = Arc::new(Mutex::new(None));
    let mine = handle.clone();
    let task = stage.scheduler.task("a").every("1s").run(move || {
        let task: Option<sexton::Task> = mine.lock().unwrap().take();
        if let Some(task) = task {
            task.cancel_timeout(Duration::MAX).unwrap();
            assert!(task.cancel_timeout(Duration::MAX).is_err());
        }
    });
    let task = task.unwrap();
    *handle.lock().unwrap() = Some(task.clone());
    let clock = stage.clock.clone();
    must_end("the callback", move || clock.advance(5 * SECOND));
    assert_eq!((task.status(), task.stats().stopped), (Status::Ended, 0), "it did not look: it has finished");
    assert_eq!(task.stats().finished, 1);
}

#[test]
fn from_an_observer_and_from_another_tasks_callback_it_does_not_block_either() {
    let stage = stage();
    let pending = stage.scheduler.task("a").every("1h").run_async(without_run(never)).unwrap();
    stage.clock.advance(SECOND);
    let task = pending.clone();
    stage.scheduler.task("b").after(SECOND).run(move || task.cancel_timeout(Duration::MAX).unwrap()).unwrap();
    let clock = stage.clock.clone();
    must_end("the callback", move || clock.advance(5 * SECOND));
    assert_eq!(pending.status(), Status::Running, "the future goes on, and is asked to stop");
    let scheduler = stage.scheduler.clone();
    assert!(must_end("shutdown", move || scheduler.shutdown_timeout(MS)).is_err());
    assert_eq!((pending.status(), pending.stats().stopped), (Status::Ended, 1));
}

#[test]
fn two_threads_may_cancel_and_one_of_them_does() {
    for _ in 0..20 {
        let scheduler = with_threads(2);
        let (sender, began) = channel();
        let task = scheduler.task("a").every("1h").run_with(move |run| {
            sender.send(()).unwrap();
            assert!(run.stop().wait_timeout(PATIENCE));
        });
        let task = task.unwrap();
        get(&began);
        let start = Arc::new(Barrier::new(2));
        let cancels = [0, 1].map(|_| {
            let (task, start) = (task.clone(), start.clone());
            thread::spawn(move || {
                start.wait();
                task.cancel_timeout(PATIENCE).is_ok()
            })
        });
        let done = must_end("both", move || cancels.map(|thread| thread.join().unwrap()));
        assert_eq!(done.iter().filter(|is_done| **is_done).count(), 1);
        scheduler.shutdown();
        assert_eq!(task.stats().stopped, 1);
    }
}

#[test]
fn shutdown_timeout_drops_pending_futures_with_all_they_own() {
    for threads in [0, 1, 4] {
        let scheduler = with_threads(threads);
        let told = listen(&scheduler);
        let (sender, dropped) = channel();
        let sender = Mutex::new(sender);
        let task = scheduler.task("a").every("1h").run_async(move |_| {
            let sender = sender.lock().unwrap().clone();
            let owned = OnDrop(move || sender.send(()).unwrap_or_default());
            async move {
                never().await;
                drop(owned);
            }
        });
        let task = task.unwrap();
        scheduler.run_pending();
        until("it runs", || task.status() == Status::Running);
        let stopping = scheduler.clone();
        let error = must_end("shutdown", move || stopping.shutdown_timeout(MS)).unwrap_err();
        assert_eq!(error.still_running().len(), 1, "{error}");
        get(&dropped);
        let stopping = scheduler.clone();
        must_end("shutdown", move || stopping.shutdown());
        assert_eq!(outcomes(&told.lock().unwrap()), [RunOutcome::Stopped], "{threads}");
        assert_eq!(task.stats().stopped, 1);
    }
}

#[test]
fn a_future_whose_destructor_panics_ends_its_run_all_the_same() {
    let stage = stage();
    let task = stage.scheduler.task("a").every("1h").run_async(without_run(|| {
        let bomb = OnDrop(|| std::panic::resume_unwind(Box::new("boom")));
        async move {
            never().await;
            drop(bomb);
        }
    }));
    let task = task.unwrap();
    stage.clock.advance(SECOND);
    assert!(task.cancel_timeout(Duration::ZERO).is_err());
    let told = stage.told();
    assert!(told.iter().any(|event| matches!(event, Event::DestructorPanicked { .. })), "{told:?}");
    assert_eq!((outcomes(&told), task.status()), (vec![RunOutcome::Stopped], Status::Ended));
}

#[test]
fn a_future_that_becomes_ready_when_it_is_asked_to_stop_is_not_dropped() {
    for threads in [0, 2] {
        let scheduler = with_threads(threads);
        let (sender, done) = channel();
        let task = scheduler.task("a").every("1h").run_async(move |run| {
            let sender = sender.clone();
            async move {
                run.stop().await;
                sender.send(()).unwrap();
            }
        });
        let task = task.unwrap();
        scheduler.run_pending();
        until("it runs", || task.status() == Status::Running);
        must_end("cancel", {
            let task = task.clone();
            move || task.cancel_timeout(PATIENCE)
        })
        .unwrap();
        get(&done);
        assert_eq!((task.status(), task.stats().stopped), (Status::Ended, 1), "{threads}");
        scheduler.shutdown();
    }
}

#[test]
fn without_threads_a_thread_that_cancels_drives_what_is_queued() {
    let scheduler = with_threads(0);
    scheduler.observe(|_| {});
    let task =
        scheduler.task("a").every("1h").time_limit(HOUR).retry(3, HOUR).run(|| Err::<(), _>("no")).unwrap();
    scheduler.run_pending();
    assert_eq!(task.status(), Status::Waiting);
    task.cancel_timeout(Duration::MAX).unwrap();
    assert_eq!((task.status(), task.stats().failed), (Status::Ended, 1));
    scheduler.shutdown();
}

#[test]
fn without_threads_limits_and_retries_are_kept_by_who_drives() {
    let scheduler = with_threads(0);
    let told = listen(&scheduler);
    let limited = scheduler.task("limited").every("1h").time_limit(20 * MS).run_async(|run| async move {
        run.stop().await;
    });
    let limited = limited.unwrap();
    let retried = scheduler.task("retried").every("1h").retry(2, 5 * MS).run(|| Err::<(), _>("no")).unwrap();
    let begin = Instant::now();
    while limited.stats().runs() + retried.stats().runs() < 2 {
        assert!(begin.elapsed() < PATIENCE);
        let pause = scheduler.run_pending().expect("there is something to do");
        assert!(pause <= HOUR);
        thread::sleep(pause.min(10 * MS));
    }
    assert_eq!((limited.stats().timed_out, retried.stats().failed), (1, 1));
    assert_eq!(retried.stats().last.unwrap().attempts, 3);
    assert_eq!(outcomes(&told.lock().unwrap()).len(), 2);
}

#[test]
fn many_threads_do_everything_at_once_and_the_books_are_right() {
    let scheduler = with_threads(4);
    let told = listen(&scheduler);
    let actors: Vec<_> = (0..4_u64)
        .map(|seed| {
            let scheduler = scheduler.clone();
            thread::spawn(move || {
                let mut random = seed * 7919 + 1;
                for _ in 0..400 {
                    random = random
                        .wrapping_mul(6_364_136_223_846_793_005)
                        .wrapping_add(1_442_695_040_888_963_407);
                    let name = ["a", "b", "c"][(random >> 33) as usize % 3];
                    let period = MS * (1 + (random >> 40) as u32 % 5);
                    let task = scheduler.task(name).every(period).retry(2, MS / 4).time_limit(MS).replace();
                    let _ = match (random >> 50) % 9 {
                        0 => task
                            .run_with(|run| if run.count() % 2 == 0 { Err("even") } else { Ok(()) })
                            .map(drop),
                        1 => task.run_async(|run| async move { run.stop().await }).map(drop),
                        2 => task.paused().run(|| ()).and_then(|task| task.resume()),
                        3 => scheduler.cancel(name),
                        4 => scheduler.get(name).map_or(Ok(()), |task| task.pause()),
                        5 => scheduler.get(name).map_or(Ok(()), |task| task.resume()),
                        6 => scheduler.get(name).map_or(Ok(()), |task| task.run_now()),
                        7 => scheduler
                            .get(name)
                            .map_or(Ok(()), |task| task.reschedule(sexton::Schedule::every(period).unwrap())),
                        _ => scheduler.get(name).map_or(Ok(()), |task| task.cancel_timeout(MS)),
                    };
                }
            })
        })
        .collect();
    must_end("the actors", move || actors.into_iter().for_each(|actor| actor.join().unwrap()));
    let stopping = scheduler.clone();
    must_end("shutdown", move || stopping.shutdown());
    let told = told.lock().unwrap();
    let begun = told.iter().filter(|event| matches!(event, Event::Started { attempt: 1, .. })).count();
    assert_eq!(begun, outcomes(&told).len(), "each run ends once");
    for name in ["a", "b", "c"] {
        let of_name = told.iter().filter(|event| event.task() == Some(name));
        let mut going_on = None;
        for event in of_name {
            match event {
                Event::Started { attempt: 1, due, .. } => {
                    assert_eq!(going_on.replace((*due, 1)), None, "{name}")
                }
                Event::Started { attempt, due, .. } => {
                    assert_eq!(going_on.replace((*due, *attempt)), Some((*due, attempt - 1)), "{name}");
                }
                Event::RunEnded { due, attempt, .. } => {
                    assert_eq!(going_on.take(), Some((*due, *attempt)), "{name}")
                }
                _ => {}
            }
        }
        assert_eq!(going_on, None, "{name}");
    }
}
