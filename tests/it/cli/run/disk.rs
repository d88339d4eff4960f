//! A disk that is full: in a mount namespace.

use std::fs;
use std::process::{Command, Stdio};

use super::super::sexton;
use super::daemon::{until, Daemon};
use crate::journal::Folder;

/// Small enough to be filled at once.
const MOUNT: &str = "mkdir -p disk && mount -t tmpfs -o size=256k none disk";

fn on_a_small_disk(args: &[&str]) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", &format!("{MOUNT} && exec \"$@\""), "sh"]);
    command.arg(sexton(&[]).get_program()).args(args).env("TZ", "UTC0").env_remove("TZDIR");
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[test]
fn a_journal_on_a_full_disk_is_reported_and_stops_no_job() {
    let folder = Folder::new();
    let mut tried = Command::new("unshare");
    tried.args(["--mount", "sh", "-c", MOUNT]).current_dir(folder.journal().parent().unwrap());
    if !tried.stderr(Stdio::null()).status().map_or(false, |status| status.success()) {
        eprintln!("left out: `unshare` makes no mount namespace here");
        return;
    }
    let crontab = "@every 50ms echo x >> ticks\n\
                   @every 50ms [ -e full ] || { echo x > full; head -c 1000000 /dev/zero >> disk/fill; }\n\
                   @every 50ms [ ! -e go ] || { rm -f disk/fill; echo x > gone; }\n";
    let options = ["--journal", "disk/journal"];
    let mut daemon = Daemon::start_in(Folder::new(), crontab, &options, on_a_small_disk);
    daemon.wait_for(1, &[" journal message=", "No space left on device"]);
    let ticks = || daemon.wait_for_file("ticks").lines().count();
    let before = ticks();
    assert!(until(|| ticks() > before + 10), "{:#?}", daemon.log());
    // It is said when it begins, and not for each run. The last block of the file may still have room for a short record.
    assert!(daemon.lines(&[" journal message="]).len() < 5, "{:#?}", daemon.log());
    fs::write(daemon.file("go"), "").unwrap();
    daemon.wait_for_file("gone");
    let before = ticks();
    assert!(until(|| ticks() > before + 10));
    daemon.signal("TERM");
    assert_eq!(daemon.end(), 0);
}
