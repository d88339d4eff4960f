//! A journal on a real disk. What is damaged, killed or fought over is in the modules.

use std::env;
use std::fmt;
use std::time::{Duration, UNIX_EPOCH};

use super::file::brought_to_disk;
use super::*;

mod damage;
mod disk;
mod format;
mod model;
#[cfg(unix)]
mod processes;

/// A new folder, which is removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = env::temp_dir().join(format!("sexton-journal-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir(&path).unwrap();
        Folder(path)
    }

    fn journal(&self) -> PathBuf {
        self.0.join("jobs.journal")
    }

    /// The names of all files, in their order, but for locks.
    fn files(&self) -> Vec<String> {
        let names =
            fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.filter(|name| !name.contains(".lock")).collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// So many seconds after 1970.
fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

const HOUR: u64 = 3600;

/// Opens a journal in which nothing is wrong.
fn open(path: &Path) -> Journal {
    let Opened { journal, damage } = Journal::open(path).unwrap();
    assert!(damage.is_none(), "{}", damage.unwrap());
    journal
}

/// What is known of a name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Past {
    last: Option<SystemTime>,
    cut_off: Vec<SystemTime>,
}

/// A journal, and what was wrong with it.
struct Opened {
    journal: Journal,
    damage: Option<String>,
}

impl Journal {
    fn open(path: &Path) -> Result<Opened, JournalError> {
        let mut journal = Journal::at(path);
        match journal.open_file() {
            Ok(damage) => Ok(Opened { journal, damage }),
            Err(error) => Err(error.of_journal(path)),
        }
    }

    /// All that is known of a name, which is claimed with this.
    fn past(&mut self, name: &str) -> Past {
        let last = self.state.get(name).and_then(|known| known.last);
        Past { last, cut_off: self.claim(name) }
    }

    fn scheduled(&mut self, name: &str, at: SystemTime) -> Result<bool, StoreError> {
        self.write(name, Record::Scheduled(at))
    }

    fn began(&mut self, name: &str, due: SystemTime, is_durable: bool) -> Result<bool, StoreError> {
        self.write(name, Record::Began { due, durability: durability(is_durable) })
    }

    fn asked(&mut self, name: &str, at: SystemTime, is_durable: bool) -> Result<bool, StoreError> {
        self.write(name, Record::Asked { at, durability: durability(is_durable) })
    }

    fn ended(&mut self, name: &str, due: SystemTime) -> Result<bool, StoreError> {
        self.write(name, Record::Ended(due))
    }

    fn passed(&mut self, name: &str, due: SystemTime) -> Result<bool, StoreError> {
        self.write(name, Record::Passed(due))
    }

    fn forget(&mut self, name: &str) -> Result<bool, StoreError> {
        self.write(name, Record::Forgot)
    }
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opened").field("path", &self.journal.path).finish_non_exhaustive()
    }
}

fn durability(is_durable: bool) -> Durability {
    match is_durable {
        true => Durability::PowerFailure,
        false => Durability::Process,
    }
}

fn past(last: u64, cut_off: &[u64]) -> Past {
    Past { last: Some(at(last)), cut_off: cut_off.iter().map(|due| at(*due)).collect() }
}

#[test]
fn the_next_process_knows_what_was_run_and_what_was_cut_off() {
    let folder = Folder::new("past");
    let mut journal = open(&folder.journal());
    assert_eq!(journal.past("report"), Past::default());
    journal.began("report", at(60), true).unwrap();
    journal.ended("report", at(60)).unwrap();
    journal.began("backup", at(60), false).unwrap();
    journal.began("backup", at(60), true).unwrap();
    journal.began("backup", at(120), false).unwrap();
    journal.ended("backup", at(60)).unwrap();
    journal.passed("feed", at(90)).unwrap();
    journal.began("old", at(60), false).unwrap();
    journal.forget("old").unwrap();
    journal.ended("old", at(60)).unwrap();
    drop(journal);

    let mut journal = open(&folder.journal());
    assert_eq!(journal.past("report"), past(60, &[]));
    assert_eq!(journal.past("backup"), past(120, &[60, 120]));
    assert_eq!(journal.past("backup"), past(120, &[]), "told once");
    assert_eq!(journal.past("feed"), past(90, &[]));
    assert_eq!(journal.past("old"), Past::default());
    // The same due once more: it is another run.
    journal.began("backup", at(120), false).unwrap();
    drop(journal);

    let mut journal = open(&folder.journal());
    assert_eq!(journal.past("backup"), past(120, &[120]), "told once, across processes");
    assert_eq!(folder.files(), ["jobs.journal"]);
}

#[test]
fn runs_that_nobody_asked_for_are_kept_until_somebody_does() {
    let folder = Folder::new("kept");
    for due in [60, 120] {
        open(&folder.journal()).began("report", at(due), false).unwrap();
    }
    assert_eq!(open(&folder.journal()).past("report"), past(120, &[60, 120]));
}

/// Also if it is the earlier one: then the clock was set back, and what it shows again is due again.
#[test]
fn the_last_due_is_the_one_that_was_said_last() {
    let folder = Folder::new("last");
    let mut journal = open(&folder.journal());
    for due in [100 * HOUR, 98 * HOUR, 99_999 * HOUR, 101 * HOUR] {
        journal.began("report", at(due), false).unwrap();
        journal.ended("report", at(due)).unwrap();
        assert_eq!(journal.past("report"), past(due, &[]));
        journal.passed("report", at(due + 9)).unwrap();
        journal.passed("report", at(due + 7)).unwrap();
        assert_eq!(journal.past("report"), past(due + 7, &[]));
    }
    drop(journal);
    assert_eq!(open(&folder.journal()).past("report"), past(101 * HOUR + 7, &[]));
}

#[test]
fn being_scheduled_is_remembered_of_a_new_name_alone() {
    let folder = Folder::new("scheduled");
    let mut journal = open(&folder.journal());
    journal.scheduled("report", at(60)).unwrap();
    journal.scheduled("report", at(70)).unwrap();
    assert_eq!(journal.past("report"), past(60, &[]));
    journal.began("report", at(80), false).unwrap();
    journal.scheduled("report", at(90)).unwrap();
    journal.forget("report").unwrap();
    journal.asked("report", at(95), true).unwrap();
    drop(journal);
    let mut journal = open(&folder.journal());
    assert_eq!(journal.past("report"), Past { last: None, cut_off: vec![at(95)] });
    journal.scheduled("report", at(100)).unwrap();
    assert_eq!(journal.past("report"), past(100, &[]));
}

/// Somebody tidies up, or an editor puts a new file in its place: neither the one nor the other is written to.
#[cfg(unix)]
#[test]
fn a_file_that_is_not_in_its_place_any_more_is_not_written_to() {
    let folder = Folder::new("replaced");
    let (path, moved) = (folder.journal(), folder.0.join("moved"));
    let mut journal = open(&path);
    journal.began("report", at(60), true).unwrap();
    let before = fs::read(&path).unwrap();
    let mut refused = |why: &str| {
        let error = journal.began("report", at(90), false).unwrap_err().to_string();
        assert!(error.ends_with(&format!("writing a record: {why}")), "{error}");
    };
    fs::rename(&path, &moved).unwrap();
    refused("No such file or directory (os error 2)");
    fs::write(&path, "mine\n").unwrap();
    refused("found another file in its place");
    refused("found another file in its place");
    assert_eq!(fs::read(&path).unwrap(), b"mine\n");
    fs::rename(&moved, &path).unwrap();
    assert_eq!(fs::read(&path).unwrap(), before);
    journal.began("report", at(120), false).unwrap();
    drop(journal);
    assert_eq!(open(&path).past("report"), past(120, &[60, 120]));
}

#[test]
fn what_says_nothing_new_is_not_written() {
    let folder = Folder::new("new");
    let mut journal = open(&folder.journal());
    journal.began("report", at(60), false).unwrap();
    journal.ended("report", at(60)).unwrap();
    let before = fs::read(folder.journal()).unwrap();
    journal.ended("report", at(60)).unwrap();
    journal.ended("report", at(61)).unwrap();
    journal.ended("unknown", at(60)).unwrap();
    journal.passed("report", at(60)).unwrap();
    journal.forget("unknown").unwrap();
    assert_eq!(fs::read(folder.journal()).unwrap(), before);
    assert_eq!(journal.past("unknown"), Past::default());
}

#[test]
fn a_journal_that_has_grown_is_written_anew() {
    let folder = Folder::new("grown");
    let mut journal = open(&folder.journal());
    // A run that was cut off, when the clock was ahead.
    journal.began("backup", at(9999 * 24 * HOUR), false).unwrap();
    drop(journal);
    let mut journal = open(&folder.journal());
    journal.began("backup", at(60), false).unwrap();
    let mut longest = 0;
    for due in 0..3000 {
        journal.began("report", at(due), false).unwrap();
        journal.ended("report", at(due)).unwrap();
        longest = longest.max(fs::metadata(folder.journal()).unwrap().len());
        if due == 2000 {
            drop(journal);
            journal = open(&folder.journal());
        }
    }
    assert!((64_000..=64 * 1024).contains(&longest), "{longest} bytes");
    assert!(fs::metadata(folder.journal()).unwrap().len() < 50_000);
    drop(journal);
    let mut journal = open(&folder.journal());
    assert_eq!(journal.past("report"), past(2999, &[]));
    assert_eq!(journal.past("backup"), past(60, &[60, 9999 * 24 * HOUR]));
    assert_eq!(folder.files(), ["jobs.journal"]);
}

#[test]
fn a_journal_is_as_long_as_its_names_need() {
    let folder = Folder::new("names");
    let mut journal = open(&folder.journal());
    let len = || fs::metadata(folder.journal()).unwrap().len();
    for name in 0..5000 {
        journal.passed(&format!("task {name}"), at(name)).unwrap();
    }
    let needed = len();
    for due in 0..10 {
        for name in 0..5000 {
            journal.passed(&format!("task {name}"), at(due * 5000 + name)).unwrap();
            assert!(len() <= 4 * needed + 100);
        }
    }
    for name in 0..5000 {
        journal.forget(&format!("task {name}")).unwrap();
    }
    drop(journal);
    drop(open(&folder.journal()));
    assert_eq!(len(), 17, "nothing is left but the header");
}

/// Nothing is lost then, and it is not tried again with each record.
#[test]
fn a_journal_that_cannot_be_written_anew_grows_on() {
    let folder = Folder::new("grows-on");
    let in_the_way = folder.0.join("jobs.journal.new");
    let mut journal = open(&folder.journal());
    fs::create_dir(&in_the_way).unwrap();
    let len = || fs::metadata(folder.journal()).unwrap().len();
    let mut pass =
        |dues: std::ops::Range<u64>| dues.for_each(|due| assert!(journal.passed("report", at(due)).unwrap()));
    pass(1000..4000);
    assert_eq!(len(), 17 + 3000 * 38);
    fs::remove_dir(&in_the_way).unwrap();
    pass(4000..4001);
    assert!(len() > 100_000);
    pass(4001..8000);
    assert!(len() < 64 * 1024);
    drop(journal);
    assert_eq!(open(&folder.journal()).past("report"), past(7999, &[]));
}

#[cfg(unix)]
#[test]
fn a_file_that_is_written_anew_keeps_its_mode() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new("mode");
    drop(open(&folder.journal()));
    fs::set_permissions(folder.journal(), fs::Permissions::from_mode(0o600)).unwrap();
    let mut journal = open(&folder.journal());
    let inode = |path: &Path| std::os::unix::fs::MetadataExt::ino(&fs::metadata(path).unwrap());
    let before = inode(&folder.journal());
    for due in 0..2000 {
        journal.passed("report", at(due)).unwrap();
    }
    assert_ne!(inode(&folder.journal()), before, "written anew");
    assert_eq!(fs::metadata(folder.journal()).unwrap().permissions().mode() & 0o777, 0o600);
}

/// Neither what it says nor that it has its name, which a power failure would undo.
#[cfg(unix)]
#[test]
fn what_is_durable_is_brought_to_the_disk_with_the_name_of_the_file() {
    let folder = Folder::new("disk");
    let path = folder.journal();
    let mut journal = open(&path);
    assert_eq!(brought_to_disk(), ["file", "folder"]);
    journal.began("report", at(60), false).unwrap();
    journal.ended("report", at(60)).unwrap();
    journal.passed("report", at(90)).unwrap();
    assert_eq!(brought_to_disk(), [""; 0]);
    journal.began("report", at(120), true).unwrap();
    journal.asked("report", at(150), true).unwrap();
    assert_eq!(brought_to_disk(), ["line", "line"]);
    drop(journal);

    // Nobody knows who has put it there.
    let mut journal = open(&path);
    journal.began("report", at(180), false).unwrap();
    assert_eq!(brought_to_disk(), [""; 0]);
    journal.began("report", at(210), true).unwrap();
    journal.began("report", at(240), true).unwrap();
    assert_eq!(brought_to_disk(), ["line", "folder", "line"]);
    // Until it is written anew.
    for due in 0..2000 {
        journal.passed("report", at(due)).unwrap();
    }
    assert_eq!(brought_to_disk(), ["file", "folder"]);
    drop(journal);

    // What is kept because it is damaged is kept for good.
    fs::write(&path, "sexton journal 1\ndamaged\n").unwrap();
    assert!(Journal::open(&path).unwrap().damage.is_some());
    assert_eq!(brought_to_disk(), ["folder", "file", "folder"]);
}

/// At each step of writing it anew: the old file, the new one or a part of it, the new one in place.
#[test]
fn a_crash_while_it_is_written_anew_changes_nothing() {
    let folder = Folder::new("anew");
    let path = folder.journal();
    let new = folder.0.join("jobs.journal.new");
    let mut journal = open(&path);
    for name in ["a", "b", "c"] {
        journal.began(name, at(50), false).unwrap();
        journal.passed(name, at(60)).unwrap();
    }
    drop(journal);
    let old = fs::read(&path).unwrap();
    let mut state = match read::read(&*old).unwrap() {
        Contents::Journal(reading) => reading.state,
        other => panic!("{other:?}"),
    };
    state.cut_off();
    drop(JournalFile::anew(path.clone(), &state).unwrap());
    let whole = fs::read(&path).unwrap();
    assert_ne!(whole, old);
    let steps = (0..=whole.len()).map(|len| (&old, Some(&whole[..len]))).chain([(&whole, None)]);
    for (in_place, beside) in steps {
        fs::write(&path, in_place).unwrap();
        if let Some(bytes) = beside {
            fs::write(&new, bytes).unwrap();
        }
        let mut journal = open(&path);
        assert_eq!(folder.files(), ["jobs.journal"]);
        for name in ["a", "b", "c"] {
            assert_eq!(journal.past(name), past(60, &[50]));
        }
    }
}

/// The message without the folder.
fn refusal(folder: &Folder, path: &Path) -> String {
    let error = Journal::open(path).unwrap_err();
    let message = error.to_string();
    assert!(!message.contains('\n') && !format!("{error:?}").is_empty());
    message.replace(&format!("{}/", folder.0.display()), "")
}

#[test]
fn what_is_no_journal_is_left_as_it_is() {
    let folder = Folder::new("foreign");
    let path = folder.journal();
    let cases: [(&[u8], &str); 5] = [
        (b"\n", "``"),
        (b"[jobs]\nreport = 1\n", "`[jobs]`"),
        (b"sexton journal 2\n", "`sexton journal 2`"),
        (b"sexton journal 1\r\n", "`sexton journal 1\\r`"),
        (
            b"\xff\xfe and no newline at all, for more bytes than a header has",
            "`\u{fffd}\u{fffd} and no newline",
        ),
    ];
    for (bytes, found) in cases {
        fs::write(&path, bytes).unwrap();
        let message = refusal(&folder, &path);
        let found = if found == "``" { "nothing" } else { found };
        assert!(message.starts_with(&format!("journal `jobs.journal`: found {found}")), "{message}");
        assert!(message.ends_with(" in its first line, expected `sexton journal 1`; it is left as it is"));
        assert_eq!(fs::read(&path).unwrap(), bytes);
    }
    assert_eq!(folder.files(), ["jobs.journal"]);
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 1, "no lock stays");
}

#[test]
fn a_journal_of_nothing_but_nuls_is_set_aside_and_started_anew() {
    let folder = Folder::new("nuls");
    let path = folder.journal();
    fs::write(&path, [0; 1000]).unwrap();
    let Opened { journal, damage } = Journal::open(&path).unwrap();
    let damage = damage.unwrap();
    assert!(damage.contains("line 1 at byte 0: found `\\u{0}"), "{damage}");
    assert!(damage.contains("expected `sexton journal 1`; 1 line was ignored"), "{damage}");
    drop(journal);
    assert_eq!(fs::read(&path).unwrap(), b"sexton journal 1\n");
    assert_eq!(fs::read(path.with_file_name("jobs.journal.damaged")).unwrap(), [0; 1000]);
}

#[test]
fn a_path_that_leads_to_no_file_is_refused() {
    let folder = Folder::new("paths");
    let refused = |name: &str| refusal(&folder, &folder.0.join(name));
    assert_eq!(refused("no/jobs"), "journal `no/jobs`: found no folder `no`, expected one that exists");
    assert!(refused("..").ends_with("found no file name, expected a path such as `jobs.journal`"));
    fs::create_dir(folder.0.join("folder")).unwrap();
    assert_eq!(refused("folder"), "journal `folder`: found a folder, expected a regular file");
    fs::create_dir(folder.0.join("x.new")).unwrap();
    assert!(refused("x").starts_with("journal `x`: removing what was left beside it: "), "{}", refused("x"));
    assert!(refused("a\nb/c").starts_with("journal `a\\nb/c`: found no folder"));
}

#[cfg(unix)]
#[test]
fn a_pipe_or_a_device_or_a_link_to_nothing_is_refused() {
    use std::os::unix::fs::symlink;
    let folder = Folder::new("pipes");
    let refused = |name: &str| refusal(&folder, &folder.0.join(name));
    let made = std::process::Command::new("mkfifo").arg(folder.0.join("pipe")).status();
    assert!(made.unwrap().success());
    assert_eq!(refused("pipe"), "journal `pipe`: found a device or a pipe, expected a regular file");
    symlink("nothing", folder.0.join("link")).unwrap();
    assert_eq!(refused("link"), "journal `link`: found a link to nothing, expected a regular file");
    let expected = "journal `/dev/null`: found a device or a pipe, expected a regular file";
    assert_eq!(refusal(&folder, Path::new("/dev/null")), expected);
}

/// Another path to it, of whatever kind.
#[cfg(unix)]
#[test]
fn a_journal_is_open_once() {
    use std::os::unix::fs::symlink;
    let folder = Folder::new("once");
    let path = folder.journal();
    fs::create_dir(folder.0.join("other")).unwrap();
    symlink(&folder.0, folder.0.join("other/folder")).unwrap();
    symlink("../jobs.journal", folder.0.join("other/file")).unwrap();
    drop(open(&path));
    let mut journal = open(&path);
    for same in ["jobs.journal", "other/../jobs.journal", "other/folder/jobs.journal", "other/file"] {
        let message = refusal(&folder, &folder.0.join(same));
        let start = format!(
            "journal `{same}`: in use by another process or scheduler (lock file `jobs.journal.lock."
        );
        assert!(message.starts_with(&start), "{message}");
    }
    // The neighbours are others.
    drop(open(&folder.0.join("jobs.journal2")));
    drop(open(&folder.0.join("jobs")));
    journal.began("report", at(60), false).unwrap();
    drop(journal);
    assert_eq!(open(&folder.0.join("other/file")).past("report"), past(60, &[60]));
    assert_eq!(folder.files(), ["jobs", "jobs.journal", "jobs.journal2", "other"]);
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 4, "no lock stays");
}

/// A program that was being started when its process was killed has the socket until it begins to run.
#[cfg(target_os = "linux")]
#[test]
fn who_is_about_to_let_go_is_waited_for() {
    use crate::sync::{thread, Arc, AtomicBool, Ordering};
    use std::os::unix::net::UnixDatagram;
    let folder = Folder::new("moment");
    // Its name is the smaller one. On a machine that is busy with other things it may be too late, but not each time.
    let holder = folder.0.join("jobs.journal.lock.0000000000000000");
    let is_opened = (0..20).any(|_| {
        let socket = UnixDatagram::bind(&holder).unwrap();
        let (path, is_over) = (folder.0.clone(), Arc::new(AtomicBool::new(false)));
        let is_seen = is_over.clone();
        let lets_go = thread::spawn(move || {
            while fs::read_dir(&path).unwrap().count() < 2 && !is_seen.load(Ordering::Relaxed) {
                thread::yield_now();
            }
            thread::sleep(Duration::from_millis(5));
            drop(socket);
        });
        let opened = Journal::open(&folder.journal()).is_ok();
        is_over.store(true, Ordering::Relaxed);
        lets_go.join().unwrap();
        let _ = fs::remove_file(&holder);
        let _ = fs::remove_file(folder.journal());
        opened
    });
    assert!(is_opened);
}

/// Files that only look like locks are not ours to remove.
#[cfg(target_os = "linux")]
#[test]
fn only_the_locks_of_the_dead_are_removed() {
    use std::os::unix::net::{UnixDatagram, UnixListener};
    let folder = Folder::new("locks");
    let stays = [
        "jobs.journal.lock.0123456789abcdef",
        "jobs.journal.lock.mine",
        ".jobs.journal.lock.0123456789abcdef",
    ];
    for name in stays {
        fs::write(folder.0.join(name), "").unwrap();
    }
    drop(UnixDatagram::bind(folder.0.join("jobs.journal.lock.short")).unwrap());
    drop(UnixDatagram::bind(folder.0.join("jobs.journal.lock.00000000deadbeef")).unwrap());
    drop(UnixDatagram::bind(folder.0.join(".jobs.journal.lock.00000000deadbeef")).unwrap());
    drop(UnixDatagram::bind(folder.0.join("other.lock.00000000deadbeef")).unwrap());
    drop(open(&folder.journal()));
    for name in stays.iter().chain(&["jobs.journal.lock.short", "other.lock.00000000deadbeef"]) {
        fs::symlink_metadata(folder.0.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 6);
    // A socket of another kind: whether its process lives cannot be told.
    let _listener = UnixListener::bind(folder.0.join("jobs.journal.lock.00000000deadbeef")).unwrap();
    assert_eq!(
        refusal(&folder, &folder.journal()),
        "journal `jobs.journal`: could not tell whether the process of the lock file \
         `jobs.journal.lock.00000000deadbeef` lives: Protocol wrong type for socket (os error 91); \
         expected a socket that can be connected to; remove it if that process is gone"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_may_be_deep_and_a_name_not_too_long() {
    let folder = Folder::new("deep");
    let deep = folder.0.join("d".repeat(200)).join("e".repeat(200));
    fs::create_dir_all(&deep).unwrap();
    let path = deep.join("jobs.journal");
    let journal = open(&path);
    assert!(Journal::open(&path).unwrap_err().to_string().contains("in use by"));
    drop(journal);
    assert_eq!(fs::read_dir(&deep).unwrap().count(), 1);

    let message = refusal(&folder, &deep.join("j".repeat(100)));
    let (_, message) = message.split_once("found ").unwrap();
    let max: usize =
        message.strip_prefix("a file name of 100 bytes, expected at most ").unwrap()[..2].parse().unwrap();
    assert!(max > 50, "{message}");
    // In a short folder there is room for some more.
    drop(open(&deep.join("j".repeat(max - 2))));
}
