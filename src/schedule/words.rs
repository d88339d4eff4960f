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
    /// What it says, with all that was added to it, but for its zone.
    pub(crate) fn words(&self) -> Words {
        let added = [
            self.every_nth_week.map(|weeks| format!(" every {weeks} weeks")),
            self.first_after.map(|delay| format!(" first after {delay:?}")),
            (!self.except.is_empty()).then(|| self.except.to_string()),
            self.starting.map(|starting| format!(" starting {starting}")),
            self.until.map(|until| format!(" until {until}")),
            self.times.map(|times| format!(" {times} times")),
            (!self.jitter.is_zero()).then(|| format!(" jitter {:?}", self.jitter)),
        ];
        let added: String = added.into_iter().flatten().collect();
        match (Words::of(&self.what), added.is_empty()) {
            (words, true) => words,
            (words, false) => Words::Text(format!("{words}{added}").into()),
        }
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Described { words: self.words(), zone: self.zone.clone() }.fmt(f)
    }
}
