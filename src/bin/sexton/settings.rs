//! What can be said of a job, in a comment above it, or of all jobs, on the command line: `time-limit=10m`, `--time-limit
//! 10m`. Pure: the caller looks up the zones.

use std::path::PathBuf;
use std::time::{Duration, UNIX_EPOCH};

use sexton::tz::Zone;
use sexton::{Overlap, Period, Schedule};

use crate::args::{Args, Flag};
use crate::Failure;

/// The command line's flags for all jobs.
pub const FLAGS: &[Flag] = &[
    Flag::Value("--time-limit"),
    Flag::Value("--retry"),
    Flag::Value("--overlap"),
    Flag::Value("--output"),
    Flag::Value("--dir"),
];

/// The settings that a comment may have, for error messages.
pub const EXPECTED: &str = "expected name, zone, time-limit, retry, overlap, at-most, output, dir or claim";

/// The maximum number of runs at a time. Each of them occupies a thread.
pub const MOST_AT_ONCE: usize = 250;

/// How a job's output is passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// The job writes to the program's own stdout and stderr.
    Plain,
    /// Each line begins with the job's name.
    Prefix,
    /// Each line is in a JSON object.
    Json,
}

/// What a job does at a due time while it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhileRunning {
    Skip,
    Queue,
    Allow,
}

/// `None` where nothing is said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    pub name: Option<String>,
    pub zone: Option<Zone>,
    time_limit: Option<Duration>,
    retry: Option<u32>,
    overlap: Option<WhileRunning>,
    at_most: Option<usize>,
    output: Option<Output>,
    /// The working directory.
    pub dir: Option<PathBuf>,
    /// Whether one replica runs it, and not each.
    claim: Option<bool>,
}

impl Settings {
    pub const NONE: Settings = Settings {
        name: None,
        zone: None,
        time_limit: None,
        retry: None,
        overlap: None,
        at_most: None,
        output: None,
        dir: None,
        claim: None,
    };

    pub fn of(args: &Args) -> Result<Settings, Failure> {
        let mut settings = Settings::NONE;
        for flag in ["--time-limit", "--retry", "--overlap", "--output", "--dir"] {
            if let Some(value) = args.value(flag) {
                let no_zone = |_: &str| Err(String::new());
                let result = settings.set(&flag[2..], value, no_zone);
                result.map_err(|problem| Failure::Usage(format!("`{flag}`: {problem}")))?;
            }
        }
        Ok(settings)
    }

    /// Takes one setting. The error says what was found and what was expected.
    pub fn set(
        &mut self,
        key: &str,
        value: &str,
        zone_of: impl FnOnce(&str) -> Result<Zone, String>,
    ) -> Result<(), String> {
        let expected = |what: &str| format!("found `{value}`, expected {what}");
        let is_repeated = match key {
            "name" if is_name(value) => self.name.replace(value.into()).is_some(),
            "name" => return Err(expected("a word of at most 64 letters, digits and `_.-`")),
            "zone" => self.zone.replace(zone_of(value)?).is_some(),
            "time-limit" => self.time_limit.replace(duration(value)?).is_some(),
            "retry" => {
                let count = value.parse().ok().filter(|count| (0..=1000).contains(count));
                self.retry.replace(count.ok_or_else(|| expected("a number from 0 to 1000"))?).is_some()
            }
            "overlap" => {
                let overlap = match value {
                    "skip" => WhileRunning::Skip,
                    "queue" => WhileRunning::Queue,
                    "allow" => WhileRunning::Allow,
                    _ => return Err(expected("skip, queue or allow")),
                };
                self.overlap.replace(overlap).is_some()
            }
            "at-most" => self.at_most.replace(at_most(value)?).is_some(),
            "output" => {
                let output = match value {
                    "plain" => Output::Plain,
                    "prefix" => Output::Prefix,
                    "json" => Output::Json,
                    _ => return Err(expected("plain, prefix or json")),
                };
                self.output.replace(output).is_some()
            }
            "dir" => {
                let dir = Some(PathBuf::from(value)).filter(|dir| dir.is_absolute());
                self.dir.replace(dir.ok_or_else(|| expected("an absolute path"))?).is_some()
            }
            "claim" => {
                let claim = match value {
                    "yes" => true,
                    "no" => false,
                    _ => return Err(expected("yes or no")),
                };
                self.claim.replace(claim).is_some()
            }
            _ => return Err(format!("unknown setting `{key}`, {EXPECTED}")),
        };
        if is_repeated {
            return Err(format!("`{key}` is given twice"));
        }
        match key {
            "overlap" | "at-most" => self.expect_agreement(),
            _ => Ok(()),
        }
    }

    /// Several runs at a time need `overlap=allow`.
    fn expect_agreement(&self) -> Result<(), String> {
        let rule = match self.overlap {
            Some(WhileRunning::Skip) => "skip",
            Some(WhileRunning::Queue) => "queue",
            Some(WhileRunning::Allow) | None => return Ok(()),
        };
        match self.at_most {
            Some(count) if count > 1 => Err(format!(
                "found `at-most={count}` and `overlap={rule}`, by which one runs at a time; expected \
                 `overlap=allow`, or only one of the two"
            )),
            _ => Ok(()),
        }
    }

    /// These, and where they say nothing, the others.
    pub fn or(&self, others: &Settings) -> Settings {
        // Who says that several runs may overlap has said what happens while one runs.
        let says_overlap = self.at_most.map_or(false, |limit| limit > 1);
        Settings {
            name: self.name.clone().or_else(|| others.name.clone()),
            zone: self.zone.clone().or_else(|| others.zone.clone()),
            time_limit: self.time_limit.or(others.time_limit),
            retry: self.retry.or(others.retry),
            overlap: self.overlap.or(others.overlap.filter(|_| !says_overlap)),
            at_most: self.at_most.or(others.at_most),
            output: self.output.or(others.output),
            dir: self.dir.clone().or_else(|| others.dir.clone()),
            claim: self.claim.or(others.claim),
        }
    }

    /// After how long each attempt is ended.
    pub fn time_limit(&self) -> Option<Duration> {
        self.time_limit
    }

    /// How many more times a run that failed is tried.
    pub fn retries(&self) -> u32 {
        self.retry.unwrap_or(0)
    }

    /// Whether its runs are claimed, where the replicas share their jobs.
    pub fn is_claimed(&self) -> bool {
        self.claim.unwrap_or(true)
    }

    pub fn output(&self) -> Output {
        self.output.unwrap_or(Output::Plain)
    }

    pub fn overlap(&self) -> Overlap {
        match (self.overlap, self.at_most) {
            (Some(WhileRunning::Allow), limit) => Overlap::Allow(limit.unwrap_or(MOST_AT_ONCE)),
            (None, Some(limit)) if limit > 1 => Overlap::Allow(limit),
            (Some(WhileRunning::Queue), _) => Overlap::Queue,
            _ => Overlap::Skip,
        }
    }
}

fn is_name(text: &str) -> bool {
    let is_fine = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-');
    (1..=64).contains(&text.chars().count()) && text.chars().all(is_fine)
}

/// How many runs at a time.
pub fn at_most(text: &str) -> Result<usize, String> {
    let count = text.parse().ok().filter(|count| (1..=MOST_AT_ONCE).contains(count));
    count.ok_or_else(|| format!("found `{text}`, expected a number from 1 to {MOST_AT_ONCE}"))
}

/// `1h30m`. A day is 24 hours.
pub fn duration(text: &str) -> Result<Duration, String> {
    let period = text.parse::<Period>().map_err(|error| error.to_string())?;
    // The library tells the length of a period by its due times alone.
    let too_long = || format!("found `{text}`, expected less than 8000 years");
    let schedule = Schedule::from(period).zone(Zone::utc()).starting(UNIX_EPOCH);
    let second = schedule.and_then(|schedule| schedule.upcoming(UNIX_EPOCH)).ok();
    let second = second.and_then(|mut due_times| due_times.find(|due| *due > UNIX_EPOCH));
    second.and_then(|due| due.duration_since(UNIX_EPOCH).ok()).ok_or_else(too_long)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(key: &str, value: &str) -> Result<Settings, String> {
        let mut settings = Settings::default();
        settings.set(key, value, |zone| Zone::from_posix(zone).map_err(|error| error.to_string()))?;
        Ok(settings)
    }

    #[test]
    fn a_duration_is_the_length_of_a_period() {
        let lengths = [("90s", 90), ("1h30m", 5400), ("1d", 86_400), ("1w", 604_800)];
        for (text, seconds) in lengths {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert!(duration("10").unwrap_err().contains("expected a unit"));
        assert!(duration("9000000w").is_err());
    }

    #[test]
    fn a_mistake_says_what_was_found_and_what_is_expected() {
        for (key, value, error) in [
            ("name", "a b", "found `a b`, expected a word of at most 64 letters, digits and `_.-`"),
            ("retry", "-1", "found `-1`, expected a number from 0 to 1000"),
            ("overlap", "yes", "found `yes`, expected skip, queue or allow"),
            ("at-most", "0", "found `0`, expected a number from 1 to 250"),
            ("output", "xml", "found `xml`, expected plain, prefix or json"),
            ("dir", "jobs", "found `jobs`, expected an absolute path"),
            ("claim", "maybe", "found `maybe`, expected yes or no"),
            ("colour", "red", &format!("unknown setting `colour`, {EXPECTED}")),
        ] {
            assert_eq!(set(key, value).unwrap_err(), error);
        }
        let mut twice = set("retry", "1").unwrap();
        assert_eq!(twice.set("retry", "2", |_| Ok(Zone::utc())).unwrap_err(), "`retry` is given twice");
    }

    #[test]
    fn a_job_says_how_many_of_its_runs_may_overlap() {
        let of = |settings: &[(&str, &str)]| {
            let mut all = Settings::default();
            settings.iter().for_each(|(key, value)| all.set(key, value, |_| Ok(Zone::utc())).unwrap());
            all.overlap()
        };
        assert_eq!(of(&[]), Overlap::Skip);
        assert_eq!(of(&[("overlap", "queue")]), Overlap::Queue);
        assert_eq!(of(&[("overlap", "allow")]), Overlap::Allow(MOST_AT_ONCE));
        assert_eq!(of(&[("overlap", "allow"), ("at-most", "3")]), Overlap::Allow(3));
        assert_eq!(of(&[("at-most", "3")]), Overlap::Allow(3));
        assert_eq!(of(&[("at-most", "1")]), Overlap::Skip);
    }

    #[test]
    fn the_rule_for_all_jobs_leaves_what_a_job_says_of_itself() {
        let overlap = |own: Option<(&str, &str)>, rule: &str| {
            let own = own.map_or(Settings::default(), |(key, value)| set(key, value).unwrap());
            own.or(&set("overlap", rule).unwrap()).overlap()
        };
        for rule in ["skip", "queue", "allow"] {
            assert_eq!(overlap(Some(("at-most", "3")), rule), Overlap::Allow(3), "{rule}");
        }
        assert_eq!(overlap(Some(("at-most", "1")), "queue"), Overlap::Queue);
        assert_eq!(overlap(Some(("at-most", "1")), "allow"), Overlap::Allow(1));
        assert_eq!(overlap(Some(("overlap", "skip")), "queue"), Overlap::Skip);
        assert_eq!(overlap(None, "queue"), Overlap::Queue);
    }

    #[test]
    fn several_runs_at_a_time_do_not_agree_with_a_rule_for_one() {
        let zone_of = |_: &str| Ok(Zone::utc());
        for (first, second) in
            [(("overlap", "queue"), ("at-most", "3")), (("at-most", "3"), ("overlap", "queue"))]
        {
            let mut settings = set(first.0, first.1).unwrap();
            let problem = settings.set(second.0, second.1, zone_of).unwrap_err();
            let expected = "found `at-most=3` and `overlap=queue`, by which one runs at a time; expected \
                            `overlap=allow`, or only one of the two";
            assert_eq!(problem, expected);
            // It is an error once.
            assert_eq!(settings.set("retry", "1", zone_of), Ok(()));
        }
        assert_eq!(set("overlap", "skip").unwrap().set("at-most", "1", zone_of), Ok(()));
    }
}
