//! Which task is due when: one entry for each name, and two heaps of due times, one for each order of time.
//!
//! An entry waits for its due time ([`Agenda::take_due`]), then for a worker ([`Agenda::pick_up`]), and then its run begins.
//! Only the callback goes to the worker, and comes back when the run has ended ([`Agenda::finish`]). So two runs of a task
//! cannot overlap, unless several threads may call its callback. The schedule stays: its due times are arithmetic. A schedule that is the user's code is handed to
//! a worker to be asked, and comes back with the answer ([`Agenda::answered`]).
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
mod names;
mod query;
mod retries;
mod runs;
mod sweeps;
#[cfg(test)]
mod tests;
mod waits;
mod zones;

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, SystemTime};

pub(crate) use self::entry::EntryKey;
use self::entry::{Cause, Demand, Detached, DetachedKind, Ends, Entry, Hold, NameEntry, Spec, Stage, Wait};
use self::heap::{nanos_after, Heap};
pub(crate) use self::messages::{Asked, Finished, Gone, News, PickedUp, Removed, Request, Rescheduled};
pub(crate) use self::messages::{Scheduled, Then};
use self::names::Names;
pub use self::query::Status;
pub(crate) use self::query::{Details, Owner, TaskDetails, TaskKey, TaskSnapshot};
use self::sweeps::{Clearing, ZoneSweep};
use self::zones::OwnZones;
use crate::clock::Now;
use crate::event::Why;
use crate::schedule::Due;
use crate::stats::Identity;
use crate::sync::{Arc, Instant};
use crate::task::{Missed, Policy, Skipped};

pub(crate) struct Agenda {
    /// By index. Boxed, so that an unused index costs one word.
    name_entries: Vec<Option<Box<NameEntry>>>,
    /// By index: what goes on of tasks that have lost their names. Until it has ended, no other task of the name may start.
    detached: BTreeMap<usize, Vec<Detached>>,
    /// Indices that may be used again, if they still exist and are unused.
    free: Vec<usize>,
    /// The index of each name that has a task, or runs that have not ended.
    names: Names,
    /// The zones that tasks have of their own.
    own_zones: OwnZones,
    /// How many tasks have elapsed time of which some is left out, by what the wall clock shows.
    leave_out_elapsed: usize,
    /// Due times by the monotonic clock, in nanoseconds since `origin`.
    elapsed: Heap,
    /// Due times by the wall clock, in nanoseconds of Unix time.
    calendar: Heap,
    origin: Instant,
    /// The last number given out. Tasks and their versions share them.
    numbers: u64,
    /// Tasks that were queued for a worker and not picked up yet, schedules that are being asked, and runs.
    in_flight: usize,
    /// Tasks that were removed while they waited for a worker, and whose keys are still queued.
    gone: usize,
    /// Indices of tasks whose schedules may have to be asked for the next due time.
    to_ask: Vec<usize>,
    /// Whether the timer may have to wake up for something that has come since the engine asked last.
    wakes: bool,
    /// What was queued since the engine took it last.
    queued: Vec<EntryKey>,
    /// Runs that are to stop, since the engine took them last: the version of a task, and the number of the run if not all are.
    stopped: Vec<(u64, Option<u64>)>,
    /// What happened since the engine took it last, in its order.
    news: Vec<(Arc<Identity>, News)>,
    /// Tasks that wait for a worker, in the order in which they were queued. Some have been picked up since.
    waiting: VecDeque<Wait>,
    /// How many tasks were queued.
    turns: u32,
    /// When the time of a run will be over: with the version of its task and the number of the run, its task and due time.
    limits: BTreeMap<(Instant, u64, u64), (Arc<Identity>, SystemTime)>,
    /// A task that waits longer than this for a worker is reported.
    wait_limit: Option<Duration>,
    /// Both clocks when they were last compared.
    clocks_checked: Option<Now>,
    /// Both clocks when the wall clock last moved against the monotonic one. By these, a due time of elapsed time is shown as
    /// a time of the wall clock, so that it is the same whenever it is asked for.
    reference: Option<Now>,
    /// The latest wall time shown since the last correction. Smaller steps back do not reduce it.
    shown: Option<SystemTime>,
    /// A larger step forward is a correction.
    correction: Duration,
    /// Precise tasks are queued so long before they are due.
    lead: Duration,
    /// A change of zone that goes on.
    zone_sweep: Option<Box<ZoneSweep>>,
    /// The shutdown, if it goes on.
    clearing: Option<Clearing>,
}

impl Agenda {
    /// An empty agenda. `origin` is any time of the monotonic clock.
    pub(crate) fn new(
        correction: Duration,
        wait_limit: Option<Duration>,
        lead: Duration,
        origin: Instant,
    ) -> Agenda {
        Agenda {
            name_entries: Vec::new(),
            detached: BTreeMap::new(),
            free: Vec::new(),
            names: Names::new(),
            own_zones: OwnZones::default(),
            leave_out_elapsed: 0,
            elapsed: Heap::default(),
            calendar: Heap::default(),
            origin,
            numbers: 0,
            in_flight: 0,
            gone: 0,
            to_ask: Vec::new(),
            wakes: false,
            queued: Vec::new(),
            stopped: Vec::new(),
            news: Vec::new(),
            waiting: VecDeque::new(),
            turns: 0,
            limits: BTreeMap::new(),
            wait_limit,
            clocks_checked: None,
            reference: None,
            shown: None,
            correction,
            lead,
            zone_sweep: None,
            clearing: None,
        }
    }

    /// Puts a task on the agenda, unless another task owns its name.
    pub(crate) fn schedule(&mut self, request: Request, now: Now) -> Scheduled {
        let Request { name, timetable, job, first, left, replaces, .. } = request;
        let hash = self.names.hash(&name);
        let found = self.index_of_hash(hash, &name);
        if let (Some(by), false) = (found.and_then(|index| self.name_entry(index).owner()), replaces) {
            return Scheduled::Taken { by, job, timetable };
        }
        self.numbers += 1;
        let Request { policy, scheduled_at, words, zone, is_paused, .. } = request;
        let policy = (policy != Policy::default()).then(|| Box::new(policy));
        let mut entry = Entry {
            version: self.numbers,
            spec: Spec { policy, scheduled_at, words, zone, since: now.wall },
            timetable: Some(timetable),
            job: Some(job),
            next: Some(first),
            stage: Stage::Idle,
            hold: if is_paused { Hold::Paused } else { Hold::Free },
            demand: Demand::None,
            ends: Ends::WithItsSchedule,
            elapsed: Default::default(),
            last: left,
            runs: 0,
            count: 0,
            marks: None,
        };
        let (mut ended, mut replaced) = (None, None);
        let index = match found {
            None => self.open(hash, Identity::new(name, self.numbers)),
            Some(index) => {
                match &self.name_entry(index).entry {
                    Some(old) if !old.is_ending() => {
                        entry.hold = if is_paused { Hold::Paused } else { old.hold };
                        entry.count = old.count;
                        entry.last = left.saturating_add(old.count);
                        replaced = self.remove(index, Why::Cancelled, now);
                    }
                    _ => {
                        ended = self.give_up(index, now);
                        self.name_entry(index).identity = Identity::new(name, self.numbers);
                    }
                }
                index
            }
        };
        self.own_zones.add(entry.spec.zone.as_ref());
        self.name_entry(index).entry = Some(entry);
        self.count_if_left_out(index);
        self.arm_or_queue(index, now);
        match replaced {
            Some(old) => Scheduled::Replaced { old },
            None => Scheduled::New { identity: self.identity(index), ended },
        }
    }

    /// Gives a task another schedule. What was due by the old one and has not run is missed. Returns the old schedule, unless
    /// it is being asked. The plan is taken if the task may have it.
    pub(crate) fn reschedule(
        &mut self,
        key: TaskKey<'_>,
        plan: &mut Option<Rescheduled>,
        now: Now,
    ) -> Option<Removed> {
        let (index, _) = self.find_entry(key)?;
        let is_users = plan.as_ref()?.timetable.is_users();
        self.may_reschedule(key, is_users).ok()?;
        let Rescheduled { timetable, first, left, words, zone } = plan.take()?;
        self.give_up_retry(index, now);
        let missed = self.count_rest(index, Why::Cancelled, now);
        self.disarm(index);
        let NameEntry { identity, entry } = self.name_entry(index);
        let (identity, entry) = (identity.clone(), entry.as_mut()?);
        let old = entry.timetable.replace(timetable);
        let mut asked = None;
        if entry.stage == Stage::Asked {
            // Until the old schedule has answered, the new one waits.
            entry.stage = Stage::Idle;
            let (identity, version, at, why) = (identity.clone(), entry.version, now, Some(Why::Cancelled));
            let (kind, is_last, is_given_up) = (DetachedKind::Asked, false, false);
            asked = Some(Detached { identity, version, at, why, kind, is_last, is_given_up });
        }
        entry.next = Some(first);
        entry.last = entry.count.saturating_add(left);
        let old_zone = std::mem::replace(&mut entry.spec.zone, zone.clone());
        (entry.spec.words, entry.spec.since) = (words, now.wall);
        entry.marks = None;
        self.own_zones.remove(old_zone.as_ref());
        self.own_zones.add(zone.as_ref());
        self.count_if_left_out(index);
        self.add_detached(index, asked);
        self.arm_or_queue(index, now);
        old.map(|old| Removed { identity, job: None, timetable: Some(old), missed })
    }

    /// Queues tasks that are due, but no more than `most`, in the order of their due times. Equal ones leave in the order in
    /// which they were scheduled.
    pub(crate) fn take_due(&mut self, now: Now, most: usize) {
        for index in std::mem::take(&mut self.to_ask) {
            if self.find_at(index).and_then(Entry::ask_after).is_some() {
                self.arm_or_queue(index, now);
            }
        }
        self.stop_overlong(now);
        // The two orders of time become one: what has been due for longer goes first. A precise task counts as due by the time
        // in the heap.
        let (mono, wall) = (self.nanos(Due::Elapsed(now.mono)), self.nanos(Due::Calendar(now.wall)));
        for _ in 0..most {
            let elapsed = self.elapsed.first().filter(|item| item.due() <= mono);
            let calendar = self.calendar.first().filter(|item| item.due() <= wall);
            let (index, is_elapsed) = match (elapsed, calendar) {
                (None, None) => return,
                (Some(one), Some(other))
                    if (one.due() - mono, one.id()) < (other.due() - wall, other.id()) =>
                {
                    (one.index, true)
                }
                (_, Some(other)) => (other.index, false),
                (Some(one), None) => (one.index, true),
            };
            if self.follow_zone(index) {
                // It may be due at another time now.
                continue;
            }
            match is_elapsed {
                true => self.elapsed.remove(index),
                false => self.calendar.remove(index),
            }
            // In the heap of elapsed time, that of a run to be repeated is in the place of the next due time.
            if is_elapsed && self.waits_to_repeat(index) {
                self.retry_has_come(index, now);
            } else {
                self.due_has_come(index, now);
            }
        }
    }

    fn due_has_come(&mut self, index: usize, now: Now) {
        let entry = self.entry_at(index);
        entry.stage = Stage::Idle;
        if entry.retry().is_some() {
            self.give_up_retry(index, now);
            return self.queue(index, Cause::Due, now);
        }
        if !entry.is_full() {
            self.queue(index, Cause::Due, now);
        } else if entry.counts_overruns() {
            self.miss(index, Why::StillRunning, now);
        }
    }

    /// Arms the next due time of a task, or queues the task if its schedule is to be asked, if a run was demanded, or if
    /// it is over. Does nothing while it waits for something else.
    pub(super) fn arm_or_queue(&mut self, index: usize, now: Now) {
        if self.is_held_up(index) {
            return;
        }
        let entry = match &mut self.name_entry(index).entry {
            Some(entry) => entry,
            None => return,
        };
        let cause = match entry {
            Entry { stage: Stage::Queued { .. } | Stage::Asked | Stage::Ending, .. } => return,
            _ if entry.ask_after().is_some() => Cause::Ask,
            Entry { demand: Demand::Run, .. } if !entry.is_full() => Cause::Demand,
            _ if entry.retry().is_some() => return self.arm_retry(index, now),
            _ if entry.is_over() => Cause::Due,
            Entry { hold: Hold::Paused, .. } => return,
            _ => return self.arm(index, now),
        };
        self.disarm(index);
        self.queue(index, cause, now);
    }

    /// Ends a task. It loses its name at once. Runs that have not ended go on. Returns what remains of it, and its details if
    /// they are wanted.
    pub(crate) fn cancel(
        &mut self,
        key: TaskKey<'_>,
        details: Details,
        now: Now,
    ) -> Option<(Removed, Option<TaskDetails>)> {
        let (index, _) = self.find_entry(key)?;
        let details = match details {
            Details::Wanted => self.details_at(index).map(|(_, details)| details),
            Details::Unwanted => None,
        };
        let removed = self.remove(index, Why::Cancelled, now)?;
        self.close_if_empty(index);
        Some((removed, details))
    }

    /// Makes the next run the last. False if there is no such task.
    pub(crate) fn cancel_after_next(&mut self, key: TaskKey<'_>) -> bool {
        self.find_entry(key).map(|(_, entry)| entry.ends = Ends::AfterTheNextRun).is_some()
    }

    /// Pauses a task. Returns whether it was not paused before, or None if there is no such task.
    pub(crate) fn pause(&mut self, key: TaskKey<'_>, now: Now) -> Option<bool> {
        let (index, entry) = self.find_entry(key)?;
        let before = std::mem::replace(&mut entry.hold, Hold::Paused);
        let gives_up = entry.retry().is_some();
        self.give_up_retry(index, now);
        self.disarm(index);
        if gives_up {
            self.arm_or_queue(index, now);
        }
        Some(before == Hold::Free)
    }

    /// Resumes a task: what has passed is run as `missed` says. Returns whether it was paused, or None if there is no such task.
    pub(crate) fn resume(&mut self, key: TaskKey<'_>, missed: Missed, now: Now) -> Option<bool> {
        let (index, entry) = self.find_entry(key)?;
        if std::mem::replace(&mut entry.hold, Hold::Free) == Hold::Free {
            return Some(false);
        }
        match entry.passed(now) {
            // In an earlier process, before it was scheduled: that has not passed in the pause. What came later has.
            Some(Due::Calendar(due)) if missed == Missed::Skip && due < entry.spec.since => {
                let (from, to, why) = (entry.spec.since, now.wall, Why::Paused);
                entry.marks().skipped.get_or_insert(Skipped { from, to, why });
            }
            _ if missed == Missed::Skip => self.miss(index, Why::Paused, now),
            None => {}
            Some(_) => {
                entry.marks().catch_up = Some((missed, now));
                if entry.is_full() {
                    // No overruns: the end of the run has them run.
                    entry.set_backlog(Some(now));
                    return Some(true);
                }
            }
        }
        self.arm_or_queue(index, now);
        Some(true)
    }

    /// Demands a run beside the schedule: now, or as soon as a run is allowed again.
    /// Answers whether there will be one, which is not so during the last run.
    pub(crate) fn demand(&mut self, key: TaskKey<'_>, now: Now) -> Option<bool> {
        let (index, entry) = self.find_entry(key)?;
        if entry.is_ending() || entry.repeats_its_last() {
            return Some(false);
        }
        entry.demand = Demand::Run;
        self.give_up_retry(index, now);
        self.arm_or_queue(index, now);
        Some(true)
    }

    /// Whether the timer may have to wake up earlier than when this was asked last.
    pub(crate) fn take_wakes(&mut self) -> bool {
        std::mem::take(&mut self.wakes)
    }

    /// What was queued for the workers since it was taken last.
    pub(crate) fn take_queued(&mut self) -> Vec<EntryKey> {
        std::mem::take(&mut self.queued)
    }

    /// Runs that are to stop, since they were taken last.
    pub(crate) fn take_stopped(&mut self) -> Vec<(u64, Option<u64>)> {
        std::mem::take(&mut self.stopped)
    }

    /// Whether something has happened to a task since the news was taken last. Mostly nothing has.
    #[inline]
    pub(crate) fn has_news(&self) -> bool {
        !self.news.is_empty()
    }

    /// What happened to tasks since it was taken last.
    pub(crate) fn take_news(&mut self) -> Vec<(Arc<Identity>, News)> {
        std::mem::take(&mut self.news)
    }

    /// When there will be something to do, if ever: at the first due time, or at a comparison of the clocks if a task waits by
    /// the wall clock.
    pub(crate) fn next_wake(&mut self, now: Now, clock_check: Option<Duration>) -> Option<Instant> {
        if !self.to_ask.is_empty() {
            return Some(now.mono);
        }
        let elapsed = self.elapsed.first().and_then(|item| nanos_after(self.origin, item.due()));
        let wall = self.nanos(Due::Calendar(now.wall));
        let calendar = self.calendar.first().and_then(|item| nanos_after(now.mono, item.due() - wall));
        let watches = self.leave_out_elapsed > 0 || self.calendar.first().is_some();
        let watch = clock_check.filter(|_| watches).and_then(|check| now.mono.checked_add(check));
        earlier(earlier(elapsed, watch), earlier(calendar, self.next_limit()))
    }
}

/// The earlier of the two. None is never.
pub(crate) fn earlier(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
