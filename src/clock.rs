//! The clocks of a scheduler: the system's, or one that is moved by hand. Every due time is judged by the time that is
//! read here.
//!
//! Seven other files read the system's clocks, and judge no due time by them: `sync`, `pool`, `stop`, `engine/close` and
//! `scheduler` for the end of a wait, and `tz/zone/local` for the hour on Windows and Android; `schedule` reads an
//! instant to count from where there is no scheduler.
//!
//! A scheduler reads two clocks. The wall clock shows the time of day. It can be set, and it goes on while the machine
//! sleeps. The monotonic clock only goes forward, one second per second, and stands still while the machine sleeps. The
//! agenda and the schedules take the time of both as an argument, [`Now`].

use std::fmt;
use std::mem;
use std::time::{Duration, SystemTime};

use crate::elapsed::Elapsed;
use crate::sync::{lock, wall_clock, Arc, Instant, Mutex, Weak};

/// A step of the wall clock by more than this corrects a clock that was wrong: skipped occurrences are not run. This is
/// cronie's rule.
pub(crate) const CORRECTION: Duration = Duration::from_secs(3 * 3600);

/// If the wall clock and the monotonic clock differ by more than this, the wall clock was set, or the machine slept. It is more
/// than a second, by which a leap second makes them differ, and what passes between reading the one and the other.
pub(crate) const STEP: Duration = Duration::from_millis(1250);

/// The clocks are read again if a thread was held up for this long while it read them: a wall time that is converted to a
/// time of the monotonic clock would be wrong by that. What is left makes it later, and never earlier.
const TOGETHER: Duration = Duration::from_millis(1);

/// Both clocks, read together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Now {
    pub(crate) mono: Instant,
    pub(crate) wall: SystemTime,
}

impl Now {
    /// Both clocks `duration` later. A clock that cannot show that time stays.
    pub(crate) fn after(self, duration: Duration) -> Now {
        Now {
            mono: self.mono.checked_add(duration).unwrap_or(self.mono),
            wall: self.wall.checked_add(duration).unwrap_or(self.wall),
        }
    }

    /// Both clocks `duration` earlier. A clock that cannot show that time stays.
    pub(crate) fn before(self, duration: Duration) -> Now {
        Now {
            mono: self.mono.checked_sub(duration).unwrap_or(self.mono),
            wall: self.wall.checked_sub(duration).unwrap_or(self.wall),
        }
    }

    /// The clocks of the system. The monotonic one was read just before.
    fn after_reading(mut before: Instant) -> Now {
        loop {
            let (wall, mono) = (wall_clock(), Instant::now());
            if mono.saturating_duration_since(before) < TOGETHER {
                return Now { mono, wall };
            }
            before = mono;
        }
    }

    /// Both clocks at a later time of the monotonic one, if the wall clock is not set meanwhile.
    pub(crate) fn at(self, mono: Instant) -> Now {
        let wall = self.wall.checked_add(mono.saturating_duration_since(self.mono));
        Now { mono, wall: wall.unwrap_or(self.wall) }
    }

    /// Both clocks `duration` later, or as far as both can go.
    fn farther(self, duration: Duration) -> Now {
        let both =
            |now: Now, by| Some(Now { mono: now.mono.checked_add(by)?, wall: now.wall.checked_add(by)? });
        farthest(self, duration, both)
    }

    /// By how much the wall clock has moved against the monotonic one since `earlier`.
    pub(crate) fn step_since(self, earlier: Now) -> Step {
        let elapsed = self.mono.saturating_duration_since(earlier.mono);
        // What the wall clock would show now without a step.
        let expected = earlier.wall.checked_add(elapsed).unwrap_or(earlier.wall);
        match self.wall.duration_since(expected) {
            Ok(by) => Step::Forward(by),
            Err(error) => Step::Back(error.duration()),
        }
    }
}

/// A clock step: the wall clock was set, or the machine slept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The wall clock went forward by this, beyond the time that passed.
    Forward(Duration),
    /// The wall clock was set back by this.
    Back(Duration),
}

impl Step {
    /// The size of the step, without its direction.
    pub fn size(self) -> Duration {
        match self {
            Step::Forward(by) | Step::Back(by) => by,
        }
    }

    /// Whether the step corrects a clock that was wrong. `forward` is the limit for steps forward. For steps back it is always
    /// three hours: a machine that slept never steps back, and a schedule that waits until the clock has caught up might
    /// wait for years.
    pub(crate) fn is_correction(self, forward: Duration) -> bool {
        match self {
            Step::Forward(by) => by > forward,
            Step::Back(by) => by > CORRECTION,
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Forward(by) => write!(f, "{} forward", Elapsed(*by)),
            Step::Back(by) => write!(f, "{} back", Elapsed(*by)),
        }
    }
}

/// The clock of a scheduler.
#[derive(Clone, Debug)]
pub(crate) enum Clock {
    System,
    Manual(ManualClock),
}

impl Clock {
    pub(crate) fn now(&self) -> Now {
        match self {
            Clock::System => Now::after_reading(Instant::now()),
            Clock::Manual(clock) => lock(&clock.hands).now,
        }
    }

    /// The same, soon after the monotonic clock was read, so that it need not be read again.
    pub(crate) fn now_after(&self, before: Instant) -> Now {
        match self {
            Clock::System => Now::after_reading(before),
            Clock::Manual(_) => self.now(),
        }
    }

    /// The monotonic clock alone.
    pub(crate) fn mono(&self) -> Instant {
        match self {
            Clock::System => Instant::now(),
            Clock::Manual(clock) => lock(&clock.hands).now.mono,
        }
    }
}

/// A clock that you move by hand, for tests that do not wait.
///
/// A scheduler built with [`Builder::clock`](crate::Builder::clock) starts no threads. [`advance`](ManualClock::advance) runs
/// its tasks on the calling thread, in the order in which they are due, so a test gives the same result every time.
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use std::time::{Duration, SystemTime};
/// use sexton::{ManualClock, Scheduler};
///
/// let clock = ManualClock::new(SystemTime::UNIX_EPOCH);
/// let scheduler = Scheduler::builder().clock(&clock).zone(sexton::tz::Zone::utc()).build()?;
/// let due_times = Arc::new(Mutex::new(Vec::new()));
/// let seen = due_times.clone();
/// scheduler.task("noon").cron("0 12 * * *").run_with(move |run| seen.lock().unwrap().push(run.due()))?;
///
/// clock.advance(Duration::from_secs(365 * 86_400));
/// assert_eq!(due_times.lock().unwrap().len(), 365);
/// # Ok::<(), sexton::Error>(())
/// ```
#[derive(Clone)]
pub struct ManualClock {
    hands: Arc<Mutex<Hands>>,
}

struct Hands {
    now: Now,
    /// Whether an `advance` is in progress. A second one, from inside a callback, then only moves the hands.
    is_advancing: bool,
    /// The schedulers that use this clock.
    driven: Vec<Weak<dyn Driven>>,
}

/// A scheduler that a manual clock drives.
pub(crate) trait Driven: Send + Sync {
    /// When there will be something to do next. May be in the past; `None` if there is nothing to do.
    fn next_wake(&self) -> Option<Instant>;

    /// Runs everything that is due at `now` or earlier.
    fn drive(&self, now: Now);
}

impl ManualClock {
    /// A clock whose wall time is `start`.
    ///
    /// # Panics
    ///
    /// On `wasm32-unknown-unknown`, where std has no monotonic clock that this one could start from.
    pub fn new(start: SystemTime) -> ManualClock {
        let now = Now { mono: Instant::now(), wall: start };
        ManualClock { hands: Arc::new(Mutex::new(Hands { now, is_advancing: false, driven: Vec::new() })) }
    }

    /// The time of the wall clock.
    pub fn now(&self) -> SystemTime {
        lock(&self.hands).now.wall
    }

    /// Moves both clocks forward by `duration`, and runs what is due in this time.
    ///
    /// It goes from one due time to the next and runs tasks on the calling thread. It returns when nothing is left that is
    /// due in this time. From inside a callback it only moves the clocks: it simulates a callback that takes that long. The
    /// same holds inside an observer or a schedule's own code, and while another thread advances the clock: that one runs
    /// what is due.
    ///
    /// The clock stays where it is as long as a future wakes itself: one that does so each time that it is polled, without
    /// waiting for anything, keeps it there.
    ///
    /// Beyond what the clocks can show, they go as far as they can. So do the other methods.
    pub fn advance(&self, duration: Duration) {
        let _advancing = match self.start() {
            Some(advancing) => advancing,
            None => {
                let mut hands = lock(&self.hands);
                hands.now = hands.now.farther(duration);
                return;
            }
        };
        let target = lock(&self.hands).now.farther(duration).mono;
        while let Some(wake) = self.drive_until(target).filter(|wake| *wake <= target) {
            self.move_to(wake);
        }
        self.move_to(target);
    }

    /// Advances from one due time to the next while `goes_on` returns true and something is due.
    pub(crate) fn advance_while(&self, goes_on: impl Fn() -> bool) {
        let _advancing = match self.start() {
            Some(advancing) => advancing,
            None => return,
        };
        while goes_on() {
            let now = lock(&self.hands).now.mono;
            match self.drive_until(now) {
                Some(wake) => self.move_to(wake),
                None => break,
            }
        }
    }

    /// Starts an `advance`, unless one is in progress.
    fn start(&self) -> Option<Advancing<'_>> {
        let is_advancing = mem::replace(&mut lock(&self.hands).is_advancing, true);
        (!is_advancing).then(|| Advancing { clock: self })
    }

    /// Sets the wall clock forward. The monotonic clock stays, and elapsed schedules with it. Nothing runs until the next
    /// [`advance`](ManualClock::advance).
    pub fn step(&self, forward: Duration) {
        let mut hands = lock(&self.hands);
        hands.now.wall = farthest(hands.now.wall, forward, |wall, by| wall.checked_add(by));
    }

    /// Sets the wall clock back. The monotonic clock stays. Nothing runs until the next [`advance`](ManualClock::advance).
    pub fn step_back(&self, back: Duration) {
        let mut hands = lock(&self.hands);
        hands.now.wall = farthest(hands.now.wall, back, |wall, by| wall.checked_sub(by));
    }

    /// Simulates a machine that sleeps for `duration`: the wall clock goes on, the monotonic clock stands still. Nothing runs
    /// until the next [`advance`](ManualClock::advance).
    pub fn suspend(&self, duration: Duration) {
        // A program cannot tell a suspend from a clock that was set forward.
        self.step(duration);
    }

    pub(crate) fn attach(&self, driven: Weak<dyn Driven>) {
        let mut hands = lock(&self.hands);
        hands.driven.retain(|old| old.strong_count() > 0);
        hands.driven.push(driven);
    }

    /// Runs what is due now, and returns the next wake-up. A slow callback moves the clock; what becomes due after `target`
    /// through that does not run.
    fn drive_until(&self, target: Instant) -> Option<Instant> {
        let driven: Vec<_> = lock(&self.hands).driven.iter().filter_map(Weak::upgrade).collect();
        for one in &driven {
            let now = lock(&self.hands).now;
            one.drive(now.before(now.mono.saturating_duration_since(target)));
        }
        driven.iter().filter_map(|one| one.next_wake()).min()
    }

    /// Moves both clocks forward to `at`. Does nothing if they are at `at` or later.
    fn move_to(&self, at: Instant) {
        let mut hands = lock(&self.hands);
        hands.now = hands.now.after(at.saturating_duration_since(hands.now.mono));
    }
}

/// What a step leads to, or the farthest that a shorter one does.
fn farthest<T: Copy>(from: T, by: Duration, step: impl Fn(T, Duration) -> Option<T>) -> T {
    if let Some(at) = step(from, by) {
        return at;
    }
    let (mut at, mut by) = (from, by / 2);
    while !by.is_zero() {
        at = step(at, by).unwrap_or(at);
        by /= 2;
    }
    at
}

/// Ends an `advance` when dropped, also if a panic unwinds through it: from a callback's panic hook or a test's assertion.
struct Advancing<'a> {
    clock: &'a ManualClock,
}

impl Drop for Advancing<'_> {
    fn drop(&mut self) {
        lock(&self.clock.hands).is_advancing = false;
    }
}

impl fmt::Debug for ManualClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManualClock").field("now", &self.now()).finish()
    }
}
