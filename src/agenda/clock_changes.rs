//! Clock steps and zone changes: judges the next due times again. Pure: no threads, no clock.
//!
//! Every task is judged at once, whether it runs or not. A schedule that is the user's code may not be asked here: such a
//! task is queued, and a worker asks for its next due time. So is one whose schedule has no due time left, as a worker must
//! drop it. While a schedule is being asked, changes are stored in its entry, and applied when it comes back.

use std::time::{Duration, SystemTime};

use super::entry::{ClockSet, Entry, Hold, ZoneChange};
use super::Agenda;
use crate::clock::{Now, Step, STEP};
use crate::event::Why;
use crate::schedule::{Due, Rejudged, Timetable};
use crate::task::Skipped;
use crate::tz::Zone;

/// By so much the wall clock may move against the monotonic one before due times of elapsed time are shown anew. Two readings
/// of the clocks differ by less.
const DRIFT: Duration = Duration::from_millis(1);

impl Agenda {
    /// The time for a task. If its next due time is of elapsed time, the wall clock is read off the monotonic one: without the
    /// small error of reading one clock after the other, the same due time is always shown as the same time.
    pub(super) fn now_for(&self, index: usize, now: Now) -> Now {
        let next = self.find_at(index).and_then(|entry| entry.next);
        // After a comparison the clocks have drifted by no more.
        let is_near =
            |reference| Some(now) == self.clocks_checked || now.step_since(reference).size() <= DRIFT;
        match (next, self.reference) {
            (Some(Due::Elapsed(_)), Some(reference)) if is_near(reference) => {
                Now { wall: Due::Elapsed(now.mono).wall(reference).unwrap_or(now.wall), ..now }
            }
            _ => now,
        }
    }

    /// Compares the two clocks. If the wall clock was stepped, judges again what depends on what it shows, and returns the step.
    pub(crate) fn check_clocks(&mut self, now: Now) -> Option<Step> {
        // Two threads read the clocks, and the one that read them later took the lock first: its reading stands. To
        // compare with an older one would show a step that never was.
        if self.clocks_checked.map_or(false, |checked| now.mono < checked.mono || now == checked) {
            return None;
        }
        let checked = self.clocks_checked.replace(now).unwrap_or(now);
        match self.reference {
            // As it had not drifted when the clocks were compared last, no step can have come since.
            Some(reference) if now.step_since(reference).size() <= DRIFT => {
                self.shown = self.shown.max(Some(now.wall));
                return None;
            }
            _ => self.reference = Some(now),
        }
        let step = now.step_since(checked);
        let is_step = step.size() > STEP;
        let is_correction = is_step && step.is_correction(self.correction);
        let shown = match step {
            Step::Back(by) if !is_correction => now.after(by).wall,
            _ => now.wall,
        };
        self.shown = self.shown.filter(|_| !is_correction).max(Some(shown));
        if !is_step {
            return None;
        }
        self.go_on_with_zone_change(usize::MAX);
        for index in 0..self.name_entries.len() {
            let name_entry = self.name_entries[index].as_mut();
            if let Some(entry) = name_entry.and_then(|name_entry| name_entry.entry.as_mut()) {
                let is_calendar = entry.next.and_then(Due::calendar).is_some();
                let is_judged = entry.leaves_out_elapsed() || is_calendar && matches!(step, Step::Back(_));
                if let (Step::Forward(by), true) = (step, is_correction) {
                    entry.correct(now.before(by).wall, now);
                }
                if is_judged {
                    self.clock_was_set(index, is_correction, now);
                }
            }
        }
        Some(step)
    }

    /// Changes the zone of the task that owns a name.
    pub(crate) fn change_zone_named(&mut self, name: &str, to: &Zone, now: Now) {
        if let Some(index) = self.index_of(name) {
            self.change_zone_at(index, to, self.shown, now);
        }
    }

    /// `shown` is the latest time that the wall clock had shown.
    pub(super) fn change_zone_at(&mut self, index: usize, to: &Zone, shown: Option<SystemTime>, now: Now) {
        if let Some(entry) = &mut self.name_entry(index).entry {
            // The zone may change twice while the schedule is being asked. Then only the first zone and the last one count.
            let before = entry.marks.as_ref().and_then(|marks| marks.zone_change.as_ref());
            let at = before.map_or(now, |first| first.at);
            // The clock was set back if the next due time is later than the latest time shown: all occurrences up to that
            // have run.
            let shown = match (entry.next.and_then(Due::calendar), shown) {
                (Some(next), Some(shown)) if next > shown => shown.max(at.wall),
                _ => at.wall,
            };
            entry.marks().zone_change = Some(ZoneChange { zone: to.clone(), at, shown });
            self.apply_changes(index, None, now);
        }
    }

    /// The wall clock was set back; or forward, if elapsed time is left out by what it shows.
    fn clock_was_set(&mut self, index: usize, is_correction: bool, now: Now) {
        let entry = self.entry_at(index);
        // What the clock will show again does not come before the task was scheduled.
        entry.spec.since = entry.spec.since.min(now.wall);
        let leaves_out_elapsed = entry.leaves_out_elapsed();
        let marks = entry.marks();
        let before = marks.clock_set.take();
        marks.clock_set = Some(ClockSet {
            is_correction: is_correction || before.map_or(false, |it| it.is_correction),
            to: before.map_or(now.wall, |it| it.to.min(now.wall)),
            at: before.filter(|_| leaves_out_elapsed).map_or(now.mono, |it| it.at),
        });
        // Times that the clock will show again have not passed yet, so their occurrences run.
        let passed = marks.backlog.iter_mut().chain(marks.missed.as_mut().map(|(_, until)| until));
        let skipped = marks.skipped.iter_mut().flat_map(|it| [&mut it.from, &mut it.to]);
        passed.map(|now| &mut now.wall).chain(skipped).for_each(|wall| *wall = now.wall.min(*wall));
        self.apply_changes(index, None, now);
    }

    /// Applies the clock step and the zone change in the order in which they came, and computes the next due time, unless
    /// the schedule is being asked. `judged`: occurrences up to this instant are accounted for, by the old zone and the new
    /// wall time.
    pub(super) fn apply_changes(&mut self, index: usize, judged: Option<Now>, now: Now) {
        let entry = self.entry_at(index);
        let (mut timetable, marks) = match (entry.timetable.take(), &mut entry.marks) {
            (Some(timetable), Some(marks)) => (timetable, marks),
            (timetable, _) => return entry.timetable = timetable,
        };
        let (mut clock_set, zone_change) = (marks.clock_set.take(), marks.zone_change.take());
        let is_clock_first = match (&clock_set, &zone_change) {
            (Some(set), Some(ZoneChange { at, .. })) => {
                set.at < at.mono || (set.at, set.to) == (at.mono, at.wall)
            }
            _ => false,
        };
        if is_clock_first {
            self.apply_clock_set(index, &mut timetable, clock_set.take(), judged, now);
        }
        self.apply_zone_change(index, &mut timetable, zone_change, judged);
        self.apply_clock_set(index, &mut timetable, clock_set, judged, now);
        let entry = self.entry_at(index);
        entry.timetable = Some(timetable);
        // A clock step or a change of zone marks all tasks. Once it is applied, most of them have no marks left.
        entry.marks = entry.marks.take().filter(|marks| !marks.is_empty());
    }

    /// Judges the next due time again if the clock was set.
    fn apply_clock_set(
        &mut self,
        index: usize,
        timetable: &mut Timetable,
        clock_set: Option<ClockSet>,
        judged: Option<Now>,
        now: Now,
    ) {
        if let Some(ClockSet { is_correction, to, at }) = clock_set {
            let to = judged.filter(|judged| judged.mono >= at).map_or(to, |judged| judged.wall.max(to));
            let next = self.name_entry(index).entry.as_ref().and_then(|entry| entry.next);
            let since = Now { wall: to, mono: judged.map_or(at, |judged| judged.mono.max(at)) };
            let rejudged = match next {
                Some(due @ Due::Elapsed(_)) => timetable.rejudged_elapsed(due, since, now),
                next => timetable.rejudged(next, to, is_correction, now),
            };
            self.replace_next(index, rejudged, since, now);
        }
    }

    /// Moves the schedule to the new zone, as of the change or as of the last judgement, whichever was later.
    fn apply_zone_change(
        &mut self,
        index: usize,
        timetable: &mut Timetable,
        zone_change: Option<ZoneChange>,
        judged: Option<Now>,
    ) {
        if let Some(ZoneChange { zone, at, shown }) = zone_change {
            let is_later = |judged: &Now| (judged.mono, judged.wall) > (at.mono, at.wall);
            let at = self.now_for(index, judged.filter(is_later).unwrap_or(at));
            let next = self.name_entry(index).entry.as_ref().and_then(|entry| entry.next);
            let rejudged = next.and_then(|next| timetable.rezone(&zone, next, at, shown));
            self.replace_next(index, rejudged, at, at);
        }
    }

    /// Replaces the next due time of a task by the one found, if one was.
    fn replace_next(&mut self, index: usize, rejudged: Option<Rejudged>, since: Now, now: Now) {
        match rejudged {
            Some(Rejudged::Due(due)) => {
                let was_armed = self.disarm(index);
                self.entry_at(index).next = Some(due);
                if was_armed {
                    self.arm(index, now);
                }
            }
            Some(Rejudged::ByAsking) => {
                // Until the schedule is asked, the old due time stays armed.
                let marks = self.entry_at(index).marks();
                let before = marks.ask_after;
                // The earlier one of each clock: calendar and elapsed schedules go on from there.
                let first = before.unwrap_or(since);
                marks.ask_after =
                    Some(Now { mono: first.mono.min(since.mono), wall: first.wall.min(since.wall) });
                if before.is_none() {
                    self.to_ask.push(index);
                    self.wakes = true;
                }
            }
            None => {}
        }
    }
}

impl Entry {
    /// The wall clock was corrected: it showed `from`, and then what it shows now. Of what has passed, only what came
    /// before the correction runs.
    fn correct(&mut self, from: SystemTime, now: Now) {
        if let (Some(Due::Calendar(_)), Hold::Free) = (self.passed(now), self.hold) {
            let marks = self.marks();
            let from = marks.skipped.map_or(from, |before| before.from);
            marks.skipped = Some(Skipped { from, to: now.wall, why: Why::ClockCorrected });
        }
    }
}
