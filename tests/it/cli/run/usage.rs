//! Mistakes in the options of `sexton run`, and the zone that it takes.

use super::super::{call_with_input, fails, outcome, sexton};

#[test]
fn a_mistake_in_an_option_says_what_was_found_and_what_is_expected() {
    let usage = |problem: &str| {
        format!("sexton: {problem}\nusage: sexton run CRONTAB ... [OPTION ...]\nsee `sexton run --help`\n")
    };
    for (args, problem) in [
        ("--grace|soon", "`--grace`: found `s` at byte 0, expected a number and a unit, as in 1h30m"),
        ("--at-most|0", "`--at-most`: found `0`, expected a number from 1 to 250"),
        ("--retry|x", "`--retry`: found `x`, expected a number from 0 to 1000"),
        ("--overlap|yes", "`--overlap`: found `yes`, expected skip, queue or allow"),
        ("--output|xml", "`--output`: found `xml`, expected plain, prefix or json"),
        ("--dir|jobs", "`--dir`: found `jobs`, expected an absolute path"),
        ("--log|xml", "unknown format `xml` for `--log`, expected text or json"),
        ("--quiet|--verbose", "`--quiet` and `--verbose` exclude each other: expected one of them"),
        ("--dry-run", "`--dry-run` prints what would run until a time: expected `--until TIME`"),
        ("--until|2099-01-01", "`--until` needs `--dry-run`"),
        ("--claim|", "`--claim`: found ``, expected a command"),
    ] {
        fails(&format!("run|-|{args}"), 2, &usage(problem));
    }
}

#[test]
fn settings_in_a_comment_are_checked() {
    let crontab = "# sexton: nam=a\n@daily x\n# sexton: name=a\n@daily y\n# sexton: name=a\n@daily z\n# sexton: retry=1\n";
    let (status, stdout, _) = call_with_input(&["check", "-"], crontab);
    let expected = "expected name, zone, time-limit, retry, overlap, at-most, output, dir or claim";
    let lines: Vec<_> = stdout.lines().filter(|line| line.starts_with("<stdin>")).collect();
    assert_eq!(status, 1);
    assert_eq!(
        lines,
        [
            &*format!("<stdin>:1:11: unknown setting `nam`, {expected}"),
            "<stdin>:6:1: the name `a` is used: the job in line 4 has it",
            "<stdin>:7:1: expected a job below these settings",
        ]
    );
}

#[test]
fn a_zone_may_come_from_an_option_or_a_comment() {
    let (_, _, stderr) = call_with_input(&["run", "-", "--zone", "XXX-3"], "@reboot true\n");
    assert!(stderr.lines().all(|line| line.contains("+03:00 ")) && stderr.contains("zone=XXX-3"), "{stderr}");
    let list =
        call_with_input(&["list", "-", "--from", "2026-01-01 12:00"], "# sexton: zone=XXX-3\n0 16 * * * x\n");
    assert_eq!(list.1, "2026-01-01T13:00:00Z 2025-12-31T13:00:00Z line 2: at 16:00 every day\n");
}

#[test]
fn a_local_zone_that_cannot_be_read_matters_only_to_jobs_that_need_it() {
    let run = |crontab: &str| {
        use std::io::Write;
        let mut child = sexton(&["run", "-"]).env("TZ", "No/Such").spawn().unwrap();
        child.stdin.take().unwrap().write_all(crontab.as_bytes()).unwrap();
        outcome(child.wait_with_output().unwrap())
    };
    let (status, stdout, _) = run("# sexton: zone=UTC0\n@yearly x\n@reboot echo ran; kill $PPID\n");
    assert_eq!((status, &*stdout), (0, "ran\n"));
    let (status, _, stderr) = run("@yearly x\n");
    assert!(status == 1 && stderr.starts_with("sexton: ") && stderr.contains("No/Such"), "{stderr}");
}

/// As in many images of containers: a mount namespace hides `/etc`.
#[test]
fn without_any_local_zone_jobs_go_by_utc_and_the_first_line_says_so() {
    use std::process::Command;
    let hidden = |crontab: &str| {
        let script = "mount -t tmpfs none /etc && printf \"$2\" | exec \"$1\" run -";
        let program = sexton(&[]);
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", script, "sh"]).arg(program.get_program()).arg(crontab);
        outcome(command.env_remove("TZ").env_remove("TZDIR").output().unwrap())
    };
    let tried = Command::new("unshare").args(["--mount", "sh", "-c", "mount -t tmpfs none /etc"]).output();
    if !tried.map_or(false, |tried| tried.status.success()) {
        eprintln!("left out: `unshare` makes no mount namespace here");
        return;
    }
    let (status, stdout, stderr) =
        hidden("@yearly x\\n@every 1d x\\n@every 2w from 2026-11-23 x\\n@reboot echo ran; kill $PPID\\n");
    let first = stderr.lines().next().unwrap_or_default();
    assert_eq!((status, &*stdout), (0, "ran\n"), "{stderr}");
    assert!(
        first.contains("Z zone message=\"neither TZ nor /etc/localtime") && first.ends_with("go by UTC\""),
        "{first}"
    );
    let (_, _, stderr) = hidden("# sexton: zone=UTC0\\n@yearly x\\n@reboot kill $PPID\\n");
    assert!(stderr.lines().next().unwrap_or_default().contains(" ready jobs=2 zone=UTC"), "{stderr}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_dry_run_that_cannot_be_printed_fails() {
    use std::io::Write;

    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut child = sexton(&["run", "-", "--dry-run", "--until", "2999-01-01"]).stdout(full).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"@reboot x\n").unwrap();
    let unwritten = "sexton: could not write to stdout: No space left on device (os error 28)\n";
    assert_eq!(outcome(child.wait_with_output().unwrap()), (1, String::new(), unwritten.into()));
}
