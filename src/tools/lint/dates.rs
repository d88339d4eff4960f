//! The checks of an expression as a whole that look at its dates.

use super::reading::{Form, Item, Reading, Span};
use super::sentence::Part;
use super::Finding;
use crate::civil::is_leap_year;
use crate::cron::dialect::Days;
use crate::cron::field::Field;
use crate::cron::parse::set::{Item as Meaning, Values};
use crate::cron::{Cron, DaysKind};
use crate::cron::{
    ALL_MONTHS, ALL_WEEKDAYS, BOTH_DAYS, COUNTS_WEEKS, DAYS_RESTRICTED, EVERY_WEEK, WEEKDAYS_RESTRICTED,
};
use crate::tools::english::NTH;
use crate::tools::mismatches::{day_flag, other_day_field};

pub(super) fn never_fires<'a>(reading: &Reading<'a>) -> Option<Finding<'a>> {
    let cron = &reading.cron;
    if !cron.never_fires() || reading.has_drawn_date() {
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
    let pattern = "never fires: no date matches its {} together";
    let span = reading.between(Field::DayOfMonth, last);
    let finding = Finding::new(span, "never-fires", pattern, [Part::Fields(fields)]);
    Some(if has_last_day {
        finding.suggest("name a day that the month has, or `L` for its last one", [])
    } else {
        finding.suggest("change one of these fields", [])
    })
}

pub(super) fn leap_years_only<'a>(reading: &Reading<'a>) -> Option<Finding<'a>> {
    let cron = &reading.cron;
    // Who names the years knows them.
    let hangs_on_more = !cron.years.is_any() || cron.has(COUNTS_WEEKS) || reading.has_drawn_date();
    // In 28 years there is each kind.
    let is_in_common_year = || (2001..=2028).any(|year| !is_leap_year(year) && cron.matches_in(year));
    if hangs_on_more || cron.never_fires() || is_in_common_year() {
        return None;
    }
    let day = reading.span(Field::DayOfMonth).filter(|_| reading.only_value(Field::DayOfMonth).is_some());
    let is_last_of_february = cron.months == 1 << 1 && !cron.has(WEEKDAYS_RESTRICTED);
    let finding = |span: Span| {
        let pattern = "fires in leap years only: every four years at most, and not in 2100";
        Finding::new(span, "leap-years-only", pattern, [])
    };
    Some(match day {
        Some(day) if is_last_of_february && reading.has_marks() => {
            finding(day).write("L", []).suggest(" for the last day of every February", [])
        }
        _ => {
            let first = if cron.has(DAYS_RESTRICTED) { Field::DayOfMonth } else { Field::Month };
            let last = if cron.has(WEEKDAYS_RESTRICTED) { Field::DayOfWeek } else { Field::Month };
            finding(reading.between(first, last)).suggest("name a day that every year has", [])
        }
    })
}

pub(super) fn short_months<'a>(reading: &Reading<'a>) -> Option<Finding<'a>> {
    let cron = &reading.cron;
    if !cron.has(DAYS_RESTRICTED) || reading.has_drawn_date() {
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
    let is_one = reading.only_value(Field::DayOfMonth).is_some();
    let has_last_day = is_one && reading.has_marks() && !cron.has(WEEKDAYS_RESTRICTED);
    let pattern = match (never.count_ones(), is_leap_february) {
        (0, _) => "does not fire in {}, except in leap years",
        (_, true) => "does not fire in {}, nor in February, except in leap years",
        (1, false) => "does not fire in {}, which has no such day",
        (_, false) => "does not fire in {}, which have no such day",
    };
    let months = Part::Months(if never == 0 { skipped } else { never });
    let finding = Finding::new(span, "short-months", pattern, [months]);
    Some(if has_last_day {
        finding.write("L", []).suggest(" for the last day of each month", [])
    } else {
        finding.suggest("name a day up to 28, which every month has", [])
    })
}

/// The day fields, if both are restricted and one of them is enough.
fn either_fields(reading: &Reading<'_>) -> Option<(Span, Span)> {
    let spans = (reading.span(Field::DayOfMonth)?, reading.span(Field::DayOfWeek)?);
    reading.is_either().then_some(spans)
}

const WITHOUT_EFFECT: &str = "day-field-without-effect";

pub(super) fn day_field_without_effect<'a>(reading: &Reading<'a>) -> Option<Finding<'a>> {
    let (days, weekdays) = either_fields(reading)?;
    let (full, span, without_effect) = if reading.has_every_day() {
        (Field::DayOfMonth, days, Field::DayOfWeek)
    } else if reading.has_every_weekday() {
        (Field::DayOfWeek, weekdays, Field::DayOfMonth)
    } else {
        return None;
    };
    if reading.is_drawn(full) {
        return None;
    }
    let pattern = "the {} has no effect: one of the day fields is enough, and `{}` matches every day";
    let parts = [Part::Field(without_effect), Part::Text(span.of(reading.text))];
    let finding = Finding::new(span, WITHOUT_EFFECT, pattern, parts);
    Some(finding.write("*", []).suggest(" if only the {} is to count", [Part::Field(without_effect)]))
}

/// One of two day fields whose days are not in these months, where the other is enough.
pub(super) fn day_that_never_comes<'a>(reading: &Reading<'a>) -> Option<Finding<'a>> {
    let (days, weekdays) = either_fields(reading)?;
    let cron = &reading.cron;
    if cron.never_fires()
        || reading.has_every_day()
        || reading.has_every_weekday()
        || reading.has_drawn_date()
    {
        return None;
    }
    let (field, span) = match never_comes(cron)? {
        Field::DayOfMonth => (Field::DayOfMonth, days),
        field => (field, weekdays),
    };
    let pattern = match cron.years.is_any() {
        true => "`{}` never comes in {}: only the {} counts",
        false => "`{}` never comes in {} of these years: only the {} counts",
    };
    let counts = Part::Field(other_day_field(field));
    let parts = [Part::Text(span.of(reading.text)), Part::Months(cron.months), counts];
    let finding = Finding::new(span, WITHOUT_EFFECT, pattern, parts).write("*", []);
    Some(finding.suggest(" if only the {} is to count, or name a day that comes", [counts]))
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

pub(super) fn either_day<'a>(reading: &Reading<'a>) -> Option<Finding<'a>> {
    let (days, weekdays) = either_fields(reading)?;
    let has_no_effect = reading.has_every_day() || reading.has_every_weekday();
    // Of drawn dates the text does not tell.
    let never_comes = !reading.has_drawn_date() && never_comes(&reading.cron).is_some();
    if has_no_effect
        || never_comes
        || days.of(reading.text).starts_with('*')
        || weekdays.of(reading.text).starts_with('*')
    {
        return None;
    }
    let (day, weekday) = (reading.only_value(Field::DayOfMonth), reading.only_value(Field::DayOfWeek));
    let pattern = match (day, weekday) {
        (Some(_), Some(_)) => "fires on the {} and on {}s, not only where the two meet",
        (Some(_), None) => "fires on the {} and on days that match `{}`, not only where the two meet",
        (None, Some(_)) => "fires on days that match `{}` and on {}s, not only where the two meet",
        (None, None) => {
            "fires on days that match `{}` and on days that match `{}`, not only where the two meet"
        }
    };
    let on_day = day.map_or(Part::Text(days.of(reading.text)), |day| Part::Ordinal(day + 1));
    let on_weekday = weekday.map_or(Part::Text(weekdays.of(reading.text)), Part::Weekday);
    let finding = Finding::new(days.to(weekdays), "either-day", pattern, [on_day, on_weekday]);
    if let (Some(week), Some(weekday), true) = (week(reading), weekday, reading.has_marks()) {
        let month = Part::Text(reading.field(Field::Month));
        let name = Part::Written(reading.dialect.table.row(Field::DayOfWeek), weekday);
        let nth = Part::Text(NTH[week as usize]);
        let finding = finding.write("* {} {}#{}", [month, name, Part::Number(week + 1)]);
        return Some(finding.suggest(" for the {} {} of the month", [nth, on_weekday]));
    }
    let suggestion = match reading.dialect.name() {
        "croniter" => "give croniter `day_or=False` for the days that match both",
        "cronie" => "test one of the two in the command for the days that match both",
        "quartz" => "test one of the two in the job for the days that match both",
        _ => "begin the text with `days=and` for the days that match both",
    };
    Some(finding.suggest(suggestion, []))
}

/// The number from 0 of the month's seven days, if these are what a range such as `8-14` means.
fn week(reading: &Reading<'_>) -> Option<u32> {
    let days = reading.only_item(Field::DayOfMonth).filter(|days| days.form == Form::Range)?;
    let Values { from, to, step, .. } = days.values?;
    (step == 1 && from % 7 == 0 && to == from + 6 && to < 28).then_some(from / 7)
}

/// To croniter a `W`, or a `#` or `L` in the weekdays, leaves the other day field out.
pub(super) fn ignored_day_field<'a>(reading: &Reading<'a>) -> Option<Finding<'a>> {
    let ignores = |field: &Field| {
        let is_mark = |item: Item<'_>| match item.meaning {
            Meaning::Nearest(_) | Meaning::NearestBeforeLast(_) => *field == Field::DayOfWeek,
            Meaning::Week(..) => *field == Field::DayOfMonth,
            _ => false,
        };
        // A field with all its values may be a `*` to croniter; that is no reason for a warning.
        !reading.cron.has(day_flag(*field))
            && !reading.items(*field).any(|item| item.form == Form::Every)
            && reading.items(other_day_field(*field)).any(is_mark)
    };
    let field = [Field::DayOfMonth, Field::DayOfWeek].into_iter().find(ignores)?;
    // Whether there is a date in both fields, so that it does not never fire, is then a matter of luck.
    if reading.has_drawn_date() {
        return None;
    }
    let pattern = match field {
        Field::DayOfWeek => "`{}` has no effect: croniter ignores the {} beside a `W`",
        _ => "`{}` has no effect: croniter ignores the {} beside a `#` or `L`",
    };
    let parts = [Part::Text(reading.field(field)), Part::Field(field)];
    let finding = Finding::new(reading.span(field)?, "ignored-day-field", pattern, parts);
    let suggestion = ", which means the same, or give croniter `day_or=False` for the days that match both";
    Some(finding.write("*", []).suggest(suggestion, []))
}

pub(super) fn star_bit_in_days<'a>(reading: &Reading<'a>) -> Option<Finding<'a>> {
    star_bit(reading, Field::DayOfMonth)
}

pub(super) fn star_bit_in_weekdays<'a>(reading: &Reading<'a>) -> Option<Finding<'a>> {
    star_bit(reading, Field::DayOfWeek)
}

/// `*/2` beside another restricted day field.
fn star_bit<'a>(reading: &Reading<'a>, field: Field) -> Option<Finding<'a>> {
    let cron = &reading.cron;
    if !cron.has(DAYS_RESTRICTED) || !cron.has(WEEKDAYS_RESTRICTED) {
        return None;
    }
    let (pattern, suggestion) = match reading.dialect.days {
        Days::Or if reading.has_every_day() || reading.has_every_weekday() => return None,
        // By one of croniter's accidents both must match.
        Days::Or if cron.has(BOTH_DAYS) => return None,
        Days::And => return None,
        Days::Or => (
            "fires on days that match one of the day fields; \
             in cronie on days that match both, as `{}` begins with `*`",
            ", which has no `*` for cronie to see",
        ),
        Days::StarBit => (
            "fires on days that match both day fields, as `{}` begins with `*`; \
             in croniter on days that match one of them",
            " for days that match one of the fields, as in croniter",
        ),
    };
    let first = reading.items(field).next().filter(|first| first.form == Form::Star)?;
    let finding = Finding::new(first.span, "star-bit", pattern, [Part::Text(first.text)]);
    Some(finding.write_whole_range(first.row, first.values?.step).suggest(suggestion, []))
}
