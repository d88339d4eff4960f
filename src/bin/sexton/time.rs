//! Reads and prints times.

use std::env;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sexton::civil::{Date, DateTime, Time};
use sexton::tz::{Instants, Zone};
use sexton::Moment;

use crate::args::Args;
use crate::crontab::EMPTY_ZONE;
use crate::{sign, tell, Failure};

/// The message for a time that has no instant in the zone.
pub fn no_instant(zone: &Zone) -> String {
    match zone.begins() {
        Some(begins) => format!("the data of {zone} begin at {}", rfc3339(begins, zone)),
        None => "this machine's clock cannot represent it".into(),
    }
}

/// The zone that stands beside an expression, or else that of `--zone`; the local one without both.
pub fn zone(args: &Args, named: Option<&str>) -> Result<Zone, Failure> {
    let failure = |problem: String| Failure::Error(1, problem);
    let value = match named.or_else(|| args.value("--zone")) {
        Some(value) => value,
        None if env::var_os("TZ").map_or(false, |value| value.is_empty()) => {
            return Err(failure(format!("TZ: {EMPTY_ZONE}")));
        }
        None => return Zone::local().map_err(|error| failure(error.to_string())),
    };
    if value.is_empty() {
        return Err(failure(EMPTY_ZONE.into()));
    }
    if let Some((message, suggestion)) = sign::opposite(value) {
        tell(&format!("sexton: warning: {message} (zone-sign); {suggestion}"));
    }
    Zone::from_tz(value).map_err(|error| failure(error.to_string()))
}

/// The instant of `--from`; now without it. The caller wants the due times after it, or before it if `is_backward`.
pub fn from(args: &Args, zone: &Zone, is_backward: bool) -> Result<SystemTime, Failure> {
    let text = match args.value("--from") {
        Some(text) => text,
        None => return Ok(SystemTime::now()),
    };
    let instant = read(text, zone).and_then(|(moment, fraction)| {
        let instant = start(moment, zone, is_backward).and_then(|instant| instant.checked_add(fraction));
        instant.ok_or_else(|| no_instant(zone))
    });
    instant.map_err(|error| Failure::Error(1, format!("--from `{text}`: {error}")))
}

/// The instant of `--until`.
fn until(args: &Args, zone: &Zone) -> Result<SystemTime, Failure> {
    let text = args.value("--until").unwrap_or_default();
    let instant = read(text, zone).and_then(|(moment, fraction)| {
        let instant = moment.instant(zone).and_then(|instant| instant.checked_add(fraction));
        instant.ok_or_else(|| no_instant(zone))
    });
    instant.map_err(|error| Failure::Error(1, format!("--until `{text}`: {error}")))
}

/// The instant of `--until`, if it is given. A span that ends before it begins is a mistake.
pub fn end(args: &Args, zone: &Zone, from: SystemTime) -> Result<Option<SystemTime>, Failure> {
    if !args.has("--until") {
        return Ok(None);
    }
    let end = until(args, zone)?;
    if end >= from {
        return Ok(Some(end));
    }
    let begin = args.value("--from").map_or("now".into(), |text| format!("--from `{text}`"));
    let text = args.value("--until").unwrap_or_default();
    Err(Failure::Usage(format!("--until `{text}` is before {begin}: expected a later time")))
}

/// The instant from which to search for due times after a moment, or before it if `is_backward`. A civil time that clocks skip
/// lies before all that is due at the end of its gap. So the search for later ones starts one second before that end.
pub fn start(moment: Moment, zone: &Zone, is_backward: bool) -> Option<SystemTime> {
    const SECOND: Duration = Duration::from_secs(1);
    match moment {
        Moment::Civil(civil) => match zone.instants(civil)? {
            Instants::Gap { end, .. } if !is_backward => end.checked_sub(SECOND),
            _ => moment.instant(zone),
        },
        _ => moment.instant(zone),
    }
}

/// Reads a moment: RFC 3339, or a civil time, and a fraction of a second. Also a date alone, which is its midnight; a time of
/// day alone, which is today's in the zone; and Unix seconds.
pub fn read(text: &str, zone: &Zone) -> Result<(Moment, Duration), String> {
    let today = || Some(zone.civil(SystemTime::now())?.date());
    let at_date = || Some(text.parse::<Date>().ok()?.at(Time::new(0, 0, 0)?));
    let at_time = || Some(today()?.at(text.parse::<Time>().ok()?));
    let at_seconds = || {
        let seconds = text.parse::<i64>().ok()?;
        let distance = Duration::from_secs(seconds.unsigned_abs());
        if seconds < 0 {
            UNIX_EPOCH.checked_sub(distance)
        } else {
            UNIX_EPOCH.checked_add(distance)
        }
    };
    let short = at_date().or_else(at_time).map(Moment::Civil).or_else(|| at_seconds().map(Moment::Instant));
    match short {
        Some(moment) => Ok((moment, Duration::ZERO)),
        None => read_whole(text),
    }
}

fn read_whole(text: &str) -> Result<(Moment, Duration), String> {
    let error = match text.parse::<Moment>() {
        Ok(moment) => return Ok((moment, Duration::ZERO)),
        Err(error) => error,
    };
    // The library accepts a fraction only with an offset.
    let with_fraction = text.rsplit_once('.').and_then(|(whole, digits)| {
        let fraction =
            format!("1970-01-01T00:00:00.{digits}Z").parse::<Moment>().ok()?.instant(&Zone::utc())?;
        let whole = whole.parse::<DateTime>().ok()?;
        Some((Moment::Civil(whole), fraction.duration_since(UNIX_EPOCH).ok()?))
    });
    with_fraction.ok_or_else(|| error.to_string())
}

/// The instant without a fraction of a second.
pub fn whole_second(instant: SystemTime) -> SystemTime {
    let fraction = match instant.duration_since(UNIX_EPOCH) {
        Ok(since) => since.subsec_nanos(),
        // Before 1970, the fraction is the distance to the next second.
        Err(before) => (1_000_000_000 - before.duration().subsec_nanos()) % 1_000_000_000,
    };
    instant.checked_sub(Duration::from_nanos(fraction.into())).unwrap_or(instant)
}

/// The instant in the zone, to the second, with its offset, or with `Z` for offset zero.
pub fn rfc3339(instant: SystemTime, zone: &Zone) -> String {
    zone.rfc3339(whole_second(instant)).to_string()
}

/// The civil time in the zone, to the second.
pub fn civil(instant: SystemTime, zone: &Zone) -> String {
    match zone.civil(instant) {
        Some(civil) => civil.to_string(),
        None => "(outside the years 1-9999)".into(),
    }
}

/// Seconds since 1970-01-01T00:00:00Z. The instant must have no fraction of a second.
pub fn unix(instant: SystemTime) -> String {
    match instant.duration_since(UNIX_EPOCH) {
        Ok(since) => since.as_secs().to_string(),
        Err(before) => format!("-{}", before.duration().as_secs()),
    }
}

/// `0.012s`
pub fn seconds(duration: Duration) -> String {
    // Without numbers with a point, of which the program has no other: to print them takes a hundredth of its file.
    let millis = duration.saturating_add(Duration::from_micros(500)).as_millis();
    format!("{}.{:03}s", millis / 1000, millis % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_printed_with_the_offset_of_the_zone() {
        let show = |text: &str, offset: i32| {
            let zone = Zone::fixed(offset).unwrap();
            rfc3339(read(text, &zone).unwrap().0.instant(&zone).unwrap(), &zone)
        };
        assert_eq!(show("2026-11-22T10:00:00", 0), "2026-11-22T10:00:00Z");
        assert_eq!(show("2026-11-22T10:00:00Z", 19_800), "2026-11-22T15:30:00+05:30");
        assert_eq!(show("1800-01-01 00:00", -17_762), "1800-01-01T00:00:00-04:56:02");
        assert_eq!(
            unix(read("1969-12-31T23:59:58Z", &Zone::utc()).unwrap().0.instant(&Zone::utc()).unwrap()),
            "-2"
        );
    }

    #[test]
    fn seconds_are_rounded_to_thousandths() {
        let show = |nanos: u64| seconds(Duration::from_nanos(nanos));
        assert_eq!([0, 499_999, 500_000, 12_345_678].map(show), ["0.000s", "0.000s", "0.001s", "0.012s"]);
        assert_eq!(show(59_999_600_000), "60.000s");
        assert_eq!(seconds(Duration::MAX), format!("{}.999s", u64::MAX), "what is longer is not printed");
    }

    #[test]
    fn what_is_due_at_the_end_of_a_gap_comes_after_all_that_the_gap_skips() {
        let mut gaps = 0;
        for (rule, year) in [
            ("CET-1CEST,M3.5.0,M10.5.0/3", 2026),
            ("LHST-10:30LHDT-11,M10.1.0,M4.1.0", 2026),
            ("EET-2EEST,M4.5.5/0,M10.5.4/24", 2031),
        ] {
            let zone = Zone::from_tz(rule).unwrap();
            for text in ["30 2 * * *", "0 3 * * *", "30 * * * *", "0 1 * * *", "0 0 * * *", "*/20 * * * *"] {
                let cron: sexton::Cron = text.parse().unwrap();
                let schedule = || sexton::Schedule::from(cron).zone(zone.clone());
                let first: DateTime = format!("{year}-01-01 00:00").parse().unwrap();
                let civils = (0..365 * 96).filter_map(|i| first.checked_add_seconds(i * 900));
                for civil in
                    civils.filter(|civil| matches!(zone.instants(*civil), Some(Instants::Gap { .. })))
                {
                    gaps += 1;
                    let end = zone.instants(civil).unwrap().due();
                    let start = |is_backward| start(Moment::Civil(civil), &zone, is_backward).unwrap();
                    let before = schedule().previous(start(true)).unwrap().unwrap();
                    let after = schedule().upcoming(start(false)).unwrap().next().unwrap();
                    assert!(before < end && end <= after, "{text} {civil} {rule}");
                    assert_eq!(schedule().previous(after).unwrap(), Some(before), "{text} {civil} {rule}");
                }
            }
        }
        assert!(gaps >= 6 * 8, "{gaps} civil times in gaps");
    }

    #[test]
    fn a_civil_time_may_have_a_fraction() {
        let read = |text| read(text, &Zone::utc());
        let whole = "1970-01-01T00:00:01".parse().unwrap();
        assert_eq!(read("1970-01-01T00:00:01.5"), Ok((Moment::Civil(whole), Duration::from_millis(500))));
        let instant = UNIX_EPOCH + Duration::from_millis(1500);
        assert_eq!(read("1970-01-01T00:00:01.50Z"), Ok((Moment::Instant(instant), Duration::ZERO)));
        assert_eq!(
            read("1970-01-01T00:00:01.").unwrap_err(),
            "fraction of a second: found nothing at byte 20, expected one to nine digits"
        );
    }
    #[test]
    fn a_date_a_time_of_day_and_unix_seconds_are_times() {
        let zone = Zone::fixed(3600).unwrap();
        let of = |text: &str| rfc3339(read(text, &zone).unwrap().0.instant(&zone).unwrap(), &zone);
        assert_eq!(of("2026-12-31"), "2026-12-31T00:00:00+01:00");
        assert_eq!(of("0"), "1970-01-01T01:00:00+01:00");
        assert_eq!(of("-1"), "1970-01-01T00:59:59+01:00");
        assert_eq!(of("1798675200"), "2026-12-31T01:00:00+01:00");
        let today = civil(SystemTime::now(), &zone);
        assert!([&*today, &*civil(SystemTime::now(), &zone)]
            .iter()
            .any(|now| of("10:00")[..11] == now[..11]));
        assert!(of("10:00:30").ends_with("T10:00:30+01:00"));
        assert!(read("tomorrow", &zone).is_err());
        assert!(read("99999999999999999999", &zone).is_err());
    }
}
