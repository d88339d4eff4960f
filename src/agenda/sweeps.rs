//! What is done to all tasks: a change of zone, and the shutdown. Of a million tasks either would take long, so it goes in
//! slices, and other threads have the lock in between. Whoever comes for a task before its turn has it done to this task
//! first, so nobody can tell that it was not done to all at once. Pure: no threads, no clock.

use std::any::Any;
use std::mem::{replace, take};
use std::time::SystemTime;

use super::entry::NameEntry;
use super::names::Names;
use super::{Agenda, EntryKey, Removed};
use crate::clock::Now;
use crate::event::Why;
use crate::tz::Zone;

/// A change of zone that goes on.
pub(super) struct ZoneSweep {
    /// The zone that the tasks have of their own. None for those that follow the scheduler's zone.
    of: Option<Zone>,
    to: Zone,
    at: Now,
    /// The latest time that the wall clock had shown until then.
    shown: Option<SystemTime>,
    /// Later versions than this one were scheduled after the change.
    last_version: u64,
    /// From this index on tasks are still to be judged, apart from those that are judged already.
    next: usize,
    /// By index, whether it is judged already. What has a later index was scheduled after the change.
    judged: Vec<bool>,
}

/// A shutdown that goes on.
pub(super) struct Clearing {
    at: Now,
    cleared: Cleared,
}

/// What a shutdown leaves, to be dropped without the lock: to give the memory of a large list back can take an allocator tens
/// of milliseconds.
#[derive(Default)]
pub(crate) struct Cleared {
    /// What remains of tasks that somebody came for.
    pub(crate) removed: Vec<Removed>,
    _rest: Vec<Box<dyn Any + Send>>,
}

impl Agenda {
    /// Begins to change the zone of all tasks whose own zone is `of`. `None` stands for those that follow the scheduler's zone.
    pub(crate) fn begin_zone_change(&mut self, of: Option<&Zone>, to: &Zone, now: Now) {
        // One change after the other.
        self.go_on_with_zone_change(usize::MAX);
        self.zone_sweep = Some(Box::new(ZoneSweep {
            of: of.cloned(),
            to: to.clone(),
            at: now,
            shown: self.shown,
            last_version: self.numbers,
            next: 0,
            judged: vec![false; self.name_entries.len()],
        }));
    }

    /// Judges up to `most` more tasks by their new zone. Answers whether all have been judged.
    pub(crate) fn go_on_with_zone_change(&mut self, most: usize) -> bool {
        let from = self.zone_sweep.as_ref().map_or(usize::MAX, |sweep| sweep.next);
        let end = self.name_entries.len().min(from.saturating_add(most));
        (from..end).for_each(|index| {
            self.follow_zone(index);
        });
        match &mut self.zone_sweep {
            Some(sweep) if end < self.name_entries.len() => {
                sweep.next = end;
                false
            }
            _ => {
                self.zone_sweep = None;
                true
            }
        }
    }

    /// Judges a task by its new zone if that is still to be done. Answers whether it was.
    pub(super) fn follow_zone(&mut self, index: usize) -> bool {
        let sweep = match &mut self.zone_sweep {
            Some(sweep) if sweep.next <= index && sweep.judged.get(index) == Some(&false) => sweep,
            _ => return false,
        };
        let entry = self.name_entries.get_mut(index).and_then(|it| it.as_mut()?.entry.as_mut());
        let entry = match entry {
            Some(entry) if entry.version <= sweep.last_version && entry.spec.zone == sweep.of => entry,
            _ => return false,
        };
        sweep.judged[index] = true;
        let (to, at, shown) = (sweep.to.clone(), sweep.at, sweep.shown);
        if sweep.of.is_some() {
            entry.spec.zone = Some(to.clone());
            self.own_zones.remove(sweep.of.as_ref());
            self.own_zones.add(Some(&to));
        }
        self.change_zone_at(index, &to, shown, at);
        true
    }

    /// Begins to remove all tasks. From now on nobody finds them.
    pub(crate) fn begin_clearing(&mut self, now: Now) {
        // To take each of a million tasks out of its heap would take longer than all else.
        let heaps = Box::new((take(&mut self.elapsed), take(&mut self.calendar)));
        self.clearing =
            Some(Clearing { at: now, cleared: Cleared { removed: Vec::new(), _rest: vec![heaps] } });
        self.to_ask.clear();
    }

    /// The numbers and the indices of some tasks: those from an index on, up to `most`. Also answers with the index that
    /// follows, if there is one.
    pub(crate) fn numbers_from(&self, from: usize, most: usize) -> (Vec<(u64, usize)>, Option<usize>) {
        let end = self.name_entries.len().min(from.saturating_add(most));
        let number = |index: usize| {
            let NameEntry { identity, entry } = &**self.name_entries[index].as_ref()?;
            entry.as_ref().map(|_| (identity.id, index))
        };
        ((from..end).filter_map(number).collect(), Some(end).filter(|&end| end < self.name_entries.len()))
    }

    /// Removes tasks, in this order. Returns what remains of them.
    pub(crate) fn clear(&mut self, tasks: &[(u64, usize)]) -> Vec<Removed> {
        let mut removed = Vec::with_capacity(tasks.len());
        for &(_, index) in tasks {
            removed.extend(self.clear_at(index));
            // The list may be shorter by now.
            match self.name_entries.get_mut(index) {
                Some(name_entry) if !self.detached.contains_key(&index) => *name_entry = None,
                _ => {}
            }
        }
        removed
    }

    fn clear_at(&mut self, index: usize) -> Option<Removed> {
        let at = self.clearing.as_ref()?.at;
        self.find_at(index)?;
        self.remove(index, Why::ShutDown, at)
    }

    /// All tasks have been removed.
    pub(crate) fn end_clearing(&mut self) -> Cleared {
        let mut cleared = self.clearing.take().map_or_else(Cleared::default, |clearing| clearing.cleared);
        // Names are not taken out one by one either.
        cleared._rest.push(Box::new(replace(&mut self.names, Names::new())));
        self.free = Vec::new();
        match self.name_entries.iter().rposition(Option::is_some) {
            Some(last) => self.name_entries.truncate(last + 1),
            None => cleared._rest.push(Box::new(take(&mut self.name_entries))),
        }
        for (index, name_entry) in self.name_entries.iter().enumerate() {
            if let Some(held_up) = name_entry {
                self.names.insert(self.names.hash(&held_up.identity.name), index);
            }
        }
        cleared
    }

    /// Whether all tasks are being removed. Some may still be there.
    pub(crate) fn is_clearing(&self) -> bool {
        self.clearing.is_some()
    }

    /// A worker comes for a task: what is being done to all is done to this one first.
    pub(crate) fn settle(&mut self, key: EntryKey) {
        self.follow_zone(key.index);
        let removed = self.clear_at(key.index);
        if let Some(clearing) = &mut self.clearing {
            clearing.cleared.removed.extend(removed);
        }
    }
}
