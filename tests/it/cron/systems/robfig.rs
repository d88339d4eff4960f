//! robfig/cron v3.

use std::time::SystemTime;

use sexton::cron::Dialect;
use sexton::tz::Zone;
use sexton::Moment;

use super::asking::{expect_refused, read, Question};
use super::hold;
use crate::rows::Row;
use crate::zones::zone;

/// A zone written before the fields is its zone; here that is not a part of the expression.
fn split_zone(expr: &str) -> (Option<Zone>, &str) {
    let named = expr.strip_prefix("CRON_TZ=").or_else(|| expr.strip_prefix("TZ="));
    match named.and_then(|named| named.split_once(' ')) {
        Some((name, fields)) => (Some(zone(name)), fields),
        None => (None, expr),
    }
}

/// The zone with the offset of an instant's text.
fn own_zone(instant: &str) -> Zone {
    let unix = |text: &str| -> i64 {
        let instant = text.parse::<Moment>().unwrap().instant(&Zone::utc()).unwrap();
        instant.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() as i64
    };
    Zone::fixed((unix(&instant[..19]) - unix(instant)) as i32).unwrap()
}

pub fn question(row: &Row) -> Result<Question<'_>, String> {
    let (named, fields) = split_zone(row.named("expr"));
    let cron = read(fields, Dialect::DEFAULT.parse(fields))?;
    let start = row.named("start");
    let zone = named.unwrap_or_else(|| match row.named("zone") {
        "-" => own_zone(start),
        name => zone(name),
    });
    Ok(Question { zone: Some(zone), ..Question::civil(cron, start) })
}

#[test]
fn next() {
    hold("robfig-next.tsv", |row| question(row)?.expect(row.named("expected")));
}

#[test]
fn valid() {
    hold("robfig-valid.tsv", |row| {
        read(row.named("expr"), Dialect::DEFAULT.parse(row.named("expr"))).map(drop)
    });
}

#[test]
fn invalid() {
    hold("robfig-invalid.tsv", |row| {
        expect_refused(row.named("expr"), Dialect::DEFAULT.parse(row.named("expr")))
    });
}
