//! What is to come if the runs take as long as they took so far: which overlap, and which wait for a worker.

mod queue;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt;
use std::time::{Duration, SystemTime};

use self::queue::{least_workers, runs_of, waits, Want};
use crate::agenda::Prospect;
use crate::clock::Now;
use crate::elapsed::Elapsed;
use crate::event::OneLine;
use crate::schedule::rfc3339;
use crate::scheduler::Scheduler;
use crate::sync::{lock, Arc};
use crate::tz::Zone;

/// What is to come, if runs take as long as they took so far: the answer of [`Scheduler::forecast`]. `Display` gives a
/// line for the whole, one for each finding, and one for each thing that was not known.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Forecast {
    /// How far it looks: less far than was asked for, if there are more than 100,000 dues in that time.
    pub horizon: Duration,
    /// Whether there were too many dues.
    pub is_cut: bool,
    /// The most workers there may be; without threads the one that drives the scheduler.
    pub workers: usize,
    /// How many runs there will be.
    pub runs: u64,
    /// The part of the workers' time that they will take: over 1 if it is more than there is.
    pub busy: f64,
    /// What is to come for each task, in the order in which they were scheduled.
    pub tasks: Vec<Outlook>,
    /// The runs that will wait for a worker longer than [`Forecast::wait_limit`].
    pub waiting_runs: u64,
    /// The longest wait of them.
    pub longest_wait: Duration,
    /// The due of the first of them.
    pub first_wait: Option<SystemTime>,
    /// As the builder has it ([`Builder::wait_limit`](crate::Builder::wait_limit)), or one second.
    pub wait_limit: Duration,
    /// The fewest workers with which no run would wait longer than that.
    pub workers_needed: usize,
    zone: Zone,
}

/// What is to come for one task.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outlook {
    /// The name.
    pub task: Arc<str>,
    /// How long its runs take: the mean of those that have ended. If there is none, it is taken to be no time.
    pub mean: Option<Duration>,
    /// How many dues there are.
    pub dues: u64,
    /// The shortest time from a due to the next; of a task that may run several times at once, to the one that would be
    /// one run too many.
    pub gap: Option<Duration>,
    /// How many of the dues will find it running.
    pub overlaps: u64,
    /// Whether it is paused. Then nothing else is known of it.
    pub is_paused: bool,
    /// Whether there may be dues that are not known: only the next one is, of an iterator or a closure.
    pub knows_next_only: bool,
}

/// So many dues are looked at.
const MOST_DUES: usize = 100_000;

/// What counts as a long wait, unless the builder says otherwise.
const LONG: Duration = Duration::from_secs(1);

impl Scheduler {
    /// Looks so far ahead: when tasks are due, by the schedules that are known (cron and periods; of an iterator or a
    /// closure, the next due), against how long their runs took so far. Says which tasks will still be running when
    /// they are due again, which runs will wait for a worker, and how many workers would do.
    ///
    /// It is computed on the calling thread and changes nothing. Each run is taken to begin on time and to take the
    /// mean time of its task; what is running now is taken to end now. The future of an asynchronous run holds no
    /// worker while it is pending, so that its time does not count for them.
    ///
    /// ```
    /// use std::time::Duration;
    /// use sexton::{ManualClock, Scheduler};
    ///
    /// let clock = ManualClock::new(std::time::UNIX_EPOCH);
    /// let scheduler = Scheduler::builder().clock(&clock).zone("UTC").build()?;
    /// let seconds = clock.clone();
    /// scheduler.task("slow").cron("* * * * *").run(move || seconds.advance(Duration::from_secs(90)))?;
    /// clock.advance(Duration::from_secs(60));
    ///
    /// let forecast = scheduler.forecast(Duration::from_secs(600));
    /// assert_eq!(forecast.tasks[0].overlaps, 5);
    /// assert_eq!(
    ///     forecast.to_string(),
    ///     "10m ahead: 5 runs of 1 task, 1 worker busy 75 % of the time\n\
    ///      task `slow` takes 1m30s on average, and is due again after 1m: 5 of 10 dues will find it running"
    /// );
    /// # Ok::<(), sexton::Error>(())
    /// ```
    pub fn forecast(&self, horizon: Duration) -> Forecast {
        let (prospects, zone, now) = {
            let state = lock(&self.engine.state);
            (state.agenda.prospects(), state.zone.clone(), self.engine.clock.now())
        };
        let workers = self.engine.pool.limit().max(1);
        let wait_limit = self.engine.wait_limit.unwrap_or(LONG);
        look_ahead(&prospects, now, horizon, workers, wait_limit, zone)
    }
}

fn look_ahead(
    prospects: &[Prospect],
    now: Now,
    asked: Duration,
    workers: usize,
    wait_limit: Duration,
    zone: Zone,
) -> Forecast {
    let (dues, cut) = dues_of(prospects, now, asked);
    let horizon = cut.unwrap_or(asked);
    let mut wants: Vec<Want> = Vec::new();
    let mut tasks = Vec::with_capacity(prospects.len());
    for (prospect, dues) in prospects.iter().zip(dues) {
        let took = prospect.mean.unwrap_or_default();
        let (runs, overlaps) = runs_of(&dues, took, prospect.overlap, prospect.allowed_runs);
        let took = if prospect.is_async { Duration::ZERO } else { took };
        wants.extend(runs.into_iter().map(|at| Want { at, took }));
        let gaps = dues.iter().zip(dues.iter().skip(prospect.allowed_runs)).map(|(one, next)| *next - *one);
        tasks.push(Outlook {
            task: prospect.name.clone(),
            mean: prospect.mean,
            dues: dues.len() as u64,
            gap: gaps.min(),
            overlaps,
            is_paused: prospect.is_paused,
            knows_next_only: prospect.knows_next_only() && !prospect.is_paused,
        });
    }
    // Of equal ones the task that was scheduled first: the sort is stable.
    wants.sort_by_key(|want| want.at);
    let busy = wants.iter().fold(0.0, |busy, want| busy + want.took.as_secs_f64());
    let time = horizon.as_secs_f64() * workers as f64;
    let mut forecast = Forecast {
        horizon,
        is_cut: cut.is_some(),
        workers,
        runs: wants.len() as u64,
        busy: if time > 0.0 { busy / time } else { 0.0 },
        tasks,
        waiting_runs: 0,
        longest_wait: Duration::ZERO,
        first_wait: None,
        wait_limit,
        workers_needed: least_workers(&wants, wait_limit),
        zone,
    };
    for (want, wait) in wants.iter().zip(waits(&wants, workers)).filter(|(_, wait)| *wait > wait_limit) {
        forecast.waiting_runs += 1;
        forecast.longest_wait = forecast.longest_wait.max(wait);
        forecast.first_wait = forecast.first_wait.or_else(|| now.wall.checked_add(want.at));
    }
    forecast
}

/// The dues of each task, as time from now, in order; and how far they go if there are too many.
fn dues_of(prospects: &[Prospect], now: Now, horizon: Duration) -> (Vec<Vec<Duration>>, Option<Duration>) {
    let mut dues = vec![Vec::new(); prospects.len()];
    let ahead = |due: SystemTime| due.duration_since(now.wall).unwrap_or_default();
    let first = prospects.iter().enumerate().filter_map(|(i, prospect)| {
        let due = prospect.next?.wall(now).filter(|_| !prospect.is_paused)?;
        Some(Reverse((ahead(due), i, due)))
    });
    let mut next: BinaryHeap<_> = first.filter(|Reverse((at, ..))| *at <= horizon).collect();
    let mut last = Duration::ZERO;
    for _ in 0..MOST_DUES {
        let (at, i, due) = match next.pop() {
            Some(Reverse(first)) => first,
            None => return (dues, None),
        };
        last = at;
        dues[i].push(at);
        // What is past already is one run, and the next due is to come.
        let next_due = match dues[i].len() as u64 {
            runs if runs >= prospects[i].left => None,
            _ => prospects[i].after(due, now),
        };
        next.extend(
            next_due.map(|due| Reverse((ahead(due), i, due))).filter(|Reverse((at, ..))| *at <= horizon),
        );
    }
    (dues, Some(last).filter(|_| !next.is_empty()))
}

impl fmt::Display for Forecast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (runs, tasks) = (Many(self.runs, "run"), Many(self.tasks.len() as u64, "task"));
        write!(f, "{} ahead: {runs} of {tasks}", Elapsed(self.horizon))?;
        write!(f, ", {} busy {:.0} % of the time", Many(self.workers as u64, "worker"), self.busy * 100.0)?;
        let mut is_well = true;
        for Outlook { task, mean, dues, gap, overlaps, .. } in &self.tasks {
            if let (Some(mean), Some(gap), 1..) = (mean, gap, *overlaps) {
                is_well = false;
                write!(
                    f,
                    "\ntask `{}` takes {} on average, and is due again after {}: ",
                    OneLine(task),
                    Elapsed(*mean),
                    Elapsed(*gap),
                )?;
                write!(f, "{overlaps} of {dues} dues will find it running")?;
            }
        }
        if let Some(first) = self.first_wait {
            is_well = false;
            let (runs, longest) = (Many(self.waiting_runs, "run"), self.longest_wait);
            write!(
                f,
                "\n{runs} will wait over {} for a worker, up to {}, first at ",
                Elapsed(self.wait_limit),
                Elapsed(longest)
            )?;
            rfc3339(first, &self.zone, f)?;
            write!(f, ": {} would do", Many(self.workers_needed as u64, "worker"))?;
        }
        if is_well {
            let is_known = self.tasks.iter().all(|task| task.is_paused || task.mean.is_some());
            f.write_str(if is_known { "\nall is well" } else { "\nall is well, as far as is known" })?;
        }
        if self.is_cut {
            write!(f, "\nit looks no further, as there are over {MOST_DUES} dues")?;
        }
        let count = |is: fn(&Outlook) -> bool| self.tasks.iter().filter(|task| is(task)).count() as u64;
        let notes = [
            (count(|task| task.is_paused), "paused, and not counted in"),
            (count(|task| task.knows_next_only), "known by the next due only"),
            (
                count(|task| task.mean.is_none() && !task.is_paused),
                "taken to need no time, as no run has ended",
            ),
        ];
        for (tasks, note) in notes.into_iter().filter(|(tasks, _)| *tasks > 0) {
            let verb = if tasks == 1 { "is" } else { "are" };
            write!(f, "\n{} {verb} {note}", Many(tasks, "task"))?;
        }
        Ok(())
    }
}

/// A number of things.
struct Many(u64, &'static str);

impl fmt::Display for Many {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{}", self.0, self.1, if self.0 == 1 { "" } else { "s" })
    }
}
