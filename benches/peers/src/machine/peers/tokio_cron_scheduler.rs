//! tokio-cron-scheduler: looks twice a second which jobs are due.

use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};
use tokio_cron_scheduler::{Job, JobScheduler};
use uuid::Uuid;

use crate::peer::{Callback, Peer};

pub struct TokioCron {
    runtime: Runtime,
    scheduler: JobScheduler,
}

impl TokioCron {
    fn add(&mut self, job: Job) -> Uuid {
        self.runtime.block_on(self.scheduler.add(job)).unwrap()
    }
}

impl Peer for TokioCron {
    const NAME: &'static str = "tokio-cron-scheduler";
    const CANNOT: &'static [(&'static str, &'static str)] =
        &[("period", "looks twice a second"), ("after runs", "looks twice a second")];
    const TICK: Duration = Duration::from_secs(1);
    type Id = Uuid;

    fn new(threads: usize) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(threads).enable_time().build().unwrap();
        let scheduler = runtime.block_on(async {
            let scheduler = JobScheduler::new_with_channel_size(4096).await.unwrap();
            scheduler.start().await.unwrap();
            scheduler
        });
        TokioCron { runtime, scheduler }
    }

    fn once(&mut self, at: Instant, callback: impl Callback) -> Uuid {
        self.add(Job::new_one_shot_at_instant(at, move |_, _| callback()).unwrap())
    }

    fn every(&mut self, _first: Instant, period: Duration, callback: impl Callback) -> Uuid {
        self.add(Job::new_repeated(period, move |_, _| callback()).unwrap())
    }

    fn daily(&mut self, callback: impl Callback) -> Option<Uuid> {
        Some(self.add(Job::new("0 30 2 * * *", move |_, _| callback()).unwrap()))
    }

    fn cancel(&mut self, id: Uuid) {
        let _ = self.runtime.block_on(self.scheduler.remove(&id));
    }

    fn shutdown(mut self) {
        let _ = self.runtime.block_on(self.scheduler.shutdown());
    }
}
