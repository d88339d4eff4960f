//! The requests to stop that runs have asked for, and the runs that are pending. A run that never asks and is no future has
//! nothing here.

use std::collections::BTreeMap;
use std::mem::take;
use std::task::Waker;

use super::outbox::to_stderr;
use super::{Engine, Phase, Sleeper, State};
use crate::clock::Now;
use crate::event::OneLine;
use crate::guard::guarded;
use crate::stop::Stop;
use crate::sync::{Arc, Weak};
use crate::task::Facts;

/// By the version of the task and the number of the run.
#[derive(Default)]
pub(crate) struct Stops(BTreeMap<(u64, u64), Live>);

/// What reaches a run while it goes on.
#[derive(Default)]
struct Live {
    stop: Option<Stop>,
    sleeper: Weak<Sleeper>,
}

impl Live {
    fn request(&self) -> Vec<Waker> {
        self.stop.as_ref().map_or_else(Vec::new, Stop::request)
    }
}

impl Stops {
    /// A run is pending from now on.
    pub(super) fn add_sleeper(&mut self, run: (u64, u64), sleeper: &Arc<Sleeper>) {
        self.0.entry(run).or_default().sleeper = Arc::downgrade(sleeper);
    }

    /// The pending runs of some versions.
    pub(super) fn sleepers(&self, versions: Vec<u64>) -> Vec<Arc<Sleeper>> {
        let mut sleepers = Vec::new();
        for version in versions {
            let runs = self.0.range((version, 0)..=(version, u64::MAX));
            sleepers.extend(runs.filter_map(|(_, run)| run.sleeper.upgrade()));
        }
        sleepers
    }

    /// All pending runs. They are not among them any more.
    pub(super) fn take_sleepers(&mut self) -> Vec<Arc<Sleeper>> {
        self.0.values_mut().filter_map(|run| take(&mut run.sleeper).upgrade()).collect()
    }
}

impl State {
    /// Whether a run is to stop: its task was cancelled or replaced, its time is over, or the engine stops.
    fn is_to_stop(&self, run: &Facts, now: Now) -> bool {
        self.phase != Phase::Open
            || run.is_overlong(now)
            || self.agenda.why_stopped(run.name(), run.version).is_some()
    }

    /// The same, asked by the run, which goes on or was kept beyond its end. If it is to stop, it knows that now. Returns
    /// wakers to be woken outside the lock, too.
    pub(crate) fn stop_requested(&mut self, run: &Facts, goes_on: bool, now: Now) -> (bool, Vec<Waker>) {
        match self.is_to_stop(run, now) {
            true => (true, self.stop_of(run, goes_on, now).1),
            false => (false, Vec::new()),
        }
    }

    /// The request to stop of a run, and the wakers to be woken outside the lock. The end of the run removes it; after that,
    /// nothing is kept.
    pub(crate) fn stop_of(&mut self, run: &Facts, goes_on: bool, now: Now) -> (Stop, Vec<Waker>) {
        let is_made = self.is_to_stop(run, now);
        let stop = match goes_on {
            true => {
                let run = self.stops.0.entry((run.version, run.count)).or_default();
                run.stop.get_or_insert_with(Stop::new).clone()
            }
            false => Stop::new(),
        };
        let wakers = if is_made { stop.request() } else { Vec::new() };
        (stop, wakers)
    }

    /// A run has ended. Answers whether it knew that it was to stop.
    pub(super) fn forget_stop(&mut self, run: &Facts) -> bool {
        let stop = self.stops.0.remove(&(run.version, run.count)).and_then(|run| run.stop);
        stop.map_or(false, |stop| stop.is_requested())
    }

    /// Makes the requests that are to be made now. Returns the wakers to be woken outside the lock.
    pub(super) fn request_stops(&mut self) -> Vec<Waker> {
        let stopped = self.agenda.take_stopped();
        if self.stops.0.is_empty() {
            return Vec::new();
        }
        let mut wakers = Vec::new();
        if self.phase != Phase::Open {
            self.stops.0.values().for_each(|run| wakers.append(&mut run.request()));
            return wakers;
        }
        for (version, run) in stopped {
            let runs = (version, run.unwrap_or(0))..=(version, run.unwrap_or(u64::MAX));
            self.stops.0.range(runs).for_each(|(_, run)| wakers.append(&mut run.request()));
        }
        wakers
    }
}

impl Engine {
    /// Wakes what waits for runs to stop. With no lock held: wakers are the user's code.
    pub(crate) fn wake(self: &Arc<Self>, wakers: Vec<Waker>) {
        for waker in wakers {
            if let Err(message) = guarded(|| waker.wake()) {
                to_stderr(format_args!("a waker panicked: {}", OneLine(&message)));
            }
        }
    }
}
