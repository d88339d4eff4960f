//! Reads the line of a job: schedule, command, input. Pure.

use std::ops::Range;

use sexton::{Cron, Period};

use super::{fault, is_blank, shortened, Fault, When};
use crate::mistake::without_position;

/// When, the command, and its input; or all that is wrong with the line.
pub fn read(text: &str, start: usize) -> Result<(When, String, Option<String>), Vec<Fault>> {
    // Seven are enough to find the command.
    let words: Vec<_> = words(text, start).take(7).collect();
    let (when, fields) = match text[start..].starts_with('@') {
        true => nickname(text, &words).map_err(|fault| vec![fault])?,
        false => {
            let fields = count_fields(text, &words).map_err(|fault| vec![fault])?;
            (When::Cron(cron(text, &words[..fields])?), fields)
        }
    };
    let end = words[fields - 1].end;
    let (command, input) = split_input(text[end..].trim_start_matches(is_blank));
    if command.trim().is_empty() {
        let end = text.trim_end_matches(is_blank).len();
        return fault(end..end, "expected a command after the schedule").map_err(|fault| vec![fault]);
    }
    Ok((when, command, input))
}

/// The words of a text from `start` on, which is the first one's.
fn words(text: &str, start: usize) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut at = start;
    std::iter::from_fn(move || {
        at = text.len() - text[at..].trim_start_matches(is_blank).len();
        let word = at..text[at..].find(is_blank).map_or(text.len(), |len| at + len);
        at = word.end;
        (!word.is_empty()).then_some(word)
    })
}

/// `@daily`, `@every 1h30m` or `@reboot`, and how many words that is. There is at least one.
fn nickname(text: &str, words: &[Range<usize>]) -> Result<(When, usize), Fault> {
    let nickname = &text[words[0].clone()];
    if nickname.eq_ignore_ascii_case("@reboot") {
        return Ok((When::Start, 1));
    }
    if nickname.eq_ignore_ascii_case("@every") {
        let period = match words.get(1) {
            Some(period) => period.clone(),
            None => return fault(words[0].end..words[0].end, "expected a period, as in `@every 1h30m`"),
        };
        return match text[period.clone()].parse::<Period>() {
            Ok(every) => Ok((When::Every(every), 2)),
            Err(error) => fault(period, format!("period: {}", without_position(&error.to_string()))),
        };
    }
    match Cron::parse(nickname) {
        Ok(cron) => Ok((When::Cron(cron), 1)),
        Err(_) => {
            let nicknames = "@yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly";
            let expected = format!("expected {nicknames}, @reboot or @every and a period");
            fault(words[0].clone(), format!("unknown nickname `{}`, {expected}", shortened(nickname)))
        }
    }
}

/// How many of the words are the schedule's, five or six: see [`crontab`](super).
fn count_fields(text: &str, words: &[Range<usize>]) -> Result<usize, Fault> {
    let is_all = |word: &Range<usize>, is: fn(u8) -> bool| text[word.clone()].bytes().all(is);
    let is_plain = |word: &Range<usize>| is_all(word, |byte| b"0123456789*?/,#-".contains(&byte));
    let is_expression = |words: &[Range<usize>]| Cron::parse(&text[span(words)]).is_ok();

    let sixth = match words.get(5) {
        Some(sixth) => sixth,
        None if words.len() == 5 => return Ok(5),
        None => {
            let fields = if words.len() == 1 { "1 field".into() } else { format!("{} fields", words.len()) };
            let expected = "expected five, or six with the seconds first, and a command";
            return fault(span(words), format!("found {fields}, {expected}"));
        }
    };
    if is_plain(sixth) {
        return match words.get(6) {
            Some(seventh) if is_plain(seventh) => {
                let problem = "found a seventh field, but there is none for the year in a crontab";
                fault(
                    seventh.clone(),
                    format!("{problem} (a command that begins like this must be in quotes)"),
                )
            }
            _ => Ok(6),
        };
    }
    if !is_expression(&words[..6]) {
        return Ok(5);
    }
    let is_word = is_all(sixth, |byte| byte.is_ascii_alphabetic());
    match is_word && is_expression(&words[..5]) {
        false => Ok(6),
        // As a field it would leave no command.
        true if words.len() == 6 => Ok(5),
        true => {
            let word = &text[sixth.clone()];
            let problem = format!("`{word}` may be a sixth field, or the command after five");
            fault(
                sixth.clone(),
                format!("{problem}: write the weekday as a number, or the command as `'{word}'`"),
            )
        }
    }
}

/// From the first of the words to the last.
fn span(words: &[Range<usize>]) -> Range<usize> {
    match words {
        [] => 0..0,
        [first, ..] => first.start..words[words.len() - 1].end,
    }
}

/// The expression of these words, or what is wrong with each of them.
fn cron(text: &str, words: &[Range<usize>]) -> Result<Cron, Vec<Fault>> {
    let all = span(words);
    let parse = |expression: &str| {
        Cron::parse(expression).map_err(|error| {
            let span = error.span();
            (all.start + span.start..all.start + span.end, format!("{error:#}"))
        })
    };
    match parse(&text[all.clone()]) {
        Ok(cron) if cron.never_fires() => {
            fault(all.clone(), "never due: no date matches it").map_err(|fault| vec![fault])
        }
        Ok(cron) => Ok(cron),
        Err(first) => {
            // The parser stops at the first mistake, so each field is read once more with `*` for all the others.
            let alone = |word: &Range<usize>| -> String {
                let masked = |other: &Range<usize>| format!("*{}", " ".repeat(other.len() - 1));
                let mut expression = String::new();
                for other in words {
                    expression
                        .extend(std::iter::repeat(' ').take(other.start - all.start - expression.len()));
                    expression += &if other == word { text[word.clone()].to_string() } else { masked(other) };
                }
                expression
            };
            let mut faults: Vec<_> = words.iter().filter_map(|word| parse(&alone(word)).err()).collect();
            if faults.is_empty() {
                faults.push(first);
            }
            Err(faults)
        }
    }
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
