//! Zones by name, from files or of a rule, with a table of all their changes: what needs `std`.

mod embedded;
mod error;
mod local;
mod rfc3339;
mod source;
mod system;
mod table;
#[cfg(test)]
mod tests;
mod tzif;

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use self::embedded::Embedded;
pub use self::error::TzError;
pub use self::local::LocalZone;
pub(crate) use self::rfc3339::{rfc3339, Offset};
use self::source::Source;
use self::system::System;
use self::table::Table;
use super::{Instants, Offsets, PosixZone, Span, MAX_OFFSET};
use crate::civil;
use crate::sync::Arc;

/// A time zone: the offset from UTC at every instant.
///
/// Cheap to clone. Two zones are equal if they have the same name and the same data.
#[derive(Clone, PartialEq, Eq)]
pub struct Zone {
    data: Arc<Data>,
}

#[derive(Debug)]
struct Data {
    name: Box<str>,
    history: History,
    /// What `history` says, made ready for searching.
    table: Table,
    /// Where `history` was read, if that was a file of the database.
    source: Option<Source>,
    /// The table of which `history` is a part, if it is from the one that the program carries with it. What it says of
    /// instants before the table's first year means nothing.
    edition: Option<Edition>,
}

/// Whatever file it comes from.
impl PartialEq for Data {
    fn eq(&self, other: &Data) -> bool {
        (&self.name, &self.history, &self.edition) == (&other.name, &other.history, &other.edition)
    }
}

impl Eq for Data {}

/// An edition of the embedded table, and when its data begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Edition {
    /// That of the time zone database, such as `2026f`.
    version: &'static str,
    year: i16,
    /// The year's first instant in UTC.
    begins: i64,
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
    rule: Option<PosixZone>,
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
            let message = format!("zone offset: found {offset_seconds} seconds, expected -93599 to 93599");
            return Err(TzError::new(message));
        }
        let name = Offset(offset_seconds).to_string();
        Ok(Zone::constant(&name, offset_seconds, &name))
    }

    /// The zone of this name in the time zone database of the system, such as `Europe/Paris`, or, where that has no such
    /// file, in the [embedded table](Zone::embedded_version).
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

    /// The version of the time zone database in the embedded table, such as `2026f`; `None` without the feature
    /// `embedded-tz`.
    ///
    /// The table has the zones of the whole world in less than 12 KB: what clocks show from the first of January of its
    /// year on, as far as was known then. It serves programs on machines without a database; a file of the system's is
    /// always preferred. Of earlier times its zones do not guess: [`civil`](Zone::civil), [`offset`](Zone::offset) and
    /// the like are `None` there, and schedules an error.
    pub fn embedded_version() -> Option<&'static str> {
        Embedded::built_in().map(|table| table.edition.version)
    }

    /// The zone that a POSIX rule describes, such as `CET-1CEST,M3.5.0,M10.5.0/3`.
    ///
    /// Where the dates of daylight saving time are missing, they are those of the United States, as everywhere.
    ///
    /// # Errors
    ///
    /// If the text is no rule.
    pub fn from_posix(rule: &str) -> Result<Zone, TzError> {
        Zone::of_rule_text(rule, rule)
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
    /// If they are no such file, or one that counts leap seconds. Also if they have over 2,000 changes, or two within an hour:
    /// no real zone has, and a search for the next due time would take long.
    pub fn from_tzif(name: &str, bytes: &[u8]) -> Result<Zone, TzError> {
        tzif::parse(name, bytes).map(|history| Zone::of_history(name, history))
    }

    /// The zone that a value of the `TZ` variable means.
    ///
    /// | value | zone |
    /// | --- | --- |
    /// | empty, or `:` | UTC |
    /// | `/path` or `:/path` | that file |
    /// | `:name`, or the name of a zone that exists | the zone of that name |
    /// | anything else | a POSIX rule |
    ///
    /// It may name any file, so it should come from the user who started the program.
    ///
    /// # Errors
    ///
    /// If it is none of these. (Most C libraries would then take UTC, without a word.)
    pub fn from_tz(value: &str) -> Result<Zone, TzError> {
        System::here().meant_by(value)
    }

    /// The zone of the user who started the program: that of the `TZ` variable, read as [`from_tz`](Zone::from_tz) does, or,
    /// where it is not set, that of the system, which is in `/etc/localtime`. Where that is a link to a file that is not
    /// there, it still names a zone, which the [embedded table](Zone::embedded_version) may have.
    ///
    /// On Windows that of the system is what the registry says of the current year's changes, under the name that Windows
    /// has for it, such as `W. Europe Standard Time`; it takes a process (`reg.exe`) and tens of milliseconds to read. On
    /// Android it is that of the property `persist.sys.timezone`.
    ///
    /// # Errors
    ///
    /// If there is neither, or what is there makes no sense.
    pub fn local() -> Result<Zone, TzError> {
        System::here().local()
    }

    /// [`local`](Zone::local) for a program with more rights than the user who started it, as when it is set-user-ID: a path
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
        Zone::local().map_or_else(|error| (Zone::utc(), Some(error)), |zone| (zone, None))
    }

    fn constant(name: &str, offset: i32, abbreviation: &str) -> Zone {
        let types = Box::new([LocalType { offset, abbreviation: abbreviation.into() }]);
        Zone::of_history(name, History { transitions: Box::new([]), types, rule: None })
    }

    fn of_rule_text(name: &str, rule: &str) -> Result<Zone, TzError> {
        let parsed = PosixZone::parse(rule).map_err(|error| TzError::rule(rule, error))?;
        Ok(Zone::of_rule(name, parsed))
    }

    fn of_rule(name: &str, rule: PosixZone) -> Zone {
        Zone::of_history(name, History { transitions: Box::new([]), types: Box::new([]), rule: Some(rule) })
    }

    fn of_history(name: &str, history: History) -> Zone {
        Zone::new(name, history, None, None)
    }

    fn new(name: &str, history: History, source: Option<Source>, edition: Option<Edition>) -> Zone {
        let table = Table::of(&history);
        Zone { data: Arc::new(Data { name: name.into(), history, table, source, edition }) }
    }

    /// Whether it shares its data with another one.
    #[cfg(test)]
    pub(crate) fn is_same(&self, other: &Zone) -> bool {
        Arc::ptr_eq(&self.data, &other.data)
    }

    /// The name it was asked for by; for the system zone, what the system calls it, or `localtime`.
    pub fn name(&self) -> &str {
        &self.data.name
    }

    /// The instant at which the zone's data begin: the first of 2026, say, if it is from the embedded table. `None` for
    /// all other zones, which know of no beginning.
    pub fn begins(&self) -> Option<SystemTime> {
        system_time(self.data.edition?.begins)
    }

    /// An error that shows `moment` if it is before the zone's data begin, and so not for us to say.
    pub(crate) fn check_begun(&self, unix: i64, moment: &dyn fmt::Display) -> Result<(), TzError> {
        match self.data.edition {
            Some(Edition { version, year, begins }) if unix < begins => Err(TzError::new(format!(
                "zone `{self}`: the embedded table {version} begins at {year}-01-01T00:00:00Z, \
                 and {moment} is before that; install the `tzdata` package or set TZDIR"
            ))),
            _ => Ok(()),
        }
    }

    /// Unix seconds, if the zone has something to say of them.
    #[inline]
    fn known(&self, instant: SystemTime) -> Option<i64> {
        let unix = unix_seconds(instant);
        (self.first_known() <= unix).then_some(unix)
    }

    /// What clocks show at an instant. Fractions of a second are dropped.
    ///
    /// `None` outside the years 1-9999, and before the zone's data [begin](Zone::begins).
    #[inline]
    pub fn civil(&self, instant: SystemTime) -> Option<civil::DateTime> {
        let unix = self.known(instant)?;
        civil::DateTime::from_seconds(unix.checked_add(i64::from(self.span(unix).offset))?)
    }

    /// The offset at an instant, in seconds east of UTC; `None` before the zone's data [begin](Zone::begins).
    #[inline]
    pub fn offset(&self, instant: SystemTime) -> Option<i32> {
        Some(self.span(self.known(instant)?).offset)
    }

    /// What the time is called at an instant, such as `CEST`; `None` before the zone's data [begin](Zone::begins). For
    /// people: abbreviations are not unique.
    pub fn abbreviation(&self, instant: SystemTime) -> Option<&str> {
        Some(self.data.history.shown(self.known(instant)?).1)
    }

    /// The instants at which clocks show a civil time.
    ///
    /// `None` where `SystemTime` does not reach so far, as on Windows before 1601, and before the zone's data
    /// [begin](Zone::begins).
    #[inline]
    pub fn instants(&self, civil: civil::DateTime) -> Option<Instants<SystemTime>> {
        let instants = self.resolve(civil.seconds());
        self.known(system_time(instants.due())?)?;
        Some(match instants {
            Instants::Unique(instant) => Instants::Unique(system_time(instant)?),
            Instants::Fold { first, second } => {
                Instants::Fold { first: system_time(first)?, second: system_time(second)? }
            }
            Instants::Gap { before, after, end } => Instants::Gap { before, after, end: system_time(end)? },
        })
    }
}

impl Offsets for Zone {
    #[inline]
    fn span(&self, unix: i64) -> Span {
        self.data.table.span(unix).unwrap_or_else(|| self.data.span_of_rule(unix))
    }

    #[inline]
    fn first_known(&self) -> i64 {
        self.data.edition.map_or(i64::MIN, |edition| edition.begins)
    }
}

impl Data {
    /// The span around an instant that the table leaves to the rule.
    #[cold]
    fn span_of_rule(&self, unix: i64) -> Span {
        self.history.rule.as_ref().expect("a table without a rule has all spans").span(unix)
    }
}

impl History {
    /// Whether the rule decides at all times. A type that no transition leads to says nothing then.
    fn is_rule_only(&self) -> bool {
        self.transitions.is_empty() && self.rule.is_some()
    }

    /// The offset at an instant, and its abbreviation.
    fn shown(&self, unix: i64) -> (i32, &str) {
        let past = self.transitions.partition_point(|transition| transition.at <= unix);
        let local_type = match &self.rule {
            Some(rule) if past == self.transitions.len() => return rule.shown(unix),
            _ if past == 0 => &self.types[0],
            _ => &self.types[usize::from(self.transitions[past - 1].to)],
        };
        (local_type.offset, &local_type.abbreviation)
    }
}

/// Unix seconds, fractions dropped: 23:59:59.5 on the last day of 1969 is -1.
#[inline]
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
#[inline]
pub(crate) fn system_time(unix: i64) -> Option<SystemTime> {
    let distance = Duration::from_secs(unix.unsigned_abs());
    if unix < 0 {
        UNIX_EPOCH.checked_sub(distance)
    } else {
        UNIX_EPOCH.checked_add(distance)
    }
}

/// Nanoseconds since 1970. Exact.
pub(crate) fn unix_nanos(instant: SystemTime) -> i128 {
    let nanos = |duration: Duration| duration.as_nanos() as i128;
    instant.duration_since(UNIX_EPOCH).map_or_else(|before| -nanos(before.duration()), nanos)
}

/// The instant so many nanoseconds after 1970, or `None` where `SystemTime` does not reach so far.
pub(crate) fn system_time_of_nanos(nanos: i128) -> Option<SystemTime> {
    let whole = i64::try_from(nanos.div_euclid(1_000_000_000)).ok()?;
    system_time(whole)?.checked_add(Duration::from_nanos(nanos.rem_euclid(1_000_000_000) as u64))
}

impl TryFrom<&str> for Zone {
    type Error = TzError;

    /// The zone of this name or with this POSIX rule, as [`Zone::from_tz`], which also takes paths and an empty text.
    fn try_from(text: &str) -> Result<Zone, TzError> {
        match text.is_empty() || text.starts_with(['/', ':']) {
            true => Zone::named(text),
            false => Zone::from_tz(text),
        }
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut tuple = f.debug_tuple("Zone");
        tuple.field(&self.name());
        if let Some(edition) = &self.data.edition {
            tuple.field(&format_args!("embedded {}", edition.version));
        }
        tuple.finish()
    }
}
