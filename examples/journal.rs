//! Catches up after a restart with what was missed. The manual clock stands for a machine that was switched off.

use std::time::{Duration, SystemTime};

use sexton::{ManualClock, Missed, Moment, Scheduler};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::temp_dir().join(format!("sexton-example-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let day = Duration::from_secs(86_400);

    for (process, start) in [SystemTime::UNIX_EPOCH, SystemTime::UNIX_EPOCH + 4 * day].into_iter().enumerate()
    {
        let clock = ManualClock::new(start);
        let journal = folder.join("jobs.journal");
        let scheduler = Scheduler::builder().clock(&clock).zone("UTC").journal(journal).build()?;
        scheduler
            .task("backup")
            .cron("30 2 * * *")
            .missed(Missed::All) // by default only the latest is run
            .run_with(move |run| println!("process {process}: backup of {}", Moment::from(run.due())))?;
        clock.advance(day); // the first process backs up on day 1, the second on days 2, 3, 4 and 5
        scheduler.shutdown();
    }
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}
