//! Times on a wall clock, as numbers.

use std::time::{Duration, SystemTime};

/// Nanoseconds since 1970 on a wall clock, or between two instants.
pub type Nanos = i128;

pub const SECOND: Nanos = 1_000_000_000;

pub fn nanos(instant: SystemTime) -> Nanos {
    match instant.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => since.as_nanos() as Nanos,
        Err(before) => -(before.duration().as_nanos() as Nanos),
    }
}

pub fn instant(nanos: Nanos) -> SystemTime {
    let size = Duration::from_nanos(nanos.unsigned_abs() as u64);
    match nanos < 0 {
        true => SystemTime::UNIX_EPOCH - size,
        false => SystemTime::UNIX_EPOCH + size,
    }
}

/// When its clock was moved, by the machine's time: at some time in here.
pub struct Moved {
    pub earliest: Nanos,
    pub latest: Nanos,
}
