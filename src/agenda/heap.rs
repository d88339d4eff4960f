//! A heap of due times that tolerates dead items. Pure: no threads, no clock.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Due times in order. Of equal ones, that of the task that was scheduled first leaves first.
pub(super) struct Heap<T> {
    items: BinaryHeap<Reverse<HeapItem<T>>>,
    /// How many items are live. The others are dead: their tasks wait for another due time, or for none.
    live: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct HeapItem<T> {
    pub(super) due: T,
    pub(super) id: u64,
    pub(super) index: usize,
}

/// Up to this many dead items are not worth a rebuild, and this much unused capacity is not worth an allocation.
const FEW: usize = 64;

/// Whether less than a quarter of an allocation is used.
pub(super) fn is_roomy(capacity: usize, len: usize) -> bool {
    capacity > FEW && capacity / 4 > len
}

impl<T: Ord + Copy> Heap<T> {
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.items.capacity()
    }

    pub(super) fn push(&mut self, item: HeapItem<T>) {
        self.items.push(Reverse(item));
        self.live += 1;
    }

    pub(super) fn pop_until(&mut self, now: T) -> Option<Reverse<HeapItem<T>>> {
        match self.items.peek() {
            Some(Reverse(item)) if item.due <= now => self.items.pop(),
            _ => {
                self.shrink();
                None
            }
        }
    }

    /// The first live due time. Dead items before it are removed.
    pub(super) fn first(&mut self, is_live: impl Fn(&HeapItem<T>) -> bool) -> Option<T> {
        while let Some(Reverse(item)) = self.items.peek() {
            if is_live(item) {
                return Some(item.due);
            }
            self.items.pop();
            self.shrink();
        }
        None
    }

    fn shrink(&mut self) {
        if is_roomy(self.items.capacity(), self.items.len()) {
            self.items.shrink_to(self.items.len() * 2);
        }
    }

    /// An item has died, or has left the heap.
    pub(super) fn lose_one(&mut self, is_live: impl Fn(&HeapItem<T>) -> bool) {
        self.live -= 1;
        if self.items.len() > 2 * self.live + FEW {
            let mut items = std::mem::take(&mut self.items).into_vec();
            items.retain(|Reverse(item)| is_live(item));
            if items.len() > self.live {
                // A task that waited for the same due time again has two equal items, and `is_live` accepts both.
                items.sort_unstable();
                items.dedup();
            }
            self.items = BinaryHeap::from(items);
            self.shrink();
        }
    }
}

impl<T: Ord> Default for Heap<T> {
    fn default() -> Heap<T> {
        Heap { items: BinaryHeap::new(), live: 0 }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn waiting_again_for_the_same_due_times_does_not_scan_the_heap_each_time() {
        const TASKS: u64 = 1000;
        const ROUNDS: u64 = 10;
        let (mut heap, checks) = (Heap::default(), Cell::new(0));
        let item = |id: u64| HeapItem { due: id, id, index: id as usize };
        (0..TASKS).for_each(|id| heap.push(item(id)));
        for id in (0..ROUNDS).flat_map(|_| 0..TASKS) {
            // A task that was paused and resumed waits for the same due time again.
            heap.lose_one(|other| {
                checks.set(checks.get() + 1);
                other.id != id
            });
            heap.push(item(id));
        }
        assert!(checks.get() < 5 * ROUNDS * TASKS, "{} checks", checks.get());
        let due = std::iter::from_fn(|| heap.pop_until(TASKS).map(|Reverse(item)| item.due));
        let due: std::collections::BTreeSet<u64> = due.collect();
        assert_eq!(due.len() as u64, TASKS);
    }
}
