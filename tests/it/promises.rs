//! The promises of the crate's documentation, a test each, by their names.

use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::fs;
use std::future::poll_fn;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{mpsc, Arc, Barrier, Mutex};
use std::task::Poll;
use std::time::{Duration, Instant, SystemTime};

use sexton::tz::Zone;
use sexton::{Event, Missed, Overlap, Run, RunOutcome, Schedule, Scheduler, Status, Why};

use crate::stage::*;
use crate::zones::zone;

/// A scheduler with threads.
fn threads(threads: usize) -> Scheduler {
    Scheduler::builder().threads(threads).zone("UTC").build().unwrap()
}

#[test]
fn never_early() {
    let scheduler = threads(2);
    let (sender, receiver) = mpsc::channel();
    let mut expected = 0;
    for millis in [1, 3, 10, 33] {
        let period = Duration::from_millis(millis);
        let (sender, before) = (sender.clone(), Instant::now());
        let elapsed = move |run: &Run| {
            // What was missed only makes the run later.
            let earliest = before + period * (run.count() - 1) as u32;
            sender.send((run.name().to_string(), Instant::now() >= earliest)).unwrap();
        };
        scheduler.task(&format!("every {millis}")).every(period).times(5).run_with(elapsed).unwrap();
        expected += 5;
    }
    for name in ["at", "cron"] {
        let sender = sender.clone();
        let calendar = move |run: &Run| {
            sender.send((run.name().to_string(), SystemTime::now() >= run.due())).unwrap();
        };
        let task = scheduler.task(name);
        let task = match name {
            "at" => task.at(SystemTime::now() + Duration::from_millis(50)),
            _ => task.cron("* * * * * *").times(1),
        };
        task.run_with(calendar).unwrap();
        expected += 1;
    }
    for _ in 0..expected {
        let (name, is_late_enough) = receiver.recv_timeout(PATIENCE).unwrap();
        assert!(is_late_enough, "{name}");
    }

    // Nor when the wall clock goes back while it is waited for.
    let stage = Stage::at("2026-11-22 10:00:00");
    stage.scheduler.task("at").at("2026-11-22 10:10:00").run(|| {}).unwrap();
    stage.clock.advance(9 * MINUTE);
    stage.clock.step_back(5 * MINUTE);
    stage.clock.advance(Duration::from_millis(5 * 60_000 + 59_999));
    assert!(!stage.lines().iter().any(|line| line.starts_with("at 10")));
    stage.clock.advance(Duration::from_millis(1));
    assert_eq!(stage.lines(), ["at 10:10:00", "at ended"]);
}

#[test]
fn one_name_one_task() {
    let (stage, kept) = (Stage::at("2026-11-22 10:00:00"), Arc::new(()));
    let first = stage.scheduler.task("t").after(MINUTE).run(|| {}).unwrap();
    let captured = kept.clone();
    let second = stage.scheduler.task("t").every("1s").run::<()>(move || panic!("{captured:?}")).unwrap();
    assert!(first.is_new() && !second.is_new());
    assert_eq!(first.next_due(), second.next_due());
    assert_eq!(Arc::strong_count(&kept), 1, "what changed nothing is dropped");
    assert!(stage.told().iter().any(|event| matches!(event, Event::NameTaken { .. })));
    stage.clock.advance(HOUR);
    assert_eq!(stage.lines(), ["t 10:01:00", "t ended"]);

    let (scheduler, start, new) = (threads(1), Barrier::new(8), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                start.wait();
                for i in 0..100 {
                    let task = scheduler.task(&format!("t{i}")).after(HOUR).run(|| {}).unwrap();
                    new.fetch_add(usize::from(task.is_new()), Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!((new.into_inner(), scheduler.tasks().len()), (100, 100));
}

#[test]
fn nothing_vanishes() {
    let policies = [Missed::Once, Missed::Skip, Missed::All]
        .into_iter()
        .flat_map(|missed| [(missed, Overlap::Skip), (missed, Overlap::Queue)]);
    for (missed, overlap) in policies {
        let stage = Stage::at("2026-11-22 10:00:00");
        let (clock, start) = (stage.clock.clone(), stage.clock.now());
        let mut round = 0;
        let slow_at_times = move || {
            round += 1;
            if round % 4 == 0 && round < 40 {
                clock.advance(Duration::from_millis(700 * round));
            }
        };
        let task = stage.scheduler.task("t").cron("* * * * * *").missed(missed).overlap(overlap);
        let task = task.run(slow_at_times).unwrap();
        for round in 1..20 {
            stage.clock.advance(Duration::from_millis(1300 * round));
            stage.clock.suspend(Duration::from_millis(900 * round));
            if round % 5 == 0 {
                task.pause().unwrap();
                stage.clock.advance(Duration::from_millis(2100));
                task.resume().unwrap();
            }
        }
        stage.clock.advance(10 * SECOND);
        let seconds = stage.clock.now().duration_since(start).unwrap().as_secs();
        let (mut runs, mut reported) = (BTreeSet::new(), 0);
        for event in stage.told() {
            match event {
                Event::Started { due, .. } => assert!(runs.insert(due), "{} ran twice", time(due)),
                Event::Missed { count, .. } => reported += count,
                _ => {}
            }
        }
        assert_eq!(runs.len() as u64 + reported, seconds, "{missed:?} {overlap:?}");
    }
}

/// A run that was requested is the last: for what has passed before it no run will come.
/// How many were missed, the first and the last of them, and why.
fn all_missed(stage: &Stage) -> Vec<(u64, SystemTime, SystemTime, Why)> {
    let missed = |event| match event {
        Event::Missed { count, first, latest, why, .. } => Some((count, first, latest, why)),
        _ => None,
    };
    stage.told().into_iter().filter_map(missed).collect()
}

#[test]
fn nothing_vanishes_after_one_more_run() {
    let start = moment("2026-11-22T10:00:00Z").instant(&Zone::utc()).unwrap();
    let minutes = move |minutes: u64| start + Duration::from_secs(60 * minutes);
    for is_users in [false, true] {
        let stage = Stage::at("2026-11-22 10:00:00");
        let task = stage.scheduler.task("t");
        let task = match is_users {
            false => task.cron("* * * * *"),
            true => task.at_each((1..100).map(minutes)),
        };
        let task = task.missed(Missed::All).run(|| {}).unwrap();
        stage.clock.suspend(3 * MINUTE + SECOND);
        task.cancel_after_next().unwrap();
        stage.clock.advance(5 * MINUTE);
        assert_eq!(all_missed(&stage), [(2, minutes(2), minutes(3), Why::Cancelled)], "{is_users}");
        let stats = task.stats();
        assert_eq!((stats.last.map(|run| run.due), stats.finished), (Some(minutes(1)), 1), "{is_users}");
    }
}

#[test]
fn nothing_vanishes_before_a_last_run_that_was_requested() {
    let start = moment("2026-11-22T10:00:00Z").instant(&Zone::utc()).unwrap();
    let minutes = move |minutes: u64| start + Duration::from_secs(60 * minutes);
    for (is_users, times) in [(false, None), (false, Some(1)), (true, None), (true, Some(1))] {
        let stage = Stage::at("2026-11-22 10:00:00");
        let task = stage.scheduler.task("t");
        let task = match is_users {
            false => task.cron("* * * * *"),
            true => task.at_each((1..100).map(minutes)),
        };
        let task = match times {
            Some(times) => task.times(times),
            None => task,
        };
        let task = task.run(|| {}).unwrap();
        task.pause().unwrap();
        stage.clock.advance(3 * MINUTE + SECOND);
        if times.is_none() {
            task.cancel_after_next().unwrap();
        }
        task.run_now().unwrap();
        stage.told();
        stage.clock.advance(5 * MINUTE);
        let missed = all_missed(&stage);
        assert_eq!(missed, [(3, minutes(1), minutes(3), Why::Cancelled)], "{is_users} {times:?}");
        assert_eq!((task.stats().missed, task.status()), (3, Status::Ended));
    }
}

#[test]
fn no_overlap_unless_asked() {
    let scheduler = threads(4);
    let (running, overlaps) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let (sender, receiver) = mpsc::channel();
    for _ in 0..20 {
        let (running, overlaps, sender) = (running.clone(), overlaps.clone(), sender.clone());
        let slow = move || {
            overlaps.fetch_add(usize::from(running.swap(true, Ordering::SeqCst)), Ordering::SeqCst);
            std::thread::sleep(Duration::from_millis(3));
            running.store(false, Ordering::SeqCst);
            let _ = sender.send(());
        };
        let task = scheduler.task("t").every("1ms").overlap(Overlap::Queue).replace().run(slow).unwrap();
        task.run_now().unwrap();
        receiver.recv_timeout(PATIENCE).unwrap();
    }
    scheduler.shutdown();
    assert_eq!(overlaps.load(Ordering::SeqCst), 0);

    must_end("two runs that were asked to overlap", || {
        let (scheduler, both) = (threads(2), Barrier::new(2));
        let task = scheduler.task("t").every("5ms").overlap(Overlap::Allow(2)).times(2);
        let meet = move |_: &Run| {
            both.wait();
        };
        task.run_shared(meet).unwrap();
        scheduler.wait();
    });
}

/// What of the user's was called, and on which thread; each calls the scheduler's API, which would not return if a lock
/// were held.
#[derive(Clone)]
struct Visits {
    scheduler: Scheduler,
    seen: Arc<Mutex<Vec<(&'static str, String)>>>,
}

impl Visits {
    fn visit(&self, place: &'static str) {
        let thread = std::thread::current().name().unwrap_or_default().to_string();
        let number = {
            let mut seen = self.seen.lock().unwrap();
            seen.push((place, thread));
            seen.len()
        };
        let name = format!("probe {number}");
        let probe = self.scheduler.task(&name).after(HOUR).run(|| {});
        if probe.is_ok() {
            // It may be shutting down by now.
            let _ = self.scheduler.cancel(&name);
        }
        let _ = self.scheduler.tasks();
        assert!(self.scheduler.get("nobody").is_none());
    }

    /// Visits and panics when it is dropped.
    fn guard(&self, place: &'static str) -> Guard {
        Guard { visits: self.clone(), place }
    }
}

struct Guard {
    visits: Visits,
    place: &'static str,
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.visits.visit(self.place);
        if !std::thread::panicking() {
            panic!("{}", self.place);
        }
    }
}

/// An error that panics when it is displayed, or when it is dropped.
struct Nasty {
    visits: Visits,
    _guard: Option<Guard>,
}

impl fmt::Display for Nasty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visits.visit("display");
        match self._guard {
            Some(_) => f.write_str("nasty"),
            None => panic!("display"),
        }
    }
}

/// The tasks of `your_code_is_yours`, each with the places of the user's code that it has.
#[allow(clippy::incompatible_msrv)] // the oldest compiler builds no tests
fn nasty_tasks(visits: &Visits) {
    let scheduler = &visits.scheduler;
    let task = |name: &'static str| scheduler.task(name).every("2ms").times(3);

    let (v, guard) = (visits.clone(), visits.guard("callback dropped"));
    let panics = move || {
        let _ = &guard;
        v.visit("callback");
        panic!("callback");
    };
    task("callback").run::<()>(panics).unwrap();

    let v = visits.clone();
    let displays = move || Err::<(), _>(Nasty { visits: v.clone(), _guard: None });
    task("display").run(displays).unwrap();

    let v = visits.clone();
    let drops = move || Err::<(), _>(Nasty { visits: v.clone(), _guard: Some(v.guard("error dropped")) });
    task("error").run(drops).unwrap();

    let (v, guard, mut given) = (visits.clone(), visits.guard("iterator dropped"), 0);
    let start = SystemTime::now();
    let times = std::iter::from_fn(move || {
        let _ = &guard;
        v.visit("iterator");
        given += 1;
        assert!(given < 3, "iterator");
        Some(start + Duration::from_millis(5 * given))
    });
    scheduler.task("iterator").at_each(times).run(|| {}).unwrap();

    let (v, guard, mut given) = (visits.clone(), visits.guard("closure dropped"), 0);
    let next = move |now| {
        let _ = &guard;
        v.visit("closure");
        given += 1;
        assert!(given < 3, "closure");
        Some(now + Duration::from_millis(5))
    };
    scheduler.task("closure").at_next(next).run(|| {}).unwrap();

    let v = visits.clone();
    let future = move || {
        v.visit("future made");
        let (v, guard, mut polls) = (v.clone(), v.guard("future dropped"), 0);
        poll_fn(move |context| {
            let _ = &guard;
            v.visit("future");
            polls += 1;
            context.waker().wake_by_ref();
            if polls == 2 {
                panic!("future");
            }
            Poll::<()>::Pending
        })
    };
    task("future").run_async(without_run(future)).unwrap();

    // Never run: one is cancelled, one replaced, one finds its name taken, one is left to the shutdown.
    for (name, place) in [("cancelled", "cancelled dropped"), ("left", "left dropped")] {
        let guard = visits.guard(place);
        let callback = move || {
            let _ = &guard;
        };
        scheduler.task(name).after(HOUR).run(callback).unwrap();
    }
    let guard = visits.guard("taken dropped");
    let callback = move || {
        let _ = &guard;
    };
    assert!(!scheduler.task("left").after(HOUR).run(callback).unwrap().is_new());
    scheduler.cancel("cancelled").unwrap();
}

#[test]
fn observers_that_panic_change_nothing() {
    // In a process of its own, as each panic is a line on stderr.
    let mut child = these_tests();
    child.args(["simulation::whatever_happens_the_promises_hold", "--exact"]);
    let output =
        child.env(crate::simulation::OBSERVERS_PANIC, "yes").env("SEXTON_SEEDS", "0..400").output().unwrap();
    let is_noise = |line: &&str| line.contains("an observer panicked");
    let errors = String::from_utf8_lossy(&output.stderr);
    let (noise, others): (Vec<_>, Vec<_>) = errors.lines().partition(is_noise);
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && printed.contains("1 passed"), "{}\n{printed}", others.join("\n"));
    assert!(noise.len() > 1000, "{} panics", noise.len());
}

#[test]
fn your_code_is_yours() {
    // In a process of its own, as each panic of an observer is a line on stderr.
    let told = in_child("promises::your_code_is_yours", your_code_panics_wherever_it_can);
    if !told.is_empty() {
        assert!(
            told.contains("sexton: an observer panicked when it was dropped: observer dropped\n"),
            "{told}"
        );
    }
}

fn your_code_panics_wherever_it_can() {
    let seen = must_end("a scheduler with code that panics wherever it can", || {
        let scheduler = threads(3);
        let visits = Visits { scheduler: scheduler.clone(), seen: Arc::default() };
        let (v, guard) = (visits.clone(), visits.guard("observer dropped"));
        scheduler.observe(move |event| {
            let _ = &guard;
            if event.task().map_or(false, |task| !task.starts_with("probe")) {
                v.visit("observer");
                panic!("observer");
            }
        });
        let told = listen(&scheduler);
        nasty_tasks(&visits);
        let (sender, receiver) = mpsc::channel();
        scheduler.task("good").every("2ms").run(move || sender.send(()).unwrap()).unwrap();
        let is_over = || scheduler.tasks().iter().all(|task| ["good", "left"].contains(&task.name()));
        while !is_over() {
            receiver.recv_timeout(PATIENCE).unwrap();
        }
        // The schedule goes on after all that.
        for _ in 0..3 {
            receiver.recv_timeout(PATIENCE).unwrap();
        }
        scheduler.shutdown();
        let told = told.lock().unwrap().clone();
        let count = |name: &str, is: fn(&Event) -> bool| {
            told.iter().filter(|event| event.task() == Some(name) && is(event)).count()
        };
        for name in ["callback", "display", "error", "future"] {
            assert_eq!(count(name, |event| matches!(event, Event::Started { .. })), 3, "{name}: {told:?}");
        }
        for name in ["callback", "display", "error", "iterator", "closure", "future"] {
            let panics = count(name, |event| {
                let is_panic = matches!(event, Event::RunEnded { outcome: RunOutcome::Panicked(_), .. });
                is_panic || matches!(event, Event::ScheduleFailed { .. })
            });
            assert!(panics > 0, "a panic of {name}: {told:?}");
        }
        let is_observers =
            |event: &&Event| matches!(event, Event::ObserverPanicked { message } if &**message == "observer");
        assert!(told.iter().filter(is_observers).count() > 10, "{told:?}");
        let seen = visits.seen.clone();
        drop((visits, scheduler));
        let seen = seen.lock().unwrap().clone();
        seen
    });
    let places: HashSet<&str> = seen.iter().map(|(place, _)| *place).collect();
    for place in [
        "callback",
        "display",
        "iterator",
        "closure",
        "future made",
        "future",
        "observer",
        "callback dropped",
        "error dropped",
        "iterator dropped",
        "closure dropped",
        "future dropped",
        "cancelled dropped",
        "taken dropped",
        "left dropped",
        "observer dropped",
    ] {
        assert!(places.contains(place), "{place} was never called");
    }
    for (place, thread) in seen {
        assert_ne!(thread, "sexton-timer", "{place}");
        if ["callback", "display", "future", "future made"].contains(&place) {
            assert_eq!(thread, "sexton-worker", "{place}");
        }
    }
}

#[test]
fn time_moves_on() {
    let new_york = zone("America/New_York");
    let start = moment("2026-03-08 01:59:59.5Z").instant(&new_york).unwrap();
    let schedules = [
        Schedule::cron("* * * * * *"),
        Schedule::cron("30 1,2 * * *"),
        Schedule::every("1ms"),
        Schedule::every("1d"),
        Schedule::every("1d").and_then(|daily| daily.starting("2026-03-01 02:30")),
        Schedule::every(Duration::from_nanos(1)),
    ];
    for schedule in schedules {
        let schedule = schedule.unwrap().zone(new_york.clone());
        let name = schedule.to_string();
        let dues: Vec<SystemTime> = schedule.upcoming(start).unwrap().take(1000).collect();
        assert!(dues.len() == 1000 && dues.windows(2).all(|pair| pair[0] < pair[1]), "{name}");
    }

    let stage = Stage::at("2026-11-22 10:00:00");
    let stuck = moment("2026-11-22 10:00:05").instant(&Zone::utc()).unwrap();
    stage.scheduler.task("closure").at_next(move |_| Some(stuck)).run(|| {}).unwrap();
    stage.scheduler.task("iterator").at_each(std::iter::repeat(stuck)).run(|| {}).unwrap();
    stage.clock.advance(MINUTE);
    let told = stage.told();
    for name in ["closure", "iterator"] {
        let count = |is: fn(&Event) -> bool| {
            told.iter().filter(|event| event.task() == Some(name) && is(event)).count()
        };
        assert_eq!(count(|event| matches!(event, Event::Started { .. })), 1, "{told:?}");
        assert_eq!(count(|event| matches!(event, Event::ScheduleFailed { .. })), 1, "{told:?}");
        assert_eq!(count(|event| matches!(event, Event::Ended { .. })), 1, "{told:?}");
    }
    assert!(stage.scheduler.tasks().is_empty());
}

#[test]
fn a_rule_for_clock_changes() {
    let runs = |start: &str, cron: &str| {
        let stage = Stage::set_in(zone("America/New_York"), start);
        stage.scheduler.task("t").cron(cron).run(|| {}).unwrap();
        stage.clock.advance(4 * HOUR);
        let told = stage.lines();
        told.iter().map(|line| line[13..18].to_string()).collect::<Vec<_>>()
    };
    // 02:00 to 03:00 is skipped, at 07:00 UTC.
    let spring = "2026-03-08 00:15";
    assert_eq!(runs(spring, "30 2 * * *"), ["07:00"]);
    assert_eq!(runs(spring, "0,30 2,3 * * *"), ["07:00", "07:30"]);
    assert_eq!(runs(spring, "30 * * * *"), ["05:30", "06:30", "07:30", "08:30"]);
    // 01:00 to 02:00 comes twice, at 05:00 and at 06:00 UTC.
    let autumn = "2026-11-01 00:15";
    assert_eq!(runs(autumn, "30 1 * * *"), ["05:30"]);
    assert_eq!(runs(autumn, "30 * * * *"), ["04:30", "05:30", "06:30", "07:30"]);
}

#[test]
fn clock_steps_and_suspend_are_noticed() {
    let minutes = |act: &dyn Fn(&Stage)| {
        let stage = Stage::at("2026-11-22 10:00:30");
        stage.scheduler.task("named").cron("1,3,5 10 * * *").run(|| {}).unwrap();
        stage.scheduler.task("hour").after(HOUR).run(|| {}).unwrap();
        stage.clock.advance(MINUTE);
        stage.told();
        act(&stage);
        stage.clock.advance(MINUTE);
        stage.lines()
    };
    let forward = minutes(&|stage| stage.clock.step(5 * MINUTE));
    let asleep = minutes(&|stage| stage.clock.suspend(5 * MINUTE));
    let missed = "named missed 1 until 10:03:00: nothing could start it in time";
    assert_eq!(forward, ["the clock was stepped 5m forward", missed, "named 10:05:00"]);
    assert_eq!(asleep, forward);
    // What ran at 10:01 does not run again.
    let back = minutes(&|stage| stage.clock.step_back(MINUTE));
    assert_eq!(back, ["the clock was stepped 1m back"]);
    let corrected = minutes(&|stage| stage.clock.step(4 * HOUR));
    assert_eq!(corrected.len(), 2, "{corrected:?}");
    assert!(corrected[1].contains("the clock was corrected"), "{corrected:?}");

    // How long it takes to notice, by the clocks of the system.
    let looks_after = |check: Option<Duration>| {
        let builder = Scheduler::builder().threads(0).zone("UTC");
        let scheduler = match check {
            Some(check) => builder.clock_check(check).build().unwrap(),
            None => builder.build().unwrap(),
        };
        scheduler.task("far").at("2999-01-01 00:00").run(|| {}).unwrap();
        scheduler.run_pending().unwrap()
    };
    assert!(looks_after(None) <= SECOND);
    assert!(looks_after(Some(SECOND / 20)) <= SECOND / 20);
}

#[test]
fn bounded() {
    let (scheduler, kept) = (threads(2), Arc::new(()));
    for i in 0..100_000 {
        let captured = kept.clone();
        let callback = move || {
            let _ = &captured;
        };
        let name = format!("t{}", i % 1000);
        scheduler.task(&name).after(HOUR).run(callback).unwrap();
        scheduler.cancel(&name).unwrap();
    }
    assert!(scheduler.tasks().is_empty());
    scheduler.shutdown();
    assert_eq!(Arc::strong_count(&kept), 1);

    // A backlog is a number.
    let stage = Stage::at("2026-11-22 10:00:00");
    stage.scheduler.task("t").cron("* * * * * *").run(|| {}).unwrap();
    stage.clock.suspend(2 * HOUR);
    stage.clock.advance(SECOND / 2);
    let told = stage.told();
    assert_eq!(missed(&told, Why::Late), 7199);
    assert!(told.len() < 10, "{told:?}");

    // Without a calendar task the next look at the clock is the next due.
    let scheduler = threads(0);
    assert_eq!(scheduler.run_pending(), None);
    scheduler.task("t").after(HOUR).run(|| {}).unwrap();
    assert!(scheduler.run_pending().unwrap() > 59 * MINUTE);
}

/// The lines of a source file that are neither comments nor tests.
fn code(text: &str) -> impl Iterator<Item = &str> {
    let end = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
    text[..end].lines().filter(|line| !line.trim_start().starts_with("//"))
}

#[test]
fn nothing_hidden() {
    fn walk(folder: &Path, found: &mut Vec<(String, String)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().map_or(false, |extension| extension == "rs") {
                found.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let (_, dependencies) = manifest.split_once("\n[dependencies]\n").unwrap();
    assert_eq!(dependencies.trim_start().lines().next(), Some("[dev-dependencies]"), "no dependency");
    assert!(!manifest.contains("build-dependencies") && !manifest.contains("\nbuild ="), "no build script");
    assert!(!root.join("build.rs").exists(), "no build script");

    let mut sources = Vec::new();
    walk(&root.join("src"), &mut sources);
    sources.retain(|(path, _)| !path.contains("tests"));
    assert!(sources.len() > 20);
    let mut wrong = Vec::new();
    for (path, text) in &sources {
        // The program catches signals: the functions of C that this takes are called in one of its files.
        let is_of_signals = path.ends_with("src/bin/sexton/unix.rs");
        // It listens where `--status` says.
        let is_of_status = path.contains("src/bin/sexton/status/");
        let lints = ["#![forbid(unsafe_code)]", "#![deny(unsafe_code)]"];
        for line in code(text).filter(|line| !lints.contains(line)) {
            // A word of HTTP.
            let line = line.replace("'unsafe-inline'", "");
            let has_unsafe = line.contains("unsafe") && !is_of_signals;
            let has_network = line.contains("std::net") && !is_of_status;
            if has_unsafe || has_network || [".unwrap()", "static mut"].iter().any(|word| line.contains(word))
            {
                wrong.push(format!("{path}: {line}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let lib = fs::read_to_string(root.join("src/lib.rs")).unwrap();
    assert!(lib.contains("\n#![forbid(unsafe_code)]\n"));
}
