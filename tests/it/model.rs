//! The agenda against a list that is searched from end to end: random orders, the same answers.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;
use sexton::Moment;

use crate::stage::Stage;

#[derive(Clone, Debug)]
enum Order {
    /// A task that is due once, so many seconds from now: by the monotonic clock or by the wall clock.
    Schedule {
        name: u8,
        seconds: u64,
        by_wall: bool,
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
    Advance {
        seconds: u64,
    },
}

fn order() -> impl Strategy<Value = Order> {
    let name = 0..6_u8;
    prop_oneof![
        5 => (name.clone(), 0..12_u64, any::<bool>(), proptest::bool::weighted(0.2)).prop_map(
            |(name, seconds, by_wall, replaces)| Order::Schedule { name, seconds, by_wall, replaces }
        ),
        2 => name.clone().prop_map(|name| Order::Cancel { name }),
        1 => name.clone().prop_map(|name| Order::Pause { name }),
        1 => name.prop_map(|name| Order::Resume { name }),
        3 => (0..5_u64).prop_map(|seconds| Order::Advance { seconds }),
    ]
}

/// A task as the list has it. Its number is its place among equal dues.
#[derive(Clone, Debug)]
struct Entry {
    name: u8,
    number: usize,
    due: u64,
    is_paused: bool,
}

/// What the list says the runs are, and which tasks are left.
#[derive(Debug, Default)]
struct List {
    now: u64,
    entries: Vec<Entry>,
    numbers: usize,
    runs: Vec<(u8, u64)>,
}

impl List {
    /// Whether the order found what it was for.
    fn obey(&mut self, order: &Order) -> bool {
        let now = self.now;
        let find = |entries: &[Entry], name| entries.iter().position(|entry| entry.name == name);
        match *order {
            Order::Schedule { name, seconds, replaces, .. } => {
                let due = now + seconds;
                match find(&self.entries, name) {
                    Some(at) if replaces => self.entries[at].due = due,
                    Some(_) => return false,
                    None => {
                        self.numbers += 1;
                        self.entries.push(Entry { name, number: self.numbers, due, is_paused: false });
                    }
                }
            }
            Order::Cancel { name } | Order::Pause { name } | Order::Resume { name } => {
                let at = match find(&self.entries, name) {
                    Some(at) => at,
                    None => return false,
                };
                let entry = &mut self.entries[at];
                let was_paused =
                    std::mem::replace(&mut entry.is_paused, matches!(order, Order::Pause { .. }));
                // What came due while it was held is missed, and for a task that is due once that was all.
                let is_over = matches!(order, Order::Resume { .. }) && was_paused && entry.due <= now;
                if is_over || matches!(order, Order::Cancel { .. }) {
                    self.entries.remove(at);
                }
            }
            Order::Advance { seconds } => {
                self.now += seconds;
                let (mut due, left): (Vec<Entry>, Vec<Entry>) =
                    self.entries.drain(..).partition(|entry| !entry.is_paused && entry.due <= now + seconds);
                due.sort_by_key(|entry| (entry.due, entry.number));
                self.runs.extend(due.into_iter().map(|entry| (entry.name, entry.due)));
                self.entries = left;
            }
        }
        true
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_agenda_does_what_a_list_would_do(orders in proptest::collection::vec(order(), 1..60)) {
        let stage = Stage::at("2026-11-22 10:00:00");
        let start = stage.clock.now();
        let mut list = List::default();
        for order in &orders {
            let found = match *order {
                Order::Schedule { name, seconds, by_wall, replaces } => {
                    let name = name.to_string();
                    let task = match by_wall {
                        true => stage.scheduler.task(&name).at(stage.clock.now() + Duration::from_secs(seconds)),
                        false => stage.scheduler.task(&name).after(Duration::from_secs(seconds)),
                    };
                    let task = if replaces { task.replace() } else { task };
                    task.run(|| {}).unwrap().is_new()
                }
                Order::Cancel { name } => stage.scheduler.cancel(&name.to_string()).is_ok(),
                Order::Pause { name } => stage.scheduler.get(&name.to_string()).map(|task| task.pause()).is_some(),
                Order::Resume { name } => {
                    let found = stage.scheduler.get(&name.to_string()).map(|task| task.resume()).is_some();
                    // What was missed is found out when it is next driven.
                    stage.scheduler.run_pending();
                    found
                }
                Order::Advance { seconds } => {
                    stage.clock.advance(Duration::from_secs(seconds));
                    true
                }
            };
            if matches!(order, Order::Resume { .. }) {
                let found_by_list = list.obey(order);
                list.obey(&Order::Advance { seconds: 0 });
                prop_assert_eq!(found, found_by_list, "{:?}", order);
            } else {
                prop_assert_eq!(found, list.obey(order), "{:?}", order);
            }
            let mut left: Vec<(usize, u8)> = list.entries.iter().map(|entry| (entry.number, entry.name)).collect();
            left.sort_unstable();
            let tasks = stage.scheduler.tasks();
            let names: BTreeSet<String> = tasks.iter().map(|task| task.name().to_string()).collect();
            prop_assert_eq!(names, left.iter().map(|(_, name)| name.to_string()).collect::<BTreeSet<_>>());
            let next_dues: Vec<_> = tasks.iter().map(|task| (task.next_due().is_none(), task.next_due())).collect();
            prop_assert!(next_dues.windows(2).all(|pair| pair[0] <= pair[1]), "{:?}", next_dues);
        }
        let started = stage.told().into_iter().filter_map(|event| match event {
            sexton::Event::Started { task, due, .. } => {
                Some((task.parse::<u8>().unwrap(), due.duration_since(start).unwrap().as_secs()))
            }
            _ => None,
        });
        prop_assert_eq!(started.collect::<Vec<_>>(), list.runs, "since {}", Moment::from(start));
    }
}
