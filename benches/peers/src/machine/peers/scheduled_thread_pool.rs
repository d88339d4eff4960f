//! scheduled-thread-pool: workers wait on the shared heap themselves.

use std::time::{Duration, Instant};

use scheduled_thread_pool::{JobHandle, ScheduledThreadPool};

use crate::peer::{Callback, Peer};

pub struct Pool(ScheduledThreadPool);

impl Peer for Pool {
    const NAME: &'static str = "scheduled-thread-pool";
    type Id = JobHandle;

    fn new(threads: usize) -> Self {
        Pool(ScheduledThreadPool::new(threads))
    }

    fn once(&mut self, at: Instant, callback: impl Callback) -> JobHandle {
        self.0.execute_after(at.saturating_duration_since(Instant::now()), callback)
    }

    fn every(&mut self, first: Instant, period: Duration, callback: impl Callback) -> JobHandle {
        self.0.execute_at_fixed_rate(first.saturating_duration_since(Instant::now()), period, callback)
    }

    fn cancel(&mut self, job: JobHandle) {
        job.cancel();
    }
}
