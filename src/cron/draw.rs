//! Values that are not in the text: hashed from an id, as croniter does for `H`, or drawn, for `R` and `~`.

use super::field::{Row, YEAR_TO_2099};
use super::Field;
use crate::hash::{crc32, mixed};

/// Where such values come from.
#[derive(Clone, Copy)]
pub(super) enum Source<'a> {
    HashOf(&'a str),
    Seed(u64),
}

impl Source<'_> {
    /// A number of `from..=to`, the same for the same source and field.
    pub(super) const fn number(self, field: Field, from: u32, to: u32) -> u32 {
        let count = (to - from + 1) as u64;
        let number = match self {
            Source::HashOf(id) => (crc32(id.as_bytes()) >> shift_of(field)) as u64 % count,
            // By multiplication: the upper half of 32 random bits times the count.
            Source::Seed(seed) => ((number_at(seed, field as u64) >> 32) * count) >> 32,
        };
        from + number as u32
    }
}

/// What may be drawn for a field: its values, each once. Days of the month are those that each has, as in Jenkins, unless
/// it is croniter; years are croniter's.
pub(super) const fn last_number(row: &Row, is_croniter: bool) -> u32 {
    match row.field {
        Field::DayOfMonth if !is_croniter => 28,
        Field::DayOfWeek => row.first + 6,
        Field::Year => YEAR_TO_2099.last,
        _ => row.last,
    }
}

/// The place of a field in croniter's list, by which it shifts the hash.
const fn shift_of(field: Field) -> u32 {
    match field {
        Field::Minute => 0,
        Field::Hour => 1,
        Field::DayOfMonth => 2,
        Field::Month => 3,
        Field::DayOfWeek => 4,
        Field::Second => 5,
        Field::Year => 6,
    }
}

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
