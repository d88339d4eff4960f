//! Runs that fail are repeated.

use std::sync::Arc;
use std::time::Duration;

use sexton::store::{Record, Store, StoreError};
use sexton::{Event, ManualClock, Missed, Overlap, RunOutcome, Schedule, Scheduler, Status};

use super::{boom, outcomes, since, stage, Seen};
use crate::stage::{without_run, Stage, DAY, HOUR, MINUTE, SECOND};

/// When an attempt was, its number, for when, and the number of its run.
type Attempt = (Duration, u32, Duration, u64);

/// Lets a task fail each time, and notes when, which attempt, and for when.
fn failing(stage: &Stage, seen: &Seen<Attempt>) -> impl FnMut(&sexton::Run) -> Result<(), &'static str> {
    let (clock, seen, start) = (stage.clock.clone(), seen.clone(), stage.clock.now());
    move |run| {
        seen.push((since(start, clock.now()), run.attempt(), since(start, run.due()), run.count()));
        Err("no route")
    }
}

/// Each `RunEnded` has its `Started` before, with the attempts in order between them. Gives the numbers of attempts.
#[track_caller]
fn books(told: &[Event]) -> Vec<u32> {
    let (mut going_on, mut ended) = (None, Vec::new());
    for event in told {
        match event {
            Event::Started { due, attempt, .. } => {
                match going_on {
                    None => assert_eq!(*attempt, 1, "{told:?}"),
                    Some((of, attempts)) => assert_eq!((*due, *attempt), (of, attempts + 1), "{told:?}"),
                }
                going_on = Some((*due, *attempt));
            }
            Event::AttemptFailed { due, attempt, .. } => assert_eq!(going_on, Some((*due, *attempt))),
            Event::RunEnded { due, attempt, .. } => {
                assert_eq!(going_on.take(), Some((*due, *attempt)), "{told:?}");
                ended.push(*attempt);
            }
            _ => {}
        }
    }
    ended
}

#[test]
fn delays_double_and_all_attempts_have_one_due_time_and_number() {
    let stage = stage();
    let seen = Seen::new();
    let task =
        stage.scheduler.task("a").cron("0 11 * * *").retry(4, 10 * SECOND).run_with(failing(&stage, &seen));
    stage.clock.advance(2 * HOUR);
    let expected = [0, 10, 30, 70, 150]
        .iter()
        .zip(1..)
        .map(|(after, attempt)| (HOUR + Duration::from_secs(*after), attempt, HOUR, 1));
    assert_eq!(seen.take(), expected.collect::<Vec<_>>());
    let told = stage.told();
    assert_eq!(books(&told), [5]);
    assert_eq!(outcomes(&told), [RunOutcome::Failed("no route".into())]);
    let delays = told.iter().filter_map(|event| match event {
        Event::AttemptFailed { delay, .. } => Some(delay.as_secs()),
        _ => None,
    });
    assert_eq!(delays.collect::<Vec<_>>(), [10, 20, 40, 80]);
    let stats = task.unwrap().stats();
    assert_eq!((stats.runs(), stats.failed, stats.last.unwrap().attempts), (1, 1, 5));
}

#[test]
fn delays_double_up_to_an_hour() {
    let stage = stage();
    let seen = Seen::new();
    let schedule = Schedule::at("2026-11-22 10:00:00").unwrap();
    stage.scheduler.task("a").on(schedule).retry(40, 20 * MINUTE).run_with(failing(&stage, &seen)).unwrap();
    stage.clock.advance(10 * DAY);
    let times: Vec<_> = seen.take().iter().map(|seen| seen.0.as_secs() / 60).collect();
    assert_eq!(times[..6], [0, 20, 60, 120, 180, 240]);
    assert_eq!(times.len(), 41);
    assert_eq!(books(&stage.told()), [41]);
}

#[test]
fn a_first_delay_of_more_than_an_hour_stays_as_it_is() {
    let stage = stage();
    let seen = Seen::new();
    stage.scheduler.task("a").after(SECOND).retry(3, 5 * HOUR).run_with(failing(&stage, &seen)).unwrap();
    stage.clock.advance(10 * DAY);
    let times: Vec<_> = seen.take().iter().map(|seen| seen.0.as_secs()).collect();
    assert_eq!(times, [1, 1 + 5 * 3600, 1 + 10 * 3600, 1 + 15 * 3600]);
}

#[test]
fn no_attempts_and_delays_without_measure() {
    for (times, delay, attempts) in [
        (0, SECOND, 1),
        (0, Duration::ZERO, 1),
        (3, Duration::ZERO, 4),
        (3, Duration::MAX, 1),
        (u32::MAX, Duration::MAX, 1),
        (u32::MAX, 60 * MINUTE, 25),
    ] {
        let stage = stage();
        let seen = Seen::new();
        let task =
            stage.scheduler.task("a").cron("0 10 * * *").retry(times, delay).run_with(failing(&stage, &seen));
        stage.clock.advance(DAY - SECOND);
        assert_eq!(seen.len(), 0, "it is due tomorrow");
        stage.clock.advance(DAY);
        let runs = books(&stage.told());
        let is_over = runs.len() == 1;
        assert_eq!(seen.len(), attempts.min(24), "{times} {delay:?}");
        assert!(is_over || attempts > 4, "{times} {delay:?}: {runs:?}");
        task.unwrap().cancel().unwrap();
        assert_eq!(stage.told().len(), if is_over { 1 } else { 2 });
    }
}

#[test]
fn a_retry_that_would_come_after_the_next_due_time_is_not_waited_for() {
    for schedule in [Schedule::every("10s").unwrap(), Schedule::cron("*/10 * * * * *").unwrap()] {
        let stage = stage();
        let seen = Seen::new();
        let task =
            stage.scheduler.task("a").on(schedule).retry(5, 4 * SECOND).run_with(failing(&stage, &seen));
        stage.clock.advance(29 * SECOND);
        let told = stage.told();
        // The second attempt comes after four seconds, the third would be due two seconds after the next due time.
        let runs = books(&told);
        assert!(runs.iter().all(|attempts| *attempts == 2) && runs.len() >= 2, "{runs:?} {told:?}");
        let due_times = seen.take();
        assert!(
            due_times.iter().all(|(at, _, due, _)| *at == *due || *at == *due + 4 * SECOND),
            "{due_times:?}"
        );
        assert_eq!(task.unwrap().stats().missed, 0);
    }
}

#[test]
fn a_run_that_succeeds_at_last_has_finished() {
    let stage = stage();
    let task = stage.scheduler.task("a").cron("0 * * * *").retry(5, SECOND).run_with(|run| {
        if run.attempt() < 3 {
            Err("not yet")
        } else {
            Ok(())
        }
    });
    stage.clock.advance(90 * MINUTE);
    let told = stage.told();
    assert_eq!((books(&told), outcomes(&told)), (vec![3], vec![RunOutcome::Finished]));
    let stats = task.unwrap().stats();
    assert_eq!((stats.finished, stats.failed, stats.runs()), (1, 0, 1));
}

#[test]
fn a_panic_is_repeated_as_an_error_is() {
    let stage = stage();
    let task = stage.scheduler.task("a").cron("0 * * * *").retry(2, SECOND).run(boom);
    stage.clock.advance(90 * MINUTE);
    let told = stage.told();
    assert_eq!((books(&told), outcomes(&told)), (vec![3], vec![RunOutcome::Panicked("boom".into())]));
    assert_eq!(task.unwrap().stats().panicked, 1);
}

/// What puts an end to attempts, one second after the first.
#[track_caller]
fn ended_by(what: &str, end: impl Fn(&Stage, &sexton::Task)) -> (Vec<u32>, Vec<Attempt>, Vec<Event>) {
    let stage = stage();
    let seen = Seen::new();
    let callback = failing(&stage, &seen);
    let task = stage.scheduler.task("a").cron("0 * * * *").retry(3, 10 * SECOND).run_with(callback).unwrap();
    stage.clock.advance(HOUR + SECOND);
    assert_eq!(task.status(), Status::Waiting, "{what}");
    end(&stage, &task);
    stage.clock.advance(2 * MINUTE);
    let told = stage.told();
    (books(&told), seen.take(), told)
}

#[test]
fn a_requested_run_ends_the_attempts() {
    let (runs, seen, told) = ended_by("run now", |_, task| task.run_now().unwrap());
    assert_eq!(runs, [1, 4], "the requested run is repeated, too: {told:?}");
    assert_eq!((seen[1].1, seen[1].3), (1, 2));
}

#[test]
fn a_pause_ends_the_attempts_and_a_resume_does_not_bring_them_back() {
    let (runs, seen, _) = ended_by("pause", |stage, task| {
        task.pause().unwrap();
        assert_eq!(task.status(), Status::Paused);
        stage.clock.advance(SECOND);
        task.resume().unwrap();
    });
    assert_eq!((runs.len(), seen.len()), (1, 1));
}

#[test]
fn a_cancel_a_replacement_a_reschedule_and_a_shutdown_end_the_attempts() {
    let (runs, seen, told) = ended_by("cancel", |_, task| task.cancel().unwrap());
    assert_eq!((runs.len(), seen.len()), (1, 1), "{told:?}");
    let (runs, seen, _) = ended_by("cancel_timeout", |_, task| task.cancel_timeout(Duration::MAX).unwrap());
    assert_eq!((runs.len(), seen.len()), (1, 1));
    let (runs, _, _) = ended_by("replace", |stage, task| {
        let new = stage.scheduler.task("a").every("1h").replace().run(|| ()).unwrap();
        assert_eq!(new.stats().failed, 1, "it is known at once");
        assert_eq!(task.stats().failed, 1);
    });
    assert_eq!(runs, [1, 1]);
    let (runs, seen, _) =
        ended_by("reschedule", |_, task| task.reschedule(Schedule::cron("30 * * * *").unwrap()).unwrap());
    assert_eq!((runs.len(), seen.len()), (1, 1));
    let (runs, seen, told) = ended_by("shutdown", |stage, _| stage.scheduler.shutdown());
    assert_eq!((runs.len(), seen.len()), (1, 1), "{told:?}");
    let (runs, seen, _) =
        ended_by("cancel_all", |stage, _| assert_eq!(stage.scheduler.cancel_all(|_| true), 1));
    assert_eq!((runs.len(), seen.len()), (1, 1));
}

#[test]
fn cancel_after_next_leaves_the_attempts_and_ends_the_task_with_the_next_run() {
    let (runs, seen, told) = ended_by("cancel after next", |stage, task| {
        task.cancel_after_next().unwrap();
        stage.clock.advance(HOUR);
        assert_eq!(task.count(), Some(2));
    });
    assert_eq!((runs, seen.len()), (vec![4, 4], 8), "{told:?}");
    assert!(matches!(told.last(), Some(Event::Ended { .. })), "{told:?}");
}

#[test]
fn while_it_waits_for_an_attempt_a_task_shows_its_next_due_time() {
    ended_by("next due", |stage, task| {
        let next = task.next_due().unwrap();
        assert_eq!(since(stage.clock.now(), next), HOUR - SECOND);
        assert_eq!(task.count(), Some(1));
        assert_eq!((task.stats().runs(), task.stats().failed), (0, 0), "the run has not ended");
    });
}

#[test]
fn a_one_shot_is_repeated_and_is_there_until_its_last_attempt_has_ended() {
    let stage = stage();
    let seen = Seen::new();
    let task = stage
        .scheduler
        .task("a")
        .after(SECOND)
        .retry(2, 10 * SECOND)
        .run_with(failing(&stage, &seen))
        .unwrap();
    stage.clock.advance(2 * SECOND);
    assert_eq!((stage.scheduler.tasks().len(), task.status()), (1, Status::Waiting));
    assert_eq!((task.next_due(), task.count()), (None, Some(1)));
    assert!(task.run_now().is_err(), "it is in its last run");
    assert!(task.reschedule(Schedule::every("1s").unwrap()).is_err(), "it is in its last run");
    let again = stage.scheduler.task("a").every("1s").run(|| ()).unwrap();
    assert!(!again.is_new(), "between its attempts it owns its name");
    stage.clock.advance(MINUTE);
    assert_eq!((seen.len(), task.status()), (3, Status::Ended));
    let told = stage.told();
    assert_eq!(books(&told), [3]);
    assert!(matches!(told.last(), Some(Event::Ended { .. })), "{told:?}");
}

#[test]
fn what_ends_the_attempts_of_a_one_shot_ends_the_task() {
    type Act = fn(&Stage, &sexton::Task);
    let acts: [(&str, Act); 4] = [
        ("cancel", |_, task| task.cancel().unwrap()),
        ("pause", |_, task| task.pause().unwrap()),
        ("replace", |stage, _| {
            drop(stage.scheduler.task("a").after(HOUR).replace().run(|| ()).unwrap().cancel())
        }),
        ("cancel_all", |stage, _| assert_eq!(stage.scheduler.cancel_all(|_| true), 1)),
    ];
    for (what, act) in acts {
        let stage = stage();
        let seen = Seen::new();
        let task =
            stage.scheduler.task("a").after(SECOND).retry(2, 10 * SECOND).run_with(failing(&stage, &seen));
        let task = task.unwrap();
        stage.clock.advance(2 * SECOND);
        act(&stage, &task);
        stage.clock.advance(MINUTE);
        assert_eq!((books(&stage.told()), seen.len()), (vec![1], 1), "{what}");
        assert!(stage.scheduler.tasks().is_empty(), "{what}");
        assert_eq!((task.status(), task.stats().failed), (Status::Ended, 1), "{what}");
    }
}

#[test]
fn a_new_task_that_takes_the_name_during_an_attempt_ends_the_attempts() {
    let stage = stage();
    let task = stage.scheduler.task("a").after(SECOND).retry(2, 10 * SECOND).run_with(|run| {
        assert!(run.scheduler().task("a").after(MINUTE).run(|| ()).unwrap().is_new());
        Err::<(), _>("no")
    });
    stage.clock.advance(HOUR);
    let told = stage.told();
    assert_eq!(books(&told), [1, 1], "{told:?}");
    assert_eq!(task.unwrap().stats().failed, 1);
    assert!(stage.scheduler.tasks().is_empty());
}

#[test]
fn an_asynchronous_callback_is_repeated_too() {
    let stage = stage();
    let task = stage.scheduler.task("a").cron("0 * * * *").retry(5, SECOND).run_async(|run| async move {
        match run.attempt() {
            1 => Err("not yet"),
            2 => std::panic::resume_unwind(Box::new("boom")),
            _ => Ok(()),
        }
    });
    stage.clock.advance(HOUR + 30 * SECOND);
    let told = stage.told();
    assert_eq!((books(&told), outcomes(&told)), (vec![3], vec![RunOutcome::Finished]));
    assert_eq!(task.unwrap().stats().last.unwrap().attempts, 3);
    // A future that nobody can wake has failed.
    let lost = stage.scheduler.task("lost").after(SECOND).retry(1, SECOND);
    let lost = lost.run_async(without_run(std::future::pending::<()>)).unwrap();
    stage.clock.advance(MINUTE);
    assert_eq!(
        (lost.status(), lost.stats().failed, lost.stats().last.unwrap().attempts),
        (Status::Ended, 1, 2)
    );
}

#[test]
fn an_overrun_leaves_no_time_for_an_attempt_and_none_overlap() {
    for overlap in [Overlap::Skip, Overlap::Queue, Overlap::QueueAll(3)] {
        let stage = stage();
        let clock = stage.clock.clone();
        let task = stage.scheduler.task("a").cron("*/10 * * * * *").overlap(overlap).retry(3, SECOND);
        let task = task.run(move || {
            clock.advance(25 * SECOND);
            Err::<(), _>("slow")
        });
        stage.clock.advance(5 * MINUTE);
        task.unwrap().cancel().unwrap();
        stage.clock.advance(5 * MINUTE);
        books(&stage.told());
    }
}

fn is_attempt(event: &Event) -> bool {
    matches!(event, Event::AttemptFailed { .. })
}

#[test]
fn an_observer_that_pauses_the_task_ends_the_attempts() {
    let stage = stage();
    let seen = Seen::new();
    let task = stage
        .scheduler
        .task("a")
        .cron("0 * * * *")
        .retry(3, SECOND)
        .run_with(failing(&stage, &seen))
        .unwrap();
    let handle = task.clone();
    stage.scheduler.observe(move |event| {
        if let Event::AttemptFailed { .. } = event {
            handle.pause().unwrap();
        }
    });
    stage.clock.advance(HOUR + MINUTE);
    assert_eq!((seen.len(), task.status()), (1, Status::Paused));
    assert_eq!((books(&stage.told()), task.stats().failed), (vec![1], 1));
}

#[test]
fn an_observer_that_reschedules_the_task_ends_the_attempts() {
    let stage = stage();
    let seen = Seen::new();
    let task = stage
        .scheduler
        .task("a")
        .cron("0 * * * *")
        .retry(3, MINUTE)
        .run_with(failing(&stage, &seen))
        .unwrap();
    let handle = task.clone();
    let handle = std::sync::Mutex::new(Some(handle));
    stage.scheduler.observe(move |event| {
        let task = if is_attempt(event) { handle.lock().unwrap().take() } else { None };
        if let Some(task) = task {
            task.reschedule(Schedule::every("10s").unwrap().starting("2026-11-22 11:00:10").unwrap())
                .unwrap();
        }
    });
    stage.clock.advance(HOUR + 35 * SECOND);
    let due_times: Vec<_> = seen.take().iter().map(|seen| (seen.0.as_secs(), seen.1)).collect();
    assert_eq!(due_times, [(3600, 1), (3610, 1), (3620, 1), (3630, 1)]);
    assert_eq!(books(&stage.told()).len(), 4);
}

#[test]
fn an_observer_that_requests_a_run_or_cancels_ends_the_attempts() {
    for cancels in [false, true] {
        let stage = stage();
        let seen = Seen::new();
        let task = stage
            .scheduler
            .task("a")
            .cron("0 * * * *")
            .retry(1, MINUTE)
            .run_with(failing(&stage, &seen))
            .unwrap();
        let handle = std::sync::Mutex::new(Some(task.clone()));
        stage.scheduler.observe(move |event| {
            let task = if is_attempt(event) { handle.lock().unwrap().take() } else { None };
            if let Some(task) = task {
                if cancels {
                    task.cancel().unwrap()
                } else {
                    task.run_now().unwrap()
                }
            }
        });
        stage.clock.advance(HOUR + 5 * MINUTE);
        let runs = books(&stage.told());
        assert_eq!(runs, if cancels { vec![1] } else { vec![1, 2] });
        assert_eq!(task.stats().failed, runs.len() as u64);
    }
}

#[test]
fn a_set_clock_or_another_zone_does_not_lose_or_double_an_attempt() {
    use sexton::tz::Zone;
    type Act = fn(&Stage);
    let acts: [(&str, Act); 5] = [
        ("back", |stage| stage.clock.step_back(30 * MINUTE)),
        ("forth", |stage| stage.clock.step(30 * MINUTE)),
        ("suspend", |stage| stage.clock.suspend(30 * MINUTE)),
        ("correction", |stage| stage.clock.step_back(5 * HOUR)),
        ("zone", |stage| stage.scheduler.set_zone(Zone::fixed(1800).unwrap())),
    ];
    type Kind = fn(sexton::NeedsSchedule<'_>) -> sexton::TaskBuilder<'_>;
    let kinds: [(&str, Kind); 4] = [
        ("cron", |task| task.cron("0 * * * *")),
        ("closure", |task| task.at_next(|now| Some(now + HOUR))),
        ("except", |task| task.cron("0 * * * *").except(|_| false)),
        ("after end", |task| task.every_after_end("1h").first_after(HOUR)),
    ];
    for (what, act) in acts {
        for (kind, schedule) in kinds {
            // Right after the attempt, and when the next one is due, too.
            for wait in [Duration::ZERO, 2 * MINUTE] {
                let stage = stage();
                let seen = Seen::new();
                let task = schedule(stage.scheduler.task("a")).missed(Missed::All).retry(2, MINUTE);
                let task = task.run_with(failing(&stage, &seen)).unwrap();
                let (zone, clock) = (stage.scheduler.clone(), stage.clock.clone());
                stage.clock.advance(HOUR + SECOND);
                let stage = Arc::new(stage);
                let acting = Arc::downgrade(&stage);
                let slow = zone.task("slow").after(SECOND).run(move || {
                    act(&acting.upgrade().unwrap());
                    clock.advance(wait);
                });
                slow.unwrap();
                stage.clock.advance(10 * MINUTE);
                let attempts = task.stats().last.map(|last| last.attempts);
                assert_eq!(attempts, Some(3), "{what} {kind} {wait:?}: none of them is given up");
                stage.clock.advance(3 * HOUR);
                task.pause().unwrap();
                let mut told = stage.told();
                told.retain(|event| event.task() == Some("a"));
                let runs = books(&told).len();
                assert!(runs >= 1, "{what} {kind}: {told:?}");
                assert_eq!(task.count(), Some(runs as u64), "{what} {kind}: {told:?}");
                assert_eq!(task.stats().runs() as usize, runs, "{what} {kind}");
                assert_eq!(task.status(), Status::Paused, "{what} {kind}");
            }
        }
    }
}

#[test]
fn a_pause_between_attempts_does_not_end_a_task_that_counts_from_the_end_of_its_runs() {
    let stage = stage();
    let seen = Seen::new();
    let task = stage.scheduler.task("a").every_after_end("1m").retry(2, 10 * SECOND);
    let task = task.run_with(failing(&stage, &seen)).unwrap();
    stage.clock.advance(SECOND);
    task.pause().unwrap();
    assert_eq!((task.status(), task.stats().failed), (Status::Paused, 1));
    stage.clock.advance(10 * SECOND);
    task.resume().unwrap();
    stage.clock.advance(2 * MINUTE);
    let times: Vec<_> = seen.take().iter().map(|seen| seen.0.as_secs()).collect();
    assert_eq!(times, [0, 61, 71, 91], "from the pause on");
    assert_eq!(books(&stage.told()), [1, 3]);
}

#[test]
fn retries_do_not_go_with_runs_that_overlap() {
    let stage = stage();
    let task = stage.scheduler.task("a").every("1s").overlap(Overlap::Allow(2)).retry(1, SECOND);
    let error = task.run_shared(|_| ()).unwrap_err().to_string();
    assert!(error.contains("retry") && error.contains("attempts do not overlap"), "{error}");
}

/// Keeps what is written of runs.
#[derive(Clone, Default)]
struct Records(std::sync::Arc<std::sync::Mutex<Vec<String>>>);

impl Store for Records {
    fn last_due(&self, _: &str) -> Option<std::time::SystemTime> {
        None
    }

    fn claim(&mut self, _: &str) -> Vec<std::time::SystemTime> {
        Vec::new()
    }

    fn unclaimed(&self) -> Vec<String> {
        Vec::new()
    }

    fn write(&mut self, _: &str, record: Record) -> Result<bool, StoreError> {
        let what = format!("{record:?}");
        self.0.lock().unwrap().push(what.split(&['(', ' '][..]).next().unwrap().to_lowercase());
        Ok(true)
    }
}

#[test]
fn a_store_hears_once_that_a_run_began_and_once_that_it_ended() {
    let clock = ManualClock::new(std::time::SystemTime::UNIX_EPOCH);
    let records = Records::default();
    let scheduler = Scheduler::builder().clock(&clock).zone("UTC").store(records.clone()).build().unwrap();
    // Otherwise what fails on purpose is printed.
    scheduler.observe(|_| {});
    let written = || std::mem::take(&mut *records.0.lock().unwrap());
    let task = scheduler.task("a").cron("0 * * * *").retry(3, SECOND).run(|| Err::<(), _>("no")).unwrap();
    clock.advance(HOUR + 2 * SECOND);
    assert_eq!(written(), ["scheduled", "began"], "a crash now is one in the middle of the run");
    clock.advance(MINUTE);
    assert_eq!(written(), ["ended"]);
    clock.advance(HOUR);
    assert_eq!(written(), ["began", "ended"]);
    clock.advance(HOUR - MINUTE);
    assert_eq!(written(), ["began"]);
    task.pause().unwrap();
    assert_eq!(written(), ["ended"]);
    task.resume().unwrap();
    clock.advance(HOUR);
    scheduler.shutdown();
    assert_eq!(written(), ["began", "ended"]);
}
