//! What became of tasks is put into the outbox, and what remains of them is dropped.

use std::time::{Duration, SystemTime};

use super::{Engine, Inside, State};
use crate::agenda::{Gone, News, Removed};
use crate::clock::Now;
use crate::error::{Error, Kind};
use crate::event::{Event, Why};
use crate::guard::guarded;
use crate::store::Record;
use crate::sync::{lock, Arc};
use crate::task::{MissedOccurrences, Verdict};

impl State {
    /// A run has ended that was for `due` and has taken `took`.
    pub(super) fn report_end(
        &mut self,
        task: Arc<str>,
        (due, took): (SystemTime, Duration),
        outcome: Result<Verdict, Arc<str>>,
        now: Now,
    ) {
        match outcome {
            Ok(Verdict::Continue | Verdict::Break) => {
                self.outbox.emit(now, || Event::Finished { task, due, took });
            }
            Ok(Verdict::Failed(error)) => {
                let error = error.into();
                self.outbox.alarm(now, Event::Failed { task, due: Some(due), took: Some(took), error });
            }
            Err(message) => {
                self.outbox.alarm(now, Event::Panicked { task, due: Some(due), took: Some(took), message });
            }
        }
    }

    fn report_missed(&mut self, name: &Arc<str>, missed: MissedOccurrences, now: Now) {
        let MissedOccurrences { count, first, latest, why } = missed;
        self.outbox.emit(now, || Event::Missed { task: name.clone(), count, first, latest, why });
    }

    /// The same, of a task that the store still knows.
    fn report_and_record_missed(&mut self, name: &Arc<str>, missed: MissedOccurrences, now: Now) {
        // Of a task that was cancelled the store keeps nothing. What is missed because the engine stops is for the next
        // process to make up for.
        if !matches!(missed.why, Why::Cancelled | Why::ShutDown) {
            self.outbox.record(name, Record::Passed(missed.latest));
        }
        self.report_missed(name, missed, now);
    }
}

impl Engine {
    /// Puts what the agenda has to report into the outbox.
    pub(super) fn publish(&self, state: &mut State, now: Now) {
        for (name, news) in state.agenda.take_news() {
            match news {
                News::Missed(missed) => state.report_and_record_missed(&name, missed, now),
                News::Broken(error) => state.outbox.alarm(now, schedule_broke(name, &error)),
                News::Waiting(waited) => {
                    let workers = self.pool.workers().max(1);
                    state.outbox.emit(now, || Event::Waiting { task: name, waited, workers });
                }
            }
        }
    }

    /// Reports what a task has missed that has lost its name, and drops what remains of it.
    pub(super) fn dispose_of(self: &Arc<Self>, removed: Removed) {
        let Removed { name, job, mut timetable, missed } = removed;
        if let (Some((due, until, why)), Some(timetable)) = (missed, &mut timetable) {
            let pass = {
                let _inside = Inside::of(self);
                timetable.pass(due, until, until)
            };
            let (first, latest) = (due.passed_at(until), pass.latest.passed_at(until));
            let (mut state, now) = (lock(&self.state), self.clock.now());
            // In the store the name is forgotten, or another task owns it.
            state.report_missed(&name, MissedOccurrences { count: pass.count, first, latest, why }, now);
            self.unlock(state, now);
        }
        self.discard(&name, (timetable, job));
    }

    /// Drops something of the user's, such as a task that has ended with all that its callback and its schedule own.
    pub(crate) fn discard<T>(self: &Arc<Self>, name: &Arc<str>, theirs: T) {
        let dropped = {
            let _inside = Inside::of(self);
            guarded(|| drop(theirs))
        };
        if let Err(message) = dropped {
            self.alarm(Event::Panicked { task: name.clone(), due: None, took: None, message });
        }
    }

    /// Reports what a schedule has counted as missed after its task lost its name, and drops the schedule.
    pub(super) fn report_gone(self: &Arc<Self>, gone: Gone) {
        let Gone { name, mut timetable, verdicts, at, why } = gone;
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
                Why::ShutDown => state.report_and_record_missed(&name, missed, now),
                // In the store the name is forgotten, or another task owns it.
                _ => state.report_missed(&name, missed, now),
            }
        }
        self.unlock(state, now);
        self.discard(&name, timetable);
    }

    /// A task that was picked up is done with.
    pub(super) fn put_down(self: &Arc<Self>, event: Option<Event>) {
        let (mut state, now) = (lock(&self.state), self.clock.now());
        event.into_iter().for_each(|event| state.outbox.emit(now, || event));
        state.agenda.put_down();
        self.unlock(state, now);
    }
}

/// The event for a schedule whose own code panicked, or went back in time.
fn schedule_broke(task: Arc<str>, error: &Error) -> Event {
    let (due, took, message) = (None, None, error.to_string().into());
    match error.kind() {
        Kind::Panicked(_) => Event::Panicked { task, due, took, message },
        _ => Event::Failed { task, due, took, error: message },
    }
}
