//! An expression as text: the parser's mirror. The shortest form that has it all, five fields unless the seconds or
//! the years matter, and in each field what people write: `*/15` and `9-17` rather than lists, names where there
//! are names, as 1 is not Monday to every cron.

mod list;

use core::fmt::{self, Write};

use self::list::{bit, List, Ranges, Steps};
use super::dialect::{Days, Dialect, Seconds};
use super::field::{Backward, Field, Marks, Row, DAY_OF_MONTH, DAY_OF_WEEK, YEAR};
use super::weeks::Weeks;
use super::{
    Cron, ALL_WEEKDAYS, BOTH_DAYS, COUNTS_WEEKS, DAYS_RESTRICTED, EVERY_WEEK, LAST_WEEK, NEAREST_CLAMPS,
};
use super::{HOUR_REPEATS, MINUTE_REPEATS, SECOND_REPEATS, WEEKDAYS_RESTRICTED};

/// The expression in its shortest form, in the default dialect: five fields, or six with the seconds first, or seven with
/// the year last. What that cannot say is preceded by the switches that make it so: `days=and 0 0 13 * fri`.
impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (switches, dialect) = [
            ("", Dialect::DEFAULT),
            ("days=and ", Dialect::DEFAULT.days_and()),
            ("dialect=croniter ", Dialect::CRONITER),
        ]
        .into_iter()
        .find(|(_, dialect)| self.misread_by(*dialect).is_none())
        .unwrap_or(("dialect=croniter days=and ", Dialect::CRONITER.days_and()));
        write!(f, "{switches}{}", Written { cron: *self, dialect })
    }
}

/// Each field by its name, so that nobody wonders which one is the second.
impl fmt::Debug for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "Cron(";
        for row in &Dialect::DEFAULT.table.rows {
            let text = FieldText { cron: self, dialect: Dialect::DEFAULT, row };
            write!(f, "{separator}{} {text}", row.field)?;
            separator = ", ";
        }
        if self.has(BOTH_DAYS) {
            f.write_str(", both days")?;
        }
        if self.has(NEAREST_CLAMPS) {
            f.write_str(", W of a day that a month lacks is its last")?;
        }
        f.write_char(')')
    }
}

/// An expression in the words of a dialect, which must be able to say it: see [`Cron::misread_by`].
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) cron: Cron,
    pub(crate) dialect: Dialect,
}

impl Cron {
    /// Which field a text in this dialect could not say, or no single one, and why.
    pub(crate) fn misread_by(&self, dialect: Dialect) -> Option<(Option<Field>, &'static str)> {
        let table = dialect.table;
        let last_year = i64::from(table.row(Field::Year).last);
        if self.has_seconds() && dialect.seconds == Seconds::Nowhere {
            return Some((Some(Field::Second), "it has no such field"));
        }
        if !self.years.is_any() {
            if !table.has_years {
                return Some((Some(Field::Year), "it has no such field"));
            }
            if (last_year + 1..=i64::from(YEAR.last)).any(|year| self.years.has(year)) {
                return Some((Some(Field::Year), "its years end earlier"));
            }
            if table.has_accidents && self.years.has_first(table.row(Field::Year).count) {
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
    fn lists_all_days(&self) -> bool {
        self.days.count_ones() == 31 || self.weekly() == ALL_WEEKDAYS
    }

    /// Whether one of the day fields is written as `*/n`.
    fn may_begin_with_star(&self) -> bool {
        let is_of_whole = |row: &Row, set: u64| {
            Steps::of(row, &|value| bit(set, value)).map_or(false, |steps| {
                steps.are_of_the_whole(row) && steps.read_better_than_a_list(row, Ranges::AsReadsBest)
            })
        };
        is_of_whole(&DAY_OF_MONTH, self.days) && self.nearest == 0 && self.days >> 32 == 0
            || is_of_whole(&DAY_OF_WEEK, self.weekly()) && !self.has_weeks()
    }
}

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Written { cron, dialect } = self;
        let table = dialect.table;
        f.write_str(if table.is_eventbridge { "cron(" } else { "" })?;
        let text = |field: Field| FieldText { cron, dialect: *dialect, row: table.row(field) };
        let has_years = !cron.years.is_any();
        let has_place = dialect.seconds != Seconds::Nowhere;
        let has_years = has_years || table.is_eventbridge;
        let has_seconds = has_place && (table.always_has_seconds || has_years || cron.has_seconds());
        if has_seconds && dialect.seconds == Seconds::First {
            write!(f, "{} ", text(Field::Second))?;
        }
        let (minute, hour, month) = (text(Field::Minute), text(Field::Hour), text(Field::Month));
        write!(f, "{minute} {hour} {} {month} {}", text(Field::DayOfMonth), text(Field::DayOfWeek))?;
        if has_seconds && dialect.seconds == Seconds::Last {
            write!(f, " {}", text(Field::Second))?;
        }
        if has_years {
            write!(f, " {}", text(Field::Year))?;
        }
        f.write_str(if table.is_eventbridge { ")" } else { "" })
    }
}

/// A field of an expression as a dialect writes it.
pub(crate) struct FieldText<'a> {
    pub(crate) cron: &'a Cron,
    pub(crate) dialect: Dialect,
    pub(crate) row: &'a Row,
}

impl fmt::Display for FieldText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (cron, row) = (self.cron, self.row);
        match row.field {
            Field::Second => self.time_field(f, cron.seconds, SECOND_REPEATS),
            Field::Minute => self.time_field(f, cron.minutes, MINUTE_REPEATS),
            Field::Hour => self.time_field(f, u64::from(cron.hours), HOUR_REPEATS),
            Field::DayOfMonth => self.days_of_month(f),
            Field::Month => {
                let months = u64::from(cron.months);
                match months.count_ones() {
                    12 => f.write_char('*'),
                    _ => List::new(f).values(row, |month| bit(months, month), Ranges::AsReadsBest),
                }
            }
            Field::DayOfWeek => self.days_of_week(f),
            Field::Year if cron.years.is_any() => f.write_char('*'),
            Field::Year => {
                let has = |value| cron.years.has(i64::from(row.first + value));
                List::new(f).values(row, has, Ranges::AsReadsBest)
            }
        }
    }
}

impl FieldText<'_> {
    /// What clock changes do to an expression hangs on the text of these: what repeats must be printed so that it does.
    fn time_field(&self, f: &mut fmt::Formatter<'_>, set: u64, repeats: u8) -> fmt::Result {
        let (row, repeats) = (self.row, self.cron.has(repeats));
        if repeats && set.count_ones() == row.count {
            return f.write_char('*');
        }
        let table = self.dialect.table;
        let ranges = match (table.has_accidents, table.backward) {
            _ if !repeats => Ranges::None,
            (true, _) => Ranges::AtLeastOneOrStep,
            (false, Backward::Wraps) => Ranges::AtLeastOneMayWrap,
            (false, _) => Ranges::AtLeastOne,
        };
        List::new(f).values(row, |value| bit(set, value), ranges)
    }

    fn days_of_month(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (cron, row) = (self.cron, self.row);
        if !cron.has(DAYS_RESTRICTED) {
            let is_left_to_weekdays = cron.has(WEEKDAYS_RESTRICTED) && self.wants_question_mark();
            return f.write_char(if is_left_to_weekdays { '?' } else { '*' });
        }
        let mut list = List::new(f);
        list.values(row, |day| bit(cron.days, day), self.ranges_of_days())?;
        for day in (0..31).filter(|&day| bit(cron.nearest, day)) {
            list.item(format_args!("{}W", day + 1))?;
        }
        for (days, mark) in [(cron.days, ""), (cron.nearest, "W")] {
            for before in (0..31).filter(|before| bit(days, 63 - before)) {
                match before {
                    // The last day, to croniter.
                    0 if mark == "W" && self.dialect.table.has_accidents => list.item(format_args!("31W"))?,
                    0 => list.item(format_args!("L{mark}"))?,
                    _ => list.item(format_args!("L-{before}{mark}"))?,
                }
            }
        }
        Ok(())
    }

    fn days_of_week(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (cron, row) = (self.cron, self.row);
        if !cron.has(WEEKDAYS_RESTRICTED) {
            return f.write_char(if self.wants_question_mark() { '?' } else { '*' });
        }
        let mut list = List::new(f);
        let weekly = cron.weekly();
        list.values(row, |day| bit(weekly, day), self.ranges_of_days())?;
        if cron.has(COUNTS_WEEKS) {
            let mut groups = Weeks(cron.weekdays).groups();
            return groups.try_for_each(|group| list.every_nth_week(row, group));
        }
        for day in (0..7).filter(|&day| !bit(weekly, day)) {
            let name = row.names[day as usize];
            for week in (0..LAST_WEEK).filter(|week| bit(cron.weekdays, 7 * week + day)) {
                list.item(format_args!("{name}#{}", week + 1))?;
            }
        }
        let last_week = cron.weekdays >> (7 * LAST_WEEK) & ALL_WEEKDAYS;
        for day in (0..7).filter(|&day| bit(last_week, day)) {
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
