//! Reads an expression, in any dialect. One parser for run time and compile time, hence `const fn` throughout, as Rust
//! 1.63 knows them: a function takes the text and where to read, and returns what it read and where that ends.
//!
//! ```text
//! expression = {switch} (nickname | [second] minute hour day-of-month month day-of-week [second] [year])
//! switch     = "dialect=" name | "days=" ("or" | "and") | "seconds=" ("first" | "last")
//! field      = item {"," item} | drawn
//! item       = "*" ["/" step] | "?" | values ["/" step] | mark | random
//! values     = value ["-" value]
//! value      = number | name
//! mark       = "L" ["-" number] ["W"] | number "W" | "W" number | number "-" "L"     in day of month
//!            | values "#" (number | "L") | values "L" | "L" value                   in day of week
//! drawn      = ("H" | "R") ["(" number "-" number ")"] ["/" step]
//! random     = [value] "~" [value]
//! ```

use super::dialect::{Days, Dialect, Reader, Seconds};
use super::draw::{self, Source};
use super::error::ParseError;
use super::field::{Field, Marks, Row, Table};
use super::scan::{
    count_fields, end_of_char, end_of_field, end_of_word, is_blank, is_letter, is_word, meant_by, peek,
    skip_blanks, starts_with,
};
use super::{Cron, Years, ALL_WEEKDAYS, EVERY_WEEK, LAST_WEEK};

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

/// What is being read, and how.
#[derive(Clone, Copy)]
struct Input<'a> {
    text: &'a str,
    table: &'static Table,
    reader: Reader<'a>,
}

pub(super) const fn expression(text: &str, reader: Reader<'_>) -> Result<Cron, ParseError> {
    let (dialect, at) = attempt!(switches(text, reader.dialect));
    let reader = Reader { dialect, ..reader };
    let input = &Input { text, table: dialect.table(), reader };
    if peek(text, at) == b'@' {
        return nickname(input, at);
    }
    let count = count_fields(text, at);
    let (fewest, most) = dialect.field_counts();
    if count < fewest || count > most {
        return Err(ParseError::field_count(text, at, count, dialect.shape()));
    }
    fields(input, at, count)
}

/// `{switch}`: what the text itself says of how it is read.
const fn switches(text: &str, dialect: Dialect) -> Parsed<Dialect> {
    let start = skip_blanks(text, 0);
    let (mut dialect, mut at) = (dialect, start);
    loop {
        let end = end_of_field(text, at);
        dialect = if is_word(text, at, end, "days=or") {
            dialect.days_or()
        } else if is_word(text, at, end, "days=and") {
            dialect.days_and()
        } else if is_word(text, at, end, "seconds=first") {
            dialect.seconds_first()
        } else if is_word(text, at, end, "seconds=last") {
            dialect.seconds_last()
        } else if starts_with(text, at, "dialect=") {
            if at > start {
                return Err(ParseError::new(None, "found", text, at, end, "a dialect before other switches"));
            }
            attempt!(named(text, at + "dialect=".len(), end))
        } else if starts_with(text, at, "days=") {
            let expected = "`days=or` or `days=and`";
            return Err(ParseError::new(None, "found", text, at, end, expected));
        } else if starts_with(text, at, "seconds=") {
            let expected = "`seconds=first` or `seconds=last`";
            return Err(ParseError::new(None, "found", text, at, end, expected));
        } else if starts_with(text, at, "TZ=") || starts_with(text, at, "CRON_TZ=") {
            // robfig/cron takes it.
            let expected = "fields only: a zone is given to the schedule";
            return Err(ParseError::new(None, "found", text, at, end, expected));
        } else {
            return Ok((dialect, at));
        };
        at = skip_blanks(text, end);
    }
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
    let expected = "default, croniter, quartz or cronie";
    Err(ParseError::new(None, "unknown dialect", text, start, end, expected))
}

/// The nicknames of cronie and croniter, in any case; and, the seconds last, what they are with a hash id to croniter.
const NICKNAMES: [(&str, &str, &str); 7] = [
    ("@yearly", "0 0 1 1 *", "H H H H * H"),
    ("@annually", "0 0 1 1 *", "H H H H * H"),
    ("@monthly", "0 0 1 * *", "H H H * * H"),
    ("@weekly", "0 0 * * 0", "H H * * H H"),
    ("@daily", "0 0 * * *", "H H * * * H"),
    ("@midnight", "0 0 * * *", "H H(0-2) * * * H"),
    ("@hourly", "0 * * * *", "H * * * * H"),
];

const fn nickname(input: &Input<'_>, start: usize) -> Result<Cron, ParseError> {
    const KNOWN: [&str; 7] =
        ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];
    let text = input.text;
    let end = end_of_field(text, start);
    let rest = skip_blanks(text, end);
    let mut i = 0;
    while i < NICKNAMES.len() {
        let (name, meaning, hashed) = NICKNAMES[i];
        if is_word(text, start, end, name) {
            if rest < text.len() {
                let expected = "nothing after a nickname";
                return Err(ParseError::new(None, "found", text, rest, end_of_field(text, rest), expected));
            }
            let is_hashed = input.table.has_accidents && input.reader.hashes_nicknames;
            let (meaning, dialect) =
                if is_hashed { (hashed, Dialect::CRONITER) } else { (meaning, Dialect::DEFAULT) };
            return expression(meaning, Reader { dialect, ..input.reader });
        }
        i += 1;
    }
    // Others of cron's nicknames name no times of the calendar.
    if is_word(text, start, end, "@reboot") {
        let expected = "times: what runs at the start is a task with `after(Duration::ZERO)`";
        return Err(ParseError::new(None, "found", text, start, end, expected));
    }
    if is_word(text, start, end, "@every") {
        let expected = "times: a period is a task's `every`";
        return Err(ParseError::new(None, "found", text, start, end, expected));
    }
    let expected = "@yearly, @annually, @monthly, @weekly, @daily, @midnight or @hourly";
    let error = ParseError::new(None, "unknown nickname", text, start, end, expected);
    Err(error.suggest(meant_by(text, start, end, &KNOWN)))
}

/// The fields, `count` of them.
const fn fields(input: &Input<'_>, at: usize, count: usize) -> Result<Cron, ParseError> {
    let [second, minute, hour, day_of_month, month, day_of_week, year] = &input.table.rows;
    let has_second = count > 5;
    let is_first = has_second && matches!(input.reader.dialect.seconds(), Seconds::First);
    let (before, at) = if is_first { attempt!(list(input, at, second)) } else { (Set::ZERO, at) };
    let (minute, at) = attempt!(list(input, at, minute));
    let (hour, at) = attempt!(list(input, at, hour));
    let (day_of_month, at) = attempt!(list(input, at, day_of_month));
    let (month, at) = attempt!(list(input, at, month));
    let (day_of_week, at) = attempt!(list(input, at, day_of_week));
    let (second, at) = if has_second && !is_first { attempt!(list(input, at, second)) } else { (before, at) };
    let (year, _) = if count > 6 { attempt!(years(input, at, year)) } else { (Years::ANY, at) };
    let fields = [second, minute, hour, day_of_month, month, day_of_week];
    let days = input.reader.dialect.days();
    Ok(if input.table.has_accidents { as_croniter(fields, year, days) } else { combine(fields, year, days) })
}

/// The fields, second to day of week, with the day rule that counts for them.
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

/// The same with croniter's accidents: a `W` of a day that a month lacks is on its last, and where either day field
/// would do, a `W`, `#` or `L` leaves the other field out, unless no date is in both; then it never fires.
const fn as_croniter(fields: [Set; 6], year: Years, days: Days) -> Cron {
    let [second, minute, hour, day_of_month, month, day_of_week] = fields;
    let day_of_month = day_of_month.with_last_for_31();
    let is_either = match days {
        Days::Or => true,
        Days::And => false,
        Days::StarBit => !day_of_month.begins_with_star && !day_of_week.begins_with_star,
    };
    let both_restricted = !day_of_month.is_every && !day_of_week.is_every;
    let day_of_week = day_of_week.without_all_beside_weeks();
    let (has_nearest, has_weeks) = (day_of_month.nearest != 0, day_of_week.weeks != 0);
    let days = if is_either && both_restricted && (has_nearest || has_weeks) { Days::And } else { days };
    let cron = combine([second, minute, hour, day_of_month, month, day_of_week], year, days);
    if !is_either || !both_restricted || has_nearest == has_weeks || cron.never_fires() {
        return cron;
    }
    let every = Set { is_every: true, ..Set::EMPTY };
    if has_nearest {
        combine([second, minute, hour, day_of_month, month, every], year, days)
    } else {
        combine([second, minute, hour, every, month, day_of_week], year, days)
    }
}

/// What the items of a field add up to. Values count from the field's first one.
#[derive(Clone, Copy)]
pub(super) struct Set {
    /// A bit for each value; in the days of month and of week also the marks, see [`Cron`].
    pub(super) values: u64,
    /// The days of month with a `W`.
    pub(super) nearest: u64,
    /// A day of `nearest` that a month lacks is its last.
    pub(super) nearest_clamps: bool,
    /// The field is `*` or `?`, or an item of its list is.
    pub(super) is_every: bool,
    /// Its text has a `*`, a range or a step.
    pub(super) repeats: bool,
    /// Its text begins with a `*`, or is `?`.
    pub(super) begins_with_star: bool,
    /// The weekdays of a certain week of the month, in the same form as the others.
    pub(super) weeks: u64,
}

impl Set {
    const EMPTY: Set = Set {
        values: 0,
        nearest: 0,
        nearest_clamps: false,
        is_every: false,
        repeats: false,
        begins_with_star: false,
        weeks: 0,
    };

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
            Item::Week(values, week) => set.weeks |= values.bits(row) << (7 * week),
        }
        set
    }

    /// To croniter the `W` of a day that a month lacks is on its last, so that of the 31st always is.
    const fn with_last_for_31(self) -> Set {
        const LAST: u64 = 1 << 63;
        const THE_31ST: u64 = 1 << 30;
        let nearest =
            if self.nearest & THE_31ST != 0 { self.nearest & !THE_31ST | LAST } else { self.nearest };
        Set { nearest, nearest_clamps: nearest as u32 >> 28 != 0, ..self }
    }

    /// To croniter all seven weekdays say nothing beside one of a certain week.
    const fn without_all_beside_weeks(self) -> Set {
        let has_all = self.is_every || self.values == ALL_WEEKDAYS * EVERY_WEEK;
        if has_all && self.weeks != 0 {
            Set { values: 0, is_every: false, ..self }
        } else {
            self
        }
    }

    /// To Vixie cron a field is restricted unless it begins with a `*`, though it may have one later on.
    const fn by_star_bit(self, count: u32) -> Set {
        if self.is_every && !self.begins_with_star {
            Set { is_every: false, values: u64::MAX >> (64 - count), ..self }
        } else {
            self
        }
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
    /// A step that reaches over the turn of a range that wraps comes out one later, as in croniter.
    slips: bool,
}

impl Values {
    const fn one(value: u32) -> Values {
        Values { from: value, to: value, step: 1, repeats: false, slips: false }
    }

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
            let slips = self.slips && value < row.count && value + self.step > row.count;
            value += self.step + slips as u32;
        }
        bits
    }
}

/// `field = item {"," item} | drawn`, and the blanks after it.
const fn list(input: &Input<'_>, start: usize, row: &Row) -> Parsed<Set> {
    let mut set = Set { begins_with_star: matches!(peek(input.text, start), b'*' | b'?'), ..Set::EMPTY };
    let mut at = start;
    loop {
        let (item, end) = attempt!(item(input, at, row));
        set = set.with(item, row);
        let is_mark = !matches!(item, Item::Every | Item::Values(_));
        let is_listed = is_in_list(input.text, at) || peek(input.text, end) == b',';
        if is_mark && is_listed && matches!(input.table.marks, Marks::Alone) {
            let expected = "`L`, `W` and `#` alone, without a list";
            return Err(ParseError::new(Some(row.field), "found", input.text, at, end, expected));
        }
        if !attempt!(has_more(input, end, row)) {
            return Ok((set, skip_blanks(input.text, end)));
        }
        at = end + 1;
    }
}

/// The list of the only field with more values than a word has bits.
const fn years(input: &Input<'_>, start: usize, row: &Row) -> Parsed<Years> {
    let mut years = Years::NONE;
    let mut is_every = false;
    let mut at = start;
    loop {
        let (item, end) = attempt!(item(input, at, row));
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
        if !attempt!(has_more(input, end, row)) {
            return Ok((if is_every { Years::ANY } else { years }, end));
        }
        at = end + 1;
    }
}

/// Whether a comma follows an item; a blank must, if not.
const fn has_more(input: &Input<'_>, at: usize, row: &Row) -> Result<bool, ParseError> {
    match peek(input.text, at) {
        b',' => Ok(true),
        byte if is_blank(byte) => Ok(false),
        _ => Err(unexpected(input, at, row, "`,` or a blank")),
    }
}

const fn item(input: &Input<'_>, at: usize, row: &Row) -> Parsed<Item> {
    let text = input.text;
    let (has_marks, has_all_marks) = marks(input);
    match (peek(text, at), row.field) {
        (b'*', _) => every(input, at, row),
        (b'~', _) if input.table.has_random_ranges => random(input, at, at, row),
        (b'H' | b'h' | b'R' | b'r', _) if input.table.has_hashes && end_of_word(text, at) == at + 1 => {
            drawn(input, at, row)
        }
        (b'?', Field::DayOfMonth | Field::DayOfWeek) if has_marks => alone(input, at, row),
        (b'L' | b'l', Field::DayOfMonth) if has_marks => last_day(input, at, row),
        (b'W' | b'w', Field::DayOfMonth) if has_all_marks => {
            let (day, end) = attempt!(value(input, at + 1, row));
            Ok((Item::Nearest(day), end))
        }
        (b'L' | b'l', Field::DayOfWeek) if has_marks => last_weekday(input, at, row),
        _ => values(input, at, row),
    }
}

/// Whether the day fields have marks, and whether also those that only some crons read.
const fn marks(input: &Input<'_>) -> (bool, bool) {
    match input.table.marks {
        Marks::No => (false, false),
        Marks::Alone => (true, false),
        Marks::AsCroniter | Marks::All => (true, true),
    }
}

/// `"*" ["/" step]`
const fn every(input: &Input<'_>, at: usize, row: &Row) -> Parsed<Item> {
    if peek(input.text, at + 1) != b'/' {
        return Ok((Item::Every, at + 1));
    }
    let (step, end) = attempt!(step(input, at + 1, row));
    Ok((Item::Values(Values { from: 0, to: row.count - 1, step, repeats: true, slips: false }), end))
}

/// `"?"`, which is no member of a list.
const fn alone(input: &Input<'_>, at: usize, row: &Row) -> Parsed<Item> {
    if is_in_list(input.text, at) {
        return Err(unexpected(input, at, row, row.values));
    }
    if !is_blank(peek(input.text, at + 1)) {
        return Err(unexpected(input, at + 1, row, "a blank after `?`"));
    }
    Ok((Item::Every, at + 1))
}

/// Whether an item at `at` comes after a comma.
const fn is_in_list(text: &str, at: usize) -> bool {
    at > 0 && peek(text, at - 1) == b','
}

/// `("H" | "R") ["(" number "-" number ")"] ["/" step]`, which is no member of a list.
const fn drawn(input: &Input<'_>, start: usize, row: &Row) -> Parsed<Item> {
    let text = input.text;
    let is_hashed = is_letter(peek(text, start), b'h');
    let source = match (is_hashed, input.reader.id, input.reader.seed) {
        (true, Some(id), _) => Source::HashOf(id),
        (true, None, _) => {
            let expected = "an id to hash: a task's `cron` takes its name, `Dialect::hash_id` any text";
            return Err(ParseError::new(Some(row.field), "found", text, start, start + 1, expected));
        }
        (false, _, Some(seed)) => Source::Seed(seed),
        (false, _, None) => {
            let expected = "`H`, which stays the same, or a seed: `Dialect::seed`";
            return Err(ParseError::new(Some(row.field), "found", text, start, start + 1, expected));
        }
    };
    let has_bounds = peek(text, start + 1) == b'(';
    let ((from, to), at) = if has_bounds {
        attempt!(bounds(input, start + 2, row))
    } else {
        ((row.first, draw::last_number(row)), start + 1)
    };
    let (item, end) = if peek(text, at) == b'/' {
        let (step, end) = attempt!(step(input, at, row));
        // The first of them is drawn from as many values as a step is wide.
        let last = if step <= to - from { from + step - 1 } else { to };
        let first = source.number(row.field, from, last);
        (Values { from: first - row.first, to: to - row.first, step, repeats: true, slips: false }, end)
    } else {
        (Values::one(source.number(row.field, from, to) - row.first), at)
    };
    if is_in_list(text, start) || peek(text, end) == b',' {
        let expected = if is_hashed { "`H` alone, without a list" } else { "`R` alone, without a list" };
        return Err(ParseError::new(Some(row.field), "found", text, start, end, expected));
    }
    Ok((Item::Values(item), end))
}

/// `number "-" number ")"`: two values of the field, the second greater.
const fn bounds(input: &Input<'_>, start: usize, row: &Row) -> Parsed<(u32, u32)> {
    let text = input.text;
    let (from, end) = attempt!(value(input, start, row));
    if peek(text, end) != b'-' {
        return Err(unexpected(input, end, row, "`-` and the last value"));
    }
    let (to, end) = attempt!(value(input, end + 1, row));
    if peek(text, end) != b')' {
        return Err(unexpected(input, end, row, "`)`"));
    }
    let (from, to) = (from + row.first, to + row.first);
    if from >= to || to > draw::last_number(row) {
        let expected = "two values of the field, the smaller first";
        return Err(ParseError::new(Some(row.field), "found", text, start, end, expected));
    }
    Ok(((from, to), end + 1))
}

/// `[value] "~" [value]`, where the `~` is at `at`.
const fn random(input: &Input<'_>, start: usize, at: usize, row: &Row) -> Parsed<Item> {
    let text = input.text;
    let seed = match input.reader.seed {
        Some(seed) => seed,
        None => {
            let expected = "a seed to draw from: `Dialect::seed`";
            return Err(ParseError::new(Some(row.field), "found", text, at, at + 1, expected));
        }
    };
    let (from, _) = if start < at { attempt!(value(input, start, row)) } else { (0, at) };
    let is_open = matches!(peek(text, at + 1), b',') || is_blank(peek(text, at + 1));
    let (to, end) =
        if is_open { (row.last - row.first, at + 1) } else { attempt!(value(input, at + 1, row)) };
    if from > to {
        return Err(ParseError::new(
            Some(row.field),
            "backward range",
            text,
            start,
            end,
            "the smaller value first",
        ));
    }
    // Each place in the text has a number of its own.
    let drawn = Source::Seed(seed.wrapping_add(start as u64)).number(row.field, from, to);
    Ok((Item::Values(Values::one(drawn % row.count)), end))
}

/// `"L" ["-" number] ["W"]` in the days of month
const fn last_day(input: &Input<'_>, start: usize, row: &Row) -> Parsed<Item> {
    let text = input.text;
    let (before, end) = if peek(text, start + 1) == b'-' {
        let at = start + 2;
        let (before, end) = attempt!(number(input, at, row, "0-30"));
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
const fn last_weekday(input: &Input<'_>, start: usize, row: &Row) -> Parsed<Item> {
    let text = input.text;
    if input.table.has_last_weekday {
        return Ok((Item::Values(Values::one(row.count - 1)), start + 1));
    }
    if !peek(text, start + 1).is_ascii_alphanumeric() {
        // Saturday in Quartz, never in one crate, refused by others.
        let expected = "a weekday with it, such as `friL` for the last Friday";
        return Err(ParseError::new(Some(row.field), "ambiguous", text, start, start + 1, expected));
    }
    let (day, end) = attempt!(value(input, start + 1, row));
    Ok((Item::Week(Values::one(day), LAST_WEEK), end))
}

/// `value ["-" value]`, and the step or the mark that may follow
const fn values(input: &Input<'_>, start: usize, row: &Row) -> Parsed<Item> {
    let (text, table) = (input.text, input.table);
    let (has_marks, has_all_marks) = marks(input);
    let (from, end) = attempt!(value(input, start, row));
    let is_range = peek(text, end) == b'-';
    let (to, end) = if !is_range {
        (from, end)
    } else if is_day_of_month(row) && has_all_marks && is_letter(peek(text, end + 1), b'l') {
        (row.count - 1, end + 2)
    } else {
        attempt!(value(input, end + 1, row))
    };
    if to < from && matches!(row.field, Field::Year) {
        let expected = "the earlier year first";
        return Err(ParseError::new(Some(row.field), "backward range", text, start, end, expected));
    }
    // cronie takes Sunday for 7 here, unless there is a step.
    let ends_with_sunday = is_day_of_week(row) && to == 0 && peek(text, end) != b'/';
    if to < from && !table.is_open_ended && !ends_with_sunday {
        let expected = "the smaller value first: cronie would never run it";
        return Err(ParseError::new(Some(row.field), "backward range", text, start, end, expected));
    }
    let has_accidents = table.has_accidents;
    let (from, to) = if has_accidents { (from % row.count, to % row.count) } else { (from, to) };
    let (from, to) = match to {
        _ if to < from => (from, to + row.count),
        // To croniter a range of one value is the whole field.
        _ if to == from && is_range && has_accidents => (0, row.count - 1),
        _ => (from, to),
    };
    let values = Values { from, to, step: 1, repeats: is_range, slips: has_accidents };
    match (peek(text, end), row.field) {
        (b'/', _) => stepped(input, start, end, row, values),
        (b'~', _) if table.has_random_ranges && !is_range => random(input, start, end, row),
        (b'W' | b'w', Field::DayOfMonth) if has_marks && !is_range => Ok((Item::Nearest(from), end + 1)),
        (b'L' | b'l', Field::DayOfWeek) if has_all_marks || has_marks && !is_range => {
            Ok((Item::Week(values, LAST_WEEK), end + 1))
        }
        (b'#', Field::DayOfWeek) if has_all_marks || has_marks && !is_range => {
            let (week, end) = attempt!(week(input, end + 1, row));
            Ok((Item::Week(values, week), end))
        }
        _ => Ok((Item::Values(values), end)),
    }
}

/// `"/" step` at `at`, after values that begin at `start`
const fn stepped(input: &Input<'_>, start: usize, at: usize, row: &Row, values: Values) -> Parsed<Item> {
    let text = input.text;
    if !values.repeats && !input.table.is_open_ended {
        let expected = "a range before a step, such as `0-59/15` or `*/15`";
        return Err(ParseError::new(Some(row.field), "found", text, at, at + 1, expected));
    }
    let (step, end) = attempt!(step(input, at, row));
    if input.table.has_last_weekday && peek(text, start).is_ascii_alphabetic() && !values.repeats {
        let expected = "a number before the step: Quartz reads a name and forgets the step";
        return Err(ParseError::new(Some(row.field), "ambiguous", text, start, end, expected));
    }
    let to = if values.repeats { values.to } else { row.count - 1 };
    if values.from > to {
        // To croniter Sunday as 7 is as good as 0 here, to Cronos it is the last day of the week.
        let expected = "a step from 0-6 or a name, such as `sun/2`";
        return Err(ParseError::new(Some(row.field), "ambiguous", text, start, end, expected));
    }
    Ok((Item::Values(Values { to, step, repeats: true, ..values }), end))
}

/// `"/" number`
const fn step(input: &Input<'_>, slash: usize, row: &Row) -> Parsed<u32> {
    let (step, end) = attempt!(number(input, slash + 1, row, "a step after `/`"));
    if step == 0 {
        return Err(ParseError::new(Some(row.field), "step", input.text, slash + 1, end, "1 or more"));
    }
    Ok((step, end))
}

/// `number | "L"` after a `#`
const fn week(input: &Input<'_>, at: usize, row: &Row) -> Parsed<u32> {
    let (_, has_all_marks) = marks(input);
    let expected = if has_all_marks { "1-5 or L after `#`" } else { "1-5 after `#`" };
    if has_all_marks && is_letter(peek(input.text, at), b'l') {
        return Ok((LAST_WEEK, at + 1));
    }
    let (week, end) = attempt!(number(input, at, row, expected));
    if week < 1 || week > 5 {
        return Err(ParseError::new(Some(row.field), "no such value", input.text, at, end, expected));
    }
    Ok((week - 1, end))
}

/// `number | name`, counted from the first value of the field
const fn value(input: &Input<'_>, at: usize, row: &Row) -> Parsed<u32> {
    if peek(input.text, at).is_ascii_alphabetic() {
        return name(input, at, row);
    }
    let (number, end) = attempt!(number(input, at, row, row.values));
    if number < row.first || number > row.last {
        return Err(ParseError::new(Some(row.field), "no such value", input.text, at, end, row.values));
    }
    Ok((number - row.first, end))
}

/// Three letters, in any case. In the days of week an `L` may follow.
const fn name(input: &Input<'_>, start: usize, row: &Row) -> Parsed<u32> {
    let text = input.text;
    let end = end_of_word(text, start);
    let mut value = 0;
    while value < row.names.len() {
        let name = row.names[value];
        if starts_with(text, start, name) {
            let marked = is_day_of_week(row) && marks(input).0 && is_letter(peek(text, start + 3), b'l');
            if end == start + 3 + marked as usize {
                return Ok((value as u32, start + 3));
            }
            break;
        }
        value += 1;
    }
    if row.names.is_empty() || end - start == 1 {
        // A single letter is rather another cron's mark.
        return Err(unexpected(input, start, row, row.values));
    }
    let error = ParseError::new(Some(row.field), "unknown name", text, start, end, row.values);
    Err(error.suggest(meant_by(text, start, end, row.names)))
}

/// Digits, as many as croniter takes. A number that is too large for every field stays so without overflow.
const fn number(input: &Input<'_>, start: usize, row: &Row, expected: &'static str) -> Parsed<u32> {
    const DIGITS: usize = 20;
    const TOO_LARGE: u32 = 1_000_000;
    let text = input.text;
    let mut number = 0;
    let mut at = start;
    while peek(text, at).is_ascii_digit() {
        number = number * 10 + (peek(text, at) - b'0') as u32;
        number = if number > TOO_LARGE { TOO_LARGE } else { number };
        at += 1;
    }
    if at == start {
        return Err(unexpected(input, start, row, expected));
    }
    if at - start > DIGITS {
        return Err(ParseError::new(Some(row.field), "endless number", text, start, at, expected));
    }
    Ok((number, at))
}

/// An error about the word or the character at `at`, where `expected` should be.
const fn unexpected(input: &Input<'_>, at: usize, row: &Row, expected: &'static str) -> ParseError {
    let text = input.text;
    let end = end_of_word(text, at);
    let (problem, end) = match peek(text, at) {
        byte if is_blank(byte) => ("found", at),
        // What other crons draw or hash a value from.
        b'H' | b'h' if end - at == 1 => ("unsupported hashed value", end),
        b'R' | b'r' if end - at == 1 => ("unsupported random value", end),
        b'~' => ("unsupported random range", at + 1),
        _ if end > at => ("found", end),
        _ => ("found", end_of_char(text, at)),
    };
    ParseError::new(Some(row.field), problem, text, at, end, expected)
}

const fn is_day_of_month(row: &Row) -> bool {
    matches!(row.field, Field::DayOfMonth)
}

const fn is_day_of_week(row: &Row) -> bool {
    matches!(row.field, Field::DayOfWeek)
}
