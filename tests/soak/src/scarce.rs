//! Few threads, few descriptors, a full disk, little memory: each is an error or an event, and no due time is lost.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, SystemTime};

use sexton::{Builder, Error, Event, Missed, Scheduler};

use crate::books::{now, Books, Grid};
use crate::{mortal, process};

/// A scheduler with some tasks of a second each, which take a little.
struct Small {
    scheduler: Scheduler,
    books: Arc<Mutex<Books>>,
    failures: Arc<Mutex<Vec<String>>>,
}

impl Small {
    fn begin(tasks: usize, set: impl FnOnce(Builder) -> Builder) -> Result<Small, Error> {
        let scheduler = set(Scheduler::builder().zone("UTC").threads(8)).build()?;
        let (books, failures) = (Arc::new(Mutex::new(Books::new(1))), Arc::new(Mutex::new(Vec::new())));
        let (listening, failing) = (books.clone(), failures.clone());
        scheduler.observe(move |event| {
            if let Event::JournalFailed { .. } = event {
                failing.lock().expect("no user panics").push(event.to_string());
            }
            listening.lock().expect("the books do not panic").hear(event);
        });
        let small = Small { scheduler, books, failures };
        for number in 0..tasks {
            let name = format!("task-{number}");
            small.books().open(&name, 0, Grid::Calendar(1));
            let begin = now();
            let task = small.scheduler.task(&name).cron("* * * * * *").missed(Missed::All);
            task.run(|| thread::sleep(Duration::from_millis(20)))?;
            small.books().scheduled(&name, (begin, now()));
        }
        Ok(small)
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().expect("the books do not panic")
    }

    fn end(self, what: &str) -> bool {
        let begin = now();
        self.scheduler.shutdown();
        let window = (begin, now());
        let mut books = self.books();
        for name in books.names() {
            books.ended(&name, window);
        }
        books.close(None);
        let counts = books.of_kinds[0];
        let missed: u64 = counts.missed.iter().sum();
        let failures = self.failures.lock().expect("no user panics");
        println!(
            "{what}: {} due times, {} runs, {missed} missed, {} faults, journal failures {failures:?}",
            counts.due_times,
            counts.runs,
            books.faults.len()
        );
        books.faults.is_empty() && counts.runs > 0
    }
}

/// As a user who may have only so many threads, this one included.
pub fn threads(limit: u64) -> bool {
    let before = process::threads();
    let small = match Small::begin(8, |builder| builder) {
        Ok(small) => small,
        Err(error) => {
            thread::sleep(Duration::from_millis(100));
            println!("{limit} threads: {error}; {before} threads before, and {} after", process::threads());
            return limit < 4 && process::threads() == before;
        }
    };
    thread::sleep(Duration::from_secs(3));
    let has = process::threads();
    small.end(&format!("{limit} threads, of which there are {has}"))
}

/// With all descriptors taken.
pub fn descriptors(folder: &Path) -> bool {
    let small = Small::begin(4, |builder| builder.journal(folder.join("journal"))).expect("it begins");
    let mut taken = Vec::new();
    while let Ok(file) = File::open("/dev/null") {
        taken.push(file);
    }
    let second = Scheduler::builder().zone("UTC").journal(folder.join("second")).build();
    let refused = second.err().map(|error| error.to_string());
    thread::sleep(Duration::from_secs(3));
    let count = taken.len();
    drop(taken);
    thread::sleep(Duration::from_secs(1));
    println!("all descriptors taken, {count} by this: a second scheduler: {refused:?}");
    small.end("no descriptor left") && refused.is_some()
}

/// With a journal on a disk that is full for some time. It is a small one of its own.
pub fn disk(folder: &Path) -> bool {
    let journal = folder.join("journal");
    let small = Small::begin(4, |builder| builder.journal(&journal)).expect("it begins");
    thread::sleep(Duration::from_secs(1));
    let filling = folder.join("filling");
    let filled = File::create(&filling).and_then(|mut file| loop {
        file.write_all(&[0; 4096])?;
    });
    let is_full: bool = filled.map_or_else(|_| true, |()| false);
    // The last block of the journal may have room for some lines.
    let failures = small.failures.clone();
    let failed = || failures.lock().expect("no user panics").len();
    for _ in 0..300 {
        if failed() > 0 {
            break;
        }
        thread::sleep(Duration::from_millis(100));
    }
    let seen = failed();
    fs::remove_file(&filling).expect("it is there");
    thread::sleep(Duration::from_secs(3));
    let last = SystemTime::now();
    let is_well = small.end("a full disk");
    let again = Scheduler::builder().zone("UTC").journal(&journal).build().expect("the journal can be read");
    let behind: Vec<_> = (0..4)
        .map(|number| again.last_due(&format!("task-{number}")).and_then(|due| last.duration_since(due).ok()))
        .collect();
    let is_known = behind.iter().all(|behind| behind.map_or(true, |behind| behind < Duration::from_secs(3)));
    println!("a full disk: reported {seen} times; the next process knows the last due times: {is_known}");
    is_well && is_full && seen == 1 && is_known
}

/// Starts each of them in its own process.
pub fn play(folder: &Path) -> bool {
    let program = folder.join("soak");
    fs::copy("/proc/self/exe", &program).expect("this program can be copied");
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let mut is_well = true;
    let mut run = |command: &mut Command| {
        let holds = command.env("RUST_BACKTRACE", "0").status().map_or(false, |status| status.success());
        if !holds {
            println!("!! {command:?}");
        }
        is_well &= holds;
    };
    // Root may have as many threads as it likes.
    for limit in 1..8 {
        let mut command = Command::new("setpriv");
        command.args([
            "--reuid=65534",
            "--regid=65534",
            "--clear-groups",
            "prlimit",
            &format!("--nproc={limit}"),
        ]);
        run(command.arg(&program).args(["scarce", "threads", &limit.to_string()]));
    }
    let mut command = Command::new("prlimit");
    run(command.arg("--nofile=24").arg(&program).args(["scarce", "descriptors", &text(folder)]));
    let disk = folder.join("disk");
    fs::create_dir_all(&disk).expect("a folder");
    let mount = "mount -t tmpfs -o size=64k none \"$0\" && exec \"$1\" scarce disk \"$0\"";
    run(Command::new("unshare").args(["--mount", "sh", "-c", mount, &text(&disk), &text(&program)]));
    is_well & memory(folder)
}

/// A process whose callback takes all memory is ended by that. The next one finds its runs in the journal.
fn memory(folder: &Path) -> bool {
    let first = SystemTime::now();
    let was_ended = mortal::starved_life(folder);
    let end = mortal::last_life(folder);
    mortal::judge(folder, (first, end), "no memory left, after which the process ended") && was_ended
}

/// Whether what is needed to limit things is there, and this is root.
pub fn is_possible() -> bool {
    let mut tried = Command::new("unshare");
    tried.args(["--mount", "setpriv", "--reuid=65534", "--clear-groups", "true"]).stderr(Stdio::null());
    tried.status().map_or(false, |status| status.success())
}
