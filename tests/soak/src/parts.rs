//! The tasks: what they are due by, and what their callbacks do.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use sexton::{Missed, Overlap, Run, Schedule, Scheduler, TaskBuilder};

use crate::books::Grid;
use crate::chance::Chance;

/// What a callback does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Does {
    Nothing,
    /// Each third call.
    Panics,
    /// Two of three attempts. The run is repeated.
    Fails,
    /// It is pending for so long, perhaps several at a time.
    Awaits(u64),
    /// Milliseconds, in which a worker is busy.
    Sleeps(u64),
    /// Until it is asked to stop, or this has passed.
    Sticks(u64),
    /// It has a time limit, waits for the request to stop, and may be called several times at a time.
    Waits(u64),
}

/// The kinds, how many tasks there are of each, and what each does.
pub const KINDS: [(&str, u64, Does); 11] = [
    ("elapsed", 370, Does::Nothing),
    ("cron", 400, Does::Nothing),
    ("panics", 60, Does::Panics),
    ("fails, and is repeated", 60, Does::Fails),
    ("is asynchronous", 90, Does::Awaits(300)),
    ("is slow", 6, Does::Sleeps(1500)),
    ("is stuck", 2, Does::Sticks(15_000)),
    ("has a time limit", 6, Does::Waits(200)),
    ("overlaps itself", 6, Does::Sleeps(400)),
    ("once", 0, Does::Nothing),
    ("once, and cancelled", 0, Does::Nothing),
];

pub const CRON: usize = 1;
pub const STUCK: usize = 6;
pub const OVERLAPS: usize = 8;
pub const ONCE: usize = 9;
pub const CANCELLED: usize = 10;

/// A task that is always there, apart from short times.
pub struct Part {
    pub name: String,
    pub kind: usize,
    pub grid: Grid,
    pub missed: Missed,
    pub overlap: Overlap,
    pub seen: Arc<Seen>,
}

/// What its callbacks see.
#[derive(Default)]
pub struct Seen {
    pub calls: AtomicU64,
    running: AtomicUsize,
    /// Two runs at a time, and runs before they were due.
    pub overlaps: AtomicU64,
    pub early: AtomicU64,
}

impl Part {
    pub fn draw(kind: usize, number: u64, chance: &mut Chance) -> Part {
        let does = KINDS[kind].2;
        let by_calendar = match kind {
            0 | STUCK | OVERLAPS => false,
            CRON => true,
            _ => chance.below(2) == 0,
        };
        let grid = match by_calendar {
            true => Grid::Calendar(chance.one_of(&[1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60])),
            false if kind == STUCK => Grid::Elapsed(Duration::from_millis(7300)),
            false => Grid::Elapsed(Duration::from_millis(chance.one_of(&[300, 700, 1000, 1900, 3100, 5000]))),
        };
        let overlap = match does {
            _ if kind == OVERLAPS => Overlap::Allow(3),
            Does::Awaits(_) => chance.one_of(&[Overlap::Skip, Overlap::Queue, Overlap::Allow(2)]),
            _ => chance.one_of(&[Overlap::Skip, Overlap::Queue, Overlap::QueueAll(4)]),
        };
        let missed = chance.one_of(&[Missed::Once, Missed::Skip, Missed::All]);
        // To catch up with each second of an hour that was skipped is not what this is about.
        let missed = if let Grid::Calendar(1..=9) = grid { Missed::Once } else { missed };
        Part { name: format!("{kind}-{number}"), kind, grid, missed, overlap, seen: Arc::default() }
    }

    /// The same times as its grid.
    pub fn cron(&self) -> Schedule {
        let text = match self.grid {
            Grid::Calendar(step) if step < 60 => format!("*/{step} * * * * *"),
            _ => "* * * * *".to_string(),
        };
        Schedule::cron(&text).expect("an expression")
    }

    /// Schedules it, or puts it in the place of the one that is there.
    pub fn schedule(
        &self,
        scheduler: &Scheduler,
        is_replacement: bool,
        naps: &Naps,
    ) -> Result<(), sexton::Error> {
        let task = scheduler.task(&self.name);
        let task = match self.grid {
            Grid::Calendar(_) => task.on(self.cron()),
            Grid::Elapsed(period) => task.every(period),
            Grid::Once | Grid::Perhaps => task.after(Duration::ZERO),
        };
        let task = task.missed(self.missed).overlap(self.overlap);
        let task = if is_replacement { task.replace() } else { task };
        self.give_callback(task, naps).map(drop)
    }

    fn give_callback(&self, task: TaskBuilder<'_>, naps: &Naps) -> Result<sexton::Task, sexton::Error> {
        let seen = self.seen.clone();
        let is_calendar = matches!(self.grid, Grid::Calendar(_));
        let most = if let Overlap::Allow(most) = self.overlap { most } else { 1 };
        let begins = move |run: &Run| Seen::begins(&seen, run, is_calendar, most);
        match KINDS[self.kind].2 {
            Does::Nothing => task.run_with(move |run| drop(begins(run))),
            Does::Panics => task.run_with(move |run| {
                let _running = begins(run);
                assert!(run.count() % 3 != 0, "each third time");
            }),
            Does::Fails => task.retry(2, Duration::from_millis(30)).run_with(move |run| {
                let _running = begins(run);
                if run.attempt() < 3 {
                    Err("not yet")
                } else {
                    Ok(())
                }
            }),
            Does::Awaits(millis) => {
                let naps = naps.clone();
                task.run_async(move |run| {
                    let running = begins(&run);
                    let nap = naps.nap(Duration::from_millis(millis));
                    async move {
                        nap.await;
                        drop(running);
                    }
                })
            }
            Does::Sleeps(millis) if self.kind == OVERLAPS => task.run_shared(move |run| {
                let _running = begins(run);
                thread::sleep(Duration::from_millis(millis));
            }),
            Does::Sleeps(millis) => task.run_with(move |run| {
                let _running = begins(run);
                thread::sleep(Duration::from_millis(millis));
            }),
            Does::Waits(limit) => task.time_limit(Duration::from_millis(limit)).run_with(move |run| {
                let _running = begins(run);
                run.stop().wait_timeout(Duration::from_millis(3 * limit));
            }),
            Does::Sticks(millis) => task.run_with(move |run| {
                let _running = begins(run);
                run.stop().wait_timeout(Duration::from_millis(millis));
            }),
        }
    }
}

/// A run that goes on.
pub struct Running(Arc<Seen>);

impl Seen {
    fn begins(seen: &Arc<Seen>, run: &Run, is_calendar: bool, most: usize) -> Running {
        seen.calls.fetch_add(1, SeqCst);
        if seen.running.fetch_add(1, SeqCst) >= most {
            seen.overlaps.fetch_add(1, SeqCst);
        }
        if is_calendar && SystemTime::now() < run.due() {
            seen.early.fetch_add(1, SeqCst);
        }
        Running(seen.clone())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, SeqCst);
    }
}

/// What wakes futures.
#[derive(Clone, Default)]
pub struct Naps(Arc<Mutex<Vec<(Instant, Waker)>>>);

impl Naps {
    /// Starts the thread that wakes them.
    pub fn start() -> Naps {
        let naps = Naps::default();
        let sleeping = naps.0.clone();
        let keep = move || loop {
            thread::sleep(Duration::from_millis(10));
            let now = Instant::now();
            let mut due = Vec::new();
            sleeping.lock().expect("no user panics").retain(|(at, waker)| {
                let stays = *at > now;
                due.extend((!stays).then(|| waker.clone()));
                stays
            });
            due.into_iter().for_each(Waker::wake);
        };
        thread::Builder::new().name("soak-naps".into()).spawn(keep).expect("a thread");
        naps
    }

    fn nap(&self, duration: Duration) -> Nap {
        Nap { naps: self.clone(), until: Instant::now() + duration }
    }
}

struct Nap {
    naps: Naps,
    until: Instant,
}

impl Future for Nap {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if Instant::now() >= self.until {
            return Poll::Ready(());
        }
        let mut naps = self.naps.0.lock().expect("no user panics");
        naps.push((self.until, context.waker().clone()));
        Poll::Pending
    }
}
