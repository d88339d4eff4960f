//! Telling the observers what happens, and dropping what is the user's: both behind [`guarded`].

use std::fmt;
use std::io::{self, Write};

use super::{Engine, Inside};
use crate::agenda::{Leftover, Unmet};
use crate::event::{Event, OneLine, Why};
use crate::guard::guarded;
use crate::sync::{lock, Arc, Ordering};
use crate::task::Task;

pub(crate) type Observer = Arc<dyn Fn(&Event) + Send + Sync>;

impl Engine {
    pub(crate) fn observe(&self, observer: Observer) {
        if let Some(observers) = &mut *lock(&self.observers) {
            *observers = observers.iter().cloned().chain([observer]).collect();
            self.is_observed.store(true, Ordering::Relaxed);
        }
        if self.wait_limit.is_some() {
            // Something may be waiting already.
            self.wake_timer();
        }
    }

    pub(super) fn is_observed(&self) -> bool {
        self.is_observed.load(Ordering::Relaxed)
    }

    /// Tells the observers, if there are any.
    pub(crate) fn tell(&self, event: impl FnOnce() -> Event) {
        if self.is_observed() {
            self.notify(&event());
        }
    }

    /// Tells what somebody has to hear: without an observer it goes to stderr.
    pub(crate) fn alarm(&self, event: Event) {
        if self.is_observed() {
            self.notify(&event);
        } else {
            to_stderr(format_args!("{event}"));
        }
    }

    fn notify(&self, event: &Event) {
        let _inside = Inside::of(self);
        let observers = lock(&self.observers).clone();
        let each = observers.iter().flat_map(|observers| observers.iter());
        let panics: Vec<_> = each.filter_map(|observer| guarded(|| observer(event)).err()).collect();
        // This may be the last of them, if the engine has closed meanwhile.
        let panics = panics.into_iter().chain(guarded(|| drop(observers)).err());
        for message in panics {
            to_stderr(format_args!("an observer panicked: {}", OneLine(&message)));
        }
    }

    /// Tells what a task that has lost its name has left undone, and drops it.
    pub(super) fn see_off(&self, leftover: Leftover, why: Why) {
        let Leftover { name, task, unmet, .. } = leftover;
        if let Some(mut task) = task {
            self.tell_unmet(&name, &mut task, unmet, why);
            self.discard(&name, task);
        }
    }

    /// Tells the dues that have passed without a run, of a task that has lost its name. To count them is up to the schedule,
    /// which may be the user's code. They are not noted: the name is forgotten, or they are left to the next process.
    pub(super) fn tell_unmet(&self, name: &Arc<str>, task: &mut Task, unmet: Option<Unmet>, why: Why) {
        if let Some(Unmet { due, until, reported }) = unmet {
            let _inside = Inside::of(self);
            let pass = task.timetable.pass(due, until, until);
            let latest = pass.latest.passed_at(until);
            if pass.count > reported {
                let count = pass.count - reported;
                self.tell(|| Event::Missed { task: name.clone(), count, latest, why });
            }
        }
    }

    /// Drops something of the user's: a task that is over, with all that its callback and its schedule have captured.
    pub(crate) fn discard<T>(&self, name: &Arc<str>, theirs: T) {
        let _inside = Inside::of(self);
        if let Err(message) = guarded(|| drop(theirs)) {
            self.alarm(Event::Panicked { task: name.clone(), message });
        }
    }
}

/// One line, and nobody minds if it cannot be written.
pub(super) fn to_stderr(line: fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr(), "sexton: {line}");
}
