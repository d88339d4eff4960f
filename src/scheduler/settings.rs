//! The builder of a scheduler.

use std::convert::TryInto;
use std::path::PathBuf;
use std::time::Duration;

use super::{Keeper, Scheduler};
use crate::agenda::NOTES;
use crate::clock::{Clock, Driven, ManualClock, CORRECTION};
use crate::engine::{Engine, Notes, Settings, Watch};
use crate::error::Error;
use crate::journal::{Journal, Opened};
use crate::sync::{thread, Arc};
use crate::timer::{self, Drive};
use crate::tz::{LocalZone, Zone};

/// Compares the clocks at least this often while a calendar task waits.
const CLOCK_CHECK: Duration = Duration::from_secs(1);

/// Checks the zones for changes at least this often while a calendar task waits.
const ZONE_CHECK: Duration = Duration::from_secs(60);

/// The settings of a new [`Scheduler`].
///
/// ```
/// use std::time::Duration;
///
/// let scheduler = sexton::Scheduler::builder()
///     .zone("UTC")
///     .threads(4)
///     .wait_limit(Duration::from_secs(5))
///     .build()?;
/// # Ok::<(), sexton::Error>(())
/// ```
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
    pub(super) fn new() -> Builder {
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

    /// The zone of all schedules that do not name their own: a [`Zone`], or the name of one.
    ///
    /// By default this is the local zone, and the scheduler follows it when it changes. A zone that is given here does not
    /// change to another one, not even [`Zone::local`].
    pub fn zone<Z>(mut self, zone: Z) -> Builder
    where
        Z: TryInto<Zone>,
        Z::Error: Into<Error>,
    {
        self.zone = Some(zone.try_into().map_err(Into::into));
        self
    }

    /// The maximum number of worker threads. The default is the number of cores, at least 2 and at most 8.
    ///
    /// With 0 the scheduler starts no thread at all. Tasks then run only inside [`Scheduler::run_pending`] and
    /// [`Scheduler::wait`].
    pub fn threads(mut self, threads: usize) -> Builder {
        self.threads = Some(threads);
        self
    }

    /// The seed of the [jitter](crate::TaskBuilder::jitter), 0 by default. A task's delay depends on this seed and on the
    /// task's name. Replicas that run the same tasks need different seeds, for example a hash of the host name; otherwise
    /// they all start at the same time.
    pub fn seed(mut self, seed: u64) -> Builder {
        self.seed = seed;
        self
    }

    /// Uses a manual clock instead of the system's. The scheduler starts no threads: tasks run on the thread that moves the
    /// clock.
    pub fn clock(mut self, clock: &ManualClock) -> Builder {
        self.clock = Clock::Manual(clock.clone());
        self
    }

    /// The interval at which the clocks are compared while a calendar task waits. A clock step or a suspend is noticed within
    /// this time. One second by default, at least one millisecond. Use a longer interval to wake the machine less often.
    pub fn clock_check(mut self, interval: Duration) -> Builder {
        self.clock_check = interval.max(Duration::from_millis(1));
        self
    }

    /// The largest forward step of the wall clock that counts as a suspend. A larger step is a correction of a clock that was
    /// wrong: the skipped occurrences are reported ([`Why::ClockCorrected`](crate::Why::ClockCorrected)) and not run. Three
    /// hours by default. For a clock that is set back, the limit is always three hours.
    ///
    /// A program cannot tell a clock that was set from a machine that slept, and a night is longer than three hours. On a
    /// laptop with a correct clock a higher limit is better. With [`Duration::MAX`], every occurrence during a sleep is
    /// treated as [`Missed`](crate::Missed) says. With zero, none of them is run.
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

    /// The interval at which zones are checked for changes: the local zone, if the scheduler follows it, and the files of
    /// named zones. They are checked while a calendar task waits, and when one is scheduled. One minute by default; never
    /// with [`Duration::MAX`]. With a [`ManualClock`], only [`set_zone`](Scheduler::set_zone) changes the zone.
    ///
    /// If a zone cannot be read again, its old data stay in use, and [`Event::ZoneKept`](crate::Event::ZoneKept) reports that
    /// once.
    pub fn zone_check(mut self, interval: Duration) -> Builder {
        self.zone_check = interval;
        self
    }

    /// Keeps the last due time of each name in a file, across restarts. An occurrence while the process is down is then
    /// missed, like one while the machine sleeps, and [`Missed`](crate::Missed) decides what happens to it. No occurrence is
    /// run twice. A run that was cut off by the end of its process is reported when its task is scheduled again
    /// ([`Event::CutOff`](crate::Event::CutOff)), and not run again.
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
    /// * Cron expressions, civil times, iterators of civil times, and periods with an anchor
    ///   ([`starting`](crate::Schedule::starting)) continue after the last due time. Periods of whole days without an anchor
    ///   use the last due time as their anchor. Other periods, delays and closures start again. So does a task that was
    ///   cancelled, or that ended itself.
    /// * A name is in the journal from the first time it is scheduled, so its first occurrence can be missed, too. The
    ///   journal knows names only: a new schedule under an old name continues after the last due time as well.
    /// * A clock that was set back between two processes has the same effect as one that is set back under a running
    ///   scheduler. If it was set back by up to three hours, nothing runs twice, except interval-like expressions and periods
    ///   of less than a day: they follow the new time.
    /// * An occurrence that is missed because the scheduler shuts down is left to the next process.
    /// * [`times`](crate::Schedule::times), [`Run::count`](crate::Run::count) and pauses are not kept. If the
    ///   [`jitter`](crate::Schedule::jitter) has changed, the last occurrence may run once more, or the next one may be
    ///   skipped.
    /// * Each run adds two lines. The first line of a calendar run is on the disk (`fsync`) before the run starts, so that it
    ///   is not run twice even after a power failure. That takes some milliseconds on many disks, for one run after the
    ///   other. The file is rewritten when it has grown. It keeps a name until its task is cancelled or
    ///   [forgotten](Scheduler::forget_unscheduled).
    /// * The file belongs to the scheduler while it is open. If it is removed or replaced, nothing more is written, and
    ///   [`Event::JournalFailed`](crate::Event::JournalFailed) reports that.
    /// * A crash at any byte does no harm. If the file was damaged, the readable lines are used, a copy of the damaged file is
    ///   kept beside it, and [`Event::JournalDamaged`](crate::Event::JournalDamaged) reports that.
    ///
    /// One process at a time can use a journal. On Unix a socket beside it (`jobs.journal.lock.…`) shows whether that
    /// process is alive. Do not put a journal in a folder that several machines share over a network.
    pub fn journal(mut self, path: impl Into<PathBuf>) -> Builder {
        self.journal = Some(path.into());
        self
    }

    /// The length of each task's history, for [`Scheduler::explain`]: how many runs and misses it holds. 16 by default; no
    /// history with 0. Each takes 40 bytes. A task that has not run yet, or that runs once, takes none.
    ///
    /// When a history is full, consecutive runs with the same result are merged into one, so that the history of a healthy
    /// task goes back to its first run. The histories of the last 16 cancelled tasks are kept as well, unless this is 0.
    pub fn history(mut self, decisions: usize) -> Builder {
        self.history = decisions;
        self
    }

    /// Emits [`Event::Waiting`](crate::Event::Waiting) for each run that has been waiting for a free worker longer than this.
    /// A scheduler without threads emits it when the run starts. Off by default.
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
            // A manual clock drives the scheduler whenever it advances, and so before the next due time: no check is needed.
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
