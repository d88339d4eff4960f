//! Logs what happens through the crate `log`, each event at the level that it deserves.
//!
//! A scheduler without an observer prints failures to stderr. Once there is an observer, it prints nothing.

use std::sync::Mutex;
use std::time::Duration;

use log::Level;
use sexton::{Event, RunOutcome, Scheduler, Why};

/// How much an event matters. There may be more of them in a later version.
fn level(event: &Event) -> Level {
    match event {
        Event::RunEnded { outcome, .. } if outcome.is_failure() => Level::Error,
        Event::RunEnded { outcome: RunOutcome::TimedOut, .. } => Level::Warn,
        Event::RunEnded { .. } => Level::Info,
        Event::ScheduleFailed { .. } | Event::DestructorPanicked { .. } => Level::Error,
        Event::ObserverPanicked { .. } | Event::JournalFailed { .. } => Level::Error,
        // Somebody wanted it so.
        Event::Missed { why: Why::Paused | Why::Cancelled | Why::ShutDown, .. } => Level::Info,
        Event::Missed { .. } | Event::Late { .. } | Event::CutOff { .. } => Level::Warn,
        Event::AttemptFailed { .. } | Event::TimeLimitReached { .. } => Level::Warn,
        Event::PoolSaturated { .. } | Event::Waiting { .. } | Event::EventsLost { .. } => Level::Warn,
        Event::NameTaken { .. } | Event::ClockStepped { .. } => Level::Warn,
        Event::ZoneKept { .. } | Event::JournalDamaged { .. } => Level::Warn,
        Event::Scheduled { .. } | Event::Started { .. } | Event::Ended { .. } => Level::Debug,
        _ => Level::Info,
    }
}

/// Keeps what was logged. A program would take `env_logger` or another one.
struct Kept(Mutex<Vec<String>>);

static KEPT: Kept = Kept(Mutex::new(Vec::new()));

impl log::Log for Kept {
    fn enabled(&self, _: &log::Metadata) -> bool {
        true
    }

    fn log(&self, record: &log::Record) {
        let line = format!("{:5} {} {}", record.level(), record.target(), record.args());
        println!("{line}");
        self.0.lock().unwrap().push(line);
    }

    fn flush(&self) {}
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    log::set_logger(&KEPT).map_err(|error| error.to_string())?;
    log::set_max_level(log::LevelFilter::Debug);

    let scheduler = Scheduler::builder().zone("UTC").build()?;
    scheduler.observe(|event| log::log!(target: "sexton", level(event), "{event}"));

    scheduler.task("works").after(Duration::ZERO).run(|| log::info!("a message of the callback"))?;
    scheduler.task("fails").after(Duration::ZERO).run(|| "x".parse::<u32>().map(drop))?;
    let flaky = scheduler.task("flaky").after(Duration::ZERO).retry(1, Duration::from_millis(10));
    flaky.run_with(|run| if run.attempt() == 1 { Err("no route") } else { Ok(()) })?;
    let slow = scheduler.task("slow").after(Duration::ZERO).time_limit(Duration::from_millis(20));
    slow.run_with(|run| while !run.stop().wait_timeout(Duration::from_millis(100)) {})?;
    scheduler.wait(); // returns when the observer has received the last event

    let logged = KEPT.0.lock().unwrap().join("\n");
    for expected in [
        "DEBUG sexton task `works` scheduled",
        "INFO  sexton task `works` finished after",
        "ERROR sexton task `fails` failed: invalid digit found in string",
        "WARN  sexton task `flaky` failed: no route; attempt 2 follows in",
        "INFO  sexton task `flaky` finished after",
        "WARN  sexton task `slow` has reached its time limit and was asked to stop",
        "WARN  sexton task `slow` timed out after",
    ] {
        assert!(logged.contains(expected), "{expected} is not in\n{logged}");
    }
    Ok(())
}
