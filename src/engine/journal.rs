//! What the engine writes to the store, where there is one: which runs begin and end, and which due times were missed.
//!
//! Records are queued in the [outbox](super::outbox), so the store has all of them in the order in which they were decided,
//! whichever thread writes them.
//!
//! The store's own lock is held while the store is called. It is the user's code: a panic in it is caught.

use std::fmt;
use std::time::SystemTime;

use super::outbox::QueuedRecord;
use super::{Engine, State};
use crate::error::Error;
use crate::event::Event;
use crate::guard::guarded;
use crate::store::{Durability, Record, Store};
use crate::sync::{lock, Arc};
use crate::task::{Facts, Place, Reason};

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
    /// A run begins. If it follows the calendar, the record is on the disk before the callback is called.
    pub(super) fn record_run(&mut self, facts: &Facts) {
        let (name, &Facts { due, reason, place, .. }) = (facts.name(), facts);
        let is_one_more = place == Place::OneMore;
        if is_one_more {
            // With this run the task gives its name up.
            self.outbox.record(name, Record::Forgot);
        }
        let record = match reason {
            Reason::Demand => Record::Asked { at: due, durability: Durability::Process },
            Reason::Elapsed if is_one_more => Record::Asked { at: due, durability: Durability::Process },
            Reason::Elapsed => Record::Began { due, durability: Durability::Process },
            // No later process is to repeat it, not even after a power failure.
            Reason::Calendar if is_one_more => {
                Record::Asked { at: due, durability: Durability::PowerFailure }
            }
            Reason::Calendar => Record::Began { due, durability: Durability::PowerFailure },
        };
        self.outbox.record(name, record);
    }
}

impl Engine {
    /// Asks the store, if there is one. If it panics, that is reported and there is no answer.
    fn ask_store<T>(self: &Arc<Self>, ask: impl FnOnce(&mut dyn Store) -> T) -> Option<T> {
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

    fn store_panicked(self: &Arc<Self>, message: &str) {
        self.alarm(Event::JournalFailed { error: format!("the store panicked: {message}").into() });
    }

    /// The last due time of a name in an earlier process.
    pub(crate) fn last_due(self: &Arc<Self>, name: &str) -> Option<SystemTime> {
        self.ask_store(|store| store.last_due(name))?
    }

    /// Whether the store can hold the name.
    pub(super) fn check_name(self: &Arc<Self>, name: &str) -> Result<(), Error> {
        self.ask_store(|store| store.check_name(name)).unwrap_or(Ok(())).map_err(Error::of_store)
    }

    /// A name is scheduled: what earlier processes have left of it is reported, and done with.
    pub(super) fn emit_past(self: &Arc<Self>, name: &Arc<str>) {
        if !self.has_store {
            return;
        }
        let cut_off = self.ask_store(|store| store.claim(name)).unwrap_or_default();
        let damage = lock(&self.store).damage.take();
        if let Some(problem) = damage {
            self.alarm(Event::JournalDamaged { problem });
        }
        for due in cut_off {
            self.alarm(Event::CutOff { task: name.clone(), due });
        }
    }

    /// Forgets what earlier processes have left of names that have not been scheduled, and says which they were.
    pub(crate) fn forget_unscheduled(self: &Arc<Self>) -> Vec<String> {
        let names = self.ask_store(|store| store.unclaimed()).unwrap_or_default();
        for name in &names {
            let name = Arc::from(name.as_str());
            self.emit_past(&name);
            lock(&self.state).outbox.record(&name, Record::Forgot);
            self.write_all();
        }
        names
    }

    /// Returns when a record is written, and all that were queued before it.
    pub(super) fn write(self: &Arc<Self>, until: QueuedRecord) {
        if !self.has_store {
            return;
        }
        let failed = {
            let mut open = lock(&self.store);
            let mut failed = None;
            // Writes no later record than its own: the thread that queued a later one waits for it, and writes it itself.
            while let Some((name, record)) = self.next_record(until) {
                failed = failed.or(open.write(&name, record));
            }
            failed
        };
        if let Some(error) = failed {
            self.alarm(Event::JournalFailed { error: error.into() });
        }
    }

    /// Writes all records that are queued.
    pub(super) fn write_all(self: &Arc<Self>) {
        if self.has_store {
            let last = lock(&self.state).outbox.last_record();
            self.write(last);
        }
    }

    fn next_record(&self, until: QueuedRecord) -> Option<(Arc<str>, Record)> {
        lock(&self.state).outbox.take_record(until)
    }

    pub(super) fn close_journal(self: &Arc<Self>) {
        let store = lock(&self.store).store.take();
        if let Err(message) = guarded(|| drop(store)) {
            self.store_panicked(&message);
        }
    }
}

impl OpenStore {
    /// Writes a record. Returns an error if it is the first in a row.
    fn write(&mut self, name: &str, record: Record) -> Option<String> {
        let store = self.store.as_mut()?;
        // The error is the user's, too: it is printed and dropped in here.
        let written = guarded(|| store.write(name, record).map_err(|error| error.to_string()));
        let written = written.unwrap_or_else(|message| Err(format!("the store panicked: {message}")));
        if let Ok(false) = written {
            // Nothing had to be written: for example the end of a run whose beginning could not be written.
            return None;
        }
        let had_failed = std::mem::replace(&mut self.has_failed, written.is_err());
        written.err().filter(|_| !had_failed)
    }
}
