//! Words that every sentence about dates needs.

use core::fmt;

use crate::civil::DateTime;

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

/// The weeks of a month.
pub(super) const NTH: [&str; 6] = ["first", "second", "third", "fourth", "fifth", "last"];

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

/// A time of day; with its date if that is not the date of the other.
pub(super) struct ClockTime(pub(super) DateTime, pub(super) DateTime);

impl fmt::Display for ClockTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (date, time) = (self.0.date(), self.0.time());
        if date != self.1.date() {
            write!(f, "{date} ")?;
        }
        write!(f, "{:02}:{:02}", time.hour(), time.minute())?;
        match time.second() {
            0 => Ok(()),
            second => write!(f, ":{second:02}"),
        }
    }
}

/// `a`, `a and b`, `a, b and c`. `conjunction` is the `and`, with its blanks.
pub(super) fn list<T>(
    f: &mut fmt::Formatter<'_>,
    items: impl Iterator<Item = T>,
    conjunction: &str,
    show: impl FnMut(&mut fmt::Formatter<'_>, T) -> fmt::Result,
) -> fmt::Result {
    separated(f, items, ", ", conjunction, show)
}

/// `a,b,c`, as an expression has it.
pub(super) fn commas<T>(
    f: &mut fmt::Formatter<'_>,
    items: impl Iterator<Item = T>,
    show: impl FnMut(&mut fmt::Formatter<'_>, T) -> fmt::Result,
) -> fmt::Result {
    separated(f, items, ",", ",", show)
}

/// `January, March and April`, of which 0 is the first month.
pub(super) fn list_months(f: &mut fmt::Formatter<'_>, months: impl Iterator<Item = u32>) -> fmt::Result {
    list(f, months, " and ", |f, month| f.write_str(MONTHS[month as usize]))
}

/// `1, 3 and 5 to 9`, of ranges that may have one value.
pub(super) fn list_ranges(
    f: &mut fmt::Formatter<'_>,
    ranges: impl Iterator<Item = (u32, u32)>,
    conjunction: &str,
) -> fmt::Result {
    list(f, ranges, conjunction, |f, (first, last)| match first == last {
        true => write!(f, "{first}"),
        false => write!(f, "{first} to {last}"),
    })
}

fn separated<T>(
    f: &mut fmt::Formatter<'_>,
    items: impl Iterator<Item = T>,
    separator: &str,
    before_last: &str,
    mut show: impl FnMut(&mut fmt::Formatter<'_>, T) -> fmt::Result,
) -> fmt::Result {
    let mut items = items.peekable();
    let mut is_first = true;
    while let Some(item) = items.next() {
        if !is_first {
            f.write_str(if items.peek().is_some() { separator } else { before_last })?;
        }
        is_first = false;
        show(f, item)?;
    }
    Ok(())
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
