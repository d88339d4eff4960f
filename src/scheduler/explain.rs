//! Why a task ran at an instant, or did not: what its notes and its schedule say. Pure, but for the lock that the
//! notes are read under.

mod judge;

use std::fmt;
use std::time::{Duration, SystemTime};

use super::{Scheduler, Task};
use crate::agenda::{Ending, Memory, Which};
use crate::clock::{Now, Step};
use crate::elapsed::Elapsed;
use crate::engine::Engine;
use crate::error::{Error, Kind};
use crate::event::{OneLine, Why};
use crate::schedule::{rfc3339, Explanation, Moment};
use crate::sync::{lock, Arc};
use crate::tz::Zone;

/// What became of a task at an instant: the answer of [`Scheduler::explain`]. `Display` says it in one line.
#[derive(Clone, Debug)]
pub struct Account {
    task: Arc<str>,
    at: SystemTime,
    reason: Reason,
    clocks: Option<Explanation>,
    /// In words, if it leaves something out or delays it.
    schedule: Option<Arc<str>>,
    zone: Zone,
}

/// Why a task ran at an instant, or did not.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
#[allow(missing_docs)] // the fields of a variant are named in its first lines
pub enum Reason {
    /// A run for the due began so much after it. It `took` so long, unless it still runs. It stood for so many other dues.
    Ran { lateness: Duration, ending: Ending, took: Option<Duration>, stood_for: u64 },
    /// There was a run, one of so many from `first` to `latest` that all ended like this, and that are only remembered
    /// together.
    RanAsOneOf { runs: u64, first: SystemTime, latest: SystemTime, ending: Ending },
    /// Somebody had asked for this run with [`Task::run_now`].
    RanByHand { ending: Ending, took: Option<Duration> },
    /// The due had no run of its own, for this reason: the run for the later due `by` stood for it, too.
    StoodFor { by: SystemTime, why: Why, step: Option<Step> },
    /// The due had no run, for this reason, and neither had the others from `first` to `latest`, `dues` in all. If the clock was stepped over it, that was the `step`.
    Missed { why: Why, dues: u64, first: SystemTime, latest: SystemTime, step: Option<Step> },
    /// The due has come, and the task has been held `since` then.
    Paused { since: Option<SystemTime> },
    /// The due has come while another run was going on: that for `due`, or that of a task of the same name which this one
    /// has replaced or followed.
    Running { due: Option<SystemTime> },
    /// The due has come, and waits for a free worker.
    Waiting,
    /// The task had been cancelled by then, at this time.
    Cancelled { at: SystemTime },
    /// The due is still to come.
    NotYet { is_paused: bool },
    /// Nothing was due then: the task was scheduled `since` then, or replaced, and of its earlier schedule no more than
    /// the last runs are remembered.
    Unscheduled { since: SystemTime, is_replaced: bool },
    /// Nothing is due up to this start of the schedule.
    NotStarted { start: SystemTime },
    /// Nothing is due after this end of the schedule.
    Over { until: SystemTime },
    /// Nothing is due then: the cron expression does not fire.
    DoesNotFire(Explanation),
    /// Nothing is due then. These are the next dues that are known. If the clock was stepped over it, that was the `step`.
    NotDue { before: Option<SystemTime>, after: Option<SystemTime>, step: Option<Step> },
    /// Whether anything is due then is not known: it is after the `next` due, and what an iterator or a closure gives, or a
    /// schedule leaves out, is only known as far as that.
    NotKnown { next: SystemTime },
    /// Nothing was due then: the clocks had shown that time before the zone was changed, at `since`.
    ShownBefore { since: SystemTime },
    /// The zone was changed `since` then, and of the schedule in the zone before no more than the last runs are remembered.
    Rezoned { since: SystemTime },
    /// Nothing is remembered of it: the notes only begin after `since`.
    Forgotten { since: Option<SystemTime> },
}

impl Account {
    /// The name of the task.
    pub fn task(&self) -> &str {
        &self.task
    }

    /// The due that it is about, or, where nothing is due, the instant that was asked about.
    pub fn at(&self) -> SystemTime {
        self.at
    }

    /// What became of it.
    pub fn reason(&self) -> &Reason {
        &self.reason
    }

    /// What a change of the clocks has to do with it: of a cron expression that fires then for what a gap has skipped.
    pub fn clocks(&self) -> Option<&Explanation> {
        self.clocks.as_ref()
    }

    /// Whether a run began for it. One that stood for it counts only for its own due.
    pub fn has_run(&self) -> bool {
        matches!(self.reason, Reason::Ran { .. } | Reason::RanAsOneOf { .. } | Reason::RanByHand { .. })
    }
}

impl Scheduler {
    /// Why a task ran at a moment, or did not: as far as its last decisions are remembered
    /// ([`Builder::history`](super::Builder::history)), and as its schedule has it. Of a time at which another task had the
    /// name, or none any more, it is told if that one was cancelled, not if it had come to its own end.
    ///
    /// A moment stands for the whole second that it lies in, as people write times. Of several dues in it, it is the one
    /// that is named exactly, else the last before it, else the first after it. A civil time is read in the zone of
    /// the schedule.
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
    /// If no task has this name and none of the last that were cancelled had it, or the scheduler has been shut down.
    pub fn explain(&self, name: &str, moment: impl Into<Moment>) -> Result<Account, Error> {
        explain(&self.engine, Which { name, id: None }, moment.into())
    }
}

impl Task {
    /// As [`Scheduler::explain`], of this task.
    ///
    /// # Errors
    ///
    /// If the task has ended, and is none of the last that were cancelled, or the scheduler has been shut down.
    pub fn explain(&self, moment: impl Into<Moment>) -> Result<Account, Error> {
        explain(&*self.engine()?, self.which(), moment.into())
    }
}

fn explain(engine: &Engine, which: Which<'_>, moment: Moment) -> Result<Account, Error> {
    let ((memories, now), task) =
        engine.change(which, |state, now| Some((state.agenda.memories(which), now)))?;
    let mut account = Err(Error::new(Kind::UnknownTask).of_task(&task));
    for memory in memories {
        account = judge(engine, &task, memory, moment, now);
        // What was before it was scheduled is for the one to say that had the name before.
        if !matches!(&account, Ok(Account { reason: Reason::Unscheduled { is_replaced: false, .. }, .. })) {
            break;
        }
    }
    account
}

/// What is said of a moment by what is known of one task.
fn judge(
    engine: &Engine,
    task: &Arc<str>,
    memory: Memory,
    moment: Moment,
    now: Now,
) -> Result<Account, Error> {
    let cron = memory.plan.as_ref().and_then(|plan| plan.cron());
    let zone = cron.map(|(_, zone, _)| zone.clone()).unwrap_or_else(|| lock(&engine.state).zone.clone());
    let instant = moment.in_zone(&zone);
    let instant = instant.map_err(|error| error.in_field("explain", moment.to_string()).of_task(task))?;
    // A zone from the embedded table cannot say what was before it.
    let clocks = cron.and_then(|(cron, zone, _)| cron.why(moment, zone).ok());
    let (at, reason) = memory.judge(instant, memory.cancelled.unwrap_or(now), clocks);
    let clocks = clocks.filter(|clocks| matches!(clocks, Explanation::MadeUp { .. }));
    let is_adjusted = memory.plan.as_ref().map_or(false, |plan| plan.is_adjusted());
    let schedule = Some(memory.schedule).filter(|_| is_adjusted);
    Ok(Account { task: task.clone(), at, reason, clocks, schedule, zone })
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let show = |instant: SystemTime| Shown { instant, zone: &self.zone };
        write!(f, "task `{}` at {}: ", OneLine(&self.task), show(self.at))?;
        match &self.reason {
            Reason::Ran { lateness, ending, took, stood_for } => {
                match lateness.is_zero() {
                    true => f.write_str("ran on time")?,
                    false => write!(f, "ran {} late", Elapsed(*lateness))?,
                }
                ended(*ending, *took, f)?;
                match stood_for {
                    0 => {}
                    1 => f.write_str("; it stood for the due before, too")?,
                    _ => write!(f, "; it stood for the {stood_for} dues before, too")?,
                }
            }
            Reason::RanAsOneOf { runs, first, latest, ending } => {
                write!(
                    f,
                    "ran and {ending}, as did all {runs} runs from {} to {}",
                    show(*first),
                    show(*latest)
                )?;
            }
            Reason::RanByHand { ending, took } => {
                f.write_str("ran as somebody asked for it")?;
                ended(*ending, *took, f)?;
            }
            Reason::StoodFor { by, why, step } => {
                write!(f, "had no run of its own: {why}")?;
                stepped(*step, f)?;
                write!(f, "; the run for {} stood for it", show(*by))?;
            }
            Reason::Missed { why, dues, first, latest, step } => {
                write!(f, "missed: {why}")?;
                stepped(*step, f)?;
                if *dues > 1 {
                    write!(f, "; as were all {dues} dues from {} to {}", show(*first), show(*latest))?;
                }
            }
            Reason::Paused { since: None } => f.write_str("is due, and the task is paused")?,
            Reason::Paused { since: Some(since) } => {
                write!(f, "is due, and the task has been paused since {}", show(*since))?;
            }
            Reason::Running { due: Some(due) } => {
                write!(f, "is due, and the run for {} is still going on", show(*due))?;
            }
            Reason::Running { due: None } => {
                f.write_str("is due, and a run of the task that had the name before is still going on")?;
            }
            Reason::Waiting => f.write_str("is due, and waits for a free worker")?,
            Reason::Cancelled { at } => write!(f, "was after the task was cancelled, at {}", show(*at))?,
            Reason::NotYet { is_paused } => {
                f.write_str("is still to come")?;
                if *is_paused {
                    f.write_str(", and the task is paused")?;
                }
            }
            Reason::Unscheduled { since, is_replaced: false } => {
                write!(f, "was before the task was scheduled, at {}", show(*since))?;
            }
            Reason::Unscheduled { since, .. } => {
                write!(f, "was before the task was replaced, at {}, ", show(*since))?;
                f.write_str("and nothing of that second is remembered")?;
            }
            Reason::NotStarted { start } => {
                write!(f, "is not due: the schedule starts after {}", show(*start))?;
            }
            Reason::Over { until } => write!(f, "is not due: the schedule ends with {}", show(*until))?,
            Reason::DoesNotFire(why) => write!(f, "{why}")?,
            Reason::NotDue { before, after, step } => {
                f.write_str("is not due")?;
                if let Some(schedule) = &self.schedule {
                    write!(f, " by `{}`", OneLine(schedule))?;
                }
                match (before, after) {
                    (Some(before), Some(after)) => {
                        write!(f, ": the dues next to it are {} and {}", show(*before), show(*after))?;
                    }
                    (Some(before), None) => write!(f, ": the due before is {}", show(*before))?,
                    (None, Some(after)) => write!(f, ": the due after is {}", show(*after))?,
                    (None, None) => {}
                }
                if let Some(step) = step {
                    write!(f, "; the clock was stepped over it, {step}")?;
                }
            }
            Reason::NotKnown { next } => {
                write!(f, "is after the next due, {}, and none beyond that is known yet", show(*next))?;
            }
            Reason::ShownBefore { since } => {
                write!(
                    f,
                    "is not due: the clocks had shown it before the zone was changed, at {}",
                    show(*since)
                )?;
            }
            Reason::Rezoned { since } => {
                write!(f, "was before the zone was changed, at {}, ", show(*since))?;
                f.write_str("and nothing of that second is remembered")?;
            }
            Reason::Forgotten { since: None } => f.write_str("nothing is remembered of it")?,
            Reason::Forgotten { since: Some(since) } => {
                write!(f, "is older than what is remembered, which begins after {}", show(*since))?;
            }
        }
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
struct Shown<'a> {
    instant: SystemTime,
    zone: &'a Zone,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        rfc3339(self.instant, self.zone, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;

    #[test]
    fn what_a_task_did_before_the_beginning_is_told_by_the_instant_alone() {
        let midnight = "2026-01-02T00:00:00Z".parse::<Moment>().unwrap().instant(&Zone::utc()).unwrap();
        let zone = Zone::of_small_table("Europe/Paris");
        let scheduler = Scheduler::builder().clock(&ManualClock::new(midnight)).zone(zone).build().unwrap();
        scheduler.task("t").cron("0 9 * * *").run(|| {}).unwrap();
        let told = |moment: &str| {
            let account = scheduler.explain("t", moment.parse::<Moment>().unwrap());
            account.map(|account| account.to_string()).map_err(|error| error.to_string())
        };
        assert_eq!(
            told("2025-07-01T00:00:00Z"),
            Ok("task `t` at 2025-07-01T00:00:00Z: was before the task was scheduled, at 2026-01-02T01:00:00+01:00".into())
        );
        const CIVIL: &str = "2025-07-01T02:00:00";
        let message = "zone `Europe/Paris`: the embedded table test1 begins at 2026-01-01T00:00:00Z, \
                       and 2025-07-01T02:00:00 is before that; install the `tzdata` package or set TZDIR";
        assert_eq!(told(CIVIL), Err(format!("task `t`: explain `{CIVIL}`: {message}")));
    }
}
