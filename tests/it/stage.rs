//! A scheduler on a manual clock, what it told, and a few short words for both.

use std::process::Command;
use std::sync::{mpsc, Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use sexton::tz::Zone;
use sexton::{Builder, Event, ManualClock, Moment, Run, RunOutcome, Scheduler, Why};

pub const SECOND: Duration = Duration::from_secs(1);
pub const MINUTE: Duration = Duration::from_secs(60);
pub const HOUR: Duration = Duration::from_secs(3600);
pub const DAY: Duration = Duration::from_secs(86_400);

/// Far longer than anything here takes, also where ten others want the processor: who waits so long waits for ever.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A scheduler in a zone at a time, its clock, and everything that it has told.
pub struct Stage {
    pub clock: ManualClock,
    pub scheduler: Scheduler,
    told: Arc<Mutex<Vec<Event>>>,
}

impl Stage {
    /// At a civil time in UTC.
    #[track_caller]
    pub fn at(start: &str) -> Stage {
        Stage::set_in(Zone::utc(), start)
    }

    /// At a civil time in a zone.
    #[track_caller]
    pub fn set_in(zone: Zone, start: &str) -> Stage {
        Stage::built(zone, start, |builder| builder)
    }

    /// The same, with other settings.
    #[track_caller]
    pub fn built(zone: Zone, start: &str, set: impl FnOnce(Builder) -> Builder) -> Stage {
        let clock = ManualClock::new(moment(start).instant(&zone).unwrap());
        let scheduler = set(Scheduler::builder().clock(&clock).zone(zone)).build().unwrap();
        let told = listen(&scheduler);
        Stage { clock, scheduler, told }
    }

    /// What was told since the last time.
    pub fn told(&self) -> Vec<Event> {
        std::mem::take(&mut *self.told.lock().unwrap())
    }

    /// The same in lines, without what is told of every task: that it was scheduled, that a run finished or was late.
    pub fn lines(&self) -> Vec<String> {
        self.told().iter().filter_map(line).collect()
    }
}

/// Has a scheduler's events noted down.
pub fn listen(scheduler: &Scheduler) -> Arc<Mutex<Vec<Event>>> {
    let told = Arc::new(Mutex::new(Vec::new()));
    let log = told.clone();
    scheduler.observe(move |event| log.lock().unwrap().push(event.clone()));
    told
}

fn line(event: &Event) -> Option<String> {
    Some(match event {
        Event::Scheduled { .. }
        | Event::RunEnded { outcome: RunOutcome::Finished, .. }
        | Event::Late { .. } => return None,
        Event::Started { task, due, .. } => format!("{task} {}", time(*due)),
        Event::Missed { task, count, latest, why, .. } => {
            format!("{task} missed {count} until {}: {why}", time(*latest))
        }
        Event::Ended { task } => format!("{task} ended"),
        event => event.to_string(),
    })
}

/// An asynchronous callback that does not look at its run.
pub fn without_run<F>(mut callback: impl FnMut() -> F) -> impl FnMut(Run) -> F {
    move |_| callback()
}

/// All due times reported as missed, and for this reason.
pub fn missed(told: &[Event], because: Why) -> u64 {
    let counts = told.iter().map(|event| match event {
        Event::Missed { count, why, .. } if *why == because => *count,
        _ => 0,
    });
    counts.sum()
}

#[track_caller]
pub fn moment(text: &str) -> Moment {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The instant in UTC as text; the date is left out where it is the day that most tests play on.
pub fn time(instant: SystemTime) -> String {
    let text = Moment::from(instant).to_string();
    match text.strip_prefix("2026-11-22T").and_then(|time| time.strip_suffix('Z')) {
        Some(time) => time.to_string(),
        None => text,
    }
}

/// Does something that must come to an end, and fails if it does not.
#[track_caller]
pub fn must_end<T: Send + 'static>(what: &str, act: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = mpsc::channel();
    let acting = std::thread::spawn(move || {
        let _ = sender.send(act());
    });
    match receiver.recv_timeout(PATIENCE) {
        Ok(result) => result,
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("{what} does not come to an end"),
        Err(mpsc::RecvTimeoutError::Disconnected) => match acting.join() {
            Err(panic) => std::panic::resume_unwind(panic),
            Ok(()) => panic!("{what} ended without a result"),
        },
    }
}

/// Looks again and again until it is so.
#[track_caller]
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// These tests, to be started as another process. `.ci/targets` says how, where it is not as simple as that.
pub fn these_tests() -> Command {
    let tests = std::env::current_exe().unwrap();
    match std::env::var_os("SEXTON_EMULATOR") {
        None => Command::new(tests),
        Some(emulator) => {
            let mut command = Command::new(emulator);
            command.arg(tests);
            command
        }
    }
}

/// Plays in a process of its own, which must neither fail nor hang: there, all threads are known. Gives what it printed.
#[track_caller]
pub fn in_child(test: &str, play: impl FnOnce()) -> String {
    const PLAYS: &str = "SEXTON_TEST_PLAYS";
    if std::env::var_os(PLAYS).is_some() {
        play();
        return String::new();
    }
    let mut child = these_tests();
    child.args([test, "--exact", "--nocapture", "--include-ignored"]).env(PLAYS, "yes");
    let output = must_end(test, move || child.output().unwrap());
    let told = [output.stdout, output.stderr].concat();
    let told = String::from_utf8_lossy(&told).into_owned();
    assert!(told.contains("1 passed"), "{told}");
    told
}

/// Calls something when it is dropped.
pub struct OnDrop<F: FnMut()>(pub F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// The processor time that the timers of this process have used, in the kernel's ticks, where the system tells.
pub fn timer_ticks() -> Option<u64> {
    let mut ticks = 0;
    for thread in std::fs::read_dir("/proc/self/task").ok()?.flatten() {
        let stat = std::fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
        // `id (name) state ...`: user and system time are the 12th and 13th after the name.
        if let Some((_, fields)) = stat.split_once("(sexton-timer) ") {
            let times = fields.split(' ').skip(11).take(2);
            ticks += times.filter_map(|field| field.parse::<u64>().ok()).sum::<u64>();
        }
    }
    Some(ticks)
}
