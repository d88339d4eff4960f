//! Reads a value of a field, a number or a name, and makes the errors about its text.

use super::{Input, Parsed};
use crate::cron::error::{ErrorKind, ParseError};
use crate::cron::field::{Field, Marks, Row, DAY_OF_MONTH_PLAIN};
use crate::cron::scan::{
    end_of_char, end_of_word, is_blank, is_letter, is_word, meant_by, peek, starts_with,
};

/// `number | name`, counted from the first value of the field
pub(super) const fn value(input: &Input<'_>, at: usize, row: &Row) -> Parsed<u32> {
    if peek(input.text, at).is_ascii_alphabetic() {
        return name(input, at, row);
    }
    let (number, end) = attempt!(number(input, at, row, row.values));
    if number < row.first || number > row.last {
        return Err(mistake(input, row, ErrorKind::NoSuchValue, at, end, row.values));
    }
    Ok((number - row.first, end))
}

/// Three letters or a full name, in any case. In the days of week an `L` may follow.
pub(super) const fn name(input: &Input<'_>, start: usize, row: &Row) -> Parsed<u32> {
    let text = input.text;
    let end = end_of_word(text, start);
    let is_marked =
        is_day_of_week(row) && marks(input).0 && end > start && is_letter(peek(text, end - 1), b'l');
    let end_of_name = end - is_marked as usize;
    let mut value = 0;
    while value < row.names.len() {
        let (is_name, mut i) = (starts_with(text, start, row.names[value]), 0);
        while is_name && i < row.endings[value].len() {
            if is_word(text, start + 3, end_of_name, row.endings[value][i]) {
                return Ok((value as u32, end_of_name));
            }
            i += 1;
        }
        value += 1;
    }
    if row.names.is_empty() || end - start == 1 {
        // A single letter is rather another cron's mark.
        return Err(unexpected(input, start, row, row.values));
    }
    let error = mistake(input, row, ErrorKind::UnknownName, start, end, row.values);
    Err(error.suggest(meant_by(text, start, end, row.names)))
}

/// Digits, as many as croniter takes. A number that is too large for every field stays so without overflow.
pub(super) const fn number(
    input: &Input<'_>,
    start: usize,
    row: &Row,
    expected: &'static str,
) -> Parsed<u32> {
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
        return Err(mistake(input, row, ErrorKind::EndlessNumber, start, at, expected));
    }
    Ok((number, at))
}

/// An error about the text from `start` to `end`.
pub(super) const fn mistake(
    input: &Input<'_>,
    row: &Row,
    kind: ErrorKind,
    start: usize,
    end: usize,
    expected: &'static str,
) -> ParseError {
    ParseError::new(Some(row.field), kind, input.text, start, end, expected)
}

/// An error about the word or the character at `at`, where `expected` should be.
pub(super) const fn unexpected(
    input: &Input<'_>,
    at: usize,
    row: &Row,
    expected: &'static str,
) -> ParseError {
    let text = input.text;
    let end = end_of_word(text, at);
    let (kind, end) = match peek(text, at) {
        byte if is_blank(byte) => (ErrorKind::Unexpected, at),
        // What other crons draw or hash a value from.
        b'H' | b'h' if end - at == 1 => (ErrorKind::HashedValue, end),
        b'R' | b'r' if end - at == 1 => (ErrorKind::RandomValue, end),
        b'~' => (ErrorKind::RandomRange, at + 1),
        _ if end > at => (ErrorKind::Unexpected, end),
        _ => (ErrorKind::Unexpected, end_of_char(text, at)),
    };
    ParseError::new(Some(row.field), kind, text, at, end, expected)
}

/// The row for where no `L` may stand, and none is offered.
pub(super) const fn without_last(row: &Row) -> &Row {
    if is_day_of_month(row) {
        &DAY_OF_MONTH_PLAIN
    } else {
        row
    }
}

/// The word `last`, as fugit writes an `L`.
pub(super) const fn last_in_letters(
    input: &Input<'_>,
    at: usize,
    row: &Row,
    expected: &'static str,
) -> ParseError {
    let end = end_of_word(input.text, at);
    mistake(input, row, ErrorKind::UnknownName, at, end, expected).suggest(Some("L"))
}

pub(super) const fn is_day_of_month(row: &Row) -> bool {
    matches!(row.field, Field::DayOfMonth)
}

pub(super) const fn is_day_of_week(row: &Row) -> bool {
    matches!(row.field, Field::DayOfWeek)
}

/// Whether the day fields have marks, and whether also those that only some crons read.
pub(super) const fn marks(input: &Input<'_>) -> (bool, bool) {
    match input.table.marks {
        Marks::No | Marks::QuestionMark => (false, false),
        Marks::Alone | Marks::AloneInWeekdays => (true, false),
        Marks::AsCroniter | Marks::All => (true, true),
    }
}
