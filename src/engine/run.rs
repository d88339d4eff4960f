//! What a worker does for a task: picks it up, asks its schedule if that is the user's code, calls the callback, finishes.

use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, SystemTime};

use super::zones::Watch;
use super::Engine;
use crate::agenda::{EntryKey, Finished, PickedUp, Removed};
use crate::clock::Now;
use crate::event::Event;
use crate::guard::guarded;
use crate::store::Record;
use crate::sync::{lock, Arc, Instant, Mutex};
use crate::task::{Facts, Job, Pending, Place, QuestionKind, Reason, Verdict};

/// A run that begins this long after its due time is reported as late.
const LATE: Duration = Duration::from_secs(1);

/// What the pool's threads do.
pub(crate) enum Work {
    /// A task was queued.
    PickUp(EntryKey),
    /// A future was woken.
    Poll(Arc<Sleeper>),
    /// The last waker of this future was dropped, so it can never go on.
    Abandon(Box<AsyncRun>),
    /// It is time to check whether zones have changed.
    CheckZones(Box<Watch>),
}

impl Work {
    pub(super) fn perform(self, engine: &Arc<Engine>) {
        match self {
            Work::PickUp(key) => run(engine, key, None),
            Work::Poll(sleeper) => poll(sleeper),
            Work::Abandon(run) => run.abandon(),
            Work::CheckZones(watch) => engine.check_zones(watch),
        }
    }
}

/// `now` is given if what comes later is not to be judged.
fn run(engine: &Arc<Engine>, key: EntryKey, now: Option<Now>) {
    let mut state = lock(&engine.state);
    let mut now = now.unwrap_or_else(|| engine.clock.now());
    // What came before a step of the clock is judged apart from what the step has skipped.
    state.check_clocks(now);
    let mut picked_up = state.agenda.pick_up(key, now);
    if let PickedUp::Ask { mut timetable, question } = picked_up {
        engine.unlock(state, now);
        let asked = matches!(question.kind, QuestionKind::Come(_)).then_some(now);
        let verdicts = question.answer(&mut timetable, now);
        state = lock(&engine.state);
        // Read again, as the schedule may have been slow: an occurrence that has passed by now is not an overrun of this run.
        now = engine.clock.now();
        picked_up = state.agenda.answered(key, timetable, verdicts, asked, now);
    }
    engine.publish(&mut state, now);
    match picked_up {
        PickedUp::Ask { .. } | PickedUp::Nothing => engine.unlock(state, now),
        PickedUp::Run { facts, job, rest } => {
            state.record_run(&facts);
            let Facts { ref name, due, lateness, missed: coalesced, reason, place, .. } = facts;
            state.outbox.emit(now, || Event::Started {
                task: name.clone(),
                due,
                lateness,
                coalesced,
                is_on_demand: reason == Reason::Demand,
                is_last: place != Place::Any,
            });
            if lateness >= LATE {
                state.outbox.emit(now, || Event::Late { task: name.clone(), due, lateness });
            }
            engine.unlock(state, now);
            call(engine, key, facts, job, rest);
        }
        PickedUp::Over(removed) => {
            engine.unlock(state, now);
            let name = removed.name.clone();
            engine.dispose_of(removed);
            engine.put_down(Some(Event::Ended { task: name }));
        }
        PickedUp::Gone(gone) => {
            engine.unlock(state, now);
            engine.report_gone(gone);
            engine.put_down(None);
        }
    }
}

/// Calls the callback.
fn call(engine: &Arc<Engine>, key: EntryKey, facts: Facts, job: Job, rest: Option<Removed>) {
    let (engine, name) = (engine.clone(), facts.name.clone());
    let began = engine.clock.now().mono;
    let mut guard = RunGuard {
        engine,
        key,
        name,
        due: facts.due,
        began,
        job: None,
        rest,
        place: facts.place,
        is_done: false,
    };
    let outcome = match job {
        Job::Shared(job) => {
            let outcome = guarded(|| job(&facts));
            // If the task has ended meanwhile, this drops the callback.
            guard.engine.discard(&guard.name, job);
            outcome
        }
        job => match guard.job.insert(job) {
            Job::Alone(job) => guarded(|| job(&facts)),
            Job::Shared(job) => guarded(|| job(&facts)),
            Job::Async(job) => match guarded(job) {
                Ok(future) => return Sleeper::start(AsyncRun { future: Some(future), guard }),
                Err(message) => Err(message),
            },
        },
    };
    guard.finish(outcome);
}

/// A run that has not ended. When it is dropped, the run ends and the callback comes back.
struct RunGuard {
    engine: Arc<Engine>,
    key: EntryKey,
    name: Arc<str>,
    due: SystemTime,
    began: Instant,
    /// The callback, unless the entry has it, too: then it may be called by several threads.
    job: Option<Job>,
    /// The rest of a task that has given its name up for this run.
    rest: Option<Removed>,
    place: Place,
    /// Whether the run has ended and the callback has come back.
    is_done: bool,
}

impl RunGuard {
    fn finish(mut self, outcome: Result<Verdict, Arc<str>>) {
        self.end(outcome);
    }

    fn end(&mut self, outcome: Result<Verdict, Arc<str>>) {
        let RunGuard { ref engine, key, ref name, due, place, .. } = *self;
        let is_break = matches!(outcome, Ok(Verdict::Break));
        let mut state = lock(&engine.state);
        let mut now = engine.clock.now();
        let took = now.mono.saturating_duration_since(self.began);
        state.outbox.record(name, Record::Ended(due));
        let task = name.clone();
        match outcome {
            Ok(Verdict::Continue | Verdict::Break) => {
                state.outbox.emit(now, || Event::Finished { task, due, took });
            }
            Ok(Verdict::Failed(error)) => {
                let error = error.into();
                state.outbox.alarm(now, Event::Failed { task, due: Some(due), took: Some(took), error });
            }
            Err(message) => {
                state.outbox.alarm(now, Event::Panicked { task, due: Some(due), took: Some(took), message });
            }
        }
        let is_last = place != Place::Any;
        if is_last || engine.pool.limit() == 0 && state.outbox.waits() {
            // Destructors may be slow, and so may observers that this thread calls. What passes meanwhile passes during the run.
            engine.unlock(state, now);
            if is_last {
                engine.discard(name, (self.job.take(), self.rest.take()));
            }
            state = lock(&engine.state);
            now = engine.clock.now();
            if is_last {
                state.outbox.emit(now, || Event::Ended { task: name.clone() });
            }
        }
        self.is_done = true;
        state.check_clocks(now);
        let Finished { removed, is_over, asks } = state.agenda.finish(key, self.job.take(), is_break, now);
        engine.publish(&mut state, now);
        if is_over && is_break {
            // If the name is scheduled again, it is a new task.
            state.outbox.record(name, Record::Forgot);
        }
        if removed.is_none() {
            state.agenda.put_down();
        }
        engine.unlock(state, now);
        if let Some(removed) = removed {
            engine.dispose_of(removed);
            engine.put_down(is_over.then(|| Event::Ended { task: name.clone() }));
        }
        if let Some(key) = asks {
            // This only counts the overruns of the run, so it does not wait for a worker.
            run(engine, key, Some(now));
        }
    }
}

/// The last resort: a worker died in the middle of a run.
impl Drop for RunGuard {
    fn drop(&mut self) {
        if !self.is_done {
            self.end(Err("its worker died".into()));
        }
    }
}

/// A run whose future is pending.
pub(crate) struct AsyncRun {
    future: Option<Pending>,
    guard: RunGuard,
}

impl AsyncRun {
    /// Drops the future, and then ends the run.
    fn finish(mut self, outcome: Result<Verdict, Arc<str>>) {
        self.guard.engine.discard(&self.guard.name, self.future.take());
        self.guard.finish(outcome);
    }

    fn abandon(self) {
        self.finish(Ok(Verdict::Failed("nobody is left who could wake its future".into())));
    }
}

/// Holds a pending run while no thread polls it. It is the run's waker.
pub(crate) struct Sleeper {
    sleep: Mutex<Sleep>,
}

/// ```text
/// Queued ── a worker takes it ──> Polled ── pending ──> Asleep ── woken ──> Queued
///    ^                              │  └─ ready ──> Over
///    └──── pending, but woken ──────┘
/// ```
enum Sleep {
    Asleep(Box<AsyncRun>),
    Queued(Box<AsyncRun>),
    Polled { is_woken: bool },
    Over,
}

impl Sleeper {
    /// Polls a new future for the first time.
    fn start(run: AsyncRun) {
        let engine = run.guard.engine.clone();
        let sleeper = Arc::new(Sleeper { sleep: Mutex::new(Sleep::Queued(Box::new(run))) });
        if engine.pool.limit() == 0 {
            let sleepers = &mut lock(&engine.state).sleepers;
            sleepers.retain(|old| old.strong_count() > 0);
            sleepers.push(Arc::downgrade(&sleeper));
        }
        poll(sleeper);
    }

    /// Ends the run, unless a thread is polling it.
    pub(super) fn abandon(&self) {
        let sleep = std::mem::replace(&mut *lock(&self.sleep), Sleep::Over);
        if let Sleep::Asleep(run) | Sleep::Queued(run) = sleep {
            run.abandon();
        }
    }
}

fn poll(sleeper: Arc<Sleeper>) {
    let taken = std::mem::replace(&mut *lock(&sleeper.sleep), Sleep::Polled { is_woken: false });
    let mut run = match taken {
        Sleep::Queued(run) => run,
        other => {
            // The run was abandoned while it waited in the queue.
            *lock(&sleeper.sleep) = other;
            return;
        }
    };
    let waker = Waker::from(sleeper.clone());
    let future = run.future.as_mut().expect("a pending run has its future");
    let polled = guarded(|| future.as_mut().poll(&mut Context::from_waker(&waker)));
    let mut sleep = lock(&sleeper.sleep);
    match polled {
        Ok(Poll::Pending) => {
            let is_woken = matches!(*sleep, Sleep::Polled { is_woken: true });
            if is_woken {
                let engine = run.guard.engine.clone();
                *sleep = Sleep::Queued(run);
                drop(sleep);
                engine.submit([Work::Poll(sleeper)]);
            } else {
                *sleep = Sleep::Asleep(run);
            }
        }
        Ok(Poll::Ready(verdict)) => {
            *sleep = Sleep::Over;
            drop(sleep);
            run.finish(Ok(verdict));
        }
        Err(message) => {
            *sleep = Sleep::Over;
            drop(sleep);
            run.finish(Err(message));
        }
    }
}

impl Wake for Sleeper {
    fn wake(self: Arc<Self>) {
        let mut sleep = lock(&self.sleep);
        match std::mem::replace(&mut *sleep, Sleep::Over) {
            Sleep::Asleep(run) => {
                let engine = run.guard.engine.clone();
                *sleep = Sleep::Queued(run);
                drop(sleep);
                engine.submit([Work::Poll(self)]);
            }
            Sleep::Polled { .. } => *sleep = Sleep::Polled { is_woken: true },
            other => *sleep = other,
        }
    }
}

/// The last waker is dropped, so the future can never go on. The run ends on a pool thread, as any other does.
impl Drop for Sleeper {
    fn drop(&mut self) {
        let sleep = std::mem::replace(&mut *lock(&self.sleep), Sleep::Over);
        if let Sleep::Asleep(run) = sleep {
            let engine = run.guard.engine.clone();
            engine.submit([Work::Abandon(run)]);
        }
    }
}
