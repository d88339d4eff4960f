//! A zone as a scheduler sees it: which offset holds when, in one sorted table. Pure: no threads, no clock, no files.

use std::ops::Range;

use super::{History, PosixZone, Span};
use crate::tz::Offsets;

/// The years in which most instants lie that anybody asks about, 1900 to 2099. Rules are written out for them.
const NEAR: Range<i64> = -2_208_988_800..4_102_444_800;

/// The beginning of the year 1.
const FIRST: i64 = -62_135_596_800;

/// The index has an entry for each 2^22 seconds, 48 days: from the span there it is hardly ever more than one step.
const STRETCH: u32 = 22;

/// UTC and the like need no index, and are made often.
const FEW: usize = 2;

/// The spans near our time.
///
/// A rule is written out when the zone is loaded, so that a look-up is no calendar arithmetic, and hardly a search. A zone
/// with daylight saving time takes some 13 KB in all.
#[derive(Debug)]
pub(super) struct Table {
    /// Each begins where the one before it ends, with another offset. The first begins with `i64::MIN`, unless a rule
    /// decides before it; the last ends with `i64::MAX`, unless a rule decides from there on.
    spans: Box<[Span]>,
    /// The number of the span at the beginning of each stretch of [`NEAR`]. Empty if there are so [`FEW`] spans that a
    /// search begins with the first.
    index: Box<[u16]>,
}

impl Table {
    /// Writes out the transitions of a zone, and the rule that follows them.
    pub(super) fn of(history: &History) -> Table {
        let mut changes = Changes::default();
        let last = history.transitions.last().map(|transition| transition.at);
        if let (Some(first), false) = (history.types.first(), history.is_rule_only()) {
            changes.add(i64::MIN, first.offset);
        }
        for transition in &*history.transitions {
            changes.add(transition.at, history.types[usize::from(transition.to)].offset);
        }
        let end = match &history.rule {
            Some(rule) => changes.follow(rule, last),
            None => i64::MAX,
        };
        changes.until(end)
    }

    /// The span around an instant; `None` where the rule decides.
    #[inline]
    pub(super) fn span(&self, unix: i64) -> Option<Span> {
        let i = if NEAR.contains(&unix) {
            let stretch = ((unix - NEAR.start) >> STRETCH) as usize;
            let mut i = self.index.get(stretch).map_or(0, |&number| usize::from(number));
            while self.spans[i].hi <= unix {
                i += 1;
            }
            i
        } else {
            self.spans.partition_point(|span| span.hi <= unix)
        };
        match self.spans.get(i) {
            Some(span) if span.lo <= unix => Some(*span),
            // Of all instants only the very last is beyond a table that ends there.
            None if unix == i64::MAX => self.spans.last().filter(|span| span.hi == unix).copied(),
            _ => None,
        }
    }
}

/// Changes of offset in ascending order.
#[derive(Default)]
struct Changes(Vec<(i64, i32)>);

impl Changes {
    /// From `at` on it is `offset`. Of several changes at one instant the last counts; one that changes nothing is none.
    fn add(&mut self, at: i64, offset: i32) {
        if self.0.last().map_or(false, |last| last.0 == at) {
            self.0.pop();
        }
        if self.0.last().map_or(true, |last| last.1 != offset) {
            self.0.push((at, offset));
        }
    }

    /// From `from` on the rule decides; without `from`, always. Adds its changes up to the first after [`NEAR`], and says when
    /// that one is. What it says at the beginning of the calendar holds before that, too: a file may have its last transition
    /// so long ago that all changes since would take all memory.
    fn follow(&mut self, rule: &PosixZone, from: Option<i64>) -> i64 {
        let mut span = rule.span(from.unwrap_or(NEAR.start).max(FIRST));
        let mut at = from.unwrap_or(span.lo);
        loop {
            self.add(at, span.offset);
            if span.hi >= NEAR.end {
                return span.hi;
            }
            span = rule.span(span.hi);
            at = span.lo;
        }
    }

    /// The table of them, which ends at this instant.
    fn until(self, end: i64) -> Table {
        let ends = self.0.iter().skip(1).map(|change| change.0).chain([end]);
        let spans: Box<[Span]> =
            self.0.iter().zip(ends).map(|(&(lo, offset), hi)| Span { lo, hi, offset }).collect();
        let mut number = 0;
        let number_at = |unix| {
            number += spans[number..].iter().take_while(|span| span.hi <= unix).count();
            number as u16
        };
        let stretches = if spans.len() > FEW { NEAR } else { 0..0 };
        let index = stretches.step_by(1 << STRETCH).map(number_at).collect();
        Table { spans, index }
    }
}
