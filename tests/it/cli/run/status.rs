//! `sexton run --status`: what it answers, and to whom.

mod control;
mod hostile;
mod metrics;

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use self::metrics::series_of;
use super::super::{call, fails, outcome, sexton};
use super::daemon::{until, Daemon};
use crate::journal::Folder;
use crate::stage::PATIENCE;

/// A program that serves its status at a port and at a socket.
struct Served {
    daemon: Daemon,
    address: String,
    socket: String,
}

/// The status code, the head, and what comes after it.
type Answer = (u16, String, String);

impl Served {
    fn start(crontab: &str, options: &[&str]) -> Served {
        let folder = Folder::new();
        let socket = folder.journal().with_file_name("s").to_str().unwrap().to_string();
        let status = ["--status", "127.0.0.1:0", "--status", &socket];
        let daemon = Daemon::start_in(folder, crontab, &[&status[..], options].concat(), sexton);
        // As text or as JSON.
        daemon.wait_for(2, &["status", "address"]);
        let line = daemon.lines(&["status", "address", "127.0.0.1:"]).remove(0);
        let port = line.split_once("127.0.0.1:").unwrap().1.trim_end_matches(&['"', '}'][..]);
        let address = format!("127.0.0.1:{port}");
        Served { daemon, address, socket }
    }

    fn tcp(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    fn unix(&self) -> UnixStream {
        let stream = UnixStream::connect(&self.socket).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    fn get(&self, path: &str) -> Answer {
        ask(self.tcp(), format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes())
    }

    /// What a page has.
    #[track_caller]
    fn page(&self, path: &str) -> String {
        let (status, head, text) = self.get(path);
        assert_eq!(status, 200, "{path}: {text}");
        assert!(head.contains(&format!("\r\nContent-Length: {}\r\n", text.len())), "{path}: {head}");
        text
    }

    /// A number of `/metrics`.
    fn number(&self, series: &str) -> Option<f64> {
        series_of(&self.page("/metrics")).get(series).copied()
    }

    #[track_caller]
    fn wait_for_number(&self, series: &str, is_meant: impl Fn(f64) -> bool) {
        let is_so = || self.number(series).map_or(false, &is_meant);
        assert!(until(is_so), "{series}: {:?}\n{:#?}", self.number(series), self.daemon.log());
    }

    fn ctl(&self, words: &[&str]) -> (i32, String, String) {
        call(&[&["ctl"], words, &["--socket", &self.socket]].concat())
    }
}

/// Sends bytes, and reads to the end.
fn ask(mut stream: impl Read + Write, bytes: &[u8]) -> Answer {
    // What answers may have closed it before it has read all.
    let _ = stream.write_all(bytes);
    answer(stream)
}

fn answer(mut stream: impl Read) -> Answer {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    let text = String::from_utf8(bytes).unwrap();
    let (head, rest) = text.split_once("\r\n\r\n").unwrap_or((&*text, ""));
    let status = head.strip_prefix("HTTP/1.1 ").and_then(|rest| rest[..3].parse().ok());
    (status.unwrap_or(0), format!("{head}\r\n"), rest.to_string())
}

const PAGES: [&str; 5] = ["/", "/jobs", "/metrics", "/healthz", "/readyz"];

#[test]
fn each_page_says_what_becomes_of_the_jobs() {
    let crontab = "# sexton: name=quick\n@every 100ms true\n# sexton: name=broken\n@every 200ms exit 3\n\
                   # sexton: name=long time-limit=100ms\n@every 300ms exec sleep 600\n# sexton: zone=XXX-3\n\
                   30 4 * * mon,fri report\n@reboot exec sleep 600\n@reboot true\n";
    let served = Served::start(crontab, &[]);
    let runs =
        |job: &str, outcome: &str| format!("sexton_runs_total{{job_name=\"{job}\",outcome=\"{outcome}\"}}");
    served.wait_for_number(&runs("quick", "success"), |count| count >= 3.0);
    served.wait_for_number(&runs("broken", "failure"), |count| count >= 2.0);
    served.wait_for_number(&runs("long", "timeout"), |count| count >= 1.0);
    served.wait_for_number(&runs("line 10", "success"), |count| count == 1.0);
    served.wait_for_number("sexton_running", |count| count >= 1.0);
    served.wait_for_number("sexton_run_duration_seconds_count{job_name=\"quick\"}", |count| count >= 3.0);
    served.wait_for_number("sexton_run_lateness_seconds_count", |count| count >= 6.0);
    let numbers = series_of(&served.page("/metrics"));
    let number = |series: &str| numbers.get(series).copied();
    assert_eq!(number("sexton_jobs"), Some(6.0));
    assert_eq!(number("sexton_last_run_failed{job_name=\"broken\"}"), Some(1.0));
    assert_eq!(number("sexton_last_run_failed{job_name=\"quick\"}"), Some(0.0));
    assert_eq!(number("sexton_last_success_timestamp_seconds{job_name=\"broken\"}"), None);
    assert_eq!(number("sexton_next_due_timestamp_seconds{job_name=\"line 10\"}"), None);
    let began = number("process_start_time_seconds").unwrap();
    assert!(number("sexton_last_success_timestamp_seconds{job_name=\"quick\"}").unwrap() >= began.floor());
    assert!(number("sexton_next_due_timestamp_seconds{job_name=\"line 8\"}").unwrap() > began);

    let jobs = served.page("/jobs");
    assert!(
        jobs.starts_with("{\"zone\":\"UTC0\",\"total\":6,\"from\":0,\"jobs\":[{\"job\":\"quick\","),
        "{jobs}"
    );
    let line = |start: &str| jobs.lines().find(|line| line.contains(start)).unwrap().to_string();
    let broken = line("\"job\":\"broken\",\"label\":\"broken\",\"line\":4,\"schedule\":\"@every 200ms\",");
    assert!(
        broken.contains(",\"words\":\"failed: status 3\"}") && broken.contains("\"last_success\":null"),
        "{broken}"
    );
    let report = line("\"job\":\"line 8\",\"label\":\"line 8: report\",");
    assert!(report.contains("\"zone\":\"XXX-3\",\"state\":\"waiting\",\"next\":\"2"), "{report}");
    assert!(
        report.contains("\"words\":\"at 04:30 on Mondays and Fridays\"")
            && report.contains(",\"last\":null}")
    );
    // `@reboot` jobs are in their last run from the start.
    assert!(line("\"line 9\"").contains("\"state\":\"running\",\"next\":null,\"running\":1,"));
    assert!(line("\"line 10\"").contains("\"state\":\"ended\",\"next\":null,\"running\":0,"));
    assert!(served.page("/jobs?from=5").contains("\"from\":5,\"jobs\":[{\"job\":\"line 10\""));
    assert!(served.page("/jobs?from=6").ends_with("\"from\":6,\"jobs\":[]}\n"));
    assert_eq!(served.get("/jobs?from=x").2, "`from`: found `x`, expected a number\n");

    let page = served.page("/");
    // The others may be running as well.
    let (_, running) = page.split_once("<p>6 jobs. Running now: ").unwrap();
    assert!(running.lines().next().unwrap().contains("line 9"), "{page}");
    for part in [
        "The last run failed: broken, long.",
        "<td class=\"name\">line 8: report<td",
        "at 04:30 on Mondays and Fridays<small><code>30 4 * * mon,fri</code>, XXX-3</small>",
        "<span class=\"bad\">failed: status 3</span>",
        "<span class=\"bad\">reached its time limit</span>",
        "<span class=\"good\">succeeded</span>",
        // Of three jobs that are due several times a second.
        "<h2>The week</h2>\n<p>Too much is due for a picture here: `sexton week` draws it.</p>\n",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains("<script") && page.ends_with("</html>\n"));
    let head = served.get("/").1;
    assert!(
        head.contains("\r\nContent-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; "),
        "{head}"
    );
    assert_eq!([&*served.page("/healthz"), &*served.page("/readyz")], ["alive\n", "ready\n"]);
}

#[test]
fn what_may_be_a_secret_is_not_shown_and_nothing_becomes_markup() {
    let crontab =
        "@every 100ms TOKEN=s3cret \"<i>\" --key s3cret 2>/dev/null\n# sexton: name=a\n@daily x <b>s3cret\n";
    for is_whole in [false, true] {
        let served = Served::start(crontab, if is_whole { &["--log-commands"] } else { &[] });
        let failed = "sexton_runs_total{job_name=\"line 1\",outcome=\"failure\"}";
        served.wait_for_number(failed, |count| count >= 1.0);
        for path in PAGES {
            let text = served.page(path);
            assert!(!text.contains("<i>") || path != "/", "{text}");
            let may_show = is_whole && !matches!(path, "/metrics" | "/healthz" | "/readyz");
            assert_eq!(text.contains("s3cret"), may_show, "{path}: {text}");
        }
        assert!(served.page("/").contains("&lt;i>"));
    }
}

#[test]
fn a_job_that_is_removed_does_not_show_and_one_that_stays_goes_on_counting() {
    let served =
        Served::start("# sexton: name=old\n@every 50ms true\n# sexton: name=stays\n@every 50ms true\n", &[]);
    let stays = "sexton_runs_total{job_name=\"stays\",outcome=\"success\"}";
    served.wait_for_number(stays, |count| count >= 5.0);
    served.daemon.put("# sexton: name=stays\n@every 10m true\n# sexton: name=new\n@daily true\n");
    served.daemon.wait_for(1, &[" reload jobs=2 added=1 removed=1 changed=1"]);
    assert!(served.number(stays).unwrap() >= 5.0);
    assert_eq!(served.number("sexton_reloads_total{result=\"accepted\"}"), Some(1.0));
    // The page remembers the last runs.
    for path in ["/jobs", "/metrics"] {
        let text = served.page(path);
        assert!(!text.contains("\"old\"") && text.contains("\"new\""), "{text}");
    }
    served.daemon.put("# sexton: name=old\n@every 10m true\n");
    served.daemon.wait_for(2, &[" reload "]);
    assert_eq!(served.number("sexton_runs_total{job_name=\"old\",outcome=\"success\"}"), Some(0.0));
}

#[test]
fn a_crontab_that_is_refused_makes_the_program_unready_and_the_next_one_ready_again() {
    let served = Served::start("@daily true\n", &[]);
    served.daemon.put("61 * * * * x\n");
    served.daemon.wait_for(1, &[" kept why="]);
    let (status, _, text) = served.get("/readyz");
    let why = "crontab` has 1 mistake; the jobs stay as they were\n";
    assert!(status == 503 && text.starts_with("the last version of the crontab was refused: `"), "{text}");
    assert!(text.ends_with(why) && served.page("/").contains(why.trim()), "{text}");
    assert_eq!(served.page("/healthz"), "alive\n");
    assert_eq!(served.number("sexton_last_reload_successful"), Some(0.0));
    served.daemon.put("@daily true\n");
    served.daemon.wait_for(1, &[" reload "]);
    assert_eq!(served.page("/readyz"), "ready\n");
    assert_eq!(served.number("sexton_last_reload_successful"), Some(1.0));
    assert_eq!(served.number("sexton_reloads_total{result=\"refused\"}"), Some(1.0));
}

#[test]
fn while_it_stops_the_program_is_alive_and_not_ready() {
    let mut served =
        Served::start("@reboot echo > began; until [ -e go ]; do sleep 0.02; done\n@hourly true\n", &[]);
    assert!(until(|| served.daemon.file("began").exists()));
    served.daemon.signal("TERM");
    served.daemon.wait_for(1, &[" stop "]);
    assert!(until(|| served.get("/readyz").0 == 503));
    assert_eq!(served.get("/readyz").2, "the program stops\n");
    assert_eq!(served.page("/healthz"), "alive\n");
    assert!(served.page("/").contains("The program stops: no job starts any more."));
    for words in [&["run", "line 2"][..], &["pause", "line 2"], &["reload"]] {
        let (status, stdout, stderr) = served.ctl(words);
        assert!(
            status == 1 && stdout.is_empty() && stderr.starts_with("sexton: the program stops"),
            "{stderr}"
        );
    }
    fs::write(served.daemon.file("go"), "").unwrap();
    assert_eq!(served.daemon.end(), 0);
    assert!(!served.daemon.file("s").exists(), "the socket is removed");
}

#[test]
fn pages_are_whole_while_the_crontab_changes() {
    let served = Served::start("@every 30s true\n", &[]);
    let (is_over, read) = (AtomicBool::new(false), [(); 3].map(|()| AtomicUsize::new(0)));
    thread::scope(|scope| {
        for (path, count) in PAGES[..3].iter().zip(&read) {
            let (served, is_over) = (&served, &is_over);
            scope.spawn(move || {
                while !is_over.load(Ordering::SeqCst) {
                    let text = served.page(path);
                    if *path == "/metrics" {
                        series_of(&text);
                    }
                    count.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        let mut version = 0;
        // On a busy machine the readers have few turns.
        let is_enough = |count: &AtomicUsize| count.load(Ordering::SeqCst) > 1;
        while version < 20 || version < 5000 && !read.iter().all(is_enough) {
            version += 1;
            let lines = (0..version % 7 + 1).map(|i| format!("@every {}s true {version}\n", 30 + i));
            served.daemon.put(&lines.collect::<String>());
            served.ctl(&["reload"]);
        }
        is_over.store(true, Ordering::SeqCst);
    });
    assert!(read.iter().all(|count| count.load(Ordering::SeqCst) > 1), "it answers meanwhile: {read:?}");
    assert_eq!(served.daemon.lines(&[" kept "]), [""; 0]);
}

#[test]
fn an_address_that_cannot_be_opened_is_a_mistake_in_the_command_line() {
    let usage = "usage: sexton run CRONTAB ... [OPTION ...]\nsee `sexton run --help`\n";
    let expected = "expected ADDRESS:PORT such as 127.0.0.1:9100, :PORT for this machine only, or the absolute path of a Unix \
                    socket";
    for text in ["9100", "host:80", "unix:sock"] {
        fails(
            &format!("run|-|--status|{text}"),
            2,
            &format!("sexton: `--status`: found `{text}`, {expected}\n{usage}"),
        );
    }
    let folder = Folder::new();
    let run = |address: &str| {
        let mut child = sexton(&["run", "-", "--status", address]).spawn().unwrap();
        child.stdin.take().unwrap().write_all(b"@reboot echo ran\n").unwrap();
        outcome(child.wait_with_output().unwrap())
    };
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (status, stdout, stderr) = run(&address);
    assert!(status == 2 && stdout.is_empty(), "no job has run: {stdout}");
    assert!(stderr.starts_with(&format!("sexton: could not listen at `{address}`: ")), "{stderr}");

    let path = folder.journal().with_file_name("s");
    let name = path.to_str().unwrap();
    fs::write(&path, "mine").unwrap();
    let no_socket = format!("sexton: could not listen at `{name}`: the file is no socket\n");
    assert_eq!(run(name), (2, String::new(), no_socket));
    assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    fs::remove_file(&path).unwrap();
    let listener = UnixListener::bind(&path).unwrap();
    let answered = format!("sexton: could not listen at `{name}`: another process answers there\n");
    assert_eq!(run(name), (2, String::new(), answered));
    // Its file is left when it is closed.
    drop(listener);
    let (status, stdout, stderr) = run(name);
    assert_eq!((status, &*stdout), (0, "ran\n"), "{stderr}");
    assert!(!path.exists());
}

#[test]
fn only_the_user_of_the_program_may_open_the_socket() {
    let served = Served::start("@daily true\n", &[]);
    let mode = fs::metadata(&served.socket).unwrap().permissions().mode();
    assert_eq!(format!("{mode:o}"), "140600");
}

#[test]
fn nothing_is_changed_over_tcp() {
    let served = Served::start("# sexton: name=a\n@daily echo ran\n", &[]);
    for path in ["/run?job=a", "/pause?job=a", "/resume?job=a", "/reload", "/", "/jobs", "/none"] {
        for method in ["POST", "PUT", "DELETE", "OPTIONS", "BREW"] {
            let request = format!("{method} {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
            let (status, head, _) = ask(served.tcp(), request.as_bytes());
            assert!(status == 405 && head.contains("\r\nAllow: GET, HEAD\r\n"), "{request}: {head}");
        }
    }
    for path in ["/run?job=a", "/pause?job=a", "/reload", "/follow", "/list", "/none", "//"] {
        let none = "there are /, /jobs, /metrics, /healthz and /readyz\n";
        let (status, _, text) = served.get(path);
        assert_eq!((status, &*text), (404, none), "{path}");
    }
    let (status, head, _) = ask(served.unix(), b"GET /run?job=a HTTP/1.0\r\n\r\n");
    assert!(status == 405 && head.contains("\r\nAllow: POST\r\n"), "{head}");
    assert_eq!(served.daemon.lines(&[" ctl "]), [""; 0]);
    assert_eq!(served.daemon.output(), [""; 0]);
}

#[test]
fn a_head_has_the_length_of_what_it_leaves_out() {
    let served = Served::start("@yearly true\n", &[]);
    for path in PAGES {
        let request = format!("HEAD {path} HTTP/1.1\r\nHost: a\r\n\r\n");
        let (status, head, text) = ask(served.tcp(), request.as_bytes());
        assert_eq!((status, &*text), (200, ""), "{path}");
        let length = head.split_once("Content-Length: ").unwrap().1.split_once('\r').unwrap().0;
        assert!(length.parse::<usize>().unwrap() > 4, "{head}");
        assert!(head.contains("\r\nConnection: close\r\n"), "{head}");
    }
}

#[test]
fn the_week_is_drawn_of_the_crontab_that_is_run() {
    let served = Served::start("# sexton: name=old\n0 3 * * * true\n", &[]);
    let week = |name: &str, runs: usize| {
        let page = served.page("/");
        let week = page.split_once("<h2>The week</h2>\n<ul>\n<li>busiest minute: ").unwrap().1;
        assert!(
            week.contains(&format!(": {name}</li>")) && week.contains("role=\"img\">\n<title>2"),
            "{week}"
        );
        assert!(week.contains(&format!(", UTC0: 1 job, {runs} runs</title>")), "{week}");
    };
    week("old", 7);
    // The second time it is the one that was drawn before.
    week("old", 7);
    served.daemon.put("# sexton: name=new\n0 3,15 * * * true\n");
    served.daemon.wait_for(1, &[" reload "]);
    week("new", 14);
}

#[test]
fn what_another_replica_has_and_what_nobody_knows_is_counted() {
    for (claim, series) in [
        ("exit 1", "sexton_claimed_elsewhere_total{job_name=\"a\"}"),
        ("exit 7", "sexton_missed_total{job_name=\"a\",reason=\"claim_failed\"}"),
    ] {
        let served = Served::start("# sexton: name=a\n* * * * * * true\n", &["--claim", claim]);
        served.wait_for_number(series, |count| count >= 1.0);
        assert_eq!(served.number("sexton_runs_total{job_name=\"a\",outcome=\"success\"}"), Some(0.0));
    }
}

/// A socket is as good as a port for whoever may open it.
#[test]
fn the_pages_are_served_at_the_socket_too() {
    let served = Served::start("@daily true\n", &[]);
    for path in PAGES {
        let stream = served.unix();
        let (status, _, text) = ask(&stream, format!("GET {path} HTTP/1.0\r\n\r\n").as_bytes());
        assert!(status == 200 && !text.is_empty(), "{path}");
        let _ = stream.shutdown(Shutdown::Both);
    }
}
