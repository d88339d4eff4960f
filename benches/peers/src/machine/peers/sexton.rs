//! sexton: a timer thread and a pool, and tasks by name.

use std::time::{Duration, Instant};

use sexton::tz::Zone;
use sexton::{cron, Scheduler};

use crate::peer::{Callback, Name, Peer};
use crate::row::wall;

pub struct Sexton {
    scheduler: Scheduler,
    number: u32,
}

impl Sexton {
    fn next_number(&mut self) -> u32 {
        self.number += 1;
        self.number
    }
}

impl Peer for Sexton {
    const NAME: &'static str = "sexton";
    type Id = u32;

    fn new(threads: usize) -> Self {
        Sexton {
            scheduler: Scheduler::builder().threads(threads).zone(Zone::utc()).build().unwrap(),
            number: 0,
        }
    }

    fn once(&mut self, at: Instant, callback: impl Callback) -> u32 {
        let number = self.next_number();
        let delay = at.saturating_duration_since(Instant::now());
        self.scheduler.task(Name::of(number).as_str()).after(delay).run(callback).unwrap();
        number
    }

    fn every(&mut self, first: Instant, period: Duration, callback: impl Callback) -> u32 {
        let number = self.next_number();
        self.scheduler
            .task(Name::of(number).as_str())
            .every(period)
            .starting(wall(first))
            .run(callback)
            .unwrap();
        number
    }

    fn daily(&mut self, callback: impl Callback) -> Option<u32> {
        let number = self.next_number();
        self.scheduler.task(Name::of(number).as_str()).on(cron!("30 2 * * *")).run(callback).unwrap();
        Some(number)
    }

    fn cancel(&mut self, number: u32) {
        // Of one that has run there is nothing left to cancel.
        let _ = self.scheduler.cancel(Name::of(number).as_str());
    }

    fn shutdown(self) {
        self.scheduler.shutdown();
    }
}
