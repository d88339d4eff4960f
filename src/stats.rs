//! Which task it is, and what has become of it so far.

use std::any::Any;
use std::time::{Duration, SystemTime};

use crate::event::RunOutcome;
use crate::sync::{lock, Arc, Mutex};

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

/// Which task it is, and what has become of it: shared by its entry, its runs and its handles. A replacement of the task keeps
/// it.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) name: Arc<str>,
    /// The number of the task.
    pub(crate) id: u64,
    pub(crate) stats: SharedStats,
}

impl Identity {
    pub(crate) fn new(name: Arc<str>, id: u64) -> Arc<Identity> {
        Arc::new(Identity { name, id, stats: SharedStats::default() })
    }
}

/// Nothing is allocated before there is something.
#[derive(Debug, Default)]
pub(crate) struct SharedStats {
    stats: Mutex<Option<Box<WithHistory>>>,
}

#[derive(Debug, Default)]
struct WithHistory {
    stats: Stats,
    history: Recorded,
}

/// What a layer has recorded of a task. The core does not look into it.
pub(crate) type Recorded = Option<Box<dyn Any + Send>>;

impl SharedStats {
    pub(crate) fn get(&self) -> Stats {
        lock(&self.stats).as_ref().map(|both| both.stats.clone()).unwrap_or_default()
    }

    fn change<T>(&self, change: impl FnOnce(&mut WithHistory) -> T) -> T {
        change(lock(&self.stats).get_or_insert_with(Box::default))
    }

    pub(crate) fn add_run(&self, run: LastRun) {
        self.change(|both| both.stats.add(run));
    }

    pub(crate) fn add_missed(&self, count: u64) {
        self.change(|both| both.stats.missed += count);
    }

    pub(crate) fn add_elsewhere(&self) {
        self.change(|both| both.stats.elsewhere += 1);
    }

    #[allow(dead_code)] // For layers.
    pub(crate) fn read_history<T>(&self, read: impl FnOnce(&Recorded) -> T) -> T {
        read(lock(&self.stats).as_ref().map_or(&None, |both| &both.history))
    }

    #[allow(dead_code)] // For layers.
    pub(crate) fn change_history<T>(&self, change: impl FnOnce(&mut Recorded) -> T) -> T {
        self.change(|both| change(&mut both.history))
    }
}
