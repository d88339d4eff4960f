//! Reading expressions, and asking when they fire: a group for each of the works at which
//! `benches/peers` times other libraries. Each group checks its answers before it is timed.

use std::time::{Duration, SystemTime};

use criterion::{black_box, BenchmarkGroup, Criterion, Throughput};
use sexton::civil::DateTime;
use sexton::cron::Dialect;
use sexton::tz::{PosixZone, Zone};
use sexton::Cron;

type Group<'a> = BenchmarkGroup<'a, criterion::measurement::WallTime>;

/// So many instants, spread over the years 2020 to 2029 in no order.
const INSTANTS: usize = 1024;

const OFFICE: &str = "*/5 9-17 * * mon-fri";
const EITHER_DAY: &str = "0 0 13 * fri";

pub fn parse(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parse");
    for (name, text) in [
        ("every minute", "* * * * *"),
        ("two days a week", "2 4 * * mon,fri"),
        ("long", "0,7,14,21,28,35,42,49,56 */2 1-15,20-25 jan-jun,sep mon-fri"),
        ("with a mark", "0 0 L * *"),
    ] {
        bench_parse(&mut group, name, text, false);
    }
    group.finish();

    let mut group = criterion.benchmark_group("parse, six and seven fields, rare dates");
    bench_parse(&mut group, "six fields", "30 */5 9-17 * * mon-fri", false);
    bench_parse(&mut group, "seven fields", "0 30 9 * * mon-fri 2030", false);
    bench_parse(&mut group, "29 February", "0 0 29 2 *", false);
    bench_parse(&mut group, "a date that never comes", "0 0 31 2 *", true);
    group.finish();

    let mut group = criterion.benchmark_group("parse, other dialects");
    let quartz = "0 0 9 ? * 2-6";
    group.bench_function("quartz", |bencher| bencher.iter(|| Dialect::QUARTZ.parse(black_box(quartz))));
    let hashed = Dialect::DEFAULT.hash_id("report");
    group.bench_function("hashed", |bencher| bencher.iter(|| hashed.parse(black_box("H 4 * * *"))));
}

fn bench_parse(group: &mut Group<'_>, name: &str, text: &str, never_fires: bool) {
    let cron = Cron::parse(text).unwrap();
    assert_eq!(cron.never_fires(), never_fires);
    assert_eq!(cron.to_string().parse(), Ok(cron));
    group.bench_function(name, |bencher| bencher.iter(|| Cron::parse(black_box(text))));
}

/// What is asked of a whole expression.
pub fn questions(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("questions");
    let friday_the_13th = Dialect::DEFAULT.days_and().parse("0 0 13 * fri").unwrap();
    let (start, end): (DateTime, DateTime) =
        ("2026-01-01 00:00".parse().unwrap(), "2027-01-01 00:00".parse().unwrap());
    for (name, cron) in [("daily", Cron::parse("30 2 * * *").unwrap()), ("Friday the 13th", friday_the_13th)]
    {
        assert!(cron.count(start..end) == cron.between(start..end).count() as u64 && cron.gaps().is_some());
        group.bench_function(format!("count of a year, {name}"), |bencher| {
            bencher.iter(|| black_box(&cron).count(start..end));
        });
        group.bench_function(format!("gaps, {name}"), |bencher| bencher.iter(|| black_box(&cron).gaps()));
        group.bench_function(format!("describe, {name}"), |bencher| {
            bencher.iter(|| black_box(&cron).describe().to_string());
        });
        group.bench_function(format!("display, {name}"), |bencher| {
            bencher.iter(|| black_box(&cron).to_string());
        });
    }
}

/// One after the other, always the same ones.
fn seconds() -> impl Iterator<Item = i64> {
    let mut state = 1_u64;
    std::iter::repeat_with(move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        1_577_836_800 + (state >> 33) as i64 % 315_532_800
    })
    .take(INSTANTS)
}

fn civil(text: &str) -> DateTime {
    text.parse().unwrap()
}

/// Civil times in and out.
pub fn next(criterion: &mut Criterion) {
    let times: Vec<DateTime> = seconds().map(|unix| PosixZone::UTC.civil(unix).unwrap()).collect();
    for (row, works) in [
        ("next", &[("every minute", "* * * * *"), ("office hours", OFFICE)][..]),
        (
            "next, days",
            &[("13th or Friday", EITHER_DAY), ("last", "0 0 L * *"), ("third Friday", "0 0 * * fri#3")],
        ),
    ] {
        let mut group = criterion.benchmark_group(row);
        group.throughput(Throughput::Elements(INSTANTS as u64));
        for (name, text) in works {
            let cron = Cron::parse(text).unwrap();
            for &time in &times {
                let next = cron.next(time).unwrap();
                assert!(next > time && cron.matches(next) && cron.previous(next).unwrap() <= time);
            }
            group.bench_function(*name, |bencher| {
                bencher.iter(|| times.iter().filter_map(|&time| black_box(&cron).next(time)).count());
            });
        }
    }

    let mut group = criterion.benchmark_group("next, rare dates");
    let (leap_day, never) = (Cron::parse("0 0 29 2 *").unwrap(), Cron::parse("0 0 31 2 *").unwrap());
    let from = civil("2096-03-01 00:00");
    assert_eq!((leap_day.next(from), never.next(from)), (Some(civil("2104-02-29 00:00")), None));
    for (name, cron) in [("29 February from 2096", leap_day), ("a date that never comes", never)] {
        group.bench_function(name, |bencher| bencher.iter(|| black_box(&cron).next(black_box(from))));
    }
    group.finish();

    let mut group = criterion.benchmark_group("matches");
    group.throughput(Throughput::Elements(INSTANTS as u64));
    for (name, text) in [("office hours", OFFICE), ("13th or Friday", EITHER_DAY)] {
        let cron = Cron::parse(text).unwrap();
        assert!(times.iter().all(|&time| cron.matches(time) == (cron.between(time..=time).count() == 1)));
        group.bench_function(name, |bencher| {
            bencher.iter(|| times.iter().filter(|&&time| black_box(&cron).matches(time)).count());
        });
    }
}

/// Unix seconds in and out.
pub fn next_in_a_zone(criterion: &mut Criterion) {
    let cron = Cron::parse(OFFICE).unwrap();
    let (utc, new_york) = (Zone::utc(), Zone::from_posix("EST5EDT,M3.2.0,M11.1.0").unwrap());
    let instants: Vec<i64> = seconds().collect();
    let zones = [("UTC", &utc), ("New York", &new_york)];

    let mut group = criterion.benchmark_group("next, in a zone");
    group.throughput(Throughput::Elements(INSTANTS as u64));
    group.bench_function("New York, office hours", |bencher| {
        bencher
            .iter(|| instants.iter().filter_map(|&after| black_box(&cron).next_in(&new_york, after)).count());
    });
    group.throughput(Throughput::Elements(1));
    let (in_gap, before) = (Cron::parse("30 2 * * *").unwrap(), 1_710_046_800);
    assert_eq!(in_gap.next_in(&new_york, before), Some(1_710_054_000));
    group.bench_function("New York, in a gap", |bencher| {
        bencher.iter(|| black_box(&in_gap).next_in(&new_york, black_box(before)));
    });
    group.finish();

    let mut group = criterion.benchmark_group("iterate");
    group.throughput(Throughput::Elements(INSTANTS as u64));
    for (name, zone) in zones {
        let mut last = instants[0];
        for due in cron.upcoming_in(zone, instants[0]).take(INSTANTS) {
            assert_eq!(Some(due), cron.next_in(zone, last));
            last = due;
        }
        group.bench_function(name, |bencher| {
            bencher.iter(|| black_box(&cron).upcoming_in(zone, instants[0]).take(INSTANTS).last());
        });
    }
    group.finish();

    let mut group = criterion.benchmark_group("previous");
    group.throughput(Throughput::Elements(INSTANTS as u64));
    for (name, zone) in zones {
        for &before in &instants {
            let previous = cron.previous_in(zone, before).unwrap();
            assert!(previous < before && cron.next_in(zone, previous).unwrap() >= before);
        }
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                instants.iter().filter_map(|&before| black_box(&cron).previous_in(zone, before)).count()
            });
        });
    }
    group.finish();

    let mut group = criterion.benchmark_group("zone");
    group.throughput(Throughput::Elements(INSTANTS as u64));
    let times: Vec<SystemTime> =
        instants.iter().map(|&unix| SystemTime::UNIX_EPOCH + Duration::from_secs(unix as u64)).collect();
    let civil_times: Vec<DateTime> = times.iter().map(|&time| new_york.civil(time).unwrap()).collect();
    let is_back = |(&time, &civil): (&SystemTime, &DateTime)| {
        new_york
            .instants(civil)
            .map_or(false, |found| new_york.civil(found.due()) == Some(civil) && found.due() <= time)
    };
    assert!(times.iter().zip(&civil_times).all(is_back));
    group.bench_function("offset at an instant", |bencher| {
        bencher.iter(|| {
            times.iter().filter_map(|&time| black_box(&new_york).offset(time)).map(i64::from).sum::<i64>()
        });
    });
    group.bench_function("instant of a civil time", |bencher| {
        bencher.iter(|| civil_times.iter().filter_map(|&civil| black_box(&new_york).instants(civil)).count());
    });
}
