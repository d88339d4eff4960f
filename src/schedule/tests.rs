//! Schedules in a zone whose data begin with the year 2026.

use proptest::prelude::*;
use proptest::sample;

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

#[test]
fn schedules_that_call_the_users_code_say_so() {
    let plain = || Schedule::cron("0 9 * * *").unwrap();
    for (schedule, is_users) in [
        (plain(), false),
        (plain().except_dates(["2026-12-24"]).unwrap(), false),
        (plain().except(|_| false), true),
        (Schedule::every("1h").unwrap(), false),
        (Schedule::every("1h").unwrap().except(|_| false), true),
        (Schedule::at("2026-12-24 18:00").unwrap(), false),
        (Schedule::at_each(["2026-12-24 18:00"]), true),
        (Schedule::at_next(|now| now.checked_add(Duration::from_secs(1))), true),
    ] {
        let name = schedule.to_string();
        let now = Now { mono: Instant::now(), wall: at("2026-11-23T00:00:00Z") };
        let (timetable, _) = schedule.begin(&Zone::utc(), now, None).unwrap();
        assert_eq!(timetable.is_users(), is_users, "{name}");
    }
}

/// A schedule of a kind, and the zones that it is in before and after a change.
fn begun(
    text: &str,
    zone: &Zone,
    from: SystemTime,
    dates: &[i64],
    moves: i64,
) -> Result<(Timetable, Option<Due>), Error> {
    let one = |text: &str| match text.strip_prefix("every ") {
        Some(period) => Schedule::every(period)?.starting(from),
        None => Schedule::cron(text),
    };
    let schedule = match text.contains('|') {
        true => Schedule::any(text.split('|').map(one).collect::<Result<Vec<_>, _>>()?),
        false => one(text)?,
    };
    let middle = zone.civil(from).unwrap().date();
    let dates: Vec<_> = dates.iter().map(|&days| middle.checked_add_days(days).unwrap()).collect();
    let schedule = if dates.is_empty() { schedule } else { schedule.except_dates(dates)? };
    let schedule = match moves {
        1 => schedule.or_next_day(),
        -1 => schedule.or_previous_day(),
        _ => schedule,
    };
    schedule.begin(zone, Now { mono: Instant::now(), wall: from }, None)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_pass_by_arithmetic_finds_what_a_walk_finds(
        text in sample::select(vec![
            "*/10 * * * *", "30 2 * * *", "0,30 1-3 * * *", "*/20 30 2,3 * * *", "15 */3 * * mon-fri", "0 9 * * fri",
            "*/5 23 * * wed,sat", "0,10,20,40 2,3 * * sat,sun", "*/6 1,2 * * tue,sun", "0,20,40 2,9 * * mon,fri",
            "0,20,40 2,9 * * mon,fri", "every 1d", "every 2d", "every 1w", "every 1d6h", "every 25m", "every 7s",
            "every 1mo", "30 2 * * *|*/20 30 2,3 * * *|0 9 * * fri", "0 * * * *|every 1d|*/10 1-3 * * *", "every 25m|every 1d6h|0 0 * * *",
            "*/5 * * * wed|*/7 * * * *",
        ]),
        rules in (0..4_usize, 0..4_usize),
        change in prop_oneof![2 => Just(None), 1 => (0..200_000_u64).prop_map(Some)],
        // Around the changes of clocks on 29 March and 25 October.
        from in prop_oneof![1_774_700_000..1_774_750_000_u64, 1_792_840_000..1_792_900_000_u64],
        length in prop_oneof![0..40_000_u64, 0..4_000_000_u64],
        dates in prop_oneof![Just(Vec::new()), proptest::collection::vec(-3..40_i64, 1..16)],
        moves in -1..=1_i64,
    ) {
        let zones = ["CET-1CEST,M3.5.0,M10.5.0/3", "UTC0", "LATE-2:30", "EARLY3DAY2,M3.5.0/-1,M10.5.0/0"];
        let zones = zones.map(|rule| Zone::from_posix(rule).unwrap());
        let (zone, other) = (&zones[rules.0], &zones[rules.1]);
        let from = SystemTime::UNIX_EPOCH + Duration::from_secs(from);
        let has_days = text.contains('|') || !text.starts_with("every") || text.contains(&['d', 'w', 'o'][..]);
        let moves = if !dates.is_empty() && has_days { moves } else { 0 };
        let (mut timetable, first) = match begun(text, zone, from, &dates, moves) {
            Ok((timetable, Some(first))) => (timetable, first),
            _ => return Ok(()),
        };
        let start = Now { mono: Instant::now(), wall: from };
        let first = match first {
            Due::Elapsed(_) => Due::Elapsed(start.mono),
            calendar => calendar,
        };
        let mut first = first;
        if let Some(change) = change {
            let at = start.after(Duration::from_secs(change));
            if let Some(Rejudged::Due(due)) = timetable.rezone(other, first, at, at.wall) {
                first = due;
            }
        }
        let to = start.after(Duration::from_secs(change.unwrap_or(0) + length));
        if !first.has_come(to) {
            return Ok(());
        }
        let (mut count, mut latest, mut before) = (1, first, None);
        let next = loop {
            match timetable.next(latest, to).unwrap() {
                Some(next) if next.has_come(to) => {
                    before = Some(std::mem::replace(&mut latest, next));
                    count += 1;
                }
                next => break next,
            }
        };
        let pass = timetable.pass(first, to, to);
        prop_assert_eq!((pass.count, pass.latest, pass.before), (count, latest, before));
        prop_assert_eq!(pass.next.unwrap(), next);
    }
}

#[test]
fn forty_years_asleep_are_counted_in_no_time() {
    let (from, forty_years) = (at("2026-01-01T00:00:00Z"), Duration::from_secs(14_610 * 86_400));
    let zone = Zone::from_posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
    // No date repeats: an hour each spring, and none each autumn, as they are shown again.
    for (text, dates, count) in [
        ("* * * * * *", vec![], 14_610 * 86_400),
        ("30 2 * * *", vec![], 14_610),
        ("30 2 * * *", vec![1, 2, 5], 14_607),
        ("every 1d", vec![], 14_611),
        ("every 1s", vec![1], 14_609 * 86_400 + 1),
    ] {
        let (mut timetable, first) = begun(text, &zone, from, &dates, 0).unwrap();
        let start = Now { mono: Instant::now(), wall: from };
        let to = start.after(forty_years);
        let pass = timetable.pass(first.unwrap(), to, to);
        assert_eq!(pass.count, count, "{text}");
    }
}

#[test]
fn days_that_become_one_when_clocks_skip_a_day_are_counted_once() {
    // From midnight of 29 March on it is the 30th, and both dates begin then.
    let zone = Zone::from_posix("WEST12EAST-12,M3.5.0/0,M10.5.0/0").unwrap();
    let from = "2026-03-01T00:00:00".parse::<Moment>().unwrap().instant(&zone).unwrap();
    for (days, count) in [(20, 21), (27, 28), (28, 29), (29, 30), (60, 61)] {
        let (mut timetable, first) = begun("every 1d", &zone, from, &[], 0).unwrap();
        let start = Now { mono: Instant::now(), wall: from };
        let to = start.after(Duration::from_secs(days * 86_400));
        assert_eq!(timetable.pass(first.unwrap(), to, to).count, count, "{days}");
    }
}

/// What is waited for after a change of zone at a time, in UTC.
fn rezoned(
    (mut timetable, first): (Timetable, Option<Due>),
    to: &str,
    at: SystemTime,
    shown: SystemTime,
) -> (Timetable, String) {
    let now = Now { mono: Instant::now(), wall: at };
    let rejudged = timetable.rezone(&Zone::from_posix(to).unwrap(), first.unwrap(), now, shown);
    let due = match rejudged {
        Some(Rejudged::Due(due)) => due.calendar(),
        _ => first.and_then(Due::calendar),
    };
    (timetable, Moment::from(due.unwrap()).to_string())
}

#[test]
fn a_change_of_zone_keeps_what_has_moved_from_a_date_before_it() {
    // The first is at 09:00 in UTC, and moves to the next day.
    let zone = Zone::utc();
    let from = at("2026-11-22T09:00:00Z");
    for (text, due) in [("every 2d", "2026-11-23T11:00:00Z"), ("every 1d6h", "2026-11-23T11:00:00Z")] {
        let begun = begun(text, &zone, from, &[0], 1).unwrap();
        assert_eq!(begun.1, Some(Due::Calendar(at("2026-11-23T09:00:00Z"))));
        let noon = at("2026-11-22T12:00:00Z");
        assert_eq!(rezoned(begun, "WEST2", noon, noon).1, due, "{text}");
    }
}

#[test]
fn what_a_zone_shows_a_second_time_is_not_due_again_in_another_one() {
    let zone = Zone::from_posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
    let begun = || begun("30 2,3 * * *", &zone, at("2026-10-25T00:31:00Z"), &[], 0).unwrap();
    // In the second pass, at 02:10. The clock of the other zone shows the same.
    let change = at("2026-10-25T01:10:00Z");
    assert_eq!(rezoned(begun(), "SAME-1", change, change).1, "2026-10-25T02:30:00Z");
    // An hour more was shown before the clock was set back: 03:30 was, too.
    let shown = at("2026-10-25T02:40:00Z");
    assert_eq!(rezoned(begun(), "SAME-1", change, shown).1, "2026-10-26T01:30:00Z");
    // Over three hours are a correction.
    assert_eq!(rezoned(begun(), "FAR3", change, shown).1, "2026-10-25T05:30:00Z");
}

#[test]
fn occurrences_that_wait_are_counted_by_the_bounds_of_the_zone_before() {
    let schedule = Schedule::cron("0 * * * *").unwrap().starting("2026-11-22 10:30").unwrap();
    let start = Now { mono: Instant::now(), wall: at("2026-11-22T10:00:00Z") };
    let (mut timetable, first) = schedule.begin(&Zone::utc(), start, None).unwrap();
    let change = start.after(Duration::from_secs(4 * 3600 + 60));
    // 14:01 becomes 12:01, and what begins at 10:30 has begun before.
    let zone = Zone::from_posix("WEST2").unwrap();
    assert_eq!(timetable.rezone(&zone, first.unwrap(), change, change.wall), None);
    let pass = timetable.pass(first.unwrap(), change, change);
    assert_eq!((pass.count, pass.next.unwrap()), (4, Some(Due::Calendar(at("2026-11-22T15:00:00Z")))));
}

#[test]
fn a_task_keeps_of_the_words_only_what_the_schedule_does_not_say_itself() {
    let schedules: Vec<(bool, fn() -> Schedule)> = vec![
        (false, || Schedule::cron("0 9 * * mon-fri").unwrap()),
        (false, || Schedule::every("1h30m").unwrap()),
        (false, || Schedule::every("1w2d").unwrap()),
        (false, || Schedule::every("2mo").unwrap()),
        (false, || Schedule::every_after_end("90s").unwrap()),
        (false, || Schedule::at("2026-12-31 23:59:30").unwrap()),
        (false, || Schedule::at("2026-12-31T23:59:30.25Z").unwrap()),
        (false, || Schedule::after(Duration::from_secs(90))),
        (true, || Schedule::every("1h").unwrap().starting("2026-11-22 09:00").unwrap()),
        (true, || Schedule::every("1h").unwrap().times(3)),
        (true, || Schedule::cron("0 9 * * *").unwrap().except(|_| false)),
        (true, || {
            Schedule::any([Schedule::cron("0 9 * * *").unwrap(), Schedule::cron("1 9 * * *").unwrap()])
        }),
        (true, || Schedule::at_next(|now| Some(now + Duration::from_secs(1)))),
    ];
    let now = Now { mono: Instant::now(), wall: at("2026-11-22T10:00:00Z") };
    for (is_kept, schedule) in schedules {
        let words = schedule().words();
        let (mut timetable, first) = schedule().begin(&paris(), now, None).unwrap();
        timetable.rezone(&Zone::utc(), first.unwrap(), now, now.wall);
        let kept = timetable.words_to_keep(words.clone());
        assert_eq!(kept.is_some(), is_kept, "{words}");
        let found = kept.map(Words::With).or_else(|| timetable.words()).unwrap();
        assert_eq!(found.to_string(), words.to_string());
    }
}

#[test]
fn what_moves_to_after_the_beginning_is_due_from_wherever_one_asks() {
    // 5 December 2026 is a Saturday. What moves to Friday at 09:00 would be before the beginning.
    let schedule = || {
        let schedule = Schedule::cron("0 9,16 * * sat").unwrap().starting("2026-12-04 12:00").unwrap();
        schedule.except_dates(["2026-12-05"]).unwrap().or_previous_day().zone(Zone::utc())
    };
    for from in
        ["2026-11-01T00:00:00Z", "2026-12-03T00:00:00Z", "2026-12-04T08:59:59Z", "2026-12-04T13:00:00Z"]
    {
        assert_eq!(first(schedule(), from).unwrap(), "2026-12-04T16:00:00Z", "{from}");
    }
    assert_eq!(first(schedule(), "2026-12-04T16:00:00Z").unwrap(), "2026-12-12T09:00:00Z");
}

#[test]
fn a_time_alone_is_found_where_today_and_tomorrow_were_shown_already() {
    // The clocks go back from 00:01 to 23:01, so 00:00:30 of the next day has been shown.
    let zone = Zone::from_posix("NST3:30NDT,M3.2.0/0:01,M11.1.0/0:01").unwrap();
    let now = at("2010-11-07T03:01:00Z");
    assert_eq!(zone.civil(now).unwrap().to_string(), "2010-11-06T23:31:00");
    let time = "00:00:30".parse::<Moment>().unwrap();
    assert_eq!(time.dated(now, &zone).unwrap().to_string(), "2010-11-08T00:00:30");
    let earlier = at("2010-11-07T02:00:00Z");
    assert_eq!(time.dated(earlier, &zone).unwrap().to_string(), "2010-11-07T00:00:30");
}
