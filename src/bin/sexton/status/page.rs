//! The page for people. It needs no script, and it says all in words, too.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError, Weak};
use std::time::{Duration, SystemTime};

use sexton::civil::Date;
use sexton::tz::Zone;
use sexton::Status as TaskStatus;

use super::counts::Ended;
use super::jobs::Row;
use super::{add, Status};
use crate::crontab::counted;
use crate::job::Ending;
use crate::jobs::Named;
use crate::planned::Planned;
use crate::svg::escaped;
use crate::{list, time, week};

/// The table has so many jobs at the most.
const MOST_ROWS: usize = 200;

/// A list of names in a sentence has so many at the most.
const MOST_NAMES: usize = 10;

/// The week is drawn of so many jobs and runs at the most: it takes a tenth of a second then.
const MOST_DRAWN: usize = 1000;
const MOST_RUNS: usize = 2_000_000;

const WEEK: Duration = Duration::from_secs(8 * 86_400);

/// The colours are those of `svg.rs`, whose classes these are not.
const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1f2328;--dim:#59636e;--line:#d0d7de;--page:#fff;--soft:#f6f8fa;--good:#1a7f37;\
--bad:#c21f2b;--link:#0757ba}\
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--dim:#9198a1;--line:#30363d;--page:#0d1117;--soft:#161b22;\
--good:#3fb950;--bad:#ff7b72;--link:#62b0ea}}\
*{box-sizing:border-box}\
body{margin:0 auto;max-width:78rem;padding:1rem 1.25rem 3rem;background:var(--page);color:var(--ink);\
font:15px/1.45 system-ui,sans-serif}\
h1{font-size:1.5rem;margin:.4rem 0}h2{font-size:1.1rem;margin:2.2rem 0 .5rem}p{margin:.3rem 0;max-width:60rem}ul{margin:.3rem 0;padding-left:1.2rem}\
a{color:var(--link)}small,.dim{color:var(--dim)}small{display:block;font-size:.85em}code{font-size:.92em}\
.good{color:var(--good)}.bad{color:var(--bad);font-weight:600}\
.note{border-left:4px solid var(--bad);background:var(--soft);padding:.5rem .8rem;margin:.8rem 0;overflow-wrap:anywhere}\
table{border-collapse:collapse;width:100%}\
th{text-align:left;font-size:.85em;color:var(--dim);font-weight:600}\
th,td{padding:.45rem .9rem .45rem 0;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:break-word}\
td.name{font-weight:600}time,.num{font-variant-numeric:tabular-nums}time{white-space:nowrap}\
.week{overflow-x:auto;border:1px solid var(--line);border-radius:6px;margin-top:.8rem}\
.week svg{display:block;margin:0 auto;width:100%;height:auto;min-width:720px;max-width:960px}\
footer{margin-top:2.5rem;color:var(--dim);font-size:.9em}\
@media(max-width:640px){thead{position:absolute;left:-9999px}tr{padding:.6rem 0;border-bottom:1px solid var(--line)}\
td{border:0;padding:.12rem 0}.jobs tr,.jobs td{display:block}.jobs td.is{display:grid;grid-template-columns:5rem 1fr}\
td.is::before{content:attr(data-is);color:var(--dim)}.runs tr{display:grid;grid-template-columns:1fr 1fr}\
td>div{min-width:0}}";

/// The week of a crontab, drawn.
#[derive(Default)]
pub struct Picture {
    /// Of which crontab, and from which day on.
    of: Option<(Weak<Named>, Date)>,
    html: String,
}

pub fn of(status: &Status) -> String {
    let current = status.jobs.current().clone();
    let now = Now { zone: status.jobs.log.zone(), instant: SystemTime::now() };
    let rows = status.rows(&current, 0, MOST_ROWS);
    let mut page = String::from(BEGIN);
    add(&mut page, &[&counted(current.crontab.jobs.len(), "job"), TITLE_TO_STYLE, STYLE, STYLE_TO_BODY]);
    summary(&mut page, status, &current, &rows, now);
    page.push_str(JOBS);
    rows.iter().for_each(|row| line(&mut page, row, status.jobs.logs_commands, now));
    page.push_str("</tbody>\n</table>\n");
    let more = current.crontab.jobs.len() - rows.len();
    if more > 0 {
        let from = rows.len().to_string();
        add(
            &mut page,
            &["<p>And <a href=\"jobs?from=", &from, "\">", &counted(more, "more job"), "</a>.</p>\n"],
        );
    }
    let recent = status.counts.state().recent.clone();
    last_runs(&mut page, recent, now);
    add(&mut page, &["<h2>The week</h2>\n", &status.picture(&current, now.instant), END]);
    page
}

const BEGIN: &str = "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
                     <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>sexton: ";
const TITLE_TO_STYLE: &str = "</title>\n<style>";
const STYLE_TO_BODY: &str = "</style>\n<h1>sexton</h1>\n";
const JOBS: &str = "<h2>Jobs</h2>\n<table class=\"jobs\">\n\
                    <thead><tr><th>Job<th>Due<th>State<th>Next<th>Last run<th>Runs</tr></thead>\n<tbody>\n";
const RUNS: &str = "<h2>Last runs</h2>\n<table class=\"runs\">\n\
                    <thead><tr><th>Job<th>How it ended<th>Started<th>Took</tr></thead>\n<tbody>\n";
const END: &str = "<footer>The same for programs: <a href=\"jobs\">jobs</a> as JSON, <a href=\"metrics\">metrics</a> for \
                   Prometheus, and for probes <a href=\"healthz\">healthz</a> and <a href=\"readyz\">readyz</a>.</footer>\n\
                   </html>\n";

/// When the page is written, and in which zone its times are.
#[derive(Clone, Copy)]
struct Now<'a> {
    zone: &'a Zone,
    instant: SystemTime,
}

/// How things are, in sentences.
fn summary(page: &mut String, status: &Status, current: &Named, rows: &[Row<'_>], now: Now<'_>) {
    let health = status.health.state();
    if health.is_stopping {
        page.push_str("<p class=\"note\">The program stops: no job starts any more.</p>\n");
    }
    if let Some(why) = &health.refused {
        let begin = "<p class=\"note\">The last version of the crontab was refused: ";
        add(page, &[begin, &escaped(why), "</p>\n"]);
    }
    let count = current.crontab.jobs.len();
    add(page, &["<p>", &counted(count, "job"), "."]);
    names(page, "Running now", rows, |row| row.state == TaskStatus::Running);
    names(page, "Paused", rows, |row| row.state == TaskStatus::Paused);
    page.push_str(" <span class=\"bad\">");
    names(page, "The last run failed", rows, |row| row.counts.fails());
    page.push_str("</span>");
    let next = rows.iter().filter(|row| row.next.is_some()).min_by_key(|row| row.next);
    if let Some((row, next)) = next.and_then(|row| Some((row, row.next?))).filter(|_| count <= MOST_ROWS) {
        add(page, &[" Next is ", &escaped(&row.job.name()), ", ", &now.shows(next, false), "."]);
    }
    let shown = time::civil(now.instant, now.zone).replace('T', " ");
    let version = option_env!("CARGO_PKG_VERSION").unwrap_or_default();
    let began = now.shows(status.health.began, false);
    let zone = escaped(&now.zone.to_string());
    add(
        page,
        &[
            "</p>\n<p class=\"dim\">Times are those of ",
            &zone,
            ", where it is <time>",
            &shown,
            "</time> now. ",
        ],
    );
    add(page, &["Version ", version, " runs since ", &began, "."]);
    if let Some(at) = health.accepted_at {
        add(page, &[" The crontab was read again ", &now.shows(at, false), "."]);
    }
    page.push_str("</p>\n");
}

/// A sentence with the names of some jobs, if there are any.
fn names(page: &mut String, what: &str, rows: &[Row<'_>], is_meant: fn(&Row<'_>) -> bool) {
    let mut count = 0;
    for row in rows.iter().filter(|row| is_meant(row)) {
        count += 1;
        if count <= MOST_NAMES {
            let before = if count == 1 { [" ", what, ": "] } else { [", ", "", ""] };
            add(page, &before);
            page.push_str(&escaped(&row.job.name()));
        }
    }
    if count > MOST_NAMES {
        add(page, &[" and ", &(count - MOST_NAMES).to_string(), " more"]);
    }
    if count > 0 {
        page.push('.');
    }
}

/// A job in the table.
fn line(page: &mut String, row: &Row<'_>, with_command: bool, now: Now<'_>) {
    let Row { job, state, next, counts } = row;
    add(page, &["<tr><td class=\"name\">", &escaped(&job.label(with_command))]);
    let (words, fields) = (escaped(&list::in_words(&job.when)), escaped(job.schedule_text()));
    add(page, &[&cell("Due"), &words, "<small><code>", &fields, "</code>"]);
    if let Some(own) = job.zone.as_ref().map(Zone::to_string).filter(|own| *own != now.zone.to_string()) {
        add(page, &[", ", &escaped(&own)]);
    }
    add(page, &["</small></div>", &cell("State"), &state.to_string(), "</div>", &cell("Next")]);
    add(page, &[&next.map_or("-".into(), |next| now.shows(next, true)), "</div>", &cell("Last run")]);
    match &counts.last {
        None => page.push_str("<span class=\"dim\">none yet</span>"),
        Some(last) => {
            ending(page, &last.ending);
            add(page, &["<small>", &now.shows(last.started, false), ", took ", &took(last), "</small>"]);
        }
    }
    let [succeeded, failed, timed_out, stopped] = counts.ended;
    add(page, &["</div>", &cell("Runs"), &succeeded.to_string(), " succeeded<small>"]);
    let mut comma = "";
    for (count, what) in
        [(failed + timed_out, " failed"), (stopped, " stopped"), (counts.missed.iter().sum(), " missed")]
    {
        if count > 0 {
            add(page, &[comma, &count.to_string(), what]);
            comma = ", ";
        }
    }
    page.push_str("</small></div></tr>\n");
}

fn cell(name: &str) -> String {
    ["<td class=\"is\" data-is=\"", name, "\"><div>"].concat()
}

fn last_runs(page: &mut String, recent: VecDeque<Ended>, now: Now<'_>) {
    if recent.is_empty() {
        return page.push_str("<h2>Last runs</h2>\n<p class=\"dim\">None has ended yet.</p>\n");
    }
    page.push_str(RUNS);
    for run in recent {
        add(page, &["<tr><td class=\"name\">", &escaped(&run.job), "<td>"]);
        ending(page, &run.ending);
        add(page, &["<td>", &now.shows(run.started, false), "<td class=\"num\">", &took(&run), "</tr>\n"]);
    }
    page.push_str("</tbody>\n</table>\n");
}

fn ending(page: &mut String, ending: &Ending) {
    let class = if *ending == Ending::Succeeded { "good" } else { "bad" };
    add(page, &["<span class=\"", class, "\">", &escaped(&ending.to_string()), "</span>"]);
}

/// `0.012 s`, in one piece.
fn took(run: &Ended) -> String {
    time::seconds(run.took).replace('s', "&nbsp;s")
}

impl Now<'_> {
    /// `2026-11-30 04:12:05 (in 3 min)`, without today's date. What is in brackets may be on a line of its own instead.
    fn shows(self, instant: SystemTime, is_split: bool) -> String {
        let shown = time::civil(instant, self.zone).replace('T', " ");
        let today = time::civil(self.instant, self.zone);
        // A date and a blank.
        let date = today.find('T').unwrap_or(0);
        let shown = shown.strip_prefix(&today[..date]).map_or(&*shown, str::trim_start);
        let exact = time::rfc3339(instant, self.zone);
        let mut text = String::new();
        add(&mut text, &["<time datetime=\"", &exact, "\">", shown, "</time>"]);
        let (begin, end) =
            if is_split { ("<small>", "</small>") } else { (" <span class=\"dim\">(", ")</span>") };
        match instant.duration_since(self.instant) {
            Ok(ahead) => add(&mut text, &[begin, "in ", &roughly(ahead), end]),
            Err(behind) => add(&mut text, &[begin, &roughly(behind.duration()), " ago", end]),
        }
        text
    }
}

/// A length in its largest unit.
fn roughly(length: Duration) -> String {
    let seconds = length.as_secs();
    let (count, unit) = match seconds {
        0..=89 => (seconds, "&nbsp;s"),
        90..=5399 => ((seconds + 30) / 60, "&nbsp;min"),
        5400..=172_799 => ((seconds + 1800) / 3600, "&nbsp;h"),
        _ => (seconds / 86_400, "&nbsp;days"),
    };
    count.to_string() + unit
}

impl Status {
    /// The week from today's midnight on. It is drawn once a day, and once for each version of the crontab.
    fn picture(&self, current: &Arc<Named>, now: SystemTime) -> String {
        let zone = self.jobs.log.zone();
        let today = match zone.civil(now) {
            Some(civil) => civil.date(),
            None => return String::new(),
        };
        let mut picture = self.picture.lock().unwrap_or_else(PoisonError::into_inner);
        let is_it = |(named, date): &(Weak<Named>, Date)| {
            *date == today && std::ptr::eq(named.as_ptr(), Arc::as_ptr(current))
        };
        if !picture.of.as_ref().map_or(false, is_it) {
            picture.html = self.draw(current, now);
            picture.of = Some((Arc::downgrade(current), today));
        }
        picture.html.clone()
    }

    fn draw(&self, current: &Named, now: SystemTime) -> String {
        let (jobs, zone) = (&current.crontab.jobs, self.jobs.log.zone());
        let too_many = || "<p>Too much is due for a picture here: `sexton week` draws it.</p>\n".into();
        if jobs.len() > MOST_DRAWN {
            return too_many();
        }
        let planned: Vec<_> = jobs.iter().map(|job| Planned::of_job(job, zone)).collect();
        let end = now.checked_add(WEEK).unwrap_or(now);
        let due_times = planned.iter().flat_map(|job| job.due_times(now, now..end));
        if due_times.take(MOST_RUNS).count() == MOST_RUNS {
            return too_many();
        }
        let (drawing, notes) = match week::drawn(&planned, zone, now, &self.jobs.reading) {
            Some(drawn) => drawn,
            None => return "<p>The calendar has no week from here on.</p>\n".into(),
        };
        let mut html = String::from("<ul>\n");
        notes.iter().for_each(|note| add(&mut html, &["<li>", &escaped(note), "</li>\n"]));
        add(&mut html, &["</ul>\n<div class=\"week\" tabindex=\"0\">", &drawing, "</div>\n"]);
        html
    }
}
