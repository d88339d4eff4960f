//! The `DelayQueue` of tokio-util behind a lock: one future empties it and spawns each callback.

use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};
use tokio_util::time::delay_queue::Key;

use crate::peer::{Callback, Peer};

struct Job {
    callback: Arc<dyn Fn() + Send + Sync>,
    /// The due time and the period.
    again: Option<(Instant, Duration)>,
}

type Queue = Arc<Mutex<tokio_util::time::DelayQueue<Job>>>;

pub struct DelayQueue {
    runtime: Runtime,
    queue: Queue,
}

impl DelayQueue {
    fn insert(&mut self, at: Instant, callback: impl Callback, again: Option<(Instant, Duration)>) -> Key {
        let _inside = self.runtime.enter();
        self.queue.lock().unwrap().insert_at(Job { callback: Arc::new(callback), again }, at.into())
    }
}

/// A bounded part of what is due, so that others come to the lock.
fn empty(queue: &Queue, context: &mut Context<'_>) -> Poll<()> {
    for _ in 0..64 {
        let mut queue = queue.lock().unwrap();
        let Poll::Ready(Some(expired)) = queue.poll_expired(context) else { return Poll::Pending };
        let Job { callback, again } = expired.into_inner();
        if let Some((due, period)) = again {
            let due = due + period;
            queue.insert_at(Job { callback: callback.clone(), again: Some((due, period)) }, due.into());
        }
        drop(queue);
        tokio::spawn(async move { callback() });
    }
    context.waker().wake_by_ref();
    Poll::Pending
}

impl Peer for DelayQueue {
    const NAME: &'static str = "DelayQueue";
    type Id = Key;

    fn new(threads: usize) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(threads).enable_time().build().unwrap();
        let queue = {
            let _inside = runtime.enter();
            Queue::default()
        };
        let emptied = queue.clone();
        runtime.spawn(std::future::poll_fn(move |context| empty(&emptied, context)));
        DelayQueue { runtime, queue }
    }

    fn once(&mut self, at: Instant, callback: impl Callback) -> Key {
        self.insert(at, callback, None)
    }

    fn every(&mut self, first: Instant, period: Duration, callback: impl Callback) -> Key {
        self.insert(first, callback, Some((first, period)))
    }

    fn cancel(&mut self, key: Key) {
        self.queue.lock().unwrap().try_remove(&key);
    }
}
