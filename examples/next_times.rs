//! Asks a cron expression when it is due, without a scheduler.

use sexton::tz::Zone;
use sexton::{Cron, Moment, Schedule};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // In civil time, without a zone.
    let cron = Cron::parse("30 2 * * sun")?;
    let times: Vec<String> =
        cron.upcoming("2026-03-01 00:00".parse()?).take(2).map(|time| time.to_string()).collect();
    assert_eq!(times, ["2026-03-01T02:30:00", "2026-03-08T02:30:00"]);

    // In a zone. Clocks in New York skip 02:30 on 8 March 2026, so that run is due at 03:00, which is 07:00 UTC.
    let new_york = Zone::from_posix("EST5EDT,M3.2.0,M11.1.0")?;
    let from =
        "2026-03-01 00:00".parse::<Moment>()?.instant(&new_york).ok_or("a time that no clock shows")?;
    let schedule = Schedule::from(cron).zone(new_york.clone());
    for due in schedule.upcoming(from)?.take(3) {
        let civil = new_york.civil(due).ok_or("beyond the calendar")?;
        println!("{civil} in New York, {} in UTC", Moment::from(due));
    }
    Ok(())
}
