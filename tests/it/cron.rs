//! The cron language: rows by hand, messages, laws over expressions made up at random.

#[path = "cron/laws.rs"]
mod laws;
#[path = "cron/meaning.rs"]
pub mod meaning;
#[path = "cron/messages.rs"]
mod messages;
#[path = "cron/rows.rs"]
mod rows;
