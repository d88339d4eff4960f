//! The types that users hold: the scheduler, the builders of a task, and the handles to tasks and runs.

mod builder;
mod handle;
mod needs_schedule;
mod settings;

pub use builder::TaskBuilder;
pub use handle::{ObserverHandle, Run, Task};
pub use needs_schedule::NeedsSchedule;
pub use settings::Builder;

use std::fmt;
use std::time::{Duration, SystemTime};

use crate::agenda::{TaskKey, TaskSnapshot};
use crate::clock::Driven;
use crate::engine::{Engine, Inside, Observer, ScheduledTask};
use crate::error::Error;
use crate::event::Event;
use crate::schedule::Schedule;
use crate::sync::{lock, Arc, Instant, Mutex, SLICE};
use crate::task::Outcome;
use crate::timer;
use crate::tz::Zone;

/// Runs tasks when they are due.
///
/// A clone is another handle to the same scheduler. Dropping the last handle stops the scheduler without waiting; runs that
/// have started are asked to stop, and go on until they return. A callback that needs its scheduler takes it from [`Run::scheduler`]. A callback that captures a
/// clone instead keeps the scheduler alive, and with it itself, until the task is cancelled.
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
    /// Stops the engine when the last one is dropped. The handle inside a [`Run`] has none.
    _keeper: Option<Arc<Keeper>>,
}

struct Keeper {
    engine: Arc<Engine>,
    /// The manual clock holds only a weak reference to this.
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
    /// A scheduler in the local zone, with up to as many workers as the machine has cores, at least 2 and at most 8.
    /// Workers are started when they are needed.
    ///
    /// # Errors
    ///
    /// If the local zone cannot be read ([`Zone::local`]), or no thread can be started.
    pub fn new() -> Result<Scheduler, Error> {
        Scheduler::builder().build()
    }

    /// A builder, for a scheduler with settings other than the defaults.
    ///
    /// ```
    /// let scheduler = sexton::Scheduler::builder().zone("UTC").threads(4).build()?;
    /// # Ok::<(), sexton::Error>(())
    /// ```
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// The scheduler of this process. The first call starts it. It lives until it is shut down.
    ///
    /// # Errors
    ///
    /// As [`Scheduler::new`]. After an error, the next call tries again.
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

    /// Starts building a task of this name. Nothing is scheduled until it has a schedule and a callback.
    ///
    /// ```
    /// # let scheduler = sexton::Scheduler::builder().zone("UTC").build()?;
    /// let task = scheduler.task("report").cron("2 4 * * mon,fri").run(|| println!("reported"))?;
    /// assert_eq!(task.name(), "report");
    /// # Ok::<(), sexton::Error>(())
    /// ```
    pub fn task(&self, name: &str) -> NeedsSchedule<'_> {
        self.task_named(name.into())
    }

    /// As [`task`](Scheduler::task), with a name that is not copied: of a hundred thousand names that the program has in any
    /// case, each is in memory once.
    ///
    /// ```
    /// use std::sync::Arc;
    /// # let scheduler = sexton::Scheduler::builder().zone("UTC").build()?;
    ///
    /// let name: Arc<str> = "report".into();
    /// scheduler.task_named(name.clone()).cron("2 4 * * mon,fri").run(|| println!("reported"))?;
    /// assert_eq!(Arc::strong_count(&name), 2);
    /// # Ok::<(), sexton::Error>(())
    /// ```
    pub fn task_named(&self, name: Arc<str>) -> NeedsSchedule<'_> {
        NeedsSchedule::new(self, name)
    }

    /// Ends a task now, as [`Task::cancel`] does.
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

    /// A handle to the task of this name, if there is one.
    pub fn get(&self, name: &str) -> Option<Task> {
        let key = TaskKey { name, id: None };
        let snapshot = lock(&self.engine.state).agenda.snapshot(key, self.engine.clock.now())?;
        Some(self.handle(snapshot))
    }

    /// Handles to all tasks that have not ended, in the order of their next due times. Tasks in their last run come last.
    pub fn tasks(&self) -> Vec<Task> {
        let mut snapshots = Vec::new();
        let mut from = Some(0);
        while let Some(place) = from {
            // Other threads need not wait for a list of a million tasks.
            let (some, next) =
                lock(&self.engine.state).agenda.snapshots(place, SLICE, self.engine.clock.now());
            snapshots.extend(some);
            from = next;
        }
        snapshots.sort_by_key(|snapshot| (snapshot.next.is_none(), snapshot.next, snapshot.identity.id));
        snapshots.into_iter().map(|snapshot| self.handle(snapshot)).collect()
    }

    /// The next due times of all tasks together, up to `count`, each with its task: "what runs tonight?" What is known of a
    /// single task, [`Task::upcoming`] says.
    ///
    /// ```
    /// use sexton::{ManualClock, Scheduler};
    ///
    /// let clock = ManualClock::new(std::time::UNIX_EPOCH);
    /// let scheduler = Scheduler::builder().clock(&clock).zone("UTC").build()?;
    /// scheduler.task("report").cron("0 9 * * *").run(|| {})?;
    /// scheduler.task("sync").cron("0 */8 * * *").run(|| {})?;
    /// let names: Vec<String> = scheduler.upcoming(4).iter().map(|(_, task)| task.name().to_owned()).collect();
    /// assert_eq!(names, ["sync", "report", "sync", "sync"]);
    /// # Ok::<(), sexton::Error>(())
    /// ```
    pub fn upcoming(&self, count: usize) -> Vec<(SystemTime, Task)> {
        let mut all = Vec::new();
        let mut found = 0;
        for task in self.tasks() {
            // Those that are due later than so many others come too late. Of some tasks no due time is known.
            if found == count {
                break;
            }
            let due_times = task.upcoming(count);
            found += usize::from(!due_times.is_empty());
            all.extend(due_times.into_iter().map(|due| (due, task.clone())));
        }
        all.sort_by_key(|(due, _)| *due);
        all.truncate(count);
        all
    }

    fn handle(&self, snapshot: TaskSnapshot) -> Task {
        Task::new(&self.engine, ScheduledTask { identity: snapshot.identity, is_new: false })
    }

    /// [Cancels](Task::cancel) all tasks for which the closure returns true. Returns how many there were.
    ///
    /// ```
    /// let scheduler = sexton::Scheduler::builder().zone("UTC").build()?;
    /// scheduler.task("eu/report").cron("0 9 * * *").run(|| {})?;
    /// scheduler.task("eu/backup").cron("0 3 * * *").run(|| {})?;
    /// scheduler.task("us/report").cron("0 9 * * *").run(|| {})?;
    /// assert_eq!(scheduler.cancel_all(|task| task.name().starts_with("eu/")), 2);
    /// # Ok::<(), sexton::Error>(())
    /// ```
    pub fn cancel_all(&self, is_meant: impl FnMut(&Task) -> bool) -> usize {
        self.change_all(is_meant, Task::cancel)
    }

    /// [Pauses](Task::pause) all tasks for which the closure returns true. Returns how many there were.
    ///
    /// ```
    /// let scheduler = sexton::Scheduler::builder().zone("UTC").build()?;
    /// scheduler.task("eu/report").cron("0 9 * * *").run(|| {})?;
    /// scheduler.task("us/report").cron("0 9 * * *").run(|| {})?;
    /// assert_eq!(scheduler.pause_all(|task| task.name().starts_with("eu/")), 1);
    /// assert_eq!(scheduler.resume_all(|_| true), 2);
    /// # Ok::<(), sexton::Error>(())
    /// ```
    pub fn pause_all(&self, is_meant: impl FnMut(&Task) -> bool) -> usize {
        self.change_all(is_meant, Task::pause)
    }

    /// [Resumes](Task::resume) all tasks for which the closure returns true. Returns how many there were. From now on tasks
    /// do not begin paused any more, if the [builder](Builder::paused) has said so.
    pub fn resume_all(&self, is_meant: impl FnMut(&Task) -> bool) -> usize {
        lock(&self.engine.state).begins_paused = false;
        self.change_all(is_meant, Task::resume)
    }

    /// Tasks that have ended meanwhile are not counted.
    fn change_all(
        &self,
        mut is_meant: impl FnMut(&Task) -> bool,
        change: impl Fn(&Task) -> Result<(), Error>,
    ) -> usize {
        self.tasks().iter().filter(|task| is_meant(task) && change(task).is_ok()).count()
    }

    /// The zone of all schedules that do not name their own.
    pub fn zone(&self) -> Zone {
        lock(&self.engine.state).zone.clone()
    }

    /// Changes the zone of all tasks that do not name their own. The scheduler stops following the local zone.
    ///
    /// For a schedule, this is a clock change at this instant, and [the rule](crate#promises) applies. If the change skips
    /// civil times, a schedule that names its hours runs now for the times that were skipped. If the change repeats civil
    /// times, only an interval-like schedule runs at them again. A difference of more than three hours is a correction: the
    /// next due times are computed from the new time, nothing is made up, and nothing is held back. A single civil time
    /// ([`at`](NeedsSchedule::at)) is the same civil time in the new zone, and is due at once if it has passed.
    ///
    /// It returns when all tasks follow the new zone. Until then no task runs by the old one, but of thousands of tasks
    /// [`Task::next_due`] may still answer by it on another thread.
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

    /// The last due time of a name that an earlier process ran or reported as missed, from the [journal](Builder::store).
    /// If the name had no due time yet, the time at which it was scheduled. `None` if the scheduler has no journal, the
    /// journal does not know the name, or this process has scheduled a task of this name.
    pub fn last_due(&self, name: &str) -> Option<SystemTime> {
        self.engine.last_due(name)
    }

    /// Removes from the [journal](Builder::store) all names that this process has not scheduled, and returns them.
    ///
    /// Call it after all tasks are scheduled. Otherwise the journal keeps the names of removed tasks, and a task that comes
    /// back after a month has missed a month. A run of such a name that was cut off is reported first
    /// ([`Event::CutOff`]). To remove a single name, schedule it and [`cancel`](Scheduler::cancel) it.
    pub fn forget_unscheduled(&self) -> Vec<String> {
        self.engine.forget_unscheduled()
    }

    /// Registers an observer: a closure that receives every [`Event`] from now on, for as long as the scheduler lives, or until
    /// it is [removed](ObserverHandle::remove). There may be several.
    ///
    /// Without an observer, failures, attempts that fail, time limits and name clashes are printed to stderr, one line each.
    ///
    /// Observers are called on a thread that does nothing else, so a slow observer delays no run. It is started with the
    /// first event. In a scheduler without threads, and on a manual clock, they are called on the thread where the event
    /// happens. A panic of an observer is an event, too ([`Event::ObserverPanicked`]).
    ///
    /// ```
    /// # let scheduler = sexton::Scheduler::builder().zone("UTC").build()?;
    /// scheduler.observe(|event| println!("{event}")); // task `report` finished after 1.2s
    /// # Ok::<(), sexton::Error>(())
    /// ```
    ///
    /// All observers receive all events in the same order: that in which things were decided. So the missed occurrences that a
    /// run coalesces come before its start, its result comes after, and a task's `Ended` is its last event. An event may
    /// reach an observer later than it happens. If 100,000 events wait, further ones are counted and not delivered
    /// ([`Event::EventsLost`]). [`wait`](Scheduler::wait) and [`shutdown`](Scheduler::shutdown) return when all are delivered.
    pub fn observe(&self, observer: impl Fn(&Event) + Send + Sync + 'static) -> ObserverHandle {
        let observer: Observer = Arc::new(observer);
        let handle = ObserverHandle::new(&self.engine, &observer);
        self.engine.observe(observer);
        handle
    }

    /// Blocks until no task is left and the last run has ended, or until the scheduler is shut down. From inside a callback
    /// it returns at once.
    ///
    /// A scheduler without threads runs its tasks on the calling thread meanwhile. On a manual clock, the clock moves from
    /// one due time to the next; while another thread moves it, this returns at once.
    pub fn wait(&self) {
        if !Inside::is_inside(&self.engine) {
            timer::wait_until_empty(&self.engine);
        }
    }

    /// Runs all tasks that are due, on the calling thread. Returns the time until there is something to do again, or `None`
    /// if no task is waiting.
    ///
    /// This drives a scheduler [without threads](Builder::threads). With threads it only helps them.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let scheduler = sexton::Scheduler::builder().zone("UTC").threads(0).build()?;
    /// let task = scheduler.task("poll").every("1h").run(|| {})?;
    /// let pause = scheduler.run_pending().unwrap();
    /// assert_eq!(task.count(), Some(1));
    /// assert!(pause <= Duration::from_secs(3600));
    /// # Ok::<(), sexton::Error>(())
    /// ```
    pub fn run_pending(&self) -> Option<Duration> {
        timer::run_pending(&self.engine)
    }

    /// Stops the scheduler: no run starts any more, and all threads end. Blocks until the runs that have started are over.
    /// Occurrences that are due and have not started are reported as missed ([`Why::ShutDown`](crate::Why::ShutDown)); with a
    /// [journal](Builder::store), the next process makes up for them.
    ///
    /// From inside a callback of this scheduler it stops and does not wait. A second call does no harm.
    pub fn shutdown(&self) {
        self.engine.shutdown(None).expect("without a deadline it waits for the last run");
    }

    /// Stops as [`shutdown`](Scheduler::shutdown) does, and blocks no longer than `timeout`.
    ///
    /// # Errors
    ///
    /// If runs are still going on after `timeout`: [`Error::still_running`] names their tasks. Those of asynchronous callbacks
    /// end then, as their pending futures are dropped; the others go on until they return.
    pub fn shutdown_timeout(&self, timeout: Duration) -> Result<(), Error> {
        self.engine.shutdown(Instant::now().checked_add(timeout))
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
    // No closure here: `#[track_caller]` does not pass through one, and the caller's location tells two calls apart.
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
