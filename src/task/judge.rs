//! Which occurrences are run, and which are missed. Pure, but for schedules that are the user's code.

use std::time::{Duration, SystemTime};

use super::{Missed, Overlap, Policy, Reason};
use crate::clock::Now;
use crate::error::Error;
use crate::event::Why;
use crate::schedule::{Due, Pass, Timetable};

/// What is to be found out about a schedule when its task is picked up. A worker asks the schedule without a lock if it is
/// the user's code.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question {
    pub(crate) policy: Policy,
    pub(crate) kind: QuestionKind,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum QuestionKind {
    /// The wall clock was set, or the zone changed, when the clocks showed this. Which due time is next after it?
    After(Now),
    /// Occurrences have come, this one first. Which are run, and which are missed?
    Come(Come),
}

/// Occurrences that have come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Come {
    pub(crate) first: Due,
    /// Up to a time they are missed.
    pub(crate) missed: Option<(Why, Now)>,
    /// These are missed, too.
    pub(crate) skipped: Option<Skipped>,
    pub(crate) late: Late,
}

/// Why occurrences are late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Late {
    /// Nothing could start the task: [`Missed`] applies.
    Unstarted,
    /// The task was running, and its policy is [`Overlap::Queue`].
    Overrun,
}

/// What came after `from`, up to `to`, is missed: a correction of the wall clock has skipped it, or the task was paused.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Skipped {
    pub(crate) from: SystemTime,
    pub(crate) to: SystemTime,
    pub(crate) why: Why,
}

impl Skipped {
    /// Whether a due time that has come is not after it.
    pub(crate) fn reaches(&self, due: Due, now: Now) -> bool {
        match due {
            Due::Elapsed(_) if self.why != Why::Paused => false,
            due => due.has_come(self.at(self.to, now)),
        }
    }

    /// A time of the wall clock by both clocks. What a correction has skipped is of the wall clock alone.
    fn at(&self, wall: SystemTime, now: Now) -> Now {
        match now.wall.duration_since(wall) {
            Ok(ago) if self.why == Why::Paused => now.before(ago),
            _ => Now { wall, ..now },
        }
    }
}

/// The answer to a [`Question`].
pub(crate) struct Verdicts {
    /// The run to start, if any.
    pub(crate) start: Option<Start>,
    /// Occurrences to report as missed.
    pub(crate) missed: Vec<MissedOccurrences>,
    /// The due time after those.
    pub(crate) next: NextDue,
}

/// The next due time of a task.
#[derive(Debug)]
pub(crate) enum NextDue {
    At(Due),
    /// The schedule has ended.
    Never,
    /// The schedule's own code panicked, or went back in time. It has ended, too.
    Broken(Error),
}

impl NextDue {
    /// The next due time, if there is one.
    pub(crate) fn due(&self) -> Option<Due> {
        match *self {
            NextDue::At(due) => Some(due),
            NextDue::Never | NextDue::Broken(_) => None,
        }
    }
}

impl From<Result<Option<Due>, Error>> for NextDue {
    fn from(found: Result<Option<Due>, Error>) -> NextDue {
        match found {
            Ok(Some(due)) => NextDue::At(due),
            Ok(None) => NextDue::Never,
            Err(error) => NextDue::Broken(error),
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Start {
    pub(crate) due: SystemTime,
    pub(crate) lateness: Duration,
    /// The due time without the delay, if replicas share it.
    pub(crate) claim: Option<SystemTime>,
    pub(crate) missed: u64,
    pub(crate) reason: Reason,
}

/// Missed occurrences with the same reason, from `first` to `latest`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MissedOccurrences {
    pub(crate) count: u64,
    pub(crate) first: SystemTime,
    pub(crate) latest: SystemTime,
    pub(crate) why: Why,
}

impl Question {
    /// Asks the schedule.
    pub(crate) fn answer(self, timetable: &mut Timetable, now: Now) -> Verdicts {
        match self.kind {
            QuestionKind::After(since) => Verdicts::new(timetable.after(since, now).into()),
            QuestionKind::Come(come) => come.judge(timetable, &self.policy, now),
        }
    }
}

impl Come {
    /// Classifies the occurrences up to now as run or missed, and finds the next due time.
    fn judge(self, timetable: &mut Timetable, policy: &Policy, now: Now) -> Verdicts {
        let mut verdicts = Verdicts::new(self.next(timetable, now));
        if let NextDue::Broken(_) = verdicts.next {
            // The schedule failed, so it is unknown whether an exclusion removes this occurrence. Report it rather than lose it.
            let due = self.first.passed_at(now);
            verdicts.missed.push(MissedOccurrences { count: 1, first: due, latest: due, why: Why::Late });
            return verdicts;
        }
        if let Some((why, until)) = self.missed {
            verdicts.miss_around(timetable, self.skipped, why, until, now);
        }
        // What came before those that were skipped still runs.
        let until = self.skipped.map_or(now, |it| it.at(it.from.min(now.wall), now));
        verdicts.run(timetable, policy, self.late, until, now);
        if let (Some(skipped), None) = (self.skipped, verdicts.start) {
            // If a run starts, what was skipped is judged after it.
            verdicts.miss(timetable, skipped.why, skipped.at(skipped.to, now), now);
            verdicts.run(timetable, policy, self.late, now, now);
        }
        verdicts
    }

    /// The first that is not left out.
    fn next(&self, timetable: &mut Timetable, now: Now) -> NextDue {
        match timetable.is_over(self.first, now) {
            true => NextDue::Never,
            false => timetable.from(self.first, now).into(),
        }
    }

    /// Classifies all occurrences up to now as missed. Nothing is run.
    pub(crate) fn miss_all(self, timetable: &mut Timetable, why: Why, now: Now) -> Verdicts {
        let mut verdicts = Verdicts::new(self.next(timetable, now));
        verdicts.miss_around(timetable, self.skipped, why, now, now);
        verdicts
    }
}

impl Verdicts {
    fn new(next: NextDue) -> Verdicts {
        Verdicts { start: None, missed: Vec::new(), next }
    }

    /// Occurrences up to `until` are missed for the reason `why`, but for those that were skipped for another.
    fn miss_around(
        &mut self,
        timetable: &mut Timetable,
        skipped: Option<Skipped>,
        why: Why,
        until: Now,
        now: Now,
    ) {
        if let Some(Skipped { from, to, why: other }) = skipped {
            self.miss(timetable, why, Now { wall: from.min(until.wall), ..until }, now);
            self.miss(timetable, other, Now { wall: to.min(until.wall), ..until }, now);
        }
        self.miss(timetable, why, until, now);
    }

    /// Occurrences up to `until` are missed.
    fn miss(&mut self, timetable: &mut Timetable, why: Why, until: Now, now: Now) {
        // If the clock was set back since then, occurrences that it will show again are not missed.
        let until = Now { wall: until.wall.min(now.wall), ..until };
        if let Some(due) = self.next.due().filter(|due| due.has_come(until)) {
            let pass = timetable.pass(due, until, now);
            let (first, latest) = (due.passed_at(now), pass.latest.passed_at(now));
            self.missed.push(MissedOccurrences { count: pass.count, first, latest, why });
            self.next = pass.next.into();
        }
    }

    /// Of the occurrences from `due` up to `until` all but the last `most` are missed. Returns the first of those.
    fn miss_all_but(
        &mut self,
        timetable: &mut Timetable,
        due: Due,
        most: usize,
        until: Now,
        now: Now,
    ) -> Due {
        let mut count_until = |until: Now| timetable.pass(due, until, now).count;
        let missed = count_until(until).saturating_sub(most as u64);
        if missed == 0 {
            return due;
        }
        // The least time up to which so many have come: that of the last one to be missed.
        let before = |by: u128| until.before(Duration::from_nanos(u64::try_from(by).unwrap_or(u64::MAX)));
        let (mut none, mut all) = (due.age(until).unwrap_or_default().as_nanos() + 1, 0);
        while none - all > 1 {
            let middle = all + (none - all) / 2;
            let has_all = due.has_come(before(middle)) && count_until(before(middle)) >= missed;
            *(if has_all { &mut all } else { &mut none }) = middle;
        }
        self.miss(timetable, Why::StillRunning, before(all), now);
        self.next.due().unwrap_or(due)
    }

    /// One of the occurrences up to `until` is run, if the policy says so. The others are missed.
    fn run(&mut self, timetable: &mut Timetable, policy: &Policy, late: Late, until: Now, now: Now) {
        let due = match self.next.due() {
            Some(due) if due.has_come(until) => due,
            _ => return,
        };
        let is_overrun = late == Late::Overrun;
        let due = match policy.overlap {
            Overlap::QueueAll(most) if is_overrun => self.miss_all_but(timetable, due, most, until, now),
            _ => due,
        };
        let is_each = match policy.overlap {
            _ if !is_overrun => policy.missed == Missed::All,
            overlap => matches!(overlap, Overlap::QueueAll(_)),
        };
        let Pass { latest, before, count, next } = match is_each {
            true => Pass { latest: due, before: None, count: 1, next: timetable.next(due, now) },
            false => timetable.pass(due, until, now),
        };
        self.next = next.into();
        let lateness = latest.age(now).unwrap_or_default();
        let starts = is_overrun || lateness <= policy.grace();
        // The run is for the latest occurrence; the others are missed.
        let (missed, last_missed) = if starts { (count - 1, before) } else { (count, Some(latest)) };
        if let Some(last_missed) = last_missed {
            let why = if is_overrun { Why::StillRunning } else { Why::Late };
            let (first, latest) = (due.passed_at(now), last_missed.passed_at(now));
            self.missed.push(MissedOccurrences { count: missed, first, latest, why });
        }
        if starts {
            let reason = if latest.calendar().is_some() { Reason::Calendar } else { Reason::Elapsed };
            let claim = latest.calendar().filter(|_| !policy.is_unclaimed && timetable.is_shared());
            let claim = claim.map(|due| timetable.undelayed(due));
            self.start = Some(Start { due: latest.passed_at(now), lateness, claim, missed, reason });
        }
    }
}
