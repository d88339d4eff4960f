//! The last few tasks that were cancelled, for whoever asks why they did not run. Pure: no threads, no clock.

use super::{Agenda, Memory, Which};
use crate::clock::Now;
use crate::sync::Arc;

/// So many of them are remembered.
const MOST: usize = 16;

/// A task that was cancelled.
pub(super) struct Cancelled {
    name: Arc<str>,
    id: u64,
    version: u64,
    /// Has `cancelled`.
    memory: Memory,
}

impl Agenda {
    /// Remembers the task in a slot, which is about to lose its name because it was cancelled.
    pub(super) fn remember(&mut self, slot: usize, now: Now) {
        let history = self.history;
        let slot = self.slot(slot);
        let name = slot.name.clone();
        if let (Some(seat), true) = (&mut slot.seat, history > 0) {
            seat.note_unmet(now, history);
            let (id, version, record) = (seat.id, seat.version, seat.record.take());
            let memory = slot.memory(history).map(|memory| Memory { record, cancelled: Some(now), ..memory });
            if self.cancelled.len() == MOST {
                self.cancelled.pop_front();
            }
            self.cancelled.extend(memory.map(|memory| Cancelled { name, id, version, memory }));
        }
    }

    /// What is remembered of a task that was cancelled while it was away.
    pub(super) fn remembered(&mut self, version: u64) -> Option<&mut Memory> {
        self.cancelled.iter_mut().rev().find(|one| one.version == version).map(|one| &mut one.memory)
    }

    /// All that is known of the dues of a task, and then of those of this name that were cancelled, the newest first.
    pub(crate) fn memories(&self, which: Which<'_>) -> Vec<Memory> {
        let slot = self.find(which).and_then(|slot| self.slots[slot].as_ref());
        let lives = slot.and_then(|slot| slot.memory(self.history));
        let is_meant =
            |one: &&Cancelled| *one.name == *which.name && which.id.map_or(true, |id| id == one.id);
        let cancelled = self.cancelled.iter().rev().filter(is_meant).map(|one| one.memory.clone());
        lives.into_iter().chain(cancelled).collect()
    }
}
