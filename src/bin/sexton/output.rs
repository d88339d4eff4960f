//! Passes on what jobs write, line by line. Lines of several jobs do not mix: each is written as a whole, with its job's name.

use std::io::{self, Read, Write};
use std::process::Child;
use std::str;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::log::Log;
use crate::settings::Output;
use crate::tell;

/// The longest line that is kept together, in bytes. A job may write without ever ending a line.
const MAX_LINE: usize = 1 << 16;

/// How long the end of a job waits for its last output. Processes that it left behind may keep the pipe open for longer.
const PATIENCE: Duration = Duration::from_millis(500);

/// The output of one job on its way.
pub struct Relay {
    streams: Vec<Arc<Stream>>,
    /// Closed when all pipes are.
    ended: Receiver<()>,
}

/// Stdout or stderr of a job.
struct Stream {
    is_stdout: bool,
    job: String,
    how: Output,
    log: Log,
    /// What came after the last line end.
    rest: Mutex<Vec<u8>>,
}

impl Relay {
    /// Takes the pipes of a child, if there are any, and passes on what comes until they are closed.
    pub fn start(child: &mut Child, job: &str, how: Output, log: &Log) -> Relay {
        let stdout = child.stdout.take().map(|pipe| (Box::new(pipe) as Box<dyn Read + Send>, true));
        let stderr = child.stderr.take().map(|pipe| (Box::new(pipe) as Box<dyn Read + Send>, false));
        let (sender, ended) = mpsc::channel();
        let mut streams = Vec::new();
        for (pipe, is_stdout) in stdout.into_iter().chain(stderr) {
            let (job, log) = (job.to_string(), log.clone());
            let stream = Arc::new(Stream { is_stdout, job, how, log, rest: Mutex::default() });
            streams.push(stream.clone());
            let sender = sender.clone();
            let pass_on = move || {
                stream.pass_on(pipe);
                drop(sender);
            };
            // Without a thread the pipe is closed, so that the job does not wait for ever until somebody reads.
            let _ = thread::Builder::new().spawn(pass_on);
        }
        Relay { streams, ended }
    }

    /// Waits until all is passed on, but not for long. A line that has no end yet is passed on as it is.
    pub fn finish(self) {
        // Nothing is ever sent: this returns when the pipes are closed, or when the patience is over.
        if self.ended.recv_timeout(PATIENCE) != Err(RecvTimeoutError::Timeout) {
            return;
        }
        let (sender, ended) = mpsc::channel::<()>();
        for stream in self.streams {
            let sender = sender.clone();
            // On a thread, as the reader of the output may have stopped reading.
            let pass_on = move || {
                stream.pass_on_rest(&mut stream.rest());
                drop(sender);
            };
            let _ = thread::Builder::new().spawn(pass_on);
        }
        drop(sender);
        let _ = ended.recv_timeout(PATIENCE);
    }
}

impl Stream {
    fn rest(&self) -> MutexGuard<'_, Vec<u8>> {
        self.rest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pass_on(&self, mut pipe: impl Read) {
        let mut bytes = [0; 8192];
        loop {
            match pipe.read(&mut bytes) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) | Ok(0) => return self.pass_on_rest(&mut self.rest()),
                Ok(len) => {
                    let mut rest = self.rest();
                    for part in bytes[..len].split_inclusive(|byte| *byte == b'\n') {
                        rest.extend_from_slice(part);
                        if part.ends_with(b"\n") {
                            self.pass_on_rest(&mut rest);
                        } else if rest.len() > MAX_LINE {
                            let len = len_of_whole_characters(&rest);
                            let next = rest.split_off(len);
                            self.pass_on_rest(&mut rest);
                            *rest = next;
                        }
                    }
                }
            }
        }
    }

    fn pass_on_rest(&self, rest: &mut Vec<u8>) {
        if rest.is_empty() {
            return;
        }
        let text = String::from_utf8_lossy(rest.strip_suffix(b"\n").unwrap_or(rest));
        let line = match (self.how, self.is_stdout) {
            (Output::Json, true) => self.log.output(&self.job, "stdout", &text),
            (Output::Json, false) => self.log.output(&self.job, "stderr", &text),
            _ => format!("[{}] {text}", self.job),
        };
        // If nobody reads any more, the job goes on, and what it writes is thrown away.
        match self.is_stdout {
            true => {
                let mut stdout = io::stdout().lock();
                let _ = stdout.write_all(format!("{line}\n").as_bytes()).and_then(|()| stdout.flush());
            }
            false => tell(&line),
        }
        rest.clear();
    }
}

/// The length of a text without a character at its end that is not all there.
fn len_of_whole_characters(text: &[u8]) -> usize {
    let is_begun = |len: &usize| match str::from_utf8(&text[text.len() - len..]) {
        Ok(_) => false,
        Err(error) => error.valid_up_to() == 0 && error.error_len().is_none(),
    };
    text.len() - (1..=text.len().min(3)).find(is_begun).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_that_is_not_all_there_is_left_out() {
        for text in ["aü", "€", "a😀"] {
            let (bytes, last) = (text.as_bytes(), text.char_indices().last().map_or(0, |(at, _)| at));
            assert_eq!(len_of_whole_characters(bytes), bytes.len());
            for end in last + 1..bytes.len() {
                assert_eq!(len_of_whole_characters(&bytes[..end]), last, "{text}");
            }
        }
        // Bytes that are no text stay as they are.
        for bytes in [&b""[..], b"a", b"a\xff", b"\x80\x80\x80\x80", b"\xe2\x28"] {
            assert_eq!(len_of_whole_characters(bytes), bytes.len(), "{bytes:?}");
        }
    }
}
