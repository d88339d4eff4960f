//! What a scheduler is made with.

use std::time::Duration;

use super::{Keeper, Scheduler};
use crate::agenda::HISTORY_ITEMS;
use crate::clock::{Clock, Driven, ManualClock, CORRECTION};
use crate::engine::{Engine, OpenStore, Settings, Watch};
use crate::error::Error;
use crate::store::Store;
use crate::sync::{lock, thread, Arc, Mutex};
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
    store: Mutex<OpenStore>,
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
            store: Mutex::default(),
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

    /// Keeps the last due time of each name in a store of your own, so that it outlives the process. The feature `journal`
    /// has one that is a file.
    ///
    /// ```
    /// use std::collections::BTreeMap;
    /// use std::time::{Duration, SystemTime};
    /// use sexton::store::{Record, Store, StoreError};
    /// use sexton::{ManualClock, Scheduler};
    ///
    /// /// What is known of a name.
    /// #[derive(Clone, Default)]
    /// struct Known {
    ///     last: Option<SystemTime>,
    ///     is_claimed: bool,
    ///     under_way: Vec<SystemTime>,
    ///     cut_off: Vec<SystemTime>,
    /// }
    ///
    /// /// A store in memory. One in flash would read the map in `open`, and save what changes in `write`.
    /// #[derive(Clone, Default)]
    /// struct Memory(BTreeMap<String, Known>);
    ///
    /// impl Store for Memory {
    ///     fn open(&mut self) -> Result<Option<String>, StoreError> {
    ///         for known in self.0.values_mut() {
    ///             known.is_claimed = false;
    ///             known.cut_off.append(&mut known.under_way);
    ///         }
    ///         Ok(None)
    ///     }
    ///     fn last_due(&self, name: &str) -> Option<SystemTime> {
    ///         self.0.get(name).filter(|known| !known.is_claimed)?.last
    ///     }
    ///     fn claim(&mut self, name: &str) -> Vec<SystemTime> {
    ///         let known = self.0.entry(name.into()).or_default();
    ///         known.is_claimed = true;
    ///         known.cut_off.sort();
    ///         std::mem::take(&mut known.cut_off)
    ///     }
    ///     fn unclaimed(&self) -> Vec<String> {
    ///         self.0.iter().filter(|(_, known)| !known.is_claimed).map(|(name, _)| name.clone()).collect()
    ///     }
    ///     fn write(&mut self, name: &str, record: Record) -> Result<bool, StoreError> {
    ///         let known = self.0.entry(name.into()).or_default();
    ///         match record {
    ///             Record::Scheduled(at) => known.last = known.last.or(Some(at)),
    ///             Record::Passed(due) => known.last = Some(due),
    ///             Record::Began { due, .. } => {
    ///                 known.last = Some(due);
    ///                 known.under_way.push(due);
    ///             }
    ///             Record::Asked { at, .. } => known.under_way.push(at),
    ///             Record::Ended(due) => match known.under_way.iter().position(|run| *run == due) {
    ///                 Some(run) => drop(known.under_way.remove(run)),
    ///                 None => return Ok(false),
    ///             },
    ///             Record::Forgot => drop(self.0.remove(name)),
    ///         }
    ///         Ok(true)
    ///     }
    /// }
    ///
    /// let day = Duration::from_secs(24 * 3600);
    /// let left = Memory([("backup".into(), Known { last: Some(SystemTime::UNIX_EPOCH), ..Known::default() })].into());
    /// let clock = ManualClock::new(SystemTime::UNIX_EPOCH + day + day / 2);
    /// let scheduler = Scheduler::builder().clock(&clock).zone("UTC").store(left).build()?;
    /// let task = scheduler.task("backup").cron("0 0 * * *").run(|| {})?;
    /// clock.advance(Duration::ZERO);
    /// assert_eq!(task.count(), Some(1), "midnight was missed while the process was down");
    /// # Ok::<(), sexton::Error>(())
    /// ```
    pub fn store(mut self, store: impl Store + 'static) -> Builder {
        self.store = Mutex::new(OpenStore::new(store));
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
    /// If the zone cannot be read, the store cannot be opened, or no thread can be started.
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
        lock(&self.store).open()?;
        let watches = by_hand.is_none() && self.zone_check < Duration::MAX;
        let settings = Settings {
            clock: self.clock,
            zone,
            seed: self.seed,
            clock_check,
            clock_correction: self.clock_correction,
            watch: watches.then(|| Watch::new(local)),
            zone_check: self.zone_check,
            store: self.store,
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
