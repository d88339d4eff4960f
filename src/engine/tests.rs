//! An engine without threads, and what no caller can see of one.

use std::panic::Location;
use std::time::{Duration, SystemTime};

use super::*;
use crate::agenda::TaskKey;
use crate::clock::{ManualClock, CORRECTION};
use crate::schedule::Schedule;
use crate::task::{Job, Verdict};

pub(super) fn engine_on(clock: ManualClock, zone: &Zone, zone_check: Duration) -> Arc<Engine> {
    Arc::new(Engine::new(Settings {
        clock: Clock::Manual(clock),
        zone: zone.clone(),
        seed: 0,
        clock_check: None,
        clock_correction: CORRECTION,
        watch: Some(Watch::new(None)),
        zone_check,
        store: Mutex::new(OpenStore::default()),
        recorder: None,
        wait_limit: Some(Duration::from_secs(1)),
        claims: Default::default(),
        begins_paused: false,
        workers: 0,
    }))
}

#[test]
fn tasks_that_are_cancelled_while_they_wait_for_a_worker_leave_nothing_in_the_queue() {
    const TASKS: usize = 10_000;
    let engine = engine_on(ManualClock::new(SystemTime::UNIX_EPOCH), &Zone::utc(), Duration::MAX);
    let schedule = |name: &str| {
        let order = Order {
            name: name.into(),
            schedule: Schedule::after(Duration::from_secs(3600)),
            job: Job::Alone(Box::new(|_| Verdict::Continue)),
            policy: Default::default(),
            replaces: false,
            is_paused: false,
            scheduled_at: Location::caller(),
        };
        assert!(engine.schedule(order).unwrap().is_new);
        engine.run_now(TaskKey { name, id: None }).unwrap();
    };
    // No worker comes for any of them.
    schedule("kept");
    for i in 0..TASKS {
        let name = i.to_string();
        schedule(&name);
        engine.cancel(TaskKey { name: &name, id: None }).unwrap();
        assert!(engine.pool.len() < TASKS / 5, "{i}: {}", engine.pool.len());
    }
    let in_flight = || lock(&engine.state).agenda.in_flight();
    assert_eq!(in_flight(), engine.pool.len());
    engine.run_queued(TASKS);
    assert_eq!((in_flight(), engine.pool.len()), (0, 0), "the one that was kept has run");
}
