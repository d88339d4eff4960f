//! The instant a run is meant for.

use std::time::{Duration, SystemTime};

use crate::clock::Now;
use crate::sync::Instant;

/// The instant a run is meant for, by the clock that its schedule follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    Elapsed(Instant),
    Calendar(SystemTime),
}

impl Due {
    /// What the wall clock will show then, unless it is set; `None` if it does not reach so far.
    pub(crate) fn wall(self, now: Now) -> Option<SystemTime> {
        match self {
            Due::Calendar(wall) => Some(wall),
            Due::Elapsed(mono) => match mono.checked_duration_since(now.mono) {
                Some(ahead) => now.wall.checked_add(ahead),
                None => now.wall.checked_sub(now.mono.duration_since(mono)),
            },
        }
    }

    /// What the wall clock showed when a due time came that has passed, or `now` if it does not reach so far back.
    pub(crate) fn passed_at(self, now: Now) -> SystemTime {
        match self {
            Due::Calendar(wall) => wall,
            Due::Elapsed(mono) => {
                let age = now.mono.saturating_duration_since(mono);
                now.wall.checked_sub(age).unwrap_or(now.wall)
            }
        }
    }

    /// What the monotonic clock will show then, unless the wall clock is set; `None` if it does not reach so far.
    pub(crate) fn mono(self, now: Now) -> Option<Instant> {
        match self {
            Due::Elapsed(mono) => Some(mono),
            Due::Calendar(wall) => match wall.duration_since(now.wall) {
                Ok(ahead) => now.mono.checked_add(ahead),
                Err(behind) => Some(now.before(behind.duration()).mono),
            },
        }
    }

    /// Whether the wall clock will show no more than a time then.
    pub(super) fn is_until(self, until: Option<SystemTime>, now: Now) -> bool {
        until.map_or(true, |until| self.wall(now).map_or(false, |wall| wall <= until))
    }

    /// How long ago it was, or `None` if it is still to come.
    pub(crate) fn age(self, now: Now) -> Option<Duration> {
        match self {
            Due::Elapsed(mono) => now.mono.checked_duration_since(mono),
            Due::Calendar(wall) => now.wall.duration_since(wall).ok(),
        }
    }

    pub(crate) fn has_come(self, now: Now) -> bool {
        match self {
            Due::Elapsed(mono) => mono <= now.mono,
            Due::Calendar(wall) => wall <= now.wall,
        }
    }

    /// What the wall clock will show then, if it is by the wall clock.
    pub(crate) fn calendar(self) -> Option<SystemTime> {
        match self {
            Due::Calendar(wall) => Some(wall),
            Due::Elapsed(_) => None,
        }
    }

    /// The due time that is earlier by a delay.
    pub(crate) fn earlier(self, by: Duration) -> Due {
        match self {
            Due::Elapsed(mono) => Due::Elapsed(mono.checked_sub(by).unwrap_or(mono)),
            Due::Calendar(wall) => Due::Calendar(wall.checked_sub(by).unwrap_or(wall)),
        }
    }

    /// The due time that is later by a delay.
    pub(super) fn later(self, by: Duration) -> Option<Due> {
        match self {
            Due::Elapsed(mono) => mono.checked_add(by).map(Due::Elapsed),
            Due::Calendar(wall) => wall.checked_add(by).map(Due::Calendar),
        }
    }
}
