//! What people give where a method wants a moment, a period or a date.

use std::fmt;

use crate::error::Error;
use crate::tz::{TzError, Zone};

/// What can be given where a `T` is wanted: a value of that type, or one that converts to it, such as a text.
///
/// Whatever implements [`TryInto`] for it is one, with an error that is an [`Error`] or converts to one, such as
/// [`PeriodError`](crate::PeriodError) or [`civil::ParseError`](crate::civil::ParseError). `Debug` shows it in an error.
///
/// ```
/// use std::time::Duration;
/// use sexton::Schedule;
///
/// let from_a_duration = Schedule::every(Duration::from_secs(5400))?;
/// let from_a_text = Schedule::every("1h30m")?;
/// assert_eq!(from_a_duration.to_string(), from_a_text.to_string());
/// # Ok::<(), sexton::Error>(())
/// ```
pub trait Given<T>: Clone + fmt::Debug {
    /// The value. An error says in which field it was given, and what.
    #[doc(hidden)]
    fn read(self, field: &'static str) -> Result<T, Error>;
}

impl<T, V> Given<T> for V
where
    V: TryInto<T> + Clone + fmt::Debug,
    V::Error: Into<Error>,
{
    fn read(self, field: &'static str) -> Result<T, Error> {
        let given = self.clone();
        self.try_into().map_err(|error| error.into().in_field(field, unquoted(&given)))
    }
}

/// What can be given where the zone of a task is wanted: a [`Zone`], or the name of one or a POSIX rule.
pub trait GivenZone {
    /// The zone. `read` reads a text.
    #[doc(hidden)]
    fn zone(self, read: impl FnOnce(&str) -> Result<Zone, TzError>) -> Result<Zone, TzError>;
}

impl GivenZone for Zone {
    fn zone(self, _: impl FnOnce(&str) -> Result<Zone, TzError>) -> Result<Zone, TzError> {
        Ok(self)
    }
}

impl GivenZone for &str {
    fn zone(self, read: impl FnOnce(&str) -> Result<Zone, TzError>) -> Result<Zone, TzError> {
        read(self)
    }
}

/// A value as it was given: for a text that is the text.
pub(super) fn unquoted(given: &impl fmt::Debug) -> String {
    let text = format!("{given:?}");
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).map(str::to_owned).unwrap_or(text)
}
