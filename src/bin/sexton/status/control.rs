//! What `sexton ctl` has done: runs, pauses, resumes, and reading the crontab again.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use sexton::{Error, Overlap, Schedule, Status as TaskStatus};

use super::http::Request;
use super::server::Answer;
use super::Status;
use crate::crontab::{Job, When};
use crate::daemon::Message;
use crate::log::{Level, Value};
use crate::{time, trial, Failure};

/// How long a run may take to start until the answer says that it waits.
const STARTS_WITHIN: Duration = Duration::from_secs(2);

/// How long reading the crontab again may take until the answer says so.
const READS_WITHIN: Duration = Duration::from_secs(30);

type Act = fn(&Status, &Request) -> Answer;

/// What changes something, by its path.
pub const VERBS: [(&str, Act); 4] = [
    ("/run", |status, request| status.of_job(request, "run", Status::run)),
    ("/pause", |status, request| status.of_job(request, "pause", Status::pause)),
    ("/resume", |status, request| status.of_job(request, "resume", Status::resume)),
    ("/reload", |status, _| status.reload()),
];

/// A question to the loop of the program, and its answer.
#[derive(Default)]
pub struct Asked {
    answer: Mutex<Option<Result<String, String>>>,
    answered: Condvar,
}

impl Asked {
    pub fn answer(&self, answer: Result<String, String>) {
        *self.answer.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
        self.answered.notify_all();
    }

    fn wait(&self) -> Option<Result<String, String>> {
        let answer = self.answer.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.answered.wait_timeout_while(answer, READS_WITHIN, |answer| answer.is_none());
        waited.unwrap_or_else(PoisonError::into_inner).0.take()
    }
}

/// What was done, or why not: a status code, and what the answer says after the name of the job.
type Done = (u16, String);

fn done(what: &str) -> Done {
    (200, what.into())
}

fn failed(what: &str, error: &Error) -> Done {
    (409, [what, &error.to_string()].concat())
}

/// Of a task that has ended.
fn over() -> Done {
    (409, "is over: it is not due any more".into())
}

impl Status {
    /// Does something with the job that the request names.
    fn of_job(&self, request: &Request, verb: &str, act: fn(&Status, &Job) -> Done) -> Answer {
        let named = request.parameter("job").unwrap_or_default();
        let current = self.jobs.current().clone();
        let job = match trial::find(&named, &current.crontab) {
            Ok(index) => &current.crontab.jobs[index],
            Err(Failure::Error(_, problem) | Failure::Usage(problem)) => {
                return Answer::message(404, &problem)
            }
            Err(Failure::BrokenPipe) => return Answer::message(404, "no such job"),
        };
        if self.health.state().is_stopping {
            return Answer::message(409, "the program stops: nothing is run or changed any more");
        }
        let label = job.label(self.jobs.logs_commands);
        self.jobs.log.line(Level::Info, "ctl", &[("verb", Value::Text(verb))], Some(&label));
        let (code, what) = act(self, job);
        Answer::message(code, &["`", &job.name(), "` ", &what].concat())
    }

    fn run(&self, job: &Job) -> Done {
        let name = job.task_name();
        let before = self.counts.started(&name);
        let asked = match self.jobs.scheduler.get(&name) {
            Some(task) => {
                let may_overlap =
                    matches!(job.settings().or(&self.jobs.defaults).overlap(), Overlap::Allow(_));
                let is_held_up = task.status() == TaskStatus::Running && !may_overlap;
                let asked = task.run_now();
                if is_held_up && asked.is_ok() {
                    return (202, "is running: another run starts when that one has ended".into());
                }
                asked
            }
            // `@reboot` jobs have had their run, or had it before the program was started again.
            None if *job.when == When::Start => {
                self.jobs.schedule(job, job.shared_name(), Schedule::after(Duration::ZERO))
            }
            None => return over(),
        };
        match asked {
            Err(error) => failed("is not run: ", &error),
            Ok(()) if self.counts.wait_for_more(&name, before, STARTS_WITHIN) => done("runs now"),
            // All workers are busy, or the machine is, or another replica has the run.
            Ok(()) => (
                202,
                "has not started yet: it waits for its turn, unless the program is stopped before".into(),
            ),
        }
    }

    fn pause(&self, job: &Job) -> Done {
        let task = match self.jobs.scheduler.get(&job.task_name()) {
            Some(task) => task,
            None => return over(),
        };
        match (task.status(), task.pause()) {
            (_, Err(error)) => failed("is not paused: ", &error),
            (TaskStatus::Paused, _) => done("was paused already"),
            (TaskStatus::Running, _) => {
                done("is paused: the run that goes on is its last until it is resumed")
            }
            _ => done("is paused: no run starts until it is resumed"),
        }
    }

    fn resume(&self, job: &Job) -> Done {
        let task = match self.jobs.scheduler.get(&job.task_name()) {
            Some(task) => task,
            None => return over(),
        };
        let how = match (task.status(), task.resume()) {
            (_, Err(error)) => return failed("is not resumed: ", &error),
            (TaskStatus::Waiting, _) => "was not paused, and is ",
            // One that runs may have been paused meanwhile.
            _ => "is resumed, and is ",
        };
        match task.next_due() {
            None => done(&[how, "not due any more"].concat()),
            Some(next) => done(&[how, "due next at ", &time::rfc3339(next, self.jobs.log.zone())].concat()),
        }
    }

    /// The loop of the program reads the crontab.
    fn reload(&self) -> Answer {
        self.jobs.log.line(Level::Info, "ctl", &[("verb", Value::Text("reload"))], None);
        let asked = Arc::new(Asked::default());
        if self.jobs.messages.try_send(Message::Reload(asked.clone())).is_err() {
            return Answer::message(503, "the program is too busy to read the crontab again");
        }
        match asked.wait() {
            Some(Ok(changes)) => Answer::message(200, &changes),
            Some(Err(problem)) => Answer::message(409, &problem),
            None => {
                let text = "reading the crontab takes longer than 30 seconds: the log says how it ends";
                Answer::message(202, text)
            }
        }
    }
}
