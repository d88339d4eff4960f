//! The only sleeper: takes what is due to the pool, and naps until the next due.
//!
//! With a thread of its own ([`start`]), or driven by whoever calls ([`run_pending`], a manual clock): the loop is the
//! same, only the nap is not. Nothing of the user's is called or dropped on the timer's thread.

use std::time::Duration;

use crate::agenda::{Dispatch, Overrun};
use crate::clock::{Clock, Driven, Now};
use crate::engine::{Engine, Nap, Phase, State, Work};
use crate::error::{Error, Kind};
use crate::event::Event;
use crate::sync::{lock, thread, wait, wait_until, Arc, Instant, MutexGuard};

/// Starts the timer's thread, and the first worker, so that there is always one.
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
            // The worker goes home again.
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
        // Also after it was busy: to look at the clocks again would be to spin while one of them runs wild.
        state = nap(engine, state, now);
    }
}

/// Sleeps until there will be something to do, or until woken.
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

/// Takes what is due at `now` off the agenda, and hands out what is to be told of what was seen on the way: the clocks
/// show `shown`.
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

/// Does what is due at `now`, on the calling thread. The clocks show `shown`, which is more than that if callbacks were
/// slow; what has become due meanwhile is not for now, but a clock that was stepped shows what it shows.
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
    // What comes up meanwhile is for the next time, or a task that is always overdue would keep all others waiting.
    engine.run_queued(engine.pool.len());
}

/// When there will be something to do.
fn next_wake(engine: &Engine) -> Option<Instant> {
    let now = engine.clock.now();
    if engine.pool.len() > 0 {
        return Some(now.mono);
    }
    lock(&engine.state).agenda.next_wake(now, engine.clock_check)
}

/// Does what is due now, on the calling thread; says how long it will be until there is more to do, if ever.
pub(crate) fn run_pending(engine: &Arc<Engine>) -> Option<Duration> {
    let now = engine.clock.now();
    run_due(engine, now, now);
    next_wake(engine).map(|wake| wake.saturating_duration_since(engine.clock.now().mono))
}

/// Waits until no task is left, or until the engine stops; drives it if nobody else does.
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

/// The scheduler as a manual clock drives it.
pub(crate) struct Drive(pub(crate) Arc<Engine>);

impl Driven for Drive {
    fn next_wake(&self) -> Option<Instant> {
        next_wake(&self.0)
    }

    fn drive(&self, now: Now) {
        run_due(&self.0, self.0.clock.now(), now);
    }
}
