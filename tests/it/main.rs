//! All integration tests, in one program that is linked once.

// The program is built with the journal only.
#[cfg(feature = "journal")]
mod cli;
mod cron;
mod except;
mod explain;
mod faults;
mod forecast;
mod jitter;
#[cfg(feature = "journal")]
mod journal;
mod machine;
mod model;
mod moved_clock;
mod panel;
mod posix_zone;
mod promises;
mod rows;
mod schedule;
mod simulation;
mod stage;
mod store;
mod threads;
mod tidy;
mod transitions;
mod tz;
mod why;
mod zone_changes;
mod zones;
