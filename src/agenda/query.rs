//! Queries: what one can ask of the agenda without changing it. Pure: no threads, no clock.

use std::collections::BinaryHeap;
use std::fmt;
use std::panic::Location;
use std::time::{Duration, SystemTime};

use super::entry::{Detached, DetachedKind, Entry, NameEntry};
use super::{Agenda, EntryKey};
use crate::clock::Now;
use crate::error::{Error, Kind};
use crate::event::Why;
use crate::schedule::{Described, Due, Plan, Upcoming};
use crate::stats::Identity;
use crate::sync::Arc;
use crate::task::{Job, Overlap};
use crate::tz::Zone;

/// Finds a task by its name, or by its name and number. A handle uses both, so that it never touches a later task of
/// the same name.
#[derive(Clone, Copy)]
pub(crate) struct TaskKey<'a> {
    pub(crate) name: &'a str,
    pub(crate) id: Option<u64>,
}

impl<'a> From<&'a Identity> for TaskKey<'a> {
    fn from(task: &'a Identity) -> TaskKey<'a> {
        TaskKey { name: &task.name, id: Some(task.id) }
    }
}

/// The task that owns a name.
pub(crate) struct Owner {
    pub(crate) identity: Arc<Identity>,
    pub(crate) scheduled_at: &'static Location<'static>,
}

/// A task as users see it at one instant.
pub(crate) struct TaskSnapshot {
    pub(crate) identity: Arc<Identity>,
    pub(crate) status: Status,
    /// Never before now.
    pub(crate) next: Option<SystemTime>,
    pub(crate) count: u64,
    pub(crate) schedule: Described,
    /// Whether it waits for a run of an earlier task of its name to end.
    pub(crate) is_held_up: bool,
}

/// What a task is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Status {
    /// It waits for its next due, or for a free worker.
    Waiting,
    /// Its callback is running, or its future is pending.
    Running,
    /// It is held until it is resumed.
    Paused,
    /// It is over: cancelled, its schedule has ended, or the scheduler has shut down.
    Ended,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Status::Waiting => "waiting",
            Status::Running => "running",
            Status::Paused => "paused",
            Status::Ended => "ended",
        })
    }
}

impl Agenda {
    /// Whether there is no task and no unfinished run.
    pub(crate) fn is_quiet(&self) -> bool {
        self.names.is_empty() && self.in_flight == 0
    }

    /// How many tasks wait for a worker, run, or have their schedule asked.
    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// A task that was picked up is done with: its run has ended, or what remains of it was dropped.
    pub(crate) fn put_down(&mut self) {
        self.in_flight -= 1;
    }

    /// The names of all runs that have not ended, one for each run.
    pub(crate) fn running(&self) -> Vec<Arc<str>> {
        // It sorts in less code than a stable sort does.
        let mut names = BinaryHeap::new();
        for (index, name_entry) in self.name_entries.iter().enumerate() {
            let NameEntry { identity, entry } = match name_entry {
                Some(name_entry) => &**name_entry,
                None => continue,
            };
            let detached = self.detached(index).iter().filter(|one| one.kind == DetachedKind::Run).count();
            let runs = detached + entry.as_ref().map_or(0, |entry| entry.runs as usize);
            names.extend(std::iter::repeat(&identity.name).take(runs).cloned());
        }
        names.into_sorted_vec()
    }

    /// The task that owns a name. Not one in its last run, as the name is free then.
    pub(crate) fn owner(&self, name: &str) -> Option<Owner> {
        self.name_entries[self.index_of(name)?].as_ref()?.owner()
    }

    /// Whether a task may get another schedule, which may be the user's code.
    pub(crate) fn may_reschedule(&self, key: TaskKey<'_>, is_users: bool) -> Result<(), Error> {
        let entry = self.find(key).and_then(|index| self.find_at(index));
        let entry = entry.ok_or(Error::new(Kind::UnknownTask))?;
        if entry.is_ending() || entry.repeats_its_last() {
            return Err(Error::new(Kind::Other("its last run is going on, and none can follow".into())));
        }
        entry.spec.policy().check_schedule(is_users)
    }

    /// Why the runs of a version of a task are to stop, if they are: the task was cancelled or replaced, or all are.
    pub(crate) fn why_stopped(&self, name: &str, version: u64) -> Option<Why> {
        match self.index_of(name) {
            Some(index) if self.has_name(EntryKey { index, version }) => None,
            Some(index) => {
                let detached = self.detached(index).iter().find(|one| one.version == version);
                detached.map_or(Some(Why::Cancelled), |one| one.why)
            }
            None => Some(Why::Cancelled),
        }
    }

    /// Some of the tasks: those from a place on, up to `most`. Also answers with the place that follows, if there is one.
    pub(crate) fn snapshots(&self, from: usize, most: usize, now: Now) -> (Vec<TaskSnapshot>, Option<usize>) {
        let end = self.name_entries.len().min(from.saturating_add(most));
        let snapshots = (from..end).filter_map(|index| self.snapshot_at(index, now)).collect();
        (snapshots, Some(end).filter(|&end| end < self.name_entries.len()))
    }

    /// The due times of a task that are still to come.
    pub(crate) fn upcoming(&self, key: TaskKey<'_>, now: Now) -> Option<Upcoming> {
        let index = self.find(key)?;
        let now = self.now_for(index, now);
        let entry = self.find_at(index)?;
        let (next, timetable) = (entry.next?, entry.timetable.as_ref());
        let next = match next.has_come(now) {
            true => timetable.filter(|timetable| !timetable.is_users())?.peek(next, now)?,
            false => next,
        };
        Some(Upcoming::of_task(timetable, next, entry.left(), now))
    }

    /// One task.
    pub(crate) fn snapshot(&self, key: TaskKey<'_>, now: Now) -> Option<TaskSnapshot> {
        self.snapshot_at(self.find(key)?, now)
    }

    fn snapshot_at(&self, index: usize, now: Now) -> Option<TaskSnapshot> {
        if self.is_clearing() {
            return None;
        }
        let is_held_up = self.is_held_up(index);
        let name_entry = self.name_entries.get(index)?.as_ref()?;
        let snapshot = name_entry.snapshot(is_held_up, self.now_for(index, now))?;
        // By the clock that elapsed time is shown by, now may be a moment earlier.
        Some(TaskSnapshot { next: snapshot.next.map(|next| next.max(now.wall)), ..snapshot })
    }

    /// Whether nobody waits any longer for the runs of a version of a task.
    pub(crate) fn is_given_up(&self, key: EntryKey) -> bool {
        self.detached(key.index).iter().any(|one| one.version == key.version && one.is_given_up)
    }

    /// Whether a version of a task has its name.
    pub(crate) fn has_name(&self, key: EntryKey) -> bool {
        self.find_at(key.index).map_or(false, |entry| entry.version == key.version)
    }

    /// Whether a task that has lost its name still has a run that has not ended.
    pub(crate) fn has_detached_run(&self, task: &Identity) -> bool {
        let index = match self.index_of(&task.name) {
            Some(index) => index,
            None => return false,
        };
        let is_run = |one: &Detached| one.identity.id == task.id && one.kind == DetachedKind::Run;
        // While all tasks are removed, this one may still be to come.
        let is_removed = |it: &NameEntry| {
            let runs = it.entry.as_ref().map_or(0, |entry| entry.runs);
            self.is_clearing() && it.identity.id == task.id && runs > 0
        };
        let name_entry = self.name_entries[index].as_deref();
        self.detached(index).iter().any(is_run) || name_entry.map_or(false, is_removed)
    }
}

impl NameEntry {
    pub(super) fn owner(&self) -> Option<Owner> {
        let entry = self.entry.as_ref().filter(|entry| !entry.is_ending())?;
        Some(Owner { identity: self.identity.clone(), scheduled_at: entry.spec.scheduled_at })
    }

    fn snapshot(&self, is_held_up: bool, now: Now) -> Option<TaskSnapshot> {
        let entry = self.entry.as_ref()?;
        let status = match entry {
            _ if entry.runs > 0 => Status::Running,
            _ if entry.is_paused() => Status::Paused,
            _ => Status::Waiting,
        };
        Some(TaskSnapshot {
            identity: self.identity.clone(),
            status,
            next: entry.next_shown(now),
            count: entry.count,
            schedule: entry.described(),
            is_held_up,
        })
    }
}

impl Entry {
    /// When the wall clock will show the next due time. If that has come, the one after it, as far as it is known; otherwise
    /// now.
    fn next_shown(&self, now: Now) -> Option<SystemTime> {
        let next = self.next?;
        if !next.has_come(now) {
            return next.wall(now);
        }
        // Before its last run nothing follows.
        let goes_on = self.left() > 1;
        let plain = self.timetable.as_ref().filter(|timetable| goes_on && !timetable.is_users());
        plain.and_then(|timetable| timetable.peek(next, now)).map_or(Some(now.wall), |due| due.wall(now))
    }
}

/// What layers above the scheduler may know of a task that owns its name. Made on demand: nothing is kept for it.
#[derive(Clone)]
#[allow(dead_code)] // The core reads none of it.
pub(crate) struct TaskDetails {
    /// The schedule in words.
    pub(crate) schedule: Described,
    /// The occurrences after the next. None if there are none.
    pub(crate) plan: Option<Plan>,
    /// The task's own zone. None if it follows the scheduler's zone.
    pub(crate) zone: Option<Zone>,
    pub(crate) next: Option<Due>,
    /// When it was scheduled, or replaced.
    pub(crate) since: SystemTime,
    pub(crate) is_replaced: bool,
    /// Runs left before the task ends.
    pub(crate) left: u64,
    pub(crate) is_paused: bool,
    /// Whether it has as many runs as it may have at a time.
    pub(crate) is_busy: bool,
    /// Whether a run of an earlier task of the same name has not ended.
    pub(crate) has_detached_run: bool,
    /// Whether its runs use no worker while they are pending.
    pub(crate) is_async: bool,
    pub(crate) overlap: Overlap,
    pub(crate) allowed_runs: usize,
}

impl Agenda {
    pub(crate) fn details(&self, key: TaskKey<'_>) -> Option<(Arc<Identity>, TaskDetails)> {
        self.details_at(self.find(key)?)
    }

    /// A task that waits longer than this for a worker is reported.
    #[allow(dead_code)] // For layers.
    pub(crate) fn wait_limit(&self) -> Option<Duration> {
        self.wait_limit
    }

    /// The details of all tasks, in the order in which they were scheduled.
    #[allow(dead_code)] // For layers.
    pub(crate) fn all_details(&self) -> Vec<(Arc<Identity>, TaskDetails)> {
        let details = (0..self.name_entries.len()).filter_map(|index| self.details_at(index));
        let mut details: Vec<_> = details.collect();
        details.sort_by_key(|(task, _)| task.id);
        details
    }

    pub(super) fn details_at(&self, index: usize) -> Option<(Arc<Identity>, TaskDetails)> {
        if self.is_clearing() {
            return None;
        }
        let NameEntry { identity, entry } = &**self.name_entries.get(index)?.as_ref()?;
        let entry = entry.as_ref()?;
        let plan = entry.timetable.as_ref().and_then(|timetable| timetable.plan());
        let details = TaskDetails {
            schedule: entry.described(),
            plan,
            zone: entry.spec.zone.clone(),
            next: entry.next,
            since: entry.spec.since,
            is_replaced: identity.id != entry.version,
            left: entry.left(),
            is_paused: entry.is_paused(),
            is_busy: entry.is_full(),
            has_detached_run: self.is_held_up(index),
            is_async: matches!(entry.job, Some(Job::Async(_))),
            overlap: entry.spec.policy().overlap,
            allowed_runs: entry.allowed_runs(),
        };
        Some((identity.clone(), details))
    }
}

/// Whether somebody wants to know the details of a task.
#[derive(Clone, Copy)]
pub(crate) enum Details {
    Wanted,
    Unwanted,
}
