//! Tasks that wait for a worker: they are queued, reported if that takes too long, and taken out of the queue if too many of
//! them are gone. Pure: no threads, no clock.

use std::collections::VecDeque;
use std::mem::take;

use super::entry::{Cause, Stage, Wait};
use super::heap::is_roomy;
use super::{Agenda, EntryKey, News};
use crate::clock::Now;
use crate::sync::Instant;

/// So many keys of queued tasks that are gone stay in the queue until a worker comes for them.
const MOST_GONE: usize = 1000;

impl Agenda {
    /// Has a task wait for a worker.
    pub(super) fn queue(&mut self, index: usize, cause: Cause, now: Now) {
        let is_reported = self.wait_limit.is_some();
        let (turn, since) = (self.turns.wrapping_add(1), now.mono);
        let entry = self.entry_at(index);
        if let Stage::Queued { cause: before, .. } = &mut entry.stage {
            // The time to repeat its run has come while its schedule is to be asked. It is queued once.
            *before = cause;
            return;
        }
        entry.stage = Stage::Queued { cause, turn };
        let key = EntryKey { index, version: entry.version };
        // Otherwise the task is only there to report what was missed.
        if is_reported && entry.marks.as_ref().map_or(true, |marks| marks.missed.is_none()) {
            self.waiting.push_back(Wait { key, turn, since });
            self.wakes = true;
        }
        self.turns = turn;
        self.queued.push(key);
        self.in_flight += 1;
    }

    /// Whether most keys of queued tasks are of tasks that are gone, and there are so many that they are to be taken out.
    pub(crate) fn has_many_gone(&self) -> bool {
        self.gone > MOST_GONE && self.gone > self.in_flight / 2
    }

    /// So many keys of queued tasks that are gone were taken out of the queue.
    pub(crate) fn forget_gone(&mut self, keys: usize) {
        self.gone -= keys;
        self.in_flight -= keys;
        let mut waiting = take(&mut self.waiting);
        waiting.retain(|wait| self.has_name(wait.key));
        waiting.shrink_to_fit();
        self.waiting = waiting;
    }

    /// The first task that waits for a worker and was not reported.
    pub(super) fn first_wait(&mut self) -> Option<Wait> {
        while let Some(&wait) = self.waiting.front() {
            match self.entry(wait.key).map(|entry| entry.stage) {
                Some(Stage::Queued { turn, .. }) if turn == wait.turn => return Some(wait),
                _ => self.waiting.pop_front(),
            };
        }
        if is_roomy(self.waiting.capacity(), 0) {
            self.waiting = VecDeque::new();
        }
        None
    }

    /// When the next task will have waited too long for a worker.
    pub(crate) fn wait_alarm(&mut self) -> Option<Instant> {
        self.first_wait()?.since.checked_add(self.wait_limit?)
    }

    /// The reports of waits begin, and some tasks may be waiting.
    pub(crate) fn reports_waits(&mut self) {
        self.wakes = true;
    }

    /// Reports the tasks that have been waiting for a worker for too long.
    pub(crate) fn report_waits(&mut self, now: Now) {
        while let Some(wait) = self.first_wait() {
            if !self.report_if_long(wait, now) {
                return;
            }
        }
    }

    /// Reports the first task that waits, if it has waited for too long.
    pub(super) fn report_if_long(&mut self, first: Wait, now: Now) -> bool {
        let waited = now.mono.saturating_duration_since(first.since);
        let is_long = self.wait_limit.map_or(false, |limit| waited > limit);
        if is_long {
            self.waiting.pop_front();
            let task = self.identity(first.key.index);
            self.news.push((task, News::Waiting(waited)));
        }
        is_long
    }
}
