//! A process of the cast of `tests/it/moved_clock`, with its judge, and what it reported.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant, SystemTime};

use crate::cast::Unit;
use crate::hands::{self, Hands, Move};
use crate::judge::Judge;
use crate::wall::{nanos, Nanos, SECOND};

/// Who waits so long waits for ever.
const PATIENCE: Duration = Duration::from_secs(120);

const DAY: Nanos = 24 * 3600 * SECOND;

pub struct Play {
    name: &'static str,
    began: Instant,
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    judge: Judge,
    pub moves: Vec<Move>,
    /// The runs of each task in their order.
    pub runs: BTreeMap<String, Vec<Run>>,
    /// How long after each move, by the wall clock, its step was reported.
    pub noticed: Vec<Nanos>,
}

/// A run that was reported.
#[derive(Clone, Copy)]
pub struct Run {
    pub due: Nanos,
    /// How many others it stands for.
    pub missed: Nanos,
}

pub fn wall() -> Nanos {
    nanos(SystemTime::now())
}

impl Play {
    /// Starts the cast, and waits until its tasks are scheduled.
    pub fn begin(name: &'static str, unit: Unit) -> Result<Play, String> {
        let anchor = wall().div_euclid(DAY) * DAY - DAY + 10 * 3600 * SECOND;
        let mut child = Command::new("/proc/self/exe")
            .arg("cast")
            .env("SEXTON_MOVED_UNIT", format!("{unit:?}"))
            .env("SEXTON_MOVED_ANCHOR", anchor.to_string())
            .env("SEXTON_MOVED_CHECK", "1000")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("the cast does not start: {error}"))?;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let (sender, lines) = mpsc::channel();
        let reported = BufReader::new(stdout.expect("it is piped")).lines();
        std::thread::spawn(move || reported.map_while(Result::ok).all(|line| sender.send(line).is_ok()));
        let judge = Judge::new(unit, anchor, false);
        let (moves, noticed, runs) = (Vec::new(), Vec::new(), BTreeMap::new());
        let began = Instant::now();
        let mut play = Play { name, began, child, stdin, lines, judge, moves, runs, noticed };
        // The first runs may be reported before all tasks are scheduled.
        let mut first = Vec::new();
        loop {
            let line = play.line(Instant::now() + PATIENCE).ok_or("it does not begin")?;
            let is_begin = line.starts_with(": began");
            first.push(line);
            if is_begin {
                break;
            }
        }
        first.rotate_right(1);
        first.iter().try_for_each(|line| play.hear(line)).map(|()| play)
    }

    fn line(&self, deadline: Instant) -> Option<String> {
        self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())).ok()
    }

    fn hear(&mut self, line: &str) -> Result<(), String> {
        let words: Vec<_> = line.split(' ').collect();
        let number = |i: usize| words[i].parse::<Nanos>().unwrap_or_default();
        match words[..] {
            [":", "run", name, ..] => {
                let run = Run { due: number(3), missed: number(4) };
                self.runs.entry(name.into()).or_default().push(run);
            }
            [":", "stepped", ..] => {
                let reported = self.moves.get(self.noticed.len());
                self.noticed.push(number(3) - reported.map_or(0, |one| one.after.wall));
            }
            _ => {}
        }
        let said = self.judge.hear(line);
        said.map_err(|error| format!("{}: {error}\nso far: {}", self.name, self.judge.summary()))
    }

    /// Listens until something is so.
    pub fn until(&mut self, what: &str, is_so: impl Fn(&Play) -> bool) -> Result<(), String> {
        let deadline = Instant::now() + PATIENCE;
        while !is_so(self) {
            // The tasks tell of each tenth of a second.
            match self.line(deadline) {
                Some(line) => self.hear(&line)?,
                None => return Err(format!("waited for {what}\nso far: {}", self.judge.summary())),
            }
        }
        Ok(())
    }

    /// Listens until the wall clock shows a time, in the middle of a second: no due time comes then.
    pub fn until_time(&mut self, at: Nanos) -> Result<(), String> {
        let tenth = SECOND / 10;
        self.until("a time", |_| {
            let now = wall();
            now >= at && (3 * tenth..7 * tenth).contains(&now.rem_euclid(SECOND))
        })
    }

    /// The clock was moved: waits until the scheduler has reported so.
    pub fn moved(&mut self, one: Move) -> Result<(), String> {
        let (moved, old, new) = one.of_judge();
        self.judge.moved(&moved, old, new);
        self.moves.push(one);
        let steps = self.moves.len();
        self.until("the step", |play| play.judge.steps.len() >= steps)
    }

    pub fn sleep(&mut self, seconds: u32) -> Result<(), String> {
        let one = hands::sleep(seconds, self.began);
        self.moved(one)
    }

    pub fn set(&mut self, to: &str) -> Result<(), String> {
        let one = hands::set(to, self.began);
        self.moved(one)
    }

    pub fn hands(&self) -> Hands {
        Hands::read(self.began)
    }

    /// How many due times of a task were run, and how many were missed.
    pub fn counts(&self, name: &str) -> (u64, u64) {
        self.judge.counts(name)
    }

    /// Lets the process come to its end, and judges the rest of what it tells.
    pub fn end(&mut self) -> Result<(), String> {
        drop(self.stdin.take());
        self.until("the end", |play| play.judge.is_over)?;
        while let Some(line) = self.line(Instant::now() + PATIENCE) {
            self.hear(&line)?;
        }
        match self.child.wait() {
            Ok(status) if status.success() => Ok(()),
            status => Err(format!("the cast ended with {status:?}")),
        }
    }
}

impl Drop for Play {
    fn drop(&mut self) {
        // It has ended, or is of no use any more.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
