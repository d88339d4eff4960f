//! What a program that embeds the scheduler relies on: last runs, retries, requests to stop, statistics, and changes of a
//! task that goes on. Each test is a sentence of the documentation, or somebody's try to break it.
//!
//! All is played on a manual clock, but for what needs threads: waking, stopping, and workers that are stuck.

mod changes;
mod last_run;
mod observers;
mod retries;
mod stops;
mod waits;

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use sexton::{Event, RunOutcome};

use crate::stage::Stage;

/// What callbacks have seen.
struct Seen<T>(Arc<Mutex<Vec<T>>>);

impl<T> Clone for Seen<T> {
    fn clone(&self) -> Seen<T> {
        Seen(self.0.clone())
    }
}

impl<T> Seen<T> {
    fn new() -> Seen<T> {
        Seen(Arc::new(Mutex::new(Vec::new())))
    }

    fn push(&self, one: T) {
        self.0.lock().unwrap().push(one);
    }

    fn take(&self) -> Vec<T> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }

    fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

/// The outcomes of the runs that have ended.
fn outcomes(told: &[Event]) -> Vec<RunOutcome> {
    let outcome = |event: &Event| match event {
        Event::RunEnded { outcome, .. } => Some(outcome.clone()),
        _ => None,
    };
    told.iter().filter_map(outcome).collect()
}

/// How long after `start` a time is; nothing if it is before.
fn since(start: SystemTime, time: SystemTime) -> Duration {
    time.duration_since(start).unwrap_or_default()
}

/// A callback that panics.
fn boom() {
    std::panic::resume_unwind(Box::new("boom"))
}

/// The stage that most tests play on.
fn stage() -> Stage {
    Stage::at("2026-11-22 10:00:00")
}
