//! What is to come, by cases that can be computed by hand.

use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::time::Duration;

use proptest::prelude::*;
use sexton::{Event, Overlap};

use crate::stage::{moment, time, without_run, Stage, HOUR, MINUTE, SECOND};

/// A task whose runs take so long.
fn takes(stage: &Stage, name: &str, cron: &str, long: Duration) {
    let clock = stage.clock.clone();
    stage.scheduler.task(name).cron(cron).run(move || clock.advance(long)).unwrap();
}

#[test]
fn a_forecast_without_runs_says_that_all_is_well() {
    let stage = Stage::at("2026-11-22 10:00:00");
    let forecast = stage.scheduler.forecast(HOUR);
    assert_eq!(
        forecast.to_string(),
        "1h ahead: 0 runs of 0 tasks, 1 worker busy 0 % of the time\nall is well"
    );
    assert_eq!((forecast.workers_needed, forecast.is_cut), (0, false));
    stage.scheduler.task("t").cron("*/15 * * * *").run(|| {}).unwrap();
    assert_eq!(
        stage.scheduler.forecast(HOUR).to_string(),
        "1h ahead: 4 runs of 1 task, 1 worker busy 0 % of the time\nall is well, as far as is known\n\
         1 task is assumed to take no time, as no run has ended"
    );
    assert_eq!(stage.scheduler.forecast(Duration::ZERO).runs, 0);
    assert_eq!(stage.told().len(), 1, "it has no side effects");
}

#[test]
fn runs_that_are_due_together_wait_for_one_another() {
    let stage = Stage::at("2026-11-22 10:00:30");
    takes(&stage, "a", "0 * * * *", 20 * SECOND);
    takes(&stage, "b", "0 * * * *", 5 * SECOND);
    takes(&stage, "c", "0 * * * *", 40 * SECOND);
    stage.clock.advance(HOUR);
    let forecast = stage.scheduler.forecast(2 * HOUR);
    // In each hour b waits for 20 s and c for 25.
    assert_eq!((forecast.runs, forecast.waiting_runs, forecast.longest_wait), (6, 4, 25 * SECOND));
    assert_eq!(forecast.first_wait.map(time).as_deref(), Some("12:00:00"));
    assert_eq!(forecast.workers_needed, 3);
    assert!((forecast.busy - 130.0 / 7200.0).abs() < 1e-9);
    let means: Vec<_> = forecast.tasks.iter().map(|task| task.mean.unwrap().as_secs()).collect();
    assert_eq!(means, [20, 5, 40]);
    assert_eq!(
        forecast.to_string(),
        "2h ahead: 6 runs of 3 tasks, 1 worker busy 2 % of the time\n\
         4 runs will wait over 1s for a worker, up to 25s, first at 2026-11-22T12:00:00Z: 3 workers would do"
    );
}

#[test]
fn a_task_that_is_due_again_while_it_runs() {
    for (overlap, runs, overlaps) in [(Overlap::Skip, 3, 2), (Overlap::Queue, 5, 4)] {
        let stage = Stage::at("2026-11-22 10:00:30");
        let clock = stage.clock.clone();
        let task = stage.scheduler.task("t").cron("0,1,3,6,7 * * * *").overlap(overlap);
        let task = task.run(move || clock.advance(130 * SECOND)).unwrap();
        task.run_now().unwrap();
        stage.clock.advance(30 * MINUTE);
        let forecast = stage.scheduler.forecast(HOUR);
        let task = &forecast.tasks[0];
        assert_eq!((task.mean, task.gap), (Some(130 * SECOND), Some(MINUTE)));
        assert_eq!((task.occurrences, forecast.runs, task.overlaps), (5, runs, overlaps), "{overlap:?}");
    }
}

#[test]
fn a_forecast_counts_the_runs_that_are_left_and_those_that_wait() {
    for (overlap, times, runs, occurrences) in [
        // A missed occurrence is no run.
        (Overlap::Skip, 3, 3, 5),
        (Overlap::Queue, 3, 3, 5),
        (Overlap::QueueAll(3), 4, 4, 7),
        (Overlap::QueueAll(3), 100, 8, 10),
    ] {
        let stage = Stage::at("2026-11-22 10:30:30");
        let clock = stage.clock.clone();
        let task = stage.scheduler.task("t").cron("0-9 * * * *").overlap(overlap).times(times + 1);
        let task = task.run(move || clock.advance(if overlap == Overlap::Skip { 90 } else { 130 } * SECOND));
        task.unwrap().run_now().unwrap();
        stage.clock.advance(5 * MINUTE);
        stage.told();
        let forecast = stage.scheduler.forecast(HOUR);
        stage.clock.advance(HOUR);
        let started =
            stage.told().iter().filter(|event| matches!(event, Event::Started { .. })).count() as u64;
        assert_eq!((forecast.runs, forecast.tasks[0].occurrences), (runs, occurrences), "{overlap:?}");
        assert_eq!(started, runs, "{overlap:?}");
    }
}

#[test]
fn a_pending_future_holds_no_worker() {
    let stage = Stage::at("2026-11-22 10:00:30");
    let wakers = Arc::new(Mutex::new(Vec::<Waker>::new()));
    let keeps = wakers.clone();
    let job = move || {
        let (keeps, mut is_woken) = (keeps.clone(), false);
        poll_fn(move |context| {
            keeps.lock().unwrap().push(context.waker().clone());
            match std::mem::replace(&mut is_woken, true) {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        })
    };
    stage.scheduler.task("t").cron("* * * * *").run_async(without_run(job)).unwrap();
    stage.clock.advance(MINUTE);
    stage.clock.advance(MINUTE + 15 * SECOND);
    wakers.lock().unwrap().drain(..).for_each(|waker| waker.wake());
    stage.clock.advance(SECOND);
    let forecast = stage.scheduler.forecast(10 * MINUTE);
    assert_eq!(forecast.tasks[0].mean, Some(105 * SECOND));
    assert_eq!((forecast.tasks[0].overlaps, forecast.busy, forecast.waiting_runs), (5, 0.0, 0));
    assert_eq!(
        forecast.to_string().lines().nth(1),
        Some("task `t` takes 1m45s on average, and is due again after 1m: 5 of 10 due times will find it running")
    );
}

#[test]
fn schedules_of_each_kind_as_far_as_they_are_known() {
    let stage = Stage::at("2026-11-22 10:00:30");
    let scheduler = &stage.scheduler;
    scheduler.task("period").every("10m").run(|| {}).unwrap();
    scheduler.task("ends").cron("* * * * *").until("2026-11-22 10:03").run(|| {}).unwrap();
    scheduler.task("twice").cron("* * * * *").times(2).run(|| {}).unwrap();
    scheduler.task("once").after(30 * MINUTE).run(|| {}).unwrap();
    scheduler.task("late").at("2026-11-22 12:00").run(|| {}).unwrap();
    scheduler.task("days").every("1d").starting("2026-11-22 10:30").run(|| {}).unwrap();
    scheduler.task("closure").at_next(|now| Some(now + MINUTE)).run(|| {}).unwrap();
    scheduler.task("paused").cron("* * * * *").run(|| {}).unwrap().pause().unwrap();
    stage.clock.advance(Duration::ZERO);
    let forecast = scheduler.forecast(HOUR);
    let occurrences: Vec<_> = forecast.tasks.iter().map(|task| (&*task.task, task.occurrences)).collect();
    assert_eq!(
        occurrences,
        [
            ("period", 6),
            ("ends", 3),
            ("twice", 2),
            ("once", 1),
            ("late", 0),
            ("days", 1),
            ("closure", 1),
            ("paused", 0)
        ]
    );
    let lines: Vec<String> = forecast.to_string().lines().map(str::to_string).collect();
    assert_eq!(
        lines[2..4],
        ["1 task is paused, and not counted", "1 task is known only up to the next due time"]
    );
}

#[test]
fn the_forecast_of_a_replaced_task_equals_its_later_runs() {
    let stage = Stage::at("2026-11-22 10:00:30");
    stage.scheduler.task("t").cron("* * * * *").run(|| {}).unwrap();
    stage.clock.advance(3 * MINUTE);
    stage.scheduler.task("t").cron("* * * * *").times(2).replace().run(|| {}).unwrap();
    assert_eq!(stage.scheduler.forecast(HOUR).runs, 2);
    stage.clock.advance(MINUTE);
    assert_eq!(stage.scheduler.forecast(HOUR).runs, 1);
    stage.told();
    stage.clock.advance(HOUR);
    assert_eq!(stage.lines(), ["t 10:05:00", "t ended"]);
}

#[test]
fn a_forecast_is_cut_short_after_100000_due_times() {
    let stage = Stage::at("2026-11-22 10:00:00");
    stage.scheduler.task("t").every("1s").starting("2026-11-22 10:00:01").run(|| {}).unwrap();
    stage.scheduler.task("u").every("1s").starting("2026-11-22 10:00:01").run(|| {}).unwrap();
    let forecast = stage.scheduler.forecast(1000 * HOUR);
    assert!(forecast.is_cut);
    assert_eq!((forecast.horizon, forecast.runs), (50_000 * SECOND, 100_000));
    let text = forecast.to_string();
    assert!(text.contains("\ncut short: there are over 100000 due times"), "{text}");
    assert_eq!(moment("2026-11-22T10:00:00Z"), stage.clock.now().into());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    /// What is foreseen is what comes, where runs take as long as they did and nothing is missed by waiting.
    #[test]
    fn what_is_foreseen_is_what_comes(
        tasks in proptest::collection::vec(
            (proptest::collection::btree_set(0..60_u32, 1..5), 0..400_u64, any::<bool>()),
            1..5,
        ),
        hours in 1..4_u32,
    ) {
        let stage = Stage::at("2026-11-22 10:00:30");
        let is_alone = tasks.len() == 1;
        for (name, (minutes, seconds, is_queued)) in tasks.iter().enumerate() {
            let clock = stage.clock.clone();
            // Of several none ends in the instant that another is due in.
            let (name, odd) = (name.to_string(), if is_alone { 0 } else { 1 });
            let long = Duration::from_millis(seconds * 1000 + odd);
            let minutes: Vec<String> = minutes.iter().map(u32::to_string).collect();
            let task = stage.scheduler.task(&name).cron(&format!("{} * * * *", minutes.join(",")));
            let task = task.overlap(if *is_queued && is_alone { Overlap::Queue } else { Overlap::Skip });
            let task = task.run(move || clock.advance(long)).unwrap();
            task.run_now().unwrap();
            stage.clock.advance(HOUR);
        }
        // Until all that has come is done.
        while !stage.told().is_empty() {
            stage.clock.advance(Duration::ZERO);
        }
        let horizon = hours * HOUR;
        stage.told();
        let forecast = stage.scheduler.forecast(horizon);
        let end = stage.clock.now() + horizon;
        stage.clock.advance(horizon);
        let (mut waits, mut runs, mut missed) = (Vec::new(), 0, Vec::new());
        for event in stage.told() {
            match event {
                Event::Started { due, lateness, .. } if due <= end => {
                    runs += 1;
                    waits.extend(Some((due, lateness)).filter(|(_, lateness)| *lateness > SECOND));
                }
                Event::Missed { count, why, .. } => missed.push((count, why)),
                _ => {}
            }
        }
        let overlaps = forecast.tasks.iter().map(|task| task.overlaps).sum::<u64>();
        if is_alone {
            // Whoever is alone waits for itself only.
            prop_assert_eq!(forecast.waiting_runs, 0);
            prop_assert_eq!(forecast.runs, runs);
            let is_queued = tasks[0].2;
            let skipped: u64 = missed.iter().map(|(count, _)| count).sum();
            prop_assert!(overlaps == skipped || is_queued, "{}", forecast);
        } else if missed.is_empty() && overlaps == 0 {
            prop_assert_eq!(forecast.runs, runs);
            let longest = waits.iter().map(|(_, wait)| *wait).max().unwrap_or_default();
            prop_assert_eq!(forecast.waiting_runs, waits.len() as u64);
            prop_assert_eq!(forecast.longest_wait, longest);
            prop_assert_eq!(forecast.first_wait, waits.first().map(|(due, _)| *due));
            prop_assert_eq!(forecast.workers_needed > 1, !waits.is_empty());
        }
    }
}
