//! How the program notices a new version of its crontab, and what it does with it.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::daemon::{until, Daemon};
use crate::stage::must_end;

#[test]
fn each_way_to_ask_for_it_reads_the_crontab_again() {
    type Ask = fn(&Daemon);
    let ways: [(&str, Ask); 3] = [
        ("HUP", |daemon| daemon.signal("HUP")),
        ("USR2", |daemon| daemon.signal("USR2")),
        ("the file", |daemon| daemon.put("@every 100ms echo new\n@daily x\n")),
    ];
    for (way, ask) in ways {
        let daemon = Daemon::start("@every 100ms echo old\n", &[]);
        assert!(until(|| daemon.output().contains(&"old".into())), "{way}");
        if way != "the file" {
            // The file has not changed, so only the signal can ask for this.
            ask(&daemon);
            daemon.wait_for(1, &[" reload jobs=1 added=0 removed=0 changed=0"]);
            fs::write(daemon.crontab(), "@every 100ms echo new\n@daily x\n").unwrap();
        }
        ask(&daemon);
        daemon.wait_for(1, &[" reload jobs=2 added=2 removed=1 changed=0"]);
        let from = daemon.output().len();
        assert!(until(|| daemon.output()[from..].contains(&"new".into())), "{way}: {:#?}", daemon.log());
    }
}

/// Neither the time of its text nor its size tells. It may be one that could not be read before.
#[test]
fn a_file_whose_permissions_change_is_read_again() {
    use std::os::unix::fs::PermissionsExt;
    let daemon = Daemon::start("@daily x\n", &[]);
    daemon.wait_for(1, &[" ready "]);
    fs::set_permissions(daemon.crontab(), fs::Permissions::from_mode(0o640)).unwrap();
    daemon.wait_for(1, &[" reload jobs=1 added=0 removed=0 changed=0"]);
}

/// A ConfigMap is a folder of links to links: `crontab -> ..data/crontab`, `..data -> ..v1`. A new version renames `..data`.
/// The crontab is a file of it, or the folder itself is.
#[test]
fn a_new_version_of_a_config_map_is_noticed() {
    for is_folder in [false, true] {
        let folder = crate::journal::Folder::new();
        let mut root = folder.journal().parent().unwrap().to_path_buf();
        if is_folder {
            root.push("crontab");
            fs::create_dir(&root).unwrap();
        }
        new_version_is_noticed(folder, &root);
    }
}

fn new_version_is_noticed(folder: crate::journal::Folder, root: &Path) {
    let put = |version: &str, crontab: &str| {
        fs::create_dir(root.join(version)).unwrap();
        fs::write(root.join(version).join("crontab"), crontab).unwrap();
        symlink(version, root.join("..new")).unwrap();
        fs::rename(root.join("..new"), root.join("..data")).unwrap();
    };
    put("..v1", "@every 100ms echo 1\n");
    symlink("..data/crontab", root.join("crontab")).unwrap();
    let daemon = Daemon::start_in(folder, "", &[], super::super::sexton);
    assert!(until(|| daemon.output().contains(&"1".into())), "{:#?}", daemon.log());
    put("..v2", "@every 100ms echo 2\n");
    daemon.wait_for(1, &[" reload jobs=1 added=1 removed=1 "]);
    assert!(until(|| daemon.output().contains(&"2".into())));
}

#[test]
fn a_broken_crontab_keeps_the_old_jobs_and_says_where_it_is_broken() {
    let daemon = Daemon::start("@every 100ms echo old\n", &[]);
    daemon.wait_for(1, &[" ready "]);
    let broken: [(&str, &[&str]); 3] = [
        (
            "61 * * * * x\n",
            &["crontab:1:1: minute: no such value `61`, expected 0-59", "    61 * * * * x", "    ^^"],
        ),
        ("# nothing\n", &["` has no jobs; the jobs stay as they were"]),
        ("# sexton: retry=x\n@daily x\n", &["crontab:1:11: found `x`, expected a number from 0 to 1000"]),
    ];
    for (i, (text, says)) in broken.into_iter().enumerate() {
        daemon.put(text);
        daemon.wait_for(i + 1, &[" kept why="]);
        for line in says {
            assert_eq!(daemon.lines(&[line]).len(), 1, "{line}: {:#?}", daemon.log());
        }
        let from = daemon.output().len();
        assert!(until(|| daemon.output()[from..].contains(&"old".into())));
    }
    fs::remove_file(daemon.crontab()).unwrap();
    daemon.wait_for(1, &[" kept why=", "could not read"]);
    daemon.put("@every 100ms echo old\n");
    daemon.wait_for(1, &[" reload jobs=1 added=0 removed=0 changed=0"]);
}

#[test]
fn jobs_that_did_not_change_keep_running_and_do_not_overlap() {
    let job = "# sexton: name=long\n@every 100ms echo $$ >> began; until [ -e go ]; do sleep 0.02; done\n";
    let daemon = Daemon::start(&format!("{job}@reboot echo once >> once\n"), &[]);
    let first = daemon.wait_for_file("began");
    for version in 1..=3 {
        // A named job stays the same one when its line moves or changes; an `@reboot` job is run at the
        // start only.
        let job = job.replace("100ms", &format!("{}ms", 100 + version));
        let reboot = "@reboot echo once >> once\n@reboot echo new >> once\n";
        daemon.put(&format!("# version {version}\n@daily x{version}\n{reboot}{job}"));
        daemon.wait_for(version, &[" reload ", "changed=1"]);
    }
    assert!(until(|| daemon.lines(&[" missed ", "still running"]).len() > 3), "{:#?}", daemon.log());
    assert_eq!(daemon.wait_for_file("began"), first, "it runs once");
    assert_eq!(daemon.wait_for_file("once"), "once");
    fs::write(daemon.file("go"), "").unwrap();
    daemon.wait_for(1, &[" end status=0 ", " long"]);
    assert!(until(|| daemon.wait_for_file("began").lines().count() > 1), "it goes on: {:#?}", daemon.log());
}

#[test]
fn a_job_that_is_removed_finishes_and_does_not_run_again() {
    let daemon = Daemon::start(
        "# sexton: name=long\n@every 100ms echo $$ >> began; until [ -e go ]; do sleep 0.02; done\n",
        &[],
    );
    daemon.wait_for_file("began");
    daemon.put("@every 100ms echo other\n");
    daemon.wait_for(1, &[" reload jobs=1 added=1 removed=1 "]);
    fs::write(daemon.file("go"), "").unwrap();
    daemon.wait_for(1, &[" end status=0 ", " long"]);
    let from = daemon.output().len();
    assert!(until(|| daemon.output()[from..].len() > 3));
    assert_eq!(daemon.wait_for_file("began").lines().count(), 1);
}

#[test]
fn a_job_that_is_taken_out_and_put_back_does_not_overlap_itself() {
    let job = "@every 100ms echo $$ >> began; until [ -e go ]; do sleep 0.02; done\n";
    let both = format!("{job}@every 100ms echo other\n");
    let daemon = Daemon::start(&both, &[]);
    let first = daemon.wait_for_file("began");
    daemon.put("@every 100ms echo other\n");
    daemon.wait_for(1, &[" reload jobs=1 added=0 removed=1 "]);
    daemon.put(&both);
    daemon.wait_for(1, &[" reload jobs=2 added=1 removed=0 "]);
    let from = daemon.output().len();
    assert!(until(|| daemon.output()[from..].len() > 5));
    assert_eq!(daemon.wait_for_file("began"), first);
    fs::write(daemon.file("go"), "").unwrap();
    assert!(until(|| daemon.wait_for_file("began").lines().count() > 1), "it goes on: {:#?}", daemon.log());
}

#[test]
fn a_job_that_becomes_one_of_the_start_does_not_run_any_more() {
    let other = "@every 100ms echo other\n";
    let daemon = Daemon::start(&format!("# sexton: name=a\n@every 100ms echo old\n{other}"), &[]);
    assert!(until(|| daemon.output().contains(&"old".into())));
    daemon.put(&format!("# sexton: name=a\n@reboot echo new\n{other}"));
    daemon.wait_for(1, &[" reload jobs=2 added=0 removed=0 changed=1"]);
    let from = daemon.output().len();
    let others = || daemon.output()[from..].iter().filter(|line| *line == "other").count();
    assert!(until(|| others() > 5));
    let output = daemon.output();
    let runs = output[from..].iter().filter(|line| *line != "other").count();
    assert!(runs <= 1 && !output.contains(&"new".into()), "one may have been under way: {output:?}");
    // Back to what it was, it is due again.
    daemon.put(&format!("# sexton: name=a\n@every 100ms echo again\n{other}"));
    assert!(until(|| daemon.output().contains(&"again".into())));
}

/// Variables belong to the jobs below them, though they are on other lines.
#[test]
fn a_variable_that_changed_is_that_of_the_next_run() {
    let daemon = Daemon::start("A=old\n@every 100ms echo $A\n", &[]);
    assert!(until(|| daemon.output().contains(&"old".into())));
    daemon.put("A=new\n@every 100ms echo $A\n");
    daemon.wait_for(1, &[" reload jobs=1 added=0 removed=0 changed=1"]);
    assert!(until(|| daemon.output().contains(&"new".into())));
}

#[test]
fn many_versions_in_a_row_lose_nothing() {
    let line = |i: usize| format!("@every 50ms echo {i}\n");
    let daemon = Daemon::start(&line(0), &["--quiet"]);
    assert!(until(|| !daemon.output().is_empty()), "it handles signals: {:#?}", daemon.log());
    for i in 1..=200 {
        daemon.put(&(0..=i % 20).map(line).collect::<String>());
        daemon.signal("HUP");
    }
    daemon.put(&line(1000));
    daemon.signal("HUP");
    assert!(until(|| daemon.output().iter().rev().take(5).all(|line| line == "1000")), "{:#?}", daemon.log());
    assert_eq!(daemon.lines(&[" kept "]), [""; 0]);
}

#[test]
fn what_came_from_stdin_cannot_be_read_again() {
    use std::io::Write;
    let mut child = super::super::sexton(&["run", "-"]).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"@reboot kill -HUP $PPID; sleep 0.2; kill $PPID\n").unwrap();
    let (status, _, stderr) = super::super::outcome(child.wait_with_output().unwrap());
    assert!(status == 0 && stderr.contains("kept why=\"the crontab came from stdin"), "{status} {stderr}");
}

/// To open a pipe would block the loop that serves signals and time limits.
#[test]
fn a_pipe_in_place_of_the_crontab_is_not_read() {
    let mut daemon = Daemon::start("@every 100ms echo old\n", &[]);
    daemon.wait_for(1, &[" ready "]);
    make_pipe(&daemon.file("pipe"));
    fs::rename(daemon.file("pipe"), daemon.crontab()).unwrap();
    daemon.wait_for(1, &[" kept why=", "crontab` is no regular file, and cannot be read again"]);
    daemon.signal("HUP");
    daemon.wait_for(2, &[" kept why=", "crontab` is no regular file, and cannot be read again"]);
    daemon.signal("TERM");
    assert_eq!(daemon.end(), 0, "{:#?}", daemon.log());
}

/// As with `sexton run <(generate)`.
#[test]
fn a_pipe_is_read_at_the_start() {
    let folder = crate::journal::Folder::new();
    let pipe = folder.journal().with_file_name("crontab");
    make_pipe(&pipe);
    let daemon = Daemon::start_in(folder, "", &[], super::super::sexton);
    must_end("a pipe that is read", move || fs::write(pipe, "@every 100ms echo ran\n").unwrap());
    assert!(until(|| daemon.output().contains(&"ran".into())), "{:#?}", daemon.log());
}

pub fn make_pipe(path: &Path) {
    assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
}
