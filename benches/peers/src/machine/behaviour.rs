//! What a library does when a callback takes too long, panics, or is due at shutdown. There is nothing to time.

use std::panic::{catch_unwind, set_hook, AssertUnwindSafe};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::peer::Peer;
use crate::row::{Row, RIGHT};
use crate::works::leaked;

fn answer(work: &str, wrong: Option<String>) -> Row {
    Row { work: work.into(), unit: "", value: None, answer: wrong.unwrap_or_else(|| RIGHT.to_string()) }
}

fn count() -> &'static AtomicUsize {
    leaked(AtomicUsize::new(0))
}

/// A callback takes 2.4 periods, twelve periods long, and then no time at all.
pub fn overlong<P: Peer>() -> Vec<Row> {
    let (now, most, runs, is_fast) = (count(), count(), count(), count());
    let mut peer = P::new(4);
    let _task = peer.every(Instant::now() + P::TICK, P::TICK, move || {
        runs.fetch_add(1, SeqCst);
        most.fetch_max(now.fetch_add(1, SeqCst) + 1, SeqCst);
        if is_fast.load(SeqCst) == 0 {
            sleep(P::TICK.mul_f64(2.4));
        }
        now.fetch_sub(1, SeqCst);
    });
    peer.start();
    sleep(P::TICK.mul_f64(12.5));
    let before = runs.load(SeqCst);
    is_fast.store(1, SeqCst);
    sleep(P::TICK.mul_f64(3.2));
    // One may have begun late, and the machine may be slow.
    let after = runs.load(SeqCst) - before;
    let most = most.load(SeqCst);
    let wrong = match (before, most) {
        (0, _) => Some("does not run".to_string()),
        (_, 2..) => Some(format!("{most} runs at a time")),
        _ => (after > 5).then(|| format!("{after} runs in the next three periods")),
    };
    vec![answer("a callback longer than its period", wrong)]
}

/// One of two tasks panics in its third run.
pub fn panic<P: Peer>() -> Vec<Row> {
    set_hook(Box::new(|_| {}));
    let (of_it, of_other) = (count(), count());
    let mut peer = P::new(2);
    let first = Instant::now() + P::TICK;
    let _one = peer.every(first, P::TICK, move || {
        if of_it.fetch_add(1, SeqCst) == 2 {
            panic!("the third run");
        }
    });
    let _other = peer.every(first + P::TICK / 2, P::TICK, move || {
        of_other.fetch_add(1, SeqCst);
    });
    peer.start();
    sleep(P::TICK * 12);
    let (of_it, of_other) = (of_it.load(SeqCst), of_other.load(SeqCst));
    let is_shut_down = catch_unwind(AssertUnwindSafe(|| peer.shutdown())).is_ok();
    let wrong = match (of_it, of_other) {
        (..=2, _) => Some("does not run".to_string()),
        (_, ..=5) => Some("all tasks end".to_string()),
        (..=5, _) => Some("the task ends".to_string()),
        _ => (!is_shut_down).then(|| "shutdown panics".to_string()),
    };
    vec![answer("a callback that panics", wrong)]
}

/// Twenty are due at once, two can run, and shutdown comes.
pub fn shutdown<P: Peer>() -> Vec<Row> {
    let (started, later) = (count(), count());
    let mut peer = P::new(2);
    let due = Instant::now() + P::TICK * 2;
    let mut tasks: Vec<P::Id> = Vec::new();
    for _ in 0..20 {
        tasks.push(peer.once(due, move || {
            started.fetch_add(1, SeqCst);
            sleep(Duration::from_millis(50));
        }));
    }
    tasks.push(peer.once(due + Duration::from_secs(2), move || {
        later.fetch_add(1, SeqCst);
    }));
    peer.start();
    let begin = Instant::now();
    while started.load(SeqCst) == 0 && begin.elapsed() < Duration::from_secs(5) {
        sleep(Duration::from_millis(5));
    }
    peer.shutdown();
    let before = started.load(SeqCst);
    sleep(Duration::from_secs(3));
    let after = started.load(SeqCst) - before + later.load(SeqCst);
    let wrong = match (before, after) {
        (0, _) => Some("does not run".to_string()),
        _ => (after > 0).then(|| format!("{after} start after it")),
    };
    vec![answer("shutdown while twenty are due", wrong)]
}
