//! What differs, as a drawing for a report.

use std::ops::Range;
use std::time::{Duration, SystemTime};

use sexton::tz::Zone;

use super::changes::{share, Change, PLACES};
use crate::crontab::counted;
use crate::svg::{shortened, Svg};
use crate::time;

const WIDTH: u32 = 960;
const LEFT: f64 = 180.0;
const SPAN: f64 = 680.0;
const ROW: f64 = 34.0;

/// At most so many jobs get a line.
const MOST_JOBS: usize = 40;

pub fn of(changes: &[Change], span: &Range<SystemTime>, zone: &Zone, summary: &str) -> String {
    let mut svg = Svg::new(WIDTH);
    let show = |instant| time::civil(instant, zone).replace('T', " ");
    let title = format!("{} to {}, {zone}", show(span.start), show(span.end));
    svg.text("h", (20.0, 30.0), &shortened(summary, 100));
    svg.text("d", (20.0, 50.0), &shortened(&title, 70));
    svg.rect("r", (LEFT + SPAN - 110.0, 41.0), (10.0, 10.0));
    svg.text("d s", (LEFT + SPAN - 94.0, 50.0), "goes");
    svg.rect("a", (LEFT + SPAN - 50.0, 41.0), (10.0, 10.0));
    svg.text("d s", (LEFT + SPAN - 34.0, 50.0), "comes");
    let x = |instant: SystemTime| LEFT + SPAN * share(span, instant);
    let mut y = 88.0;
    for (at, label) in marks(span, zone) {
        svg.text("d s", (x(at), y - 8.0), &label);
    }
    for change in changes.iter().take(MOST_JOBS) {
        svg.text("e", (LEFT - 10.0, y + 12.0), &shortened(&change.name, 22));
        svg.text("e s d", (LEFT - 10.0, y + 24.0), change.kind.name());
        svg.rect("g", (LEFT, y), (SPAN, ROW - 6.0));
        marks(span, zone).iter().for_each(|(at, _)| svg.rect("bg", (x(*at), y), (1.0, ROW - 6.0)));
        for (class, times, top) in [("r", &change.gone, y), ("a", &change.come, y + 14.0)] {
            let at = |place: &u16| LEFT + SPAN * f64::from(*place) / f64::from(PLACES);
            times.places.iter().for_each(|place| svg.rect(class, (at(place), top), (2.0, 14.0)));
        }
        for (class, count, sign, top) in
            [("r s", change.gone.count, '−', 11.0), ("a s", change.come.count, '+', 25.0)]
        {
            if count > 0 {
                svg.text(class, (LEFT + SPAN + 8.0, y + top), &format!("{sign}{count}"));
            }
        }
        if change.gone.count + change.come.count == 0 {
            svg.text("d s", (LEFT + 10.0, y + 17.5), &shortened(&change.words, 110));
        }
        y += ROW;
    }
    if changes.len() > MOST_JOBS {
        svg.text("d", (LEFT, y + 12.0), &format!("and {}", counted(changes.len() - MOST_JOBS, "more job")));
        y += ROW;
    }
    if changes.is_empty() {
        svg.text("d", (LEFT, y + 12.0), "nothing fires differently");
        y += ROW;
    }
    svg.finish(y + 6.0, &format!("{title}: {summary}"))
}

/// Where the axis has a mark, and its text: up to eight, at equal distances.
fn marks(span: &Range<SystemTime>, zone: &Zone) -> Vec<(SystemTime, String)> {
    const DAY: u64 = 24 * 3600;
    let len = span.end.duration_since(span.start).unwrap_or_default().as_secs();
    let steps = [60, 300, 900, 3600, 3 * 3600, 6 * 3600, 12 * 3600, DAY];
    let step = steps.into_iter().find(|step| len / step <= 8).unwrap_or_else(|| (len / 8 / DAY + 1) * DAY);
    // From midnight on, so that marks are full hours or midnights where the clocks do not change.
    let shown = match zone.civil(span.start) {
        Some(civil) => civil.time(),
        None => return Vec::new(),
    };
    let since = u64::from(shown.hour()) * 3600 + u64::from(shown.minute()) * 60 + u64::from(shown.second());
    let first = (step - since % step) % step;
    let at = |i: u64| span.start.checked_add(Duration::from_secs(first + i * step));
    let marks = (0..9).filter_map(at).take_while(|at| *at < span.end);
    let label = |at: SystemTime| {
        let text = time::civil(at, zone);
        if step < DAY {
            text[11..16].to_string()
        } else {
            text[5..10].to_string()
        }
    };
    marks.map(|at| (time::whole_second(at), label(at))).collect()
}
