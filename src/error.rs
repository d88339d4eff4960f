//! The crate's error type.

use std::fmt;
use std::io;

use crate::civil;
use crate::cron;
use crate::event::OneLine;
use crate::period::PeriodError;
use crate::store::StoreError;
use crate::sync::Arc;
use crate::tz::TzError;

/// An error of the crate. `Display` gives one line: what was read, what was found, what would be fine.
///
/// ```
/// let scheduler = sexton::Scheduler::new()?;
/// let error = scheduler.task("report").cron("0 9 * * mom-fri").run(|| {}).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "task `report`: cron `0 9 * * mom-fri`: day of week: unknown name `mom` at byte 8, \
///      expected sun-sat or 0-7; did you mean `mon`?"
/// );
/// assert_eq!(error.task(), Some("report"));
/// # Ok::<(), sexton::Error>(())
/// ```
#[derive(Clone)]
pub struct Error {
    // Shared to keep the `Result` of every call small, and all that drops or copies one: errors are rare.
    inner: Arc<Inner>,
}

#[derive(Clone)]
struct Inner {
    task: Option<Arc<str>>,
    /// The part of the request that is wrong, and the value that the caller gave.
    field: Option<(&'static str, String)>,
    kind: Kind,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// Another error of the crate, which says all.
    Source(Arc<dyn std::error::Error + Send + Sync>),
    /// The same of a store, which may be the user's.
    Store(Arc<dyn std::error::Error + Send + Sync>),
    /// A thread could not be started.
    Thread(Arc<io::Error>),
    UnknownTask,
    ShutDown,
    StillRunning(Vec<Arc<str>>),
    /// The schedule has no occurrence at all, or none after now.
    NeverDue(String),
    /// A schedule's own code panicked.
    Panicked(Arc<str>),
    Other(String),
}

impl Error {
    #[cold]
    #[inline(never)]
    pub(crate) fn new(kind: Kind) -> Error {
        Error { inner: Arc::new(Inner { task: None, field: None, kind }) }
    }

    /// For all that no other kind is for: a text says what is wrong.
    #[cold]
    #[inline(never)]
    pub(crate) fn other(why: impl Into<String>) -> Error {
        Error::new(Kind::Other(why.into()))
    }

    pub(crate) fn of_store(error: StoreError) -> Error {
        Error::new(Kind::Store(error.into()))
    }

    /// Adds the name of the task.
    #[cold]
    pub(crate) fn of_task(mut self, name: &Arc<str>) -> Error {
        Arc::make_mut(&mut self.inner).task = Some(name.clone());
        self
    }

    /// Adds the part of the request that is wrong, and its value.
    #[cold]
    #[inline(never)]
    pub(crate) fn in_field(mut self, field: &'static str, value: impl Into<String>) -> Error {
        Arc::make_mut(&mut self.inner).field.get_or_insert_with(|| (field, value.into()));
        self
    }

    /// The name of the task, for an error about a task.
    pub fn task(&self) -> Option<&str> {
        self.inner.task.as_deref()
    }

    /// Whether no task has the name.
    pub fn is_unknown_task(&self) -> bool {
        matches!(self.inner.kind, Kind::UnknownTask)
    }

    /// Whether the scheduler has been shut down.
    pub fn is_shut_down(&self) -> bool {
        matches!(self.inner.kind, Kind::ShutDown)
    }

    /// The names of the tasks that were still running when
    /// [`shutdown_timeout`](crate::Scheduler::shutdown_timeout) stopped waiting, one for each run. Empty for other errors,
    /// and if an observer or a destructor has not returned.
    pub fn still_running(&self) -> &[Arc<str>] {
        match &self.inner.kind {
            Kind::StillRunning(names) => names,
            _ => &[],
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { task, field, kind } = &*self.inner;
        if let Some(task) = task {
            write!(f, "task `{}`: ", OneLine(task))?;
        }
        if let Some((field, value)) = field {
            match value.is_empty() {
                true => write!(f, "{field}: ")?,
                false => write!(f, "{field} `{}`: ", OneLine(value))?,
            }
        }
        match kind {
            Kind::Source(error) => error.fmt(f),
            Kind::Store(error) => OneLine(&error.to_string()).fmt(f),
            Kind::Thread(error) => write!(f, "could not start a thread: {error}"),
            Kind::UnknownTask => f.write_str("no task has this name"),
            Kind::ShutDown => f.write_str("the scheduler has been shut down"),
            Kind::StillRunning(names) if names.is_empty() => {
                f.write_str("still running: an observer or a destructor")
            }
            Kind::StillRunning(names) => {
                let names: Vec<String> = names.iter().map(|name| format!("`{}`", OneLine(name))).collect();
                write!(f, "still running: {}", names.join(", "))
            }
            Kind::NeverDue(text) | Kind::Other(text) => f.write_str(text),
            Kind::Panicked(message) => write!(f, "panicked: {}", OneLine(message)),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Error({self})")
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.inner.kind {
            Kind::Source(error) | Kind::Store(error) => Some(&**error),
            Kind::Thread(error) => Some(&**error),
            _ => None,
        }
    }
}

impl From<cron::ParseError> for Error {
    fn from(error: cron::ParseError) -> Error {
        Error::new(Kind::Source(Arc::new(error)))
    }
}

impl From<PeriodError> for Error {
    fn from(error: PeriodError) -> Error {
        Error::new(Kind::Source(Arc::new(error)))
    }
}

impl From<civil::ParseError> for Error {
    fn from(error: civil::ParseError) -> Error {
        Error::new(Kind::Source(Arc::new(error)))
    }
}

impl From<TzError> for Error {
    fn from(error: TzError) -> Error {
        Error::new(Kind::Source(Arc::new(error)))
    }
}

impl From<std::convert::Infallible> for Error {
    fn from(never: std::convert::Infallible) -> Error {
        match never {}
    }
}
