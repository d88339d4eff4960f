//! What an expression means, the obvious way: expressions are made up as trees, written as text, and each tree says by
//! itself, value by value and day by day, whether a civil time is in it. No masks, and nothing of the parser's.

use proptest::prelude::*;
use sexton::civil::{Date, DateTime, Time};
use sexton::cron::Field;

/// A whole expression, and its text.
#[derive(Clone, Debug)]
pub struct Expression {
    second: Option<Vec<Item>>,
    minute: Vec<Item>,
    hour: Vec<Item>,
    day: Vec<Item>,
    month: Vec<Item>,
    weekday: Vec<Item>,
    year: Option<Vec<Item>>,
    pub text: String,
}

#[derive(Clone, Debug)]
enum Item {
    Every,
    Question,
    One(u32),
    Range(u32, u32),
    EveryNth(u32),
    FromNth(u32, u32),
    RangeNth(u32, u32, u32),
    /// `28-L`
    ToLast(u32),
    /// `L`, `L-3`
    BeforeLast(u32),
    /// `15W`
    Nearest(u32),
    /// `LW`, `L-3W`
    NearestBeforeLast(u32),
    /// `5#2`
    Nth(u32, u32),
    /// `5L`
    LastWeekday(u32),
    /// `mon-fri#2`
    RangeNthWeek(u32, u32, u32),
    /// `mon-fri%2+1`
    EveryNthWeek(u32, u32, u32, u32),
}
use Item::*;

/// First and last value of a field.
type Span = (u32, u32);

const SIXTY: Span = (0, 59);
const HOURS: Span = (0, 23);
const DAYS: Span = (1, 31);
const MONTHS: Span = (1, 12);
const WEEKDAYS: Span = (0, 6);
const YEARS: Span = (1970, 2199);

impl Expression {
    pub fn matches(&self, time: DateTime) -> bool {
        self.matches_day(time.date()) && self.matches_time(time.time())
    }

    pub fn matches_time(&self, time: Time) -> bool {
        self.has_hour(time.hour()) && self.has_minute(time.minute()) && self.has_second(time.second())
    }

    pub fn matches_day(&self, date: Date) -> bool {
        if !self.has_year(date.year()) || !is_in(&self.month, date.month().into(), MONTHS) {
            return false;
        }
        let by_day = self.day.iter().any(|item| item.is_day(date));
        let by_weekday = self.weekday.iter().any(|item| item.is_weekday(date));
        match (is_restricted(&self.day), is_restricted(&self.weekday)) {
            (true, true) => by_day || by_weekday,
            (true, false) => by_day,
            (false, true) => by_weekday,
            (false, false) => true,
        }
    }

    pub fn has_year(&self, year: i16) -> bool {
        !self.names_years() || self.year.iter().all(|items| is_in(items, year as u32, YEARS))
    }

    pub fn names_years(&self) -> bool {
        self.year.as_deref().map_or(false, is_restricted)
    }

    /// What a field says by itself, whatever the day rule makes of it.
    pub fn says(&self, field: Field, time: DateTime) -> bool {
        let (date, clock) = (time.date(), time.time());
        match field {
            Field::Second => self.has_second(clock.second()),
            Field::Minute => self.has_minute(clock.minute()),
            Field::Hour => self.has_hour(clock.hour()),
            Field::DayOfMonth => !is_restricted(&self.day) || self.day.iter().any(|item| item.is_day(date)),
            Field::Month => is_in(&self.month, date.month().into(), MONTHS),
            Field::DayOfWeek => {
                !is_restricted(&self.weekday) || self.weekday.iter().any(|item| item.is_weekday(date))
            }
            Field::Year => self.has_year(date.year()),
            _ => unreachable!("there is no other field: {field}"),
        }
    }

    /// The same on the same days, at times of day that are listed: what a clock change moves.
    pub fn at_times(mut self, hours: &[u8], minutes: &[u8]) -> Expression {
        let list = |values: &[u8]| values.iter().map(|&value| One(value.into())).collect();
        self.hour = list(hours);
        self.minute = list(minutes);
        self.second = self.second.map(|_| vec![One(0)]);
        self.text = self.write(&mut Look(0));
        self
    }

    /// Whether weekdays count in one of every few weeks, so that the calendar begins anew after other times than others do.
    pub fn counts_weeks(&self) -> bool {
        self.weekday.iter().any(|item| matches!(item, EveryNthWeek(..)))
    }

    /// Whether both day fields are restricted, so that a rule for the two is needed.
    pub fn restricts_both_days(&self) -> bool {
        is_restricted(&self.day) && is_restricted(&self.weekday)
    }

    /// The first match after this time, walking towards later times or earlier ones, in at most so many days.
    pub fn walk(&self, from: DateTime, forward: bool, days: usize) -> Option<DateTime> {
        let mut date = from.date();
        for _ in 0..days {
            if self.matches_day(date) {
                let times = self.times().into_iter().map(|time| date.at(time));
                let mut found = times.filter(|&time| if forward { time > from } else { time < from });
                let nearest = if forward { found.next() } else { found.next_back() };
                if nearest.is_some() {
                    return nearest;
                }
            }
            date = date.checked_add_days(if forward { 1 } else { -1 })?;
        }
        None
    }

    /// Every time of a matching day.
    pub fn times(&self) -> Vec<Time> {
        let mut times = Vec::new();
        for hour in (0..24).filter(|&hour| self.has_hour(hour)) {
            for minute in (0..60).filter(|&minute| self.has_minute(minute)) {
                for second in (0..60).filter(|&second| self.has_second(second)) {
                    times.extend(Time::new(hour, minute, second));
                }
            }
        }
        times
    }

    fn has_hour(&self, hour: u8) -> bool {
        is_in(&self.hour, hour.into(), HOURS)
    }

    fn has_minute(&self, minute: u8) -> bool {
        is_in(&self.minute, minute.into(), SIXTY)
    }

    fn has_second(&self, second: u8) -> bool {
        self.second.as_ref().map_or(second == 0, |items| is_in(items, second.into(), SIXTY))
    }
}

fn is_restricted(field: &[Item]) -> bool {
    !field.iter().any(|item| matches!(item, Every | Question))
}

fn is_in(field: &[Item], value: u32, span: Span) -> bool {
    field.iter().any(|item| item.values(span).contains(&value))
}

impl Item {
    /// The values, written out one by one in the order in which a step counts them.
    fn values(&self, (first, last): Span) -> Vec<u32> {
        match *self {
            Every | Question => (first..=last).collect(),
            One(value) => vec![value],
            Range(from, to) => written_out(from, to, (first, last)),
            EveryNth(step) => (first..=last).step_by(step as usize).collect(),
            FromNth(from, step) => (from..=last).step_by(step as usize).collect(),
            RangeNth(from, to, step) => {
                written_out(from, to, (first, last)).into_iter().step_by(step as usize).collect()
            }
            ToLast(from) => (from..=last).collect(),
            _ => vec![],
        }
    }

    fn is_day(&self, date: Date) -> bool {
        let day = u32::from(date.day());
        let length =
            (1..=31).filter(|&day| Date::new(date.year(), date.month(), day).is_some()).count() as u32;
        match *self {
            BeforeLast(days) => day + days == length,
            Nearest(wanted) => wanted <= length && is_nearest(date, wanted, length),
            NearestBeforeLast(days) => days < length && is_nearest(date, length - days, length),
            _ => self.values(DAYS).contains(&day),
        }
    }

    fn is_weekday(&self, date: Date) -> bool {
        let weekday = weekday(date);
        let week = (u32::from(date.day()) - 1) / 7 + 1;
        match *self {
            Nth(wanted, nth) => weekday == wanted % 7 && week == nth,
            LastWeekday(wanted) => {
                let in_a_week = date.checked_add_days(7);
                weekday == wanted % 7 && in_a_week.map_or(true, |later| later.month() != date.month())
            }
            RangeNthWeek(from, to, nth) => written_out(from, to, WEEKDAYS).contains(&weekday) && week == nth,
            EveryNthWeek(from, to, count, which) => {
                written_out(from, to, WEEKDAYS).contains(&weekday)
                    && week_since_2018(date).rem_euclid(count.into()) == i64::from(which % count)
            }
            _ => self.values(WEEKDAYS).iter().any(|value| value % 7 == weekday),
        }
    }
}

/// Of all the Mondays to Fridays of its month, is this the one nearest to the day wanted?
fn is_nearest(date: Date, wanted: u32, length: u32) -> bool {
    let workdays = (1..=length).filter(|&day| {
        let other = Date::new(date.year(), date.month(), day as u8).unwrap();
        (1..=5).contains(&weekday(other))
    });
    workdays.min_by_key(|&day| day.abs_diff(wanted)) == Some(date.day().into())
}

/// The week of Monday, 31 December 2018, is 0.
pub fn week_since_2018(date: Date) -> i64 {
    let days = |date: Date| {
        let (year, day_of_year) = (i64::from(date.year()), i64::from(date.day()));
        const BEFORE: [i64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
        let has_leap_day = date.month() > 2 && Date::new(date.year(), 2, 29).is_some();
        let before = BEFORE[usize::from(date.month()) - 1] + i64::from(has_leap_day);
        let years = year - 1;
        years * 365 + years / 4 - years / 100 + years / 400 + before + day_of_year
    };
    (days(date) - days(Date::new(2018, 12, 31).unwrap())).div_euclid(7)
}

fn weekday(date: Date) -> u32 {
    date.weekday().days_from_sunday().into()
}

/// A range, going on at the beginning when it ends before it starts. Sunday is 7 where that is the end of the week.
fn written_out(from: u32, to: u32, (first, last): Span) -> Vec<u32> {
    let (from, to) = match (from, to) {
        (0, 7) if last == 6 => (0, 6),
        _ if last == 6 => (from % 7, to % 7),
        _ => (from, to),
    };
    let mut values = vec![from];
    while *values.last().unwrap() != to {
        let value = *values.last().unwrap();
        values.push(if value == last { first } else { value + 1 });
    }
    values
}

/// Expressions of every kind, mostly such that they come true within days.
pub fn expressions() -> impl Strategy<Value = Expression> {
    let year = prop_oneof![Just(vec![Every]), list(plain(2020..=2035, YEARS, false))];
    let fields = (
        proptest::option::of(field(0..=59, SIXTY)),
        field(0..=59, SIXTY),
        field(0..=23, HOURS),
        prop_oneof![3 => Just(vec![Every]), 1 => Just(vec![Question]), 4 => list(day())],
        prop_oneof![3 => Just(vec![Every]), 2 => list(plain(1..=12, MONTHS, true))],
        prop_oneof![3 => Just(vec![Every]), 1 => Just(vec![Question]), 4 => list(weekday_item()), 1 => weeks()],
        proptest::option::weighted(0.2, year),
    );
    (fields, any::<u64>()).prop_map(|((second, minute, hour, day, month, weekday, year), look)| {
        // The year makes it seven fields, which have seconds.
        let second = if year.is_some() { Some(second.unwrap_or_else(|| vec![One(0)])) } else { second };
        let mut expression =
            Expression { second, minute, hour, day, month, weekday, year, text: String::new() };
        expression.text = expression.write(&mut Look(look));
        expression
    })
}

fn field(values: std::ops::RangeInclusive<u32>, span: Span) -> BoxedStrategy<Vec<Item>> {
    prop_oneof![2 => Just(vec![Every]), 5 => list(plain(values, span, true))].boxed()
}

fn list(item: BoxedStrategy<Item>) -> BoxedStrategy<Vec<Item>> {
    proptest::collection::vec(item, 1..4).boxed()
}

fn plain(values: std::ops::RangeInclusive<u32>, span: Span, wraps: bool) -> BoxedStrategy<Item> {
    let order = move |(from, to): (u32, u32)| if wraps || from <= to { (from, to) } else { (to, from) };
    let value = || values.clone();
    let pair = (value(), value()).prop_map(order);
    let step = prop_oneof![4 => 1..=12u32, 1 => 1..=span.1 * 2];
    prop_oneof![
        8 => value().prop_map(One),
        4 => pair.clone().prop_map(|(from, to)| Range(from, to)),
        2 => step.clone().prop_map(EveryNth),
        2 => (value(), step.clone()).prop_map(|(from, step)| FromNth(from, step)),
        2 => (pair, step).prop_map(|((from, to), step)| RangeNth(from, to, step)),
        1 => Just(Every),
    ]
    .boxed()
}

fn day() -> BoxedStrategy<Item> {
    prop_oneof![
        4 => plain(1..=31, DAYS, true),
        1 => (1..=31u32).prop_map(ToLast),
        1 => (0..=30u32).prop_map(BeforeLast),
        1 => (1..=31u32).prop_map(Nearest),
        1 => (0..=30u32).prop_map(NearestBeforeLast),
        1 => prop_oneof![Just(BeforeLast(0)), Just(NearestBeforeLast(0))],
    ]
    .boxed()
}

fn weekday_item() -> BoxedStrategy<Item> {
    prop_oneof![
        // A step from Sunday as 7 is refused.
        4 => plain(0..=6, WEEKDAYS, true),
        1 => (0..=7u32).prop_map(One),
        1 => (0..=7u32, 0..=7u32).prop_map(|(from, to)| Range(from, to)),
        1 => (0..=7u32, 1..=5u32).prop_map(|(day, nth)| Nth(day, nth)),
        1 => (0..=7u32).prop_map(LastWeekday),
        1 => (0..=7u32, 0..=7u32, 1..=5u32).prop_map(|(from, to, nth)| RangeNthWeek(from, to, nth)),
    ]
    .boxed()
}

/// Weekdays by the number of the week: of the same cycle, or of short ones.
fn weeks() -> BoxedStrategy<Vec<Item>> {
    let days = || prop_oneof![(0..=6u32).prop_map(|day| (day, day)), (0..=7u32, 0..=7u32)];
    let plain = proptest::collection::vec(plain(0..=6, WEEKDAYS, true), 0..2);
    let same = (days(), days(), 2..=60u32, 0..=70u32)
        .prop_map(|(a, b, count, which)| [(a, count, which), (b, count, which)].to_vec());
    let short = proptest::collection::vec((days(), 1..=63u32, 0..=70u32), 1..4);
    let items = prop_oneof![same, short].prop_map(|items| {
        items.into_iter().map(|((from, to), count, which)| EveryNthWeek(from, to, count, which)).collect()
    });
    (plain, items).prop_map(|(plain, weeks): (Vec<Item>, Vec<Item>)| [plain, weeks].concat()).boxed()
}

const MONTH_NAMES: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAY_NAMES: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// How a text looks is drawn from a number: upper case, leading zeros, names, blanks, one of several spellings.
struct Look(u64);

impl Look {
    fn draw(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }

    fn number(&mut self, value: u32) -> String {
        match self.draw(8) {
            0 => format!("0{value}"),
            1 => format!("000{value}"),
            _ => value.to_string(),
        }
    }

    fn value(&mut self, value: u32, (_, last): Span) -> String {
        let name = match last {
            12 => MONTH_NAMES[value as usize - 1],
            6 if value < 7 => WEEKDAY_NAMES[value as usize],
            _ => "",
        };
        if name.is_empty() || self.draw(2) == 0 {
            self.number(value)
        } else {
            name.to_string()
        }
    }

    fn any_case(&mut self, text: String) -> String {
        match self.draw(3) {
            0 => text.to_ascii_uppercase(),
            1 => text.to_ascii_lowercase(),
            _ => text,
        }
    }

    fn blanks(&mut self) -> &'static str {
        [" ", " ", " ", "  ", "\t", " \r\n", "\x0b\x0c"][self.draw(7) as usize]
    }
}

impl Expression {
    fn write(&self, look: &mut Look) -> String {
        let fields = [
            self.second.as_ref().map(|items| (items, SIXTY)),
            Some((&self.minute, SIXTY)),
            Some((&self.hour, HOURS)),
            Some((&self.day, DAYS)),
            Some((&self.month, MONTHS)),
            Some((&self.weekday, WEEKDAYS)),
            self.year.as_ref().map(|items| (items, YEARS)),
        ];
        let mut text = String::from(["", "", " ", "\t"][look.draw(4) as usize]);
        for (items, span) in fields.into_iter().flatten() {
            let items: Vec<String> = items.iter().map(|item| item.write(span, look)).collect();
            let items = look.any_case(items.join(","));
            text.push_str(&items);
            text.push_str(look.blanks());
        }
        text
    }
}

impl Item {
    fn write(&self, span: Span, look: &mut Look) -> String {
        match *self {
            Every => "*".into(),
            Question => "?".into(),
            One(value) => look.value(value, span),
            Range(from, to) => format!("{}-{}", look.value(from, span), look.value(to, span)),
            EveryNth(step) => format!("*/{}", look.number(step)),
            FromNth(from, step) => format!("{}/{}", look.value(from, span), look.number(step)),
            RangeNth(from, to, step) => {
                format!("{}-{}/{step}", look.value(from, span), look.value(to, span))
            }
            ToLast(from) => format!("{}-L", look.number(from)),
            BeforeLast(0) if look.draw(2) == 0 => "L".into(),
            BeforeLast(days) => format!("L-{}", look.number(days)),
            Nearest(day) if look.draw(2) == 0 => format!("W{}", look.number(day)),
            Nearest(day) => format!("{}W", look.number(day)),
            NearestBeforeLast(0) if look.draw(2) == 0 => "LW".into(),
            NearestBeforeLast(days) => format!("L-{}W", look.number(days)),
            Nth(day, nth) => format!("{}#{}", look.value(day, span), look.number(nth)),
            LastWeekday(day) => {
                let day = look.value(day, span);
                match look.draw(3) {
                    0 => format!("L{day}"),
                    1 => format!("{day}L"),
                    _ => format!("{day}#L"),
                }
            }
            EveryNthWeek(from, to, count, which) => {
                let days = match from == to {
                    true => look.value(from, span),
                    false => format!("{}-{}", look.value(from, span), look.value(to, span)),
                };
                match which {
                    0 if look.draw(2) == 0 => format!("{days}%{}", look.number(count)),
                    _ => format!("{days}%{count}+{which}"),
                }
            }
            RangeNthWeek(from, to, nth) => {
                format!("{}-{}#{nth}", look.value(from, span), look.value(to, span))
            }
        }
    }
}
