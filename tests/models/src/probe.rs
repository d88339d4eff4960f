//! What callbacks do in a model: they count themselves, where other threads see it.

use std::sync::Arc;

use sexton_models::sync::{lock, wait, Condvar, Mutex};

/// Counts runs. A clone counts the same.
#[derive(Clone, Default)]
pub struct Probe(Arc<Shared>);

#[derive(Default)]
struct Shared {
    seen: Mutex<Seen>,
    changed: Condvar,
}

#[derive(Clone, Default, Debug)]
pub struct Seen {
    pub started: u32,
    pub ended: u32,
    /// Callbacks that were made, and that were dropped.
    pub made: u32,
    pub dropped: u32,
    /// The most runs at a time.
    pub most: u32,
    is_over: bool,
    /// Whether a run has begun, or a callback was dropped, when none may any more.
    came_late: bool,
}

impl Seen {
    pub fn running(&self) -> u32 {
        self.started - self.ended
    }
}

/// A part of a callback. It counts when it is dropped.
pub struct Owned(Probe);

impl Drop for Owned {
    fn drop(&mut self) {
        self.0.change(|seen| {
            seen.dropped += 1;
            seen.came_late |= seen.is_over;
        });
    }
}

impl Probe {
    pub fn new() -> Probe {
        Probe::default()
    }

    /// For a callback to own.
    pub fn owned(&self) -> Owned {
        self.change(|seen| seen.made += 1);
        Owned(self.clone())
    }

    /// A callback that only counts.
    pub fn callback(&self) -> impl Fn() + Send + Sync {
        self.callback_that(|| {})
    }

    /// A callback that does something between being counted as started and as ended.
    pub fn callback_that(&self, act: impl Fn() + Send + Sync) -> impl Fn() + Send + Sync {
        let owned = self.owned();
        move || {
            owned.0.start();
            act();
            owned.0.end();
        }
    }

    pub fn start(&self) {
        self.change(|seen| {
            seen.started += 1;
            seen.most = seen.most.max(seen.running());
            seen.came_late |= seen.is_over;
        });
    }

    pub fn end(&self) {
        self.change(|seen| seen.ended += 1);
    }

    fn change(&self, change: impl FnOnce(&mut Seen)) {
        change(&mut lock(&self.0.seen));
        self.0.changed.notify_all();
    }

    pub fn seen(&self) -> Seen {
        lock(&self.0.seen).clone()
    }

    /// Blocks until it is as is waited for. If that never comes, the model is stuck, and the tool says so.
    pub fn until(&self, comes: impl Fn(&Seen) -> bool) {
        let mut seen = lock(&self.0.seen);
        while !comes(&seen) {
            seen = wait(&self.0.changed, seen);
        }
    }

    /// From now on nothing runs, nothing begins, and nothing is left to drop.
    pub fn over(&self) {
        let mut seen = lock(&self.0.seen);
        assert_eq!(seen.running(), 0, "a run goes on: {:?}", *seen);
        assert_eq!(seen.dropped, seen.made, "callbacks are left: {:?}", *seen);
        seen.is_over = true;
    }

    /// At the end of a model, when no other thread is left.
    pub fn check(&self, most: u32) -> Seen {
        let seen = self.seen();
        assert_eq!(seen.running(), 0, "a run has not ended: {seen:?}");
        assert_eq!(seen.dropped, seen.made, "each callback is dropped once: {seen:?}");
        assert!(seen.most <= most, "more runs at a time than {most}: {seen:?}");
        assert!(!seen.came_late, "a run began, or a callback was dropped, after all was over: {seen:?}");
        seen
    }
}
