//! When next, after this? Cron in a zone, periods, civil times, iterators of them, and closures.
//!
//! A [`Schedule`] is what a user asks for. Scheduling it at a time and in a zone makes it a `Timetable`, which gives one
//! due time after the other. It starts no threads.

mod any;
mod ask;
mod begin;
mod bounds;
mod calendar;
pub(crate) mod due;
mod except;
mod exclusions;
mod given;
mod jitter;
pub(crate) mod moment;
mod pattern;
mod plan;
mod recurrence;
mod rule;
#[cfg(test)]
mod tests;
mod text;
mod timeline;
mod timetable;
mod words;

pub use ask::Upcoming;
pub use given::{Given, GivenZone};
pub(crate) use jitter::Whose;
pub use moment::Moment;

pub(crate) use crate::tz::rfc3339;
pub(crate) use due::Due;
pub(crate) use plan::Plan;
pub(crate) use timetable::{Pass, Rejudged, Timetable};
pub(crate) use words::{Described, WithAdded, Words};

use std::fmt;
use std::time::{Duration, SystemTime};

use self::except::Except;
use self::given::unquoted;
use self::rule::{Closure, Moments};
use crate::clock::Now;
use crate::cron::{Cron, Dialect, Reader};
use crate::error::{Error, Kind};
use crate::period::Period;
use crate::platform::needs_clock;
use crate::sync::{Arc, Instant};
use crate::tz::{unix_seconds, Zone};

/// When something is to happen, again and again or once.
///
/// A scheduler's builder makes one with [`cron`](crate::NeedsSchedule::cron), [`every`](crate::NeedsSchedule::every)
/// and so on; made by itself it answers questions, or goes to [`schedule_task`](crate::schedule_task).
///
/// ```
/// use sexton::{tz::Zone, Moment, Schedule};
///
/// let zone = Zone::from_posix("CET-1CEST,M3.5.0,M10.5.0/3")?;
/// let backup = Schedule::cron("30 2 * * *")?.zone(zone.clone());
/// let from = "2026-03-28T12:00:00".parse::<Moment>()?.instant(&zone).unwrap();
/// let due_times: Vec<String> = backup.upcoming(from)?.take(2).map(|due| Moment::from(due).to_string()).collect();
/// // 02:30 does not exist on the 29th: the gap ends at 03:00 CEST.
/// assert_eq!(due_times, ["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Schedule {
    pub(crate) what: What,
    pub(crate) zone: Option<Zone>,
    pub(crate) starting: Option<Moment>,
    pub(crate) until: Option<Moment>,
    times: Option<u64>,
    first_after: Option<Duration>,
    every_nth_week: Option<u32>,
    except: Except,
    jitter: Duration,
}

pub(crate) enum What {
    Cron(Arc<Cron>),
    Every(Period),
    At(Moment),
    After(Duration),
    AfterEnd(Duration),
    AtEach(Moments),
    AtNext(Closure),
    Any(Vec<Schedule>),
}

impl Schedule {
    /// At the civil times that a cron expression matches; [the module](mod@crate::cron) describes the language.
    ///
    /// The text may say its [`zone`](Schedule::zone), in front or at the end: `CRON_TZ=America/New_York 0 9 * * *`, also with
    /// `TZ=`, or `0 9 * * * Europe/Berlin`.
    ///
    /// # Errors
    ///
    /// If the text is no cron expression, or one that can never fire, such as 30 February.
    pub fn cron(text: &str) -> Result<Schedule, Error> {
        Schedule::cron_as(text, Dialect::DEFAULT)
    }

    /// At the civil times of a cron expression in another [`Dialect`], or with an id for `H`, a seed for `R` and `~`.
    ///
    /// ```
    /// use sexton::{cron::Dialect, Schedule};
    ///
    /// let weekdays_at_nine = Schedule::cron_as("0 0 9 ? * 2-6", Dialect::QUARTZ)?;
    /// let once_an_hour = Schedule::cron_as("H * * * *", Dialect::DEFAULT.hash_id("report"))?;
    /// # Ok::<(), sexton::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the text is no cron expression in this dialect, or one that can never fire, such as 30 February.
    ///
    /// That of EventBridge also has `rate(5 minutes)`, which is a period.
    pub fn cron_as<'a>(text: &str, reader: impl Into<Reader<'a>>) -> Result<Schedule, Error> {
        text::schedule(text, reader.into().drawing()).map_err(|error| error.in_field("cron", text))
    }

    /// At once, and then once a period: `"1h30m"`, `"1d"`, `"1mo"`, or a [`Duration`].
    ///
    /// # Errors
    ///
    /// If the period is zero or its text is none; [`Period`] describes it.
    pub fn every<P: Given<Period>>(period: P) -> Result<Schedule, Error> {
        Ok(period.read("every")?.into())
    }

    /// At once, and then each time when so much time has passed since the last run has ended: `"10s"`, or a [`Duration`].
    /// However long a run takes, the pause after it is the same, and no run is ever late for it.
    ///
    /// ```
    /// use std::time::{Duration, UNIX_EPOCH};
    /// use sexton::{ManualClock, Scheduler};
    ///
    /// let clock = ManualClock::new(UNIX_EPOCH);
    /// let scheduler = Scheduler::builder().clock(&clock).zone("UTC").build()?;
    /// let takes_3_seconds = { let clock = clock.clone(); move || clock.advance(Duration::from_secs(3)) };
    /// let task = scheduler.task("crawl").every_after_end("10s").run(takes_3_seconds)?;
    /// clock.advance(Duration::ZERO);
    /// assert_eq!(task.next_due(), Some(UNIX_EPOCH + Duration::from_secs(13)));
    /// # Ok::<(), sexton::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the period is zero or its text is none ([`Period`]), or if it has days, weeks, months or years, whose length is not
    /// always the same.
    pub fn every_after_end<P: Given<Period>>(period: P) -> Result<Schedule, Error> {
        let read = period.clone().read("every_after_end")?;
        if read.is_elapsed() {
            return Ok(Schedule::from(What::AfterEnd(read.elapsed())));
        }
        let error = Error::other("expected elapsed time, such as `24h`: days are not always as long");
        Err(error.in_field("every_after_end", unquoted(&period)))
    }

    /// Once, at a civil time of the zone, or at an instant. If that has passed, it is late or missed. A time alone, `10:00`, is
    /// today's, or tomorrow's if that has passed when the task is scheduled.
    ///
    /// # Errors
    ///
    /// If the text is no [`Moment`].
    pub fn at<M: Given<Moment>>(moment: M) -> Result<Schedule, Error> {
        Ok(Schedule::from(What::At(moment.read("at")?)))
    }

    /// Once, after some elapsed time.
    pub fn after(delay: Duration) -> Schedule {
        Schedule::from(What::After(delay))
    }

    /// At each of the civil times (or instants) that an iterator gives, in rising order. It is asked for the next one
    /// only when the one before has come.
    pub fn at_each<I>(moments: I) -> Schedule
    where
        I: IntoIterator,
        I::IntoIter: Send + 'static,
        I::Item: Given<Moment>,
    {
        let mut moments = moments.into_iter();
        Schedule::from(What::AtEach(Box::new(move || moments.next().map(|moment| moment.read("at_each")))))
    }

    /// At the instant that a closure gives for the time that it is now, both UTC; `None` ends the schedule. It is
    /// asked once at the start, and again at each run.
    pub fn at_next(next: impl FnMut(SystemTime) -> Option<SystemTime> + Send + 'static) -> Schedule {
        Schedule::from(What::AtNext(Box::new(next)))
    }

    /// The anchor of a period: due times are this moment plus a whole number of periods; one that has passed does not
    /// move the grid. For a cron expression, an exclusive lower bound.
    ///
    /// **Every other week**, and all that cron cannot say, is a period with an anchor. The grid is the same whenever the
    /// process starts:
    ///
    /// ```
    /// use sexton::{tz::Zone, Moment, Schedule};
    ///
    /// let zone = Zone::from_posix("CET-1CEST,M3.5.0,M10.5.0/3")?;
    /// let retro = Schedule::every("2w")?.starting("2026-01-05 09:00")?.zone(zone.clone()); // a Monday
    /// let from = "2026-03-20T12:00:00".parse::<Moment>()?.instant(&zone).unwrap();
    /// let due_times: Vec<String> = retro.upcoming(from)?.take(3).map(|due| zone.civil(due).unwrap().to_string()).collect();
    /// // First the last one before, which a task that begins now has missed.
    /// assert_eq!(due_times, ["2026-03-16T09:00:00", "2026-03-30T09:00:00", "2026-04-13T09:00:00"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the text is no [`Moment`]. With other schedules it is an error when the task is scheduled.
    pub fn starting<M: Given<Moment>>(mut self, moment: M) -> Result<Schedule, Error> {
        self.starting = Some(moment.read("starting")?);
        Ok(self)
    }

    /// Of a cron expression, only one of every `weeks` weeks (1 to 63): that of the [`starting`](Schedule::starting)
    /// moment, and those that many weeks later and again. Weeks begin on Monday.
    ///
    /// ```
    /// use sexton::{tz::Zone, Moment, Schedule};
    ///
    /// let retro = Schedule::cron("0 9 * * mon,wed")?.every_nth_week(2).starting("2026-11-23 00:00")?.zone(Zone::utc());
    /// let from = "2026-11-24T00:00:00Z".parse::<Moment>()?.instant(&Zone::utc()).unwrap();
    /// let due_times: Vec<String> = retro.upcoming(from)?.take(3).map(|due| Moment::from(due).to_string()).collect();
    /// assert_eq!(due_times, ["2026-11-25T09:00:00Z", "2026-12-07T09:00:00Z", "2026-12-09T09:00:00Z"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// In the text of an expression `mon%2` says the same, by a count of weeks that needs no start.
    /// Without `starting`, with another kind of schedule, or with an expression that has weekdays of certain weeks or whose two
    /// day fields need not both match, it is an error when the task is scheduled.
    pub fn every_nth_week(mut self, weeks: u32) -> Schedule {
        self.every_nth_week = Some(weeks);
        self
    }

    /// A copy; `None` for [`at_each`](Schedule::at_each) and [`at_next`](Schedule::at_next), as an iterator or a closure with
    /// state cannot be copied. A closure in [`except`](Schedule::except) is shared.
    ///
    /// ```
    /// use sexton::Schedule;
    ///
    /// let office = Schedule::cron("0 9 * * mon-fri")?.except_dates(["2026-12-25"])?;
    /// let copy = office.try_clone().expect("an expression can be copied");
    /// assert_eq!(copy.to_string(), office.to_string());
    /// assert!(Schedule::at_next(|now| Some(now)).try_clone().is_none());
    /// # Ok::<(), sexton::Error>(())
    /// ```
    pub fn try_clone(&self) -> Option<Schedule> {
        let what = match &self.what {
            What::Cron(cron) => What::Cron(cron.clone()),
            What::Every(period) => What::Every(*period),
            What::At(moment) => What::At(*moment),
            What::After(delay) => What::After(*delay),
            What::AfterEnd(period) => What::AfterEnd(*period),
            What::Any(members) => What::Any(members.iter().map(Schedule::try_clone).collect::<Option<_>>()?),
            What::AtEach(_) | What::AtNext(_) => return None,
        };
        Some(Schedule { what, zone: self.zone.clone(), except: self.except.clone(), ..*self })
    }

    /// No due after this moment; one exactly at it still counts.
    ///
    /// # Errors
    ///
    /// If the text is no [`Moment`].
    pub fn until<M: Given<Moment>>(mut self, moment: M) -> Result<Schedule, Error> {
        self.until = Some(moment.read("until")?);
        Ok(self)
    }

    /// The time from now to the first run of a period of elapsed time ([`every`](Schedule::every),
    /// [`every_after_end`](Schedule::every_after_end)), which is at once otherwise. It is elapsed time, too, so setting the
    /// wall clock does not change it.
    ///
    /// With other schedules, and with [`starting`](Schedule::starting), it is an error when the task is scheduled.
    ///
    /// ```
    /// use std::time::Duration;
    /// use sexton::Schedule;
    ///
    /// let later = Schedule::every("10s")?.first_after(Duration::from_secs(3));
    /// # Ok::<(), sexton::Error>(())
    /// ```
    pub fn first_after(mut self, delay: Duration) -> Schedule {
        self.first_after = Some(delay);
        self
    }

    /// Ends the task after this number of runs, at least one. A missed occurrence is no run.
    pub fn times(mut self, runs: u64) -> Schedule {
        self.times = Some(runs);
        self
    }

    /// The zone in which civil times are read; without it, the scheduler's, or the local one.
    pub fn zone(mut self, zone: Zone) -> Schedule {
        self.zone = Some(zone);
        self
    }

    /// The due times of a task that is scheduled at `after`, each run on time.
    ///
    /// # Errors
    ///
    /// As when a task is scheduled; also if no zone was given and the local one cannot be read, and on a platform without
    /// a clock (`wasm32-unknown-unknown`).
    pub fn upcoming(mut self, after: SystemTime) -> Result<Upcoming, Error> {
        needs_clock().map_err(Error::other)?;
        let zone = self.zone.take().map_or_else(Zone::local, Ok)?;
        Upcoming::new(self, &zone, Now { mono: Instant::now(), wall: after })
    }

    /// Whether it is due at the same times whenever it is scheduled, so that a task which is scheduled later has missed some.
    pub(crate) fn has_fixed_due_times(&self) -> bool {
        match self.what {
            What::Cron(_) | What::AtEach(_) => true,
            What::At(moment) => moment.is_dated(),
            What::Every(_) => self.starting.map_or(false, Moment::is_dated),
            What::Any(ref members) => members.iter().all(Schedule::has_fixed_due_times),
            What::After(_) | What::AfterEnd(_) | What::AtNext(_) => false,
        }
    }

    /// Whether finding its due times calls the user's code: an iterator, a closure, or a closure in `except`.
    pub(crate) fn is_users(&self) -> bool {
        self.except.has_closures() || matches!(self.what, What::AtEach(_) | What::AtNext(_))
    }

    pub(crate) fn times_limit(&self) -> Option<u64> {
        self.times
    }
}

impl From<What> for Schedule {
    fn from(what: What) -> Schedule {
        Schedule {
            what,
            zone: None,
            starting: None,
            until: None,
            times: None,
            first_after: None,
            every_nth_week: None,
            except: Except::NONE,
            jitter: Duration::ZERO,
        }
    }
}

impl From<Cron> for Schedule {
    fn from(cron: Cron) -> Schedule {
        Schedule::from(What::Cron(Arc::new(cron)))
    }
}

/// Schedules that are made of the same one share it: many that are equal take less memory.
impl From<Arc<Cron>> for Schedule {
    fn from(cron: Arc<Cron>) -> Schedule {
        Schedule::from(What::Cron(cron))
    }
}

impl From<Period> for Schedule {
    fn from(period: Period) -> Schedule {
        Schedule::from(What::Every(period))
    }
}

impl fmt::Debug for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Schedule({self})")
    }
}

/// The instant of a moment that was given in a field, if one was.
pub(crate) fn instant_of(
    field: &'static str,
    moment: Option<Moment>,
    zone: &Zone,
) -> Result<Option<SystemTime>, Error> {
    let in_zone =
        |moment: Moment| moment.in_zone(zone).map_err(|error| error.in_field(field, moment.to_string()));
    moment.map(in_zone).transpose()
}

/// Civil times before the zone's data begin are not for us to say.
pub(crate) fn expect_begun(zone: &Zone, instant: SystemTime) -> Result<(), Error> {
    Ok(zone.check_begun(unix_seconds(instant), &Moment::from(instant))?)
}

fn never_due(text: String) -> Error {
    Error::new(Kind::NeverDue(text))
}

fn never_fires() -> Error {
    never_due("never fires: no date matches it".into())
}
