//! A POSIX rule prints as a text that is read as the same rule. Every instant's civil time is shown at that instant, in
//! the rule's own arithmetic and in the zone made of it, and both agree on all instants and civil times. An error says
//! where it is.

use sexton::tz::{Instants, PosixZone, Zone};

use crate::probe::{changes, check_gap, check_message, check_shown, system_time, unix};

pub fn law(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let rule = match PosixZone::parse(text) {
        Ok(rule) => rule,
        Err(error) => {
            assert!(text.is_char_boundary(error.at()), "{text:?}: {} is no byte of it", error.at());
            check_message(error);
            assert!(Zone::from_posix(text).is_err(), "{text:?} is a zone but no rule");
            return;
        }
    };
    let again = PosixZone::parse(&rule.to_string()).expect("what a rule prints is a rule");
    assert_eq!(again, rule);
    let zone = Zone::from_posix(text).expect("a rule makes a zone");

    // Years of each kind, also far away ones, and the ends of time.
    let year = |year: i64| (year - 1970) * 31_556_952 - 86_400;
    let near = changes(year(2026), |unix| rule.offset(unix));
    let far = [1, 1900, 1970, 2000, 2037, 2100, 2400, 9998].map(year);
    let all = near.iter().chain(&far).copied().chain([i64::MIN, i64::MIN / 2, 0, i64::MAX / 2, i64::MAX]);
    for at in all {
        for step in [-90_000, -3600, -1, 0, 1, 1799, 3600, 90_000] {
            check_instant(&rule, &again, &zone, at.saturating_add(step));
        }
    }
}

fn check_instant(rule: &PosixZone, again: &PosixZone, zone: &Zone, at: i64) {
    assert_eq!(again.offset(at), rule.offset(at), "{rule} at {at}, read again");
    let civil = rule.civil(at);
    if let Some(time) = system_time(at) {
        assert_eq!(zone.offset(time), Some(rule.offset(at)), "the zone {rule} at {at}");
        assert_eq!(zone.abbreviation(time), Some(rule.abbreviation(at)), "the zone {rule} at {at}");
        assert_eq!(zone.civil(time), civil, "the zone {rule} at {at}");
    }
    let Some(civil) = civil else { return };
    check_shown(civil, at, rule.instants(civil));
    // Some of these civil times lie in a gap.
    for step in [-5400, -1, 0, 1800] {
        let Some(civil) = civil.checked_add_seconds(step) else { continue };
        let instants = rule.instants(civil);
        check_gap(civil, instants, |unix| rule.offset(unix));
        let of_zone = zone.instants(civil).map(|instants| match instants {
            Instants::Unique(only) => Instants::Unique(unix(only)),
            Instants::Fold { first, second } => Instants::Fold { first: unix(first), second: unix(second) },
            Instants::Gap { before, after, end } => Instants::Gap { before, after, end: unix(end) },
        });
        assert_eq!(of_zone, Some(instants), "the zone {rule} at {civil}");
    }
}
