//! Records the events of a scheduler: what `explain` and `forecast` must know of the past. No clock: each event comes with
//! its time.
//!
//! The memory is bounded: a few items for each live task, and the last few of all else.

use std::any::Any;
use std::collections::{HashMap, VecDeque};
use std::convert::TryFrom;
use std::fmt;
use std::time::{Duration, SystemTime};

use super::items::{nanos, Durations, Ending, Item, Items};
use crate::agenda::{TaskDetails, TaskKey};
use crate::clock::{Now, Step};
use crate::engine::Recorder;
use crate::event::{Event, RunOutcome, Why};
use crate::schedule::Plan;
use crate::sync::{lock, Arc, Mutex};

/// How many cancelled tasks, clock steps and zone changes are kept. The oldest makes room for the newest.
const MOST: usize = 16;

/// The history of a scheduler.
pub(super) struct History {
    past: Mutex<Past>,
}

#[derive(Default)]
struct Past {
    /// How many items are kept of each task.
    length: usize,
    names: HashMap<Arc<str>, Name>,
    cancelled: VecDeque<Cancelled>,
    /// Those forward.
    steps: VecDeque<ClockStep>,
    /// How many there were, in both directions.
    step_count: u32,
    zone_changes: VecDeque<ZoneChange>,
}

/// What is known of a name.
#[derive(Default)]
struct Name {
    /// The task that was scheduled last, if it was not cancelled.
    life: Option<Box<Life>>,
    /// How many earlier tasks of this name are in their last run. Each will emit `Ended`.
    ending: u32,
}

/// What is known of a task, from its first item on.
#[derive(Default)]
struct Life {
    is_replaced: bool,
    is_cancelled: bool,
    paused: Option<SystemTime>,
    durations: Durations,
    /// Allocated with the first item.
    items: Option<Box<Items>>,
    /// The task will be cancelled, now or with its next run.
    ends: Option<Box<TaskDetails>>,
}

/// A task that was cancelled.
struct Cancelled {
    at: Now,
    task: TaskDetails,
    life: Life,
}

/// The wall clock was stepped forward: it showed `from`, and then `to`.
#[derive(Clone, Copy)]
pub(super) struct ClockStep {
    pub(super) from: SystemTime,
    pub(super) to: SystemTime,
}

struct ZoneChange {
    from: Arc<str>,
    to: Arc<str>,
    at: SystemTime,
}

/// What is known of a task: its past, and its future as far as its schedule tells it.
pub(super) struct TaskHistory {
    pub(super) task: TaskDetails,
    /// The newest last.
    pub(super) items: Vec<Item>,
    /// The latest due time of which there was an item that was dropped.
    pub(super) forgotten: Option<SystemTime>,
    /// The newest last.
    pub(super) steps: Vec<ClockStep>,
    /// When the zone was last changed. The schedule cannot tell the due times up to then any more.
    pub(super) zone_changed: Option<SystemTime>,
    /// Whether there is a history.
    pub(super) is_kept: bool,
    pub(super) paused: Option<SystemTime>,
    /// When it was cancelled, if it was. Later due times did not come.
    pub(super) cancelled: Option<Now>,
}

impl History {
    pub(super) fn new(length: usize) -> History {
        History { past: Mutex::new(Past { length, ..Past::default() }) }
    }

    /// The mean duration of a task's runs.
    pub(super) fn mean(&self, task: &str) -> Option<Duration> {
        lock(&self.past).names.get(task)?.life.as_ref()?.durations.mean()
    }

    /// The history of a task, and then those of the cancelled tasks with this key, the newest first. `zone` is the name of the
    /// scheduler's zone.
    pub(super) fn of(&self, key: TaskKey<'_>, task: Option<TaskDetails>, zone: &str) -> Vec<TaskHistory> {
        let past = lock(&self.past);
        let life = past.names.get(key.name).and_then(|name| name.life.as_deref());
        let live = task.map(|task| past.history(task, life, None, zone));
        let has_key =
            |one: &&Cancelled| *one.task.name == *key.name && key.id.map_or(true, |id| id == one.task.id);
        let cancelled = past.cancelled.iter().rev().filter(has_key);
        let cancelled =
            cancelled.map(|one| past.history(one.task.clone(), Some(&one.life), Some(one.at), zone));
        live.into_iter().chain(cancelled).collect()
    }
}

impl Recorder for History {
    fn event(&self, event: &Event, now: Now) {
        let past = &mut *lock(&self.past);
        let (length, steps) = (past.length, past.step_count);
        match event {
            Event::Replaced { task } | Event::Rescheduled { task } => {
                past.change(task, |life| life.replace(length))
            }
            Event::Paused { task } => past.life(task).paused = Some(now.wall),
            Event::Resumed { task } => past.change(task, |life| life.paused = None),
            Event::Ended { task } => past.end(task),
            Event::Started { task, due, lateness, coalesced, is_on_demand, is_last, attempt: 1 } => {
                let (due, lateness, is_on_demand) = (*due, nanos(*lateness), *is_on_demand);
                let run = Item::Run { due, lateness, took: 0, ending: Ending::Running, is_on_demand };
                past.start(task, run, *coalesced > 0, *is_last, now);
            }
            Event::ClaimedElsewhere { task, due, coalesced, is_last } => {
                let (due, ending) = (*due, Ending::Elsewhere);
                let run = Item::Run { due, lateness: 0, took: 0, ending, is_on_demand: false };
                past.start(task, run, *coalesced > 0, *is_last, now);
            }
            Event::RunEnded { task, due, took, outcome, .. } => {
                let ending = match outcome {
                    RunOutcome::Failed(_) => Ending::Failed,
                    RunOutcome::Panicked(_) => Ending::Panicked,
                    _ => Ending::Finished,
                };
                past.end_run(task, *due, *took, ending);
            }
            Event::Missed { task, count, first, latest, why } => {
                let count = u32::try_from(*count).unwrap_or(u32::MAX);
                let (first, latest, why) = (*first, *latest, *why);
                let missed = Item::Missed { first, latest, count, why, is_coalesced: false };
                // With these reasons it is of a task that was cancelled or replaced, and the name may have a new task.
                let is_old = |life: &&mut Life| life.is_replaced || life.is_cancelled;
                let life = match why {
                    Why::Cancelled | Why::ShutDown => past.lives(task).find(is_old),
                    _ => Some(past.life(task)),
                };
                if let Some(life) = life {
                    life.items(steps, length).add(missed, length);
                }
            }
            Event::ClockStepped { step } => {
                past.step_count = steps.wrapping_add(1);
                if let Step::Forward(by) = *step {
                    keep(&mut past.steps, ClockStep { from: now.before(by).wall, to: now.wall });
                }
            }
            Event::ZoneChanged { from, to } => {
                let (from, to) = (from.clone(), to.clone());
                keep(&mut past.zone_changes, ZoneChange { from, to, at: now.wall });
            }
            _ => {}
        }
    }

    fn cancelled(&self, task: TaskDetails, now: Now) {
        let past = &mut *lock(&self.past);
        let life = past.names.get_mut(&task.name).and_then(|name| name.life.take());
        past.forget_if_empty(&task.name);
        past.keep_cancelled(task, life.map_or_else(Life::default, |life| *life), now);
    }

    fn ends(&self, task: TaskDetails) {
        let name = task.name.clone();
        lock(&self.past).life(&name).ends = Some(Box::new(task));
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("History").finish_non_exhaustive()
    }
}

impl Life {
    fn replace(&mut self, length: usize) {
        let (paused, mut items) = (self.paused, self.items.take());
        if let Some(items) = &mut items {
            items.add(Item::Replaced, length);
        }
        *self = Life { is_replaced: true, paused, items, ..Life::default() };
    }

    /// The items, to add another one to them.
    fn items(&mut self, steps: u32, length: usize) -> &mut Items {
        let items = self.items.get_or_insert_with(|| Box::new(Items::new(steps)));
        if std::mem::replace(&mut items.steps, steps) != steps {
            items.add(Item::Stepped, length);
        }
        items
    }
}

impl Past {
    /// The task of this name, and then the cancelled ones of this name, the newest first. A run may end after its task was
    /// cancelled, and what the task has missed is reported after that.
    fn lives<'a>(&'a mut self, task: &'a str) -> impl Iterator<Item = &'a mut Life> + 'a {
        let live = self.names.get_mut(task).and_then(|name| name.life.as_deref_mut());
        let cancelled = self.cancelled.iter_mut().rev().filter(move |one| *one.task.name == *task);
        live.into_iter().chain(cancelled.map(|one| &mut one.life))
    }

    /// What is known of the task of this name.
    fn life(&mut self, task: &Arc<str>) -> &mut Life {
        self.names.entry(task.clone()).or_default().life.get_or_insert_with(Box::default)
    }

    fn change(&mut self, task: &str, change: impl FnOnce(&mut Life)) {
        if let Some(life) = self.names.get_mut(task).and_then(|name| name.life.as_deref_mut()) {
            change(life);
        }
    }

    fn start(&mut self, task: &Arc<str>, run: Item, coalesces: bool, is_last: bool, now: Now) {
        let (length, steps) = (self.length, self.step_count);
        if !is_last {
            return self.life(task).items(steps, length).start(run, coalesces, length);
        }
        // A task that runs once takes no memory.
        if let Some(name) = self.names.get_mut(task) {
            let life = name.life.take();
            name.ending += u32::from(life.is_some());
            let ends = life.and_then(|mut life| Some((life.ends.take()?, life)));
            if let Some((task, mut life)) = ends {
                // Its one run after `cancel_after_next`.
                life.items(steps, length).start(run, coalesces, length);
                self.keep_cancelled(*task, *life, now);
            }
        }
    }

    fn end_run(&mut self, task: &str, due: SystemTime, took: Duration, how: Ending) {
        for life in self.lives(task) {
            if let Some(is_current) = life.items.as_mut().and_then(|items| items.end(due, took, how)) {
                // How long the runs before a replacement took does not matter any more.
                if is_current {
                    life.durations.add(took);
                }
                return;
            }
        }
    }

    fn keep_cancelled(&mut self, task: TaskDetails, mut life: Life, now: Now) {
        life.is_cancelled = true;
        keep(&mut self.cancelled, Cancelled { at: now, task, life });
    }

    fn end(&mut self, task: &str) {
        if let Some(name) = self.names.get_mut(task) {
            match name.ending {
                0 => name.life = None,
                _ => name.ending -= 1,
            }
        }
        self.forget_if_empty(task);
    }

    fn forget_if_empty(&mut self, task: &str) {
        if self.names.get(task).map_or(false, |name| name.life.is_none() && name.ending == 0) {
            self.names.remove(task);
            if self.names.capacity() > 64 + 4 * self.names.len() {
                self.names.shrink_to(2 * self.names.len());
            }
        }
    }

    fn history(
        &self,
        task: TaskDetails,
        life: Option<&Life>,
        cancelled: Option<Now>,
        zone: &str,
    ) -> TaskHistory {
        let items = life.and_then(|life| life.items.as_ref());
        let is_known = task.plan.as_ref().map_or(false, Plan::is_known);
        let (items, forgotten) = items.map(|items| items.list(self.length, is_known)).unwrap_or_default();
        let end = cancelled.map(|at| at.wall);
        let is_of_task = |change: &&ZoneChange| match &task.zone {
            _ if change.at <= task.since || end.map_or(false, |end| change.at > end) => false,
            // If the names are equal, the data of the zone have changed, for all that have it.
            Some(own) => change.from == change.to && *change.to == *own.name(),
            None => change.from != change.to || *change.to == *zone,
        };
        TaskHistory {
            items,
            forgotten,
            steps: self.steps.iter().copied().collect(),
            zone_changed: self.zone_changes.iter().rev().find(is_of_task).map(|change| change.at),
            is_kept: self.length > 0,
            paused: life.and_then(|life| life.paused),
            cancelled,
            task,
        }
    }
}

fn keep<T>(list: &mut VecDeque<T>, item: T) {
    if list.len() == MOST {
        list.pop_front();
    }
    list.push_back(item);
}
