//! A task as the checker sees it: when it is due by an arithmetic of its own, and what of that is accounted for.

use std::collections::BTreeSet;

use sexton::Overlap;

use super::civil::Clocks;
use super::play::*;
use super::world::*;

/// When a task is due, by arithmetic of its own.
#[derive(Debug)]
pub enum Grid {
    /// On the wall: every so often, from an offset or a first one on.
    Wall { first: Nanos, step: Nanos },
    /// On the monotonic clock.
    Mono { first: Nanos, step: Nanos },
    /// Begins on the wall, and goes on by the monotonic clock.
    Anchored { first: Nanos, step: Nanos, base: Option<Nanos> },
    /// Written down, in order. What is not after `after` was never due.
    List { all: Vec<Nanos>, after: Nanos },
    /// As the closure of this life has said.
    Answers(usize),
}

pub const NEVER: Nanos = Nanos::MAX / 4;

pub fn count_steps(first: Nanos, step: Nanos, after: Nanos, up_to: Nanos) -> u64 {
    let up_to_and_with = |t: Nanos| if t < first { 0 } else { (t - first) / step + 1 };
    u64::try_from((up_to_and_with(up_to) - up_to_and_with(after)).max(0)).unwrap_or(u64::MAX)
}

/// One version of a task.
pub struct Life {
    pub name: usize,
    pub part: Part,
    pub grid: Grid,
    pub until: Option<Nanos>,
    /// What the clocks of its zone show.
    pub clocks: Clocks,
    /// The latest that the clock has shown to it, unless it was corrected.
    pub shown: Nanos,
    /// The same of what its clocks have shown when its zone was changed, in civil seconds.
    pub civil_shown: i64,
    /// Whether its zone was changed.
    pub is_rezoned: bool,
    /// When something was due for what a change of zone had skipped.
    pub made_up: Nanos,
    /// The zone was changed while a due was held that the clock, set back, was to show again, or it is not sure that it was
    /// set back: which dues there are is not for the checker to say.
    pub is_vague: bool,
    /// How often the zone was changed while occurrences waited to be judged.
    pub waits_for_changes: u32,
    /// What may be going on, as far as it can be seen.
    pub states: BTreeSet<State>,
    pub began: u64,
    /// Runs of those that it has replaced.
    pub base: u64,
    pub is_one_more: bool,
    pub is_paused: bool,
    /// It has lost its name for its last run, and will be told as ended.
    pub will_end: bool,
    pub is_breaking: bool,
    /// When it lost its name, as its callback has ended it. What had passed by then is counted before its end is told.
    pub broke_at: Option<Entry>,
    /// So many reports may still come of earlier tasks of the name, which were on their way: two of each.
    pub old_reports: usize,
    /// A due must not lie in here: it was skipped by a correction of the clock.
    pub corrected: Vec<(Nanos, Nanos)>,
    /// Since when its run has been going on, and since when it has been paused, if the clock was not stepped meanwhile.
    pub busy_since: Option<Nanos>,
    pub paused_since: Option<Nanos>,
    /// A due that passed in here, by the monotonic clock, is not run: its run was going on, or it was paused.
    pub barred: Vec<(Nanos, Nanos)>,
    /// The wall clock was set back: a due that was run or told as missed may lie ahead again.
    pub was_set_back: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct State {
    /// Dues up to here are accounted for.
    pub prev: Nanos,
    /// So many after it were reported as missed.
    pub pending: u64,
    /// The most runs that may still come because they were asked for: one that is asked for before the one before has
    /// begun may be the same, or not.
    pub demanded: u64,
    /// Whether one of them must come.
    pub is_demanded: bool,
    /// The clock was set back: dues after this may be run (again).
    pub loose: Option<Nanos>,
}

#[derive(Default)]
pub struct Answers {
    pub given: Vec<Nanos>,
    pub is_over: bool,
}

impl Life {
    pub fn allowed_runs(&self) -> usize {
        match (self.part.style, self.part.overlap) {
            (Style::Shared, Overlap::Allow(runs)) => runs,
            _ => 1,
        }
    }

    /// Whether it goes by the scheduler's zone.
    pub fn follows_zone(&self) -> bool {
        self.part.zone.is_none() && self.part.kind.is_civil()
    }

    pub fn change(&mut self, change: impl Fn(&mut State)) {
        let states = std::mem::take(&mut self.states).into_iter();
        let changed = states.map(|mut state| {
            change(&mut state);
            state
        });
        self.states = changed.collect();
    }
}
