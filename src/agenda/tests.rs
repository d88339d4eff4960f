use std::panic::Location;
use std::time::{Duration, SystemTime};

use super::*;
use crate::clock::{Step, CORRECTION};
use crate::cron::Cron;
use crate::hash::mixed;
use crate::schedule::Schedule;
use crate::task::{Facts, Job, Policy, QuestionKind, Verdict};
use crate::tz::Zone;

const EPOCH: SystemTime = SystemTime::UNIX_EPOCH;

fn now() -> Now {
    Now { mono: Instant::now(), wall: EPOCH }
}

fn request(name: String, schedule: Schedule, now: Now) -> Request {
    request_in(&Zone::utc(), name, schedule, now)
}

fn request_in(zone: &Zone, name: String, schedule: Schedule, now: Now) -> Request {
    let (timetable, first) = schedule.begin(zone, now, None).unwrap();
    let job = Job::Alone(Box::new(|_| Verdict::Continue));
    let scheduled_at = Location::caller();
    Request {
        name: name.into(),
        timetable,
        job,
        policy: Policy::default(),
        first: first.unwrap(),
        left: u64::MAX,
        words: None,
        zone: None,
        scheduled_at,
        is_paused: false,
        replaces: false,
    }
}

/// What is allocated, used or not.
fn capacity(agenda: &Agenda) -> usize {
    let lists = agenda.name_entries.capacity() + agenda.free.capacity() + agenda.names.capacity();
    lists + agenda.elapsed.capacity() + agenda.calendar.capacity()
}

/// What each task takes, beside its name, its callback and its places among the others.
#[test]
fn a_waiting_task_takes_at_most_this_much_memory() {
    let size = std::mem::size_of::<NameEntry>();
    assert!(size <= 208, "{size}");
}

#[test]
fn cancelled_tasks_leave_no_memory_behind_in_any_order_of_cancelling() {
    const TASKS: usize = 10_000;
    // Forward, backward, and from both ends to the middle.
    let orders: [fn(usize) -> usize; 3] =
        [|i| i, |i| TASKS - 1 - i, |i| if i % 2 == 0 { i / 2 } else { TASKS - 1 - i / 2 }];
    for (order, wakes) in orders.into_iter().flat_map(|order| [(order, false), (order, true)]) {
        let now = now();
        let mut agenda = Agenda::new(CORRECTION, None, Duration::ZERO, Instant::now());
        for i in 0..TASKS {
            let delay = Duration::from_secs(i as u64 + 1);
            let schedule = match i % 2 {
                0 => Schedule::after(delay),
                _ => Schedule::at(now.wall + delay).unwrap(),
            };
            agenda.schedule(request(i.to_string(), schedule, now), now);
        }
        assert!(capacity(&agenda) >= 3 * TASKS);
        for i in 0..TASKS {
            let name = order(i).to_string();
            assert!(agenda.cancel(TaskKey { name: &name, id: None }, Details::Unwanted, now).is_some());
            if wakes {
                agenda.next_wake(now, None);
            }
        }
        assert!(agenda.is_quiet());
        assert!(capacity(&agenda) < 1000, "room for {} items, and no task", capacity(&agenda));
    }
}

#[test]
fn a_shutdown_leaves_nothing_behind_but_the_names_of_what_still_runs() {
    let now = now();
    let mut agenda = Agenda::new(CORRECTION, None, Duration::ZERO, Instant::now());
    for i in 0..1000 {
        let delay = Duration::from_secs(if i == 500 { 0 } else { i + 1 });
        agenda.schedule(request(i.to_string(), Schedule::after(delay), now), now);
    }
    agenda.take_due(now, usize::MAX);
    let key = agenda.take_queued().pop().expect("it was queued");
    let job = match agenda.pick_up(key, now) {
        PickedUp::Run { job, .. } => job,
        _ => panic!("no run"),
    };
    agenda.begin_clearing(now);
    let tasks = agenda.numbers_from(0, usize::MAX).0;
    assert_eq!(agenda.clear(&tasks).len(), 1000);
    assert!(agenda.end_clearing().removed.is_empty());
    let found: Vec<_> = (0..1000).filter(|i| agenda.index_of(&i.to_string()).is_some()).collect();
    assert_eq!(found, [500]);
    agenda.finish(key, Some(job), Then::Schedule, now);
    agenda.put_down();
    assert!(agenda.is_quiet() && capacity(&agenda) < 1000, "room for {} items", capacity(&agenda));
}

#[test]
fn a_task_takes_no_more_memory_after_a_clock_step_or_a_change_of_zone() {
    let (begin, hour) = (now(), Duration::from_secs(3600));
    let hourly: Cron = "0 * * * *".parse().unwrap();
    let mut agenda = Agenda::new(CORRECTION, None, Duration::ZERO, Instant::now());
    agenda.schedule(request("t".into(), hourly.into(), begin), begin);
    agenda.check_clocks(begin.after(hour / 2));
    let set_back = Now { wall: begin.wall, ..begin.after(hour / 2) };
    assert_eq!(agenda.check_clocks(set_back), Some(Step::Back(hour / 2)));
    agenda.begin_zone_change(None, &Zone::from_posix("<+0130>-1:30").unwrap(), set_back);
    assert!(agenda.go_on_with_zone_change(usize::MAX));
    assert!(agenda.name_entry(0).entry.as_ref().unwrap().marks.is_none());
    assert_eq!(agenda.next_wake(set_back, None), Some(set_back.after(hour / 2).mono));
}

#[test]
fn a_task_is_reported_once_when_it_has_waited_for_longer_than_the_limit() {
    let (now, limit) = (now(), Duration::from_secs(2));
    let later = limit + Duration::from_nanos(1);
    let mut agenda = Agenda::new(CORRECTION, Some(limit), Duration::ZERO, Instant::now());
    agenda.schedule(request("t".into(), Schedule::after(Duration::ZERO), now), now);
    agenda.take_due(now, usize::MAX);
    for (waited, is_reported) in [(limit, false), (later, true), (2 * later, false)] {
        agenda.report_waits(now.after(waited));
        let news = agenda.take_news();
        assert_eq!(matches!(news[..], [(_, News::Waiting(reported))] if reported == waited), is_reported);
        assert_eq!(news.is_empty(), !is_reported);
    }
}

#[test]
fn a_precise_task_is_queued_early_and_never_begins_early() {
    let (begin, lead) = (now(), Duration::from_micros(150));
    let mut agenda = Agenda::new(CORRECTION, None, lead, Instant::now());
    let at = |micros: u64| begin.after(Duration::from_micros(micros));
    for schedule in [Schedule::after(Duration::from_millis(1)), Schedule::at(at(1000).wall).unwrap()] {
        let name = schedule.to_string();
        let policy = Policy { is_precise: true, ..Policy::default() };
        agenda.schedule(Request { policy, ..request(name, schedule, begin) }, begin);
        assert_eq!(agenda.next_wake(begin, None), Some(at(850).mono));
        agenda.take_due(at(849), usize::MAX);
        assert!(agenda.take_queued().is_empty());
        agenda.take_due(at(850), usize::MAX);
        let key = agenda.take_queued().pop().expect("it was queued");
        // The wait is over too soon: it waits for the due time itself.
        assert!(agenda.early(key, at(860)).is_some());
        assert!(matches!(agenda.pick_up(key, at(860)), PickedUp::Nothing));
        assert_eq!(agenda.next_wake(at(860), None), Some(at(1000).mono));
        agenda.take_due(at(999), usize::MAX);
        assert!(agenda.take_queued().is_empty());
        agenda.take_due(at(1000), usize::MAX);
        let key = agenda.take_queued().pop().expect("it was queued");
        assert!(agenda.early(key, at(1000)).is_none());
        match agenda.pick_up(key, at(1000)) {
            PickedUp::Run { facts, .. } => assert_eq!(facts.due, at(1000).wall),
            _ => panic!("no run"),
        }
    }
}

#[test]
fn the_small_error_of_reading_two_clocks_is_not_shown_after_a_small_correction_either() {
    let begin = now();
    let mut agenda = Agenda::new(CORRECTION, None, Duration::ZERO, Instant::now());
    agenda.schedule(request("t".into(), Schedule::after(Duration::from_secs(10)), begin), begin);
    agenda.check_clocks(begin);
    // Too little for a step, and more than it may be when one clock is read after the other.
    let corrected =
        Now { wall: begin.wall + Duration::from_millis(5), ..begin }.after(Duration::from_secs(1));
    assert_eq!(agenda.check_clocks(corrected), None);
    let due = corrected.after(Duration::from_secs(9));
    let read = Now { wall: due.wall + Duration::from_micros(20), ..due };
    agenda.take_due(read, usize::MAX);
    let key = agenda.take_queued().pop().expect("it was queued");
    match agenda.pick_up(key, read) {
        PickedUp::Run { facts, .. } => assert_eq!(facts.due, due.wall),
        _ => panic!("no run"),
    }
}

#[test]
fn a_reading_of_the_clocks_from_before_a_step_that_was_noticed_is_no_step_back() {
    let (begin, second, hour) = (now(), Duration::from_secs(1), Duration::from_secs(3600));
    let mut agenda = Agenda::new(CORRECTION, None, Duration::ZERO, Instant::now());
    assert_eq!(agenda.check_clocks(begin), None);
    let before = begin.after(second);
    let stepped = Now { wall: begin.wall + hour, ..begin }.after(2 * second);
    assert_eq!(agenda.check_clocks(stepped), Some(Step::Forward(hour)));
    // The thread that has read this comes late.
    assert_eq!(agenda.check_clocks(before), None);
    assert_eq!(agenda.check_clocks(stepped.after(second)), None);
}

/// Tasks by both clocks, which follow the scheduler's zone, or one of them another one.
fn tasks(seed: u64, begin: Now) -> Vec<Request> {
    let task = |i: u64| {
        let random = |salt: u64, below: u64| mixed(seed << 20 | i << 4 | salt) % below;
        let cron = || format!("{}/{} */{} * * *", random(1, 60), random(2, 60) + 1, random(3, 3) + 1);
        let schedule = match random(0, 6) {
            0 => Schedule::after(Duration::from_secs(random(1, 9000))),
            1 => Schedule::at(&*format!("1970-01-01 0{}:{:02}", random(1, 6), random(2, 60))).unwrap(),
            2 => Schedule::at_next(|now| {
                (1..).map(|i| EPOCH + i * Duration::from_secs(5000)).find(|due| *due > now)
            }),
            _ => cron().parse::<Cron>().unwrap().into(),
        };
        let own = (random(5, 5) == 0).then(|| Zone::fixed(7200).unwrap());
        let zone = own.clone().unwrap_or(Zone::utc());
        let is_paused = random(6, 8) == 0;
        Request { zone: own.clone(), is_paused, ..request_in(&zone, i.to_string(), schedule, begin) }
    };
    (0..12).map(task).collect()
}

/// What became of tasks, in any order.
struct Log {
    /// That of new tasks.
    zone: Zone,
    running: Vec<(EntryKey, Arc<str>, Option<Job>)>,
    asked: Vec<(EntryKey, Asked)>,
    lines: Vec<String>,
}

impl Log {
    fn new(zone: &Zone) -> Log {
        Log { zone: zone.clone(), running: Vec::new(), asked: Vec::new(), lines: Vec::new() }
    }

    fn pick_up(&mut self, agenda: &mut Agenda, key: EntryKey, now: Now) {
        let picked_up = agenda.pick_up(key, now);
        self.picked_up(agenda, key, picked_up);
    }

    fn picked_up(&mut self, agenda: &mut Agenda, key: EntryKey, picked_up: PickedUp) {
        match picked_up {
            PickedUp::Run { facts, job } => {
                let Facts { identity, due, missed, count, .. } = facts;
                let name = &identity.name;
                self.lines.push(format!("{name} runs for {due:?}, {missed}, {count}"));
                self.running.push((key, name.clone(), Some(job)));
            }
            PickedUp::Ask(asked) => self.asked.push((key, *asked)),
            PickedUp::Over(removed) => self.put_down(agenda, format!("{} is over", removed.identity.name)),
            PickedUp::Gone(gone) => self.put_down(agenda, format!("{} is gone", gone.identity.name)),
            PickedUp::Nothing => {}
        }
    }

    fn put_down(&mut self, agenda: &mut Agenda, line: String) {
        self.lines.push(line);
        agenda.put_down();
    }

    /// A schedule that was asked answers.
    fn answer(&mut self, agenda: &mut Agenda, now: Now) {
        if let Some((key, Asked { mut timetable, question, now: asked_at })) = self.asked.pop() {
            let asked = matches!(question.kind, QuestionKind::Come(_)).then_some(asked_at);
            let verdicts = question.answer(&mut timetable, asked_at);
            let picked_up = agenda.answered(key, timetable, verdicts, asked, now);
            self.picked_up(agenda, key, picked_up);
        }
    }

    fn finish(&mut self, agenda: &mut Agenda, name: &str, now: Now) {
        if let Some(at) = self.running.iter().position(|(_, running, _)| **running == *name) {
            let (key, _, job) = self.running.swap_remove(at);
            agenda.finish(key, job, Then::Schedule, now);
            agenda.put_down();
        }
    }

    fn news(&mut self, agenda: &mut Agenda) {
        for (task, news) in agenda.take_news() {
            if let News::Missed(missed) = news {
                self.lines.push(format!("{} {missed:?}", task.name));
            }
        }
    }

    /// All that is due begins. What became of the tasks, and what they wait for.
    fn end(mut self, agenda: &mut Agenda, now: Now) -> Vec<String> {
        for _ in 0..3 {
            agenda.take_due(now, usize::MAX);
            agenda.take_queued().into_iter().for_each(|key| self.pick_up(agenda, key, now));
            (0..self.asked.len()).for_each(|_| self.answer(agenda, now));
        }
        self.news(agenda);
        let entries = agenda.name_entries.iter().flatten().filter_map(|name_entry| name_entry.entry.as_ref());
        let own: Vec<&Zone> = entries.filter_map(|entry| entry.spec.zone.as_ref()).collect();
        let mut distinct = own.clone();
        distinct.dedup();
        assert_eq!(
            agenda.zones().iter().collect::<Vec<_>>(),
            distinct,
            "tasks have one own zone in this test"
        );
        let waits = (0..agenda.name_entries.len()).filter_map(|index| {
            let name_entry = agenda.name_entries[index].as_ref()?;
            let entry = name_entry.entry.as_ref()?;
            let (next, zone, is_armed) = (entry.next, &entry.spec.zone, entry.stage == Stage::Armed);
            Some(format!("{} waits for {next:?} in {zone:?}, armed: {is_armed}", name_entry.identity.name))
        });
        self.lines.extend(waits);
        self.lines.sort();
        self.lines
    }
}

/// A change of zone that goes on in slices does the same as one that is made at once, whatever is done `meanwhile`, between the
/// slices.
fn compare_changes_of_zone(meanwhile: impl Fn(&mut Agenda, &mut Log, u64, Now)) {
    for seed in 0..3000 {
        let random = |salt: u64, below: u64| mixed(!seed << 8 | salt) % below;
        let seconds = Duration::from_secs;
        let begin = now();
        let (before, at) = (begin.after(seconds(random(0, 3600))), begin.after(seconds(random(1, 4 * 3600))));
        // In some of the cases the clock was set back before the zone is changed.
        let set_back = if random(2, 3) == 0 { random(3, 1200) } else { 0 };
        let at = Now { wall: (at.wall - seconds(set_back.min(random(1, 4 * 3600)))), ..at };
        let to = Zone::fixed(random(4, 12_000) as i32 - 6000).unwrap();
        let of = (random(5, 4) == 0).then(|| Zone::fixed(7200).unwrap());
        let changed = |slice: usize| {
            let mut agenda = Agenda::new(CORRECTION, None, Duration::ZERO, Instant::now());
            let mut log = Log::new(&to);
            tasks(seed, begin).into_iter().for_each(|task| drop(agenda.schedule(task, begin)));
            agenda.check_clocks(begin);
            agenda.take_due(before, usize::MAX);
            agenda.check_clocks(
                Now { wall: at.wall + seconds(set_back), ..at }.before(Duration::from_micros(1)),
            );
            agenda.check_clocks(at);
            let queued = agenda.take_queued();
            let (some, others) = queued.split_at(queued.len() / 2);
            some.iter().for_each(|&key| log.pick_up(&mut agenda, key, at));
            agenda.begin_zone_change(of.as_ref(), &to, at);
            let mut is_over = agenda.go_on_with_zone_change(slice);
            let mut now = at;
            for turn in 0..12 {
                now = now.after(seconds(1));
                if let Some(&key) = others.get(turn) {
                    log.pick_up(&mut agenda, key, now);
                }
                meanwhile(&mut agenda, &mut log, mixed(seed << 8 | turn as u64), now);
                is_over = is_over || agenda.go_on_with_zone_change(slice);
            }
            assert!(is_over);
            log.end(&mut agenda, now)
        };
        let at_once = changed(usize::MAX);
        assert_eq!(changed(2), at_once, "seed {seed}");
    }
}

#[test]
fn whoever_comes_for_a_task_during_a_change_of_zone_finds_it_changed() {
    compare_changes_of_zone(|agenda, log, random, now| {
        let name = (random % 14).to_string();
        let key = TaskKey { name: &name, id: None };
        let again = || {
            let schedule = match random >> 20 & 1 {
                0 => Schedule::after(Duration::from_secs(random % 5000)),
                _ => format!("{}/7 * * * *", random % 60).parse::<Cron>().unwrap().into(),
            };
            request_in(&log.zone, name.clone(), schedule, now)
        };
        let done = match random >> 8 & 15 {
            0 => format!("{:?}", agenda.pause(key, now)),
            1 => format!("{:?}", agenda.resume(key, Missed::Skip, now)),
            2 => format!("{:?}", agenda.resume(key, Missed::Once, now)),
            3 => format!("{:?}", agenda.demand(key, now)),
            4 => {
                let removed = agenda.cancel(key, Details::Unwanted, now);
                format!("{:?}", removed.map(|(removed, _)| removed.missed.is_some()))
            }
            5 => {
                drop(agenda.schedule(Request { replaces: random >> 16 & 1 == 0, ..again() }, now));
                "scheduled".into()
            }
            6 => {
                let Request { timetable, first, left, words, zone, .. } = again();
                let mut plan = Some(Rescheduled { timetable, first, left, words, zone });
                drop(agenda.reschedule(key, &mut plan, now));
                format!("{}", plan.is_none())
            }
            7 | 8 => {
                log.answer(agenda, now);
                "answered".into()
            }
            _ => {
                log.finish(agenda, &name, now);
                "finished".into()
            }
        };
        log.lines.push(format!("{name} {done}"));
    });
}

#[test]
fn what_comes_due_during_a_change_of_zone_is_due_by_the_new_one() {
    compare_changes_of_zone(|agenda, log, _, now| {
        agenda.take_due(now, usize::MAX);
        agenda.take_queued().into_iter().for_each(|key| log.pick_up(agenda, key, now));
    });
}

#[test]
fn whoever_comes_for_a_task_during_a_shutdown_finds_it_removed() {
    for seed in 0..3000 {
        let begin = now();
        let at = begin.after(Duration::from_secs(mixed(seed) % 15_000));
        let cleared = |slice: usize| {
            let mut agenda = Agenda::new(CORRECTION, None, Duration::ZERO, Instant::now());
            let mut log = Log::new(&Zone::utc());
            tasks(seed, begin).into_iter().for_each(|task| drop(agenda.schedule(task, begin)));
            agenda.check_clocks(at);
            agenda.take_due(at, usize::MAX);
            let queued = agenda.take_queued();
            let (some, others) = queued.split_at(queued.len() / 2);
            some.iter().for_each(|&key| log.pick_up(&mut agenda, key, at));
            agenda.begin_clearing(at);
            let in_order = agenda.numbers_from(0, usize::MAX).0;
            let mut removed = 0;
            let mut others = others.iter();
            for tasks in in_order.chunks(slice) {
                if slice < in_order.len() {
                    others.next().into_iter().for_each(|&key| log.pick_up(&mut agenda, key, at));
                    let name = (mixed(seed ^ removed) % 12).to_string();
                    log.finish(&mut agenda, &name, at);
                    log.answer(&mut agenda, at);
                    assert!(agenda.upcoming(TaskKey { name: &name, id: None }, at).is_none());
                }
                removed += agenda.clear(tasks).len() as u64;
            }
            removed += agenda.end_clearing().removed.len() as u64;
            others.for_each(|&key| log.pick_up(&mut agenda, key, at));
            (0..log.asked.len()).for_each(|_| log.answer(&mut agenda, at));
            while let Some((_, name, _)) = log.running.first() {
                let name = name.clone();
                log.finish(&mut agenda, &name, at);
            }
            assert!(agenda.is_quiet() && capacity(&agenda) < 100);
            log.lines.push(format!("{removed} removed"));
            log.end(&mut agenda, at)
        };
        assert_eq!(cleared(3), cleared(usize::MAX), "seed {seed}");
    }
}

#[test]
fn the_clocks_are_compared_while_elapsed_time_is_left_out_by_what_the_clock_shows() {
    let (begin, second) = (now(), Duration::from_secs(1));
    let mut agenda = Agenda::new(CORRECTION, None, Duration::ZERO, begin.mono);
    let hourly = || Schedule::every("1h").unwrap().first_after(2 * second);
    let key = TaskKey { name: "t", id: None };
    agenda.schedule(request("plain".into(), hourly(), begin), begin);
    let wake = |agenda: &mut Agenda| agenda.next_wake(begin, Some(second)).unwrap() - begin.mono;
    for _ in 0..2 {
        assert_eq!(wake(&mut agenda), 2 * second);
        agenda.take_wakes();
        let leaves_out = hourly().except_dates(["1970-01-02"]).unwrap();
        agenda.schedule(request("t".into(), leaves_out, begin), begin);
        assert!(agenda.take_wakes(), "the timer may sleep for longer");
        assert_eq!(wake(&mut agenda), second);
        agenda.cancel(key, Details::Unwanted, begin);
    }
    agenda.schedule(request("t".into(), hourly().except(|_| false), begin), begin);
    let (timetable, first) = hourly().begin(&Zone::utc(), begin, None).unwrap();
    let plain = Rescheduled { timetable, first: first.unwrap(), left: u64::MAX, words: None, zone: None };
    agenda.reschedule(key, &mut Some(plain), begin);
    assert_eq!(wake(&mut agenda), 2 * second);
}
