//! What the findings are called, what they say, and what they suggest. The sentences are the ends of "this ...", or
//! begin with what they are about.

use core::fmt::{self, Write};

use super::super::field::{Field, Row};
use super::reading::{value, Values};
use super::{ClockChange, FIELDS};
use crate::civil::{DateTime, Weekday};

/// What was found, with all that the sentences need.
#[derive(Clone, Copy)]
pub(super) enum Kind<'a> {
    /// `fields` has a bit for each restricted one.
    NeverFires {
        fields: u8,
        has_last_day: bool,
    },
    LeapYearsOnly {
        has_last_day: bool,
    },
    /// `never` are months, and February may be one of them in common years.
    ShortMonths {
        never: u16,
        is_leap_february: bool,
        has_last_day: bool,
    },
    WithoutEffect {
        field: Field,
    },
    /// A day and a weekday, if the fields are but one.
    EitherDay {
        day: Option<u32>,
        weekday: Option<u32>,
        days: &'a str,
        weekdays: &'a str,
        week: Option<u32>,
    },
    StarBit {
        needs_both: bool,
    },
    QuestionMark {
        marks: u32,
    },
    SecondsOrder {
        is_first: bool,
        count: usize,
        is_zero: bool,
    },
    WeekdayNumbers {
        number: u32,
        is_quartz: bool,
    },
    LastWeekdayAlone,
    EveryMinute {
        hour: Option<u32>,
        hours: &'a str,
        times: u32,
    },
    EverySecond {
        minute: Option<u32>,
        minutes: &'a str,
    },
    UnevenStep {
        field: Field,
        first: u32,
        last: u32,
        gap: u32,
        step: u32,
        count: u32,
    },
    StepPastEnd {
        field: Field,
        value: u32,
    },
    EqualRange {
        value: &'a str,
        is_whole_field: bool,
    },
    WrappingStep {
        row: &'static Row,
        values: Values,
        is_late: bool,
    },
    OpenWeekdayStep {
        values: Values,
        is_seven: bool,
        is_name: bool,
        ends_with_sunday: bool,
    },
    FifthWeek,
    Duplicate {
        item: &'a str,
        of: &'a str,
    },
    ClockChange(ClockChange),
}

impl Kind<'_> {
    pub(super) fn code(&self) -> &'static str {
        match self {
            Kind::NeverFires { .. } => "never-fires",
            Kind::LeapYearsOnly { .. } => "leap-years-only",
            Kind::ShortMonths { .. } => "short-months",
            Kind::WithoutEffect { .. } => "day-field-without-effect",
            Kind::EitherDay { .. } => "either-day",
            Kind::StarBit { .. } => "star-bit",
            Kind::QuestionMark { .. } => "quartz-needs-question-mark",
            Kind::SecondsOrder { .. } => "seconds-order",
            Kind::WeekdayNumbers { .. } => "weekday-numbers",
            Kind::LastWeekdayAlone => "last-weekday-alone",
            Kind::EveryMinute { .. } => "every-minute",
            Kind::EverySecond { .. } => "every-second",
            Kind::UnevenStep { .. } => "uneven-step",
            Kind::StepPastEnd { .. } => "step-past-end",
            Kind::EqualRange { .. } => "equal-range",
            Kind::WrappingStep { .. } => "wrapping-step",
            Kind::OpenWeekdayStep { .. } => "open-weekday-step",
            Kind::FifthWeek => "fifth-week",
            Kind::Duplicate { .. } => "duplicate",
            Kind::ClockChange(change) if change.from < change.to => "clock-skips-time",
            Kind::ClockChange(_) => "clock-repeats-time",
        }
    }

    /// The sentence. `here` is the text that it is about.
    pub(super) fn say(&self, here: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Kind::NeverFires { fields, .. } => {
                let fields = FIELDS.iter().filter(|&&field| fields >> field as u8 & 1 == 1);
                f.write_str("never fires: no date matches its ")?;
                list(f, fields.copied())?;
                f.write_str(" together")
            }
            Kind::LeapYearsOnly { .. } => {
                f.write_str("fires in leap years only: every four years at most, and not in 2100")
            }
            Kind::ShortMonths { never, is_leap_february, .. } => {
                f.write_str("does not fire in ")?;
                list(f, (0..12).filter(|month| never >> month & 1 == 1).map(Month))?;
                match (never, is_leap_february) {
                    (_, false) => f.write_str(if never.count_ones() == 1 { ", which has no such day" } else { ", which have no such day" }),
                    (0, true) => f.write_str("February, except in leap years"),
                    (_, true) => f.write_str(", nor in February, except in leap years"),
                }
            }
            Kind::WithoutEffect { field } => write!(
                f,
                "the {field} has no effect: one of the day fields is enough, and `{here}` matches every day"
            ),
            Kind::EitherDay { day, weekday, days, weekdays, .. } => {
                f.write_str("fires on ")?;
                match day {
                    Some(day) => write!(f, "the {}", Ordinal(day))?,
                    None => write!(f, "days that match `{days}`")?,
                }
                match weekday {
                    Some(weekday) => write!(f, " and on {}s", weekday_of(weekday))?,
                    None => write!(f, " and on days that match `{weekdays}`")?,
                }
                f.write_str(", not only where the two meet")
            }
            Kind::StarBit { needs_both: false } => write!(
                f,
                "fires on days that match one of the day fields; in cronie on days that match both, as `{here}` \
                 begins with `*`"
            ),
            Kind::StarBit { needs_both: true } => write!(
                f,
                "fires on days that match both day fields, as `{here}` begins with `*`; in croniter on days that match \
                 one of them"
            ),
            Kind::QuestionMark { marks: 0 } => {
                f.write_str("Quartz itself refuses this: one of its two day fields must be `?`")
            }
            Kind::QuestionMark { .. } => {
                f.write_str("Quartz itself refuses this: only one of its two day fields may be `?`")
            }
            Kind::SecondsOrder { is_first: true, count, .. } => write!(
                f,
                "the first of the {} fields is the second; croniter takes the sixth for it",
                if count == 6 { "six" } else { "seven" }
            ),
            Kind::SecondsOrder { is_first: false, count, .. } => write!(
                f,
                "the sixth of the {} fields is the second; Quartz, Spring and most others take the first for it",
                if count == 6 { "six" } else { "seven" }
            ),
            Kind::WeekdayNumbers { number, is_quartz } => {
                let (from_zero, from_one) = (weekday_of(number), weekday_of(number + 6));
                if is_quartz {
                    write!(f, "weekday {number} is {from_one}, counted from 1; where 0 is Sunday it is {from_zero}")
                } else {
                    write!(f, "weekday {number} is {from_zero}; in Quartz, which counts from 1, it is {from_one}")
                }
            }
            Kind::LastWeekdayAlone => {
                write!(f, "`{here}` without a weekday is Saturday, every week; other crons refuse it or never fire")
            }
            Kind::EveryMinute { hour: Some(hour), times, .. } => {
                write!(f, "fires {times} times from {hour:02}:00 to {hour:02}:59, in every minute of the hour")
            }
            Kind::EveryMinute { hour: None, hours, times } => {
                write!(f, "fires {times} times an hour, in every minute of the hours that match `{hours}`")
            }
            Kind::EverySecond { minute: Some(minute), .. } => {
                write!(f, "fires 60 times in minute {minute}, once every second")
            }
            Kind::EverySecond { minute: None, minutes } => {
                write!(f, "fires 60 times in each minute that matches `{minutes}`, once every second")
            }
            Kind::UnevenStep { field, first, last, gap, .. } => {
                let s = if gap == 1 { "" } else { "s" };
                let (last, first) = (Named { field, value: last }, Named { field, value: first });
                let (turn, unit) = turn_of(field);
                write!(f, "the step is counted anew {turn}: {last} is followed by {first}, {gap} {unit}{s} later")
            }
            Kind::StepPastEnd { field, value } => {
                write!(f, "the step of `{here}` leads past the end: it matches {} only", Named { field, value })
            }
            Kind::EqualRange { value, is_whole_field: false } => {
                write!(f, "`{here}` is {value} alone; to croniter it is the whole field")
            }
            Kind::EqualRange { value, is_whole_field: true } => {
                write!(f, "`{here}` is the whole field, as croniter reads it; to others it is {value} alone")
            }
            Kind::WrappingStep { row, values, is_late: false } => {
                write!(f, "`{here}` is {}; croniter reads other values after the turn", List { row, values })
            }
            Kind::WrappingStep { row, values, is_late: true } => {
                let list = List { row, values };
                write!(f, "`{here}` is read as croniter does, one late after the turn; to others it is {list}")
            }
            Kind::OpenWeekdayStep { values, is_seven, is_name, ends_with_sunday } => {
                write!(f, "`{here}` is ")?;
                list(f, values.in_order().map(weekday_of))?;
                match (is_seven, is_name, ends_with_sunday) {
                    (true, _, _) => f.write_str("; to others it is Sunday alone, or a mistake"),
                    (_, true, false) => write!(f, "; Quartz reads {} alone", weekday_of(values.from)),
                    (_, true, true) => {
                        let first = weekday_of(values.from);
                        write!(f, "; Quartz reads {first} alone, and Cronos goes on to Sunday")
                    }
                    _ => f.write_str("; Cronos goes on to Sunday"),
                }
            }
            Kind::FifthWeek => {
                write!(f, "`{here}` matches no day of a month that has the weekday only four times")
            }
            Kind::Duplicate { item, of } => write!(f, "`{item}` adds nothing: `{of}` is in the list already"),
            Kind::ClockChange(change) => change.fmt(f),
        }
    }
}

impl ClockChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ClockChange { from, to, first, last, fires_twice } = *self;
        let (date, start, end) = (from.date(), Clock(from, from), Clock(to, from));
        let is_gap = from < to;
        if is_gap {
            write!(f, "on {date} clocks go from {start} straight to {end}: what is due ")?;
        } else {
            write!(f, "on {date} clocks go from {start} back to {end}: what is due ")?;
        }
        let is_one = first == last;
        if is_one {
            write!(f, "at {} ", Clock(first, from))?;
        } else {
            write!(f, "from {} to {} ", Clock(first, from), Clock(last, from))?;
        }
        match (is_gap, fires_twice, is_one) {
            (true, _, true) => write!(f, "fires at {end}"),
            (true, _, false) => write!(f, "fires once, at {end}"),
            (false, true, _) => f.write_str("fires both times"),
            (false, false, _) => f.write_str("fires the first time only"),
        }
    }
}

/// A time of day; with its date if that is not the date of the other.
struct Clock(DateTime, DateTime);

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (date, time) = (self.0.date(), self.0.time());
        if date != self.1.date() {
            write!(f, "{date} ")?;
        }
        write!(f, "{:02}:{:02}", time.hour(), time.minute())?;
        match time.second() {
            0 => Ok(()),
            second => write!(f, ":{second:02}"),
        }
    }
}

/// What to write instead: a sentence in `Display`, and, where it is as simple as that, what to put in place of the
/// bytes of the finding's span.
#[derive(Clone, Copy)]
pub struct Suggestion<'a> {
    kind: Kind<'a>,
    replacement: Option<Replacement<'a>>,
}

impl<'a> Suggestion<'a> {
    pub(super) fn of(kind: Kind<'a>, replacement: Option<Replacement<'a>>) -> Option<Suggestion<'a>> {
        let has_none = matches!((kind, replacement), (Kind::QuestionMark { .. }, None));
        (!has_none).then_some(Suggestion { kind, replacement })
    }

    /// The text to put in place of the bytes of [`Finding::span`](super::Finding::span). It may be empty.
    pub fn replacement(&self) -> Option<Replacement<'a>> {
        self.replacement
    }
}

impl fmt::Display for Suggestion<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.replacement {
            None | Some(Replacement(Piece::Text(""))) => {}
            Some(replacement) => write!(f, "write `{replacement}`")?,
        }
        let rest = match self.kind {
            Kind::NeverFires { has_last_day: true, .. } => {
                "name a day that the month has, or `L` for its last one"
            }
            Kind::NeverFires { .. } => "change one of these fields",
            Kind::LeapYearsOnly { has_last_day: true } => " for the last day of every February",
            Kind::LeapYearsOnly { has_last_day: false } => "name a day that every year has",
            Kind::ShortMonths { has_last_day: true, .. } => " for the last day of each month",
            Kind::ShortMonths { has_last_day: false, .. } => "name a day up to 28, which every month has",
            Kind::WithoutEffect { field: Field::DayOfWeek } => " if only the day of week is to count",
            Kind::WithoutEffect { .. } => " if only the day of month is to count",
            Kind::EitherDay { weekday: Some(weekday), week: Some(week), .. }
                if self.replacement.is_some() =>
            {
                return write!(
                    f,
                    " for the {} {} of the month",
                    WEEKS[week as usize % 4],
                    weekday_of(weekday)
                );
            }
            Kind::EitherDay { .. } => "begin the text with `days=and` for the days that match both",
            Kind::StarBit { .. } => ", which means days that match one of the fields in both",
            Kind::QuestionMark { .. } => ", which means the same",
            Kind::SecondsOrder { is_zero: true, .. } => {
                "leave the second out: five fields mean the same to all, and the second is 0"
            }
            Kind::SecondsOrder { .. } => "name the dialect wherever this text goes",
            Kind::WeekdayNumbers { .. } => ": names are the same days everywhere",
            Kind::LastWeekdayAlone => ", which means the same",
            Kind::EveryMinute { hour: Some(_), .. } => " to fire in the first minute of the hour only",
            Kind::EveryMinute { hour: None, .. } => " to fire in the first minute of these hours only",
            Kind::EverySecond { minute: Some(_), .. } => " to fire in the first second of the minute only",
            Kind::EverySecond { minute: None, .. } => " to fire in the first second of these minutes only",
            Kind::UnevenStep { field: Field::DayOfMonth | Field::DayOfWeek, .. } => {
                "list the days that are meant"
            }
            Kind::UnevenStep { step, count, .. } => {
                let divides = |other: &u32| count % other == 0;
                let below = (1..step).rev().find(divides).unwrap_or(1);
                return match (step + 1..count).find(divides) {
                    Some(above) => write!(f, "for even steps write {below} or {above}, which divide {count}"),
                    None => write!(f, "for even steps write {below}, which divides {count}"),
                };
            }
            Kind::StepPastEnd { .. } => ", if that is what is meant",
            Kind::EqualRange { is_whole_field: false, .. } => ", which is the same everywhere",
            Kind::EqualRange { is_whole_field: true, value } => {
                return write!(f, ", which is the same everywhere, or `{value}` for that value alone");
            }
            Kind::WrappingStep { is_late: true, .. } => "list the values that are meant",
            Kind::WrappingStep { .. } | Kind::OpenWeekdayStep { .. } => ", which is the same everywhere",
            Kind::FifthWeek => " for the last one of each month",
            Kind::Duplicate { .. } => "leave it out",
            Kind::ClockChange(change) => {
                let later = change.from.max(change.to);
                let what = if change.from < change.to { "do not skip" } else { "show once" };
                return write!(f, "name a time of day that clocks {what}, such as {}", Clock(later, later));
            }
        };
        f.write_str(rest)
    }
}

impl fmt::Debug for Suggestion<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Suggestion({self})")
    }
}

/// A piece of an expression, from [`Suggestion::replacement`]: `Display` gives its text.
#[derive(Clone, Copy)]
pub struct Replacement<'a>(pub(super) Piece<'a>);

#[derive(Clone, Copy)]
pub(super) enum Piece<'a> {
    Text(&'a str),
    Value {
        row: &'static Row,
        value: u32,
    },
    List {
        row: &'static Row,
        values: Values,
    },
    /// `*/n`
    Star {
        step: u32,
    },
    /// The same without the `*`.
    WholeRange {
        row: &'static Row,
        step: u32,
    },
    /// The text of a field with names for its numbers.
    Named {
        row: &'static Row,
        text: &'a str,
    },
    /// Day of month, month and day of week.
    NthWeekday {
        month: &'a str,
        name: &'static str,
        week: u32,
    },
    LastWeekday {
        row: &'static Row,
        weekdays: &'a str,
    },
}

impl fmt::Display for Replacement<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Piece::Text(text) => f.write_str(text),
            Piece::Value { row, value } => Written { row, value }.fmt(f),
            Piece::List { row, values } => List { row, values }.fmt(f),
            Piece::Star { step } => write!(f, "*/{step}"),
            Piece::WholeRange { row, step } => {
                let (first, last) = (Written { row, value: 0 }, Written { row, value: row.count - 1 });
                write!(f, "{first}-{last}/{step}")
            }
            Piece::Named { row, text } => with_names(f, row, text),
            Piece::NthWeekday { month, name, week } => write!(f, "* {month} {name}#{}", week + 1),
            Piece::LastWeekday { row, weekdays } => {
                with_names(f, row, weekdays)?;
                f.write_char('L')
            }
        }
    }
}

impl fmt::Debug for Replacement<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Replacement({self})")
    }
}

/// A value as an expression has it: by its name, if it has one.
struct Written {
    row: &'static Row,
    value: u32,
}

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.row.names.get(self.value as usize) {
            Some(name) => f.write_str(name),
            None => write!(f, "{}", self.row.first + self.value),
        }
    }
}

/// All of these values, as a list in an expression.
struct List {
    row: &'static Row,
    values: Values,
}

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, value) in self.values.in_order().enumerate() {
            if i > 0 {
                f.write_char(',')?;
            }
            Written { row: self.row, value }.fmt(f)?;
        }
        Ok(())
    }
}

/// The numbers of a text that stand for weekdays: no steps and no weeks.
pub(super) fn numbers_named<'a>(row: &'static Row, text: &'a str) -> impl Iterator<Item = u32> + 'a {
    words(text).filter_map(move |word| match word {
        Word::Number(digits) => value(row, digits).map(|value| row.first + value),
        Word::Other(_) => None,
    })
}

fn with_names(f: &mut fmt::Formatter<'_>, row: &'static Row, text: &str) -> fmt::Result {
    // Sunday is 7 at the end of a range from Sunday, and `sun-sun` would be that day alone.
    let (mut before, mut is_range) = (None, false);
    for word in words(text) {
        match word {
            Word::Number(digits) => {
                let number = value(row, digits).unwrap_or(0);
                let is_whole_week = is_range && before == Some(0) && number == 7;
                let number = if is_whole_week { 6 } else { number % 7 };
                write!(f, "{}", Written { row, value: number })?;
                before = Some(number);
            }
            Word::Other(other) => {
                f.write_str(other)?;
                if other != "-" {
                    before = value(row, other);
                }
                is_range = other == "-";
            }
        }
    }
    Ok(())
}

enum Word<'a> {
    /// Digits that stand for a value.
    Number(&'a str),
    /// Letters, or a character; or a `/` or a `#` with the digits that belong to it.
    Other(&'a str),
}

/// Cuts the text of a field up.
fn words(text: &str) -> impl Iterator<Item = Word<'_>> {
    let mut rest = text;
    core::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let after = &rest[first.len_utf8()..];
        let run = |text: &str, is_member: fn(&char) -> bool| {
            text.chars().take_while(is_member).map(char::len_utf8).sum()
        };
        let digits: fn(&char) -> bool = char::is_ascii_digit;
        let length: usize = match first {
            '/' | '#' => 1 + run(after, digits),
            _ if first.is_ascii_digit() => run(rest, digits),
            // `friL` is a name and a mark, `Lfri` a mark and a name.
            'L' | 'l' => 1,
            _ if first.is_ascii_alphabetic() => run(rest, char::is_ascii_alphabetic).min(3),
            _ => first.len_utf8(),
        };
        let (word, following) = rest.split_at(length);
        rest = following;
        Some(if first.is_ascii_digit() { Word::Number(word) } else { Word::Other(word) })
    })
}

/// A value of a field in a sentence.
struct Named {
    field: Field,
    value: u32,
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Named { field, value } = *self;
        match field {
            Field::Second => write!(f, "second {value}"),
            Field::Minute => write!(f, "minute {value}"),
            Field::Hour => write!(f, "hour {value}"),
            Field::DayOfMonth => write!(f, "day {}", value + 1),
            Field::Month => Month(value).fmt(f),
            Field::DayOfWeek => weekday_of(value).fmt(f),
            Field::Year => write!(f, "the year {}", value + 1970),
        }
    }
}

/// When a field begins anew, and what it counts.
fn turn_of(field: Field) -> (&'static str, &'static str) {
    match field {
        Field::Second => ("every minute", "second"),
        Field::Minute => ("every hour", "minute"),
        Field::Hour => ("every day", "hour"),
        Field::DayOfMonth => ("every month, so in one of 31 days", "day"),
        Field::Month => ("every year", "month"),
        Field::DayOfWeek => ("every week", "day"),
        Field::Year => ("never", "year"),
    }
}

/// So many days after a Sunday.
fn weekday_of(value: u32) -> Weekday {
    // 1970-01-04 was one.
    Weekday::of_day(i64::from(value) + 3)
}

const WEEKS: [&str; 4] = ["first", "second", "third", "fourth"];

/// From 0 on.
struct Month(u32);

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [&str; 12] = [
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ];
        f.write_str(NAMES[self.0 as usize % 12])
    }
}

/// `13th`
struct Ordinal(u32);

impl fmt::Display for Ordinal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ending = match (self.0 / 10, self.0 % 10) {
            (1, _) => "th",
            (_, 1) => "st",
            (_, 2) => "nd",
            (_, 3) => "rd",
            _ => "th",
        };
        write!(f, "{}{ending}", self.0)
    }
}

/// `A`, `A and B`, `A, B and C`
fn list<T: fmt::Display>(f: &mut fmt::Formatter<'_>, items: impl Iterator<Item = T>) -> fmt::Result {
    let mut items = items.enumerate().peekable();
    while let Some((i, item)) = items.next() {
        match (i, items.peek().is_some()) {
            (0, _) => {}
            (_, true) => f.write_str(", ")?,
            (_, false) => f.write_str(" and ")?,
        }
        write!(f, "{item}")?;
    }
    Ok(())
}
