//! How expressions are read: the options that every command takes which reads some.

use std::time::SystemTime;

use sexton::cron::{Dialect, ErrorKind, ParseError, Reader, UnknownDialect};
use sexton::tools::Carets;
use sexton::tz::Zone;
use sexton::Cron;

use crate::args::{Args, Flag};
use crate::mistake::Warning;
use crate::{tell, Failure};

pub const FLAGS: &[Flag] = &[
    Flag::Value("--dialect"),
    Flag::Value("--days"),
    Flag::Switch("--star-bit"),
    Flag::Value("--seconds"),
    Flag::Value("--hash-id"),
    Flag::Switch("--hash-nicknames"),
];

/// The part of a command's help that tells of them.
macro_rules! help {
    () => {
        "    --dialect NAME    whose cron it was written for: default; croniter, with the seconds last;
                      quartz, with the seconds first, and 1 for Sunday; cron, as the crate of that
                      name; eventbridge, with the year last; cronie, with five fields
    --days and|or     where both day fields are restricted: a day must match both, or one of them
    --star-bit        Vixie cron's rule for that: both if one of them begins with `*`, else one
    --seconds first|last|none
                      where the field of the seconds is, if there is one; none: a sixth field
                      is the year
    --hash-nicknames  hashes nicknames as Jenkins does: `@daily` is `H H * * *`
    --hash-id ID      hashed for `H`, and for croniter's nicknames"
    };
}
pub(crate) use help;

/// The dialect of a name.
pub fn named(name: &str) -> Result<Dialect, Failure> {
    name.parse().map_err(|error: UnknownDialect| Failure::Usage(error.to_string()))
}

/// The most findings that are printed for one expression. A person writes none with more.
const MOST_WARNINGS: usize = 20;

/// What these options say.
pub struct Reading {
    pub dialect: Dialect,
    hash_id: Option<String>,
    /// The options say where the seconds are.
    names_seconds: bool,
    /// A crontab has a column for users.
    pub is_system: bool,
}

impl Reading {
    pub fn of(args: &Args) -> Result<Reading, Failure> {
        let usage = |problem: String| Err(Failure::Usage(problem));
        let mut dialect = match args.value("--dialect") {
            None => Dialect::DEFAULT,
            Some(name) => named(name)?,
        };
        dialect = match (args.value("--days"), args.has("--star-bit")) {
            (None, false) => dialect,
            (None, true) => dialect.star_bit(),
            (Some("and"), false) => dialect.days_and(),
            (Some("or"), false) => dialect.days_or(),
            (Some("and" | "or"), true) => {
                return usage(
                    "`--days` and `--star-bit` are two rules for the same: expected one of them".into(),
                );
            }
            (Some(other), _) => {
                return usage(format!("unknown rule `{other}` for `--days`, expected `and` or `or`"))
            }
        };
        dialect = match args.value("--seconds") {
            None => dialect,
            Some("first") => dialect.seconds_first(),
            Some("last") => dialect.seconds_last(),
            Some("none") => dialect.seconds_none(),
            Some(other) => {
                let expected = "expected `first`, `last` or `none`";
                return usage(format!("unknown place `{other}` for `--seconds`, {expected}"));
            }
        };
        if args.has("--hash-nicknames") {
            dialect = dialect.hash_nicknames();
        }
        let hash_id = args.value("--hash-id").map(String::from);
        let names_seconds = args.has("--dialect") || args.has("--seconds");
        Ok(Reading { dialect, hash_id, names_seconds, is_system: args.has("--system") })
    }

    #[cfg(test)]
    pub fn new(dialect: Dialect, hash_id: Option<String>) -> Reading {
        Reading { dialect, hash_id, names_seconds: false, is_system: false }
    }

    /// As the options say, and no more.
    pub fn reader(&self) -> Reader<'_> {
        let reader = match &self.hash_id {
            Some(id) => Reader::from(self.dialect).hash_id(id),
            None => self.dialect.into(),
        };
        reader.drawing()
    }

    /// With this to hash if `--hash-id` says nothing.
    pub fn reader_or<'a>(&'a self, id: &'a str) -> Reader<'a> {
        match self.hash_id {
            Some(_) => self.reader(),
            None => self.reader().hash_id(id),
        }
    }

    /// In another dialect, with the id of `--hash-id`, or else with this one.
    pub fn hashing<'a>(&'a self, dialect: Dialect, id: &'a str) -> Reader<'a> {
        Reader::from(dialect).hash_id(self.hash_id.as_deref().unwrap_or(id))
    }

    /// What is legal in an expression and likely wrong.
    pub fn warnings<'a>(
        &self,
        text: &'a str,
        zone: &Zone,
        from: SystemTime,
    ) -> impl Iterator<Item = Warning> + 'a {
        let switches = text.split_whitespace().map_while(|word| Some(word.split_once('=')?.0));
        let names_seconds = self.names_seconds
            || switches.map(str::to_ascii_lowercase).any(|switch| switch == "dialect" || switch == "seconds");
        let findings = self.dialect.lint(text).in_zone(zone, from);
        // That one asks for just this.
        let findings = findings.filter(move |finding| finding.code() != "seconds-order" || !names_seconds);
        findings.take(MOST_WARNINGS + 1).enumerate().map(|(i, finding)| {
            let (message, suggestion) = match i {
                MOST_WARNINGS => ("and more of the kind".into(), None),
                _ => (finding.to_string(), Some(finding.suggestion().to_string())),
            };
            Warning { code: finding.code(), span: finding.span(), message, suggestion }
        })
    }

    /// What is wrong with a text, and how the whole that it comes from can be read, if there is a way.
    pub fn message(&self, error: &ParseError, text: &str, whole: &str) -> String {
        let message = message(error, text);
        let is_settled = self.dialect != Dialect::DEFAULT || whole.contains('=') || message.contains("--");
        let reads = |dialect: Dialect| Reader::from(dialect).hash_id("").drawing().parse(whole).is_ok();
        let switches = [
            ("`seconds=none` before it, for the year last", self.dialect.seconds_none()),
            ("`seconds=last` before it", self.dialect.seconds_last()),
        ];
        let switch =
            switches.iter().find(|(_, dialect)| reads(*dialect)).map(|(switch, _)| switch.to_string());
        let other = || Dialect::ALL.iter().find(|other| reads(**other)).map(|other| other.name());
        let named = || other().map(|name| format!("`dialect={name}` before it, or `--dialect {name}`"));
        match switch.or_else(named).filter(|_| !is_settled) {
            Some(way) => format!("{message}; it can be read with {way}"),
            None => message,
        }
    }

    /// An expression of the command line.
    pub fn parse(&self, text: &str) -> Result<Cron, Failure> {
        let word = text.split_whitespace().next().unwrap_or_default();
        for (nickname, why) in [("@every", "it counts from"), ("@reboot", "its one run is")] {
            if word.eq_ignore_ascii_case(nickname) {
                let message = format!("`{nickname}` has no dates of its own: {why} when `sexton run` starts");
                return Err(Failure::Error(1, message));
            }
        }
        let reader = self.reader();
        let cron = reader.parse(text).map_err(|error| {
            let message = self.message(&error, text, text);
            Failure::Error(1, format!("{message}\n{}", Carets::new(text, error.span())))
        })?;
        // Of so many seeds two give different values, if any are drawn.
        if (0..16).any(|seed| reader.seed(seed).parse(text) != reader.seed(16).parse(text)) {
            tell("sexton: `R` and `~` are drawn anew each time that a text is read: this is one of many results");
        }
        Ok(cron)
    }
}

/// The first part of the names of zones.
const REGIONS: [&str; 15] = [
    "Africa",
    "America",
    "Antarctica",
    "Arctic",
    "Asia",
    "Atlantic",
    "Australia",
    "Brazil",
    "Canada",
    "Chile",
    "Etc",
    "Europe",
    "Indian",
    "Pacific",
    "US",
];

/// Whether the word is a zone's name, such as `Europe/Berlin`, and so neither a field nor a command.
pub fn is_zone_name(word: &str) -> bool {
    match word.split_once('/') {
        Some((region, city)) => {
            REGIONS.contains(&region) && city.starts_with(|c: char| c.is_ascii_uppercase())
        }
        None => matches!(word, "UTC" | "GMT"),
    }
}

/// The message of the library, which speaks of functions that it has for what is missing, and this of options and crontabs.
fn message(error: &ParseError, text: &str) -> String {
    let expected = match error.kind() {
        ErrorKind::Zone => "fields only: a zone stands once, before or behind all of them",
        ErrorKind::Period => "times: a period is `@every 5m` in a crontab",
        ErrorKind::NoHashId => "an id to hash: `--hash-id ID`",
        ErrorKind::NoSeed => "`H`, which stays the same, or `--dialect croniter`, which draws it",
        _ => return format!("{error:#}"),
    };
    let found = text.get(error.span()).unwrap_or_default();
    let field = error.field().map_or("expression".into(), |field| field.to_string());
    format!("{field}: found `{found}`, expected {expected}")
}
