//! Reads what nearly every expression is, in a tenth of the time: five to seven fields of the default dialect with single
//! blanks between them, of `*`, `?`, values, ranges, steps, names and lists of these. It gives up on all else and on every
//! mistake. The parser then reads the text from its beginning and says what is wrong. A test holds the two together.

use super::combine;
use super::set::Set;
use crate::cron::dialect::{Days, Dialect, Seconds};
use crate::cron::field::{Field, Row, DAY_OF_MONTH, DAY_OF_WEEK, HOUR, MINUTE, MONTH, SECOND, YEAR};
use crate::cron::scan::{is_blank, peek};
use crate::cron::{Cron, Years, ALL_WEEKDAYS, EVERY_WEEK};

/// The expression, or `None` for one that is not plain.
#[inline]
pub(super) const fn expression(text: &str, dialect: Dialect) -> Option<Cron> {
    if !dialect.table.is_default {
        return None;
    }
    let (mut second, mut at) = (Set::ZERO, 0);
    loop {
        match five_fields(text, at, second, dialect.days) {
            Some((cron, end)) if end >= text.len() => return Some(cron),
            Some((cron, end)) if at > 0 => return with_years(text, end, cron),
            // Six or seven fields, then, the seconds first.
            _ if at > 0 || !matches!(dialect.seconds, Seconds::First) => return None,
            _ => (second, at) = some!(field(text, 0, &SECOND)),
        }
    }
}

/// The expression with the years, which are the last field.
const fn with_years(text: &str, at: usize, cron: Cron) -> Option<Cron> {
    let (years, at) = some!(years(text, at));
    if at < text.len() {
        return None;
    }
    let cron = Cron { years, ..cron };
    Some(Cron { days_kind: cron.find_days_kind(), ..cron })
}

/// The fields from the minute to the day of week, and where the next one would begin.
#[inline(always)]
const fn five_fields(text: &str, at: usize, second: Set, days: Days) -> Option<(Cron, usize)> {
    let (minute, at) = some!(field(text, at, &MINUTE));
    let (hour, at) = some!(field(text, at, &HOUR));
    let (day_of_month, at) = some!(field(text, at, &DAY_OF_MONTH));
    let (month, at) = some!(field(text, at, &MONTH));
    let (day_of_week, at) = some!(field(text, at, &DAY_OF_WEEK));
    Some((combine([second, minute, hour, month], [day_of_month, day_of_week], Years::ANY, days), at))
}

/// A field with the blank after it, and where the next one begins.
#[inline(always)]
const fn field(text: &str, at: usize, row: &Row) -> Option<(Set, usize)> {
    let is_day = matches!(row.field, Field::DayOfMonth | Field::DayOfWeek);
    if is_blank(peek(text, at + 1)) && (peek(text, at) == b'*' || peek(text, at) == b'?' && is_day) {
        return Some((Set { is_every: true, repeats: true, begins_with_star: true, ..Set::EMPTY }, at + 2));
    }
    match number(text, at) {
        // Half of all fields are a number: so it is read in a third of the time of a list.
        Some((number, end)) if is_blank(peek(text, end)) && row.first <= number && number <= row.last => {
            Some((Set { values: values_of(row, 1 << (number - row.first)), ..Set::EMPTY }, end + 1))
        }
        _ => list(text, at, row),
    }
}

/// The set of these bits. Sunday is 7 as well.
#[inline]
const fn values_of(row: &Row, bits: u64) -> u64 {
    match row.field {
        Field::DayOfWeek => ((bits | bits >> 7) & ALL_WEEKDAYS) * EVERY_WEEK,
        _ => bits,
    }
}

/// `item {"," item}`, where an item is `("*" | value ["-" value]) ["/" step]`
///
/// Inlined for each row: with the row's numbers as constants lists take 40 % less time (`parse/long` in `benches/peers`).
#[inline(always)]
const fn list(text: &str, start: usize, row: &Row) -> Option<(Set, usize)> {
    let mut set = Set { begins_with_star: peek(text, start) == b'*', ..Set::EMPTY };
    let mut at = start;
    loop {
        let is_star = peek(text, at) == b'*';
        let (from, end) = if is_star { (0, at + 1) } else { some!(value(text, at, row)) };
        let is_range = !is_star && peek(text, end) == b'-';
        let (to, end) = if is_range { some!(value(text, end + 1, row)) } else { (from, end) };
        let has_step = peek(text, end) == b'/';
        let (step, end) = if has_step { some!(number(text, end + 1)) } else { (1, end) };
        let to = if is_star || has_step && !is_range { row.count - 1 } else { to };
        if to < from || step == 0 || step >= 64 {
            return None;
        }
        if is_star && !has_step {
            set.is_every = true;
        } else {
            let values = if step == 1 { u64::MAX } else { multiples_of(step) };
            set.values |= values << from & u64::MAX >> (63 - to);
        }
        set.repeats |= is_star | is_range | has_step;
        at = end + 1;
        match peek(text, end) {
            b',' => {}
            byte if is_blank(byte) => break,
            _ => return None,
        }
    }
    set.values = values_of(row, set.values);
    Some((set, at))
}

/// `year ["-" year] {"," year ["-" year]}`
const fn years(text: &str, start: usize) -> Option<(Years, usize)> {
    let mut years = Years::NONE;
    let mut at = start;
    loop {
        let (from, end) = some!(year(text, at));
        let (to, end) = if peek(text, end) == b'-' { some!(year(text, end + 1)) } else { (from, end) };
        if to < from {
            return None;
        }
        let mut value = from;
        while value <= to {
            years = years.with(value);
            value += 1;
        }
        at = end + 1;
        match peek(text, end) {
            b',' => {}
            byte if is_blank(byte) => return Some((years, at)),
            _ => return None,
        }
    }
}

/// Four digits, counted from the first year.
const fn year(text: &str, at: usize) -> Option<(u32, usize)> {
    let (century, middle) = some!(number(text, at));
    let (year, end) = some!(number(text, middle));
    let year = 100 * century + year;
    if end != at + 4 || year < YEAR.first || year > YEAR.last {
        return None;
    }
    Some((year - YEAR.first, end))
}

/// A number of the field or a name, counted from the field's first value.
#[inline(always)]
const fn value(text: &str, at: usize, row: &Row) -> Option<(u32, usize)> {
    if let Some((number, end)) = number(text, at) {
        if number < row.first || number > row.last {
            return None;
        }
        return Some((number - row.first, end));
    }
    let letters = lower([peek(text, at), peek(text, at + 1), peek(text, at + 2)]);
    let mut value = 0;
    while value < row.names.len() {
        if let [a, b, c] = *row.names[value].as_bytes() {
            if letters == lower([a, b, c]) {
                return Some((value as u32, at + 3));
            }
        }
        value += 1;
    }
    None
}

/// Three letters in lower case, as a number. Of what is no letter it makes none.
#[inline]
const fn lower([a, b, c]: [u8; 3]) -> u32 {
    u32::from_le_bytes([a | 0x20, b | 0x20, c | 0x20, 0])
}

/// One digit or two.
#[inline]
const fn number(text: &str, at: usize) -> Option<(u32, usize)> {
    let tens = peek(text, at).wrapping_sub(b'0') as u32;
    let units = peek(text, at + 1).wrapping_sub(b'0') as u32;
    match (tens, units) {
        (0..=9, 0..=9) => Some((10 * tens + units, at + 2)),
        (0..=9, _) => Some((tens, at + 1)),
        _ => None,
    }
}

/// The multiples of a step, as bits. With each turn there are twice as many.
const fn multiples_of(step: u32) -> u64 {
    let mut bits = 1;
    let mut shift = step;
    while shift < 64 {
        bits |= bits << shift;
        shift *= 2;
    }
    bits
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample;

    use super::*;
    use crate::cron::parse::parsed;

    #[test]
    fn what_people_write_is_plain() {
        for text in [
            "* * * * *",
            "2 4 * * mon,fri",
            "0,7,14,21 */2 1-15,20-25 JAN-jun,sep Mon-Fri",
            "30 5/10 ? * 7",
            "30 */5 9-17 * * 1-5",
            "0 30 9 * * 1-5",
            "0 30 9 * * 1-5 2030,2040-2050",
            "0 0 29 2 *\n",
        ] {
            let cron = expression(text, Dialect::DEFAULT);
            assert_eq!(cron, parsed(text, Dialect::DEFAULT.reader()).ok(), "{text}");
            assert!(cron.is_some(), "{text}");
        }
    }

    /// An item, of a field or of none, and often with a slip.
    fn item() -> impl Strategy<Value = String> {
        let value = prop_oneof![
            8 => (0..70_u32).prop_map(|number| number.to_string()),
            2 => sample::select(vec!["sun", "MON", "fri", "jan", "Dec", "moo", "5L", "h", "@@@", "fri#2", "007"])
                .prop_map(String::from),
        ];
        let values = (value.clone(), prop::option::weighted(0.3, value))
            .prop_map(|(from, to)| to.map_or(from.clone(), |to| format!("{from}-{to}")));
        let star = sample::select(vec!["*", "*", "*", "?", "L", ""]).prop_map(String::from);
        let step = prop::option::weighted(0.2, 0..100_u32);
        (prop_oneof![star, values], step)
            .prop_map(|(values, step)| step.map_or(values.clone(), |step| format!("{values}/{step}")))
    }

    fn field() -> impl Strategy<Value = String> {
        prop_oneof![
            3 => Just("*".to_string()),
            3 => (0..10_u32).prop_map(|number| number.to_string()),
            4 => prop::collection::vec(item(), 1..4).prop_map(|items| items.join(",")),
        ]
    }

    fn year() -> impl Strategy<Value = String> {
        (1960..2210_u32, prop::option::of(1960..2210_u32))
            .prop_map(|(from, to)| to.map_or(from.to_string(), |to| format!("{from}-{to}")))
    }

    fn fields() -> impl Strategy<Value = String> {
        let parts = (prop::collection::vec(field(), 4..8), prop::collection::vec(year(), 0..3));
        parts.prop_map(|(mut fields, years)| {
            if fields.len() > 6 && !years.is_empty() {
                fields[6] = years.join(",");
            }
            fields.join(" ")
        })
    }

    fn text() -> impl Strategy<Value = String> {
        let damaged = (fields(), any::<sample::Index>(), any::<char>()).prop_map(|(text, at, new)| {
            let mut chars: Vec<char> = text.chars().collect();
            let at = at.index(chars.len());
            chars[at] = if new.is_ascii() { new } else { ' ' };
            chars.into_iter().collect()
        });
        prop_oneof![8 => fields(), 3 => damaged, 1 => any::<String>()]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 5000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_plain_means_to_the_parser_the_same(text in text(), switches in 0..4) {
            let dialect = match switches {
                0 => Dialect::DEFAULT.days_and(),
                1 => Dialect::DEFAULT.star_bit().seconds_last(),
                _ => Dialect::DEFAULT,
            };
            if let Some(cron) = expression(&text, dialect) {
                prop_assert_eq!(Ok(cron), parsed(&text, dialect.reader()));
            }
        }
    }
}
