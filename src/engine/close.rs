//! Shutdown: no run begins any more, those that have begun may end, and then the threads end.

use super::outbox::to_stderr;
use std::time::Duration;

use super::end::End;
use super::{Engine, Inside, Phase, State};
use crate::error::{Error, Kind};
use crate::event::OneLine;
use crate::guard::guarded;
use crate::stats::Identity;
use crate::sync::{lock, wait, wait_until, Arc, Instant, MutexGuard};

impl Engine {
    /// From now on no run begins, and nobody finds a task. Does not wait for what runs.
    pub(crate) fn stop(self: &Arc<Self>) {
        let mut state = lock(&self.state);
        if state.phase != Phase::Open {
            return;
        }
        state.phase = Phase::Clearing;
        let now = self.clock.now();
        state.check_clocks(now);
        state.agenda.begin_clearing(now);
        let (mut state, tasks) = self.tasks_in_order(state);
        let mut removed = Vec::new();
        for (i, tasks) in tasks.chunks(self.slice()).enumerate() {
            if i > 0 {
                state = self.next_slice(state);
            }
            removed.push(state.agenda.clear(tasks));
        }
        let cleared = state.agenda.end_clearing();
        self.unlock(state, self.clock.now());
        self.timer.notify_all();
        self.notify_quiet();
        removed.push(cleared.removed);
        removed.into_iter().flatten().for_each(|removed| self.dispose_of(removed));
        // Only now: closing drops the observers, and they receive the events of the tasks dropped above.
        let mut state = lock(&self.state);
        state.phase = Phase::Stopping;
        self.unlock(state, self.clock.now());
    }

    /// The numbers and the indices of all tasks, in the order in which they were scheduled.
    fn tasks_in_order<'a>(
        self: &'a Arc<Self>,
        mut state: MutexGuard<'a, State>,
    ) -> (MutexGuard<'a, State>, Vec<(u64, usize)>) {
        let (mut tasks, mut next) = state.agenda.numbers_from(0, self.slice());
        while let Some(from) = next {
            state = self.next_slice(state);
            let (more, then) = state.agenda.numbers_from(from, self.slice());
            tasks.extend(more);
            next = then;
        }
        if tasks.len() > self.slice() {
            self.unlock(state, self.clock.now());
            tasks.sort_unstable();
            state = lock(&self.state);
        } else {
            tasks.sort_unstable();
        }
        (state, tasks)
    }

    /// Stops, and waits until the last run and all threads have ended. Does not wait if called from inside a callback of
    /// this engine, as the callback would wait for itself.
    pub(crate) fn shutdown(self: &Arc<Self>, deadline: Option<Instant>) -> Result<(), Error> {
        self.stop();
        if Inside::is_inside(self) {
            return Ok(());
        }
        let mut state = lock(&self.state);
        while state.agenda.is_clearing() {
            // Another caller is about to ask the runs to stop that this one may have to give up.
            state = wait(&self.quiet, state);
        }
        while state.phase != Phase::Closed {
            if deadline.map_or(false, |deadline| deadline <= Instant::now()) {
                let running = state.agenda.running();
                self.drop_futures(state, None);
                return Err(Error::new(Kind::StillRunning(running)));
            }
            state = self.wait_for_runs(state, deadline);
        }
        drop(state);
        if !self.pool.wait_for_workers(deadline) {
            // No run is left, but a destructor or a check of the zones has not returned yet.
            return Err(Error::new(Kind::StillRunning(Vec::new())));
        }
        let mut state = lock(&self.state);
        state.joining += 1;
        let threads = state.timer_thread.take().into_iter().chain(state.event_thread.take());
        let threads: Vec<_> = threads.chain(self.pool.take_threads()).collect();
        drop(state);
        for thread in threads {
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
        while state.phase == Phase::Open && !state.is_quiet() {
            state = wait(&self.quiet, state);
        }
    }

    /// Ends the pending futures of an engine without threads, when nothing drives it any more.
    pub(crate) fn abandon(self: &Arc<Self>) {
        loop {
            // Not until nothing is queued: a future may wake itself each time that it is polled.
            self.run_queued(self.pool.len());
            // The end of one future may wake another, or start one.
            let pending = lock(&self.state).stops.take_sleepers();
            if pending.is_empty() && self.pool.len() == 0 {
                return;
            }
            let _inside = Inside::of(self);
            pending.iter().for_each(|sleeper| sleeper.end(End::lost()));
        }
    }

    /// Ends a task, and waits until its last run has ended, or drops its pending futures when the time is over. Does not wait if
    /// called from inside a callback of this engine.
    pub(crate) fn cancel_timeout(self: &Arc<Self>, task: &Identity, timeout: Duration) -> Result<(), Error> {
        let deadline = Instant::now().checked_add(timeout);
        self.cancel(task.into())?;
        if Inside::is_inside(self) {
            return Ok(());
        }
        let mut state = lock(&self.state);
        state.waiters += 1;
        let is_over = loop {
            if !state.agenda.has_detached_run(task) {
                break true;
            }
            if deadline.map_or(false, |deadline| deadline <= Instant::now()) {
                break false;
            }
            state = self.wait_for_runs(state, deadline);
        };
        state.waiters -= 1;
        if is_over {
            return Ok(());
        }
        self.drop_futures(state, Some(task));
        Err(Error::new(Kind::StillRunning(vec![task.name.clone()])))
    }

    /// Waits until a run has ended, or the deadline has passed, or less. A caller that drives the engine runs what is queued.
    fn wait_for_runs<'a>(
        self: &'a Arc<Self>,
        state: MutexGuard<'a, State>,
        deadline: Option<Instant>,
    ) -> MutexGuard<'a, State> {
        if self.pool.limit() == 0 && self.pool.len() > 0 {
            drop(state);
            // The caller looks at the deadline again.
            self.run_queued(self.pool.len());
            return lock(&self.state);
        }
        let wakes = if self.pool.limit() == 0 { &self.timer } else { &self.quiet };
        match deadline {
            Some(deadline) => wait_until(wakes, state, deadline),
            None => wait(wakes, state),
        }
    }

    /// Drops the pending futures of a task that has lost its name, or of all: nobody waits for them any longer. Those that are
    /// not pending yet are dropped when they are.
    fn drop_futures(self: &Arc<Self>, mut state: MutexGuard<'_, State>, task: Option<&Identity>) {
        let versions = state.agenda.give_up_runs(task);
        let sleepers = state.stops.sleepers(versions);
        drop(state);
        let _inside = Inside::of(self);
        sleepers.iter().for_each(|sleeper| sleeper.end(End::Dropped));
    }

    /// The last run has ended, and the outbox is empty.
    pub(super) fn close(self: &Arc<Self>) {
        let _inside = Inside::of(self);
        let mut state = lock(&self.state);
        let (observers, claim) = (state.outbox.take_observers(), state.claims.ask.take());
        drop(state);
        if let Err(message) = guarded(|| drop(observers)) {
            to_stderr(format_args!("an observer panicked when it was dropped: {}", OneLine(&message)));
        }
        if let Err(message) = guarded(|| drop(claim)) {
            to_stderr(format_args!("the claim panicked when it was dropped: {}", OneLine(&message)));
        }
        self.write_all();
        self.close_journal();
        self.pool.close();
        lock(&self.state).phase = Phase::Closed;
        self.events.notify_all();
        self.notify_quiet();
    }
}
