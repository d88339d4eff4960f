//! The checks of a single item of a list.

use super::message::Kind;
use super::piece::Piece;
use super::reading::{bits, in_order, Form, Item, Reading, Span};
use super::Finding;
use crate::cron::dialect::Days;
use crate::cron::field::{Field, Marks};
use crate::cron::parse::set::{Item as Meaning, Values};
use crate::cron::{Cron, BOTH_DAYS, DAYS_RESTRICTED, WEEKDAYS_RESTRICTED};

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
    let kind = Kind::UnevenStep { field, first: from, last, gap, step, count };
    Some(Finding::new(reading, item.span, kind))
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

fn step_past_end<'a>(reading: &Reading<'a>, item: Item<'a>) -> Option<Finding<'a>> {
    let values = item.values.filter(|_| matches!(item.form, Form::Star | Form::Open | Form::Range))?;
    let (field, value) = (item.row.field, values.from % item.row.count);
    if in_order(values, item.row).any(|other| other != value) {
        return None;
    }
    let finding = Finding::new(reading, item.span, Kind::StepPastEnd { field, value });
    let has_meaning = reading.has_star_bit(field) || reading.has_effect_on_other(field);
    Some(if item.form == Form::Star && has_meaning {
        finding
    } else {
        finding.or_write(Piece::Value { row: item.row, value })
    })
}

/// `H/90`, `H(0-29)/30`: one value, as without the step.
fn hashed_step_past_end<'a>(reading: &Reading<'a>, item: Item<'a>) -> Option<Finding<'a>> {
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
    let kind = Kind::HashedStepPastEnd { count };
    Some(Finding::new(reading, item.span, kind).or_write(Piece::Text(hashed)))
}

/// `1-0`: every value, after a turn.
fn whole_range<'a>(reading: &Reading<'a>, item: Item<'a>) -> Option<Finding<'a>> {
    let Values { from, to, step, .. } = item.values.filter(|_| item.form == Form::Range)?;
    let (first, last) = item.text.split_once('-')?;
    let is_backward = first.parse::<u32>().ok()? > last.parse::<u32>().ok()?;
    if !is_backward || step > 1 || to - from + 1 < item.row.count {
        return None;
    }
    let finding = Finding::new(reading, item.span, Kind::WholeRange { field: item.row.field });
    let has_meaning = reading.has_star_bit(item.row.field) || !reading.counts_alone(item.row.field);
    Some(if has_meaning { finding } else { finding.or_write(Piece::Text("*")) })
}

fn equal_range<'a>(reading: &Reading<'a>, item: Item<'a>) -> Option<Finding<'a>> {
    let (plain, step) = (item.plain?, item.values?.step);
    if item.form != Form::EqualRange {
        return None;
    }
    let (field, row) = (item.row.field, item.row);
    let is_whole_field = reading.dialect.table.has_accidents;
    let is_alone = reading.span(field) == Some(item.span);
    let text = item.text.split('-').next()?;
    let kind = Kind::EqualRange { field, value: plain.from % row.count, text, is_whole_field };
    let finding = Finding::new(reading, item.span, kind);
    Some(match step {
        _ if !is_whole_field => finding.or_write(Piece::Text(text)),
        _ if field == Field::Year => finding.or_write(Piece::WholeRange { row, step }),
        // A `*` would no longer restrict the field, where that matters.
        1 if (is_either(reading) || !is_alone) && !reading.counts_alone(field) => {
            finding.or_write(Piece::WholeRange { row, step })
        }
        step if step > 1 && !reading.counts_alone(field) => finding.or_write(Piece::WholeRange { row, step }),
        1 => finding.or_write(Piece::Text("*")),
        step => finding.or_write(Piece::Star { step }),
    })
}

/// Whether both day fields are restricted and one is enough.
fn is_either(reading: &Reading<'_>) -> bool {
    let cron = &reading.cron;
    cron.has(DAYS_RESTRICTED) && cron.has(WEEKDAYS_RESTRICTED) && !cron.has(BOTH_DAYS)
}

fn wrapping_step<'a>(reading: &Reading<'a>, item: Item<'a>) -> Option<Finding<'a>> {
    let (values, row) = (item.plain.filter(|_| item.form == Form::Range)?, item.row);
    if bits(values, row) == bits(Values { slips: true, ..values }, row) {
        return None;
    }
    let is_late = reading.dialect.table.has_accidents;
    let finding = Finding::new(reading, item.span, Kind::WrappingStep { row, values, is_late });
    Some(if is_late { finding } else { finding.or_write(Piece::List { row, values }) })
}

fn open_weekday_step<'a>(reading: &Reading<'a>, item: Item<'a>) -> Option<Finding<'a>> {
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
    let kind = Kind::OpenWeekdayStep { row, values, is_seven, is_name, ends_with_sunday };
    Some(Finding::new(reading, item.span, kind).or_write(Piece::List { row, values }))
}

fn fifth_week<'a>(reading: &Reading<'a>, item: Item<'a>) -> Option<Finding<'a>> {
    let last = match item.meaning {
        Meaning::Week(values, 4) => {
            let is_listed = reading.dialect.table.marks == Marks::AsCroniter;
            Piece::LastWeekday { row: item.row, values, is_listed }
        }
        _ => return None,
    };
    Some(Finding::new(reading, item.span, Kind::FifthWeek).or_write(last))
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
    let is_day = matches!(item.row.field, Field::DayOfMonth | Field::DayOfWeek);
    if is_first && is_day && reading.dialect.days == Days::StarBit {
        // What a day field begins with has a meaning of its own.
        return None;
    }
    if item.text.contains('*') && reading.has_effect_on_other(item.row.field) {
        return None;
    }
    let kind = Kind::Duplicate { item: item.text, of: other.text };
    Some(Finding::new(reading, span, kind).or_write(Piece::Text("")))
}
