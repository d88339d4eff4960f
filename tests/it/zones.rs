//! The zones of `tests/data/tzif-files.tsv`, so that no test depends on the machine's time zone database.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use sexton::tz::Zone;

use crate::rows::{rows, Row};

/// How much of the future a file writes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flavour {
    /// Transitions up to where the rule takes over.
    Slim,
    /// Transitions up to 2037.
    Fat,
}

/// The zone of this name, from its slim file, which every zone has.
#[track_caller]
pub fn zone(name: &str) -> Zone {
    file(name, Flavour::Slim).1
}

/// The zone of this name from all the files that there are of it.
pub fn flavours(name: &str) -> Vec<Zone> {
    let zones: Vec<Zone> = [Flavour::Slim, Flavour::Fat]
        .into_iter()
        .filter_map(|flavour| files().get(&(name.to_string(), flavour)))
        .map(|(_, zone)| zone.clone())
        .collect();
    assert!(!zones.is_empty(), "no file of {name}");
    zones
}

/// The bytes of a zone's file, and the zone.
#[track_caller]
pub fn file(name: &str, flavour: Flavour) -> (Vec<u8>, Zone) {
    files()
        .get(&(name.to_string(), flavour))
        .unwrap_or_else(|| panic!("no {flavour:?} file of {name}"))
        .clone()
}

type Files = HashMap<(String, Flavour), (Vec<u8>, Zone)>;

/// All files, read once.
pub fn files() -> &'static Files {
    static FILES: Mutex<Option<&'static Files>> = Mutex::new(None);
    FILES.lock().unwrap().get_or_insert_with(|| Box::leak(Box::new(read())))
}

fn read() -> Files {
    let file = |row: &Row| {
        let flavour = if row.cell(1) == "fat" { Flavour::Fat } else { Flavour::Slim };
        let bytes = bytes(row.cell(2));
        let zone = Zone::from_tzif(row.cell(0), &bytes);
        let zone = zone.unwrap_or_else(|error| panic!("{}: {error}", row.place()));
        ((row.cell(0).to_string(), flavour), (bytes, zone))
    };
    rows("tzif-files.tsv").iter().map(file).collect()
}

/// The bytes of a text of hexadecimal digits.
pub fn bytes(hex: &str) -> Vec<u8> {
    let digit =
        |byte: u8| (byte as char).to_digit(16).unwrap_or_else(|| panic!("{hex:?} is not hexadecimal"));
    hex.as_bytes().chunks(2).map(|pair| (digit(pair[0]) << 4 | digit(pair[1])) as u8).collect()
}

/// Rules that no country has, with changes so close to each other that one undoes what the other did.
pub const ODD_RULES: [&str; 6] = [
    // Forward three hours and back within four: what is skipped is shown after all, an hour later.
    "AAA0BBB-3,J100/0,J100/4",
    "AAA0BBB-1,J100/1,J100/3",
    "AAA0BBB-2:30,J100/1,J101/2",
    "AAA3BBB-1,J100/23,J102/5",
    // Back first: daylight saving time is the smaller offset.
    "AAA-5BBB-1,J100/2,J100/6",
    "AAA-24:59BBB24:59,J100/1,J103/3",
];

/// The instant of Unix seconds.
pub fn system_time(unix: i64) -> SystemTime {
    let distance = Duration::from_secs(unix.unsigned_abs());
    if unix < 0 {
        SystemTime::UNIX_EPOCH - distance
    } else {
        SystemTime::UNIX_EPOCH + distance
    }
}
