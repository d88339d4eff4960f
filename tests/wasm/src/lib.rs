//! What is asked in WebAssembly. Each answer is a text, whose place and length are the two halves of the number.

#![cfg(target_family = "wasm")]

use std::fmt::Display;
use std::time::{Duration, SystemTime};

use sexton::civil::DateTime;
use sexton::tz::{PosixZone, Zone};
use sexton::{cron, Cron, Schedule, Scheduler};

fn told(text: impl Display) -> u64 {
    let text = text.to_string().leak();
    (text.as_ptr() as u64) << 32 | text.len() as u64
}

fn told_of<T, E: Display>(what: Result<T, E>, tell: impl Fn(T) -> String) -> u64 {
    told(what.map_or_else(|error| format!("error: {error}"), tell))
}

const PARIS: &str = "CET-1CEST,M3.5.0,M10.5.0/3";

/// 28 March 2026, and the next morning has no 02:30.
const NOON: u64 = 1_774_700_000;

fn paris() -> Zone {
    Zone::from_posix(PARIS).unwrap()
}

fn noon() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(NOON)
}

fn unix(time: SystemTime) -> String {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs().to_string()
}

#[no_mangle]
extern "C" fn next_fire() -> u64 {
    let zone = PosixZone::parse(PARIS).unwrap();
    told_of(Cron::parse("30 2 * * *"), |cron| {
        let fires = cron.upcoming_in(zone, NOON as i64).take(2);
        fires.map(|fire| fire.to_string()).collect::<Vec<_>>().join(" ")
    })
}

#[no_mangle]
extern "C" fn words() -> u64 {
    told(cron!("2 4 * * mon,fri").describe())
}

#[no_mangle]
extern "C" fn mistake() -> u64 {
    told_of(Cron::parse("0 9 * * mom-fri"), |cron| cron.to_string())
}

#[no_mangle]
extern "C" fn shown_by_clocks() -> u64 {
    told(paris().civil(noon()).unwrap())
}

#[no_mangle]
extern "C" fn shown_twice() -> u64 {
    let time: DateTime = "2026-10-25 02:30".parse().unwrap();
    told(format!("{:?}", paris().instants(time).map(|instants| unix(instants.due()))))
}

#[no_mangle]
extern "C" fn zone_by_name() -> u64 {
    told_of(Zone::named("Europe/Paris"), |zone| zone.to_string())
}

#[no_mangle]
extern "C" fn upcoming() -> u64 {
    let schedule = Schedule::cron("30 2 * * *").unwrap().zone(paris());
    told_of(schedule.upcoming(noon()), |_| "due times".into())
}

#[no_mangle]
extern "C" fn local_scheduler() -> u64 {
    told_of(Scheduler::new(), |_| "a scheduler".into())
}

#[no_mangle]
extern "C" fn scheduler() -> u64 {
    told_of(Scheduler::builder().zone("UTC").build(), |_| "a scheduler".into())
}

#[no_mangle]
extern "C" fn scheduler_without_threads() -> u64 {
    told_of(Scheduler::builder().zone("UTC").threads(0).build(), |_| "a scheduler".into())
}
