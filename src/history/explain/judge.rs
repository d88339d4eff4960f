//! Explains one instant from the history and the schedule of a task. Pure: no threads, no clock.

use std::time::{Duration, SystemTime};

use super::Reason;
use crate::agenda::{Ending, HistoryItem, TaskHistory};
use crate::clock::{Now, Step};
use crate::event::Why;
use crate::schedule::Plan;
use crate::tools::why::Explanation;
use crate::tz::{system_time, system_time_of_nanos, unix_nanos, unix_seconds};

/// Whether two instants lie in the same second.
fn is_near(one: SystemTime, other: SystemTime) -> bool {
    unix_seconds(one) == unix_seconds(other)
}

/// The order in which due times of one second are preferred, smallest first: the instant itself, then the last one before it,
/// then the first one after it.
fn distance(due: SystemTime, asked: SystemTime) -> (bool, Duration) {
    match asked.duration_since(due) {
        Ok(before) => (false, before),
        Err(error) => (true, error.duration()),
    }
}

fn nearest(due_times: impl IntoIterator<Item = SystemTime>, asked: SystemTime) -> Option<SystemTime> {
    due_times.into_iter().filter(|&due| is_near(due, asked)).min_by_key(|&due| distance(due, asked))
}

/// The two due times around an instant, of `count` due times at equal distances from `first` to `latest`.
fn around(
    (first, latest, count): (SystemTime, SystemTime, u64),
    asked: SystemTime,
) -> impl Iterator<Item = SystemTime> {
    let (start, span) = (unix_nanos(first), unix_nanos(latest) - unix_nanos(first));
    let steps = i128::from(count.max(2) - 1);
    // The two clocks run at slightly different speeds. Use the distance that the wall clock has shown.
    let step = (unix_nanos(asked) - start) * steps / span.max(1);
    [step, step + 1].into_iter().filter_map(move |step| system_time_of_nanos(start + span * step / steps))
}

/// The due time that an instant means, of `count` from `first` to `latest`. Those in between follow from the plan: a calendar,
/// or equal distances. Without a plan only `first` and `latest` are known.
fn due_among(
    (first, latest, count): (SystemTime, SystemTime, u64),
    plan: Option<&Plan>,
    asked: SystemTime,
) -> Option<SystemTime> {
    let between = match plan {
        Some(plan) if plan.is_calendar() => due_of(plan, asked),
        Some(plan) if plan.period().is_some() && count > 2 => {
            nearest(around((first, latest, count), asked), asked)
        }
        _ => None,
    };
    let between = between.filter(|&due| first <= due && due <= latest);
    nearest([first, latest].into_iter().chain(between), asked)
}

/// The due time of a calendar plan in the second of an instant.
fn due_of(plan: &Plan, asked: SystemTime) -> Option<SystemTime> {
    nearest(plan.until(asked).into_iter().chain(plan.after(asked)), asked)
}

impl TaskHistory {
    /// Explains an instant. Returns the due time that it means, or the instant itself if nothing is due, and the reason.
    pub(super) fn reason_at(
        &self,
        asked: SystemTime,
        now: Now,
        clocks: Option<Explanation>,
    ) -> (SystemTime, Reason) {
        if let Some(found) = self.noted(asked) {
            return found;
        }
        if let Some(at) = self.cancelled.map(|now| now.wall).filter(|at| asked > *at) {
            return (asked, Reason::Cancelled { at });
        }
        let next = self.next.and_then(|next| next.wall(now));
        if let Some(at) = self.rezoned_after(asked) {
            // Of the old zone, only the next due time is known.
            return match next.filter(|&next| is_near(next, asked)) {
                Some(next) => (next, self.pending()),
                None if asked < self.since => (asked, self.unscheduled()),
                None => (asked, Reason::Rezoned { since: at }),
            };
        }
        let due = self.due_from(next, asked);
        let is_cron = self.plan.as_ref().map_or(false, |plan| plan.cron().is_some());
        if let Some(last) = next.and_then(|next| self.last_due(next)).filter(|last| due > Some(*last)) {
            return (asked, Reason::Over { until: last });
        }
        match (due, next) {
            (Some(due), Some(next)) if due >= next => {
                let reason = match self.cancelled {
                    _ if due <= now.wall => self.pending(),
                    Some(now) => Reason::Cancelled { at: now.wall },
                    None => Reason::NotYet { is_paused: self.is_paused },
                };
                (due, reason)
            }
            (None, Some(next)) if asked >= next => (asked, self.not_due(asked, Some(next), clocks)),
            _ if asked > now.wall && due.is_none() => (asked, self.not_due(asked, next, clocks)),
            (Some(due), _) if due > self.since || (due == self.since && !is_cron) => {
                (due, self.shown_before(due).unwrap_or_else(|| self.forgotten()))
            }
            // A cron expression fires after that instant at the earliest.
            _ if due.map_or(asked, |due| due.min(asked)) < self.since || due == Some(self.since) => {
                (asked, self.unscheduled())
            }
            (None, _) if self.is_calendar() => (asked, self.not_due(asked, next, clocks)),
            _ if !self.is_kept || self.record().map_or(false, |record| Some(asked) <= record.forgotten) => {
                (asked, self.forgotten())
            }
            _ => (asked, self.not_due(asked, next, clocks)),
        }
    }

    /// When the zone was changed, if that was after `asked`. The schedule knows only the due times in the new zone.
    fn rezoned_after(&self, asked: SystemTime) -> Option<SystemTime> {
        self.record()?.zone_changed.filter(|&at| asked <= at && self.is_calendar())
    }

    /// The reason for a due time that the history should have and does not: the clocks showed that time already, in the old zone.
    fn shown_before(&self, due: SystemTime) -> Option<Reason> {
        let record = self.record().filter(|record| record.forgotten < Some(due))?;
        record.zone_changed.map(|since| Reason::ShownBefore { since })
    }

    fn record(&self) -> Option<&crate::agenda::history::RunHistory> {
        self.history.as_deref()
    }

    fn notes(&self) -> impl DoubleEndedIterator<Item = HistoryItem> + '_ {
        self.record().into_iter().flat_map(|record| record.items.iter().copied())
    }

    fn is_calendar(&self) -> bool {
        self.plan.as_ref().map_or(false, |plan| plan.is_calendar())
    }

    /// The due time of the last run, if no occurrence is missed. `None` if it is too far away to compute.
    fn last_due(&self, next: SystemTime) -> Option<SystemTime> {
        const SOON: u64 = 10_000;
        if self.left > SOON {
            return None;
        }
        let plan = self.plan.as_deref();
        let after = |due: &SystemTime| match plan?.period() {
            Some(period) => due.checked_add(period),
            None => plan?.after(*due),
        };
        std::iter::successors(Some(next), after).take(self.left as usize).last()
    }

    /// The due time in the second of an instant, by the schedule alone. `next` is one of the due times.
    fn due_from(&self, next: Option<SystemTime>, asked: SystemTime) -> Option<SystemTime> {
        let plan = self.plan.as_deref();
        let period = plan.and_then(|plan| plan.period());
        let computed = match (plan, period, next) {
            (Some(plan), Some(period), Some(next)) => {
                let (next, period) = (unix_nanos(next), period.as_nanos() as i128);
                let before = unix_nanos(asked) - (unix_nanos(asked) - next).rem_euclid(period);
                let due_times = [before, before + period].map(system_time_of_nanos);
                let due_times = due_times.into_iter().flatten().filter(|&due| unix_nanos(due) >= next);
                nearest(due_times, asked).filter(|&due| plan.until.map_or(true, |until| due <= until))
            }
            (Some(plan), ..) => due_of(plan, asked),
            _ => None,
        };
        nearest(next.into_iter().chain(computed), asked)
    }

    /// What the history has about an instant.
    fn noted(&self, asked: SystemTime) -> Option<(SystemTime, Reason)> {
        let notes: Vec<HistoryItem> = self.notes().collect();
        let replaced = notes.iter().rposition(|note| matches!(note, HistoryItem::Replaced));
        let is_of_old_zone = self.rezoned_after(asked).is_some();
        let mut found: Option<((bool, Duration, bool), SystemTime, Reason)> = None;
        for (at, &note) in notes.iter().enumerate().rev() {
            let is_of_plan = !is_of_old_zone && replaced.map_or(true, |replaced| at > replaced);
            let plan = self.plan.as_deref().filter(|_| is_of_plan);
            let is_by_hand = matches!(note, HistoryItem::Run { is_by_hand: true, .. });
            if let Some((due, reason)) = of_note(&notes, at, note, plan, asked) {
                let (is_after, distance) = distance(due, asked);
                let rank = (is_after, distance, is_by_hand);
                // Of equal ones take the newest: a clock that was set back shows the same time again.
                if found.as_ref().map_or(true, |(best, ..)| rank < *best) {
                    found = Some((rank, due, reason));
                }
            }
        }
        found.map(|(_, due, reason)| (due, reason))
    }

    /// Why a due time has come and its run has not started.
    fn pending(&self) -> Reason {
        if self.has_detached_run {
            return Reason::Running { due: None };
        }
        if self.is_paused {
            let mut notes = self.notes().rev();
            let since = notes.find_map(|note| match note {
                HistoryItem::Paused { at } => Some(at),
                _ => None,
            });
            return Reason::Paused { since };
        }
        let running = self.notes().rev().find_map(|note| match note {
            HistoryItem::Run { due, ending: Ending::Running, .. } => Some(due),
            _ => None,
        });
        match running {
            _ if !self.is_busy => Reason::Waiting,
            due => Reason::Running { due },
        }
    }

    fn unscheduled(&self) -> Reason {
        Reason::Unscheduled { since: self.since, is_replaced: self.is_replaced }
    }

    fn forgotten(&self) -> Reason {
        Reason::Forgotten { since: self.record().and_then(|record| record.forgotten) }
    }

    /// Why nothing is due at an instant.
    fn not_due(&self, asked: SystemTime, next: Option<SystemTime>, clocks: Option<Explanation>) -> Reason {
        let plan = self.plan.as_deref();
        let until = plan.and_then(|plan| plan.until).filter(|&until| asked > until);
        let cron = plan.and_then(|plan| plan.cron());
        if let (Some((_, _, floor)), Some(clocks)) = (cron, clocks) {
            match system_time(floor) {
                _ if !clocks.fires() => return Reason::DoesNotFire(clocks),
                Some(start) if unix_seconds(asked) <= floor => return Reason::NotStarted { start },
                _ => {}
            }
        }
        if let Some(until) = until {
            return Reason::Over { until };
        }
        let is_known = plan.map_or(true, Plan::is_known);
        if let Some(next) = next.filter(|&next| !is_known && asked > next) {
            return Reason::NotKnown { next };
        }
        if let (Some(plan), true) = (plan, self.is_calendar()) {
            return Reason::NotDue { before: plan.until(asked), after: plan.after(asked), step: None };
        }
        let mut known: Vec<SystemTime> =
            self.notes().flat_map(|note| note.due_times()).flatten().chain(next).collect();
        // Inside a merged note, the nearest due times are not its two ends.
        if plan.map_or(false, |plan| plan.period().is_some()) {
            let since = self.notes().rev().take_while(|note| !matches!(note, HistoryItem::Replaced));
            let blocks = since.filter_map(|note| note.block());
            let over = blocks.filter(|(first, latest, _)| *first <= asked && asked < *latest);
            known.extend(over.flat_map(|block| around(block, asked)));
        }
        // The grid of a period continues from the next due time.
        if let (Some(period), Some(next)) = (plan.and_then(|plan| plan.period()), next) {
            if let Ok(ahead) = asked.duration_since(next) {
                let before = unix_nanos(asked) - (ahead.as_nanos() % period.as_nanos()) as i128;
                let grid = [before, before.saturating_add(period.as_nanos() as i128)];
                known.extend(grid.into_iter().filter_map(system_time_of_nanos));
            }
        }
        let before = known.iter().copied().filter(|&due| due < asked).max();
        let after = known.iter().copied().filter(|&due| due > asked).min();
        let notes: Vec<HistoryItem> = self.notes().collect();
        Reason::NotDue { before, after, step: step_over(&notes, asked) }
    }
}

/// If a note is about an instant: the due time that it means, and the reason.
fn of_note(
    notes: &[HistoryItem],
    at: usize,
    note: HistoryItem,
    plan: Option<&Plan>,
    asked: SystemTime,
) -> Option<(SystemTime, Reason)> {
    match note {
        HistoryItem::Run { due, lateness, took, ending, is_by_hand } => {
            let took = (ending != Ending::Running).then(|| Duration::from_nanos(took));
            let coalesced = match at.checked_sub(1).map(|before| notes[before]) {
                Some(HistoryItem::Missed { count, is_coalesced: true, .. }) => u64::from(count),
                _ => 0,
            };
            let reason = match is_by_hand {
                true => Reason::RunNow { ending, took },
                false => Reason::Ran { lateness: Duration::from_nanos(lateness), ending, took, coalesced },
            };
            is_near(due, asked).then_some((due, reason))
        }
        HistoryItem::Runs { first, latest, count, ending } => {
            let runs = u64::from(count);
            let due = due_among((first, latest, runs), plan, asked)?;
            Some((due, Reason::RanAsOneOf { runs, first, latest, ending }))
        }
        HistoryItem::Missed { first, latest, count, why, is_coalesced } => {
            let count = u64::from(count);
            let due = due_among((first, latest, count), plan, asked)?;
            let by = notes[at + 1..].iter().find_map(|note| match *note {
                HistoryItem::Run { due, is_by_hand: false, .. } => Some(due),
                HistoryItem::Runs { first, .. } => Some(first),
                _ => None,
            });
            let step = step_over(notes, due).filter(|_| matches!(why, Why::Late | Why::ClockCorrected));
            let reason = match by.filter(|_| is_coalesced) {
                Some(by) => Reason::Coalesced { by, why, step },
                None => Reason::Missed { why, count, first, latest, step },
            };
            Some((due, reason))
        }
        HistoryItem::Stepped { .. } | HistoryItem::Paused { .. } | HistoryItem::Replaced => None,
    }
}

/// The last clock step that skipped a due time.
fn step_over(notes: &[HistoryItem], due: SystemTime) -> Option<Step> {
    notes.iter().rev().find_map(|note| match *note {
        HistoryItem::Stepped { from, to } if from < due && due <= to => {
            to.duration_since(from).ok().map(Step::Forward)
        }
        _ => None,
    })
}

impl HistoryItem {
    /// The first and the last due time of a merged note, and their number.
    fn block(self) -> Option<(SystemTime, SystemTime, u64)> {
        match self {
            HistoryItem::Runs { first, latest, count, .. }
            | HistoryItem::Missed { first, latest, count, .. }
                if count > 1 =>
            {
                Some((first, latest, u64::from(count)))
            }
            _ => None,
        }
    }

    /// The due times that it names.
    fn due_times(self) -> [Option<SystemTime>; 2] {
        match self {
            HistoryItem::Run { due, is_by_hand: false, .. } => [Some(due), None],
            HistoryItem::Runs { first, latest, .. } | HistoryItem::Missed { first, latest, .. } => {
                [Some(first), Some(latest)]
            }
            _ => [None, None],
        }
    }
}
