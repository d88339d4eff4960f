//! All integration tests, in one program that is linked once.

mod cli;
mod cron;
mod except;
mod faults;
mod jitter;
mod journal;
mod machine;
mod model;
mod panel;
mod posix_zone;
mod promises;
mod rows;
mod schedule;
mod simulation;
mod stage;
mod threads;
mod tidy;
mod tz;
mod why;
mod zone_changes;
mod zones;
