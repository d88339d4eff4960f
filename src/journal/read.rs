//! Reads a journal as far as it goes. Never holds more than one line of it.

use std::io::{self, BufRead, Read};

use super::line::{excerpt, Line, HEADER, MAX_LINE};
use super::state::State;
use crate::excerpt::Excerpt;

/// What a file holds.
#[derive(Debug)]
pub(super) enum Contents {
    /// Nothing, or a header that was cut short.
    Empty,
    /// No journal, or one of a later version: this was found in its first line.
    Foreign(Excerpt),
    Journal(Reading),
}

/// What a journal holds.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) state: State,
    /// Where the last record ends: what follows is a write that was cut short.
    pub(super) len: u64,
    /// The lines that were ignored, other than that.
    pub(super) ignored: Option<Ignored>,
}

/// The lines that were ignored.
#[derive(Debug)]
pub(super) struct Ignored {
    /// How many there are.
    pub(super) count: u64,
    /// The number of the first, from 1, and the byte of the file that it begins at.
    pub(super) line: u64,
    pub(super) at: u64,
    /// What is wrong with the first.
    pub(super) flaw: String,
}

/// What a version of the journal begins with, and what tells it from all others.
const VERSIONS: &[u8] = b"sexton journal ";

/// A file whose first line is broken is a journal if one of so many lines is a whole record. Another file has none, as a
/// record has a checksum.
const FIRST_LINES: u64 = 64;

/// Reads all of it. A power failure may have left NULs in the place of a journal, or of its beginning: such a file is one, too.
pub(super) fn read(file: impl Read) -> io::Result<Contents> {
    let mut reader = io::BufReader::new(file);
    let mut line = Vec::new();
    let header = HEADER.as_bytes();
    // Some more than the header, to show what is there instead.
    reader.by_ref().take(64).read_until(b'\n', &mut line)?;
    if header.starts_with(&line) && line != header {
        return Ok(Contents::Empty);
    }
    let mut reading = Reading { state: State::default(), len: line.len() as u64, ignored: None };
    let found = excerpt(line.strip_suffix(b"\n").unwrap_or(&line));
    let mut is_foreign = false;
    if line != header {
        let is_lost = line[0] == 0 && line.iter().all(|byte| matches!(byte, 0 | b'\n'));
        if line.starts_with(VERSIONS) {
            return Ok(Contents::Foreign(found));
        }
        if !line.ends_with(b"\n") {
            let most = if is_lost { u64::MAX } else { MAX_LINE as u64 };
            let rest = read_line(&mut reader.by_ref().take(most), &mut Vec::new())?;
            if rest == most {
                return Ok(Contents::Foreign(found));
            }
            reading.len += rest;
        }
        let flaw = format!("found {found}, expected `{}`", HEADER.trim_end());
        reading.ignored = Some(Ignored { count: 1, line: 1, at: 0, flaw });
        is_foreign = !is_lost;
    }
    for number in 2.. {
        if is_foreign && number > FIRST_LINES {
            return Ok(Contents::Foreign(found));
        }
        line.clear();
        let most = if is_foreign { MAX_LINE as u64 } else { u64::MAX };
        let len = read_line(&mut reader.by_ref().take(most), &mut line)?;
        if len == most {
            return Ok(Contents::Foreign(found));
        }
        if len == 0 {
            break;
        }
        match parse(&line) {
            Some(Ok(record)) => {
                reading.state.apply(&record);
                is_foreign = false;
            }
            Some(Err(flaw)) => {
                let first = Ignored { count: 0, line: number, at: reading.len, flaw };
                reading.ignored.get_or_insert(first).count += 1;
            }
            // It was cut short.
            None => break,
        }
        reading.len += len;
    }
    Ok(if is_foreign { Contents::Foreign(found) } else { Contents::Journal(reading) })
}

/// Reads a line, and of one that is too long only the start. The length of all of it; 0 at the end.
fn read_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<u64> {
    let most = MAX_LINE as u64 + 1;
    let mut len = reader.by_ref().take(most).read_until(b'\n', line)? as u64;
    let mut rest = Vec::new();
    let mut goes_on = len == most && !line.ends_with(b"\n");
    while goes_on {
        rest.clear();
        let more = reader.by_ref().take(most).read_until(b'\n', &mut rest)? as u64;
        len += more;
        goes_on = more == most && !rest.ends_with(b"\n");
    }
    Ok(len)
}

/// Reads a line, unless it is the last and has no end: that is what is left of a write that was cut short. What has an end
/// and is no record was one, or something else wrote it.
fn parse(line: &[u8]) -> Option<Result<Line<'static>, String>> {
    match line.strip_suffix(b"\n") {
        Some(line) => Some(Line::parse(line)),
        None if line.len() > MAX_LINE => {
            Some(Err(format!("found {}, expected at most {MAX_LINE} bytes in a line", excerpt(line))))
        }
        None => None,
    }
}
