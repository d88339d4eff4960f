//! Records the events of a scheduler: what `explain` and `forecast` must know of the past. No clock: each event comes with
//! its time.
//!
//! The memory is bounded: a few items for each live task, and the last few of all else.

use std::any::Any;
use std::collections::{HashMap, VecDeque};
use std::convert::TryFrom;
use std::fmt;
use std::time::{Duration, SystemTime};

use super::items::{Durations, Ending, Item, Items};
use crate::agenda::{TaskDetails, TaskKey};
use crate::clock::{Now, Step};
use crate::engine::Recorder;
use crate::event::Event;
use crate::schedule::Plan;
use crate::sync::{lock, Arc, Instant, Mutex};

/// How many cancelled tasks, clock steps and zone changes are kept. The oldest makes room for the newest.
const MOST: usize = 16;

/// The history of a scheduler.
pub(super) struct History {
    /// How many items are kept of each task.
    length: usize,
    past: Mutex<Past>,
}

#[derive(Default)]
struct Past {
    names: HashMap<Arc<str>, Name>,
    cancelled: VecDeque<Cancelled>,
    steps: VecDeque<ClockStep>,
    zone_changes: VecDeque<ZoneChange>,
    /// Starts of runs are stored as the time since this instant.
    began: Option<Instant>,
}

/// What is known of a name.
#[derive(Default)]
struct Name {
    /// The task that was scheduled last, if it was not cancelled.
    life: Option<Box<Life>>,
    /// How many earlier tasks of this name are in their last run. Each will emit `Ended`.
    ending: u32,
}

/// What is known of a task.
#[derive(Clone)]
struct Life {
    /// When it was scheduled, or replaced.
    since: SystemTime,
    is_replaced: bool,
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
    task: Box<TaskDetails>,
    life: Box<Life>,
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
    /// When it was scheduled, or replaced. None if there is no history.
    pub(super) since: Option<SystemTime>,
    pub(super) is_replaced: bool,
    pub(super) paused: Option<SystemTime>,
    /// When it was cancelled, if it was. Later due times did not come.
    pub(super) cancelled: Option<Now>,
}

impl TaskHistory {
    /// What is known where there is no history.
    pub(super) fn without_past(task: TaskDetails) -> TaskHistory {
        TaskHistory {
            task,
            items: Vec::new(),
            forgotten: None,
            steps: Vec::new(),
            zone_changed: None,
            since: None,
            is_replaced: false,
            paused: None,
            cancelled: None,
        }
    }
}

impl History {
    pub(super) fn new(length: usize) -> History {
        History { length, past: Mutex::default() }
    }

    /// The mean duration of a task's runs.
    pub(super) fn mean(&self, name: &str) -> Option<Duration> {
        lock(&self.past).names.get(name)?.life.as_ref()?.durations.mean()
    }

    /// The history of a task, and then those of the cancelled tasks with this key, the newest first. `zone` is the name of the
    /// scheduler's zone.
    pub(super) fn of(&self, key: TaskKey<'_>, task: Option<TaskDetails>, zone: &str) -> Vec<TaskHistory> {
        let past = lock(&self.past);
        let live = task.map(|task| {
            let life = past.names.get(key.name).and_then(|name| name.life.as_deref());
            past.history(task, life, None, self.length, zone)
        });
        let has_key =
            |one: &&Cancelled| *one.task.name == *key.name && key.id.map_or(true, |id| id == one.task.id);
        let cancelled = past.cancelled.iter().rev().filter(has_key);
        let cancelled = cancelled
            .map(|one| past.history((*one.task).clone(), Some(&one.life), Some(one.at), self.length, zone));
        live.into_iter().chain(cancelled).collect()
    }
}

impl Recorder for History {
    fn event(&self, event: &Event, now: Now) {
        let (past, length) = (&mut *lock(&self.past), self.length);
        match event {
            Event::Scheduled { task } => past.scheduled(task, now),
            Event::Replaced { task } => past.replaced(task, now, length),
            Event::Cancelled { task } => past.cancelled(task, now),
            Event::Ended { task } => past.ended(task),
            Event::Paused { task } => past.paused(task, Some(now.wall)),
            Event::Resumed { task } => past.paused(task, None),
            Event::Started { task, due, lateness, coalesced, is_on_demand } => {
                let took = past.age(now);
                let (due, lateness, is_on_demand) = (*due, nanos(*lateness), *is_on_demand);
                let run = Item::Run { due, lateness, took, ending: Ending::Running, is_on_demand };
                past.started(task, run, *coalesced > 0, now, length);
            }
            Event::Finished { task, due, took } => {
                past.finished(task, *due, Ending::Finished, |_| nanos(*took))
            }
            Event::Failed { task, due: Some(due), .. } => {
                let age = past.age(now);
                past.finished(task, *due, Ending::Failed, |began| age.saturating_sub(began));
            }
            Event::Panicked { task, due: Some(due), .. } => {
                let age = past.age(now);
                past.finished(task, *due, Ending::Panicked, |began| age.saturating_sub(began));
            }
            Event::Missed { task, count, first, latest, why } => {
                let count = u32::try_from(*count).unwrap_or(u32::MAX);
                let (first, latest, why) = (*first, *latest, *why);
                let missed = Item::Missed { first, latest, count, why, is_coalesced: false };
                past.add(task, missed, length);
            }
            Event::ClockStepped { step: Step::Forward(by) } => {
                keep(&mut past.steps, ClockStep { from: now.before(*by).wall, to: now.wall });
            }
            Event::ZoneChanged { from, to } => {
                let (from, to) = (from.clone(), to.clone());
                keep(&mut past.zone_changes, ZoneChange { from, to, at: now.wall });
            }
            _ => {}
        }
    }

    fn ends(&self, task: TaskDetails) {
        let past = &mut *lock(&self.past);
        if let Some(life) = past.life(&task.name) {
            life.ends = Some(Box::new(task));
        }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("History").field("length", &self.length).finish_non_exhaustive()
    }
}

impl Past {
    fn life(&mut self, task: &str) -> Option<&mut Life> {
        self.names.get_mut(task)?.life.as_deref_mut()
    }

    /// The task of this name, or the one that was cancelled last.
    fn last_life(&mut self, task: &str) -> Option<&mut Life> {
        let Past { names, cancelled, .. } = self;
        let live = names.get_mut(task).and_then(|name| name.life.as_deref_mut());
        live.or_else(|| cancelled_life(cancelled, task))
    }

    fn scheduled(&mut self, task: &Arc<str>, now: Now) {
        let name = self.names.entry(task.clone()).or_default();
        let life = Life {
            since: now.wall,
            is_replaced: false,
            paused: None,
            durations: Durations::default(),
            items: None,
            ends: None,
        };
        // The task before has given the name up for its last run.
        name.ending += u32::from(name.life.replace(Box::new(life)).is_some());
    }

    fn replaced(&mut self, task: &str, now: Now, length: usize) {
        if let Some(life) = self.life(task) {
            life.since = now.wall;
            life.is_replaced = true;
            life.durations = Durations::default();
            life.ends = None;
            if let Some(items) = &mut life.items {
                items.add(Item::Replaced, length);
            }
        }
    }

    fn paused(&mut self, task: &str, at: Option<SystemTime>) {
        if let Some(life) = self.life(task) {
            life.paused = at;
        }
    }

    fn started(&mut self, task: &str, run: Item, coalesces: bool, now: Now, length: usize) {
        if let Some(life) = self.last_life(task) {
            life.items.get_or_insert_with(Box::default).start(run, coalesces, length);
            if life.ends.is_some() {
                // Its one run after `cancel_after_next`.
                self.cancelled(task, now);
                self.names.entry(task.into()).or_default().ending += 1;
            }
        }
    }

    /// A run has ended: of the task that has the name, or of one that was cancelled.
    fn finished(&mut self, task: &str, due: SystemTime, how: Ending, duration: impl Fn(u64) -> u64) {
        let Past { names, cancelled, .. } = self;
        let live = names.get_mut(task).and_then(|name| name.life.as_deref_mut());
        let cancelled = cancelled.iter_mut().rev().filter(|one| *one.task.name == *task);
        for life in live.into_iter().chain(cancelled.map(|one| &mut *one.life)) {
            let ended = life.items.as_mut().map(|items| items.end(due, how, &duration));
            if let Some(Ok(took)) = ended {
                took.into_iter().for_each(|took| life.durations.add(took));
                return;
            }
        }
    }

    fn add(&mut self, task: &str, missed: Item, length: usize) {
        if let Some(life) = self.last_life(task) {
            life.items.get_or_insert_with(Box::default).add(missed, length);
        }
    }

    fn cancelled(&mut self, task: &str, now: Now) {
        let life = self.names.get_mut(task).and_then(|name| name.life.take());
        if let Some(mut life) = life {
            if let Some(task) = life.ends.take() {
                keep(&mut self.cancelled, Cancelled { at: now, task, life });
            }
        }
        self.forget_if_empty(task);
    }

    fn ended(&mut self, task: &str) {
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

    /// The time since the first run, in nanoseconds.
    fn age(&mut self, now: Now) -> u64 {
        let began = *self.began.get_or_insert(now.mono);
        nanos(now.mono.saturating_duration_since(began))
    }

    fn history(
        &self,
        task: TaskDetails,
        life: Option<&Life>,
        cancelled: Option<Now>,
        length: usize,
        zone: &str,
    ) -> TaskHistory {
        let items = life.and_then(|life| life.items.as_ref());
        let is_known = task.plan.as_deref().map_or(false, Plan::is_known);
        let (items, forgotten) = items.map(|items| items.list(length, is_known)).unwrap_or_default();
        let since = life.map(|life| life.since);
        let end = cancelled.map(|at| at.wall);
        let is_of_task = |change: &&ZoneChange| match &task.zone {
            _ if end.map_or(false, |end| change.at > end) => false,
            // If the names are equal, the data of the zone have changed, for all that have it.
            Some(own) => change.from == change.to && *change.to == *own.name(),
            None => change.from != change.to || *change.to == *zone,
        };
        let zone_change = self.zone_changes.iter().rev().find(is_of_task);
        TaskHistory {
            items,
            forgotten,
            steps: self.steps.iter().copied().collect(),
            zone_changed: zone_change.map(|change| change.at).filter(|&at| Some(at) > since),
            since,
            is_replaced: life.map_or(false, |life| life.is_replaced),
            paused: life.and_then(|life| life.paused),
            cancelled,
            task,
        }
    }
}

fn cancelled_life<'a>(cancelled: &'a mut VecDeque<Cancelled>, task: &str) -> Option<&'a mut Life> {
    cancelled.iter_mut().rev().find(|one| *one.task.name == *task).map(|one| &mut *one.life)
}

fn keep<T>(list: &mut VecDeque<T>, item: T) {
    if list.len() == MOST {
        list.pop_front();
    }
    list.push_back(item);
}

/// At most 584 years.
fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}
