//! Android's time zone database: all zone files in one file, `tzdata`. Pure: bytes in, a piece of them out.
//!
//! It begins with `tzdata2025b` and a zero byte, and where the index, the data and something else begin, each in four
//! big-endian bytes. The index has 52 bytes for each zone: 40 with its name and zeros, where it begins in the data, its
//! length, and a number that is no longer used.

use crate::excerpt::Excerpt;

/// The largest file that is read; real ones have about half a megabyte.
pub(crate) const MAX_LEN: u64 = 16 * 1024 * 1024;

const HEADER: usize = 24;
const NAME: usize = 40;
const ENTRY: usize = 52;

/// Where the system has it: updated by itself, or as the system was made.
pub(crate) const FILES: [&str; 2] =
    ["/apex/com.android.tzdata/etc/tz/tzdata", "/system/usr/share/zoneinfo/tzdata"];

/// A part of the file that makes no sense.
#[derive(Debug)]
pub(crate) struct Damage {
    pub(crate) part: &'static str,
    pub(crate) found: String,
    pub(crate) at: usize,
    pub(crate) expected: &'static str,
}

/// The zone file of this name, if there is one.
pub(crate) fn find<'a>(bytes: &'a [u8], name: &str) -> Result<Option<&'a [u8]>, Damage> {
    let damaged = |part, found, at, expected| Damage { part, found, at, expected };
    if bytes.len() < HEADER || !bytes.starts_with(b"tzdata") {
        let found = String::from_utf8_lossy(&bytes[..bytes.len().min(6)]);
        let found = Excerpt::of(&found, 0, found.len()).to_string();
        return Err(damaged("header", found, 0, "`tzdata` and what begins where, in 24 bytes"));
    }
    let (index_at, data_at) = (number(bytes, 12), number(bytes, 16));
    let index = bytes.get(index_at..data_at).filter(|index| index.len() % ENTRY == 0).ok_or_else(|| {
        let found = format!("bytes {index_at} to {data_at} of {}", bytes.len());
        damaged("index", found, 12, "52 for each zone")
    })?;
    let is_named = |entry: &&[u8]| entry[..NAME].split(|byte| *byte == 0).next() == Some(name.as_bytes());
    let entry = match index.chunks_exact(ENTRY).find(is_named) {
        Some(entry) => entry,
        None => return Ok(None),
    };
    let (start, len) = (number(entry, NAME), number(entry, NAME + 4));
    let file = bytes[data_at..].get(start..).and_then(|rest| rest.get(..len)).ok_or_else(|| {
        let found = format!("{len} bytes at byte {start} of {}", bytes.len() - data_at);
        damaged("index", found, index_at, "a part of the data")
    })?;
    Ok(Some(file))
}

/// The four bytes at `at`, which there are. More than memory can hold, where that is less, is past the end all the same.
fn number(bytes: &[u8], at: usize) -> usize {
    let four = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
    usize::try_from(u32::from_be_bytes(four)).unwrap_or(usize::MAX)
}
