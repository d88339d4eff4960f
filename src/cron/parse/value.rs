//! Reads a value of a field, a number or a name, and makes the errors about its text.

use super::{Input, Parsed};
use crate::cron::error::{ErrorKind, ParseError};
use crate::cron::field::{Field, Marks, DAY_OF_MONTH_PLAIN};
use crate::cron::scan::{end_of_char, end_of_word, is_blank, is_word, meant_by};

impl Input<'_> {
    /// `number | name`, counted from the first value of the field
    pub(super) const fn value(&self, at: usize) -> Parsed<u32> {
        if self.peek(at).is_ascii_alphabetic() {
            return self.name(at);
        }
        let row = self.row;
        let (number, end) = attempt!(self.number_within(at, row.first, row.last, row.values));
        Ok((number - row.first, end))
    }

    /// Three letters or a full name, in any case. In the days of week an `L` may follow.
    const fn name(&self, start: usize) -> Parsed<u32> {
        let (text, row) = (self.text, self.row);
        let end = end_of_word(text, start);
        let is_marked = self.is_day_of_week() && self.has_marks() && self.lower(end - 1) == b'l';
        let end_of_name = end - is_marked as usize;
        let count = row.names.len();
        let mut i = 0;
        while i < count + row.long_names.len() {
            let name = if i < count { row.names[i] } else { row.long_names[i - count] };
            if is_word(text, start, end_of_name, name) {
                return Ok(((i % count) as u32, end_of_name));
            }
            i += 1;
        }
        if count == 0 || end - start == 1 {
            // A single letter is rather another cron's mark.
            return Err(self.unexpected(start, row.values));
        }
        let error = self.error(ErrorKind::UnknownName, start, end, row.values);
        Err(error.suggest(meant_by(text, start, end, row.names)))
    }

    /// Digits, as many as croniter takes. A number that is too large for every field stays so without overflow.
    pub(super) const fn number(&self, start: usize, expected: &'static str) -> Parsed<u32> {
        const DIGITS: usize = 20;
        const TOO_LARGE: u32 = 1_000_000;
        let mut number = 0;
        let mut at = start;
        while self.peek(at).is_ascii_digit() {
            number = number * 10 + (self.peek(at) - b'0') as u32;
            number = if number > TOO_LARGE { TOO_LARGE } else { number };
            at += 1;
        }
        ensure!(at > start, self.unexpected(start, expected));
        ensure!(at - start <= DIGITS, self.error(ErrorKind::EndlessNumber, start, at, expected));
        Ok((number, at))
    }

    /// A number of `first..=last`.
    pub(super) const fn number_within(
        &self,
        at: usize,
        first: u32,
        last: u32,
        expected: &'static str,
    ) -> Parsed<u32> {
        let (number, end) = attempt!(self.number(at, expected));
        let is_within = first <= number && number <= last;
        ensure!(is_within, self.error(ErrorKind::NoSuchValue, at, end, expected));
        Ok((number, end))
    }

    /// An error about the text from `start` to `end`.
    pub(super) const fn error(
        &self,
        kind: ErrorKind,
        start: usize,
        end: usize,
        expected: &'static str,
    ) -> ParseError {
        ParseError::new(Some(self.row.field), kind, self.text, start, end, expected)
    }

    /// An error about the word or the character at `at`, where `expected` should be.
    pub(super) const fn unexpected(&self, at: usize, expected: &'static str) -> ParseError {
        let end = end_of_word(self.text, at);
        let (kind, end) = match self.peek(at) {
            byte if is_blank(byte) => (ErrorKind::Unexpected, at),
            // What other crons draw or hash a value from.
            b'H' | b'h' if end - at == 1 => (ErrorKind::HashedValue, end),
            b'R' | b'r' if end - at == 1 => (ErrorKind::RandomValue, end),
            b'~' => (ErrorKind::RandomRange, at + 1),
            _ if end > at => (ErrorKind::Unexpected, end),
            _ => (ErrorKind::Unexpected, end_of_char(self.text, at)),
        };
        self.error(kind, at, end, expected)
    }

    /// The word `last`, as fugit writes an `L`, is an error.
    pub(super) const fn no_last_in_letters(
        &self,
        at: usize,
        expected: &'static str,
    ) -> Result<(), ParseError> {
        let end = end_of_word(self.text, at);
        let is_last = is_word(self.text, at, end, "last");
        ensure!(!is_last, self.error(ErrorKind::UnknownName, at, end, expected).suggest(Some("L")));
        Ok(())
    }

    /// The same where no `L` may stand, and none is offered.
    pub(super) const fn without_last(&self) -> Self {
        let row = if self.is_day_of_month() { &DAY_OF_MONTH_PLAIN } else { self.row };
        Input { row, ..*self }
    }

    pub(super) const fn is_day_of_month(&self) -> bool {
        matches!(self.row.field, Field::DayOfMonth)
    }

    pub(super) const fn is_day_of_week(&self) -> bool {
        matches!(self.row.field, Field::DayOfWeek)
    }

    /// Whether the day fields have marks.
    pub(super) const fn has_marks(&self) -> bool {
        !matches!(self.table.marks, Marks::No | Marks::QuestionMark)
    }

    /// Whether they have those, too, that only some crons read.
    pub(super) const fn has_all_marks(&self) -> bool {
        matches!(self.table.marks, Marks::AsCroniter | Marks::All)
    }
}
