//! Cronos 0.13.0: both day fields must match.

use sexton::cron::Dialect;

use super::asking::{expect_refused, read, Question};
use super::hold;

const CRONOS: Dialect = Dialect::DEFAULT.days_and();

#[test]
fn next() {
    hold("cronos-next.tsv", |row| {
        let expr = row.named("expr");
        let cron = read(expr, CRONOS.parse(expr))?;
        let question = Question { inclusive: row.named("inclusive") == "yes", ..Question::civil(cron, row.named("start")) };
        question.zone(row.named("zone")).direction(row.named("direction")).expect(row.named("expected"))
    });
}

#[test]
fn invalid() {
    hold("cronos-invalid.tsv", |row| expect_refused(row.named("expr"), CRONOS.parse(row.named("expr"))));
}
