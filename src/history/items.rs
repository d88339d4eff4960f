//! The history of a task: what became of its latest occurrences, in a few items. Pure: no threads, no clock.

use std::collections::VecDeque;
use std::convert::TryFrom;
use std::fmt;
use std::time::{Duration, SystemTime};

use crate::event::Why;

/// What became of one occurrence, or of several in a row. Times are wall times, spans are nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Item {
    Run {
        due: SystemTime,
        lateness: u64,
        took: u64,
        ending: Ending,
        is_on_demand: bool,
    },
    /// `count` runs in a row that have ended alike. Every occurrence between the first and the latest has run.
    Runs {
        first: SystemTime,
        latest: SystemTime,
        count: u32,
        ending: Ending,
    },
    /// `is_coalesced`: the next run coalesced them.
    Missed {
        first: SystemTime,
        latest: SystemTime,
        count: u32,
        why: Why,
        is_coalesced: bool,
    },
    /// The task was replaced: earlier items are of another schedule.
    Replaced,
    /// The clock was stepped: the due times before and after are not one series.
    Stepped,
}

/// How a run has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Ending {
    /// It has not: it is still running.
    Running,
    /// It returned.
    Finished,
    /// It returned an error.
    Failed,
    /// It panicked.
    Panicked,
    /// It was another replica's ([`Builder::claim`](crate::Builder::claim)).
    Elsewhere,
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Ending::Running => "running",
            Ending::Finished => "finished",
            Ending::Failed => "failed",
            Ending::Panicked => "panicked",
            Ending::Elsewhere => "was another replica's",
        })
    }
}

/// The items of one task.
#[derive(Clone, Debug, Default)]
pub(super) struct Items {
    /// All but the newest, which is last.
    older: VecDeque<Item>,
    /// Kept apart, as the next event may still change it: a run coalesces what was missed just before.
    newest: Option<Item>,
    /// The latest due time of which there was an item that was dropped.
    forgotten: Option<SystemTime>,
    /// How often the clock had been stepped when the newest item was added.
    pub(super) steps: u32,
}

impl Items {
    pub(super) fn new(steps: u32) -> Items {
        Items { steps, ..Items::default() }
    }

    pub(super) fn add(&mut self, item: Item, limit: usize) {
        if let Some(before) = self.newest.replace(item) {
            push(&mut self.older, &mut self.forgotten, before, limit, true);
        }
    }

    /// Adds a run that has started. It coalesces the occurrences that were missed just before, if `coalesces`.
    pub(super) fn start(&mut self, run: Item, coalesces: bool, limit: usize) {
        if let Some(Item::Missed { is_coalesced, .. }) = &mut self.newest {
            *is_coalesced = coalesces;
        }
        self.add(run, limit);
    }

    /// Ends the run for `due`. Returns whether it is a run of the current version of the task. None if there is no such run.
    pub(super) fn end(&mut self, end: SystemTime, span: Duration, how: Ending) -> Option<bool> {
        let mut is_current = true;
        for item in self.older.iter_mut().chain(&mut self.newest).rev() {
            match item {
                Item::Run { due, took, ending, .. } if *due == end && *ending == Ending::Running => {
                    *took = nanos(span);
                    *ending = how;
                    return Some(is_current);
                }
                Item::Replaced => is_current = false,
                _ => {}
            }
        }
        None
    }

    /// The items, the newest last, and the latest due time that is forgotten. `is_known`: the due times between the first and
    /// the last of merged runs follow from the schedule. Else what was merged is forgotten, and what is older.
    pub(super) fn list(&self, limit: usize, is_known: bool) -> (Vec<Item>, Option<SystemTime>) {
        let (mut items, mut forgotten) = (self.older.clone(), self.forgotten);
        let is_merged = |item: &Item| matches!(item, Item::Runs { .. });
        if let Some(last) = items.iter().rposition(is_merged).filter(|_| !is_known) {
            let dropped = items.drain(..=last).filter_map(Item::latest);
            forgotten = dropped.fold(forgotten, |forgotten, due| forgotten.max(Some(due)));
        }
        if let Some(newest) = self.newest {
            push(&mut items, &mut forgotten, newest, limit, is_known);
        }
        (items.into(), forgotten)
    }
}

/// Adds an item. If there are too many, merges the oldest pair that can be merged: of missed occurrences, and of runs if
/// `merges_runs`. If there is none, drops the oldest item.
fn push(
    items: &mut VecDeque<Item>,
    forgotten: &mut Option<SystemTime>,
    item: Item,
    limit: usize,
    merges_runs: bool,
) {
    while items.len() >= limit && !merge(items, merges_runs) {
        let with_last = items.back_mut().and_then(|last| Some((both_missed(*last, item)?, last)));
        if let Some((both, last)) = with_last {
            *last = both;
            return;
        }
        if let Some(oldest) = items.pop_front() {
            *forgotten = (*forgotten).max(oldest.latest());
        }
    }
    items.push_back(item);
}

fn merge(items: &mut VecDeque<Item>, merges_runs: bool) -> bool {
    let both = |one: Item, next: Item| {
        let runs = both_run(one, next).filter(|_| merges_runs);
        runs.or_else(|| both_missed(one, next))
    };
    let pairs = items.iter().zip(items.iter().skip(1));
    match pairs.enumerate().find_map(|(at, (one, next))| Some((at, both(*one, *next)?))) {
        Some((at, both)) => {
            items.remove(at);
            items[at] = both;
            true
        }
        None => false,
    }
}

impl Item {
    /// The latest due time in the item.
    fn latest(self) -> Option<SystemTime> {
        match self {
            Item::Run { due, .. } => Some(due),
            Item::Runs { latest, .. } | Item::Missed { latest, .. } => Some(latest),
            Item::Replaced | Item::Stepped => None,
        }
    }

    fn as_runs(self) -> Option<(SystemTime, SystemTime, u32, Ending)> {
        match self {
            Item::Run { due, ending, is_on_demand: false, .. } if ending != Ending::Running => {
                Some((due, due, 1, ending))
            }
            Item::Runs { first, latest, count, ending } => Some((first, latest, count, ending)),
            _ => None,
        }
    }
}

fn both_run(one: Item, next: Item) -> Option<Item> {
    let (first, _, before, ending) = one.as_runs()?;
    let (_, latest, count, same) = next.as_runs()?;
    (ending == same).then(|| Item::Runs { first, latest, count: before.saturating_add(count), ending })
}

fn both_missed(one: Item, next: Item) -> Option<Item> {
    match (one, next) {
        (
            Item::Missed { first, count: before, why, is_coalesced, .. },
            Item::Missed { latest, count, why: same, is_coalesced: is_too, .. },
        ) if (why, is_coalesced) == (same, is_too) => {
            Some(Item::Missed { first, latest, count: before.saturating_add(count), why, is_coalesced })
        }
        _ => None,
    }
}

/// How long the runs of a task have taken.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Durations {
    runs: u64,
    nanos: u64,
}

impl Durations {
    pub(super) fn add(&mut self, took: Duration) {
        self.nanos = self.nanos.saturating_add(nanos(took));
        self.runs += 1;
    }

    /// The mean, if a run has ended.
    pub(super) fn mean(self) -> Option<Duration> {
        self.nanos.checked_div(self.runs).map(Duration::from_nanos)
    }
}

/// At most 584 years.
pub(super) fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::LENGTH;
    use super::*;

    fn at(second: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(second)
    }

    fn ran(second: u64) -> Item {
        Item::Run { due: at(second), lateness: 0, took: 0, ending: Ending::Finished, is_on_demand: false }
    }

    fn missed(second: u64, why: Why) -> Item {
        Item::Missed { first: at(second), latest: at(second), count: 1, why, is_coalesced: false }
    }

    #[test]
    fn a_million_runs_are_a_few_items_of_forty_bytes() {
        // On 32 bits of x86, where a `u64` may begin at each fourth byte, it is less.
        assert!(std::mem::size_of::<Item>() <= 40);
        let mut history = Items::default();
        (0..1_000_000).for_each(|second| history.add(ran(second), LENGTH));
        assert_eq!(history.older.capacity(), 16);
        let (items, forgotten) = history.list(LENGTH, true);
        assert_eq!((items.len(), forgotten), (16, None));
        let oldest =
            Item::Runs { first: at(0), latest: at(999_984), count: 999_985, ending: Ending::Finished };
        assert_eq!(format!("{:?}", items[0]), format!("{oldest:?}"));
    }

    #[test]
    fn the_oldest_item_is_dropped_if_no_two_can_be_merged() {
        let mut history = Items::default();
        (0..10).for_each(|second| history.add(ran(second), 4));
        let (items, forgotten) = history.list(4, false);
        assert_eq!((items.len(), forgotten), (4, Some(at(5))), "what was merged is not known");
        let mut history = Items::default();
        for second in 0..10 {
            history.add(ran(2 * second), 4);
            history.add(missed(2 * second + 1, Why::Late), 4);
        }
        let (items, forgotten) = history.list(4, true);
        assert_eq!((items.len(), forgotten), (4, Some(at(15))));
    }

    #[test]
    fn occurrences_missed_in_a_row_for_one_reason_become_one_item() {
        let mut history = Items::default();
        for second in 0..9 {
            history.add(missed(second, if second < 6 { Why::Late } else { Why::Paused }), 2);
        }
        let (items, _) = history.list(2, false);
        let counts = items.iter().map(|item| match item {
            Item::Missed { first, latest, count, .. } => (*first, *latest, *count),
            _ => unreachable!(),
        });
        assert_eq!(counts.collect::<Vec<_>>(), [(at(0), at(5), 6), (at(6), at(8), 3)]);
    }

    #[test]
    fn a_run_coalesces_only_what_was_missed_just_before() {
        let mut history = Items::default();
        for second in 0..3 {
            history.add(missed(second, Why::Late), 3);
        }
        history.start(ran(3), true, 3);
        let (items, _) = history.list(3, true);
        let coalesced = items.iter().map(|item| match item {
            Item::Missed { count, is_coalesced, .. } => (*count, *is_coalesced),
            _ => (0, false),
        });
        assert_eq!(coalesced.collect::<Vec<_>>(), [(2, false), (1, true), (0, false)]);
    }
}
