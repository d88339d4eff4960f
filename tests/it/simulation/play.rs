//! What happens in a play: tasks, the deeds of their callbacks, and the script.

use sexton::{Missed, Overlap};

use super::civil::Fields;

#[derive(Clone, Debug)]
pub struct Play {
    /// In milliseconds since 1970.
    pub start: i64,
    /// The scheduler's zone.
    pub zone: &'static str,
    pub parts: Vec<Part>,
    pub script: Vec<Deed>,
    /// What an observer does at events that come while time passes, in turn.
    pub observer: Vec<Deed>,
}

/// A task that may be scheduled, several times perhaps.
#[derive(Clone, Debug)]
pub struct Part {
    pub name: usize,
    /// Its own zone.
    pub zone: Option<&'static str>,
    pub kind: Kind,
    pub style: Style,
    pub missed: Missed,
    /// In milliseconds.
    pub grace: Option<u64>,
    pub overlap: Overlap,
    pub times: Option<u64>,
    /// Seconds from the start; calendar schedules only.
    pub until: Option<u64>,
    pub is_replacing: bool,
    /// Whether its callback panics when it is dropped.
    pub is_bomb: bool,
    /// What its runs do, in turn.
    pub deeds: Vec<Deed>,
    /// What its schedule does each time that it is asked while time passes, in turn.
    pub asked: Vec<Deed>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Style {
    Alone,
    Shared,
    Async,
}

/// Times in milliseconds, from the start.
#[derive(Clone, Debug)]
pub enum Kind {
    Every(u64),
    EveryStarting(u64, i64),
    /// Every so many seconds of a minute, minutes of an hour.
    Seconds(u32),
    Minutes(u32),
    /// At so many minutes past every hour.
    Hourly(u32),
    /// At a minute of every day.
    Daily(u32, u32),
    Days(u32, i64),
    At(i64),
    After(u64),
    AtEach(Vec<u64>),
    AtNext(Vec<u64>),
    /// In a zone. Civil times are the play's start as UTC and so many half hours, the start of the hour that it lies in.
    Cron(Fields),
    /// Whenever one of two is due, which both name their times, or both do not.
    Any(Fields, Fields),
    CivilDays(u32, i64),
    CivilMonths(u32, i64),
    CivilAt(i64),
    CivilEach(Vec<i64>),
}

impl Kind {
    /// Whether all its dues are times on the wall.
    pub fn is_on_the_wall(&self) -> bool {
        !matches!(self, Kind::Every(_) | Kind::EveryStarting(..) | Kind::After(_))
    }

    /// Whether `except` goes with it.
    pub fn takes_exceptions(&self) -> bool {
        self.is_grid()
    }

    /// Whether its dues depend on the zone.
    pub fn is_civil(&self) -> bool {
        self.is_days_in_zone() || matches!(self, Kind::CivilAt(_) | Kind::CivilEach(_))
    }

    /// Whether it follows the clock when that is set back by a little.
    pub fn is_interval_like(&self) -> bool {
        match self {
            Kind::Seconds(_) | Kind::Minutes(_) | Kind::Hourly(_) => true,
            Kind::Cron(fields) | Kind::Any(fields, _) => fields.is_interval_like(),
            _ => false,
        }
    }

    /// Whether it follows the clock when that is set back by much.
    pub fn is_grid(&self) -> bool {
        let is_days = matches!(self, Kind::Daily(..) | Kind::Days(..)) || self.is_days_in_zone();
        is_days || self.is_interval_like()
    }

    fn is_days_in_zone(&self) -> bool {
        matches!(self, Kind::Cron(_) | Kind::Any(..) | Kind::CivilDays(..) | Kind::CivilMonths(..))
    }
}

#[derive(Clone, Debug)]
pub enum Deed {
    Nothing,
    Advance(u64),
    /// Lets time pass and runs what is due, also from inside a callback.
    AdvanceAndRun(u64),
    Step(i64),
    Suspend(u64),
    SetZone(&'static str),
    Schedule(usize),
    Cancel(usize),
    CancelAfterNext(usize),
    Pause(usize),
    Resume(usize),
    RunNow(usize),
    ShutDown,
    /// Wakes all futures that are pending, or forgets their wakers.
    Wake,
    Forget,
    // In callbacks only.
    CancelMe,
    Panic,
    Fail,
    Break,
}

impl Play {
    /// Whether time passes while observers or schedules run.
    pub fn has_slow_code(&self) -> bool {
        !self.observer.is_empty() || self.parts.iter().any(|part| !part.asked.is_empty())
    }

    /// A civil time of this play, so many half hours from the hour in which it begins.
    pub fn civil(&self, half_hours: i64) -> i64 {
        self.start.div_euclid(3_600_000) * 3600 + half_hours * 1800
    }
}

pub const NAMES: [&str; 3] = ["a", "b", "c"];
