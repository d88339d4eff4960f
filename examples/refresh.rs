//! Runs a callback at once and then once a period, and stops after three runs.

use std::ops::ControlFlow;
use std::time::Duration;

use sexton::Scheduler;

fn main() -> Result<(), sexton::Error> {
    let scheduler = Scheduler::new()?;
    let mut rates = Vec::new(); // a callback may keep state of its own

    scheduler.task("rates").every(Duration::from_millis(100)).run_with(move |run| {
        rates.push(1.08);
        println!("{}: {} rates, {:?} after the due time", run.name(), rates.len(), run.lateness());
        if rates.len() < 3 {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    })?;

    scheduler.wait(); // until no task is left
    Ok(())
}
