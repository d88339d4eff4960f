//! delay_timer: a wheel of sixty slots, a second each.

use std::time::{Duration, Instant};

use delay_timer::prelude::{DelayTimer as Wheel, DelayTimerBuilder, TaskBuilder};

use crate::peer::{Callback, Peer};

pub struct DelayTimer {
    wheel: Wheel,
    number: u64,
}

impl DelayTimer {
    fn add(&mut self, callback: impl Callback, set: impl FnOnce(&mut TaskBuilder)) -> u64 {
        self.number += 1;
        let mut builder = TaskBuilder::default();
        set(builder.set_task_id(self.number));
        let task = builder.spawn_routine(callback).expect("a schedule that it takes");
        self.wheel.add_task(task).expect("a wheel that turns");
        self.number
    }
}

impl Peer for DelayTimer {
    const NAME: &'static str = "delay_timer";
    const CANNOT: &'static [(&'static str, &'static str)] =
        &[("period", "whole seconds only"), ("after runs", "whole seconds only")];
    const TICK: Duration = Duration::from_secs(1);
    type Id = u64;

    fn new(_threads: usize) -> Self {
        DelayTimer { wheel: DelayTimerBuilder::default().build(), number: 0 }
    }

    fn once(&mut self, at: Instant, callback: impl Callback) -> u64 {
        let seconds = at.saturating_duration_since(Instant::now()).as_secs_f64().ceil().max(1.0);
        self.add(callback, |builder| {
            builder.set_frequency_once_by_seconds(seconds as u64);
        })
    }

    fn every(&mut self, _first: Instant, period: Duration, callback: impl Callback) -> u64 {
        self.add(callback, |builder| {
            builder.set_frequency_repeated_by_seconds(period.as_secs());
        })
    }

    fn cancel(&mut self, id: u64) {
        let _ = self.wheel.remove_task(id);
    }

    fn shutdown(self) {
        let _ = self.wheel.stop_delay_timer();
    }
}
