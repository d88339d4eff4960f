//! The days of the week in words.

use core::fmt;

use super::words::{Values, WEEKDAYS};
use crate::civil::Date;
use crate::cron::weeks::{Weeks, WEEK_0};
use crate::cron::{Cron, ALL_WEEKDAYS, COUNTS_WEEKS, LAST_WEEK};
use crate::tools::english::{list, list_months, Ordinal, MONTHS, NTH};

/// What the days are of: ` of the month`, ` of January and July`, ` of January 2027`.
#[derive(Clone, Copy)]
pub(super) enum Of {
    /// It comes later in the sentence.
    Later,
    TheMonth,
    Months(Values, Option<u32>),
}

impl fmt::Display for Of {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Of::Later => Ok(()),
            Of::TheMonth => f.write_str(" of the month"),
            Of::Months(months, year) => {
                f.write_str(" of ")?;
                list_months(f, months.iter())?;
                write_year(f, year)
            }
        }
    }
}

pub(super) fn write_year(f: &mut fmt::Formatter<'_>, year: Option<u32>) -> fmt::Result {
    year.map_or(Ok(()), |year| write!(f, " {year}"))
}

/// From Monday, as people list them.
pub(super) struct Weekdays {
    /// Those of every week.
    weekly: Values,
    /// For each of the others its weeks of the month: a bit from the first, bit 0, to the fifth, and one for the last.
    weeks: [u8; 7],
    /// Those by the number of the week.
    nth_weeks: Option<Weeks>,
}

impl Weekdays {
    pub(super) fn of(cron: &Cron) -> Weekdays {
        const FOURTH: u8 = 1 << 3;
        const FIFTH: u8 = 1 << 4;
        const LAST: u8 = 1 << LAST_WEEK;
        if cron.has(COUNTS_WEEKS) {
            let weekly = Values::new(from_monday(cron.weekly()), 7);
            return Weekdays { weekly, weeks: [0; 7], nth_weeks: Some(Weeks(cron.weekdays)) };
        }
        let mut weekly = 0;
        let mut weeks = [0; 7];
        for (day, weeks) in weeks.iter_mut().enumerate() {
            let from_sunday = (day + 1) % 7;
            let row = |week: u32| (cron.weekdays >> (7 * week) & ALL_WEEKDAYS) >> from_sunday & 1;
            let mut set = (0..=LAST_WEEK).fold(0, |set, week| set | (row(week) as u8) << week);
            // The last is the fourth or the fifth.
            if set & LAST != 0 && set & FOURTH != 0 {
                set = set & !LAST | FIFTH;
            } else if set & LAST != 0 {
                set &= !FIFTH;
            }
            if u32::from(set & (LAST - 1)) == 0x1F {
                weekly |= 1 << day;
            } else {
                *weeks = set;
            }
        }
        Weekdays { weekly: Values::new(weekly, 7), weeks, nth_weeks: None }
    }

    /// Those of certain weeks, each with its weeks.
    fn of_weeks(&self) -> impl Iterator<Item = (u32, u8)> {
        let weeks = self.weeks;
        (0..7).map(move |day| (day, weeks[day as usize])).filter(|(_, weeks)| *weeks != 0)
    }

    pub(super) fn are_of_weeks(&self) -> bool {
        self.of_weeks().next().is_some() || self.nth_weeks.is_some()
    }

    pub(super) fn are_only_of_weeks(&self) -> bool {
        self.weekly.is_empty() && self.nth_weeks.is_none()
    }

    /// The first and the last of a stretch that they are.
    pub(super) fn span(&self) -> Option<(&'static str, &'static str)> {
        let (first, last) = self.weekly.stretch(true).filter(|_| !self.are_of_weeks())?;
        Some((WEEKDAYS[first as usize], WEEKDAYS[last as usize]))
    }

    /// `Mondays, Tuesdays and the first and third Friday of the month`, with an `or` if that is the conjunction.
    pub(super) fn write(&self, f: &mut fmt::Formatter<'_>, conjunction: &str, of: Of) -> fmt::Result {
        self.write_items(f, conjunction, of, |f, name| write!(f, "{name}s"))
    }

    /// `every Friday`, after a first `on` for other days.
    pub(super) fn write_too(&self, f: &mut fmt::Formatter<'_>, of: Of) -> fmt::Result {
        match (self.span(), self.weekly.only()) {
            (Some((first, last)), _) => write!(f, "every day from {first} to {last}"),
            (None, Some(day)) if !self.are_of_weeks() => write!(f, "every {}", WEEKDAYS[day as usize]),
            _ => self.write(f, " and ", of),
        }
    }

    /// The condition of a day before it: ` if it is a Friday`, ` that are Fridays`.
    pub(super) fn write_condition(&self, f: &mut fmt::Formatter<'_>, is_about_many: bool) -> fmt::Result {
        match (self.span(), is_about_many) {
            (Some((first, last)), true) => write!(f, " that are days from {first} to {last}"),
            (Some((first, last)), false) => write!(f, " if it is a day from {first} to {last}"),
            (None, true) => {
                f.write_str(" that are ")?;
                self.write(f, " or ", Of::TheMonth)
            }
            (None, false) => {
                f.write_str(" if it is ")?;
                self.write_items(f, " or ", Of::TheMonth, |f, name| write!(f, "a {name}"))
            }
        }
    }

    fn write_items(
        &self,
        f: &mut fmt::Formatter<'_>,
        conjunction: &str,
        of: Of,
        show: impl Fn(&mut fmt::Formatter<'_>, &str) -> fmt::Result,
    ) -> fmt::Result {
        if let Some(weeks) = self.nth_weeks {
            return self.write_nth_weeks(f, conjunction, weeks, show);
        }
        let weekly = self.weekly.iter().map(|day| (day, 0));
        list(f, weekly.chain(self.of_weeks()), conjunction, |f, (day, weeks)| {
            let name = WEEKDAYS[day as usize];
            if weeks == 0 {
                return show(f, name);
            }
            f.write_str("the ")?;
            let weeks = Values::new(u64::from(weeks), 6);
            list(f, weeks.iter(), conjunction, |f, week| f.write_str(NTH[week as usize]))?;
            write!(f, " {name}")
        })?;
        if self.are_of_weeks() {
            write!(f, "{of}")?;
        }
        Ok(())
    }
}

impl Weekdays {
    /// `Fridays and on Mondays of every 2nd week from 31 December 2018 on`
    fn write_nth_weeks(
        &self,
        f: &mut fmt::Formatter<'_>,
        conjunction: &str,
        weeks: Weeks,
        show: impl Fn(&mut fmt::Formatter<'_>, &str) -> fmt::Result,
    ) -> fmt::Result {
        let write_days = |f: &mut fmt::Formatter<'_>, days: Values| {
            list(f, days.iter(), conjunction, |f, day| show(f, WEEKDAYS[day as usize]))
        };
        let mut separator = "";
        let next = if conjunction == " or " { ", or " } else { ", and on " };
        if !self.weekly.is_empty() {
            write_days(f, self.weekly)?;
            separator = next;
        }
        for (days, count, which) in weeks.groups() {
            f.write_str(separator)?;
            separator = next;
            write_days(f, Values::new(from_monday(days), 7))?;
            let monday = Date::from_days(WEEK_0 + 7 * i64::from(which)).expect("a Monday from 2018 to 2023");
            let (day, month, year) = (monday.day(), MONTHS[usize::from(monday.month()) - 1], monday.year());
            write!(f, " of every {} week counted from {day} {month} {year}", Ordinal(count))?;
        }
        Ok(())
    }
}

/// Weekdays from Monday, of those from Sunday.
const fn from_monday(days: u64) -> u64 {
    days >> 1 & 0x3F | (days & 1) << 6
}
