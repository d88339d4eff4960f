//! An expression as text: the parser's mirror. The shortest form that has it all, five fields unless the seconds or
//! the years matter, and in each field what people write: `*/15` and `9-17` rather than lists, names where there
//! are names, as 1 is not Monday to every cron.

use core::fmt::{self, Write};

use super::field::{Row, DAY_OF_MONTH, DAY_OF_WEEK, HOUR, MINUTE, MONTH, SECOND, YEAR};
use super::{Cron, ALL_WEEKDAYS, DAYS_RESTRICTED, EVERY_WEEK, LAST_WEEK, WEEKDAYS_RESTRICTED};
use super::{HOUR_REPEATS, MINUTE_REPEATS, SECOND_REPEATS};

/// The expression in its shortest form: five fields, or six with the seconds first, or seven with the year last.
impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let has_years = !self.years.is_any();
        if has_years || self.seconds != 1 || self.has(SECOND_REPEATS) {
            write!(f, "{} ", Second(self))?;
        }
        let (minute, hour) = (Minute(self), Hour(self));
        let (days, month, weekdays) = (DayOfMonth(self), Month(self), DayOfWeek(self));
        write!(f, "{minute} {hour} {days} {month} {weekdays}")?;
        if has_years {
            write!(f, " {}", Year(self))?;
        }
        Ok(())
    }
}

/// Each field by its name, so that nobody wonders which one is the second.
impl fmt::Debug for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cron(second {}, minute {}, hour {}, ", Second(self), Minute(self), Hour(self))?;
        let (days, month, weekdays) = (DayOfMonth(self), Month(self), DayOfWeek(self));
        write!(f, "day of month {days}, month {month}, day of week {weekdays}, year {})", Year(self))
    }
}

struct Second<'a>(&'a Cron);
struct Minute<'a>(&'a Cron);
struct Hour<'a>(&'a Cron);
struct DayOfMonth<'a>(&'a Cron);
struct Month<'a>(&'a Cron);
struct DayOfWeek<'a>(&'a Cron);
struct Year<'a>(&'a Cron);

impl fmt::Display for Second<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        time_field(f, &SECOND, self.0.seconds, self.0.has(SECOND_REPEATS))
    }
}

impl fmt::Display for Minute<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        time_field(f, &MINUTE, self.0.minutes, self.0.has(MINUTE_REPEATS))
    }
}

impl fmt::Display for Hour<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        time_field(f, &HOUR, u64::from(self.0.hours), self.0.has(HOUR_REPEATS))
    }
}

impl fmt::Display for DayOfMonth<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cron = self.0;
        if !cron.has(DAYS_RESTRICTED) {
            return f.write_char('*');
        }
        let mut list = List::new(f);
        list.values(&DAY_OF_MONTH, |day| bit(cron.days, day), Ranges::AsReadsBest)?;
        for day in (0..31).filter(|&day| bit(cron.nearest, day)) {
            list.item(format_args!("{}W", day + 1))?;
        }
        for (days, mark) in [(cron.days, ""), (cron.nearest, "W")] {
            for before in (0..31).filter(|before| bit(days, 63 - before)) {
                match before {
                    0 => list.item(format_args!("L{mark}"))?,
                    _ => list.item(format_args!("L-{before}{mark}"))?,
                }
            }
        }
        Ok(())
    }
}

impl fmt::Display for Month<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let months = u64::from(self.0.months);
        if months.count_ones() == MONTH.count {
            return f.write_char('*');
        }
        List::new(f).values(&MONTH, |month| bit(months, month), Ranges::AsReadsBest)
    }
}

impl fmt::Display for DayOfWeek<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cron = self.0;
        if !cron.has(WEEKDAYS_RESTRICTED) {
            return f.write_char('*');
        }
        let mut list = List::new(f);
        let is_weekly = |day: u32| cron.weekdays >> day & EVERY_WEEK == EVERY_WEEK;
        list.values(&DAY_OF_WEEK, is_weekly, Ranges::AsReadsBest)?;
        for day in (0..7).filter(|&day| !is_weekly(day)) {
            let name = DAY_OF_WEEK.names[day as usize];
            for week in (0..LAST_WEEK).filter(|week| bit(cron.weekdays, 7 * week + day)) {
                list.item(format_args!("{name}#{}", week + 1))?;
            }
        }
        let last_week = cron.weekdays >> (7 * LAST_WEEK) & ALL_WEEKDAYS;
        for day in (0..7).filter(|&day| bit(last_week, day)) {
            list.item(format_args!("{}L", DAY_OF_WEEK.names[day as usize]))?;
        }
        Ok(())
    }
}

impl fmt::Display for Year<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let years = self.0.years;
        if years.is_any() {
            return f.write_char('*');
        }
        let has = |value| years.has(i64::from(YEAR.first + value));
        List::new(f).values(&YEAR, has, Ranges::AsReadsBest)
    }
}

/// What clock changes do to an expression hangs on the text of these: what repeats must be printed so that it does.
fn time_field(f: &mut fmt::Formatter<'_>, row: &Row, set: u64, repeats: bool) -> fmt::Result {
    if repeats && set.count_ones() == row.count {
        return f.write_char('*');
    }
    let ranges = if repeats { Ranges::AtLeastOne } else { Ranges::None };
    List::new(f).values(row, |value| bit(set, value), ranges)
}

fn bit(set: u64, value: u32) -> bool {
    set >> value & 1 == 1
}

/// Whether values may be printed as ranges and steps.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ranges {
    None,
    AsReadsBest,
    AtLeastOne,
}

/// A list in the making: puts commas between its items.
struct List<'a, 'b> {
    f: &'a mut fmt::Formatter<'b>,
    is_empty: bool,
}

impl<'a, 'b> List<'a, 'b> {
    fn new(f: &'a mut fmt::Formatter<'b>) -> List<'a, 'b> {
        List { f, is_empty: true }
    }

    fn item(&mut self, item: fmt::Arguments<'_>) -> fmt::Result {
        if !self.is_empty {
            self.f.write_char(',')?;
        }
        self.is_empty = false;
        self.f.write_fmt(item)
    }

    /// All values of the row that `has` lets through.
    fn values(&mut self, row: &Row, has: impl Fn(u32) -> bool, ranges: Ranges) -> fmt::Result {
        if ranges != Ranges::None {
            if let Some(steps) = Steps::of(row, &has) {
                if steps.read_better_than_a_list(row, ranges) {
                    return self.steps(row, steps);
                }
            }
        }
        let shortest_range = match ranges {
            Ranges::None => u32::MAX,
            Ranges::AsReadsBest => 3,
            Ranges::AtLeastOne => 2,
        };
        let has_neighbours = (1..row.count).any(|value| has(value - 1) && has(value));
        let mut range_is_due = ranges == Ranges::AtLeastOne && !has_neighbours;
        let mut first = 0;
        while first < row.count {
            if !has(first) {
                first += 1;
                continue;
            }
            let end = (first..row.count).find(|&value| !has(value)).unwrap_or(row.count);
            if end - first >= shortest_range || range_is_due {
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

    fn steps(&mut self, row: &Row, steps: Steps) -> fmt::Result {
        let Steps { first, last, step, .. } = steps;
        if steps.are_of_the_whole(row) {
            self.item(format_args!("*/{step}"))
        } else {
            self.item(format_args!("{}-{}/{step}", row.show(first), row.show(last)))
        }
    }
}

/// Values at equal distances, at least two.
#[derive(Clone, Copy)]
struct Steps {
    first: u32,
    last: u32,
    step: u32,
}

impl Steps {
    /// The members of a set, if that is what they are.
    fn of(row: &Row, has: &impl Fn(u32) -> bool) -> Option<Steps> {
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
    fn are_of_the_whole(self, row: &Row) -> bool {
        self.first == 0 && self.last + self.step >= row.count
    }

    fn read_better_than_a_list(self, row: &Row, ranges: Ranges) -> bool {
        let count = (self.last - self.first) / self.step + 1;
        let enough = if self.are_of_the_whole(row) { 3 } else { 4 };
        self.step > 1 && (count >= enough || ranges == Ranges::AtLeastOne)
    }
}

impl Row {
    /// A value as its name, if it has one, or its number.
    fn show(&self, value: u32) -> Shown {
        match self.names.get(value as usize) {
            Some(name) => Shown::Name(name),
            None => Shown::Number(self.first + value),
        }
    }
}

enum Shown {
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
