//! A task: its callback and its policies. Decides which occurrences are run and which are missed.
//!
//! A schedule that is the user's code is asked without a lock, on a worker or on the caller's thread. Any other is
//! arithmetic, and is asked under the state's lock.

use std::fmt;
use std::future::Future;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::time::{Duration, SystemTime};

use crate::clock::Now;
use crate::error::Error;
use crate::event::Why;
use crate::schedule::{Due, Pass, Timetable};
use crate::stats::{LastRun, SharedStats};
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
    pub(crate) reason: Reason,
    pub(crate) place: Place,
    /// The number of this attempt, from 1: a run that fails may be repeated.
    pub(crate) attempt: u32,
    /// When it has taken as long as it may.
    pub(crate) deadline: Option<Instant>,
    pub(crate) stats: Arc<SharedStats>,
}

impl Facts {
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
    /// The next attempt.
    pub(crate) run: Facts,
    pub(crate) at: Instant,
    /// The last attempt.
    pub(crate) failed: LastRun,
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
}

/// The default grace of [`Missed::Skip`]. It equals the default clock check: a clock step may be noticed that late.
const SKIP_GRACE: Duration = Duration::from_secs(1);

/// What is to be found out about a schedule when its task is picked up. A worker asks the schedule without a lock if it is
/// the user's code.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question {
    pub(crate) policy: Policy,
    pub(crate) kind: QuestionKind,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum QuestionKind {
    /// The wall clock was set back, or the zone changed, when the wall clock showed this. Which due time is next after it?
    After(SystemTime),
    /// Occurrences have come, this one first. Which are run, and which are missed?
    Come(Come),
}

/// Occurrences that have come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Come {
    pub(crate) first: Due,
    /// Up to a time they are missed.
    pub(crate) missed: Option<(Why, Now)>,
    pub(crate) correction: Option<Correction>,
    pub(crate) late: Late,
}

/// Why occurrences are late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Late {
    /// Nothing could start the task: [`Missed`] applies.
    Unstarted,
    /// The task was running, and its policy is [`Overlap::Queue`].
    Overrun,
}

/// A correction of the wall clock: what it skipped is missed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Correction {
    pub(crate) from: SystemTime,
    pub(crate) to: SystemTime,
}

/// The answer to a [`Question`].
pub(crate) struct Verdicts {
    /// The run to start, if any.
    pub(crate) start: Option<Start>,
    /// Occurrences to report as missed.
    pub(crate) missed: Vec<MissedOccurrences>,
    /// The due time after those.
    pub(crate) next: NextDue,
}

/// The next due time of a task.
#[derive(Debug)]
pub(crate) enum NextDue {
    At(Due),
    /// The schedule has ended.
    Never,
    /// The schedule's own code panicked, or went back in time. It has ended, too.
    Broken(Error),
}

impl NextDue {
    /// The next due time, if there is one.
    pub(crate) fn due(&self) -> Option<Due> {
        match *self {
            NextDue::At(due) => Some(due),
            NextDue::Never | NextDue::Broken(_) => None,
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
    pub(crate) reason: Reason,
}

/// Missed occurrences with the same reason, from `first` to `latest`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MissedOccurrences {
    pub(crate) count: u64,
    pub(crate) first: SystemTime,
    pub(crate) latest: SystemTime,
    pub(crate) why: Why,
}

impl Overlap {
    /// Whether overruns wait for the end of the run.
    pub(crate) fn is_queue(self) -> bool {
        matches!(self, Overlap::Queue | Overlap::QueueAll(_))
    }
}

impl Policy {
    fn grace(&self) -> Duration {
        self.grace.unwrap_or(match self.missed {
            Missed::Skip => SKIP_GRACE,
            Missed::Once | Missed::All => Duration::MAX,
        })
    }
}

impl Question {
    /// Asks the schedule.
    pub(crate) fn answer(self, timetable: &mut Timetable, now: Now) -> Verdicts {
        match self.kind {
            QuestionKind::After(wall) => Verdicts::new(timetable.after(wall, now).into()),
            QuestionKind::Come(come) => come.judge(timetable, &self.policy, now),
        }
    }
}

impl Come {
    /// Classifies the occurrences up to now as run or missed, and finds the next due time.
    fn judge(self, timetable: &mut Timetable, policy: &Policy, now: Now) -> Verdicts {
        if timetable.is_over(self.first, now) {
            return Verdicts::new(NextDue::Never);
        }
        let mut verdicts = Verdicts::new(timetable.from(self.first, now).into());
        if let NextDue::Broken(_) = verdicts.next {
            // The schedule failed, so it is unknown whether an exclusion removes this occurrence. Report it rather than lose it.
            let due = self.first.passed_at(now);
            verdicts.missed.push(MissedOccurrences { count: 1, first: due, latest: due, why: Why::Late });
            return verdicts;
        }
        if let Some((why, until)) = self.missed {
            verdicts.miss_around(timetable, self.correction, why, until, now);
        }
        // What came before a correction still runs.
        let until = self.correction.map_or(now, |it| Now { wall: it.from.min(now.wall), ..now });
        verdicts.run(timetable, policy, self.late, until, now);
        if let (Some(Correction { to, .. }), None) = (self.correction, verdicts.start) {
            // If a run starts, what was skipped is judged after it.
            verdicts.miss(timetable, Why::ClockCorrected, Now { wall: to, ..now }, now);
            verdicts.run(timetable, policy, self.late, now, now);
        }
        verdicts
    }

    /// Classifies all occurrences up to now as missed. Nothing is run.
    pub(crate) fn miss_all(self, timetable: &mut Timetable, why: Why, now: Now) -> Verdicts {
        let mut verdicts = Verdicts::new(match timetable.is_over(self.first, now) {
            true => NextDue::Never,
            false => timetable.from(self.first, now).into(),
        });
        verdicts.miss_around(timetable, self.correction, why, now, now);
        verdicts
    }
}

impl Verdicts {
    fn new(next: NextDue) -> Verdicts {
        Verdicts { start: None, missed: Vec::new(), next }
    }

    /// Occurrences up to `until` are missed for the reason `why`, but for those that a correction has skipped.
    fn miss_around(
        &mut self,
        timetable: &mut Timetable,
        correction: Option<Correction>,
        why: Why,
        until: Now,
        now: Now,
    ) {
        if let Some(Correction { from, to }) = correction {
            self.miss(timetable, why, Now { wall: from.min(until.wall), ..until }, now);
            self.miss(timetable, Why::ClockCorrected, Now { wall: to.min(until.wall), ..until }, now);
        }
        self.miss(timetable, why, until, now);
    }

    /// Occurrences up to `until` are missed.
    fn miss(&mut self, timetable: &mut Timetable, why: Why, until: Now, now: Now) {
        // If the clock was set back since then, occurrences that it will show again are not missed.
        let until = Now { wall: until.wall.min(now.wall), ..until };
        if let Some(due) = self.next.due().filter(|due| due.has_come(until)) {
            let pass = timetable.pass(due, until, now);
            let (first, latest) = (due.passed_at(now), pass.latest.passed_at(now));
            self.missed.push(MissedOccurrences { count: pass.count, first, latest, why });
            self.next = pass.next.into();
        }
    }

    /// Of the occurrences from `due` up to `until` all but the last `most` are missed. Returns the first of those.
    fn miss_all_but(
        &mut self,
        timetable: &mut Timetable,
        due: Due,
        most: usize,
        until: Now,
        now: Now,
    ) -> Due {
        let mut count_until = |until: Now| timetable.pass(due, until, now).count;
        let missed = count_until(until).saturating_sub(most as u64);
        if missed == 0 {
            return due;
        }
        // The least time up to which so many have come: that of the last one to be missed.
        let before = |by: u128| until.before(Duration::from_nanos(u64::try_from(by).unwrap_or(u64::MAX)));
        let (mut none, mut all) = (due.age(until).unwrap_or_default().as_nanos() + 1, 0);
        while none - all > 1 {
            let middle = all + (none - all) / 2;
            let has_all = due.has_come(before(middle)) && count_until(before(middle)) >= missed;
            *(if has_all { &mut all } else { &mut none }) = middle;
        }
        self.miss(timetable, Why::StillRunning, before(all), now);
        self.next.due().unwrap_or(due)
    }

    /// One of the occurrences up to `until` is run, if the policy says so. The others are missed.
    fn run(&mut self, timetable: &mut Timetable, policy: &Policy, late: Late, until: Now, now: Now) {
        let due = match self.next.due() {
            Some(due) if due.has_come(until) => due,
            _ => return,
        };
        let is_overrun = late == Late::Overrun;
        let due = match policy.overlap {
            Overlap::QueueAll(most) if is_overrun => self.miss_all_but(timetable, due, most, until, now),
            _ => due,
        };
        let is_each = match policy.overlap {
            _ if !is_overrun => policy.missed == Missed::All,
            overlap => matches!(overlap, Overlap::QueueAll(_)),
        };
        let Pass { latest, before, count, next } = match is_each {
            true => Pass { latest: due, before: None, count: 1, next: timetable.next(due, now) },
            false => timetable.pass(due, until, now),
        };
        self.next = next.into();
        let lateness = latest.age(now).unwrap_or_default();
        let starts = is_overrun || lateness <= policy.grace();
        // The run is for the latest occurrence; the others are missed.
        let (missed, last_missed) = if starts { (count - 1, before) } else { (count, Some(latest)) };
        if let Some(last_missed) = last_missed {
            let why = if is_overrun { Why::StillRunning } else { Why::Late };
            let (first, latest) = (due.passed_at(now), last_missed.passed_at(now));
            self.missed.push(MissedOccurrences { count: missed, first, latest, why });
        }
        if starts {
            let reason = if latest.calendar().is_some() { Reason::Calendar } else { Reason::Elapsed };
            self.start = Some(Start { due: latest.passed_at(now), lateness, missed, reason });
        }
    }
}
