//! Reads the line of a job: schedule, command, input. Pure.

use std::ops::Range;

use sexton::cron::Reader;
use sexton::{Cron, Period};

use super::fields::{self, span, words};
use super::{fault, is_blank, shortened, Fault, When};
use crate::dialect::{self, Reading};

/// When, and where that stands; the command, and its input.
type Job = (When, Range<usize>, String, Option<String>);

/// Reads the line of a job, or finds all that is wrong with it.
pub fn read(text: &str, start: usize, reading: &Reading) -> Result<Job, Vec<Fault>> {
    let switches = words(text, start).take_while(|word| fields::is_switch(&text[word.clone()])).count();
    let is_nickname = |word: Range<usize>| text[word].starts_with('@');
    let (when, words) = match words(text, start).nth(switches).map_or(false, is_nickname) {
        true => {
            let mut words: Vec<_> = words(text, start).take(switches + 2).collect();
            let (when, count) = nickname(text, &words, switches, reading).map_err(|fault| vec![fault])?;
            words.truncate(count);
            (Some(when), words)
        }
        false => {
            (None, fields::of(text, start, switches, reading.reader_or("")).map_err(|fault| vec![fault])?)
        }
    };
    let schedule = span(&words);
    let (command, input) = split_input(text[schedule.end..].trim_start_matches(is_blank));
    let when = match when {
        Some(when) => when,
        None => When::Cron(cron(text, &words, reading.reader_or(command.trim()))?),
    };
    if command.trim().is_empty() {
        let end = text.trim_end_matches(is_blank).len();
        return fault(end..end, "expected a command after the schedule").map_err(|fault| vec![fault]);
    }
    Ok((when, schedule, command, input))
}

/// `@daily`, `@every 1h30m` or `@reboot`, and how many words that is. It comes after the switches.
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
            Ok(every) => Ok((When::Every(every), count + 1)),
            Err(error) => fault(period, format!("period: {error:#}")),
        };
    }
    let all = span(&words[..count]);
    match reading.reader().parse(&text[all.clone()]) {
        Ok(cron) => Ok((When::Cron(cron), count)),
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

/// The expression of these words, or what is wrong with each of them.
fn cron(text: &str, words: &[Range<usize>], reader: Reader<'_>) -> Result<Cron, Vec<Fault>> {
    let all = span(words);
    let parse = |expression: &str| {
        reader.parse(expression).map_err(|error| {
            let span = error.span();
            let message = dialect::message(&error, expression, reader);
            (error.field(), (all.start + span.start..all.start + span.end, message))
        })
    };
    let (field, first) = match parse(&text[all.clone()]) {
        Ok(cron) if cron.never_fires() => {
            return fault(all.clone(), "never due: no date matches it").map_err(|fault| vec![fault]);
        }
        Ok(cron) => return Ok(cron),
        Err(error) => error,
    };
    // The parser stops at the first mistake, so each field is read once more with `*` for all the others.
    let alone = |word: &Range<usize>| -> String {
        let mut expression = String::new();
        for other in words {
            let blanks = other.start - all.start - expression.len();
            expression.extend(std::iter::repeat(' ').take(blanks));
            match other == word || fields::is_switch(&text[other.clone()]) {
                true => expression += &text[other.clone()],
                false => expression.extend(std::iter::once('*').chain(" ".repeat(other.len() - 1).chars())),
            }
        }
        expression
    };
    let mut faults: Vec<_> = match field {
        Some(_) => words.iter().filter_map(|word| Some(parse(&alone(word)).err()?.1)).collect(),
        None => Vec::new(),
    };
    if faults.is_empty() {
        faults.push(first);
    }
    Err(faults)
}

/// What comes before the first `%` that has no backslash, and what comes after it: there the other `%` are line ends,
/// and the last line has one in any case. `\%` is a percent sign. As in cronie, also in that two backslashes before a
/// `%` leave it what it is in the command, but not in the input.
fn split_input(text: &str) -> (String, Option<String>) {
    let mut command = String::new();
    let mut chars = text.chars();
    let mut is_escaped = false;
    loop {
        match chars.next() {
            None => return (command, None),
            Some('%') if is_escaped => {
                command.pop();
                command.push('%');
            }
            Some('%') => break,
            Some(c) => command.push(c),
        }
        is_escaped = !is_escaped && command.ends_with('\\');
    }
    let mut input = String::new();
    for c in chars {
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
    (command, Some(input))
}
