//! Why an expression fires at a moment, or not: whole sentences by hand, and laws near the clock changes of many zones.

#[path = "why/laws.rs"]
mod laws;

use std::time::{Duration, SystemTime};

use sexton::civil::DateTime;
use sexton::cron::Dialect;
use sexton::tz::Zone;
use sexton::{Cron, Moment, Schedule};

use crate::rows::expect_none;
use crate::zones;

const DEFAULT: Dialect = Dialect::DEFAULT;
const BOTH_DAYS: Dialect = Dialect::DEFAULT.days_and();

fn zone(name: &str) -> Zone {
    match name.contains(',') {
        true => Zone::from_posix(name).unwrap(),
        false => zones::zone(name),
    }
}

/// A dialect, an expression, a zone, and what is to be said of moments.
type Case<'a> = (Dialect, &'a str, &'a str, &'a [(&'a str, &'a str)]);

/// Compares whole sentences.
fn tell(cases: &[Case]) {
    let mut wrong = Vec::new();
    for &(dialect, text, zone_name, sentences) in cases {
        let (cron, zone) = (dialect.parse(text).unwrap(), zone(zone_name));
        for &(moment, expected) in sentences {
            let found = cron.why(moment.parse::<Moment>().unwrap(), &zone).unwrap();
            if found.to_string() != expected {
                wrong.push(format!("{text} in {zone_name} at {moment}: {found}\n    expected: {expected}"));
            }
            if found.fires() != expected.starts_with("fires") {
                wrong.push(format!("{text} in {zone_name} at {moment}: fires {}", found.fires()));
            }
        }
    }
    expect_none(&wrong);
}

#[test]
fn every_field_says_what_it_has_against_a_time() {
    tell(&[
        (
            DEFAULT,
            "2 4 * * mon,fri",
            "Europe/Paris",
            &[
                ("2026-11-23 04:02", "fires: 2026-11-23T04:02:00 matches every field"),
                ("2026-11-23T03:02:00.999Z", "fires: 2026-11-23T04:02:00 matches every field"),
                (
                    "2026-11-22 05:02",
                    "does not fire: the day of week is Sunday, not mon or fri; the hour is 5, not 4",
                ),
                ("2026-11-23 04:02:01", "does not fire: the second is 1, not 0"),
            ],
        ),
        (
            DEFAULT,
            "15 30 9-17,22 1 jan,jun ? 2027-2030",
            "America/New_York",
            &[
                (
                    "2026-11-22 02:31:07",
                    "does not fire: the year is 2026, not 2027-2030; the month is November, not jan or jun; \
                     the day of month is 22, not 1; the hour is 2, not 9-17 or 22; the minute is 31, not 30; \
                     the second is 7, not 15",
                ),
                ("2028-06-01 22:30:15", "fires: 2028-06-01T22:30:15 matches every field"),
            ],
        ),
        (
            DEFAULT,
            "*/15 * * * *",
            "Europe/Paris",
            &[("2026-11-22 02:31", "does not fire: the minute is 31, not */15")],
        ),
        (
            DEFAULT,
            "5,10,40 * * * *",
            "UTC",
            &[("2026-11-22 02:31", "does not fire: the minute is 31, not 5, 10 or 40")],
        ),
        (
            DEFAULT,
            "0 0 30 feb *",
            "UTC",
            &[("2026-02-28 00:00", "does not fire: the day of month is 28, not 30")],
        ),
    ]);
}

#[test]
fn a_day_is_judged_by_the_rule_for_the_two_day_fields() {
    tell(&[
        (
            DEFAULT,
            "0 0 13 * fri",
            "Europe/Paris",
            &[
                (
                    "2026-11-20 00:00",
                    "fires: 2026-11-20T00:00:00 matches every field but the day of month, \
                     as the day of week is enough",
                ),
                (
                    "2026-12-13 00:00",
                    "fires: 2026-12-13T00:00:00 matches every field but the day of week, \
                     as the day of month is enough",
                ),
                ("2026-11-13 00:00", "fires: 2026-11-13T00:00:00 matches every field"),
                ("2026-11-20 00:01", "does not fire: the minute is 1, not 0"),
                (
                    "2026-11-14 01:00",
                    "does not fire: the day of month is 14, not 13, and the day of week is Saturday, not fri \
                     (one of the two would be enough); the hour is 1, not 0",
                ),
            ],
        ),
        (
            BOTH_DAYS,
            "0 0 13 * fri",
            "Europe/Paris",
            &[
                ("2026-11-13 00:00", "fires: 2026-11-13T00:00:00 matches every field"),
                (
                    "2026-11-14 00:00",
                    "does not fire: the day of month is 14, not 13; the day of week is Saturday, not fri",
                ),
                (
                    "2026-12-13 00:00",
                    "does not fire: the day of week is Sunday, not fri (both day fields must match)",
                ),
                (
                    "2026-11-20 01:00",
                    "does not fire: the day of month is 20, not 13 (both day fields must match); \
                     the hour is 1, not 0",
                ),
            ],
        ),
        (
            DEFAULT,
            "0 0 1,15W,L * *",
            "Europe/Paris",
            &[
                (
                    "2026-08-15 00:00",
                    "does not fire: the day of month is 15, not 1, 15W or L (1, 14 or 31 in August 2026)",
                ),
                ("2026-08-14 00:00", "fires: 2026-08-14T00:00:00 matches every field"),
            ],
        ),
        (
            DEFAULT,
            "0 0 30W * *",
            "UTC",
            &[("2026-02-27 00:00", "does not fire: the day of month is 27, not 30W (no day in February 2026)")],
        ),
        (
            Dialect::CRONITER,
            "0 0 30W * *",
            "UTC",
            &[
                ("2026-02-27 00:00", "fires: 2026-02-27T00:00:00 matches every field"),
                ("2026-02-26 00:00", "does not fire: the day of month is 26, not 30W (27 in February 2026)"),
            ],
        ),
        (
            DEFAULT,
            "0 0 * * mon,fri#2",
            "UTC",
            &[
                (
                    "2026-11-27 00:00",
                    "does not fire: the day of week is the fourth and last Friday, not mon or fri#2",
                ),
                ("2026-11-20 00:00", "does not fire: the day of week is the third Friday, not mon or fri#2"),
                ("2026-11-24 00:00", "does not fire: the day of week is the fourth and last Tuesday, not mon or fri#2"),
                ("2026-12-24 00:00", "does not fire: the day of week is the fourth Thursday, not mon or fri#2"),
                ("2026-11-13 00:00", "fires: 2026-11-13T00:00:00 matches every field"),
            ],
        ),
        (
            DEFAULT,
            "0 0 L * friL",
            "UTC",
            &[(
                "2026-11-29 00:00",
                "does not fire: the day of month is 29, not L (30 in November 2026), and the day of week is \
                 the fifth and last Sunday, not friL (one of the two would be enough)",
            )],
        ),
    ]);
}

#[test]
fn a_skipped_time_is_told_with_the_change_that_skipped_it() {
    tell(&[
        (
            DEFAULT,
            "30 2 * * *",
            "Europe/Paris",
            &[
                (
                    "2026-03-29T01:00:00Z",
                    "fires at 2026-03-29T03:00:00+02:00 for 2026-03-29T02:30:00, which the clocks skipped: \
                     they went from 01:59:59 to 03:00:00 (+01:00 to +02:00)",
                ),
                (
                    "2026-03-29 02:30",
                    "fires at 2026-03-29T03:00:00+02:00 for 2026-03-29T02:30:00, which the clocks skipped: \
                     they went from 01:59:59 to 03:00:00 (+01:00 to +02:00)",
                ),
                ("2026-03-29 02:31", "does not fire: the minute is 31, not 30"),
                (
                    "2026-03-29 03:00:01",
                    "does not fire: the hour is 3, not 2; the minute is 0, not 30; the second is 1, not 0",
                ),
            ],
        ),
        (
            DEFAULT,
            "*/15 2 * * *",
            "America/New_York",
            &[
                (
                    "2026-03-08 03:00",
                    "fires at 2026-03-08T03:00:00-04:00 for 2026-03-08T02:00:00 and 3 other times, which the \
                     clocks skipped: they went from 01:59:59 to 03:00:00 (-05:00 to -04:00); \
                     it fires once for all of them",
                ),
                (
                    "2026-03-08 02:30",
                    "fires at 2026-03-08T03:00:00-04:00 for 2026-03-08T02:30:00 and 3 other times, which the \
                     clocks skipped: they went from 01:59:59 to 03:00:00 (-05:00 to -04:00); \
                     it fires once for all of them",
                ),
            ],
        ),
        (
            DEFAULT,
            "0,30 2,3 * * *",
            "America/New_York",
            &[(
                "2026-03-08 03:00",
                "fires at 2026-03-08T03:00:00-04:00 for 2026-03-08T02:00:00 and 1 other time, which the \
                 clocks skipped: they went from 01:59:59 to 03:00:00 (-05:00 to -04:00); \
                 2026-03-08T03:00:00 matches as well, and it fires once for all of them",
            )],
        ),
        (
            DEFAULT,
            "0 */2 * * *",
            "America/New_York",
            &[
                (
                    "2026-03-08 02:00",
                    "does not fire: the clocks skipped 2026-03-08T02:00:00 when they went from 01:59:59 to \
                     03:00:00 (-05:00 to -04:00), and an expression whose hours repeat does not make up for that",
                ),
                ("2026-03-08 03:00", "does not fire: the hour is 3, not */2"),
            ],
        ),
        (
            DEFAULT,
            "0 0 * * *",
            "Africa/Cairo",
            &[(
                "2026-04-24 01:00",
                "fires at 2026-04-24T01:00:00+03:00 for 2026-04-24T00:00:00, which the clocks skipped: they \
                 went from 2026-04-23T23:59:59 to 2026-04-24T01:00:00 (+02:00 to +03:00)",
            )],
        ),
        (
            DEFAULT,
            "0 12 30 12 *",
            "Pacific/Apia",
            &[(
                "2011-12-31 00:00",
                "fires at 2011-12-31T00:00:00+14:00 for 2011-12-30T12:00:00, which the clocks skipped: they \
                 went from 2011-12-29T23:59:59 to 2011-12-31T00:00:00 (-10:00 to +14:00)",
            )],
        ),
        (
            DEFAULT,
            "15 2 * * *",
            "Australia/Lord_Howe",
            &[(
                "2026-10-04 02:15",
                "fires at 2026-10-04T02:30:00+11:00 for 2026-10-04T02:15:00, which the clocks skipped: they \
                 went from 01:59:59 to 02:30:00 (+10:30 to +11:00)",
            )],
        ),
        (
            DEFAULT,
            "30 0 * * *",
            "America/St_Johns",
            &[(
                "2010-03-14 00:30",
                "fires at 2010-03-14T01:01:00-02:30 for 2010-03-14T00:30:00, which the clocks skipped: they \
                 went from 00:00:59 to 01:01:00 (-03:30 to -02:30)",
            )],
        ),
        (
            DEFAULT,
            "30 0 7 * *",
            "Africa/Monrovia",
            &[(
                "1972-01-07 00:30",
                "fires at 1972-01-07T00:44:30Z for 1972-01-07T00:30:00, which the clocks skipped: they went \
                 from 1972-01-06T23:59:59 to 1972-01-07T00:44:30 (-00:44:30 to +00:00)",
            )],
        ),
        (
            DEFAULT,
            "0 2 * * *",
            // Forward three hours and back within four: what is skipped is shown after all.
            "AAA0BBB-3,J100/0,J100/4",
            &[
                ("2026-04-10 02:00", "fires: 2026-04-10T02:00:00 matches every field"),
                (
                    "2026-04-10T00:00:00Z",
                    "does not fire: the hour is 3, not 2",
                ),
            ],
        ),
    ]);
}

#[test]
fn a_time_that_is_shown_twice_is_told_with_both_instants() {
    let once = "fires: 2026-10-25T02:30:00 matches every field; the clocks show it twice, at \
                2026-10-25T02:30:00+02:00 and at 2026-10-25T02:30:00+01:00, and it fires the first time only";
    let twice = "fires: 2026-10-25T02:30:00 matches every field; the clocks show it twice, at \
                 2026-10-25T02:30:00+02:00 and at 2026-10-25T02:30:00+01:00, and an expression that repeats \
                 fires both times";
    let second =
        "does not fire: the clocks show 2026-10-25T02:30:00 a second time, and it fired the first time, \
                  at 2026-10-25T02:30:00+02:00";
    let (first_pass, second_pass, either) =
        ("2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-25 02:30");
    tell(&[
        (
            DEFAULT,
            "30 2 * * *",
            "Europe/Paris",
            &[(first_pass, once), (second_pass, second), (either, once)],
        ),
        (
            DEFAULT,
            "30 * * * *",
            "Europe/Paris",
            &[(first_pass, twice), (second_pass, twice), (either, twice)],
        ),
        (
            DEFAULT,
            "31 2 * * *",
            "Europe/Paris",
            &[
                (second_pass, "does not fire: the minute is 30, not 31"),
                (either, "does not fire: the minute is 30, not 31"),
            ],
        ),
        (
            DEFAULT,
            "45 1 * * *",
            "Australia/Lord_Howe",
            &[(
                "2026-04-04T15:15:00Z",
                "does not fire: the clocks show 2026-04-05T01:45:00 a second time, and it fired the first time, \
                 at 2026-04-05T01:45:00+11:00",
            )],
        ),
        (
            DEFAULT,
            "30 1 25 * sat",
            "Europe/London",
            &[(
                "2026-10-25 01:30",
                "fires: 2026-10-25T01:30:00 matches every field but the day of week, as the day of month is \
                 enough; the clocks show it twice, at 2026-10-25T01:30:00+01:00 and at 2026-10-25T01:30:00Z, \
                 and it fires the first time only",
            )],
        ),
    ]);
}

#[test]
fn the_ends_of_time_have_an_answer() {
    // Skips the last half hour of each year.
    let year_end = "AAA0BBB-1,J365/23:30,J1/5";
    tell(&[
        (
            DEFAULT,
            "45 23 * * *",
            year_end,
            &[(
                "9999-12-31 23:45",
                "fires at the year 10000 for 9999-12-31T23:45:00, which the clocks skipped: they went from \
                 9999-12-31T23:29:59 to the year 10000 (+00:00 to +01:00)",
            )],
        ),
        (
            DEFAULT,
            "* * * * *",
            "UTC",
            &[
                ("9999-12-31 23:59", "fires: 9999-12-31T23:59:00 matches every field"),
                ("0001-01-01 00:00", "fires: 0001-01-01T00:00:00 matches every field"),
            ],
        ),
    ]);
    let out_of_range = "does not fire: the clocks show no time of the years 1 to 9999";
    let (first, last) = (-62_135_596_800, 253_402_300_799);
    // The farthest that Linux's clock goes, and whatever of that any system's does.
    let far = [i64::MIN, i64::MIN + 1, i64::MIN + 93_599, i64::MAX - 93_599, i64::MAX - 1, i64::MAX];
    let near = [-93_600, -1, 0, 1, 93_600].into_iter().flat_map(|by| [first + by, last + by]);
    let instants = far.into_iter().chain(near).filter_map(|unix| {
        let distance = Duration::from_secs(unix.unsigned_abs());
        match unix < 0 {
            true => SystemTime::UNIX_EPOCH.checked_sub(distance),
            false => SystemTime::UNIX_EPOCH.checked_add(distance),
        }
    });
    let instants: Vec<SystemTime> = instants.collect();
    for zone_name in ["UTC", "Europe/Paris", "Africa/Monrovia", year_end, "AAA-24:59BBB24:59,J100/1,J103/3"] {
        let zone = zone(zone_name);
        for text in ["* * * * * *", "0 0 1 1 *", "45 23 31 12 *", "0 0 30 2 *", "* * 0,23 * * *"] {
            let cron = Cron::parse(text).unwrap();
            let schedule = Schedule::from(cron).zone(zone.clone());
            for &instant in &instants {
                let why = cron.why(instant, &zone).unwrap();
                assert_eq!(why.fires(), schedule.matches(instant).unwrap(), "{text} in {zone}: {why}");
                if zone.civil(instant).is_none() && !why.fires() {
                    assert_eq!(why.to_string(), out_of_range);
                }
            }
            for civil in ["0001-01-01 00:00", "9999-12-31 23:45", "9999-12-31 23:59:59"] {
                let civil: DateTime = civil.parse().unwrap();
                let _ = cron.why(civil, &zone).unwrap().to_string();
            }
        }
    }
}
