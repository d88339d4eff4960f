//! What entries remember of their tasks, and what `explain` and `forecast` get of it. Pure: no threads, no clock.

use std::convert::TryFrom;
use std::time::{Duration, SystemTime};

use super::entry::{Entry, EntryKey, NameEntry, PendingMissed};
use super::history::{nanos, End, Ending, HistoryItem, RunHistory};
use super::Agenda;
use crate::clock::Now;
use crate::event::Why;
use crate::occurrences::days::remainder;
use crate::schedule::{Due, Plan};
use crate::sync::Arc;
use crate::task::{MissedDues, Overlap, Start};

impl Entry {
    pub(super) fn remember(&mut self, what: HistoryItem, limit: usize) {
        push_item(&mut self.history, self.plan.as_deref(), what, limit);
    }

    pub(super) fn remember_zone_change(&mut self, now: Now, limit: usize) {
        if limit > 0 && self.plan.as_ref().map_or(false, |plan| plan.is_calendar()) {
            self.history.get_or_insert_with(Box::default).zone_changed = Some(now.wall);
        }
    }

    /// Remembers missed occurrences. If `start` is a run that coalesces some, those are the last of the list.
    pub(super) fn remember_missed(&mut self, missed: &[MissedDues], start: Option<&Start>, limit: usize) {
        for (i, &MissedDues { count, first, latest, why }) in missed.iter().enumerate() {
            let is_coalesced = i + 1 == missed.len() && start.map_or(false, |start| start.missed > 0);
            let count = u32::try_from(count).unwrap_or(u32::MAX);
            self.remember(HistoryItem::Missed { first, latest, count, why, is_coalesced }, limit);
        }
    }

    pub(super) fn remember_one_missed(&mut self, due: SystemTime, why: Why, limit: usize) {
        self.remember_missed(&[MissedDues { count: 1, first: due, latest: due, why }], None, limit);
    }

    pub(super) fn remember_run(&mut self, start: &Start, is_by_hand: bool, limit: usize) {
        let Start { due, lateness, .. } = *start;
        let lateness = nanos(lateness);
        self.remember(
            HistoryItem::Run { due, lateness, took: 0, ending: Ending::Running, is_by_hand },
            limit,
        );
    }

    /// Remembers the first of the occurrences that have passed without a run, as the task is about to lose its name.
    pub(super) fn remember_pending_missed(&mut self, now: Now, limit: usize) {
        if let Some(PendingMissed { due, reported: 0, .. }) = self.pending_missed(now) {
            self.remember_one_missed(due.passed_at(now), Why::Cancelled, limit);
        }
    }

    /// Takes over the history of the task that this one replaces.
    pub(super) fn inherit_history(&mut self, old: &mut Entry, now: Now, limit: usize) {
        old.remember_pending_missed(now, limit);
        self.history = old.history.take();
        if self.history.is_some() {
            self.remember(HistoryItem::Replaced, limit);
        }
    }

    /// Runs left before the task is over.
    pub(super) fn left(&self) -> u64 {
        let left = self.last.saturating_sub(self.count);
        if self.is_one_more {
            left.min(1)
        } else {
            left
        }
    }

    pub(super) fn remember_end(&mut self, end: End) {
        self.durations.add(end.took);
        if let Some(history) = &mut self.history {
            history.end(end);
        }
    }
}

impl Agenda {
    /// Remembers that a run did not begin, because its task was replaced or cancelled while it was in flight.
    pub(super) fn remember_not_begun(&mut self, key: EntryKey, due: SystemTime) {
        let limit = self.history_limit;
        let missed = HistoryItem::Missed {
            first: due,
            latest: due,
            count: 1,
            why: Why::Cancelled,
            is_coalesced: false,
        };
        let name_entry = self.name_entries.get_mut(key.index).and_then(|name_entry| name_entry.as_mut());
        let entry = name_entry.and_then(|name_entry| name_entry.entry.as_mut());
        // An id above the version was given to another task of that name, later.
        if let Some(entry) = entry.filter(|entry| entry.id <= key.version) {
            entry.remember(missed, limit);
        } else if let Some(task_history) = self.cancelled_history(key.version) {
            push_item(&mut task_history.history, task_history.plan.as_deref(), missed, limit);
        }
    }
}

/// All that `explain` needs of a task: its past and what is known of its future.
#[derive(Clone)]
pub(crate) struct TaskHistory {
    pub(crate) history: Option<Box<RunHistory>>,
    /// Whether the scheduler keeps histories at all.
    pub(crate) is_kept: bool,
    pub(crate) plan: Option<Arc<Plan>>,
    /// The schedule in words.
    pub(crate) schedule: Arc<str>,
    pub(crate) next: Option<Due>,
    /// Runs left before the task is over.
    pub(crate) left: u64,
    /// When it was scheduled, or replaced.
    pub(crate) since: SystemTime,
    pub(crate) is_replaced: bool,
    pub(crate) is_paused: bool,
    /// Whether it has as many runs as it may have at a time.
    pub(crate) is_busy: bool,
    pub(crate) has_detached_run: bool,
    /// When it was cancelled, if it was. Later due times did not come.
    pub(crate) cancelled: Option<Now>,
}

/// What `forecast` needs of a task: what is known of its future.
pub(crate) struct Prospect {
    pub(crate) id: u64,
    pub(crate) name: Arc<str>,
    pub(crate) plan: Option<Arc<Plan>>,
    pub(crate) next: Option<Due>,
    /// Runs left before the task is over.
    pub(crate) left: u64,
    /// The mean duration of a run.
    pub(crate) mean: Option<Duration>,
    pub(crate) is_paused: bool,
    /// Whether its runs use no worker while they are pending.
    pub(crate) is_async: bool,
    pub(crate) overlap: Overlap,
    pub(crate) allowed_runs: usize,
}

impl Prospect {
    /// The due time after `due`, if the rule is known. One run coalesces those that have passed.
    pub(crate) fn after(&self, due: SystemTime, now: Now) -> Option<SystemTime> {
        let plan = self.plan.as_deref()?;
        match plan.period() {
            Some(period) => {
                let age = now.wall.duration_since(due).unwrap_or_default();
                let next = due.checked_add(age - remainder(age, period))?.checked_add(period);
                next.filter(|next| plan.until.map_or(true, |until| *next <= until))
            }
            None => plan.after(due.max(now.wall)),
        }
    }

    /// Whether only the next due time is known: later ones are up to the user's code.
    pub(crate) fn knows_next_only(&self) -> bool {
        !self.plan.as_deref().map_or(true, Plan::is_known)
    }
}

impl NameEntry {
    pub(super) fn prospect(&self) -> Option<Prospect> {
        let entry = self.entry.as_ref()?;
        Some(Prospect {
            id: entry.id,
            name: self.name.clone(),
            plan: entry.plan.clone(),
            next: entry.next,
            left: entry.left(),
            mean: entry.durations.mean(),
            is_paused: entry.is_paused,
            is_async: entry.is_async,
            overlap: entry.overlap,
            allowed_runs: entry.allowed_runs,
        })
    }

    pub(super) fn task_history(&self, limit: usize) -> Option<TaskHistory> {
        let entry = self.entry.as_ref()?;
        Some(TaskHistory {
            history: entry.history.clone(),
            is_kept: limit > 0,
            plan: entry.plan.clone(),
            schedule: entry.schedule.clone(),
            next: entry.next,
            left: entry.left(),
            since: entry.since,
            is_replaced: entry.id != entry.version,
            is_paused: entry.is_paused,
            is_busy: entry.runs >= entry.allowed_runs,
            has_detached_run: !self.detached.is_empty(),
            cancelled: None,
        })
    }
}

/// Adds an item. The history is allocated with the first.
fn push_item(history: &mut Option<Box<RunHistory>>, plan: Option<&Plan>, item: HistoryItem, limit: usize) {
    if limit > 0 {
        let merges = plan.map_or(false, Plan::is_known);
        history.get_or_insert_with(Box::default).push(item, limit, merges);
    }
}
