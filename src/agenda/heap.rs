//! A heap of dues that tolerates dead entries. Pure: no threads, no clock.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Dues in order; of equal ones the task that was scheduled first.
pub(super) struct Heap<T> {
    entries: BinaryHeap<Reverse<HeapEntry<T>>>,
    /// How many of them are waited for. The others are dead: their tasks wait for another due, or for none.
    live: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct HeapEntry<T> {
    pub(super) due: T,
    pub(super) id: u64,
    pub(super) slot: usize,
}

/// So few dead entries are not worth a rebuild, and so few empty places no new allocation.
const FEW: usize = 64;

/// Whether an allocation has outlived most of what it was for.
pub(super) fn is_roomy(capacity: usize, len: usize) -> bool {
    capacity > FEW && capacity / 4 > len
}

impl<T: Ord + Copy> Heap<T> {
    /// Places allocated.
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.entries.capacity()
    }

    pub(super) fn push(&mut self, entry: HeapEntry<T>) {
        self.entries.push(Reverse(entry));
        self.live += 1;
    }

    pub(super) fn pop_until(&mut self, now: T) -> Option<Reverse<HeapEntry<T>>> {
        match self.entries.peek() {
            Some(Reverse(entry)) if entry.due <= now => self.entries.pop(),
            _ => {
                self.shrink();
                None
            }
        }
    }

    /// The first due that is waited for; dead entries before it are done away with.
    pub(super) fn first(&mut self, is_live: impl Fn(&HeapEntry<T>) -> bool) -> Option<T> {
        while let Some(Reverse(entry)) = self.entries.peek() {
            if is_live(entry) {
                return Some(entry.due);
            }
            self.entries.pop();
            self.shrink();
        }
        None
    }

    fn shrink(&mut self) {
        if is_roomy(self.entries.capacity(), self.entries.len()) {
            self.entries.shrink_to(self.entries.len() * 2);
        }
    }

    /// One entry has died, or is out of the heap.
    pub(super) fn lose_one(&mut self, is_live: impl Fn(&HeapEntry<T>) -> bool) {
        self.live -= 1;
        if self.entries.len() > 2 * self.live + FEW {
            let mut entries = std::mem::take(&mut self.entries).into_vec();
            entries.retain(|Reverse(entry)| is_live(entry));
            if entries.len() > self.live {
                // Some are there twice, as the same due was waited for again: by their looks alone they are not dead.
                entries.sort_unstable();
                entries.dedup();
            }
            self.entries = BinaryHeap::from(entries);
            self.shrink();
        }
    }
}

impl<T: Ord> Default for Heap<T> {
    fn default() -> Heap<T> {
        Heap { entries: BinaryHeap::new(), live: 0 }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn what_is_waited_for_again_and_again_is_not_looked_through_each_time() {
        const TASKS: u64 = 1000;
        const ROUNDS: u64 = 10;
        let (mut heap, looks) = (Heap::default(), Cell::new(0));
        let entry = |id: u64| HeapEntry { due: id, id, slot: id as usize };
        (0..TASKS).for_each(|id| heap.push(entry(id)));
        for id in (0..ROUNDS).flat_map(|_| 0..TASKS) {
            // Held and let go on, it waits for the same due again.
            heap.lose_one(|other| {
                looks.set(looks.get() + 1);
                other.id != id
            });
            heap.push(entry(id));
        }
        assert!(looks.get() < 5 * ROUNDS * TASKS, "{} looks", looks.get());
        let dues = std::iter::from_fn(|| heap.pop_until(TASKS).map(|Reverse(entry)| entry.due));
        let dues: std::collections::BTreeSet<u64> = dues.collect();
        assert_eq!(dues.len() as u64, TASKS);
    }
}
