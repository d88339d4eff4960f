//! A schedule as a text: a cron expression and its zone, or the period of EventBridge's `rate(...)`.

use std::time::Duration;

use super::{never_fires, Schedule};
use crate::cron::parse::{switches, wrapped};
use crate::cron::{Cron, ParseError, Reader};
use crate::error::Error;
use crate::period::Period;
use crate::tz::Zone;

/// The schedule of a text.
pub(super) fn schedule(text: &str, reader: Reader<'_>) -> Result<Schedule, Error> {
    let (fields, zone) = match zone_before(text) {
        Some((fields, zone)) => (fields, Some(Zone::try_from(zone)?)),
        None => (text.to_owned(), None),
    };
    if let Some(period) = rate(&fields, reader)? {
        return Ok(Schedule { zone, ..period.into() });
    }
    let (cron, zone) = match (reader.parse(&fields), zone) {
        (Err(error), None) => zone_behind(&fields, reader, error)?,
        (cron, zone) => (cron?, zone),
    };
    match cron.never_fires() {
        true => Err(never_fires()),
        false => Ok(Schedule { zone, ..cron.into() }),
    }
}

/// The zone of `TZ=` or `CRON_TZ=`, as robfig/cron and Kubernetes have it, and the text with blanks in its place: so an error in
/// the rest has the right position.
fn zone_before(text: &str) -> Option<(String, &str)> {
    let mut switches = words(text).take_while(|(_, word)| word.contains('='));
    switches.find_map(|(at, word)| {
        let (name, zone) = word.split_once('=')?;
        let is_zone = name.eq_ignore_ascii_case("TZ") || name.eq_ignore_ascii_case("CRON_TZ");
        is_zone.then(|| (without(text, at, word), zone))
    })
}

/// The expression of a text that ends with a zone, as rufus-scheduler and sidekiq-cron have it. Of any other it is the error.
fn zone_behind(text: &str, reader: Reader<'_>, error: ParseError) -> Result<(Cron, Option<Zone>), Error> {
    let (at, word) = words(text).last().ok_or(error)?;
    let cron = match reader.parse(&without(text, at, word)) {
        Ok(cron) if word.starts_with(|c: char| c.is_ascii_alphabetic()) => cron,
        _ => return Err(error.into()),
    };
    // A rule without changes, such as `MON5`, is rather a slip.
    let zone = if word.contains(',') { Zone::try_from(word) } else { Zone::named(word) };
    match zone {
        Ok(zone) => Ok((cron, Some(zone))),
        Err(unknown) if word.contains('/') => Err(unknown.into()),
        Err(_) => Err(error.into()),
    }
}

/// The words of a text, each with its position.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let words = text.split_ascii_whitespace();
    words.map(move |word| (word.as_ptr() as usize - text.as_ptr() as usize, word))
}

/// The text with blanks in place of the word at a position.
fn without(text: &str, at: usize, word: &str) -> String {
    [&text[..at], &" ".repeat(word.len()), &text[at + word.len()..]].concat()
}

/// The period of `rate(5 minutes)`, in EventBridge's dialect. A day is 24 hours to it.
fn rate(text: &str, reader: Reader<'_>) -> Result<Option<Period>, Error> {
    let inner = match switches(text, reader.dialect) {
        Ok((dialect, at)) if dialect.table.is_eventbridge => match wrapped(text, at, "rate(") {
            Some(inner) => &inner[at + "rate(".len()..],
            None => return Ok(None),
        },
        _ => return Ok(None),
    };
    let period = || {
        let (value, unit) = inner.trim().split_once(' ')?;
        let (value, unit): (u64, _) = (value.parse().ok()?, unit.trim());
        let unit = if value == 1 { unit } else { unit.strip_suffix('s')? };
        let seconds = match unit {
            "minute" => 60,
            "hour" => 3600,
            "day" => 86_400,
            _ => return None,
        };
        Period::try_from(Duration::from_secs(value.checked_mul(seconds)?)).ok()
    };
    let expected = "expected a number of minutes, hours or days, such as `rate(1 hour)` or `rate(5 minutes)`";
    period().map(Some).ok_or_else(|| Error::other(expected))
}
