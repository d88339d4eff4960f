//! `sexton check`: lists the mistakes and likely mistakes in a crontab.

use std::time::SystemTime;

use sexton::tz::Zone;

use crate::args::{Args, Flag};
use crate::crontab::{counted, warnings, Crontab};
use crate::dialect::{self, Reading};
use crate::mistake::Warning;
use crate::source::{self, File, Files};
use crate::{say, tell, user, Command, Failure};

pub const COMMAND: Command =
    Command { name: "check", help: HELP, flags: &[dialect::FLAGS, FLAGS, source::FLAGS], run: check };

const FLAGS: &[Flag] = &[Flag::Switch("--strict"), Flag::Values("--allow")];

const HELP: &str = concat!(
    "\
usage: sexton check CRONTAB ... [OPTION ...]

Lists the mistakes in a crontab, as FILE:LINE:COLUMN: MESSAGE, with the line and carets under the
mistake. A likely mistake is printed as FILE:LINE:COLUMN: warning: MESSAGE (CODE), with a
suggestion. One of them is that six fields can be read in several ways; --dialect or --seconds
settles that. `-` is stdin. See `sexton run --help` for the format of a crontab, and for folders of
them.

    --strict          exit with 1 if there is a warning
    --allow CODE      without the warnings of this code; again, or `CODE,CODE`, for more. The
                      comment `# sexton: allow CODE` is for the next line that is no comment
    --system          each line has a user before the command, as in /etc/crontab and /etc/cron.d
",
    dialect::help!(),
    ", instead of the job's command

Exit status: 0 if there are no mistakes, 1 if there are, or no job, 2 if the command line has a
mistake or the file cannot be read.
"
);

fn check(args: &Args) -> Result<(), Failure> {
    let reading = Reading::of(args)?;
    let allowed: Vec<_> = args.values("--allow").flat_map(|codes| codes.split(',')).map(str::trim).collect();
    for code in &allowed {
        warnings::expect_code(code).map_err(|problem| Failure::Usage(format!("`--allow`: {problem}")))?;
    }
    let Files { name, files, skipped } = Files::read(source::paths(args)?, &reading)?;
    skipped.iter().for_each(|path| tell(&format!("sexton: {}", source::left_out(path))));
    // If nobody reads any more, the exit status still says what was found.
    let say = |line: &str| match say(line) {
        Err(Failure::BrokenPipe) => Ok(()),
        said => said,
    };
    let (mut jobs, mut mistakes_count, mut warnings_count) = (0, 0, 0);
    for File { name, crontab, mistakes } in files {
        let mut warnings = warnings(&crontab, &reading);
        warnings.retain(|(.., warning)| !allowed.contains(&warning.code));
        jobs += crontab.jobs.len();
        mistakes_count += mistakes.len();
        warnings_count += warnings.len();
        let warnings = warnings.into_iter().map(|(line, text, warning)| warning.in_line(line, text));
        let mut all: Vec<_> = mistakes.into_iter().chain(warnings).collect();
        all.sort_by_key(|mistake| (mistake.line, mistake.span.start));
        all.iter().try_for_each(|mistake| say(&mistake.in_file(&name).to_string()))?;
    }
    if mistakes_count > 0 {
        return Err(Failure::Error(1, String::new()));
    }
    if jobs == 0 {
        return Err(source::no_jobs(&name));
    }
    let jobs = counted(jobs, "job");
    if warnings_count == 0 {
        return say(&format!("{jobs}, no mistakes"));
    }
    say(&format!("{jobs}, no mistakes, {}", counted(warnings_count, "warning")))?;
    match args.has("--strict") {
        true => Err(Failure::Error(1, String::new())),
        false => Ok(()),
    }
}

/// What is likely wrong and no comment allows, each with the number of its line and the text. Without a local zone, what the
/// clock changes of one would bring is left out.
pub fn warnings<'a>(crontab: &'a Crontab, reading: &Reading) -> Vec<(usize, &'a str, Warning)> {
    let (local, _) = Zone::local_or_utc();
    let now = SystemTime::now();
    let mut all = warnings::of(crontab, reading);
    all.extend(
        user::refused(crontab).into_iter().map(|(job, warning)| (job.line as usize, &*job.text, warning)),
    );
    for job in &crontab.jobs {
        let (start, zone) = (job.schedule().start, job.zone.as_ref().unwrap_or(&local));
        // A schedule that is not a cron expression, such as `@every 5m`, has no warnings.
        let found = reading.warnings(job.schedule_text(), zone, now);
        all.extend(found.map(|warning| {
            let span = start + warning.span.start..start + warning.span.end;
            (job.line as usize, &*job.text, Warning { span, ..warning })
        }));
    }
    all.retain(|(line, _, warning)| !crontab.allows(*line, warning.code));
    all
}
