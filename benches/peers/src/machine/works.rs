//! What each library is timed at.

use std::sync::atomic::{AtomicU64, AtomicU8, AtomicUsize, Ordering::Relaxed};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::counting;
use crate::peer::Peer;
use crate::random::Random;
use crate::row::{instant, judged, now, percentile, row, wait_until, Log, Row, RIGHT};
use crate::system;

const MILLISECOND: u64 = 1_000_000;
const SECOND: u64 = 1000 * MILLISECOND;
const HOUR: u64 = 3600 * SECOND;
/// A library that is slow at it schedules and cancels fewer tasks: for so long.
const PATIENCE: u64 = 10 * SECOND;

pub fn leaked<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

/// Runs of so many tasks, to see that each runs once.
fn counters(tasks: usize) -> &'static [AtomicU8] {
    Box::leak((0..tasks).map(|_| AtomicU8::new(0)).collect())
}

/// How many have not run, and how many runs are too many.
fn lost_and_extra(runs: &[AtomicU8]) -> (usize, usize) {
    let runs = || runs.iter().map(|runs| runs.load(Relaxed) as usize);
    (runs().filter(|runs| *runs == 0).count(), runs().map(|runs| runs.saturating_sub(1)).sum())
}

/// How late a callback starts that is due every 10 ms.
pub fn period<P: Peer>() -> Vec<Row> {
    const RUNS: usize = 700;
    const PERIOD: u64 = 10 * MILLISECOND;
    let log = Log::new(RUNS);
    let mut peer = P::new(4);
    let first = now() + 500 * MILLISECOND;
    let _task = peer.every(instant(first), Duration::from_nanos(PERIOD), || log.push(now()));
    peer.start();
    let cpu = system::cpu_nanos();
    wait_until(first + 2 * RUNS as u64 * PERIOD, || log.len() == RUNS);
    let cpu = system::cpu_nanos() - cpu;
    lateness(&log.numbers(), first, PERIOD, cpu)
}

/// Of runs that are due one after the other. A library may leave out what it is too late for.
pub fn lateness(starts: &[u64], first: u64, period: u64, cpu: u64) -> Vec<Row> {
    let early =
        starts.iter().zip((first..).step_by(period as usize)).filter(|(start, due)| *start < due).count();
    let mut late: Vec<i64> =
        starts.iter().map(|start| (start.saturating_sub(first) % period) as i64).collect();
    late.sort_unstable();
    let answer = judged(early, (late.is_empty()) as usize, 0);
    vec![
        row("every 10 ms: p50 late", "us", percentile(&late, 500) / 1e3, &answer),
        row("every 10 ms: p99 late", "us", percentile(&late, 990) / 1e3, &answer),
        row("every 10 ms: CPU a run", "us", cpu as f64 / 1e3 / late.len().max(1) as f64, &answer),
    ]
}

/// What a callback owns: it counts how many have been dropped, less those that were cloned.
struct Owned(&'static AtomicUsize);

impl Clone for Owned {
    fn clone(&self) -> Owned {
        self.0.fetch_sub(1, Relaxed);
        Owned(self.0)
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        self.0.fetch_add(1, Relaxed);
    }
}

/// A task that is due in an hour or two. Nothing is asked of its callback but that it goes when it is cancelled.
fn schedule_one<P: Peer>(peer: &mut P, random: &mut Random, dropped: &'static AtomicUsize) -> P::Id {
    let owned = Owned(dropped);
    peer.once(instant(HOUR + random.below(HOUR)), move || {
        std::hint::black_box(&owned);
    })
}

/// Whether callbacks have gone with their tasks.
fn freed(dropped: &AtomicUsize, cancelled: usize) -> String {
    sleep(Duration::from_millis(200));
    match cancelled.saturating_sub(dropped.load(Relaxed)) {
        0 => RIGHT.to_string(),
        kept => format!("keeps {:.0} % of the callbacks", kept as f64 * 100.0 / cancelled as f64),
    }
}

/// Mean cost of scheduling so many, and of cancelling all of them in another order.
pub fn schedule<P: Peer>(tasks: usize) -> Vec<Row> {
    let mut peer = P::new(2);
    sleep(Duration::from_millis(100));
    let (mut random, dropped) = (Random::default(), leaked(AtomicUsize::new(0)));
    let mut ids = Vec::with_capacity(tasks);
    let start = now();
    while ids.len() < tasks && now() - start < PATIENCE {
        let some = (tasks - ids.len()).min(1000);
        ids.extend((0..some).map(|_| schedule_one(&mut peer, &mut random, dropped)));
    }
    let to_schedule = (now() - start) as f64 / ids.len() as f64;
    peer.settle();
    sleep(Duration::from_millis(200));
    random.shuffle(&mut ids);
    let (start, mut cancelled) = (now(), 0);
    while !ids.is_empty() && now() - start < PATIENCE {
        let some = ids.split_off(ids.len().saturating_sub(1000));
        cancelled += some.len();
        some.into_iter().for_each(|id| peer.cancel(id));
    }
    let to_cancel = (now() - start) as f64 / cancelled as f64;
    peer.settle();
    vec![
        row(format!("schedule one of {tasks}"), "ns", to_schedule, RIGHT),
        row(format!("cancel one of {tasks}"), "ns", to_cancel, &freed(dropped, cancelled)),
    ]
}

/// The same with a cron expression.
pub fn schedule_cron<P: Peer>(tasks: usize) -> Result<Vec<Row>, &'static str> {
    let mut peer = P::new(2);
    sleep(Duration::from_millis(100));
    let start = now();
    let ids: Vec<P::Id> = (0..tasks).map_while(|_| peer.daily(|| {})).collect();
    let nanos = (now() - start) as f64 / tasks as f64;
    if ids.is_empty() {
        return Err("no cron");
    }
    Ok(vec![row(format!("schedule one of {tasks} with cron"), "ns", nanos, RIGHT)])
}

/// The longest that a single call takes.
pub fn worst<P: Peer>(tasks: usize) -> Vec<Row> {
    let mut peer = P::new(2);
    sleep(Duration::from_millis(100));
    let (mut random, dropped) = (Random::default(), leaked(AtomicUsize::new(0)));
    let (mut ids, begin) = (Vec::with_capacity(tasks), now());
    let (mut longest, mut last) = (0, begin);
    while ids.len() < tasks && last - begin < PATIENCE {
        ids.push(schedule_one(&mut peer, &mut random, dropped));
        let time = now();
        longest = longest.max(time - last);
        last = time;
    }
    let to_schedule = longest as f64 / 1e6;
    peer.settle();
    sleep(Duration::from_millis(200));
    random.shuffle(&mut ids);
    let (begin, mut cancelled) = (now(), 0);
    (longest, last) = (0, begin);
    for id in ids {
        peer.cancel(id);
        cancelled += 1;
        let time = now();
        longest = longest.max(time - last);
        last = time;
        if last - begin > PATIENCE {
            break;
        }
    }
    peer.settle();
    vec![
        row(format!("worst schedule of {tasks}"), "ms", to_schedule, RIGHT),
        row(format!("worst cancel of {tasks}"), "ms", longest as f64 / 1e6, &freed(dropped, cancelled)),
    ]
}

fn held() -> f64 {
    sleep(Duration::from_millis(300));
    counting::held().0 as f64
}

/// What a task that waits takes, and what is left of it when it has been cancelled.
pub fn bytes<P: Peer>() -> Vec<Row> {
    const TASKS: usize = 100_000;
    let mut peer = P::new(2);
    let (mut random, dropped) = (Random::default(), leaked(AtomicUsize::new(0)));
    let mut ids = Vec::with_capacity(TASKS);
    let before = held();
    ids.extend((0..TASKS).map(|_| schedule_one(&mut peer, &mut random, dropped)));
    peer.settle();
    let waiting = held() - before;
    random.shuffle(&mut ids);
    ids.drain(..).for_each(|id| peer.cancel(id));
    peer.settle();
    let cancelled = held() - before;
    let mut rows = vec![
        row("bytes of a waiting task", "B", waiting / TASKS as f64, RIGHT),
        row("bytes left of a cancelled task", "B", cancelled / TASKS as f64, RIGHT),
    ];
    let before = held();
    ids.extend((0..TASKS).map_while(|_| peer.daily(|| {})));
    if ids.len() == TASKS {
        peer.settle();
        rows.push(row("bytes of a waiting cron task", "B", (held() - before) / TASKS as f64, RIGHT));
    }
    rows
}

/// What a periodic task takes after thirty runs.
pub fn bytes_after_runs<P: Peer>() -> Vec<Row> {
    const TASKS: usize = 1000;
    let mut peer = P::new(2);
    let (runs, mut ids) = (leaked(AtomicUsize::new(0)), Vec::with_capacity(TASKS));
    let before = held();
    let first = now() + 200 * MILLISECOND;
    for task in 0..TASKS as u64 {
        let first = instant(first + task * MILLISECOND / 10);
        ids.push(peer.every(first, Duration::from_millis(100), || {
            runs.fetch_add(1, Relaxed);
        }));
    }
    peer.start();
    wait_until(now() + 10 * SECOND, || runs.load(Relaxed) >= 30 * TASKS);
    let bytes = counting::held().0 as f64 - before;
    let lost = (30 * TASKS).saturating_sub(runs.load(Relaxed));
    vec![row("bytes of a task after 30 runs", "B", bytes / TASKS as f64, &judged(0, lost, 0))]
}

/// Millions a second, if there was an end.
fn rate(tasks: usize, start: u64, end: u64) -> f64 {
    end.checked_sub(start).map_or(f64::NAN, |nanos| tasks as f64 * 1e3 / nanos.max(1) as f64)
}

/// So many, scheduled beforehand for one instant.
pub fn burst<P: Peer>(tasks: usize, threads: usize) -> Vec<Row> {
    let (count, runs) = (leaked(AtomicUsize::new(0)), counters(tasks));
    let ends = leaked([AtomicU64::new(0), AtomicU64::new(0)]);
    let mut peer = P::new(threads);
    let due = now() + if P::TICK >= Duration::from_secs(1) { 8 * SECOND } else { 2 * SECOND };
    let mut ids = Vec::with_capacity(tasks);
    for task in 0..tasks {
        ids.push(peer.once(instant(due), move || {
            runs[task].fetch_add(1, Relaxed);
            match count.fetch_add(1, Relaxed) {
                0 => ends[0].store(now(), Relaxed),
                run if run == tasks - 1 => ends[1].store(now(), Relaxed),
                _ => {}
            }
        }));
    }
    peer.start();
    let scheduled = now();
    wait_until(due + 20 * SECOND, || ends[1].load(Relaxed) > 0);
    sleep(Duration::from_millis(50));
    let [first, last] = [ends[0].load(Relaxed), ends[1].load(Relaxed)];
    let (lost, extra) = lost_and_extra(runs);
    let answer = match judged(0, lost, extra) {
        _ if scheduled > due => "not scheduled in time".to_string(),
        answer if answer == RIGHT && first < due => format!("{} ms early", (due - first) / MILLISECOND),
        answer => answer,
    };
    let late = |time: u64| if time == 0 { f64::NAN } else { (time as f64 - due as f64) / 1e6 };
    let mut rows = vec![
        row(format!("{tasks} due at once: first late"), "ms", late(first), &answer),
        row(format!("{tasks} due at once: last late"), "ms", late(last), &answer),
    ];
    if tasks >= 100_000 {
        rows.insert(0, row(format!("{tasks} due at once"), "M/s", rate(tasks, first, last), &answer));
    }
    rows
}

/// So many one-shots that are due when they are scheduled, from the first request to the last run.
pub fn overdue<P: Peer>(tasks: usize, threads: usize) -> Vec<Row> {
    let (count, runs, end) = (leaked(AtomicUsize::new(0)), counters(tasks), leaked(AtomicU64::new(0)));
    let mut peer = P::new(threads);
    peer.start();
    sleep(Duration::from_millis(100));
    let mut ids = Vec::with_capacity(tasks);
    let start = now();
    for task in 0..tasks {
        ids.push(peer.once(instant(start), move || {
            runs[task].fetch_add(1, Relaxed);
            if count.fetch_add(1, Relaxed) == tasks - 1 {
                end.store(now(), Relaxed);
            }
        }));
    }
    wait_until(start + 20 * SECOND, || end.load(Relaxed) > 0);
    sleep(Duration::from_millis(50));
    let (lost, extra) = lost_and_extra(runs);
    let rate = rate(tasks, start, end.load(Relaxed));
    vec![row("submitted when due", "M/s", rate, &judged(0, lost, extra))]
}

/// So many tasks a second each, spread over the second.
pub fn every_second<P: Peer>(tasks: usize, threads: usize) -> Vec<Row> {
    const SECONDS: usize = 8;
    let log = Log::new(tasks * (SECONDS + 12));
    let early = leaked(AtomicUsize::new(0));
    let mut peer = P::new(threads);
    let first = now() + SECOND + tasks as u64 * 20_000;
    let mut ids = Vec::with_capacity(tasks);
    for task in 0..tasks {
        let first = first + (task as u64 * SECOND / tasks as u64);
        let runs = leaked(AtomicU64::new(0));
        ids.push(peer.every(instant(first), Duration::from_secs(1), move || {
            let (start, due) = (now(), first + runs.fetch_add(1, Relaxed) * SECOND);
            if start < due {
                early.fetch_add(1, Relaxed);
            }
            log.push(start.saturating_sub(due));
        }));
    }
    peer.start();
    sleep(instant(first + 2 * SECOND).saturating_duration_since(Instant::now()));
    let (cpu, seen, start) = (system::cpu_nanos(), log.len(), now());
    sleep(Duration::from_secs(SECONDS as u64));
    let (cpu, runs, nanos) = (system::cpu_nanos() - cpu, log.len() - seen, now() - start);
    let mut late: Vec<i64> = log.numbers()[seen..seen + runs].iter().map(|late| *late as i64).collect();
    late.sort_unstable();
    let expected = (tasks as f64 * nanos as f64 / 1e9) as usize;
    let spare = expected / 100;
    let answer = judged(
        early.load(Relaxed),
        (expected - spare).saturating_sub(runs),
        runs.saturating_sub(expected + spare),
    );
    vec![
        row(format!("{tasks} tasks a second: CPU"), "%", cpu as f64 * 100.0 / nanos as f64, &answer),
        row(format!("{tasks} tasks a second: p50 late"), "us", percentile(&late, 500) / 1e3, &answer),
        row(format!("{tasks} tasks a second: p99 late"), "us", percentile(&late, 990) / 1e3, &answer),
    ]
}

/// What a scheduler does while nothing is due.
pub fn idle<P: Peer>() -> Vec<Row> {
    let mut peer = P::new(2);
    let later = |task: u64| instant(HOUR + task * MILLISECOND);
    let _ids: Vec<P::Id> = (0..1000).map(|task| peer.once(later(task), || {})).collect();
    idle_for_a_while(peer, "1000 tasks")
}

/// The same with tasks that follow the wall clock, which may be set.
pub fn idle_with_cron<P: Peer>() -> Result<Vec<Row>, &'static str> {
    let mut peer = P::new(2);
    let ids: Vec<P::Id> = (0..1000).map_while(|_| peer.daily(|| {})).collect();
    if ids.is_empty() {
        return Err("no cron");
    }
    Ok(idle_for_a_while(peer, "1000 cron tasks"))
}

fn idle_for_a_while<P: Peer>(mut peer: P, tasks: &str) -> Vec<Row> {
    peer.start();
    sleep(Duration::from_secs(2));
    let (cpu, sleeps) = (system::cpu_nanos(), system::sleeps());
    sleep(Duration::from_secs(30));
    // The last nap of this thread is none of the scheduler's.
    let sleeps = system::sleeps().saturating_sub(sleeps + 1);
    let cpu = system::cpu_nanos() - cpu;
    vec![
        row(format!("idle for 30 s with {tasks}: wake-ups"), "", sleeps as f64, RIGHT),
        row(format!("idle for 30 s with {tasks}: CPU"), "us", cpu as f64 / 1e3, RIGHT),
    ]
}
