//! Zones of the embedded table: of a small one, and, with the feature `embedded-tz`, of the real one.

use super::super::*;
use super::system::{tzif, Machine};

/// A table that begins in 2026: two names for one rule, and a zone that changes twice before its rule takes over.
fn small() -> Embedded {
    Embedded::read(SMALL).unwrap()
}

const SMALL: &[u8] = b"\
    \x05test1\xea\x0f\
    \x04\
    \x00\x0bAfrica/Here\x01\
    \x07\x05There\x00\
    \x00\x0cEurope/Paris\x00\
    \x00\x04Zulu\x02\
    \x05\
    \x1aCET-1CEST,M3.5.0,M10.5.0/3\x06CEST-2\x07<+00>-0\x05CST-1\x05UTC-0\
    \x03\
    \x01\x00\
    \x06\x04\x02\x8a\x05\x01\xd0\xf7\x0f\x03\
    \x01\x04";

impl Zone {
    /// A zone whose data begin in 2026, for tests that must not ask it about the time before.
    pub(crate) fn of_small_table(name: &str) -> Zone {
        small().zone(name).unwrap()
    }
}

/// The first instant of 2026.
const START: i64 = 1_767_225_600;

fn at(unix: i64) -> SystemTime {
    system_time(unix).unwrap()
}

fn machine_with_table(machine: &Machine, tz: Option<&str>) -> System {
    System { embedded: Some(small()), ..machine.system(tz) }
}

#[test]
fn zones_of_the_table_have_their_changes_and_then_their_rule() {
    assert_eq!(small().edition, Edition { version: "test1", year: 2026, begins: START });
    let zone = |name| small().zone(name).unwrap();
    let shown = |zone: &Zone, unix| {
        let instant = at(unix);
        Some((zone.offset(instant)?, zone.abbreviation(instant)?.to_string()))
    };
    let is = |offset: i32, abbreviation: &str| Some((offset, abbreviation.to_string()));

    let here = zone("Africa/Here");
    let (first, second) = (START + 650 * 60, START + (650 + 261_072) * 60);
    assert_eq!(shown(&here, START - 1), None);
    assert_eq!(shown(&here, START), is(0, "+00"));
    assert_eq!(shown(&here, first - 1), is(0, "+00"));
    assert_eq!(shown(&here, first), is(7200, "CEST"));
    assert_eq!(shown(&here, second - 1), is(7200, "CEST"));
    // The rule decides from the last change on.
    assert_eq!(shown(&here, second), is(0, "UTC"));

    for name in ["Europe/Paris", "Africa/There"] {
        let rule = Zone::from_posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        for unix in (START..START + (1 << 32)).step_by(9 * 86_400) {
            assert_eq!(shown(&zone(name), unix), shown(&rule, unix), "{name} at {unix}");
        }
    }
    for name in ["Africa/", "Africa/Her", "Africa/Heree", "zulu", ""] {
        assert!(small().zone(name).is_none(), "{name}");
    }
}

#[test]
fn before_its_beginning_a_zone_says_nothing() {
    let zone = small().zone("Europe/Paris").unwrap();
    assert_eq!(zone.begins(), Some(at(START)));
    assert_eq!(zone.civil(at(START)).unwrap().to_string(), "2026-01-01T01:00:00");
    let before = at(START) - Duration::from_nanos(1);
    assert_eq!((zone.civil(before), zone.offset(before), zone.abbreviation(before)), (None, None, None));
    assert_eq!(zone.rfc3339(before).to_string(), "2025-12-31T23:59:59.999999999Z");
    let instants = |civil: &str| zone.instants(civil.parse().unwrap());
    assert_eq!(instants("2026-01-01 01:00"), Some(Instants::Unique(at(START))));
    assert_eq!(instants("2026-01-01 00:59:59"), None);
    assert_eq!(instants("2025-06-01 00:00"), None);
    assert_eq!(Zone::from_posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap().begins(), None);

    assert!(zone.check_begun(START, &"never shown").is_ok());
    let error = zone.check_begun(START - 1, &"2025-12-31T23:59:59Z").unwrap_err();
    assert_eq!(
        error.to_string(),
        "zone `Europe/Paris`: the embedded table test1 begins at 2026-01-01T00:00:00Z, and 2025-12-31T23:59:59Z is before that; \
         install the `tzdata` package or set TZDIR"
    );
}

#[test]
fn a_zone_tells_that_it_is_from_the_table() {
    let zone = small().zone("Africa/Here").unwrap();
    assert_eq!(format!("{zone} {zone:?}"), r#"Africa/Here Zone("Africa/Here", embedded test1)"#);
    assert_eq!(zone, small().zone("Africa/Here").unwrap());
    let paris = Zone::from_tzif("Europe/Paris", &tzif("CET-1CEST,M3.5.0,M10.5.0/3")).unwrap();
    assert_ne!(small().zone("Europe/Paris").unwrap(), paris, "which has no beginning");
    assert_eq!(zone.reloaded(), Ok(None));
}

#[test]
fn the_table_is_asked_where_there_is_no_file() {
    let machine = Machine::new();
    let system = machine_with_table(&machine, None);
    let told = |zone: Result<Zone, TzError>| match zone {
        Ok(zone) => format!("{zone:?}"),
        Err(error) => machine.shorten(&error.to_string()),
    };
    let folders = "not found in /zoneinfo, /more/zoneinfo and not in the embedded table test1";
    assert_eq!(told(system.named("Europe/Paris")), r#"Zone("Europe/Paris")"#);
    assert_eq!(told(system.named("Africa/There")), r#"Zone("Africa/There", embedded test1)"#);
    assert_eq!(told(system.meant_by("Africa/There")), r#"Zone("Africa/There", embedded test1)"#);
    assert_eq!(told(system.meant_by(":Africa/There")), r#"Zone("Africa/There", embedded test1)"#);
    assert_eq!(told(system.named("UTC")), r#"Zone("UTC")"#);
    assert_eq!(told(system.named("Nowhere")), format!("zone `Nowhere`: {folders}"));
    assert_eq!(
        told(system.named("AFRICA/there")),
        format!("zone `AFRICA/there`: {folders}, but there is `Africa/There`")
    );
    assert_eq!(
        told(system.named("Broken")),
        "zone file `/zoneinfo/Broken`: header: found 5 bytes at byte 0, expected 44"
    );
    machine.file("zoneinfo/Africa/There", b"damaged");
    assert!(told(system.named("Africa/There")).starts_with("zone file `/zoneinfo/Africa/There`: header: "));

    let bare = Machine::bare();
    let system = machine_with_table(&bare, Some("Europe/Paris"));
    assert_eq!(told(system.local()), r#"Zone("Europe/Paris", embedded test1)"#);
    let (message, hint) = (
        bare.shorten(&system.named("Nowhere").unwrap_err().to_string()),
        "Install the `tzdata` package, set TZDIR, or embed a file with `Zone::from_tzif`.",
    );
    assert_eq!(
        message,
        format!(
            "zone `Nowhere`: not in the embedded table test1, and \
             no time zone database on this machine (looked in /zoneinfo, /more/zoneinfo). {hint}"
        )
    );
    let message = bare.shorten(&system.named("europe/paris").unwrap_err().to_string());
    assert_eq!(message, format!("zone `europe/paris`: {folders}, but there is `Europe/Paris`"));
}

#[test]
fn a_database_that_is_installed_later_is_found() {
    let machine = Machine::bare();
    let system = machine_with_table(&machine, Some("Europe/Paris"));
    let mut local = LocalZone::on(&system).unwrap();
    assert_eq!(local.refresh_on(&system), Ok(false));
    machine.file("zoneinfo/Europe/Paris", &tzif("CET-1CEST,M3.5.0,M10.5.0/3"));
    assert_eq!(local.refresh_on(&system), Ok(true));
    assert_eq!(format!("{:?}", local.zone()), r#"Zone("Europe/Paris")"#);
}

#[test]
fn a_database_that_is_removed_leaves_the_zone_as_it_was() {
    let machine = Machine::new();
    const MISSING: &str = "zone `Europe/Paris`: not found in /zoneinfo, /more/zoneinfo";
    for tz in [Some("Europe/Paris"), Some(":Europe/Paris")] {
        machine.file("zoneinfo/Europe/Paris", &tzif("CET-2"));
        let system = machine_with_table(&machine, tz);
        let mut local = LocalZone::on(&system).unwrap();
        let zone = local.zone().clone();
        std::fs::remove_file(machine.path("zoneinfo/Europe/Paris")).unwrap();
        let told = local.refresh_on(&system).map_err(|error| machine.shorten(&error.to_string()));
        assert_eq!(told, Err(MISSING.to_string()));
        assert_eq!((local.refresh_on(&system), local.zone()), (Ok(false), &zone));
        // Another zone is another matter.
        assert_eq!(local.refresh_on(&machine_with_table(&machine, Some("Africa/There"))), Ok(true));
        assert_eq!(local.refresh_on(&system), Ok(true));
        assert_eq!(format!("{:?}", local.zone()), r#"Zone("Europe/Paris", embedded test1)"#);
    }
}

#[cfg(unix)]
#[test]
fn a_link_to_a_file_that_is_not_there_tells_the_name_of_a_zone_of_the_table() {
    use std::os::unix::fs::symlink;
    let machine = Machine::bare();
    machine.file("etc/.folder", b"");
    symlink("../usr/share/zoneinfo/Europe/Paris", machine.path("etc/localtime")).unwrap();
    let system = machine_with_table(&machine, None);
    let mut local = LocalZone::on(&system).unwrap();
    assert_eq!(format!("{:?}", local.zone()), r#"Zone("Europe/Paris", embedded test1)"#);
    machine.file("usr/share/zoneinfo/Europe/Paris", &tzif("CET-2"));
    assert_eq!(local.refresh_on(&system), Ok(true), "a file comes first");
    assert_eq!(local.zone().offset(at(START)), Some(7200));
    std::fs::remove_file(machine.path("usr/share/zoneinfo/Europe/Paris")).unwrap();
    assert!(local.refresh_on(&system).is_err());
    assert_eq!(local.zone().offset(at(START)), Some(7200));
}

/// Asks a table, whatever it is, everything.
fn ask(bytes: &'static [u8]) {
    let table = match Embedded::read(bytes) {
        Some(table) => table,
        None => return,
    };
    for name in ["Africa/Here", "Asia/Gaza"] {
        table.in_other_case(name);
        if let Some(zone) = table.zone(name) {
            for unix in [i64::MIN, START - 1, START, 1 << 33, i64::MAX] {
                zone.span(unix);
                zone.resolve(unix);
                zone.data.history.shown(unix);
            }
        }
    }
}

#[test]
fn no_bytes_are_too_odd() {
    ask(b"");
    for len in 0..SMALL.len() {
        ask(&SMALL[..len]);
    }
    for i in 0..SMALL.len() {
        for byte in [0, 0xff, SMALL[i] ^ 1] {
            let mut bytes = SMALL.to_vec();
            bytes[i] = byte;
            ask(Box::leak(bytes.into()));
        }
    }
    // It claims more than there is.
    ask(b"\x00\xea\x0f\xff\xff\xff\x7f");
    ask(b"\x00\xea\x0f\x01\xff\xff\xff\x7f\x00\x00\xff\xff\xff\x7f");
}

#[cfg(not(feature = "embedded-tz"))]
#[test]
fn without_the_feature_there_is_no_table() {
    assert_eq!(Zone::embedded_version(), None);
}

#[cfg(feature = "embedded-tz")]
mod built_in {
    use std::fs;

    use super::*;

    fn table() -> Embedded {
        Embedded::built_in().unwrap()
    }

    fn names() -> Vec<String> {
        let mut names = Vec::new();
        table().each_name(|name, _| names.push(String::from_utf8(name.into()).unwrap())).unwrap();
        names
    }

    #[test]
    fn it_tells_its_version() {
        assert_eq!(Zone::embedded_version(), Some("2026f"));
        assert_eq!(table().edition, Edition { version: "2026f", year: 2026, begins: START });
    }

    #[test]
    fn it_is_small() {
        let len = include_bytes!("../embedded.bin").len();
        assert!(len <= 12 * 1024, "{len} bytes");
    }

    #[test]
    fn all_of_its_names_are_zones() {
        let names = names();
        assert!(names.len() > 590, "{}", names.len());
        assert!(names.windows(2).all(|pair| pair[0] < pair[1]));
        let machine = Machine::bare();
        let system = System { embedded: Some(table()), ..machine.system(None) };
        for name in &names {
            assert_eq!(system.named(name).unwrap().name(), name);
        }
        for name in ["Europe/Kyiv", "Europe/Kiev", "US/Eastern", "America/Coyhaique", "Etc/GMT+12", "EST"] {
            assert!(names.iter().any(|other| other == name), "{name}");
        }
        for name in ["localtime", "posixrules", "posix/UTC", "right/UTC", "tzdata.zi"] {
            assert!(!names.iter().any(|other| other == name), "{name}");
        }
    }

    /// Zones of `tests/data/tzif-files.tsv`, which is 2025b, that have changed since.
    const CHANGED: [(&str, &str); 5] = [
        ("Africa/Casablanca", "2026c: Morocco stays on +00 from 2026-09-20 on"),
        ("Africa/El_Aaiun", "2026c: as Casablanca"),
        ("America/Havana", "2026f: Cuba does not go back on 2026-11-01, but a year later"),
        ("America/Vancouver", "2026b: British Columbia stays on -07 from 2026-03-08 on"),
        ("Europe/Chisinau", "2026b: Moldova changes at the European Union's instants"),
    ];

    #[test]
    fn it_says_what_the_files_say_up_to_2100() {
        const END: i64 = 4_102_444_800;
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/tzif-files.tsv");
        let text = fs::read_to_string(path).unwrap();
        let mut count = 0;
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let cells: Vec<&str> = line.split('\t').collect();
            let hex = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
            let bytes: Vec<u8> = cells[2].as_bytes().chunks(2).map(hex).collect();
            let file = Zone::from_tzif(cells[0], &bytes).unwrap();
            let embedded = table().zone(cells[0]).unwrap_or_else(|| panic!("{} is missing", cells[0]));
            // Where either of them changes its offset or the name of it, and every month.
            let offsets = |zone: &Zone| {
                std::iter::successors(Some(START), |&at| Some(zone.span(at).hi).filter(|&hi| hi < END))
                    .collect::<Vec<_>>()
            };
            let changes = |zone: &Zone| {
                zone.data.history.transitions.iter().map(|change| change.at).collect::<Vec<_>>()
            };
            let mut instants: Vec<i64> = (START..END).step_by(30 * 86_400).collect();
            for zone in [&file, &embedded] {
                for at in offsets(zone).into_iter().chain(changes(zone)) {
                    instants.extend([at, at - 1]);
                }
            }
            instants.retain(|at| (START..END).contains(at));
            let shown = |zone: &Zone, unix| {
                (zone.offset(at(unix)).unwrap(), zone.abbreviation(at(unix)).unwrap().to_string())
            };
            let difference = instants.into_iter().find(|&at| shown(&embedded, at) != shown(&file, at));
            if CHANGED.iter().any(|(name, _)| *name == cells[0]) {
                assert!(difference.is_some(), "{} is as it was", cells[0]);
                continue;
            }
            if let Some(at) = difference {
                panic!("{} at {at}: {:?}, not {:?}", cells[0], shown(&embedded, at), shown(&file, at));
            }
            count += 1;
        }
        assert!(count > 90, "{count} files agree");
    }

    #[test]
    fn what_has_changed_is_as_announced() {
        let civil = |name: &str, instant: &str| {
            let zone = table().zone(name).unwrap();
            let seconds = instant.parse::<civil::DateTime>().unwrap().seconds();
            zone.civil(at(seconds)).unwrap().to_string()
        };
        assert_eq!(civil("Africa/Casablanca", "2026-09-19 12:00"), "2026-09-19T13:00:00");
        assert_eq!(civil("Africa/Casablanca", "2026-09-20 12:00"), "2026-09-20T12:00:00");
        assert_eq!(civil("America/Havana", "2027-01-01 12:00"), "2027-01-01T08:00:00");
        assert_eq!(civil("America/Havana", "2027-12-01 12:00"), "2027-12-01T07:00:00");
        assert_eq!(civil("America/Vancouver", "2030-01-01 12:00"), "2030-01-01T05:00:00");
        assert_eq!(civil("Europe/Chisinau", "2026-10-25 00:59"), "2026-10-25T03:59:00");
        assert_eq!(civil("Europe/Chisinau", "2026-10-25 01:00"), "2026-10-25T03:00:00");
        // Two changes each Ramadan, besides those of the rule, up to 2086-05-25.
        let gaza = table().zone("Asia/Gaza").unwrap();
        assert_eq!(gaza.data.history.transitions.last().map(|change| change.at), Some(3_673_123_200));
    }

    #[test]
    fn damaged_it_is_no_reason_to_panic() {
        // With every byte another one, and cut off at every byte. To search a zone takes long, so that is done now and then.
        let check = |i: usize, bytes: &'static [u8]| {
            if i % 53 == 0 {
                ask(bytes);
            }
            let history = |table: Embedded| table.history("Asia/Gaza");
            if let Some(history) = Embedded::read(bytes).and_then(history) {
                history.shown(START);
                history.shown(1 << 33);
            }
        };
        let bytes = include_bytes!("../embedded.bin");
        for i in 0..bytes.len() {
            check(i, &bytes[..i]);
            let mut damaged = bytes.to_vec();
            damaged[i] ^= 0xff;
            check(i, Box::leak(damaged.into()));
        }
    }
}
