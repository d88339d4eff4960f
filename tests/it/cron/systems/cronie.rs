//! cronie's own reader, and its daemon's day rule.

use sexton::civil::{Date, DateTime, Time};
use sexton::cron::Dialect;

use super::asking::{expect_matches, expect_refused, read, Question};
use super::hold;
use crate::rows::Row;

/// The values cronie reads, and the fields whose text begins with `*`.
struct Expanded {
    minutes: Vec<u8>,
    hours: Vec<u8>,
    days: Vec<u8>,
    months: Vec<u8>,
    weekdays: Vec<u8>,
    star: bool,
}

impl Expanded {
    fn of(row: &Row) -> Expanded {
        let values = |name: &str| match row.named(name) {
            "-" => Vec::new(),
            list => list.split(',').map(|value| value.parse().unwrap()).collect(),
        };
        Expanded {
            minutes: values("minutes"),
            hours: values("hours"),
            days: values("days"),
            months: values("months"),
            weekdays: values("weekdays"),
            star: row.named("stars").contains(['d', 'w']),
        }
    }

    /// Of this time, by the daemon's rule: both day fields if one has a star, else either.
    fn has(&self, time: DateTime) -> bool {
        let day = self.days.contains(&time.date().day());
        let weekday = self.weekdays.contains(&time.date().weekday().days_from_sunday());
        time.time().second() == 0
            && self.minutes.contains(&time.time().minute())
            && self.hours.contains(&time.time().hour())
            && self.months.contains(&time.date().month())
            && if self.star { day && weekday } else { day || weekday }
    }

    /// Whether a field has no value, so that cronie never runs it or, for a day field, runs it by the other one.
    fn is_empty(&self) -> bool {
        [&self.minutes, &self.hours, &self.days, &self.months, &self.weekdays]
            .iter()
            .any(|values| values.is_empty())
    }

    fn first(&self) -> Option<DateTime> {
        let time = Time::new(*self.hours.first()?, *self.minutes.first()?, 0).unwrap();
        let first = Date::new(2024, 1, 1).unwrap();
        (0..3000).map(|days| first.checked_add_days(days).unwrap().at(time)).find(|&time| self.has(time))
    }
}

#[test]
fn expand() {
    hold("cronie-expand.tsv", |row| {
        let expr = row.named("expr");
        let expanded = Expanded::of(row);
        if expanded.is_empty() {
            return expect_refused(expr, Dialect::CRONIE.parse(expr));
        }
        let cron = read(expr, Dialect::CRONIE.parse(expr))?;
        match expanded.first() {
            Some(first) => expect_matches(&cron, first, |time| expanded.has(time)),
            None if cron.never_fires() => Ok(()),
            None => Err(format!("{expr} never fires there")),
        }
    });
}

#[test]
fn next() {
    hold("cronie-next.tsv", |row| {
        let expr = row.named("expr");
        match Dialect::CRONIE.parse(expr) {
            // What cronie accepts and never runs is a mistake.
            Err(_) if row.named("expected") == "none" => Ok(()),
            result => Question::civil(read(expr, result)?, row.named("start")).expect(row.named("expected")),
        }
    });
}

#[test]
fn invalid() {
    hold("cronie-invalid.tsv", |row| {
        expect_refused(row.named("expr"), Dialect::CRONIE.parse(row.named("expr")))
    });
}
