//! What has become of the jobs, in numbers: for each job that has run or missed something, and for all of them.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use sexton::{Run, Why};

use crate::job::Ending;

/// The upper bounds of the buckets of how long runs take, and of how late they start, in milliseconds. There is one more, for all.
pub const TOOK: [u64; 12] =
    [10, 100, 500, 1000, 5000, 15_000, 60_000, 300_000, 900_000, 3_600_000, 14_400_000, 86_400_000];
pub const LATE: [u64; 12] = [1, 2, 5, 10, 50, 100, 500, 1000, 5000, 30_000, 300_000, 3_600_000];

/// The values of the labels.
pub const OUTCOMES: [&str; 4] = ["success", "failure", "timeout", "stopped"];
pub const REASONS: [&str; 8] =
    ["late", "still_running", "paused", "clock_corrected", "cancelled", "shut_down", "claim_failed", "other"];

/// How many of the last runs are kept.
const RECENT: usize = 20;

#[derive(Clone, Copy, Default)]
pub struct Histogram {
    /// For each bucket those that are in no smaller one.
    pub counts: [u64; 13],
    pub sum: Duration,
}

impl Histogram {
    fn add(&mut self, value: Duration, bounds: &[u64; 12]) {
        let bucket = bounds.iter().position(|bound| value <= Duration::from_millis(*bound));
        self.counts[bucket.unwrap_or(bounds.len())] += 1;
        self.sum = self.sum.saturating_add(value);
    }

    pub fn merge(&mut self, other: &Histogram) {
        self.counts.iter_mut().zip(other.counts).for_each(|(count, other)| *count += other);
        self.sum = self.sum.saturating_add(other.sum);
    }
}

impl Ending {
    /// In `OUTCOMES`.
    pub fn index(&self) -> usize {
        match self {
            Ending::Succeeded => 0,
            Ending::Failed(_) => 1,
            Ending::TimedOut => 2,
            Ending::Stopped => 3,
        }
    }
}

/// A run that has ended.
#[derive(Clone)]
pub struct Ended {
    /// The label of its job.
    pub job: Arc<str>,
    pub due: SystemTime,
    pub started: SystemTime,
    pub took: Duration,
    pub ending: Ending,
}

/// What has become of one job.
#[derive(Clone, Default)]
pub struct OfJob {
    /// How many runs have started.
    pub started: u64,
    pub running: usize,
    /// The runs that have ended, in the order of `OUTCOMES`.
    pub ended: [u64; 4],
    /// The due times that were missed, in the order of `REASONS`.
    pub missed: [u64; 8],
    /// The due times whose runs other replicas have.
    pub elsewhere: u64,
    pub took: Histogram,
    pub last: Option<Ended>,
    pub last_success: Option<SystemTime>,
}

impl OfJob {
    /// Whether the last run that ended was no success.
    pub fn fails(&self) -> bool {
        self.last.as_ref().map_or(false, |last| last.ending != Ending::Succeeded)
    }

    /// Adds the numbers of another job.
    pub fn merge(&mut self, other: &OfJob) {
        self.ended.iter_mut().zip(other.ended).for_each(|(count, other)| *count += other);
        self.missed.iter_mut().zip(other.missed).for_each(|(count, other)| *count += other);
        self.elsewhere += other.elsewhere;
        self.took.merge(&other.took);
    }
}

#[derive(Default)]
pub struct State {
    /// By the names of their tasks, in the order of these.
    jobs: Vec<(Box<str>, Box<OfJob>)>,
    /// Also those of jobs that are not in the crontab any more.
    pub running: usize,
    pub late: Histogram,
    /// The last one first.
    pub recent: VecDeque<Ended>,
}

#[derive(Default)]
pub struct Counts {
    state: Mutex<State>,
    /// Notified when a run starts.
    started: Condvar,
}

/// A run that goes on.
pub struct Going<'a> {
    counts: &'a Counts,
    task: &'a str,
    due: SystemTime,
    began: (Instant, SystemTime),
    has_ended: bool,
}

impl Counts {
    /// No other lock is taken while this one is held.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A run of a job of the crontab starts.
    pub fn start<'a>(&'a self, run: &'a Run) -> Going<'a> {
        let (task, due) = (run.name(), run.due());
        let mut state = self.state();
        state.late.add(run.lateness(), &LATE);
        state.running += 1;
        let of_job = state.of(task);
        of_job.started += 1;
        of_job.running += 1;
        self.started.notify_all();
        Going { counts: self, task, due, began: (Instant::now(), SystemTime::now()), has_ended: false }
    }

    /// Due times of a job of the crontab were missed.
    pub fn missed(&self, task: &str, count: u64, why: Why) {
        let reason = match why {
            Why::Late => 0,
            Why::StillRunning => 1,
            Why::Paused => 2,
            Why::ClockCorrected => 3,
            Why::Cancelled => 4,
            Why::ShutDown => 5,
            Why::ClaimFailed => 6,
            _ => 7,
        };
        self.state().of(task).missed[reason] += count;
    }

    /// Another replica has a run of a job of the crontab.
    pub fn elsewhere(&self, task: &str) {
        self.state().of(task).elsewhere += 1;
    }

    /// Forgets the jobs that are not in the crontab any more.
    pub fn retain(&self, is_kept: impl Fn(&str) -> bool) {
        self.state().jobs.retain(|(task, _)| is_kept(task));
    }

    /// How many runs of a job have started.
    pub fn started(&self, task: &str) -> u64 {
        self.state().get(task).map_or(0, |of_job| of_job.started)
    }

    /// Waits until more runs of a job have started than these. False if that takes too long.
    pub fn wait_for_more(&self, task: &str, than: u64, patience: Duration) -> bool {
        let waits = |state: &mut State| state.get(task).map_or(true, |of_job| of_job.started <= than);
        let waited = self.started.wait_timeout_while(self.state(), patience, waits);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }
}

impl State {
    fn position(&self, task: &str) -> Result<usize, usize> {
        self.jobs.binary_search_by(|(other, _)| (**other).cmp(task))
    }

    pub fn get(&self, task: &str) -> Option<&OfJob> {
        self.position(task).ok().map(|at| &*self.jobs[at].1)
    }

    fn get_mut(&mut self, task: &str) -> Option<&mut OfJob> {
        self.position(task).ok().map(|at| &mut *self.jobs[at].1)
    }

    /// Those of a job, which may be the first.
    fn of(&mut self, task: &str) -> &mut OfJob {
        let at = self.position(task).unwrap_or_else(|at| {
            self.jobs.insert(at, (task.into(), Box::default()));
            at
        });
        &mut self.jobs[at].1
    }
}

impl Going<'_> {
    /// The run has ended. `job` is the label of its job.
    pub fn end(mut self, job: &str, ending: Ending) {
        self.has_ended = true;
        let (began, started) = self.began;
        let outcome = ending.index();
        let ended = Ended { job: job.into(), due: self.due, started, took: began.elapsed(), ending };
        let mut state = self.counts.state();
        state.running -= 1;
        state.recent.truncate(RECENT - 1);
        state.recent.push_front(ended.clone());
        // The crontab may have lost the job meanwhile.
        if let Some(of_job) = state.get_mut(self.task) {
            of_job.running = of_job.running.saturating_sub(1);
            of_job.ended[outcome] += 1;
            of_job.took.add(ended.took, &TOOK);
            if outcome == 0 {
                of_job.last_success = ended.started.checked_add(ended.took);
            }
            of_job.last = Some(ended);
        }
    }
}

impl Drop for Going<'_> {
    /// After a panic.
    fn drop(&mut self) {
        if !self.has_ended {
            let mut state = self.counts.state();
            state.running -= 1;
            if let Some(of_job) = state.get_mut(self.task) {
                of_job.running = of_job.running.saturating_sub(1);
            }
        }
    }
}
