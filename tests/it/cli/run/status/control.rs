//! `sexton ctl`.

use std::io::{BufRead, BufReader};
use std::process::Child;
use std::sync::mpsc;

use super::*;

fn said(stdout: &str) -> (i32, String, String) {
    (0, format!("{stdout}\n"), String::new())
}

fn refused(stderr: &str) -> (i32, String, String) {
    (1, String::new(), format!("sexton: {stderr}\n"))
}

#[test]
fn a_mistake_in_the_command_line_is_reported() {
    let usage = |problem: &str| {
        format!("sexton: {problem}\nusage: sexton ctl VERB [JOB] [OPTION ...]\nsee `sexton ctl --help`\n")
    };
    const EXPECTED: &str = "expected list, run, pause, resume, reload or follow";
    fails("ctl", 2, &usage(EXPECTED));
    fails("ctl|stop", 2, &usage(&format!("unknown verb `stop`, {EXPECTED}")));
    fails("ctl|run", 2, &usage("`run` needs the name of a job"));
    fails("ctl|run|a|b", 2, &usage("`run` does not take `b`"));
    fails("ctl|reload|a", 2, &usage("`reload` does not take `a`"));
    fails("ctl|run|a|--json", 2, &usage("`--json` is for `list` alone"));
    let none =
        "sexton: could not connect to `/no/such`: there is no such file: is `sexton run --status` running?\n";
    fails("ctl|list|--socket|/no/such", 2, none);
    let folder = Folder::new();
    let path = folder.journal();
    drop(UnixListener::bind(&path).unwrap());
    let name = path.to_str().unwrap();
    let closed = format!("sexton: could not connect to `{name}`: nobody answers: has the program ended?\n");
    fails(&format!("ctl|list|--socket|unix:{name}"), 2, &closed);
}

#[test]
fn what_answers_in_another_language_is_not_trusted() {
    let folder = Folder::new();
    let path = folder.journal();
    let listener = UnixListener::bind(&path).unwrap();
    let serve = thread::spawn(move || {
        for answer in [&b"220 mail\r\n\r\n"[..], b"", b"HTTP/1.1 2x0 OK\r\n\r\n", &[b'a'; 1 << 16]] {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.write_all(answer);
        }
    });
    for _ in 0..4 {
        let (status, stdout, stderr) = call(&["ctl", "list", "--socket", path.to_str().unwrap()]);
        assert!(status == 2 && stdout.is_empty() && stderr.starts_with("sexton: could not "), "{stderr}");
    }
    serve.join().unwrap();
}

#[test]
fn an_answer_that_is_not_all_there_is_none() {
    let folder = Folder::new();
    let path = folder.journal();
    let listener = UnixListener::bind(&path).unwrap();
    let serve = thread::spawn(move || {
        for length in [4, 5] {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let _ = write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\nabc\n");
        }
    });
    let list = || call(&["ctl", "list", "--socket", path.to_str().unwrap()]);
    assert_eq!(list(), said("abc"));
    assert_eq!(list(), (2, String::new(), "sexton: the answer breaks off after 4 bytes\n".into()));
    serve.join().unwrap();
}

#[test]
fn a_job_that_may_overlap_itself_is_run_at_once_while_it_runs() {
    let crontab = "# sexton: name=pair at-most=2\n0 0 29 2 * until [ -e go ]; do sleep 0.02; done\n";
    let served = Served::start(crontab, &[]);
    for count in [1, 2] {
        assert_eq!(served.ctl(&["run", "pair"]), said("`pair` runs now"));
        served.daemon.wait_for(count, &[" start ", " pair"]);
    }
    fs::write(served.daemon.file("go"), "").unwrap();
    served.daemon.wait_for(2, &[" end status=0 ", " pair"]);
}

#[test]
fn each_verb_does_as_it_says() {
    let crontab = "# sexton: name=backup\n0 0 29 2 * echo backup ran\n# sexton: name=long\n\
                   0 0 29 2 * echo > began; until [ -e go ]; do sleep 0.02; done\n@reboot echo up\n* * * * * true\n";
    let served = Served::start(crontab, &[]);
    assert!(until(|| served.daemon.output() == ["up"]));
    let (status, list, _) = served.ctl(&["list"]);
    let lines: Vec<_> = list.lines().collect();
    assert!(status == 0 && lines.len() == 4, "{list}");
    assert!(lines[0].ends_with("-02-29T00:00:00Z waiting - backup: at 00:00 on 29 February"), "{list}");
    assert!(until(|| {
        served.ctl(&["list"]).1.contains("\n- ended success line 5: once, when `sexton run` starts\n")
    }));
    let json = served.ctl(&["list", "--json"]).1;
    assert!(json.starts_with("{\"zone\":\"UTC0\",\"total\":4,") && json.lines().count() == 4, "{json}");

    assert_eq!(served.ctl(&["run", "backup"]), said("`backup` runs now"));
    assert!(until(|| served.daemon.output().contains(&"backup ran".into())));
    assert!(until(|| served.daemon.lines(&[" ctl verb=run backup"]).len() == 1));
    // One that was to run once may run again.
    assert_eq!(served.ctl(&["run", "line 5"]), said("`line 5` runs now"));
    assert!(until(|| served.daemon.output().iter().filter(|line| *line == "up").count() == 2));

    assert_eq!(served.ctl(&["run", "long"]), said("`long` runs now"));
    assert!(until(|| served.daemon.file("began").exists()));
    let again = "`long` is running: another run starts when that one has ended";
    assert_eq!(served.ctl(&["run", "long"]), said(again));
    fs::write(served.daemon.file("go"), "").unwrap();
    served.daemon.wait_for(2, &[" end status=0 ", " long"]);

    let paused = "`line 6` is paused: no run starts until it is resumed";
    assert_eq!(served.ctl(&["pause", "line 6"]), said(paused));
    assert_eq!(served.ctl(&["pause", "line 6"]), said("`line 6` was paused already"));
    assert!(served.ctl(&["list"]).1.contains(" paused "));
    assert_eq!(served.number("sexton_paused{job_name=\"line 6\"}"), Some(1.0));
    assert!(served.page("/").contains(" Paused: line 6."));
    let ended = || served.daemon.lines(&[" end status=0 ", " line 6"]).len();
    let before = ended();
    assert_eq!(served.ctl(&["run", "line 6"]), said("`line 6` runs now"));
    assert!(until(|| ended() > before));
    let (_, resumed, _) = served.ctl(&["resume", "line 6"]);
    assert!(resumed.starts_with("`line 6` is resumed, and is due next at 2"), "{resumed}");
    let (_, resumed, _) = served.ctl(&["resume", "line 6"]);
    assert!(resumed.starts_with("`line 6` was not paused, and is due next at 2"), "{resumed}");

    let names = "expected one of `backup`, `long`, `line 5`, `line 6`";
    let unknown = |name: &str| format!("no job has the name `{name}`, {names}");
    assert_eq!(served.ctl(&["run", "bakcup"]), refused(&(unknown("bakcup") + "; did you mean `backup`?")));
    assert_eq!(served.ctl(&["pause", "é&job=backup"]), refused(&unknown("é&job=backup")));
    assert_eq!(served.ctl(&["resume", "line 5"]), refused("`line 5` is over: it is not due any more"));
}

#[test]
fn a_reload_says_what_has_changed_or_what_is_wrong() {
    let served = Served::start("# sexton: name=a\n@daily true\n@daily b\n", &[]);
    assert_eq!(served.ctl(&["reload"]), said("2 jobs: 0 added, 0 removed, 0 changed"));
    served.daemon.put("# sexton: name=a\n@daily false\n@daily c\n@daily d\n");
    // It may have been noticed already.
    let (_, stdout, _) = served.ctl(&["reload"]);
    assert!(["3 jobs: 2 added, 1 removed, 1 changed\n", "3 jobs: 0 added, 0 removed, 0 changed\n"]
        .contains(&&*stdout));
    served.daemon.put("61 * * * * x\n");
    let (status, stdout, stderr) = served.ctl(&["reload"]);
    assert_eq!((status, &*stdout), (1, ""));
    assert!(
        stderr.contains("crontab:1:1: minute: no such value `61`, expected 0-59\n    61 * * * * x\n    ^^\n")
    );
    assert!(stderr.ends_with("crontab` has 1 mistake; the jobs stay as they were\n"), "{stderr}");
}

/// A list is asked for in pieces.
#[test]
fn a_list_has_all_jobs_however_many_there_are() {
    let crontab: String = (1..=2500).map(|i| format!("{} 3 * * * true {i}\n", i % 60)).collect();
    let served = Served::start(&crontab, &[]);
    let names =
        |list: &str| list.lines().map(|line| line.split(' ').nth(4).unwrap().to_string()).collect::<Vec<_>>();
    let expected: Vec<_> = (1..=2500).map(|i| format!("{i}:")).collect();
    assert_eq!(names(&served.ctl(&["list"]).1), expected);
    let json = served.ctl(&["list", "--json"]).1;
    assert_eq!(json.matches("{\"job\":").count(), 2500);
    // The first ones have series of their own.
    let page = served.page("/metrics");
    let numbers = series_of(&page);
    let of = |name: &str| {
        numbers.get(&format!("sexton_runs_total{{job_name=\"{name}\",outcome=\"success\"}}")).copied()
    };
    assert_eq!([of("line 1000"), of("line 1001"), of("")], [Some(0.0), None, Some(0.0)]);
    assert_eq!(served.ctl(&["run", "line 2000"]).0, 0);
    served.wait_for_number("sexton_runs_total{job_name=\"\",outcome=\"success\"}", |count| count == 1.0);
    let page = served.page("/");
    assert!(page.contains("<p>And <a href=\"jobs?from=200\">2300 more jobs</a>.</p>"), "{page}");
    assert!(page.contains("<p>Too much is due for a picture here"), "{page}");
}

/// A child that follows the log, and its lines.
struct Follower(Child, mpsc::Receiver<String>);

impl Follower {
    fn start(served: &Served) -> Follower {
        let mut child = sexton(&["ctl", "follow", "--socket", &served.socket]).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || stdout.lines().for_each(|line| drop(sender.send(line.unwrap()))));
        Follower(child, lines)
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_follower_gets_the_lines_of_the_log_until_the_program_ends() {
    let mut served = Served::start("# sexton: name=a\n0 0 29 2 * true\n", &["--log", "json"]);
    let mut follower = Follower::start(&served);
    // It is there once it gets something.
    let mut lines: Vec<String> = Vec::new();
    assert!(until(|| {
        served.ctl(&["run", "a"]);
        lines.extend(follower.1.try_iter());
        lines.len() > 5
    }));
    let log = served.daemon.log();
    assert!(lines.iter().all(|line| line.starts_with("{\"time\":\"") && line.ends_with('}')), "{lines:#?}");
    assert!(until(|| served.daemon.log().contains(&lines[lines.len() - 1])), "{lines:#?}\n{log:#?}");
    served.daemon.signal("TERM");
    assert_eq!(served.daemon.end(), 0);
    assert!(follower.0.wait().unwrap().success());
    lines.extend(follower.1.iter());
    assert!(lines.iter().any(|line| line.contains("\"event\":\"stop\"")), "{lines:#?}");
}

#[test]
fn a_follower_that_does_not_read_loses_lines_and_holds_up_neither_the_program_nor_another() {
    // Each millisecond is a line: the job is running.
    let served = Served::start(
        "# sexton: name=a\n@every 1ms exec sleep 600\n# sexton: name=b\n@every 100ms true\n",
        &[],
    );
    let mut stuck = served.unix();
    stuck.write_all(b"GET /follow HTTP/1.0\r\n\r\n").unwrap();
    let follower = Follower::start(&served);
    let ended = || served.daemon.lines(&[" end status=0 ", " b"]).len();
    let mut followed = Vec::new();
    // More than a socket and the queue hold.
    assert!(until(|| {
        followed.extend(follower.1.try_iter());
        followed.len() > 8000
    }));
    let before = ended();
    assert!(until(|| ended() > before + 3), "jobs run: {:#?}", served.daemon.log().last());
    let lost: Vec<_> = followed.iter().filter(|line| line.contains(" lost count=")).collect();
    assert!(lost.is_empty(), "{lost:?}");

    let mut lines = BufReader::new(stuck).lines().map(Result::unwrap);
    assert_eq!(lines.next().as_deref(), Some("HTTP/1.1 200 OK"));
    let mut read = lines.by_ref().take(20_000);
    let lost = read.find_map(|line| line.split_once(" lost count=").map(|(_, count)| count.to_string()));
    assert!(lost.unwrap().parse::<u64>().unwrap() > 1000);
    // It goes on with what is new.
    assert!(lines.take(3000).any(|line| line.contains(" missed ")));
}

#[test]
fn a_follower_that_goes_makes_room_for_another() {
    let served = Served::start("@yearly true\n", &[]);
    let follow = || {
        let mut stream = served.unix();
        stream.write_all(b"GET /follow HTTP/1.0\r\n\r\n").unwrap();
        let mut first = String::new();
        BufReader::new(&stream).read_line(&mut first).unwrap();
        (stream, first)
    };
    let mut followers: Vec<_> = (0..8).map(|_| follow()).collect();
    assert!(followers.iter().all(|(_, first)| first == "HTTP/1.1 200 OK\r\n"));
    assert_eq!(follow().1, "HTTP/1.1 503 Service Unavailable\r\n");
    assert_eq!(served.ctl(&["follow"]), refused("8 others follow the log already"));
    followers.pop();
    assert!(until(|| follow().1 == "HTTP/1.1 200 OK\r\n"));
}
