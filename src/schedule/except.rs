//! What a schedule leaves out, as it was asked for.

use std::fmt;
use std::time::SystemTime;

use super::timeline::Timeline;
use super::{Given, Schedule, What};
use crate::civil::{Date, DateTime};
use crate::error::{Error, Kind};
use crate::guard::guarded;
use crate::sync::Arc;

/// Dates, and closures over civil times. What any of them leaves out is left out.
#[derive(Clone)]
pub(super) struct Except {
    /// In rising order, each once.
    pub(super) dates: Vec<Date>,
    pub(super) closures: Vec<Closure>,
    /// Whether a list of dates is given, if only an empty one.
    has_list: bool,
    pub(super) moves: Moves,
}

/// Where an occurrence on a listed date goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moves {
    /// It is left out.
    Not,
    /// To the next date that is not listed.
    Next,
    /// To the last date before that is not listed.
    Previous,
}

type Closure = Arc<dyn Fn(DateTime) -> bool + Send + Sync>;

/// Times that are left out. They go with [`cron`](Schedule::cron), [`every`](Schedule::every) and [`any`](Schedule::any); several
/// calls add up.
impl Schedule {
    /// Leaves out the occurrences for which a closure says `true`. It is asked about what the clocks show then, in the
    /// schedule's zone. They are not due at all: not run, and not reported as missed.
    ///
    /// The closure is asked when the next occurrence is looked for, on a worker or on your own thread, and again when the
    /// occurrence has come. It may be asked about any time and more than once, and is taken to give the same answer for a
    /// whole second. It is asked about one occurrence after the other, so counting many missed occurrences takes long:
    /// beyond ten million the count is a lower bound.
    ///
    /// ```
    /// use sexton::{tz::Zone, Moment, Schedule};
    ///
    /// let ticks = Schedule::cron("0 * * * *")?.except(|time| (12..14).contains(&time.time().hour())).zone(Zone::utc());
    /// let from = "2026-11-22T10:30:00Z".parse::<Moment>()?.instant(&Zone::utc()).unwrap();
    /// let due_times: Vec<String> = ticks.upcoming(from)?.take(2).map(|due| Moment::from(due).to_string()).collect();
    /// assert_eq!(due_times, ["2026-11-22T11:00:00Z", "2026-11-22T14:00:00Z"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// Of a period of elapsed time it is asked again when the clock is set or the zone changes: what the clocks will show has
    /// changed then.
    ///
    /// If it panics, the schedule ends with an error. Also if it leaves out too much: ten thousand occurrences in a row and
    /// then the first of each hour for eight years; a million in a row that lie over a year apart; or all up to the year
    /// 9999. With a schedule of another kind it is an error when the task is scheduled.
    pub fn except(mut self, is_left_out: impl Fn(DateTime) -> bool + Send + Sync + 'static) -> Schedule {
        self.except.closures.push(Arc::new(is_left_out));
        self
    }

    /// Leaves out the occurrences on some dates, holidays perhaps, in the schedule's zone. They are not due at all: not run, and
    /// not reported as missed. Of a period of elapsed time that is what the clocks show when it has come, also if they are set.
    ///
    /// ```
    /// use sexton::{tz::Zone, Moment, Schedule};
    ///
    /// let report = Schedule::cron("0 9 * * mon-fri")?.except_dates(["2026-12-24", "2026-12-25"])?.zone(Zone::utc());
    /// let from = "2026-12-23T12:00:00Z".parse::<Moment>()?.instant(&Zone::utc()).unwrap();
    /// let due = report.upcoming(from)?.next().unwrap();
    /// assert_eq!(Moment::from(due).to_string(), "2026-12-28T09:00:00Z");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If a text is no date. With a schedule of another kind it is an error when the task is scheduled.
    pub fn except_dates<I>(mut self, dates: I) -> Result<Schedule, Error>
    where
        I: IntoIterator,
        I::Item: Given<Date>,
    {
        self.except.has_list = true;
        for date in dates {
            self.except.dates.push(date.read("except_dates")?);
        }
        self.except.dates.sort_unstable();
        self.except.dates.dedup();
        Ok(self)
    }

    /// Moves what [`except_dates`](Schedule::except_dates) leaves out to the same civil time of the next date that is not
    /// listed, within a year. Where something is due then anyway, it is one occurrence. The date need not be one of the
    /// schedule's own: what `mon-fri` has on a Friday moves to the Saturday, unless that is listed, too.
    ///
    /// What [`except`](Schedule::except) leaves out does not move. It is asked about a moved occurrence as well, and leaves
    /// that out for good.
    ///
    /// ```
    /// use sexton::{tz::Zone, Moment, Schedule};
    ///
    /// let payday = Schedule::cron("0 9 25 * *")?;
    /// let payday = payday.except_dates(["2026-12-25", "2026-12-26"])?.or_next_day().zone(Zone::utc());
    /// let from = "2026-12-01T00:00:00Z".parse::<Moment>()?.instant(&Zone::utc()).unwrap();
    /// let due_times: Vec<String> = payday.upcoming(from)?.take(2).map(|due| Moment::from(due).to_string()).collect();
    /// assert_eq!(due_times, ["2026-12-27T09:00:00Z", "2027-01-25T09:00:00Z"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// What would move by more than 366 days is left out. Without a list of dates, or with a period of elapsed time, it is an error
    /// when the task is scheduled. It takes the place of [`or_previous_day`](Schedule::or_previous_day).
    pub fn or_next_day(mut self) -> Schedule {
        self.except.moves = Moves::Next;
        self
    }

    /// As [`or_next_day`](Schedule::or_next_day), to the last date before that is not listed. A payroll is due on the last
    /// working day:
    ///
    /// ```
    /// use sexton::{tz::Zone, Moment, Schedule};
    ///
    /// let closed = ["2027-01-30", "2027-01-31", "2027-02-27", "2027-02-28"];
    /// let payroll = Schedule::cron("0 9 L * *")?.except_dates(closed)?.or_previous_day().zone(Zone::utc());
    /// let from = "2027-01-01T00:00:00Z".parse::<Moment>()?.instant(&Zone::utc()).unwrap();
    /// let due_times: Vec<String> = payroll.upcoming(from)?.take(3).map(|due| Moment::from(due).to_string()).collect();
    /// assert_eq!(due_times, ["2027-01-29T09:00:00Z", "2027-02-26T09:00:00Z", "2027-03-31T09:00:00Z"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// Nothing moves to before [`starting`](Schedule::starting): that is left out. A task that is scheduled between the two
    /// dates begins after the moved occurrence, which has passed.
    pub fn or_previous_day(mut self) -> Schedule {
        self.except.moves = Moves::Previous;
        self
    }
}

impl Except {
    pub(super) const NONE: Except =
        Except { dates: Vec::new(), closures: Vec::new(), has_list: false, moves: Moves::Not };

    /// Whether it makes sense with this kind of schedule.
    pub(super) fn check(&self, what: &What) -> Result<(), Error> {
        let nonsense = |field, why: &str| Err(Error::other(why).in_field(field, ""));
        let field = if self.closures.is_empty() { "except_dates" } else { "except" };
        let day = if self.moves == Moves::Previous { "or_previous_day" } else { "or_next_day" };
        match what {
            _ if self.moves != Moves::Not && !self.has_list => nonsense(
                day,
                "found no dates to move, expected dates from `except_dates`; what `except` leaves out does not move",
            ),
            What::Every(period) if self.moves != Moves::Not && period.is_elapsed() => {
                nonsense(day, "goes with `cron` and periods of days only; elapsed time knows no days")
            }
            What::Cron(_) | What::Every(_) | What::Any(_) => Ok(()),
            _ if self.has_list || self.has_closures() => nonsense(
                field,
                "goes with `cron`, `every` and `any` only; other schedules say themselves when they are due",
            ),
            _ => Ok(()),
        }
    }

    /// Whether nothing is left out.
    pub(super) fn is_empty(&self) -> bool {
        self.dates.is_empty() && self.closures.is_empty()
    }

    /// Whether a date is one of those that are left out.
    pub(super) fn lists(&self, date: Date) -> bool {
        self.dates.binary_search(&date).is_ok()
    }

    /// The first listed date from this one on.
    pub(super) fn first_from(&self, date: Date) -> Option<Date> {
        self.dates.get(self.dates.partition_point(|listed| *listed < date)).copied()
    }

    /// The listed dates, as the first and the last of those in a row.
    pub(super) fn stretches(&self) -> impl Iterator<Item = (Date, Date)> + '_ {
        let mut dates = self.dates.iter().copied().peekable();
        std::iter::from_fn(move || {
            let first = dates.next()?;
            let mut last = first;
            while let Some(next) = dates.next_if(|next| next.days() == last.days() + 1) {
                last = next;
            }
            Some((first, last))
        })
    }

    /// Whether what a clock shows at an instant is left out, as a listed date or by a closure.
    pub(super) fn leaves_out(&self, instant: SystemTime, clock: &Timeline) -> Result<bool, Error> {
        match clock.civil(instant) {
            Some(shown) => Ok(self.lists(shown.date()) || self.closures_leave_out(shown)?),
            None => Ok(false),
        }
    }

    /// Whether a closure leaves out a civil time.
    pub(super) fn closures_leave_out(&self, shown: DateTime) -> Result<bool, Error> {
        guarded(|| self.closures.iter().any(|closure| closure(shown)))
            .map_err(|message| panicked("except", message))
    }

    pub(super) fn has_closures(&self) -> bool {
        !self.closures.is_empty()
    }

    pub(super) fn in_words(&self) -> Excepted {
        Excepted { dates: self.dates.len(), has_closures: self.has_closures(), moves: self.moves }
    }
}

/// The error of a closure or an iterator that was given in a field and panicked.
pub(super) fn panicked(field: &'static str, message: Arc<str>) -> Error {
    Error::new(Kind::Panicked(message)).in_field(field, "")
}

/// What is left out, in words, if anything is: ` except 2 dates and some times or the next day`.
pub(crate) struct Excepted {
    dates: usize,
    has_closures: bool,
    moves: Moves,
}

impl fmt::Display for Excepted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.dates {
            0 => f.write_str(" except some times")?,
            1 => f.write_str(" except 1 date")?,
            dates => write!(f, " except {dates} dates")?,
        }
        if self.has_closures && self.dates > 0 {
            f.write_str(" and some times")?;
        }
        f.write_str(match self.moves {
            Moves::Not => "",
            Moves::Next => " or the next day",
            Moves::Previous => " or the previous day",
        })
    }
}
