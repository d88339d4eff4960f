//! A process that goes on for as long as it is reported: a thousand tasks, of which some are always cancelled, scheduled again,
//! replaced and paused. Its wall clock is set forward now and then, where libfaketime is there to do that.

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use sexton::{Event, Scheduler};

use crate::books::{now, Books, Grid, Now, REASONS};
use crate::chance::Chance;
use crate::parts::{Naps, Part, CANCELLED, CRON, KINDS, ONCE, STUCK};
use crate::process;

/// As many as may run at a time.
const WORKERS: usize = 12;

/// Between two requests.
const PAUSE: Duration = Duration::from_millis(15);

const MINUTE: u64 = 60;

/// Of tasks with a single run.
const NAMES: u64 = 500;

/// Who waits so long waits for ever.
const PATIENCE: Duration = Duration::from_secs(60);

struct Steady {
    scheduler: Scheduler,
    books: Arc<Mutex<Books>>,
    parts: Vec<Part>,
    chance: Chance,
    naps: Naps,
    /// Tasks with a single run that were scheduled, when, and whether they were cancelled.
    once: VecDeque<(String, Instant, bool)>,
    number: u64,
    /// The file that says how far the wall clock is ahead, and by how many seconds it is.
    dial: Option<PathBuf>,
    ahead: u64,
    requests: u64,
}

/// Whether all was well.
pub fn run(seconds: u64, seed: u64, folder: &Path) -> bool {
    let naps = Naps::start();
    let before = (process::threads(), process::descriptors());
    let mut steady = Steady::begin(seed, folder, naps);
    let mut memory = Vec::new();
    let began = Instant::now();
    let mut sampled = 0;
    while began.elapsed().as_secs() < seconds {
        steady.request();
        thread::sleep(PAUSE);
        let now = began.elapsed().as_secs();
        if now / 5 > sampled {
            sampled = now / 5;
            memory.push((now as f64 / MINUTE as f64, process::memory() as f64));
        }
    }
    let journal = fs::metadata(folder.join("journal")).map_or(0, |it| it.len());
    let busy = process::threads() - before.0;
    let took = began.elapsed();
    let mut is_well = steady.end();
    println!(
        "{:.1} minutes, at most {busy} threads of the scheduler, a journal of {} KiB",
        took.as_secs_f64() / 60.0,
        journal / 1024
    );
    is_well &= is_flat(&memory);
    // Its threads have ended; that the kernel shows it may take a moment.
    let deadline = Instant::now() + Duration::from_secs(5);
    while process::threads() > before.0 && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(10));
    }
    let after = (process::threads(), process::descriptors());
    println!("threads and descriptors: before {before:?}, after {after:?}");
    is_well && before == after
}

/// What is left of the memory's growth once it has been filled for the first time.
fn is_flat(memory: &[(f64, f64)]) -> bool {
    let later = &memory[memory.len() / 3..];
    let (first, last) = match (later.first(), later.last()) {
        (Some(first), Some(last)) => (first, last),
        _ => return true,
    };
    let slope = process::slope(later);
    println!(
        "memory: {} KiB after {:.1} minutes, {} KiB after {:.1}, slope {slope:.1} KiB a minute",
        first.1, first.0, last.1, last.0
    );
    // A short time says nothing.
    last.0 - first.0 < 5.0 || slope < 32.0
}

impl Steady {
    fn begin(seed: u64, folder: &Path, naps: Naps) -> Steady {
        let builder = Scheduler::builder().zone("UTC").threads(WORKERS).journal(folder.join("journal"));
        let builder = builder.wait_limit(Duration::from_secs(1));
        let scheduler = builder.build().expect("a scheduler");
        let books = Arc::new(Mutex::new(Books::new(KINDS.len())));
        let listening = books.clone();
        scheduler.observe(move |event: &Event| listening.lock().expect("the books do not panic").hear(event));
        let mut chance = Chance(seed);
        let draw = |(kind, (_, count, _)): (usize, &(_, u64, _))| {
            (0..*count).map(move |number| (kind, number)).collect::<Vec<_>>()
        };
        let all = KINDS.iter().enumerate().flat_map(draw);
        let parts = all.map(|(kind, number)| Part::draw(kind, number, &mut chance)).collect();
        let dial = std::env::var_os("FAKETIME_TIMESTAMP_FILE").map(PathBuf::from);
        let once = VecDeque::new();
        let steady =
            Steady { scheduler, books, parts, chance, naps, once, number: 0, dial, ahead: 0, requests: 0 };
        for index in 0..steady.parts.len() {
            let Part { name, kind, grid, .. } = &steady.parts[index];
            steady.books().open(name, *kind, *grid);
            steady.schedule(index);
        }
        steady
    }

    fn books(&self) -> std::sync::MutexGuard<'_, Books> {
        self.books.lock().expect("the books do not panic")
    }

    fn schedule(&self, index: usize) {
        let part = &self.parts[index];
        let begin = now();
        part.schedule(&self.scheduler, false, &self.naps).expect("it can be scheduled");
        self.books().scheduled(&part.name, (begin, now()));
    }

    /// One of the things that users do.
    fn request(&mut self) {
        self.requests += 1;
        let index = self.chance.below(self.parts.len() as u64) as usize;
        let name = self.parts[index].name.clone();
        match self.chance.below(100) {
            0..=34 => self.once(false),
            35..=59 => self.once(true),
            60..=74 if self.parts[index].kind != STUCK => {
                let begin = now();
                self.scheduler.cancel(&name).expect("it is there");
                self.books().ended(&name, (begin, now()));
                self.schedule(index);
                self.books().settle(&name);
            }
            75..=79 if self.parts[index].kind == CRON => {
                self.parts[index].schedule(&self.scheduler, true, &self.naps).expect("it is replaced");
            }
            80..=84 if self.parts[index].kind == CRON => {
                let task = self.scheduler.get(&name).expect("it is there");
                task.reschedule(self.parts[index].cron()).expect("it is there");
            }
            85..=94 => {
                let task = self.scheduler.get(&name).expect("it is there");
                let done = if self.chance.below(2) == 0 { task.pause() } else { task.resume() };
                done.expect("it is there");
            }
            95..=98 => self.scheduler.get(&name).expect("it is there").run_now().expect("it is there"),
            _ => self.move_clock(),
        }
        self.reap();
    }

    /// A task with a single run.
    fn once(&mut self, is_cancelled: bool) {
        self.number += 1;
        // A journal keeps the name of a task that has ended: of names that are used once only it would grow.
        let name = format!("once-{}", self.number % NAMES);
        if self.once.iter().any(|(used, ..)| *used == name) {
            return;
        }
        let kind = if is_cancelled { CANCELLED } else { ONCE };
        self.books().open(&name, kind, if is_cancelled { Grid::Perhaps } else { Grid::Once });
        let delay = Duration::from_millis(self.chance.below(200));
        let begin = now();
        self.scheduler.task(&name).after(delay).run(|| {}).expect("it can be scheduled");
        self.books().scheduled(&name, (begin, now()));
        self.once.push_back((name, Instant::now(), false));
    }

    /// Cancels those that are to be, and closes the books of those that are over.
    fn reap(&mut self) {
        let half = Duration::from_millis(100);
        for (name, since, is_cancelled) in &mut self.once {
            let is_meant = !*is_cancelled && since.elapsed() >= half;
            if is_meant && self.books.lock().expect("the books do not panic").is_cancellable(name) {
                *is_cancelled = true;
                // It may have run.
                let _ = self.scheduler.cancel(name);
            }
        }
        while let Some((name, since, _)) = self.once.front() {
            let is_over = self.books().is_over(name);
            if !is_over && since.elapsed() < PATIENCE {
                break;
            }
            let end = now();
            let mut books = self.books();
            books.ended(name, (end, end));
            books.close(Some(name));
            drop(books);
            self.once.pop_front();
        }
    }

    /// Sets the wall clock forward: by seconds, by minutes, or by more than can be caught up with.
    fn move_clock(&mut self) {
        let by = match self.chance.below(10) {
            0..=4 => 2 + self.chance.below(10),
            5..=8 => MINUTE + self.chance.below(30 * MINUTE),
            _ => 4 * 60 * MINUTE,
        };
        if let Some(dial) = self.dial.as_ref().filter(|_| self.chance.0 % 8 == 0) {
            self.ahead += by;
            set_dial(dial, self.ahead);
        }
    }

    /// Shuts down, closes the books, and prints them.
    fn end(mut self) -> bool {
        let deadline = Instant::now() + PATIENCE;
        while !self.once.is_empty() && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(50));
            self.reap();
        }
        let begin = now();
        self.scheduler.shutdown();
        let window: (Now, Now) = (begin, now());
        let mut books = self.books.lock().expect("the books do not panic");
        let mut seen = (0, 0, 0);
        for part in &self.parts {
            books.ended(&part.name, window);
            let (called, reported) = (part.seen.calls.load(SeqCst), books.calls(&part.name));
            if called != reported {
                books.faults.push(format!(
                    "{}: {reported} runs and attempts were reported, and {called} seen",
                    part.name
                ));
            }
            seen.0 += called;
            seen.1 += part.seen.overlaps.load(SeqCst);
            seen.2 += part.seen.early.load(SeqCst);
        }
        books.close(None);
        table(&books);
        println!("{} requests, {} steps of the clock, {:?}", self.requests, books.steps, books.others);
        println!("callbacks: {} calls, {} beside another, {} early", seen.0, seen.1, seen.2);
        println!("{} faults", books.faults.len());
        books.faults.iter().take(20).for_each(|fault| println!("!! {fault}"));
        books.faults.is_empty() && (seen.1, seen.2) == (0, 0)
    }
}

/// In one step, or the process might read half of it.
pub fn set_dial(dial: &Path, ahead: u64) {
    let new = dial.with_extension("new");
    fs::write(&new, format!("+{ahead}\n")).expect("the dial can be written");
    fs::rename(&new, dial).expect("the dial can be written");
}

fn table(books: &Books) {
    print!("{:<24}{:>9}{:>12}{:>11}", "tasks", "lives", "due times", "runs");
    REASONS.iter().for_each(|why| print!("{:>16}", format!("{why:?}")));
    println!("{:>11}{:>9}{:>9}{:>9}", "on demand", "attempts", "failed", "panicked");
    let mut sum = crate::books::Counts::default();
    let kinds = KINDS.iter().map(|(name, ..)| *name).zip(books.of_kinds.iter());
    for (name, counts) in kinds {
        row(name, counts);
        sum.add(counts);
    }
    row("all", &sum);
}

fn row(name: &str, counts: &crate::books::Counts) {
    print!("{name:<24}{:>9}{:>12}{:>11}", counts.lives, counts.due_times, counts.runs);
    counts.missed.iter().for_each(|count| print!("{count:>16}"));
    println!("{:>11}{:>9}{:>9}{:>9}", counts.on_demand, counts.attempts, counts.failed, counts.panicked);
}
