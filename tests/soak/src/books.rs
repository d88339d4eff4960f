//! The books: what became of each due time of each task. They are kept by an observer, and know the schedules only as grids.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use sexton::{Event, RunOutcome, Why};

/// Both clocks, read together.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    pub wall: SystemTime,
    pub mono: Instant,
}

pub fn now() -> Now {
    Now { wall: SystemTime::now(), mono: Instant::now() }
}

/// Something happened between two readings.
pub type Window = (Now, Now);

/// When a task is due.
#[derive(Clone, Copy, Debug)]
pub enum Grid {
    /// Each second on the wall clock that is divisible by this.
    Calendar(u64),
    /// At once, and then after each such period of the monotonic clock.
    Elapsed(Duration),
    /// Once, after some time.
    Once,
    /// The same of one that is to be cancelled, perhaps before.
    Perhaps,
}

pub const REASONS: [Why; 6] =
    [Why::Late, Why::StillRunning, Why::Paused, Why::ClockCorrected, Why::Cancelled, Why::ShutDown];

/// How often something has happened.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    pub lives: u64,
    pub due_times: u64,
    pub runs: u64,
    pub missed: [u64; 6],
    pub on_demand: u64,
    pub attempts: u64,
    pub ended: u64,
    pub failed: u64,
    pub panicked: u64,
}

impl Counts {
    pub fn add(&mut self, other: &Counts) {
        self.lives += other.lives;
        self.due_times += other.due_times;
        self.runs += other.runs;
        self.missed.iter_mut().zip(other.missed).for_each(|(sum, more)| *sum += more);
        self.on_demand += other.on_demand;
        self.attempts += other.attempts;
        self.ended += other.ended;
        self.failed += other.failed;
        self.panicked += other.panicked;
    }
}

/// A task from when it is scheduled until it ends.
#[derive(Clone, Debug, Default)]
struct Life {
    /// Due times that were reported, in units of the grid: from each first to its last.
    reported: BTreeMap<u64, u64>,
    runs: u64,
    missed: u64,
}

/// All lives of a name.
struct Account {
    kind: usize,
    grid: Grid,
    counts: Counts,
    life: Option<Life>,
    over: VecDeque<Life>,
    /// Since when it is known that the task is no more.
    gone: Option<Instant>,
    /// When each was scheduled, and when it was cancelled.
    begins: VecDeque<Window>,
    ends: VecDeque<Window>,
}

pub struct Books {
    accounts: HashMap<String, Account>,
    /// What happened of each kind to tasks that are gone.
    pub of_kinds: Vec<Counts>,
    pub faults: Vec<String>,
    pub steps: u64,
    pub others: BTreeMap<&'static str, u64>,
}

impl Books {
    pub fn new(kinds: usize) -> Books {
        Books {
            accounts: HashMap::new(),
            of_kinds: vec![Counts::default(); kinds],
            faults: Vec::new(),
            steps: 0,
            others: BTreeMap::new(),
        }
    }

    /// There will be a task of this name.
    pub fn open(&mut self, name: &str, kind: usize, grid: Grid) {
        let account = Account {
            kind,
            grid,
            counts: Counts::default(),
            life: None,
            over: VecDeque::new(),
            gone: None,
            begins: VecDeque::new(),
            ends: VecDeque::new(),
        };
        self.accounts.insert(name.to_string(), account);
    }

    pub fn scheduled(&mut self, name: &str, window: Window) {
        if let Some(account) = self.accounts.get_mut(name) {
            account.begins.push_back(window);
        }
    }

    /// It was cancelled, or all were.
    pub fn ended(&mut self, name: &str, window: Window) {
        if let Some(account) = self.accounts.get_mut(name) {
            account.ends.push_back(window);
        }
    }

    pub fn names(&self) -> Vec<String> {
        self.accounts.keys().cloned().collect()
    }

    fn fault(&mut self, fault: String) {
        // The first ones say what is wrong.
        if self.faults.len() < 20 {
            eprintln!("!! {fault}");
        }
        self.faults.push(fault);
    }

    pub fn hear(&mut self, event: &Event) {
        let name = match event.task() {
            Some(name) => name,
            None => return self.hear_of_all(event),
        };
        let account = match self.accounts.get_mut(name) {
            Some(account) => account,
            None => return self.fault(format!("nobody knows this task: {event}")),
        };
        match account.hear(event) {
            Ok(true) => {}
            Ok(false) => self.note(event),
            Err(error) => self.fault(format!("{event}: {error}")),
        }
    }

    fn hear_of_all(&mut self, event: &Event) {
        match event {
            Event::ClockStepped { .. } => self.steps += 1,
            Event::EventsLost { .. } | Event::ObserverPanicked { .. } => self.fault(event.to_string()),
            _ => self.note(event),
        }
    }

    /// Counts an event of another kind.
    fn note(&mut self, event: &Event) {
        let what = match event {
            Event::Late { .. } => "late runs",
            Event::AttemptFailed { .. } => "repeated attempts",
            Event::TimeLimitReached { .. } => "time limits reached",
            Event::PoolSaturated { .. } => "times all workers were busy",
            Event::Waiting { .. } => "long waits for a worker",
            Event::Replaced { .. } => "replacements",
            Event::Rescheduled { .. } => "other schedules",
            Event::Paused { .. } => "pauses",
            Event::JournalFailed { .. } => "journal failures",
            _ => return,
        };
        *self.others.entry(what).or_default() += 1;
    }

    /// Closes the books of a task that has ended for good. `None`: of all that are left.
    pub fn close(&mut self, name: Option<&str>) {
        let names = name.map_or_else(|| self.names(), |name| vec![name.to_string()]);
        for name in names {
            if let Some(mut account) = self.accounts.remove(&name) {
                let life = account.life.take();
                account.over.extend(life);
                let faults = account.settle();
                let counts = account.counts;
                self.of_kinds[account.kind].add(&counts);
                for fault in faults.into_iter().chain(account.final_faults()) {
                    self.fault(format!("{name}: {fault}"));
                }
            }
        }
    }

    /// Compares lives that are over with when they began and ended.
    pub fn settle(&mut self, name: &str) {
        let faults = self.accounts.get_mut(name).map(Account::settle).unwrap_or_default();
        faults.into_iter().for_each(|fault| self.fault(format!("{name}: {fault}")));
    }
}

fn seconds(at: SystemTime) -> u64 {
    at.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

impl Account {
    /// Whether it is about the books.
    fn hear(&mut self, event: &Event) -> Result<bool, String> {
        match event {
            Event::Scheduled { .. } => {
                let before = self.life.replace(Life::default());
                self.over.extend(before);
                self.counts.lives += 1;
            }
            Event::Started { attempt, .. } if *attempt > 1 => self.counts.attempts += 1,
            Event::Started { is_on_demand: true, .. } => self.counts.on_demand += 1,
            Event::Started { due, .. } => {
                self.counts.runs += 1;
                self.life()?.runs += 1;
                self.tell(*due, *due, 1)?;
            }
            Event::Missed { count, first, latest, why, .. } => {
                let reason = REASONS.iter().position(|reason| reason == why).ok_or("an odd reason")?;
                self.counts.missed[reason] += count;
                self.life()?.missed += count;
                self.tell(*first, *latest, *count)?;
            }
            Event::RunEnded { outcome, .. } => {
                self.counts.ended += 1;
                self.counts.failed += u64::from(matches!(outcome, RunOutcome::Failed(_)));
                self.counts.panicked += u64::from(matches!(outcome, RunOutcome::Panicked(_)));
            }
            Event::ScheduleFailed { .. } | Event::DestructorPanicked { .. } | Event::NameTaken { .. } => {
                return Err("that was not to be".into())
            }
            Event::Ended { .. } | Event::Cancelled { .. } => self.gone = Some(Instant::now()),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn life(&mut self) -> Result<&mut Life, String> {
        self.life.as_mut().ok_or_else(|| "there is no such task".into())
    }

    /// Due times become known: they are on the grid, and are reported once.
    fn tell(&mut self, first: SystemTime, latest: SystemTime, count: u64) -> Result<(), String> {
        let step = match self.grid {
            Grid::Calendar(step) => step,
            Grid::Elapsed(_) | Grid::Once | Grid::Perhaps => return Ok(()),
        };
        let (from, to) = (seconds(first), seconds(latest));
        if from % step != 0 || to % step != 0 || to < from || (to - from) / step + 1 != count {
            return Err(format!("{from} to {to} in steps of {step} are not {count} due times"));
        }
        let (mut from, mut to) = (from / step, to / step);
        let reported = &mut self.life()?.reported;
        if let Some((&first, &last)) = reported.range(..=to).next_back() {
            if last >= from {
                return Err(format!(
                    "{from} to {to}, in units of {step} s: {first} to {last} was reported before"
                ));
            }
            if last + 1 == from {
                from = first;
            }
        }
        if let Some(last) = reported.remove(&(to + 1)) {
            to = last;
        }
        reported.insert(from, to);
        Ok(())
    }

    /// Judges the lives of which all is known.
    fn settle(&mut self) -> Vec<String> {
        let mut faults = Vec::new();
        while !self.over.is_empty() && !self.begins.is_empty() && !self.ends.is_empty() {
            let both = (self.over.pop_front(), self.begins.pop_front(), self.ends.pop_front());
            if let (Some(life), Some(begin), Some(end)) = both {
                let reported = life.runs + life.missed;
                self.counts.due_times += reported;
                let (least, most) = self.expected(&life, begin, end, &mut faults);
                if reported < least || most < reported {
                    faults.push(format!(
                        "{reported} due times were reported, expected {least} to {most}: {life:?}"
                    ));
                }
            }
        }
        faults
    }

    /// How many due times there were at least and at most.
    fn expected(&self, life: &Life, begin: Window, end: Window, faults: &mut Vec<String>) -> (u64, u64) {
        match self.grid {
            Grid::Once => (1, 1),
            Grid::Perhaps => (0, 1),
            Grid::Elapsed(period) => {
                let lasted = |from: Now, to: Now| to.mono.saturating_duration_since(from.mono);
                let count = |span: Duration| (span.as_nanos() / period.as_nanos()) as u64 + 1;
                (count(lasted(begin.1, end.0)), count(lasted(begin.0, end.1)))
            }
            Grid::Calendar(step) => {
                if life.reported.len() > 1 {
                    faults.push(format!("due times between these were not reported: {:?}", life.reported));
                }
                let units = |now: Now| seconds(now.wall) / step;
                let (b0, b1, e0, e1) = (units(begin.0), units(begin.1), units(end.0), units(end.1));
                if let Some((&first, &last)) = life.reported.iter().next() {
                    if first > b1 + 1 || first <= b0 || last > e1 || last < e0 {
                        faults.push(format!(
                            "{first} to {last} were reported, expected {b0}-{b1} to {e0}-{e1}"
                        ));
                    }
                }
                (e0.saturating_sub(b1), e1.saturating_sub(b0))
            }
        }
    }

    /// What must be so in the end.
    fn final_faults(&self) -> Vec<String> {
        let Counts { due_times, runs, missed, on_demand, ended, .. } = self.counts;
        let mut faults = Vec::new();
        let reported = runs + missed.iter().sum::<u64>();
        if due_times != reported {
            faults.push(format!("{due_times} due times, and {reported} were reported"));
        }
        if runs + on_demand != ended {
            faults.push(format!("{runs} runs and {on_demand} on demand began, and {ended} ended"));
        }
        faults
    }

    /// How many times the callback is to have been called.
    pub fn calls(&self) -> u64 {
        self.counts.runs + self.counts.on_demand + self.counts.attempts
    }
}

impl Books {
    /// Whether a task has ended for good, and all is reported: the last due time of one that was cancelled is reported after that.
    pub fn is_over(&self, name: &str) -> bool {
        self.accounts.get(name).map_or(true, |account| {
            let Counts { runs, ended, .. } = account.counts;
            runs == ended && account.gone.map_or(false, |since| since.elapsed() > Duration::from_secs(2))
        })
    }

    /// Whether it is to be cancelled at some time.
    pub fn is_cancellable(&self, name: &str) -> bool {
        self.accounts.get(name).map_or(false, |account| matches!(account.grid, Grid::Perhaps))
    }

    pub fn calls(&self, name: &str) -> u64 {
        self.accounts.get(name).map_or(0, Account::calls)
    }
}
