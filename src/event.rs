//! The events that a scheduler emits. Each is printed as one line.

use std::fmt;
use std::panic::Location;
use std::time::{Duration, SystemTime};

use crate::clock::Step;
use crate::elapsed::Elapsed;
use crate::sync::Arc;

pub(crate) use crate::excerpt::OneLine;

/// Something that happened. Observers receive it ([`Scheduler::observe`](crate::Scheduler::observe)).
///
/// `Display` gives one line, such as ``task `report` failed: connection refused``.
#[derive(Clone, Debug)]
#[non_exhaustive]
#[allow(missing_docs)] // each variant's text explains its fields
pub enum Event {
    /// A task was scheduled under a free name.
    Scheduled { task: Arc<str> },
    /// A used name was scheduled again, from another place in the source, `second`. The task that was scheduled at `first`
    /// is unchanged.
    NameTaken { task: Arc<str>, first: &'static Location<'static>, second: &'static Location<'static> },
    /// A task got a new schedule, callback and policies.
    Replaced { task: Arc<str> },
    /// A task got a new schedule ([`reschedule`](crate::Task::reschedule)).
    Rescheduled { task: Arc<str> },
    /// A run for `due` started, `lateness` after it. It coalesces `coalesced` other occurrences, which were reported as
    /// missed just before. `is_on_demand`: [`run_now`](crate::Task::run_now) requested the run, at `due`. `is_last`: it is
    /// the last run of the task, so the name is free. `attempt` is 1, or more if the run failed and is
    /// [repeated](crate::TaskBuilder::retry).
    Started {
        task: Arc<str>,
        due: SystemTime,
        lateness: Duration,
        coalesced: u64,
        is_on_demand: bool,
        is_last: bool,
        attempt: u32,
    },
    /// A run for `due` started a second after it, or later.
    Late { task: Arc<str>, due: SystemTime, lateness: Duration },
    /// The run for `due` has ended, `took` after its last attempt started. There were `attempt` of them.
    RunEnded { task: Arc<str>, due: SystemTime, took: Duration, outcome: RunOutcome, attempt: u32 },
    /// An attempt of the run for `due` failed after `took`. The next one starts after `delay`, unless something else comes
    /// first: the next due time, a requested run, or the end of the task.
    AttemptFailed {
        task: Arc<str>,
        due: SystemTime,
        took: Duration,
        outcome: RunOutcome,
        attempt: u32,
        delay: Duration,
    },
    /// The run for `due` goes on for longer than its [time limit](crate::TaskBuilder::time_limit), and was asked to stop.
    TimeLimitReached { task: Arc<str>, due: SystemTime },
    /// The schedule's own code panicked or went back in time: an iterator, a closure, a closure in `except`. The task ends.
    ScheduleFailed { task: Arc<str>, error: Arc<str> },
    /// What the task owned panicked when it was dropped.
    DestructorPanicked { task: Arc<str>, message: Arc<str> },
    /// An observer panicked. It receives the next event all the same.
    ObserverPanicked { message: Arc<str> },
    /// `count` occurrences from `first` to `latest` were missed, for the reason `why`. They got no run of their own.
    Missed { task: Arc<str>, count: u64, first: SystemTime, latest: SystemTime, why: Why },
    /// Another replica has the run for `due` ([`Builder::claim`](crate::Builder::claim)). It would have coalesced `coalesced` other
    /// occurrences. `is_last`: as in `Started`.
    ClaimedElsewhere { task: Arc<str>, due: SystemTime, coalesced: u64, is_last: bool },
    /// It is unknown which replica has the run for `due`: the claim failed or panicked. `then` is what follows: with `Retry` it is
    /// claimed again, unless something else comes before. With `Skip` it is reported as missed.
    ClaimFailed { task: Arc<str>, due: SystemTime, error: Arc<str>, then: ClaimFailure },
    /// An earlier process started a run for `due` and went down before it ended. It is not run again.
    CutOff { task: Arc<str>, due: SystemTime },
    /// The task was paused. No run starts until it is resumed.
    Paused { task: Arc<str> },
    /// The task was resumed.
    Resumed { task: Arc<str> },
    /// The task was cancelled. A run that has started finishes.
    Cancelled { task: Arc<str> },
    /// The task has ended: its schedule is over, its callback ended it, or it had its one run after
    /// [`cancel_after_next`](crate::Task::cancel_after_next).
    Ended { task: Arc<str> },
    /// The wall clock was set, or the machine slept. A step of more than three hours is a correction of a clock that was
    /// wrong: the skipped occurrences are not run. [`Builder::clock_correction`](crate::Builder::clock_correction) sets
    /// the limit for steps forward.
    ClockStepped { step: Step },
    /// The zone changed from `from` to `to`: the machine's zone changed, or [`set_zone`](crate::Scheduler::set_zone) was
    /// called. If both names are equal, the zone's data changed. The next due time of every calendar task in this zone
    /// was computed again.
    ZoneChanged { from: Arc<str>, to: Arc<str> },
    /// A zone could not be read again after its file changed. The old data stay in use. Emitted once for each distinct
    /// error.
    ZoneKept { zone: Arc<str>, error: Arc<str> },
    /// A zone that could not be read is readable again, and its data are unchanged. If they have changed, `ZoneChanged` is
    /// emitted instead.
    ZoneReadAgain { zone: Arc<str> },
    /// A part of the journal could not be read. The rest of it is used.
    JournalDamaged { problem: Arc<str> },
    /// The journal could not be written. Tasks continue, but a later process may run again what is not in the journal.
    /// Emitted once, until the journal can be written again.
    JournalFailed { error: Arc<str> },
    /// Work is waiting, and all `workers` are busy. `workers` is the number of existing workers. It is lower than
    /// [`Builder::threads`](crate::Builder::threads) if threads could not be started.
    PoolSaturated { waiting: usize, workers: usize },
    /// A run has been waiting for a free worker for `waited`, longer than
    /// [`Builder::wait_limit`](crate::Builder::wait_limit). All existing `workers` are busy. Emitted once for each run.
    Waiting { task: Arc<str>, waited: Duration, workers: usize },
    /// The observers were too slow: this many events after the one before were not delivered.
    EventsLost { count: u64 },
}

/// How a run has ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RunOutcome {
    /// The callback returned.
    Finished,
    /// The callback returned this error.
    Failed(Arc<str>),
    /// The callback panicked with this message.
    Panicked(Arc<str>),
    /// It was asked to stop because its [time limit](crate::TaskBuilder::time_limit) was reached, and returned without an
    /// error after that.
    TimedOut,
    /// It was asked to stop because its task was cancelled or replaced, or the scheduler was shut down, and returned without
    /// an error after that. Or its future was dropped.
    Stopped,
}

impl RunOutcome {
    /// Whether the run failed or panicked.
    pub fn is_failure(&self) -> bool {
        matches!(self, RunOutcome::Failed(_) | RunOutcome::Panicked(_))
    }
}

/// What follows if a [claim](crate::Builder::claim) fails: nobody knows which replica is to have the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ClaimFailure {
    /// It is not run, and reported as missed: it runs at most once among all replicas.
    #[default]
    Skip,
    /// It is run all the same: it runs at least once, and perhaps in several replicas.
    Run,
    /// It is claimed again, after as long as it is late, one second to ten. Once something else comes (the next due time, a
    /// requested run, a pause) or its [grace](crate::TaskBuilder::grace) is over, it is not run, and reported as missed.
    Retry,
}

/// Why an occurrence was missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Why {
    /// Nothing could start the run in time: the machine slept, the clock was set, all workers were busy, or, with a
    /// [journal](crate::Builder::store), the process was down.
    Late,
    /// An overrun: the task itself was still running.
    StillRunning,
    /// The task was paused.
    Paused,
    /// The clock was corrected: it was stepped by more than three hours, or forward by more than
    /// [`Builder::clock_correction`](crate::Builder::clock_correction).
    ClockCorrected,
    /// It is unknown which replica was to run it ([`Builder::claim_failure`](crate::Builder::claim_failure)).
    ClaimFailed,
    /// The task was cancelled or replaced before the run could start; or its last run started first: a requested one, or the one
    /// of [`cancel_after_next`](crate::Task::cancel_after_next).
    Cancelled,
    /// The scheduler was shut down.
    ShutDown,
}

impl Event {
    /// The name of the task, for an event about a task.
    pub fn task(&self) -> Option<&str> {
        match self {
            Event::Scheduled { task }
            | Event::NameTaken { task, .. }
            | Event::Replaced { task }
            | Event::Rescheduled { task }
            | Event::Started { task, .. }
            | Event::Late { task, .. }
            | Event::RunEnded { task, .. }
            | Event::AttemptFailed { task, .. }
            | Event::TimeLimitReached { task, .. }
            | Event::ScheduleFailed { task, .. }
            | Event::DestructorPanicked { task, .. }
            | Event::Missed { task, .. }
            | Event::ClaimedElsewhere { task, .. }
            | Event::ClaimFailed { task, .. }
            | Event::CutOff { task, .. }
            | Event::Paused { task }
            | Event::Resumed { task }
            | Event::Cancelled { task }
            | Event::Waiting { task, .. }
            | Event::Ended { task } => Some(task),
            Event::ClockStepped { .. }
            | Event::ObserverPanicked { .. }
            | Event::ZoneChanged { .. }
            | Event::ZoneKept { .. }
            | Event::ZoneReadAgain { .. }
            | Event::JournalDamaged { .. }
            | Event::JournalFailed { .. }
            | Event::PoolSaturated { .. }
            | Event::EventsLost { .. } => None,
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
                write!(f, "was scheduled at {first} and is unchanged: the call at {second} did nothing")
            }
            Event::Replaced { .. } => f.write_str("replaced"),
            Event::Rescheduled { .. } => f.write_str("rescheduled"),
            Event::Started { attempt, .. } if *attempt > 1 => write!(f, "started attempt {attempt}"),
            Event::Started { lateness, .. } => write!(f, "started {} after its due time", Elapsed(*lateness)),
            Event::Late { lateness, .. } => {
                write!(f, "is late: started {} after its due time", Elapsed(*lateness))
            }
            Event::RunEnded { outcome, took, .. } => match outcome {
                RunOutcome::Failed(_) | RunOutcome::Panicked(_) => outcome.fmt(f),
                _ => write!(f, "{outcome} after {}", Elapsed(*took)),
            },
            Event::AttemptFailed { outcome, attempt, delay, .. } => {
                write!(f, "{outcome}; attempt {} follows in {}", attempt + 1, Elapsed(*delay))
            }
            Event::TimeLimitReached { .. } => f.write_str("has reached its time limit and was asked to stop"),
            Event::ScheduleFailed { error, .. } => {
                write!(f, "ends, as its schedule failed: {}", OneLine(error))
            }
            Event::DestructorPanicked { message, .. } => {
                write!(f, "panicked when it was dropped: {}", OneLine(message))
            }
            Event::ObserverPanicked { message } => write!(f, "an observer panicked: {}", OneLine(message)),
            Event::Missed { count, why, .. } => write!(f, "missed {count}: {why}"),
            Event::ClaimedElsewhere { .. } => f.write_str("was claimed by another replica"),
            Event::ClaimFailed { error, then, .. } => {
                write!(f, "could not be claimed: {}; {then}", OneLine(error))
            }
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
                write!(f, "zone `{}` keeps its old data: {}", OneLine(zone), OneLine(error))
            }
            Event::ZoneReadAgain { zone } => {
                write!(f, "zone `{}` can be read again and is unchanged", OneLine(zone))
            }
            Event::JournalDamaged { problem } => write!(f, "{}", OneLine(problem)),
            Event::JournalFailed { error } => {
                let error = OneLine(error);
                write!(f, "{error}; tasks continue, but a run that is not in the journal may be repeated after a restart")
            }
            Event::EventsLost { count } => write!(f, "the observers were too slow: {count} events were lost"),
            Event::PoolSaturated { waiting, workers: 1 } => {
                write!(f, "the only worker is busy and {} waiting", Runs(*waiting))
            }
            Event::PoolSaturated { waiting, workers } => {
                write!(f, "all {workers} workers are busy and {} waiting", Runs(*waiting))
            }
        }
    }
}

impl fmt::Display for RunOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RunOutcome::Finished => f.write_str("finished"),
            RunOutcome::Failed(error) => write!(f, "failed: {}", OneLine(error)),
            RunOutcome::Panicked(message) => write!(f, "panicked: {}", OneLine(message)),
            RunOutcome::TimedOut => f.write_str("timed out"),
            RunOutcome::Stopped => f.write_str("stopped"),
        }
    }
}

impl fmt::Display for ClaimFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ClaimFailure::Skip => "it is not run",
            ClaimFailure::Run => "it is run all the same",
            ClaimFailure::Retry => "it is claimed again",
        })
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Why::Late => "nothing could start it in time",
            Why::StillRunning => "still running",
            Why::Paused => "paused",
            Why::ClockCorrected => "the clock was corrected",
            Why::ClaimFailed => "the claim failed",
            Why::Cancelled => "cancelled",
            Why::ShutDown => "shut down",
        })
    }
}

/// A number of runs, and the verb for it.
struct Runs(usize);

impl fmt::Display for Runs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1 => f.write_str("1 run is"),
            runs => write!(f, "{runs} runs are"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::UNIX_EPOCH;

    #[test]
    fn an_event_is_one_line_that_says_what_happened() {
        let task = || Arc::<str>::from("a\nb");
        let (due, second) = (UNIX_EPOCH, Duration::from_secs(1));
        let line = Location::caller();
        let place = line.to_string();
        let taken = Event::NameTaken { task: task(), first: line, second: line };
        let unchanged = format!("was scheduled at {place} and is unchanged: the call at {place} did nothing");
        let failed = || RunOutcome::Failed("no\nroute".into());
        let missed = |why| Event::Missed { task: task(), count: 2, first: due, latest: due, why };
        for (event, expected) in [
            (Event::Scheduled { task: task() }, "scheduled"),
            (taken, &*unchanged),
            (Event::Replaced { task: task() }, "replaced"),
            (Event::Rescheduled { task: task() }, "rescheduled"),
            (
                Event::AttemptFailed {
                    task: task(),
                    due,
                    took: second,
                    outcome: failed(),
                    attempt: 2,
                    delay: second,
                },
                r"failed: no\nroute; attempt 3 follows in 1s",
            ),
            (
                Event::TimeLimitReached { task: task(), due },
                "has reached its time limit and was asked to stop",
            ),
            (missed(Why::Late), "missed 2: nothing could start it in time"),
            (missed(Why::ShutDown), "missed 2: shut down"),
            (Event::CutOff { task: task(), due }, "was cut off in its last run: the process went down"),
            (
                Event::Waiting { task: task(), waited: second, workers: 1 },
                "has been waiting 1s for the only worker to be free",
            ),
            (
                Event::Waiting { task: task(), waited: second, workers: 2 },
                "has been waiting 1s for one of 2 workers to be free",
            ),
        ] {
            assert_eq!(event.to_string(), format!(r"task `a\nb` {expected}"));
        }
        for (event, expected) in [
            (Event::PoolSaturated { waiting: 1, workers: 1 }, "the only worker is busy and 1 run is waiting"),
            (
                Event::PoolSaturated { waiting: 3, workers: 2 },
                "all 2 workers are busy and 3 runs are waiting",
            ),
            (Event::EventsLost { count: 7 }, "the observers were too slow: 7 events were lost"),
            (Event::ZoneReadAgain { zone: "A/B".into() }, "zone `A/B` can be read again and is unchanged"),
        ] {
            assert_eq!((event.to_string().as_str(), event.task()), (expected, None));
        }
        let timed_out = RunOutcome::TimedOut;
        assert_eq!((timed_out.to_string().as_str(), timed_out.is_failure()), ("timed out", false));
    }
}
