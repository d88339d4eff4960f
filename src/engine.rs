//! What the threads share, and the walk of a task: from the agenda to the pool, through its run, and back.
//!
//! ```text
//! timer: take_due ──> pool: decide ──> begin ──> callback ──> finish ──> agenda
//!   ^                            (lock)                     (lock)        │
//!   └──────────── woken only if a due time is now the first ─────────────┘
//! ```
//!
//! # Locks
//!
//! While a lock is held, only those after it in this order may be taken, and the last three alone:
//!
//! ```text
//! GLOBAL ──> watch ──> store ──> state ──> a pool's state, hands, past
//! ```
//!
//! * `GLOBAL` ([`Scheduler::global`](crate::Scheduler::global)): the scheduler of the process, while it is being made.
//! * `watch` ([`zones`]): what looks for changed zones. `store` ([`journal`]): the store, and who may write to it.
//! * `state`: the agenda, and all that changes with it. The `state` of a [`Pool`], of which there are two: its queue.
//! * `hands`: the time of a manual clock. `past`: what the layer `history` has recorded.
//! * `observers`, and the `sleep` of each pending future, are taken alone.
//!
//! What is called or dropped under a lock is plain data of ours, but for the store, which has its lock to itself. Callbacks,
//! schedules, observers and the destructors of all of them are called on a pool thread or on the caller's, behind
//! [`guarded`](crate::guard::guarded), with no lock held.

mod close;
mod delivery;
mod journal;
mod observe;
mod run;
mod zones;

use std::cell::RefCell;
use std::fmt;
use std::io;
use std::panic::Location;
use std::time::Duration;

use crate::agenda::{Agenda, Owner, Request, Scheduled, TaskKey};
use crate::clock::{Clock, Now};
use crate::error::{Error, Kind};
use crate::event::{Event, Why};
use crate::pool::{Pool, Wanted};
use crate::schedule::{Schedule, Whose};
use crate::sync::{lock, thread, Arc, AtomicBool, Condvar, Instant, Mutex, MutexGuard, Weak};
use crate::task::{Job, Policy, Task};
use crate::tz::Zone;

use self::delivery::Delivery;
use self::journal::{JournalLine, JournalQueue, QueuedLine};
use self::observe::to_stderr;
pub(crate) use journal::OpenStore;
pub(crate) use observe::{Observer, Recorder};
pub(crate) use run::{Sleeper, Work};
pub(crate) use zones::Watch;

/// What the threads share.
pub(crate) struct Engine {
    pub(crate) clock: Clock,
    /// Seeds the jitter of the tasks, so that schedulers with different seeds delay equal names differently.
    seed: u64,
    /// How long the timer sleeps at most while a calendar task waits. None with a manual clock, which drives its
    /// schedulers itself.
    pub(crate) clock_check: Option<Duration>,
    /// A larger step forward is a correction.
    clock_correction: Duration,
    /// Checks whether zones have changed. None with a manual clock: then zones change by [`set_zone`](Engine::set_zone)
    /// only.
    watch: Option<Mutex<Watch>>,
    /// The least time between two checks of the zones.
    zone_check: Duration,
    store: Mutex<OpenStore>,
    /// Whether there is a store. Known without a lock, so that runs without a store take none for it.
    has_store: bool,
    /// A run that waits longer than this for a worker is reported.
    pub(crate) wait_limit: Option<Duration>,
    pub(crate) state: Mutex<State>,
    /// Wakes the timer.
    pub(crate) timer: Condvar,
    /// Notified when the agenda has become empty, and when the engine has closed.
    quiet: Condvar,
    pub(crate) pool: Pool<Work>,
    /// At most one thread. It emits the events of the timer while all workers are busy.
    emitter: Pool<Work>,
    /// None once the engine has closed.
    observers: Mutex<Option<Arc<[Observer]>>>,
    /// Whether there is an observer. Known without a lock, so that no event is built for nobody.
    is_observed: AtomicBool,
    /// What a layer has put here to record all events.
    pub(crate) recorder: Option<Arc<dyn Recorder>>,
}

/// What the lock guards.
pub(crate) struct State {
    pub(crate) agenda: Agenda,
    /// The zone of all tasks that have no zone of their own.
    pub(crate) zone: Zone,
    /// When the zones were checked last.
    zones_checked: Instant,
    /// Whether a thread is checking them, or is about to.
    is_checking_zones: bool,
    pub(crate) phase: Phase,
    pub(crate) nap: Nap,
    /// Deliveries of events that have not ended, by task.
    deliveries: Vec<Delivery>,
    /// Lines to be written to the store. None if there is no store.
    journal_queue: Option<JournalQueue>,
    /// Whether a thread is reporting the runs that have waited too long, or is about to.
    is_emitting_waits: bool,
    timer_thread: Option<thread::JoinHandle<()>>,
    /// Callers of `shutdown` that are joining threads. All of them return only when none is left, as each joins those
    /// threads only that no other has taken.
    joining: usize,
    /// Pending futures of an engine without threads. The last driver of the engine ends them: no thread will.
    sleepers: Vec<Weak<Sleeper>>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    Open,
    /// No run begins any more, and the tasks are being dropped.
    Clearing,
    /// No run begins any more. Those that have begun may end.
    Stopping,
    /// The last run has ended.
    Closing,
    /// The workers end.
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
    pub(crate) recorder: Option<Arc<dyn Recorder>>,
    pub(crate) wait_limit: Option<Duration>,
    /// The largest number of workers.
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
pub(crate) struct ScheduledTask {
    pub(crate) id: u64,
    pub(crate) is_new: bool,
}

impl Engine {
    pub(crate) fn new(settings: Settings) -> Engine {
        let Settings { clock, zone, seed, clock_check, clock_correction, watch, zone_check, .. } = settings;
        let Settings { store, recorder, wait_limit, workers, .. } = settings;
        let has_store = lock(&store).is_kept();
        let state = State {
            agenda: Agenda::new(clock_correction),
            zone,
            zones_checked: clock.now().mono,
            is_checking_zones: false,
            phase: Phase::Open,
            nap: Nap::Awake,
            deliveries: Vec::new(),
            journal_queue: has_store.then(JournalQueue::default),
            is_emitting_waits: false,
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
            emitter: Pool::new(1),
            observers: Mutex::new(Some(Arc::new([]))),
            is_observed: AtomicBool::new(false),
            recorder,
        }
    }

    /// Puts a task on the agenda, unless another task owns its name.
    pub(crate) fn schedule(&self, order: Order) -> Result<ScheduledTask, Error> {
        let Order { name, schedule, job, policy, replaces, scheduled_at } = order;
        let of_task = |error: Error| error.of_task(&name);
        self.check_name(&name).map_err(of_task)?;
        // Checked first: if the name is taken, the caller's iterator or closure must not be asked for anything.
        let mut state = self.open_state().map_err(of_task)?;
        let owner = state.agenda.owner(&name).filter(|_| !replaces);
        let checks_zones = owner.is_none() && self.is_time_to_check_zones(&mut state, self.clock.now());
        drop(state);
        if let Some(owner) = owner {
            self.discard(&name, (schedule, job));
            return Ok(self.name_taken(name, owner, scheduled_at));
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
        // Before the first event of this task.
        self.emit_past(&name);
        let first = match first {
            Some(first) => first,
            None => {
                self.discard(&name, task);
                return self.ended_at_once(name, replaces);
            }
        };

        // If this process ends before the first due time, the next one must know that it has missed it.
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
        // Read again, as the schedule's own code may have been slow. The clocks are compared before the task is added: a
        // step that came before it was scheduled is not a step for this task.
        let now = self.clock.now();
        let step = state.agenda.check_clocks(now);
        let zone_has_changed = request.zone.is_none() && state.zone != zone;
        let scheduled = state.agenda.schedule(request, now);
        let is_new = !matches!(scheduled, Scheduled::Taken { .. });
        if zone_has_changed && is_new {
            let zone = state.zone.clone();
            state.agenda.change_zone_named(&name, &zone, now);
        }
        let event = match &scheduled {
            Scheduled::New { .. } => Some(Event::Scheduled { task: name.clone() }),
            Scheduled::Taken { .. } => None,
            Scheduled::Replaced { .. } => Some(Event::Replaced { task: name.clone() }),
        };
        event.iter().for_each(|event| self.record(event, now));
        // A worker may end the task before this thread has emitted `Scheduled`. A delivery holds the task's `Ended` back.
        let is_observed = is_new && self.is_observed();
        if is_observed {
            state.begin_delivery(&name);
        }
        let queued = match (&scheduled, since) {
            (Scheduled::Taken { .. }, _) | (_, None) => QueuedLine::default(),
            (_, Some(since)) => state.queue_line(&name, JournalLine::Scheduled(since)),
        };
        self.unlock(state, now);
        self.write(queued);
        if let Some(step) = step {
            self.emit(|| Event::ClockStepped { step });
        }
        event.iter().for_each(|event| self.notify(event));
        let task = match scheduled {
            Scheduled::New { id } => ScheduledTask { id, is_new },
            Scheduled::Taken { by, task } => {
                self.discard(&name, task);
                self.name_taken(name.clone(), by, scheduled_at)
            }
            Scheduled::Replaced { id, old } => {
                self.dispose_of(old, Why::Cancelled);
                ScheduledTask { id, is_new }
            }
        };
        if is_observed {
            self.end_delivery(&name);
        }
        Ok(task)
    }

    fn name_taken(&self, task: Arc<str>, owner: Owner, second: &'static Location<'static>) -> ScheduledTask {
        let Owner { id, scheduled_at: first } = owner;
        if first != second {
            self.emit_or_stderr(Event::NameTaken { task, first, second });
        }
        ScheduledTask { id, is_new: false }
    }

    /// The schedule has no due time at all: an iterator or a closure returned none.
    fn ended_at_once(&self, name: Arc<str>, replaces: bool) -> Result<ScheduledTask, Error> {
        let key = TaskKey { name: &name, id: None };
        if replaces && lock(&self.state).agenda.owner(&name).is_some() {
            self.cancel(key)?;
        }
        self.emit(|| Event::Scheduled { task: name.clone() });
        self.emit(|| Event::Ended { task: name.clone() });
        // No task ever has this id.
        Ok(ScheduledTask { id: 0, is_new: true })
    }

    /// Ends a task.
    pub(crate) fn cancel(&self, key: TaskKey<'_>) -> Result<(), Error> {
        let ((removed, queued), task) = self.change(key, |state, now| {
            self.record_end(state, key);
            let removed = state.agenda.cancel(key, now)?;
            self.record(&Event::Cancelled { task: removed.name.clone() }, now);
            let queued = state.queue_line(&removed.name, JournalLine::Forgot);
            Some((removed, queued))
        })?;
        self.write(queued);
        self.notify(&Event::Cancelled { task });
        self.dispose_of(removed, Why::Cancelled);
        Ok(())
    }

    /// Makes the next run the last.
    pub(crate) fn cancel_after_next(&self, key: TaskKey<'_>) -> Result<(), Error> {
        self.change(key, |state, _| {
            self.record_end(state, key);
            state.agenda.cancel_after_next(key).then_some(())
        })?;
        Ok(())
    }

    pub(crate) fn pause(&self, key: TaskKey<'_>) -> Result<(), Error> {
        let (is_new, task) = self.change(key, |state, _| state.agenda.pause(key))?;
        if is_new {
            self.emit(|| Event::Paused { task });
        }
        Ok(())
    }

    pub(crate) fn resume(self: &Arc<Self>, key: TaskKey<'_>) -> Result<(), Error> {
        let ((was_paused, dispatch), task) = self.change(key, |state, now| state.agenda.resume(key, now))?;
        if was_paused {
            self.emit(|| Event::Resumed { task });
        }
        self.submit(dispatch.map(Work::Dispatch));
        Ok(())
    }

    /// Demands a run beside the schedule.
    pub(crate) fn run_now(self: &Arc<Self>, key: TaskKey<'_>) -> Result<(), Error> {
        let (dispatch, _) = self.change(key, |state, now| state.agenda.demand(key, now))?;
        self.submit(dispatch.map(Work::Dispatch));
        Ok(())
    }

    /// Changes a task, if there is one, under the lock. Returns the task's name too.
    pub(crate) fn change<T>(
        &self,
        key: TaskKey<'_>,
        change: impl FnOnce(&mut State, Now) -> Option<T>,
    ) -> Result<(T, Arc<str>), Error> {
        let name: Arc<str> = Arc::from(key.name);
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

    /// Unlocks the state after a change, and then wakes the threads that the change concerns: the timer if it sleeps too
    /// long now, and the callers of `wait` and `shutdown` if nothing is left.
    pub(crate) fn unlock(&self, mut state: MutexGuard<'_, State>, now: Now) {
        let wakes_timer = match state.nap {
            Nap::Awake => false,
            Nap::Forever => state.agenda.next_wake(now, self.clock_check).is_some(),
            Nap::Until(end) => state.agenda.next_wake(now, self.clock_check).map_or(false, |wake| wake < end),
        };
        if wakes_timer {
            // One notification is enough until the timer sleeps again.
            state.nap = Nap::Awake;
        }
        let is_quiet = state.agenda.is_quiet();
        let closes = state.phase == Phase::Stopping && state.agenda.in_flight() == 0;
        if closes {
            state.phase = Phase::Closing;
        }
        // Unlock first: a woken thread would only wait for this lock.
        drop(state);
        if wakes_timer {
            self.timer.notify_all();
        }
        if is_quiet {
            self.notify_quiet();
        }
        if closes {
            self.close();
        }
    }

    /// Wakes the threads in `wait` and `shutdown`. Without threads they drive the engine, and sleep as the timer does.
    fn notify_quiet(&self) {
        self.quiet.notify_all();
        if self.pool.limit() == 0 {
            self.timer.notify_all();
        }
    }

    /// Queues work for the pool, and starts the workers that the pool wants.
    pub(crate) fn submit(self: &Arc<Self>, work: impl IntoIterator<Item = Work>) {
        let wanted = self.pool.push(work);
        self.serve(wanted);
        if self.pool.limit() == 0 {
            // A thread that drives the engine looks at the queue, finds it empty, and waits for `timer`. It has the state
            // locked until it waits. The queue has a lock of its own, so `push` may come between the two, and the
            // notification would reach nobody. After this lock, the thread has seen the work or waits already.
            drop(lock(&self.state));
            self.timer.notify_all();
        }
    }

    /// Gives the pool what it asks for.
    fn serve(self: &Arc<Self>, wanted: Wanted) {
        let Wanted { workers, waiting, needs_alarm } = wanted;
        // If a worker cannot be started, the work waits longer. There is at least the first worker.
        let failed = (0..workers).filter(|_| self.start_worker().is_err()).count();
        let waiting = match (waiting, failed) {
            (None, 1..) => self.pool.waiting(),
            (waiting, _) => waiting.map(|waiting| waiting + failed),
        };
        if let (Some(waiting), true) = (waiting, self.is_observed()) {
            let workers = self.pool.workers();
            self.emit_later(Work::Emit(Event::PoolSaturated { waiting, workers }));
        }
        if needs_alarm && self.wait_limit.is_some() && self.is_observed() {
            self.wake_timer();
        }
    }

    /// Starts the first worker before there is work, so that an error is found when the scheduler is built.
    pub(crate) fn start_first_worker(self: &Arc<Self>) -> io::Result<()> {
        match self.pool.want_one() {
            true => self.start_worker(),
            false => Ok(()),
        }
    }

    fn start_worker(self: &Arc<Self>) -> io::Result<()> {
        self.start_thread("sexton-worker", |engine| &engine.pool)
    }

    /// Starts a thread that a pool wants.
    fn start_thread(self: &Arc<Self>, name: &str, pool: fn(&Engine) -> &Pool<Work>) -> io::Result<()> {
        let engine = self.clone();
        let life = move || {
            let _inside = Inside::of(&engine);
            pool(&engine).work(|work| work.perform(&engine));
        };
        match thread::Builder::new().name(name.into()).spawn(life) {
            Ok(thread) => {
                pool(self).add_thread(thread);
                Ok(())
            }
            Err(error) => {
                pool(self).start_failed();
                Err(error)
            }
        }
    }

    pub(crate) fn set_timer_thread(&self, thread: thread::JoinHandle<()>) {
        lock(&self.state).timer_thread = Some(thread);
    }

    /// Does up to `most` pieces of the pool's queued work, on the calling thread.
    pub(crate) fn run_queued(self: &Arc<Self>, most: usize) {
        let _inside = Inside::of(self);
        for _ in 0..most {
            match self.pool.pop() {
                Some(work) => work.perform(self),
                None => return,
            }
        }
    }

    /// A dispatch or a delivery has ended, and its events have been emitted.
    fn remove_in_flight(&self) {
        let mut state = lock(&self.state);
        state.agenda.remove_in_flight();
        self.unlock(state, self.clock.now());
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

thread_local! {
    /// The engines whose work this thread is doing, innermost last. The pointers are compared and never read.
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
