//! Plays of what the other checker does not know: retries, time limits, all overruns, other schedules for a task, tasks that
//! begin paused, and claims. What is judged is simpler: the books must be right.
//!
//! * Each run begins once and ends once, its attempts come in order, never early, and no two runs of a name overlap.
//! * Each occurrence is run once, reported as missed once, or reported as another replica's, and none is left out: they lie side
//!   by side.
//! * The statistics are the sum of the events, and when time has passed nothing that is due is left.
//!
//! What it finds was planted, one fault at a time, in the first thousand seeds:
//!
//! | the fault | fails | first seed |
//! | --- | --- | --- |
//! | the end of a run that is not repeated is told twice | 18 | 7 |
//! | what was due by the old schedule is not reported when there is a new one | 66 | 1 |
//! | an attempt begins after half of its delay | 50 | 5 |
//! | one attempt more than is allowed | 30 | 28 |
//! | a due time that has come is shown as the next one | 479 | 0 |
//! | a time limit that only the end of the run notices is not told | 331 | 0 |
//! | the statistics forget what was missed | 700 | 0 |
//! | overruns that do not fit into the queue are not reported | 24 | 14 |
//! | an attempt has a due time of its own | 52 | 5 |
//! | a pause leaves the next attempt armed | does not come to an end | |

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, Weak};
use std::task::{Poll, Waker};
use std::time::{Duration, SystemTime};

use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use sexton::{
    ClaimFailure, Event, ManualClock, Missed, Overlap, Run, RunOutcome, Schedule, Scheduler, Task, Why,
};

use super::draw::runner;
use super::Tally;

const NAMES: [&str; 3] = ["a", "b", "c"];
const SECOND: Duration = Duration::from_secs(1);

/// After so many calls, callbacks do nothing more, so that each play comes to an end.
const CALLS: usize = 300;

#[derive(Clone, Debug)]
pub struct Play {
    parts: Vec<Part>,
    script: Vec<Deed>,
    begins_paused: bool,
    /// What claims answer and do, in turn. Without any, there is no claim.
    claims: Vec<(Answer, Deed)>,
    on_failure: ClaimFailure,
}

#[derive(Clone, Copy, Debug)]
enum Answer {
    Ours,
    Anothers,
    Fails,
    Panics,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    /// Whole seconds of the wall clock.
    Cron(u64),
    /// The same, by the user's code.
    Except(u64),
    Every(u64),
    After(u64),
    AfterEnd(u64),
}

#[derive(Clone, Debug)]
struct Part {
    name: usize,
    kind: Kind,
    is_async: bool,
    overlap: Overlap,
    missed: Missed,
    retry: Option<(u32, u64)>,
    limit: Option<u64>,
    times: Option<u64>,
    is_paused: bool,
    is_replacing: bool,
    /// What its calls do, in turn.
    deeds: Vec<Deed>,
}

#[derive(Clone, Copy, Debug)]
enum Deed {
    Nothing,
    Advance(u64),
    Suspend(u64),
    Forth(u64),
    Back(u64),
    Schedule(usize),
    Reschedule(usize, Kind),
    Cancel(usize),
    CancelTimeout(usize),
    CancelAfterNext(usize),
    Pause(usize),
    Resume(usize, Missed),
    RunNow(usize),
    PauseAll,
    ResumeAll,
    Wake,
    // In callbacks only.
    Fail,
    Panic,
    Break,
}

fn kinds() -> impl Strategy<Value = Kind> {
    prop_oneof![
        4 => select(vec![1, 2, 5, 10]).prop_map(Kind::Cron),
        1 => select(vec![1, 5]).prop_map(Kind::Except),
        3 => (1..20_u64).prop_map(|n| Kind::Every(n * 500)),
        1 => (0..8000_u64).prop_map(Kind::After),
        1 => (1..8000_u64).prop_map(Kind::AfterEnd),
    ]
}

fn all_missed() -> impl Strategy<Value = Missed> {
    select(vec![Missed::Once, Missed::Skip, Missed::All])
}

fn deeds(parts: usize) -> impl Strategy<Value = Deed> {
    let names = || 0..NAMES.len();
    prop_oneof![
        8 => (0..20_000_u64).prop_map(Deed::Advance),
        1 => (0..30_000_u64).prop_map(Deed::Suspend),
        1 => (0..30_000_u64).prop_map(Deed::Forth),
        3 => (0..parts).prop_map(Deed::Schedule),
        2 => (names(), kinds()).prop_map(|(name, kind)| Deed::Reschedule(name, kind)),
        1 => names().prop_map(Deed::Cancel),
        1 => names().prop_map(Deed::CancelTimeout),
        1 => names().prop_map(Deed::CancelAfterNext),
        2 => names().prop_map(Deed::Pause),
        3 => (names(), all_missed()).prop_map(|(name, missed)| Deed::Resume(name, missed)),
        2 => names().prop_map(Deed::RunNow),
        1 => Just(Deed::PauseAll),
        1 => Just(Deed::ResumeAll),
        2 => Just(Deed::Wake),
    ]
}

fn deeds_in_callbacks(parts: usize) -> impl Strategy<Value = Deed> {
    prop_oneof![
        6 => Just(Deed::Nothing),
        5 => Just(Deed::Fail),
        1 => Just(Deed::Panic),
        1 => Just(Deed::Break),
        4 => (0..9000_u64).prop_map(Deed::Advance),
        5 => deeds(parts),
    ]
}

/// A claim takes no time, so nothing comes while it is asked.
fn claims() -> impl Strategy<Value = Vec<(Answer, Deed)>> {
    let answers = prop_oneof![
        4 => Just(Answer::Ours),
        3 => Just(Answer::Anothers),
        2 => Just(Answer::Fails),
        1 => Just(Answer::Panics),
    ];
    let deeds = prop_oneof![
        12 => Just(Deed::Nothing),
        1 => (0..NAMES.len()).prop_map(Deed::Cancel),
        1 => (0..NAMES.len()).prop_map(Deed::Pause),
        1 => (0..NAMES.len()).prop_map(Deed::RunNow),
        1 => Just(Deed::PauseAll),
    ];
    let some = proptest::collection::vec((answers, deeds), 1..8);
    proptest::option::weighted(0.4, some).prop_map(Option::unwrap_or_default)
}

fn parts(count: usize) -> impl Strategy<Value = Part> {
    let overlaps = select(vec![Overlap::Skip, Overlap::Queue, Overlap::QueueAll(1), Overlap::QueueAll(3)]);
    let retry = proptest::option::weighted(0.6, (0..4_u32, prop_oneof![Just(0), 0..5000_u64]));
    let limit = proptest::option::weighted(0.4, prop_oneof![Just(0), 0..6000_u64]);
    let times = proptest::option::weighted(0.2, 1..5_u64);
    let flags =
        (proptest::bool::weighted(0.2), proptest::bool::weighted(0.15), proptest::bool::weighted(0.3));
    let deeds = proptest::collection::vec(deeds_in_callbacks(count), 0..5);
    (0..NAMES.len(), kinds(), overlaps, all_missed(), retry, limit, times, flags, deeds).prop_map(
        |(name, kind, overlap, missed, retry, limit, times, (is_async, is_paused, is_replacing), deeds)| {
            let overlap = match (kind, overlap) {
                (Kind::Except(_), Overlap::QueueAll(_)) => Overlap::Queue,
                (_, overlap) => overlap,
            };
            Part {
                name,
                kind,
                is_async,
                overlap,
                missed,
                retry,
                limit,
                times,
                is_paused,
                is_replacing,
                deeds,
            }
        },
    )
}

pub fn draw(seed: u64) -> Box<dyn ValueTree<Value = Play>> {
    let plays = (1..5_usize).prop_flat_map(move |count| {
        let script = proptest::collection::vec(deeds(count), 1..16);
        // Where the clock is set back, due times may come again: the occurrences are not judged then.
        let back = proptest::option::weighted(0.15, (0..16_usize, 0..20_000_u64));
        let parts = proptest::collection::vec(parts(count), count);
        let policies = select(vec![ClaimFailure::Skip, ClaimFailure::Run, ClaimFailure::Retry]);
        (parts, script, back, proptest::bool::weighted(0.1), claims(), policies).prop_map(
            |(parts, mut script, back, begins_paused, claims, on_failure)| {
                if let Some((at, by)) = back {
                    script.insert(at.min(script.len()), Deed::Back(by));
                }
                Play { parts, script, begins_paused, claims, on_failure }
            },
        )
    });
    Box::new(plays.new_tree(&mut runner(seed)).expect("nothing is filtered"))
}

/// What is going on, and what was seen of it.
struct World {
    play: Play,
    clock: ManualClock,
    scheduler: Scheduler,
    start: SystemTime,
    books: Mutex<Books>,
    calls: Mutex<usize>,
    /// How many claims were asked.
    asked: Mutex<usize>,
    depth: Mutex<usize>,
    wakers: Mutex<Vec<Waker>>,
    /// The last handle of each task.
    tasks: Mutex<Vec<Task>>,
    /// How far the wall clock has moved against the monotonic one.
    moved: Mutex<i64>,
}

pub fn perform(play: &Play) -> Result<Tally, String> {
    let start = SystemTime::UNIX_EPOCH + 1_795_341_600 * SECOND + Duration::from_millis(300);
    let clock = ManualClock::new(start);
    let builder = Scheduler::builder().clock(&clock).zone("UTC");
    let builder = if play.begins_paused { builder.paused() } else { builder };
    let asked: Arc<Mutex<Weak<World>>> = Arc::default();
    let claimed = asked.clone();
    let claim = move || {
        let world = asked.lock().unwrap().upgrade();
        world.unwrap().claim()
    };
    let builder = if play.claims.is_empty() { builder } else { builder.claim(move |_| claim()) };
    let builder = builder.claim_failure(play.on_failure);
    let world = Arc::new(World {
        play: play.clone(),
        clock,
        scheduler: builder.build().unwrap(),
        start,
        books: Mutex::new(Books::new(play)),
        calls: Mutex::new(0),
        asked: Mutex::new(0),
        depth: Mutex::new(0),
        wakers: Mutex::new(Vec::new()),
        tasks: Mutex::new(Vec::new()),
        moved: Mutex::new(0),
    });
    let teller = Arc::downgrade(&world);
    *claimed.lock().unwrap() = teller.clone();
    world.scheduler.observe(move |event| {
        if let Some(world) = teller.upgrade() {
            let (wall, mono) = (world.clock.now(), world.mono());
            world.books.lock().unwrap().read(event, wall, mono);
        }
    });
    for part in 0..play.parts.len() {
        world.act(Deed::Schedule(part));
    }
    for deed in &play.script {
        world.act(*deed);
        world.books.lock().unwrap().result()?;
    }
    // All comes to its end.
    *world.calls.lock().unwrap() = CALLS;
    for name in NAMES {
        let _ = world.scheduler.cancel(name);
    }
    for _ in 0..4 {
        world.act(Deed::Wake);
        world.clock.advance(Duration::ZERO);
    }
    let _ = world.scheduler.shutdown_timeout(Duration::ZERO);
    world.clock.advance(Duration::ZERO);
    world.scheduler.shutdown();
    let simulated = world.mono();
    let tasks = std::mem::take(&mut *world.tasks.lock().unwrap());
    world.books.lock().unwrap().end(&tasks)?;
    Ok(Tally { simulated, is_endless: false })
}

impl World {
    fn mono(&self) -> Duration {
        let moved = *self.moved.lock().unwrap();
        let by = Duration::from_millis(moved.unsigned_abs());
        let wall = if moved < 0 { self.clock.now() + by } else { self.clock.now() - by };
        wall.duration_since(self.start).unwrap()
    }

    fn schedule_of(&self, kind: Kind) -> Schedule {
        match kind {
            Kind::Cron(n) => Schedule::cron(&format!("*/{n} * * * * *")).unwrap(),
            Kind::Except(n) => Schedule::cron(&format!("*/{n} * * * * *")).unwrap().except(|_| false),
            Kind::Every(n) => Schedule::every(Duration::from_millis(n)).unwrap(),
            Kind::After(n) => Schedule::after(Duration::from_millis(n)),
            Kind::AfterEnd(n) => Schedule::every_after_end(Duration::from_millis(n)).unwrap(),
        }
    }

    fn act(self: &Arc<World>, deed: Deed) {
        let millis = Duration::from_millis;
        let task = |name: usize| self.scheduler.get(NAMES[name]);
        let is_outside = *self.depth.lock().unwrap() == 0;
        match deed {
            Deed::Advance(by) => {
                let target = self.mono() + millis(by);
                self.clock.advance(millis(by));
                if is_outside {
                    self.look_around(self.mono() <= target);
                }
            }
            Deed::Suspend(by) | Deed::Forth(by) => {
                match deed {
                    Deed::Suspend(_) => self.clock.suspend(millis(by)),
                    _ => self.clock.step(millis(by)),
                }
                *self.moved.lock().unwrap() += by as i64;
            }
            Deed::Back(by) => {
                self.clock.step_back(millis(by));
                *self.moved.lock().unwrap() -= by as i64;
            }
            Deed::Schedule(part) => self.schedule(part),
            Deed::Reschedule(name, kind) => {
                self.books.lock().unwrap().planned = Some(kind);
                if let Some(task) = task(name) {
                    let _ = task.reschedule(self.schedule_of(kind));
                }
            }
            Deed::Cancel(name) => {
                let _ = self.scheduler.cancel(NAMES[name]);
            }
            Deed::CancelTimeout(name) => {
                let _ = task(name).map(|task| task.cancel_timeout(Duration::ZERO));
            }
            Deed::CancelAfterNext(name) => {
                let _ = self.scheduler.cancel_after_next(NAMES[name]);
            }
            Deed::Pause(name) => {
                let _ = task(name).map(|task| task.pause());
            }
            Deed::Resume(name, missed) => {
                let _ = task(name).map(|task| task.resume_with(missed));
            }
            Deed::RunNow(name) => {
                let _ = task(name).map(|task| task.run_now());
            }
            Deed::PauseAll => {
                self.scheduler.pause_all(|task| task.name() != "b");
            }
            Deed::ResumeAll => {
                self.books.lock().unwrap().begins_paused = false;
                self.scheduler.resume_all(|_| true);
            }
            Deed::Wake => {
                let wakers = std::mem::take(&mut *self.wakers.lock().unwrap());
                wakers.into_iter().for_each(Waker::wake);
            }
            Deed::Nothing | Deed::Fail | Deed::Panic | Deed::Break => {}
        }
    }

    #[allow(clippy::incompatible_msrv)] // the oldest compiler builds no tests
    fn schedule(self: &Arc<World>, index: usize) {
        let part = &self.play.parts[index];
        {
            let mut books = self.books.lock().unwrap();
            books.planned = Some(part.kind);
            books.planned_pause = part.is_paused || books.begins_paused;
        }
        let mut builder = self.scheduler.task(NAMES[part.name]).on(self.schedule_of(part.kind));
        builder = builder.overlap(part.overlap).missed(part.missed);
        if let Some((times, delay)) = part.retry {
            builder = builder.retry(times, Duration::from_millis(delay));
        }
        if let Some(limit) = part.limit {
            builder = builder.time_limit(Duration::from_millis(limit));
        }
        if let Some(times) = part.times {
            builder = builder.times(times);
        }
        builder = if part.is_paused { builder.paused() } else { builder };
        builder = if part.is_replacing { builder.replace() } else { builder };
        let world = Arc::downgrade(self);
        let task = match part.is_async {
            false => builder.run_with(move |run| world.upgrade().unwrap().called(index, run)),
            true => builder.run_async(move |run| {
                let (world, mut stop, mut polls) = (world.upgrade().unwrap(), run.stop(), 0);
                std::future::poll_fn(move |context| {
                    polls += 1;
                    let is_stopped = std::pin::Pin::new(&mut stop);
                    let is_stopped = std::future::Future::poll(is_stopped, context).is_ready();
                    if polls == 1 && !is_stopped && *world.calls.lock().unwrap() < CALLS {
                        world.wakers.lock().unwrap().push(context.waker().clone());
                        return Poll::Pending;
                    }
                    Poll::Ready(world.called(index, &run))
                })
            }),
        };
        if let Some(task) = task.ok().filter(|task| task.is_new()) {
            let mut tasks = self.tasks.lock().unwrap();
            let old = tasks.iter().rposition(|old| old.name() == task.name());
            match old.filter(|_| self.books.lock().unwrap().was_replaced) {
                Some(old) => tasks[old] = task,
                None => tasks.push(task),
            }
        }
    }

    /// Whether a run is this replica's.
    fn claim(self: &Arc<World>) -> Result<bool, String> {
        let asked = {
            let mut asked = self.asked.lock().unwrap();
            *asked += 1;
            *asked
        };
        let (answer, deed) = self.play.claims[asked % self.play.claims.len()];
        if asked < CALLS && *self.calls.lock().unwrap() < CALLS {
            *self.depth.lock().unwrap() += 1;
            self.act(deed);
            *self.depth.lock().unwrap() -= 1;
        }
        match answer {
            Answer::Ours => Ok(true),
            Answer::Anothers => Ok(false),
            Answer::Fails => Err("no route".into()),
            Answer::Panics => std::panic::resume_unwind(Box::new("on purpose")),
        }
    }

    /// A callback of a part is called.
    fn called(self: &Arc<World>, index: usize, run: &Run) -> Result<ControlFlow<()>, String> {
        let call = {
            let mut calls = self.calls.lock().unwrap();
            *calls += 1;
            *calls
        };
        let deeds = &self.play.parts[index].deeds;
        let deed = match deeds.get((run.count() as usize + run.attempt() as usize) % deeds.len().max(1)) {
            Some(deed) if call < CALLS => *deed,
            _ => Deed::Nothing,
        };
        *self.depth.lock().unwrap() += 1;
        self.act(deed);
        *self.depth.lock().unwrap() -= 1;
        match deed {
            Deed::Fail => Err("on purpose".into()),
            Deed::Panic => std::panic::resume_unwind(Box::new("on purpose")),
            Deed::Break => Ok(ControlFlow::Break(())),
            _ => Ok(ControlFlow::Continue(())),
        }
    }

    /// When time has passed, and all of it as far as it was to.
    fn look_around(&self, is_settled: bool) {
        let (tasks, now) = (self.scheduler.tasks(), self.clock.now());
        let dues: Vec<_> = tasks.iter().map(Task::next_due).collect();
        let is_sorted = dues.windows(2).all(|two| match (two[0], two[1]) {
            (Some(one), Some(other)) => one <= other,
            (one, _) => one.is_some() || two[1].is_none(),
        });
        let mut books = self.books.lock().unwrap();
        books.expect(is_sorted, || format!("in the order of the next due times: {tasks:?}"));
        for (task, due) in tasks.iter().zip(&dues) {
            books.expect(due.map_or(true, |due| due >= now), || format!("before now: {task}"));
            books.expect(task.next_due() == *due, || format!("not the same again: {task}"));
        }
        if is_settled {
            books.settled(now);
        }
    }
}

/// A schedule of a task, from when it got it to when it lost it.
#[derive(Debug)]
struct Tenure {
    name: usize,
    /// The first occurrence that was neither run nor reported, and the step from one to the next. None if nobody can say.
    next: Option<(SystemTime, Duration)>,
    /// When it was over: what comes later was not missed.
    until: Option<SystemTime>,
}

/// A run that goes on.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Going {
    due: SystemTime,
    attempt: u32,
    /// Since when it waits for its next attempt, and how long.
    waits: Option<(Duration, Duration)>,
    is_overlong: bool,
    is_last: bool,
}

/// Missed occurrences: the name, the first, the latest, how many, and why.
type Missing = (usize, SystemTime, SystemTime, u64, Option<Why>);

/// What the events add up to.
struct Books {
    /// Whether occurrences of the wall clock can be judged, and those of elapsed time.
    judges: (bool, bool),
    most_attempts: u32,
    /// What the schedule is that is just being given to a task.
    planned: Option<Kind>,
    planned_pause: bool,
    was_replaced: bool,
    tenures: Vec<Tenure>,
    going: HashMap<usize, Going>,
    paused: [bool; NAMES.len()],
    /// A last run has ended, and the end of its task comes.
    ends: [bool; NAMES.len()],
    /// A run waits to be claimed again.
    claims: [bool; NAMES.len()],
    /// The last thing that was told of the name is a run that was not claimed, which may have been the last of its task.
    unclaimed: [bool; NAMES.len()],
    /// Runs by name and outcome, and missed occurrences.
    ended: HashMap<(usize, usize), u64>,
    missed: [u64; NAMES.len()],
    elsewhere: [u64; NAMES.len()],
    begins_paused: bool,
    /// What was told before what came earlier.
    early: Vec<Missing>,
    log: Vec<String>,
    error: Option<String>,
}

fn number(outcome: &RunOutcome) -> usize {
    match outcome {
        RunOutcome::Finished => 0,
        RunOutcome::Failed(_) => 1,
        RunOutcome::Panicked(_) => 2,
        RunOutcome::TimedOut => 3,
        _ => 4,
    }
}

impl Books {
    fn new(play: &Play) -> Books {
        let deeds = || play.parts.iter().flat_map(|part| &part.deeds).chain(&play.script);
        let goes_back = deeds().any(|deed| matches!(deed, Deed::Back(_)));
        let moves = deeds().any(|deed| matches!(deed, Deed::Suspend(_) | Deed::Forth(_)));
        let attempts = play.parts.iter().filter_map(|part| part.retry).map(|(times, _)| times + 1);
        Books {
            judges: (!goes_back, !goes_back && !moves),
            most_attempts: attempts.max().unwrap_or(1),
            planned: None,
            planned_pause: false,
            was_replaced: false,
            tenures: Vec::new(),
            going: HashMap::new(),
            paused: [false; NAMES.len()],
            ends: [false; NAMES.len()],
            claims: [false; NAMES.len()],
            unclaimed: [false; NAMES.len()],
            ended: HashMap::new(),
            missed: [0; NAMES.len()],
            elsewhere: [0; NAMES.len()],
            begins_paused: play.begins_paused,
            early: Vec::new(),
            log: Vec::new(),
            error: None,
        }
    }

    fn expect(&mut self, is_so: bool, what: impl FnOnce() -> String) {
        if !is_so && self.error.is_none() {
            let from = self.log.len().saturating_sub(14);
            self.error = Some(format!("{}\n{}", what(), self.log[from..].join("\n")));
        }
    }

    fn result(&self) -> Result<(), String> {
        self.error.clone().map_or(Ok(()), Err)
    }

    fn read(&mut self, event: &Event, wall: SystemTime, mono: Duration) {
        self.log.push(format!("{mono:?} {event:?}"));
        let name = match event.task().and_then(|task| NAMES.iter().position(|name| *name == task)) {
            Some(name) => name,
            None => return,
        };
        let is_end = matches!(event, Event::Ended { .. }) && self.unclaimed[name] && !self.ends[name];
        // Nobody has said whether a run that was not claimed is the last of its task.
        let may_be_last =
            matches!(event, Event::Cancelled { .. } | Event::Replaced { .. } | Event::Rescheduled { .. });
        if is_end || may_be_last && (self.claims[name] || self.unclaimed[name]) {
            self.nothing_follows(name);
        }
        self.claims[name] &= matches!(event, Event::Paused { .. } | Event::Resumed { .. });
        self.unclaimed[name] = matches!(event, Event::Missed { why: Why::ClaimFailed | Why::Cancelled, .. });
        match event {
            Event::Scheduled { .. } | Event::Replaced { .. } | Event::Rescheduled { .. } => {
                self.was_replaced = matches!(event, Event::Replaced { .. });
                self.over(name, wall);
                self.begin(name, wall);
                self.paused[name] = match event {
                    Event::Scheduled { .. } => self.planned_pause,
                    Event::Replaced { .. } => self.paused[name] || self.planned_pause,
                    _ => self.paused[name],
                };
            }
            Event::Cancelled { .. } => self.over(name, wall),
            // The name may have another task, if it was a last run that has ended.
            Event::Ended { .. } if std::mem::take(&mut self.ends[name]) => {}
            Event::Ended { .. } => self.over(name, wall),
            Event::Paused { .. } => self.paused[name] = true,
            Event::Resumed { .. } => self.paused[name] = false,
            Event::Started { due, attempt, is_on_demand, is_last, .. } => {
                self.expect(*due <= wall || *attempt > 1, || "early".into());
                self.ends[name] = false;
                let going = Going {
                    due: *due,
                    attempt: *attempt,
                    waits: None,
                    is_overlong: false,
                    is_last: *is_last,
                };
                self.started(name, going, mono);
                if *attempt == 1 && !is_on_demand {
                    self.account(name, *due, *due, 1, None);
                }
                if *is_last && *attempt == 1 {
                    self.nothing_follows(name);
                    self.over(name, wall);
                }
            }
            Event::ClaimedElsewhere { due, is_last, .. } => {
                self.elsewhere[name] += 1;
                self.account(name, *due, *due, 1, None);
                self.ends[name] = *is_last;
                if *is_last {
                    self.nothing_follows(name);
                    self.over(name, wall);
                }
            }
            Event::ClaimFailed { then: ClaimFailure::Retry, .. } => self.claims[name] = true,
            Event::AttemptFailed { due, attempt, delay, .. } => {
                self.failed(name, *due, *attempt, (mono, *delay))
            }
            Event::RunEnded { due, attempt, outcome, .. } => self.run_ended(name, *due, *attempt, outcome),
            Event::TimeLimitReached { due, .. } => {
                let going = self.going.get(&name).copied();
                let is_right =
                    going.map_or(false, |it| it.due == *due && !it.is_overlong && it.waits.is_none());
                self.expect(is_right, || format!("a limit of {going:?}"));
                self.going.entry(name).and_modify(|it| it.is_overlong = true);
            }
            Event::Missed { first, latest, count, why, .. } => {
                self.missed[name] += count;
                self.account(name, *first, *latest, *count, Some(*why));
            }
            _ => {}
        }
    }

    fn begin(&mut self, name: usize, wall: SystemTime) {
        let since = wall.duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let next = match self.planned {
            // The steps divide a minute.
            Some(Kind::Cron(n) | Kind::Except(n)) if self.judges.0 => {
                let first = Duration::from_secs((since.as_secs() / n + 1) * n);
                Some((SystemTime::UNIX_EPOCH + first, Duration::from_secs(n)))
            }
            Some(Kind::Every(n)) if self.judges.1 => Some((wall, Duration::from_millis(n))),
            _ => None,
        };
        self.tenures.push(Tenure { name, next, until: None });
    }

    /// Nothing of its schedule will be run any more, or missed.
    fn nothing_follows(&mut self, name: usize) {
        let newest = self.tenures.iter_mut().rev().find(|it| it.name == name);
        newest.into_iter().for_each(|it| it.next = None);
    }

    /// The schedule of the task that has the name is over.
    fn over(&mut self, name: usize, wall: SystemTime) {
        let current = self.tenures.iter_mut().filter(|it| it.name == name && it.until.is_none());
        current.for_each(|it| it.until = Some(wall));
    }

    fn started(&mut self, name: usize, going: Going, mono: Duration) {
        let before = self.going.insert(name, going);
        let Going { due, attempt, .. } = going;
        let is_right = match before {
            None => attempt == 1,
            Some(Going { waits: Some((since, delay)), due: of, attempt: last, .. }) => {
                (of, last + 1) == (due, attempt) && since + delay <= mono
            }
            Some(_) => false,
        };
        self.expect(is_right, || format!("a run begins after {before:?}"));
        let most = self.most_attempts;
        self.expect(attempt <= most, || format!("more attempts than {most}"));
    }

    fn failed(&mut self, name: usize, due: SystemTime, attempt: u32, waits: (Duration, Duration)) {
        let going = self.going.get(&name).copied();
        let is_right = going.map_or(false, |it| (it.due, it.attempt, it.waits) == (due, attempt, None));
        self.expect(is_right, || format!("an attempt of {going:?} fails"));
        self.going.entry(name).and_modify(|it| it.waits = Some(waits));
    }

    fn run_ended(&mut self, name: usize, due: SystemTime, attempt: u32, outcome: &RunOutcome) {
        let going = self.going.remove(&name);
        let is_right = going.map_or(false, |it| (it.due, it.attempt) == (due, attempt));
        self.expect(is_right, || format!("the end of {going:?}"));
        let is_overlong = going.map_or(false, |it| it.is_overlong);
        self.ends[name] = going.map_or(false, |it| it.is_last);
        self.expect(is_overlong || *outcome != RunOutcome::TimedOut, || {
            "timed out, and no limit was reached".into()
        });
        *self.ended.entry((name, number(outcome))).or_default() += 1;
    }

    /// Occurrences are run, or missed.
    fn account(&mut self, name: usize, first: SystemTime, latest: SystemTime, count: u64, why: Option<Why>) {
        let is_after_end = matches!(why, Some(Why::Cancelled | Why::ClaimFailed | Why::ShutDown));
        let fits = |it: &&mut Tenure| {
            let is_in_time = it.until.map_or(false, |until| first <= until);
            is_in_time && it.next.map_or(false, |(next, _)| next == first)
        };
        let mut of_name = self.tenures.iter_mut().filter(|it| it.name == name);
        let is_open =
            |it: &&mut Tenure| it.until.is_none() && it.next.map_or(true, |(next, _)| next == first);
        let tenure = match why {
            Some(Why::ClaimFailed) => {
                let place = of_name.position(|it| is_open(&it) || fits(&it));
                place.and_then(|place| self.tenures.iter_mut().filter(|it| it.name == name).nth(place))
            }
            _ if is_after_end => of_name.find(fits),
            _ => of_name.find(|it| it.until.is_none()),
        };
        let (next, step) = match tenure.as_ref().map(|it| it.next) {
            Some(Some(grid)) => grid,
            None if is_after_end => {
                // What a task has missed that is removed is told before the run that it was asking for.
                return self.early.push((name, first, latest, count, why));
            }
            _ => return,
        };
        let lasts = latest.duration_since(first).unwrap_or_default();
        let is_right = next == first && lasts.as_nanos() == step.as_nanos() * u128::from(count - 1);
        if let Some(tenure) = tenure {
            tenure.next = Some((latest + step, step));
        }
        self.expect(is_right, || format!("expected {next:?}, every {step:?}"));
        let waits = |it: &Missing| it.0 == name && it.1 == latest + step;
        if let Some(place) = self.early.iter().position(waits) {
            let (name, first, latest, count, why) = self.early.swap_remove(place);
            self.account(name, first, latest, count, why);
        }
    }

    /// Nothing that is due is left.
    fn settled(&mut self, now: SystemTime) {
        let is_left = |it: &&Tenure| {
            let waits = self.going.contains_key(&it.name) || self.paused[it.name] || self.claims[it.name];
            it.until.is_none() && !waits && it.next.map_or(false, |(next, _)| next <= now)
        };
        let left = self.tenures.iter().find(is_left).map(|it| format!("{it:?}"));
        self.expect(left.is_none(), || format!("left: {left:?}"));
    }

    fn end(&mut self, tasks: &[Task]) -> Result<(), String> {
        let going = format!("{:?}", self.going);
        self.expect(self.going.is_empty(), || format!("these runs have no end: {going}"));
        let open = |it: &&Tenure| match (it.next, it.until) {
            (Some((next, _)), Some(until)) => next <= until,
            (Some(_), None) => true,
            (None, _) => false,
        };
        let open = self.tenures.iter().find(open).map(|it| format!("{it:?}"));
        self.expect(open.is_none(), || format!("neither run nor missed: {open:?}"));
        for (name, text) in NAMES.iter().enumerate() {
            let stats: Vec<_> = tasks.iter().filter(|task| task.name() == *text).map(Task::stats).collect();
            let sum = |count: fn(&sexton::Stats) -> u64| stats.iter().map(count).sum::<u64>();
            let sums = [
                sum(|stats| stats.finished),
                sum(|stats| stats.failed),
                sum(|stats| stats.panicked),
                sum(|stats| stats.timed_out),
                sum(|stats| stats.stopped),
            ];
            let ended = [0, 1, 2, 3, 4].map(|outcome| self.ended.get(&(name, outcome)).copied().unwrap_or(0));
            self.expect(sums == ended, || {
                format!("{text}: {sums:?} by the statistics, {ended:?} by the events")
            });
            let (elsewhere, told) = (sum(|stats| stats.elsewhere), self.elsewhere[name]);
            self.expect(elsewhere == told, || {
                format!("{text}: {elsewhere} elsewhere by the statistics, {told} by the events")
            });
            let (missed, told) = (sum(|stats| stats.missed), self.missed[name]);
            self.expect(missed == told, || {
                format!("{text}: {missed} missed by the statistics, {told} by the events")
            });
        }
        self.result()
    }
}
