//! Zone files in the TZif format of RFC 9636. Pure: no threads, no clock, no files: bytes in, [`History`] out.
//!
//! The bytes may be anything. Every count is compared with what is there before it is used, nothing is allocated in
//! proportion to a number that a file merely claims, and all of it takes time in proportion to the file.

use std::fmt::Display;

use super::{History, LocalType, PosixZone, Transition, TzError, MAX_OFFSET};
use crate::excerpt::Excerpt;

/// The largest file that is read; the largest real one has less than 4 KB.
pub(super) const MAX_LEN: usize = 256 * 1024;

/// The most transitions that a file may have. The largest real one has 310, and the reference code has the same limit.
const MAX_TRANSITIONS: u32 = 2000;

/// The shortest time between two transitions, in seconds. In real files it is four days. A search for the next due time
/// looks at each change that lies ahead and, near each of them, at all others within two days.
const MIN_DISTANCE: i64 = 3600;

/// Old versions of `zic` begin a file with a transition at -2^59. Half a billion years are enough, and leave room to
/// add to.
const FARTHEST: i64 = 1 << 55;

/// The longest abbreviation that is kept, so that 256 types cannot all be named by one enormous text.
const MAX_ABBREVIATION: usize = 255;

/// Reads a file of any version. `source` is what errors call it.
pub(super) fn parse(source: &str, bytes: &[u8]) -> Result<History, TzError> {
    let mut reader = Reader { source, bytes, at: 0 };
    if bytes.len() > MAX_LEN {
        return Err(reader.damaged("file", &format!("more than {MAX_LEN} bytes"), MAX_LEN, &"a zone file"));
    }
    let header = reader.header()?;
    if header.version == 0 {
        return reader.data(&header, 4);
    }
    // Later versions hold everything twice. The first time is for readers that know but 32-bit times (section 4.1).
    reader.take(header.data_len(4), "first data block")?;
    let header = reader.header()?;
    let mut history = reader.data(&header, 8)?;
    history.rule = reader.footer()?;
    // Whatever follows the footer is left to the future: "future changes to the format may append more data" (tzfile(5)).
    Ok(history)
}

/// Section 3.1.
struct Header {
    /// 0 is version 1; all others are read alike.
    version: u8,
    ut_indicators: u32,
    standard_indicators: u32,
    leap_seconds: u32,
    transitions: u32,
    types: u32,
    characters: u32,
    /// The byte at which the counts begin.
    at: usize,
}

impl Header {
    /// The length of the data block that it announces, where a time takes so many bytes. Cannot overflow: it is less
    /// than 40 times 2^32.
    fn data_len(&self, time_len: u64) -> u64 {
        u64::from(self.transitions) * (time_len + 1)
            + u64::from(self.types) * 6
            + u64::from(self.characters)
            + u64::from(self.leap_seconds) * (time_len + 4)
            + u64::from(self.standard_indicators)
            + u64::from(self.ut_indicators)
    }
}

struct Reader<'a> {
    source: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn header(&mut self) -> Result<Header, TzError> {
        let start = self.at;
        let rest = &self.bytes[start..];
        if !rest.starts_with(b"TZif") {
            let found = String::from_utf8_lossy(&rest[..rest.len().min(4)]);
            let found = Excerpt::of(&found, 0, found.len()).to_string();
            return Err(self.damaged("header", &found, start, &"`TZif`, with which every zone file begins"));
        }
        let bytes = self.take(44, "header")?;
        let count = |i: usize| u32::from_be_bytes([bytes[i], bytes[i + 1], bytes[i + 2], bytes[i + 3]]);
        Ok(Header {
            version: bytes[4],
            ut_indicators: count(20),
            standard_indicators: count(24),
            leap_seconds: count(28),
            transitions: count(32),
            types: count(36),
            characters: count(40),
            at: start + 20,
        })
    }

    /// Section 3.2, in the order of its fields.
    fn data(&mut self, header: &Header, time_len: usize) -> Result<History, TzError> {
        self.check_counts(header)?;
        let start = self.at;
        let block = self.take(header.data_len(time_len as u64), "data block")?;
        if header.transitions > MAX_TRANSITIONS {
            let expected = format!("at most {MAX_TRANSITIONS}");
            return Err(self.damaged(
                "number of transitions",
                &header.transitions,
                header.at + 12,
                &expected,
            ));
        }
        if header.leap_seconds > 0 {
            return Err(TzError::new(format!(
                "zone file `{}`: counts leap seconds, which system time does not; \
                 expected the file of this zone that is not under `right`",
                self.source
            )));
        }
        // The counts are now known to be no larger than the file.
        let transitions = header.transitions as usize;
        let (times, rest) = block.split_at(transitions * time_len);
        let (indices, rest) = rest.split_at(transitions);
        let (types, rest) = rest.split_at(header.types as usize * 6);
        let (characters, _indicators) = rest.split_at(header.characters as usize);

        let times_at = start;
        let indices_at = times_at + times.len();
        let types_at = indices_at + indices.len();
        let types = self.types(types, types_at, characters)?;
        let used = |index: u8, at: usize| -> Result<(), TzError> {
            let offset = types.get(usize::from(index)).map(|local_type| local_type.offset);
            match offset {
                Some(offset) if i64::from(offset).abs() <= MAX_OFFSET => Ok(()),
                Some(offset) => {
                    let at = types_at + 6 * usize::from(index);
                    Err(self.damaged("offset of a type", &offset, at, &"at most 93599 seconds east or west"))
                }
                None => Err(self.damaged("type of a transition", &index, at, &"the number of a type")),
            }
        };
        // Type 0 is what holds before the first transition (section 3.2), whether or not one leads to it.
        used(0, types_at)?;
        let mut previous = None;
        let mut transitions = Vec::with_capacity(transitions);
        for (i, (time, &to)) in times.chunks_exact(time_len).zip(indices).enumerate() {
            used(to, indices_at + i)?;
            let at = big_endian(time);
            if previous.map_or(false, |previous: i64| at.saturating_sub(previous) < MIN_DISTANCE) {
                let expected = "a time at least an hour after the transition before";
                return Err(self.damaged("time of a transition", &at, times_at + i * time_len, &expected));
            }
            previous = Some(at);
            transitions.push(Transition { at: at.clamp(-FARTHEST, FARTHEST), to });
        }
        Ok(History { transitions: transitions.into(), types, rule: None })
    }

    fn check_counts(&self, header: &Header) -> Result<(), TzError> {
        let types = header.types;
        if !(1..=256).contains(&types) {
            return Err(self.damaged("number of types", &types, header.at + 16, &"1-256"));
        }
        if header.characters == 0 {
            return Err(self.damaged("length of the abbreviations", &0, header.at + 20, &"at least 1"));
        }
        // What the indicators say is for evaluating rules without dates, and of no use here. Their numbers still tell
        // whether this is a header.
        for (count, at) in [(header.ut_indicators, header.at), (header.standard_indicators, header.at + 4)] {
            if count != 0 && count != types {
                return Err(self.damaged("number of indicators", &count, at, &"0 or the number of types"));
            }
        }
        Ok(())
    }

    /// `types` holds for each an offset (four bytes), whether it is daylight saving time (one, which says nothing about
    /// when it is what o'clock), and where in `characters` its abbreviation begins.
    fn types(&self, types: &[u8], at: usize, characters: &[u8]) -> Result<Box<[LocalType]>, TzError> {
        let last_end = characters.iter().rposition(|&byte| byte == 0);
        let local_type = |(i, bytes): (usize, &[u8])| {
            let start = usize::from(bytes[5]);
            if last_end < Some(start) {
                let expected = "the place of a text that ends with a NUL";
                return Err(self.damaged("abbreviation of a type", &start, at + 6 * i + 5, &expected));
            }
            let name = characters[start..].iter().take(MAX_ABBREVIATION).take_while(|&&byte| byte != 0);
            let printable = |&byte: &u8| match byte {
                b' '..=b'~' => char::from(byte),
                _ => char::REPLACEMENT_CHARACTER,
            };
            let abbreviation = name.map(printable).collect::<String>().into();
            Ok(LocalType { offset: big_endian(&bytes[..4]) as i32, abbreviation })
        };
        types.chunks_exact(6).enumerate().map(local_type).collect()
    }

    /// Section 3.3: a rule, or nothing, between two newlines.
    fn footer(&mut self) -> Result<Option<PosixZone>, TzError> {
        let start = self.at + 1;
        if self.bytes.get(self.at) != Some(&b'\n') {
            return Err(self.damaged("footer", &self.byte(self.at), self.at, &"a newline before it"));
        }
        let rest = &self.bytes[start..];
        let missing = || self.damaged("footer", &"nothing", self.bytes.len(), &"a newline after it");
        let len = rest.iter().position(|&byte| byte == b'\n').ok_or_else(missing)?;
        if len == 0 {
            return Ok(None);
        }
        let text = std::str::from_utf8(&rest[..len]).map_err(|error| {
            let at = start + error.valid_up_to();
            self.damaged("footer", &self.byte(at), at, &"ASCII")
        })?;
        let rule = PosixZone::parse_footer(text);
        rule.map(Some).map_err(|error| TzError::footer(self.source, text, start, error))
    }

    /// The next `len` bytes.
    fn take(&mut self, len: u64, part: &str) -> Result<&'a [u8], TzError> {
        let rest = &self.bytes[self.at..];
        if len > rest.len() as u64 {
            let found = format!("{} bytes", rest.len());
            return Err(self.damaged(part, &found, self.at, &len));
        }
        let taken = &rest[..len as usize];
        self.at += taken.len();
        Ok(taken)
    }

    fn byte(&self, at: usize) -> String {
        self.bytes.get(at).map_or("nothing".into(), |byte| format!("{byte:#04x}"))
    }

    fn damaged(&self, part: &str, found: &dyn Display, at: usize, expected: &dyn Display) -> TzError {
        TzError::damaged(self.source, part, found, at, expected)
    }
}

/// A signed number of four or eight bytes.
fn big_endian(bytes: &[u8]) -> i64 {
    let sign = if bytes[0] < 0x80 { 0 } else { -1 };
    bytes.iter().fold(sign, |number, &byte| number << 8 | i64::from(byte))
}
