//! The time of day in words.

use core::fmt;

use super::words::{Rule, Values};
use crate::cron::{Cron, Field};
use crate::tools::english::{list, list_ranges, Ordinal};

/// How many times of day are written one by one.
const FEW: u32 = 6;
/// The same if they differ in one field only.
const FEW_OF_ONE_FIELD: u32 = 8;
/// How many spans of time, `from 09:00 to 11:45 and from 14:00 to 16:45`.
const FEW_SPANS: usize = 3;
/// How many times make it "every", rather than a list.
const MANY: u32 = 4;

pub(super) struct TimeOfDay {
    seconds: Values,
    minutes: Values,
    hours: Values,
}

/// What the rest of the sentence has to know.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    /// It goes through the whole day.
    Always,
    /// It ends with `from 09:00 to 17:00`.
    Spans,
    /// Times of a day, so that the day must follow.
    Times,
}

impl TimeOfDay {
    pub(super) fn of(cron: &Cron) -> TimeOfDay {
        TimeOfDay {
            seconds: Values::new(cron.seconds, 60),
            minutes: Values::new(cron.minutes, 60),
            hours: Values::new(u64::from(cron.hours), 24),
        }
    }

    /// `may_wrap`: whether each day is followed by one that matches, so that a span may go on past midnight.
    pub(super) fn write(&self, f: &mut fmt::Formatter<'_>, may_wrap: bool) -> Result<Said, fmt::Error> {
        if let Some(every) = self.through_the_day() {
            every.write(f, self)?;
            return Ok(Said::Always);
        }
        if let Some((step, rest)) = self.through_the_hour_and_more() {
            Every { step, unit: Field::Minute }.write_step(f)?;
            f.write_str(" and at ")?;
            write_field(f, rest, "minute")?;
            f.write_str(" of ")?;
            write_field(f, self.hours, "hour")?;
            return Ok(if self.hours.is_all() { Said::Always } else { Said::Times });
        }
        match self.spans(may_wrap) {
            Some(spans) if !self.are_few() || spans.count(self) as u32 * MANY <= self.count() => {
                spans.write(f, self)?;
                Ok(Said::Spans)
            }
            _ if self.are_few() => {
                self.write_times(f)?;
                Ok(Said::Times)
            }
            _ => self.write_fields(f, may_wrap),
        }
    }

    /// How many times of day there are.
    fn count(&self) -> u32 {
        self.seconds.count() * self.minutes.count() * self.hours.count()
    }

    fn are_few(&self) -> bool {
        let counts = [self.seconds.count(), self.minutes.count(), self.hours.count()];
        let is_one_field = counts.iter().filter(|&&count| count > 1).count() < 2;
        self.count() <= if is_one_field { FEW_OF_ONE_FIELD } else { FEW }
    }

    /// `at 09:00, 12:00 and 17:00`
    fn write_times(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("at ")?;
        let (minutes, seconds) = (self.minutes, self.seconds);
        let times = self.hours.iter().flat_map(move |hour| {
            let in_hour = move |minute| seconds.iter().map(move |second| (hour, minute, second));
            minutes.iter().flat_map(in_hour)
        });
        list(f, times, " and ", |f, time| self.write_time(f, time))
    }

    /// `09:00`, with the seconds if any time has some.
    fn write_time(&self, f: &mut fmt::Formatter<'_>, (hour, minute, second): (u32, u32, u32)) -> fmt::Result {
        write!(f, "{hour:02}:{minute:02}")?;
        if self.seconds.only() != Some(0) {
            write!(f, ":{second:02}")?;
        }
        Ok(())
    }

    /// Equal distances from midnight to midnight.
    fn through_the_day(&self) -> Option<Every> {
        let (second, minute) = (self.seconds.only(), self.minutes.only());
        if !self.hours.is_all() {
            return None;
        }
        if self.minutes.is_all() {
            if let Some(step) = self.seconds.cycle_from_zero() {
                return Some(Every { step, unit: Field::Second });
            }
        }
        second?;
        match minute {
            Some(_) => Some(Every { step: 1, unit: Field::Hour }),
            None => self.minutes.cycle_from_zero().map(|step| Every { step, unit: Field::Minute }),
        }
    }

    /// Equal distances through each hour and a few minutes more, where the minutes would be a long list.
    fn through_the_hour_and_more(&self) -> Option<(u32, Values)> {
        const FEW_MORE: u32 = 2;
        if self.seconds.only() != Some(0) || self.minutes.count() <= FEW_OF_ONE_FIELD {
            return None;
        }
        let with_more = |step: u32| {
            let rest = (0..60).step_by(step as usize).fold(self.minutes, Values::without);
            let is_more = (1..=FEW_MORE).contains(&rest.count());
            (is_more && rest.count() + 60 / step == self.minutes.count()).then_some((step, rest))
        };
        (2..=15).filter(|step| 60 % step == 0).find_map(with_more)
    }

    /// Equal distances within spans of the day.
    fn spans(&self, may_wrap: bool) -> Option<Spans> {
        let (second, minute, hour) = (self.seconds.only(), self.minutes.only(), self.hours.only());
        let spans = |step, unit, of| Some(Spans { every: Every { step, unit }, of, may_wrap });
        let found = match (second, minute, hour) {
            (_, Some(_), Some(_)) => spans(self.seconds.step()?, Field::Second, Of::Day),
            (Some(_), _, Some(_)) => spans(self.minutes.step()?, Field::Minute, Of::Day),
            (Some(_), Some(_), _) => match self.hours.step() {
                Some(step) if step > 1 && self.hours.count() >= MANY => spans(step, Field::Hour, Of::Day),
                _ => spans(1, Field::Hour, Of::Hours).filter(|_| self.hours_come_in_rows(may_wrap)),
            },
            _ if self.hours.is_all() => None,
            (Some(_), None, _) => spans(self.minutes.cycle()?, Field::Minute, Of::Hours),
            _ if self.minutes.is_all() => spans(self.seconds.cycle()?, Field::Second, Of::Hours),
            (_, _, Some(_)) => spans(self.seconds.cycle()?, Field::Second, Of::Minutes),
            _ => None,
        };
        found.filter(|spans| spans.of == Of::Day || spans.count(self) <= FEW_SPANS)
    }

    fn hours_come_in_rows(&self, may_wrap: bool) -> bool {
        self.hours.stretches(may_wrap).all(|(first, last)| (last + 24 - first) % 24 >= 2)
    }

    /// What repeats from the beginning of each hour, or of each minute, on.
    fn repeats_from_zero(&self) -> Option<Every> {
        match self.seconds.only() {
            Some(0) => self.minutes.cycle_from_zero().map(|step| Every { step, unit: Field::Minute }),
            Some(_) => None,
            None => self.seconds.cycle_from_zero().map(|step| Every { step, unit: Field::Second }),
        }
    }

    /// Field by field: `at minutes 5 and 20 of hours 9 to 17`, `every 10 seconds in minute 5 of every hour`.
    fn write_fields(&self, f: &mut fmt::Formatter<'_>, may_wrap: bool) -> Result<Said, fmt::Error> {
        let every = self.repeats_from_zero();
        let names_minutes = match &every {
            Some(every) => {
                every.write_step(f)?;
                f.write_str(" in ")?;
                every.unit == Field::Second && !self.minutes.is_all()
            }
            None => {
                f.write_str("at ")?;
                if self.seconds.only() != Some(0) {
                    write_field(f, self.seconds, "second")?;
                    f.write_str(" of ")?;
                }
                true
            }
        };
        if names_minutes {
            write_field(f, self.minutes, "minute")?;
            if self.minutes.is_all() && self.hours.is_all() {
                return Ok(Said::Always);
            }
            let minutes = Spans { every: Every { step: 1, unit: Field::Minute }, of: Of::Hours, may_wrap };
            if self.minutes.is_all() && minutes.count(self) <= FEW_SPANS {
                let without_seconds = TimeOfDay { seconds: Values::new(1, 60), ..*self };
                minutes.write_stretches(f, &without_seconds)?;
                return Ok(Said::Spans);
            }
            f.write_str(" of ")?;
        }
        write_field(f, self.hours, "hour")?;
        Ok(if self.hours.is_all() || every.is_some() { Said::Always } else { Said::Times })
    }
}

/// `every minute`, `minute 5`, `even minutes`, `every 3rd minute from 1 to 58`, `minutes 0, 7 and 10 to 20`
fn write_field(f: &mut fmt::Formatter<'_>, values: Values, name: &str) -> fmt::Result {
    if values.is_all() {
        return write!(f, "every {name}");
    }
    if let Some(value) = values.only() {
        return write!(f, "{name} {value}");
    }
    match values.rule(0) {
        Some(Rule::Even) => write!(f, "even {name}s"),
        Some(Rule::Odd) => write!(f, "odd {name}s"),
        Some(Rule::EveryNth { step, first, last }) => {
            write!(f, "every {} {name} from {first} to {last}", Ordinal(step))
        }
        None => {
            write!(f, "{name}s ")?;
            list_ranges(f, values.items(), " and ")
        }
    }
}

struct Every {
    step: u32,
    /// The second, the minute or the hour.
    unit: Field,
}

impl Every {
    /// `every minute`, `every 15 minutes`
    fn write_step(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.step {
            1 => write!(f, "every {}", self.unit),
            step => write!(f, "every {step} {}s", self.unit),
        }
    }

    /// With where in the hour or in the minute, unless at its beginning: `every hour at minute 30`.
    fn write(&self, f: &mut fmt::Formatter<'_>, times: &TimeOfDay) -> fmt::Result {
        self.write_step(f)?;
        let (minute, second) = (times.minutes.first(), times.seconds.first());
        match (self.unit, minute, second) {
            (Field::Second, ..) | (Field::Minute, _, 0) | (_, 0, 0) => Ok(()),
            (Field::Minute, ..) => write!(f, " at second {second}"),
            (_, _, 0) => write!(f, " at minute {minute}"),
            _ => write!(f, " at minute {minute} and second {second}"),
        }
    }
}

/// Equal distances within each stretch of hours, of minutes of one hour, or between first and last time of the day.
struct Spans {
    every: Every,
    of: Of,
    may_wrap: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    Day,
    Hours,
    Minutes,
}

impl Spans {
    fn stretches(&self, times: &TimeOfDay) -> impl Iterator<Item = (u32, u32)> {
        match self.of {
            Of::Day => Values::new(1, 1).stretches(false),
            Of::Hours => times.hours.stretches(self.may_wrap),
            Of::Minutes => times.minutes.stretches(false),
        }
    }

    fn count(&self, times: &TimeOfDay) -> usize {
        self.stretches(times).count()
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, times: &TimeOfDay) -> fmt::Result {
        self.every.write_step(f)?;
        self.write_stretches(f, times)
    }

    /// ` from 09:00 to 11:45 and from 14:00 to 16:45`
    fn write_stretches(&self, f: &mut fmt::Formatter<'_>, times: &TimeOfDay) -> fmt::Result {
        f.write_str(" ")?;
        let TimeOfDay { seconds, minutes, hours } = times;
        list(f, self.stretches(times), " and ", |f, (first, last)| {
            let ((first_hour, last_hour), (first_minute, last_minute)) = match self.of {
                Of::Day => ((hours.first(), hours.last()), (minutes.first(), minutes.last())),
                Of::Hours => ((first, last), (minutes.first(), minutes.last())),
                Of::Minutes => ((hours.first(), hours.first()), (first, last)),
            };
            f.write_str("from ")?;
            times.write_time(f, (first_hour, first_minute, seconds.first()))?;
            f.write_str(" to ")?;
            times.write_time(f, (last_hour, last_minute, seconds.last()))
        })
    }
}
