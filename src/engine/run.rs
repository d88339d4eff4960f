//! One dispatch, from the pool back to the agenda: decide, begin, call the callback, finish.

use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, SystemTime};

use super::journal::{JournalLine, QueuedLine};
use super::{Engine, Phase};
use crate::agenda::{Begun, Decision, Dispatch, EntryKey, Finished, Overrun, PendingMissed};
use crate::clock::{Now, Step};
use crate::error::{Error, Kind};
use crate::event::{Event, Why};
use crate::guard::guarded;
use crate::sync::{lock, Arc, Instant, Mutex};
use crate::task::{Cause, Facts, Job, MissedDues, NextDue, Pending, Runner, Task, Verdict, Verdicts};

/// A run that begins this long after its due time is reported as late.
const LATE: Duration = Duration::from_secs(1);

/// What the pool's threads do.
pub(crate) enum Work {
    /// A task was dispatched.
    Dispatch(Dispatch),
    /// A future was woken.
    Poll(Arc<Sleeper>),
    /// The last waker of this future was dropped, so it can never go on.
    Abandon(Box<AsyncRun>),
    /// An event happened on a thread that must not call observers.
    Emit(Event),
    /// A due time came while its task was running.
    EmitOverrun(Overrun),
    /// It is time to check whether zones have changed.
    CheckZones,
    /// Runs have waited too long for a worker.
    EmitWaits,
    /// The last run has ended.
    Close,
    /// The pool has delivered its events.
    FinishClosing,
}

impl Work {
    pub(super) fn perform(self, engine: &Arc<Engine>) {
        match self {
            Work::Dispatch(dispatch) => run(engine, dispatch, engine.clock.now()),
            Work::Poll(sleeper) => poll(sleeper),
            Work::Abandon(run) => run.abandon(),
            Work::Emit(event) => engine.emit(|| event),
            Work::EmitOverrun(overrun) => emit_overrun(engine, overrun),
            Work::CheckZones => engine.check_zones(),
            Work::EmitWaits => engine.emit_waits(),
            Work::Close => engine.close_after_events(),
            Work::FinishClosing => engine.finish_closing(),
        }
    }

    /// Since when a run waits for a worker.
    pub(super) fn waits_since(&self) -> Option<Instant> {
        Some(self.waiting_run()?.2)
    }

    /// The run that waits: its task, the key of the entry, and since when it waits.
    pub(super) fn waiting_run(&self) -> Option<(Arc<str>, EntryKey, Instant)> {
        match self {
            // With `missed_until`, the dispatch is only there to report missed occurrences.
            Work::Dispatch(dispatch) if dispatch.missed_until.is_none() => {
                Some((dispatch.name.clone(), dispatch.key, dispatch.sent.mono))
            }
            _ => None,
        }
    }
}

fn run(engine: &Arc<Engine>, dispatch: Dispatch, now: Now) {
    let Dispatch { key, name, mut task, cause, missed_until, sent, .. } = dispatch;
    if matches!(cause, Cause::Due(due) if due.age(now).is_none()) {
        // The clock was set back while the task was in flight. A run is never early, so the task waits again.
        let mut state = lock(&engine.state);
        let begun = state.agenda.take_back(key, task, now);
        engine.unlock(state, now);
        return carry_out(engine, key, name, begun, QueuedLine::default(), now);
    }

    let waited = now.mono.saturating_duration_since(sent.mono);
    let is_long = engine.wait_limit.map_or(false, |limit| waited > limit);
    if engine.pool.limit() == 0 && missed_until.is_none() && is_long {
        // Without threads, the caller is the only worker, and it was busy.
        if lock(&engine.state).agenda.has_entry(key) {
            engine.emit(|| Event::Waiting { task: name.clone(), waited, workers: 1 });
        }
    }

    let until = match now.step_since(sent) {
        step @ Step::Forward(by) if step.is_correction(engine.clock_correction) => {
            Now { wall: now.before(by).wall, ..now }
        }
        _ => now,
    };
    let judged = matches!(cause, Cause::Due(_) | Cause::Queued(_)).then_some(now);
    let missed_until = missed_until.map(|boxed| *boxed);
    let (mut state, Verdicts { start, mut missed, next }) = loop {
        let verdicts = task.decide(cause, missed_until, until, now);
        let mut state = lock(&engine.state);
        // The zone may have changed since the dispatch, even while the worker decided. Under the lock it cannot change
        // any more, so either the decision is right or it is made again.
        if judged.is_none() || !state.agenda.apply_zone_change_in_flight(key, &mut task, now) {
            break (state, verdicts);
        }
    };
    let is_demand = matches!(next, NextDue::Unchanged);
    // Read again, as the schedule may have been slow: an occurrence that has passed by now is not an overrun of this run.
    let now = engine.clock.now();
    let mut begun = state.agenda.begin(key, task, Decision { start, next: &next, judged }, &mut missed, now);
    let is_open = state.phase == Phase::Open;
    // A task that has lost its name has no more lines in the journal: the name is forgotten there, or another task owns it.
    // What is missed because the engine stops is for the next process to make up for.
    let is_removed = matches!(begun, Begun::Removed { .. }) && is_open;
    let mut passed = QueuedLine::default();
    for MissedDues { latest, .. } in missed.iter().filter(|_| !is_removed) {
        passed = state.queue_line(&name, JournalLine::Passed(*latest));
    }
    let began = match &begun {
        Begun::Run { facts, .. } => state.queue_run(facts),
        _ => QueuedLine::default(),
    };
    engine.unlock(state, now);

    let why = if is_open { Why::Cancelled } else { Why::ShutDown };
    if let (Begun::Removed { .. }, Some(start), false) = (&begun, start, is_demand) {
        missed.push(MissedDues { count: 1, first: start.due, latest: start.due, why });
    }
    engine.write(passed);
    for MissedDues { count, first, latest, why } in missed {
        engine.emit_at(now, || Event::Missed { task: name.clone(), count, first, latest, why });
    }
    if let Begun::Removed { task, removed } = &mut begun {
        let until = removed.at;
        let pending_missed = match next {
            NextDue::Unchanged => removed.pending_missed,
            // The next due time may have passed, too: all missed occurrences are run, or the schedule was slow.
            _ => {
                let passed = next.due().filter(|due| due.age(until).is_some());
                passed.map(|due| PendingMissed { due, until, reported: 0 })
            }
        };
        engine.emit_pending_missed(&name, task, pending_missed, why);
    }
    if let NextDue::Broken(error) = next {
        engine.emit_or_stderr(schedule_broke(name.clone(), error));
    }
    carry_out(engine, key, name, begun, began, now);
}

/// Reports an overrun when it happens, as the run may never end. If the run has ended meanwhile, its end has reported the
/// overrun, and nothing may follow that.
fn emit_overrun(engine: &Engine, overrun: Overrun) {
    let mut state = lock(&engine.state);
    let now = engine.clock.now();
    if let Some(why) = state.agenda.report_overrun(&overrun, now) {
        let Overrun { name, due, .. } = overrun;
        let (task, due) = (name.clone(), due.passed_at(now));
        let queued = state.queue_line(&name, JournalLine::Passed(due));
        engine.emit_of(state, &name, queued, Event::Missed { task, count: 1, first: due, latest: due, why });
    }
}

/// The event for a schedule whose own code panicked, or went back in time.
fn schedule_broke(task: Arc<str>, error: Error) -> Event {
    match error.kind() {
        Kind::Panicked(_) => {
            Event::Panicked { task, due: None, took: None, message: error.to_string().into() }
        }
        _ => Event::Failed { task, due: None, took: None, error: error.to_string().into() },
    }
}

/// Does what the agenda has answered to a decision.
fn carry_out(engine: &Arc<Engine>, key: EntryKey, name: Arc<str>, begun: Begun, began: QueuedLine, now: Now) {
    let dispatch = match begun {
        Begun::Run { facts, runner, dispatch } => {
            engine.submit(dispatch.map(Work::Dispatch));
            engine.write(began);
            return call(engine, key, facts, runner, now);
        }
        Begun::Home(dispatch) => dispatch,
        Begun::Removed { task, .. } => {
            engine.discard(&name, task);
            None
        }
        Begun::Over(task) => {
            engine.discard(&name, task);
            engine.emit_ended(&name);
            None
        }
    };
    engine.remove_in_flight();
    engine.submit(dispatch.map(Work::Dispatch));
}

/// Calls the callback.
fn call(engine: &Arc<Engine>, key: EntryKey, facts: Facts, runner: Runner, now: Now) {
    let Facts { due, lateness, missed: coalesced, is_asked_for: is_on_demand, is_last, .. } = facts;
    engine.emit_at(now, || Event::Started {
        task: facts.name.clone(),
        due,
        lateness,
        coalesced,
        is_on_demand,
    });
    if lateness >= LATE {
        engine.emit(|| Event::Late { task: facts.name.clone(), due, lateness });
    }
    let began = engine.clock.now().mono;
    let (engine, name) = (engine.clone(), facts.name.clone());
    let mut guard = RunGuard { engine, key, name, due, began, is_last, task: None, is_done: false };
    let outcome = match runner {
        Runner::Shared(job) => {
            let outcome = guarded(|| job(&facts));
            // If the task has ended meanwhile, this drops the callback.
            guard.engine.discard(&guard.name, job);
            outcome
        }
        Runner::Whole(task) => match &mut guard.task.insert(task).job {
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

/// A run that has not ended. When it is dropped, the run ends and the task comes back.
struct RunGuard {
    engine: Arc<Engine>,
    key: EntryKey,
    name: Arc<str>,
    due: SystemTime,
    began: Instant,
    /// Whether the task has given its name up for this run.
    is_last: bool,
    /// The task itself, unless it is at home.
    task: Option<Box<Task>>,
    /// Whether the run has ended and the task has come back.
    is_done: bool,
}

impl RunGuard {
    fn finish(mut self, outcome: Result<Verdict, Arc<str>>) {
        self.end(outcome);
    }

    fn end(&mut self, outcome: Result<Verdict, Arc<str>>) {
        let RunGuard { ref engine, key, ref name, due, .. } = *self;
        let now = engine.clock.now();
        let took = now.mono.saturating_duration_since(self.began);
        let is_break = matches!(outcome, Ok(Verdict::Break));
        engine.write_line(name, JournalLine::Ended(due));
        let task = name.clone();
        match (outcome, Some(due), Some(took)) {
            (Ok(Verdict::Continue | Verdict::Break), ..) => {
                engine.emit_at(now, || Event::Finished { task, due, took });
            }
            (Ok(Verdict::Failed(error)), due, took) => {
                engine.emit_or_stderr(Event::Failed { task, due, took, error: error.into() });
            }
            (Err(message), due, took) => {
                engine.emit_or_stderr(Event::Panicked { task, due, took, message });
            }
        }
        if self.is_last {
            engine.discard(name, self.task.take());
            engine.emit_ended(name);
        }
        self.is_done = true;

        let mut state = lock(&engine.state);
        // Read again, as observers and the journal may have been slow: what has passed by now is an overrun.
        let now = engine.clock.now();
        let finished = state.agenda.finish(key, self.task.take(), is_break, now);
        let Finished { dispatch, dropped, pending_missed, is_over } = finished;
        // The callback has ended the task. If the name is scheduled again, it is a new task.
        let forgot =
            if is_over { state.queue_line(name, JournalLine::Forgot) } else { QueuedLine::default() };
        let is_open = state.phase == Phase::Open;
        if dropped.is_none() && !is_over {
            state.agenda.remove_in_flight();
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
                engine.emit_pending_missed(name, &mut task, pending_missed, why);
                engine.discard(name, task);
            }
            if is_over {
                engine.emit_ended(name);
            }
            engine.remove_in_flight();
        }
        match dispatch {
            // This only counts the overruns of the run, so it does not wait for a worker. With the same `now`, no other
            // occurrence can have come.
            Some(dispatch) if dispatch.missed_until.is_some() => run(engine, dispatch, now),
            dispatch => engine.submit(dispatch.map(Work::Dispatch)),
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
