//! A running `sexton run` whose crontab is a file: what it wrote so far, and signals for it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::super::sexton;
use crate::journal::Folder;
use crate::stage::PATIENCE;

pub struct Daemon {
    child: Child,
    folder: Folder,
    err: Arc<Mutex<Vec<String>>>,
    out: Arc<Mutex<Vec<String>>>,
}

fn collect(stream: impl std::io::Read + Send + 'static) -> Arc<Mutex<Vec<String>>> {
    use std::io::{BufRead, BufReader};
    let lines = Arc::new(Mutex::new(Vec::new()));
    let collected = lines.clone();
    thread::spawn(move || {
        for line in BufReader::new(stream).lines() {
            collected.lock().unwrap().push(line.unwrap());
        }
    });
    lines
}

/// Waits until something holds. Returns false if it never does.
pub fn until(mut holds: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        if Instant::now() > end {
            return false;
        }
        thread::sleep(Duration::from_millis(10));
    }
    true
}

impl Daemon {
    /// The folder of the crontab is the working directory of the jobs.
    pub fn start(crontab: &str, options: &[&str]) -> Daemon {
        Daemon::start_in(Folder::new(), crontab, options, sexton)
    }

    pub fn start_in(
        folder: Folder,
        crontab: &str,
        options: &[&str],
        program: impl Fn(&[&str]) -> Command,
    ) -> Daemon {
        let path = folder.journal().with_file_name("crontab");
        if !path.exists() {
            fs::write(&path, crontab).unwrap();
        }
        let mut command = program(&[&["run", path.to_str().unwrap()], options].concat());
        let mut child = command.current_dir(path.parent().unwrap()).stdin(Stdio::null()).spawn().unwrap();
        let err = collect(child.stderr.take().unwrap());
        let out = collect(child.stdout.take().unwrap());
        Daemon { child, folder, err, out }
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.journal().with_file_name(name)
    }

    pub fn crontab(&self) -> PathBuf {
        self.file("crontab")
    }

    /// Puts a new version in place as a whole.
    pub fn put(&self, crontab: &str) {
        let new = self.file("crontab.new");
        fs::write(&new, crontab).unwrap();
        fs::rename(new, self.crontab()).unwrap();
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, name: &str) {
        signal(name, self.id());
    }

    /// The program, or process 1 of the namespace that `unshare` made for it.
    pub fn first_process(&self) -> u32 {
        let name = fs::read_to_string(format!("/proc/{}/comm", self.id())).unwrap_or_default();
        if name.trim() != "unshare" {
            return self.id();
        }
        let children = format!("/proc/{0}/task/{0}/children", self.id());
        let read = || fs::read_to_string(&children).unwrap().trim().parse().ok();
        assert!(until(|| read().is_some()));
        read().unwrap()
    }

    pub fn log(&self) -> Vec<String> {
        self.err.lock().unwrap().clone()
    }

    pub fn output(&self) -> Vec<String> {
        self.out.lock().unwrap().clone()
    }

    /// The lines of the log that contain all of these words.
    pub fn lines(&self, words: &[&str]) -> Vec<String> {
        let has_all = |line: &String| words.iter().all(|word| line.contains(word));
        self.log().into_iter().filter(has_all).collect()
    }

    /// Waits for so many lines of the log that contain all of these words.
    #[track_caller]
    pub fn wait_for(&self, count: usize, words: &[&str]) {
        assert!(until(|| self.lines(words).len() >= count), "no {words:?}: {:#?}", self.log());
    }

    #[track_caller]
    pub fn wait_for_file(&self, name: &str) -> String {
        let path = self.file(name);
        let read = || fs::read_to_string(&path).unwrap_or_default();
        assert!(until(|| read().ends_with('\n')), "no `{name}`: {:#?}", self.log());
        read().trim().to_string()
    }

    /// Waits for the end, and gives the exit status.
    #[track_caller]
    pub fn end(&mut self) -> i32 {
        let mut status = None;
        let child = &mut self.child;
        let has_ended = until(|| {
            status = child.try_wait().unwrap();
            status.is_some()
        });
        assert!(has_ended, "it goes on: {:#?}", self.log());
        // What it wrote last may still be in the pipes.
        let is_read = until(|| Arc::strong_count(&self.err) + Arc::strong_count(&self.out) == 2);
        assert!(is_read, "something still has its pipes: {:#?}", self.log());
        status.and_then(|status| status.code()).expect("it was not killed")
    }
}

impl Drop for Daemon {
    /// Ends the jobs, too: each further signal is a stronger one.
    fn drop(&mut self) {
        for _ in 0..50 {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            let _ = Command::new("kill").arg(self.id().to_string()).stderr(Stdio::null()).status();
            thread::sleep(Duration::from_millis(100));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn signal(name: &str, process: u32) {
    let status = Command::new("kill").args([&format!("-{name}"), &*process.to_string()]).status().unwrap();
    assert!(status.success());
}

/// Whether a process runs: one that nobody has collected does not.
pub fn is_alive(process: &str) -> bool {
    let stat = fs::read_to_string(Path::new("/proc").join(process).join("stat")).unwrap_or_default();
    stat.rsplit_once(')').map_or(false, |(_, rest)| !rest.starts_with(" Z"))
}
