//! What the items of a field are, and add up to.

use crate::cron::field::{Field, Row};
use crate::cron::weeks::Weeks;
use crate::cron::{Years, ALL_WEEKDAYS, EVERY_WEEK, LAST_WEEK};

/// What the items of a field add up to. Values count from the field's first one.
#[derive(Clone, Copy)]
pub(crate) struct Set {
    /// A bit for each value; in the days of month and of week also the marks, see [`Cron`].
    pub(crate) values: u64,
    /// The days of month with a `W`.
    pub(crate) nearest: u64,
    /// A day of `nearest` that a month lacks is its last.
    pub(crate) nearest_clamps: bool,
    /// The field is `*` or `?`, or an item of its list is.
    pub(crate) is_every: bool,
    /// Its text has a `*`, a range or a step.
    pub(crate) repeats: bool,
    /// Its text begins with a `*`, or is `?`.
    pub(crate) begins_with_star: bool,
    /// There is a `*` in its text.
    pub(crate) has_star: bool,
    /// The weekdays of a certain week of the month, in the same form as the others; or those of one of every few weeks, as
    /// [`Weeks`] has them.
    pub(crate) weeks: u64,
    pub(crate) counts_weeks: bool,
    /// The only values that are more than a word has bits.
    pub(crate) years: Years,
}

impl Set {
    pub(crate) const EMPTY: Set = Set {
        values: 0,
        nearest: 0,
        nearest_clamps: false,
        is_every: false,
        repeats: false,
        begins_with_star: false,
        has_star: false,
        weeks: 0,
        counts_weeks: false,
        years: Years::NONE,
    };

    /// The second of an expression that has no field for it.
    pub(super) const ZERO: Set = Set { values: 1, ..Set::EMPTY };

    /// A day or a year of an expression that does not restrict them.
    pub(super) const STAR: Set = Set { is_every: true, ..Set::EMPTY };

    /// This and an item, unless the weeks that it counts have no place beside the others.
    pub(crate) const fn with(mut self, item: Item, row: &Row) -> Option<Set> {
        match item {
            Item::Every => {
                self.is_every = true;
                self.repeats = true;
            }
            Item::Values(values) => {
                self.repeats |= values.repeats;
                match row.field {
                    Field::Year => self.years = values.add_to(self.years, row),
                    Field::DayOfWeek => self.values |= values.bits(row) * EVERY_WEEK,
                    _ => self.values |= values.bits(row),
                }
            }
            Item::DayBeforeLast(days) => self.values |= 1 << (63 - days),
            Item::Nearest(day) => self.nearest |= 1 << day,
            Item::NearestBeforeLast(days) => self.nearest |= 1 << (63 - days),
            Item::Week(_, _) if self.counts_weeks => return None,
            Item::Week(values, week) => self.weeks |= values.bits(row) << (7 * week),
            Item::NthWeek(_, _, _) if self.weeks != 0 && !self.counts_weeks => return None,
            Item::NthWeek(values, count, which) => {
                let Weeks(weeks) = some!(Weeks(self.weeks).with(values.bits(row), count, which));
                self.weeks = weeks;
                self.counts_weeks = true;
            }
        }
        Some(self)
    }

    /// The values, all `count` of them where the field is `*`.
    pub(crate) const fn values_of(&self, count: u32) -> u64 {
        if self.is_every {
            u64::MAX >> (64 - count)
        } else {
            self.values
        }
    }

    /// The weekdays, with those of weeks that are counted, or of the month.
    pub(crate) const fn weekdays(&self) -> u64 {
        match (self.is_every, self.counts_weeks) {
            (true, _) => ALL_WEEKDAYS * EVERY_WEEK,
            (_, true) => self.values & ALL_WEEKDAYS | self.weeks,
            (_, false) => self.values | self.weeks,
        }
    }

    /// To Vixie cron a field is restricted unless it begins with a `*`, though it may have one later on.
    pub(super) const fn by_star_bit(self, count: u32) -> Set {
        Set { values: self.values_of(count), is_every: self.is_every && self.begins_with_star, ..self }
    }

    /// To croniter the `W` of a day that a month lacks is on its last, so that of the 31st always is.
    pub(super) const fn with_last_for_31(self) -> Set {
        let nearest = self.nearest & !(1 << 30) | (self.nearest >> 30 & 1) << 63;
        Set { nearest, nearest_clamps: nearest as u32 >> 28 != 0, ..self }
    }

    /// To croniter weekdays say nothing beside one of a certain week, neither all seven nor that same one.
    pub(super) const fn without_weekdays_beside_weeks(self) -> Set {
        let of_weeks = self.weekdays_of_weeks();
        let has_all = self.is_every || self.values | of_weeks == ALL_WEEKDAYS * EVERY_WEEK;
        match self.weeks {
            0 => self,
            _ => Set { values: if has_all { 0 } else { self.values & !of_weeks }, is_every: false, ..self },
        }
    }

    /// To croniter a list of `count` days is a `*`, if there is a `*` in the other day field. `L` is one of them, and a
    /// weekday of a certain week is as good as every one.
    pub(super) const fn as_star_beside(self, other: Set, count: u32) -> Set {
        let days = (self.values | self.weekdays_of_weeks()).count_ones();
        let is_star = days == count && self.nearest == 0 && other.has_star && !other.is_every;
        Set { is_every: self.is_every || is_star, ..self }
    }

    /// The weekdays of which a certain week is meant, in every week.
    const fn weekdays_of_weeks(&self) -> u64 {
        let mut days = 0;
        let mut week = 0;
        while week <= LAST_WEEK {
            days |= self.weeks >> (7 * week) & ALL_WEEKDAYS;
            week += 1;
        }
        days * EVERY_WEEK
    }
}

/// An item of a list.
#[derive(Clone, Copy)]
pub(crate) enum Item {
    /// `*` or `?`
    Every,
    Values(Values),
    /// `L-n`: so many days before the last.
    DayBeforeLast(u32),
    /// `nW`: the weekday, Monday to Friday, nearest to this day.
    Nearest(u32),
    /// `L-nW`
    NearestBeforeLast(u32),
    /// `d#n`: these weekdays, in the first week of the month (0) to the fifth, or in its last seven days.
    Week(Values, u32),
    /// `d%n+k`: these weekdays in one of every `n` weeks, and which.
    NthWeek(Values, u32, u32),
}

/// Values from `from` to `to`, every `step`th of them. A range that wraps is unrolled: `to` is then beyond the field.
#[derive(Clone, Copy)]
pub(crate) struct Values {
    pub(crate) from: u32,
    pub(crate) to: u32,
    pub(crate) step: u32,
    pub(crate) repeats: bool,
    /// A step that reaches over the turn of a range that wraps comes out one later, as in croniter.
    pub(crate) slips: bool,
}

impl Values {
    pub(super) const fn new(from: u32, to: u32) -> Values {
        Values { from, to, step: 1, repeats: false, slips: false }
    }

    /// A bit for each value, of a field of at most 60.
    const fn bits(self, row: &Row) -> u64 {
        self.add_to(Years::NONE, row).0[0]
    }

    /// These of a field besides others of it.
    const fn add_to(self, mut others: Years, row: &Row) -> Years {
        let mut value = self.from;
        while value <= self.to {
            others = others.with(value % row.count);
            value = self.after(value, row);
        }
        others
    }

    pub(crate) const fn after(self, value: u32, row: &Row) -> u32 {
        let slips = self.slips && value < row.count && value + self.step > row.count;
        value + self.step + slips as u32
    }
}
