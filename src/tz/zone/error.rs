//! Why there is no such zone.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::Edition;
use crate::excerpt::Excerpt;
use crate::platform::{command, windows};
use crate::tz::RuleError;

/// Why a zone could not be had: what was asked for, what was found instead, and what would be fine.
///
/// UTC never takes the place of a zone that could not be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TzError {
    kind: Box<Kind>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The name could not be that of any zone.
    Name {
        name: Excerpt,
        found: Excerpt,
        at: usize,
        expected: &'static str,
    },
    /// No offset that any clock shows.
    Offset {
        seconds: i32,
    },
    NotFound {
        name: String,
        searched: Vec<PathBuf>,
        /// The embedded table, if there is one: searched too.
        edition: Option<Edition>,
        suggestion: Option<String>,
    },
    /// None of the folders exists.
    NoDatabase {
        name: String,
        searched: Vec<PathBuf>,
        edition: Option<Edition>,
    },
    /// A zone of the embedded table was asked about a moment before the table's first year.
    BeforeEdition {
        name: String,
        edition: Edition,
        moment: String,
    },
    /// A zone file says what makes no sense.
    Damaged {
        source: String,
        part: &'static str,
        found: String,
        at: usize,
        expected: String,
    },
    /// The rule at the end of a zone file, which begins at byte `start`, makes no sense.
    Footer {
        source: String,
        rule: Excerpt,
        error: RuleError,
        start: usize,
    },
    LeapSeconds {
        source: String,
    },
    Rule {
        rule: Excerpt,
        error: RuleError,
    },
    /// The value of `TZ` is of no kind that a value may be.
    Value {
        value: Excerpt,
        expected: &'static str,
    },
    /// The value of `TZ` names no zone, and is no rule either.
    NeitherZoneNorRule {
        value: Excerpt,
        zone: TzError,
        rule: RuleError,
    },
    /// `TZ` is not set, and there is no such file, or it is a link that leads to none.
    NoSystemZone {
        path: PathBuf,
        leads_to: Option<PathBuf>,
    },
    /// A value in the registry of Windows makes no sense, or is not there.
    Registry(windows::Mistake),
    /// A program of the system could not tell the system zone.
    Command(command::Failed),
    /// A folder, a device, a pipe.
    NotAFile {
        path: PathBuf,
    },
    Io {
        path: PathBuf,
        kind: io::ErrorKind,
        /// What the system says: many errors are of no kind. Errors are compared, and `io::Error` cannot be.
        text: String,
    },
}

impl TzError {
    pub(super) fn new(kind: Kind) -> TzError {
        TzError { kind: Box::new(kind) }
    }

    pub(super) fn io(path: &Path, error: &io::Error) -> TzError {
        TzError::new(Kind::Io { path: path.into(), kind: error.kind(), text: error.to_string() })
    }

    pub(super) fn kind(&self) -> &Kind {
        &self.kind
    }

    /// The byte of the name, rule or file at which it stopped making sense, if that is what happened.
    pub fn at(&self) -> Option<usize> {
        match &*self.kind {
            Kind::Name { at, .. } | Kind::Damaged { at, .. } => Some(*at),
            Kind::Footer { error, start, .. } => Some(start + error.at()),
            Kind::Rule { error, .. } => Some(error.at()),
            _ => None,
        }
    }
}

impl fmt::Display for TzError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.kind {
            Kind::Name { name, found, at, expected } => {
                write!(f, "zone name{}: found {found} at byte {at}, expected {expected}", Spaced(name))
            }
            Kind::Offset { seconds } => {
                write!(f, "zone offset: found {seconds} seconds, expected -93599 to 93599")
            }
            Kind::NotFound { name, searched, edition, suggestion } => {
                write!(f, "zone `{name}`: not found in {}", List(searched))?;
                if let Some(edition) = edition {
                    write!(f, " and not in the embedded table {}", edition.version)?;
                }
                match suggestion {
                    Some(suggestion) => write!(f, ", but there is `{suggestion}`"),
                    None => Ok(()),
                }
            }
            Kind::NoDatabase { name, searched, edition } => {
                write!(f, "zone `{name}`: ")?;
                if let Some(edition) = edition {
                    write!(f, "not in the embedded table {}, and ", edition.version)?;
                }
                let list = List(searched);
                write!(f, "no time zone database on this machine (looked in {list}). ")?;
                f.write_str("Install the `tzdata` package, set TZDIR, ")?;
                f.write_str(match edition {
                    Some(_) => "or embed a file with `Zone::from_tzif`.",
                    None => "embed a file with `Zone::from_tzif`, or enable the `embedded-tz` feature.",
                })
            }
            Kind::BeforeEdition { name, edition: Edition { version, year, .. }, moment } => write!(
                f,
                "zone `{name}`: the embedded table {version} begins at {year}-01-01T00:00:00Z, and {moment} is before that; \
                 install the `tzdata` package or set TZDIR"
            ),
            Kind::Damaged { source, part, found, at, expected } => {
                write!(f, "zone file `{source}`: {part}: found {found} at byte {at}, expected {expected}")
            }
            Kind::Footer { source, rule, error, start } => {
                write!(f, "zone file `{source}`: footer {rule} at byte {start}: {error}")
            }
            Kind::LeapSeconds { source } => write!(
                f,
                "zone file `{source}`: counts leap seconds, which system time does not; \
                 expected the file of this zone that is not under `right`"
            ),
            Kind::Rule { rule, error } => write!(f, "time zone rule{}: {error}", Spaced(rule)),
            Kind::Value { value, expected } => write!(f, "TZ{}: expected {expected}", Spaced(value)),
            Kind::NeitherZoneNorRule { value, zone, rule } => {
                write!(f, "TZ{} is neither a zone ({zone}) nor a rule ({rule})", Spaced(value))
            }
            Kind::NoSystemZone { path, leads_to: None } => {
                write!(
                    f,
                    "system zone: TZ is not set and there is no `{}`; set TZ or name a zone",
                    path.display()
                )
            }
            Kind::NoSystemZone { path, leads_to: Some(target) } => write!(
                f,
                "system zone: TZ is not set and `{}` leads to `{}`, which is not there; \
                 install the `tzdata` package, set TZ or name a zone",
                path.display(),
                target.display()
            ),
            Kind::Registry(mistake) => write!(f, "system zone: {mistake}; set TZ or name a zone"),
            Kind::Command(failed) => {
                write!(f, "system zone: TZ is not set and {failed}; set TZ or name a zone")
            }
            Kind::NotAFile { path } => write!(f, "zone file `{}`: not a regular file", path.display()),
            Kind::Io { path, text, .. } => write!(f, "zone file `{}`: {text}", path.display()),
        }
    }
}

impl std::error::Error for TzError {}

/// A space and the text, or nothing where the text is empty.
struct Spaced<'a>(&'a Excerpt);

impl fmt::Display for Spaced<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            Ok(())
        } else {
            write!(f, " {}", self.0)
        }
    }
}

/// Paths with commas between them, or that there are none.
struct List<'a>(&'a [PathBuf]);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("no folder");
        }
        let paths: Vec<_> = self.0.iter().map(|path| Path::display(path).to_string()).collect();
        f.write_str(&paths.join(", "))
    }
}
