//! What the threads share, and how they change it.
//!
//! ```text
//! timer: take_due ──> pool: pick_up ──> callback ──> finish ──> agenda
//!   ^      (lock)           (lock)                   (lock)       │
//!   └──────────── woken only if a due time is now the first ──────┘
//! ```
//!
//! # Locks
//!
//! While a lock is held, only those after it in this order may be taken, and those of the last row alone:
//!
//! ```text
//! GLOBAL ──> store ──> state ──> the pool's state, hands, past, stats, request
//! ```
//!
//! * `GLOBAL` ([`Scheduler::global`](crate::Scheduler::global)): the scheduler of the process, while it is being made.
//! * `store` ([`journal`]): the store, and who may write to it.
//! * `state`: the agenda, the outbox, and all that changes with them. The `state` of the [`Pool`]: its queue.
//! * `hands`: the time of a manual clock. `past`: what the layer `history` has recorded, apart from that of single tasks;
//!   `stats` may be taken while it is held. `stats`: what has become of a task.
//!   `request`: whether a run is to stop, and who waits for that.
//! * The `sleep` of each pending future is taken alone.
//!
//! What is called or dropped under a lock is plain data of ours, but for the store, which has its lock to itself. Callbacks,
//! schedules of the user's, observers and the destructors of all of them are called on a worker, on the thread for events or
//! on the caller's, behind [`guarded`](crate::guard::guarded), with no lock held.

mod claim;
mod close;
mod end;
mod journal;
mod outbox;
mod report;
mod requests;
mod run;
mod spin;
mod stops;
#[cfg(test)]
mod tests;
mod workers;
mod zones;

use std::cell::RefCell;
use std::fmt;
use std::time::Duration;

use crate::agenda::{earlier, Agenda};
use crate::clock::{Clock, Now};
use crate::event::Event;
use crate::pool::Pool;
use crate::sync::{lock, thread, thread_local, Arc, Condvar, Instant, Mutex, MutexGuard, SLICE};
use crate::tz::Zone;

pub use claim::Claim;
pub(crate) use claim::Claims;
pub(crate) use journal::OpenStore;
use outbox::{MustDeliver, Outbox};
pub(crate) use outbox::{Observer, Recorder};
pub(crate) use requests::{Order, ScheduledTask};
pub(crate) use run::{Sleeper, Work};
use spin::LEAD;
use stops::Stops;
pub(crate) use workers::start_thread;
pub(crate) use zones::Watch;
use zones::Watching;

/// The time between two slices of what is done to all tasks.
const GAP: Duration = Duration::from_micros(100);

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
}

/// What the lock guards.
pub(crate) struct State {
    pub(crate) agenda: Agenda,
    outbox: Outbox,
    /// The zone of all tasks that have no zone of their own.
    pub(crate) zone: Zone,
    /// Whether tasks begin paused.
    pub(crate) begins_paused: bool,
    /// Who is asked whose a run is.
    claims: Claims,
    /// The requests to stop that runs have asked for.
    pub(crate) stops: Stops,
    /// When a worker last waited for a due time without sleeping.
    spun: Option<Instant>,
    /// The zones that texts have meant since the zones were checked last.
    read_zones: Vec<(Box<str>, Zone)>,
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
    /// Callers that wait for the runs of a task to end.
    waiters: usize,
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
    pub(crate) claims: Claims,
    /// The largest number of workers.
    pub(crate) workers: usize,
    pub(crate) begins_paused: bool,
}

impl Engine {
    pub(crate) fn new(settings: Settings) -> Engine {
        let Settings { clock, zone, seed, clock_check, clock_correction, watch, zone_check, .. } = settings;
        let Settings { store, recorder, wait_limit, claims, workers, begins_paused, .. } = settings;
        let has_store = lock(&store).is_kept();
        let state = State {
            agenda: Agenda::new(
                clock_correction,
                wait_limit,
                if workers > 0 { LEAD } else { Duration::ZERO },
                clock.now().mono,
            ),
            begins_paused,
            claims,
            stops: Stops::default(),
            spun: None,
            outbox: Outbox::new(has_store, recorder),
            zone,
            read_zones: Vec::new(),
            zones_checked: clock.now().mono,
            watching: Watching::new(watch),
            phase: Phase::Open,
            nap: Nap::Awake,
            timer_thread: None,
            event_thread: None,
            joining: 0,
            waiters: 0,
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
        }
    }

    /// Unlocks the state after a change, submits what was queued, and wakes the threads that the change concerns: the timer
    /// if it sleeps too long now, the one that delivers events, and the callers of `wait` and `shutdown` if nothing is left.
    /// Returns when all records are written that were queued until then. Never called by the timer's thread.
    pub(crate) fn unlock(self: &Arc<Self>, mut state: MutexGuard<'_, State>, now: Now) {
        self.publish(&mut state, now);
        if state.agenda.has_many_gone() {
            self.take_out_gone(&mut state.agenda);
        }
        let wakes_timer = state.nap != Nap::Awake && state.agenda.take_wakes() && {
            let wake = self.next_wake(&mut state, now);
            match state.nap {
                Nap::Until(end) => wake.map_or(false, |wake| wake < end),
                Nap::Forever | Nap::Awake => wake.is_some(),
            }
        };
        if wakes_timer {
            // One notification is enough until the timer sleeps again.
            state.nap = Nap::Awake;
        }
        let wakes_waiters = state.is_quiet() || state.waiters > 0;
        let closes =
            state.phase == Phase::Stopping && state.agenda.in_flight() == 0 && state.outbox.is_idle();
        if closes {
            state.phase = Phase::Closing;
        }
        let queued = state.agenda.take_queued();
        let wakers = state.request_stops();
        let last_record = state.outbox.last_record();
        let delivery = if state.outbox.waits() { self.deliver_later(&mut state) } else { Ok(()) };
        // Unlock first: a woken thread would only wait for this lock.
        drop(state);
        if wakes_timer {
            self.timer.notify_all();
        }
        if wakes_waiters {
            self.notify_quiet();
        }
        if !queued.is_empty() {
            self.submit(&mut queued.into_iter().map(Work::PickUp));
        }
        self.wake(wakers);
        if closes {
            self.close();
        }
        if let Err(MustDeliver) = delivery {
            self.deliver();
        }
        self.write(last_record);
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
        let wakers = state.request_stops();
        let delivery = self.deliver_later(&mut state);
        if queued.is_empty() && delivery.is_ok() && watch.is_none() && wakers.is_empty() {
            return state;
        }
        drop(state);
        if self.pool.limit() == 0 {
            // This is the thread of a caller.
            self.deliver();
            self.write_all();
        }
        let wakers = (!wakers.is_empty()).then(|| Work::Wake(wakers));
        let work = watch.map(Work::CheckZones).into_iter().chain(wakers);
        self.submit(&mut work.chain(queued.into_iter().map(Work::PickUp)));
        lock(&self.state)
    }

    /// Takes the keys of tasks that are gone out of the queue. If all workers are stuck, none of them comes for a key.
    #[inline(never)]
    fn take_out_gone(&self, agenda: &mut Agenda) {
        let is_there = |work: &Work| !matches!(work, Work::PickUp(key) if !agenda.has_name(*key));
        let keys = self.pool.retain(is_there);
        agenda.forget_gone(keys);
    }

    /// How many tasks make a slice: without workers, all of them, as everything is done by the thread of a caller.
    fn slice(&self) -> usize {
        if self.pool.limit() == 0 {
            usize::MAX
        } else {
            SLICE
        }
    }

    /// Lets other threads have the state between two slices.
    fn next_slice<'a>(self: &'a Arc<Self>, state: MutexGuard<'_, State>) -> MutexGuard<'a, State> {
        self.unlock(state, self.clock.now());
        // The lock is not fair. Without this, a thread that waits for it would wake up too late each time.
        thread::sleep(GAP);
        lock(&self.state)
    }

    /// When the timer has something to do, if ever: at the first due time, at a comparison of the clocks, or when a run will
    /// have waited too long for a worker.
    pub(crate) fn next_wake(&self, state: &mut State, now: Now) -> Option<Instant> {
        if state.phase != Phase::Open {
            // Only time limits are left, and all runs were asked to stop.
            return None;
        }
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

    pub(crate) fn set_timer_thread(&self, thread: thread::JoinHandle<()>) {
        lock(&self.state).timer_thread = Some(thread);
    }
}

impl State {
    /// What a layer has put here to record all events.
    #[allow(dead_code)] // For layers.
    pub(crate) fn recorder(&self) -> Option<&dyn Recorder> {
        self.outbox.recorder()
    }

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
    #[inline(never)]
    pub(crate) fn of(engine: &Engine) -> Inside {
        INSIDE.with(|inside| inside.borrow_mut().push(engine));
        Inside
    }

    pub(crate) fn is_inside(engine: &Engine) -> bool {
        INSIDE.with(|inside| inside.borrow().iter().any(|&one| std::ptr::eq(one, engine)))
    }
}

impl Drop for Inside {
    #[inline(never)]
    fn drop(&mut self) {
        INSIDE.with(|inside| inside.borrow_mut().pop());
    }
}
