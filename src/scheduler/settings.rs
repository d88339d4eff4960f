//! What a scheduler is made with.

use std::convert::TryInto;
use std::path::PathBuf;
use std::time::Duration;

use super::{Keeper, Scheduler};
use crate::agenda::HISTORY_ITEMS;
use crate::clock::{Clock, Driven, ManualClock, CORRECTION};
use crate::engine::{Engine, JournalWriter, Settings, Watch};
use crate::error::Error;
use crate::journal::{Journal, Opened};
use crate::sync::{thread, Arc};
use crate::timer::{self, Drive};
use crate::tz::{LocalZone, Zone};

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
            history: HISTORY_ITEMS,
            wait_limit: None,
        }
    }

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

    /// What the [jitter](crate::TaskBuilder::jitter) of tasks depends on beside their names, 0 by default. Replicas that run the
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
    /// A zone that cannot be read again stays as it was, and [`Event::ZoneKept`](crate::Event::ZoneKept) says so once.
    pub fn zone_check(mut self, interval: Duration) -> Builder {
        self.zone_check = interval;
        self
    }

    /// Remembers across restarts the last due of each name, in a file: a due that comes while the process is down is then
    /// missed like one that comes while the machine sleeps, and [`Missed`](crate::Missed) says what becomes of it. None is
    /// run twice. A run that the end of its process cut off is told when its task is scheduled again
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
    /// * Cron expressions, civil times and iterators of them go on after the last due, and so do periods that have an anchor
    ///   ([`starting`](crate::Schedule::starting)). Whole days without an anchor take the last due for one. Other
    ///   periods, delays and closures begin anew. So does a task that was cancelled, or that ended itself.
    /// * A name is remembered from when it was scheduled for the first time, so that a first due can be missed, too. What
    ///   counts is the name: another schedule under it goes on after the last due as well.
    /// * A clock that was set back between two processes is like one set back under a running scheduler: by up to three
    ///   hours nothing is run twice but by interval-like expressions and periods of less than a day, which go on by the new
    ///   time.
    /// * What is missed as the scheduler shuts down is left to the next process.
    /// * [`times`](crate::Schedule::times), [`Run::count`](crate::Run::count) and pauses are not remembered. With another
    ///   [`jitter`](crate::Schedule::jitter) than before, the last due may be run once more, or the next one left out.
    /// * Each run adds two lines. Before a run that follows the calendar begins, its line is on the disk (`fsync`): not
    ///   even a power failure has it run twice. That takes some milliseconds on many disks, one run after the other. The
    ///   file is written anew when it has grown. It keeps each name until that is cancelled or
    ///   [forgotten](Scheduler::forget_unscheduled).
    /// * The file is the scheduler's alone while it is open: if it is removed or replaced nothing more is written, and
    ///   [`Event::JournalFailed`](crate::Event::JournalFailed) tells.
    /// * A crash at any byte does no harm. Of a file that was damaged the other lines are followed, and it is kept beside;
    ///   [`Event::JournalDamaged`](crate::Event::JournalDamaged) tells.
    ///
    /// One process at a time has a journal. On Unix a socket beside it (`jobs.journal.lock.…`) tells whether that process
    /// lives; a folder that several machines share over a network is no place for it.
    pub fn journal(mut self, path: impl Into<PathBuf>) -> Builder {
        self.journal = Some(path.into());
        self
    }

    /// How many decisions about runs are remembered of each task, for [`Scheduler::explain`]: 16 by default, none with 0.
    /// One takes 40 bytes, and nothing is taken for a task that has not run yet, or that runs once. When there are too
    /// many, runs in a row that ended alike become one: a task that is well is remembered from its first run on. So are the
    /// last 16 tasks that were cancelled, with theirs, and none with 0.
    pub fn history(mut self, decisions: usize) -> Builder {
        self.history = decisions;
        self
    }

    /// Has [`Event::Waiting`](crate::Event::Waiting) told of each run that has been waiting for a free worker longer than
    /// this, while it waits; a scheduler without threads tells it when the run begins. By default it is not told.
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
        let journal = match &self.journal {
            Some(path) => {
                let Opened { journal, damage } = Journal::open(path)?;
                JournalWriter::new(journal, damage.map(|damage| damage.to_string().into()))
            }
            None => JournalWriter::default(),
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
            journal,
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
