//! What a worker does for a task: picks it up, asks its schedule if that is the user's code, calls the callback, finishes.

use std::iter::once;
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, SystemTime};

use super::end::{End, Ran};
use super::spin::spin_until;
use super::zones::Watch;
use super::{Engine, State};
use crate::agenda::{Asked, EntryKey, Finished, PickedUp, Then};
use crate::clock::Now;
use crate::event::Event;
use crate::guard::guarded;
use crate::store::Record;
use crate::sync::{lock, lock_soon, thread, Arc, Mutex, MutexGuard};
use crate::task::{Called, Facts, Job, Pending, Place, QuestionKind};

/// What the pool's threads do.
pub(crate) enum Work {
    /// A task was queued.
    PickUp(EntryKey),
    /// A future was woken.
    Poll(Arc<Sleeper>),
    /// The last waker of this future was dropped, so it can never go on.
    Abandon(Box<AsyncRun>),
    /// Somebody waits for a run to stop.
    Wake(Vec<Waker>),
    /// It is time to check whether zones have changed.
    CheckZones(Box<Watch>),
}

impl Work {
    pub(super) fn perform(self, engine: &Arc<Engine>) {
        match self {
            Work::PickUp(key) => run(engine, key),
            Work::Poll(sleeper) => poll(sleeper),
            Work::Abandon(run) => run.end(End::lost()),
            Work::Wake(wakers) => engine.wake(wakers),
            Work::CheckZones(watch) => engine.check_zones(watch),
        }
    }
}

/// How long a worker stays away that has found the state locked, while others do the work.
const BACKOFF: Duration = Duration::from_micros(50);

/// Does for a queued task what is to be done. A worker goes on with the tasks that are queued behind it, so that the end of
/// one run and the beginning of the next take the state's lock once.
///
/// If runs are so short that the workers mostly wait for the lock, one of them is quicker than several. So a worker that does not
/// get it soon leaves the work to the others for a while: with callbacks of 1 us a pool of two takes two thirds of the time.
fn run(engine: &Arc<Engine>, key: EntryKey) {
    let mut state = match lock_soon(&engine.state) {
        Some(state) => state,
        None if engine.pool.put_back(Work::PickUp(key)).is_none() => {
            thread::sleep(BACKOFF);
            return engine.pool.come_back();
        }
        None => lock(&engine.state),
    };
    let now = engine.clock.now();
    // What came before a step of the clock is judged apart from what the step has skipped.
    state.check_clocks(now);
    let mut begun = begin(engine, state, key, now);
    while let Some(mut run) = begun.take() {
        if let Some((state, now)) = run.call() {
            // Without workers, the events of a run are delivered before the next run begins.
            let is_pick_up = |work: &Work| matches!(work, Work::PickUp(_));
            let next = if engine.pool.limit() > 0 { engine.pool.pop_if(is_pick_up) } else { None };
            match next {
                Some(Work::PickUp(key)) => begun = begin(engine, state, key, now),
                _ => engine.unlock(state, now),
            }
        }
    }
}

/// Picks up a task, and unlocks the state. Returns the run that begins, if one does.
fn begin<'e>(
    engine: &'e Arc<Engine>,
    mut state: MutexGuard<'e, State>,
    key: EntryKey,
    mut now: Now,
) -> Option<RunGuard<'e>> {
    if let Some(due) = state.agenda.early(key, now).filter(|_| state.spins(now)) {
        engine.unlock(state, now);
        now = spin_until(engine, due, now);
        state = lock(&engine.state);
        state.check_clocks(now);
    }
    let mut picked_up = state.agenda.pick_up(key, now);
    if let PickedUp::Ask(asked) = picked_up {
        engine.unlock(state, now);
        let Asked { mut timetable, question, now: asked_at } = *asked;
        let asked = matches!(question.kind, QuestionKind::Come(_)).then_some(asked_at);
        let verdicts = question.answer(&mut timetable, asked_at);
        state = lock(&engine.state);
        // Read again, as the schedule may have been slow: an occurrence that has passed by now is not an overrun of this run.
        now = engine.clock.now();
        picked_up = state.agenda.answered(key, timetable, verdicts, asked, now);
    }
    engine.publish(&mut state, now);
    match picked_up {
        PickedUp::Ask(_) | PickedUp::Nothing => engine.unlock(state, now),
        PickedUp::Run { facts, job } => {
            let claim = state.claims.due_of(&facts);
            if claim.is_none() {
                state.report_start(&facts, now);
            }
            engine.unlock(state, now);
            let run = RunGuard { engine, run: Some(Run { key, facts, began: now, job }) };
            return match claim {
                Some(due) => run.claim(due),
                None => Some(run),
            };
        }
        PickedUp::Over(removed) => {
            engine.unlock(state, now);
            let name = removed.identity.name.clone();
            engine.dispose_of(*removed);
            engine.put_down(Some(Event::Ended { task: name }));
        }
        PickedUp::Gone(gone) => {
            engine.unlock(state, now);
            engine.report_gone(*gone);
            engine.put_down(None);
        }
    }
    None
}

/// The state, locked when a run has ended, and the time of that.
type Ended<'e> = Option<(MutexGuard<'e, State>, Now)>;

/// A run that has begun and has not ended.
struct Run {
    key: EntryKey,
    facts: Facts,
    began: Now,
    job: Job,
}

/// Ends a run when it is dropped. That is the last resort: a worker died in the middle of it.
struct RunGuard<'e> {
    engine: &'e Arc<Engine>,
    run: Option<Run>,
}

impl<'e> RunGuard<'e> {
    /// Asks whose the run is. Returns it if it begins.
    fn claim(mut self, due: SystemTime) -> Option<RunGuard<'e>> {
        let engine = self.engine;
        let Run { facts, began, .. } = self.run.as_mut()?;
        let answer = engine.ask_whose(facts.name(), due);
        let mut state = lock(&engine.state);
        let now = engine.clock.now();
        if let Err(answer) = state.claimed(facts, *began, answer, now) {
            drop(state);
            self.run.take()?.end_alone(engine, End::NotBegun(answer));
            return None;
        }
        *began = now;
        engine.unlock(state, now);
        Some(self)
    }

    /// Calls the callback. Returns the state if it is still locked.
    fn call(&mut self) -> Ended<'e> {
        let engine = self.engine;
        let Run { began, job, facts, .. } = self.run.as_mut()?;
        *began = began.at(engine.clock.mono());
        let called = guarded(|| job.call(facts));
        let run = self.run.take()?;
        match called {
            Ok(Called::Ended(verdict)) => run.end(engine, End::Returned(verdict)),
            Ok(Called::Pending(future)) => {
                Sleeper::start(engine, future, run);
                None
            }
            Err(message) => run.end(engine, End::Panicked(message)),
        }
    }
}

impl Drop for RunGuard<'_> {
    fn drop(&mut self) {
        if let Some(run) = self.run.take() {
            run.end_alone(self.engine, End::Panicked("its worker died".into()));
        }
    }
}

impl Run {
    /// The same as [`end`](Run::end), where nothing follows.
    fn end_alone(self, engine: &Arc<Engine>, end: End) {
        if let Some((state, now)) = self.end(engine, end) {
            engine.unlock(state, now);
        }
    }

    /// The run has ended, and the callback comes back. Returns the state if it is still locked.
    fn end(self, engine: &Arc<Engine>, end: End) -> Ended<'_> {
        let Run { key, facts: run, began, job } = self;
        let name = run.name().clone();
        let returned = engine.clock.mono();
        let took = returned.saturating_duration_since(began.mono);
        // A shared callback is in the entry, too. If the task has ended meanwhile, this drops it. Nor does a callback come back
        // that nobody will call again.
        let may_follow = run.place == Place::Any || run.deadline.is_some() || !end.is_success();
        let comes_back = matches!(job, Job::Alone(_)) && may_follow;
        let mut job = Some(job);
        if !comes_back {
            engine.discard(&name, job.take());
        }
        let mut state = lock_soon(&engine.state).unwrap_or_else(|| lock(&engine.state));
        let mut now = engine.clock.now_after(returned);
        let then = state.run_ended(key, &run, Ran { started: began.wall, took }, end, now);
        let is_last = run.place != Place::Any && !matches!(then, Then::Retry(_));
        let is_break = matches!(then, Then::Nothing);
        // Who waits for the run may rely on the destructor of the callback.
        let drops_job = job.is_some() && (is_last || !state.agenda.has_name(key));
        if drops_job || engine.pool.limit() == 0 && state.outbox.waits() {
            // Destructors may be slow, and so may observers that this thread calls. What passes meanwhile passes during the run.
            engine.unlock(state, now);
            if drops_job {
                engine.discard(&name, job.take());
            }
            state = lock(&engine.state);
            now = engine.clock.now();
        }
        state.check_clocks(now);
        let Finished { removed, is_over, asks } = state.agenda.finish(key, job, then, now);
        engine.publish(&mut state, now);
        if is_over && is_break && !is_last {
            // If the name is scheduled again, it is a new task.
            state.outbox.record(&name, Record::Forgot);
        }
        let ended = is_over.then_some(Event::Ended { task: name });
        match removed {
            Some(removed) if removed.is_users() => {
                engine.unlock(state, now);
                engine.dispose_of(removed);
                engine.put_down(ended);
            }
            _ => {
                ended.into_iter().for_each(|event| state.outbox.emit(now, || event));
                state.agenda.put_down();
                if asks.is_none() {
                    return Some((state, now));
                }
                engine.unlock(state, now);
            }
        }
        // This only counts the overruns of the run, so it does not wait for a worker, and what comes later is not judged.
        asks.and_then(|key| begin(engine, lock(&engine.state), key, now)).and_then(|mut run| run.call())
    }
}

/// A run whose future is pending.
pub(crate) struct AsyncRun {
    engine: Arc<Engine>,
    future: Option<Pending>,
    run: Option<Run>,
}

impl AsyncRun {
    /// Drops the future, and then ends the run.
    fn end(mut self, end: End) {
        if let Some(run) = self.run.take() {
            self.engine.discard(run.facts.name(), self.future.take());
            run.end_alone(&self.engine, end);
        }
    }
}

/// The last resort again.
impl Drop for AsyncRun {
    fn drop(&mut self) {
        if let Some(run) = self.run.take() {
            run.end_alone(&self.engine, End::Panicked("its worker died".into()));
        }
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
    Polled { then: Next },
    Over,
}

/// What follows a poll, if the future is still pending.
#[derive(Clone, Copy)]
enum Next {
    Sleep,
    /// It was woken meanwhile.
    Queue,
    /// It is to end.
    Drop,
}

impl Sleeper {
    /// Polls a new future for the first time.
    fn start(engine: &Arc<Engine>, future: Pending, run: Run) {
        let (key, id) = (run.key, (run.facts.version, run.facts.count));
        let run = AsyncRun { engine: engine.clone(), future: Some(future), run: Some(run) };
        let sleeper = Arc::new(Sleeper { sleep: Mutex::new(Sleep::Queued(Box::new(run))) });
        let mut state = lock(&engine.state);
        state.stops.add_sleeper(id, &sleeper);
        let given_up = state.agenda.is_given_up(key).then(|| sleeper.clone());
        drop(state);
        poll(sleeper);
        given_up.into_iter().for_each(|sleeper| sleeper.end(End::Dropped));
    }

    /// Drops the future, and so ends the run. If a thread is polling it, that thread does so after that.
    pub(super) fn end(&self, end: End) {
        let mut sleep = lock(&self.sleep);
        match std::mem::replace(&mut *sleep, Sleep::Over) {
            Sleep::Asleep(run) | Sleep::Queued(run) => {
                drop(sleep);
                run.end(end);
            }
            Sleep::Polled { .. } => *sleep = Sleep::Polled { then: Next::Drop },
            Sleep::Over => {}
        }
    }
}

fn poll(sleeper: Arc<Sleeper>) {
    let taken = std::mem::replace(&mut *lock(&sleeper.sleep), Sleep::Polled { then: Next::Sleep });
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
            let then = if let Sleep::Polled { then } = *sleep { then } else { Next::Sleep };
            match then {
                Next::Sleep => *sleep = Sleep::Asleep(run),
                Next::Queue => {
                    let engine = run.engine.clone();
                    *sleep = Sleep::Queued(run);
                    drop(sleep);
                    engine.submit(&mut once(Work::Poll(sleeper)));
                }
                Next::Drop => {
                    *sleep = Sleep::Over;
                    drop(sleep);
                    run.end(End::Dropped);
                }
            }
        }
        Ok(Poll::Ready(verdict)) => {
            *sleep = Sleep::Over;
            drop(sleep);
            run.end(End::Returned(verdict));
        }
        Err(message) => {
            *sleep = Sleep::Over;
            drop(sleep);
            run.end(End::Panicked(message));
        }
    }
}

impl Wake for Sleeper {
    fn wake(self: Arc<Self>) {
        let mut sleep = lock(&self.sleep);
        match std::mem::replace(&mut *sleep, Sleep::Over) {
            Sleep::Asleep(run) => {
                let engine = run.engine.clone();
                *sleep = Sleep::Queued(run);
                drop(sleep);
                engine.submit(&mut once(Work::Poll(self)));
            }
            Sleep::Polled { then: Next::Sleep } => *sleep = Sleep::Polled { then: Next::Queue },
            other => *sleep = other,
        }
    }
}

/// The last waker is dropped, so the future can never go on. The run ends on a pool thread, as any other does.
impl Drop for Sleeper {
    fn drop(&mut self) {
        let sleep = std::mem::replace(&mut *lock(&self.sleep), Sleep::Over);
        if let Sleep::Asleep(run) = sleep {
            let engine = run.engine.clone();
            engine.submit(&mut once(Work::Abandon(run)));
        }
    }
}
