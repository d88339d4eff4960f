//! The software of an appliance that is switched on and off. It catches up with what it missed, its work has a time
//! limit, and it shuts down gracefully. Its life here is two runs with a power cut between, and an hour lasts a second.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, SystemTime};

use sexton::{Event, Missed, Overlap, RunOutcome, Scheduler};

const HOUR: Duration = Duration::from_secs(1);
const HOURLY: &str = "* * * * * *"; // in earnest `0 * * * *`

/// How often each hour was summed up. It outlives a run of the software, as a disk does.
type Sums = Arc<Mutex<BTreeMap<SystemTime, u32>>>;

/// One run of the software, from power on to power off.
fn software(journal: &Path, sums: &Sums, is_over: impl Fn(&Scheduler) -> bool) -> Result<(), sexton::Error> {
    let scheduler = Scheduler::builder().zone("UTC").journal(journal).build()?;
    scheduler.observe(|event| match event {
        Event::Scheduled { .. } | Event::Started { .. } => {}
        Event::RunEnded { outcome: RunOutcome::Finished, .. } => {}
        _ => println!("{event}"),
    });

    // Each hour has its sum: also those in which the appliance was off, or this task still busy.
    let sums = sums.clone();
    let hourly = scheduler.task("sums").cron(HOURLY).missed(Missed::All).overlap(Overlap::QueueAll(24));
    hourly.run_with(move |run| *sums.lock().unwrap().entry(run.due()).or_default() += 1)?;

    // One look for a new version is enough, however many were missed.
    scheduler.task("updates").cron("H 3 * * *").run(|| {})?;

    // The network may hang: an upload has half an hour, and what is left goes with the next one.
    scheduler.task("upload").every(HOUR).time_limit(HOUR / 2).run_with(|run| {
        let stop = run.stop();
        while !stop.wait_timeout(HOUR / 100) {} // in earnest it sends a part each time, and ends with the last
    })?;

    scheduler.forget_unscheduled(); // names in the journal that only an earlier version has
    while !is_over(&scheduler) {
        thread::sleep(HOUR / 100); // in earnest it waits for SIGTERM, or for a button
    }
    // Nothing new starts, and what runs is asked to stop.
    if let Err(error) = scheduler.shutdown_timeout(Duration::from_secs(10)) {
        eprintln!("{error}"); // it names the tasks
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::temp_dir().join(format!("sexton-appliance-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let (journal, sums) = (folder.join("jobs.journal"), Sums::default());
    let stats =
        |scheduler: &Scheduler, name| scheduler.get(name).map(|task| task.stats()).unwrap_or_default();

    software(&journal, &sums, |scheduler| {
        stats(scheduler, "sums").finished >= 1 && stats(scheduler, "upload").timed_out >= 1
    })?;
    let before = sums.lock().unwrap().len();
    thread::sleep(2 * HOUR); // the power is off
    software(&journal, &sums, |scheduler| stats(scheduler, "sums").finished >= 3)?;
    fs::remove_dir_all(&folder)?;

    let sums = sums.lock().unwrap();
    println!("{before} hours before the power cut, {} in and after it", sums.len() - before);
    assert!(sums.values().all(|times| *times == 1), "no hour is summed up twice");
    let hours: Vec<&SystemTime> = sums.keys().collect();
    for pair in hours.windows(2) {
        assert_eq!(pair[1].duration_since(*pair[0])?, HOUR, "no hour is left out");
    }
    Ok(())
}
