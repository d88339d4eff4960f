//! A civil date or time, a period and a moment print as a text that is read as the same value. An error says where it is.

use std::fmt::Display;
use std::str::FromStr;

use sexton::civil::{Date, DateTime, ParseError, Time};
use sexton::{Moment, Period};

use crate::probe::check_message;

pub fn law(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let at = |error: ParseError| assert!(text.is_char_boundary(error.at()), "{text:?}: {error}");
    check::<Date>(text).map_or_else(at, drop);
    check::<Time>(text).map_or_else(at, drop);
    check::<DateTime>(text).map_or_else(at, drop);
    check::<Moment>(text).map_or_else(at, drop);
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
