//! `sexton check`: lists the mistakes and likely mistakes in a crontab.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::time::SystemTime;

use sexton::tz::Zone;

use crate::args::{Args, Flag};
pub use crate::crontab::counted;
use crate::crontab::{warnings, Crontab};
use crate::dialect::{self, Reading};
use crate::mistake::{Mistake, Warning};
use crate::{say, tell, user, Command, Failure};

pub const COMMAND: Command =
    Command { name: "check", help: HELP, flags: &[dialect::FLAGS, FLAGS, SYSTEM], run: check };

const FLAGS: &[Flag] = &[Flag::Switch("--strict"), Flag::Values("--allow")];

/// Of all commands that read a crontab.
pub const SYSTEM: &[Flag] = &[Flag::Switch("--system")];

const HELP: &str = concat!(
    "\
usage: sexton check CRONTAB [OPTION ...]

Lists the mistakes in a crontab, as FILE:LINE:COLUMN: MESSAGE, with the line and carets under the
mistake. A likely mistake is printed as FILE:LINE:COLUMN: warning: MESSAGE (CODE), with a
suggestion. One of them is that six fields can be read in several ways; --dialect or --seconds
settles that. `-` is stdin. See `sexton run --help` for the format of a crontab.

    --strict          exit with 1 if there is a warning
    --allow CODE      without the warnings of this code; again, or `CODE,CODE`, for more. The
                      comment `# sexton: allow CODE` is for the next line that is no comment
    --system          each line has a user before the command, as in /etc/crontab
",
    dialect::help!(),
    ", instead of the job's command

Exit status: 0 if there are no mistakes, 1 if there are, or no job, 2 if the command line has a
mistake or the file cannot be read.
"
);

fn check(args: &Args) -> Result<(), Failure> {
    let reading = Reading::of(args)?;
    let File { name, crontab, mistakes } = read(args, &reading)?;
    let mut allowed =
        args.values("--allow").flat_map(|codes| codes.split(',')).map(str::trim).collect::<Vec<_>>();
    allowed.retain(|code| !code.is_empty());
    let mut warnings = warnings(&crontab, &reading);
    warnings.retain(|(line, _, warning)| {
        !allowed.contains(&warning.code) && !crontab.allows(*line, warning.code)
    });
    let (mistakes_count, warnings_count) = (mistakes.len(), warnings.len());
    let warnings = warnings.into_iter().map(|(line, text, warning)| warning.in_line(line, text));
    let mut all: Vec<_> = mistakes.into_iter().chain(warnings).collect();
    all.sort_by_key(|mistake| (mistake.line, mistake.span.start));
    all.iter().try_for_each(|mistake| say(&mistake.in_file(&name).to_string()))?;
    let jobs = counted(crontab.jobs.len(), "job");
    match (mistakes_count, warnings_count) {
        (0, _) if crontab.jobs.is_empty() => {
            Err(Failure::Error(1, format!("`{name}` has no jobs: there is nothing to run")))
        }
        (0, 0) => say(&format!("{jobs}, no mistakes")),
        (0, _) => {
            say(&format!("{jobs}, no mistakes, {}", counted(warnings_count, "warning")))?;
            if args.has("--strict") {
                Err(Failure::Error(1, String::new()))
            } else {
                Ok(())
            }
        }
        _ => Err(Failure::Error(1, String::new())),
    }
}

/// What is likely wrong, each with the number of its line and the text. Without a local zone, what the clock changes of one
/// would bring is left out.
fn warnings<'a>(crontab: &'a Crontab, reading: &Reading) -> Vec<(usize, &'a str, Warning)> {
    let (local, _) = Zone::local_or_utc();
    let now = SystemTime::now();
    let mut all = warnings::of(crontab, reading);
    all.extend(user::refused(crontab));
    for job in &crontab.jobs {
        let (start, zone) = (job.schedule.start, job.zone.as_ref().unwrap_or(&local));
        // A schedule that is not a cron expression, such as `@every 5m`, has no warnings.
        let found = reading.warnings(&job.text[job.schedule.clone()], zone, now);
        all.extend(found.map(|warning| {
            let span = start + warning.span.start..start + warning.span.end;
            (job.line, &*job.text, Warning { span, ..warning })
        }));
    }
    all
}

/// The maximum length of a crontab, in bytes. A device or a pipe may be endless.
const MAX_LEN: u64 = 1 << 20;

/// A crontab, the name of its file, and its mistakes.
pub struct File {
    pub name: String,
    pub crontab: Crontab,
    pub mistakes: Vec<Mistake>,
}

/// The crontab that the command line names.
pub fn path(args: &Args) -> Result<&OsStr, Failure> {
    match &args.rest[..] {
        [path] => Ok(path),
        [] => Err(Failure::Usage("expected a crontab, or `-` for stdin".into())),
        more => Err(Failure::Usage(format!("expected one crontab, found {}", more.len()))),
    }
}

/// Reads the crontab that the command line names, a file or stdin.
pub fn read(args: &Args, reading: &Reading) -> Result<File, Failure> {
    read_path(path(args)?, reading)
}

/// Prints the mistakes of a crontab, and fails if there are any.
pub fn refuse_mistakes(file: &File) -> Result<(), Failure> {
    let File { name, mistakes, .. } = file;
    if mistakes.is_empty() {
        return Ok(());
    }
    mistakes.iter().for_each(|mistake| tell(&mistake.in_file(name).to_string()));
    Err(Failure::Error(1, format!("`{name}` has {}", counted(mistakes.len(), "mistake"))))
}

/// Reads a crontab; `-` is stdin.
pub fn read_path(path: &OsStr, reading: &Reading) -> Result<File, Failure> {
    let mut bytes = Vec::new();
    let (name, result) = if path == OsStr::new("-") {
        ("<stdin>".into(), io::stdin().lock().take(MAX_LEN + 1).read_to_end(&mut bytes))
    } else {
        let file = fs::File::open(path).and_then(|file| file.take(MAX_LEN + 1).read_to_end(&mut bytes));
        (Path::new(path).display().to_string(), file)
    };
    match result {
        Err(error) => Err(Failure::Error(2, format!("could not read `{name}`: {error}"))),
        Ok(len) if len as u64 > MAX_LEN => {
            Err(Failure::Error(2, format!("`{name}` is longer than a crontab may be, {MAX_LEN} bytes")))
        }
        Ok(_) => {
            let (crontab, mistakes) = Crontab::read(&bytes, reading, Zone::from_tz);
            Ok(File { name, crontab, mistakes })
        }
    }
}
