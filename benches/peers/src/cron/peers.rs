//! One thin adapter for each library: how to parse, ask for the next occurrence, and iterate.
//! Each gets its instants in its own types, made beforehand, so no conversion is timed.

use crate::limit;
use chrono::{DateTime, TimeZone};
use std::marker::PhantomData;
use std::str::FromStr;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    Default,
    /// Both day fields must match.
    Both,
}

pub trait Peer: 'static {
    const NAME: &'static str;
    const ZONE: &'static str = "UTC";
    /// Can say when a schedule fires next.
    const NEXT: bool = true;
    /// Is a parser of its own, and not another way of asking.
    const PARSES: bool = true;
    /// Has the rule that both day fields must match, by choice or always.
    const BOTH: bool = false;
    /// Answers "never" rather than panicking past the last year.
    const GIVES_UP: bool = true;
    /// Can say when a schedule fired last.
    const PREVIOUS: bool = false;
    /// Can say whether a schedule fires at an instant.
    const MATCHES: bool = false;
    /// Can put a schedule into words.
    const DESCRIBES: bool = false;
    /// Bytes of a schedule in place.
    const SIZE: usize = std::mem::size_of::<Self::Schedule>();
    type Schedule: 'static;
    type In: Clone + 'static;
    type Out;
    /// How this library would write a standard five- or six-field expression, best first.
    fn spellings(expr: &str) -> Vec<String>;
    fn parse(s: &str, rule: Rule) -> Option<Self::Schedule>;
    /// Parses the way a user would, drops the result where it stands, and copies nothing.
    fn parse_only(s: &str) {
        std::hint::black_box(&Self::parse(s, Rule::Default));
    }
    /// Whether any way of parsing that the library offers takes this text.
    fn parse_widest(s: &str) -> bool {
        Self::parse(s, Rule::Default).is_some()
    }
    fn instant(t: i64) -> Self::In;
    fn next(c: &Self::Schedule, from: &Self::In) -> Option<Self::Out>;
    fn unix(o: &Self::Out) -> i64;
    /// The n-th occurrence after an instant, by the library's own iterator.
    fn iterate(c: &Self::Schedule, from: &Self::In, n: u64) -> i64;
    fn previous(_: &Self::Schedule, _: &Self::In) -> Option<Self::Out> {
        None
    }
    fn matches(_: &Self::Schedule, _: &Self::In) -> bool {
        false
    }
    fn describe(_: &Self::Schedule) -> String {
        String::new()
    }
}

fn same(expr: &str) -> Vec<String> {
    vec![expr.to_string(), expr.to_uppercase()]
}

/// For libraries whose weekdays run from 1 (Sunday): moves the digits of that field up.
fn quartz_days(expr: &str) -> String {
    if let (7, Some((rest, year))) = (expr.split(' ').count(), expr.rsplit_once(' ')) {
        return format!("{} {year}", quartz_days(rest));
    }
    let (head, last) = expr.rsplit_once(' ').unwrap();
    let mut out = String::from(head);
    out.push(' ');
    let mut after_hash = false;
    for c in last.chars() {
        match c {
            '0'..='8' if !after_hash => out.push((c as u8 + 1) as char),
            c => out.push(c),
        }
        after_hash = c == '#';
    }
    out
}

/// For libraries that start with seconds.
fn with_seconds(expr: &str) -> String {
    if expr.split(' ').count() == 5 {
        format!("0 {expr}")
    } else {
        expr.to_string()
    }
}

pub trait Chrono: 'static {
    type Tz: TimeZone + 'static;
    const ZONE: &'static str;
    fn tz() -> Self::Tz;
}

pub struct Utc;
impl Chrono for Utc {
    type Tz = chrono::Utc;
    const ZONE: &'static str = "UTC";
    fn tz() -> chrono::Utc {
        chrono::Utc
    }
}

pub struct NyTz;
impl Chrono for NyTz {
    type Tz = chrono_tz::Tz;
    const ZONE: &'static str = "America/New_York";
    fn tz() -> chrono_tz::Tz {
        chrono_tz::America::New_York
    }
}

// -------------------------------------------------------------------------------- prototype

pub struct Limit;
impl Peer for Limit {
    const NAME: &'static str = "(limit)";
    const BOTH: bool = true;
    const MATCHES: bool = true;
    type Schedule = limit::Cron;
    type In = i64;
    type Out = i64;
    fn spellings(expr: &str) -> Vec<String> {
        same(expr)
    }
    #[inline]
    fn parse(s: &str, rule: Rule) -> Option<limit::Cron> {
        let c = limit::Cron::parse(s).ok()?;
        Some(if rule == Rule::Both { c.both() } else { c })
    }
    #[inline]
    fn parse_only(s: &str) {
        std::hint::black_box(&limit::Cron::parse(s));
    }
    fn instant(t: i64) -> i64 {
        t
    }
    #[inline]
    fn next(c: &limit::Cron, from: &i64) -> Option<i64> {
        c.next_after(*from)
    }
    fn unix(o: &i64) -> i64 {
        *o
    }
    fn iterate(c: &limit::Cron, from: &i64, n: u64) -> i64 {
        let mut last = 0;
        for t in c.iter_after(*from).take(n as usize) {
            last = std::hint::black_box(t);
        }
        last
    }
    #[inline]
    fn matches(c: &limit::Cron, at: &i64) -> bool {
        c.matches(*at)
    }
}

pub struct LimitNy;
thread_local! {
    static NY: &'static limit::Zone = Box::leak(Box::new(limit::Zone::new_york()));
}
impl Peer for LimitNy {
    const NAME: &'static str = "(limit)";
    const ZONE: &'static str = "America/New_York";
    type Schedule = (limit::Cron, &'static limit::Zone);
    type In = i64;
    type Out = i64;
    fn spellings(expr: &str) -> Vec<String> {
        same(expr)
    }
    fn parse(s: &str, _: Rule) -> Option<Self::Schedule> {
        Some((limit::Cron::parse(s).ok()?, NY.with(|z| *z)))
    }
    fn instant(t: i64) -> i64 {
        t
    }
    #[inline]
    fn next(c: &Self::Schedule, from: &i64) -> Option<i64> {
        c.0.next_in(c.1, *from)
    }
    fn unix(o: &i64) -> i64 {
        *o
    }
    fn iterate(c: &Self::Schedule, from: &i64, n: u64) -> i64 {
        let mut last = 0;
        for t in c.0.iter_in(c.1, *from).take(n as usize) {
            last = std::hint::black_box(t);
        }
        last
    }
}

// -------------------------------------------------------------------------------- cronp

pub struct Cronp;
pub enum AnyCronp {
    Vixie(cronp::Schedule<cronp::Vixie>),
    Quartz(cronp::Schedule<cronp::Quartz>),
}
impl Peer for Cronp {
    const NAME: &'static str = "cronp";
    const SIZE: usize = std::mem::size_of::<cronp::Schedule<cronp::Quartz>>();
    const NEXT: bool = false;
    const MATCHES: bool = true;
    type Schedule = AnyCronp;
    type In = cronp::CivilDateTime;
    type Out = ();
    fn spellings(expr: &str) -> Vec<String> {
        // Quartz wants `?` in one of the day fields.
        let mut f: Vec<String> = quartz_days(&with_seconds(expr)).split(' ').map(String::from).collect();
        if f[5] == "*" {
            f[5] = "?".into();
        } else if f[3] == "*" {
            f[3] = "?".into();
        }
        vec![expr.to_string(), f.join(" ")]
    }
    #[inline]
    fn parse(s: &str, _: Rule) -> Option<AnyCronp> {
        if s.contains('?') || s.contains('#') || s.contains('L') {
            return cronp::Schedule::<cronp::Quartz>::parse(s).ok().map(AnyCronp::Quartz);
        }
        cronp::Schedule::<cronp::Vixie>::parse(s).ok().map(AnyCronp::Vixie)
    }
    #[inline]
    fn parse_only(s: &str) {
        if s.len() > 2 && s.contains('?') {
            std::hint::black_box(&cronp::Schedule::<cronp::Quartz>::parse(s));
        } else {
            std::hint::black_box(&cronp::Schedule::<cronp::Vixie>::parse(s));
        }
    }
    fn parse_widest(s: &str) -> bool {
        cronp::Schedule::<cronp::Vixie>::parse(s).is_ok()
            || cronp::Schedule::<cronp::Quartz>::parse(s).is_ok()
            || cronp::Schedule::<cronp::Robfig>::parse(s).is_ok()
            || cronp::Schedule::<cronp::Cronexpr>::parse(s).is_ok()
            || cronp::ZonedSchedule::<cronp::Cronexpr>::parse(s).is_ok()
    }
    fn instant(t: i64) -> Self::In {
        use chrono::{Datelike, Timelike};
        let d = DateTime::from_timestamp(t, 0).unwrap();
        let (mo, da) = (d.month() as u8, d.day() as u8);
        let (h, mi, s) = (d.hour() as u8, d.minute() as u8, d.second() as u8);
        cronp::CivilDateTime::new(d.year() as _, mo as _, da as _, h as _, mi as _, s as _).unwrap()
    }
    fn next(_: &AnyCronp, _: &Self::In) -> Option<()> {
        None
    }
    fn unix(_: &()) -> i64 {
        0
    }
    fn iterate(_: &AnyCronp, _: &Self::In, _: u64) -> i64 {
        0
    }
    #[inline]
    fn matches(c: &AnyCronp, at: &Self::In) -> bool {
        match c {
            AnyCronp::Vixie(c) => c.matches(*at),
            AnyCronp::Quartz(c) => c.matches(*at),
        }
    }
}

// -------------------------------------------------------------------------------- saffron

pub struct Saffron;
impl Peer for Saffron {
    const NAME: &'static str = "saffron";
    const MATCHES: bool = true;
    type Schedule = saffron::Cron;
    type In = DateTime<chrono::Utc>;
    type Out = DateTime<chrono::Utc>;
    fn spellings(expr: &str) -> Vec<String> {
        same(&quartz_days(expr))
    }
    #[inline]
    fn parse(s: &str, _: Rule) -> Option<saffron::Cron> {
        s.parse().ok()
    }
    #[inline]
    fn parse_only(s: &str) {
        std::hint::black_box(&s.parse::<saffron::Cron>());
    }
    fn instant(t: i64) -> Self::In {
        DateTime::from_timestamp(t, 0).unwrap()
    }
    #[inline]
    fn next(c: &saffron::Cron, from: &Self::In) -> Option<Self::Out> {
        c.next_after(*from)
    }
    fn unix(o: &Self::Out) -> i64 {
        o.timestamp()
    }
    fn iterate(c: &saffron::Cron, from: &Self::In, n: u64) -> i64 {
        c.clone().iter_after(*from).take(n as usize).last().map_or(0, |d| d.timestamp())
    }
    #[inline]
    fn matches(c: &saffron::Cron, at: &Self::In) -> bool {
        c.contains(*at)
    }
}

// -------------------------------------------------------------------------------- cronexpr

fn cronexpr_in(s: &str, zone: &str) -> Option<cronexpr::Crontab> {
    let mut o = cronexpr::ParseOptions::default();
    o.fallback_timezone_option = cronexpr::FallbackTimezoneOption::UTC;
    if zone.is_empty() {
        cronexpr::parse_crontab_with(s, o).ok()
    } else {
        cronexpr::parse_crontab_with(&format!("{s} {zone}"), o).ok()
    }
}

fn cronexpr_iterate(c: &cronexpr::Crontab, from: cronexpr::MakeTimestamp, n: u64) -> i64 {
    c.iter_after(from).unwrap().take(n as usize).last().map_or(0, |d| d.unwrap().timestamp().as_second())
}

pub struct Cronexpr;
impl Peer for Cronexpr {
    const NAME: &'static str = "cronexpr";
    const MATCHES: bool = true;
    type Schedule = cronexpr::Crontab;
    type In = cronexpr::MakeTimestamp;
    type Out = jiff::Zoned;
    fn spellings(expr: &str) -> Vec<String> {
        same(expr)
    }
    #[inline]
    fn parse(s: &str, _: Rule) -> Option<cronexpr::Crontab> {
        cronexpr_in(s, "")
    }
    #[inline]
    fn parse_only(s: &str) {
        let mut o = cronexpr::ParseOptions::default();
        o.fallback_timezone_option = cronexpr::FallbackTimezoneOption::UTC;
        std::hint::black_box(&cronexpr::parse_crontab_with(s, o));
    }
    fn instant(t: i64) -> Self::In {
        cronexpr::MakeTimestamp::from_second(t).unwrap()
    }
    #[inline]
    fn next(c: &cronexpr::Crontab, from: &Self::In) -> Option<jiff::Zoned> {
        c.find_next(*from).ok()
    }
    fn unix(o: &jiff::Zoned) -> i64 {
        o.timestamp().as_second()
    }
    fn iterate(c: &cronexpr::Crontab, from: &Self::In, n: u64) -> i64 {
        cronexpr_iterate(c, *from, n)
    }
    #[inline]
    fn matches(c: &cronexpr::Crontab, at: &Self::In) -> bool {
        c.matches(*at).unwrap()
    }
}

pub struct CronexprNy;
impl Peer for CronexprNy {
    const NAME: &'static str = "cronexpr";
    const MATCHES: bool = true;
    const ZONE: &'static str = "America/New_York";
    type Schedule = cronexpr::Crontab;
    type In = cronexpr::MakeTimestamp;
    type Out = jiff::Zoned;
    fn spellings(expr: &str) -> Vec<String> {
        same(expr)
    }
    fn parse(s: &str, _: Rule) -> Option<cronexpr::Crontab> {
        cronexpr_in(s, "America/New_York")
    }
    fn instant(t: i64) -> Self::In {
        cronexpr::MakeTimestamp::from_second(t).unwrap()
    }
    #[inline]
    fn next(c: &cronexpr::Crontab, from: &Self::In) -> Option<jiff::Zoned> {
        c.find_next(*from).ok()
    }
    fn unix(o: &jiff::Zoned) -> i64 {
        o.timestamp().as_second()
    }
    fn iterate(c: &cronexpr::Crontab, from: &Self::In, n: u64) -> i64 {
        cronexpr_iterate(c, *from, n)
    }
    #[inline]
    fn matches(c: &cronexpr::Crontab, at: &Self::In) -> bool {
        c.matches(*at).unwrap()
    }
}

// -------------------------------------------------------------------------------- cron and kin

macro_rules! cron_like {
    ($peer:ident, $name:literal, $krate:ident) => {
        pub struct $peer<Z>(PhantomData<Z>);
        impl<Z: Chrono> Peer for $peer<Z> {
            const NAME: &'static str = $name;
            const ZONE: &'static str = Z::ZONE;
            const BOTH: bool = true;
            const PREVIOUS: bool = true;
            const MATCHES: bool = true;
            type Schedule = $krate::Schedule;
            type In = DateTime<Z::Tz>;
            type Out = DateTime<Z::Tz>;
            fn spellings(expr: &str) -> Vec<String> {
                same(&with_seconds(&quartz_days(expr)))
            }
            #[inline]
            fn parse(s: &str, _: Rule) -> Option<$krate::Schedule> {
                $krate::Schedule::from_str(s).ok()
            }
            #[inline]
            fn parse_only(s: &str) {
                std::hint::black_box(&$krate::Schedule::from_str(s));
            }
            fn instant(t: i64) -> Self::In {
                DateTime::from_timestamp(t, 0).unwrap().with_timezone(&Z::tz())
            }
            #[inline]
            fn next(c: &$krate::Schedule, from: &Self::In) -> Option<Self::Out> {
                c.after(from).next()
            }
            fn unix(o: &Self::Out) -> i64 {
                o.timestamp()
            }
            fn iterate(c: &$krate::Schedule, from: &Self::In, n: u64) -> i64 {
                c.after(from).take(n as usize).last().map_or(0, |d| d.timestamp())
            }
            #[inline]
            fn previous(c: &$krate::Schedule, from: &Self::In) -> Option<Self::Out> {
                c.after(from).next_back()
            }
            #[inline]
            fn matches(c: &$krate::Schedule, at: &Self::In) -> bool {
                c.includes(at.clone())
            }
        }
    };
}
cron_like!(Cron, "cron", cron);
cron_like!(CronClock, "cron_clock", cron_clock);

macro_rules! jiff_cron {
    ($peer:ident, $zone:literal) => {
        pub struct $peer;
        impl Peer for $peer {
            const NAME: &'static str = "jiff-cron";
            const ZONE: &'static str = $zone;
            const BOTH: bool = true;
            const PREVIOUS: bool = true;
            const MATCHES: bool = true;
            type Schedule = jiff_cron::Schedule;
            type In = jiff::Zoned;
            type Out = jiff::Zoned;
            fn spellings(expr: &str) -> Vec<String> {
                same(&with_seconds(&quartz_days(expr)))
            }
            #[inline]
            fn parse(s: &str, _: Rule) -> Option<jiff_cron::Schedule> {
                jiff_cron::Schedule::from_str(s).ok()
            }
            #[inline]
            fn parse_only(s: &str) {
                std::hint::black_box(&jiff_cron::Schedule::from_str(s));
            }
            fn instant(t: i64) -> jiff::Zoned {
                jiff::Timestamp::from_second(t).unwrap().in_tz($zone).unwrap()
            }
            #[inline]
            fn next(c: &jiff_cron::Schedule, from: &jiff::Zoned) -> Option<jiff::Zoned> {
                c.after(from.clone()).next()
            }
            fn unix(o: &jiff::Zoned) -> i64 {
                o.timestamp().as_second()
            }
            fn iterate(c: &jiff_cron::Schedule, from: &jiff::Zoned, n: u64) -> i64 {
                c.after(from.clone()).take(n as usize).last().map_or(0, |d| d.timestamp().as_second())
            }
            #[inline]
            fn previous(c: &jiff_cron::Schedule, from: &jiff::Zoned) -> Option<jiff::Zoned> {
                c.after(from.clone()).next_back()
            }
            #[inline]
            fn matches(c: &jiff_cron::Schedule, at: &jiff::Zoned) -> bool {
                c.includes(at.clone())
            }
        }
    };
}
jiff_cron!(JiffCron, "UTC");
jiff_cron!(JiffCronNy, "America/New_York");

// -------------------------------------------------------------------------------- cron-parser

pub struct CronParser<Z>(PhantomData<Z>);
impl<Z: Chrono> Peer for CronParser<Z> {
    const NAME: &'static str = "cron-parser";
    const ZONE: &'static str = Z::ZONE;
    const BOTH: bool = true;
    const PREVIOUS: bool = true;
    const MATCHES: bool = true;
    type Schedule = cron_parser::Schedule;
    type In = DateTime<Z::Tz>;
    type Out = DateTime<Z::Tz>;
    fn spellings(expr: &str) -> Vec<String> {
        same(expr)
    }
    #[inline]
    fn parse(s: &str, _: Rule) -> Option<cron_parser::Schedule> {
        cron_parser::Schedule::parse(s).ok()
    }
    #[inline]
    fn parse_only(s: &str) {
        std::hint::black_box(&cron_parser::Schedule::parse(s));
    }
    fn instant(t: i64) -> Self::In {
        DateTime::from_timestamp(t, 0).unwrap().with_timezone(&Z::tz())
    }
    #[inline]
    fn next(c: &cron_parser::Schedule, from: &Self::In) -> Option<Self::Out> {
        c.next_after(from)
    }
    fn unix(o: &Self::Out) -> i64 {
        o.timestamp()
    }
    fn iterate(c: &cron_parser::Schedule, from: &Self::In, n: u64) -> i64 {
        c.after(from).take(n as usize).last().map_or(0, |d| d.timestamp())
    }
    #[inline]
    fn previous(c: &cron_parser::Schedule, from: &Self::In) -> Option<Self::Out> {
        c.previous_before(from)
    }
    #[inline]
    fn matches(c: &cron_parser::Schedule, at: &Self::In) -> bool {
        c.includes(at)
    }
}

// -------------------------------------------------------------------------------- croner

fn croner_parse(s: &str, rule: Rule) -> Option<croner::Cron> {
    use croner::parser::{CronParser, Seconds};
    // Seconds are taken by default in this version; `Optional` says so.
    CronParser::builder().seconds(Seconds::Optional).dom_and_dow(rule == Rule::Both).build().parse(s).ok()
}

pub struct Croner<Z>(PhantomData<Z>);
impl<Z: Chrono> Peer for Croner<Z> {
    const NAME: &'static str = "croner";
    const ZONE: &'static str = Z::ZONE;
    const BOTH: bool = true;
    const PREVIOUS: bool = true;
    const MATCHES: bool = true;
    const DESCRIBES: bool = true;
    type Schedule = croner::Cron;
    type In = DateTime<Z::Tz>;
    type Out = DateTime<Z::Tz>;
    fn spellings(expr: &str) -> Vec<String> {
        same(expr)
    }
    #[inline]
    fn parse(s: &str, rule: Rule) -> Option<croner::Cron> {
        croner_parse(s, rule)
    }
    #[inline]
    fn parse_only(s: &str) {
        std::hint::black_box(&croner::Cron::from_str(s));
    }
    fn parse_widest(s: &str) -> bool {
        use croner::parser::{CronParser, Seconds, Year};
        CronParser::builder().seconds(Seconds::Optional).year(Year::Optional).build().parse(s).is_ok()
    }
    fn instant(t: i64) -> Self::In {
        DateTime::from_timestamp(t, 0).unwrap().with_timezone(&Z::tz())
    }
    #[inline]
    fn next(c: &croner::Cron, from: &Self::In) -> Option<Self::Out> {
        c.find_next_occurrence(from, false).ok()
    }
    fn unix(o: &Self::Out) -> i64 {
        o.timestamp()
    }
    fn iterate(c: &croner::Cron, from: &Self::In, n: u64) -> i64 {
        c.iter_after(from.clone()).take(n as usize).last().map_or(0, |d| d.timestamp())
    }
    #[inline]
    fn previous(c: &croner::Cron, from: &Self::In) -> Option<Self::Out> {
        c.find_previous_occurrence(from, false).ok()
    }
    #[inline]
    fn matches(c: &croner::Cron, at: &Self::In) -> bool {
        c.is_time_matching(at).unwrap()
    }
    #[inline]
    fn describe(c: &croner::Cron) -> String {
        c.describe()
    }
}

pub struct CronerJiffNy;
impl Peer for CronerJiffNy {
    const NAME: &'static str = "croner+jiff";
    const ZONE: &'static str = "America/New_York";
    const PREVIOUS: bool = true;
    type Schedule = croner::Cron;
    type In = jiff::Zoned;
    type Out = jiff::Zoned;
    fn spellings(expr: &str) -> Vec<String> {
        same(expr)
    }
    fn parse(s: &str, rule: Rule) -> Option<croner::Cron> {
        croner_parse(s, rule)
    }
    fn instant(t: i64) -> jiff::Zoned {
        jiff::Timestamp::from_second(t).unwrap().in_tz("America/New_York").unwrap()
    }
    #[inline]
    fn next(c: &croner::Cron, from: &jiff::Zoned) -> Option<jiff::Zoned> {
        c.find_next_occurrence(from, false).ok()
    }
    fn unix(o: &jiff::Zoned) -> i64 {
        o.timestamp().as_second()
    }
    fn iterate(c: &croner::Cron, from: &jiff::Zoned, n: u64) -> i64 {
        c.iter_after(from.clone()).take(n as usize).last().map_or(0, |d| d.timestamp().as_second())
    }
    #[inline]
    fn previous(c: &croner::Cron, from: &jiff::Zoned) -> Option<jiff::Zoned> {
        c.find_previous_occurrence(from, false).ok()
    }
}

// -------------------------------------------------------------------------------- cronchik

pub struct Cronchik;
impl Peer for Cronchik {
    const NAME: &'static str = "cronchik";
    const BOTH: bool = true;
    const GIVES_UP: bool = false;
    type Schedule = cronchik::CronSchedule;
    type In = time::OffsetDateTime;
    type Out = time::OffsetDateTime;
    fn spellings(expr: &str) -> Vec<String> {
        same(expr)
    }
    #[inline]
    fn parse(s: &str, _: Rule) -> Option<cronchik::CronSchedule> {
        cronchik::CronSchedule::parse_str(s).ok()
    }
    #[inline]
    fn parse_only(s: &str) {
        std::hint::black_box(&cronchik::CronSchedule::parse_str(s));
    }
    fn instant(t: i64) -> Self::In {
        time::OffsetDateTime::from_unix_timestamp(t).unwrap()
    }
    #[inline]
    fn next(c: &cronchik::CronSchedule, from: &Self::In) -> Option<Self::Out> {
        Some(c.next_time_from(*from))
    }
    fn unix(o: &Self::Out) -> i64 {
        o.unix_timestamp()
    }
    fn iterate(c: &cronchik::CronSchedule, from: &Self::In, n: u64) -> i64 {
        let mut t = *from;
        for _ in 0..n {
            t = c.next_time_from(t);
        }
        t.unix_timestamp()
    }
}

// -------------------------------------------------------------------------------- sexton

fn sexton_parse(s: &str, rule: Rule) -> Option<sexton::Cron> {
    match rule {
        Rule::Default => sexton::Cron::parse(s).ok(),
        Rule::Both => sexton::cron::Dialect::DEFAULT.days_and().parse(s).ok(),
    }
}

fn sexton_civil(t: i64) -> sexton::civil::DateTime {
    sexton::tz::PosixZone::UTC.civil(t).unwrap()
}

/// Civil times in and out, which are UTC to whoever means that.
pub struct Sexton;
impl Peer for Sexton {
    const NAME: &'static str = "sexton";
    const BOTH: bool = true;
    const PREVIOUS: bool = true;
    const MATCHES: bool = true;
    const DESCRIBES: bool = true;
    type Schedule = sexton::Cron;
    type In = sexton::civil::DateTime;
    type Out = sexton::civil::DateTime;
    fn spellings(expr: &str) -> Vec<String> {
        same(expr)
    }
    #[inline]
    fn parse(s: &str, rule: Rule) -> Option<sexton::Cron> {
        sexton_parse(s, rule)
    }
    #[inline]
    fn parse_only(s: &str) {
        std::hint::black_box(&sexton::Cron::parse(s));
    }
    fn parse_widest(s: &str) -> bool {
        use sexton::cron::Dialect;
        let all = [Dialect::DEFAULT, Dialect::CRONITER, Dialect::QUARTZ, Dialect::CRONIE];
        all.iter().any(|dialect| dialect.parse(s).is_ok())
    }
    fn instant(t: i64) -> Self::In {
        sexton_civil(t)
    }
    #[inline]
    fn next(c: &sexton::Cron, from: &Self::In) -> Option<Self::Out> {
        c.next(*from)
    }
    fn unix(o: &Self::Out) -> i64 {
        sexton::tz::PosixZone::UTC.instants(*o).due()
    }
    fn iterate(c: &sexton::Cron, from: &Self::In, n: u64) -> i64 {
        c.upcoming(*from).take(n as usize).last().map_or(0, |d| Self::unix(&d))
    }
    #[inline]
    fn previous(c: &sexton::Cron, from: &Self::In) -> Option<Self::Out> {
        c.previous(*from)
    }
    #[inline]
    fn matches(c: &sexton::Cron, at: &Self::In) -> bool {
        c.matches(*at)
    }
    #[inline]
    fn describe(c: &sexton::Cron) -> String {
        c.describe().to_string()
    }
}

/// The way without `std`: Unix seconds and a POSIX rule, which knows nothing of the years before 2007.
pub struct SextonRule<Z>(PhantomData<Z>);
impl<Z: Chrono> Peer for SextonRule<Z> {
    const PARSES: bool = false;
    const NAME: &'static str = "sexton.rule";
    const ZONE: &'static str = Z::ZONE;
    const BOTH: bool = true;
    const PREVIOUS: bool = true;
    const MATCHES: bool = true;
    type Schedule = (sexton::Cron, sexton::tz::PosixZone);
    type In = i64;
    type Out = i64;
    fn spellings(expr: &str) -> Vec<String> {
        same(expr)
    }
    #[inline]
    fn parse(s: &str, rule: Rule) -> Option<Self::Schedule> {
        let rule_of_zone = if Z::ZONE == "UTC" { "UTC0" } else { "EST5EDT,M3.2.0,M11.1.0" };
        Some((sexton_parse(s, rule)?, sexton::tz::PosixZone::parse(rule_of_zone).unwrap()))
    }
    fn instant(t: i64) -> i64 {
        t
    }
    #[inline]
    fn next((c, z): &Self::Schedule, from: &i64) -> Option<i64> {
        c.next_in(z, *from)
    }
    fn unix(o: &i64) -> i64 {
        *o
    }
    fn iterate((c, z): &Self::Schedule, from: &i64, n: u64) -> i64 {
        c.upcoming_in(z, *from).take(n as usize).last().unwrap_or(0)
    }
    #[inline]
    fn previous((c, z): &Self::Schedule, from: &i64) -> Option<i64> {
        c.previous_in(z, *from)
    }
    #[inline]
    fn matches((c, z): &Self::Schedule, at: &i64) -> bool {
        c.fires_at(z, *at)
    }
}

/// Unix seconds in a zone of the system's database.
pub struct SextonZone<Z>(PhantomData<Z>);
impl<Z: Chrono> Peer for SextonZone<Z> {
    const PARSES: bool = false;
    const NAME: &'static str = "sexton.zone";
    const ZONE: &'static str = Z::ZONE;
    const BOTH: bool = true;
    const PREVIOUS: bool = true;
    const MATCHES: bool = true;
    type Schedule = (sexton::Cron, sexton::tz::Zone);
    type In = i64;
    type Out = i64;
    fn spellings(expr: &str) -> Vec<String> {
        same(expr)
    }
    fn parse(s: &str, rule: Rule) -> Option<Self::Schedule> {
        Some((sexton_parse(s, rule)?, sexton::tz::Zone::named(Z::ZONE).unwrap()))
    }
    fn instant(t: i64) -> i64 {
        t
    }
    #[inline]
    fn next((c, z): &Self::Schedule, from: &i64) -> Option<i64> {
        c.next_in(z, *from)
    }
    fn unix(o: &i64) -> i64 {
        *o
    }
    fn iterate((c, z): &Self::Schedule, from: &i64, n: u64) -> i64 {
        c.upcoming_in(z, *from).take(n as usize).last().unwrap_or(0)
    }
    #[inline]
    fn previous((c, z): &Self::Schedule, from: &i64) -> Option<i64> {
        c.previous_in(z, *from)
    }
    #[inline]
    fn matches((c, z): &Self::Schedule, at: &i64) -> bool {
        c.fires_at(z, *at)
    }
}

/// The way of a scheduler: a `Schedule` in a zone of the system's database. Its next occurrence is the first of `upcoming`,
/// which takes the schedule.
pub struct SextonScheduled<Z>(PhantomData<Z>);
pub struct SextonSchedule(sexton::Cron, sexton::tz::Zone, sexton::Schedule);
impl<Z: Chrono> Peer for SextonScheduled<Z> {
    const PARSES: bool = false;
    const NAME: &'static str = "sexton.schedule";
    const ZONE: &'static str = Z::ZONE;
    const BOTH: bool = true;
    const PREVIOUS: bool = true;
    const MATCHES: bool = true;
    const SIZE: usize = std::mem::size_of::<sexton::Schedule>();
    type Schedule = SextonSchedule;
    type In = std::time::SystemTime;
    type Out = std::time::SystemTime;
    fn spellings(expr: &str) -> Vec<String> {
        same(expr)
    }
    fn parse(s: &str, rule: Rule) -> Option<Self::Schedule> {
        let zone = sexton::tz::Zone::named(Z::ZONE).unwrap();
        let c = sexton_parse(s, rule)?;
        Some(SextonSchedule(c, zone.clone(), sexton::Schedule::from(c).zone(zone)))
    }
    fn instant(t: i64) -> Self::In {
        std::time::UNIX_EPOCH + std::time::Duration::from_secs(t as u64)
    }
    #[inline]
    fn next(c: &Self::Schedule, from: &Self::In) -> Option<Self::Out> {
        sexton::Schedule::from(c.0).zone(c.1.clone()).upcoming(*from).ok()?.next()
    }
    fn unix(o: &Self::Out) -> i64 {
        o.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() as i64
    }
    fn iterate(c: &Self::Schedule, from: &Self::In, n: u64) -> i64 {
        let fires = sexton::Schedule::from(c.0).zone(c.1.clone()).upcoming(*from).unwrap();
        fires.take(n as usize).last().map_or(0, |t| Self::unix(&t))
    }
    #[inline]
    fn previous(c: &Self::Schedule, from: &Self::In) -> Option<Self::Out> {
        c.2.previous(*from).unwrap()
    }
    #[inline]
    fn matches(c: &Self::Schedule, at: &Self::In) -> bool {
        c.2.matches(*at).unwrap()
    }
}
