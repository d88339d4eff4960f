//! The program with the embedded table of zones, on a machine without a database.

use super::*;

#[track_caller]
fn without_database(args: &str, expected: (i32, &str, &str)) {
    let mut command = sexton(&args.split('|').collect::<Vec<_>>());
    command.env("TZDIR", "/no/zoneinfo").env("TZ", "Europe/Paris").stdin(Stdio::null());
    let (status, stdout, stderr) = outcome(command.output().unwrap());
    assert_eq!((status, &*stdout, &*stderr), expected);
}

#[test]
fn zones_are_there_from_2026_on() {
    without_database(
        "next|30 2 * * *|--count|2|--from|2026-03-28T12:00",
        (0, "2026-03-29T03:00:00+02:00\n2026-03-30T02:30:00+02:00\n", ""),
    );
    without_database(
        "next|0 9 * * *|--count|1|--from|2026-01-01T00:00Z|--zone|Asia/Kathmandu",
        (0, "2026-01-01T09:00:00+05:45\n", ""),
    );
    without_database(
        "next|@daily|--zone|Europe/Pari",
        (
            1,
            "",
            "sexton: zone `Europe/Pari`: not in the embedded table 2026f, and \
             no time zone database on this machine (looked in /no/zoneinfo). Install the `tzdata` package, set TZDIR, \
             or embed a file with `Zone::from_tzif`.\n",
        ),
    );
}

#[test]
fn a_time_before_the_embedded_table_is_an_error() {
    const BEFORE: &str =
        "zone `Europe/Paris`: the embedded table 2026f begins at 2026-01-01T00:00:00Z, and 2025-12-31T08:00:00Z \
         is before that; install the `tzdata` package or set TZDIR\n";
    for args in [
        "next|0 9 * * *|--from|2025-12-31T08:00:00Z",
        "next|0 9 * * *|--from|2025-12-31T08:00:00Z|--previous",
        "next|0 9 * * *|--from|2026-01-01T08:00:00Z|--previous",
    ] {
        without_database(args, (1, "", &format!("sexton: {BEFORE}")));
    }
    without_database(
        "why|0 9 * * *|2025-12-31T08:00:00Z",
        (1, "", &format!("sexton: time `2025-12-31T08:00:00Z`: {BEFORE}")),
    );
    without_database(
        "next|0 9 * * *|--from|2025-12-31 09:00",
        (
            1,
            "",
            "sexton: --from `2025-12-31 09:00`: the data of Europe/Paris begin at 2026-01-01T01:00:00+01:00\n",
        ),
    );
}
