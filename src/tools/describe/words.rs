//! What sentences are made of: sets of numbers and how their shapes are found.

/// From Monday, as people list them.
pub(super) const WEEKDAYS: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// How many values are written one by one before a rule for them reads better.
const LONG_LIST: u32 = 10;

/// Numbers from 0 to below `size`, a bit for each.
#[derive(Clone, Copy)]
pub(super) struct Values {
    bits: [u64; 4],
    pub(super) size: u32,
}

impl Values {
    pub(super) const fn new(bits: u64, size: u32) -> Values {
        Values { bits: [bits, 0, 0, 0], size }
    }

    pub(super) const fn of_words(bits: [u64; 4], size: u32) -> Values {
        Values { bits, size }
    }

    pub(super) fn has(&self, value: u32) -> bool {
        self.bits[value as usize / 64] >> (value % 64) & 1 == 1
    }

    pub(super) fn without(mut self, value: u32) -> Values {
        self.bits[value as usize / 64] &= !(1 << (value % 64));
        self
    }

    pub(super) fn iter(self) -> impl DoubleEndedIterator<Item = u32> {
        (0..self.size).filter(move |&value| self.has(value))
    }

    pub(super) fn count(&self) -> u32 {
        self.bits.iter().map(|word| word.count_ones()).sum()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count() == 0
    }

    pub(super) fn is_all(&self) -> bool {
        self.count() == self.size
    }

    pub(super) fn first(&self) -> u32 {
        self.iter().next().unwrap_or(0)
    }

    pub(super) fn last(&self) -> u32 {
        self.iter().last().unwrap_or(0)
    }

    /// The value, if there is one alone.
    pub(super) fn only(&self) -> Option<u32> {
        (self.count() == 1).then(|| self.first())
    }

    /// The distance of all neighbours, if they have the same and there are at least two values.
    pub(super) fn step(&self) -> Option<u32> {
        let mut values = self.iter();
        let first = values.next()?;
        let mut last = values.next()?;
        let step = last - first;
        for value in values {
            if value - last != step {
                return None;
            }
            last = value;
        }
        Some(step)
    }

    /// The same where the first value follows the last at this distance too.
    pub(super) fn cycle(&self) -> Option<u32> {
        self.step().filter(|step| step * self.count() == self.size)
    }

    /// The same where 0 is one of them: what "every 15" means without another word.
    pub(super) fn cycle_from_zero(&self) -> Option<u32> {
        self.cycle().filter(|_| self.has(0))
    }

    /// Unbroken stretches, first and last value of each. Where they may wrap, 0 comes after the last number there is.
    pub(super) fn stretches(self, may_wrap: bool) -> impl Iterator<Item = (u32, u32)> + Clone {
        let wraps = may_wrap && !self.is_all();
        let follows = move |value: u32| match value {
            0 => wraps && self.has(self.size - 1),
            _ => self.has(value - 1),
        };
        let starts = (0..self.size).filter(move |&value| self.has(value) && !follows(value));
        starts.map(move |start| {
            let mut end = start;
            loop {
                let next = end + 1;
                let next = if next == self.size && wraps { 0 } else { next };
                if next == self.size || !self.has(next) {
                    return (start, end);
                }
                end = next;
            }
        })
    }

    /// The only stretch, if it is one of three or more.
    pub(super) fn stretch(self, may_wrap: bool) -> Option<(u32, u32)> {
        let mut stretches = self.stretches(may_wrap);
        let stretch = stretches.next()?;
        (self.count() >= 3 && stretches.next().is_none()).then_some(stretch)
    }

    /// What a list names: stretches of three or more from their first value to their last, all else one by one.
    pub(super) fn items(self) -> impl Iterator<Item = (u32, u32)> {
        self.stretches(false).flat_map(|(first, last)| {
            let is_long = last - first >= 2;
            let step = if is_long { last - first + 1 } else { 1 };
            (first..=last)
                .step_by(step as usize)
                .map(move |value| (value, if is_long { last } else { value }))
        })
    }

    /// What is said of more values than one would like to read in a list. `offset` is added to each value.
    pub(super) fn rule(&self, offset: u32) -> Option<Rule> {
        let step = self.step().filter(|&step| step > 1 && self.count() > LONG_LIST)?;
        let (first, last) = (self.first() + offset, self.last() + offset);
        if step == 2 && self.first() < 2 && self.last() + 2 >= self.size {
            return Some(if first % 2 == 0 { Rule::Even } else { Rule::Odd });
        }
        Some(Rule::EveryNth { step, first, last })
    }
}

#[derive(Clone, Copy)]
pub(super) enum Rule {
    Even,
    Odd,
    EveryNth { step: u32, first: u32, last: u32 },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_wrap_only_where_they_may() {
        let hours = Values::new(1 << 22 | 1 << 23 | 0b111 | 1 << 9, 24);
        assert_eq!(hours.stretches(false).collect::<Vec<_>>(), [(0, 2), (9, 9), (22, 23)]);
        assert_eq!(hours.stretches(true).collect::<Vec<_>>(), [(9, 9), (22, 2)]);
        assert_eq!(hours.items().collect::<Vec<_>>(), [(0, 2), (9, 9), (22, 22), (23, 23)]);
        let all = Values::new(0x7F, 7);
        assert_eq!(all.stretch(true), Some((0, 6)));
    }
}
