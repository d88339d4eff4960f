//! Times cron and zone libraries side by side: see README.md.
//!
//! ```text
//! cron time BUILD [WORK [LIBRARY]]  TSV of all works, or those with this in their name
//! cron check [WORK [LIBRARY]]       what every library answers to every work
//! cron heap                         bytes of a parsed schedule: in place, on the heap, blocks
//! cron features                     which expressions each library takes
//! cron fuzz [N]                     the limit against croner on N random expressions
//! cron spin WORK LIBRARY N          does one work N times, for an instruction counter
//! ```
//!
//! Every round does one batch of every work, so that noise from other programs on the machine falls on all alike; the median
//! over rounds is what counts.

#[path = "../counting.rs"]
mod counting;
#[path = "../times.rs"]
mod times;

// Not all of it is asked for here.
#[allow(dead_code)]
mod limit;
mod peers;
mod zones;

use peers::*;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// The expressions of the comparison, with a short name.
const EXPRS: &[(&str, &str)] = &[
    ("every-minute", "* * * * *"),
    ("names", "2 4 * * mon,fri"),
    ("office", "*/5 9-17 * * 1-5"),
    ("leap", "0 0 29 2 *"),
    ("or", "0 0 13 * 5"),
    ("last", "0 0 L * *"),
    ("nth", "0 0 * * 5#3"),
    ("long", "0,7,14,21,28,35,42,49,56 */2 1-15,20-25 jan-jun,sep mon-fri"),
];

/// 2024-09-24T10:06:52Z, a Tuesday.
const NOW: i64 = 1_727_172_412;
/// 2096-03-01T00:00:00Z.
const Y2096: i64 = 3_981_484_800;
/// 2024-03-01T00:00:00Z.
const MAR24: i64 = 1_709_251_200;
/// 2024-03-10T05:00:00Z, two hours before New York's clocks go forward.
const GAP: i64 = 1_710_046_800;
/// 2024-11-03T04:30:00Z, 00:30 in New York, an hour and a half before its clocks go back.
const FOLD: i64 = 1_730_608_200;

fn instants() -> Vec<i64> {
    let mut x = 0x1234_5678_9ABC_DEF1u64;
    (0..1024)
        .map(|_| {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            // 1990 to 2037.
            631_152_000 + (x % (2_145_916_800 - 631_152_000)) as i64
        })
        .collect()
}

/// Full minutes, every fourth of them midnight, so that some match.
fn match_instants() -> Vec<i64> {
    let whole = |(i, t): (usize, i64)| if i % 4 == 0 { t / 86_400 * 86_400 } else { t / 60 * 60 };
    instants().into_iter().enumerate().map(whole).collect()
}

struct Bench {
    work: String,
    lib: &'static str,
    run: Box<dyn Fn(u64)>,
    answer: Box<dyn Fn() -> String>,
}

struct Want<'a> {
    work: Option<&'a str>,
    lib: Option<&'a str>,
    exact: bool,
}

impl Want<'_> {
    fn takes(&self, work: &str, lib: &str) -> bool {
        let ok = |want: Option<&str>, have: &str| match want {
            None => true,
            Some(w) if self.exact => w == have,
            Some(w) => have.contains(w),
        };
        ok(self.work, work) && ok(self.lib, lib)
    }
}

fn date(t: Option<i64>) -> String {
    match t {
        None => "none".into(),
        Some(t) => {
            chrono::DateTime::from_timestamp(t, 0).map_or(format!("{t}"), |d| d.format("%FT%TZ").to_string())
        }
    }
}

fn add<P: Peer>(out: &mut Vec<Bench>, want: &Want) {
    let lib = P::NAME;
    let mut push = |work: String, run: Box<dyn Fn(u64)>, answer: Box<dyn Fn() -> String>| {
        out.push(Bench { work, lib, run, answer });
    };
    let parse = |expr: &str, rule: Rule| -> Option<(String, P::Schedule)> {
        P::spellings(expr).into_iter().find_map(|s| P::parse(&s, rule).map(|c| (s, c)))
    };

    if P::ZONE == "UTC" && P::PARSES {
        let mut exprs = EXPRS.to_vec();
        exprs.push(("seconds", "30 */5 9-17 * * 1-5"));
        exprs.push(("seven", "0 30 9 * * 1-5 2030"));
        exprs.push(("reject", "0 0 * * 99"));
        exprs.push(("impossible", "0 0 31 2 *"));
        for (name, expr) in exprs {
            let work = format!("parse/{name}");
            if !want.takes(&work, lib) {
                continue;
            }
            let text = match parse(expr, Rule::Default) {
                Some((s, _)) => s,
                None if name == "reject" || name == "impossible" => P::spellings(expr).remove(0),
                None => continue,
            };
            let t2 = text.clone();
            push(
                work,
                Box::new(move |n| {
                    for _ in 0..n {
                        P::parse_only(black_box(&text));
                    }
                }),
                Box::new(move || match P::parse(&t2, Rule::Default) {
                    Some(_) => "takes it".into(),
                    None => "refuses it".into(),
                }),
            );
        }
        if P::NEXT {
            let work = "parse+next/office".to_string();
            if want.takes(&work, lib) {
                if let Some((text, _)) = parse("*/5 9-17 * * 1-5", Rule::Default) {
                    let from = P::instant(NOW);
                    push(
                        work,
                        Box::new(move |n| {
                            for _ in 0..n {
                                let c = P::parse(black_box(&text), Rule::Default).unwrap();
                                black_box(P::next(&c, black_box(&from)));
                            }
                        }),
                        Box::new(|| "-".into()),
                    );
                }
            }
        }
        for (name, expr) in EXPRS {
            let work = format!("describe/{name}");
            if !P::DESCRIBES || !want.takes(&work, lib) {
                continue;
            }
            let Some((_, c)) = parse(expr, Rule::Default) else {
                continue;
            };
            let words = P::describe(&c);
            push(
                work,
                Box::new(move |n| {
                    for _ in 0..n {
                        black_box(P::describe(black_box(&c)));
                    }
                }),
                Box::new(move || words.clone()),
            );
        }
        for (name, expr) in EXPRS {
            let work = format!("match-random/{name}");
            if !P::MATCHES || !want.takes(&work, lib) {
                continue;
            }
            let Some((_, c)) = parse(expr, Rule::Default) else {
                continue;
            };
            let at: Vec<P::In> = match_instants().into_iter().map(P::instant).collect();
            let hits = at.iter().filter(|t| P::matches(&c, t)).count();
            push(
                work,
                Box::new(move |n| {
                    for i in 0..n {
                        black_box(P::matches(black_box(&c), &at[i as usize & 1023]));
                    }
                }),
                Box::new(move || format!("{hits} of 1024")),
            );
        }
    }
    if !P::NEXT {
        return;
    }

    let mut nexts: Vec<(String, &str, Rule, i64)> = Vec::new();
    let mut rands: Vec<(String, &str)> = Vec::new();
    let mut iters: Vec<(String, &str, u64)> = Vec::new();
    if P::ZONE == "UTC" {
        for (name, expr) in EXPRS {
            nexts.push((format!("next/{name}"), expr, Rule::Default, NOW));
            rands.push((format!("next-random/{name}"), expr));
        }
        nexts.push(("next/leap-2096".into(), "0 0 29 2 *", Rule::Default, Y2096));
        nexts.push(("next/leap-monday".into(), "0 0 29 2 1", Rule::Both, MAR24));
        nexts.push(("next/impossible".into(), "0 0 31 2 *", Rule::Default, NOW));
        iters.push(("iter1000/every-minute".into(), "* * * * *", 1000));
        iters.push(("iter1000/office".into(), "*/5 9-17 * * 1-5", 1000));
        iters.push(("iter1000/names".into(), "2 4 * * mon,fri", 1000));
        iters.push(("iter1000/last".into(), "0 0 L * *", 1000));
    } else {
        nexts.push(("tz-next/office".into(), "*/5 9-17 * * 1-5", Rule::Default, NOW));
        nexts.push(("tz-next/names".into(), "2 4 * * mon,fri", Rule::Default, NOW));
        nexts.push(("tz-next/gap".into(), "30 2 * * *", Rule::Default, GAP));
        nexts.push(("tz-next/fold".into(), "30 1 * * *", Rule::Default, FOLD));
        rands.push(("tz-random/office".into(), "*/5 9-17 * * 1-5"));
        rands.push(("tz-random/names".into(), "2 4 * * mon,fri"));
        iters.push(("tz-iter1000/office".into(), "*/5 9-17 * * 1-5", 1000));
        iters.push(("tz-iter1000/names".into(), "2 4 * * mon,fri", 1000));
    }
    for (work, expr, rule, from) in nexts {
        if !want.takes(&work, lib) {
            continue;
        }
        if rule == Rule::Both && !P::BOTH || work == "next/impossible" && !P::GIVES_UP {
            continue;
        }
        let Some((_, c)) = parse(expr, rule) else {
            continue;
        };
        let (_, c2) = parse(expr, rule).unwrap();
        let from = P::instant(from);
        let f2 = from.clone();
        push(
            work,
            Box::new(move |n| {
                for _ in 0..n {
                    black_box(P::next(black_box(&c), black_box(&from)));
                }
            }),
            Box::new(move || date(P::next(&c2, &f2).map(|o| P::unix(&o)))),
        );
    }
    for (work, expr) in rands {
        if !want.takes(&work, lib) {
            continue;
        }
        let Some((_, c)) = parse(expr, Rule::Default) else {
            continue;
        };
        let (_, c2) = parse(expr, Rule::Default).unwrap();
        let at: Vec<P::In> = instants().into_iter().map(P::instant).collect();
        let at2 = at.clone();
        push(
            work,
            Box::new(move |n| {
                for i in 0..n {
                    black_box(P::next(black_box(&c), &at[i as usize & 1023]));
                }
            }),
            Box::new(move || {
                let sum = at2
                    .iter()
                    .map(|t| P::next(&c2, t).map_or(0, |o| P::unix(&o)))
                    .fold(0i64, i64::wrapping_add);
                format!("sum {sum}")
            }),
        );
    }
    let previous = if P::ZONE == "UTC" { "previous-random" } else { "tz-previous-random" };
    for (name, expr) in EXPRS {
        let work = format!("{previous}/{name}");
        if !P::PREVIOUS || !want.takes(&work, lib) {
            continue;
        }
        let Some((_, c)) = parse(expr, Rule::Default) else {
            continue;
        };
        let at: Vec<P::In> = instants().into_iter().map(P::instant).collect();
        let found = at.iter().map(|t| P::previous(&c, t).map_or(0, |o| P::unix(&o)));
        let sum = found.fold(0i64, i64::wrapping_add);
        push(
            work,
            Box::new(move |n| {
                for i in 0..n {
                    black_box(P::previous(black_box(&c), &at[i as usize & 1023]));
                }
            }),
            Box::new(move || format!("sum {sum}")),
        );
    }
    for (work, expr, count) in iters {
        if !want.takes(&work, lib) {
            continue;
        }
        let Some((_, c)) = parse(expr, Rule::Default) else {
            continue;
        };
        let (_, c2) = parse(expr, Rule::Default).unwrap();
        let from = P::instant(NOW);
        let f2 = from.clone();
        push(
            work,
            Box::new(move |n| {
                // Reported per occurrence.
                let mut left = n;
                while left > 0 {
                    black_box(P::iterate(black_box(&c), black_box(&from), left.min(count)));
                    left -= left.min(count);
                }
            }),
            Box::new(move || format!("last {}", date(Some(P::iterate(&c2, &f2, count))))),
        );
    }
}

fn benches(want: &Want) -> Vec<Bench> {
    let mut v = Vec::new();
    add::<Limit>(&mut v, want);
    add::<LimitNy>(&mut v, want);
    add::<Cronp>(&mut v, want);
    add::<Saffron>(&mut v, want);
    add::<Cronexpr>(&mut v, want);
    add::<CronexprNy>(&mut v, want);
    add::<Cron<Utc>>(&mut v, want);
    add::<Cron<NyTz>>(&mut v, want);
    add::<CronClock<Utc>>(&mut v, want);
    add::<CronClock<NyTz>>(&mut v, want);
    add::<JiffCron>(&mut v, want);
    add::<JiffCronNy>(&mut v, want);
    add::<CronParser<Utc>>(&mut v, want);
    add::<CronParser<NyTz>>(&mut v, want);
    add::<Croner<Utc>>(&mut v, want);
    add::<Croner<NyTz>>(&mut v, want);
    add::<CronerJiffNy>(&mut v, want);
    add::<Cronchik>(&mut v, want);
    add::<Sexton>(&mut v, want);
    add::<SextonZone<Utc>>(&mut v, want);
    add::<SextonZone<NyTz>>(&mut v, want);
    add::<SextonRule<Utc>>(&mut v, want);
    add::<SextonRule<NyTz>>(&mut v, want);
    add::<SextonScheduled<Utc>>(&mut v, want);
    add::<SextonScheduled<NyTz>>(&mut v, want);
    zones::add(&mut v, want);
    v
}

fn time(name: &str, v: &[Bench], rounds: usize) {
    const BATCH: Duration = Duration::from_micros(400);
    let mut plan = Vec::new();
    for b in v {
        let mut n = 1;
        loop {
            let t = Instant::now();
            (b.run)(n);
            let took = t.elapsed();
            if took >= BATCH || took >= Duration::from_millis(20) {
                let n = (n as f64 * BATCH.as_secs_f64() / took.as_secs_f64()).max(1.0) as u64;
                plan.push((n, took > Duration::from_millis(20)));
                break;
            }
            n *= 2;
        }
    }
    let mut seen: Vec<Vec<f64>> = vec![Vec::new(); v.len()];
    for r in 0..rounds {
        for (k, b) in v.iter().enumerate() {
            let (n, slow) = plan[k];
            if slow && r >= 5 {
                continue;
            }
            let t = Instant::now();
            (b.run)(n);
            seen[k].push(t.elapsed().as_secs_f64() * 1e9 / n as f64);
        }
    }
    println!("{}", times::HEADER);
    let mut rows: Vec<usize> = (0..v.len()).collect();
    rows.sort_by(|a, b| v[*a].work.cmp(&v[*b].work));
    for k in rows {
        let Bench { work, lib, answer, .. } = &v[k];
        let group = work.split_once('/').map_or(work.as_str(), |(group, _)| group);
        let numbers = times::numbers(std::mem::take(&mut seen[k]));
        println!("{name}\t{group}\t{work}\t{lib}\tns\t{numbers}\t{}", answer());
    }
}

fn heap<P: Peer>() {
    if P::ZONE != "UTC" {
        return;
    }
    for (name, expr) in EXPRS {
        for s in P::spellings(expr) {
            if P::parse(&s, Rule::Default).is_none() {
                continue;
            }
            let before = counting::held();
            let c = P::parse(&s, Rule::Default);
            let after = counting::held();
            let (bytes, blocks) = (after.0 - before.0, after.1 - before.1);
            drop(c);
            let place = P::SIZE;
            println!("{name}\t{}\t{place}\t{bytes}\t{blocks}\t{}", P::NAME, place as isize + bytes);
            break;
        }
    }
}

const FEATURES: &[(&str, &[&str])] = &[
    ("five fields", &["* * * * *"]),
    ("six (seconds)", &["* * * * * *"]),
    ("seven (years)", &["0 0 0 1 1 * 2030", "0 0 0 1 1 ? 2030"]),
    ("names lower", &["0 0 * jan mon", "0 0 0 * jan mon"]),
    ("names upper", &["0 0 * JAN MON", "0 0 0 * JAN MON"]),
    ("full names", &["0 0 * january monday", "0 0 0 * january monday"]),
    ("L", &["0 0 L * *", "0 0 0 L * *", "0 0 0 L * ?"]),
    ("L-3", &["0 0 L-3 * *", "0 0 0 L-3 * *", "0 0 0 L-3 * ?"]),
    ("15W", &["0 0 15W * *", "0 0 0 15W * *", "0 0 0 15W * ?"]),
    ("LW", &["0 0 LW * *", "0 0 0 LW * *", "0 0 0 LW * ?"]),
    ("5L", &["0 0 * * 5L", "0 0 0 * * 5L", "0 0 0 ? * 5L"]),
    ("5#3", &["0 0 * * 5#3", "0 0 0 * * 5#3", "0 0 0 ? * 5#3"]),
    ("?", &["0 0 ? * 1", "0 0 0 ? * 1"]),
    ("7 = Sunday", &["0 0 * * 7"]),
    ("5-7", &["0 0 * * 5-7"]),
    ("fri-mon", &["0 0 * * fri-mon", "0 0 0 * * fri-mon"]),
    ("22-2 hours", &["0 22-2 * * *", "0 0 22-2 * * *"]),
    ("5/10", &["5/10 * * * *", "0 5/10 * * * *"]),
    ("@daily", &["@daily"]),
    ("@every", &["@every 5m"]),
    ("zone in text", &["0 0 * * * America/New_York", "CRON_TZ=America/New_York 0 0 * * *"]),
];

fn features<P: Peer>() {
    for (name, tries) in FEATURES {
        let got = tries.iter().find(|s| P::parse_widest(s));
        println!("{}\t{name}\t{}", P::NAME, got.map_or("-".into(), |s| format!("yes: {s}")));
    }
}

/// Compares the prototype with croner on expressions that both read alike.
fn fuzz(n: u32) {
    let mut x = 0x9E37_79B9_7F4A_7C15u64;
    let mut rnd = |k: u64| {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        x % k
    };
    let (mut asked, mut never) = (0u32, 0u32);
    for _ in 0..n {
        let mut fields = Vec::new();
        for (min, max, star) in [(0, 59, 3), (0, 23, 3), (1, 31, 2), (1, 12, 2), (0, 6, 2)] {
            let mut f = String::new();
            if rnd(star) != 0 && star == 2 || rnd(4) == 0 {
                f.push('*');
            } else if max == 31 && rnd(4) == 0 {
                f.push_str(["L", "15W", "1W", "31W", "LW"][rnd(5) as usize]);
            } else if max == 6 && rnd(3) == 0 {
                f = if rnd(2) == 0 { format!("{}#{}", rnd(7), 1 + rnd(5)) } else { format!("{}L", rnd(7)) };
            } else {
                for k in 0..1 + rnd(3) {
                    if k > 0 {
                        f.push(',');
                    }
                    let a = min + rnd(max - min + 1);
                    let b = a + rnd(max - a + 1);
                    f += &match rnd(4) {
                        0 => format!("{a}-{b}"),
                        1 if b > a => format!("{a}-{b}/{}", 1 + rnd(b - a)),
                        _ => format!("{a}"),
                    };
                }
            }
            fields.push(f);
        }
        let expr = fields.join(" ");
        let (Ok(a), Some(b)) =
            (limit::Cron::parse(&expr), <Croner<Utc> as Peer>::parse(&expr, Rule::Default))
        else {
            println!("not read by both: {expr}");
            continue;
        };
        for _ in 0..5 {
            let t = rnd(4_102_444_800) as i64;
            let want =
                <Croner<Utc> as Peer>::next(&b, &<Croner<Utc> as Peer>::instant(t)).map(|d| d.timestamp());
            let got = a.next_after(t);
            let first = a.iter_after(t).next();
            asked += 1;
            never += got.is_none() as u32;
            if got != want || first != got {
                println!("{expr} after {t}: {} and {}, croner {}", date(got), date(first), date(want));
            }
            if want.is_none() {
                break;
            }
        }
    }
    println!("{asked} answers compared, {never} of them never");
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let arg = |k: usize| args.get(k).map(|s| s.as_str());
    match arg(0) {
        Some("time") => {
            let rounds = std::env::var("ROUNDS").ok().and_then(|s| s.parse().ok()).unwrap_or(41);
            let want = Want { work: arg(2), lib: arg(3), exact: false };
            time(arg(1).unwrap_or("-"), &benches(&want), rounds);
        }
        Some("check") => {
            let mut v = benches(&Want { work: arg(1), lib: arg(2), exact: false });
            v.sort_by(|a, b| a.work.cmp(&b.work));
            for b in &v {
                println!("{}\t{}\t{}", b.work, b.lib, (b.answer)());
            }
        }
        Some("spin") => {
            let v = benches(&Want { work: arg(1), lib: arg(2), exact: true });
            let n: u64 = arg(3).unwrap().parse().unwrap();
            for b in &v {
                (b.run)(n);
            }
            if v.is_empty() {
                std::process::exit(3);
            }
        }
        Some("list") => {
            for b in benches(&Want { work: arg(1), lib: arg(2), exact: false }) {
                println!("{}\t{}", b.work, b.lib);
            }
        }
        Some("heap") => {
            counting::start();
            println!("expression\tlibrary\tin_place\theap\tblocks\ttotal");
            heap::<Limit>();
            heap::<Cronp>();
            heap::<Saffron>();
            heap::<Cronexpr>();
            heap::<Cron<Utc>>();
            heap::<CronClock<Utc>>();
            heap::<JiffCron>();
            heap::<CronParser<Utc>>();
            heap::<Croner<Utc>>();
            heap::<Cronchik>();
            heap::<Sexton>();
        }
        Some("features") => {
            features::<Limit>();
            features::<Cronp>();
            features::<Saffron>();
            features::<Cronexpr>();
            features::<Cron<Utc>>();
            features::<CronClock<Utc>>();
            features::<JiffCron>();
            features::<CronParser<Utc>>();
            features::<Croner<Utc>>();
            features::<Cronchik>();
            features::<Sexton>();
        }
        Some("fuzz") => fuzz(arg(1).and_then(|s| s.parse().ok()).unwrap_or(3000)),
        _ => eprintln!("usage: cron time BUILD [WORK [LIB]] | check|list [WORK [LIB]] | heap | features | fuzz [N] | spin WORK LIB N"),
    }
}
