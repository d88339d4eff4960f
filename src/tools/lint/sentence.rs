//! What findings say and suggest: a pattern, and what is put into it when it is printed.

use core::fmt;

use super::reading::{in_order, items, Form, Item, Span};
use crate::civil::{DateTime, Weekday};
use crate::cron::field::{Field, Row};
use crate::cron::parse::set::{Item as Meaning, Values};
use crate::cron::{Dialect, LAST_WEEK};
use crate::tools::english::{commas, list, list_months, ClockTime, Ordinal, MONTHS};

/// A pattern, and a part for each `{}` in it.
#[derive(Clone, Copy)]
pub(super) struct Sentence<'a> {
    pattern: &'static str,
    parts: [Part<'a>; 5],
}

/// What stands for a `{}`.
#[derive(Clone, Copy)]
pub(super) enum Part<'a> {
    Text(&'a str),
    Number(u32),
    TwoDigits(u32),
    /// `13th`
    Ordinal(u32),
    /// `one day`, `2 days`
    Distance(u32, &'static str),
    Field(Field),
    /// A bit for each: `month and day of week`.
    Fields(u8),
    /// A value of a field: `minute 5`, `Friday`.
    Value(Field, u32),
    /// A bit for each: `February and April`.
    Months(u16),
    /// So many days after a Sunday.
    Weekday(u32),
    /// `Monday, Tuesday and Friday`
    Weekdays(&'static Row, Values),
    Date(DateTime),
    /// Times of day, with their dates if these are not the last one's.
    Clock(DateTime, DateTime),
    /// `at 02:30`, `from 02:00 to 02:45`
    Times(DateTime, DateTime, DateTime),
    /// The others are as an expression has them. A value, by its name if it has one.
    Written(&'static Row, u32),
    /// A list of values, each after this text.
    List(&'static Row, Values, &'static str),
    /// A bit for each value.
    Hours(u32),
    /// One weekday, or a range of them.
    WeekdayRange(&'static Row, Values),
    /// The text of a field with names for its numbers.
    WithNames(Dialect, &'a str),
}

impl<'a> Sentence<'a> {
    pub(super) const EMPTY: Sentence<'static> = Sentence { pattern: "", parts: [Part::Text(""); 5] };

    pub(super) fn new<const N: usize>(pattern: &'static str, parts: [Part<'a>; N]) -> Sentence<'a> {
        debug_assert_eq!(pattern.matches("{}").count(), N, "{pattern}");
        let mut sentence = Sentence { pattern, ..Sentence::EMPTY };
        sentence.parts[..N].copy_from_slice(&parts);
        sentence
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pattern.is_empty()
    }
}

impl fmt::Display for Sentence<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut words = self.pattern.split("{}");
        f.write_str(words.next().unwrap_or(""))?;
        for (part, words) in self.parts.iter().zip(words) {
            write!(f, "{part}{words}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Part<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let has_bit = |bits: u32| move |value: &u32| bits >> value & 1 == 1;
        match *self {
            Part::Text(text) => f.write_str(text),
            Part::Number(number) => write!(f, "{number}"),
            Part::TwoDigits(number) => write!(f, "{number:02}"),
            Part::Ordinal(number) => write!(f, "{}", Ordinal(number)),
            Part::Distance(1, unit) => write!(f, "one {unit}"),
            Part::Distance(count, unit) => write!(f, "{count} {unit}s"),
            Part::Field(field) => write!(f, "{field}"),
            Part::Fields(fields) => {
                let fields = Field::ALL.iter().filter(|&&field| has_bit(fields.into())(&(field as u32)));
                list(f, fields, " and ", |f, field| write!(f, "{field}"))
            }
            Part::Value(Field::DayOfMonth, value) => write!(f, "day {}", value + 1),
            Part::Value(Field::Month, value) => f.write_str(MONTHS[value as usize]),
            Part::Value(Field::DayOfWeek, value) | Part::Weekday(value) => write!(f, "{}", weekday(value)),
            Part::Value(Field::Year, value) => write!(f, "the year {}", value + 1970),
            Part::Value(field, value) => write!(f, "{field} {value}"),
            Part::Months(months) => list_months(f, (0..12).filter(has_bit(months.into()))),
            Part::Weekdays(row, values) => {
                list(f, in_order(values, row), " and ", |f, value| write!(f, "{}", weekday(value)))
            }
            Part::Date(time) => write!(f, "{}", time.date()),
            Part::Clock(time, shown) => write!(f, "{}", ClockTime(time, shown)),
            Part::Times(first, last, shown) if first == last => write!(f, "at {}", ClockTime(first, shown)),
            Part::Times(first, last, shown) => {
                write!(f, "from {} to {}", ClockTime(first, shown), ClockTime(last, shown))
            }
            Part::Written(row, value) => match row.names.get(value as usize) {
                Some(name) => f.write_str(name),
                None => write!(f, "{}", row.first + value),
            },
            Part::List(row, values, before) => commas(f, in_order(values, row), |f, value| {
                write!(f, "{before}{}", Part::Written(row, value))
            }),
            Part::Hours(hours) => commas(f, (0..24).filter(has_bit(hours)), |f, hour| write!(f, "{hour}")),
            Part::WeekdayRange(row, values) => write_weekday_range(f, row, values),
            Part::WithNames(dialect, text) => {
                let span = Span { start: 0, end: text.len() };
                let items = items(dialect, Field::DayOfWeek, text, Some(span));
                commas(f, items, |f, item| write_with_names(f, &item))
            }
        }
    }
}

/// So many days after a Sunday.
fn weekday(value: u32) -> Weekday {
    // 1970-01-04 was one.
    Weekday::of_day(i64::from(value) + 3)
}

fn write_weekday_range(f: &mut fmt::Formatter<'_>, row: &'static Row, values: Values) -> fmt::Result {
    let Values { from, to, step, .. } = values;
    // Sunday is 7 at the end of a range from Sunday, and `sun-sun` would be that day alone.
    let last = to.min(from + row.count - 1);
    write!(f, "{}", Part::Written(row, from % row.count))?;
    if from < last {
        write!(f, "-{}", Part::Written(row, last % row.count))?;
    }
    if from < last && step > 1 {
        write!(f, "/{step}")?;
    }
    Ok(())
}

/// An item of the weekdays with names for its numbers.
fn write_with_names(f: &mut fmt::Formatter<'_>, item: &Item<'_>) -> fmt::Result {
    let row = item.row;
    let range = |values| Part::WeekdayRange(row, values);
    match item.meaning {
        _ if item.form == Form::Star => f.write_str(item.text),
        Meaning::Values(values) => {
            let wraps = values.step > 1 && values.from > 0 && values.to >= row.count;
            // Not every cron takes such a step after a name.
            let is_listed = item.form == Form::Open || wraps;
            write!(f, "{}", if is_listed { Part::List(row, values, "") } else { range(values) })
        }
        Meaning::Week(values, LAST_WEEK) if item.text.starts_with(&['L', 'l'][..]) => {
            write!(f, "{}", Part::List(row, values, "L"))
        }
        Meaning::Week(values, LAST_WEEK) => write!(f, "{}L", range(values)),
        Meaning::Week(values, week) => write!(f, "{}#{}", range(values), week + 1),
        Meaning::NthWeek(values, count, which) => write!(f, "{}%{count}+{which}", range(values)),
        _ => f.write_str(item.text),
    }
}
