//! Time zones: which civil time clocks show at an instant, and at which instants they show a civil time.
//!
//! A [`Zone`] is read once, from the time zone database of the system, from bytes or from a rule, and never changes
//! afterwards. Questions to it take no lock, read no file and allocate nothing.
//!
//! ```
//! use sexton::civil::DateTime;
//! use sexton::tz::{Instants, Zone};
//!
//! let paris = Zone::from_posix("CET-1CEST,M3.5.0,M10.5.0/3")?;
//! let noon: DateTime = "2026-07-14 12:00".parse().unwrap();
//! match paris.instants(noon) {
//!     Some(Instants::Unique(instant)) => assert_eq!(paris.civil(instant), Some(noon)),
//!     other => panic!("the clocks are not changed in July: {other:?}"),
//! }
//! # Ok::<(), sexton::tz::TzError>(())
//! ```
//!
//! Where the zone cannot be had, the answer is a [`TzError`] that says why, and never UTC: a job that runs at the wrong
//! hour is worse than a program that does not start.

mod error;
mod offsets;
mod posix;
mod system;
#[cfg(test)]
mod tests;
mod tzif;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use self::error::Kind;
pub use self::error::TzError;
use self::offsets::Offsets;
pub(crate) use self::offsets::{Resolved, Span};
use self::posix::Rule;
use self::system::System;
use crate::civil;
use crate::excerpt::Excerpt;

/// The farthest that a clock is from UTC, in seconds: 25:59:59, the largest that a POSIX rule can say.
const MAX_OFFSET: i64 = 93_599;

/// A time zone: the offset from UTC at every instant.
///
/// Cheap to clone. Two zones are equal if they have the same name and the same data.
#[derive(Clone, PartialEq, Eq)]
pub struct Zone {
    data: Arc<Data>,
}

#[derive(Debug, PartialEq, Eq)]
struct Data {
    name: Box<str>,
    history: History,
    /// What `history` says, made ready for searching.
    offsets: Offsets,
}

/// What a zone file says.
#[derive(Debug, PartialEq, Eq)]
struct History {
    /// In ascending order.
    transitions: Box<[Transition]>,
    /// What transitions lead to. The first holds before all of them.
    types: Box<[LocalType]>,
    /// Decides at the last transition and after it, or, where there are no transitions, always. Without a rule there
    /// is a type.
    rule: Option<Rule>,
}

/// A change of clocks, or but of the abbreviation.
#[derive(Debug, PartialEq, Eq)]
struct Transition {
    at: i64,
    /// The number of a type; there is one.
    to: u8,
}

/// What clocks show for a while: a "local time type" of RFC 9636.
#[derive(Clone, Debug, PartialEq, Eq)]
struct LocalType {
    /// Seconds east of UTC, no more than [`MAX_OFFSET`] of them where it is used.
    offset: i32,
    abbreviation: Box<str>,
}

/// The instants at which clocks show a civil time, as [`Zone::instants`] finds them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instants {
    /// The one instant: so it is nearly always.
    Unique(SystemTime),
    /// Clocks were turned back over this time and show it twice.
    Fold {
        /// The earlier instant.
        first: SystemTime,
        /// The later instant.
        second: SystemTime,
    },
    /// Clocks were turned forward over this time and never show it.
    Gap {
        /// The offset until then, in seconds east of UTC.
        before: i32,
        /// The offset from then on.
        after: i32,
        /// The instant at which the clocks were turned.
        end: SystemTime,
    },
}

impl Zone {
    /// Coordinated universal time, without any data.
    pub fn utc() -> Zone {
        Zone::constant("UTC", 0, "UTC")
    }

    /// The zone whose clocks are always so many seconds ahead of UTC (behind it, if negative).
    ///
    /// ```
    /// # use sexton::tz::Zone;
    /// assert_eq!(Zone::fixed(19_800)?.name(), "+05:30");
    /// # Ok::<(), sexton::tz::TzError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If it is a day and two hours or more.
    pub fn fixed(offset_seconds: i32) -> Result<Zone, TzError> {
        if i64::from(offset_seconds).abs() > MAX_OFFSET {
            return Err(TzError::new(Kind::Offset { seconds: offset_seconds }));
        }
        let sign = if offset_seconds < 0 { '-' } else { '+' };
        let (hours, minutes, seconds) =
            (offset_seconds.abs() / 3600, offset_seconds.abs() / 60 % 60, offset_seconds.abs() % 60);
        let mut name = format!("{sign}{hours:02}:{minutes:02}");
        if seconds != 0 {
            name += &format!(":{seconds:02}");
        }
        Ok(Zone::constant(&name, offset_seconds, &name))
    }

    /// The zone of this name in the time zone database of the system, such as `Europe/Paris`.
    ///
    /// The name may come from a stranger: it never leads out of the database's folder. `UTC`, `Etc/UTC`, `GMT`, `Etc/GMT`
    /// and `Z` are there even without a database. The folder is the one in the `TZDIR` variable, if that is set to an
    /// absolute path; otherwise one of those where systems keep it, such as `/usr/share/zoneinfo`.
    ///
    /// # Errors
    ///
    /// If there is no such zone (upper and lower case matter), no database, or its file is damaged or cannot be read.
    pub fn named(name: &str) -> Result<Zone, TzError> {
        System::here().named(name)
    }

    /// The zone that a POSIX rule describes, such as `CET-1CEST,M3.5.0,M10.5.0/3`.
    ///
    /// Where the dates of daylight saving time are missing, they are those of the United States, as everywhere.
    ///
    /// # Errors
    ///
    /// If the text is no rule.
    pub fn from_posix(rule: &str) -> Result<Zone, TzError> {
        Rule::parse(rule)
            .map(|parsed| Zone::of_rule(rule, parsed))
            .map_err(|error| TzError::new(Kind::Rule { rule: Excerpt::of(rule, 0, rule.len()), error }))
    }

    /// The zone that a file in the TZif format (RFC 9636) describes, under a name of your choice.
    ///
    /// For programs that bring their zones with them, in files of their own or by [`include_bytes!`]. The bytes may come
    /// from a stranger.
    ///
    /// ```no_run
    /// # use sexton::tz::Zone;
    /// let berlin = Zone::from_tzif("Europe/Berlin", &std::fs::read("zones/Berlin")?)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If they are no such file, or one that counts leap seconds.
    pub fn from_tzif(name: &str, bytes: &[u8]) -> Result<Zone, TzError> {
        tzif::parse(name, bytes).map(|history| Zone::of_history(name, history))
    }

    /// The zone that a value of the `TZ` variable means.
    ///
    /// | value | zone |
    /// | --- | --- |
    /// | empty, or `:` | UTC |
    /// | `/path` or `:/path` | that file |
    /// | `:name` | the zone of that name |
    /// | the name of a zone that exists | that zone |
    /// | anything else | a POSIX rule |
    ///
    /// It may name any file, so it should come from whoever started the program.
    ///
    /// # Errors
    ///
    /// If it is none of these. (Most C libraries would then take UTC, without a word.)
    pub fn from_tz(value: &str) -> Result<Zone, TzError> {
        System::here().meant_by(value)
    }

    /// The zone of whoever started the program: that of the `TZ` variable, read as [`from_tz`](Zone::from_tz) does, or,
    /// where it is not set, that of the system, which is in `/etc/localtime`.
    ///
    /// # Errors
    ///
    /// If there is neither, or what is there makes no sense.
    pub fn local() -> Result<Zone, TzError> {
        System::here().local()
    }

    /// [`local`](Zone::local) for a program with more rights than whoever started it, as when it is set-user-ID: a path
    /// in `TZ` is an error, and `TZDIR` does not count. `std` cannot tell when that is so.
    ///
    /// # Errors
    ///
    /// As for [`local`](Zone::local).
    pub fn local_without_paths() -> Result<Zone, TzError> {
        System::here_without_paths().local()
    }

    /// [`local`](Zone::local), or else UTC and why.
    ///
    /// ```
    /// # use sexton::tz::Zone;
    /// let (zone, error) = Zone::local_or_utc();
    /// if let Some(error) = error {
    ///     eprintln!("going by {zone}: {error}");
    /// }
    /// ```
    pub fn local_or_utc() -> (Zone, Option<TzError>) {
        match Zone::local() {
            Ok(zone) => (zone, None),
            Err(error) => (Zone::utc(), Some(error)),
        }
    }

    fn constant(name: &str, offset: i32, abbreviation: &str) -> Zone {
        let types = Box::new([LocalType { offset, abbreviation: abbreviation.into() }]);
        Zone::of_history(name, History { transitions: Box::new([]), types, rule: None })
    }

    fn of_rule(name: &str, rule: Rule) -> Zone {
        Zone::of_history(name, History { transitions: Box::new([]), types: Box::new([]), rule: Some(rule) })
    }

    fn of_history(name: &str, history: History) -> Zone {
        let offsets = Offsets::of(&history);
        Zone { data: Arc::new(Data { name: name.into(), history, offsets }) }
    }

    /// The name it was asked for by; for the system zone, what the system calls it, or `localtime`.
    pub fn name(&self) -> &str {
        &self.data.name
    }

    /// What clocks show at an instant, or `None` outside the years 1-9999. Fractions of a second are dropped.
    pub fn civil(&self, instant: SystemTime) -> Option<civil::DateTime> {
        let unix = unix_seconds(instant);
        civil::DateTime::from_seconds(unix.checked_add(i64::from(self.span(unix).offset))?)
    }

    /// The offset at an instant, in seconds east of UTC.
    pub fn offset(&self, instant: SystemTime) -> i32 {
        self.span(unix_seconds(instant)).offset
    }

    /// What the time is called at an instant, such as `CEST`. For people: abbreviations are not unique.
    pub fn abbreviation(&self, instant: SystemTime) -> &str {
        &self.data.history.local_type(unix_seconds(instant)).abbreviation
    }

    /// The instants at which clocks show a civil time.
    ///
    /// `None` where `SystemTime` does not reach so far, as on Windows before 1601.
    pub fn instants(&self, civil: civil::DateTime) -> Option<Instants> {
        Some(match self.resolve(civil.seconds()) {
            Resolved::Unique(instant) => Instants::Unique(system_time(instant)?),
            Resolved::Fold { first, second } => {
                Instants::Fold { first: system_time(first)?, second: system_time(second)? }
            }
            Resolved::Gap { before, after, end } => Instants::Gap { before, after, end: system_time(end)? },
        })
    }

    /// The longest stretch of one offset around an instant, in Unix seconds.
    pub(crate) fn span(&self, unix: i64) -> Span {
        self.data.offsets.span(unix)
    }

    /// The instants that show a civil time, given in seconds since 1970-01-01T00:00:00 as `civil` counts them.
    pub(crate) fn resolve(&self, civil_seconds: i64) -> Resolved {
        self.data.offsets.resolve(civil_seconds)
    }
}

impl History {
    /// Whether the rule decides at all times. A type that no transition leads to says nothing then.
    fn is_rule_only(&self) -> bool {
        self.transitions.is_empty() && self.rule.is_some()
    }

    fn local_type(&self, unix: i64) -> &LocalType {
        let past = self.transitions.partition_point(|transition| transition.at <= unix);
        match &self.rule {
            Some(rule) if past == self.transitions.len() => rule.local_type(unix),
            _ if past == 0 => &self.types[0],
            _ => &self.types[usize::from(self.transitions[past - 1].to)],
        }
    }
}

/// Unix seconds, fractions dropped: 23:59:59.5 on the last day of 1969 is -1.
pub(crate) fn unix_seconds(instant: SystemTime) -> i64 {
    match instant.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
        Err(error) => {
            let before = error.duration();
            let has_fraction = before.subsec_nanos() > 0;
            i64::try_from(before.as_secs()).map_or(i64::MIN, |seconds| -seconds - i64::from(has_fraction))
        }
    }
}

/// The instant of Unix seconds, or `None` where `SystemTime` does not reach so far.
pub(crate) fn system_time(unix: i64) -> Option<SystemTime> {
    let distance = Duration::from_secs(unix.unsigned_abs());
    if unix < 0 {
        UNIX_EPOCH.checked_sub(distance)
    } else {
        UNIX_EPOCH.checked_add(distance)
    }
}

/// The name.
impl TryFrom<&str> for Zone {
    type Error = TzError;

    /// The zone of this name, as [`Zone::named`].
    fn try_from(name: &str) -> Result<Zone, TzError> {
        Zone::named(name)
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Zone").field(&self.name()).finish()
    }
}
