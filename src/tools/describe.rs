//! An expression in English: the time, the days, the months and the years, one after the other. What is said tells the
//! set of times and nothing less; a set that has no shape is listed.

mod days;
mod time;
mod weekdays;
mod words;

use core::fmt;

use self::days::{months_that_match, write_both, DayRule};
use self::time::{Said, TimeOfDay};
use self::weekdays::Of;
use self::words::{Rule, Values};
use super::english::{list_months, list_ranges, Ordinal, MONTHS};
use crate::cron::field::YEAR;
use crate::cron::Cron;

impl Cron {
    /// What it says, in English.
    ///
    /// ```
    /// use sexton::cron;
    ///
    /// let words = |cron: sexton::Cron| cron.describe().to_string();
    ///
    /// assert_eq!(words(cron!("2 4 * * mon,fri")), "at 04:02 on Mondays and Fridays");
    /// assert_eq!(words(cron!("0 9-17 * * mon-fri")), "every hour from 09:00 to 17:00, Monday to Friday");
    /// assert_eq!(words(cron!("0 0 13 * fri")), "at 00:00 on the 13th of the month and on every Friday");
    /// assert_eq!(words(cron!("0 0 30 2 *")), "never, because there is no such date: at 00:00 on 30 February");
    /// ```
    ///
    /// It tells the set of times exactly: what has the same description means the same, even if it is written
    /// differently. It does not say what clock changes do to it, see
    /// [`is_interval_like`](Cron::is_interval_like).
    pub const fn describe(&self) -> Description {
        Description(*self)
    }
}

/// A [`Cron`] in words, from [`Cron::describe`]: no capital at the beginning, no full stop at the end, one line.
///
/// The clock has 24 hours. A distance such as "every 15 minutes" is counted from the beginning of the day, the hour
/// or the minute, or from the time that "from" names. A weekday, where it is said to be from Monday to Friday, is
/// one of these five days.
#[derive(Clone, Copy)]
pub struct Description(Cron);

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Description(cron) = self;
        if cron.never_fires() {
            f.write_str("never, because there is no such date: ")?;
        }
        let calendar = Calendar::of(cron);
        let said = TimeOfDay::of(cron).write(f, calendar.is_every_day())?;
        calendar.write(f, said)
    }
}

impl fmt::Debug for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Description({self})")
    }
}

/// All but the time of day.
struct Calendar {
    days: DayRule,
    months: Values,
    /// From 1970 on, if not any.
    years: Option<Values>,
}

impl Calendar {
    fn of(cron: &Cron) -> Calendar {
        let years = (!cron.years.is_any()).then(|| Values::of_words(cron.years.0, YEAR.count));
        Calendar { days: DayRule::of(cron), months: Values::new(months_that_match(cron), 12), years }
    }

    fn is_every_day(&self) -> bool {
        matches!(self.days, DayRule::Every) && self.months.is_all() && self.years.is_none()
    }

    /// The months that read `from June to August`.
    fn span_of_months(&self) -> Option<(u32, u32)> {
        // Where years are named, those of a winter would lie in two of them.
        self.months.stretch(self.years.is_none()).filter(|_| !self.months.is_all())
    }

    /// A year that is said with the month, as in `January 2027`.
    fn year_of_month(&self) -> Option<u32> {
        self.months.only().and(self.years?.only()).map(|year| YEAR.first + year)
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, time: Said) -> fmt::Result {
        let names_months = !self.months.is_all() && self.span_of_months().is_none();
        let of_months =
            if names_months { Of::Months(self.months, self.year_of_month()) } else { Of::TheMonth };

        let mut ends_with = if time == Said::Spans { Ending::Span } else { Ending::Plain };
        let mut has_months = self.months.is_all();
        match &self.days {
            DayRule::Every => f.write_str(if time == Said::Times { " every day" } else { "" })?,
            DayRule::Days(days) => {
                f.write_str(before_days(time, days.is_span()))?;
                days.write(f, of_months)?;
                has_months |= names_months;
                ends_with = match (days.is_span(), days.has_clause()) {
                    (true, _) => Ending::Span,
                    (_, true) => Ending::Clause,
                    _ => ends_with,
                };
            }
            DayRule::Weekdays(weekdays) => match weekdays.span() {
                Some((first, last)) => {
                    write!(f, ", {first} to {last}")?;
                    ends_with = Ending::Clause;
                }
                None => {
                    let is_of_months = names_months && weekdays.are_only_of_weeks();
                    f.write_str(" on ")?;
                    weekdays.write(f, " and ", if is_of_months { of_months } else { Of::TheMonth })?;
                    has_months |= is_of_months;
                    if weekdays.are_of_weeks() && !weekdays.are_only_of_weeks() {
                        ends_with = Ending::Clause;
                    }
                }
            },
            DayRule::Either(days, weekdays) => {
                f.write_str(before_days(time, days.is_span()))?;
                days.write(f, if weekdays.are_only_of_weeks() { Of::Later } else { Of::TheMonth })?;
                f.write_str(if days.has_clause() { ", and on " } else { " and on " })?;
                weekdays.write_too(f, Of::TheMonth)?;
                ends_with = Ending::Clause;
            }
            DayRule::Both(days, weekdays) => {
                f.write_str(before_days(time, false))?;
                write_both(f, days, weekdays, of_months)?;
                has_months |= names_months;
                ends_with = Ending::Clause;
            }
        }
        if !has_months {
            self.write_months(f, ends_with)?;
        }
        if self.months.is_all() {
            self.write_years(f, ends_with)
        } else if self.year_of_month().is_none() {
            self.write_years(f, Ending::Clause)
        } else {
            Ok(())
        }
    }

    /// ` in January and June`, ` in January 2027`, ` from June to August`
    fn write_months(&self, f: &mut fmt::Formatter<'_>, after: Ending) -> fmt::Result {
        let name = |month: u32| MONTHS[month as usize];
        if let Some((first, last)) = self.span_of_months() {
            return write!(f, "{} from {} to {}", after.comma(true), name(first), name(last));
        }
        write!(f, "{} in ", after.comma(false))?;
        list_months(f, self.months.iter())?;
        self.year_of_month().map_or(Ok(()), |year| write!(f, " {year}"))
    }

    /// ` in 2027`, ` from 2027 to 2030`
    fn write_years(&self, f: &mut fmt::Formatter<'_>, after: Ending) -> fmt::Result {
        let years = match self.years {
            Some(years) => years,
            None => return Ok(()),
        };
        let is_to_end = |step: u32| years.last() + step >= YEAR.count;
        if let Some((first, _)) = years.stretch(false).filter(|_| is_to_end(1)) {
            return write!(f, "{} from {} on", after.comma(true), YEAR.first + first);
        }
        if let Some((first, last)) = years.stretch(false) {
            return write!(f, "{} from {} to {}", after.comma(true), YEAR.first + first, YEAR.first + last);
        }
        write!(f, "{} in ", after.comma(false))?;
        let step = match years.rule(YEAR.first) {
            Some(Rule::EveryNth { step, .. }) => step,
            Some(Rule::Even | Rule::Odd) => 2,
            None => {
                let ranges = years.items().map(|(first, last)| (YEAR.first + first, YEAR.first + last));
                return list_ranges(f, ranges, " and ");
            }
        };
        let (first, last) = (YEAR.first + years.first(), YEAR.first + years.last());
        write!(f, "every {} year from {first} ", Ordinal(step))?;
        match is_to_end(step) {
            true => f.write_str("on"),
            false => write!(f, "to {last}"),
        }
    }
}

/// What leads to the days of the month, which may be a span, `from the 1st to the 7th`.
fn before_days(time: Said, is_span: bool) -> &'static str {
    match time {
        Said::Times if is_span => " every day ",
        Said::Spans if is_span => ", every day ",
        _ => " ",
    }
}

/// What stands before months or years, and so whether they need a comma.
#[derive(Clone, Copy)]
enum Ending {
    Plain,
    /// `from ... to ...`
    Span,
    /// What they would seem to belong to a part of.
    Clause,
}

impl Ending {
    fn comma(self, before_span: bool) -> &'static str {
        match self {
            Ending::Clause => ",",
            Ending::Span if before_span => ",",
            _ => "",
        }
    }
}
