//! What was once wrong, each in its smallest form.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{mpsc, Arc, Mutex};
use std::task::{Poll, Waker};
use std::time::{Duration, SystemTime};

use sexton::{Event, ManualClock, Missed, Overlap, RunOutcome, Schedule, Scheduler, Why};

#[cfg(feature = "journal")]
use crate::journal::{Folder, Process};
use crate::stage::*;

/// A job whose future is pending until it is woken, and the wakers of those that are.
pub fn pending_once() -> (Arc<Mutex<Vec<Waker>>>, impl FnMut() -> Pending + Send + 'static) {
    let wakers = Arc::new(Mutex::new(Vec::<Waker>::new()));
    let kept = wakers.clone();
    let job = move || -> Pending {
        let (kept, mut is_begun) = (kept.clone(), false);
        #[allow(clippy::incompatible_msrv)] // the oldest compiler builds no tests
        let future = std::future::poll_fn(move |context| {
            if std::mem::replace(&mut is_begun, true) {
                return Poll::Ready(());
            }
            kept.lock().unwrap().push(context.waker().clone());
            Poll::Pending
        });
        Box::pin(future)
    };
    (wakers, job)
}

type Pending = Pin<Box<dyn Future<Output = ()> + Send>>;

#[test]
fn a_slow_first_answer_of_a_schedule_is_no_clock_step() {
    let stage = Stage::at("2026-11-22 10:00:00");
    stage.scheduler.task("tick").cron("* * * * * *").run(|| {}).unwrap();
    let clock = stage.clock.clone();
    let asked = stage.scheduler.task("token").at_next(move |now| {
        clock.advance(3 * SECOND);
        Some(now + HOUR)
    });
    asked.run(|| {}).unwrap();
    stage.clock.advance(2 * SECOND);
    let ticks = ["10:00:01", "10:00:02", "10:00:03", "10:00:04", "10:00:05"].map(|due| format!("tick {due}"));
    assert_eq!(stage.lines(), ticks);
}

#[test]
fn a_slow_callback_that_schedules_is_no_clock_step() {
    let stage = Stage::at("2026-11-22 10:00:00");
    let clock = stage.clock.clone();
    let slow = move |run: &sexton::Run| {
        clock.advance(10 * SECOND);
        run.scheduler().task("next").after(HOUR).run(|| {}).unwrap();
    };
    stage.scheduler.task("slow").after(Duration::ZERO).run_with(slow).unwrap();
    stage.scheduler.task("soon").after(SECOND).run(|| {}).unwrap();
    stage.clock.advance(2 * SECOND);
    assert_eq!(stage.lines(), ["slow 10:00:00", "slow ended", "soon 10:00:01", "soon ended"]);
}

#[test]
fn a_task_goes_on_after_the_clock_was_set_back_during_its_run() {
    let stage = Stage::at("2026-11-22 10:00:30");
    let clock = stage.clock.clone();
    let mut is_first = true;
    let task = stage.scheduler.task("minute").cron("* * * * *");
    let set_back = move |run: &sexton::Run| {
        if std::mem::take(&mut is_first) {
            clock.step_back(600 * SECOND);
            // Whoever schedules looks at the clocks.
            run.scheduler().task("other").after(DAY).run(|| {}).unwrap();
        }
    };
    task.run_with(set_back).unwrap();
    stage.clock.advance(90 * SECOND);
    let told = stage.lines();
    assert_eq!(told, ["minute 10:01:00", "the clock was stepped 10m back", "minute 09:52:00"]);
}

#[test]
fn a_task_goes_on_after_the_clock_was_set_back_while_a_run_was_asked_for() {
    let stage = Stage::at("2026-11-22 10:00:30");
    let minute = stage.scheduler.task("minute").cron("* * * * *").run(|| {}).unwrap();
    let clock = stage.clock.clone();
    let asks = move |run: &sexton::Run| {
        minute.run_now().unwrap();
        clock.step_back(600 * SECOND);
        run.scheduler().task("other").after(DAY).run(|| {}).unwrap();
    };
    stage.scheduler.task("asks").after(SECOND).run_with(asks).unwrap();
    stage.clock.advance(60 * SECOND);
    let minutes: Vec<_> = stage.lines().into_iter().filter(|line| line.starts_with("minute")).collect();
    assert_eq!(minutes, ["minute 09:50:31", "minute 09:51:00"]);
}

#[test]
fn a_run_asked_for_while_another_is_about_to_begin_is_not_lost_when_the_task_is_resumed() {
    let stage = Stage::at("2026-11-22 10:00:00");
    let both = Arc::new(Mutex::new(None::<sexton::Task>));
    let handle = both.clone();
    let asks = move || handle.lock().unwrap().as_ref().unwrap().run_now().unwrap();
    stage.scheduler.task("asks").after(SECOND).run(asks).unwrap();
    let (handle, runs) = (both.clone(), Arc::new(AtomicUsize::new(0)));
    let counted = runs.clone();
    let shared = move |_: &sexton::Run| {
        if counted.fetch_add(1, Ordering::Relaxed) == 0 {
            let task = handle.lock().unwrap().clone().unwrap();
            task.pause().unwrap();
            task.resume().unwrap();
        }
    };
    let task = stage.scheduler.task("both").every(HOUR).starting("2026-11-22 10:00:01");
    *both.lock().unwrap() = Some(task.overlap(Overlap::Allow(2)).run_shared(shared).unwrap());
    stage.clock.advance(2 * SECOND);
    assert_eq!(runs.load(Ordering::Relaxed), 2);
}

#[test]
fn a_destructor_may_shut_down_while_its_task_is_dropped_by_a_shutdown() {
    must_end("a shutdown within a shutdown", || {
        for threads in [0, 2] {
            let scheduler = Scheduler::builder().threads(threads).zone("UTC").build().unwrap();
            let other = scheduler.clone();
            let guard = OnDrop(move || other.shutdown());
            scheduler
                .task("app")
                .after(HOUR)
                .run(move || {
                    let _ = &guard;
                })
                .unwrap();
            scheduler.shutdown();
        }
    });
}

#[test]
fn an_observer_may_shut_down_when_it_hears_of_a_shutdown() {
    must_end("a shutdown within a shutdown", || {
        let scheduler = Scheduler::builder().threads(0).zone("UTC").build().unwrap();
        let other = scheduler.clone();
        scheduler.observe(move |event| {
            if let Event::Missed { why: Why::ShutDown, .. } = event {
                other.shutdown();
            }
        });
        scheduler.task("due").after(Duration::ZERO).run(|| {}).unwrap();
        scheduler.shutdown();
    });
}

#[test]
fn an_observer_s_destructor_may_shut_down() {
    must_end("a shutdown within a shutdown", || {
        for threads in [0, 2] {
            let scheduler = Scheduler::builder().threads(threads).zone("UTC").build().unwrap();
            let other = scheduler.clone();
            let guard = OnDrop(move || other.shutdown());
            scheduler.observe(move |_| {
                let _ = &guard;
            });
            scheduler.shutdown();
        }
    });
}

#[test]
fn dues_that_pass_while_a_backlog_is_run_are_overlaps() {
    let stage = Stage::at("2026-11-22 10:00:00");
    let clock = stage.clock.clone();
    let task = stage.scheduler.task("t").cron("* * * * * *").missed(Missed::All).times(4);
    task.run(move || clock.advance(Duration::from_millis(1500))).unwrap();
    stage.clock.suspend(3 * SECOND);
    stage.clock.advance(20 * SECOND);
    // 4 to 7 pass while the three runs that make up for the sleep go on.
    let starts: Vec<_> = stage.lines().into_iter().filter(|line| line.starts_with("t 1")).collect();
    assert_eq!(starts, ["t 10:00:01", "t 10:00:02", "t 10:00:03", "t 10:00:08"]);
}

#[test]
fn each_sleep_has_a_backlog_of_its_own() {
    let stage = Stage::at("2026-11-22 10:00:00");
    let clock = stage.clock.clone();
    let task = stage.scheduler.task("t").cron("* * * * * *").missed(Missed::All);
    task.run(move || clock.advance(Duration::from_millis(1500))).unwrap();
    stage.clock.suspend(3 * SECOND);
    // The three runs end at 10:00:07.5.
    stage.clock.advance(Duration::from_millis(4600));
    stage.clock.suspend(3 * SECOND);
    stage.clock.advance(Duration::from_millis(4600));
    let starts: Vec<_> = stage.lines().into_iter().filter(|line| line.starts_with("t 1")).collect();
    let dues = ["10:00:01", "10:00:02", "10:00:03", "10:00:08", "10:00:09", "10:00:10"];
    assert_eq!(starts, dues.map(|due| format!("t {due}")));
    stage.scheduler.shutdown();
}

#[test]
fn a_future_that_nobody_can_wake_is_a_failure_and_no_panic() {
    let stage = Stage::at("2026-11-22 10:00:00");
    let task = stage.scheduler.task("t").every(SECOND).times(2);
    task.run_async(|_| std::future::poll_fn(|_| Poll::<()>::Pending)).unwrap();
    stage.clock.advance(2 * SECOND);
    let told = stage.told();
    let count = |is: fn(&Event) -> bool| told.iter().filter(|event| is(event)).count();
    assert_eq!(
        count(|event| matches!(event, Event::RunEnded { outcome: RunOutcome::Panicked(_), .. })),
        0,
        "{told:?}"
    );
    assert_eq!(
        count(|event| matches!(event, Event::RunEnded { outcome: RunOutcome::Failed(_), .. })),
        2,
        "{told:?}"
    );
}

#[test]
fn a_pending_run_is_not_kept_for_ever_by_a_scheduler_without_threads_that_is_gone() {
    let stage = Stage::at("2026-11-22 10:00:00");
    let (waker, dropped) = (Arc::new(Mutex::new(None::<Waker>)), Arc::new(AtomicUsize::new(0)));
    let (kept, counted) = (waker.clone(), dropped.clone());
    let pending = move || {
        let (kept, counted) = (kept.clone(), counted.clone());
        let guard = OnDrop(move || {
            counted.fetch_add(1, Ordering::Relaxed);
        });
        std::future::poll_fn(move |context| {
            let _ = &guard;
            *kept.lock().unwrap() = Some(context.waker().clone());
            Poll::<()>::Pending
        })
    };
    stage.scheduler.task("t").after(Duration::ZERO).run_async(without_run(pending)).unwrap();
    stage.clock.advance(SECOND);
    drop(stage);
    *waker.lock().unwrap() = None;
    assert_eq!(dropped.load(Ordering::Relaxed), 1);
}

#[test]
fn a_due_beyond_the_monotonic_clock_does_not_hang_the_manual_clock() {
    must_end("a due in the far future", || {
        let start = SystemTime::UNIX_EPOCH - 3650 * DAY;
        let clock = ManualClock::new(start);
        let scheduler = Scheduler::builder().clock(&clock).zone("UTC").build().unwrap();
        let far = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(i64::MAX as u64)).unwrap();
        scheduler.task("far").at(far).run(|| {}).unwrap();
        clock.advance(SECOND);
    });
}

#[test]
fn a_period_beyond_the_wall_clock_is_not_due_now() {
    let stage = Stage::at("2026-11-22 10:00:00");
    let far = Duration::from_secs(i64::MAX as u64 - 1_000_000);
    let task = stage.scheduler.task("far").every(far).run(|| {}).unwrap();
    stage.clock.advance(SECOND);
    assert!(task.next_due().map_or(true, |due| due > stage.clock.now()), "{:?}", task.next_due());
}

#[test]
fn what_was_due_and_had_not_started_is_reported_at_shutdown_whatever_held_it() {
    // Queued behind its own run.
    let stage = Stage::at("2026-11-22 10:00:00");
    let clock = stage.clock.clone();
    let stops = move |run: &sexton::Run| {
        clock.advance(Duration::from_millis(2500));
        run.scheduler().shutdown();
    };
    let task = stage.scheduler.task("t").every(SECOND).starting("2026-11-22 10:00:01");
    task.overlap(Overlap::Queue).run_with(stops).unwrap();
    stage.clock.advance(SECOND);
    assert_eq!(missed(&stage.told(), Why::ShutDown), 2);

    // Paused.
    let stage = Stage::at("2026-11-22 10:00:00");
    let task = stage.scheduler.task("t").after(SECOND).run(|| {}).unwrap();
    task.pause().unwrap();
    stage.clock.advance(2 * SECOND);
    stage.scheduler.shutdown();
    let told = stage.told();
    assert_eq!(missed(&told, Why::Paused) + missed(&told, Why::ShutDown), 1);

    // Several dues of one task.
    let stage = Stage::at("2026-11-22 10:00:00");
    let clock = stage.clock.clone();
    let stops = move |run: &sexton::Run| {
        clock.advance(Duration::from_millis(2500));
        run.scheduler().shutdown();
    };
    stage.scheduler.task("stops").after(Duration::from_millis(500)).run_with(stops).unwrap();
    stage.scheduler.task("t").every(SECOND).starting("2026-11-22 10:00:01").run(|| {}).unwrap();
    stage.clock.advance(SECOND / 2);
    assert_eq!(missed(&stage.told(), Why::ShutDown), 3);
}

#[test]
fn no_due_is_run_after_the_end_that_the_wall_clock_has_passed() {
    let stage = Stage::at("2026-11-22 10:00:00");
    stage.scheduler.task("t").every(MINUTE).until("2026-11-22 10:30:00").run(|| {}).unwrap();
    stage.clock.advance(SECOND);
    stage.clock.step(HOUR);
    stage.clock.advance(HOUR);
    let starts: Vec<_> = stage.lines().into_iter().filter(|line| line.starts_with("t 1")).collect();
    assert_eq!(starts, ["t 10:00:00"]);
}

#[test]
fn a_clock_check_longer_than_any_clock_does_not_spin() {
    // In a process of its own, which has no other timer.
    in_child("faults::a_clock_check_longer_than_any_clock_does_not_spin", || {
        let builder = Scheduler::builder().threads(1).zone("UTC").clock_check(Duration::MAX);
        let scheduler = builder.build().unwrap();
        scheduler.task("far").at("2999-01-01 00:00").run(|| {}).unwrap();
        let (sender, receiver) = mpsc::channel();
        let beat = scheduler.task("beat").every(Duration::from_millis(100)).times(5);
        beat.run(move || sender.send(()).unwrap()).unwrap();
        for _ in 0..5 {
            receiver.recv_timeout(PATIENCE).unwrap();
        }
        // A hundred ticks are a second; half of the time that passed would be 20.
        if let Some(ticks) = timer_ticks() {
            assert!(ticks < 20, "the timer worked for {ticks} ticks");
        }
    });
}

#[test]
fn a_due_that_comes_with_a_run_that_was_asked_for_is_run_after_it() {
    let stage = Stage::at("2026-11-22 10:00:00");
    let clock = stage.clock.clone();
    let task = stage.scheduler.task("t").every(SECOND / 4).starting("2026-11-22 10:00:00");
    // Both runs together take less than the period, so that no other due comes into it.
    let task = task.run(move || clock.advance(SECOND / 10)).unwrap();
    task.run_now().unwrap();
    stage.clock.advance(Duration::ZERO);
    assert_eq!(stage.lines(), ["t 10:00:00", "t 10:00:00"]);
}

#[test]
fn what_a_slow_callback_has_held_up_is_run_in_the_same_advance() {
    let stage = Stage::at("2026-11-22 10:00:00");
    let clock = stage.clock.clone();
    stage.scheduler.task("slow").after(Duration::ZERO).run(move || clock.advance(5 * SECOND)).unwrap();
    stage.scheduler.task("elapsed").after(SECOND).run(|| {}).unwrap();
    stage.scheduler.task("calendar").at("2026-11-22 10:00:01").run(|| {}).unwrap();
    stage.scheduler.task("later").at("2026-11-22 10:00:02").run(|| {}).unwrap();
    stage.clock.advance(SECOND);
    let starts: Vec<_> = stage.lines().into_iter().filter(|line| !line.ends_with("ended")).collect();
    assert_eq!(starts, ["slow 10:00:00", "elapsed 10:00:01", "calendar 10:00:01"]);
}

#[test]
fn a_correction_is_not_caught_up_by_a_task_that_is_away() {
    let stage = Stage::at("2026-11-22 10:00:30");
    let task = stage.scheduler.task("t").cron("* * * * *").missed(Missed::All).run(|| {}).unwrap();
    task.run_now().unwrap();
    stage.clock.step(4 * HOUR);
    stage.clock.advance(MINUTE);
    let told = stage.told();
    assert_eq!(missed(&told, Why::ClockCorrected), 240);
    assert_eq!(told.iter().filter(|event| matches!(event, Event::Started { .. })).count(), 2, "{told:?}");
}

#[test]
fn a_due_of_an_iterator_that_came_during_a_run_is_run_when_the_clock_shows_it_again_after_the_run() {
    let stage = Stage::at("2026-11-22 10:00:00");
    let (wakers, job) = pending_once();
    let times = ["2026-11-22 10:00:01", "2026-11-22 10:00:02", "2026-11-22 10:00:03"];
    stage.scheduler.task("t").at_each(times).run_async(without_run(job)).unwrap();
    stage.clock.advance(Duration::from_millis(2500));
    stage.clock.step_back(HOUR);
    stage.clock.advance(Duration::ZERO);
    wakers.lock().unwrap().drain(..).for_each(Waker::wake);
    stage.clock.advance(2 * HOUR);
    let told: Vec<_> = stage.lines().into_iter().filter(|line| line.starts_with("t ")).collect();
    // The iterator is asked when the run has ended. By then the clock has not shown it again.
    assert_eq!(told, ["t 10:00:01", "t 10:00:02"]);
}

#[test]
fn an_overrun_is_told_before_the_end_of_its_task() {
    let stage = Stage::at("2026-11-22 10:00:00");
    let (wakers, job) = pending_once();
    stage
        .scheduler
        .task("t")
        .at_each(["2026-11-22 10:00:01", "2026-11-22 10:00:02"])
        .run_async(without_run(job))
        .unwrap();
    stage.clock.advance(Duration::from_millis(1500));
    wakers.lock().unwrap().drain(..).for_each(Waker::wake);
    stage.clock.step(30 * SECOND);
    stage.clock.advance(SECOND);
    let told: Vec<_> = stage.lines().into_iter().filter(|line| line.starts_with("t ")).collect();
    assert_eq!(told, ["t 10:00:01", "t missed 1 until 10:00:02: still running", "t ended"]);
}

#[test]
fn what_a_closure_has_answered_before_the_clock_was_set_back_is_waited_for() {
    let stage = Stage::at("2026-11-22 10:00:00");
    let (wakers, job) = pending_once();
    stage.scheduler.task("t").at_next(|now| Some(now + SECOND)).run_async(without_run(job)).unwrap();
    stage.clock.advance(Duration::from_millis(2500));
    stage.clock.step_back(HOUR);
    stage.clock.advance(Duration::ZERO);
    wakers.lock().unwrap().drain(..).for_each(Waker::wake);
    let clock = stage.clock.clone();
    must_end("to count the dues before one that lies ahead", move || clock.advance(SECOND));
    let told: Vec<_> = stage.lines().into_iter().filter(|line| line.starts_with("t ")).collect();
    assert_eq!(told, ["t 10:00:01"]);
    stage.clock.advance(HOUR);
    assert_eq!(of_t(&stage)[0], "t 10:00:02");
}

#[test]
fn dues_that_passed_before_the_clock_was_set_back_do_not_vanish() {
    let stage = Stage::at("2026-11-22 10:00:00");
    let task = stage.scheduler.task("t").cron("* * * * * *").run(|| {}).unwrap();
    task.pause().unwrap();
    stage.clock.advance(10 * SECOND);
    stage.clock.step_back(2 * SECOND);
    stage.clock.advance(SECOND / 2);
    task.resume().unwrap();
    stage.clock.advance(SECOND);
    let told: Vec<_> = stage.lines().into_iter().filter(|line| line.starts_with("t ")).collect();
    assert_eq!(told, ["t missed 8 until 10:00:08: paused", "t 10:00:09"]);
}

#[test]
fn dues_that_the_clock_shows_again_are_no_backlog() {
    let stage = Stage::at("2026-11-22 10:00:00");
    stage.clock.advance(SECOND / 2);
    let (clock, mut runs) = (stage.clock.clone(), 0);
    let callback = move || {
        runs += 1;
        match runs {
            1 => clock.step_back(2 * SECOND),
            2 | 3 => clock.advance(3 * SECOND / 2),
            _ => {}
        }
    };
    stage.scheduler.task("t").cron("* * * * * *").missed(Missed::All).run(callback).unwrap();
    stage.clock.step(5 * SECOND);
    stage.clock.advance(3 * SECOND);
    let told: Vec<_> = stage.lines().into_iter().filter(|line| line.starts_with("t ")).collect();
    let overruns = "t missed 3 until 10:00:06: still running";
    assert_eq!(told, ["t 10:00:01", "t 10:00:02", "t 10:00:03", overruns]);
}

#[test]
fn what_a_correction_has_skipped_is_run_when_it_is_taken_back() {
    let stage = Stage::at("2026-11-22 10:00:30");
    let (wakers, job) = pending_once();
    let task = stage.scheduler.task("t").cron("* * * * *").overlap(Overlap::Queue);
    task.run_async(without_run(job)).unwrap();
    stage.clock.advance(MINUTE);
    // Far ahead and back again, while the task is in its run.
    stage.clock.step(DAY);
    stage.clock.advance(Duration::ZERO);
    stage.clock.step_back(DAY);
    stage.clock.advance(Duration::ZERO);
    wakers.lock().unwrap().drain(..).for_each(Waker::wake);
    stage.clock.advance(MINUTE);
    let told: Vec<_> = stage.lines().into_iter().filter(|line| line.starts_with("t ")).collect();
    assert_eq!(told, ["t 10:01:00", "t 10:02:00"]);
}

#[test]
fn many_steps_that_are_too_small_to_be_told_lose_nothing() {
    for back in [false, true] {
        let stage = Stage::at("2026-11-22 10:00:00");
        stage.scheduler.task("again").cron("* * * * * *").run(|| {}).unwrap();
        stage.scheduler.task("listed").cron("0,10,20,30,40,50 0,1 10 * * *").run(|| {}).unwrap();
        for _ in 0..100 {
            stage.clock.advance(SECOND);
            match back {
                true => stage.clock.step_back(SECOND * 9 / 10),
                false => stage.clock.step(SECOND * 9 / 10),
            }
            stage.clock.advance(Duration::ZERO);
        }
        let told = stage.told();
        let accounted = |name: &str| {
            let dues = told.iter().map(|event| match event {
                Event::Started { task, .. } if &**task == name => 1,
                Event::Missed { task, count, .. } if &**task == name => *count,
                Event::ClockStepped { .. } => panic!("{event}"),
                _ => 0,
            });
            dues.sum::<u64>()
        };
        // 100 seconds have passed, and the clock has gone on by 190, or by 10.
        let expected = if back { (10, 1) } else { (190, 11) };
        assert_eq!((accounted("again"), accounted("listed")), expected, "{back}");
    }
}

#[test]
fn a_leap_second_is_no_clock_step() {
    // What Linux does with one: its wall clock shows the last second twice, or leaves it out. A process that reads one clock right
    // after the other sees a little more of a difference than a second.
    let read = Duration::from_micros(105);
    for (inserted, expected) in [(true, 4), (false, 7)] {
        let stage = Stage::at("2026-12-31 23:59:57");
        stage.scheduler.task("again").cron("* * * * * *").missed(Missed::All).run(|| {}).unwrap();
        stage.scheduler.task("minutes").cron("* * * * *").run(|| {}).unwrap();
        stage.clock.advance(3 * SECOND);
        match inserted {
            true => stage.clock.step_back(SECOND + read),
            false => stage.clock.step(SECOND + read),
        }
        stage.clock.advance(3 * SECOND);
        let lines = stage.lines();
        let mut due_times = lines.clone();
        due_times.sort();
        due_times.dedup();
        assert_eq!(lines.len(), due_times.len(), "{lines:#?}");
        // In six seconds the clock has gone on by a little less than five, or more than seven. Midnight is the minutes' as well.
        assert_eq!(lines.len(), expected + 1, "{lines:#?}");
    }
}

#[test]
fn what_passes_in_a_run_after_the_clock_was_set_back_does_not_vanish() {
    for (overlap, after) in [(Overlap::Skip, "t 09:55:00"), (Overlap::Queue, "t 09:54:00")] {
        let stage = Stage::at("2026-11-22 10:00:30");
        let (wakers, job) = pending_once();
        stage.scheduler.task("t").cron("* * * * *").overlap(overlap).run_async(without_run(job)).unwrap();
        stage.clock.advance(MINUTE);
        stage.clock.step_back(10 * MINUTE);
        stage.clock.advance(3 * MINUTE);
        wakers.lock().unwrap().drain(..).for_each(Waker::wake);
        stage.clock.advance(MINUTE);
        let told: Vec<_> = stage.lines().into_iter().filter(|line| line.starts_with("t ")).collect();
        // Overruns are counted when they come, or by the run that is queued.
        let missed: &[&str] = match overlap {
            Overlap::Skip => &[
                "t missed 1 until 09:52:00: still running",
                "t missed 1 until 09:53:00: still running",
                "t missed 1 until 09:54:00: still running",
            ],
            _ => &["t missed 2 until 09:53:00: still running"],
        };
        assert_eq!(told, [&["t 10:01:00"], missed, &[after]].concat());
    }
}

#[test]
fn a_correction_of_the_clock_during_a_run_is_judged_at_once() {
    let stage = Stage::at("2026-11-22 10:00:30");
    let (wakers, job) = pending_once();
    stage.scheduler.task("t").cron("* * * * *").run_async(without_run(job)).unwrap();
    stage.clock.advance(MINUTE);
    stage.clock.step_back(DAY);
    stage.clock.advance(SECOND);
    stage.clock.step(DAY);
    stage.clock.advance(SECOND);
    wakers.lock().unwrap().drain(..).for_each(Waker::wake);
    stage.clock.advance(MINUTE);
    let told: Vec<_> = stage.lines().into_iter().filter(|line| line.starts_with("t ")).collect();
    let skipped = "t missed 1440 until 10:01:00: the clock was corrected";
    assert_eq!(told, ["t 10:01:00", skipped, "t 10:02:00"], "as if it did not run");
}

#[test]
fn a_shared_callback_whose_task_is_cancelled_by_its_run_may_panic_when_it_is_dropped() {
    let stage = Stage::at("2026-11-22 10:00:00");
    let bomb = OnDrop(|| std::panic::resume_unwind(Box::new("boom")));
    let cancels = move |run: &sexton::Run| {
        let _ = &bomb;
        run.cancel();
    };
    stage.scheduler.task("t").every(SECOND).overlap(Overlap::Allow(2)).run_shared(cancels).unwrap();
    stage.clock.advance(SECOND);
    assert_eq!(
        stage.lines(),
        ["t 10:00:00", "task `t` cancelled", "task `t` panicked when it was dropped: boom"]
    );
}

#[test]
fn dues_that_came_before_a_change_of_zone_are_those_of_the_zone_before() {
    let hours = |hours: i32| sexton::tz::Zone::fixed(hours * 3600).unwrap();
    let stage = Stage::set_in(hours(1), "2026-11-22 10:00:00");
    let task = stage.scheduler.task("t").cron("0 0 * * *").run(|| {}).unwrap();
    task.pause().unwrap();
    stage.clock.advance(61 * HOUR + HOUR / 2);
    // Half past eleven becomes half past one.
    stage.scheduler.set_zone(hours(3));
    task.resume().unwrap();
    stage.clock.advance(24 * HOUR);
    let told: Vec<_> = stage.lines().into_iter().filter(|line| line.starts_with("t ")).collect();
    let runs = ["2026-11-24T22:30:01Z", "2026-11-25T21:00:00Z"].map(|due| format!("t {due}"));
    assert_eq!(told[0], "t missed 2 until 2026-11-23T23:00:00Z: paused");
    assert_eq!(told[1..], runs);
}

#[test]
fn a_due_that_waits_for_a_worker_while_the_clock_is_corrected_is_run_and_what_is_skipped_is_told_as_that() {
    for is_noticed in [true, false] {
        let stage = Stage::at("2026-11-22 10:00:00");
        let clock = stage.clock.clone();
        while_on_its_way(&stage, move |run| {
            clock.advance(5 * SECOND);
            clock.step(DAY);
            if is_noticed {
                // Whoever schedules looks at the clocks.
                run.scheduler().task("other").after(2 * DAY).run(|| {}).unwrap();
            }
        });
        stage.scheduler.task("t").cron("* * * * * *").run(|| {}).unwrap();
        stage.clock.advance(6 * SECOND);
        stage.clock.advance(SECOND);
        let told = [
            "t missed 5 until 10:00:05: nothing could start it in time",
            "t 10:00:06",
            "t missed 86400 until 2026-11-23T10:00:06Z: the clock was corrected",
            "t 2026-11-23T10:00:07Z",
        ];
        assert_eq!(of_t(&stage), told, "{is_noticed}");
    }
}

#[test]
fn a_second_correction_of_the_clock_is_judged_by_itself() {
    let stage = Stage::at("2026-11-22 10:00:00");
    stage.scheduler.task("t").cron("* * * * * *").run(|| {}).unwrap();
    for day in ["23", "24"] {
        let clock = stage.clock.clone();
        let corrects = move || {
            clock.advance(5 * SECOND);
            clock.step(DAY);
        };
        stage.scheduler.task("corrects").after(SECOND).run(corrects).unwrap();
        stage.clock.advance(6 * SECOND);
        stage.clock.advance(SECOND);
        let told = of_t(&stage);
        let late = told.iter().position(|line| line.contains("missed 4 until")).expect("they were late");
        let corrected = format!("t missed 86400 until 2026-11-{day}T");
        assert!(told[late].ends_with("nothing could start it in time"), "{told:?}");
        assert!(told[late + 1].starts_with("t ") && !told[late + 1].contains("missed"), "{told:?}");
        assert!(told[late + 2].starts_with(&corrected), "{told:?}");
    }
}

#[test]
fn what_a_correction_skips_during_a_run_is_told_as_that_and_the_rest_as_overruns() {
    for overlap in [Overlap::Skip, Overlap::Queue] {
        let stage = Stage::at("2026-11-22 10:00:30");
        let (wakers, job) = pending_once();
        stage.scheduler.task("t").cron("* * * * *").overlap(overlap).run_async(without_run(job)).unwrap();
        stage.clock.advance(MINUTE);
        stage.clock.step(DAY);
        stage.clock.advance(2 * MINUTE);
        wakers.lock().unwrap().drain(..).for_each(Waker::wake);
        stage.clock.advance(Duration::ZERO);
        let told = of_t(&stage);
        let expected = match overlap {
            Overlap::Skip => [
                "t 10:01:00",
                "t missed 1440 until 2026-11-23T10:01:00Z: the clock was corrected",
                "t missed 1 until 2026-11-23T10:02:00Z: still running",
                "t missed 1 until 2026-11-23T10:03:00Z: still running",
            ],
            _ => [
                "t 10:01:00",
                "t missed 1440 until 2026-11-23T10:01:00Z: the clock was corrected",
                "t missed 1 until 2026-11-23T10:02:00Z: still running",
                "t 2026-11-23T10:03:00Z",
            ],
        };
        assert_eq!(told, expected, "{overlap:?}");
    }
}

#[test]
fn a_due_that_comes_while_a_run_that_was_asked_for_is_on_its_way_is_one_of_those_that_may_overlap() {
    let stage = Stage::at("2026-11-22 10:00:00");
    let (clock, runs) = (stage.clock.clone(), AtomicUsize::new(0));
    let shared = move |run: &sexton::Run| {
        if runs.fetch_add(1, Ordering::Relaxed) == 0 {
            // The second waits for the only thread there is, and the third comes due meanwhile.
            run.scheduler().get("t").unwrap().run_now().unwrap();
            clock.advance(SECOND);
            run.scheduler().run_pending();
        }
    };
    stage.scheduler.task("t").cron("* * * * * *").overlap(Overlap::Allow(3)).run_shared(shared).unwrap();
    stage.clock.advance(SECOND);
    stage.clock.advance(Duration::ZERO);
    assert_eq!(of_t(&stage), ["t 10:00:01", "t 10:00:02", "t 10:00:02"]);
}

/// The runs of `t`, and what was told as missed of it.
fn of_t(stage: &Stage) -> Vec<String> {
    stage.lines().into_iter().filter(|line| line.starts_with("t ")).collect()
}

/// One after the other in one batch: a task that does something, and `t`, which is on its way meanwhile.
fn while_on_its_way(stage: &Stage, mut act: impl FnMut(&sexton::Run) + Send + 'static) {
    stage.scheduler.task("first").at("2026-11-22 10:00:01").run_with(move |run| act(run)).unwrap();
}

#[test]
fn a_due_that_was_run_after_the_clock_was_set_back_on_the_way_is_not_run_again() {
    let stage = Stage::at("2026-11-22 10:00:00");
    let clock = stage.clock.clone();
    while_on_its_way(&stage, move |run| {
        clock.step_back(4 * SECOND);
        // Whoever schedules looks at the clocks.
        run.scheduler().task("other").after(DAY).run(|| {}).unwrap();
        clock.advance(3 * SECOND / 2);
    });
    stage.scheduler.task("t").cron("* * * * * *").run(|| {}).unwrap();
    stage.clock.step(8 * SECOND);
    stage.clock.advance(2 * SECOND);
    // 10:00:08 becomes 10:00:04, and the run begins at half past five.
    let late = "t missed 4 until 10:00:04: nothing could start it in time";
    assert_eq!(of_t(&stage), [late, "t 10:00:05", "t 10:00:06"]);
}

#[test]
fn a_due_that_was_run_after_the_zone_was_changed_on_the_way_is_not_run_again() {
    let stage = Stage::at("2026-11-22 10:00:00");
    let clock = stage.clock.clone();
    while_on_its_way(&stage, move |run| {
        run.scheduler().set_zone(sexton::tz::Zone::fixed(3600).unwrap());
        clock.advance(3 * SECOND / 2);
    });
    stage.scheduler.task("t").cron("* * * * * *").run(|| {}).unwrap();
    stage.clock.advance(4 * SECOND);
    let late = "t missed 1 until 10:00:01: nothing could start it in time";
    assert_eq!(of_t(&stage), [late, "t 10:00:02", "t 10:00:03", "t 10:00:04"]);
}

#[test]
fn a_due_that_the_clock_was_set_to_after_the_zone_was_changed_on_the_way_is_not_run_again() {
    let stage = Stage::at("2026-11-22 10:00:00");
    let clock = stage.clock.clone();
    while_on_its_way(&stage, move |run| {
        run.scheduler().set_zone(sexton::tz::Zone::fixed(3600).unwrap());
        // No time has passed by the other clock.
        clock.step(2 * SECOND);
    });
    stage.scheduler.task("t").cron("* * * * * *").run(|| {}).unwrap();
    stage.clock.advance(2 * SECOND);
    let late = "t missed 2 until 10:00:02: nothing could start it in time";
    assert_eq!(of_t(&stage), [late, "t 10:00:03", "t 10:00:04"]);
}

#[test]
fn a_manual_clock_that_a_slow_callback_sets_back_has_shown_what_it_has_shown() {
    let stage = Stage::at("2026-11-22 10:00:00");
    let (clock, mut runs) = (stage.clock.clone(), 0);
    let slow = move || {
        runs += 1;
        if runs == 1 {
            clock.advance(10 * SECOND);
            // 10:00:30 becomes 10:00:25. What is due before twenty past goes on, but it is not that again.
            clock.step_back(5 * SECOND);
        }
    };
    stage.scheduler.task("slow").cron("* * * * * *").missed(Missed::All).run(slow).unwrap();
    stage.scheduler.task("t").cron("* * * * * *").run(|| {}).unwrap();
    stage.clock.suspend(20 * SECOND);
    stage.clock.advance(Duration::ZERO);
    stage.clock.advance(SECOND);
    let late = "t missed 24 until 10:00:24: nothing could start it in time";
    assert_eq!(of_t(&stage), [late, "t 10:00:25", "t 10:00:26"]);
}

#[test]
fn what_comes_on_the_way_after_the_zone_was_changed_is_due_by_the_new_zone() {
    for (asks, overlap) in [(false, Overlap::Skip), (true, Overlap::Skip), (false, Overlap::Queue)] {
        let stage = Stage::at("2026-11-22 10:00:00");
        let clock = stage.clock.clone();
        while_on_its_way(&stage, move |run| {
            // 10:00:01 becomes 10:30:01, and 11:00:01 comes at half past ten.
            run.scheduler().set_zone(sexton::tz::Zone::fixed(1800).unwrap());
            clock.advance(45 * MINUTE);
        });
        let task = stage.scheduler.task("t").cron("1 0,20 * * * *").overlap(overlap);
        let task = if asks { task.except(|_| false) } else { task };
        task.run(|| {}).unwrap();
        stage.clock.advance(SECOND);
        stage.clock.advance(HOUR / 2);
        let late = "t missed 1 until 10:00:01: nothing could start it in time";
        assert_eq!(of_t(&stage), [late, "t 10:30:01", "t 10:50:01"], "{asks} {overlap:?}");
    }
}

#[test]
fn what_passes_in_a_run_before_the_schedule_could_be_asked_is_counted_once() {
    for by_hand in [true, false] {
        let stage = Stage::at("2026-11-22 10:00:00");
        let (clock, slow) = (stage.clock.clone(), stage.clock.clone());
        let handle = Arc::new(Mutex::new(None::<sexton::Task>));
        let asked = handle.clone();
        while_on_its_way(&stage, move |run| {
            if by_hand {
                asked.lock().unwrap().as_ref().unwrap().run_now().unwrap();
            }
            run.scheduler().set_zone(sexton::tz::Zone::fixed(3600).unwrap());
            clock.advance(SECOND / 4);
        });
        let start = if by_hand { "2026-11-22 10:00:01" } else { "2026-11-22 09:00:00" };
        let task = stage.scheduler.task("t").cron("* * * * * *").starting(start).except(|_| false).times(2);
        let task = task.run(move || slow.advance(7 * SECOND / 2)).unwrap();
        *handle.lock().unwrap() = Some(task);
        stage.clock.advance(6 * SECOND);
        let told = of_t(&stage);
        // 10:00:01 by the schedule, or 10:00:01.25 by hand; then it runs until 10:00:04.75.
        let expected = ["t missed 3 until 10:00:04: still running", "t 10:00:05", "t ended"];
        assert_eq!(told[1..], expected, "{by_hand}: {told:?}");
    }
}

#[test]
fn what_the_clock_shows_again_during_a_run_does_not_vanish_if_the_run_lasts_longer() {
    for asks in [false, true] {
        for (overlap, last) in [(Overlap::Skip, "t 10:04:00"), (Overlap::Queue, "t 10:03:00")] {
            let stage = Stage::at("2026-11-22 10:00:30");
            let (wakers, job) = pending_once();
            let task = stage.scheduler.task("t").cron("* * * * *").overlap(overlap);
            let task = if asks { task.except(|_| false) } else { task };
            task.run_async(without_run(job)).unwrap();
            stage.clock.advance(MINUTE);
            // 10:01:30 becomes 09:51:30.
            stage.clock.step_back(10 * MINUTE);
            stage.clock.advance(12 * MINUTE);
            wakers.lock().unwrap().drain(..).for_each(Waker::wake);
            stage.clock.advance(MINUTE);
            let told = stage.told();
            let starts = told.iter().filter_map(|event| match event {
                Event::Started { due, .. } => Some(format!("t {}", time(*due))),
                _ => None,
            });
            assert_eq!(starts.collect::<Vec<_>>(), ["t 10:01:00", last], "{asks} {overlap:?}");
            // From 09:52 to 10:03.
            let expected = if overlap == Overlap::Queue { 11 } else { 12 };
            assert_eq!(missed(&told, Why::StillRunning), expected, "{asks} {overlap:?} {told:?}");
        }
    }
}

#[test]
fn a_zone_that_is_changed_ever_again_while_a_due_is_held_takes_no_memory() {
    must_end("a zone that is changed ever again", || {
        let stage = Stage::at("2026-11-22 10:00:00");
        let task = stage.scheduler.task("t").cron("* * * * *").run(|| {}).unwrap();
        task.pause().unwrap();
        stage.clock.advance(5 * MINUTE);
        for change in 0..100_000 {
            stage.scheduler.set_zone(sexton::tz::Zone::fixed(60 * (change % 2)).unwrap());
        }
        stage.told();
        stage.clock.advance(5 * MINUTE);
        task.resume().unwrap();
        stage.clock.advance(MINUTE);
        assert_eq!(of_t(&stage), ["t missed 10 until 10:10:00: paused", "t 10:11:00"]);
    });
}

#[test]
fn a_zone_that_is_changed_ever_again_while_a_due_is_held_is_the_one_before_to_that_due() {
    let stage = Stage::at("2026-11-22 00:30:00");
    let task = stage.scheduler.task("t").cron("0 * * * *").run(|| {}).unwrap();
    for change in 0..12 {
        task.pause().unwrap();
        stage.clock.advance(HOUR);
        // Due at the full hour becomes due at twenty past, and the other way round.
        stage.scheduler.set_zone(sexton::tz::Zone::fixed([2400, 0][change % 2]).unwrap());
        task.resume().unwrap();
        stage.clock.advance(Duration::ZERO);
        let due = format!("{:02}:{}", change + 1, ["00", "20"][change % 2]);
        assert_eq!(of_t(&stage), [format!("t missed 1 until {due}:00: paused")]);
    }
}

#[test]
fn a_zone_that_is_changed_twice_before_the_schedule_could_be_asked_loses_nothing() {
    let stage = Stage::at("2026-11-22 10:00:00");
    let clock = stage.clock.clone();
    while_on_its_way(&stage, move |run| {
        for zone in ["HALF-0:30", "PAST-0:30"] {
            run.scheduler().set_zone(sexton::tz::Zone::from_posix(zone).unwrap());
            clock.advance(5 * MINUTE);
        }
    });
    stage.scheduler.task("t").cron("33 * * * *").except(|_| false).run(|| {}).unwrap();
    stage.clock.advance(2 * SECOND);
    stage.clock.advance(2 * HOUR);
    assert_eq!(of_t(&stage), ["t 10:03:00", "t 11:03:00", "t 12:03:00"]);
}

#[test]
fn what_was_run_before_the_clock_was_set_back_is_not_run_again_when_the_zone_is_changed() {
    let zone = |text: &str| sexton::tz::Zone::from_posix(text).unwrap();
    // Whose clock and zone were wrong sets both. 10:00:30 becomes 09:30:30, and then that or something else.
    for (new, then) in [
        ("NEW-1", "t 09:15:00"),
        ("NEW-0:30", "t 09:45:00"),
        ("NEW-1:30", "t 08:45:00"),
        // 10:30:30: what the clocks have never shown is made up for.
        ("NEW-2", "t 08:30:31"),
    ] {
        for is_away in [false, true] {
            let stage = Stage::set_in(zone("OLD-1"), "2026-11-22 09:59:30");
            let (wakers, job) = pending_once();
            stage.scheduler.task("t").cron("0,15 10 * * *").run_async(without_run(job)).unwrap();
            stage.clock.advance(MINUTE);
            let comes_back = || wakers.lock().unwrap().drain(..).for_each(Waker::wake);
            if !is_away {
                comes_back();
                stage.clock.advance(Duration::ZERO);
            }
            stage.clock.step_back(HOUR / 2);
            stage.clock.advance(Duration::ZERO);
            stage.scheduler.set_zone(zone(new));
            comes_back();
            stage.clock.advance(3 * HOUR);
            assert_eq!(of_t(&stage), ["t 09:00:00", then], "{new} {is_away}");
        }
    }
}

#[test]
fn what_the_clock_shows_again_after_a_change_of_zone_is_read_in_the_new_zone() {
    let ten_minutes_ahead = sexton::tz::Zone::fixed(600).unwrap();
    let stage = Stage::at("2026-11-22 08:59:00");
    let (wakers, job) = pending_once();
    stage.scheduler.task("t").cron("*/30 8-12 * * *").run_async(without_run(job)).unwrap();
    stage.clock.advance(HOUR + 2 * MINUTE);
    stage.scheduler.set_zone(ten_minutes_ahead.clone());
    wakers.lock().unwrap().drain(..).for_each(Waker::wake);
    stage.clock.advance(Duration::ZERO);
    // 10:01 becomes 08:01.
    stage.clock.step_back(2 * HOUR);
    stage.clock.advance(HOUR / 2);
    let overruns = "t missed 1 until 10:00:00: still running";
    let first = "t missed 1 until 09:30:00: still running";
    assert_eq!(of_t(&stage), ["t 09:00:00", first, overruns, "t 08:20:00"]);

    // Of what had come before, some stays passed.
    let stage = Stage::at("2026-11-22 08:59:00");
    let task = stage.scheduler.task("t").cron("30 * * * *").run(|| {}).unwrap();
    task.pause().unwrap();
    stage.clock.advance(6 * HOUR + 2 * MINUTE);
    stage.scheduler.set_zone(ten_minutes_ahead);
    // 15:01 becomes 11:01.
    stage.clock.step_back(4 * HOUR);
    stage.clock.advance(MINUTE);
    task.resume().unwrap();
    stage.clock.advance(HOUR / 2);
    assert_eq!(of_t(&stage), ["t missed 2 until 10:30:00: paused", "t 11:20:00"]);
}

#[test]
fn what_a_change_of_zone_has_left_behind_stays_for_dues_that_are_held_while_the_clock_is_corrected() {
    let hours = |hours: i32| sexton::tz::Zone::fixed(hours * 3600).unwrap();
    let stage = Stage::set_in(hours(1), "2026-11-22 10:00:00");
    let every_hour = (0..24).map(|hour| hour.to_string()).collect::<Vec<_>>().join(",");
    let task = stage.scheduler.task("t").cron(&format!("30 {every_hour} * * *")).run(|| {}).unwrap();
    task.pause().unwrap();
    stage.clock.advance(HOUR);
    // 11:00 becomes 10:00: half past ten has been already.
    stage.scheduler.set_zone(hours(0));
    stage.clock.advance(10 * HOUR);
    stage.clock.step_back(5 * HOUR);
    stage.clock.advance(Duration::ZERO);
    task.resume().unwrap();
    stage.clock.advance(HOUR);
    // 09:30, and from 11:30 on, but not 10:30.
    assert_eq!(of_t(&stage), ["t missed 5 until 14:30:00: paused", "t 15:30:00"]);
}

#[test]
fn what_a_change_of_zone_skips_after_the_clock_was_corrected_is_made_up_after_a_run_that_goes_on() {
    let stage = Stage::at("2026-11-22 09:14:30");
    let (wakers, job) = pending_once();
    stage.scheduler.task("t").cron("15 0,3,6,9,12,15,18,21 * * *").run_async(without_run(job)).unwrap();
    stage.clock.advance(8 * HOUR);
    // Whose clock and zone were wrong sets both: 17:14:30 becomes 13:14:30, and half an hour later 15:44:30.
    stage.clock.step_back(4 * HOUR);
    stage.clock.advance(HOUR / 2);
    stage.scheduler.set_zone(sexton::tz::Zone::fixed(2 * 3600).unwrap());
    wakers.lock().unwrap().drain(..).for_each(Waker::wake);
    stage.clock.advance(MINUTE);
    let overruns = ["12:15:00", "15:15:00"].map(|due| format!("t missed 1 until {due}: still running"));
    assert_eq!(of_t(&stage), ["t 09:15:00", &*overruns[0], &*overruns[1], "t 13:44:31"]);
}

#[test]
fn what_was_told_as_missed_before_the_clock_was_set_back_is_not_run_when_the_zone_is_changed() {
    let stage = Stage::at("2026-11-22 09:59:30");
    let (wakers, job) = pending_once();
    stage.scheduler.task("t").cron("0 10,11,12 * * *").run_async(without_run(job)).unwrap();
    stage.clock.advance(62 * MINUTE);
    // 11:01:30 becomes 10:31:30, and then 11:31:30.
    stage.clock.step_back(HOUR / 2);
    stage.clock.advance(Duration::ZERO);
    stage.scheduler.set_zone(sexton::tz::Zone::fixed(3600).unwrap());
    wakers.lock().unwrap().drain(..).for_each(Waker::wake);
    stage.clock.advance(HOUR / 2);
    assert_eq!(of_t(&stage), ["t 10:00:00", "t missed 1 until 11:00:00: still running", "t 11:00:00"]);
}

#[test]
fn a_task_that_has_no_due_left_in_the_new_zone_ends() {
    let zone = |hours: i32| sexton::tz::Zone::fixed(hours * 3600).unwrap();
    for by_hand in [false, true] {
        let stage = Stage::set_in(zone(9), "2026-11-22 20:00:00");
        let task =
            stage.scheduler.task("t").cron("0 0 * * *").until("2026-11-22T20:00:00Z").run(|| {}).unwrap();
        let wanted = if by_hand { vec!["t 11:00:00", "t ended"] } else { vec!["t ended"] };
        if by_hand {
            task.run_now().unwrap();
        }
        stage.scheduler.set_zone(zone(2));
        stage.clock.advance(DAY);
        assert_eq!(of_t(&stage), wanted);
    }
}

#[test]
fn what_was_due_before_its_task_was_scheduled_runs_after_a_pause_and_what_came_in_the_pause_is_missed() {
    let after_a_pause = |period: &str, starting: &str, pause: Duration| {
        let stage = Stage::at("2026-11-22 10:00:00");
        let task = stage.scheduler.task("t").every(period).starting(starting).paused().run(|| {}).unwrap();
        stage.clock.advance(pause);
        task.resume().unwrap();
        stage.clock.advance(pause / 2);
        of_t(&stage)
    };
    let missed = "t missed 2 until 2026-11-24T08:00:00Z: paused";
    let calendar = after_a_pause("1d", "2026-11-20 08:00", 2 * DAY);
    assert_eq!(calendar, ["t 08:00:00", missed, "t 2026-11-25T08:00:00Z"]);
    let elapsed = after_a_pause("90m", "2026-11-22 09:00", 100 * MINUTE);
    assert_eq!(elapsed, ["t 09:00:00", "t missed 1 until 10:30:00: paused", "t 12:00:00"]);
}

#[test]
fn what_comes_in_a_pause_is_missed_though_the_clock_had_shown_it_before_the_task_was_scheduled() {
    let stage = Stage::at("2026-11-22 10:00:01");
    let task = stage.scheduler.task("t").cron("0 * * * *").run(|| {}).unwrap();
    stage.clock.step_back(2 * SECOND);
    stage.clock.advance(Duration::ZERO);
    task.pause().unwrap();
    stage.clock.advance(3 * SECOND);
    task.resume().unwrap();
    stage.clock.advance(SECOND);
    assert_eq!(of_t(&stage), ["t missed 1 until 10:00:00: paused"]);
}

#[test]
fn dues_in_a_pause_before_the_schedule_could_be_asked_are_not_run() {
    let stage = Stage::at("2026-11-22 10:00:00");
    let task = stage.scheduler.task("t").cron("* * * * *").except(|_| false).run(|| {}).unwrap();
    let clock = stage.clock.clone();
    while_on_its_way(&stage, move |run| {
        task.pause().unwrap();
        clock.step_back(HOUR);
        run.scheduler().task("other").after(DAY).run(|| {}).unwrap();
        clock.advance(5 * MINUTE);
        task.resume().unwrap();
    });
    stage.clock.advance(2 * SECOND);
    stage.clock.advance(MINUTE);
    assert_eq!(of_t(&stage), ["t missed 5 until 09:05:00: paused", "t 09:06:00"]);
}

#[test]
fn all_that_a_task_had_to_catch_up_with_is_told_when_it_is_cancelled_on_its_way() {
    let stage = Stage::at("2026-11-22 10:00:00");
    let cancels = |run: &sexton::Run| drop(run.scheduler().cancel("second"));
    stage.scheduler.task("first").cron("* * * * * *").run_with(cancels).unwrap();
    stage.scheduler.task("second").cron("* * * * * *").missed(Missed::All).run(|| {}).unwrap();
    stage.clock.suspend(5 * SECOND);
    stage.clock.advance(Duration::ZERO);
    assert_eq!(missed(&stage.told(), Why::Cancelled), 5);
}

#[test]
fn a_due_that_a_change_of_zone_moves_behind_the_end_is_not_run() {
    let stage = Stage::set_in(sexton::tz::Zone::fixed(-7 * 3600).unwrap(), "2026-11-22 20:00:00");
    let task = stage.scheduler.task("t").cron("0 0 * * *").until("2026-11-23T07:00:00Z").run(|| {});
    task.unwrap();
    stage.scheduler.set_zone(sexton::tz::Zone::utc());
    stage.clock.advance(2 * DAY);
    let told: Vec<_> = stage.lines().into_iter().filter(|line| line.starts_with("t ")).collect();
    assert_eq!(told, ["t ended"]);
}

#[cfg(feature = "journal")]
#[test]
fn one_that_ended_itself_begins_anew_also_if_dues_passed_in_its_last_run() {
    let folder = Folder::new();
    let first = Process::start(&folder.journal(), "2026-11-22 09:30");
    let clock = first.clock.clone();
    let ends = move || {
        clock.advance(3 * HOUR);
        std::ops::ControlFlow::<()>::Break(())
    };
    first.scheduler.task("t").cron("0 * * * *").run(ends).unwrap();
    first.clock.advance(HOUR);
    assert_eq!(first.told("missed"), ["task `t` missed 3: still running"]);
    drop(first);
    let second = Process::start(&folder.journal(), "2026-11-22 15:30");
    assert_eq!(second.scheduler.last_due("t"), None);
    let second = second.with(|scheduler| scheduler.task("t").cron("0 * * * *"));
    assert_eq!(second.runs(HOUR), ["16:00:00"]);
}

#[cfg(feature = "journal")]
#[test]
fn a_period_that_an_earlier_process_began_keeps_its_grid_when_the_zone_is_changed() {
    let folder = Folder::new();
    let start = |at| {
        let process = Process::start(&folder.journal(), at);
        process.with(|scheduler| scheduler.task("t").every("6h").starting("2026-11-22 00:00"))
    };
    assert_eq!(start("2026-11-22 11:00").runs(2 * HOUR), ["06:00:00", "12:00:00"]);
    let second = start("2026-11-22 14:00");
    second.scheduler.set_zone(sexton::tz::Zone::fixed(3600).unwrap());
    assert_eq!(second.runs(6 * HOUR), ["18:00:00"]);
}

#[cfg(feature = "journal")]
#[test]
fn instants_that_an_earlier_process_has_run_do_not_keep_a_task_from_being_scheduled() {
    let folder = Folder::new();
    let times = ["09", "10", "11", "12"].map(|hour| moment(&format!("2026-11-22T{hour}:00:00Z")));
    let start =
        |at| Process::start(&folder.journal(), at).with(|scheduler| scheduler.task("t").at_each(times));
    assert_eq!(start("2026-11-22 08:30").runs(3 * HOUR), ["09:00:00", "10:00:00", "11:00:00"]);
    assert_eq!(start("2026-11-22 11:40").runs(HOUR), ["12:00:00"]);
}

#[test]
fn an_occurrence_that_passes_while_the_end_of_a_run_is_observed_is_missed_and_not_run() {
    let cases = [Overlap::Skip, Overlap::Queue].map(|overlap| [(overlap, false), (overlap, true)]);
    for (overlap, is_driven) in cases.into_iter().flatten() {
        let stage = Stage::at("2026-11-22 10:00:00");
        let (clock, scheduler) = (stage.clock.clone(), stage.scheduler.clone());
        stage.scheduler.observe(move |event| {
            if let Event::RunEnded { outcome: RunOutcome::Finished, .. } = event {
                clock.advance(Duration::from_millis(150));
                if is_driven {
                    // As the timer does meanwhile, where there are threads.
                    scheduler.run_pending();
                }
            }
        });
        let clock = stage.clock.clone();
        let task = stage.scheduler.task("t").every(Duration::from_millis(500)).overlap(overlap);
        task.run(move || clock.advance(Duration::from_millis(400))).unwrap();
        stage.clock.advance(10 * SECOND - Duration::from_millis(1));
        let told = stage.told();
        let runs = told.iter().filter(|event| matches!(event, Event::Started { .. })).count() as u64;
        assert_eq!(runs + missed(&told, Why::StillRunning), 20, "{overlap:?}, {is_driven}: {told:#?}");
        if overlap == Overlap::Skip {
            assert_eq!(runs, 10, "{is_driven}: {told:#?}");
        }
        stage.scheduler.shutdown();
    }
}

#[test]
fn an_occurrence_that_passes_while_a_schedule_is_asked_is_missed_if_the_task_is_cancelled_then() {
    let stage = Stage::at("2026-11-22 10:00:00");
    let (clock, scheduler, asked) = (stage.clock.clone(), stage.scheduler.clone(), AtomicUsize::new(0));
    let task = stage.scheduler.task("t").cron("* * * * * *").except(move |time| {
        // Asked about the occurrence that is due, and about the next one.
        if time.to_string().ends_with("10:00:03") && asked.fetch_add(1, Ordering::Relaxed) == 1 {
            clock.advance(Duration::from_millis(2500));
            scheduler.cancel("t").unwrap();
            // These have no task any more.
            clock.advance(5 * SECOND);
        }
        false
    });
    task.run(|| {}).unwrap();
    stage.clock.advance(3 * SECOND);
    let cancelled = "t missed 1 until 10:00:03: cancelled";
    let later = "t missed 2 until 10:00:05: cancelled";
    assert_eq!(stage.lines(), ["t 10:00:01", "t 10:00:02", "task `t` cancelled", cancelled, later]);
    stage.scheduler.shutdown();
}

#[test]
fn an_occurrence_that_has_come_is_missed_if_its_task_is_cancelled_on_the_way_to_a_run_that_was_asked_for() {
    let stage = Stage::at("2026-11-22 10:00:00");
    let task = stage.scheduler.task("t").every(SECOND).run(|| {}).unwrap();
    task.run_now().unwrap();
    task.cancel().unwrap();
    stage.clock.advance(MINUTE);
    assert_eq!(stage.lines(), ["task `t` cancelled", "t missed 1 until 10:00:00: cancelled"]);
}

#[test]
fn an_occurrence_that_passes_while_a_schedule_is_asked_is_caught_up_as_the_policy_says() {
    let stage = Stage::at("2026-11-22 10:00:00");
    let (clock, asked) = (stage.clock.clone(), AtomicUsize::new(0));
    let task = stage.scheduler.task("t").cron("* * * * * *").missed(Missed::All).except(move |time| {
        if time.to_string().ends_with("10:00:01") && asked.fetch_add(1, Ordering::Relaxed) == 1 {
            clock.advance(2 * SECOND);
        }
        false
    });
    task.run(|| {}).unwrap();
    stage.clock.advance(4 * SECOND);
    assert_eq!(stage.lines(), ["t 10:00:01", "t 10:00:02", "t 10:00:03", "t 10:00:04"]);
}

/// Does something once while the schedule of a task is asked about its first occurrence, and says what was told.
fn while_asked(act: impl Fn(&Scheduler) + Send + Sync + 'static) -> Vec<String> {
    let stage = Stage::at("2026-11-22 10:00:00");
    let (scheduler, is_scheduled) = (stage.scheduler.clone(), Arc::new(AtomicBool::new(false)));
    let is_asked = is_scheduled.clone();
    let task = stage.scheduler.task("t").cron("* * * * * *").except(move |_| {
        if is_asked.swap(false, Ordering::Relaxed) {
            act(&scheduler);
        }
        false
    });
    task.run(|| {}).unwrap();
    is_scheduled.store(true, Ordering::Relaxed);
    stage.clock.advance(SECOND);
    let lines = stage.lines();
    stage.scheduler.shutdown();
    lines
}

#[test]
fn a_task_does_not_start_while_the_schedule_of_an_earlier_one_of_its_name_is_asked() {
    let lines = while_asked(|scheduler| {
        scheduler.cancel("t").unwrap();
        scheduler.task("t").after(Duration::ZERO).run(|| {}).unwrap();
        // As the timer and another worker do meanwhile, where there are threads.
        scheduler.run_pending();
    });
    let cancelled = "t missed 1 until 10:00:01: cancelled";
    assert_eq!(lines, ["task `t` cancelled", cancelled, "t 10:00:01", "t ended"]);
}

#[test]
fn a_task_that_is_paused_while_its_schedule_is_asked_does_not_start() {
    let lines = while_asked(|scheduler| scheduler.get("t").unwrap().pause().unwrap());
    assert_eq!(lines, ["task `t` paused", "t missed 1 until 10:00:01: paused"]);
}

#[test]
fn what_comes_in_a_pause_is_told_as_that_though_its_task_was_waiting_for_a_worker() {
    let stage = Stage::at("2026-11-22 10:00:00");
    while_on_its_way(&stage, |run| {
        run.scheduler().get("t").unwrap().pause().unwrap();
    });
    let task = stage.scheduler.task("t").cron("* * * * * *").run(|| {}).unwrap();
    stage.clock.advance(3 * SECOND);
    task.resume().unwrap();
    assert_eq!(of_t(&stage), ["t missed 3 until 10:00:03: paused"]);
}

#[test]
fn a_task_that_is_cancelled_while_it_waits_for_a_worker_leaves_nothing_to_wait_for() {
    let stage = Stage::at("2026-11-22 10:00:00");
    while_on_its_way(&stage, |run| run.scheduler().cancel("t").unwrap());
    stage.scheduler.task("t").cron("* * * * * *").run(|| {}).unwrap();
    stage.clock.advance(SECOND);
    stage.scheduler.shutdown_timeout(Duration::ZERO).unwrap();
}

/// The closure takes so long that the old schedule's next due time comes meanwhile, and is run.
#[test]
fn what_is_run_while_a_replacement_asks_its_closure_is_not_run_again() {
    for is_rescheduled in [false, true] {
        let stage = Stage::at("2026-11-22 10:00:00");
        let task = stage.scheduler.task("t").cron("* * * * * *").run(|| {}).unwrap();
        stage.clock.advance(SECOND);
        let (clock, is_first) = (stage.clock.clone(), AtomicBool::new(true));
        let schedule = Schedule::cron("* * * * * *").unwrap().except(move |_| {
            if is_first.swap(false, Ordering::SeqCst) {
                clock.advance(SECOND);
            }
            false
        });
        if is_rescheduled {
            task.reschedule(schedule).unwrap();
        } else {
            stage.scheduler.task("t").on(schedule).replace().run(|| {}).unwrap();
        }
        stage.clock.advance(2 * SECOND);
        let lines = stage.lines();
        let runs: Vec<_> = lines.iter().filter(|line| line.starts_with("t ")).collect();
        assert_eq!(runs, ["t 10:00:01", "t 10:00:02", "t 10:00:03", "t 10:00:04"], "{is_rescheduled}");
    }
}
