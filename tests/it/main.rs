//! All integration tests in one program, which links once.

mod cron;
