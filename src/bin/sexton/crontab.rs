//! Reads a crontab in the format of cronie's crontab(5), plus seconds, periods and zones. Pure: the caller looks up the
//! zones.
//!
//! ```text
//! line     = blank | "#" comment | settings | variable | ["-"] schedule command ["%" input]
//! settings = "#" "sexton:" {key "=" value}   of the next job below
//! variable = name "=" value                  both may be in quotes; applies to the jobs below it
//! schedule = {switch} fields | "@every" period | "@reboot" | nickname
//! switch   = "dialect=" name | "days=" ("or" | "and") | "seconds=" ("first" | "last")
//! ```
//!
//! [`fields`] decides how many words the fields are. A line that looks like a variable is one, unless its name is a field's
//! `H` or `R`, or it is a switch with fields after it.

mod fields;
mod job;
mod settings;

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use sexton::tz::{TzError, Zone};
use sexton::{Cron, Period};

use crate::dialect::Reading;
use crate::mistake::Mistake;
use crate::settings::Settings;

#[derive(Debug, Default)]
pub struct Crontab {
    pub jobs: Vec<Job>,
    /// All variables, in the order of their lines.
    pub variables: Vec<(String, String)>,
}

#[derive(Debug)]
pub struct Job {
    /// The path of its file, if there may be several.
    pub file: Option<Arc<str>>,
    /// The number of its line, from 1.
    pub line: usize,
    /// The text of the line, unchanged.
    pub text: String,
    pub when: When,
    /// The byte range of the schedule in the line.
    pub schedule: Range<usize>,
    /// The zone of the schedule, from its settings or a `CRON_TZ` line above.
    pub zone: Option<Zone>,
    /// From the comments between the job above it and this one.
    pub settings: Settings,
    /// The line begins with `-`: its runs are not logged unless they fail.
    pub is_quiet: bool,
    /// The command for the shell.
    pub command: String,
    /// The command's input on stdin: the text after a `%`.
    pub input: Option<String>,
    /// Which of the crontab's variables apply to the job: those on the lines above it.
    pub variables: Range<usize>,
}

#[derive(Debug, PartialEq)]
pub enum When {
    Cron(Cron),
    Every(Period),
    /// Once, when `sexton run` starts.
    Start,
}

/// The maximum length of a line, in bytes. Linux limits an argument of a process to twice this.
const MAX_LINE: usize = 1 << 16;

/// The maximum number of different values of `CRON_TZ`. The time zone database has about 600 names, and a zone takes about
/// 16 KB.
const MAX_ZONES: usize = 1000;

/// A mistake in a line: its byte range and a message.
type Fault = (Range<usize>, String);

fn fault<T>(span: Range<usize>, message: impl Into<String>) -> Result<T, Fault> {
    Err((span, message.into()))
}

impl Crontab {
    /// Reads a whole file. Returns the jobs that are correct, and the mistakes of the other lines. `zone_of` is called once for
    /// each value of `CRON_TZ`.
    pub fn read(
        bytes: &[u8],
        reading: &Reading,
        zone_of: impl Fn(&str) -> Result<Zone, TzError>,
    ) -> (Crontab, Vec<Mistake>) {
        let mut zones: HashMap<String, Result<Zone, String>> = HashMap::new();
        let mut zone_of = |value: &str| {
            if zones.len() == MAX_ZONES && !zones.contains_key(value) {
                let expected = format!("expected at most {MAX_ZONES} in a crontab");
                return Err(format!("found a time zone after {MAX_ZONES} others, {expected}"));
            }
            let read = || zone_of(value).map_err(|error| error.to_string());
            zones.entry(value.into()).or_insert_with(read).clone()
        };
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let mut crontab = Crontab { jobs: Vec::new(), variables: Vec::new() };
        let mut mistakes: Vec<_> = line_ends_of_windows(bytes).into_iter().collect();
        let mut above = Above::default();
        for (i, line) in bytes.split(|&byte| byte == b'\n').enumerate() {
            let read = text_of(line.strip_suffix(b"\r").unwrap_or(line))
                .map_err(|fault| vec![fault])
                .and_then(|text| crontab.read_line(i + 1, text, reading, &mut above, &mut zone_of));
            let faults = read.err().unwrap_or_default();
            mistakes.extend(faults.into_iter().map(|fault| mistake(i + 1, line, fault)));
        }
        if let Some((number, line)) = above.settings_at {
            let problem = "expected a job below these settings".to_string();
            mistakes.push(mistake(number, line.as_bytes(), (0..line.len(), problem)));
        }
        (crontab, mistakes)
    }

    fn read_line(
        &mut self,
        number: usize,
        text: &str,
        reading: &Reading,
        above: &mut Above,
        mut zone_of: impl FnMut(&str) -> Result<Zone, String>,
    ) -> Result<(), Vec<Fault>> {
        if let Some(start) = settings::begin(text) {
            above.settings_at = Some((number, text.to_string()));
            return settings::read(text, start, &mut above.settings, zone_of);
        }
        let start = text.len() - text.trim_start_matches(is_blank).len();
        if matches!(text[start..].chars().next(), None | Some('#')) {
            return Ok(());
        }
        if !fields::begin(&text[start..]) {
            let (name, value) = variable(text, start).map_err(|fault| vec![fault])?;
            if name == "CRON_TZ" {
                let mistaken = |error| vec![(start..text.trim_end().len(), error)];
                above.zone = Some(zone_of(&value).map_err(mistaken)?);
            }
            self.variables.push((name, value));
            return Ok(());
        }
        let is_quiet = text[start..].starts_with('-') && !text[start + 1..].starts_with(is_blank);
        let start = start + usize::from(is_quiet);
        let settings = std::mem::take(&mut above.settings);
        above.settings_at = None;
        let (when, schedule, command, input) = job::read(text, start, reading)?;
        if let Some(name) = &settings.name {
            if let Some(other) = above.names.insert(name.clone(), number) {
                let problem = format!("the name `{name}` is used: the job in line {other} has it");
                return Err(vec![(start..text.trim_end_matches(is_blank).len(), problem)]);
            }
        }
        let (zone, variables) =
            (settings.zone.clone().or_else(|| above.zone.clone()), 0..self.variables.len());
        let text = text.to_string();
        self.jobs.push(Job {
            file: None,
            line: number,
            text,
            when,
            schedule,
            zone,
            settings,
            is_quiet,
            command,
            input,
            variables,
        });
        Ok(())
    }

    /// The variables of a job. If a name comes twice, the later value applies.
    pub fn variables_of(&self, job: &Job) -> &[(String, String)] {
        &self.variables[job.variables.clone()]
    }
}

/// What applies to the jobs below a line.
#[derive(Default)]
struct Above {
    zone: Option<Zone>,
    /// Of the next job.
    settings: Settings,
    /// The line of the last comment with settings for the next job: its number and text.
    settings_at: Option<(usize, String)>,
    /// The names of jobs, each with the line of its job.
    names: HashMap<String, usize>,
}

impl Job {
    /// Its name; if it has none, its line, `line 3`, or `/etc/cron.d/backups:3` if there may be several files.
    pub fn name(&self) -> String {
        match (&self.settings.name, &self.file) {
            (Some(name), _) => name.clone(),
            (None, Some(file)) => format!("{file}:{}", self.line),
            (None, None) => format!("line {}", self.line),
        }
    }

    /// A label for the log: `backup`, `line 3: pg_dump …`. Arguments may be secrets, and so may assignments before the
    /// program: they are shown if the caller wants the whole command.
    pub fn label(&self, with_command: bool) -> String {
        if with_command {
            let command = self.command.trim().replace(char::is_control, " ");
            return format!("{}: {}", self.name(), printable(&command, 60));
        }
        if self.settings.name.is_some() {
            return self.name();
        }
        format!("{}: {}", self.name(), self.program())
    }

    /// The first word of the command that is no assignment.
    pub fn program(&self) -> String {
        let command = self.command.trim();
        let mut words = command.split(is_blank);
        let program = words.by_ref().find(|word| !word.contains('=')).unwrap_or_default();
        let rest = if program.len() < command.len() { " …" } else { "" };
        format!("{}{rest}", printable(program, 60))
    }
}

fn mistake(number: usize, line: &[u8], (span, message): Fault) -> Mistake {
    Mistake {
        line: number,
        text: String::from_utf8_lossy(line).into_owned(),
        span,
        message,
        suggestion: None,
    }
}

/// A single mistake for all lines that end with CR LF: they have the same cause.
fn line_ends_of_windows(bytes: &[u8]) -> Option<Mistake> {
    let mut lines = (1..).zip(bytes.split(|&byte| byte == b'\n')).filter(|(_, line)| line.ends_with(b"\r"));
    let (number, line) = lines.next()?;
    let others = match lines.count() {
        0 => String::new(),
        others => format!(" and of {others} more"),
    };
    let message =
        format!("found CR LF at the end of this line{others}, expected LF alone (`tr -d '\\r'` mends it)");
    let mut mistake = mistake(number, line, (0..0, message));
    // The position in the text, which is longer than the line if the line is not UTF-8.
    mistake.span = mistake.text.len() - 1..mistake.text.len();
    Some(mistake)
}

/// Whether cron expressions treat the character as a blank.
fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t'..='\r')
}

fn text_of(line: &[u8]) -> Result<&str, Fault> {
    if line.len() > MAX_LINE {
        return fault(0..0, format!("the line has {} bytes, more than {MAX_LINE}", line.len()));
    }
    let text = std::str::from_utf8(line).map_err(|error| {
        let at = error.valid_up_to();
        (at..at + char::REPLACEMENT_CHARACTER.len_utf8(), "found a byte that is not UTF-8".to_string())
    })?;
    match text.find('\0') {
        Some(at) => fault(at..at + 1, "found a NUL byte, which neither a command nor a variable can hold"),
        None => Ok(text),
    }
}

/// `name "=" value`, with optional blanks around each. A name or value in single or double quotes may contain blanks.
fn variable(text: &str, start: usize) -> Result<(String, String), Fault> {
    let skip_blanks = |at: usize| text.len() - text[at..].trim_start_matches(is_blank).len();
    let (name, end) = match quoted(text, start)? {
        Some(quoted) => quoted,
        None => {
            let end = text[start..].find(|c| c == '=' || is_blank(c)).map_or(text.len(), |len| start + len);
            (&text[start..end], end)
        }
    };
    let equals = skip_blanks(end);
    if !text[equals..].starts_with('=') {
        let expected = "expected a schedule, `NAME = value`, or `#` and a comment";
        return fault(start..end, format!("found `{}`, {expected}", shortened(name)));
    }
    if name.is_empty() || name.contains('=') {
        return fault(start..end, "expected a name without `=`");
    }
    let start = skip_blanks(equals + 1);
    match quoted(text, start)? {
        Some((value, end)) => match skip_blanks(end) {
            rest if rest < text.len() => fault(rest..text.len(), "expected nothing after the quotes"),
            _ => Ok((name.into(), value.into())),
        },
        None => Ok((name.into(), text[start..].trim_end_matches(is_blank).into())),
    }
}

/// The text in quotes at `start`, if there are any, and the position after them.
fn quoted(text: &str, start: usize) -> Result<Option<(&str, usize)>, Fault> {
    let quote = match text[start..].chars().next() {
        Some(quote @ ('"' | '\'')) => quote,
        _ => return Ok(None),
    };
    match text[start + 1..].find(quote) {
        Some(len) => Ok(Some((&text[start + 1..start + 1 + len], start + len + 2))),
        None => fault(start..text.len(), "the quotes are not closed"),
    }
}

/// A text for a message.
fn shortened(text: &str) -> String {
    printable(text, 32)
}

/// The first characters of a text, with control characters replaced.
fn printable(text: &str, most: usize) -> String {
    let mut chars = text.chars();
    let shown = chars.by_ref().take(most);
    let mut shown: String =
        shown.map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect();
    if chars.next().is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests;
