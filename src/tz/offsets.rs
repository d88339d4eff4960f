//! A zone as a scheduler sees it: which offset holds when, in one sorted table. Pure: no threads, no clock, no files.

use super::posix::{Rule, CYCLE};
use super::{History, MAX_OFFSET};

/// A stretch of time with one offset: `lo..hi`, as long as it can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// The instant at which the offset begins to hold; `i64::MIN` where it always has.
    pub(crate) lo: i64,
    /// The instant at which it ceases to hold; `i64::MAX` where it never does.
    pub(crate) hi: i64,
    /// Seconds east of UTC.
    pub(crate) offset: i32,
}

/// The instants that show a civil time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resolved {
    /// The one instant that shows it.
    Unique(i64),
    /// Shown twice: the earlier instant and the later one.
    Fold { first: i64, second: i64 },
    /// Never shown: at the instant `end` clocks went from the offset `before` to the offset `after`, past this time.
    Gap { before: i32, after: i32, end: i64 },
}

impl Resolved {
    /// The instant at which something meant for this civil time is due once: the first to show it, or, where none
    /// does, the end of the gap.
    pub(crate) fn due(self) -> i64 {
        match self {
            Resolved::Unique(instant) => instant,
            Resolved::Fold { first, .. } => first,
            Resolved::Gap { end, .. } => end,
        }
    }
}

/// The offset at every instant: a table, and behind it the rule's 400 years over and over.
///
/// A rule is written out for a whole [`CYCLE`] when the zone is loaded, so that a lookup is a binary search and never
/// calendar arithmetic. A zone with daylight saving time takes some 12 KB in all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Offsets {
    /// Where spans begin and end, ascending: one more than there are offsets. Begins with `i64::MIN`, unless a rule
    /// holds all the time; ends with `i64::MAX`, unless the last cycle `repeats`.
    bounds: Box<[i64]>,
    /// `offsets[i]` holds in `bounds[i]..bounds[i + 1]`. Neighbours differ.
    offsets: Box<[i32]>,
    /// Whether the last 400 years of the table go on forever after it, and, where it does not begin with `i64::MIN`,
    /// went on forever before it. They begin and end with a change at the same point of the cycle.
    repeats: bool,
}

impl Offsets {
    /// Writes out the transitions of a zone and the rule that follows them.
    pub(super) fn of(history: &History) -> Offsets {
        let mut builder = Builder::default();
        let last = history.transitions.last().map(|transition| transition.at);
        if let (Some(first), false) = (history.types.first(), history.is_rule_only()) {
            builder.change(i64::MIN, first.offset);
        }
        for transition in &*history.transitions {
            builder.change(transition.at, history.types[usize::from(transition.to)].offset);
        }
        match &history.rule {
            Some(rule) => builder.follow(rule, last),
            None => builder.end_with(i64::MAX, false),
        }
    }

    /// The span around an instant.
    #[inline]
    pub(super) fn span(&self, unix: i64) -> Span {
        let i = self.bounds.partition_point(|&bound| bound <= unix).wrapping_sub(1);
        match (self.bounds.get(i..), self.offsets.get(i)) {
            (Some(&[lo, hi, ..]), Some(&offset)) => Span { lo, hi, offset },
            _ => self.span_beyond(unix),
        }
    }

    /// The span around an instant that the table does not reach.
    #[cold]
    #[inline(never)]
    fn span_beyond(&self, unix: i64) -> Span {
        let end = self.bounds[self.offsets.len()];
        if !self.repeats {
            // Only the last instant of all is beyond a table that ends with it.
            return self.span(end - 1);
        }
        let (unix, end, cycle) = (i128::from(unix), i128::from(end), i128::from(CYCLE));
        let shift = ((unix - end).div_euclid(cycle) + 1) * cycle;
        let span = self.span((unix - shift) as i64);
        let shifted =
            |bound: i64| (i128::from(bound) + shift).clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64;
        Span { lo: shifted(span.lo), hi: shifted(span.hi), ..span }
    }

    /// The instants that show a civil time, given in seconds since 1970-01-01T00:00:00.
    #[inline]
    pub(super) fn resolve(&self, civil: i64) -> Resolved {
        // No clock is further from UTC than MAX_OFFSET, so an earlier or a later span cannot show it. The last span of
        // all ends at `i64::MAX`.
        let span = self.span(civil.saturating_sub(MAX_OFFSET));
        let latest = civil.saturating_add(MAX_OFFSET).min(i64::MAX - 1);
        if latest < span.hi {
            Resolved::Unique(civil.saturating_sub(i64::from(span.offset)))
        } else {
            self.resolve_near_change(civil, span, latest)
        }
    }

    /// Looks at the spans from `span` to the one that holds `latest`.
    #[cold]
    #[inline(never)]
    fn resolve_near_change(&self, civil: i64, mut span: Span, latest: i64) -> Resolved {
        let mut first = None;
        let mut gap = None;
        loop {
            let instant = civil.saturating_sub(i64::from(span.offset));
            let is_shown = span.lo <= instant && instant < span.hi;
            match first {
                Some(first) if is_shown => return Resolved::Fold { first, second: instant },
                None if is_shown => first = Some(instant),
                _ => {}
            }
            if latest < span.hi {
                break;
            }
            let next = self.span(span.hi);
            if instant >= span.hi && civil.saturating_sub(i64::from(next.offset)) < next.lo {
                gap.get_or_insert(Resolved::Gap { before: span.offset, after: next.offset, end: span.hi });
            }
            span = next;
        }
        match first {
            Some(first) => Resolved::Unique(first),
            // A civil time that no span shows lies after one and before the next, but where time ends.
            None => gap.unwrap_or(Resolved::Unique(civil.saturating_sub(i64::from(span.offset)))),
        }
    }
}

/// Collects changes of offset in ascending order.
#[derive(Default)]
struct Builder {
    bounds: Vec<i64>,
    offsets: Vec<i32>,
}

impl Builder {
    /// From `at` on it is `offset`. Of several changes at one instant the last counts; one that changes nothing is none.
    fn change(&mut self, at: i64, offset: i32) {
        if self.bounds.last() == Some(&at) {
            self.bounds.pop();
            self.offsets.pop();
        }
        if self.offsets.last() != Some(&offset) {
            self.bounds.push(at);
            self.offsets.push(offset);
        }
    }

    /// From `from` on the rule decides; without `from`, always.
    fn follow(mut self, rule: &Rule, from: Option<i64>) -> Offsets {
        let start = from.unwrap_or(0);
        self.change(start, rule.local_type(start).offset);
        let known = self.bounds.len();
        for event in rule.cycle_after(start) {
            self.change(event.at, rule.offset_after(event));
        }
        // The first change, one cycle later, is where it all begins again.
        let repeats_at = self.bounds.get(known).map(|first| first + CYCLE);
        match (from, repeats_at) {
            (Some(_), _) => {}
            // `start` was only a place to begin at, and no change.
            (None, Some(_)) => drop((self.bounds.remove(0), self.offsets.remove(0))),
            (None, None) => self.bounds[0] = i64::MIN,
        }
        self.end_with(repeats_at.unwrap_or(i64::MAX), repeats_at.is_some())
    }

    fn end_with(mut self, end: i64, repeats: bool) -> Offsets {
        self.bounds.push(end);
        Offsets { bounds: self.bounds.into(), offsets: self.offsets.into(), repeats }
    }
}
