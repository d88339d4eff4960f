//! What Prometheus reads.
//!
//! The first 1,000 jobs of the crontab have series of their own. All others share those whose job has no name.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sexton::Status as TaskStatus;

use super::counts::{Histogram, OfJob, LATE, OUTCOMES, REASONS, TOOK};
use super::jobs::{Row, MOST_JOBS};
use super::{add, Status};

/// What is written.
#[derive(Default)]
struct Page(String);

impl Page {
    /// Begins a family of series.
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        add(&mut self.0, &["# HELP ", name, " ", help, "\n# TYPE ", name, " ", kind, "\n"]);
    }

    /// `name{labels} value`; the labels come in parts, and may be empty.
    fn series(&mut self, name: &str, labels: &[&str], value: &str) {
        self.0.push_str(name);
        if labels.iter().any(|label| !label.is_empty()) {
            self.0.push('{');
            add(&mut self.0, labels);
            self.0.push('}');
        }
        add(&mut self.0, &[" ", value, "\n"]);
    }

    fn single(&mut self, name: &str, kind: &str, help: &str, value: &str) {
        self.family(name, kind, help);
        self.series(name, &[], value);
    }

    fn histogram(&mut self, name: &str, labels: &str, histogram: &Histogram, bounds: &[u64; 12]) {
        let comma = if labels.is_empty() { "" } else { "," };
        let bounds = bounds.iter().map(|bound| seconds(Duration::from_millis(*bound)));
        let mut count = 0;
        for (bound, more) in bounds.chain(["+Inf".into()]).zip(histogram.counts) {
            count += more;
            let labels = [labels, comma, "le=\"", &bound, "\""];
            self.series(&[name, "_bucket"].concat(), &labels, &count.to_string());
        }
        self.series(&[name, "_sum"].concat(), &[labels], &seconds(histogram.sum));
        self.series(&[name, "_count"].concat(), &[labels], &count.to_string());
    }
}

/// `0.25`, without zeros at the end.
fn seconds(duration: Duration) -> String {
    let text = format!("{}.{:06}", duration.as_secs(), duration.subsec_micros());
    text.trim_end_matches('0').trim_end_matches('.').into()
}

fn timestamp(instant: SystemTime) -> String {
    match instant.duration_since(UNIX_EPOCH) {
        Ok(since) => format!("{}.{:03}", since.as_secs(), since.subsec_millis()),
        Err(before) => format!("-{}", before.duration().as_secs()),
    }
}

/// `job_name="backup"`
fn label(name: &str) -> String {
    let mut label = "job_name=\"".to_string();
    for c in name.chars() {
        match c {
            '\\' => label.push_str("\\\\"),
            '"' => label.push_str("\\\""),
            c if c.is_control() => label.push(char::REPLACEMENT_CHARACTER),
            c => label.push(c),
        }
    }
    label + "\""
}

/// The labels of the jobs. A file that is named twice gives two jobs of each name, which must not have the same series.
fn labels(rows: &[Row<'_>]) -> Vec<String> {
    let mut files: Vec<&Arc<String>> = Vec::new();
    let mut labels = Vec::new();
    for Row { job, .. } in rows {
        let mut name = job.name();
        if let Some(file) = job.file.as_ref().filter(|_| job.settings().name.is_none()) {
            if !files.last().map_or(false, |last| Arc::ptr_eq(last, file)) {
                files.push(file);
            }
            let times = files.iter().filter(|other| **other == file).count();
            if times > 1 {
                add(&mut name, &[" (", &times.to_string(), ")"]);
            }
        }
        labels.push(label(&name));
    }
    labels
}

pub fn of(status: &Status) -> String {
    let current = status.jobs.current().clone();
    let rows = status.rows(&current, 0, MOST_JOBS);
    let labels = labels(&rows);
    let mut page = Page::default();
    of_program(&mut page, status, current.crontab.jobs.len());

    let mut counts: Vec<(&str, &OfJob)> =
        labels.iter().map(|label| &**label).zip(rows.iter().map(|row| &row.counts)).collect();
    let mut others = OfJob::default();
    let other_jobs = &current.crontab.jobs[rows.len()..];
    if !other_jobs.is_empty() {
        let state = status.counts.state();
        let known = other_jobs.iter().filter_map(|job| state.get(&job.task_name()));
        known.for_each(|of_job| others.merge(of_job));
        drop(state);
        counts.push(("job_name=\"\"", &others));
    }
    of_runs(&mut page, &counts);
    of_jobs(&mut page, &labels, &rows);
    page.0
}

/// What is there once.
fn of_program(page: &mut Page, status: &Status, jobs: usize) {
    let version = option_env!("CARGO_PKG_VERSION").unwrap_or("unknown");
    page.family("sexton_build_info", "gauge", "The version of the program, as a label.");
    page.series("sexton_build_info", &["version=\"", version, "\""], "1");
    let health = status.health.state();
    let began = timestamp(status.health.began);
    page.single("process_start_time_seconds", "gauge", "When the program started, in Unix seconds.", &began);
    page.single("sexton_jobs", "gauge", "The jobs of the crontab.", &jobs.to_string());
    page.family(
        "sexton_reloads_total",
        "counter",
        "How often the crontab was read again, by what became of it.",
    );
    page.series("sexton_reloads_total", &["result=\"accepted\""], &health.accepted.to_string());
    page.series("sexton_reloads_total", &["result=\"refused\""], &health.refusals.to_string());
    let is_accepted = if health.refused.is_none() { "1" } else { "0" };
    let help = "Whether the last version of the crontab that was read is the one that is run.";
    page.single("sexton_last_reload_successful", "gauge", help, is_accepted);
    let (running, late) = {
        let state = status.counts.state();
        (state.running, state.late)
    };
    page.single("sexton_running", "gauge", "The runs that go on.", &running.to_string());
    let name = "sexton_run_lateness_seconds";
    page.family(name, "histogram", "How long after their due times runs started.");
    page.histogram(name, "", &late, &LATE);
}

/// What has become of the jobs.
fn of_runs(page: &mut Page, jobs: &[(&str, &OfJob)]) {
    let name = "sexton_runs_total";
    page.family(
        name,
        "counter",
        "The runs that have ended, by their outcome. One that was retried counts once.",
    );
    for (label, counts) in jobs {
        for (outcome, count) in OUTCOMES.iter().zip(counts.ended) {
            page.series(name, &[label, ",outcome=\"", outcome, "\""], &count.to_string());
        }
    }
    let name = "sexton_missed_total";
    page.family(name, "counter", "The due times that got no run of their own, by the reason.");
    for (label, counts) in jobs {
        let counts = REASONS.iter().zip(counts.missed).enumerate();
        // The usual ones from the start: a series that begins with 1 has no increase.
        for (_, (reason, count)) in counts.filter(|(i, (_, count))| *i < 2 || *count > 0) {
            page.series(name, &[label, ",reason=\"", reason, "\""], &count.to_string());
        }
    }
    let name = "sexton_claimed_elsewhere_total";
    page.family(name, "counter", "The due times whose runs other replicas have.");
    for (label, counts) in jobs.iter().filter(|(_, counts)| counts.elsewhere > 0) {
        page.series(name, &[label], &counts.elsewhere.to_string());
    }
    let name = "sexton_run_duration_seconds";
    page.family(name, "histogram", "How long runs took, with all attempts.");
    for (label, counts) in jobs.iter().filter(|(_, counts)| counts.ended != [0; 4]) {
        page.histogram(name, label, &counts.took, &TOOK);
    }
}

/// The name of a gauge, its help, and what it says of a job.
type Gauge = (&'static str, &'static str, fn(&Row<'_>) -> Option<String>);

const GAUGES: [Gauge; 5] = [
    ("sexton_next_due_timestamp_seconds", "When the job is due next, in Unix seconds.", |row| {
        row.next.map(timestamp)
    }),
    (
        "sexton_last_success_timestamp_seconds",
        "When the last run that succeeded ended, in Unix seconds.",
        |row| row.counts.last_success.map(timestamp),
    ),
    ("sexton_last_run_timestamp_seconds", "When the last run that ended started, in Unix seconds.", |row| {
        row.counts.last.as_ref().map(|last| timestamp(last.started))
    }),
    ("sexton_last_run_failed", "Whether the last run that ended was no success.", |row| {
        row.counts.last.as_ref().map(|_| u8::from(row.counts.fails()).to_string())
    }),
    ("sexton_paused", "Whether the job is paused.", |row| {
        Some(u8::from(row.state == TaskStatus::Paused).to_string())
    }),
];

/// How things are with the jobs.
fn of_jobs(page: &mut Page, labels: &[String], rows: &[Row<'_>]) {
    for (name, help, of) in GAUGES {
        page.family(name, "gauge", help);
        for (label, row) in labels.iter().zip(rows) {
            if let Some(value) = of(row) {
                page.series(name, &[label], &value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use sexton::tz::Zone;

    use super::*;
    use crate::crontab::Crontab;
    use crate::dialect::Reading;

    #[test]
    fn what_a_label_may_not_have_is_escaped() {
        assert_eq!(label("a\"b\\c\nd"), "job_name=\"a\\\"b\\\\c\u{fffd}d\"");
    }

    #[test]
    fn jobs_of_a_file_that_is_named_twice_have_series_of_their_own() {
        let reading = Reading::new(sexton::cron::Dialect::DEFAULT, None);
        let jobs = |file: &str| {
            let (mut crontab, _) = Crontab::read(b"@daily a\n@daily b\n", &reading, &Zone::from_posix);
            let file = Arc::new(file.to_string());
            crontab.jobs.iter_mut().for_each(|job| job.file = Some(file.clone()));
            crontab.jobs
        };
        let jobs: Vec<_> = ["x", "y", "x"].iter().flat_map(|file| jobs(file)).collect();
        let row = |job| Row { job, state: TaskStatus::Waiting, next: None, counts: OfJob::default() };
        let rows: Vec<_> = jobs.iter().map(row).collect();
        let names = ["x:1", "x:2", "y:1", "y:2", "x:1 (2)", "x:2 (2)"];
        assert_eq!(labels(&rows), names.map(|name| format!("job_name=\"{name}\"")));
    }

    #[test]
    fn numbers_are_decimal() {
        let of = |micros: u64| seconds(Duration::from_micros(micros));
        assert_eq!([of(0), of(1), of(250_000), of(100_000_000)], ["0", "0.000001", "0.25", "100"]);
        assert_eq!(seconds(Duration::MAX), "18446744073709551615.999999");
        assert_eq!(timestamp(UNIX_EPOCH + Duration::from_millis(1500)), "1.500");
        assert_eq!(timestamp(UNIX_EPOCH - Duration::from_secs(2)), "-2");
    }

    #[test]
    fn buckets_count_all_that_is_no_longer() {
        let mut page = Page::default();
        let counts = [1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4];
        let histogram = Histogram { counts, sum: Duration::from_millis(1500) };
        page.histogram("x", "a=\"b\"", &histogram, &TOOK);
        let lines: Vec<_> = page.0.lines().collect();
        assert_eq!(
            lines[..3],
            [
                "x_bucket{a=\"b\",le=\"0.01\"} 1",
                "x_bucket{a=\"b\",le=\"0.1\"} 1",
                "x_bucket{a=\"b\",le=\"0.5\"} 3"
            ]
        );
        assert_eq!(
            lines[12..],
            ["x_bucket{a=\"b\",le=\"+Inf\"} 7", "x_sum{a=\"b\"} 1.5", "x_count{a=\"b\"} 7"]
        );
    }
}
