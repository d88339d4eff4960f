//! The stage of a play: does what the script and the callbacks say, and logs everything that is done and told.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::time::{Duration, SystemTime};

use sexton::civil::DateTime;
use sexton::{Event, ManualClock, Missed, Run, Schedule, Scheduler, Status, Task};

use super::civil;
use super::play::*;
use crate::zones;

/// Nanoseconds since 1970 on the wall, or since the beginning of the play on the monotonic clock.
pub type Nanos = i128;

pub const SECOND: Nanos = 1_000_000_000;
pub const HOUR: Nanos = 3600 * SECOND;

/// A smaller move of the wall clock is not noticed.
pub const STEP: Nanos = SECOND * 5 / 4;

#[derive(Clone, Debug)]
pub struct Entry {
    pub wall: Nanos,
    pub mono: Nanos,
    pub what: What,
}

#[derive(Clone, Debug)]
pub enum What {
    Scheduled {
        part: usize,
        life: usize,
        is_new: bool,
    },
    Cancelled(usize, bool),
    OneMore(usize, bool),
    Paused(usize, bool),
    Resumed(usize, bool),
    Demanded(usize, bool),
    Stepped {
        by: Nanos,
        in_callback: bool,
    },
    ZoneSet(&'static str),
    /// About to be shut down.
    ShutDown,
    Told(Event),
    /// The observer that was told of the end of a run has returned: only now the task goes on, or loses its name.
    EndObserved,
    Began {
        life: usize,
        facts: Option<Facts>,
        next: Option<SystemTime>,
    },
    Breaks(usize),
    /// What the closure of an `AtNext` has answered.
    Answered(usize, Option<Nanos>),
    /// Only a part of what is due was run.
    Unsettled,
    /// What could be seen when time had passed up to here.
    Quiet {
        target: Nanos,
        seen: Vec<Seen>,
    },
}

#[derive(Clone, Debug)]
pub struct Facts {
    pub due: SystemTime,
    pub missed: u64,
    pub count: u64,
}

#[derive(Clone, Debug)]
pub struct Seen {
    pub name: usize,
    pub status: Status,
    pub next: Option<SystemTime>,
    pub count: Option<u64>,
}

/// What the play and its callbacks share.
pub struct World {
    pub clock: ManualClock,
    pub play: Play,
    pub scheduler: Mutex<Option<Scheduler>>,
    pub log: Mutex<Vec<Entry>>,
    /// How far the wall clock was stepped in all.
    pub stepped: Mutex<Nanos>,
    pub lives: Mutex<usize>,
    pub wakers: Mutex<Vec<Waker>>,
    pub depth: Mutex<usize>,
    /// The runs that were going on when the zone was last changed.
    pub rezoned: Mutex<Vec<(String, u64)>>,
    /// When that was.
    pub rezoned_at: Mutex<Option<Nanos>>,
    pub runs: Mutex<usize>,
    /// Whether the script lets time pass, and how many tasks are just being scheduled.
    pub is_advancing: Mutex<bool>,
    pub scheduling: Mutex<usize>,
    /// How often the observer and the schedules have done something.
    pub reactions: Mutex<usize>,
    pub answers: Mutex<HashMap<usize, usize>>,
}

/// Schedules do so many things at most: some are asked once for each occurrence that they have missed.
const ANSWERS: usize = 200;

/// An observer is slow so often at most: one that always is may make more due than can ever be run.
const REACTIONS: usize = 300;

/// No play has so many runs, and 150 more for each day of its script, unless a task that catches up with all it has missed is
/// too slow for that: a callback that is called more often ends its task, so that it comes to an end.
pub const ENDLESS: usize = 12_000;

pub fn nanos(instant: SystemTime) -> Nanos {
    match instant.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => since.as_nanos() as Nanos,
        Err(before) => -(before.duration().as_nanos() as Nanos),
    }
}

pub fn instant(nanos: Nanos) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_nanos(nanos.try_into().unwrap())
}

pub fn millis(millis: i64) -> Nanos {
    Nanos::from(millis) * 1_000_000
}

impl World {
    pub fn new(play: &Play, observers_panic: bool) -> Arc<World> {
        let clock = ManualClock::new(instant(millis(play.start)));
        let scheduler = Scheduler::builder().clock(&clock).zone(zones::zone(play.zone)).build().unwrap();
        let world = Arc::new(World {
            clock,
            play: play.clone(),
            scheduler: Mutex::new(Some(scheduler.clone())),
            log: Mutex::new(Vec::new()),
            stepped: Mutex::new(0),
            lives: Mutex::new(0),
            wakers: Mutex::new(Vec::new()),
            depth: Mutex::new(0),
            rezoned: Mutex::new(Vec::new()),
            rezoned_at: Mutex::new(None),
            runs: Mutex::new(0),
            is_advancing: Mutex::new(false),
            scheduling: Mutex::new(0),
            reactions: Mutex::new(0),
            answers: Mutex::new(HashMap::new()),
        });
        if observers_panic {
            scheduler.observe(|_| std::panic::resume_unwind(Box::new("on purpose")));
        }
        let teller = Arc::downgrade(&world);
        scheduler.observe(move |event| {
            if let Some(world) = teller.upgrade() {
                world.note(What::Told(event.clone()));
                world.react(event);
                if let Event::RunEnded { .. } = event {
                    world.note(What::EndObserved);
                }
            }
        });
        world
    }

    /// Lets everything come to its end, and gives the log up to then. In the end all that was captured must go, and the
    /// scheduler with it.
    pub fn end(self: &Arc<World>) -> Result<Vec<Entry>, String> {
        self.act(&Deed::Wake);
        self.act(&Deed::Advance(0));
        let log = self.log.lock().unwrap().clone();
        let scheduler = self.scheduler();
        NAMES.iter().for_each(|name| drop(scheduler.cancel(name)));
        self.act(&Deed::Forget);
        self.clock.advance(Duration::ZERO);
        scheduler.shutdown();
        self.scheduler.lock().unwrap().take();
        drop(scheduler);
        if self.is_endless() && !self.play.parts.iter().any(|part| part.missed == Missed::All) {
            return Err("it would not have come to an end".into());
        }
        match Arc::strong_count(self) {
            1 => Ok(log),
            count => Err(format!("{} callbacks were never dropped", count - 1)),
        }
    }

    fn most_runs(&self) -> usize {
        let advances = self.play.script.iter().map(|deed| match deed {
            Deed::Advance(by) | Deed::AdvanceAndRun(by) => *by,
            _ => 0,
        });
        ENDLESS + 150 * (advances.sum::<u64>() / 86_400_000) as usize
    }

    /// Whether it could not go on as it wanted to.
    pub fn is_endless(&self) -> bool {
        *self.runs.lock().unwrap() > self.most_runs()
    }

    pub fn start(&self) -> Nanos {
        millis(self.play.start)
    }

    pub fn mono(&self) -> Nanos {
        nanos(self.clock.now()) - self.start() - *self.stepped.lock().unwrap()
    }

    pub fn note(&self, what: What) {
        let (wall, mono) = (nanos(self.clock.now()), self.mono());
        self.log.lock().unwrap().push(Entry { wall, mono, what });
    }

    pub fn scheduler(&self) -> Scheduler {
        self.scheduler.lock().unwrap().clone().unwrap()
    }

    pub fn depth(&self) -> usize {
        *self.depth.lock().unwrap()
    }

    pub fn act(self: &Arc<World>, deed: &Deed) {
        let scheduler = self.scheduler();
        match *deed {
            Deed::Advance(by) => {
                let target = self.mono() + millis(by as i64);
                self.advance(by);
                if self.depth() == 0 {
                    self.look_around(target);
                }
            }
            Deed::AdvanceAndRun(by) => {
                self.advance(by);
                if self.depth() < 4 {
                    if self.play.has_slow_code() {
                        self.note(What::Unsettled);
                    }
                    scheduler.run_pending();
                    self.note(What::Unsettled);
                }
            }
            Deed::Step(_) if *self.runs.lock().unwrap() > 40 && self.depth() > 0 => {}
            Deed::Step(by) => {
                let size = Duration::from_millis(by.unsigned_abs());
                match by < 0 {
                    true => self.clock.step_back(size),
                    false => self.clock.step(size),
                }
                self.stepped(millis(by));
            }
            Deed::Suspend(by) => {
                self.clock.suspend(Duration::from_millis(by));
                self.stepped(millis(by as i64));
            }
            Deed::SetZone(zone) => {
                // Changes of zone during one run are one for its task, from where it was to where it is in the end.
                let running: Vec<_> = scheduler.tasks().iter().filter_map(run_of).collect();
                let before = std::mem::replace(&mut *self.rezoned.lock().unwrap(), running.clone());
                // And two within a second are each a change to the machine, but one to who asks what clocks showed.
                let now = self.mono();
                let last = self.rezoned_at.lock().unwrap().replace(now);
                if running.iter().any(|run| before.contains(run))
                    || last.map_or(false, |last| now - last <= SECOND)
                {
                    return;
                }
                scheduler.set_zone(zones::zone(zone));
                self.note(What::ZoneSet(zone));
            }
            // What makes itself due again at once would run for ever.
            Deed::Schedule(_) if *self.lives.lock().unwrap() > 40 => {}
            Deed::RunNow(_) if *self.runs.lock().unwrap() > 40 && self.depth() > 0 => {}
            Deed::Schedule(part) => self.schedule(part),
            Deed::Cancel(name) => self.note(What::Cancelled(name, scheduler.cancel(NAMES[name]).is_ok())),
            Deed::CancelAfterNext(name) => {
                self.note(What::OneMore(name, scheduler.cancel_after_next(NAMES[name]).is_ok()));
            }
            Deed::Pause(name) => {
                let is_done = scheduler.get(NAMES[name]).map_or(false, |task| task.pause().is_ok());
                self.note(What::Paused(name, is_done));
            }
            Deed::Resume(name) => {
                let is_done = scheduler.get(NAMES[name]).map_or(false, |task| task.resume().is_ok());
                self.note(What::Resumed(name, is_done));
            }
            Deed::RunNow(name) => {
                let is_done = scheduler.get(NAMES[name]).map_or(false, |task| task.run_now().is_ok());
                self.note(What::Demanded(name, is_done));
            }
            Deed::ShutDown => {
                if self.depth() == 0 {
                    // It waits for runs that are pending.
                    self.act(&Deed::Wake);
                    self.act(&Deed::Forget);
                }
                self.note(What::ShutDown);
                scheduler.shutdown();
            }
            Deed::Wake => {
                let wakers = std::mem::take(&mut *self.wakers.lock().unwrap());
                wakers.into_iter().for_each(Waker::wake);
            }
            Deed::Forget => drop(std::mem::take(&mut *self.wakers.lock().unwrap())),
            Deed::Nothing | Deed::CancelMe | Deed::Panic | Deed::Fail | Deed::Break => {}
        }
    }

    fn advance(&self, by: u64) {
        let is_outermost = self.depth() == 0;
        *self.is_advancing.lock().unwrap() |= is_outermost;
        self.clock.advance(Duration::from_millis(by));
        *self.is_advancing.lock().unwrap() &= !is_outermost;
    }

    /// Whether code that is called now may let time pass: what it is called for is not under way in the script.
    fn may_be_slow(&self) -> bool {
        *self.is_advancing.lock().unwrap() && *self.scheduling.lock().unwrap() == 0
    }

    /// An observer lets time pass, and when a run has ended it has others go on meanwhile, as where there are threads.
    fn react(self: &Arc<World>, event: &Event) {
        let is_end = match event {
            Event::DestructorPanicked { message, .. } => &**message != BOOM,
            event => matches!(event, Event::RunEnded { .. }),
        };
        let is_of_run = matches!(
            event,
            Event::Started { .. } | Event::Late { .. } | Event::Missed { .. } | Event::Ended { .. }
        );
        if self.play.observer.is_empty() || !self.may_be_slow() || !(is_end || is_of_run) {
            return;
        }
        let number = {
            let mut reactions = self.reactions.lock().unwrap();
            *reactions += 1;
            *reactions
        };
        match self.play.observer[number % self.play.observer.len()] {
            _ if number > REACTIONS => {}
            Deed::AdvanceAndRun(by) if !is_end => self.nested(&Deed::Advance(by)),
            ref deed => self.nested(deed),
        }
    }

    /// The code of a part's schedule is called.
    fn asked(self: &Arc<World>, part: usize) {
        let deeds = &self.play.parts[part].asked;
        if deeds.is_empty() || !self.may_be_slow() {
            return;
        }
        let number = {
            let mut answers = self.answers.lock().unwrap();
            let answers = answers.entry(part).or_default();
            *answers += 1;
            *answers
        };
        if number <= ANSWERS {
            self.nested(&deeds[number % deeds.len()]);
        }
    }

    fn nested(self: &Arc<World>, deed: &Deed) {
        *self.depth.lock().unwrap() += 1;
        self.act(deed);
        *self.depth.lock().unwrap() -= 1;
    }

    pub fn stepped(self: &Arc<World>, by: Nanos) {
        *self.stepped.lock().unwrap() += by;
        let in_callback = self.depth() > 0;
        self.note(What::Stepped { by, in_callback });
        if !in_callback {
            // Each step is looked at by itself.
            let target = self.mono();
            self.clock.advance(Duration::ZERO);
            self.look_around(target);
        }
    }

    pub fn look_around(&self, target: Nanos) {
        let tasks = self.scheduler().tasks();
        let seen = tasks.iter().map(|task| Seen {
            name: NAMES.iter().position(|name| *name == task.name()).unwrap(),
            status: task.status(),
            next: task.next_due(),
            count: task.count(),
        });
        self.note(What::Quiet { target, seen: seen.collect() });
    }

    pub fn schedule(self: &Arc<World>, index: usize) {
        let part = &self.play.parts[index];
        let life = {
            let mut lives = self.lives.lock().unwrap();
            *lives += 1;
            *lives
        };
        let scheduler = self.scheduler();
        let builder = scheduler.task(NAMES[part.name]);
        let from_start = |by: i64| instant(self.start() + millis(by));
        let epoch = "1970-01-01 00:00".parse::<DateTime>().unwrap();
        let civil = |half_hours: i64| epoch.checked_add_seconds(self.play.civil(half_hours)).unwrap();
        let mut builder = match part.kind.clone() {
            Kind::Every(period) => builder.every(Duration::from_millis(period)),
            Kind::EveryStarting(period, start) => {
                builder.every(Duration::from_millis(period)).starting(from_start(start))
            }
            Kind::Seconds(step) => builder.cron(&format!("*/{step} * * * * *")),
            Kind::Minutes(step) => builder.cron(&format!("*/{step} * * * *")),
            Kind::Hourly(minute) => builder.cron(&format!("{minute} * * * *")),
            Kind::Daily(hour, minute) => builder.cron(&format!("{minute} {hour} * * *")),
            Kind::Days(days, start) => builder.every(format!("{days}d").as_str()).starting(from_start(start)),
            Kind::At(at) => builder.at(from_start(at)),
            Kind::After(delay) => builder.after(Duration::from_millis(delay)),
            Kind::AtEach(steps) => {
                builder.at_each(rising(self.start(), &steps).into_iter().map(instant).collect::<Vec<_>>())
            }
            Kind::AtNext(steps) => {
                let (world, mut steps) = (Arc::downgrade(self), steps.into_iter());
                builder.at_next(move |now| {
                    let world = world.upgrade()?;
                    world.asked(index);
                    let answer = steps.next().map(|step| now + Duration::from_millis(step.max(1)));
                    world.note(What::Answered(life, answer.map(nanos)));
                    answer
                })
            }
            Kind::Cron(fields) => builder.cron(&fields.to_string()),
            Kind::Any(one, other) => {
                let cron = |fields: civil::Fields| Schedule::cron(&fields.to_string()).unwrap();
                builder.on(Schedule::any([cron(one), cron(other)]))
            }
            Kind::CivilMonths(months, start) => {
                builder.every(format!("{months}mo").as_str()).starting(civil(start))
            }
            Kind::CivilDays(days, start) => builder.every(format!("{days}d").as_str()).starting(civil(start)),
            Kind::CivilAt(at) => builder.at(civil(at)),
            Kind::CivilEach(steps) => {
                builder.at_each(totals(&steps).into_iter().map(civil).collect::<Vec<_>>())
            }
        };
        if let Some(zone) = part.zone {
            builder = builder.zone(zones::zone(zone));
        }
        if part.kind.takes_exceptions() && !part.asked.is_empty() {
            let world = Arc::downgrade(self);
            builder = builder.except(move |_| {
                if let Some(world) = world.upgrade() {
                    world.asked(index);
                }
                false
            });
        }
        builder = builder.missed(part.missed).overlap(part.overlap);
        if let Some(grace) = part.grace {
            builder = builder.grace(Duration::from_millis(grace));
        }
        if let Some(times) = part.times {
            builder = builder.times(times);
        }
        if let Some(until) = part.until {
            builder = builder.until(from_start(until as i64 * 1000));
        }
        if part.is_replacing {
            builder = builder.replace();
        }
        let (world, bomb) = (self.clone(), Bomb { is_live: part.is_bomb });
        let mut runs = 0;
        *self.scheduling.lock().unwrap() += 1;
        // One that cannot be scheduled is dropped right here.
        let scheduled = guarded(|| match part.style {
            Style::Alone => builder.run_with(move |facts| {
                let _ = &bomb;
                runs += 1;
                world.run(index, life, Some(facts), runs)
            }),
            Style::Shared => {
                let (world, runs) = (self.clone(), Mutex::new(0));
                builder.run_shared(move |facts| {
                    let _ = &bomb;
                    let number = {
                        let mut runs = runs.lock().unwrap();
                        *runs += 1;
                        *runs
                    };
                    world.run(index, life, Some(facts), number)
                })
            }
            Style::Async => {
                let world = self.clone();
                builder.run_async(move |_| {
                    let _ = &bomb;
                    runs += 1;
                    let (world, number) = (world.clone(), runs);
                    let mut is_begun = false;
                    #[allow(clippy::incompatible_msrv)] // the oldest compiler builds no tests
                    std::future::poll_fn(move |context| {
                        if !std::mem::replace(&mut is_begun, true) {
                            let outcome = world.run(index, life, None, number);
                            if number % 2 == 0 {
                                return Poll::Ready(outcome);
                            }
                            world.wakers.lock().unwrap().push(context.waker().clone());
                            return Poll::Pending;
                        }
                        Poll::Ready(Ok(ControlFlow::Continue(())))
                    })
                })
            }
        });
        *self.scheduling.lock().unwrap() -= 1;
        if let Some(Ok(task)) = scheduled {
            self.note(What::Scheduled { part: index, life, is_new: task.is_new() });
        }
    }

    /// One run: what it does, and what comes of it.
    pub fn run(
        self: &Arc<World>,
        part: usize,
        life: usize,
        run: Option<&Run>,
        number: usize,
    ) -> Result<ControlFlow<()>, &'static str> {
        let part = &self.play.parts[part];
        let facts = run.map(|run| Facts { due: run.due(), missed: run.missed(), count: run.count() });
        let task = self.scheduler().get(NAMES[part.name]);
        let next = task.as_ref().and_then(|task| task.next_due());
        self.note(What::Began { life, facts, next });
        *self.depth.lock().unwrap() += 1;
        let is_endless = {
            let mut runs = self.runs.lock().unwrap();
            *runs += 1;
            *runs > self.most_runs()
        };
        let deed = part.deeds.get((number - 1) % part.deeds.len().max(1)).cloned().unwrap_or(Deed::Nothing);
        if is_endless {
            *self.depth.lock().unwrap() -= 1;
            return Ok(ControlFlow::Break(()));
        }
        self.act(&deed);
        *self.depth.lock().unwrap() -= 1;
        match deed {
            Deed::CancelMe => {
                if let Some(run) = run {
                    let before = self.log.lock().unwrap().len();
                    run.cancel();
                    let is_told = |entry: &Entry| matches!(entry.what, What::Told(Event::Cancelled { .. }));
                    let is_done = self.log.lock().unwrap()[before..].iter().any(is_told);
                    if is_done {
                        self.note(What::Cancelled(part.name, true));
                    }
                }
            }
            Deed::Panic => std::panic::resume_unwind(Box::new("on purpose")),
            Deed::Fail => return Err("on purpose"),
            // A pending future goes on instead.
            Deed::Break if part.style != Style::Async || number % 2 == 0 => {
                self.note(What::Breaks(life));
                return Ok(ControlFlow::Break(()));
            }
            _ => {}
        }
        Ok(ControlFlow::Continue(()))
    }
}

pub fn rising(start: Nanos, steps: &[u64]) -> Vec<Nanos> {
    let mut at = start;
    let moments = steps.iter().map(|step| {
        at += millis(*step as i64 + 1);
        at
    });
    moments.collect()
}

/// The run that a task is in, if it is in one.
fn run_of(task: &Task) -> Option<(String, u64)> {
    (task.status() == Status::Running).then(|| (task.name().to_string(), task.count().unwrap_or_default()))
}

pub fn totals(steps: &[i64]) -> Vec<i64> {
    let mut total = 0;
    let totals = steps.iter().map(|step| {
        total += step;
        total
    });
    totals.collect()
}

/// Panics when it is dropped.
struct Bomb {
    is_live: bool,
}

/// What a bomb says.
pub const BOOM: &str = "boom";

impl Drop for Bomb {
    fn drop(&mut self) {
        if self.is_live && !std::thread::panicking() {
            std::panic::resume_unwind(Box::new(BOOM));
        }
    }
}

/// Does something, unless that panics.
pub fn guarded<T>(act: impl FnOnce() -> T) -> Option<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(act)).ok()
}
