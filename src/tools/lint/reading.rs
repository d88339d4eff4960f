//! A legal text, cut up: which bytes are which field, and what the parser makes of each item of a list.

use crate::cron::dialect::{Days, Reader};
use crate::cron::field::{Field, Marks, Row};
use crate::cron::parse::set::{Item as Meaning, Set, Values};
use crate::cron::parse::{switches, Input};
use crate::cron::scan::{end_of_field, skip_blanks};
use crate::cron::{Cron, Dialect, BOTH_DAYS, DAYS_RESTRICTED, WEEKDAYS_RESTRICTED};

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

/// The id and the seed are any: nothing is said of what hangs on them.
fn reader(dialect: Dialect) -> Reader<'static> {
    dialect.seed(0).or_task("")
}

impl<'a> Reading<'a> {
    /// `None`: the text is no expression.
    pub(super) fn of(dialect: Dialect, text: &'a str) -> Option<Reading<'a>> {
        let (dialect, start) = switches(text, dialect).ok()?;
        let cron = reader(dialect).parse(&text[start..]).ok()?;
        let mut words = [Span { start, end: start }; 7];
        let (mut count, mut at) = (0, start);
        while at < text.len() {
            let word = Span { start: at, end: end_of_field(text, at) };
            *words.get_mut(count)? = word;
            count += 1;
            at = skip_blanks(text, word.end);
        }
        Some(Reading { text, dialect, cron, words, count })
    }

    /// Whether `L` is the last day of the month to the dialect.
    pub(super) fn has_marks(&self) -> bool {
        !matches!(self.dialect.table.marks, Marks::No | Marks::QuestionMark)
    }

    /// Whether it is a nickname, which has no fields.
    pub(super) fn is_nickname(&self) -> bool {
        self.count < 5
    }

    /// Where a field stands, if the text has it. A nickname has none.
    pub(super) fn span(&self, field: Field) -> Option<Span> {
        if self.is_nickname() {
            return None;
        }
        let order = self.dialect.order(self.count);
        let place = order[..self.count].iter().position(|&other| other == field)?;
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

    /// Whether the same text is an expression in a dialect, too, and another one.
    pub(super) fn is_other_in(&self, dialect: Dialect) -> bool {
        let read = reader(dialect).parse(&self.text[self.words[0].start..]);
        read.map_or(false, |cron| cron != self.cron)
    }

    /// Whether a value of the field is hashed or drawn by lot, so that the text does not tell it.
    pub(super) fn is_drawn(&self, field: Field) -> bool {
        self.items(field).any(|item| item.form == Form::Drawn)
    }

    /// Whether it is the only day field that counts, or is none: then it does not matter if its text has a `*`.
    pub(super) fn counts_alone(&self, field: Field) -> bool {
        let other = match field {
            Field::DayOfMonth => Field::DayOfWeek,
            Field::DayOfWeek => Field::DayOfMonth,
            _ => return true,
        };
        matches!(self.field(other), "*" | "?")
    }

    /// Whether a `*` at the start of this field has a meaning of its own.
    pub(super) fn has_star_bit(&self, field: Field) -> bool {
        self.dialect.days == Days::StarBit && !self.counts_alone(field)
    }

    /// Whether a `*` in this day field is why croniter takes the other one for `*`, as that has all its values.
    pub(super) fn has_effect_on_other(&self, field: Field) -> bool {
        let (other, flag) = match field {
            Field::DayOfMonth => (Field::DayOfWeek, WEEKDAYS_RESTRICTED),
            Field::DayOfWeek => (Field::DayOfMonth, DAYS_RESTRICTED),
            _ => return false,
        };
        let is_every = |field| self.items(field).any(|item| item.form == Form::Every);
        let is_star = !self.cron.has(flag) || self.cron.has(BOTH_DAYS);
        self.dialect.table.has_accidents && is_star && !is_every(field) && !is_every(other)
    }

    /// The items of a field's list.
    pub(super) fn items(&self, field: Field) -> impl Iterator<Item = Item<'a>> + 'a {
        let Reading { text, dialect, .. } = *self;
        items(dialect, field, text, self.span(field))
    }

    /// The item of a field, if it has only one.
    pub(super) fn only_item(&self, field: Field) -> Option<Item<'a>> {
        let item = self.items(field).next()?;
        (self.span(field) == Some(item.span)).then_some(item)
    }

    /// The item of a field that begins at `start`.
    pub(super) fn item_at(&self, field: Field, start: usize) -> Option<Item<'a>> {
        Item::at(self.dialect, field, self.text, start)
    }
}

/// The items of the list at `span`.
pub(super) fn items(
    dialect: Dialect,
    field: Field,
    text: &str,
    span: Option<Span>,
) -> impl Iterator<Item = Item<'_>> {
    let mut at = span.map(|span| span.start);
    core::iter::from_fn(move || {
        let item = Item::at(dialect, field, text, at?)?;
        at = (item.span.end < span?.end).then_some(item.span.end + 1);
        Some(item)
    })
}

/// An item of a list.
#[derive(Clone, Copy)]
pub(super) struct Item<'a> {
    pub(super) row: &'static Row,
    pub(super) span: Span,
    pub(super) text: &'a str,
    pub(super) form: Form,
    pub(super) meaning: Meaning,
    /// Not a mark, and not drawn by lot.
    pub(super) values: Option<Values>,
    /// The same to those who have none of croniter's accidents.
    pub(super) plain: Option<Values>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `*` or `?`
    Every,
    /// `*/n`
    Star,
    /// `a`
    One,
    /// `a/n`
    Open,
    /// `a-b`, `a-b/n`
    Range,
    /// `a-a`, `a-a/n`
    EqualRange,
    Mark,
    /// What is hashed or drawn by lot may be something else the second time.
    Drawn,
}

/// What the parser makes of the item at `start`, and where it ends.
fn meaning_at(dialect: Dialect, field: Field, text: &str, start: usize) -> Option<(Meaning, usize)> {
    Input::new(text, reader(dialect), field).item(start).ok()
}

impl<'a> Item<'a> {
    fn at(dialect: Dialect, field: Field, text: &'a str, start: usize) -> Option<Item<'a>> {
        let (meaning, end) = meaning_at(dialect, field, text, start)?;
        let span = Span { start, end };
        let text_of_item = span.of(text);
        let plain = match meaning_at(Dialect::DEFAULT, field, text, start) {
            Some((plain, _)) if dialect.table.has_accidents => plain,
            _ => meaning,
        };
        let form = match (meaning, plain) {
            _ if text_of_item.contains('~') || text_of_item.starts_with(&['H', 'h', 'R', 'r'][..]) => {
                Form::Drawn
            }
            (Meaning::Every, _) => Form::Every,
            (_, Meaning::Values(_)) if text_of_item.starts_with('*') => Form::Star,
            (_, Meaning::Values(Values { from, to, .. })) if text_of_item.contains('-') => {
                if from == to {
                    Form::EqualRange
                } else {
                    Form::Range
                }
            }
            (_, Meaning::Values(_)) => {
                if text_of_item.contains('/') {
                    Form::Open
                } else {
                    Form::One
                }
            }
            _ => Form::Mark,
        };
        let values = |meaning| match meaning {
            Meaning::Values(values) if form != Form::Drawn => Some(values),
            _ => None,
        };
        let row = dialect.table.row(field);
        Some(Item {
            row,
            span,
            text: text_of_item,
            form,
            meaning,
            values: values(meaning),
            plain: values(plain),
        })
    }

    /// Its value, if it is written as one.
    pub(super) fn one(&self) -> Option<u32> {
        let values = self.values.filter(|_| self.form == Form::One)?;
        Some(values.from % self.row.count)
    }

    /// A bit for each of its values, also for what marks stand for.
    pub(super) fn bits(&self) -> [u64; 4] {
        match self.values {
            Some(values) if self.row.field == Field::Year => bits(values, self.row),
            _ => {
                let set = Set::EMPTY.with(self.meaning, self.row).unwrap_or(Set::EMPTY);
                if set.counts_weeks {
                    // Behind the weekdays are two numbers, of which none is in another.
                    let numbers = set.weeks >> 14 & 0xFFF;
                    return [0, 0, set.weeks & 0x7F << 7, numbers | (!numbers & 0xFFF) << 12];
                }
                [set.values, set.nearest, set.weeks, 0]
            }
        }
    }

    pub(super) fn is_in(&self, other: &Item<'_>) -> bool {
        self.bits().iter().zip(other.bits()).all(|(bits, others)| bits & !others == 0)
    }
}

/// The values as they follow each other, each of them below the field's count.
pub(super) fn in_order(values: Values, row: &'static Row) -> impl Iterator<Item = u32> {
    let all = core::iter::successors(Some(values.from), move |&value| Some(values.after(value, row)));
    all.take_while(move |&value| value <= values.to).map(move |value| value % row.count)
}

/// A bit for each of these values.
pub(super) fn bits(values: Values, row: &'static Row) -> [u64; 4] {
    in_order(values, row).fold([0; 4], |mut bits, value| {
        bits[value as usize / 64] |= 1 << (value % 64);
        bits
    })
}
