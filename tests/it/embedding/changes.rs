//! What changes a task that goes on: its pause, its schedule, what waits for it. And what can be seen of it.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use sexton::tz::Zone;
use sexton::{Event, ManualClock, Missed, Overlap, Run, RunOutcome, Schedule, Scheduler, Status, Task, Why};

use super::{outcomes, since, stage, Seen};
use crate::stage::{listen, missed, moment, must_end, time, OnDrop, Stage, DAY, HOUR, MINUTE, SECOND};

/// Notes the due times of the runs, in seconds since the stage began.
fn noting_due_times(stage: &Stage, seen: &Seen<u64>) -> impl FnMut(&Run) + Clone + Send + Sync {
    let (seen, start) = (seen.clone(), stage.clock.now());
    move |run: &Run| seen.push(since(start, run.due()).as_secs())
}

fn every(period: &str) -> Schedule {
    Schedule::every(period).unwrap()
}

fn cron(text: &str) -> Schedule {
    Schedule::cron(text).unwrap()
}

/// How many occurrences were missed in all, by the events.
fn all_missed(told: &[Event]) -> u64 {
    let counts = told.iter().map(|event| if let Event::Missed { count, .. } = event { *count } else { 0 });
    counts.sum()
}

// The next due time.

#[test]
fn the_next_due_time_is_never_before_now_and_the_same_from_call_to_call() {
    for schedule in
        ["0.3s", "7s", "1h", "1d"].map(every).into_iter().chain(["* * * * * *", "*/7 * * * *"].map(cron))
    {
        let stage = stage();
        let clock = stage.clock.clone();
        let seen: Seen<(Option<SystemTime>, SystemTime)> = Seen::new();
        let log = seen.clone();
        let task = stage.scheduler.task("a").on(schedule).run_with(move |run| {
            let task = run.scheduler().get("a").unwrap();
            log.push((None, run.due()));
            for _ in 0..4 {
                let next = task.next_due().unwrap();
                assert!(next >= clock.now());
                assert_eq!(task.next_due(), Some(next));
                log.push((Some(next), run.due()));
                clock.advance(Duration::from_millis(130));
            }
        });
        let task = task.unwrap();
        for _ in 0..40 {
            let next = task.next_due().unwrap();
            assert!(next >= stage.clock.now(), "{task}");
            stage.clock.advance(Duration::from_millis(333));
        }
        let due_times: Vec<_> = stage
            .told()
            .iter()
            .filter_map(|event| match event {
                Event::Started { due, .. } => Some(*due),
                _ => None,
            })
            .collect();
        let shown = seen.take().into_iter().filter(|(next, _)| next.is_none()).map(|(_, due)| due);
        assert_eq!(due_times, shown.collect::<Vec<_>>(), "what a run says is what the events say");
    }
}

#[test]
fn the_next_due_time_is_the_due_time_of_the_next_run() {
    for schedule in
        [every("7s"), every("1m30s"), cron("*/20 * * * * *"), Schedule::at_next(|now| Some(now + 5 * SECOND))]
    {
        let stage = stage();
        let task = stage.scheduler.task("a").on(schedule).run(|| ()).unwrap();
        stage.clock.advance(SECOND);
        stage.told();
        for _ in 0..20 {
            let next = task.next_due().unwrap();
            stage.clock.advance(since(stage.clock.now(), next));
            let told = stage.told();
            let starts: Vec<_> = told
                .iter()
                .filter_map(|event| match event {
                    Event::Started { due, lateness, .. } => Some((*due, *lateness)),
                    _ => None,
                })
                .collect();
            assert_eq!(starts, [(next, Duration::ZERO)]);
        }
    }
}

#[test]
fn a_due_time_that_has_come_is_shown_as_now_also_if_the_clocks_have_just_drifted_apart() {
    let stage = stage();
    let task = stage.scheduler.task("a").after(Duration::ZERO).paused().run(|| {}).unwrap();
    stage.clock.advance(SECOND);
    stage.clock.suspend(Duration::from_millis(1));
    stage.clock.advance(Duration::ZERO);
    assert_eq!(task.next_due(), Some(stage.clock.now()));
}

#[test]
fn during_a_pause_the_next_due_time_goes_on() {
    let stage = stage();
    for (name, schedule) in [("elapsed", every("10s")), ("calendar", cron("*/10 * * * * *"))] {
        let task = stage.scheduler.task(name).on(schedule).paused().run(|| ()).unwrap();
        for _ in 0..10 {
            stage.clock.advance(7 * SECOND);
            let next = task.next_due().unwrap();
            let ahead = since(stage.clock.now(), next);
            assert!(ahead <= 10 * SECOND, "{name}: {ahead:?}");
        }
        assert!(task.to_string().contains("paused, next"), "{task}");
    }
}

/// Of a paused task whose schedule is the user's code no due time is known, once one has come.
#[test]
fn tasks_without_a_known_due_time_do_not_hide_what_is_upcoming() {
    let stage = stage();
    let start = stage.clock.now();
    for name in ["a", "b"] {
        stage.scheduler.task(name).at_each([start + SECOND, start + MINUTE]).paused().run(|| ()).unwrap();
    }
    stage.scheduler.task("c").every("10s").first_after(10 * SECOND).run(|| ()).unwrap();
    stage.clock.advance(2 * SECOND);
    for count in 0..4 {
        let upcoming = stage.scheduler.upcoming(count);
        let upcoming: Vec<_> = upcoming.iter().map(|(due, task)| (since(start, *due), task.name())).collect();
        let expected: Vec<_> = (1..=count as u32).map(|n| (n * 10 * SECOND, "c")).collect();
        assert_eq!(upcoming, expected);
    }
}

#[test]
fn an_elapsed_due_time_is_the_same_on_real_clocks() {
    let scheduler = Scheduler::builder().threads(1).zone("UTC").build().unwrap();
    let task = scheduler.task("a").after(HOUR).run(|| ()).unwrap();
    let first = task.next_due().unwrap();
    // Where the wall clock is set meanwhile it would be another one: look again.
    let same = (0..1000).filter(|_| task.next_due() == Some(first)).count();
    let again = task.next_due();
    assert!(same == 1000 || again != Some(first), "{same} of 1000");
}

// Statistics.

#[test]
fn statistics_count_runs_by_their_outcome_and_stay_after_the_end() {
    let stage = stage();
    let clock = stage.clock.clone();
    let task = stage.scheduler.task("a").every("10s").time_limit(5 * SECOND).run_with(move |run| {
        match run.count() {
            1 => clock.advance(SECOND),
            2 => clock.advance(7 * SECOND),
            3 => return Err("no"),
            4 => std::panic::resume_unwind(Box::new("boom")),
            5 => clock.advance(25 * SECOND),
            6 => run.cancel(),
            _ => {}
        }
        let _ = run.stop_requested();
        Ok(())
    });
    let task = task.unwrap();
    assert_eq!((task.stats().runs(), task.stats().mean(), task.stats().longest), (0, None, Duration::ZERO));
    assert!(task.stats().last.is_none());
    stage.clock.advance(5 * MINUTE);
    let stats = task.stats();
    let by_outcome = (stats.finished, stats.failed, stats.panicked, stats.timed_out, stats.stopped);
    assert_eq!(by_outcome, (1, 1, 1, 2, 1));
    assert_eq!((stats.runs(), stats.missed, stats.longest), (6, 2, 25 * SECOND));
    assert_eq!(stats.mean(), Some(33 * SECOND / 6));
    let last = stats.last.unwrap();
    assert_eq!((last.outcome, last.attempts, last.took), (RunOutcome::Stopped, 1, Duration::ZERO));
    assert_eq!(last.due, last.started);
    assert_eq!(all_missed(&stage.told()), 2);
    drop(stage);
    assert_eq!((task.status(), task.stats().runs()), (Status::Ended, 6), "also when the scheduler is gone");
}

#[test]
fn a_replacement_goes_on_counting_and_a_new_task_of_the_name_does_not() {
    let stage = stage();
    let first = stage.scheduler.task("a").every("1s").run(|| ()).unwrap();
    stage.clock.advance(9 * SECOND);
    let second = stage.scheduler.task("a").every("1s").replace().run(|| ()).unwrap();
    stage.clock.advance(9 * SECOND);
    assert_eq!((first.stats().runs(), second.stats().runs(), second.count()), (20, 20, Some(20)));
    second.cancel().unwrap();
    let third = stage.scheduler.task("a").every("1s").run(|| ()).unwrap();
    stage.clock.advance(SECOND);
    assert_eq!((first.stats().runs(), third.stats().runs()), (20, 2));
}

#[test]
fn what_is_missed_is_counted_for_each_reason() {
    let stage = stage();
    let users = |mut next: SystemTime| {
        Schedule::at_each(std::iter::repeat_with(move || {
            next += SECOND;
            next
        }))
    };
    for (name, schedule) in
        [("plain", cron("* * * * * *")), ("users", users(stage.clock.now())), ("elapsed", every("1s"))]
    {
        let stage = Stage::at("2026-11-22 10:00:00");
        let clock = stage.clock.clone();
        let task = stage.scheduler.task(name).on(schedule).run_with(move |run| {
            if run.count() == 3 {
                clock.advance(5 * SECOND);
            }
        });
        let task = task.unwrap();
        stage.clock.advance(10 * SECOND);
        task.pause().unwrap();
        stage.clock.advance(10 * SECOND);
        task.resume().unwrap();
        stage.clock.suspend(30 * SECOND);
        stage.clock.advance(10 * SECOND);
        task.pause().unwrap();
        stage.clock.advance(10 * SECOND);
        task.cancel().unwrap();
        let told = stage.told();
        assert!(all_missed(&told) > 20, "{name}");
        assert_eq!(task.stats().missed, all_missed(&told), "{name}");
        assert!(missed(&told, Why::StillRunning) >= 4 && missed(&told, Why::Paused) >= 9, "{name}: {told:?}");
    }
}

// Pauses.

#[test]
fn a_task_may_begin_paused() {
    let stage = stage();
    let seen = Seen::new();
    let task =
        stage.scheduler.task("a").every("1m").paused().run_with(noting_due_times(&stage, &seen)).unwrap();
    stage.clock.advance(HOUR);
    assert_eq!((task.status(), seen.len(), task.count()), (Status::Paused, 0, Some(0)));
    task.run_now().unwrap();
    stage.clock.advance(Duration::ZERO);
    assert_eq!((task.status(), seen.take().len()), (Status::Paused, 1), "a run may be requested");
    task.resume().unwrap();
    stage.clock.advance(MINUTE);
    assert_eq!((task.status(), seen.take()), (Status::Waiting, vec![3660]));
}

#[test]
fn a_paused_scheduler_resumes_all_its_tasks_and_those_that_come_later_do_not_begin_paused() {
    let clock = ManualClock::new(SystemTime::UNIX_EPOCH);
    let scheduler = Scheduler::builder().clock(&clock).zone("UTC").paused().build().unwrap();
    let tasks = ["a", "b", "c"].map(|name| scheduler.task(name).every("1s").run(|| ()).unwrap());
    clock.advance(MINUTE);
    assert!(tasks.iter().all(|task| task.status() == Status::Paused && task.stats().runs() == 0));
    assert_eq!(scheduler.resume_all(|task| task.name() != "b"), 2);
    clock.advance(MINUTE);
    let runs = |task: &Task| task.stats().runs() > 0;
    assert_eq!(tasks.iter().map(runs).collect::<Vec<_>>(), [true, false, true]);
    assert_eq!(scheduler.task("d").every("1s").run(|| ()).unwrap().status(), Status::Waiting);
    assert_eq!(scheduler.pause_all(|_| true), 4);
    clock.advance(MINUTE);
    assert_eq!(scheduler.cancel_all(|task| task.status() == Status::Paused), 4);
    assert_eq!((scheduler.cancel_all(|_| true), scheduler.tasks().len()), (0, 0));
}

#[test]
fn a_predicate_may_call_the_scheduler_and_may_panic() {
    let stage = stage();
    for name in ["a", "b", "c"] {
        stage.scheduler.task(name).every("1s").run(|| ()).unwrap();
    }
    let scheduler = stage.scheduler.clone();
    let count = must_end("cancel_all", move || {
        scheduler.cancel_all(|task| {
            scheduler.tasks().iter().for_each(|other| drop(other.cancel()));
            task.name() != "b"
        })
    });
    assert_eq!(count, 0, "they have ended meanwhile");
    stage.scheduler.task("d").every("1s").run(|| ()).unwrap();
    let panics = std::panic::AssertUnwindSafe(|| stage.scheduler.pause_all(|_| panic!("on purpose")));
    assert!(std::panic::catch_unwind(panics).is_err());
    assert_eq!(stage.scheduler.cancel_all(|_| true), 1);
}

#[test]
fn resume_with_catches_up_with_what_has_passed_during_the_pause() {
    for (policy, missed_by, runs) in [
        (Missed::Skip, Missed::All, vec![60, 120, 180, 240]),
        (Missed::All, Missed::Once, vec![180, 240]),
        (Missed::All, Missed::Skip, vec![240]),
        (Missed::Skip, Missed::Once, vec![180, 240]),
    ] {
        let users = || {
            let mut next = moment("2026-11-22 10:00:00").instant(&Zone::utc()).unwrap();
            Schedule::at_each(std::iter::repeat_with(move || {
                next += MINUTE;
                next
            }))
        };
        let start = Schedule::every("1m").unwrap().starting("2026-11-22 10:01:00").unwrap();
        for (name, schedule) in [("plain", cron("* * * * *")), ("users", users()), ("elapsed", start)] {
            let stage = stage();
            let seen = Seen::new();
            let task = stage.scheduler.task("a").on(schedule).missed(policy).paused();
            let task = task.run_with(noting_due_times(&stage, &seen)).unwrap();
            stage.clock.advance(3 * MINUTE + SECOND);
            task.resume_with(missed_by).unwrap();
            stage.clock.advance(MINUTE);
            assert_eq!(seen.take(), runs, "{name}, {policy:?}, {missed_by:?}");
            assert_eq!(task.stats().missed + task.stats().runs(), 4, "{name}, {policy:?}, {missed_by:?}");
            assert_eq!(task.stats().missed, all_missed(&stage.told()));
        }
    }
}

#[test]
fn a_pause_and_a_resume_during_one_run_catch_up_after_it() {
    for (missed_by, runs) in
        [(Missed::All, vec![10, 20, 30, 60]), (Missed::Once, vec![10, 30, 60]), (Missed::Skip, vec![10, 60])]
    {
        let stage = stage();
        let seen = Seen::new();
        let mut note = noting_due_times(&stage, &seen);
        let clock = stage.clock.clone();
        let task = stage.scheduler.task("a").cron("*/10 * * * * *").run_with(move |run| {
            note(run);
            if run.count() == 1 {
                let task = run.scheduler().get("a").unwrap();
                task.pause().unwrap();
                clock.advance(25 * SECOND); // 20 and 30 pass
                task.resume_with(missed_by).unwrap();
                clock.advance(Duration::from_secs(3));
            }
        });
        let task = task.unwrap();
        stage.clock.advance(39 * SECOND);
        task.pause().unwrap();
        stage.clock.advance(12 * SECOND);
        task.resume().unwrap();
        stage.clock.advance(10 * SECOND);
        assert_eq!(seen.take(), runs, "{missed_by:?}");
    }
}

#[test]
fn a_second_pause_before_the_catching_up_begins_takes_it_back() {
    let stage = stage();
    let seen = Seen::new();
    let task = stage
        .scheduler
        .task("a")
        .cron("* * * * *")
        .paused()
        .run_with(noting_due_times(&stage, &seen))
        .unwrap();
    stage.clock.advance(3 * MINUTE + SECOND);
    task.resume_with(Missed::All).unwrap();
    task.pause().unwrap();
    stage.clock.advance(MINUTE);
    task.resume().unwrap();
    stage.clock.advance(MINUTE);
    assert_eq!(seen.take(), [300]);
    assert_eq!(task.stats().missed, 4);
    // A task that is not paused has nothing to catch up with.
    task.resume_with(Missed::All).unwrap();
    stage.clock.advance(MINUTE);
    assert_eq!(seen.take(), [360]);
}

#[test]
fn all_that_passed_in_a_pause_is_caught_up_with_also_if_more_comes_meanwhile() {
    let stage = stage();
    let seen = Seen::new();
    let mut note = noting_due_times(&stage, &seen);
    let clock = stage.clock.clone();
    let task = stage.scheduler.task("a").cron("*/10 * * * * *").paused().run_with(move |run| {
        note(run);
        clock.advance(4 * SECOND);
    });
    let task = task.unwrap();
    stage.clock.advance(MINUTE + SECOND);
    task.resume_with(Missed::All).unwrap();
    stage.clock.advance(2 * MINUTE);
    let seen = seen.take();
    assert_eq!(seen[..6], [10, 20, 30, 40, 50, 60]);
    let stats = task.stats();
    assert_eq!(stats.runs() as usize, seen.len());
    assert_eq!(stats.missed + stats.runs(), seen[seen.len() - 1] / 10, "{seen:?}");
}

// All overruns.

#[test]
fn each_overrun_gets_a_run_of_its_own_up_to_a_number() {
    for (most, runs) in [
        (1, vec![10, 50, 60]),
        (2, vec![10, 40, 50]),
        (8, vec![10, 20, 30, 40]),
        (usize::MAX, vec![10, 20, 30, 40]),
    ] {
        for schedule in [cron("*/10 * * * * *"), every("10s").starting("2026-11-22 10:00:10").unwrap()] {
            let stage = stage();
            let seen = Seen::new();
            let mut note = noting_due_times(&stage, &seen);
            let clock = stage.clock.clone();
            let task = stage.scheduler.task("a").on(schedule).overlap(Overlap::QueueAll(most)).run_with(
                move |run| {
                    note(run);
                    if run.count() == 1 {
                        clock.advance(42 * SECOND);
                    }
                },
            );
            let task = task.unwrap();
            stage.clock.advance(70 * SECOND);
            let ran = seen.take();
            assert_eq!(ran[..3], runs[..3], "{most}: {ran:?}");
            let stats = task.stats();
            assert_eq!(stats.missed + stats.runs(), 7, "{most}: {ran:?}");
            assert_eq!(missed(&stage.told(), Why::StillRunning), stats.missed);
            assert!(ran.windows(2).all(|two| two[0] < two[1]));
        }
    }
}

#[test]
fn all_overruns_go_with_sleep_steps_of_the_clock_and_what_is_missed_otherwise() {
    for missed_by in [Missed::Once, Missed::Skip, Missed::All] {
        for act in 0..5 {
            let stage = stage();
            let seen = Seen::new();
            let mut note = noting_due_times(&stage, &seen);
            let clock = stage.clock.clone();
            let task = stage
                .scheduler
                .task("a")
                .cron("*/10 * * * * *")
                .overlap(Overlap::QueueAll(3))
                .missed(missed_by);
            let task = task.run_with(move |run| {
                note(run);
                if run.count() == 2 {
                    clock.advance(15 * SECOND);
                    match act {
                        0 => clock.suspend(MINUTE),
                        1 => clock.step(MINUTE),
                        2 => clock.step_back(MINUTE),
                        3 => clock.step(4 * HOUR),
                        _ => {}
                    }
                    clock.advance(35 * SECOND);
                }
            });
            let task = task.unwrap();
            stage.clock.advance(2 * MINUTE);
            stage.clock.suspend(45 * SECOND);
            stage.clock.advance(2 * MINUTE);
            let ran = seen.take();
            let told = stage.told();
            assert_eq!(task.stats().missed, all_missed(&told), "{missed_by:?}, {act}");
            let last = *ran.last().unwrap();
            // Times that are shown again are run again: it is interval-like.
            if act != 2 {
                assert!(ran.windows(2).all(|two| two[0] < two[1]), "{missed_by:?}, {act}: {ran:?}");
                assert_eq!(
                    task.stats().missed + task.stats().runs(),
                    last / 10,
                    "{missed_by:?}, {act}: {ran:?} {told:?}"
                );
            }
        }
    }
}

#[test]
fn all_overruns_need_at_least_one_and_a_schedule_that_can_be_counted() {
    let stage = stage();
    let error = stage.scheduler.task("a").every("1s").overlap(Overlap::QueueAll(0)).run(|| ()).unwrap_err();
    assert!(error.to_string().contains("at least one"), "{error}");
    let error = stage.scheduler.task("a").at_next(Some).overlap(Overlap::QueueAll(2)).run(|| ()).unwrap_err();
    assert!(error.to_string().contains("cannot be counted twice"), "{error}");
    let task = stage.scheduler.task("a").every("1s").overlap(Overlap::QueueAll(2)).run(|| ()).unwrap();
    let error = task.reschedule(Schedule::at_next(|now| Some(now + SECOND))).unwrap_err();
    assert!(error.to_string().contains("cannot be counted twice"), "{error}");
    assert_eq!(task.to_string().split(',').next(), Some("a: every 1s"));
}

// Another schedule.

#[test]
fn reschedule_keeps_all_but_the_schedule() {
    let stage = stage();
    let seen = Seen::new();
    let task = stage.scheduler.task("a").every("1h").run_with(noting_due_times(&stage, &seen)).unwrap();
    stage.clock.advance(MINUTE);
    task.reschedule(cron("*/5 * * * *")).unwrap();
    stage.clock.advance(11 * MINUTE);
    assert_eq!(seen.take(), [0, 300, 600]);
    assert_eq!((task.count(), task.stats().runs(), task.stats().missed), (Some(3), 3, 0));
    assert!(task.to_string().starts_with("a: cron */5 * * * *, waiting"), "{task}");
    assert_eq!(time(task.next_due().unwrap()), "10:15:00");
    assert_eq!(stage.told().iter().filter(|event| matches!(event, Event::Rescheduled { .. })).count(), 1);
    // Its number of runs counts from now on.
    task.reschedule(every("1m").times(2)).unwrap();
    stage.clock.advance(HOUR);
    assert_eq!((seen.take().len(), task.status()), (2, Status::Ended));
    assert!(task.reschedule(every("1m")).is_err());
}

#[test]
fn a_schedule_that_is_never_due_leaves_the_old_one() {
    let stage = stage();
    let seen = Seen::new();
    let task = stage.scheduler.task("a").cron("* * * * *").run_with(noting_due_times(&stage, &seen)).unwrap();
    let never = [
        Schedule::at_next(|_| None),
        Schedule::at_each(Vec::<SystemTime>::new()),
        Schedule::cron("0 0 1 1 *").unwrap().until("2026-12-01").unwrap(),
        Schedule::every("1s").unwrap().times(0),
    ];
    for schedule in never {
        let text = format!("{schedule:?}");
        let error = task.reschedule(schedule).expect_err(&text).to_string();
        assert!(error.contains("task `a`"), "{error}");
    }
    let panics = Schedule::at_next(|_| std::panic::resume_unwind(Box::new("boom")));
    assert!(task.reschedule(panics).is_err());
    stage.clock.advance(2 * MINUTE);
    assert_eq!(seen.take(), [60, 120]);
    assert!(!stage.told().iter().any(|event| matches!(event, Event::Rescheduled { .. })));
}

#[test]
fn reschedule_from_inside_the_callback_of_a_plain_one_and_of_a_users() {
    let users = |step: Duration| Schedule::at_next(move |now| Some(now + step));
    for is_users in [false, true] {
        let stage = stage();
        let seen = Seen::new();
        let mut note = noting_due_times(&stage, &seen);
        let schedule = move |count: u64| match is_users {
            true => users(SECOND * (count as u32 + 1)),
            false => cron(&format!("*/{} * * * * *", count + 1)),
        };
        let first = schedule(0);
        let task = stage.scheduler.task("a").on(first).run_with(move |run| {
            note(run);
            run.scheduler().get("a").unwrap().reschedule(schedule(run.count())).unwrap();
        });
        let task = task.unwrap();
        stage.clock.advance(20 * SECOND);
        let ran = seen.take();
        assert!(ran.len() >= 4 && ran.windows(2).all(|two| two[0] < two[1]), "{is_users}: {ran:?}");
        assert_eq!(
            (task.stats().runs() as usize, task.stats().missed),
            (ran.len(), 0),
            "{is_users}: {ran:?}"
        );
    }
}

#[test]
fn reschedule_while_paused_queued_or_behind_counts_what_has_passed() {
    let stage = stage();
    let seen = Seen::new();
    let task = stage
        .scheduler
        .task("a")
        .cron("* * * * *")
        .paused()
        .run_with(noting_due_times(&stage, &seen))
        .unwrap();
    stage.clock.advance(3 * MINUTE + SECOND);
    task.reschedule(every("10s").starting("2026-11-22 10:03:10").unwrap()).unwrap();
    assert_eq!((task.status(), task.stats().missed), (Status::Paused, 3));
    stage.clock.advance(30 * SECOND);
    task.resume_with(Missed::All).unwrap();
    stage.clock.advance(10 * SECOND);
    assert_eq!(seen.take(), [190, 200, 210, 220]);
    // It is due, and has not been picked up.
    stage.clock.suspend(HOUR);
    task.reschedule(cron("* * * * *")).unwrap();
    stage.clock.advance(MINUTE);
    assert_eq!(seen.take(), [3840]);
}

#[test]
fn reschedule_while_its_schedule_is_being_asked() {
    for again in [1, 3] {
        for is_users in [false, true] {
            let stage = stage();
            let handle: Arc<Mutex<Option<Task>>> = Arc::default();
            let (mine, mut asked) = (handle.clone(), 0);
            let schedule = Schedule::at_next(move |now| {
                asked += 1;
                if let (2, Some(task)) = (asked, mine.lock().unwrap().take()) {
                    for _ in 0..again {
                        let new = match is_users {
                            true => Schedule::at_next(|now| Some(now + 10 * SECOND)),
                            false => cron("*/10 * * * * *"),
                        };
                        task.reschedule(new).unwrap();
                    }
                }
                Some(now + SECOND)
            });
            let task = stage.scheduler.task("a").on(schedule).run(|| ()).unwrap();
            *handle.lock().unwrap() = Some(task.clone());
            let clock = stage.clock.clone();
            must_end("advance", move || clock.advance(35 * SECOND));
            let told = stage.told();
            let starts = told.iter().filter(|event| matches!(event, Event::Started { .. })).count();
            assert!(starts >= 3, "{again} {is_users}: {told:?}");
            assert_eq!((task.status(), task.stats().runs()), (Status::Waiting, starts as u64));
            assert_eq!(task.stats().missed, all_missed(&told));
            stage.scheduler.shutdown();
        }
    }
}

#[test]
fn a_schedule_that_is_not_taken_is_dropped_where_it_may_call_the_scheduler() {
    let stage = stage();
    let task = stage.scheduler.task("a").every("1s").run(|| ()).unwrap();
    let own = |dropped: &Seen<usize>, is_due: bool| {
        let (scheduler, log) = (stage.scheduler.clone(), dropped.clone());
        let owned = OnDrop(move || log.push(scheduler.tasks().len()));
        Schedule::at_next(move |now| {
            let _ = &owned;
            is_due.then_some(now + SECOND)
        })
    };
    let dropped = Seen::new();
    let (schedules, handle) = ([own(&dropped, true), own(&dropped, false)], task.clone());
    must_end("reschedule", move || {
        let [first, never] = schedules;
        handle.reschedule(first).unwrap();
        handle.reschedule(never).unwrap_err();
        handle.reschedule(every("1s")).unwrap();
    });
    assert_eq!(dropped.take().len(), 2);
    task.cancel().unwrap();
    let schedule = own(&dropped, true);
    let handle = task.clone();
    assert!(must_end("reschedule", move || handle.reschedule(schedule)).is_err());
    // It has ended while its new schedule was being asked.
    let task = stage.scheduler.task("a").every("1s").run(|| ()).unwrap();
    let (handle, owned) = (task.clone(), own(&dropped, true));
    let inner = Mutex::new(Some(owned));
    let schedule = Schedule::at_next(move |now| {
        let _ = handle.cancel();
        let _ = &inner;
        Some(now + SECOND)
    });
    assert!(must_end("reschedule", move || task.reschedule(schedule)).is_err());
    assert_eq!(dropped.take().len(), 2);
}

#[test]
fn a_schedule_whose_destructor_panics_is_reported_and_not_passed_on() {
    let stage = stage();
    let task = stage.scheduler.task("a").every("1s").run(|| ()).unwrap();
    let bomb = || {
        let bomb = OnDrop(|| std::panic::resume_unwind(Box::new("boom")));
        Schedule::at_next(move |now| {
            let _ = &bomb;
            Some(now + SECOND)
        })
    };
    task.reschedule(bomb()).unwrap();
    task.reschedule(every("1s")).unwrap();
    task.cancel().unwrap();
    task.reschedule(bomb()).unwrap_err();
    let told = stage.told();
    let bombs = told.iter().filter(|event| matches!(event, Event::DestructorPanicked { .. }));
    assert_eq!(bombs.count(), 2, "{told:?}");
}

#[test]
fn a_new_schedule_has_its_own_zone_or_follows_that_of_the_scheduler() {
    let stage = stage();
    let seen = Seen::new();
    let task =
        stage.scheduler.task("a").cron("0 12 * * *").run_with(noting_due_times(&stage, &seen)).unwrap();
    let zone = Zone::fixed(-2 * 3600).unwrap();
    task.reschedule(cron("0 12 * * *").zone(zone)).unwrap();
    assert_eq!(time(task.next_due().unwrap()), "14:00:00");
    stage.scheduler.set_zone(Zone::fixed(3600).unwrap());
    assert_eq!(time(task.next_due().unwrap()), "14:00:00");
    task.reschedule(cron("0 12 * * *")).unwrap();
    assert_eq!(time(task.next_due().unwrap()), "11:00:00");
    stage.scheduler.set_zone(Zone::utc());
    assert_eq!(time(task.next_due().unwrap()), "12:00:00");
    stage.clock.advance(DAY);
    assert_eq!(seen.take(), [7200]);
}

#[test]
fn reschedule_during_a_run_judges_what_passes_by_the_new_schedule() {
    for overlap in [Overlap::Skip, Overlap::Queue, Overlap::QueueAll(5)] {
        let stage = stage();
        let seen = Seen::new();
        let mut note = noting_due_times(&stage, &seen);
        let clock = stage.clock.clone();
        let task = stage.scheduler.task("a").cron("*/10 * * * * *").overlap(overlap).run_with(move |run| {
            note(run);
            if run.count() == 1 {
                clock.advance(25 * SECOND);
                run.scheduler().get("a").unwrap().reschedule(cron("*/20 * * * * *")).unwrap();
                clock.advance(30 * SECOND);
            }
        });
        let task = task.unwrap();
        stage.clock.advance(70 * SECOND);
        let (ran, told) = (seen.take(), stage.told());
        // 10; 20 and 30 are given up with the old schedule; 40 and 60 pass during the run.
        let expected = match overlap {
            Overlap::Skip => vec![10],
            Overlap::Queue => vec![10, 60],
            _ => vec![10, 40, 60],
        };
        assert_eq!(ran, expected, "{overlap:?}: {told:?}");
        assert_eq!(task.stats().missed + task.stats().runs(), 5, "{overlap:?}: {told:?}");
    }
}

#[test]
fn a_step_of_the_clock_right_after_a_reschedule_is_judged_for_the_new_schedule() {
    let stage = stage();
    let seen = Seen::new();
    let task = stage.scheduler.task("a").cron("0 * * * *").run_with(noting_due_times(&stage, &seen)).unwrap();
    stage.clock.advance(MINUTE);
    task.reschedule(cron("30 * * * *")).unwrap();
    stage.clock.step(35 * MINUTE);
    stage.clock.advance(Duration::ZERO);
    assert_eq!(seen.take(), [1800]);
    task.reschedule(every("1m")).unwrap();
    stage.clock.step_back(30 * MINUTE);
    stage.clock.advance(3 * MINUTE + SECOND);
    assert_eq!(seen.len(), 4);
}

#[test]
fn zero_and_endless_durations_are_taken_as_they_are() {
    let stage = stage();
    let told = listen(&stage.scheduler);
    let task =
        stage.scheduler.task("a").after(Duration::ZERO).grace(Duration::ZERO).time_limit(Duration::MAX);
    let task = task.retry(u32::MAX, Duration::MAX).run(|| Err::<(), _>("no")).unwrap();
    stage.clock.advance(SECOND);
    assert_eq!((task.stats().failed, task.status()), (1, Status::Ended));
    assert_eq!(outcomes(&told.lock().unwrap()).len(), 1);
    let never = stage.scheduler.task("never").after(Duration::MAX).run(|| ());
    if let Ok(never) = never {
        assert_eq!((never.status(), never.count()), (Status::Waiting, Some(0)));
    }
}

#[test]
fn what_an_earlier_process_has_missed_is_not_missed_by_the_pause_that_the_next_begins_with() {
    let stage = Stage::at("2026-11-22 10:00:00");
    let begins =
        stage.scheduler.task("t").every("1d").starting("2026-11-20 09:00").missed(Missed::Once).paused();
    let task = begins.run(|| {}).unwrap();
    stage.clock.advance(MINUTE);
    task.resume().unwrap();
    stage.clock.advance(Duration::ZERO);
    assert_eq!(stage.lines(), ["task `t` resumed", "t 09:00:00"]);
}
