//! What must hold after a play.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::play::Mode;

pub struct Books {
    /// The keys of all runs that must be.
    due: BTreeSet<String>,
    /// How often each of them was run.
    ran: BTreeMap<String, usize>,
    /// The keys that the engine has, and who has each.
    claims: BTreeMap<String, String>,
    /// The keys whose claim has failed, by process.
    failed: BTreeSet<(usize, String)>,
    /// The runs that were cut off, as a later process has said.
    cut_off: BTreeSet<String>,
    /// The keys that a replica has said are another's.
    elsewhere: usize,
    killed: Vec<usize>,
    restarts: usize,
}

impl Books {
    pub fn of(
        keys: Vec<String>,
        claims: Vec<(String, String)>,
        ledgers: Vec<String>,
        killed: Vec<usize>,
        restarts: usize,
    ) -> Books {
        let due: BTreeSet<String> = keys.into_iter().collect();
        let claims = claims.into_iter().filter(|(key, _)| due.contains(key)).collect();
        let mut books = Books {
            due,
            claims,
            ran: BTreeMap::new(),
            failed: BTreeSet::new(),
            cut_off: BTreeSet::new(),
            elsewhere: 0,
            killed,
            restarts,
        };
        for (process, ledger) in ledgers.iter().enumerate() {
            for (what, key) in ledger.lines().filter_map(|line| line.split_once(' ')) {
                if !books.due.contains(key) {
                    continue;
                }
                match what {
                    "ran" => *books.ran.entry(key.into()).or_default() += 1,
                    "failed" => drop(books.failed.insert((process, key.into()))),
                    "cut" => drop(books.cut_off.insert(key.into())),
                    "elsewhere" => books.elsewhere += 1,
                    _ => {}
                }
            }
        }
        books
    }

    fn twice(&self) -> usize {
        self.ran.values().filter(|count| **count > 1).count()
    }

    fn lost(&self) -> impl Iterator<Item = &String> {
        self.due.iter().filter(|key| !self.ran.contains_key(*key))
    }

    /// Whether a claim was made by a process that was killed, or whose answer it did not get.
    fn is_explained(&self, key: &str) -> bool {
        let process = |holder: &str| holder.strip_prefix("process-")?.parse::<usize>().ok();
        match self.claims.get(key) {
            Some(holder) => {
                let process = process(holder).unwrap_or(usize::MAX);
                self.killed.contains(&process) || self.failed.contains(&(process, key.into()))
            }
            // Nobody has it: each replica that asked got no answer.
            None => self.failed.iter().any(|(_, failed)| failed == key),
        }
    }

    pub fn check(&self, mode: Mode) -> Result<(), String> {
        let expect = |holds: bool, what: &str| if holds { Ok(()) } else { Err(format!("{what}: {self}")) };
        let (lost, twice) = (self.lost().count(), self.twice());
        if mode != Mode::Calm {
            expect(self.restarts > 0, "the engine was never killed")?;
            expect(!self.failed.is_empty(), "no claim has failed")?;
        }
        match mode {
            Mode::Calm | Mode::Retry => expect(lost == 0 && twice == 0, "each must have run once"),
            Mode::AtMostOnce => {
                expect(twice == 0, "none may run twice")?;
                // A process asks about one run at a time.
                let in_time = self.lost().filter(|key| {
                    self.claims.get(*key).map_or(false, |holder| {
                        !self.failed.iter().any(|(process, failed)| {
                            failed == *key && holder == &format!("process-{process}")
                        })
                    })
                });
                expect(in_time.count() <= self.killed.len(), "a kill loses one run at most")?;
                let unexplained: Vec<_> = self.lost().filter(|key| !self.is_explained(key)).take(5).collect();
                expect(
                    unexplained.is_empty(),
                    &format!("nobody says why these did not run: {unexplained:?}"),
                )?;
                expect(!self.killed.is_empty(), "no replica was killed")
            }
            Mode::AtLeastOnce => {
                // The journal had that it began, and it was killed before the callback did anything.
                let is_cut = self.lost().all(|key| self.cut_off.contains(key));
                expect(is_cut, "each must have begun")?;
                let is_away = |key: &String| self.failed.iter().any(|(_, failed)| failed == key);
                let ran_twice = self.ran.iter().filter(|(_, count)| **count > 1);
                let unexplained: Vec<_> = ran_twice.filter(|(key, _)| !is_away(key)).take(5).collect();
                expect(
                    unexplained.is_empty(),
                    &format!("the engine was not away for these: {unexplained:?}"),
                )?;
                expect(!self.killed.is_empty(), "no replica was killed")
            }
        }
    }
}

impl fmt::Display for Books {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let runs: usize = self.ran.values().sum();
        let claimed_by: BTreeSet<_> = self.claims.values().collect();
        write!(
            f,
            "{} due times: {} ran, {} of them more than once ({runs} runs), {} did not; {} claimed by {} holders, {} answers \
             \"another's\", {} claims failed, {} runs cut off; {} replicas killed, the engine {} times",
            self.due.len(),
            self.ran.len(),
            self.twice(),
            self.lost().count(),
            self.claims.len(),
            claimed_by.len(),
            self.elsewhere,
            self.failed.len(),
            self.cut_off.len(),
            self.killed.len(),
            self.restarts,
        )
    }
}
