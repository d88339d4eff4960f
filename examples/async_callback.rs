//! Schedules asynchronous callbacks. A future that is pending holds no worker.
//!
//! sexton polls the future on its own workers and starts no runtime. A future that needs tokio has to run on tokio:
//! `recipes/src/bin/tokio.rs` has that.

use std::time::Duration;

use sexton::Scheduler;

async fn fetch() -> Result<(), std::io::Error> {
    Ok(())
}

fn main() -> Result<(), sexton::Error> {
    let scheduler = Scheduler::new()?;
    scheduler.observe(|event| println!("{event}"));

    scheduler.task("feed").every("30s").run_async(|_| fetch())?;
    scheduler.task("once").after(Duration::from_millis(20)).run_async(|_| async {
        fetch().await?; // an error is an event, and the schedule goes on
        Ok::<(), std::io::Error>(())
    })?;

    // The future waits for its work or for the request to stop, without a thread.
    let follow = scheduler.task("follow").every("1h").time_limit(Duration::from_millis(30));
    follow.run_async(|run| async move {
        run.stop().await; // here it would be one of two, with the `select!` of the crate `futures`
        run.cancel();
    })?;

    scheduler.cancel_after_next("feed")?;
    scheduler.wait();
    Ok(())
}
