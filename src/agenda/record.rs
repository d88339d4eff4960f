//! What is remembered of a task's dues: a few notes, the newest last. Pure: no threads, no clock.

use std::collections::VecDeque;
use std::convert::TryFrom;
use std::fmt;
use std::time::{Duration, SystemTime};

use super::seat::{Seat, Slot, Unmet};
use super::{Agenda, Place};
use crate::clock::Now;
use crate::event::Why;
use crate::occurrences::days::remainder;
use crate::schedule::{Due, Plan};
use crate::sync::Arc;
use crate::task::{MissedDues, Overlap, Start};

/// One decision, or several of one kind in a row. Times are those of the wall clock, spans are nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Note {
    Run {
        due: SystemTime,
        lateness: u64,
        took: u64,
        ending: Ending,
        is_by_hand: bool,
    },
    /// So many runs that have ended alike, and no due in between that had none.
    Runs {
        first: SystemTime,
        latest: SystemTime,
        count: u32,
        ending: Ending,
    },
    /// `is_stood_for`: the next run stood for them.
    Missed {
        first: SystemTime,
        latest: SystemTime,
        count: u32,
        why: Why,
        is_stood_for: bool,
    },
    /// The wall clock showed `from`, and then `to`.
    Stepped {
        from: SystemTime,
        to: SystemTime,
    },
    Paused {
        at: SystemTime,
    },
    /// Notes before this one are of another schedule.
    Replaced,
}

/// How a run has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Ending {
    /// It has not: it is still running.
    Running,
    /// It returned.
    Finished,
    /// It returned an error.
    Failed,
    /// It panicked.
    Panicked,
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Ending::Running => "running",
            Ending::Finished => "finished",
            Ending::Failed => "failed",
            Ending::Panicked => "panicked",
        })
    }
}

/// The end of a run.
#[derive(Clone, Copy)]
pub(crate) struct End {
    pub(crate) due: SystemTime,
    pub(crate) took: Duration,
    pub(crate) ending: Ending,
    /// Whether it ends the task.
    pub(crate) is_break: bool,
}

/// How many notes are kept of a task unless the builder says otherwise.
pub(crate) const NOTES: usize = 16;

/// The notes of a task.
#[derive(Clone, Debug, Default)]
pub(crate) struct Record {
    pub(crate) notes: VecDeque<Note>,
    /// The newest due of which there was a note that is gone.
    pub(crate) forgotten: Option<SystemTime>,
    /// When the zone was last changed: of the dues up to then the schedule does not know any more.
    pub(crate) rezoned: Option<SystemTime>,
}

impl Record {
    /// Adds a note. If there are too many, the two oldest that can be one become one (`merges`); if there are none
    /// such, the oldest is forgotten.
    fn push(&mut self, note: Note, most: usize, merges: bool) {
        if let (Some(last), Note::Missed { .. }) = (self.notes.back_mut(), note) {
            if let Some(both) = both_missed(*last, note) {
                *last = both;
                return;
            }
        }
        while self.notes.len() >= most && !(merges && self.merge()) {
            if let Some(oldest) = self.notes.pop_front() {
                self.forgotten = self.forgotten.max(oldest.latest());
            }
        }
        self.notes.push_back(note);
    }

    fn merge(&mut self) -> bool {
        let pairs = self.notes.iter().zip(self.notes.iter().skip(1));
        match pairs.enumerate().find_map(|(at, (one, next))| Some((at, both_run(*one, *next)?))) {
            Some((at, both)) => {
                self.notes.remove(at);
                self.notes[at] = both;
                true
            }
            None => false,
        }
    }

    pub(super) fn end(&mut self, end: End) {
        let of_run = self.notes.iter_mut().rev().find_map(|note| match note {
            Note::Run { due, took, ending, .. } if *due == end.due && *ending == Ending::Running => {
                Some((took, ending))
            }
            _ => None,
        });
        if let Some((took, ending)) = of_run {
            *took = nanos(end.took);
            *ending = end.ending;
        }
    }
}

impl Note {
    /// The newest due that it is about.
    fn latest(self) -> Option<SystemTime> {
        match self {
            Note::Run { due, .. } => Some(due),
            Note::Runs { latest, .. } | Note::Missed { latest, .. } => Some(latest),
            Note::Stepped { .. } | Note::Paused { .. } | Note::Replaced => None,
        }
    }

    fn as_runs(self) -> Option<(SystemTime, SystemTime, u32, Ending)> {
        match self {
            Note::Run { due, ending, is_by_hand: false, .. } if ending != Ending::Running => {
                Some((due, due, 1, ending))
            }
            Note::Runs { first, latest, count, ending } => Some((first, latest, count, ending)),
            _ => None,
        }
    }
}

fn both_run(one: Note, next: Note) -> Option<Note> {
    let (first, _, before, ending) = one.as_runs()?;
    let (_, latest, count, same) = next.as_runs()?;
    (ending == same).then(|| Note::Runs { first, latest, count: before.saturating_add(count), ending })
}

/// Nothing is lost by this.
fn both_missed(one: Note, next: Note) -> Option<Note> {
    match (one, next) {
        (
            Note::Missed { first, count: before, why, is_stood_for, .. },
            Note::Missed { latest, count, why: same, is_stood_for: is_too, .. },
        ) if (why, is_stood_for) == (same, is_too) => {
            Some(Note::Missed { first, latest, count: before.saturating_add(count), why, is_stood_for })
        }
        _ => None,
    }
}

/// How long runs have taken.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Took {
    runs: u64,
    nanos: u64,
}

impl Took {
    fn add(&mut self, took: Duration) {
        self.nanos = self.nanos.saturating_add(nanos(took));
        self.runs += 1;
    }

    /// The mean, if a run has ended.
    pub(crate) fn mean(self) -> Option<Duration> {
        self.nanos.checked_div(self.runs).map(Duration::from_nanos)
    }
}

/// As far as it goes: 584 years.
fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

/// Adds a note to a record, which begins with the first.
fn note(record: &mut Option<Box<Record>>, plan: Option<&Plan>, note: Note, most: usize) {
    if most > 0 {
        let merges = plan.map_or(false, Plan::is_known);
        record.get_or_insert_with(Box::default).push(note, most, merges);
    }
}

impl Seat {
    pub(super) fn note(&mut self, what: Note, most: usize) {
        note(&mut self.record, self.plan.as_deref(), what, most);
    }

    /// Notes that the zone was changed.
    pub(super) fn note_rezoned(&mut self, now: Now, most: usize) {
        if most > 0 && self.plan.as_ref().map_or(false, |plan| plan.is_calendar()) {
            self.record.get_or_insert_with(Box::default).rezoned = Some(now.wall);
        }
    }

    /// Notes dues that have no run of their own. If a run stands for some, they are the last.
    pub(super) fn note_missed(&mut self, missed: &[MissedDues], start: Option<&Start>, most: usize) {
        for (i, &MissedDues { count, first, latest, why }) in missed.iter().enumerate() {
            let is_stood_for = i + 1 == missed.len() && start.map_or(false, |start| start.missed > 0);
            let count = u32::try_from(count).unwrap_or(u32::MAX);
            self.note(Note::Missed { first, latest, count, why, is_stood_for }, most);
        }
    }

    pub(super) fn note_one_missed(&mut self, due: SystemTime, why: Why, most: usize) {
        self.note_missed(&[MissedDues { count: 1, first: due, latest: due, why }], None, most);
    }

    pub(super) fn note_run(&mut self, start: &Start, is_by_hand: bool, most: usize) {
        let Start { due, lateness, .. } = *start;
        let lateness = nanos(lateness);
        self.note(Note::Run { due, lateness, took: 0, ending: Ending::Running, is_by_hand }, most);
    }

    /// Notes the first of the dues that have passed and are not to be run, as the task is about to lose its name.
    pub(super) fn note_unmet(&mut self, now: Now, most: usize) {
        if let Some(Unmet { due, reported: 0, .. }) = self.unmet(now) {
            self.note_one_missed(due.passed_at(now), Why::Cancelled, most);
        }
    }

    /// Remembers what the task that it replaces did.
    pub(super) fn succeed(&mut self, old: &mut Seat, now: Now, most: usize) {
        old.note_unmet(now, most);
        self.record = old.record.take();
        if self.record.is_some() {
            self.note(Note::Replaced, most);
        }
    }

    /// Runs left before the task is over.
    pub(super) fn left(&self) -> u64 {
        let left = self.last.saturating_sub(self.count);
        if self.is_one_more {
            left.min(1)
        } else {
            left
        }
    }

    pub(super) fn note_end(&mut self, end: End) {
        self.took.add(end.took);
        if let Some(record) = &mut self.record {
            record.end(end);
        }
    }
}

impl Agenda {
    /// Notes that a run for a due did not begin because its task had been replaced or cancelled on the way.
    pub(super) fn note_gone(&mut self, place: Place, due: SystemTime) {
        let history = self.history;
        let missed =
            Note::Missed { first: due, latest: due, count: 1, why: Why::Cancelled, is_stood_for: false };
        let seat = self.slots.get_mut(place.slot).and_then(|slot| slot.as_mut()?.seat.as_mut());
        // A number given out later is that of another task.
        if let Some(seat) = seat.filter(|seat| seat.id <= place.version) {
            seat.note(missed, history);
        } else if let Some(memory) = self.remembered(place.version) {
            note(&mut memory.record, memory.plan.as_deref(), missed, history);
        }
    }
}

/// All that is known of a task's dues, past and to come.
#[derive(Clone)]
pub(crate) struct Memory {
    pub(crate) record: Option<Box<Record>>,
    /// Whether there are notes at all.
    pub(crate) is_kept: bool,
    pub(crate) plan: Option<Arc<Plan>>,
    /// The schedule in words.
    pub(crate) schedule: Arc<str>,
    pub(crate) next: Option<Due>,
    /// Runs left before the task is over.
    pub(crate) left: u64,
    /// When it was scheduled, or replaced.
    pub(crate) since: SystemTime,
    pub(crate) is_replaced: bool,
    pub(crate) is_paused: bool,
    /// Whether a run of it, or of the task it replaced, is in the way of another.
    pub(crate) is_busy: bool,
    pub(crate) is_leaving: bool,
    /// When it was cancelled, if it was: what was to come then was not any more.
    pub(crate) cancelled: Option<Now>,
}

/// What is known of a task's future.
pub(crate) struct Prospect {
    pub(crate) id: u64,
    pub(crate) name: Arc<str>,
    pub(crate) plan: Option<Arc<Plan>>,
    pub(crate) next: Option<Due>,
    /// Runs left before the task is over.
    pub(crate) left: u64,
    /// How long a run takes.
    pub(crate) mean: Option<Duration>,
    pub(crate) is_paused: bool,
    /// Whether its runs hold no worker while they are pending.
    pub(crate) is_async: bool,
    pub(crate) overlap: Overlap,
    pub(crate) allowed_runs: usize,
}

impl Prospect {
    /// The due after one, as far as it can be told; of those that have passed, one run stands for all.
    pub(crate) fn after(&self, due: SystemTime, now: Now) -> Option<SystemTime> {
        let plan = self.plan.as_deref()?;
        match plan.period() {
            Some(period) => {
                let age = now.wall.duration_since(due).unwrap_or_default();
                let next = due.checked_add(age - remainder(age, period))?.checked_add(period);
                next.filter(|next| plan.until.map_or(true, |until| *next <= until))
            }
            None => plan.after(due.max(now.wall)),
        }
    }

    /// Whether there may be dues that cannot be told.
    pub(crate) fn knows_next_only(&self) -> bool {
        !self.plan.as_deref().map_or(true, Plan::is_known)
    }
}

impl Slot {
    pub(super) fn prospect(&self) -> Option<Prospect> {
        let seat = self.seat.as_ref()?;
        Some(Prospect {
            id: seat.id,
            name: self.name.clone(),
            plan: seat.plan.clone(),
            next: seat.next,
            left: seat.left(),
            mean: seat.took.mean(),
            is_paused: seat.is_paused,
            is_async: seat.is_async,
            overlap: seat.overlap,
            allowed_runs: seat.allowed_runs,
        })
    }

    pub(super) fn memory(&self, most: usize) -> Option<Memory> {
        let seat = self.seat.as_ref()?;
        Some(Memory {
            record: seat.record.clone(),
            is_kept: most > 0,
            plan: seat.plan.clone(),
            schedule: seat.schedule.clone(),
            next: seat.next,
            left: seat.left(),
            since: seat.since,
            is_replaced: seat.id != seat.version,
            is_paused: seat.is_paused,
            is_busy: seat.runs >= seat.allowed_runs,
            is_leaving: !self.leaving.is_empty(),
            cancelled: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(second)
    }

    fn ran(second: u64) -> Note {
        let ending = Ending::Finished;
        Note::Run { due: at(second), lateness: 0, took: 0, ending, is_by_hand: false }
    }

    fn missed(second: u64, why: Why) -> Note {
        Note::Missed { first: at(second), latest: at(second), count: 1, why, is_stood_for: false }
    }

    #[test]
    fn a_million_runs_are_a_few_notes_of_forty_bytes() {
        assert_eq!(std::mem::size_of::<Note>(), 40);
        assert_eq!(std::mem::size_of::<Option<Box<Record>>>(), std::mem::size_of::<usize>());
        let mut record = Record::default();
        (0..1_000_000).for_each(|second| record.push(ran(second), NOTES, true));
        assert_eq!((record.notes.len(), record.notes.capacity(), record.forgotten), (16, 16, None));
        let oldest =
            Note::Runs { first: at(0), latest: at(999_984), count: 999_985, ending: Ending::Finished };
        assert_eq!(format!("{:?}", record.notes[0]), format!("{oldest:?}"));
    }

    #[test]
    fn what_cannot_be_merged_is_forgotten_oldest_first() {
        let mut record = Record::default();
        (0..10).for_each(|second| record.push(ran(second), 4, false));
        assert_eq!((record.notes.len(), record.forgotten), (4, Some(at(5))));
        let mut record = Record::default();
        for second in 0..10 {
            record.push(ran(2 * second), 4, true);
            record.push(missed(2 * second + 1, Why::Late), 4, true);
        }
        assert_eq!((record.notes.len(), record.forgotten), (4, Some(at(15))));
    }

    #[test]
    fn dues_missed_in_a_row_for_one_reason_are_one_note() {
        let mut record = Record::default();
        for second in 0..9 {
            record.push(missed(second, if second < 6 { Why::Late } else { Why::Paused }), 4, true);
        }
        let counts = record.notes.iter().map(|note| match note {
            Note::Missed { first, latest, count, .. } => (*first, *latest, *count),
            _ => unreachable!(),
        });
        assert_eq!(counts.collect::<Vec<_>>(), [(at(0), at(5), 6), (at(6), at(8), 3)]);
    }
}
