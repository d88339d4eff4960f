//! Why a task ran at an instant, or did not: each answer, word by word, on a manual clock.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;
use sexton::{Ending, Event, ManualClock, Missed, Moment, Overlap, Reason, Scheduler, Why};

use crate::stage::{listen, moment, Stage, DAY, HOUR, MINUTE, SECOND};
use crate::zones::zone;

/// What is said of `t` at a civil time of the day that most tests play on, without the task's name.
#[track_caller]
fn why(stage: &Stage, time: &str) -> String {
    let text = if time.len() > 8 { time.to_string() } else { format!("2026-11-22 {time}") };
    let account = stage.scheduler.explain("t", moment(&text)).unwrap().to_string();
    let account = account.strip_prefix("task `t` at ").unwrap();
    account.replace("2026-11-22T", "")
}

/// Lets time pass in the callback.
fn takes(stage: &Stage, time: Duration) -> impl FnMut() + Send + 'static {
    let clock = stage.clock.clone();
    move || clock.advance(time)
}

#[test]
fn runs_that_end_in_each_way() {
    let stage = Stage::at("2026-11-22 10:00:00");
    let clock = stage.clock.clone();
    let mut round = 0;
    let job = move || {
        round += 1;
        clock.advance(2 * SECOND);
        match round {
            1 => Ok(()),
            2 => Err("no"),
            _ => panic!("no"),
        }
    };
    let task = stage.scheduler.task("t").cron("* * * * *").run(job).unwrap();
    stage.clock.advance(3 * MINUTE);
    assert_eq!(why(&stage, "10:01:00"), "10:01:00Z: ran on time, and took 2s");
    assert_eq!(why(&stage, "10:02:00"), "10:02:00Z: ran on time, and failed after 2s");
    assert_eq!(why(&stage, "10:03:00"), "10:03:00Z: ran on time, and panicked after 2s");
    // A handle says the same; an instant stands for its second.
    let account = task.explain(moment("2026-11-22T10:01:00.9Z")).unwrap();
    assert_eq!(account.to_string(), "task `t` at 2026-11-22T10:01:00Z: ran on time, and took 2s");
    assert!(account.has_run() && account.task() == "t");
    let (ending, took) = (Ending::Finished, Some(2 * SECOND));
    assert_eq!(account.reason(), &Reason::Ran { lateness: Duration::ZERO, ending, took, coalesced: 0 });
    assert_eq!(Moment::from(account.at()).to_string(), "2026-11-22T10:01:00Z");
}

#[test]
fn a_run_in_progress_and_its_overruns() {
    let stage = Stage::at("2026-11-22 10:00:00");
    let (clock, scheduler) = (stage.clock.clone(), stage.scheduler.clone());
    let (sender, receiver) = std::sync::mpsc::channel();
    let job = move || {
        clock.advance(150 * SECOND);
        for time in ["10:01", "10:02", "10:03", "10:05"] {
            let account = scheduler.explain("t", moment(&format!("2026-11-22 {time}:00"))).unwrap();
            let _ = sender.send(account.to_string().replace("2026-11-22T", ""));
        }
    };
    stage.scheduler.task("t").cron("* * * * *").run(job).unwrap();
    stage.clock.advance(MINUTE);
    let said: Vec<_> = receiver.try_iter().collect();
    assert_eq!(
        said,
        [
            "task `t` at 10:01:00Z: ran on time, and is still running",
            "task `t` at 10:02:00Z: is due, and the run for 10:01:00Z is still going on",
            "task `t` at 10:03:00Z: is due, and the run for 10:01:00Z is still going on",
            "task `t` at 10:05:00Z: is still to come",
        ]
    );
    stage.scheduler.cancel("t").unwrap();
}

#[test]
fn a_last_run_that_goes_on_leaves_the_history_as_it_is() {
    for is_cancelled in [false, true] {
        let stage = Stage::at("2026-11-22 10:00:00");
        let task = stage.scheduler.task("t").cron("* * * * *").times(3).retry(1, 100 * SECOND);
        let task = task.run_with(|run| if run.count() < 3 { Ok(()) } else { Err("no") }).unwrap();
        stage.clock.advance(3 * MINUTE + 30 * SECOND);
        let over = "is not due: the schedule ends with 10:03:00Z";
        for (time, expected) in [
            ("10:00:00", "the task was scheduled later, at 10:00:00Z"),
            ("10:02:00", "ran on time, and took 0ns"),
            ("10:03:00", "ran on time, and is still running"),
            ("10:04:00", over),
            ("10:59:00", over),
        ] {
            assert_eq!(why(&stage, time), format!("{time}Z: {expected}"));
        }
        assert_eq!(stage.scheduler.forecast(HOUR).tasks[0].mean, Some(Duration::ZERO));
        if is_cancelled {
            task.cancel().unwrap();
            assert_eq!(why(&stage, "10:03:00"), "10:03:00Z: ran on time, and failed after 0ns");
        }
        stage.clock.advance(3 * MINUTE);
        let account = stage.scheduler.explain("t", moment("2026-11-22 10:02"));
        assert_eq!(account.map_or(false, |account| account.has_run()), is_cancelled);
    }
}

#[test]
fn overruns() {
    let stage = Stage::at("2026-11-22 10:00:00");
    stage.scheduler.task("t").cron("* * * * *").run(takes(&stage, 150 * SECOND)).unwrap();
    stage.clock.advance(3 * MINUTE + 40 * SECOND);
    let all = "missed: still running; one of 2 missed from 10:02:00Z to 10:03:00Z";
    assert_eq!(why(&stage, "10:02:00"), format!("10:02:00Z: {all}"));
    assert_eq!(why(&stage, "10:03:00"), format!("10:03:00Z: {all}"));
    let account = stage.scheduler.explain("t", moment("2026-11-22 10:03")).unwrap();
    assert!(matches!(account.reason(), Reason::Missed { why: Why::StillRunning, count: 2, .. }));
    assert!(!account.has_run());

    let stage = Stage::at("2026-11-22 10:00:00");
    let task = stage.scheduler.task("t").cron("* * * * *").overlap(Overlap::Queue).times(2);
    task.run(takes(&stage, 150 * SECOND)).unwrap();
    stage.scheduler.task("u").cron("* * * * *").run(|| {}).unwrap();
    stage.clock.advance(4 * MINUTE);
    assert!(
        stage.scheduler.explain("t", stage.clock.now()).unwrap_err().is_unknown_task(),
        "its last run began"
    );

    let stage = Stage::at("2026-11-22 10:00:00");
    let task = stage.scheduler.task("t").cron("* * * * *").overlap(Overlap::Queue);
    task.run(takes(&stage, 150 * SECOND)).unwrap();
    stage.clock.advance(2 * MINUTE);
    stage.clock.advance(SECOND);
    assert_eq!(why(&stage, "10:02:00"), "10:02:00Z: was coalesced into the run for 10:03:00Z: still running");
    assert_eq!(
        why(&stage, "10:03:00"),
        "10:03:00Z: ran 30s late, and took 2m30s; it coalesced the occurrence before"
    );
}

#[test]
fn occurrences_that_a_clock_step_a_suspend_or_a_correction_skips() {
    let play = |missed: Missed, act: &dyn Fn(&ManualClock)| {
        let stage = Stage::at("2026-11-22 10:00:30");
        stage.scheduler.task("t").cron("* * * * *").missed(missed).run(|| {}).unwrap();
        stage.clock.advance(MINUTE);
        act(&stage.clock);
        stage.clock.advance(SECOND);
        stage
    };
    let stage = play(Missed::Once, &|clock| clock.suspend(5 * MINUTE));
    let late = "nothing could start it in time, as the clock was stepped 5m forward";
    assert_eq!(
        why(&stage, "10:04:00"),
        format!("10:04:00Z: was coalesced into the run for 10:06:00Z: {late}")
    );
    assert_eq!(
        why(&stage, "10:06:00"),
        "10:06:00Z: ran 30s late, and took 0ns; it coalesced the 4 occurrences before"
    );

    let stage = play(Missed::Skip, &|clock| clock.step(5 * MINUTE));
    let all = "one of 5 missed from 10:02:00Z to 10:06:00Z";
    assert_eq!(why(&stage, "10:04:00"), format!("10:04:00Z: missed: {late}; {all}"));

    let stage = play(Missed::Once, &|clock| clock.step(4 * HOUR));
    let corrected = "the clock was corrected, as the clock was stepped 4h forward";
    let all = "one of 240 missed from 10:02:00Z to 14:01:00Z";
    assert_eq!(why(&stage, "12:00:00"), format!("12:00:00Z: missed: {corrected}; {all}"));

    // What an expression that repeats runs twice: of the two, the newer. The others have not come again.
    let stage = play(Missed::Once, &|clock| clock.step_back(2 * MINUTE));
    stage.clock.advance(MINUTE);
    assert_eq!(why(&stage, "10:00:00"), "10:00:00Z: ran on time, and took 0ns");
}

#[test]
fn a_pause() {
    let stage = Stage::at("2026-11-22 10:00:30");
    let task = stage.scheduler.task("t").cron("* * * * *").run(|| {}).unwrap();
    stage.clock.advance(MINUTE);
    task.pause().unwrap();
    stage.clock.advance(3 * MINUTE);
    assert_eq!(why(&stage, "10:03:00"), "10:03:00Z: is due, and the task has been paused since 10:01:30Z");
    assert_eq!(why(&stage, "10:06:00"), "10:06:00Z: is still to come, and the task is paused");
    task.resume().unwrap();
    stage.clock.advance(MINUTE);
    assert_eq!(
        why(&stage, "10:03:00"),
        "10:03:00Z: missed: paused; one of 3 missed from 10:02:00Z to 10:04:00Z"
    );
    assert_eq!(why(&stage, "10:05:00"), "10:05:00Z: ran on time, and took 0ns");
}

#[test]
fn a_requested_run_and_a_waiting_run() {
    let stage = Stage::at("2026-11-22 10:00:30");
    let task = stage.scheduler.task("t").cron("0 * * * *").run(takes(&stage, SECOND)).unwrap();
    task.run_now().unwrap();
    stage.scheduler.run_pending();
    stage.clock.advance(SECOND);
    assert_eq!(why(&stage, "10:00:30"), "10:00:30Z: ran by `run_now`, and took 1s");
    let account = task.explain(moment("2026-11-22 10:00:30")).unwrap();
    assert!(matches!(account.reason(), Reason::RunNow { ending: Ending::Finished, .. }) && account.has_run());

    stage.clock.suspend(HOUR);
    assert_eq!(why(&stage, "11:00:00"), "11:00:00Z: is due, and waits for a free worker");
}

#[test]
fn times_that_the_schedule_explains() {
    let stage = Stage::at("2026-11-22 10:00:30");
    let task = |text: &str| stage.scheduler.task("t").cron(text).replace();
    task("0 4 * * mon").run(|| {}).unwrap();
    assert_eq!(
        why(&stage, "11:00:00"),
        "11:00:00Z: does not fire: the day of week is Sunday, not mon; the hour is 11, not 4"
    );
    assert_eq!(why(&stage, "2026-11-23 04:00:00"), "2026-11-23T04:00:00Z: is still to come");
    assert_eq!(
        why(&stage, "2026-11-16 04:00:00"),
        "2026-11-16T04:00:00Z: the task was scheduled later, at 10:00:30Z"
    );

    let task_from = task("0 * * * *").starting("2026-11-22 12:00");
    task_from.until("2026-11-22 14:30").run(|| {}).unwrap();
    assert_eq!(why(&stage, "11:00:00"), "11:00:00Z: is not due: the schedule starts after 12:00:00Z");
    assert_eq!(why(&stage, "13:00:00"), "13:00:00Z: is still to come");
    assert_eq!(why(&stage, "15:00:00"), "15:00:00Z: is not due: the schedule ends with 14:30:00Z");
}

#[test]
fn how_many_runs_are_left() {
    let stage = Stage::at("2026-11-22 10:00:30");
    let task = stage.scheduler.task("t").cron("0 * * * *").times(3).run(|| {}).unwrap();
    stage.clock.advance(HOUR);
    assert_eq!(why(&stage, "13:00:00"), "13:00:00Z: is still to come");
    assert_eq!(why(&stage, "14:00:00"), "14:00:00Z: is not due: the schedule ends with 13:00:00Z");
    task.cancel_after_next().unwrap();
    assert_eq!(why(&stage, "13:00:00"), "13:00:00Z: is not due: the schedule ends with 12:00:00Z");
}

#[test]
fn a_change_of_the_clocks() {
    let new_york = zone("America/New_York");
    let stage = Stage::set_in(new_york, "2026-03-08 00:00");
    stage.scheduler.task("t").cron("30 1,2 * * *").run(|| {}).unwrap();
    stage.clock.advance(6 * HOUR);
    assert_eq!(
        why(&stage, "2026-03-08 02:30:00"),
        "2026-03-08T03:00:00-04:00: ran on time, and took 0ns (it fires at 2026-03-08T03:00:00-04:00 for \
         2026-03-08T02:30:00, which the clocks skipped: they went from 01:59:59 to 03:00:00 (-05:00 to -04:00))"
    );
    stage.clock.advance(238 * DAY);
    assert_eq!(
        why(&stage, "2026-11-01T06:30:00Z"),
        "2026-11-01T01:30:00-05:00: does not fire: the clocks show 2026-11-01T01:30:00 a second time, and it fired the \
         first time, at 2026-11-01T01:30:00-04:00"
    );
}

#[test]
fn periods_of_elapsed_time_and_of_days() {
    let stage = Stage::at("2026-11-22 10:00:00");
    stage.scheduler.task("t").every("10m").run(|| {}).unwrap();
    stage.clock.advance(5 * HOUR);
    let all = "ran and finished, like all 16 runs from 10:00:00Z to 12:30:00Z";
    assert_eq!(why(&stage, "10:00:00"), format!("10:00:00Z: {all}"));
    assert_eq!(why(&stage, "11:20:00"), format!("11:20:00Z: {all}"));
    assert_eq!(why(&stage, "12:40:00"), "12:40:00Z: ran on time, and took 0ns");
    assert_eq!(
        why(&stage, "14:51:00"),
        "14:51:00Z: is not due: the nearest due times are 14:50:00Z and 15:00:00Z"
    );
    assert_eq!(
        why(&stage, "11:25:00"),
        "11:25:00Z: is not due: the nearest due times are 11:20:00Z and 11:30:00Z"
    );
    assert_eq!(why(&stage, "15:20:00"), "15:20:00Z: is still to come");
    assert_eq!(
        why(&stage, "15:21:00"),
        "15:21:00Z: is not due: the nearest due times are 15:20:00Z and 15:30:00Z"
    );
    assert_eq!(why(&stage, "09:50:00"), "09:50:00Z: the task was scheduled later, at 10:00:00Z");

    let stage = Stage::at("2026-11-22 10:00:00");
    stage
        .scheduler
        .task("t")
        .every("1d")
        .starting("2026-11-20 09:00")
        .missed(Missed::Skip)
        .run(|| {})
        .unwrap();
    stage.clock.advance(2 * DAY);
    assert_eq!(why(&stage, "2026-11-23 09:00:00"), "2026-11-23T09:00:00Z: ran on time, and took 0ns");
    assert_eq!(why(&stage, "09:00:00"), "09:00:00Z: missed: nothing could start it in time");
    assert_eq!(
        why(&stage, "2026-11-23 10:00:00"),
        "2026-11-23T10:00:00Z: is not due: the nearest due times are 2026-11-23T09:00:00Z and 2026-11-24T09:00:00Z"
    );
    // Of several dues in a second: the one named, else the last before, else the first after.
    let stage = Stage::at("2026-11-22 10:00:00");
    stage.scheduler.task("t").every("250ms").run(|| {}).unwrap();
    stage.clock.advance(SECOND);
    for (asked, found) in
        [("00.500", "00.5Z"), ("00.700", "00.5Z"), ("00.749", "00.5Z"), ("00.750", "00.75Z")]
    {
        let account = why(&stage, &format!("2026-11-22T10:00:{asked}Z"));
        assert_eq!(account, format!("10:00:{found}: ran on time, and took 0ns"));
    }
}

#[test]
fn an_iterator_has_a_history_of_each_due_time() {
    let stage = Stage::at("2026-11-22 10:00:00");
    let times = (0..40).map(|minute| format!("2026-11-22 10:{minute:02}:00"));
    let times = times.map(|text| text.parse::<Moment>().unwrap());
    stage.scheduler.task("t").at_each(times).run(|| {}).unwrap();
    stage.clock.advance(20 * MINUTE);
    assert_eq!(why(&stage, "10:20:00"), "10:20:00Z: ran on time, and took 0ns");
    assert_eq!(why(&stage, "10:05:00"), "10:05:00Z: ran on time, and took 0ns");
    assert_eq!(why(&stage, "10:04:00"), "10:04:00Z: is older than the history, which begins after 10:04:00Z");
    assert_eq!(
        why(&stage, "10:20:30"),
        "10:20:30Z: is not due: the nearest due times are 10:20:00Z and 10:21:00Z"
    );
    assert_eq!(why(&stage, "10:21:00"), "10:21:00Z: is still to come");
    // It will be due, but nobody has asked the iterator yet.
    assert_eq!(
        why(&stage, "10:22:00"),
        "10:22:00Z: is after the next due time, 10:21:00Z, and later ones are not known yet"
    );
}

#[test]
fn a_cancelled_task_keeps_its_history_and_the_time_when_it_was_cancelled() {
    let stage = Stage::at("2026-11-22 10:00:30");
    let first = stage.scheduler.task("t").cron("* * * * *").run(|| {}).unwrap();
    stage.clock.advance(3 * MINUTE);
    stage.scheduler.cancel("t").unwrap();
    let cancelled = "the task was cancelled before, at 10:03:30Z";
    let before = "the task was scheduled later, at 10:00:30Z";
    let of_the_first = |stage: &Stage| {
        assert_eq!(why(stage, "10:00:00"), format!("10:00:00Z: {before}"));
        assert_eq!(why(stage, "10:02:00"), "10:02:00Z: ran on time, and took 0ns");
        assert_eq!(why(stage, "10:03:15"), "10:03:15Z: does not fire: the second is 15, not 0");
        assert_eq!(why(stage, "10:05:00"), format!("10:05:00Z: {cancelled}"));
    };
    of_the_first(&stage);

    // Another one of that name says what it knows, and leaves the rest to the one before.
    stage.clock.advance(7 * MINUTE);
    stage.scheduler.task("t").cron("* * * * *").run(|| {}).unwrap();
    stage.clock.advance(MINUTE);
    assert_eq!(why(&stage, "10:11:00"), "10:11:00Z: ran on time, and took 0ns");
    of_the_first(&stage);
    let account = first.explain(moment("2026-11-22 10:11")).unwrap();
    assert_eq!(account.to_string().replace("2026-11-22T", ""), format!("task `t` at 10:11:00Z: {cancelled}"));
    assert!(matches!(account.reason(), Reason::Cancelled { .. }));

    // As many as may be, and no more.
    for name in (0..16).map(|i| i.to_string()) {
        stage.scheduler.task(&name).cron("* * * * *").run(|| {}).unwrap();
        stage.scheduler.cancel(&name).unwrap();
    }
    assert!(first.explain(stage.clock.now()).unwrap_err().is_unknown_task());
    assert!(stage.scheduler.explain("0", stage.clock.now()).is_ok());
}

#[test]
fn a_task_that_is_cancelled_in_its_run_before_it_or_after_one_more_run() {
    let stage = Stage::at("2026-11-22 10:00:30");
    let (scheduler, clock) = (stage.scheduler.clone(), stage.clock.clone());
    let job = move || {
        clock.advance(90 * SECOND);
        scheduler.cancel("t").unwrap();
        clock.advance(MINUTE);
    };
    stage.scheduler.task("t").cron("* * * * *").run(job).unwrap();
    stage.clock.advance(5 * MINUTE);
    assert_eq!(why(&stage, "10:01:00"), "10:01:00Z: ran on time, and took 2m30s");
    assert_eq!(why(&stage, "10:02:00"), "10:02:00Z: missed: cancelled");
    assert_eq!(why(&stage, "10:03:00"), "10:03:00Z: the task was cancelled before, at 10:02:30Z");

    let stage = Stage::at("2026-11-22 10:00:30");
    let scheduler = stage.scheduler.clone();
    stage.scheduler.task("u").cron("* * * * *").times(1).run(move || scheduler.cancel("t").unwrap()).unwrap();
    stage.scheduler.task("t").cron("* * * * *").run(|| {}).unwrap();
    stage.clock.advance(MINUTE);
    assert_eq!(why(&stage, "10:01:00"), "10:01:00Z: missed: cancelled");

    // The same, and the name is used again before that is reported.
    let stage = Stage::at("2026-11-22 10:00:30");
    let scheduler = stage.scheduler.clone();
    let again = move || {
        scheduler.cancel("t").unwrap();
        scheduler.task("t").cron("0 * * * *").run(|| {}).unwrap();
    };
    stage.scheduler.task("u").cron("* * * * *").times(1).run(again).unwrap();
    let first = stage.scheduler.task("t").cron("* * * * *").run(|| {}).unwrap();
    stage.clock.advance(MINUTE);
    let account = first.explain(moment("2026-11-22 10:01")).unwrap();
    assert!(matches!(account.reason(), Reason::Missed { why: Why::Cancelled, .. }), "{account}");
    let account = stage.scheduler.explain("t", moment("2026-11-22 11:00")).unwrap();
    assert!(matches!(account.reason(), Reason::NotYet { .. }), "{account}");

    let stage = Stage::at("2026-11-22 10:00:30");
    stage.scheduler.task("t").cron("* * * * *").run(takes(&stage, 5 * SECOND)).unwrap();
    stage.scheduler.cancel_after_next("t").unwrap();
    stage.clock.advance(2 * MINUTE);
    assert_eq!(why(&stage, "10:01:00"), "10:01:00Z: ran on time, and took 5s");
    assert_eq!(why(&stage, "10:02:00"), "10:02:00Z: the task was cancelled before, at 10:01:00Z");
}

#[test]
fn without_a_history_nothing_is_known_of_a_cancelled_task() {
    let clock = ManualClock::new(std::time::SystemTime::UNIX_EPOCH);
    let scheduler = Scheduler::builder().clock(&clock).zone("UTC").history(0).build().unwrap();
    scheduler.task("t").cron("* * * * *").run(|| {}).unwrap();
    clock.advance(MINUTE);
    scheduler.cancel("t").unwrap();
    assert!(scheduler.explain("t", clock.now()).unwrap_err().is_unknown_task());
}

#[test]
fn a_replaced_task_keeps_its_history_but_not_its_old_schedule() {
    let stage = Stage::at("2026-11-22 10:00:30");
    stage.scheduler.task("t").cron("* * * * *").run(|| {}).unwrap();
    stage.clock.advance(3 * MINUTE);
    stage.clock.suspend(MINUTE);
    let task = stage.scheduler.task("t").cron("0 * * * *").replace().run(|| {}).unwrap();
    stage.clock.advance(HOUR);
    assert_eq!(why(&stage, "10:02:00"), "10:02:00Z: ran on time, and took 0ns");
    assert_eq!(why(&stage, "10:04:00"), "10:04:00Z: missed: cancelled");
    assert_eq!(
        why(&stage, "10:02:30"),
        "10:02:30Z: the task was replaced later, at 10:04:30Z, and the history has nothing for that second"
    );
    assert_eq!(why(&stage, "11:00:00"), "11:00:00Z: ran on time, and took 0ns");
    assert_eq!(why(&stage, "10:05:00"), "10:05:00Z: does not fire: the minute is 5, not 0");
    task.cancel().unwrap();
    let cancelled = "the task was cancelled before, at 2026-11-22T11:04:30Z";
    assert_eq!(why(&stage, "11:05:00"), format!("11:05:00Z: {}", cancelled.replace("2026-11-22T", "")));
    stage.scheduler.shutdown();
    assert!(stage.scheduler.explain("t", stage.clock.now()).unwrap_err().is_shut_down());
}

#[test]
fn a_zone_change_does_not_change_the_answers_for_the_time_before() {
    let east = |seconds: i32| sexton::tz::Zone::fixed(seconds).unwrap();
    let stage = Stage::at("2026-11-22 10:00:10");
    stage.scheduler.task("t").cron("30 * * * *").run(|| {}).unwrap();
    stage.clock.advance(40 * HOUR);
    stage.scheduler.set_zone(east(5 * 3600 + 1800));
    stage.clock.advance(30 * HOUR);
    // The first and the last of so many are known. Those between were at half past ten by the zone before.
    let all = "ran and finished, like all 55 runs from 16:00:00+05:30 to 2026-11-24T22:30:00+05:30";
    let changed =
        "the zone was changed later, at 2026-11-24T07:30:10+05:30, and the history has nothing for that \
                   second";
    assert_eq!(why(&stage, "2026-11-22T10:30:00Z"), format!("16:00:00+05:30: {all}"));
    assert_eq!(why(&stage, "2026-11-22T11:30:00Z"), format!("17:00:00+05:30: {changed}"));
    assert_eq!(why(&stage, "2026-11-22T12:00:00Z"), format!("17:30:00+05:30: {changed}"));
    assert_eq!(why(&stage, "2026-11-24T03:00:00Z"), format!("2026-11-24T08:30:00+05:30: {all}"));
    let other = "2026-11-24T09:00:00+05:30: does not fire: the minute is 0, not 30";
    assert_eq!(why(&stage, "2026-11-24T03:30:00Z"), other);
    let scheduled = "15:30:00+05:30: the task was scheduled later, at 15:30:10+05:30";
    assert_eq!(why(&stage, "2026-11-22T10:00:00Z"), scheduled);

    // What is pending is known as well.
    let stage = Stage::at("2026-11-22 10:00:10");
    let task = stage.scheduler.task("t").cron("30 * * * *").run(|| {}).unwrap();
    task.pause().unwrap();
    stage.clock.advance(10 * HOUR);
    stage.scheduler.set_zone(east(5 * 3600 + 1800));
    let pending = "16:00:00+05:30: is due, and the task has been paused since 15:30:10+05:30";
    assert_eq!(why(&stage, "2026-11-22T10:30:00Z"), pending);
    let changed =
        "the zone was changed later, at 2026-11-23T01:30:10+05:30, and the history has nothing for that \
                   second";
    assert_eq!(why(&stage, "2026-11-22T11:00:00Z"), format!("16:30:00+05:30: {changed}"));

    // Westward clocks show the same again.
    let stage = Stage::at("2026-11-22 10:00:30");
    stage.scheduler.task("t").cron("0 9,10,11,12 * * *").run(|| {}).unwrap();
    stage.clock.advance(45 * MINUTE);
    stage.scheduler.set_zone(east(-3600));
    stage.clock.advance(2 * HOUR);
    let shown =
        "10:00:00-01:00: is not due: the clocks showed this time already, before the zone was changed at 09:45:30-01:00";
    assert_eq!(why(&stage, "2026-11-22T11:00:00Z"), shown);
    assert_eq!(why(&stage, "2026-11-22T12:00:00Z"), "11:00:00-01:00: ran on time, and took 0ns");
}

#[test]
fn elapsed_time_that_the_clock_was_stepped_over() {
    let stage = Stage::at("2026-11-22 10:00:00");
    stage.scheduler.task("t").every("10m").run(|| {}).unwrap();
    stage.clock.advance(35 * MINUTE);
    stage.clock.step(5 * HOUR);
    stage.clock.advance(MINUTE);
    let next = "is not due: the nearest due times are 10:30:00Z and 15:40:00Z";
    let step = "the clock was stepped over it, 5h forward";
    assert_eq!(why(&stage, "10:40:00"), format!("10:40:00Z: {next}; {step}"));
    assert_eq!(why(&stage, "15:36:00"), format!("15:36:00Z: {next}"));
}

#[test]
fn the_builder_sets_the_length_of_the_history() {
    let clock = ManualClock::new(moment("2026-11-22 10:00").instant(&sexton::tz::Zone::utc()).unwrap());
    for (history, said) in [
        (0, "the history has nothing about it"),
        (1, "is older than the history, which begins after 2026-11-22T10:02:00Z"),
        (2, "ran and finished, like all 2 runs from 2026-11-22T10:01:00Z to 2026-11-22T10:02:00Z"),
        (3, "ran on time, and took 0ns"),
    ] {
        let clock = ManualClock::new(clock.now());
        let builder = Scheduler::builder().clock(&clock).zone("UTC").history(history);
        let scheduler = builder.build().unwrap();
        scheduler.task("t").cron("* * * * *").run(|| {}).unwrap();
        clock.advance(3 * MINUTE);
        let account = scheduler.explain("t", moment("2026-11-22 10:01")).unwrap().to_string();
        assert_eq!(account.split_once("Z: ").unwrap().1, said, "{history}");
        // The schedule can be asked all the same.
        let account = scheduler.explain("t", moment("2026-11-22 10:00:30")).unwrap().to_string();
        assert_eq!(account.split_once("Z: ").unwrap().1, "does not fire: the second is 30, not 0");
    }
}

#[test]
fn runs_before_and_after_a_clock_step_are_not_merged() {
    let clock = ManualClock::new(moment("2026-11-22 10:00").instant(&sexton::tz::Zone::utc()).unwrap());
    let scheduler = Scheduler::builder().clock(&clock).zone("UTC").history(4).build().unwrap();
    scheduler.task("t").every("10m").run(|| {}).unwrap();
    clock.advance(20 * MINUTE);
    clock.suspend(5 * MINUTE);
    clock.advance(HOUR);
    for (asked, all) in
        [("10:10", "3 runs from 10:00:00Z to 10:20:00Z"), ("10:55", "5 runs from 10:35:00Z to 11:15:00Z")]
    {
        let account = scheduler.explain("t", moment(&format!("2026-11-22 {asked}"))).unwrap().to_string();
        let account = account.replace("2026-11-22T", "");
        assert_eq!(account, format!("task `t` at {asked}:00Z: ran and finished, like all {all}"));
    }
}

#[derive(Clone, Debug)]
enum Deed {
    Advance(u64),
    Suspend(u64),
    Pause,
    Resume,
    Demand,
    /// In quarters of an hour east.
    Zone(i32),
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        4 => (0..200_u64).prop_map(Deed::Advance),
        // One second is no step of the clock: the due times of elapsed time are a second later from then on, and nothing says so. Runs
        // that the history has merged are shown at equal distances.
        1 => (2..200_u64).prop_map(Deed::Suspend),
        1 => Just(Deed::Pause),
        1 => Just(Deed::Resume),
        1 => (-8..8_i32).prop_map(Deed::Zone),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever was told is what is said when it is asked for; and, where little is remembered, nothing else.
    #[test]
    fn what_was_told_is_what_is_said(
        schedule in 0..4_usize,
        missed in prop_oneof![Just(Missed::Once), Just(Missed::Skip), Just(Missed::All)],
        is_queued in any::<bool>(),
        takes in proptest::collection::vec(0..90_u64, 1..5),
        mut deeds in proptest::collection::vec(deed(), 1..30),
        demand in proptest::option::of(0..30_usize),
        history in prop_oneof![Just(10_000), 1..9_usize],
    ) {
        if let Some(at) = demand {
            deeds.insert(at.min(deeds.len()), Deed::Demand);
        }
        let clock = ManualClock::new(std::time::UNIX_EPOCH + DAY);
        let scheduler = Scheduler::builder().clock(&clock).zone("UTC").history(history).build().unwrap();
        let told = listen(&scheduler);
        let task = match schedule {
            0 => scheduler.task("t").cron("*/20 * * * * *"),
            1 => scheduler.task("t").every("13s"),
            2 => scheduler.task("t").cron("*/2 * * * *"),
            // Seven minutes, and not the same in all zones.
            _ => scheduler.task("t").cron("7,21,35,49 * * * *"),
        };
        let (slow, mut turn) = (clock.clone(), takes.into_iter().cycle());
        let job = move || slow.advance(Duration::from_secs(turn.next().unwrap_or_default()));
        let overlap = if is_queued { Overlap::Queue } else { Overlap::Skip };
        let task = task.missed(missed).overlap(overlap).run(job).unwrap();
        for deed in &deeds {
            match *deed {
                Deed::Advance(seconds) => clock.advance(Duration::from_secs(seconds)),
                Deed::Suspend(seconds) => clock.suspend(Duration::from_secs(seconds)),
                Deed::Pause => task.pause().unwrap(),
                Deed::Resume => task.resume().unwrap(),
                Deed::Demand => task.run_now().unwrap(),
                Deed::Zone(east) => scheduler.set_zone(sexton::tz::Zone::fixed(east * 900).unwrap()),
            }
        }
        let events = std::mem::take(&mut *told.lock().unwrap());
        if deeds.iter().any(|deed| matches!(deed, Deed::Demand)) {
            // One that somebody asked for may fall on another due, whatever became of that.
            return Ok(());
        }
        let remembers_all = history == 10_000;
        let mut started = BTreeSet::new();
        for event in &events {
            match *event {
                Event::Started { due, lateness, .. } => {
                    started.insert(due);
                    let account = task.explain(due).unwrap();
                    let is_gone = is_forgotten(account.reason()) && !remembers_all;
                    prop_assert!(is_gone || (account.has_run() && account.at() == due), "{}", account);
                    if let Reason::Ran { lateness: said, .. } = account.reason() {
                        prop_assert_eq!(*said, lateness);
                    }
                }
                Event::Missed { latest, why, .. } => {
                    let account = task.explain(latest).unwrap();
                    match account.reason() {
                        Reason::Missed { why: said, .. } | Reason::Coalesced { why: said, .. } => {
                            prop_assert_eq!(*said, why);
                        }
                        reason if is_forgotten(reason) && !remembers_all => {}
                        _ => prop_assert!(false, "missed until {}: {}", Moment::from(latest), account),
                    }
                }
                _ => {}
            }
        }
        // Every second since is accounted for, and nothing forgotten.
        let seconds = clock.now().duration_since(std::time::UNIX_EPOCH + DAY).unwrap().as_secs();
        for second in 1..seconds {
            let instant = std::time::UNIX_EPOCH + DAY + Duration::from_secs(second);
            let account = task.explain(instant).unwrap();
            let is_rezoned = matches!(account.reason(), Reason::Rezoned { .. });
            prop_assert!(!remembers_all || is_rezoned || !is_forgotten(account.reason()), "{}", account);
            prop_assert!(is_forgotten(account.reason()) || account.has_run() == started.contains(&account.at()), "{}", account);
        }
    }
}

fn is_forgotten(reason: &Reason) -> bool {
    matches!(reason, Reason::Forgotten { .. } | Reason::Unscheduled { .. } | Reason::Rezoned { .. })
}

#[test]
fn exclusions_and_jitter_are_named_when_nothing_is_due() {
    let stage = Stage::at("2026-12-24 10:00");
    let dates = vec!["2026-12-25".to_string()];
    stage.scheduler.task("left out").cron("0 9 * * *").except_dates(dates).run(|| {}).unwrap();
    stage.scheduler.task("delayed").cron("0 9 * * *").jitter(HOUR).run(|| {}).unwrap();
    let why = |name: &str| stage.scheduler.explain(name, moment("2026-12-25 09:00")).unwrap().to_string();
    assert_eq!(
        why("left out"),
        "task `left out` at 2026-12-25T09:00:00Z: is not due by `cron 0 9 * * * except 1 date`: \
         the nearest due times are 2026-12-24T09:00:00Z and 2026-12-26T09:00:00Z"
    );
    let later = |name: &str| stage.scheduler.explain(name, moment("2026-12-27 09:00")).unwrap();
    assert!(matches!(later("left out").reason(), Reason::NotYet { .. }));
    // It will be due, but the closure has not been asked about what comes after the next due time.
    stage
        .scheduler
        .task("asked")
        .cron("0 9 * * *")
        .except(|civil| civil.date().day() == 25)
        .run(|| {})
        .unwrap();
    let later = later("asked");
    assert_eq!(
        later.to_string(),
        "task `asked` at 2026-12-27T09:00:00Z: is after the next due time, 2026-12-26T09:00:00Z, \
         and later ones are not known yet"
    );
    let delayed = why("delayed");
    let begin =
        "task `delayed` at 2026-12-25T09:00:00Z: is not due by `cron 0 9 * * * jitter 3600s`: the nearest due times are ";
    assert!(delayed.starts_with(begin), "{delayed}");
}

#[test]
fn what_was_missed_is_said_of_each_occurrence_also_where_dates_are_left_out() {
    let stage = Stage::at("2026-12-01 00:00");
    let schedule = || stage.scheduler.task("t").cron("*/10 * * * *");
    schedule().except_dates(["2026-12-25"]).run(|| {}).unwrap();
    stage.clock.suspend(HOUR);
    stage.clock.advance(Duration::ZERO);
    for minute in [10, 20, 30, 40, 50] {
        let account = stage.scheduler.explain("t", moment(&format!("2026-12-01 00:{minute}"))).unwrap();
        assert!(matches!(account.reason(), Reason::Coalesced { .. }), "{account}");
    }
    let account = stage.scheduler.explain("t", moment("2026-12-01 00:35")).unwrap();
    assert!(matches!(account.reason(), Reason::DoesNotFire(_)), "{account}");
}
