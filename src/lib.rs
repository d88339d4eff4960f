//! A task scheduler that depends on nothing but `std`.

#![forbid(unsafe_code)]
#![warn(missing_docs, missing_debug_implementations)]

// Ground: each of these stands alone.
pub mod civil;
mod excerpt;

// Floor 1: a set of civil seconds, and the zones that turn them into instants. Neither has heard of the other.
pub mod cron;
pub mod tz;

pub use cron::Cron;
