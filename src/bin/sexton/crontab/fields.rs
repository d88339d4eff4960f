//! Finds the words of a line that are its schedule: how many there are depends on the dialect, and on what they are.
//! Pure.
//!
//! * cronie has **five**, whatever follows.
//! * Most have **five to seven**. A sixth word is a field if the command does not begin with it; a command never needs to
//!   begin with a word like that. A word of nothing but digits and `* ? / , # -` is a field, and so is a seventh such word
//!   after it, the year. A word with other letters in it, such as `mon-fri`, is a field if the first six words are a cron
//!   expression. One of letters alone, such as `mon`, could also be a command. If the first five words are a cron
//!   expression too, the line has two meanings, and that is a mistake.
//! * quartz has **six**, and a seventh for the year if it has nothing but such digits and marks.

use std::ops::Range;

use sexton::cron::{ErrorKind, ParseError};
use sexton::Cron;

use super::{fault, is_blank, Fault};
use crate::dialect::Reading;

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
    is_one_of(&["days=or", "days=and", "seconds=first", "seconds=last", "seconds=none"]) || {
        let name = word.get(.."dialect=".len()).filter(|start| start.eq_ignore_ascii_case("dialect="));
        name.map_or(false, |name| word[name.len()..].bytes().all(|byte| byte.is_ascii_alphabetic()))
    }
}

/// `H`, `H(0-29)`, `H/10`, or the same with `R`.
fn is_hashed_or_drawn(word: &str) -> bool {
    let rest = word.strip_prefix(&['H', 'h', 'R', 'r'][..]);
    rest.map_or(false, |rest| rest.is_empty() || rest.starts_with(&['(', '/'][..]))
}

/// What the parser makes of an expression.
pub type Parsed = Result<Cron, ParseError>;

/// What a dialect expects of the fields.
struct Shape {
    fewest: usize,
    most: usize,
    /// What a sixth field is.
    sixth: &'static str,
}

impl Shape {
    /// Of the dialect that a line is read in, or of five fields where the switches before them have a mistake.
    fn of(switches: &str, reading: &Reading) -> Shape {
        let is_mistaken = |error: ParseError| error.kind() != ErrorKind::FieldCount;
        if !switches.is_empty() && reading.reader().parse(switches).err().map_or(false, is_mistaken) {
            return Shape { fewest: 5, most: 5, sixth: "" };
        }
        let dialect = reading.dialect.of_text(switches);
        let counts = dialect.field_counts();
        Shape {
            fewest: *counts.start(),
            most: *counts.end(),
            sixth: match dialect {
                _ if dialect == dialect.seconds_none() => "year last",
                _ if dialect == dialect.seconds_last() => "seconds last",
                _ => "seconds first",
            },
        }
    }

    fn expected(&self) -> String {
        match (self.fewest, self.most) {
            (5, 5) => "expected five and a command".into(),
            (5, _) => format!("expected five, or six with the {}, and a command", self.sixth),
            _ => format!("expected six with the {}, and a command", self.sixth),
        }
    }
}

/// The words that are the schedule, of which the first are switches, so many; and what `parse` makes of them. It is asked
/// once for each number of fields that they may be.
pub fn of(
    text: &str,
    start: usize,
    switches: usize,
    reading: &Reading,
    parse: impl Fn(&[Range<usize>]) -> Parsed,
) -> Result<(Vec<Range<usize>>, Parsed), Fault> {
    // Eight more are enough to find the command.
    let mut words: Vec<_> = words(text, start).take(switches + 8).collect();
    let shape = Shape::of(&text[span(&words[..switches])], reading);
    let parse = |count: usize| parse(&words[..switches + count]);
    let (count, cron) = count(text, &words[switches..], &shape, parse)?;
    words.truncate(switches + count);
    Ok((words, cron))
}

fn count(
    text: &str,
    words: &[Range<usize>],
    shape: &Shape,
    parse: impl Fn(usize) -> Parsed,
) -> Result<(usize, Parsed), Fault> {
    let parsed = |count: usize| Ok((count, parse(count)));
    let is_all = |word: &Range<usize>, is: fn(u8) -> bool| text[word.clone()].bytes().all(is);
    let is_plain = |word: &Range<usize>| is_all(word, |byte| b"0123456789*?/,#-".contains(&byte));

    let fewest = shape.fewest;
    if words.len() < fewest {
        let fields = if words.len() == 1 { "1 field".into() } else { format!("{} fields", words.len()) };
        return fault(span(words), format!("found {fields}, {}", shape.expected()));
    }
    let next = match words.get(fewest) {
        Some(next) if shape.most > fewest => next,
        _ => return parsed(fewest),
    };
    if fewest == 6 {
        return parsed(if is_plain(next) { 7 } else { 6 });
    }
    let six = |cron| match words.get(6) {
        Some(seventh) if shape.most > 6 && is_plain(seventh) => parsed(7),
        _ => Ok((6, cron)),
    };
    if is_plain(next) {
        return six(parse(6));
    }
    let of_six = parse(6);
    if of_six.is_err() {
        return parsed(5);
    }
    if !is_all(next, |byte| byte.is_ascii_alphabetic()) {
        return six(of_six);
    }
    match parse(5) {
        Err(_) => six(of_six),
        // As a field it would leave no command.
        of_five if words.len() == 6 => Ok((5, of_five)),
        Ok(_) => {
            let word = &text[next.clone()];
            let problem = format!("`{word}` may be a sixth field, or the command after five");
            fault(
                next.clone(),
                format!("{problem}: write the field as a number, or the command as `'{word}'`"),
            )
        }
    }
}
