//! Writes the table of zones that a program with the feature `embedded-tz` carries with it, and checks it.

#![forbid(unsafe_code)]

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};
use std::{env, fs};

use sexton::civil::DateTime;
use sexton::tz::{Instants, PosixZone, TzError, Zone};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (folder, is_check) = match &arguments[..] {
        [folder] => (Path::new(folder), false),
        [folder, flag] if flag == "--check" => (Path::new(folder), true),
        _ => return Err("usage: sexton-embedded-tz ZONEINFO [--check]".into()),
    };
    let version = version(folder)?;
    let mut files = BTreeMap::new();
    read(folder, "", &mut files)?;
    let table = table(&version, &files)?;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../src/tz/zone/embedded.bin");
    if !is_check {
        fs::write(&path, &table)?;
        println!("{version}: {} zones, {} bytes", files.len(), table.len());
        return Ok(());
    }
    let known = Zone::embedded_version().ok_or("the table cannot be read")?;
    if known != version {
        let is_older = if *version < *known { ", which is older: nothing was compared" } else { "" };
        println!("the table is of {known}, the folder of {version}{is_older}");
        return match is_year_older(known, &version)? {
            true => Err(format!("the table of {known} is older than {version} by a year or more").into()),
            false => Ok(()),
        };
    }
    let range = year_of(&version)?..2101;
    let differences: Vec<String> =
        files.iter().filter_map(|(name, file)| compare(name, file, range.clone()).err()).collect();
    if !differences.is_empty() {
        return Err(differences.join("; ").into());
    }
    if fs::read(&path)? != table {
        return Err(format!("the table of {version} is not what would be written from this folder").into());
    }
    println!("{version}: {} zones agree with the table", files.len());
    Ok(())
}

/// `2026f`, from the first line of `tzdata.zi`.
fn version(folder: &Path) -> Result<String> {
    let text = fs::read_to_string(folder.join("tzdata.zi"))?;
    let first = text.lines().next().unwrap_or_default();
    Ok(first.strip_prefix("# version ").ok_or("tzdata.zi does not begin with the version")?.to_string())
}

fn year_of(version: &str) -> Result<u16> {
    Ok(version.get(..4).ok_or("expected a version such as 2026f")?.parse()?)
}

/// Whether there was a version of the same letter in between, or this is it.
fn is_year_older(known: &str, newest: &str) -> Result<bool> {
    Ok((year_of(known)? + 1, &known[4..]) <= (year_of(newest)?, &newest[4..]))
}

/// Reads all zone files of a folder, by their names.
fn read(folder: &Path, prefix: &str, files: &mut BTreeMap<String, File>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path: PathBuf = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).ok_or("expected names in UTF-8")?;
        let name = format!("{prefix}{name}");
        // Other ways to count seconds, and files that are the machine's own choice.
        if ["right", "posix", "localtime", "posixrules"].contains(&&*name) {
            continue;
        }
        if path.is_dir() {
            read(&path, &format!("{name}/"), files)?;
        } else {
            let bytes = fs::read(&path)?;
            if bytes.starts_with(b"TZif") {
                let file = File::parse(bytes).ok_or_else(|| format!("{name}: not as expected"))?;
                files.insert(name, file);
            }
        }
    }
    Ok(())
}

/// When what begins to hold, the latter as a rule.
type Change = (i64, String);

/// A zone file of version 2 or later.
struct File {
    bytes: Vec<u8>,
    /// What holds before all changes, as a rule.
    first: String,
    changes: Vec<Change>,
    footer: String,
}

impl File {
    fn parse(bytes: Vec<u8>) -> Option<File> {
        let counts = |at: usize| {
            let counts = bytes.get(at + 20..at + 44)?.chunks(4);
            Some(
                counts
                    .map(|count| u32::from_be_bytes(count.try_into().unwrap()) as usize)
                    .collect::<Vec<_>>(),
            )
        };
        let c = counts(0)?;
        let second = 44 + 5 * c[3] + 6 * c[4] + c[5] + 8 * c[2] + c[1] + c[0];
        let c = counts(second)?;
        let times = second + 44;
        let indices = times + 8 * c[3];
        let types = indices + c[3];
        let names = types + 6 * c[4];
        let footer = names + c[5] + 12 * c[2] + c[1] + c[0];
        let local_type = |i: usize| {
            let bytes_of_type = bytes.get(types + 6 * i..types + 6 * i + 6)?;
            let offset = i32::from_be_bytes(bytes_of_type[..4].try_into().unwrap());
            let name = bytes.get(names + usize::from(bytes_of_type[5])..)?;
            let name = &name[..name.iter().position(|&byte| byte == 0)?];
            Some(constant(offset, std::str::from_utf8(name).ok()?))
        };
        let change = |i: usize| {
            let time = bytes.get(times + 8 * i..times + 8 * i + 8)?;
            Some((i64::from_be_bytes(time.try_into().unwrap()), local_type(usize::from(bytes[indices + i]))?))
        };
        Some(File {
            first: local_type(0)?,
            changes: (0..c[3]).map(change).collect::<Option<_>>()?,
            footer: std::str::from_utf8(bytes.get(footer..)?).ok()?.trim_matches('\n').to_string(),
            bytes,
        })
    }

    /// What holds at `start`, and the changes after it up to where the footer takes over: nothing where it has already.
    fn since(&self, start: i64) -> Result<Option<(&str, &[Change])>> {
        let rule = PosixZone::parse(&self.footer)?;
        let past = self.changes.partition_point(|(at, _)| *at <= start);
        let first = past.checked_sub(1).map_or(&self.first, |last| &self.changes[last].1);
        let mut rest = &self.changes[past..];
        while let Some(((end, _), before)) = rest.split_last() {
            let (from, shown) = before.last().map_or((start, first), |(at, shown)| (*at, shown));
            if !holds(&rule, from..*end, shown)? {
                return Ok(Some((first, rest)));
            }
            rest = before;
        }
        Ok(None)
    }
}

/// A rule that is always the same: `<+0330>-3:30`.
fn constant(offset: i32, name: &str) -> String {
    let name = match name.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        true => name.to_string(),
        false => format!("<{name}>"),
    };
    let (sign, west) = if offset > 0 { ("-", offset) } else { ("", -offset) };
    let mut text = format!("{name}{sign}{}", west / 3600);
    for (unit, rest) in [(west / 60 % 60, west % 3600), (west % 60, west % 60)] {
        if rest > 0 {
            text += &format!(":{unit:02}");
        }
    }
    text
}

/// Whether a rule says the same as a constant one all the time. No real rule changes its mind for less than six hours.
fn holds(rule: &PosixZone, range: Range<i64>, constant: &str) -> Result<bool> {
    let constant = PosixZone::parse(constant)?;
    let shown = |rule: &PosixZone, at| (rule.offset(at), rule.abbreviation(at).to_string());
    let mut instants = range.clone().step_by(6 * 3600).chain([range.end - 1]);
    Ok(instants.all(|at| shown(rule, at) == shown(&constant, at)))
}

/// Writes the table in the format that `src/tz/zone/embedded.rs` describes.
fn table(version: &str, files: &BTreeMap<String, File>) -> Result<Vec<u8>> {
    let year = year_of(version)?;
    let start = unix(year);
    let rests: Vec<_> = files.values().map(|file| file.since(start)).collect::<Result<_>>()?;
    let mut rules = BTreeSet::new();
    for (file, rest) in files.values().zip(&rests) {
        rules.insert(&*file.footer);
        if let Some((first, changes)) = *rest {
            rules.insert(first);
            rules.extend(changes.iter().map(|(_, rule)| &**rule));
        }
    }
    let rules: Vec<&str> = rules.into_iter().collect();
    let number_of = |rule: &str| rules.binary_search(&rule).expect("all were collected");

    let mut records: Vec<Vec<usize>> = Vec::new();
    let mut names = Vec::new();
    put(&mut names, files.len());
    let mut last = "";
    for ((name, file), rest) in files.iter().zip(&rests) {
        let mut record = vec![number_of(&file.footer)];
        if let Some((first, changes)) = *rest {
            record.push(number_of(first));
            let mut before = start;
            for (at, rule) in changes {
                let seconds = at - before;
                if seconds % 60 != 0 {
                    return Err(format!("{name}: {at} is not on a whole minute").into());
                }
                record.extend([(seconds / 60) as usize, number_of(rule)]);
                before = *at;
            }
        }
        let number = records.iter().position(|other| *other == record).unwrap_or(records.len());
        if number == records.len() {
            records.push(record);
        }
        let shared = last.bytes().zip(name.bytes()).take_while(|(a, b)| a == b).count();
        put(&mut names, shared);
        put_text(&mut names, &name[shared..]);
        put(&mut names, number);
        last = name;
    }

    let mut table = Vec::new();
    put_text(&mut table, version);
    put(&mut table, year.into());
    table.extend(names);
    put(&mut table, rules.len());
    rules.iter().for_each(|rule| put_text(&mut table, rule));
    put(&mut table, records.len());
    for record in records {
        put(&mut table, record.len());
        record.into_iter().for_each(|number| put(&mut table, number));
    }
    Ok(table)
}

/// LEB128: seven bits a byte, the lowest first.
fn put(table: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        table.push(number as u8 | 0x80);
        number >>= 7;
    }
    table.push(number as u8);
}

fn put_text(table: &mut Vec<u8>, text: &str) {
    put(table, text.len());
    table.extend(text.bytes());
}

/// The first instant of a year.
fn unix(year: u16) -> i64 {
    let first: DateTime = format!("{year}-01-01 00:00").parse().expect("a year of four digits");
    match PosixZone::UTC.instants(first) {
        Instants::Unique(unix) => unix,
        other => unreachable!("{other:?}"),
    }
}

/// Compares what the table says of a zone, as the library reads it, with what the file says.
fn compare(name: &str, file: &File, years: Range<u16>) -> std::result::Result<(), String> {
    // No file of this machine may take the table's place.
    env::set_var("TZDIR", concat!(env!("CARGO_MANIFEST_DIR"), "/none"));
    let zone = |zone: std::result::Result<Zone, TzError>| zone.map_err(|error| error.to_string());
    let (embedded, read) = (zone(Zone::named(name))?, zone(Zone::from_tzif(name, &file.bytes))?);
    // Of these names the library knows without any data what they mean.
    if embedded.begins().is_none() && !["UTC", "Etc/UTC", "GMT", "Etc/GMT"].contains(&name) {
        return Err(format!("{name} is not from the table: {embedded:?}"));
    }
    let (start, end) = (unix(years.start), unix(years.end));
    let near = file.changes.iter().flat_map(|(at, _)| [at - 1, *at]).filter(|at| (start..end).contains(at));
    for unix in (start..end).step_by(6 * 3600).chain(near) {
        let at = UNIX_EPOCH + Duration::from_secs(unix as u64);
        let shown = |zone: &Zone| (zone.offset(at), zone.abbreviation(at).map(str::to_string));
        if shown(&embedded) != shown(&read) {
            return Err(format!("{name} at {unix}: {:?}, not {:?}", shown(&embedded), shown(&read)));
        }
    }
    Ok(())
}
