//! Android's database, made up here.

use proptest::prelude::*;

use super::super::system::file_in_tzdata as find;

/// A database of these zones, one after the other.
pub(super) fn tzdata(zones: &[(&str, &[u8])]) -> Vec<u8> {
    let mut bytes = b"tzdata2026a\0".to_vec();
    let data_at = 24 + 52 * zones.len();
    let len: usize = zones.iter().map(|(_, file)| file.len()).sum();
    for at in [24, data_at, data_at + len] {
        bytes.extend((at as u32).to_be_bytes());
    }
    let mut start = 0;
    for (name, file) in zones {
        bytes.extend(name.bytes());
        bytes.extend(vec![0; 40 - name.len()]);
        for number in [start as u32, file.len() as u32, 0xffff_ffff] {
            bytes.extend(number.to_be_bytes());
        }
        start += file.len();
    }
    bytes.extend(zones.iter().flat_map(|(_, file)| *file));
    bytes.extend(b"the table of countries");
    bytes
}

const LONGEST: &str = "America/Argentina/ComodRivadavia/or/so/x";

fn sample() -> Vec<u8> {
    tzdata(&[("Africa/Abidjan", b"one"), ("Europe/Paris", b"second"), ("Europe", b""), (LONGEST, b"last")])
}

#[test]
fn a_zone_is_found_by_its_whole_name() {
    let bytes = sample();
    let found = |name| find("tzdata", &bytes, name).unwrap().map(|file| std::str::from_utf8(file).unwrap());
    assert_eq!(found("Africa/Abidjan"), Some("one"));
    assert_eq!(found("Europe/Paris"), Some("second"));
    assert_eq!(found("Europe"), Some(""));
    assert_eq!(LONGEST.len(), 40, "no zero byte follows");
    assert_eq!(found(LONGEST), Some("last"));
    for name in ["Europe/Pari", "Europe/Paris/", "europe/paris", "", "Paris", "Africa/Abidjan\0"] {
        assert_eq!(found(name), None, "{name:?}");
    }
    assert_eq!(find("tzdata", &tzdata(&[]), "Europe/Paris"), Ok(None));
}

#[test]
fn damage_is_an_error() {
    let edited = |at: usize, four: u32| {
        let mut bytes = sample();
        bytes[at..at + 4].copy_from_slice(&four.to_be_bytes());
        bytes
    };
    let total = sample().len();
    let header = "header: found {} at byte 0, expected `tzdata` and what begins where, in 24 bytes";
    for (bytes, message) in [
        (Vec::new(), header.replace("{}", "nothing")),
        (b"TZif2 and so on, and on, and on".to_vec(), header.replace("{}", "`TZif2 `")),
        (sample()[..23].to_vec(), header.replace("{}", "`tzdata`")),
        (
            edited(12, 300),
            format!("index: found bytes 300 to 232 of {total} at byte 12, expected 52 for each zone"),
        ),
        (
            edited(16, 233),
            format!("index: found bytes 24 to 233 of {total} at byte 12, expected 52 for each zone"),
        ),
        (
            edited(16, u32::MAX),
            format!("index: found bytes 24 to 4294967295 of {total} at byte 12, expected 52 for each zone"),
        ),
        (
            edited(24 + 52 + 40, u32::MAX),
            format!(
                "index: found 6 bytes at byte 4294967295 of {} at byte 24, expected a part of the data",
                total - 232
            ),
        ),
        (
            edited(24 + 52 + 44, 1000),
            format!(
                "index: found 1000 bytes at byte 3 of {} at byte 24, expected a part of the data",
                total - 232
            ),
        ),
    ] {
        let error = find("/x/tzdata", &bytes, "Europe/Paris").unwrap_err();
        assert_eq!(error.to_string(), format!("zone file `/x/tzdata`: {message}"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_damage_panics(edits in prop::collection::vec((0_usize..300, any::<u8>()), 1..8), len in 0_usize..300) {
        let mut bytes = sample();
        for (at, byte) in edits {
            let at = at % bytes.len();
            bytes[at] = byte;
        }
        bytes.truncate(len);
        let _ = find("tzdata", &bytes, "Europe/Paris");
    }
}
