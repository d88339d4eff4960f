//! `sexton why`: explains why an expression is due at a time, or why not.

use crate::args::{Args, Flag};
use crate::dialect::{self, Reading};
use crate::{expression, next, say, time, Command, Failure};

pub const COMMAND: Command =
    Command { name: "why", help: HELP, flags: &[&[Flag::Value("--zone")], dialect::FLAGS], run: why };

const HELP: &str = concat!(
    "\
usage: sexton why EXPR TIME [OPTION ...]

Explains why an expression fires at a time, or which fields do not match, or which clock change
moved it. Then it prints the due times before and after that time.

    fires: 2026-11-23T04:02:00 matches every field
    before: 2026-11-20T04:02:00Z
    after: 2026-11-27T04:02:00Z

TIME is a time such as 2026-12-31T23:59:30+01:00, or a civil time of the zone, also one that its
clocks skip: '2026-12-31 23:59:30', 2026-12-31T23:59. A date alone is its midnight, a time of day
alone is today's, and a number is Unix seconds. A fraction of a second is ignored.

    --zone ZONE       the time zone (default: the local one), written as for the variable TZ:
                      Europe/Paris, or CET-1CEST,M3.5.0,M10.5.0/3
",
    dialect::help!(),
    "

Exit status: 0, whether the expression fires or not; 1 if the expression, the time or the zone has a
mistake; 2 if the command line has one.
"
);

fn why(args: &Args) -> Result<(), Failure> {
    let reading = Reading::of(args)?;
    let (time, words) = match &args.rest[..] {
        [words @ .., time] if !words.is_empty() => (time.to_string_lossy(), words),
        _ => return Err(Failure::Usage("expected a cron expression and a time".into())),
    };
    let (text, named) = expression::with_zone(words)?;
    let cron = reading.parse(&text)?;
    let zone = time::zone(args, named.as_deref())?;
    let mistaken = |problem: String| Failure::Error(1, format!("time `{time}`: {problem}"));
    let (moment, _) = time::read(&time, &zone).map_err(mistaken)?;
    let explanation = cron.why(moment, &zone).map_err(|error| mistaken(error.to_string()))?;

    say(&explanation.to_string())?;
    for (label, is_backward) in [("before", true), ("after", false)] {
        let start = match explanation.fires() {
            true => moment.instant(&zone),
            false => time::start(moment, &zone, is_backward),
        };
        let start = start.map(time::whole_second).ok_or_else(|| mistaken(time::no_instant(&zone)))?;
        let due = next::due_times(cron, &zone, start, is_backward)?.next();
        let due = due.map_or_else(|| "never".into(), |due| time::rfc3339(due, &zone));
        say(&format!("{label}: {due}"))?;
    }
    Ok(())
}
