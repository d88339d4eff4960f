//! Puts the question of a row, and compares.

use std::time::{Duration, SystemTime};

use sexton::civil::{Date, DateTime, Time};
use sexton::cron::ParseError;
use sexton::tz::Zone;
use sexton::{Cron, Moment, Schedule};

use crate::rows::Row;
use crate::zones::{files, zone, Flavour};

/// Of which `tzif-files.tsv` has no zone.
pub fn has_no_file(row: &Row) -> bool {
    let named = row.named("zone");
    named != "-" && !files().contains_key(&(named.to_string(), Flavour::Slim))
}

/// Whether a gap on the way swallows times of a cron that says "again and again", but names its hours.
pub fn makes_up_what_repeats(question: &Question, times: &str) -> bool {
    let cron = question.cron;
    match &question.zone {
        Some(zone) if cron.is_interval_like() && cron.is_made_up_in_gap() => {
            let instants = instants(question.start, zone).chain(instants(times, zone));
            let (first, last) = instants.fold((None, None), |(first, last), at| {
                (first.map_or(Some(at), |first: SystemTime| Some(first.min(at))), last.max(Some(at)))
            });
            first.zip(last).map_or(false, |(first, last)| swallows(zone, first, last, &cron))
        }
        _ => false,
    }
}

/// Whether times of a cron lie in a gap of these hours, whose end is none.
fn swallows(zone: &Zone, first: SystemTime, last: SystemTime, cron: &Cron) -> bool {
    let (second, hour) = (Duration::from_secs(1), Duration::from_secs(3600));
    let hours = std::iter::successors(Some(first - hour), |&at| Some(at + hour)).take_while(|&at| at <= last);
    hours.filter(|&at| zone.offset(at) < zone.offset(at + hour)).any(|at| {
        let mut seconds = std::iter::successors(Some(at), |&at| Some(at + second));
        let end = seconds.find(|&end| zone.offset(end) > zone.offset(at)).unwrap();
        let (before, after) = (zone.civil(end - second).unwrap(), zone.civil(end).unwrap());
        !cron.matches(after) && cron.next(before).map_or(false, |next| next < after)
    })
}

/// The instants of a list, `none` aside.
fn instants<'a>(times: &'a str, zone: &'a Zone) -> impl Iterator<Item = SystemTime> + 'a {
    times.split(',').filter_map(moment).filter_map(move |moment| moment.instant(zone))
}

/// Whether one of these times does not match by itself: it is the end of a gap, or a slip.
pub fn has_other_times(question: &Question, times: &str) -> bool {
    question.zone.as_ref().map_or(false, |zone| {
        let mut civil = instants(times, zone).map(|at| zone.civil(at).unwrap());
        civil.any(|civil| !question.cron.matches(civil))
    })
}

/// Whether the start is the end of a gap.
pub fn starts_at_end_of_gap(question: &Question) -> bool {
    question.zone.as_ref().map_or(false, |zone| {
        instants(question.start, zone).any(|at| zone.offset(at - Duration::from_secs(1)) < zone.offset(at))
    })
}

/// The times after, or before, a start. Texts without an offset are civil times, without a zone.
pub struct Question<'a> {
    pub cron: Cron,
    /// Of an IANA name, of the start's own offset, or none.
    pub zone: Option<Zone>,
    pub start: &'a str,
    pub backwards: bool,
    /// The start itself may be the first answer.
    pub inclusive: bool,
}

impl<'a> Question<'a> {
    /// The times after a civil time.
    pub fn civil(cron: Cron, start: &'a str) -> Question<'a> {
        Question { cron, zone: None, start, backwards: false, inclusive: false }
    }

    /// In the zone of a row, of which there may be no file; `-` is none.
    pub fn zone_of(self, row: &Row) -> Result<Question<'a>, String> {
        match row.named("zone") {
            "-" => Ok(self),
            name if has_no_file(row) => Err(format!("there is no file of {name}")),
            name => Ok(Question { zone: Some(zone(name)), ..self }),
        }
    }

    /// `next` or `prev`
    pub fn direction(self, direction: &str) -> Question<'a> {
        Question { backwards: direction == "prev", ..self }
    }

    /// Expects these times, of which a `none` is the last.
    pub fn expect(&self, times: &str) -> Result<(), String> {
        let times: Vec<&str> = times.split(',').collect();
        let answer = match &self.zone {
            None => self.civil_answer(times.len()),
            Some(zone) => self.zoned_answer(zone, times.len()),
        };
        let is_same = answer.iter().map(|time| moment(time)).eq(times.iter().map(|time| moment(time)));
        if is_same {
            Ok(())
        } else {
            Err(format!("{} {self}, expected {}", answer.join(","), times.join(",")))
        }
    }

    fn civil_answer(&self, count: usize) -> Vec<String> {
        assert!(!self.inclusive, "no row asks that");
        let start: DateTime = self.start.parse().unwrap_or_else(|error| panic!("{}: {error}", self.start));
        let step = |&at: &DateTime| if self.backwards { self.cron.previous(at) } else { self.cron.next(at) };
        let times = std::iter::successors(Some(start), step).skip(1);
        with_end(times.map(|time| time.to_string()), count)
    }

    fn zoned_answer(&self, zone: &Zone, count: usize) -> Vec<String> {
        let start = moment(self.start).and_then(|start| start.instant(zone)).unwrap();
        if self.cron.never_fires() {
            return with_end(std::iter::empty(), count); // An error to a schedule.
        }
        let schedule = Schedule::from(self.cron).zone(zone.clone());
        let nearly = Duration::from_nanos(if self.inclusive { 1 } else { 0 });
        let write = |instant: SystemTime| {
            let offset = zone.offset(instant).unwrap();
            let (hours, minutes) = (offset.abs() / 3600, offset.abs() / 60 % 60);
            let sign = if offset < 0 { '-' } else { '+' };
            format!("{}{sign}{hours:02}:{minutes:02}", zone.civil(instant).unwrap())
        };
        if self.backwards {
            let step = |&at: &SystemTime| schedule.previous(at).unwrap();
            with_end(std::iter::successors(Some(start + nearly), step).skip(1).map(write), count)
        } else {
            with_end(schedule.upcoming(start - nearly).unwrap().map(write), count)
        }
    }
}

impl std::fmt::Display for Question<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let side = if self.backwards { "before" } else { "after" };
        write!(f, "{side} {} ({:?})", self.start, self.cron)
    }
}

/// The first of these, and `none` where they end early.
fn with_end(times: impl Iterator<Item = String>, count: usize) -> Vec<String> {
    times.chain(["none".to_string()]).take(count).collect()
}

fn moment(text: &str) -> Option<Moment> {
    if text == "none" {
        return None;
    }
    Some(text.parse().unwrap_or_else(|error| panic!("{text}: {error}")))
}

/// The expression, or a line for the list of what is wrong.
pub fn read(text: &str, result: Result<Cron, ParseError>) -> Result<Cron, String> {
    result.map_err(|error| format!("{text:?} is refused: {error}"))
}

/// Expects a mistake.
pub fn expect_refused(text: &str, result: Result<Cron, ParseError>) -> Result<(), String> {
    match result {
        Ok(cron) => Err(format!("{text:?} is accepted: {cron}")),
        Err(_) => Ok(()),
    }
}

/// Expects that both fire at the same times.
pub fn expect_same(cron: &Cron, plain: &Cron) -> Result<(), String> {
    let start = Date::new(1970, 1, 1).unwrap().at(Time::new(0, 0, 0).unwrap());
    match plain.next(start) {
        Some(base) => expect_matches(cron, base, |time| plain.matches(time)),
        None if cron.never_fires() => Ok(()),
        None => Err(format!("{cron} never fires there")),
    }
}

/// Expects that a time that matches does so, and then, one field after the other, just those of its values that do. A
/// cron's fields are independent but for the two of days, which change together here. Years only as croniter has them.
pub fn expect_matches(
    cron: &Cron,
    base: DateTime,
    expected: impl Fn(DateTime) -> bool,
) -> Result<(), String> {
    let (date, time) = (base.date(), base.time());
    let (hour, minute, second) = (time.hour(), time.minute(), time.second());
    let seconds = (0..60).map(|value| Time::new(hour, minute, value));
    let minutes = (0..60).map(|value| Time::new(hour, value, second));
    let hours = (0..24).map(|value| Time::new(value, minute, second));
    let times = seconds.chain(minutes).chain(hours).flatten().map(|time| date.at(time));
    let first = Date::new(date.year(), 1, 1).unwrap();
    let days = (0..366).map(|days| first.checked_add_days(days));
    let years = (1970..2100).map(|year| Date::new(year, date.month(), date.day()));
    let dates = days.chain(years).flatten().map(|date| date.at(time));
    assert!(expected(base), "{base} is no time of it");
    match times.chain(dates).find(|&time| cron.matches(time) != expected(time)) {
        Some(time) if expected(time) => Err(format!("{cron} does not match {time}")),
        Some(time) => Err(format!("{cron} matches {time}")),
        None => Ok(()),
    }
}
