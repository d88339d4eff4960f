//! An expression as text: the parser's mirror. The shortest form that has it all, five fields unless the seconds or
//! the years matter, and in each field what people write: `*/15` and `9-17` rather than lists, names where there
//! are names, as 1 is not Monday to every cron.

mod list;

use core::fmt::{self, Write};

use self::list::{List, Ranges};
use super::dialect::{Days, Dialect, Seconds};
use super::field::{Backward, Field, Marks};
use super::search::has;
use super::weeks::Weeks;
use super::{
    Cron, ALL_WEEKDAYS, BOTH_DAYS, COUNTS_WEEKS, DAYS_RESTRICTED, EVERY_WEEK, LAST_WEEK, NEAREST_CLAMPS,
};
use super::{HOUR_REPEATS, MINUTE_REPEATS, SECOND_REPEATS, WEEKDAYS_RESTRICTED};

/// The expression in its shortest form, in the default dialect: five fields, or six with the seconds first, or seven with
/// the year last. What that cannot say is preceded by the switches that make it so: `days=and 0 0 13 * fri`.
impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let both_days = self.has(BOTH_DAYS);
        let are_both_restricted = self.has(DAYS_RESTRICTED) && self.has(WEEKDAYS_RESTRICTED);
        // To croniter both day fields must match where both have marks, or no date is in both.
        let is_croniter = !are_both_restricted || both_days && (self.has_weeks() || self.never_fires());
        let (switches, dialect) = match self.has(NEAREST_CLAMPS) {
            false if both_days => ("days=and ", Dialect::DEFAULT.days_and()),
            false => ("", Dialect::DEFAULT),
            true if is_croniter && !self.has(COUNTS_WEEKS) => ("dialect=croniter ", Dialect::CRONITER),
            true => ("dialect=croniter days=and ", Dialect::CRONITER.days_and()),
        };
        write!(f, "{switches}{}", Written { cron: *self, dialect })
    }
}

/// Each field by its name, so that nobody wonders which one is the second.
impl fmt::Debug for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "Cron(";
        for field in Field::ALL {
            let text = FieldText { cron: self, dialect: Dialect::DEFAULT, field };
            write!(f, "{separator}{field} {text}")?;
            separator = ", ";
        }
        let both = if self.has(BOTH_DAYS) { ", both days" } else { "" };
        let clamps =
            if self.has(NEAREST_CLAMPS) { ", W of a day that a month lacks is its last" } else { "" };
        write!(f, "{both}{clamps})")
    }
}

impl Cron {
    fn has_seconds(&self) -> bool {
        self.seconds != 1 || self.has(SECOND_REPEATS)
    }

    /// The weekdays that count in every week.
    pub(crate) fn weekly(&self) -> u64 {
        if self.has(COUNTS_WEEKS) {
            return Weeks(self.weekdays).in_every_week();
        }
        (0..LAST_WEEK).fold(ALL_WEEKDAYS, |days, week| days & self.weekdays >> (7 * week))
    }

    /// Whether a weekday counts in some weeks and not in others.
    pub(crate) fn has_weeks(&self) -> bool {
        self.has(COUNTS_WEEKS) || self.weekdays != self.weekly() * EVERY_WEEK
    }

    /// Whether one of the day fields has all its values.
    pub(crate) fn lists_all_days(&self) -> bool {
        self.days.count_ones() == 31 || self.weekly() == ALL_WEEKDAYS
    }
}

/// An expression in the words of a dialect, which must be able to say it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) cron: Cron,
    pub(crate) dialect: Dialect,
}

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Written { cron, dialect } = self;
        let table = dialect.table;
        let has_years = !cron.years.is_any() || table.is_eventbridge;
        let has_seconds = dialect.seconds != Seconds::Nowhere
            && (table.always_has_seconds || has_years || cron.has_seconds());
        let count = 5 + usize::from(has_years) + usize::from(has_seconds);
        for (place, field) in dialect.order(count).into_iter().take(count).enumerate() {
            let blank = if place > 0 { " " } else { "" };
            write!(f, "{blank}{}", FieldText { cron, dialect: *dialect, field })?;
        }
        Ok(())
    }
}

/// A field of an expression as a dialect writes it.
pub(crate) struct FieldText<'a> {
    pub(crate) cron: &'a Cron,
    pub(crate) dialect: Dialect,
    pub(crate) field: Field,
}

impl fmt::Display for FieldText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (cron, row) = (self.cron, self.dialect.table.row(self.field));
        let (set, ranges) = match self.field {
            Field::Second => (cron.seconds, self.ranges_of_time(SECOND_REPEATS)),
            Field::Minute => (cron.minutes, self.ranges_of_time(MINUTE_REPEATS)),
            Field::Hour => (cron.hours.into(), self.ranges_of_time(HOUR_REPEATS)),
            Field::DayOfMonth => return self.days_of_month(f),
            Field::Month => (cron.months.into(), Ranges::AsReadsBest),
            Field::DayOfWeek => return self.days_of_week(f),
            Field::Year if cron.years.is_any() => return f.write_char('*'),
            Field::Year => {
                let is_named = |value| cron.years.has(i64::from(row.first + value));
                return List::new(f).values(row, &is_named, Ranges::AsReadsBest);
            }
        };
        if ranges != Ranges::None && set.count_ones() == row.count {
            return f.write_char('*');
        }
        List::new(f).values(row, &|value| has(set, value), ranges)
    }
}

impl FieldText<'_> {
    /// What clock changes do to an expression hangs on the text of its times: what repeats must be printed so that it does.
    fn ranges_of_time(&self, repeats: u8) -> Ranges {
        let table = self.dialect.table;
        match table.backward {
            _ if !self.cron.has(repeats) => Ranges::None,
            _ if table.has_accidents => Ranges::AtLeastOneOrStep,
            Backward::Wraps => Ranges::AtLeastOneMayWrap,
            _ => Ranges::AtLeastOne,
        }
    }

    fn days_of_month(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (cron, row) = (self.cron, self.dialect.table.row(self.field));
        if !cron.has(DAYS_RESTRICTED) {
            let is_left_to_weekdays = cron.has(WEEKDAYS_RESTRICTED) && self.wants_question_mark();
            return f.write_char(if is_left_to_weekdays { '?' } else { '*' });
        }
        let mut list = List::new(f);
        list.values(row, &|day| has(cron.days, day), self.ranges_of_days())?;
        for day in (0..31).filter(|&day| has(cron.nearest, day)) {
            list.item(format_args!("{}W", day + 1))?;
        }
        for (days, mark) in [(cron.days, ""), (cron.nearest, "W")] {
            for before in (0..31).filter(|before| has(days, 63 - before)) {
                match (before, mark) {
                    // The last day, to croniter.
                    (0, "W") if self.dialect.table.has_accidents => list.item(format_args!("31W"))?,
                    (0, _) => list.item(format_args!("L{mark}"))?,
                    _ => list.item(format_args!("L-{before}{mark}"))?,
                }
            }
        }
        Ok(())
    }

    fn days_of_week(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (cron, row) = (self.cron, self.dialect.table.row(self.field));
        if !cron.has(WEEKDAYS_RESTRICTED) {
            return f.write_char(if self.wants_question_mark() { '?' } else { '*' });
        }
        let mut list = List::new(f);
        let weekly = cron.weekly();
        list.values(row, &|day| has(weekly, day), self.ranges_of_days())?;
        if cron.has(COUNTS_WEEKS) {
            let mut groups = Weeks(cron.weekdays).groups();
            return groups.try_for_each(|group| list.every_nth_week(row, group));
        }
        for day in (0..7).filter(|&day| !has(weekly, day)) {
            let name = row.names[day as usize];
            for week in (0..LAST_WEEK).filter(|week| has(cron.weekdays, 7 * week + day)) {
                list.item(format_args!("{name}#{}", week + 1))?;
            }
        }
        let last_week = cron.weekdays >> (7 * LAST_WEEK) & ALL_WEEKDAYS;
        for day in (0..7).filter(|&day| has(last_week, day)) {
            match self.dialect.table.marks {
                Marks::AsCroniter => list.item(format_args!("L{day}"))?,
                _ => list.item(format_args!("{}L", row.names[day as usize]))?,
            }
        }
        Ok(())
    }

    fn wants_question_mark(&self) -> bool {
        matches!(self.dialect.table.marks, Marks::Alone | Marks::AloneInWeekdays)
    }

    /// By the star bit two fields of which either may match must not begin with a star; and to croniter there must be
    /// none beside a list of all days.
    fn ranges_of_days(&self) -> Ranges {
        let cron = self.cron;
        let both_restricted = cron.has(DAYS_RESTRICTED) && cron.has(WEEKDAYS_RESTRICTED);
        let is_star_read = self.dialect.days == Days::StarBit && !cron.has(BOTH_DAYS)
            || self.dialect.table.has_accidents && cron.lists_all_days();
        if both_restricted && is_star_read {
            Ranges::WithoutStar
        } else {
            Ranges::AsReadsBest
        }
    }
}
