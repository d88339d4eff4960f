//! What the engine writes to the store, where there is one: which runs begin and end, and which due times were missed.
//!
//! A record is entered with the state locked, by the thread that decides it, so the store has all records in the order in
//! which they were decided, whichever thread writes them. They are written without that lock, before an event is emitted
//! or a callback is called.
//!
//! The store's own lock is held while the store is called. It is the user's code: a panic in it is caught.

use std::collections::VecDeque;
use std::fmt;
use std::time::SystemTime;

use super::{Engine, State};
use crate::error::Error;
use crate::event::Event;
use crate::guard::guarded;
use crate::store::{Durability, Store, StoreError};
use crate::sync::{lock, Arc};
use crate::task::Facts;

pub(super) use crate::store::Record as JournalLine;

/// A store, and what is to be reported of it.
#[derive(Default)]
pub(crate) struct OpenStore {
    /// None where there is none, and once the engine has closed, so that another one may open it.
    store: Option<Box<dyn Store>>,
    /// What was wrong with it when it was opened, until the first task is scheduled.
    damage: Option<Arc<str>>,
    /// Whether the last write failed. That is reported once, until a write succeeds.
    has_failed: bool,
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

impl OpenStore {
    /// A store that is yet to be opened.
    pub(crate) fn new(store: impl Store + 'static) -> OpenStore {
        OpenStore { store: Some(Box::new(store)), ..OpenStore::default() }
    }

    pub(crate) fn open(&mut self) -> Result<(), Error> {
        if let Some(store) = &mut self.store {
            self.damage = store.open().map_err(Error::of_store)?.map(Arc::from);
        }
        Ok(())
    }

    pub(super) fn is_kept(&self) -> bool {
        self.store.is_some()
    }
}

impl fmt::Debug for OpenStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenStore").field("is_kept", &self.is_kept()).finish_non_exhaustive()
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
        // No later process is to repeat it, not even after a power failure.
        let durability = match is_calendar && (is_one_more || !is_asked_for) {
            true => Durability::PowerFailure,
            false => Durability::Process,
        };
        let line = match is_asked_for || is_one_more {
            true => JournalLine::Asked { at: due, durability },
            false => JournalLine::Began { due, durability },
        };
        self.queue_line(name, line)
    }
}

impl Engine {
    /// Asks the store, if there is one. If it panics, that is reported and there is no answer.
    fn ask_store<T>(&self, ask: impl FnOnce(&mut dyn Store) -> T) -> Option<T> {
        if !self.has_store {
            return None;
        }
        let answer = {
            let mut open = lock(&self.store);
            let store = open.store.as_mut()?;
            guarded(|| ask(&mut **store))
        };
        answer.map_err(|message| self.store_panicked(&message)).ok()
    }

    fn store_panicked(&self, message: &str) {
        self.emit_or_stderr(Event::JournalFailed { error: format!("panicked: {message}").into() });
    }

    /// The last due time of a name in an earlier process.
    pub(crate) fn last_due(&self, name: &str) -> Option<SystemTime> {
        self.ask_store(|store| store.last_due(name))?
    }

    /// Whether the store can hold the name.
    pub(super) fn check_name(&self, name: &str) -> Result<(), Error> {
        self.ask_store(|store| store.check_name(name)).unwrap_or(Ok(())).map_err(Error::of_store)
    }

    /// A name is scheduled: what earlier processes have left of it is reported, and done with.
    pub(super) fn emit_past(&self, name: &Arc<str>) {
        if !self.has_store {
            return;
        }
        let cut_off = self.ask_store(|store| store.claim(name)).unwrap_or_default();
        let damage = lock(&self.store).damage.take();
        if let Some(problem) = damage {
            self.emit_or_stderr(Event::JournalDamaged { problem });
        }
        for due in cut_off {
            self.emit_or_stderr(Event::CutOff { task: name.clone(), due });
        }
    }

    /// Forgets what earlier processes have left of names that have not been scheduled, and says which they were.
    pub(crate) fn forget_unscheduled(&self) -> Vec<String> {
        let names = self.ask_store(|store| store.unclaimed()).unwrap_or_default();
        for name in &names {
            let name = Arc::from(name.as_str());
            self.emit_past(&name);
            self.write_line(&name, JournalLine::Forgot);
        }
        names
    }

    /// Queues a line and writes it. For facts that no lock protects.
    pub(super) fn write_line(&self, name: &Arc<str>, line: JournalLine) {
        if self.has_store {
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
            let mut open = lock(&self.store);
            let mut failed = None;
            // Writes no later line than its own: the thread that queued a later one waits for it, and writes it itself.
            while let Some((name, line)) = self.next_line(until) {
                failed = failed.or(open.write(&name, line));
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
        let store = lock(&self.store).store.take();
        if let Err(message) = guarded(|| drop(store)) {
            self.store_panicked(&message);
        }
    }
}

impl OpenStore {
    /// Writes a line. Returns an error if it is the first in a row.
    fn write(&mut self, name: &str, line: JournalLine) -> Option<StoreError> {
        let store = self.store.as_mut()?;
        let written = guarded(|| store.write(name, line));
        let written = written.unwrap_or_else(|message| Err(format!("panicked: {message}").into()));
        if let Ok(false) = written {
            // Nothing had to be written: for example the end of a run whose beginning could not be written.
            return None;
        }
        let had_failed = std::mem::replace(&mut self.has_failed, written.is_err());
        written.err().filter(|_| !had_failed)
    }
}
