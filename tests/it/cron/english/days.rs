//! The days, the months and the years.

use super::{ascending, month, number, ordinal, weekday, Day, Meaning, Reader, Test, WEEKDAYS, WEEKS};

impl Reader<'_> {
    pub fn days(&mut self, meaning: &mut Meaning) {
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
        if self.peek(0) == "," && self.clamps && matches!(self.peek(1), "and" | "if" | "that") {
            self.word();
        }
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
                let ordinal = |reader: &mut Self| {
                    reader.expect("the");
                    reader.ordinal()
                };
                let days = self.every_nth_to(nth, ordinal, "to the end", 31);
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
            let clamps = self.clamps;
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
            let last = if self.eat("last day") { 31 } else { self.ordinal() };
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

    /// `Fridays, and on Mondays and Tuesdays of every 2nd week counted from 31 December 2018`
    fn weekdays(&mut self, months: Option<&mut Vec<u32>>, years: &mut Option<Vec<u32>>) -> Test {
        let mut groups = vec![self.weekdays_of_same_weeks(months, years)];
        loop {
            let words = match (self.peek(0), self.peek(1), self.peek(2)) {
                (",", "and", "on") => 3,
                (",", "or", _) => 2,
                _ => 0,
            };
            if words == 0 || !self.is_weekday_item(words) {
                return Box::new(move |day| groups.iter().any(|group| group(day)));
            }
            self.at += words;
            groups.push(self.weekdays_of_same_weeks(None, &mut None));
        }
    }

    fn weekdays_of_same_weeks(
        &mut self,
        months: Option<&mut Vec<u32>>,
        years: &mut Option<Vec<u32>>,
    ) -> Test {
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
        if self.eat("of every") {
            let count = i64::from(self.ordinal());
            self.expect("week counted from");
            let day = self.number() as u8;
            let month = month(self.word()).unwrap() as u8;
            let monday = sexton::civil::Date::new(self.number() as i16, month, day).unwrap();
            assert_eq!(monday.weekday().days_from_sunday(), 1, "{:?}", self.text);
            let which = crate::cron::meaning::week_since_2018(monday);
            return Box::new(move |day| {
                (day.week - which).rem_euclid(count) == 0 && items.iter().any(|(item, _)| item(day))
            });
        }
        let has_weekly = items.iter().any(|(_, is_weekly)| *is_weekly);
        self.of(months.filter(|_| !has_weekly), years);
        Box::new(move |day| items.iter().any(|(item, _)| item(day)))
    }

    // Months and years.

    pub fn months(&mut self, meaning: &mut Meaning) {
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

    pub fn years(&mut self, meaning: &mut Meaning) {
        self.eat(",");
        let years = if self.eat("in every") {
            let nth = self.ordinal();
            self.expect("year");
            self.every_nth_to(nth, Reader::number, "on", 2199)
        } else if self.eat("in") {
            self.numbers()
        } else if self.peek(0) == "from" {
            self.every_nth_to(1, Reader::number, "on", 2199)
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
