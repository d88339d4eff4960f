//! The cron language: rows by hand, rows of other systems, messages, laws over expressions made up at random.

#[cfg(feature = "tools")]
#[path = "cron/describe.rs"]
mod describe;
#[path = "cron/dialects.rs"]
mod dialects;
#[cfg(feature = "tools")]
#[path = "cron/english.rs"]
mod english;
#[path = "cron/laws.rs"]
mod laws;
#[cfg(feature = "tools")]
#[path = "cron/lint.rs"]
mod lint;
#[path = "cron/meaning.rs"]
pub mod meaning;
#[path = "cron/messages.rs"]
mod messages;
#[path = "cron/questions.rs"]
mod questions;
#[path = "cron/rows.rs"]
mod rows;
#[path = "cron/systems.rs"]
mod systems;
