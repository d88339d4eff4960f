//! The fields of an expression, as a table: what differs between them is here and nowhere else.

use core::fmt;

/// A field of a cron expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[allow(missing_docs)]
pub enum Field {
    Second,
    Minute,
    Hour,
    DayOfMonth,
    Month,
    DayOfWeek,
    Year,
}

impl Field {
    /// All of them, from the second to the year.
    pub const ALL: [Field; 7] = {
        use Field::*;
        [Second, Minute, Hour, DayOfMonth, Month, DayOfWeek, Year]
    };

    pub(crate) const fn name(self) -> &'static str {
        ["second", "minute", "hour", "day of month", "month", "day of week", "year"][self as usize]
    }
}

/// The name in lower case: `day of month`.
impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What a dialect reads, apart from its switches.
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    /// `parse/plain.rs` reads what it can of it.
    pub(crate) is_default: bool,
    /// The fields, in the order of [`Field`].
    pub(crate) rows: [Row; 7],
    pub(crate) has_years: bool,
    pub(crate) always_has_seconds: bool,
    /// What of `L`, `W`, `#` and `?` has a meaning.
    pub(crate) marks: Marks,
    /// `L` alone is a weekday, and the last: Saturday. A step after a weekday's name is refused: Quartz forgets it.
    pub(crate) has_quartz_weekdays: bool,
    /// `/15` is `*/15`.
    pub(crate) has_bare_steps: bool,
    /// A step is at most the field's last value; of a range, too, or not.
    pub(crate) limits_steps: bool,
    pub(crate) limits_steps_of_ranges: bool,
    /// The year is always there, and one of the day fields must be `?`.
    pub(crate) is_eventbridge: bool,
    /// `H` and `R` have a meaning.
    pub(crate) has_hashes: bool,
    /// `a~b` has a meaning.
    pub(crate) has_random_ranges: bool,
    /// Each text draws its own `R` and `~`.
    pub(crate) draws_anew: bool,
    /// `a/n` goes on to the field's last value.
    pub(crate) is_open_ended: bool,
    /// Ranges that end with a smaller value than they begin with.
    pub(crate) backward: Backward,
    /// croniter's accidents count, see [`Dialect::CRONITER`](super::Dialect::CRONITER).
    pub(crate) has_accidents: bool,
}

impl Table {
    pub(crate) const fn row(&self, field: Field) -> &Row {
        &self.rows[field as usize]
    }
}

/// What a range is that ends with a smaller value than it begins with.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Backward {
    /// It goes on at the field's first value.
    Wraps,
    /// A mistake, but for Sunday, which is 7 there unless there is a step.
    EndsWithSunday,
    Mistake,
}

/// Marks of the day fields: `L`, `W`, `#` and `?`, and `%` after a weekday.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Marks {
    No,
    /// `?` is another way to write `*`, and there are no others.
    QuestionMark,
    /// A field is one mark, or has none.
    Alone,
    /// The same in the weekdays; days of the month may be a list of some.
    AloneInWeekdays,
    /// All are read. croniter itself knows no `L-3` and no `LW`, and a list of weekdays has only such with a `#` or
    /// an `L`, or none: so it is written. There is no `%`.
    AsCroniter,
    All,
}

pub(crate) const DEFAULT: Table = Table {
    name: "default",
    is_default: true,
    rows: [SECOND, MINUTE, HOUR, DAY_OF_MONTH, MONTH, DAY_OF_WEEK, YEAR],
    has_years: true,
    always_has_seconds: false,
    marks: Marks::All,
    has_quartz_weekdays: false,
    has_bare_steps: false,
    limits_steps: false,
    limits_steps_of_ranges: false,
    is_eventbridge: false,
    has_hashes: true,
    has_random_ranges: false,
    draws_anew: false,
    is_open_ended: true,
    backward: Backward::Wraps,
    has_accidents: false,
};

pub(crate) const CRONITER: Table = Table {
    name: "croniter",
    is_default: false,
    rows: [SECOND, MINUTE, HOUR, DAY_OF_MONTH, MONTH, DAY_OF_WEEK, YEAR_TO_2099],
    marks: Marks::AsCroniter,
    draws_anew: true,
    has_accidents: true,
    ..DEFAULT
};

pub(crate) const QUARTZ: Table = Table {
    name: "quartz",
    is_default: false,
    rows: [SECOND, MINUTE, HOUR, DAY_OF_MONTH, MONTH, DAY_OF_WEEK_FROM_1, YEAR],
    always_has_seconds: true,
    marks: Marks::AloneInWeekdays,
    has_quartz_weekdays: true,
    has_bare_steps: true,
    limits_steps: true,
    has_hashes: false,
    ..DEFAULT
};

pub(crate) const CRON: Table = Table {
    name: "cron",
    rows: [SECOND, MINUTE, HOUR, DAY_OF_MONTH_PLAIN, MONTH, DAY_OF_WEEK_OF_CRON, YEAR_TO_2100],
    marks: Marks::QuestionMark,
    has_quartz_weekdays: false,
    has_bare_steps: false,
    limits_steps_of_ranges: true,
    backward: Backward::Mistake,
    ..QUARTZ
};

pub(crate) const EVENTBRIDGE: Table = Table {
    name: "eventbridge",
    rows: [SECOND, MINUTE, HOUR, DAY_OF_MONTH_PLAIN, MONTH, DAY_OF_WEEK_FROM_1, YEAR],
    always_has_seconds: false,
    marks: Marks::Alone,
    has_bare_steps: false,
    limits_steps: false,
    is_eventbridge: true,
    ..QUARTZ
};

pub(crate) const CRONIE: Table = Table {
    name: "cronie",
    is_default: false,
    rows: [SECOND, MINUTE, HOUR, DAY_OF_MONTH_PLAIN, MONTH, DAY_OF_WEEK, YEAR],
    has_years: false,
    marks: Marks::No,
    has_hashes: false,
    has_random_ranges: true,
    draws_anew: true,
    is_open_ended: false,
    backward: Backward::EndsWithSunday,
    ..DEFAULT
};

/// A row of the table. Inside the parser and the printer a value counts from the row's first one: January is 0.
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct Row {
    pub(crate) field: Field,
    /// The first and the last value that a text may say.
    pub(crate) first: u32,
    pub(crate) last: u32,
    /// How many different values there are, after which a range begins anew. Sunday is both 0 and 7.
    pub(crate) count: u32,
    /// For each value three letters in lower case, or nothing.
    pub(crate) names: &'static [&'static str],
    /// Longer names, once or more for each value.
    pub(crate) long_names: &'static [&'static str],
    /// What a value may look like, for people.
    pub(crate) values: &'static str,
}

impl Row {
    const fn numbers(field: Field, first: u32, last: u32, values: &'static str) -> Row {
        Row { field, first, last, count: last + 1 - first, names: &[], long_names: &[], values }
    }
}

pub(crate) const SECOND: Row = Row::numbers(Field::Second, 0, 59, "0-59");
pub(crate) const MINUTE: Row = Row::numbers(Field::Minute, 0, 59, "0-59");
pub(crate) const HOUR: Row = Row::numbers(Field::Hour, 0, 23, "0-23");
pub(crate) const DAY_OF_MONTH: Row = Row::numbers(Field::DayOfMonth, 1, 31, "1-31 or L");
pub(crate) const DAY_OF_MONTH_PLAIN: Row = Row { values: "1-31", ..DAY_OF_MONTH };
#[rustfmt::skip]
pub(crate) const MONTH: Row = Row {
    names: &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
    long_names: &[
        "january", "february", "march", "april", "may", "june",
        "july", "august", "september", "october", "november", "december",
    ],
    ..Row::numbers(Field::Month, 1, 12, "jan-dec or 1-12")
};
pub(crate) const DAY_OF_WEEK: Row = Row {
    count: 7,
    names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
    long_names: &["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"],
    ..Row::numbers(Field::DayOfWeek, 0, 7, "sun-sat or 0-7")
};
const DAY_OF_WEEK_FROM_1: Row = Row { first: 1, values: "sun-sat or 1-7, Sunday being 1", ..DAY_OF_WEEK };
#[rustfmt::skip]
const DAY_OF_WEEK_OF_CRON: Row = Row {
    long_names: &[
        "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday",
        "sunday", "monday", "tues", "wednesday", "thurs", "friday", "saturday",
    ],
    ..DAY_OF_WEEK_FROM_1
};
pub(crate) const YEAR: Row = Row::numbers(Field::Year, 1970, 2199, "1970-2199");
pub(crate) const YEAR_TO_2099: Row = Row::numbers(Field::Year, 1970, 2099, "1970-2099");
const YEAR_TO_2100: Row = Row::numbers(Field::Year, 1970, 2100, "1970-2100");
