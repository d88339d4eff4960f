//! The proof that sexton needs neither `std` nor `alloc` when it is built without its feature `std`: with the one linked
//! the panic handler below would be the second, with the other there would be no allocator. The C runtime is there to
//! start it and for nothing else. It ends with the number of the first answer that is wrong, or 0.

#![no_std]
#![no_main]

use core::fmt::{self, Write};
use core::time::Duration;

use sexton::civil::DateTime;
use sexton::cron::Dialect;
use sexton::tools::Carets;
use sexton::tz::{Instants, PosixZone};
use sexton::{cron, Cron, Period};

#[link(name = "c")]
extern "C" {
    fn abort() -> !;
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    unsafe { abort() }
}

/// The compiled `core` mentions it, though nothing is ever unwound here.
#[no_mangle]
extern "C" fn rust_eh_personality() {}

#[no_mangle]
extern "C" fn main(arguments: i32, _: *const *const u8) -> i32 {
    // Nobody knows how many arguments there are until it runs, so the compiler cannot answer instead.
    let now = 1_774_700_000 + i64::from(arguments);
    let answers = [
        next_fire(now),
        fires_backwards(now),
        civil_times(),
        errors_are_told(),
        dialects(),
        words(),
        questions(),
        periods(now),
        written(cron!("0 9 * * mon-fri"), "0 9 * * mon-fri"),
        written(PosixZone::UTC, "UTC0"),
    ];
    answers.iter().position(|&is_right| !is_right).map_or(0, |i| i as i32 + 1)
}

fn paris() -> Option<PosixZone> {
    PosixZone::parse("CET-1CEST,M3.5.0,M10.5.0/3").ok()
}

/// 28 March 2026, and the next morning has no 02:30.
fn next_fire(now: i64) -> bool {
    let fire = paris().and_then(|zone| Cron::parse("30 2 * * *").ok()?.next_in(&zone, now));
    fire == Some(1_774_746_000)
}

fn fires_backwards(now: i64) -> bool {
    let cron = cron!("0 0 L * *");
    let fire = cron.previous_in(&PosixZone::UTC, now);
    fire == Some(1_772_236_800) && cron.fires_at(&PosixZone::UTC, 1_772_236_800)
}

fn civil_times() -> bool {
    let instants = |text: &str| Some(paris()?.instants(text.parse::<DateTime>().ok()?));
    instants("2026-10-25 02:30") == Some(Instants::Fold { first: 1_792_888_200, second: 1_792_891_800 })
}

fn errors_are_told() -> bool {
    match Cron::parse("0 9 * * mom-fri") {
        Err(error) => written(
            error,
            "day of week: unknown name `mom` at byte 8, expected sun-sat or 0-7; did you mean `mon`?",
        ),
        Ok(_) => false,
    }
}

fn dialects() -> bool {
    let hashed = Dialect::CRONITER.hash_id("hello").parse("H H/3 * * *");
    match (Dialect::QUARTZ.parse("0 0 9 ? * 2-6"), hashed) {
        (Ok(quartz), Ok(hashed)) => {
            written(quartz, "0 9 * * mon-fri")
                && quartz.in_dialect(Dialect::QUARTZ).map_or(false, |text| written(text, "0 0 9 ? * mon-fri"))
                && written(hashed, "10 2-23/3 * * *")
        }
        _ => false,
    }
}

fn words() -> bool {
    let mut findings = Dialect::DEFAULT.lint("*/7 * * * *");
    written(cron!("2 4 * * mon,fri").describe(), "at 04:02 on Mondays and Fridays")
        && findings.next().map_or(false, |finding| written(finding.code(), "uneven-step"))
        && written(Carets::new("0 x", 2..3), "    0 x\n      ^")
}

fn questions() -> bool {
    let cron = cron!("0 0 13 * fri", Dialect::DEFAULT.days_and());
    let day = Duration::from_secs(86_400);
    cron.gaps().map_or(false, |gaps| gaps.smallest == 28 * day && gaps.largest == 427 * day)
        && cron.count(..) > 0
        && cron!("0 0 31 apr *").never_fires()
}

fn periods(now: i64) -> bool {
    let due = |period: &str| {
        let now = Duration::from_secs(now as u64);
        period.parse::<Period>().ok()?.next_in(&paris()?, Duration::ZERO, now)
    };
    due("1d") == Some(Duration::from_secs(1_774_742_400))
        && due("0.5s") == Some(Duration::from_millis(1_774_700_001_500))
}

/// Compares what is written with what is expected, as there is nowhere to keep it.
fn written(what: impl fmt::Display, expected: &str) -> bool {
    struct Rest<'a>(&'a str);

    impl Write for Rest<'_> {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0 = self.0.strip_prefix(text).ok_or(fmt::Error)?;
            Ok(())
        }
    }

    let mut rest = Rest(expected);
    write!(rest, "{what}").is_ok() && rest.0.is_empty()
}
