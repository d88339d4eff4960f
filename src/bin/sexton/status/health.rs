//! Whether the program is alive and ready, and what became of the last version of the crontab.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use super::server::Answer;

/// The loop of the program comes round once a second. If it has not for so long, something holds it up.
const ALIVE_WITHIN: Duration = Duration::from_secs(15);

pub struct Health {
    /// When the program started.
    pub began: SystemTime,
    since: Instant,
    /// When its loop came round last, in milliseconds after that.
    beat: AtomicU64,
    state: Mutex<State>,
}

#[derive(Clone, Default)]
pub struct State {
    pub is_stopping: bool,
    /// When the crontab that is run now was read again, if it was.
    pub accepted_at: Option<SystemTime>,
    /// Why the last version was refused, if it was.
    pub refused: Option<String>,
    pub accepted: u64,
    pub refusals: u64,
}

impl Health {
    pub fn new() -> Health {
        Health {
            began: SystemTime::now(),
            since: Instant::now(),
            beat: AtomicU64::new(0),
            state: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn state(&self) -> State {
        self.lock().clone()
    }

    fn now(&self) -> u64 {
        self.since.elapsed().as_millis() as u64
    }

    /// The loop has come round.
    pub fn beat(&self) {
        self.beat.store(self.now(), Ordering::Relaxed);
    }

    pub fn stop(&self) {
        self.lock().is_stopping = true;
    }

    /// The crontab was read again.
    pub fn reloaded(&self, refused: Option<&str>) {
        let mut state = self.lock();
        state.refused = refused.map(String::from);
        match refused {
            None => {
                state.accepted += 1;
                state.accepted_at = Some(SystemTime::now());
            }
            Some(_) => state.refusals += 1,
        }
    }

    pub fn alive(&self) -> Answer {
        let ago = Duration::from_millis(self.now().saturating_sub(self.beat.load(Ordering::Relaxed)));
        match ago <= ALIVE_WITHIN {
            true => Answer::message(200, "alive"),
            false => {
                let text = format!("the program's loop has not come round for {} seconds", ago.as_secs());
                Answer::message(503, &text)
            }
        }
    }

    pub fn ready(&self) -> Answer {
        let State { is_stopping, refused, .. } = self.state();
        match refused {
            _ if is_stopping => Answer::message(503, "the program stops"),
            Some(why) => Answer::message(503, &format!("the last version of the crontab was refused: {why}")),
            None => Answer::message(200, "ready"),
        }
    }
}
