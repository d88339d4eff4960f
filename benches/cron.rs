//! Reading expressions, and finding their next fire.

use std::time::{Duration, SystemTime};

use criterion::{black_box, BatchSize, Criterion, Throughput};
use sexton::civil::DateTime;
use sexton::cron::Dialect;
use sexton::tz::Zone;
use sexton::{Cron, Schedule};

/// So many instants, spread over the years 2020 to 2029 in no order.
const INSTANTS: usize = 1024;

pub fn parse(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parse");
    for (name, text) in [
        ("every minute", "* * * * *"),
        ("two days a week", "2 4 * * mon,fri"),
        ("long", "0,10,20,30,40,50 8-18/2 1,15,L jan-mar,oct-dec mon-fri"),
        ("six fields", "*/10 30 9 * * mon"),
        ("seven fields", "0 30 9 1 1 ? 2026-2030"),
    ] {
        assert!(Cron::parse(text).is_ok());
        group.bench_function(name, |bencher| bencher.iter(|| Cron::parse(black_box(text))));
    }
    let quartz = "0 0 9 ? * 2-6";
    group.bench_function("quartz", |bencher| bencher.iter(|| Dialect::QUARTZ.parse(black_box(quartz))));
    let hashed = Dialect::DEFAULT.hash_id("report");
    group.bench_function("hashed", |bencher| bencher.iter(|| hashed.parse(black_box("H 4 * * *"))));
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
fn seconds() -> impl Iterator<Item = u64> {
    let mut state = 1_u64;
    std::iter::repeat_with(move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        1_577_836_800 + (state >> 33) % 315_532_800
    })
    .take(INSTANTS)
}

pub fn next(criterion: &mut Criterion) {
    let epoch: DateTime = "1970-01-01 00:00".parse().unwrap();
    let times: Vec<DateTime> =
        seconds().map(|seconds| epoch.checked_add_seconds(seconds as i64).unwrap()).collect();
    let mut group = criterion.benchmark_group("next, civil");
    group.throughput(Throughput::Elements(INSTANTS as u64));
    for (name, text) in [
        ("daily", "30 2 * * *"),
        ("weekly", "2 4 * * mon,fri"),
        ("day of month", "0 0 13 * *"),
        ("last day", "0 0 L * *"),
        ("nearest weekday", "0 0 15W * *"),
        ("second friday", "0 0 * * fri#2"),
        ("29 february", "0 0 29 2 *"),
    ] {
        let cron = Cron::parse(text).unwrap();
        for &time in &times {
            let next = cron.next(time).unwrap();
            assert!(next > time && cron.matches(next) && cron.previous(next).unwrap() <= time);
        }
        group.bench_function(name, |bencher| {
            bencher.iter(|| times.iter().filter_map(|&time| black_box(&cron).next(time)).count());
        });
    }
}

pub fn next_in_a_zone(criterion: &mut Criterion) {
    let instants: Vec<SystemTime> =
        seconds().map(|seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)).collect();
    let mut group = criterion.benchmark_group("next, in a zone");
    for (name, zone) in
        [("UTC", Zone::utc()), ("New York", Zone::from_posix("EST5EDT,M3.2.0,M11.1.0").unwrap())]
    {
        let schedule = Schedule::cron("30 2 * * *").unwrap().zone(zone.clone());
        assert!(instants.iter().all(|&instant| schedule.previous(instant).unwrap().unwrap() < instant));
        group.throughput(Throughput::Elements(INSTANTS as u64));
        group.bench_function(format!("daily, random, {name}"), |bencher| {
            bencher.iter(|| {
                let found =
                    instants.iter().filter_map(|&instant| schedule.previous(black_box(instant)).unwrap());
                found.count()
            });
        });
        group.bench_function(format!("every minute, iterated, {name}"), |bencher| {
            bencher.iter_batched(
                || Schedule::cron("* * * * *").unwrap().zone(zone.clone()).upcoming(instants[0]).unwrap(),
                |upcoming| upcoming.take(INSTANTS).count(),
                BatchSize::SmallInput,
            );
        });
    }
}
