//! Real threads and the real clock: few tests, short ones, and none that fails because the machine is slow.

use std::cell::RefCell;
use std::collections::HashSet;
use std::future::poll_fn;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{channel, Receiver};
use std::sync::{Arc, Condvar, Mutex};
use std::task::{Poll, Waker};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use sexton::tz::Zone;
use sexton::{Event, ManualClock, Missed, Overlap, Run, RunOutcome, Scheduler, Status, Why};

use crate::stage::{in_child, listen, must_end, until, without_run, OnDrop, HOUR, PATIENCE, SECOND};

const MS: Duration = Duration::from_millis(1);

fn with_threads(threads: usize) -> Scheduler {
    Scheduler::builder().threads(threads).zone("UTC").build().unwrap()
}

#[track_caller]
fn get<T>(receiver: &Receiver<T>) -> T {
    receiver.recv_timeout(PATIENCE).expect("it comes")
}

/// Has a scheduler's events sent.
fn events(scheduler: &Scheduler) -> Receiver<Event> {
    let (sender, receiver) = channel();
    let sender = Mutex::new(sender);
    scheduler.observe(move |event| drop(sender.lock().unwrap().send(event.clone())));
    receiver
}

/// The first event that will do; those before it are dropped.
#[track_caller]
fn event(events: &Receiver<Event>, will_do: impl Fn(&Event) -> bool) -> Event {
    loop {
        let event = get(events);
        if will_do(&event) {
            return event;
        }
    }
}

/// Keeps callbacks waiting until it is opened, or dropped.
#[derive(Clone, Default)]
struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    fn open(&self) {
        *self.0 .0.lock().unwrap() = true;
        self.0 .1.notify_all();
    }

    /// Gives up in the end, so that a test that has failed comes to an end.
    fn pass(&self) {
        let is_open = self.0 .0.lock().unwrap();
        drop(self.0 .1.wait_timeout_while(is_open, 2 * PATIENCE, |is_open| !*is_open).unwrap());
    }
}

/// How many threads of schedulers this process has, where the system tells.
fn threads_of_ours() -> usize {
    let threads = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let names = threads.map(|thread| std::fs::read_to_string(thread.path().join("comm")).unwrap_or_default());
    names.filter(|name| name.starts_with("sexton-")).count()
}

#[track_caller]
fn all_threads_end() {
    until("all threads end", || threads_of_ours() == 0);
}

// The timer.

#[test]
fn a_due_wakes_the_timer_and_an_earlier_one_sooner() {
    let scheduler = with_threads(2);
    let (sender, receiver) = channel();
    scheduler.task("far").after(HOUR).run(|| {}).unwrap();
    scheduler.task("new year").at("2999-01-01 00:00").run(|| {}).unwrap();
    for round in 0..5 {
        // What is told is the last round's timer going to sleep again, until its clock check.
        let sender = sender.clone();
        scheduler.task("hour").after(HOUR).replace().run(|| {}).unwrap();
        scheduler.task("soon").after(10 * MS).run(move || sender.send(round).unwrap()).unwrap();
        assert_eq!(get(&receiver), round);
    }
}

#[test]
fn an_insert_wakes_an_idle_scheduler() {
    for is_calendar in [false, true] {
        let scheduler = with_threads(1);
        let (sender, receiver) = channel();
        for round in 0..4 {
            let sender = sender.clone();
            let task = scheduler.task("t");
            let task = match is_calendar {
                true => task.at(SystemTime::now() + 20 * MS),
                false => task.after(5 * MS),
            };
            task.run(move || sender.send(round).unwrap()).unwrap();
            assert_eq!(get(&receiver), round);
            scheduler.wait();
        }
    }
}

#[test]
fn nothing_starts_early() {
    let scheduler = with_threads(4);
    let (sender, receiver) = channel();
    for i in 0..40 {
        let (sender, delay) = (sender.clone(), i * 3 * MS + i * Duration::from_micros(77));
        let begin = Instant::now();
        let task = scheduler.task(&format!("once {i}")).after(delay);
        task.run(move || sender.send(begin.elapsed().checked_sub(delay)).unwrap()).unwrap();
    }
    let (begin, periods) = (Instant::now(), sender);
    let task = scheduler.task("often").every(7 * MS).times(10);
    let often = move |run: &sexton::Run| {
        let grid = 7 * MS * (run.count() as u32 - 1);
        periods.send(begin.elapsed().checked_sub(grid)).unwrap();
    };
    task.run_with(often).unwrap();
    for _ in 0..50 {
        assert!(get(&receiver).is_some(), "it started before its due");
    }
}

// The end.

#[test]
fn drop_ends_all_threads() {
    in_child("threads::drop_ends_all_threads", || {
        let scheduler = with_threads(3);
        let (sender, receiver) = channel();
        for i in 0..3 {
            let sender = sender.clone();
            scheduler.task(&format!("{i}")).every(HOUR).run(move || sender.send(()).unwrap()).unwrap();
        }
        (0..3).for_each(|_| get(&receiver));
        let other = scheduler.clone();
        drop(scheduler);
        other.task("still there").after(MS).run(move || sender.send(()).unwrap()).unwrap();
        get(&receiver);
        drop(other);
        // All that the callbacks hold is let go of.
        assert!(receiver.recv_timeout(PATIENCE).is_err());
        all_threads_end();
    });
}

#[test]
fn two_hundred_starts_and_stops_leave_no_thread() {
    in_child("threads::two_hundred_starts_and_stops_leave_no_thread", || {
        start_and_stop(200);
        all_threads_end();
    });
}

fn start_and_stop(times: usize) {
    for i in 0..times {
        let scheduler = with_threads(1 + i % 8);
        let runs = Arc::new(AtomicUsize::new(0));
        for task in 0..i % 5 {
            let runs = runs.clone();
            let job = move || {
                runs.fetch_add(1, Ordering::Relaxed);
            };
            scheduler.task(&format!("{task}")).after(Duration::ZERO).run(job).unwrap();
        }
        if i % 3 == 0 {
            scheduler.wait();
            assert_eq!(runs.load(Ordering::Relaxed), i % 5);
        }
        if i % 2 == 0 {
            scheduler.shutdown();
            // What had started has ended, what had not is gone.
            assert_eq!(Arc::strong_count(&runs), 1);
        }
    }
}

#[test]
fn shutdown_from_several_threads_at_once() {
    let scheduler = with_threads(2);
    let (entered, is_in) = channel();
    let (gate, passes) = (Gate::default(), Gate::default());
    let (at, ended) = (gate.clone(), Arc::new(AtomicUsize::new(0)));
    let ends = ended.clone();
    let task = scheduler.task("runs").after(Duration::ZERO);
    task.run(move || {
        entered.send(()).unwrap();
        at.pass();
        ends.store(1, Ordering::SeqCst);
    })
    .unwrap();
    get(&is_in);
    let (sender, receiver) = channel();
    for _ in 0..4 {
        let (scheduler, sender, ended) = (scheduler.clone(), sender.clone(), ended.clone());
        let passes = passes.clone();
        thread::spawn(move || {
            passes.pass();
            scheduler.shutdown();
            sender.send(ended.load(Ordering::SeqCst)).unwrap();
        });
    }
    passes.open();
    until("it is shut down", || scheduler.task("new").after(HOUR).run(|| {}).is_err());
    assert!(receiver.try_recv().is_err(), "somebody did not wait");
    gate.open();
    (0..4).for_each(|_| assert_eq!(get(&receiver), 1));
    scheduler.shutdown();
    assert!(scheduler.cancel("runs").unwrap_err().is_shut_down());
}

type Last = OnDrop<Box<dyn FnMut()>>;

thread_local! {
    /// Dropped when its thread ends, after all that the thread does for a scheduler.
    static LAST: RefCell<Option<Last>> = const { RefCell::new(None) };
}

#[test]
fn no_shutdown_of_several_at_once_returns_before_the_last_thread_has_ended() {
    let scheduler = Scheduler::builder().threads(1).zone("UTC").build().unwrap();
    let (began, begun) = channel();
    let (return_one, returned) = channel();
    let returned = Arc::new(Mutex::new(returned));
    let has_ended = Arc::new(AtomicBool::new(false));
    let ended = has_ended.clone();
    let callback = move || {
        let (returned, ended) = (returned.clone(), ended.clone());
        let last: Box<dyn FnMut()> = Box::new(move || {
            // A shutdown that does not wait for this thread returns now.
            let _ = returned.lock().unwrap().recv_timeout(300 * MS);
            ended.store(true, Ordering::SeqCst);
        });
        LAST.with(|place| *place.borrow_mut() = Some(OnDrop(last)));
        began.send(()).unwrap();
    };
    scheduler.task("t").after(Duration::ZERO).run(callback).unwrap();
    begun.recv_timeout(PATIENCE).unwrap();
    let callers = [scheduler.clone(), scheduler].map(|scheduler| {
        let (return_one, has_ended) = (return_one.clone(), has_ended.clone());
        std::thread::spawn(move || {
            scheduler.shutdown();
            let has_ended = has_ended.load(Ordering::SeqCst);
            let _ = return_one.send(());
            has_ended
        })
    });
    let ended_before = must_end("both shutdowns", || callers.map(|caller| caller.join().unwrap()));
    assert_eq!(ended_before, [true, true]);
}

#[test]
fn thousands_of_tasks_get_another_zone_and_are_shut_down_while_they_are_used() {
    const TASKS: usize = 4000;
    let scheduler = with_threads(2);
    let kept = Arc::new(());
    let noon = sexton::cron!("0 12 * * *");
    for i in 0..TASKS {
        let kept = kept.clone();
        scheduler.task(&i.to_string()).on(noon).run(move || drop(kept.clone())).unwrap();
    }
    scheduler.task("runs").every(MS).run(|| {}).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| (0..TASKS).step_by(3).for_each(|i| scheduler.cancel(&i.to_string()).unwrap()));
        // More than three hours apart: so the time of day that it is does not matter.
        for hours in [5, 0, 5, 0] {
            let zone = Zone::fixed(hours * 3600).unwrap();
            scheduler.set_zone(zone.clone());
            for task in scheduler.tasks().iter().filter(|task| task.name() != "runs") {
                let civil = task.next_due().map(|due| zone.civil(due).unwrap().time());
                assert!(civil.map_or(true, |time| (time.hour(), time.minute()) == (12, 0)), "{civil:?}");
            }
        }
    });
    assert_eq!(scheduler.tasks().len(), TASKS - TASKS / 3);
    thread::scope(|scope| {
        scope.spawn(|| scheduler.shutdown());
        until("the shutdown begins", || scheduler.task("late").after(HOUR).run(|| {}).is_err());
        assert!(scheduler.tasks().is_empty() && scheduler.get("1").is_none());
    });
    assert_eq!(Arc::strong_count(&kept), 1, "all callbacks are dropped");
}

#[test]
fn shutdown_timeout_names_what_runs_and_can_be_tried_again() {
    let scheduler = with_threads(3);
    let (entered, is_in) = channel();
    let gate = Gate::default();
    for name in ["b", "a"] {
        let (entered, gate) = (entered.clone(), gate.clone());
        let job = move || {
            entered.send(()).unwrap();
            gate.pass();
        };
        scheduler.task(name).every(HOUR).run(job).unwrap();
    }
    scheduler.task("waits").after(HOUR).run(|| {}).unwrap();
    (0..2).for_each(|_| get(&is_in));
    for timeout in [Duration::ZERO, 10 * MS] {
        let error = scheduler.shutdown_timeout(timeout).unwrap_err();
        assert_eq!(error.to_string(), "still running: `a`, `b`");
    }
    gate.open();
    let other = scheduler.clone();
    must_end("the second shutdown", move || other.shutdown_timeout(PATIENCE).unwrap());
    must_end("the third shutdown", move || scheduler.shutdown());
}

// A callback and its scheduler.

#[test]
fn a_callback_may_do_what_anybody_may() {
    let scheduler = with_threads(1);
    let events = events(&scheduler);
    let (sender, receiver) = channel();
    let tell = sender.clone();
    let task = scheduler.task("t").every(HOUR);
    let job = move |run: &sexton::Run| {
        let scheduler = run.scheduler();
        let (child, itself) = (tell.clone(), tell.clone());
        scheduler.task("child").after(Duration::ZERO).run(move || child.send("child").unwrap()).unwrap();
        assert!(!scheduler.task("t").every(HOUR).run(|| {}).unwrap().is_new());
        assert!(scheduler.task("paused").after(HOUR).run(|| {}).unwrap().pause().is_ok());
        let names: Vec<_> = scheduler.tasks().iter().map(|task| task.name().to_string()).collect();
        assert_eq!(names, ["child", "t", "paused"], "in the order of their due times");
        assert_eq!(scheduler.get("t").unwrap().status(), Status::Running);
        scheduler.get("t").unwrap().pause().unwrap();
        scheduler.get("t").unwrap().resume().unwrap();
        scheduler.wait();
        // Itself, replaced: the old run is this one.
        let next = scheduler.task("t").every(HOUR).replace().run_with(move |run| {
            run.cancel();
            assert!(run.stop_requested());
            assert!(run.scheduler().get("t").is_none());
            run.scheduler().cancel("paused").unwrap();
            itself.send("itself").unwrap();
        });
        assert!(next.unwrap().is_new());
        assert!(run.stop_requested());
        tell.send("first").unwrap();
    };
    task.run_with(job).unwrap();
    assert_eq!(get(&receiver), "first");
    assert_eq!(HashSet::from([get(&receiver), get(&receiver)]), HashSet::from(["child", "itself"]));
    must_end("waiting", move || scheduler.wait());
    drop(sender);
    assert!(receiver.recv_timeout(PATIENCE).is_err());
    assert!(events.iter().all(|event| !matches!(
        event,
        Event::RunEnded { outcome: RunOutcome::Panicked(_) | RunOutcome::Failed(_), .. }
    )));
}

#[test]
fn shutdown_from_inside_a_callback() {
    in_child("threads::shutdown_from_inside_a_callback", || {
        for is_timed in [false, true] {
            let scheduler = with_threads(1);
            let (sender, receiver) = channel();
            let job = move |run: &sexton::Run| {
                match is_timed {
                    true => run.scheduler().shutdown_timeout(HOUR).unwrap(),
                    false => run.scheduler().shutdown(),
                }
                assert!(run.stop_requested());
                assert!(run.scheduler().task("new").after(MS).run(|| {}).unwrap_err().is_shut_down());
                sender.send(()).unwrap();
            };
            scheduler.task("t").every(MS).run_with(job).unwrap();
            get(&receiver);
            assert!(receiver.recv_timeout(PATIENCE).is_err(), "there is no second run");
            all_threads_end();
            scheduler.shutdown();
        }
    });
}

#[test]
fn a_callback_may_drop_the_last_handle() {
    in_child("threads::a_callback_may_drop_the_last_handle", || {
        let scheduler = with_threads(2);
        let slot = Arc::new(Mutex::new(None::<Scheduler>));
        let (last, (sender, receiver)) = (slot.clone(), channel());
        let task = scheduler.task("t").every(MS);
        let job = move || {
            let last = last.lock().unwrap().take();
            if last.is_some() {
                drop(last);
                sender.send(()).unwrap();
            }
        };
        task.run(job).unwrap();
        *slot.lock().unwrap() = Some(scheduler);
        get(&receiver);
        assert!(receiver.recv_timeout(PATIENCE).is_err(), "the callback is dropped");
        all_threads_end();
    });
}

#[test]
fn wait_returns_with_the_last_run_and_with_shutdown() {
    let scheduler = with_threads(2);
    let gate = Gate::default();
    let (at, done) = (gate.clone(), Arc::new(AtomicUsize::new(0)));
    let runs = done.clone();
    scheduler.task("t").after(MS).run(move || (at.pass(), runs.store(1, Ordering::SeqCst)).1).unwrap();
    let (sender, receiver) = channel();
    let waits = scheduler.clone();
    thread::spawn(move || {
        waits.wait();
        sender.send(done.load(Ordering::SeqCst)).unwrap();
    });
    until("it runs", || scheduler.get("t").unwrap().status() == Status::Running);
    assert!(receiver.try_recv().is_err());
    gate.open();
    assert_eq!(get(&receiver), 1);

    scheduler.task("far").after(HOUR).run(|| {}).unwrap();
    let (waits, (sender, receiver)) = (scheduler.clone(), channel());
    thread::spawn(move || {
        sender.send(()).unwrap();
        waits.wait();
        sender.send(()).unwrap();
    });
    get(&receiver);
    scheduler.shutdown();
    get(&receiver);

    let scheduler = with_threads(2);
    scheduler.task("breaks").every(MS).run(|| ControlFlow::<()>::Break(())).unwrap();
    scheduler.task("cancelled").every(HOUR).starting("2999-01-01 00:00").run(|| {}).unwrap();
    let (waits, (sender, receiver)) = (scheduler.clone(), channel());
    thread::spawn(move || (waits.wait(), sender.send(()).unwrap()));
    scheduler.cancel("cancelled").unwrap();
    get(&receiver);
}

#[test]
fn a_cancelled_task_never_starts_again() {
    let scheduler = with_threads(2);
    for round in 0..10 {
        let (sender, receiver) = channel();
        let runs = Arc::new(AtomicUsize::new(0));
        let counts = runs.clone();
        let task = scheduler.task("t").every(MS);
        let job = move || {
            counts.fetch_add(1, Ordering::SeqCst);
            let _ = sender.send(());
        };
        let task = task.run(job).unwrap();
        (0..round % 4).for_each(|_| get(&receiver));
        task.cancel().unwrap();
        assert!(task.cancel().unwrap_err().is_unknown_task());
        assert!(scheduler.cancel("t").unwrap_err().is_unknown_task());
        assert!(task.run_now().is_err() && task.resume().is_err());
        until("its run has ended", || task.status() == Status::Ended);
        let seen = runs.load(Ordering::SeqCst);
        let (sender, later) = channel();
        scheduler.task("later").after(5 * MS).run(move || sender.send(()).unwrap()).unwrap();
        get(&later);
        assert_eq!(runs.load(Ordering::SeqCst), seen);
    }
}

// The workers.

#[test]
fn a_stuck_callback_is_told_of_while_it_is_stuck() {
    let scheduler = with_threads(2);
    let (events, gate) = (events(&scheduler), Gate::default());
    let at = gate.clone();
    scheduler.task("stuck").every(10 * MS).run(move || at.pass()).unwrap();
    // Others may have passed before it could begin.
    let overrun = |event: &Event| matches!(event, Event::Missed { why: Why::StillRunning, .. });
    let told = event(&events, |event| {
        overrun(event) || matches!(event, Event::RunEnded { outcome: RunOutcome::Finished, .. })
    });
    assert!(matches!(told, Event::Missed { .. }), "{told}");
    assert_eq!(scheduler.get("stuck").unwrap().status(), Status::Running);
    gate.open();
}

#[test]
fn as_many_runs_overlap_as_are_allowed_and_no_more() {
    let scheduler = with_threads(6);
    let (events, gate) = (events(&scheduler), Gate::default());
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (at, runs, peak) = (gate.clone(), running.clone(), most.clone());
    let task = scheduler.task("t").every(5 * MS).overlap(Overlap::Allow(3));
    let job = move |_: &sexton::Run| {
        peak.fetch_max(runs.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        at.pass();
        runs.fetch_sub(1, Ordering::SeqCst);
    };
    task.run_shared(job).unwrap();
    until("three runs at once", || running.load(Ordering::SeqCst) == 3);
    event(&events, |event| matches!(event, Event::Missed { why: Why::StillRunning, .. }));
    gate.open();
    (0..6).for_each(|_| {
        drop(event(&events, |event| matches!(event, Event::RunEnded { outcome: RunOutcome::Finished, .. })))
    });
    scheduler.shutdown();
    assert_eq!(most.load(Ordering::SeqCst), 3);
    assert_eq!(running.load(Ordering::SeqCst), 0);
}

#[test]
fn a_blocked_worker_keeps_nobody_from_scheduling_and_cancelling() {
    let scheduler = with_threads(1);
    let (told, gate) = (listen(&scheduler), Gate::default());
    let (at, (entered, is_in)) = (gate.clone(), channel());
    let block = move || (entered.send(()).unwrap(), at.pass()).1;
    scheduler.task("blocks").after(Duration::ZERO).run(block).unwrap();
    get(&is_in);
    let busy = scheduler.clone();
    let asked = must_end("scheduling and cancelling", move || {
        for i in 0..100 {
            busy.task(&format!("{i}")).after(i % 3 * MS).run(|| {}).unwrap();
            // The one that blocks is there, too.
            assert_eq!(busy.tasks().len() as u32, i % 2 + 2);
            if i % 2 == 1 {
                busy.cancel(&format!("{i}")).unwrap();
                busy.cancel(&format!("{}", i - 1)).unwrap();
            }
        }
        let asked = busy.task("asked for").after(HOUR).run(|| {}).unwrap();
        asked.cancel_after_next().unwrap();
        asked.run_now().unwrap();
        asked
    });
    assert_eq!(asked.status(), Status::Waiting);
    gate.open();
    must_end("waiting", {
        let scheduler = scheduler.clone();
        move || scheduler.wait()
    });
    scheduler.shutdown();
    let told = told.lock().unwrap();
    let is_saturated = |event: &&Event| matches!(event, Event::PoolSaturated { workers: 1, .. });
    let saturated = told.iter().find(is_saturated).map(Event::to_string);
    let saturated = saturated.unwrap_or_else(|| panic!("{told:?}"));
    assert!(saturated.starts_with("the only worker is busy and "), "{saturated}");
    let started = told.iter().filter(|event| matches!(event, Event::Started { .. }));
    let started: Vec<_> = started.filter_map(Event::task).collect();
    assert_eq!(started, ["blocks", "asked for"]);
}

#[test]
fn what_a_full_pool_holds_up_is_run_or_told_once() {
    for missed in [Missed::Once, Missed::Skip, Missed::All] {
        let scheduler = with_threads(1);
        let (told, gate) = (listen(&scheduler), Gate::default());
        let (sender, runs) = channel();
        let tick = scheduler.task("tick").every(MS).missed(missed).grace(2 * MS);
        let tick = tick.run(move || sender.send(()).unwrap_or_default()).unwrap();
        get(&runs);
        let (at, (entered, is_in)) = (gate.clone(), channel());
        let block = move || (entered.send(()).unwrap(), at.pass()).1;
        scheduler.task("blocks").after(Duration::ZERO).run(block).unwrap();
        get(&is_in);
        runs.try_iter().for_each(drop);
        // Only the clock makes dues pass.
        thread::sleep(20 * MS);
        gate.open();
        get(&runs);
        tick.pause().unwrap();
        scheduler.shutdown();
        let told = told.lock().unwrap();
        // What passes while it runs is told by another thread, and so perhaps not in its order.
        let lots: Vec<(u64, SystemTime)> = told
            .iter()
            .filter_map(|event| match event {
                Event::Started { task, due, .. } if &**task == "tick" => Some((1, *due)),
                Event::Missed { task, count, latest, .. } if &**task == "tick" => Some((*count, *latest)),
                _ => None,
            })
            .collect();
        let all: u64 = lots.iter().map(|lot| lot.0).sum();
        let first = lots.iter().map(|&(count, latest)| latest - MS * (count - 1) as u32).min().unwrap();
        let last = lots.iter().map(|lot| lot.1).max().unwrap();
        let passed = last.duration_since(first).unwrap() + MS / 2;
        assert_eq!(all, 1 + passed.as_millis() as u64, "{missed:?}: {told:#?}");
    }
}

// Futures.

#[test]
fn a_pending_future_holds_no_worker_and_is_woken_from_anywhere() {
    let scheduler = with_threads(1);
    let events = events(&scheduler);
    let (sender, receiver) = channel::<Waker>();
    let is_ready = Arc::new(AtomicUsize::new(0));
    let ready = is_ready.clone();
    let pending = move || {
        let (sender, ready) = (sender.clone(), ready.clone());
        poll_fn(move |context| match ready.load(Ordering::SeqCst) {
            2 => Poll::Ready(()),
            _ => {
                sender.send(context.waker().clone()).unwrap();
                Poll::Pending
            }
        })
    };
    scheduler.task("pending").after(Duration::ZERO).run_async(without_run(pending)).unwrap();
    let waker = get(&receiver);
    for i in 0..3 {
        let (sender, other) = channel();
        scheduler.task(&format!("{i}")).after(MS).run(move || sender.send(()).unwrap()).unwrap();
        get(&other);
    }
    until("it alone still runs", || scheduler.tasks().len() == 1);
    // Woken for nothing, twice at once.
    thread::spawn(move || (waker.wake_by_ref(), waker.wake()).1).join().unwrap();
    let waker = get(&receiver);
    is_ready.store(2, Ordering::SeqCst);
    thread::spawn(move || waker.wake()).join().unwrap();
    event(&events, |event| matches!(event, Event::RunEnded { task, .. } if &**task == "pending"));
    must_end("shutdown", move || scheduler.shutdown());
}

#[test]
fn a_future_may_wake_itself_many_times() {
    let scheduler = with_threads(2);
    let (sender, receiver) = channel();
    let eager = move || {
        let (sender, mut polls) = (sender.clone(), 0);
        async move {
            poll_fn(|context| {
                polls += 1;
                if polls == 2000 {
                    return Poll::Ready(());
                }
                context.waker().wake_by_ref();
                // And from elsewhere, while it is being polled.
                if polls % 500 == 0 {
                    let waker = context.waker().clone();
                    thread::spawn(move || waker.wake()).join().unwrap();
                }
                Poll::Pending
            })
            .await;
            sender.send(polls).unwrap();
        }
    };
    scheduler.task("t").after(Duration::ZERO).run_async(without_run(eager)).unwrap();
    assert_eq!(get(&receiver), 2000);
    must_end("waiting", move || scheduler.wait());
}

#[test]
fn a_future_that_nobody_can_wake_fails_and_one_that_panics_is_reported() {
    let scheduler = with_threads(1);
    let events = events(&scheduler);
    let (sender, receiver) = channel();
    let dropped = Arc::new(AtomicUsize::new(0));
    let drops = dropped.clone();
    let lost = move || {
        let (sender, drops) = (sender.clone(), drops.clone());
        let guard = OnDrop(move || {
            drops.fetch_add(1, Ordering::SeqCst);
        });
        poll_fn(move |context| {
            let _ = &guard;
            sender.send(context.waker().clone()).unwrap();
            Poll::<()>::Pending
        })
    };
    scheduler.task("lost").every(HOUR).run_async(without_run(lost)).unwrap();
    let waker = get(&receiver);
    drop(waker);
    let failed =
        event(&events, |event| matches!(event, Event::RunEnded { outcome: RunOutcome::Failed(_), .. }));
    assert_eq!(failed.to_string(), "task `lost` failed: nobody is left who could wake its future");
    assert_eq!(dropped.load(Ordering::SeqCst), 1);

    let panics = || poll_fn(|_| -> Poll<()> { std::panic::resume_unwind(Box::new("out of bells")) });
    scheduler.task("panics").every(HOUR).run_async(without_run(panics)).unwrap();
    let panicked =
        event(&events, |event| matches!(event, Event::RunEnded { outcome: RunOutcome::Panicked(_), .. }));
    assert_eq!(panicked.to_string(), "task `panics` panicked: out of bells");
    // Both go on: they are asked for once more.
    until("it waits again", || scheduler.get("lost").unwrap().status() == Status::Waiting);
    scheduler.get("lost").unwrap().run_now().unwrap();
    drop(get(&receiver));
    event(&events, |event| matches!(event, Event::RunEnded { outcome: RunOutcome::Failed(_), .. }));
    must_end("shutdown", move || scheduler.shutdown());
}

// No threads.

#[test]
fn without_threads_a_loop_runs_the_tasks() {
    let scheduler = with_threads(0);
    let here = thread::current().id();
    let runs = Arc::new(AtomicUsize::new(0));
    let counts = runs.clone();
    let job = move || {
        assert_eq!(thread::current().id(), here);
        counts.fetch_add(1, Ordering::SeqCst);
    };
    scheduler.task("t").every(2 * MS).times(5).run(job).unwrap();
    let begin = Instant::now();
    while let Some(pause) = scheduler.run_pending() {
        assert!(pause <= 2 * MS && begin.elapsed() < PATIENCE);
        thread::sleep(pause);
    }
    assert!((1..=5).contains(&runs.load(Ordering::SeqCst)));
    assert!(scheduler.tasks().is_empty());

    let counts = runs.clone();
    scheduler.task("t").after(2 * MS).run(move || counts.store(100, Ordering::SeqCst)).unwrap();
    scheduler.wait();
    assert_eq!(runs.load(Ordering::SeqCst), 100);
}

#[test]
fn without_threads_an_insert_from_elsewhere_wakes_who_waits() {
    for has_far in [false, true] {
        let scheduler = with_threads(0);
        let (sender, receiver) = channel();
        let task = scheduler.task("far").after(if has_far { HOUR } else { Duration::ZERO });
        let (waker, wakers) = channel::<Waker>();
        // A pending future keeps `wait` waiting for nothing but a wake-up.
        let mut polls = 0;
        let pending = move || {
            let waker = waker.clone();
            poll_fn(move |context| {
                polls += 1;
                waker.send(context.waker().clone()).unwrap();
                if polls == 1 {
                    Poll::Pending
                } else {
                    Poll::Ready(())
                }
            })
        };
        task.run_async(without_run(pending)).unwrap();
        let waits = scheduler.clone();
        let waiting = thread::spawn(move || waits.wait());
        let first = (!has_far).then(|| get(&wakers));
        for round in 0..3 {
            let sender = sender.clone();
            scheduler.task("soon").after(5 * MS).run(move || sender.send(round).unwrap()).unwrap();
            assert_eq!(get(&receiver), round);
        }
        match first {
            Some(waker) => waker.wake(),
            None => {
                let last = move |run: &sexton::Run| run.scheduler().cancel("far").unwrap();
                scheduler.task("last").after(MS).run_with(last).unwrap();
            }
        }
        must_end("waiting", move || waiting.join().unwrap());
    }
}

// Faults that were found here.

#[test]
fn no_worker_dies_of_starting_and_stopping() {
    let told = in_child("threads::no_worker_dies_of_starting_and_stopping", || {
        start_and_stop(1000);
        all_threads_end();
    });
    assert!(!told.contains("panicked"), "{told}");
}

#[test]
fn without_threads_a_cancel_from_elsewhere_ends_the_wait() {
    let scheduler = with_threads(0);
    let (sender, receiver) = channel();
    scheduler.task("far").after(HOUR).run(|| {}).unwrap();
    scheduler.task("now").after(20 * MS).run(move || sender.send(()).unwrap()).unwrap();
    let waits = scheduler.clone();
    let waiting = thread::spawn(move || waits.wait());
    get(&receiver);
    // By now it sleeps, or is about to; in the second case there would be nothing to see.
    thread::sleep(50 * MS);
    scheduler.cancel("far").unwrap();
    must_end("waiting", move || waiting.join().unwrap());
}

#[test]
fn a_future_that_is_dropped_may_wake_another() {
    let scheduler = with_threads(0);
    let told = listen(&scheduler);
    let other = Arc::new(Mutex::new(None::<Waker>));
    let own = Arc::new(Mutex::new(None::<Waker>));
    let (wakes, keeps) = (other.clone(), own.clone());
    let first = move || {
        let (wakes, keeps) = (wakes.clone(), keeps.clone());
        let guard = OnDrop(move || {
            if let Some(waker) = wakes.lock().unwrap().take() {
                waker.wake();
            }
        });
        poll_fn(move |context| {
            let _ = &guard;
            *keeps.lock().unwrap() = Some(context.waker().clone());
            Poll::<()>::Pending
        })
    };
    let keeps = other.clone();
    let second = move || {
        let keeps = keeps.clone();
        poll_fn(move |context| {
            *keeps.lock().unwrap() = Some(context.waker().clone());
            Poll::<()>::Pending
        })
    };
    scheduler.task("first").after(Duration::ZERO).run_async(without_run(first)).unwrap();
    scheduler.task("second").after(Duration::ZERO).run_async(without_run(second)).unwrap();
    scheduler.run_pending();
    drop(scheduler);
    let told = told.lock().unwrap();
    assert!(
        !told.iter().any(|event| matches!(event, Event::RunEnded { outcome: RunOutcome::Panicked(_), .. })),
        "{told:?}"
    );
}

#[test]
fn shutdown_timeout_does_not_wait_for_an_observer() {
    let scheduler = with_threads(2);
    let (gate, (entered, is_in)) = (Gate::default(), channel());
    let (at, entered) = (gate.clone(), Mutex::new(entered));
    scheduler.observe(move |event| {
        if let Event::Missed { why: Why::StillRunning, .. } = event {
            entered.lock().unwrap().send(()).unwrap();
            at.pass();
        }
    });
    let slow = Gate::default();
    let (at, release) = (slow.clone(), slow);
    scheduler.task("slow").every(10 * MS).run(move || at.pass()).unwrap();
    get(&is_in);
    scheduler.cancel("slow").unwrap();
    release.open();
    let other = scheduler.clone();
    must_end("shutdown with a deadline", move || drop(other.shutdown_timeout(100 * MS)));
    gate.open();
}

// While all workers are busy.

/// Has a task hold a worker until the gate opens.
fn hold_a_worker(scheduler: &Scheduler, name: &str, gate: &Gate) {
    let (at, (entered, is_in)) = (gate.clone(), channel());
    let task = scheduler.task(name).every(20 * MS);
    task.run(move || (entered.send(()).unwrap(), at.pass()).1).unwrap();
    get(&is_in);
}

fn watched(threads: usize, wait_limit: Duration) -> Scheduler {
    Scheduler::builder().threads(threads).zone("UTC").wait_limit(wait_limit).build().unwrap()
}

#[test]
fn while_all_workers_are_stuck_observers_hear_of_it() {
    in_child("threads::while_all_workers_are_stuck_observers_hear_of_it", || {
        let scheduler = watched(2, 50 * MS);
        let (events, gate) = (events(&scheduler), Gate::default());
        hold_a_worker(&scheduler, "a", &gate);
        hold_a_worker(&scheduler, "b", &gate);
        scheduler.task("waits").after(MS).run(|| {}).unwrap();
        let (mut saturated, mut overruns, mut waited) = (false, HashSet::new(), None);
        while !saturated || overruns.len() < 2 || waited.is_none() {
            match get(&events) {
                Event::PoolSaturated { waiting: 1, workers: 2 } => saturated = true,
                Event::Missed { task, why: Why::StillRunning, .. } => drop(overruns.insert(task)),
                // On a busy machine the others may have been waiting for a worker that was being started.
                Event::Waiting { task, waited: so_long, workers: 2 } if &*task == "waits" => {
                    waited = Some(so_long);
                }
                Event::Waiting { workers: 2, .. } => {}
                event => assert!(
                    !matches!(event, Event::PoolSaturated { .. } | Event::Waiting { .. }),
                    "{event:?}"
                ),
            }
        }
        assert!(waited > Some(50 * MS), "{waited:?}");
        gate.open();
        scheduler.shutdown();
        all_threads_end();
    });
}

#[test]
fn each_run_that_waits_is_told_once_and_in_order() {
    let scheduler = watched(1, 30 * MS);
    let (events, gate) = (events(&scheduler), Gate::default());
    hold_a_worker(&scheduler, "holds", &gate);
    // It may have been waiting itself, for a worker that was being started, and does again when the others are in its way.
    let waiting = |event: &Event| matches!(event, Event::Waiting { task, .. } if &**task != "holds");
    // The timer naps, and it is somebody else who makes them wait.
    let names = ["a", "b", "c"];
    let tasks = names.map(|name| scheduler.task(name).after(HOUR).run(|| {}).unwrap());
    tasks.iter().for_each(|task| task.run_now().unwrap());
    for name in names {
        assert_eq!(event(&events, waiting).task(), Some(name));
    }
    let late = scheduler.task("late").after(HOUR).run(|| {}).unwrap();
    late.run_now().unwrap();
    assert_eq!(event(&events, waiting).task(), Some("late"));
    gate.open();
    scheduler.shutdown();
    drop(scheduler);
    assert!(!events.iter().any(|event| waiting(&event)), "told twice");
}

#[test]
fn nobody_tells_what_nobody_hears() {
    in_child("threads::nobody_tells_what_nobody_hears", || {
        let scheduler = watched(1, MS);
        let gate = Gate::default();
        hold_a_worker(&scheduler, "holds", &gate);
        let task = scheduler.task("waits").after(HOUR).run(|| {}).unwrap();
        task.run_now().unwrap();
        thread::sleep(100 * MS);
        if cfg!(target_os = "linux") {
            assert_eq!(threads_of_ours(), 2, "the timer and a worker");
        }
        // Who comes late hears of what still waits.
        let events = events(&scheduler);
        assert_eq!(event(&events, |event| matches!(event, Event::Waiting { .. })).task(), Some("waits"));
        gate.open();
        scheduler.shutdown();
        all_threads_end();
    });
}

#[test]
fn the_end_of_a_task_is_told_last() {
    let scheduler = with_threads(3);
    let (gate, told) = (Gate::default(), Arc::new(Mutex::new(Vec::new())));
    let ((entered, is_in), at, log) = (channel(), gate.clone(), told.clone());
    let entered = Mutex::new(entered);
    scheduler.observe(move |event| match event {
        Event::Missed { why: Why::StillRunning, count: 1, .. } => {
            let _ = entered.lock().unwrap().send(());
            at.pass();
            log.lock().unwrap().push("missed");
        }
        Event::Ended { .. } => log.lock().unwrap().push("ended"),
        _ => {}
    });
    let at = Gate::default();
    let passes = at.clone();
    let job = move || {
        passes.pass();
        ControlFlow::<()>::Break(())
    };
    let task = scheduler.task("t").every(200 * MS).run(job).unwrap();
    get(&is_in);
    at.open();
    until("it has lost its name", || task.status() == Status::Ended);
    // By now it would have been told.
    thread::sleep(30 * MS);
    assert!(told.lock().unwrap().is_empty());
    gate.open();
    scheduler.wait();
    assert_eq!(told.lock().unwrap()[0], "missed");
    assert_eq!(told.lock().unwrap().last(), Some(&"ended"));
}

#[test]
fn that_a_task_was_scheduled_is_told_before_its_end() {
    let scheduler = with_threads(1);
    let (gate, told) = (Gate::default(), Arc::new(Mutex::new(Vec::new())));
    let (at, log) = (gate.clone(), told.clone());
    scheduler.observe(move |event| match event {
        Event::Scheduled { .. } | Event::Replaced { .. } => {
            at.pass();
            log.lock().unwrap().push("scheduled");
        }
        Event::Ended { .. } => log.lock().unwrap().push("ended"),
        _ => {}
    });
    let (other, (sender, receiver)) = (scheduler.clone(), channel());
    let scheduling = thread::spawn(move || {
        other.task("t").after(Duration::ZERO).run(move || sender.send(()).unwrap()).unwrap();
    });
    get(&receiver);
    // All that it has captured is gone, and by now its end would have been told.
    assert!(receiver.recv_timeout(PATIENCE).is_err());
    thread::sleep(30 * MS);
    gate.open();
    must_end("scheduling", move || scheduling.join().unwrap());
    scheduler.wait();
    assert_eq!(*told.lock().unwrap(), ["scheduled", "ended"]);
}

#[test]
fn nothing_is_told_of_a_task_after_its_end() {
    let scheduler = with_threads(3);
    let (sender, events) = channel();
    let sender = Mutex::new(sender);
    scheduler.observe(move |event| {
        // The first due that passes, told by another thread than that which ends the task.
        if let Event::Missed { why: Why::StillRunning, count: 1, .. } = event {
            thread::sleep(5 * MS);
        }
        drop(sender.lock().unwrap().send(event.clone()));
    });
    for round in 0..60 {
        let job = || {
            thread::sleep(3 * MS);
            ControlFlow::<()>::Break(())
        };
        scheduler.task(&format!("{round}")).every(MS).run(job).unwrap();
    }
    scheduler.wait();
    scheduler.shutdown();
    drop(scheduler);
    let mut ended = HashSet::new();
    for event in events.iter() {
        let task = event.task().unwrap_or_default().to_string();
        assert!(!ended.contains(&task), "{event:?}");
        if let Event::Ended { .. } = event {
            ended.insert(task);
        }
    }
    assert_eq!(ended.len(), 60);
}

/// The due that has passed during one run is told when that has ended, and by then the next run may have begun.
#[test]
fn a_due_that_was_told_with_the_end_of_a_run_is_not_told_again_during_the_next() {
    let scheduler = with_threads(2);
    let (gate, (entered, is_in), (sender, missed)) = (Gate::default(), channel(), channel());
    let (at, senders) = (gate.clone(), Mutex::new((entered, sender)));
    scheduler.observe(move |event| match event {
        Event::PoolSaturated { .. } => {
            let _ = senders.lock().unwrap().0.send(());
            at.pass();
        }
        Event::Missed { task, latest, .. } if &**task == "t" => {
            let _ = senders.lock().unwrap().1.send(*latest);
        }
        _ => {}
    });
    // One worker is never idle, and yet takes what comes.
    let is_over = Arc::new(AtomicBool::new(false));
    let goes_on = is_over.clone();
    let busy = move || {
        let goes_on = goes_on.clone();
        poll_fn(move |context| match goes_on.load(Ordering::Relaxed) {
            true => Poll::Ready(()),
            false => {
                context.waker().wake_by_ref();
                Poll::Pending
            }
        })
    };
    scheduler.task("busy").after(Duration::ZERO).run_async(without_run(busy)).unwrap();
    // The other worker has the run of a task, until that may end.
    let ((began, begins), (end, ends)) = (channel(), channel());
    let run = move |run: &Run| {
        let _ = began.send(run.due());
        let _ = ends.recv_timeout(PATIENCE);
    };
    scheduler.task("t").every(5 * MS).run_with(run).unwrap();
    get(&begins);
    // With no free worker, observers are told by a thread of its own. It is kept from telling more.
    get(&is_in);
    end.send(()).unwrap();
    get(&begins);
    // What is due later begins: the due that has passed during the run waits to be told.
    let (sender, receiver) = channel();
    scheduler.task("later").after(5 * MS).run(move || sender.send(()).unwrap()).unwrap();
    get(&receiver);
    end.send(()).unwrap();
    let run = get(&begins);
    gate.open();
    // The first due that passes during this run is told after those.
    let mut last = None;
    while last <= Some(run) {
        let latest = get(&missed);
        assert!(Some(latest) > last, "told twice");
        last = Some(latest);
    }
    is_over.store(true, Ordering::Relaxed);
    drop(end);
    scheduler.shutdown();
}

/// One thread has read the clock, and another reads it later and looks first.
#[test]
fn a_clock_that_goes_on_while_two_threads_look_at_it_was_not_stepped() {
    let clock = ManualClock::new(SystemTime::UNIX_EPOCH);
    let scheduler = Scheduler::builder().clock(&clock).zone("UTC").build().unwrap();
    let told = listen(&scheduler);
    let is_over = AtomicBool::new(false);
    #[allow(clippy::incompatible_msrv)] // the oldest compiler builds no tests
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                scheduler.run_pending();
            }
        });
        for _ in 0..200_000 {
            clock.advance(2 * SECOND);
        }
        is_over.store(true, Ordering::Relaxed);
    });
    let told = told.lock().unwrap();
    assert!(told.is_empty(), "{:?}", told[0]);
}

#[test]
fn an_observer_that_keeps_the_teller_is_reported_by_shutdown_timeout() {
    in_child("threads::an_observer_that_keeps_the_teller_is_reported_by_shutdown_timeout", || {
        let scheduler = with_threads(1);
        let (gate, slow, (entered, is_in)) = (Gate::default(), Gate::default(), channel());
        let (at, entered) = (gate.clone(), Mutex::new(entered));
        scheduler.observe(move |event| {
            if let Event::PoolSaturated { .. } = event {
                entered.lock().unwrap().send(()).unwrap();
                at.pass();
            }
        });
        hold_a_worker(&scheduler, "holds", &slow);
        scheduler.task("waits").after(MS).run(|| {}).unwrap();
        get(&is_in);
        slow.open();
        let error = scheduler.shutdown_timeout(200 * MS).unwrap_err();
        assert!(error.to_string().starts_with("still running: "), "{error}");
        gate.open();
        scheduler.shutdown();
        all_threads_end();
    });
}

#[test]
fn precise_tasks_are_never_early_and_every_due_time_is_accounted_for() {
    let scheduler = Scheduler::builder().threads(2).zone("UTC").timer_slack(Duration::ZERO).build().unwrap();
    let events = events(&scheduler);
    let (sender, starts) = channel();
    // More often than a worker may wait without sleeping, and two tasks at the same instants.
    for name in ["a", "b"] {
        let sender = Mutex::new(sender.clone());
        let start = move |run: &Run| {
            let now = SystemTime::now();
            let _ = sender.lock().unwrap().send((run.due(), now));
        };
        scheduler.task(name).every(MS / 2).precise().times(50).run_with(start).unwrap();
    }
    let cancelled = scheduler.task("cancelled").after(HOUR).precise().run(|| {}).unwrap();
    cancelled.cancel().unwrap();
    for _ in 0..100 {
        let (due, start) = get(&starts);
        assert!(start >= due, "{start:?} is before {due:?}");
    }
    scheduler.wait();
    scheduler.shutdown();
    let runs = events.try_iter().filter(|event| matches!(event, Event::Started { .. }));
    assert_eq!(runs.count(), 100);
}
