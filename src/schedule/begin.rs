//! A schedule begins: at a time, in a zone, for a task. Each kind of schedule has a method that finds its first due time.

use std::time::{Duration, SystemTime};

use super::bounds::{Bounds, Parts};
use super::calendar::Calendar;
use super::due::Due;
use super::exclusions::Exclusions;
use super::jitter::Whose;
use super::moment::{out_of_range, Moment};
use super::pattern::Pattern;
use super::recurrence::Recurrence;
use super::rule::{ask, pull, Closure, Moments, Rule};
use super::timeline::Timeline;
use super::timetable::Timetable;
use super::words::Words;
use super::{expect_begun, instant_of, never_due, never_fires, Schedule, What};
use crate::civil::DateTime;
use crate::clock::{Now, CORRECTION, STEP};
use crate::error::{Error, Kind};
use crate::occurrences::days::remainder;
use crate::period::Period;
use crate::tz::{unix_seconds, Zone};

/// A schedule that begins.
struct Beginning {
    timetable: Timetable,
    zone: Zone,
    now: Now,
    starting: Option<SystemTime>,
    first_after: Option<Duration>,
    civil_starting: Option<DateTime>,
    /// The last due time of an earlier process, without the delay.
    last: Option<SystemTime>,
}

impl Schedule {
    /// Begins it in a zone, at a time, and for a task: returns the due times from `now` on, and the first of them.
    pub(crate) fn begin(
        mut self,
        zone: &Zone,
        now: Now,
        whose: Option<Whose<'_>>,
    ) -> Result<(Timetable, Option<Due>), Error> {
        self.check()?;
        let zone = self.zone.clone().unwrap_or_else(|| zone.clone());
        self.settle(now.wall, &zone)?;
        let starting = instant_of("starting", self.starting, &zone)?;
        let until = instant_of("until", self.until, &zone)?;
        let delay = whose.map_or(Duration::ZERO, |whose| whose.delay(self.jitter));
        let civil_starting = self.starting.and_then(Moment::civil);
        let timetable = Timetable {
            rule: Rule::Once { civil: None },
            bounds: Bounds::new(Parts {
                until,
                except: self.except.clone(),
                delay,
                civil_starting,
                civil_until: self.until.and_then(Moment::civil),
            }),
        };
        let last = whose.and_then(|whose| whose.last?.checked_sub(delay));
        let first_after = self.first_after;
        let mut begins = Beginning { timetable, zone, now, starting, first_after, civil_starting, last };
        let first = match self.what {
            What::Cron(_) | What::Any(_) => begins.calendar(&self)?,
            What::Every(period) => begins.period(period)?,
            What::At(moment) => begins.at(moment)?,
            What::After(delay) => begins.after(delay)?,
            What::AfterEnd(period) => {
                begins.timetable.rule = Rule::AfterEnd { period };
                begins.first_elapsed()
            }
            What::AtEach(moments) => begins.at_each(moments)?,
            What::AtNext(next) => begins.at_next(next)?,
        };
        let mut timetable = begins.timetable;
        let first = timetable.in_time(timetable.delayed(first), now);
        if first.is_none() {
            // Nothing will be asked of it any more.
            timetable.rule = Rule::Once { civil: None };
        }
        Ok((timetable, first))
    }

    /// Gives each time of day its date.
    fn settle(&mut self, now: SystemTime, zone: &Zone) -> Result<(), Error> {
        let dated = |moment: Moment| moment.dated(now, zone).ok_or_else(out_of_range);
        self.starting = self.starting.map(dated).transpose()?;
        self.until = self.until.map(dated).transpose()?;
        match &mut self.what {
            What::At(moment) => *moment = dated(*moment)?,
            What::Any(members) => {
                members.iter_mut().try_for_each(|member| member.settle(now, zone))?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether its parts go together.
    pub(super) fn check(&self) -> Result<(), Error> {
        if self.times == Some(0) {
            return Err(Error::new(Kind::Other("at least one run".into())).in_field("times", "0"));
        }
        if self.starting.is_some() && !matches!(self.what, What::Cron(_) | What::Every(_)) {
            let why = "goes with `cron` and `every` only; other schedules say themselves when they start";
            return Err(Error::new(Kind::Other(why.into())).in_field("starting", ""));
        }
        let is_elapsed = match self.what {
            What::Every(period) => period.is_elapsed() && self.starting.is_none(),
            What::AfterEnd(_) => true,
            _ => false,
        };
        if self.first_after.is_some() && !is_elapsed {
            let why = "goes with `every` and `every_after_end` of elapsed time only, and not with `starting`";
            return Err(Error::new(Kind::Other(why.into())).in_field("first_after", ""));
        }
        if self.every_nth_week.is_some() && !matches!(self.what, What::Cron(_)) {
            let why = "goes with `cron` only; a period says itself how many weeks it is";
            return Err(Error::new(Kind::Other(why.into())).in_field("every_nth_week", ""));
        }
        match self.what {
            What::Every(period) if self.jitter > period.length() => {
                let why = format!("is more than the period `{period}`");
                Err(Error::new(Kind::Other(why)).in_field("jitter", format!("{:?}", self.jitter)))
            }
            _ => self.except.check(&self.what),
        }
    }
}

impl Beginning {
    /// An expression, or several schedules: due from now on.
    fn calendar(&mut self, schedule: &Schedule) -> Result<Option<Due>, Error> {
        let mut pattern = schedule.pattern(&self.zone, last_before(&self.zone).unwrap_or(i64::MIN))?;
        if let Pattern::Cron { cron, .. } = &pattern {
            if cron.never_fires() {
                return Err(never_fires().in_field("cron", cron.to_string()));
            }
        }
        expect_begun(&self.zone, self.starting.map_or(self.now.wall, |start| start.max(self.now.wall)))?;
        let wall = self.timetable.undelayed(self.now.wall);
        if self.last.is_some() {
            pattern.hold(Some(since(self.last, false, wall)));
        }
        let since = since(self.last, pattern.is_interval_like(), wall);
        self.timetable.rule = Rule::Calendar(Calendar::new(pattern));
        let first = self.timetable.after_instant(since)?;
        self.must_be_due(first.map(Due::Calendar), |excepted| match self.timetable.cron() {
            Some(cron) => format!("cron `{cron}`{excepted}"),
            None => Words::of(&schedule.what).to_string() + excepted,
        })
    }

    fn period(&mut self, period: Period) -> Result<Option<Due>, Error> {
        let first = match period.is_elapsed() {
            true => self.elapsed_period(period.elapsed())?,
            false => self.period_of_days(period)?,
        };
        self.must_be_due(first, |excepted| format!("every `{period}`{excepted}"))
    }

    /// The first due time of a period that is elapsed time. Of one that has an anchor in the past, the last; or, where an
    /// earlier process was the first to follow it, the one after the last of that process.
    fn elapsed_period(&mut self, period: Duration) -> Result<Option<Due>, Error> {
        self.timetable.rule = Rule::Elapsed { period, clock: Timeline::new(self.zone.clone()) };
        if self.starting <= self.last {
            // An earlier process began it: where another zone has the anchor does not matter any more.
            self.timetable.bounds.forget_civil_starting();
        }
        let wall = self.timetable.undelayed(self.now.wall);
        // An earlier process counted elapsed time, and noted when that was by the wall clock: of two clocks that do not
        // show the same, `last` may lie a little before or after the due time of the grid that it was. Further ahead, the
        // wall clock was set back since, and what it shows again is due again.
        let slack = (period / 2).min(STEP);
        let ahead = self.last.and_then(|last| last.duration_since(wall).ok()).unwrap_or_default();
        let (last, slack) = if ahead > slack { (Some(wall), Duration::ZERO) } else { (self.last, slack) };
        let first = match self.starting {
            None => self.first_elapsed(),
            Some(start) if start > last.unwrap_or(wall) => Some(Due::Calendar(start)),
            Some(start) => {
                let until = last.map_or(Some(wall), |last| last.checked_add(slack)).unwrap_or(wall);
                let age = until.duration_since(start).unwrap_or_default();
                let latest = until.checked_sub(remainder(age, period));
                let step = last.map_or(Duration::ZERO, |_| period);
                latest.and_then(|latest| latest.checked_add(step)).map(Due::Calendar)
            }
        };
        self.timetable.rule.elapsed_from(first, self.now, self.timetable.bounds.except())
    }

    /// Now, or after the delay that was given.
    fn first_elapsed(&self) -> Option<Due> {
        self.now.mono.checked_add(self.first_after.unwrap_or_default()).map(Due::Elapsed)
    }

    /// The same, of a period that has days or months.
    fn period_of_days(&mut self, period: Period) -> Result<Option<Due>, Error> {
        let wall = self.timetable.undelayed(self.now.wall);
        let last = self.last.map(|last| since(Some(last), false, wall));
        // Days go on from where an earlier process was.
        let anchor = self.starting.or(last).unwrap_or(self.now.wall);
        let days = Pattern::days(period, self.civil_starting, anchor, &self.zone)?;
        self.timetable.rule = Rule::Calendar(Calendar::new(days));
        let pattern = self.timetable.rule.calendar().map(|calendar| &calendar.pattern);
        let first = match (self.starting, last) {
            (Some(start), last) if start > last.unwrap_or(wall) => Some(start),
            (_, Some(last)) => return Ok(self.timetable.after_instant(last)?.map(Due::Calendar)),
            (Some(_), None) => pattern.and_then(|pattern| pattern.until(wall)),
            (None, None) => Some(self.now.wall),
        };
        let (pattern, except, first) = match (pattern, self.timetable.bounds.except(), first) {
            (Some(pattern), Some(except), Some(first)) => (pattern, except, first),
            _ => return Ok(first.map(Due::Calendar)),
        };
        let exclusions = Exclusions { except, clock: pattern.clock() };
        let is_past = self.starting.is_some() && first <= wall;
        let latest = if is_past { exclusions.until(pattern, wall)? } else { None };
        let first = match latest {
            Some(latest) => Some(latest),
            None if exclusions.leave_out(first)? => self.timetable.after_instant(first)?,
            None => Some(first),
        };
        Ok(first.map(Due::Calendar))
    }

    fn at(&mut self, moment: Moment) -> Result<Option<Due>, Error> {
        let due = instant_of("at", Some(moment), &self.zone)?;
        self.timetable.rule = Rule::Once { civil: moment.civil() };
        match due <= self.last {
            // An earlier process has run it.
            true => Ok(None),
            false => self.must_be_due(due.map(Due::Calendar), |_| format!("at `{moment}`")),
        }
    }

    fn after(&mut self, delay: Duration) -> Result<Option<Due>, Error> {
        let due = self.now.mono.checked_add(delay).map(Due::Elapsed);
        if due.is_none() {
            return Err(
                never_due("is too far away for the clock".into()).in_field("after", format!("{delay:?}"))
            );
        }
        self.must_be_due(due, |_| format!("after `{delay:?}`"))
    }

    fn at_each(&mut self, mut moments: Moments) -> Result<Option<Due>, Error> {
        let first = pull(&mut moments)?;
        let due = instant_of("at_each", first, &self.zone)?;
        self.timetable.rule = Rule::AtEach { moments, last: first, zone: self.zone.clone() };
        match self.last {
            Some(last) if due.map_or(false, |due| due <= last) => {
                self.timetable.rule.next(Due::Calendar(last), self.now, None, None)
            }
            _ => Ok(due.map(Due::Calendar)),
        }
    }

    fn at_next(&mut self, mut next: Closure) -> Result<Option<Due>, Error> {
        let due = ask(&mut next, self.now)?;
        self.timetable.rule = Rule::AtNext(next);
        Ok(due)
    }

    /// An error for a schedule that is never due: `what` gives it in words, and is given what is left out. Iterators and
    /// closures are free to be empty.
    fn must_be_due(&self, due: Option<Due>, what: impl FnOnce(&str) -> String) -> Result<Option<Due>, Error> {
        if due.is_some() && self.timetable.in_time(self.timetable.delayed(due), self.now).is_some() {
            return Ok(due);
        }
        let except = self.timetable.bounds.except();
        let what = what(&except.map(|except| except.to_string()).unwrap_or_default());
        match due {
            Some(_) => {
                let until = self.timetable.bounds.until().map(|until| Moment::from(until).to_string());
                let error = never_due(format!("that is before {what} is first due"));
                Err(error.in_field("until", until.unwrap_or_default()))
            }
            None => Err(never_due(format!("{what} is not due any more"))),
        }
    }
}

/// From where on due times are looked for: from now on, or from the last one of an earlier process. Where the clock has been set back
/// since, that is like a step of it under a running scheduler.
fn since(last: Option<SystemTime>, is_interval_like: bool, now: SystemTime) -> SystemTime {
    let ahead = last.and_then(|last| last.duration_since(now).ok()).unwrap_or_default();
    match last {
        Some(last) if ahead.is_zero() || (ahead <= CORRECTION && !is_interval_like) => last,
        _ => now,
    }
}

/// The last second before a zone's data begin, if they do: a clock may be set back to before that.
fn last_before(zone: &Zone) -> Option<i64> {
    Some(unix_seconds(zone.begins()?) - 1)
}
