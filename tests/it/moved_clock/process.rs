//! A process whose wall clock can be moved while it runs. Its monotonic clock is the machine's.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Instant, SystemTime};

use super::wall::{instant, nanos, Moved, Nanos, SECOND};

/// What the process's clock shows: the machine's time and so much, or, from its start on, a time that goes faster.
#[derive(Clone, Copy)]
pub enum Dial {
    Offset(Nanos),
    Rate { start: Nanos, rate: f64 },
}

pub struct Process {
    child: Child,
    dial: PathBuf,
    lines: mpsc::Receiver<String>,
}

impl Process {
    /// Starts a program; `is_told` says whether its lines are those of stdout or of stderr.
    pub fn start(name: &str, mut command: Command, dial: Dial, from: From) -> Process {
        let library = std::env::var("SEXTON_LIBFAKETIME").unwrap_or_else(|_| {
            panic!("SEXTON_LIBFAKETIME is not set: expected the path of libfaketimeMT.so.1 (`.ci/moved-clock` has it)")
        });
        assert!(fs::metadata(&library).is_ok(), "SEXTON_LIBFAKETIME: there is no file `{library}`");
        let file =
            PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("dial-{name}-{}", std::process::id()));
        turn(&file, dial);
        command
            .env("LD_PRELOAD", library)
            .env("FAKETIME_TIMESTAMP_FILE", &file)
            .env("FAKETIME_NO_CACHE", "1");
        // A timed wait on a clock that the library only pretends to have would never end.
        command.env("DONT_FAKE_MONOTONIC", "1").env("FAKETIME_DONT_FAKE_MONOTONIC", "1").env("TZ", "UTC0");
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::inherit());
        match from {
            From::Stdout => command.stdout(Stdio::piped()),
            From::Stderr => command.stderr(Stdio::piped()),
        };
        let mut child = command.spawn().unwrap();
        let told: Box<dyn Read + Send> = match from {
            From::Stdout => Box::new(child.stdout.take().unwrap()),
            From::Stderr => Box::new(child.stderr.take().unwrap()),
        };
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(told).lines() {
                if line.map_or(true, |line| sender.send(line).is_err()) {
                    break;
                }
            }
        });
        Process { child, dial: file, lines }
    }

    /// Moves the clock.
    pub fn turn(&self, dial: Dial) -> Moved {
        let earliest = nanos(SystemTime::now());
        turn(&self.dial, dial);
        Moved { earliest, latest: nanos(SystemTime::now()) }
    }

    /// The next line, if one comes in time and the process has not ended.
    pub fn line(&self, deadline: Instant) -> Option<String> {
        self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())).ok()
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn say(&mut self, text: &str) {
        use std::io::Write;
        self.child.stdin.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
    }

    pub fn close_stdin(&mut self) {
        drop(self.child.stdin.take());
    }

    /// Waits for its end, once its lines have come to theirs.
    pub fn end(mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }
}

pub enum From {
    Stdout,
    Stderr,
}

impl Drop for Process {
    fn drop(&mut self) {
        let id = self.child.id();
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_file(&self.dial);
        // What the library leaves behind of a process that was killed.
        for left in [format!("faketime_shm_{id}"), format!("sem.faketime_sem_{id}")] {
            let _ = fs::remove_file(PathBuf::from("/dev/shm").join(left));
        }
    }
}

/// In one step, or the process might read half of it.
fn turn(file: &PathBuf, dial: Dial) {
    let text = match dial {
        Dial::Offset(offset) => {
            let (sign, size) = if offset < 0 { ('-', -offset) } else { ('+', offset) };
            format!("{sign}{}.{:09}\n", size / SECOND, size % SECOND)
        }
        Dial::Rate { start, rate } => {
            let start = sexton::Moment::from(instant(start)).to_string().replace('T', " ").replace('Z', "");
            format!("@{start} x{rate}\n")
        }
    };
    let new = file.with_extension("new");
    fs::write(&new, text).unwrap();
    fs::rename(&new, file).unwrap();
}
