//! What the engine notes in a journal, where there is one: which runs begin and end, and which dues were told as missed.
//!
//! Its lock is held while a line is written, and nothing of the user's is called meanwhile.

use std::time::SystemTime;

use super::Engine;
use crate::event::{Event, Why};
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

impl Notes {
    pub(crate) fn new(journal: Journal, damage: Option<Arc<str>>) -> Notes {
        Notes { journal: Some(journal), damage, has_failed: false }
    }
}

impl Engine {
    /// The last due of a name in an earlier process.
    pub(crate) fn last_due(&self, name: &str) -> Option<SystemTime> {
        lock(&self.notes).journal.as_ref()?.last(name)
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

    /// A run begins. If it follows the calendar it is on the disk before its callback is called: whatever happens then,
    /// no later process runs it again.
    pub(super) fn note_began(&self, facts: &Facts) {
        let Facts { name, due, is_asked_for, is_calendar, .. } = facts;
        self.note(|journal| match is_asked_for {
            true => journal.asked(name, *due),
            false => journal.began(name, *due, *is_calendar),
        });
    }

    pub(super) fn note_ended(&self, name: &str, due: SystemTime, is_forgotten: bool) {
        self.note(|journal| journal.ended(name, due));
        if is_forgotten {
            self.note_forgotten(name);
        }
    }

    /// Dues up to `latest` are told as missed, and are not to be caught up. What is missed as the process goes down is for
    /// the next one.
    pub(super) fn note_missed(&self, name: &str, latest: SystemTime, why: Why) {
        if !matches!(why, Why::ShutDown | Why::Cancelled) {
            self.note(|journal| journal.passed(name, latest));
        }
    }

    /// A task was cancelled: whoever has its name next begins anew.
    pub(super) fn note_forgotten(&self, name: &str) {
        self.note(|journal| journal.forget(name));
    }

    fn note(&self, write: impl FnOnce(&Journal) -> Result<bool, JournalError>) {
        let failed = {
            let mut notes = lock(&self.notes);
            let written = match &notes.journal {
                Some(journal) => write(journal),
                None => return,
            };
            if let Ok(false) = written {
                // Nothing was tried: the end of a run whose beginning could not be written, say.
                return;
            }
            let had_failed = std::mem::replace(&mut notes.has_failed, written.is_err());
            written.err().filter(|_| !had_failed)
        };
        if let Some(error) = failed {
            self.alarm(Event::JournalFailed { error: error.to_string().into() });
        }
    }

    pub(super) fn close_journal(&self) {
        let journal = lock(&self.notes).journal.take();
        drop(journal);
    }
}
