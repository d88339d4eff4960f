//! Tests a schedule without waiting: the clock moves only when the test moves it.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use sexton::{ManualClock, Moment, Scheduler};

/// What the program schedules. It takes the scheduler as an argument, so that a test can give it one with a manual clock.
fn schedule(scheduler: &Scheduler, pay: impl Fn(SystemTime) + Send + 'static) -> Result<(), sexton::Error> {
    // 9:00 on the last weekday of each month.
    scheduler.task("payroll").cron("0 9 LW * *").run_with(move |run| pay(run.due()))?;
    Ok(())
}

fn main() -> Result<(), sexton::Error> {
    let clock = ManualClock::new(SystemTime::UNIX_EPOCH); // 1970-01-01
    let scheduler = Scheduler::builder().clock(&clock).zone("UTC").build()?;
    let paid = Arc::new(Mutex::new(Vec::new()));
    let seen = paid.clone();
    schedule(&scheduler, move |due| seen.lock().unwrap().push(Moment::from(due).to_string()))?;

    // A year takes a moment. All runs are over when `advance` returns: they run on this thread.
    clock.advance(Duration::from_secs(365 * 86_400));

    let paid = paid.lock().unwrap();
    assert_eq!(paid.len(), 12);
    assert_eq!(paid[..3], ["1970-01-30T09:00:00Z", "1970-02-27T09:00:00Z", "1970-03-31T09:00:00Z"]);
    println!("{paid:#?}");
    Ok(())
}
