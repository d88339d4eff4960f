//! What must hold for every zone, shown against slow and obvious ways to ask the same.

use proptest::prelude::*;

use super::super::*;

/// Rules that change rarely, never, or in a week other than their own.
const ODD_RULES: [&str; 12] = [
    "UTC0",
    "AAA5BBB",
    "XXX3EDT4,0/0,J365/23",
    "WART4WARST,J1/0,J365/25", // RFC 9636, section 3.3.1: daylight saving time all year
    "AAA0BBB0,M4.1.0,M9.1.0",  // only the abbreviation changes
    "AAA0BBB,M2.4.0/2,M2.5.0/3", // permanent, but when 29 February is a Sunday
    "AAA0BBB,J60/0,59/1",      // permanent, but in leap years
    "AAA0BBB,59/0,J60/1",
    "AAA3BBB,M12.5.6/167,M12.4.0/160",
    "AAA3BBB,J365/167,365/167",
    "AAA3BBB,M1.1.0/-167,M1.1.1/-167",
    "AAA-24:59:59BBB24:59:59,0/-167,J365/167",
];

fn rule_text() -> impl Strategy<Value = String> {
    let offset = "-?(1?[0-9]|2[0-4])(:[0-5][0-9])?(:[0-5][0-9])?"
        .prop_filter("parses", |text| PosixZone::parse(&format!("AAA{text}")).is_ok());
    let day = "J([1-9]|[1-9][0-9]|[12][0-9]{2}|36[0-5])|([0-9]|[1-9][0-9]|[12][0-9]{2}|36[0-5])|\
               M([1-9]|1[0-2])\\.[1-5]\\.[0-6]";
    let time = "(/[+-]?([0-9]|[1-9][0-9]|1[0-5][0-9]|16[0-7])(:[0-5][0-9])?)?";
    let text = (offset.clone(), offset, day, time, day, time).prop_map(
        |(standard, daylight, start, start_time, end, end_time)| {
            format!("AAA{standard}BBB{daylight},{start}{start_time},{end}{end_time}")
        },
    );
    prop_oneof![8 => text, 2 => prop::sample::select(&ODD_RULES[..]).prop_map(String::from)]
}

/// Any instant, mostly of our time, often near New Year.
fn instant() -> impl Strategy<Value = i64> {
    let near_new_year = (1900_i64..2500, -20 * civil::DAY..20 * civil::DAY)
        .prop_map(|(year, seconds)| civil::days_from_civil(year, 1, 1) * civil::DAY + seconds);
    prop_oneof![4 => -(1_i64 << 33)..1 << 34, 4 => near_new_year, 1 => -(1_i64 << 50)..1 << 50, 1 => any::<i64>()]
}

/// A zone whose file says anything at all, also changes that are seconds apart.
fn history() -> impl Strategy<Value = History> {
    let local_type = (-93_599_i32..=93_599, prop::bool::ANY).prop_map(|(offset, is_hour)| LocalType {
        offset: if is_hour { offset / 3600 * 3600 } else { offset },
        abbreviation: "ABC".into(),
    });
    let step = prop_oneof![1_i64..10, 1_i64..100_000, 1_i64..20_000_000];
    (
        prop::collection::vec(local_type, 1..4),
        -(1_i64 << 32)..1 << 31,
        prop::collection::vec((step, any::<prop::sample::Index>()), 0..12),
        prop::option::of(rule_text()),
    )
        .prop_map(|(types, first, steps, rule)| {
            let mut at = first;
            let transitions = steps.iter().map(|(step, to)| {
                at += step;
                Transition { at, to: to.index(types.len()) as u8 }
            });
            let transitions = transitions.collect();
            let rule =
                rule.map(|rule| PosixZone::parse_footer(&rule).or_else(|_| PosixZone::parse(&rule)).unwrap());
            History { transitions, types: types.into(), rule }
        })
}

fn check_span(zone: &Zone, unix: i64) -> Result<(), TestCaseError> {
    let slow = |unix: i64| zone.data.history.shown(unix).0;
    let span = zone.span(unix);
    prop_assert_eq!(span.offset, slow(unix), "{} at {}: {:?}", zone, unix, span);
    prop_assert!(span.lo <= unix && (unix < span.hi || span.hi == i64::MAX));
    if span.lo > i64::MIN {
        prop_assert_eq!(span.offset, slow(span.lo));
        prop_assert_ne!(span.offset, slow(span.lo - 1), "{}: {:?} could begin earlier", zone, span);
    }
    if span.hi < i64::MAX {
        prop_assert_eq!(span.offset, slow(span.hi - 1));
        prop_assert_ne!(span.offset, slow(span.hi), "{}: {:?} could end later", zone, span);
    }
    for part in 1..20 {
        let inside = i128::from(span.lo) + (i128::from(span.hi) - i128::from(span.lo)) * part / 20;
        prop_assert_eq!(span.offset, slow(inside as i64), "{}: {:?} has a hole at {}", zone, span, inside);
    }
    Ok(())
}

/// All instants that show a civil time: looks at each offset that there is within reach.
fn instants_of(zone: &Zone, civil: i64) -> Vec<i64> {
    let mut instants = Vec::new();
    let mut unix = civil - MAX_OFFSET;
    while unix <= civil + MAX_OFFSET {
        let span = zone.span(unix);
        instants.push(civil - i64::from(span.offset));
        unix = span.hi;
    }
    instants.retain(|&instant| instant + i64::from(zone.span(instant).offset) == civil);
    instants.sort_unstable();
    instants.dedup();
    instants
}

fn check_resolve(zone: &Zone, civil: i64) -> Result<(), TestCaseError> {
    let shown = instants_of(zone, civil);
    match zone.resolve(civil) {
        Instants::Unique(instant) => prop_assert_eq!(shown, [instant]),
        Instants::Fold { first, second } => {
            prop_assert!(first < second);
            prop_assert_eq!(&shown[..2], [first, second]);
        }
        Instants::Gap { before, after, end } => {
            prop_assert!(shown.is_empty(), "{zone}: {civil} is shown: {shown:?}");
            prop_assert_eq!((before, after), (zone.span(end - 1).offset, zone.span(end).offset));
            prop_assert!(end + i64::from(before) <= civil && civil < end + i64::from(after));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_table_of_a_rule_says_what_the_rule_says(rule in rule_text(), unix in instant()) {
        let (zone, rule) = (Zone::from_posix(&rule).unwrap(), PosixZone::parse(&rule).unwrap());
        check_span(&zone, unix)?;
        let span = zone.span(unix);
        prop_assert_eq!(rule.span(unix), span, "{} at {}", rule, unix);
        for unix in [span.lo, span.lo.saturating_sub(1), span.hi, i64::MIN, i64::MAX] {
            prop_assert_eq!(rule.span(unix), zone.span(unix), "{} at {}", rule, unix);
        }
    }

    #[test]
    fn the_table_of_a_file_says_what_the_file_says(history in history(), unix in instant()) {
        let places: Vec<i64> = history.transitions.iter().map(|transition| transition.at).collect();
        let zone = Zone::of_history("random", history);
        check_span(&zone, unix)?;
        for at in places {
            check_span(&zone, at - 1)?;
            check_span(&zone, at)?;
        }
    }

    #[test]
    fn civil_times_resolve_to_all_instants_that_show_them(
        history in history(),
        unix in -(1_i64 << 33)..1 << 34,
        nearby in -200_000_i64..200_000,
    ) {
        let places: Vec<i64> = history.transitions.iter().map(|transition| transition.at).collect();
        let zone = Zone::of_history("random", history);
        for at in places.into_iter().chain([unix, zone.span(unix).hi.min(1 << 40)]) {
            check_resolve(&zone, at + nearby)?;
            let civil = at + i64::from(zone.span(at).offset);
            check_resolve(&zone, civil)?;
            check_resolve(&zone, civil - 1)?;
            check_resolve(&zone, at + i64::from(zone.span(at - 1).offset))?;
        }
    }

    #[test]
    fn a_civil_time_that_is_shown_leads_back_to_its_instant(rule in rule_text(), unix in -(1_i64 << 34)..1 << 35) {
        let zone = Zone::from_posix(&rule).unwrap();
        match zone.resolve(unix + i64::from(zone.span(unix).offset)) {
            Instants::Unique(instant) => prop_assert_eq!(instant, unix),
            Instants::Fold { first, second } => prop_assert!(instants_of(&zone, first + i64::from(zone.span(first).offset)).contains(&unix), "{} {}", first, second),
            gap => prop_assert!(false, "{:?}", gap),
        }
    }

    #[test]
    fn no_instant_and_no_civil_time_is_too_far(history in history(), unix in any::<i64>()) {
        let zone = Zone::of_history("random", history);
        for unix in [unix, i64::MIN, i64::MIN + 1, i64::MAX - 1, i64::MAX] {
            check_span(&zone, unix)?;
            zone.resolve(unix).due();
        }
    }
}

#[test]
fn odd_rules_have_the_longest_spans_there_are() {
    for rule in ODD_RULES {
        let zone = Zone::from_posix(rule).unwrap();
        let arithmetic = PosixZone::parse(rule).unwrap();
        for year in 1850..2450 {
            for day in [-9, -3, 0, 1, 8, 59, 60, 180, 300] {
                let unix = (civil::days_from_civil(year, 1, 1) + day) * civil::DAY;
                check_span(&zone, unix).unwrap_or_else(|error| panic!("{rule}: {error}"));
                assert_eq!(arithmetic.span(unix), zone.span(unix), "{rule} at {unix}");
            }
        }
    }
    let always = |rule: &str| Zone::from_posix(rule).unwrap().span(0);
    let span = |offset| Span { lo: i64::MIN, hi: i64::MAX, offset };
    assert_eq!(always("WART4WARST,J1/0,J365/25"), span(-3 * 3600));
    assert_eq!(always("AAA0BBB0,M4.1.0,M9.1.0"), span(0));
}

#[test]
fn what_is_due_in_a_fold_is_the_first_and_in_a_gap_its_end() {
    assert_eq!(Instants::Unique(7).due(), 7);
    assert_eq!(Instants::Fold { first: 1, second: 2 }.due(), 1);
    assert_eq!(Instants::Gap { before: 0, after: 3600, end: 9 }.due(), 9);
}

/// A zone with a clock that is an hour ahead from the first of these instants to the second, and so on.
fn ahead_between(changes: &[i64]) -> Zone {
    let local_type = |offset| LocalType { offset, abbreviation: "ABC".into() };
    let transition = |(i, &at)| Transition { at, to: (i % 2) as u8 ^ 1 };
    let transitions = changes.iter().enumerate().map(transition).collect();
    let types = Box::new([local_type(0), local_type(3600)]);
    Zone::of_history("test", History { transitions, types, rule: None })
}

#[test]
fn a_skipped_time_that_a_later_change_brings_back_is_in_no_gap() {
    // Back again after ten minutes.
    let zone = ahead_between(&[10_000, 10_600]);
    assert_eq!(zone.resolve(10_599), Instants::Gap { before: 0, after: 3600, end: 10_000 });
    assert_eq!(zone.resolve(10_600), Instants::Unique(10_600));
    assert_eq!(zone.resolve(13_600), Instants::Fold { first: 10_000, second: 13_600 });
}

#[test]
fn a_time_that_is_skipped_twice_is_in_the_first_gap() {
    let zone = ahead_between(&[10_000, 10_010, 10_020]);
    assert_eq!(zone.resolve(12_000), Instants::Gap { before: 0, after: 3600, end: 10_000 });
}

#[test]
fn instants_are_unix_seconds_rounded_down() {
    let nanosecond = Duration::from_nanos(1);
    for (instant, unix) in [
        (UNIX_EPOCH, 0),
        (UNIX_EPOCH + nanosecond, 0),
        (UNIX_EPOCH - nanosecond, -1),
        (UNIX_EPOCH - Duration::from_secs(5), -5),
        (UNIX_EPOCH - Duration::from_secs(5) - nanosecond, -6),
    ] {
        assert_eq!(unix_seconds(instant), unix);
    }
    for unix in [i64::MIN, -1, 0, 1, i64::MAX] {
        if let Some(instant) = system_time(unix) {
            assert_eq!(unix_seconds(instant), unix);
        }
    }
    assert_eq!(system_time(1_000_000_000), Some(UNIX_EPOCH + Duration::from_secs(1_000_000_000)));
}
