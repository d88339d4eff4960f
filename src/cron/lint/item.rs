//! The checks of a single item of a list.

use super::super::dialect::Days;
use super::super::field::Field;
use super::super::{Cron, DAYS_RESTRICTED, WEEKDAYS_RESTRICTED};
use super::message::Kind;
use super::reading::{Form, Item, Reading, Shape, Span, Values};
use super::suggestion::Piece;
use super::Finding;

type Check = for<'a> fn(&Reading<'a>, Field, Item) -> Option<Finding<'a>>;

pub(super) const CHECKS: [Check; 7] =
    [uneven_step, step_past_end, equal_range, wrapping_step, open_weekday_step, fifth_week, duplicate];

fn uneven_step<'a>(reading: &Reading<'a>, field: Field, item: Item) -> Option<Finding<'a>> {
    let values = item.values()?;
    let Values { from, to, step, count, .. } = values;
    let reaches_the_end = to + 1 >= count;
    let begins_early = match (values.form, field) {
        (Form::Star, _) => true,
        (Form::Range, _) => from == 0,
        // Wherever it begins, it goes round the whole field.
        (Form::Open, Field::Second | Field::Minute | Field::Hour | Field::Month) => from < step,
        _ => false,
    };
    let is_alone = reading.span(field) == Some(item.span);
    if !is_alone
        || !reaches_the_end
        || !begins_early
        || step >= count
        || values.has_one_only()
        || field == Field::Year
    {
        return None;
    }
    let last = from + (count - 1 - from) / step * step;
    let gap = from + count - last;
    if gap == step || !comes_to_the_turn(&reading.cron, field) {
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

fn step_past_end<'a>(reading: &Reading<'a>, field: Field, item: Item) -> Option<Finding<'a>> {
    let values = item.values()?;
    let is_range = matches!(values.form, Form::Star | Form::Open | Form::Range | Form::WrappingRange);
    if !is_range || values.is_accident || !values.has_one_only() {
        return None;
    }
    let value = values.from % values.count;
    let kind = Kind::StepPastEnd { field, value };
    Some(Finding::new(reading, item.span, kind).or_write(Piece::Value { row: item.row, value }))
}

fn equal_range<'a>(reading: &Reading<'a>, field: Field, item: Item) -> Option<Finding<'a>> {
    let values = item.values().filter(|values| values.form == Form::EqualRange)?;
    let is_whole_field = values.is_accident;
    let text = item.span.of(reading.text);
    let text = text.split(&['-', '/'][..]).next()?;
    let value = values.from % values.count;
    let kind = Kind::EqualRange { field, value, text, is_whole_field };
    let finding = Finding::new(reading, item.span, kind);
    Some(match (is_whole_field, values.step) {
        (false, _) => finding.or_write(Piece::Text(text)),
        (true, 1) => finding.or_write(Piece::Text("*")),
        (true, step) => finding.or_write(Piece::Star { step }),
    })
}

fn wrapping_step<'a>(reading: &Reading<'a>, _: Field, item: Item) -> Option<Finding<'a>> {
    let values = item.values().filter(|values| values.form == Form::WrappingRange && values.step > 1)?;
    let last = values.from + (values.to - values.from) / values.step * values.step;
    if last < values.count {
        return None;
    }
    let is_late = values.is_accident;
    let finding = Finding::new(reading, item.span, Kind::WrappingStep { row: item.row, values, is_late });
    Some(if is_late { finding } else { finding.or_write(Piece::List { row: item.row, values }) })
}

fn open_weekday_step<'a>(reading: &Reading<'a>, field: Field, item: Item) -> Option<Finding<'a>> {
    let values = item.values().filter(|values| values.form == Form::Open && field == Field::DayOfWeek)?;
    let text = item.span.of(reading.text);
    let is_seven = text.starts_with('7') && item.row.first == 0;
    let is_name = text.starts_with(|first: char| first.is_ascii_alphabetic());
    // Cronos has Sunday as 0 and as 7; a number of Quartz's is another day there.
    let is_cronos = is_name || item.row.first == 0;
    let ends_with_sunday = is_cronos && values.from > 0 && (7 - values.from) % values.step == 0;
    if values.has_one_only()
        || values.step == 1 && values.from == 0
        || !(is_name || ends_with_sunday || is_seven)
    {
        return None;
    }
    let kind = Kind::OpenWeekdayStep { values, is_seven, is_name, ends_with_sunday };
    Some(Finding::new(reading, item.span, kind).or_write(Piece::List { row: item.row, values }))
}

fn fifth_week<'a>(reading: &Reading<'a>, _: Field, item: Item) -> Option<Finding<'a>> {
    let (weekdays, week) = item.span.of(reading.text).split_once('#')?;
    if week.trim_start_matches('0') != "5" {
        return None;
    }
    let last = Piece::LastWeekday { row: item.row, weekdays };
    Some(Finding::new(reading, item.span, Kind::FifthWeek).or_write(last))
}

/// So many items of a list are looked at for the values of another: a longer list was not written by a person.
const MOST: usize = 100;

fn duplicate<'a>(reading: &Reading<'a>, field: Field, item: Item) -> Option<Finding<'a>> {
    let text = item.span.of(reading.text);
    let has_all_of_it = |other: &Item| {
        let is_earlier = other.span.start < item.span.start;
        match (other.shape, item.shape) {
            _ if other.span == item.span => false,
            (Shape::Every, Shape::Every) => is_earlier,
            (Shape::Every, Shape::Values(_)) => true,
            // Of two that have the same values the later one adds nothing.
            (Shape::Values(others), Shape::Values(values)) => {
                values.are_in(others) && (is_earlier || !others.are_in(values))
            }
            (Shape::Other, Shape::Other) => {
                is_earlier && is_mark(text) && other.span.of(reading.text).eq_ignore_ascii_case(text)
            }
            _ => false,
        }
    };
    let other = reading.items(field).take(MOST).find(has_all_of_it)?;
    // With the comma on one side.
    let Span { start, end } = item.span;
    let is_first = reading.span(field)?.start == start;
    if is_first && reading.dialect.days() == Days::StarBit {
        // What the field begins with has a meaning of its own.
        return None;
    }
    let span = if is_first { Span { start, end: end + 1 } } else { Span { start: start - 1, end } };
    let kind = Kind::Duplicate { item: text, of: other.span.of(reading.text) };
    Some(Finding::new(reading, span, kind).or_write(Piece::Text("")))
}

/// What is hashed or drawn by lot may be something else the second time.
fn is_mark(text: &str) -> bool {
    !text.contains('~') && !text.starts_with(&['H', 'h', 'R', 'r'][..])
}
