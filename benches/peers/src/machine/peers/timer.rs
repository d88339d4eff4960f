//! timer: one thread takes requests, another waits for wall-clock times and runs the callbacks.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use timer::Guard;

use crate::peer::{Callback, Peer};
use crate::row::wall;

pub struct Timer(timer::Timer);

impl Peer for Timer {
    const NAME: &'static str = "timer";
    type Id = Guard;

    fn new(_threads: usize) -> Self {
        Timer(timer::Timer::new())
    }

    fn once(&mut self, at: Instant, callback: impl Callback) -> Guard {
        self.0.schedule_with_date(DateTime::<Utc>::from(wall(at)), callback)
    }

    fn every(&mut self, first: Instant, period: Duration, callback: impl Callback) -> Guard {
        self.0.schedule(DateTime::<Utc>::from(wall(first)), chrono::Duration::from_std(period).ok(), callback)
    }

    fn cancel(&mut self, guard: Guard) {
        drop(guard);
    }
}
