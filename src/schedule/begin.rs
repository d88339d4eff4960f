//! A schedule begins: at a time, in a zone, for a task. Each kind of schedule has a method that finds its first due time.

use std::time::{Duration, SystemTime};

use super::bounds::{Bounds, Parts};
use super::calendar::Calendar;
use super::due::Due;
use super::jitter::Whose;
use super::moment::{out_of_range, Moment};
use super::pattern::Pattern;
use super::recurrence::{Grid, Recurrence};
use super::rule::{ask, pull, Closure, Moments, Rule};
use super::timeline::Timeline;
use super::timetable::Timetable;
use super::words::Words;
use super::{expect_begun, instant_of, never_due, never_fires, Schedule, What};
use crate::clock::{Now, CORRECTION, STEP};
use crate::error::Error;
use crate::period::Period;
use crate::tz::{Offsets, Zone};

/// A schedule that begins.
struct Beginning {
    bounds: Bounds,
    zone: Zone,
    now: Now,
    starting: Option<SystemTime>,
    first_after: Option<Duration>,
    /// The last due time of an earlier process, without the delay.
    last: Option<SystemTime>,
}

/// How it goes on, and its first due time without the delay.
type Begun = Result<(Rule, Option<Due>), Error>;

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
        let delay = whose.map_or(Duration::ZERO, |whose| whose.delay(self.jitter));
        let starting = instant_of("starting", self.starting, &zone)?;
        let mut begins = Beginning {
            bounds: self.bounds(&zone, delay)?,
            zone,
            now,
            starting,
            first_after: self.first_after,
            last: whose.and_then(|whose| whose.last?.checked_sub(delay)),
        };
        let (rule, first) = match self.what {
            What::Cron(_) | What::Any(_) => begins.calendar(&self)?,
            What::Every(period) if period.is_elapsed() => begins.elapsed_period(period)?,
            What::Every(period) => begins.period_of_days(period)?,
            What::At(moment) => begins.at(moment)?,
            What::After(delay) => begins.after(delay)?,
            What::AfterEnd(period) => (Rule::AfterEnd { period }, begins.first_elapsed()),
            What::AtEach(moments) => begins.at_each(moments)?,
            What::AtNext(next) => begins.at_next(next)?,
        };
        let first = begins.bounds.delayed(first, now);
        // Without a first due time nothing will be asked of it any more.
        let rule = if first.is_some() { rule } else { Rule::Once(None) };
        Ok((Timetable { rule, bounds: begins.bounds }, first))
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
        let is_elapsed = match self.what {
            What::Every(period) => period.is_elapsed() && self.starting.is_none(),
            What::AfterEnd(_) => true,
            _ => false,
        };
        let is_cron = matches!(self.what, What::Cron(_));
        let nonsense = |field, value: &str, why: &str| Err(Error::other(why).in_field(field, value));
        if self.times == Some(0) {
            return nonsense("times", "0", "at least one run");
        }
        if self.starting.is_some() && !is_cron && !matches!(self.what, What::Every(_)) {
            let why = "goes with `cron` and `every` only; other schedules say themselves when they start";
            return nonsense("starting", "", why);
        }
        if self.first_after.is_some() && !is_elapsed {
            let why = "goes with `every` and `every_after_end` of elapsed time only, and not with `starting`";
            return nonsense("first_after", "", why);
        }
        if self.every_nth_week.is_some() && !is_cron {
            let why = "goes with `cron` only; a period says itself how many weeks it is";
            return nonsense("every_nth_week", "", why);
        }
        match self.what {
            What::Every(period) if self.jitter > period.length() => {
                let why = format!("is more than the period `{period}`");
                nonsense("jitter", &format!("{:?}", self.jitter), &why)
            }
            _ => self.except.check(&self.what),
        }
    }
}

impl Beginning {
    /// An expression, or several schedules: due from now on.
    fn calendar(&self, schedule: &Schedule) -> Begun {
        // A clock may be set back to before the zone's data begin.
        let last_unknown = self.zone.first_known().saturating_sub(1);
        let mut pattern = schedule.pattern(&self.zone, last_unknown)?;
        if let Pattern::Cron { cron, .. } = &pattern {
            if cron.never_fires() {
                return Err(never_fires().in_field("cron", cron.to_string()));
            }
        }
        expect_begun(&self.zone, self.starting.map_or(self.now.wall, |start| start.max(self.now.wall)))?;
        let wall = self.bounds.undelayed(self.now.wall);
        if self.last.is_some() {
            pattern.hold(Some(since(self.last, false, wall)));
        }
        let since = since(self.last, pattern.is_interval_like(), wall);
        let calendar = Calendar::new(pattern);
        let first = calendar.after(since, &self.bounds)?.map(Due::Calendar);
        self.must_be_due(first, &|excepted| match &calendar.pattern {
            Pattern::Cron { cron, .. } => format!("cron `{cron}`{excepted}"),
            _ => Words::of(&schedule.what).to_string() + excepted,
        })?;
        Ok((Rule::Calendar(calendar), first))
    }

    /// A period that is elapsed time. The first due time of one that has an anchor in the past is the last before now; or, where
    /// an earlier process was the first to follow it, the one after the last of that process.
    fn elapsed_period(&mut self, every: Period) -> Begun {
        let period = every.elapsed();
        if self.starting <= self.last {
            // An earlier process began it: where another zone has the anchor does not matter any more.
            self.bounds.forget_civil_starting();
        }
        let wall = self.bounds.undelayed(self.now.wall);
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
                let latest = Grid { from: start, period }.until(until);
                let step = last.map_or(Duration::ZERO, |_| period);
                latest.and_then(|latest| latest.checked_add(step)).map(Due::Calendar)
            }
        };
        let grid = first.filter(|_| !self.bounds.except.is_empty()).map(Box::new);
        let rule = Rule::Elapsed { period, clock: Timeline::new(self.zone.clone()), grid };
        let first = rule.elapsed_from(first, self.now, &self.bounds.except)?;
        self.must_be_due(first, &|excepted| format!("every `{every}`{excepted}"))?;
        Ok((rule, first))
    }

    /// Now, or after the delay that was given.
    fn first_elapsed(&self) -> Option<Due> {
        self.now.mono.checked_add(self.first_after.unwrap_or_default()).map(Due::Elapsed)
    }

    /// The same, of a period that has days or months.
    fn period_of_days(&self, period: Period) -> Begun {
        let wall = self.bounds.undelayed(self.now.wall);
        let last = self.last.map(|last| since(Some(last), false, wall));
        // Days go on from where an earlier process was.
        let anchor = self.starting.or(last).unwrap_or(self.now.wall);
        let pattern = Pattern::days(period, self.bounds.civil_starting, anchor, &self.zone)?;
        let exclusions = pattern.without(&self.bounds.except);
        let first = match (self.starting, last) {
            (Some(start), last) if start > last.unwrap_or(wall) => Some(start),
            (_, Some(_)) => None,
            (Some(_), None) => exclusions.until(wall)?,
            (None, None) => Some(self.now.wall),
        };
        let first = match first {
            Some(first) if !self.bounds.except.leaves_out(first, pattern.clock())? => Some(first),
            first => {
                let after = first.or(last).unwrap_or(wall);
                exclusions.after(after, self.bounds.undelayed_end())?
            }
        };
        let first = first.map(Due::Calendar);
        self.must_be_due(first, &|excepted| format!("every `{period}`{excepted}"))?;
        Ok((Rule::Calendar(Calendar::new(pattern)), first))
    }

    fn at(&self, moment: Moment) -> Begun {
        let rule = Rule::Once(Some(Words::At(moment)));
        let due = instant_of("at", Some(moment), &self.zone)?;
        if due <= self.last {
            // An earlier process has run it.
            return Ok((rule, None));
        }
        let due = due.map(Due::Calendar);
        self.must_be_due(due, &|_| format!("at `{moment}`"))?;
        Ok((rule, due))
    }

    fn after(&self, delay: Duration) -> Begun {
        let too_far =
            || never_due("is too far away for the clock".into()).in_field("after", format!("{delay:?}"));
        let due = Some(Due::Elapsed(self.now.mono.checked_add(delay).ok_or_else(too_far)?));
        self.must_be_due(due, &|_| format!("after `{delay:?}`"))?;
        Ok((Rule::Once(Some(Words::After(delay))), due))
    }

    fn at_each(&self, mut moments: Moments) -> Begun {
        let first = pull(&mut moments)?;
        let due = instant_of("at_each", first, &self.zone)?;
        let mut rule = Rule::AtEach { moments, last: first, zone: self.zone.clone() };
        let due = match self.last {
            Some(last) if due.map_or(false, |due| due <= last) => {
                rule.next(Due::Calendar(last), self.now, &self.bounds)?
            }
            _ => due.map(Due::Calendar),
        };
        Ok((rule, due))
    }

    fn at_next(&self, mut next: Closure) -> Begun {
        let due = ask(&mut next, self.now)?;
        Ok((Rule::AtNext(next), due))
    }

    /// An error for a schedule that is never due: `what` gives it in words, and is given what is left out. Iterators and
    /// closures are free to be empty.
    fn must_be_due(&self, due: Option<Due>, what: &dyn Fn(&str) -> String) -> Result<(), Error> {
        match self.bounds.delayed(due, self.now) {
            Some(_) => Ok(()),
            None => Err(self.not_due(due, what)),
        }
    }

    #[cold]
    fn not_due(&self, due: Option<Due>, what: &dyn Fn(&str) -> String) -> Error {
        let Parts { except, until, .. } = &*self.bounds;
        let what = what(&if except.is_empty() { String::new() } else { except.in_words().to_string() });
        match due {
            Some(_) => {
                let until = until.map(|until| Moment::from(until).to_string());
                let error = never_due(format!("that is before {what} is first due"));
                error.in_field("until", until.unwrap_or_default())
            }
            None => never_due(format!("{what} is not due any more")),
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
