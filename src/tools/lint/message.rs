//! What the findings are called and what they say. A sentence is about the expression, "this fires ...", or begins with
//! what it is about.

use core::fmt;

use super::piece::List;
use super::reading::in_order;
use super::words::{list, turn_of, weekday_of, Named};
use super::ChangeAhead;
use crate::cron::dialect::Seconds;
use crate::cron::field::{Field, Row};
use crate::cron::parse::set::Values;
use crate::tools::english::{ClockTime, Ordinal, MONTHS};
use crate::tools::mismatches::other_day_field;

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
    /// Of the two day fields the one that matches no day of these months.
    NeverComes {
        field: Field,
        months: u16,
        has_years: bool,
    },
    /// A day and a weekday, if the fields are but one.
    EitherDay {
        day: Option<u32>,
        weekday: Option<u32>,
        days: &'a str,
        weekdays: &'a str,
        week: Option<u32>,
        dialect: &'static str,
    },
    IgnoredDayField {
        field: Field,
    },
    StarBit {
        needs_both: bool,
    },
    QuestionMark {
        marks: u32,
    },
    /// `differing` are the readings with the second first, last and nowhere.
    SecondsOrder {
        seconds: Seconds,
        count: usize,
        is_zero: bool,
        differing: [bool; 3],
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
    /// `count` values are hashed from.
    HashedStepPastEnd {
        count: u32,
    },
    WholeRange {
        field: Field,
    },
    EqualRange {
        field: Field,
        value: u32,
        text: &'a str,
        is_whole_field: bool,
    },
    WrappingStep {
        row: &'static Row,
        values: Values,
        is_late: bool,
    },
    OpenWeekdayStep {
        row: &'static Row,
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
    ClockChange(ChangeAhead),
}

impl Kind<'_> {
    pub(super) fn code(&self) -> &'static str {
        match self {
            Kind::NeverFires { .. } => "never-fires",
            Kind::LeapYearsOnly { .. } => "leap-years-only",
            Kind::ShortMonths { .. } => "short-months",
            Kind::WithoutEffect { .. } | Kind::NeverComes { .. } => "day-field-without-effect",
            Kind::EitherDay { .. } => "either-day",
            Kind::IgnoredDayField { .. } => "ignored-day-field",
            Kind::StarBit { .. } => "star-bit",
            Kind::QuestionMark { .. } => "quartz-needs-question-mark",
            Kind::SecondsOrder { .. } => "seconds-order",
            Kind::WeekdayNumbers { .. } => "weekday-numbers",
            Kind::LastWeekdayAlone => "last-weekday-alone",
            Kind::EveryMinute { .. } => "every-minute",
            Kind::EverySecond { .. } => "every-second",
            Kind::UnevenStep { .. } => "uneven-step",
            Kind::StepPastEnd { .. } | Kind::HashedStepPastEnd { .. } => "step-past-end",
            Kind::WholeRange { .. } => "whole-range",
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
                let fields = Field::ALL.iter().filter(|&&field| fields >> field as u8 & 1 == 1);
                f.write_str("never fires: no date matches its ")?;
                list(f, fields.copied())?;
                f.write_str(" together")
            }
            Kind::LeapYearsOnly { .. } => {
                f.write_str("fires in leap years only: every four years at most, and not in 2100")
            }
            Kind::ShortMonths { never, is_leap_february, .. } => {
                f.write_str("does not fire in ")?;
                list(f, (0..12).filter(|month| never >> month & 1 == 1).map(|month| MONTHS[month]))?;
                match (never, is_leap_february) {
                    (_, false) => {
                        let have = if never.count_ones() == 1 { "has" } else { "have" };
                        write!(f, ", which {have} no such day")
                    }
                    (0, true) => f.write_str("February, except in leap years"),
                    (_, true) => f.write_str(", nor in February, except in leap years"),
                }
            }
            Kind::WithoutEffect { field } => write!(
                f,
                "the {field} has no effect: one of the day fields is enough, and `{here}` matches every day"
            ),
            Kind::NeverComes { field, months, has_years } => {
                write!(f, "`{here}` never comes in ")?;
                list(f, (0..12).filter(|month| months >> month & 1 == 1).map(|month| MONTHS[month]))?;
                f.write_str(if has_years { " of these years" } else { "" })?;
                write!(f, ": only the {} counts", other_day_field(field))
            }
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
            Kind::IgnoredDayField { field } => {
                let mark = if field == Field::DayOfWeek { "`W`" } else { "`#` or `L`" };
                write!(f, "`{here}` has no effect: croniter ignores the {field} beside a {mark}")
            }
            Kind::StarBit { needs_both: false } => {
                f.write_str("fires on days that match one of the day fields; ")?;
                write!(f, "in cronie on days that match both, as `{here}` begins with `*`")
            }
            Kind::StarBit { needs_both: true } => {
                write!(f, "fires on days that match both day fields, as `{here}` begins with `*`; ")?;
                f.write_str("in croniter on days that match one of them")
            }
            Kind::QuestionMark { marks: 0 } => {
                f.write_str("Quartz itself refuses this: one of its two day fields must be `?`")
            }
            Kind::QuestionMark { .. } => {
                f.write_str("Quartz itself refuses this: only one of its two day fields may be `?`")
            }
            Kind::SecondsOrder { seconds, count, differing, .. } => {
                let count = if count == 6 { "six" } else { "seven" };
                let (place, what, it) = match seconds {
                    Seconds::First => ("first", "second", "it"),
                    Seconds::Last => ("sixth", "second", "it"),
                    Seconds::Nowhere => ("sixth", "year", "the second"),
                };
                write!(f, "the {place} of the {count} fields is the {what}")?;
                let others = [
                    ("Quartz, Spring and most others take the first", it),
                    ("croniter takes the sixth", it),
                    ("Nomad, supercronic and EventBridge take the sixth", "the year"),
                ];
                let named = others.iter().zip(differing).filter(|(_, differs)| *differs);
                for (i, ((other, what), _)) in named.enumerate() {
                    write!(f, "{}{other} for {what}", if i == 0 { "; " } else { ", and " })?;
                }
                Ok(())
            }
            Kind::WeekdayNumbers { number, is_quartz } => {
                let (from_zero, from_one) = (weekday_of(number), weekday_of(number + 6));
                let (here, others, there) = if is_quartz {
                    (from_one, "crons that count from 0", from_zero)
                } else {
                    (from_zero, "Quartz, which counts from 1,", from_one)
                };
                write!(f, "weekday {number} is {here}; in {others} it is {there}")
            }
            Kind::LastWeekdayAlone => {
                write!(f, "`{here}` without a weekday is Saturday, every week; ")?;
                f.write_str("other crons refuse it or never fire")
            }
            Kind::EveryMinute { hour: Some(hour), times, .. } => {
                write!(f, "fires {times} times from {hour:02}:00 to {hour:02}:59, ")?;
                f.write_str("in every minute of the hour")
            }
            Kind::EveryMinute { hour: None, hours, times } => {
                write!(f, "fires {times} times in each hour that matches `{hours}`, in every minute of it")
            }
            Kind::EverySecond { minute: Some(minute), .. } => {
                write!(f, "fires 60 times in minute {minute}, once every second")
            }
            Kind::EverySecond { minute: None, minutes } => {
                write!(f, "fires 60 times in each minute that matches `{minutes}`, once every second")
            }
            Kind::UnevenStep { field, first, last, gap, .. } => {
                let (last, first) = (Named { field, value: last }, Named { field, value: first });
                let (turn, unit) = turn_of(field);
                write!(f, "the step is counted anew {turn}: ")?;
                f.write_str(if field == Field::DayOfMonth { "in months of 31 days " } else { "" })?;
                write!(f, "{last} is followed by {first}, ")?;
                match gap {
                    1 => write!(f, "one {unit} later"),
                    _ => write!(f, "{gap} {unit}s later"),
                }
            }
            Kind::StepPastEnd { field, value } => {
                let value = Named { field, value };
                write!(f, "the step of `{here}` leads past the end: it matches {value} only")
            }
            Kind::HashedStepPastEnd { count } => {
                write!(
                    f,
                    "the step of `{here}` leads past the {count} values: it matches one of them only; "
                )?;
                f.write_str("Jenkins refuses it")
            }
            Kind::WholeRange { field } => {
                let (_, unit) = turn_of(field);
                write!(f, "`{here}` goes round the whole field: it is every {unit}; others refuse it")
            }
            Kind::EqualRange { field, value, is_whole_field: false, .. } => {
                let value = Named { field, value };
                write!(f, "`{here}` is {value} alone; to croniter it is the whole field")
            }
            Kind::EqualRange { field, value, is_whole_field: true, .. } => {
                let value = Named { field, value };
                write!(f, "`{here}` is the whole field, as croniter reads it; to others it is {value} alone")
            }
            Kind::WrappingStep { row, values, is_late: false } => {
                let list = List { row, values };
                write!(f, "`{here}` is `{list}`; croniter reads other values after the turn")
            }
            Kind::WrappingStep { row, values, is_late: true } => {
                write!(f, "`{here}` is read as croniter does, one late after the turn; ")?;
                write!(f, "to others it is `{}`", List { row, values })
            }
            Kind::OpenWeekdayStep { row, values, is_seven, is_name, ends_with_sunday } => {
                write!(f, "`{here}` is ")?;
                list(f, in_order(values, row).map(weekday_of))?;
                if is_seven {
                    return f.write_str("; to others it is Sunday alone, or a mistake");
                }
                if is_name {
                    write!(f, "; Quartz reads {} alone", weekday_of(values.from))?;
                }
                match (is_name, ends_with_sunday) {
                    (_, false) => Ok(()),
                    (true, true) => f.write_str(", and Cronos goes on to Sunday"),
                    (false, true) => f.write_str("; Cronos goes on to Sunday"),
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

impl ChangeAhead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ChangeAhead { from, to, first, last, is_made_up } = *self;
        let (date, start, end) = (from.date(), ClockTime(from, from), ClockTime(to, from));
        let is_gap = from < to;
        if is_gap {
            write!(f, "on {date} clocks go from {start} straight to {end}: what is due ")?;
        } else {
            write!(f, "on {date} clocks go from {start} back to {end}: what is due ")?;
        }
        let is_one = first == last;
        if is_one {
            write!(f, "at {} ", ClockTime(first, from))?;
        } else {
            write!(f, "from {} to {} ", ClockTime(first, from), ClockTime(last, from))?;
        }
        match (is_gap, is_made_up, is_one) {
            (true, true, true) => write!(f, "fires at {end}"),
            (true, true, false) => write!(f, "fires once, at {end}"),
            (true, false, _) => f.write_str("does not fire that day"),
            (false, _, _) => f.write_str("fires both times"),
        }
    }
}
