//! `sexton run --status`: what the program does, for people, for Prometheus and for probes; and on a Unix socket, what
//! `sexton ctl` asks for.

mod address;
mod control;
mod counts;
mod health;
pub mod http;
mod jobs;
mod metrics;
mod page;
mod server;
pub mod stream;

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

pub use self::address::Address;
use self::address::Listening;
pub use self::control::Asked;
pub use self::counts::Counts;
pub use self::health::Health;
use self::http::{Method, Request};
use self::page::Picture;
use self::server::{Answer, Kind};
use self::stream::{write_all, Stream};
use crate::jobs::Jobs;
use crate::log::{Level, Value};
use crate::writer::Writer;

/// What answers need to know.
pub struct Status {
    jobs: Arc<Jobs>,
    counts: Arc<Counts>,
    health: Arc<Health>,
    /// The picture of the week that was drawn last. The lock is held while one is drawn.
    picture: Mutex<Picture>,
    /// Held while a page is written: requests occupy one processor at the most.
    writing: Mutex<()>,
}

/// Opens the addresses, before the first job runs: an address in use is a mistake in the command line.
pub fn open(addresses: &[Address]) -> Result<Vec<Listening>, String> {
    let mut listening = Vec::new();
    for address in addresses {
        listening.push(address.open()?);
    }
    Ok(listening)
}

/// Serves the addresses for as long as the program runs.
pub fn serve(listening: &mut [Listening], jobs: &Arc<Jobs>, health: &Arc<Health>) -> io::Result<()> {
    let status = Arc::new(Status {
        jobs: jobs.clone(),
        counts: jobs.counts.clone().unwrap_or_default(),
        health: health.clone(),
        picture: Mutex::default(),
        writing: Mutex::default(),
    });
    for one in listening {
        let Listening { listener, name, is_control, .. } = one;
        if let Some(listener) = listener.take() {
            jobs.log.line(Level::Info, "status", &[("address", Value::Text(name))], None);
            server::serve(listener, status.clone(), *is_control)?;
        }
    }
    Ok(())
}

impl Status {
    /// `is_control`: the connection may change something.
    fn answer(&self, request: &Request, is_control: bool) -> Answer {
        let is_reading = matches!(request.method, Method::Get | Method::Head);
        let control = control::VERBS.iter().find(|(path, _)| is_control && *path == request.path);
        let allowed = if control.is_some() { "POST" } else { "GET, HEAD" };
        let is_possible = match control {
            Some(_) => request.method == Method::Post,
            None => is_reading,
        };
        if !is_possible {
            let text = format!("`{}` answers {allowed} only", request.path);
            return Answer { allowed, ..Answer::message(405, &text) };
        }
        if let Some((_, act)) = control {
            return act(self, request);
        }
        let writing = || self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        match &*request.path {
            "/healthz" => self.health.alive(),
            "/readyz" => self.health.ready(),
            "/metrics" => {
                let _writing = writing();
                Answer::of(200, Kind::Metrics, metrics::of(self))
            }
            "/jobs" => {
                let _writing = writing();
                jobs::json(self, request)
            }
            "/list" if is_control => {
                let _writing = writing();
                jobs::list(self, request)
            }
            "/follow" if is_control => Answer::of(200, Kind::Lines, String::new()),
            "/" => {
                let _writing = writing();
                Answer::of(200, Kind::Html, page::of(self))
            }
            _ => Answer::message(404, "there are /, /jobs, /metrics, /healthz and /readyz"),
        }
    }

    /// Passes on the lines of the log until the other side goes.
    fn follow(&self, mut stream: Box<dyn Stream>, answer: &Answer) {
        let log = &self.jobs.log;
        let to = match stream.set_timeout(None).and_then(|()| stream.another()) {
            Ok(to) => Arc::new(Mutex::new(to)),
            Err(_) => return,
        };
        let lost = {
            let (to, log) = (to.clone(), log.clone());
            move |count: i64| {
                let fields = [("count", Value::Number(count))];
                put_line(&to, &log.written(Level::Warn, "lost", &fields, None));
            }
        };
        let id = {
            // Whoever has read the head gets all lines from then on, and none before it.
            let mut locked = to.lock().unwrap_or_else(PoisonError::into_inner);
            let to = to.clone();
            let follower = Writer::start(Box::new(move |line| put_line(&to, line)), Box::new(lost));
            let id = follower.and_then(|follower| log.add_follower(follower));
            let too_many = Answer::message(503, "8 others follow the log already");
            let answer = if id.is_some() { answer } else { &too_many };
            let _ = write_all(&mut **locked, answer.bytes(false).as_bytes(), &|_| Ok(()));
            id
        };
        // The other side has nothing to say: this waits until it has gone.
        while id.is_some() {
            match stream.read(&mut [0; 256]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(0) | Err(_) => break,
                Ok(_) => {}
            }
        }
        id.into_iter().for_each(|id| log.remove_follower(id));
    }
}

/// Appends texts. Pages are made of many, and formatting each would make the program larger.
#[inline(never)]
fn add(text: &mut String, parts: &[&str]) {
    parts.iter().for_each(|part| text.push_str(part));
}

/// Starts a thread. It is one function for all, as each kind of closure would be one of its own.
fn spawn(work: Box<dyn FnOnce() + Send>) -> io::Result<()> {
    thread::Builder::new().name("status".into()).spawn(work).map(drop)
}

/// Whether the line arrives is seen by the thread that reads.
fn put_line(to: &Mutex<Box<dyn Stream>>, line: &str) {
    let mut to = to.lock().unwrap_or_else(PoisonError::into_inner);
    let _ = write_all(&mut **to, [line, "\n"].concat().as_bytes(), &|_| Ok(()));
}
