//! The outbox: what was decided under the state's lock is queued there, and delivered outside it, in that order.
//!
//! Events go to the observers by one thread at a time, so all observers see the same order, and a task's `Ended` is its
//! last. That thread does nothing else, so a slow observer delays no run. It is started with the first event. In an engine
//! without threads, the thread that has queued an event delivers it. There an observer that causes events, for example by
//! cancelling a task, is called for them before it has returned.
//!
//! Records go to the store. They are written before the events that were queued after them, and before the callback of the
//! run that they are about.

use std::any::Any;
use std::collections::VecDeque;
use std::fmt;
use std::io::{self, Write};

use super::workers::start_thread;
use super::{Engine, Inside, Phase, State};
use crate::agenda::TaskDetails;
use crate::clock::Now;
use crate::event::Event;
use crate::guard::guarded;
use crate::stats::Identity;
use crate::store::Record;
use crate::sync::{lock, thread, wait, Arc, ThreadId};

pub(crate) type Observer = Arc<dyn Fn(&Event) + Send + Sync>;

/// What a layer puts into an engine to record what happens. It gets each event with the state locked, before the observers
/// of users do, so it must be quick and must not call the engine. What it records of a task it keeps in the task's statistics.
pub(crate) trait Recorder: fmt::Debug + Send + Sync {
    /// An event happened when the clocks showed `now`. It comes with its task if it is about the schedule, a pause, or an
    /// occurrence.
    fn event(&self, event: &Event, task: Option<&Arc<Identity>>, now: Now);

    /// A task is cancelled. After that, the agenda has no details of it.
    fn cancelled(&self, identity: Arc<Identity>, task: TaskDetails, now: Now);

    /// A task is about to be cancelled, when its next run starts.
    fn ends(&self, identity: &Identity, task: TaskDetails);

    /// The layer finds its own recorder by its type.
    #[allow(dead_code)] // Without layers there is none.
    fn as_any(&self) -> &dyn Any;
}

/// More events than these are not queued. They are counted, and the count is an event.
const MOST: usize = 100_000;

/// Room for so many events is kept.
const FEW: usize = 256;

pub(super) struct Outbox {
    recorder: Option<Arc<dyn Recorder>>,
    /// None once the engine has closed.
    observers: Option<Arc<[Observer]>>,
    events: VecDeque<Item>,
    /// The event that is being delivered, and how many observers it has been delivered to.
    current: Option<(Event, usize)>,
    /// The thread that is delivering events.
    deliverer: Option<ThreadId>,
    thread: EventThread,
    /// Events that were not queued because there were too many.
    lost: u64,
    records: VecDeque<(Arc<str>, Record)>,
    /// How many records have left the queue.
    taken: u64,
    /// Whether there is a store for the records.
    has_store: bool,
}

/// The thread that delivers events.
#[derive(Clone, Copy, PartialEq, Eq)]
enum EventThread {
    None,
    Awake,
    /// It waits for events.
    Asleep,
}

struct Item {
    event: Event,
    /// It is delivered after the records up to this one are written.
    after: QueuedRecord,
}

/// The number of a record, counted from 1 in the order of queueing. Zero is no record.
#[derive(Clone, Copy, Default)]
pub(super) struct QueuedRecord(u64);

impl Outbox {
    pub(super) fn new(has_store: bool, recorder: Option<Arc<dyn Recorder>>) -> Outbox {
        Outbox {
            recorder,
            observers: Some(Arc::new([])),
            events: VecDeque::new(),
            current: None,
            deliverer: None,
            thread: EventThread::None,
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
                let event = match self.events.pop_front() {
                    Some(Item { event, .. }) => event,
                    None if self.lost > 0 => Event::EventsLost { count: std::mem::take(&mut self.lost) },
                    None => {
                        give_back(&mut self.events);
                        return None;
                    }
                };
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

    /// Whether there are events that no other thread delivers, or records.
    pub(super) fn has_work(&self) -> bool {
        self.waits() || !self.records.is_empty()
    }

    /// Queues an event, if it is for anybody.
    pub(super) fn emit(&mut self, now: Now, event: impl FnOnce() -> Event) {
        self.emit_of(None, now, event);
    }

    /// The same, of a task.
    pub(super) fn emit_of(&mut self, task: Option<&Arc<Identity>>, now: Now, event: impl FnOnce() -> Event) {
        if self.recorder.is_some() || self.is_observed() {
            self.emit_wanted(task, now, event());
        }
    }

    #[inline(never)]
    fn emit_wanted(&mut self, task: Option<&Arc<Identity>>, now: Now, event: Event) {
        self.record_event(&event, task, now);
        if self.is_observed() {
            self.queue(event);
        }
    }

    /// Queues an event that must not get lost: without an observer it is printed to stderr.
    pub(super) fn alarm(&mut self, now: Now, event: Event) {
        self.alarm_of(None, now, event);
    }

    /// The same, of a task.
    pub(super) fn alarm_of(&mut self, task: Option<&Arc<Identity>>, now: Now, event: Event) {
        self.record_event(&event, task, now);
        self.queue(event);
    }

    fn record_event(&self, event: &Event, task: Option<&Arc<Identity>>, now: Now) {
        if let Some(recorder) = &self.recorder {
            recorder.event(event, task, now);
        }
    }

    fn queue(&mut self, event: Event) {
        if self.events.len() >= MOST {
            self.lost += 1;
            return;
        }
        let after = self.last_record();
        if self.lost > 0 {
            let count = std::mem::take(&mut self.lost);
            self.events.push_back(Item { event: Event::EventsLost { count }, after });
        }
        self.events.push_back(Item { event, after });
    }

    pub(super) fn recorder(&self) -> Option<&dyn Recorder> {
        self.recorder.as_deref()
    }

    /// Queues a record for the store, if there is one.
    #[inline(never)]
    pub(super) fn record(&mut self, name: &Arc<str>, record: Record) {
        if self.has_store {
            self.records.push_back((name.clone(), record));
        }
    }

    pub(super) fn last_record(&self) -> QueuedRecord {
        QueuedRecord(self.taken + self.records.len() as u64)
    }

    /// Whether this record, or one before it, is not written yet.
    fn has_record(&self, QueuedRecord(until): QueuedRecord) -> bool {
        self.taken < until
    }

    /// Takes the next record, if it is to be written with this one or before it.
    pub(super) fn take_record(&mut self, QueuedRecord(until): QueuedRecord) -> Option<(Arc<str>, Record)> {
        let record = if self.taken < until { self.records.pop_front() } else { None };
        give_back(&mut self.records);
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
        state.agenda.reports_waits();
        // A run may be waiting for too long already: then the timer must wake.
        self.unlock(state, self.clock.now());
    }

    /// Removes an observer. If it receives an event at this moment, it is dropped after that.
    pub(crate) fn remove_observer(self: &Arc<Self>, observer: Observer) {
        let mut state = lock(&self.state);
        let is_other =
            |one: &&Observer| !std::ptr::eq(Arc::as_ptr(one).cast::<()>(), Arc::as_ptr(&observer).cast());
        let removed = state.outbox.observers.as_mut().map(|observers| {
            let others = observers.iter().filter(is_other).cloned().collect();
            std::mem::replace(observers, others)
        });
        // The event that is being delivered goes on to those that are left.
        if let (Some((_, count)), Some(removed)) = (&mut state.outbox.current, &removed) {
            *count -= removed[..*count].iter().filter(|one| !is_other(one)).count();
        }
        drop(state);
        if let Err(message) = guarded(|| drop((removed, observer))) {
            self.alarm(Event::ObserverPanicked { message });
        }
    }

    /// Has the thread for it deliver the events in the outbox, and what is left of the records. Without threads, or if it
    /// cannot be started, the caller must.
    pub(super) fn deliver_later(self: &Arc<Self>, state: &mut State) -> Result<(), MustDeliver> {
        if !state.outbox.has_work() {
            return Ok(());
        }
        match state.outbox.thread {
            _ if self.pool.limit() == 0 || state.phase >= Phase::Closing => return Err(MustDeliver),
            EventThread::Awake => {}
            EventThread::Asleep => self.events.notify_all(),
            EventThread::None => {
                let engine = self.clone();
                let life = move || engine.deliver_all();
                let thread = start_thread("sexton-events", Box::new(life));
                state.event_thread = Some(thread.map_err(|_| MustDeliver)?);
            }
        }
        state.outbox.thread = EventThread::Awake;
        Ok(())
    }

    /// What the thread for events does until the engine has closed.
    fn deliver_all(self: &Arc<Self>) {
        let _inside = Inside::of(self);
        loop {
            self.deliver();
            self.write_all();
            let mut state = lock(&self.state);
            while !state.outbox.has_work() {
                if state.phase == Phase::Closed {
                    return;
                }
                state.outbox.thread = EventThread::Asleep;
                state = wait(&self.events, state);
            }
            state.outbox.thread = EventThread::Awake;
        }
    }

    /// Delivers the events in the outbox, unless another thread does so.
    pub(super) fn deliver(self: &Arc<Self>) {
        let mut state = lock(&self.state);
        if !state.outbox.waits() {
            return;
        }
        let is_outermost = state.outbox.deliverer.is_none();
        state.outbox.deliverer = Some(thread::current().id());
        let inside = Inside::of(self);
        loop {
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
            let panics = notify(&event, observer);
            state = lock(&self.state);
            let now = self.clock.now();
            panics.into_iter().for_each(|event| state.outbox.alarm(now, event));
        }
        drop(inside);
        if is_outermost {
            state.outbox.deliverer = None;
        }
        self.unlock(state, self.clock.now());
    }

    /// Emits an event that must not get lost, where the state is not locked.
    pub(crate) fn alarm(self: &Arc<Self>, event: Event) {
        let mut state = lock(&self.state);
        let now = self.clock.now();
        state.outbox.alarm(now, event);
        self.unlock(state, now);
    }
}

/// Gives the memory of a burst back once all of it has left the queue.
fn give_back<T>(queue: &mut VecDeque<T>) {
    if queue.is_empty() && queue.capacity() > FEW {
        *queue = VecDeque::new();
    }
}

/// Events are in the outbox, and no thread delivers them.
pub(super) struct MustDeliver;

/// Has an observer receive an event. If it panics, that is another event; but one about such a panic is only printed.
fn notify(event: &Event, observer: Option<Observer>) -> Vec<Event> {
    let observer = match observer {
        Some(observer) => observer,
        None => {
            to_stderr(format_args!("{event}"));
            return Vec::new();
        }
    };
    let called = guarded(|| observer(event));
    // If it was removed, or the engine has closed meanwhile, this drops the observer.
    let messages = called.err().into_iter().chain(guarded(|| drop(observer)).err());
    let panics = messages.map(|message| Event::ObserverPanicked { message });
    match event {
        Event::ObserverPanicked { .. } => {
            panics.for_each(|panic| to_stderr(format_args!("{panic}")));
            Vec::new()
        }
        _ => panics.collect(),
    }
}

/// Prints one line to stderr. An error is ignored: there is no place left to report it.
pub(super) fn to_stderr(line: fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr(), "sexton: {line}");
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::sync::Instant;

    /// An outbox with an observer.
    fn observed() -> Outbox {
        let mut outbox = Outbox::new(false, None);
        outbox.observers = Some(Arc::new([Arc::new(|_: &Event| {}) as Observer]));
        outbox
    }

    fn emit(outbox: &mut Outbox, count: usize) {
        let now = Now { mono: Instant::now(), wall: SystemTime::UNIX_EPOCH };
        (0..count).for_each(|_| outbox.emit(now, || Event::Paused { task: "t".into() }));
    }

    /// For each event that is delivered, how many it says are lost.
    fn delivered(outbox: &mut Outbox) -> Vec<u64> {
        let events = std::iter::from_fn(|| outbox.next_call());
        let lost = events.map(|(event, _)| if let Event::EventsLost { count } = event { count } else { 0 });
        lost.collect()
    }

    #[test]
    fn events_beyond_the_limit_are_counted_and_the_count_is_delivered_in_their_place() {
        let mut outbox = observed();
        let mut lost = Vec::new();
        for emitted in [MOST + 3, 1, 1] {
            emit(&mut outbox, emitted);
            lost.extend(delivered(&mut outbox));
        }
        assert!(outbox.events.capacity() <= FEW, "the memory is given back");
        assert!(lost[..MOST].iter().all(|&count| count == 0));
        assert_eq!(lost[MOST..], [3, 0, 0]);

        // Once there is room again, before what is queued then.
        emit(&mut outbox, MOST + 3);
        assert!(outbox.next_call().is_some());
        emit(&mut outbox, 1);
        assert_eq!(delivered(&mut outbox)[MOST - 1..], [3, 0]);
    }
}
