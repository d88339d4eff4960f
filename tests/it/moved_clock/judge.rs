//! Listens to what a process tells whose clock is moved, and holds it to the rules, line by line.
//!
//! Every due of a task is accounted for once: by a run, or by being counted as missed. So the dues that are told leave no
//! gap and go nowhere back, but where the rules say so. They are mostly told in their order: what passes while a task runs
//! is told by another thread than the runs are, and on a busy machine either thread may come to it late. In the end there
//! is no gap left.

use std::collections::{BTreeMap, HashMap};

use super::cast::{Unit, BEAT, PARTS};
use super::wall::{Moved, Nanos, SECOND};

const HOUR: Nanos = 3600 * SECOND;
const CORRECTION: Nanos = 3 * HOUR;

/// What a busy machine may need to notice a step, or for a beat.
const NOTICED: Nanos = 20 * SECOND;

pub struct Judge {
    tasks: HashMap<&'static str, Account>,
    /// The beat's first due is in here, on the monotonic clock.
    beat: (Nanos, Nanos),
    beats: Nanos,
    /// Those that came during a run are reported before it is, and count after it.
    overruns: Nanos,
    /// The most beats that one run stood for, or that were told as missed at once.
    pub most_beats: u64,
    /// The monotonic and the wall clock of the latest beat.
    pub latest_beat: (Nanos, Nanos),
    moves: Vec<Move>,
    /// The sizes of the steps that were told.
    pub steps: Vec<Nanos>,
    /// Of a clock that goes too fast each look may see a step.
    is_fast: bool,
    pub is_over: bool,
}

/// The clock was moved: somewhere up to `from` on it, it was made to show something from `to` on.
#[derive(Clone, Copy)]
struct Move {
    by: Nanos,
    from: Nanos,
    to: Nanos,
}

struct Account {
    grid: Grid,
    is_interval_like: bool,
    policy: &'static str,
    last: Last,
    /// Dues told before those that come first: from the first to the latest of each lot.
    ahead: BTreeMap<Nanos, Nanos>,
    /// How many dues were told as missed since the last run, as nothing could start them in time.
    late: u64,
    /// The latest due that has had a run, and how many steps had been told before it.
    ran: Nanos,
    ran_after: usize,
    /// The latest due that was told.
    told: Nanos,
    runs: u64,
    missed: u64,
}

#[derive(Clone, Copy)]
struct Grid {
    first: Nanos,
    step: Nanos,
}

/// Where an account stands.
#[derive(Clone, Copy, Debug)]
enum Last {
    Due(Nanos),
    /// The next due is the first one after some time in here.
    SomeTime {
        earliest: Nanos,
        latest: Nanos,
    },
}

impl Grid {
    /// The last due up to then, by its number.
    fn number(self, at: Nanos) -> Nanos {
        (at - self.first).div_euclid(self.step)
    }

    fn after(self, at: Nanos) -> Nanos {
        self.first + (self.number(at) + 1) * self.step
    }
}

impl Judge {
    pub fn new(unit: Unit, anchor: Nanos, is_fast: bool) -> Judge {
        let account = |grid, is_interval_like, policy| Account {
            grid,
            is_interval_like,
            policy,
            last: Last::Due(Nanos::MIN),
            ahead: BTreeMap::new(),
            late: 0,
            ran: Nanos::MIN,
            ran_after: 0,
            told: Nanos::MIN,
            runs: 0,
            missed: 0,
        };
        let mut tasks = HashMap::new();
        let grid = Grid { first: 0, step: unit.nanos() };
        for part in PARTS {
            let policy = part.name.rsplit('-').next().unwrap();
            tasks.insert(part.name, account(grid, part.is_interval_like, policy));
        }
        tasks.insert("day", account(Grid { first: anchor, step: 24 * HOUR }, false, "once"));
        Judge {
            tasks,
            beat: (0, 0),
            beats: 0,
            overruns: 0,
            most_beats: 0,
            latest_beat: (0, 0),
            moves: Vec::new(),
            steps: Vec::new(),
            is_fast,
            is_over: false,
        }
    }

    /// The clock is being moved by so much.
    pub fn moved(&mut self, Moved { earliest, latest }: &Moved, old: Nanos, new: Nanos) {
        self.moves.push(Move { by: new - old, from: latest + old, to: earliest + new });
    }

    /// Whether a run of this task has begun for a due after this.
    pub fn has_run(&self, name: &str, after: Nanos) -> bool {
        self.tasks[name].ran > after
    }

    /// Whether a due of this task from there on was told of, whatever became of it.
    pub fn has_told(&self, name: &str, from: Nanos) -> bool {
        self.tasks[name].told >= from
    }

    pub fn summary(&self) -> String {
        let mut names: Vec<_> = self.tasks.keys().copied().collect();
        names.sort_unstable();
        let tasks = names.into_iter().map(|name| {
            let (runs, missed) = self.counts(name);
            format!("{name} {runs} run, {missed} missed")
        });
        format!("{}; {} beats, {} steps", tasks.collect::<Vec<_>>().join("; "), self.beats, self.steps.len())
    }

    /// How many occurrences of a task were run, and how many were missed.
    pub fn counts(&self, name: &str) -> (u64, u64) {
        let task = &self.tasks[name];
        (task.runs, task.missed)
    }

    /// A line of the process: what is wrong with it, if anything is.
    pub fn hear(&mut self, line: &str) -> Result<(), String> {
        let line = match line.strip_prefix(": ") {
            Some(line) => line,
            None => return Ok(()),
        };
        let words: Vec<_> = line.split(' ').collect();
        let number = |i: usize| words[i].parse::<Nanos>().unwrap();
        let heard = match words[0] {
            "began" => {
                self.began((number(1), number(3)), (number(2), number(4)));
                Ok(())
            }
            "run" if words[1] == "beat" => self.beat(number(3) as u64, number(5), number(6)),
            "run" => self.run(words[1], number(2), number(3) as u64, number(4), number(5)),
            "missed" if words[1] == "beat" => {
                self.beat_missed(number(2), words[4]);
                Ok(())
            }
            "missed" => self.missed(words[1], number(2) as u64, number(3), words[4]),
            "stepped" => self.stepped(number(1), number(2)),
            "over" => {
                self.is_over = true;
                match self.tasks.iter().find(|(_, task)| !task.ahead.is_empty()) {
                    Some((name, task)) => {
                        Err(format!("{name}: a due before {:?} was never told", task.ahead))
                    }
                    None => Ok(()),
                }
            }
            _ => Err("it was not expected".to_string()),
        };
        heard.map_err(|error| format!("`{line}`: {error}"))
    }

    fn began(&mut self, wall: (Nanos, Nanos), mono: (Nanos, Nanos)) {
        for (name, task) in &mut self.tasks {
            let (earliest, latest) = wall;
            task.last = match *name {
                // An anchor that has passed has its latest due at once, one ahead is the first due.
                "day" => {
                    let before = |now: Nanos| (now - task.grid.step).max(task.grid.first - 1);
                    Last::SomeTime { earliest: before(earliest), latest: before(latest) }
                }
                _ => Last::SomeTime { earliest, latest },
            };
        }
        self.beat = mono;
    }

    fn beat(&mut self, missed: u64, wall: Nanos, mono: Nanos) -> Result<(), String> {
        let due = |first: Nanos, beats: Nanos| first + beats * BEAT.as_nanos() as Nanos;
        self.beats += 1 + missed as Nanos;
        self.most_beats = self.most_beats.max(1 + missed);
        self.latest_beat = (mono, wall);
        if mono < due(self.beat.0, self.beats - 1) {
            return Err(format!("early, or one too many: {} beats since {:?}", self.beats, self.beat));
        }
        if mono > due(self.beat.1, self.beats) + NOTICED {
            return Err(format!("late, or too few: {} beats since {:?}", self.beats, self.beat));
        }
        self.beats += std::mem::take(&mut self.overruns);
        Ok(())
    }

    /// Those that nothing could start in time have a run that stands for them.
    fn beat_missed(&mut self, count: Nanos, why: &str) {
        if why == "StillRunning" {
            self.overruns += count;
            self.most_beats = self.most_beats.max(count as u64);
        }
    }

    fn run(
        &mut self,
        name: &str,
        due: Nanos,
        missed: u64,
        lateness: Nanos,
        wall: Nanos,
    ) -> Result<(), String> {
        let moves = &self.moves;
        let task = self.tasks.get_mut(name).unwrap();
        if wall < due {
            return Err("early".to_string());
        }
        task.account(1, due)?;
        task.ran = due;
        let steps_before = std::mem::replace(&mut task.ran_after, self.steps.len());
        task.runs += 1;
        if task.policy == "once" && missed != std::mem::take(&mut task.late) {
            return Err("it does not stand for the dues that were told as missed".to_string());
        }
        for (i, skipped) in moves.iter().enumerate() {
            match task.policy {
                _ if skipped.by < 0 || due <= skipped.from || skipped.to < due => {}
                _ if skipped.by > CORRECTION => return Err("it was skipped by a correction".to_string()),
                "once" if steps_before > i => return Err("the second of those skipped".to_string()),
                _ => {}
            }
        }
        match task.policy {
            "skip" if lateness > SECOND => Err("late".to_string()),
            "all" if missed > 0 => Err("it stands for others".to_string()),
            _ => Ok(()),
        }
    }

    fn missed(&mut self, name: &str, count: u64, latest: Nanos, why: &str) -> Result<(), String> {
        let task = self.tasks.get_mut(name).unwrap();
        task.account(count, latest)?;
        task.missed += count;
        let first = latest - (count as Nanos - 1) * task.grid.step;
        match why {
            "Late" if task.policy == "all" => return Err("all are to be run".to_string()),
            "Late" if task.policy == "once" => task.late += count,
            "Late" | "ShutDown" => {}
            // What passes while the others are caught up with.
            "StillRunning" if self.moves.iter().all(|one| !(one.from < first && first <= one.to)) => {}
            "ClockCorrected" if self.is_fast || self.moves.iter().any(|one| one.by > CORRECTION) => {}
            _ => return Err("not for this reason".to_string()),
        }
        Ok(())
    }

    fn stepped(&mut self, by: Nanos, wall: Nanos) -> Result<(), String> {
        self.steps.push(by);
        if self.is_fast {
            return if by > 0 { Ok(()) } else { Err("it only goes forward".to_string()) };
        }
        let moved = match self.moves.get(self.steps.len() - 1) {
            Some(&moved) => moved,
            None => return Err("nobody has moved it".to_string()),
        };
        if (by - moved.by).abs() > SECOND / 2 {
            return Err(format!("it was moved by {}", moved.by));
        }
        if wall - moved.to > NOTICED {
            return Err(format!("noticed {} ns after it was done", wall - moved.to));
        }
        if by < 0 {
            // What was skipped may be shown again.
            self.moves.iter_mut().for_each(|one| one.to = one.to.min(moved.to));
            for task in self.tasks.values_mut().filter(|task| by < -CORRECTION || task.is_interval_like) {
                task.last = Last::SomeTime { earliest: moved.to, latest: wall };
                task.ran = task.ran.min(moved.to);
                task.told = task.told.min(moved.to);
            }
        }
        Ok(())
    }
}

impl Account {
    /// So many dues are told, the latest of them this. Those before them may still be told.
    fn account(&mut self, count: u64, latest: Nanos) -> Result<(), String> {
        let Grid { first, step } = self.grid;
        if (latest - first).rem_euclid(step) != 0 || latest < first && step > HOUR {
            return Err("that is no due".to_string());
        }
        let from = latest - (count as Nanos - 1) * step;
        // The next one comes in here.
        let (earliest, most) = match self.last {
            Last::Due(due) => (due + step, due + step),
            Last::SomeTime { earliest, latest } => (self.grid.after(earliest), self.grid.after(latest)),
        };
        self.told = latest;
        match self.last {
            _ if earliest <= from && from <= most => self.last = Last::Due(latest),
            _ if from > most && self.ahead.insert(from, latest).is_none() => {}
            _ => return Err(format!("the due after {:?} was to come", self.last)),
        }
        while let Last::Due(due) = self.last {
            match self.ahead.remove(&(due + step)) {
                Some(latest) => self.last = Last::Due(latest),
                None => break,
            }
        }
        Ok(())
    }
}
