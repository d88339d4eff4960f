//! What became of a task at an instant, and what is to come: [`Scheduler::explain`](crate::Scheduler::explain) and
//! [`Scheduler::forecast`](crate::Scheduler::forecast).
//!
//! A [`History`] records the events of a scheduler (`recorder.rs`), a few [items](items) for each task. An answer puts them
//! together with what the agenda knows of the task at that moment.

mod explain;
mod forecast;
mod items;
mod recorder;

pub use self::explain::{Account, Reason};
pub use self::forecast::{Forecast, Outlook};
pub use self::items::Ending;
use self::recorder::History;
use crate::engine::{Recorder, State};
use crate::scheduler::Builder;
use crate::sync::Arc;

/// How many items are kept of each task by default.
const LENGTH: usize = 16;

/// What records the history of a scheduler, unless its builder says otherwise.
pub(crate) fn default_recorder() -> Option<Arc<dyn Recorder>> {
    Some(Arc::new(History::new(LENGTH)))
}

/// The history that an engine records.
fn history(state: &State) -> Option<&History> {
    state.recorder()?.as_any().downcast_ref()
}

impl Builder {
    /// The length of each task's history, for [`Scheduler::explain`](crate::Scheduler::explain): how many runs and misses it
    /// holds. 16 by default. Each takes 40 bytes, and each live task some 130 bytes more.
    ///
    /// When a history is full, consecutive runs with the same result are merged into one, so that the history of a healthy
    /// task goes back to its first run. If the schedule calls your code, or counts from the end of a run, what was merged
    /// cannot be told apart any more, and the history is as long as that. The histories of the last 16 cancelled tasks are
    /// kept as well.
    ///
    /// With 0 there is no history: `explain` knows only the schedules, and
    /// [`forecast`](crate::Scheduler::forecast) does not know how long runs take.
    pub fn history(mut self, length: usize) -> Builder {
        self.recorder = match length {
            0 => None,
            _ => Some(Arc::new(History::new(length))),
        };
        self
    }
}
