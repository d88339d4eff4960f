//! What a worker changes in an entry: when it comes, when a schedule has answered, when a run has ended. Pure: no threads,
//! no clock.

use std::time::Duration;

use super::entry::{Cause, Demand, Detached, DetachedKind, Ends, Entry, NameEntry, Stage};
use super::{Agenda, Asked, EntryKey, Finished, Gone, News, PickedUp, Removed, Then};
use crate::clock::Now;
use crate::event::Why;
use crate::schedule::{Due, Timetable};
use crate::task::{
    Come, Facts, Job, Late, MissedOccurrences, NextDue, Overlap, Place, Question, QuestionKind, Reason,
    Retry, Start, Verdicts,
};

impl Agenda {
    /// The due time of a precise task that was queued before it.
    pub(crate) fn early(&mut self, key: EntryKey, now: Now) -> Option<Due> {
        let lead = self.lead;
        let entry = self.entry(key).filter(|entry| entry.spec.policy().is_precise)?;
        let is_queued = matches!(entry.stage, Stage::Queued { cause: Cause::Due, .. });
        let is_near = |due: &Due| !due.has_come(now) && due.earlier(lead).has_come(now);
        entry.next.filter(|due| is_queued && is_near(due))
    }

    /// A worker has come for a queued task.
    pub(crate) fn pick_up(&mut self, key: EntryKey, now: Now) -> PickedUp {
        let EntryKey { index, .. } = key;
        self.settle(key);
        let (cause, turn) = match self.entry(key).map(|entry| entry.stage) {
            Some(Stage::Queued { cause, turn }) => (cause, turn),
            _ => {
                self.gone -= 1;
                return self.nothing();
            }
        };
        let now = self.now_for(index, now);
        // Also drops those that were picked up before.
        if let Some(first) = self.first_wait().filter(|first| first.turn == turn) {
            self.report_if_long(first, now);
        }
        let entry = self.entry_at(index);
        entry.stage = Stage::Idle;
        if !matches!(cause, Cause::Retry | Cause::Ask) || entry.passed(now).is_some() {
            self.give_up_retry(index, now);
        }
        let entry = self.entry_at(index);
        let kind = match (cause, entry.ask_after(), entry.next) {
            (_, Some(since), _) => {
                entry.marks().ask_after = None;
                QuestionKind::After(since)
            }
            (Cause::Retry, ..) if entry.retry().is_some() => {
                let Retry { run, .. } = *entry.take_retry().expect("it was there");
                return self.start_run(index, Facts { attempt: run.attempt + 1, ..run }, now);
            }
            (Cause::Demand, ..) => {
                entry.demand = Demand::None;
                let (due, lateness, reason) = (now.wall, Duration::ZERO, Reason::Demand);
                return self.start(index, Start { due, lateness, claim: None, missed: 0, reason }, now);
            }
            _ if entry.is_over() => return self.over(index, now),
            _ => match entry.come(cause, now) {
                Some(come) => QuestionKind::Come(come),
                // The clock was set back since, or a caller has paused the task.
                None => return self.no_run(index, now),
            },
        };
        let mut policy = entry.spec.policy();
        if let Some(missed) = entry.catch_up() {
            (policy.missed, policy.grace) = (missed, None);
        }
        let question = Question { policy, kind };
        let mut timetable = entry.timetable.take().expect("it is not being asked");
        if timetable.is_users() {
            entry.stage = Stage::Asked;
            return PickedUp::Ask(Box::new(Asked { timetable, question, now }));
        }
        let verdicts = question.answer(&mut timetable, now);
        self.decided(index, timetable, verdicts, None, now)
    }

    /// The answer of a schedule that is the user's code. `asked` is when it was asked, if for what has come.
    pub(crate) fn answered(
        &mut self,
        key: EntryKey,
        timetable: Timetable,
        verdicts: Verdicts,
        asked: Option<Now>,
        now: Now,
    ) -> PickedUp {
        self.settle(key);
        let is_detached = self.has_detached(key, DetachedKind::Asked);
        match self.entry(key) {
            Some(entry) if !is_detached => {
                entry.stage = Stage::Idle;
                self.decided(key.index, timetable, verdicts, asked, now)
            }
            _ => {
                let Detached { identity, at, why, .. } = self.take_detached(key, DetachedKind::Asked);
                self.detached_ended(key.index, now);
                let why = why.unwrap_or(Why::Cancelled);
                PickedUp::Gone(Box::new(Gone { identity, timetable, verdicts, at, why }))
            }
        }
    }

    /// Carries out what was decided: a run begins or does not.
    fn decided(
        &mut self,
        index: usize,
        timetable: Timetable,
        verdicts: Verdicts,
        asked: Option<Now>,
        now: Now,
    ) -> PickedUp {
        let Verdicts { start, missed, next } = verdicts;
        let entry = self.entry_at(index);
        entry.timetable = Some(timetable);
        entry.next = next.due();
        entry.forget_skipped(now);
        let is_paused = entry.is_paused();
        let held_up = start.filter(|_| is_paused);
        let held_up = held_up.map(|Start { due, .. }| MissedOccurrences {
            count: 1,
            first: due,
            latest: due,
            why: Why::Paused,
        });
        self.report_missed(index, missed.into_iter().chain(held_up));
        if let NextDue::Broken(error) = next {
            let task = self.identity(index);
            self.news.push((task, News::Broken(error)));
        }
        self.apply_changes(index, asked, now);
        match start {
            Some(start) if !is_paused => self.start(index, start, now),
            _ => self.no_run(index, now),
        }
    }

    /// No run begins.
    fn no_run(&mut self, index: usize, now: Now) -> PickedUp {
        let entry = self.entry_at(index);
        if entry.is_over() {
            return self.over(index, now);
        }
        self.arm_or_queue(index, now);
        self.nothing()
    }

    fn nothing(&mut self) -> PickedUp {
        self.in_flight -= 1;
        PickedUp::Nothing
    }

    /// The schedule has ended.
    fn over(&mut self, index: usize, now: Now) -> PickedUp {
        let removed =
            self.remove(index, Why::Cancelled, now).expect("a task is decided about while it has its entry");
        self.close_if_empty(index);
        PickedUp::Over(Box::new(removed))
    }

    fn start(&mut self, index: usize, start: Start, now: Now) -> PickedUp {
        let NameEntry { identity, entry } = self.name_entry(index);
        let identity = identity.clone();
        let entry = entry.as_mut().expect("a task is decided about while it has its entry");
        entry.count += 1;
        let place = match entry.ends {
            Ends::AfterTheNextRun => Place::OneMore,
            Ends::WithItsSchedule if entry.next.is_none() || entry.count >= entry.last => Place::Last,
            Ends::WithItsSchedule => Place::Any,
        };
        let Start { due, lateness, claim, missed, reason } = start;
        let Entry { version, count, .. } = *entry;
        let (attempt, deadline) = (1, None);
        let run = Facts {
            identity,
            version,
            due,
            lateness,
            claim,
            missed,
            count,
            reason,
            place,
            attempt,
            deadline,
        };
        self.start_run(index, run, now)
    }

    fn start_run(&mut self, index: usize, mut facts: Facts, now: Now) -> PickedUp {
        // A run that need not be the last: it was demanded, or none is to follow it. What else has passed is missed.
        let need_not_be_last =
            facts.place == Place::OneMore || facts.place == Place::Last && facts.reason == Reason::Demand;
        let rest = if need_not_be_last { self.count_rest(index, Why::Cancelled, now) } else { None };
        let entry = self.entry_at(index);
        let limit = entry.spec.policy().time_limit;
        facts.deadline = limit.and_then(|limit| now.mono.checked_add(limit));
        let shared = entry.job.as_ref().and_then(Job::shared);
        let job = shared.or_else(|| entry.job.take()).expect("a task that is not running has its callback");
        entry.runs += 1;
        if facts.reason != Reason::Demand && entry.counts_from_end() {
            entry.next = None;
        }
        if facts.place != Place::Any {
            (entry.stage, entry.next, entry.marks) = (Stage::Ending, None, None);
            rest.into_iter().for_each(|rest| entry.marks().rest = Some(rest));
            return PickedUp::Run { facts, job };
        }
        let is_behind = entry.passed(now).is_some();
        entry.set_backlog(entry.backlog().filter(|_| is_behind).or(is_behind.then_some(now)));
        // What has passed by now follows the run.
        if !entry.is_full() || !is_behind {
            self.arm_or_queue(index, now);
        }
        PickedUp::Run { facts, job }
    }

    /// A run has ended, and the callback comes back, unless it was there.
    pub(crate) fn finish(&mut self, key: EntryKey, job: Option<Job>, then: Then, now: Now) -> Finished {
        let EntryKey { index, .. } = key;
        self.settle(key);
        let entry = match self.entry(key) {
            Some(entry) => entry,
            None => {
                let Detached { identity, is_last, version, .. } = self.take_detached(key, DetachedKind::Run);
                let is_over = is_last && !self.detached(index).iter().any(|one| one.version == version);
                if let Then::Retry(retry) = then {
                    self.news.push((identity.clone(), News::GaveUp(retry)));
                }
                self.detached_ended(index, now);
                let removed =
                    job.map(|job| Removed { identity, job: Some(job), timetable: None, missed: None });
                return Finished { removed, is_over, asks: None };
            }
        };
        let was_full = entry.is_full();
        entry.runs -= 1;
        entry.job = job.or(entry.job.take());
        let is_break = match then {
            Then::Retry(retry) if entry.may_repeat(retry.at, now) => {
                entry.marks().retry = Some(retry);
                self.disarm(index);
                self.entry_at(index).stage = Stage::Idle;
                self.arm_or_queue(index, now);
                return Finished { removed: None, is_over: false, asks: None };
            }
            Then::Retry(retry) => {
                // An observer has changed the task since the run ended.
                let task = self.identity(index);
                self.news.push((task, News::GaveUp(retry)));
                false
            }
            Then::Schedule => false,
            Then::Nothing => true,
        };
        self.entry_at(index).follow_end(now);
        let asks = (!is_break && was_full && self.overrun(index, now)).then_some(key);
        let is_over = |entry: &Entry| entry.is_over() || is_break && !entry.is_ending();
        if self.name_entry(index).entry.as_ref().map_or(false, is_over) {
            let removed = self.remove(index, Why::StillRunning, now);
            self.close_if_empty(index);
            return Finished { removed, is_over: true, asks: None };
        }
        self.arm_or_queue(index, now);
        Finished { removed: None, is_over: false, asks }
    }

    /// A run has ended. What came during it is missed, or queued. Answers whether a schedule is to be asked about it.
    fn overrun(&mut self, index: usize, now: Now) -> bool {
        let entry = self.entry_at(index);
        let is_missed = !entry.is_paused() && !entry.spec.policy().overlap.is_queue();
        if entry.ask_after().is_some() || entry.stage == Stage::Asked {
            // The schedule must be asked first which occurrences passed. All of them passed during the run.
            entry.set_backlog(None);
            if is_missed {
                entry.marks().missed = Some((Why::StillRunning, now));
            }
            return false;
        }
        if let Stage::Queued { .. } = entry.stage {
            return false;
        }
        let keeps_all =
            matches!(entry.spec.policy().overlap, Overlap::QueueAll(_)) && entry.catch_up().is_none();
        let is_backlog = |due: Due| entry.backlog().map_or(false, |backlog| due.has_come(backlog));
        match entry.passed(now) {
            Some(due) if !keeps_all && is_backlog(due) => return false,
            passed => {
                entry.set_backlog(None);
                if passed.is_none() || entry.is_paused() {
                    return false;
                }
            }
        }
        self.disarm(index);
        if !is_missed {
            self.queue(index, Cause::Overrun, now);
            return false;
        }
        if self.is_counted(index) {
            self.count_missed(index, Why::StillRunning, now);
            return false;
        }
        self.miss(index, Why::StillRunning, now);
        self.queue(index, Cause::Due, now);
        // The caller picks it up.
        self.queued.pop();
        true
    }

    /// The occurrences that have passed are missed. A schedule that is the user's code counts them when it is asked.
    pub(super) fn miss(&mut self, index: usize, why: Why, now: Now) {
        if self.is_counted(index) {
            self.count_missed(index, why, now);
            return self.arm_or_queue(index, now);
        }
        let entry = self.entry_at(index);
        if entry.ask_after().is_some() || entry.passed(now).is_some() {
            entry.marks().missed = Some((why, now));
        }
    }

    /// Whether the agenda can count the occurrences of a task: its schedule is not the user's code.
    pub(super) fn is_counted(&mut self, index: usize) -> bool {
        let timetable = self.name_entry(index).entry.as_ref().and_then(|entry| entry.timetable.as_ref());
        timetable.map_or(false, |timetable| !timetable.is_users())
    }

    pub(super) fn count_missed(&mut self, index: usize, why: Why, now: Now) {
        let now = self.now_for(index, now);
        self.disarm(index);
        if let Some(entry) = &mut self.name_entry(index).entry {
            if let (Some(first), Some(timetable)) = (entry.passed(now), &mut entry.timetable) {
                let skipped = entry.marks.as_ref().and_then(|marks| marks.skipped);
                let come = Come { first, missed: None, skipped, late: Late::Unstarted };
                let Verdicts { missed, next, .. } = come.miss_all(timetable, why, now);
                entry.next = next.due();
                entry.forget_skipped(now);
                self.report_missed(index, missed.into_iter());
            }
        }
    }

    fn report_missed(&mut self, index: usize, missed: impl Iterator<Item = MissedOccurrences>) {
        for missed in missed {
            let task = self.identity(index);
            self.news.push((task, News::Missed(missed)));
        }
    }

    fn has_detached(&self, key: EntryKey, kind: DetachedKind) -> bool {
        self.detached(key.index).iter().any(|one| (one.version, one.kind) == (key.version, kind))
    }

    /// What a detached run, or a detached schedule that was asked, has left in its name.
    fn take_detached(&mut self, key: EntryKey, kind: DetachedKind) -> Detached {
        let detached = self.detached.get_mut(&key.index).expect("it has not ended");
        let at = detached.iter().position(|one| (one.version, one.kind) == (key.version, kind));
        let taken = detached.swap_remove(at.expect("it has not ended"));
        if detached.is_empty() {
            self.detached.remove(&key.index);
        }
        taken
    }

    /// The task that owns the name now need not wait any more, or the name is free.
    fn detached_ended(&mut self, index: usize, now: Now) {
        if !self.close_if_empty(index) {
            self.arm_or_queue(index, now);
        }
    }
}
