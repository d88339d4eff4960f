//! Reads a field: a list of items.
//!
//! ```text
//! field      = item {"," item} | drawn
//! item       = "*" ["/" step] | "?" | values ["/" step] | mark | random
//! values     = value ["-" value]
//! value      = number | name
//! mark       = "L" ["-" number] ["W"] | number "W" | "W" number | number "-" "L"     in day of month
//!            | values "#" (number | "L") | values "L" | "L" value                   in day of week
//!            | values "%" number ["+" number]                                       in day of week
//! drawn      = ("H" | "R") ["(" value "-" value ")"] ["/" step]
//! random     = [value] "~" [value]
//! ```

use super::set::{Item, Set, Values};
use super::value::{
    is_day_of_month, is_day_of_week, last_in_letters, marks, mistake, number, unexpected, value, without_last,
};
use super::{Input, Parsed};
use crate::cron::draw::{self, Source};
use crate::cron::error::{ErrorKind, ParseError};
use crate::cron::field::{Backward, Field, Marks, Row};
use crate::cron::scan::{end_of_field, end_of_word, is_blank, is_letter, is_word, peek, skip_blanks};
use crate::cron::weeks::MOST_WEEKS;
use crate::cron::{Years, LAST_WEEK};

/// `field = item {"," item} | drawn`, and the blanks after it.
pub(super) const fn list(input: &Input<'_>, start: usize, row: &Row) -> Parsed<Set> {
    let mut set = Set { begins_with_star: matches!(peek(input.text, start), b'*' | b'?'), ..Set::EMPTY };
    let mut at = start;
    loop {
        set.has_star |= peek(input.text, at) == b'*';
        let (item, end) = attempt!(item(input, at, row));
        if must_stand_alone(input, at, item, row)
            && (is_in_list(input.text, at) || peek(input.text, end) == b',')
        {
            let expected = "such a mark alone, without a list";
            return Err(mistake(input, row, ErrorKind::Unexpected, at, end, expected));
        }
        if !set.goes_with(item, row) {
            let expected = "three kinds of weeks at most, and none of the month";
            return Err(mistake(input, row, ErrorKind::Unexpected, at, end, expected));
        }
        set = set.with(item, row);
        if !attempt!(has_more(input, end, row)) {
            return Ok((set, skip_blanks(input.text, end)));
        }
        at = end + 1;
    }
}

/// Whether the dialect takes an item at `at` in no list.
const fn must_stand_alone(input: &Input<'_>, at: usize, item: Item, row: &Row) -> bool {
    // In Quartz `L` alone is a weekday.
    let is_mark = !matches!(item, Item::Every | Item::Values(_)) || is_letter(peek(input.text, at), b'l');
    match input.table.marks {
        Marks::Alone => is_mark,
        Marks::AloneInWeekdays => is_mark && is_day_of_week(row),
        _ => false,
    }
}

/// Neither of the day fields is `?`, or both are. The weekdays are at `at`.
pub(super) const fn question_marks(input: &Input<'_>, at: usize, row: &Row, are_both: bool) -> ParseError {
    let (expected, meant) = match are_both {
        true => ("it in only one of the day fields", "*"),
        false => ("`?` in one of the day fields", "?"),
    };
    let end = end_of_field(input.text, at);
    mistake(input, row, ErrorKind::Unexpected, at, end, expected).suggest(Some(meant))
}

/// The list of the only field with more values than a word has bits.
pub(super) const fn years(input: &Input<'_>, start: usize, row: &Row) -> Parsed<Years> {
    let mut years = Years::NONE;
    let mut is_every = false;
    let mut at = start;
    loop {
        let (item, end) = attempt!(item(input, at, row));
        match item {
            Item::Values(values) => {
                let mut value = values.from;
                while value <= values.to {
                    years = years.with(value % row.count);
                    value = values.after(value, row);
                }
            }
            _ => is_every = true,
        }
        if !attempt!(has_more(input, end, row)) {
            // To croniter a list of all its years is no restriction.
            let is_any = is_every || input.table.has_accidents && years.has_first(row.count);
            return Ok((if is_any { Years::ANY } else { years }, end));
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

pub(crate) const fn item(input: &Input<'_>, at: usize, row: &Row) -> Parsed<Item> {
    let text = input.text;
    let (has_marks, has_all_marks) = marks(input);
    match (peek(text, at), row.field) {
        (b'*', _) => every(input, at + 1, row),
        (b'~', _) if input.table.has_random_ranges => random(input, at, at, row),
        (b'H' | b'h' | b'R' | b'r', _) if input.table.has_hashes && end_of_word(text, at) == at + 1 => {
            drawn(input, at, row)
        }
        (b'/', _) if input.table.has_bare_steps => every(input, at, row),
        (b'?', Field::DayOfMonth | Field::DayOfWeek) if matches!(input.table.marks, Marks::QuestionMark) => {
            every(input, at + 1, row)
        }
        (b'?', Field::DayOfMonth | Field::DayOfWeek) if has_marks => alone(input, at, row),
        (b'L' | b'l', Field::DayOfMonth) if has_marks => last_day(input, at, row),
        (b'W' | b'w', Field::DayOfMonth) if has_all_marks => {
            let (day, end) = attempt!(value(input, at + 1, without_last(row)));
            Ok((Item::Nearest(day), end))
        }
        (b'L' | b'l', Field::DayOfWeek) if has_marks => last_weekday(input, at, row),
        _ => values(input, at, row),
    }
}

/// `["/" step]` at `at`, after a `*` or what is as good as one
const fn every(input: &Input<'_>, at: usize, row: &Row) -> Parsed<Item> {
    if peek(input.text, at) != b'/' {
        return Ok((Item::Every, at));
    }
    let (step, end) = attempt!(step(input, at, row, input.table.limits_steps));
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

/// `("H" | "R") ["(" number "-" number ")"] ["/" step]`, which to croniter is no member of a list.
const fn drawn(input: &Input<'_>, start: usize, row: &Row) -> Parsed<Item> {
    let text = input.text;
    let is_hashed = is_letter(peek(text, start), b'h');
    let source = match (is_hashed, input.id(), input.seed()) {
        (true, Some(id), _) => Source::HashOf(id),
        (true, None, _) => {
            let expected = "an id to hash: a task's `cron` takes its name, `Dialect::hash_id` any text";
            return Err(mistake(input, row, ErrorKind::NoHashId, start, start + 1, expected));
        }
        (false, _, Some(seed)) => Source::Seed(seed),
        (false, _, None) => {
            let expected = "a seed: `Dialect::seed`; a hash with an id, `Dialect::hash_id`, stays the same";
            return Err(mistake(input, row, ErrorKind::NoSeed, start, start + 1, expected));
        }
    };
    let has_bounds = peek(text, start + 1) == b'(';
    let ((from, to), at) = if has_bounds {
        attempt!(bounds(input, start + 2, row))
    } else {
        ((row.first, draw::last_number(row, input.table.has_accidents)), start + 1)
    };
    let (item, end) = if peek(text, at) == b'/' {
        let (step, end) = attempt!(step(input, at, row, false));
        // The first of them is drawn from as many values as a step is wide.
        let last = if step <= to - from { from + step - 1 } else { to };
        let (first, to) = (source.number(row.field, from, last) - row.first, to - row.first);
        let (first, to) = if first < to { unrolled(input, first, to, row) } else { (first, to) };
        (Values { from: first, to, step, repeats: true, slips: input.table.has_accidents }, end)
    } else {
        (Values::one(source.number(row.field, from, to) - row.first), at)
    };
    if input.table.has_accidents && (is_in_list(text, start) || peek(text, end) == b',') {
        let expected = "a hashed or random value alone, without a list";
        return Err(mistake(input, row, ErrorKind::Unexpected, start, end, expected));
    }
    Ok((Item::Values(item), end))
}

/// `number "-" number ")"`: two values of the field, the second greater.
const fn bounds(input: &Input<'_>, start: usize, row: &Row) -> Parsed<(u32, u32)> {
    let text = input.text;
    let row = without_last(row);
    let (from, end) = attempt!(value(input, start, row));
    if peek(text, end) != b'-' {
        return Err(unexpected(input, end, row, "`-` and the last value"));
    }
    let (to, end) = attempt!(value(input, end + 1, row));
    if peek(text, end) != b')' {
        return Err(unexpected(input, end, row, "`)`"));
    }
    let (from, to) = (from + row.first, to + row.first);
    if from >= to {
        let expected = "two values of the field, the smaller first";
        return Err(mistake(input, row, ErrorKind::Unexpected, start, end, expected));
    }
    Ok(((from, to), end + 1))
}

/// `[value] "~" [value]`, where the `~` is at `at`.
const fn random(input: &Input<'_>, start: usize, at: usize, row: &Row) -> Parsed<Item> {
    let text = input.text;
    let seed = match input.seed() {
        Some(seed) => seed,
        None => {
            let expected = "a seed to draw from: `Dialect::seed`";
            return Err(mistake(input, row, ErrorKind::NoSeed, at, at + 1, expected));
        }
    };
    let (from, _) = if start < at { attempt!(value(input, start, row)) } else { (0, at) };
    let is_open = matches!(peek(text, at + 1), b',') || is_blank(peek(text, at + 1));
    let (to, end) =
        if is_open { (row.last - row.first, at + 1) } else { attempt!(value(input, at + 1, row)) };
    if from > to {
        return Err(mistake(input, row, ErrorKind::BackwardRange, start, end, "the smaller value first"));
    }
    // Each place in the text has a number of its own.
    let drawn = Source::Seed(seed.wrapping_add(start as u64)).number(row.field, from, to);
    Ok((Item::Values(Values::one(drawn % row.count)), end))
}

/// `"L" ["-" number] ["W"]` in the days of month
const fn last_day(input: &Input<'_>, start: usize, row: &Row) -> Parsed<Item> {
    let text = input.text;
    if is_word(text, start, end_of_word(text, start), "last") {
        return Err(last_in_letters(input, start, row, row.values));
    }
    let (before, end) = if peek(text, start + 1) == b'-' {
        let at = start + 2;
        let (before, end) = attempt!(number(input, at, row, "0-30"));
        if before > 30 {
            return Err(mistake(input, row, ErrorKind::NoSuchValue, at, end, "0-30"));
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
    if input.table.has_quartz_weekdays {
        return Ok((Item::Values(Values::one(row.count - 1)), start + 1));
    }
    let end_of_word = end_of_word(text, start);
    let is_last = is_word(text, start, end_of_word, "last");
    if is_last || !peek(text, start + 1).is_ascii_alphanumeric() {
        // Saturday in Quartz, never in one crate, refused by others.
        let expected = "a weekday with it, such as `friL` for the last Friday";
        return Err(mistake(input, row, ErrorKind::Ambiguous, start, end_of_word, expected));
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
        attempt!(value(input, end + 1, if has_all_marks { row } else { without_last(row) }))
    };
    if to < from && matches!(row.field, Field::Year) && !table.has_accidents {
        let expected = "the earlier year first";
        return Err(mistake(input, row, ErrorKind::BackwardRange, start, end, expected));
    }
    let wraps = match table.backward {
        Backward::Wraps => true,
        Backward::EndsWithSunday => is_day_of_week(row) && to == 0 && peek(text, end) != b'/',
        Backward::Mistake => false,
    };
    if to < from && !wraps {
        let expected = match table.backward {
            Backward::EndsWithSunday => "the smaller value first: cronie would never run it",
            _ => "the smaller value first",
        };
        return Err(mistake(input, row, ErrorKind::BackwardRange, start, end, expected));
    }
    let (from, to) = match is_range {
        true => unrolled(input, from, to, row),
        false if table.has_accidents => (from % row.count, to % row.count),
        false => (from, to),
    };
    let values = Values { from, to, step: 1, repeats: is_range, slips: table.has_accidents };
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
        (b'%', Field::DayOfWeek) if matches!(table.marks, Marks::All) => {
            every_nth_week(input, end, row, values)
        }
        _ => Ok((Item::Values(values), end)),
    }
}

/// The ends of a range, the second one beyond the field where it wraps. To croniter Sunday is 0 before anything else,
/// and a range of one value is the whole field.
const fn unrolled(input: &Input<'_>, from: u32, to: u32, row: &Row) -> (u32, u32) {
    let has_accidents = input.table.has_accidents;
    let (from, to) = if has_accidents { (from % row.count, to % row.count) } else { (from, to) };
    match to {
        _ if to < from => (from, to + row.count),
        _ if to == from && has_accidents => (0, row.count - 1),
        _ => (from, to),
    }
}

/// `"/" step` at `at`, after values that begin at `start`
const fn stepped(input: &Input<'_>, start: usize, at: usize, row: &Row, values: Values) -> Parsed<Item> {
    let text = input.text;
    let table = input.table;
    let is_limited = if values.repeats { table.limits_steps_of_ranges } else { table.limits_steps };
    let (step, end) = attempt!(step(input, at, row, is_limited));
    if !values.repeats && !table.is_open_ended {
        let expected = "a range or a `*` before a step, such as `*/5`";
        return Err(mistake(input, row, ErrorKind::Unexpected, start, end, expected));
    }
    if table.has_quartz_weekdays && peek(text, start).is_ascii_alphabetic() && !values.repeats {
        let expected = "a number before the step: Quartz reads a name and forgets the step";
        return Err(mistake(input, row, ErrorKind::Ambiguous, start, end, expected));
    }
    let to = if values.repeats { values.to } else { row.count - 1 };
    if values.from > to {
        // To croniter Sunday as 7 is as good as 0 here, to Cronos it is the last day of the week.
        let expected = "a step from 0-6 or a name, such as `sun/2`";
        return Err(mistake(input, row, ErrorKind::Ambiguous, start, end, expected));
    }
    Ok((Item::Values(Values { to, step, repeats: true, ..values }), end))
}

/// `"/" number`
const fn step(input: &Input<'_>, slash: usize, row: &Row, is_limited: bool) -> Parsed<u32> {
    let (step, end) = attempt!(number(input, slash + 1, row, "a step after `/`"));
    if step == 0 {
        return Err(mistake(input, row, ErrorKind::ZeroStep, slash + 1, end, "1 or more"));
    }
    if is_limited && step > row.last {
        let expected = "a step that is no greater than the field's last value";
        return Err(mistake(input, row, ErrorKind::NoSuchValue, slash + 1, end, expected));
    }
    Ok((step, end))
}

/// `"%" number ["+" number]` at `at`, after weekdays: of every so many weeks one, and which.
const fn every_nth_week(input: &Input<'_>, at: usize, row: &Row, values: Values) -> Parsed<Item> {
    let expected = "1-63 weeks after `%`";
    let (count, end) = attempt!(number(input, at + 1, row, expected));
    if count < 1 || count > MOST_WEEKS {
        return Err(mistake(input, row, ErrorKind::NoSuchValue, at + 1, end, expected));
    }
    let (which, end) = if peek(input.text, end) == b'+' {
        attempt!(number(input, end + 1, row, "a number of weeks after `+`"))
    } else {
        (0, end)
    };
    let item = if count == 1 { Item::Values(values) } else { Item::NthWeek(values, count, which % count) };
    Ok((item, end))
}

/// `number | "L"` after a `#`
const fn week(input: &Input<'_>, at: usize, row: &Row) -> Parsed<u32> {
    let (_, has_all_marks) = marks(input);
    let expected = if has_all_marks { "1-5 or L after `#`" } else { "1-5 after `#`" };
    if has_all_marks && is_word(input.text, at, end_of_word(input.text, at), "last") {
        return Err(last_in_letters(input, at, row, expected));
    }
    if has_all_marks && is_letter(peek(input.text, at), b'l') {
        return Ok((LAST_WEEK, at + 1));
    }
    let (week, end) = attempt!(number(input, at, row, expected));
    if week < 1 || week > 5 {
        return Err(mistake(input, row, ErrorKind::NoSuchValue, at, end, expected));
    }
    Ok((week - 1, end))
}
