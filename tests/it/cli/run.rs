//! `sexton run`.

#[cfg(target_os = "linux")]
mod boot;
#[cfg(unix)]
mod claims;
#[cfg(unix)]
mod daemon;
#[cfg(target_os = "linux")]
mod disk;
#[cfg(unix)]
mod folders;
#[cfg(target_os = "linux")]
mod idle;
#[cfg(unix)]
mod jobs;
#[cfg(unix)]
mod output;
#[cfg(unix)]
mod peers;
#[cfg(unix)]
mod process_one;
#[cfg(unix)]
mod reload;
#[cfg(unix)]
mod signals;
#[cfg(unix)]
mod status;
mod unsafe_code;
#[cfg(unix)]
mod usage;

use std::process::Child;
use std::time::{Duration, Instant, SystemTime};

use sexton::tz::Zone;
use sexton::{ManualClock, Scheduler};

use super::*;
#[cfg(unix)]
use crate::journal::Folder;
use crate::stage::{must_end, PATIENCE};

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
             sexton: `<stdin>` has 2 mistakes\n"
                .to_string()
        )
    );
    let (status, _, stderr) = call_with_input(&["run", "-"], "# nothing\n");
    assert_eq!((status, &*stderr), (1, "sexton: `<stdin>` has no jobs: there is nothing to run\n"));
}

#[test]
fn a_crontab_is_run_as_its_dialect_reads_it() {
    assert_eq!(
        call_with_input(&["run", "-", "--dialect", "quartz"], "0 9 * * x\n"),
        (
            1,
            String::new(),
            "<stdin>:1:1: found 5 fields, expected six with the seconds first, and a command\n    0 9 * * x\n    \
             ^^^^^^^^^\nsexton: `<stdin>` has 1 mistake\n"
                .to_string()
        )
    );
}

/// Whether a line of the log, without its time, says that the machine was busy: that can come in between anywhere.
#[cfg(unix)]
fn is_of_a_busy_machine(line: &str) -> bool {
    line.starts_with("late by=") || line.starts_with("missed count=")
}

/// The lines on stderr without the times, and without when each job was due and how long it took; those of each job together.
#[cfg(unix)]
fn log(stderr: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in stderr.lines() {
        let (time, line) = line.split_once(' ').unwrap();
        assert!(time.parse::<sexton::Moment>().is_ok() && time.ends_with('Z'), "{line}");
        lines.push(
            line.split(' ')
                .filter(|word| !word.starts_with("took=") && !word.starts_with("due="))
                .collect::<Vec<_>>()
                .join(" "),
        );
    }
    lines.retain(|line| !is_of_a_busy_machine(line));
    lines.sort_by_key(|line| line.split_once("line ").map(|(_, job)| job.to_string()));
    lines
}

#[cfg(unix)]
#[test]
fn a_crontab_with_warnings_is_run() {
    let (lines, _running) = first_lines("0 0 13 * fri never\n@reboot echo ran\n", 1);
    assert_eq!(lines, ["ran"]);
}

#[cfg(unix)]
#[test]
fn what_check_warns_of_is_logged_at_the_start() {
    let warnings = |input: &str, options: &[&str]| {
        let (_, _, stderr) = call_with_input(&[&["run", "-"], options].concat(), input);
        let of = |line: &str| Some(line.split_once(" warning ")?.1.to_string());
        stderr.lines().filter_map(of).collect::<Vec<_>>()
    };
    const TEXT: &str = "MAILTO=ops\n@reboot true\n@reboot true\n";
    let first = "file=<stdin> line=1 column=8 code=without-effect message=\"`MAILTO` has no effect but in the environment of \
                 jobs: no mail is sent\"";
    let second = "file=<stdin> line=3 column=1 code=same-line-twice message=\"the same job as in line 2: it is run twice at each \
                  of its times\"";
    assert_eq!(warnings(TEXT, &[]), [first, second]);
    assert_eq!(warnings(TEXT, &["--quiet"]), [""; 0]);
    let allowed = TEXT.replace("MAILTO", "# sexton: allow without-effect\nMAILTO");
    assert_eq!(warnings(&allowed, &[]), [second.replace("line=3", "line=4").replace("line 2", "line 3")]);
    let json = call_with_input(&["run", "-", "--log", "json"], TEXT).2;
    let object = ",\"level\":\"warn\",\"event\":\"warning\",\"file\":\"<stdin>\",\"line\":1,\"column\":8,\"code\":\"without-effect\",";
    assert!(json.lines().next().unwrap().contains(object), "{json}");
    let many = warnings(&format!("{}@reboot true\n", "MAILTO=ops\n".repeat(23)), &[]);
    assert_eq!((many.len(), &*many[20]), (21, "message=\"and 3 more, see `sexton check`\""));
    // Neither of these runs the crontab.
    assert_eq!(warnings(TEXT, &["--dry-run", "--until", "2999-01-01"]), [""; 0]);
}

#[cfg(unix)]
#[test]
fn a_crontab_with_only_reboot_jobs_ends() {
    let input = "@reboot cat%one%50\\% \nA = 'a  b'\nCRON_TZ = EST5\n@reboot echo \"$A $CRON_TZ $SHELL\"; exit 3\n\
                 SHELL = /no/such/shell\n@reboot x\nSHELL=/bin/sh\n@reboot kill -9 $$\n@reboot read x || echo no input";
    let (status, stdout, stderr) = call_with_input(&["run", "-"], input);
    let mut lines: Vec<_> = stdout.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["50% ", "a  b EST5 /bin/sh", "no input", "one"]);
    assert_eq!(
        log(&stderr),
        [
            "warning file=<stdin> line=5 column=9 code=no-such-shell message=\"there is no `/no/such/shell` here: no job \
             below can start\"",
            "ready jobs=5 zone=UTC0",
            "over message=\"no job is left\"",
            "start line 1: cat",
            "end status=0 line 1: cat",
            "start line 4: echo …",
            "fail status=3 line 4: echo …",
            "start line 6: x",
            "fail error=\"could not start `/no/such/shell`: No such file or directory (os error 2)\" line 6: x",
            "start line 8: kill …",
            "fail signal=9 line 8: kill …",
            "start line 9: read …",
            "end status=0 line 9: read …",
        ]
    );
    assert_eq!(status, 0);
}

/// The second of two equal lines is known by its number, which no line may look like.
#[cfg(unix)]
#[test]
fn equal_lines_are_all_run() {
    let input = "@reboot echo 1 #\n@reboot echo 1 #\n@reboot echo 1 # (2)\n";
    let (status, stdout, _) = call_with_input(&["run", "-"], input);
    assert_eq!((status, &*stdout), (0, "1\n1\n1\n"));
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
    // Every minute, two ticks would take longer.
    assert!(Duration::from_secs(1) < took && took < PATIENCE, "{took:?}");
}

#[cfg(unix)]
#[test]
fn a_period_first_runs_after_one_period_and_a_slow_job_does_not_delay_it() {
    let began = Instant::now();
    let (lines, _running) = first_lines("@reboot echo slow; exec sleep 100\n@every 0.3s echo quick\n", 3);
    assert_eq!(lines, ["slow", "quick", "quick"]);
    let took = began.elapsed();
    assert!(Duration::from_millis(600) < took && took < PATIENCE, "{took:?}");
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
fn an_occurrence_while_the_job_runs_is_reported_as_missed() {
    let mut child = Running(sexton(&["run", "-"]).stdout(Stdio::null()).spawn().unwrap());
    child.0.stdin.take().unwrap().write_all(b"@every 0.2s exec sleep 0.7\n").unwrap();
    let stderr = BufReader::new(child.0.stderr.take().unwrap());
    // On a busy machine the first run may have begun a period too late itself.
    let is_late = |line: &String| line.contains("could start it in time");
    let mut missed = stderr.lines().map(|line| line.unwrap()).filter(|line| line.contains(" missed "));
    let missed = missed.find(|line| !is_late(line)).unwrap();
    assert!(
        missed.contains(" why=\"still running\" due=") && missed.ends_with(" line 1: exec …"),
        "{missed}"
    );
}

#[test]
fn the_crontab_in_the_help_has_no_mistakes() {
    let (_, help, _) = call(&["run", "--help"]);
    let lines = help.lines().filter_map(|line| line.strip_prefix("    "));
    // Without the lines of the log, and the zone, which the machine may lack.
    let crontab: Vec<_> = lines
        .filter(|line| {
            !line.starts_with("2026-")
                && !line.starts_with("CRON_TZ")
                && !line.starts_with("# sexton:")
                && !line.starts_with(" ")
                && !line.starts_with("--")
        })
        .collect();
    let checked = call_with_input(&["check", "-", "--dialect", "default"], &(crontab.join("\n") + "\n"));
    assert_eq!(checked, (0, "10 jobs, no mistakes\n".to_string(), String::new()));
}

/// Runs a crontab with a journal until lines of the log begin with all of these words, and gives the log up to there.
#[cfg(unix)]
fn log_until(journal: &str, crontab: &str, words: &[&str]) -> (Vec<String>, Running) {
    let mut child = Running(sexton(&["run", "-", "--journal", journal]).spawn().unwrap());
    child.0.stdin.take().unwrap().write_all(crontab.as_bytes()).unwrap();
    let stderr = BufReader::new(child.0.stderr.take().unwrap());
    let mut awaited: Vec<_> = words.iter().map(|words| words.to_string()).collect();
    let read = move || {
        let mut log = Vec::new();
        for line in stderr.lines() {
            let line = line.unwrap().split_once(' ').unwrap().1.to_string();
            awaited.retain(|words: &String| {
                let (first, job) = words.split_once(' ').unwrap_or((words, ""));
                !(line.starts_with(first) && line.contains(job))
            });
            log.push(line);
            if awaited.is_empty() {
                break;
            }
        }
        log
    };
    (must_end(&format!("a log until {words:?}"), read), child)
}

/// A clock that is ahead when the machine starts, and is set right later.
#[cfg(unix)]
#[test]
fn a_journal_that_is_ahead_does_not_silence_a_job() {
    let folder = Folder::new();
    let journal = folder.journal();
    let line = "@every 0.2s echo quick";
    let clock = ManualClock::new(SystemTime::now() + Duration::from_secs(70 * 365 * 86_400));
    let ahead = Scheduler::builder().clock(&clock).zone(Zone::utc()).journal(&journal).build().unwrap();
    ahead.task(line).every("1d").run(|| {}).unwrap();
    clock.advance(Duration::from_secs(1));
    ahead.shutdown();
    let (mut log, _running) = log_until(journal.to_str().unwrap(), &format!("{line}\n"), &["start line 1"]);
    log.retain(|line| !is_of_a_busy_machine(line));
    assert!(log.len() == 2 && log[1].starts_with("start due="), "{log:?}");
}

#[cfg(unix)]
#[test]
fn a_line_that_was_removed_is_forgotten_at_the_next_start() {
    let folder = Folder::new();
    let journal = folder.journal();
    let path = journal.to_str().unwrap();
    let (kept, gone) = ("@every 0.2s sleep 600", "@every 0.3s exec sleep 600");
    drop(log_until(path, &format!("{kept}\n{gone}\n"), &["start line 1", "start line 2"]));
    let (log, running) = log_until(path, &format!("{kept}\n"), &["start line 1", "forgot"]);
    let cut =
        log.iter().filter(|line| line.starts_with("cut due=")).map(|line| line.split_once(' ').unwrap().1);
    let cut: Vec<_> = cut.map(|line| line.split_once(' ').unwrap().1).collect();
    assert_eq!(cut, ["line 1: sleep …", "@every 0.3s exec …"], "{log:?}");
    assert!(log.contains(&"forgot @every 0.3s exec …".to_string()), "{log:?}");
    drop(running);
    let (log, _running) = log_until(path, &format!("{kept}\n{gone}\n"), &["start line 2"]);
    let cut = log.iter().filter(|line| line.starts_with("cut due=")).count();
    assert!(cut == 1 && !log.iter().any(|line| line.starts_with("forgot")), "{log:?}");
}

#[cfg(unix)]
#[test]
fn a_journal_continues_where_a_killed_process_stopped() {
    let folder = Folder::new();
    let journal = folder.journal();
    let path = journal.to_str().unwrap();
    // A day and two hours ago the daily job was run.
    let clock = ManualClock::new(SystemTime::now() - Duration::from_secs(26 * 3600));
    let earlier = Scheduler::builder().clock(&clock).zone(Zone::utc()).journal(&journal).build().unwrap();
    earlier.task("@every 1d echo daily").every("1d").run(|| {}).unwrap();
    clock.advance(Duration::from_secs(1));
    earlier.shutdown();

    let crontab = "@every 1d echo daily\n@every 0.2s exec sleep 600\n";
    // The daily one is two hours late.
    let (_, mut killed) = log_until(path, crontab, &["start line 1", "start line 2"]);
    let (status, _, stderr) = call_with_input(&["run", "-", "--journal", path], crontab);
    let in_use = format!("sexton: journal `{path}`: in use by another process");
    assert!(status == 1 && stderr.starts_with(&in_use), "{stderr}");
    killed.0.kill().unwrap();
    killed.0.wait().unwrap();

    // It knows a job by its line, wherever that stands.
    let moved = "# moved\n\n@every 1d echo daily\n@every 0.2s exec sleep 600\n";
    let (log, _running) = log_until(path, moved, &["start line 4"]);
    let is_daily = |line: &String| line.starts_with("start ") && line.ends_with("line 3: echo …");
    assert!(!log.iter().any(is_daily), "once is enough: {log:?}");
    let cut: Vec<_> = log.iter().filter(|line| line.starts_with("cut due=")).collect();
    assert!(cut.len() == 1 && cut[0].ends_with(" line 4: exec …"), "{log:?}");
}
