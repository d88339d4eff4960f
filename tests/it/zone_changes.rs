//! The zone is changed while tasks wait: to them a change of clocks at that moment, by up to three hours; more is a
//! correction.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use sexton::tz::Zone;
use sexton::{Event, Missed, Overlap, Scheduler, Why};

use crate::stage::{missed, must_end, these_tests, time, Stage, DAY, HOUR, MINUTE, PATIENCE, SECOND};

fn hours(hours: i32) -> Zone {
    Zone::fixed(hours * 3600).unwrap()
}

/// A scheduler in UTC+1 at nine in the morning, what its task's runs were due for, and the task's next due.
struct Morning {
    stage: Stage,
    dues: Arc<Mutex<Vec<String>>>,
}

impl Morning {
    fn with(schedule: impl FnOnce(&Scheduler) -> sexton::TaskBuilder<'_>) -> Morning {
        let stage = Stage::set_in(hours(1), "2026-11-22 09:00:10");
        let dues = Arc::new(Mutex::new(Vec::new()));
        let seen = dues.clone();
        let run = move |run: &sexton::Run| seen.lock().unwrap().push(time(run.due()));
        schedule(&stage.scheduler).run_with(run).unwrap();
        Morning { stage, dues }
    }

    /// Changes the zone, lets time pass, and says what was run, and when that was due in UTC.
    fn moved_to(&self, zone: Zone, passes: Duration) -> Vec<String> {
        self.stage.scheduler.set_zone(zone);
        self.stage.clock.advance(passes);
        std::mem::take(&mut *self.dues.lock().unwrap())
    }
}

#[test]
fn eastward_what_the_clocks_skip_is_made_up_by_schedules_that_name_their_hour() {
    // 09:00:10 becomes 11:00:10, and ten o'clock is never shown. It is run at the next second.
    let fixed = Morning::with(|scheduler| scheduler.task("t").cron("0 10 * * *"));
    assert_eq!(fixed.moved_to(hours(3), DAY), ["08:00:11", "2026-11-23T07:00:00Z"]);
    // Several in one gap are one.
    let fixed = Morning::with(|scheduler| scheduler.task("t").cron("0,20,40 10 * * *"));
    assert_eq!(fixed.moved_to(hours(3), 12 * HOUR), ["08:00:11"]);
    // What the new clocks show anyway is not moved.
    let fixed = Morning::with(|scheduler| scheduler.task("t").cron("0 11,12 * * *"));
    assert_eq!(fixed.moved_to(hours(3), 12 * HOUR), ["08:00:11", "09:00:00"]);
    // One that does not name its hour goes on as if nothing had happened.
    let interval = Morning::with(|scheduler| scheduler.task("t").cron("*/30 * * * *"));
    assert_eq!(interval.moved_to(hours(3), HOUR), ["08:30:00", "09:00:00"]);
    // Whole days name their time.
    let daily = Morning::with(|scheduler| scheduler.task("t").every("1d").starting("2026-11-22 10:00"));
    assert_eq!(daily.moved_to(hours(3), DAY), ["08:00:11", "2026-11-23T07:00:00Z"]);
}

#[test]
fn eastward_what_was_moved_to_a_time_that_the_clocks_skip_is_made_up_as_well() {
    // Saturday's is due on Sunday at ten, which is never shown.
    let saturday = ["2026-11-21"];
    for asks in [false, true] {
        let moved = Morning::with(|scheduler| {
            let task = scheduler.task("t").cron("0 10 * * sat").except_dates(saturday).or_next_day();
            if asks {
                task.except(|_| false)
            } else {
                task
            }
        });
        assert_eq!(moved.moved_to(hours(3), 6 * DAY), ["08:00:11", "2026-11-28T07:00:00Z"], "{asks}");
    }
    // A closure leaves out what is shown instead.
    let moved = Morning::with(|scheduler| {
        let task = scheduler.task("t").cron("0 10 * * sat").except_dates(saturday);
        task.except(|time| time.time().hour() == 11).or_next_day()
    });
    assert!(moved.moved_to(hours(3), 3 * DAY).is_empty());
    // One that is skipped and left out goes to its own time of day, not to that at which it is made up.
    let moved = Morning::with(|scheduler| {
        scheduler.task("t").cron("0 10 * * sun").except_dates(["2026-11-22"]).or_next_day()
    });
    assert_eq!(moved.moved_to(hours(3), 3 * DAY), ["2026-11-23T07:00:00Z"]);
    // It had been run.
    let moved = Morning::with(|scheduler| {
        scheduler.task("t").cron("0 9 * * sat").except_dates(saturday).or_next_day()
    });
    assert!(moved.moved_to(hours(3), 3 * DAY).is_empty());
}

#[test]
fn westward_what_the_clocks_have_shown_is_run_again_by_interval_like_schedules_only() {
    let fixed = Morning::with(|scheduler| scheduler.task("t").cron("0 7,8,9,10 * * *"));
    // 09:00:10 becomes 07:00:10.
    assert_eq!(fixed.moved_to(hours(-1), 12 * HOUR), ["11:00:00"]);
    let interval = Morning::with(|scheduler| scheduler.task("t").cron("0 * * * *"));
    assert_eq!(interval.moved_to(hours(-1), 3 * HOUR), ["09:00:00", "10:00:00", "11:00:00"]);
    let daily = Morning::with(|scheduler| scheduler.task("t").every("1d").starting("2026-11-22 08:00"));
    // The first due is that of today, run at once, as it has passed.
    assert_eq!(daily.moved_to(hours(-1), DAY), ["07:00:00", "2026-11-23T09:00:00Z"][..1]);
    assert_eq!(daily.moved_to(hours(-1), 2 * HOUR), ["2026-11-23T09:00:00Z"]);
}

#[test]
fn what_was_made_up_is_not_run_again_when_another_change_brings_it_back() {
    for passes in [SECOND + SECOND / 1000, HOUR] {
        // 09:00:10 becomes 11:00:10, and soon it is nine again, and then ten.
        let fixed = Morning::with(|scheduler| scheduler.task("t").cron("0 10 * * *"));
        assert_eq!(fixed.moved_to(hours(3), passes), ["08:00:11"]);
        assert_eq!(fixed.moved_to(hours(1), DAY + 2 * HOUR), ["2026-11-23T09:00:00Z"]);
        let daily = Morning::with(|scheduler| scheduler.task("t").every("1d").starting("2026-11-22 10:00"));
        assert_eq!(daily.moved_to(hours(3), passes), ["08:00:11"]);
        assert_eq!(daily.moved_to(hours(1), DAY + 2 * HOUR), ["2026-11-23T09:00:00Z"]);
    }
}

#[test]
fn over_three_hours_are_a_correction() {
    let fixed = Morning::with(|scheduler| scheduler.task("t").cron("0 10 * * *"));
    assert_eq!(fixed.moved_to(hours(5), DAY), ["2026-11-23T05:00:00Z"]);
    // 09:00:10 becomes 03:00:10.
    let fixed = Morning::with(|scheduler| scheduler.task("t").cron("0 7,8,9,10 * * *"));
    assert_eq!(fixed.moved_to(hours(-5), 16 * HOUR), ["12:00:00", "13:00:00", "14:00:00", "15:00:00"]);
}

#[test]
fn a_civil_time_is_that_time_in_the_new_zone() {
    let at = Morning::with(|scheduler| scheduler.task("t").at("2026-11-22 12:00"));
    assert_eq!(at.moved_to(hours(-1), DAY), ["13:00:00"]);
    // If it has passed there, it is due at once.
    for new in [4, 10] {
        let at = Morning::with(|scheduler| scheduler.task("t").at("2026-11-22 10:00"));
        assert_eq!(at.moved_to(hours(new), DAY), ["08:00:10"]);
    }
    let each = Morning::with(|scheduler| {
        scheduler.task("t").at_each(["2026-11-22 10:00", "2026-11-22 11:00", "2026-11-22 12:00"])
    });
    assert_eq!(each.moved_to(hours(3), DAY), ["08:00:10", "09:00:00"]);
    // An instant is the same everywhere.
    let at = Morning::with(|scheduler| scheduler.task("t").at("2026-11-22T12:00:00Z"));
    assert_eq!(at.moved_to(hours(-1), DAY), ["12:00:00"]);
}

#[test]
fn civil_bounds_are_those_of_the_new_zone() {
    let bounded = Morning::with(|scheduler| {
        scheduler.task("t").cron("0 * * * *").starting("2026-11-22 11:00").until("2026-11-22 13:00")
    });
    assert_eq!(bounded.moved_to(hours(0), DAY), ["12:00:00", "13:00:00"]);
    let anchored = Morning::with(|scheduler| scheduler.task("t").every("30m").starting("2026-11-22 11:00"));
    assert_eq!(anchored.moved_to(hours(0), 3 * HOUR), ["11:00:00"]);
    let ended = Morning::with(|scheduler| scheduler.task("t").cron("0 * * * *").until("2026-11-22 10:00"));
    assert_eq!(ended.moved_to(hours(3), DAY), Vec::<String>::new());
    assert!(ended.stage.scheduler.tasks().is_empty(), "it is over, and gives its name up");
}

#[test]
fn elapsed_time_does_not_notice() {
    let elapsed = Morning::with(|scheduler| scheduler.task("t").every("20m"));
    assert_eq!(elapsed.moved_to(hours(-2), HOUR), ["08:00:10", "08:20:10", "08:40:10", "09:00:10"]);
    let delay = Morning::with(|scheduler| scheduler.task("t").after(HOUR));
    assert_eq!(delay.moved_to(hours(12), DAY), ["09:00:10"]);
}

#[test]
fn a_task_with_a_zone_of_its_own_stays_there() {
    let own = Morning::with(|scheduler| scheduler.task("t").cron("0 10 * * *").zone(hours(1)));
    assert_eq!(own.moved_to(hours(-2), DAY), ["09:00:00"]);
}

#[test]
fn dues_that_have_come_are_run_whatever_the_zone() {
    let stage = Stage::set_in(hours(1), "2026-11-22 09:59:00");
    let dues = Arc::new(Mutex::new(Vec::new()));
    let seen = dues.clone();
    let clock = stage.clock.clone();
    let run = move |run: &sexton::Run| {
        seen.lock().unwrap().push(time(run.due()));
        if run.count() == 1 {
            // Long enough for the next due to pass, and then the machine is moved.
            clock.advance(15 * MINUTE);
            run.scheduler().set_zone(hours(0));
            clock.advance(15 * MINUTE);
        }
    };
    stage.scheduler.task("t").cron("0,10,20 10 * * *").run_with(run).unwrap();
    stage.clock.advance(3 * HOUR);
    // 10:10 in the old zone has passed before the change: the new clocks show it an hour later, and it is not due again.
    assert_eq!(*dues.lock().unwrap(), ["09:00:00", "10:20:00"]);
    let missed: Vec<_> = stage.lines().into_iter().filter(|line| line.contains("missed")).collect();
    assert_eq!(missed, ["t missed 1 until 09:10:00: still running"]);
}

#[test]
fn what_was_run_on_its_way_after_a_suspend_is_not_told_as_missed() {
    let stage = Stage::at("2026-11-22 10:00:00");
    let clock = stage.clock.clone();
    let task = stage.scheduler.task("t").cron("*/20 * * * * *").overlap(Overlap::Queue);
    task.run(move || clock.advance(20 * SECOND)).unwrap();
    // The run for 10:00:20 ends with the next due, which is on its way when the zone changes and the machine sleeps.
    stage.clock.advance(20 * SECOND);
    stage.scheduler.set_zone(hours(0));
    stage.clock.suspend(20 * SECOND);
    stage.clock.advance(Duration::ZERO);
    let told: Vec<_> = stage.lines().into_iter().filter(|line| line.starts_with("t ")).collect();
    assert_eq!(told, ["t 10:00:20", "t missed 1 until 10:00:40: still running", "t 10:01:00"]);
}

#[test]
fn each_change_of_zone_during_a_run_is_judged_by_itself() {
    let stage = Stage::set_in(hours(1), "2026-11-22 09:59:00");
    let dues = Arc::new(Mutex::new(Vec::new()));
    let seen = dues.clone();
    let run = move |run: &sexton::Run| {
        seen.lock().unwrap().push(time(run.due()));
        if run.count() == 1 {
            run.scheduler().set_zone(hours(-2));
            run.scheduler().set_zone(hours(2));
        }
    };
    stage.scheduler.task("t").cron("0 10,11,12 * * *").run_with(run).unwrap();
    stage.clock.advance(3 * HOUR);
    // 10:00:00 becomes 07:00:00, and that becomes 11:00:00: a correction, which makes up for nothing.
    assert_eq!(*dues.lock().unwrap(), ["09:00:00", "10:00:00"]);
}

#[test]
fn what_was_shown_before_the_last_change_but_one_is_not_run_again_either() {
    let fixed = Morning::with(|scheduler| scheduler.task("t").cron("30 7,8,9 * * *"));
    // 09:00:10 becomes 07:00:10, and 07:10:10 becomes 08:10:10: half past seven and eight were shown before.
    assert!(fixed.moved_to(hours(-1), 10 * MINUTE).is_empty());
    assert_eq!(fixed.moved_to(hours(0), 12 * HOUR), ["09:30:00"]);
    // And back again: nothing has happened.
    let fixed = Morning::with(|scheduler| scheduler.task("t").cron("30 7,8,9 * * *"));
    assert!(fixed.moved_to(hours(-1), Duration::ZERO).is_empty());
    assert_eq!(fixed.moved_to(hours(1), 12 * HOUR), ["08:30:00"]);
}

#[test]
fn after_a_step_back_to_before_the_last_change_the_next_one_is_judged_by_the_zone_of_then() {
    let often = Morning::with(|scheduler| scheduler.task("t").cron("*/45 8,9 * * *"));
    assert!(often.moved_to(hours(2), Duration::ZERO).is_empty());
    // 10:00:10 becomes 09:00:10, and that becomes 09:30:10. A quarter to nine is not among what clocks skip.
    often.stage.clock.step_back(HOUR);
    assert!(often.moved_to(Zone::fixed(9000).unwrap(), 10 * MINUTE).is_empty());
    assert_eq!(often.moved_to(Zone::fixed(9000).unwrap(), 10 * MINUTE), ["07:15:00"]);
}

#[test]
fn what_interval_like_schedules_have_before_them_again_is_made_up_too() {
    let often = Morning::with(|scheduler| scheduler.task("t").cron("*/45 8,9 * * *"));
    // 09:00:10 becomes 08:30:10, and that becomes 09:30:10.
    often.stage.clock.step_back(30 * MINUTE);
    assert_eq!(often.moved_to(hours(2), HOUR), ["07:30:11", "07:45:00"]);
}

#[test]
fn a_step_back_to_after_the_last_change_does_not_forget_it() {
    let dues = |steps: &[Duration]| {
        let often = Morning::with(|scheduler| scheduler.task("t").cron("*/30 9 * * *"));
        assert_eq!(often.moved_to(hours(2), 30 * MINUTE), ["08:00:11"]);
        for &step in steps {
            often.stage.clock.step_back(step);
            often.stage.clock.advance(Duration::ZERO);
        }
        often.moved_to(hours(2), 3 * HOUR)
    };
    assert_eq!(dues(&[70 * MINUTE]), ["07:30:00", "08:00:11"]);
    assert_eq!(dues(&[10 * MINUTE, HOUR]), ["07:30:00", "08:00:11"]);
}

#[test]
fn it_is_told_and_new_tasks_go_by_it() {
    let stage = Stage::at("2026-11-22 10:00");
    stage.scheduler.set_zone(Zone::utc());
    assert!(stage.lines().is_empty(), "the same zone is no change");
    stage.scheduler.set_zone(hours(2));
    assert_eq!(stage.lines(), ["zone changed from `UTC` to `+02:00`"]);
    assert_eq!(stage.scheduler.zone(), hours(2));
    let task = stage.scheduler.task("t").cron("0 15 * * *").run(|| {}).unwrap();
    assert_eq!(task.next_due().map(time).as_deref(), Some("13:00:00"));
    assert_eq!(task.to_string(), "t: cron 0 15 * * *, waiting, next 2026-11-22T15:00:00+02:00");
}

/// The rule for clock changes, of which this is an instance: a zone whose own clocks change with the next second has the
/// same dues.
#[test]
fn it_is_the_rule_for_clock_changes() {
    let expressions = [
        "0 9 * * *",
        "30 9 * * *",
        "0 10 * * *",
        "0,30 8-11 * * *",
        "*/10 * * * *",
        "0 */2 * * *",
        "*/20 10 * * *",
        "5,35 9,10,11 * * *",
        "15 * * * *",
    ];
    // In seconds after 09:00:00 in the first zone.
    for at in [0, 1, 599, 600, 1800, 3599, 3600] {
        for shift in [-3, -2, -1, 1, 2, 3] {
            let stage = Stage::set_in(hours(1), "2026-11-22 08:59:59");
            let start = stage.clock.now();
            let changes = start + SECOND + Duration::from_secs(at);
            let zone = changing(changes + SECOND, 1, 1 + shift);
            let dues: Arc<Mutex<Vec<(usize, SystemTime)>>> = Arc::default();
            for (i, cron) in expressions.iter().enumerate() {
                let seen = dues.clone();
                let run = move |run: &sexton::Run| seen.lock().unwrap().push((i, run.due()));
                stage.scheduler.task(cron).cron(cron).run_with(run).unwrap();
            }
            stage.clock.advance(changes.duration_since(start).unwrap());
            stage.scheduler.set_zone(hours(1 + shift));
            stage.clock.advance(30 * HOUR);
            let end = stage.clock.now();
            let seen = dues.lock().unwrap().clone();
            for (i, cron) in expressions.iter().enumerate() {
                let schedule = sexton::Schedule::cron(cron).unwrap().zone(zone.clone());
                let expected: Vec<_> =
                    schedule.upcoming(start).unwrap().take_while(|&due| due <= end).collect();
                let got: Vec<_> = seen.iter().filter(|run| run.0 == i).map(|run| run.1).collect();
                let show = |dues: &[SystemTime]| dues.iter().map(|&due| time(due)).collect::<Vec<_>>();
                assert_eq!(show(&got), show(&expected), "{cron}, {at} s, {shift} h");
            }
        }
    }
}

/// A zone that has one offset up to an instant and another one from then on, in hours.
pub fn changing(at: SystemTime, before: i32, after: i32) -> Zone {
    Zone::from_tzif("changing", &file_of(at, before, after)).unwrap()
}

/// The file of such a zone.
fn file_of(at: SystemTime, before: i32, after: i32) -> Vec<u8> {
    let unix = unix_seconds(at) as i64;
    let header = |times: u32, types: u32, chars: u32| {
        let mut bytes = b"TZif2".to_vec();
        bytes.extend([0; 15]);
        [0, 0, 0, times, types, chars].iter().for_each(|count| bytes.extend(count.to_be_bytes()));
        bytes
    };
    let mut file = header(0, 1, 1);
    file.extend([0; 7]);
    file.extend(header(1, 2, 2));
    file.extend(unix.to_be_bytes());
    file.push(1);
    for offset in [before, after] {
        file.extend((offset * 3600).to_be_bytes());
        file.extend([0, 0]);
    }
    file.extend(b"X\0\n\n");
    file
}

#[test]
fn an_observer_may_do_what_it_likes_when_it_hears_of_it() {
    let stage = Stage::at("2026-11-22 10:00");
    let scheduler = stage.scheduler.clone();
    stage.scheduler.observe(move |event| {
        if matches!(event, Event::ZoneChanged { .. }) {
            scheduler.task("hears").every("1s").run(|| {}).unwrap();
            scheduler.set_zone(scheduler.zone());
        }
    });
    stage.scheduler.task("t").cron("@hourly").run(|| {}).unwrap();
    stage.scheduler.set_zone(hours(1));
    assert_eq!(stage.scheduler.tasks().len(), 2);
    stage.scheduler.shutdown();
}

/// What the test below runs in a process of its own: tells what becomes of its zones, until its stdin ends. A line there
/// puts it into a zone that is not the local one.
#[test]
#[ignore = "the other process of `files_that_are_replaced_are_noticed_by_a_running_process`"]
fn running_process() {
    let minute =
        Scheduler::builder().clock_check(Duration::from_millis(5)).zone_check(Duration::from_millis(5));
    let scheduler = minute.build().unwrap();
    let seen = Arc::new(Mutex::new(HashMap::<String, sexton::Task>::new()));
    let tasks = seen.clone();
    scheduler.observe(move |event| {
        let next = |name| tasks.lock().unwrap().get(name).and_then(|task| task.next_due());
        match event {
            Event::ZoneChanged { .. } | Event::ZoneKept { .. } | Event::ZoneReadAgain { .. } => {
                let hour = |name| next(name).map_or(99, |due| unix_seconds(due).rem_euclid(86_400) / 3600);
                println!("told: {event}; at {} and {}", hour("local"), hour("own"));
            }
            _ => {}
        }
    });
    // Noon of a day that no change of zone can bring near, at whatever hour the test runs.
    const NOON: &str = "0 0 12 1 7 * 2199";
    let local = scheduler.task("local").cron(NOON).run(|| {}).unwrap();
    let own = scheduler.task("own").cron(NOON).zone("Own").run(|| {}).unwrap();
    seen.lock().unwrap().extend([("local".to_string(), local), ("own".to_string(), own)]);
    println!("told: ready");
    for _ in std::io::stdin().lines() {
        scheduler.set_zone(hours(7));
    }
    scheduler.shutdown();
}

fn unix_seconds(instant: SystemTime) -> u64 {
    instant.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
}

#[test]
fn files_that_are_replaced_are_noticed_by_a_running_process() {
    let folder = std::env::temp_dir().join(format!("sexton-zone-files-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let into = folder.clone();
    let put = move |name: &str, bytes: &[u8]| {
        fs::write(into.join("new"), bytes).unwrap();
        fs::rename(into.join("new"), into.join(name)).unwrap();
    };
    put("Local", &file_of(SystemTime::UNIX_EPOCH, 1, 1));
    put("Own", &file_of(SystemTime::UNIX_EPOCH, 1, 1));
    let mut process = these_tests()
        .args(["--exact", "zone_changes::running_process", "--ignored", "--nocapture"])
        .env("TZDIR", &folder)
        .env("TZ", "Local")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = process.stdin.take().unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut heard = move || loop {
        let line = lines.next().expect("the process tells what happens");
        if let Some((_, told)) = line.split_once("told: ") {
            return told.to_string();
        }
    };
    let play = move || {
        assert_eq!(heard(), "ready");
        put("Local", &file_of(SystemTime::UNIX_EPOCH, 2, 2));
        assert_eq!(heard(), "zone `Local` has new data; at 10 and 11");
        put("Local", b"no zone");
        let kept = heard();
        let file = folder.join("Local");
        let expected =
            format!("zone `Local` keeps its old data: zone file `{}`: header: found", file.display());
        assert!(kept.starts_with(&expected) && kept.ends_with("at 10 and 11"), "{kept}");
        // The same error is told once, also if it is of another file. The local zone is looked at first.
        put("Local", b"no zone either");
        put("Own", &file_of(SystemTime::UNIX_EPOCH, 4, 4));
        assert_eq!(heard(), "zone `Own` has new data; at 10 and 8");
        put("Local", &file_of(SystemTime::UNIX_EPOCH, 2, 2));
        assert_eq!(heard(), "zone `Local` can be read again and is unchanged; at 10 and 8");
        fs::remove_file(folder.join("Own")).unwrap();
        let kept = heard();
        assert!(
            kept.starts_with("zone `Own` keeps its old data: ") && kept.ends_with("at 10 and 8"),
            "{kept}"
        );
        put("Own", &file_of(SystemTime::UNIX_EPOCH, 4, 4));
        assert_eq!(heard(), "zone `Own` can be read again and is unchanged; at 10 and 8");
        put("Own", b"no zone");
        assert!(heard().starts_with("zone `Own` keeps its old data: "), "it is reported again");
        put("Own", &file_of(SystemTime::UNIX_EPOCH, 3, 3));
        assert_eq!(heard(), "zone `Own` has new data; at 10 and 9");
        put("Local", &file_of(SystemTime::UNIX_EPOCH, 5, 5));
        assert_eq!(heard(), "zone `Local` has new data; at 7 and 9");
        // Whoever sets the zone is not moved with the machine any more. All zones have been looked at when a change of the
        // other is told twice, the local one first.
        stdin.write_all(b"set\n").unwrap();
        assert_eq!(heard(), "zone changed from `Local` to `+07:00`; at 5 and 9");
        put("Local", &file_of(SystemTime::UNIX_EPOCH, 6, 6));
        for (hours, hour) in [(4, 8), (3, 9)] {
            put("Own", &file_of(SystemTime::UNIX_EPOCH, hours, hours));
            assert_eq!(heard(), format!("zone `Own` has new data; at 5 and {hour}"));
        }
        fs::remove_dir_all(folder).unwrap();
        // Whoever writes is to be heard to the end.
        (heard, stdin)
    };
    let (_heard, stdin) = must_end("a process whose zone files are replaced", play);
    drop(stdin);
    assert!(process.wait().unwrap().success());
}

#[cfg(unix)]
#[test]
fn of_a_zone_that_nobody_goes_by_any_more_nothing_is_told() {
    let folder = std::env::temp_dir().join(format!("sexton-left-zones-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let path = |name: &str| folder.join(name);
    let put = |name: &str, hours: i32| {
        fs::write(path("new"), file_of(SystemTime::UNIX_EPOCH, hours, hours)).unwrap();
        fs::rename(path("new"), path(name)).unwrap();
        Zone::from_tz(path(name).to_str().unwrap()).unwrap()
    };
    let (left, cancelled, own) = (put("left", 1), put("cancelled", 1), put("own", 1));
    let often = Duration::from_millis(5);
    let scheduler = Scheduler::builder().zone(left).clock_check(often).zone_check(often).build().unwrap();
    let (teller, told) = std::sync::mpsc::channel();
    let teller = Mutex::new(teller);
    scheduler.observe(move |event| {
        let name = |zone: &str| zone.rsplit('/').next().unwrap().to_string();
        let line = match event {
            Event::ZoneChanged { to, .. } => format!("{} is new", name(to)),
            Event::ZoneKept { zone, .. } => format!("{} is kept", name(zone)),
            Event::ZoneReadAgain { zone } => format!("{} is read again", name(zone)),
            _ => return,
        };
        let _ = teller.lock().unwrap().send(line);
    });
    let task = |name: &str| scheduler.task(name).cron("0 12 * * *");
    task("a").run(|| {}).unwrap();
    task("b").zone(cancelled.clone()).run(|| {}).unwrap();
    task("c").zone(own).run(|| {}).unwrap();
    let heard = || told.recv_timeout(PATIENCE).unwrap();
    fs::remove_file(path("left")).unwrap();
    assert_eq!(heard(), "left is kept");
    scheduler.set_zone(Zone::utc());
    assert_eq!(heard(), "UTC is new");
    fs::remove_file(path("cancelled")).unwrap();
    assert_eq!(heard(), "cancelled is kept");
    scheduler.cancel("b").unwrap();
    // Twice, so that all zones have been looked at in between.
    for hours in [2, 3] {
        put("own", hours);
        assert_eq!(heard(), "own is new");
    }
    // Whoever goes by it anew is told anew.
    scheduler.task("d").cron("0 12 * * *").zone(cancelled).run(|| {}).unwrap();
    assert_eq!(heard(), "cancelled is kept");
    put("cancelled", 1);
    assert_eq!(heard(), "cancelled is read again");
    fs::remove_dir_all(&folder).unwrap();
    scheduler.shutdown();
}

#[test]
fn however_often_the_zone_is_changed_while_a_due_is_pending_it_takes_no_more_time_or_memory() {
    let stage = Stage::set_in(hours(1), "2026-11-22 09:00:00");
    let task = stage.scheduler.task("t").cron("* * * * *").missed(Missed::All).run(|| {}).unwrap();
    task.pause().unwrap();
    for i in 0..20_000 {
        stage.clock.advance(SECOND);
        stage.scheduler.set_zone(hours(i % 3));
    }
    task.resume().unwrap();
    stage.clock.advance(MINUTE);
    let counted = missed(&stage.told(), Why::Paused);
    assert!((300..=340).contains(&counted), "some 333 minutes have passed: {counted}");
}

#[test]
fn fractions_of_a_second_go_with_a_period_of_days_to_the_new_zone() {
    let longer = Morning::with(|scheduler| scheduler.task("t").every("1d500ms").starting("2026-11-22 08:00"));
    assert_eq!(longer.moved_to(hours(3), DAY), ["07:00:00", "2026-11-23T05:00:00.5Z"]);
}

#[test]
fn what_is_upcoming_is_what_runs_also_if_the_clock_is_set_back_to_before_the_change() {
    let stage = Stage::set_in(Zone::utc(), "2026-11-22 12:00:10");
    let runs = Arc::new(Mutex::new(Vec::new()));
    let seen = runs.clone();
    let run = move |run: &sexton::Run| seen.lock().unwrap().push(run.due());
    let task = stage.scheduler.task("t").cron("30 * * * *").run_with(run).unwrap();
    stage.scheduler.set_zone(Zone::fixed(1800).unwrap());
    stage.clock.step_back(2 * HOUR + HOUR / 2);
    stage.clock.advance(Duration::ZERO);
    let upcoming = task.upcoming(4);
    assert_eq!(
        upcoming.iter().copied().map(time).collect::<Vec<_>>(),
        ["10:00:00", "11:00:00", "12:00:00", "13:00:00"]
    );
    stage.clock.advance(4 * HOUR);
    assert_eq!(runs.lock().unwrap()[..4], upcoming);
}
