//! Runs tasks in a loop of the program's own. The scheduler starts no thread.

use std::thread;
use std::time::Duration;

use sexton::Scheduler;

fn main() -> Result<(), sexton::Error> {
    let scheduler = Scheduler::builder().threads(0).build()?;
    scheduler.task("blink").every(Duration::from_millis(20)).times(5).run(|| println!("blink"))?;

    // `run_pending` runs what is due on this thread. It returns how long there is nothing to do, or `None` when no task is
    // waiting any more.
    while let Some(idle) = scheduler.run_pending() {
        // The rest of the loop goes here. A loop with other things to do sleeps for a shorter time.
        thread::sleep(idle.min(Duration::from_millis(100)));
    }
    Ok(())
}
