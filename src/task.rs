//! A task: its callback and its policies. Decides which occurrences are run and which are missed.
//!
//! A schedule that is the user's code is asked without a lock, on a worker or on the caller's thread. Any other is
//! arithmetic, and is asked under the state's lock.

mod judge;

use std::fmt;
use std::future::Future;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::time::{Duration, SystemTime};

pub(crate) use self::judge::{
    Come, Late, MissedOccurrences, NextDue, Question, QuestionKind, Skipped, Start, Verdicts,
};
use crate::clock::Now;
use crate::error::Error;
use crate::stats::{Identity, LastRun};
use crate::sync::{Arc, Instant};

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
/// QueueAll(8)  [=======run 1=======][2][3][4]      each with its own due time
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
    /// One run after the other for each of them, with its own due time, once the current run has ended. No more than this many
    /// wait, at least 1: of more, the earliest are missed. Not for a schedule that calls your code: an iterator, a closure,
    /// or a closure in [`except`](crate::Schedule::except).
    QueueAll(usize),
    /// Up to this many runs at a time, at least 1. Occurrences beyond that are missed. Needs a callback that several threads
    /// may call: [`run_shared`](crate::TaskBuilder::run_shared) or [`run_async`](crate::TaskBuilder::run_async).
    Allow(usize),
}

/// What a callback can return: nothing, a `Result` with any error that implements `Display`, or a [`ControlFlow`].
///
/// `Break` ends the task. An error is reported ([`RunOutcome::Failed`](crate::RunOutcome::Failed)), and the schedule goes on.
/// A future is none of these: an asynchronous callback goes to [`run_async`](crate::TaskBuilder::run_async).
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

/// The type of `todo!()` and of `loop {}`, which stable Rust cannot name otherwise.
type Never = <fn() -> ! as never::Function>::Output;

mod never {
    pub trait Function {
        type Output;
    }

    impl<T> Function for fn() -> T {
        type Output = T;
    }
}

/// For `run(|| todo!())`.
impl Outcome for Never {
    fn verdict(self) -> Verdict {
        self
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
    pub(crate) identity: Arc<Identity>,
    /// Which version of the task.
    pub(crate) version: u64,
    pub(crate) due: SystemTime,
    pub(crate) lateness: Duration,
    /// The due time by which the replicas know it, as long as it is to be claimed.
    pub(crate) claim: Option<SystemTime>,
    /// How many other occurrences this run coalesces.
    pub(crate) missed: u64,
    /// The number of this run among the task's runs, from 1.
    pub(crate) count: u64,
    pub(crate) reason: Reason,
    pub(crate) place: Place,
    /// The number of this attempt, from 1: a run that fails may be repeated.
    pub(crate) attempt: u32,
    /// When it has taken as long as it may.
    pub(crate) deadline: Option<Instant>,
}

impl Facts {
    /// The name of its task.
    pub(crate) fn name(&self) -> &Arc<str> {
        &self.identity.name
    }

    /// Whether it has taken as long as it may.
    pub(crate) fn is_overlong(&self, now: Now) -> bool {
        self.deadline.map_or(false, |deadline| deadline <= now.mono)
    }
}

/// What a run is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// A due time by the wall clock.
    Calendar,
    /// A due time by the monotonic clock.
    Elapsed,
    /// `run_now` requested it.
    Demand,
}

/// Where a run stands among the runs of its task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Others may follow.
    Any,
    /// It is the last, so the task has given up its name.
    Last,
    /// It is the last, because of `cancel_after_next`.
    OneMore,
}

pub(crate) type Pending = Pin<Box<dyn Future<Output = Verdict> + Send>>;

/// A callback.
pub(crate) enum Job {
    /// Called by one thread at a time.
    Alone(Box<dyn FnMut(&Facts) -> Verdict + Send>),
    /// Called by several threads at a time.
    Shared(Arc<dyn Fn(&Facts) -> Verdict + Send + Sync>),
    /// Returns a future, which is polled until it is ready. Called by several threads at a time.
    Async(Arc<dyn Fn(&Facts) -> Pending + Send + Sync>),
}

/// What a callback has returned.
pub(crate) enum Called {
    Ended(Verdict),
    Pending(Pending),
}

impl Job {
    pub(crate) fn call(&mut self, facts: &Facts) -> Called {
        match self {
            Job::Alone(job) => Called::Ended(job(facts)),
            Job::Shared(job) => Called::Ended(job(facts)),
            Job::Async(job) => Called::Pending(job(facts)),
        }
    }

    /// The same callback, if several threads may call it.
    pub(crate) fn shared(&self) -> Option<Job> {
        match self {
            Job::Alone(_) => None,
            Job::Shared(job) => Some(Job::Shared(job.clone())),
            Job::Async(job) => Some(Job::Async(job.clone())),
        }
    }
}

/// How a run that fails is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Retries {
    /// How often at most.
    pub(crate) most: u32,
    /// The time from the end of the first attempt to the second. It doubles from attempt to attempt.
    pub(crate) first_delay: Duration,
}

/// A longer delay than this does not double.
const LONGEST_DELAY: Duration = Duration::from_secs(3600);

impl Retries {
    /// How long after the end of an attempt the next one begins. None if it was the last.
    pub(crate) fn delay_after(&self, attempt: u32) -> Option<Duration> {
        let doubled = || self.first_delay.saturating_mul(1 << (attempt - 1).min(31));
        (attempt <= self.most).then(|| doubled().min(LONGEST_DELAY.max(self.first_delay)))
    }
}

/// A run that failed, and is to be repeated.
pub(crate) struct Retry {
    pub(crate) run: Facts,
    /// When it is repeated.
    pub(crate) at: Instant,
    /// None if it has not begun: it is its claim that failed.
    pub(crate) failed: Option<LastRun>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Policy {
    pub(crate) missed: Missed,
    /// How late a run may start. An occurrence that is later than this is missed.
    pub(crate) grace: Option<Duration>,
    pub(crate) overlap: Overlap,
    /// A run that takes longer is asked to stop.
    pub(crate) time_limit: Option<Duration>,
    pub(crate) retries: Option<Retries>,
    /// Whether its runs are handed over before they are due, to start with less delay.
    pub(crate) is_precise: bool,
    /// Whether each replica runs it.
    pub(crate) is_unclaimed: bool,
}

/// The default grace of [`Missed::Skip`]. It equals the default clock check: a clock step may be noticed that late.
const SKIP_GRACE: Duration = Duration::from_secs(1);

impl Overlap {
    /// Whether overruns wait for the end of the run.
    pub(crate) fn is_queue(self) -> bool {
        matches!(self, Overlap::Queue | Overlap::QueueAll(_))
    }
}

impl Policy {
    /// Whether it goes with a callback, and with a schedule, which may be the user's code.
    pub(crate) fn check(&self, job: &Job, is_users: bool) -> Result<(), Error> {
        let nonsense = |why| Err(Error::other(why).in_field("overlap", format!("{:?}", self.overlap)));
        match self.overlap {
            Overlap::Allow(0) => nonsense("at least one run at a time"),
            Overlap::Allow(_) if matches!(job, Job::Alone(_)) => {
                nonsense("needs a callback that several threads may call: `run_shared` or `run_async`")
            }
            Overlap::Allow(_) if self.retries.is_some() => {
                let why = "does not go with `Overlap::Allow`: attempts do not overlap";
                Err(Error::other(why).in_field("retry", ""))
            }
            Overlap::QueueAll(0) => nonsense("at least one run that waits"),
            _ => self.check_schedule(is_users),
        }
    }

    /// Whether it goes with a schedule, which may be the user's code.
    pub(crate) fn check_schedule(&self, is_users: bool) -> Result<(), Error> {
        match self.overlap {
            Overlap::QueueAll(_) if is_users => {
                let why =
                    "does not go with an iterator or a closure, whose occurrences cannot be counted twice";
                Err(Error::other(why).in_field("overlap", format!("{:?}", self.overlap)))
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn grace(&self) -> Duration {
        self.grace.unwrap_or(match self.missed {
            Missed::Skip => SKIP_GRACE,
            Missed::Once | Missed::All => Duration::MAX,
        })
    }
}
