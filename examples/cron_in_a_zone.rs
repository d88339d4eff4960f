//! Schedules cron expressions in a time zone that is not the local one.

use sexton::tz::Zone;
use sexton::{cron, Scheduler};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Tasks without a zone of their own use the scheduler's. Without this call it is the local one.
    let scheduler = Scheduler::builder().zone("UTC").build()?;

    scheduler
        .task("report")
        .cron("30 9 * * mon-fri")
        .zone("Europe/Paris")
        .run(|| println!("9:30 in Paris"))?;
    scheduler
        .task("keys")
        .on(cron!("0 0 1 * *"))
        .run(|| println!("the first of the month, midnight in UTC"))?;
    // A zone can also be a POSIX rule, which needs no time zone database.
    let new_york = Zone::from_posix("EST5EDT,M3.2.0,M11.1.0")?;
    scheduler.task("open").cron("30 9 * * mon-fri").zone(new_york).run(|| println!("the market opens"))?;

    for task in scheduler.tasks() {
        println!("{task}");
    }
    scheduler.shutdown(); // a service would call `scheduler.wait()`
    Ok(())
}
