//! Questions about a schedule that nobody needs to run it: what it says in English, what in it is likely wrong, why it
//! fires at a moment or does not, how another cron writes it.
//!
//! Most of them are methods of the types that they are about:
//!
//! | | |
//! | --- | --- |
//! | [`Cron::describe`](crate::Cron::describe) | what an expression says, in English |
//! | [`Dialect::lint`](crate::cron::Dialect::lint) | what in a text is legal and likely not meant |
//! | [`Cron::mismatches`](crate::Cron::mismatches) | which fields say no to a civil time |
//! | [`Cron::why`](crate::Cron::why) | why it fires at a moment in a zone, or does not |
//! | [`Schedule::clock_changes`](crate::Schedule::clock_changes) | what the clock changes of a zone do to a schedule |
//! | [`Cron::gaps`](crate::Cron::gaps) | how far apart its times are |
//! | [`Cron::is_equivalent`](crate::Cron::is_equivalent) | whether another expression means the same |
//! | [`Cron::in_dialect`](crate::Cron::in_dialect) | how another cron writes it |
//! | [`Carets`] | a text with carets under the place that an error or a finding is about |
//!
//! This is a layer of its own, behind the feature `tools`: nothing else in the crate uses it.

// What it reads of the core: the fields of a `Cron` and the days of a month that they allow; the table of a dialect; what the
// parser makes of one item of a list (`parse::Input::item`); the text of a field (`print`); the months that a `Cron` is
// counted by (`count`); a zone's spans between changes (`Offsets`); and what a `Schedule` was made of.

mod carets;
#[cfg(feature = "std")]
pub(crate) mod changes;
mod describe;
mod english;
mod gaps;
mod lint;
mod mismatches;
#[cfg(all(test, feature = "std"))]
mod tests;
mod translate;
#[cfg(feature = "std")]
pub(crate) mod why;

pub use self::carets::Carets;
pub use self::describe::Description;
pub use self::gaps::Gaps;
pub use self::lint::{Finding, Lint, Replacement, Suggestion};
pub use self::mismatches::Mismatches;
pub use self::translate::{Translated, Untranslatable};
