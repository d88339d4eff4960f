//! Slots: found by name, opened, closed, and their dues waited for or not. Pure: no threads, no clock.

use super::heap::{is_roomy, HeapEntry};
use super::seat::{Leaver, Seat, Slot, Unmet};
use super::{Agenda, Lost, Place, Which};
use crate::clock::Now;
use crate::schedule::Due;
use crate::sync::Arc;

impl Agenda {
    pub(super) fn find(&self, which: Which<'_>) -> Option<usize> {
        let slot = *self.names.get(which.name)?;
        let seat = self.slots[slot].as_ref()?.seat.as_ref()?;
        (which.id.map_or(true, |id| id == seat.id)).then_some(slot)
    }

    pub(super) fn find_seat(&mut self, which: Which<'_>) -> Option<(usize, &mut Seat)> {
        let slot = self.find(which)?;
        Some((slot, self.slot(slot).seat.as_mut()?))
    }

    pub(super) fn slot(&mut self, slot: usize) -> &mut Slot {
        self.slots[slot].as_mut().expect("a slot in use")
    }

    /// The seat in a slot, if this version of a task still has it.
    pub(super) fn seat(&mut self, place: Place) -> Option<&mut Seat> {
        let slot = self.slots.get_mut(place.slot)?.as_mut()?;
        slot.seat.as_mut().filter(|seat| seat.version == place.version)
    }

    pub(super) fn open(&mut self, name: Arc<str>) -> usize {
        let new = Box::new(Slot { name: name.clone(), seat: None, leaving: Vec::new() });
        let slot = loop {
            match self.free.pop() {
                Some(slot) if self.slots.get(slot).map_or(false, Option::is_none) => break slot,
                Some(_) => {}
                None => {
                    self.slots.push(None);
                    break self.slots.len() - 1;
                }
            }
        };
        self.slots[slot] = Some(new);
        self.names.insert(name, slot);
        slot
    }

    /// Gives a slot back that nobody needs any more. Memory goes with the tasks.
    pub(super) fn close_if_empty(&mut self, slot: usize) -> bool {
        let Slot { name, seat, leaving } = self.slot(slot);
        if seat.is_some() || !leaving.is_empty() {
            return false;
        }
        let name = name.clone();
        self.names.remove(&name);
        self.slots[slot] = None;
        self.free.push(slot);
        while let Some(None) = self.slots.last() {
            self.slots.pop();
        }
        if self.slots.is_empty() {
            self.free.clear();
        }
        if is_roomy(self.names.capacity(), self.names.len()) {
            self.names.shrink_to(self.names.len() * 2);
        }
        if is_roomy(self.slots.capacity(), self.slots.len()) {
            self.slots.shrink_to(self.slots.len() * 2);
        }
        if is_roomy(self.free.capacity(), self.free.len()) {
            self.free.shrink_to(self.free.len() * 2);
        }
        true
    }

    /// Takes the name from a task. Its runs, if any are going on, are leaving from now on.
    pub(super) fn vacate(&mut self, slot: usize, now: Now) -> Option<Seat> {
        self.disarm(slot);
        let Slot { seat, leaving, .. } = self.slot(slot);
        let seat = seat.take()?;
        for run in 0..seat.runs {
            // One of them is enough to tell, and only if the task is away with it.
            let unmet = seat.unmet(now).filter(|_| run == 0 && seat.task.is_none());
            leaving.push(Leaver { id: seat.id, version: seat.version, unmet });
        }
        Some(seat)
    }

    /// The same at the request of a user, who may be ahead of a task that is on its way to a run.
    pub(super) fn lose(&mut self, slot: usize, now: Now) -> Option<Seat> {
        let seat = self.vacate(slot, now)?;
        // A run that may overlap another leaves its task at home.
        if seat.task.is_none() && (seat.runs == 0 || seat.allowed_runs > 1) {
            let passed = seat.next.filter(|due| due.age(now).is_some());
            let unmet = passed.map(|due| Unmet { due, until: now, reported: u64::from(seat.is_reported) });
            self.lost.insert(seat.version, Lost { at: now, unmet });
        }
        Some(seat)
    }

    /// Waits for the next due of the task in a slot.
    pub(super) fn arm(&mut self, slot: usize) {
        let seat = match &mut self.slot(slot).seat {
            Some(seat) if !seat.is_armed => seat,
            _ => return,
        };
        let (id, next) = (seat.id, seat.next);
        seat.is_armed = next.is_some();
        match next {
            Some(Due::Elapsed(due)) => self.elapsed.push(HeapEntry { due, id, slot }),
            Some(Due::Calendar(due)) => self.calendar.push(HeapEntry { due, id, slot }),
            None => {}
        }
    }

    /// Waits no more; a dead entry is left behind in the heap, until they outnumber the living.
    pub(super) fn disarm(&mut self, slot: usize) {
        let seat = match &mut self.slot(slot).seat {
            Some(seat) if seat.is_armed => seat,
            _ => return,
        };
        seat.is_armed = false;
        let slots = &self.slots;
        match slots[slot].as_ref().and_then(|slot| slot.seat.as_ref()?.next) {
            Some(Due::Elapsed(_)) => {
                self.elapsed.lose_one(|entry| is_live(slots, Due::Elapsed(entry.due), entry.id, entry.slot));
            }
            Some(Due::Calendar(_)) => {
                self.calendar
                    .lose_one(|entry| is_live(slots, Due::Calendar(entry.due), entry.id, entry.slot));
            }
            None => {}
        }
    }
}

/// Whether an entry of a heap is waited for.
pub(super) fn is_live(slots: &[Option<Box<Slot>>], due: Due, id: u64, slot: usize) -> bool {
    let seat = slots.get(slot).and_then(|slot| slot.as_ref()?.seat.as_ref());
    seat.map_or(false, |seat| seat.is_armed && seat.id == id && seat.next == Some(due))
}
