//! The models. Each is a small program of users of the library; `README.md` lists what each asks.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use sexton_models::store::{Record, Store, StoreError};
use sexton_models::sync::{self, lock, thread, Mutex};
use sexton_models::{tz::Zone, Builder, Event, Missed, Moment, Overlap, RunOutcome, Scheduler, Status, Task};

use crate::explore::Model;
use crate::probe::Probe;

/// Cheap ones first. A model is explored with each of its horizons, which are in seconds.
pub const ALL: &[Model] = &[
    Model { name: "drivers", horizons: &[0], is_large: false, run: drivers },
    Model { name: "drivers-wait", horizons: &[0, 1], is_large: false, run: drivers_wait },
    Model { name: "drivers-wake", horizons: &[0], is_large: false, run: drivers_wake },
    Model { name: "no-second-worker", horizons: &[0], is_large: false, run: no_second_worker },
    Model { name: "books", horizons: &[20], is_large: false, run: books },
    Model { name: "allow", horizons: &[20], is_large: false, run: allow },
    Model { name: "last-handle", horizons: &[0, 1], is_large: false, run: last_handle },
    Model { name: "own-handle", horizons: &[0], is_large: false, run: own_handle },
    Model { name: "cancel", horizons: &[0], is_large: false, run: cancel },
    Model { name: "cancel-due", horizons: &[2], is_large: false, run: cancel_due },
    Model { name: "claim", horizons: &[0], is_large: false, run: claim },
    Model { name: "reuse", horizons: &[0], is_large: true, run: reuse },
    Model { name: "replace", horizons: &[0, 1], is_large: false, run: replace },
    Model { name: "pending", horizons: &[0], is_large: false, run: pending },
    Model { name: "drop-polled", horizons: &[0], is_large: false, run: drop_polled },
    Model { name: "wake", horizons: &[0], is_large: false, run: wake },
    Model { name: "waker-dropped", horizons: &[0], is_large: false, run: waker_dropped },
    Model { name: "outbox", horizons: &[0], is_large: false, run: outbox },
    Model { name: "panic", horizons: &[0], is_large: false, run: panics },
    Model { name: "shutdown", horizons: &[0, 1], is_large: false, run: shutdown },
    Model { name: "stop", horizons: &[0], is_large: false, run: stop },
    Model { name: "stop-by-shutdown", horizons: &[0], is_large: false, run: stop_by_shutdown },
    Model { name: "late-worker", horizons: &[0], is_large: false, run: late_worker },
    Model { name: "wait", horizons: &[0], is_large: false, run: waits },
    Model { name: "pause", horizons: &[0], is_large: false, run: pause },
    Model { name: "earlier", horizons: &[0], is_large: false, run: earlier },
    Model { name: "store", horizons: &[0], is_large: false, run: store },
    Model { name: "run-now", horizons: &[0], is_large: true, run: run_now },
    Model { name: "slices-of-a-shutdown", horizons: &[0], is_large: false, run: slices_of_a_shutdown },
    Model { name: "slices-of-a-zone", horizons: &[10], is_large: false, run: slices_of_a_zone },
    Model { name: "second-worker", horizons: &[0], is_large: false, run: second_worker },
    Model { name: "replace-demanded", horizons: &[0, 1], is_large: true, run: replace_demanded },
];

const HOUR: Duration = Duration::from_secs(3600);

fn builder(threads: usize) -> Builder {
    Scheduler::builder().zone(Zone::utc()).zone_check(Duration::MAX).threads(threads)
}

fn scheduler(threads: usize) -> Scheduler {
    builder(threads).build().expect("threads can be started")
}

fn spawn(act: impl FnOnce() + Send + 'static) -> thread::JoinHandle<()> {
    thread::spawn(act)
}

fn join(thread: thread::JoinHandle<()>) {
    thread.join().expect("it did not panic");
}

/// Ends a scheduler. After that none of its threads is left.
fn end(scheduler: &Scheduler) {
    scheduler.shutdown();
    assert_eq!(sync::threads(), 0, "`shutdown` has returned, and threads are left");
}

/// Two cancel a task that is due, and one of them waits for its end.
fn cancel() {
    let (scheduler, probe) = (scheduler(1), Probe::new());
    let task = scheduler.task("t").every("1h").run(probe.callback()).unwrap();
    let answers = Arc::new(Mutex::new(0));
    let other = spawn({
        let (task, answers) = (task.clone(), answers.clone());
        move || *lock(&answers) += u32::from(task.cancel().is_ok())
    });
    if task.cancel_timeout(HOUR).is_ok() {
        let seen = probe.seen();
        assert_eq!(seen.running(), 0, "it has waited for the run");
        assert_eq!(task.status(), Status::Ended);
        *lock(&answers) += 1;
    }
    join(other);
    assert_eq!(*lock(&answers), 1, "one of the two has cancelled it");
    let before = probe.seen().started;
    end(&scheduler);
    let seen = probe.check(1);
    assert_eq!(u64::from(seen.started), task.stats().runs());
    assert!(seen.started <= before + 1);
}

/// A task is cancelled while the time of its next run comes.
fn cancel_due() {
    let (scheduler, probe) = (scheduler(1), Probe::new());
    // One that stays, so that the end of the other leaves something to do.
    scheduler.task("late").after(HOUR).run(|| {}).unwrap();
    let task = scheduler.task("t").every("1s").run(probe.callback()).unwrap();
    probe.until(|seen| seen.started > 0);
    task.cancel_timeout(HOUR).unwrap();
    assert_eq!(probe.seen().running(), 0, "it has waited for the run");
    end(&scheduler);
    probe.check(1);
}

/// A name is free once its task is cancelled, and the run of the old task and its handle leave the new task alone.
fn reuse() {
    let (scheduler, probe) = (scheduler(1), Probe::new());
    let old = scheduler.task("t").every("1h").run(probe.callback()).unwrap();
    let other = spawn({
        let (scheduler, callback) = (scheduler.clone(), probe.callback());
        move || {
            scheduler.cancel("t").unwrap();
            scheduler.task("t").every("1h").run(callback).unwrap();
        }
    });
    // Either of the old task, or too late.
    let _ = old.run_now();
    join(other);
    let new = scheduler.get("t").unwrap();
    let before = probe.seen().started;
    new.run_now().unwrap();
    probe.until(|seen| seen.started > before);
    end(&scheduler);
    probe.check(1);
}

/// A task that is due is replaced.
fn replace() {
    replaced(|_| None);
}

/// The same, while another thread demands a run.
fn replace_demanded() {
    replaced(|old| Some(spawn(move || drop(old.run_now()))));
}

fn replaced(meanwhile: fn(Task) -> Option<thread::JoinHandle<()>>) {
    let (scheduler, probe, new) = (scheduler(1), Probe::new(), Probe::new());
    let old = scheduler.task("t").every("1s").run(probe.callback()).unwrap();
    let other = meanwhile(old);
    // Its runs are counted with those of the old one, so that an overlap shows.
    let (both, second) = (probe.clone(), new.callback());
    let act = move || {
        both.start();
        second();
        both.end();
    };
    let task = scheduler.task("t").every("1h").replace().run(act).unwrap();
    task.run_now().unwrap();
    new.until(|seen| seen.ended > 0);
    other.into_iter().for_each(join);
    end(&scheduler);
    probe.check(1);
    new.check(1);
}

/// Two shut down while a task is due.
fn shutdown() {
    let (scheduler, probe) = (scheduler(1), Probe::new());
    scheduler.task("t").every("1s").run(probe.callback()).unwrap();
    let other = spawn({
        let (scheduler, probe) = (scheduler.clone(), probe.clone());
        move || {
            end(&scheduler);
            probe.over();
        }
    });
    end(&scheduler);
    probe.over();
    assert!(scheduler.task("late").after(Duration::ZERO).run(|| {}).is_err());
    join(other);
    probe.check(1);
}

/// Tasks are due while a shutdown removes one after the other.
fn slices_of_a_shutdown() {
    let (scheduler, probe) = (scheduler(1), Probe::new());
    let tasks = ["a", "b"].map(|name| scheduler.task(name).every("1h").run(probe.callback()).unwrap());
    end(&scheduler);
    assert!(scheduler.tasks().is_empty());
    for task in tasks {
        let stats = task.stats();
        assert_eq!(stats.runs() + stats.missed, 1, "{}: {stats:?}", task.name());
        assert_eq!(task.status(), Status::Ended);
    }
    probe.check(1);
}

/// The zone is changed for one task after the other, and they are due earlier by the new one.
fn slices_of_a_zone() {
    let (scheduler, probe) = (scheduler(1), Probe::new());
    let begin = sync::wall_clock();
    let after = |seconds: u64| begin + Duration::from_secs(seconds);
    let due = Moment::Civil(Zone::utc().civil(after(5)).unwrap());
    let tasks = ["a", "b"].map(|name| scheduler.task(name).at(due).run(probe.callback()).unwrap());
    scheduler.set_zone(Zone::fixed(2).unwrap());
    for due in tasks.iter().filter_map(Task::next_due) {
        assert!(due <= sync::wall_clock().max(after(3)), "it is due by the new zone");
    }
    scheduler.wait();
    for task in tasks {
        let stats = task.stats();
        assert_eq!((stats.runs(), stats.missed), (1, 0), "{}: {stats:?}", task.name());
    }
    end(&scheduler);
    probe.check(1);
}

/// Two drop their handles while a task is due; then all threads end. (If one does not, the model is stuck.)
fn last_handle() {
    let (scheduler, probe) = (scheduler(1), Probe::new());
    scheduler.task("t").every("1s").run(probe.callback()).unwrap();
    let other = spawn({
        let scheduler = scheduler.clone();
        move || drop(scheduler)
    });
    drop(scheduler);
    join(other);
    probe.until(|seen| seen.dropped == seen.made && seen.running() == 0);
    probe.check(1);
}

/// The last handle is in a callback, which is dropped on the worker when another thread cancels its task.
fn own_handle() {
    let (scheduler, probe) = (scheduler(1), Probe::new());
    let (own, counts) = (scheduler.clone(), probe.callback());
    let act = move || {
        counts();
        let _ = own.tasks();
    };
    let task = scheduler.task("t").every("1h").run(act).unwrap();
    let other = spawn(move || task.cancel().unwrap());
    drop(scheduler);
    join(other);
    probe.until(|seen| seen.dropped == seen.made && seen.running() == 0);
    probe.check(1);
}

/// Each of two demands gets a run that begins after it.
fn run_now() {
    let (scheduler, probe) = (scheduler(1), Probe::new());
    let task = scheduler.task("t").after(HOUR).run(probe.callback()).unwrap();
    let demand = |task: Task, probe: Probe| {
        let before = probe.seen().started;
        task.run_now().unwrap();
        probe.until(|seen| seen.started > before);
    };
    let other = spawn({
        let (task, probe) = (task.clone(), probe.clone());
        move || demand(task, probe)
    });
    demand(task, probe.clone());
    join(other);
    end(&scheduler);
    probe.check(1);
}

/// A task that is due is paused and resumed. While it is paused and does not run, it does not begin.
fn pause() {
    let (scheduler, probe) = (scheduler(1), Probe::new());
    let task = scheduler.task("t").every("1h").run(probe.callback()).unwrap();
    let other = spawn({
        let (task, probe) = (task.clone(), probe.clone());
        move || {
            task.pause().unwrap();
            if task.status() == Status::Paused {
                let before = probe.seen();
                assert_eq!(before.running(), 0);
                let _ = task.next_due();
                assert_eq!(probe.seen().started, before.started, "it began while it was paused");
            }
            task.resume_with(Missed::Once).unwrap();
        }
    });
    probe.until(|seen| seen.started > 0);
    join(other);
    end(&scheduler);
    probe.check(1);
}

/// While the timer falls asleep for an hour, two tasks come that are due.
fn earlier() {
    let (scheduler, probe) = (scheduler(1), Probe::new());
    scheduler.task("late").after(HOUR).run(|| {}).unwrap();
    let other = spawn({
        let (scheduler, callback) = (scheduler.clone(), probe.callback());
        move || drop(scheduler.task("soon").after(Duration::ZERO).run(callback).unwrap())
    });
    scheduler.task("now").after(Duration::ZERO).run(probe.callback()).unwrap();
    probe.until(|seen| seen.ended == 2);
    join(other);
    end(&scheduler);
    probe.check(1);
}

/// What a future waits for.
#[derive(Default)]
struct Door {
    is_open: bool,
    wakers: Vec<Waker>,
}

/// A future that is ready when the door is open. It keeps its waker there, unless it loses it.
struct Opened {
    door: Arc<Mutex<Door>>,
    probe: Probe,
    loses_waker: bool,
}

impl Future for Opened {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut door = lock(&self.door);
        if door.is_open {
            return Poll::Ready(());
        }
        if !self.loses_waker {
            door.wakers.push(context.waker().clone());
        }
        Poll::Pending
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        self.probe.end();
    }
}

/// Opens the door, and wakes what waits for that.
fn open(door: &Mutex<Door>) {
    let wakers = {
        let mut door = lock(door);
        door.is_open = true;
        std::mem::take(&mut door.wakers)
    };
    wakers.into_iter().for_each(Waker::wake);
}

fn opened(door: &Arc<Mutex<Door>>, probe: &Probe, loses_waker: bool) -> impl Fn() -> Opened + Send + Sync {
    let (door, probe, owned) = (door.clone(), probe.clone(), probe.owned());
    move || {
        let _ = &owned;
        probe.start();
        Opened { door: door.clone(), probe: probe.clone(), loses_waker }
    }
}

/// A future is woken for nothing, and then for something, whenever it is polled.
fn wake() {
    let (scheduler, probe, door) = (scheduler(1), Probe::new(), Arc::new(Mutex::new(Door::default())));
    let make = opened(&door, &probe, false);
    let task = scheduler.task("t").after(Duration::ZERO).run_async(move |_| make()).unwrap();
    let other = spawn({
        let door = door.clone();
        move || {
            let waker = lock(&door).wakers.last().cloned();
            waker.into_iter().for_each(Waker::wake);
        }
    });
    open(&door);
    probe.until(|seen| seen.ended == 1);
    join(other);
    scheduler.wait();
    assert_eq!(task.stats().finished, 1);
    end(&scheduler);
    probe.check(1);
}

/// A future that nobody can wake any more ends as failed.
fn waker_dropped() {
    let (scheduler, probe, door) = (scheduler(1), Probe::new(), Arc::new(Mutex::new(Door::default())));
    let _observer = scheduler.observe(|_| {});
    let make = opened(&door, &probe, true);
    let task = scheduler.task("t").after(Duration::ZERO).run_async(move |_| make()).unwrap();
    scheduler.wait();
    assert_eq!(task.stats().failed, 1);
    end(&scheduler);
    probe.check(1);
}

/// A pending future, whose waker is kept, is dropped when a caller has waited long enough; another wakes it then.
fn pending() {
    let (scheduler, probe, door) = (scheduler(1), Probe::new(), Arc::new(Mutex::new(Door::default())));
    let make = opened(&door, &probe, false);
    let task = scheduler.task("t").every("1h").run_async(move |_| make()).unwrap();
    let other = spawn({
        let door = door.clone();
        move || {
            let waker = lock(&door).wakers.pop();
            waker.into_iter().for_each(Waker::wake);
        }
    });
    // There is no time to wait: what is pending is dropped at once.
    let _ = task.cancel_timeout(Duration::ZERO);
    join(other);
    // What becomes pending after that must be woken.
    open(&door);
    end(&scheduler);
    probe.check(1);
    assert_eq!(u64::from(probe.seen().started), task.stats().runs());
}

/// A future is to be dropped while it is polled: then it is, though nobody wakes it.
fn drop_polled() {
    let (scheduler, probe, door) = (scheduler(1), Probe::new(), Arc::new(Mutex::new(Door::default())));
    let (polled, kept, owned) = (probe.clone(), door.clone(), probe.owned());
    let make = move || {
        let (polled, kept, _) = (polled.clone(), kept.clone(), &owned);
        std::future::poll_fn(move |context| {
            lock(&kept).wakers.push(context.waker().clone());
            polled.start();
            polled.until(|seen| seen.made == 2);
            polled.end();
            Poll::<()>::Pending
        })
    };
    let task = scheduler.task("t").every("1h").run_async(move |_| make()).unwrap();
    probe.until(|seen| seen.started == 1);
    assert!(task.cancel_timeout(Duration::ZERO).is_err());
    let goes_on = probe.owned();
    end(&scheduler);
    drop(goes_on);
    open(&door);
    probe.check(1);
}

/// A run waits to be told to stop, and another thread cancels its task.
fn stop() {
    stopped(|_, task| task.cancel().unwrap());
}

/// The same, and the other thread shuts down.
fn stop_by_shutdown() {
    stopped(|scheduler, _| scheduler.shutdown());
}

fn stopped(by: fn(Scheduler, Task)) {
    let (scheduler, probe) = (scheduler(1), Probe::new());
    let (counts, asked) = (probe.callback(), Arc::new(Mutex::new(0)));
    let told = asked.clone();
    let task = scheduler
        .task("t")
        .every("1h")
        .run_with(move |run| {
            counts();
            *lock(&told) += u32::from(run.stop().wait_timeout(HOUR));
        })
        .unwrap();
    let other = spawn({
        let (scheduler, task) = (scheduler.clone(), task.clone());
        move || by(scheduler, task)
    });
    join(other);
    end(&scheduler);
    let seen = probe.check(1);
    assert_eq!(*lock(&asked), seen.started, "each run was told to stop");
    assert_eq!(u64::from(seen.started), task.stats().stopped);
}

/// What an observer sees, one event at a time.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>, Probe);

impl Log {
    fn observer(&self) -> impl Fn(&Event) + Send + Sync {
        let (lines, probe, owned) = (self.0.clone(), self.1.clone(), self.1.owned());
        move |event| {
            let _ = &owned;
            probe.start();
            let word = match event {
                Event::Scheduled { .. } => "scheduled",
                Event::Started { .. } => "started",
                Event::RunEnded { outcome: RunOutcome::Panicked(_), .. } => "panicked",
                Event::RunEnded { .. } => "run ended",
                Event::Missed { .. } => "missed",
                Event::Paused { .. } => "paused",
                Event::Resumed { .. } => "resumed",
                Event::Cancelled { .. } => "cancelled",
                Event::Ended { .. } => "ended",
                Event::DestructorPanicked { .. } => "destructor panicked",
                _ => "another",
            };
            lock(&lines).push(word.into());
            probe.end();
        }
    }

    fn words(&self) -> Vec<String> {
        lock(&self.0).clone()
    }

    /// After `shutdown`: events came one at a time, and nothing comes any more.
    fn check(&self) -> Vec<String> {
        self.1.check(1);
        self.words()
    }
}

fn position(words: &[String], word: &str) -> Option<usize> {
    words.iter().position(|one| one == word)
}

/// Events of a run and of a caller come one at a time, each once, in an order that makes sense.
fn outbox() {
    let (scheduler, probe, log) = (scheduler(1), Probe::new(), Log::default());
    let _observer = scheduler.observe(log.observer());
    let task = scheduler.task("t").after(Duration::ZERO).run(probe.callback()).unwrap();
    let is_cancelled = task.cancel().is_ok();
    end(&scheduler);
    let words = log.check();
    let started = probe.check(1).started as usize;
    let count = |word: &str| words.iter().filter(|one| *one == word).count();
    assert_eq!(position(&words, "scheduled"), Some(0), "{words:?}");
    assert_eq!(
        (count("scheduled"), count("started"), count("run ended")),
        (1, started, started),
        "{words:?}"
    );
    assert!(position(&words, "started") <= position(&words, "run ended"), "{words:?}");
    assert_eq!(count("cancelled"), usize::from(is_cancelled), "{words:?}");
    if !is_cancelled {
        assert_eq!(words.last().unwrap(), "ended", "{words:?}");
        assert_eq!(count("ended"), 1, "{words:?}");
    }
}

/// A callback panics, and so does its destructor, while the scheduler shuts down.
fn panics() {
    struct Panics(Option<crate::probe::Owned>);
    impl Drop for Panics {
        fn drop(&mut self) {
            // No lock is taken while a panic unwinds: shuttle would take that panic for its own.
            drop(self.0.take());
            std::panic::resume_unwind(Box::new("in a destructor"));
        }
    }
    let (scheduler, probe, log) = (scheduler(1), Probe::new(), Log::default());
    let _observer = scheduler.observe(log.observer());
    let (counts, bomb) = (probe.callback(), Panics(Some(probe.owned())));
    let act = move || {
        counts();
        let _ = &bomb;
        // Not by `panic!`, which would be printed each time.
        std::panic::resume_unwind(Box::new("in a callback"));
    };
    let task = scheduler.task("t").every("1h").run::<()>(act).unwrap();
    end(&scheduler);
    let started = probe.check(1).started as usize;
    assert_eq!(task.stats().panicked as usize, started);
    let words = log.check();
    let count = |word: &str| words.iter().filter(|one| *one == word).count();
    assert_eq!((count("panicked"), count("destructor panicked")), (started, 1), "{words:?}");
}

/// Two threads drive a scheduler that has none, and a third demands a run. What is due is run once, and told by one at a time.
fn drivers() {
    let (scheduler, probe, log) = (scheduler(0), Probe::new(), Log::default());
    let _observer = scheduler.observe(log.observer());
    let task = scheduler.task("t").every("1h").run(probe.callback()).unwrap();
    let drive = |scheduler: &Scheduler| {
        let _ = scheduler.run_pending();
    };
    let other = spawn({
        let scheduler = scheduler.clone();
        move || drive(&scheduler)
    });
    let third = spawn(move || task.run_now().unwrap());
    drive(&scheduler);
    join(other);
    join(third);
    drive(&scheduler);
    let started = probe.seen().started;
    assert!((1..=2).contains(&started), "the due time and the demand are one run or two: {started}");
    end(&scheduler);
    probe.check(1);
    log.check();
}

/// Two wait until no task is left, and so drive a scheduler that has no threads, while a third thread adds one.
fn drivers_wait() {
    let (scheduler, probe) = (scheduler(0), Probe::new());
    scheduler.task("a").after(Duration::from_secs(1)).run(probe.callback()).unwrap();
    let other = spawn({
        let scheduler = scheduler.clone();
        move || scheduler.wait()
    });
    let third = spawn({
        let (scheduler, callback) = (scheduler.clone(), probe.callback());
        move || {
            scheduler.task("b").after(Duration::ZERO).run(callback).unwrap();
            // If time stands still, the first task never comes.
            let _ = scheduler.cancel("a");
        }
    });
    scheduler.wait();
    join(third);
    scheduler.wait();
    join(other);
    assert!(probe.seen().started >= 1);
    end(&scheduler);
    probe.check(2);
}

/// A thread drives a scheduler that has none, and another wakes the future that it waits for.
fn drivers_wake() {
    let (scheduler, probe, door) = (scheduler(0), Probe::new(), Arc::new(Mutex::new(Door::default())));
    let make = opened(&door, &probe, false);
    scheduler.task("t").after(Duration::ZERO).run_async(move |_| make()).unwrap();
    let other = spawn({
        let door = door.clone();
        move || open(&door)
    });
    scheduler.wait();
    join(other);
    assert_eq!(probe.seen().ended, 1);
    end(&scheduler);
    probe.check(1);
}

/// Each of two runs waits for the other to begin: both workers are needed.
fn second_worker() {
    let (scheduler, probe) = (scheduler(2), Probe::new());
    for name in ["a", "b"] {
        let both = probe.clone();
        let act = probe.callback_that(move || both.until(|seen| seen.started == 2));
        scheduler.task(name).after(Duration::ZERO).run(act).unwrap();
    }
    probe.until(|seen| seen.ended == 2);
    end(&scheduler);
    probe.check(2);
}

/// A scheduler shuts down while a second worker is being started.
fn late_worker() {
    second_worker_of(usize::MAX);
}

/// The same, and it cannot be started.
fn no_second_worker() {
    second_worker_of(0);
}

fn second_worker_of(spawns: usize) {
    let (scheduler, probe) = (scheduler(2), Probe::new());
    sync::limit_spawns(spawns);
    for name in ["a", "b"] {
        scheduler.task(name).every("1h").run(probe.callback()).unwrap();
    }
    end(&scheduler);
    probe.check(2);
}

/// A caller waits until no task is left, and all is done and told then.
fn waits() {
    let (scheduler, probe, log) = (scheduler(1), Probe::new(), Log::default());
    let _observer = scheduler.observe(log.observer());
    scheduler.task("t").after(Duration::ZERO).run(probe.callback()).unwrap();
    scheduler.wait();
    let seen = probe.seen();
    assert_eq!((seen.started, seen.ended, seen.dropped), (1, 1, 1));
    assert_eq!(log.words(), ["scheduled", "started", "run ended", "ended"]);
    end(&scheduler);
    probe.check(1);
    log.check();
}

/// A store that keeps what it is given.
struct Kept(Arc<Mutex<Vec<Record>>>);

impl Store for Kept {
    fn last_due(&self, _: &str) -> Option<SystemTime> {
        None
    }

    fn claim(&mut self, _: &str) -> Vec<SystemTime> {
        Vec::new()
    }

    fn unclaimed(&self) -> Vec<String> {
        Vec::new()
    }

    fn write(&mut self, _: &str, record: Record) -> Result<bool, StoreError> {
        lock(&self.0).push(record);
        Ok(true)
    }
}

/// The store has the beginning of a run before its callback is called, the end after that, and all in the order of events.
fn store() {
    let (probe, records) = (Probe::new(), Arc::new(Mutex::new(Vec::new())));
    let scheduler = builder(1).store(Kept(records.clone())).build().unwrap();
    let (written, is_early) = (records.clone(), Arc::new(Mutex::new(false)));
    let early = is_early.clone();
    let act = probe.callback_that(move || {
        let began = lock(&written).iter().any(|record| matches!(record, Record::Began { .. }));
        *lock(&early) |= !began;
    });
    let task = scheduler.task("t").every("1h").run(act).unwrap();
    let other = spawn(move || task.cancel().unwrap());
    join(other);
    end(&scheduler);
    assert!(!*lock(&is_early), "the callback was called before the record was written");
    let records = lock(&records).clone();
    let place = |is_it: fn(&Record) -> bool| records.iter().position(is_it);
    let began = place(|record| matches!(record, Record::Began { .. }));
    let ended = place(|record| matches!(record, Record::Ended(_)));
    let forgot = place(|record| matches!(record, Record::Forgot));
    assert_eq!(probe.check(1).started as usize, began.iter().count());
    assert!(forgot.is_some(), "{records:?}");
    assert!(began.is_none() || ended > began && forgot > began, "{records:?}");
}

/// A run is claimed while the scheduler shuts down: what was claimed is run, and the claim is dropped once.
fn claim() {
    let (asked, probe) = (Probe::new(), Probe::new());
    let ask = asked.callback();
    let scheduler = builder(1).claim(move |_| {
        ask();
        Ok::<bool, String>(true)
    });
    let scheduler = scheduler.build().unwrap();
    let task = scheduler.task("t").at(sync::wall_clock()).run(probe.callback()).unwrap();
    end(&scheduler);
    let seen = probe.check(1);
    assert_eq!(asked.check(1).started, seen.started);
    assert_eq!(u64::from(seen.started), task.stats().runs());
}

/// Due times come one after the other, and each is run or missed; none is early.
fn books() {
    let (scheduler, probe) = (scheduler(1), Probe::new());
    let (counts, early, first) = (probe.callback(), Arc::new(Mutex::new(false)), Arc::new(Mutex::new(None)));
    let (is_early, first_due) = (early.clone(), first.clone());
    let task = scheduler
        .task("t")
        .every("1s")
        .times(3)
        .missed(Missed::All)
        .overlap(Overlap::Queue)
        .run_with(move |run| {
            *lock(&is_early) |= run.due() > sync::wall_clock();
            lock(&first_due).get_or_insert(run.due());
            counts();
        })
        .unwrap();
    scheduler.wait();
    let stats = task.stats();
    assert!(!*lock(&early), "a run was early");
    let (first, last) = (*lock(&first), stats.last.as_ref().unwrap().due);
    let due = last.duration_since(first.unwrap()).unwrap().as_secs() + 1;
    assert_eq!(stats.finished, 3, "{stats:?}");
    assert_eq!(stats.finished + stats.missed, due, "each due time is run or missed: {stats:?}");
    end(&scheduler);
    assert_eq!(u64::from(probe.check(1).started), stats.finished);
}

/// Two runs of a task at a time, and no more.
fn allow() {
    let (scheduler, probe) = (scheduler(2), Probe::new());
    let counts = probe.callback();
    scheduler
        .task("t")
        .every("1s")
        .times(3)
        .overlap(Overlap::Allow(2))
        .run_shared(move |_| counts())
        .unwrap();
    scheduler.wait();
    end(&scheduler);
    assert!(probe.check(2).started >= 1);
}
