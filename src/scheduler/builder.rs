//! The second step of building a task: what its schedule has beside it, its policies, and its callback.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::time::Duration;

use super::handle::{Run, Task};
use super::Scheduler;
use crate::civil::{Date, DateTime};
use crate::engine::Order;
use crate::error::Error;
use crate::schedule::{Given, GivenZone, Moment, Schedule};
use crate::sync::{lock, Arc, Mutex};
use crate::task::{Facts, Job, Missed, Outcome, Overlap, Pending, Policy, Retries};

/// A task with a name and a schedule. [`run`](TaskBuilder::run), [`run_with`](TaskBuilder::run_with),
/// [`run_shared`](TaskBuilder::run_shared) or [`run_async`](TaskBuilder::run_async) adds the callback and schedules it.
///
/// Errors in texts, here or in the schedule, are returned by `run`, so that one `?` is enough.
#[must_use = "a task does nothing until it has a callback: `.run(...)`"]
pub struct TaskBuilder<'a> {
    scheduler: &'a Scheduler,
    name: Arc<str>,
    schedule: Result<Schedule, Error>,
    policy: Policy,
    replaces: bool,
    is_paused: bool,
}

impl<'a> TaskBuilder<'a> {
    pub(super) fn new(
        scheduler: &'a Scheduler,
        name: Arc<str>,
        schedule: Result<Schedule, Error>,
    ) -> TaskBuilder<'a> {
        let policy = Policy::default();
        TaskBuilder { scheduler, name, schedule, policy, replaces: false, is_paused: false }
    }

    /// As [`Schedule::starting`].
    pub fn starting<M: Given<Moment>>(self, moment: M) -> Self {
        self.with(|schedule| schedule.starting(moment))
    }

    /// As [`Schedule::until`].
    pub fn until<M: Given<Moment>>(self, moment: M) -> Self {
        self.with(|schedule| schedule.until(moment))
    }

    /// As [`Schedule::every_nth_week`].
    pub fn every_nth_week(self, weeks: u32) -> Self {
        self.with(|schedule| Ok(schedule.every_nth_week(weeks)))
    }

    /// As [`Schedule::first_after`].
    pub fn first_after(self, delay: Duration) -> Self {
        self.with(|schedule| Ok(schedule.first_after(delay)))
    }

    /// As [`Schedule::times`].
    pub fn times(self, runs: u64) -> Self {
        self.with(|schedule| Ok(schedule.times(runs)))
    }

    /// As [`Schedule::except`].
    pub fn except(self, is_left_out: impl Fn(DateTime) -> bool + Send + Sync + 'static) -> Self {
        self.with(|schedule| Ok(schedule.except(is_left_out)))
    }

    /// As [`Schedule::except_dates`].
    pub fn except_dates<I>(self, dates: I) -> Self
    where
        I: IntoIterator,
        I::Item: Given<Date>,
    {
        self.with(|schedule| schedule.except_dates(dates))
    }

    /// As [`Schedule::or_next_day`].
    pub fn or_next_day(self) -> Self {
        self.with(|schedule| Ok(schedule.or_next_day()))
    }

    /// As [`Schedule::or_previous_day`].
    pub fn or_previous_day(self) -> Self {
        self.with(|schedule| Ok(schedule.or_previous_day()))
    }

    /// As [`Schedule::jitter`].
    pub fn jitter(self, jitter: Duration) -> Self {
        self.with(|schedule| Ok(schedule.jitter(jitter)))
    }

    /// The zone of the schedule's civil times: a [`Zone`](crate::tz::Zone), or the name of one or a POSIX rule. Without it, the scheduler's
    /// zone.
    ///
    /// The tasks of a scheduler that name the same zone share its data. Its file is read again after a
    /// [`zone_check`](crate::Builder::zone_check) at the earliest.
    pub fn zone(self, zone: impl GivenZone) -> Self {
        let engine = &self.scheduler.engine;
        self.with(|schedule| Ok(schedule.zone(zone.zone(|text| engine.zone_of(text))?)))
    }

    fn with(mut self, change: impl FnOnce(Schedule) -> Result<Schedule, Error>) -> Self {
        self.schedule = self.schedule.and_then(change);
        self
    }

    /// What happens to occurrences that pass while nothing can start the task. [`Missed::Once`] by default.
    pub fn missed(mut self, missed: Missed) -> Self {
        self.policy.missed = missed;
        self
    }

    /// How late a run may start. An occurrence that is later than this is missed. Without limit by default; one second with
    /// [`Missed::Skip`].
    pub fn grace(mut self, grace: Duration) -> Self {
        self.policy.grace = Some(grace);
        self
    }

    /// What happens to occurrences that pass while the task itself is running. [`Overlap::Skip`] by default.
    pub fn overlap(mut self, overlap: Overlap) -> Self {
        self.policy.overlap = overlap;
        self
    }

    /// Starts the runs closer to their due times: mostly within a few microseconds instead of about a hundred. For that, the
    /// task is handed to a worker 150 microseconds early, and the worker waits for the due time without sleeping.
    ///
    /// A run costs up to 200 microseconds of processor time more. A scheduler waits like this at most once a millisecond,
    /// for all of its tasks together; runs beyond that start as those of any other task do. It has no effect with a manual
    /// clock or [`threads(0)`](crate::Builder::threads).
    ///
    /// ```
    /// # let scheduler = sexton::Scheduler::builder().zone("UTC").build()?;
    /// scheduler.task("sample").every("10ms").precise().run(|| {})?;
    /// # Ok::<(), sexton::Error>(())
    /// ```
    pub fn precise(mut self) -> Self {
        self.policy.is_precise = true;
        self
    }

    /// Has each replica run it: the [claim](crate::Builder::claim) is not asked. For what each of them must do by itself, such
    /// as to empty a folder of its own. Without a claim it has no effect.
    pub fn unclaimed(mut self) -> Self {
        self.policy.is_unclaimed = true;
        self
    }

    /// If the name is used, replaces the schedule, the callback and the policies of its task, in one step. The task stays
    /// paused if it is, and keeps its count of runs. A run that has started finishes before the next one starts.
    /// What the new schedule has due until then is late and not an overrun: [`Missed`] says what is run after it.
    pub fn replace(mut self) -> Self {
        self.replaces = true;
        self
    }

    /// Asks a run to stop that takes longer than this: [`Run::stop_requested`] becomes true,
    /// [`Event::TimeLimitReached`](crate::Event::TimeLimitReached) says so, and the run ends as
    /// [`RunOutcome::TimedOut`](crate::RunOutcome::TimedOut). Nothing stops a callback that does not look. What comes meanwhile
    /// is an overrun, as for any run.
    ///
    /// ```
    /// use std::time::Duration;
    /// # let scheduler = sexton::Scheduler::builder().zone("UTC").build()?;
    ///
    /// scheduler.task("index").every("1h").time_limit(Duration::from_secs(60)).run_with(|run| {
    ///     while !run.stop_requested() {
    ///         // Index one more page.
    /// #       break;
    ///     }
    /// })?;
    /// # Ok::<(), sexton::Error>(())
    /// ```
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.policy.time_limit = Some(limit);
        self
    }

    /// Repeats a run that fails or panics, up to `times` times: the first time after `first_delay`, and then each time after
    /// twice as long, up to an hour. All attempts have the same due time and [number](Run::count), and none begins before the
    /// one before has ended. What comes first wins: the next due time, a requested run, a pause and the end of the task end
    /// the attempts.
    ///
    /// ```
    /// use std::time::{Duration, UNIX_EPOCH};
    /// use sexton::{ManualClock, Scheduler};
    ///
    /// let clock = ManualClock::new(UNIX_EPOCH);
    /// let scheduler = Scheduler::builder().clock(&clock).zone("UTC").build()?;
    /// let task = scheduler.task("upload").cron("0 * * * *").retry(5, Duration::from_secs(10)).run_with(|run| {
    ///     if run.attempt() < 3 { Err("no route") } else { Ok(()) } // after 10 and 20 seconds more
    /// })?;
    /// clock.advance(Duration::from_secs(3630));
    /// assert_eq!((task.stats().finished, task.stats().failed), (1, 0));
    /// # Ok::<(), sexton::Error>(())
    /// ```
    ///
    /// A [time limit](TaskBuilder::time_limit) is for each attempt; a run that is asked to stop and returns no error is not
    /// repeated. If the schedule calls your code, a clock that is set ends the attempts, too. It does not go with
    /// [`Overlap::Allow`].
    pub fn retry(mut self, times: u32, first_delay: Duration) -> Self {
        self.policy.retries = Some(Retries { most: times, first_delay });
        self
    }

    /// Begins paused: no run starts until the task is [resumed](Task::resume). What came before it was scheduled, such as what
    /// an earlier process has missed, is not missed by the pause: [`missed`](TaskBuilder::missed) says what happens to it.
    ///
    /// ```
    /// let scheduler = sexton::Scheduler::builder().zone("UTC").build()?;
    /// let task = scheduler.task("sync").every("1m").paused().run(|| {})?;
    /// assert_eq!(task.status(), sexton::Status::Paused);
    /// task.resume()?; // when what it needs is there
    /// # Ok::<(), sexton::Error>(())
    /// ```
    pub fn paused(mut self) -> Self {
        self.is_paused = true;
        self
    }

    /// Schedules a callback. It may have state, and may return nothing, a `Result` or a
    /// [`ControlFlow`](std::ops::ControlFlow); see [`Outcome`].
    ///
    /// If the name is used and [`replace`](TaskBuilder::replace) was not called, nothing changes: the handle is that of the
    /// existing task, and [`is_new`](Task::is_new) is false.
    ///
    /// # Errors
    ///
    /// If a text cannot be read, if a combination of settings makes no sense, if the schedule is never due, or if the
    /// scheduler has been shut down.
    #[track_caller]
    pub fn run<O: Outcome>(self, mut callback: impl FnMut() -> O + Send + 'static) -> Result<Task, Error> {
        self.schedule(Job::Alone(Box::new(move |_| callback().verdict())), Location::caller())
    }

    /// Schedules a callback that takes a [`Run`]: its due time, its lateness, how many occurrences it coalesces.
    ///
    /// ```
    /// # let scheduler = sexton::Scheduler::builder().zone("UTC").build()?;
    /// scheduler.task("probe").every("30s").run_with(|run| {
    ///     if run.missed() > 0 {
    ///         println!("{} skipped {} occurrences", run.name(), run.missed());
    ///     }
    /// })?;
    /// # Ok::<(), sexton::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`run`](TaskBuilder::run).
    #[track_caller]
    pub fn run_with<O: Outcome>(
        self,
        mut callback: impl FnMut(&Run) -> O + Send + 'static,
    ) -> Result<Task, Error> {
        let engine = Arc::downgrade(&self.scheduler.engine);
        let job = move |facts: &Facts| callback(&Run::new(facts, &engine)).verdict();
        self.schedule(Job::Alone(Box::new(job)), Location::caller())
    }

    /// Schedules a callback that may be called from several threads at once. [`Overlap::Allow`] needs this.
    ///
    /// ```
    /// use sexton::Overlap;
    /// # let scheduler = sexton::Scheduler::builder().zone("UTC").build()?;
    ///
    /// scheduler.task("poll").every("1s").overlap(Overlap::Allow(4)).run_shared(|run| println!("{run:?}"))?;
    /// # Ok::<(), sexton::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`run`](TaskBuilder::run).
    #[track_caller]
    pub fn run_shared<O: Outcome>(
        self,
        callback: impl Fn(&Run) -> O + Send + Sync + 'static,
    ) -> Result<Task, Error> {
        let engine = Arc::downgrade(&self.scheduler.engine);
        let job = move |facts: &Facts| callback(&Run::new(facts, &engine)).verdict();
        self.schedule(Job::Shared(Arc::new(job)), Location::caller())
    }

    /// Schedules an asynchronous callback. Its future is polled on the workers. A pending future occupies no worker, so it
    /// does not delay other tasks.
    ///
    /// ```
    /// # let scheduler = sexton::Scheduler::builder().zone("UTC").build()?;
    /// scheduler.task("feed").every("30s").run_async(|run| async move {
    ///     println!("fetch what is new since {:?}", run.due());
    /// })?;
    /// # Ok::<(), sexton::Error>(())
    /// ```
    ///
    /// The future may wait for a request to stop, [`run.stop()`](Run::stop), beside its work. One that is still pending when
    /// [`cancel_timeout`](Task::cancel_timeout) or [`shutdown_timeout`](crate::Scheduler::shutdown_timeout) waits no longer is
    /// dropped. If the last waker of a pending future is dropped, nothing can wake it, and the run has failed. With
    /// [`Overlap::Allow`] several futures are pending at a time.
    ///
    /// No runtime is needed or started. A future that needs tokio's sockets or timers panics here: "there is no reactor
    /// running". Spawn it on a runtime of yours, and wait for it: `let handle = tokio::runtime::Handle::current();` and then
    /// `run_async(move |_| handle.spawn(fetch()))`.
    ///
    /// # Errors
    ///
    /// As [`run`](TaskBuilder::run).
    #[track_caller]
    pub fn run_async<F>(self, callback: impl FnMut(Run) -> F + Send + 'static) -> Result<Task, Error>
    where
        F: Future + Send + 'static,
        F::Output: Outcome,
    {
        let engine = Arc::downgrade(&self.scheduler.engine);
        // Only the making of the future is for one thread at a time.
        let callback = Mutex::new(callback);
        let job = move |facts: &Facts| -> Pending {
            let (run, goes_on) = Run::of_future(facts, &engine);
            let future = (lock(&callback))(run);
            Box::pin(async move {
                let verdict = future.await.verdict();
                drop(goes_on);
                verdict
            })
        };
        self.schedule(Job::Async(Arc::new(job)), Location::caller())
    }

    fn schedule(self, job: Job, scheduled_at: &'static Location<'static>) -> Result<Task, Error> {
        let TaskBuilder { scheduler, name, schedule, policy, replaces, is_paused } = self;
        if name.is_empty() {
            return Err(Error::other("a task needs a name of at least one character"));
        }
        let schedule = schedule.map_err(|error| error.of_task(&name))?;
        policy.check(&job, schedule.is_users()).map_err(|error| error.of_task(&name))?;
        let order = Order { name, schedule, job, policy, replaces, is_paused, scheduled_at };
        let task = scheduler.engine.schedule(order)?;
        Ok(Task::new(&scheduler.engine, task))
    }
}

impl fmt::Debug for TaskBuilder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskBuilder")
            .field("name", &self.name)
            .field("schedule", &self.schedule)
            .finish_non_exhaustive()
    }
}
