//! Every clock change of every zone: what fires around it, and what is told of it, against a walk over all instants
//! that asks what the wall clock shows.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::Range;

use sexton::civil::DateTime;
use sexton::tz::{Instants, Zone};
use sexton::{ClockChange, ClockEffect, Cron, Schedule};

use crate::rows::expect_none;
use crate::stage::moment;
use crate::tz::tzif;
use crate::zones::{self, system_time};

/// Of every class: fixed or repeating, made up for or not, sparse and dense, at midnight, and on single dates.
const CRONS: [&str; 16] = [
    "30 2 * * *",
    "0,30 2,3 * * *",
    "5,35 0,1,2,3,22,23 * * *",
    "0 0 * * *",
    "0 0,1 * * *",
    "30 * * * *",
    "0 */2 * * *",
    "*/15 2 * * *",
    "*/15 0,1,23 * * *",
    "0 1-3 * * *",
    "10-20 2,3 * * *",
    "0 2-2 * * *",
    "*/10 * * * *",
    "0 12 * * *",
    "30 0,2 * * sun",
    "*/20 1,2,23 1,31 * *",
];

/// Where whole minutes are too coarse.
const SECONDS: [&str; 4] = ["30 44 0 * * *", "*/20 * 0,1,2 * * *", "0-5 59,0 1,2 * * *", "59 59 23 * * *"];

fn unix(instant: std::time::SystemTime) -> i64 {
    match instant.duration_since(std::time::UNIX_EPOCH) {
        Ok(since) => since.as_secs() as i64,
        Err(before) => -(before.duration().as_secs() as i64),
    }
}

/// The changes of a zone in a range. None has two within twelve hours, which would hide one another.
fn transitions(zone: &Zone, range: Range<i64>) -> Vec<i64> {
    const STRIDE: i64 = 12 * 3600;
    let offset = |at| zone.offset(system_time(at));
    let mut found = Vec::new();
    let mut last = offset(range.start);
    for at in range.step_by(STRIDE as usize).skip(1) {
        let now = offset(at);
        if now != last {
            let (mut before, mut after) = (at - STRIDE, at);
            while after - before > 1 {
                let middle = before + (after - before) / 2;
                if offset(middle) == last {
                    before = middle;
                } else {
                    after = middle;
                }
            }
            found.push(after);
            last = now;
        }
    }
    found
}

/// An expression, and which times of day it matches if that is the same on all days.
struct Asked {
    text: &'static str,
    cron: Cron,
    step: i64,
    of_day: Vec<bool>,
}

impl Asked {
    /// Asked about civil times in steps of so many seconds.
    fn all(texts: &'static [&'static str], step: i64) -> Vec<Asked> {
        let asked = |&text: &&'static str| {
            let cron = Cron::parse(text).unwrap();
            let any_day = text.ends_with("* * *");
            let times = (0..86_400).step_by(step as usize).map(|second| cron.matches(civil(second)));
            let of_day = if any_day { times.collect() } else { Vec::new() };
            Asked { text, cron, step, of_day }
        };
        texts.iter().map(asked).collect()
    }

    fn matches(&self, seconds: i64) -> bool {
        match self.of_day.get((seconds.rem_euclid(86_400) / self.step) as usize) {
            Some(&matches) => matches,
            None => self.cron.matches(civil(seconds)),
        }
    }
}

/// The civil time so many seconds after 1970-01-01T00:00:00.
fn civil(seconds: i64) -> DateTime {
    Zone::utc().civil(system_time(seconds)).unwrap()
}

/// What the wall clock shows from instant to instant around a change, in steps.
struct Walk {
    at: i64,
    /// The instants in whose fires we are interested; what is shown is known further out.
    range: Range<i64>,
    /// The civil times that may be shown, each with the instants that show it.
    times: Vec<(i64, Vec<i64>)>,
}

impl Walk {
    /// `reach` seconds to either side, and far enough beyond that each civil time is seen as often as it is shown.
    fn around(zone: &Zone, at: i64, reach: i64, step: i64) -> Walk {
        let offset = |at| i64::from(zone.offset(system_time(at)).unwrap());
        let (before, after) = (offset(at - 1), offset(at));
        let size = (after - before).abs();
        let range = at - reach - size..at + reach + size;
        let far = range.start - size - step..range.end + size + step;
        let start = (far.start + before).div_euclid(step);
        let end = (far.end + after).div_euclid(step);
        let mut times: Vec<(i64, Vec<i64>)> = (start..end).map(|time| (time * step, Vec::new())).collect();
        for (from, to) in [(far.start, at), (at, far.end)] {
            // Where the civil time is a whole number of steps; it stays so until the next change.
            let first = from + (step - (from + offset(from)).rem_euclid(step)) % step;
            for at in (first..to).step_by(step as usize) {
                let index = (at + offset(at)).div_euclid(step) - start;
                if let Some((_, instants)) = times.get_mut(index as usize) {
                    instants.push(at);
                }
            }
        }
        // Those at the ends may be shown further out.
        let known = far.start + before + step + size..far.end + after - step - size;
        times.retain(|(time, _)| known.contains(time));
        Walk { at, range, times }
    }

    /// All fires by definition, and what is to be told of the change.
    fn fires(&self, asked: &Asked) -> (BTreeSet<i64>, Option<Told>) {
        let (mut once, mut more) = (BTreeSet::new(), BTreeSet::new());
        let (mut skipped, mut twice) = (Vec::new(), Vec::new());
        for (time, instants) in self.times.iter().filter(|(time, _)| asked.matches(*time)) {
            once.extend(instants.first());
            more.extend(instants);
            match instants.len() {
                0 => skipped.push(*time),
                1 => {}
                _ => twice.push(*time),
            }
        }
        let is_interval_like = asked.cron.is_interval_like();
        let is_due_anyway = once.contains(&self.at);
        let told = |effect, times: &[i64]| Told {
            effect,
            first: civil(times[0]),
            last: civil(times[times.len() - 1]),
            count: times.len() as u64,
        };
        let told = match (skipped.len(), twice.len()) {
            (0, 0) => None,
            (0, _) => is_interval_like.then(|| told("doubled", &twice)),
            _ if !asked.cron.is_made_up_in_gap() => Some(told("dropped", &skipped)),
            (1, _) if !is_due_anyway => Some(told("moved", &skipped)),
            _ if is_due_anyway => Some(told("merged with its own", &skipped)),
            _ => Some(told("merged", &skipped)),
        };
        let mut fires = if is_interval_like { more } else { once };
        if asked.cron.is_made_up_in_gap() && !skipped.is_empty() {
            fires.insert(self.at);
        }
        fires.retain(|fire| self.range.contains(fire));
        (fires, told)
    }
}

/// What is to be told of a change.
#[derive(Debug, PartialEq)]
struct Told {
    effect: &'static str,
    first: DateTime,
    last: DateTime,
    count: u64,
}

fn told(change: &ClockChange) -> Told {
    let ClockChange { effect, first, last, count, .. } = *change;
    let effect = match effect {
        ClockEffect::Moved => "moved",
        ClockEffect::Merged { is_due_anyway: true, .. } => "merged with its own",
        ClockEffect::Merged { .. } => "merged",
        ClockEffect::Dropped => "dropped",
        ClockEffect::Doubled => "doubled",
        _ => "something else",
    };
    Told { effect, first, last, count }
}

/// What is wrong around a change.
fn check(zone: &Zone, walk: &Walk, asked: &Asked) -> Vec<String> {
    let (expected, expected_told) = walk.fires(asked);
    let schedule = || Schedule::from(asked.cron).zone(zone.clone());
    let mut wrong = Vec::new();
    let before = system_time(walk.range.start - 1);
    let next = schedule().upcoming(before).unwrap().map(unix).take_while(|&fire| fire < walk.range.end);
    let next: BTreeSet<i64> = next.collect();
    if next != expected {
        wrong.push(format!("next {next:?}, expected {expected:?}"));
    }
    for at in
        [walk.at - 3600, walk.at - 1800, walk.at - 1, walk.at, walk.at + 1, walk.at + 1800, walk.at + 3600]
    {
        let next = schedule().upcoming(system_time(at)).unwrap().next().map(unix);
        let previous = schedule().previous(system_time(at)).unwrap().map(unix);
        let (before, after) = (expected.range(..at).last(), expected.range(at + 1..).next());
        if before.is_some() && previous.as_ref() != before || after.is_some() && next.as_ref() != after {
            wrong.push(format!("{at} is between {previous:?} and {next:?}, not {before:?} and {after:?}"));
        }
    }
    let schedule = schedule();
    let back = |&fire: &i64| schedule.previous(system_time(fire)).unwrap().map(unix);
    let back = std::iter::successors(Some(walk.range.end), back).skip(1);
    let previous: BTreeSet<i64> = back.take_while(|&fire| fire >= walk.range.start).collect();
    if previous != expected {
        wrong.push(format!("previous {previous:?}, expected {expected:?}"));
    }
    for at in [walk.at - 3600, walk.at - 1800, walk.at - 1, walk.at, walk.at + 1800, walk.at + 3600] {
        if schedule.matches(system_time(at)).unwrap() != expected.contains(&at) {
            wrong.push(format!("matches {at} or not"));
        }
    }
    let changes = schedule.clock_changes(system_time(walk.at)..system_time(walk.at + 1), zone).unwrap();
    let changes: Vec<ClockChange> = changes.collect();
    if changes.iter().map(told).collect::<Vec<_>>() != expected_told.into_iter().collect::<Vec<_>>() {
        wrong.push(format!("tells {changes:?}, but that is {:?}", walk.fires(asked).1));
    }
    if changes.iter().any(|change| change.after.instant() != Some(system_time(walk.at))) {
        wrong.push(format!("{changes:?}"));
    }
    wrong.iter().map(|wrong| format!("{} in {zone} at {}: {wrong}", asked.text, walk.at)).collect()
}

/// 1970 to 2100.
const YEARS: Range<i64> = 0..4_102_444_800;

/// Checks every second zone, in both flavours.
fn check_half(half: usize) {
    let (minutes, seconds) = (Asked::all(&CRONS, 60), Asked::all(&SECONDS, 1));
    let mut wrong = Vec::new();
    let mut names: Vec<_> = zones::files().keys().map(|(name, _)| name).collect();
    names.sort_unstable();
    names.dedup();
    let flavours = names.into_iter().skip(half).step_by(2).flat_map(|name| zones::flavours(name));
    // By what happens: a rule does the same each year, and both flavours the same. All expressions are asked about
    // what is new, for days; the rest in turn, for hours.
    let mut seen = HashSet::new();
    let mut count = 0;
    for zone in flavours {
        for at in transitions(&zone, YEARS) {
            let offset = |at| zone.offset(system_time(at)).unwrap();
            let (before, after) = (offset(at - 1), offset(at));
            let of_day = (at + i64::from(before)).rem_euclid(86_400);
            let is_new = seen.insert((before, after, of_day));
            if is_new {
                let walk = Walk::around(&zone, at, 26 * 3600, 60);
                wrong.extend(minutes.iter().flat_map(|asked| check(&zone, &walk, asked)));
            } else {
                let walk = Walk::around(&zone, at, 2 * 3600, 60);
                let turn = minutes.iter().cycle().skip(count % minutes.len()).take(IN_TURN);
                wrong.extend(turn.flat_map(|asked| check(&zone, &walk, asked)));
            }
            if before % 60 != 0 || after % 60 != 0 {
                let walk = Walk::around(&zone, at, 3 * 3600, 1);
                wrong.extend(seconds.iter().flat_map(|asked| check(&zone, &walk, asked)));
            }
            count += IN_TURN;
        }
    }
    assert!(count > 3000 * IN_TURN && seen.len() > 50, "{count} checks, {} changes of a kind", seen.len());
    expect_none(&wrong);
}

/// How many expressions are asked about a change of a known kind.
const IN_TURN: usize = 3;

#[test]
fn around_every_change_of_a_zone_the_fires_are_those_that_the_wall_clock_shows() {
    check_half(0);
}

#[test]
fn around_every_change_of_the_other_zones_too() {
    check_half(1);
}

#[test]
fn periods_of_days_are_moved_as_each_of_their_civil_times_is() {
    let mut seen = 0;
    for name in
        ["America/New_York", "Pacific/Apia", "Africa/Cairo", "Australia/Lord_Howe", "America/St_Johns"]
    {
        let zone = zones::zone(name);
        for (period, days) in [("1d", 1), ("2d", 2), ("1w", 7)] {
            for anchor in ["1970-01-01 00:00", "1970-01-04 00:30", "1970-02-01 02:30", "1970-03-01 12:00"] {
                let anchor: DateTime = anchor.parse().unwrap();
                let mut expected: BTreeMap<i64, (DateTime, DateTime, u64)> = BTreeMap::new();
                let mut due = BTreeSet::new();
                let later = |civil: &DateTime| civil.checked_add_seconds(days * 86_400);
                let civils =
                    std::iter::successors(Some(anchor), later).take_while(|civil| civil.date().year() < 2030);
                for civil in civils {
                    match zone.instants(civil).unwrap() {
                        Instants::Gap { end, .. } => {
                            let change = expected.entry(unix(end)).or_insert((civil, civil, 0));
                            *change = (change.0, civil, change.2 + 1);
                        }
                        shown => {
                            due.insert(unix(shown.due()));
                        }
                    }
                }
                let expected: Vec<(i64, Told)> = expected
                    .into_iter()
                    .map(|(end, (first, last, count))| {
                        let effect = match (count, due.contains(&end)) {
                            (1, false) => "moved",
                            (_, false) => "merged",
                            _ => "merged with its own",
                        };
                        (end, Told { effect, first, last, count })
                    })
                    .collect();
                let schedule = Schedule::every(period).unwrap().starting(anchor).unwrap().zone(zone.clone());
                let end = moment("2029-12-01 00:00").instant(&zone).unwrap();
                let changes = schedule.clock_changes(system_time(-(1 << 40))..end, &zone).unwrap();
                let found: Vec<_> =
                    changes.map(|change| (unix(change.after.instant().unwrap()), told(&change))).collect();
                seen += found.len();
                assert_eq!(found, expected, "{schedule}");
            }
        }
    }
    assert!(seen > 100, "{seen} changes");
}

#[test]
fn changes_are_told_in_a_line() {
    let lines = |schedule: Schedule, name: &str, year: i64| -> Vec<String> {
        let zone = zones::zone(name);
        let at = |year: i64| moment(&format!("{year}-01-01 00:00")).instant(&zone).unwrap();
        let range = at(year)..at(year + 1);
        schedule.clock_changes(range, &zone).unwrap().map(|change| change.to_string()).collect()
    };
    let cron = |text: &str| Schedule::cron(text).unwrap();
    let berlin = |text: &str| lines(cron(text), "Europe/Berlin", 2026);
    let day = "2026-03-29T03:00:00+02:00";
    assert_eq!(berlin("30 2 * * *"), [format!("{day}: 02:30 is skipped, fires at 03:00")]);
    assert_eq!(
        berlin("0,30 2 * * *"),
        [format!("{day}: 2 times from 02:00 to 02:30 are skipped, fire once at 03:00")]
    );
    assert_eq!(
        berlin("0 2,3 * * *"),
        [format!("{day}: 02:00 is skipped, fires once at 03:00, when it is due anyway")]
    );
    assert_eq!(
        berlin("30 * * * *"),
        [
            format!("{day}: 02:30 is skipped, does not fire"),
            "2026-10-25T02:00:00+01:00: 02:30 comes twice, fires both times".into()
        ]
    );
    assert_eq!(
        berlin("* * * * * *"),
        [
            format!("{day}: 3600 times from 02:00 to 02:59:59 are skipped, do not fire"),
            "2026-10-25T02:00:00+01:00: 3600 times from 02:00 to 02:59:59 come twice, fire both times".into()
        ]
    );
    assert_eq!(berlin("0 4 * * *"), [""; 0]);
    // The same, whatever is left out and by however much it is delayed.
    let changed = cron("30 2 * * *").except(|_| true).jitter(std::time::Duration::from_secs(600));
    assert_eq!(lines(changed, "Europe/Berlin", 2026).len(), 1);
    // A day that does not exist, and the day after.
    let apia = |text: &str| lines(cron(text), "Pacific/Apia", 2011);
    assert_eq!(
        apia("0 12 * * *")[..],
        ["2011-12-31T00:00:00+14:00: 2011-12-30 12:00 is skipped, fires at 00:00"]
    );
    let started = cron("30 * * * *").starting("2026-10-25 02:15").unwrap().until("2026-12-01 00:00").unwrap();
    assert_eq!(
        lines(started, "Europe/Berlin", 2026),
        ["2026-10-25T02:00:00+01:00: 02:30 comes twice, fires both times"]
    );
    let over = cron("30 2 * * *").until("2026-03-29 01:00").unwrap();
    assert_eq!(lines(over, "Europe/Berlin", 2026), [""; 0]);
}

#[test]
fn a_day_that_does_not_exist_is_made_up_for_once() {
    let apia = zones::zone("Pacific/Apia");
    let started = |period: &str, time: &str| {
        Schedule::every(period).unwrap().starting(&*format!("2011-12-20 {time}")).unwrap()
    };
    let cron = |text: &str| Schedule::cron(text).unwrap();
    let next_day = |text: &str| cron(text).except_dates(["2011-12-29"]).unwrap().or_next_day();
    let midnight = "2011-12-31T00:00:00";
    for (schedule, expected) in [
        (cron("0 0 * * *"), vec![midnight]),
        (cron("0 0,12 * * *"), vec![midnight, "2011-12-31T12:00:00"]),
        (cron("0 12 * * *"), vec![midnight, "2011-12-31T12:00:00"]),
        (cron("0 12 30 12 *"), vec![midnight]),
        (cron("0 0 * * fri"), vec![midnight]),
        (next_day("0 0 * * *"), vec![midnight]),
        (next_day("0 12 29 * *"), vec![midnight]),
        (started("1d", "00:00"), vec![midnight]),
        (started("1d", "12:00"), vec![midnight, "2011-12-31T12:00:00"]),
        (started("2d", "00:00"), vec![midnight]),
    ] {
        let name = schedule.to_string();
        let from = moment("2011-12-29 23:59:59").instant(&apia).unwrap();
        let due_times = schedule.zone(apia.clone()).upcoming(from).unwrap();
        let civils = due_times.map(|due| apia.civil(due).unwrap().to_string());
        let before = |civil: &String| civil.as_str() < "2012";
        let found: Vec<String> =
            civils.filter(|civil| civil.as_str() > "2011-12-30").take_while(before).collect();
        let found: Vec<&str> =
            found.iter().map(String::as_str).filter(|civil| *civil < "2011-12-31T13").collect();
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn all_of_time_is_a_range_and_only_calendars_are_asked() {
    let berlin = zones::zone("Europe/Berlin");
    let daily = Schedule::cron("30 2 * * *").unwrap();
    let (start, end) = (system_time(-(1 << 45)), system_time(1 << 45));
    let count = daily.clock_changes(start..end, &berlin).unwrap().count();
    assert!((7900..8100).contains(&count), "{count} changes, one a year to 9999");
    assert_eq!(daily.clock_changes(end..start, &berlin).unwrap().count(), 0);
    let at = unix(moment("2026-03-29T01:00:00Z").instant(&berlin).unwrap());
    let nano = std::time::Duration::from_nanos(1);
    let in_range = |from, to| daily.clock_changes(from..to, &berlin).unwrap().count();
    assert_eq!(in_range(system_time(at), system_time(at) + nano), 1);
    assert_eq!(in_range(system_time(at) + nano, system_time(at + 9)), 0);
    assert_eq!(in_range(system_time(at - 9), system_time(at)), 0);
    let named = Schedule::cron("30 2 * * *").unwrap().zone(Zone::utc());
    assert_eq!(named.clock_changes(start..end, &berlin).unwrap().count(), 0, "its own zone comes first");
    let why = "`clock_changes` can be asked of a cron expression, or of a period of whole days with `starting`, only";
    let started = |period: &str| Schedule::every(period).unwrap().starting("2026-01-01 00:00").unwrap();
    for schedule in
        [Schedule::every("1d").unwrap(), started("1h"), started("1d12h"), Schedule::at(start).unwrap()]
    {
        let error = schedule.clock_changes(start..end, &berlin).unwrap_err();
        assert_eq!(error.to_string(), why);
    }
}

#[test]
fn a_gap_skips_what_no_other_change_close_by_shows() {
    let mut zones: Vec<Zone> = zones::ODD_RULES.iter().map(|rule| Zone::from_posix(rule).unwrap()).collect();
    // Three hours forward, back after one, and so on: each gap is shown in its second hour, and skipped before and after.
    let start = unix(moment("2027-03-01 00:00").instant(&Zone::utc()).unwrap());
    let turns: Vec<_> = (0..5).map(|i| (start + i * 3600, ((i + 1) % 2) as u8)).collect();
    let file = tzif(&turns, &[(0, 0), (3 * 3600, 0)], b"ABC\0", "\n\n");
    zones.push(Zone::from_tzif("turning", &file).unwrap());
    let all_below = |end: u32| (0..end).map(|number| number.to_string()).collect::<Vec<_>>().join(",");
    // A list is no repetition: it is made up for what clocks skip.
    let each_minute = Cron::parse(&format!("{} {} * * *", all_below(60), all_below(24))).unwrap();
    for zone in zones {
        let range = moment("2026-01-01 00:00")..moment("2029-01-01 00:00");
        let range = range.start.instant(&zone).unwrap()..range.end.instant(&zone).unwrap();
        let changes = Schedule::from(each_minute).clock_changes(range, &zone).unwrap();
        let mut count = 0;
        for change in changes {
            let shown =
                |reading: sexton::Reading| unix(reading.instant().unwrap()) + i64::from(reading.offset());
            let gap = (shown(change.before) + 1..shown(change.after)).step_by(60).map(civil);
            let skipped: Vec<_> =
                gap.filter(|&time| matches!(zone.instants(time), Some(Instants::Gap { .. }))).collect();
            let told = (Some(&change.first), Some(&change.last), change.count as usize);
            assert_eq!(told, (skipped.first(), skipped.last(), skipped.len()), "{zone}: {change}");
            count += 1;
        }
        assert!(count >= 3, "{zone}: {count}");
    }
}
