//! A scheduler runs what a plain list of tasks would: the same tasks, in the same order, for the same due times. Tasks
//! that are due at the same time run in the order in which they were scheduled.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use arbitrary::{Arbitrary, Unstructured};
use sexton::tz::Zone;
use sexton::{ManualClock, Scheduler};

#[derive(Clone, Copy, Debug, Arbitrary)]
enum Order {
    /// A task that is due once, so many seconds from now: by the monotonic clock, or by the wall clock.
    Once {
        name: u8,
        seconds: u8,
        by_wall: bool,
        replaces: bool,
    },
    /// A task that is due at once, and every so many seconds after that.
    Every {
        name: u8,
        period: u8,
        replaces: bool,
    },
    Cancel {
        name: u8,
    },
    Pause {
        name: u8,
    },
    Resume {
        name: u8,
    },
    /// Each task is paused and resumed, so often.
    PauseAndResumeAll {
        times: u8,
    },
    Advance {
        seconds: u8,
    },
}

/// So few that orders meet.
const NAMES: u8 = 48;

/// As the list has it.
#[derive(Clone, Copy, Debug)]
struct Entry {
    name: u8,
    due: u64,
    period: Option<u64>,
    is_paused: bool,
}

/// The tasks in the order in which they were scheduled, and what has run: which task, for which due time.
#[derive(Debug, Default)]
struct List {
    now: u64,
    entries: Vec<Entry>,
    runs: Vec<(u8, u64)>,
}

impl List {
    /// Whether the order has found the task that it is for, or a free name.
    fn obey(&mut self, order: Order) -> bool {
        let at = |name| self.entries.iter().position(|entry| entry.name == name);
        match order {
            Order::Once { name, seconds, replaces, .. } => {
                let due = self.now + u64::from(seconds);
                self.schedule(Entry { name, due, period: None, is_paused: false }, replaces)
            }
            Order::Every { name, period, replaces } => {
                let period = u64::from(period);
                let entry = Entry { name, due: self.now, period: Some(period), is_paused: false };
                self.schedule(entry, replaces)
            }
            Order::Cancel { name } => at(name).map(|at| self.entries.remove(at)).is_some(),
            Order::Pause { name } => at(name).map(|at| self.entries[at].is_paused = true).is_some(),
            Order::Resume { name } => {
                let found = at(name).map(|at| self.resume(at)).is_some();
                self.advance(self.now);
                found
            }
            Order::PauseAndResumeAll { .. } => unreachable!("it stands for others"),
            Order::Advance { seconds } => {
                self.advance(self.now + u64::from(seconds));
                true
            }
        }
    }

    fn schedule(&mut self, entry: Entry, replaces: bool) -> bool {
        match self.entries.iter_mut().find(|old| old.name == entry.name) {
            Some(old) if replaces => *old = Entry { is_paused: old.is_paused, ..entry },
            Some(_) => return false,
            None => self.entries.push(entry),
        }
        true
    }

    /// What came due while it was paused is missed.
    fn resume(&mut self, at: usize) {
        let entry = &mut self.entries[at];
        if !std::mem::take(&mut entry.is_paused) || entry.due > self.now {
            return;
        }
        match entry.period {
            Some(period) => entry.due += (self.now - entry.due) / period * period + period,
            None => drop(self.entries.remove(at)),
        }
    }

    fn advance(&mut self, until: u64) {
        let due = |entry: &&Entry| !entry.is_paused && entry.due <= until;
        // Of equal ones it is the first.
        while let Some(entry) = self.entries.iter().filter(due).min_by_key(|entry| entry.due).copied() {
            self.runs.push((entry.name, entry.due));
            let at = self.entries.iter().position(|other| other.name == entry.name).expect("it is there");
            match entry.period {
                Some(period) => self.entries[at].due += period,
                None => drop(self.entries.remove(at)),
            }
        }
        self.now = until;
    }
}

pub fn law(data: &[u8]) {
    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_392_000);
    let clock = ManualClock::new(start);
    let scheduler = Scheduler::builder().clock(&clock).zone(Zone::utc()).build().expect("the zone is given");
    scheduler.observe(|_| {});
    let runs = Arc::new(Mutex::new(Vec::new()));
    let mut list = List::default();

    let mut data = Unstructured::new(data);
    let orders = std::iter::from_fn(|| data.arbitrary().ok().filter(|_| !data.is_empty()));
    for order in orders.map(tame).take(300) {
        for part in parts(order) {
            let found = obey(&scheduler, &clock, part, &runs);
            assert_eq!(found, list.obey(part), "{part:?} of {list:?}");
        }
        let names: BTreeSet<String> = list.entries.iter().map(|entry| entry.name.to_string()).collect();
        let tasks = scheduler.tasks();
        let left: BTreeSet<String> = tasks.iter().map(|task| task.name().to_string()).collect();
        let is_in_order = tasks.windows(2).all(|pair| pair[0].next_due() <= pair[1].next_due());
        assert!(is_in_order, "after {order:?}: {tasks:?}");
        assert_eq!(left, names, "after {order:?}");
        let seen = std::mem::take(&mut *runs.lock().expect("no callback panics"));
        let seen: Vec<(u8, u64)> = seen
            .into_iter()
            .map(|(name, due): (u8, SystemTime)| (name, seconds_between(start, due)))
            .collect();
        assert_eq!(seen, std::mem::take(&mut list.runs), "after {order:?}");
    }
}

/// The orders for single tasks that an order stands for.
fn parts(order: Order) -> Vec<Order> {
    match order {
        Order::PauseAndResumeAll { times } => {
            let each = (0..NAMES).flat_map(|name| [Order::Pause { name }, Order::Resume { name }]);
            (0..times).flat_map(|_| each.clone()).collect()
        }
        _ => vec![order],
    }
}

/// So few names and so short times that tasks meet.
fn tame(order: Order) -> Order {
    match order {
        Order::Once { name, seconds, by_wall, replaces } => {
            Order::Once { name: name % NAMES, seconds: seconds % 16, by_wall, replaces }
        }
        Order::Every { name, period, replaces } => {
            Order::Every { name: name % NAMES, period: period % 16 + 1, replaces }
        }
        Order::Cancel { name } => Order::Cancel { name: name % NAMES },
        Order::Pause { name } => Order::Pause { name: name % NAMES },
        Order::Resume { name } => Order::Resume { name: name % NAMES },
        Order::PauseAndResumeAll { times } => Order::PauseAndResumeAll { times: times % 4 },
        Order::Advance { seconds } => Order::Advance { seconds: seconds % 8 },
    }
}

type Runs = Arc<Mutex<Vec<(u8, SystemTime)>>>;

/// Whether the order has found the task that it is for, or a free name.
fn obey(scheduler: &Scheduler, clock: &ManualClock, order: Order, runs: &Runs) -> bool {
    let task_of = |name: u8| scheduler.get(&name.to_string());
    match order {
        Order::Once { name, .. } | Order::Every { name, .. } => {
            let text = name.to_string();
            let task = scheduler.task(&text);
            let (task, replaces) = match order {
                Order::Once { seconds, by_wall: true, replaces, .. } => {
                    (task.at(clock.now() + Duration::from_secs(seconds.into())), replaces)
                }
                Order::Once { seconds, replaces, .. } => {
                    (task.after(Duration::from_secs(seconds.into())), replaces)
                }
                Order::Every { period, replaces, .. } => {
                    (task.every(Duration::from_secs(period.into())), replaces)
                }
                _ => unreachable!("the outer match has only these"),
            };
            let task = if replaces { task.replace() } else { task };
            let runs = runs.clone();
            let task =
                task.run_with(move |run| runs.lock().expect("no callback panics").push((name, run.due())));
            task.expect("the schedule is right").is_new()
        }
        Order::Cancel { name } => scheduler.cancel(&name.to_string()).is_ok(),
        Order::Pause { name } => task_of(name).map(|task| task.pause()).is_some(),
        Order::Resume { name } => {
            let found = task_of(name).map(|task| task.resume()).is_some();
            // It is found out what was missed when the scheduler is next driven.
            scheduler.run_pending();
            found
        }
        Order::PauseAndResumeAll { .. } => unreachable!("it stands for others"),
        Order::Advance { seconds } => {
            clock.advance(Duration::from_secs(seconds.into()));
            true
        }
    }
}

fn seconds_between(start: SystemTime, time: SystemTime) -> u64 {
    time.duration_since(start).expect("nothing is due before the start").as_secs()
}
