//! `sexton why`.

use super::*;

#[test]
fn why_explains_what_fires_and_what_does_not() {
    prints(
        "why|2 4 * * mon,fri|2026-11-23 04:02",
        "fires: 2026-11-23T04:02:00 matches every field\n\
         before: 2026-11-20T04:02:00Z\n\
         after: 2026-11-27T04:02:00Z\n",
    );
    prints(
        "why|2|4|*|*|mon,fri|2026-11-24T04:00:00.5+01:00",
        "does not fire: the day of week is Tuesday, not mon or fri; the hour is 3, not 4; the minute is 0, not 2\n\
         before: 2026-11-23T04:02:00Z\n\
         after: 2026-11-27T04:02:00Z\n",
    );
    prints(
        "why|0 0 13 * fri|--days|and|2026-11-13 00:00",
        "fires: 2026-11-13T00:00:00 matches every field\n\
         before: 2026-03-13T00:00:00Z\n\
         after: 2027-08-13T00:00:00Z\n",
    );
    prints(
        "why|0 0 30 2 *|2026-02-28 00:00",
        "does not fire: the day of month is 28, not 30\nbefore: never\nafter: never\n",
    );
}

#[test]
fn a_fraction_of_a_second_is_ignored() {
    for time in ["2026-11-23 04:02:00.9", "2026-11-23T04:02:00.000000001Z"] {
        prints(
            &format!("why|2 4 * * *|{time}"),
            "fires: 2026-11-23T04:02:00 matches every field\n\
             before: 2026-11-22T04:02:00Z\n\
             after: 2026-11-24T04:02:00Z\n",
        );
    }
    prints(
        "why|2 4 * * *|1969-11-23T04:02:00.9Z",
        "fires: 1969-11-23T04:02:00 matches every field\n\
         before: 1969-11-22T04:02:00Z\n\
         after: 1969-11-24T04:02:00Z\n",
    );
}

#[test]
fn why_explains_clock_changes() {
    let zone = format!("--zone|{PARIS}");
    prints(
        &format!("why|30 2 * * *|2026-03-29 02:30|{zone}"),
        "fires at 2026-03-29T03:00:00+02:00 for 2026-03-29T02:30:00, which the clocks skipped: they went from \
         01:59:59 to 03:00:00 (+01:00 to +02:00)\n\
         before: 2026-03-28T02:30:00+01:00\n\
         after: 2026-03-30T02:30:00+02:00\n",
    );
    prints(
        &format!("why|30 * * * *|2026-03-29 02:30|{zone}"),
        "does not fire: the clocks skipped 2026-03-29T02:30:00 when they went from 01:59:59 to 03:00:00 (+01:00 to \
         +02:00), and an expression whose hours repeat does not make up for that\n\
         before: 2026-03-29T01:30:00+01:00\n\
         after: 2026-03-29T03:30:00+02:00\n",
    );
    // What fires at the end of the gap for itself comes after all that the gap skips.
    prints(
        &format!("why|0 3 * * *|2026-03-29 02:30|{zone}"),
        "does not fire: the hour is 2, not 3; the minute is 30, not 0\n\
         before: 2026-03-28T03:00:00+01:00\n\
         after: 2026-03-29T03:00:00+02:00\n",
    );
    prints(
        &format!("why|30 2 * * *|2026-10-25T02:30:00+01:00|{zone}"),
        "does not fire: the clocks show 2026-10-25T02:30:00 a second time, and it fired the first time, at \
         2026-10-25T02:30:00+02:00\n\
         before: 2026-10-25T02:30:00+02:00\n\
         after: 2026-10-26T02:30:00+01:00\n",
    );
}

#[test]
fn why_reports_mistakes() {
    let usage = |problem: &str| {
        format!("sexton: {problem}\nusage: sexton why EXPR TIME [OPTION ...]\nsee `sexton why --help`\n")
    };
    fails("why", 2, &usage("expected a cron expression and a time"));
    fails("why|0 9 * * *", 2, &usage("expected a cron expression and a time"));
    fails("why| |2026-01-01 00:00", 2, &usage("expected a cron expression"));
    fails("why|0 9 * * *|2026-01-01|09:00", 2, &usage("expected one cron expression, found 2"));
    fails("why|@daily|2026-01-01 00:00|--from|x", 2, &usage("unknown option `--from`"));
    fails(
        "why|0 9 * * *|tomorrow",
        1,
        "sexton: time `tomorrow`: year: found `t` at byte 0, expected 0001-9999\n",
    );
    fails("why|0|9|*|*|*|*", 1, "sexton: time `*`: year: found `*` at byte 0, expected 0001-9999\n");
    fails(
        "why|0 9 * * mom|tomorrow",
        1,
        "sexton: day of week: unknown name `mom`, expected sun-sat or 0-7; did you mean `mon`?\n    0 9 * * mom\n            ^^^\n",
    );
}

#[test]
fn a_skipped_time_lies_before_all_that_is_due_at_the_end_of_its_gap() {
    let paris = |args: &str| call(&format!("{args}|--zone|{PARIS}").split('|').collect::<Vec<_>>()).1;
    let (before, fire) = ("2026-03-28T02:30:00+01:00\n", "2026-03-29T03:00:00+02:00\n");
    for time in ["02:00", "02:15", "02:30", "02:45", "02:59:59"] {
        let from = format!("--from|2026-03-29 {time}|--count|1");
        assert_eq!(paris(&format!("next|30 2 * * *|{from}")), fire);
        assert_eq!(paris(&format!("next|30 2 * * *|{from}|--previous")), before);
        if time != "02:30" {
            let why = paris(&format!("why|30 2 * * *|2026-03-29 {time}"));
            assert!(why.ends_with(&format!("\nbefore: {before}after: {fire}")), "{why}");
        }
    }
}
