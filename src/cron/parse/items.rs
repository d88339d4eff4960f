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
use super::{Input, Parsed};
use crate::cron::draw::{self, Source};
use crate::cron::error::ErrorKind::{Ambiguous, BackwardRange, NoSuchValue, Unexpected, ZeroStep};
use crate::cron::error::ParseError;
use crate::cron::field::{Backward, Field, Marks};
use crate::cron::scan::{end_of_field, end_of_word, is_blank, is_word, skip_blanks};
use crate::cron::weeks::MOST_WEEKS;
use crate::cron::LAST_WEEK;

impl Input<'_> {
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

    /// `("H" | "R") ["(" number "-" number ")"] ["/" step]`, which to croniter is no member of a list.
    const fn drawn(&self, start: usize) -> Parsed<Item> {
        let (row, has_accidents) = (self.row, self.table.has_accidents);
        let source = if self.lower(start) == b'h' {
            Source::HashOf(attempt!(self.id(start)))
        } else {
            let expected = "a seed: `Dialect::seed`; a hash with an id, `Dialect::hash_id`, stays the same";
            Source::Seed(attempt!(self.seed(start, expected)))
        };
        let ((from, to), at) = if self.peek(start + 1) == b'(' {
            attempt!(self.bounds(start + 2))
        } else {
            ((row.first, draw::last_number(row, has_accidents)), start + 1)
        };
        let (values, end) = if self.peek(at) == b'/' {
            let (step, end) = attempt!(self.step(at, false));
            // The first of them is drawn from as many values as a step is wide.
            let last = if step <= to - from { from + step - 1 } else { to };
            let (first, to) = (source.number(row.field, from, last) - row.first, to - row.first);
            let (first, to) = if first < to { self.unrolled(first, to) } else { (first, to) };
            (Values { from: first, to, step, repeats: true, slips: has_accidents }, end)
        } else {
            let value = source.number(row.field, from, to) - row.first;
            (Values::new(value, value), at)
        };
        let may_stand = !has_accidents || !self.is_in_list(start, end);
        let expected = "a hashed or random value alone, without a list";
        ensure!(may_stand, self.error(Unexpected, start, end, expected));
        Ok((Item::Values(values), end))
    }

    /// `number "-" number ")"`: two values of the field, the second greater.
    const fn bounds(&self, start: usize) -> Parsed<(u32, u32)> {
        let input = self.without_last();
        let (from, end) = attempt!(input.value(start));
        ensure!(self.peek(end) == b'-', self.unexpected(end, "`-` and the last value"));
        let (to, end) = attempt!(input.value(end + 1));
        ensure!(self.peek(end) == b')', self.unexpected(end, "`)`"));
        let expected = "two values of the field, the smaller first";
        ensure!(from < to, self.error(Unexpected, start, end, expected));
        Ok(((from + self.row.first, to + self.row.first), end + 1))
    }

    /// `[value] "~" [value]`, where the `~` is at `at`.
    const fn random(&self, start: usize, at: usize) -> Parsed<Item> {
        let seed = attempt!(self.seed(at, "a seed to draw from: `Dialect::seed`"));
        let (from, _) = if start < at { attempt!(self.value(start)) } else { (0, at) };
        let is_open = matches!(self.peek(at + 1), b',') || is_blank(self.peek(at + 1));
        let last = self.row.last - self.row.first;
        let (to, end) = if is_open { (last, at + 1) } else { attempt!(self.value(at + 1)) };
        ensure!(from <= to, self.error(BackwardRange, start, end, "the smaller value first"));
        // Each place in the text has a number of its own.
        let drawn = Source::Seed(seed.wrapping_add(start as u64)).number(self.row.field, from, to);
        let value = drawn % self.row.count;
        Ok((Item::Values(Values::new(value, value)), end))
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
}
