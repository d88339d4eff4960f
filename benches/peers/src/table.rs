//! Rows of `peers time` as a table: the best peer and the limit beside sexton, and who answers otherwise.

use std::collections::BTreeMap;
use std::fmt::Write;

pub const HEADER: &str = "build\twork\tlibrary\tanswer\tmedian_ns\tp10_ns\tp90_ns\tmin_ns";

struct Row<'a> {
    library: &'a str,
    answer: &'a str,
    median: f64,
    p10: f64,
    p90: f64,
}

impl Row<'_> {
    fn is_sexton(&self) -> bool {
        self.library.starts_with("sexton")
    }

    fn is_limit(&self) -> bool {
        self.library == "(limit)"
    }
}

fn fastest<'a>(rows: impl Iterator<Item = &'a Row<'a>>) -> Option<&'a Row<'a>> {
    rows.min_by(|a, b| a.median.total_cmp(&b.median))
}

/// One line for each work and build. Several ways of asking sexton are one: the fastest counts and is named.
pub fn markdown(tsv: &str) -> String {
    let mut works: BTreeMap<(&str, &str), Vec<Row<'_>>> = BTreeMap::new();
    for line in tsv.lines().filter(|line| *line != HEADER) {
        if let [build, work, library, answer, median, p10, p90, _] = line.split('\t').collect::<Vec<_>>()[..]
        {
            let number = |text: &str| text.parse().expect("a number of nanoseconds");
            let (median, p10, p90) = (number(median), number(p10), number(p90));
            works.entry((work, build)).or_default().push(Row { library, answer, median, p10, p90 });
        }
    }
    let mut text =
        "| work | build | limit | best peer | sexton | p10-p90 | / best | / limit | answers otherwise |\n"
            .to_string();
    text += "| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n";
    for ((work, build), rows) in &works {
        let Some(sexton) = fastest(rows.iter().filter(|row| row.is_sexton())) else {
            continue;
        };
        // A peer that answers otherwise does other work; texts for people are free to differ.
        let is_right = |row: &Row<'_>| work.starts_with("describe") || row.answer == sexton.answer;
        let limit = fastest(rows.iter().filter(|row| row.is_limit()));
        let peers = rows.iter().filter(|row| !row.is_sexton() && !row.is_limit());
        let peer = fastest(peers.filter(|row| is_right(row)));
        let wrong: Vec<&str> = rows.iter().filter(|row| !is_right(row)).map(|row| row.library).collect();
        let show = |row: Option<&Row<'_>>| row.map_or("-".into(), |row| format!("{:.1}", row.median));
        let ratio =
            |row: Option<&Row>| row.map_or("-".into(), |row| format!("{:.2}", sexton.median / row.median));
        let name = peer.map_or("", |peer| peer.library);
        let _ = writeln!(
            text,
            "| {work} | {build} | {} | {} {name} | {:.1} {} | {:.1}-{:.1} | {} | {} | {} |",
            show(limit),
            show(peer),
            sexton.median,
            sexton.library.strip_prefix("sexton").unwrap_or_default(),
            sexton.p10,
            sexton.p90,
            ratio(peer),
            ratio(limit),
            wrong.join(", ")
        );
    }
    text
}
