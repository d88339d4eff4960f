//! Processes that are killed at any moment, and others that go on from their journal: every due is run or told once, across
//! all of them, and what a kill has cut off is told. Clocks are set back in them and between them.
//!
//! What it finds was planted, one fault at a time; of the first thousand seeds:
//!
//! | the fault | fails | first seed |
//! | --- | --- | --- |
//! | missed dues are not noted in the journal | 257 | 0 |
//! | a run that begins does not move the journal's last due | 865 | 0 |
//! | the next process begins anew | 759 | 0 |
//! | a run that has ended is told as cut off | 877 | 0 |
//! | that a task was scheduled is not remembered | 150 | 2 |
//! | an earlier due never takes the place of a later one | 27 | 3 |
//! | that the clock was set back between two processes is not noticed | 272 | 0 |

use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use sexton::{Error, Event, ManualClock, Missed, Overlap, Scheduler, Task, TaskBuilder, Why};

use super::civil::{day_steps, spans, Clocks, Fields, DAY};
use super::draw::{fields, runner, zone};
use super::world::{instant, millis, nanos, Nanos, SECOND};
use super::Tally;
use crate::zones;

#[derive(Clone, Debug)]
pub struct Saga {
    zone: &'static str,
    tasks: Vec<Habit>,
    processes: Vec<Process>,
}

/// What each process schedules.
#[derive(Clone, Debug)]
struct Habit {
    when: When,
    missed: Missed,
    /// In milliseconds.
    grace: Option<u64>,
    overlap: Overlap,
    /// In hours after the start of the first process.
    until: Option<u64>,
    /// What its runs do, in turn.
    deeds: Vec<Deed>,
}

#[derive(Clone, Debug)]
enum When {
    Cron(Fields),
    /// Every so many days, from so many half hours after the start of the first process.
    Days(u32, i64),
}

#[derive(Clone, Copy, Debug)]
enum Deed {
    Nothing,
    Panic,
    Fail,
    Advance(u64),
    /// A future that nobody wakes any more, though its waker is kept.
    Hang,
}

/// Times in milliseconds.
#[derive(Clone, Debug)]
struct Process {
    /// It is killed when so much has been told and called.
    lives_for: usize,
    /// How long it lives from one time to the next at which its clock is set back, and by how much, if it is.
    advances: Vec<(u64, u64)>,
    suspends: u64,
    /// Whether it is shut down if nobody has killed it.
    ends_in_order: bool,
    down: u64,
    /// By how much the clock is set back meanwhile.
    back: u64,
}

const HOUR: u64 = 3_600_000;
const HOURS_A_DAY: u64 = 24;

/// 2026-03-01T00:00:00Z, before the changes of most zones.
const START: i64 = 1_772_323_200;

pub fn draw(seed: u64) -> Box<dyn ValueTree<Value = Saga>> {
    let day = HOUR * HOURS_A_DAY;
    let deed = prop_oneof![
        6 => Just(Deed::Nothing),
        1 => Just(Deed::Panic),
        1 => Just(Deed::Fail),
        2 => (0..9 * HOUR).prop_map(Deed::Advance),
        1 => Just(Deed::Hang),
    ];
    let when = prop_oneof![
        4 => fields().prop_map(When::Cron),
        1 => (1..5_u32, -100..100_i64).prop_map(|(days, from)| When::Days(days, from)),
    ];
    let missed = select(vec![Missed::Once, Missed::Skip, Missed::All]);
    let overlap = select(vec![Overlap::Skip, Overlap::Queue, Overlap::Allow(1), Overlap::Allow(2)]);
    let until = proptest::option::weighted(0.2, 0..60 * HOURS_A_DAY);
    let grace = proptest::option::weighted(0.3, 0..day);
    let deeds = proptest::collection::vec(deed, 1..4);
    let habit = (when, missed, grace, overlap, until, deeds).prop_map(
        |(when, missed, grace, overlap, until, deeds)| Habit { when, missed, grace, overlap, until, deeds },
    );
    // By under three hours or by more, and mostly not at all.
    let back = || {
        prop_oneof![
            4 => Just(0),
            1 => select(vec![2000, HOUR, 3 * HOUR, 3 * HOUR + 1, 10 * HOUR]),
            1 => 2000..4 * HOUR,
            1 => 2000..3 * day,
        ]
    };
    let advances = proptest::collection::vec((0..5 * day, back()), 1..5);
    let down = prop_oneof![0..2000_u64, 0..10 * HOUR, 0..30 * day];
    let process = (0..80_usize, advances, 0..5 * HOUR, any::<bool>(), down, back()).prop_map(
        |(lives_for, advances, suspends, ends_in_order, down, back)| Process {
            lives_for,
            advances,
            suspends,
            ends_in_order,
            down,
            back,
        },
    );
    let tasks = proptest::collection::vec(habit, 1..4);
    let processes = proptest::collection::vec(process, 2..6);
    let sagas =
        (zone(), tasks, processes).prop_map(|(zone, tasks, processes)| Saga { zone, tasks, processes });
    Box::new(sagas.new_tree(&mut runner(seed)).expect("nothing is filtered"))
}

/// Something that was told, or a callback that was called, and when.
#[derive(Clone, Debug)]
struct Moment {
    wall: Nanos,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    Begins,
    Told(Event),
    /// This task could not be scheduled.
    Refused(usize, String),
    Called,
    /// The clock by so much. It is noticed now, and told when the thread has done what it had to do already.
    SetBack(Nanos),
    /// The due that each task waits for in the end.
    Waits(Vec<Option<Nanos>>),
}

/// One process, until it is killed: from then on nothing is noted, as it has not happened.
struct Witness {
    clock: ManualClock,
    journal: PathBuf,
    /// Where the journal is copied to when the process is killed: this is what a kill leaves.
    copy: PathBuf,
    left: Mutex<Option<usize>>,
    log: Mutex<Vec<Moment>>,
}

impl Witness {
    fn note(&self, what: What) {
        let mut left = self.left.lock().unwrap();
        if let Some(moments) = &mut *left {
            self.log.lock().unwrap().push(Moment { wall: nanos(self.clock.now()), what });
            match moments.checked_sub(1) {
                Some(less) => *moments = less,
                None => {
                    fs::copy(&self.journal, &self.copy).unwrap();
                    *left = None;
                }
            }
        }
    }

    fn is_killed(&self) -> bool {
        self.left.lock().unwrap().is_none()
    }
}

pub fn perform(saga: &Saga) -> Result<Tally, String> {
    let folder = Folder::new();
    let mut wall = millis(START * 1000 + 1);
    let mut log = Vec::new();
    for (number, process) in saga.processes.iter().enumerate() {
        let is_last = number + 1 == saga.processes.len();
        let witness = Arc::new(Witness {
            clock: ManualClock::new(instant(wall)),
            journal: folder.0.join(number.to_string()),
            copy: folder.0.join((number + 1).to_string()),
            left: Mutex::new(Some(if is_last { usize::MAX } else { process.lives_for })),
            log: Mutex::new(Vec::new()),
        });
        live(saga, process, &witness, is_last)?;
        log.append(&mut witness.log.lock().unwrap());
        wall = log.last().map_or(wall, |last| last.wall) + millis(process.down as i64)
            - millis(process.back as i64);
    }
    Checker::new(saga, &log).read(&log)?;
    let walls = || log.iter().map(|moment| moment.wall);
    let length = walls().max().unwrap_or_default() - walls().min().unwrap_or_default();
    Ok(Tally { simulated: Duration::from_nanos(length as u64), is_endless: false })
}

fn live(saga: &Saga, process: &Process, witness: &Arc<Witness>, is_last: bool) -> Result<(), String> {
    let clock = &witness.clock;
    let builder = Scheduler::builder().clock(clock).zone(zones::zone(saga.zone));
    let scheduler = builder.journal(&witness.journal).build().map_err(|error| error.to_string())?;
    let observer = witness.clone();
    scheduler.observe(move |event| observer.note(What::Told(event.clone())));
    witness.note(What::Begins);
    for (name, habit) in saga.tasks.iter().enumerate() {
        schedule(&scheduler, name, habit, witness);
    }
    clock.suspend(Duration::from_millis(process.suspends));
    for (advance, back) in &process.advances {
        clock.advance(Duration::from_millis(*advance));
        clock.step_back(Duration::from_millis(*back));
        if *back > 0 {
            witness.note(What::SetBack(millis(*back as i64)));
        }
        clock.advance(Duration::ZERO);
        if witness.is_killed() {
            break;
        }
    }
    if is_last {
        let next = |name: usize| scheduler.get(&name.to_string()).and_then(|task| task.next_due()).map(nanos);
        witness.note(What::Waits((0..saga.tasks.len()).map(next).collect()));
    } else if !witness.is_killed() {
        if process.ends_in_order {
            // It does not wait for a future that nobody wakes, and drops it.
            let _ = scheduler.shutdown_timeout(Duration::ZERO);
        }
        if !witness.is_killed() {
            fs::copy(&witness.journal, &witness.copy).map_err(|error| error.to_string())?;
        }
    }
    // What comes now is only the end of this play's copy of it.
    *witness.left.lock().unwrap() = None;
    Ok(())
}

fn schedule(scheduler: &Scheduler, name: usize, habit: &Habit, witness: &Arc<Witness>) {
    let task = scheduler.task(&name.to_string());
    let mut task = match &habit.when {
        When::Cron(fields) => task.cron(&fields.to_string()),
        When::Days(days, from) => {
            let epoch = "1970-01-01 00:00".parse::<sexton::civil::DateTime>().unwrap();
            let anchor = epoch.checked_add_seconds(START + from * 1800).unwrap();
            task.every(format!("{days}d").as_str()).starting(anchor)
        }
    };
    task = task.missed(habit.missed).overlap(habit.overlap);
    if let Some(grace) = habit.grace {
        task = task.grace(Duration::from_millis(grace));
    }
    if let Some(hours) = habit.until {
        task = task.until(instant(millis(START * 1000)) + Duration::from_millis(hours * HOUR));
    }
    let scheduled = match habit.overlap {
        Overlap::Allow(_) => run_shared(task, habit, witness),
        _ => run_async(task, habit, witness),
    };
    if let Err(error) = scheduled {
        witness.note(What::Refused(name, error.to_string()));
    }
}

/// There is one thread only: what may overlap does not.
fn run_shared(task: TaskBuilder<'_>, habit: &Habit, witness: &Arc<Witness>) -> Result<Task, Error> {
    let (witness, deeds, runs) = (witness.clone(), habit.deeds.clone(), AtomicUsize::new(0));
    task.run_shared(move |_| {
        witness.note(What::Called);
        let run = runs.fetch_add(1, Ordering::Relaxed);
        match if witness.is_killed() { Deed::Nothing } else { deeds[run % deeds.len()] } {
            Deed::Panic => std::panic::resume_unwind(Box::new("on purpose")),
            // Only so often: one that catches up with all that passes while it does would never have done so.
            Deed::Advance(by) if run < 50 => witness.clock.advance(Duration::from_millis(by)),
            Deed::Fail => return Err("on purpose"),
            Deed::Advance(_) | Deed::Hang | Deed::Nothing => {}
        }
        Ok(())
    })
}

fn run_async(task: TaskBuilder<'_>, habit: &Habit, witness: &Arc<Witness>) -> Result<Task, Error> {
    let (witness, deeds, mut runs) = (witness.clone(), habit.deeds.clone(), 0);
    let mut wakers = Vec::new();
    task.run_async(move |_| {
        witness.note(What::Called);
        let deed = if witness.is_killed() { Deed::Nothing } else { deeds[runs % deeds.len()] };
        runs += 1;
        let mut outcome = Some(Ok(()));
        match deed {
            Deed::Panic => std::panic::resume_unwind(Box::new("on purpose")),
            Deed::Advance(by) => witness.clock.advance(Duration::from_millis(by)),
            Deed::Fail => outcome = Some(Err("on purpose")),
            Deed::Hang => outcome = None,
            Deed::Nothing => {}
        }
        let (sender, receiver) = std::sync::mpsc::channel();
        wakers.push(receiver);
        #[allow(clippy::incompatible_msrv)] // the oldest compiler builds no tests
        std::future::poll_fn(move |context| match outcome.take() {
            Some(outcome) => std::task::Poll::Ready(outcome),
            None => {
                let _ = sender.send(context.waker().clone());
                std::task::Poll::Pending
            }
        })
    })
}

/// What is known of a task from one process to the next.
struct Known {
    dues: Rc<[Nanos]>,
    until: Nanos,
    is_interval_like: bool,
    is_anchored: bool,
    /// The first due that is not accounted for.
    next: usize,
    /// What the journal has to say: the due that was accounted for last, or when it was scheduled for the first time.
    recorded: Option<Nanos>,
    /// The run that is going on, or was when the process was killed.
    run: Option<Nanos>,
    /// The same of earlier processes.
    cut_off: Option<Nanos>,
}

impl Known {
    /// The due that is waited for.
    fn due(&self) -> Option<Nanos> {
        self.dues.get(self.next).copied().filter(|due| *due <= self.until)
    }

    /// It goes on with the first due after this.
    fn go_on_after(&mut self, wall: Nanos) {
        self.next = self.dues.partition_point(|due| *due <= wall);
    }

    /// It is scheduled, and goes on from where it was, or begins anew. A clock that was set back since is like one that is
    /// set back now.
    fn is_scheduled(&mut self, wall: Nanos) {
        match self.recorded {
            Some(last) if last > wall && (last - wall > CORRECTION || self.is_interval_like) => {
                self.go_on_after(wall);
            }
            Some(last) => self.go_on_after(last),
            None => {
                self.go_on_after(wall);
                // Of a grid that has begun, the last is missed.
                match self.is_anchored && self.next > 0 {
                    true => self.next -= 1,
                    false => self.recorded = self.due().map(|_| wall),
                }
            }
        }
    }

    fn clock_is_set_back(&mut self, by: Nanos, wall: Nanos) {
        let is_correction = by > CORRECTION;
        // What has passed by the new time, too, is still to be run.
        let is_ahead = self.due().map_or(false, |due| due > wall);
        if is_ahead && (is_correction || self.is_interval_like) {
            self.go_on_after(wall);
        }
    }
}

const CORRECTION: Nanos = 3 * 3600 * SECOND;

struct Checker {
    tasks: Vec<Known>,
}

impl Checker {
    fn new(saga: &Saga, log: &[Moment]) -> Checker {
        let seconds = || log.iter().map(|moment| (moment.wall / SECOND) as i64);
        let (from, to) = (seconds().min().unwrap_or(START), seconds().max().unwrap_or(START));
        let clocks = Clocks::of(spans(saga.zone));
        let known = |habit: &Habit| {
            let dues = match &habit.when {
                When::Cron(fields) => fields.dues(&clocks, from - 2 * DAY, to),
                When::Days(days, from) => day_steps(START + from * 1800, i64::from(*days), &clocks, to),
            };
            let dues = dues.into_iter().map(|due| Nanos::from(due) * SECOND).collect();
            let until = habit.until.map_or(Nanos::MAX, |hours| millis(START * 1000 + (hours * HOUR) as i64));
            let is_anchored = matches!(habit.when, When::Days(..));
            let is_interval_like = matches!(&habit.when, When::Cron(fields) if fields.is_interval_like());
            let (next, recorded, run, cut_off) = (0, None, None, None);
            Known { dues, until, is_interval_like, is_anchored, next, recorded, run, cut_off }
        };
        Checker { tasks: saga.tasks.iter().map(known).collect() }
    }

    fn read(&mut self, log: &[Moment]) -> Result<(), String> {
        for (line, moment) in log.iter().enumerate() {
            self.see(moment).map_err(|error| {
                let lines = log[line.saturating_sub(16)..=line].iter().map(|moment| format!("{moment:?}"));
                format!("{error}\n{}\n", lines.collect::<Vec<_>>().join("\n"))
            })?;
        }
        Ok(())
    }

    fn see(&mut self, moment: &Moment) -> Result<(), String> {
        let event = match &moment.what {
            What::Told(event) => event,
            What::Called => return Ok(()),
            What::SetBack(by) => {
                self.tasks.iter_mut().for_each(|task| task.clock_is_set_back(*by, moment.wall));
                return Ok(());
            }
            What::Refused(number, error) => {
                let task = &mut self.tasks[*number];
                task.is_scheduled(moment.wall);
                return match task.due() {
                    Some(due) => Err(format!("{number} is due at {due}, and {error}")),
                    None => Ok(()),
                };
            }
            What::Begins => {
                for task in &mut self.tasks {
                    task.cut_off = task.run.take().or(task.cut_off);
                }
                return Ok(());
            }
            What::Waits(nexts) => {
                for (name, next) in nexts.iter().enumerate() {
                    let task = &self.tasks[name];
                    let expected = task.due();
                    // Of what has passed and waits, the due time after that is shown.
                    let has_passed = expected.map_or(false, |due| due <= moment.wall);
                    let is_right = if has_passed {
                        next.map_or(true, |next| next > moment.wall)
                    } else {
                        *next == expected
                    };
                    if task.run.is_none() && !is_right {
                        return Err(format!("{name} waits for {next:?}, and not for {expected:?}"));
                    }
                }
                return Ok(());
            }
        };
        let number = match event.task() {
            Some(task) => task.parse::<usize>().unwrap(),
            None => return Ok(()),
        };
        let task = &mut self.tasks[number];
        match event {
            Event::CutOff { due, .. } => match task.cut_off.take() {
                Some(run) if run == nanos(*due) => {}
                run => return Err(format!("cut off was {run:?}, and not {due:?}")),
            },
            Event::Scheduled { .. } => {
                if let Some(run) = task.cut_off {
                    return Err(format!("nobody was told that the run for {run} was cut off"));
                }
                task.is_scheduled(moment.wall);
                task.due().ok_or(format!("{number} is never due"))?;
            }
            Event::Ended { .. } => {
                if let Some(due) = task.due() {
                    return Err(format!("{number} has ended before {due}"));
                }
            }
            // What is left to the next process.
            Event::Missed { why: Why::ShutDown, .. } => {}
            Event::Missed { count, latest, .. } => {
                let next = task.next + *count as usize;
                let expected = task.dues.get(next - 1).copied();
                if *count == 0 || expected != Some(nanos(*latest)) || expected > Some(task.until) {
                    return Err(format!("{count} missed until {latest:?}, which should be {expected:?}"));
                }
                (task.next, task.recorded) = (next, expected);
            }
            Event::Started { due, .. } => {
                let due = nanos(*due);
                let expected = task.due();
                if Some(due) != expected || due > moment.wall {
                    return Err(format!(
                        "{number} runs for {due} at {}, and not for {expected:?}",
                        moment.wall
                    ));
                }
                if let Some(run) = task.run.replace(due) {
                    return Err(format!("{number} overlaps its run for {run}"));
                }
                (task.next, task.recorded) = (task.next + 1, expected);
            }
            Event::RunEnded { .. } => {
                task.run.take().ok_or(format!("nothing of {number} was running"))?;
            }
            Event::JournalDamaged { .. } | Event::JournalFailed { .. } => {
                return Err(format!("{event}"));
            }
            _ => {}
        }
        Ok(())
    }
}

/// A folder that is gone when this is, in memory where there is such a file system.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let memory = Path::new("/dev/shm");
        let base = if memory.is_dir() { memory.to_path_buf() } else { std::env::temp_dir() };
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = base.join(format!("sexton-crashes-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        Folder(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
