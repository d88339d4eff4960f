//! A process that is stopped for some time, and goes on.

use std::process::Command;
use std::time::Duration;

use super::judge::Judge;
use super::{Play, Unit, EACH};

/// Both clocks go on while a process is stopped. This is what a suspend is not: there the monotonic clock stops.
#[track_caller]
pub fn stopped(name: &str, seconds: u64) {
    let mut play = Play::at(name, Unit::Second, "2026-11-22 09:59:55");
    play.see_run(&EACH);
    let signal = |signal: &str| {
        let status = Command::new("kill").args([signal, &play.process.id().to_string()]).status();
        assert!(status.unwrap().success());
    };
    let counts = |judge: &Judge| EACH.map(|name| judge.counts(name));
    let before = counts(&play.judge);
    signal("-STOP");
    std::thread::sleep(Duration::from_secs(seconds));
    signal("-CONT");
    play.see_run(&EACH);
    let after = counts(&play.judge);
    for (i, name) in EACH.iter().enumerate() {
        let (runs, missed) = (after[i].0 - before[i].0, after[i].1 - before[i].1);
        println!("{name}: {runs} run, {missed} missed while it was stopped, and soon after");
        // Of those before and after that time there is one or another, or more on a busy machine.
        let few = 4.max(seconds / 2);
        let (most, fewer) = if name.ends_with("-all") { (runs, missed) } else { (missed, runs) };
        assert!(most + 2 >= seconds && fewer <= few, "{name}: {runs} run, {missed} missed");
    }
    let judge = play.end();
    assert_eq!(judge.steps, []);
    // They are all reported at once, but perhaps the first.
    assert!(judge.most_beats + 2 >= 10 * seconds, "{} beats at once", judge.most_beats);
}
