//! Every kind of mistake, with the whole message.

use std::ops::Range;

use proptest::prelude::*;
use sexton::cron::{Dialect, ErrorKind, Field, ParseError};
use sexton::{cron, Cron};

use super::meaning::expressions;

#[rustfmt::skip]
const MISTAKES: &[(&str, &str)] = &[
    // The expression as a whole.
    ("", "expression: found 0 fields, expected 5, 6 (seconds first) or 7 (seconds first, year last)"),
    ("  ", "expression: found 0 fields, expected 5, 6 (seconds first) or 7 (seconds first, year last)"),
    ("*", "expression: found 1 field, expected 5, 6 (seconds first) or 7 (seconds first, year last)"),
    ("0 0 * *", "expression: found 4 fields, expected 5, 6 (seconds first) or 7 (seconds first, year last)"),
    ("1 2 3 4 5 6 7 8 9 10 11", "expression: found 11 fields, expected 5, 6 (seconds first) or 7 (seconds first, year last)"),
    ("0 0\u{a0}* * *", "expression: found 4 fields, expected 5, 6 (seconds first) or 7 (seconds first, year last)"),
    ("@reboot", "expression: found `@reboot` at byte 0, expected times: what runs at the start is a task with `after(Duration::ZERO)`"),
    ("@every 5m", "expression: found `@every` at byte 0, expected times: a period is a task's `every`"),
    (" @dayly", "expression: unknown nickname `@dayly` at byte 1, expected @yearly, @annually, @monthly, @weekly, @daily, @midnight or @hourly; did you mean `@daily`?"),
    ("@", "expression: unknown nickname `@` at byte 0, expected @yearly, @annually, @monthly, @weekly, @daily, @midnight or @hourly"),
    ("@daily 5", "expression: found `5` at byte 7, expected nothing after a nickname"),
    ("TZ=UTC 0 0 * * *", "expression: found `TZ=UTC` at byte 0, expected fields only: a zone is read by `Schedule::cron`, a task's `cron` and `.zone(..)`"),
    ("0 9 * * * Europe/Berlin", "expression: found `Europe/Berlin` at byte 10, expected fields only: a zone is read by `Schedule::cron`, a task's `cron` and `.zone(..)`"),
    ("@daily UTC", "expression: found `UTC` at byte 7, expected fields only: a zone is read by `Schedule::cron`, a task's `cron` and `.zone(..)`"),
    ("TZ=0", "expression: found `TZ=0` at byte 0, expected fields only: a zone is read by `Schedule::cron`, a task's `cron` and `.zone(..)`"),
    ("CRON_TZ=Europe/Paris @daily", "expression: found `CRON_TZ=Europe/Paris` at byte 0, expected fields only: a zone is read by `Schedule::cron`, a task's `cron` and `.zone(..)`"),
    // Values.
    ("60 * * * *", "minute: no such value `60` at byte 0, expected 0-59"),
    ("60 * * * * *", "second: no such value `60` at byte 0, expected 0-59"),
    ("* 24 * * *", "hour: no such value `24` at byte 2, expected 0-23"),
    ("* * 0 * *", "day of month: no such value `0` at byte 4, expected 1-31 or L"),
    ("* * 32 * *", "day of month: no such value `32` at byte 4, expected 1-31 or L"),
    ("* * * 13 *", "month: no such value `13` at byte 6, expected jan-dec or 1-12"),
    ("* * * * 8", "day of week: no such value `8` at byte 8, expected sun-sat or 0-7"),
    ("0 0 0 1 1 ? 1969", "year: no such value `1969` at byte 12, expected 1970-2199"),
    ("0 0 0 1 1 ? 2200", "year: no such value `2200` at byte 12, expected 1970-2199"),
    ("99999999999999999999 * * * *", "minute: no such value `99999999999999999999` at byte 0, expected 0-59"),
    ("000000000000000000000 * * * *", "minute: endless number `000000000000000000000` at byte 0, expected 0-59"),
    ("+5 * * * *", "minute: found `+` at byte 0, expected 0-59"),
    ("-5 * * * *", "minute: found `-` at byte 0, expected 0-59"),
    ("٥ * * * *", "minute: found `٥` at byte 0, expected 0-59"),
    ("0\u{0} * * * *", "minute: found `\\u{0}` at byte 1, expected `,` or a blank"),
    ("1.5 * * * *", "minute: found `.` at byte 1, expected `,` or a blank"),
    ("5x * * * *", "minute: found `x` at byte 1, expected `,` or a blank"),
    ("? * * * *", "minute: found `?` at byte 0, expected 0-59"),
    ("0 five * * *", "hour: found `five` at byte 2, expected 0-23"),
    // Names.
    ("0 9 * * mom-fri", "day of week: unknown name `mom` at byte 8, expected sun-sat or 0-7; did you mean `mon`?"),
    ("0 9 * * mon-fry", "day of week: unknown name `fry` at byte 12, expected sun-sat or 0-7; did you mean `fri`?"),
    ("0 9 * * Mondays", "day of week: unknown name `Mondays` at byte 8, expected sun-sat or 0-7; did you mean `mon`?"),
    ("0 9 * * fridaysL", "day of week: unknown name `fridaysL` at byte 8, expected sun-sat or 0-7; did you mean `fri`?"),
    ("0 9 * sept *", "month: unknown name `sept` at byte 6, expected jan-dec or 1-12; did you mean `sep`?"),
    ("0 9 * mon *", "month: unknown name `mon` at byte 6, expected jan-dec or 1-12"),
    ("0 9 jan * *", "day of month: found `jan` at byte 4, expected 1-31 or L"),
    ("0 9 rest * *", "day of month: found `rest` at byte 4, expected 1-31 or L"),
    ("0 9 half * *", "day of month: found `half` at byte 4, expected 1-31 or L"),
    // Lists, ranges, steps.
    ("1,,2 * * * *", "minute: found `,` at byte 2, expected 0-59"),
    ("1, * * * *", "minute: found nothing at byte 2, expected 0-59"),
    (",1 * * * *", "minute: found `,` at byte 0, expected 0-59"),
    ("1- * * * *", "minute: found nothing at byte 2, expected 0-59"),
    ("1-2-3 * * * *", "minute: found `-` at byte 3, expected `,` or a blank"),
    ("7-60 * * * *", "minute: no such value `60` at byte 2, expected 0-59"),
    ("* * 31-0 * *", "day of month: no such value `0` at byte 7, expected 1-31 or L"),
    ("*-5 * * * *", "minute: found `-` at byte 1, expected `,` or a blank"),
    ("5* * * * *", "minute: found `*` at byte 1, expected `,` or a blank"),
    ("** * * * *", "minute: found `*` at byte 1, expected `,` or a blank"),
    ("/5 * * * *", "minute: found `/` at byte 0, expected 0-59"),
    ("*/ * * * *", "minute: found nothing at byte 2, expected a step after `/`"),
    ("*/x * * * *", "minute: found `x` at byte 2, expected a step after `/`"),
    ("*/0 * * * *", "minute: step `0` at byte 2, expected 1 or more"),
    ("*/5/2 * * * *", "minute: found `/` at byte 3, expected `,` or a blank"),
    ("1-5/00 * * * *", "minute: step `00` at byte 4, expected 1 or more"),
    ("0 0 0 1 1 ? 2030-2026", "year: backward range `2030-2026` at byte 12, expected the earlier year first"),
    ("0 0 * * 7/2", "day of week: ambiguous `7/2` at byte 8, expected a step from 0-6 or a name, such as `sun/2`"),
    // Marks.
    ("0 0 ?,1 * *", "day of month: found `,` at byte 5, expected a blank after `?`"),
    ("0 0 1,? * *", "day of month: found `?` at byte 6, expected 1-31 or L"),
    ("0 0 ?/2 * *", "day of month: found `/` at byte 5, expected a blank after `?`"),
    ("0 0 L-31 * *", "day of month: no such value `31` at byte 6, expected 0-30"),
    ("0 0 L- * *", "day of month: found nothing at byte 6, expected 0-30"),
    ("0 0 L/2 * *", "day of month: found `/` at byte 5, expected `,` or a blank"),
    ("0 0 0W * *", "day of month: no such value `0` at byte 4, expected 1-31 or L"),
    ("0 0 W * *", "day of month: found nothing at byte 5, expected 1-31"),
    ("0 0 WL * *", "day of month: found `L` at byte 5, expected 1-31"),
    ("0 0 last * *", "day of month: unknown name `last` at byte 4, expected 1-31 or L; did you mean `L`?"),
    ("0 0 * * fri#last", "day of week: unknown name `last` at byte 12, expected 1-5 or L after `#`; did you mean `L`?"),
    ("0 0 * * last", "day of week: ambiguous `last` at byte 8, expected a weekday with it, such as `friL` for the last Friday"),
    ("0 0 1-5W * *", "day of month: found `W` at byte 7, expected `,` or a blank"),
    ("0 0 15WL * *", "day of month: found `L` at byte 7, expected `,` or a blank"),
    ("0 0 15#2 * *", "day of month: found `#` at byte 6, expected `,` or a blank"),
    ("0 L * * *", "hour: found `L` at byte 2, expected 0-23"),
    ("0 0 * * L", "day of week: ambiguous `L` at byte 8, expected a weekday with it, such as `friL` for the last Friday"),
    ("0 0 * * L-3", "day of week: ambiguous `L` at byte 8, expected a weekday with it, such as `friL` for the last Friday"),
    ("0 0 * * L9", "day of week: no such value `9` at byte 9, expected sun-sat or 0-7"),
    ("0 0 * * LW", "day of week: found `W` at byte 9, expected sun-sat or 0-7"),
    ("0 0 * * 5W", "day of week: found `W` at byte 9, expected `,` or a blank"),
    ("0 0 * * fri#0", "day of week: no such value `0` at byte 12, expected 1-5 or L after `#`"),
    ("0 0 * * fri#6", "day of week: no such value `6` at byte 12, expected 1-5 or L after `#`"),
    ("0 0 * * fri#", "day of week: found nothing at byte 12, expected 1-5 or L after `#`"),
    ("0 0 * * *#2", "day of week: found `#` at byte 9, expected `,` or a blank"),
    ("0 0 * * fri#2/2", "day of week: found `/` at byte 13, expected `,` or a blank"),
    ("0 0 * * +5", "day of week: found `+` at byte 8, expected sun-sat or 0-7"),
    // What other crons draw.
    ("H * * * *", "minute: found `H` at byte 0, expected an id to hash: a task's `cron` takes its name, `Dialect::hash_id` any text"),
    ("0 H(0-5) * * *", "hour: found `H` at byte 2, expected an id to hash: a task's `cron` takes its name, `Dialect::hash_id` any text"),
    ("0 0 * * h", "day of week: found `h` at byte 8, expected an id to hash: a task's `cron` takes its name, `Dialect::hash_id` any text"),
    ("R/15 * * * *", "minute: found `R` at byte 0, expected a seed: `Dialect::seed`; a hash with an id, `Dialect::hash_id`, stays the same"),
    ("0~30 * * * *", "minute: unsupported random range `~` at byte 1, expected `,` or a blank"),
    ("~ * * * *", "minute: unsupported random range `~` at byte 0, expected 0-59"),
];

#[test]
fn every_mistake_is_told_in_one_line() {
    for &(text, message) in MISTAKES {
        match Cron::parse(text) {
            Ok(cron) => panic!("{text:?} is accepted as {cron}"),
            Err(error) => assert_eq!(error.to_string(), message, "{text:?}"),
        }
    }
}

#[test]
fn an_error_points_at_its_field_and_bytes() {
    for (text, field, marked) in [
        ("0 9 * * mom-fri", Some(Field::DayOfWeek), "mom"),
        ("0 9 * * Mondays", Some(Field::DayOfWeek), "Mondays"),
        ("0 0 0 1 1 ? 2030-2026", Some(Field::Year), "2030-2026"),
        ("0 0 ５ * *", Some(Field::DayOfMonth), "５"),
        ("1, * * * *", Some(Field::Minute), ""),
        ("0 0 * *", None, "0 0 * *"),
        ("@daily x", None, "x"),
    ] {
        let error = Cron::parse(text).unwrap_err();
        assert_eq!((error.field(), &text[error.span()]), (field, marked), "{text}");
    }
}

#[test]
fn the_compiler_parses_as_the_program_does() {
    macro_rules! both {
        ($($text:literal)*) => { [$(($text, cron!($text))),*] };
    }
    for (text, compiled) in both![
        "* * * * *" "2 4 * * mon,fri" "30 0 9 * * 1" "0 0 0 29 2 ? 2096-2104" "@daily" "0 0 30 2 *"
        "*/15 22-4/3 l-3w,lw,L,L-3,15w,W1,7 nov-feb 1-5,L6,0#2,3#1,7#L"
    ] {
        assert_eq!(Cron::parse(text), Ok(compiled));
    }
    const ERROR: Result<Cron, ParseError> = Cron::parse("0 9 * * mom-fri");
    assert_eq!(ERROR, Cron::parse("0 9 * * mom-fri"));
}

#[test]
fn an_expression_that_fails_a_build_says_why() {
    // The macro panics with this in the compiler; here it does so in the test.
    for &(text, message) in MISTAKES {
        let panic = std::panic::catch_unwind(|| Dialect::DEFAULT.checked_when_built(text)).unwrap_err();
        assert_eq!(panic.downcast_ref::<String>().map(String::as_str), Some(message));
    }
}

#[cfg(feature = "tools")]
#[test]
fn the_pages_show_mistakes_as_they_look() {
    let page = include_str!("../../../docs/cron.md");
    for text in ["0 9 * * mom-fri", "*/15 * * *", "0 0 * * L"] {
        let error = Cron::parse(text).unwrap_err();
        let shown = format!("sexton: {error:#}\n{}\n", sexton::tools::Carets::new(text, error.span()));
        assert!(page.contains(&shown), "{shown}");
    }
    let error = Cron::parse("0 9 * * mom-fri").unwrap_err();
    let readme = include_str!("../../../README.md");
    assert!(readme.contains(&format!("task `report`: cron `0 9 * * mom-fri`: {error}\n")));
}

#[test]
fn a_mistake_has_a_kind() {
    for (text, kind) in [
        ("* * *", ErrorKind::FieldCount),
        ("days=xor * * * * *", ErrorKind::Unexpected),
        ("weeks=odd * * * * *", ErrorKind::UnknownSwitch),
        ("dialect=robfig * * * * *", ErrorKind::UnknownDialect),
        ("@dialy", ErrorKind::UnknownNickname),
        ("* * * * mom", ErrorKind::UnknownName),
        ("60 * * * *", ErrorKind::NoSuchValue),
        ("00000000000000000000000000000000000000005 * * * *", ErrorKind::EndlessNumber),
        ("*/0 * * * *", ErrorKind::ZeroStep),
        ("5- * * * *", ErrorKind::Unexpected),
        ("H * * * *", ErrorKind::NoHashId),
        ("R * * * *", ErrorKind::NoSeed),
        ("0 9 * * * UTC", ErrorKind::Zone),
        ("@every 5m", ErrorKind::Period),
        ("rate(5 minutes)", ErrorKind::Period),
        ("~ * * * *", ErrorKind::RandomRange),
        ("dialect=cronie 22-2 * * * *", ErrorKind::BackwardRange),
        ("dialect=cronie H * * * *", ErrorKind::HashedValue),
        ("dialect=cronie R * * * *", ErrorKind::RandomValue),
        ("dialect=quartz 0 0 9 ? * mon/2", ErrorKind::Ambiguous),
    ] {
        assert_eq!(Cron::parse(text).unwrap_err().kind(), kind, "{text}");
    }
    for dialect in Dialect::ALL {
        for count in 1..9 {
            let parsed = dialect.parse(&["*"].repeat(count).join(" "));
            let is_refused = parsed.err().map(|error| error.kind()) == Some(ErrorKind::FieldCount);
            assert_eq!(is_refused, !dialect.field_counts().contains(&count), "{dialect} with {count} fields");
        }
    }
}

/// What a message offers in place of what was found: what it suggests, samples between backquotes, the ends of ranges, and `L`.
fn offers(error: &ParseError) -> Vec<String> {
    let message = error.to_string();
    let (_, expected) = message.rsplit_once(", expected ").unwrap();
    let expected = expected.split("; did you mean").next().unwrap();
    let mut offers: Vec<String> = error.suggestion().map(String::from).into_iter().collect();
    let pieces: Vec<&str> = expected.split('`').collect();
    // Signs that say where something stands, what begins with them, and functions of the library.
    let is_part = |text: &str| {
        [",", "-", ")", "/", "#", "%", "+"].contains(&text) || text.ends_with('=') || text.contains("::")
    };
    for pair in pieces.chunks(2).filter(|pair| pair.len() == 2) {
        if !pair[0].ends_with("after ") && !is_part(pair[1]) {
            offers.push(pair[1].into());
        }
    }
    let words = pieces.iter().step_by(2).flat_map(|text| text.split(&[' ', ',', ':'][..]));
    for word in words {
        let is_value = |text: &str| {
            !text.is_empty() && (text.bytes().all(|byte| byte.is_ascii_digit()) || text.len() == 3)
        };
        match word.split_once('-') {
            Some((first, last)) if is_value(first) && is_value(last) => {
                offers.extend([first.into(), last.into()])
            }
            _ if word == "L" || word.starts_with('@') => offers.push(word.into()),
            _ => {}
        }
    }
    offers
}

/// That nothing is offered that is refused in the same place.
fn takes_what_it_offers(dialect: Dialect, text: &str) -> Result<usize, TestCaseError> {
    let error = match dialect.parse(text) {
        Err(error)
            if !matches!(error.kind(), ErrorKind::FieldCount | ErrorKind::NoHashId | ErrorKind::NoSeed) =>
        {
            error
        }
        _ => return Ok(0),
    };
    let is_zone_or_period = matches!(error.kind(), ErrorKind::Zone | ErrorKind::Period)
        || error.field().is_none() && error.kind() == ErrorKind::Unexpected;
    let offers = if is_zone_or_period && !text.contains("days=") { Vec::new() } else { offers(&error) };
    for offer in &offers {
        let span = error.span();
        let mended = [&text[..span.start], offer, &text[span.end..]].concat();
        let again = dialect.parse(&mended);
        // What stands right behind may make another value of it, and that is not what was offered.
        let place = span.start..span.start + offer.len();
        let is_refused_at = |place: &Range<usize>, again: &Result<Cron, ParseError>| {
            let error = again.as_ref().err();
            error.map_or(false, |error| error.span() == *place && error.kind() != ErrorKind::BackwardRange)
        };
        // Some items of a list do not go together. That is another mistake: the offer is taken without the others.
        let before = text[..span.start].rfind(|c: char| c.is_ascii_whitespace()).map_or(0, |blank| blank + 1);
        let behind = text[span.end..]
            .find(|c: char| c.is_ascii_whitespace())
            .map_or(text.len(), |blank| span.end + blank);
        let alone = dialect.parse(&[&text[..before], offer, &text[behind..]].concat());
        let is_refused =
            is_refused_at(&place, &again) && is_refused_at(&(before..before + offer.len()), &alone);
        prop_assert!(!is_refused, "{}: {:?}: {} offers {:?}: {:?}", dialect, text, error, offer, again);
    }
    Ok(offers.len())
}

#[test]
fn what_a_message_offers_is_taken() {
    let mut count = 0;
    for &(text, _) in MISTAKES {
        for dialect in Dialect::ALL {
            count += takes_what_it_offers(dialect, text).unwrap();
        }
    }
    assert!(count > 200, "{count}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn whatever_a_message_offers_is_taken(
        expression in expressions(),
        at in any::<prop::sample::Index>(),
        instead in "[-*/,LWHRlast#?0-9a-z~@+%()]{0,4}",
        dialect in prop::sample::select(&Dialect::ALL[..]),
    ) {
        let mut chars: Vec<char> = expression.text.chars().collect();
        let at = at.index(chars.len());
        chars.splice(at..at + 1, instead.chars());
        takes_what_it_offers(dialect, &chars.into_iter().collect::<String>())?;
    }
}
