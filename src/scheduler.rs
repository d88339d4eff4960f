//! What users hold: the scheduler, the builders that lead to a task, and the handles that come of them.

mod builder;
mod explain;
mod forecast;
mod handle;

pub use builder::{NeedsSchedule, TaskBuilder};
pub use explain::{Account, Reason};
pub use forecast::{Forecast, Outlook};
pub use handle::{Run, Task};

use std::convert::TryInto;
use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use crate::agenda::{Which, NOTES};
use crate::clock::{Clock, Driven, ManualClock, CORRECTION};
use crate::engine::{Engine, Inside, Notes, Settings, Watch};
use crate::error::Error;
use crate::event::Event;
use crate::journal::{Journal, Opened};
use crate::schedule::Schedule;
use crate::sync::{lock, thread, Arc, Instant, Mutex, Weak};
use crate::task::Outcome;
use crate::timer::{self, Drive};
use crate::tz::{LocalZone, Zone};

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
    engine: Arc<Engine>,
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
        Builder {
            zone: None,
            threads: None,
            seed: 0,
            clock: Clock::System,
            clock_check: CLOCK_CHECK,
            clock_correction: CORRECTION,
            zone_check: ZONE_CHECK,
            journal: None,
            history: NOTES,
            wait_limit: None,
        }
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
        self.engine.cancel(Which { name, id: None })
    }

    /// Ends a task after exactly one more run.
    ///
    /// # Errors
    ///
    /// If no task has this name, or the scheduler has been shut down.
    pub fn cancel_after_next(&self, name: &str) -> Result<(), Error> {
        self.engine.cancel_after_next(Which { name, id: None })
    }

    /// The task of this name, if there is one.
    pub fn get(&self, name: &str) -> Option<Task> {
        let id = lock(&self.engine.state).agenda.holder(name)?.id;
        Some(Task::new(&self.engine, Arc::from(name), id, false))
    }

    /// All tasks that have a name, in the order in which they were scheduled.
    pub fn tasks(&self) -> Vec<Task> {
        let glimpses = lock(&self.engine.state).agenda.glimpses();
        glimpses.into_iter().map(|glimpse| Task::new(&self.engine, glimpse.name, glimpse.id, false)).collect()
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

    /// The last due of a name that an earlier process ran or reported as missed, as the [journal](Builder::journal) has it.
    /// `None` without one, and once a task of this name has been scheduled.
    pub fn last_due(&self, name: &str) -> Option<SystemTime> {
        self.engine.last_due(name)
    }

    /// Has every [`Event`] told to a closure: on the thread where it happens, or, for what the timer sees, on a worker that is
    /// free. If all are busy, one more thread tells it, which is started when that first happens. Of a task, its end
    /// is told last. Several may observe, and each does so as long as the scheduler lives. Without one, failures and
    /// name clashes go to stderr, as does a panic of an observer.
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

/// Looks at the clocks at least this often while a calendar task waits.
const CLOCK_CHECK: Duration = Duration::from_secs(1);

/// Looks whether zones have changed at least this often while a calendar task waits.
const ZONE_CHECK: Duration = Duration::from_secs(60);

/// Settings of a scheduler that is yet to be.
#[derive(Debug)]
#[must_use = "a builder does nothing until `build`"]
pub struct Builder {
    zone: Option<Result<Zone, Error>>,
    threads: Option<usize>,
    seed: u64,
    clock: Clock,
    clock_check: Duration,
    clock_correction: Duration,
    zone_check: Duration,
    journal: Option<PathBuf>,
    history: usize,
    wait_limit: Option<Duration>,
}

impl Builder {
    /// The zone in which civil times are read unless a schedule names its own: a [`Zone`], or the name of one. Without
    /// it that is the local zone, also when the machine is moved to another one; [`Zone::local`] given here stays what
    /// it is.
    pub fn zone<Z>(mut self, zone: Z) -> Builder
    where
        Z: TryInto<Zone>,
        Z::Error: Into<Error>,
    {
        self.zone = Some(zone.try_into().map_err(Into::into));
        self
    }

    /// The most workers there may be. With none the scheduler starts no thread at all, and runs when it is told to:
    /// [`Scheduler::run_pending`], [`Scheduler::wait`].
    pub fn threads(mut self, threads: usize) -> Builder {
        self.threads = Some(threads);
        self
    }

    /// What the [jitter](TaskBuilder::jitter) of tasks hangs on beside their names, 0 by default. Replicas that run the
    /// same tasks are to have different ones, a hash of the machine's name for one, or they all start at the same time.
    pub fn seed(mut self, seed: u64) -> Builder {
        self.seed = seed;
        self
    }

    /// Has the scheduler run by a clock that is moved by hand, on the thread that moves it.
    pub fn clock(mut self, clock: &ManualClock) -> Builder {
        self.clock = Clock::Manual(clock.clone());
        self
    }

    /// How often to look whether the wall clock was set, while a calendar task waits: at most this long after it was,
    /// the scheduler knows. One second by default, a millisecond at the least; a machine that must rarely wake up may
    /// want more.
    pub fn clock_check(mut self, interval: Duration) -> Builder {
        self.clock_check = interval.max(Duration::from_millis(1));
        self
    }

    /// How far forward the wall clock may be found to have gone without being taken for one that was wrong: what a larger
    /// step has skipped is reported ([`Why::ClockCorrected`](crate::Why::ClockCorrected)) and not caught up. Three hours by
    /// default.
    ///
    /// A program cannot tell a clock that was set from a machine that slept, and a night is longer than three hours. On a
    /// laptop, whose clock is right, more is better: with [`Duration::MAX`] whatever passes while it sleeps is caught up as
    /// [`Missed`](crate::Missed) has it. Zero catches up with nothing. For a clock that is set back it is always three hours.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use sexton::{ManualClock, Scheduler};
    ///
    /// let clock = ManualClock::new(SystemTime::UNIX_EPOCH);
    /// let builder = Scheduler::builder().clock(&clock).zone(sexton::tz::Zone::utc());
    /// let scheduler = builder.clock_correction(Duration::from_secs(24 * 3600)).build()?;
    /// let nightly = scheduler.task("nightly").cron("0 4 * * *").run(|| {})?;
    ///
    /// clock.suspend(Duration::from_secs(10 * 3600));
    /// clock.advance(Duration::ZERO);
    /// assert_eq!(nightly.count(), Some(1));
    /// # Ok::<(), sexton::Error>(())
    /// ```
    pub fn clock_correction(mut self, more_than: Duration) -> Builder {
        self.clock_correction = more_than;
        self
    }

    /// How often to look whether the zones have changed, while a calendar task waits and when one is scheduled: the local
    /// zone, if the scheduler goes by it, and the files of zones that have a name. One minute by default; with
    /// [`Duration::MAX`] never. With a [`ManualClock`] zones change by [`set_zone`](Scheduler::set_zone) alone.
    ///
    /// A zone that cannot be read again stays as it was, and [`Event::ZoneKept`] says so.
    pub fn zone_check(mut self, interval: Duration) -> Builder {
        self.zone_check = interval;
        self
    }

    /// Remembers across restarts the last due of each name, in a file: a due that comes while the process is down is then
    /// missed like one that comes while the machine sleeps, and [`Missed`](crate::Missed) says what becomes of it. None is
    /// run twice. A run that the end of its process cut off is told when its task is scheduled again
    /// ([`Event::CutOff`]), and not run again.
    ///
    /// ```
    /// # let folder = std::env::temp_dir().join(format!("sexton-doc-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// # let path = folder.join("jobs.journal");
    /// use sexton::Scheduler;
    ///
    /// let scheduler = Scheduler::builder().journal(&path).build()?;
    /// scheduler.task("backup").cron("30 2 * * *").run(|| {})?; // run at once if the last one was missed
    /// # scheduler.shutdown();
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// * Cron expressions, civil times and iterators of them go on after the last due, and so do periods that have an anchor
    ///   ([`starting`](crate::Schedule::starting)). Whole days without an anchor take the last due for one. Other
    ///   periods, delays and closures begin anew. So does a task that was cancelled, or that ended itself.
    /// * A clock that was set back between two processes is like one set back under a running scheduler: by up to three
    ///   hours nothing is run twice but by interval-like expressions, which go on by the new time.
    /// * What is missed as the scheduler shuts down is left to the next process.
    /// * [`times`](crate::Schedule::times), [`Run::count`] and pauses are not remembered.
    /// * Each run adds two lines. Before a run that follows the calendar begins, its line is on the disk (`fsync`): not
    ///   even a power failure has it run twice. That takes some milliseconds on many disks, one run after the other. The
    ///   file is written anew when it has grown; it keeps each name until that is
    ///   cancelled.
    /// * A crash at any byte does no harm. Of a file that was damaged the other lines are followed, and it is kept beside;
    ///   [`Event::JournalDamaged`] tells.
    ///
    /// One process at a time has a journal. On Unix a socket beside it (`jobs.journal.lock.…`) tells whether that process
    /// lives; a folder that several machines share over a network is no place for it.
    pub fn journal(mut self, path: impl Into<PathBuf>) -> Builder {
        self.journal = Some(path.into());
        self
    }

    /// How many decisions about runs are remembered of each task, for [`Scheduler::explain`]: 16 by default, none with 0.
    /// One takes 40 bytes, and nothing is taken for a task that has not run yet, or that runs once. When there are too
    /// many, runs in a row that ended alike become one: a task that is well is remembered from its first run on.
    pub fn history(mut self, decisions: usize) -> Builder {
        self.history = decisions;
        self
    }

    /// Has [`Event::Waiting`] told of each run that has been waiting for a free worker longer than this, while it waits;
    /// a scheduler without threads tells it when the run begins. By default it is not told.
    pub fn wait_limit(mut self, limit: Duration) -> Builder {
        self.wait_limit = Some(limit);
        self
    }

    /// Starts the scheduler.
    ///
    /// # Errors
    ///
    /// If the zone cannot be read, the journal cannot be opened, or no thread can be started.
    pub fn build(self) -> Result<Scheduler, Error> {
        let (local, zone) = match self.zone {
            Some(zone) => (None, zone?),
            None => {
                let local = LocalZone::new()?;
                let zone = local.zone().clone();
                (Some(local), zone)
            }
        };
        let by_hand = match &self.clock {
            Clock::Manual(clock) => Some(clock.clone()),
            Clock::System => None,
        };
        let threads = match by_hand {
            Some(_) => 0,
            None => self.threads.unwrap_or_else(default_threads),
        };
        let clock_check = match by_hand {
            // It cannot be set without the scheduler being driven before the next due.
            Some(_) => None,
            None => Some(self.clock_check),
        };
        let notes = match &self.journal {
            Some(path) => {
                let Opened { journal, damage } = Journal::open(path)?;
                Notes::new(journal, damage.map(|damage| damage.to_string().into()))
            }
            None => Notes::default(),
        };
        let watches = by_hand.is_none() && self.zone_check < Duration::MAX;
        let settings = Settings {
            clock: self.clock,
            zone,
            seed: self.seed,
            clock_check,
            clock_correction: self.clock_correction,
            watch: watches.then(|| Watch::new(local)),
            zone_check: self.zone_check,
            notes,
            history: self.history,
            wait_limit: self.wait_limit,
            workers: threads,
        };
        let engine = Arc::new(Engine::new(settings));
        if threads > 0 {
            timer::start(&engine)?;
        }
        let drive = by_hand.map(|clock| {
            let drive: Arc<dyn Driven> = Arc::new(Drive(engine.clone()));
            clock.attach(Arc::downgrade(&drive));
            drive
        });
        let keeper = Keeper { engine: engine.clone(), _drive: drive };
        Ok(Scheduler { engine, _keeper: Some(Arc::new(keeper)) })
    }
}

fn default_threads() -> usize {
    thread::available_parallelism().map_or(2, |cores| cores.get().clamp(2, 8))
}
