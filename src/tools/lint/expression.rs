//! The checks of an expression as a whole.

use super::dates::{
    day_field_without_effect, day_that_never_comes, either_day, ignored_day_field, leap_years_only,
    never_fires, short_months, star_bit_in_days, star_bit_in_weekdays,
};
use super::reading::{Form, Item, Reading, Span};
use super::sentence::Part;
use super::Finding;
use crate::cron::dialect::Seconds;
use crate::cron::field::Field;

type Check = for<'a> fn(&Reading<'a>) -> Option<Finding<'a>>;

pub(super) const CHECKS: [Check; 15] = [
    never_fires,
    leap_years_only,
    short_months,
    day_field_without_effect,
    day_that_never_comes,
    either_day,
    ignored_day_field,
    star_bit_in_days,
    star_bit_in_weekdays,
    question_mark,
    seconds_order,
    weekday_numbers,
    last_weekday_alone,
    every_minute,
    every_second,
];

fn question_mark<'a>(reading: &Reading<'a>) -> Option<Finding<'a>> {
    if reading.dialect.name() != "quartz" {
        return None;
    }
    let (days, weekdays) = (reading.span(Field::DayOfMonth)?, reading.span(Field::DayOfWeek)?);
    let (span, written) = match (days.of(reading.text), weekdays.of(reading.text)) {
        ("?", "?") => (weekdays, "*"),
        ("?", _) | (_, "?") => return None,
        (_, "*") => (weekdays, "?"),
        ("*", _) => (days, "?"),
        _ => (days.to(weekdays), ""),
    };
    let pattern = match written {
        "*" => "Quartz itself refuses this: only one of its two day fields may be `?`",
        _ => "Quartz itself refuses this: one of its two day fields must be `?`",
    };
    let finding = Finding::new(span, "quartz-needs-question-mark", pattern, []);
    Some(match written {
        "" => finding.suggest("write `?` for one of them, and see to that one in the job", []),
        _ => finding.write(written, []).suggest(", which means the same", []),
    })
}

fn seconds_order<'a>(reading: &Reading<'a>) -> Option<Finding<'a>> {
    let dialect = reading.dialect;
    let (place, what, first, last) = match dialect.seconds {
        Seconds::First => ("first", "second", "", "croniter takes the sixth for it"),
        Seconds::Last => ("sixth", "second", "Quartz, Spring and most others take the first for it", ""),
        Seconds::Nowhere => (
            "sixth",
            "year",
            "Quartz, Spring and most others take the first for the second",
            "croniter takes the sixth for the second",
        ),
    };
    let readers = [
        (dialect.seconds_first(), first),
        (dialect.seconds_last(), last),
        (dialect.seconds_none(), "Nomad, supercronic and EventBridge take the sixth for the year"),
    ];
    let mut others = readers.iter().filter(|(other, _)| reading.is_other_in(*other));
    // Those who read Quartz's language all have the second first.
    if reading.count < 6 || *dialect.field_counts().start() > 5 {
        return None;
    }
    let (other, another) = (others.next()?.1, others.next().map_or("", |(_, words)| words));
    let pattern = match another {
        "" => "the {} of the {} fields is the {}; {}{}",
        _ => "the {} of the {} fields is the {}; {}, and {}",
    };
    let count = if reading.count == 6 { "six" } else { "seven" };
    let parts = [place, count, what, other, another].map(Part::Text);
    let second = reading.span(Field::Second).or_else(|| reading.span(Field::Year))?;
    let is_zero = reading.count == 6
        && dialect.seconds != Seconds::Nowhere
        && second.of(reading.text).bytes().all(|byte| byte == b'0');
    let finding = |span: Span| Finding::new(span, "seconds-order", pattern, parts);
    if !is_zero {
        let suggestion =
            "begin the text with `seconds=first`, `seconds=last` or `seconds=none`, whichever is meant";
        return Some(finding(second).suggest(suggestion, []));
    }
    let span = match dialect.seconds {
        Seconds::First => Span { start: second.start, end: reading.span(Field::Minute)?.start },
        _ => Span { start: reading.span(Field::DayOfWeek)?.end, end: second.end },
    };
    let suggestion = "leave the second out: it is 0, and five fields have the same order everywhere";
    Some(finding(span).write("", []).suggest(suggestion, []))
}

fn weekday_numbers<'a>(reading: &Reading<'a>) -> Option<Finding<'a>> {
    let span = reading.span(Field::DayOfWeek)?;
    // Five fields are not Quartz's, but `5L` has come from there.
    let is_quartzlike = reading.dialect.seconds == Seconds::First && reading.count > 5;
    let has_mark = |item: &Item<'_>| item.form == Form::Mark && item.text.contains(&['L', 'l'][..]);
    let is_told_apart = |item: &Item<'_>| is_quartzlike || has_mark(item) && first_number(item).is_some();
    if !reading.items(Field::DayOfWeek).any(|item| is_told_apart(&item))
        || reading.has_every_weekday()
        || reading.is_drawn(Field::DayOfWeek)
    {
        return None;
    }
    let number = reading.items(Field::DayOfWeek).find_map(|item| first_number(&item))?;
    let (from_zero, from_one) = (Part::Weekday(number), Part::Weekday(number + 6));
    let (pattern, here, there) = match reading.dialect.table.row(Field::DayOfWeek).first {
        1 => ("weekday {} is {}; in crons that count from 0 it is {}", from_one, from_zero),
        _ => ("weekday {} is {}; in Quartz, which counts from 1, it is {}", from_zero, from_one),
    };
    let parts = [Part::Number(number), here, there];
    let finding = Finding::new(span, "weekday-numbers", pattern, parts);
    let names = Part::WithNames(reading.dialect, span.of(reading.text));
    Some(finding.write("{}", [names]).suggest(": names are the same days everywhere", []))
}

/// The first weekday of an item that is given by a number Quartz has too.
fn first_number(item: &Item<'_>) -> Option<u32> {
    let weekdays = item.text.split(&['/', '#', '%'][..]).next()?;
    let mut numbers = weekdays.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse().ok());
    numbers.find(|&number| number > 0)
}

fn last_weekday_alone<'a>(reading: &Reading<'a>) -> Option<Finding<'a>> {
    let is_alone = |item: &Item<'_>| matches!(item.text, "L" | "l");
    let item = reading.items(Field::DayOfWeek).find(is_alone)?;
    let pattern = "`{}` without a weekday is Saturday, every week; other crons refuse it or never fire";
    let finding = Finding::new(item.span, "last-weekday-alone", pattern, [Part::Text(item.text)]);
    Some(finding.write("sat", []).suggest(", which means the same", []))
}

/// Whether a field is a list of values, or every so many from the first on.
fn is_list_or_step(reading: &Reading<'_>, field: Field) -> bool {
    match reading.only_item(field).and_then(|item| Some((item.form, item.values?.step))) {
        Some((Form::Star, step)) => step > 1,
        _ => reading.span(field).is_some() && reading.items(field).all(|item| item.form == Form::One),
    }
}

const ALL_HOURS: u32 = u32::MAX >> 8;
const ALL_MINUTES: u64 = u64::MAX >> 4;

fn every_minute<'a>(reading: &Reading<'a>) -> Option<Finding<'a>> {
    if reading.field(Field::Minute) != "*"
        || !is_list_or_step(reading, Field::Hour)
        || reading.cron.hours == ALL_HOURS
    {
        return None;
    }
    let times = Part::Number(60 * reading.cron.seconds.count_ones());
    let (span, code) = (reading.span(Field::Minute)?, "every-minute");
    let (finding, suggestion) = match reading.only_value(Field::Hour) {
        Some(hour) => {
            let pattern = "fires {} times from {}:00 to {}:59, in every minute of the hour";
            let parts = [times, Part::TwoDigits(hour), Part::TwoDigits(hour)];
            let suggestion = " to fire in the first minute of the hour only";
            (Finding::new(span, code, pattern, parts), suggestion)
        }
        None => {
            let pattern = "fires {} times in each hour that matches `{}`, in every minute of it";
            let parts = [times, Part::Text(reading.field(Field::Hour))];
            let suggestion = " to fire in the first minute of these hours only";
            (Finding::new(span, code, pattern, parts), suggestion)
        }
    };
    Some(finding.write("0", []).suggest(suggestion, []))
}

fn every_second<'a>(reading: &Reading<'a>) -> Option<Finding<'a>> {
    if reading.field(Field::Second) != "*"
        || !is_list_or_step(reading, Field::Minute)
        || reading.cron.minutes == ALL_MINUTES
    {
        return None;
    }
    let (pattern, part, suggestion) = match reading.only_value(Field::Minute) {
        Some(minute) => (
            "fires 60 times in minute {}, once every second",
            Part::Number(minute),
            " to fire in the first second of the minute only",
        ),
        None => (
            "fires 60 times in each minute that matches `{}`, once every second",
            Part::Text(reading.field(Field::Minute)),
            " to fire in the first second of these minutes only",
        ),
    };
    let finding = Finding::new(reading.span(Field::Second)?, "every-second", pattern, [part]);
    Some(finding.write("0", []).suggest(suggestion, []))
}
