//! Quartz 2.3.2, and the crate `cron` 0.17.0, of which the files are named after its author.

use sexton::cron::Dialect;

use super::asking::{expect_refused, read, Question};
use super::hold;
use crate::rows::Row;

fn accepted(row: &Row) -> Result<(), String> {
    read(row.named("expr"), Dialect::QUARTZ.parse(row.named("expr"))).map(drop)
}

fn refused(row: &Row) -> Result<(), String> {
    expect_refused(row.named("expr"), Dialect::QUARTZ.parse(row.named("expr")))
}

pub fn question(row: &Row) -> Result<Question<'_>, String> {
    let cron = read(row.named("expr"), Dialect::QUARTZ.parse(row.named("expr")))?;
    Question::civil(cron, row.named("start")).zone_of(row)
}

#[test]
fn quartz_next() {
    hold("quartz-next.tsv", |row| question(row)?.expect(row.named("expected")));
}

#[test]
fn quartz_valid() {
    hold("quartz-valid.tsv", accepted);
}

#[test]
fn quartz_invalid() {
    hold("quartz-invalid.tsv", refused);
}

/// The same with the first three letters of full names, which are refused here.
pub fn question_in_short_names(row: &Row) -> Result<Question<'_>, String> {
    let mut letters = 0;
    let mut is_short = |c: char| {
        letters = if c.is_ascii_alphabetic() { letters + 1 } else { 0 };
        letters <= 3 || row.named("expr").starts_with('@')
    };
    let short: String = row.named("expr").chars().filter(|&c| is_short(c)).collect();
    Question::civil(read(&short, Dialect::QUARTZ.parse(&short))?, row.named("start")).zone_of(row)
}

#[test]
fn zslayton_next() {
    hold("zslayton-next.tsv", |row| {
        question_in_short_names(row)?.direction(row.named("direction")).expect(row.named("expected"))
    });
}

#[test]
fn zslayton_valid() {
    hold("zslayton-valid.tsv", accepted);
}

#[test]
fn zslayton_invalid() {
    hold("zslayton-invalid.tsv", refused);
}
