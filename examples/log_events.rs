//! Logs what happens. `recipes/src/bin` has the same with the crates `log` and `tracing`.
//!
//! A scheduler without an observer prints failures to stderr. Once there is an observer, it prints nothing.

use std::time::Duration;

use sexton::{Event, Scheduler};

fn main() -> Result<(), sexton::Error> {
    let scheduler = Scheduler::new()?;
    scheduler.observe(|event| match event {
        Event::RunEnded { outcome, .. } if outcome.is_failure() => println!("ERROR {event}"),
        Event::AttemptFailed { .. } | Event::TimeLimitReached { .. } => println!("WARN  {event}"),
        Event::ScheduleFailed { .. } | Event::JournalFailed { .. } => println!("ERROR {event}"),
        Event::Missed { .. } | Event::Late { .. } | Event::PoolSaturated { .. } => println!("WARN  {event}"),
        Event::ClockStepped { .. } | Event::ZoneChanged { .. } | Event::ZoneKept { .. } => {
            println!("WARN  {event}")
        }
        Event::RunEnded { task, took, .. } => println!("INFO  {task}: {} ms", took.as_millis()),
        _ => println!("DEBUG {event}"),
    });

    scheduler.task("works").after(Duration::ZERO).run(|| {})?;
    scheduler.task("fails").after(Duration::ZERO).run(|| "x".parse::<u32>().map(drop))?;
    scheduler.wait();
    Ok(())
}
