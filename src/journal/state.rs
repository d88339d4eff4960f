//! What the records say, taken together. Pure: no files, no clock.

use std::collections::BTreeMap;
use std::time::SystemTime;

use super::line::{Line, What};

/// The names, in their order, so that equal states are written as equal files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    names: BTreeMap<Box<str>, Known>,
}

/// What is known of a name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Known {
    /// The due time that was run or reported as missed last. An earlier one may have taken the place of a later one: then the clock
    /// was set back.
    pub(super) last: Option<SystemTime>,
    /// What `last` was when this process began, until the name is claimed.
    pub(super) earlier: Option<SystemTime>,
    /// The runs under way.
    pub(super) under_way: Runs,
    /// The same of earlier processes: nobody will end these.
    pub(super) cut_off: Runs,
}

/// How many runs there are of each due. A file may hold any number of them.
pub(super) type Runs = BTreeMap<SystemTime, usize>;

impl State {
    pub(super) fn get(&self, name: &str) -> Option<&Known> {
        self.names.get(name)
    }

    /// Takes in what happened next.
    pub(super) fn apply(&mut self, record: &Line<'_>) {
        match record.what {
            What::Began(due) => {
                let known = self.of(&record.name);
                add(&mut known.under_way, due, 1);
                known.last = Some(due);
            }
            What::Asked(due) => add(&mut self.of(&record.name).under_way, due, 1),
            What::Passed(due) | What::Last(due) => self.of(&record.name).last = Some(due),
            What::Ended(due) => {
                let known = self.names.get_mut(&*record.name);
                if known.map_or(false, |known| known.ended(due)) {
                    self.names.remove(&*record.name);
                }
            }
            What::Forgot => {
                self.names.remove(&*record.name);
            }
        }
    }

    fn of(&mut self, name: &str) -> &mut Known {
        // Looked up first, as nearly all records are of a name that is known.
        if !self.names.contains_key(name) {
            self.names.insert(name.into(), Known::default());
        }
        self.names.get_mut(name).expect("it was put in if it was not there")
    }

    /// The process is another one: what is under way was cut off.
    pub(super) fn cut_off(&mut self) {
        for known in self.names.values_mut() {
            known.earlier = known.last;
            for (due, count) in std::mem::take(&mut known.under_way) {
                add(&mut known.cut_off, due, count);
            }
        }
    }

    /// What earlier processes have left of a name is done with. The due times of the runs that were cut off are reported with
    /// this.
    pub(super) fn claim(&mut self, name: &str) -> Vec<SystemTime> {
        let known = match self.names.get_mut(name) {
            Some(known) => known,
            None => return Vec::new(),
        };
        known.earlier = None;
        let cut_off = std::mem::take(&mut known.cut_off);
        if *known == Known::default() {
            self.names.remove(name);
        }
        each(&cut_off).collect()
    }

    pub(super) fn unclaimed(&self) -> impl Iterator<Item = &str> {
        let is_left = |known: &Known| known.earlier.is_some() || !known.cut_off.is_empty();
        self.names.iter().filter(move |(_, known)| is_left(known)).map(|(name, _)| &**name)
    }

    /// The fewest records that say the same.
    pub(super) fn records(&self) -> impl Iterator<Item = Line<'_>> {
        self.names.iter().flat_map(|(name, known)| {
            let runs = each(&known.cut_off).chain(each(&known.under_way)).map(What::Asked);
            // What the last due is does not hang on them: some have been corrected since.
            let all = runs.chain(known.last.map(What::Last));
            all.map(move |what| Line::new(what, name))
        })
    }
}

impl Known {
    /// Answers whether nothing is known any more.
    fn ended(&mut self, due: SystemTime) -> bool {
        if let Some(count) = self.under_way.get_mut(&due) {
            *count -= 1;
            if *count == 0 {
                self.under_way.remove(&due);
            }
        }
        *self == Known::default()
    }
}

fn add(runs: &mut Runs, due: SystemTime, count: usize) {
    *runs.entry(due).or_default() += count;
}

/// The due of each run.
fn each(runs: &Runs) -> impl Iterator<Item = SystemTime> + '_ {
    runs.iter().flat_map(|(due, count)| std::iter::repeat(*due).take(*count))
}
