//! A legal text, cut up again: which bytes are which field, and what each item of a list says. The parser has read it
//! already, so nothing here needs to be refused; what is not of interest is `Other`.

use super::super::dialect::Seconds;
use super::super::field::{Field, Row};
use super::super::{Cron, Dialect};

/// Some bytes of the text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Span {
    pub(super) fn of(self, text: &str) -> &str {
        text.get(self.start..self.end).unwrap_or("")
    }

    /// From the first byte of this to the last of the other.
    pub(super) fn to(self, other: Span) -> Span {
        Span { start: self.start, end: other.end }
    }
}

/// A legal text.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    pub(super) text: &'a str,
    /// With the switches that the text itself begins with.
    pub(super) dialect: Dialect,
    pub(super) cron: Cron,
    /// In the order of the text, `count` of them.
    words: [Span; 7],
    pub(super) count: usize,
}

impl<'a> Reading<'a> {
    /// `None`: the text is no expression.
    pub(super) fn of(dialect: Dialect, text: &'a str) -> Option<Reading<'a>> {
        let mut words = [Span { start: 0, end: 0 }; 7];
        let (mut count, mut at, mut switched) = (0, 0, dialect);
        while let Some(word) = next_word(text, at) {
            at = word.end;
            match word.of(text).split_once('=') {
                Some((key, value)) if count == 0 => switched = with_switch(switched, key, value)?,
                _ => {
                    *words.get_mut(count)? = word;
                    count += 1;
                }
            }
        }
        let cron = parse(switched, text, &words[..count])?;
        Some(Reading { text, dialect: switched, cron, words, count })
    }

    /// Whether it is a nickname, which has no fields.
    pub(super) fn is_nickname(&self) -> bool {
        self.count < 5
    }

    /// Where a field stands, if the text has it. A nickname has none.
    pub(super) fn span(&self, field: Field) -> Option<Span> {
        let is_first = self.dialect.seconds() == Seconds::First;
        let place = match (field, self.count) {
            (_, 0..=4) => return None,
            (Field::Second, 5) | (Field::Year, 5 | 6) => return None,
            (Field::Second, _) if is_first => 0,
            (Field::Second, _) => 5,
            (Field::Year, _) => 6,
            (_, 5) => field as usize - 1,
            (_, _) => field as usize - usize::from(!is_first),
        };
        self.words.get(place).copied()
    }

    /// The text of a field; empty if there is none.
    pub(super) fn field(&self, field: Field) -> &'a str {
        self.span(field).map_or("", |span| span.of(self.text))
    }

    /// From the one field to the other; of a nickname, all of it.
    pub(super) fn between(&self, first: Field, last: Field) -> Span {
        match (self.span(first), self.span(last)) {
            (Some(first), Some(last)) => first.to(last),
            _ => self.words[0],
        }
    }

    /// The same text with the seconds at the other end, if that is an expression too.
    pub(super) fn with_seconds_moved(&self) -> Option<Cron> {
        let moved = match self.dialect.seconds() {
            Seconds::First => self.dialect.seconds_last(),
            _ => self.dialect.seconds_first(),
        };
        parse(moved, self.text, &self.words[..self.count])
    }

    /// Whether a value of the field is hashed or drawn by lot, so that the text does not tell it.
    pub(super) fn is_drawn(&self, field: Field) -> bool {
        let is_drawn = |item: &str| item.contains('~') || item.starts_with(&['H', 'h', 'R', 'r'][..]);
        self.field(field).split(',').any(is_drawn)
    }

    /// The items of a field's list.
    pub(super) fn items(&self, field: Field) -> impl Iterator<Item = Item> + 'a {
        let (reading, span) = (*self, self.span(field));
        let mut at = span.map(|span| span.start);
        core::iter::from_fn(move || {
            let start = at?;
            let end = span?.end;
            let item = reading.item_at(field, start, end);
            at = if item.span.end < end { Some(item.span.end + 1) } else { None };
            Some(item)
        })
    }

    /// The item of a field, if it has only one.
    pub(super) fn only_item(&self, field: Field) -> Option<Item> {
        let mut items = self.items(field);
        let first = items.next()?;
        match items.next() {
            Some(_) => None,
            None => Some(first),
        }
    }

    /// The item that begins at `start`, in a field that ends at `end`.
    pub(super) fn item_at(&self, field: Field, start: usize, end: usize) -> Item {
        let rest = Span { start, end };
        let length = rest.of(self.text).find(',').unwrap_or(end - start);
        let span = Span { start, end: start + length };
        let table = self.dialect.table();
        let row = table.row(field);
        Item { row, span, shape: shape(row, span.of(self.text), table.has_accidents) }
    }
}

/// An item of a list.
#[derive(Clone, Copy)]
pub(super) struct Item {
    pub(super) row: &'static Row,
    pub(super) span: Span,
    pub(super) shape: Shape,
}

impl Item {
    pub(super) fn values(&self) -> Option<Values> {
        match self.shape {
            Shape::Values(values) => Some(values),
            _ => None,
        }
    }
}

#[derive(Clone, Copy)]
pub(super) enum Shape {
    /// `*` or `?`
    Every,
    Values(Values),
    /// Marks, and what is hashed or drawn.
    Other,
}

/// Every `step`th value from `from` to `to`, counted from the first of the field: January is 0. Where a range wraps,
/// `to` is beyond the field.
#[derive(Clone, Copy)]
pub(super) struct Values {
    pub(super) from: u32,
    pub(super) to: u32,
    pub(super) step: u32,
    pub(super) form: Form,
    /// How many values the field has.
    pub(super) count: u32,
    /// croniter reads it in a way of its own.
    pub(super) is_accident: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `*/n`
    Star,
    /// `a`
    One,
    /// `a/n`
    Open,
    /// `a-b`, `a-b/n`
    Range,
    /// The same where `b` comes before `a`.
    WrappingRange,
    /// `a-a`, `a-a/n`
    EqualRange,
}

impl Values {
    pub(super) fn has(self, value: u32) -> bool {
        let is_member =
            |value: u32| self.from <= value && value <= self.to && (value - self.from) % self.step == 0;
        is_member(value) || is_member(value + self.count)
    }

    /// In their order, a range that wraps unrolled; each less than the field's count.
    pub(super) fn in_order(self) -> impl Iterator<Item = u32> {
        (self.from..=self.to).step_by(self.step as usize).map(move |value| value % self.count)
    }

    /// Whether all of these are among the others.
    pub(super) fn are_in(self, others: Values) -> bool {
        !self.is_accident
            && !others.is_accident
            && (0..self.count).all(|value| !self.has(value) || others.has(value))
    }

    pub(super) fn has_one_only(self) -> bool {
        self.from + self.step > self.to
    }
}

fn shape(row: &'static Row, text: &str, has_accidents: bool) -> Shape {
    let (values, step) = match text.split_once('/') {
        Some((values, step)) => (values, number(step)),
        None => (text, None),
    };
    let values = match values {
        "*" | "?" if step.is_none() => return Shape::Every,
        "*" => Some((0, row.count - 1, Form::Star)),
        _ => match values.split_once('-') {
            Some((from, to)) => range(row, value(row, from), value(row, to)),
            None => match (value(row, values), step) {
                (Some(from), None) => Some((from, from, Form::One)),
                // Only to croniter is there a step from Sunday as 7.
                (Some(from), Some(_)) => Some((from % row.count, row.count - 1, Form::Open)),
                (None, _) => None,
            },
        },
    };
    match (values, step.unwrap_or(1)) {
        (None, _) | (_, 0) => Shape::Other,
        (Some((from, to, form)), step) => {
            let is_late = form == Form::WrappingRange && step > 1;
            let is_accident = has_accidents && (is_late || form == Form::EqualRange);
            Shape::Values(Values { from, to, step, form, count: row.count, is_accident })
        }
    }
}

fn range(row: &Row, from: Option<u32>, to: Option<u32>) -> Option<(u32, u32, Form)> {
    match (from?, to?) {
        (from, to) if from == to => Some((from, to, Form::EqualRange)),
        (from, to) if from < to => Some((from, to, Form::Range)),
        (from, to) => Some((from, to + row.count, Form::WrappingRange)),
    }
}

/// A number or a name, counted from the first value of the field.
pub(super) fn value(row: &Row, text: &str) -> Option<u32> {
    match number(text) {
        Some(number) if number <= row.last => number.checked_sub(row.first),
        Some(_) => None,
        None => {
            let place = row.names.iter().position(|name| name.eq_ignore_ascii_case(text))?;
            Some(place as u32)
        }
    }
}

/// Digits. A number too large for every field stays so without overflow.
fn number(text: &str) -> Option<u32> {
    const TOO_LARGE: u32 = 1_000_000;
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(text.bytes().fold(0, |number, digit| (number * 10 + u32::from(digit - b'0')).min(TOO_LARGE)))
}

fn next_word(text: &str, from: usize) -> Option<Span> {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t'..=b'\r');
    let bytes = &text.as_bytes()[from..];
    let start = from + bytes.iter().position(|byte| !is_blank(byte))?;
    let length = text.as_bytes()[start..].iter().position(is_blank);
    Some(Span { start, end: length.map_or(text.len(), |length| start + length) })
}

/// A word before the fields says how to read them. `None`: it says nothing that is known.
fn with_switch(dialect: Dialect, key: &str, value: &str) -> Option<Dialect> {
    match (key, value) {
        ("dialect", name) => name.parse().ok(),
        ("days", "and") => Some(dialect.days_and()),
        ("days", "or") => Some(dialect.days_or()),
        ("seconds", "first") => Some(dialect.seconds_first()),
        ("seconds", "last") => Some(dialect.seconds_last()),
        _ => None,
    }
}

/// The fields as an expression. The id and the seed are any: nothing is said of what hangs on them.
fn parse(dialect: Dialect, text: &str, words: &[Span]) -> Option<Cron> {
    dialect.seed(0).or_id("").parse(&text[words.first()?.start..]).ok()
}
