//! Schedules in zones: cron against the rule for clock changes, and against the obvious way.

mod months;
mod several;

use std::collections::{BTreeSet, HashSet};
use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use proptest::prelude::*;
use sexton::civil::DateTime;
use sexton::tz::{Instants, Zone};
use sexton::{Cron, Event, Missed, Moment, Overlap, Schedule};

use crate::rows::{expect_none, rows};
use crate::stage::{Stage, DAY, SECOND};
use crate::zones::{self, system_time, ODD_RULES};

fn unix(instant: SystemTime) -> i64 {
    match instant.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => since.as_secs() as i64,
        Err(before) => -(before.duration().as_secs() as i64),
    }
}

fn upcoming(cron: &str, zone: &Zone, after: i64, count: usize) -> Vec<i64> {
    let schedule = Schedule::cron(cron).unwrap().zone(zone.clone());
    schedule.upcoming(system_time(after)).unwrap().take(count).map(unix).collect()
}

/// The fires before an instant, the earliest first.
fn previous(cron: &str, zone: &Zone, before: i64, count: usize) -> Vec<i64> {
    let schedule = Schedule::cron(cron).unwrap().zone(zone.clone());
    let back = std::iter::successors(Some(system_time(before)), |&at| schedule.previous(at).unwrap());
    let mut fires: Vec<i64> = back.skip(1).take(count).map(unix).collect();
    fires.reverse();
    fires
}

/// The wall clock reaches as far as that, and the monotonic one does not.
#[test]
fn due_times_end_where_the_monotonic_clock_ends() {
    let (before, second) =
        (SystemTime::UNIX_EPOCH - Duration::from_secs(1), Duration::from_secs(i64::MAX as u64));
    if let Some(last) = SystemTime::UNIX_EPOCH.checked_add(second) {
        let schedule = Schedule::every("1s").unwrap().starting(last).unwrap().zone(Zone::utc());
        let due_times: Vec<_> = schedule.upcoming(before).unwrap().take(3).collect();
        assert_eq!(due_times, [last]);
    }
}

#[test]
fn every_row_of_the_rule_for_clock_changes_holds_in_both_directions() {
    let mut wrong = Vec::new();
    for row in rows("cron-dst.tsv") {
        let cron = row.cell(0);
        let start: i64 = row.number(2);
        let fires: Vec<i64> = row.cell(3).split(',').map(|fire| fire.parse().unwrap()).collect();
        let parsed = Cron::parse(cron).unwrap();
        let class = if parsed.is_interval_like() { "interval" } else { "fixed" };
        let gap = if parsed.is_made_up_in_gap() { "makeup" } else { "drop" };
        if (class, gap) != (row.cell(4), row.cell(5)) {
            wrong.push(format!("{}: {class}, {gap}", row.place()));
        }
        for zone in zones::flavours(row.cell(1)) {
            let forward = upcoming(cron, &zone, start, fires.len());
            if forward != fires {
                wrong.push(format!("{}: next {forward:?}, expected {fires:?}", row.place()));
            }
            let last = *fires.last().unwrap();
            let backward = previous(cron, &zone, last + 1, fires.len());
            if backward != fires {
                wrong.push(format!("{}: previous {backward:?}, expected {fires:?}", row.place()));
            }
            let schedule = Schedule::from(parsed).zone(zone);
            if !fires.iter().all(|&fire| schedule.matches(system_time(fire)).unwrap()) {
                wrong.push(format!("{}: a fire does not match", row.place()));
            }
        }
    }
    expect_none(&wrong);
}

/// What the wall clock shows around a change, found by walking every instant and asking.
struct Walk {
    /// Each instant, the civil time it shows, and whether it is the first to show it.
    shown: Vec<(i64, DateTime, bool)>,
    /// The civil times that no instant shows, and the end of their gap.
    skipped: Vec<(DateTime, i64)>,
}

impl Walk {
    /// Walks in steps of a minute, or of a second where that makes a difference.
    fn around(zone: &Zone, at: i64, step: i64) -> Walk {
        let mut seen: HashSet<DateTime> = HashSet::new();
        let mut shown = Vec::new();
        let mut gaps = Vec::new();
        let mut last: Option<DateTime> = None;
        // Far enough that every civil time near the change is seen, and every gap as a whole.
        let instants = (at - 84 * 3600..at + 84 * 3600).step_by(step as usize);
        for instant in instants {
            let civil = zone.civil(system_time(instant)).unwrap();
            shown.push((instant, civil, seen.insert(civil)));
            if let Some(next) =
                last.and_then(|last| last.checked_add_seconds(step)).filter(|&next| next < civil)
            {
                gaps.push((next, civil, instant));
            }
            last = Some(civil);
        }
        let mut skipped = Vec::new();
        for (from, to, end) in gaps {
            let civils = std::iter::successors(Some(from), |civil| civil.checked_add_seconds(step));
            let unseen = civils.take_while(|&civil| civil < to).filter(|civil| !seen.contains(civil));
            skipped.extend(unseen.map(|civil| (civil, end)));
        }
        Walk { shown, skipped }
    }

    /// All fires in `range`, the obvious way.
    fn fires(&self, cron: &Cron, range: Range<i64>) -> Vec<i64> {
        let in_range = |instant: &i64| range.contains(instant);
        let shown = self.shown.iter().filter(|(instant, _, _)| in_range(instant));
        let fires = shown
            .filter(|(_, civil, is_first)| (*is_first || cron.is_interval_like()) && cron.matches(*civil));
        let skipped = self.skipped.iter().filter(|(_, end)| cron.is_made_up_in_gap() && in_range(end));
        let made_up = skipped.filter(|(civil, _)| cron.matches(*civil));
        let all: BTreeSet<i64> = fires.map(|shown| shown.0).chain(made_up.map(|&(_, end)| end)).collect();
        all.into_iter().collect()
    }
}

/// Expressions that fire often enough to be seen within a day, of every class.
const CRONS: [&str; 20] = [
    "30 2 * * *",
    "0,30 2 * * *",
    "0,30 2,3 * * *",
    "30 1 * * *",
    "30 * * * *",
    "0 */2 * * *",
    "*/15 1 * * *",
    "*/15 2 * * *",
    "0 1-3 * * *",
    "0 0 * * *",
    "* * * * *",
    "*/7 * * * *",
    "10-20 2 * * *",
    "0 2-2 * * *",
    "5,35 0,1,2,3,4,22,23 * * *",
    "17 0,1,2,3 * * *",
    "0 12 * * *",
    "0 0 1,15,L * *",
    "45 3 * * mon-fri",
    "11 13 * * *",
];

/// Zones that change: real ones, and rules that no zone has, with changes close together.
fn changing_zones() -> Vec<(Zone, i64)> {
    let real = [
        ("America/New_York", "2026-03-08T12:00:00"),
        ("America/New_York", "2026-11-01T06:00:00"),
        ("Australia/Lord_Howe", "2026-10-04T00:00:00"),
        ("Australia/Lord_Howe", "2026-04-05T00:00:00"),
        ("Pacific/Apia", "2011-12-30T09:00:00"),
        ("Europe/Dublin", "2026-03-29T01:00:00"),
        ("Africa/Cairo", "2026-04-24T00:00:00"),
    ];
    let at = |zone: &Zone, civil: &str| match zone.instants(civil.parse().unwrap()).unwrap() {
        Instants::Unique(at) | Instants::Fold { first: at, .. } | Instants::Gap { end: at, .. } => unix(at),
    };
    let real = real.iter().map(|(name, civil)| {
        let zone = zones::zone(name);
        let at = at(&zone, civil);
        (zone, at)
    });
    let odd = ODD_RULES.iter().map(|rule| {
        let zone = Zone::from_posix(rule).unwrap();
        // Day 100 of 2026.
        let at = at(&zone, "2026-04-10T12:00:00");
        (zone, at)
    });
    real.chain(odd).collect()
}

/// Compares both directions with the obvious way.
fn differences(text: &str, zone: &Zone, walk: &Walk, range: Range<i64>) -> Vec<String> {
    let expected = walk.fires(&Cron::parse(text).unwrap(), range.clone());
    let mut next = upcoming(text, zone, range.start - 1, expected.len() + 1);
    next.retain(|fire| range.contains(fire));
    let mut back = previous(text, zone, range.end, expected.len() + 1);
    back.retain(|fire| range.contains(fire));
    let of = |direction, found: Vec<i64>| {
        (found != expected).then(|| format!("{text} in {zone}: {direction} {found:?}, expected {expected:?}"))
    };
    of("next", next).into_iter().chain(of("previous", back)).collect()
}

#[test]
fn near_every_kind_of_change_the_fires_are_those_of_the_obvious_way() {
    let mut wrong = Vec::new();
    for (zone, at) in changing_zones() {
        let walk = Walk::around(&zone, at, 60);
        for text in CRONS {
            wrong.extend(differences(text, &zone, &walk, at - 30 * 3600..at + 30 * 3600));
        }
    }
    let new_york = zones::zone("America/New_York");
    for at in [1_772_953_200, 1_793_512_800] {
        let walk = Walk::around(&new_york, at, 1);
        for text in ["59 59 23 * * *", "*/20 30 0-4 * * *", "7 11 13 * * *", "0-5 59,0 1,2 * * *"] {
            wrong.extend(differences(text, &new_york, &walk, at - 30 * 3600..at + 30 * 3600));
        }
    }
    expect_none(&wrong);
}

/// A time field: fixed or repeating, dense enough to fire near a change.
fn field(limit: u32) -> impl Strategy<Value = String> {
    prop_oneof![
        Just("*".to_string()),
        (2..20_u32).prop_map(|step| format!("*/{step}")),
        proptest::collection::vec(0..limit, 1..6).prop_map(|values| values
            .iter()
            .map(u32::to_string)
            .collect::<Vec<_>>()
            .join(",")),
        (0..limit, 0..limit).prop_map(|(from, to)| format!("{from}-{to}")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_expressions_fire_as_the_obvious_way_says(
        minute in field(60),
        hour in field(24),
        which in 0..13_usize,
        shift in -20 * 3600..20 * 3600_i64,
    ) {
        let text = format!("{minute} {hour} * * *");
        let (zone, at) = changing_zones().swap_remove(which);
        let range = at + shift..at + shift + 12 * 3600;
        let wrong = differences(&text, &zone, &Walk::around(&zone, at, 60), range);
        prop_assert!(wrong.is_empty(), "{:?}", wrong);
    }

    #[test]
    fn previous_mirrors_next_at_any_instant(which in 0..20_usize, zone in 0..13_usize, at in 0..4_000_000_000_i64) {
        let (zone, _) = changing_zones().swap_remove(zone);
        let next = upcoming(CRONS[which], &zone, at, 1)[0];
        prop_assert!(next > at);
        let back = previous(CRONS[which], &zone, next, 1)[0];
        prop_assert!(back <= at, "between {} and {}", at, next);
        prop_assert_eq!(upcoming(CRONS[which], &zone, back, 1)[0], next);
    }
}

/// The next dues after an instant, in New York, as civil times with their offsets.
#[track_caller]
fn dues(schedule: Schedule, after: &str, expected: &[&str]) {
    let zone = zones::zone("America/New_York");
    let after = after.parse::<Moment>().unwrap().instant(&zone).unwrap();
    let upcoming = schedule.zone(zone.clone()).upcoming(after).unwrap();
    let shown: Vec<String> = upcoming
        .take(expected.len())
        .map(|due| format!("{}{:+}", zone.civil(due).unwrap(), zone.offset(due).unwrap() / 3600))
        .collect();
    assert_eq!(shown, expected);
}

#[test]
fn a_day_is_a_calendar_step_and_an_hour_is_elapsed_time() {
    let daily = Schedule::every("1d").unwrap().starting("2026-03-06 02:30").unwrap();
    dues(
        daily,
        "2026-03-06T12:00:00",
        &[
            // The anchor has passed: one due for what came of it, and then the grid.
            "2026-03-06T02:30:00-5",
            "2026-03-07T02:30:00-5",
            "2026-03-08T03:00:00-4",
            "2026-03-09T02:30:00-4",
        ],
    );
    let hours = Schedule::every("24h").unwrap().starting("2026-03-07 02:30").unwrap();
    dues(
        hours,
        "2026-03-06T12:00:00",
        &["2026-03-07T02:30:00-5", "2026-03-08T03:30:00-4", "2026-03-09T03:30:00-4"],
    );
    let weekly = Schedule::every("1w").unwrap().starting("2026-10-25 01:30").unwrap();
    dues(
        weekly,
        "2026-10-20T00:00:00",
        &["2026-10-25T01:30:00-4", "2026-11-01T01:30:00-4", "2026-11-08T01:30:00-5"],
    );
    let mixed = Schedule::every("1d12h").unwrap().starting("2026-03-07 00:00").unwrap();
    dues(
        mixed,
        "2026-03-06T12:00:00",
        &["2026-03-07T00:00:00-5", "2026-03-08T13:00:00-4", "2026-03-10T00:00:00-4"],
    );
}

#[test]
fn a_schedule_ends_where_it_is_told_to() {
    let until = Schedule::cron("0 12 * * *").unwrap().until("2026-07-03 12:00").unwrap();
    let zone = zones::zone("America/New_York");
    let after = "2026-07-01T12:00:00".parse::<Moment>().unwrap().instant(&zone).unwrap();
    assert_eq!(until.zone(zone.clone()).upcoming(after).unwrap().count(), 2, "the due at the bound counts");
    let until = Schedule::cron("0 12 * * *").unwrap().until("2026-07-03 12:00").unwrap().zone(zone.clone());
    let at = |text: &str| text.parse::<Moment>().unwrap().instant(&zone).unwrap();
    assert_eq!(until.previous(at("2026-08-01 00:00")).unwrap(), Some(at("2026-07-03 12:00")));
    assert!(
        until.matches(at("2026-07-03 12:00")).unwrap() && !until.matches(at("2026-07-04 12:00")).unwrap()
    );
    let times = Schedule::every("1s").unwrap().times(3).zone(zone.clone());
    assert_eq!(times.upcoming(after).unwrap().count(), 3);
    let starting = Schedule::cron("0 12 * * *").unwrap().starting("2026-07-03 12:00").unwrap().zone(zone);
    let first = starting.upcoming(after).unwrap().next().unwrap();
    assert_eq!(Moment::from(first).to_string(), "2026-07-04T16:00:00Z", "the bound itself does not");
}

#[test]
fn nothing_is_due_beyond_the_calendar() {
    let utc = Zone::utc();
    let last = "9999-12-31T23:58:30".parse::<Moment>().unwrap().instant(&utc).unwrap();
    let minutes = Schedule::cron("* * * * *").unwrap().zone(utc.clone());
    assert_eq!(minutes.upcoming(last).unwrap().map(unix).collect::<Vec<_>>(), [253_402_300_740]);
    let first = "0001-01-01T00:00:30".parse::<Moment>().unwrap().instant(&utc).unwrap();
    let minutes = Schedule::cron("* * * * *").unwrap().zone(utc.clone());
    let start = minutes.previous(first).unwrap().unwrap();
    assert_eq!((unix(start), minutes.previous(start).unwrap()), (-62_135_596_800, None));
    let centuries = Schedule::every("36500d").unwrap().zone(utc);
    assert_eq!(centuries.upcoming(system_time(0)).unwrap().count(), 81);
}

#[test]
fn rare_dates_are_found_and_impossible_ones_are_an_error() {
    let utc = Zone::utc();
    assert_eq!(upcoming("0 0 29 2 *", &utc, 3_981_312_000, 1), [4_233_686_400]);
    let error = Schedule::cron("0 0 30 2 *").unwrap_err();
    assert_eq!(error.to_string(), "cron `0 0 30 2 *`: never fires: no date matches it");
}

#[test]
fn what_cannot_be_meant_is_an_error_that_says_why() {
    let stage = Stage::at("2026-11-22 10:00:00");
    let error = |schedule: Schedule, name: &str| {
        stage.scheduler.task(name).on(schedule).run(|| {}).unwrap_err().to_string()
    };
    let period = |text: &str| Schedule::every(text).unwrap();
    let seconds = Duration::from_secs;
    for (schedule, name, message) in [
        (period("1h"), "", "a task needs a name of at least one character"),
        (
            Schedule::after(Duration::MAX),
            "t",
            "task `t`: after `18446744073709551615.999999999s`: is too far away for the clock",
        ),
        (period("1m").jitter(seconds(61)), "t", "task `t`: jitter `61s`: is more than the period `1m`"),
        (
            period("1d1h").jitter(seconds(25 * 3600 + 1)),
            "t",
            "task `t`: jitter `90001s`: is more than the period `1d1h`",
        ),
    ] {
        assert_eq!(error(schedule, name), message);
    }
    assert!(stage.scheduler.task("t").every("1m").jitter(seconds(60)).run(|| {}).is_ok());
}

#[test]
fn next_mirrors_previous_and_stays_within_the_bounds() {
    let at = |text: &str| text.parse::<Moment>().unwrap().instant(&Zone::utc()).unwrap();
    let noon = Schedule::cron("0 12 * * *").unwrap().zone(Zone::utc());
    let noon = noon.starting("2026-11-22 00:00").unwrap().until("2026-11-24 12:00").unwrap();
    let noon = noon.except_dates(["2026-11-23"]).unwrap();
    for (after, next) in [
        ("2020-01-01T00:00:00Z", Some("2026-11-22T12:00:00Z")),
        ("2026-11-22T11:59:59.9Z", Some("2026-11-22T12:00:00Z")),
        ("2026-11-22T12:00:00Z", Some("2026-11-24T12:00:00Z")),
        ("2026-11-24T12:00:00Z", None),
    ] {
        let found = noon.next(at(after)).unwrap();
        assert_eq!(found, next.map(at), "{after}");
        if let Some(found) = found {
            assert_eq!(noon.previous(found + Duration::from_nanos(1)).unwrap(), Some(found));
        }
    }
    let error = Schedule::every("1h").unwrap().next(at("2026-11-22T00:00:00Z")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`next` can be asked of `cron`, `every` with `starting`, `at` and `any` only"
    );
}

#[test]
fn an_iterator_that_goes_back_ends_with_an_error() {
    let times: Vec<DateTime> = ["2026-07-01T00:00:00", "2026-07-03T00:00:00", "2026-07-02T00:00:00"]
        .map(|t| t.parse().unwrap())
        .to_vec();
    let mut upcoming = Schedule::at_each(times).zone(Zone::utc()).upcoming(system_time(0)).unwrap();
    assert_eq!(upcoming.by_ref().count(), 2);
    assert_eq!(
        upcoming.error().unwrap().to_string(),
        "at_each `2026-07-02T00:00:00`: expected a time after 2026-07-03T00:00:00, or no more"
    );
}

#[test]
fn civil_times_that_a_gap_makes_one_instant_are_one_due() {
    let times = ["2026-03-08 02:10", "2026-03-08 02:20", "2026-03-08 03:00", "2026-03-08 03:01"];
    let schedule = Schedule::at_each(times);
    dues(schedule, "2026-03-07T00:00:00", &["2026-03-08T03:00:00-4", "2026-03-08T03:01:00-4"]);
}

#[derive(Clone, Debug)]
enum Deed {
    Advance(u64),
    /// Too small to be noticed.
    Step(i64),
    Hold(u64),
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        4 => (0..9000_u64).prop_map(Deed::Advance),
        4 => (-400..=400_i64).prop_map(Deed::Step),
        1 => (0..9000_u64).prop_map(Deed::Hold),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// From the anchor on only elapsed time counts, however often the wall clock is set by a little.
    #[test]
    fn small_steps_of_the_clock_make_no_due_of_an_anchored_period_early_lost_or_doubled(
        period in 300..4000_u64,
        anchor in -9000..9000_i64,
        missed in prop_oneof![Just(Missed::Once), Just(Missed::All)],
        is_queued in any::<bool>(),
        takes in proptest::collection::vec((0..5000_u64, -400..=400_i64), 1..4),
        deeds in proptest::collection::vec(deed(), 1..40),
    ) {
        let stage = Stage::at("2026-11-22 10:00:00");
        let millis = Duration::from_millis;
        let start = stage.clock.now();
        // By how much the wall clock has been set: what it shows less this is elapsed time.
        let set_by = Arc::new(Mutex::new(0));
        let by = set_by.clone();
        let step = move |clock: &sexton::ManualClock, step: i64| {
            *by.lock().unwrap() += step;
            match step < 0 {
                true => clock.step_back(millis(step.unsigned_abs())),
                false => clock.step(millis(step.unsigned_abs())),
            }
        };
        // When runs were due in elapsed time, and how many dues were missed before each.
        let seen = Arc::new(Mutex::new(vec![(0, 0)]));
        let (log, clock, by) = (seen.clone(), stage.clock.clone(), set_by.clone());
        let elapsed = move |lateness: Duration| {
            let wall = clock.now().duration_since(start - 99 * DAY).unwrap() - lateness;
            wall.as_millis() as i64 - *by.lock().unwrap()
        };
        stage.scheduler.observe(move |event| {
            let mut log = log.lock().unwrap();
            match event {
                Event::Started { lateness, .. } => {
                    log.last_mut().unwrap().0 = elapsed(*lateness);
                    log.push((0, 0));
                }
                Event::Missed { count, .. } => log.last_mut().unwrap().1 += *count as i64,
                _ => {}
            }
        });
        let anchor = start - 10 * SECOND + millis((anchor + 10_000) as u64);
        let (clock, mut turn, steps) = (stage.clock.clone(), takes.into_iter().cycle(), step.clone());
        let slow = move || {
            let (takes, step) = turn.next().unwrap();
            clock.advance(millis(takes));
            steps(&clock, step);
        };
        let overlap = if is_queued { Overlap::Queue } else { Overlap::Skip };
        let task = stage.scheduler.task("t").every(millis(period)).starting(anchor).missed(missed);
        let task = task.overlap(overlap).run(slow).unwrap();
        for deed in deeds {
            match deed {
                Deed::Advance(by) => stage.clock.advance(millis(by)),
                Deed::Step(by) => step(&stage.clock, by),
                Deed::Hold(by) => {
                    task.pause().unwrap();
                    stage.clock.advance(millis(by));
                    task.resume().unwrap();
                }
            }
            stage.clock.advance(Duration::ZERO);
        }
        if stage.told().iter().any(|event| matches!(event, Event::ClockStepped { .. })) {
            // Several in a row are not small.
            return Ok(());
        }
        let mut seen = seen.lock().unwrap();
        seen.pop();
        for pair in seen.windows(2) {
            let ((last, _), (due, missed)) = (pair[0], pair[1]);
            prop_assert_eq!(due - last, (missed + 1) * period as i64, "{:?}", seen);
        }
    }
}

#[test]
fn a_text_may_name_its_zone() {
    let shown = |schedule: Schedule| schedule.to_string();
    for (text, expected) in [
        ("CRON_TZ=America/New_York 0 9 * * *", "cron 0 9 * * * in America/New_York"),
        ("TZ=UTC 0 9 * * mon", "cron 0 9 * * mon in UTC"),
        ("  cron_tz=CET-1CEST,M3.5.0,M10.5.0/3\t@daily ", "cron 0 0 * * * in CET-1CEST,M3.5.0,M10.5.0/3"),
        ("days=and TZ=Europe/Berlin 0 9 13 * fri", "cron days=and 0 9 13 * fri in Europe/Berlin"),
        ("TZ=Europe/Berlin seconds=last 0 9 * * fri 30", "cron 30 0 9 * * fri in Europe/Berlin"),
        ("0 9 * * * Europe/Berlin", "cron 0 9 * * * in Europe/Berlin"),
        ("0 0 9 * * mon-fri 2030 UTC", "cron 0 0 9 * * mon-fri 2030 in UTC"),
        ("@daily America/Argentina/Buenos_Aires", "cron 0 0 * * * in America/Argentina/Buenos_Aires"),
        ("0 9 * * * CET-1CEST,M3.5.0,M10.5.0/3", "cron 0 9 * * * in CET-1CEST,M3.5.0,M10.5.0/3"),
        ("dialect=eventbridge TZ=UTC cron(0 12 ? * 2-6 *)", "cron 0 12 * * mon-fri in UTC"),
        ("0 9 * * mon", "cron 0 9 * * mon"),
    ] {
        let schedule = Schedule::cron(text);
        // A machine need not have the zones of the world.
        match schedule {
            Err(error) if error.to_string().contains("time zone database") => {}
            schedule => assert_eq!(shown(schedule.unwrap()), expected, "{text}"),
        }
    }
    let zone = Zone::from_posix("JST-9").unwrap();
    assert_eq!(shown(Schedule::cron("TZ=UTC @daily").unwrap().zone(zone)), "cron 0 0 * * * in JST-9");
    for (text, message) in [
        ("CRON_TZ= 0 9 * * *", "cron `CRON_TZ= 0 9 * * *`: zone name: found nothing at byte 0, expected a name such as `Europe/Paris`"),
        ("TZ=UTC 0 9 * * mom", "cron `TZ=UTC 0 9 * * mom`: day of week: unknown name `mom` at byte 15, expected sun-sat or 0-7; did you mean `mon`?"),
        ("0 9 * * foo", "cron `0 9 * * foo`: day of week: unknown name `foo` at byte 8, expected sun-sat or 0-7"),
        ("0 9 * * * MON5", "cron `0 9 * * * MON5`: day of week: found `5` at byte 13, expected `,` or a blank"),
        ("", "cron: expression: found 0 fields, expected 5, 6 (seconds first) or 7 (seconds first, year last)"),
        (" \t ", "cron ` \\t `: expression: found 0 fields, expected 5, 6 (seconds first) or 7 (seconds first, year last)"),
        ("TZ=UTC", "cron `TZ=UTC`: expression: found 0 fields, expected 5, 6 (seconds first) or 7 (seconds first, year last)"),
    ] {
        let error = Schedule::cron(text).map(shown).unwrap_err().to_string();
        assert_eq!(error, message, "{text}");
    }
    assert!(Schedule::cron("0 9 * * * Mars/Olympus")
        .unwrap_err()
        .to_string()
        .contains("zone `Mars/Olympus`"));
    let scheduler =
        sexton::Scheduler::builder().threads(0).zone("CET-1CEST,M3.5.0,M10.5.0/3").build().unwrap();
    assert_eq!(scheduler.zone().to_string(), "CET-1CEST,M3.5.0,M10.5.0/3");
    assert!(scheduler.task("rule").cron("0 9 * * *").zone("EST5").run(|| {}).is_ok());
    assert!(scheduler.task("text").cron("TZ=UTC H 9 * * *").run(|| {}).is_ok());
    for zone in ["", ":", ":UTC", "/etc/localtime"] {
        assert!(scheduler.task("none").cron("0 9 * * *").zone(zone).run(|| {}).is_err(), "{zone:?}");
    }
}

#[test]
fn a_rate_is_a_period() {
    let eventbridge = |text: &str| {
        Schedule::cron_as(text, sexton::cron::Dialect::EVENTBRIDGE)
            .map(|schedule| schedule.to_string())
            .map_err(|error| error.to_string())
    };
    for (text, expected) in [
        ("rate(5 minutes)", "every 5m"),
        (" rate( 1  hour ) ", "every 1h"),
        ("rate(2 days)", "every 48h"),
        ("rate(1 day)", "every 24h"),
        ("rate(90 minutes)", "every 1h30m"),
    ] {
        assert_eq!(eventbridge(text).as_deref(), Ok(expected), "{text}");
    }
    assert_eq!(Schedule::cron("dialect=eventbridge rate(1 minute)").unwrap().to_string(), "every 1m");
    for inner in [
        "0 minutes",
        "1 minutes",
        "5 minute",
        "5",
        "",
        "5 weeks",
        "-1 hours",
        "1.5 hours",
        "99999999999999999999 days",
    ] {
        let text = format!("rate({inner})");
        let message = format!(
            "cron `{text}`: expected a number of minutes, hours or days, such as `rate(1 hour)` or `rate(5 minutes)`"
        );
        assert_eq!(eventbridge(&text), Err(message));
    }
    assert!(Schedule::cron("rate(5 minutes)").is_err());
}

#[test]
fn bounds_that_do_not_go_with_the_schedule_are_errors() {
    let refused = |schedule: Schedule| {
        schedule.zone(Zone::utc()).upcoming(SystemTime::UNIX_EPOCH).unwrap_err().to_string()
    };
    let every = |text: &str| Schedule::every(text).unwrap();
    for schedule in
        [every("1d"), every("1h").starting("2026-11-23").unwrap(), Schedule::cron("@daily").unwrap()]
    {
        assert_eq!(
            refused(schedule.first_after(SECOND)),
            "first_after: goes with `every` and `every_after_end` of elapsed time only, and not with `starting`"
        );
    }
    assert_eq!(refused(every("1h").times(0)), "times `0`: at least one run");
}

#[test]
fn every_nth_week_is_counted_from_where_it_starts() {
    let zone = zones::zone("Europe/Berlin");
    let fires = |text: &str, weeks: u32, starting: &str, count: usize| -> Vec<String> {
        let schedule = || {
            Schedule::cron(text).unwrap().every_nth_week(weeks).starting(starting).unwrap().zone(zone.clone())
        };
        let from = crate::stage::moment("2026-11-01 00:00").instant(&zone).unwrap();
        let due_times: Vec<SystemTime> = schedule().upcoming(from).unwrap().take(count).collect();
        // The same backwards, and one by one.
        let asked = schedule();
        assert!(due_times.iter().all(|due| asked.matches(*due).unwrap()));
        for pair in due_times.windows(2) {
            assert_eq!(asked.previous(pair[1]).unwrap(), Some(pair[0]), "{text}");
        }
        due_times.iter().map(|due| zone.civil(*due).unwrap().to_string()[..16].replace('T', " ")).collect()
    };
    assert_eq!(
        fires("0 9 * * mon,wed", 2, "2026-11-23", 4),
        ["2026-11-23 09:00", "2026-11-25 09:00", "2026-12-07 09:00", "2026-12-09 09:00"]
    );
    // The week of the anchor counts from its Monday on, the anchor itself is a bound.
    assert_eq!(
        fires("0 9 * * mon,sun", 3, "2026-11-25", 3),
        ["2026-11-29 09:00", "2026-12-14 09:00", "2026-12-20 09:00"]
    );
    assert_eq!(fires("0 9 * * *", 12, "2026-11-29", 2), ["2026-11-29 09:00", "2027-02-15 09:00"]);
    assert_eq!(fires("0 9 1 * *", 2, "2026-11-23", 2), ["2027-02-01 09:00", "2027-03-01 09:00"]);
    assert_eq!(fires("0 9 * * fri", 1, "2026-11-23", 1), ["2026-11-27 09:00"]);
    let refused = |schedule: Schedule| {
        schedule.zone(Zone::utc()).upcoming(SystemTime::UNIX_EPOCH).unwrap_err().to_string()
    };
    let cron = |text: &str| Schedule::cron(text).unwrap().starting("2026-11-23").unwrap();
    for (schedule, message) in [
        (cron("0 9 * * mon").every_nth_week(0), "every_nth_week `0`: expected 1-63 weeks"),
        (cron("0 9 * * mon").every_nth_week(64), "every_nth_week `64`: expected 1-63 weeks"),
        (
            Schedule::cron("0 9 * * mon").unwrap().every_nth_week(2),
            "every_nth_week `2`: needs the `starting` moment of a week that counts",
        ),
        (
            cron("0 9 * * mon%2").every_nth_week(2),
            "every_nth_week `2`: goes with weekdays of every week, and a day that matches both day fields",
        ),
        (
            cron("0 9 13 * fri").every_nth_week(2),
            "every_nth_week `2`: goes with weekdays of every week, and a day that matches both day fields",
        ),
    ] {
        assert_eq!(refused(schedule), message);
    }
    let period = Schedule::every("1d").unwrap().every_nth_week(2);
    assert!(refused(period).contains("goes with `cron` only"));
    // As a text that counts from 2018 has it.
    let counted = |text: &str| {
        let from = crate::stage::moment("2026-11-23 12:00").instant(&zone).unwrap();
        let due_times = Schedule::cron(text).unwrap().zone(zone.clone()).upcoming(from).unwrap();
        due_times.take(3).map(|due| zone.civil(due).unwrap().date().to_string()).collect::<Vec<_>>()
    };
    assert_eq!(counted("0 9 * * tue%4"), ["2026-11-24", "2026-12-22", "2027-01-19"]);
    assert_eq!(counted("0 12 * * sun%2+1,wed%2+1"), ["2026-12-02", "2026-12-06", "2026-12-16"]);
}

#[test]
fn a_time_of_day_is_that_of_today_or_tomorrow() {
    let stage = Stage::at("2026-11-22 12:00");
    stage.scheduler.task("today").at("18:00").run(|| {}).unwrap();
    stage.scheduler.task("tomorrow").at("10:00:30").run(|| {}).unwrap();
    stage.scheduler.task("date").at("2026-11-24").run(|| {}).unwrap();
    stage.scheduler.task("unix").at("1795435200").run(|| {}).unwrap();
    stage.scheduler.task("grid").every("1d").starting("06:00").until("2026-11-25").run(|| {}).unwrap();
    let error = stage.scheduler.task("each").at_each(["10:00"]).run(|| {}).unwrap_err();
    assert_eq!(error.to_string(), "task `each`: at_each `10:00:00`: expected a date with the time of day");
    stage.clock.advance(3 * DAY);
    let started: Vec<String> = stage.lines().into_iter().filter(|line| !line.ends_with("ended")).collect();
    assert_eq!(
        started,
        [
            "today 18:00:00",
            "grid 2026-11-23T06:00:00Z",
            "tomorrow 2026-11-23T10:00:30Z",
            "unix 2026-11-23T12:00:00Z",
            "date 2026-11-24T00:00:00Z",
            "grid 2026-11-24T06:00:00Z",
        ]
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_a_schedule_or_an_error(
        text in prop::collection::vec("[ \\t\u{a0}é]|[0-9]|[*]|TZ=|CRON_TZ=|UTC|EST5,|mon%2|/|rate[(]|5 minutes|[)]|@daily|seconds=none ", 0..9),
    ) {
        for dialect in [sexton::cron::Dialect::DEFAULT, sexton::cron::Dialect::EVENTBRIDGE] {
            let _ = Schedule::cron_as(&text.concat(), dialect);
        }
    }
}
