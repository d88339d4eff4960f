//! The primitives through which threads meet: the standard library's, under one roof.
//!
//! Every other file takes them from here and nowhere else, so that a helper package can put model-checked ones in
//! their place without a flag in this one. Closures given to us never run under a lock, so a poisoned lock guards
//! no broken state: it is recovered.

#[cfg(test)]
#[allow(unused_imports)] // Only the tests of the journal use them.
pub(crate) use std::sync::atomic::{AtomicBool, Ordering};
pub(crate) use std::sync::{Arc, Condvar, Mutex, MutexGuard, Weak};
pub(crate) use std::thread::{self, ThreadId};
pub(crate) use std::thread_local;
pub(crate) use std::time::Instant;

use std::sync::{PoisonError, TryLockError};
use std::time::SystemTime;

/// What is done to all tasks goes in slices of so many, so that no other thread waits long for the lock. It is here so that
/// the models can have small ones.
pub(crate) const SLICE: usize = 1024;

/// What the wall clock shows.
pub(crate) fn wall_clock() -> SystemTime {
    SystemTime::now()
}

/// Locks, whether or not a thread died with the lock in its hand.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How often [`lock_soon`] looks: some microseconds.
const TRIES: usize = 100;

/// Locks, if another thread has the lock for no longer than a moment. A thread that sleeps until it has the lock makes all others
/// sleep, too: as long as one does, the standard library's mutex wakes the next at each unlock.
pub(crate) fn lock_soon<T>(mutex: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
    for _ in 0..TRIES {
        match mutex.try_lock() {
            Ok(guard) => return Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => return Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => std::hint::spin_loop(),
        }
    }
    None
}

/// Waits until notified, or sooner: callers look again.
pub(crate) fn wait<'a, T>(condvar: &Condvar, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
    condvar.wait(guard).unwrap_or_else(PoisonError::into_inner)
}

/// Waits until notified or until the deadline has passed, or sooner: callers look again.
pub(crate) fn wait_until<'a, T>(
    condvar: &Condvar,
    guard: MutexGuard<'a, T>,
    deadline: Instant,
) -> MutexGuard<'a, T> {
    let nap = deadline.saturating_duration_since(Instant::now());
    match condvar.wait_timeout(guard, nap) {
        Ok((guard, _)) => guard,
        Err(poisoned) => poisoned.into_inner().0,
    }
}
