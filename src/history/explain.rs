//! Why a task ran at an instant, or did not: the answer from its history and its schedule.
//!
//! History and schedule are copied under the state's lock. The rest works on the copy.

mod judge;

use std::fmt;
use std::time::{Duration, SystemTime};

use super::items::Ending;
use super::recorder::{History, TaskHistory};
use crate::agenda::{TaskDetails, TaskKey};
use crate::clock::{Now, Step};
use crate::elapsed::Elapsed;
use crate::engine::Engine;
use crate::error::{Error, Kind};
use crate::event::{OneLine, Why};
use crate::schedule::{rfc3339, Moment};
use crate::scheduler::{Scheduler, Task};
use crate::sync::Arc;
use crate::tools::why::Explanation;
use crate::tz::Zone;

/// What a task did at an instant, and why: the answer of [`Scheduler::explain`]. `Display` gives one line.
#[derive(Clone, Debug)]
pub struct Account {
    task: Arc<str>,
    at: SystemTime,
    reason: Reason,
    clocks: Option<Explanation>,
    /// The schedule as text, if it has exclusions or jitter.
    schedule: Option<Arc<str>>,
    zone: Zone,
}

/// Why a task ran at an instant, or did not.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
#[allow(missing_docs)] // each variant's text explains its fields
pub enum Reason {
    /// A run for the due time started, `lateness` after it. `took` is its duration; `None` if it still runs. The run coalesced
    /// this many other occurrences.
    Ran { lateness: Duration, ending: Ending, took: Option<Duration>, coalesced: u64 },
    /// There was a run. The history has it merged with all `runs` from `first` to `latest`, which had the same result.
    RanAsOneOf { runs: u64, first: SystemTime, latest: SystemTime, ending: Ending },
    /// Another replica has the run ([`Builder::claim`](crate::Builder::claim)).
    Elsewhere,
    /// The run was requested with [`Task::run_now`].
    RunNow { ending: Ending, took: Option<Duration> },
    /// The occurrence was missed, for the reason `why`, and coalesced into the run for the later due time `by`. `step` is the
    /// clock step that skipped it, if one did.
    Coalesced { by: SystemTime, why: Why, step: Option<Step> },
    /// The occurrence was missed, for the reason `why`. It is one of `count` from `first` to `latest`. `step` is the clock step that skipped it, if one did.
    Missed { why: Why, count: u64, first: SystemTime, latest: SystemTime, step: Option<Step> },
    /// The due time has come, and the task has been paused since `since`.
    Paused { since: Option<SystemTime> },
    /// The due time has come while a run was going on: the run for `due`, or, if `None`, a run of an earlier task of the same
    /// name.
    Running { due: Option<SystemTime> },
    /// The due time has come, and the run waits for a free worker.
    Waiting,
    /// The task was cancelled before, at `at`.
    Cancelled { at: SystemTime },
    /// The due time is in the future.
    NotYet { is_paused: bool },
    /// Nothing was due: the task was scheduled or replaced later, at `since`. Of the schedule before a replacement, only
    /// the last runs are in the history.
    Unscheduled { since: SystemTime, is_replaced: bool },
    /// Nothing is due: the schedule starts after `start`.
    NotStarted { start: SystemTime },
    /// Nothing is due: the schedule ends with `until`.
    Over { until: SystemTime },
    /// Nothing is due: the cron expression does not fire then.
    DoesNotFire(Explanation),
    /// Nothing is due. `before` and `after` are the nearest due times that are known. `step` is the clock step that skipped
    /// this instant, if one did.
    NotDue { before: Option<SystemTime>, after: Option<SystemTime>, step: Option<Step> },
    /// Not known: the instant is after the `next` due time. Iterators, closures and exclusions are known only up to that one.
    NotKnown { next: SystemTime },
    /// Nothing was due: the clocks showed this time already, before the zone was changed at `since`.
    ShownBefore { since: SystemTime },
    /// The zone was changed later, at `since`. Of the schedule in the old zone, only the last runs are in the history.
    Rezoned { since: SystemTime },
    /// The history does not reach back to this instant. It starts after `since`.
    Forgotten { since: Option<SystemTime> },
}

impl Account {
    /// The name of the task.
    pub fn task(&self) -> &str {
        &self.task
    }

    /// The due time that the answer is about. If nothing is due, the instant in the question.
    pub fn at(&self) -> SystemTime {
        self.at
    }

    /// What the task did, and why.
    pub fn reason(&self) -> &Reason {
        &self.reason
    }

    /// For a cron expression that fires then because a clock change skipped its civil time: which time was skipped.
    pub fn clocks(&self) -> Option<&Explanation> {
        self.clocks.as_ref()
    }

    /// Whether a run started for this due time. False for an occurrence that was coalesced into a later run.
    pub fn has_run(&self) -> bool {
        match self.reason {
            Reason::RanAsOneOf { ending, .. } => ending != Ending::Elsewhere,
            Reason::Ran { .. } | Reason::RunNow { .. } => true,
            _ => false,
        }
    }
}

impl Scheduler {
    /// Explains why a task ran at a moment, or did not, from its schedule and its history
    /// ([`Builder::history`](crate::Builder::history)). If the name belonged to an earlier task then, the answer is about
    /// that task, provided that it was cancelled; tasks that ended by themselves have no history any more.
    ///
    /// A moment means its whole second, as people write times. If several due times are in that second, the answer is about
    /// the one at the moment exactly, else the last one before it, else the first one after it. A civil time is read in the
    /// zone of the schedule.
    ///
    /// ```
    /// use std::time::Duration;
    /// use sexton::{ManualClock, Moment, Scheduler};
    ///
    /// let moment = |text: &str| text.parse::<Moment>().unwrap();
    /// let clock = ManualClock::new(moment("2026-11-22 10:00").instant(&sexton::tz::Zone::utc()).unwrap());
    /// let scheduler = Scheduler::builder().clock(&clock).zone("UTC").build()?;
    /// let hours = clock.clone();
    /// scheduler.task("report").cron("30 * * * *").run(move || hours.advance(Duration::from_secs(5000)))?;
    /// clock.advance(Duration::from_secs(7200));
    ///
    /// let why = |text: &str| scheduler.explain("report", moment(text)).map(|account| account.to_string());
    /// assert_eq!(why("2026-11-22 10:30")?, "task `report` at 2026-11-22T10:30:00Z: ran on time, and took 1h23m20s");
    /// assert_eq!(why("2026-11-22 11:30")?, "task `report` at 2026-11-22T11:30:00Z: missed: still running");
    /// assert_eq!(
    ///     why("2026-11-22 11:15")?,
    ///     "task `report` at 2026-11-22T11:15:00Z: does not fire: the minute is 15, not 30"
    /// );
    /// assert_eq!(why("2026-11-22 12:30")?, "task `report` at 2026-11-22T12:30:00Z: is still to come");
    /// # Ok::<(), sexton::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If no task has this name, and none of the last cancelled tasks had it; or if the scheduler has been shut down.
    pub fn explain(&self, name: &str, moment: impl Into<Moment>) -> Result<Account, Error> {
        explain(&self.engine, TaskKey { name, id: None }, moment.into())
    }
}

impl Task {
    /// As [`Scheduler::explain`], for this task.
    ///
    /// # Errors
    ///
    /// If the task has ended, and is not one of the last cancelled tasks; or if the scheduler has been shut down.
    pub fn explain(&self, moment: impl Into<Moment>) -> Result<Account, Error> {
        explain(&self.engine()?, self.key(), moment.into())
    }
}

fn explain(engine: &Arc<Engine>, key: TaskKey<'_>, moment: Moment) -> Result<Account, Error> {
    let (histories, zone, now) = engine.change(key, |state, now| {
        let (task, zone) = (state.agenda.details(key), state.zone.clone());
        let histories = match super::history(state) {
            Some(history) => history.of(key, task, zone.name()),
            None => History::new(0).of(key, task, zone.name()),
        };
        Some((histories, zone, now))
    })?;
    let mut account = Err(Error::new(Kind::UnknownTask).of_task(&Arc::from(key.name)));
    for history in histories {
        account = explain_by(&history, &zone, moment, now);
        // For a time before this task was scheduled, ask the earlier task of the same name.
        if !matches!(&account, Ok(Account { reason: Reason::Unscheduled { is_replaced: false, .. }, .. })) {
            break;
        }
    }
    account
}

/// Explains a moment from the history and the schedule of one task.
fn explain_by(history: &TaskHistory, zone: &Zone, moment: Moment, now: Now) -> Result<Account, Error> {
    let (name, TaskDetails { plan, schedule, .. }) = (&history.name, &history.task);
    let cron = plan.as_ref().and_then(|plan| plan.cron());
    let zone = cron.map_or(zone, |(_, zone, _)| zone);
    let instant = moment.in_zone(zone);
    let instant = instant.map_err(|error| error.in_field("explain", moment.to_string()).of_task(name))?;
    // The embedded table has no data for times before it begins.
    let clocks = cron.and_then(|(cron, zone, _)| cron.why(moment, zone).ok());
    let (at, reason) = history.reason_at(instant, history.cancelled.unwrap_or(now), clocks);
    let clocks = clocks.filter(|clocks| matches!(clocks, Explanation::MadeUp { .. }));
    let is_adjusted = plan.as_ref().map_or(false, |plan| plan.is_adjusted());
    let schedule = is_adjusted.then(|| schedule.to_string().into());
    Ok(Account { task: name.clone(), at, reason, clocks, schedule, zone: zone.clone() })
}

const NOTHING: &str = "and the history has nothing for that second";

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let show = |instant: &SystemTime| shown(*instant, &self.zone);
        write!(f, "task `{}` at {}: ", OneLine(&self.task), show(&self.at))?;
        match &self.reason {
            Reason::Ran { lateness, ending, took, coalesced } => {
                match lateness.is_zero() {
                    true => f.write_str("ran on time")?,
                    false => write!(f, "ran {} late", Elapsed(*lateness))?,
                }
                ended(*ending, *took, f)?;
                match coalesced {
                    0 => Ok(()),
                    1 => f.write_str("; it coalesced the occurrence before"),
                    _ => write!(f, "; it coalesced the {coalesced} occurrences before"),
                }
            }
            Reason::RanAsOneOf { runs, first, latest, ending } => {
                let ran = if *ending == Ending::Elsewhere { "" } else { "ran and " };
                let (first, latest) = (show(first), show(latest));
                write!(f, "{ran}{ending}, like all {runs} runs from {first} to {latest}")
            }
            Reason::Elsewhere => f.write_str("was another replica's"),
            Reason::RunNow { ending, took } => {
                f.write_str("ran by `run_now`")?;
                ended(*ending, *took, f)
            }
            Reason::Coalesced { by, why, step } => {
                write!(f, "was coalesced into the run for {}: {why}", show(by))?;
                stepped(*step, f)
            }
            Reason::Missed { why, count, first, latest, step } => {
                write!(f, "missed: {why}")?;
                stepped(*step, f)?;
                match count {
                    0..=1 => Ok(()),
                    _ => write!(f, "; one of {count} missed from {} to {}", show(first), show(latest)),
                }
            }
            Reason::Paused { since: None } => f.write_str("is due, and the task is paused"),
            Reason::Paused { since: Some(since) } => {
                write!(f, "is due, and the task has been paused since {}", show(since))
            }
            Reason::Running { due: Some(due) } => {
                write!(f, "is due, and the run for {} is still going on", show(due))
            }
            Reason::Running { due: None } => {
                f.write_str("is due, and a run of an earlier task of the same name is still going on")
            }
            Reason::Waiting => f.write_str("is due, and waits for a free worker"),
            Reason::Cancelled { at } => write!(f, "the task was cancelled before, at {}", show(at)),
            Reason::NotYet { is_paused: false } => f.write_str("is still to come"),
            Reason::NotYet { is_paused: true } => f.write_str("is still to come, and the task is paused"),
            Reason::Unscheduled { since, is_replaced: false } => {
                write!(f, "the task was scheduled later, at {}", show(since))
            }
            Reason::Unscheduled { since, is_replaced: true } => {
                write!(f, "the task was replaced later, at {}, {NOTHING}", show(since))
            }
            Reason::NotStarted { start } => {
                write!(f, "is not due: the schedule starts after {}", show(start))
            }
            Reason::Over { until } => write!(f, "is not due: the schedule ends with {}", show(until)),
            Reason::DoesNotFire(why) => write!(f, "{why}"),
            Reason::NotDue { before, after, step } => {
                f.write_str("is not due")?;
                if let Some(schedule) = &self.schedule {
                    write!(f, " by `{}`", OneLine(schedule))?;
                }
                match (before, after) {
                    (Some(before), Some(after)) => {
                        write!(f, ": the nearest due times are {} and {}", show(before), show(after))?;
                    }
                    (Some(before), None) => write!(f, ": the previous due time is {}", show(before))?,
                    (None, Some(after)) => write!(f, ": the next due time is {}", show(after))?,
                    (None, None) => {}
                }
                step.map_or(Ok(()), |step| write!(f, "; the clock was stepped over it, {step}"))
            }
            Reason::NotKnown { next } => {
                write!(f, "is after the next due time, {}, and later ones are not known yet", show(next))
            }
            Reason::ShownBefore { since } => {
                f.write_str("is not due: the clocks showed this time already, before the zone was changed")?;
                write!(f, " at {}", show(since))
            }
            Reason::Rezoned { since } => {
                write!(f, "the zone was changed later, at {}, {NOTHING}", show(since))
            }
            Reason::Forgotten { since: None } => f.write_str("the history has nothing about it"),
            Reason::Forgotten { since: Some(since) } => {
                write!(f, "is older than the history, which begins after {}", show(since))
            }
        }?;
        match &self.clocks {
            Some(clocks) => write!(f, " (it {clocks})"),
            None => Ok(()),
        }
    }
}

fn ended(ending: Ending, took: Option<Duration>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match (ending, took) {
        (Ending::Failed, Some(took)) => write!(f, ", and failed after {}", Elapsed(took)),
        (Ending::Panicked, Some(took)) => write!(f, ", and panicked after {}", Elapsed(took)),
        (_, Some(took)) => write!(f, ", and took {}", Elapsed(took)),
        (_, None) => f.write_str(", and is still running"),
    }
}

fn stepped(step: Option<Step>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match step {
        Some(step) => write!(f, ", as the clock was stepped {step}"),
        None => Ok(()),
    }
}

/// An instant as the clocks of a zone show it.
fn shown(instant: SystemTime, zone: &Zone) -> String {
    let mut text = String::new();
    rfc3339(instant, zone, &mut text).expect("a string takes all");
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;

    #[test]
    fn a_time_before_the_embedded_table_must_be_given_as_an_instant() {
        let midnight = "2026-01-02T00:00:00Z".parse::<Moment>().unwrap().instant(&Zone::utc()).unwrap();
        let zone = Zone::of_small_table("Europe/Paris");
        let scheduler = Scheduler::builder().clock(&ManualClock::new(midnight)).zone(zone).build().unwrap();
        scheduler.task("t").cron("0 9 * * *").run(|| {}).unwrap();
        let explained = |moment: &str| {
            let account = scheduler.explain("t", moment.parse::<Moment>().unwrap());
            account.map(|account| account.to_string()).map_err(|error| error.to_string())
        };
        assert_eq!(
            explained("2025-07-01T00:00:00Z"),
            Ok("task `t` at 2025-07-01T00:00:00Z: the task was scheduled later, at 2026-01-02T01:00:00+01:00".into())
        );
        const CIVIL: &str = "2025-07-01T02:00:00";
        let message = "zone `Europe/Paris`: the embedded table test1 begins at 2026-01-01T00:00:00Z, \
                       and 2025-07-01T02:00:00 is before that; install the `tzdata` package or set TZDIR";
        assert_eq!(explained(CIVIL), Err(format!("task `t`: explain `{CIVIL}`: {message}")));
    }
}
