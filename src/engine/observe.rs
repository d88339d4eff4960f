//! Emits events to observers, and drops what is the user's. Both are done behind [`guarded`].

use std::any::Any;
use std::fmt;
use std::io::{self, Write};

use super::{Engine, Inside, State};
use crate::agenda::{PendingMissed, Removed, TaskDetails, TaskKey};
use crate::clock::Now;
use crate::event::{Event, OneLine, Why};
use crate::guard::guarded;
use crate::sync::{lock, Arc, Ordering};
use crate::task::Task;

pub(crate) type Observer = Arc<dyn Fn(&Event) + Send + Sync>;

/// What a layer puts into an engine to record what happens. It gets each event before the observers of users do. The state
/// may be locked meanwhile, so it must be quick and must not call the engine.
pub(crate) trait Recorder: fmt::Debug + Send + Sync {
    /// An event happened when the clocks showed `now`.
    fn event(&self, event: &Event, now: Now);

    /// A task is about to be cancelled: by the next `Cancelled` event of its name, or when its next run starts. After that,
    /// the agenda has no details of it.
    fn ends(&self, task: TaskDetails);

    /// The layer finds its own recorder by its type.
    #[allow(dead_code)] // Without layers there is none.
    fn as_any(&self) -> &dyn Any;
}

impl Engine {
    pub(crate) fn observe(&self, observer: Observer) {
        if let Some(observers) = &mut *lock(&self.observers) {
            *observers = observers.iter().cloned().chain([observer]).collect();
            self.is_observed.store(true, Ordering::Relaxed);
        }
        if self.wait_limit.is_some() {
            // A run may be waiting already.
            self.wake_timer();
        }
    }

    /// Whether a user's observer is registered.
    pub(super) fn is_observed(&self) -> bool {
        self.is_observed.load(Ordering::Relaxed)
    }

    /// Emits an event, if it is for anybody.
    pub(crate) fn emit(&self, event: impl FnOnce() -> Event) {
        if self.recorder.is_some() || self.is_observed() {
            self.emit_at(self.clock.now(), event);
        }
    }

    /// Emits an event that happened when the clocks showed `now`.
    pub(super) fn emit_at(&self, now: Now, event: impl FnOnce() -> Event) {
        if self.recorder.is_some() || self.is_observed() {
            let event = event();
            self.record(&event, now);
            self.notify(&event);
        }
    }

    /// Emits an event that must not get lost: without an observer it is printed to stderr.
    pub(crate) fn emit_or_stderr(&self, event: Event) {
        self.record(&event, self.clock.now());
        if self.is_observed() {
            self.notify(&event);
        } else {
            to_stderr(format_args!("{event}"));
        }
    }

    /// Records an event that observers get later: it is decided with the state locked.
    pub(super) fn record(&self, event: &Event, now: Now) {
        if let Some(recorder) = &self.recorder {
            recorder.event(event, now);
        }
    }

    /// A task is about to be cancelled, now or with its next run.
    pub(super) fn record_end(&self, state: &State, key: TaskKey<'_>) {
        if let Some(recorder) = &self.recorder {
            state.agenda.details(key).into_iter().for_each(|task| recorder.ends(task));
        }
    }

    /// Emits an event that is recorded already.
    pub(super) fn notify(&self, event: &Event) {
        if !self.is_observed() {
            return;
        }
        let _inside = Inside::of(self);
        let observers = lock(&self.observers).clone();
        let each = observers.iter().flat_map(|observers| observers.iter());
        let panics: Vec<_> = each.filter_map(|observer| guarded(|| observer(event)).err()).collect();
        // If the engine has closed meanwhile, this drops the observers.
        let panics = panics.into_iter().chain(guarded(|| drop(observers)).err());
        for message in panics {
            to_stderr(format_args!("an observer panicked: {}", OneLine(&message)));
        }
    }

    /// Reports the missed occurrences of a task that has lost its name, and drops the task if it was at home.
    pub(super) fn dispose_of(&self, removed: Removed, why: Why) {
        let Removed { name, task, pending_missed, .. } = removed;
        if let Some(mut task) = task {
            self.emit_pending_missed(&name, &mut task, pending_missed, why);
            self.discard(&name, task);
        }
    }

    /// Reports the occurrences of a task that passed without a run before it lost its name. The schedule counts them, and
    /// that may be the user's code. They are not written to the journal: either the name is forgotten there, or the next
    /// process is to make up for them.
    pub(super) fn emit_pending_missed(
        &self,
        name: &Arc<str>,
        task: &mut Task,
        pending_missed: Option<PendingMissed>,
        why: Why,
    ) {
        if let Some(PendingMissed { due, until, reported }) = pending_missed {
            let _inside = Inside::of(self);
            let first = match reported {
                0 => due,
                _ => match task.timetable.next(due, until) {
                    Ok(Some(next)) if next.age(until).is_some() => next,
                    _ => return,
                },
            };
            let pass = task.timetable.pass(first, until, until);
            let (first, latest) = (first.passed_at(until), pass.latest.passed_at(until));
            self.emit(|| Event::Missed { task: name.clone(), count: pass.count, first, latest, why });
        }
    }

    /// Drops something of the user's, such as a task that has ended with all that its callback and its schedule own.
    pub(crate) fn discard<T>(&self, name: &Arc<str>, theirs: T) {
        let _inside = Inside::of(self);
        if let Err(message) = guarded(|| drop(theirs)) {
            self.emit_or_stderr(Event::Panicked { task: name.clone(), due: None, took: None, message });
        }
    }
}

/// Prints one line to stderr. An error is ignored: there is no place left to report it.
pub(super) fn to_stderr(line: fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr(), "sexton: {line}");
}
