//! Timers of async-io, each in a future of its own on threads of async-executor.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use async_executor::{Executor, Task};

use crate::peer::{Callback, Peer};

pub struct AsyncIo(Arc<Executor<'static>>);

impl Peer for AsyncIo {
    const NAME: &'static str = "async-io";
    type Id = Task<()>;

    fn new(threads: usize) -> Self {
        let executor = Arc::new(Executor::new());
        for _ in 0..threads {
            let executor = executor.clone();
            thread::spawn(move || async_io::block_on(executor.run(std::future::pending::<()>())));
        }
        AsyncIo(executor)
    }

    fn once(&mut self, at: Instant, callback: impl Callback) -> Task<()> {
        self.0.spawn(async move {
            async_io::Timer::at(at).await;
            callback();
        })
    }

    fn every(&mut self, first: Instant, period: Duration, callback: impl Callback) -> Task<()> {
        self.0.spawn(async move {
            let mut due = first;
            loop {
                async_io::Timer::at(due).await;
                callback();
                due += period;
            }
        })
    }

    fn cancel(&mut self, task: Task<()>) {
        drop(task);
    }

    fn settle(&mut self) {
        async_io::block_on(self.0.spawn(async {}));
    }
}
