//! The released program, on a machine that sleeps.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::hands;
use crate::Row;

const CRONTAB: &str = "* * * * * true\n30 2 * * * true\n0 3 * * * true\n59 1 * * * true\n";

/// New York's clocks go from two to three o'clock, and the machine sleeps over that: ten seconds before, ten seconds after.
pub fn asleep_over_the_gap(_: &'static str) -> Result<Vec<Row>, String> {
    let began = Instant::now();
    hands::set("2027-03-14 06:59:30", began);
    let failed = |error: std::io::Error| format!("the program: {error}");
    let mut program = Command::new("/bin/sexton")
        .args(["run", "-"])
        .env("TZ", "EST5EDT,M3.2.0,M11.1.0")
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let mut stdin = program.stdin.take().ok_or("no stdin")?;
    stdin.write_all(CRONTAB.as_bytes()).map_err(failed)?;
    drop(stdin);
    let log = Arc::new(Mutex::new(Vec::new()));
    let (seen, stderr) = (log.clone(), program.stderr.take().ok_or("no stderr")?);
    let reader = std::thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            seen.lock().expect("nothing panics here").push(line);
        }
    });
    std::thread::sleep(Duration::from_secs(15));
    hands::sleep(20, began);
    std::thread::sleep(Duration::from_secs(5));
    let id = i32::try_from(program.id()).map_err(|_| "no id")?;
    // SAFETY: this has no requirements.
    unsafe { libc::kill(id, libc::SIGTERM) };
    program.wait().map_err(failed)?;
    reader.join().map_err(|_| "the reader")?;

    let log = log.lock().map_err(|_| "the log")?;
    log.iter().for_each(|line| println!("   {line}"));
    let started = |line: usize| {
        let line = format!(" line {line}: ");
        log.iter().filter(|it| it.contains(" start ") && it.contains(&line)).count()
    };
    let clock = log.iter().filter(|it| it.contains(" clock forward=")).count();
    Ok(vec![
        Row::new("steps of the clock", 1, clock),
        Row::new("`* * * * *`: runs of three o'clock", 1, started(1)),
        Row::new("`30 2 * * *`, which falls into the gap: runs", 1, started(2)),
        Row::new("`0 3 * * *`: runs", 1, started(3)),
        Row::new("`59 1 * * *`, which has passed: runs", 0, started(4)),
    ])
}
