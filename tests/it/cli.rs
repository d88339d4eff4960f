//! The program, as whoever types its commands sees it.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// The program, in UTC whatever the machine says.
fn sexton(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sexton"));
    command.args(args).env("TZ", "UTC0").env_remove("TZDIR");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Exit status, stdout and stderr.
fn outcome(output: Output) -> (i32, String, String) {
    let text = |bytes| String::from_utf8(bytes).expect("the program writes UTF-8");
    (output.status.code().expect("it was not killed"), text(output.stdout), text(output.stderr))
}

fn call(args: &[&str]) -> (i32, String, String) {
    outcome(sexton(args).stdin(Stdio::null()).output().unwrap())
}

fn call_with_input(args: &[&str], input: &str) -> (i32, String, String) {
    let mut child = sexton(args).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    outcome(child.wait_with_output().unwrap())
}

#[track_caller]
fn next(args: &str, expected: &[&str]) {
    let args: Vec<_> = ["next"].into_iter().chain(args.split('|')).collect();
    let (status, stdout, stderr) = call(&args);
    assert_eq!((stdout.lines().collect::<Vec<_>>(), &*stderr, status), (expected.to_vec(), "", 0));
}

#[track_caller]
fn fails(args: &str, status: i32, stderr: &str) {
    let args: Vec<_> = args.split('|').collect();
    assert_eq!(call(&args), (status, String::new(), stderr.to_string()));
}

const PARIS: &str = "CET-1CEST,M3.5.0,M10.5.0/3";

#[test]
fn next_shows_the_dues_after_a_time() {
    next(
        "2 4 * * mon,fri|--from|2026-11-22T12:00:00Z|--count|3",
        &["2026-11-23T04:02:00Z", "2026-11-27T04:02:00Z", "2026-11-30T04:02:00Z"],
    );
    next("0|0|1|1|*|--count=2|--from=2026-01-01 00:00", &["2027-01-01T00:00:00Z", "2028-01-01T00:00:00Z"]);
    next("@hourly|--count|1|--from|2026-01-01T00:00:00.5Z", &["2026-01-01T01:00:00Z"]);
    next("@hourly|--count|1|--from|2026-01-01T00:59:59.999999999", &["2026-01-01T01:00:00Z"]);
    let (status, stdout, _) = call(&["next", "* * * * * *"]);
    assert_eq!((status, stdout.lines().count()), (0, 5), "from now on, five of them");
}

#[test]
fn next_goes_by_the_clocks_of_a_zone() {
    let zone = format!("--zone|{PARIS}|--from|2026-03-28T12:00");
    next(
        &format!("30 2 * * *|{zone}|--count|2"),
        &["2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"],
    );
    next(&format!("30 2 * * *|{zone}|--count|1|--format|civil"), &["2026-03-29T03:00:00"]);
    next(&format!("30 2 * * *|{zone}|--count|1|--format|unix"), &["1774746000"]);
    next(
        "0 0 * * *|--zone|<LMT>0:00:15|--count|1|--from|2026-01-01T12:00Z",
        &["2026-01-02T00:00:00-00:00:15"],
    );
    next("0 0 * * *|--zone||--count|1|--from|2026-01-01T12:00Z", &["2026-01-02T00:00:00Z"]);
}

#[test]
fn previous_goes_backward() {
    next(
        "0 0 1 * *|--previous|--from|2026-03-01T00:00:00Z|--count|2",
        &["2026-02-01T00:00:00Z", "2026-01-01T00:00:00Z"],
    );
    next("0 0 1 * *|--previous|--from|2026-03-01T00:00:00.5Z|--count|1", &["2026-03-01T00:00:00Z"]);
    next("0 0 1 1 *|--previous|--from|0002-01-01T00:00:01Z|--format|unix", &["-62104060800", "-62135596800"]);
}

#[test]
fn a_schedule_that_ends_has_fewer_lines() {
    next("0 0 0 1 1 * 2026,2027|--from|2025-01-01 00:00", &["2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"]);
    next("59 59 23 31 12 *|--from|9998-12-31T23:59:59Z", &["9999-12-31T23:59:59Z"]);
    fails("next|0 0 30 2 *", 0, "sexton: `0 0 30 2 *` is never due: no date matches it\n");
    let (after, before) = ("is not due any more after that time", "was never due before that time");
    let ended = "next|0 0 0 1 1 * 2026|--from";
    fails(&format!("{ended}|2026-01-01T00:00:00Z"), 0, &format!("sexton: `0 0 0 1 1 * 2026` {after}\n"));
    fails(
        &format!("{ended}|2026-01-01T00:00:00Z|--previous"),
        0,
        &format!("sexton: `0 0 0 1 1 * 2026` {before}\n"),
    );
}

#[test]
fn next_tells_what_is_wrong() {
    fails(
        "next|0 9 * * mom-fri",
        1,
        "sexton: day of week: unknown name `mom`, expected sun-sat or 0-7; did you mean `mon`?\n    0 9 * * mom-fri\n            ^^^\n",
    );
    fails(
        "next|* * * *",
        1,
        "sexton: expression: found 4 fields, expected 5, 6 (seconds first) or 7 (seconds first, year last)\n    \
         * * * *\n    ^^^^^^^\n",
    );
    fails(
        "next|@every 5m",
        1,
        "sexton: `@every` has no dates of its own: it counts from when `sexton run` starts\n",
    );
    // Which folders were searched depends on the machine.
    let (status, stdout, stderr) = call(&["next", "* * * * *", "--zone=Mars"]);
    assert_eq!((status, &*stdout), (1, ""));
    assert!(stderr.starts_with("sexton: TZ `Mars` is neither a zone (zone `Mars`: "), "{stderr}");
    fails(
        "next|* * * * *|--from|tomorrow",
        1,
        "sexton: --from `tomorrow`: year: found `t` at byte 0, expected 0001-9999\n",
    );
}

#[test]
fn bad_usage_is_told_with_the_usage() {
    let next = |problem: &str| {
        format!(
            "sexton: {problem}\nusage: sexton next EXPR [--count N] [--from TIME] [--zone ZONE] [--previous] \
             [--format FORMAT]\n`sexton next --help` tells more\n"
        )
    };
    fails("next", 2, &next("expected a cron expression"));
    fails("next| ", 2, &next("expected a cron expression"));
    fails("next|@daily|--count|0", 2, &next("`--count` takes a number from 1"));
    fails("next|@daily|--count|-1", 2, &next("`--count` takes a number from 1"));
    fails("next|@daily|--count", 2, &next("`--count` needs a value"));
    fails("next|@daily|--count|--previous", 2, &next("`--count` needs a value"));
    fails("next|@daily|--previous=yes", 2, &next("`--previous` takes no value"));
    fails("next|@daily|--count|1|--count=2", 2, &next("`--count` is given twice"));
    fails("next|@daily|--cuont|1", 2, &next("unknown option `--cuont`"));
    fails("next|@daily|--format|iso", 2, &next("unknown format `iso`, expected rfc3339, civil or unix"));
    fails("next|0 9 * * *|0 10 * * *", 2, &next("expected one cron expression, found 2"));
    fails(
        "next|a|b|c|d|e|f|g|h",
        2,
        &next(
            "found 8 fields, expected 5 to 7 (quote the expression, or the shell replaces `*` with file names)",
        ),
    );

    let top = "usage: sexton COMMAND ...\n`sexton --help` tells more\n";
    fails("frob", 2, &format!("sexton: unknown command `frob`, expected run, next or check\n{top}"));
    let (status, _, stderr) = call(&[]);
    assert_eq!((status, stderr), (2, format!("sexton: expected a command: run, next or check\n{top}")));
    let run = "usage: sexton run CRONTAB\n`sexton run --help` tells more\n";
    fails("run", 2, &format!("sexton: expected a crontab, or `-` for stdin\n{run}"));
    fails("run|--|--help|b", 2, &format!("sexton: expected one crontab, found 2\n{run}"));
}

#[test]
fn help_and_version_are_for_the_asking() {
    for (args, usage) in [
        (&["--help"][..], "usage: sexton COMMAND ...\n"),
        (&["-h"], "usage: sexton COMMAND ...\n"),
        (&["run", "-h"], "usage: sexton run CRONTAB\n"),
        (&["next", "--help"], "usage: sexton next EXPR "),
        (&["check", "whatever", "--help"], "usage: sexton check CRONTAB\n"),
    ] {
        let (status, stdout, stderr) = call(args);
        assert!(stdout.starts_with(usage) && status == 0 && stderr.is_empty(), "{args:?}: {stdout}{stderr}");
    }
    let version = concat!("sexton ", env!("CARGO_PKG_VERSION"), "\n").to_string();
    assert_eq!(call(&["--version"]), (0, version.clone(), String::new()));
    assert_eq!(call(&["next", "--version"]), (0, version, String::new()));
}

#[test]
fn nobody_who_reads_is_a_quiet_end() {
    let mut child = sexton(&["next", "* * * * * *", "--count", "1000000000"]).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    // By now stdout is closed.
    let (status, _, stderr) = outcome(child.wait_with_output().unwrap());
    assert_eq!((status, &*stderr), (0, ""));
}

#[test]
fn check_tells_every_mistake_with_its_place() {
    let (status, stdout, stderr) = call_with_input(&["check", "-"], "61 9 * * mom x\n# fine\n@dialy y\n");
    assert_eq!(
        stdout,
        "<stdin>:1:1: minute: no such value `61`, expected 0-59\n    61 9 * * mom x\n    ^^\n\
         <stdin>:1:10: day of week: unknown name `mom`, expected sun-sat or 0-7; did you mean `mon`?\n    61 9 * * mom x\n             ^^^\n\
         <stdin>:3:1: unknown nickname `@dialy`, expected @yearly, @annually, @monthly, @weekly, @daily, @midnight, \
         @hourly, @reboot or @every and a period\n    @dialy y\n    ^^^^^^\n"
    );
    assert_eq!((status, &*stderr), (1, ""));
    let fine = |jobs: &str, input: &str| {
        assert_eq!(
            call_with_input(&["check", "-"], input),
            (0, format!("{jobs}, no mistakes\n"), String::new())
        );
    };
    fine("2 jobs", "A=1\n@daily x\n* * * * * * y");
    fine("1 job", "@daily x\n");
    fine("0 jobs", "");
}

#[test]
fn a_file_that_cannot_be_read_is_told() {
    for command in ["check", "run"] {
        let (status, stdout, stderr) = call(&[command, "no/such/file"]);
        assert_eq!((status, &*stdout), (2, ""));
        assert!(stderr.starts_with("sexton: could not read `no/such/file`: "), "{stderr}");
    }
    let long = "#".repeat((1 << 20) + 1);
    let mut child = sexton(&["check", "-"]).spawn().unwrap();
    // It reads no more than it must.
    let _ = child.stdin.take().unwrap().write_all(long.as_bytes());
    let (status, _, stderr) = outcome(child.wait_with_output().unwrap());
    let message = "sexton: `<stdin>` is longer than a crontab may be, 1048576 bytes\n";
    assert_eq!((status, &*stderr), (2, message));
}

#[test]
fn a_crontab_with_mistakes_is_not_run() {
    let input = "@reboot echo ran\n@daily\n61 * * * * x\n";
    assert_eq!(
        call_with_input(&["run", "-"], input),
        (
            1,
            String::new(),
            "<stdin>:2:7: expected a command after the schedule\n    @daily\n          ^\n\
             <stdin>:3:1: minute: no such value `61`, expected 0-59\n    61 * * * * x\n    ^^\n\
             sexton: `<stdin>` has 2 mistakes and was not run\n"
                .to_string()
        )
    );
    let (status, _, stderr) = call_with_input(&["run", "-"], "# nothing\n");
    assert_eq!((status, &*stderr), (1, "sexton: `<stdin>` has no jobs: there is nothing to run\n"));
}

/// The lines on stderr without the times, and without how long each job took; those of each job together.
#[cfg(unix)]
fn log(stderr: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in stderr.lines() {
        let (time, line) = line.split_once(' ').unwrap();
        assert!(time.parse::<sexton::Moment>().is_ok() && time.ends_with('Z'), "{line}");
        lines.push(line.split(' ').filter(|word| !word.starts_with("took=")).collect::<Vec<_>>().join(" "));
    }
    lines.sort_by_key(|line| line.split_once("line ").map(|(_, job)| job.to_string()));
    lines
}

#[cfg(unix)]
#[test]
fn what_runs_at_the_start_only_ends_by_itself() {
    let input = "@reboot cat%one%50\\% \nA = 'a  b'\nCRON_TZ = EST5\n@reboot echo \"$A $CRON_TZ $SHELL\"; exit 3\n\
                 SHELL = /no/such/shell\n@reboot x\nSHELL=/bin/sh\n@reboot kill -9 $$\n@reboot read x || echo no input";
    let (status, stdout, stderr) = call_with_input(&["run", "-"], input);
    let mut lines: Vec<_> = stdout.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["50% ", "a  b EST5 /bin/sh", "no input", "one"]);
    assert_eq!(
        log(&stderr),
        [
            "ready jobs=5 zone=UTC0",
            "over no job is left",
            "start line 1: cat",
            "end exit=0 line 1: cat",
            "start line 4: echo \"$A $CRON_TZ $SHELL\"; exit 3",
            "fail exit=3 line 4: echo \"$A $CRON_TZ $SHELL\"; exit 3",
            "start line 6: x",
            "fail error=\"could not start `/no/such/shell`: No such file or directory (os error 2)\" line 6: x",
            "start line 8: kill -9 $$",
            "fail signal=9 line 8: kill -9 $$",
            "start line 9: read x || echo no input",
            "end exit=0 line 9: read x || echo no input",
        ]
    );
    assert_eq!(status, 0);
}

/// A child that is killed when the test is over, whatever becomes of the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs a crontab and gives the first lines of its stdout.
#[cfg(unix)]
fn first_lines(input: &str, count: usize) -> (Vec<String>, Running) {
    let mut child = Running(sexton(&["run", "-"]).stderr(Stdio::null()).spawn().unwrap());
    child.0.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let stdout = BufReader::new(child.0.stdout.take().unwrap());
    (stdout.lines().take(count).map(|line| line.unwrap()).collect(), child)
}

#[cfg(unix)]
#[test]
fn six_fields_tick_every_second() {
    let began = Instant::now();
    let (lines, _running) = first_lines("* * * * * * echo tick\n", 2);
    assert_eq!(lines, ["tick", "tick"]);
    let took = began.elapsed();
    assert!(Duration::from_secs(1) < took && took < Duration::from_secs(20), "{took:?}");
}

#[cfg(unix)]
#[test]
fn a_period_has_its_first_run_after_one_period_and_a_slow_job_is_not_in_the_way() {
    let began = Instant::now();
    let (lines, _running) = first_lines("@reboot echo slow; exec sleep 20\n@every 0.3s echo quick\n", 3);
    assert_eq!(lines, ["slow", "quick", "quick"]);
    let took = began.elapsed();
    assert!(Duration::from_millis(600) < took && took < Duration::from_secs(15), "{took:?}");
}

#[cfg(unix)]
#[test]
fn cron_tz_moves_a_schedule() {
    // Where it is now the same hour as in UTC, every second; where it is another one, never within this hour.
    let hour = call(&["next", "* * * * * *", "--count=1", "--format=civil"]).1[11..13].to_string();
    let next_hour = (hour.parse::<u8>().unwrap() + 1) % 24;
    let hours = format!("{hour},{next_hour}");
    let input =
        format!("CRON_TZ=XXX12\n* * {hours} * * * echo far\nCRON_TZ=UTC0\n* * {hours} * * * echo near\n");
    assert_eq!(first_lines(&input, 2).0, ["near", "near"]);
}

#[cfg(unix)]
#[test]
fn what_is_due_while_a_job_runs_is_told_as_missed() {
    let mut child = Running(sexton(&["run", "-"]).stdout(Stdio::null()).spawn().unwrap());
    child.0.stdin.take().unwrap().write_all(b"@every 0.2s exec sleep 0.7\n").unwrap();
    let stderr = BufReader::new(child.0.stderr.take().unwrap());
    let missed = stderr.lines().map(|line| line.unwrap()).find(|line| line.contains(" missed "));
    let missed = missed.unwrap();
    assert!(missed.ends_with(" why=\"still running\" line 1: exec sleep 0.7"), "{missed}");
}

#[test]
fn the_crontab_in_the_help_has_no_mistakes() {
    let (_, help, _) = call(&["run", "--help"]);
    let lines = help.lines().filter_map(|line| line.strip_prefix("    "));
    // Without the lines of the log, and the zone, which the machine may lack.
    let crontab: Vec<_> =
        lines.filter(|line| !line.starts_with("2026-") && !line.starts_with("CRON_TZ")).collect();
    let checked = call_with_input(&["check", "-"], &(crontab.join("\n") + "\n"));
    assert_eq!(checked, (0, "6 jobs, no mistakes\n".to_string(), String::new()));
}
