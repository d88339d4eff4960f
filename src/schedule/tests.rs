//! Schedules in a zone whose data begin with the year 2026.

use super::*;

/// Clocks are changed there on the last Sundays of March and October.
fn paris() -> Zone {
    Zone::of_small_table("Europe/Paris")
}

fn at(text: &str) -> SystemTime {
    text.parse::<Moment>().unwrap().instant(&Zone::utc()).unwrap()
}

fn nine() -> Schedule {
    Schedule::cron("0 9 * * *").unwrap().zone(paris())
}

fn every(text: &str) -> Schedule {
    Schedule::every(text).unwrap().zone(paris())
}

fn first(schedule: Schedule, after: &str) -> Result<String, String> {
    let mut upcoming = schedule.upcoming(at(after)).map_err(|error| error.to_string())?;
    let due = upcoming.next().map(|due| Moment::from(due).to_string());
    due.ok_or_else(|| format!("{:?}", upcoming.error()))
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
fn with_the_clock_before_the_beginning_civil_times_are_not_scheduled() {
    const BEFORE: &str = "2025-12-31T23:59:59Z";
    const START: &str = "2026-01-01T00:00:00Z";
    assert_eq!(first(nine(), BEFORE), Err(before(BEFORE)));
    assert_eq!(first(every("1d"), BEFORE), Err(before(BEFORE)));
    assert_eq!(first(nine(), START), is("2026-01-01T08:00:00Z"));
    assert_eq!(first(every("1d"), START), is(START));
    assert_eq!(
        first(Schedule::cron("0 1 * * *").unwrap().zone(paris()), START),
        is("2026-01-02T00:00:00Z"),
        "after it, as always"
    );
    // From a later moment on it is for us to say.
    let later = || "2026-07-14T09:00:00".parse::<Moment>().unwrap();
    assert_eq!(first(nine().starting(later()).unwrap(), BEFORE), is("2026-07-15T07:00:00Z"));
    assert_eq!(first(every("1d").starting(later()).unwrap(), BEFORE), is("2026-07-14T07:00:00Z"));
    assert_eq!(first(Schedule::at(later()).unwrap().zone(paris()), BEFORE), is("2026-07-14T07:00:00Z"));
    // What does not ask a clock on the wall is as good as ever.
    assert_eq!(first(every("1h"), BEFORE), is(BEFORE));
    assert_eq!(
        first(Schedule::after(Duration::from_secs(2)).zone(paris()), BEFORE),
        is("2026-01-01T00:00:01Z")
    );
    assert_eq!(first(Schedule::at(START).unwrap().zone(paris()), BEFORE), is(START));
}

#[test]
fn civil_times_before_the_beginning_are_errors() {
    const NOW: &str = "2026-11-23T00:00:00Z";
    const CIVIL: &str = "2025-10-26T02:30:00";
    let in_field = |field: &str| Err(format!("{field} `{CIVIL}`: {}", before(CIVIL)));
    assert_eq!(first(nine().starting(CIVIL).unwrap(), NOW), in_field("starting"));
    assert_eq!(first(every("1d").starting(CIVIL).unwrap(), NOW), in_field("starting"));
    assert_eq!(first(every("1h").starting(CIVIL).unwrap(), NOW), in_field("starting"));
    assert_eq!(first(nine().until(CIVIL).unwrap(), NOW), in_field("until"));
    assert_eq!(first(Schedule::at(CIVIL).unwrap().zone(paris()), NOW), in_field("at"));
    assert_eq!(first(Schedule::at_each([CIVIL]).zone(paris()), NOW), in_field("at_each"));
    // Of an instant it depends on what is asked.
    const INSTANT: &str = "2025-10-26T02:30:00Z";
    assert_eq!(first(nine().starting(INSTANT).unwrap(), NOW), is("2026-11-23T08:00:00Z"));
    assert_eq!(first(every("1d").starting(INSTANT).unwrap(), NOW), Err(before(INSTANT)));
    assert_eq!(first(every("1h").starting(INSTANT).unwrap(), NOW), is("2026-11-22T23:30:00Z"));
    let mut iterator = Schedule::at_each([NOW, CIVIL]).zone(paris()).upcoming(at(NOW)).unwrap();
    assert_eq!(iterator.by_ref().count(), 1);
    assert_eq!(iterator.error().unwrap().to_string(), before(CIVIL));
}

#[test]
fn a_clock_that_is_set_back_brings_no_due_before_the_beginning() {
    let now = |text: &str| Now { mono: Instant::now(), wall: at(text) };
    // The last at the very beginning itself.
    let midnight = Schedule::cron("0 1 * * *").unwrap().zone(paris());
    for (schedule, due) in [
        (nine(), "2026-01-01T08:00:00Z"),
        (every("1d").starting("2026-01-01 09:00").unwrap(), "2026-01-01T08:00:00Z"),
        (midnight, "2026-01-01T00:00:00Z"),
    ] {
        let (mut timetable, _) = schedule.begin(&Zone::utc(), now("2026-11-23T00:00:00Z"), None).unwrap();
        let then = now("1970-01-01T00:00:00Z");
        let rejudged = timetable.rejudged(None, then.wall, true, then);
        assert_eq!(rejudged, Some(Rejudged::Due(Due::Calendar(at(due)))));
    }
}

#[test]
fn what_was_before_the_beginning_is_not_for_us_to_say() {
    let told = |result: Result<Option<SystemTime>, Error>| {
        result.map(|due| due.map(|due| Moment::from(due).to_string())).map_err(|error| error.to_string())
    };
    let due = |text: &str| Ok(Some(text.to_string()));
    let (last_year, eight, just_after) =
        ("2025-12-31T08:00:00Z", "2026-01-01T08:00:00Z", "2026-01-01T08:00:01Z");
    assert_eq!(told(nine().previous(at(just_after))), due(eight));
    assert_eq!(told(nine().previous(at(eight))), Err(before(last_year)));
    assert_eq!(told(nine().previous(at(last_year))), Err(before(last_year)));
    let starting = |moment: &str| nine().starting(moment).unwrap();
    assert_eq!(told(starting("2026-01-01 09:00").previous(at(just_after))), Ok(None));
    assert_eq!(told(starting("2026-01-01T00:00:00Z").previous(at(eight))), Ok(None));
    assert_eq!(
        told(starting("2025-12-31T23:00:00Z").previous(at(eight))),
        Err(before("2025-12-31T23:00:00Z"))
    );

    assert!(nine().matches(at(eight)).unwrap());
    assert_eq!(nine().matches(at(last_year)).unwrap_err().to_string(), before(last_year));
}

#[test]
fn an_instant_before_the_beginning_is_shown_in_utc() {
    let shown = |text: &str| {
        let mut shown = String::new();
        rfc3339(at(text), &paris(), &mut shown).unwrap();
        shown
    };
    assert_eq!(shown("2026-07-01T00:00:00Z"), "2026-07-01T02:00:00+02:00");
    assert_eq!(shown("2025-07-01T00:00:00Z"), "2025-07-01T00:00:00Z");
}
