//! Replicas that share their tasks: which runs are claimed, by which due time, and what follows each answer.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sexton::store::{Record, Store, StoreError};
use sexton::tz::Zone;
use sexton::{Builder, ClaimFailure, Event, Missed, Overlap, RunOutcome, Scheduler, Status, Why};

use crate::stage::{in_child, listen, must_end, time, Stage, DAY, HOUR, MINUTE, SECOND};

const OURS: Result<bool, &str> = Ok(true);
const ANOTHERS: Result<bool, &str> = Ok(false);
const AWAY: Result<bool, &str> = Err("no route");

type Act = Box<dyn FnMut() + Send>;

/// What a claim is asked, and what it answers: one answer after the other, and then the last one for ever.
#[derive(Clone, Default)]
struct Table {
    asked: Arc<Mutex<Vec<String>>>,
    answers: Arc<Mutex<VecDeque<Result<bool, &'static str>>>>,
    /// Called with each question, once it is written down.
    act: Arc<Mutex<Option<Act>>>,
}

impl Table {
    fn of(answers: &[Result<bool, &'static str>]) -> Table {
        Table { answers: Arc::new(Mutex::new(answers.iter().copied().collect())), ..Table::default() }
    }

    /// Does something while the claim is asked.
    fn acts(&self, act: impl FnMut() + Send + 'static) {
        *self.act.lock().unwrap() = Some(Box::new(act));
    }

    fn claims(&self, builder: Builder) -> Builder {
        let table = self.clone();
        builder.claim(move |claim| {
            table.asked.lock().unwrap().push(format!("{} {}", claim.name(), time(claim.due())));
            let act = table.act.lock().unwrap().take();
            if let Some(mut act) = act {
                act();
                table.act.lock().unwrap().get_or_insert(act);
            }
            let mut answers = table.answers.lock().unwrap();
            let last = answers[0];
            if answers.len() > 1 {
                answers.pop_front();
            }
            last
        })
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }

    fn stage(&self, on_failure: ClaimFailure) -> Stage {
        let set = |builder| self.claims(builder).claim_failure(on_failure);
        Stage::built(Zone::utc(), "2026-11-22 10:00:00", set)
    }
}

#[test]
fn calendar_runs_are_claimed_by_name_and_due_time_and_no_others() {
    let table = Table::of(&[OURS]);
    let stage = table.stage(ClaimFailure::Skip);
    let cron = stage.scheduler.task("cron").cron("*/20 * * * *").run(|| {}).unwrap();
    stage.scheduler.task("at").at("2026-11-22T10:30:00.25Z").run(|| {}).unwrap();
    stage.scheduler.task("elapsed").every("10m").run(|| {}).unwrap();
    stage.scheduler.task("grid").every("20m").starting("2026-11-22 10:10").run(|| {}).unwrap();
    stage.scheduler.task("later").after(MINUTE).run(|| {}).unwrap();
    stage.scheduler.task("own").cron("*/5 * * * *").unclaimed().run(|| {}).unwrap();
    stage.scheduler.task("days").every("1d").starting("2026-11-20 10:40").run(|| {}).unwrap();
    stage.clock.advance(25 * MINUTE);
    cron.run_now().unwrap();
    stage.clock.advance(35 * MINUTE);
    let asked =
        ["days 2026-11-21T10:40:00Z", "cron 10:20:00", "at 10:30:00.25", "cron 10:40:00", "days 10:40:00"];
    let at_the_hour = ["cron 11:00:00"];
    assert_eq!(table.asked(), [&asked[..], &at_the_hour].concat());
    assert_eq!((cron.stats().finished, cron.stats().elsewhere), (4, 0));
}

#[test]
fn a_run_of_another_replica_is_an_event_and_counted_and_does_not_start() {
    let table = Table::of(&[ANOTHERS, ANOTHERS, OURS]);
    let stage = table.stage(ClaimFailure::Skip);
    let task = stage.scheduler.task("t").cron("* * * * *").times(3).run(|| {}).unwrap();
    stage.clock.advance(2 * MINUTE);
    let stats = task.stats();
    assert_eq!((stats.elsewhere, stats.missed, stats.runs(), task.count()), (2, 0, 0, Some(2)));
    assert_eq!(stage.lines(), ["task `t` was claimed by another replica"; 2]);
    stage.clock.advance(HOUR);
    assert_eq!(stage.lines(), ["t 10:03:00", "t ended"], "all three count");
    assert_eq!(task.stats().finished, 1);
}

#[test]
fn replicas_with_different_delays_claim_the_same_due_time() {
    let asked = [1, 2].map(|seed| {
        let table = Table::of(&[OURS]);
        let set = |builder| table.claims(builder).seed(seed);
        let stage = Stage::built(Zone::utc(), "2026-11-22 10:30:00", set);
        stage.scheduler.task("t").cron("0 * * * *").jitter(10 * MINUTE).run(|| {}).unwrap();
        stage.clock.advance(2 * HOUR);
        let started = stage.lines();
        (table.asked(), started)
    });
    assert_eq!(asked[0].0, ["t 11:00:00", "t 12:00:00"]);
    assert_eq!(asked[0].0, asked[1].0);
    assert_ne!(asked[0].1, asked[1].1, "they are due at different times");
}

#[test]
fn made_up_coalesced_and_late_runs_are_claimed_by_the_due_time_of_the_schedule() {
    let rule = Zone::from_posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
    let table = Table::of(&[OURS]);
    let stage = Stage::built(rule, "2026-03-29 01:00:00", |builder| table.claims(builder));
    // 02:30 is skipped, and made up for when the clocks show 03:00.
    stage.scheduler.task("gap").cron("30 2 * * *").run(|| {}).unwrap();
    stage.clock.advance(2 * HOUR);
    assert_eq!(table.asked(), ["gap 2026-03-29T01:00:00Z"]);

    let stage = table.stage(ClaimFailure::Skip);
    stage.scheduler.task("once").cron("0 * * * *").run(|| {}).unwrap();
    stage.scheduler.task("all").cron("0 * * * *").missed(Missed::All).run(|| {}).unwrap();
    stage.clock.suspend(2 * HOUR + MINUTE);
    stage.clock.advance(Duration::ZERO);
    assert_eq!(table.asked(), ["once 12:00:00", "all 11:00:00", "all 12:00:00"]);
}

#[test]
fn an_occurrence_that_moves_to_another_day_is_claimed_by_its_new_due_time() {
    let table = Table::of(&[OURS]);
    let stage = table.stage(ClaimFailure::Skip);
    let mondays = stage.scheduler.task("t").cron("0 9 * * mon").except_dates(["2026-11-23"]).or_next_day();
    mondays.run(|| {}).unwrap();
    stage.clock.advance(72 * HOUR);
    assert_eq!(table.asked(), ["t 2026-11-24T09:00:00Z"]);
}

#[test]
fn what_comes_while_it_is_claimed_is_an_overrun() {
    for (overlap, expected) in [
        (Overlap::Skip, ["t 10:01:00", "t 10:04:00"]),
        (Overlap::Queue, ["t 10:01:00", "t 10:03:00"]),
        (Overlap::QueueAll(2), ["t 10:01:00", "t 10:02:00"]),
    ] {
        let table = Table::of(&[ANOTHERS, OURS]);
        let stage = table.stage(ClaimFailure::Skip);
        let clock = stage.clock.clone();
        let mut is_slow = true;
        table.acts(move || {
            if std::mem::take(&mut is_slow) {
                clock.advance(2 * MINUTE + SECOND);
            }
        });
        stage.scheduler.task("t").cron("* * * * *").overlap(overlap).run(|| {}).unwrap();
        stage.clock.advance(4 * MINUTE);
        assert_eq!(table.asked()[..2], expected, "{overlap:?}");
    }
}

#[test]
fn a_slow_claim_makes_the_run_late_and_does_not_take_its_time() {
    let table = Table::of(&[OURS]);
    let stage = table.stage(ClaimFailure::Skip);
    let (slow, clock) = (stage.clock.clone(), stage.clock.clone());
    table.acts(move || slow.advance(5 * SECOND));
    let job = move |run: &sexton::Run| {
        assert!(!run.stop_requested());
        clock.advance(2 * SECOND);
        run.lateness()
    };
    let late = Arc::new(Mutex::new(Duration::ZERO));
    let seen = late.clone();
    let task = stage.scheduler.task("t").cron("* * * * *").time_limit(3 * SECOND);
    let task = task.run_with(move |run| *seen.lock().unwrap() = job(run)).unwrap();
    stage.clock.advance(MINUTE);
    assert_eq!(*late.lock().unwrap(), 5 * SECOND);
    assert_eq!(task.stats().last.unwrap().took, 2 * SECOND);
    let told = stage.told();
    assert!(!told.iter().any(|event| matches!(event, Event::TimeLimitReached { .. })), "{told:?}");
    assert!(told
        .iter()
        .any(|event| matches!(event, Event::Late { lateness, .. } if *lateness == 5 * SECOND)));
}

#[test]
fn a_claim_that_fails_is_skipped_or_run_as_the_policy_says() {
    let stage = Table::of(&[AWAY]).stage(ClaimFailure::Skip);
    let task = stage.scheduler.task("t").cron("0 * * * *").run(|| {}).unwrap();
    stage.clock.advance(HOUR);
    let lines = [
        "task `t` could not be claimed: no route; it is not run",
        "t missed 1 until 11:00:00: the claim failed",
    ];
    assert_eq!(stage.lines(), lines);
    assert_eq!((task.stats().missed, task.stats().runs()), (1, 0));

    let stage = Table::of(&[AWAY]).stage(ClaimFailure::Run);
    let task = stage.scheduler.task("t").cron("0 * * * *").run(|| {}).unwrap();
    stage.clock.advance(HOUR);
    assert_eq!(
        stage.lines(),
        ["task `t` could not be claimed: no route; it is run all the same", "t 11:00:00"]
    );
    assert_eq!((task.stats().missed, task.stats().runs()), (0, 1));
}

#[test]
fn a_panic_in_a_claim_is_a_failure_of_it() {
    let set =
        |builder: Builder| builder.claim(|claim| -> Result<bool, String> { panic!("no {}", claim.name()) });
    let stage = Stage::built(Zone::utc(), "2026-11-22 10:00:00", set);
    stage.scheduler.task("t").cron("0 * * * *").run(|| {}).unwrap();
    stage.clock.advance(HOUR);
    let lines = [
        "task `t` could not be claimed: the claim panicked: no t; it is not run",
        "t missed 1 until 11:00:00: the claim failed",
    ];
    assert_eq!(stage.lines(), lines);
}

#[test]
fn a_failed_claim_is_repeated_until_it_succeeds_and_then_never_again() {
    let table = Table::of(&[AWAY, AWAY, OURS, AWAY]);
    let stage = table.stage(ClaimFailure::Retry);
    let clock = stage.clock.clone();
    let mut attempts = Vec::new();
    let task = stage.scheduler.task("t").cron("0 * * * *").retry(1, 5 * SECOND).run_with(move |run| {
        attempts.push((run.attempt(), time(run.due()), run.lateness(), time(clock.now())));
        match attempts.len() {
            1 => Err::<(), _>("once".to_string()),
            _ => Err(format!("{attempts:?}")),
        }
    });
    let task = task.unwrap();
    stage.clock.advance(HOUR + 2 * SECOND);
    assert_eq!(task.status(), Status::Waiting);
    stage.clock.advance(MINUTE);
    // After one second, and then as long as it is late, two; the second attempt follows five seconds later.
    let attempts = r#"[(1, "11:00:00", 2s, "11:00:02"), (2, "11:00:00", 2s, "11:00:07")]"#;
    let again = "task `t` could not be claimed: no route; it is claimed again";
    let lines = [
        again,
        again,
        "t 11:00:00",
        "task `t` failed: once; attempt 2 follows in 5s",
        "t 11:00:00",
        &format!("task `t` failed: {attempts}"),
    ];
    assert_eq!(stage.lines(), lines);
    assert_eq!(table.asked(), ["t 11:00:00"; 3]);
    assert_eq!((task.stats().failed, task.stats().missed, task.count()), (1, 0, Some(1)));
}

/// The number of claims, and the events after the last.
#[track_caller]
fn retried(stage: &Stage, table: &Table) -> (usize, Vec<String>) {
    let mut lines = stage.lines();
    lines.retain(|line| !line.ends_with("it is claimed again"));
    (table.asked().len(), lines)
}

#[test]
fn a_failed_claim_is_repeated_until_something_else_comes() {
    let table = Table::of(&[AWAY]);
    let start = |cron: &str| {
        let stage = table.stage(ClaimFailure::Retry);
        let task = stage.scheduler.task("t").cron(cron).run(|| {}).unwrap();
        (stage, task)
    };
    let missed = "t missed 1 until 10:01:00: the claim failed".to_string();
    let failed = "task `t` could not be claimed: no route; it is not run".to_string();

    // After 1, 1, 2, 4, 8, 10, 10, 10, 10 s; the next would be too late.
    let (stage, task) = start("* * * * *");
    stage.clock.advance(2 * MINUTE - SECOND);
    assert_eq!(retried(&stage, &table), (10, vec![failed.clone(), missed.clone()]));
    assert_eq!(task.stats().missed, 1);

    let begun = || {
        let (stage, task) = start("1 * * * *");
        stage.clock.advance(MINUTE + SECOND);
        (stage, task)
    };
    let (stage, task) = begun();
    task.run_now().unwrap();
    stage.clock.advance(Duration::ZERO);
    assert_eq!(retried(&stage, &table), (2, vec![missed.clone(), "t 10:01:01".into()]));

    let (stage, task) = begun();
    task.pause().unwrap();
    stage.clock.advance(HOUR);
    assert_eq!(retried(&stage, &table), (2, vec!["task `t` paused".into(), missed.clone()]));

    let cancelled = "t missed 1 until 10:01:00: cancelled".to_string();
    let (stage, task) = begun();
    task.cancel().unwrap();
    stage.clock.advance(HOUR);
    let (asked, mut lines) = retried(&stage, &table);
    lines.sort();
    assert_eq!((asked, lines), (2, vec![cancelled, "task `t` cancelled".into()]));

    let (stage, _) = begun();
    stage.scheduler.shutdown();
    assert_eq!(retried(&stage, &table), (2, vec!["t missed 1 until 10:01:00: shut down".into()]));

    // Its grace: the sixth claim is 26 seconds late.
    let stage = table.stage(ClaimFailure::Retry);
    stage.scheduler.task("t").cron("1 * * * *").grace(20 * SECOND).run(|| {}).unwrap();
    stage.clock.advance(2 * MINUTE);
    assert_eq!(retried(&stage, &table), (6, vec![failed, missed]));
}

#[test]
fn the_last_run_of_a_task_is_claimed_like_any_other() {
    // Each answer, and what is told of a task that has one occurrence.
    for (answer, on_failure, lines) in [
        (OURS, ClaimFailure::Skip, ["t 10:01:00", "t ended"]),
        (ANOTHERS, ClaimFailure::Skip, ["task `t` was claimed by another replica", "t ended"]),
        (AWAY, ClaimFailure::Skip, ["t missed 1 until 10:01:00: the claim failed", "t ended"]),
        (AWAY, ClaimFailure::Run, ["t 10:01:00", "t ended"]),
    ] {
        for is_one_more in [true, false] {
            let table = Table::of(&[answer]);
            let stage = table.stage(on_failure);
            let task = match is_one_more {
                true => stage.scheduler.task("t").cron("* * * * *"),
                false => stage.scheduler.task("t").at("2026-11-22 10:01"),
            };
            let task = task.run(|| {}).unwrap();
            if is_one_more {
                task.cancel_after_next().unwrap();
            }
            stage.clock.advance(HOUR);
            let mut told = stage.lines();
            told.retain(|line| !line.contains("could not be claimed"));
            assert_eq!(told, lines, "{answer:?} {on_failure:?} {is_one_more}");
            assert_eq!((task.status(), table.asked().len()), (Status::Ended, 1));
        }
    }
    let table = Table::of(&[AWAY, OURS]);
    let stage = table.stage(ClaimFailure::Retry);
    let task = stage.scheduler.task("t").at("2026-11-22 10:01").run(|| {}).unwrap();
    stage.clock.advance(MINUTE);
    assert!(stage.scheduler.get("t").is_some(), "it keeps its name");
    stage.clock.advance(MINUTE);
    assert_eq!((task.status(), task.stats().finished), (Status::Ended, 1));
}

/// A run is claimed for 10:01, and meanwhile something is done to its task. What is told then.
#[track_caller]
fn meanwhile(answer: Result<bool, &'static str>, act: impl Fn(&Scheduler) + Send + 'static) -> Vec<String> {
    let table = Table::of(&[answer]);
    let stage = table.stage(ClaimFailure::Skip);
    let scheduler = stage.scheduler.clone();
    let mut acts = true;
    table.acts(move || {
        if std::mem::take(&mut acts) {
            act(&scheduler);
        }
    });
    let (a, b) = (Arc::new(()), Arc::new(()));
    let kept = (Arc::downgrade(&a), Arc::downgrade(&b));
    stage.scheduler.task("t").cron("1 * * * *").run(move || drop(a.clone())).unwrap();
    stage.clock.advance(MINUTE);
    drop(b);
    assert!(kept.1.upgrade().is_none());
    // What the closures hold is dropped with the scheduler.
    *table.act.lock().unwrap() = None;
    let lines = stage.lines();
    drop(stage);
    assert!(kept.0.upgrade().is_none(), "the callback has come back and was dropped");
    lines
}

#[test]
fn a_task_that_is_changed_while_it_is_claimed() {
    let cancel = |scheduler: &Scheduler| scheduler.cancel("t").unwrap();
    let cancelled = ["task `t` cancelled", "t missed 1 until 10:01:00: cancelled"];
    assert_eq!(meanwhile(OURS, cancel), cancelled);
    assert_eq!(meanwhile(ANOTHERS, cancel), cancelled);
    let replace =
        |scheduler: &Scheduler| drop(scheduler.task("t").cron("2 * * * *").replace().run(|| {}).unwrap());
    assert_eq!(meanwhile(OURS, replace), ["task `t` replaced", "t missed 1 until 10:01:00: cancelled"]);
    let pause = |scheduler: &Scheduler| scheduler.get("t").unwrap().pause().unwrap();
    assert_eq!(meanwhile(OURS, pause), ["task `t` paused", "t 10:01:00"]);
    let stop = |scheduler: &Scheduler| scheduler.shutdown();
    assert_eq!(meanwhile(OURS, stop), ["t 10:01:00"], "nobody else will run it");
    assert_eq!(meanwhile(ANOTHERS, stop), ["task `t` was claimed by another replica"]);
    let lines = meanwhile(AWAY, stop);
    assert_eq!(lines[1..], ["t missed 1 until 10:01:00: shut down"]);
    let both = move |scheduler: &Scheduler| {
        cancel(scheduler);
        scheduler.shutdown();
    };
    assert_eq!(meanwhile(OURS, both), cancelled);
}

#[test]
fn asynchronous_and_shared_callbacks_are_claimed_too() {
    let table = Table::of(&[ANOTHERS, OURS]);
    let stage = table.stage(ClaimFailure::Skip);
    stage
        .scheduler
        .task("async")
        .cron("* * * * *")
        .run_async(|_| async { ControlFlow::<()>::Continue(()) })
        .unwrap();
    stage.clock.advance(2 * MINUTE);
    assert_eq!(stage.lines(), ["task `async` was claimed by another replica", "async 10:02:00"]);

    let table = Table::of(&[ANOTHERS, OURS]);
    let stage = table.stage(ClaimFailure::Skip);
    let task =
        stage.scheduler.task("t").cron("* * * * *").overlap(Overlap::Allow(2)).run_shared(|_| {}).unwrap();
    stage.clock.advance(2 * MINUTE);
    assert_eq!((task.stats().elsewhere, task.stats().finished), (1, 1));
}

/// Keeps the last due time of each name.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<String>>>);

impl Store for Memory {
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
        let line = match record {
            Record::Scheduled(_) => return Ok(true),
            Record::Began { due, .. } => format!("began {}", time(due)),
            Record::Asked { at, .. } => format!("asked {}", time(at)),
            Record::Ended(due) => format!("ended {}", time(due)),
            Record::Passed(due) => format!("passed {}", time(due)),
            Record::Forgot => "forgot".into(),
        };
        self.0.lock().unwrap().push(line);
        Ok(true)
    }
}

#[test]
fn what_another_replica_has_is_not_made_up_for_by_a_later_process() {
    let records = |answers: &[Result<bool, &'static str>], on_failure, act: fn(&Stage)| {
        let (store, table) = (Memory::default(), Table::of(answers));
        let set = |builder| table.claims(builder).claim_failure(on_failure).store(store.clone());
        let stage = Stage::built(Zone::utc(), "2026-11-22 10:00:00", set);
        stage.scheduler.task("t").cron("1 * * * *").run(|| {}).unwrap();
        act(&stage);
        stage.clock.advance(2 * MINUTE);
        stage.scheduler.shutdown();
        let records = std::mem::take(&mut *store.0.lock().unwrap());
        records
    };
    let (skip, retry) = (ClaimFailure::Skip, ClaimFailure::Retry);
    assert_eq!(records(&[OURS], skip, |_| {}), ["began 10:01:00", "ended 10:01:00"]);
    assert_eq!(records(&[ANOTHERS], skip, |_| {}), ["passed 10:01:00"]);
    assert_eq!(records(&[AWAY], skip, |_| {}), ["passed 10:01:00"]);
    assert_eq!(records(&[AWAY, OURS], retry, |_| {}), ["began 10:01:00", "ended 10:01:00"]);
    assert!(records(&[AWAY], retry, |_| {}).is_empty(), "the next process claims it");
    let one_more = |stage: &Stage| stage.scheduler.cancel_after_next("t").unwrap();
    assert_eq!(records(&[ANOTHERS], skip, one_more), ["forgot"]);
    assert_eq!(records(&[AWAY], skip, one_more), ["forgot"]);
    // Cancelled while it waits to be claimed again.
    let cancel = |stage: &Stage| {
        stage.clock.advance(MINUTE + SECOND);
        stage.scheduler.cancel("t").unwrap();
    };
    assert_eq!(records(&[AWAY], retry, cancel), ["forgot"]);
}

#[cfg(feature = "history")]
#[test]
fn why_a_task_did_not_run_here() {
    let table = Table::of(&[ANOTHERS, OURS, AWAY, ANOTHERS]);
    let stage = table.stage(ClaimFailure::Skip);
    stage.scheduler.task("t").cron("* * * * *").run(|| {}).unwrap();
    stage.clock.advance(3 * MINUTE);
    let why = |minute: &str| {
        let moment: sexton::Moment = format!("2026-11-22 10:{minute}").parse().unwrap();
        let account = stage.scheduler.explain("t", moment).unwrap();
        let text = account.to_string();
        (account.has_run(), text.split(": ").skip(1).collect::<Vec<_>>().join(": "))
    };
    assert_eq!(why("01"), (false, "was another replica's".into()));
    assert_eq!(why("02"), (true, "ran on time, and took 0ns".into()));
    assert_eq!(why("03"), (false, "missed: the claim failed".into()));
    stage.clock.advance(40 * MINUTE);
    let (has_run, text) = why("05");
    assert!(!has_run && text.starts_with("was another replica's, like all "), "{text}");
}

#[test]
fn a_claim_is_asked_on_a_worker_and_dropped_when_the_scheduler_ends() {
    // In a process of its own, as the panic of a destructor is a line on stderr.
    let test = "claims::a_claim_is_asked_on_a_worker_and_dropped_when_the_scheduler_ends";
    let printed = in_child(test, a_claim_whose_destructor_panics);
    let line = "sexton: the claim panicked when it was dropped: in a destructor\n";
    assert!(printed.is_empty() || printed.contains(line), "{printed}");
}

fn a_claim_whose_destructor_panics() {
    struct Guard(Arc<Mutex<Vec<String>>>);
    impl Drop for Guard {
        fn drop(&mut self) {
            let name = std::thread::current().name().unwrap_or_default().to_string();
            self.0.lock().unwrap().push(format!("dropped on {name}"));
            panic!("in a destructor");
        }
    }
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (log, guard) = (seen.clone(), Guard(seen.clone()));
    let scheduler = Scheduler::builder().zone("UTC").threads(2).claim(move |_| {
        let _ = &guard;
        log.lock().unwrap().push(format!("asked on {}", std::thread::current().name().unwrap_or_default()));
        ANOTHERS
    });
    let scheduler = scheduler.build().unwrap();
    let told = listen(&scheduler);
    let soon = std::time::SystemTime::now() + Duration::from_millis(20);
    scheduler.task("t").at(soon).run(|| panic!("it is another's")).unwrap();
    must_end("the scheduler", move || {
        scheduler.wait();
        // Not waited for: the last thread drops it.
        drop(scheduler);
    });
    crate::stage::until("the claim is dropped", || seen.lock().unwrap().len() == 2);
    let seen = seen.lock().unwrap();
    assert_eq!(seen[0], "asked on sexton-worker");
    assert_ne!(seen[1], "dropped on sexton-timer");
    let is_told =
        |event: &Event| matches!(event, Event::ClaimedElsewhere { is_last: true, coalesced: 0, .. });
    assert!(told.lock().unwrap().iter().any(is_told));
}

#[test]
fn a_scheduler_without_threads_claims_on_its_callers() {
    let table = Table::of(&[ANOTHERS, OURS]);
    let scheduler = table.claims(Scheduler::builder().zone("UTC").threads(0)).build().unwrap();
    let soon = std::time::SystemTime::now() + Duration::from_millis(10);
    let tasks = ["a", "b"].map(|name| scheduler.task(name).at(soon).run(|| {}).unwrap());
    must_end("the tasks", move || scheduler.wait());
    assert_eq!(table.asked().len(), 2);
    let stats = tasks.map(|task| task.stats());
    assert_eq!((stats[0].elsewhere, stats[1].finished), (1, 1));
    assert!(matches!(stats[1].last.as_ref().unwrap().outcome, RunOutcome::Finished));
}

#[test]
fn a_day_that_two_replicas_share_is_run_once() {
    let table = Arc::new(Mutex::new(std::collections::BTreeSet::new()));
    let set = |builder: Builder| {
        let table = table.clone();
        builder.claim(move |claim| {
            Ok::<_, String>(table.lock().unwrap().insert((claim.name().to_string(), claim.due())))
        })
    };
    let stages = [(); 2].map(|()| Stage::built(Zone::utc(), "2026-11-22 10:00:00", set));
    let tasks = stages.iter().map(|stage| stage.scheduler.task("t").cron("*/10 * * * *").run(|| {}).unwrap());
    let tasks: Vec<_> = tasks.collect();
    // One is suspended now and then, and makes up for it.
    for round in 0..24 {
        stages[0].clock.advance(HOUR);
        match round % 5 {
            4 => stages[1].clock.suspend(HOUR),
            _ => stages[1].clock.advance(HOUR),
        }
    }
    stages[1].clock.advance(Duration::ZERO);
    let stats: Vec<_> = tasks.iter().map(|task| task.stats()).collect();
    assert_eq!(stats[0].runs() + stats[1].runs(), 24 * 6);
    assert_eq!(stats[0].runs() + stats[0].elsewhere + stats[0].missed, 24 * 6);
    assert_eq!(stats[1].runs() + stats[1].elsewhere + stats[1].missed, 24 * 6);
    assert_eq!(crate::stage::missed(&stages[1].told(), Why::Late), stats[1].missed);
    assert!(stats[1].missed > 0 && DAY == 24 * HOUR);
}
