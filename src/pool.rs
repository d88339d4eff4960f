//! A queue of work and the few threads that take from it.
//!
//! The pool starts no thread itself: [`Pool::push`] says how many more workers are wanted, and the owner of the pool has a
//! thread call [`Pool::work`]. It knows of its jobs only what its owner tells it when it looks for those that have waited
//! too long ([`Pool::see`]). One lock guards the queue and the counts; it is never held while a job runs.

use std::collections::VecDeque;

use crate::sync::{lock, thread, wait, wait_until, Condvar, Instant, Mutex, MutexGuard};

pub(crate) struct Pool<J> {
    state: Mutex<State<J>>,
    /// Notified once for each job that an idle worker should take.
    wake: Condvar,
    /// Notified when a worker has left.
    left: Condvar,
    /// The most workers there may be; none where the caller does the work.
    limit: usize,
}

struct State<J> {
    queue: VecDeque<J>,
    /// Workers that wait and have not been called.
    idle: usize,
    /// Workers that have been called and are not awake yet.
    called: usize,
    /// Workers that have been hired and have not begun yet.
    starting: usize,
    /// All workers there are, whatever they do.
    workers: usize,
    /// Whether the queue has outgrown the workers since one was last idle.
    is_saturated: bool,
    is_closed: bool,
    /// So many jobs at the head of the queue have been seen to wait.
    seen: usize,
    /// Whether somebody knows that others are waiting.
    is_watched: bool,
    /// The threads to join in the end.
    threads: Vec<thread::JoinHandle<()>>,
}

/// What a push asks for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// So many more workers are to be started; they are counted as hired already.
    pub(crate) workers: usize,
    /// So many jobs wait for a worker and no more may be hired; told once until a worker is idle again.
    pub(crate) waiting: Option<usize>,
    /// Jobs wait, and nobody [watches](Pool::watch): told once until somebody does.
    pub(crate) is_unwatched: bool,
}

impl<J> Pool<J> {
    pub(crate) fn new(limit: usize) -> Pool<J> {
        let state = State {
            queue: VecDeque::new(),
            idle: 0,
            called: 0,
            starting: 0,
            workers: 0,
            is_saturated: false,
            is_closed: false,
            seen: 0,
            is_watched: false,
            threads: Vec::new(),
        };
        Pool { state: Mutex::new(state), wake: Condvar::new(), left: Condvar::new(), limit }
    }

    /// The most workers there may be.
    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    /// The workers that there are. They may be fewer than the limit, as threads cannot always be started.
    pub(crate) fn workers(&self) -> usize {
        lock(&self.state).workers
    }

    /// Appends a job for the workers that there are; hands it back if there are none.
    pub(crate) fn append(&self, job: J) -> Result<(), J> {
        let mut state = lock(&self.state);
        if state.workers == 0 {
            return Err(job);
        }
        state.queue.push_back(job);
        let is_called = state.idle > 0;
        if is_called {
            state.idle -= 1;
            state.called += 1;
        }
        drop(state);
        if is_called {
            self.wake.notify_one();
        }
        Ok(())
    }

    /// Appends jobs, and calls no more workers than there is work and idle hands.
    pub(crate) fn push(&self, jobs: impl IntoIterator<Item = J>) -> Wanted {
        self.place(lock(&self.state), jobs)
    }

    /// Appends a job for which a hand is free or may be hired; hands it back if there is none.
    pub(crate) fn offer(&self, job: J) -> Result<Wanted, J> {
        let state = lock(&self.state);
        let limit = if state.is_closed { 0 } else { self.limit };
        let hands = state.called + state.starting + state.idle + limit.saturating_sub(state.workers);
        match state.queue.len() < hands {
            true => Ok(self.place(state, [job])),
            false => Err(job),
        }
    }

    fn place(&self, mut state: MutexGuard<'_, State<J>>, jobs: impl IntoIterator<Item = J>) -> Wanted {
        state.queue.extend(jobs);
        let waiting = state.queue.len().saturating_sub(state.called + state.starting);
        let called = waiting.min(state.idle);
        let limit = if state.is_closed { 0 } else { self.limit };
        let workers = (waiting - called).min(limit.saturating_sub(state.workers));
        state.idle -= called;
        state.called += called;
        state.workers += workers;
        state.starting += workers;
        let unserved = waiting - called - workers;
        let newly_saturated = self.limit > 0 && unserved > 0 && !state.is_saturated;
        state.is_saturated |= newly_saturated;
        let is_unwatched = unserved > 0 && !state.is_watched;
        state.is_watched |= is_unwatched;
        drop(state);
        // Unlocked first, or the called would only wait for us.
        for _ in 0..called {
            self.wake.notify_one();
        }
        Wanted { workers, waiting: newly_saturated.then_some(unserved), is_unwatched }
    }

    /// Asks for a worker though there is no work yet, unless there may be none.
    pub(crate) fn want_one(&self) -> bool {
        let mut state = lock(&self.state);
        let wanted = state.workers < self.limit;
        state.workers += usize::from(wanted);
        state.starting += usize::from(wanted);
        wanted
    }

    /// How many jobs wait.
    pub(crate) fn len(&self) -> usize {
        lock(&self.state).queue.len()
    }

    /// The next job, if there is one: for callers that do the work themselves.
    pub(crate) fn pop(&self) -> Option<J> {
        lock(&self.state).take()
    }

    /// Since when the first job waits that was not [seen](Pool::see) yet, of those that say so.
    pub(crate) fn watch(&self, since: impl Fn(&J) -> Option<Instant>) -> Option<Instant> {
        let mut state = lock(&self.state);
        let first = state.unseen(since);
        state.seen = first.map_or(state.queue.len(), |(at, _)| at);
        state.is_watched = first.is_some();
        first.map(|(_, since)| since)
    }

    /// Sees to the first job that was not seen yet, if it has waited since an instant or longer.
    pub(crate) fn see<T>(
        &self,
        before: Instant,
        since: impl Fn(&J) -> Option<Instant>,
        see: impl FnOnce(&J) -> T,
    ) -> Option<T> {
        let mut state = lock(&self.state);
        let (at, _) = state.unseen(since).filter(|(_, since)| *since < before)?;
        state.seen = at + 1;
        state.queue.get(at).map(see)
    }

    /// The life of a worker that was asked for: does jobs until the pool is closed and nothing is left.
    pub(crate) fn work(&self, mut run: impl FnMut(J)) {
        let _hired = Hired { pool: self };
        let mut state = lock(&self.state);
        state.starting -= 1;
        loop {
            if let Some(job) = state.take() {
                drop(state);
                run(job);
                state = lock(&self.state);
            } else if state.is_closed {
                return;
            } else {
                state.is_saturated = false;
                state.idle += 1;
                state = wait(&self.wake, state);
                // Who wakes by chance while another is called takes the other's place; the counts come out the same.
                if state.called > 0 {
                    state.called -= 1;
                } else {
                    state.idle -= 1;
                }
            }
        }
    }

    /// Keeps the thread of a worker that was asked for, to be joined in the end.
    pub(crate) fn hired(&self, thread: thread::JoinHandle<()>) {
        lock(&self.state).threads.push(thread);
    }

    /// A worker that was asked for could not be started.
    pub(crate) fn not_hired(&self) {
        let mut state = lock(&self.state);
        state.workers -= 1;
        state.starting -= 1;
    }

    /// How many jobs wait as workers that were asked for could not be started: told as [`Wanted::waiting`] is, once.
    pub(crate) fn waiting(&self) -> Option<usize> {
        let mut state = lock(&self.state);
        let waiting = state.queue.len().saturating_sub(state.idle + state.called + state.starting);
        let newly_saturated = waiting > 0 && !state.is_saturated;
        state.is_saturated |= newly_saturated;
        newly_saturated.then_some(waiting)
    }

    /// Lets the workers go once the queue is empty.
    pub(crate) fn close(&self) {
        lock(&self.state).is_closed = true;
        self.wake.notify_all();
    }

    /// Waits until the last worker has left; false if the deadline comes first.
    pub(crate) fn wait_until_left(&self, deadline: Option<Instant>) -> bool {
        let mut state = lock(&self.state);
        while state.workers > 0 {
            state = match deadline {
                Some(deadline) if deadline <= Instant::now() => return false,
                Some(deadline) => wait_until(&self.left, state, deadline),
                None => wait(&self.left, state),
            };
        }
        true
    }

    /// The threads started so far; each is handed out once.
    pub(crate) fn take_threads(&self) -> Vec<thread::JoinHandle<()>> {
        std::mem::take(&mut lock(&self.state).threads)
    }
}

impl<J> State<J> {
    fn take(&mut self) -> Option<J> {
        self.seen = self.seen.saturating_sub(1);
        self.queue.pop_front()
    }

    /// The first job that was not seen yet and says since when it waits: its place, and that.
    fn unseen(&self, since: impl Fn(&J) -> Option<Instant>) -> Option<(usize, Instant)> {
        let seen = self.seen.min(self.queue.len());
        self.queue.range(seen..).enumerate().find_map(|(at, job)| Some((seen + at, since(job)?)))
    }
}

/// Counts a worker out when its thread ends, however it ends.
struct Hired<'a, J> {
    pool: &'a Pool<J>,
}

impl<J> Drop for Hired<'_, J> {
    fn drop(&mut self) {
        lock(&self.pool.state).workers -= 1;
        self.pool.left.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_job_is_seen_to_wait_after_the_limit_and_not_at_it() {
        let (pool, now) = (Pool::new(0), Instant::now());
        let (before, after) = (now - Duration::from_nanos(1), now + Duration::from_nanos(1));
        pool.push([("first", now), ("second", after)]);
        let see = |limit| pool.see(limit, |job| Some(job.1), |job| job.0);
        assert_eq!((see(before), see(now)), (None, None));
        assert_eq!((see(after), see(after)), (Some("first"), None), "each is seen once");
    }

    #[test]
    fn workers_that_could_not_be_started_are_not_counted_and_what_waits_for_them_is_told_once() {
        let pool = Pool::new(8);
        assert!(pool.want_one());
        let wanted = pool.push(0..4);
        assert_eq!(wanted, Wanted { workers: 3, waiting: None, is_unwatched: false });
        assert_eq!(pool.workers(), 4);
        (0..3).for_each(|_| pool.not_hired());
        assert_eq!(pool.workers(), 1);
        // The one worker is about to begin, and takes one of the four.
        assert_eq!(pool.waiting(), Some(3));
        assert_eq!(pool.waiting(), None, "it was told");
    }

    #[test]
    fn nothing_waits_where_only_some_of_the_workers_could_not_be_started() {
        let pool = Pool::new(2);
        assert!(pool.want_one());
        assert_eq!(pool.push([0]), Wanted::default());
        assert_eq!(pool.waiting(), None);
    }
}
