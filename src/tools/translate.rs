//! An expression written for another cron.

use core::fmt;

use crate::cron::dialect::Dialect;
use crate::cron::field::{Field, Marks};
use crate::cron::print::Written;
use crate::cron::{Cron, COUNTS_WEEKS};

/// An expression in the words of a dialect, from [`Cron::in_dialect`]; `Display` gives the text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Translated(Written);

impl fmt::Display for Translated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
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
}
