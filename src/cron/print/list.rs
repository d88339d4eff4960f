//! A list of values as text: commas, ranges, steps and names.

use core::fmt::{self, Write};

use crate::cron::field::Row;

pub(super) fn bit(set: u64, value: u32) -> bool {
    set >> value & 1 == 1
}

/// Whether values may be printed as ranges and steps.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ranges {
    None,
    AsReadsBest,
    WithoutStar,
    AtLeastOne,
    AtLeastOneMayWrap,
    /// To croniter a range of one value is the whole field; a step that is too wide is not.
    AtLeastOneOrStep,
}

impl Ranges {
    pub(super) fn is_one_due(self) -> bool {
        matches!(self, Ranges::AtLeastOne | Ranges::AtLeastOneMayWrap | Ranges::AtLeastOneOrStep)
    }
}

/// A list in the making: puts commas between its items.
pub(super) struct List<'a, 'b> {
    f: &'a mut fmt::Formatter<'b>,
    is_empty: bool,
}

impl<'a, 'b> List<'a, 'b> {
    pub(super) fn new(f: &'a mut fmt::Formatter<'b>) -> List<'a, 'b> {
        List { f, is_empty: true }
    }

    pub(super) fn item(&mut self, item: fmt::Arguments<'_>) -> fmt::Result {
        if !self.is_empty {
            self.f.write_char(',')?;
        }
        self.is_empty = false;
        self.f.write_fmt(item)
    }

    /// All values of the row that `has` lets through.
    pub(super) fn values(&mut self, row: &Row, has: impl Fn(u32) -> bool, ranges: Ranges) -> fmt::Result {
        if ranges == Ranges::AtLeastOneMayWrap {
            if let Some((first, last, step)) = wrapping(row, &has) {
                let (first, last) = (row.show(first), row.show(last));
                return match step {
                    1 => self.item(format_args!("{first}-{last}")),
                    _ => self.item(format_args!("{first}-{last}/{step}")),
                };
            }
        }
        if ranges != Ranges::None {
            if let Some(steps) = Steps::of(row, &has) {
                if steps.read_better_than_a_list(row, ranges) {
                    return self.steps(row, steps, ranges);
                }
            }
        }
        let shortest_range = match ranges {
            Ranges::None => u32::MAX,
            Ranges::AsReadsBest | Ranges::WithoutStar => 3,
            Ranges::AtLeastOne | Ranges::AtLeastOneMayWrap | Ranges::AtLeastOneOrStep => 2,
        };
        let has_neighbours = (1..row.count).any(|value| has(value - 1) && has(value));
        let mut range_is_due = ranges.is_one_due() && !has_neighbours;
        let mut first = 0;
        while first < row.count {
            if !has(first) {
                first += 1;
                continue;
            }
            let end = (first..row.count).find(|&value| !has(value)).unwrap_or(row.count);
            if range_is_due && ranges == Ranges::AtLeastOneOrStep {
                self.item(format_args!("{}/{}", row.show(first), row.count))?;
                range_is_due = false;
            } else if end - first >= shortest_range || range_is_due {
                self.item(format_args!("{}-{}", row.show(first), row.show(end - 1)))?;
                range_is_due = false;
            } else {
                for value in first..end {
                    self.item(format_args!("{}", row.show(value)))?;
                }
            }
            first = end;
        }
        Ok(())
    }

    /// `mon-fri%2+1`: weekdays, the number of weeks after which they count again, and which one it is.
    pub(super) fn every_nth_week(&mut self, row: &Row, (days, count, which): (u64, u32, u32)) -> fmt::Result {
        let mut first = 0;
        while let Some(start) = (first..7).find(|&day| bit(days, day)) {
            let end = (start..7).find(|&day| !bit(days, day)).unwrap_or(7);
            let last = if end - start > 2 { end - 1 } else { start };
            match last > start {
                true => self.item(format_args!("{}-{}%{count}", row.show(start), row.show(last)))?,
                false => self.item(format_args!("{}%{count}", row.show(start)))?,
            }
            if which > 0 {
                write!(self.f, "+{which}")?;
            }
            first = last + 1;
        }
        Ok(())
    }

    pub(super) fn steps(&mut self, row: &Row, steps: Steps, ranges: Ranges) -> fmt::Result {
        let Steps { first, last, step } = steps;
        if steps.are_of_the_whole(row) && ranges != Ranges::WithoutStar {
            self.item(format_args!("*/{step}"))
        } else {
            self.item(format_args!("{}-{}/{step}", row.show(first), row.show(last)))
        }
    }
}

/// The first value, the last and the step of a range that goes on at the field's first value, if that is what the values are: two
/// that are neighbours, or more.
fn wrapping(row: &Row, has: &impl Fn(u32) -> bool) -> Option<(u32, u32, u32)> {
    let next = |value: u32| (1..=row.count).find(|&step| has((value + step) % row.count));
    let members = || (0..row.count).filter(|&value| has(value));
    // What comes before the first of the field is the last of it.
    let last = members().last()?;
    let step = next(last).filter(|_| members().count() > 1)?;
    let mut others = members().filter(|&value| next(value) != Some(step));
    let (end, rest) = (others.next()?, others.next());
    let begin = (end + next(end)?) % row.count;
    let is_more = step == 1 || members().count() > 2;
    (rest.is_none() && end < begin && is_more && end != last).then_some((begin, end, step))
}

/// Values at equal distances, at least two.
#[derive(Clone, Copy)]
pub(super) struct Steps {
    first: u32,
    last: u32,
    step: u32,
}

impl Steps {
    /// The members of a set, if that is what they are.
    pub(super) fn of(row: &Row, has: &impl Fn(u32) -> bool) -> Option<Steps> {
        let mut members = (0..row.count).filter(|&value| has(value));
        let (first, second) = (members.next()?, members.next()?);
        let mut steps = Steps { first, last: second, step: second - first };
        for member in members {
            if member - steps.last != steps.step {
                return None;
            }
            steps.last = member;
        }
        Some(steps)
    }

    /// Whether they begin with the row's first value and end where the next would be beyond its last.
    pub(super) fn are_of_the_whole(self, row: &Row) -> bool {
        self.first == 0 && self.last + self.step >= row.count
    }

    pub(super) fn read_better_than_a_list(self, row: &Row, ranges: Ranges) -> bool {
        let count = (self.last - self.first) / self.step + 1;
        let enough = if self.are_of_the_whole(row) { 3 } else { 4 };
        self.step > 1 && (count >= enough || ranges.is_one_due())
    }
}

impl Row {
    /// A value as its name, if it has one, or its number.
    pub(super) fn show(&self, value: u32) -> Shown {
        match self.names.get(value as usize) {
            Some(name) => Shown::Name(name),
            None => Shown::Number(self.first + value),
        }
    }
}

pub(super) enum Shown {
    Name(&'static str),
    Number(u32),
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Shown::Name(name) => f.write_str(name),
            Shown::Number(number) => write!(f, "{number}"),
        }
    }
}
