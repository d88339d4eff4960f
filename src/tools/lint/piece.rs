//! Pieces of an expression, which suggestions put into a text and messages show.

use core::fmt::{self, Write};

use super::reading::{in_order, items, Form, Item, Span};
use crate::cron::dialect::Dialect;
use crate::cron::field::{Field, Row};
use crate::cron::parse::set::{Item as Meaning, Values};
use crate::cron::LAST_WEEK;

/// A piece of an expression, from [`Suggestion::replacement`](super::Suggestion::replacement): `Display` gives its text.
#[derive(Clone, Copy)]
pub struct Replacement<'a>(pub(super) Piece<'a>);

#[derive(Clone, Copy)]
pub(super) enum Piece<'a> {
    Text(&'a str),
    Value {
        row: &'static Row,
        value: u32,
    },
    List {
        row: &'static Row,
        values: Values,
    },
    /// A bit for each of them.
    Hours(u32),
    /// `*/n`
    Star {
        step: u32,
    },
    /// The same without the `*`.
    WholeRange {
        row: &'static Row,
        step: u32,
    },
    /// The text of a field with names for its numbers.
    Named {
        dialect: Dialect,
        text: &'a str,
    },
    /// Day of month, month and day of week.
    NthWeekday {
        month: &'a str,
        name: &'static str,
        week: u32,
    },
    /// `mon-friL`, or `Lmon,Ltue` where only that is known.
    LastWeekday {
        row: &'static Row,
        values: Values,
        is_listed: bool,
    },
}

impl fmt::Display for Replacement<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Piece::Text(text) => f.write_str(text),
            Piece::Value { row, value } => Written { row, value }.fmt(f),
            Piece::List { row, values } => List { row, values }.fmt(f),
            Piece::Hours(hours) => {
                for (i, hour) in (0..24).filter(|hour| hours >> hour & 1 == 1).enumerate() {
                    let comma = if i > 0 { "," } else { "" };
                    write!(f, "{comma}{hour}")?;
                }
                Ok(())
            }
            Piece::Star { step } => write!(f, "*/{step}"),
            Piece::WholeRange { row, step } => {
                let (first, last) = (Written { row, value: 0 }, Written { row, value: row.count - 1 });
                write!(f, "{first}-{last}")?;
                if step > 1 {
                    write!(f, "/{step}")
                } else {
                    Ok(())
                }
            }
            Piece::Named { dialect, text } => {
                let span = Span { start: 0, end: text.len() };
                for (i, item) in items(dialect, Field::DayOfWeek, text, Some(span)).enumerate() {
                    f.write_str(if i > 0 { "," } else { "" })?;
                    write_named(f, item)?;
                }
                Ok(())
            }
            Piece::NthWeekday { month, name, week } => write!(f, "* {month} {name}#{}", week + 1),
            Piece::LastWeekday { row, values, is_listed: true } => write_list(f, row, values, "L"),
            Piece::LastWeekday { row, values, is_listed: false } => {
                write_weekdays(f, row, values)?;
                f.write_char('L')
            }
        }
    }
}

impl fmt::Debug for Replacement<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Replacement({self})")
    }
}

/// A value as an expression has it: by its name, if it has one.
struct Written {
    row: &'static Row,
    value: u32,
}

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.row.names.get(self.value as usize) {
            Some(name) => f.write_str(name),
            None => write!(f, "{}", self.row.first + self.value),
        }
    }
}

/// All of these values, as a list in an expression.
pub(super) struct List {
    pub(super) row: &'static Row,
    pub(super) values: Values,
}

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_list(f, self.row, self.values, "")
    }
}

fn write_list(f: &mut fmt::Formatter<'_>, row: &'static Row, values: Values, prefix: &str) -> fmt::Result {
    for (i, value) in in_order(values, row).enumerate() {
        let comma = if i > 0 { "," } else { "" };
        write!(f, "{comma}{prefix}{}", Written { row, value })?;
    }
    Ok(())
}

/// An item of the weekdays with names for its numbers.
fn write_named(f: &mut fmt::Formatter<'_>, item: Item<'_>) -> fmt::Result {
    let row = item.row;
    match item.meaning {
        _ if item.form == Form::Star => f.write_str(item.text),
        Meaning::Values(values) => {
            let wraps = values.step > 1 && values.from > 0 && values.to >= row.count;
            if item.form == Form::Open || wraps {
                // Not every cron takes such a step after a name.
                write_list(f, row, values, "")
            } else {
                write_weekdays(f, row, values)
            }
        }
        Meaning::Week(values, LAST_WEEK) if item.text.starts_with(&['L', 'l'][..]) => {
            write_list(f, row, values, "L")
        }
        Meaning::Week(values, week) => {
            write_weekdays(f, row, values)?;
            if week == LAST_WEEK {
                f.write_char('L')
            } else {
                write!(f, "#{}", week + 1)
            }
        }
        Meaning::NthWeek(values, count, which) => {
            write_weekdays(f, row, values)?;
            write!(f, "%{count}+{which}")
        }
        _ => f.write_str(item.text),
    }
}

/// One weekday, or a range of them.
fn write_weekdays(f: &mut fmt::Formatter<'_>, row: &'static Row, values: Values) -> fmt::Result {
    let Values { from, to, step, .. } = values;
    // Sunday is 7 at the end of a range from Sunday, and `sun-sun` would be that day alone.
    let last = to.min(from + row.count - 1);
    write!(f, "{}", Written { row, value: from % row.count })?;
    if from < last {
        write!(f, "-{}", Written { row, value: last % row.count })?;
    }
    if from < last && step > 1 {
        write!(f, "/{step}")?;
    }
    Ok(())
}
