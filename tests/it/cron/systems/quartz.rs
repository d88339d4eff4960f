//! Quartz 2.3.2, and the crate `cron` 0.17.0, of which the files are named after its author.

use sexton::cron::Dialect;

use super::asking::{expect_refused, read, Question};
use super::hold;
use crate::rows::Row;

fn accepted(row: &Row, dialect: Dialect) -> Result<(), String> {
    read(row.named("expr"), dialect.parse(row.named("expr"))).map(drop)
}

fn refused(row: &Row, dialect: Dialect) -> Result<(), String> {
    expect_refused(row.named("expr"), dialect.parse(row.named("expr")))
}

pub fn question(row: &Row, dialect: Dialect) -> Result<Question<'_>, String> {
    let cron = read(row.named("expr"), dialect.parse(row.named("expr")))?;
    Question::civil(cron, row.named("start")).zone_of(row)
}

#[test]
fn quartz_next() {
    hold("quartz-next.tsv", |row| question(row, Dialect::QUARTZ)?.expect(row.named("expected")));
}

#[test]
fn quartz_valid() {
    hold("quartz-valid.tsv", |row| accepted(row, Dialect::QUARTZ));
}

#[test]
fn quartz_invalid() {
    hold("quartz-invalid.tsv", |row| refused(row, Dialect::QUARTZ));
}

#[test]
fn zslayton_next() {
    hold("zslayton-next.tsv", |row| {
        question(row, Dialect::CRON)?.direction(row.named("direction")).expect(row.named("expected"))
    });
}

#[test]
fn zslayton_valid() {
    hold("zslayton-valid.tsv", |row| accepted(row, Dialect::CRON));
}

#[test]
fn zslayton_invalid() {
    hold("zslayton-invalid.tsv", |row| refused(row, Dialect::CRON));
}
