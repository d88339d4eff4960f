//! The history of a task: what became of its latest occurrences, in a few items. Pure: no threads, no clock.

use std::collections::VecDeque;
use std::convert::TryFrom;
use std::fmt;
use std::time::{Duration, SystemTime};

use crate::event::Why;

/// What became of one occurrence, or of several in a row. Times are wall times, spans are nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) enum HistoryItem {
    Run {
        due: SystemTime,
        lateness: u64,
        took: u64,
        ending: Ending,
        is_by_hand: bool,
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
    /// The wall clock showed `from`, and then `to`.
    Stepped {
        from: SystemTime,
        to: SystemTime,
    },
    Paused {
        at: SystemTime,
    },
    /// The task was replaced: earlier items are of another schedule.
    Replaced,
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
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Ending::Running => "running",
            Ending::Finished => "finished",
            Ending::Failed => "failed",
            Ending::Panicked => "panicked",
        })
    }
}

/// The end of a run.
#[derive(Clone, Copy)]
pub(crate) struct End {
    pub(crate) due: SystemTime,
    pub(crate) took: Duration,
    pub(crate) ending: Ending,
    /// Whether it ends the task.
    pub(crate) is_break: bool,
}

/// How many items are kept of each task by default.
pub(crate) const HISTORY_ITEMS: usize = 16;

/// The items of one task, the newest last.
#[derive(Clone, Debug, Default)]
pub(crate) struct RunHistory {
    pub(crate) items: VecDeque<HistoryItem>,
    /// The latest due time of which there was an item that was dropped.
    pub(crate) forgotten: Option<SystemTime>,
    /// When the zone was last changed. The schedule cannot tell the due times up to then any more.
    pub(crate) zone_changed: Option<SystemTime>,
}

impl RunHistory {
    /// Adds an item. If there are too many, merges the oldest pair that can be merged, if `merges`. If there is none,
    /// drops the oldest item.
    pub(super) fn push(&mut self, item: HistoryItem, limit: usize, merges: bool) {
        if let (Some(last), HistoryItem::Missed { .. }) = (self.items.back_mut(), item) {
            if let Some(both) = both_missed(*last, item) {
                *last = both;
                return;
            }
        }
        while self.items.len() >= limit && !(merges && self.merge()) {
            if let Some(oldest) = self.items.pop_front() {
                self.forgotten = self.forgotten.max(oldest.latest());
            }
        }
        self.items.push_back(item);
    }

    fn merge(&mut self) -> bool {
        let pairs = self.items.iter().zip(self.items.iter().skip(1));
        match pairs.enumerate().find_map(|(at, (one, next))| Some((at, both_run(*one, *next)?))) {
            Some((at, both)) => {
                self.items.remove(at);
                self.items[at] = both;
                true
            }
            None => false,
        }
    }

    pub(super) fn end(&mut self, end: End) {
        let of_run = self.items.iter_mut().rev().find_map(|item| match item {
            HistoryItem::Run { due, took, ending, .. } if *due == end.due && *ending == Ending::Running => {
                Some((took, ending))
            }
            _ => None,
        });
        if let Some((took, ending)) = of_run {
            *took = nanos(end.took);
            *ending = end.ending;
        }
    }
}

impl HistoryItem {
    /// The latest due time in the item.
    fn latest(self) -> Option<SystemTime> {
        match self {
            HistoryItem::Run { due, .. } => Some(due),
            HistoryItem::Runs { latest, .. } | HistoryItem::Missed { latest, .. } => Some(latest),
            HistoryItem::Stepped { .. } | HistoryItem::Paused { .. } | HistoryItem::Replaced => None,
        }
    }

    fn as_runs(self) -> Option<(SystemTime, SystemTime, u32, Ending)> {
        match self {
            HistoryItem::Run { due, ending, is_by_hand: false, .. } if ending != Ending::Running => {
                Some((due, due, 1, ending))
            }
            HistoryItem::Runs { first, latest, count, ending } => Some((first, latest, count, ending)),
            _ => None,
        }
    }
}

fn both_run(one: HistoryItem, next: HistoryItem) -> Option<HistoryItem> {
    let (first, _, before, ending) = one.as_runs()?;
    let (_, latest, count, same) = next.as_runs()?;
    (ending == same).then(|| HistoryItem::Runs { first, latest, count: before.saturating_add(count), ending })
}

/// Loses nothing: the sum says the same.
fn both_missed(one: HistoryItem, next: HistoryItem) -> Option<HistoryItem> {
    match (one, next) {
        (
            HistoryItem::Missed { first, count: before, why, is_coalesced, .. },
            HistoryItem::Missed { latest, count, why: same, is_coalesced: is_too, .. },
        ) if (why, is_coalesced) == (same, is_too) => Some(HistoryItem::Missed {
            first,
            latest,
            count: before.saturating_add(count),
            why,
            is_coalesced,
        }),
        _ => None,
    }
}

/// How long the runs of a task have taken.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct DurationStats {
    runs: u64,
    nanos: u64,
}

impl DurationStats {
    pub(super) fn add(&mut self, took: Duration) {
        self.nanos = self.nanos.saturating_add(nanos(took));
        self.runs += 1;
    }

    /// The mean, if a run has ended.
    pub(crate) fn mean(self) -> Option<Duration> {
        self.nanos.checked_div(self.runs).map(Duration::from_nanos)
    }
}

/// At most 584 years.
pub(super) fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(second)
    }

    fn ran(second: u64) -> HistoryItem {
        let ending = Ending::Finished;
        HistoryItem::Run { due: at(second), lateness: 0, took: 0, ending, is_by_hand: false }
    }

    fn missed(second: u64, why: Why) -> HistoryItem {
        HistoryItem::Missed { first: at(second), latest: at(second), count: 1, why, is_coalesced: false }
    }

    #[test]
    fn a_million_runs_are_a_few_items_of_forty_bytes() {
        assert_eq!(std::mem::size_of::<HistoryItem>(), 40);
        assert_eq!(std::mem::size_of::<Option<Box<RunHistory>>>(), std::mem::size_of::<usize>());
        let mut history = RunHistory::default();
        (0..1_000_000).for_each(|second| history.push(ran(second), HISTORY_ITEMS, true));
        assert_eq!((history.items.len(), history.items.capacity(), history.forgotten), (16, 16, None));
        let oldest =
            HistoryItem::Runs { first: at(0), latest: at(999_984), count: 999_985, ending: Ending::Finished };
        assert_eq!(format!("{:?}", history.items[0]), format!("{oldest:?}"));
    }

    #[test]
    fn the_oldest_item_is_dropped_if_no_two_can_be_merged() {
        let mut history = RunHistory::default();
        (0..10).for_each(|second| history.push(ran(second), 4, false));
        assert_eq!((history.items.len(), history.forgotten), (4, Some(at(5))));
        let mut history = RunHistory::default();
        for second in 0..10 {
            history.push(ran(2 * second), 4, true);
            history.push(missed(2 * second + 1, Why::Late), 4, true);
        }
        assert_eq!((history.items.len(), history.forgotten), (4, Some(at(15))));
    }

    #[test]
    fn occurrences_missed_in_a_row_for_one_reason_are_one_item() {
        let mut history = RunHistory::default();
        for second in 0..9 {
            history.push(missed(second, if second < 6 { Why::Late } else { Why::Paused }), 4, true);
        }
        let counts = history.items.iter().map(|item| match item {
            HistoryItem::Missed { first, latest, count, .. } => (*first, *latest, *count),
            _ => unreachable!(),
        });
        assert_eq!(counts.collect::<Vec<_>>(), [(at(0), at(5), 6), (at(6), at(8), 3)]);
    }
}
