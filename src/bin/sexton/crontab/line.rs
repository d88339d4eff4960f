//! Reads the line of a job: schedule, command, input. Pure.

use std::ops::Range;
use std::sync::Arc;

use sexton::civil::{Date, DateTime, Time};
use sexton::cron::ParseError;
use sexton::Period;

use super::fields::{self, span, words};
use super::{fault, is_blank, narrow, shortened, skip_blanks, Fault, Job, When};
use crate::dialect::{self, Reading};

/// What comes after a schedule.
pub struct Rest {
    pub zone: Option<Range<usize>>,
    user: Option<Range<usize>>,
    command_at: usize,
}

impl Rest {
    /// What comes after the byte at which a schedule ends.
    pub fn of(text: &str, end: usize, reading: &Reading) -> Rest {
        let mut words = words(text, end).peekable();
        let zone = words.next_if(|word| dialect::is_zone_name(&text[word.clone()]));
        let user = if reading.is_system { words.next() } else { None };
        let before = user.as_ref().or(zone.as_ref()).map_or(end, |word| word.end);
        Rest { zone, user, command_at: skip_blanks(text, before) }
    }

    /// The command, and its input.
    fn command(&self, text: &str) -> (String, Option<String>) {
        split_input(&text[self.command_at..])
    }
}

/// Reads the line of a job, or finds all that is wrong with it. Only what stands in the line is known of the job.
pub fn read(text: &str, start: usize, reading: &Reading) -> Result<Job, Vec<Fault>> {
    let switches = words(text, start).take_while(|word| fields::is_switch(&text[word.clone()])).count();
    let is_nickname = |word: Range<usize>| text[word].starts_with('@');
    let rest_after = |schedule: &Range<usize>| Rest::of(text, schedule.end, reading);
    let (when, schedule) = match words(text, start).nth(switches).map_or(false, is_nickname) {
        true => {
            let words: Vec<_> = words(text, start).take(switches + 5).collect();
            let (when, count) = nickname(text, &words, switches, reading).map_err(|fault| vec![fault])?;
            (when, span(&words[..count]))
        }
        false => {
            let parse = |words: &[Range<usize>]| {
                let schedule = span(words);
                let (command, _) = rest_after(&schedule).command(text);
                reading.reader_or(command.trim()).parse(&text[schedule])
            };
            let found = fields::of(text, start, switches, reading, parse);
            let (words, cron) = found.map_err(|fault| vec![fault])?;
            let schedule = span(&words);
            let (command, _) = rest_after(&schedule).command(text);
            let cron = cron.map_err(|error| mistakes(text, &words, error, reading, command.trim()))?;
            if cron.never_fires() {
                return fault(schedule, "never due: no date matches it").map_err(|fault| vec![fault]);
            }
            (When::Cron(cron.into()), schedule)
        }
    };
    let rest = rest_after(&schedule);
    let (command, _) = rest.command(text);
    if command.trim().is_empty() {
        let end = text.trim_end_matches(is_blank).len();
        let expected = match reading.is_system {
            true => "expected a user and a command after the schedule",
            false => "expected a command after the schedule",
        };
        return fault(end..end, expected).map_err(|fault| vec![fault]);
    }
    Ok(Job {
        file: None,
        line: 0,
        again: 0,
        text: text.into(),
        when: Arc::new(when),
        schedule: narrow(&schedule),
        zone: None,
        settings: None,
        is_quiet: false,
        user: narrow(&rest.user.unwrap_or(0..0)),
        command_at: rest.command_at as u32,
        variables: 0..0,
    })
}

/// `@daily`, `@every 1h30m`, `@every 2w from 2026-11-23 09:00` or `@reboot`, and how many words that is. It comes after the switches.
fn nickname(
    text: &str,
    words: &[Range<usize>],
    switches: usize,
    reading: &Reading,
) -> Result<(When, usize), Fault> {
    let (word, count) = (words[switches].clone(), switches + 1);
    let nickname = &text[word.clone()];
    if nickname.eq_ignore_ascii_case("@reboot") {
        return Ok((When::Start, count));
    }
    if nickname.eq_ignore_ascii_case("@every") {
        let period = match words.get(count) {
            Some(period) => period.clone(),
            None => return fault(word.end..word.end, "expected a period, as in `@every 1h30m`"),
        };
        return match text[period.clone()].parse::<Period>() {
            Ok(every) => Ok(match from(text, &words[count + 1..]) {
                Some((from, more)) => (When::EveryFrom(every, from), count + 1 + more),
                None => (When::Every(every), count + 1),
            }),
            Err(error) => fault(period, format!("period: {error:#}")),
        };
    }
    let all = span(&words[..count]);
    match reading.reader().parse(&text[all.clone()]) {
        Ok(cron) => Ok((When::Cron(cron.into()), count)),
        Err(error) if error.span().start + all.start < word.start => {
            let span = error.span();
            fault(all.start + span.start..all.start + span.end, format!("{error:#}"))
        }
        Err(_) => {
            let nicknames = "@yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly";
            let expected = format!("expected {nicknames}, @reboot or @every and a period");
            fault(word, format!("unknown nickname `{}`, {expected}", shortened(nickname)))
        }
    }
}

/// `from 2026-11-23 09:00`, or without the time, and how many words that is. Without a date, `from` is a command.
fn from(text: &str, words: &[Range<usize>]) -> Option<(DateTime, usize)> {
    let word = |at: usize| words.get(at).map_or("", |word| &text[word.clone()]);
    let date = word(1).parse::<Date>().map(|date| match word(2).parse::<Time>() {
        Ok(time) => Some((date.at(time), 3)),
        Err(_) => Some((date.at(Time::new(0, 0, 0)?), 2)),
    });
    let whole = || Some((word(1).parse::<DateTime>().ok()?, 2));
    date.unwrap_or_else(|_| whole()).filter(|_| word(0) == "from")
}

/// What is wrong with the expression of these words. The parser stops at the first mistake, so the text is read again with
/// `*` for each field that has one.
fn mistakes(
    text: &str,
    words: &[Range<usize>],
    first: ParseError,
    reading: &Reading,
    id: &str,
) -> Vec<Fault> {
    let all = span(words);
    let mut expression = text[all.clone()].to_string();
    let (mut faults, mut next) = (Vec::new(), Some(first));
    while let Some(error) = next {
        let (start, end) = (all.start + error.span().start, all.start + error.span().end);
        let whole = if faults.is_empty() { &text[all.clone()] } else { "" };
        faults.push((start..end, reading.message(&error, &expression, whole)));
        // Where something is missing, the word is the one that ends there. One with `*` has no mistake.
        let word = words
            .iter()
            .find(|word| start <= word.end && error.field().is_some() && faults.len() <= words.len());
        next = word.and_then(|word| {
            let star = format!("*{}", " ".repeat(word.len() - 1));
            expression.replace_range(word.start - all.start..word.end - all.start, &star);
            reading.reader_or(id).parse(&expression).err()
        });
    }
    faults
}

/// What comes before the first `%` that has no backslash, and what comes after it: there the other `%` are line ends,
/// and the last line has one in any case. `\%` is a percent sign. As in cronie, also in that two backslashes before a
/// `%` leave it what it is in the command, but not in the input.
pub fn split_input(text: &str) -> (String, Option<String>) {
    let at = match percent(text) {
        Some(at) => at,
        None => return (text.replace("\\%", "%"), None),
    };
    let mut input = String::new();
    for c in text[at + 1..].chars() {
        match c {
            '%' if input.ends_with('\\') => {
                input.pop();
                input.push('%');
            }
            '%' => input.push('\n'),
            c => input.push(c),
        }
    }
    if !input.is_empty() && !input.ends_with('\n') {
        input.push('\n');
    }
    (text[..at].replace("\\%", "%"), Some(input))
}

/// The first `%` that has no backslash.
pub fn percent(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    for (at, c) in text.char_indices() {
        if c == '%' && !is_escaped {
            return Some(at);
        }
        is_escaped = c == '\\' && !is_escaped;
    }
    None
}
