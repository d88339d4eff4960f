//! All integration tests, in one program that is linked once.

mod cli;
mod cron;
mod machine;
mod rows;
mod schedule;
mod tz;
mod zones;
