//! What the registry of Windows says, against the database's zones.

use proptest::prelude::*;

use super::super::system::zone_of_registry as zone_of;
use super::super::*;
use crate::platform::windows::KEY;

/// What `reg.exe` prints: Windows 11's order of the values, whichever that is.
fn printed(
    name: &str,
    [bias, standard_bias, daylight_bias]: [i32; 3],
    [standard, daylight]: [&str; 2],
) -> String {
    let key = KEY.replace("HKLM", "HKEY_LOCAL_MACHINE");
    [
        "",
        &key,
        &format!("    Bias    REG_DWORD    {bias:#x}"),
        &format!("    DaylightBias    REG_DWORD    {daylight_bias:#x}"),
        "    DaylightName    REG_SZ    @tzres.dll,-321",
        &format!("    DaylightStart    REG_BINARY    {daylight}"),
        &format!("    StandardBias    REG_DWORD    {standard_bias:#x}"),
        "    StandardName    REG_SZ    @tzres.dll,-322",
        &format!("    StandardStart    REG_BINARY    {standard}"),
        &format!("    TimeZoneKeyName    REG_SZ    {name}"),
        "    DynamicDaylightTimeDisabled    REG_DWORD    0x0",
        "    ActiveTimeBias    REG_DWORD    0xffffff88",
        "",
        "",
    ]
    .join("\r\n")
}

const NEVER: &str = "00000000000000000000000000000000";

fn western_europe() -> String {
    let dates = ["00000A00050003000000000000000000", "00000300050002000000000000000000"];
    printed("W. Europe Standard Time", [-60, 0, -60], dates)
}

fn zone(output: &str) -> Zone {
    zone_of(output.as_bytes()).unwrap()
}

fn told(output: &str) -> String {
    zone_of(output.as_bytes()).unwrap_err().to_string()
}

/// The zone of that name in `tests/data`.
fn in_database(name: &str) -> Zone {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/tzif-files.tsv");
    let text = std::fs::read_to_string(path).unwrap();
    let row = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix("\tslim\t")).unwrap();
    let byte = |i| u8::from_str_radix(&row[i..i + 2], 16).unwrap();
    Zone::from_tzif(name, &(0..row.len()).step_by(2).map(byte).collect::<Vec<u8>>()).unwrap()
}

#[test]
fn windows_and_the_database_agree() {
    let at_two = ["00000B00010002000000000000000000", "00000300020002000000000000000000"];
    for (windows, biases, dates, iana, shown) in [
        (
            "W. Europe Standard Time",
            [-60, 0, -60],
            ["00000A00050003000000000000000000", "00000300050002000000000000000000"],
            "Europe/Berlin",
            "+01 +02",
        ),
        ("Eastern Standard Time", [300, 0, -60], at_two, "America/New_York", "-05 -04"),
        ("UTC", [0, 0, 0], [NEVER; 2], "Etc/UTC", "+00 +00"),
        // Its biases stay as they were when it had daylight saving time.
        ("Azerbaijan Standard Time", [-240, 0, -60], [NEVER; 2], "Etc/GMT-4", "+04 +04"),
        ("India Standard Time", [-330, 0, -60], [NEVER; 2], "Asia/Kolkata", "+0530 +0530"),
        // The year begins and ends in summer.
        (
            "AUS Eastern Standard Time",
            [-600, 0, -60],
            ["00000400010003000000000000000000", "00000A00010002000000000000000000"],
            "Australia/Sydney",
            "+11 +10",
        ),
        // Half an hour.
        (
            "Lord Howe Standard Time",
            [-630, 0, -30],
            ["00000400010002000000000000000000", "00000A00010002000000000000000000"],
            "Australia/Lord_Howe",
            "+11 +1030",
        ),
        ("Newfoundland Standard Time", [210, 0, -60], at_two, "America/St_Johns", "-0330 -0230"),
        // The last Friday, and the end of the last Thursday, which Windows puts a millisecond before midnight.
        (
            "Egypt Standard Time",
            [-120, 0, -60],
            ["00000A00050017003B003B00E7030400", "00000400050000000000000000000500"],
            "Africa/Cairo",
            "+02 +03",
        ),
    ] {
        let zone = zone(&printed(windows, biases, dates));
        assert_eq!(zone.name(), windows);
        let database = match iana {
            "Etc/GMT-4" => Zone::fixed(14_400).unwrap(),
            _ => in_database(iana),
        };
        let start = 1_767_225_600; // 2026 begins
        for unix in (start..start + 4 * 366 * 86_400).step_by(1800) {
            // To the second at changes.
            let span = database.span(unix);
            for unix in [unix, span.lo.max(start), span.hi.min(1 << 32) - 1] {
                assert_eq!(zone.span(unix).offset, database.span(unix).offset, "{windows} at {unix}");
            }
        }
        let half_years = [start, start + 181 * 86_400].map(|unix| system_time(unix).unwrap());
        let abbreviations = half_years.map(|instant| zone.abbreviation(instant).unwrap()).join(" ");
        assert_eq!(abbreviations, shown, "{windows} in January and July");
    }
}

#[test]
fn changes_are_at_the_second() {
    let zone = zone(&western_europe());
    let span = zone.span(1_780_000_000);
    assert_eq!((span.lo, span.hi, span.offset), (1_774_746_000, 1_792_890_000, 7200));
    // 2026-03-29 and 2026-10-25, 01:00 UTC
}

#[test]
fn biases_without_dates_do_not_count() {
    assert_eq!(zone(&printed("X", [-60, 30, -60], [NEVER; 2])).offset(UNIX_EPOCH), Some(3600));
    let output = "Bias REG_DWORD 0xffffffc4\nStandardStart REG_BINARY\t00000000000000000000000000000000\n\
                  DaylightStart  REG_BINARY  00000000000000000000000000000000";
    assert_eq!(zone(output).to_string(), "localtime", "the others may be missing then");
}

#[test]
fn the_switch_for_new_dates_does_not_count() {
    let disabled = western_europe().replace("Disabled    REG_DWORD    0x0", "Disabled    REG_DWORD    0x1");
    assert_eq!(zone(&disabled), zone(&western_europe()));
    assert_ne!(disabled, western_europe());
}

#[test]
fn the_name_is_what_can_be_read_of_it() {
    for (written, name) in [
        ("Central Standard Time (Mexico)", "Central Standard Time (Mexico)"),
        ("Eastern Standard Time\0\u{19}ct", "Eastern Standard Time"),
        ("UTC-11  ", "UTC-11"),
        ("Zürich", "Z"),
        ("", "localtime"),
        ("\0\0", "localtime"),
    ] {
        let output = printed(written, [0; 3], [NEVER; 2]);
        assert_eq!(zone(&output).name(), name);
    }
    let mut output = western_europe().into_bytes();
    output.extend(b"\r\n    Other    REG_SZ    Z\xfcrich\r\n"); // not UTF-8
    assert_eq!(zone_of(&output).unwrap(), zone(&western_europe()));
}

#[test]
fn what_is_missing_or_damaged_is_named() {
    let (dword, date) = (
        "REG_DWORD, -1440 to 1440 minutes, such as 0xffffffc4",
        "year, month 1-12, week 1-5, hour, minute, second, millisecond and weekday 0-6, low byte first",
    );
    let digits = "REG_BINARY with 32 hexadecimal digits";
    let (start, no_year) =
        ("00000300050002000000000000000000", "a date that comes every year: it begins with 0000");
    for (from, to, name, found, expected) in [
        ("    Bias    REG_DWORD    0xffffffc4\r\n", "", "Bias", "nothing", dword),
        ("Bias    REG_DWORD    0xffffffc4", "Bias", "Bias", "nothing", dword),
        (
            "Bias    REG_DWORD    0xffffffc4",
            "Bias    REG_SZ    0xffffffc4",
            "Bias",
            "`REG_SZ    0xffffffc4`",
            dword,
        ),
        ("Bias    REG_DWORD    0xffffffc4", "Bias    REG_DWORD    -60", "Bias", "`REG_DWORD    -60`", dword),
        (
            "Bias    REG_DWORD    0xffffffc4",
            "Bias    REG_DWORD    0x5a1",
            "Bias",
            "`REG_DWORD    0x5a1`",
            dword,
        ),
        (
            "Bias    REG_DWORD    0xffffffc4",
            "Bias    REG_DWORD    0x1ffffffc4",
            "Bias",
            "`REG_DWORD    0x1ffffffc4`",
            dword,
        ),
        ("StandardBias", "Standard", "StandardBias", "nothing", dword),
        (
            "StandardBias    REG_DWORD    0x0",
            "StandardBias    REG_DWORD    0xfffffa60",
            "StandardBias",
            "`REG_DWORD    0xfffffa60`",
            "no more than 1440 minutes together with Bias",
        ),
        ("DaylightStart", "Daylight", "DaylightStart", "nothing", digits),
        (start, "0000030005", "DaylightStart", "`0000030005`", digits),
        (start, &"é".repeat(16), "DaylightStart", "`éééééééééééééééé`", digits),
        (start, &start.replace("03", "0g"), "DaylightStart", "`00000g00050002000000000000000000`", digits),
        (
            start,
            "EA070300050002000000000000000000",
            "DaylightStart",
            "`EA070300050002000000000000000000`",
            no_year,
        ),
        (
            start,
            "00000D00050002000000000000000000",
            "DaylightStart",
            "`00000D00050002000000000000000000`",
            date,
        ),
        (
            start,
            "00000300000002000000000000000000",
            "DaylightStart",
            "`00000300000002000000000000000000`",
            date,
        ),
        (
            start,
            "00000300060002000000000000000000",
            "DaylightStart",
            "`00000300060002000000000000000000`",
            date,
        ),
        (
            start,
            "00000300050018000000000000000000",
            "DaylightStart",
            "`00000300050018000000000000000000`",
            date,
        ),
        (
            start,
            "0000030005000200000000000000FFFF",
            "DaylightStart",
            "`0000030005000200000000000000FFFF`",
            date,
        ),
        // In the order of a SYSTEMTIME.
        (
            start,
            "00000300000005000200000000000000",
            "DaylightStart",
            "`00000300000005000200000000000000`",
            date,
        ),
        (
            start,
            NEVER,
            "DaylightStart",
            "`00000000000000000000000000000000`",
            "a date, since there is one for the other change",
        ),
    ] {
        let output = western_europe().replacen(from, to, 1);
        assert_ne!(output, western_europe(), "{from}");
        let message =
            format!("system zone: {KEY}: {name}: found {found}, expected {expected}; set TZ or name a zone");
        assert_eq!(told(&output), message);
    }
    assert!(told("").contains(": Bias: found nothing, expected REG_DWORD"));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_output_panics(output in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = zone_of(&output);
    }

    #[test]
    fn no_damage_panics(edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12)) {
        let mut output = western_europe().into_bytes();
        for (at, byte) in edits {
            let at = at.index(output.len());
            output[at] = byte;
        }
        let _ = zone_of(&output);
    }

    #[test]
    fn no_values_panic(
        biases in prop::array::uniform3(prop_oneof![3 => -1500_i32..1500, 1 => any::<i32>()]),
        dates in prop::array::uniform2("0000(0[0-9A-D]00){2}(1[0-9A]00)(3[0-9A-C]00){2}(E703|0000)0[0-7]00"),
    ) {
        if let Ok(zone) = zone_of(printed("X", biases, [&dates[0], &dates[1]]).as_bytes()) {
            prop_assert!(zone.offset(UNIX_EPOCH).unwrap().abs() <= 86_400);
        }
    }
}
