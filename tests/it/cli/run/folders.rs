//! Several crontabs, and folders of them.

use std::fs;
use std::path::PathBuf;

use super::super::{call, call_with_input, outcome, own_user, sexton};
use super::daemon::{until, Daemon};
use super::reload::make_pipe;
use crate::journal::Folder;
use crate::stage::must_end;

/// A folder with files.
fn folder(files: &[(&str, &str)]) -> (Folder, PathBuf) {
    let root = Folder::new();
    let path = root.journal().with_file_name("crontab");
    fs::create_dir(&path).unwrap();
    for (name, text) in files {
        fs::write(path.join(name), text).unwrap();
    }
    (root, path)
}

#[test]
fn a_folder_is_one_crontab_without_the_files_that_run_parts_would_not_run() {
    let broken = "61 * * * * x\n";
    let (root, path) = folder(&[
        ("b-c_2", "B=2\n@every 100ms echo b$A$B\n"),
        ("a", "A=1\n@every 100ms echo a$A\n"),
        ("old.bak", broken),
        ("a~", broken),
        (".hidden", broken),
    ]);
    fs::create_dir(path.join("folder")).unwrap();
    let daemon = Daemon::start_in(root, "", &[], sexton);
    // A variable is that of its file.
    assert!(until(|| ["a1", "b2"].iter().all(|line| daemon.output().contains(&line.to_string()))));
    let place = |file: &str| format!("{}/{file}", path.display());
    daemon.wait_for(1, &[" end status=0 ", &format!("{}:2: echo …", place("a"))]);
    let skipped = daemon.lines(&[" skipped "]);
    assert_eq!(skipped.len(), 2, "{skipped:?}");
    for (line, file) in skipped.iter().zip(["a~", "old.bak"]) {
        assert!(line.contains(&format!("`{}` is left out", place(file))), "{line}");
    }

    // One that is left out is written all the time, as the log of a job. It holds up no other.
    fs::write(path.join("b-c_2"), "B=2\n@every 100ms echo b$A$B >> crontab/jobs.log; echo b$A$B\n").unwrap();
    daemon.wait_for(1, &[" reload jobs=2 added=1 removed=1 changed=0"]);
    daemon.wait_for(1, &[" skipped ", "jobs.log` is left out"]);

    // Files may come and go.
    fs::write(path.join("new"), "@every 100ms echo new\n").unwrap();
    daemon.wait_for(1, &[" reload jobs=3 added=1 removed=0 changed=0"]);
    assert!(until(|| daemon.output().contains(&"new".into())));
    fs::remove_file(path.join("a")).unwrap();
    daemon.wait_for(1, &[" reload jobs=2 added=0 removed=1 changed=0"]);
    // A run that had begun may print later than some of the others.
    assert!(until(|| {
        let from = daemon.output().len();
        until(|| daemon.output().len() > from + 5) && !daemon.output()[from..].contains(&"a1".into())
    }));

    // One file with a mistake keeps the jobs of all.
    fs::write(path.join("new"), broken).unwrap();
    daemon.wait_for(1, &[" kept why="]);
    let mistake = format!("{}:1:1: minute: no such value `61`, expected 0-59", place("new"));
    assert_eq!(daemon.lines(&[&mistake]).len(), 1, "{:#?}", daemon.log());
    let from = daemon.output().len();
    assert!(until(|| daemon.output()[from..].contains(&"new".into())));
}

#[test]
fn several_crontabs_are_one() {
    let (_root, path) = folder(&[
        ("a", "# sexton: name=same\n0 1 * * * x\n"),
        ("b", "# sexton: name=same\n0 2 * * * x\n"),
        ("c", "0 3 * * * x\n61 * * * * x\n"),
        ("d", "A=d\n@reboot echo $A\n"),
        ("e", "@reboot echo e$A\n0 5 13 * fri x\n"),
    ]);
    let file = |name: &str| path.join(name).to_str().unwrap().to_string();
    let (a, b, c, d, e) = (file("a"), file("b"), file("c"), file("d"), file("e"));

    // A name is used once in all of them.
    let (status, stdout, stderr) = call(&["check", path.to_str().unwrap()]);
    let places: Vec<_> = stdout.lines().filter(|line| line.starts_with('/')).collect();
    assert_eq!(
        places,
        [
            &*format!("{b}:2:1: the name `same` is used: the job at {a}:2 has it"),
            &format!("{c}:2:1: minute: no such value `61`, expected 0-59"),
            &format!("{e}:2:5: warning: fires on the 13th and on Fridays, not only where the two meet (either-day)"),
        ]
    );
    assert_eq!((status, &*stderr), (1, ""));
    let (status, _, stderr) = call(&["run", &a, &b]);
    let refused = format!("sexton: `{a} {b}` has 1 mistake\n");
    assert!(status == 1 && stderr.ends_with(&refused), "{stderr}");
    assert_eq!(call(&["check", &a, &d]).1, "2 jobs, no mistakes\n");

    let once = |name: &str| call(&["run", &d, &e, "--quiet", "--once", name]);
    assert_eq!(once(&format!("{d}:2")), (0, "d\n".into(), String::new()));
    assert_eq!(once(&format!("{e}:1")), (0, "e\n".into(), String::new()));

    let from = ["--from", "2026-11-29 12:00", "--json"];
    let json = call(&[&["next", &a, &d, "--count", "1"], &from[..]].concat()).1;
    let due = "\"due\":\"2026-11-30T01:00:00Z\"";
    assert_eq!(json, format!("{{{due},\"job\":\"same\",\"line\":2,\"file\":\"{a}\"}}\n"));
    let json = call(&[&["list", &a, &e], &from[..]].concat()).1;
    let second =
        format!("{{\"job\":\"{e}:2\",\"line\":2,\"file\":\"{e}\",\"next\":\"2026-12-04T05:00:00Z\",");
    assert!(json.lines().nth(1).unwrap().starts_with(&second), "{json}");

    // Stdin may be one of them.
    let mut child = sexton(&["run", "-", &d]).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"@reboot echo stdin$A\n").unwrap();
    let (status, stdout, stderr) = outcome(child.wait_with_output().unwrap());
    let mut lines: Vec<_> = stdout.lines().collect();
    lines.sort_unstable();
    assert_eq!((status, lines), (0, vec!["d", "stdin"]), "{stderr}");
    assert!(stderr.contains(" end status=0 ") && stderr.contains(" <stdin>:1: echo …\n"), "{stderr}");
}

#[test]
fn a_warning_is_about_its_own_file() {
    let (_root, path) = folder(&[
        ("a", "# sexton: allow without-effect\nMAILTO=ops\n0 3 * * * x\n"),
        ("b", "# the same line\nMAILTO=ops\n0 3 * * * x\n\n0 3 * * * x\n"),
    ]);
    let check = |options: &[&str]| call(&[&["check", path.to_str().unwrap()], options].concat());
    let (status, stdout, stderr) = check(&[]);
    let places: Vec<_> = stdout.lines().filter(|line| line.contains(": warning: ")).collect();
    let b = path.join("b").display().to_string();
    assert_eq!(places.len(), 2, "{stdout}");
    assert!(
        places[0].starts_with(&format!("{b}:2:8: ")) && places[0].ends_with("(without-effect)"),
        "{stdout}"
    );
    assert!(
        places[1].starts_with(&format!("{b}:5:1: ")) && places[1].ends_with("(same-line-twice)"),
        "{stdout}"
    );
    assert!(places[1].contains("in line 3"), "{stdout}");
    assert!(stdout.ends_with("\n3 jobs, no mistakes, 2 warnings\n"), "{stdout}");
    assert_eq!((status, &*stderr), (0, ""));
    assert_eq!(check(&["--strict"]).0, 1);
    let allowed = check(&["--strict", "--allow", "without-effect,same-line-twice"]);
    assert_eq!(allowed, (0, "3 jobs, no mistakes\n".into(), String::new()));
}

#[test]
fn a_folder_may_have_the_users_of_jobs() {
    let own = format!("A=1\n@reboot {} echo $A\n", own_user());
    let (_root, path) = folder(&[("a", &own), ("b", &own.replace("A=1", "A=2"))]);
    let system = |command: &str| call(&[command, "--system", path.to_str().unwrap()]);
    let (status, stdout, stderr) = system("run");
    let mut lines: Vec<_> = stdout.lines().collect();
    lines.sort_unstable();
    assert_eq!((status, lines), (0, vec!["1", "2"]), "{stderr}");

    fs::write(path.join("b"), "# nobody\n@reboot no-such-user x\n").unwrap();
    let (status, stdout, stderr) = system("run");
    let b = path.join("b").display().to_string();
    let refused = format!("{b}:2:9: there is no user `no-such-user` here\n");
    assert!(status == 1 && stdout.is_empty() && stderr.starts_with(&refused), "{stderr}");
    let (status, stdout, _) = system("check");
    let warning = format!("{b}:2:9: warning: there is no user `no-such-user` here (other-user)\n");
    assert!(status == 0 && stdout.starts_with(&warning), "{stdout}");
}

#[test]
fn an_empty_folder_has_no_jobs() {
    let (_root, path) = folder(&[("nothing", "# nothing\n")]);
    let path = path.to_str().unwrap();
    let message = format!("sexton: `{path}` has no jobs: there is nothing to run\n");
    for command in ["run", "check"] {
        assert_eq!(call(&[command, path]), (1, String::new(), message.clone()));
    }
    assert_eq!(call_with_input(&["next", path], ""), (0, String::new(), String::new()));
}

/// To open a pipe would take until somebody writes to it.
#[test]
fn what_is_no_regular_file_is_left_out_of_a_folder() {
    let (_root, path) = folder(&[("a", "# sexton: name=a\n@daily x\n")]);
    make_pipe(&path.join("pipe"));
    make_pipe(&path.join(".hidden"));
    let (status, stdout, stderr) =
        must_end("`next`", move || call(&["next", path.to_str().unwrap(), "--count=1"]));
    assert!(status == 0 && stdout.ends_with("T00:00:00Z a\n"), "{stdout}{stderr}");
    assert!(stderr.ends_with("/crontab/pipe` is left out: expected a regular file\n"), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
}
