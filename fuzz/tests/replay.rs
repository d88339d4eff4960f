//! Tries each law on every file of its corpus: the seeds, and what fuzzing has found.

use std::fs;
use std::panic;
use std::path::Path;

#[test]
fn the_laws_hold_for_the_whole_corpus() {
    let mut broken = Vec::new();
    for (name, law) in sexton_fuzz::LAWS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
        let mut count = 0;
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.unwrap().path();
            let data = fs::read(&path).unwrap();
            count += 1;
            // The message of the panic is on stderr.
            if panic::catch_unwind(|| law(&data)).is_err() {
                broken.push(path);
            }
        }
        assert!(count > 0, "{} has no files", folder.display());
    }
    assert!(broken.is_empty(), "a law is broken by {broken:#?}");
}

#[test]
fn the_laws_hold_for_no_bytes() {
    for (_, law) in sexton_fuzz::LAWS {
        law(b"");
    }
}
