//! Requests to stop, time limits, and runs that are kept beyond their end.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

use sexton::{Event, Overlap, Run, RunOutcome, Scheduler, Status, Stop};

use super::waits::{event, events, get, with_threads};
use super::{outcomes, stage, Seen};
use crate::stage::{in_child, must_end, DAY, HOUR, MINUTE, PATIENCE, SECOND};

#[test]
fn a_run_is_asked_to_stop_at_its_time_limit() {
    let stage = stage();
    let clock = stage.clock.clone();
    let task = stage.scheduler.task("a").every("1h").time_limit(MINUTE).run_with(move |run| {
        let stop = run.stop();
        clock.advance(MINUTE - Duration::from_nanos(1));
        assert!(!run.stop_requested() && !stop.is_requested());
        clock.advance(Duration::from_nanos(1));
        assert!(run.stop_requested() && stop.is_requested());
        assert!(run.stop().is_requested());
    });
    stage.clock.advance(MINUTE);
    let told = stage.told();
    assert_eq!(outcomes(&told), [RunOutcome::TimedOut]);
    let limits = told.iter().filter(|event| matches!(event, Event::TimeLimitReached { .. }));
    assert_eq!(limits.count(), 1, "{told:?}");
    assert_eq!(task.unwrap().stats().timed_out, 1);
}

#[test]
fn that_a_time_limit_was_reached_is_told_before_the_run_has_timed_out() {
    for limit in [Duration::ZERO, Duration::from_nanos(1), MINUTE] {
        let stage = stage();
        let clock = stage.clock.clone();
        let task = stage.scheduler.task("a").every("1h").time_limit(limit).run(move || clock.advance(MINUTE));
        stage.clock.advance(2 * MINUTE);
        let told = stage.told();
        let end = told.iter().position(|event| matches!(event, Event::RunEnded { .. })).unwrap();
        assert_eq!(outcomes(&told), [RunOutcome::TimedOut], "{limit:?}");
        let limits: Vec<_> =
            (0..told.len()).filter(|i| matches!(told[*i], Event::TimeLimitReached { .. })).collect();
        assert!(limits.len() == 1 && limits[0] < end, "{limit:?}: {told:?}");
        task.unwrap().cancel().unwrap();
    }
}

#[test]
fn a_run_within_its_time_limit_has_finished() {
    for limit in [MINUTE, Duration::MAX, Duration::from_secs(u64::MAX)] {
        let stage = stage();
        let clock = stage.clock.clone();
        let task =
            stage.scheduler.task("a").every("1h").time_limit(limit).run(move || clock.advance(MINUTE / 2));
        stage.clock.advance(3 * HOUR);
        assert_eq!(outcomes(&stage.told()), vec![RunOutcome::Finished; 4], "{limit:?}");
        // The limit of a run does not come after its end.
        assert_eq!(task.unwrap().stats().finished, 4);
    }
}

#[test]
fn a_run_that_fails_after_its_limit_has_failed_and_may_be_repeated() {
    let stage = stage();
    let clock = stage.clock.clone();
    let attempts = Seen::new();
    let log = attempts.clone();
    let task = stage.scheduler.task("a").cron("0 * * * *").time_limit(SECOND).retry(2, SECOND).run_with(
        move |run| {
            assert!(!run.stop_requested(), "each attempt has the whole time");
            log.push(run.attempt());
            clock.advance(2 * SECOND);
            assert!(run.stop_requested());
            if run.attempt() < 3 {
                Err("slow")
            } else {
                Ok(())
            }
        },
    );
    stage.clock.advance(HOUR + MINUTE);
    assert_eq!(attempts.take(), [1, 2, 3]);
    assert_eq!(outcomes(&stage.told()), [RunOutcome::TimedOut]);
    assert_eq!(task.unwrap().stats().timed_out, 1);
}

/// Waits for a request to stop.
async fn until_stopped(run: Run) {
    run.stop().await;
}

#[test]
fn a_future_wakes_up_at_its_time_limit() {
    let stage = stage();
    let task = stage.scheduler.task("a").every("1h").time_limit(MINUTE).run_async(until_stopped).unwrap();
    stage.clock.advance(MINUTE - SECOND);
    assert_eq!(task.status(), Status::Running);
    stage.clock.advance(SECOND);
    assert_eq!(task.status(), Status::Waiting);
    assert_eq!(task.stats().last.unwrap().took, MINUTE);
    assert_eq!(outcomes(&stage.told()), [RunOutcome::TimedOut]);
}

#[test]
fn a_future_wakes_up_when_its_task_is_cancelled_or_replaced_and_at_shutdown() {
    type Act = fn(&Scheduler);
    let acts: [(&str, Act); 4] = [
        ("cancel", |scheduler| scheduler.cancel("a").unwrap()),
        ("cancel_timeout", |scheduler| scheduler.get("a").unwrap().cancel_timeout(PATIENCE).unwrap()),
        ("replace", |scheduler| drop(scheduler.task("a").at("2099-01-01").replace().run(|| ()).unwrap())),
        ("shutdown", |scheduler| scheduler.shutdown()),
    ];
    for (what, act) in acts {
        for runs in [1, 3] {
            let stage = stage();
            let task = stage.scheduler.task("a").cron("* * * * * *").overlap(Overlap::Allow(runs));
            let task = task.run_async(until_stopped).unwrap();
            stage.clock.advance(10 * SECOND);
            assert_eq!((task.status(), task.count()), (Status::Running, Some(runs as u64)), "{what}");
            act(&stage.scheduler);
            stage.clock.advance(SECOND);
            assert_eq!(outcomes(&stage.told()), vec![RunOutcome::Stopped; runs], "{what}");
            assert_eq!(task.stats().stopped, runs as u64, "{what}");
        }
    }
}

#[test]
fn nothing_asks_a_run_to_stop_but_what_says_so() {
    let stage = stage();
    let task = stage.scheduler.task("a").every("1h").run_async(until_stopped).unwrap();
    stage.clock.advance(SECOND);
    task.pause().unwrap();
    task.resume().unwrap();
    task.run_now().unwrap();
    task.cancel_after_next().unwrap();
    task.reschedule(sexton::Schedule::every("1m").unwrap()).unwrap();
    stage.clock.advance(DAY);
    assert_eq!(task.status(), Status::Running);
    task.cancel().unwrap();
}

#[test]
fn a_stop_that_is_kept_after_the_end_of_its_run_is_not_asked_for_by_later_ones() {
    let stage = stage();
    let stops = Seen::new();
    let log = stops.clone();
    let task = stage.scheduler.task("a").every("1h").run_with(move |run| log.push(run.stop())).unwrap();
    stage.clock.advance(HOUR);
    task.cancel().unwrap();
    stage.scheduler.shutdown();
    let stops = stops.take();
    assert_eq!(stops.len(), 2);
    for stop in stops {
        assert!(!stop.is_requested() && !stop.wait_timeout(Duration::ZERO));
        assert!(format!("{stop:?}").contains("is_requested: false"));
    }
}

#[test]
fn each_run_of_several_at_a_time_has_its_own_limit() {
    let stage = stage();
    let task =
        stage.scheduler.task("a").cron("*/10 * * * * *").overlap(Overlap::Allow(10)).time_limit(25 * SECOND);
    let task = task.run_async(until_stopped).unwrap();
    stage.clock.advance(MINUTE);
    task.pause().unwrap();
    let stats = task.stats();
    assert_eq!((stats.timed_out, stats.longest, task.count()), (3, 25 * SECOND, Some(6)));
    stage.clock.advance(MINUTE);
    assert_eq!((task.stats().timed_out, task.status()), (6, Status::Paused));
}

#[test]
fn a_run_that_is_kept_beyond_its_end_still_answers_and_changes_nothing_of_later_runs() {
    let stage = stage();
    let kept: Seen<Run> = Seen::new();
    let log = kept.clone();
    let clock = stage.clock.clone();
    let task =
        stage.scheduler.task("a").cron("0 * * * *").time_limit(MINUTE).retry(1, 10 * MINUTE).run_async(
            move |run| {
                let (log, clock) = (log.clone(), clock.clone());
                async move {
                    let attempt = run.attempt();
                    assert!(!run.stop_requested() && !run.stop().is_requested(), "attempt {attempt}");
                    log.push(run);
                    clock.advance(SECOND);
                    if attempt == 1 {
                        Err("again")
                    } else {
                        Ok(())
                    }
                }
            },
        );
    let task = task.unwrap();
    stage.clock.advance(HOUR + 2 * MINUTE);
    {
        let runs = kept.0.lock().unwrap();
        let run = &runs[0];
        assert_eq!((run.attempt(), run.count(), run.name()), (1, 1, "a"));
        // Its time is over, and that is not the next attempt's.
        let _ = (run.stop_requested(), run.stop());
    }
    stage.clock.advance(20 * MINUTE);
    assert_eq!(kept.len(), 2);
    assert_eq!(outcomes(&stage.told()), [RunOutcome::Finished]);
    let run = kept.take().remove(1);
    run.cancel();
    assert!(task.cancel().is_err(), "it is the same task");
    assert!(run.stop_requested());
    assert!(run.stop().is_requested());
    drop(stage);
    assert!(run.scheduler().task("b").every("1s").run(|| ()).is_err());
}

/// Counts how often it is woken.
#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Starts a pending run, and gives its request to stop.
fn pending(scheduler: &Scheduler) -> Stop {
    let (sender, stops) = channel();
    let task = scheduler.task("pending").every("1d").run_async(move |run| {
        let _ = sender.send(run.stop());
        until_stopped(run)
    });
    task.unwrap();
    scheduler.run_pending();
    get(&stops)
}

#[test]
fn a_request_to_stop_wakes_all_that_wait_for_it_and_it_does_not_keep_them() {
    let stage = stage();
    let stop = pending(&stage.scheduler);
    let poll = |stop: &mut Stop, count: &Arc<Count>| {
        Pin::new(stop).poll(&mut Context::from_waker(&Waker::from(count.clone())))
    };
    let counts: Vec<_> = (0..1000).map(|_| Arc::new(Count::default())).collect();
    // Each has a clone of its own, and all of them wait.
    let mut stops: Vec<_> = counts.iter().map(|_| stop.clone()).collect();
    for _ in 0..3 {
        for (stop, count) in stops.iter_mut().zip(&counts) {
            assert_eq!(poll(stop, count), Poll::Pending);
        }
    }
    let woken = counts.iter().filter(|count| count.0.load(Ordering::SeqCst) > 0).count();
    assert_eq!(woken, 0, "nobody is woken for nothing");
    // One clone that is polled with another waker each time keeps the last one only.
    let mut one = stop.clone();
    let others: Vec<_> = (0..1000).map(|_| Arc::new(Count::default())).collect();
    others.iter().for_each(|count| assert_eq!(poll(&mut one, count), Poll::Pending));
    assert_eq!(others.iter().filter(|count| Arc::strong_count(count) > 1).count(), 1);
    // One that is dropped is forgotten.
    let gone = Arc::new(Count::default());
    let mut waits = stop.clone();
    assert_eq!(poll(&mut waits, &gone), Poll::Pending);
    drop(waits);
    assert_eq!(Arc::strong_count(&gone), 1);
    stage.scheduler.cancel("pending").unwrap();
    for (stop, count) in stops.iter_mut().zip(&counts) {
        assert_eq!(count.0.load(Ordering::SeqCst), 1);
        assert_eq!(poll(stop, count), Poll::Ready(()));
        assert_eq!(poll(stop, count), Poll::Ready(()), "again and again");
        assert_eq!(Arc::strong_count(count), 1);
    }
}

/// Does something when it is woken.
struct Does<F: Fn() + Send + Sync>(F);

impl<F: Fn() + Send + Sync> Wake for Does<F> {
    fn wake(self: Arc<Self>) {
        (self.0)();
    }
}

#[test]
fn a_waker_that_panics_keeps_nobody_from_being_woken() {
    // In a process of its own, as each panic of a waker is a line on stderr.
    let test = "embedding::stops::a_waker_that_panics_keeps_nobody_from_being_woken";
    let printed = in_child(test, wakers_panic);
    assert!(printed.is_empty() || printed.contains("sexton: a waker panicked: boom\n"), "{printed}");
}

fn wakers_panic() {
    let stage = stage();
    let stop = pending(&stage.scheduler);
    let count = Arc::new(Count::default());
    let bomb = Waker::from(Arc::new(Does(|| std::panic::resume_unwind(Box::new("boom")))));
    let mut stops = [stop.clone(), stop.clone(), stop];
    let wakers = [bomb.clone(), Waker::from(count.clone()), bomb];
    for (stop, waker) in stops.iter_mut().zip(&wakers) {
        assert_eq!(Pin::new(stop).poll(&mut Context::from_waker(waker)), Poll::Pending);
    }
    stage.scheduler.cancel("pending").unwrap();
    assert_eq!(count.0.load(Ordering::SeqCst), 1);
    stage.clock.advance(SECOND);
    assert_eq!(outcomes(&stage.told()), [RunOutcome::Stopped]);
}

#[test]
fn a_waker_may_call_the_scheduler() {
    let stage = stage();
    let mut stop = pending(&stage.scheduler);
    let seen = Seen::new();
    let (log, scheduler, asks) = (seen.clone(), stage.scheduler.clone(), stop.clone());
    let waker = Waker::from(Arc::new(Does(move || {
        log.push((scheduler.tasks().len(), asks.is_requested()));
        scheduler.task("new").every("1h").run(|| ()).unwrap();
        let _ = scheduler.cancel("pending");
        scheduler.cancel("new").unwrap();
    })));
    assert_eq!(Pin::new(&mut stop).poll(&mut Context::from_waker(&waker)), Poll::Pending);
    let scheduler = stage.scheduler.clone();
    must_end("cancel", move || scheduler.cancel("pending").unwrap());
    assert_eq!(seen.take(), [(0, true)]);
}

#[test]
fn a_limit_that_is_reached_after_a_shutdown_does_not_hang_the_clock() {
    let stage = stage();
    let wakers = Seen::new();
    let log = wakers.clone();
    stage
        .scheduler
        .task("a")
        .every("1h")
        .time_limit(MINUTE)
        .run_async(move |_| {
            let log = log.clone();
            std::future::poll_fn(move |context| {
                log.push(context.waker().clone());
                if log.len() > 1 {
                    Poll::Ready(())
                } else {
                    Poll::Pending
                }
            })
        })
        .unwrap();
    stage.scheduler.task("end").after(SECOND).run_with(|run| run.scheduler().shutdown()).unwrap();
    let clock = stage.clock.clone();
    must_end("advance", move || clock.advance(HOUR));
    let waker = wakers.0.lock().unwrap()[0].clone();
    waker.wake();
    stage.clock.advance(SECOND);
    let told = stage.told();
    assert_eq!(outcomes(&told).len(), 2, "{told:?}");
}

#[test]
fn a_thread_that_waits_is_woken_by_cancel_limit_and_shutdown() {
    for what in ["cancel", "limit", "shutdown"] {
        let scheduler = with_threads(2);
        let events = events(&scheduler);
        let (sender, began) = channel();
        let limit = if what == "limit" { Duration::from_millis(20) } else { HOUR };
        let task = scheduler.task("a").every("1h").time_limit(limit).run_with(move |run| {
            sender.send(()).unwrap();
            assert!(run.stop().wait_timeout(PATIENCE), "{} is asked to stop", run.name());
            assert!(run.stop_requested());
        });
        let task = task.unwrap();
        get(&began);
        match what {
            "cancel" => task.cancel_timeout(PATIENCE).unwrap(),
            "shutdown" => scheduler.shutdown(),
            _ => drop(event(&events, |event| matches!(event, Event::TimeLimitReached { .. }))),
        }
        let end = event(&events, |event| matches!(event, Event::RunEnded { .. }));
        let expected = if what == "limit" { RunOutcome::TimedOut } else { RunOutcome::Stopped };
        assert!(matches!(&end, Event::RunEnded { outcome, .. } if *outcome == expected), "{what}: {end:?}");
    }
}

#[test]
fn a_wait_for_a_request_ends_with_its_time() {
    let scheduler = with_threads(1);
    let (sender, answers) = channel();
    let task = scheduler.task("a").every("1h").run_with(move |run| {
        let stop = run.stop();
        sender
            .send(stop.wait_timeout(Duration::ZERO) || stop.wait_timeout(Duration::from_millis(1)))
            .unwrap();
    });
    task.unwrap();
    assert!(!get(&answers));
    // A time that no clock can show is waited for, too.
    let (sender, began) = channel();
    let task = scheduler.task("b").every("1h").run_with(move |run| {
        sender.send(run.stop()).unwrap();
        assert!(run.stop().wait_timeout(Duration::MAX));
    });
    let stop = get(&began);
    let other = thread::spawn(move || stop.wait_timeout(Duration::MAX));
    task.unwrap().cancel_timeout(PATIENCE).unwrap();
    assert!(must_end("the wait", move || other.join().unwrap()));
}

#[test]
fn a_limit_is_told_and_the_request_made_while_all_workers_are_stuck() {
    let scheduler = with_threads(1);
    let events = events(&scheduler);
    let (sender, stops) = channel();
    let (open, gate) = channel::<()>();
    let gate = Mutex::new(gate);
    let task =
        scheduler.task("stuck").every("1h").time_limit(Duration::from_millis(20)).run_with(move |run| {
            sender.send(run.stop()).unwrap();
            let _ = gate.lock().unwrap().recv_timeout(2 * PATIENCE);
        });
    let stop = get(&stops);
    event(&events, |event| matches!(event, Event::TimeLimitReached { .. }));
    assert!(stop.wait_timeout(PATIENCE));
    assert_eq!(task.unwrap().status(), Status::Running);
    open.send(()).unwrap();
    let end = event(&events, |event| matches!(event, Event::RunEnded { .. }));
    assert!(matches!(end, Event::RunEnded { outcome: RunOutcome::TimedOut, .. }), "{end:?}");
    scheduler.shutdown();
}

#[test]
fn a_later_limit_that_is_shorter_wakes_the_timer() {
    let scheduler = with_threads(3);
    let events = events(&scheduler);
    for (name, limit) in [("long", HOUR), ("short", Duration::from_millis(10))] {
        let task = scheduler.task(name).every("1h").time_limit(limit);
        task.run_with(|run| {
            run.stop().wait_timeout(PATIENCE);
        })
        .unwrap();
    }
    let first = event(&events, |event| matches!(event, Event::RunEnded { .. }));
    assert_eq!(first.task(), Some("short"));
    scheduler.shutdown();
}

/// Wakes itself each time that it is polled, as what polls something by yielding does.
struct Busy;

impl Future for Busy {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

#[test]
fn a_future_that_wakes_itself_again_and_again_keeps_nobody_waiting() {
    let busy = || {
        let scheduler = Scheduler::builder().threads(0).zone("UTC").build().unwrap();
        let task = scheduler.task("busy").every("1h").run_async(|_| Busy).unwrap();
        scheduler.run_pending();
        assert_eq!(task.status(), Status::Running);
        (scheduler, task)
    };
    must_end("what waits for a busy future", move || {
        let (scheduler, task) = busy();
        assert!(task.cancel_timeout(SECOND / 20).is_err());
        assert_eq!(task.stats().stopped, 1);
        scheduler.shutdown();
        let (scheduler, _) = busy();
        let error = scheduler.shutdown_timeout(SECOND / 20).unwrap_err();
        assert_eq!(error.still_running(), ["busy".into()]);
        let (scheduler, task) = busy();
        drop(scheduler);
        assert_eq!(task.status(), Status::Ended);
    });
}
