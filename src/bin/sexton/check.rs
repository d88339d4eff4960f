//! `sexton check`: lists the mistakes and likely mistakes in a crontab.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::time::SystemTime;

use sexton::tz::Zone;

use crate::args::Args;
use crate::crontab::{Crontab, Job};
use crate::dialect::{self, Reading};
use crate::mistake::Mistake;
use crate::source::{self, Files};
use crate::{say, tell, Command, Failure};

pub const COMMAND: Command = Command { name: "check", help: HELP, flags: &[dialect::FLAGS], run: check };

const HELP: &str = concat!(
    "\
usage: sexton check CRONTAB ... [OPTION ...]

Lists the mistakes in a crontab, as FILE:LINE:COLUMN: MESSAGE, with the line and carets under the
mistake. A likely mistake is printed as FILE:LINE:COLUMN: warning: MESSAGE (CODE), with a
suggestion. One of them is that six fields can be read in two ways; --dialect settles that.
`-` is stdin. See `sexton run --help` for the format of a crontab, and for folders of them.

",
    dialect::help!(),
    ", instead of the job's command

Exit status: 0 if there are no mistakes and no warnings, 1 if there are, 2 if the command line has
a mistake or the file cannot be read.
"
);

fn check(args: &Args) -> Result<(), Failure> {
    let reading = Reading::of(args)?;
    let Files { name, crontab, mistakes, skipped } = Files::read(source::paths(args)?, &reading)?;
    skipped.iter().for_each(|path| tell(&format!("sexton: {}", source::left_out(path))));
    let warnings = warnings(&crontab, &reading);
    let (mistakes_count, warnings_count) = (mistakes.len(), warnings.len());
    let file_of = |job: &Job| job.file.as_ref().map_or(name.clone(), |file| file.to_string());
    let warnings = warnings.into_iter().map(|(job, warning)| (file_of(job), warning));
    let mut all: Vec<_> = mistakes.into_iter().chain(warnings).collect();
    all.sort_by(|(a, one), (b, other)| (a, one.line, one.span.start).cmp(&(b, other.line, other.span.start)));
    all.iter().try_for_each(|(file, mistake)| say(&mistake.in_file(file).to_string()))?;
    if mistakes_count == 0 {
        let jobs = counted(crontab.jobs.len(), "job");
        match warnings_count {
            0 => say(&format!("{jobs}, no mistakes"))?,
            _ => say(&format!("{jobs}, no mistakes, {}", counted(warnings_count, "warning")))?,
        }
    }
    match all.is_empty() {
        true => Ok(()),
        false => Err(Failure::Error(1, String::new())),
    }
}

/// The likely mistakes in the schedules. Without a local zone, those that the clock changes of one would bring are left out.
fn warnings<'a>(crontab: &'a Crontab, reading: &Reading) -> Vec<(&'a Job, Mistake)> {
    let (local, _) = Zone::local_or_utc();
    let now = SystemTime::now();
    let mut warnings = Vec::new();
    for job in &crontab.jobs {
        let (start, zone) = (job.schedule.start, job.zone.as_ref().unwrap_or(&local));
        // A schedule that is not a cron expression, such as `@every 5m`, has no warnings.
        let found = reading.warnings(&job.text[job.schedule.clone()], zone, now);
        warnings.extend(found.map(|(message, span, suggestion)| {
            let (text, span) = (job.text.clone(), start + span.start..start + span.end);
            (job, Mistake { line: job.line, text, span, message, suggestion })
        }));
    }
    warnings
}

/// `1 job`, `2 jobs`
pub fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// The maximum length of a crontab, in bytes. A device or a pipe may be endless.
const MAX_LEN: u64 = 1 << 24;

/// A crontab, the name of its file, and its mistakes.
pub struct File {
    pub name: String,
    pub crontab: Crontab,
    pub mistakes: Vec<Mistake>,
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
