//! The options that say how expressions are read, which all commands have.

use super::*;

/// What `next` shows of one fire from the beginning of 2027 on, in the civil time of UTC.
#[track_caller]
fn next(args: &str, expected: &str) {
    let tail = "--count|1|--format|civil|--from|2026-12-31T23:59:59Z";
    prints(&format!("next|{args}|{tail}"), &format!("{expected}\n"));
}

#[test]
fn an_expression_is_read_in_its_dialect() {
    next("0 30 9 * * 1", "2027-01-04T09:30:00");
    next("0 30 9 * * 1|--dialect|default", "2027-01-04T09:30:00");
    next("30 9 * * 1 0|--dialect|croniter", "2027-01-04T09:30:00");
    next("0 30 9 ? * 2|--dialect|quartz", "2027-01-04T09:30:00");
    next("0|30|9|?|*|2|2028|--dialect=quartz", "2028-01-03T09:30:00");
    next("30 9 */2 * 1|--dialect|cronie", "2027-01-11T09:30:00");
    next("dialect=quartz|0|30|9|?|*|2", "2027-01-04T09:30:00");
}

#[test]
fn switches_work_with_every_dialect() {
    next("0 0 13 * fri", "2027-01-01T00:00:00");
    next("0 0 13 * fri|--days|and", "2027-08-13T00:00:00");
    next("days=and|0|0|13|*|fri", "2027-08-13T00:00:00");
    next("days=and|0|0|0|13|*|fri|2028", "2028-10-13T00:00:00");
    next("0 0 0 13 * 6|--dialect|quartz|--days|or", "2027-01-01T00:00:00");
    next("0 0 */2 * fri", "2027-01-01T00:00:00");
    next("0 0 */2 * tue", "2027-01-01T00:00:00");
    next("0 0 */2 * tue|--star-bit", "2027-01-05T00:00:00");
    next("30 9 * * 1 0|--seconds|last", "2027-01-04T09:30:00");
    next("30 9 * * 1 0|--dialect|croniter|--seconds|last", "2027-01-04T09:30:00");
    next("0 30 9 * * 1|--dialect|croniter|--seconds|first", "2027-01-04T09:30:00");
    next("15 30 9 * * 1|--dialect|cronie|--seconds|first", "2027-01-04T09:30:15");
    next("30 9 * * 1 2028|--seconds|none", "2028-01-03T09:30:00");
    next("seconds=none 30 2 * * * *", "2027-01-01T02:30:00");
}

#[test]
fn what_is_hashed_or_drawn_has_a_source() {
    next("H H * * *|--hash-id|report", "2027-01-01T10:44:00");
    next("H H * * *|--hash-id|other", "2027-01-01T00:00:00");
    next("@daily|--hash-id|report", "2027-01-01T00:00:00");
    next("@daily|--hash-id|report|--dialect|croniter", "2027-01-01T10:44:20");
    for (dialect, text) in [("croniter", "R 4 * * *"), ("cronie", "~ 4 * * *")] {
        let args = ["next", text, "--dialect", dialect, "--count", "1", "--format", "civil"];
        let minutes = (0..20).map(|_| call(&args).1).collect::<std::collections::HashSet<_>>();
        assert!(minutes.len() > 1 && minutes.iter().all(|time| time.contains("T04:")), "{minutes:?}");
    }
    fails(
        "next|H 4 * * *",
        1,
        "sexton: minute: found `H`, expected an id to hash: `--hash-id ID`\n    H 4 * * *\n    ^\n",
    );
    fails(
        "explain|0 R(0-4) * * *",
        1,
        "sexton: hour: found `R`, expected `H`, which stays the same, or `--dialect croniter`, which draws it\n    \
         0 R(0-4) * * *\n      ^\n",
    );
}

#[test]
fn text_that_a_dialect_does_not_allow_is_a_mistake() {
    fails(
        "next|0 9 * * *|--dialect|quartz",
        1,
        "sexton: expression: found 5 fields, expected 6 (seconds first) or 7 (seconds first, year last)\n    \
         0 9 * * *\n    ^^^^^^^^^\n",
    );
    fails(
        "next|0 9 * * * 0|--dialect|cronie",
        1,
        "sexton: expression: found 6 fields, expected 5\n    0 9 * * * 0\n    ^^^^^^^^^^^\n",
    );
    fails(
        "next|0 9 L * *|--dialect|cronie",
        1,
        "sexton: day of month: found `L`, expected 1-31\n    0 9 L * *\n        ^\n",
    );
    fails(
        "next|dialect=vixie 0 9 * * *",
        1,
        "sexton: expression: unknown dialect `vixie`, expected default, croniter, quartz, cron, eventbridge or cronie\n    \
         dialect=vixie 0 9 * * *\n            ^^^^^\n",
    );
}

#[test]
fn what_another_reading_allows_is_said() {
    for (text, mark, message) in [
        ("0 9 * * 1 2026", "          ^^^^", "day of week: no such value `2026`, expected sun-sat or 0-7; it can be read with `seconds=none` before it, for the year last"),
        ("0 9 * * 1 30", "          ^^", "day of week: no such value `30`, expected sun-sat or 0-7; it can be read with `seconds=last` before it"),
        ("~ 9 * * 1", "^", "minute: unsupported random range `~`, expected 0-59; it can be read with `dialect=cronie` before it, or `--dialect cronie`"),
    ] {
        fails(&format!("next|{text}"), 1, &format!("sexton: {message}\n    {text}\n    {mark}\n"));
        let (_, stdout, _) = call_with_input(&["check", "-"], &format!("{text} x\n"));
        assert!(stdout.contains(&format!(": {message}\n")), "{stdout}");
    }
}

#[test]
fn every_command_reports_wrong_values_of_options() {
    let fails = |command: &str, args: &str, problem: &str| {
        let (status, stdout, stderr) = call(&[&[command], &args.split('|').collect::<Vec<_>>()[..]].concat());
        assert_eq!((status, &*stdout), (2, ""), "{command} {args}");
        let expected = format!("sexton: {problem}\nusage: sexton {command} ");
        assert!(stderr.starts_with(&expected), "{stderr}");
    };
    for command in ["run", "next", "explain", "why", "check", "translate"] {
        let unknown =
            "unknown dialect `vixie`, expected default, croniter, quartz, cron, eventbridge or cronie";
        fails(command, "--dialect|vixie", unknown);
        fails(command, "--dialect=Quartz", &unknown.replace("vixie", "Quartz"));
        fails(command, "--dialect", "`--dialect` needs a value");
        fails(command, "--days|xor", "unknown rule `xor` for `--days`, expected `and` or `or`");
        fails(command, "--star-bit=yes", "`--star-bit` takes no value");
        let seconds = "unknown place `middle` for `--seconds`, expected `first`, `last` or `none`";
        fails(command, "--seconds|middle", seconds);
        fails(command, "--hash-id|a|--hash-id|b", "`--hash-id` is given twice");
        let two_rules = "`--days` and `--star-bit` are two rules for the same: expected one of them";
        fails(command, "--days|or|--star-bit", two_rules);
        fails(command, "--days|and|--star-bit", two_rules);
    }
    fails(
        "translate",
        "@daily|--to|vixie",
        "unknown dialect `vixie`, expected default, croniter, quartz, cron, eventbridge or cronie",
    );
}

#[test]
fn a_drawn_value_is_called_one() {
    let note =
        "sexton: `R` and `~` are drawn anew each time that a text is read: this is one of many results\n";
    for args in [
        "next|~ 4 * * *|--dialect|cronie",
        "explain|0 R(1-9) * * *|--dialect|croniter",
        "translate|dialect=cronie 0~30 4 * * *|--to|quartz",
    ] {
        let (status, _, stderr) = call(&args.split('|').collect::<Vec<_>>());
        assert_eq!((status, &*stderr), (0, note), "{args}");
    }
    let (_, _, stderr) = call(&["next", "H 4 * * *", "--dialect", "croniter", "--hash-id", "x"]);
    assert_eq!(stderr, "");
}

#[test]
fn a_message_speaks_of_what_the_program_has_and_not_of_the_library() {
    let once = "sexton: expression: found `UTC`, expected fields only: a zone stands once, before or behind all of them\n    \
                0 9 * * * UTC\n              ^^^\n";
    fails("next|CRON_TZ=UTC 0 9 * * * UTC", 1, once);
    let rate = "sexton: expression: found `rate(5 minutes)`, expected times: a period is `@every 5m` in a crontab\n    \
                rate(5 minutes)\n    ^^^^^^^^^^^^^^^\n";
    fails("explain|rate(5 minutes)|--dialect|eventbridge", 1, rate);
    let (status, stdout, _) = call_with_input(&["check", "-"], "0 9 * * Europe/Paris report\n");
    let few = "<stdin>:1:9: expression: found `Europe/Paris`, expected fields only: a zone stands once, before or behind all of \
               them\n    0 9 * * Europe/Paris report\n            ^^^^^^^^^^^^\n";
    assert_eq!((status, &*stdout), (1, few));
}
