//! The log of `sexton run`: a line on stderr for each event, as text or as a JSON object.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use sexton::tz::Zone;

use crate::args::Args;
use crate::json::Object;
use crate::mistake::Mistake;
use crate::writer::{Followers, Writer};
use crate::{source, tell, time, Failure};

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Debug,
    Info,
    Warn,
    Error,
}

impl Level {
    fn name(self) -> &'static str {
        match self {
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warn => "warn",
            Level::Error => "error",
        }
    }
}

pub enum Value<'a> {
    Text(&'a str),
    Time(SystemTime),
    Seconds(Duration),
    Number(i64),
}

#[derive(Clone)]
pub struct Log {
    zone: Zone,
    is_json: bool,
    /// Lines below this level are left out.
    least: Level,
    /// Without one, lines are written at once.
    writer: Option<Writer>,
    /// Who else gets the lines.
    followers: Followers,
}

impl Log {
    /// As `--log`, `--quiet` and `--verbose` say.
    pub fn of(args: &Args, zone: Zone) -> Result<Log, Failure> {
        let is_json = match args.value("--log") {
            None | Some("text") => false,
            Some("json") => true,
            Some(other) => {
                return Err(Failure::Usage(format!(
                    "unknown format `{other}` for `--log`, expected text or json"
                )))
            }
        };
        let least = match (args.has("--quiet"), args.has("--verbose")) {
            (false, false) => Level::Info,
            (true, false) => Level::Warn,
            (false, true) => Level::Debug,
            (true, true) => {
                let problem = "`--quiet` and `--verbose` exclude each other: expected one of them";
                return Err(Failure::Usage(problem.into()));
            }
        };
        Ok(Log { zone, is_json, least, writer: None, followers: Followers::default() })
    }

    /// The same, with a thread that writes.
    pub fn on_thread(self) -> Log {
        let log = self.clone();
        let report = move |lost: i64| log.line(Level::Warn, "lost", &[("count", Value::Number(lost))], None);
        Log { writer: Writer::start(Box::new(tell), Box::new(report)), ..self }
    }

    /// Waits until all is written, but not for long.
    pub fn flush(&self) {
        self.writer.iter().for_each(Writer::flush);
        self.followers.flush();
    }

    /// Gives another one the lines from now on. `None` if there are too many.
    pub fn add_follower(&self, follower: Writer) -> Option<u64> {
        self.followers.add(follower)
    }

    pub fn remove_follower(&self, id: u64) {
        self.followers.remove(id);
    }

    fn write(&self, line: String) {
        self.followers.write(&line);
        match &self.writer {
            None => tell(&line),
            Some(writer) => writer.write(line),
        }
    }

    pub fn zone(&self) -> &Zone {
        &self.zone
    }

    /// Logs an event, of a job or of the whole program.
    pub fn line(&self, level: Level, event: &str, fields: &[(&str, Value<'_>)], job: Option<&str>) {
        if level >= self.least {
            self.write(self.written(level, event, fields, job));
        }
    }

    /// The line of an event.
    pub fn written(
        &self,
        level: Level,
        event: &str,
        fields: &[(&str, Value<'_>)],
        job: Option<&str>,
    ) -> String {
        match self.is_json {
            true => self.json(level, event, fields, job),
            false => self.text(event, fields, job),
        }
    }

    /// Logs an event that is a message in words.
    pub fn message(&self, level: Level, event: &str, message: &str) {
        self.line(level, event, &[("message", Value::Text(message))], None);
    }

    /// Logs which files of a folder are not read.
    pub fn left_out(&self, files: &[PathBuf]) {
        files.iter().for_each(|path| self.message(Level::Warn, "skipped", &source::left_out(path)));
    }

    /// Logs warnings of `check`: the name of the file, the place, and the code.
    pub fn warnings(&self, warnings: &[(String, Mistake, &'static str)]) {
        // One mistake of a kind may be in very many lines.
        const MOST: usize = 20;
        for (file, mistake, code) in warnings.iter().take(MOST) {
            let fields = [
                ("file", Value::Text(file)),
                ("line", Value::Number(mistake.line as i64)),
                ("column", Value::Number(mistake.column() as i64)),
                ("code", Value::Text(code)),
                ("message", Value::Text(&mistake.message)),
            ];
            self.line(Level::Warn, "warning", &fields, None);
        }
        if warnings.len() > MOST {
            let message = format!("and {} more, see `sexton check`", warnings.len() - MOST);
            self.message(Level::Warn, "warning", &message);
        }
    }

    /// Logs a mistake in a crontab. As text it has carets below it.
    pub fn mistake(&self, file: &str, mistake: &Mistake) {
        if !self.is_json {
            return self.write(mistake.in_file(file).to_string());
        }
        let (line, column) = (mistake.line as i64, mistake.column() as i64);
        let place =
            [("file", Value::Text(file)), ("line", Value::Number(line)), ("column", Value::Number(column))];
        let [file, line, column] = place;
        let fields = [file, line, column, ("message", Value::Text(&mistake.message))];
        self.line(Level::Error, "mistake", &fields, None);
    }

    /// A line of a job's output, as a JSON object.
    pub fn output(&self, job: &str, stream: &str, text: &str) -> String {
        self.json(
            Level::Info,
            "output",
            &[("stream", Value::Text(stream)), ("text", Value::Text(text))],
            Some(job),
        )
    }

    fn now(&self) -> String {
        time::rfc3339(SystemTime::now(), &self.zone)
    }

    /// `2026-11-22T10:00:00Z end status=0 took=0.002s line 4: probe`
    fn text(&self, event: &str, fields: &[(&str, Value<'_>)], job: Option<&str>) -> String {
        let mut line = format!("{} {event}", self.now());
        for (name, value) in fields {
            let value = match value {
                Value::Text(text) if text.is_empty() || text.contains(&[' ', '"'][..]) => {
                    format!("\"{text}\"")
                }
                Value::Text(text) => text.to_string(),
                Value::Time(instant) => time::rfc3339(*instant, &self.zone),
                Value::Seconds(duration) => time::seconds(*duration),
                Value::Number(number) => number.to_string(),
            };
            line += &format!(" {name}={value}");
        }
        line.extend(job.into_iter().flat_map(|job| [" ", job]));
        line.replace(char::is_control, " ")
    }

    fn json(&self, level: Level, event: &str, fields: &[(&str, Value<'_>)], job: Option<&str>) -> String {
        let mut object = Object::of("time", &self.now());
        object.text("level", level.name());
        object.text("event", event);
        if let Some(job) = job {
            object.text("job", job);
        }
        for (name, value) in fields {
            match value {
                Value::Text(text) => object.text(name, text),
                Value::Time(instant) => object.text(name, &time::rfc3339(*instant, &self.zone)),
                Value::Seconds(duration) => object.raw(name, time::seconds(*duration).trim_end_matches('s')),
                Value::Number(number) => object.raw(name, &number.to_string()),
            }
        }
        object.to_string()
    }
}
