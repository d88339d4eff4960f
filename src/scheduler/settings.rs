//! The builder of a scheduler.

use std::fmt;
use std::time::Duration;

use super::{Keeper, Scheduler};
use crate::clock::{Clock, Driven, ManualClock, CORRECTION};
use crate::engine::{Claim, Claims, Engine, OpenStore, Recorder, Settings, Watch};
use crate::error::Error;
use crate::event::ClaimFailure;
use crate::layers;
use crate::platform::needs_clock;
use crate::store::Store;
use crate::sync::{lock, thread, Arc, Mutex};
use crate::timer::{self, Drive};
use crate::tz::{LocalZone, Zone};

/// Compares the clocks at least this often while a task waits for what the wall clock shows.
const CLOCK_CHECK: Duration = Duration::from_secs(1);

/// Checks the zones for changes at least this often while a task waits for what the wall clock shows.
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
    store: Mutex<OpenStore>,
    claims: Claims,
    pub(crate) recorder: Option<Arc<dyn Recorder>>,
    wait_limit: Option<Duration>,
    timer_slack: Option<Duration>,
    begins_paused: bool,
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
            claims: Claims::default(),
            recorder: layers::default_recorder(),
            wait_limit: None,
            timer_slack: None,
            begins_paused: false,
        }
    }

    /// The zone of all schedules that do not name their own: a [`Zone`], or the name of one or a POSIX rule.
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
    /// they all start at the same time. If they share the tasks ([`claim`](Builder::claim)), the one with the least delay runs
    /// it, and the others if that one is down.
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

    /// The interval at which the clocks are compared while a calendar task waits, or there is one of elapsed time with
    /// [`except`](crate::Schedule::except). A clock step or a suspend is noticed within this time. One second by default, at
    /// least one millisecond. Use a longer interval to wake the machine less often.
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
    /// named zones. They are checked while a calendar task waits, and when one is scheduled; also while there is one of
    /// elapsed time with [`except`](crate::Schedule::except). One minute by default; never
    /// with [`Duration::MAX`]. With a [`ManualClock`], only [`set_zone`](Scheduler::set_zone) changes the zone.
    ///
    /// If a zone cannot be read again, its old data stay in use, and [`Event::ZoneKept`](crate::Event::ZoneKept) reports that
    /// once.
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

    /// Has several replicas share their tasks: each run by the calendar is for one of them. The closure asks an engine that
    /// they share, such as a database: `true` is for the first replica that asks about this [name](Claim::name) and
    /// [due time](Claim::due), `false` for the others. It is asked on a worker, right before the run would start.
    ///
    /// ```
    /// use std::collections::BTreeSet;
    /// use std::sync::{Arc, Mutex};
    /// use std::time::{Duration, UNIX_EPOCH};
    /// use sexton::{ManualClock, Scheduler};
    ///
    /// // In place of a table with a unique key: `INSERT INTO claims VALUES ($1, $2) ON CONFLICT DO NOTHING`.
    /// let table = Arc::new(Mutex::new(BTreeSet::new()));
    /// let clock = ManualClock::new(UNIX_EPOCH);
    /// let replicas = ["one", "two"].map(|_| {
    ///     let table = table.clone();
    ///     let builder = Scheduler::builder().clock(&clock).zone(sexton::tz::Zone::utc());
    ///     let builder = builder.claim(move |claim| match table.lock() {
    ///         Ok(mut table) => Ok(table.insert((claim.name().to_owned(), claim.due()))),
    ///         Err(_) => Err("the table cannot be reached"),
    ///     });
    ///     let scheduler = builder.build().unwrap();
    ///     let task = scheduler.task("report").cron("0 * * * *").run(|| {}).unwrap();
    ///     (scheduler, task)
    /// });
    /// clock.advance(Duration::from_secs(24 * 3600));
    /// let stats = replicas.map(|(_, task)| task.stats());
    /// assert_eq!(stats[0].runs() + stats[1].runs(), 24);
    /// assert_eq!(stats[0].elsewhere + stats[1].elsewhere, 24);
    /// ```
    ///
    /// An error, or a panic, says that this is unknown: the engine is away. [`claim_failure`](Builder::claim_failure) says what
    /// follows. Give the engine's client a short time-out: meanwhile the claim holds a worker, and what comes is an overrun.
    ///
    /// Not asked about are runs that no other replica has: of elapsed time (`every("1h")`, `after`; for a shared one use cron),
    /// [requested](crate::Task::run_now) ones, further attempts of a run that failed, and those of a task that is
    /// [`unclaimed`](crate::TaskBuilder::unclaimed). `every("1d")` counts from when each replica has scheduled it; with
    /// [`starting`](crate::TaskBuilder::starting) it has the same due times in all.
    ///
    /// A run that another replica has is an event ([`Event::ClaimedElsewhere`](crate::Event::ClaimedElsewhere)), and done with. It
    /// counts for [`times`](crate::TaskBuilder::times), [`Task::count`](crate::Task::count) and
    /// [`cancel_after_next`](crate::Task::cancel_after_next). Two runs of a task may overlap if they are in two replicas. A run
    /// whose claim was granted starts, also after a pause or a [`shutdown`](Scheduler::shutdown) that came meanwhile, and not
    /// after its task was cancelled or replaced.
    ///
    /// The page `docs/fleets.md` says what is guaranteed when replicas crash, when their clocks differ, and how to ask
    /// PostgreSQL, Redis, etcd and Kubernetes.
    pub fn claim<E: fmt::Display>(
        mut self,
        claim: impl Fn(&Claim<'_>) -> Result<bool, E> + Send + Sync + 'static,
    ) -> Builder {
        self.claims.ask = Some(Arc::new(move |run| claim(run).map_err(|error| error.to_string())));
        self
    }

    /// What follows if a claim fails. [`ClaimFailure::Skip`] by default: twice is often worse than not at all, and what is missed
    /// is reported.
    pub fn claim_failure(mut self, then: ClaimFailure) -> Builder {
        self.claims.on_failure = then;
        self
    }

    /// Emits [`Event::Waiting`](crate::Event::Waiting) for each run that has been waiting for a free worker longer than this.
    /// A scheduler without threads emits it when the run starts. Off by default.
    pub fn wait_limit(mut self, limit: Duration) -> Builder {
        self.wait_limit = Some(limit);
        self
    }

    /// How late the operating system may wake the timer's thread to save power, on Linux: 50 microseconds unless something
    /// else is asked for, at least one nanosecond. With less, runs start sooner and cost more processor time, up to three
    /// times as much if there are 100,000 a second. Elsewhere, and with a manual clock or [`threads(0)`](Builder::threads), it
    /// has no effect.
    ///
    /// The thread writes it to `timerslack_ns` in its folder of `/proc`. If it cannot, the slack stays as it is.
    pub fn timer_slack(mut self, slack: Duration) -> Builder {
        self.timer_slack = Some(slack);
        self
    }

    /// All tasks begin paused, until [`resume_all`](Scheduler::resume_all) is called: for a process that sets up its tasks
    /// before it is ready for their runs.
    ///
    /// ```
    /// let scheduler = sexton::Scheduler::builder().zone("UTC").paused().build()?;
    /// let task = scheduler.task("poll").every("1s").run(|| {})?;
    /// assert_eq!(task.status(), sexton::Status::Paused);
    /// // Now all is ready.
    /// assert_eq!(scheduler.resume_all(|_| true), 1);
    /// # Ok::<(), sexton::Error>(())
    /// ```
    pub fn paused(mut self) -> Builder {
        self.begins_paused = true;
        self
    }

    /// Starts the scheduler.
    ///
    /// # Errors
    ///
    /// If the zone cannot be read, the store cannot be opened, no thread can be started, or the platform has no clock
    /// (`wasm32-unknown-unknown`).
    pub fn build(self) -> Result<Scheduler, Error> {
        needs_clock().map_err(Error::other)?;
        let (local, zone) = match self.zone {
            Some(zone) => (None, zone?),
            None => {
                let local = LocalZone::new()?;
                let zone = local.zone().clone();
                (Some(local), zone)
            }
        };
        let (by_hand, threads, clock_check) = match &self.clock {
            // A manual clock drives the scheduler whenever it advances, and so before the next due time: no check is needed.
            Clock::Manual(clock) => (Some(clock.clone()), 0, None),
            Clock::System => (None, self.threads.unwrap_or_else(default_threads), Some(self.clock_check)),
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
            recorder: self.recorder,
            wait_limit: self.wait_limit,
            claims: self.claims,
            workers: threads,
            begins_paused: self.begins_paused,
        };
        let engine = Arc::new(Engine::new(settings));
        if threads > 0 {
            timer::start(&engine, self.timer_slack)?;
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
