//! The outbox: what was decided under the state's lock is queued there, and delivered outside it, in that order.
//!
//! Events go to the observers by one thread at a time, so all observers see the same order, and a task's `Ended` is its
//! last. The thread that has queued an event delivers it, unless another thread is delivering. An observer that causes
//! events, for example by cancelling a task, is called for them before it has returned. The timer must not call observers:
//! it hands its events to a worker, or to a thread of their own while all workers are busy.
//!
//! Records go to the store. They are written before the events that were queued after them, and before the callback of the
//! run that they are about.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, Write};

use super::{Engine, Inside, State, Work};
use crate::event::{Event, OneLine};
use crate::guard::guarded;
use crate::store::Record;
use crate::sync::{lock, thread, wait, Arc, MutexGuard, ThreadId};

pub(crate) type Observer = Arc<dyn Fn(&Event) + Send + Sync>;

/// A thread that has queued an event waits while more than these are queued, unless it is inside a callback.
const FULL: usize = 1_000;

/// More events than these are not queued. They are counted, and the count is an event.
const MOST: usize = 100_000;

/// After so many calls of observers, a thread leaves the rest to a worker.
const CALLS: u32 = 1_000;

pub(super) struct Outbox {
    /// None once the engine has closed.
    observers: Option<Arc<[Observer]>>,
    events: VecDeque<Item>,
    /// The event that is being delivered, and how many observers it has been delivered to.
    current: Option<(Event, usize)>,
    /// The thread that is delivering events.
    deliverer: Option<ThreadId>,
    /// Events that were not queued because there were too many.
    lost: u64,
    records: VecDeque<(Arc<str>, Record)>,
    /// How many records have left the queue.
    taken: u64,
    /// Whether there is a store for the records.
    has_store: bool,
}

struct Item {
    event: Event,
    /// It is delivered after the records up to this one are written.
    after: QueuedRecord,
}

/// The number of a record, counted from 1 in the order of queueing. Zero is no record.
#[derive(Clone, Copy, Default)]
#[must_use = "it is not written yet"]
pub(super) struct QueuedRecord(u64);

impl Outbox {
    pub(super) fn new(has_store: bool) -> Outbox {
        Outbox {
            observers: Some(Arc::new([])),
            events: VecDeque::new(),
            current: None,
            deliverer: None,
            lost: 0,
            records: VecDeque::new(),
            taken: 0,
            has_store,
        }
    }

    pub(super) fn is_observed(&self) -> bool {
        self.observers.as_ref().map_or(false, |observers| !observers.is_empty())
    }

    /// Whether all events have been delivered.
    pub(super) fn is_idle(&self) -> bool {
        self.events.is_empty() && self.deliverer.is_none()
    }

    /// Whether there are events, and no other thread delivers them.
    pub(super) fn waits(&self) -> bool {
        !self.events.is_empty() && !self.is_busy()
    }

    /// Whether another thread delivers events.
    fn is_busy(&self) -> bool {
        self.deliverer.map_or(false, |deliverer| deliverer != thread::current().id())
    }

    /// The next observer to call, and the event. None for the observer stands for stderr.
    fn next_call(&mut self) -> Option<(Event, Option<Observer>)> {
        let observers = self.observers.as_deref().unwrap_or(&[]);
        match &mut self.current {
            Some((event, count)) if *count < observers.len() => {
                *count += 1;
                Some((event.clone(), Some(observers[*count - 1].clone())))
            }
            current => {
                *current = None;
                let Item { event, .. } = self.events.pop_front()?;
                match observers.is_empty() {
                    true => Some((event, None)),
                    false => {
                        self.current = Some((event, 0));
                        self.next_call()
                    }
                }
            }
        }
    }

    /// Queues an event, if there is an observer.
    pub(super) fn emit(&mut self, event: impl FnOnce() -> Event) {
        if self.is_observed() {
            self.alarm(event());
        }
    }

    /// Queues an event that must not get lost: without an observer it is printed to stderr.
    pub(super) fn alarm(&mut self, event: Event) {
        if self.events.len() >= MOST {
            self.lost += 1;
            return;
        }
        if self.lost > 0 {
            let count = std::mem::take(&mut self.lost);
            let after = self.last_record();
            self.events.push_back(Item { event: Event::EventsLost { count }, after });
        }
        let after = self.last_record();
        self.events.push_back(Item { event, after });
    }

    /// Queues a record for the store, if there is one.
    pub(super) fn record(&mut self, name: &Arc<str>, record: Record) -> QueuedRecord {
        if self.has_store {
            self.records.push_back((name.clone(), record));
        }
        self.last_record()
    }

    fn last_record(&self) -> QueuedRecord {
        QueuedRecord(self.taken + self.records.len() as u64)
    }

    /// Whether this record, or one before it, is not written yet.
    fn has_record(&self, QueuedRecord(until): QueuedRecord) -> bool {
        self.taken < until
    }

    /// Takes the next record, if it is to be written with this one or before it.
    pub(super) fn take_record(&mut self, QueuedRecord(until): QueuedRecord) -> Option<(Arc<str>, Record)> {
        let record = if self.taken < until { self.records.pop_front() } else { None };
        self.taken += u64::from(record.is_some());
        record
    }

    pub(super) fn take_observers(&mut self) -> Option<Arc<[Observer]>> {
        self.observers.take()
    }
}

impl Engine {
    pub(crate) fn observe(self: &Arc<Self>, observer: Observer) {
        let mut state = lock(&self.state);
        if let Some(observers) = &mut state.outbox.observers {
            *observers = observers.iter().cloned().chain([observer]).collect();
        }
        // A run may be waiting for too long already: then the timer must wake.
        self.unlock(state, self.clock.now());
    }

    /// Delivers the events in the outbox, unless another thread does so.
    pub(super) fn deliver(self: &Arc<Self>) {
        let mut state = lock(&self.state);
        while state.outbox.is_busy() && state.outbox.events.len() > FULL && !Inside::is_inside(self) {
            state = wait(&self.drained, state);
        }
        if !state.outbox.waits() {
            return;
        }
        let is_outermost = state.outbox.deliverer.is_none();
        state.outbox.deliverer = Some(thread::current().id());
        let inside = Inside::of(self);
        for _ in 0..CALLS {
            let after = state.outbox.events.front().map_or(QueuedRecord::default(), |item| item.after);
            if state.outbox.has_record(after) {
                drop(state);
                self.write(after);
                state = lock(&self.state);
            }
            let (event, observer) = match state.outbox.next_call() {
                Some(call) => call,
                None => break,
            };
            drop(state);
            notify(&event, observer);
            state = lock(&self.state);
        }
        drop(inside);
        let is_left = is_outermost && !state.outbox.events.is_empty();
        if is_outermost {
            state.outbox.deliverer = None;
            self.drained.notify_all();
        }
        self.release(state, self.clock.now());
        if is_left {
            self.deliver_later();
        }
    }

    /// Locks the state for a worker between two runs: it waits while the thread that delivers events cannot keep up.
    pub(super) fn lock_between_runs(&self) -> MutexGuard<'_, State> {
        let mut state = lock(&self.state);
        while state.outbox.is_busy() && state.outbox.events.len() > FULL {
            state = wait(&self.drained, state);
        }
        state
    }

    /// Has a worker deliver the events if one is free, or else a thread of their own.
    pub(crate) fn deliver_later(self: &Arc<Self>) {
        if self.pool.limit() == 0 {
            return self.submit([Work::Deliver]);
        }
        if let Ok(wanted) = self.pool.offer(Work::Deliver) {
            return self.serve(wanted);
        }
        let engine = self.clone();
        let thread = thread::Builder::new().name("sexton-events".into()).spawn(move || engine.deliver());
        match thread {
            Ok(thread) => {
                let threads = &mut lock(&self.state).threads;
                threads.retain(|thread| !thread.is_finished());
                threads.push(thread);
            }
            // The events wait for a worker.
            Err(_) => drop(self.pool.append(Work::Deliver)),
        }
    }

    /// Emits an event that must not get lost, where the state is not locked.
    pub(crate) fn alarm(self: &Arc<Self>, event: Event) {
        let mut state = lock(&self.state);
        state.outbox.alarm(event);
        self.unlock(state, self.clock.now());
    }
}

fn notify(event: &Event, observer: Option<Observer>) {
    let observer = match observer {
        Some(observer) => observer,
        None => return to_stderr(format_args!("{event}")),
    };
    let called = guarded(|| observer(event));
    // If the engine has closed meanwhile, this drops the observer.
    for message in called.err().into_iter().chain(guarded(|| drop(observer)).err()) {
        to_stderr(format_args!("an observer panicked: {}", OneLine(&message)));
    }
}

/// Prints one line to stderr. An error is ignored: there is no place left to report it.
pub(super) fn to_stderr(line: fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr(), "sexton: {line}");
}
