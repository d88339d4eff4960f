//! What the items of a field are, and add up to.

use crate::cron::field::{Field, Row};
use crate::cron::weeks::Weeks;
use crate::cron::{ALL_WEEKDAYS, EVERY_WEEK, LAST_WEEK};

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
    };

    /// The second of an expression that has no field for it.
    pub(super) const ZERO: Set = Set { values: 1, ..Set::EMPTY };

    #[inline(always)]
    pub(crate) const fn with(self, item: Item, row: &Row) -> Set {
        let mut set = self;
        match item {
            Item::Every => {
                set.is_every = true;
                set.repeats = true;
            }
            Item::Values(values) => {
                let weeks = if matches!(row.field, Field::DayOfWeek) { EVERY_WEEK } else { 1 };
                set.values |= values.bits(row) * weeks;
                set.repeats |= values.repeats;
            }
            Item::DayBeforeLast(days) => set.values |= 1 << (63 - days),
            Item::Nearest(day) => set.nearest |= 1 << day,
            Item::NearestBeforeLast(days) => set.nearest |= 1 << (63 - days),
            Item::Week(values, week) => set.weeks |= values.bits(row) << (7 * week),
            Item::NthWeek(values, count, which) => {
                if let Some(Weeks(bits)) = Weeks(self.weeks).with(values.bits(row), count, which) {
                    set.weeks = bits;
                    set.counts_weeks = true;
                }
            }
        }
        set
    }

    /// Whether an item may be one of the same list.
    pub(super) const fn goes_with(&self, item: Item, row: &Row) -> bool {
        match item {
            Item::Week(..) => !self.counts_weeks,
            Item::NthWeek(values, count, which) => {
                (self.weeks == 0 || self.counts_weeks)
                    && Weeks(self.weeks).with(values.bits(row), count, which).is_some()
            }
            _ => true,
        }
    }

    /// To croniter the `W` of a day that a month lacks is on its last, so that of the 31st always is.
    pub(super) const fn with_last_for_31(self) -> Set {
        const LAST: u64 = 1 << 63;
        const THE_31ST: u64 = 1 << 30;
        let nearest =
            if self.nearest & THE_31ST != 0 { self.nearest & !THE_31ST | LAST } else { self.nearest };
        Set { nearest, nearest_clamps: nearest as u32 >> 28 != 0, ..self }
    }

    /// To croniter weekdays say nothing beside one of a certain week, neither all seven nor that same one.
    pub(super) const fn without_weekdays_beside_weeks(self) -> Set {
        if self.weeks == 0 {
            return self;
        }
        let has_all = (self.values | self.weekdays_of_weeks()) == ALL_WEEKDAYS * EVERY_WEEK;
        if self.is_every || has_all {
            return Set { values: 0, is_every: false, ..self };
        }
        Set { values: self.values & !self.weekdays_of_weeks(), ..self }
    }

    /// To croniter a list of `count` days is a `*`, if there is a `*` in the other day field. `L` is one of them, and a
    /// weekday of a certain week is as good as every one.
    pub(super) const fn as_star_beside(self, other: Set, count: u32) -> Set {
        let values = self.values | self.weekdays_of_weeks();
        let has_all = values.count_ones() == count && self.nearest == 0;
        if has_all && other.has_star && !other.is_every {
            Set { is_every: true, ..self }
        } else {
            self
        }
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

    /// To Vixie cron a field is restricted unless it begins with a `*`, though it may have one later on.
    pub(super) const fn by_star_bit(self, count: u32) -> Set {
        if self.is_every && !self.begins_with_star {
            Set { is_every: false, values: u64::MAX >> (64 - count), ..self }
        } else {
            self
        }
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
    pub(super) const fn one(value: u32) -> Values {
        Values { from: value, to: value, step: 1, repeats: false, slips: false }
    }

    /// A bit for each value, of a field of at most 60.
    const fn bits(self, row: &Row) -> u64 {
        if self.step == 1 {
            let run = u64::MAX >> (63 - (self.to - self.from));
            return (run << self.from | run >> (row.count - self.from)) & !(u64::MAX << row.count);
        }
        let mut bits = 0;
        let mut value = self.from;
        while value <= self.to {
            bits |= 1 << (if value < row.count { value } else { value - row.count });
            value = self.after(value, row);
        }
        bits
    }

    pub(crate) const fn after(self, value: u32, row: &Row) -> u32 {
        let slips = self.slips && value < row.count && value + self.step > row.count;
        value + self.step + slips as u32
    }
}
