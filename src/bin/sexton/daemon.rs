//! The loop of `sexton run`: it waits for signals, looks at the clocks and the crontab once a second, enforces time limits, and
//! stops.

use std::iter;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use sexton::tz::Zone;
use sexton::{Builder, Claim, ClaimFailure, Scheduler};

use crate::boot;
use crate::claim::Claims;
use crate::clocks::{self, Clocks};
use crate::crontab::{counted, Crontab};
use crate::events;
use crate::jobs::{Changes, Jobs};
use crate::log::{Level, Log, Value};
use crate::running::Running;
use crate::settings::Settings;
use crate::source::{self, Source};
use crate::status::{self, Address, Asked, Counts, Health};
use crate::system::{self, Signal, Signals};
use crate::Failure;

/// How often the clocks and the crontab's file are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How often the scheduler looks at the clocks by itself. This loop does it more often, as it wakes up for the file anyway: a
/// machine that has nothing to do is woken once a second, and not twice.
const CLOCK_CHECK: Duration = Duration::from_secs(60);

/// What wakes the loop.
pub enum Message {
    Signal(Signal),
    /// Look when the next time limit is reached.
    Look,
    /// Read the crontab again, and say what has changed or why it is refused.
    Reload(Arc<Asked>),
    /// No job is left.
    Over,
}

/// A bounded channel, as only its sender can be shared between threads in all versions of `std`.
pub fn channel() -> (SyncSender<Message>, Receiver<Message>) {
    mpsc::sync_channel(64)
}

/// What the messages that are there ask for. Several requests to read the crontab again are one, as reading it takes long.
#[derive(Default)]
struct Wanted {
    reload: bool,
    /// Who gets an answer when the crontab has been read.
    asked: Vec<Arc<Asked>>,
    stops: bool,
    is_over: bool,
}

impl Wanted {
    /// A signal to stop does not wait for what came before it. Messages after it are left: a second signal ends the grace.
    fn of(first: Message, others: &Receiver<Message>) -> Wanted {
        let mut wanted = Wanted::default();
        for message in iter::once(first).chain(others.try_iter()) {
            match message {
                Message::Signal(system::HUP | system::USR2) => wanted.reload = true,
                Message::Reload(asked) => {
                    wanted.reload = true;
                    wanted.asked.push(asked);
                }
                Message::Signal(_) => {
                    wanted.stops = true;
                    break;
                }
                Message::Over => wanted.is_over = true,
                Message::Look => {}
            }
        }
        wanted
    }
}

/// The answer to who asks for something while the program stops.
const STOPS: &str = "the program stops";

/// What the command line says.
pub struct Plan {
    pub source: Source,
    pub log: Log,
    /// The zone of jobs that name none; `None` is the local one.
    pub zone: Option<Zone>,
    pub journal: Option<String>,
    pub grace: Duration,
    pub at_most: usize,
    pub claims: Option<Claims>,
    pub defaults: Settings,
    pub logs_commands: bool,
    /// Where the status is served.
    pub status: Vec<Address>,
}

/// So many mistakes of a crontab are listed in the answer to `ctl reload`.
const MOST_MISTAKES: usize = 20;

/// Why a new version of the crontab is not used, and the mistakes in it, in lines.
struct Refused {
    mistakes: String,
    why: String,
}

struct Daemon {
    source: Source,
    jobs: Arc<Jobs>,
    messages: Receiver<Message>,
    grace: Duration,
    health: Arc<Health>,
}

/// Runs a crontab until no job is left, or until a signal.
pub fn run(plan: Plan, signals: Signals, crontab: Crontab) -> Result<(), Failure> {
    let (sender, messages) = channel();
    watch_signals(signals, sender.clone())?;
    let mut listening = status::open(&plan.status).map_err(|problem| Failure::Error(2, problem))?;
    let (grace, journal, zone) = (plan.grace, plan.journal, plan.zone);
    let claimed: Claimed = Arc::default();
    let builder = builder(plan.at_most, zone, journal.as_deref());
    let builder = match &plan.claims {
        Some(claims) => claiming(builder, claims.on_failure, claimed.clone()),
        None => builder,
    };
    let scheduler = builder.build().map_err(failure)?;
    // After that the journal is this process's own.
    let runs_reboot_jobs = journal.map_or(true, |journal| boot::is_first_start(&journal, &plan.log));
    let jobs = Arc::new(Jobs {
        scheduler: scheduler.clone(),
        running: Arc::new(Running::new(plan.log.clone())),
        log: plan.log,
        defaults: plan.defaults,
        logs_commands: plan.logs_commands,
        claims: plan.claims,
        reading: plan.source.reading(),
        messages: sender.clone(),
        current: Mutex::default(),
        counts: (!listening.is_empty()).then(Arc::<Counts>::default),
    });
    let observer = Arc::downgrade(&jobs);
    *claimed.lock().unwrap_or_else(PoisonError::into_inner) = observer.clone();
    scheduler.observe(move |event| {
        if let Some(jobs) = observer.upgrade().filter(|_| event.task() != Some(clocks::TASK)) {
            let label = event.task().map(|task| jobs.label(task));
            let is_quiet = event.task().map_or(false, |task| jobs.is_quiet(task));
            events::log(event, label.as_deref(), is_quiet, &jobs.log);
            jobs.count(event);
        }
    });
    let health = Arc::new(Health::new());
    let daemon = Daemon { source: plan.source, jobs, messages, grace, health };
    daemon.start(crontab, runs_reboot_jobs)?;
    status::serve(&mut listening, &daemon.jobs, &daemon.health).map_err(no_thread)?;
    let wait = move || {
        scheduler.wait();
        let _ = sender.send(Message::Over);
    };
    thread::Builder::new().name("wait".into()).spawn(wait).map_err(no_thread)?;
    daemon.serve()
}

/// A thread cannot be started.
pub fn no_thread(error: std::io::Error) -> Failure {
    failure(format!("could not start a thread: {error}"))
}

fn failure(error: impl ToString) -> Failure {
    Failure::Error(1, error.to_string())
}

/// The jobs whose runs are claimed, once they are there.
type Claimed = Arc<Mutex<Weak<Jobs>>>;

/// Has the command of `--claim` asked.
fn claiming(builder: Builder, on_failure: ClaimFailure, jobs: Claimed) -> Builder {
    let jobs = move || jobs.lock().unwrap_or_else(PoisonError::into_inner).upgrade();
    let claim = move |run: &Claim<'_>| match jobs() {
        Some(jobs) => jobs.claim(run.name(), run.due()),
        None => Err("the program stops".into()),
    };
    builder.claim(claim).claim_failure(on_failure)
}

fn builder(at_most: usize, zone: Option<Zone>, journal: Option<&str>) -> Builder {
    let mut builder = Scheduler::builder().threads(at_most).clock_check(CLOCK_CHECK);
    if let Some(zone) = zone {
        builder = builder.zone(zone);
    }
    if let Some(path) = journal {
        builder = builder.journal(path);
    }
    builder
}

/// Has a request to read the crontab again wait until there is somebody to read it, instead of ending the program. It is to
/// be called before the crontab is read. SIGTERM and SIGINT go on to end the program meanwhile.
pub fn hold_reloads() -> Result<Signals, Failure> {
    Signals::watch(&[system::HUP, system::USR2]).map_err(unhandled)
}

fn unhandled(error: std::io::Error) -> Failure {
    failure(format!("could not handle signals: {error}"))
}

/// Has all signals come as messages.
pub fn watch_signals(mut signals: Signals, messages: SyncSender<Message>) -> Result<(), Failure> {
    signals.add(&[system::TERM, system::INT]).map_err(unhandled)?;
    let forward = move || {
        while let Ok(numbers) = signals.next() {
            numbers.into_iter().for_each(|number| drop(messages.send(Message::Signal(number))));
        }
    };
    thread::Builder::new().name("signals".into()).spawn(forward).map(drop).map_err(unhandled)
}

/// Gives the jobs that run the grace, from now on.
pub fn begin_stop(running: &Running, log: &Log, grace: Duration) {
    let fields = [("running", Value::Number(running.jobs().len() as i64)), ("grace", Value::Seconds(grace))];
    log.line(Level::Info, "stop", &fields, None);
    let now = Instant::now();
    running.stop(now.checked_add(grace).unwrap_or(now));
}

/// The exit status after a stop, and what it means.
pub fn after_stop(running: &Running) -> (u8, &'static str) {
    match running.worst() {
        None => (0, "all jobs ended by themselves"),
        Some(system::KILL) => (4, "jobs had to be killed"),
        Some(_) => (3, "jobs got a signal before they were done"),
    }
}

impl Daemon {
    fn start(&self, crontab: Crontab, runs_reboot_jobs: bool) -> Result<(), Failure> {
        let (jobs, count) = (&self.jobs, crontab.jobs.len() as i64);
        let zone = jobs.log.zone().to_string();
        let fields = [("jobs", Value::Number(count)), ("zone", Value::Text(&zone))];
        jobs.log.line(Level::Info, "ready", &fields, None);
        jobs.put(crontab, runs_reboot_jobs).map_err(failure)?;
        // `@reboot` jobs that have been run are not scheduled, and are in the crontab.
        let forgotten = jobs.scheduler.forget_unscheduled();
        for name in forgotten.into_iter().filter(|name| name != clocks::TASK && !jobs.has(name)) {
            jobs.log.line(Level::Info, "forgot", &[], Some(&jobs.label(&name)));
        }
        Ok(())
    }

    fn serve(mut self) -> Result<(), Failure> {
        let mut look_at = Instant::now() + LOOK_EVERY;
        let mut clocks = Clocks::now();
        loop {
            self.health.beat();
            let now = Instant::now();
            let next = self.jobs.running.enforce(now).map_or(look_at, |limit| limit.min(look_at));
            let wanted = match self.messages.recv_timeout(next.saturating_duration_since(now)) {
                Ok(first) => Wanted::of(first, &self.messages),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => Wanted::default(),
            };
            if wanted.stops {
                wanted.asked.iter().for_each(|asked| asked.answer(Err(STOPS.into())));
                return self.stop();
            }
            if wanted.reload {
                let result = self.reload();
                wanted.asked.iter().for_each(|asked| asked.answer(result.clone()));
            }
            if wanted.is_over {
                self.jobs.log.message(Level::Info, "over", "no job is left");
                return Ok(());
            }
            if look_at <= Instant::now() {
                look_at = Instant::now() + LOOK_EVERY;
                if clocks.have_parted() {
                    clocks::wake(&self.jobs.scheduler);
                }
                if self.source.has_changed() {
                    let _ = self.reload();
                }
            }
        }
    }

    /// Reads the crontab again. If it has a mistake, or no jobs, the jobs stay as they are. Returns what has changed, in words,
    /// or why nothing has.
    fn reload(&mut self) -> Result<String, String> {
        let result = self.read_again();
        let why = result.as_ref().err().map(|refused| &*refused.why);
        if let Some(why) = why {
            self.jobs.log.line(Level::Error, "kept", &[("why", Value::Text(why))], None);
        }
        self.health.reloaded(why);
        result.map_err(|refused| refused.mistakes + &refused.why)
    }

    fn read_again(&mut self) -> Result<String, Refused> {
        let log = &self.jobs.log;
        let refused = |why: &str| Refused { mistakes: String::new(), why: why.into() };
        if self.source.is_stdin() {
            return Err(refused("the crontab came from stdin and cannot be read again"));
        }
        let files = self.source.read_again().map_err(|failure| match failure {
            Failure::Error(_, problem) | Failure::Usage(problem) => refused(&problem),
            Failure::BrokenPipe => refused("the crontab could not be read"),
        })?;
        log.left_out(&files.skipped);
        let mut mistakes = String::new();
        for (i, (file, mistake)) in files.mistakes().enumerate() {
            log.mistake(file, mistake);
            if i < MOST_MISTAKES {
                mistakes += &format!("{}\n", mistake.in_file(file));
            }
        }
        let (name, count) = (&files.name, files.mistakes().count());
        if count > 0 {
            let why = format!("`{name}` has {}; the jobs stay as they were", counted(count, "mistake"));
            return Err(Refused { mistakes, why });
        }
        let crontab = source::join(files.files);
        if crontab.jobs.is_empty() {
            return Err(refused(&format!("`{name}` has no jobs; the jobs stay as they were")));
        }
        let count = crontab.jobs.len();
        let changes = self.jobs.put(crontab, false).map_err(|error| refused(&error.to_string()))?;
        let Changes { added, removed, changed } = changes;
        let number = |count: usize| Value::Number(count as i64);
        let fields = [
            ("jobs", number(count)),
            ("added", number(added)),
            ("removed", number(removed)),
            ("changed", number(changed)),
        ];
        log.line(Level::Info, "reload", &fields, None);
        Ok(format!("{}: {added} added, {removed} removed, {changed} changed", counted(count, "job")))
    }

    /// Fires nothing any more, and waits for what runs: until the grace is over, or another signal comes.
    fn stop(self) -> Result<(), Failure> {
        const POLL: Duration = Duration::from_millis(20);
        let Jobs { scheduler, running, log, .. } = &*self.jobs;
        begin_stop(running, log, self.grace);
        self.health.stop();
        while scheduler.shutdown_timeout(POLL).is_err() {
            self.health.beat();
            running.enforce(Instant::now());
            while let Ok(message) = self.messages.try_recv() {
                match message {
                    Message::Signal(system::TERM | system::INT) => running.stop(Instant::now()),
                    Message::Reload(asked) => asked.answer(Err(STOPS.into())),
                    _ => {}
                }
            }
        }
        let (status, how) = after_stop(running);
        log.message(Level::Info, "over", how);
        match status {
            0 => Ok(()),
            status => Err(Failure::Error(status, String::new())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_to_read_the_crontab_again_are_one_and_a_stop_comes_first() {
        let (sender, messages) = channel();
        let asked = Arc::new(Asked::default());
        let requests = [
            Message::Signal(system::USR2),
            Message::Look,
            Message::Reload(asked.clone()),
            Message::Reload(asked),
        ];
        requests.into_iter().for_each(|message| sender.send(message).unwrap());
        let wanted = Wanted::of(Message::Signal(system::HUP), &messages);
        assert!(wanted.reload && !wanted.stops && !wanted.is_over);
        assert_eq!(wanted.asked.len(), 2);
        assert!(messages.try_recv().is_err(), "all are read");

        for number in [system::HUP, system::TERM, system::INT] {
            sender.send(Message::Signal(number)).unwrap();
        }
        assert!(Wanted::of(Message::Signal(system::HUP), &messages).stops);
        assert!(matches!(messages.try_recv(), Ok(Message::Signal(system::INT))), "the second ends the grace");

        let wanted = Wanted::of(Message::Over, &messages);
        assert!(wanted.is_over && !wanted.reload && !wanted.stops);
    }
}
