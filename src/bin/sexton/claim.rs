//! `--claim COMMAND`: replicas run one crontab, and the command asks an engine that they share whose a run is.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::io::{self, Read};
use std::process::{Child, Command as Process, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use sexton::{ClaimFailure, Moment};

use crate::args::{Args, Flag};
use crate::crontab::Job;
use crate::running::Running;
use crate::{settings, system, time, Failure};

pub const FLAGS: &[Flag] =
    &[Flag::Value("--claim"), Flag::Value("--claim-failure"), Flag::Value("--claim-limit")];

/// The default of `--claim-limit`.
const LIMIT: Duration = Duration::from_secs(10);

/// What of a claim's stderr is logged, in bytes.
const MOST_SAID: usize = 500;

/// How long the end of a claim waits for the end of its stderr, which processes that it left behind may keep open.
const PATIENCE: Duration = Duration::from_millis(500);

#[derive(Clone)]
pub struct Claims {
    command: String,
    limit: Duration,
    /// Tells this process from all others, also from earlier ones of this machine.
    replica: String,
    pub on_failure: ClaimFailure,
}

impl Claims {
    /// As the command line says.
    pub fn of(args: &Args) -> Result<Option<Claims>, Failure> {
        let usage = |problem: String| Err(Failure::Usage(problem));
        let command = match args.value("--claim") {
            // The shell would answer that the run is this replica's, in each of them.
            Some(command) if command.trim().is_empty() => {
                return usage(format!("`--claim`: found `{command}`, expected a command"));
            }
            Some(command) => command.to_string(),
            None => {
                let mut others = FLAGS.iter().map(Flag::name).filter(|name| args.has(name));
                return match others.next() {
                    Some(name) => usage(format!("`{name}` needs `--claim COMMAND`")),
                    None => Ok(None),
                };
            }
        };
        let on_failure = match args.value("--claim-failure") {
            None | Some("skip") => ClaimFailure::Skip,
            Some("run") => ClaimFailure::Run,
            Some("retry") => ClaimFailure::Retry,
            Some(other) => {
                return usage(format!("`--claim-failure`: found `{other}`, expected skip, run or retry"))
            }
        };
        let limit = args.value("--claim-limit").map_or(Ok(LIMIT), settings::duration);
        let limit = limit.map_err(|problem| Failure::Usage(format!("`--claim-limit`: {problem}")))?;
        let replica = format!("{:016x}", RandomState::new().build_hasher().finish());
        Ok(Some(Claims { command, limit, replica, on_failure }))
    }

    /// Whether this replica is to have a run, or why that is unknown. `limited` is called once the time limit begins.
    pub fn ask(
        &self,
        job: &Job,
        due: SystemTime,
        label: &str,
        running: &Running,
        limited: impl Fn(),
    ) -> Result<bool, String> {
        let (shell, option) = system::SHELL;
        let mut process = Process::new(shell);
        process.arg(option).arg(&self.command);
        process.envs(variables(job, due)).env("SEXTON_REPLICA", &self.replica);
        process.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut stderr = None;
        let started =
            running.start(&mut process, label, Some(self.limit), false, |child| stderr = Stderr::of(child));
        let started = match started {
            Ok(Some(started)) => started,
            Ok(None) => return Err("the program stops".into()),
            Err(error) => return Err(format!("could not start `{shell}`: {error}")),
        };
        let began = Instant::now();
        limited();
        let ended = running.wait(started).map_err(|error| format!("could not wait for it: {error}"))?;
        let how = match (ended.was_signalled, ended.status.code(), system::signal_of(ended.status)) {
            (true, ..) if began.elapsed() < self.limit => "it was ended, as the program stops".into(),
            (true, ..) => format!("no answer within {}", time::seconds(self.limit)),
            (false, Some(0), _) => return Ok(true),
            (false, Some(1), _) => return Ok(false),
            (false, None, Some(signal)) => format!("ended by signal {signal}"),
            (false, code, _) => format!("exit status {}", code.unwrap_or(-1)),
        };
        match stderr.map(Stderr::line) {
            Some(line) if !line.is_empty() => Err(format!("{how}: {line}")),
            _ => Err(how),
        }
    }
}

/// What claims and jobs find in their environment: by which name and due time all replicas know a run.
pub fn variables(job: &Job, due: SystemTime) -> [(&'static str, String); 4] {
    let unix = match due.duration_since(UNIX_EPOCH) {
        Ok(since) if since.subsec_nanos() > 0 => {
            format!("{}.{:09}", since.as_secs(), since.subsec_nanos()).trim_end_matches('0').to_string()
        }
        Ok(since) => since.as_secs().to_string(),
        Err(before) => format!("-{}", before.duration().as_secs()),
    };
    [
        ("SEXTON_JOB", job.name()),
        ("SEXTON_DUE", Moment::from(due).to_string()),
        ("SEXTON_KEY", format!("{}-{unix}", word(job))),
        ("SEXTON_DUE_UNIX", unix),
    ]
}

/// The task's name as a word that any engine takes for a name: lower-case letters, digits and hyphens. What it cannot show of
/// the name, the hash has: FNV-1a, 64 bits. A line may have secrets, so of a job without a name there is only that.
fn word(job: &Job) -> String {
    let hash = job.task_name().bytes().fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
    });
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let name: String = job.settings().name.iter().flat_map(|name| name.chars().take(30)).map(plain).collect();
    match name.trim_matches('-') {
        "" => format!("job-{hash:016x}"),
        name => format!("{name}-{hash:016x}"),
    }
}

/// What a process writes to stderr, while it is being read.
struct Stderr {
    bytes: Arc<Mutex<Vec<u8>>>,
    /// Closed at the end.
    ended: Receiver<()>,
}

impl Stderr {
    fn of(child: &mut Child) -> Option<Stderr> {
        let mut pipe = child.stderr.take()?;
        let (sender, ended) = mpsc::channel();
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let read = bytes.clone();
        let listen = move || {
            let mut byte = [0; 256];
            while let Ok(len @ 1..) = pipe.read(&mut byte) {
                let mut read = read.lock().unwrap_or_else(PoisonError::into_inner);
                let room = MOST_SAID - read.len();
                read.extend_from_slice(&byte[..len.min(room)]);
                if len >= room {
                    break;
                }
            }
            drop(sender);
            // The process is not to wait until somebody reads the rest.
            let _ = io::copy(&mut pipe, &mut io::sink());
        };
        // Without a thread the pipe is closed.
        thread::Builder::new().spawn(listen).ok()?;
        Some(Stderr { bytes, ended })
    }

    /// All of it in one line.
    fn line(self) -> String {
        let _ = self.ended.recv_timeout(PATIENCE);
        let bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&bytes);
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        lines.collect::<Vec<_>>().join("; ")
    }
}

#[cfg(test)]
mod tests {
    use sexton::tz::Zone;

    use super::*;
    use crate::crontab::Crontab;
    use crate::dialect::Reading;

    #[test]
    fn a_key_is_a_word_that_any_engine_takes_for_a_name() {
        let text =
            "# sexton: name=Nächtlich_1\n0 3 * * * backup --password=secret\n0 3 * * * x\n0 3 * * * x\n\
                    # sexton: name=__\n0 4 * * * x\n";
        let reading = Reading::new(sexton::cron::Dialect::DEFAULT, None);
        let (crontab, _) = Crontab::read(text.as_bytes(), &reading, &Zone::from_posix);
        let crontab = crate::jobs::Named::of(crontab).crontab;
        let due = UNIX_EPOCH + Duration::from_secs(1_798_761_570);
        let keys: Vec<_> = crontab.jobs.iter().map(|job| variables(job, due)[2].1.clone()).collect();
        assert_eq!(
            keys,
            [
                "n-chtlich-1-c72a8310a176bb23-1798761570",
                "job-7d43e96b099651b4-1798761570",
                "job-f47c20d1770aa938-1798761570",
                "job-09532907b5e074e3-1798761570",
            ]
        );
    }

    #[test]
    fn the_variables_have_the_due_time_in_utc() {
        let reading = Reading::new(sexton::cron::Dialect::DEFAULT, None);
        let (crontab, _) = Crontab::read(b"0 3 * * * x", &reading, &Zone::from_posix);
        let of = |nanos: u32| {
            let due = UNIX_EPOCH + Duration::new(1_798_761_570, nanos);
            variables(&crontab.jobs[0], due).map(|(name, value)| format!("{name}={value}"))
        };
        let [job, due, _, unix] = of(0);
        assert_eq!(
            [job, due, unix],
            ["SEXTON_JOB=line 1", "SEXTON_DUE=2026-12-31T23:59:30Z", "SEXTON_DUE_UNIX=1798761570"]
        );
        let [_, due, _, unix] = of(250_000_000);
        assert_eq!([due, unix], ["SEXTON_DUE=2026-12-31T23:59:30.25Z", "SEXTON_DUE_UNIX=1798761570.25"]);
    }
}
