//! Who waits for when: one slot for each name, and two heaps of dues, one for each order of time.
//!
//! A task is in one of three places: at home in its slot, away with a worker, or gone. It is sent off when its due
//! comes ([`Agenda::take_due`]), begins a run or does not ([`Agenda::begin`]), and comes back ([`Agenda::finish`]). As it
//! travels whole, two runs of it cannot overlap. The next due is known, and armed, while it is away.
//!
//! Pure: no threads, no lock, no clock. Time is an argument, and nothing of the user's is called or dropped in here:
//! what is to be dropped is handed back.

mod ask;
mod cancelled;
mod exchange;
mod follow;
mod heap;
pub(crate) mod record;
mod seat;
mod slots;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::{HashMap, VecDeque};
use std::time::{Duration, SystemTime};

use self::cancelled::Cancelled;
pub use self::exchange::Status;
pub(crate) use self::exchange::{
    Begun, Decision, Errand, Finished, Glimpse, Holder, Leftover, Lost, Overrun, Place, Request, Scheduled,
    Which,
};
use self::heap::Heap;
pub use self::record::Ending;
pub(crate) use self::record::{End, Memory, Note, Prospect, NOTES};
pub(crate) use self::seat::Unmet;
use self::seat::{Leaver, Seat, Slot};
use self::slots::is_live;
use crate::clock::Now;
use crate::event::Why;
use crate::schedule::Due;
use crate::sync::{Arc, Instant};
use crate::task::{Cause, Facts, Job, MissedDues, Overlap, Runner, Start, Task};

pub(crate) struct Agenda {
    /// Boxed, so that a place that is not in use is a word.
    slots: Vec<Option<Box<Slot>>>,
    /// Places in `slots` that may be used again, if they still exist and are empty.
    free: Vec<usize>,
    /// The slot of every name that has a task, or runs that have not ended.
    names: HashMap<Arc<str>, usize>,
    elapsed: Heap<Instant>,
    calendar: Heap<SystemTime>,
    /// Numbers given out so far, to tasks and to their versions.
    numbers: u64,
    /// Tasks sent off that are not back: on their way to a run, or in one. One for each run.
    away: usize,
    /// Tasks that lost their names on their way to a run, by their versions.
    lost: HashMap<u64, Lost>,
    /// Slots of tasks that may be at home and have to look for another due.
    to_look: Vec<usize>,
    /// Both clocks when they were last compared.
    looked: Option<Now>,
    /// The latest that the wall clock has shown since it was last corrected, however little it has been set back since.
    shown: Option<SystemTime>,
    /// A larger step forward is a correction.
    correction: Duration,
    /// How many notes are kept of each task.
    history: usize,
    /// The last few tasks that were cancelled, the newest last.
    cancelled: VecDeque<Cancelled>,
}

impl Agenda {
    /// An empty one; how large a step forward may be that is no correction, and how many notes are kept of each task.
    pub(crate) fn new(correction: Duration, history: usize) -> Agenda {
        Agenda {
            slots: Vec::new(),
            free: Vec::new(),
            names: HashMap::new(),
            elapsed: Heap::default(),
            calendar: Heap::default(),
            numbers: 0,
            away: 0,
            lost: HashMap::new(),
            to_look: Vec::new(),
            looked: None,
            shown: None,
            correction,
            history,
            cancelled: VecDeque::new(),
        }
    }

    /// Puts a task on the agenda, unless its name is used.
    pub(crate) fn schedule(&mut self, request: Request, now: Now) -> Scheduled {
        let slot = match self.names.get(&request.name) {
            Some(&slot) => slot,
            None => self.open(request.name.clone()),
        };
        if let (Some(seat), false) = (&self.slot(slot).seat, request.replaces) {
            let by = Holder { id: seat.id, scheduled_at: seat.scheduled_at };
            return Scheduled::Taken { by, task: request.task };
        }
        self.numbers += 1;
        let (version, history) = (self.numbers, self.history);
        let mut seat = Seat {
            id: version,
            version,
            next: Some(request.first),
            is_armed: false,
            is_paused: false,
            is_demanded: false,
            is_one_more: false,
            is_reported: false,
            backlog: None,
            was_set_back: None,
            zone: request.zone,
            moved: None,
            looks_from: None,
            excuse: None,
            runs: 0,
            overlap: request.task.policy.overlap,
            allowed_runs: request.task.allowed_runs(),
            is_async: matches!(request.task.job, Job::Async(_)),
            count: 0,
            last: request.task.left,
            scheduled_at: request.scheduled_at,
            schedule: request.schedule,
            plan: request.task.timetable.plan().map(Arc::new),
            since: now.wall,
            took: Default::default(),
            record: None,
            task: Some(request.task),
        };
        let scheduled = match self.lose(slot, now) {
            None => Scheduled::New { id: version },
            Some(mut old) => {
                seat.id = old.id;
                seat.is_paused = old.is_paused;
                seat.count = old.count;
                seat.last = seat.last.saturating_add(old.count);
                seat.succeed(&mut old, now, history);
                if let Some(task) = &mut seat.task {
                    task.count = old.count;
                }
                Scheduled::Replaced { id: old.id, old: old.leftover(request.name, now) }
            }
        };
        let is_paused = seat.is_paused;
        self.slot(slot).seat = Some(seat);
        if !is_paused {
            self.arm(slot);
        }
        scheduled
    }

    /// Sends off all tasks that are due, in the order of their dues; equal dues in the order they were scheduled in.
    pub(crate) fn take_due(&mut self, now: Now, errands: &mut Vec<Errand>, overruns: &mut Vec<Overrun>) {
        for slot in std::mem::take(&mut self.to_look) {
            let seat = self.slots.get(slot).and_then(|slot| slot.as_ref()?.seat.as_ref());
            if seat.map_or(false, |seat| seat.looks_from.is_some()) {
                errands.extend(self.settle(slot, now));
            }
        }
        let begin = errands.len();
        while let Some(Reverse(entry)) = self.elapsed.pop_until(now.mono) {
            self.due_has_come(Due::Elapsed(entry.due), entry.id, entry.slot, now, errands, overruns);
        }
        let middle = errands.len();
        while let Some(Reverse(entry)) = self.calendar.pop_until(now.wall) {
            self.due_has_come(Due::Calendar(entry.due), entry.id, entry.slot, now, errands, overruns);
        }
        if begin < middle && middle < errands.len() {
            // Two orders of time become one: the longer ago, the earlier.
            errands[begin..].sort_by_key(|errand| (Reverse(errand.age), errand.id));
        }
    }

    fn due_has_come(
        &mut self,
        due: Due,
        id: u64,
        slot: usize,
        now: Now,
        errands: &mut Vec<Errand>,
        overruns: &mut Vec<Overrun>,
    ) {
        if !is_live(&self.slots, due, id, slot) {
            return;
        }
        self.disarm(slot);
        let Slot { name, seat, leaving } = self.slot(slot);
        let seat = seat.as_mut().expect("a live entry has a seat");
        if !leaving.is_empty() {
            // Held: an earlier task of this name still runs, and its end will arm this one again.
        } else if seat.task.is_some() {
            // Also if it was told as missed during a run, and the clock has been set back since: it is not run after all.
            if seat.runs >= seat.allowed_runs || seat.is_reported {
                seat.excuse(Why::StillRunning, now);
            }
            errands.extend(self.send(slot, Cause::Due(due), now));
        } else if seat.runs >= seat.allowed_runs && seat.overlap != Overlap::Queue {
            // The run may never end, so its first overrun is told when it happens; the others, once it has ended.
            let place = Place { slot, version: seat.version };
            overruns.push(Overrun { place, name: name.clone(), due });
        }
    }

    /// Takes note that an overrun is about to be told, unless the run has ended first, and told it with the others. Says
    /// why it is one.
    pub(crate) fn report(&mut self, overrun: &Overrun, now: Now) -> Option<Why> {
        let (due, history) = (overrun.due, self.history);
        let seat = match self.seat(overrun.place) {
            Some(seat) if seat.task.is_none() && seat.runs >= seat.allowed_runs => seat,
            _ => return None,
        };
        if seat.is_reported || seat.next != Some(due) || due.age(now).is_none() {
            return None;
        }
        seat.is_reported = true;
        let excuse = seat.excuse.as_ref().filter(|excuse| due.age(excuse.until).is_some());
        let why = excuse.map_or(Why::StillRunning, |excuse| excuse.why);
        seat.note_one_missed(due.passed_at(now), why, history);
        Some(why)
    }

    /// Takes note of what was decided for an errand: a run begins, or does not. Says what is to be done now, and adds to
    /// the missed dues what a pause has kept from starting.
    pub(crate) fn begin(
        &mut self,
        place: Place,
        mut task: Box<Task>,
        decision: Decision,
        missed: &mut Vec<MissedDues>,
        now: Now,
    ) -> Begun {
        let Place { slot, version } = place;
        let (is_demand, history) = (decision.next.is_none(), self.history);
        match (self.seat(place), decision.next) {
            (None, _) => {
                if let (Some(Start { due, .. }), false) = (decision.start, is_demand) {
                    self.note_gone(place, due);
                }
                return self.gone(place, task, now);
            }
            (Some(_), None) => {}
            (Some(seat), Some(next)) => {
                debug_assert!(!seat.is_armed, "a due that has come is not waited for");
                seat.next = next;
                seat.is_reported = false;
                if let (Some(excuse), true) = (&mut seat.excuse, decision.judged.is_some()) {
                    // Of a correction found on the way. What was reported then has been counted by whoever was on it.
                    excuse.reported = 0;
                }
            }
        }
        self.follow(slot, &mut task, decision.judged, now);
        let seat = self.seat(place).expect("it was there");
        // Its schedule is to be asked first; then it is sent off for the run again.
        let is_put_off = is_demand && seat.looks_from.is_some();
        let in_the_way = match seat {
            _ if seat.runs >= seat.allowed_runs => Some(Why::StillRunning),
            _ if seat.is_paused && !is_demand => Some(Why::Paused),
            _ => None,
        };
        let start = match (decision.start.filter(|_| !is_put_off), in_the_way) {
            (Some(start), None) => start,
            (start, why) => {
                if let (Some(Start { due, .. }), Some(why), false) = (start, why, is_demand) {
                    missed.push(MissedDues { count: 1, first: due, latest: due, why });
                }
                seat.note_missed(missed, None, history);
                // Having looked in vain, a run that was asked for before is its last.
                let is_yet_to_run = seat.is_demanded && decision.judged.is_none();
                if seat.next.is_none() && !is_yet_to_run {
                    self.vacate(slot, now);
                    self.close_if_empty(slot);
                    return Begun::Over(task);
                }
                self.take_home(slot, task);
                return Begun::Home(self.settle(slot, now));
            }
        };
        if is_demand {
            seat.is_demanded = false;
        }
        task.count += 1;
        task.left = task.left.saturating_sub(1);
        seat.count = task.count;
        let id = seat.id;
        let count = task.count;
        let is_one_more = seat.is_one_more;
        let is_last = is_one_more || task.left == 0 || seat.next.is_none();
        let mut runner = Runner::Whole(task);
        let mut errand = None;
        if is_last {
            if is_one_more {
                seat.note_missed(missed, Some(&start), history);
                seat.note_run(&start, is_demand, history);
                self.remember(slot, now);
            }
            self.vacate(slot, now);
            self.slot(slot).leaving.push(Leaver { id, version, unmet: None });
        } else {
            seat.note_missed(missed, Some(&start), history);
            seat.note_run(&start, is_demand, history);
            seat.runs += 1;
            seat.note_backlog(now);
            if seat.allowed_runs > 1 {
                runner = runner.split(&mut seat.task);
                errand = self.settle(slot, now);
            } else if !seat.is_paused && seat.backlog.is_none() && seat.looks_from.is_none() {
                self.arm(slot);
            }
        }
        let name = self.slot(slot).name.clone();
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
        Begun::Run { facts, runner, errand }
    }

    /// Takes a task back home that was sent off too early: the clock was set back on its way.
    pub(crate) fn take_back(&mut self, place: Place, mut task: Box<Task>, now: Now) -> Begun {
        if self.seat(place).is_none() {
            return self.gone(place, task, now);
        }
        self.follow(place.slot, &mut task, None, now);
        self.take_home(place.slot, task);
        Begun::Home(self.settle(place.slot, now))
    }

    fn gone(&mut self, place: Place, task: Box<Task>, now: Now) -> Begun {
        let lost = self.lost.remove(&place.version).unwrap_or(Lost { at: now, unmet: None });
        if self.lost.is_empty() {
            self.lost = HashMap::new();
        }
        Begun::Gone { task, lost }
    }

    /// Takes note of the end of a run, and takes the task back that did it, unless it is at home.
    pub(crate) fn finish(&mut self, place: Place, task: Option<Box<Task>>, end: End, now: Now) -> Finished {
        let Place { slot, version } = place;
        if let Some(seat) = self.seat(place) {
            seat.runs -= 1;
            seat.note_end(end);
            if end.is_break {
                // Not on its way, but back from its run.
                let passed = seat.next.filter(|due| due.age(now).is_some());
                let unmet =
                    passed.map(|due| Unmet { due, until: now, reported: u64::from(seat.is_reported) });
                let home = self.vacate(slot, now).and_then(|seat| seat.task);
                self.close_if_empty(slot);
                return Finished { errand: None, dropped: task.or(home), unmet, is_over: true };
            }
            let mut errand = None;
            if let Some(mut task) = task {
                self.follow(slot, &mut task, None, now);
                self.take_home(slot, task);
                errand = self.overrun(slot, now);
            }
            let errand = errand.or_else(|| self.settle(slot, now));
            return Finished { errand, dropped: None, unmet: None, is_over: false };
        }
        let leaving = &mut self.slot(slot).leaving;
        let run = leaving.iter().position(|leaver| leaver.version == version).expect("this run was going on");
        let Leaver { unmet, .. } = leaving.swap_remove(run);
        if let Some(record) = self.remembered(version).and_then(|memory| memory.record.as_mut()) {
            record.end(end);
        }
        let errand = if self.close_if_empty(slot) { None } else { self.settle(slot, now) };
        Finished { errand, dropped: task, unmet, is_over: false }
    }

    /// Something is about to be said about a task: nothing is quiet until it has [come back](Agenda::came_back).
    pub(crate) fn depart(&mut self) {
        self.away += 1;
    }

    /// A task that was sent off is back, or gone for good, and all that was to be said about it has been said.
    pub(crate) fn came_back(&mut self) {
        self.away -= 1;
    }

    /// Sends a task off again if a due passed while it was running.
    fn overrun(&mut self, slot: usize, now: Now) -> Option<Errand> {
        let seat = self.slot(slot).seat.as_mut().expect("the task is at home");
        if seat.looks_from.is_some() {
            // Which they are has to be asked first. None of them had passed before the run began.
            seat.backlog = None;
            if !seat.is_paused && seat.overlap != Overlap::Queue {
                seat.excuse(Why::StillRunning, now);
            }
            return None;
        }
        let (due, is_passed) = match seat.next {
            Some(due) if due.age(now).is_some() => (due, true),
            // It was told as missed, and the clock has been set back since: it is over all the same.
            Some(due) if seat.is_reported => (due, false),
            _ => {
                seat.backlog = None;
                return None;
            }
        };
        if seat.is_backlog(due) {
            return None;
        }
        seat.backlog = None;
        if seat.is_paused {
            return None;
        }
        let cause = match (seat.overlap, is_passed) {
            (Overlap::Queue, true) => Cause::Queued(due),
            (_, true) => {
                seat.excuse(Why::StillRunning, now);
                Cause::Due(due)
            }
            (_, false) => {
                seat.excuse(Why::StillRunning, Now { wall: due.passed_at(now), ..now });
                Cause::Queued(due)
            }
        };
        self.disarm(slot);
        self.send(slot, cause, now)
    }

    /// Lets a task that is at home wait for its next due, or sends it off if a run was asked for. One whose name has
    /// runs of an earlier task stays where it is.
    fn settle(&mut self, slot: usize, now: Now) -> Option<Errand> {
        let Slot { seat, leaving, .. } = self.slot(slot);
        let seat = seat.as_mut()?;
        if seat.task.is_none() || !leaving.is_empty() {
            return None;
        }
        if let Some(wall) = seat.looks_from.take() {
            self.disarm(slot);
            return self.send(slot, Cause::Look(wall), now);
        }
        if seat.is_demanded && seat.runs < seat.allowed_runs {
            return self.send(slot, Cause::Demand, now);
        }
        if !seat.is_paused {
            self.arm(slot);
        }
        None
    }

    fn send(&mut self, slot: usize, cause: Cause, now: Now) -> Option<Errand> {
        let Slot { name, seat, .. } = self.slot(slot);
        let seat = seat.as_mut()?;
        let age = match cause {
            Cause::Due(due) | Cause::Queued(due) => due.age(now).unwrap_or_default(),
            Cause::Demand | Cause::Look(_) => Duration::ZERO,
        };
        let excuse = match cause {
            Cause::Demand | Cause::Look(_) => None,
            Cause::Due(due) | Cause::Queued(due) => {
                seat.excuse.take().filter(|excuse| due.age(excuse.until).is_some())
            }
        };
        let task = seat.task.take()?;
        let name = name.clone();
        let place = Place { slot, version: seat.version };
        let errand = Errand { place, name, task, cause, excuse, sent: now, age, id: seat.id };
        self.away += 1;
        Some(errand)
    }

    fn take_home(&mut self, slot: usize, task: Box<Task>) {
        self.slot(slot).seat.as_mut().expect("the task has its seat").task = Some(task);
    }

    /// Ends a task: it loses its name at once, and its run, if one is going on, is let finish. Hands back the task if it
    /// is at home.
    pub(crate) fn cancel(&mut self, which: Which<'_>, now: Now) -> Option<Leftover> {
        let slot = self.find(which)?;
        self.remember(slot, now);
        self.leave(slot, now)
    }

    fn leave(&mut self, slot: usize, now: Now) -> Option<Leftover> {
        let name = self.slot(slot).name.clone();
        let seat = self.lose(slot, now)?;
        self.close_if_empty(slot);
        Some(seat.leftover(name, now))
    }

    /// Lets the next run be the last.
    pub(crate) fn cancel_after_next(&mut self, which: Which<'_>) -> bool {
        self.find_seat(which).map(|(_, seat)| seat.is_one_more = true).is_some()
    }

    /// Holds a task. Answers whether it was not held before; None if there is no such task.
    pub(crate) fn pause(&mut self, which: Which<'_>, now: Now) -> Option<bool> {
        let history = self.history;
        let (slot, seat) = self.find_seat(which)?;
        let is_new = !std::mem::replace(&mut seat.is_paused, true);
        if is_new {
            seat.note(Note::Paused { at: now.wall }, history);
        }
        self.disarm(slot);
        Some(is_new)
    }

    /// Lets a task go on. Answers whether it was held; None if there is no such task.
    pub(crate) fn resume(&mut self, which: Which<'_>, now: Now) -> Option<(bool, Option<Errand>)> {
        let (slot, seat) = self.find_seat(which)?;
        if !std::mem::replace(&mut seat.is_paused, false) {
            return Some((false, None));
        }
        if seat.may_be_behind(now) {
            seat.excuse(Why::Paused, now);
        }
        Some((true, self.settle(slot, now)))
    }

    /// Asks for a run beside the schedule: now, or as soon as the runs that are in its way have ended.
    pub(crate) fn demand(&mut self, which: Which<'_>, now: Now) -> Option<Option<Errand>> {
        let (slot, seat) = self.find_seat(which)?;
        seat.is_demanded = true;
        Some(self.settle(slot, now))
    }

    /// When there will be something to do, if ever: the first due, or sooner, while a calendar due is waited for, a look
    /// at the clocks.
    pub(crate) fn next_wake(&mut self, now: Now, clock_check: Option<Duration>) -> Option<Instant> {
        if !self.to_look.is_empty() {
            return Some(now.mono);
        }
        let slots = &self.slots;
        let elapsed =
            self.elapsed.first(|entry| is_live(slots, Due::Elapsed(entry.due), entry.id, entry.slot));
        let calendar =
            self.calendar.first(|entry| is_live(slots, Due::Calendar(entry.due), entry.id, entry.slot));
        let calendar = calendar.and_then(|wall| {
            let look = clock_check.and_then(|check| now.mono.checked_add(check));
            earlier(Due::Calendar(wall).mono(now), look)
        });
        earlier(elapsed, calendar)
    }

    /// Takes everything off the agenda.
    pub(crate) fn clear(&mut self, now: Now) -> Vec<Leftover> {
        let in_use: Vec<usize> = self.names.values().copied().collect();
        let mut leftovers: Vec<_> = in_use.into_iter().filter_map(|slot| self.leave(slot, now)).collect();
        leftovers.sort_by_key(|leftover| leftover.id);
        self.to_look.clear();
        leftovers
    }
}

/// The earlier of two that may be never.
fn earlier(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
