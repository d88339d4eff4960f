//! A queue of jobs, and the few threads that take from it.
//!
//! The pool does not know what its jobs are. It starts no thread itself: [`Pool::push`] says how many more workers it
//! wants, and its owner starts threads that call [`Pool::work`]. One lock guards the queue and the counts. It is never held while a job runs.

use std::collections::VecDeque;

use crate::sync::{lock, thread, wait, wait_until, Condvar, Instant, Mutex};

pub(crate) struct Pool<J> {
    state: Mutex<State<J>>,
    /// Notified once for each job that an idle worker should take.
    wake: Condvar,
    /// Notified when a worker has ended, and when its thread is kept or could not be started.
    worker_left: Condvar,
    /// The largest number of workers. Zero if callers do the work themselves.
    limit: usize,
}

struct State<J> {
    queue: VecDeque<J>,
    /// Workers that wait for a job and have not been notified.
    idle: usize,
    /// Workers that have been notified and are not awake yet.
    notified: usize,
    /// Workers that were wanted and have not begun.
    starting: usize,
    /// Workers that were wanted and whose threads are not in `threads` yet. They may have begun, and ended.
    spawning: usize,
    /// Workers that have put a job back, and leave the work to others for a while.
    away: usize,
    /// All workers: idle, notified, starting, away, or busy.
    workers: usize,
    /// Whether the queue has outgrown the workers since one was last idle.
    is_saturated: bool,
    is_closed: bool,
    /// The threads to be joined at the end.
    threads: Vec<thread::JoinHandle<()>>,
}

/// A longer queue is not kept when it is empty.
const KEPT: usize = 1024;

impl<J> State<J> {
    fn pop(&mut self) -> Option<J> {
        let job = self.queue.pop_front();
        if job.is_none() && self.queue.capacity() > KEPT {
            self.queue = VecDeque::new();
        }
        job
    }
}

/// What a push asks for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// How many more workers must be started. They are counted as `starting` already.
    pub(crate) workers: usize,
    /// How many jobs wait although there are as many workers as allowed. Some only once until a worker is idle again.
    pub(crate) waiting: Option<usize>,
}

impl<J> Pool<J> {
    pub(crate) fn new(limit: usize) -> Pool<J> {
        let state = State {
            queue: VecDeque::new(),
            idle: 0,
            notified: 0,
            starting: 0,
            spawning: 0,
            away: 0,
            workers: 0,
            is_saturated: false,
            is_closed: false,
            threads: Vec::new(),
        };
        Pool { state: Mutex::new(state), wake: Condvar::new(), worker_left: Condvar::new(), limit }
    }

    /// The largest number of workers.
    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    /// The number of workers. It may be less than the limit, as a thread cannot always be started.
    pub(crate) fn workers(&self) -> usize {
        lock(&self.state).workers
    }

    /// Appends jobs, and notifies no more workers than there are jobs and idle workers.
    pub(crate) fn push(&self, jobs: &mut dyn Iterator<Item = J>) -> Wanted {
        let mut state = lock(&self.state);
        state.queue.extend(jobs);
        let waiting = state.queue.len().saturating_sub(state.notified + state.starting);
        let notified = waiting.min(state.idle);
        let limit = if state.is_closed { 0 } else { self.limit };
        let workers = (waiting - notified).min(limit.saturating_sub(state.workers));
        state.idle -= notified;
        state.notified += notified;
        state.workers += workers;
        state.starting += workers;
        state.spawning += workers;
        let unserved = waiting - notified - workers;
        let newly_saturated = self.limit > 0 && unserved > 0 && !state.is_saturated;
        state.is_saturated |= newly_saturated;
        drop(state);
        // Unlock first: a notified worker would only wait for this lock.
        for _ in 0..notified {
            self.wake.notify_one();
        }
        Wanted { workers, waiting: newly_saturated.then_some(unserved) }
    }

    /// Whether a worker may be started although there is no work yet. If so, it is counted, and the caller must start it.
    pub(crate) fn want_one(&self) -> bool {
        let mut state = lock(&self.state);
        let wanted = state.workers < self.limit;
        state.workers += usize::from(wanted);
        state.starting += usize::from(wanted);
        state.spawning += usize::from(wanted);
        wanted
    }

    /// How many jobs are queued.
    pub(crate) fn len(&self) -> usize {
        lock(&self.state).queue.len()
    }

    /// The next job, for callers that do the work themselves.
    pub(crate) fn pop(&self) -> Option<J> {
        lock(&self.state).pop()
    }

    /// Takes out the jobs that are not wanted any more. Returns how many there were.
    pub(crate) fn retain(&self, is_wanted: impl FnMut(&J) -> bool) -> usize {
        let queue = &mut lock(&self.state).queue;
        let before = queue.len();
        queue.retain(is_wanted);
        queue.shrink_to_fit();
        before - queue.len()
    }

    /// Puts a job back to the front for other workers that are busy now. If there are none, returns it. Otherwise the worker is away
    /// until it [comes back](Pool::come_back).
    pub(crate) fn put_back(&self, job: J) -> Option<J> {
        let mut state = lock(&self.state);
        if state.workers - state.idle - state.notified - state.starting - state.away <= 1 {
            return Some(job);
        }
        state.queue.push_front(job);
        state.away += 1;
        None
    }

    /// A worker that has put a job back looks for work again.
    pub(crate) fn come_back(&self) {
        lock(&self.state).away -= 1;
    }

    /// The next job, if it is wanted, for a worker that takes several.
    pub(crate) fn pop_if(&self, is_wanted: impl FnOnce(&J) -> bool) -> Option<J> {
        let queue = &mut lock(&self.state).queue;
        match queue.front() {
            Some(job) if is_wanted(job) => queue.pop_front(),
            _ => None,
        }
    }

    /// What a worker does: it runs jobs until the pool is closed and the queue is empty.
    pub(crate) fn work(&self, mut run: impl FnMut(J)) {
        let _guard = WorkerGuard { pool: self };
        let mut state = lock(&self.state);
        state.starting -= 1;
        loop {
            if let Some(job) = state.pop() {
                drop(state);
                run(job);
                state = lock(&self.state);
            } else if state.is_closed {
                return;
            } else {
                state.is_saturated = false;
                state.idle += 1;
                state = wait(&self.wake, state);
                // A worker may wake spuriously while another one has been notified and is not awake yet. It counts itself
                // as the notified one. The other then counts itself as idle, so both counts are right in the end.
                if state.notified > 0 {
                    state.notified -= 1;
                } else {
                    state.idle -= 1;
                }
            }
        }
    }

    /// Keeps the thread of a worker, to be joined at the end.
    pub(crate) fn add_thread(&self, thread: thread::JoinHandle<()>) {
        let mut state = lock(&self.state);
        state.threads.push(thread);
        state.spawning -= 1;
        drop(state);
        self.worker_left.notify_all();
    }

    /// A wanted worker could not be started.
    pub(crate) fn start_failed(&self) {
        let mut state = lock(&self.state);
        state.workers -= 1;
        state.starting -= 1;
        state.spawning -= 1;
        drop(state);
        self.worker_left.notify_all();
    }

    /// How many jobs wait because workers could not be started. Some only once, as [`Wanted::waiting`].
    pub(crate) fn waiting(&self) -> Option<usize> {
        let mut state = lock(&self.state);
        let waiting = state.queue.len().saturating_sub(state.idle + state.notified + state.starting);
        let newly_saturated = waiting > 0 && !state.is_saturated;
        state.is_saturated |= newly_saturated;
        newly_saturated.then_some(waiting)
    }

    /// Ends the workers when the queue is empty.
    pub(crate) fn close(&self) {
        lock(&self.state).is_closed = true;
        self.wake.notify_all();
    }

    /// Waits until the last worker has ended, and the threads of all are kept. False if the deadline comes first.
    pub(crate) fn wait_for_workers(&self, deadline: Option<Instant>) -> bool {
        let mut state = lock(&self.state);
        while state.workers > 0 || state.spawning > 0 {
            state = match deadline {
                Some(deadline) if deadline <= Instant::now() => return false,
                Some(deadline) => wait_until(&self.worker_left, state, deadline),
                None => wait(&self.worker_left, state),
            };
        }
        true
    }

    /// The threads started so far. Each is handed out once.
    pub(crate) fn take_threads(&self) -> Vec<thread::JoinHandle<()>> {
        std::mem::take(&mut lock(&self.state).threads)
    }
}

/// Uncounts a worker when its thread ends, also by a panic.
struct WorkerGuard<'a, J> {
    pool: &'a Pool<J>,
}

impl<J> Drop for WorkerGuard<'_, J> {
    fn drop(&mut self) {
        lock(&self.pool.state).workers -= 1;
        self.pool.worker_left.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::iter;

    use super::*;

    #[test]
    fn workers_that_could_not_be_started_are_not_counted_and_the_jobs_that_wait_for_them_are_reported_once() {
        let pool = Pool::new(8);
        assert!(pool.want_one());
        let wanted = pool.push(&mut (0..4));
        assert_eq!(wanted, Wanted { workers: 3, waiting: None });
        assert_eq!(pool.workers(), 4);
        (0..3).for_each(|_| pool.start_failed());
        assert_eq!(pool.workers(), 1);
        // The one worker is about to begin, and takes one of the four.
        assert_eq!(pool.waiting(), Some(3));
        assert_eq!(pool.waiting(), None, "it was reported");
    }

    #[test]
    fn the_last_worker_has_not_left_before_its_thread_can_be_joined() {
        let pool = Pool::new(1);
        assert!(pool.want_one());
        pool.close();
        // It has ended before the thread that has started it goes on.
        pool.work(|()| {});
        assert!(!pool.wait_for_workers(Some(Instant::now())));
        pool.add_thread(thread::spawn(|| {}));
        assert!(pool.wait_for_workers(Some(Instant::now())));
        assert_eq!(pool.take_threads().len(), 1);
    }

    #[test]
    fn a_long_queue_is_given_back() {
        let pool = Pool::new(0);
        pool.push(&mut (0..10 * KEPT));
        while pool.pop().is_some() {}
        assert!(lock(&pool.state).queue.capacity() <= KEPT);
    }

    #[test]
    fn a_job_is_put_back_to_the_front_only_if_another_worker_is_busy() {
        let pool = Pool::new(2);
        pool.push(&mut [1, 2].into_iter());
        let job = pool.pop().expect("two were pushed");
        // Both workers are about to begin.
        assert_eq!(pool.put_back(job), Some(1));
        lock(&pool.state).starting = 0;
        assert_eq!(pool.put_back(job), None);
        assert_eq!(pool.pop(), Some(1));
        // Now the other one is alone with the work.
        assert_eq!(pool.put_back(job), Some(1));
        pool.come_back();
        assert_eq!(pool.put_back(job), None);
        assert_eq!((pool.pop(), pool.pop(), pool.pop()), (Some(1), Some(2), None));
    }

    #[test]
    fn no_job_waits_if_some_of_the_workers_could_be_started() {
        let pool = Pool::new(2);
        assert!(pool.want_one());
        assert_eq!(pool.push(&mut iter::once(0)), Wanted::default());
        assert_eq!(pool.waiting(), None);
    }
}
