//! The week as a drawing for a report.

use super::count::{Hours, Week, DAYS};
use super::picture::{notes, title};
use super::Scale;
use crate::crontab::counted;
use crate::svg::{shortened, Svg};

const WIDTH: u32 = 960;
const LEFT: f64 = 125.0;
const CELL: (f64, f64) = (30.0, 26.0);
/// Of the lines of jobs: the height, and the width of an hour.
const ROW: f64 = 18.0;
const HOUR: f64 = 30.0 * 24.0 / 168.0;

/// At most so many jobs get a line.
const MOST_JOBS: usize = 40;

/// `has_notes`: what there is to say stands below, in words.
pub fn of(week: &Week, has_notes: bool) -> String {
    let mut svg = Svg::new(WIDTH);
    svg.text("h", (20.0, 30.0), &title(week));
    let mut y = all(&mut svg, week, 60.0);
    if week.jobs.len() > 1 {
        y = each(&mut svg, week, y + 30.0);
    }
    y += 8.0;
    for note in notes(week).into_iter().filter(|_| has_notes) {
        y += 18.0;
        svg.text("", (20.0, y), &shortened(&note, 140));
    }
    svg.finish(y + 20.0, &title(week))
}

/// A line for each day. Returns where it ends.
fn all(svg: &mut Svg, week: &Week, top: f64) -> f64 {
    let scale = Scale::of(week.all.iter().flatten().copied());
    let x = |hour: usize| LEFT + hour as f64 * CELL.0;
    (0..24).step_by(3).for_each(|hour| svg.text("d s", (x(hour), top - 5.0), &format!("{hour:02}:00")));
    for (day, date) in week.dates.iter().enumerate() {
        let y = top + day as f64 * CELL.1;
        let name = format!("{} {:02}-{:02}", &date.weekday().to_string()[..3], date.month(), date.day());
        svg.text("e", (LEFT - 10.0, y + 17.0), &name);
        for (hour, (count, meeting)) in week.all[day].iter().zip(week.meetings.hours[day]).enumerate() {
            let (level, at) = (scale.level(*count), (x(hour) + 0.5, y + 0.5));
            svg.rect(class(level), at, (CELL.0 - 1.0, CELL.1 - 1.0));
            if meeting > 1 {
                svg.rect("b", (at.0 + 1.0, at.1 + 1.0), (CELL.0 - 3.0, CELL.1 - 3.0));
                let ink = if level > 2 { "w s m" } else { "s m" };
                svg.text(ink, (x(hour) + CELL.0 / 2.0, y + 16.5), &meeting.to_string());
            }
        }
        let runs: u64 = week.all[day].iter().map(|count| u64::from(*count)).sum();
        let change = week.changes.iter().find(|(of, ..)| *of == day);
        svg.text(
            "d s",
            (x(24) + 8.0, y + if change.is_some() { 11.0 } else { 16.5 }),
            &counted(runs as usize, "run"),
        );
        if let Some((_, old, new)) = change {
            let minute = |time: String| time[..5].to_string();
            let text =
                format!("clocks {}→{}", minute(old.time().to_string()), minute(new.time().to_string()));
            svg.rect("r", (x(old.time().hour().into()) - 1.0, y), (2.0, CELL.1));
            svg.text("r s", (x(24) + 4.0, y + 22.0), &text);
        }
    }
    let y = top + DAYS as f64 * CELL.1 + 18.0;
    legend(svg, &scale, y, week.meetings.minutes > 0);
    y
}

fn legend(svg: &mut Svg, scale: &Scale, y: f64, has_meetings: bool) {
    svg.text("d s", (LEFT, y), "runs an hour");
    let mut x = LEFT + 70.0;
    for (level, range) in scale.ranges() {
        svg.rect(class(level), (x, y - 9.0), (10.0, 10.0));
        svg.text("d s", (x + 14.0, y), &range);
        x += 30.0 + range.len() as f64 * 6.0;
    }
    if has_meetings {
        svg.rect("b", (x + 20.0, y - 9.0), (10.0, 10.0));
        svg.text("d s", (x + 36.0, y), "so many jobs start in the same minute");
    }
}

/// A line for each job. Returns where it ends.
fn each(svg: &mut Svg, week: &Week, top: f64) -> f64 {
    let shown = &week.jobs[..week.jobs.len().min(MOST_JOBS)];
    let scale = Scale::of(shown.iter().flat_map(|(_, hours)| hours.iter().flatten()).copied());
    let day = |day: usize| LEFT + day as f64 * HOUR * 24.0;
    for (i, date) in week.dates.iter().enumerate() {
        svg.text("d s", (day(i), top + 12.0), &date.weekday().to_string()[..3]);
    }
    let mut y = top + 18.0;
    for (name, hours) in shown {
        svg.text("e s", (LEFT - 10.0, y + 11.0), &shortened(name, 18));
        (0..DAYS).for_each(|i| svg.rect("g", (day(i), y), (HOUR * 24.0 - 1.0, ROW - 3.0)));
        strips(svg, hours, &scale, y);
        let runs: u64 = hours.iter().flatten().map(|count| u64::from(*count)).sum();
        svg.text("d s", (day(DAYS) + 8.0, y + 11.0), &counted(runs as usize, "run"));
        y += ROW;
    }
    if week.jobs.len() > MOST_JOBS {
        let more = format!("and {}", counted(week.jobs.len() - MOST_JOBS, "more job"));
        svg.text("d s", (LEFT, y + 11.0), &more);
        y += ROW;
    }
    legend(svg, &scale, y + 14.0, false);
    y + 14.0
}

/// The hours of a job, those of the same level in one piece.
fn strips(svg: &mut Svg, hours: &Hours, scale: &Scale, y: f64) {
    for (day, counts) in hours.iter().enumerate() {
        let levels = counts.map(|count| scale.level(count));
        let mut start = 0;
        for end in 1..=24 {
            if end < 24 && levels[end] == levels[start] {
                continue;
            }
            if levels[start] > 0 {
                let x = LEFT + (day * 24 + start) as f64 * HOUR;
                let gap = if end == 24 { 1.0 } else { 0.0 };
                svg.rect(class(levels[start]), (x, y), ((end - start) as f64 * HOUR - gap, ROW - 3.0));
            }
            start = end;
        }
    }
}

fn class(level: usize) -> &'static str {
    ["g", "c1", "c2", "c3", "c4"][level]
}
