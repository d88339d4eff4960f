//! Forecasts which runs will overlap and which will wait for a worker, from how long runs took so far.

mod queue;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt;
use std::time::{Duration, SystemTime};

use self::queue::{least_workers, waits, Runs, Want};
use super::recorder::mean;
use crate::agenda::TaskDetails;
use crate::clock::Now;
use crate::elapsed::Elapsed;
use crate::event::OneLine;
use crate::schedule::rfc3339;
use crate::scheduler::Scheduler;
use crate::sync::{lock, Arc};
use crate::tz::Zone;

/// The load to expect if runs take as long as they took so far: the answer of [`Scheduler::forecast`].
///
/// `Display` gives a summary line, a line for each finding, and a line for each gap in what is known.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Forecast {
    /// How far ahead the forecast reaches. Shorter than requested if there are more than 100,000 occurrences in that time.
    pub horizon: Duration,
    /// Whether the forecast was cut short because there are more than 100,000 occurrences.
    pub is_cut: bool,
    /// The maximum number of workers ([`Builder::threads`](crate::Builder::threads)). 1 for a scheduler without threads.
    pub workers: usize,
    /// How many runs there will be.
    pub runs: u64,
    /// The fraction of the workers' time that the runs take. Above 1 if the workers cannot keep up.
    pub busy: f64,
    /// The forecast for each task, in the order in which they were scheduled.
    pub tasks: Vec<Outlook>,
    /// How many runs will wait for a worker longer than [`Forecast::wait_limit`].
    pub waiting_runs: u64,
    /// The longest wait of these runs.
    pub longest_wait: Duration,
    /// The due time of the first of these runs.
    pub first_wait: Option<SystemTime>,
    /// The limit from [`Builder::wait_limit`](crate::Builder::wait_limit), or one second.
    pub wait_limit: Duration,
    /// The smallest number of workers with which no run would wait longer than the limit.
    pub workers_needed: usize,
    zone: Zone,
}

/// The forecast for one task.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outlook {
    /// The name of the task.
    pub task: Arc<str>,
    /// The mean duration of its runs so far. `None` if none has ended; the forecast then assumes zero.
    pub mean: Option<Duration>,
    /// How many occurrences there are.
    pub occurrences: u64,
    /// The shortest time between two occurrences. For a task with [`Overlap::Allow(n)`](crate::Overlap::Allow), the shortest
    /// time between an occurrence and the n-th one after it.
    pub gap: Option<Duration>,
    /// How many occurrences will be overruns: they come while the task is running.
    pub overlaps: u64,
    /// Whether the task is paused. The forecast then has no occurrences of it.
    pub is_paused: bool,
    /// Whether only the next due time is known, as for an iterator or a closure.
    pub knows_next_only: bool,
}

/// A forecast reaches no further than this many occurrences.
const MAX_OCCURRENCES: usize = 100_000;

/// The wait limit, if the builder has none.
const DEFAULT_WAIT_LIMIT: Duration = Duration::from_secs(1);

impl Scheduler {
    /// Forecasts the load for the time `horizon` from now: which tasks will still be running when they are due again, which
    /// runs will wait for a worker, and how many workers would be enough.
    ///
    /// It compares the due times of the schedules with the mean duration of each task's runs so far. Of an iterator or a
    /// closure only the next due time is known. The forecast assumes that each run starts on time and takes the mean
    /// duration, and that the current runs end now. A pending future occupies no worker, so asynchronous runs count as zero.
    ///
    /// It is computed on the calling thread and changes nothing.
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
    ///      task `slow` takes 1m30s on average, and is due again after 1m: 5 of 10 due times will find it running"
    /// );
    /// # Ok::<(), sexton::Error>(())
    /// ```
    pub fn forecast(&self, horizon: Duration) -> Forecast {
        let state = lock(&self.engine.state);
        let (zone, now) = (state.zone.clone(), self.engine.clock.now());
        let all = state.agenda.all_details().into_iter();
        let (names, details): (Vec<_>, Vec<_>) =
            all.map(|(task, details)| (task.name.clone(), (details, mean(&task.stats)))).unzip();
        let wait_limit = state.agenda.wait_limit().unwrap_or(DEFAULT_WAIT_LIMIT);
        drop(state);
        let (due_times, cut) = due_times_of(&details, now, horizon);
        let (workers, horizon) = (self.engine.pool.limit().max(1), cut.unwrap_or(horizon));
        let mut wants: Vec<Want> = Vec::new();
        let mut tasks = Vec::with_capacity(details.len());
        for ((task, (details, mean)), (due_times, runs)) in names.into_iter().zip(details).zip(due_times) {
            let TaskDetails { plan, allowed_runs, is_paused, is_async, .. } = details;
            let Runs { begins, overlaps, .. } = runs;
            let took = if is_async { Duration::ZERO } else { mean.unwrap_or_default() };
            wants.extend(begins.into_iter().map(|at| Want { at, took }));
            let nth_after = due_times.iter().skip(allowed_runs);
            let gaps = due_times.iter().zip(nth_after).map(|(one, next)| *next - *one);
            tasks.push(Outlook {
                task,
                mean,
                occurrences: due_times.len() as u64,
                gap: gaps.min(),
                overlaps,
                is_paused,
                // Later ones are up to the user's code.
                knows_next_only: !is_paused && !plan.map_or(true, |plan| plan.is_known()),
            });
        }
        // The sort is stable: of runs at the same time, the task that was scheduled first comes first.
        wants.sort_by_key(|want| want.at);
        let busy = wants.iter().fold(0.0, |busy, want| busy + want.took.as_secs_f64());
        let time = horizon.as_secs_f64() * workers as f64;
        let all_waits = wants.iter().zip(waits(&wants, workers));
        let too_long: Vec<_> = all_waits.filter(|(_, wait)| *wait > wait_limit).collect();
        Forecast {
            horizon,
            is_cut: cut.is_some(),
            workers,
            runs: wants.len() as u64,
            busy: if time > 0.0 { busy / time } else { 0.0 },
            tasks,
            waiting_runs: too_long.len() as u64,
            longest_wait: too_long.iter().map(|(_, wait)| *wait).max().unwrap_or_default(),
            first_wait: too_long.iter().find_map(|(want, _)| now.wall.checked_add(want.at)),
            wait_limit,
            workers_needed: least_workers(&wants, wait_limit),
            zone,
        }
    }
}

/// The due times of each task, in order, as time from now, and the runs for them. If there are too many: also the last one.
fn due_times_of(
    tasks: &[(TaskDetails, Option<Duration>)],
    now: Now,
    horizon: Duration,
) -> (Vec<(Vec<Duration>, Runs)>, Option<Duration>) {
    let runs_of = |(task, mean): &(TaskDetails, Option<Duration>)| {
        Runs::new(mean.unwrap_or_default(), task.overlap, task.allowed_runs, task.left)
    };
    let mut found: Vec<_> = tasks.iter().map(|task| (Vec::new(), runs_of(task))).collect();
    let ahead = |due: SystemTime| due.duration_since(now.wall).unwrap_or_default();
    let first = tasks.iter().enumerate().filter_map(|(i, (task, _))| {
        let due = task.next?.wall(now).filter(|_| !task.is_paused)?;
        Some(Reverse((ahead(due), i, due)))
    });
    let mut next: BinaryHeap<_> = first.filter(|Reverse((at, ..))| *at <= horizon).collect();
    let mut last = Duration::ZERO;
    for _ in 0..MAX_OCCURRENCES {
        let (at, i, due) = match next.pop() {
            Some(Reverse(first)) => first,
            None => return (found, None),
        };
        last = at;
        let ((task, _), (due_times, runs)) = (&tasks[i], &mut found[i]);
        due_times.push(at);
        runs.come(at);
        // All due times up to now are one run, and the first one after now comes next.
        let next_due = task.plan.as_ref().and_then(|plan| plan.around(Some(due), due.max(now.wall))[1]);
        let next_due = next_due.map(|due| (ahead(due), i, due));
        next.extend(next_due.filter(|(at, ..)| *at <= horizon && !runs.end_before(*at)).map(Reverse));
    }
    (found, Some(last).filter(|_| !next.is_empty()))
}

impl fmt::Display for Forecast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (runs, tasks) = (Many(self.runs, "run"), Many(self.tasks.len() as u64, "task"));
        write!(f, "{} ahead: {runs} of {tasks}", Elapsed(self.horizon))?;
        write!(f, ", {} busy {:.0} % of the time", Many(self.workers as u64, "worker"), self.busy * 100.0)?;
        let mut is_well = true;
        for Outlook { task, mean, occurrences, gap, overlaps, .. } in &self.tasks {
            if let (Some(mean), Some(gap), 1..) = (mean, gap, *overlaps) {
                is_well = false;
                write!(
                    f,
                    "\ntask `{}` takes {} on average, and is due again after {}: ",
                    OneLine(task),
                    Elapsed(*mean),
                    Elapsed(*gap),
                )?;
                write!(f, "{overlaps} of {occurrences} due times will find it running")?;
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
            write!(f, "\ncut short: there are over {MAX_OCCURRENCES} due times")?;
        }
        let count = |is: fn(&Outlook) -> bool| self.tasks.iter().filter(|task| is(task)).count() as u64;
        let notes = [
            (count(|task| task.is_paused), "paused, and not counted"),
            (count(|task| task.knows_next_only), "known only up to the next due time"),
            (
                count(|task| task.mean.is_none() && !task.is_paused),
                "assumed to take no time, as no run has ended",
            ),
        ];
        for (tasks, note) in notes.into_iter().filter(|(tasks, _)| *tasks > 0) {
            let verb = if tasks == 1 { "is" } else { "are" };
            write!(f, "\n{} {verb} {note}", Many(tasks, "task"))?;
        }
        Ok(())
    }
}

/// A number and its noun, in the plural if needed.
struct Many(u64, &'static str);

impl fmt::Display for Many {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{}", self.0, self.1, if self.0 == 1 { "" } else { "s" })
    }
}
