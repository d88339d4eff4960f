//! A replica: a process with a scheduler on a clock that follows the play's, and a ledger of what it did.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sexton::{Claim, ClaimFailure, Event, ManualClock, Missed, Scheduler};

use crate::claims::{key, Postgres, Redis};

/// What a replica is started with.
pub struct Orders {
    /// The folder with the file `now`, the crontab, and what the replicas leave.
    pub folder: String,
    /// Which replica it is. Its journal is that of its earlier processes.
    pub number: usize,
    /// Which process in the play it is.
    pub process: usize,
    pub engine: String,
    pub url: String,
    /// By what name it claims.
    pub holder: String,
    pub on_failure: ClaimFailure,
    /// By how many seconds its clock is ahead.
    pub skew: i64,
    /// When it ends, in seconds.
    pub end: u64,
}

impl Orders {
    pub fn to_args(&self) -> Vec<String> {
        let on_failure = match self.on_failure {
            ClaimFailure::Skip => "skip",
            ClaimFailure::Run => "run",
            ClaimFailure::Retry => "retry",
        };
        let Orders { folder, number, process, engine, url, holder, skew, end, .. } = self;
        let numbers = [number.to_string(), process.to_string()];
        let texts = [engine, url, holder].map(String::clone);
        let rest = [on_failure.into(), skew.to_string(), end.to_string()];
        std::iter::once(folder.clone()).chain(numbers).chain(texts).chain(rest).collect()
    }

    fn of(args: &[String]) -> Orders {
        let [folder, number, process, engine, url, holder, on_failure, skew, end] = args else {
            panic!("expected nine arguments: {args:?}");
        };
        Orders {
            folder: folder.clone(),
            number: number.parse().expect("a number"),
            process: process.parse().expect("a number"),
            engine: engine.clone(),
            url: url.clone(),
            holder: holder.clone(),
            on_failure: match on_failure.as_str() {
                "run" => ClaimFailure::Run,
                "retry" => ClaimFailure::Retry,
                _ => ClaimFailure::Skip,
            },
            skew: skew.parse().expect("seconds"),
            end: end.parse().expect("seconds"),
        }
    }

    /// What its clock shows.
    fn now(&self) -> SystemTime {
        loop {
            let bytes = fs::read(Path::new(&self.folder).join("now")).unwrap_or_default();
            if let Ok(bytes) = <[u8; 8]>::try_from(bytes) {
                let now = UNIX_EPOCH + Duration::from_nanos(u64::from_le_bytes(bytes));
                let by = Duration::from_secs(self.skew.unsigned_abs());
                return if self.skew < 0 { now - by } else { now + by };
            }
        }
    }

    fn claim(&self) -> Box<dyn Fn(&Claim<'_>) -> Result<bool, String> + Send + Sync> {
        let (url, replica) = (self.url.clone(), self.holder.clone());
        if self.engine == "postgres" {
            let postgres = Mutex::new(Postgres { url, replica, connection: None });
            return Box::new(move |claim| {
                postgres.lock().unwrap().claim(claim).map_err(|error| error.to_string())
            });
        }
        let client = redis::Client::open(url).expect("a good address");
        let redis = Mutex::new(Redis { client, replica, connection: None });
        Box::new(move |claim| redis.lock().unwrap().claim(claim).map_err(|error| error.to_string()))
    }
}

pub fn main(args: &[String]) {
    let orders = Orders::of(args);
    // The play holds the other end: if it dies, so does this.
    thread::spawn(|| {
        let _ = std::io::stdin().read(&mut [0]);
        std::process::exit(9);
    });
    let file = |name: String| Path::new(&orders.folder).join(name);
    let ledger = File::options().create(true).append(true).open(file(format!("ledger-{}", orders.process)));
    let ledger = ledger.expect("a ledger");
    // A line is one write, which outlives the process.
    let note = move |line: String| (&ledger).write_all(line.as_bytes()).expect("the ledger takes a line");
    let note: &'static _ = Box::leak(Box::new(note));

    let clock = ManualClock::new(orders.now());
    let builder = Scheduler::builder().clock(&clock).zone(sexton::tz::Zone::utc());
    let builder = builder.claim(orders.claim()).claim_failure(orders.on_failure);
    let scheduler = builder.journal(file(format!("journal-{}", orders.number))).build().expect("a scheduler");
    scheduler.observe(move |event| match event {
        Event::ClaimFailed { task, due, .. } => note(format!("failed {}\n", key(task, *due))),
        Event::ClaimedElsewhere { task, due, .. } => note(format!("elsewhere {}\n", key(task, *due))),
        Event::CutOff { task, due } => note(format!("cut {}\n", key(task, *due))),
        Event::Missed { task, latest, why, .. } => note(format!("missed {} {why:?}\n", key(task, *latest))),
        _ => {}
    });
    let crontab = fs::read_to_string(file("crontab".into())).expect("a crontab");
    for line in crontab.lines() {
        let (expression, name) = line.rsplit_once(' ').expect("a schedule and a name");
        let task = scheduler.task(name).cron(expression).missed(Missed::All);
        task.run_with(move |run| note(format!("ran {}\n", key(run.name(), run.due())))).expect("a task");
    }
    note("ready\n".into());
    let end = UNIX_EPOCH + Duration::from_secs(orders.end);
    loop {
        let now = orders.now().min(end);
        clock.advance(now.duration_since(clock.now()).unwrap_or_default());
        if now == end {
            scheduler.shutdown();
            note("over\n".into());
            return;
        }
        thread::sleep(Duration::from_millis(1));
    }
}
