//! Reads a crontab in the format of cronie's crontab(5), plus seconds, periods and zones. Pure: the caller looks up the
//! zones.
//!
//! ```text
//! line     = blank | "#" comment | settings | variable | job
//! settings = "#" "sexton:" ({key "=" value} | "allow" code {code})   of the next job; codes are of the next line, below
//! variable = name "=" value                  both may be in quotes; applies to the jobs below it
//! job      = ["-"] ["CRON_TZ=" zone] schedule [zone] [user] command ["%" input]
//! schedule = {switch} fields | "@every" period ["from" date [time]] | "@reboot" | nickname
//! switch   = "dialect=" name | "days=" ("or" | "and") | "seconds=" ("first" | "last" | "none")
//! ```
//!
//! [`fields`] decides how many words the fields are. A line that looks like a variable is one, unless its name is a field's
//! `H` or `R`, or it is a switch with fields after it, or `CRON_TZ` with a schedule after the zone. A user is read with
//! `--system` only. What is legal and probably wrong is found by [`warnings`].

mod fields;
mod job;
mod line;
mod settings;
mod users;
pub mod warnings;

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use sexton::tz::{TzError, Zone};

use self::job::{narrow, wide};
pub use self::job::{Job, When};
use crate::dialect::Reading;
use crate::mistake::Mistake;
use crate::settings::Settings;

#[derive(Debug, Default)]
pub struct Crontab {
    pub jobs: Vec<Job>,
    /// All variables, in the order of their lines.
    pub variables: Vec<(String, String)>,
    /// Where they stand.
    assignments: Vec<Assignment>,
    /// The warnings that comments allow: the number of a line and a code.
    allowed: Vec<(usize, String)>,
    /// A comment is the head of a table that has a column for users.
    has_user_column: bool,
}

/// The line of a variable.
#[derive(Debug)]
struct Assignment {
    line: usize,
    text: String,
    /// The value in the text, without quotes.
    value: Range<usize>,
}

/// The maximum length of a line, in bytes. Linux limits an argument of a process to twice this.
const MAX_LINE: usize = 1 << 16;

/// The maximum number of different values of `CRON_TZ`. The time zone database has about 600 names, and a zone takes about
/// 16 KB.
const MAX_ZONES: usize = 1000;

/// To the library an empty `TZ` is UTC, as POSIX has it.
pub const EMPTY_ZONE: &str = "the time zone is empty, expected one such as `Europe/Paris`, or `UTC`";

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
        zone_of: &dyn Fn(&str) -> Result<Zone, TzError>,
    ) -> (Crontab, Vec<Mistake>) {
        let mut zones: HashMap<String, Result<Zone, String>> = HashMap::new();
        let mut zone_of = |value: &str| {
            if zones.len() == MAX_ZONES && !zones.contains_key(value) {
                let expected = format!("expected at most {MAX_ZONES} in a crontab");
                return Err(format!("found a time zone after {MAX_ZONES} others, {expected}"));
            }
            if value.is_empty() {
                return Err(EMPTY_ZONE.into());
            }
            let read = || zone_of(value).map_err(|error| error.to_string());
            zones.entry(value.into()).or_insert_with(read).clone()
        };
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let mut crontab = Crontab::default();
        let mut mistakes: Vec<_> = line_ends_of_windows(bytes).into_iter().collect();
        let mut above = Above::default();
        for (i, line) in bytes.split(|&byte| byte == b'\n').enumerate() {
            let read = if is_comment(line) {
                crontab.read_comment(i + 1, &String::from_utf8_lossy(line), &mut above, &mut zone_of)
            } else {
                text_of(line.strip_suffix(b"\r").unwrap_or(line))
                    .map_err(|fault| vec![fault])
                    .and_then(|text| crontab.read_line(i + 1, text, reading, &mut above, &mut zone_of))
            };
            let faults = read.err().unwrap_or_default();
            mistakes.extend(faults.into_iter().map(|fault| mistake(i + 1, line, fault)));
        }
        if let Some((number, line)) = above.settings_at {
            let problem = "expected a job below these settings".to_string();
            mistakes.push(mistake(number, line.as_bytes(), (0..line.len(), problem)));
        }
        (crontab, mistakes)
    }

    /// Of a comment only settings count: what else is in it may be any bytes.
    fn read_comment(
        &mut self,
        number: usize,
        text: &str,
        above: &mut Above,
        zone_of: impl FnMut(&str) -> Result<Zone, String>,
    ) -> Result<(), Vec<Fault>> {
        self.has_user_column |= users::is_head(text);
        let start = match settings::begin(text) {
            Some(start) => start,
            None => return Ok(()),
        };
        expect_short(text.as_bytes()).map_err(|fault| vec![fault])?;
        let allowed = above.allowed.len();
        let result = settings::read(text, start, &mut above.settings, &mut above.allowed, zone_of);
        if allowed == above.allowed.len() {
            above.settings_at = Some((number, text.to_string()));
        }
        result
    }

    fn read_line(
        &mut self,
        number: usize,
        text: &str,
        reading: &Reading,
        above: &mut Above,
        mut zone_of: impl FnMut(&str) -> Result<Zone, String>,
    ) -> Result<(), Vec<Fault>> {
        let start = skip_blanks(text, 0);
        if start == text.len() {
            return Ok(());
        }
        self.allowed.extend(above.allowed.drain(..).map(|code| (number, code)));
        let is_quiet = text[start..].starts_with('-') && !text[start + 1..].starts_with(is_blank);
        let start = start + usize::from(is_quiet);
        let (zone, start) = zone_before_schedule(text, start);
        if zone.is_none() && !is_quiet && !fields::begin(&text[start..]) {
            return self.read_variable(number, text, start, above, zone_of).map_err(|fault| vec![fault]);
        }

        let settings = std::mem::take(&mut above.settings);
        above.settings_at = None;
        let job = line::read(text, start, reading)?;
        let settings = (settings != Settings::default()).then(|| Box::new(settings));
        let known = above.schedules.get(&job.when).cloned();
        let when = known.unwrap_or_else(|| job.when.clone());
        above.schedules.insert(when.clone());
        let mut job = Job { line: number as u32, is_quiet, settings, when, ..job };
        if let Some(zone) = zone.or_else(|| line::Rest::of(text, job.schedule().end, reading).zone) {
            job.zone = Some(zone_of(&text[zone.clone()]).map_err(|error| vec![(zone, error)])?);
        }
        if let Some(name) = &job.settings().name {
            if let Some(other) = above.names.insert(name.clone(), number) {
                let problem = format!("the name `{name}` is used: the job in line {other} has it");
                return Err(vec![(start..text.trim_end_matches(is_blank).len(), problem)]);
            }
        }
        job.zone = job.zone.take().or_else(|| job.settings().zone.clone()).or_else(|| above.zone.clone());
        job.variables = 0..self.variables.len() as u32;
        self.jobs.push(job);
        Ok(())
    }

    fn read_variable(
        &mut self,
        number: usize,
        text: &str,
        start: usize,
        above: &mut Above,
        mut zone_of: impl FnMut(&str) -> Result<Zone, String>,
    ) -> Result<(), Fault> {
        let (name, value) = variable(text, start)?;
        if name == "CRON_TZ" {
            let mistaken = |error| (start..text.trim_end().len(), error);
            above.zone = Some(zone_of(&text[value.clone()]).map_err(mistaken)?);
        }
        self.variables.push((name.into(), text[value.clone()].into()));
        self.assignments.push(Assignment { line: number, text: text.into(), value });
        Ok(())
    }

    /// The variables of a job. If a name comes twice, the later value applies.
    pub fn variables_of(&self, job: &Job) -> &[(String, String)] {
        &self.variables[wide(&job.variables)]
    }

    /// Whether a comment above the line allows this warning.
    pub fn allows(&self, line: usize, code: &str) -> bool {
        let start = self.allowed.partition_point(|(allowed, _)| *allowed < line);
        self.allowed[start..].iter().take_while(|(allowed, _)| *allowed == line).any(|(_, of)| of == code)
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
    /// The codes of warnings, for the next line that is no comment.
    allowed: Vec<String>,
    /// The names of jobs, each with the line of its job.
    names: HashMap<String, usize>,
    /// The schedules of all jobs, each once.
    schedules: HashSet<Arc<When>>,
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
    let is_one = |line: &[u8]| line.ends_with(b"\r") && !is_comment(line);
    let mut lines = (1..).zip(bytes.split(|&byte| byte == b'\n')).filter(|(_, line)| is_one(line));
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

/// The position of the first character from `at` on that is no blank.
fn skip_blanks(text: &str, at: usize) -> usize {
    text.len() - text[at..].trim_start_matches(is_blank).len()
}

fn is_comment(line: &[u8]) -> bool {
    line.iter().find(|&&byte| !is_blank(byte.into())) == Some(&b'#')
}

/// The zone of `CRON_TZ=Europe/Paris 0 9 * * * report`, if the line is one like that, and where the schedule begins. A zone has
/// no blanks, so such a line can be no variable.
fn zone_before_schedule(text: &str, start: usize) -> (Option<Range<usize>>, usize) {
    let zone = text[start..].strip_prefix("CRON_TZ").and_then(|rest| {
        let equals = skip_blanks(text, text.len() - rest.len());
        let value = skip_blanks(text, equals + text[equals..].strip_prefix('=').map(|_| 1)?);
        let is_schedule = text[value..].starts_with(|c: char| c.is_ascii_digit() || matches!(c, '*' | '@'));
        let quoted = quoted(text, value).ok()?;
        match (is_schedule, quoted) {
            (true, _) => Some((value..value, value)),
            (false, Some(zone)) => Some((zone.clone(), skip_blanks(text, zone.end + 1))),
            _ => fields::words(text, value).next().map(|zone| (zone.clone(), skip_blanks(text, zone.end))),
        }
    });
    let is_schedule = |at: usize| fields::begin(&text[at..]) && !text[at..].starts_with('#');
    match zone {
        Some((zone, schedule)) if is_schedule(schedule) => (Some(zone), schedule),
        _ => (None, start),
    }
}

fn expect_short(line: &[u8]) -> Result<(), Fault> {
    match line.len() > MAX_LINE {
        true => fault(0..0, format!("the line has {} bytes, more than {MAX_LINE}", line.len())),
        false => Ok(()),
    }
}

fn text_of(line: &[u8]) -> Result<&str, Fault> {
    expect_short(line)?;
    let text = std::str::from_utf8(line).map_err(|error| {
        let at = error.valid_up_to();
        (at..at + char::REPLACEMENT_CHARACTER.len_utf8(), "found a byte that is not UTF-8".to_string())
    })?;
    match text.find('\0') {
        Some(at) => fault(at..at + 1, "found a NUL byte, which neither a command nor a variable can hold"),
        None => Ok(text),
    }
}

/// The name and the place of the value of `name "=" value`, with optional blanks around each. A name or value in single or double quotes may contain blanks.
fn variable(text: &str, start: usize) -> Result<(&str, Range<usize>), Fault> {
    let skip_blanks = |at: usize| skip_blanks(text, at);
    let (name, end) = match quoted(text, start)? {
        Some(name) => (&text[name.clone()], name.end + 1),
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
        Some(value) => match skip_blanks(value.end + 1) {
            rest if rest < text.len() => {
                let is_job = fields::begin(&text[rest..]) && !text[rest..].starts_with('#');
                let hint = if is_job { ": a job needs a line of its own" } else { "" };
                fault(rest..text.len(), format!("expected nothing after the quotes{hint}"))
            }
            _ => Ok((name, value)),
        },
        None => Ok((name, start..text.trim_end_matches(is_blank).len().max(start))),
    }
}

/// The place of the text in quotes at `start`, if there are any.
fn quoted(text: &str, start: usize) -> Result<Option<Range<usize>>, Fault> {
    let quote = match text[start..].chars().next() {
        Some(quote @ ('"' | '\'')) => quote,
        _ => return Ok(None),
    };
    match text[start + 1..].find(quote) {
        Some(len) => Ok(Some(start + 1..start + 1 + len)),
        None => fault(start..text.len(), "the quotes are not closed"),
    }
}

/// `1 job`, `2 jobs`
pub fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
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
