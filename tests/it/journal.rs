//! What a scheduler with a journal does when its process is not the first.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use sexton::tz::Zone;
use sexton::{Event, ManualClock, Missed, Overlap, Run, Scheduler, TaskBuilder};

use crate::stage::{listen, moment, time, DAY, HOUR, MINUTE, SECOND};

/// A folder that is gone when this is.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Folder {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("sexton-journals-{}-{number}", std::process::id()));
        // There may be one of a process that had the same number and was killed.
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Folder(folder)
    }

    pub fn journal(&self) -> PathBuf {
        self.0.join("jobs.journal")
    }
}

/// What a process would find that begins at this moment, had the one that has the journal died.
fn copy_of(journal: &Path) -> Folder {
    let copy = Folder::new();
    fs::copy(journal, copy.journal()).unwrap();
    copy
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A process, from its start on 22 November 2026 or later.
pub struct Process {
    pub clock: ManualClock,
    pub scheduler: Scheduler,
    told: Arc<Mutex<Vec<Event>>>,
    runs: Arc<Mutex<Vec<String>>>,
}

impl Process {
    #[track_caller]
    pub fn start(journal: &Path, at: &str) -> Process {
        let clock = ManualClock::new(moment(at).instant(&Zone::utc()).unwrap());
        let builder = Scheduler::builder().clock(&clock).zone(Zone::utc());
        let scheduler = builder.journal(journal).build().unwrap();
        let told = listen(&scheduler);
        Process { clock, scheduler, told, runs: Arc::default() }
    }

    /// Schedules a task that notes what its runs are due for.
    #[track_caller]
    pub fn with(self, task: impl FnOnce(&Scheduler) -> TaskBuilder<'_>) -> Process {
        let runs = self.runs.clone();
        let run = move |run: &Run| {
            let missed = if run.missed() > 0 { format!(" +{}", run.missed()) } else { String::new() };
            runs.lock().unwrap().push(time(run.due()) + &missed);
        };
        task(&self.scheduler).run_with(run).unwrap();
        self
    }

    /// Lets time pass, and says what was run.
    pub fn runs(&self, passes: Duration) -> Vec<String> {
        self.clock.advance(passes);
        std::mem::take(&mut *self.runs.lock().unwrap())
    }

    pub fn told(&self, what: &str) -> Vec<String> {
        let told = std::mem::take(&mut *self.told.lock().unwrap());
        told.iter().map(Event::to_string).filter(|line| line.contains(what)).collect()
    }
}

fn hourly(scheduler: &Scheduler) -> TaskBuilder<'_> {
    scheduler.task("t").cron("0 * * * *")
}

fn daily(scheduler: &Scheduler) -> TaskBuilder<'_> {
    scheduler.task("t").every("1d")
}

fn fixed(scheduler: &Scheduler) -> TaskBuilder<'_> {
    scheduler.task("fixed").cron("0 8,9,10 * * *")
}

fn interval(scheduler: &Scheduler) -> TaskBuilder<'_> {
    scheduler.task("interval").cron("0 * * * *")
}

fn anchored<'a>(scheduler: &'a Scheduler, period: &str) -> TaskBuilder<'a> {
    scheduler.task("t").every(period).starting("2026-11-22 10:00")
}

#[test]
fn dues_while_the_process_was_down_are_missed_and_the_policy_speaks_for_them() {
    for (missed, runs) in [
        (Missed::Once, &["13:00:00 +2", "14:00:00"][..]),
        (Missed::Skip, &["14:00:00"]),
        (Missed::All, &["11:00:00", "12:00:00", "13:00:00", "14:00:00"]),
    ] {
        let folder = Folder::new();
        let start = |at| {
            let process = Process::start(&folder.journal(), at);
            process.with(|scheduler| scheduler.task("t").cron("0 * * * *").missed(missed))
        };
        let first = start("2026-11-22 09:30");
        assert_eq!(first.runs(HOUR), ["10:00:00"]);
        first.scheduler.shutdown();
        let second = start("2026-11-22 13:30");
        assert_eq!(second.runs(HOUR), runs, "{missed:?}");
        let skipped = ["task `t` missed 3: nothing could start it in time"];
        let told = second.told("missed 3");
        assert_eq!(told, if missed == Missed::Skip { &skipped[..] } else { &[] });
    }
}

#[test]
fn nothing_is_run_twice_however_often_the_process_begins_anew() {
    let folder = Folder::new();
    let mut runs = Vec::new();
    for minute in 0..180 {
        let at = format!("2026-11-22 {:02}:{:02}:30", 9 + minute / 60, minute % 60);
        let process = Process::start(&folder.journal(), &at)
            .with(|scheduler| scheduler.task("hourly").cron("0 * * * *"))
            .with(|scheduler| scheduler.task("once").at("2026-11-22 10:10"))
            .with(|scheduler| scheduler.task("each").at_each(["2026-11-22 09:00", "2026-11-22 11:20"]))
            .with(|scheduler| scheduler.task("daily").every("1d").starting("2026-11-21 09:45"))
            .with(|scheduler| scheduler.task("grid").every("50m").starting("2026-11-22 09:00:10"))
            .with(|scheduler| scheduler.task("from now").every("1d"));
        // It is down for half the time.
        runs.extend(process.runs(30 * SECOND));
        drop(process);
    }
    runs.sort();
    let expected = [
        "09:00:00",
        "09:00:10",
        "09:00:30",
        "09:45:00",
        "09:50:10",
        "10:00:00",
        "10:10:00",
        "10:40:10",
        "11:00:00",
        "11:20:00",
        "11:30:10",
        "12:00:00",
        "2026-11-21T09:45:00Z",
    ];
    assert_eq!(runs, expected);
}

#[test]
fn a_run_that_was_cut_off_is_told_and_not_run_again() {
    let folder = Folder::new();
    let first = Process::start(&folder.journal(), "2026-11-22 09:30");
    let copy = Arc::new(Mutex::new(None));
    let (at_the_crash, journal) = (copy.clone(), folder.journal());
    let crash = move || *at_the_crash.lock().unwrap() = Some(copy_of(&journal));
    first.scheduler.task("t").cron("0 * * * *").run(crash).unwrap();
    first.clock.advance(HOUR);
    let copy = copy.lock().unwrap().take().unwrap();
    let second = Process::start(&copy.journal(), "2026-11-22 10:20").with(hourly);
    assert_eq!(second.told("cut off"), ["task `t` was cut off in its last run: the process went down"]);
    assert_eq!(second.runs(HOUR), ["11:00:00"]);
    second.scheduler.shutdown();
    let third = Process::start(&copy.journal(), "2026-11-22 11:20").with(hourly);
    assert!(third.told("cut off").is_empty(), "once is enough");
    drop(third);
    // The run of the first process has ended after all, where nobody died.
    first.scheduler.shutdown();
    let next = Process::start(&folder.journal(), "2026-11-22 10:20").with(hourly);
    assert!(next.told("cut off").is_empty());
}

#[test]
fn one_that_ended_a_task_itself_begins_anew() {
    let folder = Folder::new();
    for end in ["cancel", "cancel after next", "break"] {
        let first = Process::start(&folder.journal(), "2026-11-22 09:30");
        let verdict = if end == "break" { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
        daily(&first.scheduler).run(move || verdict).unwrap();
        if end == "cancel after next" {
            first.scheduler.cancel_after_next("t").unwrap();
        }
        first.clock.advance(MINUTE);
        if end == "cancel" {
            first.scheduler.cancel("t").unwrap();
        }
        assert!(first.scheduler.tasks().is_empty(), "{end}");
        drop(first);
        let second = Process::start(&folder.journal(), "2026-11-22 12:00").with(daily);
        assert_eq!(second.runs(HOUR), ["12:00:00"], "{end}");
        second.scheduler.cancel("t").unwrap();
    }
    // Whoever ends with his first run leaves nothing that would have to be forgotten.
    assert_eq!(fs::read_to_string(folder.journal()).unwrap().matches("forgot").count(), 5);
}

/// Whoever cancels may do so at any moment, here between what a run was told with and its callback.
#[test]
fn what_is_cancelled_as_a_run_begins_is_forgotten_all_the_same() {
    let folder = Folder::new();
    let first = Process::start(&folder.journal(), "2026-11-22 09:30").with(hourly);
    let handle = first.scheduler.get("t").unwrap();
    first.scheduler.observe(move |event| {
        if let Event::Missed { .. } = event {
            handle.cancel().unwrap();
        }
    });
    first.clock.suspend(2 * HOUR);
    assert_eq!(first.runs(HOUR), ["11:00:00 +1"], "it had begun");
    drop(first);
    let second = Process::start(&folder.journal(), "2026-11-22 14:30").with(hourly);
    assert_eq!(second.runs(HOUR), ["15:00:00"], "as if it had never been there");
}

/// Daily dues: to the journal, one that is so much earlier than the last was once a sign that the clock had been wrong.
#[test]
fn runs_that_begin_on_several_threads_at_once_are_noted_in_their_order() {
    const DAYS: u32 = 20;
    for _ in 0..3 {
        let folder = Folder::new();
        let start = SystemTime::now() - DAYS * DAY;
        let clock = ManualClock::new(start);
        let builder = || Scheduler::builder().zone(Zone::utc()).journal(folder.journal());
        let first = builder().clock(&clock).build().unwrap();
        first.task("t").every("1d").run(|| {}).unwrap();
        clock.advance(MINUTE);
        first.shutdown();

        let second = builder().threads(8).build().unwrap();
        let (count, until) = (Arc::new(AtomicU32::new(0)), Instant::now() + MINUTE);
        let counting = count.clone();
        let task = second.task("t").every("1d").missed(Missed::All).overlap(Overlap::Allow(100));
        let count_one = move |_: &Run| {
            counting.fetch_add(1, Ordering::Relaxed);
        };
        task.run_shared(count_one).unwrap();
        while count.load(Ordering::Relaxed) < DAYS && Instant::now() < until {
            std::thread::yield_now();
        }
        second.shutdown();
        let third = builder().clock(&ManualClock::new(SystemTime::now())).build().unwrap();
        assert_eq!(third.last_due("t"), Some(start + DAYS * DAY));
    }
}

#[test]
fn what_was_not_due_yet_when_the_process_went_down_is_missed_too() {
    let folder = Folder::new();
    drop(Process::start(&folder.journal(), "2026-11-22 20:00").with(hourly).with(fixed));
    let second = Process::start(&folder.journal(), "2026-11-23 08:30").with(hourly).with(fixed);
    assert_eq!(second.runs(MINUTE), ["2026-11-23T08:00:00Z +11", "2026-11-23T08:00:00Z"]);
}

#[test]
fn a_name_that_is_scheduled_again_in_the_same_process_begins_anew() {
    let folder = Folder::new();
    let process = Process::start(&folder.journal(), "2026-11-22 09:30");
    let process = process.with(|scheduler| scheduler.task("t").at("2026-11-22 10:00"));
    assert_eq!(process.runs(2 * HOUR), ["10:00:00"]);
    // The schedule is over, and its name free: a new one is not held to what the old one did.
    let process = process.with(|scheduler| scheduler.task("t").at("2026-11-22 09:00"));
    assert_eq!(process.runs(HOUR), ["09:00:00"]);
    let process = process.with(|scheduler| scheduler.task("t").every("1d"));
    let process = process.with(|scheduler| scheduler.task("t").every("2d").replace());
    assert_eq!(process.runs(HOUR), ["12:30:00"]);
}

#[test]
fn a_run_asked_for_does_not_move_the_schedule() {
    let folder = Folder::new();
    let first = Process::start(&folder.journal(), "2026-11-22 09:00").with(daily);
    assert_eq!(first.runs(HOUR), ["09:00:00"]);
    first.scheduler.get("t").unwrap().run_now().unwrap();
    assert_eq!(first.runs(HOUR), ["10:00:00"]);
    drop(first);
    let second = Process::start(&folder.journal(), "2026-11-22 12:00").with(daily);
    assert_eq!(second.runs(DAY), ["2026-11-23T09:00:00Z"]);
}

#[test]
fn a_clock_that_is_set_back_between_two_processes_is_like_one_set_back_under_a_running_one() {
    let folder = Folder::new();
    let first = Process::start(&folder.journal(), "2026-11-22 07:30").with(fixed).with(interval);
    assert_eq!(first.runs(2 * HOUR).len(), 4);
    drop(first);
    let back = copy_of(&folder.journal());
    let second = Process::start(&back.journal(), "2026-11-22 07:45").with(fixed).with(interval);
    assert_eq!(second.runs(3 * HOUR), ["08:00:00", "09:00:00", "10:00:00", "10:00:00"]);
    drop(second);
    // By more than three hours it was wrong before, and does not silence anything.
    let second = Process::start(&folder.journal(), "2026-11-21 07:45").with(fixed).with(interval);
    assert_eq!(second.runs(HOUR), ["2026-11-21T08:00:00Z", "2026-11-21T08:00:00Z"]);
}

/// Elapsed time takes no notice of a clock that is set back; what counts for it after a restart is the grid.
#[test]
fn a_period_goes_on_by_a_clock_that_was_set_back_meanwhile() {
    let folder = Folder::new();
    let start = |at| Process::start(&folder.journal(), at).with(|scheduler| anchored(scheduler, "10m"));
    let first = start("2026-11-22 10:00");
    assert_eq!(first.runs(2 * HOUR).len(), 13);
    drop(first);
    let second = start("2026-11-22T11:09:59.5Z");
    assert_eq!(second.runs(MINUTE), ["11:10:00"]);
    drop(second);
    // What is no step of it is none.
    let third = start("2026-11-22T11:09:59.9Z");
    assert_eq!(third.runs(11 * MINUTE), ["11:20:00"]);
}

#[test]
fn what_is_left_out_or_delayed_stays_so_after_a_restart() {
    let folder = Folder::new();
    let start = |at| {
        let process = Process::start(&folder.journal(), at);
        process.with(|scheduler| {
            let task = scheduler.task("t").cron("0 * * * *").jitter(10 * MINUTE).missed(Missed::All);
            task.except(|civil| civil.time().hour() == 11)
        })
    };
    let mut runs = start("2026-11-22 09:30").runs(HOUR);
    let delay = runs[0][3..].to_string();
    // Between the full hour and its delayed due.
    runs.extend(start("2026-11-22 13:00:01").runs(Duration::ZERO));
    runs.extend(start("2026-11-22 13:00:02").runs(HOUR));
    let hours = ["10", "12", "13", "14"].map(|hour| format!("{hour}:{delay}"));
    assert!(runs == hours[..3] && &*delay > "00:02", "{runs:?}");
}

#[test]
fn a_journal_is_kept_wherever_the_clock_is() {
    for (first, second, runs) in [
        ("1969-12-31 23:30", "1970-01-01 01:30", "1970-01-01T01:00:00Z"),
        ("1969-12-31 20:30", "1969-12-31 22:30", "1969-12-31T22:00:00Z"),
        ("9999-12-31 20:30", "9999-12-31 22:30", "9999-12-31T22:00:00Z"),
    ] {
        let folder = Folder::new();
        let process = Process::start(&folder.journal(), first).with(hourly);
        assert_eq!(process.runs(HOUR).len(), 1);
        drop(process);
        assert_eq!(Process::start(&folder.journal(), second).with(hourly).runs(MINUTE), [runs]);
    }
}

#[test]
fn names_that_were_not_scheduled_can_be_forgotten() {
    let folder = Folder::new();
    let start = |at| Process::start(&folder.journal(), at).with(fixed);
    let first = start("2026-11-22 07:30").with(interval).with(hourly);
    assert_eq!(first.runs(HOUR).len(), 3);
    drop(first);
    let once = |scheduler: &Scheduler| scheduler.task("t").at("2026-11-22 08:00").run(|| {}).map(drop);
    let second = start("2026-11-22 08:30");
    once(&second.scheduler).unwrap();
    assert_eq!(second.scheduler.forget_unscheduled(), ["interval"]);
    assert_eq!(second.scheduler.forget_unscheduled(), [""; 0]);
    drop(second);
    let third = start("2026-11-23 10:30").with(interval);
    once(&third.scheduler).unwrap();
    assert_eq!(
        third.told("ended"),
        ["task `t` ended"],
        "that it was run is not forgotten, though it has no task"
    );
    assert_eq!(third.runs(MINUTE), ["2026-11-23T10:00:00Z +4"], "those of `interval` are not missed");
}

#[test]
fn what_the_scheduler_did_not_get_to_is_left_to_the_next_process() {
    let folder = Folder::new();
    let first = Process::start(&folder.journal(), "2026-11-22 09:30").with(hourly);
    assert_eq!(first.runs(HOUR), ["10:00:00"]);
    first.clock.suspend(HOUR);
    first.scheduler.shutdown();
    assert_eq!(first.told("missed"), ["task `t` missed 1: shut down"]);
    let second = Process::start(&folder.journal(), "2026-11-22 11:40").with(hourly);
    assert_eq!(second.runs(MINUTE), ["11:00:00"]);
}

#[test]
fn a_second_process_is_told_that_the_journal_is_in_use() {
    let folder = Folder::new();
    let first = Process::start(&folder.journal(), "2026-11-22 09:30");
    let clock = ManualClock::new(first.clock.now());
    let second = || Scheduler::builder().clock(&clock).zone(Zone::utc()).journal(folder.journal()).build();
    let error = second().unwrap_err().to_string();
    let begin = format!("journal `{}`: in use by another process", folder.journal().display());
    assert!(error.starts_with(&begin), "{error}");
    // Shut down is enough, though a handle is left.
    first.scheduler.shutdown();
    second().unwrap();
}

#[test]
fn damage_is_told_to_whoever_listens_when_the_first_task_is_scheduled() {
    let folder = Folder::new();
    let first = Process::start(&folder.journal(), "2026-11-22 09:30").with(hourly);
    assert_eq!(first.runs(2 * HOUR).len(), 2);
    drop(first);
    let text = fs::read_to_string(folder.journal()).unwrap();
    fs::write(folder.journal(), text.replacen("began", "begun", 1)).unwrap();
    let second = Process::start(&folder.journal(), "2026-11-22 12:30").with(hourly);
    let told = second.told("journal");
    assert!(told.len() == 1 && told[0].contains("line 3"), "{told:?}");
    assert_eq!(second.runs(MINUTE), ["12:00:00"]);
}

#[test]
fn a_run_asked_for_that_is_cut_off_is_told() {
    let folder = Folder::new();
    let first = Process::start(&folder.journal(), "2026-11-22 09:00");
    let copies = Arc::new(Mutex::new(Vec::new()));
    let (copying, journal) = (copies.clone(), folder.journal());
    let copy = move || copying.lock().unwrap().push(copy_of(&journal));
    daily(&first.scheduler).run(copy).unwrap();
    first.clock.advance(HOUR);
    first.scheduler.get("t").unwrap().run_now().unwrap();
    first.clock.advance(HOUR);
    let copy = &copies.lock().unwrap()[1];
    let second = Process::start(&copy.journal(), "2026-11-22 12:00").with(daily);
    assert_eq!(second.told("cut off"), ["task `t` was cut off in its last run: the process went down"]);
    assert_eq!(second.runs(DAY), ["2026-11-23T09:00:00Z"]);
}

#[cfg(unix)]
#[test]
fn a_journal_that_cannot_be_written_is_told_once_until_it_can() {
    let folder = Folder::new();
    let process = Process::start(&folder.journal(), "2026-11-22 10:30").with(hourly);
    let moved = folder.0.join("moved");
    for _ in 0..2 {
        fs::rename(folder.journal(), &moved).unwrap();
        assert_eq!(process.runs(HOUR * 3).len(), 3, "tasks go on");
        let told = process.told("journal");
        let end = "writing a record: No such file or directory (os error 2); tasks continue, but a run that is not \
                   in the journal may be repeated after a restart";
        assert!(told.len() == 1 && told[0].ends_with(end), "{told:?}");
        fs::rename(&moved, folder.journal()).unwrap();
        assert_eq!(process.runs(HOUR * 3).len(), 3);
        assert!(process.told("journal").is_empty());
    }
}

#[test]
fn a_name_that_no_journal_can_hold_is_refused_when_it_is_scheduled() {
    let folder = Folder::new();
    let process = Process::start(&folder.journal(), "2026-11-22 10:30");
    let name = "x".repeat(70_000);
    let error = process.scheduler.task(&name).cron("0 * * * *").run(|| {}).unwrap_err();
    let end = "found a name of 70000 bytes, `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…`, expected at most 65472";
    assert!(error.to_string().ends_with(end), "{error}");
    assert_eq!(error.task(), Some(&*name));
    assert!(process.scheduler.tasks().is_empty());
    let without = Scheduler::builder().clock(&process.clock).zone(Zone::utc()).build().unwrap();
    without.task(&name).cron("0 * * * *").run(|| {}).unwrap();
}

#[test]
fn a_period_of_elapsed_time_is_run_once_though_its_two_clocks_do_not_agree() {
    let ms = Duration::from_millis;
    for (period, off) in [("10m", ms(900)), ("10m", Duration::from_nanos(10)), ("1s", ms(400))] {
        for is_back in [true, false] {
            let folder = Folder::new();
            let first = Process::start(&folder.journal(), "2026-11-22 09:59");
            let first = first.with(|scheduler| anchored(scheduler, period));
            assert_eq!(first.runs(MINUTE).len(), 1);
            match is_back {
                true => first.clock.step_back(off),
                false => first.clock.step(off),
            }
            let runs = first.runs(10 * MINUTE).len();
            first.scheduler.shutdown();
            let next = Process::start(&folder.journal(), "2026-11-22 10:10");
            let next = next.with(|scheduler| anchored(scheduler, period));
            let all = runs + next.runs(10 * MINUTE + ms(500)).len();
            assert_eq!(all, if period == "10m" { 2 } else { 1200 }, "{period} {off:?} {is_back}");
        }
    }
}
