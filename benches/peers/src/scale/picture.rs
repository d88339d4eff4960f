//! The rows as four panels of lines, legible on light and dark pages: it paints its own ground and asks for the page's scheme.

use std::collections::BTreeMap;
use std::fmt::Write;

/// Tasks, and what one of them costs.
type Line = Vec<(f64, f64)>;

struct Panel {
    title: &'static str,
    /// Steps of ten, for what differs by more than a picture shows otherwise.
    is_logarithmic: bool,
    /// Works of the table, and their names here.
    lines: &'static [(&'static str, &'static str)],
}

const PANELS: [Panel; 4] = [
    Panel {
        title: "ns to schedule or cancel one of so many tasks",
        is_logarithmic: false,
        lines: &[
            ("schedule a one-shot", "schedule"),
            ("schedule with cron", "with cron"),
            ("cancel a one-shot", "cancel"),
        ],
    },
    Panel {
        title: "ns to run one of so many",
        is_logarithmic: false,
        lines: &[("run, all due", "all are due"), ("run, one of many that wait", "one is due")],
    },
    Panel {
        title: "bytes of one of so many",
        is_logarithmic: false,
        lines: &[
            ("waiting, one-shot", "one-shot"),
            ("waiting, cron", "cron"),
            ("after 30 runs", "after 30 runs"),
        ],
    },
    Panel {
        title: "longest single call or wait, ms",
        is_logarithmic: true,
        lines: &[
            ("longest schedule", "schedule"),
            ("longest cancel", "cancel"),
            ("others wait for tasks()", "tasks()"),
            ("others wait for set_zone", "set_zone"),
            ("others wait for shutdown", "shutdown"),
        ],
    },
];

const WIDTH: f64 = 430.0;
const HEIGHT: f64 = 270.0;
/// Where a panel's lines are, inside it.
const LEFT: f64 = 52.0;
const RIGHT: f64 = 300.0;
const TOP: f64 = 44.0;
const BOTTOM: f64 = 226.0;

const STYLE: &str = "text{font:12px system-ui,sans-serif;fill:#3d4450}.title{font-weight:600;fill:#14181f}\
.end{text-anchor:end}.mid{text-anchor:middle}.ground{fill:#fff}.grid{stroke:#dfe3e8}\
.line{fill:none;stroke-width:2}.c0{stroke:#1f6fd0}.c1{stroke:#c8520f}.c2{stroke:#12805c}.c3{stroke:#8a44c4}.c4{stroke:#7a6a00}\
.f0{fill:#1f6fd0}.f1{fill:#c8520f}.f2{fill:#12805c}.f3{fill:#8a44c4}.f4{fill:#7a6a00}\
@media(prefers-color-scheme:dark){text{fill:#b4bcc8}.title{fill:#eef1f5}.ground{fill:#12161c}.grid{stroke:#2a313b}\
.c0{stroke:#6cb1ff}.c1{stroke:#ff9a5c}.c2{stroke:#4fd1a5}.c3{stroke:#c99bff}.c4{stroke:#d9c54a}\
.f0{fill:#6cb1ff}.f1{fill:#ff9a5c}.f2{fill:#4fd1a5}.f3{fill:#c99bff}.f4{fill:#d9c54a}}";

fn lines(rows: &str) -> BTreeMap<&str, Line> {
    let mut lines: BTreeMap<&str, Line> = BTreeMap::new();
    for row in rows.lines() {
        let [work, tasks, _, value] = row.split('\t').collect::<Vec<_>>()[..] else { continue };
        if let (Ok(tasks), Ok(value)) = (tasks.parse(), value.parse()) {
            lines.entry(work).or_default().push((tasks, value));
        }
    }
    lines
}

pub fn svg(rows: &str) -> String {
    let lines = lines(rows);
    let (width, height) = (2.0 * WIDTH, 2.0 * HEIGHT);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\">\n\
         <title>What a task costs among 1,000 to 1,000,000 of them</title>\n<style>{STYLE}</style>\n\
         <rect class=\"ground\" width=\"{width}\" height=\"{height}\" rx=\"8\"/>\n"
    );
    for (i, panel) in PANELS.iter().enumerate() {
        let (x, y) = ((i % 2) as f64 * WIDTH, (i / 2) as f64 * HEIGHT);
        let _ = writeln!(svg, "<g transform=\"translate({x} {y})\">{}</g>", panel.draw(&lines));
    }
    svg + "</svg>\n"
}

/// The next number up of 1, 2, 5, 10, ...
fn round_up(value: f64) -> f64 {
    let ten = 10_f64.powf(value.log10().floor());
    [1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0]
        .into_iter()
        .map(|step| step * ten)
        .find(|step| *step >= value)
        .unwrap_or(value)
}

fn with_commas(number: f64) -> String {
    match number as u64 {
        1_000_000 => "1 M".to_string(),
        whole @ 1000.. => format!("{},{:03}", whole / 1000, whole % 1000),
        _ => number.to_string(),
    }
}

/// Where values are, from bottom to top, and which of them have a line across.
struct Scale {
    low: f64,
    high: f64,
    is_logarithmic: bool,
}

impl Scale {
    fn of(panel: &Panel, shown: &[&Line]) -> Scale {
        let values = || {
            shown.iter().flat_map(|line| line.iter().map(|(_, value)| *value)).filter(|value| *value > 0.0)
        };
        let (least, most) = (values().fold(f64::MAX, f64::min), values().fold(0.0, f64::max));
        match panel.is_logarithmic {
            true => Scale { low: least.log10().floor(), high: most.log10().ceil(), is_logarithmic: true },
            false => Scale { low: 0.0, high: round_up(most * 1.02), is_logarithmic: false },
        }
    }

    fn y(&self, value: f64) -> f64 {
        let value = if self.is_logarithmic { value.max(1e-9).log10() } else { value };
        BOTTOM - (value - self.low) / (self.high - self.low) * (BOTTOM - TOP)
    }

    fn marks(&self) -> Vec<f64> {
        match self.is_logarithmic {
            true => (self.low as i32..=self.high as i32).map(|power| 10_f64.powi(power)).collect(),
            false => (0..=4).map(|quarter| self.high * quarter as f64 / 4.0).collect(),
        }
    }
}

/// 1,000 to 1,000,000 tasks.
fn x(tasks: f64) -> f64 {
    LEFT + (tasks.log10() - 3.0) / 3.0 * (RIGHT - LEFT)
}

impl Panel {
    fn draw(&self, lines: &BTreeMap<&str, Line>) -> String {
        let nothing = Line::new();
        let shown: Vec<&Line> =
            self.lines.iter().map(|(work, _)| lines.get(work).unwrap_or(&nothing)).collect();
        let scale = Scale::of(self, &shown);
        let mut text = format!("<text class=\"title\" x=\"{LEFT}\" y=\"22\">{}</text>", self.title);
        for mark in scale.marks() {
            let (y, label) = (scale.y(mark), with_commas(mark));
            let _ = write!(
                text,
                "<path class=\"grid\" d=\"M{LEFT} {y:.1}H{RIGHT}\"/><text class=\"end\" x=\"{}\" y=\"{:.1}\">{label}</text>",
                LEFT - 6.0,
                y + 4.0
            );
        }
        for tasks in [1e3, 1e4, 1e5, 1e6] {
            let label = with_commas(tasks);
            let _ = write!(
                text,
                "<text class=\"mid\" x=\"{:.1}\" y=\"{}\">{label}</text>",
                x(tasks),
                BOTTOM + 18.0
            );
        }
        for (i, line) in shown.iter().enumerate() {
            let path: Vec<String> = line
                .iter()
                .map(|(tasks, value)| format!("{:.1} {:.1}", x(*tasks), scale.y(*value)))
                .collect();
            let _ = write!(text, "<path class=\"line c{i}\" d=\"M{}\"/>", path.join("L"));
            for (tasks, value) in line.iter() {
                let _ = write!(
                    text,
                    "<circle class=\"f{i}\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\"/>",
                    x(*tasks),
                    scale.y(*value)
                );
            }
        }
        text + &self.labels(&shown, &scale)
    }

    /// The names of the lines, where these end, and apart from each other.
    fn labels(&self, shown: &[&Line], scale: &Scale) -> String {
        let ends = shown
            .iter()
            .enumerate()
            .filter_map(|(i, line)| Some((scale.y(line.last()?.1), i, line.last()?.1)));
        let mut ends: Vec<(f64, usize, f64)> = ends.collect();
        ends.sort_by(|a, b| a.0.total_cmp(&b.0));
        for i in 1..ends.len() {
            ends[i].0 = ends[i].0.max(ends[i - 1].0 + 15.0);
        }
        let label = |(y, i, value): &(f64, usize, f64)| {
            let value = if *value < 9.95 { format!("{value:.1}") } else { with_commas(value.round()) };
            let name = self.lines[*i].1;
            format!("<text class=\"f{i}\" x=\"{}\" y=\"{:.1}\">{name} {value}</text>", RIGHT + 8.0, y + 4.0)
        };
        ends.iter().map(label).collect()
    }
}
