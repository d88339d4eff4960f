//! Reads an expression, in any dialect. One parser for run time and compile time, hence `const fn` throughout, as Rust
//! 1.63 knows them: a function takes the text and where to read, and returns what it read and where that ends.
//!
//! ```text
//! expression = {switch} (nickname | [second] minute hour day-of-month month day-of-week [second] [year])
//! switch     = "dialect=" name | "days=" ("or" | "and") | "seconds=" ("first" | "last" | "none")
//! ```
//!
//! What a field is, is in `items`; what it means, in `set`. Most texts never get here: see `plain`.

/// `?`, which `const fn` has not.
macro_rules! attempt {
    ($result:expr) => {
        match $result {
            Ok(value) => value,
            Err(error) => return Err(error),
        }
    };
}

/// The same for what may not be there.
macro_rules! some {
    ($option:expr) => {
        match $option {
            Some(value) => value,
            None => return None,
        }
    };
}

/// Fails unless something is so.
macro_rules! ensure {
    ($is_so:expr, $error:expr $(,)?) => {
        if !$is_so {
            return Err($error);
        }
    };
}

mod items;
mod plain;
pub(crate) mod set;

pub(crate) use self::items::Input;
use self::set::Set;
use super::dialect::{Days, Dialect, Reader, NAMES};
use super::error::{ErrorKind, ParseError};
use super::field::Field;
use super::scan::{count_fields, end_of_field, end_of_word, is_blank, is_word, meant_by, peek};
use super::scan::{skip_blanks, starts_with};
use super::{Cron, Years};

/// What was read, and the byte after it.
pub(crate) type Parsed<T> = Result<(T, usize), ParseError>;

impl Dialect {
    /// Reads an expression. In the croniter and cronie dialects, `R` and `~` are drawn from the system's randomness.
    ///
    /// # Errors
    ///
    /// A text that is no expression in this dialect, or one with an `H` or another `R`: these need a
    /// [`hash_id`](Dialect::hash_id) or a [`seed`](Dialect::seed).
    pub fn parse(self, text: &str) -> Result<Cron, ParseError> {
        self.reader().drawing().parse(text)
    }

    /// What a text is read in by this dialect: itself, but for the switches that the text begins with.
    ///
    /// ```
    /// use sexton::cron::Dialect;
    ///
    /// assert_eq!(Dialect::DEFAULT.of_text("dialect=quartz 0 0 9 ? * 2-6"), Dialect::QUARTZ);
    /// assert_eq!(Dialect::CRONIE.of_text("0 9 * * 1-5"), Dialect::CRONIE);
    /// ```
    pub const fn of_text(self, text: &str) -> Dialect {
        match switches(text, self) {
            Ok((dialect, _)) => dialect,
            Err(_) => self,
        }
    }

    /// For [`cron!`](crate::cron!), in whose builds the message becomes the compiler's.
    #[doc(hidden)]
    pub const fn checked_when_built(self, text: &str) -> Cron {
        self.reader().checked_when_built(text)
    }
}

impl<'a> Reader<'a> {
    /// Reads an expression.
    ///
    /// # Errors
    ///
    /// A text that is no expression in this dialect, or one with an `H` without an id, or an `R` or `~` without a seed.
    pub const fn parse(self, text: &str) -> Result<Cron, ParseError> {
        match plain::expression(text, self.dialect) {
            Some(cron) => Ok(cron),
            None => parsed(text, self),
        }
    }

    /// For [`cron!`](crate::cron!), in whose builds the message becomes the compiler's.
    #[doc(hidden)]
    pub const fn checked_when_built(self, text: &str) -> Cron {
        match self.parse(text) {
            Ok(cron) => cron,
            Err(error) => panic!("{}", error.message(true).as_str()),
        }
    }
}

/// The expression as it is read item by item, with an eye to what may be wrong with it.
#[inline(never)]
const fn parsed(text: &str, reader: Reader<'_>) -> Result<Cron, ParseError> {
    let (dialect, at) = attempt!(switches(text, reader.dialect));
    let expected = "times: a period is a task's `every`, and `rate(...)` is read by its `cron_as`";
    let rate = ParseError::new(None, ErrorKind::Period, text, at, text.len(), expected);
    ensure!(wrapped(text, at, "rate(").is_none(), rate);
    let (text, at) = match wrapped(text, at, "cron(") {
        Some(inner) => {
            let expected = "`dialect=eventbridge` before it, whose spelling that is";
            ensure!(dialect.table.is_eventbridge, unexpected(text, at, at + 5, expected));
            (inner, skip_blanks(inner, at + 5))
        }
        None => (text, at),
    };
    let reader = Reader { dialect, ..reader };
    let (count, last) = count_fields(text, at);
    let counts = dialect.field_counts();
    let cron = if peek(text, at) == b'@' {
        nickname(text, at, reader)
    } else if count < *counts.start() || count > *counts.end() {
        let error = ParseError::new(None, ErrorKind::FieldCount, text, at, text.len(), dialect.shape());
        Err(error.counting(count))
    } else {
        fields(text, at, count, reader)
    };
    match cron {
        Err(_) if last > at && is_zone(text, last) => Err(zone_found(text, last)),
        cron => cron,
    }
}

/// An error about the expression as a whole: a part of it that cannot stand there.
const fn unexpected(text: &str, start: usize, end: usize, expected: &'static str) -> ParseError {
    ParseError::new(None, ErrorKind::Unexpected, text, start, end, expected)
}

/// A zone where fields should be.
const fn zone_found(text: &str, at: usize) -> ParseError {
    let expected = "fields only: a zone is read by `Schedule::cron`, a task's `cron` and `.zone(..)`";
    ParseError::new(None, ErrorKind::Zone, text, at, end_of_field(text, at), expected)
}

/// Whether the word at `at` can only be a zone: `Europe/Berlin`, `UTC`.
const fn is_zone(text: &str, at: usize) -> bool {
    let (letters, end) = (end_of_word(text, at), end_of_field(text, at));
    let is_path = peek(text, letters) == b'/' && peek(text, letters + 1).is_ascii_alphabetic();
    letters > at && is_path || is_word(text, at, end, "UTC") || is_word(text, at, end, "GMT")
}

/// EventBridge's `cron(...)` or `rate(...)`, of which `opening` is at `at`: the text up to the `)`.
pub(crate) const fn wrapped<'a>(text: &'a str, at: usize, opening: &str) -> Option<&'a str> {
    let mut bytes = if starts_with(text, at, opening) { text.as_bytes() } else { b"" };
    while let [before @ .., last] = bytes {
        match *last {
            b')' => {
                return match core::str::from_utf8(before) {
                    Ok(inner) => Some(inner),
                    Err(_) => None,
                }
            }
            byte if is_blank(byte) => bytes = before,
            _ => return None,
        }
    }
    None
}

/// `{switch}`: what the text itself says of how it is read.
pub(crate) const fn switches(text: &str, dialect: Dialect) -> Parsed<Dialect> {
    let start = skip_blanks(text, 0);
    let (mut dialect, mut at) = (dialect, start);
    let (mut has_days, mut has_seconds) = (false, false);
    while is_switch(text, at) {
        let end = end_of_field(text, at);
        let (is_days, is_seconds) = (starts_with(text, at, "days="), starts_with(text, at, "seconds="));
        let is_late = starts_with(text, at, "dialect=") && at > start;
        ensure!(!is_days || !has_days, unexpected(text, at, end, "one rule for the days"));
        ensure!(!is_seconds || !has_seconds, unexpected(text, at, end, "one place for the seconds"));
        ensure!(!is_late, unexpected(text, at, end, "a dialect before other switches"));
        dialect = attempt!(switched(text, at, end, dialect));
        has_days |= is_days;
        has_seconds |= is_seconds;
        at = skip_blanks(text, end);
    }
    Ok((dialect, at))
}

/// The dialect with a switch.
const fn switched(text: &str, at: usize, end: usize, dialect: Dialect) -> Result<Dialect, ParseError> {
    if is_word(text, at, end, "days=or") {
        Ok(dialect.days_or())
    } else if is_word(text, at, end, "days=and") {
        Ok(dialect.days_and())
    } else if is_word(text, at, end, "seconds=first") {
        Ok(dialect.seconds_first())
    } else if is_word(text, at, end, "seconds=last") {
        Ok(dialect.seconds_last())
    } else if is_word(text, at, end, "seconds=none") {
        Ok(dialect.seconds_none())
    } else if starts_with(text, at, "dialect=") {
        named(text, at + "dialect=".len(), end)
    } else if starts_with(text, at, "days=") {
        Err(unexpected(text, at, end, "`days=or` or `days=and`"))
    } else if starts_with(text, at, "seconds=") {
        Err(unexpected(text, at, end, "`seconds=first`, `seconds=last` or `seconds=none`"))
    } else if starts_with(text, at, "TZ=") || starts_with(text, at, "CRON_TZ=") {
        Err(zone_found(text, at))
    } else {
        let expected = "`dialect=`, `days=` or `seconds=`";
        Err(ParseError::new(None, ErrorKind::UnknownSwitch, text, at, end, expected))
    }
}

/// Whether a word of letters and a `=` stands there: no field has one.
const fn is_switch(text: &str, at: usize) -> bool {
    let mut end = at;
    while peek(text, end).is_ascii_alphabetic() || peek(text, end) == b'_' {
        end += 1;
    }
    end > at && peek(text, end) == b'='
}

/// The dialect of this name, with its own switches.
const fn named(text: &str, start: usize, end: usize) -> Result<Dialect, ParseError> {
    let mut i = 0;
    while i < Dialect::ALL.len() {
        if is_word(text, start, end, Dialect::ALL[i].name()) {
            return Ok(Dialect::ALL[i]);
        }
        i += 1;
    }
    Err(ParseError::new(None, ErrorKind::UnknownDialect, text, start, end, NAMES))
}

/// The nicknames of cronie and croniter, in any case.
const NICKNAMES: [&str; 7] =
    ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];

/// What they are; and, the seconds last, what they are with a hash id to croniter.
const MEANINGS: [(&str, &str); 7] = [
    ("0 0 1 1 *", "H H H H * H"),
    ("0 0 1 1 *", "H H H H * H"),
    ("0 0 1 * *", "H H H * * H"),
    ("0 0 * * 0", "H H * * H H"),
    ("0 0 * * *", "H H * * * H"),
    ("0 0 * * *", "H H(0-2) * * * H"),
    ("0 * * * *", "H * * * * H"),
];

const fn nickname(text: &str, start: usize, reader: Reader<'_>) -> Result<Cron, ParseError> {
    let end = end_of_field(text, start);
    let rest = skip_blanks(text, end);
    let mut i = 0;
    while i < NICKNAMES.len() {
        if is_word(text, start, end, NICKNAMES[i]) {
            let end = end_of_field(text, rest);
            ensure!(rest == text.len(), unexpected(text, rest, end, "nothing after a nickname"));
            let (meaning, hashed) = MEANINGS[i];
            let (text, count, dialect) = match reader.id {
                Some(_) if reader.dialect.table.has_accidents => (hashed, 6, Dialect::CRONITER),
                // Jenkins has no seconds.
                _ if reader.dialect.hashes_nicknames => (hashed, 5, Dialect::DEFAULT),
                _ => (meaning, 5, Dialect::DEFAULT),
            };
            return fields(text, 0, count, Reader { dialect, ..reader });
        }
        i += 1;
    }
    // Others of cron's nicknames name no times of the calendar.
    let (kind, expected) = if is_word(text, start, end, "@reboot") {
        (ErrorKind::Unexpected, "times: what runs at the start is a task with `after(Duration::ZERO)`")
    } else if is_word(text, start, end, "@every") {
        (ErrorKind::Period, "times: a period is a task's `every`")
    } else {
        let expected = "@yearly, @annually, @monthly, @weekly, @daily, @midnight or @hourly";
        (ErrorKind::UnknownNickname, expected)
    };
    let error = ParseError::new(None, kind, text, start, end, expected);
    Err(error.suggest(meant_by(text, start, end, &NICKNAMES)))
}

/// The fields, `count` of them.
const fn fields(text: &str, start: usize, count: usize, reader: Reader<'_>) -> Result<Cron, ParseError> {
    let dialect = reader.dialect;
    let (table, order) = (dialect.table, dialect.order(count));
    let mut sets = [Set::STAR; 7];
    sets[Field::Second as usize] = Set::ZERO;
    let (mut place, mut at) = (0, start);
    while place < count {
        let input = Input::new(text, reader, order[place]);
        if table.is_eventbridge && input.is_day_of_week() {
            attempt!(input.one_question_mark(at, sets[Field::DayOfMonth as usize]));
        }
        let (set, end) = attempt!(input.list(at));
        sets[order[place] as usize] = set;
        at = end;
        place += 1;
    }
    let [second, minute, hour, day_of_month, month, day_of_week, year] = sets;
    // To croniter a list of all its years is no restriction.
    let has_all = table.has_accidents && year.years.count() == table.row(Field::Year).count;
    let years = if year.is_every || has_all { Years::ANY } else { year.years };
    let (others, days) = ([second, minute, hour, month], [day_of_month, day_of_week]);
    Ok(match table.has_accidents {
        true => as_croniter(others, days, years, dialect.days),
        false => combine(others, days, years, dialect.days),
    })
}

/// The fields with the day rule that counts for them, see [`Cron::of_fields`].
#[inline(always)]
const fn combine(others: [Set; 4], days: [Set; 2], years: Years, rule: Days) -> Cron {
    let [day_of_month, day_of_week] = days;
    match rule {
        Days::Or => Cron::of_fields(others, days, years, false),
        Days::And => Cron::of_fields(others, days, years, true),
        Days::StarBit => {
            let both_days = day_of_month.begins_with_star || day_of_week.begins_with_star;
            let days = [day_of_month.by_star_bit(31), day_of_week.by_star_bit(35)];
            Cron::of_fields(others, days, years, both_days)
        }
    }
}

/// The same with croniter's accidents, which [`Dialect::CRONITER`] lists.
const fn as_croniter(others: [Set; 4], days: [Set; 2], years: Years, rule: Days) -> Cron {
    let [day_of_month, day_of_week] = days;
    let (day_of_month, day_of_week) =
        (day_of_month.as_star_beside(day_of_week, 31), day_of_week.as_star_beside(day_of_month, 35));
    let must_meet = match rule {
        _ if day_of_week.is_every && day_of_week.weeks != 0 => true,
        Days::Or => false,
        Days::And => true,
        Days::StarBit => day_of_month.begins_with_star || day_of_week.begins_with_star,
    };
    let (day_of_month, day_of_week) =
        (day_of_month.with_last_for_31(), day_of_week.without_weekdays_beside_weeks());
    let days = [day_of_month, day_of_week];
    let both = Cron::of_fields(others, days, years, true);
    // A `W`, `#` or `L` leaves the other day field out, unless no date is in both: then it never fires.
    let is_in_both = !day_of_month.is_every && !day_of_week.is_every && !both.never_fires();
    match (day_of_month.nearest != 0, day_of_week.weeks != 0) {
        _ if must_meet => both,
        (false, false) => Cron::of_fields(others, days, years, false),
        (true, false) if is_in_both => Cron::of_fields(others, [day_of_month, Set::STAR], years, false),
        (false, true) if is_in_both => Cron::of_fields(others, [Set::STAR, day_of_week], years, false),
        _ => both,
    }
}
