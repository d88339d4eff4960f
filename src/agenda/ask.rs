//! What can be asked of the agenda, without changing it. Pure: no threads, no clock.

use super::{Agenda, Glimpse, Holder, Place, Prospect, Which};
use crate::sync::Arc;

impl Agenda {
    /// Whether a task that was sent off still has its name.
    pub(crate) fn holds(&self, place: Place) -> bool {
        let slot = self.slots.get(place.slot).and_then(|slot| slot.as_ref());
        slot.and_then(|slot| slot.seat.as_ref()).map_or(false, |seat| seat.version == place.version)
    }

    /// Whether there is no task, no run that has not ended, and nothing to be said about one.
    pub(crate) fn is_quiet(&self) -> bool {
        self.names.is_empty() && self.away == 0
    }

    /// Tasks that are with a worker, or on their way there.
    pub(crate) fn away(&self) -> usize {
        self.away
    }

    /// The name of each run that is going on.
    pub(crate) fn running(&self) -> Vec<Arc<str>> {
        let mut names = Vec::new();
        for slot in self.slots.iter().flatten() {
            let runs = slot.leaving.len() + slot.seat.as_ref().map_or(0, |seat| seat.runs);
            names.extend(std::iter::repeat(&slot.name).take(runs).cloned());
        }
        names.sort();
        names
    }

    /// Who has a name.
    pub(crate) fn holder(&self, name: &str) -> Option<Holder> {
        let seat = self.slots[*self.names.get(name)?].as_ref()?.seat.as_ref()?;
        Some(Holder { id: seat.id, scheduled_at: seat.scheduled_at })
    }

    /// The version of a task, if it has its name.
    pub(crate) fn version(&self, which: Which<'_>) -> Option<u64> {
        Some(self.slots[self.find(which)?].as_ref()?.seat.as_ref()?.version)
    }

    /// A look at every task, in the order they were scheduled in.
    pub(crate) fn glimpses(&self) -> Vec<Glimpse> {
        let mut glimpses: Vec<_> = self.slots.iter().flatten().filter_map(|slot| slot.glimpse()).collect();
        glimpses.sort_by_key(|glimpse| glimpse.id);
        glimpses
    }

    /// A look at one task.
    pub(crate) fn glimpse(&self, which: Which<'_>) -> Option<Glimpse> {
        self.slots.get(self.find(which)?)?.as_ref()?.glimpse()
    }

    /// What is known of every task's future, in the order they were scheduled in.
    pub(crate) fn prospects(&self) -> Vec<Prospect> {
        let mut prospects: Vec<_> = self.slots.iter().flatten().filter_map(|slot| slot.prospect()).collect();
        prospects.sort_by_key(|prospect| prospect.id);
        prospects
    }

    /// Whether a task that has lost its name is still in a run.
    pub(crate) fn is_leaving(&self, name: &str, id: u64) -> bool {
        let slot = self.names.get(name).and_then(|&slot| self.slots[slot].as_ref());
        slot.map_or(false, |slot| slot.leaving.iter().any(|leaver| leaver.id == id))
    }
}
