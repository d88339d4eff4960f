//! The checks of an expression as a whole.

use super::message::Kind;
use super::piece::Piece;
use super::reading::{Form, Item, Reading, Span};
use super::Finding;
use crate::civil::is_leap_year;
use crate::cron::dialect::{Days, Seconds};
use crate::cron::field::Field;
use crate::cron::parse::set::{Item as Meaning, Values};
use crate::cron::{Cron, DaysKind};
use crate::cron::{
    ALL_MONTHS, ALL_WEEKDAYS, BOTH_DAYS, COUNTS_WEEKS, DAYS_RESTRICTED, EVERY_WEEK, WEEKDAYS_RESTRICTED,
};
use crate::tools::mismatches::other_day_field;

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

fn never_fires<'a>(reading: &Reading<'a>) -> Option<Finding<'a>> {
    let cron = &reading.cron;
    if !cron.never_fires() || has_drawn_date(reading) {
        return None;
    }
    let (has_weekdays, has_years) = (cron.has(WEEKDAYS_RESTRICTED), !cron.years.is_any());
    let fields = u8::from(cron.has(DAYS_RESTRICTED)) << Field::DayOfMonth as u8
        | u8::from(cron.months != ALL_MONTHS) << Field::Month as u8
        | u8::from(has_weekdays) << Field::DayOfWeek as u8
        | u8::from(has_years) << Field::Year as u8;
    let last = match (has_years, has_weekdays) {
        (true, _) => Field::Year,
        (_, true) => Field::DayOfWeek,
        _ => Field::Month,
    };
    let has_last_day = reading.has_marks() && !has_weekdays && !has_years;
    let kind = Kind::NeverFires { fields, has_last_day };
    Some(Finding::new(reading, reading.between(Field::DayOfMonth, last), kind))
}

fn leap_years_only<'a>(reading: &Reading<'a>) -> Option<Finding<'a>> {
    let cron = &reading.cron;
    // Who names the years knows them.
    let hangs_on_more = !cron.years.is_any() || cron.has(COUNTS_WEEKS) || has_drawn_date(reading);
    // In 28 years there is each kind.
    let is_in_common_year = || (2001..=2028).any(|year| !is_leap_year(year) && cron.matches_in(year));
    if hangs_on_more || cron.never_fires() || is_in_common_year() {
        return None;
    }
    let day = reading.only_item(Field::DayOfMonth).filter(|day| day.one().is_some());
    let is_last_of_february = cron.months == 1 << 1 && !cron.has(WEEKDAYS_RESTRICTED);
    Some(match day {
        Some(day) if is_last_of_february && reading.has_marks() => {
            let kind = Kind::LeapYearsOnly { has_last_day: true };
            Finding::new(reading, day.span, kind).or_write(Piece::Text("L"))
        }
        _ => {
            let first = if cron.has(DAYS_RESTRICTED) { Field::DayOfMonth } else { Field::Month };
            let last = if cron.has(WEEKDAYS_RESTRICTED) { Field::DayOfWeek } else { Field::Month };
            Finding::new(reading, reading.between(first, last), Kind::LeapYearsOnly { has_last_day: false })
        }
    })
}

fn short_months<'a>(reading: &Reading<'a>) -> Option<Finding<'a>> {
    let cron = &reading.cron;
    if !cron.has(DAYS_RESTRICTED) || has_drawn_date(reading) {
        return None;
    }
    let fires_in = |length: u32| (0..7).any(|weekday| cron.days_of_month(length, weekday) != 0);
    let has_day = |month: u32| match month {
        1 => fires_in(29) || fires_in(28),
        3 | 5 | 8 | 10 => fires_in(30),
        _ => fires_in(31),
    };
    let named = |month: &u32| cron.months >> month & 1 == 1;
    let months = |mask: u16, month: u32| mask | 1 << month;
    let never = (0..12).filter(named).filter(|&month| !has_day(month)).fold(0, months);
    let is_leap_february = named(&1) && fires_in(29) && !fires_in(28);
    let skipped = if is_leap_february { never | 1 << 1 } else { never };
    if skipped == 0 || skipped == cron.months {
        return None;
    }
    let span = reading.span(Field::DayOfMonth)?;
    let is_one = one(reading.only_item(Field::DayOfMonth)).is_some();
    let has_last_day = is_one && reading.has_marks() && !cron.has(WEEKDAYS_RESTRICTED);
    let finding = Finding::new(reading, span, Kind::ShortMonths { never, is_leap_february, has_last_day });
    Some(if has_last_day { finding.or_write(Piece::Text("L")) } else { finding })
}

/// The day fields, if both are restricted and one of them is enough.
fn either_fields(reading: &Reading<'_>) -> Option<(Span, Span)> {
    let cron = &reading.cron;
    let is_either = cron.has(DAYS_RESTRICTED) && cron.has(WEEKDAYS_RESTRICTED) && !cron.has(BOTH_DAYS);
    let spans = (reading.span(Field::DayOfMonth)?, reading.span(Field::DayOfWeek)?);
    is_either.then_some(spans)
}

fn has_every_day(cron: &Cron) -> bool {
    let all = u64::from(u32::MAX >> 1);
    cron.days & all == all || cron.days >> 33 == all
}

fn has_every_weekday(cron: &Cron) -> bool {
    cron.weekdays & (EVERY_WEEK * ALL_WEEKDAYS) == EVERY_WEEK * ALL_WEEKDAYS
}

fn day_field_without_effect<'a>(reading: &Reading<'a>) -> Option<Finding<'a>> {
    let (days, weekdays) = either_fields(reading)?;
    let (full, span, without_effect) = if has_every_day(&reading.cron) {
        (Field::DayOfMonth, days, Field::DayOfWeek)
    } else if has_every_weekday(&reading.cron) {
        (Field::DayOfWeek, weekdays, Field::DayOfMonth)
    } else {
        return None;
    };
    if reading.is_drawn(full) {
        return None;
    }
    let kind = Kind::WithoutEffect { field: without_effect };
    Some(Finding::new(reading, span, kind).or_write(Piece::Text("*")))
}

/// One of two day fields whose days are not in these months, where the other is enough.
fn day_that_never_comes<'a>(reading: &Reading<'a>) -> Option<Finding<'a>> {
    let (days, weekdays) = either_fields(reading)?;
    let cron = &reading.cron;
    if cron.never_fires() || has_every_day(cron) || has_every_weekday(cron) || has_drawn_date(reading) {
        return None;
    }
    let (field, span) = match never_comes(cron)? {
        Field::DayOfMonth => (Field::DayOfMonth, days),
        field => (field, weekdays),
    };
    let kind = Kind::NeverComes { field, months: cron.months, has_years: !cron.years.is_any() };
    Some(Finding::new(reading, span, kind).or_write(Piece::Text("*")))
}

/// The day field that matches no date, were it alone.
fn never_comes(cron: &Cron) -> Option<Field> {
    let without = |flag: u8| Cron { flags: cron.flags & !flag, ..*cron };
    let by_days = Cron { weekdays: EVERY_WEEK * ALL_WEEKDAYS, ..without(WEEKDAYS_RESTRICTED) };
    let by_weekdays = without(DAYS_RESTRICTED);
    let never = |cron: Cron| cron.find_days_kind() == DaysKind::None;
    if never(by_days) {
        Some(Field::DayOfMonth)
    } else if never(by_weekdays) {
        Some(Field::DayOfWeek)
    } else {
        None
    }
}

fn either_day<'a>(reading: &Reading<'a>) -> Option<Finding<'a>> {
    let (days, weekdays) = either_fields(reading)?;
    let has_no_effect = has_every_day(&reading.cron) || has_every_weekday(&reading.cron);
    // Of drawn dates the text does not tell.
    let never_comes = !has_drawn_date(reading) && never_comes(&reading.cron).is_some();
    if has_no_effect
        || never_comes
        || days.of(reading.text).starts_with('*')
        || weekdays.of(reading.text).starts_with('*')
    {
        return None;
    }
    let (day, weekday) = (reading.only_item(Field::DayOfMonth), reading.only_item(Field::DayOfWeek));
    let kind = Kind::EitherDay {
        day: one(day).map(|day| day + 1),
        weekday: one(weekday),
        days: days.of(reading.text),
        weekdays: weekdays.of(reading.text),
        week: week(day).filter(|_| one(weekday).is_some()),
        dialect: reading.dialect.name(),
    };
    let finding = Finding::new(reading, days.to(weekdays), kind);
    match (week(day), one(weekday), weekday) {
        (Some(week), Some(weekday), Some(item)) if reading.has_marks() => {
            let month = reading.field(Field::Month);
            let name = item.row.names.get(weekday as usize)?;
            Some(finding.or_write(Piece::NthWeekday { month, name, week }))
        }
        _ => Some(finding),
    }
}

/// The number from 0 of the month's seven days, if these are what a range such as `8-14` means.
fn week(item: Option<Item<'_>>) -> Option<u32> {
    let Values { from, to, step, .. } = item.filter(|item| item.form == Form::Range)?.values?;
    (step == 1 && from % 7 == 0 && to == from + 6).then_some(from / 7)
}

/// The value of an item that is one.
fn one(item: Option<Item<'_>>) -> Option<u32> {
    item?.one()
}

/// To croniter a `W`, or a `#` or `L` in the weekdays, leaves the other day field out.
fn ignored_day_field<'a>(reading: &Reading<'a>) -> Option<Finding<'a>> {
    let ignores = |&(field, flag): &(Field, u8)| {
        let is_mark = |item: Item<'_>| match item.meaning {
            Meaning::Nearest(_) | Meaning::NearestBeforeLast(_) => field == Field::DayOfWeek,
            Meaning::Week(..) => field == Field::DayOfMonth,
            _ => false,
        };
        // A field with all its values may be a `*` to croniter; that is no reason for a warning.
        !reading.cron.has(flag)
            && !reading.items(field).any(|item| item.form == Form::Every)
            && reading.items(other_day_field(field)).any(is_mark)
    };
    let fields = [(Field::DayOfMonth, DAYS_RESTRICTED), (Field::DayOfWeek, WEEKDAYS_RESTRICTED)];
    let (field, _) = fields.iter().copied().find(ignores)?;
    // Whether there is a date in both fields, so that it does not never fire, is then a matter of luck.
    if has_drawn_date(reading) {
        return None;
    }
    let finding = Finding::new(reading, reading.span(field)?, Kind::IgnoredDayField { field });
    Some(finding.or_write(Piece::Text("*")))
}

fn star_bit_in_days<'a>(reading: &Reading<'a>) -> Option<Finding<'a>> {
    star_bit(reading, Field::DayOfMonth)
}

fn star_bit_in_weekdays<'a>(reading: &Reading<'a>) -> Option<Finding<'a>> {
    star_bit(reading, Field::DayOfWeek)
}

/// `*/2` beside another restricted day field.
fn star_bit<'a>(reading: &Reading<'a>, field: Field) -> Option<Finding<'a>> {
    let cron = &reading.cron;
    if !cron.has(DAYS_RESTRICTED) || !cron.has(WEEKDAYS_RESTRICTED) {
        return None;
    }
    let needs_both = match reading.dialect.days {
        Days::Or if has_every_day(cron) || has_every_weekday(cron) => return None,
        // By one of croniter's accidents both must match.
        Days::Or if cron.has(BOTH_DAYS) => return None,
        Days::Or => false,
        Days::And => return None,
        Days::StarBit => true,
    };
    let first = reading.items(field).next().filter(|first| first.form == Form::Star)?;
    let range = Piece::WholeRange { row: first.row, step: first.values?.step };
    Some(Finding::new(reading, first.span, Kind::StarBit { needs_both }).or_write(range))
}

fn question_mark<'a>(reading: &Reading<'a>) -> Option<Finding<'a>> {
    if reading.dialect.name() != "quartz" {
        return None;
    }
    let (days, weekdays) = (reading.span(Field::DayOfMonth)?, reading.span(Field::DayOfWeek)?);
    let finding = |span: Span, marks: u32| Finding::new(reading, span, Kind::QuestionMark { marks });
    match (days.of(reading.text), weekdays.of(reading.text)) {
        ("?", "?") => Some(finding(weekdays, 2).or_write(Piece::Text("*"))),
        ("?", _) | (_, "?") => None,
        (_, "*") => Some(finding(weekdays, 0).or_write(Piece::Text("?"))),
        ("*", _) => Some(finding(days, 0).or_write(Piece::Text("?"))),
        _ => Some(finding(days.to(weekdays), 0)),
    }
}

fn seconds_order<'a>(reading: &Reading<'a>) -> Option<Finding<'a>> {
    let dialect = reading.dialect;
    let (first, last) = (dialect.seconds_first(), dialect.seconds_last());
    let is_other = |other| reading.is_other_in(other);
    let differing = [is_other(first), is_other(last), is_other(dialect.seconds_none())];
    // Those who read Quartz's language all have the second first.
    if reading.count < 6 || *dialect.field_counts().start() > 5 || differing == [false; 3] {
        return None;
    }
    let is_first = dialect.seconds == Seconds::First;
    let second = reading.span(Field::Second).or_else(|| reading.span(Field::Year))?;
    let is_zero = reading.count == 6
        && dialect.seconds != Seconds::Nowhere
        && second.of(reading.text).bytes().all(|byte| byte == b'0');
    let kind = Kind::SecondsOrder { seconds: dialect.seconds, count: reading.count, is_zero, differing };
    if !is_zero {
        return Some(Finding::new(reading, second, kind));
    }
    let span = if is_first {
        Span { start: second.start, end: reading.span(Field::Minute)?.start }
    } else {
        Span { start: reading.span(Field::DayOfWeek)?.end, end: second.end }
    };
    Some(Finding::new(reading, span, kind).or_write(Piece::Text("")))
}

fn weekday_numbers<'a>(reading: &Reading<'a>) -> Option<Finding<'a>> {
    let span = reading.span(Field::DayOfWeek)?;
    let is_quartz = reading.dialect.table.row(Field::DayOfWeek).first == 1;
    // Five fields are not Quartz's, but `5L` has come from there.
    let is_quartzlike = reading.dialect.seconds == Seconds::First && reading.count > 5;
    let has_mark = |item: &Item<'_>| item.form == Form::Mark && item.text.contains(&['L', 'l'][..]);
    let is_told_apart = |item: &Item<'_>| is_quartzlike || has_mark(item) && first_number(item).is_some();
    if !reading.items(Field::DayOfWeek).any(|item| is_told_apart(&item))
        || has_every_weekday(&reading.cron)
        || reading.is_drawn(Field::DayOfWeek)
    {
        return None;
    }
    let number = reading.items(Field::DayOfWeek).find_map(|item| first_number(&item))?;
    let kind = Kind::WeekdayNumbers { number, is_quartz };
    let names = Piece::Named { dialect: reading.dialect, text: span.of(reading.text) };
    Some(Finding::new(reading, span, kind).or_write(names))
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
    Some(Finding::new(reading, item.span, Kind::LastWeekdayAlone).or_write(Piece::Text("sat")))
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
    let hour = reading.only_item(Field::Hour);
    if reading.field(Field::Minute) != "*"
        || !is_list_or_step(reading, Field::Hour)
        || reading.cron.hours == ALL_HOURS
    {
        return None;
    }
    let times = 60 * reading.cron.seconds.count_ones();
    let kind = Kind::EveryMinute { hour: one(hour), hours: reading.field(Field::Hour), times };
    Some(Finding::new(reading, reading.span(Field::Minute)?, kind).or_write(Piece::Text("0")))
}

fn every_second<'a>(reading: &Reading<'a>) -> Option<Finding<'a>> {
    let minute = reading.only_item(Field::Minute);
    if reading.field(Field::Second) != "*"
        || !is_list_or_step(reading, Field::Minute)
        || reading.cron.minutes == ALL_MINUTES
    {
        return None;
    }
    let kind = Kind::EverySecond { minute: one(minute), minutes: reading.field(Field::Minute) };
    Some(Finding::new(reading, reading.span(Field::Second)?, kind).or_write(Piece::Text("0")))
}

/// Whether the text does not tell the dates.
fn has_drawn_date(reading: &Reading<'_>) -> bool {
    [Field::DayOfMonth, Field::Month, Field::DayOfWeek, Field::Year]
        .iter()
        .any(|&field| reading.is_drawn(field))
}
