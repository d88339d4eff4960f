//! Several schedules as one: due whenever one of them is.

use super::{Schedule, What};
use crate::error::Error;

impl Schedule {
    /// Whenever one of several schedules is due. It is one schedule, for one task: occurrences that coincide are one.
    ///
    /// ```
    /// use sexton::{tz::Zone, Moment, Schedule};
    ///
    /// let feed = Schedule::any([Schedule::cron("30 5 * * *")?, Schedule::cron("45 12 * * mon-fri")?]).zone(Zone::utc());
    /// let from = "2026-11-27T06:00:00Z".parse::<Moment>()?.instant(&Zone::utc()).unwrap(); // a Friday
    /// let due_times: Vec<String> = feed.upcoming(from)?.take(3).map(|due| Moment::from(due).to_string()).collect();
    /// assert_eq!(due_times, ["2026-11-27T12:45:00Z", "2026-11-28T05:30:00Z", "2026-11-29T05:30:00Z"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// A member is [`cron`](Schedule::cron), [`every`](Schedule::every) with [`starting`](Schedule::starting),
    /// [`at`](Schedule::at), or `any` again. It may have its own `starting`, `until`, `except_dates` with `or_next_day` or
    /// `or_previous_day`, and `every_nth_week`. All else is for the whole: `zone`, `jitter`, `times`, and `except` with a
    /// closure. `until`, `except` and `except_dates` of the whole apply to all members.
    ///
    /// As a cron expression, it is due after the time at which the task is scheduled: an anchor or a time that has passed is
    /// not caught up. Periods of elapsed time go by the wall clock in it: their anchor and whole periods from there on. Missed occurrences are counted exactly, unless more
    /// than a million of those of one member coincide with others: then the count is a lower bound.
    ///
    /// Another member, none at all, or one with what is for the whole is an error when the task is scheduled.
    pub fn any<I>(members: I) -> Schedule
    where
        I: IntoIterator,
        I::Item: Into<Schedule>,
    {
        Schedule::from(What::Any(members.into_iter().map(Into::into).collect()))
    }

    /// Whether it can be a member of `any`.
    pub(super) fn check_member(&self) -> Result<(), Error> {
        let is_plain = self.zone.is_none() && self.times.is_none() && self.jitter.is_zero();
        let why = match self.has_pattern() {
            true if is_plain && !self.except.has_closures() => return self.check(),
            true => {
                "expected `zone`, `times`, `jitter` and `except` with a closure on the whole, not on a member"
            }
            false => "cannot be a member, expected `cron`, `every` with `starting`, `at`, or `any`",
        };
        Err(Error::other(why).in_field("any", self.to_string()))
    }
}
