//! The core of sexton over the primitives of a model checker: the files of `src/`, and another `sync.rs`.
//!
//! The declarations below are those of `src/lib.rs` without the layers.

#![allow(unused, clippy::all)]

#[path = "../../../src"]
mod sexton {
    pub mod agenda;
    pub mod civil;
    pub mod clock;
    pub mod cron;
    pub mod elapsed;
    pub mod engine;
    pub mod error;
    pub mod event;
    pub mod excerpt;
    pub mod guard;
    pub mod hash;
    pub mod occurrences;
    pub mod period;
    pub mod platform;
    pub mod pool;
    pub mod schedule;
    pub mod scheduler;
    pub mod stats;
    pub mod stop;
    pub mod store;
    pub mod task;
    pub mod timer;
    pub mod tz;
}
pub mod sync;

use sexton::{
    agenda, clock, elapsed, engine, error, event, excerpt, guard, hash, occurrences, period, platform, pool,
    schedule, scheduler, stats, stop, task, timer,
};
pub use sexton::{civil, cron, store, tz};

pub use agenda::Status;
pub use clock::{ManualClock, Step};
pub use cron::Cron;
pub use engine::Claim;
pub use error::Error;
pub use event::{ClaimFailure, Event, RunOutcome, Why};
pub use occurrences::fires::Occurrences;
pub use period::{Period, PeriodError};
pub use schedule::{Moment, Schedule, Upcoming};
pub use scheduler::{Builder, NeedsSchedule, ObserverHandle, Run, Scheduler, Task, TaskBuilder};
pub use stats::{LastRun, Stats};
pub use stop::Stop;
pub use task::{Missed, Outcome, Overlap, Verdict};

mod layers {
    pub(crate) fn default_recorder() -> Option<crate::sync::Arc<dyn crate::engine::Recorder>> {
        None
    }
}
