//! What a scheduler does that only a power failure would show.

use std::time::UNIX_EPOCH;
use std::{env, fs, process};

use super::*;
use crate::clock::ManualClock;
use crate::journal::brought_to_disk;

#[test]
fn a_calendar_run_is_in_the_journal_on_the_disk_before_its_callback_is_called() {
    let folder = env::temp_dir().join(format!("sexton-scheduler-disk-{}", process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir(&folder).unwrap();
    let clock = ManualClock::new(UNIX_EPOCH);
    let builder = Scheduler::builder().clock(&clock).zone(Zone::utc());
    let scheduler = builder.journal(folder.join("jobs.journal")).build().unwrap();
    let log = Arc::new(Mutex::new(Vec::new()));
    let ran = || std::mem::take(&mut *lock(&log));
    for (name, schedule) in
        [("calendar", Schedule::cron("* * * * *").unwrap()), ("elapsed", Schedule::every("1m").unwrap())]
    {
        let log = log.clone();
        let job = move |run: &Run<'_>| lock(&log).push((run.name().to_string(), brought_to_disk()));
        scheduler.task(name).on(schedule).run_with(job).unwrap();
    }
    let (durable, not_durable) = (("calendar".to_string(), vec!["line"]), ("elapsed".to_string(), vec![]));
    brought_to_disk();
    clock.advance(Duration::from_secs(59));
    assert_eq!(ran(), [not_durable.clone()]);
    clock.advance(Duration::from_secs(1));
    assert_eq!(ran(), [durable.clone(), not_durable]);

    // A run beside the schedule is for none of its dues; the last of a task is again for one that could be run twice.
    scheduler.get("calendar").unwrap().run_now().unwrap();
    clock.advance(Duration::ZERO);
    assert_eq!(ran(), [("calendar".to_string(), vec![])]);
    scheduler.cancel("elapsed").unwrap();
    scheduler.cancel_after_next("calendar").unwrap();
    clock.advance(Duration::from_secs(60));
    assert_eq!(ran(), [durable]);
    scheduler.shutdown();
    fs::remove_dir_all(&folder).unwrap();
}
