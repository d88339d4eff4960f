//! What goes to the agenda, and what comes from it.

use std::fmt;
use std::panic::Location;
use std::time::Duration;

use super::seat::Unmet;
use crate::clock::Now;
use crate::schedule::Due;
use crate::sync::Arc;
use crate::task::{Cause, Excuse, Facts, Runner, Start, Task};
use crate::tz::Zone;

/// What is put on the agenda.
pub(crate) struct Request {
    pub(crate) name: Arc<str>,
    pub(crate) task: Box<Task>,
    pub(crate) first: Due,
    pub(crate) schedule: Arc<str>,
    /// The zone that it has of its own.
    pub(crate) zone: Option<Zone>,
    pub(crate) scheduled_at: &'static Location<'static>,
    pub(crate) replaces: bool,
}

/// The task that has a name.
#[derive(Clone, Copy)]
pub(crate) struct Holder {
    pub(crate) id: u64,
    pub(crate) scheduled_at: &'static Location<'static>,
}

/// What became of a request.
pub(crate) enum Scheduled {
    New {
        id: u64,
    },
    /// The name is used: the task is handed back.
    Taken {
        by: Holder,
        task: Box<Task>,
    },
    /// Another task had the name.
    Replaced {
        id: u64,
        old: Leftover,
    },
}

/// Where a task that is away belongs, if it still does.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(super) slot: usize,
    pub(super) version: u64,
}

/// What a worker has found out for the due that it was sent off with.
pub(crate) struct Decision {
    /// The run to begin, if one is.
    pub(crate) start: Option<Start>,
    /// The due after it; None if the schedule does not move, as it was not for a due.
    pub(crate) next: Option<Option<Due>>,
    /// When that was, if dues up to then were judged, by the zone that the worker knew and by what the clocks showed.
    pub(crate) judged: Option<Now>,
}

/// A task sent off.
pub(crate) struct Errand {
    pub(crate) place: Place,
    pub(crate) name: Arc<str>,
    pub(crate) task: Box<Task>,
    pub(crate) cause: Cause,
    pub(crate) excuse: Option<Box<Excuse>>,
    pub(crate) sent: Now,
    /// Its place among those sent off with it.
    pub(super) age: Duration,
    pub(super) id: u64,
}

/// A due that has passed while its task was running.
pub(crate) struct Overrun {
    pub(crate) place: Place,
    pub(crate) name: Arc<str>,
    pub(crate) due: Due,
}

/// What is left of a task that has lost its name.
pub(crate) struct Leftover {
    pub(crate) name: Arc<str>,
    pub(super) id: u64,
    /// The task itself, unless it is away.
    pub(crate) task: Option<Box<Task>>,
    /// Dues that passed while it was at home, and are to be told.
    pub(crate) unmet: Option<Unmet>,
}

/// What came of an errand.
pub(crate) enum Begun {
    /// A run, and perhaps another one of a task that may run several times at once.
    Run { facts: Facts, runner: Runner, errand: Option<Errand> },
    /// The task is at home again, or to be sent off at once.
    Home(Option<Errand>),
    /// The task lost its name meanwhile, and is not to run.
    Gone { task: Box<Task>, lost: Lost },
    /// The schedule is over, and there is no run.
    Over(Box<Task>),
}

/// What was known of a task that was on its way to a run when it lost its name.
pub(crate) struct Lost {
    pub(crate) at: Now,
    /// The occurrences that had passed, as far as the worker that has the task does not know better.
    pub(crate) unmet: Option<Unmet>,
}

/// What came of the end of a run.
pub(crate) struct Finished {
    /// To be sent off at once.
    pub(crate) errand: Option<Errand>,
    /// To be dropped.
    pub(crate) dropped: Option<Box<Task>>,
    /// Dues that passed before the task lost its name, and are to be told.
    pub(crate) unmet: Option<Unmet>,
    /// Whether the run has ended the task.
    pub(crate) is_over: bool,
}

/// What one can see of a task from outside.
pub(crate) struct Glimpse {
    pub(crate) name: Arc<str>,
    pub(crate) id: u64,
    pub(crate) status: Status,
    pub(crate) next: Option<Due>,
    pub(crate) count: u64,
    pub(crate) schedule: Arc<str>,
}

/// What a task is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Status {
    /// It waits for its next due, or for a free worker.
    Waiting,
    /// Its callback is running, or its future is pending.
    Running,
    /// It is held until it is resumed.
    Paused,
    /// It is over: cancelled, its schedule has ended, or the scheduler has shut down.
    Ended,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Status::Waiting => "waiting",
            Status::Running => "running",
            Status::Paused => "paused",
            Status::Ended => "ended",
        })
    }
}

/// A task, by name, or by name and number: a handle is not to touch a later task of the same name.
#[derive(Clone, Copy)]
pub(crate) struct Which<'a> {
    pub(crate) name: &'a str,
    pub(crate) id: Option<u64>,
}
