//! What the engine hands to the agenda, and what it gets back. Plain data.

use std::panic::Location;
use std::time::Duration;

use super::entry::{EntryKey, PendingMissed, Removed};
use super::Owner;
use crate::clock::Now;
use crate::schedule::Due;
use crate::sync::Arc;
use crate::task::{Cause, Facts, MissedUntil, NextDue, Runner, Start, Task};
use crate::tz::Zone;

/// A task to be put on the agenda.
pub(crate) struct Request {
    pub(crate) name: Arc<str>,
    pub(crate) task: Box<Task>,
    pub(crate) first: Due,
    pub(crate) schedule: Arc<str>,
    /// The task's own zone. None if it follows the scheduler's zone.
    pub(crate) zone: Option<Zone>,
    pub(crate) scheduled_at: &'static Location<'static>,
    pub(crate) replaces: bool,
}

/// The answer to a [`Request`].
pub(crate) enum Scheduled {
    New {
        id: u64,
    },
    /// Another task owns the name. The task of the request is handed back.
    Taken {
        by: Owner,
        task: Box<Task>,
    },
    /// The name was taken from the task that owned it.
    Replaced {
        id: u64,
        old: Removed,
    },
}

/// A task on its way to a worker, and what it is to do there.
pub(crate) struct Dispatch {
    pub(crate) key: EntryKey,
    pub(crate) name: Arc<str>,
    pub(crate) task: Box<Task>,
    pub(crate) cause: Cause,
    pub(crate) missed_until: Option<Box<MissedUntil>>,
    pub(crate) sent: Now,
    /// How long ago its due time was. Dispatches of one batch are sorted by this, and then by `id`.
    pub(super) age: Duration,
    pub(super) id: u64,
}

/// What a worker has decided for a [`Dispatch`].
pub(crate) struct Decision<'a> {
    /// The run to begin, if there is one.
    pub(crate) start: Option<Start>,
    pub(crate) next: &'a NextDue,
    /// When the worker read the clocks, if it judged occurrences: those up to then are accounted for, by the zone that
    /// the task had on the worker.
    pub(crate) judged: Option<Now>,
}

/// A due time that came while its task was running.
pub(crate) struct Overrun {
    pub(crate) key: EntryKey,
    pub(crate) name: Arc<str>,
    pub(crate) due: Due,
}

/// The answer to a [`Decision`].
pub(crate) enum Begun {
    /// A run begins. A task that may run several times at once can be dispatched again at the same time.
    Run { facts: Facts, runner: Runner, dispatch: Option<Dispatch> },
    /// No run begins. The task is at home again, or dispatched again at once.
    Home(Option<Dispatch>),
    /// The task lost its name while it was in flight. It must not run.
    Removed { task: Box<Task>, removed: RemovedInFlight },
    /// No run begins, and the schedule has ended.
    Over(Box<Task>),
}

/// What was known of a task when it lost its name on its way to a run.
pub(crate) struct RemovedInFlight {
    pub(crate) at: Now,
    /// Occurrences without a run. The worker that has the task may know better.
    pub(crate) pending_missed: Option<PendingMissed>,
}

/// The answer to the end of a run.
pub(crate) struct Finished {
    /// To be dispatched at once.
    pub(crate) dispatch: Option<Dispatch>,
    /// To be dropped.
    pub(crate) dropped: Option<Box<Task>>,
    /// Occurrences that passed before the task lost its name, and are still to be reported.
    pub(crate) pending_missed: Option<PendingMissed>,
    /// Whether this run has ended the task.
    pub(crate) is_over: bool,
}
