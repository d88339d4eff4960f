//! croner 11.0.1 and the crate of that name 4.0.3, and their specification, OCPS.

use sexton::cron::{Dialect, ParseError};
use sexton::Cron;

use super::asking::{expect_refused, read, Question};
use super::hold;
use crate::rows::Row;

/// A `+` before the weekdays has both day fields match, in this one expression.
fn parse(row: &Row) -> Result<Cron, ParseError> {
    let expr = row.named("expr");
    match expr.rsplit_once(" +") {
        Some((before, weekdays)) => Dialect::DEFAULT.days_and().parse(&format!("{before} {weekdays}")),
        None if row.lists("options", "and") => Dialect::DEFAULT.days_and().parse(expr),
        None => Dialect::DEFAULT.parse(expr),
    }
}

pub fn question(row: &Row) -> Result<Question<'_>, String> {
    let cron = read(row.named("expr"), parse(row))?;
    let question = Question::civil(cron, row.named("start")).zone_of(row)?;
    Ok(question.direction(row.named("direction")))
}

fn next_holds(row: &Row) -> Result<(), String> {
    question(row)?.expect(row.named("expected"))
}

#[test]
fn next() {
    hold("croner-next.tsv", next_holds);
}

#[test]
fn ocps() {
    hold("ocps.tsv", next_holds);
}

#[test]
fn matches() {
    hold("croner-match.tsv", |row| {
        let cron = read(row.named("expr"), parse(row))?;
        let asked = row.named("datetime");
        // One row has an offset, that of its zone then.
        match cron.matches(asked[..19].parse().unwrap()).to_string() == row.named("matches") {
            true => Ok(()),
            false => Err(format!("{} at {asked}, expected {}", row.named("expr"), row.named("matches"))),
        }
    });
}

#[test]
fn invalid() {
    hold("croner-invalid.tsv", |row| {
        expect_refused(row.named("expr"), Dialect::DEFAULT.parse(row.named("expr")))
    });
}
