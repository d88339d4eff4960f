//! The end: nothing starts any more, what runs is let finish, and the threads go home.

use super::{to_stderr, Engine, Inside, Phase, Work};
use crate::error::{Error, Kind};
use crate::event::{OneLine, Why};
use crate::guard::guarded;
use crate::sync::{lock, wait, wait_until, Arc, Instant, Ordering, Weak};

impl Engine {
    /// Lets nothing start any more, and takes every task off the agenda. Returns at once.
    pub(crate) fn stop(&self) {
        let mut state = lock(&self.state);
        if state.phase != Phase::Open {
            return;
        }
        state.phase = Phase::Clearing;
        let leftovers = state.agenda.clear(self.clock.now());
        drop(state);
        self.timer.notify_all();
        self.tell_quiet();
        for leftover in leftovers {
            self.see_off(leftover, Why::ShutDown);
        }
        // Only now, as closing lets the observers go.
        let mut state = lock(&self.state);
        state.phase = Phase::Stopping;
        self.unlock(state, self.clock.now());
    }

    /// Stops, and waits until the last run has ended and all threads with it. From inside a callback of its own it
    /// does not wait, as that would be for itself.
    pub(crate) fn shutdown(self: &Arc<Self>, deadline: Option<Instant>) -> Result<(), Error> {
        self.stop();
        if Inside::is_inside(self) {
            return Ok(());
        }
        let mut state = lock(&self.state);
        while state.phase != Phase::Closed {
            if self.pool.limit() == 0 && self.pool.len() > 0 {
                drop(state);
                self.work_off(usize::MAX);
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
        if !(self.pool.wait_until_left(deadline) && self.teller.wait_until_left(deadline)) {
            // No run is left, but an observer or a destructor has not returned.
            return Err(Error::new(Kind::StillRunning(Vec::new())));
        }
        let mut state = lock(&self.state);
        state.joining += 1;
        let timer = state.timer_thread.take();
        drop(state);
        let threads = self.pool.take_threads().into_iter().chain(self.teller.take_threads());
        for thread in timer.into_iter().chain(threads) {
            // A thread of ours that panicked has told so on stderr, and is gone all the same.
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

    /// Ends what an engine without threads has left pending: nobody is going to drive it any more.
    pub(crate) fn abandon(self: &Arc<Self>) {
        loop {
            self.work_off(usize::MAX);
            // The end of one may wake another, or begin it.
            let sleepers = std::mem::take(&mut lock(&self.state).sleepers);
            let asleep: Vec<_> = sleepers.iter().filter_map(Weak::upgrade).collect();
            if asleep.is_empty() {
                return;
            }
            let _inside = Inside::of(self);
            asleep.iter().for_each(|sleeper| sleeper.abandon());
        }
    }

    /// The last run has ended: nothing is left to tell, and the workers may go.
    pub(super) fn close(&self) {
        // The observers are dropped by a worker or by the teller, not by the timer. Unless there are no threads at all.
        if self.pool.append(Work::Close).is_err() {
            self.closed();
        }
    }

    /// The workers have said all they had to say. So will the teller have, if there is one.
    pub(super) fn close_after_telling(&self) {
        if self.teller.append(Work::Closed).is_err() {
            self.closed();
        }
    }

    pub(super) fn closed(&self) {
        self.is_observed.store(false, Ordering::Relaxed);
        let _inside = Inside::of(self);
        let observers = lock(&self.observers).take();
        if let Err(message) = guarded(|| drop(observers)) {
            to_stderr(format_args!("an observer panicked when it was dropped: {}", OneLine(&message)));
        }
        self.close_journal();
        self.pool.close();
        self.teller.close();
        lock(&self.state).phase = Phase::Closed;
        self.tell_quiet();
    }
}
