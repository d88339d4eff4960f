//! The clocks that tasks go by. Every due time is judged by the time that is asked for here.
//!
//! The system's clocks are asked in six other files, which judge no due time by them: `sync`, `pool`, `engine/close` and
//! `scheduler` for the end of a wait, and `tz/zone/local` for the hour on Windows and Android; `schedule` asks for an
//! instant to count from where there is no scheduler.
//!
//! There are two times. The wall clock says what people call the time; it can be set, and it goes on while the
//! machine sleeps. The monotonic clock only ever goes forward, at one second a second, and stands still while the
//! machine sleeps. Everything else takes both as an argument.

use std::fmt;
use std::time::{Duration, SystemTime};

use crate::elapsed::Elapsed;
use crate::sync::{lock, Arc, Instant, Mutex, Weak};

/// A clock that is off by more than this was wrong, and was corrected: nothing is caught up (the rule of cronie).
pub(crate) const CORRECTION: Duration = Duration::from_secs(3 * 3600);

/// A wall clock that moved by more than this against the monotonic one was stepped, or the machine slept.
pub(crate) const STEP: Duration = Duration::from_secs(1);

/// Both clocks, read together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Now {
    pub(crate) mono: Instant,
    pub(crate) wall: SystemTime,
}

impl Now {
    /// Both clocks so much later; a clock that cannot go that far stays.
    pub(crate) fn after(self, duration: Duration) -> Now {
        Now {
            mono: self.mono.checked_add(duration).unwrap_or(self.mono),
            wall: self.wall.checked_add(duration).unwrap_or(self.wall),
        }
    }

    /// Both clocks as they were so long ago; a clock that cannot go that far back stays.
    pub(crate) fn before(self, duration: Duration) -> Now {
        Now {
            mono: self.mono.checked_sub(duration).unwrap_or(self.mono),
            wall: self.wall.checked_sub(duration).unwrap_or(self.wall),
        }
    }

    /// How far the wall clock moved against the monotonic one since `earlier`.
    pub(crate) fn step_since(self, earlier: Now) -> Step {
        let elapsed = self.mono.saturating_duration_since(earlier.mono);
        // Where it would be now, had nobody touched it.
        let expected = earlier.wall.checked_add(elapsed).unwrap_or(earlier.wall);
        match self.wall.duration_since(expected) {
            Ok(by) => Step::Forward(by),
            Err(error) => Step::Back(error.duration()),
        }
    }
}

/// A difference between the two clocks: the wall clock was set, or the machine slept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The wall clock is now so much further on.
    Forward(Duration),
    /// The wall clock was set back so much.
    Back(Duration),
}

impl Step {
    /// The size, whatever the direction.
    pub fn size(self) -> Duration {
        match self {
            Step::Forward(by) | Step::Back(by) => by,
        }
    }

    /// Whether it corrects a clock that was wrong: forward if it is larger than this, back if it is larger than three hours
    /// in any case. Back is never a machine that slept, and a schedule that waits until time has caught up might wait for
    /// years.
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

/// Where a scheduler reads the time.
#[derive(Clone, Debug)]
pub(crate) enum Clock {
    System,
    Manual(ManualClock),
}

impl Clock {
    pub(crate) fn now(&self) -> Now {
        match self {
            Clock::System => Now { mono: Instant::now(), wall: SystemTime::now() },
            Clock::Manual(clock) => lock(&clock.hands).now,
        }
    }
}

/// A clock that stands still until told otherwise: schedules are tested with it in no time.
///
/// A scheduler built with [`Builder::clock`](crate::Builder::clock) starts no threads; moving the clock runs its
/// tasks on the calling thread, in the order in which they are due, and every run of such a test is the same.
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use std::time::{Duration, SystemTime};
/// use sexton::{ManualClock, Scheduler};
///
/// let clock = ManualClock::new(SystemTime::UNIX_EPOCH);
/// let scheduler = Scheduler::builder().clock(&clock).zone(sexton::tz::Zone::utc()).build()?;
/// let dues = Arc::new(Mutex::new(Vec::new()));
/// let seen = dues.clone();
/// scheduler.task("noon").cron("0 12 * * *").run_with(move |run| seen.lock().unwrap().push(run.due()))?;
///
/// clock.advance(Duration::from_secs(365 * 86_400));
/// assert_eq!(dues.lock().unwrap().len(), 365);
/// # Ok::<(), sexton::Error>(())
/// ```
#[derive(Clone)]
pub struct ManualClock {
    hands: Arc<Mutex<Hands>>,
}

struct Hands {
    now: Now,
    /// Whether an `advance` is under way: one from inside a callback then only moves the hands.
    is_advancing: bool,
    /// The schedulers that run by this clock.
    driven: Vec<Weak<dyn Driven>>,
}

/// What moves when a manual clock does.
pub(crate) trait Driven: Send + Sync {
    /// When there will be something to do next, if ever. It may have passed already.
    fn next_wake(&self) -> Option<Instant>;

    /// Does everything that is due at `now` or before it.
    fn drive(&self, now: Now);
}

impl ManualClock {
    /// A clock whose wall time is `start`.
    pub fn new(start: SystemTime) -> ManualClock {
        let now = Now { mono: Instant::now(), wall: start };
        ManualClock { hands: Arc::new(Mutex::new(Hands { now, is_advancing: false, driven: Vec::new() })) }
    }

    /// What the wall clock shows.
    pub fn now(&self) -> SystemTime {
        lock(&self.hands).now.wall
    }

    /// Lets so much time pass, on both clocks.
    ///
    /// Steps from due to due and runs everything on the calling thread, until nothing that is due in this time is
    /// left. From inside a callback it only moves the clock: the callback takes that long, and holds the only
    /// thread meanwhile. The same holds for an observer or a schedule's own code that an advance has called.
    pub fn advance(&self, duration: Duration) {
        let target = {
            let mut hands = lock(&self.hands);
            let target = hands.now.after(duration);
            if hands.is_advancing {
                hands.now = target;
                return;
            }
            hands.is_advancing = true;
            target.mono
        };
        let _advancing = Advancing { clock: self };
        while let Some(wake) = self.drive_until(target) {
            if wake > target {
                break;
            }
            self.move_to(wake);
        }
        self.move_to(target);
    }

    /// Lets time pass from due to due for as long as `goes_on` says so and something is due at all.
    pub(crate) fn advance_while(&self, goes_on: impl Fn() -> bool) {
        {
            let mut hands = lock(&self.hands);
            if hands.is_advancing {
                return;
            }
            hands.is_advancing = true;
        }
        let _advancing = Advancing { clock: self };
        while goes_on() {
            let now = lock(&self.hands).now.mono;
            match self.drive_until(now) {
                Some(wake) => self.move_to(wake),
                None => break,
            }
        }
    }

    /// Sets the wall clock forward; the monotonic clock, and with it all elapsed time, stays. Runs nothing.
    pub fn step(&self, forward: Duration) {
        let mut hands = lock(&self.hands);
        hands.now.wall = hands.now.after(forward).wall;
    }

    /// Sets the wall clock back; the monotonic clock stays. Runs nothing.
    pub fn step_back(&self, back: Duration) {
        let mut hands = lock(&self.hands);
        hands.now.wall = hands.now.before(back).wall;
    }

    /// Lets the machine sleep: wall time goes on, monotonic time does not. Runs nothing.
    pub fn suspend(&self, duration: Duration) {
        // For a program this is what a clock set forward looks like.
        self.step(duration);
    }

    pub(crate) fn attach(&self, driven: Weak<dyn Driven>) {
        let mut hands = lock(&self.hands);
        hands.driven.retain(|old| old.strong_count() > 0);
        hands.driven.push(driven);
    }

    /// Runs what is due now, but not what a slow callback has made due after `target`; says what comes next.
    fn drive_until(&self, target: Instant) -> Option<Instant> {
        let driven: Vec<_> = lock(&self.hands).driven.iter().filter_map(Weak::upgrade).collect();
        for one in &driven {
            let now = lock(&self.hands).now;
            one.drive(now.before(now.mono.saturating_duration_since(target)));
        }
        driven.iter().filter_map(|one| one.next_wake()).min()
    }

    /// Both clocks go on to `at`, unless they are there or past it.
    fn move_to(&self, at: Instant) {
        let mut hands = lock(&self.hands);
        hands.now = hands.now.after(at.saturating_duration_since(hands.now.mono));
    }
}

/// Ends an `advance`, also when a callback's panic hook or a test's assertion unwinds through it.
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
