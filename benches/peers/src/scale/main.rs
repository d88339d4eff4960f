//! What sexton costs with more and more tasks.
//!
//! ```text
//! scale times [WORK]    TSV of all works, or those with this in their name: work, tasks, unit, value
//! scale bytes           the same for memory, with all allocations counted
//! scale picture FILE    an SVG of these rows
//! ```
//!
//! Each number is the least of three measurements, as other programs only add to it. What one thread does alone is CPU
//! time. SIZES=1000,10000 asks for other numbers of tasks.

#[path = "../counting.rs"]
mod counting;
#[path = "../random.rs"]
mod random;

mod clocks;
mod herd;
mod locked;
mod picture;
mod tasks;

use std::time::{Duration, Instant, SystemTime};

use sexton::tz::Zone;
use sexton::{cron, ManualClock, Schedule, Scheduler};

/// What is measured, and what of: the unit comes with the value.
type Work = (&'static str, fn(usize) -> f64, &'static str);

const TIMES: &[Work] = &[
    ("schedule a one-shot", |n| tasks::schedule(n, one_shot), "ns"),
    ("schedule with cron", |n| tasks::schedule(n, daily), "ns"),
    ("cancel a one-shot", |n| tasks::cancel(n, one_shot), "ns"),
    ("cancel with cron", |n| tasks::cancel(n, daily), "ns"),
    ("run, all due", tasks::run_all, "ns"),
    ("run, one of many that wait", tasks::run_one, "ns"),
    ("longest schedule", tasks::longest_schedule, "ms"),
    ("longest cancel", tasks::longest_cancel, "ms"),
    ("four threads cancel all: a task", herd::cancel_storm, "ns"),
    ("due at once: first late", |n| herd::due_at_once(n, 0).first, "ms"),
    ("due at once: last late", |n| herd::due_at_once(n, 0).last, "ms"),
    ("due at once: another caller waits", |n| herd::due_at_once(n, 0).longest_wait, "ms"),
    ("a thousand due at once among others: last late", |n| herd::due_at_once(1000, n).last, "ms"),
    ("others wait for tasks()", locked::tasks, "ms"),
    ("others wait for set_zone", locked::set_zone, "ms"),
    ("others wait for shutdown", locked::shutdown, "ms"),
    ("clock back 90 s: a daily task", |n| clocks::step_back(n, "30 2 * * *"), "ns"),
    ("clock back 90 s: a task of a minute", |n| clocks::step_back(n, "* * * * *"), "ns"),
    ("clock forward 4 h: a daily task", |n| clocks::step_forward(n, "30 2 * * *"), "ns"),
    ("clock forward 4 h: a task of a minute", |n| clocks::step_forward(n, "* * * * *"), "ns"),
    ("asleep for a week: a daily task", |n| clocks::sleep(n, "30 2 * * *", 7), "ns"),
    ("asleep for a week: a task of a minute", |n| clocks::sleep(n, "* * * * *", 7 * 24 * 60), "ns"),
];

const BYTES: &[Work] = &[
    ("waiting, one-shot", |n| tasks::bytes(n, one_shot), "B"),
    ("waiting, cron", |n| tasks::bytes(n, daily), "B"),
    ("waiting, a name of a zone", |n| tasks::bytes(n, |_| daily(0).zone(new_york())), "B"),
    ("after 30 runs", tasks::bytes_after_runs, "B"),
    ("left after all are cancelled", tasks::bytes_after_cancel, "B"),
];

fn one_shot(i: usize) -> Schedule {
    Schedule::after(Duration::from_secs(3600 + i as u64 % 3600))
}

fn daily(_i: usize) -> Schedule {
    Schedule::from(cron!("30 2 * * *"))
}

fn new_york() -> Zone {
    Zone::named("America/New_York").expect("a zone database")
}

fn names(tasks: usize) -> Vec<String> {
    (0..tasks).map(|i| format!("task-{i:07}")).collect()
}

fn manual() -> (ManualClock, Scheduler) {
    manual_with(Duration::from_secs(3 * 3600))
}

/// 2026-11-22T00:00:00Z, no threads.
fn manual_with(clock_correction: Duration) -> (ManualClock, Scheduler) {
    let clock = ManualClock::new(SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_305_600));
    let scheduler = Scheduler::builder()
        .clock(&clock)
        .clock_correction(clock_correction)
        .zone(Zone::utc())
        .build()
        .unwrap();
    (clock, scheduler)
}

fn with_workers() -> Scheduler {
    Scheduler::builder().threads(2).zone(Zone::utc()).build().unwrap()
}

/// Nanoseconds until it is done.
fn elapsed(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_nanos() as f64
}

/// Nanoseconds of CPU time of this thread: what else the machine does has no say.
fn took(work: impl FnOnce()) -> f64 {
    let start = cpu_nanos();
    work();
    (cpu_nanos() - start) as f64
}

#[repr(C)]
struct Timespec {
    seconds: i64,
    nanos: i64,
}

extern "C" {
    fn clock_gettime(clock: i32, time: *mut Timespec) -> i32;
}

fn cpu_nanos() -> i64 {
    /// As 64-bit Linux numbers its clocks.
    const CLOCK_THREAD_CPUTIME_ID: i32 = 3;
    let mut time = Timespec { seconds: 0, nanos: 0 };
    let status = unsafe { clock_gettime(CLOCK_THREAD_CPUTIME_ID, &mut time) };
    assert_eq!(status, 0, "a kernel that counts CPU time");
    time.seconds * 1_000_000_000 + time.nanos
}

fn measure(works: &[Work], wanted: &str) {
    let sizes = std::env::var("SIZES").unwrap_or_else(|_| "1000,10000,100000,1000000".to_string());
    println!("work\ttasks\tunit\tvalue");
    for (work, ask, unit) in works.iter().filter(|(work, ..)| work.contains(wanted)) {
        for size in sizes.split(',').map(|size| size.parse().expect("a number of tasks")) {
            let least = (0..3).map(|_| ask(size)).fold(f64::MAX, f64::min);
            println!("{work}\t{size}\t{unit}\t{least:.3}");
        }
    }
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["times"] => measure(TIMES, ""),
        ["times", work] => measure(TIMES, work),
        ["bytes"] => {
            counting::start();
            measure(BYTES, "");
        }
        ["picture", file] => {
            let rows = std::fs::read_to_string(file).expect("a readable file");
            print!("{}", picture::svg(&rows));
        }
        _ => eprintln!("usage: scale times [WORK] | scale bytes | scale picture FILE"),
    }
}
