//! What a scheduler guarantees for the time after a power failure.

use std::process;

use super::*;
use crate::clock::ManualClock;
use crate::schedule::Schedule;
use crate::scheduler::{Run, Scheduler};
use crate::sync::{lock, Mutex};
use crate::tz::Zone;

#[test]
fn a_calendar_run_is_in_the_journal_on_the_disk_before_its_callback_is_called() {
    let folder = env::temp_dir().join(format!("sexton-scheduler-disk-{}", process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir(&folder).unwrap();
    let clock = ManualClock::new(UNIX_EPOCH);
    let builder = Scheduler::builder().clock(&clock).zone(Zone::utc());
    let scheduler = builder.journal(folder.join("jobs.journal")).build().unwrap();
    let log = Arc::new(Mutex::new(Vec::new()));
    let every_minute =
        [("calendar", Schedule::cron("* * * * *").unwrap()), ("elapsed", Schedule::every("1m").unwrap())];
    for (name, schedule) in every_minute {
        let log = log.clone();
        let job =
            move |run: &Run| lock(&log).push(format!("{}: {}", run.name(), brought_to_disk().join(" ")));
        scheduler.task(name).on(schedule).run_with(job).unwrap();
    }
    let runs = |seconds| {
        clock.advance(Duration::from_secs(seconds));
        std::mem::take(&mut *lock(&log))
    };
    brought_to_disk();
    assert_eq!(runs(59), ["elapsed: "]);
    assert_eq!(runs(1), ["calendar: line", "elapsed: "]);

    // `run_now` is for no due time of the schedule. The one run after `cancel_after_next` is.
    scheduler.cancel("elapsed").unwrap();
    scheduler.get("calendar").unwrap().run_now().unwrap();
    assert_eq!(runs(0), ["calendar: "]);
    scheduler.cancel_after_next("calendar").unwrap();
    assert_eq!(runs(60), ["calendar: line"]);
    scheduler.shutdown();
    fs::remove_dir_all(&folder).unwrap();
}
