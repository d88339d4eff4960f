//! All integration tests, in one program that is linked once. Those of a layer are compiled with its feature; the others run
//! without, too: `cargo test --no-default-features --features std`.

// What several tests share has no user left where a layer's tests are left out.
#![cfg_attr(not(feature = "history"), allow(dead_code))]

mod claims;
// The program is built with these layers only.
#[cfg(all(feature = "tools", feature = "journal"))]
mod cli;
mod cron;
mod embedding;
mod except;
#[cfg(feature = "history")]
mod explain;
mod faults;
#[cfg(feature = "history")]
mod forecast;
mod jitter;
#[cfg(feature = "journal")]
mod journal;
mod machine;
mod model;
#[cfg(feature = "tools")]
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
#[cfg(feature = "tools")]
mod transitions;
mod tz;
#[cfg(feature = "tools")]
mod why;
mod zone_changes;
mod zones;
