//! What has become of a task so far.

use std::time::{Duration, SystemTime};

use crate::event::RunOutcome;
use crate::sync::{lock, Mutex};

/// What has become of a task so far: [`Task::stats`](crate::Task::stats) returns it. A replacement of the task goes on
/// counting.
///
/// ```
/// use std::time::{Duration, UNIX_EPOCH};
/// use sexton::{ManualClock, Scheduler};
///
/// let clock = ManualClock::new(UNIX_EPOCH);
/// let scheduler = Scheduler::builder().clock(&clock).zone("UTC").build()?;
/// let task = scheduler.task("probe").every("1s").times(2).run(|| Err::<(), _>("no route"))?;
/// clock.advance(Duration::from_secs(5));
///
/// let stats = task.stats();
/// assert_eq!((stats.runs(), stats.failed, stats.missed), (2, 2, 0));
/// let last = stats.last.unwrap();
/// assert_eq!(last.due, UNIX_EPOCH + Duration::from_secs(1));
/// assert_eq!(last.outcome.to_string(), "failed: no route");
/// # Ok::<(), sexton::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Stats {
    /// Runs that ended as [`RunOutcome::Finished`].
    pub finished: u64,
    /// Runs that ended as [`RunOutcome::Failed`]. A run that was repeated counts once.
    pub failed: u64,
    /// Runs that ended as [`RunOutcome::Panicked`].
    pub panicked: u64,
    /// Runs that ended as [`RunOutcome::TimedOut`].
    pub timed_out: u64,
    /// Runs that ended as [`RunOutcome::Stopped`].
    pub stopped: u64,
    /// Occurrences that were missed.
    pub missed: u64,
    /// Occurrences that [another replica](crate::Builder::claim) has.
    pub elsewhere: u64,
    /// The run that ended last.
    pub last: Option<LastRun>,
    /// The longest time that a run took.
    pub longest: Duration,
    total: Duration,
}

/// A run that has ended.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LastRun {
    /// The instant that it was meant for.
    pub due: SystemTime,
    /// When it started, or its last attempt if it was repeated.
    pub started: SystemTime,
    /// How long it took, or its last attempt.
    pub took: Duration,
    /// How it ended.
    pub outcome: RunOutcome,
    /// How many attempts there were.
    pub attempts: u32,
}

impl Stats {
    /// How many runs have ended.
    pub fn runs(&self) -> u64 {
        self.finished + self.failed + self.panicked + self.timed_out + self.stopped
    }

    /// How long the runs took on average. `None` before the first has ended.
    pub fn mean(&self) -> Option<Duration> {
        let nanos = self.total.as_nanos().checked_div(self.runs().into())?;
        Some(Duration::from_nanos(nanos.try_into().unwrap_or(u64::MAX)))
    }

    fn add(&mut self, run: LastRun) {
        *match run.outcome {
            RunOutcome::Finished => &mut self.finished,
            RunOutcome::Failed(_) => &mut self.failed,
            RunOutcome::Panicked(_) => &mut self.panicked,
            RunOutcome::TimedOut => &mut self.timed_out,
            RunOutcome::Stopped => &mut self.stopped,
        } += 1;
        self.longest = self.longest.max(run.took);
        self.total = self.total.saturating_add(run.took);
        self.last = Some(run);
    }
}

/// The statistics of a task, shared by its entry and its handles. They are boxed with the first run that ends.
#[derive(Debug, Default)]
pub(crate) struct SharedStats {
    stats: Mutex<Option<Box<Stats>>>,
}

impl SharedStats {
    pub(crate) fn get(&self) -> Stats {
        lock(&self.stats).as_deref().cloned().unwrap_or_default()
    }

    pub(crate) fn add_run(&self, run: LastRun) {
        lock(&self.stats).get_or_insert_with(Box::default).add(run);
    }

    pub(crate) fn add_missed(&self, count: u64) {
        lock(&self.stats).get_or_insert_with(Box::default).missed += count;
    }

    pub(crate) fn add_elsewhere(&self) {
        lock(&self.stats).get_or_insert_with(Box::default).elsewhere += 1;
    }
}
