//! A task: its schedule, its callback and its policies. Decides which occurrences are run and which are missed.
//!
//! This code is called without a lock, on a worker or on the user's own thread: a schedule may be the user's code.

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

/// What happens to occurrences that pass while nothing can start the task: the machine sleeps, the clock is set, all
/// workers are busy, or, with a [journal](crate::Builder::journal), the process is down.
///
/// ```text
/// due         |---1---|---2---|---3---|---4---|
/// asleep           [zzzzzzzzzzzzzz]
/// Once                             [3]     [4]     run 3 coalesces 2: `missed()` is 1
/// Skip                                     [4]     2 and 3 are missed, and reported
/// All                              [2][3]  [4]     each with its own due time
/// ```
///
/// ```
/// use std::time::Duration;
/// use sexton::{ManualClock, Missed, Scheduler};
///
/// let clock = ManualClock::new(std::time::UNIX_EPOCH);
/// let scheduler = Scheduler::builder().clock(&clock).zone("UTC").build()?;
/// let once = scheduler.task("once").cron("0 * * * *").run(|| {})?;
/// let all = scheduler.task("all").cron("0 * * * *").missed(Missed::All).run(|| {})?;
///
/// clock.suspend(Duration::from_secs(2 * 3600)); // 01:00 and 02:00 pass
/// clock.advance(Duration::ZERO);
/// assert_eq!((once.count(), all.count()), (Some(1), Some(2)));
/// # Ok::<(), sexton::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Missed {
    /// They are coalesced: one run at once, for the latest. [`Run::missed`](crate::Run::missed) counts the others.
    #[default]
    Once,
    /// None of them is run if the latest is older than the [grace](crate::TaskBuilder::grace), one second by default.
    Skip,
    /// All of them are run, one after the other, each with its own due time.
    All,
}

/// What happens to overruns: occurrences that pass while the task itself is running.
///
/// ```text
/// due         |---1---|---2---|---3---|---4---|
/// Skip         [=======run 1=======]   [4]         2 and 3 are missed, and reported
/// Queue        [=======run 1=======][3][4]         run 3 coalesces 2: `missed()` is 1
/// Allow(2)     [=======run 1=======]
///                      [===run 2===]   [4]         3 is missed, and reported
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Overlap {
    /// They are missed.
    #[default]
    Skip,
    /// They are coalesced: one run right after the current one, for the latest. [`Run::missed`](crate::Run::missed) counts the
    /// others.
    Queue,
    /// Up to this many runs at a time, at least 1. Occurrences beyond that are missed. Needs a callback that several threads
    /// may call: [`run_shared`](crate::TaskBuilder::run_shared).
    Allow(usize),
}

/// What a callback can return: nothing, a `Result` with any error that implements `Display`, or a [`ControlFlow`].
///
/// `Break` ends the task. An error is reported ([`Event::Failed`](crate::Event::Failed)), and the schedule goes on.
///
/// ```
/// use std::ops::ControlFlow;
/// # let scheduler = sexton::Scheduler::builder().zone("UTC").build()?;
///
/// let mut tries = 0;
/// scheduler.task("connect").every("1s").run(move || {
///     tries += 1;
///     if tries < 3 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
/// })?;
/// # Ok::<(), sexton::Error>(())
/// ```
pub trait Outcome {
    /// What the scheduler does with the task after this run.
    fn verdict(self) -> Verdict;
}

/// What the scheduler does with a task after a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The schedule goes on.
    Continue,
    /// The task ends.
    Break,
    /// The run failed for this reason. The schedule goes on.
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

/// What a run knows of itself.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    pub(crate) name: Arc<str>,
    /// Which task of this name, and which version of it.
    pub(crate) id: u64,
    pub(crate) version: u64,
    pub(crate) due: SystemTime,
    pub(crate) lateness: Duration,
    /// How many other occurrences this run coalesces.
    pub(crate) missed: u64,
    /// The number of this run among the task's runs, from 1.
    pub(crate) count: u64,
    /// Whether this is the last run, so that the task has given up its name.
    pub(crate) is_last: bool,
    /// Whether this is the one run after `cancel_after_next`.
    pub(crate) is_one_more: bool,
    /// Whether `run_now` requested this run.
    pub(crate) is_asked_for: bool,
    /// Whether its due time follows the wall clock.
    pub(crate) is_calendar: bool,
}

pub(crate) type Pending = Pin<Box<dyn Future<Output = Verdict> + Send>>;

/// A callback.
pub(crate) enum Job {
    /// Called by one thread at a time.
    Alone(Box<dyn FnMut(&Facts) -> Verdict + Send>),
    /// Called by several threads at a time.
    Shared(SharedJob),
    /// Returns a future, which is polled until it is ready.
    Async(Box<dyn FnMut() -> Pending + Send>),
}

pub(crate) type SharedJob = Arc<dyn Fn(&Facts) -> Verdict + Send + Sync>;

/// What a worker gets for a run.
pub(crate) enum Runner {
    /// The task itself. It is moved to the worker, so no other worker can run it.
    Whole(Box<Task>),
    /// The callback alone. The task stays in the agenda, so another run may start meanwhile.
    Shared(SharedJob),
}

impl Runner {
    /// Puts a task with a shared callback back into `home`, and keeps its callback.
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
    /// How late a run may start. An occurrence that is later than this is missed.
    pub(crate) grace: Option<Duration>,
    pub(crate) overlap: Overlap,
}

/// The default grace of [`Missed::Skip`]. It equals the default clock check: a clock step may be noticed that late.
const SKIP_GRACE: Duration = Duration::from_secs(1);

impl Policy {
    fn grace(&self) -> Duration {
        self.grace.unwrap_or(match self.missed {
            Missed::Skip => SKIP_GRACE,
            Missed::Once | Missed::All => Duration::MAX,
        })
    }
}

/// A task. It waits in the agenda, and moves to a worker for a decision or a run.
pub(crate) struct Task {
    pub(crate) timetable: Timetable,
    pub(crate) job: Job,
    pub(crate) policy: Policy,
    /// Runs that have started so far.
    pub(crate) count: u64,
    /// Runs left before the task ends.
    pub(crate) left: u64,
}

/// Why a task was sent to a worker.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cause {
    /// Its due time has come.
    Due(Due),
    /// This due time passed while the task was running, and the policy is [`Overlap::Queue`].
    Queued(Due),
    /// The wall clock was set back, or the zone changed, when the wall clock showed this. Find the next due time after it.
    Ask(SystemTime),
    /// `run_now` requested a run. The schedule does not move.
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

/// What happens to the occurrences up to now.
pub(crate) struct Verdicts {
    /// The run to start, if any.
    pub(crate) start: Option<Start>,
    /// Occurrences to report as missed.
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

/// Missed occurrences with the same reason, from `first` to `latest`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MissedDues {
    pub(crate) count: u64,
    pub(crate) first: SystemTime,
    pub(crate) latest: SystemTime,
    pub(crate) why: Why,
}

impl Task {
    /// The maximum number of runs at a time.
    pub(crate) fn allowed_runs(&self) -> usize {
        match (&self.job, self.policy.overlap) {
            (Job::Shared(_), Overlap::Allow(runs)) => runs.max(1),
            _ => 1,
        }
    }

    /// Classifies the occurrences up to `until` as run or missed, and finds the next due time.
    ///
    /// `until` is `now`, unless the clock was corrected while the task waited for a worker. Then it is the time that the
    /// clock would show without the correction: the skipped occurrences are missed, and no run coalesces them.
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
            // The schedule failed, so it is unknown whether an exclusion removes this occurrence. Report it rather than lose it.
            if missed_until.map_or(true, |missed_until| missed_until.reported == 0) {
                let due = due.passed_at(now);
                verdicts.missed.push(MissedDues { count: 1, first: due, latest: due, why: Why::Late });
            }
            return verdicts;
        }
        if let Some(MissedUntil { why, until, skipped, mut reported }) = missed_until {
            let skipped = skipped.map(|skipped| (Why::ClockCorrected, skipped));
            for (why, until) in skipped.into_iter().chain([(why, until)]) {
                let mut due = match verdicts.next {
                    NextDue::At(due) if due.age(until).is_some() => due,
                    _ => continue,
                };
                // If the clock was set back since then, occurrences that it will show again are not missed.
                let until = Now { wall: until.wall.min(now.wall), ..until };
                if reported > 0 {
                    reported -= 1;
                    verdicts.next = self.timetable.next(due, now).into();
                    due = match verdicts.next {
                        NextDue::At(due) if due.age(until).is_some() => due,
                        _ => continue,
                    };
                }
                let pass = self.timetable.pass(due, until, now);
                let (count, first, latest) = (pass.count, due.passed_at(now), pass.latest.passed_at(now));
                verdicts.missed.push(MissedDues { count, first, latest, why });
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
        // The run is for the latest occurrence; the others are missed.
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
