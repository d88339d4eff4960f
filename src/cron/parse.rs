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

pub(crate) mod items;
mod plain;
pub(crate) mod set;
mod value;

use self::items::{list, years};
use self::set::Set;
use super::dialect::{Days, Dialect, Id, Reader, Seconds, Seed, NAMES};
use super::error::{ErrorKind, ParseError};
use super::field::Table;
use super::scan::{count_fields, end_of_field, end_of_word, is_blank, is_word, meant_by, peek};
use super::scan::{skip_blanks, start_of_last_field, starts_with};
use super::{Cron, Years};

/// What was read, and the byte after it.
pub(crate) type Parsed<T> = Result<(T, usize), ParseError>;

/// What is being read, and how.
#[derive(Clone, Copy)]
pub(crate) struct Input<'a> {
    text: &'a str,
    table: &'static Table,
    reader: Reader<'a>,
}

impl<'a> Input<'a> {
    /// Of a text without switches, or with those that the reader knows of.
    pub(crate) const fn new(text: &'a str, reader: Reader<'a>) -> Input<'a> {
        Input { text, table: reader.dialect.table(), reader }
    }

    const fn id(&self) -> Option<&'a str> {
        match self.reader.id {
            Id::None => None,
            Id::OfTask(id) | Id::Given(id) => Some(id),
        }
    }

    const fn seed(&self) -> Option<u64> {
        match self.reader.seed {
            Seed::Given(seed) => Some(seed),
            Seed::Lot(seed) if self.table.draws_anew => Some(seed),
            _ => None,
        }
    }
}

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
    let (text, at) = match wrapped(text, at) {
        Some((_, Wrapped::Rate)) => {
            let expected = "times: a period is a task's `every`, and `rate(...)` is read by its `cron_as`";
            let end = text.len();
            return Err(ParseError::new(None, ErrorKind::Unexpected, text, at, end, expected));
        }
        Some((inner, Wrapped::Cron)) if dialect.table().is_eventbridge => inner,
        Some(_) => {
            let expected = "`dialect=eventbridge` before it, whose spelling that is";
            return Err(ParseError::new(None, ErrorKind::Unexpected, text, at, at + 5, expected));
        }
        None => (text, at),
    };
    let reader = Reader { dialect, ..reader };
    let input = &Input::new(text, reader);
    let count = count_fields(text, at);
    let counts = dialect.field_counts();
    let cron = if peek(text, at) == b'@' {
        nickname(input, at)
    } else if count < *counts.start() || count > *counts.end() {
        Err(ParseError::field_count(text, at, count, dialect.shape()))
    } else {
        fields(input, at, count)
    };
    match cron {
        Err(error) => Err(or_zone_found(error, text, at)),
        cron => cron,
    }
}

/// That the text ends with a zone, if it does.
#[inline(never)]
const fn or_zone_found(error: ParseError, text: &str, at: usize) -> ParseError {
    let last = start_of_last_field(text);
    if last > at && is_zone(text, last) {
        zone_found(text, last)
    } else {
        error
    }
}

/// A zone where fields should be.
const fn zone_found(text: &str, at: usize) -> ParseError {
    let expected = "fields only: a zone is read by `Schedule::cron`, a task's `cron` and `.zone(..)`";
    ParseError::new(None, ErrorKind::Unexpected, text, at, end_of_field(text, at), expected)
}

/// Whether the word at `at` can only be a zone: `Europe/Berlin`, `UTC`.
const fn is_zone(text: &str, at: usize) -> bool {
    let (letters, end) = (end_of_word(text, at), end_of_field(text, at));
    let is_path = peek(text, letters) == b'/' && peek(text, letters + 1).is_ascii_alphabetic();
    letters > at && is_path || is_word(text, at, end, "UTC") || is_word(text, at, end, "GMT")
}

/// What EventBridge writes an expression in.
#[derive(Clone, Copy)]
pub(crate) enum Wrapped {
    Cron,
    Rate,
}

/// `"cron(" text ")"` or `"rate(" text ")"`: the text up to the `)`, and where what is wrapped begins.
pub(crate) const fn wrapped(text: &str, at: usize) -> Option<((&str, usize), Wrapped)> {
    let wrapped = match (starts_with(text, at, "cron("), starts_with(text, at, "rate(")) {
        (true, _) => Wrapped::Cron,
        (_, true) => Wrapped::Rate,
        _ => return None,
    };
    let mut bytes = text.as_bytes();
    while let [before @ .., last] = bytes {
        bytes = before;
        if *last == b')' {
            return match core::str::from_utf8(before) {
                Ok(inner) => Some(((inner, skip_blanks(text, at + 5)), wrapped)),
                Err(_) => None,
            };
        }
        if !is_blank(*last) {
            break;
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
        let contradicted = if is_days && has_days {
            Some("one rule for the days")
        } else if is_seconds && has_seconds {
            Some("one place for the seconds")
        } else if starts_with(text, at, "dialect=") && at > start {
            Some("a dialect before other switches")
        } else {
            None
        };
        if let Some(expected) = contradicted {
            return Err(ParseError::new(None, ErrorKind::Unexpected, text, at, end, expected));
        }
        dialect = attempt!(switched(text, at, end, dialect));
        has_days |= is_days;
        has_seconds |= is_seconds;
        at = skip_blanks(text, end);
    }
    Ok((dialect, at))
}

/// The dialect with a switch.
const fn switched(text: &str, at: usize, end: usize, dialect: Dialect) -> Result<Dialect, ParseError> {
    let (kind, expected) = if is_word(text, at, end, "days=or") {
        return Ok(dialect.days_or());
    } else if is_word(text, at, end, "days=and") {
        return Ok(dialect.days_and());
    } else if is_word(text, at, end, "seconds=first") {
        return Ok(dialect.seconds_first());
    } else if is_word(text, at, end, "seconds=last") {
        return Ok(dialect.seconds_last());
    } else if is_word(text, at, end, "seconds=none") {
        return Ok(dialect.seconds_none());
    } else if starts_with(text, at, "dialect=") {
        return named(text, at + "dialect=".len(), end);
    } else if starts_with(text, at, "days=") {
        (ErrorKind::Unexpected, "`days=or` or `days=and`")
    } else if starts_with(text, at, "seconds=") {
        (ErrorKind::Unexpected, "`seconds=first`, `seconds=last` or `seconds=none`")
    } else if starts_with(text, at, "TZ=") || starts_with(text, at, "CRON_TZ=") {
        return Err(zone_found(text, at));
    } else {
        (ErrorKind::UnknownSwitch, "`dialect=`, `days=` or `seconds=`")
    };
    Err(ParseError::new(None, kind, text, at, end, expected))
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

const fn nickname(input: &Input<'_>, start: usize) -> Result<Cron, ParseError> {
    let text = input.text;
    let end = end_of_field(text, start);
    let rest = skip_blanks(text, end);
    let mut i = 0;
    while i < NICKNAMES.len() {
        if is_word(text, start, end, NICKNAMES[i]) {
            if rest < text.len() {
                let expected = "nothing after a nickname";
                return Err(ParseError::new(
                    None,
                    ErrorKind::Unexpected,
                    text,
                    rest,
                    end_of_field(text, rest),
                    expected,
                ));
            }
            let (meaning, hashed) = MEANINGS[i];
            let reader = Reader { dialect: Dialect::DEFAULT, ..input.reader };
            return match input.reader.id {
                Id::Given(_) if input.table.has_accidents => {
                    parsed(hashed, Reader { dialect: Dialect::CRONITER, ..reader })
                }
                // Jenkins has no seconds.
                _ if input.reader.dialect.hashes_nicknames() => fields(&Input::new(hashed, reader), 0, 5),
                _ => parsed(meaning, reader),
            };
        }
        i += 1;
    }
    // Others of cron's nicknames name no times of the calendar.
    if is_word(text, start, end, "@reboot") {
        let expected = "times: what runs at the start is a task with `after(Duration::ZERO)`";
        return Err(ParseError::new(None, ErrorKind::Unexpected, text, start, end, expected));
    }
    if is_word(text, start, end, "@every") {
        let expected = "times: a period is a task's `every`";
        return Err(ParseError::new(None, ErrorKind::Unexpected, text, start, end, expected));
    }
    let expected = "@yearly, @annually, @monthly, @weekly, @daily, @midnight or @hourly";
    let error = ParseError::new(None, ErrorKind::UnknownNickname, text, start, end, expected);
    Err(error.suggest(meant_by(text, start, end, &NICKNAMES)))
}

/// The fields, `count` of them.
const fn fields(input: &Input<'_>, at: usize, count: usize) -> Result<Cron, ParseError> {
    let [second, minute, hour, day_of_month, month, day_of_week, year] = &input.table.rows;
    let has_second = count > 5 && !matches!(input.reader.dialect.seconds(), Seconds::Nowhere);
    let is_first = has_second && matches!(input.reader.dialect.seconds(), Seconds::First);
    let (before, at) = if is_first { attempt!(list(input, at, second)) } else { (Set::ZERO, at) };
    let (minute, at) = attempt!(list(input, at, minute));
    let (hour, at) = attempt!(list(input, at, hour));
    let is_left_out = peek(input.text, at) == b'?';
    let (day_of_month, at) = attempt!(list(input, at, day_of_month));
    let (month, at) = attempt!(list(input, at, month));
    if input.table.is_eventbridge && is_left_out == (peek(input.text, at) == b'?') {
        return Err(items::question_marks(input, at, day_of_week, is_left_out));
    }
    let (day_of_week, at) = attempt!(list(input, at, day_of_week));
    let (second, at) = if has_second && !is_first { attempt!(list(input, at, second)) } else { (before, at) };
    let has_year = count > 5 + has_second as usize;
    let (year, _) = if has_year { attempt!(years(input, at, year)) } else { (Years::ANY, at) };
    let fields = [second, minute, hour, day_of_month, month, day_of_week];
    let days = input.reader.dialect.days();
    Ok(if input.table.has_accidents { as_croniter(fields, year, days) } else { combine(fields, year, days) })
}

/// The fields, second to day of week, with the day rule that counts for them.
#[inline(always)]
const fn combine(fields: [Set; 6], year: Years, days: Days) -> Cron {
    let [second, minute, hour, day_of_month, month, day_of_week] = fields;
    match days {
        Days::Or => Cron::of_fields(fields, year, false),
        Days::And => Cron::of_fields(fields, year, true),
        Days::StarBit => {
            let both_days = day_of_month.begins_with_star || day_of_week.begins_with_star;
            let (day_of_month, day_of_week) = (day_of_month.by_star_bit(31), day_of_week.by_star_bit(35));
            let fields = [second, minute, hour, day_of_month, month, day_of_week];
            Cron::of_fields(fields, year, both_days)
        }
    }
}

/// The same with croniter's accidents, which [`Dialect::CRONITER`] lists.
const fn as_croniter(fields: [Set; 6], year: Years, days: Days) -> Cron {
    let [second, minute, hour, day_of_month, month, day_of_week] = fields;
    let (day_of_month, day_of_week) =
        (day_of_month.as_star_beside(day_of_week, 31), day_of_week.as_star_beside(day_of_month, 35));
    let must_meet = match days {
        _ if day_of_week.is_every && day_of_week.weeks != 0 => true,
        Days::Or => false,
        Days::And => true,
        Days::StarBit => day_of_month.begins_with_star || day_of_week.begins_with_star,
    };
    let day_of_month = day_of_month.with_last_for_31();
    let day_of_week = day_of_week.without_weekdays_beside_weeks();
    let (has_nearest, has_weeks) = (day_of_month.nearest != 0, day_of_week.weeks != 0);
    let fields = [second, minute, hour, day_of_month, month, day_of_week];
    if must_meet || !has_nearest && !has_weeks {
        return Cron::of_fields(fields, year, must_meet);
    }
    // A `W`, `#` or `L` leaves the other day field out, unless no date is in both: then it never fires.
    let both = Cron::of_fields(fields, year, true);
    let every = Set { is_every: true, ..Set::EMPTY };
    if day_of_month.is_every || day_of_week.is_every || has_nearest == has_weeks || both.never_fires() {
        both
    } else if has_nearest {
        Cron::of_fields([second, minute, hour, day_of_month, month, every], year, false)
    } else {
        Cron::of_fields([second, minute, hour, every, month, day_of_week], year, false)
    }
}
