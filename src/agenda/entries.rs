//! The entries: finds, creates and removes them, and arms and disarms their due times. Pure: no threads, no clock.

use std::time::Duration;

use super::entry::{Detached, DetachedKind, ElapsedTime, Entry, EntryKey, NameEntry, Stage};
use super::heap::{is_roomy, HeapItem};
use super::{Agenda, Removed, TaskKey};
use crate::clock::Now;
use crate::event::Why;
use crate::schedule::Due;
use crate::stats::Identity;
use crate::sync::Arc;
use crate::tz::unix_nanos;

impl Agenda {
    /// The index of a name that has a task, or runs that have not ended.
    pub(super) fn index_of(&self, name: &str) -> Option<usize> {
        self.index_of_hash(self.names.hash(name), name)
    }

    pub(super) fn index_of_hash(&self, hash: u64, name: &str) -> Option<usize> {
        // While all tasks are removed, names stay behind.
        let name_entry = |index: usize| self.name_entries.get(index).and_then(Option::as_ref);
        self.names.find(hash, |index| name_entry(index).map_or(false, |it| *it.identity.name == *name))
    }

    pub(super) fn find(&self, key: TaskKey<'_>) -> Option<usize> {
        let index = self.index_of(key.name).filter(|_| !self.is_clearing())?;
        let NameEntry { identity, entry } = &**self.name_entries[index].as_ref()?;
        (entry.is_some() && key.id.map_or(true, |id| id == identity.id)).then_some(index)
    }

    pub(super) fn find_entry(&mut self, key: TaskKey<'_>) -> Option<(usize, &mut Entry)> {
        let index = self.find(key)?;
        self.follow_zone(index);
        Some((index, self.name_entry(index).entry.as_mut()?))
    }

    pub(super) fn name_entry(&mut self, index: usize) -> &mut NameEntry {
        self.name_entries[index].as_mut().expect("an index in use")
    }

    /// The entry of the task that has a name, where one has it.
    pub(super) fn entry_at(&mut self, index: usize) -> &mut Entry {
        self.name_entry(index).entry.as_mut().expect("a task has the name")
    }

    /// The same, where perhaps none has it.
    pub(super) fn find_at(&self, index: usize) -> Option<&Entry> {
        self.name_entries.get(index)?.as_ref()?.entry.as_ref()
    }

    /// The task that has a name, or had it last.
    pub(super) fn identity(&mut self, index: usize) -> Arc<Identity> {
        self.name_entry(index).identity.clone()
    }

    /// The entry that a key was made for, if this version of the task still has it.
    pub(super) fn entry(&mut self, key: EntryKey) -> Option<&mut Entry> {
        let name_entry = self.name_entries.get_mut(key.index)?.as_mut()?;
        name_entry.entry.as_mut().filter(|entry| entry.version == key.version)
    }

    pub(super) fn open(&mut self, hash: u64, identity: Arc<Identity>) -> usize {
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
        self.names.insert(hash, index);
        self.name_entries[index] = Some(Box::new(NameEntry { identity, entry: None }));
        index
    }

    /// Frees the index of a name that has neither a task nor a run, and gives memory back that is no longer needed.
    pub(super) fn close_if_empty(&mut self, index: usize) -> bool {
        if self.name_entry(index).entry.is_some() || self.is_held_up(index) {
            return false;
        }
        let identity = self.name_entry(index).identity.clone();
        let hash = self.names.hash(&identity.name);
        self.names.remove(hash, index);
        self.name_entries[index] = None;
        self.free.push(index);
        while let Some(None) = self.name_entries.last() {
            self.name_entries.pop();
        }
        if self.name_entries.is_empty() {
            self.free.clear();
        }
        if is_roomy(self.name_entries.capacity(), self.name_entries.len()) {
            self.name_entries.shrink_to(self.name_entries.len() * 2);
        }
        if is_roomy(self.free.capacity(), self.free.len()) {
            self.free.shrink_to(self.free.len() * 2);
        }
        true
    }

    /// A task has got a schedule. If some of its elapsed time is left out, the timer looks at the wall clock.
    pub(super) fn count_if_left_out(&mut self, index: usize) {
        let name_entry = self.name_entries[index].as_mut().expect("an index in use");
        if let Some(Entry { timetable: Some(timetable), elapsed, .. }) = &mut name_entry.entry {
            self.leave_out_elapsed -= usize::from(*elapsed == ElapsedTime::SomeIsLeftOut);
            *elapsed = ElapsedTime::AllIsDue;
            if timetable.leaves_out_elapsed() {
                *elapsed = ElapsedTime::SomeIsLeftOut;
                self.leave_out_elapsed += 1;
                self.wakes = true;
            }
        }
    }

    /// Takes the name from a task. What goes on of it is detached.
    fn detach(&mut self, index: usize, why: Option<Why>, now: Now) -> Option<Entry> {
        self.disarm(index);
        self.give_up_retry(index, now);
        let NameEntry { identity, entry } = self.name_entry(index);
        let (identity, entry) = (identity.clone(), entry.take()?);
        self.own_zones.remove(entry.spec.zone.as_ref());
        self.leave_out_elapsed -= usize::from(entry.leaves_out_elapsed());
        let version = entry.version;
        self.gone += usize::from(matches!(entry.stage, Stage::Queued { .. }));
        let asked = (entry.stage == Stage::Asked).then_some(DetachedKind::Asked);
        let runs = std::iter::repeat(DetachedKind::Run).take(entry.runs as usize);
        let (at, is_last, is_given_up) = (now, entry.is_ending(), false);
        let detach = |kind| {
            let identity = identity.clone();
            Detached { identity, version, at, why, kind, is_last, is_given_up }
        };
        self.add_detached(index, runs.chain(asked).map(detach));
        if why.is_some() && entry.runs > 0 {
            self.stopped.push((version, None));
        }
        Some(entry)
    }

    /// A name of which nothing goes on has no list.
    pub(super) fn add_detached(&mut self, index: usize, more: impl IntoIterator<Item = Detached>) {
        let mut more = more.into_iter().peekable();
        if more.peek().is_some() {
            self.detached.entry(index).or_default().extend(more);
        }
    }

    /// Whether the task of a name must wait for what goes on of others that had it.
    pub(super) fn is_held_up(&self, index: usize) -> bool {
        self.detached.contains_key(&index)
    }

    /// What goes on of tasks that have lost a name.
    pub(super) fn detached(&self, index: usize) -> &[Detached] {
        self.detached.get(&index).map_or(&[], |detached| &**detached)
    }

    /// Asks the last run of a task to stop whose name another task has taken. None if there is none.
    pub(crate) fn stop_last_run(&mut self, key: TaskKey<'_>) -> Option<()> {
        let index = self.index_of(key.name)?;
        let detached = self.detached.get_mut(&index).into_iter().flatten();
        let runs = detached.filter(|one| Some(one.identity.id) == key.id && one.why.is_none());
        let stop = |run: &mut Detached| {
            run.why = Some(Why::Cancelled);
            run.version
        };
        let version = runs.map(stop).last()?;
        self.stopped.push((version, None));
        Some(())
    }

    /// Nobody waits any longer for the runs of a task that has lost its name, or of all such tasks. Returns their versions.
    pub(crate) fn give_up_runs(&mut self, task: Option<&Identity>) -> Vec<u64> {
        let indices = match task {
            Some(task) => self.index_of(&task.name).map_or(0..0, |index| index..index + 1),
            None => 0..usize::MAX,
        };
        let mut versions = Vec::new();
        let detached = self.detached.range_mut(indices).flat_map(|(_, detached)| detached);
        for one in detached.filter(|one| task.map_or(true, |task| task.id == one.identity.id)) {
            one.is_given_up = true;
            versions.push(one.version);
        }
        versions
    }

    /// Takes the name from a task that is in its last run, for another task. Returns what remains of it.
    pub(super) fn give_up(&mut self, index: usize, now: Now) -> Option<Removed> {
        let missed = self.count_rest(index, Why::Cancelled, now);
        let Entry { job, timetable, .. } = self.detach(index, None, now)?;
        Some(Removed { identity: self.identity(index), job, timetable, missed })
    }

    /// Takes the name from a task that will not run any more: what has passed without a run is missed.
    pub(super) fn remove(&mut self, index: usize, why: Why, now: Now) -> Option<Removed> {
        self.follow_zone(index);
        let missed = self.count_rest(index, why, now);
        let Entry { job, timetable, .. } = self.detach(index, Some(why), now)?;
        Some(Removed { identity: self.identity(index), job, timetable, missed })
    }

    /// What has passed is missed, for one reason. A schedule that is the user's code must count that itself: then the answer
    /// is what [`Removed::missed`] says.
    pub(super) fn count_rest(&mut self, index: usize, why: Why, now: Now) -> Option<(Due, Now, Why)> {
        let now = self.now_for(index, now);
        let entry = self.name_entry(index).entry.as_mut()?;
        if let Some(rest) = entry.marks.as_mut().and_then(|marks| marks.rest.take()) {
            return entry.timetable.is_some().then_some(rest);
        }
        let passed = entry.passed(now)?;
        if let Some(marks) = &mut entry.marks {
            marks.skipped = None;
        }
        if self.is_counted(index) {
            self.count_missed(index, why, now);
            return None;
        }
        let entry = self.name_entry(index).entry.as_ref()?;
        entry.timetable.is_some().then_some((passed, now, why))
    }

    /// Puts the next due time of a task into its heap.
    pub(super) fn arm(&mut self, index: usize, now: Now) {
        let lead = self.lead;
        let NameEntry { identity, entry } = self.name_entry(index);
        let (id, entry) = match entry {
            Some(entry) if entry.stage == Stage::Idle => (identity.id, entry),
            _ => return,
        };
        // If it was queued early and waited in vain, it waits for the due time itself.
        let early = entry.next.filter(|_| entry.spec.policy().is_precise).map(|due| due.earlier(lead));
        let next = early.filter(|early| !early.has_come(now)).or(entry.next);
        if next.is_some() {
            entry.stage = Stage::Armed;
        }
        if let Some(next) = next {
            let due = self.nanos(next);
            self.wakes |= match next {
                Due::Elapsed(_) => self.elapsed.push(HeapItem::new(due, id, index)),
                Due::Calendar(_) => self.calendar.push(HeapItem::new(due, id, index)),
            };
        }
    }

    /// A due time as its heap has it.
    pub(super) fn nanos(&self, due: Due) -> i128 {
        let nanos = |duration: Duration| duration.as_nanos() as i128;
        match due {
            Due::Calendar(wall) => unix_nanos(wall),
            Due::Elapsed(mono) => match mono.checked_duration_since(self.origin) {
                Some(after) => nanos(after),
                None => -nanos(self.origin.duration_since(mono)),
            },
        }
    }

    /// Takes the next due time of a task out of its heap, if it is there.
    pub(super) fn disarm(&mut self, index: usize) -> bool {
        let entry = match &mut self.name_entry(index).entry {
            Some(entry) if entry.stage == Stage::Armed => entry,
            _ => return false,
        };
        entry.stage = Stage::Idle;
        match entry.next {
            Some(Due::Elapsed(_)) => self.elapsed.remove(index),
            Some(Due::Calendar(_)) => self.calendar.remove(index),
            None => {}
        }
        true
    }
}
