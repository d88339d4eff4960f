//! What jobs write, and what is logged of them.

use super::super::call_with_input;

/// A job that writes lines in halves.
const HALVES: &str = "for i in 1 2 3 4 5 6 7 8 9; do printf 'left '; printf right >&2; sleep 0.0$i; echo ' end'; echo >&2; done";

#[test]
fn lines_of_several_jobs_do_not_mix() {
    let crontab: String = (0..8).map(|i| format!("# sexton: name=job{i}\n@reboot {HALVES}\n")).collect();
    let (status, stdout, stderr) = call_with_input(&["run", "-", "--quiet", "--output", "prefix"], &crontab);
    assert_eq!(status, 0);
    for (text, line) in [(stdout, "left  end"), (stderr, "right")] {
        let text: Vec<_> = text.lines().filter(|line| line.starts_with('[')).collect();
        assert_eq!(text.len(), 72, "{text:#?}");
        for i in 0..8 {
            assert_eq!(
                text.iter().filter(|found| **found == format!("[job{i}] {line}")).count(),
                9,
                "{text:#?}"
            );
        }
    }
}

/// As in `sexton run crontab 2>&1 | reader`. A pipe keeps only short writes together.
#[test]
fn long_lines_on_stdout_and_stderr_do_not_mix_in_one_pipe() {
    use std::process::{Command, Stdio};
    let job = |c: char, to: &str| {
        let line = format!("l=$(head -c 20000 /dev/zero | tr '\\0' {c})");
        format!("# sexton: name={c}\n@reboot {line}; for i in $(seq 200); do echo $l{to}; done\n")
    };
    let folder = crate::journal::Folder::new();
    let crontab = folder.journal().with_file_name("crontab");
    std::fs::write(&crontab, job('o', "") + &job('e', " >&2")).unwrap();
    let program = super::super::sexton(&["run", crontab.to_str().unwrap(), "--output", "prefix"]);
    let mut command = Command::new("sh");
    command.args(["-c", "exec \"$@\" 2>&1", "sh"]).arg(program.get_program()).args(program.get_args());
    let output = command.env("TZ", "UTC0").stdin(Stdio::null()).stderr(Stdio::null()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    for c in ["o", "e"] {
        let line = format!("[{c}] {}", c.repeat(20000));
        assert_eq!(text.lines().filter(|found| *found == line).count(), 200, "{c}");
    }
}

#[test]
fn the_last_line_needs_no_end_and_a_process_left_behind_delays_nothing() {
    let began = std::time::Instant::now();
    let crontab = "# sexton: output=prefix\n@reboot sleep 60 & printf no-end\n@reboot printf plain\n";
    let (status, stdout, stderr) = call_with_input(&["run", "-"], crontab);
    let took = began.elapsed().as_secs_f64();
    let mut parts: Vec<_> = stdout.split_inclusive('\n').collect();
    parts.sort_unstable();
    assert!(status == 0 && stdout.contains("[line 2] no-end\n") && stdout.contains("plain"), "{stdout}");
    assert!(took < 60.0);
    // The program has waited half a second for the last output, and that is no time that the job took.
    let end = stderr.lines().find(|line| line.contains(" end ") && line.contains(" line 2: ")).unwrap();
    let of_job = end.split_once("took=").unwrap().1.split_once("s ").unwrap().0;
    assert!(of_job.parse::<f64>().unwrap() <= took - 0.499, "{took} {end}");
}

#[test]
fn a_very_long_line_is_split_between_characters() {
    let twice = "s=$s$s; ".repeat(17);
    for how in ["json", "prefix"] {
        let crontab = format!("# sexton: name=long output={how}\n@reboot s=ü; {twice}echo x$s\n");
        let (status, stdout, _) = call_with_input(&["run", "-"], &crontab);
        let lines = stdout.lines().map(|line| line.strip_prefix("[long] ").unwrap_or(line));
        let parts: Vec<_> = lines.map(|line| line.rsplit("\"text\":\"").next().unwrap()).collect();
        let text = parts.iter().map(|part| part.trim_end_matches("\"}")).collect::<String>();
        assert!(status == 0 && parts.len() > 1 && text == format!("x{}", "ü".repeat(1 << 17)), "{how}");
    }
}

#[test]
fn json_is_an_object_a_line() {
    let crontab =
        "# sexton: name=quote output=json\n@reboot printf 'a\"b\\n'; printf 'c\\\\\\n' >&2; exit 3\n";
    let (status, stdout, stderr) = call_with_input(&["run", "-", "--log", "json"], crontab);
    assert_eq!(status, 0);
    let out: Vec<_> = stdout.lines().collect();
    assert!(
        out.len() == 1
            && out[0].ends_with(
                r#""level":"info","event":"output","job":"quote","stream":"stdout","text":"a\"b"}"#
            )
    );
    for (event, rest) in [
        ("ready", r#""jobs":1,"zone":"UTC0"}"#),
        ("start", r#""job":"quote","due":""#),
        ("output", r#""job":"quote","stream":"stderr","text":"c\\"}"#),
        ("fail", r#""level":"error","event":"fail","job":"quote","status":3,"took":0."#),
        ("over", r#""message":"no job is left"}"#),
    ] {
        let is_it = |line: &&str| line.contains(&format!("\"event\":\"{event}\"")) && line.contains(rest);
        assert_eq!(stderr.lines().filter(is_it).count(), 1, "{event}: {stderr}");
    }
    let is_object = |line: &str| line.starts_with("{\"time\":\"") && line.ends_with('}');
    assert!(stderr.lines().all(is_object), "{stderr}");
}

#[test]
fn the_log_has_levels() {
    let crontab = "@reboot true\n@reboot false\n";
    let words = |options: &[&str]| {
        let (_, _, stderr) = call_with_input(&[&["run", "-"], options].concat(), crontab);
        let mut words: Vec<_> =
            stderr.lines().map(|line| line.split(' ').nth(1).unwrap().to_string()).collect();
        words.retain(|word| word != "late");
        words.sort_unstable();
        words.dedup();
        words.join(" ")
    };
    assert_eq!(words(&[]), "end fail over ready start");
    assert_eq!(words(&["--quiet"]), "fail");
    assert_eq!(words(&["--verbose"]), "end fail over ready scheduled start");
}

/// A full disk, and a reader that reads nothing: the jobs go on.
#[cfg(target_os = "linux")]
#[test]
fn a_log_that_cannot_be_written_stops_no_job() {
    use std::fs::File;
    let full = || File::options().write(true).open("/dev/full").unwrap();
    for how in ["plain", "prefix", "json"] {
        let folder = crate::journal::Folder::new();
        let crontab = folder.journal().with_file_name("crontab");
        std::fs::write(&crontab, "@reboot echo out; echo err >&2; echo done > done\n").unwrap();
        let mut program = super::super::sexton(&["run", crontab.to_str().unwrap(), "--output", how]);
        program.current_dir(crontab.parent().unwrap()).stdout(full()).stderr(full());
        assert_eq!(program.status().unwrap().code(), Some(0), "{how}");
        assert!(crontab.with_file_name("done").exists(), "{how}");
    }
}

/// The pipe of the log is full from the beginning.
#[test]
fn a_log_that_nobody_reads_delays_no_job_and_no_stop() {
    use super::daemon::Daemon;
    let fill = "mkfifo log; sleep 60 <log >/dev/null 2>&1 & head -c 65536 /dev/zero >log; exec \"$@\" 2>log";
    let program = |args: &[&str]| {
        let inner = super::super::sexton(args);
        let mut command = std::process::Command::new("sh");
        command.args(["-c", fill, "sh"]).arg(inner.get_program()).args(args).env("TZ", "UTC0");
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        command
    };
    let crontab = "@every 50ms echo x >> ticks\n";
    let mut daemon = Daemon::start_in(crate::journal::Folder::new(), crontab, &[], program);
    assert!(super::daemon::until(|| daemon.wait_for_file("ticks").lines().count() > 20));
    daemon.signal("TERM");
    assert_eq!(daemon.end(), 0);
}

#[test]
fn a_reader_that_reads_nothing_delays_no_other_job_and_no_stop() {
    use super::daemon::until;
    use std::process::{Command, Stdio};
    let folder = crate::journal::Folder::new();
    let crontab = folder.journal().with_file_name("crontab");
    // More than a pipe holds.
    let endless = "@reboot while :; do echo 0123456789012345678901234567890123456789; done\n";
    std::fs::write(&crontab, format!("{endless}@every 100ms echo x >> ticks; :\n")).unwrap();
    let mut program =
        super::super::sexton(&["run", crontab.to_str().unwrap(), "--output", "prefix", "--grace", "0s"]);
    program.current_dir(crontab.parent().unwrap()).stderr(Stdio::null());
    let mut child = program.spawn().unwrap();
    let ticks =
        || std::fs::read_to_string(crontab.with_file_name("ticks")).unwrap_or_default().lines().count();
    let goes_on = until(|| ticks() > 20);
    Command::new("kill").arg(child.id().to_string()).status().unwrap();
    let ends = until(|| child.try_wait().unwrap().is_some());
    let _ = child.kill();
    assert!(goes_on && ends, "{goes_on} {ends}");
}
