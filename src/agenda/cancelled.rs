//! The tasks that were cancelled last. `explain` needs them to say why a cancelled task did not run. Pure: no threads,
//! no clock.

use super::{Agenda, TaskHistory, TaskKey};
use crate::clock::Now;
use crate::sync::Arc;

/// How many cancelled tasks are kept. The oldest makes room for the newest.
const MOST: usize = 16;

/// A task that was cancelled.
pub(super) struct Cancelled {
    name: Arc<str>,
    id: u64,
    version: u64,
    /// Its `cancelled` is set.
    task_history: TaskHistory,
}

impl Agenda {
    /// Keeps the history of a task that is about to lose its name because it is cancelled.
    pub(super) fn keep_cancelled(&mut self, index: usize, now: Now) {
        let limit = self.history_limit;
        let name_entry = self.name_entry(index);
        let name = name_entry.name.clone();
        if let (Some(entry), true) = (&mut name_entry.entry, limit > 0) {
            entry.remember_pending_missed(now, limit);
            let (id, version, history) = (entry.id, entry.version, entry.history.take());
            let task_history = name_entry.task_history(limit);
            let task_history = task_history.map(|rest| TaskHistory { history, cancelled: Some(now), ..rest });
            if self.cancelled.len() == MOST {
                self.cancelled.pop_front();
            }
            let cancelled = task_history.map(|task_history| Cancelled { name, id, version, task_history });
            self.cancelled.extend(cancelled);
        }
    }

    /// The history of a task that was cancelled while it was in flight.
    pub(super) fn cancelled_history(&mut self, version: u64) -> Option<&mut TaskHistory> {
        let mut newest_first = self.cancelled.iter_mut().rev();
        newest_first.find(|one| one.version == version).map(|one| &mut one.task_history)
    }

    /// The history of a task, and then those of the cancelled tasks with this key, the newest first.
    pub(crate) fn histories(&self, key: TaskKey<'_>) -> Vec<TaskHistory> {
        let name_entry = self.find(key).and_then(|index| self.name_entries[index].as_ref());
        let lives = name_entry.and_then(|name_entry| name_entry.task_history(self.history_limit));
        let has_key = |one: &&Cancelled| *one.name == *key.name && key.id.map_or(true, |id| id == one.id);
        let cancelled = self.cancelled.iter().rev().filter(has_key).map(|one| one.task_history.clone());
        lives.into_iter().chain(cancelled).collect()
    }
}
