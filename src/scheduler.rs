//! What users hold: the scheduler, the builders that lead to a task, and the handles that come of them.

mod builder;
mod handle;
mod settings;

pub use builder::{NeedsSchedule, TaskBuilder};
pub use handle::{Run, Task};
pub use settings::Builder;

use std::fmt;
use std::time::{Duration, SystemTime};

use crate::agenda::TaskKey;
use crate::clock::Driven;
use crate::engine::{Engine, Inside};
use crate::error::Error;
use crate::event::Event;
use crate::schedule::Schedule;
use crate::sync::{lock, Arc, Instant, Mutex, Weak};
use crate::task::Outcome;
use crate::timer;
use crate::tz::Zone;

/// Runs tasks when they are due.
///
/// A clone is another handle to the same scheduler. Dropping the last one stops it without waiting; what runs is let
/// finish. A callback that needs its scheduler gets it from [`Run::scheduler`]: one that captures a clone keeps the
/// scheduler, and so itself, alive until it is cancelled.
///
/// ```
/// use std::time::Duration;
/// use sexton::Scheduler;
///
/// let scheduler = Scheduler::new()?;
/// scheduler.task("refresh").every("1s").run(|| println!("refreshed"))?;
/// scheduler.task("report").cron("2 4 * * mon,fri").run(|| println!("reported"))?;
/// assert_eq!(scheduler.tasks().len(), 2);
///
/// scheduler.cancel("refresh")?;
/// scheduler.shutdown();
/// # Ok::<(), sexton::Error>(())
/// ```
#[derive(Clone)]
pub struct Scheduler {
    pub(crate) engine: Arc<Engine>,
    /// Stops the engine when the last of them is dropped. The handle that a callback gets has none.
    _keeper: Option<Arc<Keeper>>,
}

struct Keeper {
    engine: Arc<Engine>,
    /// What a manual clock moves, for as long as the scheduler lives.
    _drive: Option<Arc<dyn Driven>>,
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.engine.stop();
        if self.engine.pool.limit() == 0 && !Inside::is_inside(&self.engine) {
            self.engine.abandon();
        }
    }
}

impl Scheduler {
    /// A scheduler in the local zone, with as many workers as the machine has cores, at least 2 and at most 8.
    ///
    /// # Errors
    ///
    /// If the local zone cannot be read ([`Zone::local`]), or no thread can be started.
    pub fn new() -> Result<Scheduler, Error> {
        Scheduler::builder().build()
    }

    /// A scheduler that differs from the usual one.
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// The scheduler of this process, started when it is first asked for. It lasts until it is shut down.
    ///
    /// # Errors
    ///
    /// As [`Scheduler::new`], and it is tried again the next time.
    pub fn global() -> Result<Scheduler, Error> {
        static GLOBAL: Mutex<Option<Scheduler>> = Mutex::new(None);
        let mut global = lock(&GLOBAL);
        if let Some(scheduler) = &*global {
            return Ok(scheduler.clone());
        }
        let scheduler = Scheduler::new()?;
        *global = Some(scheduler.clone());
        Ok(scheduler)
    }

    /// Begins a task. It does nothing until it has been given a schedule and a callback.
    pub fn task(&self, name: &str) -> NeedsSchedule<'_> {
        NeedsSchedule::new(self, name)
    }

    /// Ends a task now. A run that is going on is let finish; the name is free at once.
    ///
    /// # Errors
    ///
    /// If no task has this name, or the scheduler has been shut down.
    pub fn cancel(&self, name: &str) -> Result<(), Error> {
        self.engine.cancel(TaskKey { name, id: None })
    }

    /// Ends a task after exactly one more run.
    ///
    /// # Errors
    ///
    /// If no task has this name, or the scheduler has been shut down.
    pub fn cancel_after_next(&self, name: &str) -> Result<(), Error> {
        self.engine.cancel_after_next(TaskKey { name, id: None })
    }

    /// The task of this name, if there is one.
    pub fn get(&self, name: &str) -> Option<Task> {
        let id = lock(&self.engine.state).agenda.owner(name)?.id;
        Some(Task::new(&self.engine, Arc::from(name), id, false))
    }

    /// All tasks that have a name, in the order in which they were scheduled.
    pub fn tasks(&self) -> Vec<Task> {
        let snapshots = lock(&self.engine.state).agenda.snapshots();
        snapshots
            .into_iter()
            .map(|snapshot| Task::new(&self.engine, snapshot.name, snapshot.id, false))
            .collect()
    }

    /// The zone in which civil times are read unless a schedule names its own.
    pub fn zone(&self) -> Zone {
        lock(&self.engine.state).zone.clone()
    }

    /// Reads civil times in another zone from now on, in all tasks without a zone of their own, and follows the local
    /// zone no more.
    ///
    /// For a schedule that is a change of clocks at this very moment, and [the rule](crate#promises) holds for it: what is
    /// skipped is run now by a schedule that names its hours; what is shown again is run again only by an interval-like
    /// one. A difference of over three hours is a correction: dues are found anew, and nothing is made up or held back. A
    /// civil time that was asked for by itself ([`at`](NeedsSchedule::at)) is that time in the new zone, and due at once
    /// if it has passed.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use sexton::{tz::Zone, ManualClock, Scheduler};
    ///
    /// let clock = ManualClock::new(SystemTime::UNIX_EPOCH);
    /// let scheduler = Scheduler::builder().clock(&clock).zone(Zone::utc()).build()?;
    /// let task = scheduler.task("lunch").cron("0 12 * * *").run(|| {})?;
    ///
    /// scheduler.set_zone(Zone::fixed(2 * 3600)?);
    /// assert_eq!(task.next_due(), Some(SystemTime::UNIX_EPOCH + Duration::from_secs(10 * 3600)));
    /// # Ok::<(), sexton::Error>(())
    /// ```
    pub fn set_zone(&self, zone: Zone) {
        self.engine.set_zone(zone);
    }

    /// The last due of a name that an earlier process ran or reported as missed, as the [journal](Builder::store) has it; if
    /// none had come yet, the time when it was scheduled. `None` without one, and once a task of this name has been scheduled.
    pub fn last_due(&self, name: &str) -> Option<SystemTime> {
        self.engine.last_due(name)
    }

    /// Forgets all names in the [journal](Builder::store) that have not been scheduled in this process, and says which they
    /// were. For a program that has scheduled all of its tasks: a task that it does not have any more is remembered until
    /// then, and when it comes back after a month it has missed a month.
    ///
    /// A run of them that was cut off is told first. A single name is forgotten with its task: schedule and
    /// [`cancel`](Scheduler::cancel) it.
    pub fn forget_unscheduled(&self) -> Vec<String> {
        self.engine.forget_unscheduled()
    }

    /// Has every [`Event`] told to a closure: on the thread where it happens, or, for what the timer sees, on a worker that is
    /// free. If all are busy, one more thread tells it, which is started when that first happens. Several may observe, and
    /// each does so as long as the scheduler lives. Without one, failures and name clashes go to stderr, as does a panic of
    /// an observer.
    ///
    /// Where one thread does everything, as on a manual clock, events come in the order in which it does it. Otherwise
    /// several threads may tell at the same time, and what can be counted on is this:
    ///
    /// * What is told of one run comes in its order: the dues it stands for as missed, started, late, and how it ended; and
    ///   runs that do not overlap come one after the other.
    /// * Of a task, its end is told last, after whatever it missed, and after it was told as scheduled.
    /// * What happens to a task while it runs is told by others than its run, and may come before or after the run's own
    ///   events, or those of the next: a due that passes ([`Why::StillRunning`](crate::Why::StillRunning)), what
    ///   another thread asks of it, and that it was scheduled, if its first run begins at once. Each says by its due,
    ///   where it has one, what it is about.
    pub fn observe(&self, observer: impl Fn(&Event) + Send + Sync + 'static) {
        self.engine.observe(Arc::new(observer));
    }

    /// Waits until no task is left and the last run has ended, or until the scheduler is shut down. From inside a
    /// callback it returns at once.
    ///
    /// Without threads of its own, the scheduler runs on the calling one meanwhile; by a manual clock, the clock moves
    /// from due to due.
    pub fn wait(&self) {
        if !Inside::is_inside(&self.engine) {
            timer::wait_until_empty(&self.engine);
        }
    }

    /// Runs what is due, on the calling thread, and says how long it will be until there is something to do again; `None`
    /// if nothing is waiting. For a scheduler [without threads](Builder::threads); with threads it only helps them.
    pub fn run_pending(&self) -> Option<Duration> {
        timer::run_pending(&self.engine)
    }

    /// Stops: nothing starts any more, what has started is waited for, and all threads end. What was due and had not
    /// started is reported as missed. From inside a callback of its own it only stops, and does not wait.
    pub fn shutdown(&self) {
        self.engine.shutdown(None).expect("without a deadline it waits for the last run");
    }

    /// Stops as [`shutdown`](Scheduler::shutdown) does, and waits no longer than this.
    ///
    /// # Errors
    ///
    /// Names the tasks that still run; they are let finish.
    pub fn shutdown_timeout(&self, timeout: Duration) -> Result<(), Error> {
        self.engine.shutdown(Instant::now().checked_add(timeout))
    }

    fn downgrade(&self) -> Weak<Engine> {
        Arc::downgrade(&self.engine)
    }
}

impl fmt::Debug for Scheduler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scheduler").field("tasks", &self.tasks()).finish()
    }
}

/// Schedules a task on the [global](Scheduler::global) scheduler, as Panel's `pn.state.schedule_task` does.
///
/// ```
/// use sexton::Schedule;
///
/// sexton::schedule_task("gc", Schedule::every("1h")?, || println!("collected"))?;
/// sexton::cancel_task("gc")?;
/// # Ok::<(), sexton::Error>(())
/// ```
///
/// # Errors
///
/// As [`TaskBuilder::run`] and [`Scheduler::global`].
#[track_caller]
pub fn schedule_task<O: Outcome>(
    name: &str,
    schedule: impl Into<Schedule>,
    callback: impl FnMut() -> O + Send + 'static,
) -> Result<Task, Error> {
    // Not through a closure: the caller's place in the source is what tells two calls apart.
    match Scheduler::global() {
        Ok(scheduler) => scheduler.task(name).on(schedule).run(callback),
        Err(error) => Err(error),
    }
}

/// Ends a task of the [global](Scheduler::global) scheduler now, as Panel's `pn.state.cancel_task` does.
///
/// # Errors
///
/// If no task has this name.
pub fn cancel_task(name: &str) -> Result<(), Error> {
    Scheduler::global()?.cancel(name)
}

/// Ends a task of the [global](Scheduler::global) scheduler after exactly one more run, as Panel's
/// `cancel_task(name, wait=True)` does.
///
/// # Errors
///
/// If no task has this name.
pub fn cancel_task_after_next(name: &str) -> Result<(), Error> {
    Scheduler::global()?.cancel_after_next(name)
}
