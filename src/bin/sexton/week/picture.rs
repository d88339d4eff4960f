//! The week as a picture for a terminal.

use super::count::{Hours, Week, DAYS};
use super::{listed, Scale};
use crate::crontab::counted;
use crate::svg::shortened;
use crate::time;

/// How an hour looks, from no run to many.
const SHADES: [char; 5] = ['·', '░', '▒', '▓', '█'];
const COLOURS: [&str; 5] = ["2", "34", "36", "33", "31"];

/// At most so many jobs get a line.
const MOST_JOBS: usize = 40;

/// How many hours may share a cell.
const SPANS: [usize; 8] = [1, 2, 3, 4, 6, 8, 12, 24];

struct Picture {
    width: usize,
    is_coloured: bool,
    lines: Vec<String>,
}

pub fn of(week: &Week, width: usize, is_coloured: bool) -> String {
    let mut picture = Picture { width, is_coloured, lines: vec![title(week), String::new()] };
    picture.all(week);
    // Of one job the lines would be the same again.
    if week.jobs.len() > 1 {
        picture.each(week);
    }
    picture.lines.push(String::new());
    picture.lines.extend(notes(week));
    picture.lines.join("\n")
}

pub fn title(week: &Week) -> String {
    let runs: u64 = week.all.iter().flatten().map(|count| u64::from(*count)).sum();
    let (first, last) = (week.dates[0], week.dates[DAYS - 1]);
    let jobs = counted(week.jobs.len(), "job");
    let runs = counted(runs as usize, "run");
    format!("{first} to {last}, {}: {jobs}, {runs}", week.zone)
}

/// What there is to say in words: the clock changes, the busiest minute, and the minutes in which jobs meet.
pub fn notes(week: &Week) -> Vec<String> {
    let change = |(_, old, new): &(usize, _, _)| format!("clock change: {old} becomes {new}");
    let mut notes: Vec<_> = week.changes.iter().map(change).collect();
    notes.extend(week.busiest.as_ref().map(|busiest| {
        let at = time::rfc3339(busiest.at, &week.zone);
        let runs = counted(busiest.runs as usize, "run");
        format!("busiest minute: {at} with {runs}: {}", listed(&busiest.jobs))
    }));
    if week.jobs.len() > 1 {
        notes.push(match week.meetings.minutes {
            0 => "no two jobs start in the same minute".into(),
            minutes => {
                let minutes = counted(minutes, "minute");
                format!("several jobs start in {minutes}, up to {} at once", week.meetings.most)
            }
        });
    }
    notes.extend(week.with_h.as_ref().map(|(jobs, meetings)| {
        let (jobs, minutes) = (counted(*jobs, "job"), counted(meetings.minutes, "minute"));
        let at_once = match meetings.minutes {
            0 => String::new(),
            _ => format!(", up to {} at once", meetings.most),
        };
        format!("with `H` for the minute of {jobs} that would be {minutes}{at_once}")
    }));
    notes
}

impl Picture {
    /// A line for each day.
    fn all(&mut self, week: &Week) {
        let days = week.dates.iter().map(|date| {
            let day = &date.weekday().to_string()[..3];
            format!("{day} {:02}-{:02}", date.month(), date.day())
        });
        let room = self.width.saturating_sub("Mon 11-23  ".len());
        let span = SPANS.iter().copied().find(|span| 24 / span <= room).unwrap_or(24);
        let cell = (room * span / 24).clamp(1, 3);
        let hours = (0..24).step_by(span * 3).map(|hour| format!("{hour:<width$}", width = cell * 3));
        self.lines.push(format!("{:11}{}", "", hours.collect::<String>()).trim_end().into());
        let counts: Vec<Vec<u32>> = week.all.iter().map(|hours| sums(hours, span)).collect();
        let scale = Scale::of(counts.iter().flatten().copied());
        for (i, (day, counts)) in days.zip(&counts).enumerate() {
            let mark = if week.changes.iter().any(|(day, ..)| *day == i) { '!' } else { ' ' };
            let cells = counts.iter().map(|count| self.cell(scale.level(*count), cell)).collect::<String>();
            self.lines.push(format!("{day}{mark} {}", cells.trim_end()));
        }
        self.legend(&scale, span);
    }

    /// A line for each job.
    fn each(&mut self, week: &Week) {
        let longest = week.jobs.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
        let label = longest.min((self.width / 4).max(8));
        let room = self.width.saturating_sub(label + 1);
        let span = SPANS.iter().copied().find(|span| DAYS * (24 / span + 1) <= room + 1).unwrap_or(24);
        let day_width = 24 / span + 1;
        let shown = &week.jobs[..week.jobs.len().min(MOST_JOBS)];
        let counts = |hours: &Hours| hours.iter().map(|hours| sums(hours, span)).collect::<Vec<_>>();
        let all: Vec<u32> = shown.iter().flat_map(|(_, hours)| counts(hours)).flatten().collect();
        let scale = Scale::of(all.into_iter());
        let days = week.dates.iter().map(|date| {
            let name = date.weekday().to_string();
            format!("{:<day_width$}", name.chars().take(3.min(day_width - 1)).collect::<String>())
        });
        self.lines.push(String::new());
        self.lines.push(format!("{:label$} {}", "", days.collect::<String>()).trim_end().into());
        for (name, hours) in shown {
            let days = counts(hours)
                .iter()
                .map(|day| day.iter().map(|count| self.cell(scale.level(*count), 1)).collect::<String>())
                .collect::<Vec<_>>();
            self.lines.push(format!("{:label$} {}", shortened(name, label), days.join(" ")));
        }
        if week.jobs.len() > MOST_JOBS {
            self.lines.push(format!("and {}", counted(week.jobs.len() - MOST_JOBS, "more job")));
        }
        self.legend(&scale, span);
    }

    fn cell(&self, level: usize, width: usize) -> String {
        let shade = SHADES[level];
        // Dark cells touch, so that a busy time is an area.
        let fill = if level == 0 { ' ' } else { shade };
        let text = std::iter::once(shade).chain(std::iter::repeat(fill)).take(width).collect::<String>();
        match self.is_coloured {
            true => format!("\x1b[{}m{text}\x1b[0m", COLOURS[level]),
            false => text,
        }
    }

    fn legend(&mut self, scale: &Scale, span: usize) {
        let ranges = scale.ranges().map(|(level, range)| format!("{} {range}", self.cell(level, 1)));
        let hours = if span == 1 { "an hour".into() } else { format!("in {span} hours") };
        let ranges = ranges.collect::<Vec<_>>();
        if !ranges.is_empty() {
            self.lines.push(format!("runs {hours}:  {}", ranges.join("  ")));
        }
    }
}

/// The sums of so many hours each.
fn sums(hours: &[u32; 24], span: usize) -> Vec<u32> {
    hours.chunks(span).map(|hours| hours.iter().sum()).collect()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use sexton::cron::Dialect;
    use sexton::tz::Zone;

    use super::*;
    use crate::crontab::When;
    use crate::dialect::Reading;
    use crate::planned::Planned;

    #[test]
    fn no_width_is_too_narrow_and_what_is_drawn_keeps_to_it() {
        let zone = Zone::from_posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        let job = |(i, text): (usize, &&str)| Planned {
            name: format!("job {i} mit ümläuten and a very long name"),
            when: When::Cron(text.parse::<sexton::Cron>().unwrap().into()).into(),
            zone: zone.clone(),
            command: i.to_string(),
            program: i.to_string(),
            is_named: false,
        };
        let jobs: Vec<_> = ["* * * * *", "0 3 * * *", "0 0 29 2 *"].iter().enumerate().map(job).collect();
        let reading = Reading::new(Dialect::DEFAULT, None);
        // The week of 25 October 2026, in which clocks go back.
        let from = UNIX_EPOCH + Duration::from_secs(1_792_713_600);
        let week = Week::of(&jobs, &zone, from, &reading).unwrap();
        for width in (0..200).chain([usize::MAX]) {
            let plain = of(&week, width, false);
            let drawn = plain.lines().filter(|line| line.contains(&SHADES[..]) && !line.starts_with("runs "));
            let longest = drawn.map(|line| line.chars().count()).max().unwrap();
            assert!(longest <= width.max(8 + 1 + 2 * DAYS), "{longest} in {width}:\n{plain}");
            let coloured = of(&week, width, true);
            let codes = COLOURS.iter().map(|colour| format!("\x1b[{colour}m")).chain(["\x1b[0m".into()]);
            assert_eq!(codes.fold(coloured, |text, code| text.replace(&code, "")), plain);
        }
        let plain = of(&week, 80, false);
        assert!(
            plain.contains("\nSun 10-25! ")
                && plain.contains("2026-10-25T03:00:00 becomes 2026-10-25T02:00:00")
        );
    }

    #[test]
    fn only_the_first_of_very_many_jobs_get_a_line() {
        let job = |i: usize| Planned {
            name: format!("job {i}"),
            when: When::Start.into(),
            zone: Zone::utc(),
            command: String::new(),
            program: String::new(),
            is_named: true,
        };
        let jobs: Vec<_> = (0..MOST_JOBS + 2).map(job).collect();
        let week = Week::of(&jobs, &Zone::utc(), UNIX_EPOCH, &Reading::new(Dialect::DEFAULT, None)).unwrap();
        let plain = of(&week, 80, false);
        assert!(
            plain.contains("\njob 39 ") && !plain.contains("job 40") && plain.contains("\nand 2 more jobs"),
            "{plain}"
        );
    }
}
