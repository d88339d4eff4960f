//! Replicas that share the jobs of a crontab: a command says which one has a run.

use std::collections::BTreeSet;
use std::fs;

use super::super::{call, call_with_input};
use super::daemon::{until, Daemon};
use crate::journal::Folder;

#[test]
fn of_two_replicas_one_has_each_run() {
    let shared = Folder::new();
    let root = shared.journal().parent().unwrap().to_str().unwrap().to_string();
    // To make a folder is atomic, and fails with 1 if it is there.
    let claim = format!("mkdir {root}/\"$SEXTON_KEY\" 2>/dev/null");
    let crontab = format!("# sexton: name=tick\n* * * * * * echo \"$SEXTON_KEY\" >> {root}/runs\n");
    let mut daemons = [(); 2].map(|()| Daemon::start(&crontab, &["--claim", &claim]));
    let runs = || fs::read_to_string(format!("{root}/runs")).unwrap_or_default();
    assert!(until(
        || runs().lines().count() >= 4 && daemons.iter().any(|one| !one.lines(&[" elsewhere "]).is_empty())
    ));
    for daemon in &mut daemons {
        daemon.signal("TERM");
        assert_eq!(daemon.end(), 0, "{:#?}", daemon.log());
    }
    let runs = runs();
    let keys: BTreeSet<_> = runs.lines().collect();
    assert_eq!(keys.len(), runs.lines().count(), "none runs twice: {runs}");
    let is_claim = |name: &String| name.starts_with("tick-");
    let entries = fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(
        entries.filter(is_claim).collect::<BTreeSet<_>>(),
        keys.iter().map(|key| key.to_string()).collect()
    );
    let started: usize = daemons.iter().map(|daemon| daemon.lines(&[" start "]).len()).sum();
    assert_eq!(started, keys.len());
}

/// Runs a job every second until the log has a line with these words. Gives that line.
#[track_caller]
fn line_with(options: &[&str], words: &[&str]) -> String {
    let daemon = Daemon::start("# sexton: name=tick\n* * * * * * echo ran\n", options);
    daemon.wait_for(1, words);
    daemon.lines(words).remove(0)
}

#[test]
fn a_claim_that_fails_is_logged_in_one_line_and_what_follows_is_said() {
    let broken = "echo no route >&2; echo \"to the host\" >&2; exit 7";
    let line = line_with(&["--claim", broken], &[" claim "]);
    assert!(line.contains(" claim error=\"exit status 7: no route; to the host\" then=skip due="), "{line}");
    let line = line_with(&["--claim", broken], &[" missed "]);
    assert!(line.contains(" missed count=1 why=\"the claim failed\" due="), "{line}");
    let line = line_with(&["--claim", "kill -9 $$", "--claim-failure", "run"], &[" claim "]);
    assert!(line.contains(" claim error=\"ended by signal 9\" then=run due="), "{line}");
    line_with(&["--claim", "exit 2", "--claim-failure", "run"], &[" end status=0 "]);
    let line = line_with(&["--claim", "sleep 100", "--claim-limit", "1s"], &[" claim error="]);
    assert!(line.contains(" claim error=\"no answer within 1.000s\" then=skip due="), "{line}");
    // However much it writes, it is not held up.
    line_with(&["--claim", "yes | head -c 1000000 >&2; exit 0"], &[" end status=0 "]);
}

#[test]
fn a_claim_that_fails_is_asked_again_before_the_next_is_due() {
    let crontab = "# sexton: name=tick\n*/5 * * * * * echo ran\n";
    let claim = "[ -e tick ] && exit 0; touch tick; exit 3";
    let daemon = Daemon::start(crontab, &["--claim", claim, "--claim-failure", "retry"]);
    daemon.wait_for(1, &[" end status=0 "]);
    let due = |line: &str| line.split("due=").nth(1).unwrap().to_string();
    let (failed, ended) = (daemon.lines(&[" then=retry "]), daemon.lines(&[" end status=0 "]));
    assert_eq!(due(&failed[0]), due(&ended[0]), "{:#?}", daemon.log());
}

#[test]
fn a_run_that_is_claimed_while_the_program_stops_still_runs() {
    let claim = "echo x > asked; until [ -e go ]; do sleep 0.02; done";
    let mut daemon = Daemon::start("# sexton: name=tick\n* * * * * * echo ran\n", &["--claim", claim]);
    daemon.wait_for_file("asked");
    daemon.signal("TERM");
    daemon.wait_for(1, &[" stop "]);
    fs::write(daemon.file("go"), "").unwrap();
    assert_eq!(daemon.end(), 0, "{:#?}", daemon.log());
    assert_eq!(daemon.output(), ["ran"], "{:#?}", daemon.log());
}

#[test]
fn jobs_that_each_replica_has_for_itself_are_not_claimed() {
    let crontab = "# sexton: name=own claim=no\n* * * * * * true\n# sexton: name=period\n@every 1s true\n@reboot true\n\
                   # sexton: name=shared\n* * * * * * true\n";
    let daemon = Daemon::start(crontab, &["--claim", "exit 1"]);
    for job in ["own", "period", "line 5"] {
        daemon.wait_for(1, &[" end status=0 ", job]);
    }
    daemon.wait_for(1, &[" elsewhere due=", " shared"]);
    assert!(daemon.lines(&[" start ", " shared"]).is_empty(), "{:#?}", daemon.log());
    let told = daemon.lines(&[" unclaimed why=\"each replica runs it: its due times are its own\" "]);
    let told: Vec<_> = told.iter().map(|line| line.rsplit('"').next().unwrap().trim()).collect();
    assert_eq!(told, ["period", "line 5: true"]);
}

#[test]
fn a_job_finds_its_key_and_its_due_time_in_its_environment() {
    let text = "# sexton: name=Own_1\n@reboot echo $SEXTON_JOB; echo $SEXTON_KEY $SEXTON_DUE_UNIX; date -u -d $SEXTON_DUE +%s.%N\n";
    let (status, stdout, stderr) = call_with_input(&["run", "-"], &text.replace("%s.%N", "\\%s"));
    let lines: Vec<_> = stdout.lines().collect();
    assert_eq!((status, lines[0]), (0, "Own_1"), "{stderr}");
    let (key, due) = lines[1].split_once(' ').unwrap();
    assert_eq!(due.split('.').next().unwrap(), lines[2]);
    assert!(key.starts_with("own-1-") && key.ends_with(&format!("-{due}")), "{key}");
}

#[test]
fn a_mistake_in_the_options_of_claims_is_reported() {
    for (options, problem) in [
        (&["--claim-failure", "run"][..], "`--claim-failure` needs `--claim COMMAND`"),
        (&["--claim-limit", "1s"], "`--claim-limit` needs `--claim COMMAND`"),
        (
            &["--claim", "x", "--claim-failure", "wait"],
            "`--claim-failure`: found `wait`, expected skip, run or retry",
        ),
    ] {
        let (status, _, stderr) = call(&[&["run", "-"], options].concat());
        assert_eq!((status, stderr.lines().next().unwrap()), (2, &*format!("sexton: {problem}")));
    }
    let (status, _, stderr) = call(&["run", "-", "--claim", "x", "--claim-limit", "soon"]);
    assert!(status == 2 && stderr.starts_with("sexton: `--claim-limit`: "), "{stderr}");
}
