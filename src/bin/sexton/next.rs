//! `sexton next`: the due times of a cron expression, one per line.

use std::ffi::OsString;
use std::iter;
use std::path::Path;
use std::time::SystemTime;

use sexton::tz::Zone;
use sexton::{Cron, Error, Schedule};

use crate::args::{Args, Flag};
use crate::dialect::{self, Reading};
use crate::json::Object;
use crate::{expression, list, say, source, tell, time, Command, Failure};

pub const COMMAND: Command = Command {
    name: "next",
    help: HELP,
    flags: &[
        &[
            Flag::Value("--count"),
            Flag::Value("--from"),
            Flag::Value("--until"),
            Flag::Value("--zone"),
            Flag::Value("--format"),
            Flag::Switch("--previous"),
            Flag::Switch("--json"),
        ],
        dialect::FLAGS,
        source::FLAGS,
    ],
    run: next,
};

const HELP: &str = concat!(
    "\
usage: sexton next EXPR [OPTION ...]
       sexton next CRONTAB ... [OPTION ...]

Prints the next times at which a cron expression is due, one per line. For a crontab, prints the
next times of all jobs in one sequence, with the job behind each time. Paths of files and folders,
and `-` for stdin, are crontabs.

EXPR has five fields (minute, hour, day of month, month, day of week). With six, the seconds come
first; with seven, the year comes last. --dialect may change this. EXPR may also be a nickname such
as @daily, and its zone may stand beside it: 'CRON_TZ=Europe/Paris 0 9 * * *', or as the last word.
Quote it, or the shell replaces `*` with file names.

    --count N         how many times to print (default: 5); fewer if there are no more
    --from TIME       print times strictly after this one (default: now). TIME is
                      2026-12-31T23:59:30+01:00, or a civil time of the zone:
                      '2026-12-31 23:59:30', 2026-12-31T23:59; or a date alone, 2026-12-31, which
                      is its midnight; a time of day alone, 23:59, which is today's; Unix seconds
    --zone ZONE       the time zone (default: the local one), written as for the variable TZ:
                      Europe/Paris, or CET-1CEST,M3.5.0,M10.5.0/3
    --until TIME      print times up to this one; all of them unless there is a --count
    --system          each line of a crontab has a user before the command, as in /etc/cron.d
    --previous        print times strictly before that time instead, the latest first
    --format FORMAT   rfc3339 (default): 2026-12-31T23:59:30+01:00, with Z for UTC
                      civil: 2026-12-31T23:59:30, the civil time in the zone
                      unix: seconds since 1970-01-01T00:00:00Z
    --json            a JSON object for each time: due, and for a crontab also job, line, file
",
    dialect::help!(),
    "

Exit status: 0, also if the expression is never due (stderr says so); 1 if the expression, the
time or the zone has a mistake; 2 if the command line has one.
"
);

fn next(args: &Args) -> Result<(), Failure> {
    let reading = Reading::of(args)?;
    let is_crontab = names_a_crontab(&args.rest);
    let (text, named) = if is_crontab { Default::default() } else { expression::with_zone(&args.rest)? };
    let count = match args.value("--count").map(str::parse::<usize>) {
        None if args.has("--until") => usize::MAX,
        None => 5,
        Some(Ok(count)) if count > 0 => count,
        Some(_) => {
            let found = args.value("--count").unwrap_or_default();
            return Err(Failure::Usage(format!("`--count`: found `{found}`, expected a number from 1")));
        }
    };
    let show: fn(SystemTime, &Zone) -> String = match args.value("--format") {
        None | Some("rfc3339") => time::rfc3339,
        Some("civil") => time::civil,
        Some("unix") => |due, _| time::unix(due),
        Some(other) => {
            return Err(Failure::Usage(format!("unknown format `{other}`, expected rfc3339, civil or unix")));
        }
    };
    if args.has("--previous") && (is_crontab || args.has("--until")) {
        let problem = "`--previous` is for an expression, and without `--until`";
        return Err(Failure::Usage(problem.into()));
    }
    if is_crontab {
        return list::time_line(args, count, show);
    }
    let cron = reading.parse(&text)?;
    let zone = time::zone(args, named.as_deref())?;
    let is_backward = args.has("--previous");
    let from = time::from(args, &zone, is_backward)?;
    let until = time::end(args, &zone, from)?;

    let mut due_times = due_times(cron, &zone, from, is_backward)?.take(count).peekable();
    if due_times.peek().is_none() {
        match (cron.never_fires(), is_backward) {
            (true, _) => tell(&format!("sexton: `{text}` is never due: no date matches it")),
            (false, false) => tell(&format!("sexton: `{text}` is not due any more after that time")),
            (false, true) => tell(&format!("sexton: `{text}` was never due before that time")),
        }
    }
    let mut due_times = due_times.take_while(|due| until.map_or(true, |until| *due <= until));
    due_times.try_for_each(|due| match args.has("--json") {
        true => say(&Object::of("due", &show(due, &zone)).to_string()),
        false => say(&show(due, &zone)),
    })
}

/// Whether the arguments are crontabs and no expression: files or folders that exist, or stdin. In place of each `*` without
/// quotes the shell puts all files, so that each of them comes several times. Few words that begin as names do are files, too,
/// of which one is missing: no expression is like that.
pub fn names_a_crontab(args: &[OsString]) -> bool {
    let is_name = |text: &str| {
        text.starts_with(|c: char| c.is_alphabetic() || "/._".contains(c))
            && !text.contains(char::is_whitespace)
    };
    let is_few = args.len() < 5;
    let is_named = |path: &OsString| {
        path == "-" || is_few && is_name(&path.to_string_lossy()) || Path::new(path).exists()
    };
    let comes_once = |path: &&OsString| args.iter().filter(|other| other == path).count() == 1;
    !args.is_empty() && args.iter().all(|path| is_named(path) && comes_once(&path))
}

/// The due times strictly after an instant, or strictly before it, the nearest first.
pub fn due_times(
    cron: Cron,
    zone: &Zone,
    from: SystemTime,
    is_backward: bool,
) -> Result<Box<dyn Iterator<Item = SystemTime>>, Failure> {
    let schedule = || Schedule::from(cron).zone(zone.clone());
    let failure = |error: Error| Failure::Error(1, error.to_string());
    // The zone may have no data for `from`: an error.
    schedule().matches(from).map_err(failure)?;
    if !is_backward {
        // A cron schedule with a zone has only one possible error: it has no due time any more.
        return Ok(match schedule().upcoming(from) {
            Ok(due_times) => Box::new(due_times),
            Err(_) => Box::new(iter::empty()),
        });
    }
    let schedule = schedule();
    let latest = schedule.previous(from).map_err(failure)?;
    Ok(Box::new(iter::successors(latest, move |due| schedule.previous(*due).ok().flatten())))
}
