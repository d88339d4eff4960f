//! What is left out by a closure while the clock is stepped or the zone is changed: every other due is run or told as
//! missed, once, and nothing else is.

use super::*;
use crate::zone_changes::changing;
use sexton::{Event, Moment};

/// What a task's runs were due for without their delay, and how many dues were missed, since the last look.
fn seen(stage: &Stage, delay: Duration) -> (Vec<i64>, u64) {
    let told = stage.told();
    let runs = told.iter().filter_map(|event| match event {
        Event::Started { due, .. } => Some(unix(*due - delay)),
        _ => None,
    });
    let missed = told.iter().map(|event| match event {
        Event::Missed { count, .. } => *count,
        _ => 0,
    });
    (runs.collect(), missed.sum())
}

const START: &str = "2026-11-22 08:59:59";

/// The members of a schedule by definition in the days around the start.
fn members(cron: Cron, zone: &Zone, outs: &[Out], moves: i64) -> BTreeSet<i64> {
    let start: DateTime = START.parse().unwrap();
    let at = unix(moment(START).instant(&Zone::utc()).unwrap());
    let left_out = Outs { outs, middle: start.date() };
    let raw = Schedule::from(cron).zone(zone.clone());
    let raw = raw.upcoming(system_time(at - 400 * 86_400)).unwrap().map(unix);
    let meant_for = |due| meant_for(&cron, zone, due);
    let meant_for = (moves != 0).then_some(&meant_for as &dyn Fn(i64) -> DateTime);
    by_definition(raw, zone, &left_out, meant_for, moves, at - 10 * 86_400..at + 40 * 86_400)
}

fn closures() -> impl Strategy<Value = Vec<Out>> {
    let dates = || proptest::collection::vec(-3..3_i64, 1..6);
    let out = prop_oneof![
        2 => (0..14_u8, 7..24_u8, dates()).prop_map(|(from, to, dates)| Out::Hours(from, to, dates)),
        1 => Just(Out::Weekend),
        2 => (2..4_u64).prop_map(Out::Lot),
        1 => dates().prop_map(Out::Dates),
    ];
    proptest::collection::vec(out, 1..3)
}

const CRONS: [&str; 10] = [
    "0 9 * * *",
    "30 9 * * *",
    "0,30 8-11 * * *",
    "*/10 * * * *",
    "0 */2 * * *",
    "5,35 9,10,11 * * *",
    "15 * * * *",
    "0,20 8,9,10,12 22 * *",
    "0 10 * * sun",
    "45 8-12 * * sun,tue",
];

proptest! {
    #![proptest_config(few(40))]

    /// To a schedule a change of zone is a change of the zone's clocks with the next second.
    #[test]
    fn a_change_of_zone_is_a_change_of_clocks(
        which in 0..CRONS.len(),
        after in 0..8000_u64,
        shift in prop_oneof![-3..0, 1..4],
        moves in -1..=1_i64,
        outs in closures(),
        jitter in prop_oneof![Just(0), 1..7200_u64],
        held in prop_oneof![Just(0), 0..8000_u64],
    ) {
        let (before, later) = (Zone::fixed(3600).unwrap(), Zone::fixed(3600 + shift * 3600).unwrap());
        let middle = START.parse::<DateTime>().unwrap().date();
        let stage = Stage::set_in(before, START);
        let cron = Cron::parse(CRONS[which]).unwrap();
        // Of a one-time task the name tells the delay.
        let (start, jitter) = (stage.clock.now(), Duration::from_secs(jitter));
        let delayed = stage.scheduler.task("t").at(start).jitter(jitter).run(|| {}).unwrap();
        let delay = delayed.next_due().unwrap().duration_since(start).unwrap();
        delayed.cancel().unwrap();
        stage.told();
        let schedule = with_outs(Schedule::from(cron), &outs, middle, moves).jitter(jitter);
        if stage.scheduler.task("t").on(schedule).run(|| {}).is_err() {
            // All is left out: Sundays, say. Or what there is was moved to an earlier day.
            let begin = unix(moment(START).instant(&Zone::utc()).unwrap());
            prop_assert!(members(cron, &Zone::utc(), &outs, moves).range(begin + 1..).next().is_none());
            return Ok(());
        }
        let changes = start + Duration::from_secs(after);
        // What comes while it is held, up to the change, is missed.
        let held = held.min(after);
        stage.clock.advance(Duration::from_secs(after - held));
        let task = stage.scheduler.get("t").unwrap();
        task.pause().unwrap();
        stage.clock.advance(Duration::from_secs(held));
        stage.scheduler.set_zone(later);
        task.resume().unwrap();
        stage.clock.advance(9 * DAY);

        let zone = changing(system_time(unix(changes - delay) + 1), 1, 1 + shift);
        let range = unix(start - delay) + 1..=unix(stage.clock.now() - delay);
        let members = members(cron, &zone, &outs, moves);
        let change = unix(changes - delay);
        let (held, run): (Vec<i64>, Vec<i64>) =
            members.range(range).partition(|&&due| change - (held as i64) < due && due <= change);
        let (runs, missed) = seen(&stage, delay);
        prop_assert_eq!(runs, run, "{} at {:?}", CRONS[which], changes);
        prop_assert_eq!(missed, held.len() as u64);
    }

    #[test]
    fn so_it_is_to_a_period_of_days(
        // Whole days.
        period in 0..4_usize,
        time in 0..6_usize,
        after in 0..8000_u64,
        shift in prop_oneof![-3..0, 1..4],
        moves in -1..=1_i64,
        outs in closures(),
    ) {
        let (before, later) = (Zone::fixed(3600).unwrap(), Zone::fixed(3600 + shift * 3600).unwrap());
        let stage = Stage::set_in(before, START);
        let (start, middle) = (stage.clock.now(), START.parse::<DateTime>().unwrap().date());
        let time: Time = ["07:30", "08:59", "09:00", "10:15", "11:30", "13:00"][time].parse().unwrap();
        let anchor = middle.checked_add_days(-30 * 14).unwrap().at(time);
        let period = PERIODS[period];
        let plain = || Schedule::every(period).unwrap().starting(anchor).unwrap();
        if stage.scheduler.task("t").on(with_outs(plain(), &outs, middle, moves)).run(|| {}).is_err() {
            return Ok(());
        }
        stage.clock.advance(Duration::from_secs(after));
        stage.scheduler.set_zone(later);
        stage.clock.advance(30 * DAY);

        let changes = unix(start) + after as i64;
        let zone = changing(system_time(changes + 1), 1, 1 + shift);
        let raw = plain().zone(zone.clone()).upcoming(system_time(changes - 410 * 86_400)).unwrap().map(unix);
        let meant_for = |due| civil(&zone, due).date().at(time);
        let meant_for = (moves != 0).then_some(&meant_for as &dyn Fn(i64) -> DateTime);
        let left_out = Outs { outs: &outs, middle };
        let all = by_definition(raw, &zone, &left_out, meant_for, moves, 0..changes + 40 * 86_400);
        // The last before the start comes of the anchor.
        let last = all.range(..=unix(start)).next_back().into_iter();
        let expected: Vec<i64> = last.chain(all.range(unix(start) + 1..=unix(stage.clock.now()))).copied().collect();
        prop_assert_eq!(seen(&stage, Duration::ZERO), (expected, 0));
    }

    #[test]
    fn a_step_of_the_clock_neither_loses_a_due_nor_runs_it_twice(
        which in 0..CRONS.len(),
        steps in proptest::collection::vec((0..30_000_u64, -14_000..14_000_i64), 1..5),
        outs in closures(),
        moves in -1..=1_i64,
    ) {
        let middle = START.parse::<DateTime>().unwrap().date();
        let stage = Stage::at(START);
        let cron = Cron::parse(CRONS[which]).unwrap();
        let schedule = with_outs(Schedule::from(cron), &outs, middle, moves);
        if stage.scheduler.task("t").on(schedule).run(|| {}).is_err() {
            // All is left out: Sundays, say. Or what there is was moved to an earlier day.
            let begin = unix(moment(START).instant(&Zone::utc()).unwrap());
            prop_assert!(members(cron, &Zone::utc(), &outs, moves).range(begin + 1..).next().is_none());
            return Ok(());
        }
        let members = members(cron, &Zone::utc(), &outs, moves);
        let mut wall = unix(stage.clock.now());
        // Up to where a schedule that names its times takes dues for done.
        let mut done = wall;
        for (passes, step) in steps {
            let passed = |from: i64, to: i64| -> Vec<i64> { members.range(from + 1..(to + 1).max(from + 1)).copied().collect() };
            stage.clock.advance(Duration::from_secs(passes));
            let to = wall + passes as i64;
            let expected = passed(if cron.is_interval_like() { wall } else { done }, to);
            prop_assert_eq!(seen(&stage, Duration::ZERO), (expected, 0), "from {} on", Moment::from(system_time(wall)));
            done = done.max(to);
            wall = to + step;
            let is_correction = step.abs() > 3 * 3600;
            match step < 0 {
                true => stage.clock.step_back(Duration::from_secs(step.unsigned_abs())),
                false => stage.clock.step(Duration::from_secs(step.unsigned_abs())),
            }
            stage.clock.advance(Duration::ZERO);
            let mut missed = passed(if cron.is_interval_like() { to } else { done }, wall);
            // One run for the latest, unless the clock was wrong before.
            let run = if is_correction { None } else { missed.pop() };
            prop_assert_eq!(seen(&stage, Duration::ZERO), (Vec::from_iter(run), missed.len() as u64), "at the step by {}", step);
            done = if is_correction { wall } else { done.max(wall) };
        }
    }
}
