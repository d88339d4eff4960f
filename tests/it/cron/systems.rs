//! What other systems answer, row by row: each is read in the dialect that is meant for its texts, with the switches that
//! make it that system. What is left out is in one table, with the reason and the number of rows.

#[path = "systems/asking.rs"]
mod asking;
#[path = "systems/croner.rs"]
mod croner;
#[path = "systems/cronie.rs"]
mod cronie;
#[path = "systems/croniter.rs"]
mod croniter;
#[path = "systems/cronos.rs"]
mod cronos;
#[path = "systems/left_out.rs"]
mod left_out;
#[path = "systems/quartz.rs"]
mod quartz;
#[path = "systems/robfig.rs"]
mod robfig;

use crate::rows::{expect_none, rows, Row};

use self::left_out::LEFT_OUT;

/// Checks each row of a file. Those that do not hold are of the sets of the table, which has the exact number.
#[track_caller]
fn hold(file: &'static str, check: impl Fn(&Row) -> Result<(), String>) {
    let sets: Vec<_> = LEFT_OUT.iter().filter(|set| set.file == file).collect();
    let mut counts = vec![0; sets.len()];
    let mut wrong = Vec::new();
    for row in rows(file) {
        if let Err(what) = check(&row) {
            match sets.iter().position(|set| (set.has)(&row)) {
                Some(set) => counts[set] += 1,
                None => wrong.push(format!("{}: {what}", row.place())),
            }
        }
    }
    for (set, count) in sets.iter().zip(counts) {
        if count != set.count {
            wrong.push(format!("{file} leaves out {count} rows, not {}: {}", set.count, set.why));
        }
    }
    expect_none(&wrong);
}

#[test]
fn what_is_left_out_is_of_files_that_are_there() {
    for set in LEFT_OUT {
        assert!(crate::rows::data(set.file).is_file(), "{}", set.file);
        assert!(set.count > 0, "{}: {}", set.file, set.why);
    }
}
