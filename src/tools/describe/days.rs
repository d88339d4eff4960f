//! The two day fields in words.

use core::fmt;

use super::weekdays::{write_year, Of, Weekdays};
use super::words::{Rule, Values};
use crate::civil;
use crate::cron::{Cron, ALL_MONTHS, NEAREST_CLAMPS};
use crate::cron::{BOTH_DAYS, COUNTS_WEEKS, DAYS_RESTRICTED, WEEKDAYS_RESTRICTED};
use crate::tools::english::{list, list_ranges, Ordinal, MONTHS};

/// Which days, without what has no effect: a field that holds every day is as good as none.
pub(super) enum DayRule {
    Every,
    Days(DaysOfMonth),
    Weekdays(Weekdays),
    Either(DaysOfMonth, Weekdays),
    Both(DaysOfMonth, Weekdays),
}

impl DayRule {
    pub(super) fn of(cron: &Cron) -> DayRule {
        let by_day = Cron { flags: cron.flags & !WEEKDAYS_RESTRICTED & !COUNTS_WEEKS, ..*cron };
        let by_weekday = Cron { flags: cron.flags & !DAYS_RESTRICTED, ..*cron };
        let counts_weeks = cron.has(COUNTS_WEEKS);
        let (any_day, any_weekday) =
            (matches_every_day(&by_day), !counts_weeks && matches_every_day(&by_weekday));
        let is_every_day = match counts_weeks {
            true => any_day && cron.has(DAYS_RESTRICTED) && !cron.has(BOTH_DAYS),
            false => matches_every_day(cron),
        };
        let (days, weekdays) = (DaysOfMonth::of(cron), Weekdays::of(cron));
        match (cron.has(DAYS_RESTRICTED) && !any_day, cron.has(WEEKDAYS_RESTRICTED) && !any_weekday) {
            _ if is_every_day => DayRule::Every,
            (false, false) => DayRule::Every,
            (true, false) => DayRule::Days(days),
            (false, true) => DayRule::Weekdays(weekdays),
            (true, true) if cron.has(BOTH_DAYS) => DayRule::Both(days, weekdays),
            (true, true) if days.are_none() => DayRule::Weekdays(weekdays),
            (true, true) => DayRule::Either(days, weekdays),
        }
    }
}

/// Whether the day fields leave out no day of any month that is named.
fn matches_every_day(cron: &Cron) -> bool {
    lengths(cron.months).all(|length| {
        (0..7).all(|first_weekday| cron.days_of_month(length, first_weekday) == u32::MAX >> (32 - length))
    })
}

/// The lengths that these months may have.
fn lengths(months: u16) -> impl Iterator<Item = u32> {
    const WITH_30: u16 = 1 << 3 | 1 << 5 | 1 << 8 | 1 << 10;
    const FEBRUARY: u16 = 1 << 1;
    let month_sets = [(28, FEBRUARY), (29, FEBRUARY), (30, WITH_30), (31, !(WITH_30 | FEBRUARY))];
    month_sets.into_iter().filter(move |(_, set)| months & set != 0).map(|(length, _)| length)
}

/// The lengths that the months of an expression may have.
fn lengths_in_years(cron: &Cron, months: u16) -> impl Iterator<Item = u32> {
    let has_leap_year = cron.years.is_any()
        || (1970..2200).any(|year| cron.years.has(year) && civil::is_leap_year(year as i16));
    lengths(months).filter(move |length| *length != 29 || has_leap_year)
}

/// The months that have a day which matches; all of them, if none has.
pub(super) fn months_that_match(cron: &Cron) -> u64 {
    let has_day = |length| (0..7).any(|weekday| cron.days_of_month(length, weekday) != 0);
    let months = (0..12).filter(|month| cron.months >> month & 1 == 1);
    let months = months.filter(|month| lengths_in_years(cron, 1 << month).any(has_day));
    match months.fold(0, |months, month| months | 1 << month) {
        _ if cron.months == ALL_MONTHS => u64::from(ALL_MONTHS),
        0 => u64::from(cron.months),
        months => months,
    }
}

/// Days from the first on, of which 0 is the first; before the last, of which 0 is the last; and the same for the days
/// to whose nearest Monday to Friday it goes.
pub(super) struct DaysOfMonth {
    days: Values,
    before_last: Values,
    nearest: Values,
    nearest_before_last: Values,
    /// A month named lacks a day of `nearest`, which is then its last.
    clamps: bool,
    /// Days of the longest month that is named, where what goes on to its last day goes on to that of each.
    to_last: Option<u32>,
}

enum Item {
    Rule(Rule),
    Days(u32, u32),
    LastDays(u32),
    BeforeLast(u32),
    FirstWorkday,
    Nearest(Values),
    NearestBeforeLast(u32),
}

impl DaysOfMonth {
    fn of(cron: &Cron) -> DaysOfMonth {
        let months = months_that_match(cron) as u16;
        let longest = lengths_in_years(cron, months).max().unwrap_or(31);
        // What never comes is not named, unless nothing does.
        let comes = |set: u64| if cron.never_fires() { set } else { set & u64::MAX >> (64 - longest) };
        let from_first = |set: u64| Values::new(comes(set & 0x7FFF_FFFF), 31);
        let before_last = |set: u64| Values::new(comes(set.reverse_bits() & 0x7FFF_FFFF), 31);
        let nearest = match cron.has(NEAREST_CLAMPS) {
            true => Values::new(cron.nearest & 0x7FFF_FFFF, 31),
            false => from_first(cron.nearest),
        };
        let has_several_lengths = longest == 29 || lengths(months).any(|length| length != longest);
        let ends_with_31 = cron.days >> 30 & 1 == 1;
        DaysOfMonth {
            to_last: (!cron.never_fires() && (has_several_lengths || ends_with_31)).then_some(longest),
            days: from_first(cron.days),
            before_last: before_last(cron.days),
            nearest,
            nearest_before_last: before_last(cron.nearest),
            // Where the last is one of them anyway it needs no word.
            clamps: cron.has(NEAREST_CLAMPS)
                && !before_last(cron.nearest).has(0)
                && lengths(cron.months).any(|length| nearest.last() >= length),
        }
    }

    /// Whether none of the days is in a month that is named.
    fn are_none(&self) -> bool {
        self.is_plain() && self.days.is_empty()
    }

    /// Only days that are counted from the first.
    fn is_plain(&self) -> bool {
        let DaysOfMonth { before_last, nearest, nearest_before_last, .. } = self;
        before_last.is_empty() && nearest.is_empty() && nearest_before_last.is_empty()
    }

    /// Whether it is written `from the 1st to the 7th of the month`.
    pub(super) fn is_span(&self) -> bool {
        // The last two days of February are two where it has 29.
        let ends_february = || self.to_last == Some(29) && self.days.count() == 2 && self.days.has(27);
        self.is_plain() && (self.days.stretch(false).is_some() || ends_february() && self.days.has(28))
    }

    /// Whether it ends with a clause of its own, so that a comma must follow.
    pub(super) fn has_clause(&self) -> bool {
        self.clamps
    }

    /// `on the 1st and 15th of the month`, `on 1 and 15 January`
    pub(super) fn write(&self, f: &mut fmt::Formatter<'_>, of: Of) -> fmt::Result {
        if self.is_span() {
            return self.write_span(f, of);
        }
        f.write_str("on ")?;
        self.write_list(f, of, " and ")
    }

    /// The same before a condition: `on the 1st or 15th of the month if it is `, `on odd days of the month that are `.
    /// Says whether the condition is about many.
    fn write_before_condition(&self, f: &mut fmt::Formatter<'_>, of: Of) -> Result<bool, fmt::Error> {
        if self.is_span() {
            f.write_str("on days ")?;
            self.write_span(f, of)?;
            return Ok(true);
        }
        f.write_str("on ")?;
        self.write_list(f, of, " or ")?;
        let is_odd_or_even = matches!(self.rule(), Some(Rule::Odd | Rule::Even));
        Ok(self.is_plain() && is_odd_or_even || self.last_days().is_some() && self.items().count() == 1)
    }

    fn write_span(&self, f: &mut fmt::Formatter<'_>, of: Of) -> fmt::Result {
        let (first, last) = (self.days.first() + 1, self.days.last() + 1);
        match single_month(of) {
            _ if self.to_last == Some(last) => write!(f, "from the {} to the last day{of}", Ordinal(first)),
            Some((month, year)) => {
                write!(f, "from {first} to {last} {month}")?;
                write_year(f, year)
            }
            None => write!(f, "from the {} to the {}{of}", Ordinal(first), Ordinal(last)),
        }
    }

    fn write_list(&self, f: &mut fmt::Formatter<'_>, of: Of, conjunction: &str) -> fmt::Result {
        let is_plain_list = self.is_plain() && self.rule().is_none();
        let goes_to_last =
            self.days.items().any(|(first, last)| first < last && self.to_last == Some(last + 1));
        match single_month(of).filter(|_| is_plain_list && !goes_to_last) {
            Some((month, year)) => {
                let ranges = self.days.items().map(|(first, last)| (first + 1, last + 1));
                list_ranges(f, ranges, conjunction)?;
                write!(f, " {month}")?;
                write_year(f, year)
            }
            None if is_plain_list => {
                f.write_str("the ")?;
                self.write_ordinals(f, self.days, conjunction)?;
                write!(f, "{of}")
            }
            None => {
                let mut is_explained = false;
                list(f, self.items(), conjunction, |f, item| {
                    self.write_item(f, item, conjunction, &mut is_explained)
                })?;
                write!(f, "{of}{}", if self.clamps { ", or to the last day of a shorter month" } else { "" })
            }
        }
    }

    /// What is said of many days, or of some at equal distances that go on to the end of the month.
    fn rule(&self) -> Option<Rule> {
        /// From so many on.
        const MANY: u32 = 6;
        let to_end = |step: u32| self.days.last() + 1 + step > self.to_last.unwrap_or(31);
        match (self.days.rule(1), self.days.step()) {
            (None, Some(step)) if step > 1 && self.days.count() >= MANY && to_end(step) => {
                Some(Rule::EveryNth { step, first: self.days.first() + 1, last: self.days.last() + 1 })
            }
            (rule, _) => rule,
        }
    }

    /// How many days the end of the month has, if it is more than the last one.
    fn last_days(&self) -> Option<u32> {
        let count = self.before_last.count();
        (count > 1 && self.before_last.last() + 1 == count).then_some(count)
    }

    /// In the order of the month, more or less.
    fn items(&self) -> impl Iterator<Item = Item> {
        const NONE: Values = Values::new(0, 31);
        let (rule, last_days) = (self.rule(), self.last_days());
        let days = if rule.is_some() { NONE } else { self.days };
        let counted = rule.map(Item::Rule).into_iter().chain(days.items().map(|(a, b)| Item::Days(a, b)));
        let before_last = if last_days.is_some() { NONE } else { self.before_last };
        let last = before_last.iter().rev().map(Item::BeforeLast).chain(last_days.map(Item::LastDays));

        let first_workday = self.nearest.has(0).then_some(Item::FirstWorkday);
        let nearest = self.nearest.without(0);
        let nearest = (!nearest.is_empty()).then_some(Item::Nearest(nearest));
        // The clause about them comes last.
        let (nearest, nearest_at_end) = if self.clamps { (None, nearest) } else { (nearest, None) };
        let nearest_before_last = self.nearest_before_last.iter().rev().map(Item::NearestBeforeLast);
        let workdays = first_workday.into_iter().chain(nearest);
        counted.chain(last).chain(workdays).chain(nearest_before_last).chain(nearest_at_end)
    }

    fn write_item(
        &self,
        f: &mut fmt::Formatter<'_>,
        item: Item,
        conjunction: &str,
        is_explained: &mut bool,
    ) -> fmt::Result {
        let mut explain = || {
            if core::mem::replace(is_explained, true) {
                ""
            } else {
                " (Monday to Friday)"
            }
        };
        match item {
            Item::Rule(Rule::Even) => f.write_str("even days"),
            Item::Rule(Rule::Odd) => f.write_str("odd days"),
            Item::Rule(Rule::EveryNth { step, first, last }) => {
                write!(f, "every {} day from the {} to the ", Ordinal(step), Ordinal(first))?;
                match last + step > self.to_last.unwrap_or(31) {
                    true => f.write_str("end"),
                    false => write!(f, "{}", Ordinal(last)),
                }
            }
            Item::Days(first, last) if first == last => write!(f, "the {}", Ordinal(first + 1)),
            Item::Days(first, last) if self.to_last == Some(last + 1) => {
                write!(f, "the {} to the last day", Ordinal(first + 1))
            }
            Item::Days(first, last) => write!(f, "the {} to the {}", Ordinal(first + 1), Ordinal(last + 1)),
            Item::LastDays(count) => write!(f, "the last {count} days"),
            Item::BeforeLast(days) => write_before_last(f, days),
            Item::FirstWorkday => write!(f, "the first weekday{}", explain()),
            Item::Nearest(days) => {
                let ending = if days.only().is_some() { "" } else { "s" };
                write!(f, "the weekday{ending}{} nearest to the ", explain())?;
                self.write_ordinals(f, days, conjunction)
            }
            Item::NearestBeforeLast(0) => write!(f, "the last weekday{}", explain()),
            Item::NearestBeforeLast(days) => {
                write!(f, "the weekday{} nearest to ", explain())?;
                write_before_last(f, days)
            }
        }
    }

    /// `1st, 5th and 10th to 20th`
    fn write_ordinals(&self, f: &mut fmt::Formatter<'_>, days: Values, conjunction: &str) -> fmt::Result {
        list(f, days.items(), conjunction, |f, (first, last)| match first == last {
            true => write!(f, "{}", Ordinal(first + 1)),
            _ if self.to_last == Some(last + 1) => write!(f, "{} to the last day", Ordinal(first + 1)),
            false => write!(f, "{} to {}", Ordinal(first + 1), Ordinal(last + 1)),
        })
    }
}

fn write_before_last(f: &mut fmt::Formatter<'_>, days: u32) -> fmt::Result {
    match days {
        0 => f.write_str("the last day"),
        1 => f.write_str("the day before the last"),
        _ => write!(f, "the {} day before the last", Ordinal(days)),
    }
}

fn single_month(of: Of) -> Option<(&'static str, Option<u32>)> {
    match of {
        Of::Months(months, year) => months.only().map(|month| (MONTHS[month as usize], year)),
        _ => None,
    }
}

/// `on the 13th of the month if it is a Friday`
pub(super) fn write_both(
    f: &mut fmt::Formatter<'_>,
    days: &DaysOfMonth,
    weekdays: &Weekdays,
    of: Of,
) -> fmt::Result {
    let is_about_many = days.write_before_condition(f, of)?;
    f.write_str(if days.has_clause() { "," } else { "" })?;
    weekdays.write_condition(f, is_about_many)
}
