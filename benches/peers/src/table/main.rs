//! Markdown, of the rows of `cron` and `machine`.
//!
//! ```text
//! table FILE...        all works: the limit, the best peer and sexton, and who cannot or answers otherwise
//! table docs FILE...   the works that docs/speed.md shows, in its words
//! ```

mod docs;

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write;

pub struct Row<'a> {
    pub library: &'a str,
    pub unit: &'a str,
    pub median: Option<f64>,
    pub p10: f64,
    pub p90: f64,
    pub answer: &'a str,
}

impl Row<'_> {
    fn is_sexton(&self) -> bool {
        self.library.starts_with("sexton")
    }

    fn is_limit(&self) -> bool {
        self.library.starts_with("(limit)")
    }
}

/// All libraries at one work.
pub struct Work<'a> {
    pub build: &'a str,
    pub group: &'a str,
    pub name: &'a str,
    rows: Vec<Row<'a>>,
    /// Who cannot do it, and why where a reason is known.
    cannot: Vec<String>,
}

impl Work<'_> {
    fn unit(&self) -> &str {
        self.rows.first().map_or("", |row| row.unit)
    }

    fn is_rate(&self) -> bool {
        self.unit() == "M/s"
    }

    fn best<'a>(&self, rows: impl Iterator<Item = &'a Row<'a>>) -> Option<&'a Row<'a>> {
        let cost =
            |row: &Row| row.median.map_or(f64::MAX, |median| if self.is_rate() { -median } else { median });
        rows.min_by(|a, b| cost(a).total_cmp(&cost(b)))
    }

    /// The answer of sexton, of which a bare rule knows nothing before it came into force.
    fn answer(&self) -> Option<&str> {
        let mut own = self.rows.iter().filter(|row| row.is_sexton());
        own.find(|row| row.library != "sexton.rule").map(|row| row.answer)
    }

    /// Several ways of asking sexton are one: the fastest that gives its answer counts.
    pub fn sexton(&self) -> Option<&Row<'_>> {
        self.best(self.rows.iter().filter(|row| row.is_sexton() && Some(row.answer) == self.answer()))
    }

    pub fn limit(&self) -> Option<&Row<'_>> {
        self.best(self.rows.iter().filter(|row| row.is_limit()))
    }

    /// A peer that answers otherwise does other work. Texts for people are free to differ.
    fn is_right(&self, row: &Row) -> bool {
        self.group == "describe" || Some(row.answer) == self.answer()
    }

    pub fn best_peer(&self) -> Option<&Row<'_>> {
        let peers = self.rows.iter().filter(|row| !row.is_sexton() && !row.is_limit());
        self.best(peers.filter(|row| self.is_right(row)))
    }

    /// How many times as much sexton takes.
    pub fn ratio(&self, other: Option<&Row>) -> Option<f64> {
        let (own, other) = (self.sexton()?.median?, other?.median?);
        let (more, less) = if self.is_rate() { (other, own) } else { (own, other) };
        (less != 0.0).then(|| more / less)
    }

    pub fn title(&self, words: &str) -> String {
        match self.unit() {
            "" => words.to_string(),
            unit => format!("{words}, {unit}"),
        }
    }

    /// Who answers otherwise, and what, where words say it.
    pub fn otherwise(&self) -> Vec<String> {
        let wrong = self.rows.iter().filter(|row| !row.is_sexton() && !row.is_limit() && !self.is_right(row));
        let is_said = self.answer() == Some("right");
        wrong
            .map(|row| if is_said { format!("{} ({})", row.library, row.answer) } else { row.library.into() })
            .collect()
    }
}

/// Three digits of it.
pub fn number(value: Option<f64>) -> String {
    match value {
        None => "-".to_string(),
        Some(value) if value.abs() >= 999.5 => with_commas(value),
        Some(value) if value.abs() >= 99.95 || value == 0.0 => format!("{value:.0}"),
        Some(value) if value.abs() >= 9.995 => format!("{value:.1}"),
        Some(value) if value.abs() >= 0.1 => format!("{value:.2}"),
        Some(value) if value.abs() >= 0.001 => format!("{value:.3}"),
        Some(value) => format!("{value:.5}"),
    }
}

fn with_commas(value: f64) -> String {
    let mut text = format!("{value:.0}");
    for place in (1..text.len()).rev().filter(|place| (text.len() - place) % 3 == 0).collect::<Vec<_>>() {
        if text.as_bytes()[place - 1] != b'-' {
            text.insert(place, ',');
        }
    }
    text
}

fn with_name(row: Option<&Row>, prefix: &str) -> String {
    row.map_or("-".into(), |row| {
        let name = row.library.strip_prefix(prefix).unwrap_or(row.library).trim();
        if name.is_empty() || row.median.is_none() {
            return number(row.median);
        }
        format!("{} {name}", number(row.median))
    })
}

fn works(text: &str) -> Vec<Work<'_>> {
    let mut works: Vec<Work> = Vec::new();
    let mut places: HashMap<(&str, &str), usize> = HashMap::new();
    let mut refusals: Vec<(&str, &str, &str, &str)> = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with("build\t")) {
        let [build, group, name, library, unit, median, p10, p90, answer] =
            line.split('\t').collect::<Vec<_>>()[..]
        else {
            panic!("not a row: {line}");
        };
        if let Some(why) = answer.strip_prefix("cannot: ") {
            // What a limit leaves out says nothing.
            if library.starts_with("(limit)") {
                continue;
            }
            refusals.push((build, group, library, why));
            continue;
        }
        let place = *places.entry((name, build)).or_insert_with(|| {
            works.push(Work { build, group, name, rows: Vec::new(), cannot: Vec::new() });
            works.len() - 1
        });
        let number = |text: &str| text.parse::<f64>().ok();
        let (p10, p90) = (number(p10).unwrap_or(f64::NAN), number(p90).unwrap_or(f64::NAN));
        works[place].rows.push(Row { library, unit, median: number(median), p10, p90, answer });
    }
    let absent: Vec<Vec<String>> = works.iter().map(|work| absent(work, &works)).collect();
    for (work, absent) in works.iter_mut().zip(absent) {
        let refuses =
            |(build, group, _, _): &&(&str, &str, &str, &str)| (*build, *group) == (work.build, work.group);
        let refusing = refusals.iter().filter(refuses);
        work.cannot =
            refusing.map(|(_, _, library, why)| format!("{library} ({why})")).chain(absent).collect();
    }
    works.sort_by_key(|work| places[&(work.name, work.build)]);
    works
}

/// Peers that do other works of a group, and not this one.
fn absent(work: &Work, works: &[Work]) -> Vec<String> {
    let group = works.iter().filter(|it| it.group == work.group).flat_map(|it| &it.rows);
    let peers: BTreeSet<&str> =
        group.filter(|row| !row.is_sexton() && !row.is_limit()).map(|row| row.library).collect();
    let is_absent = |name: &&str| work.rows.iter().all(|row| row.library != *name);
    peers.into_iter().filter(is_absent).map(str::to_string).collect()
}

fn everything(works: &[Work]) -> String {
    let mut text =
        "| work | build | limit | best peer | sexton | p10-p90 | / best | / limit | cannot | answers otherwise |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n"
            .to_string();
    for work in works {
        let Some(sexton) = work.sexton() else { continue };
        let spread = match sexton.median {
            Some(_) => format!("{}-{}", number(Some(sexton.p10)), number(Some(sexton.p90))),
            None => sexton.answer.to_string(),
        };
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {spread} | {} | {} | {} | {} |",
            work.title(work.name),
            work.build,
            with_name(work.limit(), "(limit)"),
            with_name(work.best_peer(), ""),
            with_name(Some(sexton), "sexton"),
            number(work.ratio(work.best_peer())),
            number(work.ratio(work.limit())),
            work.cannot.join(", "),
            work.otherwise().join(", ")
        );
    }
    text
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (is_docs, files) = match args.split_first() {
        Some((first, rest)) if first == "docs" => (true, rest),
        _ => (false, &args[..]),
    };
    let texts = files.iter().map(|path| std::fs::read_to_string(path).expect("a readable file"));
    let text = texts.collect::<Vec<_>>().join("");
    let works = works(&text);
    print!("{}", if is_docs { docs::tables(&works) } else { everything(&works) });
}
