//! A web service with a page of its tasks: what they do next, and what has become of them so far.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use sexton::{Missed, Scheduler, Task};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let scheduler = Scheduler::new()?;
    scheduler.task("feed").every("20ms").run(|| {})?;
    let sync = scheduler.task("sync <eu>").every("20ms").run(|| Err::<(), _>("no route to host"))?;
    scheduler.task("report").cron("2 4 * * mon,fri").missed(Missed::Skip).run(|| {})?;
    scheduler.task("import").every("1h").paused().run(|| {})?;
    while sync.stats().runs() < 3 {
        thread::sleep(Duration::from_millis(10));
    }

    let listener = TcpListener::bind(("127.0.0.1", 0))?; // a service would choose a port, and listen for good
    let address = listener.local_addr()?;
    let served = scheduler.clone();
    let server = thread::spawn(move || answer(listener.accept()?.0, &served));

    let mut client = TcpStream::connect(address)?;
    client.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
    let mut response = String::new();
    client.read_to_string(&mut response)?;
    server.join().expect("the server does not panic")?;

    println!("{response}");
    assert!(response.starts_with("HTTP/1.0 200 OK\r\n"));
    assert!(response.contains("<td>sync &lt;eu&gt;: every "));
    assert!(response.contains("<td>failed: no route to host</td>"));
    scheduler.shutdown();
    Ok(())
}

/// Answers one request.
fn answer(stream: TcpStream, scheduler: &Scheduler) -> io::Result<()> {
    let mut request = String::new();
    BufReader::new(&stream).take(1024).read_line(&mut request)?;
    let (status, body) = match request.starts_with("GET / ") {
        true => ("200 OK", page(scheduler)),
        false => ("404 Not Found", String::new()),
    };
    let head = format!(
        "HTTP/1.0 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    (&stream).write_all(head.as_bytes())?;
    (&stream).write_all(body.as_bytes())
}

fn page(scheduler: &Scheduler) -> String {
    let rows: String = scheduler.tasks().iter().map(row).collect();
    format!(
        "<!DOCTYPE html>\n<title>Tasks</title>\n<table>\n\
         <tr><th>Task<th>Runs<th>Failed<th>Missed<th>Mean<th>Longest<th>Last</tr>\n{rows}</table>\n"
    )
}

fn row(task: &Task) -> String {
    let stats = task.stats();
    let last = stats.last.as_ref().map_or("none yet".into(), |run| run.outcome.to_string());
    let cells = [
        task.to_string(), // its name, schedule, status and next due time
        stats.runs().to_string(),
        (stats.failed + stats.panicked + stats.timed_out).to_string(),
        stats.missed.to_string(),
        format!("{:?}", stats.mean().unwrap_or_default()),
        format!("{:?}", stats.longest),
        last,
    ];
    let cells: String = cells.iter().map(|cell| format!("<td>{}</td>", escaped(cell))).collect();
    format!("<tr>{cells}</tr>\n")
}

/// A task's name and an error may be any text.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
