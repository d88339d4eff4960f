//! What `sexton run` costs while nothing is due.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use super::super::sexton;
use super::daemon::{until, Daemon};
use super::process_one::{as_process_one, has_namespaces};
use crate::journal::Folder;

/// How often a process and all its children have woken up.
fn wakes(process: u32) -> u64 {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).unwrap();
    let of_task = |task: std::io::Result<fs::DirEntry>| {
        let path = task.unwrap().path();
        // A thread may just have ended.
        let read = |name: &str| fs::read_to_string(path.join(name)).unwrap_or_default();
        let status = read("status");
        let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        let own: u64 = line.map_or(0, |count| count.trim().parse().unwrap());
        own + read("children").split_whitespace().map(|child| wakes(child.parse().unwrap())).sum::<u64>()
    };
    tasks.map(of_task).sum()
}

#[test]
fn an_idle_program_wakes_once_a_second() {
    let crontab = "0 0 29 2 * true\n@yearly true\n@every 300d true\n";
    // As process 1 it is two processes, of which one sleeps.
    let programs: [fn(&[&str]) -> std::process::Command; 2] = [sexton, as_process_one];
    for program in &programs[..if has_namespaces() { 2 } else { 1 }] {
        let daemon = Daemon::start_in(Folder::new(), crontab, &[], program);
        daemon.wait_for(1, &[" ready "]);
        // It may still be starting; and on a machine that is busy enough, a second is longer for one process than for another.
        let mut seen = Vec::new();
        let is_idle = || {
            let (began, before) = (Instant::now(), wakes(daemon.first_process()));
            thread::sleep(Duration::from_secs(5));
            let count = wakes(daemon.first_process()).saturating_sub(before);
            let took = began.elapsed().as_secs_f64();
            seen.push((count, took));
            count >= 4 && (count as f64) < took + 1.5
        };
        assert!(until(is_idle), "{seen:?}: wake-ups, in so many seconds");
    }
}
