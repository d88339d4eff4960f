//! croniter 7.0.0, whose dialect Panel's users wrote in.

use sexton::cron::Dialect;

use super::asking::{expect_refused, expect_same, read, Question};
use super::hold;
use crate::rows::Row;

fn dialect(row: &Row) -> Dialect {
    row.named("options").split(',').fold(Dialect::CRONITER, |dialect, option| match option {
        "and" => dialect.days_and(),
        "cron-bug" => dialect.star_bit(),
        "seconds-first" => dialect.seconds_first(),
        _ => dialect, // Not of the dialect: a stricter check, a hash id.
    })
}

pub fn question(row: &Row) -> Result<Question<'_>, String> {
    let expr = row.named("expr");
    let cron = read(expr, dialect(row).parse(expr))?;
    Ok(Question::civil(cron, row.named("start")).direction(row.named("direction")))
}

pub fn zoned_question(row: &Row) -> Result<Question<'_>, String> {
    question(row)?.zone_of(row)
}

/// The values that croniter reads from a text, in croniter's order of the fields, are themselves an expression.
fn expanded(row: &Row) -> Result<sexton::Cron, String> {
    let expanded = row.named("expanded");
    read(expanded, Dialect::CRONITER.parse(expanded))
}

#[test]
fn next() {
    hold("croniter-next.tsv", |row| question(row)?.expect(row.named("expected")));
}

/// Where croniter's own answer differs from the rule for clock changes the row has the rule's as well.
pub fn by_the_rule(row: &Row) -> &str {
    match row.named("rule") {
        "-" => row.named("expected"),
        rule => rule,
    }
}

#[test]
fn zoned() {
    hold("croniter-zoned.tsv", |row| match row.named("expected") {
        "crash" => Err("croniter died".to_string()),
        _ => zoned_question(row)?.expect(by_the_rule(row)),
    });
}

#[test]
fn extra_options() {
    hold("croniter-extra-options.tsv", |row| question(row)?.expect(row.named("expected")));
}

#[test]
fn valid() {
    hold("croniter-valid.tsv", |row| {
        let expr = row.named("expr");
        expect_same(&read(expr, dialect(row).parse(expr))?, &expanded(row)?)
    });
}

#[test]
fn hash() {
    hold("croniter-hash.tsv", |row| {
        let expr = row.named("expr");
        let cron = read(expr, Dialect::CRONITER.hash_id(row.named("hash_id")).parse(expr))?;
        expect_same(&cron, &expanded(row)?)
    });
}

/// What it refuses only when it is strict is an expression that never fires.
#[test]
fn invalid() {
    hold("croniter-invalid.tsv", |row| {
        let expr = row.named("expr");
        let result = match row.lists("options", "hash-id") {
            true => dialect(row).hash_id("some job").parse(expr),
            false => dialect(row).parse(expr),
        };
        match result {
            Ok(cron) if row.lists("options", "strict") && cron.never_fires() => Ok(()),
            result => expect_refused(expr, result),
        }
    });
}

/// Its five fields match all seconds of the minute.
#[test]
fn matches() {
    hold("croniter-match.tsv", |row| {
        let expr = row.named("expr");
        let cron = read(expr, dialect(row).parse(expr))?;
        let asked = row.named("datetime");
        let minute = if expr.starts_with('@') || expr.split_ascii_whitespace().count() == 5 {
            format!("{}00", &asked[..17])
        } else {
            asked.into()
        };
        match cron.matches(minute.parse().unwrap()).to_string() == row.named("matches") {
            true => Ok(()),
            false => Err(format!("{expr} at {asked}, expected {}", row.named("matches"))),
        }
    });
}
