//! A task: its schedule, its callback and its policies. Decides what a due means, and runs once.
//!
//! No lock is held here. Schedules may be the user's own code: they are only asked from a worker or from the user's
//! own thread.

use std::fmt;
use std::future::Future;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::time::{Duration, SystemTime};

use crate::clock::Now;
use crate::error::Error;
use crate::event::Why;
use crate::schedule::{Due, Pass, Timetable};
use crate::sync::Arc;

/// What becomes of dues that pass while nothing can start the task: the machine sleeps, the clock is set, all workers
/// are busy.
///
/// ```text
/// due         |---1---|---2---|---3---|---4---|
/// asleep           [zzzzzzzzzzzzzz]
/// Once                             [3]     [4]     run 3 stands for 2, and says so
/// Skip                                     [4]     2 and 3 are reported as missed
/// All                              [2][3]  [4]     each with its own due
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Missed {
    /// One run at once, for the latest of them; [`Run::missed`](crate::Run::missed) counts the others.
    #[default]
    Once,
    /// None of them is run if the latest is older than the [grace](crate::TaskBuilder::grace), one second by default.
    Skip,
    /// All of them, one after the other, each with its own due.
    All,
}

/// What becomes of dues that pass while the task itself is running.
///
/// ```text
/// due         |---1---|---2---|---3---|---4---|
/// Skip         [=======run 1=======]   [4]         2 and 3 are missed, and reported
/// Queue        [=======run 1=======][3][4]         run 3 stands for 2, and says so
/// Allow(2)     [=======run 1=======]
///                      [===run 2===]   [4]         3 is missed, and reported
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Overlap {
    /// They are missed.
    #[default]
    Skip,
    /// One run right after, for the latest of them; [`Run::missed`](crate::Run::missed) counts the others.
    Queue,
    /// Up to so many runs at a time, at least one; dues beyond that are missed. Needs a callback that may be called
    /// from several threads: [`run_shared`](crate::TaskBuilder::run_shared).
    Allow(usize),
}

/// What a callback can return: nothing, a `Result` with any error that can be displayed, or a [`ControlFlow`], of
/// which `Break` ends the task.
pub trait Outcome {
    /// What it means for the task.
    fn verdict(self) -> Verdict;
}

/// What a run means for its task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The schedule goes on.
    Continue,
    /// The task is over.
    Break,
    /// The run failed for this reason; the schedule goes on.
    Failed(String),
}

impl Outcome for () {
    fn verdict(self) -> Verdict {
        Verdict::Continue
    }
}

impl<B, C> Outcome for ControlFlow<B, C> {
    fn verdict(self) -> Verdict {
        match self {
            ControlFlow::Continue(_) => Verdict::Continue,
            ControlFlow::Break(_) => Verdict::Break,
        }
    }
}

impl<T: Outcome, E: fmt::Display> Outcome for Result<T, E> {
    fn verdict(self) -> Verdict {
        match self {
            Ok(outcome) => outcome.verdict(),
            Err(error) => Verdict::Failed(error.to_string()),
        }
    }
}

/// What a run can know of itself.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    pub(crate) name: Arc<str>,
    /// Which task of this name, and which version of it.
    pub(crate) id: u64,
    pub(crate) version: u64,
    pub(crate) due: SystemTime,
    pub(crate) lateness: Duration,
    /// How many other dues this run stands for.
    pub(crate) missed: u64,
    /// Which run of the task this is, from 1.
    pub(crate) count: u64,
    /// Whether the task has given its name up for this run.
    pub(crate) is_last: bool,
    /// Whether it was cancelled, but for this run.
    pub(crate) is_one_more: bool,
    /// Whether it was asked for, beside the schedule.
    pub(crate) is_asked_for: bool,
    /// Whether its due follows the wall clock.
    pub(crate) is_calendar: bool,
}

pub(crate) type Pending = Pin<Box<dyn Future<Output = Verdict> + Send>>;

/// A callback.
pub(crate) enum Job {
    Alone(Box<dyn FnMut(&Facts) -> Verdict + Send>),
    /// Several runs at a time.
    Shared(SharedJob),
    /// The future that it gives is polled to its end.
    Async(Box<dyn FnMut() -> Pending + Send>),
}

pub(crate) type SharedJob = Arc<dyn Fn(&Facts) -> Verdict + Send + Sync>;

/// What goes to a worker for a run.
pub(crate) enum Runner {
    /// The task itself: while it is away, nobody else can run it.
    Whole(Box<Task>),
    /// Its callback: the task is at home, and may be sent off for another run.
    Shared(SharedJob),
}

impl Runner {
    /// Leaves a task at home that may run several times at once.
    pub(crate) fn split(self, home: &mut Option<Box<Task>>) -> Runner {
        match self {
            Runner::Whole(task) => match &task.job {
                Job::Shared(job) => {
                    let runner = Runner::Shared(job.clone());
                    *home = Some(task);
                    runner
                }
                _ => Runner::Whole(task),
            },
            shared => shared,
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Policy {
    pub(crate) missed: Missed,
    /// How late a run may begin; later, its due is missed.
    pub(crate) grace: Option<Duration>,
    pub(crate) overlap: Overlap,
}

/// The grace of [`Missed::Skip`]: as long as it may take to notice that the clock was stepped.
const SKIP_GRACE: Duration = Duration::from_secs(1);

impl Policy {
    fn grace(&self) -> Duration {
        self.grace.unwrap_or(match self.missed {
            Missed::Skip => SKIP_GRACE,
            Missed::Once | Missed::All => Duration::MAX,
        })
    }
}

/// A task as it travels: waiting in the agenda, with a worker, or gone.
pub(crate) struct Task {
    pub(crate) timetable: Timetable,
    pub(crate) job: Job,
    pub(crate) policy: Policy,
    /// Runs begun so far.
    pub(crate) count: u64,
    /// Runs left before the task is over.
    pub(crate) left: u64,
}

/// Why a task was sent off.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cause {
    /// A due has come.
    Due(Due),
    /// One passed while the task was running, and its policy is to queue.
    Queued(Due),
    /// The wall clock was set back, or the zone changed, when it showed this: the next due is looked for from there on.
    Ask(SystemTime),
    /// Somebody asked for a run now; the schedule does not move.
    Demand,
}

/// Occurrences up to a time do not run, for a reason: they are missed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MissedUntil {
    pub(crate) why: Why,
    pub(crate) until: Now,
    /// Up to here the reason is another one: a correction of the clock has skipped them.
    pub(crate) skipped: Option<Now>,
    /// How many of them were reported when they passed.
    pub(crate) reported: u64,
}

/// What becomes of the dues up to now.
pub(crate) struct Verdicts {
    /// The run to begin, if one is.
    pub(crate) start: Option<Start>,
    /// Dues that have no run of their own, to be reported.
    pub(crate) missed: Vec<MissedDues>,
    /// The due time after those.
    pub(crate) next: NextDue,
}

/// What a worker has found out about the next due time of a task.
#[derive(Debug)]
pub(crate) enum NextDue {
    /// It is the same as before: the run was on demand, and the schedule did not move.
    Unchanged,
    At(Due),
    /// The schedule has ended.
    Never,
    /// The schedule's own code panicked, or went back in time. It has ended, too.
    Broken(Error),
}

impl NextDue {
    /// The next due time, if it was found.
    pub(crate) fn due(&self) -> Option<Due> {
        match *self {
            NextDue::At(due) => Some(due),
            NextDue::Unchanged | NextDue::Never | NextDue::Broken(_) => None,
        }
    }
}

impl From<Result<Option<Due>, Error>> for NextDue {
    fn from(found: Result<Option<Due>, Error>) -> NextDue {
        match found {
            Ok(Some(due)) => NextDue::At(due),
            Ok(None) => NextDue::Never,
            Err(error) => NextDue::Broken(error),
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Start {
    pub(crate) due: SystemTime,
    pub(crate) lateness: Duration,
    pub(crate) missed: u64,
    pub(crate) is_calendar: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct MissedDues {
    pub(crate) count: u64,
    pub(crate) first: SystemTime,
    pub(crate) latest: SystemTime,
    pub(crate) why: Why,
}

impl Task {
    /// How many runs there may be at a time.
    pub(crate) fn allowed_runs(&self) -> usize {
        match (&self.job, self.policy.overlap) {
            (Job::Shared(_), Overlap::Allow(runs)) => runs.max(1),
            _ => 1,
        }
    }

    /// Says what the dues up to `until` mean, and finds the next one. That is now, or, if the clock was corrected while the
    /// task waited to be asked, what it would show now: what was skipped is not caught up with what had come before.
    /// The schedule may be the user's own code.
    pub(crate) fn decide(
        &mut self,
        cause: Cause,
        missed_until: Option<MissedUntil>,
        until: Now,
        now: Now,
    ) -> Verdicts {
        let due = match cause {
            Cause::Due(due) | Cause::Queued(due) => due,
            Cause::Demand => {
                let start = Start { due: now.wall, lateness: Duration::ZERO, missed: 0, is_calendar: false };
                return Verdicts { start: Some(start), missed: Vec::new(), next: NextDue::Unchanged };
            }
            Cause::Ask(wall) => {
                let next = self.timetable.after(wall, now).into();
                return Verdicts { start: None, missed: Vec::new(), next };
            }
        };
        if self.timetable.is_over(due, now) {
            return Verdicts { start: None, missed: Vec::new(), next: NextDue::Never };
        }
        let next = self.timetable.from(due, now).into();
        let mut verdicts = Verdicts { start: None, missed: Vec::new(), next };
        if let NextDue::Broken(_) = verdicts.next {
            // Whether it is left out is not known. Nothing vanishes.
            if missed_until.map_or(true, |missed_until| missed_until.reported == 0) {
                let due = due.passed_at(now);
                verdicts.missed.push(MissedDues { count: 1, first: due, latest: due, why: Why::Late });
            }
            return verdicts;
        }
        if let Some(MissedUntil { why, until, skipped, mut reported }) = missed_until {
            let skipped = skipped.map(|skipped| (Why::ClockCorrected, skipped));
            for (why, until) in skipped.into_iter().chain([(why, until)]) {
                let due = match verdicts.next {
                    NextDue::At(due) if due.age(until).is_some() => due,
                    _ => continue,
                };
                // If the clock was set back since, what it shows again is waited for.
                let until = Now { wall: until.wall.min(now.wall), ..until };
                let pass = self.timetable.pass(due, until, now);
                let (first, latest) = (due.passed_at(now), pass.latest.passed_at(now));
                if pass.count > reported {
                    verdicts.missed.push(MissedDues { count: pass.count - reported, first, latest, why });
                }
                reported = reported.saturating_sub(pass.count);
                verdicts.next = pass.next.into();
            }
        }
        let due = match verdicts.next {
            NextDue::At(due) if due.age(until).is_some() => due,
            _ => return verdicts,
        };

        let queued = matches!(cause, Cause::Queued(_));
        let all = self.policy.missed == Missed::All && !queued;
        let Pass { latest, before, count, next } = match all {
            true => Pass { latest: due, before: None, count: 1, next: self.timetable.next(due, now) },
            false => self.timetable.pass(due, until, now),
        };
        verdicts.next = next.into();
        let lateness = latest.age(now).unwrap_or_default();
        let starts = queued || lateness <= self.policy.grace();
        // The run stands for the latest due; the others are missed.
        let (missed, last_missed) = if starts { (count - 1, before) } else { (count, Some(latest)) };
        if let Some(last_missed) = last_missed {
            let why = if queued { Why::StillRunning } else { Why::Late };
            let (first, latest) = (due.passed_at(now), last_missed.passed_at(now));
            verdicts.missed.push(MissedDues { count: missed, first, latest, why });
        }
        if starts {
            let is_calendar = latest.calendar().is_some();
            verdicts.start = Some(Start { due: latest.passed_at(now), lateness, missed, is_calendar });
        }
        verdicts
    }
}
