//! What an expression says, read and evaluated in the plainest way: a list of what each field allows.

use std::fmt;
use std::ops::RangeInclusive;

use sexton::civil::{Date, DateTime, Time};
use sexton::tz::PosixZone;

#[derive(Clone, Copy, PartialEq)]
enum Item {
    Value(u32),
    Day(u32),
    Weekday(u32),
    /// `L` or `L-3`: this many days before the last one.
    FromLast(u32),
    /// `15W`
    NearestTo(u32),
    /// `LW`
    NearestToLast,
    /// `fri#2`
    Nth(u32, u32),
    /// `friL`
    LastOfKind(u32),
}

struct Field {
    items: Vec<Item>,
    /// It is `*` or `?`, or has a `*` in its list.
    is_every: bool,
    /// Its text has a `*`, a `?`, a range or a step.
    repeats: bool,
}

pub struct Expression {
    text: String,
    second: Field,
    minute: Field,
    hour: Field,
    day_of_month: Field,
    month: Field,
    day_of_week: Field,
}

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

impl Expression {
    /// The six fields, or five without the seconds; `None` where there is something else in them.
    pub fn read(text: &str) -> Option<Expression> {
        let mut words: Vec<&str> = text.split([' ', '\t']).filter(|word| !word.is_empty()).collect();
        if words.len() == 5 {
            words.insert(0, "0");
        }
        let &[second, minute, hour, day_of_month, month, day_of_week] = &words[..] else { return None };
        Some(Expression {
            text: text.into(),
            second: field(second, 0..=59, &[], Item::Value, |_| None)?,
            minute: field(minute, 0..=59, &[], Item::Value, |_| None)?,
            hour: field(hour, 0..=23, &[], Item::Value, |_| None)?,
            day_of_month: field(day_of_month, 1..=31, &[], Item::Day, mark_of_month)?,
            month: field(month, 1..=12, &MONTHS, Item::Value, |_| None)?,
            // Sunday is only 0 here.
            day_of_week: field(day_of_week, 0..=6, &WEEKDAYS, Item::Weekday, mark_of_week)?,
        })
    }

    pub fn is_interval_like(&self) -> bool {
        self.second.repeats || self.minute.repeats || self.hour.repeats
    }

    pub fn is_made_up_in_gap(&self) -> bool {
        !self.hour.repeats
    }

    pub fn matches(&self, time: DateTime) -> bool {
        self.matches_day(time.date()) && self.times().any(|own| own == time.time())
    }

    pub fn matches_day(&self, date: Date) -> bool {
        let (by_month, by_week) = (self.day_of_month.has_day(date), self.day_of_week.has_day(date));
        let days = match (self.day_of_month.is_every, self.day_of_week.is_every) {
            (false, false) => by_month || by_week,
            _ => by_month && by_week,
        };
        days && self.month.has(u32::from(date.month()))
    }

    /// The times of a day, in their order.
    pub fn times(&self) -> impl Iterator<Item = Time> + '_ {
        let hours = (0..24).filter(|hour| self.hour.has(*hour));
        hours.flat_map(move |hour| {
            let minutes = (0..60).filter(|minute| self.minute.has(*minute));
            minutes.flat_map(move |minute| {
                let seconds = (0..60).filter(|second| self.second.has(*second));
                seconds.map(move |second| {
                    Time::new(hour as u8, minute as u8, second as u8).expect("it is a time")
                })
            })
        })
    }

    /// The civil seconds from `from` to before `to`, which are whole minutes.
    pub fn between(&self, from: i64, to: i64) -> impl Iterator<Item = i64> + '_ {
        let mut today = (None, false);
        let minutes = (from..to).step_by(60).filter(move |minute| {
            let day = minute.div_euclid(86_400);
            if today.0 != Some(day) {
                let date = PosixZone::UTC.civil(*minute).map(DateTime::date);
                today = (Some(day), date.is_some_and(|date| self.matches_day(date)));
            }
            let of_day = minute.rem_euclid(86_400) / 60;
            today.1 && self.minute.has((of_day % 60) as u32) && self.hour.has((of_day / 60) as u32)
        });
        minutes.flat_map(|minute| {
            (0..60).filter(|second| self.second.has(*second)).map(move |second| minute + i64::from(second))
        })
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.text)
    }
}

impl Field {
    fn has(&self, value: u32) -> bool {
        self.items.contains(&Item::Value(value))
    }

    fn has_day(&self, date: Date) -> bool {
        self.is_every || self.items.iter().any(|item| item.is_day(date))
    }
}

impl Item {
    fn is_day(self, date: Date) -> bool {
        let (day, weekday) = (u32::from(date.day()), u32::from(date.weekday().days_from_sunday()));
        let last = (28..=31).rfind(|day| Date::new(date.year(), date.month(), *day).is_some());
        let last = u32::from(last.expect("all months have 28 days"));
        match self {
            Item::Value(_) => false,
            Item::Day(of) => day == of,
            Item::Weekday(of) => weekday == of,
            Item::FromLast(before) => day + before == last,
            Item::NearestTo(to) => to <= last && day == nearest(date, to, last),
            Item::NearestToLast => day == nearest(date, last, last),
            Item::Nth(of, nth) => weekday == of && (day - 1) / 7 + 1 == nth,
            Item::LastOfKind(of) => weekday == of && day + 7 > last,
        }
    }
}

/// The day from Monday to Friday that is nearest to a day and in the same month.
fn nearest(date: Date, to: u32, last: u32) -> u32 {
    let day = Date::new(date.year(), date.month(), to as u8).expect("the month has this day");
    match day.weekday().days_from_sunday() {
        6 if to == 1 => 3,
        6 => to - 1,
        0 if to == last => to - 2,
        0 => to + 1,
        _ => to,
    }
}

fn field(
    text: &str,
    all: RangeInclusive<u32>,
    names: &[&str],
    item: fn(u32) -> Item,
    mark: fn(&str) -> Option<Item>,
) -> Option<Field> {
    let text = text.to_ascii_lowercase();
    let mut field =
        Field { items: Vec::new(), is_every: false, repeats: text.contains(['*', '?', '-', '/']) };
    let value = |text: &str| {
        let name = names.iter().position(|name| *name == text).map(|at| at as u32 + all.start());
        name.or_else(|| number(text)).filter(|value| all.contains(value))
    };
    for part in text.split(',') {
        if let Some(mark) = mark(part) {
            field.items.push(mark);
            continue;
        }
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(number(step).filter(|step| *step > 0)?)),
            None => (part, None),
        };
        let (from, to) = match (range, range.split_once('-')) {
            ("*", _) => (*all.start(), *all.end()),
            ("?", _) if text == "?" => (*all.start(), *all.end()),
            (_, Some((from, to))) => (value(from)?, value(to)?),
            // `5/15` goes on to the end of the field.
            (from, None) if step.is_some() => (value(from)?, *all.end()),
            (only, None) => (value(only)?, value(only)?),
        };
        field.is_every |= part == "*" || part == "?";
        // A range that wraps goes on at the start of the field.
        let turn = all.end() + 1 - all.start();
        let to = if to < from { to + turn } else { to };
        let values = (from..=to).step_by(step.unwrap_or(1) as usize);
        field.items.extend(values.map(|value| item(if value > *all.end() { value - turn } else { value })));
    }
    Some(field)
}

/// A number of one digit or two.
fn number(text: &str) -> Option<u32> {
    let is_short = matches!(text.len(), 1 | 2) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_short)
}

fn mark_of_month(text: &str) -> Option<Item> {
    match text {
        "l" => Some(Item::FromLast(0)),
        "lw" => Some(Item::NearestToLast),
        _ => {
            let before = text.strip_prefix("l-").and_then(number).map(Item::FromLast);
            let nearest = text.strip_suffix('w').and_then(number).map(Item::NearestTo);
            before.or(nearest)
        }
    }
}

fn mark_of_week(text: &str) -> Option<Item> {
    let weekday = |text: &str| {
        let name = WEEKDAYS.iter().position(|name| *name == text).map(|at| at as u32);
        name.or_else(|| number(text)).filter(|weekday| *weekday < 7)
    };
    match text.split_once('#') {
        Some((of, nth)) => Some(Item::Nth(weekday(of)?, number(nth)?)),
        None => Some(Item::LastOfKind(weekday(text.strip_suffix('l')?)?)),
    }
}
