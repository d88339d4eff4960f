//! Reads an expression. One parser for run time and compile time, hence `const fn` throughout, as Rust 1.63 knows
//! them: a function takes the text and where to read, and returns what it read and where that ends.
//!
//! ```text
//! expression = nickname | [second] minute hour day-of-month month day-of-week [year]
//! field      = item {"," item}
//! item       = "*" ["/" step] | "?" | values ["/" step] | mark
//! values     = value ["-" value]
//! value      = number | name
//! mark       = "L" ["-" number] ["W"] | number "W" | "W" number | number "-" "L"     in day of month
//!            | values "#" (number | "L") | values "L" | "L" value                   in day of week
//! ```

use super::error::ParseError;
use super::field::{Field, Row, DAY_OF_MONTH, DAY_OF_WEEK, HOUR, MINUTE, MONTH, SECOND, YEAR};
use super::{Cron, Years, EVERY_WEEK, LAST_WEEK};

/// What was read, and the byte after it.
type Parsed<T> = Result<(T, usize), ParseError>;

/// `?`, which `const fn` has not.
macro_rules! attempt {
    ($result:expr) => {
        match $result {
            Ok(value) => value,
            Err(error) => return Err(error),
        }
    };
}

pub(super) const fn expression(text: &str) -> Result<Cron, ParseError> {
    let at = skip_blanks(text, 0);
    if peek(text, at) == b'@' {
        return nickname(text, at);
    }
    let fields = count_fields(text, at);
    if has_zone(text, at) {
        let expected = "fields only: a zone is given to the schedule";
        return Err(ParseError::new(None, "found", text, at, end_of_field(text, at), expected));
    }
    if fields < 5 || fields > 7 {
        return Err(ParseError::field_count(text, fields));
    }
    let (second, at) = if fields > 5 { attempt!(list(text, at, &SECOND)) } else { (Set::ZERO, at) };
    let (minute, at) = attempt!(list(text, at, &MINUTE));
    let (hour, at) = attempt!(list(text, at, &HOUR));
    let (day_of_month, at) = attempt!(list(text, at, &DAY_OF_MONTH));
    let (month, at) = attempt!(list(text, at, &MONTH));
    let (day_of_week, at) = attempt!(list(text, at, &DAY_OF_WEEK));
    let (year, _) = if fields == 7 { attempt!(years(text, at)) } else { (Years::ANY, at) };
    Ok(Cron::of_fields([second, minute, hour, day_of_month, month, day_of_week], year))
}

/// The nicknames of cronie and croniter, in any case.
const NICKNAMES: [(&str, &str); 7] = [
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * 0"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];

const fn nickname(text: &str, start: usize) -> Result<Cron, ParseError> {
    let end = end_of_field(text, start);
    let rest = skip_blanks(text, end);
    let mut i = 0;
    while i < NICKNAMES.len() {
        let (name, meaning) = NICKNAMES[i];
        if is_word(text, start, end, name) {
            if rest < text.len() {
                let expected = "nothing after a nickname";
                return Err(ParseError::new(None, "found", text, rest, end_of_field(text, rest), expected));
            }
            return expression(meaning);
        }
        i += 1;
    }
    // Others of cron's nicknames name no times of the calendar.
    let (problem, expected) = if is_word(text, start, end, "@reboot") {
        ("found", "times: what runs at the start is a task with `after(Duration::ZERO)`")
    } else if is_word(text, start, end, "@every") {
        ("found", "times: a period is a task's `every`")
    } else {
        ("unknown nickname", "@yearly, @annually, @monthly, @weekly, @daily, @midnight or @hourly")
    };
    Err(ParseError::new(None, problem, text, start, end, expected))
}

/// Whether a zone comes first, as robfig/cron takes it.
const fn has_zone(text: &str, at: usize) -> bool {
    starts_with(text, at, "TZ=") || starts_with(text, at, "CRON_TZ=")
}

const fn count_fields(text: &str, start: usize) -> usize {
    let mut at = start;
    let mut count = 0;
    while at < text.len() {
        at = skip_blanks(text, end_of_field(text, at));
        count += 1;
    }
    count
}

/// What the items of a field add up to. Values count from the field's first one.
#[derive(Clone, Copy)]
pub(super) struct Set {
    /// A bit for each value; in the days of month and of week also the marks, see [`Cron`].
    pub(super) values: u64,
    /// The days of month with a `W`.
    pub(super) nearest: u64,
    /// The field is `*` or `?`, or an item of its list is.
    pub(super) is_every: bool,
    /// Its text has a `*`, a range or a step.
    pub(super) repeats: bool,
}

impl Set {
    const EMPTY: Set = Set { values: 0, nearest: 0, is_every: false, repeats: false };

    /// The second of an expression that has no field for it.
    const ZERO: Set = Set { values: 1, ..Set::EMPTY };

    #[inline]
    const fn with(self, item: Item, row: &Row) -> Set {
        let mut set = self;
        match item {
            Item::Every => {
                set.is_every = true;
                set.repeats = true;
            }
            Item::Values(values) => {
                let weeks = if is_day_of_week(row) { EVERY_WEEK } else { 1 };
                set.values |= values.bits(row) * weeks;
                set.repeats |= values.repeats;
            }
            Item::DayBeforeLast(days) => set.values |= 1 << (63 - days),
            Item::Nearest(day) => set.nearest |= 1 << day,
            Item::NearestBeforeLast(days) => set.nearest |= 1 << (63 - days),
            Item::Week(values, week) => set.values |= values.bits(row) << (7 * week),
        }
        set
    }
}

/// An item of a list.
#[derive(Clone, Copy)]
enum Item {
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
}

/// Values from `from` to `to`, every `step`th of them. A range that wraps is unrolled: `to` is then beyond the field.
#[derive(Clone, Copy)]
struct Values {
    from: u32,
    to: u32,
    step: u32,
    repeats: bool,
}

impl Values {
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
            value += self.step;
        }
        bits
    }
}

/// `field = item {"," item}`, and the blanks after it.
const fn list(text: &str, start: usize, row: &Row) -> Parsed<Set> {
    let mut set = Set::EMPTY;
    let mut at = start;
    loop {
        let (item, end) = attempt!(item(text, at, row));
        set = set.with(item, row);
        if !attempt!(has_more(text, end, row)) {
            return Ok((set, skip_blanks(text, end)));
        }
        at = end + 1;
    }
}

/// The list of the only field with more values than a word has bits.
const fn years(text: &str, start: usize) -> Parsed<Years> {
    let mut years = Years::NONE;
    let mut is_every = false;
    let mut at = start;
    loop {
        let (item, end) = attempt!(item(text, at, &YEAR));
        match item {
            Item::Values(Values { from, to, step, .. }) => {
                let mut value = from;
                while value <= to {
                    years = years.with(value);
                    value += step;
                }
            }
            _ => is_every = true,
        }
        if !attempt!(has_more(text, end, &YEAR)) {
            return Ok((if is_every { Years::ANY } else { years }, end));
        }
        at = end + 1;
    }
}

/// Whether a comma follows an item; a blank must, if not.
const fn has_more(text: &str, at: usize, row: &Row) -> Result<bool, ParseError> {
    match peek(text, at) {
        b',' => Ok(true),
        byte if is_blank(byte) => Ok(false),
        _ => Err(unexpected(text, at, row, "`,` or a blank")),
    }
}

const fn item(text: &str, at: usize, row: &Row) -> Parsed<Item> {
    match (peek(text, at), row.field) {
        (b'*', _) => every(text, at, row),
        (b'?', Field::DayOfMonth | Field::DayOfWeek) => alone(text, at, row),
        (b'L' | b'l', Field::DayOfMonth) => last_day(text, at),
        (b'W' | b'w', Field::DayOfMonth) => {
            let (day, end) = attempt!(value(text, at + 1, row));
            Ok((Item::Nearest(day), end))
        }
        (b'L' | b'l', Field::DayOfWeek) => last_weekday(text, at),
        _ => values(text, at, row),
    }
}

/// `"*" ["/" step]`
const fn every(text: &str, at: usize, row: &Row) -> Parsed<Item> {
    if peek(text, at + 1) != b'/' {
        return Ok((Item::Every, at + 1));
    }
    let (step, end) = attempt!(step(text, at + 1, row));
    Ok((Item::Values(Values { from: 0, to: row.count - 1, step, repeats: true }), end))
}

/// `"?"`, which is no member of a list.
const fn alone(text: &str, at: usize, row: &Row) -> Parsed<Item> {
    if at > 0 && peek(text, at - 1) == b',' {
        return Err(unexpected(text, at, row, row.values));
    }
    if !is_blank(peek(text, at + 1)) {
        return Err(unexpected(text, at + 1, row, "a blank after `?`"));
    }
    Ok((Item::Every, at + 1))
}

/// `"L" ["-" number] ["W"]` in the days of month
const fn last_day(text: &str, start: usize) -> Parsed<Item> {
    let row = &DAY_OF_MONTH;
    let (before, end) = if peek(text, start + 1) == b'-' {
        let at = start + 2;
        let (before, end) = attempt!(number(text, at, row, "0-30"));
        if before > 30 {
            return Err(ParseError::new(Some(row.field), "no such value", text, at, end, "0-30"));
        }
        (before, end)
    } else {
        (0, start + 1)
    };
    match peek(text, end) {
        b'W' | b'w' => Ok((Item::NearestBeforeLast(before), end + 1)),
        _ => Ok((Item::DayBeforeLast(before), end)),
    }
}

/// `"L" value` in the days of week
const fn last_weekday(text: &str, start: usize) -> Parsed<Item> {
    let row = &DAY_OF_WEEK;
    if !peek(text, start + 1).is_ascii_alphanumeric() {
        // Saturday in Quartz, never in one crate, refused by others.
        let expected = "a weekday with it, such as `friL` for the last Friday";
        return Err(ParseError::new(Some(row.field), "ambiguous", text, start, start + 1, expected));
    }
    let (day, end) = attempt!(value(text, start + 1, row));
    Ok((Item::Week(Values { from: day, to: day, step: 1, repeats: false }, LAST_WEEK), end))
}

/// `value ["-" value]`, and the step or the mark that may follow
const fn values(text: &str, start: usize, row: &Row) -> Parsed<Item> {
    let (from, end) = attempt!(value(text, start, row));
    let is_range = peek(text, end) == b'-';
    let (to, end) = if !is_range {
        (from, end)
    } else if is_day_of_month(row) && is_letter(peek(text, end + 1), b'l') {
        (row.count - 1, end + 2)
    } else {
        attempt!(value(text, end + 1, row))
    };
    if to < from && matches!(row.field, Field::Year) {
        let expected = "the earlier year first";
        return Err(ParseError::new(Some(row.field), "backward range", text, start, end, expected));
    }
    let to = if to < from { to + row.count } else { to };
    let values = Values { from, to, step: 1, repeats: is_range };
    match (peek(text, end), row.field) {
        (b'/', _) => stepped(text, start, end, row, values),
        (b'W' | b'w', Field::DayOfMonth) if !is_range => Ok((Item::Nearest(from), end + 1)),
        (b'L' | b'l', Field::DayOfWeek) => Ok((Item::Week(values, LAST_WEEK), end + 1)),
        (b'#', Field::DayOfWeek) => {
            let (week, end) = attempt!(week(text, end + 1));
            Ok((Item::Week(values, week), end))
        }
        _ => Ok((Item::Values(values), end)),
    }
}

/// `"/" step` at `at`, after values that begin at `start`
const fn stepped(text: &str, start: usize, at: usize, row: &Row, values: Values) -> Parsed<Item> {
    let (step, end) = attempt!(step(text, at, row));
    let to = if values.repeats { values.to } else { row.count - 1 };
    if values.from > to {
        // To croniter Sunday as 7 is as good as 0 here, to Cronos it is the last day of the week.
        let expected = "a step from 0-6 or a name, such as `sun/2`";
        return Err(ParseError::new(Some(row.field), "ambiguous", text, start, end, expected));
    }
    Ok((Item::Values(Values { to, step, repeats: true, ..values }), end))
}

/// `"/" number`
const fn step(text: &str, slash: usize, row: &Row) -> Parsed<u32> {
    let (step, end) = attempt!(number(text, slash + 1, row, "a step after `/`"));
    if step == 0 {
        return Err(ParseError::new(Some(row.field), "step", text, slash + 1, end, "1 or more"));
    }
    Ok((step, end))
}

/// `number | "L"` after a `#`
const fn week(text: &str, at: usize) -> Parsed<u32> {
    const EXPECTED: &str = "1-5 or L after `#`";
    if is_letter(peek(text, at), b'l') {
        return Ok((LAST_WEEK, at + 1));
    }
    let (week, end) = attempt!(number(text, at, &DAY_OF_WEEK, EXPECTED));
    if week < 1 || week > 5 {
        return Err(ParseError::new(Some(Field::DayOfWeek), "no such value", text, at, end, EXPECTED));
    }
    Ok((week - 1, end))
}

/// `number | name`, counted from the first value of the field
const fn value(text: &str, at: usize, row: &Row) -> Parsed<u32> {
    if peek(text, at).is_ascii_alphabetic() {
        return name(text, at, row);
    }
    let (number, end) = attempt!(number(text, at, row, row.values));
    if number < row.first || number > row.last {
        return Err(ParseError::new(Some(row.field), "no such value", text, at, end, row.values));
    }
    Ok((number - row.first, end))
}

/// Three letters, in any case. In the days of week an `L` may follow.
const fn name(text: &str, start: usize, row: &Row) -> Parsed<u32> {
    let end = start + 3;
    let mut value = 0;
    while value < row.names.len() {
        let name = row.names[value];
        if starts_with(text, start, name) {
            let has_mark = is_day_of_week(row) && is_letter(peek(text, end), b'l');
            if end_of_word(text, end) != end + has_mark as usize {
                // `monday`, `june`
                let end = end_of_word(text, end);
                return Err(ParseError::new(Some(row.field), "unknown name", text, start, end, name));
            }
            return Ok((value as u32, end));
        }
        value += 1;
    }
    let end = end_of_word(text, start);
    if row.names.is_empty() || end - start == 1 {
        // A single letter is rather another cron's mark.
        return Err(unexpected(text, start, row, row.values));
    }
    Err(ParseError::new(Some(row.field), "unknown name", text, start, end, row.values))
}

/// Digits, as many as croniter takes. A number that is too large for every field stays so without overflow.
const fn number(text: &str, start: usize, row: &Row, expected: &'static str) -> Parsed<u32> {
    const DIGITS: usize = 20;
    const TOO_LARGE: u32 = 1_000_000;
    let mut number = 0;
    let mut at = start;
    while peek(text, at).is_ascii_digit() {
        number = number * 10 + (peek(text, at) - b'0') as u32;
        number = if number > TOO_LARGE { TOO_LARGE } else { number };
        at += 1;
    }
    if at == start {
        return Err(unexpected(text, start, row, expected));
    }
    if at - start > DIGITS {
        return Err(ParseError::new(Some(row.field), "endless number", text, start, at, expected));
    }
    Ok((number, at))
}

/// An error about the word or the character at `at`, where `expected` should be.
const fn unexpected(text: &str, at: usize, row: &Row, expected: &'static str) -> ParseError {
    let end = end_of_word(text, at);
    let (problem, end) = match peek(text, at) {
        byte if is_blank(byte) => ("found", at),
        // What other crons draw or hash a value from.
        b'H' | b'h' if end - at == 1 => ("unsupported hashed value", end),
        b'R' | b'r' if end - at == 1 => ("unsupported random value", end),
        b'~' => ("unsupported random range", at + 1),
        _ if end > at => ("found", end),
        byte => ("found", at + if byte.is_ascii() { 1 } else { length_of_char(text, at) }),
    };
    ParseError::new(Some(row.field), problem, text, at, end, expected)
}

/// The byte at `at`. Past the end there is a blank, which ends a field just as well.
const fn peek(text: &str, at: usize) -> u8 {
    if at < text.len() {
        text.as_bytes()[at]
    } else {
        b' '
    }
}

/// ASCII white space, the vertical tab included, as croniter splits.
const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

const fn skip_blanks(text: &str, start: usize) -> usize {
    let mut at = start;
    while at < text.len() && is_blank(text.as_bytes()[at]) {
        at += 1;
    }
    at
}

const fn end_of_field(text: &str, start: usize) -> usize {
    let mut at = start;
    while !is_blank(peek(text, at)) {
        at += 1;
    }
    at
}

const fn end_of_word(text: &str, start: usize) -> usize {
    let mut at = start;
    while peek(text, at).is_ascii_alphabetic() {
        at += 1;
    }
    at
}

const fn length_of_char(text: &str, start: usize) -> usize {
    let mut at = start + 1;
    while peek(text, at) & 0b1100_0000 == 0b1000_0000 {
        at += 1;
    }
    at - start
}

const fn is_letter(byte: u8, lower_case: u8) -> bool {
    byte.to_ascii_lowercase() == lower_case
}

/// Whether `text[start..end]` is that word, in any case.
const fn is_word(text: &str, start: usize, end: usize, word: &str) -> bool {
    end - start == word.len() && starts_with(text, start, word)
}

/// Whether `word` stands at `at`, in any case.
const fn starts_with(text: &str, at: usize, word: &str) -> bool {
    let word = word.as_bytes();
    let mut i = 0;
    while i < word.len() {
        if !peek(text, at + i).eq_ignore_ascii_case(&word[i]) {
            return false;
        }
        i += 1;
    }
    true
}

const fn is_day_of_month(row: &Row) -> bool {
    matches!(row.field, Field::DayOfMonth)
}

const fn is_day_of_week(row: &Row) -> bool {
    matches!(row.field, Field::DayOfWeek)
}
