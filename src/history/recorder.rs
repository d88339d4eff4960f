//! Records the events of a scheduler: what `explain` and `forecast` must know of the past. No clock: each event comes with
//! its time.
//!
//! The memory is bounded: a few items for each live task, and the last few of all else.

use std::any::Any;
use std::collections::VecDeque;
use std::convert::TryFrom;
use std::fmt;
use std::time::{Duration, SystemTime};

use super::items::{nanos, Durations, Ending, Item, Items};
use crate::agenda::{TaskDetails, TaskKey};
use crate::clock::{Now, Step};
use crate::engine::Recorder;
use crate::event::{Event, RunOutcome, Why};
use crate::schedule::Plan;
use crate::stats::{Identity, Recorded, SharedStats};
use crate::sync::{lock, Arc, Mutex};

/// How many cancelled tasks, clock steps and zone changes are kept. The oldest makes room for the newest.
const MOST: usize = 16;

/// The history of a scheduler: what is not of one task, and what is kept of the cancelled ones. That of a live task is in its
/// statistics, as a [`Life`].
pub(super) struct History {
    /// How many items are kept of each task.
    length: usize,
    past: Mutex<Past>,
}

#[derive(Default)]
struct Past {
    cancelled: VecDeque<Cancelled>,
    /// Those forward.
    steps: VecDeque<ClockStep>,
    /// How many there were, in both directions.
    step_count: u32,
    zone_changes: VecDeque<ZoneChange>,
}

/// What is known of a task, from its first item on.
#[derive(Default)]
struct Life {
    paused: Option<SystemTime>,
    durations: Durations,
    items: Option<Items>,
    /// The task will be cancelled, now or with its next run.
    ends: Option<Box<TaskDetails>>,
    /// The due time of its last run, which goes on. With its end the task ends, and nobody can ask about it any more.
    last_run: Option<SystemTime>,
}

/// A task that was cancelled.
#[derive(Clone)]
struct Cancelled {
    at: Now,
    identity: Arc<Identity>,
    task: TaskDetails,
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
    pub(super) name: Arc<str>,
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
        History { length, past: Mutex::default() }
    }

    /// The history of a task, and then those of the cancelled tasks with this key, the newest first. `zone` is the name of the
    /// scheduler's zone.
    pub(super) fn of(
        &self,
        key: TaskKey<'_>,
        task: Option<(Arc<Identity>, TaskDetails)>,
        zone: &str,
    ) -> Vec<TaskHistory> {
        let past = lock(&self.past);
        let live = task.map(|(identity, task)| self.of_task(&past, &identity, task, None, zone));
        let has_key = |Cancelled { identity, .. }: &&Cancelled| {
            *identity.name == *key.name && key.id.map_or(true, |id| id == identity.id)
        };
        let cancelled = past.cancelled.iter().rev().filter(has_key).cloned();
        let cancelled = cancelled
            .map(|Cancelled { at, identity, task }| self.of_task(&past, &identity, task, Some(at), zone));
        live.into_iter().chain(cancelled).collect()
    }

    fn of_task(
        &self,
        past: &Past,
        identity: &Identity,
        task: TaskDetails,
        cancelled: Option<Now>,
        zone: &str,
    ) -> TaskHistory {
        let is_known = task.plan.as_ref().map_or(false, Plan::is_known);
        let (paused, items) = identity.stats.read_history(|history| {
            let life = life_in(history);
            let items = life.and_then(|life| life.items.as_ref());
            (life.and_then(|life| life.paused), items.map(|items| items.list(self.length, is_known)))
        });
        let (items, forgotten) = items.unwrap_or_default();
        let end = cancelled.map(|at| at.wall);
        let is_of_task = |change: &&ZoneChange| match &task.zone {
            _ if change.at <= task.since || end.map_or(false, |end| change.at > end) => false,
            // If the names are equal, the data of the zone have changed, for all that have it.
            Some(own) => change.from == change.to && *change.to == *own.name(),
            None => change.from != change.to || *change.to == *zone,
        };
        TaskHistory {
            name: identity.name.clone(),
            items,
            forgotten,
            steps: past.steps.iter().copied().collect(),
            zone_changed: past.zone_changes.iter().rev().find(is_of_task).map(|change| change.at),
            is_kept: self.length > 0,
            paused,
            cancelled,
            task,
        }
    }

    fn event_of(&self, task: &Arc<Identity>, event: &Event, now: Now) {
        let stats = &task.stats;
        let (length, steps) = (self.length, lock(&self.past).step_count);
        match event {
            Event::Started { due, lateness, coalesced, is_on_demand, is_last, attempt: 1, .. } => {
                let (due, lateness, is_on_demand) = (*due, nanos(*lateness), *is_on_demand);
                let run = Item::Run { due, lateness, took: 0, ending: Ending::Running, is_on_demand };
                self.start(task, steps, run, *coalesced > 0, *is_last, now);
            }
            Event::ClaimedElsewhere { due, coalesced, is_last, .. } => {
                let (due, ending) = (*due, Ending::Elsewhere);
                let run = Item::Run { due, lateness: 0, took: 0, ending, is_on_demand: false };
                self.start(task, steps, run, *coalesced > 0, *is_last, now);
            }
            // After a shutdown nobody can ask.
            Event::Missed { why: Why::ShutDown, .. } => {}
            Event::Missed { count, first, latest, why, .. } => {
                let count = u32::try_from(*count).unwrap_or(u32::MAX);
                let (first, latest, why) = (*first, *latest, *why);
                let missed = Item::Missed { first, latest, count, why, is_coalesced: false };
                stats.change_history(|history| life_of(history).items(steps, length).add(missed, length));
            }
            Event::Paused { .. } => {
                stats.change_history(|history| life_of(history).paused = Some(now.wall));
            }
            // There is nothing to change.
            _ if stats.read_history(Option::is_none) => {}
            Event::RunEnded { due, took, outcome, .. } => {
                let ending = match outcome {
                    RunOutcome::Failed(_) => Ending::Failed,
                    RunOutcome::Panicked(_) => Ending::Panicked,
                    _ => Ending::Finished,
                };
                stats.change_history(|history| match life_of(history) {
                    life if life.last_run == Some(*due) => *history = None,
                    life => life.end_run(*due, *took, ending),
                });
            }
            Event::Replaced { .. } | Event::Rescheduled { .. } => {
                stats.change_history(|history| life_of(history).replace(length));
            }
            Event::Resumed { .. } => stats.change_history(|history| life_of(history).paused = None),
            _ => {}
        }
    }

    fn start(&self, task: &Arc<Identity>, steps: u32, run: Item, coalesces: bool, is_last: bool, now: Now) {
        let ends = task.stats.change_history(|history| {
            if is_last && history.is_none() {
                // It is the first run, too: nothing is remembered of a task that is due once.
                return None;
            }
            let life = life_of(history);
            life.items(steps, self.length).start(run, coalesces, self.length);
            let ends = if is_last { life.ends.take() } else { None };
            if is_last && ends.is_none() {
                match run {
                    Item::Run { due, ending: Ending::Running, .. } => life.last_run = Some(due),
                    // It has ended with that.
                    _ => *history = None,
                }
            }
            ends
        });
        if let Some(details) = ends {
            // Its one run after `cancel_after_next`.
            self.cancelled(task.clone(), *details, now);
        }
    }
}

/// The mean duration of a task's runs.
pub(super) fn mean(stats: &SharedStats) -> Option<Duration> {
    stats.read_history(|history| life_in(history)?.durations.mean())
}

/// What is known of a task.
fn life_in(history: &Recorded) -> Option<&Life> {
    history.as_ref()?.downcast_ref()
}

/// The same, to add to it.
fn life_of(history: &mut Recorded) -> &mut Life {
    let history = history.get_or_insert_with(|| Box::new(Life::default()));
    history.downcast_mut().expect("one recorder records the history of a task")
}

impl Life {
    fn replace(&mut self, length: usize) {
        let (paused, mut items) = (self.paused, self.items.take());
        if let Some(items) = &mut items {
            items.add(Item::Replaced, length);
        }
        *self = Life { paused, items, ..Life::default() };
    }

    /// The items, to add another one to them.
    fn items(&mut self, steps: u32, length: usize) -> &mut Items {
        let items = self.items.get_or_insert_with(|| Items::new(steps));
        if std::mem::replace(&mut items.steps, steps) != steps {
            items.add(Item::Stepped, length);
        }
        items
    }

    fn end_run(&mut self, due: SystemTime, took: Duration, how: Ending) {
        // How long the runs before a replacement took does not matter any more.
        if self.items.as_mut().and_then(|items| items.end(due, took, how)) == Some(true) {
            self.durations.add(took);
        }
    }
}

impl Recorder for History {
    fn event(&self, event: &Event, task: Option<&Arc<Identity>>, now: Now) {
        match (event, task) {
            (Event::ClockStepped { step }, _) => {
                let past = &mut *lock(&self.past);
                past.step_count = past.step_count.wrapping_add(1);
                if let Step::Forward(by) = *step {
                    keep(&mut past.steps, ClockStep { from: now.before(by).wall, to: now.wall });
                }
            }
            (Event::ZoneChanged { from, to }, _) => {
                let (from, to) = (from.clone(), to.clone());
                keep(&mut lock(&self.past).zone_changes, ZoneChange { from, to, at: now.wall });
            }
            (event, Some(task)) => self.event_of(task, event, now),
            _ => {}
        }
    }

    fn cancelled(&self, identity: Arc<Identity>, task: TaskDetails, now: Now) {
        if identity.stats.read_history(Option::is_some) {
            // What is remembered of it outlives its last run.
            identity.stats.change_history(|history| life_of(history).last_run = None);
        }
        keep(&mut lock(&self.past).cancelled, Cancelled { at: now, identity, task });
    }

    fn ends(&self, identity: &Identity, task: TaskDetails) {
        identity.stats.change_history(|history| life_of(history).ends = Some(Box::new(task)));
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

fn keep<T>(list: &mut VecDeque<T>, item: T) {
    if list.len() == MOST {
        list.pop_front();
    }
    list.push_back(item);
}
