//! Explains one instant from the history and the schedule of a task. Pure: no threads, no clock.

use std::time::{Duration, SystemTime};

use super::super::items::{Ending, Item};
use super::super::recorder::TaskHistory;
use super::Reason;
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
        if let Some(found) = self.recorded(asked) {
            return found;
        }
        if let Some(at) = self.cancelled.map(|now| now.wall).filter(|at| asked > *at) {
            return (asked, Reason::Cancelled { at });
        }
        let next = self.task.next.and_then(|next| next.wall(now));
        if let Some(at) = self.rezoned_after(asked) {
            // Of the old zone, only the next due time is known.
            return match next.filter(|&next| is_near(next, asked)) {
                Some(next) => (next, self.pending()),
                None if asked < self.task.since => (asked, self.unscheduled()),
                None => (asked, Reason::Rezoned { since: at }),
            };
        }
        let (due, since) = (self.due_from(next, asked), Some(self.task.since));
        let is_cron = self.plan().map_or(false, |plan| plan.cron().is_some());
        if let Some(last) = next.and_then(|next| self.last_due(next)).filter(|last| due > Some(*last)) {
            return (asked, Reason::Over { until: last });
        }
        match (due, next) {
            (Some(due), Some(next)) if due >= next => {
                let reason = match self.cancelled {
                    _ if due <= now.wall => self.pending(),
                    Some(now) => Reason::Cancelled { at: now.wall },
                    None => Reason::NotYet { is_paused: self.task.is_paused },
                };
                (due, reason)
            }
            (None, Some(next)) if asked >= next => (asked, self.not_due(asked, Some(next), clocks)),
            _ if asked > now.wall && due.is_none() => (asked, self.not_due(asked, next, clocks)),
            (Some(_), _) if due > since || (due == since && !is_cron) => {
                let due = due.unwrap_or(asked);
                (due, self.shown_before(due).unwrap_or_else(|| self.forgotten()))
            }
            // A cron expression fires after that instant at the earliest.
            _ if Some(due.map_or(asked, |due| due.min(asked))) < since || (due.is_some() && due == since) => {
                (asked, self.unscheduled())
            }
            (None, _) if self.is_calendar() => (asked, self.not_due(asked, next, clocks)),
            _ if !self.is_kept || Some(asked) <= self.forgotten => (asked, self.forgotten()),
            _ => (asked, self.not_due(asked, next, clocks)),
        }
    }

    /// When the zone was changed, if that was after `asked`. The schedule knows only the due times in the new zone.
    fn rezoned_after(&self, asked: SystemTime) -> Option<SystemTime> {
        self.zone_changed.filter(|&at| asked <= at && self.is_calendar())
    }

    /// The reason for a due time that the history should have and does not: the clocks showed that time already, in the old zone.
    fn shown_before(&self, due: SystemTime) -> Option<Reason> {
        self.zone_changed.filter(|_| self.forgotten < Some(due)).map(|since| Reason::ShownBefore { since })
    }

    fn plan(&self) -> Option<&Plan> {
        self.task.plan.as_ref()
    }

    fn is_calendar(&self) -> bool {
        self.plan().map_or(false, Plan::is_calendar)
    }

    /// The due time of the last run, if no occurrence is missed. `None` if it is too far away to compute.
    fn last_due(&self, next: SystemTime) -> Option<SystemTime> {
        const SOON: u64 = 10_000;
        if self.task.left > SOON {
            return None;
        }
        let plan = self.plan();
        let after = |due: &SystemTime| match plan?.period() {
            Some(period) => due.checked_add(period),
            None => plan?.after(*due),
        };
        std::iter::successors(Some(next), after).take(self.task.left as usize).last()
    }

    /// The due time in the second of an instant, by the schedule alone. `next` is one of the due times.
    fn due_from(&self, next: Option<SystemTime>, asked: SystemTime) -> Option<SystemTime> {
        let plan = self.plan();
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
    fn recorded(&self, asked: SystemTime) -> Option<(SystemTime, Reason)> {
        let replaced = self.items.iter().rposition(|item| matches!(item, Item::Replaced));
        let is_of_old_zone = self.rezoned_after(asked).is_some();
        let mut found: Option<((bool, Duration, bool), SystemTime, Reason)> = None;
        for (at, &item) in self.items.iter().enumerate().rev() {
            // A replacement is recorded before the occurrences that it has cancelled.
            let is_cancelled = matches!(item, Item::Missed { why: Why::Cancelled, .. });
            let is_of_before = is_cancelled && self.cancelled.is_none();
            let is_of_plan =
                !is_of_old_zone && !is_of_before && replaced.map_or(true, |replaced| at > replaced);
            let plan = self.plan().filter(|_| is_of_plan);
            let is_on_demand = matches!(item, Item::Run { is_on_demand: true, .. });
            if let Some((due, reason)) = self.of_item(at, item, plan, asked) {
                let (is_after, distance) = distance(due, asked);
                let rank = (is_after, distance, is_on_demand);
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
        if self.task.has_detached_run {
            return Reason::Running { due: None };
        }
        if self.task.is_paused {
            return Reason::Paused { since: self.paused };
        }
        let running = self.items.iter().rev().find_map(|item| match *item {
            Item::Run { due, ending: Ending::Running, .. } => Some(due),
            _ => None,
        });
        match running {
            _ if !self.task.is_busy => Reason::Waiting,
            due => Reason::Running { due },
        }
    }

    fn unscheduled(&self) -> Reason {
        Reason::Unscheduled { since: self.task.since, is_replaced: self.task.is_replaced }
    }

    fn forgotten(&self) -> Reason {
        Reason::Forgotten { since: self.forgotten }
    }

    /// Why nothing is due at an instant.
    fn not_due(&self, asked: SystemTime, next: Option<SystemTime>, clocks: Option<Explanation>) -> Reason {
        let plan = self.plan();
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
            self.items.iter().flat_map(|item| item.due_times()).flatten().chain(next).collect();
        // Inside a merged item, the nearest due times are not its two ends.
        if plan.map_or(false, |plan| plan.period().is_some()) {
            let since = self.items.iter().rev().take_while(|item| !matches!(item, Item::Replaced));
            let blocks = since.filter_map(|item| item.block());
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
        Reason::NotDue { before, after, step: self.step_over(asked) }
    }

    /// If an item is about an instant: the due time that it means, and the reason.
    fn of_item(
        &self,
        at: usize,
        item: Item,
        plan: Option<&Plan>,
        asked: SystemTime,
    ) -> Option<(SystemTime, Reason)> {
        match item {
            Item::Run { due, lateness, took, ending, is_on_demand } => {
                let took = (ending != Ending::Running).then(|| Duration::from_nanos(took));
                let coalesced = match at.checked_sub(1).map(|before| self.items[before]) {
                    Some(Item::Missed { count, is_coalesced: true, .. }) => u64::from(count),
                    _ => 0,
                };
                let reason = match is_on_demand {
                    true => Reason::RunNow { ending, took },
                    false if ending == Ending::Elsewhere => Reason::Elsewhere,
                    false => {
                        Reason::Ran { lateness: Duration::from_nanos(lateness), ending, took, coalesced }
                    }
                };
                is_near(due, asked).then_some((due, reason))
            }
            Item::Runs { first, latest, count, ending } => {
                let runs = u64::from(count);
                let due = due_among((first, latest, runs), plan, asked)?;
                Some((due, Reason::RanAsOneOf { runs, first, latest, ending }))
            }
            Item::Missed { first, latest, count, why, is_coalesced } => {
                let count = u64::from(count);
                let due = due_among((first, latest, count), plan, asked)?;
                let by = self.items[at + 1..].iter().find_map(|item| match *item {
                    Item::Run { due, is_on_demand: false, .. } => Some(due),
                    Item::Runs { first, .. } => Some(first),
                    _ => None,
                });
                let step = self.step_over(due).filter(|_| matches!(why, Why::Late | Why::ClockCorrected));
                let reason = match by.filter(|_| is_coalesced) {
                    Some(by) => Reason::Coalesced { by, why, step },
                    None => Reason::Missed { why, count, first, latest, step },
                };
                Some((due, reason))
            }
            Item::Replaced | Item::Stepped => None,
        }
    }

    /// The last clock step that skipped a due time.
    fn step_over(&self, due: SystemTime) -> Option<Step> {
        let step = self.steps.iter().rev().find(|step| step.from < due && due <= step.to)?;
        step.to.duration_since(step.from).ok().map(Step::Forward)
    }
}

impl Item {
    /// The first and the last due time of a merged item, and their number.
    fn block(self) -> Option<(SystemTime, SystemTime, u64)> {
        match self {
            Item::Runs { first, latest, count, .. } | Item::Missed { first, latest, count, .. }
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
            Item::Run { due, is_on_demand: false, .. } => [Some(due), None],
            Item::Runs { first, latest, .. } | Item::Missed { first, latest, .. } => {
                [Some(first), Some(latest)]
            }
            _ => [None, None],
        }
    }
}
