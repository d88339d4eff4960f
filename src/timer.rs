//! The timer: gives tasks that are due to the pool, and sleeps until the next due time.
//!
//! It has a thread of its own ([`start`]), or a caller drives it ([`run_pending`], a manual clock). Both share the same
//! steps; only the sleeping differs. The user's code is never called or dropped on the timer's thread.

use std::time::Duration;

use crate::agenda::{Dispatch, Overrun};
use crate::clock::{Clock, Driven, Now};
use crate::engine::{Engine, Nap, Phase, State, Work};
use crate::error::{Error, Kind};
use crate::event::Event;
use crate::sync::{lock, thread, wait, wait_until, Arc, Instant, MutexGuard};

/// Starts the first worker and the timer's thread. If one of the two cannot be started, building the scheduler fails; later
/// workers are optional.
pub(crate) fn start(engine: &Arc<Engine>) -> Result<(), Error> {
    let failed = |error| Error::new(Kind::Thread(Arc::new(error)));
    engine.start_first_worker().map_err(failed)?;
    let keeper = engine.clone();
    let timer = thread::Builder::new().name("sexton-timer".into()).spawn(move || keep_time(&keeper));
    match timer {
        Ok(timer) => {
            engine.set_timer_thread(timer);
            Ok(())
        }
        Err(error) => {
            // This ends the worker.
            let _ = engine.shutdown(None);
            Err(failed(error))
        }
    }
}

fn keep_time(engine: &Arc<Engine>) {
    let mut dispatches = Vec::new();
    let mut state = lock(&engine.state);
    while state.phase == Phase::Open {
        state.nap = Nap::Awake;
        let now = engine.clock.now();
        let mut news = take_due(engine, &mut state, now, now, &mut dispatches);
        news.extend(engine.long_waits(&mut state, now));
        if !dispatches.is_empty() || !news.is_empty() {
            drop(state);
            news.into_iter().for_each(|news| engine.emit_later(news));
            engine.submit(dispatches.drain(..).map(Work::Dispatch));
            state = lock(&engine.state);
            if state.phase != Phase::Open {
                return;
            }
        }
        // Sleep also after there was work, and do not read the clocks again first: if one of them jumps all the time, that
        // would be a busy loop.
        state = nap(engine, state, now);
    }
}

/// Sleeps until the next due time, clock check or wait alarm, or until notified.
fn nap<'a>(engine: &'a Engine, mut state: MutexGuard<'a, State>, now: Now) -> MutexGuard<'a, State> {
    let due = state.agenda.next_wake(now, engine.clock_check);
    match due.into_iter().chain(engine.wait_alarm(&state)).min() {
        None => {
            state.nap = Nap::Forever;
            wait(&engine.timer, state)
        }
        Some(wake) => {
            state.nap = Nap::Until(wake);
            wait_until(&engine.timer, state, wake)
        }
    }
}

/// Takes what is due at `now` off the agenda, and returns the events to emit and the checks to do. `shown` is the time of the
/// clocks.
fn take_due(
    engine: &Engine,
    state: &mut State,
    shown: Now,
    now: Now,
    dispatches: &mut Vec<Dispatch>,
) -> Vec<Work> {
    let mut overruns: Vec<Overrun> = Vec::new();
    let step = state.agenda.check_clocks(shown);
    state.agenda.take_due(now, dispatches, &mut overruns);
    let stepped = step.map(|step| Work::Emit(Event::ClockStepped { step }));
    let zones = engine.is_time_to_check_zones(state, now).then_some(Work::CheckZones);
    stepped.into_iter().chain(zones).chain(overruns.into_iter().map(Work::EmitOverrun)).collect()
}

/// Runs what is due at `now`, on the calling thread. `shown` is the time of the clocks. It is later than `now` after slow
/// callbacks; what became due in between does not run yet. Clock steps are detected with `shown`.
fn run_due(engine: &Arc<Engine>, shown: Now, now: Now) {
    let mut dispatches = Vec::new();
    let news = {
        let mut state = lock(&engine.state);
        match state.phase {
            Phase::Open => take_due(engine, &mut state, shown, now, &mut dispatches),
            _ => Vec::new(),
        }
    };
    news.into_iter().for_each(|news| engine.emit_later(news));
    engine.submit(dispatches.into_iter().map(Work::Dispatch));
    // Work that is queued meanwhile waits for the next call. Otherwise a task that is always overdue would starve all others.
    engine.run_queued(engine.pool.len());
}

/// When there will be something to do; `None` if nothing is waiting.
fn next_wake(engine: &Engine) -> Option<Instant> {
    let now = engine.clock.now();
    if engine.pool.len() > 0 {
        return Some(now.mono);
    }
    lock(&engine.state).agenda.next_wake(now, engine.clock_check)
}

/// Runs what is due now, on the calling thread. Returns the time until there is something to do again.
pub(crate) fn run_pending(engine: &Arc<Engine>) -> Option<Duration> {
    let now = engine.clock.now();
    run_due(engine, now, now);
    next_wake(engine).map(|wake| wake.saturating_duration_since(engine.clock.now().mono))
}

/// Blocks until no task is left, or until the engine stops. If the engine has no thread, drives it.
pub(crate) fn wait_until_empty(engine: &Arc<Engine>) {
    match &engine.clock {
        Clock::Manual(clock) => {
            return clock.advance_while(|| {
                let state = lock(&engine.state);
                state.phase == Phase::Open && !state.agenda.is_quiet()
            });
        }
        Clock::System if engine.pool.limit() > 0 => return engine.wait_until_empty(),
        Clock::System => {}
    }
    loop {
        let now = engine.clock.now();
        run_due(engine, now, now);
        let state = lock(&engine.state);
        if state.phase != Phase::Open || state.agenda.is_quiet() {
            return;
        }
        if engine.pool.len() > 0 {
            continue;
        }
        drop(nap(engine, state, engine.clock.now()));
    }
}

/// Lets a manual clock drive a scheduler.
pub(crate) struct Drive(pub(crate) Arc<Engine>);

impl Driven for Drive {
    fn next_wake(&self) -> Option<Instant> {
        next_wake(&self.0)
    }

    fn drive(&self, now: Now) {
        run_due(&self.0, self.0.clock.now(), now);
    }
}
