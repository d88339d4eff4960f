//! Finds the words of a line that are its schedule: how many there are depends on the dialect, and on what they are.
//! Pure.
//!
//! * cronie has **five**, whatever follows.
//! * Most have **five or six**. A sixth word is a field if the command does not begin with it; a command never needs to
//!   begin with a word like that. A word of nothing but digits and `* ? / , # -` is a field. A seventh such word is a
//!   mistake, for there is no field for the year. A word with other letters in it, such as `mon-fri`, is a field if the
//!   first six words are a cron expression. One of letters alone, such as `mon`, could also be a command. If the first
//!   five words are a cron expression too, the line has two meanings, and that is a mistake.
//! * quartz has **six**, and a seventh for the year if it has nothing but such digits and marks.

use std::ops::Range;

use sexton::cron::Reader;

use super::{fault, is_blank, Fault};

/// The words of a text from `start` on, which is the first one's.
pub fn words(text: &str, start: usize) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut at = start;
    std::iter::from_fn(move || {
        at = text.len() - text[at..].trim_start_matches(is_blank).len();
        let word = at..text[at..].find(is_blank).map_or(text.len(), |len| at + len);
        at = word.end;
        (!word.is_empty()).then_some(word)
    })
}

/// From the first of the words to the last.
pub fn span(words: &[Range<usize>]) -> Range<usize> {
    match words {
        [] => 0..0,
        [first, ..] => first.start..words[words.len() - 1].end,
    }
}

/// Whether a line begins with a schedule, and so is no variable's.
pub fn begin(line: &str) -> bool {
    let mut words = words(line, 0).map(|word| &line[word]).skip_while(|word| is_switch(word));
    match words.next() {
        Some(word) if is_hashed_or_drawn(word) => words.next().map_or(false, |next| !next.starts_with('=')),
        Some(word) => !word.starts_with(|c: char| c.is_alphabetic() || matches!(c, '_' | '"' | '\'')),
        None => false,
    }
}

/// Whether the word says how the fields after it are read.
pub fn is_switch(word: &str) -> bool {
    let is_one_of = |words: &[&str]| words.iter().any(|other| word.eq_ignore_ascii_case(other));
    is_one_of(&["days=or", "days=and", "seconds=first", "seconds=last"]) || {
        let name = word.get(.."dialect=".len()).filter(|start| start.eq_ignore_ascii_case("dialect="));
        name.map_or(false, |name| word[name.len()..].bytes().all(|byte| byte.is_ascii_alphabetic()))
    }
}

/// `H`, `H(0-29)`, `H/10`, or the same with `R`.
fn is_hashed_or_drawn(word: &str) -> bool {
    let rest = word.strip_prefix(&['H', 'h', 'R', 'r'][..]);
    rest.map_or(false, |rest| rest.is_empty() || rest.starts_with(&['(', '/'][..]))
}

/// What a dialect expects of the fields.
struct Shape {
    fewest: usize,
    /// If there is one more: the second, or the year.
    has_more: bool,
    seconds_last: bool,
}

impl Shape {
    /// Asks the parser, which alone knows all dialects and what the switches do to them.
    fn of(switches: &str, reader: Reader<'_>) -> Shape {
        let is_read = |fields: &str| reader.parse(&format!("{switches} {fields}")).is_ok();
        let fewest = if is_read("* * * * *") || !is_read("* * * * * *") { 5 } else { 6 };
        let has_more = is_read(&"* ".repeat(fewest + 1));
        // No weekday has that number.
        Shape { fewest, has_more, seconds_last: is_read("* * * * * 59") }
    }

    fn expected(&self) -> String {
        let seconds = if self.seconds_last { "seconds last" } else { "seconds first" };
        match (self.fewest, self.has_more) {
            (5, false) => "expected five and a command".into(),
            (5, true) => format!("expected five, or six with the {seconds}, and a command"),
            _ => format!("expected six with the {seconds}, and a command"),
        }
    }
}

/// The words that are the schedule, of which the first are switches, so many.
pub fn of(text: &str, start: usize, switches: usize, reader: Reader<'_>) -> Result<Vec<Range<usize>>, Fault> {
    // Eight more are enough to find the command.
    let mut words: Vec<_> = words(text, start).take(switches + 8).collect();
    let shape = Shape::of(&text[span(&words[..switches])], reader);
    let is_expression = |count: usize| reader.parse(&text[span(&words[..switches + count])]).is_ok();
    let count = count(text, &words[switches..], &shape, is_expression)?;
    words.truncate(switches + count);
    Ok(words)
}

fn count(
    text: &str,
    words: &[Range<usize>],
    shape: &Shape,
    is_expression: impl Fn(usize) -> bool,
) -> Result<usize, Fault> {
    let is_all = |word: &Range<usize>, is: fn(u8) -> bool| text[word.clone()].bytes().all(is);
    let is_plain = |word: &Range<usize>| is_all(word, |byte| b"0123456789*?/,#-".contains(&byte));

    let fewest = shape.fewest;
    if words.len() < fewest {
        let fields = if words.len() == 1 { "1 field".into() } else { format!("{} fields", words.len()) };
        return fault(span(words), format!("found {fields}, {}", shape.expected()));
    }
    let next = match words.get(fewest) {
        Some(next) if shape.has_more => next,
        _ => return Ok(fewest),
    };
    if fewest == 6 {
        return Ok(if is_plain(next) { 7 } else { 6 });
    }
    let six = || match words.get(6) {
        Some(seventh) if is_plain(seventh) => {
            let problem = "found a seventh field, but there is none for the year in a crontab";
            fault(seventh.clone(), format!("{problem} (a command that begins like this must be in quotes)"))
        }
        _ => Ok(6),
    };
    if is_plain(next) {
        return six();
    }
    if !is_expression(6) {
        return Ok(5);
    }
    let is_word = is_all(next, |byte| byte.is_ascii_alphabetic());
    match is_word && is_expression(5) {
        false => six(),
        // As a field it would leave no command.
        true if words.len() == 6 => Ok(5),
        true => {
            let word = &text[next.clone()];
            let problem = format!("`{word}` may be a sixth field, or the command after five");
            fault(
                next.clone(),
                format!("{problem}: write the field as a number, or the command as `'{word}'`"),
            )
        }
    }
}
