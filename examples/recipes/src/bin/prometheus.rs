//! A page for Prometheus, `/metrics`: counters from events, which outlive the tasks they are about, and gauges from the
//! tasks and their statistics.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, UNIX_EPOCH};

use sexton::{Event, RunOutcome, Scheduler, Status};

/// What was counted, by the labels.
#[derive(Default)]
struct Counts {
    runs: BTreeMap<String, f64>,
    seconds: BTreeMap<String, f64>,
    missed: BTreeMap<String, f64>,
}

impl Counts {
    fn add(&mut self, event: &Event) {
        match event {
            Event::RunEnded { task, took, outcome, .. } => {
                let outcome = match outcome {
                    RunOutcome::Finished => "finished",
                    RunOutcome::Failed(_) => "failed",
                    RunOutcome::Panicked(_) => "panicked",
                    RunOutcome::TimedOut => "timed out",
                    RunOutcome::Stopped => "stopped",
                    _ => "other",
                };
                *self.runs.entry(labels(&[("task", task), ("outcome", outcome)])).or_default() += 1.0;
                *self.seconds.entry(labels(&[("task", task)])).or_default() += took.as_secs_f64();
            }
            Event::Missed { task, count, why, .. } => {
                let labels = labels(&[("task", task), ("why", &why.to_string())]);
                *self.missed.entry(labels).or_default() += *count as f64;
            }
            _ => {}
        }
    }
}

fn labels(pairs: &[(&str, &str)]) -> String {
    let pairs = pairs.iter().map(|(name, value)| {
        let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        format!("{name}=\"{value}\"")
    });
    pairs.collect::<Vec<_>>().join(",")
}

fn page(scheduler: &Scheduler, counts: &Counts) -> String {
    let mut page = String::new();
    let mut family = |name: &str, kind: &str, help: &str, samples: &BTreeMap<String, f64>| {
        let _ = writeln!(page, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for (labels, value) in samples {
            let _ = writeln!(page, "{name}{{{labels}}} {value}");
        }
    };
    family("sexton_runs_total", "counter", "Runs that have ended.", &counts.runs);
    family("sexton_run_seconds_total", "counter", "The time that these runs took.", &counts.seconds);
    family("sexton_missed_total", "counter", "Occurrences that got no run of their own.", &counts.missed);

    let (mut running, mut next, mut last) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for task in scheduler.tasks() {
        let labels = labels(&[("task", task.name())]);
        let is_running = task.status() == Status::Running;
        running.insert(labels.clone(), f64::from(u8::from(is_running)));
        if let Some(since) = task.next_due().and_then(|due| due.duration_since(UNIX_EPOCH).ok()) {
            next.insert(labels.clone(), since.as_secs_f64());
        }
        if let Some(run) = task.stats().last {
            last.insert(labels, run.took.as_secs_f64());
        }
    }
    family("sexton_running", "gauge", "Whether the task is running.", &running);
    family("sexton_next_due_seconds", "gauge", "The next due time, in Unix seconds.", &next);
    family("sexton_last_run_seconds", "gauge", "How long the last run took.", &last);
    page
}

/// Answers one request.
fn answer(stream: TcpStream, scheduler: &Scheduler, counts: &Mutex<Counts>) -> io::Result<()> {
    let mut request = String::new();
    BufReader::new(&stream).take(1024).read_line(&mut request)?;
    let (status, body) = match request.starts_with("GET /metrics ") {
        true => ("200 OK", page(scheduler, &counts.lock().unwrap())),
        false => ("404 Not Found", String::new()),
    };
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    write!(
        &stream,
        "HTTP/1.0 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let scheduler = Scheduler::new()?;
    let counts = Arc::new(Mutex::new(Counts::default()));
    let counted = counts.clone();
    scheduler.observe(move |event| counted.lock().unwrap().add(event));

    scheduler.task("feed").every("50ms").run(|| {})?;
    scheduler.task("report").cron("2 4 * * mon,fri").run(|| {})?;

    let listener = TcpListener::bind(("127.0.0.1", 0))?; // a service would choose a port
    let address = listener.local_addr()?;
    let (served, counted) = (scheduler.clone(), counts.clone());
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            if let Err(error) = answer(stream, &served, &counted) {
                eprintln!("/metrics: {error}");
            }
        }
    });

    while counts.lock().unwrap().runs.is_empty() {
        thread::sleep(Duration::from_millis(10));
    }
    let mut client = TcpStream::connect(address)?;
    client.write_all(b"GET /metrics HTTP/1.0\r\n\r\n")?;
    let mut response = String::new();
    client.read_to_string(&mut response)?;
    println!("{response}");
    assert!(response.contains("\nsexton_runs_total{task=\"feed\",outcome=\"finished\"} "));
    scheduler.shutdown();
    Ok(())
}

#[cfg(test)]
mod tests {
    use openmetrics_parser::{prometheus::parse_prometheus, PrometheusType, PrometheusValue};
    use sexton::{ManualClock, Overlap};

    use super::*;

    /// What a parser that has nothing to do with the page reads in it.
    #[test]
    fn a_parser_reads_the_page() {
        let clock = ManualClock::new(UNIX_EPOCH);
        let scheduler = Scheduler::builder().clock(&clock).zone("UTC").build().unwrap();
        let counts = Arc::new(Mutex::new(Counts::default()));
        let counted = counts.clone();
        scheduler.observe(move |event| counted.lock().unwrap().add(event));

        let takes_3_seconds = {
            let clock = clock.clone();
            move || clock.advance(Duration::from_secs(3))
        };
        scheduler.task("slow").every("1s").times(2).overlap(Overlap::Skip).run(takes_3_seconds).unwrap();
        let odd = "a \"b\" \\ c\nd";
        scheduler.task(odd).every("1m").run(|| Err::<(), _>("no route")).unwrap();
        clock.advance(Duration::from_secs(59));

        let page = page(&scheduler, &counts.lock().unwrap());
        let families = parse_prometheus(&page).unwrap_or_else(|error| panic!("{error}\n{page}")).families;
        // By the values of the labels, which the parser leaves escaped and sorts by their names.
        let value = |family: &str, labels: &[&str]| {
            let labels: Vec<String> = labels.iter().map(|label| label.to_string()).collect();
            let sample = families[family].get_sample_by_label_values(&labels);
            match &sample.unwrap_or_else(|| panic!("{family} {labels:?}\n{page}")).value {
                PrometheusValue::Counter(counter) => counter.value.as_f64(),
                PrometheusValue::Gauge(number) => number.as_f64(),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(families["sexton_runs_total"].family_type, PrometheusType::Counter);
        assert_eq!(value("sexton_runs_total", &["finished", "slow"]), 2.0);
        assert_eq!(value("sexton_run_seconds_total", &["slow"]), 6.0);
        assert!(value("sexton_missed_total", &["slow", "still running"]) > 0.0);
        let escaped = r#"a \"b\" \\ c\nd"#;
        assert_eq!(value("sexton_runs_total", &["failed", escaped]), 1.0);
        assert_eq!(value("sexton_running", &[escaped]), 0.0);
        assert_eq!(value("sexton_next_due_seconds", &[escaped]), 60.0);
        assert_eq!(value("sexton_last_run_seconds", &[escaped]), 0.0);
    }
}
