//! Clock steps and zone changes: judges the next due times again. Pure: no threads, no clock.
//!
//! A task at home is judged at once. For a task in flight the change is stored in its entry, and applied when the task
//! comes back. A schedule that is the user's code may not be asked here: such a task is dispatched to ask for its next
//! due time ([`Cause::Ask`](crate::task::Cause::Ask)).

use std::time::SystemTime;

use super::entry::{SetBack, ZoneChange};
use super::{Agenda, EntryKey};
use crate::clock::{Now, Step, STEP};
use crate::event::Why;
use crate::schedule::{Due, Rejudged};
use crate::sync::Arc;
use crate::task::Task;
use crate::tz::Zone;

impl Agenda {
    /// Compares the two clocks. If the wall clock was stepped, judges every calendar due time again and returns the step.
    pub(crate) fn check_clocks(&mut self, now: Now) -> Option<Step> {
        // Two threads read the clocks, and the one that read them later took the lock first: its reading stands. To
        // compare with an older one would show a step that never was.
        if self.clocks_checked.map_or(false, |checked| now.mono < checked.mono) {
            return None;
        }
        let step = now.step_since(self.clocks_checked.replace(now).unwrap_or(now));
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
        for index in 0..self.name_entries.len() {
            let entry =
                match self.name_entries[index].as_mut().and_then(|name_entry| name_entry.entry.as_mut()) {
                    Some(entry) => entry,
                    None => continue,
                };
            if let (Step::Forward(_), true, Some(set_back)) = (step, is_correction, &mut entry.set_back) {
                // The correction also skips the times that the clock has shown since it was set back.
                set_back.to = now.wall;
            }
            match (step, entry.next) {
                (Step::Forward(_), Some(Due::Calendar(_)))
                    if is_correction && entry.may_be_behind(now) && !entry.is_paused =>
                {
                    entry.miss_until(Why::ClockCorrected, now);
                }
                (Step::Back(_), Some(Due::Calendar(_))) => {
                    let before = entry.set_back.take();
                    let set_back = SetBack {
                        is_correction: is_correction || before.as_ref().map_or(false, |it| it.is_correction),
                        to: before.map_or(now.wall, |it| it.to.min(now.wall)),
                        at: now.mono,
                    };
                    entry.set_back = Some(Box::new(set_back));
                    // Times that the clock will show again have not passed yet, so their occurrences run.
                    let passed = entry.backlog.as_deref_mut();
                    let missed = entry.missed_until.iter_mut();
                    let missed = missed.flat_map(|one| one.skipped.iter_mut().chain([&mut one.until]));
                    let passed = passed.into_iter().chain(missed);
                    passed.for_each(|passed| passed.wall = passed.wall.min(now.wall));
                    self.apply_changes_at_home(index, now);
                }
                _ => {}
            }
        }
        Some(step)
    }

    /// Changes the zone of all tasks whose own zone is `of`. `None` stands for the tasks that follow the scheduler's zone.
    pub(crate) fn change_zone(&mut self, of: Option<&Zone>, to: &Zone, now: Now) {
        for index in 0..self.name_entries.len() {
            let entry =
                match self.name_entries[index].as_mut().and_then(|name_entry| name_entry.entry.as_mut()) {
                    Some(entry) if entry.zone.as_ref() == of => entry,
                    _ => continue,
                };
            entry.zone = of.map(|_| to.clone());
            self.change_zone_at(index, to, now);
        }
    }

    /// Changes the zone of the task that owns a name.
    pub(crate) fn change_zone_named(&mut self, name: &str, to: &Zone, now: Now) {
        if let Some(&index) = self.names.get(name) {
            self.change_zone_at(index, to, now);
        }
    }

    fn change_zone_at(&mut self, index: usize, to: &Zone, now: Now) {
        let shown = self.shown;
        if let Some(entry) = &mut self.name_entry(index).entry {
            // The zone may change twice before the task comes back. Then only the first zone and the last one count.
            let at = entry.zone_change.as_ref().map_or(now, |first| first.at);
            // The clock was set back if the next due time is later than the latest time shown: all occurrences up to that
            // have run. A due time that was reported as missed is accounted for, too.
            let shown = match (entry.next.and_then(Due::calendar), shown) {
                (Some(next), Some(shown)) if next > shown => shown.max(at.wall),
                (Some(next), _) if entry.is_reported => next.max(at.wall),
                _ => at.wall,
            };
            entry.zone_change = Some(Box::new(ZoneChange { zone: to.clone(), at, shown }));
            if entry.task.is_none() {
                // This due time may not be one in the new zone. The task finds out when it comes back.
                self.disarm(index);
            }
            self.apply_changes_at_home(index, now);
        }
    }

    /// The tasks' own zones, each once.
    pub(crate) fn zones(&self) -> Vec<Zone> {
        let mut zones: Vec<Zone> = Vec::new();
        let entries = self.name_entries.iter().flatten().filter_map(|name_entry| name_entry.entry.as_ref());
        for zone in entries.filter_map(|entry| entry.zone.as_ref()) {
            if !zones.contains(zone) {
                zones.push(zone.clone());
            }
        }
        zones
    }

    /// Applies the stored changes if the task is at home.
    fn apply_changes_at_home(&mut self, index: usize, now: Now) {
        let task = self.name_entry(index).entry.as_mut().and_then(|entry| entry.task.take());
        if let Some(mut task) = task {
            self.apply_changes(index, &mut task, None, now);
            self.put_home(index, task);
        }
    }

    /// The worker has judged occurrences up to `now` in the zone that it knew. If the zone was changed before that, this
    /// applies the change and returns true: the worker must judge again. Only rules of ours are judged twice. An iterator
    /// cannot be asked again, so its due times stay as they are.
    pub(crate) fn apply_zone_change_in_flight(&mut self, key: EntryKey, task: &mut Task, now: Now) -> bool {
        let is_before = |at: Now| (at.mono, at.wall) < (now.mono, now.wall);
        let is_behind = self.entry(key).map_or(false, |entry| match (&entry.zone_change, entry.next) {
            (Some(zone_change), Some(due)) => is_before(zone_change.at) && due.age(zone_change.at).is_some(),
            _ => false,
        });
        let applies = is_behind && task.timetable.is_arithmetic();
        if applies {
            self.apply_zone_change(key.index, task, None, now);
        }
        applies
    }

    /// Applies the stored clock step and zone change in the order in which they came, and computes the next due time.
    /// `judged`: occurrences up to this instant are accounted for, by the old zone and the new wall time.
    pub(super) fn apply_changes(&mut self, index: usize, task: &mut Task, judged: Option<Now>, now: Now) {
        let entry = self.name_entry(index).entry.as_ref().expect("the task has its entry");
        let is_set_back_first = match (&entry.set_back, &entry.zone_change) {
            (Some(back), Some(change)) => {
                let at = change.at;
                back.at < at.mono || (back.at, back.to) == (at.mono, at.wall)
            }
            _ => false,
        };
        if is_set_back_first {
            self.apply_set_back(index, task, judged, now);
        }
        self.apply_zone_change(index, task, judged, now);
        self.apply_set_back(index, task, judged, now);
    }

    /// Judges the next due time again if the clock was set back.
    fn apply_set_back(&mut self, index: usize, task: &mut Task, judged: Option<Now>, now: Now) {
        let entry = self.name_entry(index).entry.as_mut().expect("the task has its entry");
        let SetBack { is_correction, to, at } = match entry.set_back.take() {
            Some(set_back) => *set_back,
            None => return,
        };
        let to = judged.filter(|judged| judged.mono >= at).map_or(to, |judged| judged.wall.max(to));
        let rejudged = task.timetable.rejudged(entry.next, to, is_correction, now);
        self.replace_next(index, rejudged, to, now);
    }

    /// Moves the schedule to the new zone, as of the change or as of the last judgement, whichever was later.
    fn apply_zone_change(&mut self, index: usize, task: &mut Task, judged: Option<Now>, now: Now) {
        let entry = self.name_entry(index).entry.as_mut().expect("the task has its entry");
        if let Some(ZoneChange { zone, at, shown }) = entry.zone_change.take().map(|zone_change| *zone_change)
        {
            let is_later = |judged: &Now| (judged.mono, judged.wall) > (at.mono, at.wall);
            let at = judged.filter(is_later).unwrap_or(at);
            let rejudged = entry.next.and_then(|next| task.timetable.rezone(&zone, next, at, shown));
            entry.plan = task.timetable.plan().map(Arc::new);
            self.replace_next(index, rejudged, at.wall, now);
        }
    }

    /// Replaces the next due time of a task by the one found, if one was.
    fn replace_next(&mut self, index: usize, rejudged: Option<Rejudged>, since: SystemTime, now: Now) {
        let entry = self.name_entry(index).entry.as_mut().expect("the task has its entry");
        // If the old due time has passed and was reported, one of the occurrences passed by now has been reported.
        let is_reported = entry.is_reported && entry.next.map_or(false, |due| due.age(now).is_some());
        match rejudged {
            Some(Rejudged::Due(due)) => {
                let was_armed = entry.is_armed;
                self.disarm(index);
                let entry = self.name_entry(index).entry.as_mut().expect("the task has its entry");
                entry.next = Some(due);
                entry.is_reported = is_reported;
                if was_armed {
                    self.arm(index);
                }
            }
            Some(Rejudged::ByAsking) => {
                // The schedule may not be asked here. Until the task is dispatched to ask, the old due time stays armed.
                entry.is_reported = is_reported;
                let before = entry.asks_from;
                entry.asks_from = Some(before.map_or(since, |before| before.min(since)));
                if before.is_none() {
                    self.to_ask.push(index);
                }
            }
            None => {}
        }
    }
}
