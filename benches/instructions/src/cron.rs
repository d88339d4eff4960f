//! Expressions and zones.

use std::hint::black_box;
use std::time::{Duration, SystemTime};

use sexton::civil::DateTime;
use sexton::tz::{PosixZone, Zone};
use sexton::{Cron, Schedule};

use crate::measure;

/// How many instants there are, and how often a work is done: once for each of them.
const TIMES: usize = 1024;

const OFFICE: &str = "*/5 9-17 * * mon-fri";

/// Spread over the years 2020 to 2029 in no order, always the same ones.
fn instants() -> Vec<i64> {
    let mut state = 1_u64;
    let next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        1_577_836_800 + (state >> 33) as i64 % 315_532_800
    };
    std::iter::repeat_with(next).take(TIMES).collect()
}

/// A work for each of the inputs, again and again.
fn each<I, T>(name: &str, inputs: &[I], ask: impl Fn(&I) -> T) {
    measure(name, TIMES, |times| {
        for i in 0..times {
            black_box(ask(black_box(&inputs[i % TIMES])));
        }
    });
}

pub fn measure_all() {
    for (name, text) in [
        ("parse, every minute", "* * * * *"),
        ("parse, two days a week", "2 4 * * mon,fri"),
        ("parse, long", "0,7,14,21,28,35,42,49,56 */2 1-15,20-25 jan-jun,sep mon-fri"),
    ] {
        assert_eq!(Cron::parse(text).unwrap().to_string().parse(), Cron::parse(text));
        each(name, &[text; TIMES], |text| Cron::parse(text));
    }

    // A rule, so that no file of this machine has a say.
    let (utc, new_york) = (Zone::utc(), Zone::from_posix("EST5EDT,M3.2.0,M11.1.0").unwrap());
    let instants = instants();
    let civil: Vec<DateTime> = instants.iter().map(|unix| PosixZone::UTC.civil(*unix).unwrap()).collect();
    let system: Vec<SystemTime> =
        instants.iter().map(|unix| SystemTime::UNIX_EPOCH + Duration::from_secs(*unix as u64)).collect();
    let cron = Cron::parse(OFFICE).unwrap();
    let either_day = Cron::parse("0 0 13 * fri").unwrap();
    for (&unix, &civil) in instants.iter().zip(&civil) {
        let next = cron.next(civil).map(|next| PosixZone::UTC.instants(next).due());
        assert_eq!(cron.next_in(&utc, unix), next);
        assert_eq!(cron.next_in(&new_york, unix), cron.upcoming_in(&new_york, unix).next());
    }

    each("next, civil time", &civil, |civil| cron.next(*civil));
    each("next, either day", &civil, |civil| either_day.next(*civil));
    each("next, UTC", &instants, |unix| cron.next_in(&utc, *unix));
    each("next, New York", &instants, |unix| cron.next_in(&new_york, *unix));
    each("previous, New York", &instants, |unix| cron.previous_in(&new_york, *unix));
    each("match", &civil, |civil| cron.matches(*civil));
    for (name, zone) in [("iterate, UTC", &utc), ("iterate, New York", &new_york)] {
        measure(name, TIMES, |times| {
            black_box(cron.upcoming_in(zone, instants[0]).take(times).last());
        });
    }
    measure("iterate, a schedule in New York", TIMES, |times| {
        let schedule = Schedule::from(cron).zone(new_york.clone());
        black_box(schedule.upcoming(system[0]).unwrap().take(times).last());
    });
    each("offset", &system, |time| new_york.offset(*time));
    each("instant of a civil time", &civil, |civil| new_york.instants(*civil));
}
