//! The wall clock is moved under a running process: real threads, the real timer, and the library libfaketime, which
//! `.ci/moved-clock` gets. It moves what the process reads as the wall clock and leaves the monotonic clock alone. A
//! suspend looks the same to a process: the wall clock goes on, the monotonic one does not.
//!
//! What the tasks tell is judged by order and count; how long something took is only held against what a very busy
//! machine might need.

mod cast;
mod judge;
mod process;
mod stopped;
mod wall;

use std::process::Command;
use std::time::{Duration, Instant};

use self::cast::Unit;
use self::judge::Judge;
use self::process::{Dial, From, Process};
use self::wall::{nanos, Nanos, SECOND};
use crate::stage::{moment, these_tests};

const MINUTE: Nanos = 60 * SECOND;
const HOUR: Nanos = 3600 * SECOND;
const DAY: Nanos = 24 * HOUR;

/// Who waits so long waits for ever: a year in a minute, and once more.
const PATIENCE: Duration = Duration::from_secs(150);

/// The process of the other tests: without them it does nothing.
#[test]
#[ignore = "a part of the other tests of a moved clock"]
fn the_cast() {
    cast::play();
}

/// A process whose clock is moved, and what became of it so far.
struct Play {
    process: Process,
    judge: Judge,
    offset: Nanos,
    unit: Unit,
    name: String,
}

fn utc(text: &str) -> Nanos {
    nanos(moment(text).instant(&sexton::tz::Zone::utc()).unwrap())
}

fn machine_time() -> Nanos {
    nanos(std::time::SystemTime::now())
}

/// A command that plays the cast.
fn cast(unit: Unit, anchor: Nanos, check: Duration) -> Command {
    let mut command = these_tests();
    command.args(["moved_clock::the_cast", "--exact", "--ignored", "--nocapture"]);
    command.env("SEXTON_MOVED_UNIT", format!("{unit:?}"));
    command.env("SEXTON_MOVED_ANCHOR", anchor.to_string());
    command.env("SEXTON_MOVED_CHECK", check.as_millis().to_string());
    command
}

impl Play {
    /// At a time, from which on the clock goes as it should until it is moved.
    fn at(name: &str, unit: Unit, start: &str) -> Play {
        let offset = utc(start) - machine_time();
        let play = Play::begin(name, unit, utc(start), Dial::Offset(offset), Duration::from_secs(1));
        Play { offset, ..play }
    }

    /// At a time, from which on the clock goes so many times as fast as it should.
    fn at_rate(name: &str, unit: Unit, start: &str, rate: f64, check: Duration) -> Play {
        Play::begin(name, unit, utc(start), Dial::Rate { start: utc(start), rate }, check)
    }

    fn begin(name: &str, unit: Unit, start: Nanos, dial: Dial, check: Duration) -> Play {
        // The day's task is due at ten, and was so the day before.
        let anchor = start.div_euclid(DAY) * DAY - DAY + 10 * HOUR;
        let process = Process::start(name, cast(unit, anchor, check), dial, From::Stdout);
        let is_fast = matches!(dial, Dial::Rate { rate, .. } if rate > 1.0);
        let judge = Judge::new(unit, anchor, is_fast);
        let mut play = Play { process, judge, offset: 0, unit, name: name.to_string() };
        // The first runs may be told before all tasks are scheduled.
        let deadline = Instant::now() + PATIENCE;
        let mut first = Vec::new();
        loop {
            match play.process.line(deadline) {
                Some(line) if line.starts_with(": began") => {
                    play.hear(&line);
                    break;
                }
                Some(line) => first.push(line),
                None => panic!("{name}: it does not begin: {first:#?}"),
            }
        }
        first.iter().for_each(|line| play.hear(line));
        play
    }

    #[track_caller]
    fn hear(&mut self, line: &str) {
        if let Err(error) = self.judge.hear(line) {
            panic!("{}: {error}\nso far: {}", self.name, self.judge.summary());
        }
    }

    /// Listens until something has come true.
    #[track_caller]
    fn until(&mut self, what: &str, is_true: impl Fn(&Judge) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_true(&self.judge) {
            match self.process.line(deadline) {
                Some(line) => self.hear(&line),
                None => panic!("{}: waited for {what}\nso far: {}", self.name, self.judge.summary()),
            }
        }
    }

    fn now(&self) -> Nanos {
        machine_time() + self.offset
    }

    /// Waits for a due of these tasks that is still ahead.
    #[track_caller]
    fn see_run(&mut self, names: &[&str]) {
        let now = self.now();
        for name in names {
            // On a busy machine what is not to begin late may not begin at all, and the next due is an hour away.
            match (self.unit, name.ends_with("-skip")) {
                (Unit::Hour, true) => self.until(name, |judge| judge.has_told(name, now)),
                _ => self.until(&format!("a run of {name}"), |judge| judge.has_run(name, now)),
            }
        }
    }

    /// Moves the clock by so much, far from a full second: no due comes at that instant.
    #[track_caller]
    fn move_by(&mut self, by: Nanos) {
        let (beat, _) = self.judge.latest_beat;
        let tenth = SECOND / 10;
        self.until("a beat within a second", |judge| {
            let (latest, wall) = judge.latest_beat;
            latest > beat && (3 * tenth..7 * tenth).contains(&wall.rem_euclid(SECOND))
        });
        let old = self.offset;
        self.offset += by;
        let moved = self.process.turn(Dial::Offset(self.offset));
        self.judge.moved(&moved, old, self.offset);
        let steps = self.judge.steps.len();
        self.until("the step", |judge| judge.steps.len() > steps);
    }

    /// Lets the process come to its end, and judges the rest of what it tells.
    #[track_caller]
    fn end(mut self) -> Judge {
        self.process.close_stdin();
        self.until("the end", |judge| judge.is_over);
        while let Some(line) = self.process.line(Instant::now() + PATIENCE) {
            self.hear(&line);
        }
        println!("{}: {}", self.name, self.judge.summary());
        assert!(self.process.end().success());
        self.judge
    }
}

const AGAIN: [&str; 3] = ["again-once", "again-skip", "again-all"];
const EACH: [&str; 6] = ["again-once", "again-skip", "again-all", "listed-once", "listed-skip", "listed-all"];

/// Moves the clock once, and sees all tasks go on. There is a full minute soon before it, and one soon after.
#[track_caller]
fn one_move(name: &str, unit: Unit, by: Nanos) {
    let mut play = Play::at(name, unit, "2026-11-22 09:59:55");
    if let Unit::Second = unit {
        play.see_run(&EACH);
    }
    play.move_by(by);
    play.see_run(&EACH);
    play.end();
}

/// Tests that need the library.
macro_rules! tests {
    ($($name:ident $body:block)*) => {
        $(
            #[test]
            #[ignore = "needs libfaketime: .ci/moved-clock runs it"]
            fn $name() $body
        )*
    };
}

tests! {
    forward_by_a_second_and_a_half {
        one_move("forward-1500ms", Unit::Second, 3 * SECOND / 2);
    }

    forward_by_four_minutes {
        one_move("forward-4m", Unit::Second, 4 * MINUTE);
    }

    forward_by_59_minutes {
        one_move("forward-59m", Unit::Second, 59 * MINUTE);
    }

    forward_by_just_under_three_hours {
        one_move("forward-2h59m", Unit::Minute, 2 * HOUR + 59 * MINUTE);
    }

    forward_by_just_over_three_hours {
        one_move("forward-3h01m", Unit::Minute, 3 * HOUR + MINUTE);
    }

    forward_by_a_day {
        one_move("forward-1d", Unit::Minute, DAY);
    }

    forward_by_a_year {
        one_move("forward-1y", Unit::Minute, 365 * DAY);
    }

    // What a board without a battery does when it has found a time server.
    forward_from_1970 {
        let mut play = Play::at("forward-from-1970", Unit::Hour, "1970-01-01 00:00:02");
        play.move_by(utc("2026-11-22 09:59:56") - utc("1970-01-01 00:00:02"));
        play.see_run(&EACH);
        play.end();
    }

    back_by_a_second_and_a_half {
        one_move("back-1500ms", Unit::Second, -3 * SECOND / 2);
    }

    // The listed ones wait until time has caught up, and then go on as if nothing had been.
    back_by_59_minutes_and_forward_again {
        let mut play = Play::at("back-59m", Unit::Second, "2026-11-22 09:59:55");
        play.see_run(&EACH);
        play.move_by(-59 * MINUTE);
        play.see_run(&AGAIN);
        play.move_by(59 * MINUTE);
        play.see_run(&EACH);
        play.end();
    }

    back_by_just_under_three_hours {
        let mut play = Play::at("back-2h59m", Unit::Minute, "2026-11-22 09:59:58");
        play.see_run(&EACH);
        play.move_by(utc("2026-11-22 07:00:57") - play.now());
        play.see_run(&AGAIN);
        play.end();
    }

    back_by_just_over_three_hours {
        let mut play = Play::at("back-3h01m", Unit::Minute, "2026-11-22 09:59:58");
        play.see_run(&EACH);
        play.move_by(utc("2026-11-22 06:58:57") - play.now());
        play.see_run(&EACH);
        play.end();
    }

    back_by_a_day {
        let mut play = Play::at("back-1d", Unit::Minute, "2026-11-22 09:59:58");
        play.see_run(&["again-once", "again-skip", "again-all", "day"]);
        // The day's due at ten comes once more.
        play.move_by(utc("2026-11-21 09:59:57") - play.now());
        play.see_run(&["again-once", "listed-once", "listed-all", "day"]);
        play.end();
    }

    forward_and_back_again {
        for (name, by) in [("there-59m", 59 * MINUTE), ("there-1d", DAY)] {
            let mut play = Play::at(name, Unit::Second, "2026-11-22 09:59:55");
            play.see_run(&EACH);
            play.move_by(by);
            play.see_run(&EACH);
            play.move_by(-by);
            play.see_run(if by > 3 * HOUR { &EACH } else { &AGAIN });
            play.move_by(by);
            play.see_run(&EACH);
            play.end();
        }
    }

    the_last_second_that_32_bits_hold {
        let mut play = Play::at("through-2038", Unit::Second, "2038-01-19 03:14:05");
        play.see_run(&EACH);
        play.until("its time", |judge| judge.has_run("listed-once", utc("2038-01-19 03:14:09")));
        assert_eq!(play.end().steps, []);

        let mut play = Play::at("to-2038", Unit::Hour, "2026-11-22 09:59:55");
        play.move_by(utc("2038-01-19 03:59:56") - utc("2026-11-22 09:59:55"));
        play.see_run(&EACH);
        play.end();
    }

    before_1970 {
        let mut play = Play::at("epoch", Unit::Second, "1969-12-31 23:59:58");
        play.see_run(&EACH);
        play.until("its time", |judge| judge.has_run("listed-once", 0));
        play.end();

        let mut play = Play::at("in-1960", Unit::Hour, "1960-02-29 23:59:57");
        play.see_run(&EACH);
        play.move_by(utc("1969-12-31 23:59:57") - play.now());
        play.see_run(&EACH);
        play.end();

        let mut play = Play::at("to-1960", Unit::Second, "2026-11-22 09:59:55");
        play.see_run(&EACH);
        play.move_by(utc("1960-02-29 23:59:57") - play.now());
        play.see_run(&EACH);
        play.end();
    }

    // No look sees a second's difference: there is no step, and all are on time by what the clock shows.
    at_half_speed {
        let mut play = Play::at_rate("half", Unit::Second, "2026-11-22 09:59:58", 0.5, Duration::from_secs(1));
        play.until("its time", |judge| judge.has_run("listed-once", utc("2026-11-22 10:00:02")));
        assert_eq!(play.end().steps, []);
    }

    at_ten_times_speed {
        for (name, unit, start) in [
            ("ten-seconds", Unit::Second, "2026-11-22 10:01:30"),
            ("ten-minutes", Unit::Minute, "2026-11-22 10:00:30"),
        ] {
            let mut play = Play::at_rate(name, unit, start, 10.0, Duration::from_secs(1));
            for name in EACH {
                play.until("its time", |judge| judge.has_told(name, utc("2026-11-22 10:02:00")));
            }
            play.end();
        }
    }

    // Each look sees some minutes pass, or an hour or two.
    a_year_in_a_minute {
        let judge = a_fast_time("year", 1.0, "2026-12-31 00:00", Duration::from_millis(1));
        // The timer does not spin, though two looks right after each other see more than a second pass.
        assert!(judge.steps.len() < 200_000, "{} steps", judge.steps.len());
    }

    // Each look sees a day pass: a correction.
    ten_years_of_corrections {
        let judge = a_fast_time("corrections", 100.0, "2036-01-01 00:00", Duration::from_secs(1));
        assert!(judge.steps.iter().any(|&by| by > 3 * HOUR));
    }

    what_the_command_line_logs {
        let moves = [
            (59 * MINUTE, "end status=0 line 1: echo five&clock forward="),
            (-59 * MINUTE, "clock back="),
            // Each of them is told in its own time.
            (4 * HOUR, "corrected\" line 1&corrected\" line 2&clock forward="),
        ];
        let log = log_of_run("2026-11-22 09:58:30", "*/5 * * * * echo five\n30 12 * * * false\n", &moves);
        // Each job logs its own start and end, and the events come from a thread of their own: the order may vary.
        let of = |what: &str| {
            let mut lines: Vec<_> = log.iter().filter(|line| line.contains(what)).cloned().collect();
            lines.sort();
            lines
        };
        // From ten on, and then all of it again, and more: skipped this time.
        assert_eq!(
            of("line 1"),
            [
                "end status=0 line 1: echo five",
                "late line 1: echo five",
                "missed count=11 why=\"nothing could start it in time\" line 1: echo five",
                "missed count=48 why=\"the clock was corrected\" line 1: echo five",
                "start line 1: echo five",
            ]
        );
        assert_eq!(of("line 2"), ["missed count=1 why=\"the clock was corrected\" line 2: false"]);
        let steps = log.iter().filter_map(|line| line.strip_prefix("clock ")?.strip_suffix('s')?.split_once('='));
        let steps = steps.map(|(way, by)| format!("{way} {:.0}", by.parse::<f64>().unwrap()));
        assert_eq!(steps.collect::<Vec<_>>(), ["forward 3540", "back 3540", "forward 14400"]);
    }

    stopped_for_three_seconds {
        stopped::stopped("stopped", 3);
    }

    // As a debugger does, or a machine whose guests are moved. `SEXTON_STOPPED` says for how many seconds.
    stopped_for_more_than_a_minute {
        let seconds = std::env::var("SEXTON_STOPPED").map_or(70, |seconds| seconds.parse().unwrap());
        stopped::stopped("stopped-long", seconds);
    }
}

/// Every hour from 2026 on, so many years in a minute.
#[track_caller]
fn a_fast_time(name: &str, years: f64, end: &str, check: Duration) -> Judge {
    let mut play = Play::at_rate(name, Unit::Hour, "2025-12-31 23:30:00", years * 525_600.0, check);
    for name in EACH.iter().chain(&["day"]) {
        play.until("the end of the time", |judge| judge.has_told(name, utc(end)));
    }
    play.end()
}

/// The log of `sexton run` while its clock is moved, without times and durations. Each move comes right after a job that
/// runs by elapsed time.
#[track_caller]
fn log_of_run(start: &str, crontab: &str, moves: &[(Nanos, &str)]) -> Vec<String> {
    let mut offset = utc(start) - machine_time();
    let mut command = Command::new(env!("CARGO_BIN_EXE_sexton"));
    command.args(["run", "-", "--log-commands"]);
    let mut process = Process::start("run", command, Dial::Offset(offset), From::Stderr);
    process.say(&format!("{crontab}@every 0.5s true\n"));
    process.close_stdin();
    let mut log: Vec<String> = Vec::new();
    let mut see = |what: &str| {
        let deadline = Instant::now() + PATIENCE;
        let since = log.len();
        while !what.split('&').all(|part| log[since..].iter().any(|line| line.contains(part))) {
            let line = process.line(deadline);
            let line = line.unwrap_or_else(|| panic!("waited for `{what}`: {log:#?}"));
            let (time, line) = line.split_once(' ').unwrap();
            assert!(time.parse::<sexton::Moment>().is_ok(), "{time} {line}");
            let is_exact = |word: &&str| !["took=", "by=", "due="].iter().any(|key| word.starts_with(key));
            log.push(line.split(' ').filter(is_exact).collect::<Vec<_>>().join(" "));
        }
        log.push("-".to_string());
    };
    for (by, then) in moves {
        see("end status=0 line 3: true");
        offset += by;
        process.turn(Dial::Offset(offset));
        see(then);
    }
    log
}
