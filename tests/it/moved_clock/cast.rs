//! The process whose clock is moved: a few tasks on a scheduler with threads, which tell what they see.

use std::collections::VecDeque;
use std::io::Read;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use sexton::{Event, Missed, Run, RunOutcome, Scheduler, Step};

use super::wall::{instant, nanos, Nanos, SECOND};

pub const BEAT: Duration = Duration::from_millis(100);

/// Who plays: `UNIT` tasks of each kind and policy, one a day, and a beat that goes by elapsed time.
#[derive(Clone, Copy)]
pub struct Part {
    pub name: &'static str,
    pub is_interval_like: bool,
    pub missed: Missed,
}

/// Those of a cron expression.
pub const PARTS: [Part; 6] = [
    Part { name: "again-once", is_interval_like: true, missed: Missed::Once },
    Part { name: "again-skip", is_interval_like: true, missed: Missed::Skip },
    Part { name: "again-all", is_interval_like: true, missed: Missed::All },
    Part { name: "listed-once", is_interval_like: false, missed: Missed::Once },
    Part { name: "listed-skip", is_interval_like: false, missed: Missed::Skip },
    Part { name: "listed-all", is_interval_like: false, missed: Missed::All },
];

/// How often they are due.
#[derive(Clone, Copy, Debug)]
pub enum Unit {
    Second,
    Minute,
    Hour,
}

impl Unit {
    pub fn nanos(self) -> Nanos {
        match self {
            Unit::Second => SECOND,
            Unit::Minute => 60 * SECOND,
            Unit::Hour => 3600 * SECOND,
        }
    }

    /// The same times in two ways: again and again, or by their names.
    fn cron(self, is_interval_like: bool) -> String {
        let list = |end: u32| (0..end).map(|value| value.to_string()).collect::<Vec<_>>().join(",");
        let (sixty, hours) = (list(60), list(24));
        match (self, is_interval_like) {
            (Unit::Second, true) => "* * * * * *".into(),
            (Unit::Second, false) => format!("{sixty} {sixty} {hours} * * *"),
            (Unit::Minute, true) => "* * * * *".into(),
            (Unit::Minute, false) => format!("{sixty} {hours} * * *"),
            (Unit::Hour, true) => "0 * * * *".into(),
            (Unit::Hour, false) => format!("0 {hours} * * *"),
        }
    }

    pub fn parse(text: &str) -> Unit {
        match text {
            "Second" => Unit::Second,
            "Minute" => Unit::Minute,
            "Hour" => Unit::Hour,
            _ => panic!("no unit: {text}"),
        }
    }
}

/// What the process does, given what the environment says; None if this is no such process.
pub fn play() -> Option<()> {
    let unit = Unit::parse(&std::env::var("SEXTON_MOVED_UNIT").ok()?);
    let check: u64 = std::env::var("SEXTON_MOVED_CHECK").unwrap().parse().unwrap();
    let anchor = instant(std::env::var("SEXTON_MOVED_ANCHOR").unwrap().parse().unwrap());
    let began = Instant::now();
    // With one worker the runs end in order.
    let builder = Scheduler::builder().threads(1).zone("UTC");
    let scheduler = builder.clock_check(Duration::from_millis(check)).build().unwrap();
    // Events are delivered by a thread of their own. So the line of a run waits for the event that it has finished: by then, what
    // was missed before it has been reported.
    let runs = Arc::new(Mutex::new(VecDeque::new()));
    let finished = runs.clone();
    scheduler.observe(move |event| match event {
        Event::RunEnded { .. } => println!("\n: {}", finished.lock().unwrap().pop_front().unwrap()),
        _ => tell(event),
    });
    let tell_run = move |run: &Run| {
        let (wall, mono) = (SystemTime::now(), began.elapsed());
        let (name, due, missed, lateness) = (run.name(), run.due(), run.missed(), run.lateness());
        let (due, wall, mono, lateness) = (nanos(due), nanos(wall), mono.as_nanos(), lateness.as_nanos());
        runs.lock().unwrap().push_back(format!("run {name} {due} {missed} {lateness} {wall} {mono}"));
    };
    let before = (nanos(SystemTime::now()), began.elapsed().as_nanos());
    scheduler.task("beat").every(BEAT).run_with(tell_run.clone()).unwrap();
    for Part { name, is_interval_like, missed } in PARTS {
        scheduler
            .task(name)
            .cron(&unit.cron(is_interval_like))
            .missed(missed)
            .run_with(tell_run.clone())
            .unwrap();
    }
    scheduler.task("day").every("1d").starting(anchor).run_with(tell_run).unwrap();
    let after = (nanos(SystemTime::now()), began.elapsed().as_nanos());
    println!("\n: began {} {} {} {}", before.0, before.1, after.0, after.1);

    // Until the other side has seen enough.
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
    scheduler.shutdown();
    println!("\n: over");
    Some(())
}

fn tell(event: &Event) {
    match event {
        Event::Missed { task, count, latest, why, .. } => {
            println!("\n: missed {task} {count} {} {why:?}", nanos(*latest));
        }
        Event::ClockStepped { step } => {
            let by = match step {
                Step::Forward(by) => by.as_nanos() as Nanos,
                Step::Back(by) => -(by.as_nanos() as Nanos),
            };
            println!("\n: stepped {by} {}", nanos(SystemTime::now()));
        }
        Event::RunEnded { outcome: RunOutcome::Panicked(_) | RunOutcome::Failed(_), .. }
        | Event::Ended { .. } => println!("\n: wrong {event}"),
        _ => {}
    }
}
