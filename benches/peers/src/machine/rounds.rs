//! Processes that measure one library each, and what they have found.

use std::collections::HashMap;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use crate::random::Random;
use crate::row::{Row, RIGHT};
use crate::{times, LIBRARIES, WORKS};

/// A process may take so long.
const PATIENCE: Duration = Duration::from_secs(90);

/// What a process prints: rows, or why there are none.
pub fn print(rows: Result<Vec<Row>, &'static str>) {
    match rows {
        Ok(rows) => rows.iter().for_each(|row| {
            let value = row.value.map_or("-".to_string(), |value| value.to_string());
            println!("{}\t{}\t{value}\t{}", row.work, row.unit, row.answer);
        }),
        Err(why) => println!("cannot: {why}"),
    }
}

struct Found {
    group: &'static str,
    work: String,
    library: &'static str,
    unit: String,
    values: Vec<f64>,
    answer: String,
}

fn start(work: &str, library: &str) -> Child {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command
        .args(["measure", work, library])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command.spawn().expect("a process")
}

/// What it has printed, or what has become of it.
fn end(mut child: Child) -> String {
    let begin = Instant::now();
    while child.try_wait().expect("a child").is_none() {
        if begin.elapsed() > PATIENCE {
            let _ = child.kill();
            let _ = child.wait();
            return format!("cannot: no end within {} s", PATIENCE.as_secs());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let output = child.wait_with_output().expect("what it printed");
    if !output.status.success() {
        return "cannot: ends in a panic".to_string();
    }
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub fn run(build: &str, wanted: &str) {
    let rounds = std::env::var("ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(5);
    let works = || WORKS.iter().filter(|work| work.contains(wanted));
    let pairs = works().flat_map(|work| LIBRARIES.iter().map(move |(library, _)| (*work, *library)));
    // Idle ones do not disturb each other.
    let (idle, busy): (Vec<_>, Vec<_>) = pairs.partition(|(work, _)| work.starts_with("idle"));
    let children: Vec<Child> = idle.iter().map(|(work, library)| start(work, library)).collect();
    let mut printed: Vec<_> = idle.into_iter().zip(children.into_iter().map(end)).collect();

    let seed = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(1, |since| since.as_nanos() as u64 | 1);
    let mut random = Random(seed);
    for round in 0..rounds {
        let mut order = busy.clone();
        random.shuffle(&mut order);
        for (nth, (work, library)) in order.iter().enumerate() {
            eprint!("\rround {} of {rounds}: {} of {}  ", round + 1, nth + 1, order.len());
            printed.push(((*work, *library), end(start(work, library))));
        }
    }
    eprintln!();

    // In the order of the lists, whatever the order of the rounds was.
    let place = |(work, library): (&str, &str)| {
        (WORKS.iter().position(|it| *it == work), LIBRARIES.iter().position(|(it, _)| *it == library))
    };
    printed.sort_by_key(|(pair, _)| place(*pair));
    report(build, &collected(printed));
}

/// One entry for each number of a library, with the values of all rounds and the worst answer.
fn collected(printed: Vec<((&'static str, &'static str), String)>) -> Vec<Found> {
    let mut all: Vec<Found> = Vec::new();
    let mut places: HashMap<(String, &str), usize> = HashMap::new();
    for ((group, library), text) in printed {
        for line in text.lines() {
            let (work, unit, value, answer) = match line.split('\t').collect::<Vec<_>>()[..] {
                [work, unit, value, answer] => (work, unit, value, answer),
                _ => (group, "", "-", line),
            };
            let place = *places.entry((work.to_string(), library)).or_insert_with(|| {
                all.push(Found {
                    group,
                    work: work.to_string(),
                    library,
                    unit: unit.to_string(),
                    values: Vec::new(),
                    answer: RIGHT.to_string(),
                });
                all.len() - 1
            });
            let found = &mut all[place];
            found.values.extend(value.parse::<f64>().ok().filter(|value| value.is_finite()));
            if answer != RIGHT {
                found.answer = answer.to_string();
            }
        }
    }
    all
}

fn report(build: &str, all: &[Found]) {
    println!("{}", times::HEADER);
    for found in all {
        let numbers = times::numbers(found.values.clone());
        let Found { group, work, library, unit, answer, .. } = found;
        println!("{build}\t{group}\t{work}\t{library}\t{unit}\t{numbers}\t{answer}");
    }
    let wrong = |found: &&Found| found.library == "sexton" && found.answer != RIGHT;
    for found in all.iter().filter(wrong) {
        eprintln!("sexton at {}: {}", found.work, found.answer);
    }
}
