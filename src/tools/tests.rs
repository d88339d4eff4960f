//! Tools in a zone whose data begin with the year 2026.

use std::time::SystemTime;

use crate::cron::{Cron, Dialect};
use crate::schedule::{Moment, Schedule};
use crate::tz::Zone;

/// Clocks are changed there on the last Sundays of March and October.
fn paris() -> Zone {
    Zone::of_small_table("Europe/Paris")
}

fn at(text: &str) -> SystemTime {
    text.parse::<Moment>().unwrap().instant(&Zone::utc()).unwrap()
}

fn every(text: &str) -> Schedule {
    Schedule::every(text).unwrap().zone(paris())
}

fn before(moment: &str) -> String {
    format!(
        "zone `Europe/Paris`: the embedded table test1 begins at 2026-01-01T00:00:00Z, and {moment} is before that; \
         install the `tzdata` package or set TZDIR"
    )
}

fn is(due: &str) -> Result<String, String> {
    Ok(due.to_string())
}

#[test]
fn a_moment_before_the_beginning_has_no_explanation() {
    const LAST_YEAR: &str = "2025-12-31T08:00:00Z";
    const EIGHT: &str = "2026-01-01T08:00:00Z";
    let why = |moment: &str| {
        let cron: Cron = "0 9 * * *".parse().unwrap();
        let told = cron.why(moment.parse::<Moment>().unwrap(), &paris());
        told.map(|why| why.to_string()).map_err(|error| error.to_string())
    };
    assert_eq!(why(EIGHT), is("fires: 2026-01-01T09:00:00 matches every field"));
    assert_eq!(why("2026-01-01T01:00:00"), is("does not fire: the hour is 1, not 9"));
    for moment in ["2026-01-01T00:59:59", "2025-12-31T09:00:00", LAST_YEAR] {
        assert_eq!(why(moment), Err(before(moment)));
    }
}

#[test]
fn clock_changes_before_the_beginning_are_not_told() {
    let findings = |from: &str| {
        let lint = Dialect::DEFAULT.lint("30 2 * * *").in_zone(&paris(), at(from));
        lint.map(|finding| finding.to_string()).collect::<Vec<_>>()
    };
    let of_2026 = findings("2026-01-01T00:00:00Z");
    assert!(of_2026[0].contains("2026-03-29"), "{of_2026:?}");
    assert_eq!(findings("2024-01-01T00:00:00Z"), of_2026);

    let changes = |schedule: Schedule, from: &str| {
        let changes = schedule.clock_changes(at(from)..at("2027-01-01T00:00:00Z"), &paris());
        changes.map(|changes| changes.count()).map_err(|error| error.to_string())
    };
    const LAST_YEAR: &str = "2025-12-31T23:59:59Z";
    let half_past_two = || Schedule::cron("30 2 * * *").unwrap();
    let daily = |from: &str| every("1d").starting(from).unwrap();
    assert_eq!(changes(half_past_two(), "2026-01-01T00:00:00Z"), Ok(1));
    assert_eq!(changes(half_past_two(), LAST_YEAR), Err(before(LAST_YEAR)));
    assert_eq!(changes(daily("2026-01-01 02:30"), "2026-01-01T00:00:00Z"), Ok(1));
    for (field, moment) in [("starting `2025-12-31T02:30:00`: ", "2025-12-31T02:30:00"), ("", LAST_YEAR)] {
        let told = changes(daily(moment), "2026-01-01T00:00:00Z");
        assert_eq!(told, Err(format!("{field}{}", before(moment))));
    }
}
