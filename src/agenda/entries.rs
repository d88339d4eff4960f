//! The entries: finds, creates and removes them, and arms and disarms their due times. Pure: no threads, no clock.

use super::entry::{DetachedRun, Entry, EntryKey, NameEntry, PendingMissed};
use super::heap::{is_roomy, HeapItem};
use super::{Agenda, RemovedInFlight, TaskKey};
use crate::clock::Now;
use crate::schedule::Due;
use crate::sync::Arc;

impl Agenda {
    pub(super) fn find(&self, key: TaskKey<'_>) -> Option<usize> {
        let index = *self.names.get(key.name)?;
        let entry = self.name_entries[index].as_ref()?.entry.as_ref()?;
        (key.id.map_or(true, |id| id == entry.id)).then_some(index)
    }

    pub(super) fn find_entry(&mut self, key: TaskKey<'_>) -> Option<(usize, &mut Entry)> {
        let index = self.find(key)?;
        Some((index, self.name_entry(index).entry.as_mut()?))
    }

    pub(super) fn name_entry(&mut self, index: usize) -> &mut NameEntry {
        self.name_entries[index].as_mut().expect("an index in use")
    }

    /// The entry of a task in flight, if this version of the task still has it.
    pub(super) fn entry(&mut self, key: EntryKey) -> Option<&mut Entry> {
        let name_entry = self.name_entries.get_mut(key.index)?.as_mut()?;
        name_entry.entry.as_mut().filter(|entry| entry.version == key.version)
    }

    pub(super) fn open(&mut self, name: Arc<str>) -> usize {
        let new = Box::new(NameEntry { name: name.clone(), entry: None, detached: Vec::new() });
        let index = loop {
            match self.free.pop() {
                Some(index) if self.name_entries.get(index).map_or(false, Option::is_none) => break index,
                Some(_) => {}
                None => {
                    self.name_entries.push(None);
                    break self.name_entries.len() - 1;
                }
            }
        };
        self.name_entries[index] = Some(new);
        self.names.insert(name, index);
        index
    }

    /// Frees the index of a name that has neither a task nor a run, and gives memory back that is no longer needed.
    pub(super) fn close_if_empty(&mut self, index: usize) -> bool {
        let NameEntry { name, entry, detached } = self.name_entry(index);
        if entry.is_some() || !detached.is_empty() {
            return false;
        }
        let name = name.clone();
        self.names.remove(&name);
        self.name_entries[index] = None;
        self.free.push(index);
        while let Some(None) = self.name_entries.last() {
            self.name_entries.pop();
        }
        if self.name_entries.is_empty() {
            self.free.clear();
        }
        if is_roomy(self.names.capacity(), self.names.len()) {
            self.names.shrink_to(self.names.len() * 2);
        }
        if is_roomy(self.name_entries.capacity(), self.name_entries.len()) {
            self.name_entries.shrink_to(self.name_entries.len() * 2);
        }
        if is_roomy(self.free.capacity(), self.free.len()) {
            self.free.shrink_to(self.free.len() * 2);
        }
        true
    }

    /// Takes the name from a task. Its runs that have not ended become detached runs.
    pub(super) fn detach(&mut self, index: usize, now: Now) -> Option<Entry> {
        self.disarm(index);
        let NameEntry { entry, detached, .. } = self.name_entry(index);
        let entry = entry.take()?;
        for run in 0..entry.runs {
            // One run is enough to report them, and only a run that has the task can: the schedule counts them.
            let pending_missed = entry.pending_missed(now).filter(|_| run == 0 && entry.task.is_none());
            detached.push(DetachedRun { id: entry.id, version: entry.version, pending_missed });
        }
        Some(entry)
    }

    /// Like [`detach`](Agenda::detach), at the request of a user: the task may be on its way to a run.
    pub(super) fn remove(&mut self, index: usize, now: Now) -> Option<Entry> {
        let entry = self.detach(index, now)?;
        // With `allowed_runs` above one, a run that has begun leaves the task at home: without a task here, the task is
        // on its way to another run.
        if entry.task.is_none() && (entry.runs == 0 || entry.allowed_runs > 1) {
            let passed = entry.next.filter(|due| due.age(now).is_some());
            let reported = u64::from(entry.is_reported);
            let pending_missed = passed.map(|due| PendingMissed { due, until: now, reported });
            self.removed_in_flight.insert(entry.version, RemovedInFlight { at: now, pending_missed });
        }
        Some(entry)
    }

    /// Puts the next due time of a task into its heap.
    pub(super) fn arm(&mut self, index: usize) {
        let entry = match &mut self.name_entry(index).entry {
            Some(entry) if !entry.is_armed => entry,
            _ => return,
        };
        let (id, next) = (entry.id, entry.next);
        entry.is_armed = next.is_some();
        match next {
            Some(Due::Elapsed(due)) => self.elapsed.push(HeapItem { due, id, index }),
            Some(Due::Calendar(due)) => self.calendar.push(HeapItem { due, id, index }),
            None => {}
        }
    }

    /// Kills the heap item of a task. It stays in the heap until the dead items outnumber the live ones.
    pub(super) fn disarm(&mut self, index: usize) {
        let entry = match &mut self.name_entry(index).entry {
            Some(entry) if entry.is_armed => entry,
            _ => return,
        };
        entry.is_armed = false;
        let next = entry.next;
        let all = &self.name_entries;
        match next {
            Some(Due::Elapsed(_)) => {
                self.elapsed.lose_one(|item| is_live(all, Due::Elapsed(item.due), item.id, item.index));
            }
            Some(Due::Calendar(_)) => {
                self.calendar.lose_one(|item| is_live(all, Due::Calendar(item.due), item.id, item.index));
            }
            None => {}
        }
    }
}

/// Whether a heap item is live: its task waits for this due time.
pub(super) fn is_live(name_entries: &[Option<Box<NameEntry>>], due: Due, id: u64, index: usize) -> bool {
    let entry = name_entries.get(index).and_then(|name_entry| name_entry.as_ref()?.entry.as_ref());
    entry.map_or(false, |entry| entry.is_armed && entry.id == id && entry.next == Some(due))
}
