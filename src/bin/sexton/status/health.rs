//! Whether the program is alive and ready, and what became of the last version of the crontab.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime};

use super::server::Answer;

/// The loop of the program comes round once a second. If it has not for so many seconds, something holds it up.
const ALIVE_WITHIN: usize = 15;

pub struct Health {
    /// When the program started.
    pub began: SystemTime,
    since: Instant,
    /// When its loop came round last, in seconds after that.
    beat: AtomicUsize,
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
            beat: AtomicUsize::new(0),
            state: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn state(&self) -> State {
        self.lock().clone()
    }

    fn now(&self) -> usize {
        self.since.elapsed().as_secs() as usize
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
        match self.now().saturating_sub(self.beat.load(Ordering::Relaxed)) {
            0..=ALIVE_WITHIN => Answer::message(200, "alive"),
            ago => {
                let text = format!("the program's loop has not come round for {ago} seconds");
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
