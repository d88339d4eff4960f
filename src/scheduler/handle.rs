//! A task, seen from outside and from its own run.

use std::fmt;
use std::time::{Duration, SystemTime};

use super::Scheduler;
use crate::agenda::{Glimpse, Status, Which};
use crate::engine::{Engine, Phase};
use crate::error::{Error, Kind};
use crate::event::OneLine;
use crate::schedule::rfc3339;
use crate::sync::{lock, Arc, Weak};
use crate::task::Facts;

/// A handle to a task. Dropping it changes nothing, and it does not keep the scheduler alive.
///
/// `Display` gives one line: the name, the schedule, what it is doing and when it is due next.
///
/// ```
/// let scheduler = sexton::Scheduler::builder().zone("UTC").build()?;
/// let task = scheduler.task("new year").at("2099-01-01 00:00").run(|| {})?;
/// assert_eq!(task.to_string(), "new year: at 2099-01-01T00:00:00, waiting, next 2099-01-01T00:00:00Z");
///
/// // The same name again changes nothing, and says so.
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

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the call that gave this handle scheduled (or replaced) the task; false if the name was used already.
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// What the task is doing.
    pub fn status(&self) -> Status {
        let engine = match self.engine.upgrade() {
            Some(engine) => engine,
            None => return Status::Ended,
        };
        let state = lock(&engine.state);
        match state.agenda.glimpse(self.which()) {
            Some(glimpse) => glimpse.status,
            None if state.agenda.is_leaving(&self.name, self.id) => Status::Running,
            None => Status::Ended,
        }
    }

    /// When it is due next, by the wall clock; `None` once it has ended. Known while it runs, too.
    pub fn next_due(&self) -> Option<SystemTime> {
        let engine = self.engine.upgrade()?;
        let next = lock(&engine.state).agenda.glimpse(self.which())?.next?;
        next.wall(engine.clock.now())
    }

    /// How many runs have begun so far; `None` once it has ended.
    pub fn count(&self) -> Option<u64> {
        Some(self.glimpse()?.count)
    }

    /// Holds the task: what comes due is reported as missed when it is resumed. A run that is going on is let finish.
    ///
    /// # Errors
    ///
    /// If the task has ended, or the scheduler has been shut down.
    pub fn pause(&self) -> Result<(), Error> {
        self.engine()?.pause(self.which())
    }

    /// Lets the task go on with the first due from now on.
    ///
    /// # Errors
    ///
    /// If the task has ended, or the scheduler has been shut down.
    pub fn resume(&self) -> Result<(), Error> {
        self.engine()?.resume(self.which())
    }

    /// Asks for a run beside the schedule, which does not move: now, even if the task is paused, or right after the run
    /// that is going on. It counts as a run like any other; asked for again before it has begun, it is the same run.
    ///
    /// # Errors
    ///
    /// If the task has ended, or the scheduler has been shut down.
    pub fn run_now(&self) -> Result<(), Error> {
        self.engine()?.run_now(self.which())
    }

    /// Ends the task now. A run that is going on is let finish; the name is free at once.
    ///
    /// # Errors
    ///
    /// If the task has ended already, or the scheduler has been shut down.
    pub fn cancel(&self) -> Result<(), Error> {
        self.engine()?.cancel(self.which())
    }

    /// Ends the task after exactly one more run.
    ///
    /// # Errors
    ///
    /// If the task has ended already, or the scheduler has been shut down.
    pub fn cancel_after_next(&self) -> Result<(), Error> {
        self.engine()?.cancel_after_next(self.which())
    }

    pub(super) fn which(&self) -> Which<'_> {
        Which { name: &self.name, id: Some(self.id) }
    }

    pub(super) fn engine(&self) -> Result<Arc<Engine>, Error> {
        self.engine.upgrade().ok_or_else(|| Error::new(Kind::ShutDown).of_task(&self.name))
    }

    fn glimpse(&self) -> Option<Glimpse> {
        lock(&self.engine.upgrade()?.state).agenda.glimpse(self.which())
    }
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", OneLine(&self.name))?;
        let (engine, glimpse) = match (self.engine.upgrade(), self.glimpse()) {
            (Some(engine), Some(glimpse)) => (engine, glimpse),
            _ => return fmt::Display::fmt(&self.status(), f),
        };
        write!(f, "{}, {}", glimpse.schedule, glimpse.status)?;
        match glimpse.next.and_then(|next| next.wall(engine.clock.now())) {
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

/// What a callback is told about the run it was called for.
pub struct Run<'a> {
    facts: &'a Facts,
    scheduler: Scheduler,
}

impl<'a> Run<'a> {
    pub(super) fn new(facts: &'a Facts, engine: &Weak<Engine>) -> Run<'a> {
        let engine = engine.upgrade().expect("whoever calls the callback holds the engine");
        Run { facts, scheduler: Scheduler { engine, _keeper: None } }
    }

    /// The name of the task.
    pub fn name(&self) -> &str {
        &self.facts.name
    }

    /// The instant this run was meant for.
    pub fn due(&self) -> SystemTime {
        self.facts.due
    }

    /// How long after its due the run began, by the clock that its schedule follows.
    pub fn lateness(&self) -> Duration {
        self.facts.lateness
    }

    /// How many other dues this run stands for: they passed, and have no run of their own.
    pub fn missed(&self) -> u64 {
        self.facts.missed
    }

    /// Which run of the task this is, from 1.
    pub fn count(&self) -> u64 {
        self.facts.count
    }

    /// Whether the task was cancelled or replaced or the scheduler shut down since the run began: a long callback does
    /// well to look now and then.
    pub fn stop_requested(&self) -> bool {
        let state = lock(&self.scheduler.engine.state);
        let is_gone = || state.agenda.version(self.which()) != Some(self.facts.version);
        state.phase != Phase::Open || (!self.facts.is_last && is_gone())
    }

    /// Ends the task with this run, if it has not ended already.
    pub fn cancel(&self) {
        // It fails only if the task has no future to cancel.
        let _ = self.scheduler.engine.cancel(self.which());
    }

    /// A handle to the scheduler that does not keep it alive.
    pub fn scheduler(&self) -> &Scheduler {
        &self.scheduler
    }

    fn which(&self) -> Which<'_> {
        Which { name: &self.facts.name, id: Some(self.facts.id) }
    }
}

impl fmt::Debug for Run<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.facts, f)
    }
}
