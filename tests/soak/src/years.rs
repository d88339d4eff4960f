//! A thousand years on a manual clock: a hundred tasks in eight zones, against lists that are computed by the rule as it is
//! written (`tests/it/simulation/civil.rs`): each civil minute is looked at, and the zone is only asked for offsets.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use sexton::{ManualClock, Missed, Run, Scheduler};

use crate::civil::{day_steps, month_steps, spans_until, Clocks, Field, Fields, DAY};
use crate::zones;

const ZONES: [&str; 8] = [
    "America/New_York",
    "Europe/Dublin",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "America/Santiago",
    "Asia/Kolkata",
    "Antarctica/Troll",
    "Pacific/Apia",
];

/// 1 January 2026, at noon.
const BEGIN: i64 = 1_767_268_800;

const YEAR: i64 = 31_556_952;

/// Lists are computed for so long at a time.
const CHUNK: i64 = 10 * YEAR;

/// When a task is due, by arithmetic that is not the library's.
enum Due {
    Fields(Fields, Clocks),
    /// All of them.
    List,
    /// Each so many seconds from the beginning on.
    Elapsed(i64),
}

/// What a task is to do next, and what it has done.
struct Expected {
    due: Due,
    next: VecDeque<i64>,
    /// Up to when `next` is known.
    known: i64,
    end: i64,
    runs: u64,
    faults: Vec<String>,
}

impl Expected {
    fn fill(&mut self) {
        while self.next.is_empty() && self.known < self.end {
            let (from, to) = (self.known + 1, (self.known + CHUNK).min(self.end));
            match &self.due {
                Due::Fields(fields, clocks) => {
                    self.next.extend(fields.dues(clocks, from, to).into_iter().filter(|due| *due <= to));
                }
                Due::Elapsed(period) => {
                    let first = (from - BEGIN + period - 1).div_euclid(*period) * period + BEGIN;
                    self.next.extend((first..=to).step_by(*period as usize));
                }
                Due::List => {}
            }
            self.known = to;
        }
    }

    fn run(&mut self, run: &Run) {
        self.fill();
        let due = run.due().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()) as i64;
        let expected = self.next.pop_front();
        self.runs += 1;
        if expected != Some(due) || run.missed() > 0 || run.lateness() > Duration::ZERO {
            let (missed, late) = (run.missed(), run.lateness());
            self.fault(format!(
                "a run for {due}, {late:?} late, in place of {missed} others: expected {expected:?}"
            ));
        }
    }

    fn fault(&mut self, fault: String) {
        // The first ones say what is wrong.
        if self.faults.len() < 3 {
            self.faults.push(fault);
        }
    }
}

fn list(values: &[u32]) -> Field {
    Field::List(values.to_vec())
}

/// The cron expressions of each zone.
fn expressions() -> Vec<Fields> {
    let daily =
        |minute, hour| Fields { minute, hour, day: Field::Any, month: Field::Any, weekday: Field::Any };
    vec![
        daily(list(&[0]), Field::Any),
        daily(list(&[30]), list(&[2])),
        daily(list(&[0]), list(&[0])),
        daily(list(&[30]), list(&[1])),
        Fields { weekday: list(&[1, 2, 3, 4, 5]), ..daily(list(&[15]), list(&[9])) },
        Fields { day: list(&[1]), ..daily(list(&[0]), list(&[12])) },
        Fields { day: list(&[31]), ..daily(list(&[45]), list(&[23])) },
        Fields { day: list(&[29]), month: list(&[2]), ..daily(list(&[0]), list(&[3])) },
        daily(Field::Step(30), list(&[2])),
        daily(list(&[0]), Field::Range(1, 3)),
    ]
}

struct Play {
    scheduler: Scheduler,
    end: i64,
    tasks: Vec<(String, Arc<Mutex<Expected>>)>,
}

impl Play {
    fn expect(&mut self, name: &dyn fmt::Display, due: Due, next: Vec<i64>) -> impl FnMut(&Run) {
        let (next, known) = (VecDeque::from(next), BEGIN);
        let expected = Expected { due, next, known, end: self.end, runs: 0, faults: Vec::new() };
        let expected = Arc::new(Mutex::new(expected));
        self.tasks.push((name.to_string(), expected.clone()));
        move |run| expected.lock().expect("no user panics").run(run)
    }

    fn zone(&mut self, name: &str) {
        let zone = zones::zone(name);
        // What is due at the end may be due because of a change that comes later.
        let clocks = Clocks::of(&spans_until(name, self.end + 6 * YEAR));
        for fields in expressions() {
            let (task, cron) = (format!("{fields} {name}"), fields.to_string());
            let callback = self.expect(&task, Due::Fields(fields, clocks.clone()), Vec::new());
            let task = self.scheduler.task(&task).cron(&cron).zone(zone.clone());
            task.missed(Missed::All).run_with(callback).expect("it can be scheduled");
        }
        // Civil times: 2 January 2026, 02:30, and 31 January 2026, 00:30.
        let anchors = [
            ("1d", 20_455 * DAY + 9000, "2026-01-02 02:30"),
            ("1mo", 20_484 * DAY + 1800, "2026-01-31 00:30"),
        ];
        for (period, anchor, text) in anchors {
            let mut all = match period {
                "1d" => day_steps(anchor, 1, &clocks, self.end),
                _ => month_steps(anchor, 1, &clocks, self.end),
            };
            all.retain(|due| *due <= self.end);
            let task = format!("{period} {name}");
            let callback = self.expect(&task, Due::List, all);
            let task = self.scheduler.task(&task).every(period).starting(text).zone(zone.clone());
            task.missed(Missed::All).run_with(callback).expect("it can be scheduled");
        }
    }

    fn elapsed(&mut self) {
        for hours in [1, 7, 24, 36] {
            let name = format!("every {hours} hours");
            let callback = self.expect(&name, Due::Elapsed(3600 * hours), vec![BEGIN]);
            let period = Duration::from_secs(3600 * hours as u64);
            self.scheduler.task(&name).every(period).run_with(callback).expect("it can be scheduled");
        }
    }
}

/// Whether all was as it is to be.
pub fn play(years: i64) -> bool {
    let began = Instant::now();
    let instant = |unix: i64| -> SystemTime { UNIX_EPOCH + Duration::from_secs(unix as u64) };
    let clock = ManualClock::new(instant(BEGIN));
    let scheduler = Scheduler::builder().clock(&clock).zone("UTC").build().expect("a scheduler");
    let mut play = Play { scheduler, end: BEGIN + years * YEAR, tasks: Vec::new() };
    ZONES.iter().for_each(|name| play.zone(name));
    play.elapsed();
    let prepared = began.elapsed();
    for year in 0..years {
        clock.advance(Duration::from_secs(YEAR as u64));
        if (year + 1) % 100 == 0 {
            println!("{} years after {:.0} s", year + 1, began.elapsed().as_secs_f64());
        }
    }
    let (mut runs, mut faults) = (0, 0);
    for (name, expected) in &play.tasks {
        let mut expected = expected.lock().expect("no user panics");
        expected.fill();
        let left = expected.next.len();
        if left > 0 {
            let fault = format!("{left} and more were to come, from {:?}", expected.next.front());
            expected.fault(fault);
        }
        runs += expected.runs;
        faults += expected.faults.len();
        expected.faults.iter().for_each(|fault| println!("!! {name}: {fault}"));
    }
    let took = began.elapsed() - prepared;
    println!(
        "{years} years of {} tasks in {} zones: {runs} runs for one due time each, {faults} faults, in {:.0} s",
        play.tasks.len(),
        ZONES.len(),
        took.as_secs_f64()
    );
    faults == 0 && runs > 0
}
