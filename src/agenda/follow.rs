//! What tasks are to do when the wall clock was moved or their zone was changed. Pure: no threads, no clock.
//!
//! A task at home follows at once, one that is away when it comes back. A schedule that has to ask the user's code for its
//! next due is sent off for it ([`Cause::Look`](crate::task::Cause::Look)).

use std::time::SystemTime;

use super::seat::{Rezoned, SetBack};
use super::{Agenda, Note, Place};
use crate::clock::{Now, Step, STEP};
use crate::event::Why;
use crate::schedule::{Due, Rejudged};
use crate::sync::Arc;
use crate::task::Task;
use crate::tz::Zone;

impl Agenda {
    /// Compares the clocks. If the wall clock was stepped, judges every calendar due anew, and tells.
    pub(crate) fn look(&mut self, now: Now) -> Option<Step> {
        // A look that was taken later has seen more.
        if self.looked.map_or(false, |looked| now.mono < looked.mono) {
            return None;
        }
        let step = now.step_since(self.looked.replace(now).unwrap_or(now));
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
        let history = self.history;
        let stepped = match step {
            Step::Forward(by) => Note::Stepped { from: now.before(by).wall, to: now.wall },
            Step::Back(by) => Note::Stepped { from: now.after(by).wall, to: now.wall },
        };
        for slot in 0..self.slots.len() {
            let seat = match self.slots[slot].as_mut().and_then(|slot| slot.seat.as_mut()) {
                Some(seat) => seat,
                None => continue,
            };
            if seat.record.is_some() || seat.next.map_or(false, |due| due.age(now).is_some()) {
                seat.note(stepped, history);
            }
            if let (Step::Forward(_), true, Some(set_back)) = (step, is_correction, &mut seat.was_set_back) {
                // The correction skips what was shown meanwhile, too.
                set_back.to = now.wall;
            }
            match (step, seat.next) {
                (Step::Forward(_), Some(Due::Calendar(_)))
                    if is_correction && seat.may_be_behind(now) && !seat.is_paused =>
                {
                    seat.excuse(Why::ClockCorrected, now);
                }
                (Step::Back(_), Some(Due::Calendar(_))) => {
                    let before = seat.was_set_back.take();
                    let set_back = SetBack {
                        is_correction: is_correction || before.as_ref().map_or(false, |it| it.is_correction),
                        to: before.map_or(now.wall, |it| it.to.min(now.wall)),
                        at: now.mono,
                    };
                    seat.was_set_back = Some(Box::new(set_back));
                    // What the clock is to show again has not passed before the run that is going on, and is run.
                    let seen = seat.backlog.as_deref_mut();
                    let excused = seat.excuse.iter_mut();
                    let excused =
                        excused.flat_map(|excuse| excuse.skipped.iter_mut().chain([&mut excuse.until]));
                    let seen = seen.into_iter().chain(excused);
                    seen.for_each(|seen| seen.wall = seen.wall.min(now.wall));
                    self.follow_at_home(slot, now);
                }
                _ => {}
            }
        }
        Some(step)
    }

    /// Has the tasks in a zone go by another one from now on: those with this zone of their own, or, if it is `None`, those
    /// without.
    pub(crate) fn rezone(&mut self, of: Option<&Zone>, to: &Zone, now: Now) {
        for slot in 0..self.slots.len() {
            let seat = match self.slots[slot].as_mut().and_then(|slot| slot.seat.as_mut()) {
                Some(seat) if seat.zone.as_ref() == of => seat,
                _ => continue,
            };
            seat.zone = of.map(|_| to.clone());
            self.rezone_task(slot, to, now);
        }
    }

    /// Has the task of a name go by another zone from now on.
    pub(crate) fn rezone_named(&mut self, name: &str, to: &Zone, now: Now) {
        if let Some(&slot) = self.names.get(name) {
            self.rezone_task(slot, to, now);
        }
    }

    fn rezone_task(&mut self, slot: usize, to: &Zone, now: Now) {
        let (shown, history) = (self.shown, self.history);
        if let Some(seat) = &mut self.slot(slot).seat {
            seat.note_rezoned(now, history);
            // Moved on before it has come back from its run: what counts is where it was, and where it is.
            let at = seat.moved.as_ref().map_or(now, |moved| moved.at);
            // What waits for time to catch up has run all up to what the clock has shown, or told of its next due already.
            let shown = match (seat.next.and_then(Due::calendar), shown) {
                (Some(next), Some(shown)) if next > shown => shown.max(at.wall),
                (Some(next), _) if seat.is_reported => next.max(at.wall),
                _ => at.wall,
            };
            seat.moved = Some(Box::new(Rezoned { zone: to.clone(), at, shown }));
            if seat.task.is_none() {
                // It has yet to be found out whether that is a due in the new zone.
                self.disarm(slot);
            }
            self.follow_at_home(slot, now);
        }
    }

    /// The zones that tasks have of their own, each once.
    pub(crate) fn zones(&self) -> Vec<Zone> {
        let mut zones: Vec<Zone> = Vec::new();
        let seats = self.slots.iter().flatten().filter_map(|slot| slot.seat.as_ref());
        for zone in seats.filter_map(|seat| seat.zone.as_ref()) {
            if !zones.contains(zone) {
                zones.push(zone.clone());
            }
        }
        zones
    }

    /// Judges the next due of a task anew, unless the task is away: then it is done when it comes back.
    fn follow_at_home(&mut self, slot: usize, now: Now) {
        let task = self.slot(slot).seat.as_mut().and_then(|seat| seat.task.take());
        if let Some(mut task) = task {
            self.follow(slot, &mut task, None, now);
            self.take_home(slot, task);
        }
    }

    /// Has a task that is on its way to a run follow a change of its zone before `now`, up to when its dues were judged as
    /// if there had been none. Answers whether there was one: what comes after it is to be judged anew, by the new zone.
    /// An iterator cannot be asked twice, and what it has given stays.
    pub(crate) fn follow_on_the_way(&mut self, place: Place, task: &mut Task, now: Now) -> bool {
        let is_before = |at: Now| (at.mono, at.wall) < (now.mono, now.wall);
        let is_behind = self.seat(place).map_or(false, |seat| match (&seat.moved, seat.next) {
            (Some(moved), Some(due)) => is_before(moved.at) && due.age(moved.at).is_some(),
            _ => false,
        });
        let is_to_follow = is_behind && task.timetable.is_arithmetic();
        if is_to_follow {
            self.follow_zone(place.slot, task, None, now);
        }
        is_to_follow
    }

    /// Finds another due to wait for if the zone was changed or the clock was set back since the last one was found: in the
    /// order in which they were. `judged`: up to then dues were run or told, by the zone before and by the clock after.
    pub(super) fn follow(&mut self, slot: usize, task: &mut Task, judged: Option<Now>, now: Now) {
        let seat = self.slot(slot).seat.as_ref().expect("the task has its seat");
        let is_set_back_first = match (&seat.was_set_back, &seat.moved) {
            (Some(back), Some(moved)) => {
                back.at < moved.at.mono || (back.at, back.to) == (moved.at.mono, moved.at.wall)
            }
            _ => false,
        };
        if is_set_back_first {
            self.follow_clock(slot, task, judged, now);
        }
        self.follow_zone(slot, task, judged, now);
        self.follow_clock(slot, task, judged, now);
    }

    /// Goes back with the clock, if that was set back.
    fn follow_clock(&mut self, slot: usize, task: &mut Task, judged: Option<Now>, now: Now) {
        let seat = self.slot(slot).seat.as_mut().expect("the task has its seat");
        let SetBack { is_correction, to, at } = match seat.was_set_back.take() {
            Some(set_back) => *set_back,
            None => return,
        };
        let to = judged.filter(|judged| judged.mono >= at).map_or(to, |judged| judged.wall.max(to));
        let rejudged = task.timetable.rejudged(seat.next, to, is_correction, now);
        self.wait_instead(slot, rejudged, to, now);
    }

    /// Goes by the zone that is the task's by now, from when it was changed on, or from when dues were judged last.
    fn follow_zone(&mut self, slot: usize, task: &mut Task, judged: Option<Now>, now: Now) {
        let seat = self.slot(slot).seat.as_mut().expect("the task has its seat");
        if let Some(Rezoned { zone, at, shown }) = seat.moved.take().map(|moved| *moved) {
            let is_later = |judged: &Now| (judged.mono, judged.wall) > (at.mono, at.wall);
            let at = judged.filter(is_later).unwrap_or(at);
            let rejudged = seat.next.and_then(|next| task.timetable.rezone(&zone, next, at, shown));
            seat.plan = task.timetable.plan().map(Arc::new);
            self.wait_instead(slot, rejudged, at.wall, now);
        }
    }

    /// Has a task wait for another due, if there is one, than the one that it waits for.
    fn wait_instead(&mut self, slot: usize, rejudged: Option<Rejudged>, since: SystemTime, now: Now) {
        let seat = self.slot(slot).seat.as_mut().expect("the task has its seat");
        // One of those that have passed by now was told, whichever they are.
        let is_reported = seat.is_reported && seat.next.map_or(false, |due| due.age(now).is_some());
        match rejudged {
            Some(Rejudged::Due(due)) => {
                let was_armed = seat.is_armed;
                self.disarm(slot);
                let seat = self.slot(slot).seat.as_mut().expect("it is still there");
                seat.next = Some(due);
                seat.is_reported = is_reported;
                if was_armed {
                    self.arm(slot);
                }
            }
            Some(Rejudged::ByAsking) => {
                // Not here. The due that is known is waited for until the task can be sent off to ask.
                seat.is_reported = is_reported;
                let before = seat.looks_from;
                seat.looks_from = Some(before.map_or(since, |before| before.min(since)));
                if before.is_none() {
                    self.to_look.push(slot);
                }
            }
            None => {}
        }
    }
}
