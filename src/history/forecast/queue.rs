//! Simulates the queue of runs: how long each waits for a worker. Pure: no threads, no clock. All times are from now.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::time::Duration;

use crate::task::Overlap;

/// A run that needs a worker from `at` on, for the time `took`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Want {
    pub(super) at: Duration,
    pub(super) took: Duration,
}

/// The runs of a task if there is always a free worker.
pub(super) struct Runs {
    took: Duration,
    allowed_runs: usize,
    /// How many overruns may wait for the end of a run.
    most_waiting: usize,
    /// How many runs there may be.
    most: u64,
    /// When each run begins.
    pub(super) begins: Vec<Duration>,
    /// How many due times find the task running.
    pub(super) overlaps: u64,
    /// The begin and end of each run that has not ended. The last ones may wait.
    going_on: VecDeque<(Duration, Duration)>,
}

impl Runs {
    pub(super) fn new(took: Duration, overlap: Overlap, allowed_runs: usize, most: u64) -> Runs {
        let most_waiting = match overlap {
            Overlap::Skip | Overlap::Allow(_) => 0,
            Overlap::Queue => 1,
            Overlap::QueueAll(most) => most,
        };
        Runs {
            took,
            allowed_runs,
            most_waiting,
            most,
            begins: Vec::new(),
            overlaps: 0,
            going_on: VecDeque::new(),
        }
    }

    /// A due time has come.
    pub(super) fn come(&mut self, due: Duration) {
        // A run that ends exactly at a due time still counts as running then.
        while self.going_on.front().map_or(false, |&(_, end)| end < due) {
            self.going_on.pop_front();
        }
        let begin = match self.going_on.back() {
            Some(&(_, end)) if self.going_on.len() >= self.allowed_runs => {
                self.overlaps += 1;
                let waiting = self.going_on.len() - self.going_on.partition_point(|&(begin, _)| begin < due);
                if waiting >= self.most_waiting || self.has_last() {
                    // It is missed, or it takes the place of an earlier one.
                    return;
                }
                end
            }
            _ => due,
        };
        self.begins.push(begin);
        self.going_on.push_back((begin, begin.saturating_add(self.took)));
    }

    /// Whether the last run begins before a due time.
    pub(super) fn end_before(&self, due: Duration) -> bool {
        self.has_last() && self.begins.last().map_or(true, |&begin| begin < due)
    }

    fn has_last(&self) -> bool {
        self.begins.len() as u64 >= self.most
    }
}

/// How long each run waits, first come, first served. `wants` is in order of time.
pub(super) fn waits(wants: &[Want], workers: usize) -> impl Iterator<Item = Duration> + '_ {
    let mut free_at: BinaryHeap<Reverse<Duration>> = BinaryHeap::new();
    wants.iter().map(move |want| {
        let begin = match free_at.len() < workers {
            true => want.at,
            false => free_at.pop().map_or(want.at, |Reverse(free)| free.max(want.at)),
        };
        free_at.push(Reverse(begin.saturating_add(want.took)));
        begin - want.at
    })
}

/// The smallest number of workers with which no run waits longer than `limit`.
pub(super) fn least_workers(wants: &[Want], limit: Duration) -> usize {
    // Adding workers never makes a wait longer, so a binary search finds it.
    let is_enough = |workers: usize| waits(wants, workers).all(|wait| wait <= limit);
    let mut enough = 1;
    while !is_enough(enough) {
        enough *= 2;
    }
    let mut too_few = enough / 2;
    while enough - too_few > 1 {
        let middle = too_few + (enough - too_few) / 2;
        match is_enough(middle) {
            true => enough = middle,
            false => too_few = middle,
        }
    }
    enough.min(wants.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// Second by second: which runs start, and until when each worker is busy.
    fn slow_waits(wants: &[(u64, u64)], workers: usize) -> Vec<u64> {
        let (mut busy_until, mut waits) = (vec![0; workers], vec![None; wants.len()]);
        for now in 0.. {
            for (want, wait) in wants.iter().zip(&mut waits) {
                if wait.is_none() && want.0 <= now {
                    match busy_until.iter_mut().find(|until| **until <= now) {
                        Some(until) => {
                            *until = now + want.1;
                            *wait = Some(now - want.0);
                        }
                        None => break,
                    }
                }
            }
            if waits.iter().all(Option::is_some) {
                break;
            }
        }
        waits.into_iter().flatten().collect()
    }

    /// When the runs of a task begin for these due times, and how many of those find it running.
    fn runs_of(
        due_times: &[Duration],
        took: Duration,
        overlap: Overlap,
        allowed: usize,
    ) -> (Vec<Duration>, u64) {
        let mut runs = Runs::new(took, overlap, allowed, u64::MAX);
        due_times.iter().for_each(|&due| runs.come(due));
        (runs.begins, runs.overlaps)
    }

    /// Second by second: one run at a time, and some that wait for its end.
    fn slow_runs(due_times: &[u64], took: u64, most_waiting: usize) -> (Vec<u64>, u64) {
        let (mut runs, mut overlaps, mut busy_until, mut waiting) = (Vec::new(), 0, None, 0);
        for now in 0..=due_times.iter().max().unwrap_or(&0) + 1000 {
            let mut starts = false;
            if due_times.contains(&now) {
                let is_busy = busy_until.map_or(false, |until| now <= until);
                overlaps += u64::from(is_busy);
                starts = !is_busy;
                waiting = (waiting + usize::from(is_busy)).min(most_waiting);
            }
            let follows = waiting > 0 && Some(now) >= busy_until;
            if starts || follows {
                waiting -= usize::from(follows);
                runs.push(now);
                busy_until = Some(now + took);
            }
        }
        (runs, overlaps)
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn waits_equal_those_of_a_second_by_second_simulation(
            wants in proptest::collection::vec((0..40_u64, 0..12_u64), 0..30),
            workers in 1..5_usize,
        ) {
            let mut wants = wants;
            wants.sort_by_key(|want| want.0);
            let queue: Vec<_> = wants.iter().map(|&(at, took)| Want { at: seconds(at), took: seconds(took) }).collect();
            let found: Vec<u64> = waits(&queue, workers).map(|wait| wait.as_secs()).collect();
            prop_assert_eq!(found, slow_waits(&wants, workers));
            for limit in [0, 3] {
                let enough = |workers: &usize| slow_waits(&wants, *workers).iter().all(|wait| *wait <= limit);
                let least = if wants.is_empty() { 0 } else { (1..).find(enough).unwrap() };
                prop_assert_eq!(least_workers(&queue, seconds(limit)), least);
            }
        }

        #[test]
        fn runs_of_a_task_equal_those_of_a_second_by_second_simulation(
            due_times in proptest::collection::btree_set(0..60_u64, 0..20),
            took in 0..15_u64,
            most_waiting in 0..5_usize,
        ) {
            let list: Vec<u64> = due_times.into_iter().collect();
            let due_times: Vec<_> = list.iter().map(|due| seconds(*due)).collect();
            let overlap = match most_waiting {
                0 => Overlap::Skip,
                1 => Overlap::Queue,
                // Of those that wait, which are missed makes no difference here.
                most => Overlap::QueueAll(most),
            };
            let (runs, overlaps) = runs_of(&due_times, seconds(took), overlap, 1);
            let runs: Vec<u64> = runs.iter().map(Duration::as_secs).collect();
            prop_assert_eq!((runs, overlaps), slow_runs(&list, took, most_waiting));
        }
    }

    #[test]
    fn no_more_runs_overlap_than_are_allowed() {
        let due_times: Vec<_> = (0..6).map(|due| seconds(10 * due)).collect();
        let (runs, overlaps) = runs_of(&due_times, seconds(25), Overlap::Allow(2), 2);
        // 0 to 25 and 10 to 35; then 30 to 55 and 40 to 65.
        assert_eq!(runs, [0, 10, 30, 40].map(seconds));
        assert_eq!(overlaps, 2);
    }
}
