//! `sexton run`: runs a crontab. Each job is a task.

use std::time::Duration;

use sexton::tz::Zone;

use crate::args::{Args, Flag};
use crate::claim::Claims;
use crate::daemon::{self, Plan};
use crate::dialect::{self, Reading};
use crate::log::{Level, Log};
use crate::mistake::{Mistake, Warning};
use crate::settings::{self, Settings};
use crate::source::{self, File, Source};
use crate::status::Address;
use crate::{check, claim, init, trial, zone, Command, Failure};

pub const COMMAND: Command = Command {
    name: "run",
    help: HELP,
    flags: &[dialect::FLAGS, settings::FLAGS, FLAGS, claim::FLAGS, source::FLAGS],
    run,
};

const FLAGS: &[Flag] = &[
    Flag::Value("--journal"),
    Flag::Value("--zone"),
    Flag::Value("--grace"),
    Flag::Value("--at-most"),
    Flag::Value("--log"),
    Flag::Switch("--quiet"),
    Flag::Switch("--verbose"),
    Flag::Switch("--log-commands"),
    Flag::Switch("--dry-run"),
    Flag::Value("--until"),
    Flag::Value("--once"),
    Flag::Values("--status"),
];

const HELP: &str = concat!(
    "\
usage: sexton run CRONTAB ... [OPTION ...]

Runs crontabs in the foreground: files, folders of them, or `-` for stdin. It ends at SIGTERM or
SIGINT, or when no job is left: never, unless all jobs are @reboot. Crontabs with mistakes are not
run. In a folder, names have only letters, digits, `_` and `-`; other files are left out.

    # minute, hour, day of month, month, day of week, and a command for the shell
    2 4 * * mon,fri report --weekly
    # six fields: the seconds come first; `check` warns of that, unless a comment allows it
    # sexton: allow seconds-order
    */10 * * * * * probe
    # some minute after four, always the same for this command
    H 4 * * * backup
    # a switch for this line only: Fridays that are the 13th
    days=and 0 0 13 * fri lock-the-doors
    # also @hourly, @weekly, @monthly, @yearly
    @daily rotate
    # every period; the first run is one period after the start; units are w d h m s ms;
    # or on the grid of a time: @every 2w from 2026-11-23 09:00
    @every 1h30m collect
    # a minus: log only failures
    -*/5 * * * * poll
    # once, at the start; with --journal only at the first start since the machine or container did
    @reboot warm-up
    # the text after the first % goes to stdin; each further % is a line break
    0 9 * * * mail ops%Good morning.%It is nine. Fifty \\% of the day is left.

    # a variable applies to the jobs below it; quotes keep blanks
    GREETING = ' hello '
    # the shell for the commands, instead of /bin/sh
    SHELL = /bin/bash
    # the time zone of the schedules below, instead of the local one
    CRON_TZ = Europe/Paris
    # settings of the next job, all of them optional
    # sexton: name=backup zone=Europe/Paris time-limit=10m retry=3 overlap=queue dir=/srv
    0 3 * * * backup --all

A comment needs a line of its own: elsewhere, `#` is a part of the command. The sixth word is a
field if it has only digits and * ? / , # - in it, or if the first six words are a cron
expression; the seventh, the year, is one if it has only these characters. Put a command that
begins with such a word in quotes. With the dialect cronie there are always five fields; with
quartz there are at least six. The zone of one schedule may stand before it, CRON_TZ=Europe/Paris,
or after it.

",
    dialect::help!(),
    ", instead of the job's command
    --journal FILE    keep each job's last due time in this file, from one start to the next: a
                      job that was missed in between is run at once, once
    --zone ZONE       the time zone of the schedules that name none (default: the local one)
    --system          each line has a user before the command, as in /etc/crontab and /etc/cron.d;
                      jobs of others are run by root only
    --grace TIME      how long running jobs may go on after SIGTERM or SIGINT (default: 10s)
    --claim COMMAND   several replicas share the jobs: the command says which has a run, as below
    --claim-failure HOW
                      if it cannot: skip the run (default), run it, or retry until the next is due
    --claim-limit TIME
                      if it takes longer, it cannot say (default: 10s)
    --at-most N       run at most N jobs at a time (default: 250); others wait
    --log FORMAT      text (default), or json: an object a line
    --status ADDR     answer at ADDR, as is said below: 127.0.0.1:9100, :9100 (this machine only),
                      0.0.0.0:9100, or the path of a Unix socket; may be given several times
    --quiet           log only warnings and failures, and not what `check` warns of at the start
    --verbose         log also which jobs are scheduled, changed and removed
    --log-commands    log whole commands: without it, arguments are left out
    --once JOB        run one job now, and end with 0 if it succeeded: its name, `line 3`, or
                      FILE:3 if there may be several files
    --dry-run --until TIME
                      print what would run until then, and run nothing

These are for all jobs; a comment above a job says otherwise for that job:

    --time-limit TIME  end an attempt that takes longer: TERM, and 5s later KILL
    --retry N          try a run that fails up to N more times, after 1s, 2s, 4s and so on
    --overlap RULE     at a due time while the job still runs: skip (default) misses it, queue
                       runs it afterwards, allow runs it at once
    --output HOW       plain (default): jobs write to the program's stdout and stderr
                       prefix: each line begins with the job's name, as in [backup] done
                       json: each line is in a JSON object
    --dir PATH         the working directory (default: that of the program)

In a comment, name=NAME and zone=ZONE are possible, too, and at-most=N: that many runs of the job
at a time. A name is for the log, the journal and --once. With claim=no, each replica runs the job.

The command of --claim is asked right before a run, for all jobs but @every and @reboot. It finds
SEXTON_KEY in its environment, a word for the job and the due time that is the same in all replicas,
and ends with 0 if this one is to run it, with 1 if another has it, with anything else if it cannot
say. It also gets SEXTON_JOB, SEXTON_DUE (UTC) and SEXTON_DUE_UNIX, and so do the jobs; and
SEXTON_REPLICA, a word for this process.
docs/fleets.md has commands for PostgreSQL, Redis, etcd and Kubernetes.

Signals: SIGTERM and SIGINT start no more jobs and wait for those that run; after --grace, or at
a second signal, their process groups get TERM, and 5s later, or at a third signal, KILL. SIGHUP
and SIGUSR2 read the crontab again, and so does a change of its file, or of the files in its folder,
which are looked at once a second. Jobs that did not change go on as they are. If there is a mistake
in it, all do. As process 1 of a container the program starts itself as a child, passes signals on
and collects orphans.

With --status, `/` is a page of the jobs, their last runs and their week; /jobs is the same as JSON,
/metrics is for Prometheus, and /healthz and /readyz are for probes. There is no login. On a Unix
socket, which only the user of the program may open, `sexton ctl` can also run and pause jobs.

The journal identifies a job by its name, or else by its line, wherever that is in the crontab. A
changed line is a new job. A line that is missing at a start is removed. A job that was cut off
by a crash is reported at the next start and not run again. `@every` continues from its last run.

Jobs get the environment of `sexton` and the variables above them, and have no stdin. Each is a
process group.

Each event is a line on stderr: time, word, details, and at the end the job:

    2026-11-22T10:00:00+01:00 start due=2026-11-22T10:00:00+01:00 line 4: probe
    2026-11-22T10:00:00+01:00 end status=0 took=0.002s due=2026-11-22T10:00:00+01:00 line 4: probe

docs/program.md lists the words.

Exit status: 0 if no job is left, or after a signal if all jobs ended by themselves; 1 if the
crontab has a mistake or no job, or if the journal cannot be opened; 2 if the command line has a
mistake or the file cannot be read; after a signal 3 if a job had to be ended, 4 if one had to be
killed.
"
);

/// The default of `--grace`.
const GRACE: Duration = Duration::from_secs(10);

fn run(args: &Args) -> Result<(), Failure> {
    let grace = match args.value("--grace") {
        None => GRACE,
        Some("0" | "0s") => Duration::ZERO,
        Some(text) => {
            settings::duration(text).map_err(|problem| Failure::Usage(format!("`--grace`: {problem}")))?
        }
    };
    let at_most = args.value("--at-most").map_or(Ok(settings::MOST_AT_ONCE), settings::at_most);
    let at_most = at_most.map_err(|problem| Failure::Usage(format!("`--at-most`: {problem}")))?;
    let (defaults, claims, reading) = (Settings::of(args)?, Claims::of(args)?, Reading::of(args)?);
    check_mode(args)?;
    let addresses = addresses(args)?;
    Log::of(args, Zone::utc())?;
    let paths = source::paths(args)?;
    if init::is_needed() {
        return init::run(paths.iter().any(|path| path == "-"));
    }
    let signals = if args.has("--dry-run") { None } else { Some(daemon::hold_reloads()?) };
    let mut source = Source::new(paths, reading);
    let files = source.read()?;
    files.refuse_mistakes()?;
    let is_run = !args.has("--dry-run") && !args.has("--once");
    let warnings = if is_run { warnings(&files.files, &source.reading()) } else { Vec::new() };
    let crontab = source::join(files.files);
    if crontab.jobs.is_empty() {
        return Err(source::no_jobs(&files.name));
    }
    let zone = zone::of_jobs(args, &crontab)?;
    let log = Log::of(args, zone.zone.clone())?.on_thread();
    if let Some(warning) = &zone.warning {
        log.message(Level::Warn, "zone", warning);
    }
    log.left_out(&files.skipped);
    if !args.has("--quiet") {
        log.warnings(&warnings);
    }
    let plan = Plan {
        source,
        log: log.clone(),
        zone: (!zone.is_local).then_some(zone.zone),
        journal: args.value("--journal").map(String::from),
        grace,
        at_most,
        claims,
        defaults,
        logs_commands: args.has("--log-commands"),
        status: addresses,
    };
    let result = match (args.value("--once"), signals) {
        (_, None) => trial::dry_run(args, &plan, crontab),
        (Some(name), Some(signals)) => trial::once(name, plan, signals, crontab),
        (None, Some(signals)) => daemon::run(plan, signals, crontab),
    };
    log.flush();
    result
}

/// Larger crontabs are not checked at the start, as that takes longer than the start itself.
const MOST_CHECKED: usize = 10_000;

/// What `check` would warn of, each with the name of its file.
fn warnings(files: &[File], reading: &Reading) -> Vec<(String, Mistake, &'static str)> {
    let mut all = Vec::new();
    if files.iter().map(|file| file.crontab.jobs.len()).sum::<usize>() <= MOST_CHECKED {
        for File { name, crontab, .. } in files {
            let mut warnings = check::warnings(crontab, reading);
            warnings.sort_by_key(|(line, _, warning)| (*line, warning.span.start));
            let of_file = |(line, text, warning): (usize, &str, Warning)| {
                let (code, message) = (warning.code, warning.message.clone());
                (name.clone(), Mistake { message, ..warning.in_line(line, text) }, code)
            };
            all.extend(warnings.into_iter().map(of_file));
        }
    }
    all
}

/// Where the status is served.
fn addresses(args: &Args) -> Result<Vec<Address>, Failure> {
    let mut addresses = Vec::new();
    for text in args.values("--status") {
        let address = Address::read(text);
        addresses.push(address.map_err(|problem| Failure::Usage(format!("`--status`: {problem}")))?);
    }
    Ok(addresses)
}

/// `--dry-run` and `--until` need each other, and `--once` excludes them.
fn check_mode(args: &Args) -> Result<(), Failure> {
    let usage = |problem: &str| Err(Failure::Usage(problem.into()));
    match (args.has("--dry-run"), args.has("--until"), args.has("--once")) {
        (true, false, _) => usage("`--dry-run` prints what would run until a time: expected `--until TIME`"),
        (false, true, _) => usage("`--until` needs `--dry-run`"),
        (true, true, true) => usage("`--once` runs a job and `--dry-run` none: expected one of them"),
        _ => Ok(()),
    }
}
