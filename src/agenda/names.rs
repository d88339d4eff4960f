//! Finds the entry of a name. Pure: no threads, no clock.
//!
//! One map of a million names would copy all of them when it grows. Several smaller maps grow one at a time, and hold
//! hashes, so that no name is read again for that.

use std::collections::hash_map::{HashMap, RandomState};
use std::hash::{BuildHasher, BuildHasherDefault, Hasher};

/// The index of the entry of each name. The names themselves are in the entries.
pub(super) struct Names<S = RandomState> {
    hasher: S,
    /// By hash.
    maps: [HashMap<u64, usize, BuildHasherDefault<Hashed>>; MAPS],
    /// Names whose hash another name has, too. There should never be one.
    others: Vec<(u64, usize)>,
    len: usize,
}

const MAPS: usize = 16;

impl<S: BuildHasher + Default> Names<S> {
    pub(super) fn new() -> Names<S> {
        Names { hasher: S::default(), maps: Default::default(), others: Vec::new(), len: 0 }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.maps.iter().map(HashMap::capacity).sum::<usize>() + self.others.capacity()
    }

    /// The index of a name that has this hash. `is_it` says whether the entry at an index has the name.
    pub(super) fn find(&self, hash: u64, is_it: impl Fn(usize) -> bool) -> Option<usize> {
        let first = self.maps[map_of(hash)].get(&hash).copied().into_iter();
        let others = self.others.iter().filter(|other| other.0 == hash).map(|&(_, index)| index);
        first.chain(others).find(|&index| is_it(index))
    }

    /// Adds a name that is not among them.
    pub(super) fn insert(&mut self, hash: u64, index: usize) {
        self.len += 1;
        if let Some(other) = self.maps[map_of(hash)].insert(hash, index) {
            self.others.push((hash, other));
        }
    }

    /// Removes a name that is among them.
    pub(super) fn remove(&mut self, hash: u64, index: usize) {
        self.len -= 1;
        if let Some(place) = self.others.iter().position(|&other| other == (hash, index)) {
            self.others.swap_remove(place);
            return;
        }
        let map = &mut self.maps[map_of(hash)];
        map.remove(&hash);
        if let Some(place) = self.others.iter().position(|other| other.0 == hash) {
            let (_, other) = self.others.swap_remove(place);
            map.insert(hash, other);
        }
        if map.capacity() / 8 > map.len() {
            map.shrink_to(map.len() * 2);
        }
    }

    pub(super) fn hash(&self, name: &str) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        hasher.write(name.as_bytes());
        hasher.finish()
    }
}

/// The number of the map for a hash. A map itself looks at the lowest bits and at the highest ones.
fn map_of(hash: u64) -> usize {
    (hash >> 32) as usize % MAPS
}

/// The hash of a hash: the same.
#[derive(Default)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.0 = self.0 << 8 | u64::from(byte));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names of the same length have the same hash.
    #[derive(Default)]
    struct Length(u64);

    impl Hasher for Length {
        fn finish(&self) -> u64 {
            self.0
        }

        fn write(&mut self, bytes: &[u8]) {
            self.0 += bytes.len() as u64;
        }
    }

    #[test]
    fn names_of_one_hash_are_told_apart() {
        let all = ["a", "b", "c", "dd", "ee"];
        for first in 0..all.len() {
            let mut names: Names<BuildHasherDefault<Length>> = Names::new();
            (0..all.len()).for_each(|index| names.insert(names.hash(all[index]), index));
            let mut left: Vec<usize> = (0..all.len()).collect();
            for index in (0..all.len()).map(|i| (first + i) % all.len()) {
                names.remove(names.hash(all[index]), index);
                left.retain(|&other| other != index);
                for (i, name) in all.iter().enumerate() {
                    let found = names.find(names.hash(name), |index| all[index] == *name);
                    assert_eq!(found.is_some(), left.contains(&i));
                }
            }
            assert!(names.is_empty());
        }
    }
}
