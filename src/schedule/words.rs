//! What a schedule says, in words that are made only when they are read.

use std::fmt;
use std::time::Duration;

use super::{Moment, Schedule, What};
use crate::cron::Cron;
use crate::period::Period;
use crate::sync::Arc;
use crate::tz::Zone;

/// A schedule in words, without its zone.
#[derive(Clone)]
pub(crate) enum Words {
    Cron(Arc<Cron>),
    Every(Period),
    At(Moment),
    After(Duration),
    AfterEnd(Duration),
    AtEach,
    AtNext,
    /// One that has more to say, such as an end.
    Text(Arc<str>),
}

impl Words {
    pub(super) fn of(what: &What) -> Words {
        match what {
            What::Cron(cron) => Words::Cron(cron.clone()),
            What::Every(period) => Words::Every(*period),
            What::At(moment) => Words::At(*moment),
            What::After(delay) => Words::After(*delay),
            What::AfterEnd(period) => Words::AfterEnd(*period),
            What::AtEach(_) => Words::AtEach,
            What::AtNext(_) => Words::AtNext,
            What::Any(members) => {
                let members: Vec<String> = members.iter().map(Schedule::to_string).collect();
                Words::Text(format!("any of ({})", members.join("; ")).into())
            }
        }
    }
}

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Words::Cron(cron) => write!(f, "cron {cron}"),
            Words::Every(period) => write!(f, "every {period}"),
            Words::At(moment) => write!(f, "at {moment}"),
            Words::After(delay) => write!(f, "after {delay:?}"),
            Words::AfterEnd(period) => write!(f, "every {period:?} after the end"),
            Words::AtEach => f.write_str("at each of an iterator"),
            Words::AtNext => f.write_str("at next of a closure"),
            Words::Text(text) => f.write_str(text),
        }
    }
}

/// A schedule in words, with its own zone if it has one.
#[derive(Clone)]
pub(crate) struct Described {
    pub(crate) words: Words,
    pub(crate) zone: Option<Zone>,
}

impl fmt::Display for Described {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.words.fmt(f)?;
        match &self.zone {
            Some(zone) => write!(f, " in {zone}"),
            None => Ok(()),
        }
    }
}

impl Schedule {
    pub(crate) fn words(&self) -> Words {
        let has_bounds = self.starting.is_some() || self.until.is_some() || self.times.is_some();
        let has_bounds = has_bounds || self.every_nth_week.is_some() || self.first_after.is_some();
        match has_bounds || !self.except.is_empty() || !self.jitter.is_zero() {
            true => Words::Text(Modified(self).to_string().into()),
            false => Words::of(&self.what),
        }
    }
}

/// A schedule with all that was added to it, but for its zone.
struct Modified<'a>(&'a Schedule);

impl fmt::Display for Modified<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Schedule { what, every_nth_week, first_after, starting, until, times, except, jitter, .. } =
            self.0;
        write!(f, "{}", Words::of(what))?;
        if let Some(weeks) = every_nth_week {
            write!(f, " every {weeks} weeks")?;
        }
        if let Some(delay) = first_after {
            write!(f, " first after {delay:?}")?;
        }
        write!(f, "{except}")?;
        if let Some(starting) = starting {
            write!(f, " starting {starting}")?;
        }
        if let Some(until) = until {
            write!(f, " until {until}")?;
        }
        if let Some(times) = times {
            write!(f, " {times} times")?;
        }
        if !jitter.is_zero() {
            write!(f, " jitter {jitter:?}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Described { words: self.words(), zone: self.zone.clone() }.fmt(f)
    }
}
