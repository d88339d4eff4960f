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
#[derive(Clone)]
pub struct Stop(Arc<Shared>);

struct Shared {
    request: Mutex<Request>,
    requested: Condvar,
}

#[derive(Default)]
struct Request {
    is_made: bool,
    wakers: Vec<Waker>,
}

/// More wakers than these are not kept: they are woken, and those that still wait come back.
const MOST_WAKERS: usize = 64;

impl Stop {
    pub(crate) fn new() -> Stop {
        Stop(Arc::new(Shared { request: Mutex::default(), requested: Condvar::new() }))
    }

    /// Makes the request. Returns the wakers to be woken. They are the user's code, so never under a lock.
    pub(crate) fn request(&self) -> Vec<Waker> {
        let mut request = lock(&self.0.request);
        request.is_made = true;
        self.0.requested.notify_all();
        std::mem::take(&mut request.wakers)
    }

    /// Whether the run is to stop.
    pub fn is_requested(&self) -> bool {
        lock(&self.0.request).is_made
    }

    /// Blocks until the run is to stop, but no longer than `timeout`. Returns whether it is to stop.
    ///
    /// The time is real time, also with a [`ManualClock`](crate::ManualClock).
    pub fn wait_timeout(&self, timeout: Duration) -> bool {
        let deadline = Instant::now().checked_add(timeout);
        let mut request = lock(&self.0.request);
        while !request.is_made {
            // A time that the clock cannot show is waited for in pieces.
            let end = deadline.unwrap_or_else(|| Instant::now() + Duration::from_secs(3600));
            if deadline.map_or(false, |deadline| deadline <= Instant::now()) {
                break;
            }
            request = wait_until(&self.0.requested, request, end);
        }
        request.is_made
    }
}

impl Future for Stop {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut request = lock(&self.0.request);
        if request.is_made {
            return Poll::Ready(());
        }
        let mut stale = Vec::new();
        if !request.wakers.iter().any(|waker| waker.will_wake(context.waker())) {
            if request.wakers.len() >= MOST_WAKERS {
                stale = std::mem::take(&mut request.wakers);
            }
            request.wakers.push(context.waker().clone());
        }
        drop(request);
        stale.into_iter().for_each(Waker::wake);
        Poll::Pending
    }
}

impl fmt::Debug for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stop").field("is_requested", &self.is_requested()).finish()
    }
}
