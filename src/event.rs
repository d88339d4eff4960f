//! What a scheduler reports: one value for each thing that happened, one line when printed.

use std::fmt;
use std::panic::Location;
use std::time::{Duration, SystemTime};

use crate::clock::Step;
use crate::elapsed::Elapsed;
use crate::sync::Arc;

/// Something that happened, as [`Scheduler::observe`](crate::Scheduler::observe) tells it.
///
/// `Display` gives one line, such as ``task `report` failed: connection refused``.
#[derive(Clone, Debug)]
#[non_exhaustive]
#[allow(missing_docs)] // the fields of a variant are named in its first line
pub enum Event {
    /// A task was scheduled under a free name.
    Scheduled { task: Arc<str> },
    /// A used name was scheduled again, from `second`; the task scheduled at `first` stays as it is.
    NameTaken { task: Arc<str>, first: &'static Location<'static>, second: &'static Location<'static> },
    /// A task was given a new schedule and callback.
    Replaced { task: Arc<str> },
    /// A run for `due` began, so much after it.
    Started { task: Arc<str>, due: SystemTime, lateness: Duration },
    /// A run for `due` began over a second after it.
    Late { task: Arc<str>, due: SystemTime, lateness: Duration },
    /// The run for `due` returned after `took`.
    Finished { task: Arc<str>, due: SystemTime, took: Duration },
    /// The run for `due` returned an error, or its schedule gave one.
    Failed { task: Arc<str>, error: Arc<str> },
    /// The callback, its schedule or the destructor of either panicked; the schedule goes on.
    Panicked { task: Arc<str>, message: Arc<str> },
    /// So many dues have passed without a run of their own, for this reason. The latest of them was `latest`.
    Missed { task: Arc<str>, count: u64, latest: SystemTime, why: Why },
    /// A run for `due` had begun in an earlier process, which went down before it ended. It is not run again.
    CutOff { task: Arc<str>, due: SystemTime },
    /// The task is held until it is resumed.
    Paused { task: Arc<str> },
    /// The task goes on.
    Resumed { task: Arc<str> },
    /// The task was cancelled; a run under way is let finish.
    Cancelled { task: Arc<str> },
    /// The task is over: its schedule has ended, or its callback or its one more run ended it.
    Ended { task: Arc<str> },
    /// The wall clock was set, or the machine slept. Over three hours either way count as a correction of a clock
    /// that was wrong: nothing that it skipped is caught up. For a step forward
    /// [`Builder::clock_correction`](crate::Builder::clock_correction) sets how much it takes.
    ClockStepped { step: Step },
    /// The zone `from` is `to` now: the machine was moved, [`set_zone`](crate::Scheduler::set_zone) was called, or, where
    /// both are the same name, its data were replaced. Every calendar due in it is judged anew.
    ZoneChanged { from: Arc<str>, to: Arc<str> },
    /// A zone has changed, or so it seems, and could not be read again: it stays as it was. Told once, until it can be, or
    /// cannot for another reason.
    ZoneKept { zone: Arc<str>, error: Arc<str> },
    /// A zone that could not be read can be again, and says what it said before. If it says something else now,
    /// `ZoneChanged` is told.
    ZoneReadAgain { zone: Arc<str> },
    /// A part of the journal could not be read; what is left of it is followed.
    JournalDamaged { problem: Arc<str> },
    /// The journal could not be written. Tasks go on; a later process may run again what was not noted. Told once, until
    /// it can be written again.
    JournalFailed { error: Arc<str> },
    /// Work is waiting for a worker, and all `workers` are busy. They are the workers that there are: fewer than
    /// [`Builder::threads`](crate::Builder::threads) allows where threads could not be started.
    PoolSaturated { waiting: usize, workers: usize },
    /// A due run has been waiting for a free worker for so long, as all `workers` that there are are busy. Told once for a run, if
    /// [`Builder::wait_limit`](crate::Builder::wait_limit) says after how long.
    Waiting { task: Arc<str>, waited: Duration, workers: usize },
}

/// Why a due has passed without a run of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Why {
    /// Nothing could start it in time: the machine slept, the clock was set, all workers were busy, or, with a
    /// [journal](crate::Builder::journal), the process was down.
    Late,
    /// The task itself was still running.
    StillRunning,
    /// The task was paused.
    Paused,
    /// The clock was corrected: by over three hours, or by more than
    /// [`Builder::clock_correction`](crate::Builder::clock_correction) says. What it skipped is not caught up.
    ClockCorrected,
    /// The task was cancelled or replaced before it could start.
    Cancelled,
    /// The scheduler was shut down.
    ShutDown,
}

impl Event {
    /// The name of the task that it is about, if it is about one.
    pub fn task(&self) -> Option<&str> {
        match self {
            Event::Scheduled { task }
            | Event::NameTaken { task, .. }
            | Event::Replaced { task }
            | Event::Started { task, .. }
            | Event::Late { task, .. }
            | Event::Finished { task, .. }
            | Event::Failed { task, .. }
            | Event::Panicked { task, .. }
            | Event::Missed { task, .. }
            | Event::CutOff { task, .. }
            | Event::Paused { task }
            | Event::Resumed { task }
            | Event::Cancelled { task }
            | Event::Waiting { task, .. }
            | Event::Ended { task } => Some(task),
            Event::ClockStepped { .. }
            | Event::ZoneChanged { .. }
            | Event::ZoneKept { .. }
            | Event::ZoneReadAgain { .. }
            | Event::JournalDamaged { .. }
            | Event::JournalFailed { .. }
            | Event::PoolSaturated { .. } => None,
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(task) = self.task() {
            write!(f, "task `{}` ", OneLine(task))?;
        }
        match self {
            Event::Scheduled { .. } => f.write_str("scheduled"),
            Event::NameTaken { first, second, .. } => {
                write!(f, "was scheduled at {first} and stays as it is: the call at {second} changed nothing")
            }
            Event::Replaced { .. } => f.write_str("replaced"),
            Event::Started { lateness, .. } => write!(f, "started {} after its due", Elapsed(*lateness)),
            Event::Late { lateness, .. } => {
                write!(f, "is late: started {} after its due", Elapsed(*lateness))
            }
            Event::Finished { took, .. } => write!(f, "finished after {}", Elapsed(*took)),
            Event::Failed { error, .. } => write!(f, "failed: {}", OneLine(error)),
            Event::Panicked { message, .. } => write!(f, "panicked: {}", OneLine(message)),
            Event::Missed { count, why, .. } => write!(f, "missed {count}: {why}"),
            Event::CutOff { .. } => f.write_str("was cut off in its last run: the process went down"),
            Event::Paused { .. } => f.write_str("paused"),
            Event::Resumed { .. } => f.write_str("resumed"),
            Event::Cancelled { .. } => f.write_str("cancelled"),
            Event::Ended { .. } => f.write_str("ended"),
            Event::Waiting { waited, workers: 1, .. } => {
                write!(f, "has been waiting {} for the only worker to be free", Elapsed(*waited))
            }
            Event::Waiting { waited, workers, .. } => {
                write!(f, "has been waiting {} for one of {workers} workers to be free", Elapsed(*waited))
            }
            Event::ClockStepped { step } => write!(f, "the clock was stepped {step}"),
            Event::ZoneChanged { from, to } if from == to => {
                write!(f, "zone `{}` has new data", OneLine(to))
            }
            Event::ZoneChanged { from, to } => {
                write!(f, "zone changed from `{}` to `{}`", OneLine(from), OneLine(to))
            }
            Event::ZoneKept { zone, error } => {
                write!(f, "zone `{}` stays as it was: {}", OneLine(zone), OneLine(error))
            }
            Event::ZoneReadAgain { zone } => {
                write!(f, "zone `{}` can be read again and is as it was", OneLine(zone))
            }
            Event::JournalDamaged { problem } => write!(f, "{}", OneLine(problem)),
            Event::JournalFailed { error } => {
                let error = OneLine(error);
                write!(f, "{error}; tasks go on, and after a restart may run again what is not noted")
            }
            Event::PoolSaturated { waiting, workers: 1 } => {
                write!(f, "the only worker is busy and {} waiting", Runs(*waiting))
            }
            Event::PoolSaturated { waiting, workers } => {
                write!(f, "all {workers} workers are busy and {} waiting", Runs(*waiting))
            }
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Why::Late => "nothing could start it in time",
            Why::StillRunning => "still running",
            Why::Paused => "paused",
            Why::ClockCorrected => "the clock was corrected",
            Why::Cancelled => "cancelled",
            Why::ShutDown => "shut down",
        })
    }
}

/// So many of them are doing something.
struct Runs(usize);

impl fmt::Display for Runs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1 => f.write_str("1 run is"),
            runs => write!(f, "{runs} runs are"),
        }
    }
}

/// A text from elsewhere, printed on one line whatever is in it.
pub(crate) struct OneLine<'a>(pub(crate) &'a str);

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            if c.is_control() {
                write!(f, "{}", c.escape_default())?;
            } else {
                write!(f, "{c}")?;
            }
        }
        Ok(())
    }
}
