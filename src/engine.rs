//! What the threads share, and the walk of a task: from the agenda to the pool, through its run, and back.
//!
//! ```text
//! timer: take_due ──> pool: pick_up ──> callback ──> finish ──> agenda
//!   ^      (lock)           (lock)                   (lock)       │
//!   └──────────── woken only if a due time is now the first ──────┘
//! ```
//!
//! # Locks
//!
//! While a lock is held, only those after it in this order may be taken, and the last three alone:
//!
//! ```text
//! GLOBAL ──> store ──> state ──> the pool's state, hands, past
//! ```
//!
//! * `GLOBAL` ([`Scheduler::global`](crate::Scheduler::global)): the scheduler of the process, while it is being made.
//! * `store` ([`journal`]): the store, and who may write to it.
//! * `state`: the agenda, the outbox, and all that changes with them. The `state` of the [`Pool`]: its queue.
//! * `hands`: the time of a manual clock. `past`: what the layer `history` has recorded.
//! * The `sleep` of each pending future is taken alone.
//!
//! What is called or dropped under a lock is plain data of ours, but for the store, which has its lock to itself. Callbacks,
//! schedules, observers and the destructors of all of them are called on a pool thread or on the caller's, behind
//! [`guarded`](crate::guard::guarded), with no lock held.

mod close;
mod journal;
mod outbox;
mod run;
mod zones;

use std::cell::RefCell;
use std::fmt;
use std::io;
use std::panic::Location;
use std::time::{Duration, SystemTime};

use crate::agenda::{earlier, Agenda, News, Owner, Removed, Request, Scheduled, TaskKey};
use crate::clock::{Clock, Now};
use crate::error::{Error, Kind};
use crate::event::{Event, Why};
use crate::guard::guarded;
use crate::pool::{Pool, Wanted};
use crate::schedule::{Schedule, Whose};
use crate::store::Record;
use crate::sync::{lock, thread, Arc, Condvar, Instant, Mutex, MutexGuard, Weak};
use crate::task::{Job, MissedDues, Policy};
use crate::tz::Zone;

pub(crate) use journal::OpenStore;
pub(crate) use outbox::Recorder;
use outbox::{MustDeliver, Outbox, QueuedRecord};
pub(crate) use run::{Sleeper, Work};
pub(crate) use zones::Watch;
use zones::Watching;

/// What the threads share.
pub(crate) struct Engine {
    pub(crate) clock: Clock,
    /// Seeds the jitter of the tasks, so that schedulers with different seeds delay equal names differently.
    seed: u64,
    /// How long the timer sleeps at most while a calendar task waits. None with a manual clock, which drives its
    /// schedulers itself.
    clock_check: Option<Duration>,
    /// The least time between two checks of the zones.
    zone_check: Duration,
    store: Mutex<OpenStore>,
    /// Whether there is a store. Known without a lock, so that runs without a store take none for it.
    has_store: bool,
    pub(crate) state: Mutex<State>,
    /// Wakes the timer.
    pub(crate) timer: Condvar,
    /// Notified when the agenda has become empty, and when the engine has closed.
    quiet: Condvar,
    /// Wakes the thread that delivers events.
    events: Condvar,
    pub(crate) pool: Pool<Work>,
    /// What a layer has put here to record all events.
    pub(crate) recorder: Option<Arc<dyn Recorder>>,
}

/// What the lock guards.
pub(crate) struct State {
    pub(crate) agenda: Agenda,
    outbox: Outbox,
    /// The zone of all tasks that have no zone of their own.
    pub(crate) zone: Zone,
    /// When the zones were checked last.
    zones_checked: Instant,
    watching: Watching,
    pub(crate) phase: Phase,
    pub(crate) nap: Nap,
    timer_thread: Option<thread::JoinHandle<()>>,
    event_thread: Option<thread::JoinHandle<()>>,
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
    /// A run that waits longer than this for a worker is reported.
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
            agenda: Agenda::new(clock_correction, wait_limit),
            outbox: Outbox::new(has_store, recorder.clone()),
            zone,
            zones_checked: clock.now().mono,
            watching: Watching::new(watch),
            phase: Phase::Open,
            nap: Nap::Awake,
            timer_thread: None,
            event_thread: None,
            joining: 0,
            sleepers: Vec::new(),
        };
        Engine {
            clock,
            seed,
            clock_check,
            zone_check,
            store,
            has_store,
            state: Mutex::new(state),
            timer: Condvar::new(),
            quiet: Condvar::new(),
            events: Condvar::new(),
            pool: Pool::new(workers),
            recorder,
        }
    }

    /// Puts a task on the agenda, unless another task owns its name.
    pub(crate) fn schedule(self: &Arc<Self>, order: Order) -> Result<ScheduledTask, Error> {
        let Order { name, schedule, job, policy, replaces, scheduled_at } = order;
        let of_task = |error: Error| error.of_task(&name);
        self.check_name(&name).map_err(of_task)?;
        // Checked first: if the name is taken, the caller's iterator or closure must not be asked for anything.
        let mut state = self.open_state().map_err(of_task)?;
        let owner = state.agenda.owner(&name).filter(|_| !replaces);
        let watch =
            if owner.is_none() { self.time_to_check_zones(&mut state, self.clock.now()) } else { None };
        drop(state);
        if let Some(owner) = owner {
            self.discard(&name, (schedule, job));
            return Ok(self.name_taken(name, owner, scheduled_at));
        }
        if let Some(watch) = watch {
            self.check_zones(watch);
        }
        let described = Arc::from(schedule.to_string());
        let left = schedule.times_limit().unwrap_or(u64::MAX);
        let now = self.clock.now();
        let own_zone = schedule.own_zone().cloned();
        let zone = lock(&self.state).zone.clone();
        let has_fixed_dues = schedule.has_fixed_dues();
        let whose = Whose { name: &name, seed: self.seed, last: self.last_due(&name) };
        let (timetable, first) = schedule.begin(&zone, now, Some(whose)).map_err(of_task)?;
        let timetable = Box::new(timetable);
        // Before the first event of this task.
        self.emit_past(&name);
        let first = match first {
            Some(first) => first,
            None => {
                self.discard(&name, (timetable, job));
                return self.ended_at_once(name, replaces);
            }
        };

        // If this process ends before the first due time, the next one must know that it has missed it.
        let since = (has_fixed_dues && first.age(now).is_none()).then_some(now.wall);
        let request = Request {
            name: name.clone(),
            timetable,
            job,
            policy,
            first,
            left,
            schedule: described,
            zone: own_zone,
            scheduled_at,
            replaces,
        };
        let zone = Some(zone).filter(|_| request.zone.is_none());
        let (scheduled, record) = self.add(request, zone, since).map_err(of_task)?;
        self.write(record);
        Ok(match scheduled {
            Scheduled::New { id } => ScheduledTask { id, is_new: true },
            Scheduled::Taken { by, job, timetable } => {
                self.discard(&name, (timetable, job));
                self.name_taken(name.clone(), by, scheduled_at)
            }
            Scheduled::Replaced { id, old } => {
                self.dispose_of(old);
                ScheduledTask { id, is_new: true }
            }
        })
    }

    /// Puts a task on the agenda that was scheduled in `zone`, unless it has a zone of its own.
    fn add(
        self: &Arc<Self>,
        request: Request,
        zone: Option<Zone>,
        since: Option<SystemTime>,
    ) -> Result<(Scheduled, QueuedRecord), Error> {
        let name = request.name.clone();
        let mut state = self.open_state()?;
        // Read again, as the schedule's own code may have been slow. The clocks are compared before the task is added: a
        // step that came before it was scheduled is not a step for this task.
        let now = self.clock.now();
        state.check_clocks(now);
        let scheduled = state.agenda.schedule(request, now);
        let mut record = QueuedRecord::default();
        if !matches!(scheduled, Scheduled::Taken { .. }) {
            let changed = zone.filter(|zone| state.zone != *zone).map(|_| state.zone.clone());
            if let Some(zone) = changed {
                state.agenda.change_zone_named(&name, &zone, now);
            }
            if let Some(since) = since {
                record = state.outbox.record(&name, Record::Scheduled(since));
            }
        }
        match &scheduled {
            Scheduled::Taken { .. } => {}
            Scheduled::New { .. } => state.outbox.emit(now, || Event::Scheduled { task: name.clone() }),
            Scheduled::Replaced { .. } => state.outbox.emit(now, || Event::Replaced { task: name.clone() }),
        }
        self.unlock(state, now);
        Ok((scheduled, record))
    }

    fn name_taken(
        self: &Arc<Self>,
        task: Arc<str>,
        owner: Owner,
        second: &'static Location<'static>,
    ) -> ScheduledTask {
        let Owner { id, scheduled_at: first } = owner;
        if first != second {
            self.alarm(Event::NameTaken { task, first, second });
        }
        ScheduledTask { id, is_new: false }
    }

    /// The schedule has no due time at all: an iterator or a closure returned none.
    fn ended_at_once(self: &Arc<Self>, name: Arc<str>, replaces: bool) -> Result<ScheduledTask, Error> {
        let key = TaskKey { name: &name, id: None };
        if replaces && lock(&self.state).agenda.owner(&name).is_some() {
            self.cancel(key)?;
        }
        let mut state = lock(&self.state);
        let now = self.clock.now();
        state.outbox.emit(now, || Event::Scheduled { task: name.clone() });
        state.outbox.emit(now, || Event::Ended { task: name.clone() });
        self.unlock(state, now);
        // No task ever has this id.
        Ok(ScheduledTask { id: 0, is_new: true })
    }

    /// Ends a task.
    pub(crate) fn cancel(self: &Arc<Self>, key: TaskKey<'_>) -> Result<(), Error> {
        let (removed, record) = self.change(key, |state, now| {
            state.outbox.record_end(state.agenda.details(key));
            let removed = state.agenda.cancel(key, now)?;
            let record = state.outbox.record(&removed.name, Record::Forgot);
            state.outbox.emit(now, || Event::Cancelled { task: removed.name.clone() });
            Some((removed, record))
        })?;
        self.write(record);
        self.dispose_of(removed);
        Ok(())
    }

    /// Makes the next run the last.
    pub(crate) fn cancel_after_next(self: &Arc<Self>, key: TaskKey<'_>) -> Result<(), Error> {
        self.change(key, |state, _| {
            state.outbox.record_end(state.agenda.details(key));
            state.agenda.cancel_after_next(key).then_some(())
        })
    }

    pub(crate) fn pause(self: &Arc<Self>, key: TaskKey<'_>) -> Result<(), Error> {
        self.change(key, |state, now| {
            if state.agenda.pause(key)? {
                state.outbox.emit(now, || Event::Paused { task: key.name.into() });
            }
            Some(())
        })
    }

    pub(crate) fn resume(self: &Arc<Self>, key: TaskKey<'_>) -> Result<(), Error> {
        self.change(key, |state, now| {
            if state.agenda.resume(key, now)? {
                state.outbox.emit(now, || Event::Resumed { task: key.name.into() });
            }
            Some(())
        })
    }

    /// Demands a run beside the schedule.
    pub(crate) fn run_now(self: &Arc<Self>, key: TaskKey<'_>) -> Result<(), Error> {
        self.change(key, |state, now| state.agenda.demand(key, now))
    }

    /// Changes a task, if there is one, under the lock.
    pub(crate) fn change<T>(
        self: &Arc<Self>,
        key: TaskKey<'_>,
        change: impl FnOnce(&mut State, Now) -> Option<T>,
    ) -> Result<T, Error> {
        let of_task = |error: Error| error.of_task(&Arc::from(key.name));
        let mut state = self.open_state().map_err(of_task)?;
        let now = self.clock.now();
        let changed = change(&mut state, now);
        self.unlock(state, now);
        changed.ok_or_else(|| of_task(Error::new(Kind::UnknownTask)))
    }

    fn open_state(&self) -> Result<MutexGuard<'_, State>, Error> {
        let state = lock(&self.state);
        match state.phase {
            Phase::Open => Ok(state),
            _ => Err(Error::new(Kind::ShutDown)),
        }
    }

    /// Unlocks the state after a change, submits what was queued, and wakes the threads that the change concerns: the timer
    /// if it sleeps too long now, the one that delivers events, and the callers of `wait` and `shutdown` if nothing is left.
    /// Never called by the timer's thread.
    pub(crate) fn unlock(self: &Arc<Self>, mut state: MutexGuard<'_, State>, now: Now) {
        self.publish(&mut state, now);
        let wake = self.next_wake(&mut state, now);
        let wakes_timer = match state.nap {
            Nap::Awake => false,
            Nap::Forever => wake.is_some(),
            Nap::Until(end) => wake.map_or(false, |wake| wake < end),
        };
        if wakes_timer {
            // One notification is enough until the timer sleeps again.
            state.nap = Nap::Awake;
        }
        let is_quiet = state.is_quiet();
        let closes =
            state.phase == Phase::Stopping && state.agenda.in_flight() == 0 && state.outbox.is_idle();
        if closes {
            state.phase = Phase::Closing;
        }
        let queued = state.agenda.take_queued();
        let delivery = self.deliver_later(&mut state);
        // Unlock first: a woken thread would only wait for this lock.
        drop(state);
        if wakes_timer {
            self.timer.notify_all();
        }
        if is_quiet {
            self.notify_quiet();
        }
        if !queued.is_empty() {
            self.submit(queued.into_iter().map(Work::PickUp));
        }
        if closes {
            self.close();
        }
        if let Err(MustDeliver) = delivery {
            self.deliver();
        }
    }

    /// Submits what the timer has found: tasks that are due, events, and zones to check. Unlocks the state meanwhile.
    pub(crate) fn hand_out<'a>(
        self: &'a Arc<Self>,
        mut state: MutexGuard<'a, State>,
        watch: Option<Box<Watch>>,
        now: Now,
    ) -> MutexGuard<'a, State> {
        self.publish(&mut state, now);
        let queued = state.agenda.take_queued();
        let delivery = self.deliver_later(&mut state);
        if queued.is_empty() && delivery.is_ok() && watch.is_none() {
            return state;
        }
        drop(state);
        if self.pool.limit() == 0 {
            // This is the thread of a caller.
            self.deliver();
        }
        let work = watch.map(Work::CheckZones).into_iter().chain(queued.into_iter().map(Work::PickUp));
        self.submit(work);
        lock(&self.state)
    }

    /// Puts what the agenda has to report into the outbox.
    fn publish(&self, state: &mut State, now: Now) {
        for (name, news) in state.agenda.take_news() {
            match news {
                News::Missed(missed) => state.report_missed(&name, missed, true, now),
                News::Broken(error) => {
                    let message = error.to_string().into();
                    state.outbox.alarm(
                        now,
                        match error.kind() {
                            Kind::Panicked(_) => {
                                Event::Panicked { task: name, due: None, took: None, message }
                            }
                            _ => Event::Failed { task: name, due: None, took: None, error: message },
                        },
                    );
                }
                News::Waiting(waited) => {
                    let workers = self.pool.workers().max(1);
                    state.outbox.emit(now, || Event::Waiting { task: name, waited, workers });
                }
            }
        }
    }

    /// When the timer has something to do, if ever: at the first due time, at a comparison of the clocks, or when a run will
    /// have waited too long for a worker.
    pub(crate) fn next_wake(&self, state: &mut State, now: Now) -> Option<Instant> {
        let wake = state.agenda.next_wake(now, self.clock_check);
        match self.reports_waits(state) {
            true => earlier(wake, state.agenda.wait_alarm()),
            false => wake,
        }
    }

    /// Whether the timer reports the runs that wait for a worker. Without threads, the thread that picks them up does.
    pub(crate) fn reports_waits(&self, state: &State) -> bool {
        self.pool.limit() > 0 && state.outbox.is_observed()
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
        let Wanted { workers, waiting } = wanted;
        // If a worker cannot be started, the work waits longer. There is at least the first worker.
        let failed = (0..workers).filter(|_| self.start_worker().is_err()).count();
        let waiting = match (waiting, failed) {
            (None, 1..) => self.pool.waiting(),
            (waiting, _) => waiting.map(|waiting| waiting + failed),
        };
        if let Some(waiting) = waiting {
            let workers = self.pool.workers();
            let mut state = lock(&self.state);
            state.outbox.emit(self.clock.now(), || Event::PoolSaturated { waiting, workers });
            // The pool has threads. If the one for events cannot be started, the event waits for the next.
            let _ = self.deliver_later(&mut state);
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
        let engine = self.clone();
        let life = move || {
            let _inside = Inside::of(&engine);
            engine.pool.work(|work| work.perform(&engine));
        };
        let thread = thread::Builder::new().name("sexton-worker".into()).spawn(life);
        match thread {
            Ok(thread) => Ok(self.pool.add_thread(thread)),
            Err(error) => {
                self.pool.start_failed();
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

    /// Reports what a task has missed that has lost its name, and drops what remains of it.
    fn dispose_of(self: &Arc<Self>, removed: Removed) {
        let Removed { name, job, mut timetable, missed } = removed;
        if let (Some((due, until, why)), Some(timetable)) = (missed, &mut timetable) {
            let pass = {
                let _inside = Inside::of(self);
                timetable.pass(due, until, until)
            };
            let (first, latest) = (due.passed_at(until), pass.latest.passed_at(until));
            let (mut state, now) = (lock(&self.state), self.clock.now());
            state.report_missed(&name, MissedDues { count: pass.count, first, latest, why }, true, now);
            self.unlock(state, now);
        }
        self.discard(&name, (timetable, job));
    }

    /// Drops something of the user's, such as a task that has ended with all that its callback and its schedule own.
    pub(crate) fn discard<T>(self: &Arc<Self>, name: &Arc<str>, theirs: T) {
        let dropped = {
            let _inside = Inside::of(self);
            guarded(|| drop(theirs))
        };
        if let Err(message) = dropped {
            self.alarm(Event::Panicked { task: name.clone(), due: None, took: None, message });
        }
    }
}

impl State {
    /// Whether nothing is left to do and to report.
    pub(crate) fn is_quiet(&self) -> bool {
        self.agenda.is_quiet() && self.outbox.is_idle()
    }

    /// Compares the two clocks, and judges all due times again if the wall clock was stepped.
    pub(crate) fn check_clocks(&mut self, now: Now) {
        if let Some(step) = self.agenda.check_clocks(now) {
            self.outbox.emit(now, || Event::ClockStepped { step });
        }
    }

    /// Reports missed occurrences, also to the store if `is_recorded`.
    fn report_missed(&mut self, name: &Arc<str>, missed: MissedDues, is_recorded: bool, now: Now) {
        let MissedDues { count, first, latest, why } = missed;
        // Of a task that was cancelled the store keeps nothing. What is missed because the engine stops is for the next
        // process to make up for.
        if is_recorded && !matches!(why, Why::Cancelled | Why::ShutDown) {
            let _ = self.outbox.record(name, Record::Passed(latest));
        }
        self.outbox.emit(now, || Event::Missed { task: name.clone(), count, first, latest, why });
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
