//! What the scheduler reports, as lines of the log. `job.rs` logs the start and the end of jobs.

use sexton::{ClaimFailure, Event, Step};

use crate::log::{Level, Log, Value};

/// Logs an event. `label` is that of its job, if it has one, and `is_quiet` whether its runs are not logged.
pub fn log(event: &Event, label: Option<&str>, is_quiet: bool, log: &Log) {
    let line = |level, name: &str, fields: &[(&str, Value<'_>)]| log.line(level, name, fields, label);
    let seconds = |by: &std::time::Duration| Value::Seconds(*by);
    match event {
        Event::Late { due, lateness, .. } => {
            line(Level::Warn, "late", &[("by", seconds(lateness)), ("due", Value::Time(*due))]);
        }
        Event::Missed { count, why, latest, .. } => {
            let count = i64::try_from(*count).unwrap_or(i64::MAX);
            let why = why.to_string();
            let fields =
                [("count", Value::Number(count)), ("why", Value::Text(&why)), ("due", Value::Time(*latest))];
            line(Level::Warn, "missed", &fields);
        }
        Event::ClaimedElsewhere { due, .. } => {
            let usual = if is_quiet { Level::Debug } else { Level::Info };
            line(usual, "elsewhere", &[("due", Value::Time(*due))]);
        }
        Event::ClaimFailed { due, error, then, .. } => {
            let then = match then {
                ClaimFailure::Skip => "skip",
                ClaimFailure::Run => "run",
                ClaimFailure::Retry => "retry",
            };
            let fields =
                [("error", Value::Text(error)), ("then", Value::Text(then)), ("due", Value::Time(*due))];
            line(Level::Error, "claim", &fields);
        }
        Event::CutOff { due, .. } => line(Level::Warn, "cut", &[("due", Value::Time(*due))]),
        Event::ClockStepped { step: Step::Forward(by) } => {
            line(Level::Warn, "clock", &[("forward", seconds(by))]);
        }
        Event::ClockStepped { step: Step::Back(by) } => line(Level::Warn, "clock", &[("back", seconds(by))]),
        Event::ZoneChanged { .. } | Event::ZoneKept { .. } | Event::ZoneReadAgain { .. } => {
            log.message(Level::Warn, "zone", &event.to_string());
        }
        Event::JournalDamaged { .. } | Event::JournalFailed { .. } => {
            log.message(Level::Error, "journal", &event.to_string());
        }
        Event::PoolSaturated { waiting, workers } => {
            let number = |count: &usize| Value::Number(*count as i64);
            line(Level::Warn, "busy", &[("running", number(workers)), ("waiting", number(waiting))]);
        }
        // A run returns no error and does not panic, so these should not happen.
        Event::RunEnded { outcome, .. } if outcome.is_failure() => {
            line(Level::Error, "fail", &[("error", Value::Text(&outcome.to_string()))]);
        }
        Event::ScheduleFailed { error: message, .. }
        | Event::DestructorPanicked { message, .. }
        | Event::ObserverPanicked { message } => {
            line(Level::Error, "fail", &[("error", Value::Text(message))]);
        }
        Event::Scheduled { .. } => line(Level::Debug, "scheduled", &[]),
        Event::Replaced { .. } => line(Level::Debug, "changed", &[]),
        Event::Cancelled { .. } => line(Level::Debug, "removed", &[]),
        _ => {}
    }
}
