//! The time limits of runs, and runs that failed and are to be repeated. Pure: no threads, no clock.
//!
//! A run that is repeated keeps its due time and its number. While it waits, its time is in the heap of elapsed time in place
//! of the next due time, if that is elapsed time, too; a calendar one stays armed beside it. Whatever comes first wins: the
//! next due time, a demanded run and the end of the task put an end to it.

use std::time::Duration;

use super::entry::{Cause, Demand, Entry, NameEntry, Stage};
use super::heap::HeapItem;
use super::{Agenda, EntryKey, News};
use crate::clock::Now;
use crate::schedule::Due;
use crate::sync::Instant;
use crate::task::{Facts, Missed, Place, Retry};

impl Agenda {
    /// A run begins that may have a time limit.
    pub(crate) fn begin_limit(&mut self, run: &Facts) {
        if let Some(deadline) = run.deadline {
            self.limits.insert((deadline, run.version, run.count), (run.identity.clone(), run.due));
            self.wakes = true;
        }
    }

    /// A run has ended. Answers whether its time was over and that is still to be reported.
    pub(crate) fn end_limit(&mut self, run: &Facts, now: Now) -> bool {
        let limit = run.deadline.map(|deadline| (deadline, run.version, run.count));
        limit.map_or(false, |limit| self.limits.remove(&limit).is_some() && run.is_overlong(now))
    }

    /// When the time of the next run will be over.
    pub(super) fn next_limit(&self) -> Option<Instant> {
        self.limits.keys().next().map(|&(deadline, ..)| deadline)
    }

    /// Asks the runs to stop whose time is over.
    pub(super) fn stop_overlong(&mut self, now: Now) {
        while let Some(&key) = self.limits.keys().next().filter(|(deadline, ..)| *deadline <= now.mono) {
            let (_, version, run) = key;
            if let Some((task, due)) = self.limits.remove(&key) {
                self.stopped.push((version, Some(run)));
                self.news.push((task, News::TimeLimit { due }));
            }
        }
    }

    /// After what delay a run is to be repeated that has failed, and when that is. None if it is not: it was the last attempt,
    /// something else comes before, or the task has lost its name.
    pub(crate) fn retry_after(
        &mut self,
        key: EntryKey,
        run: &Facts,
        now: Now,
    ) -> Option<(Duration, Instant)> {
        let entry = self.entry(key)?;
        let delay = entry.spec.policy().retries?.delay_after(run.attempt)?;
        let at = now.mono.checked_add(delay)?;
        entry.may_repeat(at, now).then_some((delay, at))
    }

    /// Whether a run may still begin at a later time: nothing else comes before, and it is not too late then.
    pub(crate) fn may_begin_later(
        &mut self,
        key: EntryKey,
        lateness: Duration,
        at: Instant,
        now: Now,
    ) -> bool {
        let is_in_time =
            |entry: &mut Entry| entry.may_repeat(at, now) && lateness <= entry.spec.policy().grace();
        self.entry(key).map_or(false, is_in_time)
    }

    /// Whether a task waits for the time to repeat its run.
    pub(super) fn waits_to_repeat(&self, index: usize) -> bool {
        self.find_at(index).and_then(Entry::retry).is_some()
    }

    /// Has a task wait for the time to repeat its run.
    pub(super) fn arm_retry(&mut self, index: usize, now: Now) {
        let NameEntry { identity, entry } = self.name_entry(index);
        let entry = entry.as_ref().expect("the task has its entry");
        let (id, next) = (identity.id, entry.next);
        if let Some(at) = entry.retry().map(|retry| retry.at) {
            let due = self.nanos(Due::Elapsed(at));
            self.wakes |= self.elapsed.push(HeapItem::new(due, id, index));
            if let Some(Due::Calendar(_)) = next {
                self.arm(index, now);
            }
        }
    }

    /// The time to repeat the run of a task has come.
    pub(super) fn retry_has_come(&mut self, index: usize, now: Now) {
        self.disarm(index);
        // The answer of a schedule that is being asked arms it again.
        if self.entry_at(index).stage != Stage::Asked {
            self.queue(index, Cause::Retry, now);
        }
    }

    /// The run that failed is not repeated: something else has come.
    pub(super) fn give_up_retry(&mut self, index: usize, now: Now) {
        let taken = self.name_entry(index).entry.as_mut().and_then(|entry| {
            let retry = entry.take_retry()?;
            entry.follow_end(now);
            Some(retry)
        });
        if let Some(retry) = taken {
            // If it is queued, its time is not in the heap any more.
            self.elapsed.remove(index);
            self.news.push((retry.run.identity.clone(), News::GaveUp(retry)));
        }
    }
}

impl Entry {
    pub(super) fn retry(&self) -> Option<&Retry> {
        self.marks.as_ref()?.retry.as_deref()
    }

    /// Whether nothing comes before a time at which a run is to be repeated.
    pub(super) fn may_repeat(&self, at: Instant, now: Now) -> bool {
        let is_before = |due: Due| due.mono(now).map_or(false, |due| due <= at);
        let is_still = matches!(self.stage, Stage::Idle | Stage::Armed | Stage::Ending);
        let waits_otherwise = !is_still || self.demand == Demand::Run || self.ask_after().is_some();
        !waits_otherwise && !self.is_paused() && !self.next.map_or(false, is_before)
    }

    /// Whether its last run failed, and is to be repeated.
    pub(super) fn repeats_its_last(&self) -> bool {
        self.retry().map_or(false, |retry| retry.run.place != Place::Any)
    }

    /// How the occurrences are run that passed during a pause, as long as one of them is the next.
    pub(super) fn catch_up(&mut self) -> Option<Missed> {
        let next = self.next;
        let catch_up = &mut self.marks.as_mut()?.catch_up;
        *catch_up = catch_up.filter(|(_, until)| next.map_or(false, |next| next.has_come(*until)));
        catch_up.map(|(missed, _)| missed)
    }

    pub(super) fn take_retry(&mut self) -> Option<Box<Retry>> {
        self.marks.as_mut()?.retry.take()
    }
}
