//! Why a cron expression fires at a moment in a zone, or does not: the rule of `fires`, for one case. Pure: no
//! threads, no clock.

use std::fmt;

use super::changes::{ClockChanges, ClockEffect, Reading, Shown};
use super::mismatches::Mismatches;
use crate::civil::DateTime;
use crate::cron::{Cron, Field};
use crate::occurrences::fires;
use crate::schedule::moment::Moment;
use crate::tz::zone::Offset;
use crate::tz::{unix_seconds, Instants, Offsets, TzError, Zone};

/// Why a cron expression fires at a moment, or why not: the answer of [`Cron::why`]. `Display` says it in a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Explanation {
    /// It fires: the civil time matches.
    #[non_exhaustive]
    Matches {
        /// When it fires: of a civil time that is shown twice, the first time.
        at: Reading,
        /// The day field that matches alone, where one of two is enough.
        only_day_field: Option<Field>,
        /// How often the clocks show it.
        passes: Passes,
    },
    /// It does not fire: the civil time matches, but is shown a second time, and the expression only lists times of day.
    #[non_exhaustive]
    SecondPass {
        /// The second time, which was asked about.
        at: Reading,
        /// The first time. It fired then.
        fired: Reading,
    },
    /// It fires at the end of a gap for what the gap skipped.
    #[non_exhaustive]
    MadeUp {
        /// When it fires: the end of the gap.
        at: Reading,
        /// The second before that.
        before: Reading,
        /// A matching civil time that was skipped: the one asked about, or the first.
        skipped: DateTime,
        /// How many other matching seconds the gap skipped: all of them together are one fire.
        others: u32,
        /// Whether what the clocks show at the end of the gap matches as well, without a fire of its own.
        also_matches: bool,
    },
    /// It does not fire: the civil time matches, but is skipped, and not made up for, as the hour field repeats.
    #[non_exhaustive]
    Skipped {
        /// The civil time, which was asked about.
        time: DateTime,
        /// The last second before the gap.
        before: Reading,
        /// The end of the gap.
        after: Reading,
    },
    /// It does not fire: these fields say no.
    Mismatch(Mismatches),
    /// It does not fire: the clocks show no time of the years 1 to 9999.
    OutOfRange,
}

/// How often clocks show a matching civil time, and so how often an expression fires for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passes {
    /// Once, as nearly always.
    Once,
    /// Twice, of which the first counts: the expression lists times of day.
    First {
        /// The second time.
        second: Reading,
    },
    /// Twice, and both count: the expression is [interval-like](Cron::is_interval_like).
    Both {
        /// The first time.
        first: Reading,
        /// The second time.
        second: Reading,
    },
}

impl Cron {
    /// Why it fires at a moment in a zone, or why not: which fields say no, or what a change of the clocks has to do
    /// with it.
    ///
    /// Of an instant it is the second that counts. A civil time may be one that clocks skip, or show twice.
    ///
    /// ```
    /// use sexton::{cron, tz::Zone, Moment};
    ///
    /// let paris = Zone::from_posix("CET-1CEST,M3.5.0,M10.5.0/3")?;
    /// let why = |text: &str| -> Result<String, Box<dyn std::error::Error>> {
    ///     Ok(cron!("30 2 * * *").why(text.parse::<Moment>()?, &paris)?.to_string())
    /// };
    ///
    /// assert_eq!(why("2026-03-28 02:30")?, "fires: 2026-03-28T02:30:00 matches every field");
    /// assert_eq!(why("2026-03-28 03:30")?, "does not fire: the hour is 3, not 2");
    /// assert_eq!(
    ///     why("2026-03-29 02:30")?,
    ///     "fires at 2026-03-29T03:00:00+02:00 for 2026-03-29T02:30:00, which the clocks skipped: \
    ///      they went from 01:59:59 to 03:00:00 (+01:00 to +02:00)",
    /// );
    /// assert_eq!(
    ///     why("2026-10-25T01:30:00Z")?,
    ///     "does not fire: the clocks show 2026-10-25T02:30:00 a second time, \
    ///      and it fired the first time, at 2026-10-25T02:30:00+02:00",
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the moment is before the zone's data [begin](Zone::begins).
    pub fn why(&self, moment: impl Into<Moment>, zone: &Zone) -> Result<Explanation, TzError> {
        let moment = moment.into();
        let (instant, skipped) = match moment {
            Moment::Instant(instant) => (unix_seconds(instant), None),
            Moment::Time(_) => return Ok(Explanation::OutOfRange),
            Moment::Civil(time) => match zone.resolve(time.seconds()) {
                Instants::Gap { end, .. } => (end, Some(time)),
                shown => (shown.due(), None),
            },
        };
        zone.check_begun(instant, &moment)?;
        Ok(match skipped {
            Some(time) => in_gap(self, zone, time, instant),
            None => at_instant(self, zone, instant),
        })
    }
}

fn at_instant(cron: &Cron, zone: &Zone, instant: i64) -> Explanation {
    let at = Reading::new(zone, instant);
    if let Some(explanation) = made_up(cron, zone, instant, None) {
        return explanation;
    }
    let time = match at.civil() {
        Some(time) => time,
        None => return Explanation::OutOfRange,
    };
    if let Some(mismatches) = cron.mismatches(time) {
        return Explanation::Mismatch(mismatches);
    }
    let passes = match zone.resolve(time.seconds()) {
        Instants::Fold { first, .. } if !fires::matches(cron, zone, instant) => {
            return Explanation::SecondPass { at, fired: Reading::new(zone, first) };
        }
        Instants::Fold { first, second } => {
            let (first, second) = (Reading::new(zone, first), Reading::new(zone, second));
            match cron.is_interval_like() {
                true => Passes::Both { first, second },
                false => Passes::First { second },
            }
        }
        _ => Passes::Once,
    };
    let only_day_field = cron.only_day_field(time.date());
    Explanation::Matches { at, only_day_field, passes }
}

/// The answer for a civil time that no instant shows.
fn in_gap(cron: &Cron, zone: &Zone, time: DateTime, end: i64) -> Explanation {
    match cron.mismatches(time) {
        Some(mismatches) => Explanation::Mismatch(mismatches),
        None => made_up(cron, zone, end, Some(time)).unwrap_or_else(|| {
            let (before, after) = (Reading::new(zone, end.saturating_sub(1)), Reading::new(zone, end));
            Explanation::Skipped { time, before, after }
        }),
    }
}

/// What the gap that ends at this instant skipped, if there is one, and it is made up for.
fn made_up(cron: &Cron, zone: &Zone, end: i64, asked: Option<DateTime>) -> Option<Explanation> {
    let gap = ClockChanges::of_cron(cron, zone, end.checked_sub(1)?, end.saturating_add(1)).next()?;
    if !matches!(gap.effect, ClockEffect::Moved | ClockEffect::Merged { .. }) {
        return None;
    }
    let (before, at, skipped) = (gap.before, gap.after, asked.unwrap_or(gap.first));
    let also_matches = at.civil().map_or(false, |time| cron.matches(time));
    Some(Explanation::MadeUp { at, before, skipped, others: (gap.count - 1) as u32, also_matches })
}

impl Explanation {
    /// Whether it fires: at the instant that was asked about, or for the civil time.
    pub fn fires(&self) -> bool {
        matches!(self, Explanation::Matches { .. } | Explanation::MadeUp { .. })
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Explanation::Matches { at, only_day_field, passes } => {
                write!(f, "fires: {} matches every field", Shown(at))?;
                match only_day_field {
                    Some(Field::DayOfWeek) => {
                        f.write_str(" but the day of month, as the day of week is enough")?
                    }
                    Some(_) => f.write_str(" but the day of week, as the day of month is enough")?,
                    None => {}
                }
                match passes {
                    Passes::Once => Ok(()),
                    Passes::First { second } => {
                        write!(f, "; the clocks show it twice, at {at} and at {second}, ")?;
                        f.write_str("and it fires the first time only")
                    }
                    Passes::Both { first, second } => {
                        write!(f, "; the clocks show it twice, at {first} and at {second}, ")?;
                        f.write_str("and an expression that repeats fires both times")
                    }
                }
            }
            Explanation::SecondPass { at, fired } => {
                write!(f, "does not fire: the clocks show {} a second time, ", Shown(at))?;
                write!(f, "and it fired the first time, at {fired}")
            }
            Explanation::MadeUp { at, before, skipped, others, also_matches } => {
                write!(f, "fires at {at} for {skipped}")?;
                match others {
                    0 => {}
                    1 => f.write_str(" and 1 other time")?,
                    _ => write!(f, " and {others} other times")?,
                }
                write!(f, ", which the clocks skipped: they went {}", Change { before, after: at })?;
                if also_matches {
                    write!(f, "; {} matches as well, and it fires once for all of them", Shown(at))?;
                } else if others > 0 {
                    f.write_str("; it fires once for all of them")?;
                }
                Ok(())
            }
            Explanation::Skipped { time, before, after } => {
                let change = Change { before, after };
                write!(f, "does not fire: the clocks skipped {time} when they went {change}, ")?;
                f.write_str("and an expression whose hours repeat does not make up for that")
            }
            Explanation::Mismatch(mismatches) => write!(f, "does not fire: {mismatches}"),
            Explanation::OutOfRange => {
                f.write_str("does not fire: the clocks show no time of the years 1 to 9999")
            }
        }
    }
}

/// From what to what a change set the clocks: with the dates only where it goes from one to another.
struct Change {
    before: Reading,
    after: Reading,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Change { before, after } = *self;
        match (before.civil(), after.civil()) {
            (Some(from), Some(to)) if from.date() == to.date() => {
                write!(f, "from {} to {}", from.time(), to.time())?;
            }
            _ => write!(f, "from {} to {}", Shown(before), Shown(after))?,
        }
        write!(f, " ({} to {})", Offset(before.offset()), Offset(after.offset()))
    }
}
