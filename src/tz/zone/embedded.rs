//! The table of zones that a program carries with it if the feature `embedded-tz` is on: what clocks show from the
//! first instant of its first year on. Pure: bytes in, zones out; damaged bytes are no zones, and no reason to panic.
//!
//! `tests/embedded-tz` writes `embedded.bin`, of numbers (LEB128) and texts (a number, and so many bytes):
//!
//! ```text
//! table  = version:text first_year:number names rules records
//! names  = count (shared:number rest:text record:number)*     ascending; `shared` bytes are those of the name before
//! rules  = count text*                                        POSIX rules; one without daylight is also a type
//! record = count [rule [first_type (minutes type)*]]          changes, in minutes since the one before, then the rule
//! ```

use super::{Edition, History, LocalType, PosixZone, Transition, Zone};
use crate::civil::{Date, DAY};

#[cfg(feature = "embedded-tz")]
const BUILT_IN: Option<&[u8]> = Some(include_bytes!("embedded.bin"));
#[cfg(not(feature = "embedded-tz"))]
const BUILT_IN: Option<&[u8]> = None;

/// A table of zones.
#[derive(Clone, Copy, Debug)]
pub(super) struct Embedded {
    pub(super) edition: Edition,
    /// All that follows the first year.
    rest: Reader<'static>,
}

impl Embedded {
    /// The table that this program carries with it.
    pub(super) fn built_in() -> Option<Embedded> {
        Embedded::read(BUILT_IN?)
    }

    pub(super) fn read(bytes: &'static [u8]) -> Option<Embedded> {
        let mut reader = Reader { bytes };
        let version = reader.text()?;
        let year = i16::try_from(reader.number()?).ok()?;
        let begins = Date::new(year, 1, 1)?.days() * DAY;
        Some(Embedded { edition: Edition { version, year, begins }, rest: reader })
    }

    pub(super) fn zone(&self, name: &str) -> Option<Zone> {
        Some(Zone::new(name, self.history(name)?, None, Some(self.edition)))
    }

    pub(super) fn history(&self, name: &str) -> Option<History> {
        let mut number = None;
        let mut reader = self.each_name(|known, record| {
            if known == name.as_bytes() {
                number = Some(record);
            }
        })?;
        let rules = reader.list(|reader| reader.text())?;
        let records = reader.list(|reader| reader.list(Reader::number))?;
        self.history_of(records.get(number? as usize)?, &rules)
    }

    /// The zone whose name differs but in upper and lower case.
    pub(super) fn in_other_case(&self, name: &str) -> Option<String> {
        let mut found = None;
        self.each_name(|known, _| {
            if known.eq_ignore_ascii_case(name.as_bytes()) {
                found = String::from_utf8(known.into()).ok();
            }
        })?;
        found
    }

    /// Visits each name, with the number of its record, and gives what follows the last.
    pub(super) fn each_name(&self, mut visit: impl FnMut(&[u8], u32)) -> Option<Reader<'static>> {
        let mut reader = self.rest;
        let mut name = Vec::new();
        for _ in 0..reader.number()? {
            name.truncate(reader.number()? as usize);
            name.extend(reader.text()?.bytes());
            visit(&name, reader.number()?);
        }
        Some(reader)
    }

    fn history_of(&self, record: &[u32], rules: &[&str]) -> Option<History> {
        let rule = |number: u32| PosixZone::parse_footer(rules.get(number as usize)?).ok();
        let (&last, changes) = record.split_first()?;
        let mut at = self.edition.begins;
        // The first type holds from the beginning; each other one is what a change leads to.
        let (mut known, mut types, mut transitions) = (Vec::new(), Vec::new(), Vec::new());
        let (first, changes) = changes.split_at(changes.len().min(1));
        let changes = changes.chunks_exact(2).map(|change| (change[0], change[1]));
        for (minutes, number) in first.iter().map(|&first| (0, first)).chain(changes) {
            let to = known.iter().position(|&other| other == number).unwrap_or(known.len());
            if to == known.len() {
                let rule = rule(number)?;
                let (offset, abbreviation) = rule.shown(at);
                types.push(LocalType { offset, abbreviation: abbreviation.into() });
                known.push(number);
            }
            if minutes > 0 {
                at += 60 * i64::from(minutes);
                transitions.push(Transition { at, to: u8::try_from(to).ok()? });
            }
        }
        Some(History { transitions: transitions.into(), types: types.into(), rule: Some(rule(last)?) })
    }
}

/// What is left to be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Seven bits a byte, the lowest first; the last byte has no eighth.
    fn number(&mut self) -> Option<u32> {
        let mut number = 0;
        for shift in [0, 7, 14, 21] {
            let (&byte, rest) = self.bytes.split_first()?;
            self.bytes = rest;
            number |= u32::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    fn text(&mut self) -> Option<&'a str> {
        let len = self.number()? as usize;
        let text = self.bytes.get(..len)?;
        self.bytes = &self.bytes[len..];
        std::str::from_utf8(text).ok()
    }

    /// Each item takes at least a byte, so there are no more of them than bytes.
    fn list<T>(&mut self, mut item: impl FnMut(&mut Reader<'a>) -> Option<T>) -> Option<Vec<T>> {
        (0..self.number()?).map(|_| item(self)).collect()
    }
}
