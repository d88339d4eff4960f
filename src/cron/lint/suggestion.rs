//! What the findings suggest: in words, and as a piece of an expression.

use core::fmt::{self, Write};

use super::super::dialect::Dialect;
use super::super::field::{Field, Row};
use super::super::parse::{Item as Meaning, Values};
use super::super::LAST_WEEK;
use super::english::{weekday_of, Clock, WEEKS};
use super::message::{other_day_field, Kind};
use super::reading::{items, Form, Item, Span};

/// What to write instead: a sentence in `Display`, and, where it is as simple as that, what to put in place of the
/// bytes of the finding's span.
#[derive(Clone, Copy)]
pub struct Suggestion<'a> {
    kind: Kind<'a>,
    replacement: Option<Replacement<'a>>,
}

impl<'a> Suggestion<'a> {
    pub(super) fn of(kind: Kind<'a>, replacement: Option<Replacement<'a>>) -> Suggestion<'a> {
        Suggestion { kind, replacement }
    }

    /// The text to put in place of the bytes of [`Finding::span`](super::Finding::span). It may be empty.
    pub fn replacement(&self) -> Option<Replacement<'a>> {
        self.replacement
    }
}

impl fmt::Display for Suggestion<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.replacement {
            None | Some(Replacement(Piece::Text(""))) => {}
            Some(replacement) => write!(f, "write `{replacement}`")?,
        }
        let rest = match self.kind {
            Kind::NeverFires { has_last_day: true, .. } => {
                "name a day that the month has, or `L` for its last one"
            }
            Kind::NeverFires { .. } => "change one of these fields",
            Kind::LeapYearsOnly { has_last_day: true } => " for the last day of every February",
            Kind::LeapYearsOnly { has_last_day: false } => "name a day that every year has",
            Kind::ShortMonths { has_last_day: true, .. } => " for the last day of each month",
            Kind::ShortMonths { has_last_day: false, .. } => "name a day up to 28, which every month has",
            Kind::WithoutEffect { field: Field::DayOfWeek } => " if only the day of week is to count",
            Kind::WithoutEffect { .. } => " if only the day of month is to count",
            Kind::NeverComes { field, .. } => {
                return write!(
                    f,
                    " if only the {} is to count, or name a day that comes",
                    other_day_field(field)
                );
            }
            Kind::EitherDay { weekday: Some(weekday), week: Some(week), .. }
                if self.replacement.is_some() =>
            {
                return write!(
                    f,
                    " for the {} {} of the month",
                    WEEKS[week as usize % 4],
                    weekday_of(weekday)
                );
            }
            Kind::EitherDay { dialect: "croniter", .. } => {
                "give croniter `day_or=False` for the days that match both"
            }
            Kind::EitherDay { dialect: "cronie", .. } => {
                "test one of the two in the command for the days that match both"
            }
            Kind::EitherDay { dialect: "quartz", .. } => {
                "test one of the two in the job for the days that match both"
            }
            Kind::EitherDay { .. } => "begin the text with `days=and` for the days that match both",
            Kind::IgnoredDayField { .. } => {
                ", which means the same, or give croniter `day_or=False` for the days that match both"
            }
            Kind::StarBit { needs_both: false } => ", which has no `*` for cronie to see",
            Kind::StarBit { needs_both: true } => " for days that match one of the fields, as in croniter",
            Kind::QuestionMark { .. } if self.replacement.is_some() => ", which means the same",
            Kind::QuestionMark { .. } => "write `?` for one of them, and see to that one in the job",
            Kind::SecondsOrder { is_zero: true, .. } => {
                "leave the second out: it is 0, and five fields have the same order everywhere"
            }
            Kind::SecondsOrder { .. } => "name the dialect wherever this text goes",
            Kind::WeekdayNumbers { .. } => ": names are the same days everywhere",
            Kind::LastWeekdayAlone => ", which means the same",
            Kind::EveryMinute { hour: Some(_), .. } => " to fire in the first minute of the hour only",
            Kind::EveryMinute { hour: None, .. } => " to fire in the first minute of these hours only",
            Kind::EverySecond { minute: Some(_), .. } => " to fire in the first second of the minute only",
            Kind::EverySecond { minute: None, .. } => " to fire in the first second of these minutes only",
            Kind::UnevenStep { field: Field::DayOfMonth | Field::DayOfWeek, .. } => {
                "list the days that are meant"
            }
            Kind::UnevenStep { step, count, .. } => {
                let divides = |other: &u32| count % other == 0;
                let below = (1..step).rev().find(divides).unwrap_or(1);
                return match (step + 1..count).find(divides) {
                    Some(above) => write!(f, "for even steps write {below} or {above}, which divide {count}"),
                    None => write!(f, "for even steps write {below}, which divides {count}"),
                };
            }
            Kind::StepPastEnd { .. } if self.replacement.is_some() => ", if that is what is meant",
            Kind::StepPastEnd { .. } => "name that value, if it is what is meant",
            Kind::EqualRange { is_whole_field: false, .. } => ", which is the same everywhere",
            Kind::EqualRange { is_whole_field: true, text, field, .. } => {
                let is_day = matches!(field, Field::DayOfMonth | Field::DayOfWeek);
                // Beside another day field its effect depends on the day rule, too.
                let what = match self.replacement {
                    Some(Replacement(Piece::WholeRange { step: 1, .. })) if is_day => "the whole field",
                    _ => "the same",
                };
                return write!(f, ", which is {what} everywhere, or `{text}` for that value alone");
            }
            Kind::WrappingStep { is_late: true, .. } => "list the values that are meant",
            Kind::WrappingStep { .. } | Kind::OpenWeekdayStep { .. } => ", which is the same everywhere",
            Kind::FifthWeek => " for the last one of each month",
            Kind::Duplicate { .. } => "leave it out",
            Kind::ClockChange(change) if self.replacement.is_some() => {
                if change.from < change.to {
                    ", the hours in a list, to have it fire at the end of the gap"
                } else {
                    ", the hours in a list, to have it fire the first time only"
                }
            }
            Kind::ClockChange(change) => {
                let later = change.from.max(change.to);
                let what = if change.from < change.to { "do not skip" } else { "show once" };
                return write!(f, "name a time of day that clocks {what}, such as {}", Clock(later, later));
            }
        };
        f.write_str(rest)
    }
}

impl fmt::Debug for Suggestion<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Suggestion({self})")
    }
}

/// A piece of an expression, from [`Suggestion::replacement`]: `Display` gives its text.
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
    for (i, value) in values.in_order(row).enumerate() {
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
