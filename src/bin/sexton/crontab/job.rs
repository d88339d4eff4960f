//! Reads the line of a job: schedule, command, input. Pure.

use std::ops::Range;

use sexton::cron::{ParseError, Reader};
use sexton::Period;

use super::fields::{self, span, words};
use super::{fault, is_blank, shortened, Fault, When};
use crate::dialect::{self, Reading};

/// When, and where that stands; the command, and its input.
type Job = (When, Range<usize>, String, Option<String>);

/// Reads the line of a job, or finds all that is wrong with it.
pub fn read(text: &str, start: usize, reading: &Reading) -> Result<Job, Vec<Fault>> {
    let switches = words(text, start).take_while(|word| fields::is_switch(&text[word.clone()])).count();
    let is_nickname = |word: Range<usize>| text[word].starts_with('@');
    let command_after =
        |schedule: &Range<usize>| split_input(text[schedule.end..].trim_start_matches(is_blank));
    let (when, schedule) = match words(text, start).nth(switches).map_or(false, is_nickname) {
        true => {
            let words: Vec<_> = words(text, start).take(switches + 2).collect();
            let (when, count) = nickname(text, &words, switches, reading).map_err(|fault| vec![fault])?;
            (when, span(&words[..count]))
        }
        false => {
            let parse = |words: &[Range<usize>]| {
                let schedule = span(words);
                reading.reader_or(command_after(&schedule).0.trim()).parse(&text[schedule])
            };
            let found = fields::of(text, start, switches, reading, parse);
            let (words, cron) = found.map_err(|fault| vec![fault])?;
            let schedule = span(&words);
            let (command, _) = command_after(&schedule);
            let cron =
                cron.map_err(|error| mistakes(text, &words, error, reading.reader_or(command.trim())))?;
            if cron.never_fires() {
                return fault(schedule, "never due: no date matches it").map_err(|fault| vec![fault]);
            }
            (When::Cron(cron), schedule)
        }
    };
    let (command, input) = command_after(&schedule);
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

/// What is wrong with the expression of these words. The parser stops at the first mistake, so the text is read again with
/// `*` for each field that has one.
fn mistakes(text: &str, words: &[Range<usize>], first: ParseError, reader: Reader<'_>) -> Vec<Fault> {
    let all = span(words);
    let mut expression = text[all.clone()].to_string();
    let (mut faults, mut next) = (Vec::new(), Some(first));
    while let Some(error) = next {
        let (start, end) = (all.start + error.span().start, all.start + error.span().end);
        faults.push((start..end, dialect::message(&error, &expression)));
        // Where something is missing, the word is the one that ends there. One with `*` has no mistake.
        let word = words
            .iter()
            .find(|word| start <= word.end && error.field().is_some() && faults.len() <= words.len());
        next = word.and_then(|word| {
            let star = format!("*{}", " ".repeat(word.len() - 1));
            expression.replace_range(word.start - all.start..word.end - all.start, &star);
            reader.parse(&expression).err()
        });
    }
    faults
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
