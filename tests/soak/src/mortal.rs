//! A process with a journal that is killed at random, and started again. It writes each run into a ledger, which outlives it as
//! the journal does: all that is judged is what is in there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{mpsc, Arc};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use sexton::{Event, Missed, Overlap, Scheduler};

use crate::chance::Chance;

const TASKS: u64 = 40;

fn step(number: u64) -> u64 {
    [1, 2, 3, 5, 10][(number % 5) as usize]
}

fn seconds(at: SystemTime) -> u64 {
    at.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// In the process that is killed. It ends by itself when its stdin does.
pub fn life(folder: &Path, eats: bool) -> bool {
    let ledger = OpenOptions::new().append(true).create(true).open(folder.join("ledger"));
    let ledger = Arc::new(ledger.expect("the ledger can be opened"));
    // A line is one write: it is there whole or not at all.
    let note = move |line: String| (&*ledger).write_all(line.as_bytes()).expect("the ledger can be written");
    let builder = Scheduler::builder().zone("UTC").threads(4).clock_correction(Duration::MAX);
    let scheduler = builder.journal(folder.join("journal")).build().expect("a scheduler");
    let (reported, ready) = mpsc::channel();
    let noting = note.clone();
    scheduler.observe(move |event| match event {
        Event::CutOff { task, due } => noting(format!("cut {task} {}\n", seconds(*due))),
        Event::Missed { task, first, latest, why, .. } => {
            noting(format!("missed {task} {} {} {why:?}\n", seconds(*first), seconds(*latest)));
        }
        Event::JournalFailed { .. } | Event::JournalDamaged { .. } => noting(format!("wrong {event}\n")),
        Event::Scheduled { task } if **task == *format!("{}", TASKS - 1) => reported.send(()).unwrap_or(()),
        _ => {}
    });
    for number in 0..TASKS {
        let note = note.clone();
        let task = scheduler.task(&number.to_string()).cron(&format!("*/{} * * * * *", step(number)));
        // Nothing is left out, so that each due time is to be in the ledger.
        let task = task.missed(Missed::All).overlap(Overlap::QueueAll(100_000));
        let callback = move |run: &sexton::Run| {
            note(format!("run {} {}\n", run.name(), seconds(run.due())));
            if eats && number == 7 && run.count() > 2 {
                eat();
            }
            // Some take a little, so that the process is killed meanwhile.
            thread::sleep(Duration::from_millis(if number % 4 == 0 { 50 } else { 0 }));
            note(format!("end {} {}\n", run.name(), seconds(run.due())));
        };
        task.run_with(callback).expect("it can be scheduled");
    }
    ready.recv().expect("it is reported");
    println!("ready");
    std::io::stdin().read_to_end(&mut Vec::new()).expect("stdin can be read");
    scheduler.shutdown();
    true
}

/// Takes memory until there is none.
fn eat() {
    let mut all = Vec::new();
    loop {
        all.push(vec![1_u8; 1 << 20]);
        std::hint::black_box(&all);
    }
}

fn begin(mut command: Command) -> Option<Child> {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("this program starts");
    let mut line = String::new();
    let stdout = child.stdout.as_mut().expect("it is piped");
    BufReader::new(stdout).read_line(&mut line).expect("its output can be read");
    if line == "ready\n" {
        return Some(child);
    }
    let _ = child.wait();
    None
}

/// Kills and begins anew for so long. Whether all was well.
pub fn play(seconds: u64, seed: u64, folder: &Path) -> bool {
    let mut chance = Chance(seed);
    let path = folder.to_string_lossy().into_owned();
    let began = Instant::now();
    let first = SystemTime::now();
    let mut kills = 0;
    while began.elapsed().as_secs() < seconds {
        let mut child = begin(crate::other(&["life", &path])).expect("it begins");
        thread::sleep(Duration::from_millis(chance.below(4000)));
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
        kills += 1;
        // Sometimes it is down for long.
        thread::sleep(Duration::from_millis(if chance.below(5) == 0 { chance.below(5000) } else { 0 }));
    }
    let end = last_life(folder);
    judge(folder, (first, end), &format!("{kills} kills"))
}

/// A process that comes to its end: what was due before that time is in the ledger.
pub fn last_life(folder: &Path) -> SystemTime {
    let mut child = begin(crate::other(&["life", &folder.to_string_lossy()])).expect("it begins");
    // Time to catch up.
    thread::sleep(Duration::from_secs(5));
    let end = SystemTime::now();
    drop(child.stdin.take());
    assert!(child.wait().expect("it ends").success());
    end
}

/// One that is ended by the memory that it takes.
pub fn starved_life(folder: &Path) -> bool {
    // Enough to begin: each thread takes 2 MiB for its stack, and 64 for what it allocates.
    let program = std::env::current_exe().expect("this program has a path");
    let mut command = Command::new("prlimit");
    command.arg("--as=700000000").arg(program).args(["hungry-life", &folder.to_string_lossy()]);
    command.stderr(Stdio::null());
    match begin(command) {
        Some(mut child) => {
            // To wait for it would close this, and end it in peace.
            let stdin = child.stdin.take();
            let was_ended = !child.wait().expect("it ends").success();
            drop(stdin);
            was_ended
        }
        None => false,
    }
}

/// What the ledger says of a task.
#[derive(Default)]
struct Told {
    runs: BTreeSet<u64>,
    twice: u64,
    ends: BTreeSet<u64>,
    cut: BTreeSet<u64>,
    missed: BTreeMap<u64, u64>,
}

pub fn judge(folder: &Path, (first, end): (SystemTime, SystemTime), what: &str) -> bool {
    let mut all: BTreeMap<u64, Told> = BTreeMap::new();
    let mut faults = Vec::new();
    let ledger = File::open(folder.join("ledger")).expect("there is a ledger");
    for line in BufReader::new(ledger).lines().map_while(Result::ok) {
        let words: Vec<_> = line.split(' ').collect();
        let number = |i: usize| words.get(i).and_then(|word| word.parse::<u64>().ok()).unwrap_or(u64::MAX);
        let reported = all.entry(number(1)).or_default();
        match words[0] {
            "run" => reported.twice += u64::from(!reported.runs.insert(number(2))),
            "end" => drop(reported.ends.insert(number(2))),
            "cut" => drop(reported.cut.insert(number(2))),
            "missed" if words[4] == "ShutDown" => drop(reported.missed.insert(number(2), number(3))),
            _ => faults.push(line),
        }
    }
    let (mut due_times, mut runs, mut only_cut, mut cut) = (0, 0, 0, 0);
    for number in 0..TASKS {
        let (step, reported) = (step(number), all.remove(&number).unwrap_or_default());
        let (from, to) = (seconds(first) / step * step + step, seconds(end) / step * step);
        let is_shut_down =
            |due: u64| reported.missed.range(..=due).next_back().map_or(false, |(_, last)| due <= *last);
        let lost: Vec<_> = (from..=to)
            .step_by(step as usize)
            .filter(|due| !reported.runs.contains(due) && !reported.cut.contains(due) && !is_shut_down(*due))
            .collect();
        // The first due time may have come before the task was there.
        let is_excused =
            |due: &&u64| **due < seconds(first) + 5 && reported.runs.range(..**due).next().is_none();
        let lost: Vec<_> = lost.iter().filter(|due| !is_excused(due)).collect();
        let without_end = reported.runs.difference(&reported.ends);
        let untold: Vec<_> = without_end.filter(|due| !reported.cut.contains(due)).collect();
        if !lost.is_empty() || reported.twice > 0 || !untold.is_empty() {
            let twice = reported.twice;
            faults.push(format!("task {number}: lost {lost:?}, {twice} twice, ended untold {untold:?}"));
        }
        due_times += (to - from) / step + 1;
        runs += reported.runs.len();
        cut += reported.cut.len();
        only_cut += reported.cut.difference(&reported.runs).count();
    }
    println!("{what}: {due_times} due times, {runs} runs, {cut} cut off, {only_cut} of them as they began");
    faults.iter().take(20).for_each(|fault| println!("!! {fault}"));
    let _ = fs::remove_file(folder.join("ledger"));
    faults.is_empty()
}
