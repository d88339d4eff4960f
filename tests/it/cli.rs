//! The program, as whoever types its commands sees it.

mod check;
mod dialect;
mod diff;
#[cfg(all(feature = "embedded-tz", unix))]
mod embedded;
mod explain;
mod list;
mod next;
mod run;
mod translate;
mod week;
mod why;

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Output, Stdio};

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

/// The name of the user whose process this is.
#[cfg(unix)]
fn own_user() -> String {
    let output = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().into()
}

/// The arguments have `|` between them.
#[track_caller]
fn prints(args: &str, stdout: &str) {
    let args: Vec<_> = args.split('|').collect();
    assert_eq!(call(&args), (0, stdout.to_string(), String::new()));
}

#[track_caller]
fn fails(args: &str, status: i32, stderr: &str) {
    let args: Vec<_> = args.split('|').collect();
    assert_eq!(call(&args), (status, String::new(), stderr.to_string()));
}

const PARIS: &str = "CET-1CEST,M3.5.0,M10.5.0/3";

#[test]
fn a_mistake_in_the_command_line_is_reported_with_the_usage() {
    let next = |problem: &str| {
        format!("sexton: {problem}\nusage: sexton next EXPR [OPTION ...]\nsee `sexton next --help`\n")
    };
    fails("next", 2, &next("expected a cron expression"));
    fails("next| ", 2, &next("expected a cron expression"));
    fails("next|@daily|--count|0", 2, &next("`--count`: found `0`, expected a number from 1"));
    fails("next|@daily|--count|-1", 2, &next("`--count`: found `-1`, expected a number from 1"));
    fails("next|@daily|--count", 2, &next("`--count` needs a value"));
    fails("next|@daily|--count|--previous", 2, &next("`--count` needs a value"));
    fails("next|@daily|--previous=yes", 2, &next("`--previous` takes no value"));
    fails("next|@daily|--count|1|--count=2", 2, &next("`--count` is given twice"));
    fails("next|@daily|--cuont|1", 2, &next("unknown option `--cuont`"));
    fails("next|@daily|--format|iso", 2, &next("unknown format `iso`, expected rfc3339, civil or unix"));
    fails("next|0 9 * * *|0 10 * * *", 2, &next("expected one cron expression, found 2"));
    // Also if all are files, as those that the shell puts in place of `*`.
    let unquoted = ["src", "docs", "src", "docs"].repeat(2).join("|");
    let (status, _, stderr) = call(&format!("next|{unquoted}").split('|').collect::<Vec<_>>());
    assert!(status == 2 && stderr.contains("quote the expression"), "{stderr}");
    fails(
        "next|a|b|c|d|e|f|g|h",
        2,
        &next(
            "found 8 fields, expected 7 at the most (quote the expression, or the shell replaces `*` with file names)",
        ),
    );

    const COMMANDS: &str = "run, ctl, list, next, week, diff, explain, why, check or translate";
    let top = "usage: sexton COMMAND ...\nsee `sexton --help`\n";
    fails("frob", 2, &format!("sexton: unknown command `frob`, expected {COMMANDS}\n{top}"));
    let (status, _, stderr) = call(&[]);
    assert_eq!((status, stderr), (2, format!("sexton: expected a command: {COMMANDS}\n{top}")));
    let run = "usage: sexton run CRONTAB ... [OPTION ...]\nsee `sexton run --help`\n";
    fails("run", 2, &format!("sexton: expected a crontab, or `-` for stdin\n{run}"));
    let missing = "sexton: could not read `--help`: No such file or directory (os error 2)\n";
    fails("run|--|--help|b", 2, missing);
}

#[test]
fn help_and_version_are_printed_on_request() {
    for (args, usage) in [
        (&["--help"][..], "usage: sexton COMMAND ...\n"),
        (&["-h"], "usage: sexton COMMAND ...\n"),
        (&["run", "-h"], "usage: sexton run CRONTAB ... [OPTION ...]\n"),
        (&["ctl", "--help"], "usage: sexton ctl VERB [JOB] [OPTION ...]\n"),
        (&["list", "--help"], "usage: sexton list CRONTAB ... [OPTION ...]\n"),
        (&["next", "--help"], "usage: sexton next EXPR [OPTION ...]\n"),
        (&["week", "--help"], "usage: sexton week CRONTAB ... [OPTION ...]\n"),
        (&["diff", "--help"], "usage: sexton diff OLD NEW [OPTION ...]\n"),
        (&["explain", "--help"], "usage: sexton explain EXPR [OPTION ...]\n"),
        (&["why", "--help"], "usage: sexton why EXPR TIME [OPTION ...]\n"),
        (&["check", "whatever", "--help"], "usage: sexton check CRONTAB ... [OPTION ...]\n"),
        (&["translate", "--help"], "usage: sexton translate EXPR [OPTION ...]\n"),
    ] {
        let (status, stdout, stderr) = call(args);
        assert!(stdout.lines().all(|line| line.len() <= 100), "{stdout}");
        assert!(stdout.starts_with(usage) && status == 0 && stderr.is_empty(), "{args:?}: {stdout}{stderr}");
    }
    let version = concat!("sexton ", env!("CARGO_PKG_VERSION"), "\n").to_string();
    assert_eq!(call(&["--version"]), (0, version.clone(), String::new()));
    assert_eq!(call(&["next", "--version"]), (0, version, String::new()));
}

#[cfg(unix)]
#[test]
fn arguments_that_are_not_utf_8_are_reported() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let call = |command: &str, args: &[&[u8]]| {
        let args = args.iter().map(|bytes| OsStr::from_bytes(bytes));
        let (status, stdout, stderr) = outcome(sexton(&[command]).args(args).output().unwrap());
        assert_eq!(stdout, "");
        (status, stderr.lines().next().unwrap().to_string())
    };
    for command in ["next", "explain", "translate"] {
        assert_eq!(call(command, &[b"0 9 * * \xff"]), (2, "sexton: the expression is not UTF-8".into()));
        let value_of_option = call(command, &[b"@daily", b"--dialect", b"\xff"]);
        assert_eq!(value_of_option, (2, "sexton: the value of `--dialect` is not UTF-8".into()));
    }
    assert_eq!(call("why", &[b"\xff", b"2026-01-01"]), (2, "sexton: the expression is not UTF-8".into()));
    let bad_time = "sexton: time `\u{fffd}`: year: found `\u{fffd}` at byte 0, expected 0001-9999";
    assert_eq!(call("why", &[b"@daily", b"\xff"]), (1, bad_time.into()));
}

#[test]
fn a_closed_stdout_ends_the_program_quietly() {
    let mut child = sexton(&["next", "* * * * * *", "--count", "1000000000"]).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    // By now stdout is closed.
    let (status, _, stderr) = outcome(child.wait_with_output().unwrap());
    assert_eq!((status, &*stderr), (0, ""));

    for args in [&["explain", "@daily"][..], &["why", "@daily", "2026-01-01 00:00"], &["translate", "@daily"]]
    {
        let mut child = sexton(args).spawn().unwrap();
        drop(child.stdout.take());
        assert_eq!(outcome(child.wait_with_output().unwrap()), (0, String::new(), String::new()), "{args:?}");
    }

    // What was found is known without a reader, too.
    for args in [&["check", "-"][..], &["check", "-", "--strict"], &["diff", "-", "@yearly"]] {
        for crontab in ["0 9 * * mom x\n", "MAILTO=ops\n@daily x\n"] {
            let mut child = sexton(args).spawn().unwrap();
            drop(child.stdout.take());
            child.stdin.take().unwrap().write_all(crontab.as_bytes()).unwrap();
            let status = outcome(child.wait_with_output().unwrap()).0;
            let expected = match (args[0], args.len(), crontab.contains("mom")) {
                ("diff", _, true) => 2,
                ("check", 2, false) => 0,
                _ => 1,
            };
            assert_eq!(status, expected, "{args:?} {crontab}");
        }
    }
}

#[test]
fn a_file_that_cannot_be_read_is_reported() {
    for command in ["check", "run"] {
        let (status, stdout, stderr) = call(&[command, "no/such/file"]);
        assert_eq!((status, &*stdout), (2, ""));
        assert!(stderr.starts_with("sexton: could not read `no/such/file`: "), "{stderr}");
    }
    // Where an expression may stand as well, words that begin as names do are files.
    for args in ["next|none", "week|none", "week|.|none", "diff|none|@daily", "diff|@daily|./none"] {
        let name = if args.contains("./none") { "./none" } else { "none" };
        fails(args, 2, &format!("sexton: could not read `{name}`: No such file or directory (os error 2)\n"));
    }
    let too_few =
        "sexton: expression: found 1 field, expected 5, 6 (seconds first) or 7 (seconds first, year last)\n";
    fails("next|5", 1, &format!("{too_few}    5\n    ^\n"));
    assert_eq!(call(&["next", "H", "H", "H", "H", "H", "--hash-id=x", "--count=1"]).0, 0);
    let long = "#".repeat((1 << 24) + 1);
    let mut child = sexton(&["check", "-"]).spawn().unwrap();
    // It reads no more than it must.
    let _ = child.stdin.take().unwrap().write_all(long.as_bytes());
    let (status, _, stderr) = outcome(child.wait_with_output().unwrap());
    let message = "sexton: `<stdin>` is longer than a crontab may be, 16777216 bytes\n";
    assert_eq!((status, &*stderr), (2, message));
}
