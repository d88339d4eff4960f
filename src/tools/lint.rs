//! What is legal and likely wrong: [`Dialect::lint`]. A check looks at the expression as a whole or at one item of a
//! list, and gives one finding or none.

#[cfg(feature = "std")]
mod clocks;
mod dates;
mod expression;
mod item;
mod reading;
mod sentence;

use core::fmt;
use core::iter::FusedIterator;
use core::ops::Range;

use self::reading::{Reading, Span};
use self::sentence::{Part, Sentence};
use crate::cron::field::{Field, Row};
use crate::cron::Dialect;

impl Dialect {
    /// What is legal in this text and likely not what was meant, and what other crons read differently in it.
    ///
    /// A text that is no expression has no findings ([`Cron::parse`](crate::Cron::parse) says what is wrong with it), and a nickname has
    /// none. A field that is hashed or drawn by lot has none that hang on its value.
    ///
    /// | code | finds | such as |
    /// | --- | --- | --- |
    /// | `never-fires` | dates that never come | `0 0 30 2 *` |
    /// | `leap-years-only` | dates that common years lack | `0 0 29 2 *` |
    /// | `short-months` | months that are skipped | `0 0 31 * *` |
    /// | `either-day` | two day fields of which one is enough | `0 0 13 * fri` |
    /// | `ignored-day-field` | one of which croniter leaves out beside a `W`, `#` or `L` | `0 0 15W * mon` to croniter |
    /// | `star-bit` | the same, where cronie wants both | `0 0 */2 * mon` |
    /// | `day-field-without-effect` | one of which is enough, and one matches every day or none | `0 0 1-31 * mon` |
    /// | `quartz-needs-question-mark` | day fields that Quartz itself refuses | `0 0 9 * * mon` to quartz |
    /// | `seconds-order` | six or seven fields of which others read another one as the second or the year | `0 0 9 * * *` |
    /// | `weekday-numbers` | numbers that are other weekdays elsewhere | `0 0 9 ? * 2-6` |
    /// | `last-weekday-alone` | `L` as a weekday | `0 0 9 ? * L` to quartz |
    /// | `every-minute` | every minute of one hour, of several, or of every so many | `* 4 * * *` |
    /// | `every-second` | every second of one minute, of several, or of every so many | `* 0 4 * * *` |
    /// | `uneven-step` | a step that the turn of the hour, day, month or year cuts off | `*/7 * * * *` |
    /// | `step-past-end` | a step too large for a second value | `*/60 * * * *`, `H/90 * * * *` |
    /// | `whole-range` | a range that goes round the whole field | `0 9 * * 1-0` |
    /// | `equal-range` | a range of one value, to croniter the whole field | `0 5-5 * * *` |
    /// | `wrapping-step` | a step through a range that wraps, read differently by croniter | `0 22-4/3 * * *` |
    /// | `open-weekday-step` | a step from a weekday on, which others end elsewhere | `0 9 * * mon/2` |
    /// | `fifth-week` | weekdays that a month may lack | `0 9 * * fri#5` |
    /// | `duplicate` | an item whose values the list has already | `0 9,9-17 * * *` |
    ///
    /// In a zone there are two more, see [`Lint::in_zone`]. The codes stay as they are; there may be more of them.
    ///
    /// ```
    /// use sexton::cron::Dialect;
    ///
    /// let finding = Dialect::DEFAULT.lint("* 4 * * *").next().unwrap();
    /// assert_eq!(finding.code(), "every-minute");
    /// assert_eq!(finding.span(), 0..1);
    /// assert_eq!(finding.to_string(), "fires 60 times from 04:00 to 04:59, in every minute of the hour");
    /// let suggestion = finding.suggestion();
    /// assert_eq!(suggestion.to_string(), "write `0` to fire in the first minute of the hour only");
    /// assert_eq!(suggestion.replacement().unwrap().to_string(), "0");
    /// ```
    pub fn lint(self, text: &str) -> Lint<'_> {
        let reading = Reading::of(self, text);
        let place = reading.as_ref().and_then(|reading| first_field_from(reading, 0));
        Lint { reading, next_of_expression: 0, place, next_of_item: 0 }
    }
}

/// What is legal and likely wrong in a text, from [`Dialect::lint`]: first what is so about the whole of it, then
/// what is about single items, from left to right.
#[derive(Clone)]
pub struct Lint<'a> {
    /// `None`: the text is no expression.
    reading: Option<Reading<'a>>,
    /// The next check of the whole.
    next_of_expression: usize,
    /// The item that is looked at: its field and its first byte. `None` after the last.
    place: Option<(Field, usize)>,
    /// The next check of the item.
    next_of_item: usize,
}

/// The first field of the text that begins at this byte or later, and where.
fn first_field_from(reading: &Reading<'_>, from: usize) -> Option<(Field, usize)> {
    let fields = Field::ALL.iter().filter_map(|&field| Some((field, reading.span(field)?.start)));
    fields.filter(|&(_, start)| start >= from).min_by_key(|&(_, start)| start)
}

impl<'a> Iterator for Lint<'a> {
    type Item = Finding<'a>;

    fn next(&mut self) -> Option<Finding<'a>> {
        let reading = self.reading.filter(|reading| !reading.is_nickname())?;
        while let Some(check) = expression::CHECKS.get(self.next_of_expression) {
            self.next_of_expression += 1;
            if let Some(finding) = check(&reading) {
                return Some(finding);
            }
        }
        while let Some((field, start)) = self.place {
            let item = reading.item_at(field, start)?;
            while let Some(check) = item::CHECKS.get(self.next_of_item) {
                self.next_of_item += 1;
                if let Some(finding) = check(&reading, item) {
                    return Some(finding);
                }
            }
            self.next_of_item = 0;
            let end = item.span.end;
            let is_last = reading.span(field).map_or(true, |span| span.end == end);
            self.place = if is_last { first_field_from(&reading, end) } else { Some((field, end + 1)) };
        }
        None
    }
}

impl FusedIterator for Lint<'_> {}

impl fmt::Debug for Lint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lint({:?})", self.reading.map(|reading| reading.text))
    }
}

/// Something in a text that is legal and likely wrong. `Display` says what will happen, in one line.
#[derive(Clone, Copy)]
pub struct Finding<'a> {
    span: Span,
    code: &'static str,
    message: Sentence<'a>,
    suggestion: Suggestion<'a>,
}

impl<'a> Finding<'a> {
    fn new<const N: usize>(
        span: Span,
        code: &'static str,
        pattern: &'static str,
        parts: [Part<'a>; N],
    ) -> Finding<'a> {
        let suggestion = Suggestion { replacement: None, words: Sentence::EMPTY };
        Finding { span, code, message: Sentence::new(pattern, parts), suggestion }
    }

    /// What may be written instead of the bytes of the span.
    fn write<const N: usize>(mut self, pattern: &'static str, parts: [Part<'a>; N]) -> Finding<'a> {
        self.suggestion.replacement = Some(Replacement(Sentence::new(pattern, parts)));
        self
    }

    /// `*/n` without the `*`.
    fn write_whole_range(self, row: &'static Row, step: u32) -> Finding<'a> {
        let (first, last) = (Part::Written(row, 0), Part::Written(row, row.count - 1));
        match step {
            1 => self.write("{}-{}", [first, last]),
            _ => self.write("{}-{}/{}", [first, last, Part::Number(step)]),
        }
    }

    /// What to do instead; or, after a [`write`](Finding::write), what is said of the replacement.
    fn suggest<const N: usize>(mut self, pattern: &'static str, parts: [Part<'a>; N]) -> Finding<'a> {
        self.suggestion.words = Sentence::new(pattern, parts);
        self
    }

    /// The finding's name, for machines and for lists of what to ignore; [`Dialect::lint`] has them all.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// The bytes of the text that it is about.
    pub fn span(&self) -> Range<usize> {
        self.span.start..self.span.end
    }

    /// What to do instead.
    pub fn suggestion(&self) -> Suggestion<'a> {
        self.suggestion
    }
}

impl fmt::Display for Finding<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.message.fmt(f)
    }
}

impl fmt::Debug for Finding<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Finding({}, {:?}, {self})", self.code, self.span())
    }
}

/// What to write instead: a sentence in `Display`, and, where it is as simple as that, what to put in place of the
/// bytes of the finding's span.
#[derive(Clone, Copy)]
pub struct Suggestion<'a> {
    replacement: Option<Replacement<'a>>,
    words: Sentence<'a>,
}

impl<'a> Suggestion<'a> {
    /// The text to put in place of the bytes of [`Finding::span`]. It may be empty.
    pub fn replacement(&self) -> Option<Replacement<'a>> {
        self.replacement
    }
}

impl fmt::Display for Suggestion<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.replacement {
            Some(replacement) if !replacement.0.is_empty() => {
                write!(f, "write `{replacement}`{}", self.words)
            }
            _ => self.words.fmt(f),
        }
    }
}

impl fmt::Debug for Suggestion<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Suggestion({self})")
    }
}

/// A piece of an expression, from [`Suggestion::replacement`]: `Display` gives its text.
#[derive(Clone, Copy)]
pub struct Replacement<'a>(Sentence<'a>);

impl fmt::Display for Replacement<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Replacement<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Replacement({self})")
    }
}
