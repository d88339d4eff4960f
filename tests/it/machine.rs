//! The machine on a manual clock: nothing sleeps, and every run of a test is the same.

use std::time::Duration;

use sexton::cron::Dialect;
use sexton::tz::Zone;
use sexton::{Event, ManualClock, Missed, Moment, Overlap, Schedule, Scheduler, Why};

use crate::stage::{listen, missed, moment, Stage, DAY, HOUR, MINUTE, SECOND};

/// What was told since the last time, one line each, with whole dates.
fn told(stage: &Stage) -> Vec<String> {
    let line = |event: &Event| match event {
        Event::Started { task, due, .. } => format!("{task} {}", Moment::from(*due)),
        event => event.to_string(),
    };
    stage.told().iter().map(line).collect()
}

/// The lines that are about runs and what was missed, without the ordinary ends.
fn runs(stage: &Stage) -> Vec<String> {
    let lines = told(stage);
    lines.into_iter().filter(|line| !line.contains("finished") && !line.contains("scheduled")).collect()
}

#[test]
fn a_period_runs_at_once_and_then_on_its_grid() {
    let stage = Stage::at("2026-11-22T10:00:00");
    stage.scheduler.task("t").every("1s").run(|| {}).unwrap();
    stage.clock.advance(2 * SECOND);
    assert_eq!(
        told(&stage),
        [
            "task `t` scheduled",
            "t 2026-11-22T10:00:00Z",
            "task `t` finished after 0ns",
            "t 2026-11-22T10:00:01Z",
            "task `t` finished after 0ns",
            "t 2026-11-22T10:00:02Z",
            "task `t` finished after 0ns",
        ]
    );
}

#[test]
fn an_h_is_hashed_from_the_tasks_name_and_a_nickname_is_not() {
    let stage = Stage::at("2026-11-22T10:00:00");
    let due = |name: &str, text: &str, dialect: Dialect| {
        let task = stage.scheduler.task(name).cron_as(text, dialect).run(|| {}).unwrap();
        Moment::from(task.next_due().unwrap()).to_string()
    };
    // As croniter hashes `hello`: the 10th minute, the 11th hour.
    assert_eq!(due("hello", "H H * * *", Dialect::DEFAULT), "2026-11-22T11:10:00Z");
    assert_eq!(due("hello again", "H H * * *", Dialect::DEFAULT.days_and()), "2026-11-23T05:34:00Z");
    assert_eq!(due("nightly", "@midnight", Dialect::CRONITER), "2026-11-23T00:00:00Z");
    let task = stage.scheduler.task("given").cron_as("H H * * *", Dialect::DEFAULT.hash_id("hello"));
    let task = task.run(|| {}).unwrap();
    assert_eq!(Moment::from(task.next_due().unwrap()).to_string(), "2026-11-22T11:10:00Z");

    let error = Schedule::cron("H 4 * * *").unwrap_err();
    assert_eq!(
        error.to_string(),
        "cron `H 4 * * *`: minute: found `H` at byte 0, expected an id to hash: a task's `cron` takes its name, \
         `Dialect::hash_id` any text"
    );
}

#[test]
fn equal_dues_run_in_the_order_they_were_scheduled_in_and_both_clocks_make_one_order() {
    let stage = Stage::at("2026-11-22T10:00:00");
    stage.scheduler.task("late").after(3 * SECOND).run(|| {}).unwrap();
    stage.scheduler.task("b").cron("*/2 * * * * *").times(2).run(|| {}).unwrap();
    stage.scheduler.task("a").every("2s").times(3).run(|| {}).unwrap();
    stage.clock.advance(4 * SECOND);
    assert_eq!(
        runs(&stage),
        [
            "a 2026-11-22T10:00:00Z",
            "b 2026-11-22T10:00:02Z",
            "a 2026-11-22T10:00:02Z",
            "late 2026-11-22T10:00:03Z",
            "task `late` ended",
            "b 2026-11-22T10:00:04Z",
            "task `b` ended",
            "a 2026-11-22T10:00:04Z",
            "task `a` ended",
        ]
    );
}

/// A task whose first run takes `first`, and the others no time.
fn slow_first(stage: &Stage, first: Duration, overlap: Overlap, missed: Missed) {
    let clock = stage.clock.clone();
    let mut is_first = true;
    let task = stage.scheduler.task("t").every("1s").overlap(overlap).missed(missed);
    let job = move || {
        if std::mem::take(&mut is_first) {
            clock.advance(first);
        }
    };
    task.run(job).unwrap();
}

#[test]
fn dues_that_pass_during_a_run_are_skipped_and_reported() {
    for missed in [Missed::Once, Missed::Skip, Missed::All] {
        let stage = Stage::at("2026-11-22T10:00:00");
        slow_first(&stage, Duration::from_millis(2500), Overlap::Skip, missed);
        stage.clock.advance(4 * SECOND);
        assert_eq!(
            runs(&stage),
            [
                "t 2026-11-22T10:00:00Z",
                "task `t` missed 2: still running",
                "t 2026-11-22T10:00:03Z",
                "t 2026-11-22T10:00:04Z",
            ]
        );
    }
}

#[test]
fn dues_that_pass_during_a_run_are_queued_as_one() {
    let stage = Stage::at("2026-11-22T10:00:00");
    slow_first(&stage, Duration::from_millis(2500), Overlap::Queue, Missed::Skip);
    stage.clock.advance(4 * SECOND);
    assert_eq!(
        runs(&stage),
        [
            "t 2026-11-22T10:00:00Z",
            "task `t` missed 1: still running",
            "t 2026-11-22T10:00:02Z",
            "t 2026-11-22T10:00:03Z",
            "t 2026-11-22T10:00:04Z",
        ]
    );
}

#[test]
fn dues_that_pass_while_nothing_can_start_are_what_missed_says() {
    for (missed, expected) in [
        (
            Missed::Once,
            &[
                "task `slow` ended",
                "task `t` missed 2: nothing could start it in time",
                "t 2026-11-22T10:00:03Z",
            ][..],
        ),
        (
            Missed::All,
            &[
                "task `slow` ended",
                "t 2026-11-22T10:00:01Z",
                "t 2026-11-22T10:00:02Z",
                "t 2026-11-22T10:00:03Z",
            ],
        ),
        (
            Missed::Skip,
            &[
                "task `slow` ended",
                "task `t` missed 2: nothing could start it in time",
                "t 2026-11-22T10:00:03Z",
            ],
        ),
    ] {
        let stage = Stage::at("2026-11-22T10:00:00.5Z");
        stage
            .scheduler
            .task("t")
            .every("1s")
            .starting("2026-11-22T10:00:01")
            .missed(missed)
            .run(|| {})
            .unwrap();
        let clock = stage.clock.clone();
        stage.scheduler.task("slow").after(Duration::ZERO).run(move || clock.advance(3 * SECOND)).unwrap();
        stage.clock.advance(3 * SECOND);
        let mut told = runs(&stage);
        told.retain(|line| !line.contains("late") && !line.starts_with("slow"));
        assert_eq!(told, expected, "{missed:?}");
    }
}

#[test]
fn a_correction_is_a_step_forward_of_more_than_was_set_and_back_of_more_than_three_hours() {
    // What becomes of a due that the clock passes, and of one that it shows again.
    let moved = |correction: Option<Duration>, by: Duration| {
        let clock = ManualClock::new(moment("2026-11-22 10:00:00").instant(&Zone::utc()).unwrap());
        let builder = Scheduler::builder().clock(&clock).zone(Zone::utc());
        let builder = match correction {
            Some(correction) => builder.clock_correction(correction),
            None => builder,
        };
        let scheduler = builder.build().unwrap();
        let told = listen(&scheduler);
        let task =
            scheduler.task("t").at_each(["2026-11-22 10:00:01", "2027-01-01 00:00"]).run(|| {}).unwrap();
        let daily = scheduler.task("d").cron("0 9 * * *").run(|| {}).unwrap();
        clock.suspend(by);
        clock.advance(Duration::ZERO);
        let is_caught_up = task.count() == Some(1);
        assert_eq!(missed(&told.lock().unwrap(), Why::ClockCorrected) == 0, is_caught_up);
        clock.step_back(by);
        clock.step_back(2 * HOUR);
        clock.advance(Duration::ZERO);
        let is_shown_again = daily.next_due() == moment("2026-11-22 09:00").instant(&Zone::utc());
        assert_eq!(is_shown_again, by > HOUR, "{by:?}");
        is_caught_up
    };
    let (milli, most) = (Duration::from_millis(1), Duration::from_secs(30 * 86_400));
    assert!(moved(None, 3 * HOUR) && !moved(None, 3 * HOUR + milli));
    assert!(moved(Some(MINUTE), MINUTE) && !moved(Some(MINUTE), MINUTE + milli));
    assert!(moved(Some(DAY), DAY) && !moved(Some(DAY), DAY + milli));
    assert!(moved(Some(Duration::MAX), most));
    assert!(!moved(Some(Duration::ZERO), 2 * SECOND));
}

#[test]
fn a_run_that_has_waited_too_long_is_told_before_it_begins() {
    let clock = ManualClock::new(std::time::UNIX_EPOCH);
    let builder = Scheduler::builder().clock(&clock).zone("UTC").wait_limit(2 * SECOND);
    let scheduler = builder.build().unwrap();
    let told = listen(&scheduler);
    let (slow, cancels) = (clock.clone(), scheduler.clone());
    let job = move || {
        slow.advance(5 * SECOND);
        cancels.cancel("cancelled").unwrap();
    };
    scheduler.task("slow").after(SECOND).run(job).unwrap();
    scheduler.task("cancelled").after(SECOND).run(|| {}).unwrap();
    scheduler.task("waits").after(SECOND).run(|| {}).unwrap();
    scheduler.task("soon").after(5 * SECOND).run(|| {}).unwrap();
    clock.advance(10 * SECOND);
    let lines: Vec<String> = told.lock().unwrap().iter().map(|event| event.to_string()).collect();
    let at = lines.iter().position(|line| line.contains("waiting")).unwrap();
    assert_eq!(lines[at], "task `waits` has been waiting 5s for the only worker to be free");
    assert_eq!(lines[at + 1], "task `waits` started 5s after its due");
    assert_eq!(lines.iter().filter(|line| line.contains("waiting")).count(), 1, "{lines:#?}");
}

#[test]
fn beyond_ten_million_the_count_of_missed_occurrences_is_a_lower_bound() {
    let clock = ManualClock::new(moment("2026-11-22T10:00:00").instant(&Zone::utc()).unwrap());
    let builder = Scheduler::builder().clock(&clock).zone("UTC").clock_correction(365 * DAY);
    let scheduler = builder.build().unwrap();
    let (told, (sender, counts)) = (listen(&scheduler), std::sync::mpsc::channel());
    let task = scheduler.task("t").cron("* * * * * *");
    task.run_with(move |run| sender.send(run.missed()).unwrap()).unwrap();
    // It has 15,811,200 seconds.
    clock.suspend(183 * DAY);
    clock.advance(Duration::ZERO);
    let count = missed(&told.lock().unwrap(), Why::Late);
    assert!((9_999_999..=10_000_000).contains(&count), "{count}");
    assert_eq!(counts.recv(), Ok(count));
    let told = told.lock().unwrap();
    let starts = told.iter().find_map(|event| match event {
        Event::Started { due, .. } => Some(Moment::from(*due).to_string()),
        _ => None,
    });
    assert_eq!(starts.as_deref(), Some("2027-05-24T10:00:00Z"), "the last of all, counted or not");
}
