//! `sexton ctl`: asks a `sexton run` on this machine to do something, through its Unix socket.

use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use crate::args::{Args, Flag};
use crate::status::http;
use crate::status::stream::{write_all, Stream};
use crate::{say, system, Command, Failure};

pub const COMMAND: Command = Command {
    name: "ctl",
    help: HELP,
    flags: &[&[Flag::Value("--socket"), Flag::Switch("--json")]],
    run: ctl,
};

const HELP: &str = "\
usage: sexton ctl VERB [JOB] [OPTION ...]

Asks a running `sexton run --status SOCKET` to do something. JOB is a name, `line 3`, or FILE:3 if
there may be several files, as for `run --once`.

    sexton ctl list         print the jobs: next due time, state, how the last run ended, schedule
    sexton ctl run JOB      run a job now, also if it is paused; its schedule does not move
    sexton ctl pause JOB    start no run of it until it is resumed: due times are missed meanwhile
    sexton ctl resume JOB   go on with the first due time from now on
    sexton ctl reload       read the crontab again, and print what has changed or what is wrong
    sexton ctl follow       print the lines of the log as they come, until the program ends

    2026-11-30T04:02:00Z waiting success backup: at 04:02 on every Monday and on every Friday

States are waiting, running, paused and ended; runs end with success, failure, timeout or stopped.
`-` in place of a time or a run: there is none. A pause ends when the program does.

    --socket PATH     the socket (default: /run/sexton.sock)
    --json            print the list as JSON objects, of 1,000 jobs at the most each

Exit status: 0 if it is done; 1 if not, with the reason on stderr; 2 if the command line has a
mistake or nothing answers at the socket.
";

const DEFAULT_SOCKET: &str = "/run/sexton.sock";

const EXPECTED: &str = "expected list, run, pause, resume, reload or follow";

/// How long an answer may take: reading a crontab again may take half a minute.
const PATIENCE: Duration = Duration::from_secs(45);

/// How much of an answer is read before it is known to be one.
const MAX_HEAD: usize = 8192;

fn ctl(args: &Args) -> Result<(), Failure> {
    let words: Vec<_> = args.rest.iter().map(|word| word.to_string_lossy()).collect();
    let socket = args.value("--socket").unwrap_or(DEFAULT_SOCKET);
    let socket = Path::new(socket.strip_prefix("unix:").unwrap_or(socket));
    let words: Vec<&str> = words.iter().map(|word| &**word).collect();
    if args.has("--json") && words != ["list"] {
        return Err(Failure::Usage("`--json` is for `list` alone".into()));
    }
    let (verb, jobs) = words.split_first().ok_or_else(|| Failure::Usage(EXPECTED.into()))?;
    let is_of_job = matches!(*verb, "run" | "pause" | "resume");
    let path = match jobs {
        [] if is_of_job => return Err(Failure::Usage(format!("`{verb}` needs the name of a job"))),
        [job] if is_of_job => format!("/{verb}?job={}", http::encoded(job)),
        [] => format!("/{verb}"),
        [first, ..] => {
            let other = if is_of_job { jobs[1] } else { first };
            return Err(Failure::Usage(format!("`{verb}` does not take `{other}`")));
        }
    };
    match *verb {
        "list" => list(socket, args.has("--json")),
        "follow" => follow(socket),
        "run" | "pause" | "resume" | "reload" => print(Answer::of(socket, "POST", &path)?),
        _ => Err(Failure::Usage(format!("unknown verb `{verb}`, {EXPECTED}"))),
    }
}

/// An answer whose head has been read.
struct Answer {
    stream: Box<dyn Stream>,
    status: u16,
    /// How long the text is, if the head says so.
    length: Option<usize>,
    /// The part of the text that came with the head.
    begin: Vec<u8>,
}

impl Answer {
    fn of(socket: &Path, method: &str, path: &str) -> Result<Answer, Failure> {
        let failed = |what: &str, error: io::Error| {
            let why = match error.kind() {
                io::ErrorKind::NotFound => "there is no such file: is `sexton run --status` running?".into(),
                io::ErrorKind::ConnectionRefused => "nobody answers: has the program ended?".into(),
                io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => "there is no answer".into(),
                _ => error.to_string(),
            };
            Failure::Error(2, format!("could not {what} `{}`: {why}", socket.display()))
        };
        let mut stream = system::connect_to(socket).map_err(|error| failed("connect to", error))?;
        let request = format!("{method} {path} HTTP/1.1\r\nHost: sexton\r\nConnection: close\r\n\r\n");
        let sent = write_all(&mut *stream, request.as_bytes(), &|stream| stream.set_timeout(Some(PATIENCE)));
        // An answer may have come all the same: that there are too many connections.
        let read = read_head(&mut *stream);
        sent.or_else(|error| read.as_ref().map(drop).map_err(|_| error))
            .map_err(|error| failed("write to", error))?;
        let (status, length, begin) = read.map_err(|error| failed("read from", error))?;
        Ok(Answer { stream, status, length, begin })
    }

    fn text(mut self) -> Result<(u16, String), Failure> {
        let mut text = self.begin;
        let mut bytes = [0; 8192];
        loop {
            match self.stream.read(&mut bytes) {
                // The program was killed.
                Ok(0) if Some(text.len()) < self.length => {
                    let problem = format!("the answer breaks off after {} bytes", text.len());
                    return Err(Failure::Error(2, problem));
                }
                Ok(0) => return Ok((self.status, String::from_utf8_lossy(&text).trim_end().into())),
                Ok(len) => text.extend_from_slice(&bytes[..len]),
                Err(error) => return Err(Failure::Error(2, format!("the answer breaks off: {error}"))),
            }
        }
    }
}

/// The status code, the length that the head gives, and what comes after the head.
fn read_head(stream: &mut dyn Stream) -> io::Result<(u16, Option<usize>, Vec<u8>)> {
    let odd = || io::Error::new(io::ErrorKind::InvalidData, "what answers there is no `sexton run`");
    let mut bytes = Vec::new();
    loop {
        let mut more = [0; 4096];
        let len = stream.read(&mut more)?;
        bytes.extend_from_slice(&more[..len]);
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]);
            let code = head.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
            let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")?.parse().ok());
            return Ok((code.ok_or_else(odd)?, length, bytes.split_off(end + 4)));
        }
        if len == 0 || bytes.len() > MAX_HEAD {
            return Err(odd());
        }
    }
}

/// What was done, or why not.
fn print(answer: Answer) -> Result<(), Failure> {
    match answer.text()? {
        (200..=299, text) if text.is_empty() => Ok(()),
        (200..=299, text) => say(&text),
        (_, text) => Err(Failure::Error(1, text)),
    }
}

/// An answer has so many jobs at the most: others are asked for.
fn list(socket: &Path, is_json: bool) -> Result<(), Failure> {
    let (path, step) = (if is_json { "/jobs" } else { "/list" }, 1000);
    for from in (0..).step_by(step) {
        let answer = Answer::of(socket, "GET", &format!("{path}?from={from}"))?;
        if answer.status != 200 {
            return print(answer);
        }
        let text = answer.text()?.1;
        // A job is a line of the list, and one of the JSON object.
        let jobs = text.lines().count();
        if jobs > 0 && !(is_json && from > 0 && text.ends_with("\"jobs\":[]}")) {
            say(&text)?;
        }
        if jobs < step {
            return Ok(());
        }
    }
    Ok(())
}

fn follow(socket: &Path) -> Result<(), Failure> {
    let mut answer = Answer::of(socket, "GET", "/follow")?;
    if answer.status != 200 {
        return print(answer);
    }
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::BrokenPipe,
        _ => Failure::Error(2, format!("the log breaks off: {error}")),
    };
    answer.stream.set_timeout(None).map_err(failed)?;
    let mut stdout = io::stdout().lock();
    let mut bytes = answer.begin;
    loop {
        stdout.write_all(&bytes).and_then(|()| stdout.flush()).map_err(failed)?;
        bytes.resize(8192, 0);
        match answer.stream.read(&mut bytes) {
            Ok(0) => return Ok(()),
            Ok(len) => bytes.truncate(len),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => bytes.clear(),
            // The program was killed.
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Ok(()),
            Err(error) => return Err(failed(error)),
        }
    }
}
