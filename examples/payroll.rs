//! Pays on the last working day of each month. The manual clock runs through a year in a moment, so the dates are
//! tested before they matter.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use sexton::civil::{Date, Weekday};
use sexton::tz::Zone;
use sexton::{Error, ManualClock, Moment, Run, Scheduler, Task};

/// The holidays of 2027 that are not on a weekend. A service would read them from a file.
const HOLIDAYS: [&str; 7] = [
    "2027-01-01",
    "2027-03-26",
    "2027-03-29",
    "2027-05-06",
    "2027-05-17",
    "2027-12-30", // the office is closed on these two
    "2027-12-31",
];

/// All days of a year on which nobody works. What is due on a listed day moves to the last one before that is not
/// listed, so weekends have to be in the list.
fn days_off(year: i16) -> Result<Vec<Date>, Error> {
    let new_year = Date::new(year, 1, 1).expect("each year has this day");
    let days = (0..366).filter_map(|days| new_year.checked_add_days(days));
    let weekends = days.filter(|day| matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday));
    let mut days_off: Vec<Date> = HOLIDAYS.iter().map(|day| day.parse()).collect::<Result<_, _>>()?;
    days_off.extend(weekends);
    Ok(days_off)
}

/// What the service schedules. The scheduler is an argument, so that a test can give it one with a manual clock.
fn schedule(
    scheduler: &Scheduler,
    pay: impl FnMut(&Run) -> Result<(), String> + Send + 'static,
) -> Result<Task, Error> {
    scheduler
        .task("payroll")
        .cron("0 9 L * *") // 9:00 on the last day of the month
        .except_dates(days_off(2027)?)
        .or_previous_day()
        .retry(3, Duration::from_secs(60)) // after one minute, two and four
        .run_with(pay)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let berlin = Zone::from_posix("CET-1CEST,M3.5.0,M10.5.0/3")?;
    let start = "2027-01-01".parse::<Moment>()?.instant(&berlin).ok_or("no such time")?;
    let clock = ManualClock::new(start);
    let scheduler = Scheduler::builder().clock(&clock).zone(berlin.clone()).build()?;

    let paid = Arc::new(Mutex::new(Vec::new()));
    let (book, zone) = (paid.clone(), berlin.clone());
    let payroll = schedule(&scheduler, move |run| {
        let due = zone.civil(run.due()).ok_or("beyond the calendar")?;
        if due.date().month() == 4 && run.attempt() < 3 {
            return Err("the bank does not answer".into());
        }
        book.lock().unwrap().push(due.to_string());
        Ok(())
    })?;

    let april = "2027-04-30 09:00".parse::<Moment>()?.instant(&berlin).ok_or("no such time")?;
    clock.advance(april.duration_since(start)?);
    assert_eq!(paid.lock().unwrap().len(), 3, "the first attempt of April has failed");
    clock.advance(Duration::from_secs(3 * 60));
    assert_eq!(paid.lock().unwrap().len(), 4, "the third has not");
    clock.advance(Duration::from_secs(245 * 86_400)); // returns when all runs are over: they are on this thread

    let paid = paid.lock().unwrap();
    let expected = [
        "2027-01-29T09:00:00", // the 31st is a Sunday
        "2027-02-26T09:00:00",
        "2027-03-31T09:00:00",
        "2027-04-30T09:00:00",
        "2027-05-31T09:00:00",
        "2027-06-30T09:00:00",
        "2027-07-30T09:00:00",
        "2027-08-31T09:00:00",
        "2027-09-30T09:00:00",
        "2027-10-29T09:00:00",
        "2027-11-30T09:00:00",
        "2027-12-29T09:00:00", // before the days on which the office is closed
    ];
    assert_eq!(*paid, expected);
    let stats = payroll.stats();
    assert_eq!((stats.finished, stats.failed, stats.missed), (12, 0, 0));
    println!("{paid:#?}");
    Ok(())
}
