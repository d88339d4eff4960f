//! A civil date or time, a period and a moment print as a text that is read as the same value. A moment's offset is what
//! its civil time is ahead of UTC. An error says where it is.

use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use sexton::civil::{Date, DateTime, ParseError, Time};
use sexton::{Moment, Period};

use crate::probe::check_message;

pub fn law(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let at = |error: ParseError| assert!(text.is_char_boundary(error.at()), "{text:?}: {error}");
    check::<Date>(text).map_or_else(at, drop);
    check::<Time>(text).map_or_else(at, drop);
    check::<DateTime>(text).map_or_else(at, drop);
    check::<Moment>(text).map_or_else(at, |moment| check_offset(text, moment));
    let _ = check::<Period>(text);
}

fn check<T>(text: &str) -> Result<T, T::Err>
where
    T: FromStr + Display + PartialEq,
    T::Err: Display,
{
    let value: T = text.parse().inspect_err(|error| check_message(error))?;
    let printed = value.to_string();
    let again: T = printed.parse().unwrap_or_else(|error| panic!("{text:?} prints as {printed:?}: {error}"));
    assert!(again == value, "{text:?} prints as {printed:?}, which is {again}");
    Ok(value)
}

fn check_offset(text: &str, moment: Moment) {
    let Moment::Instant(instant) = moment else { return };
    // It ends with an offset such as `+01:00`, or with a `Z`.
    let Some((civil, offset)) = text.len().checked_sub(6).and_then(|at| text.split_at_checked(at)) else {
        return;
    };
    let Ok(Moment::Instant(utc)) = format!("{civil}Z").parse() else { return };
    let Ok(size) = offset[1..].parse::<Time>() else { return };
    let size = Duration::from_secs(u64::from(size.hour()) * 3600 + u64::from(size.minute()) * 60);
    match &offset[..1] {
        "+" => assert_eq!(instant + size, utc, "{text:?}"),
        "-" => assert_eq!(instant, utc + size, "{text:?}"),
        _ => {}
    }
}
