//! What the findings suggest, in words.

use core::fmt;

use super::message::Kind;
use super::piece::{Piece, Replacement};
use super::words::{weekday_of, WEEKS};
use crate::cron::field::Field;
use crate::tools::english::ClockTime;
use crate::tools::mismatches::other_day_field;

/// What to write instead: a sentence in `Display`, and, where it is as simple as that, what to put in place of the
/// bytes of the finding's span.
#[derive(Clone, Copy)]
pub struct Suggestion<'a> {
    kind: Kind<'a>,
    replacement: Option<Replacement<'a>>,
}

impl<'a> Suggestion<'a> {
    pub(super) fn of(kind: Kind<'a>, replacement: Option<Replacement<'a>>) -> Suggestion<'a> {
        Suggestion { kind, replacement }
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
            Kind::NeverComes { field, .. } => {
                return write!(
                    f,
                    " if only the {} is to count, or name a day that comes",
                    other_day_field(field)
                );
            }
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
            Kind::EitherDay { dialect: "croniter", .. } => {
                "give croniter `day_or=False` for the days that match both"
            }
            Kind::EitherDay { dialect: "cronie", .. } => {
                "test one of the two in the command for the days that match both"
            }
            Kind::EitherDay { dialect: "quartz", .. } => {
                "test one of the two in the job for the days that match both"
            }
            Kind::EitherDay { .. } => "begin the text with `days=and` for the days that match both",
            Kind::IgnoredDayField { .. } => {
                ", which means the same, or give croniter `day_or=False` for the days that match both"
            }
            Kind::StarBit { needs_both: false } => ", which has no `*` for cronie to see",
            Kind::StarBit { needs_both: true } => " for days that match one of the fields, as in croniter",
            Kind::QuestionMark { .. } if self.replacement.is_some() => ", which means the same",
            Kind::QuestionMark { .. } => "write `?` for one of them, and see to that one in the job",
            Kind::SecondsOrder { is_zero: true, .. } => {
                "leave the second out: it is 0, and five fields have the same order everywhere"
            }
            Kind::SecondsOrder { .. } => {
                "begin the text with `seconds=first`, `seconds=last` or `seconds=none`, whichever is meant"
            }
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
            Kind::StepPastEnd { .. } if self.replacement.is_some() => ", if that is what is meant",
            Kind::StepPastEnd { .. } => "name that value, if it is what is meant",
            Kind::HashedStepPastEnd { .. } => ", which means the same",
            Kind::WholeRange { .. } if self.replacement.is_some() => ", if that is what is meant",
            Kind::WholeRange { .. } => "list the values that are meant",
            Kind::EqualRange { is_whole_field: false, .. } => ", which is the same everywhere",
            Kind::EqualRange { is_whole_field: true, text, field, .. } => {
                let is_day = matches!(field, Field::DayOfMonth | Field::DayOfWeek);
                // Beside another day field its effect depends on the day rule, too.
                let what = match self.replacement {
                    Some(Replacement(Piece::WholeRange { step: 1, .. })) if is_day => "the whole field",
                    _ => "the same",
                };
                return write!(f, ", which is {what} everywhere, or `{text}` for that value alone");
            }
            Kind::WrappingStep { is_late: true, .. } => "list the values that are meant",
            Kind::WrappingStep { .. } | Kind::OpenWeekdayStep { .. } => ", which is the same everywhere",
            Kind::FifthWeek => " for the last one of each month",
            Kind::Duplicate { .. } => "leave it out",
            Kind::ClockChange(change) if self.replacement.is_some() => {
                if change.from < change.to {
                    ", the hours in a list, to have it fire at the end of the gap"
                } else {
                    ", the hours in a list, to have it fire the first time only"
                }
            }
            Kind::ClockChange(change) => {
                let later = change.from.max(change.to);
                let what = if change.from < change.to { "do not skip" } else { "show once" };
                return write!(
                    f,
                    "name a time of day that clocks {what}, such as {}",
                    ClockTime(later, later)
                );
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
