//! What has been measured, and whether the library did what it was asked for.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime};

pub const RIGHT: &str = "right";

pub struct Row {
    pub work: String,
    pub unit: &'static str,
    /// None: nothing but the answer counts.
    pub value: Option<f64>,
    pub answer: String,
}

pub fn row(work: impl Into<String>, unit: &'static str, value: f64, answer: &str) -> Row {
    Row { work: work.into(), unit, value: Some(value), answer: answer.to_string() }
}

/// What is wrong with runs: too early, never, or once too often.
pub fn judged(early: usize, lost: usize, extra: usize) -> String {
    let found = [("early", early), ("lost", lost), ("too many", extra)];
    let wrong: Vec<String> =
        found.iter().filter(|(_, count)| *count > 0).map(|(what, count)| format!("{count} {what}")).collect();
    if wrong.is_empty() {
        return RIGHT.to_string();
    }
    wrong.join(", ")
}

/// The start of the process by both clocks, read as close to each other as a busy machine lets us.
fn start() -> (Instant, SystemTime) {
    static START: OnceLock<(Instant, SystemTime)> = OnceLock::new();
    *START.get_or_init(|| {
        let pairs = (0..9).map(|_| {
            let (mono, wall) = (Instant::now(), SystemTime::now());
            (mono.elapsed(), mono, wall)
        });
        let (_, mono, wall) = pairs.min_by_key(|(took, ..)| *took).expect("nine pairs");
        (mono, wall)
    })
}

/// The instants of this process are numbers: nanoseconds since this.
pub fn epoch() -> Instant {
    start().0
}

/// What the wall clock shows at an instant.
pub fn wall(at: Instant) -> SystemTime {
    start().1 + at.saturating_duration_since(epoch())
}

pub fn now() -> u64 {
    epoch().elapsed().as_nanos() as u64
}

pub fn instant(nanos: u64) -> Instant {
    epoch() + Duration::from_nanos(nanos)
}

/// Numbers that callbacks write down, in no order.
pub struct Log {
    numbers: Box<[AtomicU64]>,
    count: AtomicUsize,
}

impl Log {
    /// Lives as long as the process, as callbacks do.
    pub fn new(capacity: usize) -> &'static Log {
        let numbers = (0..capacity).map(|_| AtomicU64::new(0)).collect();
        Box::leak(Box::new(Log { numbers, count: AtomicUsize::new(0) }))
    }

    pub fn push(&self, number: u64) {
        let at = self.count.fetch_add(1, Ordering::Relaxed);
        if let Some(place) = self.numbers.get(at) {
            place.store(number, Ordering::Release);
        }
    }

    pub fn len(&self) -> usize {
        self.count.load(Ordering::Acquire).min(self.numbers.len())
    }

    pub fn numbers(&self) -> Vec<u64> {
        self.numbers[..self.len()].iter().map(|number| number.load(Ordering::Acquire)).collect()
    }
}

/// Waits until this holds or the time has come. It looks seldom, so that this costs nothing.
pub fn wait_until(end: u64, is_so: impl Fn() -> bool) {
    while !is_so() && now() < end {
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// This part of the way up, in thousandths.
pub fn percentile(sorted: &[i64], thousandths: usize) -> f64 {
    match sorted.len() {
        0 => f64::NAN,
        count => sorted[(count * thousandths / 1000).min(count - 1)] as f64,
    }
}
