//! The time of day.

use super::{ascending, clock, number, ordinal, Clock, Reader};

impl Reader<'_> {
    /// The seconds of the day, and whether a span goes past midnight.
    pub fn time(&mut self) -> (Clock, bool) {
        if self.eat("at") {
            if clock(self.peek(0)).is_some() {
                let is_clock = |reader: &Self, at| clock(reader.peek(at)).is_some();
                let times = self.list(is_clock, |reader| clock(reader.word()).unwrap());
                let times = ascending(times, self.text);
                return (Box::new(move |second| times.contains(&second)), false);
            }
            let names_second = self.peek(0).starts_with("second") || self.peek(1).starts_with("second");
            let names_second = names_second || self.peek(2).starts_with("second");
            let (fields, goes_past_midnight) = self.fields();
            return (Box::new(move |at| fields(at) && (names_second || at % 60 == 0)), goes_past_midnight);
        }
        self.expect("every");
        let count = if number(self.peek(0)).is_some() { self.number() } else { 1 };
        let word = self.word();
        assert_eq!(word.ends_with('s'), count > 1, "{:?}", self.text);
        let (unit, _) = unit_of(word).unwrap_or_else(|| panic!("{word:?} is no unit in {:?}", self.text));
        let (size, outer) = [(1, 60), (60, 60), (3600, 24)][unit];
        let step = count * size;
        if self.is_span(0) {
            return self.spans(step);
        }
        if self.eat("and at") {
            // Minutes of each hour that is named, at equal distances and some more.
            let (unit, more) = self.field();
            assert_eq!((unit, size), (1, 60), "{:?}", self.text);
            self.expect("of");
            let (unit, hours) = self.field();
            assert_eq!(unit, 2, "{:?}", self.text);
            let is_in = move |second: u32| {
                let minute = second / 60 % 60;
                second % 60 == 0
                    && (minute % count == 0 || more.contains(&minute))
                    && hours.contains(&(second / 3600))
            };
            return (Box::new(is_in), false);
        }
        // Without a beginning and an end it must not be broken by the hour or the day.
        assert_eq!(outer % count, 0, "{:?}", self.text);
        if self.eat("at") {
            let mut offset = 0;
            if self.eat("minute") {
                offset += self.number() * 60;
                self.eat("and");
            }
            if self.eat("second") {
                offset += self.number();
            }
            assert!(offset < size, "{:?}", self.text);
            return (Box::new(move |second| second % step == offset), false);
        }
        if self.peek(0) == "in" && self.is_field(1) {
            self.word();
            let (fields, goes_past_midnight) = self.fields();
            return (Box::new(move |second| second % step == 0 && fields(second)), goes_past_midnight);
        }
        (Box::new(move |second| second % step == 0), false)
    }

    fn is_span(&self, at: usize) -> bool {
        self.peek(at) == "from" && clock(self.peek(at + 1)).is_some()
    }

    /// `from 09:00 to 11:45 and from 14:00 to 16:45`
    fn spans(&mut self, step: u32) -> (Clock, bool) {
        const DAY: u32 = 86_400;
        let spans = self.list(Reader::is_span, |reader| {
            reader.expect("from");
            let first = clock(reader.word()).unwrap();
            reader.expect("to");
            let last = clock(reader.word()).unwrap();
            (first, if last < first { last + DAY } else { last })
        });
        assert!(
            spans.iter().all(|(first, last)| (last - first) % step == 0),
            "ends with none: {:?}",
            self.text
        );
        let goes_past_midnight = spans.iter().any(|(_, last)| *last >= DAY);
        let is_in = move |second: u32| {
            let has =
                |at: u32, (first, last): (u32, u32)| first <= at && at <= last && (at - first) % step == 0;
            spans.iter().any(|&span| has(second, span) || has(second + DAY, span))
        };
        (Box::new(is_in), goes_past_midnight)
    }

    fn is_field(&self, at: usize) -> bool {
        let is_unit = |ahead| unit_of(self.peek(at + ahead)).is_some();
        match self.peek(at) {
            "even" | "odd" => is_unit(1),
            "every" => is_unit(1) || is_unit(2),
            _ => is_unit(0),
        }
    }

    /// `second 30 of minutes 5 and 20 of every hour`, `every minute from 09:00 to 09:59`
    fn fields(&mut self) -> (Clock, bool) {
        let mut fields = vec![self.field()];
        loop {
            let (unit, values) = fields.last().unwrap();
            if *unit == 1 && values.len() == 60 && self.is_span(0) {
                let (spans, goes_past_midnight) = self.spans(60);
                let is_in = move |second| in_fields(&fields, second) && spans(second - second % 60);
                return (Box::new(is_in), goes_past_midnight);
            }
            if self.peek(0) != "of" || !self.is_field(1) {
                return (Box::new(move |second| in_fields(&fields, second)), false);
            }
            self.word();
            let field = self.field();
            assert!(field.0 == fields.last().unwrap().0 + 1, "{:?}", self.text);
            fields.push(field);
        }
    }

    /// The unit, 0 for seconds, and its values.
    fn field(&mut self) -> (usize, Vec<u32>) {
        let rule = if matches!(self.peek(0), "every" | "even" | "odd") { self.word() } else { "" };
        let nth = if ordinal(self.peek(0)).is_some() { self.ordinal() } else { 1 };
        let word = self.word();
        let (unit, size) = unit_of(word).unwrap_or_else(|| panic!("{word:?} is no unit in {:?}", self.text));
        let values = match rule {
            "even" => (0..size).step_by(2).collect(),
            "odd" => (1..size).step_by(2).collect(),
            "every" if nth == 1 => (0..size).collect(),
            "every" => self.every_nth(nth, Reader::number),
            _ => self.numbers(),
        };
        assert_eq!(word.ends_with('s'), rule != "every" && values.len() > 1, "{:?}", self.text);
        assert!(values.iter().all(|&value| value < size), "{:?}", self.text);
        (unit, values)
    }
}

fn in_fields(fields: &[(usize, Vec<u32>)], second: u32) -> bool {
    let parts = [second % 60, second / 60 % 60, second / 3600];
    fields.iter().all(|(unit, values)| values.contains(&parts[*unit]))
}

/// Seconds, minutes or hours, and how many there are in the next larger one.
fn unit_of(word: &str) -> Option<(usize, u32)> {
    match word.strip_suffix('s').unwrap_or(word) {
        "second" => Some((0, 60)),
        "minute" => Some((1, 60)),
        "hour" => Some((2, 24)),
        _ => None,
    }
}
