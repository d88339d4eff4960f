//! Cronos 0.13.0: both day fields must match.

use sexton::cron::Dialect;

use super::asking::{expect_refused, read, Question};
use super::hold;
use crate::rows::Row;

const CRONOS: Dialect = Dialect::DEFAULT.days_and();

pub fn question(row: &Row) -> Result<Question<'_>, String> {
    let expr = row.named("expr");
    let question = Question::civil(read(expr, CRONOS.parse(expr))?, row.named("start"));
    let question = Question { inclusive: row.named("inclusive") == "yes", ..question };
    Ok(question.zone_of(row)?.direction(row.named("direction")))
}

#[test]
fn next() {
    hold("cronos-next.tsv", |row| question(row)?.expect(row.named("expected")));
}

#[test]
fn invalid() {
    hold("cronos-invalid.tsv", |row| expect_refused(row.named("expr"), CRONOS.parse(row.named("expr"))));
}
