//! What is legal and likely wrong: [`Dialect::lint`]. A check looks at the expression as a whole or at one item of a
//! list, and gives one finding or none.

#[cfg(feature = "std")]
mod clocks;
mod expression;
mod item;
mod message;
mod piece;
mod reading;
mod suggestion;
mod words;

use core::fmt;
use core::iter::FusedIterator;
use core::ops::Range;

use self::message::Kind;
use self::piece::Piece;
pub use self::piece::Replacement;
use self::reading::{Item, Reading, Span};
pub use self::suggestion::Suggestion;
use crate::cron::field::Field;
use crate::cron::{Cron, Dialect, HOUR_REPEATS, MINUTE_REPEATS, SECOND_REPEATS};

impl Dialect {
    /// What is legal in this text and likely not what was meant, and what other crons read differently in it.
    ///
    /// A text that is no expression has no findings ([`Cron::parse`] says what is wrong with it), and a nickname has
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
        Lint { reading, expression: 0, place: None, item: 0 }
    }
}

/// What is legal and likely wrong in a text, from [`Dialect::lint`]: first what is so about the whole of it, then
/// what is about single items, from left to right.
#[derive(Clone)]
pub struct Lint<'a> {
    /// `None`: the text is no expression.
    reading: Option<Reading<'a>>,
    /// The next check of the whole.
    expression: usize,
    /// The item that is looked at: its field and its first byte. `None` before the first.
    place: Option<(Field, usize)>,
    /// The next check of the item.
    item: usize,
}

impl<'a> Lint<'a> {
    /// What the text means, if it hangs on nothing but the text, and there are hours in which it does not fire: one
    /// that fires in all of them goes with the clocks.
    pub(super) fn cron_of_hours(&self) -> Option<Cron> {
        let is_settled = |reading: &Reading<'a>| !Field::ALL.iter().any(|&field| reading.is_drawn(field));
        let has_all_hours = |cron: &Cron| cron.hours.count_ones() == 24;
        self.reading.filter(is_settled).map(|reading| reading.cron).filter(|cron| !has_all_hours(cron))
    }

    /// A finding about the clocks of a zone, which this floor knows nothing of.
    pub(super) fn clock_change(&self, change: ChangeAhead) -> Option<Finding<'a>> {
        let reading = self.reading?;
        let cron = &reading.cron;
        // Hours in a list do not repeat.
        let mends = if change.from < change.to {
            cron.has(HOUR_REPEATS) && !cron.matches(change.to)
        } else {
            cron.has(HOUR_REPEATS) && !cron.has(MINUTE_REPEATS | SECOND_REPEATS)
        };
        match reading.span(Field::Hour).filter(|_| mends) {
            Some(hours) => {
                let finding = Finding::new(&reading, hours, Kind::ClockChange(change));
                Some(finding.or_write(Piece::Hours(cron.hours)))
            }
            None => {
                let span = reading.between(Field::Minute, Field::Hour);
                Some(Finding::new(&reading, span, Kind::ClockChange(change)))
            }
        }
    }

    /// The item to look at, if there is one left.
    fn item(reading: &Reading<'a>, place: Option<(Field, usize)>) -> Option<Item<'a>> {
        let (field, start) = place.or_else(|| first_field_from(reading, 0))?;
        reading.item_at(field, start)
    }
}

/// The first field of the text that begins at this byte or later, and where.
fn first_field_from(reading: &Reading<'_>, from: usize) -> Option<(Field, usize)> {
    let fields = Field::ALL.iter().filter_map(|&field| Some((field, reading.span(field)?.start)));
    fields.filter(|&(_, start)| start >= from).min_by_key(|&(_, start)| start)
}

impl<'a> Iterator for Lint<'a> {
    type Item = Finding<'a>;

    fn next(&mut self) -> Option<Finding<'a>> {
        let reading = self.reading?;
        if reading.is_nickname() {
            return None;
        }
        while let Some(check) = expression::CHECKS.get(self.expression) {
            self.expression += 1;
            if let Some(finding) = check(&reading) {
                return Some(finding);
            }
        }
        while let Some(item) = Lint::item(&reading, self.place) {
            let field = item.row.field;
            while let Some(check) = item::CHECKS.get(self.item) {
                self.item += 1;
                if let Some(finding) = check(&reading, item) {
                    self.place = Some((field, item.span.start));
                    return Some(finding);
                }
            }
            self.item = 0;
            let end = item.span.end;
            let is_last = reading.span(field).map_or(true, |span| span.end == end);
            self.place = if is_last { first_field_from(&reading, end) } else { Some((field, end + 1)) };
            if self.place.is_none() {
                break;
            }
        }
        self.reading = None;
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
    text: &'a str,
    span: Span,
    kind: Kind<'a>,
    replacement: Option<Replacement<'a>>,
}

impl<'a> Finding<'a> {
    fn new(reading: &Reading<'a>, span: Span, kind: Kind<'a>) -> Finding<'a> {
        Finding { text: reading.text, span, kind, replacement: None }
    }

    /// What may be written instead of the bytes of the span.
    fn or_write(self, piece: Piece<'a>) -> Finding<'a> {
        Finding { replacement: Some(Replacement(piece)), ..self }
    }

    /// The finding's name, for machines and for lists of what to ignore; [`Dialect::lint`] has them all.
    pub fn code(&self) -> &'static str {
        self.kind.code()
    }

    /// The bytes of the text that it is about.
    pub fn span(&self) -> Range<usize> {
        self.span.start..self.span.end
    }

    /// What to do instead.
    pub fn suggestion(&self) -> Suggestion<'a> {
        Suggestion::of(self.kind, self.replacement)
    }
}

impl fmt::Display for Finding<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.say(self.span.of(self.text), f)
    }
}

impl fmt::Debug for Finding<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Finding({}, {:?}, {self})", self.code(), self.span())
    }
}

/// Clocks that skip or repeat a time at which an expression fires.
#[derive(Clone, Copy)]
pub(super) struct ChangeAhead {
    /// What clocks show when they are turned.
    pub(crate) from: crate::civil::DateTime,
    /// And what they show then: something later in a gap, something earlier in a fold.
    pub(crate) to: crate::civil::DateTime,
    /// The first fire that is concerned, and the last.
    pub(crate) first: crate::civil::DateTime,
    pub(crate) last: crate::civil::DateTime,
    /// In a gap: it fires when the clocks have skipped these. In a fold it fires in both passes.
    pub(crate) is_made_up: bool,
}
