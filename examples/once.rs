//! Runs a task once, repeats a run that fails, and lets a task choose its next time itself.

use std::time::Duration;

use sexton::{Error, Run, Scheduler};

fn main() -> Result<(), Error> {
    let scheduler = Scheduler::new()?;
    scheduler.task("warm up").after(Duration::from_millis(50)).run(|| println!("once, after 50 ms"))?;
    scheduler.task("party").at("2099-12-31 23:59:30").run(|| println!("once, at a local civil time"))?;
    scheduler.cancel("party")?;

    // Up to five more attempts: after 10 ms, 20 ms and so on.
    let upload = scheduler.task("upload").after(Duration::ZERO).retry(5, Duration::from_millis(10));
    upload.run_with(|run| {
        println!("attempt {} to upload", run.attempt());
        if run.attempt() < 3 {
            Err("no route to host")
        } else {
            Ok(())
        }
    })?;

    ask(&scheduler, Duration::ZERO)?;
    scheduler.wait();
    Ok(())
}

/// The name is free again when the last run of a task begins. So the callback can schedule its own name.
fn ask(scheduler: &Scheduler, delay: Duration) -> Result<(), Error> {
    scheduler.task("ask").after(delay).run_with(move |run: &Run| {
        let again = delay + Duration::from_millis(10); // a server would say when to ask again
        println!("asked after {delay:?}");
        if again > Duration::from_millis(30) {
            Ok(())
        } else {
            ask(run.scheduler(), again)
        }
    })?;
    Ok(())
}
