//! Which cron a text was written for. What the others read differently is a column of the table in
//! [`field`](super::field) or one of the switches here; the parser is the same for all.

use core::fmt;
use core::ops::RangeInclusive;
use core::str::FromStr;

use super::field::{Field, Table, CRON, CRONIE, CRONITER, DEFAULT, EVENTBRIDGE, QUARTZ};
use crate::excerpt::Excerpt;

/// How a text is read: as which cron's, with the seconds where, and the two day fields combined how.
///
/// | | fields | weekdays | both days restricted | besides |
/// | --- | --- | --- | --- | --- |
/// | [`DEFAULT`](Dialect::DEFAULT) | 5, 6 (seconds first), 7 (year last) | 0-7, Sunday is 0 and 7 | either | [the whole language](super) |
/// | [`CRONITER`](Dialect::CRONITER) | 5, 6 (seconds **last**), 7 (year after them) | 0-7 | either | what croniter's tests pin down, see there |
/// | [`QUARTZ`](Dialect::QUARTZ) | 6 (seconds first), 7 (year last) | **1-7, Sunday is 1** | **both** | no `H` |
/// | [`CRON`](Dialect::CRON) | the same | the same | **both** | no `L`, `W`, `#`, `H` |
/// | [`EVENTBRIDGE`](Dialect::EVENTBRIDGE) | 6 (**year** last) | the same | one of them is `?` | `cron(...)`; no `H` |
/// | [`CRONIE`](Dialect::CRONIE) | 5 | 0-7 | either, unless one begins with `*` | `~`; no `L`, `W`, `#`, `?`, `H` |
///
/// The same text may mean different times to two of them, so the dialect is never guessed from it. Each takes the
/// same switches:
///
/// ```
/// use sexton::cron::Dialect;
///
/// let friday_the_13th = Dialect::DEFAULT.days_and().parse("0 0 13 * fri")?;
/// let weekdays_at_nine = Dialect::QUARTZ.parse("0 0 9 ? * 2-6")?;
/// assert_eq!(weekdays_at_nine.to_string(), "0 9 * * mon-fri");
/// # Ok::<(), sexton::cron::ParseError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Dialect {
    pub(crate) table: &'static Table,
    pub(crate) seconds: Seconds,
    pub(crate) days: Days,
    pub(super) hashes_nicknames: bool,
}

/// Where the field of the seconds is, if there is one more than five.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Seconds {
    /// There never is: a year comes after the weekdays.
    Nowhere,
    First,
    /// After the weekdays, before the year.
    Last,
}

/// Which days match where both day fields are restricted.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Days {
    Or,
    And,
    /// Those of both where one of the two texts begins with `*`, else those of either.
    StarBit,
}

impl Dialect {
    /// Everybody's: what croniter, cronie and the others agree on, and what only one of them has and no other denies.
    pub const DEFAULT: Dialect =
        Dialect { table: &DEFAULT, seconds: Seconds::First, days: Days::Or, hashes_nicknames: false };

    /// Python's croniter, and so HoloViz Panel: the default's language with the seconds last, and with what croniter's
    /// own tests pin down.
    ///
    /// * `fri-fri` is the whole field, as is every range of a value with itself.
    /// * A step through a range that wraps comes out one later after the turn: `22-4/3` is 22 and 2.
    /// * Sunday as 7 is 0 before anything else: `7/2` is `0/2`, and `0-7` the whole field.
    /// * `31W` is the last Monday to Friday in a month that has no 31st; `29W` and `30W` likewise.
    /// * Where both day fields are restricted, a `W`, or a `#` or `L` in the weekdays, counts alone and the other field
    ///   does not, unless no date is in both: then it never fires. Where both fields have such, both must match.
    /// * Beside a `#` or `L`, neither all seven weekdays, as in `*,sat#3`, nor the same one, as in `sat,sat#3`, say
    ///   anything; but a `*` there makes that both day fields must match.
    /// * `1-31` or `0-6` is no restriction, if there is a `*` in the other day field, as in `*/2`.
    /// * Years end with 2099, and a range of them may wrap; a list of all of them is any year.
    /// * With a hash id the nicknames are hashed too: `@daily` is `H H * * * H`.
    /// * `R` draws its value anew each time a text is parsed.
    pub const CRONITER: Dialect = Dialect { table: &CRONITER, seconds: Seconds::Last, ..Dialect::DEFAULT };

    /// Quartz, from its version 2.5 on. Seconds first and always there, weekdays from Sunday, 1, to Saturday, 7, and both
    /// day fields must match. A `?` is read as `*`; Quartz wants one in one of the day fields. `/15` is `*/15`, a step is
    /// no greater than the field's last value, and weekdays with an `L` or `#` are no list.
    pub const QUARTZ: Dialect = Dialect { table: &QUARTZ, days: Days::And, ..Dialect::DEFAULT };

    /// The crate `cron`, which followed Quartz: no `L`, `W` and `#`, but `?/2`, `Tues` and `Thurs`, and years to 2100.
    pub const CRON: Dialect = Dialect { table: &CRON, ..Dialect::QUARTZ };

    /// Amazon EventBridge: minute to weekday and the year, always, in `cron(...)` or without; one of the day fields is `?`,
    /// and weekdays are those of Quartz. A [`Schedule`](crate::Schedule) also reads `rate(5 minutes)`.
    pub const EVENTBRIDGE: Dialect =
        Dialect { table: &EVENTBRIDGE, seconds: Seconds::Nowhere, ..Dialect::QUARTZ };

    /// cronie, the cron daemon of most Linux systems, with the star bit of Vixie's. A range that it takes for empty, so
    /// that the job would never run, such as `22-2`, is an error. `~` draws its value anew each time a text is parsed.
    pub const CRONIE: Dialect =
        Dialect { table: &CRONIE, seconds: Seconds::Nowhere, days: Days::StarBit, hashes_nicknames: false };

    /// All that have a name, with their own switches.
    pub const ALL: [Dialect; 6] =
        [Self::DEFAULT, Self::CRONITER, Self::QUARTZ, Self::CRON, Self::EVENTBRIDGE, Self::CRONIE];

    /// With the seconds before the minutes, if there is a field for them.
    pub const fn seconds_first(self) -> Dialect {
        Dialect { seconds: Seconds::First, ..self }
    }

    /// With the seconds after the weekdays, if there is a field for them; a year comes after the seconds.
    pub const fn seconds_last(self) -> Dialect {
        Dialect { seconds: Seconds::Last, ..self }
    }

    /// Without a field for the seconds: a sixth field is the year, as Nomad, supercronic and others of Go's `cronexpr` have
    /// it.
    pub const fn seconds_none(self) -> Dialect {
        Dialect { seconds: Seconds::Nowhere, ..self }
    }

    /// With the nicknames hashed as Jenkins does it: `@daily` is `H H * * *`, at some time of the day that hangs on the
    /// [id](Dialect::hash_id) or the task's name, `@midnight` is `H H(0-2) * * *`.
    pub const fn hash_nicknames(self) -> Dialect {
        Dialect { hashes_nicknames: true, ..self }
    }

    /// A day must match both day fields.
    pub const fn days_and(self) -> Dialect {
        Dialect { days: Days::And, ..self }
    }

    /// A day needs to match only one of the day fields, if both are restricted.
    pub const fn days_or(self) -> Dialect {
        Dialect { days: Days::Or, ..self }
    }

    /// Vixie cron's rule: a day must match both day fields if the text of one of them begins with `*`, as `*/2` does;
    /// else only one of them.
    pub const fn star_bit(self) -> Dialect {
        Dialect { days: Days::StarBit, ..self }
    }

    /// The name it is chosen by: `default`, `croniter`, `quartz`, `cron`, `eventbridge` or `cronie`. It says nothing of the
    /// switches.
    pub const fn name(&self) -> &'static str {
        self.table.name
    }

    /// How many fields make an expression: every number from the first to the last.
    ///
    /// ```
    /// use sexton::cron::Dialect;
    ///
    /// assert_eq!(Dialect::DEFAULT.field_counts(), 5..=7);
    /// assert_eq!(Dialect::CRONIE.field_counts(), 5..=5);
    /// ```
    pub const fn field_counts(&self) -> RangeInclusive<usize> {
        let has_seconds = !matches!(self.seconds, Seconds::Nowhere);
        let has_sixth = self.table.always_has_seconds && has_seconds || self.table.is_eventbridge;
        RangeInclusive::new(5 + has_sixth as usize, 5 + has_seconds as usize + self.table.has_years as usize)
    }

    /// The fields of a text that has so many, in its order. What it does not have comes last.
    pub(crate) const fn order(&self, count: usize) -> [Field; 7] {
        use Field::*;
        match self.seconds {
            Seconds::First if count > 5 => Field::ALL,
            Seconds::First | Seconds::Last => [Minute, Hour, DayOfMonth, Month, DayOfWeek, Second, Year],
            Seconds::Nowhere => [Minute, Hour, DayOfMonth, Month, DayOfWeek, Year, Second],
        }
    }

    /// How many fields there are, for people.
    pub(crate) const fn shape(&self) -> &'static str {
        let counts = self.field_counts();
        match ((*counts.start(), *counts.end()), self.seconds) {
            ((5, 7), Seconds::Last) => "5, 6 (seconds last) or 7 (seconds sixth, year last)",
            ((5, 7), _) => "5, 6 (seconds first) or 7 (seconds first, year last)",
            ((6, 6), _) => "6 (year last)",
            ((6, _), Seconds::Last) => "6 (seconds last) or 7 (seconds sixth, year last)",
            ((6, _), _) => "6 (seconds first) or 7 (seconds first, year last)",
            ((_, 6), Seconds::Nowhere) => "5 or 6 (year last)",
            ((_, 6), Seconds::Last) => "5 or 6 (seconds last)",
            ((_, 6), _) => "5 or 6 (seconds first)",
            _ => "5",
        }
    }
}

/// A dialect, and what the values that are not in a text come from: `H` from an id, `R` and `~` from a seed.
///
/// ```
/// use sexton::cron::Dialect;
///
/// let reader = Dialect::DEFAULT.hash_id("report");
/// let report = reader.parse("H 4 * * *")?; // some minute after four, always the same for this id
/// assert_eq!(report, reader.parse("H 4 * * *")?);
/// # Ok::<(), sexton::cron::ParseError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reader<'a> {
    pub(crate) dialect: Dialect,
    /// What `H` is hashed from; in the croniter dialect the nicknames are, too.
    pub(super) id: Option<&'a str>,
    /// What `H` is hashed from without an id: a task's name. A nickname is not: a job that has a name in order to be listed
    /// must not move off midnight.
    pub(super) task: Option<&'a str>,
    /// What `R` and `~` are drawn from.
    pub(super) seed: Option<u64>,
    /// The system's randomness, for the dialects that draw for each text anew and have no seed.
    pub(super) lot: Option<u64>,
}

impl Dialect {
    /// With an id for `H` to take its values from, as croniter does.
    pub const fn hash_id(self, id: &str) -> Reader<'_> {
        self.reader().hash_id(id)
    }

    /// With a seed for `R` and `~` to take their values from: the same text and seed give the same times.
    pub const fn seed(self, seed: u64) -> Reader<'static> {
        self.reader().seed(seed)
    }

    pub(crate) const fn reader(self) -> Reader<'static> {
        Reader { dialect: self, id: None, task: None, seed: None, lot: None }
    }
}

impl<'a> Reader<'a> {
    /// With an id for `H` to take its values from, as croniter does.
    pub const fn hash_id(self, id: &'a str) -> Reader<'a> {
        Reader { id: Some(id), ..self }
    }

    /// With the name of a task to hash where no id was given.
    pub(crate) fn or_task(self, name: &'a str) -> Reader<'a> {
        Reader { task: Some(name), ..self }
    }

    /// With a seed for `R` and `~` to take their values from: the same text and seed give the same times.
    pub const fn seed(self, seed: u64) -> Reader<'a> {
        Reader { seed: Some(seed), lot: None, ..self }
    }

    /// With a seed from the system's randomness, where none is given and the dialect draws `R` or `~` anew for each text,
    /// as croniter's and cronie's do. [`Dialect::parse`] does so by itself.
    ///
    /// ```
    /// use sexton::cron::Dialect;
    ///
    /// let reader = Dialect::CRONITER.hash_id("report");
    /// let report = reader.drawing().parse("R H * * *")?; // some other minute each time
    /// # Ok::<(), sexton::cron::ParseError>(())
    /// ```
    #[cfg(feature = "std")]
    pub fn drawing(self) -> Reader<'a> {
        use std::collections::hash_map::RandomState;
        use std::hash::{BuildHasher, Hasher};

        match self.seed {
            Some(_) => self,
            None => Reader { lot: Some(RandomState::new().build_hasher().finish()), ..self },
        }
    }

    #[cfg(not(feature = "std"))]
    pub(super) const fn drawing(self) -> Reader<'a> {
        self
    }
}

impl From<Dialect> for Reader<'static> {
    fn from(dialect: Dialect) -> Reader<'static> {
        dialect.reader()
    }
}

/// The names of all dialects, for people.
pub(crate) const NAMES: &str = "default, croniter, quartz, cron, eventbridge or cronie";

impl Default for Dialect {
    fn default() -> Dialect {
        Dialect::DEFAULT
    }
}

/// The dialect of a name.
impl FromStr for Dialect {
    type Err = UnknownDialect;

    fn from_str(name: &str) -> Result<Dialect, UnknownDialect> {
        let found = Dialect::ALL.iter().find(|dialect| dialect.name() == name).copied();
        found.ok_or(UnknownDialect { found: Excerpt::of(name, 0, name.len()) })
    }
}

/// There is no dialect of that name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownDialect {
    found: Excerpt,
}

impl fmt::Display for UnknownDialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown dialect {}, expected {NAMES}", self.found)
    }
}

#[cfg(feature = "std")]
impl std::error::Error for UnknownDialect {}

/// The name, and the switches where they are not its own: `croniter, seconds first, days and`.
impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let own = self.name().parse().unwrap_or(Dialect::DEFAULT);
        let seconds = match self.seconds {
            seconds if seconds == own.seconds => "",
            Seconds::Last => ", seconds last",
            Seconds::First => ", seconds first",
            Seconds::Nowhere => ", no seconds",
        };
        let days = match self.days {
            days if days == own.days => "",
            Days::Or => ", days or",
            Days::And => ", days and",
            Days::StarBit => ", star bit",
        };
        let nicknames = if self.hashes_nicknames { ", hashed nicknames" } else { "" };
        write!(f, "{}{seconds}{days}{nicknames}", self.name())
    }
}

impl fmt::Debug for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dialect({self})")
    }
}
