//! What clock changes do to an expression that names its times of day, while they are still ahead.

use std::time::SystemTime;

use super::{ChangeAhead, Finding, Lint};
use crate::civil::DateTime;
use crate::cron::Cron;
use crate::tz::{unix_seconds, Instants, Offsets, Zone};

/// How far ahead changes are looked at: ten years, in seconds.
const AHEAD: i64 = 10 * 31_556_952;

impl<'a> Lint<'a> {
    /// These findings, and after them those about the clocks of a zone: what becomes of an expression that does not
    /// fire in all hours when clocks skip or repeat one of its own, with the date at which they first do, in the ten
    /// years from an instant on.
    ///
    /// | code | finds |
    /// | --- | --- |
    /// | `clock-skips-time` | a time that clocks skip: it is due when they have, or not at all if the hours have a `*`, a range or a step |
    /// | `clock-repeats-time` | a time that clocks show twice, and at which it is due twice: the seconds, minutes or hours have a `*`, a range or a step |
    ///
    /// Nicknames have these too. One that fires in every hour, such as `0 * * * *`, goes with the clocks and has none.
    ///
    /// ```
    /// use sexton::cron::Dialect;
    /// use sexton::tz::Zone;
    /// use sexton::Moment;
    ///
    /// let paris = Zone::from_posix("CET-1CEST,M3.5.0,M10.5.0/3")?;
    /// let from = "2026-11-22T12:00:00Z".parse::<Moment>()?.instant(&paris).unwrap();
    /// let finding = Dialect::DEFAULT.lint("30 2 * * *").in_zone(&paris, from).next().unwrap();
    /// assert_eq!(
    ///     finding.to_string(),
    ///     "on 2027-03-28 clocks go from 02:00 straight to 03:00: what is due at 02:30 fires at 03:00"
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn in_zone(self, zone: &Zone, from: SystemTime) -> impl Iterator<Item = Finding<'a>> + 'a {
        let (gap, fold) = match self.cron_of_hours() {
            Some(cron) => changes(&cron, zone, unix_seconds(from)),
            None => (None, None),
        };
        let gap = gap.and_then(|change| self.clock_change(change));
        let fold = fold.and_then(|change| self.clock_change(change));
        self.chain(gap).chain(fold)
    }
}

/// The first gap and the first fold from an instant on that concern the expression. In a fold one that lists its
/// times fires once, as it should.
fn changes(cron: &Cron, zone: &Zone, from: i64) -> (Option<ChangeAhead>, Option<ChangeAhead>) {
    let (mut gap, mut fold) = (None, None);
    let until = from.saturating_add(AHEAD);
    let fires_twice = cron.is_interval_like();
    // Before the zone's data begin, who knows.
    let from = zone.begins().map_or(from, |begins| from.max(unix_seconds(begins)));
    let mut span = zone.span(from);
    while span.hi < until && (gap.is_none() || fires_twice && fold.is_none()) {
        let following = zone.span(span.hi);
        let (before, after) = (i64::from(span.offset), i64::from(following.offset));
        if before < after {
            gap = gap.or_else(|| change(cron, zone, span.hi, before, after));
        } else if fires_twice {
            fold = fold.or_else(|| change(cron, zone, span.hi, before, after));
        }
        span = following;
    }
    (gap, fold)
}

/// The change at an instant from one offset to another, if the expression fires for a time that it skips or repeats.
fn change(cron: &Cron, zone: &Zone, at: i64, before: i64, after: i64) -> Option<ChangeAhead> {
    let (from, to) = (at.checked_add(before)?, at.checked_add(after)?);
    let (start, end) = (from.min(to), from.max(to));
    let first = cron.at_or_after(start).filter(|&first| first < end)?;
    let last = cron.at_or_before(end - 1)?;
    // No real zone has another change so close by that it matters.
    let is_so = match zone.resolve(first) {
        Instants::Gap { .. } => before < after,
        Instants::Fold { .. } => after < before,
        Instants::Unique(_) => false,
    };
    if !is_so {
        return None;
    }
    Some(ChangeAhead {
        from: DateTime::from_seconds(from)?,
        to: DateTime::from_seconds(to)?,
        first: DateTime::from_seconds(first)?,
        last: DateTime::from_seconds(last)?,
        is_made_up: cron.is_made_up_in_gap(),
    })
}
