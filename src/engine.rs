//! What the threads share, and how a task goes round: from the agenda to the pool, through its run, and back.
//!
//! ```text
//! timer: take_due ──> pool: decide ──> begin ──> callback ──> finish ──> agenda
//!   ^                            (lock)                     (lock)        │
//!   └──────────── woken only if a due is now the first ──────────────────┘
//! ```
//!
//! # Locks
//!
//! While a lock is held, only those after it in this order may be taken, and a pool's and `hands` alone:
//!
//! ```text
//! GLOBAL ──> watch ──> store ──> state ──> a pool's state, hands
//! ```
//!
//! * `GLOBAL` ([`Scheduler::global`](crate::Scheduler::global)): the scheduler of the process, while it is being made.
//! * `watch` ([`zones`]): what looks for changed zones. `store` ([`journal`]): the store, and who may write to it.
//! * `state`: the agenda, and all that changes with it. The `state` of a [`Pool`], of which there are two: its queue.
//! * `hands`: the time of a manual clock.
//! * `observers`, and the `sleep` of each pending future, are taken alone.
//!
//! What is called or dropped under a lock is plain data of ours, but for the store, which has its lock to itself. Callbacks,
//! schedules, observers and the destructors of all of them are called on a pool thread or on the caller's, behind
//! [`guarded`](crate::guard::guarded), with no lock held.

mod close;
mod journal;
mod observe;
mod run;
mod tell;
mod zones;

use std::cell::RefCell;
use std::fmt;
use std::io;
use std::panic::Location;
use std::time::Duration;

use crate::agenda::{Agenda, Holder, Request, Scheduled, Which};
use crate::clock::{Clock, Now};
use crate::error::{Error, Kind};
use crate::event::{Event, Why};
use crate::pool::{Pool, Wanted};
use crate::schedule::{Schedule, Whose};
use crate::sync::{lock, thread, Arc, AtomicBool, Condvar, Instant, Mutex, MutexGuard, Weak};
use crate::task::{Job, Policy, Task};
use crate::tz::Zone;

use self::journal::{Entered, Entries, Entry};
use self::observe::to_stderr;
use self::tell::Telling;
pub(crate) use journal::OpenStore;
pub(crate) use observe::Observer;
pub(crate) use run::{Sleeper, Work};
pub(crate) use zones::Watch;

/// What the threads share.
pub(crate) struct Engine {
    pub(crate) clock: Clock,
    /// What tells the jitter of this scheduler's tasks from that of another's.
    seed: u64,
    /// How long the timer sleeps at most while a calendar due is waited for. None where the clock moves by hand, and
    /// the schedulers with it.
    pub(crate) clock_check: Option<Duration>,
    /// A larger step forward is a correction.
    clock_correction: Duration,
    /// Looks whether zones have changed. None where the clock moves by hand: zones stay as they are until told otherwise.
    watch: Option<Mutex<Watch>>,
    /// At least so much time lies between two looks at the zones.
    zone_check: Duration,
    store: Mutex<OpenStore>,
    /// Whether there is a store, so that nothing is entered for none.
    has_store: bool,
    /// A run that waits longer for a worker is told.
    pub(crate) wait_limit: Option<Duration>,
    pub(crate) state: Mutex<State>,
    /// Wakes the timer.
    pub(crate) timer: Condvar,
    /// Notified when the agenda has become empty, and when the engine has closed.
    quiet: Condvar,
    pub(crate) pool: Pool<Work>,
    /// One thread at most, for what is to be told while no worker is free.
    teller: Pool<Work>,
    /// None once the engine has closed.
    observers: Mutex<Option<Arc<[Observer]>>>,
    /// Whether there is an observer, so that nothing is made up for nobody.
    is_observed: AtomicBool,
}

/// What the lock guards.
pub(crate) struct State {
    pub(crate) agenda: Agenda,
    /// The zone of all tasks that have none of their own.
    pub(crate) zone: Zone,
    /// When the zones were looked at.
    zones_checked: Instant,
    /// Whether somebody is looking at them, or is about to.
    is_checking_zones: bool,
    pub(crate) phase: Phase,
    pub(crate) nap: Nap,
    /// What is being told of tasks by others than their own workers.
    tellings: Vec<Telling>,
    /// What is yet to be written to the store; None where there is none.
    entries: Option<Entries>,
    /// Whether somebody is telling which runs have waited too long.
    is_telling_waits: bool,
    timer_thread: Option<thread::JoinHandle<()>>,
    /// Callers of a shutdown that wait for threads to end, or have found none that another caller does not wait for.
    joining: usize,
    /// Pending futures of an engine without threads: nobody else would drop them.
    sleepers: Vec<Weak<Sleeper>>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    Open,
    /// Nothing starts any more, and tasks are being dropped.
    Clearing,
    /// Nothing starts any more; runs are let finish.
    Stopping,
    /// The last run has ended.
    Closing,
    /// The workers go home.
    Closed,
}

/// What the timer is doing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nap {
    /// It will look at the agenda before it sleeps.
    Awake,
    Until(Instant),
    /// Until it is woken.
    Forever,
}

/// What an engine is made with.
pub(crate) struct Settings {
    pub(crate) clock: Clock,
    pub(crate) zone: Zone,
    pub(crate) seed: u64,
    pub(crate) clock_check: Option<Duration>,
    pub(crate) clock_correction: Duration,
    pub(crate) watch: Option<Watch>,
    pub(crate) zone_check: Duration,
    /// Opened already. In its lock from the start, so that a builder can be shared by threads.
    pub(crate) store: Mutex<OpenStore>,
    pub(crate) history: usize,
    pub(crate) wait_limit: Option<Duration>,
    /// The most there may be.
    pub(crate) workers: usize,
}

/// A task to be scheduled.
pub(crate) struct Order {
    pub(crate) name: Arc<str>,
    pub(crate) schedule: Schedule,
    pub(crate) job: Job,
    pub(crate) policy: Policy,
    pub(crate) replaces: bool,
    pub(crate) scheduled_at: &'static Location<'static>,
}

/// The task that has the name now.
pub(crate) struct Placed {
    pub(crate) id: u64,
    pub(crate) is_new: bool,
}

impl Engine {
    pub(crate) fn new(settings: Settings) -> Engine {
        let Settings { clock, zone, seed, clock_check, clock_correction, watch, zone_check, .. } = settings;
        let Settings { store, history, wait_limit, workers, .. } = settings;
        let has_store = lock(&store).is_kept();
        let state = State {
            agenda: Agenda::new(clock_correction, history),
            zone,
            zones_checked: clock.now().mono,
            is_checking_zones: false,
            phase: Phase::Open,
            nap: Nap::Awake,
            tellings: Vec::new(),
            entries: has_store.then(Entries::default),
            is_telling_waits: false,
            timer_thread: None,
            joining: 0,
            sleepers: Vec::new(),
        };
        Engine {
            clock,
            seed,
            clock_check,
            clock_correction,
            watch: watch.map(Mutex::new),
            zone_check,
            store,
            has_store,
            wait_limit,
            state: Mutex::new(state),
            timer: Condvar::new(),
            quiet: Condvar::new(),
            pool: Pool::new(workers),
            teller: Pool::new(1),
            observers: Mutex::new(Some(Arc::new([]))),
            is_observed: AtomicBool::new(false),
        }
    }

    /// Puts a task on the agenda, unless its name is used.
    pub(crate) fn schedule(&self, order: Order) -> Result<Placed, Error> {
        let Order { name, schedule, job, policy, replaces, scheduled_at } = order;
        let of_task = |error: Error| error.of_task(&name);
        self.check_name(&name).map_err(of_task)?;
        // A used name is no reason to ask the caller's iterator or closure for anything.
        let mut state = self.open_state().map_err(of_task)?;
        let holder = state.agenda.holder(&name).filter(|_| !replaces);
        let checks_zones = holder.is_none() && self.is_time_to_check_zones(&mut state, self.clock.now());
        drop(state);
        if let Some(holder) = holder {
            self.discard(&name, (schedule, job));
            return Ok(self.name_taken(name, holder, scheduled_at));
        }
        if checks_zones {
            self.check_zones();
        }
        let described = Arc::from(schedule.to_string());
        let left = schedule.times_limit().unwrap_or(u64::MAX);
        let now = self.clock.now();
        let own_zone = schedule.own_zone().cloned();
        let zone = lock(&self.state).zone.clone();
        let has_fixed_dues = schedule.has_fixed_dues();
        let whose = Whose { name: &name, seed: self.seed, last: self.last_due(&name) };
        let (timetable, first) = schedule.begin(&zone, now, Some(whose)).map_err(of_task)?;
        let task = Box::new(Task { timetable, job, policy, count: 0, left });
        // Before anything can be told of this task.
        self.tell_past(&name);
        let first = match first {
            Some(first) => first,
            None => {
                self.discard(&name, task);
                return self.over_before_it_began(name, replaces);
            }
        };

        // Of a due that is yet to come the next process is to know, should this one not live to see it.
        let since = (has_fixed_dues && first.age(now).is_none()).then_some(now.wall);
        let request = Request {
            name: name.clone(),
            task,
            first,
            schedule: described,
            zone: own_zone,
            scheduled_at,
            replaces,
        };
        let mut state = self.open_state().map_err(of_task)?;
        // Read again: the schedule's own code may have taken its time. And a step or a change of zone that nobody has
        // noticed yet is not this task's.
        let now = self.clock.now();
        let step = state.agenda.look(now);
        let is_moved = request.zone.is_none() && state.zone != zone;
        let scheduled = state.agenda.schedule(request, now);
        let is_new = !matches!(scheduled, Scheduled::Taken { .. });
        if is_moved && is_new {
            let zone = state.zone.clone();
            state.agenda.rezone_named(&name, &zone, now);
        }
        // A worker may end it before this thread comes to tell that it was scheduled.
        let is_told = is_new && self.is_observed();
        if is_told {
            state.begin_telling(&name);
        }
        let entered = match (&scheduled, since) {
            (Scheduled::Taken { .. }, _) | (_, None) => Entered::default(),
            (_, Some(since)) => state.enter(&name, Entry::Scheduled(since)),
        };
        self.unlock(state, now);
        self.write(entered);
        if let Some(step) = step {
            self.tell(|| Event::ClockStepped { step });
        }
        let placed = match scheduled {
            Scheduled::New { id } => {
                self.tell(|| Event::Scheduled { task: name.clone() });
                Placed { id, is_new }
            }
            Scheduled::Taken { by, task } => {
                self.discard(&name, task);
                self.name_taken(name.clone(), by, scheduled_at)
            }
            Scheduled::Replaced { id, old } => {
                self.tell(|| Event::Replaced { task: name.clone() });
                self.see_off(old, Why::Cancelled);
                Placed { id, is_new }
            }
        };
        if is_told {
            self.end_telling(&name);
        }
        Ok(placed)
    }

    fn name_taken(&self, task: Arc<str>, holder: Holder, second: &'static Location<'static>) -> Placed {
        let Holder { id, scheduled_at: first } = holder;
        if first != second {
            self.alarm(Event::NameTaken { task, first, second });
        }
        Placed { id, is_new: false }
    }

    /// An iterator or a closure had nothing to give.
    fn over_before_it_began(&self, name: Arc<str>, replaces: bool) -> Result<Placed, Error> {
        let which = Which { name: &name, id: None };
        if replaces && lock(&self.state).agenda.holder(&name).is_some() {
            self.cancel(which)?;
        }
        self.tell(|| Event::Scheduled { task: name.clone() });
        self.tell(|| Event::Ended { task: name.clone() });
        // No task ever has this number.
        Ok(Placed { id: 0, is_new: true })
    }

    /// Ends a task.
    pub(crate) fn cancel(&self, which: Which<'_>) -> Result<(), Error> {
        let ((leftover, entered), task) = self.change(which, |state, now| {
            let leftover = state.agenda.cancel(which, now)?;
            let entered = state.enter(&leftover.name, Entry::Forgot);
            Some((leftover, entered))
        })?;
        self.write(entered);
        self.tell(|| Event::Cancelled { task });
        self.see_off(leftover, Why::Cancelled);
        Ok(())
    }

    /// Lets the next run be the last.
    pub(crate) fn cancel_after_next(&self, which: Which<'_>) -> Result<(), Error> {
        self.change(which, |state, _| state.agenda.cancel_after_next(which).then_some(()))?;
        Ok(())
    }

    pub(crate) fn pause(&self, which: Which<'_>) -> Result<(), Error> {
        let (is_new, task) = self.change(which, |state, now| state.agenda.pause(which, now))?;
        if is_new {
            self.tell(|| Event::Paused { task });
        }
        Ok(())
    }

    pub(crate) fn resume(self: &Arc<Self>, which: Which<'_>) -> Result<(), Error> {
        let ((was_paused, errand), task) =
            self.change(which, |state, now| state.agenda.resume(which, now))?;
        if was_paused {
            self.tell(|| Event::Resumed { task });
        }
        self.submit(errand.map(Work::Errand));
        Ok(())
    }

    /// Asks for a run beside the schedule.
    pub(crate) fn run_now(self: &Arc<Self>, which: Which<'_>) -> Result<(), Error> {
        let (errand, _) = self.change(which, |state, now| state.agenda.demand(which, now))?;
        self.submit(errand.map(Work::Errand));
        Ok(())
    }

    /// Does something with a task, if there is one, and says its name.
    pub(crate) fn change<T>(
        &self,
        which: Which<'_>,
        change: impl FnOnce(&mut State, Now) -> Option<T>,
    ) -> Result<(T, Arc<str>), Error> {
        let name: Arc<str> = Arc::from(which.name);
        let mut state = self.open_state().map_err(|error| error.of_task(&name))?;
        let now = self.clock.now();
        let changed = change(&mut state, now);
        self.unlock(state, now);
        match changed {
            Some(changed) => Ok((changed, name)),
            None => Err(Error::new(Kind::UnknownTask).of_task(&name)),
        }
    }

    fn open_state(&self) -> Result<MutexGuard<'_, State>, Error> {
        let state = lock(&self.state);
        match state.phase {
            Phase::Open => Ok(state),
            _ => Err(Error::new(Kind::ShutDown)),
        }
    }

    /// Lets go of the state after a change, and then wakes whom the change concerns: the timer if what comes first
    /// comes sooner than it thinks, and those who wait for quiet.
    pub(crate) fn unlock(&self, mut state: MutexGuard<'_, State>, now: Now) {
        let wakes_timer = match state.nap {
            Nap::Awake => false,
            Nap::Forever => state.agenda.next_wake(now, self.clock_check).is_some(),
            Nap::Until(end) => state.agenda.next_wake(now, self.clock_check).map_or(false, |wake| wake < end),
        };
        if wakes_timer {
            // One call is enough, until it sleeps again.
            state.nap = Nap::Awake;
        }
        let is_quiet = state.agenda.is_quiet();
        let closes = state.phase == Phase::Stopping && state.agenda.away() == 0;
        if closes {
            state.phase = Phase::Closing;
        }
        // Unlocked first, or the woken would only wait for us.
        drop(state);
        if wakes_timer {
            self.timer.notify_all();
        }
        if is_quiet {
            self.tell_quiet();
        }
        if closes {
            self.close();
        }
    }

    /// Wakes those who wait for quiet: on the timer's condition, if they are their own timer.
    fn tell_quiet(&self) {
        self.quiet.notify_all();
        if self.pool.limit() == 0 {
            self.timer.notify_all();
        }
    }

    /// Hands work to the pool, and hires workers as far as they are wanted.
    pub(crate) fn submit(self: &Arc<Self>, work: impl IntoIterator<Item = Work>) {
        let wanted = self.pool.push(work);
        self.serve(wanted);
        if self.pool.limit() == 0 {
            // Somebody may be sleeping on it who has just seen an empty queue.
            drop(lock(&self.state));
            self.timer.notify_all();
        }
    }

    /// Does what the pool asks for.
    fn serve(self: &Arc<Self>, wanted: Wanted) {
        let Wanted { workers, waiting, is_unwatched } = wanted;
        // With fewer workers than wanted, work waits longer; the first was hired before there was any.
        let failed = (0..workers).filter(|_| self.hire_worker().is_err()).count();
        let waiting = match (waiting, failed) {
            (None, 1..) => self.pool.waiting(),
            (waiting, _) => waiting.map(|waiting| waiting + failed),
        };
        if let (Some(waiting), true) = (waiting, self.is_observed()) {
            let workers = self.pool.workers();
            self.post(Work::Tell(Event::PoolSaturated { waiting, workers }));
        }
        if is_unwatched && self.wait_limit.is_some() && self.is_observed() {
            self.wake_timer();
        }
    }

    /// Starts the first worker before there is work, to know that one can be had.
    pub(crate) fn hire_first(self: &Arc<Self>) -> io::Result<()> {
        match self.pool.want_one() {
            true => self.hire_worker(),
            false => Ok(()),
        }
    }

    fn hire_worker(self: &Arc<Self>) -> io::Result<()> {
        self.hire("sexton-worker", |engine| &engine.pool)
    }

    /// Starts a thread that a pool wants.
    fn hire(self: &Arc<Self>, name: &str, pool: fn(&Engine) -> &Pool<Work>) -> io::Result<()> {
        let engine = self.clone();
        let life = move || {
            let _inside = Inside::of(&engine);
            pool(&engine).work(|work| work.perform(&engine));
        };
        match thread::Builder::new().name(name.into()).spawn(life) {
            Ok(thread) => {
                pool(self).hired(thread);
                Ok(())
            }
            Err(error) => {
                pool(self).not_hired();
                Err(error)
            }
        }
    }

    pub(crate) fn keeps_time_on(&self, thread: thread::JoinHandle<()>) {
        lock(&self.state).timer_thread = Some(thread);
    }

    /// Does so much of what waits in the pool, on the calling thread.
    pub(crate) fn work_off(self: &Arc<Self>, most: usize) {
        let _inside = Inside::of(self);
        for _ in 0..most {
            match self.pool.pop() {
                Some(work) => work.perform(self),
                None => return,
            }
        }
    }

    /// An errand is done, and all that was to be said about it has been said.
    fn came_back(&self) {
        let mut state = lock(&self.state);
        state.agenda.came_back();
        self.unlock(state, self.clock.now());
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

thread_local! {
    /// The engines whose work this thread is doing, innermost last; only compared, never followed.
    static INSIDE: RefCell<Vec<*const Engine>> = const { RefCell::new(Vec::new()) };
}

/// While it lives, this thread does the work of an engine.
pub(crate) struct Inside;

impl Inside {
    pub(crate) fn of(engine: &Engine) -> Inside {
        INSIDE.with(|inside| inside.borrow_mut().push(engine));
        Inside
    }

    pub(crate) fn is_inside(engine: &Engine) -> bool {
        INSIDE.with(|inside| inside.borrow().iter().any(|&one| std::ptr::eq(one, engine)))
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        INSIDE.with(|inside| inside.borrow_mut().pop());
    }
}
