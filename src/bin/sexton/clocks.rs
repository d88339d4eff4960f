//! Notices that the wall clock was set, or that the machine was suspended, in place of the scheduler's own timer.

use std::time::{Duration, Instant, SystemTime};

use sexton::Scheduler;

/// By how much the clocks may part before the scheduler is woken: it sleeps by the monotonic clock, and its jobs would be so
/// late.
const TOLERANCE: Duration = Duration::from_millis(20);

/// The task that wakes the scheduler. No job has a name that begins with a line break.
pub const TASK: &str = "\nclocks";

/// Both clocks at one time.
pub struct Clocks {
    wall: SystemTime,
    monotonic: Instant,
}

impl Clocks {
    pub fn now() -> Clocks {
        Clocks { wall: SystemTime::now(), monotonic: Instant::now() }
    }

    /// Whether the clocks have parted since this was asked first, or said so.
    pub fn have_parted(&mut self) -> bool {
        let now = Clocks::now();
        let (went, shown) = (now.monotonic - self.monotonic, now.wall.duration_since(self.wall));
        let is_close = |shown: Duration| went.max(shown) - went.min(shown) < TOLERANCE;
        if shown.map_or(false, is_close) {
            return false;
        }
        *self = now;
        true
    }
}

/// Wakes the scheduler's timer, which compares the clocks then, and goes to sleep until the next due time by what they show.
pub fn wake(scheduler: &Scheduler) {
    // It does not matter if the last one has not been run yet.
    let _ = scheduler.task(TASK).after(Duration::ZERO).run(|| {});
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_have_parted_if_one_went_further_than_the_other() {
        let ago = |wall: u64, monotonic: u64| {
            let now = Clocks::now();
            let ago = Duration::from_secs;
            Clocks { wall: now.wall - ago(wall), monotonic: now.monotonic - ago(monotonic) }
        };
        assert!(!ago(5, 5).have_parted());
        for (wall, monotonic) in [(5, 1), (1, 5)] {
            let mut clocks = ago(wall, monotonic);
            assert!(clocks.have_parted());
            assert!(!clocks.have_parted(), "it is said once");
        }
        let mut set_back = Clocks { wall: SystemTime::now() + Duration::from_secs(3), ..Clocks::now() };
        assert!(set_back.have_parted());
    }
}
