//! Any calls, any number of processes, killed at any byte: against a simple model.

use std::collections::HashMap;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Call {
    Began(usize, u64),
    Ended(usize, u64),
    Passed(usize, u64),
    Forget(usize),
    Past(usize),
    Restart,
}

const NAMES: [&str; 3] = ["report", "back\nup", ""];

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let name = || 0..NAMES.len();
    let due = || (0..8u64).prop_map(|due| due * HOUR);
    let call = prop_oneof![
        6 => (name(), due()).prop_map(|(name, due)| Call::Began(name, due)),
        6 => (name(), due()).prop_map(|(name, due)| Call::Ended(name, due)),
        2 => (name(), due()).prop_map(|(name, due)| Call::Passed(name, due)),
        1 => name().prop_map(Call::Forget),
        1 => name().prop_map(Call::Past),
        1 => Just(Call::Restart),
    ];
    vec(call, 0..40)
}

/// What is known of each name: the last due, and the runs, whether they were cut off or not.
type Model = HashMap<usize, (u64, Vec<(u64, bool)>)>;

/// The model after each line that was written.
struct Written {
    model: Model,
    lines: Vec<Model>,
}

impl Written {
    fn line(&mut self, change: impl FnOnce(&mut Model)) {
        change(&mut self.model);
        self.lines.push(self.model.clone());
    }

    fn call(&mut self, call: &Call) {
        let model = self.model.clone();
        match *call {
            Call::Began(name, due) => self.line(|model| {
                let known = model.entry(name).or_default();
                known.1.push((due, false));
                known.0 = due;
            }),
            Call::Ended(name, due) => {
                let runs = model.get(&name).map_or(&[][..], |known| &known.1);
                if let Some(i) = runs.iter().position(|run| *run == (due, false)) {
                    self.line(|model| {
                        model.get_mut(&name).unwrap().1.remove(i);
                    });
                }
            }
            Call::Passed(name, due) => {
                if model.get(&name).map_or(true, |known| known.0 != due) {
                    self.line(|model| model.entry(name).or_default().0 = due);
                }
            }
            Call::Forget(name) => {
                if model.contains_key(&name) {
                    self.line(|model| drop(model.remove(&name)));
                }
            }
            Call::Past(name) => {
                let runs = model.get(&name).map_or(0, |known| known.1.iter().filter(|run| run.1).count());
                for _ in 0..runs {
                    self.line(|model| {
                        let runs = &mut model.get_mut(&name).unwrap().1;
                        // In the order of their dues.
                        let first = runs.iter().filter(|run| run.1).min().copied();
                        runs.remove(runs.iter().position(|run| Some(*run) == first).unwrap());
                    });
                }
            }
            Call::Restart => self.restart(),
        }
    }

    fn restart(&mut self) {
        let runs = self.model.values_mut().flat_map(|known| &mut known.1);
        runs.for_each(|run| run.1 = true);
    }
}

fn make(journal: &mut Option<Journal>, path: &Path, call: &Call) {
    let open = journal.as_mut().unwrap();
    match *call {
        Call::Began(name, due) => assert!(open.began(NAMES[name], at(due), false).unwrap()),
        Call::Ended(name, due) => {
            open.ended(NAMES[name], at(due)).unwrap();
        }
        Call::Passed(name, due) => {
            open.passed(NAMES[name], at(due)).unwrap();
        }
        Call::Forget(name) => {
            open.forget(NAMES[name]).unwrap();
        }
        Call::Past(name) => drop(open.past(NAMES[name])),
        Call::Restart => {
            *journal = None;
            *journal = Some(super::open(path));
        }
    }
}

/// What the journal says of each name, and the model; the runs in the order of their dues, as equal ones are told apart
/// by nobody.
fn compare(path: &Path, model: &Model) -> Result<(), TestCaseError> {
    let mut journal = open(path);
    for (i, name) in NAMES.iter().enumerate() {
        let Past { last, mut cut_off } = journal.past(name);
        cut_off.sort();
        let known = model.get(&i);
        prop_assert_eq!(last, known.map(|known| at(known.0)));
        let mut runs: Vec<_> = known.map_or(&[][..], |known| &known.1).iter().map(|run| at(run.0)).collect();
        runs.sort();
        prop_assert_eq!(cut_off, runs);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn what_was_wholly_written_is_what_the_next_process_knows(
        calls in calls(),
        cuts in vec(any::<prop::sample::Index>(), 4),
    ) {
        let folder = Folder::new("model");
        let path = folder.journal();
        let mut journal = Some(open(&path));
        let mut written = Written { model: Model::new(), lines: vec![Model::new()] };
        for call in &calls {
            make(&mut journal, &path, call);
            written.call(call);
        }
        drop(journal);
        let bytes = fs::read(&path).unwrap();
        let newlines = |bytes: &[u8]| bytes.iter().filter(|byte| **byte == b'\n').count();
        prop_assert_eq!(newlines(&bytes), written.lines.len(), "a line for each change");
        for cut in cuts {
            let len = cut.index(bytes.len() + 1);
            fs::write(&path, &bytes[..len]).unwrap();
            compare(&path, &written.lines[newlines(&bytes[..len]).saturating_sub(1)])?;
        }
        // The same, written anew.
        let state = match read::read(&*bytes).unwrap() {
            Contents::Journal(reading) => reading.state,
            other => panic!("{other:?}"),
        };
        drop(JournalFile::anew(path.clone(), &state).unwrap());
        compare(&path, &written.model)?;
    }
}
