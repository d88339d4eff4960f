//! An expression written for another cron.

use core::fmt::{self, Write};

use crate::cron::dialect::{Days, Dialect, Seconds};
use crate::cron::field::{Field, Marks, YEAR};
use crate::cron::print::{FieldText, Written};
use crate::cron::{
    Cron, BOTH_DAYS, COUNTS_WEEKS, DAYS_RESTRICTED, NEAREST_CLAMPS, SECOND_REPEATS, WEEKDAYS_RESTRICTED,
};

/// An expression in the words of a dialect, from [`Cron::in_dialect`]; `Display` gives the text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Translated(Written);

impl fmt::Display for Translated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.dialect.table.is_eventbridge {
            true => write!(f, "cron({})", self.0),
            false => self.0.fmt(f),
        }
    }
}

impl fmt::Debug for Translated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Translated({self} for {})", self.0.dialect)
    }
}

/// Why an expression cannot be written in a dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Untranslatable {
    dialect: Dialect,
    field: Option<Field>,
    reason: &'static str,
}

impl Untranslatable {
    /// The field that cannot be written, or `None` where no single one is the reason.
    pub const fn field(&self) -> Option<Field> {
        self.field
    }
}

impl fmt::Display for Untranslatable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not to be written for {}: ", self.dialect)?;
        if let Some(field) = self.field {
            write!(f, "{field}: ")?;
        }
        f.write_str(self.reason)
    }
}

#[cfg(feature = "std")]
impl std::error::Error for Untranslatable {}

impl Cron {
    /// The same schedule, written for another dialect: that dialect reads it as an equal value.
    ///
    /// ```
    /// use sexton::cron::Dialect;
    /// use sexton::Cron;
    ///
    /// let weekdays_at_nine = Cron::parse("0 9 * * 1-5").unwrap();
    /// assert_eq!(weekdays_at_nine.in_dialect(Dialect::QUARTZ)?.to_string(), "0 0 9 ? * mon-fri");
    ///
    /// let last_friday = Cron::parse("0 9 * * friL").unwrap();
    /// let error = last_friday.in_dialect(Dialect::CRONIE).unwrap_err();
    /// assert_eq!(error.to_string(), "not to be written for cronie: day of week: it has no `L`, `W` or `#`");
    /// # Ok::<(), sexton::tools::Untranslatable>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the dialect has no words for it, and which part that is.
    pub fn in_dialect(&self, dialect: Dialect) -> Result<Translated, Untranslatable> {
        match self.unknown_to(dialect).or_else(|| self.misread_by(dialect)) {
            Some((field, reason)) => Err(Untranslatable { dialect, field, reason }),
            None => Ok(Translated(Written { cron: *self, dialect })),
        }
    }

    /// What the cron itself does not know, though its dialect here reads it.
    fn unknown_to(&self, dialect: Dialect) -> Option<(Option<Field>, &'static str)> {
        let day_of_month = |reason| Some((Some(Field::DayOfMonth), reason));
        let day_of_week = |reason| Some((Some(Field::DayOfWeek), reason));
        let days_have_marks = self.days >> 32 != 0 || self.nearest != 0;
        match dialect.table.marks {
            // That it counts no weeks is reported later.
            _ if self.has(COUNTS_WEEKS) => None,
            Marks::No | Marks::QuestionMark if days_have_marks => day_of_month("it has no `L`, `W` or `#`"),
            Marks::No | Marks::QuestionMark if self.has_weeks() => day_of_week("it has no `L`, `W` or `#`"),
            Marks::Alone if days_have_marks && self.days.count_ones() + self.nearest.count_ones() > 1 => {
                day_of_month("`L` and `W` stand alone there")
            }
            Marks::Alone | Marks::AloneInWeekdays if self.has_weeks() && self.weekdays.count_ones() > 1 => {
                day_of_week("`L` and `#` stand alone there")
            }
            // `LW` is `31W` there.
            Marks::AsCroniter if (self.days | self.nearest) >> 32 & 0x7FFF_FFFF != 0 => {
                day_of_month("it has no `L-3`")
            }
            Marks::AsCroniter if self.has_weeks() && self.weekly() != 0 => {
                day_of_week("it takes no `#` or `L` beside other weekdays")
            }
            _ => None,
        }
    }
    /// Which field a text in this dialect could not say, or no single one, and why.
    fn misread_by(&self, dialect: Dialect) -> Option<(Option<Field>, &'static str)> {
        let table = dialect.table;
        let last_year = i64::from(table.row(Field::Year).last);
        let has_seconds = self.seconds != 1 || self.has(SECOND_REPEATS);
        if has_seconds && dialect.seconds == Seconds::Nowhere {
            return Some((Some(Field::Second), "it has no such field"));
        }
        if !self.years.is_any() {
            if !table.has_years {
                return Some((Some(Field::Year), "it has no such field"));
            }
            if (last_year + 1..=i64::from(YEAR.last)).any(|year| self.years.has(year)) {
                return Some((Some(Field::Year), "its years end earlier"));
            }
            if table.has_accidents && self.years.count() == table.row(Field::Year).count {
                return Some((Some(Field::Year), "a list of all its years is any year to it"));
            }
        }
        if self.has(COUNTS_WEEKS) && table.marks != Marks::All {
            return Some((Some(Field::DayOfWeek), "it counts no weeks"));
        }
        let has_late_nearest = self.nearest as u32 >> 28 != 0;
        if has_late_nearest && self.has(NEAREST_CLAMPS) != table.has_accidents {
            return Some((Some(Field::DayOfMonth), "in a month that is too short its `W` is on another day"));
        }
        if !self.has(DAYS_RESTRICTED) || !self.has(WEEKDAYS_RESTRICTED) {
            return None;
        }
        if table.is_eventbridge {
            return Some((None, "one of its two day fields is always `?`"));
        }
        let (has_nearest, has_weeks) = (self.nearest != 0, self.has_weeks());
        let are_both_due = match dialect.days {
            Days::And => true,
            // Without a star, either: a field is then written without.
            Days::StarBit if self.has(BOTH_DAYS) && self.may_begin_with_star() => {
                !(table.has_accidents && self.lists_all_days())
            }
            _ if table.has_accidents && has_nearest != has_weeks && !self.never_fires() => {
                return Some((None, "beside a `W`, `#` or `L` it ignores the other day field"));
            }
            _ => table.has_accidents && (has_nearest || has_weeks),
        };
        match (are_both_due, self.has(BOTH_DAYS)) {
            (false, true) => {
                Some((None, "it fires if either of the two day fields matches, this if both do"))
            }
            (true, false) => Some((None, "it fires if both day fields match, this if either does")),
            _ => None,
        }
    }

    /// Whether one of the day fields is written as `*/n`.
    fn may_begin_with_star(&self) -> bool {
        let begins_with_star = |field: Field| {
            let mut first = First(None);
            let text = FieldText { cron: self, dialect: Dialect::DEFAULT.star_bit(), field };
            write!(first, "{text}").is_ok() && first.0 == Some('*')
        };
        let days_have_marks = self.days >> 32 != 0 || self.nearest != 0;
        !days_have_marks && begins_with_star(Field::DayOfMonth)
            || !self.has_weeks() && begins_with_star(Field::DayOfWeek)
    }
}

/// Keeps the first character of a text.
struct First(Option<char>);

impl fmt::Write for First {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 = self.0.or_else(|| text.chars().next());
        Ok(())
    }
}
