//! What the engine notes in a journal, where there is one: which runs begin and end, and which dues were told as missed.
//!
//! Who decides such a thing does so with the state locked, and enters it there: so the journal has it in the order in
//! which it was decided, whichever thread writes it. It is written without that lock, before it is told or called.
//!
//! The journal's lock is held while a line is written, and nothing of the user's is called meanwhile.

use std::collections::VecDeque;
use std::time::SystemTime;

use super::{Engine, State};
use crate::error::Error;
use crate::event::Event;
use crate::journal::{Journal, JournalError};
use crate::sync::{lock, Arc};
use crate::task::Facts;

/// A journal, and what is to be told of it.
#[derive(Default)]
pub(crate) struct Notes {
    /// None once the engine has closed, so that another one may open it.
    journal: Option<Journal>,
    /// What was wrong with it when it was opened, until somebody may hear.
    damage: Option<Arc<str>>,
    /// Whether the last write failed. That is told once, until one succeeds.
    has_failed: bool,
}

/// What is to be noted of a name.
#[derive(Clone, Copy)]
pub(super) enum Entry {
    /// It was scheduled: of a name that is new, dues up to here are none of its own.
    Scheduled(SystemTime),
    /// A run begins; `is_durable`: whatever happens then, not even a power failure, has a later process run it again.
    Began {
        due: SystemTime,
        is_durable: bool,
    },
    /// A run begins that is for no due of its schedule, or the last of a task that was cancelled.
    Asked {
        at: SystemTime,
        is_durable: bool,
    },
    Ended(SystemTime),
    /// Dues up to here are told as missed, and are not to be caught up.
    Passed(SystemTime),
    /// Whoever has the name next begins anew.
    Forgot,
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

impl Notes {
    pub(crate) fn new(journal: Journal, damage: Option<Arc<str>>) -> Notes {
        Notes { journal: Some(journal), damage, has_failed: false }
    }

    pub(super) fn is_kept(&self) -> bool {
        self.journal.is_some()
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
        let entry = match is_asked_for || is_one_more {
            true => Entry::Asked { at: due, is_durable: is_one_more && is_calendar },
            false => Entry::Began { due, is_durable: is_calendar },
        };
        self.enter(name, entry)
    }
}

impl Engine {
    /// The last due of a name in an earlier process.
    pub(crate) fn last_due(&self, name: &str) -> Option<SystemTime> {
        lock(&self.notes).journal.as_ref()?.last(name)
    }

    /// Whether a journal can hold the name.
    pub(super) fn check_name(&self, name: &str) -> Result<(), Error> {
        lock(&self.notes).journal.as_ref().map_or(Ok(()), |journal| Ok(journal.check_name(name)?))
    }

    /// A name is scheduled: what earlier processes have left of it is told, and done with.
    pub(super) fn tell_past(&self, name: &Arc<str>) {
        let (damage, cut_off) = {
            let mut notes = lock(&self.notes);
            let cut_off = notes.journal.as_ref().map_or_else(Vec::new, |journal| journal.claim(name));
            (notes.damage.take(), cut_off)
        };
        if let Some(problem) = damage {
            self.alarm(Event::JournalDamaged { problem });
        }
        for due in cut_off {
            self.alarm(Event::CutOff { task: name.clone(), due });
        }
    }

    /// Forgets what earlier processes have left of names that nobody has scheduled, and says which they were.
    pub(crate) fn forget_unscheduled(&self) -> Vec<String> {
        let names = lock(&self.notes).journal.as_ref().map_or_else(Vec::new, Journal::unclaimed);
        for name in &names {
            let name = Arc::from(name.as_str());
            self.tell_past(&name);
            self.note(&name, Entry::Forgot);
        }
        names
    }

    /// Enters something that is up to this thread alone, and writes it.
    pub(super) fn note(&self, name: &Arc<str>, entry: Entry) {
        if self.has_journal {
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
            let mut notes = lock(&self.notes);
            let mut failed = None;
            // Taken one at a time, as who waits for a later one is to write that.
            while let Some((name, entry)) = self.next_entry(until) {
                failed = failed.or(notes.write(&name, entry));
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
        let journal = lock(&self.notes).journal.take();
        drop(journal);
    }
}

impl Notes {
    /// Writes an entry. An error is handed back if it is news.
    fn write(&mut self, name: &str, entry: Entry) -> Option<JournalError> {
        let journal = self.journal.as_ref()?;
        let written = match entry {
            Entry::Scheduled(at) => journal.scheduled(name, at),
            Entry::Began { due, is_durable } => journal.began(name, due, is_durable),
            Entry::Asked { at, is_durable } => journal.asked(name, at, is_durable),
            Entry::Ended(due) => journal.ended(name, due),
            Entry::Passed(due) => journal.passed(name, due),
            Entry::Forgot => journal.forget(name),
        };
        if let Ok(false) = written {
            // Nothing was tried: the end of a run whose beginning could not be written, say.
            return None;
        }
        let had_failed = std::mem::replace(&mut self.has_failed, written.is_err());
        written.err().filter(|_| !had_failed)
    }
}
