//! Reads a description back: a small grammar of the English that `Cron::describe` writes, word by word. It knows nothing
//! of masks; days are looked up in the calendar, and times of day are a table of all seconds.

use sexton::civil::{Date, DateTime};

type Test = Box<dyn Fn(&Day) -> bool>;

/// What a description says.
pub struct Meaning {
    pub is_never: bool,
    seconds: Vec<bool>,
    goes_past_midnight: bool,
    days: Test,
    months: Vec<u32>,
    years: Option<Vec<u32>>,
}

struct Day {
    day: u32,
    /// Days in its month.
    length: u32,
    /// From Sunday.
    weekday: u32,
}

impl Meaning {
    pub fn matches(&self, time: DateTime) -> bool {
        let (date, clock) = (time.date(), time.time());
        let length =
            (28..=31).filter(|&day| Date::new(date.year(), date.month(), day).is_some()).count() as u32 + 27;
        let day = Day { day: date.day().into(), length, weekday: date.weekday().days_from_sunday().into() };
        let second =
            (usize::from(clock.hour()) * 60 + usize::from(clock.minute())) * 60 + usize::from(clock.second());
        self.seconds[second]
            && self.months.contains(&date.month().into())
            && self.years.as_ref().map_or(true, |years| years.contains(&(date.year() as u32)))
            && (self.days)(&day)
    }
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const WEEKS: [&str; 6] = ["first", "second", "third", "fourth", "fifth", "last"];
const CLAMPED: &str = "<clamped>";

pub fn read(text: &str) -> Meaning {
    let (is_never, rest) = match text.strip_prefix("never, because there is no such date: ") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    assert!(
        !rest.starts_with(' ') && !rest.ends_with(' ') && !rest.contains("  ") && !rest.contains(" ,"),
        "{text:?}"
    );
    let rest =
        rest.replace(" (Monday to Friday)", "").replace("(or to the last day of a shorter month)", CLAMPED);
    let spaced = rest.replace(',', " ,");
    let mut reader = Reader { words: spaced.split(' ').collect(), at: 0, text };
    let (seconds, goes_past_midnight) = reader.time();
    let mut meaning = Meaning {
        is_never,
        seconds,
        goes_past_midnight,
        days: Box::new(|_| true),
        months: (1..=12).collect(),
        years: None,
    };
    let before = reader.at;
    reader.days(&mut meaning);
    reader.months(&mut meaning);
    reader.years(&mut meaning);
    assert_eq!(
        reader.at,
        reader.words.len(),
        "not all of {text:?} was understood: {:?}",
        &reader.words[reader.at..]
    );
    assert!(!meaning.goes_past_midnight || reader.at == before, "of which day is that? {text:?}");
    meaning
}

struct Reader<'a> {
    words: Vec<&'a str>,
    at: usize,
    text: &'a str,
}

impl<'a> Reader<'a> {
    fn peek(&self, ahead: usize) -> &'a str {
        self.words.get(self.at + ahead).copied().unwrap_or("")
    }

    fn word(&mut self) -> &'a str {
        self.at += 1;
        self.words.get(self.at - 1).copied().unwrap_or("")
    }

    fn eat(&mut self, words: &str) -> bool {
        let words: Vec<&str> = words.split(' ').collect();
        let found = self.words[self.at..].starts_with(&words);
        self.at += if found { words.len() } else { 0 };
        found
    }

    #[track_caller]
    fn expect(&mut self, words: &str) {
        assert!(self.eat(words), "{words:?} expected in {:?} at {:?}", self.text, self.peek(0));
    }

    /// `a`, `a and b`, `a, b or c`; goes on as long as another item follows.
    fn list<T>(&mut self, is_item: fn(&Self, usize) -> bool, item: fn(&mut Self) -> T) -> Vec<T> {
        let mut items = vec![item(self)];
        let mut is_over = false;
        while matches!(self.peek(0), "," | "and" | "or") && is_item(self, 1) {
            assert!(!is_over, "an `and` within a list: {:?}", self.text);
            is_over = self.word() != ",";
            items.push(item(self));
        }
        assert!(is_over || items.len() == 1, "a list without `and`: {:?}", self.text);
        items
    }

    fn number(&mut self) -> u32 {
        let word = self.word();
        word.parse().unwrap_or_else(|_| panic!("{word:?} is no number in {:?}", self.text))
    }

    /// `1`, `1 to 3`
    fn numbers(&mut self) -> Vec<u32> {
        let ranges = self.list(
            |reader, at| number(reader.peek(at)).is_some(),
            |reader| {
                let first = reader.number();
                let last = if reader.eat("to") { reader.number() } else { first };
                (first..=last).collect::<Vec<_>>()
            },
        );
        ascending(ranges.concat(), self.text)
    }

    fn ordinal(&mut self) -> u32 {
        let word = self.word();
        ordinal(word).unwrap_or_else(|| panic!("{word:?} is no ordinal in {:?}", self.text))
    }

    /// `1st, 3rd to 5th`
    fn ordinals(&mut self) -> Vec<u32> {
        let ranges = self.list(
            |reader, at| ordinal(reader.peek(at)).is_some(),
            |reader| {
                let first = reader.ordinal();
                let last = if reader.eat("to") { reader.ordinal() } else { first };
                (first..=last).collect::<Vec<_>>()
            },
        );
        ascending(ranges.concat(), self.text)
    }

    // The time of day.

    fn time(&mut self) -> (Vec<bool>, bool) {
        if self.eat("at") {
            if clock(self.peek(0)).is_some() {
                let times = self.list(
                    |reader, at| clock(reader.peek(at)).is_some(),
                    |reader| clock(reader.word()).unwrap(),
                );
                let times = ascending(times, self.text);
                return ((0..86_400).map(|second| times.contains(&second)).collect(), false);
            }
            let (fields, goes_past_midnight) = self.fields();
            let is_second_0 = !fields.iter().any(|(unit, _)| *unit == "second");
            let has = |second: u32| in_fields(&fields, second) && (!is_second_0 || second % 60 == 0);
            return ((0..86_400).map(has).collect(), goes_past_midnight);
        }
        self.expect("every");
        let count = if number(self.peek(0)).is_some() { self.number() } else { 1 };
        let word = self.word();
        assert_eq!(word.ends_with('s'), count > 1, "{:?}", self.text);
        let (unit, size, outer) = match word.trim_end_matches('s') {
            "second" => ("second", 1, 60),
            "minute" => ("minute", 60, 60),
            "hour" => ("hour", 3600, 24),
            other => panic!("{other:?} is no unit in {:?}", self.text),
        };
        let step = count * size;
        if self.is_span(0) {
            return self.spans(step);
        }
        // Without a beginning and an end it must not be broken by the hour or the day.
        assert_eq!(outer % count, 0, "{:?}", self.text);
        if self.eat("at") {
            let mut offset = 0;
            if self.eat("minute") {
                assert_eq!(unit, "hour");
                offset += self.number() * 60;
                self.eat("and");
            }
            if self.eat("second") {
                offset += self.number();
            }
            return ((0..86_400).map(|second| second % step == offset).collect(), false);
        }
        if self.peek(0) == "in" && self.is_field(1) {
            self.word();
            let (fields, goes_past_midnight) = self.fields();
            assert!(!fields.iter().any(|(field, _)| *field == unit), "{:?}", self.text);
            return (
                (0..86_400).map(|second| second % step == 0 && in_fields(&fields, second)).collect(),
                goes_past_midnight,
            );
        }
        ((0..86_400).map(|second| second % step == 0).collect(), false)
    }

    fn is_span(&self, at: usize) -> bool {
        self.peek(at) == "from" && clock(self.peek(at + 1)).is_some()
    }

    /// `from 09:00 to 11:45 and from 14:00 to 16:45`: the times, and whether a span goes past midnight.
    fn spans(&mut self, step: u32) -> (Vec<bool>, bool) {
        let mut seconds = vec![false; 86_400];
        let spans = self.list(Reader::is_span, |reader| {
            reader.expect("from");
            let first = clock(reader.word()).unwrap();
            reader.expect("to");
            (first, clock(reader.word()).unwrap())
        });
        let mut past_midnight = false;
        for (first, last) in spans {
            let last = if last < first { last + 86_400 } else { last };
            past_midnight |= last >= 86_400;
            assert_eq!((last - first) % step, 0, "the last is none of them: {:?}", self.text);
            for second in (first..=last).step_by(step as usize) {
                seconds[second as usize % 86_400] = true;
            }
        }
        (seconds, past_midnight)
    }

    fn is_field(&self, at: usize) -> bool {
        let is_unit = |word: &str| matches!(word.trim_end_matches('s'), "second" | "minute" | "hour");
        match self.peek(at) {
            "even" | "odd" => is_unit(self.peek(at + 1)),
            "every" => is_unit(self.peek(at + 1)) || is_unit(self.peek(at + 2)),
            word => is_unit(word),
        }
    }

    /// `second 30 of minutes 5 and 20 of every hour`: for each of these units, and perhaps for the seconds of the day,
    /// which values.
    fn fields(&mut self) -> (Vec<(&'static str, Vec<u32>)>, bool) {
        let mut fields = vec![self.field()];
        let mut past_midnight = false;
        loop {
            let (unit, values) = fields.last().unwrap();
            if *unit == "minute" && values.len() == 60 && self.is_span(0) {
                let (seconds, wraps) = self.spans(60);
                past_midnight = wraps;
                fields.push((
                    "day",
                    (0..86_400).filter(|&second| seconds[(second - second % 60) as usize]).collect(),
                ));
                return (fields, past_midnight);
            }
            if self.peek(0) != "of" || !self.is_field(1) {
                return (fields, past_midnight);
            }
            self.word();
            fields.push(self.field());
        }
    }

    fn field(&mut self) -> (&'static str, Vec<u32>) {
        let rule = if matches!(self.peek(0), "every" | "even" | "odd") { self.word() } else { "" };
        let nth = if ordinal(self.peek(0)).is_some() { self.ordinal() } else { 1 };
        let unit = self.word();
        let (name, size) = match unit.trim_end_matches('s') {
            "second" => ("second", 60),
            "minute" => ("minute", 60),
            "hour" => ("hour", 24),
            other => panic!("{other:?} is no unit in {:?}", self.text),
        };
        let values = match rule {
            "even" => (0..size).step_by(2).collect(),
            "odd" => (1..size).step_by(2).collect(),
            "every" if nth == 1 => (0..size).collect(),
            "every" => self.every_nth(nth, Reader::number),
            _ => self.numbers(),
        };
        assert_eq!(unit.ends_with('s'), rule != "every" && values.len() > 1, "{:?}", self.text);
        assert!(values.iter().all(|&value| value < size), "{:?}", self.text);
        (name, values)
    }

    /// `from 1 to 58`
    fn every_nth(&mut self, nth: u32, value: fn(&mut Self) -> u32) -> Vec<u32> {
        self.expect("from");
        let first = value(self);
        self.expect("to");
        let last = value(self);
        assert_eq!((last - first) % nth, 0, "the last is none of them: {:?}", self.text);
        (first..=last).step_by(nth as usize).collect()
    }

    // The days.

    fn days(&mut self, meaning: &mut Meaning) {
        if self.peek(0) == "," && weekday(self.peek(1)).is_some() {
            self.word();
            let days = self.weekday_span();
            meaning.days = Box::new(move |day| days.contains(&day.weekday));
            return;
        }
        if self.peek(0) == "," && self.peek(1) == "every" {
            self.word();
        }
        let is_every_day = self.eat("every day");
        if self.is_day_span() {
            let days = self.day_span(meaning);
            self.other_days(days, meaning);
        } else if !is_every_day && self.eat("on") {
            if self.is_weekday_item(0) {
                meaning.days = self.weekdays(Some(meaning.months.as_mut()), &mut meaning.years);
            } else {
                let days = self.days_of_month(meaning);
                self.other_days(days, meaning);
            }
        }
    }

    /// What follows the days of the month: other days, or a condition.
    fn other_days(&mut self, days: Test, meaning: &mut Meaning) {
        let nothing = &mut None;
        if self.eat("and on") {
            let others = self.weekdays(None, nothing);
            meaning.days = Box::new(move |day| days(day) || others(day));
        } else if self.eat("if it is") || self.eat("that are") {
            let condition = self.weekdays(None, nothing);
            meaning.days = Box::new(move |day| days(day) && condition(day));
        } else {
            meaning.days = days;
        }
    }

    /// `from the 1st to the 7th of the month`, `from 1 to 7 January`, `from the 28th to the last day of February`
    fn is_day_span(&self) -> bool {
        let is_date = number(self.peek(1)).map_or(false, |day| day < 32) && month(self.peek(4)).is_some();
        self.peek(0) == "from" && (self.peek(1) == "the" || is_date)
    }

    fn day_span(&mut self, meaning: &mut Meaning) -> Test {
        self.expect("from");
        let (first, last);
        if self.eat("the") {
            first = self.ordinal();
            self.expect("to the");
            last = if self.eat("last day") { 31 } else { self.ordinal() };
            self.of(Some(&mut meaning.months), &mut meaning.years);
        } else {
            first = self.number();
            self.expect("to");
            last = self.number();
            self.date(meaning);
        }
        Box::new(move |day| first <= day.day && day.day <= last)
    }

    /// `January 2027`
    fn date(&mut self, meaning: &mut Meaning) {
        let word = self.word();
        meaning.months = vec![month(word).unwrap_or_else(|| panic!("{word:?} in {:?}", self.text))];
        self.year_of_month(&mut meaning.years);
    }

    fn year_of_month(&mut self, years: &mut Option<Vec<u32>>) {
        if number(self.peek(0)).is_some() {
            *years = Some(vec![self.number()]);
        }
    }

    /// `of the month`, `of January and July`, `of January 2027`, or nothing yet
    fn of(&mut self, months: Option<&mut Vec<u32>>, years: &mut Option<Vec<u32>>) {
        if self.eat("of the month") || !self.eat("of") {
            return;
        }
        *months.unwrap_or_else(|| panic!("no months here: {:?}", self.text)) = self.list_of_months();
        self.year_of_month(years);
    }

    fn list_of_months(&mut self) -> Vec<u32> {
        let months =
            self.list(|reader, at| month(reader.peek(at)).is_some(), |reader| month(reader.word()).unwrap());
        ascending(months, self.text)
    }

    fn days_of_month(&mut self, meaning: &mut Meaning) -> Test {
        if self.eat("days") {
            return self.day_span(meaning);
        }
        if number(self.peek(0)).is_some() {
            let days = self.numbers();
            self.date(meaning);
            return Box::new(move |day| days.contains(&day.day));
        }
        let is_item = |reader: &Self, at| matches!(reader.peek(at), "the" | "even" | "odd" | "every");
        let items = self.list(is_item, Reader::day_item);
        self.of(Some(&mut meaning.months), &mut meaning.years);
        Box::new(move |day| items.iter().any(|item| item(day)))
    }

    fn day_item(&mut self) -> Test {
        match self.word() {
            "even" => {
                self.expect("days");
                return Box::new(|day| day.day % 2 == 0);
            }
            "odd" => {
                self.expect("days");
                return Box::new(|day| day.day % 2 == 1);
            }
            "every" => {
                let nth = self.ordinal();
                self.expect("day");
                let days = self.every_nth(nth, |reader| {
                    reader.expect("the");
                    reader.ordinal()
                });
                return Box::new(move |day| days.contains(&day.day));
            }
            the => assert_eq!(the, "the", "{:?}", self.text),
        }
        if self.eat("first weekday") {
            return Box::new(|day| is_nearest(day, 1));
        }
        if self.eat("last weekday") {
            return Box::new(|day| is_nearest(day, day.length));
        }
        if self.eat("last day") {
            return Box::new(|day| day.day == day.length);
        }
        if self.eat("last") {
            let count = self.number();
            self.expect("days");
            return Box::new(move |day| day.day + count > day.length);
        }
        if self.peek(0).starts_with("weekday") {
            let plural = self.word() == "weekdays";
            self.expect("nearest to the");
            if let Some(before) = self.before_last() {
                assert!(!plural);
                return Box::new(move |day| before < day.length && is_nearest(day, day.length - before));
            }
            let wanted = self.ordinals();
            assert_eq!(plural, wanted.len() > 1, "{:?}", self.text);
            let clamps = self.eat(CLAMPED);
            return Box::new(move |day| {
                let is_there = |wanted: u32| clamps || wanted <= day.length;
                wanted.iter().any(|&wanted| is_there(wanted) && is_nearest(day, wanted.min(day.length)))
            });
        }
        if let Some(before) = self.before_last() {
            return Box::new(move |day| day.day + before == day.length);
        }
        // `the 10th to the 20th`
        if ordinal(self.peek(0)).is_some() && self.peek(1) == "to" && self.peek(2) == "the" {
            let first = self.ordinal();
            self.expect("to the");
            let last = self.ordinal();
            return Box::new(move |day| first <= day.day && day.day <= last);
        }
        let days = self.ordinals();
        Box::new(move |day| days.contains(&day.day))
    }

    /// `day before the last`, `3rd day before the last`
    fn before_last(&mut self) -> Option<u32> {
        if self.eat("day before the last") {
            return Some(1);
        }
        let days = ordinal(self.peek(0))?;
        if self.peek(1) != "day" {
            return None;
        }
        self.word();
        self.expect("day before the last");
        Some(days)
    }

    // The weekdays.

    fn is_weekday_item(&self, at: usize) -> bool {
        let is_of_weeks = || {
            // `the first, third and last Friday`, but not `the last day`
            let mut at = at + 1;
            while WEEKS.contains(&self.peek(at)) || matches!(self.peek(at), "," | "and" | "or") {
                at += 1;
            }
            WEEKDAYS.contains(&self.peek(at))
        };
        match self.peek(at) {
            "the" => WEEKS.contains(&self.peek(at + 1)) && is_of_weeks(),
            "a" | "every" => weekday(self.peek(at + 1)).is_some(),
            word => weekday(word).is_some(),
        }
    }

    /// `Monday to Friday`
    fn weekday_span(&mut self) -> Vec<u32> {
        let first = weekday(self.word()).unwrap();
        self.expect("to");
        let last = weekday(self.word()).unwrap();
        let count = (last + 7 - first) % 7 + 1;
        (first..first + count).map(|day| day % 7).collect()
    }

    fn weekdays(&mut self, months: Option<&mut Vec<u32>>, years: &mut Option<Vec<u32>>) -> Test {
        if self.eat("every day from") || self.eat("a day from") || self.eat("days from") {
            let days = self.weekday_span();
            return Box::new(move |day| days.contains(&day.weekday));
        }
        let items = self.list(Reader::is_weekday_item, |reader| -> (Test, bool) {
            if !reader.eat("the") {
                let _ = reader.eat("every") || reader.eat("a");
                let wanted = weekday(reader.word()).unwrap();
                return (Box::new(move |day| day.weekday == wanted), true);
            }
            let is_week = |reader: &Self, at| WEEKS.contains(&reader.peek(at));
            let weeks = reader.list(is_week, |reader| {
                let word = reader.word();
                WEEKS.iter().position(|week| *week == word).unwrap() as u32 + 1
            });
            let wanted = weekday(reader.word()).unwrap();
            let is_in = move |day: &Day, week| {
                if week == 6 {
                    day.day + 7 > day.length
                } else {
                    (day.day + 6) / 7 == week
                }
            };
            (Box::new(move |day| day.weekday == wanted && weeks.iter().any(|&week| is_in(day, week))), false)
        });
        let has_weekly = items.iter().any(|(_, is_weekly)| *is_weekly);
        self.of(months.filter(|_| !has_weekly), years);
        Box::new(move |day| items.iter().any(|(item, _)| item(day)))
    }

    // Months and years.

    fn months(&mut self, meaning: &mut Meaning) {
        let at = usize::from(self.peek(0) == ",");
        if !matches!(self.peek(at), "in" | "from") || month(self.peek(at + 1)).is_none() {
            return;
        }
        assert_eq!(meaning.months.len(), 12, "months twice in {:?}", self.text);
        self.at += at;
        if self.word() == "in" {
            meaning.months = self.list_of_months();
            self.year_of_month(&mut meaning.years);
        } else {
            let first = month(self.word()).unwrap();
            self.expect("to");
            let last = month(self.word()).unwrap();
            let count = (last + 12 - first) % 12 + 1;
            meaning.months = (first..first + count).map(|month| (month - 1) % 12 + 1).collect();
        }
    }

    fn years(&mut self, meaning: &mut Meaning) {
        self.eat(",");
        let years = if self.eat("in every") {
            let nth = self.ordinal();
            self.expect("year");
            self.every_nth(nth, Reader::number)
        } else if self.eat("in") {
            self.numbers()
        } else if self.peek(0) == "from" {
            self.every_nth(1, Reader::number)
        } else {
            return;
        };
        assert!(meaning.years.is_none(), "years twice in {:?}", self.text);
        meaning.years = Some(years);
    }
}

/// Of all the Mondays to Fridays of its month, is this the one nearest to the day wanted?
fn is_nearest(day: &Day, wanted: u32) -> bool {
    let is_workday = |other: &u32| (1..=5).contains(&((day.weekday + 35 + other - day.day) % 7));
    (1..=day.length).filter(is_workday).min_by_key(|other| other.abs_diff(wanted)) == Some(day.day)
}

fn in_fields(fields: &[(&str, Vec<u32>)], second: u32) -> bool {
    fields.iter().all(|(unit, values)| {
        values.contains(&match *unit {
            "second" => second % 60,
            "minute" => second / 60 % 60,
            "hour" => second / 3600,
            _ => return values.binary_search(&second).is_ok(),
        })
    })
}

fn ascending(values: Vec<u32>, text: &str) -> Vec<u32> {
    assert!(values.windows(2).all(|pair| pair[0] < pair[1]), "not in order: {text:?}");
    values
}

fn number(word: &str) -> Option<u32> {
    word.parse().ok()
}

fn ordinal(word: &str) -> Option<u32> {
    ["st", "nd", "rd", "th"].iter().find_map(|ending| number(word.strip_suffix(ending)?))
}

/// `09:00`, `09:00:30`, in seconds
fn clock(word: &str) -> Option<u32> {
    let parts: Option<Vec<u32>> =
        word.split(':').map(|part| number(part).filter(|_| part.len() == 2)).collect();
    match parts?[..] {
        [hour, minute] => Some((hour * 60 + minute) * 60),
        [hour, minute, second] => Some((hour * 60 + minute) * 60 + second),
        _ => None,
    }
}

fn month(word: &str) -> Option<u32> {
    MONTHS.iter().position(|month| *month == word).map(|at| at as u32 + 1)
}

/// `Monday` or `Mondays`, from Sunday
fn weekday(word: &str) -> Option<u32> {
    WEEKDAYS.iter().position(|day| word == *day || word.strip_suffix('s') == Some(day)).map(|at| at as u32)
}
