//! Delivers the events of the timer's thread, which must not call observers.
//!
//! A worker emits them if one is free, or else the emitter: one more thread that does nothing else, started when it is
//! first needed. So observers hear of overruns and long waits while all workers are busy.
//!
//! The `Ended` event of a task is its last. While other events of the task are being delivered, it is held back, and the
//! thread that ends the last delivery emits it.

use super::journal::QueuedLine;
use super::{Engine, Nap, Phase, State, Work};
use crate::clock::Now;
use crate::event::Event;
use crate::pool::Wanted;
use crate::sync::{lock, Arc, Instant, MutexGuard};

/// Events of one task that are being delivered.
pub(super) struct Delivery {
    task: Arc<str>,
    /// How many deliveries have not ended.
    count: usize,
    /// The events held back until then.
    end: Vec<Event>,
}

impl State {
    /// An event of a task is about to be emitted. Until [`end_delivery`](Engine::end_delivery), the task's `Ended` is held
    /// back and the agenda is not quiet.
    pub(super) fn begin_delivery(&mut self, task: &Arc<str>) {
        self.agenda.add_in_flight();
        match self.deliveries.iter_mut().find(|delivery| delivery.task == *task) {
            Some(delivery) => delivery.count += 1,
            None => self.deliveries.push(Delivery { task: task.clone(), count: 1, end: Vec::new() }),
        }
    }
}

impl Engine {
    /// Has a worker emit events if one is free, or else the emitter.
    pub(crate) fn emit_later(self: &Arc<Self>, news: Work) {
        if self.pool.limit() == 0 || !self.is_observed() || matches!(news, Work::CheckZones) {
            // Without observers there is nothing to emit. A check of the zones is more than that: it is for a worker.
            return self.submit([news]);
        }
        let news = match self.pool.offer(news) {
            Ok(wanted) => return self.serve(wanted),
            Err(news) => news,
        };
        let Wanted { workers, .. } = self.emitter.push([news]);
        for _ in 0..workers {
            if self.start_thread("sexton-teller", |engine| &engine.emitter).is_err() {
                // Without the thread, the events wait for a worker.
                let left = std::iter::from_fn(|| self.emitter.pop());
                left.for_each(|news| drop(self.pool.append(news)));
            }
        }
    }

    /// Unlocks the state, writes the queued line, and emits an event of a task. If the task ends meanwhile, its `Ended`
    /// comes after the event.
    pub(super) fn emit_of(
        &self,
        mut state: MutexGuard<'_, State>,
        task: &Arc<str>,
        queued: QueuedLine,
        event: Event,
    ) {
        state.begin_delivery(task);
        drop(state);
        self.write(queued);
        self.emit(|| event);
        self.end_delivery(task);
    }

    /// The event of a task was emitted. The last delivery of a task emits what was held back.
    pub(super) fn end_delivery(&self, task: &Arc<str>) {
        let mut state = lock(&self.state);
        let at = state
            .deliveries
            .iter()
            .position(|delivery| delivery.task == *task)
            .expect("the delivery has begun");
        state.deliveries[at].count -= 1;
        let end = match state.deliveries[at].count {
            0 => state.deliveries.swap_remove(at).end,
            _ => Vec::new(),
        };
        drop(state);
        end.into_iter().for_each(|event| self.emit(|| event));
        self.remove_in_flight();
    }

    /// Emits the end of a task, or holds it back while other events of the task are being delivered.
    pub(super) fn emit_ended(&self, task: &Arc<str>) {
        let event = || Event::Ended { task: task.clone() };
        if !self.is_observed() {
            return self.emit(event);
        }
        let event = event();
        let mut state = lock(&self.state);
        match state.deliveries.iter_mut().find(|delivery| delivery.task == *task) {
            Some(delivery) => delivery.end.push(event),
            None => {
                drop(state);
                self.emit(|| event);
            }
        }
    }

    /// When the next run will have waited too long for a worker. None if there is no limit or no observer.
    pub(crate) fn wait_alarm(&self, state: &State) -> Option<Instant> {
        self.first_wait(state)?.checked_add(self.wait_limit?)
    }

    /// The work to do if a run has waited too long.
    pub(crate) fn long_waits(&self, state: &mut State, now: Now) -> Option<Work> {
        let since = self.first_wait(state)?;
        state.is_emitting_waits = now.mono.saturating_duration_since(since) > self.wait_limit?;
        state.is_emitting_waits.then_some(Work::EmitWaits)
    }

    fn first_wait(&self, state: &State) -> Option<Instant> {
        let is_observed = self.wait_limit.is_some() && self.is_observed() && self.pool.limit() > 0;
        (is_observed && !state.is_emitting_waits).then(|| self.pool.first_wait(Work::waits_since))?
    }

    /// Reports each run that has waited too long and still waits. It finds them one at a time, so that none is stored.
    pub(super) fn emit_waits(&self) {
        loop {
            let now = self.clock.now().mono;
            let state = lock(&self.state);
            let before = self.wait_limit.and_then(|limit| now.checked_sub(limit));
            let wait = match (before, state.phase) {
                (Some(before), Phase::Open) => {
                    self.pool.report_first(before, Work::waits_since, Work::waiting_run)
                }
                _ => None,
            };
            match wait {
                Some(Some((task, key, since))) if state.agenda.has_entry(key) => {
                    let waited = now.saturating_duration_since(since);
                    let event = Event::Waiting { task: task.clone(), waited, workers: self.pool.workers() };
                    self.emit_of(state, &task, QueuedLine::default(), event);
                }
                // Its task was cancelled.
                Some(_) => {}
                None => {
                    drop(state);
                    lock(&self.state).is_emitting_waits = false;
                    return self.wake_timer();
                }
            }
        }
    }

    /// Has the timer compute its wake-up time again.
    pub(super) fn wake_timer(&self) {
        let mut state = lock(&self.state);
        if state.nap != Nap::Awake {
            state.nap = Nap::Awake;
            drop(state);
            self.timer.notify_all();
        }
    }
}
