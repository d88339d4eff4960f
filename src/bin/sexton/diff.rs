//! `sexton diff`: what fires differently in two crontabs, or by two expressions.

mod changes;
mod drawing;

use std::ffi::OsString;
use std::time::{Duration, SystemTime};

use sexton::tz::Zone;

use self::changes::{Change, Kind, Question, Times};
use crate::args::{Args, Flag};
use crate::crontab::counted;
use crate::dialect::{self, Reading};
use crate::{planned, say, source, svg, time, Command, Failure};

pub const COMMAND: Command = Command {
    name: "diff",
    help: HELP,
    flags: &[
        &[
            Flag::Value("--from"),
            Flag::Value("--until"),
            Flag::Value("--zone"),
            Flag::Value("--count"),
            Flag::Value("--svg"),
        ],
        dialect::FLAGS,
        source::FLAGS,
    ],
    run: diff,
};

const HELP: &str = concat!(
    "\
usage: sexton diff OLD NEW [OPTION ...]

Shows what fires differently: the jobs that are added, removed or changed from one crontab to
another, or from one expression to another, and the times that go (-) or come (+).

    changed backup: at 03:00 -> at 04:00
        - 2026-11-23T03:00:00Z
        + 2026-11-23T04:00:00Z
        and 12 more
    1 job changed, 4 jobs the same

A job is the same one if it has the same name, or without a name the same command. It has changed if
it is due at other times in the span, or if the command of its name is another one. Crontabs are
files, folders, or `-` for stdin. `@every` counts from the beginning of the span.

    --from TIME       the beginning of the span (default: now)
    --until TIME      its end (default: a week later)
    --count N         how many times to print for a job (default: 6)
    --svg FILE        write a drawing for light and dark pages to this file instead; `-` is stdout
    --zone ZONE       the time zone of jobs that name none (default: the local one)
    --system          each line has a user before the command, as in /etc/crontab and /etc/cron.d
",
    dialect::help!(),
    ", instead of the job's command

See `sexton next --help` for TIME and ZONE.

Exit status: 0 if nothing differs, 1 if something does, 2 if the command line, a crontab, an
expression, a time or the zone has a mistake, or if a file cannot be read or written.
"
);

/// The default span.
const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

fn diff(args: &Args) -> Result<(), Failure> {
    match compare(args) {
        Ok(false) => Ok(()),
        Ok(true) => Err(Failure::Error(1, String::new())),
        // As of `diff`, 1 is no trouble.
        Err(Failure::Error(_, message)) => Err(Failure::Error(2, message)),
        Err(other) => Err(other),
    }
}

/// Prints what differs. Whether anything does.
fn compare(args: &Args) -> Result<bool, Failure> {
    let reading = Reading::of(args)?;
    let (old, new) = match &args.rest[..] {
        [old, new] => (old, new),
        _ => return Err(Failure::Usage("expected two crontabs, or two expressions in quotes".into())),
    };
    let shown = match args.value("--count").map(str::parse::<usize>) {
        None => 6,
        Some(Ok(count)) => count,
        Some(Err(_)) => {
            let found = args.value("--count").unwrap_or_default();
            return Err(Failure::Usage(format!("`--count`: found `{found}`, expected a number")));
        }
    };
    let read = |arg: &OsString| planned::of(args, std::slice::from_ref(arg), &reading);
    let ((old, _), (new, zone)) = (read(old)?, read(new)?);
    let from = time::from(args, &zone, false)?;
    let until = match time::end(args, &zone, from)? {
        Some(until) => until,
        None => from.checked_add(WEEK).ok_or_else(|| Failure::Error(1, time::no_instant(&zone)))?,
    };
    let question = Question { span: from..until, kept: shown };
    let found = question.answer(&old, &new);
    let summary = summary(&found, new.len());
    let said = match args.value("--svg") {
        Some(path) => svg::write(path, &drawing::of(&found, &question.span, &zone, &summary)),
        None => found.iter().try_for_each(|change| print(change, &zone, shown)).and_then(|()| say(&summary)),
    };
    match said {
        // If nobody reads any more, the exit status still says whether anything differs.
        Ok(()) | Err(Failure::BrokenPipe) => Ok(!found.is_empty()),
        Err(failure) => Err(failure),
    }
}

fn print(change: &Change, zone: &Zone, shown: usize) -> Result<(), Failure> {
    say(&format!("{} {}: {}", change.kind.name(), change.name, change.words))?;
    let signed = |times: &Times, sign| times.first.iter().map(|due| (*due, sign)).collect::<Vec<_>>();
    let mut times = [signed(&change.gone, '-'), signed(&change.come, '+')].concat();
    times.sort_by_key(|(due, _)| *due);
    times.truncate(shown);
    let line = |(due, sign): &(SystemTime, char)| say(&format!("    {sign} {}", time::rfc3339(*due, zone)));
    times.iter().try_for_each(line)?;
    match change.gone.count + change.come.count - times.len() {
        0 => Ok(()),
        more => say(&format!("    and {more} more")),
    }
}

/// `1 job added, 2 jobs changed, 3 jobs the same`
fn summary(found: &[Change], new: usize) -> String {
    let of = |kind: Kind| found.iter().filter(|change| change.kind == kind).count();
    let same = new - of(Kind::Added) - of(Kind::Changed);
    let counts = [Kind::Added, Kind::Removed, Kind::Changed].map(|kind| (of(kind), kind.name()));
    let counts = counts.into_iter().chain([(same, "the same")]).filter(|(count, _)| *count > 0);
    let words = counts.map(|(count, what)| format!("{} {what}", counted(count, "job"))).collect::<Vec<_>>();
    if words.is_empty() {
        "no jobs".into()
    } else {
        words.join(", ")
    }
}
