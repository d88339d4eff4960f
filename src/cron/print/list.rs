//! A list of values as text: commas, ranges, steps and names.

use core::fmt::{self, Write};

use crate::cron::field::Row;
use crate::cron::search;

/// Whether values may be printed as ranges and steps.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ranges {
    None,
    AsReadsBest,
    WithoutStar,
    WithoutSteps,
    AtLeastOne,
    AtLeastOneMayWrap,
    /// To croniter a range of one value is the whole field; a step that is too wide is not.
    AtLeastOneOrStep,
}

/// A list in the making: puts commas between its items.
pub(super) struct List<'a, 'b> {
    f: &'a mut fmt::Formatter<'b>,
    is_empty: bool,
    /// After each item: `%2+1`, the number of weeks after which the weekdays count again, and which one it is.
    weeks: Option<(u32, u32)>,
}

impl<'a, 'b> List<'a, 'b> {
    pub(super) fn new(f: &'a mut fmt::Formatter<'b>) -> List<'a, 'b> {
        List { f, is_empty: true, weeks: None }
    }

    pub(super) fn item(&mut self, item: fmt::Arguments<'_>) -> fmt::Result {
        if !self.is_empty {
            self.f.write_char(',')?;
        }
        self.is_empty = false;
        self.f.write_fmt(item)?;
        match self.weeks {
            None => Ok(()),
            Some((count, 0)) => write!(self.f, "%{count}"),
            Some((count, which)) => write!(self.f, "%{count}+{which}"),
        }
    }

    fn range(&mut self, row: &Row, first: u32, last: u32, step: u32) -> fmt::Result {
        match step {
            1 => self.item(format_args!("{}-{}", row.show(first), row.show(last))),
            _ => self.item(format_args!("{}-{}/{step}", row.show(first), row.show(last))),
        }
    }

    /// All values of the row that `has` lets through.
    pub(super) fn values(&mut self, row: &Row, has: &dyn Fn(u32) -> bool, ranges: Ranges) -> fmt::Result {
        let (may_step, is_one_due, shortest_range) = match ranges {
            Ranges::None => (false, false, u32::MAX),
            Ranges::WithoutSteps => (false, false, 3),
            Ranges::AsReadsBest | Ranges::WithoutStar => (true, false, 3),
            Ranges::AtLeastOne | Ranges::AtLeastOneMayWrap | Ranges::AtLeastOneOrStep => (true, true, 2),
        };
        if ranges == Ranges::AtLeastOneMayWrap {
            if let Some((first, last, step)) = wrapping(row, has) {
                return self.range(row, first, last, step);
            }
        }
        if let Some((first, last, step)) = steps(row, has).filter(|(_, _, step)| may_step && *step > 1) {
            let is_whole = first == 0 && last + step >= row.count;
            let enough = if is_whole { 3 } else { 4 };
            if is_one_due || (last - first) / step + 1 >= enough {
                return match is_whole && ranges != Ranges::WithoutStar {
                    true => self.item(format_args!("*/{step}")),
                    false => self.range(row, first, last, step),
                };
            }
        }
        let mut range_is_due = is_one_due && !(1..row.count).any(|value| has(value - 1) && has(value));
        let mut end = 0;
        while let Some(first) = (end..row.count).find(|&value| has(value)) {
            end = (first..row.count).find(|&value| !has(value)).unwrap_or(row.count);
            if range_is_due && ranges == Ranges::AtLeastOneOrStep {
                self.item(format_args!("{}/{}", row.show(first), row.count))?;
            } else if range_is_due || end - first >= shortest_range {
                self.range(row, first, end - 1, 1)?;
            } else {
                (first..end).try_for_each(|value| self.item(format_args!("{}", row.show(value))))?;
            }
            range_is_due = false;
        }
        Ok(())
    }

    /// `mon-fri%2+1`: weekdays that count in one of every few weeks.
    pub(super) fn every_nth_week(&mut self, row: &Row, (days, count, which): (u64, u32, u32)) -> fmt::Result {
        self.weeks = Some((count, which));
        self.values(row, &|day| search::has(days, day), Ranges::WithoutSteps)
    }
}

/// The first value, the last and the step of a range that goes on at the field's first value, if that is what the values are: two
/// that are neighbours, or more.
fn wrapping(row: &Row, has: &dyn Fn(u32) -> bool) -> Option<(u32, u32, u32)> {
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

/// The first value, the last and the step of values at equal distances, at least two.
fn steps(row: &Row, has: &dyn Fn(u32) -> bool) -> Option<(u32, u32, u32)> {
    let mut members = (0..row.count).filter(|&value| has(value));
    let (first, second) = (members.next()?, members.next()?);
    let step = second - first;
    let mut last = second;
    for member in members {
        if member - last != step {
            return None;
        }
        last = member;
    }
    Some((first, last, step))
}

impl Row {
    /// A value as its name, if it has one, or its number.
    pub(super) fn show(&self, value: u32) -> Shown<'_> {
        Shown(self, value)
    }
}

pub(super) struct Shown<'a>(&'a Row, u32);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shown(row, value) = self;
        match row.names.get(*value as usize) {
            Some(name) => f.write_str(name),
            None => write!(f, "{}", row.first + value),
        }
    }
}
