//! Stops gracefully: nothing new starts, and what runs has some time to finish.
//!
//! `std` has no way to catch a signal. This program waits for the end of its input; a service would wait for SIGTERM, with
//! a crate such as `signal-hook`.

use std::thread;
use std::time::Duration;

use sexton::Scheduler;

fn main() -> Result<(), sexton::Error> {
    let scheduler = Scheduler::new()?;
    scheduler.task("crunch").every("1h").run_with(|run| {
        while !run.stop_requested() {
            thread::sleep(Duration::from_millis(10)); // a piece of the work
        }
        println!("{} stops early", run.name());
    })?;

    for line in std::io::stdin().lines() {
        println!("{} has {} tasks", line.unwrap_or_default(), scheduler.tasks().len());
    }
    if let Err(still_running) = scheduler.shutdown_timeout(Duration::from_secs(10)) {
        eprintln!("{still_running}"); // it names the tasks
    }
    Ok(())
}
