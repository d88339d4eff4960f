//! Serves connections: each on a thread of its own, of which there are few, and for a limited time.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::http::{reason, Head, Method, Refusal, Request};
use super::stream::{write_all, Listener, Stream};
use super::{add, spawn, Status};
use crate::log::Level;

/// How many connections of an address are open at a time, with those that the other side has yet to close. Further ones are
/// refused at once.
const MOST_OPEN: usize = 32;

/// How long a request may take to come, as a whole.
const READ_WITHIN: Duration = Duration::from_secs(5);

/// How long the other side may take to read the answer, as a whole.
const WRITE_WITHIN: Duration = Duration::from_secs(10);

/// What the other side sends after its request is read for so long, and no more than so much of it: if a connection is closed
/// with bytes that nobody has read, the answer may be lost.
const REST_WITHIN: Duration = Duration::from_millis(500);
const MAX_REST: usize = 1 << 16;

/// What a text of an answer is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    Html,
    Json,
    Metrics,
    /// There is no text: the lines of the log follow as they come.
    Lines,
}

/// The end of each head.
const HEAD: &str = "Connection: close\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n\
                    Referrer-Policy: no-referrer\r\nContent-Security-Policy: default-src 'none'; \
                    style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n\r\n";

pub struct Answer {
    pub status: u16,
    pub kind: Kind,
    pub text: String,
    /// With 405: the methods that are possible.
    pub allowed: &'static str,
}

impl Answer {
    pub fn of(status: u16, kind: Kind, text: String) -> Answer {
        Answer { status, kind, text, allowed: "" }
    }

    /// A message in words, which ends with a line break.
    pub fn message(status: u16, text: &str) -> Answer {
        Answer::of(status, Kind::Text, format!("{text}\n"))
    }

    /// The head, and the text unless only the head was asked for.
    pub fn bytes(&self, is_head: bool) -> String {
        let kind = match self.kind {
            Kind::Text | Kind::Lines => "text/plain; charset=utf-8",
            Kind::Html => "text/html; charset=utf-8",
            Kind::Json => "application/json",
            Kind::Metrics => "text/plain; version=0.0.4; charset=utf-8",
        };
        let mut bytes = String::new();
        let code = self.status.to_string();
        add(&mut bytes, &["HTTP/1.1 ", &code, " ", reason(self.status), "\r\nContent-Type: ", kind, "\r\n"]);
        if self.kind != Kind::Lines {
            add(&mut bytes, &["Content-Length: ", &self.text.len().to_string(), "\r\n"]);
        }
        if !self.allowed.is_empty() {
            add(&mut bytes, &["Allow: ", self.allowed, "\r\n"]);
        }
        bytes.push_str(HEAD);
        if !is_head {
            bytes += &self.text;
        }
        bytes
    }
}

/// Serves an address for as long as the program runs. `is_control`: its connections may change something.
pub fn serve(listener: Box<dyn Listener>, status: Arc<Status>, is_control: bool) -> io::Result<()> {
    let open = Arc::new(AtomicUsize::new(0));
    let accept = move || {
        let mut is_failing = false;
        loop {
            match listener.next() {
                Ok(stream) => {
                    is_failing = false;
                    open_one(stream, &status, &open, is_control);
                }
                // The client has gone already.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => {
                    if !is_failing {
                        let problem = format!("could not accept a connection: {error}");
                        status.jobs.log.message(Level::Warn, "status", &problem);
                    }
                    is_failing = true;
                    // No file may be free at the moment.
                    thread::sleep(Duration::from_millis(100));
                }
            }
        }
    };
    spawn(Box::new(accept))
}

/// Gives its place back when the connection is closed.
struct Place(Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

fn open_one(stream: Box<dyn Stream>, status: &Arc<Status>, open: &Arc<AtomicUsize>, is_control: bool) {
    let others = open.fetch_add(1, Ordering::SeqCst);
    let place = Place(open.clone());
    if others >= MOST_OPEN {
        return turn_away(stream);
    }
    let status = status.clone();
    let talk = move || {
        let _place = place;
        converse(stream, &status, is_control);
    };
    // Without a thread the connection is closed.
    let _ = spawn(Box::new(talk));
}

/// Refuses a connection, and waits for nothing.
fn turn_away(mut stream: Box<dyn Stream>) {
    let answer = Answer::message(503, "too many connections are open: try again");
    if stream.set_nonblocking().is_ok() {
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write(answer.bytes(false).as_bytes());
        let _ = stream.end_writing();
        let _ = stream.read(&mut [0; 4096]);
    }
}

fn converse(mut stream: Box<dyn Stream>, status: &Status, is_control: bool) {
    let (answer, is_head) = match read(&mut *stream) {
        Ok(Some(request)) => (status.answer(&request, is_control), request.method == Method::Head),
        Ok(None) => return,
        Err(refusal) => (Answer::message(refusal.status, refusal.message), false),
    };
    if answer.kind == Kind::Lines && !is_head {
        return status.follow(stream, &answer);
    }
    let until = Instant::now() + WRITE_WITHIN;
    let limited = |stream: &dyn Stream| match until.saturating_duration_since(Instant::now()) {
        Duration::ZERO => Err(io::ErrorKind::TimedOut.into()),
        left => stream.set_timeout(Some(left)),
    };
    let bytes = answer.bytes(is_head);
    drop(answer);
    let written = write_all(&mut *stream, bytes.as_bytes(), &limited);
    drop(bytes);
    if written.and_then(|()| stream.end_writing()).is_ok() {
        read_rest(&mut *stream);
    }
}

/// Reads a request. `None` if the other side has gone.
fn read(stream: &mut dyn Stream) -> Result<Option<Request>, Refusal> {
    let until = Instant::now() + READ_WITHIN;
    let late = Refusal { status: 408, message: "the request did not come within 5 seconds" };
    let mut head = Head::default();
    let mut bytes = [0; 1024];
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(late);
        }
        match stream.set_timeout(Some(left)).and_then(|()| stream.read(&mut bytes)) {
            Ok(0) if head.is_empty() => return Ok(None),
            Ok(0) => return Err(Refusal { status: 400, message: "the request ends within its head" }),
            Ok(len) => {
                if let Some(request) = head.push(&bytes[..len])? {
                    return Ok(Some(request));
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if is_timeout(&error) => return Err(late),
            Err(_) => return Ok(None),
        }
    }
}

fn is_timeout(error: &io::Error) -> bool {
    // Which of them it is depends on the system.
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

fn read_rest(stream: &mut dyn Stream) {
    let until = Instant::now() + REST_WITHIN;
    let mut len = 0;
    while len < MAX_REST {
        let left = until.saturating_duration_since(Instant::now());
        let read = stream.set_timeout(Some(left)).and_then(|()| stream.read(&mut [0; 4096]));
        match read {
            Ok(more) if more > 0 && !left.is_zero() => len += more,
            _ => return,
        }
    }
}
