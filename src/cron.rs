//! Cron expressions: sets of civil times. Pure: no threads, no clock, no files, no zones.
//!
//! ```text
//! minute (0-59)                          *        every value
//! | hour (0-23)                          5,10     each of a list
//! | | day of month (1-31, L, W)          9-17     a range; one that wraps goes on at the start: fri-mon, 22-2
//! | | | month (1-12, jan-dec)            */15     every fifteenth from the first value of the field
//! | | | | day of week (0-7, sun-sat)     8-18/2   every second of a range
//! * * * * *                              5/15     the same as 5-59/15
//! ```
//!
//! With six fields the **seconds come first**, with seven the year (1970-2199) also comes last. `30 0 9 * * mon` is
//! 09:00:30 on Mondays. Sunday is 0 and 7. Names may be full, such as `Monday`, and letters have any case.
//!
//! | in day of month | | in day of week | |
//! | --- | --- | --- | --- |
//! | `L` | the last day of the month | `fri#2` | the second Friday of the month |
//! | `L-3` | the third day before the last | `mon-fri#1` | the first of each of these |
//! | `15W` or `W15` | the Monday to Friday nearest to the 15th, in the same month | `friL`, `Lfri` or `fri#L` | the last Friday |
//! | `LW`, `L-3W` | the same for the last day, or the third before it | | |
//! | `28-L` | from the 28th on | `mon%2` | every other Monday, see below |
//! | `?` | the same as `*` | `?` | the same as `*` |
//!
//! **Every other week.** `mon%2` is Monday of every second week, `mon%2+1` that of the others, `mon-fri%3+2` Monday to
//! Friday of every third. Weeks begin on Monday and have a number, as in Ruby's fugit: that of 31 December 2018 is 0, and
//! `%n+k` are those of which the remainder by `n` is that of `k`.
//!
//! A day that a month lacks is not moved: `31W` says nothing about April.
//!
//! **The day rule.** When both day fields are restricted, a day needs to match only one of them: `0 0 13 * fri` is
//! every 13th and every Friday. A field is restricted unless it is `*` or `?`, or has a `*` as a member of its list.
//!
//! **Nicknames**: `@yearly`, `@annually`, `@monthly`, `@weekly` (Sunday), `@daily`, `@midnight`, `@hourly`.
//!
//! **A value that is not in the text**, so that not all jobs start at the same minute: `H` is hashed from the task's name
//! (or [an id](Dialect::hash_id)), the same for ever; `H(0-29)` lies in that range, `H/10` is every tenth value from a
//! hashed first one. `R`, `R(0-29)` and `R/10` are drawn anew from [a seed](Dialect::seed). A day of the month without a
//! range is one that every month has, 1 to 28.
//!
//! **Dialects.** The above is what everybody means by five fields. What was written for croniter, Quartz, EventBridge or
//! cronie, or for another day rule, is read by a [`Dialect`]; it is never guessed. A text may also say so itself, in words
//! before its fields: `dialect=` and a name first, `days=or` or `days=and`, `seconds=first`, `last` or `none`.
//! `days=and 0 0 13 * fri` is Friday the 13th.
//!
//! **What one can ask:** [`next`](Cron::next), [`previous`](Cron::previous), the times of a range from either end
//! ([`between`](Cron::between)), how many ([`count`](Cron::count)), and whether it never fires
//! ([`never_fires`](Cron::never_fires)).
//!
//! The five fields, lists, ranges, steps and the day rule are those of POSIX's `crontab`; names, nicknames and Sunday
//! as 7 are Vixie cron's and cronie's; `L`, `W`, `#`, `?` and seconds are Quartz's; ranges that wrap, marks in
//! lists, `Lfri`, `28-L`, `H` and `R` are those of Python's croniter. What these disagree about is settled in the tests.

pub(crate) mod count;
mod days;
pub(crate) mod dialect;
mod error;
pub(crate) mod field;
pub(crate) mod parse;
pub(crate) mod print;
pub(crate) mod scan;
mod search;
mod times;
pub(crate) mod weeks;

use core::str::FromStr;

pub use self::dialect::{Dialect, Reader, UnknownDialect};
pub use self::error::{ErrorKind, ParseError};
pub use self::field::Field;
use self::field::YEAR;
use self::parse::set::Set;
pub use self::times::Times;

/// A set of civil times, written as a cron expression: see the [module](self) for the language.
///
/// ```
/// use sexton::civil::DateTime;
/// use sexton::Cron;
///
/// let report: Cron = "2 4 * * mon,fri".parse()?;
/// let sunday: DateTime = "2026-11-22 12:00".parse()?;
///
/// assert_eq!(report.next(sunday), Some("2026-11-23 04:02".parse()?));
/// let fires: Vec<String> = report.upcoming(sunday).take(3).map(|time| time.to_string()).collect();
/// assert_eq!(fires, ["2026-11-23T04:02:00", "2026-11-27T04:02:00", "2026-11-30T04:02:00"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// An expression in the source is checked by the compiler with [`cron!`](crate::cron!).
///
/// `Display` gives the shortest of the usual forms in the default dialect, whichever it was read in, with names for
/// weekdays and months; it parses back to an equal value. `Debug` names the fields. Values are equal when their fields
/// are: `0 0 * * *` and `0 0 1-31 * *` are not.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cron {
    /// A bit for each second, from 0.
    pub(crate) seconds: u64,
    /// A bit for each minute, from 0.
    pub(crate) minutes: u64,
    /// Days of the month: in the low half from its first day, bit 0, on; in the high half from its last, bit 63, back.
    pub(crate) days: u64,
    /// The days of the month to whose nearest Monday to Friday it goes, in the same form.
    pub(crate) nearest: u64,
    /// Six rows of seven bits, from Sunday: weekdays in the month's first, second, ... fifth seven days, and in its last. With
    /// `COUNTS_WEEKS`, [`Weeks`](self::weeks::Weeks) instead.
    pub(crate) weekdays: u64,
    pub(crate) years: Years,
    /// A bit for each hour, from 0.
    pub(crate) hours: u32,
    /// A bit for each month, from January.
    pub(crate) months: u16,
    /// Which fields repeat and which are restricted: what a set alone does not tell.
    pub(crate) flags: u8,
    /// Follows from all the others.
    pub(crate) days_kind: DaysKind,
}

// The years are 230 bits and the other fields 329, none of which follows from the rest: 64 bytes would not hold them.
const _: () = assert!(core::mem::size_of::<Cron>() <= 80);

/// Which days match at all, so that a search takes the shortest way to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum DaysKind {
    Every,
    /// The same ones of every week.
    Weekly,
    OfMonths,
    /// 29 February alone, which the next eight years may not have.
    LeapDays,
    None,
}

/// The text of the seconds has a `*`, a range or a step; likewise the next two. In the order of the fields.
pub(crate) const SECOND_REPEATS: u8 = 1 << 0;
pub(crate) const MINUTE_REPEATS: u8 = 1 << 1;
pub(crate) const HOUR_REPEATS: u8 = 1 << 2;
/// The days of the month are not `*`; likewise those of the week.
pub(crate) const DAYS_RESTRICTED: u8 = 1 << 3;
pub(crate) const WEEKDAYS_RESTRICTED: u8 = 1 << 4;

/// Both day fields are restricted and must match, not only one of them.
pub(crate) const BOTH_DAYS: u8 = 1 << 5;
/// A day of `nearest` that a month lacks is its last one, as croniter has it.
pub(crate) const NEAREST_CLAMPS: u8 = 1 << 6;
/// Some weekdays count in one of every few weeks.
pub(crate) const COUNTS_WEEKS: u8 = 1 << 7;

/// Times a row of weekdays: that row for each of the five weeks a month may have.
pub(crate) const EVERY_WEEK: u64 = 1 | 1 << 7 | 1 << 14 | 1 << 21 | 1 << 28;

/// The number of the row for the last seven days of the month.
pub(crate) const LAST_WEEK: u32 = 5;

/// The twelve months, and the seven weekdays.
pub(crate) const ALL_MONTHS: u16 = 0xFFF;
pub(crate) const ALL_WEEKDAYS: u64 = 0x7F;

impl Cron {
    /// Reads five fields; six, the seconds first; or seven, the seconds first and the year last.
    ///
    /// **Six fields** are read the other way round by Python's croniter, and the weekdays' numbers are others to Quartz:
    /// a [`Dialect`] says whose text it is. `H` needs [an id](Dialect::hash_id).
    ///
    /// # Errors
    ///
    /// A text that is no expression, with the field and the byte where it stopped to be one. An expression that is
    /// one but never comes true, such as 30 February, is no error; [`never_fires`](Cron::never_fires) tells.
    pub const fn parse(text: &str) -> Result<Cron, ParseError> {
        Dialect::DEFAULT.reader().parse(text)
    }

    /// Whether its text says "again and again" about the time of day: a `*`, a range or a step in the seconds, minutes
    /// or hours. When clocks go back such an expression comes true in both passes of the repeated hour, one that only
    /// lists times of day in the first alone.
    pub const fn is_interval_like(&self) -> bool {
        self.flags & (SECOND_REPEATS | MINUTE_REPEATS | HOUR_REPEATS) != 0
    }

    /// Whether a time skipped when clocks go forward is made up for as soon as they have: so it is unless the text of the
    /// hours has a `*`, a range or a step.
    pub const fn is_made_up_in_gap(&self) -> bool {
        self.flags & HOUR_REPEATS == 0
    }

    /// Whether it never comes true, as on 30 February.
    ///
    /// ```
    /// use sexton::cron;
    ///
    /// assert!(cron!("0 0 30 feb *").never_fires());
    /// assert!(cron!("0 0 0 29 feb ? 2100").never_fires());
    /// assert!(!cron!("0 0 29 feb *").never_fires());
    /// ```
    pub const fn never_fires(&self) -> bool {
        matches!(self.days_kind, DaysKind::None)
    }

    /// The value of these fields: second, minute, hour and month; day of month and of week; and the year.
    #[inline(always)]
    const fn of_fields(others: [Set; 4], days: [Set; 2], years: Years, both_days: bool) -> Cron {
        let ([second, minute, hour, month], [day_of_month, day_of_week]) = (others, days);
        let (restricts_days, restricts_weekdays) = (!day_of_month.is_every, !day_of_week.is_every);
        let cron = Cron {
            seconds: second.values_of(60),
            minutes: minute.values_of(60),
            hours: hour.values_of(24) as u32,
            days: day_of_month.values_of(31),
            nearest: day_of_month.nearest * restricts_days as u64,
            months: month.values_of(12) as u16,
            weekdays: day_of_week.weekdays(),
            years,
            flags: (SECOND_REPEATS * second.repeats as u8)
                | (MINUTE_REPEATS * minute.repeats as u8)
                | (HOUR_REPEATS * hour.repeats as u8)
                | (DAYS_RESTRICTED * restricts_days as u8)
                | (WEEKDAYS_RESTRICTED * restricts_weekdays as u8)
                | (NEAREST_CLAMPS * (restricts_days && day_of_month.nearest_clamps) as u8)
                | (COUNTS_WEEKS * (restricts_weekdays && day_of_week.counts_weeks) as u8)
                | (BOTH_DAYS * (restricts_days && restricts_weekdays && both_days) as u8),
            days_kind: DaysKind::OfMonths,
        };
        Cron { days_kind: cron.find_days_kind(), ..cron }
    }

    pub(crate) const fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

impl FromStr for Cron {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Cron, ParseError> {
        Cron::parse(text)
    }
}

impl TryFrom<&str> for Cron {
    type Error = ParseError;

    fn try_from(text: &str) -> Result<Cron, ParseError> {
        Cron::parse(text)
    }
}

/// A bit for each year from 1970 to 2199, or every bit, also those beyond, for any year at all.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Years(pub(crate) [u64; 4]);

impl Years {
    const NONE: Years = Years([0; 4]);
    const ANY: Years = Years([u64::MAX; 4]);

    /// These and 1970 + `value`.
    const fn with(self, value: u32) -> Years {
        let Years(mut words) = self;
        words[value as usize / 64] |= 1 << (value % 64);
        Years(words)
    }

    pub(crate) const fn count(&self) -> u32 {
        let [a, b, c, d] = self.0;
        a.count_ones() + b.count_ones() + c.count_ones() + d.count_ones()
    }

    /// Whether no text can have set all these bits: there are fewer years than bits.
    pub(crate) const fn is_any(&self) -> bool {
        self.0[3] == u64::MAX
    }

    #[inline]
    pub(crate) const fn has(&self, year: i64) -> bool {
        let value = year - YEAR.first as i64;
        self.is_any() || 0 <= value && value < 256 && self.0[value as usize / 64] >> (value % 64) & 1 == 1
    }
}

/// A [`Cron`](crate::Cron) that the compiler has checked: a mistake in the expression fails the build, and the error
/// says which field is wrong, what was found there and what would be fine.
///
/// ```
/// use sexton::cron;
///
/// let report = cron!("2 4 * * mon,fri");
/// assert_eq!(Ok(report), "2 4 * * mon,fri".parse());
/// ```
///
/// ```compile_fail
/// // day of week: unknown name `mom` at byte 8, expected sun-sat or 0-7; did you mean `mon`?
/// let report = sexton::cron!("2 4 * * mom,fri");
/// ```
///
/// Another [`Dialect`](crate::cron::Dialect), or a [`Reader`](crate::cron::Reader), goes second:
///
/// ```
/// use sexton::{cron, cron::Dialect};
///
/// assert_eq!(cron!("0 0 9 ? * 2-6", Dialect::QUARTZ), cron!("0 9 * * mon-fri"));
/// let report = cron!("H 4 * * *", Dialect::DEFAULT.hash_id("report"));
/// ```
#[macro_export]
macro_rules! cron {
    ($text:expr $(,)?) => {
        $crate::cron!($text, $crate::cron::Dialect::DEFAULT)
    };
    ($text:expr, $reader:expr $(,)?) => {{
        const CRON: $crate::Cron = $reader.checked_when_built($text);
        CRON
    }};
}
