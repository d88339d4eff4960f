//! `@reboot`: once a boot with a journal, and at each start without one.

use std::fs;

use super::super::sexton;
use super::daemon::{signal, Daemon};
use super::process_one::{as_process_one, has_namespaces};
use crate::journal::Folder;

const CRONTAB: &str = "@reboot echo booted\n@every 100ms echo tick >> ticks\n";

/// Runs the crontab until the other job has run. Whether the `@reboot` job was run.
fn is_booted(options: &[&str], program: fn(&[&str]) -> std::process::Command) -> bool {
    let mut daemon = Daemon::start_in(Folder::new(), CRONTAB, options, program);
    daemon.wait_for_file("ticks");
    signal("TERM", daemon.first_process());
    assert_eq!(daemon.end(), 0, "{:#?}", daemon.log());
    assert_eq!(daemon.lines(&[" forgot "]), [""; 0]);
    daemon.output().contains(&"booted".into())
}

#[test]
fn reboot_jobs_are_run_once_a_boot_with_a_journal() {
    let folder = Folder::new();
    let journal = folder.journal();
    let options = ["--journal", journal.to_str().unwrap()];
    assert!(is_booted(&[], sexton) && is_booted(&[], sexton));
    assert!(is_booted(&options, sexton));
    assert!(!is_booted(&options, sexton) && !is_booted(&options, sexton));
    // As after a boot.
    let boot = journal.with_file_name(format!("{}.boot", journal.file_name().unwrap().to_str().unwrap()));
    let this = fs::read_to_string(&boot).unwrap();
    fs::write(&boot, this.replace('-', "+")).unwrap();
    assert!(is_booted(&options, sexton) && !is_booted(&options, sexton));
}

/// A container that is started again has booted, though the machine has not.
#[test]
fn reboot_jobs_are_run_once_in_the_life_of_a_container() {
    if !has_namespaces() {
        return;
    }
    let folder = Folder::new();
    let journal = folder.journal();
    let options = ["--journal", journal.to_str().unwrap()];
    assert!(is_booted(&options, as_process_one));
    assert!(is_booted(&options, as_process_one));
}
