//! Time zones: which civil time clocks show at an instant, and at which instants they show a civil time.
//!
//! A [`Zone`] is read once, from the time zone database of the system, from bytes or from a rule, and never changes
//! afterwards. Questions to it take no lock, read no file and allocate nothing.
//!
//! ```
//! use sexton::civil::DateTime;
//! use sexton::tz::{Instants, Zone};
//!
//! let paris = Zone::from_posix("CET-1CEST,M3.5.0,M10.5.0/3")?;
//! let noon: DateTime = "2026-07-14 12:00".parse().unwrap();
//! match paris.instants(noon) {
//!     Some(Instants::Unique(instant)) => assert_eq!(paris.civil(instant), Some(noon)),
//!     other => panic!("the clocks are not changed in July: {other:?}"),
//! }
//! # Ok::<(), sexton::tz::TzError>(())
//! ```
//!
//! Where the zone cannot be had, the answer is a [`TzError`] that says why, and never UTC: a job that runs at the wrong
//! hour is worse than a program that does not start.
//!
//! A [`PosixZone`] is a rule and no more: a plain value that counts in Unix seconds, for programs without `std`. A zone
//! made of the same rule gives the same answers, faster, from a table.

mod offsets;
mod posix;
#[cfg(feature = "std")]
pub(crate) mod zone;

pub(crate) use self::offsets::Span;
pub use self::offsets::{Instants, Offsets};
pub use self::posix::{PosixZone, RuleError};
#[cfg(feature = "std")]
pub(crate) use self::zone::{rfc3339, system_time, system_time_of_nanos, unix_nanos, unix_seconds};
#[cfg(feature = "std")]
pub use self::zone::{LocalZone, TzError, Zone};

/// The farthest that a clock is from UTC, in seconds: 25:59:59, the largest that a POSIX rule can say.
const MAX_OFFSET: i64 = 93_599;
