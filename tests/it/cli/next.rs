//! `sexton next`.

use super::*;

#[track_caller]
fn next(args: &str, expected: &[&str]) {
    let args: Vec<_> = ["next"].into_iter().chain(args.split('|')).collect();
    let (status, stdout, stderr) = call(&args);
    assert_eq!((stdout.lines().collect::<Vec<_>>(), &*stderr, status), (expected.to_vec(), "", 0));
}

#[test]
fn next_prints_the_due_times_after_a_time() {
    next(
        "2 4 * * mon,fri|--from|2026-11-22T12:00:00Z|--count|3",
        &["2026-11-23T04:02:00Z", "2026-11-27T04:02:00Z", "2026-11-30T04:02:00Z"],
    );
    next("0|0|1|1|*|--count=2|--from=2026-01-01 00:00", &["2027-01-01T00:00:00Z", "2028-01-01T00:00:00Z"]);
    next("@hourly|--count|1|--from|2026-01-01T00:00:00.5Z", &["2026-01-01T01:00:00Z"]);
    next("@hourly|--count|1|--from|2026-01-01T00:59:59.999999999", &["2026-01-01T01:00:00Z"]);
    let (status, stdout, _) = call(&["next", "* * * * * *"]);
    assert_eq!((status, stdout.lines().count()), (0, 5), "from now on, five of them");
}

#[test]
fn next_prints_json() {
    let json = ["{\"due\":\"2027-01-01T00:00:00\"}", "{\"due\":\"2028-01-01T00:00:00\"}"];
    next("0 0 1 1 *|--count=2|--from=2026-01-01 00:00|--json|--format=civil", &json);
}

#[test]
fn next_uses_the_zone() {
    let zone = format!("--zone|{PARIS}|--from|2026-03-28T12:00");
    next(
        &format!("30 2 * * *|{zone}|--count|2"),
        &["2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"],
    );
    next(&format!("30 2 * * *|{zone}|--count|1|--format|civil"), &["2026-03-29T03:00:00"]);
    next(&format!("30 2 * * *|{zone}|--count|1|--format|unix"), &["1774746000"]);
    next(
        "0 0 * * *|--zone|<LMT>0:00:15|--count|1|--from|2026-01-01T12:00Z",
        &["2026-01-02T00:00:00-00:00:15"],
    );
    fails("next|0 0 * * *|--zone|", 1, EMPTY_ZONE);
    fails("next|CRON_TZ= 0 0 * * *", 1, EMPTY_ZONE);
    let (status, _, stderr) = outcome(sexton(&["next", "0 0 * * *"]).env("TZ", "").output().unwrap());
    assert_eq!((status, stderr), (1, EMPTY_ZONE.replace("the", "TZ: the")));
    let noon = "--count|1|--from|2026-01-01T12:00Z";
    next(&format!("CRON_TZ=EST5 0 9 * * *|{noon}"), &["2026-01-01T09:00:00-05:00"]);
    next(&format!("TZ=EST5|0|9|*|*|*|{noon}|--zone|UTC0"), &["2026-01-01T09:00:00-05:00"]);
    next(&format!("0 9 * * * UTC|{noon}|--zone|EST5"), &["2026-01-02T09:00:00Z"]);
    // Said on stderr.
    let (status, stdout, stderr) =
        call(&["next", "0 9 * * *", "--zone", "UTC+2", "--count", "1", "--from", "2026-01-01T12:00Z"]);
    assert_eq!((status, &*stdout), (0, "2026-01-02T09:00:00-02:00\n"));
    assert!(stderr.starts_with("sexton: warning: `UTC+2` is -02:00, behind UTC"), "{stderr}");
}

const EMPTY_ZONE: &str = "sexton: the time zone is empty, expected one such as `Europe/Paris`, or `UTC`\n";

#[test]
fn from_is_a_date_a_time_of_day_or_unix_seconds_too() {
    next("0 0 * * *|--count|1|--from|2026-12-31", &["2027-01-01T00:00:00Z"]);
    next("0 9 * * *|--count|1|--from|1798675200", &["2026-12-31T09:00:00Z"]);
    next("@hourly|--count|1|--from|-1", &["1970-01-01T00:00:00Z"]);
    let (_, stdout, _) = call(&["next", "0 10 * * *", "--count", "1", "--from", "09:59:59"]);
    assert!(stdout.ends_with("T10:00:00Z\n"));
}

#[test]
fn a_minus_at_the_beginning_is_a_mistake_of_the_minute() {
    for args in ["next|-1 * * * *", "next|-1|*|*|*|*", "explain|-1 * * * *"] {
        fails(args, 1, "sexton: minute: found `-`, expected 0-59\n    -1 * * * *\n    ^\n");
    }
}

#[test]
fn nicknames_are_hashed_where_one_asks() {
    let from = "--hash-id|hello|--count|1|--from|2026-01-01 00:00";
    next(&format!("@daily|--hash-nicknames|{from}"), &["2026-01-01T11:10:00Z"]);
    next(&format!("H H * * *|{from}"), &["2026-01-01T11:10:00Z"]);
    next(&format!("@daily|{from}"), &["2026-01-02T00:00:00Z"]);
}

#[test]
fn previous_goes_backward() {
    next(
        "0 0 1 * *|--previous|--from|2026-03-01T00:00:00Z|--count|2",
        &["2026-02-01T00:00:00Z", "2026-01-01T00:00:00Z"],
    );
    next("0 0 1 * *|--previous|--from|2026-03-01T00:00:00.5Z|--count|1", &["2026-03-01T00:00:00Z"]);
    next("0 0 1 1 *|--previous|--from|0002-01-01T00:00:01Z|--format|unix", &["-62104060800", "-62135596800"]);
}

#[test]
fn a_schedule_that_ends_has_fewer_lines() {
    next("0 0 0 1 1 * 2026,2027|--from|2025-01-01 00:00", &["2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"]);
    next("59 59 23 31 12 *|--from|9998-12-31T23:59:59Z", &["9999-12-31T23:59:59Z"]);
    fails("next|0 0 30 2 *", 0, "sexton: `0 0 30 2 *` is never due: no date matches it\n");
    let (after, before) = ("is not due any more after that time", "was never due before that time");
    let ended = "next|0 0 0 1 1 * 2026|--from";
    fails(&format!("{ended}|2026-01-01T00:00:00Z"), 0, &format!("sexton: `0 0 0 1 1 * 2026` {after}\n"));
    fails(
        &format!("{ended}|2026-01-01T00:00:00Z|--previous"),
        0,
        &format!("sexton: `0 0 0 1 1 * 2026` {before}\n"),
    );
}

#[test]
fn next_reports_mistakes() {
    fails(
        "next|0 9 * * mom-fri",
        1,
        "sexton: day of week: unknown name `mom`, expected sun-sat or 0-7; did you mean `mon`?\n    0 9 * * mom-fri\n            ^^^\n",
    );
    fails(
        "next|* * * *",
        1,
        "sexton: expression: found 4 fields, expected 5, 6 (seconds first) or 7 (seconds first, year last)\n    \
         * * * *\n    ^^^^^^^\n",
    );
    fails(
        "next|@every 5m",
        1,
        "sexton: `@every` has no dates of its own: it counts from when `sexton run` starts\n",
    );
    // Which folders were searched depends on the machine.
    let (status, stdout, stderr) = call(&["next", "* * * * *", "--zone=Mars"]);
    assert_eq!((status, &*stdout), (1, ""));
    assert!(stderr.starts_with("sexton: TZ `Mars` is neither a zone (zone `Mars`: "), "{stderr}");
    let usage = "usage: sexton next EXPR [OPTION ...]\nsee `sexton next --help`\n";
    let reversed = "--until `2026-12-01` is before --from `2026-12-02`: expected a later time";
    let args = "next|* * * * *|--from|2026-12-02|--until|2026-12-01";
    fails(args, 2, &format!("sexton: {reversed}\n{usage}"));
    fails(
        "next|* * * * *|--from|tomorrow",
        1,
        "sexton: --from `tomorrow`: year: found `t` at byte 0, expected 0001-9999\n",
    );
}
