//! Makes events of the crate `tracing` of what happens, with fields that a collector can search for.
//!
//! Events arrive on a thread of their own, so they are in no span. A span around the work is made by the callback.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use sexton::{Event, Moment, RunOutcome, Scheduler, Why};
use tracing::{debug, error, info, info_span, warn};

fn utc(instant: SystemTime) -> String {
    Moment::from(instant).to_string()
}

/// The level of an event of `tracing` is a constant, so each level has lines of its own.
fn trace(event: &Event) {
    let task = event.task().unwrap_or_default();
    match event {
        Event::Started { due, lateness, coalesced, is_on_demand, attempt, .. } => {
            debug!(task, due = utc(*due), ?lateness, coalesced, is_on_demand, attempt, "started")
        }
        Event::RunEnded { due, took, outcome, attempt, .. } => {
            let (due, took) = (utc(*due), took.as_secs_f64());
            match outcome {
                RunOutcome::Failed(error) => error!(task, due, took, attempt, %error, "failed"),
                RunOutcome::Panicked(message) => error!(task, due, took, attempt, %message, "panicked"),
                RunOutcome::TimedOut => warn!(task, due, took, attempt, "timed out"),
                _ => info!(task, due, took, attempt, "{outcome}"),
            }
        }
        Event::AttemptFailed { due, outcome, attempt, delay, .. } => {
            warn!(task, due = utc(*due), attempt, ?delay, "{outcome}")
        }
        Event::Missed { count, first, latest, why, .. } => {
            let (first, latest) = (utc(*first), utc(*latest));
            match why {
                Why::Paused | Why::Cancelled | Why::ShutDown => {
                    info!(task, count, first, latest, %why, "missed")
                }
                _ => warn!(task, count, first, latest, %why, "missed"),
            }
        }
        Event::ScheduleFailed { .. } | Event::DestructorPanicked { .. } => error!(task, "{event}"),
        Event::ObserverPanicked { .. } | Event::JournalFailed { .. } => error!("{event}"),
        Event::Late { .. } | Event::CutOff { .. } | Event::NameTaken { .. } => warn!(task, "{event}"),
        Event::TimeLimitReached { .. } | Event::Waiting { .. } => warn!(task, "{event}"),
        Event::PoolSaturated { .. } | Event::EventsLost { .. } | Event::ClockStepped { .. } => {
            warn!("{event}")
        }
        Event::ZoneKept { .. } | Event::JournalDamaged { .. } => warn!("{event}"),
        _ => debug!(task, "{event}"),
    }
}

/// Keeps what was written. A program would leave the default, which writes to stdout.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn main() -> Result<(), sexton::Error> {
    let kept = Kept::default();
    let writer = kept.clone();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::DEBUG)
        .with_ansi(false)
        .without_time()
        .with_writer(move || writer.clone())
        .init();

    let scheduler = Scheduler::builder().zone("UTC").build()?;
    scheduler.observe(trace);
    scheduler.task("backup").at("2026-02-01 02:30").run_with(|run| {
        let _span = info_span!("run", task = run.name(), due = utc(run.due())).entered();
        info!(files = 12, "copied");
        Err::<(), _>("disk full")
    })?;
    scheduler.task("daily").cron("0 4 * * *").run(|| {})?;
    scheduler.cancel("daily")?;
    scheduler.task("now").after(Duration::ZERO).run(|| {})?;
    scheduler.wait(); // returns when the observer has received the last event

    let written = String::from_utf8_lossy(&kept.0.lock().unwrap()).into_owned();
    print!("{written}");
    for expected in [
        r#"INFO run{task="backup" due="2026-02-01T02:30:00Z"}: tracing: copied files=12"#,
        r#"ERROR tracing: failed task="backup" due="2026-02-01T02:30:00Z" took="#,
        "error=disk full",
        r#"WARN tracing: task `backup` is late"#,
        r#"DEBUG tracing: task `daily` cancelled task="daily""#,
        r#"INFO tracing: finished task="now""#,
    ] {
        assert!(written.contains(expected), "{expected} is not in\n{written}");
    }
    Ok(())
}
