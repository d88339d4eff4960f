//! What a scheduler does with a store that its user wrote.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use sexton::store::{Durability, Record, Store, StoreError};
use sexton::tz::Zone;
use sexton::{Builder, Event, ManualClock, Missed, RunOutcome, Scheduler, Why};

use crate::stage::{listen, missed, without_run};

/// Writes down what it is called with. It keeps nothing, and does what the flags say.
#[derive(Clone, Default)]
struct Scripted {
    calls: Arc<Mutex<Vec<String>>>,
    panics: bool,
    fails: bool,
    damage: Option<String>,
}

impl Scripted {
    fn called<T>(&self, call: String, answer: T) -> T {
        self.calls.lock().unwrap().push(call);
        assert!(!self.panics, "out of order");
        answer
    }
}

impl Store for Scripted {
    fn open(&mut self) -> Result<Option<String>, StoreError> {
        Ok(self.damage.clone())
    }

    fn last_due(&self, _: &str) -> Option<SystemTime> {
        self.called("last".into(), None)
    }

    fn claim(&mut self, _: &str) -> Vec<SystemTime> {
        self.called("claim".into(), vec![SystemTime::UNIX_EPOCH])
    }

    fn unclaimed(&self) -> Vec<String> {
        self.called("unclaimed".into(), vec!["old".into()])
    }

    fn write(&mut self, name: &str, record: Record) -> Result<bool, StoreError> {
        let what = match record {
            Record::Began { durability: Durability::PowerFailure, .. } => "began, for good".to_string(),
            Record::Began { .. } => "began".to_string(),
            other => format!("{other:?}").split('(').next().unwrap().to_lowercase(),
        };
        self.called(format!("{name} {what}"), if self.fails { Err("no\nroom".into()) } else { Ok(true) })
    }
}

fn builder(clock: &ManualClock) -> Builder {
    Scheduler::builder().clock(clock).zone(Zone::utc())
}

/// Runs two tasks, and says what the store was called with, how often the callbacks were, and what was emitted of the
/// store.
fn play(store: Scripted) -> (Vec<String>, usize, Vec<String>) {
    let clock = ManualClock::new(SystemTime::UNIX_EPOCH);
    let scheduler = builder(&clock).store(store.clone()).build().unwrap();
    let (runs, events) = (Arc::new(Mutex::new(0)), Arc::new(Mutex::new(Vec::new())));
    let seen = events.clone();
    scheduler.observe(move |event| {
        if matches!(event, Event::JournalDamaged { .. } | Event::JournalFailed { .. }) {
            seen.lock().unwrap().push(event.to_string());
        }
    });
    for (name, cron) in [("calendar", Some("* * * * *")), ("elapsed", None)] {
        let runs = runs.clone();
        let task = scheduler.task(name);
        let run = move || *runs.lock().unwrap() += 1;
        match cron {
            Some(cron) => task.cron(cron).run(run).unwrap(),
            None => task.every("1m").run(run).unwrap(),
        };
    }
    clock.advance(Duration::from_secs(120));
    scheduler.forget_unscheduled();
    scheduler.cancel("elapsed").unwrap();
    scheduler.shutdown();
    let calls = std::mem::take(&mut *store.calls.lock().unwrap());
    let (runs, events) = (*runs.lock().unwrap(), events.lock().unwrap().clone());
    (calls, runs, events)
}

#[test]
fn a_store_has_each_record_in_its_order() {
    let (calls, runs, _) = play(Scripted::default());
    assert_eq!(runs, 5);
    let of_task = |name: &str| {
        let records = calls.iter().filter_map(|call| call.strip_prefix(name));
        records.map(str::trim_start).collect::<Vec<_>>().join("; ")
    };
    let began = "scheduled; began, for good; ended; began, for good; ended";
    assert_eq!(of_task("calendar"), began);
    assert_eq!(of_task("elapsed"), "began; ended; began; ended; began; ended; forgot");
    assert_eq!(of_task("old"), "forgot");
}

#[test]
fn a_store_that_fails_is_reported_once_and_all_tasks_run() {
    let (_, runs, events) = play(Scripted { fails: true, ..Scripted::default() });
    assert_eq!(runs, 5);
    assert_eq!(events.len(), 1, "{events:?}");
    assert!(events[0].contains("no\\nroom"), "{events:?}");
}

#[test]
fn a_panic_in_a_store_is_reported_and_all_tasks_run() {
    let (calls, runs, events) = play(Scripted { panics: true, ..Scripted::default() });
    assert_eq!(runs, 5);
    assert!(calls.contains(&"unclaimed".to_string()), "it is called again: {calls:?}");
    assert!(events.iter().any(|event| event.contains("the store panicked: out of order")), "{events:?}");
}

#[test]
fn what_was_wrong_with_a_store_is_reported_with_the_first_task() {
    let damage = Some("page 3 was lost".into());
    let (_, _, events) = play(Scripted { damage, ..Scripted::default() });
    assert_eq!(events.iter().filter(|event| event.contains("page 3 was lost")).count(), 1, "{events:?}");
}

/// A store that keeps nothing.
struct Empty {
    /// Why it cannot be opened.
    problem: Option<&'static str>,
    /// Called when it is asked for a last due time.
    asked: Box<dyn Fn() + Send>,
}

impl Store for Empty {
    fn open(&mut self) -> Result<Option<String>, StoreError> {
        self.problem.map_or(Ok(None), |problem| Err(problem.into()))
    }
    fn last_due(&self, _: &str) -> Option<SystemTime> {
        (self.asked)();
        None
    }
    fn claim(&mut self, _: &str) -> Vec<SystemTime> {
        Vec::new()
    }
    fn unclaimed(&self) -> Vec<String> {
        Vec::new()
    }
    fn write(&mut self, _: &str, _: Record) -> Result<bool, StoreError> {
        Ok(true)
    }
}

#[test]
fn a_store_that_cannot_be_opened_is_an_error_of_build() {
    let clock = ManualClock::new(SystemTime::UNIX_EPOCH);
    let broken = Empty { problem: Some("flash:\nno magic"), asked: Box::new(|| ()) };
    let error = builder(&clock).store(broken).build().unwrap_err();
    assert_eq!(error.to_string(), "flash:\\nno magic");
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "flash:\nno magic");
}

#[test]
fn a_record_is_written_before_its_event_is_delivered() {
    let (clock, store) = (ManualClock::new(SystemTime::UNIX_EPOCH), Scripted::default());
    let scheduler = builder(&clock).store(store.clone()).build().unwrap();
    let calls = store.calls.clone();
    scheduler.observe(move |event| {
        let what = match event {
            Event::Scheduled { .. } => "scheduled",
            Event::Started { .. } => "started",
            Event::RunEnded { outcome: RunOutcome::Finished, .. } => "finished",
            Event::Missed { .. } => "missed",
            Event::Cancelled { .. } => "cancelled",
            _ => return,
        };
        calls.lock().unwrap().push(format!("observed {what}"));
    });
    scheduler.task("t").cron("* * * * *").missed(Missed::Skip).run(|| {}).unwrap();
    clock.advance(Duration::from_secs(60));
    clock.suspend(Duration::from_secs(90));
    clock.advance(Duration::ZERO);
    scheduler.cancel("t").unwrap();
    scheduler.shutdown();
    let calls = store.calls.lock().unwrap();
    let calls: Vec<_> = calls.iter().filter(|call| call.contains(' ')).map(String::as_str).collect();
    assert_eq!(
        calls,
        [
            "t scheduled",
            "observed scheduled",
            "t began, for good",
            "observed started",
            "t ended",
            "observed finished",
            "t passed",
            "observed missed",
            "t forgot",
            "observed cancelled"
        ]
    );
}

#[test]
fn of_a_task_that_is_cancelled_while_its_schedule_is_asked_the_store_keeps_nothing() {
    let (clock, store) = (ManualClock::new(SystemTime::UNIX_EPOCH), Scripted::default());
    let scheduler = builder(&clock).store(store.clone()).build().unwrap();
    let told = listen(&scheduler);
    let (cancels, is_scheduled) = (scheduler.clone(), Arc::new(AtomicBool::new(false)));
    let is_asked = is_scheduled.clone();
    let task = scheduler.task("t").cron("* * * * *").missed(Missed::Skip).except(move |_| {
        if is_asked.swap(false, Ordering::Relaxed) {
            cancels.cancel("t").unwrap();
        }
        false
    });
    task.run(|| {}).unwrap();
    is_scheduled.store(true, Ordering::Relaxed);
    clock.suspend(Duration::from_secs(90));
    clock.advance(Duration::ZERO);
    scheduler.shutdown();
    assert_eq!(missed(&told.lock().unwrap(), Why::Late), 1);
    let calls = store.calls.lock().unwrap();
    let records: Vec<_> = calls.iter().filter(|call| call.starts_with("t ")).collect();
    assert_eq!(records, ["t scheduled", "t forgot"]);
}

#[test]
fn what_no_event_waits_for_is_written_before_the_store_is_closed() {
    let (store, clock) = (Scripted::default(), ManualClock::new(SystemTime::UNIX_EPOCH));
    let scheduler = builder(&clock).store(store.clone()).build().unwrap();
    let calls = || std::mem::take(&mut *store.calls.lock().unwrap());

    // Nobody observes what passes during a pause.
    let observer = scheduler.observe(|_| {});
    let task = scheduler.task("paused").cron("* * * * *").run(|| {}).unwrap();
    observer.remove();
    task.pause().unwrap();
    clock.advance(Duration::from_secs(90));
    calls();
    task.resume().unwrap();
    assert_eq!(calls(), ["paused passed"]);

    // The last run ends while the scheduler shuts down: its future is dropped.
    let (_wakers, job) = crate::faults::pending_once();
    let observer = scheduler.observe(|_| {});
    scheduler.task("pending").every("1h").run_async(without_run(job)).unwrap();
    observer.remove();
    clock.advance(Duration::ZERO);
    calls();
    let _ = scheduler.shutdown_timeout(Duration::ZERO);
    scheduler.shutdown();
    assert_eq!(calls(), ["pending ended"]);
}

#[test]
fn a_replacement_does_not_run_again_what_came_while_it_was_scheduled() {
    let clock = ManualClock::new(SystemTime::UNIX_EPOCH);
    let goes_on = clock.clone();
    let slow = Empty { problem: None, asked: Box::new(move || goes_on.step(Duration::from_secs(2))) };
    let scheduler = builder(&clock).store(slow).build().unwrap();
    let seconds = Arc::new(Mutex::new(Vec::new()));
    let seen = seconds.clone();
    scheduler.observe(move |event| {
        let (first, latest) = match event {
            Event::Started { due, .. } => (due, due),
            Event::Missed { first, latest, .. } => (first, latest),
            _ => return,
        };
        let second = |due: &SystemTime| due.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        seen.lock().unwrap().extend(second(first)..=second(latest));
    });
    scheduler.task("t").cron("* * * * * *").run(|| {}).unwrap();
    clock.advance(Duration::from_secs(2));
    scheduler.task("t").cron("* * * * * *").replace().run(|| {}).unwrap();
    clock.advance(Duration::from_secs(2));
    let mut seconds = std::mem::take(&mut *seconds.lock().unwrap());
    seconds.sort_unstable();
    assert_eq!(seconds, (1..=seconds.len() as u64).collect::<Vec<_>>());
}
