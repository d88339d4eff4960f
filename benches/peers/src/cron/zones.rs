//! What a zone is asked: the offset at an instant, and the instant of a civil time. New York, random instants.
//! Each library gets its own types, made beforehand.

use crate::{limit, Bench, Want};
use chrono::{Offset, TimeZone};
use std::hint::black_box;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const OFFSET: &str = "zone-offset/random";
const INSTANT: &str = "zone-instant/random";

/// One work of a library: what it asks, over inputs of its own, and what the answers add up to.
fn bench<I: 'static>(
    out: &mut Vec<Bench>,
    want: &Want,
    (work, lib): (&str, &'static str),
    inputs: impl FnOnce() -> Vec<I>,
    ask: impl Fn(&I) -> i64 + 'static,
) {
    if !want.takes(work, lib) {
        return;
    }
    let inputs = inputs();
    let sum = inputs.iter().map(&ask).fold(0, i64::wrapping_add);
    let run = move |n| {
        for i in 0..n {
            black_box(ask(black_box(&inputs[i as usize & 1023])));
        }
    };
    let answer = Box::new(move || format!("sum {sum}"));
    out.push(Bench { work: work.into(), lib, run: Box::new(run), answer });
}

pub fn add(out: &mut Vec<Bench>, want: &Want) {
    let limit_zone: &'static limit::Zone = Box::leak(Box::new(limit::Zone::new_york()));
    // What clocks show at the instants, in seconds.
    let walls = move || crate::instants().into_iter().map(move |t| t + limit_zone.offset(t) as i64);

    bench(out, want, (OFFSET, "(limit)"), crate::instants, |&t| limit_zone.offset(t) as i64);
    bench(out, want, (INSTANT, "(limit)"), || walls().collect(), |&wall| limit_zone.instant(wall));

    let zone = jiff::tz::TimeZone::get("America/New_York").unwrap();
    let of = |t| jiff::Timestamp::from_second(t).unwrap();
    let inputs = move || crate::instants().into_iter().map(of).collect();
    let tz = zone.clone();
    bench(out, want, (OFFSET, "jiff"), inputs, move |t| tz.to_offset(*t).seconds() as i64);
    let civil = move |wall| jiff::tz::TimeZone::UTC.to_datetime(of(wall));
    let inputs = move || walls().map(civil).collect();
    let ask =
        move |c: &jiff::civil::DateTime| zone.to_ambiguous_timestamp(*c).compatible().unwrap().as_second();
    bench(out, want, (INSTANT, "jiff"), inputs, ask);

    let zone = chrono_tz::America::New_York;
    let of = |t| chrono::DateTime::from_timestamp(t, 0).unwrap().naive_utc();
    let inputs = move || crate::instants().into_iter().map(of).collect();
    let ask = move |t: &_| zone.offset_from_utc_datetime(t).fix().local_minus_utc() as i64;
    bench(out, want, (OFFSET, "chrono-tz"), inputs, ask);
    let inputs = move || walls().map(of).collect();
    let ask = move |t: &_| zone.from_local_datetime(t).earliest().unwrap().timestamp();
    bench(out, want, (INSTANT, "chrono-tz"), inputs, ask);

    let zone = sexton::tz::Zone::named("America/New_York").unwrap();
    let of = |t| UNIX_EPOCH + Duration::from_secs(t as u64);
    let inputs = move || crate::instants().into_iter().map(of).collect();
    let tz = zone.clone();
    bench(out, want, (OFFSET, "sexton"), inputs, move |&t: &SystemTime| tz.offset(t).unwrap() as i64);
    let civil = |wall| sexton::tz::PosixZone::UTC.civil(wall).unwrap();
    let inputs = move || walls().map(civil).collect();
    let ask = move |&c: &_| {
        let instant = zone.instants(c).unwrap().due();
        instant.duration_since(UNIX_EPOCH).unwrap().as_secs() as i64
    };
    bench(out, want, (INSTANT, "sexton"), inputs, ask);

    let rule = sexton::tz::PosixZone::parse("EST5EDT,M3.2.0,M11.1.0").unwrap();
    bench(out, want, (OFFSET, "sexton.rule"), crate::instants, move |&t| rule.offset(t) as i64);
    let inputs = move || walls().map(civil).collect();
    bench(out, want, (INSTANT, "sexton.rule"), inputs, move |&c: &_| rule.instants(c).due());
}
