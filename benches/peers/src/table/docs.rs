//! What docs/speed.md shows.

use std::fmt::Write;

use crate::{number, with_name, Work};

/// A work, and what readers call it.
type Line = (&'static str, &'static str);

const CRON: &[Line] = &[
    ("parse/every-minute", "parse `* * * * *`"),
    ("parse/names", "parse `2 4 * * mon,fri`"),
    ("parse/long", "parse `0,7,14,21,28,35,42,49,56 */2 1-15,20-25 jan-jun,sep mon-fri`"),
    ("parse/seconds", "parse six fields"),
    ("parse/seven", "parse seven fields"),
    ("parse/leap", "parse `0 0 29 2 *`"),
    ("parse/impossible", "parse `0 0 31 2 *`"),
    ("next-random/every-minute", "next in UTC, every minute"),
    ("next-random/office", "next in UTC, office hours"),
    ("next-random/or", "next in UTC, the 13th or a Friday"),
    ("next-random/last", "next in UTC, the last of the month"),
    ("next-random/nth", "next in UTC, the third Friday"),
    ("next/leap-2096", "next 29 February, from 2096"),
    ("next/impossible", "next 31 February: never"),
    ("tz-random/office", "next in New York, office hours"),
    ("tz-next/gap", "next in New York, in the gap of March"),
    ("iter1000/office", "one of a thousand in UTC, office hours"),
    ("tz-iter1000/office", "one of a thousand in New York, office hours"),
    ("previous-random/office", "previous in UTC, office hours"),
    ("tz-previous-random/office", "previous in New York, office hours"),
    ("match-random/office", "match, office hours"),
    ("match-random/or", "match, the 13th or a Friday"),
    ("zone-offset/random", "offset of New York at an instant"),
    ("zone-instant/random", "instant of a civil time in New York"),
    ("describe/office", "describe in English"),
];

const MACHINE: &[Line] = &[
    ("every 10 ms: p50 late", "a task of 10 ms: start after due, p50"),
    ("every 10 ms: p99 late", "the same, p99"),
    ("every 10 ms: CPU a run", "the same, CPU a run"),
    ("schedule one of 1000", "schedule one of 1,000 tasks"),
    ("schedule one of 100000", "one of 100,000"),
    ("schedule one of 1000000", "one of 1,000,000"),
    ("schedule one of 100000 with cron", "one of 100,000 with a cron expression"),
    ("cancel one of 1000", "cancel one of 1,000 tasks"),
    ("cancel one of 100000", "one of 100,000"),
    ("cancel one of 1000000", "one of 1,000,000"),
    ("bytes of a waiting task", "a waiting task"),
    ("bytes left of a cancelled task", "what is left of a cancelled task"),
    ("bytes of a waiting cron task", "a waiting task with a cron expression"),
    ("bytes of a task after 30 runs", "a periodic task after 30 runs"),
    ("200000 due at once", "200,000 due at once, two workers"),
    ("200000 due at once: first late", "the first of them starts after"),
    ("200000 due at once: last late", "the last of them"),
    ("1000 due at once: last late", "the last of 1,000"),
    ("submitted when due", "submitted when already due"),
    ("100000 tasks a second: CPU", "100,000 tasks, each every second: CPU"),
    ("100000 tasks a second: p50 late", "the same: start after due, p50"),
    ("100000 tasks a second: p99 late", "the same, p99"),
    ("idle for 30 s with 1000 tasks: wake-ups", "idle for 30 s: wake-ups"),
    ("idle for 30 s with 1000 cron tasks: wake-ups", "the same with calendar tasks, which watch the clock"),
    ("worst schedule of 1000000", "longest single schedule of 1,000,000"),
    ("worst cancel of 1000000", "longest single cancel of 1,000,000"),
    ("tasks() of 1000000: others wait", "others wait while 1,000,000 tasks are listed"),
    ("set_zone of 1000000: others wait", "while their zone is changed"),
    ("shutdown of 1000000: others wait", "while they are dropped by a shutdown"),
    ("a week asleep, 100000 tasks of a minute", "after a week asleep, 100,000 tasks of a minute"),
    ("`.zone(name)` adds to a task: time", "`.zone(\"America/New_York\")` adds to a task"),
    ("`.zone(name)` adds to a task: bytes", "and takes"),
    ("a callback longer than its period", "a callback longer than its period"),
    ("a callback that panics", "a callback that panics"),
    ("shutdown while twenty are due", "shutdown while twenty are due"),
];

const FOOTPRINT: &[Line] = &[
    ("cron: crates", "cron alone: crates beside it"),
    ("cron: build", "CPU time of a build"),
    ("cron: size", "added to a stripped program"),
    ("scheduler: crates", "a scheduler: crates beside it"),
    ("scheduler: build", "CPU time of a build"),
    ("scheduler: size", "added to a stripped program"),
];

pub fn tables(works: &[Work]) -> String {
    [
        table(works, "lto", CRON, "Cron and zones, with link-time optimization"),
        table(works, "plain", CRON, "Cron and zones, without, as most users build"),
        table(works, "plain", MACHINE, "Tasks"),
        table(works, "plain", FOOTPRINT, "What a program takes on"),
    ]
    .concat()
}

/// A ratio above 1 is a loss, and stands out.
fn marked(ratio: Option<f64>) -> String {
    match ratio {
        Some(ratio) if ratio >= 1.05 => format!("**{}**", number(Some(ratio))),
        ratio => number(ratio),
    }
}

fn table(works: &[Work], build: &str, lines: &[Line], title: &str) -> String {
    let mut text = format!("| {title} | limit | best peer | sexton | / best | / limit | wrong answers |\n");
    text += "| --- | --- | --- | --- | --- | --- | --- |\n";
    let mut said = String::new();
    let mut is_empty = true;
    for (name, words) in lines {
        let Some(work) = works.iter().find(|work| work.name == *name && work.build == build) else {
            continue;
        };
        let Some(sexton) = work.sexton() else { continue };
        is_empty = false;
        // Several numbers of one measurement have the same answers: once is enough.
        let mut otherwise = work.otherwise().join(", ");
        if otherwise == said {
            otherwise.clear();
        } else {
            said = otherwise.clone();
        }
        let own = sexton.median.map_or(sexton.answer.to_string(), |median| number(Some(median)));
        let peer = work.best_peer();
        let peer = if sexton.median.is_some() { with_name(peer, "") } else { "-".into() };
        let _ = writeln!(
            text,
            "| {} | {} | {peer} | {own} | {} | {} | {} |",
            work.title(words),
            with_name(work.limit(), "(limit)"),
            marked(work.ratio(work.best_peer())),
            number(work.ratio(work.limit())),
            otherwise
        );
    }
    if is_empty {
        return String::new();
    }
    text + "\n"
}
