//! `sexton explain`.

use super::*;

#[test]
fn the_dialect_that_counts_is_shown() {
    for (line, dialect) in [
        ("explain|0 9 * * 1|--dialect|croniter|--days|and", "croniter, days and"),
        ("explain|dialect=quartz days=or 0 0 9 ? * 2-6", "quartz, days or"),
        ("explain|dialect=default 0 9 * * 1|--dialect|cronie", "default"),
    ] {
        let (status, stdout, _) = call(&line.split('|').collect::<Vec<_>>());
        assert_eq!(status, 0, "{line}");
        assert!(stdout.contains(&format!("\ndialect:       {dialect}\n")), "{line}: {stdout}");
    }
}

#[test]
fn explain_says_it_in_words_and_field_by_field() {
    prints(
        "explain|2|4|*|*|mon,fri|--from|2026-11-22T12:00:00Z",
        "\
at 04:02 on Mondays and Fridays

expression:    2 4 * * mon,fri
dialect:       default
minute:        2
hour:          4
day of month:  *
month:         *
day of week:   mon,fri
clock changes: a skipped time fires at the end of the gap, a repeated one the first time
apart:         3 days to 4 days
a year:        104 to 105 times
next:          2026-11-23T04:02:00Z
next:          2026-11-27T04:02:00Z
next:          2026-11-30T04:02:00Z
",
    );
}

#[test]
fn every_field_is_shown_and_steps_with_their_values() {
    prints(
        "explain|*/20 0-59/25 8-18/5 1-31/10 */3 */2 2026-2030/2|--from|2031-01-01T00:00",
        "\
every 20 seconds in minutes 0, 25 and 50 of hours 8, 13 and 18 on the 1st, 11th, 21st and 31st of the month \
and on Tuesdays, Thursdays, Saturdays and Sundays, in January, April, July and October, in 2026, 2028 and 2030

expression:    */20 */25 8-18/5 */10 */3 */2 2026,2028,2030
dialect:       default
second:        */20 (0, 20, 40)
minute:        */25 (0, 25, 50)
hour:          8-18/5 (8, 13, 18)
day of month:  */10 (1, 11, 21, 31)
month:         */3 (1, 4, 7, 10)
day of week:   */2 (Sunday, Tuesday, Thursday, Saturday)
year:          2026,2028,2030
clock changes: a skipped time does not fire, a repeated one fires both times
apart:         20 seconds to 426 days 13 hours 9 minutes 20 seconds
in all:        6210 times
next:          never

warning: fires on days that match one of the day fields; in cronie on days that match both, as `*/2` begins with `*` (star-bit)
    */20 0-59/25 8-18/5 1-31/10 */3 */2 2026-2030/2
                                    ^^^
    write `sun-sat/2`, which has no `*` for cronie to see
",
    );
}

#[test]
fn likely_mistakes_come_last() {
    let (status, stdout, stderr) = call(&["explain", "* 4 13 * fri", "--zone", PARIS]);
    let (_, warnings) = stdout.split_once("\n\nwarning: ").unwrap();
    assert_eq!(
        warnings,
        "\
fires on the 13th and on Fridays, not only where the two meet (either-day)
    * 4 13 * fri
        ^^^^^^^^
    begin the text with `days=and` for the days that match both

warning: fires 60 times from 04:00 to 04:59, in every minute of the hour (every-minute)
    * 4 13 * fri
    ^
    write `0` to fire in the first minute of the hour only
"
    );
    assert_eq!((status, &*stderr), (0, ""));

    let in_zone = format!("30 2 * * *|--zone|{PARIS}|--from|2026-03-28T12:00");
    assert_eq!(
        lines(&in_zone, &["warning"]),
        ["on 2026-03-29 clocks go from 02:00 straight to 03:00: what is due at 02:30 fires at 03:00 \
          (clock-skips-time)"]
    );
    assert_eq!(lines("0 0 13 * fri|--days|and", &["warning"]), [""; 0]);

    // Whoever names the dialect, or the place, knows where the seconds are.
    let order = "the first of the six fields is the second; croniter takes the sixth for it, and Nomad, supercronic and EventBridge take the sixth for the year (seconds-order)";
    assert_eq!(lines("*/10 * * * * *", &["warning"]), [order]);
    assert_eq!(lines("days=or */10 * * * * *|--star-bit", &["warning"]), [order]);
    for named in [
        "*/10 * * * * *|--dialect|default",
        "*/10 * * * * *|--seconds|first",
        "dialect=default */10 * * * * *",
        "days=or seconds=first */10 * * * * *",
    ] {
        assert_eq!(lines(named, &["warning"]), [""; 0], "{named}");
    }
}

/// The lines that `explain` shows with one of these names, without the names.
fn lines(args: &str, names: &[&str]) -> Vec<String> {
    let args: Vec<_> = ["explain"].into_iter().chain(args.split('|')).collect();
    let (status, stdout, stderr) = call(&args);
    assert_eq!((status, &*stderr), (0, ""), "{stdout}");
    let named = |line: &str| {
        let (name, value) = line.split_once(':')?;
        names.contains(&name).then(|| value.trim_start().to_string())
    };
    stdout.lines().filter_map(named).collect()
}

#[test]
fn the_pages_show_what_explain_prints() {
    let (status, stdout, _) =
        call(&["explain", "0 0 13 * fri", "--from", "2026-11-22 12:00", "--zone", "UTC0"]);
    let shown = format!("$ sexton explain '0 0 13 * fri' --from '2026-11-22 12:00' --zone UTC0\n{stdout}");
    assert!(include_str!("../../../docs/program.md").contains(&shown) && status == 0, "{shown}");
}

#[test]
fn how_it_was_read_is_shown_in_the_default_dialect() {
    let read = |args: &str| lines(args, &["expression", "dialect"]);
    assert_eq!(read("0 0 9 ? * 2-6|--dialect|quartz"), ["0 9 * * mon-fri", "quartz"]);
    assert_eq!(read("0 0 13 * 5|--days|and"), ["days=and 0 0 13 * fri", "default, days and"]);
    assert_eq!(read("0 0 */2 * 5|--star-bit"), ["days=and 0 0 */2 * fri", "default, star bit"]);
    assert_eq!(read("H 4 * * *|--hash-id|report"), ["44 4 * * *", "default"]);
    let croniter = "0 0 30W * * 5|--dialect|croniter";
    assert_eq!(read(croniter), ["dialect=croniter 0 0 30W * * 5", "croniter"]);
    let names = ["second", "minute", "hour", "day of month", "month", "day of week", "year"];
    assert_eq!(lines(croniter, &names), ["5", "0", "0", "30W", "*", "*"]);
    assert_eq!(lines("5 0 0 1 jan * 2030", &names), ["5", "0", "0", "1", "jan", "*", "2030"]);
}

#[test]
fn how_often_and_how_far_apart_is_shown() {
    let often = |text: &str| lines(text, &["apart", "a year", "in all"]);
    assert_eq!(often("* * * * *"), ["1 minute", "525600 to 527040 times"]);
    assert_eq!(often("*/7 * * * *"), ["4 minutes to 7 minutes", "78840 to 79056 times"]);
    assert_eq!(often("0 0 29 2 *"), ["1461 days to 2921 days", "0 to 1 times"]);
    assert_eq!(often("0 9 1 * *"), ["28 days to 31 days", "12 times"]);
    assert_eq!(often("0 0 1 1 *"), ["365 days to 366 days", "1 time"]);
    assert_eq!(often("0 0 0 1 1 * 2030"), ["1 time"]);
    assert_eq!(often("0 0 0 1 1 * 2199"), ["1 time"]);
    assert_eq!(often("0 0 30 2 *"), [""; 0]);
}

#[test]
fn an_expression_that_never_fires_is_reported() {
    prints(
        "explain|0 0 30 2 *",
        "\
never, because there is no such date: at 00:00 on 30 February

expression:    0 0 30 feb *
dialect:       default
minute:        0
hour:          0
day of month:  30
month:         feb
day of week:   *
next:          never

warning: never fires: no date matches its day of month and month together (never-fires)
    0 0 30 2 *
        ^^^^
    name a day that the month has, or `L` for its last one
",
    );
}

#[test]
fn clock_changes_are_those_of_the_zone() {
    let explain = |text: &str| {
        lines(&format!("{text}|--zone|{PARIS}|--from|2026-03-28T12:00"), &["clock changes", "next"])
    };
    assert_eq!(
        explain("30 2 * * *"),
        [
            "a skipped time fires at the end of the gap, a repeated one the first time",
            "2026-03-29T03:00:00+02:00",
            "2026-03-30T02:30:00+02:00",
            "2026-03-31T02:30:00+02:00",
        ]
    );
    assert_eq!(
        explain("*/30 2 * * *"),
        [
            "a skipped time fires at the end of the gap, a repeated one both times",
            "2026-03-29T03:00:00+02:00",
            "2026-03-30T02:00:00+02:00",
            "2026-03-30T02:30:00+02:00",
        ]
    );
    assert_eq!(
        explain("30 1-2 * * *"),
        [
            "a skipped time does not fire, a repeated one fires both times",
            "2026-03-29T01:30:00+01:00",
            "2026-03-30T01:30:00+02:00",
            "2026-03-30T02:30:00+02:00",
        ]
    );
}

#[test]
fn explain_reports_mistakes() {
    let usage = "usage: sexton explain EXPR [OPTION ...]\nsee `sexton explain --help`\n";
    fails("explain", 2, &format!("sexton: expected a cron expression\n{usage}"));
    fails("explain|@daily|--count|3", 2, &format!("sexton: unknown option `--count`\n{usage}"));
    fails(
        "explain|0 9 * * mom",
        1,
        "sexton: day of week: unknown name `mom`, expected sun-sat or 0-7; did you mean `mon`?\n    0 9 * * mom\n            ^^^\n",
    );
    fails(
        "explain|@reboot",
        1,
        "sexton: `@reboot` has no dates of its own: its one run is when `sexton run` starts\n",
    );
    fails(
        "explain|@daily|--from|x",
        1,
        "sexton: --from `x`: year: found `x` at byte 0, expected 0001-9999\n",
    );
}
