//! The plays.

use crate::cast::Unit;
use crate::hands::{self, Leap};
use crate::play::{wall, Play};
use crate::program;
use crate::wall::{nanos, Nanos, SECOND};
use crate::Row;

type Rows = Result<Vec<Row>, String>;

type Plays = fn(&'static str) -> Rows;

/// Between a move and its step, on an emulated machine that has to share its processor: a second, and what that may take.
const NOTICED: Nanos = 4 * SECOND;

pub const PLAYS: &[(&str, Plays)] = &[
    ("asleep for three seconds", |name| asleep(name, 3)),
    ("asleep for 20 seconds", |name| asleep(name, 20)),
    ("asleep over a full hour", |name| {
        let mut play = begin(name, Unit::Minute, "2026-11-22 09:59:30")?;
        play.until_time(utc("2026-11-22 09:59:50"))?;
        play.sleep(20)?;
        play.until_time(wall() + 3 * SECOND)?;
        // The day's task begins with that of yesterday.
        minutes(play, [(1, 0), (0, 1), (1, 0), (1, 0), (0, 1), (1, 0)], (2, 0))
    }),
    ("asleep over midnight, and a minute more", |name| {
        let mut play = begin(name, Unit::Minute, "2026-11-22 23:59:30")?;
        play.until_time(utc("2026-11-22 23:59:50"))?;
        play.sleep(80)?;
        play.until_time(wall() + 3 * SECOND)?;
        minutes(play, [(1, 1), (0, 2), (2, 0), (1, 1), (0, 2), (2, 0)], (1, 0))
    }),
    ("set forward by four minutes", |name| {
        let mut play = begin(name, Unit::Minute, "2026-11-22 09:59:20")?;
        play.until_time(wall() + 3 * SECOND)?;
        play.set("2026-11-22 10:03:30")?;
        play.until_time(wall() + 3 * SECOND)?;
        minutes(play, [(1, 3), (0, 4), (4, 0), (1, 3), (0, 4), (4, 0)], (2, 0))
    }),
    ("set forward by four hours", |name| {
        let mut play = begin(name, Unit::Minute, "2026-11-22 09:59:20")?;
        play.until_time(wall() + 3 * SECOND)?;
        play.set("2026-11-22 14:00:30")?;
        play.until_time(wall() + 3 * SECOND)?;
        minutes(play, [(0, 241); 6], (1, 1))
    }),
    ("set back by 20 seconds, over a full hour", |name| {
        let mut play = begin(name, Unit::Minute, "2026-11-22 09:59:45")?;
        let full = utc("2026-11-22 10:00:00");
        play.until_time(full + 5 * SECOND)?;
        play.set("2026-11-22 09:59:50")?;
        play.until_time(full + 3 * SECOND)?;
        minutes(play, [(2, 0), (2, 0), (2, 0), (1, 0), (1, 0), (1, 0)], (2, 0))
    }),
    ("set back by four hours", |name| {
        let mut play = begin(name, Unit::Minute, "2026-11-22 09:59:45")?;
        play.until_time(utc("2026-11-22 10:00:05"))?;
        play.set("2026-11-22 05:59:50")?;
        play.until_time(utc("2026-11-22 06:00:03"))?;
        minutes(play, [(2, 0); 6], (2, 0))
    }),
    ("a leap second comes", |name| leap(name, Leap::Insert)),
    ("a leap second comes again", |name| leap(name, Leap::Insert)),
    ("a leap second comes a third time", |name| leap(name, Leap::Insert)),
    ("a second is left out", |name| leap(name, Leap::Delete)),
    ("the program sleeps through the gap of spring", program::asleep_over_the_gap),
];

fn utc(text: &str) -> Nanos {
    let moment: sexton::Moment = text.parse().expect("a civil time");
    nanos(moment.instant(&sexton::tz::Zone::utc()).expect("a time of this century"))
}

/// Sets the clock, and then begins: for the play this is no move.
fn begin(name: &'static str, unit: Unit, at: &str) -> Result<Play, String> {
    hands::set(at, std::time::Instant::now());
    Play::begin(name, unit)
}

const NAMES: [&str; 6] =
    ["again-once", "again-skip", "again-all", "listed-once", "listed-skip", "listed-all"];

/// Ends a play, and compares how many due times of each task were run and missed.
fn minutes(mut play: Play, expected: [(u64, u64); 6], day: (u64, u64)) -> Rows {
    play.end()?;
    let mut rows = steps(&play);
    let expected = NAMES.into_iter().zip(expected).chain([("day", day)]);
    let text = |(runs, missed)| format!("{runs} run, {missed} missed");
    rows.extend(expected.map(|(name, counts)| Row::new(name, text(counts), text(play.counts(name)))));
    Ok(rows)
}

/// Tasks that are due each second, on a machine that sleeps for some seconds.
fn asleep(name: &'static str, seconds: u32) -> Rows {
    let mut play = begin(name, Unit::Second, "2026-11-22 09:58:20")?;
    play.until_time(wall() + 3 * SECOND)?;
    play.sleep(seconds)?;
    play.until_time(wall() + 3 * SECOND)?;
    what_passed(play)
}

/// Ends a play with tasks that are due each second, and compares what became of those seconds that were slept through.
fn what_passed(mut play: Play) -> Rows {
    play.end()?;
    let mut rows = steps(&play);
    let (from, to) = play.moves[0].skipped();
    let in_gap = |due: Nanos| from < due && due <= to;
    let full_seconds = to.div_euclid(SECOND) - from.div_euclid(SECOND);
    for name in NAMES {
        let runs = &play.runs[name];
        let ran = runs.iter().filter(|run| in_gap(run.due)).count();
        if name.ends_with("-once") {
            let first = runs.iter().position(|run| run.due > from).ok_or("it did not go on")?;
            let before = if first > 0 { runs[first - 1].due } else { from };
            let between = (runs[first].due - before) / SECOND - 1;
            rows.push(Row::new(format!("{name}: stands for"), between, runs[first].missed));
            rows.push(Row::new(format!("{name}: of those slept through at most"), 1, ran.max(1)));
        } else {
            let expected = if name.ends_with("-all") { full_seconds } else { 0 };
            rows.push(Row::new(format!("{name}: of those slept through"), expected, ran));
        }
    }
    Ok(rows)
}

/// Each move was reported as a step of its size, and soon.
fn steps(play: &Play) -> Vec<Row> {
    let mut rows = vec![Row::new("steps", play.moves.len(), play.noticed.len())];
    for (one, noticed) in play.moves.iter().zip(&play.noticed) {
        let (by, late) = (Millis(one.by()), Millis(*noticed));
        let soon = if *noticed <= NOTICED { "in time" } else { "too late" };
        rows.push(Row::new(format!("a step by {by}, noticed after {late}"), "in time", soon));
    }
    rows
}

struct Millis(Nanos);

impl std::fmt::Display for Millis {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ms", self.0 / 1_000_000)
    }
}

/// A day ends with a leap second: tasks of each second, and tasks of each minute.
fn leap(name: &'static str, leap: Leap) -> Rows {
    let mut by_seconds = begin(name, Unit::Second, "2026-12-31 23:59:45")?;
    let mut by_minutes = Play::begin(name, Unit::Minute)?;
    hands::announce(leap);
    let before = by_seconds.hands();
    let midnight = utc("2027-01-01 00:00:00");
    by_seconds.until_time(midnight + 4 * SECOND)?;
    let moved = by_seconds.hands().offset() - before.offset();
    let expected = match leap {
        Leap::Insert => -1,
        Leap::Delete => 1,
    };
    let rounded = (moved + SECOND / 2).div_euclid(SECOND);
    let mut rows = vec![Row::new("the wall clock moved by, in seconds", expected, rounded)];
    by_seconds.end()?;
    by_minutes.end()?;
    hands::forget_leap();
    rows.push(Row::new("steps", 0, by_seconds.noticed.len() + by_minutes.noticed.len()));
    for name in NAMES {
        // The judge has seen that none is left out or reported twice; here it is what became of the last seconds.
        let near = |second: Nanos| {
            let due = midnight + second * SECOND;
            by_seconds.runs[name].iter().filter(|run| run.due == due).count()
        };
        let seen = [-2, -1, 0, 1].map(near);
        let expected = match leap {
            // Nothing could start it in time; the next one is on time, and stands for it.
            Leap::Delete if !name.ends_with("-all") => [1, 0, 1, 1],
            _ => [1; 4],
        };
        rows.push(Row::new(
            format!("{name}: runs of 58, 59, 0, 1"),
            format!("{expected:?}"),
            format!("{seen:?}"),
        ));
    }
    for name in NAMES {
        let (runs, missed) = by_minutes.counts(name);
        rows.push(Row::new(
            format!("{name} of each minute"),
            "1 run, 0 missed",
            format!("{runs} run, {missed} missed"),
        ));
    }
    Ok(rows)
}
