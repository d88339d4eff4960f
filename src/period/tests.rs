//! Texts of periods, printed and read.

use super::*;
use proptest::prelude::*;

#[test]
fn texts_of_panel_and_beyond() {
    let elapsed = |text: &str| text.parse::<Period>().map(|p| (p.days, p.elapsed.as_nanos())).unwrap();
    let second = 1_000_000_000;
    assert_eq!(elapsed("1s"), (0, second));
    assert_eq!(elapsed("1h30m"), (0, 5400 * second));
    assert_eq!(elapsed("1w2d"), (9, 0));
    assert_eq!(elapsed("1w2d3h4m5.25s"), (9, 11_045_250_000_000));
    assert_eq!(elapsed("0.5s"), (0, second / 2));
    assert_eq!(elapsed("1.5h"), (0, 5400 * second));
    assert_eq!(elapsed("1500ms"), (0, 3 * second / 2));
    assert_eq!(elapsed("1s500ms"), (0, 3 * second / 2));
    assert_eq!(elapsed("0.000001ms"), (0, 1));
    assert_eq!(elapsed("0d1s"), (0, second));
    assert_eq!(elapsed("007s"), (0, 7 * second));
}

#[test]
fn months_and_years_stand_alone() {
    for (text, months, printed) in [
        ("1mo", 1, "1mo"),
        ("012mo", 12, "1y"),
        ("18mo", 18, "18mo"),
        ("2y", 24, "2y"),
        ("9999y", 119_988, "9999y"),
    ] {
        let period: Period = text.parse().unwrap();
        assert_eq!((period.months(), period.days(), period.elapsed()), (months, 0, Duration::ZERO), "{text}");
        assert_eq!(period.to_string(), printed);
        assert_eq!(printed.parse(), Ok(period));
    }
    assert!("119989mo".parse::<Period>().is_err());
    assert!("10000y".parse::<Period>().is_err());
    // An `m` is still a minute.
    assert_eq!("1m".parse::<Period>().unwrap().elapsed(), Duration::from_secs(60));
}

#[test]
fn fractions_are_printed_as_far_as_they_go() {
    for text in ["0.5s", "1m0.025s", "0.000000001s", "1d3.141592653s"] {
        assert_eq!(text.parse::<Period>().unwrap().to_string(), text);
    }
}

#[test]
fn texts_that_panel_reads_as_zero_are_errors_with_a_reason() {
    for (text, message) in [
        ("", "found nothing at byte 0, expected a number and a unit, as in 1h30m"),
        ("30", "found nothing at byte 2, expected a unit: y, mo, w, d, h, m, s or ms"),
        ("1 hour", "found ` ` at byte 1, expected a unit: y, mo, w, d, h, m, s or ms"),
        ("1hour", "found `hour` at byte 1, expected a unit: y, mo, w, d, h, m, s or ms"),
        ("-1s", "found `-` at byte 0, expected a number and a unit, as in 1h30m"),
        ("1S", "found `S` at byte 1, expected a unit: y, mo, w, d, h, m, s or ms"),
        ("m1", "found `m` at byte 0, expected a number and a unit, as in 1h30m"),
        ("1h30", "found nothing at byte 4, expected a unit: y, mo, w, d, h, m, s or ms"),
        (
            "1m1h",
            "found `h` at byte 3, expected a smaller unit than the one before (the order is w, d, h, m, s, ms)",
        ),
        (
            "1m1m",
            "found `m` at byte 3, expected a smaller unit than the one before (the order is w, d, h, m, s, ms)",
        ),
        ("1h ", "found ` ` at byte 2, expected a number and a unit, as in 1h30m"),
        ("1.s", "found `s` at byte 2, expected a digit after the decimal point"),
        (".5s", "found `.` at byte 0, expected a number and a unit, as in 1h30m"),
        (
            "1.5d",
            "found `1.5d` at byte 0, expected whole years, months, weeks and days, which are calendar steps \
             (half a day of elapsed time is 12h)",
        ),
        ("1.5h10m", "found `1.5h` at byte 0, expected a fraction only on the last part"),
        ("0s", "found `0s` at byte 0, expected a period of more than zero"),
        ("0w0d", "found `0w0d` at byte 0, expected a period of more than zero"),
        ("0.0000001ms", "found `0.0000001ms` at byte 0, expected a whole number of nanoseconds"),
        (
            "99999999999999999999s",
            "found `99999999999999999999s` at byte 0, expected a shorter period: \
             at most 9999 years of days or months and 584 years of elapsed time",
        ),
        (
            "4000000d",
            "found `4000000d` at byte 0, expected a shorter period: \
             at most 9999 years of days or months and 584 years of elapsed time",
        ),
        ("4mo1d", "found `1d` at byte 3, expected nothing beside years or months (a year and a half is 18mo; the end of each month is cron's `L`)"),
        ("1y6mo", "found `6mo` at byte 2, expected nothing beside years or months (a year and a half is 18mo; the end of each month is cron's `L`)"),
        ("0mo", "found `0mo` at byte 0, expected a period of more than zero"),
        (
            "1d1mo",
            "found `mo` at byte 3, expected a smaller unit than the one before (the order is w, d, h, m, s, ms)",
        ),
        (
            "0.5y",
            "found `0.5y` at byte 0, expected whole years, months, weeks and days, which are calendar steps \
             (half a day of elapsed time is 12h)",
        ),
        (
            "99999999y",
            "found `99999999y` at byte 0, expected a shorter period: \
             at most 9999 years of days or months and 584 years of elapsed time",
        ),
        (
            "99999999999999999999mo",
            "found `99999999999999999999mo` at byte 0, expected a shorter period: \
             at most 9999 years of days or months and 584 years of elapsed time",
        ),
        ("1µs", "found `µ` at byte 1, expected a unit: y, mo, w, d, h, m, s or ms"),
    ] {
        assert_eq!(text.parse::<Period>().unwrap_err().to_string(), message, "{text:?}");
    }
    let zero = Period::try_from(Duration::ZERO).unwrap_err();
    assert_eq!(zero.to_string(), "expected a period of more than zero");
}

proptest! {
    #[test]
    fn printing_mirrors_parsing(days in 0..100_000_u32, nanos in 0..u64::MAX) {
        for elapsed in [nanos, nanos / 1_000_000_000 * 1_000_000_000, nanos % 100_000] {
            if let Ok(period) = Period::new(days, Duration::from_nanos(elapsed)) {
                prop_assert_eq!(period.to_string().parse::<Period>(), Ok(period));
            }
        }
    }

    #[test]
    fn no_text_panics(text in "[0-9.wdhmosy]{0,40}|[0-9]{1,12}(mo|y)|\\PC*") {
        let _ = text.parse::<Period>();
    }
}
