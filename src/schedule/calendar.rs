//! The occurrences of a pattern across changes of its zone, without those that are left out.

use std::time::{Duration, SystemTime};

use super::bounds::Bounds;
use super::except::Except;
use super::pattern::Pattern;
use crate::error::Error;
use crate::tz::{system_time, unix_seconds, Zone};

/// The occurrences of a pattern, also across changes of its zone.
#[derive(Clone)]
pub(super) struct Calendar {
    /// By which occurrences after later changes are found.
    pub(super) pattern: Pattern,
    /// Boxed, as nearly no schedule has one.
    earlier: Option<Box<Earlier>>,
}

/// The patterns by which occurrences up to an instant are found, in rising order, as long as they may be asked for.
#[derive(Clone, Default)]
struct Earlier(Vec<(Pattern, SystemTime)>);

/// The most earlier patterns that are kept. More changes count as one, so that the memory is bounded.
const MOST_EARLIER: usize = 8;

impl Calendar {
    pub(super) fn new(pattern: Pattern) -> Calendar {
        Calendar { pattern, earlier: None }
    }

    /// The pattern, if it has always been the same.
    pub(super) fn alone(&self) -> Option<&Pattern> {
        self.earlier().is_empty().then_some(&self.pattern)
    }

    /// The earlier patterns, each with the instant up to which it holds.
    fn earlier(&self) -> &[(Pattern, SystemTime)] {
        self.earlier.as_ref().map_or(&[], |earlier| &earlier.0)
    }

    /// The first occurrence after an instant, without the delay. Closures are not asked about one after the end.
    pub(super) fn after(&self, mut after: SystemTime, bounds: &Bounds) -> Result<Option<SystemTime>, Error> {
        let until = bounds.undelayed_end();
        let find = |pattern: &Pattern, after, until| pattern.without(&bounds.except).after(after, until);
        for (pattern, end) in self.earlier() {
            if after < *end {
                let found = find(pattern, after, Some(until.map_or(*end, |until| until.min(*end))))?;
                if found.map_or(false, |found| found <= *end) {
                    return Ok(found);
                }
                after = *end;
            }
        }
        find(&self.pattern, after, until)
    }

    /// How many occurrences there are after an instant and up to another. Closures are not asked.
    pub(super) fn count(&self, mut after: SystemTime, until: SystemTime, except: &Except) -> u64 {
        let count = |pattern: &Pattern, after, until| pattern.without(except).count(after, until);
        let mut all = 0;
        for (pattern, end) in self.earlier() {
            let end = until.min(*end);
            if after < end {
                all += count(pattern, after, end);
                after = end;
            }
        }
        if after < until {
            all += count(&self.pattern, after, until);
        }
        all
    }

    /// The pattern by which an occurrence at an instant is found.
    pub(super) fn pattern_at(&self, instant: SystemTime) -> &Pattern {
        let earlier = self.earlier().iter().find(|(_, end)| instant <= *end);
        earlier.map_or(&self.pattern, |(pattern, _)| pattern)
    }

    /// Follows another zone from the second after `at` on. `shown` is the latest instant that the wall clock has shown.
    /// `waiting` is the first occurrence up to `at` that is still to be judged, if there is one.
    pub(super) fn change_zone(
        &mut self,
        zone: &Zone,
        at: SystemTime,
        shown: SystemTime,
        waiting: Option<SystemTime>,
    ) {
        let unix = unix_seconds(at);
        let is_again_before =
            self.pattern.clock().changed_at().map_or(false, |change| unix.saturating_add(1) < change);
        if is_again_before && self.pattern.is_interval_like() {
            // The wall clock was set back to before the last change.
            self.pattern = self.pattern.in_zone_alone();
        }
        let clock = self.pattern.clock().changed(zone, unix, unix_seconds(shown));
        let new = self.pattern.with_clock(clock);
        let mut old = std::mem::replace(&mut self.pattern, new);
        let mut earlier = self.earlier.take().unwrap_or_default();
        earlier.0.retain(|(_, end)| waiting.map_or(false, |waiting| waiting <= *end));
        earlier.0.iter_mut().for_each(|(_, end)| *end = at.min(*end));
        if waiting.is_some() {
            if earlier.0.len() == MOST_EARLIER {
                old = earlier.0.pop().map_or(old, |(last, _)| last);
            }
            earlier.0.push((old, at));
            self.earlier = Some(earlier);
        }
    }

    /// The wall clock was set back to an instant, and this schedule goes back with it: what is shown again is read in the
    /// zone of now, whatever it was before. `is_waiting`: an occurrence up to then is still to be judged.
    pub(super) fn set_back(&mut self, to: SystemTime, is_correction: bool, is_waiting: bool) {
        self.earlier = self.earlier.take().filter(|_| is_waiting);
        let ends = self.earlier.iter_mut().flat_map(|earlier| &mut earlier.0);
        ends.for_each(|(_, end)| *end = to.min(*end));
        let alone = self.pattern.in_zone_alone();
        match self.pattern.clock().changed_at().and_then(system_time).filter(|change| to < *change) {
            // What the change has skipped is made up for at the same instant.
            Some(change) if !is_correction => {
                let until = change - Duration::from_nanos(1);
                let earlier = self.earlier.get_or_insert_with(Box::default);
                earlier.0.truncate(MOST_EARLIER - 1);
                earlier.0.push((alone, until));
            }
            // An occurrence before the change and those after it are still to be judged.
            None if is_waiting || !is_correction => {}
            _ => self.pattern = alone,
        }
    }
}
