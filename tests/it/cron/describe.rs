//! Descriptions: whole sentences by hand, and each one read back by an independent reader of that English.

use std::collections::HashMap;

use proptest::prelude::*;
use sexton::civil::DateTime;
use sexton::Cron;

use super::english;
use super::laws::times;
use super::meaning::expressions;

#[test]
fn show() {
    for text in std::fs::read_to_string("/tmp/scratch-describe/in.txt").unwrap().lines() {
        println!("{text}  ==>  {}", Cron::parse(text).map_or("ERROR".into(), |c| c.describe().to_string()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_description_read_back_means_the_same(expression in expressions(), from in times()) {
        let cron = Cron::parse(&expression.text).unwrap();
        agrees(&cron, from)?;
    }
}

/// What the description says is what matches, at times near to where it changes and at any.
fn agrees(cron: &Cron, from: DateTime) -> Result<(), TestCaseError> {
    let text = cron.describe().to_string();
    let meaning = english::read(&text);
    prop_assert_eq!(meaning.is_never, cron.never_fires(), "{}: {}", cron, text);
    let mut asked = vec![from];
    asked.extend(cron.upcoming(from).take(20));
    let fires = asked.clone();
    for time in fires {
        for seconds in [1, 60, 3600, 86_400, 7 * 86_400, 30 * 86_400, 365 * 86_400] {
            asked.extend(time.checked_add_seconds(seconds));
            asked.extend(time.checked_add_seconds(-seconds));
        }
    }
    // The same times of day on the days of three years.
    let nearest = cron.next(from).unwrap_or(from);
    asked.extend((0..1100).filter_map(|days| nearest.checked_add_seconds((days - 550) * 86_400)));
    // Each minute of a day, and each second of an hour.
    asked.extend((0..1440).filter_map(|minutes| nearest.checked_add_seconds(minutes * 60)));
    asked.extend((0..3600).filter_map(|seconds| nearest.checked_add_seconds(seconds)));
    for time in asked {
        prop_assert_eq!(meaning.matches(time), cron.matches(time), "{} at {}: {}", cron, time, text);
    }
    Ok(())
}
