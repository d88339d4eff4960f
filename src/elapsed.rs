//! Elapsed time in hours, minutes and seconds. Pure: no threads, no clock, no files.

use core::fmt;
use core::time::Duration;

/// Prints elapsed time for people: `3.2s`, `1m45s`, `26h`. There are no days: a day is a calendar step. The time is cut to
/// milliseconds; below one second to microseconds, and below one millisecond to nanoseconds.
pub(crate) struct Elapsed(pub(crate) Duration);

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Elapsed(elapsed) = *self;
        let coarse = match elapsed.as_nanos() {
            0..=999_999 => 1,
            1_000_000..=999_999_999 => 1_000,
            _ => 1_000_000,
        };
        let elapsed = Duration::new(elapsed.as_secs(), elapsed.subsec_nanos() / coarse * coarse);
        match elapsed.as_secs() {
            0..=59 => write!(f, "{elapsed:?}"),
            _ => write_hms(elapsed, f),
        }
    }
}

/// Prints elapsed time to the nanosecond: `1h30m0.025s`. Prints nothing for zero.
pub(crate) fn write_hms(elapsed: Duration, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let (seconds, nanos) = (elapsed.as_secs(), elapsed.subsec_nanos());
    for (count, unit) in [(seconds / 3600, "h"), (seconds / 60 % 60, "m")] {
        if count > 0 {
            write!(f, "{count}{unit}")?;
        }
    }
    if nanos > 0 {
        let (mut fraction, mut digits) = (nanos, 9);
        while fraction % 10 == 0 {
            fraction /= 10;
            digits -= 1;
        }
        write!(f, "{}.{fraction:0digits$}s", seconds % 60)
    } else if seconds % 60 > 0 {
        write!(f, "{}s", seconds % 60)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elapsed_time_is_printed_with_three_decimals_at_most() {
        let cases = [
            (0, 0, "0ns"),
            (0, 999, "999ns"),
            (0, 999_999, "999.999µs"),
            (0, 1_234_567, "1.234ms"),
            (0, 999_999_999, "999.999ms"),
            (3, 200_000_000, "3.2s"),
            (3, 1, "3s"),
            (59, 999_999_999, "59.999s"),
            (60, 0, "1m"),
            (105, 0, "1m45s"),
            (3_605, 25_000_001, "1h5.025s"),
            (93_600, 0, "26h"),
            (400 * 86_400, 0, "9600h"),
            (u64::MAX, 0, "5124095576030431h15s"),
        ];
        for (seconds, nanos, text) in cases {
            assert_eq!(Elapsed(Duration::new(seconds, nanos)).to_string(), text);
        }
    }
}
