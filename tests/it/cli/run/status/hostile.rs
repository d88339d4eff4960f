//! Clients that are slow, endless, many or confused: each gets an error, in bounded time and memory.

use std::time::{Duration, Instant};

use super::*;

/// How many threads the program has.
#[cfg(target_os = "linux")]
fn threads(served: &Served) -> usize {
    fs::read_dir(format!("/proc/{}/task", served.daemon.id())).unwrap().count()
}

/// How many of them serve connections: with none open, one for each of the two addresses.
#[cfg(target_os = "linux")]
fn serving(served: &Served) -> usize {
    let threads = fs::read_dir(format!("/proc/{}/task", served.daemon.id())).unwrap();
    // One that ends meanwhile has no name any more.
    let names = threads.filter_map(|thread| fs::read(thread.unwrap().path().join("comm")).ok());
    names.filter(|name| name == b"status\n").count()
}

/// Its memory, in KB.
#[cfg(target_os = "linux")]
fn memory(served: &Served) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", served.daemon.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().split(' ').next().unwrap().parse().unwrap()
}

#[test]
fn a_request_that_comes_byte_by_byte_is_refused_in_the_end_and_holds_up_no_other() {
    let served = Served::start("@daily true\n", &[]);
    let began = Instant::now();
    let mut slow = served.tcp();
    slow.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nX: ").unwrap();
    let mut drip = slow.try_clone().unwrap();
    let dripping = thread::spawn(move || {
        while drip.write_all(b"a").is_ok() && began.elapsed() < PATIENCE {
            thread::sleep(Duration::from_millis(50));
        }
    });
    assert_eq!(served.page("/healthz"), "alive\n");
    let (status, _, text) = answer(slow);
    assert_eq!((status, &*text), (408, "the request did not come within 5 seconds\n"));
    assert!(began.elapsed() >= Duration::from_secs(5));
    dripping.join().unwrap();
    assert!(began.elapsed() < PATIENCE, "the connection is closed");
}

#[test]
fn what_is_too_long_is_refused_before_it_ends() {
    let served = Served::start("@daily true\n", &[]);
    let field = [b"GET / HTTP/1.1\r\nHost: a\r\n".to_vec(), b"X: y\r\n".repeat(1 << 16)].concat();
    let value = [b"GET / HTTP/1.1\r\nX: ".to_vec(), vec![b'a'; 1 << 20]].concat();
    let line = [b"GET /".to_vec(), vec![b'a'; 1 << 20]].concat();
    for (bytes, status) in [(field, 431), (value, 431), (line, 414), (b"\r\n".repeat(1 << 19), 431)] {
        let stream = served.tcp();
        let mut sender = stream.try_clone().unwrap();
        // It stops reading at some point.
        let sending = thread::spawn(move || drop(sender.write_all(&bytes)));
        assert_eq!(answer(&stream).0, status);
        let _ = stream.shutdown(Shutdown::Both);
        sending.join().unwrap();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn of_very_many_connections_a_few_are_served_and_the_others_refused_at_once() {
    let served = Served::start("@every 50ms true\n", &[]);
    served.page("/");
    let before = (threads(&served), memory(&served));
    let began = Instant::now();
    let silent: Vec<_> = (0..200).map(|_| served.tcp()).collect();
    // All but 32 of them are told, and need not say anything for it.
    let mut refused = 0;
    let mut most_threads = 0;
    for stream in &silent {
        stream.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
    }
    while refused < 168 && began.elapsed() < PATIENCE {
        for mut stream in &silent {
            let mut bytes = [0; 1024];
            if let Ok(len) = stream.read(&mut bytes) {
                if bytes[..len].starts_with(b"HTTP/1.1 503 ") {
                    refused += 1;
                }
            }
        }
        most_threads = threads(&served).max(most_threads);
    }
    // The connection before these may still have been closing.
    assert!((168..=169).contains(&refused), "{refused}");
    // The runs of jobs have threads, too.
    assert!(most_threads <= before.0 + 32 + 12, "{most_threads} threads, {} before", before.0);
    // Whoever may open the socket is served meanwhile, and jobs run.
    assert_eq!(served.ctl(&["reload"]).0, 0);
    let runs = "sexton_runs_total{job_name=\"line 1\",outcome=\"success\"}";
    let count = |served: &Served| {
        let page = ask(served.unix(), b"GET /metrics HTTP/1.0\r\n\r\n").2;
        series_of(&page)[runs]
    };
    let first = count(&served);
    assert!(until(|| count(&served) > first + 3.0));
    // In the end the silent ones make room.
    assert!(until(|| served.get("/healthz").0 == 200));
    let grown = memory(&served).saturating_sub(before.1);
    assert!(grown < 20_000, "{grown} KB more");
}

#[test]
fn a_client_that_says_no_more_gets_its_answer_and_half_a_request_an_error() {
    let served = Served::start("@daily true\n", &[]);
    for (text, status) in [
        ("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", 200),
        ("GET /healthz HTTP/1.1\r\nHost: a\r\n", 400),
        ("G", 400),
        // It has gone without a word.
        ("", 0),
    ] {
        let mut stream = served.tcp();
        stream.write_all(text.as_bytes()).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        assert_eq!(answer(stream).0, status, "{text}");
    }
}

#[test]
fn what_is_no_request_is_an_error_and_changes_nothing() {
    let served = Served::start("# sexton: name=a\n@daily true\n", &[]);
    let mut state = 1_u32;
    let mut byte = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    for round in 0..200 {
        let mut bytes: Vec<u8> = (0..round * 7 + 1).map(|_| byte()).collect();
        bytes.extend(b"\n\n\r\n");
        let (status, _, text) = ask(served.unix(), &bytes);
        assert!((400..=505).contains(&status), "{status} {text}: {bytes:?}");
    }
    assert_eq!(served.daemon.lines(&[" ctl "]), [""; 0]);
    assert_eq!(served.page("/readyz"), "ready\n");
}

#[test]
fn of_several_requests_in_a_row_the_first_is_answered() {
    let served = Served::start("# sexton: name=a\n@daily true\n", &[]);
    let request = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";
    let mut stream = served.tcp();
    stream.write_all(request.repeat(1000).as_bytes()).unwrap();
    let mut text = String::new();
    // Bytes that nobody reads would reset the connection, and far away the answer would be lost.
    stream.read_to_string(&mut text).unwrap();
    assert!(text.starts_with("HTTP/1.1 200 ") && text.ends_with("\r\n\r\nalive\n"), "{text}");
    // What a proxy would take for the body of the first one.
    let hidden = "GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 60\r\n\r\nPOST /pause?job=a HTTP/1.1\r\nHost: a\r\n\r\n";
    assert_eq!(ask(served.unix(), hidden.as_bytes()).0, 413);
    assert_eq!(served.daemon.lines(&[" ctl "]), [""; 0]);
}

/// A socket holds some 200 KB that nobody reads.
#[cfg(target_os = "linux")]
#[test]
fn an_answer_that_nobody_reads_is_given_up() {
    let crontab: String = (0..1500).map(|i| format!("0 0 * * * true {i}\n")).collect();
    let served = Served::start(&crontab, &[]);
    let began = Instant::now();
    let mut unread: Vec<_> = (0..20).map(|_| served.unix()).collect();
    for stream in &mut unread {
        let _ = stream.write_all(b"GET /jobs HTTP/1.0\r\n\r\n");
    }
    assert_eq!(served.page("/healthz"), "alive\n");
    assert!(until(|| serving(&served) > 2));
    assert!(until(|| serving(&served) == 2), "{} threads", serving(&served));
    assert!(began.elapsed() >= Duration::from_secs(10));
    let (status, head, text) = answer(&mut unread[0]);
    let length = head.split_once("Content-Length: ").unwrap().1.split_once('\r').unwrap().0;
    assert!(status == 200 && text.len() < length.parse().unwrap(), "the answer breaks off");
}
