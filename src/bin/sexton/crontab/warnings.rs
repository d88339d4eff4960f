//! What is legal in a crontab and probably not what its author means, apart from the schedules themselves. Each rule has a
//! code, by which `--allow` and comments silence it. Pure, but for the look whether a shell exists.

use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;

use sexton::tz::Zone;
use sexton::Period;

use super::fields::{self, words};
use super::users::user_column;
use super::{line, shortened, Assignment, Crontab, Job, When};
use crate::dialect::Reading;
use crate::mistake::{is_near, Warning};
use crate::settings::Settings;
use crate::sign;

/// The codes of all warnings, those of schedules too.
pub const CODES: [&str; 36] = [
    "clock-repeats-time",
    "clock-skips-time",
    "command-cut",
    "day-field-without-effect",
    "duplicate",
    "either-day",
    "equal-range",
    "every-minute",
    "every-second",
    "fifth-week",
    "flag-as-command",
    "ignored-day-field",
    "job-in-variable",
    "last-weekday-alone",
    "leap-years-only",
    "line-continued",
    "never-fires",
    "no-such-shell",
    "not-expanded",
    "open-weekday-step",
    "other-user",
    "period-in-command",
    "quartz-needs-question-mark",
    "same-line-twice",
    "seconds-order",
    "short-months",
    "star-bit",
    "step-past-end",
    "tz-of-jobs",
    "uneven-step",
    "user-column",
    "weekday-numbers",
    "whole-range",
    "without-effect",
    "wrapping-step",
    "zone-sign",
];

/// An error if no warning has this code.
pub fn expect_code(code: &str) -> Result<(), String> {
    if CODES.contains(&code) {
        return Ok(());
    }
    let expected = match CODES.iter().find(|known| is_near(code, known)) {
        Some(near) => format!("; did you mean `{near}`?"),
        None => format!(": {}", CODES.join(", ")),
    };
    Err(format!("found `{}`, expected the code of a warning{expected}", shortened(code)))
}

/// Where, what, and what to do about it.
pub type Found = (Range<usize>, String, String);

type OfJob = fn(&Job) -> Option<Found>;

const OF_JOBS: [(&str, OfJob); 5] = [
    ("command-cut", command_cut),
    ("line-continued", job_continued),
    ("period-in-command", period_in_command),
    ("flag-as-command", flag_as_command),
    ("zone-sign", zone_of_job),
];

type OfVariable = fn(&Crontab, &Variable<'_>) -> Option<Found>;

const OF_VARIABLES: [(&str, OfVariable); 8] = [
    ("job-in-variable", job_in_variable),
    ("tz-of-jobs", tz_of_jobs),
    ("line-continued", variable_continued),
    ("line-continued", variable_after_backslash),
    ("not-expanded", not_expanded),
    ("without-effect", without_effect),
    ("no-such-shell", no_such_shell),
    ("zone-sign", zone_of_variable),
];

/// A variable, and where it stands.
struct Variable<'a> {
    /// Its place among all.
    index: usize,
    name: &'a str,
    value: &'a str,
    at: &'a Assignment,
    reading: &'a Reading,
    /// It is the first `TZ`, and no `CRON_TZ` says that its author knows both.
    is_lone_tz: bool,
}

impl Variable<'_> {
    fn quote(&self) -> Option<char> {
        self.at.text[..self.at.value.start].chars().next_back().filter(|c| matches!(c, '"' | '\''))
    }

    fn found(&self, message: String, suggestion: &str) -> Option<Found> {
        Some((self.at.value.clone(), message, suggestion.into()))
    }
}

/// All of these warnings, each with the number of its line and the text.
pub fn of<'a>(crontab: &'a Crontab, reading: &Reading) -> Vec<(usize, &'a str, Warning)> {
    let mut all = Vec::new();
    let mut add = |line: usize, text: &'a str, code: &'static str, found: Option<Found>| {
        // They have parts of the crontab in them, and a terminal obeys control characters.
        let plain = |text: String| text.replace(char::is_control, "\u{FFFD}");
        let warning = |(span, message, suggestion): Found| Warning {
            code,
            span,
            message: plain(message),
            suggestion: Some(plain(suggestion)).filter(|suggestion| !suggestion.is_empty()),
        };
        all.extend(found.map(|found| (line, text, warning(found))));
    };
    let user_column = if reading.is_system { None } else { user_column(crontab) };
    if let Some((job, found)) = user_column {
        add(job.line as usize, &job.text, "user-column", Some(found));
    }
    for (job, found) in same_line_twice(&crontab.jobs) {
        add(job.line as usize, &job.text, "same-line-twice", Some(found));
    }
    for job in &crontab.jobs {
        OF_JOBS.iter().for_each(|(code, rule)| add(job.line as usize, &job.text, code, rule(job)));
    }
    let position = |of: &str| crontab.variables.iter().position(|(name, _)| name == of);
    let lone_tz = position("TZ").filter(|_| position("CRON_TZ").is_none());
    for (index, ((name, value), at)) in crontab.variables.iter().zip(&crontab.assignments).enumerate() {
        let is_lone_tz = lone_tz == Some(index);
        let variable = Variable { index, name, value, at, reading, is_lone_tz };
        OF_VARIABLES.iter().for_each(|(code, rule)| add(at.line, &at.text, code, rule(crontab, &variable)));
    }
    all
}

/// Jobs that are in the crontab already, with the same zone, variables and folder. Jobs with names are meant to be two.
fn same_line_twice(jobs: &[Job]) -> Vec<(&Job, Found)> {
    let mut seen = HashMap::new();
    let twice = jobs.iter().filter_map(|job| {
        let text: Vec<_> = words(&job.text, job.schedule().start).map(|word| &job.text[word]).collect();
        let Settings { name, dir, .. } = job.settings();
        let key = (text, job.zone.as_ref().map(Zone::name), &job.variables, name, dir);
        let first = *seen.entry(key).or_insert(job.line);
        let message = format!("the same job as in line {first}: it is run twice at each of its times");
        let span = job.schedule().start..job.text.trim_end().len();
        (first < job.line).then(|| (job, (span, message, "leave one of them out".into())))
    });
    twice.collect()
}

/// `date +%F`: the first `%` ends the command, and the rest is its input.
fn command_cut(job: &Job) -> Option<Found> {
    let at = job.command_at as usize + line::percent(job.command_text())?;
    let (before, after) = (&job.text[..at], &job.text[at + 1..]);
    let is_format =
        before.ends_with('+') && after.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '-');
    if !is_format && is_complete(&job.text[job.command_at as usize..at]) {
        return None;
    }
    let message =
        "the command ends at this `%`, and what follows is its input: the shell gets part of a command";
    Some((at..at + 1, message.into(), "write `\\%` for a percent sign in the command".into()))
}

/// Whether no quotes and no parentheses are open at the end of a shell command, and nothing must follow it.
fn is_complete(command: &str) -> bool {
    // What closes what is open.
    let mut open = Vec::new();
    let mut chars = command.chars().peekable();
    let mut previous = ' ';
    while let Some(c) = chars.next() {
        match (open.last(), c) {
            (Some('\''), '\'') => drop(open.pop()),
            (Some('\''), _) => {}
            (_, '\\') => drop(chars.next()),
            (Some(&closing), _) if c == closing => drop(open.pop()),
            (_, '$') if chars.peek() == Some(&'(') => open.push(')'),
            (_, '$') if chars.peek() == Some(&'{') => open.push('}'),
            (_, '`') => open.push('`'),
            (Some('"'), _) => {}
            (_, '"' | '\'') => open.push(c),
            (_, '(') if previous != '$' => open.push(')'),
            (_, '#') if previous == ' ' => return true,
            _ => {}
        }
        previous = c;
    }
    open.is_empty() && !expects_more(command)
}

/// Whether a command ends with an operator that needs another one, or within `if`, `do` or `case`.
fn expects_more(command: &str) -> bool {
    let command = command.trim_end();
    let is_open = |(begin, end): &(&str, &str)| {
        let mut is_first = true;
        let mut depth = 0;
        for word in command.split(' ') {
            let bare = word.trim_end_matches(';');
            depth += i32::from(is_first && bare == *begin) - i32::from(is_first && bare == *end);
            is_first = word.ends_with(&[';', '&', '|', '(', '{'][..])
                || is_first && matches!(bare, "then" | "do" | "else" | "elif" | "if" | "while" | "!");
        }
        depth > 0
    };
    command.ends_with('|')
        || command.ends_with("&&")
        || [("if", "fi"), ("do", "done"), ("case", "esac")].iter().any(is_open)
}

fn is_continued(text: &str) -> bool {
    let text = text.trim_end();
    let backslashes = text.len() - text.trim_end_matches('\\').len();
    backslashes % 2 == 1
}

fn continued(text: &str) -> Option<Found> {
    let end = text.trim_end().len();
    let message = "a line of a crontab ends here, also after a `\\`: the next one is not part of it".into();
    is_continued(text).then(|| (end - 1..end, message, "write it in one line, or in a script".into()))
}

fn job_continued(job: &Job) -> Option<Found> {
    continued(&job.text)
}

fn variable_continued(_: &Crontab, variable: &Variable<'_>) -> Option<Found> {
    continued(&variable.at.text)
}

/// What was to be the rest of a command.
fn variable_after_backslash(crontab: &Crontab, variable: &Variable<'_>) -> Option<Found> {
    let above = variable.at.line - 1;
    let job = crontab.jobs.binary_search_by_key(&above, |job| job.line as usize).ok();
    let text = job.map(|job| &*crontab.jobs[job].text).filter(|text| is_continued(text))?;
    let message =
        format!("this is a variable: the `\\` at the end of `{}` continues nothing", shortened(text));
    let start = variable.at.text.len() - variable.at.text.trim_start().len();
    Some((start..variable.at.text.trim_end().len(), message, "write it in one line, or in a script".into()))
}

/// `@every 1h 30m backup`
fn period_in_command(job: &Job) -> Option<Found> {
    let first = words(&job.text, job.command_at as usize).next()?;
    let word = &job.text[first.clone()];
    if !matches!(*job.when, When::Every(_) | When::EveryFrom(..)) || word.parse::<Period>().is_err() {
        return None;
    }
    let message = format!("`{word}` is the beginning of the command, not of the period");
    Some((first, message, "write a period as one word: `@every 1h30m`".into()))
}

/// `0 9 * * * -n backup`
fn flag_as_command(job: &Job) -> Option<Found> {
    let first = words(&job.text, job.command_at as usize)
        .next()
        .filter(|word| job.text[word.clone()].starts_with('-'))?;
    let message = format!("`{}` is the command: only BSD's cron has options there", &job.text[first.clone()]);
    let suggestion = "leave it out; a `-` before the schedule keeps a job that succeeds out of the log";
    Some((first, message, suggestion.into()))
}

/// `UTC+2` in the line or in the settings of a job.
fn zone_of_job(job: &Job) -> Option<Found> {
    let name = job.zone.as_ref()?.name();
    let (message, suggestion) = sign::opposite(name)?;
    match job.text[..job.command_at as usize].find(name) {
        Some(at) => Some((at..at + name.len(), message, suggestion)),
        None => job.settings().zone.as_ref().map(|_| (job.schedule(), message, suggestion)),
    }
}

fn zone_of_variable(_: &Crontab, variable: &Variable<'_>) -> Option<Found> {
    let (message, suggestion) =
        sign::opposite(variable.value).filter(|_| matches!(variable.name, "CRON_TZ" | "TZ"))?;
    variable.found(message, &suggestion)
}

/// `TZ=America/New_York 0 9 * * * report`
fn job_in_variable(_: &Crontab, variable: &Variable<'_>) -> Option<Found> {
    let (text, value) = (&variable.at.text, &variable.at.value);
    if variable.quote().is_some() {
        return None;
    }
    // Numbers alone are a list.
    let is_schedule = |schedule: &str| schedule.contains(|c: char| c == '*' || c == '@' || c.is_alphabetic());
    let is_job = |start: usize| {
        let job =
            fields::begin(&text[start..]).then(|| line::read(text, start, variable.reading).ok()).flatten();
        job.map_or(false, |job| is_schedule(job.schedule_text()))
    };
    let mut starts = words(text, value.start).map(|word| word.start).take(2);
    let start = starts.find(|start| is_job(*start))?;
    let name = variable.name;
    let message = format!("all of this is the value of `{name}`: there is no job in this line");
    let suggestion = match (name, text[value.start..start].trim()) {
        (_, "") => format!("leave `{name}=` out, or put the value in quotes"),
        ("TZ", zone) => format!("write `CRON_TZ={zone}`, here or on a line of its own above the job"),
        (_, first) => format!("write `{name}={first}` on a line of its own above the job"),
    };
    Some((start..value.end, message, suggestion))
}

/// A `TZ` for jobs whose schedules go by another zone.
fn tz_of_jobs(crontab: &Crontab, variable: &Variable<'_>) -> Option<Found> {
    let has_times =
        |job: &&Job| matches!(&*job.when, When::Cron(cron) if !cron.to_string().ends_with("* * * *"));
    let mut below = crontab
        .jobs
        .iter()
        .filter(|job| job.variables.contains(&(variable.index as u32)) && job.zone.is_none());
    if !variable.is_lone_tz || below.find(has_times).is_none() || job_in_variable(crontab, variable).is_some()
    {
        return None;
    }
    let message = "`TZ` is for what the jobs print: their schedules go by the local zone, or `--zone`".into();
    variable.found(message, "write `CRON_TZ` for the zone of the schedules; with both there is no warning")
}

/// `PATH=$HOME/bin:$PATH`. In single quotes a `$` is meant.
fn not_expanded(_: &Crontab, variable: &Variable<'_>) -> Option<Found> {
    let is_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let is_expansion = |at: &usize| {
        let (rest, is_run) = (&variable.value[at + 1..], variable.value[*at..].starts_with('`'));
        let name = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
        is_run && rest.contains('`')
            || rest.starts_with(&['{', '('][..])
            || name > 1 && !rest.starts_with(|c: char| c.is_ascii_digit())
    };
    let mut dollars = variable.value.match_indices(&['$', '`'][..]).map(|(at, _)| at);
    let at = dollars.find(is_expansion).filter(|_| variable.quote() != Some('\''))?;
    let rest = &variable.value[at..];
    let end = |c: char| !is_name(c) && !matches!(c, '{' | '}');
    let len = rest[1..].find(end).filter(|len| *len > 0).map_or(rest.len(), |len| len + 1);
    let message =
        format!("`{}` stays as it is: a crontab's values are not expanded", shortened(&rest[..len]));
    let start = variable.at.value.start + at;
    let suggestion = "write the value out, or put it in single quotes if it is meant as it stands";
    Some((start..start + len, message, suggestion.into()))
}

/// Variables that mean something to another cron.
const WITHOUT_EFFECT: [(&str, &str); 6] = [
    ("MAILTO", "no mail is sent"),
    ("MAILFROM", "no mail is sent"),
    ("CONTENT_TYPE", "no mail is sent"),
    ("CONTENT_TRANSFER_ENCODING", "no mail is sent"),
    ("RANDOM_DELAY", "no job is delayed"),
    ("START_HOURS_RANGE", "jobs start at all hours"),
];

fn without_effect(_: &Crontab, variable: &Variable<'_>) -> Option<Found> {
    let (name, what) = WITHOUT_EFFECT.iter().find(|(name, _)| *name == variable.name)?;
    if matches!(variable.value, "" | "0") {
        return None;
    }
    let message = format!("`{name}` has no effect but in the environment of jobs: {what}");
    let suggestion = match *name {
        "RANDOM_DELAY" => "write `H` for a minute or an hour that differs from job to job",
        "START_HOURS_RANGE" => "name the hours in the schedules",
        _ => "leave it out: what jobs write goes to the output of `sexton run`, see `--output`",
    };
    variable.found(message, suggestion)
}

fn no_such_shell(_: &Crontab, variable: &Variable<'_>) -> Option<Found> {
    let value = variable.value;
    let is_missing = value.is_empty() || cfg!(unix) && value.starts_with('/') && !Path::new(value).exists();
    if variable.name != "SHELL" || !is_missing {
        return None;
    }
    variable.found(format!("there is no `{}` here: no job below can start", shortened(value)), "")
}

#[cfg(test)]
mod tests;
