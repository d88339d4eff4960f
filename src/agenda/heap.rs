//! A heap of due times from which any item can be removed. Pure: no threads, no clock.
//!
//! It knows where each item is, so what is cancelled leaves nothing behind, and no call has to clean up after many others:
//! each takes a time that grows with the logarithm of the number of items.

use std::time::Duration;

use crate::sync::Instant;

/// Due times in order. Of equal ones, that of the task that was scheduled first leaves first.
#[derive(Default)]
pub(super) struct Heap {
    /// Each item is before its children: item `i` has the items from `FANOUT * i + 1` on.
    items: Vec<HeapItem>,
    /// Where the item of each entry is, by the entry's index. [`NOWHERE`] if the entry has none.
    places: Vec<usize>,
}

/// A due time and the number of its task are one integer, so that to compare two items takes three instructions and no jump:
/// items leave the heap in half the time.
#[derive(Clone, Copy)]
pub(super) struct HeapItem {
    /// The two halves of that integer. A `u128` would be aligned to 16 bytes, and waste eight.
    key: [u64; 2],
    /// Of the entry.
    pub(super) index: usize,
}

/// The lowest bits are the number of the task, which counts from 1. The others are the due time: they reach 18,000 years before
/// and after the zero of its clock.
const NUMBER_BITS: u32 = 58;

/// The zero of the clock.
const ZERO: i128 = 1 << (127 - NUMBER_BITS);

impl HeapItem {
    /// An item with a due time in nanoseconds. One that the key does not reach is never due.
    pub(super) fn new(due: i128, id: u64, index: usize) -> HeapItem {
        let key = (due.clamp(-ZERO, ZERO - 1) + ZERO) << NUMBER_BITS | i128::from(id);
        HeapItem { key: [(key >> 64) as u64, key as u64], index }
    }

    fn key(&self) -> u128 {
        u128::from(self.key[0]) << 64 | u128::from(self.key[1])
    }

    /// The due time in nanoseconds.
    pub(super) fn due(&self) -> i128 {
        (self.key() >> NUMBER_BITS) as i128 - ZERO
    }

    /// The number of the task.
    pub(super) fn id(&self) -> u64 {
        self.key[1] & ((1 << NUMBER_BITS) - 1)
    }
}

/// So many nanoseconds after a time or, if they are less than none, before it; `None` if the clock does not reach so far. Of more
/// than 500 years a part is enough: one looks again then.
pub(super) fn nanos_after(time: Instant, nanos: i128) -> Option<Instant> {
    let by = Duration::from_nanos(nanos.unsigned_abs().try_into().unwrap_or(u64::MAX));
    match nanos < 0 {
        true => Some(time.checked_sub(by).unwrap_or(time)),
        false => time.checked_add(by),
    }
}

/// How many children an item has. Four are quicker than two: a heap of half the height, and they are neighbours in memory.
const FANOUT: usize = 4;

const NOWHERE: usize = usize::MAX;

/// This much unused capacity is not worth an allocation.
const FEW: usize = 64;

/// Whether less than a quarter of an allocation is used.
pub(super) fn is_roomy(capacity: usize, len: usize) -> bool {
    capacity > FEW && capacity / 4 > len
}

impl Heap {
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.items.capacity() + self.places.capacity()
    }

    /// Adds an item of an entry that has none. Returns whether it is the first now.
    pub(super) fn push(&mut self, item: HeapItem) -> bool {
        if self.places.len() <= item.index {
            self.places.resize(item.index + 1, NOWHERE);
        }
        self.items.push(item);
        self.rise(self.items.len() - 1) == 0
    }

    /// The first item.
    pub(super) fn first(&self) -> Option<&HeapItem> {
        self.items.first()
    }

    /// Removes the item of an entry, if it has one.
    pub(super) fn remove(&mut self, index: usize) {
        let place = match self.places.get_mut(index) {
            Some(place) if *place != NOWHERE => std::mem::replace(place, NOWHERE),
            _ => return,
        };
        self.items.swap_remove(place);
        if place < self.items.len() {
            self.settle(place);
        }
        while self.places.last() == Some(&NOWHERE) {
            self.places.pop();
        }
        if is_roomy(self.items.capacity(), self.items.len()) {
            self.items.shrink_to(self.items.len() * 2);
        }
        if is_roomy(self.places.capacity(), self.places.len()) {
            self.places.shrink_to(self.places.len() * 2);
        }
    }

    /// Moves an item up to where it belongs. Returns where that is.
    fn rise(&mut self, mut place: usize) -> usize {
        let item = self.items[place];
        while place > 0 {
            let parent = (place - 1) / FANOUT;
            if item.key() > self.items[parent].key() {
                break;
            }
            self.put(place, self.items[parent]);
            place = parent;
        }
        self.put(place, item);
        place
    }

    /// Moves an item up or down to where it belongs. It came from the end, and most likely belongs near to it: so its place is
    /// searched from below.
    fn settle(&mut self, place: usize) {
        let item = self.items[place];
        let mut hole = place;
        while let Some(child) = self.first_child(hole) {
            self.put(hole, self.items[child]);
            hole = child;
        }
        self.items[hole] = item;
        self.rise(hole);
    }

    /// The child that comes before its siblings.
    fn first_child(&self, place: usize) -> Option<usize> {
        let begin = FANOUT * place + 1;
        let before = |one: usize, other: usize| {
            if self.items[one].key() <= self.items[other].key() {
                one
            } else {
                other
            }
        };
        if begin + FANOUT <= self.items.len() {
            return Some(before(before(begin, begin + 1), before(begin + 2, begin + 3)));
        }
        (begin..self.items.len()).reduce(before)
    }

    fn put(&mut self, place: usize, item: HeapItem) {
        self.items[place] = item;
        self.places[item.index] = place;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::hash::mixed;

    #[test]
    fn it_gives_what_a_sorted_set_gives_after_any_pushes_and_removals() {
        for seed in 0..200 {
            let mut random = (0..).map(|i| mixed(seed << 32 | i));
            let mut random = |below: u64| random.next().expect("it is endless") % below;
            let (mut heap, mut set) = (Heap::default(), BTreeSet::new());
            let shown = |item: &HeapItem| (item.due(), item.id(), item.index);
            for id in 0..400 {
                let new = (i128::from(random(50)) - 25, id, random(60) as usize);
                let old = set.iter().find(|old: &&(i128, u64, usize)| old.2 == new.2).copied();
                match (old, random(4)) {
                    (Some(old), 1..) => {
                        heap.remove(new.2);
                        set.remove(&old);
                    }
                    (None, 1..) => {
                        set.insert(new);
                        let is_first = heap.push(HeapItem::new(new.0, new.1, new.2));
                        assert_eq!(is_first, set.iter().next() == Some(&new));
                    }
                    _ => {
                        let first = set.iter().next().copied();
                        assert_eq!(heap.first().map(shown), first);
                        first.map(|first| (heap.remove(first.2), set.remove(&first)));
                    }
                }
                // Neither one that is further on than all nor one between the others has an item.
                heap.remove(100);
                if let Some(index) = (0..60).find(|&index| set.iter().all(|item| item.2 != index)) {
                    heap.remove(index);
                }
                assert_eq!(heap.first().map(shown), set.iter().next().copied());
            }
        }
    }

    #[test]
    fn an_item_gives_back_what_it_was_made_of_and_is_ordered_by_it() {
        // The year 1, now, and the year 9999, in nanoseconds of Unix time.
        let times =
            [-62_135_596_800_000_000_000, -1, 0, 1, 1_798_761_570_000_000_001, 253_402_300_799_999_999_999];
        let all = times.iter().flat_map(|&due| [1, 2, 1 << 57].map(|id| (due, id)));
        let items: Vec<_> = all.clone().map(|(due, id)| HeapItem::new(due, id, 0)).collect();
        assert!(items.iter().map(|item| (item.due(), item.id())).eq(all));
        assert!(items.windows(2).all(|pair| pair[0].key() < pair[1].key()));
        // What is further away stays out of reach, and does not wrap around.
        let never = HeapItem::new(i128::MAX, 1, 0);
        assert!(
            never.key() > items[items.len() - 1].key()
                && HeapItem::new(i128::MIN, 1, 0).key() < items[0].key()
        );
    }
}
