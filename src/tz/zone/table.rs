//! A zone as a scheduler sees it: which offset holds when, in one sorted table. Pure: no threads, no clock, no files.

use super::{History, PosixZone, Span};
use crate::civil::{Date, DAY};
use crate::tz::posix::{Season, CYCLE};

/// The offset at every instant: a table, and behind it the rule's 400 years over and over.
///
/// A rule is written out for a whole [`CYCLE`] when the zone is loaded, so that a lookup is a binary search and never
/// calendar arithmetic. A zone with daylight saving time takes some 12 KB in all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Table {
    /// Where spans begin and end, ascending: one more than there are offsets. Begins with `i64::MIN`, unless a rule
    /// holds all the time; ends with `i64::MAX`, unless the last cycle `repeats`.
    bounds: Box<[i64]>,
    /// `offsets[i]` holds in `bounds[i]..bounds[i + 1]`. Neighbours differ.
    offsets: Box<[i32]>,
    /// Whether the last 400 years of the table go on forever after it, and, where it does not begin with `i64::MIN`,
    /// went on forever before it. They begin and end with a change at the same point of the cycle.
    repeats: bool,
}

impl Table {
    /// Writes out the transitions of a zone and the rule that follows them.
    pub(super) fn of(history: &History) -> Table {
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
            None => builder.end_with(None),
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
    fn follow(mut self, rule: &PosixZone, from: Option<i64>) -> Table {
        let start = from.unwrap_or(0);
        self.change(start, rule.offset(start));
        let known = self.bounds.len();
        for event in events_of_cycle_after(start, rule) {
            self.change(event.at, rule.offset_of(event.season));
        }
        // The first change, one cycle later, is where it all begins again.
        let repeats_at = self.bounds.get(known).map(|first| first + CYCLE);
        match (from, repeats_at) {
            (Some(_), _) => {}
            // `start` was only a place to begin at, and no change.
            (None, Some(_)) => drop((self.bounds.remove(0), self.offsets.remove(0))),
            (None, None) => self.bounds[0] = i64::MIN,
        }
        self.end_with(repeats_at)
    }

    /// A table that repeats from this instant on, or that has all there is.
    fn end_with(mut self, repeats_at: Option<i64>) -> Table {
        self.bounds.push(repeats_at.unwrap_or(i64::MAX));
        Table { bounds: self.bounds.into(), offsets: self.offsets.into(), repeats: repeats_at.is_some() }
    }
}

/// An instant at which a rule says "now daylight saving time" or "now standard time".
///
/// Sorted, the one that begins it comes last of two at one instant, and so it wins.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Event {
    at: i64,
    season: Season,
}

/// All events after `from`, and up to one cycle after it, in order.
fn events_of_cycle_after(from: i64, rule: &PosixZone) -> Vec<Event> {
    let in_cycle = from.rem_euclid(CYCLE);
    let year = Date::from_days(in_cycle / DAY).expect("a cycle ends long before the calendar").year();
    let mut events = Vec::new();
    for (begins, ends) in (year - 1..=year + 401).filter_map(|year| rule.events(year)) {
        for (at, season) in [(begins, Season::Daylight), (ends, Season::Standard)] {
            if in_cycle < at && at <= in_cycle + CYCLE {
                events.push(Event { at: from + (at - in_cycle), season });
            }
        }
    }
    events.sort_unstable();
    events
}
