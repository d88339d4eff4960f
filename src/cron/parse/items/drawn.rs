//! Values that are not in the text: hashed from an id, as croniter does for `H`, or drawn, for `R` and `~`.

use super::Input;
use crate::cron::error::ErrorKind::{BackwardRange, NoHashId, NoSeed, Unexpected};
use crate::cron::error::ParseError;
use crate::cron::field::{Field, Row, YEAR_TO_2099};
use crate::cron::parse::set::{Item, Values};
use crate::cron::parse::Parsed;
use crate::cron::scan::is_blank;
use crate::hash::{crc32, mixed};

impl<'a> Input<'a> {
    /// `("H" | "R") ["(" number "-" number ")"] ["/" step]`, which to croniter is no member of a list.
    pub(super) const fn drawn(&self, start: usize) -> Parsed<Item> {
        let (row, has_accidents) = (self.row, self.table.has_accidents);
        let source = if self.lower(start) == b'h' {
            Source::HashOf(attempt!(self.id(start)))
        } else {
            let expected = "a seed: `Dialect::seed`; a hash with an id, `Dialect::hash_id`, stays the same";
            Source::Seed(attempt!(self.seed(start, expected)))
        };
        let ((from, to), at) = if self.peek(start + 1) == b'(' {
            attempt!(self.bounds(start + 2))
        } else {
            ((row.first, last_number(row, has_accidents)), start + 1)
        };
        let (values, end) = if self.peek(at) == b'/' {
            let (step, end) = attempt!(self.step(at, false));
            // The first of them is drawn from as many values as a step is wide.
            let last = if step <= to - from { from + step - 1 } else { to };
            let (first, to) = (source.number(row.field, from, last) - row.first, to - row.first);
            let (first, to) = if first < to { self.unrolled(first, to) } else { (first, to) };
            (Values { from: first, to, step, repeats: true, slips: has_accidents }, end)
        } else {
            let value = source.number(row.field, from, to) - row.first;
            (Values::new(value, value), at)
        };
        let may_stand = !has_accidents || !self.is_in_list(start, end);
        let expected = "a hashed or random value alone, without a list";
        ensure!(may_stand, self.error(Unexpected, start, end, expected));
        Ok((Item::Values(values), end))
    }

    /// `number "-" number ")"`: two values of the field, the second greater.
    const fn bounds(&self, start: usize) -> Parsed<(u32, u32)> {
        let input = self.without_last();
        let (from, end) = attempt!(input.value(start));
        ensure!(self.peek(end) == b'-', self.unexpected(end, "`-` and the last value"));
        let (to, end) = attempt!(input.value(end + 1));
        ensure!(self.peek(end) == b')', self.unexpected(end, "`)`"));
        let expected = "two values of the field, the smaller first";
        ensure!(from < to, self.error(Unexpected, start, end, expected));
        Ok(((from + self.row.first, to + self.row.first), end + 1))
    }

    /// `[value] "~" [value]`, where the `~` is at `at`.
    pub(super) const fn random(&self, start: usize, at: usize) -> Parsed<Item> {
        let seed = attempt!(self.seed(at, "a seed to draw from: `Dialect::seed`"));
        let (from, _) = if start < at { attempt!(self.value(start)) } else { (0, at) };
        let is_open = matches!(self.peek(at + 1), b',') || is_blank(self.peek(at + 1));
        let last = self.row.last - self.row.first;
        let (to, end) = if is_open { (last, at + 1) } else { attempt!(self.value(at + 1)) };
        ensure!(from <= to, self.error(BackwardRange, start, end, "the smaller value first"));
        // Each place in the text has a number of its own.
        let drawn = Source::Seed(seed.wrapping_add(start as u64)).number(self.row.field, from, to);
        let value = drawn % self.row.count;
        Ok((Item::Values(Values::new(value, value)), end))
    }

    /// What the `H` at `at` is hashed from.
    const fn id(&self, at: usize) -> Result<&'a str, ParseError> {
        match (self.reader.id, self.reader.task) {
            (Some(id), _) | (None, Some(id)) => Ok(id),
            (None, None) => {
                let expected = "an id to hash: a task's `cron` takes its name, `Dialect::hash_id` any text";
                Err(self.error(NoHashId, at, at + 1, expected))
            }
        }
    }

    /// What the `R` or `~` at `at` is drawn from.
    const fn seed(&self, at: usize, expected: &'static str) -> Result<u64, ParseError> {
        match (self.reader.seed, self.reader.lot) {
            (Some(seed), _) => Ok(seed),
            (None, Some(lot)) if self.table.draws_anew => Ok(lot),
            _ => Err(self.error(NoSeed, at, at + 1, expected)),
        }
    }
}

/// Where such values come from.
#[derive(Clone, Copy)]
enum Source<'a> {
    HashOf(&'a str),
    Seed(u64),
}

impl Source<'_> {
    /// A number of `from..=to`, the same for the same source and field.
    const fn number(self, field: Field, from: u32, to: u32) -> u32 {
        let count = (to - from + 1) as u64;
        let number = match self {
            Source::HashOf(id) => (crc32(id.as_bytes()) >> SHIFTS[field as usize]) as u64 % count,
            // By multiplication: the upper half of 32 random bits times the count.
            Source::Seed(seed) => ((number_at(seed, field as u64) >> 32) * count) >> 32,
        };
        from + number as u32
    }
}

/// What may be drawn for a field: its values, each once. Days of the month are those that each has, as in Jenkins, unless
/// it is croniter; years are croniter's.
const fn last_number(row: &Row, is_croniter: bool) -> u32 {
    match row.field {
        Field::DayOfMonth if !is_croniter => 28,
        Field::DayOfWeek => row.first + 6,
        Field::Year => YEAR_TO_2099.last,
        _ => row.last,
    }
}

/// By how much croniter shifts the hash for each [`Field`]: its place in croniter's list of them.
const SHIFTS: [u32; 7] = [5, 0, 1, 2, 3, 4, 6];

/// The number at this place of the sequence that begins with the seed: SplitMix64.
const fn number_at(seed: u64, place: u64) -> u64 {
    mixed(seed.wrapping_add((place + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_value_may_be_drawn_and_no_other() {
        let mut seen = [0; 60];
        for seed in 0..6000 {
            seen[Source::Seed(seed).number(Field::Minute, 0, 59) as usize] += 1;
        }
        assert!(seen.iter().all(|&times| (50..150).contains(&times)), "{seen:?}");
        assert_eq!(Source::Seed(7).number(Field::Hour, 5, 5), 5);
    }
}
