//! Schedules asynchronous callbacks. A future that is pending holds no worker.
//!
//! sexton polls the future on its own workers and starts no runtime. A future that needs tokio has to run on tokio. Where
//! `handle` is a `tokio::runtime::Handle`, that is `run_async(move |_| handle.spawn(fetch()))`.

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

    scheduler.cancel_after_next("feed")?;
    scheduler.wait();
    Ok(())
}
