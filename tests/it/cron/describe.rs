//! Descriptions: whole sentences by hand, and each one read back by an independent reader of that English.

use std::collections::HashMap;

use proptest::prelude::*;
use sexton::civil::DateTime;
use sexton::Cron;

use super::english;
use super::laws::times;
use super::meaning::expressions;

#[rustfmt::skip]
const SENTENCES: &[(&str, &str)] = &[
    // Every so often, through the day.
    ("* * * * * *", "every second"),
    ("*/10 * * * * *", "every 10 seconds"),
    ("* * * * *", "every minute"),
    ("*/15 * * * *", "every 15 minutes"),
    ("0-59/2 * * * *", "every 2 minutes"),
    ("30 * * * * *", "every minute at second 30"),
    ("30 */15 * * * *", "every 15 minutes at second 30"),
    ("0 * * * *", "every hour"),
    ("30 * * * *", "every hour at minute 30"),
    ("30 15 * * * *", "every hour at minute 15 and second 30"),
    ("30 0 * * * *", "every hour at minute 0 and second 30"),
    ("0 */6 * * *", "every 6 hours from 00:00 to 18:00"),
    // What is no period is not called one.
    ("*/7 * * * *", "at minutes 0, 7, 14, 21, 28, 35, 42, 49 and 56 of every hour"),
    ("*/45 * * * *", "at minutes 0 and 45 of every hour"),
    ("*/60 * * * *", "every hour"),
    ("5/15 * * * *", "at minutes 5, 20, 35 and 50 of every hour"),
    ("2/3 * * * *", "at every 3rd minute from 2 to 59 of every hour"),
    ("1/2 * * * *", "at odd minutes of every hour"),
    ("1-57/2 * * * *", "at every 2nd minute from 1 to 57 of every hour"),
    ("10-20 * * * *", "at minutes 10 to 20 of every hour"),
    ("0,7,10-20 * * * *", "at minutes 0, 7 and 10 to 20 of every hour"),
    ("0 */5 * * *", "every 5 hours from 00:00 to 20:00"),
    ("*/7 * * * * *", "at seconds 0, 7, 14, 21, 28, 35, 42, 49 and 56 of every minute"),
    ("5/10 * * * * *", "at seconds 5, 15, 25, 35, 45 and 55 of every minute"),
    // Part of the day.
    ("0 9-17 * * mon-fri", "every hour from 09:00 to 17:00, Monday to Friday"),
    ("30 9-17 * * *", "every hour from 09:30 to 17:30"),
    ("*/15 9-17 * * *", "every 15 minutes from 09:00 to 17:45"),
    ("5/15 9-17 * * *", "every 15 minutes from 09:05 to 17:50"),
    ("* 9 * * *", "every minute from 09:00 to 09:59"),
    ("* 9,17 * * *", "every minute from 09:00 to 09:59 and from 17:00 to 17:59"),
    ("0 9-12,14-17 * * *", "every hour from 09:00 to 12:00 and from 14:00 to 17:00"),
    ("*/30 2,9-12,14-17 * * *", "every 30 minutes from 02:00 to 02:30, from 09:00 to 12:30 and from 14:00 to 17:30"),
    ("30 */2 * * *", "every 2 hours from 00:30 to 22:30"),
    ("0 1/3 * * *", "every 3 hours from 01:00 to 22:00"),
    ("*/7 9 * * *", "every 7 minutes from 09:00 to 09:56"),
    ("* * 9-17 * * *", "every second from 09:00:00 to 17:59:59"),
    ("*/10 10-20 9 * * *", "every 10 seconds from 09:10:00 to 09:20:50"),
    ("30 */20 9-17 * * *", "every 20 minutes from 09:00:30 to 17:40:30"),
    ("5/12 4 9 * * *", "every 12 seconds from 09:04:05 to 09:04:53"),
    // Past midnight, where each day is followed by one that matches.
    ("0 22-2 * * *", "every hour from 22:00 to 02:00"),
    ("*/10 22-5 * * *", "every 10 minutes from 22:00 to 05:50"),
    ("5,7 * 22-5 * * *", "at seconds 5 and 7 of every minute from 22:00 to 05:59"),
    ("0 22-2 * * mon", "at 00:00, 01:00, 02:00, 22:00 and 23:00 on Mondays"),
    ("*/10 22-5 * jan *", "every 10 minutes from 00:00 to 05:50 and from 22:00 to 23:50 in January"),
    ("0 */10 22-5 * * * 2027", "every 10 minutes from 00:00 to 05:50 and from 22:00 to 23:50 in 2027"),
    // Times of day.
    ("0 9 * * *", "at 09:00 every day"),
    ("0 9,17 * * *", "at 09:00 and 17:00 every day"),
    ("0 */8 * * *", "at 00:00, 08:00 and 16:00 every day"),
    ("5,20 9,12,15 * * *", "at 09:05, 09:20, 12:05, 12:20, 15:05 and 15:20 every day"),
    ("30 0 9 * * *", "at 09:00:30 every day"),
    ("0,30 0 9,17 * * *", "at 09:00:00, 09:00:30, 17:00:00 and 17:00:30 every day"),
    ("0 9-10,14-17,20 * * *", "at 09:00, 10:00, 14:00, 15:00, 16:00, 17:00 and 20:00 every day"),
    // Field by field.
    ("5,20 9-17 * * *", "at minutes 5 and 20 of hours 9 to 17 every day"),
    ("5,20,47 9,12,15 * * *", "at minutes 5, 20 and 47 of hours 9, 12 and 15 every day"),
    ("5 0-3,7,9-15,20 * * *", "at minute 5 of hours 0 to 3, 7, 9 to 15 and 20 every day"),
    ("*/15 */2 * * *", "every 15 minutes in even hours"),
    ("*/15 1-20/3 * * *", "every 15 minutes in hours 1, 4, 7, 10, 13, 16 and 19"),
    ("* * */6 * * *", "every second in hours 0, 6, 12 and 18"),
    ("*/10 5 * * * *", "every 10 seconds in minute 5 of every hour"),
    ("*/10 */5 1/2 * * *", "every 10 seconds in every 5th minute from 0 to 55 of odd hours"),
    ("*/10 5,10 9-17 * * *", "every 10 seconds in minutes 5 and 10 of hours 9 to 17"),
    ("5,10 * 9 * * *", "at seconds 5 and 10 of every minute from 09:00 to 09:59"),
    ("5,10 * */5 * * *", "at seconds 5 and 10 of every minute of hours 0, 5, 10, 15 and 20 every day"),
    ("30 5/15 * * * *", "at second 30 of minutes 5, 20, 35 and 50 of every hour"),
    // Weekdays.
    ("2 4 * * mon,fri", "at 04:02 on Mondays and Fridays"),
    ("0 0 * * sun", "at 00:00 on Sundays"),
    ("* * * * sat,sun", "every minute on Saturdays and Sundays"),
    ("0 0 * * fri-mon", "at 00:00, Friday to Monday"),
    ("0 0 * * mon-wed,fri", "at 00:00 on Mondays, Tuesdays, Wednesdays and Fridays"),
    ("0 0 * * sun-sat", "at 00:00 every day"),
    ("0 0 * * fri#2", "at 00:00 on the second Friday of the month"),
    ("0 0 * * friL", "at 00:00 on the last Friday of the month"),
    ("0 0 * * mon#2,fri#1,fri#3,fri#5", "at 00:00 on the second Monday and the first, third and fifth Friday of the month"),
    ("0 0 * * mon-wed#1", "at 00:00 on the first Monday, the first Tuesday and the first Wednesday of the month"),
    ("0 0 * * sun#1,wed", "at 00:00 on Wednesdays and the first Sunday of the month"),
    ("0 0 * jan sun#1,wed", "at 00:00 on Wednesdays and the first Sunday of the month, in January"),
    ("0 0 * * fri,fri#1,friL", "at 00:00 on Fridays"),
    ("0 0 * * fri#4,friL", "at 00:00 on the fourth and fifth Friday of the month"),
    ("0 0 * * fri#5,friL", "at 00:00 on the last Friday of the month"),
    ("0 0 * * fri#1,fri#2,fri#3,fri#4,friL", "at 00:00 on Fridays"),
    // Days of the month.
    ("0 0 1 * *", "at 00:00 on the 1st of the month"),
    ("0 0 1,5,10-20 * *", "at 00:00 on the 1st, 5th and 10th to 20th of the month"),
    ("0 0 2,3,11,12,13,21,22,23 * *", "at 00:00 on the 2nd, 3rd, 11th to 13th and 21st to 23rd of the month"),
    ("0 0 1-7 * *", "at 00:00 every day from the 1st to the 7th of the month"),
    ("*/15 1-7 * * *", "every 15 minutes from 01:00 to 07:45"),
    ("*/15 * 1-7 * *", "every 15 minutes from the 1st to the 7th of the month"),
    ("*/15 9-17 1-7 * *", "every 15 minutes from 09:00 to 17:45, every day from the 1st to the 7th of the month"),
    ("0 0 28-L * *", "at 00:00 every day from the 28th to the last day of the month"),
    ("0 0 */2 * *", "at 00:00 on odd days of the month"),
    ("0 0 2/2 * *", "at 00:00 on even days of the month"),
    ("0 0 */3 * *", "at 00:00 on every 3rd day from the 1st to the end of the month"),
    ("0 0 1-31 * *", "at 00:00 every day"),
    ("0 0 1-28,L,L-1,L-2 * *", "at 00:00 every day"),
    ("0 0 1-29 2 *", "at 00:00 every day in February"),
    ("0 0 L * *", "at 00:00 on the last day of the month"),
    ("0 0 L-1 * *", "at 00:00 on the day before the last of the month"),
    ("0 0 L-3 * *", "at 00:00 on the 3rd day before the last of the month"),
    ("0 0 L,L-1,L-2 * *", "at 00:00 on the last 3 days of the month"),
    ("0 0 1,L * *", "at 00:00 on the 1st and the last day of the month"),
    ("0 0 1,2,10-20,L,L-2 * *", "at 00:00 on the 1st, the 2nd, the 10th to the 20th, the 2nd day before the last and the last day of the month"),
    ("0 0 */2,L * *", "at 00:00 on odd days and the last day of the month"),
    ("0 0 15W * *", "at 00:00 on the weekday (Monday to Friday) nearest to the 15th of the month"),
    ("0 0 10W,20W * *", "at 00:00 on the weekdays (Monday to Friday) nearest to the 10th and 20th of the month"),
    ("0 0 1W * *", "at 00:00 on the first weekday (Monday to Friday) of the month"),
    ("0 0 LW * *", "at 00:00 on the last weekday (Monday to Friday) of the month"),
    ("0 0 L-3W * *", "at 00:00 on the weekday (Monday to Friday) nearest to the 3rd day before the last of the month"),
    ("0 0 13,15W,LW * *", "at 00:00 on the 13th, the weekday (Monday to Friday) nearest to the 15th and the last weekday of the month"),
    ("0 0 31W * *", "at 00:00 on the weekday (Monday to Friday) nearest to the 31st of the month"),
    ("dialect=croniter 0 0 31W * *", "at 00:00 on the last weekday (Monday to Friday) of the month"),
    ("dialect=croniter 0 0 30W * *", "at 00:00 on the weekday (Monday to Friday) nearest to the 30th of the month, or to the last day of a shorter month"),
    ("dialect=croniter 0 0 30W 1-3 *", "at 00:00 on the weekday (Monday to Friday) nearest to the 30th of the month, or to the last day of a shorter month, from January to March"),
    ("dialect=croniter 0 0 30W 4 *", "at 00:00 on the weekday (Monday to Friday) nearest to the 30th of April"),
    ("dialect=croniter 0 0 28W * *", "at 00:00 on the weekday (Monday to Friday) nearest to the 28th of the month"),
    // Both.
    ("0 0 13 * fri", "at 00:00 on the 13th of the month and on every Friday"),
    ("0 0 13,20 * mon,fri", "at 00:00 on the 13th and 20th of the month and on Mondays and Fridays"),
    ("0 0 1 * mon-fri", "at 00:00 on the 1st of the month and on every day from Monday to Friday"),
    ("0 0 13 * fri#2", "at 00:00 on the 13th and on the second Friday of the month"),
    ("0 0 1-7 * mon,fri#2", "at 00:00 every day from the 1st to the 7th of the month and on Mondays and the second Friday of the month"),
    ("0 0 1-31 * mon", "at 00:00 every day"),
    ("0 0 13 6 fri", "at 00:00 on the 13th of the month and on every Friday, in June"),
    ("days=and 0 0 13 * fri", "at 00:00 on the 13th of the month if it is a Friday"),
    ("days=and 0 0 13,20 * mon,fri", "at 00:00 on the 13th or 20th of the month if it is a Monday or a Friday"),
    ("days=and 0 0 13 6 fri", "at 00:00 on 13 June if it is a Friday"),
    ("days=and 0 0 */2 * mon", "at 00:00 on odd days of the month that are Mondays"),
    ("days=and 0 0 */2 * mon-fri", "at 00:00 on odd days of the month that are days from Monday to Friday"),
    ("days=and 0 0 1,15 * mon-fri", "at 00:00 on the 1st or 15th of the month if it is a day from Monday to Friday"),
    ("days=and 0 0 1-7 * mon", "at 00:00 on days from the 1st to the 7th of the month that are Mondays"),
    ("days=and 0 0 L,L-1,L-2 * fri", "at 00:00 on the last 3 days of the month that are Fridays"),
    ("days=and 0 0 13,L 6 fri#2,friL", "at 00:00 on the 13th or the last day of June if it is the second or last Friday of the month"),
    ("days=and 0 0 15W * mon", "at 00:00 on the weekday (Monday to Friday) nearest to the 15th of the month if it is a Monday"),
    ("days=and 0 0 1-31 * mon", "at 00:00 on Mondays"),
    ("days=and 0 0 13 * sun-sat", "at 00:00 on the 13th of the month"),
    // Months.
    ("0 0 1 1 *", "at 00:00 on 1 January"),
    ("0 0 1,8,15-20 1 *", "at 00:00 on 1, 8 and 15 to 20 January"),
    ("0 0 1-7 1 *", "at 00:00 every day from 1 to 7 January"),
    ("0 0 28-L 2 *", "at 00:00 every day from the 28th to the last day of February"),
    ("0 0 1 */3 *", "at 00:00 on the 1st of January, April, July and October"),
    ("0 0 L 2 *", "at 00:00 on the last day of February"),
    ("0 0 * 11 thu#4", "at 00:00 on the fourth Thursday of November"),
    ("0 0 * 1,6 *", "at 00:00 every day in January and June"),
    ("0 0 * 6-8 *", "at 00:00 every day from June to August"),
    ("0 0 1 6-8 *", "at 00:00 on the 1st of the month from June to August"),
    ("0 0 1-7 6-8 *", "at 00:00 every day from the 1st to the 7th of the month, from June to August"),
    ("*/15 * * 6-8 *", "every 15 minutes from June to August"),
    ("*/15 9-17 * 6-8 *", "every 15 minutes from 09:00 to 17:45, from June to August"),
    ("0 9 * nov-feb mon-fri", "at 09:00, Monday to Friday, from November to February"),
    ("0 9 * 6 mon", "at 09:00 on Mondays in June"),
    // Years.
    ("0 0 0 1 1 ? 2027", "at 00:00 on 1 January 2027"),
    ("0 0 0 1 1 ? 2027,2029", "at 00:00 on 1 January, in 2027 and 2029"),
    ("0 0 0 L 2 ? 2027", "at 00:00 on the last day of February 2027"),
    ("0 0 0 * 1 ? 2027", "at 00:00 every day in January 2027"),
    ("0 0 0 * 1,6 ? 2027", "at 00:00 every day in January and June, in 2027"),
    ("0 0 0 * * ? 2027", "at 00:00 every day in 2027"),
    ("0 0 0 * * ? 2027-2030", "at 00:00 every day from 2027 to 2030"),
    ("0 0 0 * * ? 2027,2030-2035", "at 00:00 every day in 2027 and 2030 to 2035"),
    ("0 5 7 ? * ? 2016/4", "at 07:05 every day in every 4th year from 2016 on"),
    ("0 0 0 1 1 ? 2015-2199", "at 00:00 on 1 January, from 2015 on"),
    ("0 0 1-10,20-L 2 *", "at 00:00 on the 1st to 10th and 20th to the last day of February"),
    ("0 20 1-10,20-L * *", "at 20:00 on the 1st to 10th and 20th to the last day of the month"),
    ("0 0 1/3 2 *", "at 00:00 on every 3rd day from the 1st to the end of February"),
    ("0 8 2/3 * *", "at 08:00 on every 3rd day from the 2nd to the end of the month"),
    ("0 8 1/5 * *", "at 08:00 on every 5th day from the 1st to the end of the month"),
    ("0 0 1,31 2,4 *", "at 00:00 on the 1st of February and April"),
    ("0 0 31 2,3 *", "at 00:00 on 31 March"),
    ("0 0 31W 4,5 *", "at 00:00 on the weekday (Monday to Friday) nearest to the 31st of May"),
    ("0 0 L-29,L 2 *", "at 00:00 on the last day of February"),
    ("0 0 0 1,29 2 * 2027", "at 00:00 on 1 February 2027"),
    ("5-45/10,*/5,9 * * * *", "every 5 minutes and at minute 9 of every hour"),
    ("*/5,9,11 9-17 * * mon-fri", "every 5 minutes and at minutes 9 and 11 of hours 9 to 17, Monday to Friday"),
    ("0 */4 * * *", "every 4 hours from 00:00 to 20:00"),
    ("0 9 * * mon%2", "at 09:00 on Mondays of every 2nd week counted from 31 December 2018"),
    ("0 9 * 6 mon-wed%2+1,fri", "at 09:00 on Fridays, and on Mondays, Tuesdays and Wednesdays of every 2nd week counted from 7 January 2019, in June"),
    ("0 9 13 * sun%2,tue%3+2", "at 09:00 on the 13th of the month and on Sundays of every 2nd week counted from 31 December 2018, and on Tuesdays of every 3rd week counted from 14 January 2019"),
    ("days=and 0 9 1-7 * mon%2", "at 09:00 on days from the 1st to the 7th of the month that are Mondays of every 2nd week counted from 31 December 2018"),
    ("0 0 0 1 * ? */2", "at 00:00 on the 1st of the month in every 2nd year from 1970 on"),
    ("0 0 0 ? 11-2 mon 2027-2029", "at 00:00 on Mondays in January, February, November and December, from 2027 to 2029"),
    ("days=and 0 0 0 13 6 fri 2025", "at 00:00 on 13 June 2025 if it is a Friday"),
    // Never.
    ("0 0 30 2 *", "never, because there is no such date: at 00:00 on 30 February"),
    ("0 0 0 29 2 ? 2100", "never, because there is no such date: at 00:00 on 29 February 2100"),
    ("days=and 0 0 30 2 mon", "never, because there is no such date: at 00:00 on 30 February if it is a Monday"),
    ("0 0 29 2 *", "at 00:00 on 29 February"),
    ("0 0 31 2 mon", "at 00:00 on Mondays in February"),
];

#[test]
fn every_sentence_is_as_people_write_it() {
    for &(text, sentence) in SENTENCES {
        let cron = Cron::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(cron.describe().to_string(), sentence, "{text}");
        assert_eq!(format!("{:?}", cron.describe()), format!("Description({sentence})"));
    }
}

#[test]
fn every_sentence_read_back_means_the_same() {
    let from = ["2026-11-22 12:00", "2027-12-31 23:59:59", "2028-02-28 00:00", "2096-01-01 00:00"];
    let from = from.map(|time| time.parse().unwrap());
    for (text, _) in SENTENCES {
        agrees(&Cron::parse(text).unwrap(), &from).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_description_read_back_means_the_same(
        expression in expressions(),
        // The last is for days that are moved into a shorter month.
        switches in prop::sample::select(&["", "days=and ", "dialect=croniter seconds=first "][..]),
        from in times(),
    ) {
        let text = switches.to_string() + expression.text.trim_start();
        if let Ok(cron) = Cron::parse(&text) {
            agrees(&cron, &[from])?;
        }
    }
}

/// What the description says is what matches, at times near to where it changes and at any.
fn agrees(cron: &Cron, from: &[DateTime]) -> Result<(), TestCaseError> {
    let text = cron.describe().to_string();
    let meaning = english::read(&text);
    prop_assert_eq!(meaning.is_never, cron.never_fires(), "{}: {}", cron, text);
    for &from in from {
        let first = cron.next(from).unwrap_or(from);
        let round = |count: i64, seconds: i64| {
            (-count..count).filter_map(move |steps| first.checked_add_seconds(steps * seconds))
        };
        let fires = [from].into_iter().chain(cron.upcoming(from).take(20));
        // The days of a year at the same time, the minutes of a day, the seconds of some minutes, the years.
        let all = fires.chain(round(400, 86_400)).chain(round(720, 60)).chain(round(300, 1));
        for time in all.chain(round(40, 1461 * 86_400 / 4)) {
            prop_assert_eq!(meaning.matches(time), cron.matches(time), "{} at {}: {}", cron, time, text);
        }
    }
    Ok(())
}

/// Fields that are near to each other, each combined with each others' at random: what has the same description fires
/// at the same times.
#[test]
fn different_meanings_have_different_descriptions() {
    const FIELDS: [&[&str]; 8] = [
        &["", "", "days=and ", "dialect=croniter seconds=first "],
        &["0", "0", "0", "30", "*", "*/10", "5/10", "0-50/10", "0,30", "1/2"],
        &[
            "0", "0", "30", "*", "*/15", "0-45/15", "5/15", "*/7", "1/2", "0-58/2", "0-30/15", "10-20",
            "10,20",
        ],
        &[
            "*",
            "*",
            "9",
            "9-17",
            "9,17",
            "*/2",
            "1/2",
            "*/6",
            "*/5",
            "22-2",
            "0-2,22-23",
            "9-12,14-17",
            "0-23",
            "0-22",
        ],
        &[
            "*",
            "*",
            "1",
            "15",
            "1,15",
            "1-7",
            "L",
            "L-1",
            "1,L",
            "15W",
            "1W",
            "LW",
            "L-3W",
            "31W",
            "31",
            "30,31W",
            "*/2",
            "2/2",
            "1-31",
            "1-30",
            "28-L",
            "13,15W",
            "L,L-1,L-2",
            "29",
            "30",
            "28W",
        ],
        &["*", "*", "1", "2", "1,2", "6-8", "6,7,8", "nov-feb", "*/3", "4,6", "1-12"],
        &[
            "*",
            "*",
            "mon",
            "mon-fri",
            "mon,fri",
            "sat,sun",
            "fri-mon",
            "fri#1",
            "fri#4",
            "fri#5",
            "friL",
            "fri#4,friL",
            "fri#4,fri#5",
            "mon,friL",
            "mon#1,friL",
            "0-6",
            "1-5,friL",
        ],
        &["*", "*", "*", "2027", "2028", "2027-2029", "2027,2028,2029", "*/2", "2100"],
    ];
    let mut seed = 7u64;
    let mut draw = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    };
    let mut described: HashMap<String, Cron> = HashMap::new();
    let mut pairs = 0;
    for _ in 0..20_000 {
        // One field in three is not the commonest, so that many have the same description.
        let fields = FIELDS.map(|field| if draw(3) == 0 { field[draw(field.len())] } else { field[0] });
        let cron = match Cron::parse(&(fields[0].to_string() + &fields[1..].join(" "))) {
            Ok(cron) => cron,
            // croniter takes no weekday in some places.
            Err(_) => continue,
        };
        let text = cron.describe().to_string();
        let first = *described.entry(text.clone()).or_insert(cron);
        if first == cron {
            continue;
        }
        pairs += 1;
        for from in ["2026-11-22 12:00", "2027-12-31 23:59:59", "2028-02-28 00:00", "2098-01-01 00:00"] {
            let from: DateTime = from.parse().unwrap();
            let fires = |cron: &Cron| cron.upcoming(from).take(40).collect::<Vec<_>>();
            assert_eq!(fires(&first), fires(&cron), "{first} and {cron}: {text}");
        }
    }
    assert!(pairs > 500, "only {pairs} were written differently");
    assert!(described.len() > 3000, "only {} descriptions", described.len());
}
