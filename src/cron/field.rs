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
    pub(super) const fn name(self) -> &'static str {
        match self {
            Field::Second => "second",
            Field::Minute => "minute",
            Field::Hour => "hour",
            Field::DayOfMonth => "day of month",
            Field::Month => "month",
            Field::DayOfWeek => "day of week",
            Field::Year => "year",
        }
    }
}

/// The name in lower case: `day of month`.
impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A row of the table. Inside the parser and the printer a value counts from the row's first one: January is 0.
pub(super) struct Row {
    pub(super) field: Field,
    /// The first and the last value that a text may say.
    pub(super) first: u32,
    pub(super) last: u32,
    /// How many different values there are, after which a range begins anew. Sunday is both 0 and 7.
    pub(super) count: u32,
    /// For each value three letters in lower case, or nothing.
    pub(super) names: &'static [&'static str],
    /// What a value may look like, for people.
    pub(super) values: &'static str,
}

pub(super) const SECOND: Row =
    Row { field: Field::Second, first: 0, last: 59, count: 60, names: &[], values: "0-59" };
pub(super) const MINUTE: Row =
    Row { field: Field::Minute, first: 0, last: 59, count: 60, names: &[], values: "0-59" };
pub(super) const HOUR: Row =
    Row { field: Field::Hour, first: 0, last: 23, count: 24, names: &[], values: "0-23" };
pub(super) const DAY_OF_MONTH: Row =
    Row { field: Field::DayOfMonth, first: 1, last: 31, count: 31, names: &[], values: "1-31 or L" };
pub(super) const MONTH: Row = Row {
    field: Field::Month,
    first: 1,
    last: 12,
    count: 12,
    names: &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
    values: "jan-dec or 1-12",
};
pub(super) const DAY_OF_WEEK: Row = Row {
    field: Field::DayOfWeek,
    first: 0,
    last: 7,
    count: 7,
    names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
    values: "sun-sat or 0-7",
};
pub(super) const YEAR: Row =
    Row { field: Field::Year, first: 1970, last: 2199, count: 230, names: &[], values: "1970-2199" };
