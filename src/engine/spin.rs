//! Precise tasks: a worker waits for their due times without sleeping.

use std::time::Duration;

use super::{Engine, State};
use crate::clock::Now;
use crate::schedule::Due;
use crate::sync::Instant;

/// Precise tasks are handed over so long before they are due: as long as the timer and a worker may take to wake up.
pub(super) const LEAD: Duration = Duration::from_micros(150);

/// A worker waits no longer than this for a due time without sleeping, and no sooner than that after the last such wait.
const LONGEST_SPIN: Duration = Duration::from_micros(200);
const SPIN_PAUSE: Duration = Duration::from_millis(1);

/// Waits without sleeping until a due time has come, or for as long as a worker may. Returns the time.
pub(super) fn spin_until(engine: &Engine, due: Due, began: Now) -> Now {
    loop {
        let now = engine.clock.now();
        if due.has_come(now) || now.mono.saturating_duration_since(began.mono) > LONGEST_SPIN {
            return now;
        }
        std::hint::spin_loop();
    }
}

impl State {
    /// Whether a worker may wait without sleeping now. If so, it does.
    pub(super) fn spins(&mut self, now: Now) -> bool {
        let pause = |spun: Instant| now.mono.saturating_duration_since(spun);
        let may_spin = self.spun.map_or(true, |spun| pause(spun) >= SPIN_PAUSE);
        self.spun = if may_spin { Some(now.mono) } else { self.spun };
        may_spin
    }
}
