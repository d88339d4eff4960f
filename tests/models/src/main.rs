//! `models [--preemptions N | --orders N [--seed N]] [MODEL...]`: explores these models, or all. See README.md.

mod explore;
mod models;
mod probe;

use std::panic::{catch_unwind, AssertUnwindSafe};
use std::process::{self, ExitCode};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use explore::{default_effort, explore, Effort, Model};

fn main() -> ExitCode {
    let (mut effort, mut names) = (default_effort(), Vec::new());
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut number = || words.next().and_then(|word| word.parse::<u64>().ok()).expect("a number follows");
        match (&*word, &mut effort) {
            ("--preemptions", Effort::Preemptions(most)) => *most = number() as usize,
            ("--orders", Effort::Orders { count, .. }) => *count = number() as usize,
            ("--seed", Effort::Orders { seed, .. }) => *seed = number(),
            _ => names.push(word),
        }
    }
    let known = |name: &String| models::ALL.iter().any(|model| model.name == name);
    if let Some(unknown) = names.iter().find(|name| !known(name)) {
        eprintln!("`{unknown}` is no model");
        return ExitCode::from(2);
    }
    let is_meant = |model: &Model| names.is_empty() || names.iter().any(|name| name == model.name);
    let models = models::ALL.iter().filter(|model| is_meant(model));
    let tries: Vec<_> =
        models.flat_map(|model| model.horizons.iter().map(move |&end| (model, end))).collect();

    let (next, total) = (AtomicUsize::new(0), AtomicU64::new(0));
    let cores = thread::available_parallelism().map_or(2, |cores| cores.get());
    thread::scope(|scope| {
        for _ in 0..cores.min(tries.len()) {
            scope.spawn(|| {
                while let Some(&(model, horizon)) = tries.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let name = format!("{} up to {horizon} s", model.name);
                    let began = Instant::now();
                    // A thread of its own has nothing left of another model, and its name is in what a panic says.
                    let lives = thread::Builder::new().name(name.clone()).spawn(move || {
                        catch_unwind(AssertUnwindSafe(|| explore(model, horizon, effort))).ok()
                    });
                    match lives.expect("there is a thread for it").join().ok().flatten() {
                        Some(orders) => {
                            total.fetch_add(orders, Ordering::Relaxed);
                            println!(
                                "{name:<28} {orders:>9} orders {:>7.1} s",
                                began.elapsed().as_secs_f32()
                            );
                        }
                        None => {
                            println!("{name:<28} FAILED");
                            process::exit(1);
                        }
                    }
                }
            });
        }
    });
    println!("{effort}: {} models, {} orders", tries.len(), total.into_inner());
    ExitCode::SUCCESS
}
