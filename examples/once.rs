//! Runs a task once, and a task that chooses its next time itself: it retries with a longer delay after each failure.

use std::time::Duration;

use sexton::{Error, Run, Scheduler};

fn main() -> Result<(), Error> {
    let scheduler = Scheduler::new()?;
    scheduler.task("warm up").after(Duration::from_millis(50)).run(|| println!("once, after 50 ms"))?;
    scheduler.task("party").at("2099-12-31 23:59:30").run(|| println!("once, at a local civil time"))?;
    scheduler.cancel("party")?;

    upload(&scheduler, 1)?;
    scheduler.wait();
    Ok(())
}

/// The name is free again when the last run of a task begins. So the callback can schedule its own name.
fn upload(scheduler: &Scheduler, attempt: u32) -> Result<(), Error> {
    let delay = Duration::from_millis(10) * 2u32.pow(attempt);
    scheduler.task("upload").after(delay).run_with(move |run: &Run| {
        let is_done = attempt == 3; // here the work would be done
        println!("attempt {attempt}: {}", if is_done { "done" } else { "failed" });
        if is_done {
            Ok(())
        } else {
            upload(run.scheduler(), attempt + 1)
        }
    })?;
    Ok(())
}
