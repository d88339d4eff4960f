//! Words that every sentence about dates needs.

use core::fmt;

pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// `1st`, `2nd`, `3rd`, `11th`, `21st`.
pub(super) struct Ordinal(pub(super) u32);

impl fmt::Display for Ordinal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ending = match (self.0 % 100, self.0 % 10) {
            (11..=13, _) => "th",
            (_, 1) => "st",
            (_, 2) => "nd",
            (_, 3) => "rd",
            _ => "th",
        };
        write!(f, "{}{ending}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinals_end_as_they_are_spoken() {
        let ends: Vec<String> = (1..=31).map(|n| Ordinal(n).to_string()).collect();
        let wrong = |n: usize| match n {
            1 | 21 | 31 => !ends[n - 1].ends_with("st"),
            2 | 22 => !ends[n - 1].ends_with("nd"),
            3 | 23 => !ends[n - 1].ends_with("rd"),
            _ => !ends[n - 1].ends_with("th"),
        };
        assert!(!(1..=31).any(wrong), "{ends:?}");
    }
}
