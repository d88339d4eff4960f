//! Random lives on a manual clock, judged by what was seen of them.
//!
//! Each seed is a play: tasks, a script, and faults of all kinds, from clocks that are set to destructors that panic. The
//! checker knows nothing of the machine: it computes when each task is due by its own arithmetic, and then reads the log
//! of the play, in which everything stands that was done and everything that was told. Every due must have been run or
//! reported as missed, none twice, none early, and so on.
//!
//! `SEXTON_SEEDS=7` plays one seed and `SEXTON_SEEDS=0..200000` others than the gate does.

mod books;
mod checker;
mod civil;
#[cfg(feature = "journal")]
mod crashes;
mod draw;
mod life;
mod play;
mod world;

use std::fmt::Debug;
use std::io::Write;
use std::ops::Range;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::{mpsc, Mutex};
use std::time::{Duration, Instant};

use proptest::strategy::ValueTree;

use self::checker::Checker;
use self::play::Play;
use self::world::World;

/// What the gate plays.
const SEEDS: Range<u64> = 0..10_000;

/// The same of observers and schedules that are slow.
const SLOW: Range<u64> = 0..4_000;

/// The same of processes that are killed.
#[cfg(feature = "journal")]
const CRASHES: Range<u64> = 0..1_000;

/// The same of retries, time limits and schedules that change.
const BOOKS: Range<u64> = 0..4_000;

/// How long they are in all, at least.
const YEARS: f64 = 1_000.0;

const YEAR: Duration = Duration::from_secs(31_556_952);

/// A play takes a millisecond or ten.
const HANGS: Duration = Duration::from_secs(120);

/// How long a failing play is made smaller.
const SHRINKS: Duration = Duration::from_secs(20);

/// How a play went.
#[derive(Clone, Copy, Default)]
struct Tally {
    simulated: Duration,
    /// Whether a task had more to catch up with than it ever could, and nothing was judged.
    is_endless: bool,
}

/// Plays, and reads the log of it.
fn perform(play: &Play) -> Result<Tally, String> {
    let world = World::new(play, observers_panic());
    for part in 0..play.parts.len() {
        world.schedule(part);
    }
    for deed in &play.script {
        world.act(deed);
    }
    let log = world.end()?;
    let simulated = Duration::from_nanos(log.last().map_or(0, |entry| entry.mono) as u64);
    if world.is_endless() {
        return Ok(Tally { simulated: Duration::ZERO, is_endless: true });
    }
    let mut checker = Checker::new(play, &log);
    for (line, entry) in log.iter().enumerate() {
        checker.read(entry).map_err(|error| {
            let from = line.saturating_sub(12);
            let lines: Vec<_> = log[from..=line].iter().map(|entry| format!("{entry:?}")).collect();
            format!("{error}\n{}\n", lines.join("\n"))
        })?;
    }
    checker.end()?;
    Ok(Tally { simulated, is_endless: false })
}

/// Plays what a fuzzer makes up. The error says what happened.
#[allow(dead_code)] // For `fuzz/`.
pub fn play_from(bytes: &[u8]) -> Result<(), String> {
    let play = match draw::draw_from(bytes) {
        Some(play) => play,
        None => return Ok(()),
    };
    perform(&play).map(|_| ()).map_err(|error| format!("{error}\n{play:#?}"))
}

/// The same, where a panic is a failure like any other.
fn try_to<P>(perform: fn(&P) -> Result<Tally, String>, play: &P) -> Result<Tally, String> {
    catch_unwind(AssertUnwindSafe(|| perform(play))).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        Err(text.unwrap_or_else(|| panic.downcast_ref::<&str>().unwrap_or(&"no text").to_string()))
    })
}

/// The smallest play like that of the seed that still fails, and how.
fn shrunk<P: Debug>(tree: Tree<P>, perform: fn(&P) -> Result<Tally, String>) -> Option<(P, String)> {
    let mut tree = tree;
    let mut failure = None;
    let begin = Instant::now();
    while begin.elapsed() < SHRINKS {
        let play = tree.current();
        let goes_on = match try_to(perform, &play) {
            Err(error) => {
                failure = Some((play, error));
                tree.simplify()
            }
            Ok(_) => tree.complicate(),
        };
        if !goes_on {
            break;
        }
    }
    failure
}

type Tree<P> = Box<dyn ValueTree<Value = P>>;

fn seeds(of_the_gate: Range<u64>) -> Range<u64> {
    let text = match std::env::var("SEXTON_SEEDS") {
        Ok(text) => text,
        Err(_) => return of_the_gate,
    };
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let range = match text.split_once("..") {
        Some((from, to)) => number(from).zip(number(to)).map(|(from, to)| from..to),
        None => number(&text).map(|seed| seed..seed + 1),
    };
    range.unwrap_or_else(|| panic!("SEXTON_SEEDS={text}: expected a seed, or `from..to`"))
}

/// How the plays of all seeds went, and the failures.
struct Report {
    simulated: Duration,
    endless: u64,
    failures: Vec<(u64, String)>,
}

fn play_all(
    seeds: Range<u64>,
    show: impl Fn(u64) -> String,
    play: impl Fn(u64) -> Result<Tally, String> + Sync,
) -> Report {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let left = Mutex::new(seeds);
    let at_work: Vec<_> = (0..threads).map(|_| Mutex::new(None)).collect();
    let (sender, results) = mpsc::channel();
    let mut report = Report { simulated: Duration::ZERO, endless: 0, failures: Vec::new() };
    std::thread::scope(|scope| {
        for mine in &at_work {
            let (sender, left, play) = (sender.clone(), &left, &play);
            scope.spawn(move || loop {
                let seed = left.lock().unwrap().next();
                *mine.lock().unwrap() = seed.map(|seed| (seed, Instant::now()));
                match seed {
                    Some(seed) => sender.send((seed, play(seed))).unwrap(),
                    None => return,
                }
            });
        }
        drop(sender);
        loop {
            match results.recv_timeout(Duration::from_secs(1)) {
                Ok((_, Ok(tally))) => {
                    report.simulated += tally.simulated;
                    report.endless += u64::from(tally.is_endless);
                }
                Ok((seed, Err(error))) => report.failures.push((seed, error)),
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(mpsc::RecvTimeoutError::Timeout) => {}
            }
            for (seed, since) in at_work.iter().filter_map(|mine| *mine.lock().unwrap()) {
                if since.elapsed() > HANGS {
                    // Its thread cannot be stopped otherwise.
                    let (play, replay) = (show(seed), replay(seed));
                    tell(&format!("the play of seed {seed} does not come to an end; {replay}\n{play}"));
                    std::process::exit(1);
                }
            }
        }
    });
    report.failures.sort();
    report
}

fn replay(seed: u64) -> String {
    let panics = if observers_panic() { format!("{OBSERVERS_PANIC}=yes ") } else { String::new() };
    format!("replay it with `{panics}SEXTON_SEEDS={seed} cargo test --test it simulation`")
}

/// Past the harness, which keeps what a test prints to itself.
fn tell(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Plays all seeds, and fails with the first that does. Says how many years that were.
fn expect_all<P: Debug + 'static>(
    seeds: Range<u64>,
    draw: fn(u64) -> Tree<P>,
    perform: fn(&P) -> Result<Tally, String>,
) -> f64 {
    let began = Instant::now();
    let report = play_all(
        seeds.clone(),
        |seed| format!("{:#?}", draw(seed).current()),
        |seed| try_to(perform, &draw(seed).current()),
    );
    let Report { simulated, endless, failures } = report;
    let years = simulated.as_secs_f64() / YEAR.as_secs_f64();
    let took = began.elapsed().as_secs_f64();
    tell(&format!(
        "seeds {seeds:?}: {years:.0} years simulated in {took:.1} s, {endless} plays without an end"
    ));
    if let Some((seed, error)) = failures.first() {
        for (seed, error) in &failures {
            println!("seed {seed}: {}", error.lines().next().unwrap_or_default());
        }
        let (play, error) =
            shrunk(draw(*seed), perform).unwrap_or_else(|| (draw(*seed).current(), error.clone()));
        panic!(
            "{} of the seeds {seeds:?} fail. Seed {seed}: {error}\n{play:#?}\n\n{}",
            failures.len(),
            replay(*seed)
        );
    }
    years
}

#[test]
fn whatever_happens_the_books_are_right() {
    let seeds = seeds(BOOKS);
    expect_all(seeds, books::draw, books::perform);
}

#[test]
fn whatever_happens_the_promises_hold() {
    let seeds = seeds(SEEDS);
    let years = expect_all(seeds.clone(), draw::draw, perform);
    assert!(seeds != SEEDS || years >= YEARS, "the plays have become short: {years:.0} years");
}

#[test]
fn however_slow_observers_and_schedules_are_the_promises_hold() {
    expect_all(seeds(SLOW), draw::draw_slow, perform);
}

#[cfg(feature = "journal")]
#[test]
fn whenever_a_process_is_killed_the_next_goes_on_from_its_journal() {
    expect_all(seeds(CRASHES), crashes::draw, crashes::perform);
}

/// Where this is set, an observer panics at everything that it is told.
pub const OBSERVERS_PANIC: &str = "SEXTON_OBSERVERS_PANIC";

fn observers_panic() -> bool {
    std::env::var_os(OBSERVERS_PANIC).is_some()
}
