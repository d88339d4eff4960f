//! The handles: [`Task`] for a task from outside, [`Run`] for a callback's own run.

use std::fmt;
use std::time::{Duration, SystemTime};

use super::Scheduler;
use crate::agenda::{Status, TaskKey, TaskSnapshot};
use crate::engine::{Engine, Phase};
use crate::error::{Error, Kind};
use crate::event::OneLine;
use crate::schedule::rfc3339;
use crate::sync::{lock, Arc, Weak};
use crate::task::{Facts, Place};

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
    name: Arc<str>,
    id: u64,
    is_new: bool,
}

impl Task {
    pub(super) fn new(engine: &Arc<Engine>, name: Arc<str>, id: u64, is_new: bool) -> Task {
        Task { engine: Arc::downgrade(engine), name, id, is_new }
    }

    /// The name of the task.
    pub fn name(&self) -> &str {
        &self.name
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
        match state.agenda.snapshot(self.key()) {
            Some(snapshot) => snapshot.status,
            None if state.agenda.has_detached_run(&self.name, self.id) => Status::Running,
            None => Status::Ended,
        }
    }

    /// The next due time, by the wall clock, also while the task runs. `None` once the task has ended.
    pub fn next_due(&self) -> Option<SystemTime> {
        let engine = self.engine.upgrade()?;
        let next = lock(&engine.state).agenda.snapshot(self.key())?.next?;
        next.wall(engine.clock.now())
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
        self.engine()?.resume(self.key())
    }

    /// Requests a run now, even if the task is paused. If the task is running, the requested run starts right after. The
    /// schedule does not move.
    ///
    /// The run counts like any other. Requests that come before it starts are one run.
    ///
    /// # Errors
    ///
    /// If the task has ended, or the scheduler has been shut down.
    pub fn run_now(&self) -> Result<(), Error> {
        self.engine()?.run_now(self.key())
    }

    /// Ends the task now. A run that has started finishes; the name is free at once.
    ///
    /// # Errors
    ///
    /// If the task has ended already, or the scheduler has been shut down.
    pub fn cancel(&self) -> Result<(), Error> {
        self.engine()?.cancel(self.key())
    }

    /// Ends the task after exactly one more run.
    ///
    /// # Errors
    ///
    /// If the task has ended already, or the scheduler has been shut down.
    pub fn cancel_after_next(&self) -> Result<(), Error> {
        self.engine()?.cancel_after_next(self.key())
    }

    pub(crate) fn key(&self) -> TaskKey<'_> {
        TaskKey { name: &self.name, id: Some(self.id) }
    }

    pub(crate) fn engine(&self) -> Result<Arc<Engine>, Error> {
        self.engine.upgrade().ok_or_else(|| Error::new(Kind::ShutDown).of_task(&self.name))
    }

    fn snapshot(&self) -> Option<TaskSnapshot> {
        lock(&self.engine.upgrade()?.state).agenda.snapshot(self.key())
    }
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", OneLine(&self.name))?;
        let (engine, snapshot) = match (self.engine.upgrade(), self.snapshot()) {
            (Some(engine), Some(snapshot)) => (engine, snapshot),
            _ => return fmt::Display::fmt(&self.status(), f),
        };
        write!(f, "{}, {}", snapshot.schedule, snapshot.status)?;
        match snapshot.next.and_then(|next| next.wall(engine.clock.now())) {
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

/// One execution of a task, as its callback sees it. [`TaskBuilder::run_with`](crate::TaskBuilder::run_with) passes it.
pub struct Run<'a> {
    facts: &'a Facts,
    scheduler: Scheduler,
}

impl<'a> Run<'a> {
    pub(super) fn new(facts: &'a Facts, engine: &Weak<Engine>) -> Run<'a> {
        let engine = engine.upgrade().expect("the thread that calls the callback holds the engine");
        Run { facts, scheduler: Scheduler { engine, _keeper: None } }
    }

    /// The name of the task.
    pub fn name(&self) -> &str {
        &self.facts.name
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

    /// Whether the task was cancelled or replaced, or the scheduler shut down, since the run started. A long callback should
    /// check this from time to time and return early.
    pub fn stop_requested(&self) -> bool {
        let state = lock(&self.scheduler.engine.state);
        let is_gone = || state.agenda.version(self.key()) != Some(self.facts.version);
        state.phase != Phase::Open || (self.facts.place == Place::Any && is_gone())
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
        TaskKey { name: &self.facts.name, id: Some(self.facts.id) }
    }
}

impl fmt::Debug for Run<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.facts, f)
    }
}
