//! A cron expression, read by any dialect with any switches, prints as a text that is read as an equal one, and in the
//! words of another dialect as an equivalent one, or it is said why it cannot be. Its next and previous times mirror each
//! other and agree with all else that can be asked. Errors and lint findings lie inside the text.
//!
//! The first byte chooses the dialect and the switches: `0` to `5` are the dialects with their own ones.

use sexton::civil::DateTime;
use sexton::cron::Dialect;
use sexton::tools::{Carets, Gaps};
use sexton::Cron;

use crate::probe::{check_message, check_span};

pub fn law(data: &[u8]) {
    let Some((&choice, text)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let dialect = dialect(choice);
    for finding in dialect.lint(text) {
        check_span(text, finding.span());
        check_message(finding);
        check_message(finding.suggestion());
        let _ = Carets::new(text, finding.span()).to_string();
    }
    match dialect.hash_id("job").seed(7).parse(text) {
        Ok(cron) => check(&cron, dialect),
        Err(error) => {
            check_span(text, error.span());
            check_message(error);
            check_message(format!("{error:#}"));
            let _ = Carets::new(text, error.span()).to_string();
        }
    }
}

/// One of the six dialects, with one of twelve sets of switches.
pub fn dialect(choice: u8) -> Dialect {
    let choice = usize::from(choice.wrapping_sub(b'0'));
    let dialect = Dialect::ALL[choice % 6];
    let dialect = [dialect, dialect.seconds_first(), dialect.seconds_last()][choice / 6 % 3];
    [dialect, dialect.days_or(), dialect.days_and(), dialect.star_bit()][choice / 18 % 4]
}

fn check(cron: &Cron, own: Dialect) {
    let printed = cron.to_string();
    assert_eq!(Cron::parse(&printed), Ok(*cron), "it prints as {printed:?}");
    check_message(cron.describe());
    for dialect in Dialect::ALL.into_iter().chain([own]) {
        match cron.in_dialect(dialect) {
            Ok(text) => {
                let text = text.to_string();
                let again = dialect.parse(&text);
                let again =
                    again.unwrap_or_else(|error| panic!("{printed:?} in {dialect} is {text:?}: {error}"));
                assert!(again.is_equivalent(cron), "{printed:?} in {dialect} is {text:?}");
            }
            Err(reason) => check_message(reason),
        }
    }
    let gaps = cron.gaps();
    for from in [
        "0001-01-01 00:00",
        "1969-12-31 23:59:59",
        "2026-02-28 12:30:30",
        "2099-12-31 00:00",
        "9999-12-31 23:59",
    ] {
        check_from(cron, gaps, from.parse().expect("it is a civil time"));
    }
}

fn check_from(cron: &Cron, gaps: Option<Gaps>, from: DateTime) {
    let (next, previous) = (cron.next(from), cron.previous(from));
    if cron.never_fires() {
        assert_eq!((next, previous, gaps), (None, None, None), "{cron} never fires");
    }
    assert_eq!(cron.upcoming(from).next(), next, "{cron} after {from}");
    assert_eq!(cron.preceding(from).next(), previous, "{cron} before {from}");
    assert_eq!(cron.count(from..=from) == 1, cron.matches(from), "{cron} at {from}");
    let mut last = if cron.matches(from) { Some(from) } else { previous };
    for time in cron.upcoming(from).take(3) {
        assert!(time > from && cron.matches(time), "{cron} after {from}: {time}");
        assert!(cron.mismatches(time).is_none(), "{cron} at {time}");
        assert_eq!(cron.previous(time), last, "{cron} before {time}");
        if let Some(last) = last {
            assert_eq!(cron.next(last), Some(time), "{cron} after {last}");
            assert_eq!(cron.count(last..=time), 2, "{cron} from {last} to {time}");
            let gaps = gaps.expect("it has two times");
            let smallest = last.checked_add_seconds(gaps.smallest.as_secs() as i64);
            let largest = last.checked_add_seconds(gaps.largest.as_secs() as i64);
            assert!(
                smallest <= Some(time) && largest.is_none_or(|largest| time <= largest),
                "{cron}: {gaps:?}"
            );
        }
        last = Some(time);
    }
    if let Some(missed) = cron.mismatches(from) {
        check_message(missed);
        assert!(!cron.matches(from), "{cron} at {from}");
    }
}
