//! A prototype of how fast a scheduler with names can be: a heap of due times, a slab of tasks, a map of names, a thread that
//! waits, and workers with one queue. What is due is taken 256 at a time under one lock and handed over together, and no
//! more workers are woken than there is work and idle hands. It knows no calendar, reports nothing, and lets runs overlap.

use std::cmp::Reverse;
use std::collections::binary_heap::PeekMut;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::peer::{Callback, Name, Peer};

type Job = Arc<dyn Fn() + Send + Sync>;

struct Task {
    job: Option<Job>,
    /// Nanoseconds; 0 for a task that runs once.
    period: u64,
    /// How many tasks have been here before: what an older one has left in the heap is dead.
    generation: u32,
}

#[derive(Default)]
struct State {
    /// When, which, and its generation.
    heap: BinaryHeap<Reverse<(u64, u32, u32)>>,
    tasks: Vec<Task>,
    free: Vec<u32>,
    /// Which, and its generation.
    names: HashMap<String, (u32, u32)>,
    dead: usize,
    is_stopped: bool,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    idle: usize,
    is_stopped: bool,
}

struct Shared {
    epoch: Instant,
    state: Mutex<State>,
    timer: Condvar,
    queue: Mutex<Queue>,
    work: Condvar,
}

impl State {
    /// The earliest due time of a living task.
    fn earliest(&mut self) -> Option<u64> {
        while let Some(&Reverse((due, slot, generation))) = self.heap.peek() {
            if self.tasks[slot as usize].generation == generation {
                return Some(due);
            }
            self.heap.pop();
            self.dead -= 1;
        }
        None
    }

    /// Takes the first task, which is due, and puts it back if it is periodic.
    fn take(&mut self) -> Job {
        let mut first = self.heap.peek_mut().expect("a task that is due");
        let Reverse((due, slot, generation)) = *first;
        let task = &mut self.tasks[slot as usize];
        if task.period > 0 {
            *first = Reverse((due + task.period, slot, generation));
            return task.job.clone().expect("a living task");
        }
        PeekMut::pop(first);
        task.generation += 1;
        self.free.push(slot);
        task.job.take().expect("a living task")
    }
}

impl Shared {
    fn now(&self) -> u64 {
        self.epoch.elapsed().as_nanos() as u64
    }

    fn keep_time(&self) {
        let mut batch = Vec::new();
        let mut state = self.state.lock().unwrap();
        while !state.is_stopped {
            let now = self.now();
            while batch.len() < 256 && state.earliest().is_some_and(|due| due <= now) {
                batch.push(state.take());
            }
            if batch.is_empty() {
                state = match state.earliest() {
                    None => self.timer.wait(state).unwrap(),
                    Some(due) => self.timer.wait_timeout(state, Duration::from_nanos(due - now)).unwrap().0,
                };
                continue;
            }
            drop(state);
            let mut queue = self.queue.lock().unwrap();
            let woken = batch.len().min(queue.idle);
            queue.jobs.extend(batch.drain(..));
            drop(queue);
            (0..woken).for_each(|_| self.work.notify_one());
            state = self.state.lock().unwrap();
        }
    }

    fn work(&self) {
        let mut queue = self.queue.lock().unwrap();
        loop {
            let Some(job) = queue.jobs.pop_front() else {
                if queue.is_stopped {
                    return;
                }
                queue.idle += 1;
                queue = self.work.wait(queue).unwrap();
                queue.idle -= 1;
                continue;
            };
            drop(queue);
            let _ = catch_unwind(AssertUnwindSafe(|| job()));
            drop(job);
            queue = self.queue.lock().unwrap();
        }
    }

    fn add(&self, name: &str, due: u64, period: u64, job: Job) {
        let mut state = self.state.lock().unwrap();
        let slot = state.free.pop().unwrap_or(state.tasks.len() as u32);
        if slot as usize == state.tasks.len() {
            state.tasks.push(Task { job: None, period: 0, generation: 0 });
        }
        let task = &mut state.tasks[slot as usize];
        (task.job, task.period) = (Some(job), period);
        let generation = task.generation;
        state.names.insert(name.to_owned(), (slot, generation));
        let is_first = state.earliest().is_none_or(|earliest| due < earliest);
        state.heap.push(Reverse((due, slot, generation)));
        drop(state);
        if is_first {
            self.timer.notify_one();
        }
    }

    fn cancel(&self, name: &str) {
        let mut state = self.state.lock().unwrap();
        let Some((slot, generation)) = state.names.remove(name) else { return };
        let task = &mut state.tasks[slot as usize];
        if task.generation != generation {
            return; // It has run.
        }
        task.generation += 1;
        let job = task.job.take();
        state.free.push(slot);
        state.dead += 1;
        if state.dead > 64 && state.dead * 2 > state.heap.len() {
            let State { heap, tasks, dead, .. } = &mut *state;
            heap.retain(|Reverse((_, slot, generation))| tasks[*slot as usize].generation == *generation);
            heap.shrink_to_fit();
            *dead = 0;
        }
        drop(state);
        drop(job);
    }
}

pub struct Proto {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
    number: u32,
}

impl Proto {
    fn add(&mut self, first: Instant, period: Duration, callback: impl Callback) -> u32 {
        self.number += 1;
        let due = first.saturating_duration_since(self.shared.epoch).as_nanos() as u64;
        self.shared.add(Name::of(self.number).as_str(), due, period.as_nanos() as u64, Arc::new(callback));
        self.number
    }
}

impl Peer for Proto {
    const NAME: &'static str = "(limit) proto";
    type Id = u32;

    fn new(threads: usize) -> Self {
        let shared = Arc::new(Shared {
            epoch: Instant::now(),
            state: Mutex::default(),
            timer: Condvar::new(),
            queue: Mutex::default(),
            work: Condvar::new(),
        });
        let worker = || {
            let shared = shared.clone();
            thread::spawn(move || shared.work())
        };
        let mut threads: Vec<_> = std::iter::repeat_with(worker).take(threads).collect();
        let timer = shared.clone();
        threads.push(thread::spawn(move || timer.keep_time()));
        Proto { shared, threads, number: 0 }
    }

    fn once(&mut self, at: Instant, callback: impl Callback) -> u32 {
        self.add(at, Duration::ZERO, callback)
    }

    fn every(&mut self, first: Instant, period: Duration, callback: impl Callback) -> u32 {
        self.add(first, period, callback)
    }

    fn cancel(&mut self, number: u32) {
        self.shared.cancel(Name::of(number).as_str());
    }
}

impl Drop for Proto {
    fn drop(&mut self) {
        self.shared.state.lock().unwrap().is_stopped = true;
        self.shared.queue.lock().unwrap().is_stopped = true;
        self.shared.timer.notify_all();
        self.shared.work.notify_all();
        self.threads.drain(..).for_each(|thread| drop(thread.join()));
    }
}
