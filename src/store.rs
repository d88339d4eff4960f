//! What the scheduler needs of a journal: a [`Store`] keeps the last due time of each name, and the runs under way,
//! for the next process.
//!
//! [`Builder::store`](crate::Builder::store) takes any store. With the feature `journal` there is one that is a file.

use std::error::Error;
use std::time::SystemTime;

/// Why a store could not do something. `?` makes one of any error.
pub type StoreError = Box<dyn Error + Send + Sync>;

/// Keeps what one process leaves to the next, in a file, in flash, or in a database.
///
/// The scheduler calls one method at a time, on a worker or on the caller's thread and never on the timer's thread. A
/// store must not call the scheduler: that would wait for itself. A panic is reported like a failed write.
///
/// # What is kept
///
/// For each name: its *last due time*, and the due time of each of its *runs under way*. When the next process opens
/// the store, the runs that were under way have been *cut off*. [`write`](Store::write) is called once for each
/// [`Record`], in the order in which the scheduler decided them, and before a callback is called or an event is emitted.
/// [`Builder::store`](crate::Builder::store) has a complete example.
pub trait Store: Send {
    /// Called once, when the scheduler is built and before any other method. The answer is what was wrong with the data,
    /// if a part of it had to be left out: it is emitted as [`Event::JournalDamaged`](crate::Event::JournalDamaged).
    ///
    /// # Errors
    ///
    /// The scheduler is not built.
    fn open(&mut self) -> Result<Option<String>, StoreError> {
        Ok(None)
    }

    /// Refuses a name that cannot be kept; such a task is not scheduled.
    fn check_name(&self, name: &str) -> Result<(), StoreError> {
        let _ = name;
        Ok(())
    }

    /// The last due time of a name that an earlier process has left, and `None` once the name was claimed.
    fn last_due(&self, name: &str) -> Option<SystemTime>;

    /// A task of this name is scheduled in this process. The answer is the due times of its runs that were cut off, in
    /// their order; they are reported now, and to be forgotten.
    fn claim(&mut self, name: &str) -> Vec<SystemTime>;

    /// The names that earlier processes have left and that have not been claimed.
    fn unclaimed(&self) -> Vec<String>;

    /// Keeps a record of a name. The answer is `false` if there was nothing to write.
    ///
    /// # Errors
    ///
    /// All is as if the call had not been made. The run goes on, and
    /// [`Event::JournalFailed`](crate::Event::JournalFailed) is emitted once, until a write succeeds.
    fn write(&mut self, name: &str, record: Record) -> Result<bool, StoreError>;
}

/// What happened to a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Record {
    /// It was scheduled at this time. If it has no last due time yet, this is it: what was due before was not missed.
    Scheduled(SystemTime),
    /// A run began. Its due time is the last one now, even if it is an earlier one: then the clock was set back.
    Began {
        /// The due time of the run.
        due: SystemTime,
        /// What the record must outlive before the write returns.
        durability: Durability,
    },
    /// A run began that is for no due time of the schedule, or is the last run of a task. The last due time stays.
    Asked {
        /// The due time of the run.
        at: SystemTime,
        /// What the record must outlive before the write returns.
        durability: Durability,
    },
    /// A run of this due time, which began in this process, has ended.
    Ended(SystemTime),
    /// Due times up to this one are reported as missed, or another replica has them. It is the last one now.
    Passed(SystemTime),
    /// The task was cancelled, or it ended. Nothing of the name is kept.
    Forgot,
}

/// What a record must outlive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// The end of the process.
    Process,
    /// A power failure, too: the record is on the disk.
    PowerFailure,
}
