//! Reads a description back: a small grammar of the English that `Cron::describe` writes, word by word. It knows nothing
//! of masks: each phrase is a question about a day of the calendar or a second of the day.

#[path = "english/days.rs"]
mod days;
#[path = "english/time.rs"]
mod time;

use sexton::civil::{Date, DateTime};

type Test = Box<dyn Fn(&Day) -> bool>;

/// Of the second of the day.
type Clock = Box<dyn Fn(u32) -> bool>;

/// What a description says.
pub struct Meaning {
    pub is_never: bool,
    seconds: Clock,
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
    /// Since that of Monday, 31 December 2018.
    week: i64,
}

impl Meaning {
    pub fn matches(&self, time: DateTime) -> bool {
        let (date, clock) = (time.date(), time.time());
        let length =
            (28..=31).filter(|&day| Date::new(date.year(), date.month(), day).is_some()).count() as u32 + 27;
        let day = Day {
            day: date.day().into(),
            length,
            weekday: date.weekday().days_from_sunday().into(),
            week: super::meaning::week_since_2018(date),
        };
        let second =
            (u32::from(clock.hour()) * 60 + u32::from(clock.minute())) * 60 + u32::from(clock.second());
        (self.seconds)(second)
            && self.months.contains(&date.month().into())
            && self.years.as_ref().map_or(true, |years| years.contains(&(date.year() as u32)))
            && (self.days)(&day)
    }
}

pub const MONTHS: [&str; 12] = [
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

const CLAMPS: &str = ", or to the last day of a shorter month";

pub fn read(text: &str) -> Meaning {
    let (is_never, rest) = match text.strip_prefix("never, because there is no such date: ") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    assert!(
        !rest.starts_with(' ') && !rest.ends_with(' ') && !rest.contains("  ") && !rest.contains(" ,"),
        "{text:?}"
    );
    let rest = rest.replace(" (Monday to Friday)", "");
    // Always about the days that come right before it.
    let clamps = rest.contains(CLAMPS);
    let rest = rest.replace(CLAMPS, "");
    let spaced = rest.replace(',', " ,");
    let mut reader = Reader { words: spaced.split(' ').collect(), at: 0, clamps, text };
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
    clamps: bool,
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
                let last = match reader.eat("to the last day") {
                    true => 31,
                    false if reader.eat("to") => reader.ordinal(),
                    false => first,
                };
                (first..=last).collect::<Vec<_>>()
            },
        );
        ascending(ranges.concat(), self.text)
    }

    /// `from 1 to 58`, `from 2016 on`, which is up to `end`
    fn every_nth_to(&mut self, nth: u32, value: fn(&mut Self) -> u32, on: &str, end: u32) -> Vec<u32> {
        let before = self.at;
        self.expect("from");
        let first = value(self);
        if self.eat(on) {
            return (first..=end).step_by(nth as usize).collect();
        }
        self.at = before;
        self.every_nth(nth, value)
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
