//! The jobs and what has become of them, as JSON and as lines.

use std::time::SystemTime;

use sexton::tz::Zone;
use sexton::Status as TaskStatus;

use super::counts::{Ended, OfJob, OUTCOMES, REASONS};
use super::http::Request;
use super::server::{Answer, Kind};
use super::{add, Status};
use crate::crontab::Job;
use crate::jobs::Named;
use crate::json::Object;
use crate::{list, time};

/// An answer has so many jobs at the most, as there may be very many.
pub const MOST_JOBS: usize = 1000;

/// A job, and how things are with it.
pub struct Row<'a> {
    pub job: &'a Job,
    pub state: TaskStatus,
    pub next: Option<SystemTime>,
    pub counts: OfJob,
}

impl Status {
    /// Some jobs of a crontab, in its order.
    pub fn rows<'a>(&self, named: &'a Named, from: usize, most: usize) -> Vec<Row<'a>> {
        let jobs = named.crontab.jobs.iter().skip(from).take(most);
        let row = |job: &'a Job| {
            let name = job.task_name();
            let counts = self.counts.state().get(&name).cloned().unwrap_or_default();
            let task = self.jobs.scheduler.get(&name);
            let next = task.as_ref().and_then(|task| task.next_due());
            let state = match task.map_or(TaskStatus::Ended, |task| task.status()) {
                // The last run of a task, which is not found by its name any more.
                TaskStatus::Ended if counts.running > 0 => TaskStatus::Running,
                state => state,
            };
            Row { job, state, next, counts }
        };
        jobs.map(row).collect()
    }
}

fn from(request: &Request) -> Result<usize, Answer> {
    let text = request.parameter("from").unwrap_or_else(|| "0".into());
    let problem = || Answer::message(400, &format!("`from`: found `{text}`, expected a number"));
    text.parse().map_err(|_| problem())
}

/// `/jobs?from=0`
pub fn json(status: &Status, request: &Request) -> Answer {
    let from = match from(request) {
        Ok(from) => from,
        Err(answer) => return answer,
    };
    let zone = status.jobs.log.zone();
    let current = status.jobs.current().clone();
    let rows = status.rows(&current, from, MOST_JOBS);
    let jobs: Vec<_> = rows.iter().map(|row| row.json(zone, status.jobs.logs_commands)).collect();
    let mut object = Object::of("zone", &zone.to_string());
    object.raw("total", &current.crontab.jobs.len().to_string());
    object.raw("from", &from.to_string());
    object.raw("jobs", &format!("[{}]", jobs.join(",\n")));
    Answer::of(200, Kind::Json, format!("{object}\n"))
}

/// `/list?from=0`: a line for each job.
pub fn list(status: &Status, request: &Request) -> Answer {
    let from = match from(request) {
        Ok(from) => from,
        Err(answer) => return answer,
    };
    let zone = status.jobs.log.zone();
    let current = status.jobs.current().clone();
    let mut text = String::new();
    for row in status.rows(&current, from, MOST_JOBS) {
        let next = row.next.map_or("-".into(), |next| time::rfc3339(next, zone));
        let last = row.counts.last.as_ref().map_or("-", |last| OUTCOMES[last.ending.index()]);
        let (name, words) = (row.job.name(), list::in_words(&row.job.when));
        add(&mut text, &[&next, " ", &row.state.to_string(), " ", last, " ", &name, ": ", &words, "\n"]);
    }
    Answer::of(200, Kind::Text, text)
}

/// `{"success":3,"failure":0}`
fn numbers(names: &[&str], counts: &[u64]) -> String {
    let mut object = Object::default();
    names.iter().zip(counts).for_each(|(name, count)| object.raw(name, &count.to_string()));
    object.to_string()
}

/// A time or `null`.
fn put_time(object: &mut Object, name: &str, time: Option<SystemTime>, zone: &Zone) {
    match time {
        Some(time) => object.text(name, &time::rfc3339(time, zone)),
        None => object.raw(name, "null"),
    }
}

impl Row<'_> {
    fn json(&self, zone: &Zone, with_command: bool) -> String {
        let Row { job, state, next, counts } = self;
        let mut object = Object::of("job", &job.name());
        object.text("label", &job.label(with_command));
        list::add_place(&mut object, job);
        object.text("schedule", job.schedule_text());
        object.text("words", &list::in_words(&job.when));
        if let Some(own) = &job.zone {
            object.text("zone", &own.to_string());
        }
        object.text("state", &state.to_string());
        put_time(&mut object, "next", *next, zone);
        object.raw("running", &counts.running.to_string());
        object.raw("runs", &numbers(&OUTCOMES, &counts.ended));
        object.raw("missed", &numbers(&REASONS, &counts.missed));
        object.raw("claimed_elsewhere", &counts.elsewhere.to_string());
        put_time(&mut object, "last_success", counts.last_success, zone);
        match &counts.last {
            Some(last) => object.raw("last", &run_json(last, zone)),
            None => object.raw("last", "null"),
        }
        object.to_string()
    }
}

fn run_json(run: &Ended, zone: &Zone) -> String {
    let mut object = Object::of("due", &time::rfc3339(run.due, zone));
    object.text("started", &time::rfc3339(run.started, zone));
    object.raw("took", time::seconds(run.took).trim_end_matches('s'));
    object.text("outcome", OUTCOMES[run.ending.index()]);
    object.text("words", &run.ending.to_string());
    object.to_string()
}
