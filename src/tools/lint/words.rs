//! The words of the sentences.

use core::fmt;

use crate::civil::Weekday;
use crate::cron::field::Field;
use crate::tools::english::MONTHS;

/// A value of a field in a sentence.
pub(super) struct Named {
    pub(super) field: Field,
    pub(super) value: u32,
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Named { field, value } = *self;
        match field {
            Field::Second => write!(f, "second {value}"),
            Field::Minute => write!(f, "minute {value}"),
            Field::Hour => write!(f, "hour {value}"),
            Field::DayOfMonth => write!(f, "day {}", value + 1),
            Field::Month => f.write_str(MONTHS[value as usize]),
            Field::DayOfWeek => weekday_of(value).fmt(f),
            Field::Year => write!(f, "the year {}", value + 1970),
        }
    }
}

/// When a field begins anew, and what it counts.
pub(super) fn turn_of(field: Field) -> (&'static str, &'static str) {
    match field {
        Field::Second => ("every minute", "second"),
        Field::Minute => ("every hour", "minute"),
        Field::Hour => ("every day", "hour"),
        Field::DayOfMonth => ("every month", "day"),
        Field::Month => ("every year", "month"),
        Field::DayOfWeek => ("every week", "day"),
        Field::Year => ("never", "year"),
    }
}

/// So many days after a Sunday.
pub(super) fn weekday_of(value: u32) -> Weekday {
    // 1970-01-04 was one.
    Weekday::of_day(i64::from(value) + 3)
}

pub(super) const WEEKS: [&str; 4] = ["first", "second", "third", "fourth"];

/// `A`, `A and B`, `A, B and C`
pub(super) fn list<T: fmt::Display>(
    f: &mut fmt::Formatter<'_>,
    items: impl Iterator<Item = T>,
) -> fmt::Result {
    let mut items = items.enumerate().peekable();
    while let Some((i, item)) = items.next() {
        match (i, items.peek().is_some()) {
            (0, _) => {}
            (_, true) => f.write_str(", ")?,
            (_, false) => f.write_str(" and ")?,
        }
        write!(f, "{item}")?;
    }
    Ok(())
}
