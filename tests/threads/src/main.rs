//! Threads that ask schedulers for everything at once, while `.ci/threads` has tools watch the process:
//!
//! ```text
//! sexton-threads SCHEDULERS [race|leak]
//! ```
//!
//! One scheduler after the other serves until some runs have begun, with a journal. In the end nothing of them is left. With
//! `race` two threads write to one place without a lock, and with `leak` memory is never freed: the tools must report these.

use std::cell::UnsafeCell;
use std::future::poll_fn;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{channel, Sender};
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::thread;
use std::time::{Duration, SystemTime};

use sexton::tz::Zone;
use sexton::{Missed, Overlap, Run, Scheduler, Task};

const CALLERS: u64 = 3;
/// So many runs begin in each scheduler before it ends.
const SOME: u64 = 50;
const MS: Duration = Duration::from_millis(1);

static REQUESTS: AtomicU64 = AtomicU64::new(0);
static RUNS: AtomicU64 = AtomicU64::new(0);
static EVENTS: AtomicU64 = AtomicU64::new(0);
static PLANTED: Planted = Planted(UnsafeCell::new(0));

struct Planted(UnsafeCell<u64>);

// SAFETY: none. This is the race that has to be reported.
unsafe impl Sync for Planted {}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let schedulers: u64 = args.first().and_then(|count| count.parse().ok()).expect("a number of schedulers");
    match args.get(1).map(String::as_str) {
        None => {}
        Some("race") => race(),
        Some("leak") => _ = std::hint::black_box(vec![1; 1000]).leak(),
        Some(other) => panic!("expected `race` or `leak`, found `{other}`"),
    }
    let journal = std::env::temp_dir().join(format!("sexton-threads-{}.journal", std::process::id()));
    // What std knows of the main thread, once it has been asked, is never freed.
    let all = thread::spawn(move || {
        (0..schedulers).for_each(|seed| turmoil(seed, &journal));
        drop(std::fs::remove_file(&journal));
    });
    all.join().expect("no panic");
    let [requests, runs, events] = [&REQUESTS, &RUNS, &EVENTS].map(|count| count.load(Ordering::Relaxed));
    println!("{schedulers} schedulers, {requests} requests, {runs} runs, {events} events");
}

fn race() {
    let write = || (0..1000).for_each(|_| unsafe { *PLANTED.0.get() += 1 });
    let other = thread::spawn(write);
    write();
    other.join().expect("the other thread");
}

/// A scheduler that several threads use and then drop, one way or the other.
fn turmoil(seed: u64, journal: &Path) {
    let builder = Scheduler::builder().threads(1 + seed as usize % 4).zone("UTC").journal(journal);
    let builder = builder.wait_limit(MS).clock_check(MS).zone_check(10 * MS).history(20);
    let scheduler = builder.claim(|claim| if claim.name() == "2" { Err("away") } else { Ok(true) }).build();
    let scheduler = scheduler.expect("a scheduler");
    let observer = scheduler.observe(|_| _ = EVENTS.fetch_add(1, Ordering::Relaxed));
    scheduler.observe(|event| drop(event.to_string()));
    let is_over = Arc::new(AtomicBool::new(false));
    // Ends when the last callback has been dropped that could send it a waker.
    let (wakers, asleep) = channel();
    let alarm = thread::spawn(move || asleep.into_iter().for_each(Waker::wake));
    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let (scheduler, is_over) = (scheduler.clone(), is_over.clone());
            let mut draw = Draw { state: seed * CALLERS + caller + 1, wakers: wakers.clone() };
            thread::spawn(move || {
                while !is_over.load(Ordering::Relaxed) {
                    request(&scheduler, &mut draw);
                    REQUESTS.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    drop(wakers);
    let runs = |more| {
        let enough = RUNS.load(Ordering::Relaxed) + more;
        while RUNS.load(Ordering::Relaxed) < enough {
            thread::sleep(MS);
        }
    };
    runs(SOME / 2);
    observer.remove();
    runs(SOME / 2);
    match seed % 3 {
        // While the callers go on, which get errors from now on.
        0 => scheduler.shutdown(),
        1 => drop(scheduler.shutdown_timeout(MS)),
        _ => {}
    }
    drop(scheduler);
    is_over.store(true, Ordering::Relaxed);
    callers.into_iter().for_each(|caller| caller.join().expect("no caller panics"));
    alarm.join().expect("no waker panics");
}

/// What a caller needs to make its requests.
struct Draw {
    state: u64,
    wakers: Sender<Waker>,
}

impl Draw {
    /// A number below the limit.
    fn below(&mut self, limit: u64) -> u64 {
        self.state =
            self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33) % limit
    }
}

/// One of all requests. Many are refused, as the task is not there or the scheduler has been shut down.
fn request(scheduler: &Scheduler, draw: &mut Draw) {
    let name = draw.below(20).to_string();
    let kind = draw.below(24);
    if kind < 10 {
        schedule(scheduler, &name, kind, draw);
        return;
    }
    let zone = ["UTC", "CET-1CEST,M3.5.0,M10.5.0/3", "Europe/Paris"][draw.below(3) as usize];
    match kind {
        10 => drop(scheduler.cancel(&name)),
        11 => drop(scheduler.tasks()),
        12 => drop(scheduler.upcoming(5)),
        13 => drop(scheduler.pause_all(|task| task.name() == name)),
        14 => drop(scheduler.resume_all(|_| true)),
        15 => drop(Zone::named(zone).map(|zone| scheduler.set_zone(zone))),
        16 => drop(scheduler.explain(&name, SystemTime::now())),
        17 => drop(scheduler.forecast(3 * MS)),
        18 => drop(scheduler.forget_unscheduled()),
        _ => drop(scheduler.get(&name).map(|task| ask(&task, kind, draw))),
    }
}

fn schedule(scheduler: &Scheduler, name: &str, kind: u64, draw: &mut Draw) {
    let task = scheduler.task(name);
    let task = match draw.below(6) {
        0 => task.every(MS),
        1 => task.every_after_end(MS),
        2 => task.after(draw.below(3) as u32 * MS),
        3 => task.cron("* * * * * *").unclaimed(),
        4 => task.at(SystemTime::now() + draw.below(3) as u32 * MS),
        _ => task.at_next(|now| Some(now + MS)),
    };
    let task = if draw.below(2) == 0 { task.replace() } else { task };
    let task = task.missed(Missed::All).time_limit(2 * MS);
    drop(match kind {
        0..=4 => task.run_with(callback),
        5 => task.overlap(Overlap::Allow(3)).run_shared(callback),
        6 => task.precise().run_with(callback),
        7 => task.run_async(|run| async move { run.stop().await }),
        8 => {
            let wakers = draw.wakers.clone();
            task.run_async(move |_| {
                let mut wakers = Some(wakers.clone());
                poll_fn(move |context| match wakers.take() {
                    // From another thread, perhaps before this one returns.
                    Some(wakers) => {
                        wakers.send(context.waker().clone()).map_or(Poll::Ready(()), |()| Poll::Pending)
                    }
                    None => Poll::Ready(()),
                })
            })
        }
        _ => task.retry(2, MS).run(|| Err::<(), _>("a failure")),
    });
}

fn callback(run: &Run) {
    RUNS.fetch_add(1, Ordering::Relaxed);
    match run.count() % 8 {
        0 => drop(run.stop().wait_timeout(MS)),
        1 => drop(run.scheduler().tasks()),
        2 => run.cancel(),
        _ => {}
    }
}

fn ask(task: &Task, kind: u64, draw: &mut Draw) {
    match kind {
        19 => drop(task.run_now()),
        20 => drop(task.cancel_timeout(draw.below(3) as u32 * MS)),
        21 => drop((task.stats(), task.status(), task.next_due(), task.upcoming(3))),
        22 => drop(task.cancel_after_next()),
        _ => drop((task.pause(), task.reschedule(sexton::cron!("* * * * * *")), task.resume())),
    }
}
