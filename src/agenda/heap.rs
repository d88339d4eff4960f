//! A heap of due times from which any item can be removed. Pure: no threads, no clock.
//!
//! It knows where each item is, so what is cancelled leaves nothing behind, and no call has to clean up after many others:
//! each takes a time that grows with the logarithm of the number of items.

/// Due times in order. Of equal ones, that of the task that was scheduled first leaves first.
pub(super) struct Heap<T> {
    /// Each item is before its children: item `i` has the items from `FANOUT * i + 1` on.
    items: Vec<HeapItem<T>>,
    /// Where the item of each entry is, by the entry's index. [`NOWHERE`] if the entry has none.
    places: Vec<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct HeapItem<T> {
    pub(super) due: T,
    pub(super) id: u64,
    /// Of the entry.
    pub(super) index: usize,
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

impl<T: Ord + Copy> Heap<T> {
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.items.capacity() + self.places.capacity()
    }

    /// Adds an item of an entry that has none. Returns whether it is the first now.
    pub(super) fn push(&mut self, item: HeapItem<T>) -> bool {
        if self.places.len() <= item.index {
            self.places.resize(item.index + 1, NOWHERE);
        }
        self.items.push(item);
        self.rise(self.items.len() - 1) == 0
    }

    /// The first item.
    pub(super) fn first(&self) -> Option<&HeapItem<T>> {
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
            if item > self.items[parent] {
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
        let children = self.items.get(begin..self.items.len().min(begin + FANOUT))?;
        let (first, _) = children.iter().enumerate().min_by_key(|(_, child)| *child)?;
        Some(begin + first)
    }

    fn put(&mut self, place: usize, item: HeapItem<T>) {
        self.items[place] = item;
        self.places[item.index] = place;
    }
}

impl<T> Default for Heap<T> {
    fn default() -> Heap<T> {
        Heap { items: Vec::new(), places: Vec::new() }
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
            for id in 0..400 {
                let item = HeapItem { due: random(50), id, index: random(60) as usize };
                let old = set.iter().find(|old: &&HeapItem<u64>| old.index == item.index).copied();
                match (old, random(4)) {
                    (Some(old), 1..) => {
                        heap.remove(item.index);
                        set.remove(&old);
                    }
                    (None, 1..) => {
                        set.insert(item);
                        assert_eq!(heap.push(item), set.iter().next() == Some(&item));
                    }
                    _ => {
                        let first = set.iter().next().copied();
                        assert!(heap.first().copied() == first);
                        first.map(|first| (heap.remove(first.index), set.remove(&first)));
                    }
                }
                // Neither one that is further on than all nor one between the others has an item.
                heap.remove(100);
                if let Some(index) = (0..60).find(|&index| set.iter().all(|item| item.index != index)) {
                    heap.remove(index);
                }
                assert!(heap.first() == set.iter().next());
            }
        }
    }
}
