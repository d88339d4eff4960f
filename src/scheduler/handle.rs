//! The handles: [`Task`] for a task from outside, [`Run`] for a callback's own run.

use std::fmt;
use std::task::Waker;
use std::time::{Duration, SystemTime};

use super::Scheduler;
use crate::agenda::{Status, TaskKey, TaskSnapshot};
use crate::clock::Now;
use crate::engine::{Engine, Observer, ScheduledTask, State};
use crate::error::{Error, Kind};
use crate::event::{Event, OneLine};
use crate::schedule::{rfc3339, Schedule};
use crate::stats::{Identity, Stats};
use crate::stop::Stop;
use crate::sync::{lock, Arc, Weak};
use crate::task::{Facts, Missed};

/// A handle to a task. Dropping it changes nothing, and it does not keep the scheduler alive.
///
/// `Display` gives one line: the name, the schedule, the status and the next due time.
///
/// ```
/// let scheduler = sexton::Scheduler::builder().zone("UTC").build()?;
/// let task = scheduler.task("new year").at("2099-01-01 00:00").run(|| {})?;
/// assert_eq!(task.to_string(), "new year: at 2099-01-01T00:00:00, waiting, next 2099-01-01T00:00:00Z");
///
/// // Scheduling the same name again changes nothing.
/// assert!(task.is_new());
/// let again = scheduler.task("new year").every("1s").run(|| {})?;
/// assert!(!again.is_new());
/// # Ok::<(), sexton::Error>(())
/// ```
#[derive(Clone)]
pub struct Task {
    engine: Weak<Engine>,
    identity: Arc<Identity>,
    is_new: bool,
}

impl Task {
    pub(super) fn new(engine: &Arc<Engine>, task: ScheduledTask) -> Task {
        let ScheduledTask { identity, is_new } = task;
        Task { engine: Arc::downgrade(engine), identity, is_new }
    }

    /// The name of the task.
    pub fn name(&self) -> &str {
        &self.identity.name
    }

    /// Whether the call that returned this handle scheduled or replaced the task. False if the name was used already.
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// Whether the task is waiting, running, paused or ended.
    pub fn status(&self) -> Status {
        let engine = match self.engine.upgrade() {
            Some(engine) => engine,
            None => return Status::Ended,
        };
        let state = lock(&engine.state);
        match state.agenda.snapshot(self.key(), engine.clock.now()) {
            Some(snapshot) => snapshot.status,
            None if state.agenda.has_detached_run(&self.identity) => Status::Running,
            None => Status::Ended,
        }
    }

    /// The next due time by the wall clock, also while the task runs or is paused. It is never before now: if an occurrence is
    /// due and waits, it is the one after that. `None` in the last run and once the task has ended.
    pub fn next_due(&self) -> Option<SystemTime> {
        self.snapshot()?.next
    }

    /// The next due times, up to `count`, each run on time. Of a schedule that calls your code (an iterator, a closure, a
    /// closure in `except`), only the first is known; of a task in its last run, none.
    ///
    /// ```
    /// use std::time::{Duration, UNIX_EPOCH};
    /// use sexton::{ManualClock, Scheduler};
    ///
    /// let clock = ManualClock::new(UNIX_EPOCH);
    /// let scheduler = Scheduler::builder().clock(&clock).zone("UTC").build()?;
    /// let task = scheduler.task("report").cron("0 */12 * * *").run(|| {})?;
    /// let hours = |hours: u64| UNIX_EPOCH + Duration::from_secs(hours * 3600);
    /// assert_eq!(task.upcoming(3), [hours(12), hours(24), hours(36)]);
    /// # Ok::<(), sexton::Error>(())
    /// ```
    pub fn upcoming(&self, count: usize) -> Vec<SystemTime> {
        let upcoming = self.engine.upgrade().and_then(|engine| {
            let state = lock(&engine.state);
            state.agenda.upcoming(self.key(), engine.clock.now())
        });
        upcoming.map_or_else(Vec::new, |upcoming| upcoming.take(count).collect())
    }

    /// What has become of the task so far: its last run, how many there were, how long they took. It stays when the task has
    /// ended.
    pub fn stats(&self) -> Stats {
        self.identity.stats.get()
    }

    /// How many runs have started so far. `None` once the task has ended.
    pub fn count(&self) -> Option<u64> {
        Some(self.snapshot()?.count)
    }

    /// Pauses the task: no run starts until it is resumed. The occurrences that pass meanwhile are reported as missed when
    /// it is resumed ([`Why::Paused`](crate::Why::Paused)). A run that has started finishes.
    ///
    /// # Errors
    ///
    /// If the task has ended, or the scheduler has been shut down.
    pub fn pause(&self) -> Result<(), Error> {
        self.engine()?.pause(self.key())
    }

    /// Resumes a paused task. It continues with the first due time from now on.
    ///
    /// # Errors
    ///
    /// If the task has ended, or the scheduler has been shut down.
    pub fn resume(&self) -> Result<(), Error> {
        self.resume_with(Missed::Skip)
    }

    /// Resumes a paused task. What has passed during the pause is caught up with: by one run for the latest occurrence
    /// ([`Missed::Once`]), by a run for each ([`Missed::All`]), or not at all.
    ///
    /// ```
    /// use std::time::{Duration, UNIX_EPOCH};
    /// use sexton::{ManualClock, Missed, Scheduler};
    ///
    /// let clock = ManualClock::new(UNIX_EPOCH);
    /// let scheduler = Scheduler::builder().clock(&clock).zone("UTC").build()?;
    /// let task = scheduler.task("ledger").cron("0 * * * *").run(|| {})?;
    /// task.pause()?;
    /// clock.advance(Duration::from_secs(3 * 3600));
    /// task.resume_with(Missed::All)?;
    /// clock.advance(Duration::ZERO);
    /// assert_eq!(task.count(), Some(3));
    /// # Ok::<(), sexton::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the task has ended, or the scheduler has been shut down.
    pub fn resume_with(&self, missed: Missed) -> Result<(), Error> {
        self.engine()?.resume(self.key(), missed)
    }

    /// Requests a run now, even if the task is paused. If the task is running, the requested run starts right after. The
    /// schedule does not move.
    ///
    /// The run counts like any other. Requests that come before it starts are one run.
    ///
    /// # Errors
    ///
    /// If the task has ended or is in its last run, or the scheduler has been shut down.
    pub fn run_now(&self) -> Result<(), Error> {
        self.engine()?.run_now(self.key())
    }

    /// Ends the task now. The name is free at once. A run that has started is asked to stop ([`Run::stop_requested`]), and
    /// goes on until it returns; also the last run of a task whose name another task has taken since.
    ///
    /// # Errors
    ///
    /// If the task has ended already, or the scheduler has been shut down.
    pub fn cancel(&self) -> Result<(), Error> {
        self.engine()?.cancel(self.key())
    }

    /// Ends the task now, and blocks until its runs have ended and its callback is dropped, but no longer than `timeout`. A
    /// future that is pending then, or later, is dropped. From inside a callback of the scheduler it does not block.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let scheduler = sexton::Scheduler::builder().zone("UTC").build()?;
    /// let feed = scheduler.task("feed").every("30s").run_async(|run| run.stop())?; // works until it is to stop
    /// feed.cancel_timeout(Duration::from_secs(5))?;
    /// assert_eq!(feed.status(), sexton::Status::Ended);
    /// # Ok::<(), sexton::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the task has ended already, or the scheduler has been shut down; or if a run is still going on after `timeout`:
    /// then [`Error::still_running`] names the task.
    pub fn cancel_timeout(&self, timeout: Duration) -> Result<(), Error> {
        self.engine()?.cancel_timeout(&self.identity, timeout)
    }

    /// Gives the task another schedule. It keeps its callback, its policies, its statistics, and whether it is paused. A run
    /// that has started goes on.
    ///
    /// ```
    /// use sexton::Schedule;
    ///
    /// let scheduler = sexton::Scheduler::builder().zone("UTC").build()?;
    /// let task = scheduler.task("poll").cron("0 9 * * *").run(|| {})?;
    /// task.reschedule(Schedule::cron("30 17 * * *")?)?;
    /// assert!(task.to_string().starts_with("poll: cron 30 17 * * *"));
    /// # Ok::<(), sexton::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the task has ended or is in its last run, the schedule makes no sense or is never due, or the scheduler has been
    /// shut down. Then the old schedule stays.
    pub fn reschedule(&self, schedule: impl Into<Schedule>) -> Result<(), Error> {
        self.engine()?.reschedule(&self.identity, schedule.into())
    }

    /// Ends the task after exactly one more run. What else has passed when that starts is missed
    /// ([`Why::Cancelled`](crate::Why::Cancelled)). In its last run none follows, and the task ends as it would have.
    ///
    /// # Errors
    ///
    /// If the task has ended already, or the scheduler has been shut down.
    pub fn cancel_after_next(&self) -> Result<(), Error> {
        self.engine()?.cancel_after_next(self.key())
    }

    pub(crate) fn key(&self) -> TaskKey<'_> {
        TaskKey::from(&*self.identity)
    }

    pub(crate) fn engine(&self) -> Result<Arc<Engine>, Error> {
        self.engine.upgrade().ok_or_else(|| Error::new(Kind::ShutDown).of_task(&self.identity.name))
    }

    fn snapshot(&self) -> Option<TaskSnapshot> {
        let engine = self.engine.upgrade()?;
        let snapshot = lock(&engine.state).agenda.snapshot(self.key(), engine.clock.now());
        snapshot
    }
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", OneLine(&self.identity.name))?;
        let (engine, snapshot) = match (self.engine.upgrade(), self.snapshot()) {
            (Some(engine), Some(snapshot)) => (engine, snapshot),
            _ => return fmt::Display::fmt(&self.status(), f),
        };
        write!(f, "{}, {}", snapshot.schedule, snapshot.status)?;
        if snapshot.is_held_up {
            f.write_str(" for a run of an earlier task of this name to end")?;
        }
        match snapshot.next {
            Some(next) => {
                f.write_str(", next ")?;
                let zone = lock(&engine.state).zone.clone();
                rfc3339(next, &zone, f)
            }
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Task({self})")
    }
}

/// One execution of a task, as its callback sees it. [`TaskBuilder::run_with`](crate::TaskBuilder::run_with) passes it, and
/// [`TaskBuilder::run_async`](crate::TaskBuilder::run_async).
pub struct Run {
    facts: Facts,
    scheduler: Scheduler,
    /// Whether its future is there, if it has one: then the run may be kept beyond its end.
    future: Option<Weak<()>>,
}

impl Run {
    pub(super) fn new(facts: &Facts, engine: &Weak<Engine>) -> Run {
        let engine = engine.upgrade().expect("the thread that calls the callback holds the engine");
        Run { facts: facts.clone(), scheduler: Scheduler { engine, _keeper: None }, future: None }
    }

    /// The run of a future that owns what is returned beside it.
    pub(super) fn of_future(facts: &Facts, engine: &Weak<Engine>) -> (Run, Arc<()>) {
        let future = Arc::new(());
        (Run { future: Some(Arc::downgrade(&future)), ..Run::new(facts, engine) }, future)
    }

    /// Asks the state about this run, and whether its future goes on, if it has one.
    fn ask<T>(&self, question: impl FnOnce(&mut State, bool, Now) -> (T, Vec<Waker>)) -> T {
        let engine = &self.scheduler.engine;
        let goes_on = self.future.as_ref().map_or(true, |future| future.strong_count() > 0);
        let (answer, wakers) = question(&mut lock(&engine.state), goes_on, engine.clock.now());
        engine.wake(wakers);
        answer
    }

    /// The name of the task.
    pub fn name(&self) -> &str {
        self.facts.name()
    }

    /// The due time: the instant that this run was meant for.
    pub fn due(&self) -> SystemTime {
        self.facts.due
    }

    /// How long after its due time the run started, by the clock that its schedule follows.
    pub fn lateness(&self) -> Duration {
        self.facts.lateness
    }

    /// How many other occurrences this run coalesces: they were missed, and this run is in their place.
    pub fn missed(&self) -> u64 {
        self.facts.missed
    }

    /// The number of this run among the task's runs, from 1.
    pub fn count(&self) -> u64 {
        self.facts.count
    }

    /// The number of this attempt, from 1. It is more if the run failed and is [repeated](crate::TaskBuilder::retry).
    pub fn attempt(&self) -> u32 {
        self.facts.attempt
    }

    /// Whether the run is to stop: since it started, its task was cancelled or replaced, its
    /// [time limit](crate::TaskBuilder::time_limit) was reached, or the scheduler shut down. A long callback should check this
    /// from time to time and return early.
    pub fn stop_requested(&self) -> bool {
        self.ask(|state, goes_on, now| state.stop_requested(&self.facts, goes_on, now))
    }

    /// The same as something that can be waited for, and handed on.
    pub fn stop(&self) -> Stop {
        self.ask(|state, goes_on, now| state.stop_of(&self.facts, goes_on, now))
    }

    /// Ends the task: this run is its last. Does nothing if the task has ended already.
    pub fn cancel(&self) {
        // It fails only if the task has ended or the scheduler has shut down: then there is nothing to cancel.
        let _ = self.scheduler.engine.cancel(self.key());
    }

    /// A handle to the scheduler, to schedule or cancel tasks from the callback. It does not keep the scheduler running.
    pub fn scheduler(&self) -> &Scheduler {
        &self.scheduler
    }

    fn key(&self) -> TaskKey<'_> {
        TaskKey::from(&*self.facts.identity)
    }
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.facts, f)
    }
}

/// Removes an observer again. Dropping it changes nothing.
///
/// ```
/// let scheduler = sexton::Scheduler::builder().zone("UTC").build()?;
/// let printer = scheduler.observe(|event| println!("{event}"));
/// printer.remove();
/// # Ok::<(), sexton::Error>(())
/// ```
#[derive(Clone)]
pub struct ObserverHandle {
    engine: Weak<Engine>,
    observer: Weak<dyn Fn(&Event) + Send + Sync>,
}

impl ObserverHandle {
    pub(super) fn new(engine: &Arc<Engine>, observer: &Observer) -> ObserverHandle {
        ObserverHandle { engine: Arc::downgrade(engine), observer: Arc::downgrade(observer) }
    }

    /// Removes the observer. It receives no event that is not on its way to it yet. A second call does no harm.
    pub fn remove(&self) {
        if let (Some(engine), Some(observer)) = (self.engine.upgrade(), self.observer.upgrade()) {
            engine.remove_observer(observer);
        }
    }
}

impl fmt::Debug for ObserverHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObserverHandle").finish_non_exhaustive()
    }
}
