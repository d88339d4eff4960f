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

mod drawn;

use super::set::{Item, Set, Values};
use super::Parsed;
use crate::cron::dialect::Reader;
use crate::cron::error::ErrorKind::{self, Ambiguous, BackwardRange, NoSuchValue, Unexpected, ZeroStep};
use crate::cron::error::ParseError;
use crate::cron::field::{Backward, Field, Marks, Row, Table, DAY_OF_MONTH_PLAIN};
use crate::cron::scan::{
    end_of_char, end_of_field, end_of_word, is_blank, is_word, meant_by, peek, skip_blanks,
};
use crate::cron::weeks::MOST_WEEKS;
use crate::cron::LAST_WEEK;

/// A field that is being read, and how.
#[derive(Clone, Copy)]
pub(crate) struct Input<'a> {
    text: &'a str,
    reader: Reader<'a>,
    table: &'static Table,
    row: &'static Row,
}

impl<'a> Input<'a> {
    /// Of a text without switches, or with those that the reader knows of.
    pub(crate) const fn new(text: &'a str, reader: Reader<'a>, field: Field) -> Input<'a> {
        let table = reader.dialect.table;
        Input { text, reader, table, row: table.row(field) }
    }

    const fn peek(&self, at: usize) -> u8 {
        peek(self.text, at)
    }

    const fn lower(&self, at: usize) -> u8 {
        self.peek(at).to_ascii_lowercase()
    }

    /// `field = item {"," item} | drawn`, and the blanks after it.
    pub(super) const fn list(&self, start: usize) -> Parsed<Set> {
        let mut set = Set { begins_with_star: matches!(self.peek(start), b'*' | b'?'), ..Set::EMPTY };
        let mut at = start;
        loop {
            set.has_star |= self.peek(at) == b'*';
            let (item, end) = attempt!(self.item(at));
            let may_stand = !self.must_stand_alone(at, item) || !self.is_in_list(at, end);
            ensure!(may_stand, self.error(Unexpected, at, end, "such a mark alone, without a list"));
            set = match set.with(item, self.row) {
                Some(set) => set,
                None => {
                    let expected = "three kinds of weeks at most, and none of the month";
                    return Err(self.error(Unexpected, at, end, expected));
                }
            };
            match self.peek(end) {
                b',' => at = end + 1,
                byte if is_blank(byte) => return Ok((set, skip_blanks(self.text, end))),
                _ => return Err(self.unexpected(end, "`,` or a blank")),
            }
        }
    }

    /// In one of the day fields there must be a `?`. The weekdays are at `at`.
    pub(super) const fn one_question_mark(&self, at: usize, days: Set) -> Result<(), ParseError> {
        let (of_days, of_weekdays) = (days.begins_with_star && !days.has_star, self.peek(at) == b'?');
        let end = end_of_field(self.text, at);
        let (expected, meant) = match of_days {
            true => ("it in only one of the day fields", "*"),
            false => ("`?` in one of the day fields", "?"),
        };
        ensure!(of_days != of_weekdays, self.error(Unexpected, at, end, expected).suggest(Some(meant)));
        Ok(())
    }

    /// Whether the dialect takes an item at `at` in no list.
    const fn must_stand_alone(&self, at: usize, item: Item) -> bool {
        // In Quartz `L` alone is a weekday.
        let is_mark = !matches!(item, Item::Every | Item::Values(_)) || self.lower(at) == b'l';
        match self.table.marks {
            Marks::Alone => is_mark,
            Marks::AloneInWeekdays => is_mark && self.is_day_of_week(),
            _ => false,
        }
    }

    /// Whether there is a comma before an item or after it.
    const fn is_in_list(&self, start: usize, end: usize) -> bool {
        start > 0 && self.peek(start - 1) == b',' || self.peek(end) == b','
    }

    pub(crate) const fn item(&self, at: usize) -> Parsed<Item> {
        let table = self.table;
        match (self.lower(at), self.row.field) {
            (b'*', _) => self.every(at + 1),
            (b'/', _) if table.has_bare_steps => self.every(at),
            (b'~', _) if table.has_random_ranges => self.random(at, at),
            (b'h' | b'r', _) if table.has_hashes && end_of_word(self.text, at) == at + 1 => self.drawn(at),
            (b'?', Field::DayOfMonth | Field::DayOfWeek) if matches!(table.marks, Marks::QuestionMark) => {
                self.every(at + 1)
            }
            (b'?', Field::DayOfMonth | Field::DayOfWeek) if self.has_marks() => {
                ensure!(!self.is_in_list(at, at), self.unexpected(at, self.row.values));
                let is_alone = is_blank(self.peek(at + 1));
                ensure!(is_alone, self.unexpected(at + 1, "a blank after `?`"));
                Ok((Item::Every, at + 1))
            }
            (b'l', Field::DayOfMonth) if self.has_marks() => self.last_day(at),
            (b'w', Field::DayOfMonth) if self.has_all_marks() => {
                let (day, end) = attempt!(self.without_last().value(at + 1));
                Ok((Item::Nearest(day), end))
            }
            (b'l', Field::DayOfWeek) if self.has_marks() => self.last_weekday(at),
            _ => self.values(at),
        }
    }

    /// `["/" step]` at `at`, after a `*` or what is as good as one
    const fn every(&self, at: usize) -> Parsed<Item> {
        if self.peek(at) != b'/' {
            return Ok((Item::Every, at));
        }
        let (step, end) = attempt!(self.step(at, self.table.limits_steps));
        Ok((Item::Values(Values { step, repeats: true, ..Values::new(0, self.row.count - 1) }), end))
    }

    /// `"L" ["-" number] ["W"]` in the days of month
    const fn last_day(&self, start: usize) -> Parsed<Item> {
        attempt!(self.no_last_in_letters(start, self.row.values));
        let (before, end) = match self.peek(start + 1) {
            b'-' => attempt!(self.number_within(start + 2, 0, 30, "0-30")),
            _ => (0, start + 1),
        };
        match self.peek(end) {
            b'W' | b'w' => Ok((Item::NearestBeforeLast(before), end + 1)),
            _ => Ok((Item::DayBeforeLast(before), end)),
        }
    }

    /// `"L" value` in the days of week
    const fn last_weekday(&self, start: usize) -> Parsed<Item> {
        if self.table.has_quartz_weekdays {
            let saturday = self.row.count - 1;
            return Ok((Item::Values(Values::new(saturday, saturday)), start + 1));
        }
        let end_of_word = end_of_word(self.text, start);
        let is_last = is_word(self.text, start, end_of_word, "last");
        // `L` alone is Saturday in Quartz, never in one crate, refused by others.
        let has_weekday = !is_last && self.peek(start + 1).is_ascii_alphanumeric();
        let expected = "a weekday with it, such as `friL` for the last Friday";
        ensure!(has_weekday, self.error(Ambiguous, start, end_of_word, expected));
        let (day, end) = attempt!(self.value(start + 1));
        Ok((Item::Week(Values::new(day, day), LAST_WEEK), end))
    }

    /// `value ["-" value]`, and the step or the mark that may follow
    const fn values(&self, start: usize) -> Parsed<Item> {
        let (table, row) = (self.table, self.row);
        let (has_marks, has_all_marks) = (self.has_marks(), self.has_all_marks());
        let (from, end) = attempt!(self.value(start));
        let is_range = self.peek(end) == b'-';
        let (to, end) = if !is_range {
            (from, end)
        } else if self.is_day_of_month() && has_all_marks && self.lower(end + 1) == b'l' {
            (row.count - 1, end + 2)
        } else if has_all_marks {
            attempt!(self.value(end + 1))
        } else {
            attempt!(self.without_last().value(end + 1))
        };
        let refused = match (table.backward, row.field) {
            _ if to >= from => None,
            (_, Field::Year) if !table.has_accidents => Some("the earlier year first"),
            (Backward::Wraps, _) => None,
            (Backward::EndsWithSunday, Field::DayOfWeek) if to == 0 && self.peek(end) != b'/' => None,
            (Backward::EndsWithSunday, _) => Some("the smaller value first: cronie would never run it"),
            (Backward::Mistake, _) => Some("the smaller value first"),
        };
        if let Some(expected) = refused {
            return Err(self.error(BackwardRange, start, end, expected));
        }
        let (from, to) = match is_range {
            true => self.unrolled(from, to),
            false if table.has_accidents => (from % row.count, to % row.count),
            false => (from, to),
        };
        let values = Values { repeats: is_range, slips: table.has_accidents, ..Values::new(from, to) };
        let has_weeks = has_all_marks || has_marks && !is_range;
        match (self.lower(end), row.field) {
            (b'/', _) => self.stepped(start, end, values),
            (b'~', _) if table.has_random_ranges && !is_range => self.random(start, end),
            (b'w', Field::DayOfMonth) if has_marks && !is_range => Ok((Item::Nearest(from), end + 1)),
            (b'l', Field::DayOfWeek) if has_weeks => Ok((Item::Week(values, LAST_WEEK), end + 1)),
            (b'#', Field::DayOfWeek) if has_weeks => {
                let (week, end) = attempt!(self.week(end + 1));
                Ok((Item::Week(values, week), end))
            }
            (b'%', Field::DayOfWeek) if matches!(table.marks, Marks::All) => self.every_nth_week(end, values),
            _ => Ok((Item::Values(values), end)),
        }
    }

    /// The ends of a range, the second one beyond the field where it wraps. To croniter Sunday is 0 before anything else,
    /// and a range of one value is the whole field.
    const fn unrolled(&self, from: u32, to: u32) -> (u32, u32) {
        let (count, has_accidents) = (self.row.count, self.table.has_accidents);
        let (from, to) = if has_accidents { (from % count, to % count) } else { (from, to) };
        match to {
            _ if to < from => (from, to + count),
            _ if to == from && has_accidents => (0, count - 1),
            _ => (from, to),
        }
    }

    /// `"/" step` at `at`, after values that begin at `start`
    const fn stepped(&self, start: usize, at: usize, values: Values) -> Parsed<Item> {
        let (table, is_range) = (self.table, values.repeats);
        let is_limited = if is_range { table.limits_steps_of_ranges } else { table.limits_steps };
        let (step, end) = attempt!(self.step(at, is_limited));
        let expected = "a range or a `*` before a step, such as `*/5`";
        ensure!(is_range || table.is_open_ended, self.error(Unexpected, start, end, expected));
        let is_name = self.peek(start).is_ascii_alphabetic();
        let expected = "a number before the step: Quartz reads a name and forgets the step";
        let is_forgotten = table.has_quartz_weekdays && is_name && !is_range;
        ensure!(!is_forgotten, self.error(Ambiguous, start, end, expected));
        let to = if is_range { values.to } else { self.row.count - 1 };
        // To croniter Sunday as 7 is as good as 0 here, to Cronos it is the last day of the week.
        let expected = "a step from 0-6 or a name, such as `sun/2`";
        ensure!(values.from <= to, self.error(Ambiguous, start, end, expected));
        Ok((Item::Values(Values { to, step, repeats: true, ..values }), end))
    }

    /// `"/" number`
    const fn step(&self, slash: usize, is_limited: bool) -> Parsed<u32> {
        let at = slash + 1;
        let (step, end) = attempt!(self.number(at, "a step after `/`"));
        ensure!(step > 0, self.error(ZeroStep, at, end, "1 or more"));
        let expected = "a step that is no greater than the field's last value";
        ensure!(!is_limited || step <= self.row.last, self.error(NoSuchValue, at, end, expected));
        Ok((step, end))
    }

    /// `"%" number ["+" number]` at `at`, after weekdays: of every so many weeks one, and which.
    const fn every_nth_week(&self, at: usize, values: Values) -> Parsed<Item> {
        let (count, end) = attempt!(self.number_within(at + 1, 1, MOST_WEEKS, "1-63 weeks after `%`"));
        let (which, end) = match self.peek(end) {
            b'+' => attempt!(self.number(end + 1, "a number of weeks after `+`")),
            _ => (0, end),
        };
        let item =
            if count == 1 { Item::Values(values) } else { Item::NthWeek(values, count, which % count) };
        Ok((item, end))
    }

    /// `number | "L"` after a `#`
    const fn week(&self, at: usize) -> Parsed<u32> {
        let has_last = self.has_all_marks();
        let expected = if has_last { "1-5 or L after `#`" } else { "1-5 after `#`" };
        if has_last {
            attempt!(self.no_last_in_letters(at, expected));
        }
        if has_last && self.lower(at) == b'l' {
            return Ok((LAST_WEEK, at + 1));
        }
        let (week, end) = attempt!(self.number_within(at, 1, 5, expected));
        Ok((week - 1, end))
    }

    /// `number | name`, counted from the first value of the field
    const fn value(&self, at: usize) -> Parsed<u32> {
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
    const fn number(&self, start: usize, expected: &'static str) -> Parsed<u32> {
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
    const fn number_within(&self, at: usize, first: u32, last: u32, expected: &'static str) -> Parsed<u32> {
        let (number, end) = attempt!(self.number(at, expected));
        let is_within = first <= number && number <= last;
        ensure!(is_within, self.error(ErrorKind::NoSuchValue, at, end, expected));
        Ok((number, end))
    }

    /// An error about the text from `start` to `end`.
    const fn error(&self, kind: ErrorKind, start: usize, end: usize, expected: &'static str) -> ParseError {
        ParseError::new(Some(self.row.field), kind, self.text, start, end, expected)
    }

    /// An error about the word or the character at `at`, where `expected` should be.
    const fn unexpected(&self, at: usize, expected: &'static str) -> ParseError {
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
    const fn no_last_in_letters(&self, at: usize, expected: &'static str) -> Result<(), ParseError> {
        let end = end_of_word(self.text, at);
        let is_last = is_word(self.text, at, end, "last");
        ensure!(!is_last, self.error(ErrorKind::UnknownName, at, end, expected).suggest(Some("L")));
        Ok(())
    }

    /// The same where no `L` may stand, and none is offered.
    const fn without_last(&self) -> Self {
        let row = if self.is_day_of_month() { &DAY_OF_MONTH_PLAIN } else { self.row };
        Input { row, ..*self }
    }

    const fn is_day_of_month(&self) -> bool {
        matches!(self.row.field, Field::DayOfMonth)
    }

    pub(super) const fn is_day_of_week(&self) -> bool {
        matches!(self.row.field, Field::DayOfWeek)
    }

    /// Whether the day fields have marks.
    const fn has_marks(&self) -> bool {
        !matches!(self.table.marks, Marks::No | Marks::QuestionMark)
    }

    /// Whether they have those, too, that only some crons read.
    const fn has_all_marks(&self) -> bool {
        matches!(self.table.marks, Marks::AsCroniter | Marks::All)
    }
}
