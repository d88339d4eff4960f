//! Whether `@reboot` jobs have been run since the machine, or the container, was started. With a journal they are run once a
//! boot, and without one at each start of the program.

use std::fs;

use crate::log::{Level, Log};

/// Whether this is the first start since then, by a file next to the journal.
pub fn is_first_start(journal: &str, log: &Log) -> bool {
    let boot = match boot() {
        Some(boot) => boot,
        None => return true,
    };
    let path = format!("{journal}.boot");
    if fs::read_to_string(&path).map_or(false, |known| known == boot) {
        return false;
    }
    if let Err(error) = fs::write(&path, boot) {
        log.message(Level::Error, "journal", &format!("could not write `{path}`: {error}"));
    }
    true
}

/// What no other boot has: the kernel's number of it, and when process 1 was started, which in a container is later. The
/// time of day would not do, as many machines only learn it after they have booted. `None` where there is no such thing: on
/// systems other than Linux.
fn boot() -> Option<String> {
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let stat = fs::read_to_string("/proc/1/stat").ok()?;
    // The 22nd field. The second one is a name in parentheses, which may have blanks in it.
    let start = stat.rsplit_once(')')?.1.split_whitespace().nth(19)?;
    Some(format!("{} {start}\n", id.trim()))
}
