//! What the worst inputs cost: time and memory of each parser for inputs of a size, of twice and of four times that size, as a
//! table. Fails if either grows much faster than the input.
//!
//! ```text
//! cargo build --release
//! cargo run --release --manifest-path tests/hostile/Cargo.toml -- target/release/sexton
//! ```
//!
//! Each input is read by a process of its own, of which the kernel says how much processor time and memory it took. A
//! process that does nothing is subtracted.

mod inputs;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use inputs::{Case, Reader, CASES};

/// What a process took.
#[derive(Clone, Copy)]
struct Cost {
    time: Duration,
    /// At its peak, in KiB.
    memory: u64,
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["--read", name, size] => read(name, size.parse().expect("a size")),
        [program] => table(Path::new(program), ""),
        [program, filter] => table(Path::new(program), filter),
        _ => {
            eprintln!(
                "expected the path of the program `sexton`, and perhaps a part of the names of the cases"
            );
            ExitCode::from(2)
        }
    }
}

/// In the process that is measured: reads the input of a case.
fn read(name: &str, size: usize) -> ExitCode {
    if let Some(Case { reader: Reader::Library(read), .. }) = CASES.iter().find(|case| case.name == name) {
        read(size);
    }
    ExitCode::SUCCESS
}

fn table(program: &Path, filter: &str) -> ExitCode {
    let folder = std::env::temp_dir().join(format!("sexton-hostile-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for the inputs");
    let nothing = measure(Path::new("/proc/self/exe"), &["--read", "nothing", "0"]);
    println!("{:<58} {:>12} {:>9} {:>9} {:>7} {:>7}", "input", "size", "ms", "KiB", "x time", "x KiB");
    let (mut worst, mut cases, mut status) = (0_f64, 0, ExitCode::SUCCESS);
    for case in CASES.iter().filter(|case| case.name.contains(filter)) {
        let costs = [4, 2, 1].map(|part| {
            let cost = cost(case, case.largest / part, program, &folder);
            Cost {
                time: cost.time.saturating_sub(nothing.time),
                memory: cost.memory.saturating_sub(nothing.memory),
            }
        });
        let [quarter, _, whole] = costs;
        // What is below these is noise: of the kernel's clock, and of what a process takes in any case.
        let growth = |whole: f64, quarter: f64, noise: f64| (whole.max(noise)) / quarter.max(noise);
        let time = growth(whole.time.as_secs_f64(), quarter.time.as_secs_f64(), 0.01);
        let memory = growth(whole.memory as f64, quarter.memory as f64, 2048.0);
        let is_linear = time < 8.0 && memory < 8.0;
        println!(
            "{:<58} {:>12} {:>9.0} {:>9} {time:>7.1} {memory:>7.1}{}",
            case.name,
            format!("{} {}", case.largest, case.unit),
            whole.time.as_secs_f64() * 1e3,
            whole.memory,
            if is_linear { "" } else { "  GROWS FASTER THAN THE INPUT" },
        );
        if !is_linear {
            status = ExitCode::FAILURE;
        }
        cases += 1;
        worst = worst.max(time).max(memory);
    }
    std::fs::remove_dir_all(&folder).expect("the folder is ours");
    println!("{cases} inputs: one of four times the size takes {worst:.1} times as much at the most");
    status
}

fn cost(case: &Case, size: usize, program: &Path, folder: &Path) -> Cost {
    match case.reader {
        Reader::Library(_) => {
            let size = size.to_string();
            measure(Path::new("/proc/self/exe"), &["--read", case.name, &size])
        }
        Reader::Program { args, input } => {
            let file: PathBuf = folder.join("crontab");
            std::fs::write(&file, input(size)).expect("an input");
            let file = file.to_str().expect("a path that is UTF-8");
            let args: Vec<&str> = args.iter().map(|arg| if *arg == "FILE" { file } else { arg }).collect();
            measure(program, &args)
        }
    }
}

/// The least of three runs.
fn measure(program: &Path, args: &[&str]) -> Cost {
    let costs: Vec<Cost> = (0..3).map(|_| measure_once(program, args)).collect();
    Cost {
        time: costs.iter().map(|cost| cost.time).min().expect("three"),
        memory: costs.iter().map(|cost| cost.memory).min().expect("three"),
    }
}

fn measure_once(program: &Path, args: &[&str]) -> Cost {
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let child = command.env("TZ", "Europe/Paris").spawn().expect("the process starts");
    let (mut status, mut usage) = (0, unsafe { std::mem::zeroed::<libc::rusage>() });
    // SAFETY: the process is a child that nobody else waits for, and both places are ours.
    let waited = unsafe { libc::wait4(child.id() as libc::pid_t, &mut status, 0, &mut usage) };
    assert!(waited > 0 && libc::WIFEXITED(status), "{args:?} ended with status {status}");
    let time = |time: libc::timeval| Duration::new(time.tv_sec as u64, time.tv_usec as u32 * 1000);
    Cost { time: time(usage.ru_utime) + time(usage.ru_stime), memory: usage.ru_maxrss as u64 }
}
