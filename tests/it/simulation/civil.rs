//! When a calendar schedule is due in a zone: every civil minute is looked at, and the zone is only asked for offsets.
//!
//! This is the rule of clock changes as it is written, and has nothing of the way in which the crate finds a due.

use std::collections::HashMap;
use std::fmt;
use std::sync::Mutex;

use super::world::instant;
use super::world::SECOND as NANOS;
use crate::zones;

pub const DAY: i64 = 86_400;

/// A cron expression of five fields.
#[derive(Clone, Debug, PartialEq)]
pub struct Fields {
    pub minute: Field,
    pub hour: Field,
    pub day: Field,
    pub month: Field,
    pub weekday: Field,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Field {
    Any,
    Step(u32),
    Range(u32, u32),
    List(Vec<u32>),
}

impl Field {
    fn has(&self, value: u32) -> bool {
        match self {
            Field::Any => true,
            Field::Step(step) => value % step == 0,
            Field::Range(from, to) => (*from..=*to).contains(&value),
            Field::List(values) => values.contains(&value),
        }
    }

    fn repeats(&self) -> bool {
        !matches!(self, Field::List(_))
    }
}

impl Fields {
    pub fn is_interval_like(&self) -> bool {
        self.minute.repeats() || self.hour.repeats()
    }

    fn is_made_up_in_gap(&self) -> bool {
        !self.hour.repeats()
    }

    fn has_day(&self, day: i64) -> bool {
        let (month, date) = month_and_date(day);
        // 1970 began on a Thursday.
        let weekday = (day + 4).rem_euclid(7) as u32;
        // Only one of the two is ever restricted.
        self.month.has(month) && self.day.has(date) && self.weekday.has(weekday)
    }

    /// How long the next due may be ahead, in seconds, and a little more.
    fn reach(&self) -> i64 {
        match self {
            // What a gap skips each year may come years later: in Morocco, midnight of the first of May.
            _ if self.month != Field::Any && self.is_interval_like() => 5 * 380 * DAY,
            _ if self.month != Field::Any => 380 * DAY,
            _ if self.day != Field::Any => 70 * DAY,
            _ if self.weekday != Field::Any => 10 * DAY,
            _ => 4 * DAY,
        }
    }

    /// All dues in seconds, from `from` on, and until some after `to`.
    pub fn dues(&self, clocks: &Clocks, from: i64, to: i64) -> Vec<i64> {
        let to = to + self.reach();
        let mut dues = Vec::new();
        for day in from.div_euclid(DAY) - 2..=to.div_euclid(DAY) + 2 {
            if !self.has_day(day) {
                continue;
            }
            for hour in (0..24).filter(|hour| self.hour.has(*hour)) {
                for minute in (0..60).filter(|minute| self.minute.has(*minute)) {
                    let civil = day * DAY + i64::from(hour * 3600 + minute * 60);
                    if !self.is_interval_like() {
                        dues.push(clocks.due(civil));
                        continue;
                    }
                    match shown(&clocks.spans, civil) {
                        Shown::At(instants) => dues.extend(instants),
                        Shown::Never { gap_ends } if self.is_made_up_in_gap() => dues.push(gap_ends),
                        Shown::Never { .. } => {}
                    }
                }
            }
        }
        dues.retain(|due| (from..=to).contains(due));
        dues.sort_unstable();
        dues.dedup();
        dues
    }
}

impl fmt::Display for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Fields { minute, hour, day, month, weekday } = self;
        write!(f, "{minute} {hour} {day} {month} {weekday}")
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Field::Any => f.write_str("*"),
            Field::Step(step) => write!(f, "*/{step}"),
            Field::Range(from, to) => write!(f, "{from}-{to}"),
            Field::List(values) => {
                let values: Vec<_> = values.iter().map(u32::to_string).collect();
                f.write_str(&values.join(","))
            }
        }
    }
}

/// The dues of a period of days from an anchor on, a civil second, until some after `to`.
pub fn day_steps(anchor: i64, days: i64, clocks: &Clocks, to: i64) -> Vec<i64> {
    let mut dues = Vec::new();
    let mut civil = anchor;
    while civil <= to.max(anchor) + (days + 4) * DAY {
        dues.push(clocks.due(civil));
        civil += days * DAY;
    }
    dues.dedup();
    dues
}

/// The dues of a period of months from an anchor on, until some after `to`: each day is looked at.
pub fn month_steps(anchor: i64, months: i64, clocks: &Clocks, to: i64) -> Vec<i64> {
    let (first, time) = (anchor.div_euclid(DAY), anchor.rem_euclid(DAY));
    let (_, wanted) = month_and_date(first);
    let (mut dues, mut month) = (Vec::new(), 0);
    for day in first..=to.max(anchor).div_euclid(DAY) + months * 31 + 4 {
        let (_, date) = month_and_date(day);
        let is_last = month_and_date(day + 1).1 == 1;
        if month % months == 0 && (date == wanted || (is_last && date < wanted)) {
            dues.push(clocks.due(day * DAY + time));
        }
        month += i64::from(is_last);
    }
    dues.dedup();
    dues
}

/// What clocks show, as far as it is known.
#[derive(Clone)]
pub struct Clocks {
    pub spans: Vec<Span>,
    /// What was known before each change of their zone, and up to when.
    before: Vec<(Vec<Span>, i64)>,
}

impl Clocks {
    pub fn of(spans: &[Span]) -> Clocks {
        Clocks { spans: spans.to_vec(), before: Vec::new() }
    }

    /// They go by another zone from `at` on.
    pub fn go_by(&mut self, zone: &[Span], at: i64) {
        let spans = splice(&self.spans, zone, at);
        self.before.push((std::mem::replace(&mut self.spans, spans), at));
    }

    /// When something is due that names this civil second. What was due by what was known then has been, also if it was
    /// skipped, and a change of zone has brought it back since.
    pub fn due(&self, civil: i64) -> i64 {
        let before = self.before.iter().map(|(spans, until)| (due(spans, civil), *until));
        let has_been = before.filter(|(due, until)| due < until).map(|(due, _)| due).next();
        has_been.unwrap_or_else(|| due(&self.spans, civil))
    }
}

fn due(spans: &[Span], civil: i64) -> i64 {
    match shown(spans, civil) {
        Shown::At(instants) => instants[0],
        Shown::Never { gap_ends } => gap_ends,
    }
}

enum Shown {
    /// In order.
    At(Vec<i64>),
    Never {
        gap_ends: i64,
    },
}

/// The instants that show a civil second.
fn shown(spans: &[Span], civil: i64) -> Shown {
    // No clock is further from UTC.
    let near = 27 * 3600;
    let begin = spans.partition_point(|span| span.to <= civil - near);
    let near = spans[begin..].iter().take_while(|span| span.from <= civil + near);
    let instants = near.clone().filter_map(|span| {
        let instant = civil - span.offset;
        (span.from <= instant && instant < span.to).then_some(instant)
    });
    let instants: Vec<i64> = instants.collect();
    if !instants.is_empty() {
        return Shown::At(instants);
    }
    let skips = |pair: &&[Span]| {
        let (before, after) = (pair[0], pair[1]);
        before.to + before.offset <= civil && civil < after.from + after.offset
    };
    let gap = spans.windows(2).find(skips).expect("it lies in a gap");
    Shown::Never { gap_ends: gap[1].from }
}

/// The month, from 1, and the day of the month of a day since 1970.
fn month_and_date(day: i64) -> (u32, u32) {
    let is_leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let mut year = 1970 + day.div_euclid(366);
    let first = |year: i64| {
        let before = year - 1;
        before * 365 + before / 4 - before / 100 + before / 400 - 719_162
    };
    while first(year + 1) <= day {
        year += 1;
    }
    let mut left = day - first(year);
    let february = if is_leap(year) { 29 } else { 28 };
    for (month, length) in (1..).zip([31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]) {
        if left < length {
            return (month, left as u32 + 1);
        }
        left -= length;
    }
    unreachable!("a year has twelve months")
}

/// A time in which a zone's offset stays, all in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    pub from: i64,
    pub to: i64,
    pub offset: i64,
}

/// What clocks show that go by one zone, and by another one from `at` on.
fn splice(before: &[Span], after: &[Span], at: i64) -> Vec<Span> {
    let old = before.iter().filter(|span| span.from < at).map(|span| Span { to: span.to.min(at), ..*span });
    let new = after.iter().filter(|span| span.to > at).map(|span| Span { from: span.from.max(at), ..*span });
    let mut spans: Vec<Span> = Vec::new();
    for span in old.chain(new) {
        match spans.last_mut() {
            Some(last) if last.offset == span.offset => last.to = span.to,
            _ => spans.push(span),
        }
    }
    spans
}

/// The offset that is shown at an instant.
pub fn offset(spans: &[Span], at: i64) -> i64 {
    spans[spans.partition_point(|span| span.to <= at)].offset
}

const FIRST: i64 = 0;
const LAST: i64 = 100 * 366 * DAY;

/// The spans of a zone, found by asking for its offset: no zone has had two changes within a day.
pub fn spans(name: &str) -> &'static [Span] {
    static KNOWN: Mutex<Option<HashMap<String, &'static [Span]>>> = Mutex::new(None);
    let mut known = KNOWN.lock().unwrap();
    let known = known.get_or_insert_with(HashMap::new);
    if let Some(spans) = known.get(name) {
        return spans;
    }
    known.entry(name.to_string()).or_insert(Box::leak(spans_until(name, LAST).into_boxed_slice()))
}

/// The same until some time: what changes later is not known.
pub fn spans_until(name: &str, last: i64) -> Vec<Span> {
    let zone = zones::zone(name);
    let offset = |unix: i64| i64::from(zone.offset(instant(i128::from(unix) * NANOS)).unwrap());
    let mut spans = vec![Span { from: i64::MIN, to: i64::MAX, offset: offset(FIRST) }];
    let mut at = FIRST;
    while at < last {
        let (mut before, mut after) = (at, at + DAY);
        at = after;
        if offset(before) == offset(after) {
            continue;
        }
        while after - before > 1 {
            let middle = before + (after - before) / 2;
            match offset(middle) == offset(before) {
                true => before = middle,
                false => after = middle,
            }
        }
        spans.last_mut().unwrap().to = after;
        spans.push(Span { from: after, to: i64::MAX, offset: offset(after) });
    }
    spans
}

#[test]
fn days_have_dates() {
    let dates =
        [(0, (1, 1)), (58, (2, 28)), (59, (3, 1)), (789, (2, 29)), (20_779, (11, 22)), (11_016, (2, 29))];
    for (day, date) in dates {
        assert_eq!(month_and_date(day), date, "day {day}");
    }
}

#[test]
fn the_rule_of_clock_changes_is_as_it_is_written() {
    let only = |value| Field::List(vec![value]);
    let at = |minute, hour| Fields { minute, hour, day: Field::Any, month: Field::Any, weekday: Field::Any };
    let clocks = Clocks::of(spans("America/New_York"));
    // Midnight of 8 March and of 1 November 2026 in New York.
    let (march, november) = (1_772_946_000, 1_793_505_600);
    let hours = |fields: &Fields, day: i64| {
        let dues = fields.dues(&clocks, day, day);
        dues.into_iter().filter(|due| *due < day + 5 * 3600).map(|due| (due - day) / 60).collect::<Vec<_>>()
    };
    assert_eq!(hours(&at(only(30), only(2)), march), [120]);
    assert_eq!(hours(&at(Field::List(vec![0, 30]), Field::List(vec![2, 3])), march), [120, 150]);
    assert_eq!(hours(&at(only(30), Field::Any), march), [30, 90, 150, 210, 270]);
    assert_eq!(hours(&at(only(0), Field::Range(1, 3)), march), [60, 120]);
    assert_eq!(hours(&at(Field::Step(15), only(2)), march), [120]);
    assert_eq!(hours(&at(only(30), only(1)), november), [90]);
    assert_eq!(hours(&at(only(30), Field::Any), november), [30, 90, 150, 210, 270]);
    assert_eq!(hours(&at(Field::Step(15), only(1)), november), [60, 75, 90, 105, 120, 135, 150, 165]);

    // Of a zone that was changed and changed back nobody knew that what it skipped would come.
    let fixed = |offset| [Span { from: i64::MIN, to: i64::MAX, offset }];
    let mut clocks = Clocks::of(&fixed(0));
    clocks.go_by(&fixed(7200), 3600);
    clocks.go_by(&fixed(0), 3601);
    assert_eq!(at(only(30), only(1)).dues(&clocks, 0, 0)[..2], [3600, DAY + 5400]);
    assert_eq!(at(only(30), Field::Any).dues(&clocks, 0, 10_000)[..3], [1800, 5400, 9000]);
}
