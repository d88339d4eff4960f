//! What the notes of a task, and its schedule, say of one instant. Pure: no threads, no clock.

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

/// What is better the smaller it is: of dues in one second that which is named exactly, else the last before, else the
/// first after.
fn distance(due: SystemTime, asked: SystemTime) -> (bool, Duration) {
    match asked.duration_since(due) {
        Ok(before) => (false, before),
        Err(error) => (true, error.duration()),
    }
}

fn nearest(dues: impl IntoIterator<Item = SystemTime>, asked: SystemTime) -> Option<SystemTime> {
    dues.into_iter().filter(|&due| is_near(due, asked)).min_by_key(|&due| distance(due, asked))
}

/// Two dues in a row of so many at equal distances from `first` to `latest`, between which an instant lies.
fn around(
    (first, latest, count): (SystemTime, SystemTime, u64),
    asked: SystemTime,
) -> impl Iterator<Item = SystemTime> {
    let (start, span) = (unix_nanos(first), unix_nanos(latest) - unix_nanos(first));
    let steps = i128::from(count.max(2) - 1);
    // The two clocks run at slightly different speeds: the distance is that which the wall clock has shown.
    let step = (unix_nanos(asked) - start) * steps / span.max(1);
    [step, step + 1].into_iter().filter_map(move |step| system_time_of_nanos(start + span * step / steps))
}

/// The due that an instant means, of those from `first` to `latest`: so many at equal distances, or those of a plan. Only the
/// two are known if there is neither.
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

/// The due of a calendar plan in the second of an instant.
fn due_of(plan: &Plan, asked: SystemTime) -> Option<SystemTime> {
    nearest(plan.until(asked).into_iter().chain(plan.after(asked)), asked)
}

impl TaskHistory {
    /// What is known of an instant, and the due that it means, or the instant itself.
    pub(super) fn judge(
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
            // What is pending is known, and nothing else is.
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
            // An expression first fires after that.
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

    /// When the zone was changed, if that was later: the schedule knows the dues in the new one only.
    fn rezoned_after(&self, asked: SystemTime) -> Option<SystemTime> {
        self.record()?.zone_changed.filter(|&at| asked <= at && self.is_calendar())
    }

    /// Of a due that is not noted, although nothing as late is forgotten: it is none, as clocks show its time again.
    fn shown_before(&self, due: SystemTime) -> Option<Reason> {
        let record = self.record().filter(|record| record.forgotten < Some(due))?;
        record.zone_changed.map(|since| Reason::ShownBefore { since })
    }

    fn record(&self) -> Option<&crate::agenda::RunHistory> {
        self.history.as_deref()
    }

    fn notes(&self) -> impl DoubleEndedIterator<Item = HistoryItem> + '_ {
        self.record().into_iter().flat_map(|record| record.items.iter().copied())
    }

    fn is_calendar(&self) -> bool {
        self.plan.as_ref().map_or(false, |plan| plan.is_calendar())
    }

    /// The due of the last run, if that is soon enough to look for it, and if none is missed.
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

    /// The due in the second of an instant by the schedule alone, where `next` is one of the dues.
    fn due_from(&self, next: Option<SystemTime>, asked: SystemTime) -> Option<SystemTime> {
        let plan = self.plan.as_deref();
        let period = plan.and_then(|plan| plan.period());
        let computed = match (plan, period, next) {
            (Some(plan), Some(period), Some(next)) => {
                let (next, period) = (unix_nanos(next), period.as_nanos() as i128);
                let before = unix_nanos(asked) - (unix_nanos(asked) - next).rem_euclid(period);
                let dues = [before, before + period].map(system_time_of_nanos);
                let dues = dues.into_iter().flatten().filter(|&due| unix_nanos(due) >= next);
                nearest(dues, asked).filter(|&due| plan.until.map_or(true, |until| due <= until))
            }
            (Some(plan), ..) => due_of(plan, asked),
            _ => None,
        };
        nearest(next.into_iter().chain(computed), asked)
    }

    /// What the notes say.
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
                // Of equal ones the newest: a clock that was set back shows the same time again.
                if found.as_ref().map_or(true, |(best, ..)| rank < *best) {
                    found = Some((rank, due, reason));
                }
            }
        }
        found.map(|(_, due, reason)| (due, reason))
    }

    /// Why a due that has come was neither run nor missed so far.
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
            self.notes().flat_map(|note| note.dues()).flatten().chain(next).collect();
        // Of dues that are one note, the two ends are not the next ones.
        if plan.map_or(false, |plan| plan.period().is_some()) {
            let since = self.notes().rev().take_while(|note| !matches!(note, HistoryItem::Replaced));
            let blocks = since.filter_map(|note| note.block());
            let over = blocks.filter(|(first, latest, _)| *first <= asked && asked < *latest);
            known.extend(over.flat_map(|block| around(block, asked)));
        }
        // Of a period, the grid goes on from the next due.
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

/// The due that an instant means, if a note is about it, and what the note says.
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
            let stood_for = match at.checked_sub(1).map(|before| notes[before]) {
                Some(HistoryItem::Missed { count, is_coalesced: true, .. }) => u64::from(count),
                _ => 0,
            };
            let reason = match is_by_hand {
                true => Reason::RanByHand { ending, took },
                false => Reason::Ran { lateness: Duration::from_nanos(lateness), ending, took, stood_for },
            };
            is_near(due, asked).then_some((due, reason))
        }
        HistoryItem::Runs { first, latest, count, ending } => {
            let runs = u64::from(count);
            let due = due_among((first, latest, runs), plan, asked)?;
            Some((due, Reason::RanAsOneOf { runs, first, latest, ending }))
        }
        HistoryItem::Missed { first, latest, count, why, is_coalesced } => {
            let dues = u64::from(count);
            let due = due_among((first, latest, dues), plan, asked)?;
            let by = notes[at + 1..].iter().find_map(|note| match *note {
                HistoryItem::Run { due, is_by_hand: false, .. } => Some(due),
                HistoryItem::Runs { first, .. } => Some(first),
                _ => None,
            });
            let step = step_over(notes, due).filter(|_| matches!(why, Why::Late | Why::ClockCorrected));
            let reason = match by.filter(|_| is_coalesced) {
                Some(by) => Reason::StoodFor { by, why, step },
                None => Reason::Missed { why, dues, first, latest, step },
            };
            Some((due, reason))
        }
        HistoryItem::Stepped { .. } | HistoryItem::Paused { .. } | HistoryItem::Replaced => None,
    }
}

/// The last step of the clock that skipped a due.
fn step_over(notes: &[HistoryItem], due: SystemTime) -> Option<Step> {
    notes.iter().rev().find_map(|note| match *note {
        HistoryItem::Stepped { from, to } if from < due && due <= to => {
            to.duration_since(from).ok().map(Step::Forward)
        }
        _ => None,
    })
}

impl HistoryItem {
    /// The first and the last of more than one due, and how many they are.
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

    /// The dues that it names.
    fn dues(self) -> [Option<SystemTime>; 2] {
        match self {
            HistoryItem::Run { due, is_by_hand: false, .. } => [Some(due), None],
            HistoryItem::Runs { first, latest, .. } | HistoryItem::Missed { first, latest, .. } => {
                [Some(first), Some(latest)]
            }
            _ => [None, None],
        }
    }
}
