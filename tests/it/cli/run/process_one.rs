//! The program as process 1 of a container: in a PID namespace.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use super::super::sexton;
use super::daemon::{signal, until, Daemon};
use super::Running;
use crate::journal::Folder;
use crate::stage::must_end;

/// Whether this machine lets a test make namespaces.
pub fn has_namespaces() -> bool {
    let mut tried = Command::new("unshare");
    tried.args(["--pid", "--mount", "--fork", "--mount-proc", "true"]).stderr(Stdio::null());
    let works = tried.status().map_or(false, |status| status.success());
    if !works {
        eprintln!("left out: `unshare` makes no PID namespace here");
    }
    works
}

pub fn as_process_one(args: &[&str]) -> Command {
    below_process_one(&[], args)
}

/// The program as an argument of other words, of which process 1 is made.
fn below_process_one(words: &[&str], args: &[&str]) -> Command {
    let program = sexton(args);
    let mut command = Command::new("unshare");
    // What a test leaves running ends with `unshare`.
    command.args(["--pid", "--mount", "--kill-child", "--mount-proc"]).args(words).arg(program.get_program());
    command.args(program.get_args()).env("TZ", "UTC0");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[test]
fn process_1_forwards_signals_and_ends_as_its_child_does() {
    if !has_namespaces() {
        return;
    }
    let crontab = "@reboot echo begun > began; until [ -e go ]; do sleep 0.02; done; echo finished\n";
    let mut daemon = Daemon::start_in(Folder::new(), crontab, &[], as_process_one);
    daemon.wait_for_file("began");
    signal("HUP", daemon.first_process());
    daemon.wait_for(1, &[" reload jobs=1 added=0 removed=0 changed=0"]);
    signal("TERM", daemon.first_process());
    daemon.wait_for(1, &[" stop running=1 "]);
    std::fs::write(daemon.file("go"), "").unwrap();
    assert_eq!(daemon.end(), 0);
    assert!(until(|| daemon.output() == ["finished"]));

    let crontab = "@reboot echo > began; trap '' TERM; while :; do sleep 0.05; done\n";
    let mut daemon = Daemon::start_in(Folder::new(), crontab, &["--grace", "0s"], as_process_one);
    daemon.wait_for_file("began");
    for line in [" term why=", " kill why="] {
        signal("TERM", daemon.first_process());
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
    let daemon = Daemon::start_in(Folder::new(), crontab, &[], as_process_one);
    daemon.wait_for(30, &[" end ", "line 1: "]);
    let counts = daemon.wait_for_file("zombies");
    let most = counts.lines().map(|count| count.trim().parse::<u32>().unwrap()).max().unwrap();
    // One may just be on its way.
    assert!(most < 10, "{counts}");
}

/// `docker stop` sends TERM to process 1, and KILL after ten seconds: with that the kernel ends all of the container.
#[test]
fn a_container_that_is_stopped_and_then_killed_leaves_nothing_behind() {
    if !has_namespaces() {
        return;
    }
    let folder = Folder::new();
    let journal = folder.journal();
    let options = ["--journal", journal.to_str().unwrap(), "--grace", "1h"];
    let crontab = "# sexton: name=stubborn\n\
                   @every 100ms trap '' TERM; while :; do echo tick >> ticks; sleep 0.02; done\n";
    let daemon = Daemon::start_in(Folder::new(), crontab, &options, as_process_one);
    daemon.wait_for_file("ticks");
    signal("TERM", daemon.first_process());
    daemon.wait_for(1, &[" stop running=1 grace=3600.000s"]);
    signal("KILL", daemon.first_process());
    let ticks = || daemon.wait_for_file("ticks").len();
    let is_quiet = || {
        let before = ticks();
        std::thread::sleep(std::time::Duration::from_millis(300));
        ticks() == before
    };
    assert!(until(is_quiet), "{:#?}", daemon.log());

    // The journal is free, and knows of the run.
    let again = Daemon::start_in(Folder::new(), crontab, &options, as_process_one);
    again.wait_for(1, &[" cut due=", " stubborn"]);
}

/// Process 1 is a `cat` here: it collects nothing, and ends when the program has.
#[test]
fn a_process_that_has_ended_and_is_not_collected_is_not_waited_for() {
    if !has_namespaces() {
        return;
    }
    let script = "mkfifo alive; { \"$@\"; echo $? > status; } 3> alive & exec cat < alive";
    let under_cat = |args: &[&str]| below_process_one(&["sh", "-c", script, "sh"], args);
    let crontab = "@reboot sleep 600 & sleep 600 & kill $PPID; wait\n";
    let mut daemon = Daemon::start_in(Folder::new(), crontab, &["--grace", "0s"], under_cat);
    daemon.end();
    assert_eq!(daemon.wait_for_file("status"), "3", "{:#?}", daemon.log());
    assert_eq!(daemon.lines(&[" kill "]), [""; 0]);
}

/// As with `docker run -it IMAGE run -`.
#[test]
fn process_1_may_read_its_crontab_from_a_terminal() {
    let tried = Command::new("script").arg("--version").stdout(Stdio::null()).status();
    if !has_namespaces() || !tried.map_or(false, |status| status.success()) {
        eprintln!("left out: there is no `script`, or it can make no PID namespace here");
        return;
    }
    let program = as_process_one(&["run", "-"]);
    let words = std::iter::once(program.get_program()).chain(program.get_args());
    let words: Vec<_> = words.map(|word| format!("'{}'", word.to_str().unwrap())).collect();
    let mut script = Command::new("script");
    script.args(["-qec", &words.join(" "), "/dev/null"]).env("TZ", "UTC0").env("SHELL", "/bin/sh");
    script.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut running = Running(script.spawn().unwrap());
    // At the end of its input, `script` types Ctrl-D.
    running.0.stdin.take().unwrap().write_all(b"@reboot echo ran\n").unwrap();
    let stdout = BufReader::new(running.0.stdout.take().unwrap());
    let read = move || stdout.lines().map(|line| line.unwrap().trim().to_string()).collect::<Vec<_>>();
    let lines = must_end("a crontab from a terminal", read);
    assert!(lines.contains(&"ran".into()), "{lines:#?}");
    assert!(running.0.wait().unwrap().success(), "{lines:#?}");
}
