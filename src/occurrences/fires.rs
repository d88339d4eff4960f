//! When a cron expression fires in a zone: where the civil seconds that match meet the instants that show them.
//!
//! The rule, for every change of a zone's offset whatever its size or reason:
//!
//! * A civil second that instants show fires at the earliest of them; an interval-like expression (its second, minute
//!   or hour field has a `*`, `?`, range or step in its text) fires at every one.
//! * A civil second in a gap fires at the end of that gap if the hour field names its hours, and not at all otherwise.
//!
//! So there is one set of instants for an expression and a zone, from wherever one asks. `next` and `previous` walk it
//! in both directions, [`Occurrences`] goes on from one to the next, and `count` tells how many there are. Unix seconds in, unix
//! seconds out.
//!
//! Nearly always the answer is in the span of the instant that was asked about, and far from the change that began it. Each
//! question looks there first, and leaves all else to a walk through the spans.

use core::fmt;
use core::iter::FusedIterator;

use crate::civil::{DateTime, MAX_SECONDS, MIN_SECONDS};
use crate::cron::{Cron, Times};
use crate::tz::{Instants, Offsets, Span};

/// Twice the largest offset there is: further from a change than this, no civil second is near it on both sides.
const REACH: i64 = 2 * 26 * 3600;

/// Fires in a zone: a [`PosixZone`](crate::tz::PosixZone) or, with `std`, a `Zone`. Instants are Unix seconds; of those
/// with a fraction, take the whole seconds. Of instants before a zone's data begin nothing is known, and so there are none.
///
/// [The rule for clock changes](crate#promises) is that of schedules.
impl Cron {
    /// The first fire after an instant, or `None` if there is none before the year 10000.
    ///
    /// ```
    /// use sexton::{cron, tz::PosixZone};
    ///
    /// let paris = PosixZone::parse("CET-1CEST,M3.5.0,M10.5.0/3")?;
    /// let backup = cron!("30 2 * * *");
    /// let at = |text: &str| paris.instants(text.parse().unwrap()).due();
    ///
    /// let start = at("2026-03-27 12:00");
    /// assert_eq!(backup.next_in(&paris, start), Some(at("2026-03-28 02:30")));
    ///
    /// let mut fires = backup.upcoming_in(&paris, start);
    /// assert_eq!(fires.next(), Some(at("2026-03-28 02:30")));
    /// assert_eq!(fires.next(), Some(at("2026-03-29 03:00"))); // 02:30 is skipped that day
    /// assert_eq!(fires.next(), Some(at("2026-03-30 02:30")));
    /// # Ok::<(), sexton::tz::RuleError>(())
    /// ```
    #[inline]
    pub fn next_in(&self, zone: &impl Offsets, after: i64) -> Option<i64> {
        next(self, zone, after).filter(|_| zone.first_known() <= after)
    }

    /// The fires after an instant, one by one: each what [`next_in`](Cron::next_in) gives for the one before it, found
    /// faster. `zone` may be a reference.
    pub fn upcoming_in<Z: Offsets>(&self, zone: Z, after: i64) -> Occurrences<Z> {
        let until = if zone.first_known() <= after { after } else { i64::MAX };
        Occurrences { zone, times: self.within(0, -1), offset: 0, until }
    }

    /// The last fire before an instant, or `None` if there is none since the year 1.
    ///
    /// ```
    /// # use sexton::{cron, tz::PosixZone};
    /// assert_eq!(cron!("@daily").previous_in(&PosixZone::UTC, 0), Some(-86_400));
    /// ```
    #[inline]
    pub fn previous_in(&self, zone: &impl Offsets, before: i64) -> Option<i64> {
        previous(self, zone, before).filter(|found| zone.first_known() <= *found)
    }

    /// Whether it fires at this instant.
    ///
    /// ```
    /// # use sexton::{cron, tz::PosixZone};
    /// assert!(cron!("@daily").fires_at(&PosixZone::UTC, 86_400));
    /// assert!(!cron!("@daily").fires_at(&PosixZone::UTC, 86_401));
    /// ```
    #[inline]
    pub fn fires_at(&self, zone: &impl Offsets, instant: i64) -> bool {
        zone.first_known() <= instant && matches(self, zone, instant)
    }
}

/// The fires of a [`Cron`] in a zone, in order, in Unix seconds: from [`Cron::upcoming_in`].
#[derive(Clone)]
pub struct Occurrences<Z> {
    zone: Z,
    /// Those in the span of the last one, as civil times, and what the offset is there.
    times: Times,
    offset: i64,
    /// All up to this instant are in `times`, or have been given.
    until: i64,
}

impl<Z: Offsets> Iterator for Occurrences<Z> {
    type Item = i64;

    #[inline]
    fn next(&mut self) -> Option<i64> {
        match self.times.next_second() {
            Some(civil) => Some(civil - self.offset),
            None => self.search(),
        }
    }
}

impl<Z: Offsets> FusedIterator for Occurrences<Z> {}

impl<Z: Offsets> Occurrences<Z> {
    /// The first one after `until`.
    #[inline(never)]
    fn search(&mut self) -> Option<i64> {
        let cron = *self.times.cron();
        let found = match next(&cron, &self.zone, self.until) {
            Some(found) => found,
            None => {
                self.until = i64::MAX;
                return None;
            }
        };
        self.until = found;
        let span = self.zone.span(found);
        if decides_alone(&cron, &span, found) {
            self.until = span.hi.saturating_sub(1);
            self.offset = span.offset.into();
            let last = self.until.saturating_add(self.offset).min(MAX_SECONDS);
            self.times = cron.within(found + 1 + self.offset, last);
        }
        Some(found)
    }
}

impl<Z> fmt::Debug for Occurrences<Z> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Occurrences").field("cron", self.times.cron()).finish_non_exhaustive()
    }
}

/// The smallest member of the set that is greater than `after`.
#[inline]
pub(crate) fn next(cron: &Cron, zone: &impl Offsets, after: i64) -> Option<i64> {
    if after > MAX_SECONDS + REACH {
        return None;
    }
    let after = after.max(MIN_SECONDS - REACH);
    let span = zone.span(after);
    let from = after + 1 + i64::from(span.offset);
    let found = cron.at_or_after(from).map(|civil| civil - i64::from(span.offset));
    let in_span = match found.filter(|instant| *instant < span.hi) {
        Some(instant) if !decides_alone(cron, &span, instant) => first_in(cron, zone, &span, from),
        found => found,
    };
    in_span.or_else(|| next_after_span(cron, zone, span))
}

/// The first fire at the end of a span or after it.
#[inline(never)]
fn next_after_span(cron: &Cron, zone: &impl Offsets, mut span: Span) -> Option<i64> {
    loop {
        if span.hi == i64::MAX {
            return None;
        }
        let following = zone.span(span.hi);
        if fires_for_gap(cron, zone, &span, &following) {
            return Some(span.hi);
        }
        // Civil times before this may be shown again after a fold, but no older ones than a `REACH`; and nothing fires in
        // the time until the first that matches.
        let shown = span.hi + i64::from(following.offset);
        let at = span.hi.max(cron.at_or_after(shown - REACH)? - REACH);
        span = if at < following.hi { following } else { zone.span(at) };
        if let Some(instant) = first_in(cron, zone, &span, at + i64::from(span.offset)) {
            return Some(instant);
        }
    }
}

/// The largest member of the set that is smaller than `before`.
#[inline]
pub(crate) fn previous(cron: &Cron, zone: &impl Offsets, before: i64) -> Option<i64> {
    if before < MIN_SECONDS - REACH {
        return None;
    }
    let before = before.min(MAX_SECONDS + REACH);
    let span = zone.span(before - 1);
    let to = before - 1 + i64::from(span.offset);
    let found = cron.at_or_before(to).map(|civil| civil - i64::from(span.offset));
    let in_span = match found.filter(|instant| span.lo <= *instant) {
        Some(instant) if !decides_alone(cron, &span, instant) => last_in(cron, zone, &span, to),
        found => found,
    };
    in_span.or_else(|| previous_before_span(cron, zone, span))
}

/// The last fire at the beginning of a span or before it.
#[inline(never)]
fn previous_before_span(cron: &Cron, zone: &impl Offsets, mut span: Span) -> Option<i64> {
    loop {
        if span.lo == i64::MIN {
            return None;
        }
        let preceding = zone.span(span.lo - 1);
        if fires_for_gap(cron, zone, &preceding, &span) {
            return Some(span.lo);
        }
        // As above, in the other direction.
        let shown = span.lo - 1 + i64::from(preceding.offset);
        let at = (span.lo - 1).min(cron.at_or_before(shown + REACH)? + REACH);
        span = if preceding.lo <= at { preceding } else { zone.span(at) };
        if let Some(instant) = last_in(cron, zone, &span, at + i64::from(span.offset)) {
            return Some(instant);
        }
    }
}

/// How many members of the set are greater than `after` and at most `until`: by arithmetic over the spans between.
#[cfg_attr(not(feature = "std"), allow(dead_code))]
pub(crate) fn count(cron: &Cron, zone: &impl Offsets, after: i64, until: i64) -> u64 {
    let until = until.min(MAX_SECONDS + REACH);
    let mut after = after.max(MIN_SECONDS - REACH);
    let mut count = 0;
    while after < until {
        let span = zone.span(after + 1);
        if after + 1 == span.lo {
            // It may fire at the change for a civil time that the change skips.
            count += u64::from(matches(cron, zone, span.lo));
            after = span.lo;
            continue;
        }
        let mut last = until.min(span.hi - 1);
        let mut from = i64::MIN;
        if !cron.is_interval_like() && span.lo > i64::MIN {
            from = shown_before(zone, &span);
            if from == i64::MIN && after < span.lo + REACH {
                // Another change close by: one by one. No real zone has one.
                last = last.min(span.lo + REACH);
                while let Some(next) = next(cron, zone, after).filter(|next| *next <= last) {
                    count += 1;
                    after = next;
                }
                after = last;
                continue;
            }
        }
        let offset = i64::from(span.offset);
        let first = DateTime::from_seconds((after + 1 + offset).max(from).max(MIN_SECONDS));
        let end = DateTime::from_seconds((last + offset).min(MAX_SECONDS));
        if let (Some(first), Some(end)) = (first, end) {
            count += cron.count(first..=end);
        }
        after = last;
    }
    count
}

/// Whether the instant is a member of the set.
#[inline]
pub(crate) fn matches(cron: &Cron, zone: &impl Offsets, instant: i64) -> bool {
    let span = zone.span(instant);
    if span.lo < instant && decides_alone(cron, &span, instant) {
        let civil = DateTime::from_seconds(instant.saturating_add(span.offset.into()));
        return civil.map_or(false, |civil| cron.matches(civil));
    }
    instant.checked_sub(1).and_then(|before| next(cron, zone, before)) == Some(instant)
}

/// Whether a matching civil time fires at an instant of `span` without a look at other spans: it may be shown by another,
/// but none is near, or that does not matter.
#[inline]
fn decides_alone(cron: &Cron, span: &Span, instant: i64) -> bool {
    cron.is_interval_like() || span.lo.saturating_add(REACH) < instant
}

/// Whether clocks show a span for so short a time that it does not keep apart what is before and after it. No real zone has
/// one.
fn is_short(span: &Span) -> bool {
    span.hi.saturating_sub(REACH) < span.lo
}

/// The first fire in `span` whose civil time is `from` or later.
fn first_in(cron: &Cron, zone: &impl Offsets, span: &Span, mut from: i64) -> Option<i64> {
    let offset = i64::from(span.offset);
    if !cron.is_interval_like() {
        from = from.max(shown_before(zone, span));
    }
    loop {
        let civil = cron.at_or_after(from)?;
        let instant = civil - offset;
        if instant >= span.hi {
            return None;
        }
        if fires_at(cron, zone, span, civil) {
            return Some(instant);
        }
        from = civil_end(&first_to_show(zone, civil));
    }
}

/// The last fire in `span` whose civil time is `to` or earlier.
fn last_in(cron: &Cron, zone: &impl Offsets, span: &Span, mut to: i64) -> Option<i64> {
    let offset = i64::from(span.offset);
    let floor = if cron.is_interval_like() { i64::MIN } else { shown_before(zone, span) };
    loop {
        let civil = cron.at_or_before(to)?;
        let instant = civil - offset;
        if instant < span.lo || civil < floor {
            return None;
        }
        if fires_at(cron, zone, span, civil) {
            return Some(instant);
        }
        let earlier = first_to_show(zone, civil);
        to = earlier.lo.saturating_add(i64::from(earlier.offset)).saturating_sub(1);
    }
}

/// Up to where the civil times at the beginning of `span` were all shown by the span before it: the fold's second
/// pass, in which a fixed-time expression does not fire.
fn shown_before(zone: &impl Offsets, span: &Span) -> i64 {
    if span.lo == i64::MIN {
        return i64::MIN;
    }
    let preceding = zone.span(span.lo - 1);
    // A short span did not show all of them; `fires_at` looks at each civil time there.
    if is_short(&preceding) {
        return i64::MIN;
    }
    span.lo + i64::from(preceding.offset)
}

/// Whether an expression fires for a matching civil time at the instant in `span` that shows it.
fn fires_at(cron: &Cron, zone: &impl Offsets, span: &Span, civil: i64) -> bool {
    let instant = civil - i64::from(span.offset);
    decides_alone(cron, span, instant) || zone.resolve(civil).due() == instant
}

/// The span that shows a civil time first. What else it shows need not be looked at one by one.
fn first_to_show(zone: &impl Offsets, civil: i64) -> Span {
    zone.span(zone.resolve(civil).due())
}

/// The civil time at which a span ends.
fn civil_end(span: &Span) -> i64 {
    span.hi.saturating_add(i64::from(span.offset))
}

/// Whether an expression fires at the change between two spans for a civil time that the change skips.
fn fires_for_gap(cron: &Cron, zone: &impl Offsets, before: &Span, after: &Span) -> bool {
    let end = before.hi + i64::from(after.offset);
    let mut from = before.hi + i64::from(before.offset);
    while cron.is_made_up_in_gap() && from < end {
        let civil = match cron.at_or_after(from) {
            Some(civil) if civil < end => civil,
            _ => return false,
        };
        // Only another change close by can show it after all.
        let is_skipped = !is_short(before) && !is_short(after);
        if is_skipped || matches!(zone.resolve(civil), Instants::Gap { .. }) {
            return true;
        }
        from = civil_end(&first_to_show(zone, civil));
    }
    false
}

#[cfg(test)]
mod tests;
