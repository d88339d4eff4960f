//! Several processes, some of which are killed. They are this test program, started again with one test to run.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixDatagram;
use std::process::{Child, ChildStdout, Command, Stdio};

use super::*;
use crate::sync::{thread, AtomicBool, Ordering};
use std::sync::atomic::AtomicUsize;
use std::sync::Barrier;

/// Tells a child what it is to do.
const ROLE: &str = "SEXTON_JOURNAL_ROLE";
const PATH: &str = "SEXTON_JOURNAL_PATH";

/// What is said to the parent, among what the test program says of itself.
const SAYS: &str = "child: ";

/// What a child runs. As a test of its own it does nothing.
#[test]
fn child() {
    let role = match env::var(ROLE) {
        Ok(role) => role,
        Err(_) => return,
    };
    let path = PathBuf::from(env::var_os(PATH).unwrap());
    match role.as_str() {
        "hold" => hold(&path),
        "write" => write_for_ever(&path),
        "fill" => fill(&path),
        "compete" => compete(&path),
        other => panic!("{other}"),
    }
}

fn say(what: &str) {
    // Not `println`, which the test program may keep to itself. The parent may be gone.
    let _ = io::stdout().write_all(format!("\n{SAYS}{what}\n").as_bytes());
    let _ = io::stdout().flush();
}

/// A child at work.
struct Process {
    child: Child,
    out: BufReader<ChildStdout>,
}

impl Process {
    fn start(role: &str, path: &Path) -> Process {
        Process::start_by(&mut Command::new(env::current_exe().unwrap()), role, path)
    }

    fn start_by(command: &mut Command, role: &str, path: &Path) -> Process {
        let mut child = command
            .args(["journal::tests::processes::child", "--exact", "--nocapture", "--test-threads=1"])
            .env(ROLE, role)
            .env(PATH, path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        Process { child, out }
    }

    /// What it says next; None when it has ended.
    fn says(&mut self) -> Option<String> {
        let mut line = String::new();
        while self.out.read_line(&mut line).unwrap() > 0 {
            if let Some(what) = line.trim_end().strip_prefix(SAYS) {
                return Some(what.into());
            }
            line.clear();
        }
        None
    }

    fn go(&mut self) {
        self.child.stdin.as_mut().unwrap().write_all(b"\n").unwrap();
    }

    /// Lets it end by itself.
    fn end(mut self) {
        drop(self.child.stdin.take());
        while self.says().is_some() {}
        assert!(self.child.wait().unwrap().success());
    }

    /// Ends it without its help, as `kill -9` does.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// When told to, opens the journal, and has it until its input ends.
fn hold(path: &Path) {
    let mut byte = [0];
    io::stdin().read_exact(&mut byte).unwrap();
    let mut opened = Journal::open(path);
    match &mut opened {
        Ok(opened) => {
            opened.journal.began("report", at(60), true).unwrap();
            say("held");
        }
        Err(error) => say(&error.to_string()),
    }
    let _ = io::stdin().read(&mut byte);
}

#[test]
fn a_second_process_is_refused_until_the_first_is_dead() {
    let folder = Folder::new("second");
    let path = folder.journal();
    for round in 0..10 {
        let mut first = Process::start("hold", &path);
        first.go();
        assert_eq!(first.says().unwrap(), "held");
        let message = Journal::open(&path).unwrap_err().to_string();
        assert!(message.contains("in use by another process"), "{message}");
        if round % 2 == 0 {
            first.kill();
        } else {
            first.end();
        }
        let mut journal = open(&path);
        assert_eq!(journal.past("report"), past(60, &[60]));
    }
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 1, "nothing of the dead is left");
}

#[test]
fn of_many_that_start_at_once_one_has_it() {
    let folder = Folder::new("many");
    let path = folder.journal();
    for _ in 0..5 {
        let mut all: Vec<_> = (0..20).map(|_| Process::start("hold", &path)).collect();
        all.iter_mut().for_each(Process::go);
        let said: Vec<_> = all.iter_mut().map(|process| process.says().unwrap()).collect();
        let (held, refused): (Vec<_>, Vec<_>) = said.iter().partition(|said| *said == "held");
        assert_eq!(held.len(), 1, "{said:?}");
        assert!(refused.iter().all(|said| said.contains("in use by another process")), "{said:?}");
        for (i, process) in all.into_iter().enumerate() {
            if i % 2 == 0 {
                process.kill();
            } else {
                process.end();
            }
        }
    }
    drop(open(&path));
    assert_eq!(folder.files(), ["jobs.journal"]);
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 1);
}

/// The same with less between them: they see each other.
#[test]
fn of_many_threads_that_start_at_once_one_has_it() {
    let folder = Folder::new("many-threads");
    let path = folder.journal();
    let barrier = Barrier::new(8);
    let hold = || {
        barrier.wait();
        let opened = Journal::open(&path);
        barrier.wait();
        opened.is_ok()
    };
    for _ in 0..10 {
        let held = thread::scope(|scope| {
            let all: Vec<_> = (0..8).map(|_| scope.spawn(hold)).collect();
            all.into_iter().map(|one| one.join().unwrap()).filter(|held| *held).count()
        });
        assert_eq!(held, 1);
    }
}

/// The smaller name waits for the larger one to give up; so one of two that see each other has it.
#[test]
fn one_of_two_that_see_each_other_has_it() {
    let folder = Folder::new("two");
    let other = folder.0.join("jobs.journal.lock.ffffffffffffffff");
    let socket = UnixDatagram::bind(&other).unwrap();
    let opened = thread::scope(|scope| {
        let opening = scope.spawn(|| Journal::open(&folder.journal()));
        let visible =
            |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name().to_str().unwrap().starts_with('j');
        while !opening.is_finished()
            && fs::read_dir(&folder.0).unwrap().map(visible).filter(|is| *is).count() < 2
        {
            thread::yield_now();
        }
        fs::remove_file(&other).unwrap();
        drop(socket);
        opening.join().unwrap()
    });
    opened.unwrap();
}

/// Opens and closes it often; nobody else has it meanwhile. Each time it leaves one run under way: a record less, of
/// whatever kind, and the journal would say another number of them.
fn compete(path: &Path) {
    let witness = path.with_extension("witness");
    for _ in 0..40 {
        if let Ok(mut opened) = Journal::open(path) {
            fs::OpenOptions::new().write(true).create_new(true).open(&witness).expect("nobody else has it");
            for _ in 0..6 {
                opened.journal.began("report", at(60), false).unwrap();
            }
            for _ in 0..5 {
                opened.journal.ended("report", at(60)).unwrap();
            }
            assert!(opened.damage.is_none());
            fs::remove_file(&witness).unwrap();
            drop(opened);
            say("held");
        }
    }
}

#[test]
fn one_at_a_time_has_it_among_processes() {
    let folder = Folder::new("compete");
    let path = folder.journal();
    let mut all: Vec<_> = (0..6).map(|_| Process::start("compete", &path)).collect();
    let mut held = 0;
    for process in &mut all {
        while process.says().is_some() {
            held += 1;
        }
    }
    all.into_iter().for_each(Process::end);
    assert!(held > 0);
    // Not its length: it may have been written anew in the meantime.
    assert_eq!(open(&path).past("report").cut_off.len(), held);
}

#[test]
fn one_at_a_time_has_it_among_threads() {
    let folder = Folder::new("threads");
    let path = folder.journal();
    let (is_held, total) = (AtomicBool::new(false), AtomicUsize::new(0));
    let compete = || {
        while total.load(Ordering::SeqCst) < 50 {
            if let Ok(mut opened) = Journal::open(&path) {
                assert!(!is_held.swap(true, Ordering::SeqCst), "somebody else has it");
                opened.journal.began("report", at(60), false).unwrap();
                thread::yield_now();
                is_held.store(false, Ordering::SeqCst);
                total.fetch_add(1, Ordering::SeqCst);
            }
        }
    };
    thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(compete))));
    assert_eq!(open(&path).past("report").cut_off.len(), total.into_inner());
}

/// Says what it has written, until it is killed.
fn write_for_ever(path: &Path) {
    let mut journal = Journal::open(path).unwrap().journal;
    for due in 0.. {
        journal.began("report", at(due), false).unwrap();
        journal.passed("feed", at(due)).unwrap();
        journal.ended("report", at(due)).unwrap();
        say(&due.to_string());
    }
}

#[test]
fn what_a_killed_process_was_told_is_written_is_there() {
    let folder = Folder::new("killed");
    let path = folder.journal();
    // Some after the file was written anew, at about 600.
    for rounds in [1, 2, 17, 550, 600, 650, 1300] {
        let _ = fs::remove_file(&path);
        let mut process = Process::start("write", &path);
        let said = (0..rounds).map(|_| process.says().unwrap()).last().unwrap();
        process.kill();
        let said: u64 = said.parse().unwrap();
        let mut journal = open(&path);
        let mut seconds =
            |name| journal.past(name).last.unwrap().duration_since(UNIX_EPOCH).unwrap().as_secs();
        assert!(seconds("report") >= said && seconds("feed") >= said, "{said}");
        let cut_off = journal.past("report").cut_off;
        assert!(cut_off.is_empty(), "they were told with the last due");
        drop(journal);
        assert_eq!(folder.files(), ["jobs.journal"]);
    }
}

/// Writes to a file that may not grow beyond 1024 bytes (`ulimit`), as if the disk were full.
fn fill(path: &Path) {
    let mut journal = Journal::open(path).unwrap().journal;
    for (i, size) in [5, 600, 600, 400, 200, 100, 60, 40, 6, 1].into_iter().enumerate() {
        let name = format!("{i}{}", "x".repeat(size));
        match journal.began(&name, at(60), i % 2 == 0) {
            Ok(_) => say(&name),
            Err(error) => {
                assert!(error.to_string().contains("writing a record: File too large"), "{error}");
                assert_eq!(journal.past(&name), Past::default(), "as if the call had not been made");
            }
        }
    }
    say("end");
}

#[test]
fn a_record_that_does_not_fit_leaves_nothing_behind() {
    let folder = Folder::new("full");
    let path = folder.journal();
    drop(open(&path));
    // Units of 512 bytes. Without the trap the signal ends the process.
    let script = "trap '' XFSZ; ulimit -f 2; exec \"$0\" \"$@\"";
    let mut shell = Command::new("sh");
    let mut process =
        Process::start_by(shell.args(["-c", script]).arg(env::current_exe().unwrap()), "fill", &path);
    let mut names = Vec::new();
    loop {
        match process.says().unwrap() {
            end if end == "end" => break,
            name => names.push(name),
        }
    }
    process.end();
    let order: Vec<_> = names.iter().map(|name| name.trim_end_matches('x')).collect();
    assert_eq!(order, ["0", "1", "4", "6"], "the long ones do not fit, and what fits follows");
    let bytes = fs::read(&path).unwrap();
    assert!((950..=1024).contains(&bytes.len()) && bytes.ends_with(b"\n"), "no part of a line stays");
    assert_eq!(bytes.iter().filter(|byte| **byte == b'\n').count(), 1 + names.len());
    let mut journal = open(&path);
    for name in &names {
        assert_eq!(journal.past(name), past(60, &[60]));
    }
}
