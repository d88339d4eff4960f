//! The reason agrees with the fires, with the zone, and with what the expression's text means.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Mutex;
use std::time::SystemTime;

use proptest::prelude::*;
use sexton::civil::DateTime;
use sexton::cron::Field;
use sexton::tz::{Instants, Zone};
use sexton::{Cron, Explanation, Passes, Reading, Schedule};

use super::{zone, BOTH_DAYS, DEFAULT};
use crate::cron::meaning::{expressions, Expression};
use crate::zones::{self, system_time, Flavour, ODD_RULES};

/// Every kind of answer, as a name to count by.
fn kind(why: &Explanation) -> &'static str {
    match why {
        Explanation::Matches { passes: Passes::Once, .. } => "once",
        Explanation::Matches { passes: Passes::First { .. }, .. } => "first pass",
        Explanation::Matches { passes: Passes::Both { .. }, .. } => "both passes",
        Explanation::SecondPass { .. } => "second pass",
        Explanation::MadeUp { others: 0, also_matches: false, .. } => "made up",
        Explanation::MadeUp { .. } => "merged",
        Explanation::Skipped { .. } => "skipped",
        Explanation::Mismatch(_) => "mismatch",
        other => panic!("{other}"),
    }
}

type Changes = &'static [(Zone, Vec<i64>)];

/// Zones and instants at which their clocks change: those from 1970 to 2037 of all zones that there are files of, and
/// those of rules that no country has.
fn changes() -> Changes {
    static CHANGES: Mutex<Option<Changes>> = Mutex::new(None);
    let odd = ODD_RULES.into_iter().chain(["AAA0:00:17BBB-0:13:04,M3.5.0/2:30:30,M10.5.0/3:00:01"]);
    CHANGES.lock().unwrap().get_or_insert_with(|| {
        let slim = zones::files().iter().filter(|((_, flavour), _)| *flavour == Flavour::Slim);
        let real = slim.map(|(_, (_, zone))| (zone.clone(), changes_of(zone, 0..2_145_916_800, 86_400)));
        let odd = odd.map(zone);
        let odd = odd.map(|zone| (zone.clone(), changes_of(&zone, 1_767_225_600..1_830_000_000, 1800)));
        let with_changes = real.chain(odd);
        let mut found: Vec<_> = with_changes.filter(|(_, changes)| !changes.is_empty()).collect();
        found.sort_by(|(one, _), (other, _)| one.name().cmp(other.name()));
        assert!(found.len() > 80);
        Box::leak(found.into_boxed_slice())
    })
}

/// Found by looking so often.
fn changes_of(zone: &Zone, range: Range<i64>, step: i64) -> Vec<i64> {
    let offset = |unix| zone.offset(system_time(unix)).unwrap();
    let mut found = Vec::new();
    for start in range.step_by(step as usize) {
        let (mut low, mut high) = (start, start + step);
        if offset(low) == offset(high) {
            continue;
        }
        while high - low > 1 {
            let middle = (low + high) / 2;
            *if offset(middle) == offset(low) { &mut low } else { &mut high } = middle;
        }
        found.push(high);
    }
    found
}

/// Checks an answer about an instant against the schedule, the zone and the expression's own idea of its meaning.
fn check_instant(
    expression: &Expression,
    cron: &Cron,
    both_days: bool,
    zone: &Zone,
    unix: i64,
) -> Result<&'static str, TestCaseError> {
    let instant = system_time(unix);
    let why = cron.why(instant, zone).unwrap();
    let schedule = Schedule::from(*cron).zone(zone.clone());
    let shown = zone.civil(instant).unwrap();
    let place = format!("`{}` in {zone} at {shown} ({unix}): {why}", expression.text);
    prop_assert_eq!(why.fires(), schedule.matches(instant).unwrap(), "{}", place);
    prop_assert_eq!(why.to_string().starts_with("fires"), why.fires(), "{}", place);
    let is_here = |reading: Reading| {
        reading.instant() == Some(instant) && Some(reading.offset()) == zone.offset(instant)
    };
    match why {
        Explanation::Matches { at, passes, .. } => {
            prop_assert!(is_here(at) && disagreeing(expression, both_days, shown).is_empty(), "{}", place);
            let passes_of_zone = match zone.instants(shown).unwrap() {
                Instants::Unique(only) => (only, only),
                Instants::Fold { first, second } => (first, second),
                gap => return Err(TestCaseError::fail(format!("{place}: {gap:?}"))),
            };
            let (first, second) = match passes {
                Passes::Once => (at, at),
                Passes::First { second } => (at, second),
                Passes::Both { first, second } => (first, second),
            };
            prop_assert_eq!(
                (first.instant().unwrap(), second.instant().unwrap()),
                passes_of_zone,
                "{}",
                place
            );
            prop_assert_eq!(
                matches!(passes, Passes::Both { .. }),
                first != second && cron.is_interval_like()
            );
        }
        Explanation::SecondPass { at, fired, .. } => {
            prop_assert!(is_here(at) && disagreeing(expression, both_days, shown).is_empty(), "{}", place);
            prop_assert!(fired.instant().unwrap() < instant && fired.civil() == Some(shown), "{}", place);
            prop_assert!(schedule.matches(fired.instant().unwrap()).unwrap(), "{}", place);
        }
        Explanation::MadeUp { at, before, skipped, others, also_matches, .. } => {
            prop_assert!(is_here(at), "{}", place);
            prop_assert_eq!(before.instant(), Some(system_time(unix - 1)), "{}", place);
            let last = zone.civil(system_time(unix - 1)).unwrap();
            let all = std::iter::successors(last.checked_add_seconds(1), |time| time.checked_add_seconds(1));
            let in_gap = all.take_while(|&time| time < shown).filter(|&time| {
                disagreeing(expression, both_days, time).is_empty()
                    && matches!(zone.instants(time), Some(Instants::Gap { .. }))
            });
            let expected: Vec<DateTime> = in_gap.collect();
            prop_assert_eq!((skipped, others as usize + 1), (expected[0], expected.len()), "{}", place);
            prop_assert_eq!(also_matches, disagreeing(expression, both_days, shown).is_empty(), "{}", place);
        }
        Explanation::Mismatch(mismatches) => {
            let named: Vec<Field> = mismatches.fields().collect();
            prop_assert_eq!(named, disagreeing(expression, both_days, shown), "{}", place);
        }
        _ => return Err(TestCaseError::fail(place)),
    }
    Ok(kind(&why))
}

/// The fields that say no to a civil time, by the meaning of the expression's text.
fn disagreeing(expression: &Expression, both_days: bool, time: DateTime) -> Vec<Field> {
    let says_no = |field: &Field| !expression.says(*field, time);
    let mut fields = vec![Field::Year, Field::Month];
    let days: Vec<Field> = [Field::DayOfMonth, Field::DayOfWeek].into_iter().filter(says_no).collect();
    if !(expression.restricts_both_days() && !both_days && days.len() == 1) {
        fields.extend(days);
    }
    fields.extend([Field::Hour, Field::Minute, Field::Second]);
    fields.retain(says_no);
    fields
}

/// Checks an answer about a civil time against that about the instant that counts for it.
fn check_civil(
    expression: &Expression,
    cron: &Cron,
    both_days: bool,
    zone: &Zone,
    time: DateTime,
) -> Result<&'static str, TestCaseError> {
    let why = cron.why(time, zone).unwrap();
    let place = format!("`{}` in {zone} at {time}: {why}", expression.text);
    let (gap_end, gap_before, gap_after) = match zone.instants(time).unwrap() {
        Instants::Unique(at) | Instants::Fold { first: at, .. } => {
            prop_assert_eq!(why, cron.why(at, zone).unwrap(), "{}", place);
            return Ok(kind(&why));
        }
        Instants::Gap { before, after, end } => (end, before, after),
    };
    let no = disagreeing(expression, both_days, time);
    match why {
        Explanation::Mismatch(mismatches) => {
            prop_assert!(!no.is_empty(), "{}", place);
            prop_assert_eq!(mismatches.fields().collect::<Vec<_>>(), no, "{}", place);
        }
        Explanation::MadeUp { at, before, skipped, others, .. } => {
            prop_assert!(no.is_empty() && cron.is_made_up_in_gap() && skipped == time, "{}", place);
            prop_assert_eq!((before.offset(), at.offset()), (gap_before, gap_after), "{}", place);
            prop_assert_eq!(at.instant(), Some(gap_end), "{}", place);
            match cron.why(gap_end, zone).unwrap() {
                Explanation::MadeUp { others: same, .. } => prop_assert_eq!(others, same, "{}", place),
                other => return Err(TestCaseError::fail(format!("{place}, but {other}"))),
            }
        }
        Explanation::Skipped { time: same, before, after, .. } => {
            prop_assert!(no.is_empty() && !cron.is_made_up_in_gap() && same == time, "{}", place);
            prop_assert_eq!((before.offset(), after.offset()), (gap_before, gap_after), "{}", place);
            prop_assert_eq!(after.instant(), Some(gap_end), "{}", place);
        }
        _ => return Err(TestCaseError::fail(place)),
    }
    Ok(kind(&why))
}

/// One of so many bits, or any of them.
fn bits(count: u32) -> impl Strategy<Value = usize> {
    prop_oneof![(0..count).prop_map(|bit| 1 << bit), 1..1usize << count]
}

/// Those whose bit is set.
fn pick_of(bits: usize, all: &[u8]) -> Vec<u8> {
    all.iter().enumerate().filter(|(i, _)| bits >> i & 1 == 1).map(|(_, &value)| value).collect()
}

#[test]
fn near_every_change_the_reason_is_the_one_that_the_fires_have() {
    const NEAR: i64 = 3 * 3600;
    let kinds: Mutex<BTreeMap<&str, u32>> = Mutex::new(BTreeMap::new());
    let moments = proptest::collection::vec((-NEAR..=NEAR, any::<bool>()), 10);
    let pick = any::<prop::sample::Index>;
    proptest!(ProptestConfig::with_cases(600), |(
        expression in expressions(),
        both_days in any::<bool>(),
        (zone, change) in (pick(), pick()),
        moments in moments,
        aim in proptest::option::of((bits(4), bits(6))),
    )| {
        let (zone, changes) = zone.get(changes());
        let change = *change.get(changes);
        // Few expressions list times of day, and few of those such as a change moves.
        let expression = match aim {
            None => expression,
            Some((hours, minutes)) => {
                let shown = |unix| zone.civil(system_time(unix)).unwrap().time().hour();
                let (before, after) = (shown(change - 1), shown(change));
                let hours = pick_of(hours, &[before, after, (before + 1) % 24, (after + 1) % 24]);
                expression.at_times(&hours, &pick_of(minutes, &[0, 1, 15, 30, 44, 59]))
            }
        };
        let dialect = if both_days { BOTH_DAYS } else { DEFAULT };
        let cron = dialect.parse(&expression.text).unwrap();
        let mut instants = vec![change - 1, change, change + 1];
        for (near, whole_minute) in moments {
            instants.push(change + if whole_minute { near / 60 * 60 } else { near });
        }
        // Few expressions come true on just this day: so the fires themselves, and each a change's size away.
        let size = i64::from(zone.offset(system_time(change)).unwrap()) - i64::from(zone.offset(system_time(change - 1)).unwrap());
        let schedule = || Schedule::from(cron).zone(zone.clone());
        if let Ok(fires) = schedule().upcoming(system_time(change - NEAR)) {
            for fire in fires.take(30) {
                let fire = fire.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() as i64;
                instants.extend([fire, fire + size, fire - size, fire + 1]);
            }
        }
        let mut seen = Vec::new();
        for unix in instants.into_iter().filter(|unix| (change - NEAR..change + NEAR).contains(unix)) {
            seen.push(check_instant(&expression, &cron, both_days, zone, unix)?);
            // What the clocks show then, and what they would had they not been changed.
            let civil = zone.civil(system_time(unix)).unwrap();
            for civil in [Some(civil), civil.checked_add_seconds(size), civil.checked_add_seconds(-size)] {
                seen.push(check_civil(&expression, &cron, both_days, zone, civil.unwrap())?);
            }
        }
        for kind in seen {
            *kinds.lock().unwrap().entry(kind).or_default() += 1;
        }
    });
    let kinds = kinds.into_inner().unwrap();
    assert_eq!(kinds.len(), 8, "all kinds of answers were seen: {kinds:?}");
}
