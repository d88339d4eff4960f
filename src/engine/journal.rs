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

pub(super) use crate::store::Record as Entry;

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

/// What was entered and has not been written yet. Empty where there is no journal.
#[derive(Default)]
pub(super) struct Entries {
    waiting: VecDeque<(Arc<str>, Entry)>,
    /// How many have been taken from it.
    taken: u64,
}

/// How many entries there were with the one that this stands for.
#[derive(Clone, Copy, Default)]
#[must_use = "it is not written yet"]
pub(super) struct Entered(u64);

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
    pub(super) fn enter(&mut self, name: &Arc<str>, entry: Entry) -> Entered {
        match &mut self.entries {
            Some(Entries { waiting, taken }) => {
                waiting.push_back((name.clone(), entry));
                Entered(*taken + waiting.len() as u64)
            }
            None => Entered::default(),
        }
    }

    /// A run begins. If it follows the calendar it is on the disk before its callback is called.
    pub(super) fn enter_run(&mut self, facts: &Facts) -> Entered {
        let Facts { ref name, due, is_asked_for, is_one_more, is_calendar, .. } = *facts;
        if is_one_more {
            // It gives its name up with this.
            let _ = self.enter(name, Entry::Forgot);
        }
        // No later process is to repeat it, not even after a power failure.
        let durability = match is_calendar && (is_one_more || !is_asked_for) {
            true => Durability::PowerFailure,
            false => Durability::Process,
        };
        let entry = match is_asked_for || is_one_more {
            true => Entry::Asked { at: due, durability },
            false => Entry::Began { due, durability },
        };
        self.enter(name, entry)
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
        self.alarm(Event::JournalFailed { error: format!("panicked: {message}").into() });
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
    pub(super) fn tell_past(&self, name: &Arc<str>) {
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
    pub(crate) fn forget_unscheduled(&self) -> Vec<String> {
        let names = self.ask_store(|store| store.unclaimed()).unwrap_or_default();
        for name in &names {
            let name = Arc::from(name.as_str());
            self.tell_past(&name);
            self.note(&name, Entry::Forgot);
        }
        names
    }

    /// Enters something that is up to this thread alone, and writes it.
    pub(super) fn note(&self, name: &Arc<str>, entry: Entry) {
        if self.has_store {
            let entered = lock(&self.state).enter(name, entry);
            self.write(entered);
        }
    }

    /// Sees to it that what was entered is written, with all that was entered before.
    pub(super) fn write(&self, Entered(until): Entered) {
        if until == 0 {
            return;
        }
        let failed = {
            let mut open = lock(&self.store);
            let mut failed = None;
            // Taken one at a time, as who waits for a later one is to write that.
            while let Some((name, entry)) = self.next_entry(until) {
                failed = failed.or(open.write(&name, entry));
            }
            failed
        };
        if let Some(error) = failed {
            self.alarm(Event::JournalFailed { error: error.to_string().into() });
        }
    }

    fn next_entry(&self, until: u64) -> Option<(Arc<str>, Entry)> {
        let mut state = lock(&self.state);
        let entries = state.entries.as_mut().filter(|entries| entries.taken < until)?;
        entries.taken += 1;
        entries.waiting.pop_front()
    }

    pub(super) fn close_journal(&self) {
        let store = lock(&self.store).store.take();
        if let Err(message) = guarded(|| drop(store)) {
            self.store_panicked(&message);
        }
    }
}

impl OpenStore {
    /// Writes an entry. An error is handed back if it is news.
    fn write(&mut self, name: &str, entry: Entry) -> Option<StoreError> {
        let store = self.store.as_mut()?;
        let written = guarded(|| store.write(name, entry));
        let written = written.unwrap_or_else(|message| Err(format!("panicked: {message}").into()));
        if let Ok(false) = written {
            // Nothing was tried: the end of a run whose beginning could not be written, say.
            return None;
        }
        let had_failed = std::mem::replace(&mut self.has_failed, written.is_err());
        written.err().filter(|_| !had_failed)
    }
}
