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
) -> [Option<SystemTime>; 2] {
    let (start, span) = (unix_nanos(first), unix_nanos(latest) - unix_nanos(first));
    let steps = i128::from(count.max(2) - 1);
    // The two clocks run at slightly different speeds. Use the distance that the wall clock has shown.
    let step = (unix_nanos(asked) - start) * steps / span.max(1);
    [step, step + 1].map(|step| system_time_of_nanos(start + span * step / steps))
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
        let last = match next {
            Some(next) => self.last_due(next),
            None => self.last_run(),
        };
        if let Some(last) = last.filter(|last| due > Some(*last)) {
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

    /// The plan, if an item is of the same schedule: not of the one before a replacement.
    fn plan_of(&self, at: usize) -> Option<&Plan> {
        let replaced = self.items.iter().rposition(|item| matches!(item, Item::Replaced));
        self.plan().filter(|_| Some(at) > replaced)
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
        let after = |due: &SystemTime| plan?.around(Some(*due), *due)[1];
        std::iter::successors(Some(next), after).take(self.task.left as usize).last()
    }

    /// The due time of the last run, if that goes on.
    fn last_run(&self) -> Option<SystemTime> {
        match self.items.last() {
            Some(&Item::Run { due, ending: Ending::Running, .. }) => Some(due),
            _ => None,
        }
    }

    /// The due time in the second of an instant, by the schedule alone. `next` is one of the due times.
    fn due_from(&self, next: Option<SystemTime>, asked: SystemTime) -> Option<SystemTime> {
        let computed = self.plan().map_or([None, None], |plan| plan.around(next, asked));
        nearest(computed.into_iter().chain([next]).flatten(), asked)
    }

    /// What the history has about an instant.
    fn recorded(&self, asked: SystemTime) -> Option<(SystemTime, Reason)> {
        let is_of_old_zone = self.rezoned_after(asked).is_some();
        let found = self.items.iter().enumerate().rev().filter_map(|(at, &item)| {
            // A replacement is recorded before the occurrences that it has cancelled.
            let is_cancelled = matches!(item, Item::Missed { why: Why::Cancelled, .. });
            let is_of_before = is_cancelled && self.cancelled.is_none();
            let plan = self.plan_of(at).filter(|_| !is_of_old_zone && !is_of_before);
            let is_on_demand = matches!(item, Item::Run { is_on_demand: true, .. });
            let (due, reason) = self.of_item(at, item, plan, asked)?;
            Some(((distance(due, asked), is_on_demand), due, reason))
        });
        // Of equal ones take the newest: a clock that was set back shows the same time again.
        found.min_by_key(|(rank, ..)| *rank).map(|(_, due, reason)| (due, reason))
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
        let until = plan.and_then(Plan::end).filter(|&until| asked > until);
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
        let [last, after] = plan.map_or([None, None], |plan| plan.around(next, asked));
        if self.is_calendar() {
            return Reason::NotDue { before: last, after, step: None };
        }
        let items = self.items.iter().enumerate();
        let named = items.flat_map(|(at, item)| item.due_times(self.plan_of(at), asked));
        let known: Vec<_> = named.chain([next, last, after].into_iter().flatten()).collect();
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
                let due = nearest(item.due_times(plan, asked), asked)?;
                Some((due, Reason::RanAsOneOf { runs, first, latest, ending }))
            }
            Item::Missed { first, latest, count, why, is_coalesced } => {
                let count = u64::from(count);
                let due = nearest(item.due_times(plan, asked), asked)?;
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
    /// The first and the last due time that it names, and the number of all from one to the other.
    fn block(self) -> Option<(SystemTime, SystemTime, u64)> {
        match self {
            Item::Run { due, is_on_demand: false, .. } => Some((due, due, 1)),
            Item::Runs { first, latest, count, .. } | Item::Missed { first, latest, count, .. } => {
                Some((first, latest, count.into()))
            }
            _ => None,
        }
    }

    /// The due times that it names, and those in between around an instant. They follow from the plan: a calendar, or equal
    /// distances. Without a plan they are not known.
    fn due_times(self, plan: Option<&Plan>, asked: SystemTime) -> impl Iterator<Item = SystemTime> {
        let block = self.block();
        let between = match (block, plan) {
            (Some(_), Some(plan)) if plan.is_calendar() => plan.around(None, asked),
            (Some(block), Some(plan)) if plan.is_elapsed() => around(block, asked),
            _ => [None, None],
        };
        block.into_iter().flat_map(move |(first, latest, _)| {
            let between = between.into_iter().flatten().filter(move |&due| first <= due && due <= latest);
            [first, latest].into_iter().chain(between)
        })
    }
}
