//! What is true of every expression.

use proptest::prelude::*;
use sexton::civil::{Date, DateTime};
use sexton::Cron;

use super::meaning::{expressions, Expression};

/// How far the slow way walks. Whatever it does not find must then lie further away.
const HORIZON: usize = 500;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn the_search_finds_what_walking_finds(expression in expressions(), from in times()) {
        let cron = Cron::parse(&expression.text).unwrap();
        agree(&expression, from, cron.next(from), true)?;
        agree(&expression, from, cron.previous(from), false)?;
        prop_assert_eq!(cron.matches(from), expression.matches(from));
    }

    #[test]
    fn upcoming_times_come_in_order_and_lead_back(expression in expressions(), from in times()) {
        let cron = Cron::parse(&expression.text).unwrap();
        let mut before = from;
        for time in cron.upcoming(from).take(20) {
            prop_assert!(time > before);
            prop_assert!(expression.matches(time) && cron.matches(time));
            if before != from {
                prop_assert_eq!(cron.previous(time), Some(before));
            }
            before = time;
        }
    }

    #[test]
    fn printing_is_the_parsers_mirror(expression in expressions()) {
        let cron = Cron::parse(&expression.text).unwrap();
        let printed = cron.to_string();
        let again = Cron::parse(&printed);
        prop_assert_eq!(again, Ok(cron), "{} printed as {}", expression.text, printed);
        prop_assert_eq!(again.unwrap().to_string(), printed);
    }

    #[test]
    fn what_a_clock_change_does_hangs_on_the_text_alone(expression in expressions()) {
        let cron = Cron::parse(&expression.text).unwrap();
        let mut fields: Vec<&str> = expression.text.split(|c: char| c.is_ascii_whitespace() || c == '\x0b').collect();
        fields.retain(|field| !field.is_empty());
        let times = &fields[..if fields.len() == 5 { 2 } else { 3 }];
        let repeats = |field: &&str| field.contains(&['*', '?', '-', '/'][..]);
        prop_assert_eq!(cron.is_interval_like(), times.iter().any(repeats));
        prop_assert_eq!(cron.is_made_up_in_gap(), !repeats(times.last().unwrap()));
    }

    #[test]
    fn an_expression_that_never_fires_is_known_as_such(expression in expressions()) {
        let cron = Cron::parse(&expression.text).unwrap();
        let mut date = Date::new(1970, 1, 1).unwrap();
        // Everything there is happens in 28 years without an exception; years can be named up to 2035 here.
        let mut fires = false;
        while date.year() < 2036 && !fires {
            fires = expression.matches_day(date);
            date = date.checked_add_days(1).unwrap();
        }
        // A few are named by a step alone: further away than that.
        let fires = fires || cron.next(date.at("00:00".parse().unwrap())).is_some();
        prop_assert_eq!(cron.never_fires(), !fires, "{}", expression.text);
    }

    #[test]
    fn a_mutilated_expression_is_an_error_or_another(
        expression in expressions(),
        at in any::<prop::sample::Index>(),
        instead in prop_oneof!["[-*/,LW#?0-9a-z ~@+]{0,3}", "\\PC{0,2}", ".{0,2}"],
    ) {
        let mut chars: Vec<char> = expression.text.chars().collect();
        let at = at.index(chars.len());
        chars.splice(at..at + 1, instead.chars());
        survives(&chars.into_iter().collect::<String>())?;
    }

    #[test]
    fn garbage_is_an_error(text in prop_oneof![".{0,40}", "[-*/,LWlw#?0-9a-zA-Z ]{0,30}", "([-*/,LW#?0-9]{1,6} ){5,7}"]) {
        survives(&text)?;
    }
}

/// Times round our days, in the past, and at both ends of the calendar.
pub fn times() -> impl Strategy<Value = DateTime> {
    let zero: DateTime = "2020-01-01 00:00".parse().unwrap();
    let seconds = prop_oneof![
        6 => 0..500_000_000i64,
        1 => -30_000_000_000..30_000_000_000i64,
        1 => Just("0001-01-03 00:00".parse().unwrap()).prop_map(move |time| between(zero, time)),
        1 => Just("9999-12-30 00:00".parse().unwrap()).prop_map(move |time| between(zero, time)),
    ];
    seconds.prop_map(move |seconds| zero.checked_add_seconds(seconds).unwrap())
}

/// Seconds from one civil time to another, by halving: the crate does not offer the difference.
fn between(from: DateTime, to: DateTime) -> i64 {
    let (mut low, mut high) = (-70_000_000_000i64, 300_000_000_000i64);
    while low < high {
        let middle = low + (high - low) / 2;
        let is_early = match from.checked_add_seconds(middle) {
            Some(time) => time < to,
            None => middle < 0,
        };
        if is_early {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

fn agree(
    expression: &Expression,
    from: DateTime,
    found: Option<DateTime>,
    forward: bool,
) -> Result<(), TestCaseError> {
    let walked = expression.walk(from, forward, HORIZON);
    if walked.is_some() {
        prop_assert_eq!(found, walked, "{:?} from {}", expression.text, from);
    } else if let Some(found) = found {
        let days = HORIZON as i64 * if forward { 1 } else { -1 };
        let edge = from.date().checked_add_days(days);
        let is_beyond =
            edge.map_or(false, |edge| if forward { found.date() >= edge } else { found.date() <= edge });
        prop_assert!(is_beyond, "{:?} from {}: {} is not there", expression.text, from, found);
        prop_assert!(expression.matches(found), "{:?}: {} does not match", expression.text, found);
    }
    Ok(())
}

/// No panic, a message that can be read, a span inside the text; what is accepted prints and parses back.
fn survives(text: &str) -> Result<(), TestCaseError> {
    match Cron::parse(text) {
        Ok(cron) => {
            prop_assert_eq!(Cron::parse(&cron.to_string()), Ok(cron), "{:?} printed as {}", text, cron);
            let from: DateTime = "2026-11-22 12:00".parse().unwrap();
            prop_assert_eq!(cron.never_fires(), cron.next(from).is_none() && cron.previous(from).is_none());
        }
        Err(error) => {
            let message = error.to_string();
            prop_assert!(text.get(error.span()).is_some(), "{:?}: {} at {:?}", text, message, error.span());
            prop_assert!(!message.contains(|c: char| c.is_control()), "{:?}", message);
            let subject = error.field().map_or("expression".to_string(), |field| field.to_string());
            prop_assert!(message.starts_with(&subject) && message.contains(", expected "), "{}", message);
        }
    }
    Ok(())
}
