use std::panic::Location;
use std::time::{Duration, SystemTime};

use super::*;
use crate::clock::{Step, CORRECTION};
use crate::cron::Cron;
use crate::schedule::{Schedule, Words};
use crate::task::{Job, Policy, Verdict};
use crate::tz::Zone;

fn now() -> Now {
    Now { mono: Instant::now(), wall: SystemTime::UNIX_EPOCH }
}

fn request(name: String, schedule: Schedule, now: Now) -> Request {
    let (timetable, first) = schedule.begin(&Zone::utc(), now, None).unwrap();
    let job = Job::Alone(Box::new(|_| Verdict::Continue));
    let scheduled_at = Location::caller();
    Request {
        name: name.into(),
        timetable,
        job,
        policy: Policy::default(),
        first: first.unwrap(),
        left: u64::MAX,
        schedule: Words::AtEach,
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
    assert!(size <= 264, "{size}");
}

#[test]
fn cancelled_tasks_leave_no_memory_behind_in_any_order_of_cancelling() {
    const TASKS: usize = 10_000;
    // Forward, backward, and from both ends to the middle.
    let orders: [fn(usize) -> usize; 3] =
        [|i| i, |i| TASKS - 1 - i, |i| if i % 2 == 0 { i / 2 } else { TASKS - 1 - i / 2 }];
    for (order, wakes) in orders.into_iter().flat_map(|order| [(order, false), (order, true)]) {
        let now = now();
        let mut agenda = Agenda::new(CORRECTION, None, Duration::ZERO);
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
    let mut agenda = Agenda::new(CORRECTION, None, Duration::ZERO);
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
    assert_eq!(agenda.clear(now).len(), 1000);
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
    let mut agenda = Agenda::new(CORRECTION, None, Duration::ZERO);
    agenda.schedule(request("t".into(), hourly.into(), begin), begin);
    agenda.check_clocks(begin.after(hour / 2));
    let set_back = Now { wall: begin.wall, ..begin.after(hour / 2) };
    assert_eq!(agenda.check_clocks(set_back), Some(Step::Back(hour / 2)));
    agenda.change_zone(None, &Zone::from_posix("<+0130>-1:30").unwrap(), set_back);
    assert!(agenda.name_entry(0).entry.as_ref().unwrap().marks.is_none());
    assert_eq!(agenda.next_wake(set_back, None), Some(set_back.after(hour / 2).mono));
}

#[test]
fn a_task_is_reported_once_when_it_has_waited_for_longer_than_the_limit() {
    let (now, limit) = (now(), Duration::from_secs(2));
    let later = limit + Duration::from_nanos(1);
    let mut agenda = Agenda::new(CORRECTION, Some(limit), Duration::ZERO);
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
    let mut agenda = Agenda::new(CORRECTION, None, lead);
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
    let mut agenda = Agenda::new(CORRECTION, None, Duration::ZERO);
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
    let mut agenda = Agenda::new(CORRECTION, None, Duration::ZERO);
    assert_eq!(agenda.check_clocks(begin), None);
    let before = begin.after(second);
    let stepped = Now { wall: begin.wall + hour, ..begin }.after(2 * second);
    assert_eq!(agenda.check_clocks(stepped), Some(Step::Forward(hour)));
    // The thread that has read this comes late.
    assert_eq!(agenda.check_clocks(before), None);
    assert_eq!(agenda.check_clocks(stepped.after(second)), None);
}
