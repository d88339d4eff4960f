//! The workers: hands them work, and starts them when they are needed.

use std::io;

use super::{Engine, Inside, Work};
use crate::event::Event;
use crate::pool::Wanted;
use crate::sync::{lock, thread, Arc};

/// Starts a thread. For all kinds of them the code is the same.
pub(crate) fn start_thread(name: &str, life: Box<dyn FnOnce() + Send>) -> io::Result<thread::JoinHandle<()>> {
    thread::Builder::new().name(name.into()).spawn(life)
}

impl Engine {
    /// Queues work for the pool, and starts the workers that the pool wants.
    pub(crate) fn submit(self: &Arc<Self>, work: &mut dyn Iterator<Item = Work>) {
        let wanted = self.pool.push(work);
        self.serve(wanted);
        if self.pool.limit() == 0 {
            // A thread that drives the engine looks at the queue, finds it empty, and waits for `timer`. It has the state
            // locked until it waits. The queue has a lock of its own, so `push` may come between the two, and the
            // notification would reach nobody. After this lock, the thread has seen the work or waits already.
            drop(lock(&self.state));
            self.timer.notify_all();
        }
    }

    /// Gives the pool what it asks for.
    pub(super) fn serve(self: &Arc<Self>, wanted: Wanted) {
        let Wanted { workers, waiting } = wanted;
        // If a worker cannot be started, the work waits longer. There is at least the first worker.
        let failed = (0..workers).filter(|_| self.start_worker().is_err()).count();
        let waiting = match (waiting, failed) {
            (None, 1..) => self.pool.waiting(),
            (waiting, _) => waiting.map(|waiting| waiting + failed),
        };
        if let Some(waiting) = waiting {
            let workers = self.pool.workers();
            let mut state = lock(&self.state);
            state.outbox.emit(self.clock.now(), || Event::PoolSaturated { waiting, workers });
            // The pool has threads. If the one for events cannot be started, the event waits for the next.
            let _ = self.deliver_later(&mut state);
        }
    }

    /// Starts the first worker before there is work, so that an error is found when the scheduler is built.
    pub(crate) fn start_first_worker(self: &Arc<Self>) -> io::Result<()> {
        match self.pool.want_one() {
            true => self.start_worker(),
            false => Ok(()),
        }
    }

    fn start_worker(self: &Arc<Self>) -> io::Result<()> {
        let engine = self.clone();
        let life = move || {
            let _inside = Inside::of(&engine);
            engine.pool.work(|work| work.perform(&engine));
        };
        match start_thread("sexton-worker", Box::new(life)) {
            Ok(thread) => {
                self.pool.add_thread(thread);
                Ok(())
            }
            Err(error) => {
                self.pool.start_failed();
                Err(error)
            }
        }
    }

    /// Does up to `most` pieces of the pool's queued work, on the calling thread.
    pub(crate) fn run_queued(self: &Arc<Self>, most: usize) {
        let _inside = Inside::of(self);
        for _ in 0..most {
            match self.pool.pop() {
                Some(work) => work.perform(self),
                None => return,
            }
        }
    }
}
