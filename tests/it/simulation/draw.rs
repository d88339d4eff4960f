//! Plays, drawn from a seed: the same one each time.

use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use sexton::{Missed, Overlap};

use super::civil::{spans, Field, Fields};
use super::play::*;
use crate::zones;

/// How long a play is: minutes of everything, or months of calendar schedules across the changes of zones.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Scale {
    Short,
    Long,
    /// A long one, in which the scheduler's zone is changed.
    Moving,
}

/// What comes of a seed, in a form that can be made smaller.
pub fn draw(seed: u64) -> Box<dyn ValueTree<Value = Play>> {
    let scale = match seed % 8 {
        0 => Scale::Long,
        4 => Scale::Moving,
        _ => Scale::Short,
    };
    Box::new(plays(scale).new_tree(&mut runner(seed)).expect("nothing is filtered for long"))
}

/// What comes of bytes that a fuzzer makes up. Three say what kind of play it is; each four that follow are the seed of a
/// task, or of a scene, so that bytes that are nearly equal are plays that are nearly equal. None of too few bytes.
#[allow(dead_code)] // For `fuzz/`.
pub fn draw_from(bytes: &[u8]) -> Option<Play> {
    let (kind, seeds) = (bytes.get(..3)?, &bytes[3..]);
    let scale = [Scale::Short, Scale::Long, Scale::Moving][usize::from(kind[0] % 3)];
    let count = 1 + usize::from(kind[1] % 5);
    let mut runners =
        seeds.chunks_exact(4).map(|seed| runner(u32::from_le_bytes(seed.try_into().unwrap()).into()));
    let (zone, start) = beginnings(scale).new_tree(&mut runners.next()?).ok()?.current();
    let mut tasks = Vec::new();
    for mut runner in runners.by_ref().take(count) {
        tasks.push(parts(scale, count).new_tree(&mut runner).ok()?.current());
    }
    let mut play = Play { zone, start, parts: tasks, script: Vec::new(), observer: Vec::new() };
    if play.parts.len() < count {
        return None;
    }
    if kind[2] % 2 == 1 {
        play = slow(scale, Just(play)).new_tree(&mut runners.next()?).ok()?.current();
    }
    for mut runner in runners.take(20) {
        play.script.extend(scenes(scale, count).new_tree(&mut runner).ok()?.current());
    }
    Some(play)
}

/// Draws the same each time.
pub fn runner(seed: u64) -> TestRunner {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config { failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}

const HOUR: u64 = 3_600_000;
const DAY: u64 = 24 * HOUR;

fn kinds() -> impl Strategy<Value = Kind> {
    prop_oneof![
        3 => (1..20_u64).prop_map(|n| Kind::Every(n * 250)),
        2 => (1..20_u64, -20..20_i64).prop_map(|(n, start)| Kind::EveryStarting(n * 1250, start * 300)),
        4 => select(vec![1, 2, 5, 15, 30]).prop_map(Kind::Seconds),
        3 => select(vec![1, 5, 20]).prop_map(Kind::Minutes),
        1 => (0..60_u32).prop_map(Kind::Hourly),
        2 => (0..24_u32, 0..60_u32).prop_map(|(hour, minute)| Kind::Daily(hour, minute)),
        1 => (1..3_u32, -100_000_000..100_000_000_i64).prop_map(|(days, start)| Kind::Days(days, start)),
        1 => (-5000..60_000_i64).prop_map(Kind::At),
        1 => (0..10_000_u64).prop_map(Kind::After),
        1 => proptest::collection::vec(0..8000_u64, 1..8).prop_map(Kind::AtEach),
        1 => proptest::collection::vec(0..8000_u64, 1..8).prop_map(Kind::AtNext),
    ]
}

fn long_kinds() -> impl Strategy<Value = Kind> {
    prop_oneof![
        12 => fields().prop_map(Kind::Cron),
        3 => (1..9_u32, -300..3000_i64).prop_map(|(days, start)| Kind::CivilDays(days, start)),
        1 => (1..4_u32, -300..3000_i64).prop_map(|(months, start)| Kind::CivilMonths(months, start)),
        2 => (fields().boxed(), fields().boxed())
            .prop_filter("of one class", |(one, other)| one.is_interval_like() == other.is_interval_like())
            .prop_map(|(one, other)| Kind::Any(one, other))
            .boxed(),
        1 => (-20..6000_i64).prop_map(Kind::CivilAt),
        1 => proptest::collection::vec(1..800_i64, 1..9).prop_map(Kind::CivilEach),
        1 => (1..20_u64).prop_map(|n| Kind::Every(n * 5 * HOUR + 1)),
        1 => (1..20_u64, -20..20_i64).prop_map(|(n, start)| Kind::EveryStarting(n * 7 * HOUR, start * 10_000_000)),
        1 => (0..40 * DAY).prop_map(Kind::After),
        1 => proptest::collection::vec(0..20 * DAY, 1..8).prop_map(Kind::AtNext),
    ]
}

/// Several times a day, each by its name: some are always about to come, or have just been.
fn dense_kinds() -> impl Strategy<Value = Kind> {
    let hours = select(vec![2, 3, 4, 6]).prop_map(|every| (0..24).step_by(every).collect());
    (select(vec![0, 15, 30]), hours).prop_map(|(minute, hours)| {
        let (minute, hour) = (Field::List(vec![minute]), Field::List(hours));
        Kind::Cron(Fields { minute, hour, day: Field::Any, month: Field::Any, weekday: Field::Any })
    })
}

pub fn fields() -> impl Strategy<Value = Fields> {
    // Most changes are at night.
    let hour = || prop_oneof![0..4_u32, 0..24_u32];
    let minute = prop_oneof![Just(0), Just(30), 0..60_u32];
    let minutes = prop_oneof![
        8 => minute.prop_map(|minute| Field::List(vec![minute])),
        1 => Just(Field::List(vec![0, 30])),
    ];
    let several = || {
        prop_oneof![
            5 => hour().prop_map(|hour| Field::List(vec![hour])),
            1 => (hour(), hour()).prop_map(|(one, other)| Field::List(vec![one.min(other), one.max(other)])),
        ]
    };
    let times = prop_oneof![
        8 => (minutes.clone(), several()),
        1 => (minutes.clone(), Just(Field::Any)),
        2 => (minutes.clone(), select(vec![2, 3, 4, 6, 8, 12]).prop_map(Field::Step)),
        1 => (minutes, (0..4_u32, 0..4_u32).prop_map(|(from, more)| Field::Range(from, from + more))),
        1 => (select(vec![15, 20, 30]).prop_map(Field::Step), several()),
    ];
    let list = |values: Vec<u32>| Field::List(values);
    let weekdays = prop_oneof![
        (0..7_u32).prop_map(|day| Field::List(vec![day])),
        (1..5_u32).prop_map(|from| Field::Range(from, 5)),
    ];
    let days = prop_oneof![
        4 => Just((Field::Any, Field::Any, Field::Any)),
        2 => weekdays.prop_map(|weekday| (Field::Any, Field::Any, weekday)),
        2 => (1..32_u32).prop_map(move |day| (list(vec![day]), Field::Any, Field::Any)),
        1 => (1..29_u32, 1..13_u32).prop_map(move |(day, month)| (list(vec![day]), list(vec![month]), Field::Any)),
    ];
    (times, days).prop_map(|((minute, hour), (day, month, weekday))| Fields {
        minute,
        hour,
        day,
        month,
        weekday,
    })
}

fn steps(scale: Scale) -> impl Strategy<Value = i64> {
    let mut sizes = vec![400, 1500, 30_000, 600_000, 7_200_000, 10_799_000, 10_801_000, 90_000_000];
    if scale != Scale::Short {
        sizes.extend([3_600_000, 10_000_000, 1_000_000_000]);
    }
    (select(sizes), -1.0..1.0).prop_map(|(size, back)| if back < 0.0 { -size } else { size })
}

fn names() -> impl Strategy<Value = usize> {
    0..NAMES.len()
}

fn deeds(scale: Scale, parts: usize) -> BoxedStrategy<Deed> {
    let long = scale != Scale::Short;
    let (little, much, naps) = if long { (2 * DAY, 200 * DAY, 4 * HOUR) } else { (12_000, 400_000, 20_000) };
    let deeds = prop_oneof![
        if long { 3 } else { 6 } => (0..little).prop_map(Deed::Advance),
        if long { 8 } else { 2 } => (0..much).prop_map(Deed::Advance),
        2 => (0..little / 4).prop_map(Deed::AdvanceAndRun),
        2 => steps(scale).prop_map(Deed::Step),
        1 => (0..naps).prop_map(Deed::Suspend),
        2 => (0..parts).prop_map(Deed::Schedule),
        1 => names().prop_map(Deed::Cancel),
        1 => names().prop_map(Deed::CancelAfterNext),
        2 => names().prop_map(Deed::Pause),
        2 => names().prop_map(Deed::Resume),
        2 => names().prop_map(Deed::RunNow),
        2 => Just(Deed::Wake),
        1 => Just(Deed::Forget),
    ];
    moving(scale, 6, deeds)
}

/// Deeds that belong together: whose clock and zone were wrong sets both, to something that is not far from what it was.
fn scenes(scale: Scale, parts: usize) -> BoxedStrategy<Vec<Deed>> {
    let one = deeds(scale, parts).prop_map(|deed| vec![deed]);
    if scale != Scale::Moving {
        return one.boxed();
    }
    let near = || select(vec!["Europe/London", "Europe/Paris", "Africa/Casablanca", "Africa/Khartoum"]);
    let back = select(vec![600_000, 3_600_000, 7_200_000, 10_799_000, 40_000_000]);
    let both =
        (near(), DAY..2 * DAY, back, 0..HOUR, near()).prop_map(|(before, lasts, back, wait, after)| {
            let (before, after) = (Deed::SetZone(before), Deed::SetZone(after));
            vec![before, Deed::Advance(lasts), Deed::Step(-back), Deed::Advance(wait), after]
        });
    prop_oneof![8 => one, 1 => both].boxed()
}

/// One of so many, and one more, is a change of zone.
fn moving(scale: Scale, others: u32, deeds: impl Strategy<Value = Deed> + 'static) -> BoxedStrategy<Deed> {
    match scale {
        Scale::Moving => prop_oneof![others => deeds, 1 => zone().prop_map(Deed::SetZone)].boxed(),
        _ => deeds.boxed(),
    }
}

fn deeds_in_callbacks(scale: Scale, parts: usize) -> BoxedStrategy<Deed> {
    let (while_running, slow) = if scale != Scale::Short { (10 * HOUR, 3 * DAY) } else { (3000, 4000) };
    let deeds = prop_oneof![
        6 => Just(Deed::Nothing),
        6 => (0..slow).prop_map(Deed::Advance),
        2 => (0..while_running).prop_map(Deed::AdvanceAndRun),
        1 => steps(scale).prop_filter("not a correction", |by| by.abs() < 4_000_000).prop_map(move |by| match scale {
            // Together with a change of zone during the same run it would be anybody's guess what clocks have shown.
            Scale::Moving => Deed::Step(by.abs()),
            _ => Deed::Step(by),
        }),
        3 => (0..parts).prop_map(Deed::Schedule),
        1 => names().prop_map(Deed::Cancel),
        1 => names().prop_map(Deed::CancelAfterNext),
        1 => names().prop_map(Deed::Pause),
        2 => names().prop_map(Deed::Resume),
        1 => names().prop_map(Deed::RunNow),
        1 => Just(Deed::CancelMe),
        1 => Just(Deed::Panic),
        1 => Just(Deed::Fail),
        1 => Just(Deed::Break),
    ];
    moving(scale, 20, deeds)
}

fn parts(scale: Scale, parts: usize) -> impl Strategy<Value = Part> {
    let long = scale != Scale::Short;
    let kinds = match scale {
        Scale::Short => kinds().boxed(),
        Scale::Long => long_kinds().boxed(),
        Scale::Moving => prop_oneof![3 => long_kinds(), 1 => dense_kinds()].boxed(),
    };
    let (grace, until) = if long { (3 * HOUR, 200 * DAY / 1000) } else { (3000, 60) };
    let styles = prop_oneof![3 => Just(Style::Alone), 1 => Just(Style::Shared), 1 => Just(Style::Async)];
    let missed = select(vec![Missed::Once, Missed::Skip, Missed::All]);
    let overlaps = select(vec![Overlap::Skip, Overlap::Queue, Overlap::Allow(1), Overlap::Allow(2)]);
    let limits = (
        proptest::option::weighted(0.2, 0..grace),
        proptest::option::weighted(0.2, 1..6_u64),
        proptest::option::weighted(0.2, 1..until),
    );
    let flags = (proptest::bool::weighted(0.3), proptest::bool::weighted(0.1));
    let zone = proptest::option::weighted(0.4, zone());
    let deeds = proptest::collection::vec(deeds_in_callbacks(scale, parts), 0..4);
    (names(), zone, kinds, styles, missed, overlaps, limits, flags, deeds).prop_map(
        move |(name, zone, kind, style, missed, overlap, limits, (is_replacing, is_bomb), deeds)| {
            let (grace, times, until) = limits;
            let overlap = match overlap {
                Overlap::Allow(_) if style != Style::Shared => Overlap::Skip,
                overlap => overlap,
            };
            let until = until.filter(|_| kind.is_on_the_wall());
            let zone = match kind {
                // What an iterator has not given yet is read in the zone of then.
                Kind::CivilEach(_) if scale == Scale::Moving => zone.or(Some("Europe/Paris")),
                _ => zone.filter(|_| kind.is_civil()),
            };
            Part {
                name,
                zone,
                kind,
                style,
                missed,
                grace,
                overlap,
                times,
                until,
                is_replacing,
                is_bomb,
                deeds,
                asked: Vec::new(),
            }
        },
    )
}

pub fn zone() -> impl Strategy<Value = &'static str> {
    let mut names: Vec<&str> = zones::files().keys().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    select(names)
}

/// 2026-11-22T10:00:00Z.
const SUNDAY: i64 = 1_795_341_600_000;

/// A zone, and a time in it: before one of its changes, if it has any.
fn beginnings(scale: Scale) -> BoxedStrategy<(&'static str, i64)> {
    if scale == Scale::Short {
        return (0..1000_i64).prop_map(|into| ("UTC", SUNDAY + into)).boxed();
    }
    let begin = |(zone, pick, before): (&'static str, usize, i64)| {
        let changes: Vec<i64> = spans(zone)
            .iter()
            .map(|span| span.from)
            .filter(|at| (40_000_000..2_500_000_000).contains(at))
            .collect();
        let change = changes.get(pick % changes.len().max(1)).map_or(SUNDAY, |change| change * 1000);
        (zone, change - before)
    };
    (zone(), any::<usize>(), 0..60 * DAY as i64).prop_map(begin).boxed()
}

fn plays(scale: Scale) -> impl Strategy<Value = Play> {
    (1..6_usize).prop_flat_map(move |count| {
        let script = proptest::collection::vec(scenes(scale, count), 1..14);
        (beginnings(scale), proptest::collection::vec(parts(scale, count), count), script).prop_map(
            |((zone, start), parts, script)| Play {
                zone,
                start,
                parts,
                script: script.concat(),
                observer: Vec::new(),
            },
        )
    })
}

/// A play in which observers and schedules are slow: time passes while they run, and schedules do things then.
pub fn draw_slow(seed: u64) -> Box<dyn ValueTree<Value = Play>> {
    let scale = if seed % 8 == 0 { Scale::Long } else { Scale::Short };
    let plays = slow(scale, plays(scale));
    Box::new(plays.new_tree(&mut runner(seed)).expect("nothing is filtered"))
}

fn slow(scale: Scale, plays: impl Strategy<Value = Play>) -> impl Strategy<Value = Play> {
    let short = scale == Scale::Short;
    let (little, much) = if short { (40, 3000) } else { (HOUR, 2 * DAY) };
    let lasts = || prop_oneof![0..little, 0..much];
    let observer = prop_oneof![
        3 => Just(Deed::Nothing),
        2 => lasts().prop_map(Deed::Advance),
        2 => lasts().prop_map(Deed::AdvanceAndRun),
    ];
    let asked = prop_oneof![
        8 => Just(Deed::Nothing),
        8 => lasts().prop_map(Deed::Advance),
        2 => names().prop_map(Deed::Cancel),
        2 => (0..5_usize).prop_map(Deed::Schedule),
        1 => Just(Deed::ShutDown),
    ];
    let observer = proptest::collection::vec(observer, 0..6);
    let asked = proptest::collection::vec(proptest::collection::vec(asked, 0..6), 5);
    let end = proptest::option::weighted(0.2, (any::<bool>(), 0..14_usize));
    (plays, observer, asked, end).prop_map(|(mut play, observer, asked, end)| {
        play.observer = observer;
        let count = play.parts.len();
        for (part, asked) in play.parts.iter_mut().zip(asked) {
            let in_range = |deed| match deed {
                Deed::Schedule(part) => Deed::Schedule(part % count),
                deed => deed,
            };
            part.asked = asked.into_iter().map(in_range).collect();
        }
        match end {
            Some((true, at)) => play.script.insert(at.min(play.script.len()), Deed::ShutDown),
            Some((false, at)) => play.parts[at % count].deeds.push(Deed::ShutDown),
            None => {}
        }
        play
    })
}
