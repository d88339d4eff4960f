//! What a worker does for a task: picks it up, asks its schedule if that is the user's code, calls the callback, finishes.

use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use super::zones::Watch;
use super::{Engine, State};
use crate::agenda::{Asked, EntryKey, Finished, PickedUp};
use crate::clock::Now;
use crate::event::Event;
use crate::guard::guarded;
use crate::schedule::{Due, Timetable};
use crate::store::Record;
use crate::sync::{lock, Arc, Instant, Mutex, MutexGuard};
use crate::task::{Called, Facts, Job, Pending, Place, QuestionKind, Reason, Verdict};

/// A run that begins this long after its due time is reported as late.
const LATE: Duration = Duration::from_secs(1);

/// Precise tasks are handed over so long before they are due: as long as the timer and a worker may take to wake up.
pub(super) const LEAD: Duration = Duration::from_micros(150);

/// A worker waits no longer than this for a due time without sleeping, and no sooner than that after the last such wait.
const LONGEST_SPIN: Duration = Duration::from_micros(200);
const SPIN_PAUSE: Duration = Duration::from_millis(1);

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
    fn is_pick_up(&self) -> bool {
        matches!(self, Work::PickUp(_))
    }

    pub(super) fn perform(self, engine: &Arc<Engine>) {
        match self {
            Work::PickUp(key) => run(engine, key),
            Work::Poll(sleeper) => poll(sleeper),
            Work::Abandon(run) => run.abandon(),
            Work::CheckZones(watch) => engine.check_zones(watch),
        }
    }
}

/// Does for a queued task what is to be done. A worker goes on with the tasks that are queued behind it, so that the end of
/// one run and the beginning of the next take the state's lock once.
fn run(engine: &Arc<Engine>, key: EntryKey) {
    let mut state = lock(&engine.state);
    let now = engine.clock.now();
    // What came before a step of the clock is judged apart from what the step has skipped.
    state.check_clocks(now);
    let mut begun = begin(engine, state, key, now);
    while let Some(mut run) = begun.take() {
        if let Some((state, now)) = run.call() {
            // Without workers, the events of a run are delivered before the next run begins.
            let next = if engine.pool.limit() > 0 { engine.pool.pop_if(Work::is_pick_up) } else { None };
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
    if let Some(due) = state.agenda.early(key, now).filter(|_| state.may_spin(now)) {
        state.spun = Some(now.mono);
        engine.unlock(state, now);
        now = spin_until(engine, due, now);
        state = lock(&engine.state);
        state.check_clocks(now);
    }
    let mut picked_up = state.agenda.pick_up(key, now);
    if let PickedUp::Ask(asked) = picked_up {
        engine.unlock(state, now);
        let Asked { mut timetable, question } = *asked;
        let asked = matches!(question.kind, QuestionKind::Come(_)).then_some(now);
        let verdicts = question.answer(&mut timetable, now);
        state = lock(&engine.state);
        // Read again, as the schedule may have been slow: an occurrence that has passed by now is not an overrun of this run.
        now = engine.clock.now();
        picked_up = state.agenda.answered(key, timetable, verdicts, asked, now);
    }
    engine.publish(&mut state, now);
    match picked_up {
        PickedUp::Ask(_) | PickedUp::Nothing => engine.unlock(state, now),
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
            let run = Run { key, facts, began: now.mono, job, rest };
            return Some(RunGuard { engine, run: Some(run) });
        }
        PickedUp::Over(removed) => {
            engine.unlock(state, now);
            let name = removed.name.clone();
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

/// Waits without sleeping until a due time has come, or for as long as a worker may. Returns the time.
fn spin_until(engine: &Engine, due: Due, began: Now) -> Now {
    loop {
        let now = engine.clock.now();
        if due.has_come(now) || now.mono.saturating_duration_since(began.mono) > LONGEST_SPIN {
            return now;
        }
        std::hint::spin_loop();
    }
}

impl State {
    fn may_spin(&self, now: Now) -> bool {
        let pause = |spun: Instant| now.mono.saturating_duration_since(spun);
        self.spun.map_or(true, |spun| pause(spun) >= SPIN_PAUSE)
    }
}

/// The state, locked when a run has ended, and the time of that.
type Ended<'e> = Option<(MutexGuard<'e, State>, Now)>;

/// A run that has begun and has not ended.
struct Run {
    key: EntryKey,
    facts: Facts,
    began: Instant,
    job: Job,
    /// The rest of a task that has given its name up for this run.
    rest: Option<Timetable>,
}

/// Ends a run when it is dropped. That is the last resort: a worker died in the middle of it.
struct RunGuard<'e> {
    engine: &'e Arc<Engine>,
    run: Option<Run>,
}

impl<'e> RunGuard<'e> {
    /// Calls the callback. Returns the state if it is still locked.
    fn call(&mut self) -> Ended<'e> {
        let engine = self.engine;
        let Run { began, job, facts, .. } = self.run.as_mut()?;
        *began = engine.clock.now().mono;
        let called = guarded(|| job.call(facts));
        let run = self.run.take()?;
        match called {
            Ok(Called::Ended(verdict)) => run.end(engine, Ok(verdict)),
            Ok(Called::Pending(future)) => {
                Sleeper::start(AsyncRun { engine: engine.clone(), future: Some(future), run: Some(run) });
                None
            }
            Err(message) => run.end(engine, Err(message)),
        }
    }
}

impl Drop for RunGuard<'_> {
    fn drop(&mut self) {
        if let Some(run) = self.run.take() {
            run.end_alone(self.engine, Err("its worker died".into()));
        }
    }
}

impl Run {
    /// The same as [`end`](Run::end), where nothing follows.
    fn end_alone(self, engine: &Arc<Engine>, outcome: Result<Verdict, Arc<str>>) {
        if let Some((state, now)) = self.end(engine, outcome) {
            engine.unlock(state, now);
        }
    }

    /// The run has ended, and the callback comes back. Returns the state if it is still locked.
    fn end(self, engine: &Arc<Engine>, outcome: Result<Verdict, Arc<str>>) -> Ended<'_> {
        let Run { key, facts: Facts { name, due, place, .. }, began, job, rest } = self;
        let is_break = matches!(outcome, Ok(Verdict::Break));
        // A shared callback is in the entry, too. If the task has ended meanwhile, this drops it.
        let mut job = match job {
            Job::Shared(_) => {
                engine.discard(&name, job);
                None
            }
            job => Some(job),
        };
        let mut state = lock(&engine.state);
        let mut now = engine.clock.now();
        let took = now.mono.saturating_duration_since(began);
        state.outbox.record(&name, Record::Ended(due));
        state.report_end(name.clone(), (due, took), outcome, now);
        let is_last = place != Place::Any;
        if is_last || engine.pool.limit() == 0 && state.outbox.waits() {
            // Destructors may be slow, and so may observers that this thread calls. What passes meanwhile passes during the run.
            engine.unlock(state, now);
            if is_last {
                engine.discard(&name, (job.take(), rest));
            }
            state = lock(&engine.state);
            now = engine.clock.now();
            if is_last {
                state.outbox.emit(now, || Event::Ended { task: name.clone() });
            }
        }
        state.check_clocks(now);
        let Finished { removed, is_over, asks } = state.agenda.finish(key, job, is_break, now);
        engine.publish(&mut state, now);
        if is_over && is_break {
            // If the name is scheduled again, it is a new task.
            state.outbox.record(&name, Record::Forgot);
        }
        if removed.is_none() {
            state.agenda.put_down();
        }
        if removed.is_none() && asks.is_none() {
            return Some((state, now));
        }
        engine.unlock(state, now);
        if let Some(removed) = removed {
            engine.dispose_of(removed);
            engine.put_down(is_over.then(|| Event::Ended { task: name.clone() }));
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
    fn finish(mut self, outcome: Result<Verdict, Arc<str>>) {
        if let Some(run) = self.run.take() {
            self.engine.discard(&run.facts.name, self.future.take());
            run.end_alone(&self.engine, outcome);
        }
    }

    fn abandon(self) {
        self.finish(Ok(Verdict::Failed("nobody is left who could wake its future".into())));
    }
}

/// The last resort again.
impl Drop for AsyncRun {
    fn drop(&mut self) {
        if let Some(run) = self.run.take() {
            run.end_alone(&self.engine, Err("its worker died".into()));
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
    Polled { is_woken: bool },
    Over,
}

impl Sleeper {
    /// Polls a new future for the first time.
    fn start(run: AsyncRun) {
        let engine = run.engine.clone();
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
                let engine = run.engine.clone();
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
                let engine = run.engine.clone();
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
            let engine = run.engine.clone();
            engine.submit([Work::Abandon(run)]);
        }
    }
}
