//! Which fields of an expression say no to a civil time, and in which words.

use core::fmt::{self, Write};

use super::english::{list, MONTHS, NTH};
use crate::civil::{self, Date, DateTime};
use crate::cron::dialect::Dialect;
use crate::cron::field::Field;
use crate::cron::print::FieldText;
use crate::cron::weeks::WEEK_0;
use crate::cron::{Cron, BOTH_DAYS, COUNTS_WEEKS, DAYS_RESTRICTED, WEEKDAYS_RESTRICTED};

/// From the year down to the second.
const BY_SIGNIFICANCE: [Field; 7] = [
    Field::Year,
    Field::Month,
    Field::DayOfMonth,
    Field::DayOfWeek,
    Field::Hour,
    Field::Minute,
    Field::Second,
];

/// The fields of an expression that say no to a civil time, from [`Cron::mismatches`].
///
/// Where a day needs to match one of the two day fields only, both are among them or neither is.
///
/// `Display` says of each what it has there: `the hour is 5, not 4; the minute is 0, not 30`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mismatches {
    cron: Cron,
    time: DateTime,
    /// A bit for each field, in the order of [`Field`].
    fields: u8,
}

impl Mismatches {
    /// The civil time.
    pub const fn time(&self) -> DateTime {
        self.time
    }

    /// The fields, from the year down to the second.
    pub fn fields(&self) -> impl Iterator<Item = Field> {
        let fields = self.fields;
        BY_SIGNIFICANCE.into_iter().filter(move |&field| fields & bit_of(field) != 0)
    }

    /// Whether this field says no.
    pub const fn has(&self, field: Field) -> bool {
        self.fields & bit_of(field) != 0
    }
}

impl Cron {
    /// The fields that say no to a civil time, or `None` where it matches.
    ///
    /// ```
    /// let report = sexton::cron!("0 4 * * mon");
    /// let mismatches = report.mismatches("2026-11-22 05:00".parse()?).unwrap();
    /// assert_eq!(mismatches.to_string(), "the day of week is Sunday, not mon; the hour is 5, not 4");
    /// # Ok::<(), sexton::civil::ParseError>(())
    /// ```
    pub fn mismatches(&self, time: DateTime) -> Option<Mismatches> {
        let refused = BY_SIGNIFICANCE.into_iter().filter(|&field| self.refuses(field, time));
        let mut fields = refused.fold(0, |fields, field| fields | bit_of(field));
        if let Some(field) = self.only_day_field(time.date()) {
            if !self.has(BOTH_DAYS) {
                fields &= !bit_of(other_day_field(field));
            }
        }
        (fields != 0).then_some(Mismatches { cron: *self, time, fields })
    }

    /// The day field that matches a date while the other does not.
    pub(super) fn only_day_field(&self, date: Date) -> Option<Field> {
        match (self.refuses_day(Field::DayOfMonth, date), self.refuses_day(Field::DayOfWeek, date)) {
            (false, true) if self.has(DAYS_RESTRICTED) => Some(Field::DayOfMonth),
            (true, false) if self.has(WEEKDAYS_RESTRICTED) => Some(Field::DayOfWeek),
            _ => None,
        }
    }

    /// What a field says by itself.
    fn refuses(&self, field: Field, time: DateTime) -> bool {
        let (date, clock) = (time.date(), time.time());
        match field {
            Field::Second => self.seconds >> clock.second() & 1 == 0,
            Field::Minute => self.minutes >> clock.minute() & 1 == 0,
            Field::Hour => self.hours >> clock.hour() & 1 == 0,
            Field::DayOfMonth | Field::DayOfWeek => self.refuses_day(field, date),
            Field::Month => self.months >> (date.month() - 1) & 1 == 0,
            Field::Year => !self.years.has(date.year().into()),
        }
    }

    fn refuses_day(&self, field: Field, date: Date) -> bool {
        self.days_by(field, date) >> (date.day() - 1) & 1 == 0
    }

    /// The days that match in a month of this length that begins on this weekday, bit 0 for its first. Where weeks count, those
    /// that match in any.
    pub(super) fn days_of_month(&self, length: u32, first_weekday: u32) -> u32 {
        let cron = if self.has(COUNTS_WEEKS) { self.in_any_week() } else { *self };
        // 1970-01-04 was a Sunday.
        cron.days_of_month_from(length, i64::from(first_weekday) + 3)
    }

    /// The days of this date's month that a day field alone lets through, bit 0 for its first.
    fn days_by(&self, field: Field, date: Date) -> u32 {
        let rules = DAYS_RESTRICTED | WEEKDAYS_RESTRICTED | BOTH_DAYS;
        let alone = Cron { flags: self.flags & !rules | day_flag(field), ..*self };
        let first_day = date.days() - i64::from(date.day()) + 1;
        alone.days_of_month_from(length_of_month(date), first_day)
    }
}

const fn bit_of(field: Field) -> u8 {
    1 << field as u8
}

pub(super) const fn is_day_field(field: Field) -> bool {
    matches!(field, Field::DayOfMonth | Field::DayOfWeek)
}

pub(super) const fn other_day_field(field: Field) -> Field {
    match field {
        Field::DayOfMonth => Field::DayOfWeek,
        _ => Field::DayOfMonth,
    }
}

pub(super) const fn day_flag(field: Field) -> u8 {
    match field {
        Field::DayOfMonth => DAYS_RESTRICTED,
        _ => WEEKDAYS_RESTRICTED,
    }
}

fn length_of_month(date: Date) -> u32 {
    civil::days_in_month(date.year(), date.month()).into()
}

impl fmt::Display for Mismatches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (cron, date) = (&self.cron, self.time.date());
        let mut separator = "";
        for field in self.fields() {
            f.write_str(separator)?;
            separator = "; ";
            write!(f, "the {field} is ")?;
            self.value(field, f)?;
            f.write_str(", not ")?;
            Alternatives::write(f, self.text(field))?;
            match field {
                Field::DayOfMonth => {
                    self.days_of_marks(f)?;
                    if self.has(Field::DayOfWeek) && !cron.has(BOTH_DAYS) {
                        separator = ", and ";
                    }
                }
                Field::DayOfWeek if self.has(Field::DayOfMonth) && !cron.has(BOTH_DAYS) => {
                    f.write_str(" (one of the two would be enough)")?;
                }
                _ => {}
            }
            if cron.has(BOTH_DAYS) && cron.only_day_field(date).map(other_day_field) == Some(field) {
                f.write_str(" (both day fields must match)")?;
            }
        }
        Ok(())
    }
}

impl Mismatches {
    fn text(&self, field: Field) -> FieldText<'_> {
        FieldText { cron: &self.cron, dialect: Dialect::DEFAULT, field }
    }

    /// What the time has in a field.
    fn value(&self, field: Field, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (date, clock) = (self.time.date(), self.time.time());
        let number = match field {
            Field::Second => clock.second().into(),
            Field::Minute => clock.minute().into(),
            Field::Hour => clock.hour().into(),
            Field::DayOfMonth => date.day().into(),
            Field::Month => return f.write_str(month_name(date)),
            Field::DayOfWeek => return self.weekday(f),
            Field::Year => date.year(),
        };
        write!(f, "{number}")
    }

    /// The weekday, and which one of its month it is where that counts.
    fn weekday(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = self.time.date();
        if self.cron.has(COUNTS_WEEKS) {
            return write!(f, "{} of week {}", date.weekday(), (date.days() - WEEK_0).div_euclid(7));
        }
        if self.cron.has_weeks() {
            let week = (usize::from(date.day()) - 1) / 7;
            write!(f, "the {}", NTH[week])?;
            let is_last = u32::from(date.day()) + 7 > length_of_month(date);
            f.write_str(if is_last { " and last " } else { " " })?;
        }
        write!(f, "{}", date.weekday())
    }

    /// Which days `L` and `W` are.
    fn days_of_marks(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.cron.days >> 32 == 0 && self.cron.nearest == 0 {
            return Ok(());
        }
        let date = self.time.date();
        let days = self.cron.days_by(Field::DayOfMonth, date);
        f.write_str(if days == 0 { " (no day" } else { " (" })?;
        list(f, (0..31).filter(|day| days >> day & 1 == 1), " or ", |f, day| write!(f, "{}", day + 1))?;
        write!(f, " in {} {})", month_name(date), date.year())
    }
}

fn month_name(date: Date) -> &'static str {
    MONTHS[usize::from(date.month()) - 1]
}

/// Writes a list with commas as a sentence does: `a, b or c`.
struct Alternatives<'a, 'b> {
    f: &'a mut fmt::Formatter<'b>,
    commas_left: usize,
}

impl Alternatives<'_, '_> {
    fn write(f: &mut fmt::Formatter<'_>, list: impl fmt::Display) -> fmt::Result {
        let mut commas = Commas(0);
        write!(commas, "{list}")?;
        write!(Alternatives { f, commas_left: commas.0 }, "{list}")
    }
}

impl Write for Alternatives<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut parts = text.split(',');
        self.f.write_str(parts.next().unwrap_or(""))?;
        for part in parts {
            self.commas_left -= 1;
            self.f.write_str(if self.commas_left == 0 { " or " } else { ", " })?;
            self.f.write_str(part)?;
        }
        Ok(())
    }
}

/// Counts the commas of a text.
struct Commas(usize);

impl Write for Commas {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 += text.matches(',').count();
        Ok(())
    }
}
