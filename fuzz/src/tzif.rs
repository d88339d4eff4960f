//! The bytes of a zone file are an error or a zone. In a zone every instant's civil time is shown at that instant, and
//! the due times of a cron expression rise, lie after what was asked for, and are the same backward.

use sexton::tz::{Instants, Zone};
use sexton::Schedule;

use crate::probe::{check_gap, check_message, check_shown, system_time, unix};

/// One of each kind: in the clock's repeated hour it fires once, or twice; in the skipped one it is made up, or not.
const EXPRESSIONS: [&str; 4] = ["30 2 * * *", "*/20 * * * *", "*/30 1,2 * * *", "0 0 1 jan *"];

pub fn law(data: &[u8]) {
    let zone = match Zone::from_tzif("Fuzz/Zone", data) {
        Ok(zone) => zone,
        Err(error) => return check_message(error),
    };
    let far =
        [i64::MIN, -1 << 40, -70_000_000_000, -1 << 31, 0, 1_790_000_000, 1 << 31, 250_000_000_000, i64::MAX];
    let some = numbers(data);
    for at in far.iter().chain(&some) {
        for step in [-3600, -1, 0, 1, 3600] {
            check_instant(&zone, at.saturating_add(step));
        }
    }
    for at in some.iter().step_by(8).chain(&far[3..7]) {
        check_due_times(&zone, at.saturating_sub(7200));
    }
}

/// Numbers in the bytes that may be the instants of changes.
fn numbers(data: &[u8]) -> Vec<i64> {
    let near = |unix: &i64| unix.unsigned_abs() < 1 << 36;
    let long = data.windows(8).map(|bytes| i64::from_be_bytes(bytes.try_into().expect("eight bytes")));
    let short = data.windows(4).map(|bytes| i32::from_be_bytes(bytes.try_into().expect("four bytes")));
    let mut all: Vec<i64> = long.filter(near).chain(short.map(i64::from)).collect();
    all.sort_unstable();
    all.dedup();
    let step = all.len() / 64 + 1;
    all.into_iter().step_by(step).collect()
}

fn check_instant(zone: &Zone, at: i64) {
    let Some(time) = system_time(at) else { return };
    let Some(civil) = zone.civil(time) else { return };
    let offset =
        |at: i64| system_time(at).and_then(|time| zone.offset(time)).expect("the system's time goes so far");
    for step in [0, -5400, -1, 1800] {
        let Some(civil) = civil.checked_add_seconds(step) else { continue };
        let Some(instants) = zone.instants(civil) else { continue };
        let instants = match instants {
            Instants::Unique(only) => Instants::Unique(unix(only)),
            Instants::Fold { first, second } => Instants::Fold { first: unix(first), second: unix(second) },
            Instants::Gap { before, after, end } => Instants::Gap { before, after, end: unix(end) },
        };
        if step == 0 {
            check_shown(civil, at, instants);
        }
        check_gap(civil, instants, offset);
    }
}

fn check_due_times(zone: &Zone, from: i64) {
    let Some(from) = system_time(from) else { return };
    for text in EXPRESSIONS {
        let schedule = || Schedule::cron(text).expect("it is an expression").zone(zone.clone());
        let mut last = from;
        for due in schedule().upcoming(from).expect("the zone is given").take(5) {
            assert!(due > last, "{text} in {zone:?}: {due:?} comes after {last:?}");
            assert_eq!(schedule().matches(due).ok(), Some(true), "{text} in {zone:?} at {due:?}");
            let before = schedule().previous(due).expect("a zone file has no beginning");
            assert!(before < Some(due), "{text} in {zone:?}: {before:?} comes before {due:?}");
            if last != from {
                assert_eq!(before, Some(last), "{text} in {zone:?}: before {due:?}");
            }
            last = due;
        }
    }
}
