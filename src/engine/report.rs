//! What became of tasks is put into the outbox, and what remains of them is dropped.

use std::time::{Duration, SystemTime};

use super::{Engine, Inside, State};
use crate::agenda::{Gone, News, Removed};
use crate::clock::Now;
use crate::event::{Event, Why};
use crate::guard::guarded;
use crate::stats::{Identity, LastRun};
use crate::store::Record;
use crate::sync::{lock, Arc};
use crate::task::{Facts, MissedOccurrences, Place, Reason, Retry};

/// A run that begins this long after its due time is reported as late.
const LATE: Duration = Duration::from_secs(1);

impl State {
    /// A run begins.
    pub(super) fn report_start(&mut self, run: &Facts, now: Now) {
        let Facts { due, lateness, missed: coalesced, attempt, .. } = run;
        let (task, due, lateness, coalesced, attempt) = (run.name(), *due, *lateness, *coalesced, *attempt);
        let (is_on_demand, is_last) = (run.reason == Reason::Demand, run.place != Place::Any);
        if attempt == 1 {
            self.record_run(run);
        }
        self.agenda.begin_limit(run);
        self.outbox.emit_of(Some(&run.identity), now, || {
            let task = task.clone();
            Event::Started { task, due, lateness, coalesced, is_on_demand, is_last, attempt }
        });
        if lateness >= LATE && attempt == 1 {
            self.outbox.emit(now, || Event::Late { task: task.clone(), due, lateness });
        }
    }

    /// An attempt has failed, and another one follows after a delay.
    pub(super) fn report_attempt(&mut self, run: &Facts, failed: &LastRun, delay: Duration, now: Now) {
        let &LastRun { due, took, ref outcome, attempts: attempt, .. } = failed;
        let (task, outcome) = (run.name().clone(), outcome.clone());
        self.outbox.alarm(now, Event::AttemptFailed { task, due, took, outcome, attempt, delay });
    }

    /// The time of a run is over.
    pub(super) fn report_limit(&mut self, task: &Identity, due: SystemTime, now: Now) {
        self.outbox.alarm(now, Event::TimeLimitReached { task: task.name.clone(), due });
    }

    /// A run has ended, and is not repeated.
    pub(super) fn report_end(&mut self, run: &Facts, last: LastRun, now: Now) {
        let LastRun { due, took, ref outcome, .. } = last;
        let end = || {
            let (task, outcome) = (run.name().clone(), outcome.clone());
            Event::RunEnded { task, due, took, outcome, attempt: run.attempt }
        };
        self.outbox.record(run.name(), Record::Ended(due));
        match outcome.is_failure() {
            true => self.outbox.alarm_of(Some(&run.identity), now, end()),
            false => self.outbox.emit_of(Some(&run.identity), now, end),
        }
        run.identity.stats.add_run(last);
    }

    /// A task has missed occurrences.
    pub(super) fn report_missed(&mut self, task: &Arc<Identity>, missed: MissedOccurrences, now: Now) {
        let MissedOccurrences { count, first, latest, why } = missed;
        task.stats.add_missed(count);
        let missed = || Event::Missed { task: task.name.clone(), count, first, latest, why };
        self.outbox.emit_of(Some(task), now, missed);
    }

    /// The same, of a task that the store still knows.
    fn report_and_record_missed(&mut self, task: &Arc<Identity>, missed: MissedOccurrences, now: Now) {
        // Of a task that was cancelled the store keeps nothing. What is missed because the engine stops is for the next
        // process to make up for.
        if !matches!(missed.why, Why::Cancelled | Why::ShutDown) {
            self.outbox.record(&task.name, Record::Passed(missed.latest));
        }
        self.report_missed(task, missed, now);
    }
}

impl Engine {
    /// Puts what the agenda has to report into the outbox.
    pub(super) fn publish(&self, state: &mut State, now: Now) {
        if !state.agenda.has_news() {
            return;
        }
        for (task, news) in state.agenda.take_news() {
            match news {
                News::Missed(missed) => state.report_and_record_missed(&task, missed, now),
                News::Broken(error) => {
                    let (task, error) = (task.name.clone(), error.to_string().into());
                    state.outbox.alarm(now, Event::ScheduleFailed { task, error });
                }
                News::TimeLimit { due } => state.report_limit(&task, due, now),
                News::GaveUp(retry) => {
                    let Retry { run, failed, .. } = *retry;
                    match failed {
                        Some(failed) => state.report_end(&run, failed, now),
                        None => state.claim_given_up(&run, now),
                    }
                }
                News::Waiting(waited) => {
                    let (task, workers) = (task.name.clone(), self.pool.workers().max(1));
                    state.outbox.emit(now, || Event::Waiting { task, waited, workers });
                }
            }
        }
    }

    /// Reports what a task has missed that has lost its name, and drops what remains of it.
    pub(super) fn dispose_of(self: &Arc<Self>, removed: Removed) {
        let Removed { identity, job, mut timetable, missed } = removed;
        if let (Some((due, until, why)), Some(timetable)) = (missed, &mut timetable) {
            let pass = {
                let _inside = Inside::of(self);
                timetable.pass(due, until, until)
            };
            let (first, latest) = (due.passed_at(until), pass.latest.passed_at(until));
            let (mut state, now) = (lock(&self.state), self.clock.now());
            // In the store the name is forgotten, or another task owns it.
            let missed = MissedOccurrences { count: pass.count, first, latest, why };
            state.report_missed(&identity, missed, now);
            self.unlock(state, now);
        }
        self.discard(&identity.name, (timetable, job));
    }

    /// Drops something of the user's, such as a task that has ended with all that its callback and its schedule own.
    pub(crate) fn discard<T>(self: &Arc<Self>, name: &Arc<str>, theirs: T) {
        let dropped = {
            let _inside = Inside::of(self);
            guarded(|| drop(theirs))
        };
        if let Err(message) = dropped {
            self.alarm(Event::DestructorPanicked { task: name.clone(), message });
        }
    }

    /// Reports what a schedule has counted as missed after its task lost its name, and drops the schedule.
    pub(super) fn report_gone(self: &Arc<Self>, gone: Gone) {
        let Gone { identity, mut timetable, verdicts, at, why } = gone;
        let mut missed = verdicts.missed;
        if let Some(start) = verdicts.start {
            missed.push(MissedOccurrences { count: 1, first: start.due, latest: start.due, why });
        }
        // The next due time may have passed, too: all missed occurrences are run, or the schedule was slow.
        if let Some(due) = verdicts.next.due().filter(|due| due.has_come(at)) {
            let pass = timetable.pass(due, at, at);
            let (first, latest) = (due.passed_at(at), pass.latest.passed_at(at));
            missed.push(MissedOccurrences { count: pass.count, first, latest, why });
        }
        let (mut state, now) = (lock(&self.state), self.clock.now());
        for missed in missed {
            match why {
                Why::ShutDown => state.report_and_record_missed(&identity, missed, now),
                // In the store the name is forgotten, or another task owns it.
                _ => state.report_missed(&identity, missed, now),
            }
        }
        self.unlock(state, now);
        self.discard(&identity.name, timetable);
    }

    /// A task that was picked up is done with.
    pub(super) fn put_down(self: &Arc<Self>, event: Option<Event>) {
        let (mut state, now) = (lock(&self.state), self.clock.now());
        event.into_iter().for_each(|event| state.outbox.emit(now, || event));
        state.agenda.put_down();
        self.unlock(state, now);
    }
}
