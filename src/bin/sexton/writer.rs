//! Writes the log on a thread of its own, so that a reader that does not read delays no job and no stop.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, SyncSender, TrySendError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How many lines wait for a slow reader. Others are lost, and counted.
const MOST_WAITING: usize = 1000;

/// How long the end of the program waits for a slow reader.
const PATIENCE: Duration = Duration::from_secs(1);

#[derive(Clone)]
pub struct Writer {
    queue: SyncSender<Message>,
    /// How many lines found no place in the queue and have not been reported.
    lost: Arc<AtomicUsize>,
}

enum Message {
    Line(String),
    /// Dropped when all lines before it are written.
    Flush(SyncSender<()>),
}

impl Writer {
    /// `write` writes a line, and `report` that so many were lost. `None` if there is no thread.
    pub fn start(write: Box<dyn Fn(&str) + Send>, report: Box<dyn Fn(i64) + Send>) -> Option<Writer> {
        let (queue, messages) = mpsc::sync_channel(MOST_WAITING);
        let lost = Arc::new(AtomicUsize::new(0));
        let counted = lost.clone();
        let serve = move || {
            for message in messages {
                match message {
                    Message::Line(line) => write(&line),
                    Message::Flush(done) => drop(done),
                }
                match counted.swap(0, Ordering::Relaxed) {
                    0 => {}
                    count => report(count as i64),
                }
            }
        };
        thread::Builder::new().name("log".into()).spawn(serve).ok()?;
        Some(Writer { queue, lost })
    }

    pub fn write(&self, line: String) {
        if self.queue.try_send(Message::Line(line)).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits until all is written, but not for long.
    pub fn flush(&self) {
        let (done, written) = mpsc::sync_channel(0);
        let (mut message, until) = (Message::Flush(done), Instant::now() + PATIENCE);
        while let Err(TrySendError::Full(again)) = self.queue.try_send(message) {
            if Instant::now() > until {
                return;
            }
            message = again;
            thread::sleep(Duration::from_millis(10));
        }
        let _ = written.recv_timeout(PATIENCE);
    }
}

/// How many may follow the log at a time.
const MOST_FOLLOWERS: usize = 8;

/// Those who get the lines of the log besides stderr. A slow one loses lines, and holds up nobody.
#[derive(Clone, Default)]
pub struct Followers(Arc<Mutex<Vec<(u64, Writer)>>>);

impl Followers {
    fn all(&self) -> MutexGuard<'_, Vec<(u64, Writer)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn write(&self, line: &str) {
        self.all().iter().for_each(|(_, follower)| follower.write(line.into()));
    }

    /// `None` if there are too many.
    pub fn add(&self, follower: Writer) -> Option<u64> {
        let mut all = self.all();
        let id = all.last().map_or(0, |(id, _)| id + 1);
        (all.len() < MOST_FOLLOWERS).then(|| {
            all.push((id, follower));
            id
        })
    }

    /// Waits until they have all lines, but not for long, and not for one whose queue is full.
    pub fn flush(&self) {
        let until = Instant::now() + PATIENCE;
        let asked = |(_, follower): &(u64, Writer)| {
            let (done, written) = mpsc::sync_channel(0);
            follower.queue.try_send(Message::Flush(done)).ok().map(|()| written)
        };
        let asked: Vec<_> = self.all().iter().filter_map(asked).collect();
        for written in asked {
            let _ = written.recv_timeout(until.saturating_duration_since(Instant::now()));
        }
    }

    /// The thread of a follower ends once it has tried to write what waits for it.
    pub fn remove(&self, id: u64) {
        self.all().retain(|(other, _)| *other != id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_slow_reader_loses_is_counted() {
        let (called, calls) = mpsc::channel();
        let (go, wait) = mpsc::channel::<()>();
        let write = move |line: &str| {
            called.send(line.to_string()).unwrap();
            // Until the other end is dropped.
            let _ = wait.recv();
        };
        let (reported, reports) = mpsc::channel();
        let writer =
            Writer::start(Box::new(write), Box::new(move |count| reported.send(count).unwrap())).unwrap();
        writer.write("first".into());
        assert_eq!(calls.recv().unwrap(), "first");
        (0..MOST_WAITING + 7).for_each(|i| writer.write(i.to_string()));
        drop(go);
        assert_eq!(reports.recv().unwrap(), 7);
        writer.flush();
        assert_eq!(calls.try_iter().last(), Some((MOST_WAITING - 1).to_string()));
    }
}
