//! A task scheduler that depends on nothing but `std`.

#![forbid(unsafe_code)]
#![warn(missing_docs, missing_debug_implementations)]

// Ground: each of these stands alone.
pub mod civil;
mod clock;
mod event;
mod excerpt;
mod guard;
mod pool;
mod sync;

// Floor 1: a set of civil seconds, and the zones that turn them into instants. Neither has heard of the other.
pub mod cron;
pub mod tz;

// Floor 2: when next, after this? And why not.
mod error;
mod schedule;

// Floor 3: a schedule with a callback and policies.
mod task;

// Floor 4: who waits for when.
mod agenda;

// Floor 5: what threads share, and a task's way round.
mod engine;

// Floor 6: the only sleeper.
mod timer;

// Roof: what users hold.
mod scheduler;

pub use agenda::Status;
pub use clock::{ManualClock, Step};
pub use cron::Cron;
pub use error::Error;
pub use event::{Event, Why};
pub use schedule::{Moment, Period, PeriodError, Schedule, Upcoming};
pub use scheduler::{
    cancel_task, cancel_task_after_next, schedule_task, Builder, NeedsSchedule, Run, Scheduler, Task,
    TaskBuilder,
};
pub use task::{Missed, Outcome, Overlap, Verdict};
