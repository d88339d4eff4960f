//! What a schedule says, in words that are made only when they are read.

use std::fmt;
use std::time::Duration;

use super::except::Excepted;
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
    Any(Arc<[Described]>),
    /// One that has more to say.
    With(Arc<WithAdded>),
}

/// What a schedule is, and what was added to it.
pub(crate) type WithAdded = (Words, Vec<Added>);

/// What was added to a schedule.
pub(crate) enum Added {
    EveryNthWeek(u32),
    FirstAfter(Duration),
    Except(Excepted),
    Starting(Moment),
    Until(Moment),
    Times(u64),
    Jitter(Duration),
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
            What::Any(members) => Words::Any(members.iter().map(Schedule::described).collect()),
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
            Words::Any(members) => {
                let members: Vec<String> = members.iter().map(Described::to_string).collect();
                write!(f, "any of ({})", members.join("; "))
            }
            Words::With(with) => {
                with.0.fmt(f)?;
                with.1.iter().try_for_each(|added| added.fmt(f))
            }
        }
    }
}

impl fmt::Display for Added {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Added::EveryNthWeek(weeks) => write!(f, " every {weeks} weeks"),
            Added::FirstAfter(delay) => write!(f, " first after {delay:?}"),
            Added::Except(excepted) => excepted.fmt(f),
            Added::Starting(moment) => write!(f, " starting {moment}"),
            Added::Until(moment) => write!(f, " until {moment}"),
            Added::Times(times) => write!(f, " {times} times"),
            Added::Jitter(jitter) => write!(f, " jitter {jitter:?}"),
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
            self.every_nth_week.map(Added::EveryNthWeek),
            self.first_after.map(Added::FirstAfter),
            (!self.except.is_empty()).then(|| Added::Except(self.except.in_words())),
            self.starting.map(Added::Starting),
            self.until.map(Added::Until),
            self.times.map(Added::Times),
            (!self.jitter.is_zero()).then_some(Added::Jitter(self.jitter)),
        ];
        let (what, count) = (Words::of(&self.what), added.iter().flatten().count());
        if count == 0 {
            return what;
        }
        // No larger than it must be: it is kept as long as the task.
        let mut list = Vec::with_capacity(count);
        list.extend(added.into_iter().flatten());
        Words::With(Arc::new((what, list)))
    }

    fn described(&self) -> Described {
        Described { words: self.words(), zone: self.zone.clone() }
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.described().fmt(f)
    }
}
