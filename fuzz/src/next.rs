//! The next and the previous time of an expression are those that a walk finds which looks at each day, and at each second
//! of a day that matches. In a zone they are those of the rule for clock changes, applied to each second in turn.
//!
//! The input is three lines: an expression of six fields or five, a POSIX rule, and a number of seconds since 1970. The
//! walk reads the expression by itself, and leaves out what it does not know.

mod meaning;

use sexton::civil::{DateTime, Time};
use sexton::tz::PosixZone;
use sexton::Cron;

use crate::probe::changes;
use meaning::Expression;

/// How many days a walk looks at.
const DAYS: i64 = 500;

const HOUR: i64 = 3600;

pub fn law(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut lines = text.lines();
    let mut line = || lines.next().unwrap_or_default();
    let (text, rule, from) = (line(), line(), line());
    let (Ok(cron), Some(expression)) = (Cron::parse(text), Expression::read(text)) else { return };
    let from = from.trim().parse::<i64>().unwrap_or(0).rem_euclid(1 << 36);

    let civil = PosixZone::UTC.civil(from).expect("it lies in the years 1970 to 4147");
    check_civil(&cron, &expression, civil);

    // The walk in the zone goes from minute to minute: clocks have to change at one.
    let has_seconds = rule.split([',', '/', '+', '-']).any(|part| part.matches(':').count() > 1);
    let Some(zone) = PosixZone::parse(rule).ok().filter(|_| !has_seconds) else { return };
    check_in_zone(&cron, &expression, &zone, from);
    for change in changes(from, |unix| zone.offset(unix)).into_iter().take(2) {
        check_in_zone(&cron, &expression, &zone, change - from % (30 * HOUR));
    }
}

fn check_civil(cron: &Cron, expression: &Expression, from: DateTime) {
    assert_eq!(cron.matches(from), expression.matches(from), "{expression} at {from}");
    let days = |step: i64| (0..DAYS).filter_map(move |day| from.date().checked_add_days(day * step));
    let (mut later, mut earlier) = (days(1), days(-1));
    let times = || expression.times();
    let next = later.find_map(|date| {
        let is_day = expression.matches_day(date);
        is_day.then(|| times().map(|time| date.at(time)).find(|time| *time > from)).flatten()
    });
    let previous = earlier.find_map(|date| {
        let is_day = expression.matches_day(date);
        is_day.then(|| times().map(|time| date.at(time)).take_while(|time| *time < from).last()).flatten()
    });
    // What the walk does not find lies farther away than it has looked.
    let last = from.date().checked_add_days(DAYS).map(|date| date.at(midnight()));
    let first = from.date().checked_add_days(-DAYS).map(|date| date.at(midnight()));
    let found = cron.next(from).filter(|time| next.is_some() || last.is_none_or(|last| *time < last));
    assert_eq!(found, next, "{expression} after {from}");
    let found = cron.previous(from).filter(|time| previous.is_some() || Some(*time) > first);
    assert_eq!(found, previous, "{expression} before {from}");
}

fn midnight() -> Time {
    Time::new(0, 0, 0).expect("midnight is a time")
}

/// A stretch of one offset: from an instant to before another.
struct Span {
    lo: i64,
    hi: i64,
    offset: i64,
}

fn check_in_zone(cron: &Cron, expression: &Expression, zone: &PosixZone, from: i64) {
    // So far both ways, and what may show the same civil times is looked at as well.
    let minute = from - from.rem_euclid(60);
    let (first, last) = (minute - 40 * HOUR, minute + 40 * HOUR);
    let spans = spans(zone, first - 55 * HOUR, last + 55 * HOUR);
    if spans.iter().any(|span| span.offset % 60 != 0) {
        return;
    }
    let mut fires: Vec<i64> = Vec::new();
    for (i, span) in spans.iter().enumerate() {
        // Each civil second that this span shows.
        for civil in expression.between(span.lo.max(first) + span.offset, span.hi.min(last) + span.offset) {
            let instant = civil - span.offset;
            let is_first = !spans[..i].iter().any(|span| shows(span, civil));
            if expression.is_interval_like() || is_first {
                fires.push(instant);
            }
        }
        // Each civil second that is in the gap after it.
        let Some(following) = spans.get(i + 1).filter(|_| expression.is_made_up_in_gap()) else { continue };
        let mut skipped = expression.between(span.hi + span.offset, span.hi + following.offset);
        if first <= span.hi
            && span.hi < last
            && skipped.any(|civil| !spans.iter().any(|span| shows(span, civil)))
        {
            fires.push(span.hi);
        }
    }
    fires.sort_unstable();
    let next = fires.iter().copied().find(|fire| *fire > from);
    let previous = fires.iter().copied().rev().find(|fire| *fire < from);
    let found = cron.next_in(zone, from).filter(|fire| *fire < last);
    assert_eq!(found, next, "{expression} in {zone} after {from}");
    let found = cron.previous_in(zone, from).filter(|fire| *fire >= first);
    assert_eq!(found, previous, "{expression} in {zone} before {from}");
    assert_eq!(cron.fires_at(zone, from), fires.contains(&from), "{expression} in {zone} at {from}");
}

fn shows(span: &Span, civil: i64) -> bool {
    (span.lo..span.hi).contains(&(civil - span.offset))
}

/// The spans between two instants, by looking at each minute.
fn spans(zone: &PosixZone, first: i64, last: i64) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for minute in (first..last).step_by(60) {
        let offset = i64::from(zone.offset(minute));
        match spans.last_mut() {
            Some(span) if span.offset == offset => span.hi = minute + 60,
            _ => spans.push(Span { lo: minute, hi: minute + 60, offset }),
        }
    }
    spans
}
