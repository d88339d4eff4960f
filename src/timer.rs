//! The timer: gives tasks that are due to the pool, and sleeps until the next due time.
//!
//! It has a thread of its own ([`start`]), or a caller drives it ([`run_pending`], a manual clock). Both share the same
//! steps; only the sleeping differs. The user's code is never called or dropped on the timer's thread.

use std::path::Path;
use std::time::Duration;

use crate::clock::{Clock, Driven, Now};
use crate::engine::{start_thread, Engine, Nap, Phase, State};
use crate::error::{Error, Kind};
use crate::sync::{lock, wait, wait_until, Arc, Instant, MutexGuard};

/// So many tasks at most are handed over at a time, so that of a large number the first starts at once, and no other thread
/// waits long for the lock.
const BATCH: usize = 256;

/// Starts the first worker and the timer's thread. If one of the two cannot be started, building the scheduler fails; later
/// workers are optional.
pub(crate) fn start(engine: &Arc<Engine>, slack: Option<Duration>) -> Result<(), Error> {
    let failed = |error| Error::new(Kind::Thread(Arc::new(error)));
    engine.start_first_worker().map_err(failed)?;
    let keeper = engine.clone();
    let life = move || {
        slack.into_iter().for_each(set_slack);
        keep_time(&keeper);
    };
    match start_thread("sexton-timer", Box::new(life)) {
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

/// Sets the slack of this thread's timer, where there is one.
fn set_slack(slack: Duration) {
    // The folder of the thread among those of all processes is the only one that has the file.
    let thread = std::fs::read_link("/proc/thread-self");
    if let Some(thread) = thread.ok().as_deref().and_then(Path::file_name) {
        let nanos = slack.as_nanos().clamp(1, u64::MAX.into());
        let _ = std::fs::write(Path::new("/proc").join(thread).join("timerslack_ns"), nanos.to_string());
    }
}

fn keep_time(engine: &Arc<Engine>) {
    let mut state = lock(&engine.state);
    while state.phase == Phase::Open {
        state.nap = Nap::Awake;
        let now = engine.clock.now();
        state = take_due(engine, state, now, now);
        if state.phase != Phase::Open {
            return;
        }
        // Sleep also after there was work, and do not read the clocks again first: if one of them jumps all the time, that
        // would be a busy loop.
        state = nap(engine, state, now);
    }
}

/// Sleeps until the next due time, clock check or wait alarm, or until notified.
fn nap<'a>(engine: &'a Engine, mut state: MutexGuard<'a, State>, now: Now) -> MutexGuard<'a, State> {
    match engine.next_wake(&mut state, now) {
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

/// Takes what is due at `now` off the agenda, and has workers run it. `shown` is the time of the clocks.
fn take_due<'a>(
    engine: &'a Arc<Engine>,
    mut state: MutexGuard<'a, State>,
    shown: Now,
    now: Now,
) -> MutexGuard<'a, State> {
    state.check_clocks(shown);
    // A caller that does the work itself wants all of it.
    let most = if engine.pool.limit() == 0 { usize::MAX } else { BATCH };
    state.agenda.take_due(now, most);
    if engine.reports_waits(&state) {
        state.agenda.report_waits(now);
    }
    let watch = engine.time_to_check_zones(&mut state, now);
    engine.hand_out(state, watch, now)
}

/// Runs what is due at `now`, on the calling thread. `shown` is the time of the clocks. It is later than `now` after slow
/// callbacks; what became due in between does not run yet. Clock steps are detected with `shown`.
fn run_due(engine: &Arc<Engine>, shown: Now, now: Now) {
    let state = lock(&engine.state);
    if state.phase == Phase::Open {
        drop(take_due(engine, state, shown, now));
    } else {
        drop(state);
    }
    // Work that is queued meanwhile waits for the next call. Otherwise a task that is always overdue would starve all others.
    engine.run_queued(engine.pool.len());
}

/// When there will be something to do; `None` if nothing is waiting.
fn next_wake(engine: &Engine) -> Option<Instant> {
    let now = engine.clock.now();
    if engine.pool.len() > 0 {
        return Some(now.mono);
    }
    engine.next_wake(&mut lock(&engine.state), now)
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
                state.phase == Phase::Open && !state.is_quiet()
            });
        }
        Clock::System if engine.pool.limit() > 0 => return engine.wait_until_empty(),
        Clock::System => {}
    }
    loop {
        let now = engine.clock.now();
        run_due(engine, now, now);
        let state = lock(&engine.state);
        if state.phase != Phase::Open || state.is_quiet() {
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
