//! What is known of a name, and of the task that has it. Pure: no threads, no clock.

use std::panic::Location;
use std::time::SystemTime;

use super::record::{Record, Took};
use super::{Glimpse, Leftover, Status};
use crate::clock::Now;
use crate::event::Why;
use crate::schedule::{Due, Plan};
use crate::sync::{Arc, Instant};
use crate::task::{Excuse, Overlap, Task};
use crate::tz::Zone;

/// What is known of a name.
pub(super) struct Slot {
    pub(super) name: Arc<str>,
    /// The task that has the name. None if its last run has given the name up and is still going on.
    pub(super) seat: Option<Seat>,
    /// The tasks that have lost the name, one for each of their runs that is still going on. As long as there is one,
    /// the task that has the name now does not start.
    pub(super) leaving: Vec<Leaver>,
}

/// A task that has lost its name, in a run that is still going on.
#[derive(Clone, Copy)]
pub(super) struct Leaver {
    pub(super) id: u64,
    pub(super) version: u64,
    /// To be told when the run has ended, as only its schedule can count them.
    pub(super) unmet: Option<Unmet>,
}

/// Dues that have passed without a run, from one of them up to when the task lost its name.
#[derive(Clone, Copy)]
pub(crate) struct Unmet {
    pub(crate) due: Due,
    pub(crate) until: Now,
    /// So many of them were reported when they passed.
    pub(crate) reported: u64,
}

/// A task that has a name, wherever it is. What few tasks have at a time is boxed.
pub(super) struct Seat {
    /// Stays when the task is replaced: handles know it by this. Also its place among equal dues.
    pub(super) id: u64,
    /// Changes when the task is replaced: a run comes back to the version that it left.
    pub(super) version: u64,
    /// The task, if it is at home.
    pub(super) task: Option<Box<Task>>,
    /// The next due that is known.
    pub(super) next: Option<Due>,
    /// Whether `next` has a live entry in its heap.
    pub(super) is_armed: bool,
    pub(super) is_paused: bool,
    /// Whether a run was asked for that has not begun.
    pub(super) is_demanded: bool,
    /// Whether the next run is the last.
    pub(super) is_one_more: bool,
    /// Whether the clock was set back while the task was away.
    pub(super) was_set_back: Option<Box<SetBack>>,
    /// The zone that its civil times are read in, if it has one of its own.
    pub(super) zone: Option<Zone>,
    /// The change of its zone that the task has yet to follow, as it is away.
    pub(super) moved: Option<Box<Rezoned>>,
    /// What the wall clock showed when it was set back or the zone changed, from where on the task is to look for its next
    /// due itself: that asks the user's code, or there may be none. Dues after this have not been judged.
    pub(super) looks_from: Option<SystemTime>,
    /// Dues up to here are not run.
    pub(super) excuse: Option<Box<Excuse>>,
    /// Runs going on.
    pub(super) runs: usize,
    /// Whether the due `next` was already reported as missed.
    pub(super) is_reported: bool,
    /// Dues up to here had passed before the run began that is going on: it is not in their way.
    pub(super) backlog: Option<Box<Now>>,
    pub(super) overlap: Overlap,
    pub(super) allowed_runs: usize,
    /// Whether its runs hold no worker while they are pending.
    pub(super) is_async: bool,
    pub(super) count: u64,
    /// What the count is with the last run.
    pub(super) last: u64,
    pub(super) scheduled_at: &'static Location<'static>,
    /// The schedule in words.
    pub(super) schedule: Arc<str>,
    /// What is known of the dues beyond the next, for when the task is away; None if there are none.
    pub(super) plan: Option<Arc<Plan>>,
    /// When it was scheduled, or replaced.
    pub(super) since: SystemTime,
    /// How long its runs have taken.
    pub(super) took: Took,
    /// What is remembered of its dues, once there is something.
    pub(super) record: Option<Box<Record>>,
}

/// A clock that was set back.
#[derive(Clone, Copy)]
pub(super) struct SetBack {
    pub(super) is_correction: bool,
    /// What it showed when that was noticed: the dues after it are to come.
    pub(super) to: SystemTime,
    /// When that was.
    pub(super) at: Instant,
}

/// A change of a task's zone.
pub(super) struct Rezoned {
    /// What it is now.
    pub(super) zone: Zone,
    /// When that was.
    pub(super) at: Now,
    /// The latest that the wall clock had shown by then.
    pub(super) shown: SystemTime,
}

impl Slot {
    pub(super) fn glimpse(&self) -> Option<Glimpse> {
        let seat = self.seat.as_ref()?;
        let status = match seat {
            _ if seat.runs > 0 => Status::Running,
            _ if seat.is_paused => Status::Paused,
            _ => Status::Waiting,
        };
        Some(Glimpse {
            name: self.name.clone(),
            id: seat.id,
            status,
            next: seat.next,
            count: seat.count,
            schedule: seat.schedule.clone(),
        })
    }
}

impl Seat {
    /// Whether a due has passed, as far as can be told before the schedule was asked.
    pub(super) fn may_be_behind(&self, now: Now) -> bool {
        self.looks_from.is_some() || self.next.map_or(false, |due| due.age(now).is_some())
    }

    /// Has the dues up to now reported, instead of run. If there are none, that is no excuse for later ones.
    pub(super) fn excuse(&mut self, why: Why, now: Now) {
        let skipped = match (why, self.excuse.take().map(|before| *before)) {
            (Why::ClockCorrected, _) | (_, None) => None,
            (_, Some(Excuse { why: Why::ClockCorrected, until, .. })) => Some(until),
            (_, Some(before)) => before.skipped,
        };
        let excuse = Excuse { why, until: now, skipped, reported: u64::from(self.is_reported) };
        self.excuse = Some(Box::new(excuse));
    }

    /// Dues that have passed, and have no run.
    pub(super) fn unmet(&self, now: Now) -> Option<Unmet> {
        // Of a task that is on its way to a run, the worker knows better.
        let is_on_its_way = self.task.is_none() && self.runs == 0;
        let due = self.next.filter(|due| !is_on_its_way && due.age(now).is_some())?;
        Some(Unmet { due, until: now, reported: u64::from(self.is_reported) })
    }

    pub(super) fn leftover(self, name: Arc<str>, now: Now) -> Leftover {
        let unmet = self.unmet(now).filter(|_| self.task.is_some());
        Leftover { name, id: self.id, task: self.task, unmet }
    }

    /// Remembers, for as long as one run follows the other, up to when dues had passed before the first of them.
    pub(super) fn note_backlog(&mut self, now: Now) {
        let is_behind = self.next.map_or(false, |due| due.age(now).is_some());
        let before = self.backlog.take();
        self.backlog = is_behind.then(|| before.unwrap_or_else(|| Box::new(now)));
    }

    pub(super) fn is_backlog(&self, due: Due) -> bool {
        self.backlog.as_ref().map_or(false, |backlog| due.age(**backlog).is_some())
    }
}
