//! How the program stops.

use std::io::Write;

use super::super::{outcome, sexton};
use super::daemon::{is_alive, signal, until, Daemon};

#[test]
fn a_job_that_runs_may_finish() {
    for signal in ["TERM", "INT"] {
        let crontab = "@reboot echo $$ > began; until [ -e go ]; do sleep 0.02; done; echo finished\n\
                       @every 100ms echo tick >> ticks\n";
        let mut daemon = Daemon::start(crontab, &[]);
        daemon.wait_for_file("began");
        daemon.signal(signal);
        daemon.wait_for(1, &[" stop ", "grace=10.000s"]);
        // After the stop, nothing is fired: the last tick may just be running.
        let ticks = || std::fs::read_to_string(daemon.file("ticks")).unwrap_or_default().len();
        let is_quiet = || {
            let ended = daemon.lines(&["took="]).len() + daemon.lines(&["error=\"not started"]).len();
            daemon.lines(&[" start "]).len() == ended + 1
        };
        assert!(until(is_quiet), "{:#?}", daemon.log());
        let before = ticks();
        std::fs::write(daemon.file("go"), "").unwrap();
        assert_eq!(daemon.end(), 0);
        assert_eq!(daemon.output(), ["finished"]);
        assert_eq!(std::fs::read_to_string(daemon.file("ticks")).unwrap_or_default().len(), before);
        assert_eq!(daemon.lines(&[" end status=0 ", "line 1: echo …"]).len(), 1, "{:#?}", daemon.log());
        assert!(daemon.log().last().unwrap().ends_with("over message=\"all jobs ended by themselves\""));
    }
}

/// A job whose shell starts a process, which writes its number; both do as told with TERM.
fn family(trap: &str) -> String {
    format!(
        "@reboot {trap}; sh -c '{trap}; echo $$ > child; while :; do sleep 0.05; done' & echo $$ > parent; \
         while :; do sleep 0.05; done\n"
    )
}

#[test]
fn after_the_grace_the_whole_group_of_a_job_is_ended() {
    let mut daemon = Daemon::start(&family(":"), &["--grace", "50ms"]);
    let family = [daemon.wait_for_file("parent"), daemon.wait_for_file("child")];
    daemon.signal("TERM");
    assert_eq!(daemon.end(), 3);
    assert!(!family.iter().any(|process| is_alive(process)));
    assert_eq!(daemon.lines(&[" term why=stopping "]).len(), 1, "{:#?}", daemon.log());
    assert_eq!(daemon.lines(&[" fail signal=15 "]).len(), 1, "{:#?}", daemon.log());
}

#[test]
fn a_second_signal_ends_the_grace_and_a_third_kills() {
    let mut daemon = Daemon::start(&family("trap \"\" TERM"), &["--grace", "1h"]);
    let family = [daemon.wait_for_file("parent"), daemon.wait_for_file("child")];
    for (signal, line) in [("TERM", " stop running=1 "), ("INT", " term why="), ("TERM", " kill why=")] {
        daemon.signal(signal);
        daemon.wait_for(1, &[line]);
    }
    assert_eq!(daemon.end(), 4);
    assert!(!family.iter().any(|process| is_alive(process)));
}

#[test]
fn what_outlives_its_shell_is_ended_too() {
    // The shell ends at TERM at once, and the process that it started ignores it.
    let crontab = "@reboot sh -c 'trap \"\" TERM; echo $$ > child; while :; do sleep 0.05; done' & wait\n";
    let mut daemon = Daemon::start(crontab, &["--grace", "0s"]);
    let child = daemon.wait_for_file("child");
    daemon.signal("TERM");
    daemon.wait_for(1, &[" term why=stopping "]);
    daemon.signal("TERM");
    assert_eq!(daemon.end(), 4);
    assert!(!is_alive(&child));
}

#[test]
fn a_pause_before_another_attempt_does_not_delay_the_stop() {
    let mut daemon = Daemon::start("@reboot exit 1\n", &["--retry", "1000", "--grace", "1h"]);
    // From then on the pauses are long enough to be in one.
    daemon.wait_for(2, &[" retry in="]);
    daemon.signal("TERM");
    assert_eq!(daemon.end(), 0);
    assert_eq!(daemon.lines(&[" term "]), [""; 0]);
    let attempts = daemon.lines(&[" start "]).len();
    let given_up = format!(" given-up attempts={} why=stopping due=", 1001 - attempts);
    assert_eq!(daemon.lines(&[&given_up, " line 1: exit …"]).len(), 1, "{:#?}", daemon.log());
}

#[test]
fn a_job_that_is_stopped_in_order_is_not_reported_as_cut_off() {
    let crontab = "@every 200ms echo $$ > began\n";
    let folder = crate::journal::Folder::new();
    let journal = folder.journal();
    let options = ["--journal", journal.to_str().unwrap()];
    let mut daemon = Daemon::start(crontab, &options);
    daemon.wait_for_file("began");
    daemon.signal("TERM");
    assert_eq!(daemon.end(), 0);
    let daemon = Daemon::start(crontab, &options);
    daemon.wait_for(1, &[" start "]);
    assert_eq!(daemon.lines(&[" cut "]), [""; 0]);
}

#[test]
fn a_request_to_read_the_crontab_again_does_not_end_the_program_while_it_starts() {
    let mut child = sexton(&["run", "-"]).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // More than a pipe holds: once this is written, the program reads its crontab.
    stdin.write_all("#\n".repeat(1 << 18).as_bytes()).unwrap();
    signal("HUP", child.id());
    signal("USR2", child.id());
    stdin.write_all(b"@reboot echo ran\n").unwrap();
    drop(stdin);
    let (status, stdout, stderr) = outcome(child.wait_with_output().unwrap());
    assert_eq!((status, &*stdout), (0, "ran\n"), "{stderr}");
}

#[test]
fn a_job_that_runs_alone_may_finish_too() {
    let job = "# sexton: name=long\n@yearly echo $$ > began; until [ -e go ]; do sleep 0.02; done; echo finished; exit ";
    for (last, status) in [("0", 0), ("7", 1)] {
        let mut daemon = Daemon::start(&format!("{job}{last}\n"), &["--once", "long"]);
        daemon.wait_for_file("began");
        daemon.signal("TERM");
        daemon.wait_for(1, &[" stop ", "grace=10.000s"]);
        std::fs::write(daemon.file("go"), "").unwrap();
        assert_eq!(daemon.end(), status, "{:#?}", daemon.log());
        assert_eq!(daemon.output(), ["finished"]);
    }

    for (trap, signals, status) in [(":", 2, 3), ("trap '' TERM", 3, 4)] {
        let crontab =
            format!("# sexton: name=long\n@yearly {trap}; echo $$ > began; while :; do sleep 0.05; done\n");
        let mut daemon = Daemon::start(&crontab, &["--once", "long", "--grace", "1h"]);
        daemon.wait_for_file("began");
        for line in [" stop ", " term why=stopping ", " kill why=stopping "].iter().take(signals) {
            daemon.signal("TERM");
            daemon.wait_for(1, &[line]);
        }
        assert_eq!(daemon.end(), status, "{:#?}", daemon.log());
    }
}
