//! Rules as plain values, and what is due in them, against the same questions to zones and schedules.

use std::time::{Duration, SystemTime};

use proptest::prelude::*;
use sexton::civil::DateTime;
use sexton::tz::{Instants, PosixZone, Zone};
use sexton::{Cron, Period, Schedule};

use crate::rows::{expect_none, rows};
use crate::zones::{files, Flavour};

/// The instant, if this machine's clock can hold it.
fn system_time(unix: i64) -> Option<SystemTime> {
    let distance = Duration::from_secs(unix.unsigned_abs());
    match unix < 0 {
        true => SystemTime::UNIX_EPOCH.checked_sub(distance),
        false => SystemTime::UNIX_EPOCH.checked_add(distance),
    }
}

fn both(rule: &str) -> (PosixZone, Zone) {
    (PosixZone::parse(rule).unwrap(), Zone::from_posix(rule).unwrap())
}

#[test]
fn rules_say_what_the_reference_code_says() {
    let mut failures = Vec::new();
    for row in rows("posix-tz.tsv") {
        let zone = PosixZone::parse(row.cell(0)).unwrap_or_else(|error| panic!("{}: {error}", row.place()));
        let found = (i64::from(zone.offset(row.number(1))), zone.abbreviation(row.number(1)));
        if found != (row.number(2), row.cell(3)) || zone.to_string() != row.cell(0) {
            failures.push(format!("{} {zone} {}: {found:?}", row.place(), row.cell(1)));
        }
    }
    expect_none(&failures);
}

#[test]
fn texts_that_are_no_rule_are_refused_with_the_same_words() {
    for row in rows("posix-tz-invalid.tsv") {
        let error = PosixZone::parse(row.cell(0)).expect_err(row.cell(0));
        let of_zone = Zone::from_posix(row.cell(0)).unwrap_err();
        assert!(of_zone.to_string().ends_with(&format!(": {error}")), "{of_zone}, but {error}");
        assert_eq!(of_zone.at(), Some(error.at()));
    }
}

#[test]
fn the_longest_rule_is_kept_as_a_whole() {
    let names = ("A".repeat(62), "B".repeat(62));
    let rule = format!("{}-9{}", names.0, names.1);
    let zone = PosixZone::parse(&rule).unwrap();
    assert_eq!(zone.as_str(), rule);
    assert_eq!((zone.abbreviation(0), zone.abbreviation(1_784_023_200)), (&*names.0, &*names.1));
    assert!(PosixZone::parse(&format!("{rule}CC")).is_ok(), "128 bytes");
    assert!(PosixZone::parse(&format!("{rule}CCC")).is_err());
}

#[test]
fn the_size_is_known() {
    assert!(std::mem::size_of::<PosixZone>() <= 192);
    assert_eq!(PosixZone::UTC, "UTC0".parse().unwrap());
    assert_eq!(format!("{:?} {:>5}", PosixZone::UTC, PosixZone::UTC), r#"PosixZone("UTC0")  UTC0"#);
}

/// Rules that change rarely, never, twice at once, or in a week other than their own.
const ODD_RULES: [&str; 16] = [
    "UTC0",
    "AAA5BBB",
    "XXX3EDT4,0/0,J365/23",
    "XXX3EDT,0/0,J365/25",
    "WART4WARST,J1/0,J365/25",
    "AAA0BBB0,M4.1.0,M9.1.0",
    "AAA0BBB,M2.4.0/2,M2.5.0/3",
    "AAA0BBB,J60/0,59/1",
    "AAA0BBB,59/0,J60/1",
    "AAA3BBB,M12.5.6/167,M12.4.0/160",
    "AAA3BBB,J365/167,365/167",
    "AAA3BBB,M1.1.0/-167,M1.1.1/-167",
    "AAA-24:59:59BBB24:59:59,0/-167,J365/167",
    "AAA0BBB-3,J100/0,J100/4",
    "AAA-10AAB-10:30,M10.1.0,M4.1.0",
    "AAA-5BBB-1,J100/2,J100/6",
];

fn any_rule() -> impl Strategy<Value = String> {
    let offset = || {
        (0..=24_u32, 0..60_u32, prop::bool::ANY).prop_map(|(hours, minutes, is_east)| {
            format!("{}{hours}:{:02}", if is_east { "-" } else { "" }, minutes / 15 * 15)
        })
    };
    let day = || {
        prop_oneof![
            (1..=365_u32).prop_map(|n| format!("J{n}")),
            (0..=365_u32).prop_map(|n| n.to_string()),
            (1..=12_u32, 1..=5_u32, 0..=6_u32)
                .prop_map(|(month, week, day)| format!("M{month}.{week}.{day}")),
        ]
    };
    let hour = || prop_oneof![3 => 0..=4_i32, 1 => -167..=167_i32];
    let any = (offset(), offset(), day(), hour(), day(), hour())
        .prop_map(|(a, b, start, at, end, until)| format!("AAA{a}BBB{b},{start}/{at},{end}/{until}"));
    prop_oneof![3 => any, 1 => prop::sample::select(&ODD_RULES[..]).prop_map(String::from)]
}

/// Any instant, mostly of our time.
fn any_instant() -> impl Strategy<Value = i64> {
    prop_oneof![6 => -(1_i64 << 33)..1 << 34, 1 => -(1_i64 << 38)..1 << 38, 1 => any::<i64>()]
}

/// Compares all that a rule says of an instant, and of the civil time it shows and one nearby, with what the zone says.
fn check(rule: &PosixZone, zone: &Zone, unix: i64, nearby: i64) -> Result<(), TestCaseError> {
    let instant = match system_time(unix) {
        Some(instant) => instant,
        None => return Ok(()),
    };
    let civil = rule.civil(unix);
    prop_assert_eq!(Some(rule.offset(unix)), zone.offset(instant), "{} at {}", rule, unix);
    prop_assert_eq!(Some(rule.abbreviation(unix)), zone.abbreviation(instant), "{} at {}", rule, unix);
    prop_assert_eq!(civil, zone.civil(instant), "{} at {}", rule, unix);
    let near = civil.and_then(|civil| civil.checked_add_seconds(nearby));
    for civil in [civil, near].into_iter().flatten() {
        let at = |unix: i64| system_time(unix).unwrap();
        let instants = match rule.instants(civil) {
            Instants::Unique(unix) => Instants::Unique(at(unix)),
            Instants::Fold { first, second } => Instants::Fold { first: at(first), second: at(second) },
            Instants::Gap { before, after, end } => Instants::Gap { before, after, end: at(end) },
        };
        prop_assert_eq!(Some(instants), zone.instants(civil), "{} at {}", rule, civil);
    }
    Ok(())
}

#[test]
fn odd_rules_say_what_their_zones_say_for_400_years_and_at_the_ends_of_time() {
    for text in ODD_RULES {
        let (rule, zone) = both(text);
        let days = (-200 * 366..200 * 366).step_by(23).map(|day| day * 86_400);
        let ends = [i64::MIN, i64::MIN + 1, i64::MIN + 93_599, i64::MAX - 93_599, i64::MAX - 1, i64::MAX];
        for unix in days.chain(ends).chain([-62_135_596_800, 253_402_300_799]) {
            check(&rule, &zone, unix, 40_000).unwrap_or_else(|error| panic!("{error}"));
        }
    }
}

/// Expressions of every class.
const CRONS: [&str; 12] = [
    "30 2 * * *",
    "0,30 2,3 * * *",
    "30 * * * *",
    "0 */2 * * *",
    "*/15 1 * * *",
    "*/15 2 * * *",
    "0 0 * * *",
    "* * * * * *",
    "10-20 2 * * *",
    "45 3 L * mon-fri",
    "0 0 29 2 *",
    "0 12 15W * *",
];

#[test]
fn every_row_of_the_rule_for_clock_changes_that_a_rule_decides_holds() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for row in rows("cron-dst.tsv") {
        let fires: Vec<i64> = row.cell(3).split(',').map(|fire| fire.parse().unwrap()).collect();
        let (start, end) = (row.number(2), *fires.last().unwrap());
        let (bytes, zone) = &files()[&(row.cell(1).to_string(), Flavour::Slim)];
        let footer = bytes.rsplit(|&byte| byte == b'\n').nth(1).unwrap();
        let rule = match PosixZone::parse(std::str::from_utf8(footer).unwrap()) {
            // The rule decides where the file says the same as it all the time, and well before.
            Ok(rule)
                if (start - 10 * 86_400..end + 10 * 86_400)
                    .step_by(1800)
                    .all(|unix| Some(rule.offset(unix)) == zone.offset(system_time(unix).unwrap())) =>
            {
                rule
            }
            _ => continue,
        };
        count += 1;
        let cron = Cron::parse(row.cell(0)).unwrap();
        let next = std::iter::successors(Some(start), |&after| cron.next_in(&rule, after));
        let next: Vec<i64> = next.skip(1).take(fires.len()).collect();
        let back = std::iter::successors(Some(end + 1), |&before| cron.previous_in(&rule, before));
        let mut back: Vec<i64> = back.skip(1).take(fires.len()).collect();
        back.reverse();
        let matches = fires.iter().all(|&fire| cron.fires_at(&rule, fire));
        if next != fires || back != fires || !matches {
            wrong.push(format!("{}: {next:?}, back {back:?}, expected {fires:?}", row.place()));
        }
    }
    expect_none(&wrong);
    assert!(count > 500, "{count} rows are enough");
}

fn since_1970(instant: SystemTime) -> Duration {
    instant.duration_since(SystemTime::UNIX_EPOCH).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_rule_says_what_its_zone_says(rule in any_rule(), unix in any_instant(), nearby in -200_000_i64..200_000) {
        let (rule, zone) = both(&rule);
        check(&rule, &zone, unix, nearby)?;
    }

    #[test]
    fn an_expression_fires_as_its_schedule_does(
        rule in any_rule(),
        which in 0..CRONS.len(),
        unix in -(1_i64 << 33)..1 << 34,
    ) {
        let (rule, zone) = both(&rule);
        let cron = Cron::parse(CRONS[which]).unwrap();
        let schedule = Schedule::from(cron).zone(zone.clone());
        let instant = system_time(unix).unwrap();
        let next = cron.next_in(&rule, unix).unwrap();
        let of_schedule = Schedule::from(cron).zone(zone).upcoming(instant).unwrap().next();
        prop_assert_eq!(system_time(next), of_schedule, "{} in {}", cron, rule);
        let previous = cron.previous_in(&rule, unix).unwrap();
        prop_assert_eq!(system_time(previous), schedule.previous(instant).unwrap(), "{} in {}", cron, rule);
        prop_assert!(cron.fires_at(&rule, next) && cron.fires_at(&rule, previous));
        prop_assert_eq!(cron.fires_at(&rule, unix), schedule.matches(instant).unwrap());
    }

    #[test]
    fn a_period_is_due_as_its_schedule_is(
        rule in any_rule(),
        period in prop::sample::select(&["1d", "1w", "2d12h", "1d0.5s", "6h", "0.7s", "400d"][..]),
        anchor in (1_i64 << 30)..1 << 31,
        ahead in 0..1_i64 << 22,
    ) {
        let (rule, zone) = both(&rule);
        let parsed: Period = period.parse().unwrap();
        let start = system_time(anchor).unwrap() + Duration::from_millis(250);
        let (anchor, now) = (since_1970(start), start + Duration::from_secs(ahead as u64));
        let next = parsed.next_in(&rule, anchor, since_1970(now)).unwrap();
        // The first due of a schedule whose anchor has passed stands for what has.
        let upcoming = Schedule::from(parsed).starting(start).unwrap().zone(zone).upcoming(now).unwrap();
        let of_schedule = upcoming.map(since_1970).find(|&due| due > since_1970(now));
        prop_assert_eq!(Some(next), of_schedule, "{} in {}", period, rule);

        let previous = parsed.previous_in(&rule, anchor, next).unwrap();
        prop_assert!(anchor <= previous && previous <= since_1970(now));
        prop_assert_eq!(parsed.next_in(&rule, anchor, previous), Some(next));
        prop_assert_eq!(parsed.previous_in(&rule, anchor, anchor), None);
    }
}

#[test]
fn periods_end_with_the_calendar_or_with_what_a_duration_holds() {
    let (daily, elapsed): (Period, Period) = ("1d".parse().unwrap(), "1s".parse().unwrap());
    let last = Duration::from_secs(253_402_300_799);
    assert_eq!(daily.next_in(&PosixZone::UTC, Duration::ZERO, last - Duration::from_secs(86_399)), None);
    assert_eq!(daily.next_in(&PosixZone::UTC, Duration::ZERO, Duration::MAX), None);
    assert_eq!(
        daily.previous_in(&PosixZone::UTC, Duration::ZERO, last),
        Some(last - Duration::from_secs(86_399))
    );
    assert_eq!(elapsed.next_in(&PosixZone::UTC, Duration::ZERO, Duration::MAX), None);
    assert_eq!(elapsed.next_in(&PosixZone::UTC, Duration::MAX, Duration::ZERO), Some(Duration::MAX));
    assert_eq!(daily.next_in(&PosixZone::UTC, Duration::MAX, Duration::MAX), None);
}

/// DST.md 6.12. On 10 April 1970 this clock goes back from 06:00 to 02:00, and two hours later from 04:00 to 08:00: what it
/// skips then is partly what it has shown before.
#[test]
fn a_time_that_was_skipped_is_made_up_for_though_another_of_the_same_gap_was_shown_before() {
    let zone = PosixZone::parse("AAA-5BBB-1,J100/6,J100/4").unwrap();
    let midnight = zone.instants("1970-04-10 00:00".parse().unwrap()).due();
    let hours = |text: &str| {
        let cron = Cron::parse(text).unwrap();
        let next = |&last: &i64| cron.next_in(&zone, last);
        let fires = std::iter::successors(next(&(midnight - 1)), next);
        let hours: Vec<f64> = fires.map(|fire| (fire - midnight) as f64 / 3600.0).take(3).collect();
        let back = std::iter::successors(cron.previous_in(&zone, midnight + 86_400), |&fire| {
            cron.previous_in(&zone, fire)
        });
        let back: Vec<f64> = back.map(|fire| (fire - midnight) as f64 / 3600.0).take(3).collect();
        (hours, back)
    };
    // 05:30 is shown; 07:30 never is, and fires when the clock has skipped it.
    let (fires, back) = hours("30 5,7 * * *");
    assert_eq!(fires, [5.5, 8.0, 29.5]);
    assert_eq!(back[..2], [8.0, 5.5]);
    // Both are shown.
    assert_eq!(hours("30 4,5 * * *").0, [4.5, 5.5, 28.5]);
}

#[test]
fn an_anchor_that_shows_its_time_for_the_second_time_is_the_first_due() {
    let new_york = PosixZone::parse("EST5EDT,M3.2.0,M11.1.0").unwrap();
    let daily: Period = "1d".parse().unwrap();
    // 01:30 EST on 1 November 2026; it was 01:30 EDT an hour before.
    let anchor = Duration::from_secs(1_793_514_600);
    assert_eq!(new_york.instants(new_york.civil(1_793_514_600).unwrap()).due(), 1_793_511_000);
    assert_eq!(daily.next_in(&new_york, anchor, anchor - Duration::from_secs(60)), Some(anchor));
    assert_eq!(daily.previous_in(&new_york, anchor, anchor + Duration::from_secs(60)), Some(anchor));
    assert_eq!(daily.next_in(&new_york, anchor, anchor), Some(anchor + Duration::from_secs(86_400)));
}

#[test]
fn no_instant_is_too_far_to_ask_for_a_fire() {
    let rule = PosixZone::parse("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
    for text in CRONS {
        let cron = Cron::parse(text).unwrap();
        for unix in [i64::MIN, i64::MIN + 1, i64::MAX - 1, i64::MAX] {
            assert_eq!(cron.next_in(&rule, unix).is_some(), unix < 0);
            assert_eq!(cron.previous_in(&rule, unix).is_some(), unix > 0);
            assert!(!cron.fires_at(&rule, unix));
        }
    }
    let first: DateTime = "0001-01-01 00:00".parse().unwrap();
    assert_eq!(
        Cron::parse("* * * * * *").unwrap().next_in(&rule, i64::MIN),
        Some(rule.instants(first).due())
    );
}
