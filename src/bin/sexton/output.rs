//! Passes on what jobs write, line by line. Lines of several jobs do not mix: each is written as a whole, with its job's name.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::Child;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use crate::log::Log;
use crate::settings::Output;

/// The longest line that is kept together, in bytes. A job may write without ever ending a line.
const MAX_LINE: u64 = 1 << 16;

/// How long the end of a job waits for its last output. Processes that it left behind may keep the pipe open for longer.
const PATIENCE: Duration = Duration::from_millis(500);

/// The output of one job on its way.
pub struct Relay(Receiver<()>);

impl Relay {
    /// Takes the pipes of a child, if there are any, and passes on what comes until they are closed.
    pub fn start(child: &mut Child, name: &str, how: Output, log: &Log) -> Relay {
        let (ended, receiver) = mpsc::channel();
        let stdout = child.stdout.take().map(|pipe| (Box::new(pipe) as Box<dyn Read + Send>, "stdout"));
        let stderr = child.stderr.take().map(|pipe| (Box::new(pipe) as Box<dyn Read + Send>, "stderr"));
        for (pipe, stream) in stdout.into_iter().chain(stderr) {
            let (ended, name, log) = (ended.clone(), name.to_string(), log.clone());
            thread::spawn(move || {
                pass_on(
                    pipe,
                    |line| match how {
                        Output::Json => format!("{}\n", log.output(&name, stream, line)),
                        _ => format!("[{name}] {line}\n"),
                    },
                    stream,
                );
                // It may have been waited for long enough.
                let _ = ended.send(());
            });
        }
        Relay(receiver)
    }

    /// Waits until all is passed on, but not for long.
    pub fn finish(self) {
        let end = Instant::now() + PATIENCE;
        // An error is the end of both threads, or the end of the patience.
        while self.0.recv_timeout(end.saturating_duration_since(Instant::now())).is_ok() {}
    }
}

fn pass_on(pipe: impl Read, shown: impl Fn(&str) -> String, stream: &str) {
    let mut pipe = BufReader::new(pipe);
    let mut line = Vec::new();
    while let Ok(1..) = pipe.by_ref().take(MAX_LINE).read_until(b'\n', &mut line) {
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        let shown = shown(&String::from_utf8_lossy(text));
        // If nobody reads any more, the job goes on, and what it writes is thrown away.
        let _ = match stream {
            "stdout" => {
                let mut stdout = io::stdout().lock();
                stdout.write_all(shown.as_bytes()).and_then(|()| stdout.flush())
            }
            _ => io::stderr().write_all(shown.as_bytes()),
        };
        line.clear();
    }
}
