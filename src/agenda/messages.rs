//! What the engine hands to the agenda, and what it gets back. Plain data.

use std::panic::Location;
use std::time::{Duration, SystemTime};

use super::{EntryKey, Owner};
use crate::clock::Now;
use crate::error::Error;
use crate::event::Why;
use crate::schedule::{Due, Timetable, WithAdded};
use crate::stats::Identity;
use crate::sync::Arc;
use crate::task::{Facts, Job, MissedOccurrences, Policy, Question, Retry, Verdicts};
use crate::tz::Zone;

/// A task to be put on the agenda.
pub(crate) struct Request {
    pub(crate) name: Arc<str>,
    pub(crate) timetable: Timetable,
    pub(crate) job: Job,
    pub(crate) policy: Policy,
    pub(crate) first: Due,
    /// The number of runs after which the task ends.
    pub(crate) left: u64,
    pub(crate) is_paused: bool,
    /// The schedule in words, if it does not say them itself.
    pub(crate) words: Option<Arc<WithAdded>>,
    /// The task's own zone. None if it follows the scheduler's zone.
    pub(crate) zone: Option<Zone>,
    pub(crate) scheduled_at: &'static Location<'static>,
    pub(crate) replaces: bool,
}

/// Another schedule for a task.
pub(crate) struct Rescheduled {
    pub(crate) timetable: Timetable,
    pub(crate) first: Due,
    pub(crate) left: u64,
    pub(crate) words: Option<Arc<WithAdded>>,
    pub(crate) zone: Option<Zone>,
}

/// The answer to a [`Request`].
pub(crate) enum Scheduled {
    New {
        identity: Arc<Identity>,
        /// What remains of an earlier task of the name that is in its last run.
        ended: Option<Removed>,
    },
    /// Another task owns the name. What the request had is handed back.
    Taken { by: Owner, job: Job, timetable: Timetable },
    /// The name was taken from the task that owned it.
    Replaced { old: Removed },
}

/// What a worker has to do for a task that it has picked up.
pub(crate) enum PickedUp {
    /// Nothing: the task is gone, or waits again.
    Nothing,
    /// To ask the schedule, which is the user's code, and to [hand in](super::Agenda::answered) the answer.
    Ask(Box<Asked>),
    /// To run the callback.
    Run { facts: Facts, job: Job },
    /// To drop the task: its schedule has ended.
    Over(Box<Removed>),
    /// To report what was missed, and to drop the schedule: the task lost its name while its schedule was asked.
    Gone(Box<Gone>),
}

/// A schedule that is the user's code, and what to ask it.
pub(crate) struct Asked {
    pub(crate) timetable: Timetable,
    pub(crate) question: Question,
    pub(crate) now: Now,
}

/// A schedule of a task that lost its name while the schedule was asked.
pub(crate) struct Gone {
    pub(crate) identity: Arc<Identity>,
    pub(crate) timetable: Timetable,
    pub(crate) verdicts: Verdicts,
    /// When the task lost its name, and why.
    pub(crate) at: Now,
    pub(crate) why: Why,
}

/// What remains of a task that has lost its name.
pub(crate) struct Removed {
    pub(crate) identity: Arc<Identity>,
    /// Unless it is running.
    pub(crate) job: Option<Job>,
    /// Unless it is being asked.
    pub(crate) timetable: Option<Timetable>,
    /// Occurrences that have passed without a run up to a time, the first of them, and why. Set if only the schedule can
    /// count them, as it is the user's code.
    pub(crate) missed: Option<(Due, Now, Why)>,
}

impl Removed {
    /// Whether something in it is the user's, which is dropped with no lock held.
    pub(crate) fn is_users(&self) -> bool {
        self.job.is_some() || self.timetable.as_ref().map_or(false, Timetable::is_users)
    }
}

/// What follows a run.
pub(crate) enum Then {
    /// What the schedule says.
    Schedule,
    /// Nothing: the callback has ended the task.
    Nothing,
    /// The run is repeated.
    Retry(Box<Retry>),
}

/// The answer to the end of a run.
pub(crate) struct Finished {
    /// What remains of a task that has lost its name.
    pub(crate) removed: Option<Removed>,
    /// Whether the task has lost it by this run.
    pub(crate) is_over: bool,
    /// A task whose schedule is to be asked at once.
    pub(crate) asks: Option<EntryKey>,
}

/// What happened to a task.
pub(crate) enum News {
    Missed(MissedOccurrences),
    /// The schedule's own code panicked, or went back in time. The task ends.
    Broken(Error),
    /// It has been waiting for a worker for longer than the limit.
    Waiting(Duration),
    /// The run for a due time has taken longer than it may.
    TimeLimit {
        due: SystemTime,
    },
    /// A run that failed is not repeated.
    GaveUp(Box<Retry>),
}
