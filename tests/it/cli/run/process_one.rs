//! The program as process 1 of a container: in a PID namespace.

use std::process::{Command, Stdio};

use super::super::sexton;
use super::daemon::{signal, until, Daemon};

/// Whether this machine lets a test make namespaces.
fn has_namespaces() -> bool {
    let mut tried = Command::new("unshare");
    tried.args(["--pid", "--mount", "--fork", "--mount-proc", "true"]).stderr(Stdio::null());
    let works = tried.status().map_or(false, |status| status.success());
    if !works {
        eprintln!("left out: `unshare` makes no PID namespace here");
    }
    works
}

fn as_process_one(args: &[&str]) -> Command {
    let program = sexton(args);
    let mut command = Command::new("unshare");
    command.args(["--pid", "--mount", "--fork", "--mount-proc"]).arg(program.get_program());
    command.args(program.get_args()).env("TZ", "UTC0");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Process 1: the child of `unshare`.
fn process_one(daemon: &Daemon) -> u32 {
    let children = format!("/proc/{0}/task/{0}/children", daemon.id());
    let read = || std::fs::read_to_string(&children).unwrap().trim().parse().ok();
    assert!(until(|| read().is_some()));
    read().unwrap()
}

#[test]
fn process_1_forwards_signals_and_ends_as_its_child_does() {
    if !has_namespaces() {
        return;
    }
    let crontab = "@reboot echo begun > began; until [ -e go ]; do sleep 0.02; done; echo finished\n";
    let mut daemon = Daemon::start_in(crate::journal::Folder::new(), crontab, &[], as_process_one);
    daemon.wait_for_file("began");
    signal("HUP", process_one(&daemon));
    daemon.wait_for(1, &[" reload jobs=1 added=0 removed=0 changed=0"]);
    signal("TERM", process_one(&daemon));
    daemon.wait_for(1, &[" stop running=1 "]);
    std::fs::write(daemon.file("go"), "").unwrap();
    assert_eq!(daemon.end(), 0);
    assert!(until(|| daemon.output() == ["finished"]));

    let crontab = "@reboot echo > began; trap '' TERM; while :; do sleep 0.05; done\n";
    let mut daemon =
        Daemon::start_in(crate::journal::Folder::new(), crontab, &["--grace", "0s"], as_process_one);
    daemon.wait_for_file("began");
    for line in [" term why=", " kill why="] {
        signal("TERM", process_one(&daemon));
        daemon.wait_for(1, &[line]);
    }
    assert_eq!(daemon.end(), 4);
}

#[test]
fn process_1_collects_orphans() {
    if !has_namespaces() {
        return;
    }
    // Each run leaves a process behind that ends later. The other job counts those that nobody collected.
    let crontab = "@every 100ms (sleep 0.05 &)\n\
                   @every 100ms grep -l '^State:.*Z' /proc/[0-9]*/status | wc -l >> zombies\n";
    let daemon = Daemon::start_in(crate::journal::Folder::new(), crontab, &[], as_process_one);
    daemon.wait_for(30, &[" end ", "line 1: "]);
    let counts = daemon.wait_for_file("zombies");
    let most = counts.lines().map(|count| count.trim().parse::<u32>().unwrap()).max().unwrap();
    // One may just be on its way.
    assert!(most < 10, "{counts}");
}
