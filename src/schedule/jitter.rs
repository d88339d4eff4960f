//! By how much a task is due later than its schedule says, so that not all tasks start at once.
//!
//! The delay is a matter of arithmetic: FNV-1a, 64 bits, over the eight bytes of the seed, the least significant first,
//! and the UTF-8 bytes of the name; the result mixed as SplitMix64 does; and the upper 64 bits of that times the jitter,
//! in whole milliseconds from a second on and in nanoseconds below. It never changes, whatever the machine, the process
//! or the version.

use std::time::{Duration, SystemTime};

use super::Schedule;
use crate::hash::mixed;

/// The task that a schedule is for: what its delay depends on, and what was run of it before.
#[derive(Clone, Copy)]
pub(crate) struct Whose<'a> {
    pub(crate) name: &'a str,
    pub(crate) seed: u64,
    /// The last due of an earlier process.
    pub(crate) last: Option<SystemTime>,
}

impl Schedule {
    /// Delays every due by one fixed amount, at least zero and less than this, so that tasks of different names do not all
    /// start at the full hour. It depends on the task's name and the scheduler's [seed](crate::Builder::seed) alone: it is
    /// the same after a restart and on every machine, and is not random. It is in whole milliseconds if the
    /// jitter is a second or more. Zero is no jitter. More than the period of [`every`](Schedule::every) is an error when the
    /// task is scheduled.
    ///
    /// What the schedule says comes first: clock changes, what is left out, and the grid of
    /// [`starting`](Schedule::starting) are judged without the delay. The due of a run is with it, and so is what
    /// [`until`](Schedule::until) compares. A schedule that is asked without a task leaves it out, as it has no name.
    ///
    /// ```
    /// use std::time::Duration;
    /// # let clock = sexton::ManualClock::new(std::time::SystemTime::UNIX_EPOCH);
    /// # let scheduler = sexton::Scheduler::builder().clock(&clock).zone("UTC").build()?;
    /// // Some time from 04:00 to 04:10, the same each day.
    /// let task = scheduler.task("backup").cron("0 4 * * *").jitter(Duration::from_secs(600)).run(|| {})?;
    /// # assert_eq!(sexton::Moment::from(task.next_due().unwrap()).to_string(), "1970-01-01T04:05:22.43Z");
    /// # Ok::<(), sexton::Error>(())
    /// ```
    pub fn jitter(mut self, jitter: Duration) -> Schedule {
        self.jitter = jitter;
        self
    }
}

impl Whose<'_> {
    /// A delay that is less than the jitter.
    pub(super) fn delay(self, jitter: Duration) -> Duration {
        let millis = u64::try_from(jitter.as_millis()).unwrap_or(u64::MAX);
        match jitter.as_secs() {
            0 => Duration::from_nanos(self.part_of(u64::from(jitter.subsec_nanos()))),
            _ => Duration::from_millis(self.part_of(millis)),
        }
    }

    /// A number less than this one, or zero.
    fn part_of(self, number: u64) -> u64 {
        let bytes = self.seed.to_le_bytes();
        let bytes = bytes.iter().chain(self.name.as_bytes());
        let hash = bytes.fold(0xCBF2_9CE4_8422_2325_u64, |hash, &byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
        });
        // Neighbouring names differ in the lower bits alone, and the upper ones count.
        ((u128::from(mixed(hash)) * u128::from(number)) >> 64) as u64
    }
}
