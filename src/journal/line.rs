//! One record as one line: `<checksum> <what> <due> <name>`. Pure: no files, no clock.
//!
//! ```text
//! 9147094a began 1795392000.000000000 report
//! b1e905c1 ended 1795392000.000000000 report
//! ```
//!
//! The checksum is the CRC-32 of all that follows its space, in hexadecimal. The due is in Unix seconds, with `-` before
//! 1970. The name is the rest, with what would end the line, or could not be seen, escaped as in a Rust string.
//! Reading mirrors writing: a line is a record only if the record is written as that line.

use std::borrow::Cow;
use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::excerpt::{Excerpt, OneLine};
use crate::hash::crc32;

/// The first line of a journal; its last word is the version of the format.
pub(super) const HEADER: &str = "sexton journal 1\n";

/// The longest line, without the newline at its end; a file of one endless line is not read into memory.
pub(super) const MAX_LINE: usize = 64 * 1024;

/// The longest name, as it is written there: the rest is left for what is before it.
pub(super) const MAX_NAME: usize = MAX_LINE - 64;

/// What happened to a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line<'a> {
    pub(super) what: What,
    pub(super) name: Cow<'a, str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// A run for this due began.
    Began(SystemTime),
    /// A run began that was asked for, for no due of its schedule.
    Asked(SystemTime),
    /// It ended, or was reported as cut off.
    Ended(SystemTime),
    /// The occurrences up to this one were reported as missed.
    Passed(SystemTime),
    /// The last due was this one, as a journal that is written anew says it.
    Last(SystemTime),
    /// Nothing of the name is remembered any more.
    Forgot,
}

type WithDue = fn(SystemTime) -> What;

/// The first word of each record that has a due.
const WITH_DUE: [(&str, WithDue); 5] = [
    ("began", What::Began),
    ("asked", What::Asked),
    ("ended", What::Ended),
    ("passed", What::Passed),
    ("last", What::Last),
];

impl<'a> Line<'a> {
    pub(super) fn new(what: What, name: &'a str) -> Line<'a> {
        Line { what, name: Cow::Borrowed(name) }
    }

    /// The line, with the newline at its end.
    pub(super) fn to_text(&self) -> String {
        let rest = self.rest();
        format!("{:08x} {rest}\n", crc32(rest.as_bytes()))
    }

    /// What the checksum is of.
    fn rest(&self) -> String {
        format!("{} {}", self.what, Escaped(&self.name))
    }

    /// Reads a line, which comes without the newline at its end. An error says why it is no record.
    pub(super) fn parse(line: &[u8]) -> Result<Line<'static>, String> {
        const SUM: usize = 8;
        let rest = line.get(SUM + 1..).unwrap_or_default();
        let sum = format!("{:08x}", crc32(rest));
        if line.get(..=SUM) != Some(format!("{sum} ").as_bytes()) {
            return Err(format!("found {}, expected its checksum `{sum}` first", excerpt(line)));
        }
        let flaw = |found: &[u8], expected: &str| format!("found {}, expected {expected}", excerpt(found));
        let text = std::str::from_utf8(rest).map_err(|_| flaw(rest, "UTF-8"))?;
        let mut parts = text.splitn(3, ' ');
        let [what, due, name] = [(); 3].map(|()| parts.next().unwrap_or_default());
        let what = match (what, WITH_DUE.iter().find(|(word, _)| *word == what)) {
            ("forgot", _) => What::Forgot,
            (_, Some((_, with_due))) => {
                let expected = "Unix seconds such as `1795392000.000000000`, within this system's range";
                with_due(read_time(due).ok_or_else(|| flaw(due.as_bytes(), expected))?)
            }
            (what, None) => {
                return Err(flaw(what.as_bytes(), "`began`, `asked`, `ended`, `passed`, `last` or `forgot`"))
            }
        };
        let record = Line { what, name: Cow::Owned(unescape(name)) };
        match record.rest() == text {
            true => Ok(record),
            false => Err(flaw(rest, &excerpt_of(&record.rest()).to_string())),
        }
    }
}

/// The start of a line, for a message.
pub(super) fn excerpt(line: &[u8]) -> Excerpt {
    // More than an excerpt keeps, so that it shows that it was cut.
    let start = &line[..line.len().min(64)];
    excerpt_of(&String::from_utf8_lossy(start))
}

fn excerpt_of(text: &str) -> Excerpt {
    Excerpt::of(text, 0, text.len())
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            What::Began(due) => write!(f, "began {}", Written(*due)),
            What::Asked(due) => write!(f, "asked {}", Written(*due)),
            What::Ended(due) => write!(f, "ended {}", Written(*due)),
            What::Passed(due) => write!(f, "passed {}", Written(*due)),
            What::Last(due) => write!(f, "last {}", Written(*due)),
            What::Forgot => f.write_str("forgot -"),
        }
    }
}

/// Unix seconds, exact to the nanosecond.
struct Written(SystemTime);

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, distance) = match self.0.duration_since(UNIX_EPOCH) {
            Ok(after) => ("", after),
            Err(error) => ("-", error.duration()),
        };
        write!(f, "{sign}{}.{:09}", distance.as_secs(), distance.subsec_nanos())
    }
}

/// The time that is written so; [`Line::parse`] sees to it that there is no other way to write it.
fn read_time(text: &str) -> Option<SystemTime> {
    let distance = text.strip_prefix('-').unwrap_or(text);
    let (seconds, nanos) = distance.split_once('.')?;
    let nanos = nanos.parse().ok().filter(|nanos| *nanos < 1_000_000_000)?;
    let distance = Duration::new(seconds.parse().ok()?, nanos);
    if !text.starts_with('-') {
        return UNIX_EPOCH.checked_add(distance);
    }
    // In two steps, as the earliest time is one second further from 1970 than the latest, and than one step may go.
    let half = distance / 2;
    UNIX_EPOCH.checked_sub(half)?.checked_sub(distance - half)
}

/// A name on one line, and without what a terminal would obey.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, part) in self.0.split('\\').enumerate() {
            write!(f, "{}{}", if i > 0 { "\\\\" } else { "" }, OneLine(part))?;
        }
        Ok(())
    }
}

/// How many bytes a name takes.
pub(super) fn written_len(name: &str) -> usize {
    // Most need no escapes, and all are checked.
    match name.chars().any(|c| c == '\\' || c.is_control()) {
        true => Escaped(name).to_string().len(),
        false => name.len(),
    }
}

/// The name that is written so. What no name is written as becomes some other name, of which [`Line::parse`] sees
/// that it is written otherwise.
fn unescape(text: &str) -> String {
    let mut name = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, escaped)) = rest.split_once('\\') {
        name.push_str(before);
        let (c, len) = match escaped.as_bytes().first() {
            Some(b'n') => ('\n', 1),
            Some(b'r') => ('\r', 1),
            Some(b't') => ('\t', 1),
            Some(b'u') => match read_braces(&escaped[1..]) {
                Some((c, len)) => (c, 1 + len),
                None => ('\\', 0),
            },
            Some(b'\\') => ('\\', 1),
            _ => ('\\', 0),
        };
        name.push(c);
        rest = &escaped[len..];
    }
    name.push_str(rest);
    name
}

/// The character of `{7f}`, and the length of that.
fn read_braces(text: &str) -> Option<(char, usize)> {
    let (digits, _) = text.strip_prefix('{')?.split_once('}')?;
    let c = char::from_u32(u32::from_str_radix(digits, 16).ok()?)?;
    Some((c, digits.len() + 2))
}
