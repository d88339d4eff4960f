//! The checks of a single item of a list.

use super::reading::{bits, in_order, Form, Item, Reading, Span};
use super::sentence::Part;
use super::Finding;
use crate::cron::dialect::Days;
use crate::cron::field::{Field, Marks};
use crate::cron::parse::set::{Item as Meaning, Values};
use crate::cron::{Cron, DAYS_RESTRICTED, WEEKDAYS_RESTRICTED};
use crate::tools::mismatches::is_day_field;

type Check = for<'a> fn(&Reading<'a>, Item<'a>) -> Option<Finding<'a>>;

pub(super) const CHECKS: [Check; 9] = [
    uneven_step,
    step_past_end,
    hashed_step_past_end,
    equal_range,
    whole_range,
    wrapping_step,
    open_weekday_step,
    fifth_week,
    duplicate,
];

fn uneven_step<'a>(reading: &Reading<'a>, item: Item<'a>) -> Option<Finding<'a>> {
    let Values { from, to, step, .. } = item.values?;
    let (field, count) = (item.row.field, item.row.count);
    let begins_early = match (item.form, field) {
        (Form::Star, _) => true,
        (Form::Range, _) => from == 0,
        // Wherever it begins, it goes round the whole field.
        (Form::Open, Field::Second | Field::Minute | Field::Hour | Field::Month) => from < step,
        _ => false,
    };
    let is_alone = reading.span(field) == Some(item.span);
    if !is_alone || !begins_early || to + 1 < count {
        return None;
    }
    let last = from + (count - 1 - from) / step * step;
    let gap = from + count - last;
    if last == from || gap == step || !comes_to_the_turn(&reading.cron, field) {
        return None;
    }
    let (turn, unit) = turn_of(field);
    let pattern = match field {
        Field::DayOfMonth => {
            "the step is counted anew {}: in months of 31 days {} is followed by {}, {} later"
        }
        _ => "the step is counted anew {}: {} is followed by {}, {} later",
    };
    let parts =
        [Part::Text(turn), Part::Value(field, last), Part::Value(field, from), Part::Distance(gap, unit)];
    let finding = Finding::new(item.span, "uneven-step", pattern, parts);
    if is_day_field(field) {
        return Some(finding.suggest("list the days that are meant", []));
    }
    let divides = |other: &u32| count % other == 0;
    let below = Part::Number((1..step).rev().find(divides).unwrap_or(1));
    let count_part = Part::Number(count);
    Some(match (step + 1..count).find(divides) {
        Some(above) => {
            let pattern = "for even steps write {} or {}, which divide {}";
            finding.suggest(pattern, [below, Part::Number(above), count_part])
        }
        None => finding.suggest("for even steps write {}, which divides {}", [below, count_part]),
    })
}

/// When a field begins anew, and what it counts.
fn turn_of(field: Field) -> (&'static str, &'static str) {
    match field {
        Field::Second => ("every minute", "second"),
        Field::Minute => ("every hour", "minute"),
        Field::Hour => ("every day", "hour"),
        Field::DayOfMonth => ("every month", "day"),
        Field::Month => ("every year", "month"),
        Field::DayOfWeek => ("every week", "day"),
        Field::Year => ("never", "year"),
    }
}

/// Whether the last value of a field is ever followed by the first: the next field has two neighbours then.
fn comes_to_the_turn(cron: &Cron, field: Field) -> bool {
    let has_neighbours = |set: u64| set & set << 1 != 0;
    match field {
        Field::Second => has_neighbours(cron.minutes),
        Field::Minute => has_neighbours(u64::from(cron.hours)),
        Field::Hour => (0..7).any(|weekday| has_neighbours(u64::from(cron.days_of_month(31, weekday)))),
        Field::DayOfMonth => {
            // A month of 31 days, and after it another; after December one of another year.
            const LONG: u16 = 0b1010_1101_0101;
            let january = if cron.years.is_any() { cron.months << 11 } else { 0 };
            let is_followed = cron.months & LONG & (cron.months >> 1 | january) != 0;
            is_followed && !cron.has(WEEKDAYS_RESTRICTED)
        }
        Field::Month => (1971..2199).any(|year| cron.years.has(year) && cron.years.has(year + 1)),
        Field::DayOfWeek => !cron.has(DAYS_RESTRICTED),
        Field::Year => false,
    }
}

const STEP_PAST_END: &str = "step-past-end";

fn step_past_end<'a>(reading: &Reading<'a>, item: Item<'a>) -> Option<Finding<'a>> {
    let values = item.values.filter(|_| matches!(item.form, Form::Star | Form::Open | Form::Range))?;
    let (field, value) = (item.row.field, values.from % item.row.count);
    if in_order(values, item.row).any(|other| other != value) {
        return None;
    }
    let pattern = "the step of `{}` leads past the end: it matches {} only";
    let parts = [Part::Text(item.text), Part::Value(field, value)];
    let finding = Finding::new(item.span, STEP_PAST_END, pattern, parts);
    let has_meaning = reading.has_star_bit(field) || reading.has_effect_on_other(field);
    Some(if item.form == Form::Star && has_meaning {
        finding.suggest("name that value, if it is what is meant", [])
    } else {
        finding.write("{}", [Part::Written(item.row, value)]).suggest(", if that is what is meant", [])
    })
}

/// `H/90`, `H(0-29)/30`: one value, as without the step.
fn hashed_step_past_end<'a>(_: &Reading<'a>, item: Item<'a>) -> Option<Finding<'a>> {
    let (hashed, step) = item.text.split_once('/').filter(|_| item.form == Form::Drawn)?;
    let range = hashed.split_once('(').and_then(|(_, range)| range.trim_end_matches(')').split_once('-'));
    let number = |text: &str| text.parse::<u32>().ok();
    let count = match range {
        Some((from, to)) => number(to)?.checked_sub(number(from)?)? + 1,
        None => item.row.count,
    };
    if number(step)? < count {
        return None;
    }
    let pattern =
        "the step of `{}` leads past the {} values: it matches one of them only; Jenkins refuses it";
    let parts = [Part::Text(item.text), Part::Number(count)];
    let finding = Finding::new(item.span, STEP_PAST_END, pattern, parts);
    Some(finding.write("{}", [Part::Text(hashed)]).suggest(", which means the same", []))
}

/// `1-0`: every value, after a turn.
fn whole_range<'a>(reading: &Reading<'a>, item: Item<'a>) -> Option<Finding<'a>> {
    let Values { from, to, step, .. } = item.values.filter(|_| item.form == Form::Range)?;
    let (first, last) = item.text.split_once('-')?;
    let is_backward = first.parse::<u32>().ok()? > last.parse::<u32>().ok()?;
    if !is_backward || step > 1 || to - from + 1 < item.row.count {
        return None;
    }
    let pattern = "`{}` goes round the whole field: it is every {}; others refuse it";
    let parts = [Part::Text(item.text), Part::Text(turn_of(item.row.field).1)];
    let finding = Finding::new(item.span, "whole-range", pattern, parts);
    let has_meaning = reading.has_star_bit(item.row.field) || !reading.counts_alone(item.row.field);
    Some(match has_meaning {
        true => finding.suggest("list the values that are meant", []),
        false => finding.write("*", []).suggest(", if that is what is meant", []),
    })
}

fn equal_range<'a>(reading: &Reading<'a>, item: Item<'a>) -> Option<Finding<'a>> {
    let (plain, step) = (item.plain?, item.values?.step);
    if item.form != Form::EqualRange {
        return None;
    }
    let (field, row) = (item.row.field, item.row);
    let text = Part::Text(item.text.split('-').next()?);
    let parts = [Part::Text(item.text), Part::Value(field, plain.from % row.count)];
    let finding = |pattern| Finding::new(item.span, "equal-range", pattern, parts);
    if !reading.dialect.table.has_accidents {
        let finding = finding("`{}` is {} alone; to croniter it is the whole field");
        return Some(finding.write("{}", [text]).suggest(", which is the same everywhere", []));
    }
    let finding = finding("`{}` is the whole field, as croniter reads it; to others it is {} alone");
    // A `*` would no longer restrict the field, where that matters.
    let is_alone = reading.span(field) == Some(item.span);
    let is_restricted = !reading.counts_alone(field) && (step > 1 || reading.is_either() || !is_alone);
    let finding = match step {
        _ if field == Field::Year || is_restricted => finding.write_whole_range(row, step),
        1 => finding.write("*", []),
        step => finding.write("*/{}", [Part::Number(step)]),
    };
    // Beside another day field its effect depends on the day rule, too.
    Some(match is_restricted && step == 1 {
        true => {
            finding.suggest(", which is the whole field everywhere, or `{}` for that value alone", [text])
        }
        false => finding.suggest(", which is the same everywhere, or `{}` for that value alone", [text]),
    })
}

fn wrapping_step<'a>(reading: &Reading<'a>, item: Item<'a>) -> Option<Finding<'a>> {
    let (values, row) = (item.plain.filter(|_| item.form == Form::Range)?, item.row);
    if bits(values, row) == bits(Values { slips: true, ..values }, row) {
        return None;
    }
    let list = Part::List(row, values, "");
    let finding = |pattern| {
        let parts = [Part::Text(item.text), list];
        Finding::new(item.span, "wrapping-step", pattern, parts)
    };
    Some(if reading.dialect.table.has_accidents {
        finding("`{}` is read as croniter does, one late after the turn; to others it is `{}`")
            .suggest("list the values that are meant", [])
    } else {
        finding("`{}` is `{}`; croniter reads other values after the turn")
            .write("{}", [list])
            .suggest(", which is the same everywhere", [])
    })
}

fn open_weekday_step<'a>(_: &Reading<'a>, item: Item<'a>) -> Option<Finding<'a>> {
    let values = item.values.filter(|_| item.form == Form::Open && item.row.field == Field::DayOfWeek)?;
    let row = item.row;
    let is_seven = row.first == 0 && item.text.trim_start_matches('0').starts_with("7/");
    let is_name = item.text.starts_with(|first: char| first.is_ascii_alphabetic());
    // Cronos has Sunday as 0 and as 7; a number of Quartz's is another day there.
    let ends_with_sunday = row.first == 0 && values.from > 0 && (7 - values.from) % values.step == 0;
    let is_one = values.from + values.step > values.to;
    let is_every = values.from == 0 && values.step == 1;
    if is_one || !is_seven && is_every || !(is_name || ends_with_sunday || is_seven) {
        return None;
    }
    let (pattern, weekday) = match (is_seven, is_name, ends_with_sunday) {
        (true, ..) => ("`{}` is {}; to others it is {} alone, or a mistake", 0),
        (_, true, true) => ("`{}` is {}; Quartz reads {} alone, and Cronos goes on to Sunday", values.from),
        (_, true, false) => ("`{}` is {}; Quartz reads {} alone", values.from),
        (_, false, _) => ("`{}` is {}; Cronos goes on to {}", 0),
    };
    let parts = [Part::Text(item.text), Part::Weekdays(row, values), Part::Weekday(weekday)];
    let finding = Finding::new(item.span, "open-weekday-step", pattern, parts);
    let list = Part::List(row, values, "");
    Some(finding.write("{}", [list]).suggest(", which is the same everywhere", []))
}

fn fifth_week<'a>(reading: &Reading<'a>, item: Item<'a>) -> Option<Finding<'a>> {
    let values = match item.meaning {
        Meaning::Week(values, 4) => values,
        _ => return None,
    };
    let pattern = "`{}` matches no day of a month that has the weekday only four times";
    let finding = Finding::new(item.span, "fifth-week", pattern, [Part::Text(item.text)]);
    let finding = match reading.dialect.table.marks {
        Marks::AsCroniter => finding.write("{}", [Part::List(item.row, values, "L")]),
        _ => finding.write("{}L", [Part::WeekdayRange(item.row, values)]),
    };
    Some(finding.suggest(" for the last one of each month", []))
}

/// So many items of a list are looked at for the values of another: a longer list was not written by a person.
const MOST: usize = 100;

fn duplicate<'a>(reading: &Reading<'a>, item: Item<'a>) -> Option<Finding<'a>> {
    let field = reading.span(item.row.field)?;
    if item.span == field {
        return None;
    }
    let has_all_of_it = |other: &Item<'_>| {
        let is_earlier = other.span.start < item.span.start;
        match (other.form, item.form) {
            _ if other.span == item.span => false,
            (Form::Drawn, _) | (_, Form::Drawn) => false,
            (Form::Every, Form::Every) => is_earlier,
            (Form::Every, _) => item.values.is_some(),
            (_, Form::Every) => false,
            // Of two that have the same values the later one adds nothing.
            _ => item.is_in(other) && (is_earlier || !other.is_in(&item)),
        }
    };
    let other = reading.items(item.row.field).take(MOST).find(has_all_of_it)?;
    // With the comma on one side.
    let Span { start, end } = item.span;
    let is_first = field.start == start;
    let span = if is_first { Span { start, end: end + 1 } } else { Span { start: start - 1, end } };
    if is_first && is_day_field(item.row.field) && reading.dialect.days == Days::StarBit {
        // What a day field begins with has a meaning of its own.
        return None;
    }
    if item.text.contains('*') && reading.has_effect_on_other(item.row.field) {
        return None;
    }
    let pattern = "`{}` adds nothing: `{}` is in the list already";
    let parts = [Part::Text(item.text), Part::Text(other.text)];
    Some(Finding::new(span, "duplicate", pattern, parts).write("", []).suggest("leave it out", []))
}
