//! Times that are left out, and moved to the next day.

mod elapsed;
mod moved_time;

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use sexton::civil::{Date, DateTime, Time, Weekday};
use sexton::tz::{Instants, Zone};
use sexton::{Cron, Overlap, Schedule};

use crate::stage::*;
use crate::zones::{self, system_time};

/// The dues of a schedule after a civil time of its zone, as civil times.
#[track_caller]
fn dues(schedule: Schedule, zone: &Zone, after: &str, count: usize) -> Vec<String> {
    let after = moment(after).instant(zone).unwrap();
    let upcoming = schedule.zone(zone.clone()).upcoming(after).unwrap();
    upcoming.take(count).map(|due| zone.civil(due).unwrap().to_string()).collect()
}

#[test]
fn what_would_move_by_more_than_a_year_is_left_out() {
    let closed = |days: i64| {
        let first: Date = "2027-01-01".parse().unwrap();
        let dates = (0..days).map(move |i| first.checked_add_days(i).unwrap());
        let schedule = Schedule::cron("0 0 9 1 1 * 2027").unwrap().except_dates(dates).unwrap().or_next_day();
        let after = moment("2026-12-01 00:00").instant(&Zone::utc()).unwrap();
        schedule.zone(Zone::utc()).upcoming(after).map(|upcoming| upcoming.collect::<Vec<_>>())
    };
    let second_of_january = moment("2028-01-02 09:00").instant(&Zone::utc()).unwrap();
    assert_eq!(closed(366).unwrap(), [second_of_january]);
    assert!(closed(367).is_err(), "nothing is left of it");
}

#[test]
fn holidays_are_left_out_or_moved() {
    let holidays = ["2026-12-24", "2026-12-25", "2026-12-28", "2027-01-01"];
    let report = || Schedule::cron("0 9 * * mon-fri").unwrap().except_dates(holidays).unwrap();
    let berlin = zones::zone("Europe/Berlin");
    assert_eq!(
        dues(report(), &berlin, "2026-12-23 09:00", 4),
        ["2026-12-29T09:00:00", "2026-12-30T09:00:00", "2026-12-31T09:00:00", "2027-01-04T09:00:00"]
    );
    // Christmas Day's goes to Saturday, which is allowed; Monday's to Tuesday, where one is due anyway.
    assert_eq!(
        dues(report().or_next_day(), &berlin, "2026-12-23 09:00", 4),
        ["2026-12-26T09:00:00", "2026-12-29T09:00:00", "2026-12-30T09:00:00", "2026-12-31T09:00:00"]
    );
    let not_at_weekends = report().except(is_weekend).or_next_day();
    assert_eq!(
        dues(not_at_weekends, &berlin, "2026-12-23 09:00", 2),
        ["2026-12-29T09:00:00", "2026-12-30T09:00:00"]
    );
    let stated = report().except(is_weekend).or_next_day().starting("2026-12-01 00:00").unwrap().to_string();
    assert_eq!(
        stated,
        "cron 0 9 * * mon-fri except 4 dates and some times or the next day starting 2026-12-01T00:00:00"
    );
    assert_eq!(
        Schedule::cron("@daily").unwrap().except(|_| false).to_string(),
        "cron 0 0 * * * except some times"
    );
    let one: [Date; 1] = ["2026-12-24".parse().unwrap()];
    let one = Schedule::every("1d").unwrap().except_dates(one).unwrap().jitter(Duration::from_secs(60));
    assert_eq!(one.to_string(), "every 1d except 1 date jitter 60s");
}

fn is_weekend(time: DateTime) -> bool {
    matches!(time.date().weekday(), Weekday::Saturday | Weekday::Sunday)
}

#[test]
fn what_makes_no_sense_is_an_error_that_says_why() {
    let stage = Stage::at("2026-11-22 10:00:00");
    let task = || stage.scheduler.task("t");
    let soon = SystemTime::UNIX_EPOCH;
    let wrong = [
        task().cron("@daily").except_dates(["2026-12-25", "tomorrow"]).run(|| {}),
        task().cron("@daily").or_next_day().run(|| {}),
        task().cron("@daily").except(is_weekend).or_next_day().run(|| {}),
        task().every("90m").except_dates(["2026-12-25"]).or_next_day().run(|| {}),
        task().after(HOUR).except(is_weekend).run(|| {}),
        task().at(soon).except_dates(["2026-12-25"]).run(|| {}),
        task().at_each([soon]).except_dates(["2026-12-25"]).run(|| {}),
        task().at_next(|_| None).except(is_weekend).run(|| {}),
        task().cron("@daily").except(|_| true).run(|| {}),
        task().every("8760h").except(|_| true).run(|| {}),
        task().cron("@daily").except(|_| panic!("oh no")).run(|| {}),
        task().cron("0 0 0 25 12 ? 2026-2027").except_dates(["2026-12-25", "2027-12-25"]).run(|| {}),
    ];
    let wrong: Vec<String> = wrong.into_iter().map(|wrong| wrong.unwrap_err().to_string()).collect();
    let nothing = "leaves out ten thousand times in a row and then the first of each hour for eight years, \
                   a million times and over a year, or all up to the year 9999: nothing is due any more";
    assert_eq!(
        wrong,
        [
            "task `t`: except_dates `tomorrow`: year: found `t` at byte 0, expected 0001-9999",
            "task `t`: or_next_day: found no dates to move, expected dates from `except_dates`; what `except` leaves out does not move",
            "task `t`: or_next_day: found no dates to move, expected dates from `except_dates`; what `except` leaves out does not move",
            "task `t`: or_next_day: goes with `cron` and periods of days only; elapsed time knows no days",
            "task `t`: except: goes with `cron`, `every` and `any` only; other schedules say themselves when they are due",
            "task `t`: except_dates: goes with `cron`, `every` and `any` only; other schedules say themselves when they are due",
            "task `t`: except_dates: goes with `cron`, `every` and `any` only; other schedules say themselves when they are due",
            "task `t`: except: goes with `cron`, `every` and `any` only; other schedules say themselves when they are due",
            &format!("task `t`: except: {nothing}"),
            &format!("task `t`: except: {nothing}"),
            "task `t`: except: panicked: oh no",
            "task `t`: cron `0 0 0 25 dec * 2026,2027` except 2 dates is not due any more",
        ]
    );
}

#[test]
fn what_is_left_out_is_neither_run_nor_missed() {
    let stage = Stage::at("2026-11-22 10:00:00");
    let task = stage.scheduler.task("t").cron("*/30 * * * *").except(|time| time.time().hour() % 2 == 1);
    let task = task.run(|| {}).unwrap();
    stage.clock.advance(90 * MINUTE);
    assert_eq!(time(task.next_due().unwrap()), "12:00:00");
    stage.clock.advance(150 * MINUTE);
    assert_eq!(stage.lines(), ["t 10:30:00", "t 12:00:00", "t 12:30:00", "t 14:00:00"]);
    // Asleep over 14:30, 16:00 and 16:30, of which the run stands for the last.
    stage.clock.suspend(179 * MINUTE);
    stage.clock.advance(Duration::ZERO);
    let lines = stage.lines();
    assert_eq!(
        lines[1..],
        ["t missed 2 until 16:00:00: nothing could start it in time", "t 16:30:00"],
        "{lines:?}"
    );
    task.pause().unwrap();
    stage.clock.advance(6 * HOUR);
    task.resume().unwrap();
    stage.clock.advance(2 * HOUR);
    let lines = stage.lines();
    let expected = ["t missed 6 until 22:30:00: paused", "t 2026-11-23T00:00:00Z", "t 2026-11-23T00:30:00Z"];
    assert_eq!(lines[2..], expected, "{lines:?}");
}

#[test]
fn missed_days_count_only_those_that_are_due() {
    let stage = Stage::at("2026-11-20 10:00:00"); // a Friday
    let task = stage.scheduler.task("t").every("1d").starting("2026-11-20 09:00");
    task.except(is_weekend).except_dates(["2026-11-24"]).run(|| {}).unwrap();
    stage.clock.advance(Duration::ZERO);
    assert_eq!(stage.lines(), ["t 2026-11-20T09:00:00Z"], "what came of the anchor");
    stage.clock.suspend(5 * DAY);
    stage.clock.advance(Duration::ZERO);
    let lines = stage.lines();
    assert_eq!(lines[1..], ["t missed 2 until 2026-11-25T09:00:00Z: the clock was corrected"], "{lines:?}");
}

#[test]
fn elapsed_time_is_judged_by_the_wall_clock_when_it_has_come() {
    let stage = Stage::at("2026-11-22 10:00:00");
    let task = stage.scheduler.task("t").every("1h").except_dates(["2026-11-23"]);
    let task = task.run(|| {}).unwrap();
    stage.clock.advance(12 * HOUR);
    assert_eq!(stage.lines().len(), 13);
    // Its due comes an hour of elapsed time later; the wall clock has gone on to the excluded date meanwhile.
    stage.clock.step(4 * HOUR);
    stage.clock.advance(22 * HOUR);
    assert_eq!(stage.lines(), ["the clock was stepped 4h forward", "t 2026-11-24T00:00:00Z"]);
    assert_eq!(time(task.next_due().unwrap()), "2026-11-24T01:00:00Z");
    // Half a second, over a day that is left out: found at once.
    let task =
        stage.scheduler.task("dense").every("0.4s").except_dates(["2026-11-24", "2026-11-25"]).run(|| {});
    assert_eq!(time(task.unwrap().next_due().unwrap()), "2026-11-26T00:00:00Z");
}

#[test]
fn a_period_of_a_thousand_years_keeps_its_grid() {
    let (period, utc) = (Duration::from_secs(9_636_000 * 3600), Zone::utc());
    let start = moment("2026-11-22 12:00").instant(&utc).unwrap();
    for (year, steps) in [(3000, 1), (4000, 2)] {
        let schedule = Schedule::every(period).unwrap().except(move |time| time.date().year() < year);
        let first = schedule.zone(utc.clone()).upcoming(start).unwrap().next();
        assert_eq!(first, Some(start + period * steps));
    }
}

#[test]
fn a_run_of_seconds_over_a_month_that_is_left_out_is_found_at_once() {
    let zone = zones::zone("America/New_York");
    let first: Date = "2026-03-01".parse().unwrap();
    let march: Vec<Date> = (0..31).map(|days| first.checked_add_days(days).unwrap()).collect();
    let seconds = |moves: bool| {
        let schedule = Schedule::cron("* * * * * *").unwrap().except_dates(march.clone()).unwrap();
        if moves {
            schedule.or_next_day()
        } else {
            schedule
        }
    };
    let expected = ["2026-02-28T23:59:59", "2026-04-01T00:00:00", "2026-04-01T00:00:01"];
    for moves in [false, true] {
        assert_eq!(dues(seconds(moves), &zone, "2026-02-28 23:59:58", 3), expected);
        assert_eq!(dues(seconds(moves), &zone, "2026-03-08 04:00:00", 2), expected[1..]);
    }
    let many = seconds(true).zone(zone.clone()).upcoming(moment("2026-04-01 10:00").instant(&zone).unwrap());
    assert_eq!(many.unwrap().take(10_000).count(), 10_000);
}

#[test]
fn however_much_is_left_out_questions_come_to_an_end() {
    let zone = zones::zone("America/New_York");
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = |is_left_out: fn(DateTime) -> bool| {
        let asked = asked.clone();
        move |time| {
            asked.fetch_add(1, Ordering::Relaxed);
            is_left_out(time)
        }
    };
    // All but one minute of a year is more than a million of half minutes, and no mistake.
    let is_not_new_year = |time: DateTime| {
        let (date, time) = (time.date(), time.time());
        (date.month(), date.day(), time.hour(), time.minute()) != (1, 1, 0, 0)
    };
    let new_year =
        || Schedule::cron("*/30 * * * * *").unwrap().except(counted(is_not_new_year)).zone(zone.clone());
    let expected = ["2027-01-01T00:00:00", "2027-01-01T00:00:30"];
    assert_eq!(dues(new_year(), &zone, "2026-01-01 00:01", 2), expected);
    assert!(asked.load(Ordering::Relaxed) > 1_000_000);
    // Nobody holds their caller up for long.
    let schedules = [
        Schedule::cron("* * * * *").unwrap(),
        Schedule::cron("@daily").unwrap().except_dates(["1970-01-01"]).unwrap().or_next_day(),
        Schedule::every("1m").unwrap(),
    ];
    for schedule in schedules {
        asked.store(0, Ordering::Relaxed);
        let text = schedule.to_string();
        let schedule = schedule.except(counted(|_| true)).zone(zone.clone());
        let error = schedule.upcoming(SystemTime::UNIX_EPOCH).unwrap_err().to_string();
        assert!(error.ends_with("nothing is due any more"), "{text}: {error}");
        let asked = asked.load(Ordering::Relaxed);
        assert!((10_000..100_000).contains(&asked), "{text}: {asked} questions");
    }
}

#[test]
fn a_test_that_panics_ends_the_schedule() {
    let stage = Stage::at("2026-11-22 10:00:00");
    let task = stage.scheduler.task("t").cron("0 * * * *");
    task.except(|time| if time.time().hour() == 12 { panic!("no noon") } else { false }).run(|| {}).unwrap();
    stage.clock.advance(3 * HOUR);
    assert_eq!(
        stage.lines(),
        ["task `t` ends, as its schedule failed: except: panicked: no noon", "t 11:00:00", "t ended"]
    );
    assert!(stage.scheduler.tasks().is_empty());
}

#[test]
fn a_due_that_nobody_can_say_is_left_out_is_reported() {
    let stage = Stage::at("2026-11-22 10:00:00");
    let is_broken = Arc::new(AtomicBool::new(false));
    let breaks = is_broken.clone();
    let task = stage.scheduler.task("t").cron("0 * * * *").except(move |_| {
        assert!(!breaks.load(Ordering::Relaxed), "broken");
        false
    });
    task.run(|| {}).unwrap();
    is_broken.store(true, Ordering::Relaxed);
    stage.clock.advance(HOUR);
    assert_eq!(
        stage.lines(),
        [
            "t missed 1 until 11:00:00: nothing could start it in time",
            "task `t` ends, as its schedule failed: except: panicked: broken",
            "t ended"
        ]
    );
}

#[test]
fn a_test_may_use_the_scheduler_even_when_the_clock_goes_back() {
    must_end("a test that asks the scheduler", || {
        for moves in [false, true] {
            let stage = Stage::at("2026-11-22 10:00:00");
            let (scheduler, asked) = (stage.scheduler.clone(), Arc::new(AtomicUsize::new(0)));
            let counted = asked.clone();
            let task = stage.scheduler.task("t").cron("*/10 * * * *").except(move |time| {
                counted.fetch_add(scheduler.tasks().len(), Ordering::Relaxed);
                time.time().hour() == 9
            });
            let task = if moves { task.except_dates(["2026-11-21"]).or_next_day() } else { task };
            let task = task.run(|| {}).unwrap();
            stage.clock.advance(15 * MINUTE);
            assert_eq!(stage.lines(), ["t 10:10:00"]);
            let before = asked.load(Ordering::Relaxed);
            // Back into the hour that is left out, and on by the new time.
            stage.clock.step_back(20 * MINUTE);
            stage.clock.advance(Duration::ZERO);
            assert!(asked.load(Ordering::Relaxed) > before);
            assert_eq!(time(task.next_due().unwrap()), "10:00:00");
            stage.clock.advance(15 * MINUTE);
            assert_eq!(stage.lines()[1..], ["t 10:00:00", "t 10:10:00"]);
            // A correction, and while it is held.
            task.pause().unwrap();
            stage.clock.step_back(4 * HOUR);
            stage.clock.advance(Duration::ZERO);
            assert_eq!(time(task.next_due().unwrap()), "06:20:00");
            task.resume().unwrap();
            stage.clock.advance(10 * MINUTE);
            assert_eq!(stage.lines()[3..], ["t 06:20:00"]);
            task.cancel().unwrap();
        }
    });
}

#[test]
fn a_clock_set_back_during_a_run_is_followed_after_it() {
    let stage = Stage::at("2026-11-22 10:00:00");
    let (clock, is_first) = (stage.clock.clone(), AtomicBool::new(true));
    let task = stage.scheduler.task("t").cron("*/10 * * * *").except(|time| time.time().minute() == 0);
    let slow_once = move || {
        if is_first.swap(false, Ordering::Relaxed) {
            clock.step_back(11 * MINUTE);
        }
    };
    let task = task.overlap(Overlap::Queue).run(slow_once).unwrap();
    stage.clock.advance(10 * MINUTE);
    // It is 09:59, and 10:00 is left out.
    stage.clock.advance(MINUTE / 2);
    assert_eq!(time(task.next_due().unwrap()), "10:10:00");
    stage.clock.advance(11 * MINUTE);
    let lines = stage.lines();
    let runs: Vec<_> = lines.iter().filter(|line| line.starts_with("t ")).collect();
    assert_eq!(runs, ["t 10:10:00", "t 10:10:00"], "{lines:?}");
}

#[test]
fn what_is_left_out_by_now_is_not_run() {
    let stage = Stage::at("2026-11-22 10:00:00");
    let holidays = Arc::new(Mutex::new(BTreeSet::<Date>::new()));
    let known = holidays.clone();
    let task = stage
        .scheduler
        .task("t")
        .cron("0 9 * * *")
        .except(move |time| known.lock().unwrap().contains(&time.date()));
    task.run(|| {}).unwrap();
    stage.clock.advance(12 * HOUR);
    holidays.lock().unwrap().insert("2026-11-23".parse().unwrap());
    stage.clock.advance(3 * DAY);
    assert_eq!(stage.lines(), ["t 2026-11-24T09:00:00Z", "t 2026-11-25T09:00:00Z"]);
}

#[test]
fn a_period_of_days_moves_as_well_and_keeps_its_grid() {
    let berlin = zones::zone("Europe/Berlin");
    let fortnight = || Schedule::every("2w").unwrap().starting("2026-01-05 09:00").unwrap();
    let monday = ["2026-04-06"]; // Easter Monday
    let moved = fortnight().except_dates(["2026-03-30", monday[0], "2026-04-13"]).unwrap().or_next_day();
    assert_eq!(
        dues(moved, &berlin, "2026-03-29 12:00", 4),
        ["2026-03-16T09:00:00", "2026-03-31T09:00:00", "2026-04-14T09:00:00", "2026-04-27T09:00:00"]
    );
    let left_out = fortnight().except_dates(["2026-03-30"]).unwrap();
    assert_eq!(
        dues(left_out, &berlin, "2026-03-15 09:00", 3),
        ["2026-03-02T09:00:00", "2026-03-16T09:00:00", "2026-04-13T09:00:00"]
    );
    // Started when the last due is a moved one: that one comes of the anchor.
    let moved = fortnight().except_dates(["2026-03-30"]).unwrap().or_next_day();
    assert_eq!(dues(moved, &berlin, "2026-04-02 12:00", 2), ["2026-03-31T09:00:00", "2026-04-13T09:00:00"]);
    // Twelve hours later each time: what is left out goes to its own time of day.
    let mixed = Schedule::every("1d12h").unwrap().starting("2026-11-22 00:00").unwrap();
    let mixed = mixed.except_dates(["2026-11-23"]).unwrap().or_next_day();
    assert_eq!(
        dues(mixed, &Zone::utc(), "2026-11-21 00:00", 3),
        ["2026-11-22T00:00:00", "2026-11-24T12:00:00", "2026-11-25T00:00:00"]
    );
}

#[test]
fn a_moved_occurrence_that_a_closure_leaves_out_is_left_out_for_good() {
    // On the 8th, which is listed, at nine and at five. The closure leaves out the one that moves to nine on the 9th.
    let zone = zones::zone("Europe/Dublin");
    let schedule = || {
        let schedule = Schedule::cron("0 9,17 * * mon,wed").unwrap().except_dates(["2026-04-08"]).unwrap();
        schedule.except(|time| time.time().hour() == 9 && time.date().day() == 9).or_next_day()
    };
    assert_eq!(
        dues(schedule(), &zone, "2026-04-06 12:00", 3),
        ["2026-04-06T17:00:00", "2026-04-09T17:00:00", "2026-04-13T09:00:00"]
    );
    let instant = |text: &str| moment(text).instant(&zone).unwrap();
    let asked = schedule().zone(zone.clone());
    assert!(asked.matches(instant("2026-04-09 17:00")).unwrap());
    assert!(!asked.matches(instant("2026-04-09 09:00")).unwrap());
    assert_eq!(asked.previous(instant("2026-04-13 09:00")).unwrap(), Some(instant("2026-04-09 17:00")));
}

#[test]
fn the_only_occurrence_is_found_days_before_its_own_date() {
    let only =
        Schedule::cron("0 0 9 1 6 ? 2030").unwrap().except_dates(["2030-05-31", "2030-06-01"]).unwrap();
    let only = only.or_previous_day().zone(Zone::utc());
    let instant = |text: &str| moment(text).instant(&Zone::utc()).unwrap();
    let due = instant("2030-05-30 09:00");
    assert_eq!(only.previous(instant("2030-05-30 10:00")).unwrap(), Some(due));
    assert_eq!(only.previous(due).unwrap(), None);
}

#[test]
fn what_a_closure_leaves_out_does_not_move() {
    let schedule = Schedule::cron("0 9 * * fri").unwrap().except_dates(["2026-11-20"]).unwrap();
    let schedule = schedule.except(|time| time.date().day() == 27).or_next_day();
    assert_eq!(
        dues(schedule, &Zone::utc(), "2026-11-16 12:00", 2),
        ["2026-11-21T09:00:00", "2026-12-04T09:00:00"]
    );
}

#[test]
fn an_occurrence_that_moves_to_a_date_that_clocks_skip_is_due_when_they_have() {
    // Samoa had no 30 December: its 01:30 is the beginning of the 31st.
    let apia = zones::zone("Pacific/Apia");
    let schedule = |dates: &[&'static str]| {
        let schedule = Schedule::every("2d").unwrap().starting("2011-12-27 01:30").unwrap();
        dues(schedule.except_dates(dates.to_vec()).unwrap().or_next_day(), &apia, "2011-12-28 12:00", 3)
    };
    assert_eq!(
        schedule(&["2011-12-29"]),
        ["2011-12-27T01:30:00", "2011-12-31T00:00:00", "2011-12-31T01:30:00"]
    );
    // A listed date is left out, whether clocks show it or not.
    assert_eq!(
        schedule(&["2011-12-29", "2011-12-30"]),
        ["2011-12-27T01:30:00", "2011-12-31T01:30:00", "2012-01-02T01:30:00"]
    );
}

#[test]
fn every_other_monday_is_on_one_grid_whenever_the_process_starts() {
    let new_york = zones::zone("America/New_York");
    let first: DateTime = "2026-01-05 09:00".parse().unwrap();
    let expected = |weeks: i64| first.checked_add_seconds(weeks * 14 * 86_400).unwrap().to_string();
    let fortnight = || Schedule::every("2w").unwrap().starting("2026-01-05 09:00").unwrap();
    let four_years = dues(fortnight(), &new_york, "2026-01-01 00:00", 105);
    assert_eq!(four_years, (0..105).map(expected).collect::<Vec<_>>());
    for start in
        ["2026-01-05 09:01", "2026-03-08 02:30", "2027-06-15 12:00", "2031-11-02 01:30", "2099-12-31 23:59"]
    {
        let dues = dues(fortnight(), &new_york, start, 3);
        let start: DateTime = start.parse().unwrap();
        let last =
            (0..).map(expected).take_while(|due| due.parse::<DateTime>().unwrap() <= start).count() as i64;
        assert_eq!(dues, (last - 1..last + 2).map(expected).collect::<Vec<_>>(), "from {start} on");
    }
    // Nine days, over the gap of 8 March.
    let nine_days = Schedule::every("1w2d").unwrap().starting("2026-02-27 02:30").unwrap();
    assert_eq!(
        dues(nine_days, &new_york, "2026-02-26 00:00", 3),
        ["2026-02-27T02:30:00", "2026-03-08T03:00:00", "2026-03-17T02:30:00"]
    );
}

/// The set of occurrences by definition, between two instants: those without an exception, less what dates leave out, with
/// that on the next open date where it moves (or the last one before, with -1); and of these all that closures do not leave out. `meant_for` gives the civil
/// time that an occurrence is meant for, if it moves.
fn by_definition(
    raw: impl Iterator<Item = i64>,
    zone: &Zone,
    outs: &Outs,
    meant_for: Option<&dyn Fn(i64) -> DateTime>,
    direction: i64,
    range: Range<i64>,
) -> BTreeSet<i64> {
    let mut dues = BTreeSet::new();
    for due in raw.take_while(|&due| due < range.end + if direction < 0 { 368 * 86_400 } else { 0 }) {
        let date = civil(zone, due).date();
        match meant_for {
            _ if !outs.list(date) => {
                dues.insert(due);
            }
            Some(meant_for) => {
                let time = meant_for(due).time();
                let days = (1..=366).map(|days| date.checked_add_days(direction * days).unwrap());
                dues.extend(days.filter(|&date| !outs.list(date)).find_map(|date| {
                    let instant = unix(zone.instants(date.at(time)).unwrap().due());
                    Some(instant).filter(|&instant| !outs.list(civil(zone, instant).date()))
                }));
            }
            None => {}
        }
    }
    dues.into_iter().filter(|due| range.contains(due) && !outs.filter(civil(zone, *due))).collect()
}

/// The civil time that a fire is for: at the end of a gap, the first that was skipped.
fn meant_for(cron: &Cron, zone: &Zone, due: i64) -> DateTime {
    let shown = civil(zone, due);
    let skipped = |civil: &DateTime| {
        cron.matches(*civil)
            && matches!(zone.instants(*civil), Some(Instants::Gap { end, .. }) if unix(end) == due)
    };
    match cron.matches(shown) {
        true => shown,
        // No gap is longer than a day.
        false => (0..=86_400)
            .rev()
            .step_by(60)
            .map(|ago| shown.checked_add_seconds(-ago - i64::from(shown.time().second())).unwrap())
            .find(skipped)
            .unwrap(),
    }
}

fn civil(zone: &Zone, at: i64) -> DateTime {
    zone.civil(system_time(at)).unwrap()
}

fn moment_of(civil: DateTime, zone: &Zone) -> SystemTime {
    zone.instants(civil).unwrap().due()
}

fn unix(instant: SystemTime) -> i64 {
    instant.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() as i64
}

const CRONS: [&str; 17] = [
    "0 9 25 * *",
    "30 2 * * *",
    "0 9 * * mon",
    "0,30 2,3 * * *",
    "*/15 1-4 * * *",
    "0 0 * * *",
    "30 1 * * *",
    "30 * * * *",
    "0 12 * * *",
    "0,30 2 * * sun",
    "0 */2 * * *",
    "15,45 9,17 * * mon,wed,sat",
    "30 1,2 1,8,30,31 * *",
    "45 23 * * *",
    "*/20 * * * fri",
    "30 23 * * sat",
    "*/30 * 1,10 * *",
];

/// A zone, and an instant near a change of it.
const PLACES: [(&str, i64); 10] = [
    ("America/New_York", 1_772_953_200),
    ("America/New_York", 1_793_512_800),
    ("Australia/Lord_Howe", 1_790_953_200),
    ("Africa/Cairo", 1_776_981_600),
    ("Pacific/Apia", 1_325_239_200),
    ("Europe/Dublin", 1_774_746_000),
    ("America/St_Johns", 1_300_000_000),
    // From a minute past midnight back to the day before.
    ("America/St_Johns", 1_289_097_060),
    ("Asia/Kolkata", 1_795_341_600),
    ("Africa/Cairo", 1_793_307_600),
];

fn place(place: usize) -> (Zone, i64) {
    let (name, at) = PLACES[place];
    (zones::zone(name), at)
}

#[derive(Clone, Debug)]
enum Out {
    Dates(Vec<i64>),
    Weekend,
    /// Some hours, on dates that are so many days before or after the middle.
    Hours(u8, u8, Vec<i64>),
    /// By lot, one in so many.
    Lot(u64),
}

fn outs() -> impl Strategy<Value = Vec<Out>> {
    let dates = || proptest::collection::vec(-12..12_i64, 0..12);
    let out = prop_oneof![
        4 => dates().prop_map(Out::Dates),
        1 => (-40..10_i64, 10..50_i64).prop_map(|(from, to)| Out::Dates((from..to).collect())),
        1 => Just(Out::Weekend),
        1 => (0..24_u8, 0..24_u8, dates()).prop_map(|(from, to, dates)| Out::Hours(from, to, dates)),
        1 => (2..6_u64).prop_map(Out::Lot),
    ];
    proptest::collection::vec(out, 1..3)
}

/// What is left out around a date.
struct Outs<'a> {
    outs: &'a [Out],
    middle: Date,
}

impl Outs<'_> {
    /// Whether a list has this date.
    fn list(&self, date: Date) -> bool {
        self.outs.iter().any(|out| matches!(out, Out::Dates(dates) if is_on(dates, self.middle, date)))
    }

    /// Whether a closure leaves it out.
    fn filter(&self, time: DateTime) -> bool {
        self.outs.iter().any(|out| is_filtered(out, self.middle, time))
    }
}

fn is_on(dates: &[i64], middle: Date, date: Date) -> bool {
    dates.iter().any(|&days| middle.checked_add_days(days) == Some(date))
}

fn is_filtered(out: &Out, middle: Date, time: DateTime) -> bool {
    match out {
        Out::Dates(_) => false,
        Out::Weekend => is_weekend(time),
        Out::Hours(from, to, dates) => {
            (*from..=*to).contains(&time.time().hour()) && is_on(dates, middle, time.date())
        }
        Out::Lot(lot) => {
            let number = u64::from(time.date().day()) * 7 + u64::from(time.time().hour()) * 31;
            (number + u64::from(time.time().minute()) * 3 + u64::from(time.date().month())) % lot != 0
        }
    }
}

/// `moves` is 1 to the next day, -1 to the previous one.
fn with_outs(mut schedule: Schedule, outs: &[Out], middle: Date, moves: i64) -> Schedule {
    for out in outs.iter().cloned() {
        schedule = match out {
            Out::Dates(dates) => {
                let dates = dates.iter().map(|&days| middle.checked_add_days(days).unwrap());
                schedule.except_dates(dates).unwrap()
            }
            out => schedule.except(move |time| is_filtered(&out, middle, time)),
        };
    }
    match moves {
        1 => schedule.except_dates(Vec::<Date>::new()).unwrap().or_next_day(),
        -1 => schedule.except_dates(Vec::<Date>::new()).unwrap().or_previous_day(),
        _ => schedule,
    }
}

/// A few cases, always the same ones, as some take long; `PROPTEST_CASES` asks for others.
fn few(cases: u32) -> ProptestConfig {
    let given = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => given,
        None => ProptestConfig { cases, rng_seed: RngSeed::Fixed(1), ..given },
    }
}

proptest! {
    #![proptest_config(few(16))]

    #[test]
    fn dues_are_those_of_the_definition_in_both_directions(
        which in 0..CRONS.len(),
        place in 0..PLACES.len(),
        outs in outs(),
        moves in -1..=1_i64,
        shifts in proptest::collection::vec(-12 * 86_400..12 * 86_400_i64, 8),
        starting in proptest::option::of(-12 * 86_400..2 * 86_400_i64),
        ends in proptest::option::of(-2 * 86_400..12 * 86_400_i64),
        times in prop_oneof![Just(5), 1..4_usize],
    ) {
        let (zone, at) = self::place(place);
        let middle = civil(&zone, at).date();
        let cron = Cron::parse(CRONS[which]).unwrap();
        let schedule = || {
            let mut schedule = with_outs(Schedule::from(cron), &outs, middle, moves).zone(zone.clone());
            if let Some(starting) = starting {
                schedule = schedule.starting(system_time(at + starting)).unwrap();
            }
            if let Some(ends) = ends {
                schedule = schedule.until(system_time(at + ends)).unwrap();
            }
            schedule.times(times as u64)
        };
        let left_out = Outs { outs: &outs, middle };
        let (from, until) = (at - 40 * 86_400, at + 40 * 86_400);
        let raw = Schedule::from(cron).zone(zone.clone());
        let raw = raw.upcoming(system_time(from - 367 * 86_400)).unwrap().map(unix);
        let meant_for = |due| meant_for(&cron, &zone, due);
        let meant_for = (moves != 0).then_some(&meant_for as &dyn Fn(i64) -> DateTime);
        let raw = raw.filter(|due| starting.map_or(true, |starting| *due > at + starting));
        let mut all = by_definition(raw, &zone, &left_out, meant_for, moves, from..until);
        all.retain(|due| ends.map_or(true, |ends| *due <= at + ends));
        // Nothing moves to before the beginning.
        all.retain(|due| starting.map_or(true, |starting| *due > at + starting));

        for shift in shifts {
            let after = at + shift;
            let expected: Vec<i64> = all.range(after + 1..).copied().take(times).collect();
            let found: Vec<i64> = match schedule().upcoming(system_time(after)) {
                Ok(upcoming) => upcoming.map(unix).take(5).take_while(|&due| due < until).collect(),
                Err(_) => Vec::new(),
            };
            prop_assert_eq!(&found, &expected, "after {} in {}", civil(&zone, after), zone);
            // Stateless: whoever asks, and from wherever.
            let asked = schedule();
            for &due in &expected {
                prop_assert!(asked.matches(system_time(due)).unwrap());
            }
            let expected: Vec<i64> = all.range(..after).rev().copied().take(3).collect();
            let back = std::iter::successors(Some(system_time(after)), |&at| asked.previous(at).unwrap());
            let found: Vec<i64> = back.skip(1).map(unix).take(3).take_while(|&due| due >= from).collect();
            prop_assert_eq!(&found, &expected, "before {} in {}", civil(&zone, after), zone);
        }
    }
    #[test]
    fn those_of_a_period_of_days_too(
        period in 0..PERIODS.len(),
        time in 0..5_usize,
        place in 0..PLACES.len(),
        outs in outs(),
        moves in -1..=1_i64,
        shifts in proptest::collection::vec(-12 * 86_400..12 * 86_400_i64, 8),
    ) {
        let (zone, at) = self::place(place);
        let middle = civil(&zone, at).date();
        let time: Time = ["00:00", "01:30", "02:30", "12:00", "23:45"][time].parse().unwrap();
        let anchor = middle.checked_add_days(-30 * 14).unwrap().at(time);
        let period = PERIODS[period];
        let plain = || Schedule::every(period).unwrap().starting(anchor).unwrap().zone(zone.clone());
        let left_out = Outs { outs: &outs, middle };
        let raw = plain().upcoming(system_time(at - 500 * 86_400)).unwrap().map(unix);
        let meant_for = |due| match period.ends_with('h') {
            true => civil(&zone, due),
            false => civil(&zone, due).date().at(time),
        };
        let meant_for = (moves != 0).then_some(&meant_for as &dyn Fn(i64) -> DateTime);
        let all = by_definition(raw, &zone, &left_out, meant_for, moves, unix(moment_of(anchor, &zone))..at + 60 * 86_400);
        for shift in shifts {
            let after = at + shift;
            // The last one comes first: what came of the anchor.
            let last = all.range(..=after).next_back().into_iter();
            let expected: Vec<i64> = last.chain(all.range(after + 1..)).copied().take(4).collect();
            let schedule = with_outs(plain(), &outs, middle, moves);
            let found: Vec<i64> = match schedule.upcoming(system_time(after)) {
                Ok(upcoming) => upcoming.map(unix).take(4).take_while(|&due| due < at + 60 * 86_400).collect(),
                Err(_) => Vec::new(),
            };
            prop_assert_eq!(&found, &expected, "after {} in {}", civil(&zone, after), zone);
        }
    }
}

proptest! {
    #![proptest_config(few(100))]

    #[test]
    fn those_of_elapsed_time_are_the_ones_of_its_grid_that_are_not_left_out(
        period in prop_oneof![1..2500_u64, 1..90_000_u64, 1..40_000_000_u64],
        before in 0..200_000_000_u64,
        place in 0..PLACES.len(),
        seconds in 1..50_u64,
        outs in outs(),
    ) {
        let (zone, at) = self::place(place);
        let middle = civil(&zone, at).date();
        let (start, period) = (system_time(at) - Duration::from_millis(before), Duration::from_millis(period));
        // Of each minute so many seconds by lot, and what else is left out.
        let is_left_out = move |time: DateTime| u64::from(time.time().second()) * 37 % 60 < seconds;
        let left_out = Outs { outs: &outs, middle };
        let all = |time: DateTime| is_left_out(time) || left_out.list(time.date()) || left_out.filter(time);
        let schedule = with_outs(Schedule::every(period).unwrap(), &outs, middle, 0).except(is_left_out);
        let grid = (0..30_000).map(|step| start + period * step);
        let expected: Vec<SystemTime> = grid.filter(|&due| !all(zone.civil(due).unwrap())).take(20).collect();
        let upcoming = schedule.zone(zone.clone()).upcoming(start);
        let found: Vec<SystemTime> = upcoming.into_iter().flatten().take(expected.len()).collect();
        prop_assert_eq!(found, expected);
    }
}

const PERIODS: [&str; 6] = ["1d", "2d", "1w", "2w", "1mo", "1d12h"];
