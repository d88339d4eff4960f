//! What the kernel knows of this process: CPU time and wake-ups, of all its threads.

use std::fs;

fn of_threads(file: &str, number: impl Fn(&str) -> Option<u64>) -> u64 {
    let threads = fs::read_dir("/proc/self/task").expect("a Linux kernel").flatten();
    // A thread may end meanwhile.
    threads
        .filter_map(|thread| fs::read_to_string(thread.path().join(file)).ok())
        .filter_map(|text| number(&text))
        .sum()
}

/// Nanoseconds of CPU time that the threads of now have taken.
pub fn cpu_nanos() -> u64 {
    of_threads("schedstat", |text| text.split(' ').next()?.parse().ok())
}

/// How often the threads of now have gone to sleep.
pub fn sleeps() -> u64 {
    let label = "voluntary_ctxt_switches:";
    of_threads("status", |text| text.lines().find_map(|line| line.strip_prefix(label))?.trim().parse().ok())
}
