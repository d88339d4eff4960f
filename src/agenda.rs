//! Which task is due when: one entry for each name, and two heaps of due times, one for each order of time.
//!
//! A task is *at home* while its entry holds it, and *in flight* while a worker has it. It is dispatched when its due
//! time comes ([`Agenda::take_due`]). The worker decides, and a run begins or does not ([`Agenda::begin`]). When the run
//! has ended, the task comes home ([`Agenda::finish`]). The task is moved and never copied, so two runs of it cannot
//! overlap. While it is in flight, its entry knows the next due time, and that is armed.
//!
//! `agenda/README.md` lists the states of an entry, and who may change which.
//!
//! Pure: no threads, no lock, no clock. Time is an argument. Nothing of the user's is called or dropped in here: what
//! must be dropped is handed back.

mod clock_changes;
mod entries;
mod entry;
mod heap;
mod messages;
mod query;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use self::entries::is_live;
use self::entry::{DetachedRun, Entry, NameEntry};
pub(crate) use self::entry::{EntryKey, PendingMissed, Removed};
use self::heap::Heap;
pub(crate) use self::messages::{
    Begun, Decision, Dispatch, Finished, Overrun, RemovedInFlight, Request, Scheduled,
};
pub use self::query::Status;
pub(crate) use self::query::{Owner, TaskDetails, TaskKey, TaskSnapshot};
use crate::clock::Now;
use crate::event::Why;
use crate::schedule::Due;
use crate::sync::{Arc, Instant};
use crate::task::{Cause, Facts, Job, MissedDues, NextDue, Overlap, Runner, Start, Task};

pub(crate) struct Agenda {
    /// By index. Boxed, so that an unused index costs one word.
    name_entries: Vec<Option<Box<NameEntry>>>,
    /// Indices that may be used again, if they still exist and are unused.
    free: Vec<usize>,
    /// The index of each name that has a task, or runs that have not ended.
    names: HashMap<Arc<str>, usize>,
    /// Due times by the monotonic clock.
    elapsed: Heap<Instant>,
    /// Due times by the wall clock.
    calendar: Heap<SystemTime>,
    /// The last number given out. Tasks and their versions share them.
    numbers: u64,
    /// Dispatches that have not come back, one for each run, and deliveries of events that have not ended.
    in_flight: usize,
    /// Tasks that lost their names on the way to a run, by version.
    removed_in_flight: HashMap<u64, RemovedInFlight>,
    /// Indices of tasks whose schedules may have to be asked for the next due time.
    to_ask: Vec<usize>,
    /// Both clocks when they were last compared.
    clocks_checked: Option<Now>,
    /// The latest wall time shown since the last correction. Smaller steps back do not reduce it.
    shown: Option<SystemTime>,
    /// A larger step forward is a correction.
    correction: Duration,
}

impl Agenda {
    /// An empty agenda. `correction` is the largest step forward that is not a correction.
    pub(crate) fn new(correction: Duration) -> Agenda {
        Agenda {
            name_entries: Vec::new(),
            free: Vec::new(),
            names: HashMap::new(),
            elapsed: Heap::default(),
            calendar: Heap::default(),
            numbers: 0,
            in_flight: 0,
            removed_in_flight: HashMap::new(),
            to_ask: Vec::new(),
            clocks_checked: None,
            shown: None,
            correction,
        }
    }

    /// Puts a task on the agenda, unless another task owns its name.
    pub(crate) fn schedule(&mut self, request: Request, now: Now) -> Scheduled {
        let index = match self.names.get(&request.name) {
            Some(&index) => index,
            None => self.open(request.name.clone()),
        };
        if let (Some(entry), false) = (&self.name_entry(index).entry, request.replaces) {
            let by = Owner { id: entry.id, scheduled_at: entry.scheduled_at };
            return Scheduled::Taken { by, task: request.task };
        }
        self.numbers += 1;
        let version = self.numbers;
        let mut entry = Entry {
            id: version,
            version,
            next: Some(request.first),
            is_armed: false,
            is_paused: false,
            is_demanded: false,
            is_one_more: false,
            is_reported: false,
            backlog: None,
            set_back: None,
            zone: request.zone,
            zone_change: None,
            asks_from: None,
            missed_until: None,
            runs: 0,
            overlap: request.task.policy.overlap,
            allowed_runs: request.task.allowed_runs(),
            is_async: matches!(request.task.job, Job::Async(_)),
            count: 0,
            last: request.task.left,
            scheduled_at: request.scheduled_at,
            schedule: request.schedule,
            plan: request.task.timetable.plan().map(Arc::new),
            task: Some(request.task),
        };
        let scheduled = match self.remove(index, now) {
            None => Scheduled::New { id: version },
            Some(old) => {
                entry.id = old.id;
                entry.is_paused = old.is_paused;
                entry.count = old.count;
                entry.last = entry.last.saturating_add(old.count);
                if let Some(task) = &mut entry.task {
                    task.count = old.count;
                }
                Scheduled::Replaced { id: old.id, old: old.into_removed(request.name, now) }
            }
        };
        let is_paused = entry.is_paused;
        self.name_entry(index).entry = Some(entry);
        if !is_paused {
            self.arm(index);
        }
        scheduled
    }

    /// Dispatches all tasks that are due, in the order of their due times. Equal ones leave in the order in which they were
    /// scheduled.
    pub(crate) fn take_due(&mut self, now: Now, dispatches: &mut Vec<Dispatch>, overruns: &mut Vec<Overrun>) {
        for index in std::mem::take(&mut self.to_ask) {
            let entry =
                self.name_entries.get(index).and_then(|name_entry| name_entry.as_ref()?.entry.as_ref());
            if entry.map_or(false, |entry| entry.asks_from.is_some()) {
                dispatches.extend(self.arm_or_dispatch(index, now));
            }
        }
        let begin = dispatches.len();
        while let Some(Reverse(item)) = self.elapsed.pop_until(now.mono) {
            self.due_has_come(Due::Elapsed(item.due), item.id, item.index, now, dispatches, overruns);
        }
        let middle = dispatches.len();
        while let Some(Reverse(item)) = self.calendar.pop_until(now.wall) {
            self.due_has_come(Due::Calendar(item.due), item.id, item.index, now, dispatches, overruns);
        }
        if begin < middle && middle < dispatches.len() {
            // The two orders of time become one: what has been due for longer goes first.
            dispatches[begin..].sort_by_key(|dispatch| (Reverse(dispatch.age), dispatch.id));
        }
    }

    fn due_has_come(
        &mut self,
        due: Due,
        id: u64,
        index: usize,
        now: Now,
        dispatches: &mut Vec<Dispatch>,
        overruns: &mut Vec<Overrun>,
    ) {
        if !is_live(&self.name_entries, due, id, index) {
            return;
        }
        self.disarm(index);
        let NameEntry { name, entry, detached } = self.name_entry(index);
        let entry = entry.as_mut().expect("a live item has an entry");
        if !detached.is_empty() {
            // An earlier task of this name still runs. Its end arms this one again.
        } else if entry.task.is_some() {
            // The due time may have been reported as missed during a run before the clock was set back. Then it must not
            // run when it comes again.
            if entry.runs >= entry.allowed_runs || entry.is_reported {
                entry.miss_until(Why::StillRunning, now);
            }
            dispatches.extend(self.dispatch(index, Cause::Due(due), now));
        } else if entry.runs >= entry.allowed_runs && entry.overlap != Overlap::Queue {
            // The run may never end, so the first overrun is reported now. The others are counted when the run ends.
            let key = EntryKey { index, version: entry.version };
            overruns.push(Overrun { key, name: name.clone(), due });
        }
    }

    /// Marks an overrun as reported, and returns why it is missed. None if the run has ended meanwhile: then its end
    /// reports this occurrence with the others.
    pub(crate) fn report_overrun(&mut self, overrun: &Overrun, now: Now) -> Option<Why> {
        let due = overrun.due;
        let entry = match self.entry(overrun.key) {
            Some(entry) if entry.task.is_none() && entry.runs >= entry.allowed_runs => entry,
            _ => return None,
        };
        if entry.is_reported || entry.next != Some(due) || due.age(now).is_none() {
            return None;
        }
        entry.is_reported = true;
        let missed = entry.missed_until.as_ref().filter(|missed| due.age(missed.until).is_some());
        Some(missed.map_or(Why::StillRunning, |missed| missed.why))
    }

    /// Carries out what a worker has decided: a run begins or does not. Adds to `missed` the occurrence that must not run
    /// because the task was paused, or is running, by now.
    pub(crate) fn begin(
        &mut self,
        key: EntryKey,
        mut task: Box<Task>,
        decision: Decision,
        missed: &mut Vec<MissedDues>,
        now: Now,
    ) -> Begun {
        let EntryKey { index, version } = key;
        let is_demand = matches!(decision.next, NextDue::Unchanged);
        match self.entry(key) {
            None => return self.removed(key, task, now),
            Some(_) if is_demand => {}
            Some(entry) => {
                debug_assert!(!entry.is_armed, "a due time that has come is no longer armed");
                entry.next = decision.next.due();
                entry.is_reported = false;
                if let (Some(missed), true) = (&mut entry.missed_until, decision.judged.is_some()) {
                    // A correction was noticed while the task was in flight. The worker has accounted for the occurrence
                    // that was reported by then.
                    missed.reported = 0;
                }
            }
        }
        self.apply_changes(index, &mut task, decision.judged, now);
        let entry = self.entry(key).expect("the entry was found above");
        // The schedule must be asked first. After that the task is dispatched for this run again.
        let is_put_off = is_demand && entry.asks_from.is_some();
        let in_the_way = match entry {
            _ if entry.runs >= entry.allowed_runs => Some(Why::StillRunning),
            _ if entry.is_paused && !is_demand => Some(Why::Paused),
            _ => None,
        };
        let start = match (decision.start.filter(|_| !is_put_off), in_the_way) {
            (Some(start), None) => start,
            (start, why) => {
                if let (Some(Start { due, .. }), Some(why), false) = (start, why, is_demand) {
                    missed.push(MissedDues { count: 1, first: due, latest: due, why });
                }
                // If the schedule was asked and has ended, a run that was demanded before still takes place, as the last.
                let is_yet_to_run = entry.is_demanded && decision.judged.is_none();
                if entry.next.is_none() && !is_yet_to_run {
                    self.detach(index, now);
                    self.close_if_empty(index);
                    return Begun::Over(task);
                }
                self.put_home(index, task);
                return Begun::Home(self.arm_or_dispatch(index, now));
            }
        };
        if is_demand {
            entry.is_demanded = false;
        }
        task.count += 1;
        task.left = task.left.saturating_sub(1);
        entry.count = task.count;
        let id = entry.id;
        let count = task.count;
        let is_one_more = entry.is_one_more;
        let is_last = is_one_more || task.left == 0 || entry.next.is_none();
        let mut runner = Runner::Whole(task);
        let mut dispatch = None;
        if is_last {
            self.detach(index, now);
            self.name_entry(index).detached.push(DetachedRun { id, version, pending_missed: None });
        } else {
            entry.runs += 1;
            entry.update_backlog(now);
            if entry.allowed_runs > 1 {
                runner = runner.split(&mut entry.task);
                dispatch = self.arm_or_dispatch(index, now);
            } else if !entry.is_paused && entry.backlog.is_none() && entry.asks_from.is_none() {
                self.arm(index);
            }
        }
        let name = self.name_entry(index).name.clone();
        let Start { due, lateness, missed, is_calendar } = start;
        let facts = Facts {
            name,
            id,
            version,
            due,
            lateness,
            missed,
            count,
            is_last,
            is_one_more,
            is_asked_for: is_demand,
            is_calendar,
        };
        Begun::Run { facts, runner, dispatch }
    }

    /// Takes a task home that was dispatched too early: the clock was set back while it was in flight.
    pub(crate) fn take_back(&mut self, key: EntryKey, mut task: Box<Task>, now: Now) -> Begun {
        if self.entry(key).is_none() {
            return self.removed(key, task, now);
        }
        self.apply_changes(key.index, &mut task, None, now);
        self.put_home(key.index, task);
        Begun::Home(self.arm_or_dispatch(key.index, now))
    }

    /// The task lost its name while it was in flight.
    fn removed(&mut self, key: EntryKey, task: Box<Task>, now: Now) -> Begun {
        let removed = self.removed_in_flight.remove(&key.version);
        let removed = removed.unwrap_or(RemovedInFlight { at: now, pending_missed: None });
        if self.removed_in_flight.is_empty() {
            self.removed_in_flight = HashMap::new();
        }
        Begun::Removed { task, removed }
    }

    /// A run has ended. Its task comes home, unless it is there.
    /// `is_break`: it ends the task.
    pub(crate) fn finish(
        &mut self,
        key: EntryKey,
        task: Option<Box<Task>>,
        is_break: bool,
        now: Now,
    ) -> Finished {
        let EntryKey { index, version } = key;
        if let Some(entry) = self.entry(key) {
            entry.runs -= 1;
            if is_break {
                // `Entry::pending_missed` would take the task for one on its way to a run.
                let passed = entry.next.filter(|due| due.age(now).is_some());
                let reported = u64::from(entry.is_reported);
                let pending_missed = passed.map(|due| PendingMissed { due, until: now, reported });
                let home = self.detach(index, now).and_then(|entry| entry.task);
                self.close_if_empty(index);
                return Finished { dispatch: None, dropped: task.or(home), pending_missed, is_over: true };
            }
            let mut dispatch = None;
            if let Some(mut task) = task {
                self.apply_changes(index, &mut task, None, now);
                self.put_home(index, task);
                dispatch = self.overrun(index, now);
            }
            let dispatch = dispatch.or_else(|| self.arm_or_dispatch(index, now));
            return Finished { dispatch, dropped: None, pending_missed: None, is_over: false };
        }
        let detached = &mut self.name_entry(index).detached;
        let run = detached.iter().position(|run| run.version == version).expect("this run has not ended");
        let DetachedRun { pending_missed, .. } = detached.swap_remove(run);
        let dispatch = if self.close_if_empty(index) { None } else { self.arm_or_dispatch(index, now) };
        Finished { dispatch, dropped: task, pending_missed, is_over: false }
    }

    /// An event of a task is about to be delivered. The agenda is not quiet before
    /// [`remove_in_flight`](Agenda::remove_in_flight).
    pub(crate) fn add_in_flight(&mut self) {
        self.in_flight += 1;
    }

    /// A dispatched task is back, or dropped, and its events have been delivered. Or a delivery has ended.
    pub(crate) fn remove_in_flight(&mut self) {
        self.in_flight -= 1;
    }

    /// Dispatches a task that has come home if a due time came while it was running.
    fn overrun(&mut self, index: usize, now: Now) -> Option<Dispatch> {
        let entry = self.name_entry(index).entry.as_mut().expect("the task is at home");
        if entry.asks_from.is_some() {
            // The schedule must be asked first which occurrences passed. All of them passed during the run.
            entry.backlog = None;
            if !entry.is_paused && entry.overlap != Overlap::Queue {
                entry.miss_until(Why::StillRunning, now);
            }
            return None;
        }
        let (due, is_passed) = match entry.next {
            Some(due) if due.age(now).is_some() => (due, true),
            // It was reported as missed, and then the clock was set back. It counts as passed.
            Some(due) if entry.is_reported => (due, false),
            _ => {
                entry.backlog = None;
                return None;
            }
        };
        if entry.is_backlog(due) {
            return None;
        }
        entry.backlog = None;
        if entry.is_paused {
            return None;
        }
        let cause = match (entry.overlap, is_passed) {
            (Overlap::Queue, true) => Cause::Queued(due),
            (_, true) => {
                entry.miss_until(Why::StillRunning, now);
                Cause::Due(due)
            }
            (_, false) => {
                entry.miss_until(Why::StillRunning, Now { wall: due.passed_at(now), ..now });
                Cause::Queued(due)
            }
        };
        self.disarm(index);
        self.dispatch(index, cause, now)
    }

    /// Arms the next due time of a task at home, or dispatches the task if its schedule is to be asked or a run was
    /// demanded. Does nothing while an earlier task of the name still runs.
    fn arm_or_dispatch(&mut self, index: usize, now: Now) -> Option<Dispatch> {
        let NameEntry { entry, detached, .. } = self.name_entry(index);
        let entry = entry.as_mut()?;
        if entry.task.is_none() || !detached.is_empty() {
            return None;
        }
        if let Some(wall) = entry.asks_from.take() {
            self.disarm(index);
            return self.dispatch(index, Cause::Ask(wall), now);
        }
        if entry.is_demanded && entry.runs < entry.allowed_runs {
            return self.dispatch(index, Cause::Demand, now);
        }
        if !entry.is_paused {
            self.arm(index);
        }
        None
    }

    fn dispatch(&mut self, index: usize, cause: Cause, now: Now) -> Option<Dispatch> {
        let NameEntry { name, entry, .. } = self.name_entry(index);
        let entry = entry.as_mut()?;
        let age = match cause {
            Cause::Due(due) | Cause::Queued(due) => due.age(now).unwrap_or_default(),
            Cause::Demand | Cause::Ask(_) => Duration::ZERO,
        };
        let missed_until = match cause {
            Cause::Demand | Cause::Ask(_) => None,
            Cause::Due(due) | Cause::Queued(due) => {
                entry.missed_until.take().filter(|missed| due.age(missed.until).is_some())
            }
        };
        let task = entry.task.take()?;
        let name = name.clone();
        let key = EntryKey { index, version: entry.version };
        let dispatch = Dispatch { key, name, task, cause, missed_until, sent: now, age, id: entry.id };
        self.in_flight += 1;
        Some(dispatch)
    }

    fn put_home(&mut self, index: usize, task: Box<Task>) {
        self.name_entry(index).entry.as_mut().expect("the task has its entry").task = Some(task);
    }

    /// Ends a task. It loses its name at once. Runs that have not ended go on. Hands back the task if it is at home.
    pub(crate) fn cancel(&mut self, key: TaskKey<'_>, now: Now) -> Option<Removed> {
        let index = self.find(key)?;
        self.remove_named(index, now)
    }

    fn remove_named(&mut self, index: usize, now: Now) -> Option<Removed> {
        let name = self.name_entry(index).name.clone();
        let entry = self.remove(index, now)?;
        self.close_if_empty(index);
        Some(entry.into_removed(name, now))
    }

    /// Makes the next run the last. False if there is no such task.
    pub(crate) fn cancel_after_next(&mut self, key: TaskKey<'_>) -> bool {
        self.find_entry(key).map(|(_, entry)| entry.is_one_more = true).is_some()
    }

    /// Pauses a task. Returns whether it was not paused before, or None if there is no such task.
    pub(crate) fn pause(&mut self, key: TaskKey<'_>) -> Option<bool> {
        let (index, entry) = self.find_entry(key)?;
        let is_new = !std::mem::replace(&mut entry.is_paused, true);
        self.disarm(index);
        Some(is_new)
    }

    /// Resumes a task. Returns whether it was paused, or None if there is no such task.
    pub(crate) fn resume(&mut self, key: TaskKey<'_>, now: Now) -> Option<(bool, Option<Dispatch>)> {
        let (index, entry) = self.find_entry(key)?;
        if !std::mem::replace(&mut entry.is_paused, false) {
            return Some((false, None));
        }
        if entry.may_be_behind(now) {
            entry.miss_until(Why::Paused, now);
        }
        Some((true, self.arm_or_dispatch(index, now)))
    }

    /// Demands a run beside the schedule: now, or as soon as a run is allowed again.
    pub(crate) fn demand(&mut self, key: TaskKey<'_>, now: Now) -> Option<Option<Dispatch>> {
        let (index, entry) = self.find_entry(key)?;
        entry.is_demanded = true;
        Some(self.arm_or_dispatch(index, now))
    }

    /// When there will be something to do, if ever: at the first due time, or earlier for a comparison of the clocks while a
    /// calendar task waits.
    pub(crate) fn next_wake(&mut self, now: Now, clock_check: Option<Duration>) -> Option<Instant> {
        if !self.to_ask.is_empty() {
            return Some(now.mono);
        }
        let name_entries = &self.name_entries;
        let elapsed =
            self.elapsed.first(|item| is_live(name_entries, Due::Elapsed(item.due), item.id, item.index));
        let calendar =
            self.calendar.first(|item| is_live(name_entries, Due::Calendar(item.due), item.id, item.index));
        let calendar = calendar.and_then(|wall| {
            let check = clock_check.and_then(|check| now.mono.checked_add(check));
            earlier(Due::Calendar(wall).mono(now), check)
        });
        earlier(elapsed, calendar)
    }

    /// Removes all tasks.
    pub(crate) fn clear(&mut self, now: Now) -> Vec<Removed> {
        let in_use: Vec<usize> = self.names.values().copied().collect();
        let mut removed: Vec<_> =
            in_use.into_iter().filter_map(|index| self.remove_named(index, now)).collect();
        removed.sort_by_key(|removed| removed.id);
        self.to_ask.clear();
        removed
    }
}

/// The earlier of the two. None is never.
fn earlier(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
