//! All integration tests, in one program that is linked once.

mod cron;
mod rows;
mod tz;
mod zones;
