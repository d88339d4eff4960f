//! What `src/sync.rs` is to the library, over the primitives of loom or shuttle; and the clocks, which the models move.
//!
//! Time is a number. It moves when a timed wait runs out, and when a model says so. A timed wait runs out if its deadline
//! is not beyond the horizon of the model, and else waits to be notified, for ever. So a model with the horizon zero, in
//! which no wait runs out, is stuck if a notification is missing; one with a farther horizon goes through what becomes due.

#[cfg(feature = "loom")]
pub(crate) use loom as tool;
#[cfg(feature = "shuttle")]
pub(crate) use shuttle as tool;

use std::cell::Cell;
use std::fmt;
use std::ops::{Add, Deref, DerefMut};
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

// A count of references is no place where threads meet: what they share has a lock.
pub use std::sync::{Arc, Weak};
pub(crate) use thread::ThreadId;

/// Two tasks are two slices.
pub(crate) const SLICE: usize = 1;

/// The tools' macros do not read `const { ... }`.
macro_rules! local {
    ($(#[$about:meta])* static $name:ident: $type:ty = const { $init:expr };) => {
        $crate::sync::tool::thread_local! { $(#[$about])* static $name: $type = $init; }
    };
}
pub(crate) use local as thread_local;

/// A mutex of the tool beside the value. It is made when it is first locked, so that one can stand in a static.
#[derive(Default)]
pub struct Mutex<T> {
    lock: OnceLock<tool::sync::Mutex<()>>,
    value: std::sync::Mutex<T>,
}

impl<T> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mutex")
    }
}

pub struct MutexGuard<'a, T> {
    mutex: &'a Mutex<T>,
    // Dropped first: while the lock is held, no other thread comes for the value.
    value: Option<std::sync::MutexGuard<'a, T>>,
    lock: Option<tool::sync::MutexGuard<'a, ()>>,
}

impl<T> Mutex<T> {
    pub const fn new(value: T) -> Mutex<T> {
        Mutex { lock: OnceLock::new(), value: std::sync::Mutex::new(value) }
    }

    fn guard<'a>(&'a self, lock: tool::sync::MutexGuard<'a, ()>) -> MutexGuard<'a, T> {
        let value = self.value.try_lock().unwrap_or_else(|error| match error {
            std::sync::TryLockError::Poisoned(poisoned) => poisoned.into_inner(),
            std::sync::TryLockError::WouldBlock => panic!("two threads hold one lock"),
        });
        MutexGuard { mutex: self, value: Some(value), lock: Some(lock) }
    }
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.value.as_ref().expect("it is there until the guard is dropped")
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.value.as_mut().expect("it is there until the guard is dropped")
    }
}

#[derive(Default)]
pub struct Condvar {
    condvar: OnceLock<tool::sync::Condvar>,
    notices: Cell64,
}

impl Condvar {
    pub const fn new() -> Condvar {
        Condvar { condvar: OnceLock::new(), notices: Cell64::new() }
    }

    fn condvar(&self) -> &tool::sync::Condvar {
        self.condvar.get_or_init(tool::sync::Condvar::new)
    }

    pub fn notify_one(&self) {
        self.condvar().notify_one();
        self.notices.add();
    }

    pub fn notify_all(&self) {
        self.condvar().notify_all();
        self.notices.add();
    }
}

/// A counter that is no place to switch threads at.
#[derive(Default)]
struct Cell64(std::sync::atomic::AtomicU64);

impl Cell64 {
    const fn new() -> Cell64 {
        Cell64(std::sync::atomic::AtomicU64::new(0))
    }

    fn add(&self) {
        self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(std::sync::atomic::Ordering::Relaxed)
    }
}

pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    let lock = mutex.lock.get_or_init(|| tool::sync::Mutex::new(()));
    mutex.guard(lock.lock().unwrap_or_else(|poisoned| poisoned.into_inner()))
}

/// As soon as others have let go of it.
pub fn lock_soon<T>(mutex: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
    Some(lock(mutex))
}

pub fn wait<'a, T>(condvar: &Condvar, mut guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
    guard.value = None;
    let lock = guard.lock.take().expect("it is there until the guard is dropped");
    let lock = condvar.condvar().wait(lock).unwrap_or_else(|poisoned| poisoned.into_inner());
    guard.mutex.guard(lock)
}

pub fn wait_until<'a, T>(
    condvar: &Condvar,
    guard: MutexGuard<'a, T>,
    deadline: Instant,
) -> MutexGuard<'a, T> {
    let clock = CLOCK.with(Cell::get);
    if deadline.0 > clock.now && deadline.0 > clock.horizon {
        return wait(condvar, guard);
    }
    let mutex = guard.mutex;
    let before = condvar.notices.get();
    drop(guard);
    thread::yield_now();
    // A place to switch at: a notification comes before it, or is too late. As waits may end for no reason, so may that
    // of another thread here.
    condvar.condvar().notify_one();
    let runs_out = condvar.notices.get() == before;
    let guard = lock(mutex);
    if runs_out {
        move_to(deadline);
    }
    guard
}

#[derive(Clone, Copy)]
struct ModelClock {
    now: Duration,
    /// Waits for what is later do not run out.
    horizon: Duration,
}

/// A model begins in 2001, so that there is time before it.
const BEGIN: Duration = Duration::from_secs(1_000_000_000);

std::thread_local! {
    // Loom and shuttle run all threads of a model on one.
    static CLOCK: Cell<ModelClock> = const { Cell::new(ModelClock { now: BEGIN, horizon: BEGIN }) };
    static THREADS: Cell<usize> = const { Cell::new(0) };
    static SPAWNS: Cell<usize> = const { Cell::new(usize::MAX) };
}

/// Begins an execution of a model.
pub fn reset(horizon: Duration) {
    CLOCK.with(|clock| clock.set(ModelClock { now: BEGIN, horizon: BEGIN + horizon }));
    THREADS.with(|threads| threads.set(0));
    limit_spawns(usize::MAX);
}

/// The library can start so many more threads. After that, it gets an error instead.
pub fn limit_spawns(most: usize) {
    SPAWNS.with(|spawns| spawns.set(most));
}

fn move_to(Instant(then): Instant) {
    CLOCK.with(|clock| clock.set(ModelClock { now: clock.get().now.max(then), ..clock.get() }));
}

/// The time since the beginning of the model.
pub fn elapsed() -> Duration {
    CLOCK.with(Cell::get).now - BEGIN
}

/// Time passes, as in a callback that takes so long.
pub fn pass(time: Duration) {
    move_to(Instant(CLOCK.with(Cell::get).now + time));
}

/// How many threads the library has started that have not ended.
pub fn threads() -> usize {
    THREADS.with(Cell::get)
}

/// The wall clock of the model: it is never set.
pub fn wall_clock() -> SystemTime {
    SystemTime::UNIX_EPOCH + CLOCK.with(Cell::get).now
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(Duration);

impl Instant {
    pub fn now() -> Instant {
        // Between any two readings some time may pass. That it never does is what loom tries.
        #[cfg(feature = "shuttle")]
        {
            use shuttle::rand::Rng;
            let clock = CLOCK.with(Cell::get);
            // Not beyond half of the horizon: what a model waits for is to come.
            if clock.now < BEGIN + (clock.horizon - BEGIN) / 2 && shuttle::rand::thread_rng().gen_ratio(1, 8)
            {
                pass(Duration::from_millis(shuttle::rand::thread_rng().gen_range(1..400)));
            }
        }
        Instant(CLOCK.with(Cell::get).now)
    }

    pub fn checked_add(self, by: Duration) -> Option<Instant> {
        self.0.checked_add(by).map(Instant)
    }

    pub fn checked_sub(self, by: Duration) -> Option<Instant> {
        self.0.checked_sub(by).map(Instant)
    }

    pub fn checked_duration_since(self, earlier: Instant) -> Option<Duration> {
        self.0.checked_sub(earlier.0)
    }

    pub fn duration_since(self, earlier: Instant) -> Duration {
        self.saturating_duration_since(earlier)
    }

    pub fn saturating_duration_since(self, earlier: Instant) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<Duration> for Instant {
    type Output = Instant;

    fn add(self, by: Duration) -> Instant {
        Instant(self.0 + by)
    }
}

pub mod thread {
    use super::{tool, SPAWNS, THREADS};
    use std::cell::Cell;
    use std::io;

    pub use tool::thread::{current, spawn, yield_now, JoinHandle, ThreadId};

    pub use std::thread::available_parallelism;

    pub fn sleep(_: std::time::Duration) {
        yield_now();
    }

    /// Starts the threads of the library.
    pub struct Builder(tool::thread::Builder);

    impl Builder {
        pub fn new() -> Builder {
            Builder(tool::thread::Builder::new().stack_size(STACK))
        }

        pub fn name(self, name: String) -> Builder {
            Builder(self.0.name(name))
        }

        pub fn spawn(self, life: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
            let left = SPAWNS.with(Cell::get).checked_sub(1).ok_or(io::ErrorKind::WouldBlock)?;
            SPAWNS.with(|spawns| spawns.set(left));
            THREADS.with(|threads| threads.set(threads.get() + 1));
            self.0.spawn(move || {
                life();
                THREADS.with(|threads| threads.set(threads.get() - 1));
            })
        }
    }

    /// Loom counts in words.
    const STACK: usize = 0x10000;
}
