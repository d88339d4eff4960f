//! A request to stop that a run can check, wait for, and hand on.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::sync::{lock, wait_until, Arc, Condvar, Instant, Mutex};

/// Whether a run is to stop: [`Run::stop`](crate::Run::stop) returns it. A clone is the same request, and may go to other
/// threads and functions.
///
/// As a future, it is ready when the run is to stop.
///
/// ```
/// use std::time::Duration;
/// # let scheduler = sexton::Scheduler::builder().zone("UTC").build()?;
///
/// // Copies one part after the other, and waits in between without missing a request to stop.
/// scheduler.task("copy").every("1h").run_with(|run| {
///     let stop = run.stop();
///     for part in 0..100 {
///         println!("copy part {part}");
///         if stop.wait_timeout(Duration::from_millis(10)) {
///             return;
///         }
///     }
/// })?;
/// # scheduler.shutdown();
/// # Ok::<(), sexton::Error>(())
/// ```
pub struct Stop {
    shared: Arc<Shared>,
    /// The number of the waker that waits for it, once it was polled.
    waits: Option<usize>,
}

struct Shared {
    request: Mutex<Request>,
    requested: Condvar,
}

#[derive(Default)]
struct Request {
    is_made: bool,
    /// By their numbers: one of each clone that was polled and is not dropped. They are the user's code, so they are cloned,
    /// dropped and woken without the lock.
    wakers: Vec<Option<Waker>>,
    /// Numbers that may be used again.
    free: Vec<usize>,
}

impl Stop {
    pub(crate) fn new() -> Stop {
        Stop {
            shared: Arc::new(Shared { request: Mutex::default(), requested: Condvar::new() }),
            waits: None,
        }
    }

    /// Makes the request. Returns the wakers to be woken. They are the user's code, so never under a lock.
    pub(crate) fn request(&self) -> Vec<Waker> {
        let mut request = lock(&self.shared.request);
        request.is_made = true;
        self.shared.requested.notify_all();
        std::mem::take(&mut request.wakers).into_iter().flatten().collect()
    }

    /// Whether the run is to stop.
    pub fn is_requested(&self) -> bool {
        lock(&self.shared.request).is_made
    }

    /// Blocks until the run is to stop, but no longer than `timeout`. Returns whether it is to stop.
    ///
    /// The time is real time, also with a [`ManualClock`](crate::ManualClock).
    pub fn wait_timeout(&self, timeout: Duration) -> bool {
        let deadline = Instant::now().checked_add(timeout);
        let mut request = lock(&self.shared.request);
        while !request.is_made {
            // A time that the clock cannot show is waited for in pieces.
            let end = deadline.unwrap_or_else(|| Instant::now() + Duration::from_secs(3600));
            if deadline.map_or(false, |deadline| deadline <= Instant::now()) {
                break;
            }
            request = wait_until(&self.shared.requested, request, end);
        }
        request.is_made
    }
}

impl Future for Stop {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let waker = context.waker().clone();
        let Stop { shared, waits } = self.get_mut();
        let mut request = lock(&shared.request);
        if request.is_made {
            return Poll::Ready(());
        }
        let number = *waits.get_or_insert_with(|| request.free.pop().unwrap_or(request.wakers.len()));
        if number == request.wakers.len() {
            request.wakers.push(None);
        }
        let before = request.wakers[number].replace(waker);
        drop(request);
        drop(before);
        Poll::Pending
    }
}

impl Clone for Stop {
    fn clone(&self) -> Stop {
        Stop { shared: self.shared.clone(), waits: None }
    }
}

impl Drop for Stop {
    fn drop(&mut self) {
        if let Some(number) = self.waits {
            let mut request = lock(&self.shared.request);
            request.free.push(number);
            let waker = request.wakers.get_mut(number).and_then(Option::take);
            drop(request);
            drop(waker);
        }
    }
}

impl fmt::Debug for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stop").field("is_requested", &self.is_requested()).finish()
    }
}
