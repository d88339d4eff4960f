//! clokwerk looks at a list of jobs ten times a second, as its documentation has it.

use std::time::{Duration, Instant};

use chrono::Utc;
use clokwerk::{Interval, Job, ScheduleHandle, Scheduler};

use crate::peer::{Callback, Peer};

pub struct Clokwerk {
    scheduler: Option<Scheduler<Utc>>,
    handle: Option<ScheduleHandle>,
}

impl Clokwerk {
    fn waiting(&mut self) -> &mut Scheduler<Utc> {
        self.scheduler.as_mut().expect("a scheduler that has not started")
    }
}

impl Peer for Clokwerk {
    const NAME: &'static str = "clokwerk";
    const CANNOT: &'static [(&'static str, &'static str)] = &[
        ("period", "whole seconds only"),
        ("schedule", "cannot cancel"),
        ("worst", "cannot cancel"),
        ("bytes", "cannot cancel"),
        ("after runs", "whole seconds only"),
        ("overdue", "takes nothing once it has started"),
    ];
    const TICK: Duration = Duration::from_secs(1);
    type Id = ();

    fn new(_threads: usize) -> Self {
        Clokwerk { scheduler: Some(Scheduler::with_tz(Utc)), handle: None }
    }

    fn once(&mut self, at: Instant, callback: impl Callback) {
        let seconds = at.saturating_duration_since(Instant::now()).as_secs_f64().ceil().max(1.0);
        self.waiting().every(Interval::Seconds(seconds as u32)).once().run(callback);
    }

    fn every(&mut self, _first: Instant, period: Duration, callback: impl Callback) {
        self.waiting().every(Interval::Seconds(period.as_secs() as u32)).run(callback);
    }

    fn cancel(&mut self, (): ()) {}

    fn start(&mut self) {
        self.handle =
            self.scheduler.take().map(|scheduler| scheduler.watch_thread(Duration::from_millis(100)));
    }
}
