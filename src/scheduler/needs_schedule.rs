//! The first step of building a task: its schedule.

use std::fmt;
use std::time::{Duration, SystemTime};

use super::builder::TaskBuilder;
use super::Scheduler;
use crate::cron::{Dialect, Reader};
use crate::error::Error;
use crate::period::Period;
use crate::schedule::{Given, Moment, Schedule};
use crate::sync::Arc;

/// A task with a name and no schedule yet, so it has no `run`. Each of these methods gives it a schedule.
///
/// ```compile_fail,E0599
/// let scheduler = sexton::Scheduler::new().unwrap();
/// scheduler.task("when?").run(|| {}); // no method named `run` found for struct `NeedsSchedule`
/// ```
///
/// A task has one schedule. An iterator with a period, for example, does not compile:
///
/// ```compile_fail,E0599
/// let scheduler = sexton::Scheduler::new().unwrap();
/// scheduler.task("both").at_next(|now| Some(now)).every("1s").run(|| {});
/// ```
#[must_use = "a task does nothing until it has a schedule and a callback: `.every(\"1s\").run(...)`"]
pub struct NeedsSchedule<'a> {
    scheduler: &'a Scheduler,
    name: Arc<str>,
}

impl<'a> NeedsSchedule<'a> {
    pub(super) fn new(scheduler: &'a Scheduler, name: Arc<str>) -> NeedsSchedule<'a> {
        NeedsSchedule { scheduler, name }
    }

    /// As [`Schedule::cron`]. An `H` takes its value from the task's name: `H 4 * * *` is due at the same minute after four
    /// each day, and tasks of other names mostly get other minutes.
    pub fn cron(self, text: &str) -> TaskBuilder<'a> {
        self.cron_as(text, Dialect::DEFAULT)
    }

    /// As [`Schedule::cron_as`]. An `H` takes its value from the task's name unless the reader has an id.
    ///
    /// ```
    /// use sexton::cron::Dialect;
    /// # let scheduler = sexton::Scheduler::new()?;
    ///
    /// scheduler.task("keys").cron_as("0 0 9 ? * 2-6", Dialect::QUARTZ).run(|| {})?; // Monday to Friday
    /// # Ok::<(), sexton::Error>(())
    /// ```
    pub fn cron_as<'r>(self, text: &str, reader: impl Into<Reader<'r>>) -> TaskBuilder<'a> {
        let schedule = Schedule::cron_as(text, reader.into().or_task(&self.name));
        self.scheduled(schedule)
    }

    /// As [`Schedule::every`].
    pub fn every<P: Given<Period>>(self, period: P) -> TaskBuilder<'a> {
        self.scheduled(Schedule::every(period))
    }

    /// As [`Schedule::at`].
    pub fn at<M: Given<Moment>>(self, moment: M) -> TaskBuilder<'a> {
        self.scheduled(Schedule::at(moment))
    }

    /// As [`Schedule::every_after_end`].
    pub fn every_after_end<P: Given<Period>>(self, period: P) -> TaskBuilder<'a> {
        self.scheduled(Schedule::every_after_end(period))
    }

    /// As [`Schedule::after`].
    pub fn after(self, delay: Duration) -> TaskBuilder<'a> {
        self.scheduled(Ok(Schedule::after(delay)))
    }

    /// As [`Schedule::at_each`].
    pub fn at_each<I>(self, moments: I) -> TaskBuilder<'a>
    where
        I: IntoIterator,
        I::IntoIter: Send + 'static,
        I::Item: Given<Moment>,
    {
        self.scheduled(Ok(Schedule::at_each(moments)))
    }

    /// As [`Schedule::at_next`].
    pub fn at_next(
        self,
        next: impl FnMut(SystemTime) -> Option<SystemTime> + Send + 'static,
    ) -> TaskBuilder<'a> {
        self.scheduled(Ok(Schedule::at_next(next)))
    }

    /// Takes a [`Schedule`], or a value that converts into one: a [`Cron`](crate::Cron), a [`Period`].
    ///
    /// ```
    /// use sexton::{cron, Schedule};
    /// # let scheduler = sexton::Scheduler::builder().zone("UTC").build()?;
    ///
    /// scheduler.task("keys").on(cron!("0 9 * * mon-fri")).run(|| {})?;
    /// scheduler.task("gc").on(Schedule::every("1h")?).run(|| {})?;
    /// # Ok::<(), sexton::Error>(())
    /// ```
    pub fn on(self, schedule: impl Into<Schedule>) -> TaskBuilder<'a> {
        self.scheduled(Ok(schedule.into()))
    }

    fn scheduled(self, schedule: Result<Schedule, Error>) -> TaskBuilder<'a> {
        TaskBuilder::new(self.scheduler, self.name, schedule)
    }
}

impl fmt::Debug for NeedsSchedule<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NeedsSchedule").field("name", &self.name).finish()
    }
}
