//! What several laws ask of zones, texts and messages.

use std::fmt;
use std::ops::Range;
use std::time::{Duration, SystemTime};

use sexton::civil::DateTime;
use sexton::tz::Instants;

/// No clock is farther from UTC than this, in seconds.
pub const MAX_OFFSET: i64 = 26 * 3600;

pub fn system_time(unix: i64) -> Option<SystemTime> {
    let size = Duration::from_secs(unix.unsigned_abs());
    if unix < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(size)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(size)
    }
}

/// Of whole seconds.
pub fn unix(time: SystemTime) -> i64 {
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => since.as_secs() as i64,
        Err(before) => 0_i64.saturating_sub_unsigned(before.duration().as_secs()),
    }
}

/// A message is one line that has something to say.
pub fn check_message(message: impl fmt::Display) {
    let message = message.to_string();
    assert!(!message.is_empty() && !message.contains(char::is_control), "message {message:?}");
}

/// A span lies inside the text, on boundaries of characters.
pub fn check_span(text: &str, span: Range<usize>) {
    assert!(text.get(span.clone()).is_some(), "span {span:?} of {text:?}");
}

/// The instants that a zone gives for a civil time: that one among them which is `unix` has to be there.
///
/// A zone can show a civil time more than twice. Then the first two are given.
pub fn check_shown(civil: DateTime, unix: i64, instants: Instants<i64>) {
    let is_there = match instants {
        Instants::Unique(only) => unix == only,
        Instants::Fold { first, second } => {
            first < second
                && (unix == first || unix == second || second < unix && unix - first <= 2 * MAX_OFFSET)
        }
        Instants::Gap { .. } => false,
    };
    assert!(is_there, "{unix} shows {civil}, which is said to be shown at {instants:?}");
}

/// Clocks show no instant's civil time as a gap, and a gap lies where the offset changes as it says.
pub fn check_gap(civil: DateTime, instants: Instants<i64>, offset: impl Fn(i64) -> i32) {
    if let Instants::Gap { before, after, end } = instants {
        assert!(before < after, "the gap of {civil} goes back: {instants:?}");
        assert_eq!((offset(end - 1), offset(end)), (before, after), "the gap of {civil} at {end}");
    }
}

/// The instants up to a year later at which the offset changes, by looking every hour.
pub fn changes(from: i64, offset: impl Fn(i64) -> i32) -> Vec<i64> {
    const HOUR: i64 = 3600;
    let mut changes = Vec::new();
    let mut before = offset(from);
    for hour in 1..=366 * 24 {
        let (mut lo, mut hi) = (from + (hour - 1) * HOUR, from + hour * HOUR);
        let after = offset(hi);
        if after == before {
            continue;
        }
        while hi - lo > 1 {
            let middle = lo + (hi - lo) / 2;
            if offset(middle) == before {
                lo = middle;
            } else {
                hi = middle;
            }
        }
        changes.push(hi);
        before = after;
    }
    changes
}
