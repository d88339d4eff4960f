//! What the agenda holds of a name and of the task that owns it. `README.md` beside this file says who may change what.
//! Pure: no threads, no clock.

use std::panic::Location;
use std::time::SystemTime;

use crate::clock::Now;
use crate::event::Why;
use crate::schedule::{Due, Plan};
use crate::sync::{Arc, Instant};
use crate::task::{MissedUntil, Overlap, Task};
use crate::tz::Zone;

/// What the agenda holds of a name.
pub(super) struct NameEntry {
    pub(super) name: Arc<str>,
    /// The task that owns the name. None if its last run has given the name up and has not ended.
    pub(super) entry: Option<Entry>,
    /// Runs of tasks that have lost the name. The task that owns the name now must not start before they have ended.
    pub(super) detached: Vec<DetachedRun>,
}

/// A run that has not ended, of a task that has lost its name.
#[derive(Clone, Copy)]
pub(super) struct DetachedRun {
    pub(super) id: u64,
    pub(super) version: u64,
    /// To be reported when the run has ended: only the schedule can count them, and the run has the schedule.
    pub(super) pending_missed: Option<PendingMissed>,
}

/// Occurrences without a run that are still to be reported: from `due` to when the task lost its name.
#[derive(Clone, Copy)]
pub(crate) struct PendingMissed {
    pub(crate) due: Due,
    pub(crate) until: Now,
    /// How many of them were reported when they passed.
    pub(crate) reported: u64,
}

/// Finds the entry of a task that is in flight, if the task still has it.
#[derive(Clone, Copy)]
pub(crate) struct EntryKey {
    /// In the agenda's list of names.
    pub(super) index: usize,
    pub(super) version: u64,
}

/// What remains of a task that has lost its name.
pub(crate) struct Removed {
    pub(crate) name: Arc<str>,
    pub(super) id: u64,
    /// The task itself, unless it is in flight.
    pub(crate) task: Option<Box<Task>>,
    pub(crate) pending_missed: Option<PendingMissed>,
}

/// What the agenda holds of one task, whether the task is at home or in flight. Fields that few tasks use are boxed.
pub(super) struct Entry {
    /// Stays when the task is replaced: handles know the task by it. It also orders equal due times.
    pub(super) id: u64,
    /// Changes when the task is replaced: a run comes back to the version that it left.
    pub(super) version: u64,
    /// The task, if it is at home.
    pub(super) task: Option<Box<Task>>,
    /// The next due time, as far as it is known.
    pub(super) next: Option<Due>,
    /// Whether `next` has a live item in its heap.
    pub(super) is_armed: bool,
    pub(super) is_paused: bool,
    /// Whether a run on demand was asked for and has not begun.
    pub(super) is_demanded: bool,
    /// Whether the next run is the last.
    pub(super) is_one_more: bool,
    /// The wall clock was set back, and the task was in flight: its due times are judged again when it comes back.
    pub(super) set_back: Option<Box<SetBack>>,
    /// The task's own zone. None if it follows the scheduler's zone.
    pub(super) zone: Option<Zone>,
    /// The zone was changed, and the task was in flight: it goes by the new zone when it comes back.
    pub(super) zone_change: Option<Box<ZoneChange>>,
    /// The schedule must be asked for the next due time after this wall time, because the wall clock was set back or
    /// the zone was changed. Only a worker may ask it, as it is the user's code. Later occurrences have not been judged.
    pub(super) asks_from: Option<SystemTime>,
    /// Occurrences up to a time that must not run.
    pub(super) missed_until: Option<Box<MissedUntil>>,
    /// Runs that have not ended.
    pub(super) runs: usize,
    /// Whether the due time `next` was reported as missed.
    pub(super) is_reported: bool,
    /// Occurrences up to here had passed before the current run began, so they are not overruns of it.
    pub(super) backlog: Option<Box<Now>>,
    pub(super) overlap: Overlap,
    pub(super) allowed_runs: usize,
    /// Whether its runs use no worker while they are pending.
    pub(super) is_async: bool,
    /// Runs begun, those of the tasks that this one has replaced included.
    pub(super) count: u64,
    /// What `count` will be after the last run.
    pub(super) last: u64,
    pub(super) scheduled_at: &'static Location<'static>,
    /// The schedule in words.
    pub(super) schedule: Arc<str>,
    /// A copy of the schedule's rule, for questions about later occurrences while the task is in flight. None if the
    /// rule cannot be copied.
    pub(super) plan: Option<Arc<Plan>>,
}

/// The wall clock was set back.
#[derive(Clone, Copy)]
pub(super) struct SetBack {
    pub(super) is_correction: bool,
    /// The wall time when that was noticed. Due times after it are still to come.
    pub(super) to: SystemTime,
    /// When it was noticed.
    pub(super) at: Instant,
}

/// The zone of a task was changed.
pub(super) struct ZoneChange {
    /// The new zone.
    pub(super) zone: Zone,
    pub(super) at: Now,
    /// The latest time that the wall clock had shown until then.
    pub(super) shown: SystemTime,
}

impl Entry {
    /// Whether the task has occurrences that have passed. It may have some if its schedule is still to be asked.
    pub(super) fn may_be_behind(&self, now: Now) -> bool {
        self.asks_from.is_some() || self.next.map_or(false, |due| due.age(now).is_some())
    }

    /// Marks the occurrences up to now as missed: they are reported and do not run. Later ones are not affected.
    pub(super) fn miss_until(&mut self, why: Why, now: Now) {
        let skipped = match (why, self.missed_until.take().map(|before| *before)) {
            (Why::ClockCorrected, _) | (_, None) => None,
            (_, Some(MissedUntil { why: Why::ClockCorrected, until, .. })) => Some(until),
            (_, Some(before)) => before.skipped,
        };
        let missed_until = MissedUntil { why, until: now, skipped, reported: u64::from(self.is_reported) };
        self.missed_until = Some(Box::new(missed_until));
    }

    /// The occurrences that have passed without a run, if the agenda knows of any.
    pub(super) fn pending_missed(&self, now: Now) -> Option<PendingMissed> {
        // On the way to a run, the worker decides which occurrences are missed.
        let is_on_its_way = self.task.is_none() && self.runs == 0;
        let due = self.next.filter(|due| !is_on_its_way && due.age(now).is_some())?;
        Some(PendingMissed { due, until: now, reported: u64::from(self.is_reported) })
    }

    pub(super) fn into_removed(self, name: Arc<str>, now: Now) -> Removed {
        let pending_missed = self.pending_missed(now).filter(|_| self.task.is_some());
        Removed { name, id: self.id, task: self.task, pending_missed }
    }

    /// A run begins. If it begins behind schedule, this remembers until when occurrences had passed. Runs that follow
    /// one another without a pause keep the time of the first.
    pub(super) fn update_backlog(&mut self, now: Now) {
        let is_behind = self.next.map_or(false, |due| due.age(now).is_some());
        let before = self.backlog.take();
        self.backlog = is_behind.then(|| before.unwrap_or_else(|| Box::new(now)));
    }

    pub(super) fn is_backlog(&self, due: Due) -> bool {
        self.backlog.as_ref().map_or(false, |backlog| due.age(**backlog).is_some())
    }
}
