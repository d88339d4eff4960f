//! What is legal and likely wrong: each kind of finding with its whole text, and what is true of all of them.

use proptest::prelude::*;
use sexton::civil::{Date, DateTime, Time};
use sexton::cron::Dialect;
use sexton::tools::Finding;
use sexton::{Cron, Moment};

use super::english::MONTHS;
use super::meaning::expressions;
use crate::zones::zone;

/// A dialect, a text, and all its findings: "code `span` sentence / suggestion -> replacement".
#[rustfmt::skip]
const FINDINGS: &[(&str, &str, &[&str])] = &[
    ("default", "0 0 13 * fri", &["either-day `13 * fri` fires on the 13th and on Fridays, not only where the two meet / begin the text with `days=and` for the days that match both"]),
    ("default", "0 0 1-7 * mon", &["either-day `1-7 * mon` fires on days that match `1-7` and on Mondays, not only where the two meet / write `* * mon#1` for the first Monday of the month -> `* * mon#1`"]),
    ("default", "0 0 2-8 * mon", &["either-day `2-8 * mon` fires on days that match `2-8` and on Mondays, not only where the two meet / begin the text with `days=and` for the days that match both"]),
    ("default", "0 0 29-4 * mon", &["either-day `29-4 * mon` fires on days that match `29-4` and on Mondays, not only where the two meet / begin the text with `days=and` for the days that match both"]),
    ("default", "0 0 1,15 * mon-fri", &["either-day `1,15 * mon-fri` fires on days that match `1,15` and on days that match `mon-fri`, not only where the two meet / begin the text with `days=and` for the days that match both"]),
    ("default", "0 0 1-31 * mon", &["day-field-without-effect `1-31` the day of week has no effect: one of the day fields is enough, and `1-31` matches every day / write `*` if only the day of week is to count -> `*`"]),
    ("default", "0 0 13 * 0-6", &["day-field-without-effect `0-6` the day of month has no effect: one of the day fields is enough, and `0-6` matches every day / write `*` if only the day of month is to count -> `*`"]),
    ("default", "0 0 */2 * mon", &["star-bit `*/2` fires on days that match one of the day fields; in cronie on days that match both, as `*/2` begins with `*` / write `1-31/2`, which has no `*` for cronie to see -> `1-31/2`"]),
    ("default", "0 0 13 * */2", &["star-bit `*/2` fires on days that match one of the day fields; in cronie on days that match both, as `*/2` begins with `*` / write `sun-sat/2`, which has no `*` for cronie to see -> `sun-sat/2`"]),
    ("cronie", "0 0 */2 * mon", &["star-bit `*/2` fires on days that match both day fields, as `*/2` begins with `*`; in croniter on days that match one of them / write `1-31/2` for days that match one of the fields, as in croniter -> `1-31/2`"]),
    ("and", "0 0 31 2 mon", &["never-fires `31 2 mon` never fires: no date matches its day of month, month and day of week together / change one of these fields"]),
    ("default", "0 0 30 2 *", &["never-fires `30 2` never fires: no date matches its day of month and month together / name a day that the month has, or `L` for its last one"]),
    ("default", "0 0 31 4,6,9 *", &["never-fires `31 4,6,9` never fires: no date matches its day of month and month together / name a day that the month has, or `L` for its last one"]),
    ("default", "0 0 0 29 2 ? 2100", &["never-fires `29 2 ? 2100` never fires: no date matches its day of month, month and year together / change one of these fields"]),
    ("default", "0 0 29 2 *", &["leap-years-only `29` fires in leap years only: every four years at most, and not in 2100 / write `L` for the last day of every February -> `L`"]),
    ("default", "0 0 29 feb,mar *", &["short-months `29` does not fire in February, except in leap years / write `L` for the last day of each month -> `L`"]),
    ("cronie", "0 0 29 2 *", &["leap-years-only `29 2` fires in leap years only: every four years at most, and not in 2100 / name a day that every year has"]),
    ("default", "0 0 L-28 2 *", &["leap-years-only `L-28 2` fires in leap years only: every four years at most, and not in 2100 / name a day that every year has"]),
    ("default", "0 0 31 * *", &["short-months `31` does not fire in February, April, June, September and November, which have no such day / write `L` for the last day of each month -> `L`"]),
    ("default", "0 0 30 * *", &["short-months `30` does not fire in February, which has no such day / write `L` for the last day of each month -> `L`"]),
    ("default", "0 0 29 * *", &["short-months `29` does not fire in February, except in leap years / write `L` for the last day of each month -> `L`"]),
    ("default", "0 0 30,31 1-6 *", &["short-months `30,31` does not fire in February, which has no such day / name a day up to 28, which every month has"]),
    ("cron", "0 0 0 29 * *", &["short-months `29` does not fire in February, except in leap years / name a day up to 28, which every month has"]),
    ("cronie", "0 0 31 * *", &["short-months `31` does not fire in February, April, June, September and November, which have no such day / name a day up to 28, which every month has"]),
    ("cron", "0 0 0 31 * *", &["short-months `31` does not fire in February, April, June, September and November, which have no such day / name a day up to 28, which every month has"]),
    ("default", "0 0 31W * *", &["short-months `31W` does not fire in February, April, June, September and November, which have no such day / name a day up to 28, which every month has"]),
    ("default", "0 0 29,31 * *", &["short-months `29,31` does not fire in February, except in leap years / name a day up to 28, which every month has"]),
    ("default", "*/7 * * * *", &["uneven-step `*/7` the step is counted anew every hour: minute 56 is followed by minute 0, 4 minutes later / for even steps write 6 or 10, which divide 60"]),
    ("default", "5/7 * * * *", &["uneven-step `5/7` the step is counted anew every hour: minute 54 is followed by minute 5, 11 minutes later / for even steps write 6 or 10, which divide 60"]),
    ("default", "0 */7 * * *", &["uneven-step `*/7` the step is counted anew every day: hour 21 is followed by hour 0, 3 hours later / for even steps write 6 or 8, which divide 24"]),
    ("default", "0 0 */5 * *", &["uneven-step `*/5` the step is counted anew every month: in months of 31 days day 31 is followed by day 1, one day later / list the days that are meant"]),
    ("default", "0 0 */15 * *", &["uneven-step `*/15` the step is counted anew every month: in months of 31 days day 31 is followed by day 1, one day later / list the days that are meant"]),
    ("default", "0 0 1 */5 *", &["uneven-step `*/5` the step is counted anew every year: November is followed by January, 2 months later / for even steps write 4 or 6, which divide 12"]),
    ("default", "0 0 * * */2", &["uneven-step `*/2` the step is counted anew every week: Saturday is followed by Sunday, one day later / list the days that are meant"]),
    ("default", "0-59/25 * * * *", &["uneven-step `0-59/25` the step is counted anew every hour: minute 50 is followed by minute 0, 10 minutes later / for even steps write 20 or 30, which divide 60"]),
    ("default", "*/45 * * * * *", &[
        "seconds-order `*/45` the first of the six fields is the second; croniter takes the sixth for it, and Nomad, supercronic and EventBridge take the sixth for the year / begin the text with `seconds=first`, `seconds=last` or `seconds=none`, whichever is meant",
        "uneven-step `*/45` the step is counted anew every minute: second 45 is followed by second 0, 15 seconds later / for even steps write 30, which divides 60",
    ]),
    ("default", "*/31 * * * *", &["uneven-step `*/31` the step is counted anew every hour: minute 31 is followed by minute 0, 29 minutes later / for even steps write 30, which divides 60"]),
    ("default", "*/60 * * * *", &["step-past-end `*/60` the step of `*/60` leads past the end: it matches minute 0 only / write `0`, if that is what is meant -> `0`"]),
    ("default", "1-5/10 * * * *", &["step-past-end `1-5/10` the step of `1-5/10` leads past the end: it matches minute 1 only / write `1`, if that is what is meant -> `1`"]),
    ("default", "5/100 * * * *", &["step-past-end `5/100` the step of `5/100` leads past the end: it matches minute 5 only / write `5`, if that is what is meant -> `5`"]),
    ("default", "0 0 * 11/5 *", &["step-past-end `11/5` the step of `11/5` leads past the end: it matches November only / write `nov`, if that is what is meant -> `nov`"]),
    ("default", "0 0 * * fri/5", &["step-past-end `fri/5` the step of `fri/5` leads past the end: it matches Friday only / write `fri`, if that is what is meant -> `fri`"]),
    ("default", "0 0 * * fri#5", &["fifth-week `fri#5` `fri#5` matches no day of a month that has the weekday only four times / write `friL` for the last one of each month -> `friL`"]),
    ("default", "0 0 * * 5#5", &["fifth-week `5#5` `5#5` matches no day of a month that has the weekday only four times / write `friL` for the last one of each month -> `friL`"]),
    ("default", "0 0 * * mon-fri#5", &["fifth-week `mon-fri#5` `mon-fri#5` matches no day of a month that has the weekday only four times / write `mon-friL` for the last one of each month -> `mon-friL`"]),
    ("default", "0 30 9 * * 1", &["weekday-numbers `1` weekday 1 is Monday; in Quartz, which counts from 1, it is Sunday / write `mon`: names are the same days everywhere -> `mon`"]),
    ("default", "30 0 9 * * *", &["seconds-order `30` the first of the six fields is the second; croniter takes the sixth for it, and Nomad, supercronic and EventBridge take the sixth for the year / begin the text with `seconds=first`, `seconds=last` or `seconds=none`, whichever is meant"]),
    ("croniter", "30 9 1 * * 0", &["seconds-order ` 0` the sixth of the six fields is the second; Quartz, Spring and most others take the first for it / leave the second out: it is 0, and five fields have the same order everywhere -> ``"]),
    ("default", "0 0 0 1 1 1 2030", &[
        "either-day `1 1 1` fires on the 1st and on Mondays, not only where the two meet / begin the text with `days=and` for the days that match both",
        "weekday-numbers `1` weekday 1 is Monday; in Quartz, which counts from 1, it is Sunday / write `mon`: names are the same days everywhere -> `mon`",
    ]),
    ("quartz", "0 0 9 ? * 2-6", &["weekday-numbers `2-6` weekday 2 is Monday; in crons that count from 0 it is Tuesday / write `mon-fri`: names are the same days everywhere -> `mon-fri`"]),
    ("quartz", "0 0 9 * * *", &["quartz-needs-question-mark `*` Quartz itself refuses this: one of its two day fields must be `?` / write `?`, which means the same -> `?`"]),
    ("quartz", "0 0 9 1 * *", &["quartz-needs-question-mark `*` Quartz itself refuses this: one of its two day fields must be `?` / write `?`, which means the same -> `?`"]),
    ("quartz", "0 0 9 * * mon", &["quartz-needs-question-mark `*` Quartz itself refuses this: one of its two day fields must be `?` / write `?`, which means the same -> `?`"]),
    ("quartz", "0 0 9 ? * ?", &["quartz-needs-question-mark `?` Quartz itself refuses this: only one of its two day fields may be `?` / write `*`, which means the same -> `*`"]),
    ("quartz", "0 0 9 1 * MON", &["quartz-needs-question-mark `1 * MON` Quartz itself refuses this: one of its two day fields must be `?` / write `?` for one of them, and see to that one in the job"]),
    ("quartz", "0 0 9 ? * L", &["last-weekday-alone `L` `L` without a weekday is Saturday, every week; other crons refuse it or never fire / write `sat`, which means the same -> `sat`"]),
    ("quartz", "0 0 9 ? * 6L", &["weekday-numbers `6L` weekday 6 is Friday; in crons that count from 0 it is Saturday / write `friL`: names are the same days everywhere -> `friL`"]),
    ("default", "0 0 * * 5L", &["weekday-numbers `5L` weekday 5 is Friday; in Quartz, which counts from 1, it is Thursday / write `friL`: names are the same days everywhere -> `friL`"]),
    ("default", "0 0 * * L5", &["weekday-numbers `L5` weekday 5 is Friday; in Quartz, which counts from 1, it is Thursday / write `Lfri`: names are the same days everywhere -> `Lfri`"]),
    ("default", "0 0 9 ? * 0-7/2", &[
        "weekday-numbers `0-7/2` weekday 7 is Sunday; in Quartz, which counts from 1, it is Saturday / write `sun-sat/2`: names are the same days everywhere -> `sun-sat/2`",
        "uneven-step `0-7/2` the step is counted anew every week: Saturday is followed by Sunday, one day later / list the days that are meant",
    ]),
    ("default", "1,1 * * * *", &["duplicate `,1` `1` adds nothing: `1` is in the list already / leave it out -> ``"]),
    ("default", "*,5 * * * *", &["duplicate `,5` `5` adds nothing: `*` is in the list already / leave it out -> ``"]),
    ("default", "1-5,3 * * * *", &["duplicate `,3` `3` adds nothing: `1-5` is in the list already / leave it out -> ``"]),
    ("default", "3,1-5,*/10 * * * *", &["duplicate `3,` `3` adds nothing: `1-5` is in the list already / leave it out -> ``"]),
    ("default", "0 0 L,L * *", &["duplicate `,L` `L` adds nothing: `L` is in the list already / leave it out -> ``"]),
    ("default", "* 4 * * *", &["every-minute `*` fires 60 times from 04:00 to 04:59, in every minute of the hour / write `0` to fire in the first minute of the hour only -> `0`"]),
    ("default", "* */2 * * *", &["every-minute `*` fires 60 times in each hour that matches `*/2`, in every minute of it / write `0` to fire in the first minute of these hours only -> `0`"]),
    ("default", "* 0 4 * * *", &[
        "seconds-order `*` the first of the six fields is the second; croniter takes the sixth for it, and Nomad, supercronic and EventBridge take the sixth for the year / begin the text with `seconds=first`, `seconds=last` or `seconds=none`, whichever is meant",
        "every-second `*` fires 60 times in minute 0, once every second / write `0` to fire in the first second of the minute only -> `0`",
    ]),
    ("default", "* * 4 * * *", &[
        "seconds-order `*` the first of the six fields is the second; croniter takes the sixth for it, and Nomad, supercronic and EventBridge take the sixth for the year / begin the text with `seconds=first`, `seconds=last` or `seconds=none`, whichever is meant",
        "every-minute `*` fires 3600 times from 04:00 to 04:59, in every minute of the hour / write `0` to fire in the first minute of the hour only -> `0`",
    ]),
    ("default", "* */5 * * * *", &[
        "seconds-order `*` the first of the six fields is the second; croniter takes the sixth for it, and Nomad, supercronic and EventBridge take the sixth for the year / begin the text with `seconds=first`, `seconds=last` or `seconds=none`, whichever is meant",
        "every-second `*` fires 60 times in each minute that matches `*/5`, once every second / write `0` to fire in the first second of these minutes only -> `0`",
    ]),
    ("default", "*/10 * 4 * * *", &[
        "seconds-order `*/10` the first of the six fields is the second; croniter takes the sixth for it, and Nomad, supercronic and EventBridge take the sixth for the year / begin the text with `seconds=first`, `seconds=last` or `seconds=none`, whichever is meant",
        "every-minute `*` fires 360 times from 04:00 to 04:59, in every minute of the hour / write `0` to fire in the first minute of the hour only -> `0`",
    ]),
    ("default", "0 5-5 * * *", &["equal-range `5-5` `5-5` is hour 5 alone; to croniter it is the whole field / write `5`, which is the same everywhere -> `5`"]),
    ("default", "0 5-5/2 * * *", &["equal-range `5-5/2` `5-5/2` is hour 5 alone; to croniter it is the whole field / write `5`, which is the same everywhere -> `5`"]),
    ("croniter", "0 5-5 * * *", &["equal-range `5-5` `5-5` is the whole field, as croniter reads it; to others it is hour 5 alone / write `*`, which is the same everywhere, or `5` for that value alone -> `*`"]),
    ("croniter", "0 5-5/2 * * *", &["equal-range `5-5/2` `5-5/2` is the whole field, as croniter reads it; to others it is hour 5 alone / write `*/2`, which is the same everywhere, or `5` for that value alone -> `*/2`"]),
    ("default", "0 22-4/3 * * *", &["wrapping-step `22-4/3` `22-4/3` is `22,1,4`; croniter reads other values after the turn / write `22,1,4`, which is the same everywhere -> `22,1,4`"]),
    ("croniter", "0 22-4/3 * * *", &["wrapping-step `22-4/3` `22-4/3` is read as croniter does, one late after the turn; to others it is `22,1,4` / list the values that are meant"]),
    ("default", "0 0 1 oct-feb/2 *", &["wrapping-step `oct-feb/2` `oct-feb/2` is `oct,dec,feb`; croniter reads other values after the turn / write `oct,dec,feb`, which is the same everywhere -> `oct,dec,feb`"]),
    ("default", "0 9 * * mon/2", &["open-weekday-step `mon/2` `mon/2` is Monday, Wednesday and Friday; Quartz reads Monday alone, and Cronos goes on to Sunday / write `mon,wed,fri`, which is the same everywhere -> `mon,wed,fri`"]),
    ("default", "0 9 * * 1/2", &["open-weekday-step `1/2` `1/2` is Monday, Wednesday and Friday; Cronos goes on to Sunday / write `mon,wed,fri`, which is the same everywhere -> `mon,wed,fri`"]),
    ("default", "0 9 * * tue/2", &["open-weekday-step `tue/2` `tue/2` is Tuesday, Thursday and Saturday; Quartz reads Tuesday alone / write `tue,thu,sat`, which is the same everywhere -> `tue,thu,sat`"]),
    ("croniter", "0 0 13 * fri", &["either-day `13 * fri` fires on the 13th and on Fridays, not only where the two meet / give croniter `day_or=False` for the days that match both"]),
    ("bit", "0 0 13 * */2", &["star-bit `*/2` fires on days that match both day fields, as `*/2` begins with `*`; in croniter on days that match one of them / write `sun-sat/2` for days that match one of the fields, as in croniter -> `sun-sat/2`"]),
    ("bit", "0 0 13 * fri", &["either-day `13 * fri` fires on the 13th and on Fridays, not only where the two meet / begin the text with `days=and` for the days that match both"]),
    ("last", "30 0 9 * * 5", &["seconds-order `5` the sixth of the six fields is the second; Quartz, Spring and most others take the first for it / begin the text with `seconds=first`, `seconds=last` or `seconds=none`, whichever is meant"]),
    ("last", "0 9 * * 1-5 0", &["seconds-order ` 0` the sixth of the six fields is the second; Quartz, Spring and most others take the first for it / leave the second out: it is 0, and five fields have the same order everywhere -> ``"]),
    ("default", "0 0 9 * * *", &["seconds-order `0 ` the first of the six fields is the second; croniter takes the sixth for it, and Nomad, supercronic and EventBridge take the sixth for the year / leave the second out: it is 0, and five fields have the same order everywhere -> ``"]),
    ("default", "* * * * * *", &["seconds-order `*` the first of the six fields is the second; Nomad, supercronic and EventBridge take the sixth for the year / begin the text with `seconds=first`, `seconds=last` or `seconds=none`, whichever is meant"]),
    
    ("none", "30 9 * * 5 2026", &[]),
    ("none", "30 2 * * * *", &["seconds-order `*` the sixth of the six fields is the year; Quartz, Spring and most others take the first for the second, and croniter takes the sixth for the second / begin the text with `seconds=first`, `seconds=last` or `seconds=none`, whichever is meant"]),
    ("default", "1-0 * * * *", &["whole-range `1-0` `1-0` goes round the whole field: it is every minute; others refuse it / write `*`, if that is what is meant -> `*`"]),
    ("default", "0 9 * * 1-0", &["whole-range `1-0` `1-0` goes round the whole field: it is every day; others refuse it / write `*`, if that is what is meant -> `*`"]),
    ("default", "H/90 4 * * *", &["step-past-end `H/90` the step of `H/90` leads past the 60 values: it matches one of them only; Jenkins refuses it / write `H`, which means the same -> `H`"]),
    ("default", "H(0-29)/30 4 * * *", &["step-past-end `H(0-29)/30` the step of `H(0-29)/30` leads past the 30 values: it matches one of them only; Jenkins refuses it / write `H(0-29)`, which means the same -> `H(0-29)`"]),
    ("default", "dialect=quartz 0 0 9 ? * 2", &["weekday-numbers `2` weekday 2 is Monday; in crons that count from 0 it is Tuesday / write `mon`: names are the same days everywhere -> `mon`"]),
    ("default", "0 0 0 31 * mon", &["either-day `31 * mon` fires on the 31st and on Mondays, not only where the two meet / begin the text with `days=and` for the days that match both"]),
    ("default", "0 0 8-14 * tue", &["either-day `8-14 * tue` fires on days that match `8-14` and on Tuesdays, not only where the two meet / write `* * tue#2` for the second Tuesday of the month -> `* * tue#2`"]),
    ("default", "0 0 8-14 6 2", &["either-day `8-14 6 2` fires on days that match `8-14` and on Tuesdays, not only where the two meet / write `* 6 tue#2` for the second Tuesday of the month -> `* 6 tue#2`"]),
    ("default", "0 0 1 * 7", &["either-day `1 * 7` fires on the 1st and on Sundays, not only where the two meet / begin the text with `days=and` for the days that match both"]),
    ("default", "0 0 0 * * 1,friL,3#2,sun-5", &[
        "weekday-numbers `1,friL,3#2,sun-5` weekday 1 is Monday; in Quartz, which counts from 1, it is Sunday / write `mon,friL,wed#2,sun-fri`: names are the same days everywhere -> `mon,friL,wed#2,sun-fri`",
        "duplicate `1,` `1` adds nothing: `sun-5` is in the list already / leave it out -> ``",
    ]),
    ("default", "0 0 1,02 * sun-sat", &["day-field-without-effect `sun-sat` the day of month has no effect: one of the day fields is enough, and `sun-sat` matches every day / write `*` if only the day of month is to count -> `*`"]),
    ("default", "0 0 15 2/20 *", &["step-past-end `2/20` the step of `2/20` leads past the end: it matches February only / write `feb`, if that is what is meant -> `feb`"]),
    ("default", "0 0 * * thu-tue/2", &["wrapping-step `thu-tue/2` `thu-tue/2` is `thu,sat,mon`; croniter reads other values after the turn / write `thu,sat,mon`, which is the same everywhere -> `thu,sat,mon`"]),
    ("default", "0 0 0 1 1 ? 2027-2027", &["equal-range `2027-2027` `2027-2027` is the year 2027 alone; to croniter it is the whole field / write `2027`, which is the same everywhere -> `2027`"]),
    ("default", "0 0 * * fri-fri", &["equal-range `fri-fri` `fri-fri` is Friday alone; to croniter it is the whole field / write `fri`, which is the same everywhere -> `fri`"]),
    ("default", "0 0 * * 7-7", &["equal-range `7-7` `7-7` is Sunday alone; to croniter it is the whole field / write `7`, which is the same everywhere -> `7`"]),
    ("quartz", "0 0 9 ? * 3/2", &["weekday-numbers `3/2` weekday 3 is Tuesday; in crons that count from 0 it is Wednesday / write `tue,thu,sat`: names are the same days everywhere -> `tue,thu,sat`"]),
    ("quartz", "0 0 9 ? * 2/2", &["weekday-numbers `2/2` weekday 2 is Monday; in crons that count from 0 it is Tuesday / write `mon,wed,fri`: names are the same days everywhere -> `mon,wed,fri`"]),
    ("quartz", "0 0 9 ? * 7", &["weekday-numbers `7` weekday 7 is Saturday; in crons that count from 0 it is Sunday / write `sat`: names are the same days everywhere -> `sat`"]),
    ("default", "5-4/7 * * * *", &["wrapping-step `5-4/7` `5-4/7` is `5,12,19,26,33,40,47,54,1`; croniter reads other values after the turn / write `5,12,19,26,33,40,47,54,1`, which is the same everywhere -> `5,12,19,26,33,40,47,54,1`"]),
    ("default", "0,30 */9 * * *", &["uneven-step `*/9` the step is counted anew every day: hour 18 is followed by hour 0, 6 hours later / for even steps write 8 or 12, which divide 24"]),
    ("default", "0 0 * * mon,1,MON", &[
        "duplicate `,1` `1` adds nothing: `mon` is in the list already / leave it out -> ``",
        "duplicate `,MON` `MON` adds nothing: `mon` is in the list already / leave it out -> ``",
    ]),
    ("default", "0 0 1,15W,15w * *", &["duplicate `,15w` `15w` adds nothing: `15W` is in the list already / leave it out -> ``"]),
    ("default", "*/61 */25 */32 */13 */8", &[
        "star-bit `*/32` fires on days that match one of the day fields; in cronie on days that match both, as `*/32` begins with `*` / write `1-31/32`, which has no `*` for cronie to see -> `1-31/32`",
        "star-bit `*/8` fires on days that match one of the day fields; in cronie on days that match both, as `*/8` begins with `*` / write `sun-sat/8`, which has no `*` for cronie to see -> `sun-sat/8`",
        "step-past-end `*/61` the step of `*/61` leads past the end: it matches minute 0 only / write `0`, if that is what is meant -> `0`",
        "step-past-end `*/25` the step of `*/25` leads past the end: it matches hour 0 only / write `0`, if that is what is meant -> `0`",
        "step-past-end `*/32` the step of `*/32` leads past the end: it matches day 1 only / write `1`, if that is what is meant -> `1`",
        "step-past-end `*/13` the step of `*/13` leads past the end: it matches January only / write `jan`, if that is what is meant -> `jan`",
        "step-past-end `*/8` the step of `*/8` leads past the end: it matches Sunday only / write `sun`, if that is what is meant -> `sun`",
    ]),
    ("default", "0\t0\t31  *   * ", &["short-months `31` does not fire in February, April, June, September and November, which have no such day / write `L` for the last day of each month -> `L`"]),
    ("quartz", "0 0 9 ? * l 2027", &["last-weekday-alone `l` `l` without a weekday is Saturday, every week; other crons refuse it or never fire / write `sat`, which means the same -> `sat`"]),
    ("croniter", "0 0 15W * mon", &["ignored-day-field `mon` `mon` has no effect: croniter ignores the day of week beside a `W` / write `*`, which means the same, or give croniter `day_or=False` for the days that match both -> `*`"]),
    ("croniter", "0 0 15 * fri#2", &["never-fires `15 * fri#2` never fires: no date matches its day of month and day of week together / change one of these fields"]),
    ("croniter", "0 0 10 * Lfri,fri#2", &["ignored-day-field `10` `10` has no effect: croniter ignores the day of month beside a `#` or `L` / write `*`, which means the same, or give croniter `day_or=False` for the days that match both -> `*`"]),
    ("croniter", "0 0 5-5 * 7-0/2", &[
        "day-field-without-effect `5-5` the day of week has no effect: one of the day fields is enough, and `5-5` matches every day / write `*` if only the day of week is to count -> `*`",
        "equal-range `5-5` `5-5` is the whole field, as croniter reads it; to others it is day 5 alone / write `1-31`, which is the whole field everywhere, or `5` for that value alone -> `1-31`",
        "equal-range `7-0/2` `7-0/2` is the whole field, as croniter reads it; to others it is Sunday alone / write `sun-sat/2`, which is the same everywhere, or `7` for that value alone -> `sun-sat/2`",
    ]),
    ("default", "0 0 * * 7-0", &["equal-range `7-0` `7-0` is Sunday alone; to croniter it is the whole field / write `7`, which is the same everywhere -> `7`"]),
    ("croniter", "0 0 * * 7/2", &["open-weekday-step `7/2` `7/2` is Sunday, Tuesday, Thursday and Saturday; to others it is Sunday alone, or a mistake / write `sun,tue,thu,sat`, which is the same everywhere -> `sun,tue,thu,sat`"]),
    ("croniter", "0 0 * * fri#5", &["fifth-week `fri#5` `fri#5` matches no day of a month that has the weekday only four times / write `Lfri` for the last one of each month -> `Lfri`"]),
    ("croniter", "0 0 * * mon-wed#5", &["fifth-week `mon-wed#5` `mon-wed#5` matches no day of a month that has the weekday only four times / write `Lmon,Ltue,Lwed` for the last one of each month -> `Lmon,Ltue,Lwed`"]),
    ("default", "0 0 * 2 fri#5", &[
        "leap-years-only `2 fri#5` fires in leap years only: every four years at most, and not in 2100 / name a day that every year has",
        "fifth-week `fri#5` `fri#5` matches no day of a month that has the weekday only four times / write `friL` for the last one of each month -> `friL`",
    ]),
    ("default", "0 0 * * fri#2,mon-fri#2", &["duplicate `fri#2,` `fri#2` adds nothing: `mon-fri#2` is in the list already / leave it out -> ``"]),
    ("default", "Days=AND 0 0 31 * *", &["short-months `31` does not fire in February, April, June, September and November, which have no such day / write `L` for the last day of each month -> `L`"]),
    ("cronie", "0 0 */32 * mon", &[
        "star-bit `*/32` fires on days that match both day fields, as `*/32` begins with `*`; in croniter on days that match one of them / write `1-31/32` for days that match one of the fields, as in croniter -> `1-31/32`",
        "step-past-end `*/32` the step of `*/32` leads past the end: it matches day 1 only / name that value, if it is what is meant",
    ]),
    ("cronie", "0 0 13 * fri", &["either-day `13 * fri` fires on the 13th and on Fridays, not only where the two meet / test one of the two in the command for the days that match both"]),
    ("cronie", "0 0 1-7 * mon", &["either-day `1-7 * mon` fires on days that match `1-7` and on Mondays, not only where the two meet / test one of the two in the command for the days that match both"]),
    ("croniter", "0 0 1-7 * mon", &["either-day `1-7 * mon` fires on days that match `1-7` and on Mondays, not only where the two meet / write `* * mon#1` for the first Monday of the month -> `* * mon#1`"]),
    ("default", "dialect=cronie 0 0 13 * fri", &["either-day `13 * fri` fires on the 13th and on Fridays, not only where the two meet / test one of the two in the command for the days that match both"]),
    ("default", "0 0 31 2 mon", &["day-field-without-effect `31` `31` never comes in February: only the day of week counts / write `*` if only the day of week is to count, or name a day that comes -> `*`"]),
    ("default", "0 0 30 2 mon", &["day-field-without-effect `30` `30` never comes in February: only the day of week counts / write `*` if only the day of week is to count, or name a day that comes -> `*`"]),
    ("default", "0 0 31 4 fri", &["day-field-without-effect `31` `31` never comes in April: only the day of week counts / write `*` if only the day of week is to count, or name a day that comes -> `*`"]),
    ("cronie", "0 0 31 4,6 fri", &["day-field-without-effect `31` `31` never comes in April and June: only the day of week counts / write `*` if only the day of week is to count, or name a day that comes -> `*`"]),
    ("default", "0 0 31 2 0-6", &["day-field-without-effect `0-6` the day of month has no effect: one of the day fields is enough, and `0-6` matches every day / write `*` if only the day of month is to count -> `*`"]),
    ("default", "0 0 0 29 2 mon 2027", &["day-field-without-effect `29` `29` never comes in February of these years: only the day of week counts / write `*` if only the day of week is to count, or name a day that comes -> `*`"]),
    ("default", "0 0 0 13 2 mon#5 2027", &[
        "day-field-without-effect `mon#5` `mon#5` never comes in February of these years: only the day of month counts / write `*` if only the day of month is to count, or name a day that comes -> `*`",
        "fifth-week `mon#5` `mon#5` matches no day of a month that has the weekday only four times / write `monL` for the last one of each month -> `monL`",
    ]),
    ("default", "0 0 29 2 mon", &["either-day `29 2 mon` fires on the 29th and on Mondays, not only where the two meet / begin the text with `days=and` for the days that match both"]),
    ("default", "* 9,17 * * *", &["every-minute `*` fires 60 times in each hour that matches `9,17`, in every minute of it / write `0` to fire in the first minute of these hours only -> `0`"]),
    ("default", "* 0,12 * * *", &["every-minute `*` fires 60 times in each hour that matches `0,12`, in every minute of it / write `0` to fire in the first minute of these hours only -> `0`"]),
    ("default", "* 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23 * * *", &[]),
    ("croniter", "0,30 9 * * * *", &[
        "seconds-order `*` the sixth of the six fields is the second; Quartz, Spring and most others take the first for it, and Nomad, supercronic and EventBridge take the sixth for the year / begin the text with `seconds=first`, `seconds=last` or `seconds=none`, whichever is meant",
        "every-second `*` fires 60 times in each minute that matches `0,30`, once every second / write `0` to fire in the first second of these minutes only -> `0`",
    ]),
    ("croniter", "0 0 15-15 * 4", &[
        "day-field-without-effect `15-15` the day of week has no effect: one of the day fields is enough, and `15-15` matches every day / write `*` if only the day of week is to count -> `*`",
        "equal-range `15-15` `15-15` is the whole field, as croniter reads it; to others it is day 15 alone / write `1-31`, which is the whole field everywhere, or `15` for that value alone -> `1-31`",
    ]),
    ("croniter", "0 0 15-15 * *", &["equal-range `15-15` `15-15` is the whole field, as croniter reads it; to others it is day 15 alone / write `*`, which is the same everywhere, or `15` for that value alone -> `*`"]),
    ("croniter", "0 0 15-15 * fri#2", &[
        "ignored-day-field `15-15` `15-15` has no effect: croniter ignores the day of month beside a `#` or `L` / write `*`, which means the same, or give croniter `day_or=False` for the days that match both -> `*`",
        "equal-range `15-15` `15-15` is the whole field, as croniter reads it; to others it is day 15 alone / write `*`, which is the same everywhere, or `15` for that value alone -> `*`",
    ]),
    // A field of all its values beside a `*` is a `*` to croniter.
    ("croniter", "0 0 */2 * 0-6", &["uneven-step `*/2` the step is counted anew every month: in months of 31 days day 31 is followed by day 1, one day later / list the days that are meant"]),
    ("croniter", "0 0 1-31 * */2", &["uneven-step `*/2` the step is counted anew every week: Saturday is followed by Sunday, one day later / list the days that are meant"]),
    ("croniter", "0 0 5-5 * */2", &[
        "equal-range `5-5` `5-5` is the whole field, as croniter reads it; to others it is day 5 alone / write `*`, which is the same everywhere, or `5` for that value alone -> `*`",
        "uneven-step `*/2` the step is counted anew every week: Saturday is followed by Sunday, one day later / list the days that are meant",
    ]),
    ("croniter", "0 0 1-31 * */7", &["step-past-end `*/7` the step of `*/7` leads past the end: it matches Sunday only / name that value, if it is what is meant"]),
    ("croniter", "0 0 */4 * sun-6,wed#3", &[]),
    ("croniter", "0 0 1-31 * mon", &["day-field-without-effect `1-31` the day of week has no effect: one of the day fields is enough, and `1-31` matches every day / write `*` if only the day of week is to count -> `*`"]),
    // The 28th of February is a Monday, now and then.
    ("and", "0 0 L-8,LW * sat-mon#4", &[]),
    ("quartz", "0 0 9 ? JAN L", &["last-weekday-alone `L` `L` without a weekday is Saturday, every week; other crons refuse it or never fire / write `sat`, which means the same -> `sat`"]),
];

fn dialect(name: &str) -> Dialect {
    match name {
        "and" => Dialect::DEFAULT.days_and(),
        "bit" => Dialect::DEFAULT.star_bit(),
        "last" => Dialect::DEFAULT.seconds_last(),
        "none" => Dialect::DEFAULT.seconds_none(),
        name => name.parse().unwrap(),
    }
}

fn line(text: &str, finding: &Finding<'_>) -> String {
    let suggestion = finding.suggestion();
    let line = format!("{} `{}` {finding} / {suggestion}", finding.code(), &text[finding.span()]);
    match suggestion.replacement() {
        Some(replacement) => format!("{line} -> `{replacement}`"),
        None => line,
    }
}

#[test]
fn every_kind_of_finding_says_what_will_happen() {
    for &(name, text, expected) in FINDINGS {
        let found: Vec<String> = dialect(name).lint(text).map(|finding| line(text, &finding)).collect();
        assert_eq!(found, expected, "{text} to {name}");
        obeys(dialect(name), text).unwrap();
    }
    for code in CODES {
        let rows = FINDINGS.iter().flat_map(|row| row.2).filter(|line| line.split(' ').next() == Some(code));
        assert!(rows.count() >= 2, "{code}");
    }
}

/// All codes that need no zone.
const CODES: [&str; 21] = [
    "never-fires",
    "leap-years-only",
    "short-months",
    "either-day",
    "star-bit",
    "ignored-day-field",
    "day-field-without-effect",
    "quartz-needs-question-mark",
    "seconds-order",
    "weekday-numbers",
    "last-weekday-alone",
    "every-minute",
    "every-second",
    "uneven-step",
    "step-past-end",
    "whole-range",
    "equal-range",
    "wrapping-step",
    "open-weekday-step",
    "fifth-week",
    "duplicate",
];

/// Those whose replacement means the same times.
const HARMLESS: [&str; 10] = [
    "ignored-day-field",
    "star-bit",
    "seconds-order",
    "weekday-numbers",
    "step-past-end",
    "whole-range",
    "equal-range",
    "wrapping-step",
    "open-weekday-step",
    "duplicate",
];

#[test]
fn what_is_likely_meant_has_no_findings() {
    for text in [
        "* * * * *",
        "0 0 * * *",
        "*/15 * * * *",
        "*/7 9 * * *",
        "0 9 * * 1-7",
        "0 9 * * mon-sun",
        "0 22-4 * * *",
        "H/59 4 * * *",
        "H(0-29)/29 4 * * *",
        "0 9-17 * * mon-fri",
        "* 9-17 * * *",
        "0 */6 * * *",
        "0 */5 * * mon",
        "0 0 1 * *",
        "@daily",
        " @Weekly ",
        "30 4 * * sun",
        "0 0 L * *",
        "0 0 15W * *",
        "0 0 28-31 * *",
        "0 22-2 * * fri-mon",
        "0 0 1 nov-feb/2 *",
        "0 9 * * 1-5",
        "0 9 * * mon-fri/2",
        "0 9 * * fri#2,friL",
        "5,10,15 8-18/2 1,15 jan-mar *",
        "10 0 9 * * mon-fri",
        "days=and 0 0 13 * fri",
        "0 0 */10 2,3 *",
        "0 0 */10 2,4 *",
        "0 0 0 29 2 ? 2028",
        // No expressions.
        "",
        "60 * * * *",
        "0 0 * *",
        "@often",
        "TZ=UTC 0 0 13 * fri",
    ] {
        let found: Vec<String> = Dialect::DEFAULT.lint(text).map(|finding| line(text, &finding)).collect();
        assert!(found.is_empty(), "{text}: {found:?}");
    }
    assert_eq!(Dialect::QUARTZ.lint("0 0 9 ? * mon-fri").count(), 0);
    assert_eq!(Dialect::QUARTZ.lint("0 0 9 ? * 1-7").count(), 0);
    assert_eq!(Dialect::CRONITER.lint("0 9 * * mon-fri 30").count(), 0);
    assert_eq!(Dialect::CRONITER.lint("0 22-4/2 * * *").count(), 0);
}

#[test]
fn a_step_is_even_where_it_divides_the_field() {
    for (count, unit, field) in [(60, "minute", "*/STEP * * * *"), (24, "hour", "0 */STEP * * *")] {
        for step in 1..count {
            let text = field.replace("STEP", &step.to_string());
            let last = (0..count).step_by(step).next_back().unwrap();
            let gap = count - last;
            let found = Dialect::DEFAULT.lint(&text).find(|finding| finding.code() == "uneven-step");
            let found = found.map(|finding| finding.to_string());
            let distance = if gap == 1 { format!("one {unit}") } else { format!("{gap} {unit}s") };
            let is_uneven = gap != step && last > 0;
            let end = format!(": {unit} {last} is followed by {unit} 0, {distance} later");
            assert_eq!(found.is_some(), is_uneven, "{text}");
            assert!(found.map_or(true, |found| found.ends_with(&end)), "{text}: {end}");
        }
    }
}

#[test]
fn a_long_list_takes_no_longer_than_it_must() {
    let text = format!("{}1 * * * *", "1,".repeat(100_000));
    assert_eq!(Dialect::DEFAULT.lint(&text).filter(|finding| finding.code() == "duplicate").count(), 100_000);
}

proptest! {
    #[test]
    fn what_is_true_of_all_findings(expression in expressions(), dialect in dialects()) {
        obeys(dialect, &expression.text)?;
    }

    #[test]
    fn likewise_of_what_is_often_wrong(text in suspects(), dialect in dialects()) {
        obeys(dialect, &text)?;
    }

    #[test]
    fn garbage_has_none(text in prop_oneof![".{0,40}", "[-*/,LWlw#?=0-9a-zA-Z ]{0,30}", "([-*/,LW#?0-9]{1,6} ){5,7}"]) {
        for dialect in Dialect::ALL {
            obeys(dialect, &text)?;
        }
        prop_assert!(Cron::parse(&text).is_ok() || text.contains('=') || Dialect::DEFAULT.lint(&text).next().is_none());
    }
}

fn dialects() -> impl Strategy<Value = Dialect> {
    let default = Dialect::DEFAULT;
    let switched = [
        default.days_and(),
        default.star_bit(),
        default.seconds_last(),
        default.seconds_none(),
        Dialect::CRONITER.seconds_first(),
        Dialect::CRONITER.star_bit(),
        Dialect::CRONITER.days_and(),
        Dialect::QUARTZ.days_or(),
        Dialect::QUARTZ.star_bit(),
        Dialect::CRONIE.seconds_first(),
    ];
    let named = prop::sample::select(&Dialect::ALL[..]);
    prop_oneof![2 => Just(default), 3 => named, 2 => prop::sample::select(switched.to_vec())]
}

/// Expressions of fields of which many are mistakes.
fn suspects() -> impl Strategy<Value = String> {
    let number = |first: u32, last: u32| (first..=last).prop_map(|number| number.to_string());
    let field = move |first: u32, last: u32| {
        let value = move || number(first, last);
        let item = prop_oneof![
            3 => Just("*".to_string()),
            3 => value(),
            2 => (value(), value()).prop_map(|(from, to)| format!("{from}-{to}")),
            1 => value().prop_map(|value| format!("{value}-{value}")),
            1 => (1..70u32).prop_map(|step| format!("*/{step}")),
            1 => (value(), 1..9u32).prop_map(|(from, step)| format!("{from}/{step}")),
            1 => (value(), value(), 1..9u32).prop_map(|(from, to, step)| format!("{from}-{to}/{step}")),
            1 => Just(format!("{first}-{last}")),
        ];
        prop_oneof![3 => item.clone().boxed(), 1 => (item.clone(), item).prop_map(|(a, b)| format!("{a},{b}")).boxed()]
    };
    let day = prop_oneof![4 => field(1, 31), 1 => field(28, 31), 1 => prop::sample::select(&["?", "L", "1-7", "31W", "15W", "W17,20", "31-L", "5-5", "*/2,1-31", "L-3,15w,W15"][..]).prop_map(String::from)];
    const NAMES: [&str; 16] = [
        "?",
        "mon",
        "fri-mon",
        "5L",
        "fri#5",
        "1#5,2#5",
        "L",
        "Lfri",
        "mon/2",
        "sun-7/2",
        "7-0",
        "0-6,5#2",
        "*,1#1",
        "fri#2,mon-fri#2",
        "5-5#5",
        "7/2",
    ];
    let weekday = prop_oneof![4 => field(0, 7), 2 => prop::sample::select(&NAMES[..]).prop_map(String::from)];
    let five = (field(0, 59), field(0, 23), day, field(1, 12), weekday);
    let five = five
        .prop_map(|(minute, hour, day, month, weekday)| format!("{minute} {hour} {day} {month} {weekday}"));
    let more = prop::sample::select(
        &[
            "S",
            "S",
            "0 S",
            "* S",
            "30 S",
            "S 0",
            "*/7 S",
            "S 1-5",
            "0 S 2026",
            "0 S 2030/4",
            "0 S 2030-2030/4",
            "S 0 2030-2030",
            "days=and S",
            "Seconds=LAST S 0",
        ][..],
    );
    (five, more).prop_map(|(five, more)| more.replace('S', &five))
}

fn obeys(dialect: Dialect, text: &str) -> Result<(), TestCaseError> {
    let codes = || dialect.lint(text).map(|finding| finding.code());
    for finding in dialect.lint(text) {
        let code = finding.code();
        prop_assert!(CODES.contains(&code));
        let span = finding.span();
        prop_assert!(
            text.get(span.clone()).map_or(false, |found| !found.is_empty()),
            "{text:?}: {finding:?}"
        );
        prop_assert!(finding.to_string().len() > 20, "{text:?}: {finding:?}");
        let suggestion = finding.suggestion();
        prop_assert!(suggestion.to_string().len() > 10, "{text:?}: {finding:?}");
        if let Some(replacement) = suggestion.replacement() {
            let mended = format!("{}{replacement}{}", &text[..span.start], &text[span.end..]);
            let count = |text| dialect.lint(text).filter(|finding| finding.code() == code).count();
            prop_assert!(count(&mended) < count(text), "{text:?} mended to {mended:?}: {finding:?}");
            if let Some(cron) = parse(dialect, text) {
                let mended_cron = parse(dialect, &mended);
                prop_assert!(mended_cron.is_some(), "{text:?} mended to {mended:?}");
                let is_same = mended_cron.map_or(false, |mended| fires(&cron) == fires(&mended));
                // By the star bit itself, the mended text is of the other rule.
                let is_other_rule = code == "star-bit" && dialect == dialect.star_bit();
                let never_comes = finding.to_string().contains(" never comes in ");
                prop_assert!(
                    is_same || is_other_rule || !HARMLESS.contains(&code) && !never_comes,
                    "{text:?} mended to {mended:?}"
                );
            }
        }
        if let Some(cron) = parse(dialect, text) {
            is_true(text, &cron, &finding)?;
        }
    }
    let is_ended = dialect.lint(text).nth(codes().count()).is_none();
    prop_assert!(is_ended);
    Ok(())
}

fn parse(dialect: Dialect, text: &str) -> Option<Cron> {
    dialect.parse(text).ok()
}

fn fires(cron: &Cron) -> Vec<DateTime> {
    cron.upcoming("2026-11-22 12:00".parse().unwrap()).take(200).collect()
}

/// What a finding says of the dates, against the dates.
fn is_true(text: &str, cron: &Cron, finding: &Finding<'_>) -> Result<(), TestCaseError> {
    let mut fires = fires(cron);
    // A day further each time, so that there are years of them.
    let mut from: DateTime = "1970-01-01 00:00".parse().unwrap();
    while let (Some(fire), true) = (cron.next(from), fires.len() < 1000) {
        fires.push(fire);
        let tomorrow = fire.date().checked_add_days(1).unwrap();
        from = tomorrow.at(Time::MIDNIGHT).checked_add_seconds(-1).unwrap();
    }
    let sentence = finding.to_string();
    match finding.code() {
        "never-fires" => prop_assert!(fires.is_empty(), "{text}"),
        "leap-years-only" => {
            prop_assert!(!fires.is_empty() && fires.iter().all(|fire| fire.date().year() % 4 == 0), "{text}");
        }
        "short-months" => {
            for fire in fires {
                let month = MONTHS[usize::from(fire.date().month()) - 1];
                let is_leap_day = sentence.contains("except in leap years") && fire.date().year() % 4 == 0;
                prop_assert!(!sentence.contains(month) || is_leap_day, "{text}: {sentence}, but {fire}");
            }
        }
        // Nothing but the other field counts: so its replacement is harmless.
        "day-field-without-effect" if sentence.contains(" never comes in ") => {}
        "day-field-without-effect" => {
            let first = fires.last().unwrap().date();
            for day in 1..=28 {
                let date = Date::new(first.year(), first.month(), day).unwrap();
                let midnight = date.at(Time::MIDNIGHT).checked_add_seconds(-1).unwrap();
                prop_assert_eq!(cron.next(midnight).map(DateTime::date), Some(date), "{}", text);
            }
        }
        _ => {}
    }
    Ok(())
}

#[test]
fn clock_changes_ahead_are_found_in_the_zone() {
    let found = |zone_name: &str, text: &str| -> Vec<String> {
        let from = "2026-11-22T12:00:00Z".parse::<Moment>().unwrap();
        let zone = zone(zone_name);
        let from = from.instant(&zone).unwrap();
        Dialect::DEFAULT.lint(text).in_zone(&zone, from).map(|finding| line(text, &finding)).collect()
    };
    let skips = |text: &str| {
        found("Europe/Paris", text).into_iter().find(|line| line.starts_with("clock-skips-time"))
    };
    // A time in a list fires once where clocks show it twice, as it should.
    assert_eq!(
        found("Europe/Paris", "30 2 * * *"),
        ["clock-skips-time `30 2` on 2027-03-28 clocks go from 02:00 straight to 03:00: what is due at 02:30 fires at 03:00 / name a time of day that clocks do not skip, such as 03:00"]
    );
    assert_eq!(
        found("Europe/Paris", "*/10 2 * * *"),
        [
            "clock-skips-time `*/10 2` on 2027-03-28 clocks go from 02:00 straight to 03:00: what is due from 02:00 to 02:50 fires once, at 03:00 / name a time of day that clocks do not skip, such as 03:00",
            "clock-repeats-time `*/10 2` on 2027-10-31 clocks go from 03:00 back to 02:00: what is due from 02:00 to 02:50 fires both times / name a time of day that clocks show once, such as 03:00",
        ]
    );
    // Hours that repeat are not made up for.
    assert_eq!(
        found("Europe/Paris", "30 1-2 * * *"),
        [
            "clock-skips-time `1-2` on 2027-03-28 clocks go from 02:00 straight to 03:00: what is due at 02:30 does not fire that day / write `1,2`, the hours in a list, to have it fire at the end of the gap -> `1,2`",
            "clock-repeats-time `1-2` on 2027-10-31 clocks go from 03:00 back to 02:00: what is due at 02:30 fires both times / write `1,2`, the hours in a list, to have it fire the first time only -> `1,2`",
        ]
    );
    // At the end of the gap it fires anyway.
    assert_eq!(
        found("Europe/Paris", "*/30 2-3 * * *"),
        [
            "clock-skips-time `*/30 2-3` on 2027-03-28 clocks go from 02:00 straight to 03:00: what is due from 02:00 to 02:30 does not fire that day / name a time of day that clocks do not skip, such as 03:00",
            "clock-repeats-time `*/30 2-3` on 2027-10-31 clocks go from 03:00 back to 02:00: what is due from 02:00 to 02:30 fires both times / name a time of day that clocks show once, such as 03:00",
        ]
    );
    assert_eq!(
        found("Europe/Paris", "*/30 22-2/2 * * *").last().unwrap(),
        "clock-repeats-time `*/30 22-2/2` on 2027-10-31 clocks go from 03:00 back to 02:00: what is due from 02:00 to 02:30 fires both times / name a time of day that clocks show once, such as 03:00"
    );
    assert_eq!(
        found("America/Havana", " @daily "),
        ["clock-skips-time `@daily` on 2027-03-14 clocks go from 00:00 straight to 01:00: what is due at 00:00 fires at 01:00 / name a time of day that clocks do not skip, such as 01:00"]
    );
    assert_eq!(
        found("Australia/Lord_Howe", "15 10,20 1,2 * * *").last().unwrap(),
        "clock-skips-time `10,20 1,2` on 2027-10-03 clocks go from 02:00 straight to 02:30: what is due from 02:10:15 to 02:20:15 fires once, at 02:30 / name a time of day that clocks do not skip, such as 02:30"
    );
    // The last Sunday in March is the 25th in 2029, and the 29th not before 2037.
    assert!(skips("30 2 25 3 *").unwrap().contains("on 2029-03-25 "));
    assert_eq!(skips("30 2 29 3 *"), None, "more than ten years ahead");
    // Not in the hour, or going with the clocks.
    for text in [
        "0 3 * * *",
        "59 1 * * *",
        "30 4 * * *",
        "* * * * *",
        "@hourly",
        "0 H(1-2) * * *",
        "R 2 * * *",
        "0 * * * *",
        "*/15 * * * *",
        "30 0-23 * * *",
        "*/30 3-1 * * *",
        "none",
    ] {
        assert_eq!(
            found("Europe/Paris", text).iter().filter(|line| line.starts_with("clock")).count(),
            0,
            "{text}"
        );
    }
    assert!(found("Asia/Tokyo", "30 2 * * *").is_empty());
    // After the findings without a zone.
    let all = found("Europe/Paris", "0 2 13 * sun");
    let codes: Vec<&str> = all.iter().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(codes, ["either-day", "clock-skips-time"]);
}
