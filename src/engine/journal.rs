//! What the engine writes to the journal, if there is one: which runs begin and end, and which occurrences were missed.
//!
//! A line is queued under the state's lock when its fact is decided, so the journal has the lines in the order of the
//! decisions, whichever thread writes them. It is written without that lock, before the event is emitted or the
//! callback is called.
//!
//! The journal's lock is taken before the state's. It is held while lines are written, and synced where they must be
//! durable. Nothing of the user's is called while it is held.

use std::collections::VecDeque;
use std::time::SystemTime;

use super::{Engine, State};
use crate::error::Error;
use crate::event::Event;
use crate::journal::{Journal, JournalError};
use crate::sync::{lock, Arc};
use crate::task::Facts;

/// A journal, and what is to be reported of it.
#[derive(Default)]
pub(crate) struct JournalWriter {
    /// None once the engine has closed, so that another engine may open the file.
    journal: Option<Journal>,
    /// The damage found when the file was opened. Reported with the first task, when there may be an observer.
    damage: Option<Arc<str>>,
    /// Whether the last write failed. The first failure in a row is reported.
    has_failed: bool,
}

/// A fact about a name that later processes need.
#[derive(Clone, Copy)]
pub(super) enum JournalLine {
    /// It was scheduled at this time. If the name is new, earlier occurrences are not missed ones.
    Scheduled(SystemTime),
    /// A run begins. If `is_durable`, the line must survive even a power failure, so that no later process runs it again.
    Began {
        due: SystemTime,
        is_durable: bool,
    },
    /// A run begins that is not for an occurrence of the schedule, or the last one of a task that is cancelled after it.
    Asked {
        at: SystemTime,
        is_durable: bool,
    },
    Ended(SystemTime),
    /// Occurrences up to here were reported as missed. No later process runs them.
    Missed(SystemTime),
    /// The next task of this name is a new one.
    Forgot,
}

/// Lines that are not written yet.
#[derive(Default)]
pub(super) struct JournalQueue {
    waiting: VecDeque<(Arc<str>, JournalLine)>,
    /// How many lines have left the queue.
    taken: u64,
}

/// The number of a line, counted from 1 in the order of queueing. Zero is no line.
#[derive(Clone, Copy, Default)]
#[must_use = "it is not written yet"]
pub(super) struct QueuedLine(u64);

impl JournalWriter {
    pub(crate) fn new(journal: Journal, damage: Option<Arc<str>>) -> JournalWriter {
        JournalWriter { journal: Some(journal), damage, has_failed: false }
    }

    pub(super) fn is_kept(&self) -> bool {
        self.journal.is_some()
    }
}

impl State {
    pub(super) fn queue_line(&mut self, name: &Arc<str>, line: JournalLine) -> QueuedLine {
        match &mut self.journal_queue {
            Some(JournalQueue { waiting, taken }) => {
                waiting.push_back((name.clone(), line));
                QueuedLine(*taken + waiting.len() as u64)
            }
            None => QueuedLine::default(),
        }
    }

    /// A run begins. If it follows the calendar, the line is on the disk before the callback is called.
    pub(super) fn queue_run(&mut self, facts: &Facts) -> QueuedLine {
        let Facts { ref name, due, is_asked_for, is_one_more, is_calendar, .. } = *facts;
        if is_one_more {
            // With this run the task gives its name up.
            let _ = self.queue_line(name, JournalLine::Forgot);
        }
        let line = match is_asked_for || is_one_more {
            true => JournalLine::Asked { at: due, is_durable: is_one_more && is_calendar },
            false => JournalLine::Began { due, is_durable: is_calendar },
        };
        self.queue_line(name, line)
    }
}

impl Engine {
    /// The last due time of a name in an earlier process.
    pub(crate) fn last_due(&self, name: &str) -> Option<SystemTime> {
        lock(&self.journal).journal.as_ref()?.last(name)
    }

    /// Whether a journal can hold the name.
    pub(super) fn check_name(&self, name: &str) -> Result<(), Error> {
        lock(&self.journal).journal.as_ref().map_or(Ok(()), |journal| Ok(journal.check_name(name)?))
    }

    /// Reports what earlier processes have left of a name: the runs that they began and did not end. Each is reported once.
    pub(super) fn emit_past(&self, name: &Arc<str>) {
        let (damage, cut_off) = {
            let mut writer = lock(&self.journal);
            let cut_off = writer.journal.as_ref().map_or_else(Vec::new, |journal| journal.claim(name));
            (writer.damage.take(), cut_off)
        };
        if let Some(problem) = damage {
            self.emit_or_stderr(Event::JournalDamaged { problem });
        }
        for due in cut_off {
            self.emit_or_stderr(Event::CutOff { task: name.clone(), due });
        }
    }

    /// Forgets the names of earlier processes that this one has not scheduled, and returns them.
    pub(crate) fn forget_unscheduled(&self) -> Vec<String> {
        let names = lock(&self.journal).journal.as_ref().map_or_else(Vec::new, Journal::unclaimed);
        for name in &names {
            let name = Arc::from(name.as_str());
            self.emit_past(&name);
            self.write_line(&name, JournalLine::Forgot);
        }
        names
    }

    /// Queues a line and writes it. For facts that no lock protects.
    pub(super) fn write_line(&self, name: &Arc<str>, line: JournalLine) {
        if self.has_journal {
            let queued = lock(&self.state).queue_line(name, line);
            self.write(queued);
        }
    }

    /// Returns when a line is written, and all that were queued before it.
    pub(super) fn write(&self, QueuedLine(until): QueuedLine) {
        if until == 0 {
            return;
        }
        let failed = {
            let mut writer = lock(&self.journal);
            let mut failed = None;
            // Writes no later line than its own: the thread that queued a later one waits for it, and writes it itself.
            while let Some((name, line)) = self.next_line(until) {
                failed = failed.or(writer.write(&name, line));
            }
            failed
        };
        if let Some(error) = failed {
            self.emit_or_stderr(Event::JournalFailed { error: error.to_string().into() });
        }
    }

    fn next_line(&self, until: u64) -> Option<(Arc<str>, JournalLine)> {
        let mut state = lock(&self.state);
        let queue = state.journal_queue.as_mut().filter(|queue| queue.taken < until)?;
        queue.taken += 1;
        queue.waiting.pop_front()
    }

    pub(super) fn close_journal(&self) {
        let journal = lock(&self.journal).journal.take();
        drop(journal);
    }
}

impl JournalWriter {
    /// Writes a line. Returns an error if it is the first in a row.
    fn write(&mut self, name: &str, line: JournalLine) -> Option<JournalError> {
        let journal = self.journal.as_ref()?;
        let written = match line {
            JournalLine::Scheduled(at) => journal.scheduled(name, at),
            JournalLine::Began { due, is_durable } => journal.began(name, due, is_durable),
            JournalLine::Asked { at, is_durable } => journal.asked(name, at, is_durable),
            JournalLine::Ended(due) => journal.ended(name, due),
            JournalLine::Missed(due) => journal.passed(name, due),
            JournalLine::Forgot => journal.forget(name),
        };
        if let Ok(false) = written {
            // Nothing had to be written: for example the end of a run whose beginning could not be written.
            return None;
        }
        let had_failed = std::mem::replace(&mut self.has_failed, written.is_err());
        written.err().filter(|_| !had_failed)
    }
}
