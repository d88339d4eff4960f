//! What is told by others than those who saw it: what the timer sees, and what a busy pool cannot tell itself.
//!
//! A worker tells it if one is free, or else the teller: one more thread, which does nothing but tell, and is only there
//! once it was needed. Of one task it comes before the task's end: who ends a task leaves that to be told by who is telling
//! something of it.

use super::journal::Entered;
use super::{Engine, Nap, Phase, State, Work};
use crate::clock::Now;
use crate::event::Event;
use crate::pool::Wanted;
use crate::sync::{lock, Arc, Instant, MutexGuard};

/// What is being told of a task.
pub(super) struct Telling {
    task: Arc<str>,
    /// By so many.
    tellers: usize,
    /// What is to be told after it.
    end: Vec<Event>,
}

impl State {
    /// Something is about to be told of a task, which is away meanwhile: its end, if it comes, is told after that.
    pub(super) fn begin_telling(&mut self, task: &Arc<str>) {
        self.agenda.depart();
        match self.tellings.iter_mut().find(|telling| telling.task == *task) {
            Some(telling) => telling.tellers += 1,
            None => self.tellings.push(Telling { task: task.clone(), tellers: 1, end: Vec::new() }),
        }
    }
}

impl Engine {
    /// Has something told by a worker if one is free, or else by the teller.
    pub(crate) fn post(self: &Arc<Self>, news: Work) {
        if self.pool.limit() == 0 || !self.is_observed() || matches!(news, Work::CheckZones) {
            // Nobody hears it, or it is more than to tell.
            return self.submit([news]);
        }
        let news = match self.pool.offer(news) {
            Ok(wanted) => return self.serve(wanted),
            Err(news) => news,
        };
        let Wanted { workers, .. } = self.teller.push([news]);
        for _ in 0..workers {
            if self.hire("sexton-teller", |engine| &engine.teller).is_err() {
                // It has to wait for a worker after all.
                let left = std::iter::from_fn(|| self.teller.pop());
                left.for_each(|news| drop(self.pool.append(news)));
            }
        }
    }

    /// Lets go of the state, writes what was entered, and tells something of a task. If the task ends meanwhile, that is
    /// told after it.
    pub(super) fn tell_of(
        &self,
        mut state: MutexGuard<'_, State>,
        task: &Arc<str>,
        entered: Entered,
        event: Event,
    ) {
        state.begin_telling(task);
        drop(state);
        self.write(entered);
        self.tell(|| event);
        self.end_telling(task);
    }

    /// What was to be told of a task has been.
    pub(super) fn end_telling(&self, task: &Arc<str>) {
        let mut state = lock(&self.state);
        let at = state.tellings.iter().position(|telling| telling.task == *task).expect("it was told here");
        state.tellings[at].tellers -= 1;
        let end = match state.tellings[at].tellers {
            0 => state.tellings.swap_remove(at).end,
            _ => Vec::new(),
        };
        drop(state);
        end.into_iter().for_each(|event| self.tell(|| event));
        self.came_back();
    }

    /// Tells the end of a task, or leaves it to who is telling something else of the task.
    pub(super) fn tell_end(&self, task: &Arc<str>) {
        if !self.is_observed() {
            return;
        }
        let event = Event::Ended { task: task.clone() };
        let mut state = lock(&self.state);
        match state.tellings.iter_mut().find(|telling| telling.task == *task) {
            Some(telling) => telling.end.push(event),
            None => {
                drop(state);
                self.tell(|| event);
            }
        }
    }

    /// When the next run will have waited too long for a worker, if somebody wants to know.
    pub(crate) fn wait_alarm(&self, state: &State) -> Option<Instant> {
        self.first_wait(state)?.checked_add(self.wait_limit?)
    }

    /// What is to be done if a run has waited too long.
    pub(crate) fn long_waits(&self, state: &mut State, now: Now) -> Option<Work> {
        let since = self.first_wait(state)?;
        state.is_telling_waits = now.mono.saturating_duration_since(since) > self.wait_limit?;
        state.is_telling_waits.then_some(Work::Waits)
    }

    fn first_wait(&self, state: &State) -> Option<Instant> {
        let is_asked = self.wait_limit.is_some() && self.is_observed() && self.pool.limit() > 0;
        (is_asked && !state.is_telling_waits).then(|| self.pool.watch(Work::waits_since))?
    }

    /// Tells of each run that has waited too long and still does. One after the other, so that none has to be stored.
    pub(super) fn tell_waits(&self) {
        loop {
            let now = self.clock.now().mono;
            let state = lock(&self.state);
            let before = self.wait_limit.and_then(|limit| now.checked_sub(limit));
            let wait = match (before, state.phase) {
                (Some(before), Phase::Open) => self.pool.see(before, Work::waits_since, Work::errand),
                _ => None,
            };
            match wait {
                Some(Some((task, place, since))) if state.agenda.holds(place) => {
                    let waited = now.saturating_duration_since(since);
                    let event = Event::Waiting { task: task.clone(), waited, workers: self.pool.workers() };
                    self.tell_of(state, &task, Entered::default(), event);
                }
                // Its task was cancelled.
                Some(_) => {}
                None => {
                    drop(state);
                    lock(&self.state).is_telling_waits = false;
                    return self.wake_timer();
                }
            }
        }
    }

    /// Has the timer look again before it sleeps on.
    pub(super) fn wake_timer(&self) {
        let mut state = lock(&self.state);
        if state.nap != Nap::Awake {
            state.nap = Nap::Awake;
            drop(state);
            self.timer.notify_all();
        }
    }
}
