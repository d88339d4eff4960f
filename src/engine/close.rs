//! Shutdown: no run begins any more, those that have begun may end, and then the threads end.

use super::{to_stderr, Engine, Inside, Phase, Work};
use crate::error::{Error, Kind};
use crate::event::{OneLine, Why};
use crate::guard::guarded;
use crate::sync::{lock, wait, wait_until, Arc, Instant, Ordering, Weak};

impl Engine {
    /// From now on no run begins, and the agenda is empty. Returns at once.
    pub(crate) fn stop(&self) {
        let mut state = lock(&self.state);
        if state.phase != Phase::Open {
            return;
        }
        state.phase = Phase::Clearing;
        let removed = state.agenda.clear(self.clock.now());
        drop(state);
        self.timer.notify_all();
        self.notify_quiet();
        for removed in removed {
            self.dispose_of(removed, Why::ShutDown);
        }
        // Only now: closing drops the observers, and they receive the events of the tasks dropped above.
        let mut state = lock(&self.state);
        state.phase = Phase::Stopping;
        self.unlock(state, self.clock.now());
    }

    /// Stops, and waits until the last run and all threads have ended. Does not wait if called from inside a callback of
    /// this engine, as the callback would wait for itself.
    pub(crate) fn shutdown(self: &Arc<Self>, deadline: Option<Instant>) -> Result<(), Error> {
        self.stop();
        if Inside::is_inside(self) {
            return Ok(());
        }
        let mut state = lock(&self.state);
        while state.phase != Phase::Closed {
            if self.pool.limit() == 0 && self.pool.len() > 0 {
                drop(state);
                self.run_queued(usize::MAX);
                state = lock(&self.state);
                continue;
            }
            let wakes = if self.pool.limit() == 0 { &self.timer } else { &self.quiet };
            state = match deadline {
                Some(deadline) if deadline <= Instant::now() => {
                    return Err(Error::new(Kind::StillRunning(state.agenda.running())));
                }
                Some(deadline) => wait_until(wakes, state, deadline),
                None => wait(wakes, state),
            };
        }
        drop(state);
        if !(self.pool.wait_for_workers(deadline) && self.emitter.wait_for_workers(deadline)) {
            // No run is left, but an observer or a destructor has not returned yet.
            return Err(Error::new(Kind::StillRunning(Vec::new())));
        }
        let mut state = lock(&self.state);
        state.joining += 1;
        let timer = state.timer_thread.take();
        drop(state);
        let threads = self.pool.take_threads().into_iter().chain(self.emitter.take_threads());
        for thread in timer.into_iter().chain(threads) {
            // A thread that panicked has printed that to stderr, and has ended all the same.
            let _ = thread.join();
        }
        let mut state = lock(&self.state);
        state.joining -= 1;
        self.quiet.notify_all();
        while state.joining > 0 {
            state = wait(&self.quiet, state);
        }
        Ok(())
    }

    /// Waits until no task is left, or until the engine stops.
    pub(crate) fn wait_until_empty(&self) {
        let mut state = lock(&self.state);
        while state.phase == Phase::Open && !state.agenda.is_quiet() {
            state = wait(&self.quiet, state);
        }
    }

    /// Ends the pending futures of an engine without threads, when nothing drives it any more.
    pub(crate) fn abandon(self: &Arc<Self>) {
        loop {
            self.run_queued(usize::MAX);
            // The end of one future may wake another, or start one.
            let sleepers = std::mem::take(&mut lock(&self.state).sleepers);
            let asleep: Vec<_> = sleepers.iter().filter_map(Weak::upgrade).collect();
            if asleep.is_empty() {
                return;
            }
            let _inside = Inside::of(self);
            asleep.iter().for_each(|sleeper| sleeper.abandon());
        }
    }

    /// The last run has ended. When the queued events are delivered, the workers can end.
    pub(super) fn close(&self) {
        // A worker or the emitter drops the observers, and never the timer. Without threads the caller does.
        if self.pool.append(Work::Close).is_err() {
            self.finish_closing();
        }
    }

    /// The workers have delivered their events. The emitter, if there is one, closes after its own.
    pub(super) fn close_after_events(&self) {
        if self.emitter.append(Work::FinishClosing).is_err() {
            self.finish_closing();
        }
    }

    pub(super) fn finish_closing(&self) {
        self.is_observed.store(false, Ordering::Relaxed);
        let _inside = Inside::of(self);
        let observers = lock(&self.observers).take();
        if let Err(message) = guarded(|| drop(observers)) {
            to_stderr(format_args!("an observer panicked when it was dropped: {}", OneLine(&message)));
        }
        self.close_journal();
        self.pool.close();
        self.emitter.close();
        lock(&self.state).phase = Phase::Closed;
        self.notify_quiet();
    }
}
