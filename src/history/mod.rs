//! What became of a task at an instant, and what is to come: [`Scheduler::explain`](crate::Scheduler::explain) and
//! [`Scheduler::forecast`](crate::Scheduler::forecast).

mod explain;
mod forecast;

pub use self::explain::{Account, Reason};
pub use self::forecast::{Forecast, Outlook};
