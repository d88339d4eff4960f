//! Weekdays that count in one of every few weeks, such as `mon%2`. Weeks begin on Monday. Their numbers are those of fugit,
//! since its version 1.12: that of Monday, 31 December 2018, is 0.

use super::{Cron, ALL_WEEKDAYS, COUNTS_WEEKS, EVERY_WEEK};
use crate::civil::{days_from_civil, weekday_of};

/// The Monday of week 0, in days since 1970-01-01.
pub(crate) const WEEK_0: i64 = days_from_civil(2018, 12, 31);

/// After so many weeks a weekday counts again, at most.
pub(crate) const MOST_WEEKS: u32 = 63;

/// The weekdays that count in every week, and up to three times some that count in one of so many weeks, in 64 bits: seven
/// from Sunday; and three times seven for the weekdays, six for the number of weeks, and six for which of them it is.
#[derive(Clone, Copy)]
pub(crate) struct Weeks(pub(crate) u64);

impl Weeks {
    const BITS: [u32; 3] = [7, 26, 45];

    /// Weekdays, after how many weeks they count again, and in which of these.
    const fn at(self, place: usize) -> (u64, u32, u32) {
        let bits = self.0 >> Weeks::BITS[place];
        (bits & ALL_WEEKDAYS, (bits >> 7 & 63) as u32, (bits >> 13 & 63) as u32)
    }

    /// These and others, if there is room for them.
    pub(super) const fn with(self, weekdays: u64, count: u32, which: u32) -> Option<Weeks> {
        let mut place = 0;
        while place < 3 {
            let (_, taken, by) = self.at(place);
            if taken == 0 || taken == count && by == which {
                let bits = weekdays | (count as u64) << 7 | (which as u64) << 13;
                return Some(Weeks(self.0 | bits << Weeks::BITS[place]));
            }
            place += 1;
        }
        None
    }

    pub(crate) const fn in_every_week(self) -> u64 {
        self.0 & ALL_WEEKDAYS
    }

    /// All others.
    pub(crate) fn groups(self) -> impl Iterator<Item = (u64, u32, u32)> {
        (0..3).map(move |place| self.at(place)).take_while(|(_, count, _)| *count > 0)
    }

    /// The weekdays of the month that begins on this day, as an expression that counts no weeks has them.
    pub(super) const fn in_month_from(self, first_day: i64) -> u64 {
        let mut weekdays = 0;
        let mut day = 0;
        while day < 31 {
            let of_month = first_day + day as i64;
            weekdays |= (self.of_day(of_month) & 1 << weekday_of(of_month)) << (7 * (day / 7));
            day += 1;
        }
        weekdays
    }

    const fn of_day(self, day: i64) -> u64 {
        let mut weekdays = self.in_every_week();
        let mut place = 0;
        while place < 3 {
            let (more, count, which) = self.at(place);
            if count > 0 && (day - WEEK_0).div_euclid(7).rem_euclid(count as i64) == which as i64 {
                weekdays |= more;
            }
            place += 1;
        }
        weekdays
    }
}

impl Cron {
    /// An expression which counts no weeks, with the weekdays that this has in any week.
    pub(crate) const fn in_any_week(&self) -> Cron {
        let weeks = Weeks(self.weekdays);
        let weekdays = weeks.in_every_week() | weeks.at(0).0 | weeks.at(1).0 | weeks.at(2).0;
        Cron { weekdays: weekdays * EVERY_WEEK, flags: self.flags & !COUNTS_WEEKS, ..*self }
    }

    /// Only the days of one of every `count` weeks, that of a day and others; unless weekdays are by the week already, or a day
    /// needs to match only one of two day fields.
    #[cfg(feature = "std")]
    pub(crate) fn in_every_nth_week(&self, day: i64, count: u32) -> Option<Cron> {
        use super::{BOTH_DAYS, DAYS_RESTRICTED, WEEKDAYS_RESTRICTED};

        let (by_day, by_weekday) = (self.has(DAYS_RESTRICTED), self.has(WEEKDAYS_RESTRICTED));
        if count == 1 {
            return Some(*self);
        }
        if by_weekday && (self.has_weeks() || by_day && !self.has(BOTH_DAYS)) {
            return None;
        }
        let which = (day - WEEK_0).div_euclid(7).rem_euclid(count.into()) as u32;
        let Weeks(weekdays) = Weeks(0).with(self.weekly(), count, which)?;
        let both = if by_day { BOTH_DAYS } else { 0 };
        let flags = self.flags | COUNTS_WEEKS | WEEKDAYS_RESTRICTED | both;
        let cron = Cron { weekdays, flags, ..*self };
        Some(Cron { days_kind: cron.find_days_kind(), ..cron })
    }
}
