//! What the agenda holds of a name and of the task that owns it. `README.md` beside this file says who may change what.
//! Pure: no threads, no clock.

use std::panic::Location;
use std::time::SystemTime;

use crate::clock::Now;
use crate::event::Why;
use crate::schedule::{Described, Due, Timetable, WithAdded, Words};
use crate::stats::Identity;
use crate::sync::{Arc, Instant};
use crate::task::{Come, Job, Late, Missed, Overlap, Policy, Retry, Skipped};
use crate::tz::Zone;

/// What the agenda holds of a name.
pub(super) struct NameEntry {
    /// That of the task, or of the one that had the name last.
    pub(super) identity: Arc<Identity>,
    /// The task of this name. In its last run another one may take the name from it.
    pub(super) entry: Option<Entry>,
}

/// Of a task that has lost its name: a run that has not ended, or a schedule that is being asked.
pub(super) struct Detached {
    pub(super) identity: Arc<Identity>,
    pub(super) version: u64,
    /// When the task lost its name, and why. None if another task took it during the last run, which is not asked to stop.
    pub(super) at: Now,
    pub(super) why: Option<Why>,
    pub(super) kind: DetachedKind,
    /// Whether it was the last run of its task: its end is the end of the task.
    pub(super) is_last: bool,
    /// Whether nobody waits for it any longer: a future is dropped if it is pending.
    pub(super) is_given_up: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum DetachedKind {
    Run,
    Asked,
}

/// Finds the entry of a task again, if the task still has it.
#[derive(Clone, Copy)]
pub(crate) struct EntryKey {
    /// In the agenda's list of names.
    pub(super) index: usize,
    pub(super) version: u64,
}

/// Since when a task waits for a worker.
#[derive(Clone, Copy)]
pub(super) struct Wait {
    pub(super) key: EntryKey,
    pub(super) turn: u32,
    pub(super) since: Instant,
}

/// What a task was scheduled with.
pub(super) struct Spec {
    /// Boxed, as most tasks have the default. That is None.
    pub(super) policy: Option<Box<Policy>>,
    pub(super) scheduled_at: &'static Location<'static>,
    /// The schedule in words, if it does not say them itself.
    pub(super) words: Option<Arc<WithAdded>>,
    /// The task's own zone. None if it follows the scheduler's zone.
    pub(super) zone: Option<Zone>,
    /// When this version of the task was scheduled.
    pub(super) since: SystemTime,
}

/// What the agenda holds of one task.
pub(super) struct Entry {
    /// The number of this version of the task: of this schedule and callback.
    pub(super) version: u64,
    pub(super) spec: Spec,
    /// The schedule. None while a worker asks it without a lock, as it is the user's code.
    pub(super) timetable: Option<Timetable>,
    /// The callback. None during a run, unless it is one that several threads may call.
    pub(super) job: Option<Job>,
    /// The first due time that was neither run nor reported as missed.
    pub(super) next: Option<Due>,
    pub(super) stage: Stage,
    pub(super) hold: Hold,
    pub(super) demand: Demand,
    pub(super) ends: Ends,
    /// Whether some of its elapsed time is left out, by what the wall clock shows. Known also while the schedule is asked.
    pub(super) elapsed: ElapsedTime,
    /// The number of the last run, if the task ends with its schedule.
    pub(super) last: u64,
    /// Runs that have not ended.
    pub(super) runs: u32,
    /// Runs begun, those of the tasks that this one has replaced included.
    pub(super) count: u64,
    /// What few tasks have.
    pub(super) marks: Option<Box<Marks>>,
}

/// What the task waits for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// For the end of a run, of this task or of an earlier one of its name, or for a caller.
    Idle,
    /// For its next due time, which has a live item in a heap.
    Armed,
    /// For a worker. `turn` is the number of this wait.
    Queued { cause: Cause, turn: u32 },
    /// For the answer of its schedule, which is the user's code. A worker asks it.
    Asked,
    /// For the end of its last run. Nothing follows, and the name is free for another task.
    Ending,
}

/// Why a task waits for a worker.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// Its next due time has come. Or it is over, or what it has missed is to be counted.
    Due,
    /// The same, while it was running, and the policy is [`Overlap::Queue`].
    Overrun,
    /// The schedule is to be asked.
    Ask,
    /// A run was demanded.
    Demand,
    /// A run that failed is to be repeated.
    Retry,
}

/// Of a schedule of elapsed time.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum ElapsedTime {
    #[default]
    AllIsDue,
    /// What the wall clock shows says what is left out.
    SomeIsLeftOut,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Hold {
    Free,
    Paused,
}

/// A run beside the schedule.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Demand {
    None,
    /// It was demanded and has not begun.
    Run,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ends {
    /// With its schedule, or with the run of a number.
    WithItsSchedule,
    AfterTheNextRun,
}

/// What few tasks have: boxed, so that the others do not carry it.
#[derive(Default)]
pub(super) struct Marks {
    /// Occurrences up to a time are missed. The schedule counts them when it is asked, as it is the user's code.
    pub(super) missed: Option<(Why, Now)>,
    /// Of what has come after the next due time, this is missed.
    pub(super) skipped: Option<Skipped>,
    /// Occurrences up to here had passed before the current run began, so they are not overruns of it.
    pub(super) backlog: Option<Now>,
    /// The schedule is to be asked for the next due time after this. Later occurrences have not been judged.
    pub(super) ask_after: Option<Now>,
    /// The wall clock was set. Applied at once, or when the schedule has answered.
    pub(super) clock_set: Option<ClockSet>,
    /// The zone was changed. Applied at once, or when the schedule has answered.
    pub(super) zone_change: Option<ZoneChange>,
    /// A run that failed is to be repeated.
    pub(super) retry: Option<Box<Retry>>,
    /// Occurrences up to a time passed during a pause. They are run as this says, not as the policy does.
    pub(super) catch_up: Option<(Missed, Now)>,
    /// What has passed before the last run is missed, from a due time up to a time. The schedule counts it when the task ends, as it
    /// is the user's code.
    pub(super) rest: Option<(Due, Now, Why)>,
}

/// The wall clock was set back; or forward, if elapsed time is left out by what it shows.
#[derive(Clone, Copy)]
pub(super) struct ClockSet {
    pub(super) is_correction: bool,
    /// The wall time when that was noticed. Due times after it are still to come.
    pub(super) to: SystemTime,
    /// When it was noticed; for the first time, if elapsed time is left out.
    pub(super) at: Instant,
}

/// The zone of a task was changed.
pub(super) struct ZoneChange {
    /// The new zone.
    pub(super) zone: Zone,
    pub(super) at: Now,
    /// The latest time that the wall clock had shown until then.
    pub(super) shown: SystemTime,
}

impl Marks {
    pub(super) fn is_empty(&self) -> bool {
        matches!(
            self,
            Marks {
                missed: None,
                skipped: None,
                backlog: None,
                ask_after: None,
                clock_set: None,
                zone_change: None,
                retry: None,
                catch_up: None,
                rest: None,
            }
        )
    }
}

impl Spec {
    pub(super) fn policy(&self) -> Policy {
        self.policy.as_deref().copied().unwrap_or_default()
    }
}

impl Entry {
    pub(super) fn described(&self) -> Described {
        let words = self.spec.words.clone().map(Words::With);
        let words = words.or_else(|| self.timetable.as_ref()?.words());
        let words = words.expect("the words are kept of a schedule that may be away");
        Described { words, zone: self.spec.zone.clone() }
    }

    /// The maximum number of runs at a time.
    pub(super) fn allowed_runs(&self) -> usize {
        match self.spec.policy().overlap {
            Overlap::Allow(runs) => runs.max(1),
            Overlap::Skip | Overlap::Queue | Overlap::QueueAll(_) => 1,
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.runs as usize >= self.allowed_runs()
    }

    /// Whether overruns are counted when they come. Otherwise the end of the run asks the schedule, or queues the task.
    pub(super) fn counts_overruns(&self) -> bool {
        let is_users = self.timetable.as_ref().map_or(true, |timetable| timetable.is_users());
        !is_users && !self.spec.policy().overlap.is_queue()
    }

    /// How many runs are left before the task ends.
    pub(super) fn left(&self) -> u64 {
        match self.ends {
            Ends::WithItsSchedule => self.last.saturating_sub(self.count),
            Ends::AfterTheNextRun => 1,
        }
    }

    /// Whether its last run has begun.
    pub(super) fn is_ending(&self) -> bool {
        self.stage == Stage::Ending
    }

    pub(super) fn leaves_out_elapsed(&self) -> bool {
        self.elapsed == ElapsedTime::SomeIsLeftOut
    }

    pub(super) fn is_paused(&self) -> bool {
        self.hold == Hold::Paused
    }

    /// Whether no run will follow: the schedule has ended, and none is demanded.
    pub(super) fn is_over(&self) -> bool {
        let is_idle = self.stage == Stage::Idle && self.ask_after().is_none();
        let has_ended = is_idle && self.next.is_none() && self.demand == Demand::None;
        self.runs == 0 && self.retry().is_none() && (has_ended || self.is_ending())
    }

    /// The next due time, if it has come.
    pub(super) fn passed(&self, now: Now) -> Option<Due> {
        self.next.filter(|due| due.has_come(now))
    }

    /// Whether the next due time is counted from the end of a run.
    pub(super) fn counts_from_end(&self) -> bool {
        self.timetable.as_ref().map_or(false, |timetable| timetable.counts_from_end())
    }

    /// The last attempt of a run has ended. The next due time may be counted from here.
    pub(super) fn follow_end(&mut self, now: Now) {
        if self.runs == 0 && self.next.is_none() && self.stage == Stage::Idle {
            self.next = self.timetable.as_ref().and_then(|timetable| timetable.after_end(now));
        }
    }

    #[inline(never)]
    pub(super) fn marks(&mut self) -> &mut Marks {
        self.marks.get_or_insert_with(Box::default)
    }

    pub(super) fn ask_after(&self) -> Option<Now> {
        self.marks.as_ref()?.ask_after
    }

    pub(super) fn backlog(&self) -> Option<Now> {
        self.marks.as_ref()?.backlog
    }

    /// Occurrences up to here are no overruns of the run that begins. None clears that.
    pub(super) fn set_backlog(&mut self, backlog: Option<Now>) {
        if backlog.is_some() || self.marks.is_some() {
            self.marks().backlog = backlog;
        }
    }

    /// The occurrences that have come and are to be judged. None if there are none, or if the task is paused.
    pub(super) fn come(&mut self, cause: Cause, now: Now) -> Option<Come> {
        let first = self.passed(now).filter(|_| !self.is_paused())?;
        let late = if cause == Cause::Overrun { Late::Overrun } else { Late::Unstarted };
        let (missed, skipped) = match &mut self.marks {
            Some(marks) => (marks.missed.take(), marks.skipped),
            None => (None, None),
        };
        let missed = missed.filter(|(_, until)| first.has_come(*until));
        Some(Come { first, missed, skipped, late })
    }

    /// Once the next due time is after what was skipped, that is done with.
    pub(super) fn forget_skipped(&mut self, now: Now) {
        let next = self.next;
        if let Some(marks) = &mut self.marks {
            let is_ahead = |it: &Skipped| next.map_or(false, |next| it.reaches(next, now));
            marks.skipped = marks.skipped.filter(is_ahead);
        }
    }
}
