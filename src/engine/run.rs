//! One errand, from the pool's hand to the agenda's: decide, begin, call back, finish.

use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, SystemTime};

use super::journal::{Entered, Entry};
use super::{Engine, Phase};
use crate::agenda::{Begun, Decision, End, Ending, Errand, Finished, Overrun, Place, Unmet};
use crate::clock::{Now, Step};
use crate::error::{Error, Kind};
use crate::event::{Event, Why};
use crate::guard::guarded;
use crate::sync::{lock, Arc, Instant, Mutex};
use crate::task::{Cause, Facts, Job, MissedDues, Pending, Runner, Task, Verdict, Verdicts};

/// A run that begins so much after its due is told as late.
const LATE: Duration = Duration::from_secs(1);

/// What the pool's threads do.
pub(crate) enum Work {
    /// A task was sent off.
    Errand(Errand),
    /// A future was woken.
    Poll(Arc<Sleeper>),
    /// Nobody is left who could wake this future.
    Abandon(Box<AsyncRun>),
    /// Something happened on a thread that must not call anybody.
    Tell(Event),
    /// The same, of a due that has passed while its task was running.
    Overrun(Overrun),
    /// It is time to look whether zones have changed.
    CheckZones,
    /// Runs have waited too long for a worker.
    Waits,
    /// The last run has ended.
    Close,
    /// And all has been told.
    Closed,
}

impl Work {
    pub(super) fn perform(self, engine: &Arc<Engine>) {
        match self {
            Work::Errand(errand) => run(engine, errand, engine.clock.now()),
            Work::Poll(sleeper) => poll(sleeper),
            Work::Abandon(run) => run.abandon(),
            Work::Tell(event) => engine.tell(|| event),
            Work::Overrun(overrun) => tell_overrun(engine, overrun),
            Work::CheckZones => engine.check_zones(),
            Work::Waits => engine.tell_waits(),
            Work::Close => engine.close_after_telling(),
            Work::Closed => engine.closed(),
        }
    }

    /// Since when a run waits for a worker.
    pub(super) fn waits_since(&self) -> Option<Instant> {
        Some(self.errand()?.2)
    }

    /// The run that waits: its task, where that belongs, and since when.
    pub(super) fn errand(&self) -> Option<(Arc<str>, Place, Instant)> {
        match self {
            // One with an excuse is only to have dues told.
            Work::Errand(errand) if errand.excuse.is_none() => {
                Some((errand.name.clone(), errand.place, errand.sent.mono))
            }
            _ => None,
        }
    }
}

fn run(engine: &Arc<Engine>, errand: Errand, now: Now) {
    let Errand { place, name, mut task, cause, excuse, sent, .. } = errand;
    if matches!(cause, Cause::Due(due) if due.age(now).is_none()) {
        // The clock was set back on the way here. Never early: the due has not come after all.
        let mut state = lock(&engine.state);
        let begun = state.agenda.take_back(place, task, now);
        engine.unlock(state, now);
        return settle(engine, place, name, begun, Entered::default());
    }

    let waited = now.mono.saturating_duration_since(sent.mono);
    if engine.pool.limit() == 0 && excuse.is_none() && engine.wait_limit.map_or(false, |limit| waited > limit)
    {
        // The only thread there is had something else to do.
        if lock(&engine.state).agenda.holds(place) {
            engine.tell(|| Event::Waiting { task: name.clone(), waited, workers: 1 });
        }
    }

    let until = match now.step_since(sent) {
        step @ Step::Forward(by) if step.is_correction(engine.clock_correction) => {
            Now { wall: now.before(by).wall, ..now }
        }
        _ => now,
    };
    let judged = matches!(cause, Cause::Due(_) | Cause::Queued(_)).then_some(now);
    let excuse = excuse.map(|excuse| *excuse);
    let (mut state, Verdicts { start, mut missed, next }) = loop {
        let verdicts = task.decide(cause, excuse, until, now);
        let mut state = lock(&engine.state);
        // The zone may have been changed on the way here, or while it was decided.
        if judged.is_none() || !state.agenda.follow_on_the_way(place, &mut task, now) {
            break (state, verdicts);
        }
    };
    let is_demand = next.is_none();
    let (next, broken) = match next {
        Some(Ok(next)) => (Some(next), None),
        Some(Err(error)) => (Some(None), Some(error)),
        None => (None, None),
    };
    // The schedule may have taken its time, and what has passed meanwhile is not what passes during the run.
    let now = engine.clock.now();
    let mut begun = state.agenda.begin(place, task, Decision { start, next, judged }, &mut missed, now);
    let is_open = state.phase == Phase::Open;
    // One that has lost its name has nothing more to say of it: it is forgotten, or another's by now. What is missed as
    // the engine stops is for the next process.
    let is_gone = matches!(begun, Begun::Gone { .. }) && is_open;
    let mut passed = Entered::default();
    for dues in missed.iter().filter(|_| !is_gone) {
        passed = state.enter(&name, Entry::Passed(dues.latest));
    }
    let began = match &begun {
        Begun::Run { facts, .. } => state.enter_run(facts),
        _ => Entered::default(),
    };
    engine.unlock(state, now);

    let why = if is_open { Why::Cancelled } else { Why::ShutDown };
    if let (Begun::Gone { .. }, Some(start), false) = (&begun, start, is_demand) {
        missed.push(MissedDues { count: 1, first: start.due, latest: start.due, why });
    }
    engine.write(passed);
    for MissedDues { count, latest, why, .. } in missed {
        engine.tell(|| Event::Missed { task: name.clone(), count, latest, why });
    }
    if let Begun::Gone { task, lost } = &mut begun {
        let until = lost.at;
        let unmet = match next {
            // All of them are to be run, and there were more than the first; or they passed while the schedule was asked.
            Some(next) => {
                next.filter(|due| due.age(until).is_some()).map(|due| Unmet { due, until, reported: 0 })
            }
            None => lost.unmet,
        };
        engine.tell_unmet(&name, task, unmet, why);
    }
    if let Some(error) = broken {
        engine.alarm(schedule_broke(name.clone(), error));
    }
    settle(engine, place, name, begun, began);
}

/// Tells of an overrun when it happens, as the run may never end. If it has ended meanwhile, its end has told it: what is
/// told of a task comes before the end of the task.
fn tell_overrun(engine: &Engine, overrun: Overrun) {
    let mut state = lock(&engine.state);
    let now = engine.clock.now();
    if let Some(why) = state.agenda.report(&overrun, now) {
        let Overrun { name, due, .. } = overrun;
        let (task, latest) = (name.clone(), due.passed_at(now));
        let entered = state.enter(&name, Entry::Passed(latest));
        engine.tell_of(state, &name, entered, Event::Missed { task, count: 1, latest, why });
    }
}

/// The end of a schedule whose own code panicked, or went back in time.
fn schedule_broke(task: Arc<str>, error: Error) -> Event {
    match error.kind() {
        Kind::Panicked(_) => Event::Panicked { task, message: error.to_string().into() },
        _ => Event::Failed { task, error: error.to_string().into() },
    }
}

/// Does what came of an errand.
fn settle(engine: &Arc<Engine>, place: Place, name: Arc<str>, begun: Begun, began: Entered) {
    let errand = match begun {
        Begun::Run { facts, runner, errand } => {
            engine.submit(errand.map(Work::Errand));
            engine.write(began);
            return call(engine, place, facts, runner);
        }
        Begun::Home(errand) => errand,
        Begun::Gone { task, .. } => {
            engine.discard(&name, task);
            None
        }
        Begun::Over(task) => {
            engine.discard(&name, task);
            engine.tell_end(&name);
            None
        }
    };
    engine.came_back();
    engine.submit(errand.map(Work::Errand));
}

/// Calls the callback.
fn call(engine: &Arc<Engine>, place: Place, facts: Facts, runner: Runner) {
    let Facts { due, lateness, is_last, .. } = facts;
    engine.tell(|| Event::Started { task: facts.name.clone(), due, lateness });
    if lateness >= LATE {
        engine.tell(|| Event::Late { task: facts.name.clone(), due, lateness });
    }
    let began = engine.clock.now().mono;
    let (engine, name) = (engine.clone(), facts.name.clone());
    let mut baton = Baton { engine, place, name, due, began, is_last, task: None, is_done: false };
    let outcome = match runner {
        Runner::Shared(job) => {
            let outcome = guarded(|| job(&facts));
            // The last of it, if the task has gone meanwhile.
            baton.engine.discard(&baton.name, job);
            outcome
        }
        Runner::Whole(task) => match &mut baton.task.insert(task).job {
            Job::Alone(job) => guarded(|| job(&facts)),
            Job::Shared(job) => guarded(|| job(&facts)),
            Job::Async(job) => match guarded(job) {
                Ok(future) => return Sleeper::start(AsyncRun { future: Some(future), baton }),
                Err(message) => Err(message),
            },
        },
    };
    baton.finish(outcome);
}

/// A run that is going on. Whatever becomes of it, the task comes back.
struct Baton {
    engine: Arc<Engine>,
    place: Place,
    name: Arc<str>,
    due: SystemTime,
    began: Instant,
    /// Whether the task has given its name up for this run.
    is_last: bool,
    /// The task itself, unless it is at home.
    task: Option<Box<Task>>,
    /// Whether the run has ended, and the task come back.
    is_done: bool,
}

impl Baton {
    fn finish(mut self, outcome: Result<Verdict, Arc<str>>) {
        self.end(outcome);
    }

    fn end(&mut self, outcome: Result<Verdict, Arc<str>>) {
        let Baton { ref engine, place, ref name, due, .. } = *self;
        let took = engine.clock.now().mono.saturating_duration_since(self.began);
        let ending = match &outcome {
            Ok(Verdict::Continue | Verdict::Break) => Ending::Finished,
            Ok(Verdict::Failed(_)) => Ending::Failed,
            Err(_) => Ending::Panicked,
        };
        let end = End { due, took, ending, is_break: matches!(outcome, Ok(Verdict::Break)) };
        engine.note(name, Entry::Ended(due));
        match outcome {
            Ok(Verdict::Continue | Verdict::Break) => {
                engine.tell(|| Event::Finished { task: name.clone(), due, took });
            }
            Ok(Verdict::Failed(error)) => {
                engine.alarm(Event::Failed { task: name.clone(), error: error.into() });
            }
            Err(message) => engine.alarm(Event::Panicked { task: name.clone(), message }),
        }
        if self.is_last {
            engine.discard(name, self.task.take());
            engine.tell_end(name);
        }
        self.is_done = true;

        let mut state = lock(&engine.state);
        // The observers and the journal may have been slow: an occurrence that has passed since then is an overrun.
        let now = engine.clock.now();
        let finished = state.agenda.finish(place, self.task.take(), end, now);
        let Finished { errand, dropped, unmet, is_over } = finished;
        // A task that ends before its schedule does begins anew the next time.
        let forgot = if is_over { state.enter(name, Entry::Forgot) } else { Entered::default() };
        let is_open = state.phase == Phase::Open;
        if dropped.is_none() && !is_over {
            state.agenda.came_back();
            engine.unlock(state, now);
        } else {
            engine.unlock(state, now);
            engine.write(forgot);
            if let Some(mut task) = dropped {
                let why = match (is_over, is_open) {
                    (true, _) => Why::StillRunning,
                    (false, true) => Why::Cancelled,
                    (false, false) => Why::ShutDown,
                };
                engine.tell_unmet(name, &mut task, unmet, why);
                engine.discard(name, task);
            }
            if is_over {
                engine.tell_end(name);
            }
            engine.came_back();
        }
        match errand {
            // Only to have the dues counted that passed during the run: at this same instant no other can have come.
            Some(errand) if errand.excuse.is_some() => run(engine, errand, now),
            errand => engine.submit(errand.map(Work::Errand)),
        }
    }
}

/// The last resort, should a worker die with a run in its hands.
impl Drop for Baton {
    fn drop(&mut self) {
        if !self.is_done {
            self.end(Err("its worker died".into()));
        }
    }
}

/// A run whose future is pending.
pub(crate) struct AsyncRun {
    future: Option<Pending>,
    baton: Baton,
}

impl AsyncRun {
    /// Drops the future, and then ends the run.
    fn finish(mut self, outcome: Result<Verdict, Arc<str>>) {
        self.baton.engine.discard(&self.baton.name, self.future.take());
        self.baton.finish(outcome);
    }

    fn abandon(self) {
        self.finish(Ok(Verdict::Failed("nobody is left who could wake its future".into())));
    }
}

/// Holds a pending run while no thread does, and wakes it.
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
        let engine = run.baton.engine.clone();
        let sleeper = Arc::new(Sleeper { sleep: Mutex::new(Sleep::Queued(Box::new(run))) });
        if engine.pool.limit() == 0 {
            let sleepers = &mut lock(&engine.state).sleepers;
            sleepers.retain(|old| old.strong_count() > 0);
            sleepers.push(Arc::downgrade(&sleeper));
        }
        poll(sleeper);
    }

    /// Ends a run that no thread is polling.
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
            // It was abandoned while it waited in the queue.
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
                let engine = run.baton.engine.clone();
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
                let engine = run.baton.engine.clone();
                *sleep = Sleep::Queued(run);
                drop(sleep);
                engine.submit([Work::Poll(self)]);
            }
            Sleep::Polled { .. } => *sleep = Sleep::Polled { is_woken: true },
            other => *sleep = other,
        }
    }
}

/// The last waker is gone, and with it the only way to go on: the run ends, on a pool thread like any other.
impl Drop for Sleeper {
    fn drop(&mut self) {
        let sleep = std::mem::replace(&mut *lock(&self.sleep), Sleep::Over);
        if let Sleep::Asleep(run) = sleep {
            let engine = run.baton.engine.clone();
            engine.submit([Work::Abandon(run)]);
        }
    }
}
