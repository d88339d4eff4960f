//! Time zones by their public questions: the vectors of `tests/data/`, and what is said when there is no zone.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use proptest::prelude::*;
use sexton::civil::DateTime;
use sexton::tz::{Instants, Zone};

use crate::rows::{expect_none, rows};
#[cfg(unix)]
use crate::stage::these_tests;
use crate::zones::{bytes, file, files, flavours, zone, Flavour};

fn at(unix: i64) -> SystemTime {
    let distance = Duration::from_secs(unix.unsigned_abs());
    if unix < 0 {
        UNIX_EPOCH - distance
    } else {
        UNIX_EPOCH + distance
    }
}

#[test]
fn civil_times_are_shown_at_the_instants_that_others_find() {
    let mut failures = Vec::new();
    for row in rows("tz-local.tsv") {
        let civil: DateTime = row.cell(1).parse().unwrap();
        let expected = match row.cell(2) {
            "unique" => Instants::Unique(at(row.number(3))),
            "fold" => Instants::Fold { first: at(row.number(3)), second: at(row.number(4)) },
            "gap" => Instants::Gap {
                before: row.number(3) as i32,
                after: row.number(4) as i32,
                end: at(row.number(5)),
            },
            kind => panic!("{}: unknown kind {kind}", row.place()),
        };
        for zone in flavours(row.cell(0)) {
            let found = zone.instants(civil);
            if found != Some(expected) {
                failures.push(format!("{} {zone} {civil}: {found:?}, not {expected:?}", row.place()));
            }
        }
    }
    expect_none(&failures);
}

#[test]
fn instants_have_the_offsets_and_abbreviations_that_others_find() {
    let mut failures = Vec::new();
    for row in rows("tz-utc.tsv") {
        for zone in flavours(row.cell(0)) {
            let instant = at(row.number(1));
            let found = (zone.offset(instant).map(i64::from), zone.abbreviation(instant));
            if found != (Some(row.number(2)), Some(row.cell(3))) {
                failures.push(format!("{} {zone} {}: {found:?}", row.place(), row.cell(1)));
            }
        }
    }
    expect_none(&failures);
}

#[test]
fn rules_say_what_the_reference_code_says() {
    let mut failures = Vec::new();
    for row in rows("posix-tz.tsv") {
        let zone = Zone::from_posix(row.cell(0)).unwrap_or_else(|error| panic!("{}: {error}", row.place()));
        let instant = at(row.number(1));
        let found = (zone.offset(instant).map(i64::from), zone.abbreviation(instant));
        if found != (Some(row.number(2)), Some(row.cell(3))) {
            failures.push(format!("{} {zone} {}: {found:?}", row.place(), row.cell(1)));
        }
    }
    expect_none(&failures);
}

#[test]
fn texts_that_are_no_rule_are_refused() {
    let rows = rows("posix-tz-invalid.tsv");
    let accepted = rows.iter().filter(|row| Zone::from_posix(row.cell(0)).is_ok());
    expect_none(
        &accepted
            .map(|row| format!("{} {:?}: {}", row.place(), row.cell(0), row.cell(1)))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn damaged_files_are_refused_and_odd_ones_are_read() {
    let mut failures = Vec::new();
    for row in rows("tzif-corrupt.tsv") {
        let (must, why) = (row.cell(0), row.cell(1));
        match (must, Zone::from_tzif("odd", &bytes(row.cell(3)))) {
            ("accept", Ok(zone)) => {
                ask_everything(&zone);
                for probe in row.cell(2).split(' ') {
                    let (unix, offset) = probe.split_once('=').unwrap();
                    let found = zone.offset(at(unix.parse().unwrap())).unwrap().to_string();
                    if found != offset {
                        failures.push(format!("{} {why}: {probe}, not {found}", row.place()));
                    }
                }
            }
            ("accept", Err(error)) => failures.push(format!("{} {why}: {error}", row.place())),
            ("reject", Ok(_)) => failures.push(format!("{} {why}: accepted", row.place())),
            ("reject", Err(error)) => drop(error.to_string()),
            ("any", Ok(zone)) => ask_everything(&zone),
            ("any", Err(error)) => drop(error.to_string()),
            (must, _) => panic!("{}: unknown {must}", row.place()),
        }
    }
    expect_none(&failures);
}

/// Every question, at ordinary times and at the ends of time.
fn ask_everything(zone: &Zone) {
    let ends = [i64::MIN, i64::MIN + 1, i64::MAX - 1, i64::MAX];
    for unix in [-62_135_596_800, -1 << 55, -1, 0, 1 << 32, 253_402_300_799, 1 << 55].into_iter().chain(ends)
    {
        let distance = Duration::from_secs(unix.unsigned_abs());
        let instant =
            if unix < 0 { UNIX_EPOCH.checked_sub(distance) } else { UNIX_EPOCH.checked_add(distance) };
        if let Some(instant) = instant {
            assert!(zone.offset(instant).unwrap().abs() < 93_600);
            let _ = (zone.civil(instant), zone.abbreviation(instant));
        }
    }
    for civil in ["0001-01-01 00:00", "1970-01-01 00:00", "2026-11-01 01:30", "9999-12-31 23:59:59"] {
        assert!(zone.instants(civil.parse().unwrap()).is_some());
    }
}

/// To write out all changes of the rule since then would take all memory.
#[test]
fn a_last_transition_before_all_calendars_takes_no_more_than_another_one() {
    for at in [-1i64 << 59, -1 << 40, -62_135_596_801] {
        let head = |version: u8, counts: [u32; 6]| {
            let counts: Vec<u8> = counts.into_iter().flat_map(u32::to_be_bytes).collect();
            [&b"TZif"[..], &[version], &[0; 15], &counts].concat()
        };
        let data =
            [&at.to_be_bytes()[..], &[1], &[0; 6], &(-18_000i32).to_be_bytes(), &[0, 0], b"EST\0"].concat();
        let old = [&head(b'2', [0, 0, 0, 0, 1, 4])[..], &[0; 6], b"EST\0"].concat();
        let bytes =
            [old, head(b'2', [0, 0, 0, 1, 2, 4]), data, b"\nEST5EDT,M3.2.0,M11.1.0\n".to_vec()].concat();
        let zone = Zone::from_tzif("old", &bytes).unwrap();
        ask_everything(&zone);
        let offsets = ["2026-07-01 00:00", "2026-12-01 00:00", "0001-12-01 00:00"].map(|civil| {
            let instants = zone.instants(civil.parse().unwrap()).unwrap();
            zone.offset(instants.due()).unwrap()
        });
        assert_eq!(offsets, [-14_400, -18_000, -18_000], "{at}");
    }
}

#[test]
fn every_file_cut_short_is_refused() {
    for name in ["America/New_York", "Factory", "Africa/Casablanca"] {
        for flavour in [Flavour::Slim, Flavour::Fat] {
            let (bytes, _) = file(name, flavour);
            for len in 0..bytes.len() {
                assert!(
                    Zone::from_tzif(name, &bytes[..len]).is_err(),
                    "{name}: {len} bytes of {}",
                    bytes.len()
                );
            }
        }
    }
}

#[test]
fn civil_time_ends_with_the_calendar() {
    let new_york = zone("America/New_York");
    let (first, last) = (-62_135_596_800, 253_402_300_799);
    let seconds_behind = 17_762; // local mean time
    assert_eq!(new_york.civil(at(first + seconds_behind)).unwrap().to_string(), "0001-01-01T00:00:00");
    assert_eq!(new_york.civil(at(first + seconds_behind - 1)), None);
    assert_eq!(new_york.civil(at(last + 18_000)).unwrap().to_string(), "9999-12-31T23:59:59");
    assert_eq!(new_york.civil(at(last + 18_001)), None);
}

#[test]
fn fractions_of_a_second_are_dropped_before_the_epoch_too() {
    let half = Duration::from_millis(500);
    let civil = |instant| Zone::utc().civil(instant).unwrap().to_string();
    assert_eq!(civil(UNIX_EPOCH + half), "1970-01-01T00:00:00");
    assert_eq!(civil(UNIX_EPOCH - half), "1969-12-31T23:59:59");
}

#[test]
fn zones_are_equal_if_name_and_data_are() {
    let rule = |name: &str| Zone::from_posix(name).unwrap();
    assert_eq!(rule("CET-1"), rule("CET-1").clone());
    assert_ne!(rule("CET-1"), rule("CET-2"));
    let (bytes, berlin) = file("Europe/Berlin", Flavour::Slim);
    assert_eq!(Zone::from_tzif("Europe/Berlin", &bytes).unwrap(), berlin);
    assert_ne!(Zone::from_tzif("Berlin", &bytes).unwrap(), berlin);
    assert_eq!(format!("{berlin} {berlin:?}"), r#"Europe/Berlin Zone("Europe/Berlin")"#);
}

#[test]
fn fixed_offsets_are_named_by_what_they_are() {
    for (seconds, name) in [
        (0, "+00:00"),
        (19_800, "+05:30"),
        (-12_600, "-03:30"),
        (-1, "-00:00:01"),
        (86_400, "+24:00"),
        (93_599, "+25:59:59"),
        (-93_599, "-25:59:59"),
    ] {
        let zone = Zone::fixed(seconds).unwrap();
        assert_eq!((zone.name(), zone.offset(UNIX_EPOCH)), (name, Some(seconds)));
    }
    for seconds in [93_600, -93_600, i32::MIN, i32::MAX] {
        let message = format!("zone offset: found {seconds} seconds, expected -93599 to 93599");
        assert_eq!(Zone::fixed(seconds).unwrap_err().to_string(), message);
    }
}

#[test]
fn texts_that_are_no_rule_are_told_why() {
    for (text, message) in [
        (
            "",
            "time zone rule: name: found nothing at byte 0, expected at least three letters, or a name such as `<+03>`",
        ),
        (
            "UTC",
            "time zone rule `UTC`: offset: found nothing at byte 3, expected hours 0-24, such as `5` or `-5:30`",
        ),
        (
            "Nowhere/City",
            "time zone rule `Nowhere/City`: offset: found `/` at byte 7, expected hours 0-24, such as `5` or `-5:30`",
        ),
        (
            "<+0 3>-3",
            "time zone rule `<+0 3>-3`: name: found `+` at byte 1, expected at least three letters, digits, `+` or `-` before a `>`",
        ),
        (
            "<+03-3",
            "time zone rule `<+03-3`: name: found nothing at byte 6, expected letters, digits, `+`, `-` or a `>`",
        ),
        ("ABC5:60", "time zone rule `ABC5:60`: minute: found `60` at byte 5, expected 00-59"),
        ("ABC5:6", "time zone rule `ABC5:6`: minute: found `6` at byte 5, expected 00-59"),
        (
            "ABC5DEF,M3.2.0",
            "time zone rule `ABC5DEF,M3.2.0`: rule: found nothing at byte 14, \
             expected `,` and the date on which daylight saving time ends",
        ),
        (
            "ABC5DEF;M3.2.0,M11.1.0",
            "time zone rule `ABC5DEF;M3.2.0,M11.1.0`: offset: found `;` at byte 7, expected hours 0-24, such as `5` or `-5:30`",
        ),
        ("ABC5DEF,M13.2.0,J1", "time zone rule `ABC5DEF,M13.2.0,J1`: month: found `13` at byte 9, expected 1-12"),
        (
            "ABC5DEF,366,1",
            "time zone rule `ABC5DEF,366,1`: date: found `366` at byte 8, expected `M3.2.0`, `J60` or a day 0-365",
        ),
        (
            "ABC5DEF,J1/168,1",
            "time zone rule `ABC5DEF,J1/168,1`: time: found `168` at byte 11, expected hours -167 to 167",
        ),
        (
            "ABC5DEF,M3.2.0,M11.1.0 ",
            "time zone rule `ABC5DEF,M3.2.0,M11.1.0 `: rule: found ` ` at byte 22, expected the end",
        ),
    ] {
        assert_eq!(Zone::from_posix(text).unwrap_err().to_string(), message);
    }
    let long = format!("{}5", "A".repeat(128));
    assert_eq!(
        Zone::from_posix(&long).unwrap_err().to_string(),
        format!("time zone rule `{}…`: rule: found `5` at byte 128, expected at most 128 bytes", &long[..32])
    );
}

#[test]
fn damaged_files_are_told_where() {
    let (bytes, _) = file("Europe/Berlin", Flavour::Slim);
    let second_header = 44 + 7; // behind a block of one type and one character
    assert_eq!(&bytes[second_header..second_header + 4], b"TZif");
    let data = second_header + 44;
    let with = |at: usize, new: &[u8]| {
        let mut bytes = bytes.clone();
        bytes[at..at + new.len()].copy_from_slice(new);
        bytes
    };
    let transitions = u32::from_be_bytes(bytes[second_header + 32..][..4].try_into().unwrap()) as usize;
    let rest = bytes.len() - data;
    let footer = "\nCET-1CEST,M3.5.0,M10.5.0/3\n";
    let claimed = (rest - footer.len() - 9 * transitions) as u64 + 9 * u64::from(u32::MAX);
    for (bytes, message, at) in [
        (vec![], "header: found nothing at byte 0, expected `TZif`, with which every zone file begins".into(), 0),
        (
            b"# tzdb data".to_vec(),
            "header: found `# tz` at byte 0, expected `TZif`, with which every zone file begins".into(),
            0,
        ),
        (bytes[..40].to_vec(), "header: found 40 bytes at byte 0, expected 44".into(), 0),
        (
            with(second_header + 32, &[0xff; 4]),
            format!("data block: found {rest} bytes at byte {data}, expected {claimed}"),
            data,
        ),
        (
            with(second_header + 36, &[0, 0, 1, 1]),
            "number of types: found 257 at byte 87, expected 1-256".into(),
            87,
        ),
        (
            with(data + 8, &[0x80; 8]),
            format!(
                "time of a transition: found -9187201950435737472 at byte {}, \
                 expected a time at least an hour after the transition before",
                data + 8
            ),
            data + 8,
        ),
        (
            with(data + 8 * transitions, &[99]),
            format!("type of a transition: found 99 at byte {0}, expected the number of a type", data + 8 * transitions),
            data + 8 * transitions,
        ),
        (
            with(data + 9 * transitions, &i32::MIN.to_be_bytes()),
            format!(
                "offset of a type: found -2147483648 at byte {0}, expected at most 93599 seconds east or west",
                data + 9 * transitions
            ),
            data + 9 * transitions,
        ),
        (
            with(bytes.len() - 4, b"7"),
            format!(
                "footer `CET-1CEST,M3.5.0,M10.5.7/3` at byte {}: \
                 weekday: found `7` at byte 23, expected 0-6, where 0 is Sunday",
                bytes.len() - 27
            ),
            bytes.len() - 27 + 23,
        ),
        (
            with(bytes.len() - 1, b"x"),
            format!("footer: found nothing at byte {}, expected a newline after it", bytes.len()),
            bytes.len(),
        ),
    ] {
        let error = Zone::from_tzif("Europe/Berlin", &bytes).map(|_| ()).unwrap_err();
        assert_eq!((error.to_string(), error.at()), (format!("zone file `Europe/Berlin`: {message}"), Some(at)));
    }
}

/// A file of version 2 with types of an offset and the place of an abbreviation.
pub fn tzif(transitions: &[(i64, u8)], types: &[(i32, u8)], abbreviations: &[u8], footer: &str) -> Vec<u8> {
    let mut bytes = b"TZif2".to_vec();
    bytes.resize(32, 0);
    bytes.extend([0_u32, 1, 1].iter().flat_map(|count| count.to_be_bytes()));
    bytes.extend([0; 7]);
    bytes.extend(b"TZif2");
    bytes.resize(bytes.len() + 27, 0);
    let counts = [transitions.len(), types.len(), abbreviations.len()];
    bytes.extend(counts.iter().flat_map(|&count| (count as u32).to_be_bytes()));
    bytes.extend(transitions.iter().flat_map(|(at, _)| at.to_be_bytes()));
    bytes.extend(transitions.iter().map(|(_, to)| to));
    for (offset, abbreviation) in types {
        bytes.extend(offset.to_be_bytes());
        bytes.extend([0, *abbreviation]);
    }
    bytes.extend(abbreviations);
    bytes.extend(footer.bytes());
    bytes
}

#[test]
fn a_file_may_have_two_thousand_changes_an_hour_apart_and_no_more() {
    let read = |count: i64, distance: i64| {
        let transitions: Vec<_> = (0..count).map(|i| (i * distance, (i % 2) as u8)).collect();
        Zone::from_tzif("x", &tzif(&transitions, &[(-3600, 0), (3600, 0)], b"ABC\0", "\n\n"))
    };
    let zone = read(2000, 3600).unwrap();
    assert_eq!((zone.offset(at(1999 * 3600 - 1)), zone.offset(at(1999 * 3600))), (Some(-3600), Some(3600)));
    // A search for a due time takes seconds where changes are a second apart and fill the largest file.
    for (count, distance, message) in [
        (2001, 3600, "number of transitions: found 2001 at byte 83, expected at most 2000"),
        (
            3,
            3599,
            "time of a transition: found 3599 at byte 103, \
             expected a time at least an hour after the transition before",
        ),
    ] {
        let error = read(count, distance).unwrap_err();
        assert_eq!(error.to_string(), format!("zone file `x`: {message}"));
    }
}

#[test]
fn odd_files_that_others_stumbled_over_are_read() {
    let types = [(-3600, 0), (3600, 4)];
    // golang/go#29437, BurntSushi/jiff#163: a first transition at -2^59, as old versions of `zic` write.
    let zone =
        Zone::from_tzif("x", &tzif(&[(-1 << 59, 1), (100, 0)], &types, b"ABC\0DEF\0", "\n\n")).unwrap();
    assert_eq!((zone.offset(at(99)), zone.offset(at(100))), (Some(3600), Some(-3600)));
    assert_eq!(zone.abbreviation(at(99)), Some("DEF"));
    // chronotope/chrono#841: long after the last transition, and no rule.
    assert_eq!(zone.offset(at(1 << 40)), Some(-3600));
    // glibc bug 28707: no transition leads to type 0.
    let zone = Zone::from_tzif("x", &tzif(&[(100, 1)], &types, b"ABC\0DEF\0", "\n\n")).unwrap();
    assert_eq!((zone.offset(at(99)), zone.offset(at(100))), (Some(-3600), Some(3600)));
    // chronotope/chrono#1793: abbreviations of any length and any bytes, which are shown as far as they can be.
    let long = [&b"A\xff\n"[..], &[b'x'; 1000], b"\0"].concat();
    let zone = Zone::from_tzif("x", &tzif(&[], &[(0, 0)], &long, "\n\n")).unwrap();
    assert!(zone.abbreviation(at(0)).unwrap().starts_with("A\u{fffd}\u{fffd}xxx"));
    let zone = Zone::from_tzif("x", &tzif(&[], &[(0, 0)], b"\0", "\n\n")).unwrap();
    assert_eq!(zone.abbreviation(at(0)), Some(""));
    // BurntSushi/jiff#386: daylight saving time all year.
    let zone =
        Zone::from_tzif("x", &tzif(&[], &types, b"ABC\0DEF\0", "\nXXX-2<+01>-1,0/0,J365/23\n")).unwrap();
    assert_eq!((zone.offset(at(1_798_761_599)), zone.offset(at(1_798_761_600))), (Some(3600), Some(3600)));
}

#[test]
fn files_with_a_bad_rule_are_refused() {
    // python/cpython#152212; dates missing; a colon; python/cpython#143241; python/cpython#145883 and BurntSushi/jiff#423.
    let file =
        |abbreviations: &[u8], footer| Zone::from_tzif("x", &tzif(&[], &[(0, 0)], abbreviations, footer));
    for (footer, message) in [
        ("\nUTC\n", "footer `UTC` at byte 106: offset: found nothing at byte 3, expected hours 0-24, such as `5` or `-5:30`"),
        (
            "\nEST5EDT\n",
            "footer `EST5EDT` at byte 106: rule: found nothing at byte 7, \
             expected `,` and the date on which daylight saving time begins",
        ),
        (
            "\n:UTC0\n",
            "footer `:UTC0` at byte 106: name: found `:` at byte 0, expected at least three letters, or a name such as `<+03>`",
        ),
        ("\nUTC0", "footer: found nothing at byte 110, expected a newline after it"),
        ("UTC0\n", "footer: found 0x55 at byte 105, expected a newline before it"),
        ("\nÜTC0\n", "footer `ÜTC0` at byte 106: name: found `Ü` at byte 0, expected at least three letters, or a name such as `<+03>`"),
    ] {
        assert_eq!(file(b"ABC\0", footer).unwrap_err().to_string(), format!("zone file `x`: {message}"));
    }
    assert_eq!(
        file(b"ABC", "\n\n").unwrap_err().to_string(),
        "zone file `x`: abbreviation of a type: found 0 at byte 100, expected the place of a text that ends with a NUL"
    );
}

#[test]
fn files_with_leap_seconds_are_refused() {
    // Version 1, one type, one leap second: that of the middle of 1972.
    let mut bytes = b"TZif".to_vec();
    bytes.resize(20, 0);
    for count in [0_u32, 0, 1, 0, 1, 4] {
        bytes.extend(count.to_be_bytes());
    }
    bytes.extend(b"\0\0\0\0\0\0UTC\0");
    bytes.extend([78_796_800_u32, 1].iter().flat_map(|number| number.to_be_bytes()));
    assert_eq!(
        Zone::from_tzif("right/UTC", &bytes).unwrap_err().to_string(),
        "zone file `right/UTC`: counts leap seconds, which system time does not; \
         expected the file of this zone that is not under `right`"
    );
}

/// What the test below runs in processes of their own.
#[test]
#[ignore = "the other process of `the_environment_is_heard_as_far_as_it_may_be`"]
fn process_with_an_environment() {
    let said = |zone: Result<Zone, sexton::tz::TzError>| {
        zone.map_or_else(|error| error.to_string(), |zone| zone.to_string())
    };
    println!("told: {}", said(Zone::local()));
    println!("told: {}", said(Zone::local_without_paths()));
    let (zone, error) = Zone::local_or_utc();
    println!("told: {zone}{}", error.map_or("", |_| ", for want of another"));
}

#[cfg(unix)]
#[test]
fn the_environment_is_heard_as_far_as_it_may_be() {
    let told = |tz: &str, tzdir: &str| {
        let mut process = these_tests();
        process.args(["--exact", "tz::process_with_an_environment", "--ignored", "--nocapture"]);
        let output = process.env("TZ", tz).env("TZDIR", tzdir).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let lines: Vec<String> =
            text.lines().filter_map(|line| Some(line.split_once("told: ")?.1.to_string())).collect();
        <[String; 3]>::try_from(lines).unwrap()
    };
    const SYSTEMS: &str = "/usr/share/zoneinfo, /usr/share/lib/zoneinfo, /usr/lib/zoneinfo, /etc/zoneinfo, /var/db/timezone/zoneinfo";
    const UTC: &str = "UTC, for want of another";
    assert_eq!(told("JST-9", "/no/zoneinfo"), ["JST-9"; 3]);
    assert_eq!(told("", "/no/zoneinfo"), ["UTC"; 3]);
    let [local, without_paths, or_utc] = told("/no/zoneinfo/Paris", "");
    assert_eq!(local, "zone file `/no/zoneinfo/Paris`: No such file or directory (os error 2)");
    assert_eq!(
        without_paths,
        "TZ `/no/zoneinfo/Paris`: expected a zone or a rule, since paths are not allowed here"
    );
    assert_eq!(or_utc, UTC);
    // A folder takes the place of the system's, but for a program that must not follow whoever started it.
    let [local, without_paths, or_utc] = told(":Nowhere/City", "/no/zoneinfo");
    assert!(local.contains("/no/zoneinfo") && !local.contains(SYSTEMS), "{local}");
    assert!(without_paths.contains(SYSTEMS) && !without_paths.contains("/no/zoneinfo"), "{without_paths}");
    assert_eq!(or_utc, UTC);
    // One that hangs on where the program was started does not count.
    for tzdir in ["", "no/zoneinfo", "."] {
        let [local, _, or_utc] = told(":Nowhere/City", tzdir);
        assert!(local.contains(SYSTEMS), "{tzdir:?}: {local}");
        assert_eq!(or_utc, UTC);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let with_magic = [&b"TZif"[..], &bytes].concat();
        for bytes in [bytes, with_magic] {
            if let Ok(zone) = Zone::from_tzif("random", &bytes) {
                ask_everything(&zone);
            }
        }
    }

    #[test]
    fn changed_files_are_read_without_panic(
        file in 0..files().len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<bool>(), any::<u8>()), 1..6),
    ) {
        let mut all: Vec<_> = files().values().map(|(bytes, _)| bytes).collect();
        all.sort();
        let mut bytes = all[file].clone();
        for (place, is_near_start, byte) in changes {
            let len = if is_near_start { bytes.len().min(160) } else { bytes.len() };
            bytes[place.index(len)] = byte;
        }
        match Zone::from_tzif("changed", &bytes) {
            Ok(zone) => ask_everything(&zone),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }

    #[test]
    fn any_text_is_read_without_panic(text in "[A-C<>0-9:,./MJ+-]{0,40}|.{0,60}") {
        for zone in [Zone::from_posix(&text), Zone::from_tz(&text), Zone::named(&text)].into_iter().flatten() {
            ask_everything(&zone);
        }
    }
}
