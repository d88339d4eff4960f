//! What the dialects read differently, each against the others.

use proptest::prelude::*;
use sexton::civil::DateTime;
use sexton::cron::{Dialect, Reader};
use sexton::{cron, Cron};

const DEFAULT: Dialect = Dialect::DEFAULT;
const CRONITER: Dialect = Dialect::CRONITER;
const QUARTZ: Dialect = Dialect::QUARTZ;
const CRONIE: Dialect = Dialect::CRONIE;
const CRON: Dialect = Dialect::CRON;
const EVENTBRIDGE: Dialect = Dialect::EVENTBRIDGE;

/// A dialect, a text, and how it is read: in the default dialect, with the switches that this takes.
#[rustfmt::skip]
const READ_AS: &[(Dialect, &str, &str)] = &[
    // Where the seconds are.
    (DEFAULT, "0 3 9 * * 1", "3 9 * * mon"),
    (CRONITER, "0 3 9 * * 1", "1 0 3 9 * *"),
    (CRONITER, "0 9 * * * 30 2026", "30 0 9 * * * 2026"),
    (CRONITER.seconds_first(), "0 30 9 * * 1 2026", "0 30 9 * * mon 2026"),
    (DEFAULT.seconds_last(), "0 3 9 * * 1", "1 0 3 9 * *"),
    (QUARTZ.seconds_last(), "30 9 ? * 2 15", "15 30 9 * * mon"),
    (CRONIE.seconds_first(), "15 30 9 * * 1", "15 30 9 * * mon"),
    (CRONIE.seconds_last(), "30 9 * * 1 15", "15 30 9 * * mon"),
    (CRONIE.seconds_last(), "30 9 * * 1", "30 9 * * mon"),
    // Which weekday a number is.
    (DEFAULT, "0 9 * * 1-5", "0 9 * * mon-fri"),
    (QUARTZ, "0 0 9 ? * 2-6", "0 9 * * mon-fri"),
    (QUARTZ, "0 0 9 ? * 1,7", "0 9 * * sun,sat"),
    (QUARTZ, "0 0 9 ? * mon,SUN", "0 9 * * sun,mon"),
    (QUARTZ, "0 0 9 ? * 6#3", "0 9 * * fri#3"),
    (QUARTZ, "0 0 9 ? * 6L", "0 9 * * friL"),
    (QUARTZ, "0 0 9 ? * L", "0 9 * * sat"),
    (DEFAULT, "0 9 * * 7", "0 9 * * sun"),
    (CRONITER, "0 9 * * 7/2", "0 9 * * */2"),
    (CRONITER, "0 9 * * 0-7", "0 9 * * sun-sat"),
    (CRONITER, "0 9 * * 5-7", "0 9 * * sun,fri,sat"),
    (CRONIE, "0 9 * * 5-0", "0 9 * * sun,fri,sat"),
    (CRONIE, "0 9 * * 0-7", "0 9 * * sun-sat"),
    // Both days restricted.
    (DEFAULT, "0 0 13 * 5", "0 0 13 * fri"),
    (DEFAULT.days_and(), "0 0 13 * 5", "days=and 0 0 13 * fri"),
    (QUARTZ, "0 0 0 13 * 6", "days=and 0 0 13 * fri"),
    (QUARTZ.days_or(), "0 0 0 13 * 6", "0 0 13 * fri"),
    (CRONIE, "0 0 13 * 5", "0 0 13 * fri"),
    (CRONIE, "0 0 */2 * 1", "days=and 0 0 */2 * mon"),
    (CRONIE, "0 0 1-31/2 * 1", "0 0 */2 * mon"),
    (CRONIE, "0 0 13 * */2", "days=and 0 0 13 * */2"),
    (CRONIE, "0 0 *,5 * 1", "0 0 * * mon"),
    (CRONIE, "0 0 5,* * 1", "0 0 1-31 * mon"),
    (DEFAULT, "0 0 5,* * 1", "0 0 * * mon"),
    (DEFAULT, "0 0 */2 * 1", "0 0 */2 * mon"),
    (DEFAULT.star_bit(), "0 0 */2 * 1", "days=and 0 0 */2 * mon"),
    (CRONITER.star_bit(), "0 0 */2 * 1", "days=and 0 0 */2 * mon"),
    (CRONITER.days_and(), "0 0 1-7 * 1", "days=and 0 0 1-7 * mon"),
    (DEFAULT.days_and(), "0 0 13 * ?", "0 0 13 * *"),
    // croniter's accidents.
    (DEFAULT, "5-5 * * * *", "5-5 * * * *"),
    (CRONITER, "5-5 * * * *", "* * * * *"),
    (CRONITER, "5-5/20 * * * *", "*/20 * * * *"),
    (CRONITER, "0 0 1 jan-jan *", "0 0 1 * *"),
    (DEFAULT, "0 22-4/3 * * *", "0 22-4/3 * * *"),
    (DEFAULT, "0 23-0 * * *", "0 23-0 * * *"),
    (DEFAULT, "0 22-2/2 * * *", "0 22-2/2 * * *"),
    (DEFAULT, "0 0 1 apr-mar/2 *", "0 0 1 feb-dec/2 *"),
    (CRONITER, "0 22-4/3 * * *", "0 2-22/20 * * *"),
    (CRONITER, "0 0 1 apr-mar/2 *", "0 0 1 mar,apr,jun,aug,oct,dec *"),
    (CRONITER, "0 0 * * thu-tue/2", "0 0 * * tue,thu,sat"),
    (CRONITER, "0 22-2 * * *", "0 22-2 * * *"),
    (CRONITER, "0 0 31W * *", "0 0 LW * *"),
    (CRONITER, "0 0 30W * *", "dialect=croniter 0 0 30W * *"),
    (CRONITER, "0 0 30W * fri#5", "dialect=croniter 0 0 30W * fri#5"),
    (CRONITER, "0 0 28W * *", "0 0 28W * *"),
    (CRONITER, "0 0 10 * fri#2", "0 0 * * fri#2"),
    (CRONITER, "0 0 15 * fri#2", "days=and 0 0 15 * fri#2"),
    (CRONITER, "0 0 15W * mon", "0 0 15W * *"),
    (CRONITER, "0 0 15W * sat", "days=and 0 0 15W * sat"),
    (CRONITER, "0 0 15W * mon#3", "days=and 0 0 15W * mon#3"),
    (CRONITER, "0 0 13 * *,fri#2", "days=and 0 0 13 * fri#2"),
    (CRONITER, "0 0 15W * fri#2,*", "days=and 0 0 15W * fri#2"),
    (CRONITER, "0 0 13 * 0-6,fri#2", "0 0 * * fri#2"),
    (CRONITER, "0 0 * * *,sat#3", "0 0 * * sat#3"),
    (CRONITER, "0 0 * * fri,mon-fri#2", "0 0 * * mon#2,tue#2,wed#2,thu#2,fri#2"),
    (DEFAULT, "0 0 * * fri,fri#2", "0 0 * * fri"),
    (CRONITER, "0 0 1-31 * */2", "0 0 * * */2"),
    (CRONITER, "0 0 */2 * 0-7", "0 0 */2 * *"),
    (CRONITER, "0 0 */2 * 1-7,3#1", "days=and 0 0 */2 * wed#1"),
    (CRONITER, "0 0 */20 * wed-wed#3", "days=and 0 0 1,21 * sun#3,mon#3,tue#3,wed#3,thu#3,fri#3,sat#3"),
    (CRONITER.star_bit(), "0 0 5,*/20 * 0-6,l5", "days=and 0 0 1,5,21 * friL"),
    (CRONITER, "0 0 24-22,L * 4,*/7", "0 0 * * sun,thu"),
    (CRONITER, "0 0 1-31,L * 4,*/7", "0 0 1-31,L * sun,thu"),
    (CRONITER, "0 0 30 * mon,tue-sun#5", "0 0 * * sun#5,tue#5,wed#5,thu#5,fri#5,sat#5"),
    (CRONITER, "0 0 1-31 * 1", "0 0 1-31 * mon"),
    (DEFAULT, "0 0 1-31 * */2", "0 0 1-31 * */2"),
    (CRONITER.star_bit(), "0 0 13 * 4,*", "0 0 13 * *"),
    (CRONITER.star_bit(), "0 0 5,* * fri#2", "0 0 * * fri#2"),
    (CRONITER, "0 0 1 1 * 0 2025-2025", "0 0 1 jan *"),
    (CRONITER, "0 0 1 1 * 0 2098-1971", "0 0 0 1 jan * 1970,1971,2098,2099"),
    (CRONITER.days_and(), "0 0 10 * fri#2", "days=and 0 0 10 * fri#2"),
    (CRONITER, "0 0 13 * 5", "0 0 13 * fri"),
    // A text that says itself how it is read.
    (CRONITER, "dialect=default 0 30 9 * * 1", "30 9 * * mon"),
    (DEFAULT, "dialect=croniter seconds=first 5 30 9 * * 1", "5 30 9 * * mon"),
    (DEFAULT, " DIALECT=quartz  days=or 0 0 0 13 * 6", "0 0 13 * fri"),
    (CRONIE, "seconds=last @daily", "0 0 * * *"),
    // No seconds, the year last.
    (DEFAULT.seconds_none(), "30 2 * * * *", "30 2 * * *"),
    (DEFAULT, "seconds=none */5 * * * * 2030", "0 */5 * * * * 2030"),
    (DEFAULT, "seconds=none 30 2 * * mon", "30 2 * * mon"),
    (CRONITER, "seconds=none 30 2 * * 7 2030-2031", "0 30 2 * * sun 2030,2031"),
    // Quartz 2.5.
    (QUARTZ, "0 0 9 1,L * ?", "0 9 1,L * *"),
    (QUARTZ, "0 0 9 L-1W,L-1 * ?", "0 9 L-1,L-1W * *"),
    (QUARTZ, "0 0 9 2W,16 * ?", "0 9 16,2W * *"),
    (QUARTZ, "0 0 9 LW,15W,1-3 * ?", "0 9 1-3,15W,LW * *"),
    (QUARTZ, "/15 * * * * ?", "*/15 * * * * *"),
    (QUARTZ, "0 /5 /2 /10 /3 ? /100", "0 */5 */2 */10 */3 * */100"),
    (QUARTZ, "0 0 9 ? /6 3#2", "0 9 * jan,jul tue#2"),
    (QUARTZ, "0 0/59 0/23 ? * 1/7", "59-0 23-0 * * sun"),
    (QUARTZ, "0 0-30/60 9 ? * 2-6/9", "0-0 9 * * mon"),
    (QUARTZ, "0 0 9 ? January-March Monday-Friday", "0 9 * jan-mar mon-fri"),
    (QUARTZ, "0 0 9 ? * fridayL", "0 9 * * friL"),
    // The crate `cron`.
    (CRON, "0 0 9 ?/2 * ?", "0 9 */2 * *"),
    (CRON, "0 0 9 ? * ?/3", "0 9 * * */3"),
    (CRON, "0 0 9 1,? * Tues,Thurs", "0 9 * * tue,thu"),
    (CRON, "0 0 9 1-7 * Mon-Thurs/2", "days=and 0 9 1-7 * mon,wed"),
    (CRON, "0 0 9 * February-November/2 2-6 2030/20", "0 0 9 * feb-oct/2 mon-fri 2030-2090/20"),
    // EventBridge.
    (EVENTBRIDGE, "cron(0 12 ? * MON-FRI *)", "0 12 * * mon-fri"),
    (EVENTBRIDGE, " cron( 0/15 8-17 * * ? 2030-2032 ) ", "0 */15 8-17 * * * 2030-2032"),
    (EVENTBRIDGE, "15 10 ? * 6L 2030-2031", "0 15 10 * * friL 2030,2031"),
    (EVENTBRIDGE, "0 9 3W * ? *", "0 9 3W * *"),
    (EVENTBRIDGE, "0 9 ? * 3#2 *", "0 9 * * tue#2"),
    (DEFAULT, "dialect=eventbridge cron(0 18 ? * 2-6 *)", "0 18 * * mon-fri"),
    // Full names.
    (DEFAULT, "0 9 * january,MAY monday,Saturday", "0 9 * jan,may mon,sat"),
    (DEFAULT, "0 9 * september-4 wednesday-friday", "0 9 * jan-apr,sep-dec wed-fri"),
    (DEFAULT, "0 9 * * tuesday#2,fridayL,Lsunday", "0 9 * * tue#2,sunL,friL"),
    (CRONITER, "0 9 * * sunday-saturday/3 0", "0 9 * * */3"),
    (CRONIE, "0 9 1 december monday-friday", "0 9 1 dec mon-fri"),
    // Every other week.
    (DEFAULT, "0 9 * * mon%2", "0 9 * * mon%2"),
    (DEFAULT, "0 9 * * 7%2+3", "0 9 * * sun%2+1"),
    (DEFAULT, "0 9 * * MONDAY-5%3+2", "0 9 * * mon-fri%3+2"),
    (DEFAULT, "0 9 * * sun%2,tue%3+2", "0 9 * * sun%2,tue%3+2"),
    (DEFAULT, "0 9 * * tue%3+5,sun%4,tue%3+2", "0 9 * * tue%3+2,sun%4"),
    (DEFAULT, "0 9 * * wed%4+1,wed%4", "0 9 * * wed%4+1,wed%4"),
    (DEFAULT, "0 9 * * mon%1", "0 9 * * mon"),
    (DEFAULT, "0 9 * * mon%2,fri", "0 9 * * fri,mon%2"),
    (DEFAULT, "0 9 * * mon%2,mon,sun%1", "0 9 * * sun,mon,mon%2"),
    (DEFAULT, "0 9 * * mon%1,tue", "0 9 * * mon,tue"),
    (DEFAULT, "0 9 * * fri,mon%52+60,tue%52+8", "0 9 * * fri,mon%52+8,tue%52+8"),
    (DEFAULT, "0 9 * * mon%12,*", "0 9 * * *"),
    (DEFAULT, "days=and 0 9 1-7 * mon%63+62", "days=and 0 9 1-7 * mon%63+62"),
    (DEFAULT, "0 9 13 * sat-sun%2", "0 9 13 * sun%2,sat%2"),
];

#[test]
fn a_text_means_what_its_dialect_says() {
    for &(dialect, text, meaning) in READ_AS {
        let read = dialect.parse(text).unwrap_or_else(|error| panic!("{dialect}: {text}: {error}"));
        assert_eq!(read.to_string(), meaning, "{dialect}: {text}");
        assert_eq!(Cron::parse(meaning), Ok(read), "{dialect}: {text}");
    }
}

/// What a dialect does not take, with the whole message.
#[rustfmt::skip]
const MISTAKES: &[(Dialect, &str, &str)] = &[
    (QUARTZ, "0 9 * * 1", "expression: found 5 fields, expected 6 (seconds first) or 7 (seconds first, year last)"),
    (QUARTZ.seconds_last(), "*", "expression: found 1 field, expected 6 (seconds last) or 7 (seconds sixth, year last)"),
    (CRONITER, "* * * *", "expression: found 4 fields, expected 5, 6 (seconds last) or 7 (seconds sixth, year last)"),
    (CRONIE, "0 0 9 * * 1", "expression: found 6 fields, expected 5"),
    (CRONIE.seconds_first(), "*", "expression: found 1 field, expected 5 or 6 (seconds first)"),
    (CRONIE.seconds_last(), "*", "expression: found 1 field, expected 5 or 6 (seconds last)"),
    (QUARTZ, "0 0 9 ? * 0", "day of week: no such value `0` at byte 10, expected sun-sat or 1-7, Sunday being 1"),
    (QUARTZ, "0 0 9 ? * SAT,SUN,L", "day of week: found `L` at byte 18, expected such a mark alone, without a list"),
    (QUARTZ, "0 0 9 ? * 6,7L", "day of week: found `7L` at byte 12, expected such a mark alone, without a list"),
    (QUARTZ, "0 0 9 ? * 2#1,4", "day of week: found `2#1` at byte 10, expected such a mark alone, without a list"),
    (QUARTZ, "0/120 0 8-18 ? * 2-6", "second: no such value `120` at byte 2, expected a step that is no greater than the field's last value"),
    (QUARTZ, "0 */60 * * * ?", "minute: no such value `60` at byte 4, expected a step that is no greater than the field's last value"),
    (QUARTZ, "0 0 /24 * * ?", "hour: no such value `24` at byte 5, expected a step that is no greater than the field's last value"),
    (QUARTZ, "0 0 9 ? */13 1", "month: no such value `13` at byte 10, expected a step that is no greater than the field's last value"),
    (QUARTZ, "/ * * * * ?", "second: found nothing at byte 1, expected a step after `/`"),
    (DEFAULT, "/15 * * * *", "minute: found `/` at byte 0, expected 0-59"),
    (CRON, "0 0 9 L * *", "day of month: found `L` at byte 6, expected 1-31"),
    (CRON, "0 0 9 * * mon#1", "day of week: found `#` at byte 13, expected `,` or a blank"),
    (CRON, "0 0 22-2 * * *", "hour: backward range `22-2` at byte 4, expected the smaller value first"),
    (CRON, "0 0 9 * * 6-1", "day of week: backward range `6-1` at byte 10, expected the smaller value first"),
    (CRON, "0 0-5/60 9 * * *", "minute: no such value `60` at byte 6, expected a step that is no greater than the field's last value"),
    (CRON, "0 0 9 * * * 2101", "year: no such value `2101` at byte 12, expected 1970-2100"),
    (EVENTBRIDGE, "cron(0 12 * * MON-FRI *)", "day of week: found `MON-FRI` at byte 14, expected `?` in one of the day fields; did you mean `?`?"),
    (EVENTBRIDGE, "cron(0 12 ? * ? *)", "day of week: found `?` at byte 14, expected it in only one of the day fields; did you mean `*`?"),
    (EVENTBRIDGE, "cron(0 12 ? * 2-6)", "expression: found 5 fields, expected 6 (year last)"),
    (EVENTBRIDGE, "rate(5 minutes)", "expression: found `rate(5 minutes)` at byte 0, expected times: a period is a task's `every`, and `rate(...)` is read by its `cron_as`"),
    (DEFAULT, "cron(0 12 ? * MON-FRI *)", "expression: found `cron(` at byte 0, expected `dialect=eventbridge` before it, whose spelling that is"),
    (DEFAULT, "seconds=none 0 0 9 * * * 2030", "expression: found 7 fields, expected 5 or 6 (year last)"),
    (DEFAULT, "0 9 * * Tues", "day of week: unknown name `Tues` at byte 8, expected sun-sat or 0-7; did you mean `tue`?"),
    (DEFAULT, "0 9 * * mon%0", "day of week: no such value `0` at byte 12, expected 1-63 weeks after `%`"),
    (DEFAULT, "0 9 * * mon%64", "day of week: no such value `64` at byte 12, expected 1-63 weeks after `%`"),
    (DEFAULT, "0 9 * * mon%2+", "day of week: found nothing at byte 14, expected a number of weeks after `+`"),
    (DEFAULT, "0 9 * * mon#1%2", "day of week: found `%` at byte 13, expected `,` or a blank"),
    (DEFAULT, "0 9 * * mon%2,fri#1", "day of week: found `fri#1` at byte 14, expected three kinds of weeks at most, and none of the month"),
    (DEFAULT, "0 9 * * mon%2,tue%3,wed%4,thu%5", "day of week: found `thu%5` at byte 26, expected three kinds of weeks at most, and none of the month"),
    (CRONITER, "0 9 * * mon%2", "day of week: found `%` at byte 11, expected `,` or a blank"),
    (QUARTZ, "0 0 9 ? * mon-fri#2", "day of week: found `#` at byte 17, expected `,` or a blank"),
    (QUARTZ, "0 0 9 W15 * ?", "day of month: found `W` at byte 6, expected 1-31 or L"),
    (QUARTZ, "0 0 9 ? * fri#L", "day of week: found `L` at byte 14, expected 1-5 after `#`"),
    (QUARTZ, "0 0 9 ? * mon/2", "day of week: ambiguous `mon/2` at byte 10, expected a number before the step: Quartz reads a name and forgets the step"),
    (QUARTZ, "H 0 9 * * ?", "second: unsupported hashed value `H` at byte 0, expected 0-59"),
    (CRONITER, "0 0 1 1 * 0 2100", "year: no such value `2100` at byte 12, expected 1970-2099"),
    (CRONIE, "0 22-2 * * *", "hour: backward range `22-2` at byte 2, expected the smaller value first: cronie would never run it"),
    (CRONIE, "0 0 * * fri-mon", "day of week: backward range `fri-mon` at byte 8, expected the smaller value first: cronie would never run it"),
    (CRONIE, "0 0 * * 5-0/2", "day of week: backward range `5-0` at byte 8, expected the smaller value first: cronie would never run it"),
    (CRONIE, "5/15 * * * *", "minute: found `5/15` at byte 0, expected a range or a `*` before a step, such as `*/5`"),
    (CRONIE, "0 0 L * *", "day of month: found `L` at byte 4, expected 1-31"),
    (CRONIE, "0 0 ? * *", "day of month: found `?` at byte 4, expected 1-31"),
    (CRONIE, "0 0 15W * *", "day of month: found `W` at byte 6, expected `,` or a blank"),
    (CRONIE, "0 0 * * friL", "day of week: unknown name `friL` at byte 8, expected sun-sat or 0-7; did you mean `fri`?"),
    (CRONIE, "30~5 * * * *", "minute: backward range `30~5` at byte 0, expected the smaller value first"),
    (CRONIE, "5~10/2 * * * *", "minute: found `/` at byte 4, expected `,` or a blank"),
    (DEFAULT, "days=both 0 0 13 * 5", "expression: found `days=both` at byte 0, expected `days=or` or `days=and`"),
    (DEFAULT, "seconds=2 0 0 13 * 5", "expression: found `seconds=2` at byte 0, expected `seconds=first`, `seconds=last` or `seconds=none`"),
    (DEFAULT, "dialect=vixie 0 0 13 * 5", "expression: unknown dialect `vixie` at byte 8, expected default, croniter, quartz, cron, eventbridge or cronie"),
    (DEFAULT, "days=and dialect=cronie 0 0 13 * 5", "expression: found `dialect=cronie` at byte 9, expected a dialect before other switches"),
    (DEFAULT, "day=and 0 0 13 * 5", "expression: unknown switch `day=and` at byte 0, expected `dialect=`, `days=` or `seconds=`"),
    (DEFAULT, "days=and days=or 0 0 13 * 5", "expression: found `days=or` at byte 9, expected one rule for the days"),
    (DEFAULT, "seconds=first days=or seconds=last 0 0 0 13 * 5", "expression: found `seconds=last` at byte 22, expected one place for the seconds"),
    (DEFAULT, "days=and", "expression: found 0 fields, expected 5, 6 (seconds first) or 7 (seconds first, year last)"),
];

#[test]
fn what_a_dialect_does_not_take_is_told() {
    for &(dialect, text, message) in MISTAKES {
        let error = dialect.parse(text).map(|cron| cron.to_string()).unwrap_err();
        assert_eq!(error.to_string(), message, "{dialect}: {text}");
    }
}

#[test]
fn a_hash_stays_the_same_and_its_mistakes_are_told() {
    const HELLO: Reader<'_> = CRONITER.hash_id("hello");
    for (text, meaning) in
        [("H H/3 * * *", "10 2-23/3 * * *"), ("H(30-39) * * * *", "30 * * * *"), ("@daily", "32 10 11 * * *")]
    {
        assert_eq!(HELLO.parse(text).unwrap().to_string(), meaning);
    }
    // As croniter says: Sunday is 7, where a range says so, and 0 once it is drawn.
    for (text, report, job_1) in [
        ("H(1-7)", "sun", "sun"),
        ("H(0-7)", "sun", "wed"),
        ("H(6-7)", "sat", "sun"),
        ("H(5-7)/2", "sun,fri", "sat"),
        ("H(0-7)/2", "*/2", "sun,mon,wed,fri"),
        ("H(1-7)/3", "tue,fri", "wed,sat"),
    ] {
        for (id, days) in [("report", report), ("job-1", job_1)] {
            let cron = CRONITER.hash_id(id).parse(&format!("0 0 * * {text}")).unwrap();
            assert_eq!(cron.to_string(), format!("0 0 * * {days}"), "{text} for {id}");
        }
    }
    // A nickname in the default dialect is no hash: a job that gets a name must not move off midnight.
    assert_eq!(DEFAULT.hash_id("hello").parse("@daily"), Cron::parse("@daily"));
    assert_eq!(cron!("H 4 * * *", DEFAULT.hash_id("hello")), HELLO.parse("H 4 * * *").unwrap());
    for (text, message) in [
        (
            "H,5 * * * *",
            "minute: found `H` at byte 0, expected a hashed or random value alone, without a list",
        ),
        (
            "5,H * * * *",
            "minute: found `H` at byte 2, expected a hashed or random value alone, without a list",
        ),
        ("H-5 * * * *", "minute: found `-` at byte 1, expected `,` or a blank"),
        ("H(5) * * * *", "minute: found `)` at byte 3, expected `-` and the last value"),
        ("H(5-9 * * * *", "minute: found nothing at byte 5, expected `)`"),
        (
            "H(9-5) * * * *",
            "minute: found `9-5` at byte 2, expected two values of the field, the smaller first",
        ),
        (
            "H(5-5) * * * *",
            "minute: found `5-5` at byte 2, expected two values of the field, the smaller first",
        ),
        ("0 0 * * H(0-8)", "day of week: no such value `8` at byte 12, expected sun-sat or 0-7"),
        ("H(0-60) * * * *", "minute: no such value `60` at byte 4, expected 0-59"),
        ("H/0 * * * *", "minute: step `0` at byte 2, expected 1 or more"),
    ] {
        assert_eq!(HELLO.parse(text).unwrap_err().to_string(), message);
    }
}

#[test]
fn a_random_value_needs_a_seed_and_lies_in_its_range() {
    assert_eq!(
        DEFAULT.parse("R 4 * * *").unwrap_err().to_string(),
        "minute: found `R` at byte 0, expected a seed: `Dialect::seed`; a hash with an id, `Dialect::hash_id`, stays the same"
    );
    assert_eq!(
        CRONIE.hash_id("x").parse("~ 4 * * *").unwrap_err().to_string(),
        "minute: found `~` at byte 0, expected a seed to draw from: `Dialect::seed`"
    );
    let noon: DateTime = "2026-11-22 12:00".parse().unwrap();
    let mut drawn = [false; 60];
    for seed in 0..600 {
        let cron = CRONIE.seed(seed).parse("10~19,40~ ~10 * * sat~").unwrap();
        assert_eq!(CRONIE.seed(seed).parse("10~19,40~ ~10 * * sat~"), Ok(cron));
        let fires: Vec<DateTime> = cron.upcoming(noon).take(2).collect();
        for fire in fires {
            assert!(fire.time().hour() <= 10);
            drawn[usize::from(fire.time().minute())] = true;
        }
        let range = DEFAULT.seed(seed).parse("R(20-29) R/6 * * *").unwrap();
        assert!((20..30).contains(&range.next(noon).unwrap().time().minute()));
    }
    assert!((0..60).all(|minute| drawn[minute] == ((10..20).contains(&minute) || minute >= 40)), "{drawn:?}");
    // Without values it draws from all of the field.
    for seed in 0..40 {
        let parse = |text| CRONIE.seed(seed).parse(text).unwrap();
        assert_eq!(parse("0 0 ~ * *"), parse("0 0 1~31 * *"));
        assert_eq!(parse("0 0 1 ~ *"), parse("0 0 1 1~12 *"));
    }
    // The text itself may name a dialect that draws.
    DEFAULT.parse("dialect=cronie ~ 4 * * *").unwrap();
    assert!(CRONITER.parse("dialect=default R 4 * * *").is_err());
    // Where the system draws, two texts that are parsed differ sooner or later.
    let first = CRONITER.parse("R R R * *").unwrap();
    assert!((0..20).any(|_| CRONITER.parse("R R R * *").unwrap() != first));
}

#[test]
fn a_hashed_day_is_one_that_every_month_has() {
    // croniter keeps to its own.
    let late = |reader: Reader<'_>, text: &str| {
        let cron = reader.parse(&format!("0 0 {text} * *")).unwrap();
        cron.upcoming("2026-01-01 00:00".parse().unwrap()).take(50).any(|time| time.date().day() > 28)
    };
    let mut days = [false; 32];
    let (mut late_in_range, mut late_in_croniter) = (0, 0);
    for i in 0..500 {
        let id = format!("job-{i}");
        let (hashed, drawn) = (DEFAULT.hash_id(&id), DEFAULT.seed(i));
        for (reader, texts) in
            [(hashed, ["H", "H/7", "h,3", "3,H/10"]), (drawn, ["R", "R/7", "r,3", "3,R/10"])]
        {
            assert!(!texts.iter().any(|text| late(reader, text)), "{id}");
        }
        let first = hashed.parse("0 0 H * *").unwrap().next("2026-01-31 00:00".parse().unwrap()).unwrap();
        days[usize::from(first.date().day())] = true;
        late_in_range += u32::from(late(hashed, "H(1-31)"));
        late_in_croniter += u32::from(late(CRONITER.hash_id(&id), "H"));
    }
    assert!((1..=28).all(|day| days[day]), "{days:?}");
    assert!(late_in_range > 20 && late_in_croniter > 20, "{late_in_range} {late_in_croniter}");
    // Of a list: croniter takes none.
    let listed = DEFAULT.hash_id("hello").parse("H,30 H(0-3),H/6 * * *").unwrap();
    assert_eq!(listed.to_string(), "10,30 3-3,5,11,17,23 * * *");
}

#[test]
fn nicknames_are_hashed_as_in_jenkins_where_one_asks() {
    let hashing = DEFAULT.hash_nicknames();
    for (nickname, text) in [
        ("@yearly", "H H H H *"),
        ("@annually", "H H H H *"),
        ("@monthly", "H H H * *"),
        ("@weekly", "H H * * H"),
        ("@daily", "H H * * *"),
        ("@midnight", "H H(0-2) * * *"),
        ("@hourly", "H * * * *"),
    ] {
        for id in ["hello", "report", "j5"] {
            assert_eq!(hashing.hash_id(id).parse(nickname), DEFAULT.hash_id(id).parse(text), "{nickname}");
            let plain = DEFAULT.hash_id(id).parse(nickname);
            assert_eq!(plain, Cron::parse(nickname));
        }
    }
    assert_eq!(
        hashing.parse("@daily").unwrap_err().to_string(),
        "minute: found `H` at byte 0, expected an id to hash: a task's `cron` takes its name, `Dialect::hash_id` any text"
    );
    assert_eq!(hashing.to_string(), "default, hashed nicknames");
}

fn dialects() -> impl Strategy<Value = Dialect> {
    let seconds = |dialect: Dialect| {
        prop_oneof![
            2 => Just(dialect),
            1 => Just(dialect.seconds_first()),
            1 => Just(dialect.seconds_last()),
            1 => Just(dialect.seconds_none()),
        ]
    };
    let days = |dialect: Dialect| {
        prop_oneof![
            Just(dialect),
            Just(dialect.days_or()),
            Just(dialect.days_and()),
            Just(dialect.star_bit()),
        ]
    };
    prop::sample::select(&Dialect::ALL[..]).prop_flat_map(seconds).prop_flat_map(days)
}

fn has_star_bit(dialect: Dialect) -> bool {
    dialect == dialect.star_bit()
}

/// A text as some dialect may take it, or not.
fn texts() -> impl Strategy<Value = String> {
    let day = prop_oneof![
        Just("*".to_string()),
        Just("?".to_string()),
        "(\\*/[1-9]|[1-9]|[12][0-9]|[1-9]-[12][0-9](/[1-5])?|5,\\*|3[01]?W|L|LW|L-3|2[0-9]-5(/3)?)",
    ];
    let weekday = prop_oneof![
        Just("*".to_string()),
        Just("?".to_string()),
        "(\\*/[1-4]|[1-6]|mon-fri|[1-6]-[1-6](/2)?|7/2|fri#[1-5]|[1-6]L|L[1-6]|1#1,3#2|sun,2#3|L|mon%[1-9]0?(\\+[0-9])?)",
    ];
    let second = "(|0 |30 |\\*/7 )";
    (
        second,
        "([0-9]|\\*/5|7-7|50-9/7)",
        "([0-9]|\\*|22-4/3|9-17)",
        day,
        "(\\*|2|jan-jan|nov-feb/2)",
        weekday,
        second,
    )
        .prop_map(|(first, minute, hour, day, month, weekday, last)| {
            format!("{first}{minute} {hour} {day} {month} {weekday} {last}")
        })
}

proptest! {
    #[cfg(feature = "tools")]
    #[test]
    fn what_is_written_for_a_dialect_it_reads_as_the_same(
        expression in super::meaning::expressions(),
        text in texts(),
        from in dialects(),
        to in dialects(),
    ) {
        for cron in [Cron::parse(&expression.text), from.parse(&text)] {
            let cron = match cron {
                Ok(cron) => cron,
                Err(_) => continue,
            };
            if let Ok(written) = cron.in_dialect(to) {
                prop_assert_eq!(to.seed(0).parse(&written.to_string()), Ok(cron), "{:?}", written);
            }
            prop_assert_eq!(Cron::parse(&cron.to_string()), Ok(cron), "{}", cron);
        }
    }

    #[cfg(feature = "tools")]
    #[test]
    fn what_a_dialect_reads_it_can_write(text in texts(), dialect in dialects()) {
        if let Ok(cron) = dialect.parse(&text) {
            let written = cron.in_dialect(dialect);
            // What croniter itself does not know is read all the same; and of the star bit, a set that is not written as
            // `*/n` by itself has lost its star.
            let is_lost = dialect.name() == "croniter" || has_star_bit(dialect);
            prop_assert!(written.is_ok() || is_lost, "{}: {} as {}: {:?}", dialect, text, cron, written);
        }
    }

    #[test]
    fn any_text_is_an_expression_or_an_error_in_every_dialect(text in ".{0,40}", dialect in dialects()) {
        if let Err(error) = dialect.parse(&text) {
            prop_assert!(text.get(error.span()).is_some(), "{error}");
        }
    }
}

#[cfg(feature = "tools")]
#[test]
fn what_others_read_today_is_written_for_them() {
    for (text, dialect, written) in [
        ("0 9 15,L * *", QUARTZ, "0 0 9 15,L * ?"),
        ("0 9 1W,15 * *", QUARTZ, "0 0 9 15,1W * ?"),
        ("0 9 L-1,L-1W * *", QUARTZ, "0 0 9 L-1,L-1W * ?"),
        ("0 9 * * mon-fri", CRON, "0 0 9 * * mon-fri"),
        ("0 9 */2 * *", CRON, "0 0 9 */2 * *"),
        ("0 12 * * mon-fri", EVENTBRIDGE, "cron(0 12 ? * mon-fri *)"),
        ("0 12 1 * *", EVENTBRIDGE, "cron(0 12 1 * ? *)"),
        ("0 0 12 * * * 2030", EVENTBRIDGE, "cron(0 12 * * ? 2030)"),
    ] {
        assert_eq!(Cron::parse(text).unwrap().in_dialect(dialect).unwrap().to_string(), written, "{text}");
    }
}

#[cfg(feature = "tools")]
#[test]
fn what_cannot_be_written_says_why() {
    for (text, dialect, message) in [
        ("0 9 * * friL", CRONIE, "not to be written for cronie: day of week: it has no `L`, `W` or `#`"),
        ("0 9 L * *", CRONIE, "not to be written for cronie: day of month: it has no `L`, `W` or `#`"),
        ("30 0 9 * * *", CRONIE, "not to be written for cronie: second: it has no such field"),
        ("0 0 9 * * * 2030", CRONIE, "not to be written for cronie: year: it has no such field"),
        ("0 0 9 * * * 2030-2100", CRONITER, "not to be written for croniter: year: its years end earlier"),
        ("0 9 L-3 * *", CRONITER, "not to be written for croniter: day of month: it has no `L-3`"),
        (
            "0 9 * * fri#2,sun",
            CRONITER,
            "not to be written for croniter: day of week: it takes no `#` or `L` beside other weekdays",
        ),
        (
            "0 9 30W * *",
            CRONITER,
            "not to be written for croniter: day of month: in a month that is too short its `W` is on another day",
        ),
        (
            "0 9 1 * fri#2",
            CRONITER,
            "not to be written for croniter: beside a `W`, `#` or `L` it ignores the other day field",
        ),
        ("0 9 15,L * *", EVENTBRIDGE, "not to be written for eventbridge: day of month: `L` and `W` stand alone there"),
        ("0 9 13 * fri", EVENTBRIDGE, "not to be written for eventbridge: one of its two day fields is always `?`"),
        ("30 0 9 * * *", EVENTBRIDGE, "not to be written for eventbridge: second: it has no such field"),
        ("0 9 * * friL", CRON, "not to be written for cron: day of week: it has no `L`, `W` or `#`"),
        ("0 0 9 * * * 2150", CRON, "not to be written for cron: year: its years end earlier"),
        ("0 9 * * mon%2", CRONITER, "not to be written for croniter: day of week: it counts no weeks"),
        ("0 9 * * mon%2", CRONIE, "not to be written for cronie: day of week: it counts no weeks"),
        ("0 9 * * fri#2,sun", QUARTZ, "not to be written for quartz: day of week: `L` and `#` stand alone there"),
        (
            "0 9 13 * fri",
            QUARTZ,
            "not to be written for quartz: it fires if both day fields match, this if either does",
        ),
        (
            "days=and 0 9 13 * fri",
            CRONIE.seconds_last(),
            "not to be written for cronie, seconds last: it fires if either of the two day fields matches, this if both do",
        ),
    ] {
        let error = Cron::parse(text).unwrap().in_dialect(dialect).unwrap_err();
        assert_eq!(error.to_string(), message, "{text}");
    }
}

#[test]
fn a_dialect_goes_by_its_name() {
    for dialect in Dialect::ALL {
        assert_eq!(dialect.name().parse(), Ok(dialect));
        assert_eq!(dialect.to_string(), dialect.name());
    }
    assert_eq!(
        "QUARTZ".parse::<Dialect>().unwrap_err().to_string(),
        "unknown dialect `QUARTZ`, expected default, croniter, quartz, cron, eventbridge or cronie"
    );
    assert_eq!(CRONITER.seconds_first().days_and().to_string(), "croniter, seconds first, days and");
    assert_eq!(CRONIE.seconds_last().days_or().to_string(), "cronie, seconds last, days or");
    assert_eq!(QUARTZ.star_bit().seconds_first().to_string(), "quartz, star bit");
}
