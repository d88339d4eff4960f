//! What the settings of jobs do.

use super::super::{call, call_with_input};
use super::daemon::{is_alive, until, Daemon};

#[test]
fn an_attempt_that_takes_too_long_is_ended_with_all_that_it_started() {
    let crontab = "# sexton: name=long time-limit=1s\n@reboot sh -c 'echo $$ > child; sleep 100' & wait\n\
                   @reboot sleep 1.5; echo no limit\n";
    let mut daemon = Daemon::start(crontab, &[]);
    let child = daemon.wait_for_file("child");
    assert_eq!(daemon.end(), 0);
    assert!(!is_alive(&child));
    assert_eq!(daemon.output(), ["no limit"]);
    assert_eq!(daemon.lines(&[" term why=\"time limit\" long"]).len(), 1, "{:#?}", daemon.log());
    assert_eq!(daemon.lines(&[" fail signal=15 ", " long"]).len(), 1, "{:#?}", daemon.log());
}

#[test]
fn a_job_that_fails_is_tried_again_until_it_succeeds() {
    let crontab = "# sexton: retry=5\n@reboot echo x >> tries; [ $(wc -l < tries) = 2 ]\n";
    let mut daemon = Daemon::start(crontab, &[]);
    assert_eq!(daemon.end(), 0);
    let attempts = daemon.lines(&["took="]);
    assert!(
        attempts.len() == 2
            && attempts[0].contains(" fail status=1 ")
            && attempts[1].contains(" end status=0 ")
    );
    assert!(attempts[1].contains(" attempt=2 "), "{attempts:#?}");

    let (status, _, stderr) = call_with_input(&["run", "-", "--retry=1"], "@reboot exit 7\n");
    assert_eq!((status, stderr.matches(" fail status=7 ").count()), (0, 2), "{stderr}");
}

#[test]
fn overlapping_runs_are_skipped_queued_or_allowed() {
    let job = |settings: &str| format!("# sexton: {settings}\n@every 100ms echo $$ >> $0.began; sleep 100\n");
    let most_at_once = |settings: &str, options: &[&str], count: usize| {
        let daemon = Daemon::start(&job(settings), options);
        daemon.wait_for(count, &[" start "]);
        if count < 4 {
            // Time enough for more to start.
            assert!(until(|| daemon.lines(&[" missed "]).len() + daemon.lines(&[" busy "]).len() > 0));
        }
        daemon.lines(&[" start "]).len()
    };
    assert_eq!(most_at_once("overlap=skip", &[], 1), 1);
    assert!(most_at_once("overlap=allow", &[], 4) >= 4);
    assert_eq!(most_at_once("overlap=allow at-most=2", &[], 2), 2);
    // What a job says of itself goes before what the command line says of all.
    assert_eq!(most_at_once("at-most=3", &["--overlap", "skip"], 3), 3);

    // What is queued runs right after, and not at the next due time, which is that of the other job.
    let crontab = "# sexton: name=queued overlap=queue\n@every 4s until [ -e go ]; do sleep 0.02; done\n\
                   # sexton: name=other\n@every 4s true\n";
    let daemon = Daemon::start(crontab, &[]);
    daemon.wait_for(2, &[" end ", " other"]);
    assert_eq!(daemon.lines(&[" start ", " queued"]).len(), 1);
    std::fs::write(daemon.file("go"), "").unwrap();
    daemon.wait_for(2, &[" end ", " queued"]);
    assert_eq!(daemon.lines(&[" start ", " other"]).len(), 2, "{:#?}", daemon.log());
}

#[test]
fn at_most_so_many_jobs_run_at_a_time() {
    let job = |i: usize| format!("@reboot echo {i} >> began; until [ -e go ]; do sleep 0.02; done\n");
    let mut daemon = Daemon::start(&(0..4).map(job).collect::<String>(), &["--at-most", "2"]);
    daemon.wait_for(2, &[" start "]);
    daemon.wait_for(1, &[" busy running=2 "]);
    assert_eq!(daemon.lines(&[" start "]).len(), 2, "{:#?}", daemon.log());
    std::fs::write(daemon.file("go"), "").unwrap();
    assert_eq!(daemon.end(), 0);
    assert_eq!(daemon.lines(&[" end status=0 "]).len(), 4);
}

#[test]
fn a_job_has_a_working_directory() {
    let folder = crate::journal::Folder::new();
    let root = std::fs::canonicalize(folder.journal().parent().unwrap()).unwrap();
    let run = |crontab: &str| {
        let (status, stdout, stderr) =
            call_with_input(&["run", "-", "--dir", root.to_str().unwrap()], crontab);
        assert_eq!(status, 0);
        (stdout, stderr)
    };
    assert_eq!(run("@reboot pwd\n").0, format!("{}\n", root.display()));
    assert_eq!(run("# sexton: dir=/\n@reboot pwd\n").0, "/\n");
    let (_, stderr) = run("# sexton: dir=/no/such\n@reboot pwd\n");
    let error = "error=\"could not start `/bin/sh` in `/no/such`: No such file or directory (os error 2)\"";
    assert!(stderr.contains(error), "{stderr}");
}

#[test]
fn one_job_is_run_at_once_as_the_daemon_would() {
    let crontab = "A=b\n# sexton: name=yearly\n@yearly cat; echo $A; exit 0%in\n@yearly exit 3\n";
    let once = |name: &str| call_with_input(&["run", "-", "--once", name, "--quiet"], crontab);
    assert_eq!(once("yearly"), (0, "in\nb\n".into(), String::new()));
    let (status, _, stderr) = once("line 4");
    assert!(status == 1 && stderr.contains(" fail status=3 "), "{stderr}");
    assert_eq!(once("exit 3").0, 1);
    let unknown = "sexton: no job has the name `x`, expected one of `yearly`, `line 4`\n";
    assert_eq!(once("x"), (1, String::new(), unknown.into()));
}

#[test]
fn a_dry_run_prints_what_would_run_and_runs_nothing() {
    let crontab = "# sexton: name=noon zone=UTC0\n0 12 * * * touch ran\n@reboot touch ran\n";
    let day = call(&["next", "0 12 * * *", "--count=1", "--format=civil"]).1;
    let until = day.trim();
    let (status, stdout, stderr) = call_with_input(&["run", "-", "--dry-run", "--until", until], crontab);
    let lines: Vec<_> = stdout.lines().map(|line| line.split_once(' ').unwrap()).collect();
    assert_eq!((status, &*stderr), (0, ""));
    assert!(lines[0].1 == "line 3: touch …" && lines[1..] == [(&*format!("{until}Z"), "noon")], "{stdout}");

    let (status, _, stderr) = call_with_input(&["run", "-", "--dry-run", "--until", "2000-01-01"], crontab);
    let past = "sexton: --until `2000-01-01` is before now: expected a later time\n";
    assert!(status == 2 && stderr.starts_with(past), "{stderr}");
}

#[test]
fn a_command_is_logged_without_its_arguments_unless_asked_for() {
    let crontab = "@reboot PASSWORD=secret true -u user:secret\n";
    let log = |options: &[&str]| call_with_input(&[&["run", "-"], options].concat(), crontab).2;
    let (plain, whole) = (log(&[]), log(&["--log-commands"]));
    assert!(plain.contains(" line 1: true …") && !plain.contains("secret"), "{plain}");
    assert!(whole.contains(" line 1: PASSWORD=secret true -u user:secret"), "{whole}");
}
